//! What users get wrong in kustomizations: each mistake has a kind, a stable code, and the place to act.

use gitops_core::files::Memory;
use gitops_core::kustomize::{BuildOptions, build};

const DEPLOYMENT: &str = "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: web}\nspec: {template: {spec: {containers: [{name: web, image: nginx}]}}}\n";

/// `app/kustomization.yaml`, other files, and the kind, code and place of the error.
type Mistake = (&'static str, &'static [(&'static str, &'static str)], &'static str);

const MISTAKES: &[Mistake] = &[
    // The kustomization itself.
    ("resources: [web.yaml]\nresorces: []\n", &[], "kustomize unknown-field app/kustomization.yaml:2:1"),
    ("resources: web.yaml\n", &[], "kustomize wrong-type app/kustomization.yaml:1:12"),
    ("namespace: yes\n", &[], "kustomize wrong-type app/kustomization.yaml:1:12"),
    ("images: [{name: nginx, newTag: 2}]\n", &[], "kustomize wrong-type app/kustomization.yaml:1:32"),
    ("", &[], "kustomize empty-kustomization app/kustomization.yaml:1:1"),
    ("kind: Deployment\nresources: []\n", &[], "kustomize wrong-kind app/kustomization.yaml:1:7"),
    ("apiVersion: v1\nresources: []\n", &[], "kustomize wrong-api-version app/kustomization.yaml:1:13"),
    ("resources: [a\n", &[], "yaml syntax app/kustomization.yaml:1:12"),
    ("sortOptions: {}\nresources: []\n", &[], "kustomize bad-sort-options app/kustomization.yaml:1:14"),
    // What it names.
    ("resources:\n- none.yaml\n", &[], "file file-not-found app/kustomization.yaml:2:3"),
    (
        "resources:\n- ../web.yaml\n",
        &[("web.yaml", DEPLOYMENT)],
        "file load-restriction app/kustomization.yaml:2:3",
    ),
    ("resources:\n- ../../x\n", &[], "file outside-root app/kustomization.yaml:2:3"),
    ("resources:\n- /abs\n", &[], "file absolute-path app/kustomization.yaml:2:3"),
    ("resources:\n- .\n", &[], "kustomize cycle app/kustomization.yaml:2:3"),
    (
        "resources: [../b]\n",
        &[("b/kustomization.yaml", "resources: [../app]\n")],
        "kustomize cycle b/kustomization.yaml:1:13",
    ),
    (
        "resources: [b]\n",
        &[("app/b/x.yaml", DEPLOYMENT)],
        "kustomize no-kustomization app/kustomization.yaml:1:13",
    ),
    ("resources: [web.yaml, web.yaml]\n", &[], "kustomize duplicate-object app/web.yaml:3:18"),
    (
        "components: [b]\n",
        &[("app/b/kustomization.yaml", "resources: []\n")],
        "kustomize not-a-component app/kustomization.yaml:1:14",
    ),
    (
        "resources: [b]\n",
        &[("app/b/kustomization.yaml", "kind: Component\nnamePrefix: a-\n")],
        "kustomize is-a-component app/kustomization.yaml:1:13",
    ),
    (
        "resources: [x.yaml]\n",
        &[("app/x.yaml", "kind: ConfigMap\n")],
        "kustomize missing-name app/x.yaml:1:1",
    ),
    ("resources: [x.yaml]\n", &[("app/x.yaml", "a: 1\n")], "kustomize missing-kind app/x.yaml:1:1"),
    ("resources: [x.yaml]\n", &[("app/x.yaml", "a: [\n")], "yaml syntax app/x.yaml:1:4"),
    ("resources: [x.yaml]\n", &[("app/x.yaml", "kind: A\nkind: B\n")], "yaml duplicate-key app/x.yaml:2:1"),
    // What needs the network or a program.
    (
        "resources: ['https://github.com/o/r//x?ref=v1']\n",
        &[],
        "unsupported remote-base app/kustomization.yaml:1:13",
    ),
    ("resources: ['https://host/x.yaml']\n", &[], "unsupported remote-file app/kustomization.yaml:1:13"),
    ("helmCharts: [{name: x}]\n", &[], "unsupported helm app/kustomization.yaml:1:1"),
    (
        "resources: [web.yaml]\ntransformers: [t.yaml]\n",
        &[(
            "app/t.yaml",
            "apiVersion: example.com/v1\nkind: Mine\nmetadata: {name: t, annotations: {config.kubernetes.io/function: 'container: {image: i}'}}\n",
        )],
        "unsupported external-plugin app/t.yaml:1:1",
    ),
    // Patches.
    (
        "resources: [web.yaml]\npatches: [{path: none.yaml}]\n",
        &[],
        "file file-not-found app/kustomization.yaml:2:18",
    ),
    (
        "resources: [web.yaml]\npatches: [{path: web.yaml, patch: a}]\n",
        &[],
        "kustomize path-and-patch app/kustomization.yaml:2:35",
    ),
    (
        "resources: [web.yaml]\npatches: [{target: {kind: A}}]\n",
        &[],
        "kustomize neither-path-nor-patch app/kustomization.yaml:2:11",
    ),
    (
        "resources: [web.yaml]\npatches: [{path: p.yaml}]\n",
        &[("app/p.yaml", "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: wbe}\n")],
        "kustomize patch-target-not-found app/p.yaml:1:1",
    ),
    (
        "resources: [web.yaml]\npatches: [{path: p.yaml, target: {name: '('}}]\n",
        &[("app/p.yaml", DEPLOYMENT)],
        "kustomize bad-pattern app/kustomization.yaml:2:41",
    ),
    (
        "resources: [web.yaml]\npatches: [{path: p.yaml}]\n",
        &[("app/p.yaml", "[{\"op\": \"remove\", \"path\": \"/x\"}]")],
        "kustomize patch-without-target app/kustomization.yaml:2:18",
    ),
    (
        "resources: [web.yaml]\npatches: [{path: p.yaml, target: {kind: Deployment}}]\n",
        &[("app/p.yaml", "- op: remove\n  path: /spec/none\n")],
        "kustomize json-patch-missing-key app/p.yaml:1:3",
    ),
    (
        "resources: [web.yaml]\npatches: [{path: p.yaml, target: {kind: Deployment}}]\n",
        &[("app/p.yaml", "- op: move-it\n  path: /spec\n")],
        "kustomize json-patch-unknown-op app/p.yaml:1:7",
    ),
    (
        "resources: [web.yaml]\npatches: [{path: p.yaml}]\n",
        &[("app/p.yaml", "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: web}\nspec: text\n")],
        "kustomize patch-type-mismatch app/p.yaml:4:7",
    ),
    // Transformers and generators.
    (
        "resources: [web.yaml]\nreplicas: [{name: wbe, count: 2}]\n",
        &[],
        "kustomize replicas-without-target app/kustomization.yaml:2:19",
    ),
    (
        "configMapGenerator: [{name: c, literals: [novalue]}]\n",
        &[],
        "kustomize bad-literal app/kustomization.yaml:1:43",
    ),
    (
        "configMapGenerator: [{name: c, files: [none]}]\n",
        &[],
        "file file-not-found app/kustomization.yaml:1:40",
    ),
    (
        "configMapGenerator: [{name: c, behavior: merge}]\n",
        &[],
        "kustomize generator-without-target app/kustomization.yaml:1:29",
    ),
    (
        "resources: [web.yaml]\nreplacements: [{source: {kind: Service}, targets: [{select: {kind: Deployment}}]}]\n",
        &[],
        "kustomize replacement-source-not-found app/kustomization.yaml:2:25",
    ),
    (
        "resources: [web.yaml]\nreplacements: [{source: {kind: Deployment}, targets: [{select: {kind: Deployment}, fieldPaths: [spec.none]}]}]\n",
        &[],
        "kustomize target-field-not-found app/kustomization.yaml:2:97",
    ),
    (
        "resources: [web.yaml]\nvars: [{name: X, objref: {kind: Service, name: s, apiVersion: v1}}]\n",
        &[],
        "kustomize var-without-object app/kustomization.yaml:2:15",
    ),
    (
        "resources: [web.yaml, b]\nnamespace: one\n",
        &[
            ("app/b/kustomization.yaml", "resources: [x.yaml]\n"),
            (
                "app/b/x.yaml",
                "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: web, namespace: two}\n",
            ),
        ],
        "kustomize id-conflict app/b/x.yaml:3:18",
    ),
    (
        "resources: [web.yaml]\nconfigurations: [c.yaml]\n",
        &[("app/c.yaml", "nameprefix: [{path: 1}]\n")],
        "kustomize wrong-type app/c.yaml:1:21",
    ),
];

#[test]
fn mistakes_have_kinds_codes_and_places() {
    let mut wrong = Vec::new();
    for (kustomization, more, want) in MISTAKES {
        let mut files =
            Memory::new().with("app/kustomization.yaml", *kustomization).with("app/web.yaml", DEPLOYMENT);
        for (path, text) in *more {
            files.insert(path, *text);
        }
        let found = match build(&files, "app", &BuildOptions::default()) {
            Ok(_) => "builds".to_owned(),
            Err(error) => {
                let place = error.location().map(ToString::to_string).unwrap_or_default();
                format!("{} {} {place}", error.kind().name(), error.code())
            }
        };
        if found != *want {
            wrong.push(format!("{kustomization:?} {more:?}\n  found  {found}\n  wanted {want}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
