//! What a history must say, as tables, and the laws that hold for every build.

use proptest::prelude::*;

use super::StepKind;
use crate::files::Memory;
use crate::kustomize::{Build, BuildOptions, build};
use crate::node::{Node, Path, Segment};
use crate::object::Object;

const BASE: &str = "apiVersion: apps/v1
kind: Deployment
metadata:
  name: web
  annotations: {port: 80}
spec:
  replicas: 1
  template:
    spec:
      imagePullSecrets: [{name: pull}]
      containers:
      - name: web
        image: web:1
        args: [--verbose, \"$(HOST)\"]
        envFrom: [{configMapRef: {name: settings}}]
      - name: proxy
        image: proxy:1
---
apiVersion: v1
kind: Service
metadata: {name: web}
spec: {ports: [{port: 80}]}
---
apiVersion: v1
kind: Secret
metadata: {name: pull}
data: {key: aHVudGVyMg==}
";

/// A base, a component and an overlay that together use every step.
fn files() -> Memory {
    Memory::new()
        .with("base/web.yaml", BASE)
        .with(
            "base/kustomization.yaml",
            "namePrefix: b-
resources:
- web.yaml
configMapGenerator:
- name: settings
  literals: [LEVEL=debug, MODE=fast]
images:
- name: web
  newTag: \"2\"
vars:
- name: HOST
  objref: {apiVersion: v1, kind: Service, name: web}
",
        )
        .with(
            "component/kustomization.yaml",
            "apiVersion: kustomize.config.k8s.io/v1alpha1
kind: Component
patches:
- target: {kind: Deployment}
  patch: |
    - {op: add, path: /spec/template/spec/containers/0, value: {name: first, image: first:1}}
",
        )
        .with(
            "prod/patch.yaml",
            "apiVersion: apps/v1
kind: Deployment
metadata: {name: b-web}
spec:
  replicas: 2
  template:
    spec:
      containers:
      - name: web
        image: web:3
",
        )
        .with(
            "prod/kustomization.yaml",
            "namespace: prod
resources: [../base]
components: [../component]
commonAnnotations: {team: a}
labels:
- pairs: {env: prod}
configMapGenerator:
- name: settings
  behavior: merge
  literals: [LEVEL=info]
patches:
- path: patch.yaml
replicas:
- name: web
  count: 3
images:
- name: web
  newName: registry.example/web
secretGenerator:
- name: extra
  literals: [password=correct-horse]
replacements:
- source: {kind: Service, name: web, fieldPath: 'spec.ports.0.port'}
  targets:
  - select: {kind: Deployment}
    fieldPaths: [metadata.annotations.port]
",
        )
}

fn built(files: &Memory, history: bool) -> Build {
    build(files, "prod", &BuildOptions { history, ..BuildOptions::default() }).unwrap()
}

fn object<'b>(build: &'b Build, kind: &str, name: &str) -> &'b Object {
    build.objects.iter().find(|o| o.kind() == kind && o.name().starts_with(name)).unwrap()
}

/// A path as its Display shows it, without quoted keys.
fn path(text: &str) -> Path {
    let parts = text.split(['.', '[']).map(|part| part.trim_end_matches(']'));
    parts
        .map(|part| match part.parse() {
            Ok(index) => Segment::Index(index),
            Err(_) => Segment::Key(part.into()),
        })
        .collect()
}

/// One line per step: kind, value, the text's place, the place that asked.
fn lines(build: &Build, object: &Object, at: &str) -> Vec<String> {
    let steps = build.history(object, &path(at)).unwrap();
    let shown =
        |place: &Option<crate::node::Location>| place.as_ref().map_or("-".into(), ToString::to_string);
    steps
        .iter()
        .map(|s| format!("{} {} {} < {}", s.kind.name(), s.value, shown(&s.location), shown(&s.requested_at)))
        .collect()
}

