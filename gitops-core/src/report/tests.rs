//! One hand-made review in every form, and laws that hold for all of them.

use proptest::prelude::*;
use serde_json::{Value as Json, json};

use crate::Diagnostic;
use crate::drift::{Cause, FieldDrift, FieldStatus, Owner};
use crate::kustomize::{Build, Cache};
use crate::node::Location;
use crate::object::{Object, ObjectId};
use crate::report::{MARKER, MarkdownOptions, review_json_schema};
use crate::review::*;
use crate::risk::{Acceptance, AcceptanceFinding};
use crate::yaml::{self, ReadOptions};

/// A rendering of texts at `(path, text)`, as if each document were an object.
pub(crate) fn rendered(files: &[(&str, &str)]) -> Build {
    let cache = Cache::new();
    let mut objects = Vec::new();
    for (path, text) in files {
        let file = cache.sources().add(*path, *text);
        let stream = yaml::read(cache.sources(), file, &ReadOptions::default()).unwrap();
        objects.extend(stream.documents.into_iter().map(Object::new));
    }
    Build {
        objects,
        warnings: Vec::new(),
        files_read: files.iter().map(|(path, _)| (*path).to_owned()).collect(),
        sources: cache.sources().clone(),
        history: None,
        secret_copies: Default::default(),
    }
}

const BASE: &[(&str, &str)] = &[
    (
        "base/web.yaml",
        "apiVersion: apps/v1
kind: Deployment
metadata:
  name: web
  namespace: team-a
spec:
  replicas: 2
  template:
    spec:
      containers:
      - name: web
        image: acme.example/live/web:1.4.2
        args: [--verbose, --port=80]
        envFrom:
        - configMapRef:
            name: settings-5h9fc8m2kt
        - secretRef:
            name: login
      - name: proxy
        image: acme.example/live/proxy:2
",
    ),
    (
        "base/settings.yaml",
        "apiVersion: v1
kind: ConfigMap
metadata:
  name: settings-5h9fc8m2kt
  namespace: team-a
data:
  mode: calm
  app.conf: |
    one
    two
    three
    four
---
apiVersion: batch/v1
kind: CronJob
metadata:
  name: sweep
  namespace: team-a
spec:
  jobTemplate:
    spec:
      template:
        spec:
          containers:
          - name: sweep
            image: acme.example/live/sweep:1
            envFrom:
            - configMapRef: {name: settings-5h9fc8m2kt}
---
apiVersion: v1
kind: Secret
metadata: {name: login, namespace: team-a}
stringData: {user: alice, password: hunter2}
---
apiVersion: v1
kind: Service
metadata: {name: old, namespace: team-a}
spec:
  ports: [{port: 80}]
",
    ),
];

const HEAD: &[(&str, &str)] = &[
    (
        "overlays/prod/web.yaml",
        "apiVersion: apps/v1
kind: Deployment
metadata:
  name: web
  namespace: team-a
spec:
  replicas: 3
  template:
    spec:
      containers:
      - name: web
        image: docker.io/library/nginx:1.27
        args: [--verbose, --port=8080]
        envFrom:
        - configMapRef:
            name: settings-g4hk9g2ff8
        - secretRef:
            name: login
      - name: proxy
        image: acme.example/live/proxy:3
        resources:
          limits: {memory: 64Mi}
",
    ),
    (
        "base/settings.yaml",
        "apiVersion: v1
kind: ConfigMap
metadata:
  name: settings-g4hk9g2ff8
  namespace: team-a
data:
  mode: \"```</details> @everyone\"
  app.conf: |
    one
    2
    three
    four
---
apiVersion: batch/v1
kind: CronJob
metadata:
  name: sweep
  namespace: team-a
spec:
  jobTemplate:
    spec:
      template:
        spec:
          containers:
          - name: sweep
            image: acme.example/live/sweep:1
            envFrom:
            - configMapRef: {name: settings-g4hk9g2ff8}
---
apiVersion: v1
kind: Secret
metadata: {name: login, namespace: team-a}
stringData: {user: alice, password: hunter3, token: sesame}
---
apiVersion: policy/v1
kind: PodDisruptionBudget
metadata: {name: web, namespace: team-a, labels: {app: web}}
spec:
  minAvailable: 1
",
    ),
];

fn id(api_version: &str, kind: &str, name: &str) -> ObjectId {
    ObjectId {
        api_version: api_version.into(),
        kind: kind.into(),
        namespace: "team-a".into(),
        name: name.into(),
    }
}

