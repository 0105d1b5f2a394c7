//! Plans a reconciliation, or going back to an earlier revision. Exit status 0: nothing would change; 1:
//! something would, or is blocked; 2: something could not be read.
//!
//! ```text
//! cargo run --release --example plan -- --desired FILE_OR_DIR --live FILE [--order argo-cd|flux|cli-utils]
//!     [--inventory FILE] [--back-to FILE_OR_DIR] [--allow-deletion KIND] [--force] [--no-prune]
//!     [--namespace NAME] [--kubernetes VERSION] [--health] [--format text|json]
//! ```
//!
//! The live file is what `kubectl get … -o json --show-managed-fields` prints, or YAML. The inventory is the
//! live Flux Kustomization or HelmRelease, Argo CD Application, or ConfigMap of cli-utils; without one,
//! nothing is pruned. `--back-to` plans to apply what an earlier revision says instead, and tells what that
//! takes back. `--health` adds how the objects are now.

use std::path::PathBuf;
use std::process::ExitCode;

use gitops_core::health::{EnvironmentHealth, Flavour, HealthOptions, environment};
use gitops_core::plan::{Inventory, Order, PlanOptions, plan, roll_back};
use gitops_core_examples::manifests::read;
use serde_json::json;

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
    let (mut desired, mut live, mut back, mut inventory) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    let (mut json, mut health) = (false, false);
    let mut options = PlanOptions::default();
    while let Some(arg) = args.next() {
        let mut value = || args.next().ok_or(format!("{arg} takes a value"));
        match arg.as_str() {
            "--desired" => desired.push(PathBuf::from(value()?)),
            "--live" => live.push(PathBuf::from(value()?)),
            "--back-to" => back.push(PathBuf::from(value()?)),
            "--inventory" => inventory.push(PathBuf::from(value()?)),
            "--order" => {
                let order = order(&value()?)?;
                let of_order = PlanOptions::new(order);
                options.order = order;
                options.drift.profile = of_order.drift.profile;
            }
            "--allow-deletion" => options = options.with_allowed_deletion(value()?),
            "--force" => options = options.with_force(true),
            "--no-prune" => options = options.with_prune(false),
            "--namespace" => options.drift = options.drift.with_default_namespace(value()?),
            "--kubernetes" => options.drift = options.drift.with_version(value()?.parse()?),
            "--health" => health = true,
            "--format" => json = format_is_json(&value()?)?,
            _ => return Err(format!("unexpected argument `{arg}`").into()),
        }
    }
    if desired.is_empty() || live.is_empty() {
        return Err("give --desired FILE_OR_DIR and --live FILE".into());
    }
    let (desired, live, earlier) = (read(&desired)?, read(&live)?, read(&back)?);
    let inventory = match read(&inventory)?.objects.first() {
        Some(owner) => Inventory::of_owner(owner)?,
        None => Inventory::new(),
    };
    let flavour = match options.order {
        Order::ArgoCd => Flavour::ArgoCd,
        Order::Flux => Flavour::Flux,
        _ => Flavour::Kstatus,
    };
    let made = if back.is_empty() {
        options.drift = options.drift.with_sources(desired.sources.clone());
        plan(&desired.objects, &live.objects, &inventory, &options)
    } else {
        options.drift = options.drift.with_sources(earlier.sources.clone());
        roll_back(&earlier.objects, &desired.objects, &live.objects, &inventory, &options)
    };
    let found = health.then(|| environment(&desired.objects, &live.objects, &HealthOptions::new(flavour)));
    if json {
        println!("{:#}", json!({"plan": made, "health": found}));
    } else {
        print!("{made}");
        if let Some(found) = found {
            print!("{}", health_text(&found));
        }
    }
    Ok(u8::from(!made.is_empty()))
}

fn order(name: &str) -> Result<Order, Failure> {
    Ok(match name {
        "argo-cd" => Order::ArgoCd,
        "flux" => Order::Flux,
        "cli-utils" => Order::CliUtils,
        other => return Err(format!("there is no order `{other}`").into()),
    })
}

fn format_is_json(name: &str) -> Result<bool, Failure> {
    match name {
        "text" => Ok(false),
        "json" => Ok(true),
        _ => Err("--format takes `text` or `json`".into()),
    }
}

fn health_text(found: &EnvironmentHealth) -> String {
    let counts: Vec<_> = found.counts.iter().map(|(status, count)| format!("{count} {status}")).collect();
    let mut text = format!("\nHealth: {} ({})\n", found.status, counts.join(", "));
    for object in found.objects.iter().filter(|object| !object.health.status.is_well()) {
        let message = if object.health.message.is_empty() { "no message" } else { &object.health.message };
        text += &format!("  {:<12} {}: {message}\n", object.health.status, object.id);
    }
    text
}
