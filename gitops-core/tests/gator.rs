//! Random constraints, objects, expansions and mutators against the real `gator test`, where it is on
//! the PATH. `GITOPS_SEED` repeats a run, `GITOPS_ROUNDS` asks for more of them.
#![cfg(feature = "policy")]
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::print_stdout, clippy::panic)]

use std::collections::{BTreeMap, BTreeSet};
use std::process::{Command, Stdio};

use gitops_core::node::{Node, SourceMap};
use gitops_core::object::Object;
use gitops_core::policy::{EvaluateOptions, PolicySet, Profile};
use serde_json::{Value as Json, json};

/// A generator of which a seed is all that must be known.
struct Random(u64);

impl Random {
    fn below(&mut self, limit: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        ((self.0 >> 33) as usize) % limit
    }

    fn one_in(&mut self, chance: usize) -> bool {
        self.below(chance) == 0
    }

    fn pick<'a>(&mut self, list: &[&'a str]) -> &'a str {
        list[self.below(list.len())]
    }

    fn some(&mut self, list: &[&str], most: usize) -> Vec<String> {
        (0..self.below(most + 1)).map(|_| self.pick(list).to_owned()).collect()
    }
}

const NAMES: &[&str] = &["web", "web-1", "db", "job-x", "kube-proxy", "a"];
const NAMESPACES: &[&str] = &["team-a", "team-b", "kube-system", "default", "lost"];
const GLOBS: &[&str] =
    &["team-*", "*-a", "*e*", "kube-system", "default", "*", "we*", "web", "job-*", "**", "lost"];
const KINDS: &[(&str, &str, bool)] = &[
    ("v1", "Pod", true),
    ("apps/v1", "Deployment", true),
    ("batch/v1", "CronJob", true),
    ("v1", "ConfigMap", true),
    ("v1", "Namespace", false),
    ("v1", "Node", false),
    ("rbac.authorization.k8s.io/v1", "ClusterRole", false),
    ("example.com/v1alpha1", "Namespace", false),
];
const LABELS: &[(&str, &[&str])] =
    &[("app", &["web", "db", ""]), ("env", &["prod", "dev"]), ("x.io/y", &["1"])];

fn labels(random: &mut Random) -> Json {
    let mut map = serde_json::Map::new();
    for (key, values) in LABELS {
        if random.one_in(2) {
            map.insert((*key).to_owned(), json!(random.pick(values)));
        }
    }
    Json::Object(map)
}

fn selector(random: &mut Random) -> Json {
    let mut selector = json!({});
    if random.one_in(2) {
        let (key, values) = LABELS[random.below(LABELS.len())];
        selector["matchLabels"] = json!({key: random.pick(values)});
    }
    if random.one_in(2) {
        let (key, values) = LABELS[random.below(LABELS.len())];
        let operator = random.pick(&["In", "NotIn", "Exists", "DoesNotExist"]);
        let mut expression = json!({"key": key, "operator": operator});
        if operator.ends_with("In") {
            expression["values"] = json!([random.pick(values), random.pick(values)]);
        }
        selector["matchExpressions"] = json!([expression]);
    }
    selector
}

fn matching(random: &mut Random) -> Json {
    let mut spec = json!({});
    if random.one_in(2) {
        let entries = (0..random.below(3)).map(|_| {
            let mut entry = json!({});
            if random.one_in(2) {
                entry["apiGroups"] = json!(random.some(&["", "apps", "batch", "*", "example.com"], 2));
            }
            if random.one_in(2) {
                entry["kinds"] =
                    json!(random.some(&["Pod", "Deployment", "Namespace", "Node", "*", "CronJob", "Job"], 2));
            }
            entry
        });
        spec["kinds"] = json!(entries.collect::<Vec<_>>());
    }
    if random.one_in(3) {
        spec["scope"] = json!(random.pick(&["*", "Cluster", "Namespaced", "cluster"]));
    }
    if random.one_in(3) {
        spec["namespaces"] = json!(random.some(GLOBS, 2));
    }
    if random.one_in(3) {
        spec["excludedNamespaces"] = json!(random.some(GLOBS, 2));
    }
    if random.one_in(3) {
        spec["labelSelector"] = selector(random);
    }
    if random.one_in(4) {
        spec["namespaceSelector"] = selector(random);
    }
    if random.one_in(4) {
        spec["name"] = json!(random.pick(GLOBS));
    }
    if random.one_in(4) {
        spec["source"] = json!(random.pick(&["All", "Original", "Generated"]));
    }
    spec
}

fn constraint(random: &mut Random, kind: &str, name: &str) -> Json {
    let mut spec = json!({});
    if !random.one_in(8) {
        spec["match"] = matching(random);
    }
    match random.below(6) {
        0 => {
            let points = ["validation.gatekeeper.sh", "audit.gatekeeper.sh", "gator.gatekeeper.sh", "*"];
            let entries = (0..random.below(3)).map(|_| {
                let named: Vec<Json> =
                    random.some(&points, 2).iter().map(|name| json!({"name": name})).collect();
                json!({"action": random.pick(&["deny", "warn", "dryrun"]), "enforcementPoints": named})
            });
            spec["scopedEnforcementActions"] = entries.collect();
            spec["enforcementAction"] = json!("scoped");
        }
        1 => spec["enforcementAction"] = json!(random.pick(&["deny", "warn", "dryrun", "odd", ""])),
        _ => {}
    }
    json!({"apiVersion": "constraints.gatekeeper.sh/v1beta1", "kind": kind, "metadata": {"name": name}, "spec": spec})
}

