//! Prints the ConstraintTemplates and Constraints of bundles as YAML, to be applied to a cluster that runs
//! Gatekeeper; without a name, lists the bundles.
//!
//! ```text
//! cargo run --release --example bundle -- [--action deny|warn|dryrun] [--exclude-namespace GLOB]...
//!     [--exempt-image IMAGE]... [NAME[@KUBERNETES]]...
//! ```

use std::process::ExitCode;

use gitops_core::node::SourceMap;
use gitops_core::object::Object;
use gitops_core::policy::bundles::{self, BundleOptions};
use gitops_core::yaml;

type Failure = Box<dyn std::error::Error>;

fn main() -> ExitCode {
    match run(std::env::args().skip(1)) {
        Ok(text) => {
            print!("{text}");
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::from(2)
        }
    }
}

fn run(mut args: impl Iterator<Item = String>) -> Result<String, Failure> {
    let mut common = BundleOptions::new();
    let mut names = Vec::new();
    while let Some(arg) = args.next() {
        let mut value = || args.next().ok_or_else(|| format!("{arg} takes a value"));
        match arg.as_str() {
            "--action" => {
                common.enforcement_action =
                    value()?.parse().map_err(|_| "--action takes `deny`, `warn` or `dryrun`")?;
            }
            "--exclude-namespace" => common = common.excluding_namespaces([value()?]),
            "--exempt-image" => common = common.exempting_images([value()?]),
            _ if arg.starts_with("--") => return Err(format!("unexpected argument `{arg}`").into()),
            _ => names.push(arg),
        }
    }
    if names.is_empty() {
        let lines = bundles::names().map(|name| Ok(format!("{name}: {}\n", bundles::bundle(name)?.title)));
        return lines.collect();
    }
    let sources = SourceMap::new();
    let mut objects: Vec<Object> = Vec::new();
    for name in &names {
        let (bundle, chosen) = bundles::select(name)?;
        let mut options = common.clone();
        options.kubernetes = chosen.kubernetes;
        for object in bundle.objects(&options, &sources)? {
            // Bundles share templates.
            if !objects.iter().any(|known| known.node == object.node) {
                objects.push(object);
            }
        }
    }
    Ok(yaml::write_stream(objects.iter().map(|object| &object.node))?)
}
