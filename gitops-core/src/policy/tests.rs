//! Policies end to end, on small objects.

use serde_json::{Value as Json, json};

use super::*;

fn objects(list: &[Json]) -> Vec<Object> {
    list.iter().map(|json| Object::new(Node::from(json))).collect()
}

fn template(kind: &str, rego: &str) -> Json {
    json!({"apiVersion": "templates.gatekeeper.sh/v1", "kind": "ConstraintTemplate",
        "metadata": {"name": kind.to_lowercase()},
        "spec": {"crd": {"spec": {"names": {"kind": kind}}},
            "targets": [{"target": "admission.k8s.gatekeeper.sh", "rego": rego}]}})
}

fn constraint(kind: &str, spec: Json) -> Json {
    json!({"apiVersion": "constraints.gatekeeper.sh/v1beta1", "kind": kind, "metadata": {"name": "c"}, "spec": spec})
}

fn pod(name: &str) -> Json {
    json!({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": name, "namespace": "a"},
        "spec": {"containers": [{"name": "main", "image": "nginx:1"}]}})
}

const ALWAYS: &str =
    "package x\nviolation[{\"msg\": msg}] { msg := sprintf(\"%v\", [input.review.object.metadata.name]) }";

#[test]
fn a_set_crosses_threads() {
    fn check<T: Send + Sync + Clone>() {}
    check::<PolicySet>();
}

#[test]
fn constraints_find_violations_in_order() {
    let policies = objects(&[
        template("B", ALWAYS),
        template("A", ALWAYS),
        constraint("B", json!({"enforcementAction": "warn"})),
        constraint("A", json!({})),
    ]);
    let set = PolicySet::from_objects(&policies, &SourceMap::new()).unwrap();
    let report = set.evaluate(&objects(&[pod("p"), pod("o")]), &EvaluateOptions::new());
    let seen: Vec<_> = report
        .findings
        .iter()
        .map(|f| (f.object, f.template.as_str(), f.enforcement_action.as_str(), f.message.as_str()))
        .collect();
    assert_eq!(
        seen,
        [(0, "A", "deny", "p"), (0, "B", "warn", "p"), (1, "A", "deny", "o"), (1, "B", "warn", "o")]
    );
    assert_eq!(report.evaluations, 4);
}

#[test]
fn bad_policies_are_typed_errors() {
    for (documents, code) in [
        (
            vec![template("A", "package x\nviolation[{\"msg\": m}] { m := f(1) }\nf(x) = f(x)")],
            "recursive-policy",
        ),
        (vec![template("A", "package x\nviolation[{\"msg\": m}] {")], "template-does-not-compile"),
        (
            vec![template("A", "package x\nviolation[{\"msg\": m}] { m := nope(1) }")],
            "template-does-not-compile",
        ),
        (vec![template("A", "package x\nviolation[{\"msg\": m}] { input.x }")], "template-does-not-compile"),
        (vec![template("A", "")], "bad-template"),
        (
            vec![{
                let mut t = template("A", ALWAYS);
                t["metadata"]["name"] = json!("b");
                t
            }],
            "template-name-mismatch",
        ),
        (vec![constraint("A", json!({}))], "constraint-without-template"),
        (vec![template("A", ALWAYS), constraint("A", json!({"match": {"kinds": {}}}))], "bad-constraint"),
        (vec![template("A", ALWAYS), constraint("A", json!({"match": []}))], "bad-constraint"),
        (vec![template("A", ALWAYS), template("A", &format!("{ALWAYS}\nr = 1"))], "template-conflict"),
    ] {
        let error = PolicySet::from_objects(&objects(&documents), &SourceMap::new()).expect_err(code);
        assert_eq!((error.kind(), error.code()), (ErrorKind::Policy, code), "{error}");
    }
}

