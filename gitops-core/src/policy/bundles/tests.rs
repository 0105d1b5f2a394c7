//! The library is whole and right: its table is the folder, and every case of every policy comes out as it says.

mod cases;
mod controls;
mod docs;

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use super::table::{ALIASES, BUNDLES, LIBRARIES, POLICIES};
use super::*;
use crate::policy::PolicySet;

/// The folder of the library.
fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("bundles")
}

/// The names in a folder of the library that end in `end`, without it.
fn listed(below: &str, end: &str) -> BTreeSet<String> {
    let entries = std::fs::read_dir(folder().join(below)).unwrap();
    let names = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap());
    names.filter_map(|name| name.strip_suffix(end).map(str::to_owned)).collect()
}

fn all() -> Vec<Bundle> {
    names().map(|name| bundle(name).unwrap()).collect()
}

/// Every minor release at which something may change, and some around.
fn minors() -> impl Iterator<Item = BundleOptions> {
    let version = |minor| BundleOptions::new().for_kubernetes(KubernetesVersion::minor_release(minor));
    (0..=40).map(version)
}

#[test]
fn the_table_is_the_folder() {
    let set = |names: Vec<&str>| names.into_iter().map(str::to_owned).collect::<BTreeSet<_>>();
    assert_eq!(set(POLICIES.iter().map(|source| source.id).collect()), listed("policies", ""));
    assert_eq!(set(LIBRARIES.iter().map(|(name, _)| *name).collect()), listed("lib", ".rego"));
    let mut files = listed("", ".yaml");
    assert!(files.remove("matches"));
    assert_eq!(set(names().collect()), files);
    assert!(POLICIES.is_sorted_by_key(|source| source.id), "policies stand in alphabetical order");
}

#[test]
fn files_say_what_they_are_called() {
    for (name, _) in BUNDLES {
        assert_eq!(bundle(name).unwrap().name, *name);
    }
    for (alias, name) in ALIASES {
        assert_eq!(bundle(alias).unwrap().name, *name);
    }
    for source in POLICIES {
        assert_eq!(library::read(source).unwrap().id, source.id);
    }
}

#[test]
fn an_unknown_name_lists_the_bundles() {
    let error = bundle("pci").unwrap_err();
    assert_eq!((error.kind(), error.code()), (ErrorKind::Argument, "unknown-bundle"));
    assert!(error.message().contains("pod-security-baseline, "), "{error}");
    assert_eq!(select("pod-security-baseline@x").unwrap_err().code(), "invalid-kubernetes-version");
    let (bundle, options) = select("pss-baseline@1.28").unwrap();
    assert_eq!(bundle.name, "pod-security-baseline");
    assert_eq!(options.kubernetes, Some(KubernetesVersion::minor_release(28)));
    assert_eq!(select("cis@28").unwrap().1.kubernetes, options.kubernetes);
}

#[test]
fn all_bundles_load_together() {
    let sources = SourceMap::new();
    let options = BundleOptions::new()
        .with_enforcement_action(EnforcementAction::Warn)
        .excluding_namespaces(["kube-system"])
        .exempting_images(["registry.example.com/node/*"]);
    let mut objects = Vec::new();
    for bundle in all() {
        objects.extend(bundle.objects(&options, &sources).unwrap());
    }
    let set = PolicySet::from_objects(&objects, &sources).unwrap();
    let constraints = all().iter().map(|bundle| bundle.constraints(&options).unwrap().len()).sum::<usize>();
    assert_eq!(set.constraints().count(), constraints);
    let templates: BTreeSet<&str> = set.templates().collect();
    assert_eq!(templates.len(), set.templates().count());
}

#[test]
fn every_release_of_kubernetes_has_its_constraints() {
    for bundle in all() {
        let mut before = None;
        for options in minors() {
            let constraints = bundle.constraints(&options).unwrap();
            if before.as_ref() == Some(&constraints) {
                continue;
            }
            let sources = SourceMap::new();
            let objects = bundle.objects(&options, &sources).unwrap();
            let set = PolicySet::from_objects(&objects, &sources).unwrap();
            let names: BTreeSet<&str> = set.constraints().map(|(_, name)| name).collect();
            assert_eq!(names, constraints.iter().map(|constraint| constraint.name.as_str()).collect());
            assert!(names.iter().all(|name| name.len() <= 63), "{names:?}");
            before = Some(constraints);
        }
    }
}

