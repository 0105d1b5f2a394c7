//! Acceptances end to end, on small objects.

use proptest::prelude::*;
use serde_json::{Value as Json, json};

use super::*;
use crate::node::Node;
use crate::policy::{EvaluateOptions, PolicyReport, PolicySet};
use crate::risk::Severity;
use crate::yaml::{self, ReadOptions};

/// Denies each container that is privileged; fails on one whose `privileged` is text.
const REGO: &str = r#"package x
violation[{"msg": msg, "details": {"path": path}}] {
  container := object.get(spec, "containers", [])[i]
  container.securityContext.privileged == true
  path := sprintf("spec.containers[%v].securityContext.privileged", [i])
  msg := sprintf("container <%v> is privileged", [container.name])
}
spec = input.review.object.spec
violation[{"msg": msg}] { msg := input.review.object.spec.broken }
violation[{"msg": msg}] { input.review.object.spec.unnamed; msg := "it has no owner" }
"#;

fn objects(list: &[Json]) -> Vec<Object> {
    list.iter().map(|json| Object::new(Node::from(json))).collect()
}

fn policies(constraint: Json, metadata: Json) -> Vec<Object> {
    let mut constraint = constraint;
    constraint["metadata"] = metadata;
    constraint["metadata"]["name"] = json!("no-privileged");
    objects(&[
        json!({"apiVersion": "templates.gatekeeper.sh/v1", "kind": "ConstraintTemplate",
            "metadata": {"name": "k8sprivileged"},
            "spec": {"crd": {"spec": {"names": {"kind": "K8sPrivileged"}, "validation": {"legacySchema": true}}},
                "targets": [{"target": "admission.k8s.gatekeeper.sh", "rego": REGO}]}}),
        constraint,
    ])
}

fn constraint() -> Json {
    json!({"apiVersion": "constraints.gatekeeper.sh/v1beta1", "kind": "K8sPrivileged", "spec": {}})
}

fn pod(name: &str, containers: &[&str]) -> Json {
    let containers: Vec<Json> = containers
        .iter()
        .map(|name| json!({"name": name, "image": "nginx", "securityContext": {"privileged": true}}))
        .collect();
    json!({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": name, "namespace": "team-a", "labels": {"app": name}},
        "spec": {"containers": containers}})
}

/// A good acceptance of what [`pod`] `web` does.
fn document() -> Json {
    json!({"apiVersion": "gitops-core.dev/v1alpha1", "kind": "RiskAcceptance", "metadata": {"name": "web-privileged"},
        "spec": {
            "policies": [{"template": "K8sPrivileged"}],
            "objects": [{"kind": "Pod", "namespace": "team-a", "name": "web"}],
            "reason": "The vendor's image needs it.", "ticket": "RISK-1", "owner": "Jane Doe",
            "approvers": ["John Roe"], "created": "2026-11-01", "expires": "2026-11-30"}})
}

fn with(mut json: Json, path: &str, value: Json) -> Json {
    *json
        .pointer_mut(path.rsplit_once('/').unwrap().0)
        .unwrap()
        .as_object_mut()
        .unwrap()
        .entry(path.rsplit_once('/').unwrap().1)
        .or_insert(json!(null)) = value;
    json
}

fn now() -> Option<Timestamp> {
    Some(Timestamp::parse("2026-11-21T12:00:00Z").unwrap())
}

fn options<'a>() -> AcceptOptions<'a> {
    AcceptOptions::new().at(now())
}

fn applied(
    policy: &[Object],
    judged: &[Json],
    documents: &[Json],
    options: &AcceptOptions<'_>,
) -> PolicyReport {
    let sources = SourceMap::new();
    let set = PolicySet::from_objects(policy, &sources).unwrap();
    let judged = objects(judged);
    let mut report = set.evaluate(&judged, &EvaluateOptions::new());
    let before = report.findings.len();
    let acceptances = AcceptanceSet::from_objects(&objects(documents), &sources);
    acceptances.apply(&mut report, &set, &judged, &sources, options);
    assert_eq!(report.findings.len(), before, "nothing may be removed");
    let once = report.clone();
    acceptances.apply(&mut report, &set, &judged, &sources, options);
    assert_eq!(report, once, "applying again gives the same");
    report
}

