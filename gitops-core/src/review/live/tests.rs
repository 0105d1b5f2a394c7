//! What a merge does to live objects: cases, and laws.

use std::collections::BTreeMap;

use proptest::prelude::*;
use serde_json::{Value as Json, json};

use super::compare::Sides;
use super::*;
use crate::files::Memory;
use crate::node::Node;
use crate::object::Object;
use crate::report::tests::rendered;
use crate::review::ReviewOptions;
use crate::review::model::NotChecked;
use crate::sources::{DiscoverOptions, Environment, discover};

const FLUX: &str = "apiVersion: kustomize.toolkit.fluxcd.io/v1
kind: Kustomization
metadata: {name: apps, namespace: flux-system}
spec: {path: ./apps, sourceRef: {kind: GitRepository, name: flux-system}}
";

const ARGO: &str = "apiVersion: argoproj.io/v1alpha1
kind: Application
metadata: {name: apps}
spec:
  source: {repoURL: https://git.example/repo, path: apps}
  destination: {namespace: web}
";

/// What a declaration deploys; without one, a kustomization.
fn environment(declaration: &str) -> Environment {
    let mut files = vec![("apps/kustomization.yaml", "{}")];
    if !declaration.is_empty() {
        files.push(("declared.yaml", declaration));
    }
    let files: Memory = files.into_iter().collect();
    discover(&files, &DiscoverOptions::default()).unwrap().environments.remove(0)
}

fn object(json: &Json) -> Object {
    Object::new(Node::from(json))
}

/// Both sides as texts of one file each; an empty text is a revision without objects.
fn compared(declaration: &str, base: &str, head: &str, live: &[Json]) -> (LiveReview, Vec<NotChecked>) {
    let environment = environment(declaration);
    let (before, after) = (rendered(&[("base.yaml", base)]), rendered(&[("head.yaml", head)]));
    let live: Vec<Object> = live.iter().map(object).collect();
    let options = ReviewOptions::default().with_live("*", live);
    let clusters = Clusters::new(&options, &[&environment]).unwrap();
    let cluster = clusters.of(&environment).unwrap();
    let mut notes = Vec::new();
    let sides = Sides { before: Some(&before), after: Some(&after) };
    (cluster.review(&sides, &environment, &options, &mut notes), notes)
}

/// `effect name: path live -> desired (cause manager) @line`, with a star for what the change touches.
fn told(review: &LiveReview) -> Vec<String> {
    let value = |value: &Option<Json>| value.as_ref().map_or_else(|| "nothing".into(), Json::to_string);
    let told = |object: &LiveObject| {
        let star = if object.touched { "*" } else { "" };
        let mut out = format!("{star}{} {}", object.effect.name(), object.id.name);
        for field in &object.fields {
            let who = field.changed_by.as_ref().map_or("", |owner| owner.manager.as_str());
            let line = field.location.as_ref().map_or(0, |place| place.line);
            let (live, desired, cause) = (value(&field.live), value(&field.desired), field.cause.name());
            out.push_str(&format!("; {} {live} -> {desired} ({cause} {who}) @{line}", field.path));
        }
        object.reasons.iter().for_each(|reason| out.push_str(&format!("; {}", reason.code)));
        out
    };
    review.objects.iter().map(told).collect()
}

const OURS: &str = "kustomize-controller";

/// A ConfigMap as text.
fn text(name: &str, data: &[(&str, &str)]) -> String {
    let lines: String = data.iter().map(|(key, value)| format!("  {key}: {value}\n")).collect();
    let data = if data.is_empty() { String::new() } else { format!("data:\n{lines}") };
    format!("apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: {name}\n  namespace: web\n{data}")
}

/// The same as it lives: who set which value.
fn live(name: &str, data: &[(&str, &str, &str)]) -> Json {
    let mut fields: BTreeMap<&str, Json> = BTreeMap::new();
    for (key, _, manager) in data {
        fields.entry(manager).or_insert_with(|| json!({}))[format!("f:{key}")] = json!({});
    }
    let entry = |(manager, fields): (&str, Json)| {
        let operation = if manager == OURS { "Apply" } else { "Update" };
        json!({"manager": manager, "operation": operation, "apiVersion": "v1", "fieldsType": "FieldsV1",
            "time": "2026-01-02T03:04:05Z", "fieldsV1": {"f:data": fields}})
    };
    let managed: Vec<Json> = fields.into_iter().map(entry).collect();
    let data: BTreeMap<&str, &str> = data.iter().map(|(key, value, _)| (*key, *value)).collect();
    json!({"apiVersion": "v1", "kind": "ConfigMap", "data": data,
        "metadata": {"name": name, "namespace": "web", "uid": "1", "managedFields": managed}})
}

#[test]
fn what_was_changed_in_the_cluster_is_overwritten_or_kept() {
    let (by_us, by_hand, by_other) = (OURS, "kubectl-edit", "some-operator");
    let base = text("c", &[("j", "x"), ("k", "old")]);
    let other = text("c", &[("j", "y"), ("k", "old")]);
    let edited = live("c", &[("j", "x", by_us), ("k", "mine", by_hand)]);
    let overwritten = r#"c; data.k "mine" -> "old" (editedByHand kubectl-edit) @8"#;
    for (what, head, live, want) in [
        ("nothing happened", other.clone(), live("c", &[("j", "x", by_us), ("k", "old", by_us)]), vec![]),
        (
            "the change is about another field",
            other.clone(),
            edited.clone(),
            vec![format!("*overwritten {overwritten}")],
        ),
        (
            "the change is about nothing",
            base.clone(),
            edited.clone(),
            vec![format!("overwritten {overwritten}")],
        ),
        (
            "the change is about the field",
            text("c", &[("j", "x"), ("k", "new")]),
            edited.clone(),
            vec![r#"*overwritten c; data.k "mine" -> "new" (editedByHand kubectl-edit) @8"#.into()],
        ),
        (
            "the change brings into Git what lives",
            text("c", &[("j", "x"), ("k", "mine")]),
            edited.clone(),
            vec![],
        ),
        ("the change lets go of the field", text("c", &[("j", "x")]), edited.clone(), vec![]),
        (
            "an operator did it",
            other.clone(),
            live("c", &[("j", "x", by_us), ("k", "theirs", by_other)]),
            vec![r#"*overwritten c; data.k "theirs" -> "old" (otherController some-operator) @8"#.into()],
        ),
        (
            "a field was taken away by hand",
            other.clone(),
            live("c", &[("j", "x", by_us)]),
            vec![r#"*overwritten c; data.k nothing -> "old" (notYetApplied ) @8"#.into()],
        ),
        (
            "the cluster is behind base",
            other.clone(),
            live("c", &[("j", "x", by_us), ("k", "older", by_us)]),
            vec![],
        ),
        (
            "what was set by hand beside Git comes to Git otherwise",
            text("c", &[("j", "x"), ("k", "old"), ("z", "ours")]),
            live("c", &[("j", "x", by_us), ("k", "old", by_us), ("z", "mine", by_hand)]),
            vec![r#"*overwritten c; data.z "mine" -> "ours" (editedByHand kubectl-edit) @9"#.into()],
        ),
        (
            "what was set by hand beside Git stays",
            other.clone(),
            live("c", &[("j", "x", by_us), ("k", "old", by_us), ("z", "mine", by_hand)]),
            vec![],
        ),
    ] {
        let (review, notes) = compared("", &base, &head, &[live]);
        assert_eq!(told(&review), want, "{what}");
        assert_eq!((review.compared, notes), (1, vec![]), "{what}");
        assert_eq!(review.not_yet_applied, usize::from(what.contains("behind")), "{what}");
    }
}

#[test]
fn flux_takes_away_what_people_added() {
    let base = text("c", &[("k", "old")]);
    let edited = live("c", &[("k", "old", OURS), ("z", "mine", "kubectl-edit")]);
    let (review, _) = compared(FLUX, &base, &text("c", &[("k", "new")]), &[edited]);
    assert_eq!(told(&review), [r#"*overwritten c; data.z "mine" -> nothing (editedByHand kubectl-edit) @7"#]);
}

#[test]
fn flux_leaves_what_it_merges_with() {
    let merged = |value: &str| {
        text("c", &[("k", value)])
            .replace("  name:", "  annotations: {kustomize.toolkit.fluxcd.io/ssa: merge}\n  name:")
    };
    let mut edited = live("c", &[("k", "old", OURS), ("z", "mine", "kubectl-edit")]);
    edited["metadata"]["annotations"] = json!({"kustomize.toolkit.fluxcd.io/ssa": "merge"});
    assert_eq!(told(&compared(FLUX, &merged("old"), &merged("new"), &[edited]).0), Vec::<String>::new());
}

#[test]
fn what_rules_ignore_is_left_alone_if_the_tool_does_so() {
    let rules = "  ignoreDifferences: [{kind: ConfigMap, jsonPointers: [/data/k]}]\n";
    let respected = format!("{ARGO}{rules}  syncPolicy: {{syncOptions: [RespectIgnoreDifferences=true]}}\n");
    let flux = FLUX.replace("spec: {", "spec: {ignore: [{paths: [/data/k]}], ");
    let (base, head) = (text("c", &[("j", "1"), ("k", "old")]), text("c", &[("j", "2"), ("k", "old")]));
    let edited = live("c", &[("j", "1", OURS), ("k", "mine", "kubectl-edit")]);
    for (declaration, fields) in [(format!("{ARGO}{rules}"), 1), (respected, 0), (flux, 0), (FLUX.into(), 1)]
    {
        let (review, notes) = compared(&declaration, &base, &head, std::slice::from_ref(&edited));
        assert_eq!(
            review.objects.iter().map(|object| object.fields.len()).sum::<usize>(),
            fields,
            "{declaration}"
        );
        assert_eq!(notes, []);
    }
    let broken = FLUX.replace("spec: {", "spec: {ignore: [{paths: [k]}], ");
    assert_eq!(compared(&broken, &base, &head, &[edited]).1[0].code, "bad-ignore-rule");
}

#[test]
fn objects_come_and_go() {
    let (a, b) = (text("a", &[("k", "v")]), text("b", &[("k", "v")]));
    let lives = live("a", &[("k", "v", OURS)]);
    let kept = |key: &str, value: &str| {
        let mut kept = lives.clone();
        kept["metadata"]["annotations"] = json!({key: value});
        kept
    };
    let argo = |policy: &str| format!("{ARGO}  syncPolicy: {policy}\n");
    let both = format!("{a}---\n{b}");
    let changed = format!("{}---\n{b}", text("a", &[("k", "w")]));
    let marked = |mark: &str| a.replace("  name:", &format!("  annotations: {{{mark}}}\n  name:"));
    let (ignored, hook) =
        (marked("kustomize.toolkit.fluxcd.io/ssa: Ignore"), marked("argocd.argoproj.io/hook: Sync"));
    let owned = kept("argocd.argoproj.io/tracking-id", "shop:/ConfigMap:web/a");
    for (what, declaration, base, head, live, want) in [
        (
            "deleted in the cluster",
            "",
            &both,
            &changed,
            vec![live("b", &[("k", "v", OURS)])],
            vec!["*broughtBack a"],
        ),
        ("deleted, and not touched", "", &both, &changed, vec![lives.clone()], vec![r#"broughtBack b"#]),
        ("all deleted", "", &a, &text("a", &[("k", "w")]), vec![], vec!["*broughtBack a"]),
        ("left out", "", &a, &ignored, vec![], vec![]),
        ("hooks run anew", ARGO, &a, &hook, vec![], vec![]),
        (
            "exists already",
            "",
            &b,
            &both,
            vec![lives.clone(), live("b", &[("k", "v", OURS)])],
            vec!["*takenOver a"],
        ),
        (
            "exists already, otherwise",
            "",
            &b,
            &changed,
            vec![lives.clone(), live("b", &[("k", "v", OURS)])],
            vec![r#"*takenOver a; data.k "v" -> "w" (notYetApplied ) @7"#],
        ),
        (
            "belongs to somebody",
            "",
            &b,
            &both,
            vec![owned.clone(), live("b", &[("k", "v", OURS)])],
            vec!["*takenOver a; owned-by-another"],
        ),
        ("is new", "", &b, &both, vec![live("b", &[("k", "v", OURS)])], vec![]),
        ("removed", "", &both, &b, vec![lives.clone(), live("b", &[("k", "v", OURS)])], vec!["*pruned a"]),
        ("removed, and gone already", "", &both, &b, vec![live("b", &[("k", "v", OURS)])], vec![]),
        (
            "removed and protected",
            ARGO,
            &a,
            &String::new(),
            vec![kept("argocd.argoproj.io/sync-options", "Prune=false")],
            vec!["*leftBehind a; protected"],
        ),
        ("removed by hand-made syncs", ARGO, &a, &String::new(), vec![lives.clone()], vec!["*pruned a"]),
        (
            "removed without pruning",
            &argo("{automated: {}}"),
            &a,
            &String::new(),
            vec![lives.clone()],
            vec!["*leftBehind a; prune-disabled"],
        ),
        (
            "removed with pruning",
            &argo("{automated: {prune: true}}"),
            &a,
            &String::new(),
            vec![lives.clone()],
            vec!["*pruned a"],
        ),
        (
            "removed by Flux without pruning",
            &FLUX.replace("spec: {", "spec: {prune: false, "),
            &a,
            &String::new(),
            vec![lives.clone()],
            vec!["*leftBehind a; prune-disabled"],
        ),
    ] {
        let (review, _) = compared(declaration, base, head, &live);
        assert_eq!(told(&review), want, "{what}");
    }
}

#[test]
fn what_the_server_refuses_is_told() {
    let deployment = |name: &str, app: &str, mark: &str| {
        format!(
            "apiVersion: apps/v1
kind: Deployment
metadata: {{name: {name}, namespace: web, annotations: {{{mark}}}}}
spec:
  selector: {{matchLabels: {{app: {app}}}}}
  template:
    metadata: {{labels: {{app: {app}}}}}
    spec: {{containers: [{{name: web, image: a}}]}}
"
        )
    };
    let lives =
        serde_json::to_value(&rendered(&[("w", &deployment("web", "a", ""))]).objects[0].node).unwrap();
    let forced = FLUX.replace("spec: {", "spec: {force: true, ");
    let (plain, flux) = ("a: b", "kustomize.toolkit.fluxcd.io/force: Enabled");
    let argo = "argocd.argoproj.io/sync-options: 'Force=true,Replace=true'";
    let (refused, replaced) = (["*refused web; immutable-field"], ["*replaced web; immutable-field"]);
    for (declaration, mark, want) in [
        ("", plain, &refused),
        (FLUX, plain, &refused),
        (FLUX, flux, &replaced),
        (forced.as_str(), plain, &replaced),
        (ARGO, plain, &refused),
        (ARGO, argo, &replaced),
        (ARGO, flux, &refused),
    ] {
        let (base, head) = (deployment("web", "a", mark), deployment("web", "b", mark));
        let mut live = lives.clone();
        live["metadata"]["annotations"] = serde_json::to_value(&rendered(&[("w", &base)]).objects[0].node)
            .unwrap()["metadata"]["annotations"]
            .clone();
        let (review, _) = compared(declaration, &base, &head, std::slice::from_ref(&live));
        assert_eq!(told(&review), want, "{mark} {declaration}");
        assert!(review.objects[0].reasons[0].message.starts_with("spec.selector cannot change"));
        // The change that the server would refuse is there before it is made.
        assert_eq!(told(&compared(declaration, &base, &base, &[live]).0), Vec::<String>::new());
    }
    let (review, _) = compared("", &deployment("other", "a", ""), &deployment("web", "b", ""), &[lives]);
    assert!(told(&review)[0].starts_with("*refused web; spec.selector.matchLabels.app"), "{review:?}");
}

#[test]
fn generated_names_are_one_object() {
    let (base, head) = (text("c-5h9fc8m2kt", &[("k", "old")]), text("c-g4hk9g2ff8", &[("k", "new")]));
    let edited = live("c-5h9fc8m2kt", &[("k", "mine", "kubectl-edit")]);
    let (review, _) = compared("", &base, &head, &[edited]);
    assert_eq!(
        told(&review),
        [r#"*overwritten c-g4hk9g2ff8; data.k "mine" -> "new" (editedByHand kubectl-edit) @7"#]
    );
    assert_eq!(told(&compared("", &base, &head, &[]).0), Vec::<String>::new());
}

#[test]
fn lists_that_are_replaced_whole_and_secrets() {
    let deployment = |image: &str, args: &str| {
        format!(
            "apiVersion: apps/v1
kind: Deployment
metadata: {{name: web, namespace: web}}
spec:
  selector: {{matchLabels: {{app: web}}}}
  template:
    metadata: {{labels: {{app: web}}}}
    spec:
      containers:
      - name: web
        image: {image}
        args: {args}
"
        )
    };
    let secret = |value: &str| {
        format!(
            "apiVersion: v1\nkind: Secret\nmetadata: {{name: s, namespace: web, labels: {{v: {value}}}}}\ndata: {{p: aHVudGVyMg==}}\n"
        )
    };
    let managed = |of: Json| json!([{"manager": "kubectl-edit", "operation": "Update", "time": "2026-01-02T03:04:05Z", "fieldsV1": of}]);
    let mut web =
        serde_json::to_value(&rendered(&[("w", &deployment("a:1", "[x, mine]"))]).objects[0].node).unwrap();
    web["metadata"]["managedFields"] = managed(json!({"f:spec": {"f:template": {"f:spec": {"f:containers":
        {"k:{\"name\":\"web\"}": {"f:args": {}}}}}}}));
    let mut token = serde_json::to_value(&rendered(&[("s", &secret("a"))]).objects[0].node).unwrap();
    token["data"]["p"] = json!("bWluZQ==");
    token["metadata"]["managedFields"] = managed(json!({"f:data": {"f:p": {}}}));
    let base = format!("{}---\n{}", deployment("a:1", "[x]"), secret("a"));
    let head = format!("{}---\n{}", deployment("a:2", "[x, z]"), secret("b"));
    let (review, _) = compared("", &base, &head, &[token, web]);
    assert_eq!(
        told(&review),
        [
            r#"*overwritten web; spec.template.spec.containers[web].args[1] "mine" -> "z" (editedByHand kubectl-edit) @12"#,
            r#"*overwritten s; data.p "(secret value)" -> "(secret value, changed)" (editedByHand kubectl-edit) @17"#,
        ]
    );
    let shown = format!("{review:?}");
    assert!(!shown.contains("bWluZQ==") && !shown.contains("aHVudGVyMg=="), "{shown}");
}

#[test]
fn what_lives_elsewhere_is_told() {
    let base = text("c", &[("k", "old")]);
    let codes = |live: &[Json]| {
        let (review, notes) = compared("", &base, &base, live);
        (told(&review).len(), notes.into_iter().map(|note| note.code).collect::<Vec<_>>())
    };
    assert_eq!(codes(&[live("d", &[])]), (1, vec!["live-objects-unrelated".to_owned()]));
    let mut autoscaler = json!({"apiVersion": "autoscaling/v1", "kind": "HorizontalPodAutoscaler",
        "metadata": {"name": "h", "namespace": "web"}, "spec": {"maxReplicas": 3}});
    let head = "apiVersion: autoscaling/v2\nkind: HorizontalPodAutoscaler\nmetadata: {name: h, namespace: web}\nspec: {maxReplicas: 2}\n";
    let (review, notes) = compared("", head, head, &[autoscaler.clone()]);
    assert_eq!((told(&review).len(), notes[0].code.as_str()), (0, "live-not-compared"));
    // Of two versions that were read, the one that Git has is compared.
    autoscaler["apiVersion"] = json!("autoscaling/v2");
    autoscaler["spec"]["maxReplicas"] = json!(2);
    let old = json!({"apiVersion": "autoscaling/v1", "kind": "HorizontalPodAutoscaler",
        "metadata": {"name": "h", "namespace": "web"}, "spec": {"maxReplicas": 2}});
    for live in [[old.clone(), autoscaler.clone()], [autoscaler, old]] {
        let (review, notes) = compared("", head, head, &live);
        assert_eq!((told(&review).len(), notes.len()), (0, 0));
    }
}

#[test]
fn a_name_that_means_nothing_is_an_error() {
    let options = ReviewOptions::default().with_live("prod", Vec::new());
    let environment = environment("");
    let error = Clusters::new(&options, &[&environment]).err().unwrap();
    assert_eq!(error.code(), "unknown-environment");
}

type Data = BTreeMap<String, String>;

fn data() -> impl Strategy<Value = Data> {
    proptest::collection::btree_map("[a-d]", "[pqr]", 0..4)
}

fn borrowed(data: &Data) -> Vec<(&str, &str)> {
    data.iter().map(|(key, value)| (key.as_str(), value.as_str())).collect()
}

proptest! {
    /// Of every field it can be said beforehand whether the merge overwrites it.
    #[test]
    fn exactly_what_head_sets_otherwise_is_overwritten(
        base in data(), head in data(), edits in proptest::collection::btree_map("[a-e]", "[pqr-]", 0..3),
    ) {
        // The mapping itself stays.
        let (mut base, mut head) = (base, head);
        base.insert("z".into(), "s".into());
        head.insert("z".into(), "s".into());
        let mut lives: Vec<(&str, &str, &str)> = Vec::new();
        for (key, value) in &base {
            if !edits.contains_key(key) {
                lives.push((key, value, OURS));
            }
        }
        for (key, value) in edits.iter().filter(|(_, value)| *value != "-") {
            lives.push((key, value, "kubectl-edit"));
        }
        let of = |key: &str| lives.iter().find(|(name, ..)| *name == key).map(|(_, value, _)| *value);
        let want: Vec<String> = head
            .iter()
            .filter(|(key, value)| {
                of(key) != Some(value) && of(key) != base.get(*key).map(String::as_str)
            })
            .map(|(key, _)| format!("data.{key}"))
            .collect();
        let (review, _) = compared("", &text("c", &borrowed(&base)), &text("c", &borrowed(&head)), &[live("c", &lives)]);
        let got: Vec<String> = review.objects.iter().flat_map(|object| &object.fields).map(|field| field.path.clone()).collect();
        prop_assert_eq!(got, want);
    }

    /// Where the cluster is as base says, the merge does what Git shows, whatever the order of what is given.
    #[test]
    fn nothing_happens_behind_the_back_of_git(base in proptest::collection::vec(data(), 1..5), head in proptest::collection::vec(data(), 1..5)) {
        let texts = |all: &[Data]| -> String {
            let each: Vec<_> = all.iter().enumerate().map(|(at, data)| text(&format!("c{at}"), &borrowed(data))).collect();
            each.join("---\n")
        };
        let mut lives: Vec<Json> = base.iter().enumerate().map(|(at, data)| {
            let data: Vec<_> = data.iter().map(|(key, value)| (key.as_str(), value.as_str(), OURS)).collect();
            live(&format!("c{at}"), &data)
        }).collect();
        let (review, notes) = compared("", &texts(&base), &texts(&head), &lives);
        lives.reverse();
        prop_assert_eq!(&review, &compared("", &texts(&base), &texts(&head), &lives).0);
        prop_assert!(notes.is_empty());
        prop_assert_eq!(review.not_yet_applied, 0);
        prop_assert_eq!(review.objects.len(), base.len().saturating_sub(head.len()));
        prop_assert!(review.objects.iter().all(|object| object.effect == LiveEffect::Pruned));
    }
}
