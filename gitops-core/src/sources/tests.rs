//! Small repositories in memory, and what a reviewer is told about them.

use super::*;
use crate::files::Memory;

fn shown_discovery(files: &Memory) -> String {
    let found = discover(files, &DiscoverOptions::default()).unwrap();
    let mut out = String::new();
    for environment in &found.environments {
        out += &format!("{} -> {}", environment.name, shown(&environment.path));
        if let Some(location) = &environment.path_location {
            out += &format!(" at {location}");
        }
        out += &format!(" ({:?}", environment.origin.kind);
        let labelled = [
            ("cluster", environment.cluster.as_deref()),
            ("namespace", environment.target_namespace.as_deref()),
            ("revision", environment.target_revision.as_deref()),
        ];
        for (label, value) in labelled {
            out += &value.map(|value| format!(", {label} {value}")).unwrap_or_default();
        }
        if environment.suspended {
            out += ", suspended";
        }
        if !environment.policy_paths.is_empty() {
            out += &format!(", policies {}", environment.policy_paths.join(" "));
        }
        if let Some(map) = environment.overrides.as_ref().and_then(Node::as_map) {
            let keys: Vec<&str> = map.keys().map(|key| key.as_str()).collect();
            out += &format!(", overrides {}", keys.join(" "));
        }
        out += ")\n";
        for problem in &environment.unsupported {
            out += &format!("    [{}] {problem}\n", problem.code);
        }
    }
    for environment in &found.unreached {
        out += &format!("unreached {}\n", environment.name);
    }
    for warning in &found.warnings {
        out += &format!("[{}] {warning}\n", warning.code);
    }
    out
}

const KUSTOMIZATION: &str = "resources: []\n";

fn flux(name: &str, path: &str, source: &str, more: &str) -> String {
    format!(
        "apiVersion: kustomize.toolkit.fluxcd.io/v1\nkind: Kustomization\nmetadata:\n  name: {name}\n  \
         namespace: flux-system\nspec:\n  path: {path}\n  sourceRef: {{kind: GitRepository, name: {source}}}\n{more}"
    )
}

#[test]
fn flux_kustomizations_are_environments_of_their_cluster() {
    let files = Memory::new()
        .with("clusters/prod/apps.yaml", flux("apps", "./apps/prod", "flux-system", ""))
        .with(
            "clusters/staging/apps.yaml",
            [
                flux("apps", "/apps/staging/", "flux-system", "  suspend: true\n  targetNamespace: web\n"),
                "---\n".into(),
                flux("gone", "apps/../gone", "flux-system", ""),
            ]
            .concat(),
        )
        .with("clusters/prod/self.yaml", flux("flux-system", "clusters/prod", "flux-system", ""))
        .with(
            "clusters/prod/more.yaml",
            flux(
                "more",
                "apps/more",
                "flux-system",
                "  postBuild:\n    substitute: {a: b}\n  decryption: {provider: sops}\n  components: [../component]\n  \
                 images: [{name: a, newTag: b}]\n  interval: 1h\n",
            ),
        )
        .with("clusters/prod/other.yaml", flux("other", "apps/prod", "elsewhere", ""))
        // A patch for a declaration, no declaration itself.
        .with(
            "apps/patch.yaml",
            "apiVersion: kustomize.toolkit.fluxcd.io/v1\nkind: Kustomization\nmetadata: {name: apps}\nspec: {path: ./x}\n",
        )
        .with("apps/prod/kustomization.yaml", "resources: [../base]\n")
        .with("apps/base/kustomization.yaml", KUSTOMIZATION)
        .with("apps/component/kustomization.yaml", "kind: Component\n")
        .with("apps/staging/a.yaml", "a: 1")
        .with("apps/more/b.yaml", "a: 1")
        .with("lost/kustomization.yaml", KUSTOMIZATION)
        .with("templates/broken.yaml", "apiVersion: argoproj.io/v1alpha1\nkind: {{ b }}: c\n")
        .with(".github/x.yaml", flux("hidden", "apps/prod", "flux-system", ""))
        .with("web/node_modules/x.yaml", flux("vendored", "apps/prod", "flux-system", ""));
    insta::assert_snapshot!(shown_discovery(&files));
}