fn object(random: &mut Random, at: usize) -> Json {
    let (version, kind, namespaced) = KINDS[random.below(KINDS.len())];
    let name = format!("{}-{at}", random.pick(NAMES));
    let mut object =
        json!({"apiVersion": version, "kind": kind, "metadata": {"name": name, "labels": labels(random)}});
    if random.one_in(6) {
        object["metadata"]["generateName"] = json!(random.pick(&["job-", "web-", "x-"]));
    }
    if namespaced && !random.one_in(5) {
        object["metadata"]["namespace"] = json!(random.pick(NAMESPACES));
    }
    let pod = json!({"metadata": {"labels": labels(random)}, "spec": {"containers": [
        {"name": "a", "image": random.pick(&["nginx", "nginx:1", "gcr.io/x/y@sha256:0", "localhost/z:v"])},
        {"name": "b", "image": "r.io:5000/b"}]}});
    match kind {
        "Deployment" => object["spec"] = json!({"template": pod}),
        "CronJob" => object["spec"] = json!({"jobTemplate": {"metadata": {}, "spec": {"template": pod}}}),
        "Pod" => object["spec"] = pod["spec"].clone(),
        _ => {}
    }
    object
}

fn template(kind: &str, code: Json) -> Json {
    let mut target = json!({"target": "admission.k8s.gatekeeper.sh"});
    target.as_object_mut().unwrap().extend(code.as_object().unwrap().clone());
    json!({"apiVersion": "templates.gatekeeper.sh/v1", "kind": "ConstraintTemplate", "metadata": {"name": kind.to_lowercase()},
        "spec": {"crd": {"spec": {"names": {"kind": kind}}}, "targets": [target]}})
}

/// Tells all of what it sees, but of constraints, whose defaults gator fills in under its own eyes.
const REGO: &str = r#"package always
violation[{"msg": msg}] {
  r := input.review
  r.kind.group != "constraints.gatekeeper.sh"
  msg := sprintf("%v %v %v %v %v", [r.kind, object.get(r, "namespace", "-"), r.name, r.object.metadata, object.get(r.object, "spec", {})])
}
violation[{"msg": msg}] {
  r := input.review
  r.kind.group == "constraints.gatekeeper.sh"
  msg := sprintf("%v %v", [r.kind, r.name])
}"#;

fn expansions(random: &mut Random) -> Vec<Json> {
    let expansion = |name: &str, group: &str, kind: &str, source: &str, to: (&str, &str), action: &str| {
        let mut spec = json!({"applyTo": [{"groups": [group], "versions": ["v1"], "kinds": [kind]}],
            "templateSource": source, "generatedGVK": {"group": to.0, "version": "v1", "kind": to.1}});
        if !action.is_empty() {
            spec["enforcementAction"] = json!(action);
        }
        json!({"apiVersion": "expansion.gatekeeper.sh/v1alpha1", "kind": "ExpansionTemplate", "metadata": {"name": name}, "spec": spec})
    };
    let mut action = || random.pick(&["", "", "warn", "deny"]);
    vec![
        expansion("deployments", "apps", "Deployment", "spec.template", ("", "Pod"), action()),
        expansion("cronjobs", "batch", "CronJob", "spec.jobTemplate", ("batch", "Job"), action()),
        expansion("jobs", "batch", "Job", "spec.template", ("", "Pod"), action()),
    ]
}

/// Mutators of objects of a source.
fn mutators(random: &mut Random, source: &str) -> Vec<Json> {
    let locations = [
        "spec.containers[name: *].x",
        "spec.containers[name: a].image",
        "spec.y.z",
        "spec.containers[name: new].image",
    ];
    let mut out = Vec::new();
    for at in 0..random.below(5) {
        let (kind, location, parameters) = match random.below(4) {
            0 => ("Assign", random.pick(&locations), json!({"assign": {"value": random.pick(&["v", "w"])}})),
            1 => (
                "AssignMetadata",
                random.pick(&["metadata.labels.env", "metadata.annotations.\"a.b/c\""]),
                json!({"assign": {"value": "m"}}),
            ),
            2 => (
                "AssignImage",
                "spec.containers[name: *].image",
                json!({"assignDomain": "q.io", "assignTag": random.pick(&[":t", ""])}),
            ),
            _ => (
                "ModifySet",
                "spec.containers[name: *].args",
                json!({"operation": random.pick(&["merge", "prune"]), "values": {"fromList": ["-a", "-b"]}}),
            ),
        };
        let mut parameters = parameters;
        if matches!(kind, "Assign" | "AssignImage") && random.one_in(3) {
            parameters["pathTests"] =
                json!([{"subPath": location, "condition": random.pick(&["MustExist", "MustNotExist"])}]);
        }
        let mut spec = json!({"location": location, "parameters": parameters, "match": {"source": source}});
        if kind != "AssignMetadata" {
            spec["applyTo"] = json!([{"groups": [""], "versions": ["v1"], "kinds": ["Pod"]}]);
        }
        if random.one_in(3) {
            spec["match"]["excludedNamespaces"] = json!(random.some(GLOBS, 1));
        }
        out.push(json!({"apiVersion": "mutations.gatekeeper.sh/v1", "kind": kind, "metadata": {"name": format!("m{at}")}, "spec": spec}));
    }
    out
}

/// Constraint, object and message of a finding, and what is done about it; with how often.
type Found = BTreeMap<(String, String, String, String), usize>;

