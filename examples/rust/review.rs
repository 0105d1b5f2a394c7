//! Reviews a change to a GitOps repository; without `--repo`, the pull request of the bundled demo.
//!
//! ```text
//! cargo run --release --example review
//! cargo run --release --example review -- --repo DIR --base REV --head REV [--now RFC3339] [--live NAME=PATH]... \
//!     --format markdown|json|sarif
//! ```
//!
//! `--live` names a cluster or environment and a file or folder with the objects that live there, such as
//! `kubectl get -o yaml --show-managed-fields` prints them: `--live prod=examples/demo/live/prod.yaml`.

use std::io::Write;
use std::path::Path;
use std::process::ExitCode;

use gitops_core::git::Repository;
use gitops_core::report::MarkdownOptions;
use gitops_core::review::{ReviewOptions, review};
use gitops_core::time::Timestamp;
use gitops_core_examples::manifests;
use gitops_core_examples::repository::{Commit, make_repository, read_folder};

type Result<T> = std::result::Result<T, Box<dyn std::error::Error + Send + Sync>>;

fn main() -> ExitCode {
    match run(std::env::args().skip(1)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run(mut args: impl Iterator<Item = String>) -> Result<()> {
    let (mut repo, mut base, mut head, mut format) =
        (None, "main~1".into(), "main".into(), "markdown".into());
    let mut options = ReviewOptions::default();
    while let Some(arg) = args.next() {
        let value = args.next().ok_or_else(|| format!("`{arg}` needs a value"))?;
        match arg.as_str() {
            "--repo" => repo = Some(value),
            "--base" => base = value,
            "--head" => head = value,
            "--format" => format = value,
            "--now" => options.now = Some(Timestamp::parse(&value)?),
            "--live" => {
                let (of, path) = value.split_once('=').ok_or("--live takes NAME=PATH")?;
                options = options.with_live(of, manifests::read(&[path.into()])?.objects);
            }
            _ => return Err(format!("unexpected argument `{arg}`").into()),
        }
    }

    let demo = tempfile::tempdir()?;
    let repository = match &repo {
        Some(path) => Repository::discover(path)?,
        None => demo_repository(demo.path())?,
    };
    let review = review(&repository, &base, &head, &options)?;

    let report = match format.as_str() {
        "markdown" => review.to_markdown(&MarkdownOptions::default()),
        "json" => review.to_json(),
        "sarif" => review.to_sarif(),
        _ => return Err("--format takes `markdown`, `json` or `sarif`".into()),
    };
    writeln!(std::io::stdout(), "{}", report.trim_end_matches('\n'))?;
    Ok(())
}

/// A Git repository with the demo's two states as commits of `main`.
fn demo_repository(dir: &Path) -> Result<Repository> {
    let demo = Path::new(env!("CARGO_MANIFEST_DIR")).join("demo");
    let before = read_folder(&demo.join("repository"))?;
    let mut after = before.clone();
    after.extend(read_folder(&demo.join("change"))?);
    make_repository(dir, &[Commit::new("base", before), Commit::new("change", after)])?;
    Ok(Repository::open(dir)?)
}
