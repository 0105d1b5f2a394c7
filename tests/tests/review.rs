//! Reviews of whole repositories: the demo, and a real one with a change to one overlay.

use std::path::Path;

use gitops_core::ErrorKind;
use gitops_core::git::Repository;
use gitops_core::report::review_json_schema;
use gitops_core::review::{Review, ReviewOptions, review};
use gitops_core_tests::{conformance, unpack};
use repository::{Commit, Item, Tree, make_repository, read_folder, tree};

#[path = "../../examples/src/repository.rs"]
#[allow(dead_code)]
mod repository;

fn reviewed(before: Tree, after: Tree) -> Review {
    let dir = tempfile::tempdir().unwrap();
    let ids =
        make_repository(dir.path(), &[Commit::new("before", before), Commit::new("after", after)]).unwrap();
    let repository = Repository::open(dir.path()).unwrap();
    review(&repository, &ids[0], &ids[1], &ReviewOptions::default()).unwrap()
}

fn demo() -> Review {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../examples/demo");
    let before = read_folder(&root.join("repository")).unwrap();
    let mut after = before.clone();
    after.extend(read_folder(&root.join("change")).unwrap());
    reviewed(before, after)
}

#[test]
fn the_demo_says_what_it_should() {
    let review = demo();
    let names: Vec<&str> = review.environments.iter().map(|environment| environment.name.as_str()).collect();
    assert_eq!(names, ["prod/apps", "staging/apps"]);
    assert_eq!((review.summary.new_findings, review.summary.errors), (1, 0));
    let json = review.to_json();
    for report in [json.as_str(), &review.to_sarif(), &review.to_markdown(&Default::default())] {
        assert!(!report.contains("not-a-real-password"));
    }
    // Equal input gives equal output, whatever ran before.
    assert_eq!(demo().to_sarif(), review.to_sarif());
}

#[test]
fn the_demo_in_json_is_what_the_schema_says() {
    let schema = serde_json::from_str(review_json_schema()).unwrap();
    let validator = jsonschema::draft202012::new(&schema).unwrap();
    let mut json: serde_json::Value = serde_json::from_str(&demo().to_json()).unwrap();
    let errors: Vec<_> = validator.iter_errors(&json).map(|error| format!("{error}")).collect();
    assert!(errors.is_empty(), "{errors:#?}");
    json["environments"][0]["unheardOf"] = serde_json::json!(1);
    assert!(!validator.is_valid(&json));
}

#[test]
fn a_change_reaches_only_what_reads_it() {
    let Some(data) = conformance() else { return };
    let folder = unpack(&data.join("realworld/operate-first+apps.tar.xz"));
    let before = read_folder(&folder.path().join("operate-first+apps/tree")).unwrap();
    let path = "acm/overlays/moc/infra/kustomization.yaml".to_owned();
    let mut after = before.clone();
    let Item::File(text) = after.get_mut(&path).unwrap() else { panic!("{path} is a file") };
    text.extend_from_slice(b"\ncommonAnnotations:\n  example.org/touched: \"yes\"\n");
    let start = std::time::Instant::now();
    let review = reviewed(before, after);
    println!("{path}: {:?} in {:?}", review.summary, start.elapsed());
    assert!(review.summary.environments > 20);
    let dir = path.rsplit_once('/').unwrap().0;
    let paths: Vec<&str> = review.environments.iter().map(|environment| environment.path.as_str()).collect();
    println!("{dir}: {paths:?}");
    assert!(!paths.is_empty() && paths.len() < 5, "{paths:?}");
}

#[test]
fn what_cannot_be_reviewed_is_an_error() {
    let dir = tempfile::tempdir().unwrap();
    let ids = make_repository(dir.path(), &[Commit::new("only", tree(&[("a", "b")]))]).unwrap();
    let repository = Repository::open(dir.path()).unwrap();
    let error = review(&repository, &ids[0], "gone", &ReviewOptions::default()).unwrap_err();
    assert_eq!((error.kind(), error.code()), (ErrorKind::Git, "unknown-revision"));
    let nothing = review(&repository, &ids[0], &ids[0], &ReviewOptions::default()).unwrap();
    assert_eq!(nothing.summary.affected, 0);
}