fn finding(status: FindingStatus, constraint: &str, action: &str, message: &str, line: u32) -> Finding {
    Finding {
        status,
        template: "K8sAllowedRepos".into(),
        constraint: constraint.into(),
        enforcement_action: action.into(),
        kind: FindingKind::Violation,
        object: id("apps/v1", "Deployment", "web"),
        container: Some("web".into()),
        path: Some("spec.template.spec.containers[web].image".into()),
        message: message.into(),
        location: Some(Location::new("overlays/prod/web.yaml", line, 16)),
        location_of: LocationOf::Value,
        previous_location: (status != FindingStatus::Resolved)
            .then(|| Location::new("base/web.yaml", 12, 16)),
        fingerprint: format!("{:032x}", line),
        accepted: None,
    }
}

/// A review with something of everything but live objects.
fn sample() -> Review {
    sample_with(None)
}

/// The same, compared with live objects.
fn live_sample() -> Review {
    let id = |kind: &str, name: &str| ObjectId {
        api_version: "v1".into(),
        kind: kind.into(),
        namespace: "team-a".into(),
        name: name.into(),
    };
    let field = |path: &str, live: Json, desired: Json, cause: Cause| FieldDrift {
        path: path.into(),
        pointer: format!("/{}", path.replace('.', "/")),
        status: if live.is_null() { FieldStatus::Missing } else { FieldStatus::Changed },
        live: Some(live).filter(|value| !value.is_null()),
        desired: Some(desired).filter(|value| !value.is_null()),
        cause,
        changed_by: (cause == Cause::EditedByHand).then(|| Owner {
            manager: "kubectl-edit".into(),
            operation: "Update",
            subresource: String::new(),
            time: "2026-01-02T03:04:05Z".into(),
        }),
        location: Some(Location::new("overlays/prod/web.yaml", 7, 13)),
    };
    let object = |effect, id, touched| LiveObject {
        effect,
        id,
        touched,
        fields: Vec::new(),
        reasons: Vec::new(),
        location: None,
    };
    let mut many: Vec<FieldDrift> = (0..25)
        .map(|n| field(&format!("data.k{n}"), "x".into(), "y".into(), Cause::OtherController))
        .collect();
    many.push(field(
        "data.k",
        Json::Null,
        json!({"a": ["</details> ```", "@everyone"]}),
        Cause::NotYetApplied,
    ));
    let reason = |code, message: &str| vec![Diagnostic::new(code, message)];
    let live = LiveReview {
        compared: 12,
        objects: vec![
            LiveObject {
                reasons: reason("immutable-field", "spec.selector cannot change"),
                ..object(LiveEffect::Refused, id("Job", "once"), true)
            },
            LiveObject {
                fields: vec![field("spec.replicas", json!(7), json!(3), Cause::EditedByHand)],
                ..object(LiveEffect::Overwritten, id("Deployment", "web"), true)
            },
            LiveObject { fields: many, ..object(LiveEffect::Overwritten, id("ConfigMap", "`|@a"), true) },
            object(LiveEffect::BroughtBack, id("Service", "web"), true),
            LiveObject {
                fields: vec![field("data.k", json!("v"), Json::Null, Cause::Unknown)],
                reasons: reason("owned-by-another", "Application shop has applied it"),
                ..object(LiveEffect::TakenOver, id("ConfigMap", "theirs"), true)
            },
            object(LiveEffect::TakenOver, id("ConfigMap", "same"), true),
            object(LiveEffect::Pruned, id("ConfigMap", "old-1"), true),
            object(LiveEffect::Pruned, id("ConfigMap", "old-2"), true),
            LiveObject {
                reasons: reason("prune-disabled", "pruning is off"),
                ..object(LiveEffect::LeftBehind, id("ConfigMap", "kept"), true)
            },
            LiveObject {
                fields: vec![field("data.k", json!("v"), json!("w"), Cause::EditedByHand)],
                ..object(LiveEffect::Overwritten, id("ConfigMap", "beside"), false)
            },
            object(LiveEffect::BroughtBack, id("ConfigMap", "gone"), false),
        ],
        not_yet_applied: 2,
    };
    sample_with(Some(live))
}