#[test]
fn each_step_tells_what_set_a_field() {
    let build = built(&files(), true);
    for (kind, name, at, want) in [
        (
            "Deployment",
            "b-web",
            "spec.replicas",
            &[
                "resource 1 base/web.yaml:7:13 < base/kustomization.yaml:3:3",
                "patch 2 prod/patch.yaml:5:13 < prod/kustomization.yaml:12:3",
                "replicas 3 prod/kustomization.yaml:15:10 < prod/kustomization.yaml:14:9",
            ][..],
        ),
        (
            "Deployment",
            "b-web",
            "metadata.name",
            &[
                "resource \"web\" base/web.yaml:4:9 < base/kustomization.yaml:3:3",
                "namePrefix \"b-web\" base/kustomization.yaml:1:13 < base/kustomization.yaml:1:13",
            ],
        ),
        (
            "Deployment",
            "b-web",
            "metadata.namespace",
            &["namespace \"prod\" prod/kustomization.yaml:1:12 < prod/kustomization.yaml:1:12"],
        ),
        (
            "Deployment",
            "b-web",
            "metadata.labels.env",
            &["labels \"prod\" prod/kustomization.yaml:6:16 < prod/kustomization.yaml:6:11"],
        ),
        (
            "Deployment",
            "b-web",
            "metadata.annotations.team",
            &["annotations \"a\" prod/kustomization.yaml:4:27 < prod/kustomization.yaml:4:21"],
        ),
        // The component put its container before this one, and the patch this one before that.
        (
            "Deployment",
            "b-web",
            "spec.template.spec.containers[1].image",
            &["patch \"first:1\" component/kustomization.yaml:6:85 < component/kustomization.yaml:4:3"],
        ),
        (
            "Deployment",
            "b-web",
            "spec.template.spec.containers[0].image",
            &[
                "resource \"web:1\" base/web.yaml:13:16 < base/kustomization.yaml:3:3",
                "images \"web:2\" base/kustomization.yaml:9:11 < base/kustomization.yaml:8:9",
                "patch \"web:3\" prod/patch.yaml:10:16 < prod/kustomization.yaml:12:3",
                "images \"registry.example/web:3\" prod/kustomization.yaml:18:12 < prod/kustomization.yaml:17:9",
            ],
        ),
        (
            "Deployment",
            "b-web",
            "spec.template.spec.containers[2].image",
            &["resource \"proxy:1\" base/web.yaml:17:16 < base/kustomization.yaml:3:3"],
        ),
        (
            "Deployment",
            "b-web",
            "spec.template.spec.imagePullSecrets[0].name",
            &[
                "resource \"pull\" base/web.yaml:10:33 < base/kustomization.yaml:3:3",
                "nameReference \"b-pull\" base/kustomization.yaml:1:13 < -",
            ],
        ),
        (
            "Deployment",
            "b-web",
            "spec.template.spec.containers[0].args[1]",
            &[
                "resource \"$(HOST)\" base/web.yaml:14:27 < base/kustomization.yaml:3:3",
                "var \"b-web\" base/kustomization.yaml:1:13 < base/kustomization.yaml:11:9",
            ],
        ),
        (
            "Deployment",
            "b-web",
            "metadata.annotations.port",
            &[
                "resource 80 base/web.yaml:5:23 < base/kustomization.yaml:3:3",
                // Kustomize's own bookkeeping makes annotations text as soon as a JSON patch meets it.
                "patch \"80\" base/web.yaml:5:23 < component/kustomization.yaml:4:3",
                "replacement \"80\" base/web.yaml:22:23 < prod/kustomization.yaml:23:3",
            ],
        ),
        (
            "ConfigMap",
            "b-settings",
            "data.LEVEL",
            &[
                "configMapGenerator \"debug\" base/kustomization.yaml:6:14 < base/kustomization.yaml:5:3",
                "configMapGenerator \"info\" prod/kustomization.yaml:10:14 < prod/kustomization.yaml:8:3",
            ],
        ),
        (
            "ConfigMap",
            "b-settings",
            "data.MODE",
            &["configMapGenerator \"fast\" base/kustomization.yaml:6:27 < base/kustomization.yaml:5:3"],
        ),
        (
            "Secret",
            "extra",
            "data.password",
            &[
                "secretGenerator \"(secret value)\" prod/kustomization.yaml:21:14 < prod/kustomization.yaml:20:3",
            ],
        ),
        ("Deployment", "b-web", "spec.paused", &[]),
        ("Deployment", "b-web", "spec.template.spec.containers[7]", &[]),
    ] {
        assert_eq!(lines(&build, object(&build, kind, name), at), want, "{kind} {at}");
    }
    let name = lines(&build, object(&build, "ConfigMap", "b-settings"), "metadata.name");
    assert_eq!(name.len(), 3, "generator, prefix, hash: {name:?}");
    let last = &name[2];
    assert!(
        last.starts_with("hash \"b-settings-") && last.ends_with("< prod/kustomization.yaml:8:3"),
        "{last}"
    );
}

