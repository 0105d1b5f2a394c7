//! The bundles for the Pod Security Standards give the verdict of `k8s.io/pod-security-admission`: for random pods
//! and workloads, for each control of both levels, for each release of Kubernetes.
//!
//! The answers of the real thing to the first seeds are recorded in `tests/data/pod-security.jsonl`. Its
//! program in `tests/oracles/pod-security` answers for more of them:
//!
//! ```text
//! (cd tests/oracles/pod-security && go build -o /tmp/pod-security .)
//! GITOPS_POD_SECURITY_ORACLE=/tmp/pod-security GITOPS_RANDOM_SEEDS=0..5000 \
//!     cargo test --release -p gitops-core-tests --test pod_security -- --nocapture
//! ```
//!
//! With `GITOPS_UPDATE=1` it records its answers anew.
#![cfg(feature = "policy")]
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::print_stdout, clippy::panic)]

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::io::{BufRead, BufReader, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use gitops_core::knowledge::KubernetesVersion;
use gitops_core::node::{Node, SourceMap};
use gitops_core::object::Object;
use gitops_core::policy::bundles::{self, BundleOptions};
use gitops_core::policy::{EvaluateOptions, FindingKind, PolicySet};
use gitops_core_tests::pods::{pod, workload};
use serde::{Deserialize, Serialize};
use serde_json::{Value as Json, json};

/// The last minor release asked about, past all that either side knows.
const NEWEST: u16 = 40;

/// How many pods have recorded answers.
const RECORDED: u64 = 200;

/// From a minor release on, the controls that fail.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Verdict {
    since: u16,
    baseline: BTreeSet<String>,
    restricted: BTreeSet<String>,
}

impl Verdict {
    fn same_as(&self, other: &Self) -> bool {
        self.baseline == other.baseline && self.restricted == other.restricted
    }
}

/// A recorded answer.
#[derive(Serialize, Deserialize)]
struct Record {
    /// Of the pod's JSON, to notice that the generator has changed.
    checksum: u32,
    verdicts: Vec<Verdict>,
}

fn checksum(json: &Json) -> u32 {
    let text = json.to_string();
    text.bytes().fold(0x811c_9dc5, |sum, byte| (sum ^ u32::from(byte)).wrapping_mul(0x0100_0193))
}

/// The constraints of a bundle at a release, each with its controls.
type Plan = Vec<(String, Vec<String>)>;

/// Both bundles at all releases, each distinct constraint once.
struct Ours {
    policies: PolicySet,
    /// By release: for both levels the constraints, and the controls of each.
    plans: Vec<[Plan; 2]>,
}

impl Ours {
    fn new() -> Self {
        let levels =
            ["pod-security-baseline", "pod-security-restricted"].map(|name| bundles::bundle(name).unwrap());
        let sources = SourceMap::new();
        let mut objects: Vec<Object> = Vec::new();
        let mut names: BTreeMap<String, String> = BTreeMap::new();
        let mut plans = Vec::new();
        for minor in 0..=NEWEST {
            let options = BundleOptions::new().for_kubernetes(KubernetesVersion::minor_release(minor));
            plans.push(levels.each_ref().map(|bundle| {
                let made = bundle.objects(&options, &sources).unwrap();
                let constraints = bundle.constraints(&options).unwrap().into_iter().map(|constraint| {
                    let mut object =
                        made.iter().find(|object| object.name() == constraint.name).unwrap().clone();
                    let key = format!("{} {}", object.kind(), json!(object.node.get("spec")));
                    let next = format!("c{}", names.len());
                    let name = names.entry(key).or_insert_with(|| {
                        object
                            .node
                            .get_mut("metadata")
                            .unwrap()
                            .as_map_mut()
                            .unwrap()
                            .insert("name", Node::from(&json!(next)));
                        objects.push(Object::new(object.node.clone()));
                        next
                    });
                    (name.clone(), constraint.controls)
                });
                let constraints = constraints.collect();
                objects.extend(made.into_iter().filter(|object| object.kind() == "ConstraintTemplate"));
                constraints
            }));
        }
        let policies = PolicySet::from_objects(&objects, &sources).unwrap();
        Self { policies, plans }
    }

    fn judge(&self, json: &Json) -> Vec<Verdict> {
        let objects = [Object::new(Node::from(json))];
        let report = self.policies.evaluate(&objects, &EvaluateOptions::new().locating(false));
        assert!(report.not_checked.is_empty());
        let mut violated = BTreeSet::new();
        for finding in &report.findings {
            assert_eq!(finding.kind, FindingKind::Violation, "{}\n{json}", finding.message);
            violated.insert(finding.constraint.as_str());
        }
        let mut verdicts: Vec<Verdict> = Vec::new();
        for (since, plan) in (0..).zip(&self.plans) {
            let [baseline, restricted] = plan.each_ref().map(|level| {
                let failing = level.iter().filter(|(name, _)| violated.contains(name.as_str()));
                failing.flat_map(|(_, controls)| controls.clone()).collect::<BTreeSet<_>>()
            });
            let verdict = Verdict { since, baseline, restricted };
            if !verdicts.last().is_some_and(|last| last.same_as(&verdict)) {
                verdicts.push(verdict);
            }
        }
        verdicts
    }
}