fn gator(documents: &[Json]) -> Option<Result<Found, String>> {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("all.yaml");
    let text: Vec<String> = documents.iter().map(Json::to_string).collect();
    std::fs::write(&file, text.join("\n---\n")).unwrap();
    let output =
        Command::new("gator").args(["test", "-o", "json", "-f"]).arg(&file).stdin(Stdio::null()).output();
    let output = output.ok()?;
    let Ok(results) = serde_json::from_slice::<Json>(&output.stdout) else {
        return Some(Err(String::from_utf8_lossy(&output.stderr).into_owned()));
    };
    let mut found = Found::new();
    for result in results.as_array().into_iter().flatten() {
        let constraint = &result["constraint"];
        let object = &result["violatingObject"];
        let mut actions: Vec<&str> = match result["scopedActions"].as_array() {
            Some(actions) if !actions.is_empty() => {
                actions.iter().map(|action| action.as_str().unwrap()).collect()
            }
            _ => vec![result["enforcementAction"].as_str().unwrap_or("")],
        };
        // What an ExpansionTemplate overrides stands beside the scoped actions.
        if result["enforcementAction"] != "scoped" {
            actions = vec![result["enforcementAction"].as_str().unwrap_or("")];
        }
        actions.sort_unstable();
        let key = (
            format!(
                "{}/{}",
                constraint["kind"].as_str().unwrap(),
                constraint["metadata"]["name"].as_str().unwrap()
            ),
            format!("{}/{}", object["kind"].as_str().unwrap(), object["metadata"]["name"].as_str().unwrap()),
            result["msg"].as_str().unwrap().to_owned(),
            actions.join("+"),
        );
        *found.entry(key).or_default() += 1;
    }
    Some(Ok(found))
}

fn ours(documents: &[Json]) -> Found {
    let objects: Vec<Object> = documents.iter().map(|json| Object::new(Node::from(json))).collect();
    let (set, errors) = PolicySet::load(&objects, &SourceMap::new(), &Default::default());
    let real: Vec<_> = errors.iter().filter(|error| error.code() != "mutator-conflict").collect();
    assert!(real.is_empty(), "{real:?}");
    let report = set.evaluate(&objects, &EvaluateOptions::new().as_gator(Profile::GatorTest).locating(false));
    assert!(report.not_checked.is_empty(), "{:?}", report.not_checked);
    let mut found = Found::new();
    for finding in report.findings {
        let mut actions = finding.enforcement_actions.clone();
        actions.sort();
        let key = (
            format!("{}/{}", finding.template, finding.constraint),
            format!("{}/{}", finding.id.kind, finding.id.name),
            finding.message,
            actions.join("+"),
        );
        *found.entry(key).or_default() += 1;
    }
    found
}

#[test]
fn random_sets_are_judged_as_gator_judges_them() {
    let number = |name: &str, default: u64| {
        std::env::var(name).ok().and_then(|text| text.parse().ok()).unwrap_or(default)
    };
    let (seed, rounds) = (number("GITOPS_SEED", 1), number("GITOPS_ROUNDS", 6));
    let (mut pairs, mut findings) = (0, 0);
    for round in 0..rounds {
        let mut random = Random(seed.wrapping_add(round).wrapping_mul(0x9e37_79b9_7f4a_7c15));
        let cel = json!({"code": [{"engine": "K8sNativeValidation", "source": {"validations": [
            {"expression": "false", "messageExpression": "'%s %s %s'.format([request.name, request.kind.kind, object.metadata.name])"}]}}]});
        let mut documents = vec![template("Always", json!({"rego": REGO})), template("AlwaysCel", cel)];
        let count = 15;
        for at in 0..count {
            documents.push(constraint(&mut random, "Always", &format!("r{at}")));
            documents.push(constraint(&mut random, "AlwaysCel", &format!("c{at}")));
        }
        documents.extend(expansions(&mut random));
        // `gator test` judges originals before it mutates them.
        documents.extend(mutators(&mut random, "Generated"));
        for name in ["team-a", "kube-system"] {
            documents.push(json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name, "labels": labels(&mut random)}}));
        }
        for at in 0..30 {
            documents.push(object(&mut random, at));
        }
        let Some(theirs) = gator(&documents) else {
            println!("left out: `gator` is not on the PATH");
            return;
        };
        let theirs = theirs.unwrap_or_else(|error| panic!("round {round} of seed {seed}: {error}"));
        let ours = ours(&documents);
        pairs += documents.len() * count * 2;
        findings += theirs.values().sum::<usize>();
        for (key, number) in &theirs {
            assert_eq!(
                ours.get(key),
                Some(number),
                "round {round} of seed {seed}: gator finds {key:?}\n{:#}",
                documents
                    .iter()
                    .find(|d| format!(
                        "{}/{}",
                        d["kind"].as_str().unwrap(),
                        d["metadata"]["name"].as_str().unwrap()
                    ) == key.0)
                    .unwrap()
            );
        }
        for (key, number) in &ours {
            assert_eq!(
                theirs.get(key),
                Some(number),
                "round {round} of seed {seed}: gator does not find {key:?}"
            );
        }
    }
    println!("gator: {pairs} pairs of constraint and object, {findings} findings, all equal");
}

/// Tells the numbers that it sees of the object, the inventory, the parameters and their defaults. OPA
/// computes with more digits than a float has, so only small ones are added up.
const NUMBERS: &str = r#"package numbers
violation[{"msg": msg}] {
  input.review.kind.kind == "ConfigMap"
  p := input.parameters
  known := [x | x := data.inventory.namespace["default"]["v1"]["Pod"][_].spec]
  sums := [s | p.given[i] < 1000000000; s := p.given[i] + 1]
  msg := sprintf("%v | %v | %v | %v", [p, known, input.review.object.spec, sums])
}"#;