fn codes(report: &PolicyReport) -> Vec<&str> {
    report.acceptance_findings.iter().map(|finding| finding.code).collect()
}

/// What becomes of the one finding on the pod `web`, and the codes.
fn outcome(document: Json, options: &AcceptOptions<'_>) -> (bool, Vec<String>) {
    let report = applied(&policies(constraint(), json!({})), &[pod("web", &["main"])], &[document], options);
    let codes = codes(&report).into_iter().map(str::to_owned).collect();
    (report.findings[0].accepted.is_some(), codes)
}

#[test]
fn a_set_crosses_threads() {
    fn check<T: Send + Sync + Clone>() {}
    check::<AcceptanceSet>();
}

#[test]
fn an_accepted_finding_stays_and_says_by_whom() {
    let report = applied(
        &policies(constraint(), json!({})),
        &[pod("web", &["main"]), pod("other", &["main"])],
        &[document()],
        &options(),
    );
    let [other, web] = [&report.findings[1], &report.findings[0]];
    assert!(other.accepted.is_none() && other.is_denied());
    assert!(!web.is_denied());
    assert_eq!(web.accepted.as_ref().unwrap().until().as_deref(), Some("2026-11-30"));
    assert_eq!(
        serde_json::to_value(web.accepted.as_ref().unwrap()).unwrap(),
        json!({"id": "web-privileged", "source": "document", "reason": "The vendor's image needs it.",
            "ticket": "RISK-1", "owner": "Jane Doe", "approvers": ["John Roe"],
            "created": "2026-11-01T00:00:00Z", "expires": "2026-12-01T00:00:00Z"})
    );
    assert_eq!(codes(&report), Vec::<&str>::new());
}

#[test]
fn what_an_acceptance_is_about() {
    for (path, value, accepted) in [
        ("/spec/policies", json!([{"constraint": "no-privileged"}]), true),
        ("/spec/policies", json!([{"template": "Other"}, {"template": "K8sPrivileged"}]), true),
        ("/spec/policies", json!([{"template": "K8sPrivileged", "constraint": "other"}]), false),
        ("/spec/policies", json!([{"policy": "privileged"}]), false),
        ("/spec/objects", json!([{"group": "", "kind": "Pod", "name": "web"}]), true),
        ("/spec/objects", json!([{"group": "apps", "kind": "Pod", "name": "web"}]), false),
        ("/spec/objects", json!([{"kind": "Deployment", "name": "web"}]), false),
        ("/spec/objects", json!([{"namespace": "team-*"}]), true),
        ("/spec/objects", json!([{"namespace": "team-b"}]), false),
        ("/spec/objects", json!([{"name": "web2"}, {"name": "*web"}]), true),
        ("/spec/objects", json!([{"labelSelector": {"matchLabels": {"app": "web"}}}]), true),
        ("/spec/objects", json!([{"labelSelector": {"matchLabels": {"app": "x"}}}]), false),
        ("/spec/objects", json!([{"name": "web", "containers": ["main"]}]), true),
        ("/spec/objects", json!([{"name": "web", "containers": ["side"]}]), false),
        ("/spec/objects", json!([{"name": "web", "paths": ["spec.containers[main].securityContext"]}]), true),
        ("/spec/objects", json!([{"name": "web", "paths": ["spec.containers[*].image"]}]), false),
        ("/spec/fingerprint", json!("00000000000000000000000000000000"), false),
    ] {
        let (found, codes) = outcome(with(document(), path, value.clone()), &options());
        assert_eq!(found, accepted, "{path} {value} {codes:?}");
        assert_eq!(codes, if accepted { vec![] } else { vec!["acceptance-unused"] }, "{value}");
    }
}

