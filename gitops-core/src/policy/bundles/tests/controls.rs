//! Every control of every bundle, with the parameters that the bundle gives, passes and fails.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value as Json, json};

use super::super::*;
use super::PolicySet;
use crate::policy::{EvaluateOptions, Profile};

fn objects(name: &str, text: &str) -> Vec<Object> {
    let (stream, _) = yaml::read_str(name, text, &yaml::ReadOptions::default()).unwrap();
    stream.documents.into_iter().map(Object::new).collect()
}

/// The messages of each constraint of a bundle.
fn findings(bundle: &Bundle, objects: &[Object]) -> BTreeMap<String, Vec<String>> {
    let sources = SourceMap::new();
    let set = PolicySet::from_objects(&bundle.objects(&BundleOptions::new(), &sources).unwrap(), &sources);
    let options = EvaluateOptions::new()
        .as_gator(Profile::GatorVerify)
        .with_namespaces(objects)
        .with_inventory(objects)
        .locating(false);
    let mut found: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for finding in set.unwrap().evaluate(objects, &options).findings {
        found.entry(finding.constraint).or_default().push(finding.message);
    }
    found
}

#[test]
fn a_good_application_passes_every_bundle() {
    let good = objects("good.yaml", include_str!("good.yaml"));
    for name in names() {
        let found = findings(&bundle(name).unwrap(), &good);
        assert!(found.is_empty(), "{name}: {found:#?}");
    }
}

#[test]
fn bad_objects_fail_every_control_of_every_bundle() {
    let bad = objects("bad.yaml", include_str!("bad.yaml"));
    let mut checked = 0;
    for name in names() {
        let bundle = bundle(name).unwrap();
        let found = findings(&bundle, &bad);
        for constraint in bundle.constraints(&BundleOptions::new()).unwrap() {
            assert!(
                found.contains_key(&constraint.name),
                "{name}: nothing breaks {} for {:?}",
                constraint.name,
                constraint.controls
            );
            checked += constraint.controls.len();
        }
    }
    println!("bundles: {checked} controls fail where they should");
}

/// The good application with a field of its pods' template changed.
fn changed(parent: &str, field: &str, value: &Json) -> Vec<Object> {
    let mut good = objects("good.yaml", include_str!("good.yaml"));
    for object in good.iter_mut().filter(|object| object.name() == "web" && object.kind() == "StatefulSet") {
        let mut json = serde_json::to_value(&object.node).unwrap();
        let parent = json.pointer_mut(&format!("/spec/template/spec{parent}")).unwrap();
        parent.as_object_mut().unwrap().insert(field.into(), value.clone());
        *object = Object::new(Node::from(&json));
    }
    good
}