#[test]
fn the_good_survive_the_bad() {
    let policies = objects(&[
        template("A", ""),
        constraint("A", json!({})),
        template("B", ALWAYS),
        constraint("B", json!({})),
    ]);
    let (set, errors) = PolicySet::collect(&policies, &SourceMap::new());
    assert_eq!(set.constraints().collect::<Vec<_>>(), [("B", "c")]);
    let codes: Vec<_> = errors.iter().map(Error::code).collect();
    assert_eq!(codes, ["bad-template", "constraint-without-template"]);
}

#[test]
fn a_policy_that_fails_is_a_finding() {
    for (rego, part) in [
        ("violation[{\"msg\": \"x\"}] { r }\nr = 1 { true }\nr = 2 { true }", "conflict"),
        ("violation[{\"msg\": 1}] { true }", "must be text"),
    ] {
        let policies = objects(&[template("A", &format!("package x\n{rego}")), constraint("A", json!({}))]);
        let set = PolicySet::from_objects(&policies, &SourceMap::new()).unwrap();
        let report = set.evaluate(&objects(&[pod("p")]), &EvaluateOptions::new());
        let [finding] = report.findings.as_slice() else { panic!("{report:?}") };
        assert_eq!(finding.kind, FindingKind::Error);
        assert!(finding.message.contains(part), "{}", finding.message);
    }
}

#[test]
fn an_endless_policy_stops() {
    let rego =
        "package x\nviolation[{\"msg\": \"x\"}] { a := numbers.range(1, 3000); a[_] + a[_] + a[_] == -1 }";
    let policies = objects(&[template("A", rego), constraint("A", json!({}))]);
    let set = PolicySet::from_objects(&policies, &SourceMap::new()).unwrap();
    let options = EvaluateOptions::new().with_time_limit(std::time::Duration::from_millis(50));
    let report = set.evaluate(&objects(&[pod("p")]), &options);
    assert_eq!(report.findings.len(), 1);
    assert_eq!(report.findings[0].kind, FindingKind::Error);
}

#[test]
fn what_is_not_checked_is_counted() {
    let cel = json!({"apiVersion": "templates.gatekeeper.sh/v1", "kind": "ConstraintTemplate",
        "metadata": {"name": "a"},
        "spec": {"crd": {"spec": {"names": {"kind": "A"}}}, "targets": [{"target": "t",
            "code": [{"engine": "K8sNativeValidation", "source": {"validations": []}}]}]}});
    let policies = objects(&[
        cel,
        constraint("A", json!({})),
        template("B", ALWAYS),
        constraint("B", json!({"match": {"namespaceSelector": {"matchLabels": {"x": "y"}}}})),
    ]);
    let set = PolicySet::from_objects(&policies, &SourceMap::new()).unwrap();
    let pods = objects(&[pod("p"), pod("q")]);
    let report = set.evaluate(&pods, &EvaluateOptions::new());
    let codes: Vec<_> = report.not_checked.iter().map(|n| (n.code, n.count)).collect();
    assert_eq!(codes, [("cel-template", 2), ("namespace-unknown", 2)]);
    assert!(report.findings.is_empty());
    let known = objects(&[
        json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "a", "labels": {"x": "y"}}}),
    ]);
    let report = set.evaluate(&pods, &EvaluateOptions::new().with_namespaces(&known));
    assert_eq!((report.not_checked.len(), report.findings.len()), (1, 2));
}

#[test]
fn policies_see_the_other_objects() {
    let rego = "package x\nviolation[{\"msg\": n}] { data.inventory.namespace[ns][\"v1\"].Pod[n]; n != input.review.object.metadata.name }";
    let policies = objects(&[template("A", rego), constraint("A", json!({}))]);
    let set = PolicySet::from_objects(&policies, &SourceMap::new()).unwrap();
    let report = set.evaluate(&objects(&[pod("p"), pod("q")]), &EvaluateOptions::new());
    let messages: Vec<_> = report.findings.iter().map(|f| f.message.as_str()).collect();
    assert_eq!(messages, ["q", "p"]);
}