#[test]
fn a_fingerprint_accepts_one_violation_only() {
    let policy = policies(constraint(), json!({}));
    let judged = [pod("web", &["main", "side"])];
    let report = applied(&policy, &judged, &[], &options());
    let object = &objects(&judged)[0];
    for scope in ["", "prod"] {
        let print = report.findings[1].fingerprint(object, scope);
        // Over-broad without the fingerprint.
        let document = with(
            with(document(), "/spec/objects", json!([{"kind": "Pod"}])),
            "/spec/fingerprint",
            json!(print),
        );
        let report = applied(&policy, &judged, &[document], &options().in_scope("prod"));
        let accepted: Vec<bool> = report.findings.iter().map(|finding| finding.accepted.is_some()).collect();
        assert_eq!((accepted, codes(&report)), (vec![false, true], vec![]));
    }
}

#[test]
fn acceptances_that_accept_nothing() {
    for (path, value, code) in [
        ("/spec/expires", json!("2026-11-20"), "acceptance-expired"),
        ("/spec/expires", json!("2026-11-21T12:00:00Z"), "acceptance-expired"),
        ("/spec/notBefore", json!("2026-11-22"), "acceptance-not-yet-valid"),
        ("/spec/created", json!("2026-11-21T12:00:01Z"), "acceptance-not-yet-valid"),
        ("/spec/created", json!("2025-11-21"), "acceptance-too-long"),
        ("/spec/reason", json!(" vendor "), "acceptance-reason-too-short"),
        ("/spec/objects", json!([{"kind": "Pod"}]), "acceptance-over-broad"),
        ("/spec/objects", json!([{}]), "acceptance-over-broad"),
        ("/spec/objects", json!([{"name": "web"}, {"name": "*"}]), "acceptance-over-broad"),
        ("/spec/objects", json!([{"name": "we*", "namespace": "*"}]), "acceptance-over-broad"),
        ("/spec/objects", json!([{"labelSelector": {}}]), "acceptance-over-broad"),
        ("/spec/approvers", json!(["jane doe"]), "acceptance-self-approved"),
        // Broken documents.
        ("/spec/reason", json!("  "), "acceptance-without-reason"),
        ("/spec/reason", json!(null), "acceptance-without-reason"),
        ("/spec/expires", json!(null), "acceptance-without-expiry"),
        ("/spec/expires", json!("soon"), "bad-acceptance-date"),
        ("/spec/expires", json!(20261130), "bad-acceptance-date"),
        ("/spec/expires", json!("2026-10-31"), "bad-acceptance-date"),
        ("/spec/created", json!("2026-02-30"), "bad-acceptance-date"),
        ("/spec/created", json!(null), "bad-acceptance"),
        ("/spec/owner", json!(""), "bad-acceptance"),
        ("/spec/ticket", json!(17), "bad-acceptance"),
        ("/spec/approvers", json!([]), "bad-acceptance"),
        ("/spec/approvers", json!("John Roe"), "bad-acceptance"),
        ("/spec/policies", json!([]), "bad-acceptance"),
        ("/spec/policies", json!([{"bundle": "cis"}]), "bad-acceptance"),
        ("/spec/objects", json!([{"name": "web", "container": "main"}]), "bad-acceptance"),
        ("/spec/objects", json!([{"name": "web", "containers": []}]), "bad-acceptance"),
        ("/spec/objects", json!([{"name": "web", "labelSelector": {"app": "web"}}]), "bad-acceptance"),
        ("/spec/fingerprint", json!("abc"), "bad-acceptance"),
        ("/spec/exipres", json!("2026-11-30"), "bad-acceptance"),
        ("/metadata/name", json!(""), "bad-acceptance"),
        ("/apiVersion", json!("gitops-core.dev/v1"), "bad-acceptance"),
    ] {
        let (accepted, codes) = outcome(with(document(), path, value.clone()), &options());
        assert_eq!((accepted, codes), (false, vec![code.to_owned()]), "{path} {value}");
        let known = CODES.iter().find(|known| known.code == code).unwrap();
        assert!(known.refused, "{code}");
    }
    let nothing: AcceptanceFinding = AcceptanceFinding::new("acceptance-expired", "x", "y");
    assert!(nothing.is_refused() && nothing.severity == Severity::Medium);
}

