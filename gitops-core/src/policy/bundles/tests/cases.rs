//! The cases of policies: run here, and by the real `gator verify` where it is on the PATH.

use std::fs;
use std::path::Path;
use std::process::Command;

use serde::Deserialize;
use serde_json::{Value as Json, json};

use super::super::*;
use super::{PolicySet, folder};
use crate::policy::bundles::table::PolicySource;
use crate::policy::{EvaluateOptions, Profile};

/// What a policy says of some objects.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Case {
    pub(super) name: String,
    #[serde(default)]
    pub(super) parameters: JsonMap,
    pub(super) objects: Vec<Json>,
    /// Other objects of the cluster.
    #[serde(default)]
    inventory: Vec<Json>,
    #[serde(default)]
    namespaces: Vec<Json>,
    /// What is found, by object and then by message.
    pub(super) messages: Vec<Expected>,
}

#[derive(Deserialize)]
#[serde(untagged)]
pub(super) enum Expected {
    /// A message, wherever it points.
    Message(String),
    /// A message and the path it points at; none means the object as a whole.
    Placed { message: String, path: Option<String> },
}

impl Expected {
    pub(super) fn message(&self) -> &str {
        match self {
            Self::Message(message) | Self::Placed { message, .. } => message,
        }
    }
}

pub(super) fn cases(id: &str) -> Vec<Case> {
    let path = folder().join("policies").join(id).join("cases.yaml");
    data::parse(&path.display().to_string(), &fs::read_to_string(&path).unwrap()).unwrap()
}

impl Case {
    /// What else is in the cluster.
    pub(super) fn others(&self) -> Vec<Json> {
        self.inventory.iter().chain(&self.namespaces).cloned().collect()
    }
}

fn objects(list: &[Json]) -> Vec<Object> {
    list.iter().map(|json| Object::new(Node::from(json))).collect()
}

/// The template, and a constraint for each case.
fn constraint(policy: &Policy, case: &Case) -> Object {
    Object::new(Node::from(&json!({
        "apiVersion": "constraints.gatekeeper.sh/v1beta1", "kind": policy.kind,
        "metadata": {"name": "case"},
        "spec": {"match": policy.matching, "parameters": case.parameters},
    })))
}

fn run(source: &PolicySource, case: &Case) -> Result<(), String> {
    let policy = library::read(source).unwrap();
    let sources = SourceMap::new();
    let template = library::template(source, &policy, &sources).map_err(|error| error.to_string())?;
    let set = PolicySet::from_objects(&[template, constraint(&policy, case)], &sources)
        .map_err(|error| error.to_string())?;
    let objects_under_test = objects(&case.objects);
    let inventory =
        [objects(&case.inventory), objects(&case.namespaces), objects_under_test.clone()].concat();
    let options = EvaluateOptions::new()
        .as_gator(Profile::GatorVerify)
        .with_namespaces(&inventory)
        .with_inventory(&inventory);
    let report = set.evaluate(&objects_under_test, &options);
    if let Some(unchecked) = report.not_checked.first() {
        return Err(format!("not checked: {}", unchecked.message));
    }
    let found: Vec<(&str, Option<String>)> = report
        .findings
        .iter()
        .map(|finding| (finding.message.as_str(), finding.path.as_ref().map(ToString::to_string)))
        .collect();
    let same = found.len() == case.messages.len()
        && found.iter().zip(&case.messages).all(|((message, path), expected)| match expected {
            Expected::Message(expected) => message == expected,
            Expected::Placed { message: text, path: place } => message == text && path == place,
        });
    if same { Ok(()) } else { Err(format!("found {found:#?}")) }
}

#[test]
fn every_case_comes_out_as_it_says() {
    let mut failures = Vec::new();
    let mut count = 0;
    for source in POLICIES {
        for case in cases(source.id) {
            count += 1;
            if let Err(problem) = run(source, &case) {
                failures.push(format!("{}, {}: {problem}", source.id, case.name));
            }
        }
    }
    assert!(failures.is_empty(), "{} of {count} cases:\n{}", failures.len(), failures.join("\n"));
    println!("bundles: {count} cases of {} policies", POLICIES.len());
}

