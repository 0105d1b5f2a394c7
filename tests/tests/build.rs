//! What a user of `kustomize::build` meets: typed errors with their place, warnings, and the text behind
//! every value.

use gitops_core::ErrorKind;
use gitops_core::files::Memory;
use gitops_core::kustomize::{Build, BuildOptions, LoadRestrictor, build};
use gitops_core::node::Path;

fn files(texts: &[(&str, &str)]) -> Memory {
    texts.iter().fold(Memory::new(), |files, (path, text)| files.with(path, text.as_bytes()))
}

const WEB: &str = "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: web}\nspec:\n  replicas: 1\n  template:\n    spec:\n      containers:\n      - name: web\n        image: web:1\n";

/// `path:line:column`, kind and code of the error of building `prod`.
fn error(files: &Memory, options: &BuildOptions) -> (String, ErrorKind, &'static str) {
    let error = build(files, "prod", options).expect_err("the build must fail");
    let place = error.location().map(ToString::to_string).unwrap_or_default();
    assert!(!error.message().is_empty());
    (place, error.kind(), error.code())
}

/// What is built, its files, and the place, kind and code of the error.
type Refused<'a> = (&'a str, &'a [(&'a str, &'a str)], &'a str, ErrorKind, &'a str);

#[test]
fn errors_say_where_and_what() {
    use ErrorKind::{File, Kustomize, Unsupported, Yaml};
    let k = "prod/kustomization.yaml";
    let cases: &[Refused] = &[
        (
            "broken YAML",
            &[(k, "resources: [a.yaml]\n"), ("prod/a.yaml", "kind: A\n  x: 1\n")],
            "prod/a.yaml:2:4",
            Yaml,
            "syntax",
        ),
        (
            "missing base",
            &[(k, "resources:\n- ../base\n")],
            "prod/kustomization.yaml:2:3",
            File,
            "file-not-found",
        ),
        (
            "cycle",
            &[(k, "resources: [../base]\n"), ("base/kustomization.yaml", "resources:\n- ../prod\n")],
            "base/kustomization.yaml:2:3",
            Kustomize,
            "cycle",
        ),
        ("itself", &[(k, "resources: [.]\n")], "prod/kustomization.yaml:1:13", Kustomize, "cycle"),
        (
            "a file outside the root",
            &[(k, "resources:\n- ../web.yaml\n"), ("web.yaml", WEB)],
            "prod/kustomization.yaml:2:3",
            File,
            "load-restriction",
        ),
        (
            "above the files",
            &[(k, "resources: [../../x]\n")],
            "prod/kustomization.yaml:1:13",
            File,
            "outside-root",
        ),
        ("no kustomization", &[("prod/web.yaml", WEB)], "prod", Kustomize, "no-kustomization"),
        (
            "unknown field",
            &[(k, "resources: []\nresourcess: [a]\n")],
            "prod/kustomization.yaml:2:1",
            Kustomize,
            "unknown-field",
        ),
        (
            "wrong type",
            &[(k, "images:\n- name: web\n  newTag: 1.5\n")],
            "prod/kustomization.yaml:3:11",
            Kustomize,
            "wrong-type",
        ),
        (
            "remote base",
            &[(k, "resources:\n- https://github.com/o/r//x?ref=v1\n")],
            "prod/kustomization.yaml:2:3",
            Unsupported,
            "remote-base",
        ),
        ("helm", &[(k, "helmCharts:\n- name: x\n")], "prod/kustomization.yaml:1:1", Unsupported, "helm"),
        (
            "patch without its object",
            &[(k, "resources: []\npatches:\n- path: p.yaml\n"), ("prod/p.yaml", WEB)],
            "prod/p.yaml:1:1",
            Kustomize,
            "patch-target-not-found",
        ),
        (
            "no name",
            &[(k, "resources: [a.yaml]\n"), ("prod/a.yaml", "kind: A\nmetadata:\n  generateName: a-\n")],
            "prod/a.yaml:3:3",
            Kustomize,
            "missing-name",
        ),
        (
            "the same object twice",
            &[(k, "resources: [a.yaml, b.yaml]\n"), ("prod/a.yaml", WEB), ("prod/b.yaml", WEB)],
            "prod/b.yaml:3:18",
            Kustomize,
            "duplicate-object",
        ),
    ];
    for (name, texts, place, kind, code) in cases {
        let found = error(&files(texts), &BuildOptions::default());
        assert_eq!(found, ((*place).to_owned(), *kind, *code), "{name}");
    }
}

#[test]
fn text_that_is_not_utf8_is_placed() {
    let mut files = files(&[("prod/kustomization.yaml", "resources: [a.yaml]\n")]);
    files.insert("prod/a.yaml", b"kind: A\nx: \xff\n".as_slice());
    let found = error(&files, &BuildOptions::default());
    assert_eq!(found, ("prod/a.yaml:2:4".to_owned(), ErrorKind::Yaml, "not-utf8"));
}

#[test]
fn a_long_chain_of_bases_is_refused_and_not_followed() {
    let mut files = Memory::new();
    for n in 0..3000 {
        files.insert(&format!("b{n}/kustomization.yaml"), format!("resources: [../b{}]\n", n + 1).as_bytes());
    }
    let error = build(&files, "b0", &BuildOptions::default()).expect_err("too long");
    assert_eq!((error.kind(), error.code()), (ErrorKind::Limit, "chain-too-long"));
}