fn sample_with(live: Option<LiveReview>) -> Review {
    let (base, head) = (rendered(BASE), rendered(HEAD));
    let mut environments = Vec::new();
    for name in ["prod", "prod-2"] {
        let comparison = compare(Some(&base), Some(&head));
        let mut prod = EnvironmentReview::new(name, format!("overlays/{name}"), "flux");
        prod.cluster = Some("aks-1".into());
        prod.status = EnvironmentStatus::Changed;
        prod.objects = comparison.objects;
        prod.images = comparison.images;
        prod.findings = vec![
            finding(FindingStatus::Resolved, "repos", "deny", "gone", 7),
            finding(
                FindingStatus::New,
                "repos",
                "deny",
                "image <docker.io/library/nginx:1.27> is not from `live/`",
                12,
            ),
            finding(FindingStatus::StillThere, "tags", "dryrun", "no digest\nfor @web", 12),
            Finding {
                accepted: Some(Acceptance {
                    reason: "ask @vendor, <b>`twice`".into(),
                    ..Acceptance::example("web")
                }),
                ..finding(FindingStatus::New, "tags", "deny", "latest", 12)
            },
        ];
        prod.live = live.clone().filter(|_| name == "prod");
        environments.push(prod);
    }
    let mut broken = EnvironmentReview::new("broken", "overlays/broken", "kustomization");
    broken.status = EnvironmentStatus::Failed;
    broken.errors = vec![Diagnostic::new("file-not-found", "there is no `gone.yaml`").at(Location::new(
        "overlays/broken/kustomization.yaml",
        2,
        3,
    ))];
    environments.push(broken);
    environments.push(EnvironmentReview::new("quiet", "overlays/quiet", "flux"));
    let mut fresh = EnvironmentReview::new("fresh", "overlays/fresh", "argocd");
    fresh.status = EnvironmentStatus::Added;
    let comparison = compare(None, Some(&head));
    fresh.objects = comparison.objects;
    fresh.images = comparison.images;
    fresh.warnings = vec![Diagnostic::new("patch-unmatched", "a patch matches nothing")];
    environments.push(fresh);
    let mut review = Review::new(
        Revision::new("main", "1111111111111111111111111111111111111111"),
        Revision::new("feature|x", "2222222222222222222222222222222222222222"),
        12,
        environments,
        vec![Diagnostic::new("bad-template", "the template does not compile")],
        Vec::new(),
        vec![
            NotChecked::new("environment-failed", 1, "`broken` could not be rendered"),
            NotChecked::new("cel-template", 2, "templates written in CEL are not evaluated"),
        ],
    );
    let mut expired =
        AcceptanceFinding::new("acceptance-expired", "old", "RiskAcceptance old: it held until 2026-11-01");
    expired.location = Some(Location::new("risks/web.yaml", 20, 1));
    let unused = AcceptanceFinding::new(
        "acceptance-unused",
        "a|b",
        "RiskAcceptance a|b: there is no finding\nthat it accepts",
    );
    review = review.with_acceptances(
        vec![
            AcceptanceChange::new(
                ObjectAction::Removed,
                Acceptance { expires: None, ticket: None, ..Acceptance::example("gone") },
            ),
            AcceptanceChange::new(ObjectAction::Added, Acceptance::example("web")),
        ],
        vec![unused, expired],
    );
    review.read_lines(|path| {
        let file = HEAD.iter().find(|(found, _)| *found == path);
        file.map(|(_, text)| (*text).to_owned())
    });
    review
}

#[test]
fn markdown_of_a_review() {
    insta::assert_snapshot!(sample().to_markdown(&MarkdownOptions::default()));
}

#[test]
fn markdown_of_a_review_within_2000_bytes() {
    insta::assert_snapshot!(sample().to_markdown(&MarkdownOptions::with_budget(2_000)));
}

#[test]
fn markdown_of_a_review_with_live_objects() {
    insta::assert_snapshot!(live_sample().to_markdown(&MarkdownOptions::default()));
}

/// Live objects are told beside what Git changes, and change nothing of that.
#[test]
fn live_objects_only_add() {
    let (plain, live): (Json, Json) = (
        serde_json::from_str(&sample().to_json()).unwrap(),
        serde_json::from_str(&live_sample().to_json()).unwrap(),
    );
    let mut without = live.clone();
    without["summary"].as_object_mut().unwrap().remove("live").unwrap();
    for environment in without["environments"].as_array_mut().unwrap() {
        environment.as_object_mut().unwrap().remove("live");
    }
    assert_eq!(without, plain);
    let counts = json!({"environments": 1, "refused": 1, "replaced": 0, "overwritten": 2, "fields": 27, "broughtBack": 1,
        "takenOver": 2, "pruned": 2, "leftBehind": 1, "untouched": 2});
    assert_eq!(live["summary"]["live"], counts);
    assert_eq!(sample().to_sarif(), live_sample().to_sarif());
}

#[test]
fn json_of_a_review() {
    insta::assert_snapshot!(sample().to_json());
}

#[test]
fn sarif_of_a_review() {
    insta::assert_snapshot!(sample().to_sarif());
}

