//! Drift conformance: the API server's field manager and Argo CD's diff on the same objects.
//!
//! Prints `passed / of` per scenario; a score below its committed floor fails. Failures are listed with
//! `GITOPS_SHOW=substring` of the case's name.
//!
//! Where we do not answer as Argo CD does, on purpose or for want of data:
//!
//! - `dangling-ingress … bad-port` (4 cases): the live object has `pathType: null`, as Go prints an unset
//!   field. Argo CD's prediction lacks it, and it compares bytes: drift that is none.
//! - `cadvisor … port_dup_proto`: the configuration adds a second port of the same number with another
//!   protocol. The merge key of a strategic merge patch is the number alone, so Argo CD loses the port and
//!   sees no drift.
//! - fixtures `elasticsearch` (`apps/v1beta1`) and `mutatingwebhookconfig`
//!   (`admissionregistration.k8s.io/v1beta1`): API versions that no release in our tables serves.
//! - fixture `ssd-service`: its prediction was made of another configuration than the one it holds.

use std::io::Read;
use std::path::Path;

use gitops_core::drift::{DriftOptions, DriftStatus, ObjectDrift, Profile, compare, compare_one};
use gitops_core::knowledge::KubernetesVersion;
use gitops_core::node::Node;
use gitops_core::object::Object;
use gitops_core_tests::{Scores, check_floor, conformance, json_lines};
use serde_json::Value;

#[derive(serde::Deserialize)]
struct Case {
    name: String,
    scenario: String,
    config: Value,
    live: Value,
    manager: String,
    drift: Option<bool>,
    predicted: Option<Value>,
    error: Option<String>,
}

#[derive(serde::Deserialize)]
struct ArgoCase {
    name: String,
    config: Value,
    live: Value,
    modified: bool,
}

#[derive(serde::Deserialize)]
struct ArgoFixture {
    name: String,
    config: Value,
    live: Value,
    #[serde(rename = "expectedModified")]
    expected: std::collections::BTreeMap<String, bool>,
}

fn main() {
    let Some(data) = conformance() else {
        println!("0 passed, 0 failed, 1 skipped");
        return;
    };
    let fallen = server_side_apply(&data) + argo_three_way(&data) + argo_testdata(&data);
    println!("\n{} passed, {fallen} failed", usize::from(fallen == 0));
    std::process::exit(i32::from(fallen > 0));
}

fn rows<T: serde::de::DeserializeOwned>(path: &Path) -> Vec<T> {
    let file = std::fs::File::open(path).expect("conformance data can be read");
    let mut text = String::new();
    flate2::read::GzDecoder::new(file).read_to_string(&mut text).expect("gzip");
    text.lines().map(|line| serde_json::from_str(line).expect("each line is a row")).collect()
}

fn shown(name: &str) -> bool {
    std::env::var("GITOPS_SHOW").is_ok_and(|wanted| name.contains(&wanted))
}

fn object(json: &Value) -> Object {
    Object::new(Node::from(json))
}

fn add(scores: &mut Scores, name: &str, passed: bool) {
    let score = scores.entry(name.to_owned()).or_default();
    score.0 += usize::from(passed);
    score.1 += 1;
}

/// An object without what no apply changes: ownership.
fn unmanaged(object: &Object) -> Node {
    let mut node = object.node.clone();
    if let Some(metadata) = node.get_mut("metadata").and_then(Node::as_map_mut) {
        metadata.remove("managedFields");
    }
    node
}