/// The answers of the real admission.
fn ask(program: &Path, objects: &[Json]) -> Vec<Vec<Verdict>> {
    #[derive(Deserialize)]
    struct Said {
        since: u16,
        baseline: BTreeMap<String, String>,
        restricted: BTreeMap<String, String>,
    }
    #[derive(Deserialize)]
    struct Line {
        #[serde(default)]
        verdicts: Vec<Said>,
        error: Option<String>,
    }
    let mut child = Command::new(program).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    let mut input = child.stdin.take().unwrap();
    let output = BufReader::new(child.stdout.take().unwrap());
    let text: String = objects.iter().map(|object| format!("{object}\n")).collect();
    let writer = std::thread::spawn(move || input.write_all(text.as_bytes()).unwrap());
    let answers = output.lines().map(|line| {
        let line: Line = serde_json::from_str(&line.unwrap()).unwrap();
        assert!(line.error.is_none(), "the oracle cannot read a pod: {:?}", line.error);
        let said = line.verdicts.into_iter().map(|said| Verdict {
            since: said.since,
            baseline: said.baseline.into_keys().collect(),
            restricted: said.restricted.into_keys().collect(),
        });
        let mut verdicts: Vec<Verdict> = said.collect();
        // It also says when only the reasons change.
        verdicts.dedup_by(|next, last| next.same_as(last));
        verdicts
    });
    let answers: Vec<_> = answers.collect();
    writer.join().unwrap();
    assert!(child.wait().unwrap().success());
    assert_eq!(answers.len(), objects.len());
    answers
}

fn data() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("data/pod-security.jsonl")
}

#[test]
fn recorded_verdicts_are_ours() {
    let ours = Ours::new();
    let text = std::fs::read_to_string(data()).unwrap();
    let mut count = 0;
    for (seed, line) in (0..).zip(text.lines()) {
        let record: Record = serde_json::from_str(line).unwrap();
        let pod = pod(seed);
        assert_eq!(checksum(&pod), record.checksum, "the generator has changed: record the answers anew");
        assert_eq!(ours.judge(&pod), record.verdicts, "seed {seed}: {pod:#}");
        let workload = workload(seed, &pod);
        assert_eq!(ours.judge(&workload), record.verdicts, "seed {seed}: {workload:#}");
        count += 1;
    }
    assert_eq!(count, RECORDED);
}

#[test]
fn the_real_admission_says_the_same() {
    let Some(program) = std::env::var_os("GITOPS_POD_SECURITY_ORACLE").map(PathBuf::from) else {
        println!(
            "pod security: NOT COMPARED with the real admission, only with its recorded answers; see the head of this file"
        );
        return;
    };
    let seeds = std::env::var("GITOPS_RANDOM_SEEDS").unwrap_or_else(|_| "0..1000".into());
    let (from, to) = seeds.split_once("..").unwrap();
    let seeds: Vec<u64> = (from.parse().unwrap()..to.parse().unwrap()).collect();
    let pods: Vec<Json> = seeds.iter().map(|seed| pod(*seed)).collect();
    let workloads: Vec<Json> = seeds.iter().zip(&pods).map(|(seed, pod)| workload(*seed, pod)).collect();
    let answers = ask(&program, &pods);
    if std::env::var_os("GITOPS_UPDATE").is_some() {
        let mut text = String::new();
        for (pod, verdicts) in pods.iter().zip(&answers).take(RECORDED as usize) {
            let record = Record { checksum: checksum(pod), verdicts: verdicts.clone() };
            writeln!(text, "{}", serde_json::to_string(&record).unwrap()).unwrap();
        }
        std::fs::write(data(), text).unwrap();
    }
    let ours = Ours::new();
    let mut differences = 0;
    let mut seen: BTreeMap<String, [usize; 2]> = BTreeMap::new();
    let mut compared = 0;
    for (objects, answers) in [(&pods, answers), (&workloads, ask(&program, &workloads))] {
        for ((seed, object), expected) in seeds.iter().zip(objects).zip(answers) {
            let found = ours.judge(object);
            compared += usize::from(NEWEST + 1) * 2;
            if found != expected {
                differences += 1;
                if differences <= 5 {
                    println!("seed {seed}:\n{object:#}\nours {found:#?}\ntheirs {expected:#?}");
                }
            }
            let failing: BTreeSet<&String> =
                expected.iter().flat_map(|verdict| &verdict.restricted).collect();
            let failing: BTreeSet<&String> =
                failing.into_iter().chain(expected.iter().flat_map(|verdict| &verdict.baseline)).collect();
            let controls = ours.plans.iter().flatten().flatten().flat_map(|(_, controls)| controls);
            for control in controls.collect::<BTreeSet<_>>() {
                seen.entry(control.clone()).or_default()[usize::from(failing.contains(control))] += 1;
            }
        }
    }
    println!(
        "pod security: {} pods and as many workloads, {compared} verdicts of levels at releases, {differences} differences",
        seeds.len()
    );
    for (control, [passed, failed]) in &seen {
        println!("  {control}: {passed} objects pass at all releases, {failed} fail at some");
        assert!(*passed > 0 && *failed > 0, "the pods do not try {control}");
    }
    assert_eq!(differences, 0);
}
