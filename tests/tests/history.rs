//! Histories on real repositories: recording one changes nothing, every value has one, and a manifest
//! annotated with it is the manifest.

use std::collections::BTreeMap;

use gitops_core::files::Disk;
use gitops_core::kustomize::{Build, BuildOptions, LoadRestrictor, StepKind, build};
use gitops_core::yaml::{Dialect, ReadOptions, read_str};
use gitops_core_tests::{conformance, json_lines, unpack};

#[derive(serde::Deserialize)]
struct Row {
    repo: String,
    dir: String,
    load_restrictor: String,
    ok: bool,
}

#[test]
fn every_value_of_real_repositories_has_a_history() {
    let Some(data) = conformance() else { return };
    let mut by_repo: BTreeMap<String, Vec<Row>> = BTreeMap::new();
    for row in json_lines::<Row>(&data.join("realworld/index.jsonl")).into_iter().filter(|row| row.ok) {
        by_repo.entry(row.repo.clone()).or_default().push(row);
    }
    let (mut builds, mut kinds) = (0, BTreeMap::<&str, usize>::new());
    for (repo, rows) in by_repo {
        let name = repo.replace('/', "+");
        let unpacked = unpack(&data.join("realworld").join(format!("{name}.tar.xz")));
        let files = Disk::open(unpacked.path().join(name).join("tree")).unwrap();
        for row in rows {
            let mut options = BuildOptions::default();
            if !row.load_restrictor.starts_with("root") {
                options.load_restrictor = LoadRestrictor::None;
            }
            let dir = if row.dir == "." { "" } else { &row.dir };
            let plain = build(&files, dir, &options).unwrap();
            options.history = true;
            let recorded = build(&files, dir, &options).unwrap();
            let name = format!("{repo}/{dir}");
            assert_eq!(plain.to_yaml().unwrap(), recorded.to_yaml().unwrap(), "{name}");
            assert_eq!(plain.warnings, recorded.warnings, "{name}");
            check_steps(&name, &recorded, &mut kinds);
            check_annotated(&name, &recorded);
            builds += 1;
        }
    }
    println!("{builds} builds; how each of their values came to be, by its first and its last step:");
    kinds.iter().for_each(|(kind, count)| println!("  {count:>8} {kind}"));
}

fn check_steps(name: &str, build: &Build, kinds: &mut BTreeMap<&'static str, usize>) {
    for object in &build.objects {
        for history in build.field_histories(object).unwrap() {
            let place = format!("{name}: {} {}", object.id(), history.path);
            let node = object.lookup(&history.path).unwrap();
            let (first, last) = (history.steps.first().unwrap(), history.steps.last().unwrap());
            assert_eq!(last.location, build.sources.locate(node.span), "{place}");
            // What a Secret holds is masked, also where a replacement copied it to.
            let masked = last.value.as_str().is_some_and(|text| text.starts_with("(secret value"));
            if masked {
                assert!(build.objects.iter().any(|object| object.kind() == "Secret"), "{place}");
                *kinds.entry("masked").or_default() += 1;
            } else if object.kind() != "Secret" {
                assert_eq!(last.value, serde_json::to_value(node).unwrap(), "{place}");
            }
            // Nothing begins with a step that only changes what is there.
            let changes_only = matches!(first.kind, StepKind::Hash | StepKind::Finish | StepKind::Var);
            assert!(!changes_only, "{place}: {first:?}");
            *kinds.entry(first.kind.name()).or_default() += 1;
            if history.steps.len() > 1 {
                *kinds.entry(last.kind.name()).or_default() += 1;
            }
        }
    }
}

fn check_annotated(name: &str, build: &Build) {
    // Secrets are masked, so they differ.
    if build.objects.iter().any(|object| object.kind() == "Secret") {
        return;
    }
    let options = ReadOptions { dialect: Dialect::Kyaml, ..ReadOptions::default() };
    let read = |text: &str| read_str(name, text, &options).unwrap().0.documents;
    let annotated = build.to_annotated_yaml().unwrap();
    assert_eq!(read(&annotated), read(&build.to_yaml().unwrap()), "{name}");
}