#[test]
fn a_mapping_has_every_step_that_changed_something_in_it() {
    let build = built(&files(), true);
    let steps = build.history(object(&build, "Deployment", "b-web"), &Path::of_keys(&["spec"])).unwrap();
    let kinds: Vec<_> = steps.iter().map(|step| step.kind.name()).collect();
    let want =
        ["resource", "images", "patch", "patch", "annotations", "replicas", "images", "nameReference", "var"];
    assert_eq!(kinds, want);
}

#[test]
fn what_was_removed_starts_anew() {
    let files = Memory::new()
        .with("o.yaml", "apiVersion: v1\nkind: A\nmetadata: {name: a}\nspec: {x: 1, l: [1, 2, 3]}\n")
        .with(
            "kustomization.yaml",
            "resources: [o.yaml]
patches:
- {target: {kind: A}, patch: '[{\"op\": \"remove\", \"path\": \"/spec/x\"}, {\"op\": \"remove\", \"path\": \"/spec/l/0\"}]'}
- {target: {kind: A}, patch: '[{\"op\": \"add\", \"path\": \"/spec/x\", \"value\": 2}]'}
",
        );
    let build = build(&files, "", &BuildOptions { history: true, ..BuildOptions::default() }).unwrap();
    let object = &build.objects[0];
    assert_eq!(lines(&build, object, "spec.x"), ["patch 2 kustomization.yaml:4:74 < kustomization.yaml:4:3"]);
    assert_eq!(lines(&build, object, "spec.l[0]"), ["resource 2 o.yaml:4:21 < kustomization.yaml:1:13"]);
}

#[test]
fn annotations_become_text_at_the_end() {
    let files = Memory::new()
        .with("o.yaml", "apiVersion: v1\nkind: A\nmetadata: {name: a, annotations: {n: 1}}\n")
        .with("kustomization.yaml", "resources: [o.yaml]\n");
    let build = build(&files, "", &BuildOptions { history: true, ..BuildOptions::default() }).unwrap();
    assert_eq!(
        lines(&build, &build.objects[0], "metadata.annotations.n"),
        ["resource 1 o.yaml:3:38 < kustomization.yaml:1:13", "finish \"1\" o.yaml:3:38 < -"]
    );
}

#[test]
fn build_metadata_is_a_step() {
    let files = Memory::new()
        .with("o.yaml", "apiVersion: v1\nkind: A\nmetadata: {name: a}\n")
        .with("kustomization.yaml", "resources: [o.yaml]\nbuildMetadata: [managedByLabel]\n");
    let build = build(&files, "", &BuildOptions { history: true, ..BuildOptions::default() }).unwrap();
    let histories = build.field_histories(&build.objects[0]).unwrap();
    let label = histories.iter().find(|history| history.path.to_string().contains("managed-by")).unwrap();
    let place = label.steps[0].requested_at.as_ref().map(ToString::to_string);
    assert_eq!((label.steps.len(), label.steps[0].kind), (1, StepKind::BuildMetadata));
    assert_eq!(place.as_deref(), Some("kustomization.yaml:2:17"));
}

#[test]
fn secret_values_never_show() {
    let build = built(&files(), true);
    let mut text = build.to_annotated_yaml().unwrap();
    for object in &build.objects {
        text += &serde_json::to_string(&build.field_histories(object).unwrap()).unwrap();
        text += &serde_json::to_string(&build.history(object, &Path::new()).unwrap()).unwrap();
    }
    use base64::Engine as _;
    let encoded = base64::engine::general_purpose::STANDARD.encode("correct-horse");
    assert!(build.to_yaml().unwrap().contains(&encoded));
    for value in ["correct-horse", &encoded, "aHVudGVyMg==", "hunter2"] {
        assert!(!text.contains(value), "{value} shows");
    }
    assert!(text.contains("(secret value)"));
}

#[test]
fn without_the_option_it_is_an_error() {
    let build = built(&files(), false);
    let error = build.history(&build.objects[0], &Path::new()).unwrap_err();
    assert_eq!(error.code(), "no-history");
    let build = built(&files(), true);
    let changed = Object::new(Node::null());
    assert_eq!(build.history(&changed, &Path::new()).unwrap(), []);
}