#[test]
fn nothing_to_say_is_said_briefly() {
    let revision = || Revision::new("main", "1111111111111111111111111111111111111111");
    let review = Review::new(revision(), revision(), 3, vec![], vec![], vec![], vec![]);
    insta::assert_snapshot!(review.to_markdown(&MarkdownOptions::default()));
}

/// Where `value` is not what `schema` says; knows the keywords that our schema uses. The suite in
/// `tests` asks a full validator.
fn violations(root: &Json, schema: &Json, value: &Json, at: &str, out: &mut Vec<String>) {
    if let Some(name) = schema["$ref"].as_str() {
        let target = root.pointer(name.trim_start_matches('#')).unwrap();
        return violations(root, target, value, at, out);
    }
    let typed = match schema["type"].as_str() {
        Some("object") => value.is_object(),
        Some("array") => value.is_array(),
        Some("string") => value.is_string(),
        Some("boolean") => value.is_boolean(),
        Some("integer") => value.as_u64().is_some_and(|n| n >= schema["minimum"].as_u64().unwrap()),
        None => true,
        Some(other) => panic!("the test does not know the type {other}"),
    };
    let listed = schema["enum"].as_array().is_none_or(|list| list.contains(value));
    let constant = schema.get("const").is_none_or(|constant| constant == value);
    if !(typed && listed && constant) {
        out.push(format!("{at}: {value}"));
    }
    for required in schema["required"].as_array().into_iter().flatten() {
        if value.get(required.as_str().unwrap()).is_none() {
            out.push(format!("{at}: no {required}"));
        }
    }
    if let (Some(properties), Some(map)) = (schema["properties"].as_object(), value.as_object()) {
        for (key, value) in map {
            match properties.get(key) {
                Some(schema) => violations(root, schema, value, &format!("{at}/{key}"), out),
                None => out.push(format!("{at}: unknown {key}")),
            }
        }
    }
    if let (Some(schema), Some(items)) = (schema.get("items"), value.as_array()) {
        for (n, item) in items.iter().enumerate() {
            violations(root, schema, item, &format!("{at}/{n}"), out);
        }
    }
}

#[test]
fn the_json_is_what_the_schema_says() {
    let schema: Json = serde_json::from_str(review_json_schema()).unwrap();
    let json: Json = serde_json::from_str(&live_sample().to_json()).unwrap();
    let check = |json: &Json| {
        let mut out = Vec::new();
        violations(&schema, &schema, json, "", &mut out);
        out
    };
    assert_eq!(check(&json), Vec::<String>::new());
    let mut wrong = json;
    wrong["environments"][0]["objekte"] = serde_json::json!([]);
    wrong["summary"]["changed"] = serde_json::json!(-1);
    assert_eq!(check(&wrong).len(), 2);
}

#[test]
fn no_report_tells_a_secret() {
    let review = sample();
    let reports =
        [review.to_json(), review.to_sarif(), review.to_markdown(&MarkdownOptions::with_budget(1 << 20))];
    for report in reports {
        for secret in ["hunter2", "hunter3", "sesame", "alice"] {
            assert!(!report.contains(secret), "{secret} in {report}");
        }
    }
}

/// The structure of the text: what of it is not inside a fence.
fn outside_fences(markdown: &str) -> String {
    let mut fence: Option<String> = None;
    let mut out = String::new();
    for line in markdown.lines() {
        let run: String = line.chars().take_while(|c| *c == '`').collect();
        match &fence {
            None if run.len() >= 3 => fence = Some(run),
            None => {
                out.push_str(line);
                out.push('\n');
            }
            Some(open) if run.len() >= open.len() && line.trim_end() == run => fence = None,
            Some(_) => {}
        }
    }
    assert_eq!(fence, None, "a fence is left open in {markdown}");
    out
}

#[test]
fn nothing_of_a_manifest_escapes_its_fence() {
    let text = outside_fences(&live_sample().to_markdown(&MarkdownOptions::with_budget(1 << 20)));
    let inline = text.lines().filter(|line| !line.contains('`'));
    assert!(!inline.collect::<String>().contains("@everyone"), "{text}");
    assert_eq!(text.matches("<details>").count(), text.matches("</details>").count());
}

proptest! {
    #[test]
    fn markdown_never_exceeds_its_budget(budget in 0usize..12_000) {
        let text = live_sample().to_markdown(&MarkdownOptions::with_budget(budget));
        prop_assert!(text.len() <= budget, "{} > {budget}", text.len());
        let text = outside_fences(&text);
        prop_assert_eq!(text.matches("<details>").count(), text.matches("</details>").count());
        if budget > 1_000 {
            prop_assert!(text.starts_with(MARKER));
            prop_assert!(text.contains("1 new violation") || text.contains("2 new violations"));
        }
    }
}
