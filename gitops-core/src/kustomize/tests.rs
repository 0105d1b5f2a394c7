//! Small builds whose answers surprise: what random kustomizations showed of kustomize v5.8.2.

use crate::files::Memory;
use crate::kustomize::{BuildOptions, build};

/// The output of the files of a text, each behind a line `# <path>`, or the code of the error.
fn answer(files: &str) -> Result<String, &'static str> {
    let mut memory = Memory::new();
    for file in files.split("# ").skip(1) {
        let (path, text) = file.split_once('\n').unwrap();
        memory.insert(path, text.as_bytes());
    }
    let text = build(&memory, "", &BuildOptions::default()).and_then(|built| built.to_yaml());
    text.map_err(|error| error.code())
}

/// A name, the files, and what they must give.
type Row<'a> = (&'a str, &'a str, Result<&'a [&'a str], &'a str>);

/// Each answer: the lines that the output must have, in that order, or the code of the error.
fn check(cases: &[Row<'_>]) {
    for (name, files, want) in cases {
        match (answer(files), want) {
            (Ok(text), Ok(lines)) => {
                let mut rest = text.lines();
                for line in *lines {
                    assert!(rest.any(|own| own == *line), "{name}: no line {line:?} in\n{text}");
                }
            }
            (Err(code), Err(wanted)) => assert_eq!(code, *wanted, "{name}"),
            (got, want) => panic!("{name}: {got:?}, not {want:?}"),
        }
    }
}

const DEPLOYMENT: &str = "kind: Deployment\napiVersion: apps/v1\nmetadata: {name: web}\n";

#[test]
fn labels_added_together_change_together() {
    let base = format!(
        "# base/kustomization.yaml\nresources: [d.yaml]\ncommonLabels: {{app: one}}\n# base/d.yaml\n{DEPLOYMENT}"
    );
    let patched = |patch: &str| format!("{base}# kustomization.yaml\nresources: [base]\n{patch}");
    let set = "# base/kustomization.yaml\nresources: [s.yaml]\nlabels: [{pairs: {app: one}, includeVolumeClaimTemplates: true}]\n# base/s.yaml\nkind: StatefulSet\napiVersion: apps/v1\nmetadata: {name: db}\nspec: {volumeClaimTemplates: [{metadata: {name: v}}]}\n# kustomization.yaml\nresources: [base]\nlabels: [{pairs: {app: two}}]\n";
    check(&[("below a list too", set, Ok(&["    app: two", "        app: two"]))]);
    let merge = "patches:\n- patch: |\n    kind: Deployment\n    apiVersion: apps/v1\n    metadata: {name: web, labels: {app: two}}\n";
    let json = "- target: {kind: Deployment}\n  patch: '[{\"op\": \"add\", \"path\": \"/spec/replicas\", \"value\": 1}]'\n";
    check(&[
        (
            "a patch of one place",
            &patched(merge),
            Ok(&["    app: two", "      app: two", "        app: two"]),
        ),
        (
            "labels without selectors",
            &patched("labels: [{pairs: {app: two}}]"),
            Ok(&["    app: two", "      app: two", "        app: two"]),
        ),
        (
            "after a JSON patch each place is its own",
            &patched(&merge.replace("patches:\n", &format!("patches:\n{json}"))),
            Ok(&["    app: two", "      app: one", "        app: one"]),
        ),
        (
            "a place that had the key is its own",
            &patched(merge).replace("{name: web}", "{name: web, labels: {app: zero}}"),
            Ok(&["    app: two", "      app: one", "        app: one"]),
        ),
    ]);
}

#[test]
fn images_are_changed_and_never_made() {
    let images = |object: &str| {
        format!(
            "# kustomization.yaml\nresources: [o.yaml]\nimages: [{{name: .*, newTag: v2}}]\n# o.yaml\napiVersion: v1\nkind: Pod\nmetadata: {{name: x}}\nspec: {object}\n"
        )
    };
    check(&[
        (
            "no image",
            &images("{containers: [{image: a}, {name: b}]}"),
            Ok(&["  - image: a:v2", "  - name: b"]),
        ),
        ("a null list", &images("{volumes: null}"), Ok(&["  volumes: []"])),
        ("a path through text", &images("{volumes: [{image: text}]}"), Err("field-spec-mismatch")),
        ("an image that is a mapping", &images("{containers: [{image: {a: b}}]}"), Err("wrong-type")),
        ("a container that is text", &images("{containers: [text]}"), Err("wrong-type")),
    ]);
}

#[test]
fn patches_are_read_as_kustomize_reads_them() {
    let object = "# o.yaml\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: x}\ndata:\n";
    let patch = |entry: &str| format!("# kustomization.yaml\nresources: [o.yaml]\npatches:\n{entry}{object}");
    check(&[
        (
            "blanks around an inline patch are cut off",
            &patch(
                "- patch: |\n    apiVersion: v1\n    kind: ConfigMap\n    metadata: {name: x}\n    data:\n      a: |\n        b\n",
            ),
            Ok(&["  a: b"]),
        ),
        (
            "an unknown operation on nothing",
            &patch("- target: {kind: Pod}\n  patch: '- op: frob'\n"),
            Ok(&["kind: ConfigMap"]),
        ),
        (
            "an unknown operation on something",
            &patch("- target: {kind: ConfigMap}\n  patch: '- op: frob'\n"),
            Err("json-patch-unknown-op"),
        ),
        (
            "a number that JSON has not, on nothing",
            &patch(
                "- target: {kind: Pod}\n  patch: '[{\"op\": \"add\", \"path\": \"/a\", \"value\": \"b\"}]'\n- target: {kind: Pod}\n  patch: '- {op: add, path: /a, value: .inf}'\n",
            ),
            Err("not-json-number"),
        ),
        (
            "a JSON patch spells nulls out, so that they outlive a later merge",
            &patch(
                "- target: {kind: ConfigMap}\n  patch: '- {op: add, path: /kept, value: b}'\n- patch: |\n    apiVersion: v1\n    kind: ConfigMap\n    metadata: {name: x}\n",
            ),
            Ok(&["data: null"]),
        ),
    ]);
}

#[test]
fn odd_kustomizations() {
    let pod = "# o.yaml\napiVersion: v1\nkind: Pod\nmetadata: {name: x}\n";
    check(&[
        (
            "of two spellings of a field the last in byte order counts",
            &format!("# kustomization.yaml\nresources: [o.yaml]\nResources: []\n{pod}"),
            Ok(&["kind: Pod"]),
        ),
        (
            "a generator plugin does not know the old field `env`",
            "# kustomization.yaml\ngenerators: [g.yaml]\n# g.yaml\napiVersion: builtin\nkind: ConfigMapGenerator\nmetadata: {name: g}\nenv: e\n# e\nA=1\n",
            Ok(&["  name: g-6ct58987ht"]),
        ),
        (
            "a component may not leave two objects with one id",
            &format!(
                "# kustomization.yaml\nresources: [o.yaml, p.yaml]\ncomponents: [c]\n{pod}# p.yaml\napiVersion: v1\nkind: Pod\nmetadata: {{name: z}}\n# c/kustomization.yaml\nkind: Component\npatches:\n- target: {{name: z}}\n  patch: '[{{\"op\": \"replace\", \"path\": \"/metadata/name\", \"value\": \"x\"}}]'\n"
            ),
            Err("duplicate-object"),
        ),
        (
            "replicas keep the quotes",
            "# kustomization.yaml\nresources: [o.yaml]\nreplicas: [{name: x, count: 3}]\n# o.yaml\napiVersion: apps/v1\nkind: Deployment\nmetadata: {name: x}\nspec: {replicas: '1'}\n",
            Ok(&["  replicas: \"3\""]),
        ),
        (
            "a namespace that is a mapping",
            &format!(
                "# kustomization.yaml\nresources: [o.yaml]\nnamespace: n\npatches:\n- target: {{kind: Pod}}\n  patch: '- {{op: add, path: /metadata/namespace, value: {{a: b}}}}'\n{pod}"
            ),
            Err("wrong-type"),
        ),
        (
            "a name that a patch makes null",
            &format!(
                "# kustomization.yaml\nresources: [o.yaml]\npatches:\n- target: {{kind: Pod}}\n  patch: '- {{op: add, path: /metadata/name}}'\n{pod}"
            ),
            Err("missing-name"),
        ),
        (
            "definitions that start with a brace are JSON",
            &format!("# kustomization.yaml\nresources: [o.yaml]\ncrds: [c.yaml]\n{pod}# c.yaml\n{{a: b}}\n"),
            Err("not-json"),
        ),
        (
            "a question mark ends plain text in braces",
            "# kustomization.yaml\nresources: [o.yaml]\n# o.yaml\napiVersion: v1\nkind: Pod\nmetadata: {name: x, annotations: {a: http://b?c}}\n",
            Err("syntax"),
        ),
        (
            "where a name belongs there is a list of lists",
            "# kustomization.yaml\nresources: [o.yaml]\n# o.yaml\napiVersion: v1\nkind: Pod\nmetadata: {name: x}\nspec: {serviceAccountName: [[a]]}\n",
            Err("wrong-type"),
        ),
        (
            "the way to a reference leads through text",
            "# kustomization.yaml\nresources: [o.yaml]\n# o.yaml\napiVersion: v1\nkind: Pod\nmetadata: {name: x}\nspec: {containers: text}\n",
            Err("field-spec-mismatch"),
        ),
    ]);
}

#[test]
fn keys_that_stand_twice_in_patches() {
    let object = "# o.yaml\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: x}\ndata: {a: old}\n";
    let patch = |entry: &str| format!("# kustomization.yaml\nresources: [o.yaml]\npatches:\n{entry}{object}");
    let merge = |text: &str| {
        patch(&format!(
            "- patch: |\n    apiVersion: v1\n    kind: ConfigMap\n    metadata: {{name: x}}\n    {text}\n"
        ))
    };
    check(&[
        ("the first counts", &merge("data: {a: first, a: second}"), Ok(&["  a: first"])),
        ("in what is new too", &merge("new: {a: first, a: second}"), Ok(&["  a: first"])),
        ("in a list they stay, and cannot be written", &merge("new: [{a: b, a: c}]"), Err("duplicate-key")),
        (
            "in a JSON patch the last counts",
            &patch(
                "- target: {kind: ConfigMap}\n  patch: |\n    - op: replace\n      path: /no\n      path: /data/a\n      value: last\n",
            ),
            Ok(&["  a: last"]),
        ),
    ]);
}

#[test]
fn patched_values_keep_the_quotes_of_the_base() {
    let object =
        "# o.yaml\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: x}\ndata: {plain: a, quoted: 'b'}\n";
    let patches = |values: &[&str]| {
        let entries = values.iter().map(|value| {
            format!("- patch: |\n    apiVersion: v1\n    kind: ConfigMap\n    metadata: {{name: x}}\n    data: {value}\n")
        });
        format!(
            "# kustomization.yaml\nresources: [o.yaml]\npatches:\n{}{object}",
            entries.collect::<String>()
        )
    };
    check(&[
        ("once", &patches(&["{plain: 1, quoted: 2}"]), Ok(&["  plain: 1", "  quoted: \"2\""])),
        (
            "twice",
            &patches(&["{plain: '8080', quoted: c}", "{plain: 1, quoted: 2}"]),
            Ok(&["  plain: 1", "  quoted: \"2\""]),
        ),
    ]);
}
