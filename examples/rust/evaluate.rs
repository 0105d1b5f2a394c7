//! Evaluates Gatekeeper policies on objects as `gator test` does. Exit status 0: nothing is denied; 1:
//! something is; 2: something could not be read or evaluated. What a RiskAcceptance or an annotation
//! accepts at the time of `--now` is shown as accepted, and does not count as denied.
//!
//! ```text
//! cargo run --release --example evaluate -- [--bundle NAME[@KUBERNETES]]... [--now RFC3339] [--format text|json|sarif] PATH...
//! ```
//!
//! A PATH is a file of YAML or JSON, or a directory that is searched with all below it. Templates,
//! constraints, objects, Namespaces, ExpansionTemplates, mutators and RiskAcceptances may stand in any. Unlike
//! `gator test`, mutators are applied before an object is judged, as in the cluster. The policies of a bundle
//! (`pod-security-restricted@1.34`) are added to those in the files.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use gitops_core::node::SourceMap;
use gitops_core::object::Object;
use gitops_core::policy::{
    AcceptOptions, AcceptanceSet, EvaluateOptions, Finding, PolicyReport, PolicySet, Profile, acceptance,
    bundles,
};
use gitops_core::time::Timestamp;
use gitops_core::yaml::{self, ReadOptions};

type Failure = Box<dyn std::error::Error>;

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
    let mut format = "text".to_owned();
    let mut paths = Vec::new();
    let mut now = None;
    let mut bundles = Vec::new();
    while let Some(arg) = args.next() {
        match arg.as_str() {
            "--format" => format = args.next().unwrap_or_default(),
            "--bundle" => {
                bundles.push(bundles::select(&args.next().ok_or("--bundle takes a name")?)?);
            }
            "--now" => now = Some(Timestamp::parse(&args.next().ok_or("--now takes a time")?)?),
            _ if arg.starts_with("--") => return Err(format!("unexpected argument `{arg}`").into()),
            _ => paths.push(PathBuf::from(arg)),
        }
    }
    if !["text", "json", "sarif"].contains(&format.as_str()) {
        return Err("--format takes `text`, `json` or `sarif`".into());
    }
    if paths.is_empty() {
        return Err("give files or directories".into());
    }

    let sources = SourceMap::new();
    let mut objects = Vec::new();
    for path in &paths {
        read(path, true, &sources, &mut objects)?;
    }
    if objects.is_empty() {
        return Err("no objects were found".into());
    }
    let mut all = objects.clone();
    for (bundle, options) in &bundles {
        all.extend(bundle.objects(options, &sources)?);
    }
    let policies = PolicySet::from_objects(&all, &sources)?;
    let acceptances = AcceptanceSet::from_objects(&objects, &sources);
    // They are about the manifests, and not among what is deployed.
    objects.retain(|object| !acceptance::is_acceptance(object));
    let mut report = policies.evaluate(&objects, &EvaluateOptions::new().as_gator(Profile::GatorTest));
    report.locate(&objects, &sources);
    acceptances.apply(&mut report, &policies, &objects, &sources, &AcceptOptions::new().at(now));

    match format.as_str() {
        "json" => println!("{}", serde_json::to_string(&report)?),
        "sarif" => println!("{}", report.to_sarif(&objects, &sources)),
        _ => print_text(&report),
    }
    if report.findings.iter().any(Finding::is_denied) {
        return Ok(1);
    }
    // An acceptance that nothing needs is no reason to fail, if it can be read.
    let unchecked = report.not_checked.iter().any(|entry| entry.code != acceptance::NOT_APPLIED);
    Ok(2 * u8::from(unchecked || acceptances.errors().next().is_some()))
}

/// Reads a file, or all files of YAML and JSON below a directory.
fn read(path: &Path, named: bool, sources: &SourceMap, objects: &mut Vec<Object>) -> Result<(), Failure> {
    let failed = |error: &dyn std::fmt::Display| format!("{}: {error}", path.display());
    if path.is_dir() {
        let mut entries: Vec<_> = std::fs::read_dir(path)?
            .map(|entry| entry.map(|entry| entry.path()))
            .collect::<Result<_, _>>()?;
        entries.sort();
        return entries.iter().try_for_each(|entry| read(entry, false, sources, objects));
    }
    let known = path.extension().is_some_and(|end| end == "yaml" || end == "yml" || end == "json");
    if !known && named {
        return Err(failed(&"the name must end in .yaml, .yml or .json").into());
    }
    if !known || !path.is_file() && !named {
        return Ok(());
    }
    let bytes = std::fs::read(path).map_err(|error| failed(&error))?;
    let name = path.display().to_string();
    let file = sources.add(name.as_str(), yaml::decode(&name, &bytes)?);
    let options = ReadOptions { last_key_wins: true, ..ReadOptions::default() };
    for document in yaml::read(sources, file, &options)?.documents {
        if document.is_null() || document.as_map().is_some_and(|map| map.is_empty()) {
            continue;
        }
        if !document.is_map() {
            return Err(failed(&"a document is no object").into());
        }
        objects.push(Object::new(document));
    }
    Ok(())
}

fn print_text(report: &PolicyReport) {
    for finding in &report.findings {
        let place = finding.location.as_ref().map_or(String::new(), |place| format!("{place}: "));
        let actions = finding.enforcement_actions.join("+");
        println!(
            "{place}{}: {actions} [{}/{}] {}{}",
            finding.id,
            finding.template,
            finding.constraint,
            finding.message,
            finding.accepted.as_ref().map_or(String::new(), |by| format!(" ({}: {})", by.terms(), by.reason))
        );
    }
    for finding in &report.acceptance_findings {
        let place = finding.location.as_ref().map_or(String::new(), |place| format!("{place}: "));
        println!("{place}{} [{}] {}", finding.code, finding.severity.name(), finding.message);
    }
    for entry in &report.not_checked {
        if entry.code == acceptance::NOT_APPLIED {
            eprintln!("not applied: {} acceptances of risks, since no time was given (--now)", entry.count);
            continue;
        }
        eprintln!("not checked ({} objects): {}", entry.count, entry.message);
    }
}
