//! Prints what `kustomize build DIR` would print, byte for byte.
//!
//! ```text
//! cargo run --release --example build -- [--load-restrictor root|none] DIR
//! ```

use std::io::Write;
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
    let mut dir = None;
    while let Some(arg) = args.next() {
        match arg.as_str() {
            "--load-restrictor" => match args.next().as_deref() {
                Some("root") => options.load_restrictor = LoadRestrictor::RootOnly,
                Some("none") => options.load_restrictor = LoadRestrictor::None,
                _ => return Err("--load-restrictor takes `root` or `none`".into()),
            },
            _ if dir.is_none() && !arg.starts_with("--") => dir = Some(arg),
            _ => return Err(format!("unexpected argument `{arg}`").into()),
        }
    }
    let dir = std::path::PathBuf::from(dir.unwrap_or_else(|| ".".into()));
    let dir = dir.canonicalize().map_err(|error| format!("{}: {error}", dir.display()))?;

    // Bases may stand anywhere, so the whole disk is the root, as it is for kustomize itself.
    let files = Disk::open("/")?;
    let path = dir.to_str().ok_or("the path is not UTF-8")?.trim_start_matches('/');
    let build = kustomize::build(&files, path, &options)?;

    for warning in &build.warnings {
        eprintln!("warning: {warning}");
    }
    std::io::stdout().write_all(build.to_yaml()?.as_bytes())?;
    Ok(())
}