#[test]
fn numbers_are_printed_as_gator_prints_them() {
    let number = json!({"type": "number"});
    let list = json!({"type": "array", "items": {"type": "object", "properties":
        {"a": {"type": "integer", "default": 5_000_000}, "b": number}}});
    let mut template = template("Numbers", json!({"rego": NUMBERS}));
    template["spec"]["crd"]["spec"]["validation"] = json!({"openAPIV3Schema": {"type": "object", "properties": {
        "given": {"type": "array", "items": number},
        "default": {"type": "integer", "default": 3_000_000},
        "object": {"type": "object", "default": {}, "properties": {"x": {"type": "integer", "default": 4_000_000}, "y": number}},
        "list": list}}});
    let mut constraint = constraint(&mut Random(1), "Numbers", "c");
    let some = json!([
        0,
        -1,
        999_999,
        1_000_000,
        1_000_001,
        -1_000_000,
        123_456_789,
        1.5,
        1_000_000.5,
        0.000_001,
        1e21,
        9_007_199_254_740_991_i64,
        9_007_199_254_740_993_i64,
        9_223_372_036_854_775_807_i64
    ]);
    constraint["spec"] = json!({"parameters": {"given": some, "object": {"y": 6_000_000},
        "list": [{"b": 7_000_000}, {"a": 8_000_000}, {"a": 5_000_000}]}});
    let of = |kind: &str, name: &str| json!({"apiVersion": "v1", "kind": kind, "metadata": {"name": name, "namespace": "default"}, "spec": some});
    // One that gives what another leaves to its default is told apart.
    let mut other = constraint.clone();
    other["metadata"]["name"] = json!("d");
    other["spec"]["parameters"]["default"] = json!(3_000_000);
    let documents = [template, constraint, other, of("Pod", "p"), of("ConfigMap", "m")];
    let Some(theirs) = gator(&documents) else {
        println!("left out: `gator` is not on the PATH");
        return;
    };
    assert_eq!(ours(&documents), theirs.unwrap());

    // `gator verify` passes the parameters on as they are.
    let dir = tempfile::tempdir().unwrap();
    let [template, constraint, _, pod, map] = &documents;
    let files = [("t.yaml", template), ("c.yaml", constraint), ("p.yaml", pod), ("m.yaml", map)];
    for (file, document) in files {
        std::fs::write(dir.path().join(file), document.to_string()).unwrap();
    }
    let objects = |list: &[&Json]| list.iter().map(|json| Object::new(Node::from(*json))).collect::<Vec<_>>();
    let policies = objects(&[template, constraint]);
    let set = PolicySet::from_objects(&policies, &SourceMap::new()).unwrap();
    let inventory = objects(&[pod]);
    let options = EvaluateOptions::new().as_gator(Profile::GatorVerify).with_inventory(&inventory);
    let message = &set.evaluate(&objects(&[map]), &options).findings[0].message;
    let suite = json!({"apiVersion": "test.gatekeeper.sh/v1alpha1", "kind": "Suite", "metadata": {"name": "s"},
        "tests": [{"name": "t", "template": "t.yaml", "constraint": "c.yaml", "cases": [{"name": "x", "object": "m.yaml",
            "inventory": ["p.yaml"], "assertions": [{"violations": 1, "message": format!("^{}$", regex::escape(message))}]}]}]});
    std::fs::write(dir.path().join("suite.yaml"), suite.to_string()).unwrap();
    let found = verified_by_gator(dir.path()).unwrap();
    assert!(found.values().all(|passed| *passed), "gator does not say {message}");
}

/// JSON with its keys sorted.
fn canonical(json: &Json) -> String {
    match json {
        Json::Object(map) => {
            let sorted: BTreeMap<&String, String> =
                map.iter().map(|(key, value)| (key, canonical(value))).collect();
            format!("{sorted:?}")
        }
        Json::Array(items) => format!("{:?}", items.iter().map(canonical).collect::<Vec<_>>()),
        scalar => scalar.to_string(),
    }
}

#[test]
fn random_objects_are_expanded_as_gator_expands_them() {
    let number = |name: &str, default: u64| {
        std::env::var(name).ok().and_then(|text| text.parse().ok()).unwrap_or(default)
    };
    let (seed, rounds) = (number("GITOPS_SEED", 1), number("GITOPS_ROUNDS", 6));
    let mut compared = 0;
    for round in 0..rounds {
        let mut random = Random(seed.wrapping_add(round).wrapping_mul(0x9e37_79b9_7f4a_7c15));
        let mut documents = expansions(&mut random);
        documents.extend(mutators(&mut random, "All"));
        for name in ["team-a", "kube-system"] {
            documents.push(json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name, "labels": labels(&mut random)}}));
        }
        documents.extend((0..40).map(|at| object(&mut random, at)));
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("all.yaml");
        let text: Vec<String> = documents.iter().map(Json::to_string).collect();
        std::fs::write(&file, text.join("\n---\n")).unwrap();
        let output = Command::new("gator").args(["expand", "-f", "json", "-n"]).arg(&file).output();
        let Ok(output) = output else {
            println!("left out: `gator` is not on the PATH");
            return;
        };
        let objects: Vec<Object> = documents.iter().map(|json| Object::new(Node::from(json))).collect();
        let (set, errors) = PolicySet::load(&objects, &SourceMap::new(), &Default::default());
        let ours = set.expand(&objects, &EvaluateOptions::new().as_gator(Profile::GatorTest));
        if !output.status.success() {
            let theirs = String::from_utf8_lossy(&output.stderr);
            assert!(ours.is_err() || !errors.is_empty(), "round {round} of seed {seed}: gator says {theirs}");
            continue;
        }
        assert!(errors.is_empty(), "round {round} of seed {seed}: {errors:?}");
        let ours = ours.unwrap();
        let sorted = |mut list: Vec<String>| {
            list.sort();
            list
        };
        let text = String::from_utf8(output.stdout).unwrap();
        // Documents are joined by `---` right behind the last brace.
        let text = text.replace("}---", "}");
        let theirs: Vec<Json> =
            serde_json::Deserializer::from_str(&text).into_iter().collect::<Result<_, _>>().unwrap();
        let theirs = sorted(theirs.iter().map(canonical).collect());
        let made = ours.iter().map(|made| serde_json::to_value(&made.object.node).unwrap());
        let ours = sorted(made.map(|json| canonical(&json)).collect());
        assert_eq!(ours, theirs, "round {round} of seed {seed}");
        compared += ours.len();
    }
    println!("gator expand: {compared} objects, all equal");
}