#[test]
fn annotated_manifests() {
    insta::assert_snapshot!(built(&files(), true).to_annotated_yaml().unwrap());
}

/// What must hold for every build, whatever it does.
fn check_laws(files: &Memory, dir: &str) -> Result<(), TestCaseError> {
    let run = |history| build(files, dir, &BuildOptions { history, ..BuildOptions::default() });
    let (plain, recorded) = match (run(false), run(true)) {
        (Ok(plain), Ok(recorded)) => (plain, recorded),
        (plain, recorded) => {
            prop_assert_eq!(plain.err().map(|e| e.to_string()), recorded.err().map(|e| e.to_string()));
            return Ok(());
        }
    };
    prop_assert_eq!(plain.to_yaml().unwrap(), recorded.to_yaml().unwrap());
    prop_assert_eq!(&plain.warnings, &recorded.warnings);
    prop_assert_eq!(&plain.files_read, &recorded.files_read);
    for (object, twin) in recorded.objects.iter().zip(&plain.objects) {
        let histories = recorded.field_histories(object).unwrap();
        prop_assert_eq!(histories.len(), leaves(&object.node));
        for history in histories {
            let node = object.lookup(&history.path).unwrap();
            let last = history.steps.last().unwrap();
            prop_assert_eq!(&last.location, &recorded.sources.locate(node.span));
            prop_assert_eq!(&last.location, &plain.sources.locate(twin.lookup(&history.path).unwrap().span));
            if object.kind() != "Secret" {
                prop_assert_eq!(&last.value, &serde_json::to_value(node).unwrap());
            }
            for pair in history.steps.windows(2) {
                let same = pair[0].value == pair[1].value && pair[0].location == pair[1].location;
                prop_assert!(!same || object.kind() == "Secret", "{}: {pair:?}", history.path);
            }
            prop_assert_eq!(&recorded.history(object, &history.path).unwrap(), &history.steps);
        }
    }
    Ok(())
}

fn leaves(node: &Node) -> usize {
    match (node.as_map(), node.as_seq()) {
        (Some(map), _) if !map.is_empty() => map.iter().map(|(_, value)| leaves(value)).sum(),
        (_, Some(items)) if !items.is_empty() => items.iter().map(leaves).sum(),
        _ => 1,
    }
}

/// Pieces of an overlay's kustomization, of which a run takes some.
const PIECES: [&str; 12] = [
    "namespace: prod\n",
    "namePrefix: p-\n",
    "nameSuffix: -s\n",
    "commonLabels: {a: b}\n",
    "commonAnnotations: {port: '1'}\n",
    "components: [../component]\n",
    "replicas: [{name: web, count: 5}]\n",
    "images: [{name: web, newTag: '9'}, {name: 'proxy', newName: other}]\n",
    "configMapGenerator: [{name: settings, behavior: merge, literals: [LEVEL=x, NEW=1]}]\n",
    "secretGenerator: [{name: pull, behavior: replace, literals: [key=other]}]\n",
    "patches: [{target: {kind: .*}, patch: '[{\"op\": \"add\", \"path\": \"/spec\", \"value\": {\"paused\": true, \"l\": [1, 2]}}]'}, {path: patch.yaml}]\n",
    "transformers: ['{apiVersion: builtin, kind: LabelTransformer, metadata: {name: l}, labels: {x: y}, fieldSpecs: [{path: metadata/labels, create: true}]}']\n",
];

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn histories_keep_their_laws(chosen in proptest::collection::vec(any::<bool>(), PIECES.len())) {
        let pieces = PIECES.iter().zip(&chosen).filter(|(_, chosen)| **chosen).map(|(piece, _)| *piece);
        let overlay: String = std::iter::once("resources: [../base]\n").chain(pieces).collect();
        check_laws(&files().with("prod/kustomization.yaml", overlay), "prod")?;
    }
}

#[test]
fn the_example_of_all_steps_keeps_the_laws() {
    check_laws(&files(), "prod").unwrap();
    let build = built(&files(), true);
    for object in &build.objects {
        for history in build.field_histories(object).unwrap() {
            let first = history.steps[0].kind;
            assert_ne!(first, StepKind::Finish, "{}", history.path);
        }
    }
}