#[test]
fn every_policy_and_every_parameter_has_cases_on_both_sides() {
    for source in POLICIES {
        let cases = cases(source.id);
        let mut names: Vec<&str> = cases.iter().map(|case| case.name.as_str()).collect();
        names.sort_unstable();
        assert!(names.windows(2).all(|pair| pair[0] != pair[1]), "{}: two cases share a name", source.id);
        assert!(cases.iter().any(|case| case.messages.is_empty()), "{}: no case passes", source.id);
        assert!(cases.iter().any(|case| !case.messages.is_empty()), "{}: no case fails", source.id);
        let policy = library::read(source).unwrap();
        let template = library::template(source, &policy, &SourceMap::new()).unwrap();
        let schema =
            template.node.at(&["spec", "crd", "spec", "validation", "openAPIV3Schema", "properties"]);
        for parameter in schema.and_then(Node::as_map).into_iter().flat_map(|map| map.keys()) {
            let used = cases.iter().any(|case| case.parameters.contains_key(parameter.as_str()));
            assert!(used, "{}: no case gives `{parameter}`", source.id);
        }
    }
}

/// Writes a policy's cases as a suite of gator: one case for each object under test.
fn export(source: &PolicySource, dir: &Path) -> usize {
    let policy = library::read(source).unwrap();
    let write = |name: &str, nodes: &[Node]| {
        fs::write(dir.join(name), yaml::write_stream(nodes).unwrap()).unwrap();
    };
    let template = library::template(source, &policy, &SourceMap::new()).unwrap();
    write("template.yaml", &[template.node]);
    let mut tests = Vec::new();
    let mut count = 0;
    for (at, case) in cases(source.id).iter().enumerate() {
        write(&format!("constraint-{at}.yaml"), &[constraint(&policy, case).node]);
        let all: Vec<Node> =
            case.inventory.iter().chain(&case.namespaces).chain(&case.objects).map(Node::from).collect();
        write(&format!("inventory-{at}.yaml"), &all);
        // Which object a message is about is known only where there is one.
        let per_object = case.objects.iter().enumerate().map(|(nth, object)| {
            write(&format!("object-{at}-{nth}.yaml"), &[Node::from(object)]);
            let mut assertions: Vec<Json> = Vec::new();
            if case.objects.len() == 1 {
                assertions.push(json!({"violations": case.messages.len()}));
                let messages = case.messages.iter();
                assertions.extend(messages.map(|expected| {
                    json!({"violations": "yes", "message": format!("^{}$", regex::escape(expected.message()))})
                }));
            } else if case.messages.is_empty() {
                assertions.push(json!({"violations": "no"}));
            } else {
                let any = case.messages.iter().map(|expected| regex::escape(expected.message()));
                let any = format!("^({})$", any.collect::<Vec<_>>().join("|"));
                let found = expected_of(source, case, nth);
                assertions.push(json!({"violations": found}));
                assertions.push(json!({"violations": found, "message": any}));
            }
            json!({"name": format!("object {nth}"), "object": format!("object-{at}-{nth}.yaml"),
                "inventory": [format!("inventory-{at}.yaml")], "assertions": assertions})
        });
        let list: Vec<Json> = per_object.collect();
        count += list.len();
        tests.push(json!({"name": case.name, "template": "template.yaml",
            "constraint": format!("constraint-{at}.yaml"), "cases": list}));
    }
    let suite = json!({"apiVersion": "test.gatekeeper.sh/v1alpha1", "kind": "Suite",
        "metadata": {"name": source.id}, "tests": tests});
    write("suite.yaml", &[Node::from(&suite)]);
    count
}

/// How many findings one of several objects has.
fn expected_of(source: &PolicySource, case: &Case, nth: usize) -> usize {
    let policy = library::read(source).unwrap();
    let sources = SourceMap::new();
    let template = library::template(source, &policy, &sources).unwrap();
    let set = PolicySet::from_objects(&[template, constraint(&policy, case)], &sources).unwrap();
    let under_test = objects(&case.objects);
    let inventory = [objects(&case.inventory), objects(&case.namespaces), under_test.clone()].concat();
    let options = EvaluateOptions::new()
        .as_gator(Profile::GatorVerify)
        .with_namespaces(&inventory)
        .with_inventory(&inventory)
        .locating(false);
    set.evaluate(&under_test, &options).findings.iter().filter(|finding| finding.object == nth).count()
}

/// The real Gatekeeper says the same of every case.
#[test]
fn gator_agrees() {
    if Command::new("gator").arg("version").output().is_err() {
        println!("bundles: NOT COMPARED with gator, which is not on the PATH");
        return;
    }
    let dir = tempfile::tempdir().unwrap();
    let mut count = 0;
    for source in POLICIES {
        let below = dir.path().join(source.id);
        fs::create_dir(&below).unwrap();
        count += export(source, &below);
    }
    let output =
        Command::new("gator").arg("verify").arg(format!("{}/...", dir.path().display())).output().unwrap();
    let text =
        String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{text}");
    println!("bundles: gator verify agrees on {count} cases");
}