#[test]
fn flux_artifacts_lead_back_to_the_repository() {
    let generator = |cluster: &str| {
        format!(
            "apiVersion: source.extensions.fluxcd.io/v1beta1\nkind: ArtifactGenerator\nmetadata: {{name: g}}\nspec:\n  \
             sources: [{{alias: mono, kind: GitRepository, name: flux-system}}]\n  artifacts:\n  - name: apps\n    copy:\n    \
             - {{from: \"@mono/apps/base/**\", to: \"@artifact/base/\"}}\n    \
             - {{from: \"@mono/apps/{cluster}/**\", to: \"@artifact/this/\"}}\n    \
             - {{from: \"@mono/apps/*.yaml\", to: \"@artifact/odd/\"}}\n"
        )
    };
    let apps = |path: &str| flux("apps", path, "apps", "").replace("GitRepository", "ExternalArtifact");
    let files = Memory::new()
        .with("clusters/a/artifacts.yaml", generator("a"))
        .with("clusters/b/artifacts.yaml", generator("b"))
        .with("clusters/a/apps.yaml", apps("./this/web"))
        .with("clusters/b/apps.yaml", apps("./this/web"))
        .with("clusters/b/odd.yaml", apps("./odd"))
        .with("apps/a/web/kustomization.yaml", KUSTOMIZATION)
        .with("apps/b/web/kustomization.yaml", KUSTOMIZATION);
    insta::assert_snapshot!(shown_discovery(&files), @r#"
    a/apps -> apps/a/web at clusters/a/apps.yaml:7:9 (Flux, cluster a)
    b/apps -> apps/b/web at clusters/b/apps.yaml:7:9 (Flux, cluster b)
    [other-source] clusters/b/odd.yaml:8:45: not checked: the Flux Kustomization `apps` deploys `odd` from the ExternalArtifact `apps`, which is not this repository
    "#);
}

#[test]
fn flux_bootstrap_names_the_cluster() {
    let sync = |dir: &str| flux("flux-system", &format!("./{dir}"), "flux-system", "");
    let instance = "apiVersion: fluxcd.controlplane.io/v1\nkind: FluxInstance\nmetadata: {name: flux}\nspec:\n  sync:\n    \
                    kind: GitRepository\n    url: https://git.example/fleet\n    path: clusters/c\n";
    let files = Memory::new()
        .with("fleet/eu/flux-system/gotk-sync.yaml", sync("fleet/eu"))
        .with("fleet/us/flux-system/gotk-sync.yaml", sync("fleet/us"))
        .with("fleet/us/apps/web.yaml", flux("web", "apps/web", "flux-system", ""))
        .with("clusters/c/instance.yaml", instance)
        .with("apps/web/web.yaml", "a: 1");
    insta::assert_snapshot!(shown_discovery(&files), @r#"
    c/flux-system -> clusters/c at clusters/c/instance.yaml:8:11 (Flux, cluster c)
    eu/flux-system -> fleet/eu at fleet/eu/flux-system/gotk-sync.yaml:7:9 (Flux, cluster eu)
    us/flux-system -> fleet/us at fleet/us/flux-system/gotk-sync.yaml:7:9 (Flux, cluster us)
    us/web -> apps/web at fleet/us/apps/web.yaml:7:9 (Flux, cluster us)
    "#);
}

#[test]
fn equal_names_are_told_apart() {
    let namespace =
        |text: String, name: &str| text.replace("namespace: flux-system", &format!("namespace: {name}"));
    let files = Memory::new()
        .with("a/x.yaml", namespace(flux("web", "apps/a", "flux-system", ""), "team-a"))
        .with("b/x.yaml", namespace(flux("web", "apps/b", "flux-system", ""), "team-b"))
        .with("c/x.yaml", flux("db", "apps/a", "flux-system", ""))
        .with("d/x.yaml", flux("db", "apps/b", "flux-system", ""))
        .with("e/x.yaml", flux("log", "apps/a", "flux-system", ""))
        .with("f/x.yaml", flux("log", "apps/a", "flux-system", ""))
        .with(
            "g/x.yaml",
            flux("dns", "apps/a", "flux-system", "---\n") + &flux("dns", "apps/a", "flux-system", ""),
        )
        .with("apps/a/a", "")
        .with("apps/b/b", "");
    let found = discover(&files, &DiscoverOptions::default()).unwrap();
    let names: Vec<&str> = found.environments.iter().map(|environment| environment.name.as_str()).collect();
    insta::assert_snapshot!(names.join("\n"), @r#"
    db (apps/a)
    db (apps/b)
    dns #1
    dns #2
    log in e/x.yaml
    log in f/x.yaml
    team-a/web
    team-b/web
    "#);
}

fn argo(name: &str, spec: &str) -> String {
    format!(
        "apiVersion: argoproj.io/v1alpha1\nkind: Application\nmetadata: {{name: {name}, namespace: argocd}}\nspec:\n{spec}"
    )
}

#[test]
fn argo_applications_are_environments_of_their_destination() {
    let ours = "https://github.com/acme/fleet.git";
    let files = Memory::new()
        .with(
            "apps.yaml",
            [
                argo("web", &format!("  source: {{repoURL: {ours}, path: web/prod, targetRevision: v1}}\n  destination: {{name: prod, namespace: web}}\n")),
                argo("ssh", "  source: {repoURL: 'git@github.com:Acme/fleet', path: ./web/prod}\n  destination: {server: https://kubernetes.default.svc}\n"),
                argo("remote", &format!("  source:\n    repoURL: {ours}\n    path: plain\n    directory: {{recurse: true, exclude: x}}\n  destination: {{server: 'https://10.1.2.3:6443'}}\n")),
                argo("other", "  source: {repoURL: https://user:token@github.com/acme/other, path: web/prod}\n"),
                argo("chart", "  sources:\n  - {repoURL: https://charts.example, chart: redis, targetRevision: 1.0.0}\n  - {repoURL: https://github.com/acme/fleet, ref: values}\n"),
                argo("local-chart", &format!("  source:\n    repoURL: {ours}\n    path: chart\n    helm: {{values: a}}\n")),
                argo("plain-chart", &format!("  source:\n    repoURL: {ours}\n    path: chart\n")),
                argo("two", &format!("  sources:\n  - {{repoURL: {ours}, path: web/prod}}\n  - {{repoURL: {ours}, path: plain}}\n")),
                argo("changed", &format!("  source:\n    repoURL: {ours}\n    path: web/prod\n    kustomize:\n      namePrefix: a-\n      images: [a=b]\n")),
                argo("gone", &format!("  source: {{repoURL: {ours}, path: nowhere}}\n")),
            ]
            .join("---\n"),
        )
        .with("set.yaml", "apiVersion: argoproj.io/v1alpha1\nkind: ApplicationSet\nmetadata: {name: all}\nspec: {}\n")
        .with("list.json.yaml", "apiVersion: v1\nkind: List\nitems:\n- apiVersion: argoproj.io/v1alpha1\n  kind: Application\n  metadata: {name: listed}\n  spec: {source: {repoURL: https://github.com/acme/fleet, path: plain}}\n")
        .with("web/prod/kustomization.yaml", "resources: [../base]\n")
        .with("web/base/kustomization.yml", KUSTOMIZATION)
        .with("plain/a.yaml", "a: 1")
        .with("chart/Chart.yaml", "name: c")
        .with("chart/templates/app.yaml", argo("{{ .Values.name }}", ""));
    insta::assert_snapshot!(shown_discovery(&files));
}

#[test]
fn security_tower_stages_are_environments() {
    let files = Memory::new()
        .with(
            ".securitytower/prod.yaml",
            "apiVersion: securitytower.io/v1alpha1\nkind: Cluster\nmetadata:\n  name: prod\nspec:\n  policies:\n    path: /policies\n  \
             namespaces:\n  - path: namespaces\n",
        )
        .with(
            ".securitytower/web.yaml",
            "apiVersion: securitytower.io/v1alpha1\nkind: Application\nmetadata: {name: web}\nspec:\n  stages:\n  - name: test\n    \
             cluster: {name: dev}\n    resources:\n      path: web/test\n    targetNamespace: web-test\n  - name: live\n    \
             cluster: {name: prod}\n    resources: {path: web/live}\n",
        )
        .with(
            ".securitytower/one.yaml",
            "apiVersion: securitytower.io/v1alpha1\nkind: Application\nmetadata: {name: one}\nspec:\n  stages:\n  - name: only\n    \
             resources: {repository: 'https://github.com/acme/one', revision: main, path: k8s}\n",
        )
        .with("elsewhere/cluster.yaml", "apiVersion: securitytower.io/v1alpha1\nkind: Cluster\nmetadata: {name: no}\n")
        .with("web/test/a.yaml", "a: 1")
        .with("web/live/a.yaml", "a: 1");
    insta::assert_snapshot!(shown_discovery(&files), @r#"
    dev/web/test -> web/test at .securitytower/web.yaml:9:13 (SecurityTower, cluster dev, namespace web-test)
    prod/web/live -> web/live at .securitytower/web.yaml:13:23 (SecurityTower, cluster prod, policies policies)
    [other-source] .securitytower/one.yaml:7:29: not checked: the stage `only` of `one` deploys `k8s` from another repository
    "#);
    let found = discover(&files, &DiscoverOptions::default()).unwrap();
    insta::assert_json_snapshot!(found.clusters, @r#"
    [
      {
        "name": "prod",
        "policyPaths": [
          "policies"
        ],
        "namespacePaths": [
          "namespaces"
        ],
        "location": {
          "path": ".securitytower/prod.yaml",
          "line": 1,
          "column": 1
        }
      }
    ]
    "#);
}

#[test]
fn without_declarations_unused_kustomizations_are_environments() {
    let files = Memory::new()
        .with("base/kustomization.yaml", KUSTOMIZATION)
        .with(
            "overlays/prod/kustomization.yml",
            "resources: [../../base, https://example.com/x, /absolute]\ncomponents: [../../part]\n",
        )
        .with("overlays/dev/Kustomization", "bases: [../../base/]\n")
        .with("part/kustomization.yaml", "kind: Component\n")
        .with("self/kustomization.yaml", "resources: [.]\n")
        .with("broken/kustomization.yaml", "a: [\n");
    insta::assert_snapshot!(shown_discovery(&files), @r#"
    broken -> broken (Kustomization)
    overlays/dev -> overlays/dev (Kustomization)
    overlays/prod -> overlays/prod (Kustomization)
    self -> self (Kustomization)
    "#);
    let root = Memory::new()
        .with("kustomization.yaml", "resources: [a]\n")
        .with("a/kustomization.yaml", KUSTOMIZATION);
    insta::assert_snapshot!(shown_discovery(&root), @r#"
    . -> . (Kustomization)
    "#);
    assert_eq!(shown_discovery(&Memory::new()), "");
}

#[test]
fn bounds_hold() {
    let files = Memory::new().with("a.yaml", flux("a", "x", "flux-system", "")).with("b.yaml", "b: 1");
    let code = |files: &Memory, options: DiscoverOptions| discover(files, &options).unwrap_err().code();
    let options = DiscoverOptions::default;
    assert_eq!(code(&files, DiscoverOptions { max_files: 1, ..options() }), "too-many-files");
    assert_eq!(code(&files, DiscoverOptions { max_bytes: 100, ..options() }), "too-much-yaml");
    let deep = Memory::new().with(&format!("{}x.yaml", "d/".repeat(200)), "");
    assert_eq!(code(&deep, options()), "too-deep");
    let limits = Limits { max_bytes: 10, ..Limits::default() };
    let found = discover(&files, &DiscoverOptions { limits, ..options() }).unwrap();
    assert_eq!(found.warnings.iter().map(|warning| warning.code).collect::<Vec<_>>(), ["too-large"]);
}

#[test]
fn declarations_are_found_however_they_are_written() {
    for text in [
        r#"{"apiVersion": "argoproj.io/v1alpha1", "kind": "Application", "metadata": {"name": "x"}, "spec": {"source": {"path": "a"}}}"#,
        "'apiVersion':   'argoproj.io/v1alpha1'\nkind: Application\nmetadata: {name: x}\nspec: {source: {path: a}}",
        "kind: Application\nmetadata: {name: x}\nspec: {source: {path: a}}\napiVersion:\n  !!str argoproj.io/v1alpha1",
        "a: 1\n---\nkind: List\nitems:\n- kind: Application\n  apiVersion: &v argoproj.io/v1\n  metadata: {name: x}\n  spec: {source: {path: a}}",
    ] {
        let files = Memory::new().with("x.yaml", text).with("a/a.yaml", "");
        let found = discover(&files, &DiscoverOptions::default()).unwrap();
        assert_eq!(found.environments.len(), 1, "{text}");
        assert_eq!(found.warnings, [], "{text}");
    }
}
