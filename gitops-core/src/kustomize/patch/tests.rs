//! Tables of base, patch and result; each row was checked against kustomize v5.8.2.

use crate::knowledge::openapi::MergeSchema;
use crate::node::{Node, SourceMap};
use crate::yaml::{Dialect, ReadOptions};
use crate::{Diagnostic, Error};

use super::json6902;
use super::{Outcome, PatchOptions, json_patch_object, merge_object, strategic_merge};

fn read(sources: &SourceMap, path: &str, text: &str, dialect: Dialect) -> Node {
    let file = sources.add(path, text);
    let options = ReadOptions { dialect, ..ReadOptions::default() };
    crate::yaml::read(sources, file, &options).unwrap().documents.remove(0)
}

/// The result as JSON (`deleted`, or `error CODE at PLACE`) and the warnings' codes and places.
fn merge(base: &str, patch: &str) -> (String, Vec<String>) {
    let sources = SourceMap::new();
    let mut node = read(&sources, "base.yaml", base, Dialect::Kyaml);
    let patch = read(&sources, "patch.yaml", patch, Dialect::Kyaml);
    let mut warnings = Vec::new();
    let outcome = strategic_merge(&mut node, &patch, &MergeSchema::builtin(), &sources, &mut warnings);
    let result = match outcome {
        Ok(Outcome::Merged) => json(&node),
        Ok(Outcome::Deleted) => "deleted".to_owned(),
        Err(error) => failure(&error),
    };
    (result, notes(&warnings))
}

fn json(node: &Node) -> String {
    let mut value = serde_json::to_value(node).unwrap();
    value.sort_all_objects();
    value.to_string()
}

fn failure(error: &Error) -> String {
    format!("error {} at {}", error.code(), error.location().unwrap())
}

fn notes(warnings: &[Diagnostic]) -> Vec<String> {
    warnings.iter().map(|note| format!("{} at {}", note.code, note.location.as_ref().unwrap())).collect()
}

