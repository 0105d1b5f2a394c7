//! Runs suites of policy tests as `gator verify` does: a line for each case, exit status 1 if one fails,
//! 2 if a suite cannot be read.
//!
//! ```text
//! cargo run --release --example verify -- [--run FILTER] [--rego] PATH...
//! ```
//!
//! A PATH is a Suite, or a directory that is searched with all below it; `DIR/...` means the same.
//! `--run` selects by a regular expression, or `test//case`. `--rego` leaves CEL aside where a template
//! has both.

use std::process::ExitCode;

use gitops_core::files::Disk;
use gitops_core::policy::{self, Filter, LoadOptions, VerifyOptions};

fn main() -> ExitCode {
    match run(std::env::args().skip(1)) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::from(1),
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::from(2)
        }
    }
}

fn run(mut args: impl Iterator<Item = String>) -> Result<bool, Box<dyn std::error::Error>> {
    let mut options = VerifyOptions::default();
    let mut paths = Vec::new();
    while let Some(arg) = args.next() {
        match arg.as_str() {
            "--run" => options = options.running(Filter::parse(&args.next().ok_or("--run takes a filter")?)?),
            "--rego" => options = options.loading(LoadOptions::default().with_native_validation(false)),
            _ if arg.starts_with("--") => return Err(format!("unexpected argument `{arg}`").into()),
            _ => paths.push(arg),
        }
    }
    if paths.is_empty() {
        return Err("give the path of a Suite or of a directory".into());
    }
    let files = Disk::open("/")?;
    let (mut passed, mut failed, mut skipped) = (0, 0, 0);
    for path in paths {
        let path = path.strip_suffix("...").unwrap_or(&path);
        let path = if path.is_empty() { "." } else { path };
        let full = std::path::Path::new(path).canonicalize().map_err(|error| format!("{path}: {error}"))?;
        let full = full.to_str().ok_or("the path is not UTF-8")?.trim_start_matches('/');
        for suite in policy::verify(&files, full, &options)? {
            if suite.skipped {
                println!("skip  {}", suite.path);
                skipped += 1;
            }
            for test in &suite.tests {
                match &test.error {
                    Some(error) => {
                        println!("FAIL  {} {}: {error}", suite.path, test.name);
                        failed += 1;
                    }
                    None if test.skipped => {
                        println!("skip  {} {}", suite.path, test.name);
                        skipped += 1;
                    }
                    None if test.cases.is_empty() => {
                        println!("ok    {} {}", suite.path, test.name);
                        passed += 1;
                    }
                    None => {}
                }
                for case in &test.cases {
                    let name = format!("{} {} {}", suite.path, test.name, case.name);
                    match &case.error {
                        Some(error) => {
                            println!("FAIL  {name}: {error}");
                            failed += 1;
                        }
                        None if case.skipped => {
                            println!("skip  {name}");
                            skipped += 1;
                        }
                        None => {
                            println!("ok    {name}");
                            passed += 1;
                        }
                    }
                }
            }
        }
    }
    println!("{passed} passed, {failed} failed, {skipped} skipped");
    Ok(failed == 0)
}
