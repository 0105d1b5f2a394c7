//! Every control of every bundle, with the parameters that the bundle gives, passes and fails.

use std::collections::BTreeMap;

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