fn place(built: &Build, kind: &str, path: &[&str]) -> String {
    let object = built.objects.iter().find(|object| object.kind() == kind).expect("the object is there");
    let mut way = Path::new();
    for key in path {
        way = match key.parse() {
            Ok(index) => way.index(index),
            Err(_) => way.key(*key),
        };
    }
    built.location(object, &way).expect("a text set it").to_string()
}

#[test]
fn every_value_knows_the_text_that_set_it() {
    let files = files(&[
        ("base/kustomization.yaml", "resources: [web.yaml]\n"),
        ("base/web.yaml", WEB),
        (
            "prod/kustomization.yaml",
            "resources: [../base]\nnamespace: team-a\nnamePrefix: p-\nlabels:\n- pairs: {tier: web}\nimages:\n- name: web\n  newTag: \"2\"\nreplicas:\n- {name: web, count: 3}\npatches:\n- target: {kind: Deployment}\n  patch: |-\n    - op: add\n      path: /spec/paused\n      value: true\nconfigMapGenerator:\n- name: c\n  literals:\n  - a=1\n  files: [b.txt]\n",
        ),
        ("prod/b.txt", "text\n"),
    ]);
    let built = build(&files, "prod", &BuildOptions::default()).expect("it builds");
    let at = |path: &[&str]| place(&built, "Deployment", path);
    assert_eq!(at(&["metadata", "namespace"]), "prod/kustomization.yaml:2:12");
    assert_eq!(at(&["metadata", "name"]), "prod/kustomization.yaml:3:13");
    assert_eq!(at(&["metadata", "labels", "tier"]), "prod/kustomization.yaml:5:17");
    assert_eq!(at(&["spec", "template", "spec", "containers", "0", "image"]), "prod/kustomization.yaml:8:11");
    assert_eq!(at(&["spec", "replicas"]), "prod/kustomization.yaml:10:22");
    assert_eq!(at(&["spec", "paused"]), "prod/kustomization.yaml:16:14");
    assert_eq!(at(&["spec", "template", "spec", "containers", "0", "name"]), "base/web.yaml:9:15");
    // What is missing is placed at what should hold it.
    assert_eq!(at(&["spec", "strategy", "type"]), "base/web.yaml:5:3");
    assert_eq!(place(&built, "ConfigMap", &["data", "a"]), "prod/kustomization.yaml:20:5");
    assert_eq!(place(&built, "ConfigMap", &["data", "b.txt"]), "prod/b.txt:1:1");
}

#[test]
fn what_kustomize_swallows_is_a_warning() {
    let files = files(&[
        (
            "prod/kustomization.yaml",
            "resources: [web.yaml]\nresources: [web.yaml]\ncommonLabels: {a: b}\npatches:\n- target: {name: wbe}\n  patch: '[{\"op\": \"remove\", \"path\": \"/spec\"}]'\nimages:\n- {name: nginx, newTag: \"1\"}\n",
        ),
        ("prod/web.yaml", WEB),
    ]);
    let built = build(&files, "prod", &BuildOptions::default()).expect("it builds");
    let found: Vec<_> = built
        .warnings
        .iter()
        .map(|warning| (warning.code, warning.location.as_ref().map(|place| place.line).unwrap_or(0)))
        .collect();
    assert_eq!(
        found,
        [
            ("duplicate-key", 2),
            ("deprecated-field", 3),
            ("patch-target-matches-nothing", 5),
            ("image-matches-nothing", 8)
        ]
    );
}

#[test]
fn builds_share_what_they_parse() {
    let files = files(&[
        ("base/kustomization.yaml", "resources: [web.yaml]\n"),
        ("base/web.yaml", WEB),
        ("prod/kustomization.yaml", "resources: [../base]\n"),
        ("test/kustomization.yaml", "resources: [../base]\nnameSuffix: -t\n"),
    ]);
    let options = BuildOptions::default();
    let spec = |dir| {
        let built = build(&files, dir, &options).expect("it builds");
        built.objects.first().and_then(|object| object.node.get("spec")).cloned().expect("a spec")
    };
    assert!(spec("prod").shares_with(&spec("test")), "an untouched sub-tree is shared between builds");
}

#[test]
fn flux_builds_a_directory_without_a_kustomization() {
    let files = files(&[
        ("prod/web.yaml", WEB),
        ("prod/below/more.yaml", "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: c}\n"),
        ("prod/own/kustomization.yaml", "namePrefix: own-\nresources: [sa.yaml]\n"),
        ("prod/own/sa.yaml", "apiVersion: v1\nkind: ServiceAccount\nmetadata: {name: s}\n"),
        ("prod/README.md", "no object"),
    ]);
    let mut options = BuildOptions::default();
    assert_eq!(error(&files, &options).2, "no-kustomization");
    options.generate = true;
    options.load_restrictor = LoadRestrictor::None;
    let built = build(&files, "prod", &options).expect("it builds");
    let names: Vec<_> = built.objects.iter().map(|object| object.name()).collect();
    assert_eq!(names, ["own-s", "c", "web"]);
}
