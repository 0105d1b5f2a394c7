//! Policy evaluation beside Gatekeeper's own Rego driver, in CPU time, in one run.
//!
//! ```text
//! cargo bench -p gitops-core-benches --bench policy
//! ```
//!
//! The policies and reviews are those of the differential set beside the conformance data
//! (`../shared/conformance`, or the folder in `GITOPS_CONFORMANCE`). The peer is `gatekeeper` (see
//! `peers/gatekeeper`), where it is on PATH: the driver that the webhook calls, asked the same in the same
//! way, each review of all constraints at once. All messages are compared before anything is timed.

use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Instant;

use gitops_core::node::{Node, SourceMap};
use gitops_core::object::Object;
use gitops_core::policy::{EvaluateOptions, FindingKind, LoadOptions, PolicySet};
use gitops_core_benches::{coarse_cpu, fnv, on_path, own_cpu, own_peak};
use serde_json::{Value as Json, json};

fn main() {
    let Some(suite) = differential() else { return };
    let work = Work::new(&suite);
    beside_gatekeeper(&work);
    many(&work);
    referential(&suite);
}

/// The differential set.
fn differential() -> Option<Json> {
    let beside = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/conformance");
    let root = std::env::var_os("GITOPS_CONFORMANCE").map_or(beside, PathBuf::from);
    let path = root.join("policy/differential.json.gz");
    let Ok(bytes) = std::fs::read(&path) else {
        println!("left out: no {}; name its folder in GITOPS_CONFORMANCE", path.display());
        return None;
    };
    let mut text = Vec::new();
    flate2::read::GzDecoder::new(bytes.as_slice()).read_to_end(&mut text).expect("it can be unpacked");
    Some(serde_json::from_slice(&text).expect("it is JSON"))
}

/// Templates of different kinds, and a constraint of each that matches everything.
struct Work {
    templates: Vec<Json>,
    constraints: Vec<Json>,
    /// `spec.match` of the constraints as their authors wrote them.
    matches: Vec<Json>,
    reviews: Vec<Json>,
    inventory: Vec<Json>,
}

impl Work {
    fn new(suite: &Json) -> Self {
        let list = |key: &str| suite[key].as_array().expect("a list").clone();
        let mut work = Self {
            templates: Vec::new(),
            constraints: Vec::new(),
            matches: Vec::new(),
            reviews: list("reviews"),
            inventory: list("inventory"),
        };
        for (at, entry) in list("templates").into_iter().enumerate() {
            // Some are versions of one template.
            let kind = format!("Kind{at:02}");
            let mut template = entry["template"].clone();
            template["apiVersion"] = json!("templates.gatekeeper.sh/v1");
            template["metadata"] = json!({"name": kind.to_lowercase()});
            template["spec"]["crd"]["spec"] =
                json!({"names": {"kind": kind}, "validation": {"legacySchema": true}});
            for target in template["spec"]["targets"].as_array_mut().expect("a list") {
                if target.get("rego").is_some() {
                    target.as_object_mut().expect("a mapping").remove("code");
                }
            }
            work.templates.push(template);
            work.constraints.push(json!({"apiVersion": "constraints.gatekeeper.sh/v1beta1", "kind": kind,
                "metadata": {"name": "c"}, "spec": {"parameters": entry["params"]}}));
            work.matches.push(entry["constraint"]["spec"]["match"].clone());
        }
        work
    }
}

fn objects(list: &[Json]) -> Vec<Object> {
    list.iter().map(|json| Object::new(Node::from(json))).collect()
}

fn policies(templates: &[Json], constraints: &[Json]) -> PolicySet {
    let documents = [objects(templates), objects(constraints)].concat();
    // The peer is the driver for Rego alone.
    let options = LoadOptions::default().with_native_validation(false);
    let (set, errors) = PolicySet::load(&documents, &SourceMap::new(), &options);
    assert!(errors.is_empty(), "{errors:?}");
    set
}

/// Each review of all constraints at once; the messages.
fn ours(set: &PolicySet, reviews: &[Node], inventory: &[Object]) -> Vec<String> {
    let options = EvaluateOptions::new().locating(false).with_inventory(inventory);
    let messages = |review: &Node| {
        let report = set.evaluate_request(review, &options).expect("a request");
        assert!(report.not_checked.is_empty(), "{:?}", report.not_checked);
        let mut lines: Vec<String> = report
            .findings
            .into_iter()
            .map(|found| {
                let message = if found.kind == FindingKind::Error { "error" } else { &found.message };
                format!("{}: {message}\n", found.template)
            })
            .collect();
        lines.sort();
        lines.concat() + "\n"
    };
    reviews.iter().map(messages).collect()
}