#[test]
fn every_control_is_checked_or_says_why_not() {
    for bundle in all() {
        let mut seen = BTreeSet::new();
        for control in &bundle.controls {
            assert!(seen.insert(&control.id), "{}: {} is there twice", bundle.name, control.id);
            assert!(
                !control.policies.is_empty() || control.not_checked.is_some(),
                "{}: {} has no policy and does not say why",
                bundle.name,
                control.id
            );
        }
        for replaced in bundle.uses.iter().flat_map(|control| &control.replaces) {
            assert!(seen.contains(replaced), "{}: there is no {replaced} to replace", bundle.name);
        }
    }
}

#[test]
fn every_policy_serves_a_control_and_describes_itself() {
    let policies = policies().unwrap();
    for policy in &policies {
        assert!(!policy.controls.is_empty(), "no bundle uses {}", policy.id);
        for text in [&policy.title, &policy.summary, &policy.rationale, &policy.remediation] {
            assert!(text.len() > 10, "{}: `{text}` says too little", policy.id);
        }
    }
    let last = policies.last().unwrap();
    assert_eq!(super::policy(&last.kind).as_ref(), Some(last));
    assert!(super::policy("K8sRequiredLabels").is_none());
}

#[test]
fn parameters_describe_themselves_and_have_defaults() {
    for source in POLICIES {
        let policy = library::read(source).unwrap();
        let template = library::template(source, &policy, &SourceMap::new()).unwrap();
        assert_eq!(
            template.node.at(&["spec", "crd", "spec", "names", "kind"]).unwrap().as_str(),
            Some(&*policy.kind)
        );
        let schema =
            template.node.at(&["spec", "crd", "spec", "validation", "openAPIV3Schema", "properties"]);
        for (name, schema) in schema.and_then(Node::as_map).into_iter().flat_map(|map| map.iter()) {
            for key in ["description", "type", "default"] {
                assert!(schema.get(key).is_some(), "{}: parameter {name} has no {key}", source.id);
            }
        }
    }
}

#[test]
fn options_reach_the_constraints() {
    let mut parameters = JsonMap::new();
    parameters.insert("exemptImages".into(), json!(["a"]));
    let options = BundleOptions::new()
        .with_enforcement_action(EnforcementAction::DryRun)
        .excluding_namespaces(["kube-*"])
        .with_parameters("privileged", parameters.clone())
        .exempting_images(["b/*"]);
    let bundle = bundle("pod-security-baseline").unwrap();
    let objects = bundle.objects(&options, &SourceMap::new()).unwrap();
    let constraint =
        objects.iter().find(|object| object.name() == "pod-security-baseline-privileged").unwrap();
    let spec = serde_json::to_value(constraint.node.get("spec").unwrap()).unwrap();
    assert_eq!(spec["enforcementAction"], "dryrun");
    assert_eq!(spec["match"]["excludedNamespaces"], json!(["kube-*"]));
    assert_eq!(spec["parameters"]["exemptImages"], json!(["a", "b/*"]));
    let unknown = BundleOptions::new().with_parameters("no-such", parameters);
    assert_eq!(bundle.constraints(&unknown).unwrap_err().code(), "unknown-policy");
}

#[test]
fn what_is_exported_loads_as_it_is() {
    for bundle in all() {
        let text = bundle.to_yaml(&BundleOptions::new()).unwrap();
        let (stream, sources) = yaml::read_str("export.yaml", &text, &yaml::ReadOptions::default()).unwrap();
        let objects: Vec<Object> = stream.documents.into_iter().map(Object::new).collect();
        let set = PolicySet::from_objects(&objects, &sources).unwrap();
        assert_eq!(set.constraints().count(), bundle.constraints(&BundleOptions::new()).unwrap().len());
    }
}

#[test]
fn controls_lead_to_constraints_and_back() {
    let by_name: BTreeMap<String, Vec<String>> = bundle("pod-security-baseline")
        .unwrap()
        .constraints(&BundleOptions::new())
        .unwrap()
        .into_iter()
        .map(|constraint| (constraint.name, constraint.controls))
        .collect();
    assert_eq!(by_name["pod-security-baseline-privileged"], ["privileged"]);
    let policy = super::policy("GitopsPrivileged").unwrap();
    assert!(policy.controls.iter().any(|control| control.bundle == "pod-security-restricted"));
}