#[test]
fn authors_may_not_approve() {
    let set = |text: &str| {
        let sources = SourceMap::new();
        let file = sources.add("risks/web.yaml", text);
        let documents = yaml::read(&sources, file, &ReadOptions::default()).unwrap().documents;
        (documents.into_iter().map(Object::new).collect::<Vec<_>>(), sources)
    };
    let text = serde_json::to_string(&document()).unwrap();
    let (documents, sources) = set(&text);
    let policy = PolicySet::from_objects(&policies(constraint(), json!({})), &sources).unwrap();
    let judged = objects(&[pod("web", &["main"])]);
    let acceptances = AcceptanceSet::from_objects(&documents, &sources);
    for (author, accepted) in [
        ("Jim Poe <jim@example.com>", true),
        ("John Roe <john@example.com>", false),
        ("Somebody <john.roe@example.com>", false),
    ] {
        let mut report = policy.evaluate(&judged, &EvaluateOptions::new());
        let authors = [("risks/web.yaml".to_owned(), vec![author.to_owned()])].into();
        acceptances.apply(&mut report, &policy, &judged, &sources, &options().with_authors(authors));
        assert_eq!(report.findings[0].accepted.is_some(), accepted, "{author}");
        assert_eq!(codes(&report), if accepted { vec![] } else { vec!["acceptance-self-approved"] });
        let places =
            report.acceptance_findings.iter().map(|finding| finding.location.as_ref().unwrap().path.as_str());
        assert!(places.eq(codes(&report).iter().map(|_| "risks/web.yaml")));
    }
}

#[test]
fn severity_bounds_how_long_a_risk_may_be_borne() {
    let until = |day: &str| with(document(), "/spec/expires", json!(day));
    for (severity, day, accepted) in [
        ("critical", "2026-11-30", true),
        ("critical", "2026-12-01", false),
        ("high", "2027-01-29", true),
        ("high", "2027-01-30", false),
        ("low", "2027-11-01", true),
        ("none of these", "2027-11-01", true),
        ("none of these", "2027-11-02", false),
    ] {
        let metadata = json!({"labels": {"gitops-core/severity": severity}});
        let report =
            applied(&policies(constraint(), metadata), &[pod("web", &["main"])], &[until(day)], &options());
        assert_eq!(report.findings[0].accepted.is_some(), accepted, "{severity} {day}");
        assert_eq!(codes(&report), if accepted { vec![] } else { vec!["acceptance-too-long"] });
    }
    let rules = AcceptanceRules { max_days: MaxDays::same(10), ..AcceptanceRules::default() };
    assert_eq!(
        outcome(document(), &options().with_rules(rules)),
        (false, vec!["acceptance-too-long".into()])
    );
}

#[test]
fn policies_of_a_bundle_are_named_by_their_labels() {
    let metadata = json!({"labels": {"gitops-core/policy": "privileged", "gitops-core/bundle": "cis"},
        "annotations": {"gitops-core/controls": "5.2.1, 5.2.2"}});
    for (selector, accepted) in [
        (json!({"policy": "privileged"}), true),
        (json!({"control": "5.2.2", "bundle": "cis"}), true),
        (json!({"control": "5.2.2", "bundle": "nsa"}), false),
        (json!({"control": "5.2"}), false),
    ] {
        let document = with(document(), "/spec/policies", json!([selector]));
        let report = applied(
            &policies(constraint(), metadata.clone()),
            &[pod("web", &["main"])],
            &[document],
            &options(),
        );
        assert_eq!(report.findings[0].accepted.is_some(), accepted, "{selector}");
    }
}