/// Name of the test or case, and whether it passed, as `gator verify` says.
fn verified_by_gator(dir: &std::path::Path) -> Option<BTreeMap<String, bool>> {
    let output =
        Command::new("gator").args(["verify", "-v"]).arg(format!("{}/...", dir.display())).output().ok()?;
    let text = String::from_utf8(output.stdout).unwrap();
    let mut out = BTreeMap::new();
    let mut cases = Vec::new();
    for line in text.lines() {
        let Some((mark, rest)) =
            line.trim_start().strip_prefix("--- ").and_then(|line| line.split_once(": "))
        else {
            continue;
        };
        let name = rest.split('\t').next().unwrap().to_owned();
        if line.starts_with(' ') {
            cases.push((name, mark == "PASS"));
        } else {
            for (case, passed) in cases.drain(..) {
                out.insert(format!("{name}//{case}"), passed);
            }
            out.insert(name, mark == "PASS");
        }
    }
    Some(out)
}

#[test]
fn suites_pass_and_fail_as_in_gator() {
    use gitops_core::files::Disk;
    use gitops_core::policy::{VerifyOptions, verify};
    let dir = tempfile::tempdir().unwrap();
    let write = |name: &str, documents: &[Json]| {
        let text: Vec<String> = documents.iter().map(|json| format!("{json:#}")).collect();
        std::fs::write(dir.path().join(name), text.join("\n---\n")).unwrap();
    };
    let mut checked = template(
        "Checked",
        json!({"rego": "package x\nviolation[{\"msg\": msg}] { input.review.object.metadata.labels.bad; msg := sprintf(\"bad %v: %v\", [input.review.operation, input.parameters.n]) }\nviolation[{\"msg\": \"second\"}] { input.review.object.metadata.labels.bad == \"twice\" }\nviolation[{\"msg\": \"lonely\"}] { input.parameters.needs; count(data.inventory.cluster[\"v1\"].Namespace) == 0 }\nviolation[{\"msg\": \"conflict\"}] { input.review.object.metadata.labels.conflict; f(1) }\nf(x) = 1 { x }\nf(x) = 2 { x }"}),
    );
    checked["spec"]["crd"]["spec"]["validation"] = json!({"openAPIV3Schema": {"type": "object", "required": ["n"], "properties": {
        "n": {"type": "integer", "default": 3}, "needs": {"type": "boolean"}}}});
    write("template.yaml", &[checked.clone()]);
    let mut broken = checked.clone();
    broken["spec"]["targets"][0]["rego"] = json!("package x\nviolation[{\"msg\": 1}] {");
    write("broken.yaml", &[broken]);
    let constraint = |spec: Json| json!({"apiVersion": "constraints.gatekeeper.sh/v1beta1", "kind": "Checked", "metadata": {"name": "c"}, "spec": spec});
    write("good.yaml", &[constraint(json!({"parameters": {"n": 1}}))]);
    write("needs.yaml", &[constraint(json!({"parameters": {"n": 1, "needs": true}}))]);
    write("mistyped.yaml", &[constraint(json!({"parameters": {"n": "1"}}))]);
    write("missing.yaml", &[constraint(json!({"parameters": {}}))]);
    write("unknown.yaml", &[constraint(json!({"parameters": {"n": 1, "m": 1}}))]);
    write("pattern.yaml", &[constraint(json!({"parameters": {"n": 1}, "match": {"namespaces": ["Upper"]}}))]);
    write(
        "selector.yaml",
        &[constraint(
            json!({"parameters": {"n": 1}, "match": {"labelSelector": {"matchExpressions": [{"key": "a", "operator": "In"}]}}}),
        )],
    );
    write(
        "audit.yaml",
        &[constraint(
            json!({"parameters": {"n": 1}, "enforcementAction": "scoped", "scopedEnforcementActions": [{"action": "deny", "enforcementPoints": [{"name": "audit.gatekeeper.sh"}]}]}),
        )],
    );
    write(
        "namespaced.yaml",
        &[constraint(
            json!({"parameters": {"n": 1}, "match": {"namespaceSelector": {"matchLabels": {"env": "prod"}}}}),
        )],
    );
    write(
        "pods.yaml",
        &[constraint(json!({"parameters": {"n": 1}, "match": {"kinds": [{"kinds": ["Pod"]}]}}))],
    );
    let object = |kind: &str, labels: Json| {
        let mut object =
            json!({"apiVersion": "v1", "kind": kind, "metadata": {"name": "o", "labels": labels}});
        if kind == "Pod" {
            object["metadata"]["namespace"] = json!("ns");
        }
        object
    };
    write("bad.json.yaml", &[object("Pod", json!({"bad": "once"}))]);
    write("twice.yaml", &[object("Pod", json!({"bad": "twice"}))]);
    write("fine.yaml", &[object("Pod", json!({}))]);
    write("conflict.yaml", &[object("Pod", json!({"conflict": "x"}))]);
    write("two.yaml", &[object("Pod", json!({})), object("Pod", json!({}))]);
    write("empty.yaml", &[]);
    write(
        "namespace.yaml",
        &[
            json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "ns", "labels": {"env": "prod"}}}),
        ],
    );
    write(
        "dev.yaml",
        &[
            json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "ns", "labels": {"env": "dev"}}}),
        ],
    );
    let deployment = json!({"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "d", "namespace": "ns"},
        "spec": {"template": {"metadata": {"labels": {"bad": "yes"}}, "spec": {}}}});
    write("deployment.yaml", &[deployment]);
    write("expansion.yaml", &expansions(&mut Random(1)));
    let review = |request: Json| json!({"apiVersion": "admission.k8s.io/v1", "kind": "AdmissionReview", "request": request});
    let bad = object("Pod", json!({"bad": "x"}));
    write(
        "review-delete.yaml",
        &[review(
            json!({"uid": "u", "kind": {"group": "", "version": "v1", "kind": "Pod"}, "operation": "DELETE", "oldObject": bad, "userInfo": {"username": "me"}}),
        )],
    );
    write("review-delete-object.yaml", &[review(json!({"operation": "DELETE", "object": bad}))]);
    write("review-create.yaml", &[review(json!({"operation": "CREATE", "object": bad, "dryRun": true}))]);
    write("review-unknown.yaml", &[review(json!({"operation": "CREATE", "object": bad, "opertion": "x"}))]);
    write("review-none.yaml", &[review(json!({"operation": "CREATE"}))]);
    write("review-empty.yaml", &[json!({"apiVersion": "admission.k8s.io/v1", "kind": "AdmissionReview"})]);
    write(
        "review-kindless.yaml",
        &[review(json!({"operation": "CREATE", "object": {"metadata": {"name": "x"}}}))],
    );

    let case = |name: &str, object: &str, assertions: Json| json!({"name": name, "object": object, "assertions": assertions});
    let with = |mut case: Json, inventory: &[&str]| {
        case["inventory"] = json!(inventory);
        case
    };
    let yes = json!([{"violations": "yes"}]);
    let no = json!([{"violations": "no"}]);
    let test = |name: &str, constraint: &str, cases: Vec<Json>| json!({"name": name, "template": "template.yaml", "constraint": constraint, "cases": cases});
    let simple = || {
        vec![
            case("bad", "bad.json.yaml", yes.clone()),
            case("fine", "fine.yaml", no.clone()),
            case("wrong", "fine.yaml", yes.clone()),
        ]
    };
    let mut tests = vec![
        test(
            "counts",
            "good.yaml",
            vec![
                case("one", "bad.json.yaml", json!([{"violations": 1}])),
                case("not two", "bad.json.yaml", json!([{"violations": 2}])),
                case(
                    "two",
                    "twice.yaml",
                    json!([{"violations": 2}, {"violations": 1, "message": "^second$"}, {"message": "bad"}]),
                ),
                case("default is yes", "bad.json.yaml", json!([{}])),
                case("default is not no", "fine.yaml", json!([{}])),
                case("zero", "fine.yaml", json!([{"violations": 0}])),
                case("negative", "fine.yaml", json!([{"violations": -1}])),
                case("word", "fine.yaml", json!([{"violations": "maybe"}])),
                case("message no", "bad.json.yaml", json!([{"violations": "no", "message": "absent"}])),
                case("message yes", "bad.json.yaml", json!([{"violations": "yes", "message": "absent"}])),
                case("bad regex", "bad.json.yaml", json!([{"message": "("}])),
                case("without assertions", "fine.yaml", json!([])),
                case("two objects", "two.yaml", no.clone()),
                case("no objects", "empty.yaml", no.clone()),
                case("no file", "nothing.yaml", no.clone()),
                case("no object", "", no.clone()),
                case("conflict", "conflict.yaml", json!([{"violations": 1, "message": "conflict"}])),
                case("delete", "review-delete.yaml", json!([{"violations": 1, "message": "bad DELETE: 1"}])),
                case("delete object", "review-delete-object.yaml", yes.clone()),
                case("create", "review-create.yaml", json!([{"message": "bad CREATE"}])),
                case("unknown field", "review-unknown.yaml", yes.clone()),
                case("no object in it", "review-none.yaml", no.clone()),
                case("no request", "review-empty.yaml", no.clone()),
                case("no kind", "review-kindless.yaml", no.clone()),
            ],
        ),
        test(
            "inventory",
            "needs.yaml",
            vec![
                case("without", "fine.yaml", yes.clone()),
                with(case("with", "fine.yaml", no.clone()), &["namespace.yaml"]),
                with(case("missing file", "fine.yaml", no.clone()), &["nothing.yaml"]),
                with(case("empty", "fine.yaml", no.clone()), &["empty.yaml"]),
            ],
        ),
        test(
            "selected",
            "namespaced.yaml",
            vec![
                case(
                    "unknown",
                    "fine.yaml",
                    json!([{"violations": 1, "message": "unable to match constraints"}]),
                ),
                with(
                    case("prod", "bad.json.yaml", json!([{"violations": 1, "message": "^bad"}])),
                    &["namespace.yaml"],
                ),
                with(case("dev", "bad.json.yaml", no.clone()), &["dev.yaml"]),
            ],
        ),
        test("mistyped", "mistyped.yaml", simple()),
        test("missing", "missing.yaml", simple()),
        test("unknown", "unknown.yaml", simple()),
        test("pattern", "pattern.yaml", simple()),
        test("selector", "selector.yaml", simple()),
        test("audit only", "audit.yaml", simple()),
        test("no such constraint", "nothing.yaml", simple()),
        test("not a constraint", "fine.yaml", simple()),
        test("unexpanded", "pods.yaml", vec![case("deployment", "deployment.yaml", no.clone())]),
    ];
    for name in ["good", "mistyped", "missing", "unknown", "pattern", "selector"] {
        tests.push(json!({"name": format!("invalid {name}"), "template": "template.yaml", "constraint": format!("{name}.yaml"), "invalid": true}));
    }
    tests.push(json!({"name": "broken template", "template": "broken.yaml", "constraint": "good.yaml", "cases": simple()}));
    tests.push(json!({"name": "not a template", "template": "good.yaml", "constraint": "good.yaml", "cases": simple()}));
    tests.push(json!({"name": "no template", "constraint": "good.yaml", "cases": simple()}));
    let mut expanded = test(
        "expanded",
        "pods.yaml",
        vec![
            case(
                "deployment",
                "deployment.yaml",
                json!([{"violations": 1, "message": "^\\[Implied by deployments\\] bad"}]),
            ),
            case("pod", "bad.json.yaml", json!([{"violations": 1, "message": "^bad"}])),
        ],
    );
    expanded["expansion"] = json!("expansion.yaml");
    tests.push(expanded.clone());
    expanded["name"] = json!("not an expansion");
    expanded["expansion"] = json!("fine.yaml");
    tests.push(expanded);
    write(
        "suite.yaml",
        &[
            json!({"apiVersion": "test.gatekeeper.sh/v1alpha1", "kind": "Suite", "metadata": {"name": "s"}, "tests": tests}),
        ],
    );

    let Some(theirs) = verified_by_gator(dir.path()) else {
        println!("left out: `gator` is not on the PATH");
        return;
    };
    let files = Disk::open("/").unwrap();
    let path = dir.path().canonicalize().unwrap();
    let reports =
        verify(&files, path.to_str().unwrap().trim_start_matches('/'), &VerifyOptions::default()).unwrap();
    let mut ours = BTreeMap::new();
    let mut why = BTreeMap::new();
    for test in reports.iter().flat_map(|report| &report.tests) {
        ours.insert(test.name.clone(), !test.failed());
        why.insert(test.name.clone(), test.error.clone());
        for case in &test.cases {
            let name = format!("{}//{}", test.name, case.name);
            ours.insert(name.clone(), case.error.is_none());
            why.insert(name, case.error.clone());
        }
    }
    assert!(theirs.len() > 50, "{theirs:?}");
    let different: Vec<_> = theirs
        .iter()
        .filter(|(name, passed)| ours.get(*name) != Some(*passed))
        .map(|(name, passed)| (name, passed, why.get(name)))
        .collect();
    assert!(different.is_empty(), "gator says otherwise of {different:#?}");
    assert_eq!(ours.len(), theirs.len());
    println!("gator verify: {} tests and cases, all equal", theirs.len());
}