/// A mapping is right if what a control is about breaks that control and no other. Trivy's mapping of the
/// NSA guidance gives 1.4, 1.5, 1.8 and 1.9 to each other's checks.
#[test]
fn one_change_breaks_the_controls_that_are_about_it() {
    const CONTEXT: &str = "/securityContext";
    const CONTAINER: &str = "/containers/0";
    const CONTAINER_CONTEXT: &str = "/containers/0/securityContext";
    let cases: Vec<(&str, &str, &str, Json, &[&str])> = vec![
        ("nsa-cisa", "", "hostIPC", json!(true), &["1.3"]),
        ("nsa-cisa", "", "hostPID", json!(true), &["1.4"]),
        ("nsa-cisa", "", "hostNetwork", json!(true), &["1.5"]),
        ("nsa-cisa", CONTEXT, "runAsUser", json!(0), &["1.0", "1.6"]),
        ("nsa-cisa", CONTEXT, "fsGroup", json!(0), &["1.6"]),
        ("nsa-cisa", CONTEXT, "seLinuxOptions", json!({"type": "spc_t"}), &["1.8"]),
        ("nsa-cisa", CONTEXT, "appArmorProfile", json!({"type": "Unconfined"}), &["1.9"]),
        ("nsa-cisa", CONTEXT, "seccompProfile", json!({"type": "Unconfined"}), &["1.10"]),
        ("nsa-cisa", CONTAINER_CONTEXT, "readOnlyRootFilesystem", json!(false), &["1.1"]),
        ("nsa-cisa", CONTAINER_CONTEXT, "privileged", json!(true), &["1.2"]),
        ("nsa-cisa", CONTAINER_CONTEXT, "allowPrivilegeEscalation", json!(true), &["1.7"]),
        ("nsa-cisa", CONTAINER_CONTEXT, "capabilities", json!({}), &["capabilities"]),
        ("nsa-cisa", "", "automountServiceAccountToken", json!(true), &["1.11"]),
        ("cis-kubernetes", "", "automountServiceAccountToken", json!(true), &["5.1.6"]),
        ("cis-kubernetes", "", "serviceAccountName", json!("default"), &["5.1.5"]),
        ("cis-kubernetes", CONTAINER_CONTEXT, "privileged", json!(true), &["5.2.2"]),
        ("cis-kubernetes", "", "hostPID", json!(true), &["5.2.3"]),
        ("cis-kubernetes", "", "hostIPC", json!(true), &["5.2.4"]),
        ("cis-kubernetes", "", "hostNetwork", json!(true), &["5.2.5"]),
        ("cis-kubernetes", CONTAINER_CONTEXT, "allowPrivilegeEscalation", json!(true), &["5.2.6"]),
        ("cis-kubernetes", CONTEXT, "runAsUser", json!(0), &["5.2.7"]),
        ("cis-kubernetes", CONTAINER_CONTEXT, "capabilities", json!({"drop": ["NET_RAW"]}), &["5.2.9"]),
        ("cis-kubernetes", CONTAINER_CONTEXT, "capabilities", json!({}), &["5.2.8", "5.2.9"]),
        ("cis-kubernetes", CONTEXT, "windowsOptions", json!({"hostProcess": true}), &["5.2.10"]),
        ("cis-kubernetes", "", "volumes", json!([{"name": "x", "hostPath": {"path": "/"}}]), &["5.2.11"]),
        ("cis-kubernetes", CONTAINER, "ports", json!([{"containerPort": 1, "hostPort": 1}]), &["5.2.12"]),
        ("cis-kubernetes", CONTAINER, "envFrom", json!([{"secretRef": {"name": "x"}}]), &["5.4.1"]),
        ("cis-kubernetes", CONTEXT, "seccompProfile", json!({"type": "Localhost"}), &["5.6.2"]),
        ("aks-baseline", "", "hostNetwork", json!(true), &["BlockUsingHostNetwork"]),
        ("aks-baseline", "", "hostIPC", json!(true), &["BlockUsingHostProcessIDAndIPC"]),
        ("aks-restricted", CONTEXT, "fsGroup", json!(70000), &["AllowedUsersGroups"]),
        (
            "aks-restricted",
            CONTEXT,
            "seccompProfile",
            json!({"type": "Localhost"}),
            &["AllowedSeccompProfiles"],
        ),
        ("bsi-sys-1.6", CONTAINER_CONTEXT, "readOnlyRootFilesystem", json!(false), &["SYS.1.6.A23"]),
        ("bsi-sys-1.6", CONTAINER, "resources", json!({}), &["SYS.1.6.A15"]),
        ("bsi-app-4.4", CONTAINER, "livenessProbe", json!(null), &["APP.4.4.A11"]),
        ("bsi-app-4.4", "", "serviceAccountName", json!("default"), &["APP.4.4.A9"]),
        ("pci-dss-4.0", CONTAINER, "env", json!([{"name": "TOKEN", "value": "x"}]), &["8.3.2", "8.6.2"]),
        ("pci-dss-3.2.1", CONTAINER, "ports", json!([{"containerPort": 22}]), &["2.2.2"]),
    ];
    for (name, parent, field, value, expected) in cases {
        let bundle = bundle(name).unwrap();
        let found = findings(&bundle, &changed(parent, field, &value));
        let constraints = bundle.constraints(&BundleOptions::new()).unwrap();
        let broken = constraints.iter().filter(|constraint| found.contains_key(&constraint.name));
        let controls: BTreeSet<&str> =
            broken.flat_map(|constraint| &constraint.controls).map(String::as_str).collect();
        assert_eq!(controls, expected.iter().copied().collect(), "{name}: {field} {value}");
    }
}