#[test]
fn errors_and_policies_that_refuse_are_not_acceptable() {
    let mut broken = pod("web", &[]);
    broken["spec"]["broken"] = json!(5);
    let report = applied(&policies(constraint(), json!({})), &[broken.clone()], &[document()], &options());
    assert_eq!((report.findings[0].accepted.is_some(), codes(&report)), (false, vec!["acceptance-of-error"]));
    let rules = AcceptanceRules { errors: true, ..AcceptanceRules::default() };
    let report =
        applied(&policies(constraint(), json!({})), &[broken], &[document()], &options().with_rules(rules));
    assert_eq!((report.findings[0].accepted.is_some(), codes(&report)), (true, vec![]));
    let refusing = with(constraint(), "/spec/parameters", json!({"ignoreRiskAcceptances": true}));
    let mut annotated = pod("web", &["main"]);
    annotated["metadata"]["annotations"] =
        json!({"securitytower.io/policy.exclusion.k8sprivileged": "vendor"});
    let report = applied(&policies(refusing, json!({})), &[annotated], &[document()], &options());
    assert!(report.findings[0].accepted.is_none());
    assert_eq!(codes(&report), ["acceptance-not-allowed", "acceptance-unused"]);
}

#[test]
fn without_a_time_nothing_is_accepted() {
    let mut annotated = pod("web", &["main"]);
    annotated["metadata"]["annotations"] = json!({"phylake.io/policy.exclusion.k8sprivileged": "vendor"});
    let wrong = with(with(document(), "/metadata/name", json!("wrong")), "/spec/reason", json!(""));
    let report = applied(
        &policies(constraint(), json!({})),
        &[annotated],
        &[document(), wrong],
        &AcceptOptions::new(),
    );
    assert!(report.findings[0].accepted.is_none());
    let [entry] = report.not_checked.as_slice() else { panic!("{:?}", report.not_checked) };
    assert_eq!((entry.code, entry.count), ("acceptance-not-applied", 2));
    // What needs no time is said all the same.
    assert_eq!(codes(&report), ["acceptance-without-reason"]);
}

#[test]
fn one_name_is_one_acceptance() {
    let report = |documents: &[Json]| {
        applied(&policies(constraint(), json!({})), &[pod("web", &["main"])], documents, &options())
    };
    assert!(report(&[document(), document()]).findings[0].accepted.is_some());
    let other = with(document(), "/spec/reason", json!("Another reason, as good."));
    let contradicting = report(&[document(), other]);
    assert!(contradicting.findings[0].accepted.is_none());
    assert_eq!(codes(&contradicting), ["acceptance-conflict"]);
    // Of several the one that holds longest counts.
    let later = with(with(document(), "/metadata/name", json!("zz")), "/spec/expires", json!("2026-12-24"));
    let several = report(&[document(), later]);
    assert_eq!(several.findings[0].accepted.as_ref().unwrap().id, "zz");
    assert_eq!(codes(&several), Vec::<&str>::new());
}

fn deployment(kind: &str, template: &[&str], annotations: &str) -> Json {
    let mut pod = json!({"metadata": {}, "spec": {}});
    let mut json = json!({"apiVersion": if kind == "CronJob" { "batch/v1" } else { "apps/v1" }, "kind": kind,
        "metadata": {"name": "web", "namespace": "team-a"}, "spec": {"unnamed": true}});
    pod["metadata"]["annotations"] = serde_json::from_str(annotations).unwrap();
    let mut at = &mut json;
    for key in template {
        at = &mut at[*key];
    }
    *at = pod;
    json
}