#[test]
fn fields_merge() {
    for (base, patch, want, warnings) in [
        ("{a: 1, b: {c: 2}}", "{a: x, b: {d: 3}}", r#"{"a":"x","b":{"c":2,"d":3}}"#, &[][..]),
        ("{a: 1, b: 2}", "{a: null}", r#"{"b":2}"#, &[]),
        ("{a: {b: 1}}", "{a: {b: null}}", r#"{"a":{}}"#, &[]),
        ("{a: {b: 1}}", "{a: {}}", r#"{"a":{"b":1}}"#, &[]),
        ("{b: 1}", "{a: {c: null, d: {e: null}}}", r#"{"a":{"d":{}},"b":1}"#, &[]),
        ("{b: 1}", "{a: null}", r#"{"b":1}"#, &["patch-delete-missing at patch.yaml:1:5"]),
        // A null that is spelled out stays, one that is not goes.
        ("a:\nb: null\nc: ~\nd: {e: null}\n", "{x: 1}", r#"{"b":null,"c":null,"d":{"e":null},"x":1}"#, &[]),
        ("{a: null}", "{a: {b: 1}}", r#"{"a":{"b":1}}"#, &[]),
        ("{a: null}", "{a: null}", "{}", &[]),
        // Lists without a schema are replaced, with whatever is in them.
        ("{a: [1, 2]}", "{a: [3]}", r#"{"a":[3]}"#, &[]),
        ("{a: [1, 2]}", "{a: []}", r#"{"a":[]}"#, &[]),
        (
            "{a: [{name: x}]}",
            "{a: [{name: x, $patch: delete}]}",
            r#"{"a":[{"$patch":"delete","name":"x"}]}"#,
            &["patch-directive-written at patch.yaml:1:16"],
        ),
        ("{a: 1}", "{a: [1]}", "error patch-type-mismatch at patch.yaml:1:5", &[]),
        ("{a: {b: [1]}}", "{a: {b: {c: 1}}}", "error patch-type-mismatch at patch.yaml:1:9", &[]),
        ("{a: {b: 1}}", "{a: x}", "error patch-type-mismatch at patch.yaml:1:5", &[]),
        // The quotes of the base stay.
        (
            "{a: \"5\", b: 'x', c: 5, d: x}",
            "{a: 6, b: true, c: \"6\", d: 7}",
            r#"{"a":"6","b":"true","c":"6","d":7}"#,
            &["patch-type-kept at patch.yaml:1:5", "patch-type-kept at patch.yaml:1:11"],
        ),
    ] {
        let (result, notes) = merge(base, patch);
        assert_eq!(result, want, "{base} + {patch}");
        assert_eq!(notes, warnings, "{base} + {patch}");
    }
}

#[test]
fn directives_of_mappings() {
    for (base, patch, want, warnings) in [
        ("{a: {b: 1}, c: 1}", "{a: {$patch: delete}}", r#"{"c":1}"#, &[][..]),
        ("{a: {b: 1}}", "{a: {$patch: replace, c: 2}}", r#"{"a":{"c":2}}"#, &[]),
        ("{a: {b: 1}}", "{a: {$patch: merge, c: 2}}", r#"{"a":{"b":1,"c":2}}"#, &[]),
        ("{a: {b: 1}}", "{$patch: delete}", "deleted", &[]),
        ("{a: 1}", "{$patch: replace, b: 2}", r#"{"a":1}"#, &["patch-directive-ignored at patch.yaml:1:10"]),
        ("{a: 1}", "{$patch: frob}", "error patch-directive-unknown at patch.yaml:1:10", &[]),
        ("{a: {b: 1}}", "{a: {$patch: frob}}", "error patch-directive-unknown at patch.yaml:1:14", &[]),
        // Where the base has nothing, an unknown directive passes at first …
        (
            "{}",
            "{a: {$patch: frob}}",
            r#"{"a":{"$patch":"frob"}}"#,
            &["patch-directive-written at patch.yaml:1:14"],
        ),
        // … but not further down.
        ("{}", "{a: {b: {$patch: frob}}}", "error patch-directive-unknown at patch.yaml:1:18", &[]),
        ("{}", "{a: {$patch: replace, b: {$patch: merge, c: 1}}}", r#"{"a":{"b":{"c":1}}}"#, &[]),
        ("{}", "{a: {$patch: delete}}", "{}", &["patch-delete-missing at patch.yaml:1:14"]),
        (
            "{a: {b: 1}}",
            "{a: {$retainKeys: [c], $setElementOrder/d: [], c: 1}}",
            r#"{"a":{"$retainKeys":["c"],"$setElementOrder/d":[],"b":1,"c":1}}"#,
            &["patch-directive-written at patch.yaml:1:6", "patch-directive-written at patch.yaml:1:24"],
        ),
    ] {
        let (result, notes) = merge(base, patch);
        assert_eq!(result, want, "{base} + {patch}");
        assert_eq!(notes, warnings, "{base} + {patch}");
    }
}

/// Rows are the containers of a Pod before, in the patch, and after.
#[test]
fn lists_merge_by_key() {
    for (base, patch, want, warnings) in [
        ("[{name: a, x: 1}, {name: b}]", "[{name: c}, {name: b, x: 2}]", "c, b x=2, a x=1", &[][..]),
        ("[{name: a}, {name: b}]", "[{name: a, $patch: delete}]", "b", &[]),
        ("[{name: a}]", "[{name: a, $patch: delete}]", "", &[]),
        ("[{name: a}]", "[{name: b, $patch: delete}]", "a", &["patch-delete-missing"]),
        ("[{name: a, x: 1}]", "[{name: a, y: 2, $patch: replace}]", "a x=1", &["patch-directive-ignored"]),
        ("[{name: a, x: 1}]", "[{name: b, y: 2, $patch: replace}]", "b y=2, a x=1", &[]),
        ("[{name: a}]", "[{$patch: replace}, {name: b}]", "b", &[]),
        ("[{name: a}]", "[{$patch: replace}]", "", &[]),
        ("[{name: a}]", "[{$patch: merge}, {name: b}]", "b, a", &[]),
        ("[{name: a}]", "[{$patch: delete}]", "none", &[]),
        ("[{name: a}]", "[]", "a", &[]),
        ("[{name: a}]", "null", "none", &[]),
        ("[]", "[{name: a}]", "a", &[]),
        ("null", "[{name: a, $patch: merge}]", "a", &[]),
        // Kyaml's losses: what has no key empties the list before it, and the last of equals stays.
        ("[{name: a}, {x: 1}, {name: b}]", "null", "none", &[]),
        ("[{name: a}, {x: 1}, {name: b}]", "[]", "x=1", &["list-element-dropped", "list-element-dropped"]),
        ("[{name: a, x: 1}, {name: a, x: 2}, {name: b}]", "[]", "a x=2, b", &["list-element-dropped"]),
    ] {
        let base = format!("{{apiVersion: v1, kind: Pod, spec: {{containers: {base}}}}}");
        let patch = format!("{{spec: {{containers: {patch}}}}}");
        let (result, notes) = merge(&base, &patch);
        assert_eq!(shown(&result), want, "{base} + {patch}: {result}");
        let codes: Vec<&str> = notes.iter().filter_map(|note| note.split(' ').next()).collect();
        assert_eq!(codes, warnings, "{base} + {patch}");
    }
}

/// Elements by name with their other fields.
fn shown(result: &str) -> String {
    let value: serde_json::Value = serde_json::from_str(result).unwrap();
    let Some(items) = value["spec"]["containers"].as_array() else { return "none".to_owned() };
    let item = |item: &serde_json::Value| {
        let fields = item.as_object().unwrap().iter().filter(|(key, _)| *key != "name");
        let fields = fields.map(|(key, value)| format!("{key}={value}"));
        let name = item["name"].as_str().map(str::to_owned);
        name.into_iter().chain(fields).collect::<Vec<_>>().join(" ")
    };
    items.iter().map(item).collect::<Vec<_>>().join(", ")
}

#[test]
fn lists_with_two_keys() {
    let ports = |base: &str, patch: &str| {
        let object = |ports: &str| format!("{{apiVersion: v1, kind: Service, spec: {{ports: {ports}}}}}");
        let (result, notes) = merge(&object(base), &object(patch));
        let value: serde_json::Value = serde_json::from_str(&result).unwrap();
        (value["spec"]["ports"].to_string(), notes)
    };
    let both = "[{port: 80, protocol: TCP}, {port: 80, protocol: UDP}]";
    for (base, patch, want, lost) in [
        (
            both,
            "[{port: 80, protocol: UDP, name: x}]",
            r#"[{"port":80,"protocol":"TCP"},{"name":"x","port":80,"protocol":"UDP"}]"#,
            0,
        ),
        // With two keys the base's elements keep the base's order, behind the new ones.
        (
            both,
            "[{port: 81, protocol: UDP}, {port: 80, protocol: UDP, name: x}]",
            r#"[{"port":81,"protocol":"UDP"},{"port":80,"protocol":"TCP"},{"name":"x","port":80,"protocol":"UDP"}]"#,
            0,
        ),
        // The second key is missing in the patch: its element is lost.
        (both, "[{port: 80, name: x}]", r#"[{"port":80,"protocol":"TCP"},{"port":80,"protocol":"UDP"}]"#, 1),
        // Missing everywhere, it does not count.
        ("[{port: 80}, {port: 81}]", "[{port: 81, name: x}]", r#"[{"name":"x","port":81},{"port":80}]"#, 0),
    ] {
        let (result, notes) = ports(base, patch);
        assert_eq!(result, want, "{base} + {patch}");
        assert_eq!(notes.len(), lost, "{base} + {patch}: {notes:?}");
    }
}

#[test]
fn lists_of_plain_values() {
    let (result, notes) = merge(
        "{apiVersion: v1, kind: Pod, metadata: {finalizers: [a, b]}}",
        "{metadata: {finalizers: [c, b]}}",
    );
    assert_eq!(result, r#"{"apiVersion":"v1","kind":"Pod","metadata":{"finalizers":["c","b","a"]}}"#);
    assert!(notes.is_empty());
}

#[test]
fn a_mapping_that_says_its_kind_has_its_schema() {
    let object = |list: &str| {
        format!(
            "{{apiVersion: x.io/v1, kind: X, spec: {{pod: {{apiVersion: v1, kind: Pod, spec: {{containers: {list}}}}}}}}}"
        )
    };
    let (result, _) = merge(&object("[{name: a}]"), &object("[{name: b}]"));
    assert!(result.contains(r#""containers":[{"name":"b"},{"name":"a"}]"#), "{result}");
}

#[test]
fn spans_and_sharing() {
    let sources = SourceMap::new();
    let base = read(
        &sources,
        "base.yaml",
        "{apiVersion: v1, kind: Pod, metadata: {name: x, labels: {a: b}},\n spec: {containers: [{name: a, image: i}, {name: b, image: j}]}}",
        Dialect::Kyaml,
    );
    let patch = read(&sources, "patch.yaml", "{spec: {containers: [{name: b,\n image: k}]}}", Dialect::Kyaml);
    let mut node = base.clone();
    let mut warnings = Vec::new();
    let outcome =
        strategic_merge(&mut node, &patch, &MergeSchema::builtin(), &sources, &mut warnings).unwrap();
    assert_eq!(outcome, Outcome::Merged);
    let items = |node: &Node| node.at(&["spec", "containers"]).unwrap().as_seq().unwrap().to_vec();
    let place = |node: &Node| sources.locate(node.span).unwrap().to_string();
    assert_eq!(place(items(&node)[0].get("image").unwrap()), "patch.yaml:2:9");
    assert_eq!(place(items(&node)[1].get("image").unwrap()), "base.yaml:2:39");
    assert!(items(&node)[1].shares_with(&items(&base)[0]));
    assert!(node.get("metadata").unwrap().shares_with(base.get("metadata").unwrap()));

    let mut same = base.clone();
    let empty = read(&sources, "empty.yaml", "{}", Dialect::Kyaml);
    let outcome =
        strategic_merge(&mut same, &empty, &MergeSchema::builtin(), &sources, &mut warnings).unwrap();
    assert_eq!(outcome, Outcome::Merged);
    assert!(same.shares_with(&base));
}

#[test]
fn objects_keep_their_identity() {
    let sources = SourceMap::new();
    let base = "{apiVersion: v1, kind: A, metadata: {name: a, namespace: n}}";
    let patch = "{apiVersion: v2, kind: B, metadata: {name: b, namespace: m}, x: 1}";
    let all = PatchOptions { allow_name_change: true, allow_kind_change: true, has_target: false };
    for (options, want) in [
        (
            PatchOptions::default(),
            r#"{"apiVersion":"v2","kind":"A","metadata":{"name":"a","namespace":"n"},"x":1}"#,
        ),
        (
            PatchOptions { has_target: true, ..PatchOptions::default() },
            r#"{"apiVersion":"v1","kind":"A","metadata":{"name":"a","namespace":"n"},"x":1}"#,
        ),
        (all, r#"{"apiVersion":"v2","kind":"B","metadata":{"name":"b","namespace":"n"},"x":1}"#),
    ] {
        let mut node = read(&sources, "base.yaml", base, Dialect::Kyaml);
        let patch = read(&sources, "patch.yaml", patch, Dialect::Kyaml);
        let outcome =
            merge_object(&mut node, &patch, options, &MergeSchema::builtin(), &sources, &mut Vec::new());
        assert_eq!(outcome.unwrap(), Outcome::Merged);
        assert_eq!(json(&node), want);
        if !options.allow_kind_change {
            let place = sources.locate(node.get("kind").unwrap().span).unwrap();
            assert_eq!(place.path, "base.yaml");
        }
    }
    // With a target, empty labels of the patch mean nothing, and nulls are texts.
    let targeted = PatchOptions { has_target: true, ..PatchOptions::default() };
    for (options, patch, want) in [
        (targeted, "{metadata: {labels: null}}", r#"{"labels":{"a":"b"}}"#),
        (PatchOptions::default(), "{metadata: {labels: null}}", "{}"),
        (targeted, "{metadata: {labels: {a: null}}}", r#"{"labels":{"a":"null"}}"#),
        (PatchOptions::default(), "{metadata: {labels: {a: null}}}", r#"{"labels":{}}"#),
    ] {
        let mut node = read(&sources, "base.yaml", "{metadata: {labels: {a: b}}}", Dialect::Kyaml);
        let patch = read(&sources, "patch.yaml", patch, Dialect::Kyaml);
        let outcome =
            merge_object(&mut node, &patch, options, &MergeSchema::builtin(), &sources, &mut Vec::new());
        assert_eq!(outcome.unwrap(), Outcome::Merged);
        assert_eq!(json(node.get("metadata").unwrap()), want);
    }
    let mut node = read(&sources, "base.yaml", "{kind: A, metadata: {name: a}}", Dialect::Kyaml);
    let patch = read(&sources, "patch.yaml", "{metadata: null, kind: null, x: 1}", Dialect::Kyaml);
    let outcome = merge_object(
        &mut node,
        &patch,
        PatchOptions::default(),
        &MergeSchema::builtin(),
        &sources,
        &mut Vec::new(),
    );
    assert_eq!(outcome.unwrap(), Outcome::Merged);
    assert_eq!(json(&node), r#"{"kind":"A","metadata":{"name":"a"},"x":1}"#);
}

fn json_patch(base: &str, patch: &str) -> (String, Vec<String>) {
    let sources = SourceMap::new();
    let mut node = read(&sources, "base.yaml", base, Dialect::Kyaml);
    let patch = read(&sources, "patch.yaml", patch, Dialect::Kubectl);
    let mut warnings = Vec::new();
    let result = json6902::parse(&patch, &sources)
        .and_then(|patch| json_patch_object(&mut node, &patch, &sources, &mut warnings));
    (result.map_or_else(|error| failure(&error), |()| json(&node)), notes(&warnings))
}

/// A patch that succeeds without a change of its own.
const NOTHING: &str = "[{op: test, path: /nothing, value: null}]";

#[test]
fn json_patches_apply() {
    for (base, patch, want) in [
        ("{a: 1}", "[{op: add, path: /b, value: {c: 1}}]", r#"{"a":1,"b":{"c":1}}"#),
        ("{a: 1}", "[{op: add, path: /a, value: 2}]", r#"{"a":2}"#),
        ("{a: 1}", "[{op: add, path: /b}]", r#"{"a":1,"b":null}"#),
        ("{a: [1, 2]}", "[{op: add, path: /a/-, value: 3}]", r#"{"a":[1,2,3]}"#),
        ("{a: [1, 2]}", "[{op: add, path: /a/0, value: 3}]", r#"{"a":[3,1,2]}"#),
        ("{a: [1, 2]}", "[{op: add, path: /a/2, value: 3}]", r#"{"a":[1,2,3]}"#),
        ("{a: [1, 2]}", "[{op: add, path: /a/-1, value: 3}]", r#"{"a":[1,2,3]}"#),
        ("{a: [1, 2]}", "[{op: add, path: /a/-3, value: 3}]", r#"{"a":[3,1,2]}"#),
        ("{a: [1, 2]}", "[{op: replace, path: /a/-1, value: 3}]", r#"{"a":[1,3]}"#),
        ("{a: [1, 2]}", "[{op: remove, path: /a/-2}]", r#"{"a":[2]}"#),
        ("{a: {b/c~d: 1}}", "[{op: replace, path: /a/b~1c~0d, value: 2}]", r#"{"a":{"b/c~d":2}}"#),
        ("{a: {~1: 1}}", "[{op: remove, path: /a/~01}]", r#"{"a":{}}"#),
        ("{a: 1, b: [0]}", "[{op: move, from: /a, path: /b/0}]", r#"{"b":[1,0]}"#),
        (
            "{a: {x: 1}}",
            "[{op: copy, from: /a, path: /b}, {op: add, path: /b/y, value: 2}]",
            r#"{"a":{"x":1},"b":{"x":1,"y":2}}"#,
        ),
        ("{a: 1}", "[{op: test, path: /a, value: 1}, {op: test, path: /b, value: null}]", r#"{"a":1}"#),
        (
            "{a: [{b: 1, c: x}]}",
            "[{op: test, path: /a, value: [{c: x, b: 1}]}]",
            r#"{"a":[{"b":1,"c":"x"}]}"#,
        ),
        ("{a: 1}", "[{op: replace, path: '', value: {b: 1}}]", r#"{"b":1}"#),
        ("{a: 1}", "[{op: add, path: /, value: x}]", r#"{"":"x","a":1}"#),
        ("{a: 1}", "[]", r#"{"a":1}"#),
        ("{a: 9007199254740993}", "[]", r#"{"a":9007199254740993}"#),
        // Numbers become floats on the way.
        (
            "{a: 9007199254740993, b: 9223372036854775807, c: 1.0, d: 0x1F}",
            NOTHING,
            r#"{"a":9007199254740992,"b":9223372036854776000,"c":1,"d":31}"#,
        ),
        // Annotations are there while the patch runs, and text afterwards.
        (
            "{metadata: {name: x}}",
            "[{op: add, path: /metadata/annotations/a, value: 1}]",
            r#"{"metadata":{"annotations":{"a":"1"},"name":"x"}}"#,
        ),
        ("{metadata: {name: x}}", NOTHING, r#"{"metadata":{"name":"x"}}"#),
        (
            "{metadata: {annotations: {a: 1234567, b: 1.0, c: null, d: true, e: 100000, f: [x], g: 0.00001}}}",
            NOTHING,
            r#"{"metadata":{"annotations":{"a":"1.234567e+06","b":"1","c":"null","d":"true","e":"100000","f":"","g":"1e-05"}}}"#,
        ),
    ] {
        let (result, notes) = json_patch(base, patch);
        assert_eq!(result, want, "{base} + {patch}");
        assert!(notes.is_empty(), "{base} + {patch}: {notes:?}");
    }
}

#[test]
fn json_patches_warn() {
    for (base, patch, want, warning) in [
        (
            "{a: 1}",
            "[{op: replace, path: /b, value: 2}]",
            r#"{"a":1,"b":2}"#,
            "json-patch-replace-missing at patch.yaml:1:22",
        ),
        (
            "{a: 1}",
            "[{op: copy, from: /b, path: /c}]",
            r#"{"a":1,"c":null}"#,
            "json-patch-copy-missing at patch.yaml:1:19",
        ),
        (
            "{a: 1}",
            "[{op: add, path: x/b, value: 2}]",
            r#"{"a":1,"b":2}"#,
            "json-patch-pointer at patch.yaml:1:18",
        ),
    ] {
        assert_eq!(json_patch(base, patch), (want.to_owned(), vec![warning.to_owned()]), "{patch}");
    }
}

#[test]
fn json_patches_fail() {
    let deep = format!("[{{op: add, path: {}, value: 1}}]", "/a".repeat(600));
    for (patch, want) in [
        ("{op: add}", "json-patch-not-a-list at patch.yaml:1:1"),
        ("[x]", "json-patch-operation at patch.yaml:1:2"),
        ("[{op: frob, path: /a}]", "json-patch-unknown-op at patch.yaml:1:7"),
        ("[{path: /a}]", "json-patch-unknown-op at patch.yaml:1:2"),
        ("[{op: add}]", "json-patch-operation at patch.yaml:1:2"),
        ("[{op: move, path: /a}]", "json-patch-operation at patch.yaml:1:2"),
        ("[{op: add, path: 1}]", "json-patch-operation at patch.yaml:1:18"),
        ("[{op: remove, path: /a},\n {op: remove, path: /x}]", "json-patch-missing-key at patch.yaml:2:2"),
        ("[{op: add, path: /x/y, value: 1}]", "json-patch-missing-path at patch.yaml:1:2"),
        ("[{op: add, path: /a/y, value: 1}]", "json-patch-missing-path at patch.yaml:1:2"),
        ("[{op: add, path: '', value: {}}]", "json-patch-missing-path at patch.yaml:1:2"),
        ("[{op: add, path: /l/3, value: 1}]", "json-patch-index at patch.yaml:1:2"),
        ("[{op: add, path: /l/-4, value: 1}]", "json-patch-index at patch.yaml:1:2"),
        ("[{op: add, path: /l/x, value: 1}]", "json-patch-index at patch.yaml:1:2"),
        ("[{op: replace, path: /l/2, value: 1}]", "json-patch-index at patch.yaml:1:2"),
        ("[{op: remove, path: /l/-}]", "json-patch-index at patch.yaml:1:2"),
        ("[{op: test, path: /a, value: 2}]", "json-patch-test-failed at patch.yaml:1:2"),
        ("[{op: test, path: /a}]", "json-patch-test-failed at patch.yaml:1:2"),
        ("[{op: move, from: /l, path: /l/x}]", "json-patch-missing-path at patch.yaml:1:2"),
        ("[{op: replace, path: '', value: [1]}]", "json-patch-not-an-object at patch.yaml:1:2"),
        ("[{op: replace, path: '', value: x}]", "json-patch-not-an-object at patch.yaml:1:2"),
        (&deep, "too-deep at patch.yaml:1:18"),
    ] {
        assert_eq!(json_patch("{a: 1, l: [1, 2]}", patch).0, format!("error {want}"), "{patch}");
    }
}

#[test]
fn copies_have_a_limit() {
    let twice = "{op: copy, from: /a, path: /a/x}, {op: copy, from: /a/x, path: /a/y},";
    let (result, _) = json_patch("{a: {b: 1}}", &format!("[{}]", twice.repeat(40)));
    assert!(result.starts_with("error too-"), "{result}");
}

/// Trees without a type that merges lists.
fn tree() -> impl proptest::strategy::Strategy<Value = serde_json::Value> {
    use proptest::prelude::*;
    let leaf = prop_oneof![
        Just(serde_json::json!(null)),
        any::<u8>().prop_map(|n| n.into()),
        "[xy]".prop_map(Into::into)
    ];
    leaf.prop_recursive(4, 24, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..3).prop_map(Into::into),
            prop::collection::btree_map("[a-d]", inner, 0..4)
                .prop_map(|map| map.into_iter().collect::<serde_json::Map<_, _>>().into()),
        ]
    })
}

/// RFC 7386, which is what is left of a strategic merge without lists to merge and directives; and
/// nulls that nothing spells go from mappings of the base.
fn merged(base: Option<&serde_json::Value>, patch: Option<&serde_json::Value>) -> Option<serde_json::Value> {
    let empty = serde_json::Map::new();
    match (base.and_then(serde_json::Value::as_object), patch.unwrap_or(&serde_json::Value::Null)) {
        (fields, serde_json::Value::Object(changes)) => {
            let fields = fields.unwrap_or(&empty);
            let keys: std::collections::BTreeSet<&String> = fields.keys().chain(changes.keys()).collect();
            let of = |key: &String| {
                let deleted = changes.get(key).is_some_and(serde_json::Value::is_null);
                if deleted { None } else { merged(fields.get(key), changes.get(key)) }
            };
            Some(keys.into_iter().filter_map(|key| Some((key.clone(), of(key)?))).collect())
        }
        (Some(fields), serde_json::Value::Null) => {
            let kept =
                fields.iter().filter_map(|(key, value)| Some((key.clone(), merged(Some(value), None)?)));
            Some(kept.collect())
        }
        (None, serde_json::Value::Null) => base.filter(|base| !base.is_null()).cloned(),
        (_, patch) => Some(patch.clone()),
    }
}

proptest::proptest! {
    #[test]
    fn plain_merges_follow_rfc_7386(base in tree(), patch in tree()) {
        let (sources, mut warnings) = (SourceMap::new(), Vec::new());
        let base = serde_json::json!({ "root": base });
        let patch = serde_json::json!({ "root": patch });
        let mut node = Node::from(&base);
        let patched = Node::from(&patch);
        // A mismatch of types is an error here, and a replacement there.
        if strategic_merge(&mut node, &patched, &MergeSchema::builtin(), &sources, &mut warnings).is_ok() {
            let want = merged(Some(&base), Some(&patch)).unwrap();
            proptest::prop_assert_eq!(node, Node::from(&want));
        }
    }

    #[test]
    fn what_is_added_can_be_removed(base in tree(), value in tree(), key in "[a-z~/]{1,3}") {
        let (sources, mut warnings) = (SourceMap::new(), Vec::new());
        let base = Node::from(&serde_json::json!({ "root": base }));
        let path = format!("/new{}", key.replace('~', "~0").replace('/', "~1"));
        let add = serde_json::json!([{"op": "add", "path": path, "value": value}, {"op": "test", "path": path, "value": value}]);
        let remove = serde_json::json!([{"op": "remove", "path": path}]);
        let mut node = base.clone();
        for patch in [add, remove] {
            let patch = json6902::parse(&Node::from(&patch), &sources).unwrap();
            json6902::apply(&patch, &mut node, &sources, &mut warnings).unwrap();
        }
        proptest::prop_assert_eq!(node, base);
    }
}
