//! What the fuzz targets do with their input. A test of the workspace includes this file and does the
//! same with the committed corpus.
//!
//! None may panic, and what is said beside each must hold.

use gitops_core::files::Memory;
use gitops_core::kustomize::{BuildOptions, Cache, build};
use gitops_core::yaml::{Dialect, Limits, ReadOptions, read_str, write};

/// What a target does with an input.
pub type Target = fn(&[u8]);

/// All targets by name.
pub const TARGETS: [(&str, Target); 5] = [
    ("yaml", yaml),
    ("kustomization", kustomization),
    ("strategic_merge", strategic_merge),
    ("json_patch", json_patch),
    ("replacements", replacements),
];

/// Small enough that the fuzzer is not slowed down by inputs that are merely large.
const LIMITS: Limits = Limits { max_bytes: 1 << 20, max_depth: 100, max_alias_nodes: 10_000 };

/// What is written is read again, and written as the same text.
pub fn yaml(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    // With YAML's other line breaks, kustomize itself does not read back what it writes.
    if text.contains(['\u{85}', '\u{2028}', '\u{2029}']) || text.contains('\\') {
        return read_only(text);
    }
    for dialect in [Dialect::Kubectl, Dialect::Kyaml] {
        let last_key_wins = dialect == Dialect::Kubectl;
        let options = ReadOptions { dialect, limits: LIMITS, last_key_wins, ..ReadOptions::default() };
        let Ok((stream, _)) = read_str("a.yaml", text, &options) else { continue };
        for document in &stream.documents {
            let Ok(written) = write(document) else { continue };
            let (again, _) = read_str("b.yaml", &written, &options)
                .unwrap_or_else(|error| panic!("what was written cannot be read: {error}\n{written}"));
            let [again] = again.documents.as_slice() else { panic!("not one document:\n{written}") };
            let rewritten = write(again).unwrap_or_else(|error| panic!("{error}\n{written}"));
            assert_eq!(written, rewritten, "{dialect:?}");
        }
    }
}

fn read_only(text: &str) {
    for dialect in [Dialect::Kubectl, Dialect::Kyaml] {
        let options = ReadOptions { dialect, limits: LIMITS, ..ReadOptions::default() };
        if let Ok((stream, _)) = read_str("a.yaml", text, &options) {
            stream.documents.iter().for_each(|document| drop(write(document)));
        }
    }
}

/// A kustomization beside a few files.
pub fn kustomization(data: &[u8]) {
    let files = Memory::new()
        .with("kustomization.yaml", data)
        .with("a.yaml", OBJECTS)
        .with(
            "patch.yaml",
            "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: a}\nspec: {replicas: 2}\n",
        )
        .with("ops.yaml", "[{op: add, path: /metadata/labels/x, value: y}]\n")
        .with(
            "config.yaml",
            "nameReference: [{kind: ConfigMap, fieldSpecs: [{path: spec/cm, kind: Deployment}]}]\n",
        )
        .with("text.env", "A=1\nB=two\n")
        .with("base/kustomization.yaml", "resources: [b.yaml]\nnamePrefix: b-\n")
        .with("base/b.yaml", "apiVersion: v1\nkind: Service\nmetadata: {name: s, namespace: n}\n")
        .with("part/kustomization.yaml", "apiVersion: kustomize.config.k8s.io/v1alpha1\nkind: Component\n");
    twice(&files);
}

/// Objects and patches of them, parted by a line of equals signs.
pub fn strategic_merge(data: &[u8]) {
    let Some((objects, patch)) = parted(data) else { return };
    let kustomization = "resources: [a.yaml]\npatches: [{path: patch.yaml}]\n";
    twice(&with(kustomization, objects).with("patch.yaml", patch));
}

/// Objects and a JSON patch for all of them, parted likewise.
pub fn json_patch(data: &[u8]) {
    let Some((objects, patch)) = parted(data) else { return };
    let kustomization = "resources: [a.yaml]\npatches: [{path: patch.yaml, target: {kind: .*}}]\n";
    twice(&with(kustomization, objects).with("patch.yaml", patch));
}

/// Objects and a file of replacements, parted likewise.
pub fn replacements(data: &[u8]) {
    let Some((objects, file)) = parted(data) else { return };
    twice(&with("resources: [a.yaml]\nreplacements: [{path: r.yaml}]\n", objects).with("r.yaml", file));
}

const OBJECTS: &str = "\
apiVersion: apps/v1
kind: Deployment
metadata: {name: a, labels: {app: a}}
spec:
  selector: {matchLabels: {app: a}}
  template:
    metadata: {labels: {app: a}}
    spec:
      containers: [{name: c, image: \"nginx:1\", env: [{name: E, value: $(V)}]}]
      volumes: [{name: v, configMap: {name: m}}]
---
apiVersion: v1
kind: ConfigMap
metadata: {name: m}
data: {k: v, json: '{\"a\": [1, {\"b\": null}]}'}
";

fn with(kustomization: &str, objects: &[u8]) -> Memory {
    Memory::new().with("kustomization.yaml", kustomization).with("a.yaml", objects)
}

fn parted(data: &[u8]) -> Option<(&[u8], &[u8])> {
    const LINE: &[u8] = b"\n===\n";
    let at = data.windows(LINE.len()).position(|window| window == LINE)?;
    Some((&data[..at], &data[at + LINE.len()..]))
}

/// Builds with a fresh cache, and again with the same: both say the same.
fn twice(files: &Memory) {
    let mut options = BuildOptions::default();
    options.limits = LIMITS;
    options.cache = Cache::new();
    let outcome = || match build(files, "", &options) {
        Ok(built) => {
            let text = built.to_yaml().unwrap_or_else(|error| format!("{error:?}"));
            format!("{text}{:?}", built.warnings)
        }
        Err(error) => format!("{error:?} {:?}", error.location()),
    };
    assert_eq!(outcome(), outcome());
}