/// Values of each type, and of none that is known.
const ATOMS: &[&str] = &[
    "1",
    "1u",
    "1.5",
    "\"a\"",
    "b\"a\"",
    "true",
    "null",
    "[1]",
    "[\"a\"]",
    "{\"a\": 1}",
    "{1: [\"a\"]}",
    "object.a",
    "[object.a]",
    "optional.of(1)",
    "object.?a",
    "duration(\"1s\")",
    "timestamp(0)",
    "type(1)",
    "int",
    "quantity(\"1\")",
    "url(\"http://a\")",
    "ip(\"1.1.1.1\")",
    "cidr(\"1.1.1.1/8\")",
    "semver(\"1.0.0\")",
    "format.dns1123Label()",
    "request",
    "request.name",
    "request.userInfo.groups",
    "request.userInfo.extra",
    "namespaceObject",
    "variables.params",
    "variables.one",
    "variables.bad",
];

/// Expressions whose types go together, and others that do not.
fn expressions() -> Vec<String> {
    let operators =
        ["==", "!=", "<", ">=", "+", "-", "*", "/", "%", "in", "&&", "||"].map(|op| format!("(L) {op} (R)"));
    let pairs = [
        "(L)[R]",
        "(L)[?R]",
        "[L, R]",
        "{\"a\": L, \"b\": R}",
        "{L: object.a, R: object.a}",
        "true ? (L) : (R)",
        "(L) ? (R) : (R)",
        "(L).contains(R)",
        "(L).indexOf(R)",
        "(L).split(R)",
        "(L).join(R)",
        "(L).substring(R)",
        "(L).charAt(R)",
        "(L).matches(R)",
        "(L).find(R)",
        "(L).findAll(R)",
        "(L).orValue(R)",
        "(L).or(R)",
        "(L).getHours(R)",
        "(L).isLessThan(R)",
        "(L).compareTo(R)",
        "(L).add(R)",
        "(L).containsIP(R)",
        "(L).containsCIDR(R)",
        "(L).validate(R)",
        "(L).flatten(R)",
        "sets.contains(L, R)",
        "semver(L, R)",
        "(L).format([R, 1])",
        "(L).all(x, x == (R))",
        "(L).exists_one(x, R)",
        "(L).map(x, x + (R))",
        "(L).filter(x, x == (R))[0] == (L)",
        "(L).all(k, v, k == v || v == (R))",
        "(L).transformMap(k, v, v)[R]",
        "(L).transformMapEntry(k, v, {v: R})",
        "(L).optMap(x, x == (R))",
        "(L).optFlatMap(x, R)",
        "\"%s\".format([L, R])",
        "[[L], [R]]",
    ];
    let single = [
        "!(L)",
        "-(L)",
        "(L).a",
        "(L).?a",
        "has((L).a)",
        "(L).a.b == 1",
        "size(L)",
        "(L).size() == 1",
        "type(L) == int",
        "dyn(L) == 1",
        "int(L) == 1",
        "uint(L) == 1u",
        "double(L) == 1.0",
        "string(L) == \"\"",
        "bytes(L) == b\"\"",
        "bool(L)",
        "duration(L) == duration(\"1s\")",
        "timestamp(L) == timestamp(0)",
        "(L).hasValue()",
        "(L).value() == 1",
        "(L).join() == \"\"",
        "(L).lowerAscii() == \"\"",
        "(L).trim() == 1",
        "(L).isSorted()",
        "(L).sum() == 1",
        "(L).min() == 1",
        "(L).max() == \"a\"",
        "(L).sort() == [1]",
        "(L).reverse() == [1]",
        "(L).distinct() == [1]",
        "(L).flatten() == [1]",
        "(L).first() == optional.of(1)",
        "(L).slice(0, 1) == [1]",
        "lists.range(L) == [1]",
        "(L).getFullYear() == 1",
        "(L).getHours() == 1",
        "(L).family() == 4",
        "(L).isLoopback()",
        "(L).ip() == ip(\"1.1.1.1\")",
        "(L).masked() == 1",
        "(L).prefixLength() == 1",
        "(L).isInteger()",
        "(L).asInteger() == 1",
        "(L).asApproximateFloat() == 1.0",
        "(L).major() == 1",
        "(L).getScheme() == \"\"",
        "(L).getQuery() == {}",
        "isURL(L)",
        "isIP(L)",
        "isCIDR(L)",
        "isQuantity(L)",
        "isSemver(L)",
        "url(L) == url(\"a\")",
        "quantity(L) == 1",
        "ip(L) == ip(\"1\")",
        "cidr(L) == 1",
        "semver(L) == 1",
        "strings.quote(L) == \"\"",
        "optional.of(L).value() == 1",
        "optional.ofNonZeroValue(L).orValue(1) == 1",
        "(L).all(x, x)",
        "(L).map(x, x) == [1]",
        "(L).map(x, true, x) == [1]",
        "(L).filter(x, x) == [1]",
        "(L).exists(x, x.a)",
        "(L)",
        "nope(L)",
        "(L).nope()",
    ];
    let [on_left, on_right] = [r"\bL\b", r"\bR\b"].map(|name| regex::Regex::new(name).unwrap());
    let mut all: Vec<String> = Vec::new();
    for left in ATOMS {
        let put = |form: &str, right: &str| {
            let form = on_left.replace_all(form, regex::NoExpand(left));
            on_right.replace_all(&form, regex::NoExpand(right)).into_owned()
        };
        all.extend(single.iter().map(|form| put(form, "")));
        // What goes together often has one type.
        for right in ATOMS.iter().chain(std::iter::repeat_n(left, ATOMS.len() / 2)) {
            all.extend(operators.iter().map(String::as_str).chain(pairs).map(|form| put(form, right)));
        }
    }
    all.extend(
        [
            "nope",
            "params.x",
            "variables.nope",
            "request.kind.nope == 1",
            "duration(\"x\") == duration(\"1s\")",
        ]
        .map(Into::into),
    );
    all.extend(
        ["timestamp(\"x\") == timestamp(0)", "\"a\".matches(\"(\")", "[[], [1]] == []"].map(Into::into),
    );
    all
}