fn beside_gatekeeper(work: &Work) {
    let set = policies(&work.templates, &work.constraints);
    let reviews: Vec<Node> = work.reviews.iter().map(Node::from).collect();
    let inventory = objects(&work.inventory);
    let evaluations = (reviews.len() * work.constraints.len()) as f64;
    println!(
        "{} templates, {} reviews: CPU microseconds per evaluation",
        work.templates.len(),
        reviews.len()
    );
    let hash = fnv(ours(&set, &reviews, &inventory));
    let rounds = 10;
    let before = own_cpu();
    for _ in 0..rounds {
        std::hint::black_box(ours(&set, &reviews, &inventory));
    }
    let cost = before.zip(own_cpu()).map(|(before, after)| (after - before) * 1e6 / f64::from(rounds));
    let cost = cost.unwrap_or(f64::NAN) / evaluations;
    println!("{:<28} {cost:>8.2}   {:>5} MiB", "ours", own_peak().unwrap_or(0) / 1024);
    let Some(peer) = on_path("gatekeeper") else {
        println!("peer gatekeeper: not on PATH, left out");
        return;
    };
    let file = tempfile::NamedTempFile::new().expect("a temporary file");
    let text = json!({"templates": work.templates, "constraints": work.constraints,
        "reviews": work.reviews, "inventory": work.inventory});
    std::fs::write(file.path(), text.to_string()).expect("it can be written");
    let rounds = 3;
    let output = Command::new(peer).arg(rounds.to_string()).arg(file.path()).output().expect("it runs");
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let numbers: Vec<u64> = text.split_whitespace().filter_map(|number| number.parse().ok()).collect();
    let &[cpu, memory, theirs] = numbers.as_slice() else {
        panic!("gatekeeper said {text}{}", String::from_utf8_lossy(&output.stderr))
    };
    assert_eq!(theirs, hash, "the messages differ");
    let theirs = cpu as f64 / 1e3 / f64::from(rounds) / evaluations;
    println!("{:<28} {theirs:>8.2}   {:>5} MiB   {:.1} times", "gatekeeper", memory / 1024, theirs / cost);
}

/// 100 constraints on 10,000 different objects.
fn many(work: &Work) {
    let constraints: Vec<Json> = (0..100)
        .filter_map(|at| {
            let template = at % work.constraints.len();
            let mut constraint = work.constraints.get(template)?.clone();
            constraint["metadata"]["name"] = json!(format!("c{at}"));
            if let Some(matching @ Json::Object(_)) = work.matches.get(template) {
                constraint["spec"]["match"] = json!({"kinds": matching["kinds"]});
            }
            if at >= work.constraints.len() {
                // So that it is not the same again.
                constraint["spec"]["parameters"]["again"] = json!(at);
            }
            Some(constraint)
        })
        .collect();
    let set = policies(&work.templates, &constraints);
    let given: Vec<&Json> = work.reviews.iter().map(|review| &review["object"]).collect();
    let objects: Vec<Object> = (0..10_000)
        .filter_map(|at| {
            let mut object = (*given.get(at % given.len())?).clone();
            object["metadata"]["name"] = json!(format!("object-{at}"));
            Some(Object::new(Node::from(&object)))
        })
        .collect();
    println!("\n{} constraints, {} objects", constraints.len(), objects.len());
    println!("{:<28} {:>8} {:>8} {:>12} {:>12}", "", "CPU s", "wall s", "evaluations", "us CPU each");
    let inventory = self::objects(&work.inventory);
    for (name, threads, locate, count) in [
        ("1 thread", 1, false, objects.len()),
        ("2 threads", 2, false, objects.len()),
        ("1 thread, located, a tenth", 1, true, objects.len() / 10),
    ] {
        let Some(objects) = objects.get(..count) else { continue };
        let options =
            EvaluateOptions::new().locating(locate).with_inventory(&inventory).with_threads(threads);
        let (cpu, start) = (coarse_cpu(), Instant::now());
        let report = set.evaluate(objects, &options);
        let wall = start.elapsed().as_secs_f64();
        let cpu = cpu.zip(coarse_cpu()).map_or(f64::NAN, |(before, after)| after.0 - before.0);
        let each = cpu * 1e6 / report.evaluations as f64;
        println!("{name:<28} {cpu:>8.2} {wall:>8.2} {:>12} {each:>12.2}", report.evaluations);
    }
}

/// Ingresses that must not share a host: each is compared with all.
fn referential(suite: &Json) {
    let entries = suite["templates"].as_array().expect("a list");
    let named = |entry: &&Json| entry["template"]["metadata"]["name"] == "k8suniqueingresshost";
    let Some(entry) = entries.iter().find(named) else { return };
    let mut template = entry["template"].clone();
    template["spec"]["crd"]["spec"]["validation"] = json!({"legacySchema": true});
    let constraint = json!({"apiVersion": "constraints.gatekeeper.sh/v1beta1", "kind": "K8sUniqueIngressHost",
        "metadata": {"name": "c"}});
    let set = policies(&[template], &[constraint]);
    println!("\nunique hosts of ingresses, each of its own host: microseconds per evaluation");
    for count in [100, 1_000] {
        let ingress = |at: usize| {
            json!({"apiVersion": "networking.k8s.io/v1", "kind": "Ingress",
                "metadata": {"name": format!("web-{at}"), "namespace": format!("team-{}", at % 20)},
                "spec": {"rules": [{"host": format!("web-{at}.example.com")}]}})
        };
        let objects = objects(&(0..count).map(ingress).collect::<Vec<_>>());
        let before = own_cpu();
        let report = set.evaluate(&objects, &EvaluateOptions::new());
        let cost = before.zip(own_cpu()).map_or(f64::NAN, |(before, after)| (after - before) * 1e6);
        assert!(report.findings.is_empty());
        println!("{count:<28} {:>8.0}", cost / count as f64);
    }
}