#[test]
fn annotations_of_security_tower_are_read_where_it_reads_them() {
    let key = "securitytower.io/policy.exclusion.k8sprivileged";
    let on = |mut object: Json, key: &str, value: &str| {
        object["metadata"]["annotations"] = json!({key: value});
        object
    };
    let namespace = || json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "team-a"}});
    let owner = |kind: &str, name: &str| json!({"apiVersion": "apps/v1", "kind": kind, "metadata": {"name": name, "namespace": "team-a"}});
    let owned = |mut object: Json, kind: &str, name: &str| {
        object["metadata"]["ownerReferences"] =
            json!([{"apiVersion": "apps/v1", "kind": kind, "name": name, "uid": "1"}]);
        object
    };
    let web = || pod("web", &["main"]);
    let reason = format!("{{{key:?}: \"vendor\"}}");
    let cases: Vec<(&str, Vec<Json>, bool)> = vec![
        ("object", vec![on(web(), key, "vendor")], true),
        (
            "oldest prefix",
            vec![on(web(), "cloud.syncier.com/policy.exclusion.k8sprivileged", "vendor")],
            true,
        ),
        ("constraint's name", vec![on(web(), "phylake.io/policy.exclusion.no-privileged", "vendor")], true),
        ("another policy", vec![on(web(), "securitytower.io/policy.exclusion.other", "vendor")], false),
        ("another annotation", vec![on(web(), "example.com/k8sprivileged", "vendor")], false),
        ("blank", vec![on(web(), key, "  ")], false),
        ("pod template", vec![deployment("Deployment", &["spec", "template"], &reason)], true),
        (
            "CronJob's pod",
            vec![deployment("CronJob", &["spec", "jobTemplate", "spec", "template"], &reason)],
            true,
        ),
        ("CronJob's job", vec![deployment("CronJob", &["spec", "jobTemplate"], &reason)], true),
        ("Namespace", vec![web(), on(namespace(), key, "vendor")], true),
        ("owner", vec![owned(web(), "ReplicaSet", "rs"), on(owner("ReplicaSet", "rs"), key, "vendor")], true),
        (
            "owner's owner",
            vec![
                owned(web(), "ReplicaSet", "rs"),
                owned(owner("ReplicaSet", "rs"), "Deployment", "d"),
                on(owner("Deployment", "d"), key, "vendor"),
            ],
            true,
        ),
        ("no owner", vec![web(), on(owner("ReplicaSet", "rs"), key, "vendor")], false),
        ("owns itself", vec![owned(web(), "Pod", "web"), owned(owner("Pod", "web"), "Pod", "web")], false),
    ];
    for (what, judged, accepted) in cases {
        let report = applied(&policies(constraint(), json!({})), &judged, &[], &options());
        assert_eq!(report.findings.len(), 1, "{what}: {:?}", report.findings);
        let found = report.findings[0].accepted.as_ref();
        assert_eq!(found.is_some(), accepted, "{what}");
        let want = match what {
            "another annotation" | "owns itself" => vec![],
            "blank" => vec!["acceptance-without-reason"],
            _ if accepted => vec!["acceptance-never-expires"],
            _ => vec!["acceptance-unused"],
        };
        assert_eq!(codes(&report), want, "{what}");
        if let Some(found) = found {
            assert_eq!((found.reason.as_str(), found.expires, found.until()), ("vendor", None, None));
        }
        let rules = AcceptanceRules { annotations: false, ..AcceptanceRules::default() };
        let report = applied(&policies(constraint(), json!({})), &judged, &[], &options().with_rules(rules));
        assert!(report.findings[0].accepted.is_none() && codes(&report).is_empty(), "{what}");
    }
}

#[test]
fn names_of_annotations_may_be_said() {
    let mut annotated = pod("web", &["main"]);
    annotated["metadata"]["annotations"] = json!({"example.com/accepted": "vendor"});
    let metadata = json!({"annotations": {"gitops-core/risk-acceptance": "enforce-x, example.com/accepted"}});
    let report = applied(&policies(constraint(), metadata), &[annotated.clone()], &[], &options());
    assert_eq!(codes(&report), ["acceptance-never-expires"]);
    let policy = json!({"apiVersion": "securitytower.io/v1alpha2", "kind": "Policy", "metadata": {"name": "K8sPrivileged"},
        "spec": {"riskAcceptance": {"annotationName": "example.com/accepted"}}});
    let report = applied(&policies(constraint(), json!({})), &[annotated.clone()], &[policy], &options());
    assert_eq!(codes(&report), ["acceptance-never-expires"]);
    // A Namespace known beside the objects.
    let namespaces = objects(&[
        json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "team-a",
        "annotations": {"securitytower.io/policy.exclusion.k8sprivileged": "vendor", "securitytower.io/policy.exclusion.x": "y"}}}),
    ]);
    let report = applied(
        &policies(constraint(), json!({})),
        &[pod("web", &["main"])],
        &[],
        &options().with_namespaces(&namespaces),
    );
    assert_eq!(codes(&report), ["acceptance-never-expires"]);
}