/// Which of some expressions gator refuses as it loads a template; `None` without it.
fn refused_by_gator(expressions: &[String]) -> Option<BTreeSet<usize>> {
    // Of any type, never evaluated, and known by the line that an error shows.
    let validation =
        |(at, text): (usize, &String)| json!({"expression": format!("true || dyn({text}) == {at}")});
    let validations: Vec<Json> = expressions.iter().enumerate().map(validation).collect();
    let template = template(
        "Typed",
        json!({"code": [{"engine": "K8sNativeValidation", "source": {
        "variables": [{"name": "one", "expression": "1"}, {"name": "bad", "expression": "1 + \"a\""}],
        "validations": validations}}]}),
    );
    let constraint = json!({"apiVersion": "constraints.gatekeeper.sh/v1beta1", "kind": "Typed", "metadata": {"name": "c"},
        "spec": {"match": {"kinds": [{"kinds": ["Pod"]}]}}});
    let pod = json!({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "p"}});
    let found = gator(&[template, constraint, pod])?.unwrap();
    let at = |message: &str| message.lines().nth(1)?.rsplit_once("== ")?.1.parse().ok();
    Some(found.keys().filter_map(|(.., message, _)| at(message)).collect())
}

#[test]
fn expressions_are_refused_as_gator_refuses_them() {
    let number = |name: &str, default: u64| {
        std::env::var(name).ok().and_then(|text| text.parse().ok()).unwrap_or(default)
    };
    let mut random = Random(number("GITOPS_SEED", 1));
    let count = number("GITOPS_ROUNDS", 6) * 500;
    let all = expressions();
    let some: Vec<String> = (0..count).map(|_| all[random.below(all.len())].clone()).collect();
    let (mut refused, mut apart) = (0, Vec::new());
    for part in some.chunks(500) {
        let Some(theirs) = refused_by_gator(part) else {
            println!("left out: `gator` is not on the PATH");
            return;
        };
        refused += theirs.len();
        for (at, text) in part.iter().enumerate() {
            let ours = gitops_core::policy::conformance::cel_error(
                &[("one", "1"), ("bad", "1 + \"a\"")],
                &format!("true || dyn({text}) == 1"),
            );
            if ours.is_some() != theirs.contains(&at) {
                apart.push(format!("{text}: gator {}, we: {ours:?}", theirs.contains(&at)));
            }
        }
    }
    apart.sort();
    apart.dedup();
    println!("gator: {count} expressions, {refused} of them refused, {} apart", apart.len());
    assert!(apart.is_empty(), "{}", apart.join("\n"));
}