fn server_side_apply(data: &Path) -> usize {
    let (mut verdicts, mut predictions, mut conflicts) = (Scores::new(), Scores::new(), Scores::new());
    for case in rows::<Case>(&data.join("drift/server-side-apply.jsonl.gz")) {
        let (config, live) = (object(&case.config), object(&case.live));
        let version: KubernetesVersion = "1.32".parse().expect("a version");
        let options = DriftOptions::new().with_manager(case.manager.clone()).with_version(version);
        let found = compare_one(&config, &live, &options);
        if let Some(error) = &case.error {
            // Refused: the conflicts are the answer.
            let first = found.conflicts.first();
            let ours = first.map(|conflict| {
                let (manager, path) = (&conflict.owner.manager, &conflict.path);
                format!("Apply failed with 1 conflict: conflict with \"{manager}\": {path}")
            });
            let passed = found.conflicts.len() == 1 && ours.as_deref() == Some(error);
            add(&mut conflicts, &case.scenario, passed);
            if shown(&case.name) && !passed {
                println!("CONFLICT {}\n  ours   {ours:?}\n  wanted {error}", case.name);
            }
            continue;
        }
        let drifted = found.status == DriftStatus::Drifted;
        let passed =
            matches!(found.status, DriftStatus::Drifted | DriftStatus::InSync) && Some(drifted) == case.drift;
        add(&mut verdicts, &case.scenario, passed);
        if shown(&case.name) && !passed {
            println!("VERDICT {}: {:?}, wanted drift {:?}", case.name, found.status, case.drift);
            print_fields(&found);
        }
        let ours = gitops_core::drift::predict(&config, &live, &options);
        let wanted = object(case.predicted.as_ref().expect("a prediction"));
        let wanted = gitops_core::drift::normal_form(&wanted, &options);
        let passed = unmanaged(&ours) == unmanaged(&wanted);
        add(&mut predictions, &case.scenario, passed);
        if shown(&case.name) && !passed {
            let mut options = DriftOptions::new().with_version(version);
            options.manager = Some("nobody".into());
            println!("PREDICTION {}", case.name);
            for (way, a, b) in [("wanted over ours", &wanted, &ours), ("ours over wanted", &ours, &wanted)] {
                let a = Object::new(unmanaged(a));
                for field in &compare_one(&a, b, &options).fields {
                    println!("  {way}: {} {:?} -> {:?}", field.path, field.live, field.desired);
                }
            }
        }
    }
    check_floor("drift-verdicts", &verdicts)
        + check_floor("drift-predictions", &predictions)
        + check_floor("drift-conflicts", &conflicts)
}

fn argo_three_way(data: &Path) -> usize {
    let mut verdicts = Scores::new();
    for case in rows::<ArgoCase>(&data.join("drift/argo-three-way.jsonl.gz")) {
        let (config, live) = (object(&case.config), object(&case.live));
        let found = compare_one(&config, &live, &argo());
        let drifted = found.status == DriftStatus::Drifted;
        let passed = drifted == case.modified && found.status != DriftStatus::Unknown;
        let scenario = case.name.rsplit(" | ").next().unwrap_or_default();
        add(&mut verdicts, scenario, passed);
        if shown(&case.name) && !passed {
            println!("ARGO {}: {:?}, wanted drift {}", case.name, found.status, case.modified);
            print_fields(&found);
        }
    }
    check_floor("drift-argo", &verdicts)
}

/// Argo CD's own fixtures: its diff of old, and its others, which are server-side apply.
fn argo_testdata(data: &Path) -> usize {
    let mut verdicts = Scores::new();
    for case in json_lines::<ArgoFixture>(&data.join("drift/argo-testdata.jsonl")) {
        let (config, live) = (object(&case.config), object(&case.live));
        for (mode, wanted) in &case.expected {
            let options = match mode.as_str() {
                "legacy" => argo(),
                "smd" | "ssd" => DriftOptions::new().with_manager("argocd-controller"),
                _ => continue,
            };
            let found = match case.live.is_null() {
                true => compare(std::slice::from_ref(&config), &[], &options).objects.remove(0),
                false => compare_one(&config, &live, &options),
            };
            let passed = matches!(found.status, DriftStatus::Drifted | DriftStatus::Missing) == *wanted;
            add(&mut verdicts, mode, passed);
            if shown(&case.name) && !passed {
                println!("ARGO {} {mode}: {:?}, wanted drift {wanted}", case.name, found.status);
                print_fields(&found);
            }
        }
    }
    check_floor("drift-argo-testdata", &verdicts)
}

fn argo() -> DriftOptions {
    DriftOptions::new().with_profile(Profile::Argo).with_version("1.32".parse().expect("a version"))
}

fn print_fields(found: &ObjectDrift) {
    for field in &found.fields {
        println!("  {} {:?}: live {:?}, desired {:?}", field.path, field.cause, field.live, field.desired);
    }
}
