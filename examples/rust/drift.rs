//! Compares what Git says with what a cluster has. Exit status 0: in sync; 1: something drifted, is missing
//! or could not be judged; 2: something could not be read.
//!
//! ```text
//! cargo run --release --example drift -- --desired FILE_OR_DIR --live FILE [--format text|json|patch|yaml]
//!     [--manager NAME] [--namespace NAME] [--kubernetes VERSION] [--profile server-side-apply|flux|argo-cd]
//! ```
//!
//! The live file is what `kubectl get … -o json --show-managed-fields` prints, or YAML. `patch` prints a JSON
//! Patch per drifted object, with real values, those of Secrets too. Objects that only the cluster has are
//! listed and do not count.

use std::path::PathBuf;
use std::process::ExitCode;

use gitops_core::drift::{DriftOptions, DriftReport, DriftStatus, Profile, compare};
use gitops_core_examples::manifests::read;
use serde_json::{Value as Json, json};

type Failure = Box<dyn std::error::Error + Send + Sync>;

fn main() -> ExitCode {
    match run(std::env::args().skip(1)) {
        Ok(status) => ExitCode::from(status),
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::from(2)
        }
    }
}

fn run(mut args: impl Iterator<Item = String>) -> Result<u8, Failure> {
    let (mut desired, mut live) = (Vec::new(), Vec::new());
    let mut format = "text".to_owned();
    let mut options = DriftOptions::new();
    while let Some(arg) = args.next() {
        let mut value = || args.next().ok_or(format!("{arg} takes a value"));
        match arg.as_str() {
            "--desired" => desired.push(PathBuf::from(value()?)),
            "--live" => live.push(PathBuf::from(value()?)),
            "--format" => format = value()?,
            "--manager" => options = options.with_manager(value()?),
            "--namespace" => options = options.with_default_namespace(value()?),
            "--kubernetes" => options = options.with_version(value()?.parse()?),
            "--profile" => {
                options = options.with_profile(match value()?.as_str() {
                    "server-side-apply" => Profile::ServerSideApply,
                    "flux" => Profile::Flux,
                    "argo-cd" => Profile::Argo,
                    other => return Err(format!("there is no profile `{other}`").into()),
                });
            }
            _ => return Err(format!("unexpected argument `{arg}`").into()),
        }
    }
    if !["text", "json", "patch", "yaml"].contains(&format.as_str()) {
        return Err("--format takes `text`, `json`, `patch` or `yaml`".into());
    }
    if desired.is_empty() || live.is_empty() {
        return Err("give --desired FILE_OR_DIR and --live FILE".into());
    }
    let (desired, live) = (read(&desired)?, read(&live)?);
    let options = options.with_sources(desired.sources.clone());
    let report = compare(&desired.objects, &live.objects, &options);
    match format.as_str() {
        "json" => println!("{}", report.to_json()),
        "patch" => println!("{:#}", patches(&report)?),
        "yaml" => print!("{}", report.to_unified_yaml()),
        _ => print!("{}", report.to_text()),
    }
    Ok(u8::from(!report.is_in_sync()))
}

fn patches(report: &DriftReport) -> Result<Json, Failure> {
    let drifted = report.objects.iter().filter(|object| object.status == DriftStatus::Drifted);
    let entry = |object: &gitops_core::drift::ObjectDrift| {
        Ok(json!({"id": serde_json::to_value(&object.id)?, "patch": serde_json::to_value(object.patch())?}))
    };
    drifted.map(entry).collect::<Result<Vec<_>, Failure>>().map(Json::from)
}
