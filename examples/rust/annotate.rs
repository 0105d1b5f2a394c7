//! Which overlay set this field? Prints what `kustomize build DIR` would print, with a comment behind
//! every value: the text that set it, the kind of step, and what it was before. Without `DIR`, the
//! bundled demo's production apps.
//!
//! ```text
//! cargo run --release --example annotate -- [--load-restrictor root|none] [DIR]
//! ```

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use gitops_core::files::Disk;
use gitops_core::kustomize::{self, BuildOptions, LoadRestrictor};

fn main() -> ExitCode {
    match run(std::env::args().skip(1)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run(mut args: impl Iterator<Item = String>) -> Result<(), Box<dyn std::error::Error>> {
    let mut options = BuildOptions::default();
    options.history = true;
    let mut dir = None;
    while let Some(arg) = args.next() {
        match arg.as_str() {
            "--load-restrictor" => match args.next().as_deref() {
                Some("root") => options.load_restrictor = LoadRestrictor::RootOnly,
                Some("none") => options.load_restrictor = LoadRestrictor::None,
                _ => return Err("--load-restrictor takes `root` or `none`".into()),
            },
            _ if dir.is_none() && !arg.starts_with("--") => dir = Some(PathBuf::from(arg)),
            _ => return Err(format!("unexpected argument `{arg}`").into()),
        }
    }
    // Places are shown relative to the root: of the demo, or of the Git work tree around the directory.
    let (files, path) = match dir {
        Some(dir) => Disk::around(dir, None)?,
        None => {
            let demo = Path::new(env!("CARGO_MANIFEST_DIR")).join("demo/repository");
            (Disk::open(&demo)?, "apps/prod".to_owned())
        }
    };
    let build = kustomize::build(&files, &path, &options)?;
    for warning in &build.warnings {
        eprintln!("warning: {warning}");
    }
    std::io::stdout().write_all(build.to_annotated_yaml()?.as_bytes())?;
    Ok(())
}