#[test]
fn places_are_where_the_user_must_act() {
    let sources = SourceMap::new();
    let text = "apiVersion: gitops-core.dev/v1alpha1\nkind: RiskAcceptance\nmetadata: {name: x}\nspec:\n  policies: [{template: A}]\n  objects: [{name: web}]\n  reason: ok, because\n  ticket: T-1\n  owner: a\n  approvers: [b]\n  created: 2026-11-01\n  expires: 2026-13-01\n  extra: 1\n";
    let read = |text: &str| {
        let file = sources.add("risks.yaml", text);
        let documents = yaml::read(&sources, file, &ReadOptions::default()).unwrap().documents;
        let objects: Vec<Object> = documents.into_iter().map(Object::new).collect();
        let set = AcceptanceSet::from_objects(&objects, &sources);
        set.errors().map(ToString::to_string).collect::<Vec<_>>()
    };
    assert_eq!(
        read(text),
        [
            "risks.yaml:13:3: RiskAcceptance x: `spec` has no field `extra`; there are: policies, objects, fingerprint, reason, ticket, owner, approvers, created, notBefore, expires, compensatingControl"
        ]
    );
    let dated = text.replace("  extra: 1\n", "");
    assert!(
        read(&dated)[0].starts_with("risks.yaml:12:12: RiskAcceptance x: `spec.expires` must be a day"),
        "{:?}",
        read(&dated)
    );
    // A plain date of YAML and one in quotes are the same.
    assert_eq!(read(&dated.replace("2026-13-01", "2026-12-01")), Vec::<String>::new());
    assert_eq!(read(&dated.replace("2026-13-01", "'2026-12-01T10:00:00+01:00'")), Vec::<String>::new());
}

#[test]
fn the_schema_names_the_same_fields() {
    let schema: Json = serde_json::from_str(risk_acceptance_json_schema()).unwrap();
    for (pointer, fields) in [
        ("/properties", document::TOP),
        ("/properties/spec/properties", document::SPEC),
        ("/$defs/policy/properties", document::POLICY),
        ("/$defs/object/properties", document::OBJECT),
    ] {
        let mut named: Vec<&str> =
            schema.pointer(pointer).unwrap().as_object().unwrap().keys().map(String::as_str).collect();
        let mut fields = fields.to_vec();
        named.sort_unstable();
        fields.sort_unstable();
        assert_eq!(named, fields, "{pointer}");
    }
    // What it requires, the reader requires.
    for key in schema.pointer("/properties/spec/required").unwrap().as_array().unwrap() {
        let mut without = document();
        without["spec"].as_object_mut().unwrap().remove(key.as_str().unwrap());
        let set = AcceptanceSet::from_objects(&objects(&[without]), &SourceMap::new());
        assert_eq!(set.errors().count(), 1, "{key}");
    }
}

#[test]
fn every_code_is_listed_once() {
    let mut codes: Vec<&str> = CODES.iter().map(|known| known.code).collect();
    assert!(CODES.windows(2).all(|pair| pair[0].severity >= pair[1].severity), "the worst first");
    codes.sort_unstable();
    codes.dedup();
    assert_eq!(codes.len(), CODES.len());
}

proptest! {
    /// However a document is damaged, it never accepts more, and what is wrong is said.
    #[test]
    fn a_document_with_one_field_less_or_more_is_refused_or_the_same(
        field in prop::sample::select(document::SPEC),
        value in prop::sample::select(vec![json!(null), json!(1), json!(true), json!([]), json!({}), json!(""), json!("x"), json!([1]), json!([{"x": 1}])]),
    ) {
        let damaged = with(document(), &format!("/spec/{field}"), value.clone());
        let (accepted, codes) = outcome(damaged, &options());
        let harmless = match field {
            "notBefore" => value.is_null(),
            "compensatingControl" => value.is_null() || value == "" || value == "x",
            _ => value == "x" && ["ticket", "owner"].contains(&field),
        };
        prop_assert_eq!((accepted, codes.is_empty()), (harmless, harmless), "{} {} {:?}", field, value, codes);
    }
}
