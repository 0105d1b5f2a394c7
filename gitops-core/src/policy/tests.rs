//! Policies end to end, on small objects.

use serde_json::{Value as Json, json};

use super::*;

pub(super) fn objects(list: &[Json]) -> Vec<Object> {
    list.iter().map(|json| Object::new(Node::from(json))).collect()
}

pub(super) fn template(kind: &str, rego: &str) -> Json {
    json!({"apiVersion": "templates.gatekeeper.sh/v1", "kind": "ConstraintTemplate",
        "metadata": {"name": kind.to_lowercase()},
        "spec": {"crd": {"spec": {"names": {"kind": kind}, "validation": {"legacySchema": true}}},
            "targets": [{"target": "admission.k8s.gatekeeper.sh", "rego": rego}]}})
}

pub(super) fn constraint(kind: &str, spec: Json) -> Json {
    json!({"apiVersion": "constraints.gatekeeper.sh/v1beta1", "kind": kind, "metadata": {"name": "c"}, "spec": spec})
}

fn pod(name: &str) -> Json {
    json!({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": name, "namespace": "a"},
        "spec": {"containers": [{"name": "main", "image": "nginx:1"}]}})
}

pub(super) fn set_of(documents: &[Object]) -> PolicySet {
    PolicySet::from_objects(documents, &SourceMap::new()).unwrap()
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
fn what_is_the_same_is_evaluated_once_and_found_everywhere() {
    let named = |name: &str, spec: Json| {
        let mut made = constraint("A", spec);
        made["metadata"]["name"] = json!(name);
        made
    };
    let set = set_of(&objects(&[
        template("A", ALWAYS),
        named("a", json!({"enforcementAction": "warn"})),
        named("b", json!({"match": {"kinds": [{"kinds": ["Pod"]}]}})),
        named("c", json!({"parameters": {"x": 1}})),
        named("d", json!({"match": {"namespaceSelector": {"matchLabels": {"x": "y"}}}})),
    ]));
    let list = objects(&[pod("p"), pod("q"), pod("p"), pod("p")]);
    let options = EvaluateOptions::new().on_unknown_namespace(UnknownNamespace::NotChecked);
    let report = set.evaluate(&list, &options);
    assert_eq!(report.evaluations, 4);
    assert_eq!(report.not_checked.iter().map(|n| n.count).collect::<Vec<_>>(), [4]);
    let seen: Vec<_> = report
        .findings
        .iter()
        .map(|f| (f.object, f.constraint.as_str(), f.enforcement_action.as_str(), f.message.as_str()))
        .collect();
    let of = |object: usize, name: &'static str| {
        [(object, "a", "warn", name), (object, "b", "deny", name), (object, "c", "deny", name)]
    };
    let expected = [(0, "p"), (1, "q"), (2, "p"), (3, "p")].into_iter().flat_map(|(o, n)| of(o, n));
    assert_eq!(seen, expected.collect::<Vec<_>>());
}

#[test]
fn threads_change_nothing() {
    let rego = "package x\nviolation[{\"msg\": n}] { data.inventory.namespace[_][\"v1\"].Pod[n]; endswith(n, \"7\"); input.review.object.spec.containers[_].image == \"nginx:1\" }";
    let set = set_of(&objects(&[
        template("A", rego),
        constraint("A", json!({})),
        template("B", ALWAYS),
        constraint("B", json!({"match": {"namespaceSelector": {"matchLabels": {"x": "y"}}}})),
    ]));
    let list: Vec<Json> = (0..40).map(|n| pod(&format!("p{}", n % 30))).collect();
    let list = objects(&list);
    let options = EvaluateOptions::new().on_unknown_namespace(UnknownNamespace::NotChecked);
    let one = set.evaluate(&list, &options);
    assert_eq!((one.findings.len(), one.evaluations), (120, 30));
    assert!(one.findings[0].path.is_some());
    for threads in [0, 2, 3, 100] {
        assert_eq!(set.evaluate(&list, &options.with_threads(threads)), one, "{threads} threads");
    }
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
        (
            vec![template("A", ALWAYS), constraint("A", json!({"match": {"kinds": {}}}))],
            "constraint-violates-schema",
        ),
        (vec![template("A", ALWAYS), constraint("A", json!({"match": []}))], "constraint-violates-schema"),
        (vec![template("A", ALWAYS), constraint("A", json!({"mach": {}}))], "bad-constraint"),
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
    let foreign = template(
        "A",
        "package x\nviolation[{\"msg\": m}] { m := rego.parse_module(\"x\", input.review.object.kind) }",
    );
    let policies = objects(&[
        foreign,
        constraint("A", json!({})),
        template("B", ALWAYS),
        constraint("B", json!({"match": {"namespaceSelector": {"matchLabels": {"x": "y"}}}})),
    ]);
    let set = PolicySet::from_objects(&policies, &SourceMap::new()).unwrap();
    let pods = objects(&[pod("p"), pod("q")]);
    let partial = EvaluateOptions::new().on_unknown_namespace(UnknownNamespace::NotChecked);
    let report = set.evaluate(&pods, &partial);
    let codes: Vec<_> = report.not_checked.iter().map(|n| (n.code, n.count)).collect();
    assert_eq!(codes, [("function-not-supported", 2), ("namespace-unknown", 2)]);
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

/// Runs with the stack of a thread that a host may give: 2 MiB, as Rust's own threads have.
fn on_a_small_stack(work: impl FnOnce() + Send + 'static) {
    std::thread::Builder::new().stack_size(2 << 20).spawn(work).unwrap().join().unwrap();
}

fn outcome(rego: &str) -> std::result::Result<usize, String> {
    let policies = objects(&[template("A", rego), constraint("A", json!({}))]);
    let set = PolicySet::from_objects(&policies, &SourceMap::new()).map_err(|error| error.to_string())?;
    let options = EvaluateOptions::new().with_time_limit(std::time::Duration::from_millis(500));
    Ok(set.evaluate(&objects(&[pod("p")]), &options).findings.len())
}

#[test]
fn hostile_templates_neither_hang_nor_overflow() {
    let violation = "package x\nviolation[{\"msg\": \"m\"}] { r }\n";
    let nest =
        |open: &str, close: &str, depth: usize| format!("{}1{}", open.repeat(depth), close.repeat(depth));
    let mut cases = Vec::new();
    for depth in [8, 12, 16, 20, 24, 100, 100_000] {
        for (open, close) in [
            ("[", "]"),
            ("{", "}"),
            ("(", ")"),
            ("{\"a\": ", "}"),
            ("count(", ")"),
            ("a[", "]"),
            ("[x | x := ", "]"),
        ] {
            cases.push(format!("{violation}a = [1]\nr {{ y := {}; y }}", nest(open, close, depth)));
        }
    }
    for length in [90, 20_000] {
        for op in ["+", "|", "==", "*", "in"] {
            cases.push(format!("{violation}r {{ y := {}; y }}", vec!["1"; length].join(&format!(" {op} "))));
        }
        cases.push(format!("{violation}r {{ y := input{}; y }}", ".a".repeat(length)));
        cases.push(format!("{violation}r {{ y := {}1; y }}", "-".repeat(length)));
        cases.push(format!("{violation}r {{ {} true }}", "not ".repeat(length)));
        cases.push(format!("{violation}r {{ false }} {}", "else { false } ".repeat(length)));
        let chain: Vec<String> =
            (0..length).map(|n| format!("f{n}(x) = y {{ y := f{}(x) }}", n + 1)).collect();
        cases.push(format!("{violation}r {{ f0(1) }}\n{}\nf{length}(x) = x", chain.join("\n")));
        let chain: Vec<String> = (0..length).map(|n| format!("r{n} = y {{ y := r{} }}", n + 1)).collect();
        cases.push(format!("{violation}r {{ r0 }}\n{}\nr{length} = 1", chain.join("\n")));
    }
    // As deep as is let through: calls inside operators inside collections.
    for (calls, sum) in [(5, 95), (10, 40), (20, 20), (50, 2), (70, 0)] {
        let f = |n: usize| format!("f{n}(x) = y {{ y := {}[{{f{}(x)}}] }}", "[1] | ".repeat(sum), n + 1);
        let chain: Vec<String> = (0..calls).map(f).collect();
        cases.push(format!("{violation}r {{ f0(1) }}\n{}\nf{calls}(x) = x", chain.join("\n")));
        let f = |n: usize| format!("f{n}(x) = y {{ y := f{}(x){} }}", n + 1, " + 1".repeat(sum));
        let chain: Vec<String> = (0..calls).map(f).collect();
        cases.push(format!("{violation}r {{ f0(1) }}\n{}\nf{calls}(x) = x", chain.join("\n")));
    }
    for case in cases {
        let shown = format!("{:.120}", case.get(violation.len()..).unwrap_or(""));
        let started = std::time::Instant::now();
        println!("{shown}");
        on_a_small_stack(move || {
            let _ = outcome(&case);
        });
        let taken = started.elapsed();
        println!("   {taken:?}");
        assert!(taken.as_secs() < 20, "{shown} took {taken:?}");
    }
}

#[test]
fn a_violation_knows_its_place() {
    let deployment = json!({"apiVersion": "apps/v1", "kind": "Deployment",
    "metadata": {"name": "web", "namespace": "a", "labels": {"app": "web"}},
    "spec": {"replicas": 9, "template": {
        "metadata": {"labels": {"app": "web"}},
        "spec": {"hostPID": true, "hostIPC": true,
            "containers": [
                {"name": "web", "image": "docker.io/library/nginx:1.27", "securityContext": {"privileged": true}},
                {"name": "web-proxy", "image": "acme.example/live/envoy:1", "resources": {"limits": {"memory": "1Gi"}}},
            ]}}}});
    let containers = "c := input.review.object.spec.template.spec.containers[_]";
    for (body, parameters, path, container) in [
        (
            format!("{containers}; not startswith(c.image, input.parameters.registry); msg := sprintf(\"%v: image %v is not from %v\", [c.name, c.image, input.parameters.registry])"),
            json!({"registry": "acme.example/live/"}),
            Some("spec.template.spec.containers[0].image"),
            Some("web"),
        ),
        (
            format!("{containers}; c.securityContext.privileged; msg := sprintf(\"privileged container %v\", [c.name])"),
            json!({"exemptImages": ["acme.example/*"]}),
            Some("spec.template.spec.containers[0].securityContext.privileged"),
            Some("web"),
        ),
        (
            format!("{containers}; c.name == \"web-proxy\"; not c.resources.limits.cpu; msg := sprintf(\"<%v> has no cpu limits\", [c.name])"),
            json!({}),
            Some("spec.template.spec.containers[1].resources.limits"),
            Some("web-proxy"),
        ),
        (
            format!("{containers}; not c.livenessProbe; c.name == \"web\"; msg := sprintf(\"<%v> has no probe\", [c.name])"),
            json!({}),
            Some("spec.template.spec.containers[0]"),
            Some("web"),
        ),
        (
            "input.review.object.spec.replicas > input.parameters.max; msg := \"too many\"".into(),
            json!({"max": 3}),
            Some("spec.replicas"),
            None,
        ),
        (
            "not input.review.object.metadata.labels.owner; msg := \"you must provide labels: owner\"".into(),
            json!({}),
            Some("metadata.labels"),
            None,
        ),
        (
            "s := input.review.object.spec.template.spec; {s.hostPID, s.hostIPC}[true]; msg := \"host namespaces are shared\"".into(),
            json!({}),
            Some("spec.template.spec.hostPID"),
            None,
        ),
        (
            format!("{containers}; c.securityContext.privileged; msg := \"no\"; details := {{\"path\": \"spec.template.spec.containers[0]\"}}"),
            json!({}),
            Some("spec.template.spec.containers[0]"),
            Some("web"),
        ),
        ("msg := \"never\"".into(), json!({}), None, None),
    ] {
        let (head, body) = if body.contains("details :=") {
            ("{\"msg\": msg, \"details\": details}", body)
        } else {
            ("{\"msg\": msg}", body)
        };
        let rego = format!("package x\nviolation[{head}] {{ {body} }}");
        let policies = objects(&[template("A", &rego), constraint("A", json!({"parameters": parameters}))]);
        let set = PolicySet::from_objects(&policies, &SourceMap::new()).unwrap();
        let objects = objects(std::slice::from_ref(&deployment));
        let report = set.evaluate(&objects, &EvaluateOptions::new());
        let [finding] = report.findings.as_slice() else { panic!("{body}: {report:?}") };
        let found = finding.path.as_ref().map(ToString::to_string);
        assert_eq!((found.as_deref(), finding.container.as_deref()), (path, container), "{body}");
        assert!(finding.path.as_ref().is_none_or(|path| objects[0].lookup(path).is_some()));
        let quick = set.evaluate(&objects, &EvaluateOptions::new().locating(false));
        assert_eq!((quick.findings.len(), quick.findings[0].path.as_ref()), (1, None));
    }
}

fn read(text: &str) -> (Vec<Object>, SourceMap) {
    let sources = SourceMap::new();
    let file = sources.add("policies/t.yaml", text);
    let stream = crate::yaml::read(&sources, file, &crate::yaml::ReadOptions::default()).unwrap();
    (stream.documents.into_iter().map(Object::new).collect(), sources)
}

#[test]
fn errors_stand_in_the_policys_own_text() {
    let text = "\
apiVersion: templates.gatekeeper.sh/v1
kind: ConstraintTemplate
metadata:
  name: NAME
spec:
  crd:
    spec:
      names:
        kind: A
  targets:
    - target: admission.k8s.gatekeeper.sh
      rego: |
        package a

        violation[{\"msg\": msg}] {
          BODY
        }
      libs:
        - |
          package lib.x
          LIB
---
apiVersion: constraints.gatekeeper.sh/v1beta1
kind: A
metadata:
  name: c
spec:
  match:
    MATCH: []
";
    let good = [("NAME", "a"), ("BODY", "msg := data.lib.x.y"), ("LIB", "y = \"1\""), ("MATCH", "kinds")];
    for (change, with, code, place) in [
        ("BODY", "msg := )", "template-does-not-compile", "policies/t.yaml:16:18"),
        ("BODY", "msg := data.other.x", "template-does-not-compile", "policies/t.yaml:16:18"),
        ("BODY", "msg := nope", "template-does-not-compile", "policies/t.yaml:16:18"),
        ("LIB", "y = f(1)\n          f(x) = f(x)", "recursive-policy", "policies/t.yaml:22:11"),
        ("NAME", "b", "template-name-mismatch", "policies/t.yaml:4:9"),
        ("MATCH", "labelSelector", "constraint-violates-schema", "policies/t.yaml:29:5"),
    ] {
        let fill = |text: String, (name, value): &(&str, &str)| text.replace(name, value);
        let bad = good.iter().map(|&(name, value)| (name, if name == change { with } else { value }));
        let text = bad.collect::<Vec<_>>().iter().fold(text.to_owned(), fill);
        let (objects, sources) = read(&text);
        let error = PolicySet::from_objects(&objects, &sources).expect_err(with);
        assert_eq!(error.code(), code, "{error}");
        assert!(error.to_string().starts_with(&format!("{place}: ")), "{error}");
    }
    let text = good.iter().fold(text.to_owned(), |text, (name, value)| text.replace(name, value));
    let (objects, sources) = read(&text);
    assert_eq!(PolicySet::from_objects(&objects, &sources).unwrap().constraints().count(), 1);
}

const SEES: &str = "package x\nviolation[{\"msg\": msg}] { r := input.review; msg := sprintf(\"%v|%v|%v|%v|%v\", [r.operation, object.get(r.userInfo, \"username\", \"-\"), r.oldObject == r.object, r.oldObject == null, object.get(r.namespaceObject, \"kind\", \"-\")]) }";

fn single_message(set: &PolicySet, objects: &[Object], options: &EvaluateOptions<'_>) -> Vec<String> {
    set.evaluate(objects, options).findings.into_iter().map(|finding| finding.message).collect()
}

#[test]
fn a_policy_sees_operation_user_and_namespace() {
    let set = PolicySet::from_objects(
        &objects(&[template("A", SEES), constraint("A", json!({"match": {"kinds": [{"kinds": ["Pod"]}]}}))]),
        &SourceMap::new(),
    )
    .unwrap();
    let pods = objects(&[pod("p")]);
    let namespaces = objects(&[json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "a"}})]);
    let user = Node::from(&json!({"username": "eve"}));
    let plain = EvaluateOptions::new().with_namespaces(&namespaces);
    for (options, expected) in [
        (plain, "|-|false|true|Namespace"),
        (plain.for_operation(Operation::Create, Some(&user)), "CREATE|eve|false|true|Namespace"),
        (
            plain.for_operation(Operation::Update, None).with_old_objects(&pods),
            "UPDATE|-|true|false|Namespace",
        ),
        (plain.for_operation(Operation::Delete, Some(&user)), "DELETE|eve|true|false|Namespace"),
        (plain.as_gator(Profile::GatorVerify), "|-|false|true|-"),
    ] {
        assert_eq!(single_message(&set, &pods, &options), [expected]);
    }
}

#[test]
fn a_request_is_reviewed_as_given() {
    let set = PolicySet::from_objects(
        &objects(&[
            template("A", SEES),
            constraint("A", json!({"match": {"name": "p", "scope": "Namespaced"}})),
        ]),
        &SourceMap::new(),
    )
    .unwrap();
    let messages = |mut request: Json| {
        if request.is_object() {
            // What the API server always sends.
            for key in ["object", "oldObject", "userInfo"] {
                if request.get(key).is_none() {
                    request[key] = if key == "userInfo" { json!({}) } else { Json::Null };
                }
            }
        }
        let report = set.evaluate_request(&Node::from(&request), &EvaluateOptions::new());
        let strict = EvaluateOptions::new().as_gator(Profile::GatorVerify);
        let strict = set.evaluate_request(&Node::from(&request), &strict);
        assert_eq!(
            strict.is_err() && report.is_ok(),
            request.get("oddity").is_some()
                || request.get("object").is_some_and(|o| o.get("kind").is_none() && o.is_object())
        );
        report.map(|report| report.findings.into_iter().map(|f| f.message).collect::<Vec<_>>())
    };
    let found =
        messages(json!({"operation": "DELETE", "oldObject": pod("p"), "userInfo": {"username": "u"}}));
    assert_eq!(found.unwrap(), ["DELETE|u|true|false|-"]);
    // Either object may match.
    let found = messages(json!({"operation": "UPDATE", "object": pod("q"), "oldObject": pod("p")}));
    assert_eq!(found.unwrap(), ["UPDATE|-|false|false|-"]);
    assert!(messages(json!({"operation": "UPDATE", "object": pod("q")})).unwrap().is_empty());
    for bad in
        [json!([]), json!({}), json!({"operation": "DELETE", "object": pod("p")}), json!({"object": "p"})]
    {
        assert_eq!(messages(bad.clone()).unwrap_err().code(), "bad-admission-request", "{bad}");
    }
    for odd in [json!({"object": pod("p"), "oddity": 1}), json!({"object": {"metadata": {}}})] {
        assert!(messages(odd).is_ok());
    }
}

#[test]
fn mutators_come_first_for_their_operations() {
    let assign = |operations: &Json| {
        json!({"apiVersion": "mutations.gatekeeper.sh/v1", "kind": "Assign", "metadata": {"name": "m"},
            "spec": {
                "applyTo": [{"groups": [""], "versions": ["v1"], "kinds": ["Pod"], "operations": operations}],
                "location": "spec.hostname", "parameters": {"assign": {"value": "set"}}}})
    };
    let rego = "package x\nviolation[{\"msg\": m}] { m := input.review.object.spec.hostname }";
    for (operations, create, update, none) in [
        (json!([]), 1, 1, 1),
        (json!(["*"]), 1, 1, 1),
        (json!(["CREATE"]), 1, 0, 0),
        (json!(["UPDATE"]), 0, 1, 0),
        (json!(["UPDATE", "CREATE"]), 1, 1, 1),
    ] {
        let set = set_of(&objects(&[template("A", rego), constraint("A", json!({})), assign(&operations)]));
        for (operation, count) in [
            (Some(Operation::Create), create),
            (Some(Operation::Update), update),
            (None, none),
            (Some(Operation::Delete), 0),
        ] {
            let mut options = EvaluateOptions::new();
            options.operation = operation;
            let found = set.evaluate(&objects(&[pod("p")]), &options);
            assert_eq!(found.findings.len(), count, "{operations} {operation:?}");
            let request = json!({"operation": operation.map_or("", Operation::name), "userInfo": {},
                "object": pod("p"), "oldObject": pod("p")});
            let request = Node::from(&request);
            let asked = set.evaluate_request(&request, &EvaluateOptions::new()).unwrap();
            assert_eq!(asked.findings.len(), count, "{operations} {operation:?}");
            if let Some(finding) = asked.findings.first() {
                assert_eq!(finding.message, "set");
                // What a mutator added stands nowhere in the object given.
                assert_eq!(finding.path.as_ref().map(ToString::to_string).as_deref(), Some("spec"));
            }
            let gator = EvaluateOptions::new().as_gator(Profile::GatorVerify);
            assert!(set.evaluate_request(&request, &gator).unwrap().findings.is_empty());
        }
    }
}

#[test]
fn what_is_made_and_how_long_code_is_has_a_bound() {
    let rego = "package x\nviolation[{\"msg\": \"m\"}] { count(numbers.range(1, 1000)) == 1000 }";
    let documents = objects(&[template("A", rego), constraint("A", json!({}))]);
    let set = set_of(&documents);
    // What was made before does not count again.
    let pods = objects(&[pod("p"), pod("q"), pod("r")]);
    for (limit, kind) in [(20_000, FindingKind::Violation), (10_000, FindingKind::Error)] {
        let report = set.evaluate(&pods, &EvaluateOptions::new().with_output_limit(limit));
        let kinds: Vec<_> = report.findings.iter().map(|finding| finding.kind).collect();
        assert_eq!(kinds, [kind; 3], "{limit}");
    }
    let options = LoadOptions::default().with_max_code(rego.len());
    let (_, errors) = PolicySet::load(&documents, &SourceMap::new(), &options);
    let codes: Vec<_> = errors.iter().map(|error| (error.kind(), error.code())).collect();
    assert_eq!(
        codes,
        [(ErrorKind::Limit, "template-too-large"), (ErrorKind::Policy, "constraint-without-template")]
    );
}

#[test]
fn the_point_of_enforcement_decides_what_is_asked() {
    let scoped = json!({"enforcementAction": "scoped", "scopedEnforcementActions": [
        {"action": "warn", "enforcementPoints": [{"name": "validation.gatekeeper.sh"}, {"name": "audit.gatekeeper.sh"}]},
        {"action": "deny", "enforcementPoints": [{"name": "validation.gatekeeper.sh"}]},
    ]});
    let mut only_delete = template("B", ALWAYS);
    only_delete["spec"]["targets"][0]["operations"] = json!(["DELETE"]);
    let config = json!({"apiVersion": "config.gatekeeper.sh/v1alpha1", "kind": "Config", "metadata": {"name": "config"},
        "spec": {"match": [{"excludedNamespaces": ["a"], "processes": ["audit"]}]}});
    let set = PolicySet::from_objects(
        &objects(&[
            template("A", ALWAYS),
            constraint("A", scoped),
            only_delete,
            constraint("B", json!({})),
            config,
        ]),
        &SourceMap::new(),
    )
    .unwrap();
    let pods = objects(&[pod("p")]);
    let actions = |options: EvaluateOptions<'_>| {
        let report = set.evaluate(&pods, &options);
        let found =
            report.findings.iter().map(|f| format!("{} {}", f.template, f.enforcement_actions.join("+")));
        let skipped = report.not_checked.iter().map(|n| n.code.to_owned());
        found.chain(skipped).collect::<Vec<_>>()
    };
    let webhook = EvaluateOptions::new();
    assert_eq!(actions(webhook), ["A deny+warn", "B deny"]);
    assert_eq!(actions(webhook.for_operation(Operation::Create, None)), ["A deny+warn"]);
    assert_eq!(actions(webhook.for_operation(Operation::Delete, None)), ["A deny+warn", "B deny"]);
    assert_eq!(
        actions(webhook.at_enforcement_point("audit.gatekeeper.sh")),
        ["namespace-excluded", "namespace-excluded"]
    );
    let gator = webhook.as_gator(Profile::GatorTest).for_operation(Operation::Create, None);
    assert_eq!(actions(gator), ["B deny"]);
    // The webhook itself does not see what is labelled to be ignored.
    let ignored = objects(&[json!({"apiVersion": "v1", "kind": "Namespace",
        "metadata": {"name": "a", "labels": {"admission.gatekeeper.sh/ignore": "no-self-managing"}}})]);
    assert_eq!(actions(webhook.with_namespaces(&ignored)), ["namespace-excluded", "namespace-excluded"]);
}

#[test]
fn an_unknown_namespace_rejects_as_gatekeeper_does() {
    let selects =
        json!({"match": {"namespaceSelector": {"matchLabels": {"x": "y"}}}, "enforcementAction": "warn"});
    let set = PolicySet::from_objects(
        &objects(&[template("A", ALWAYS), constraint("A", selects)]),
        &SourceMap::new(),
    )
    .unwrap();
    let report = set.evaluate(&objects(&[pod("p")]), &EvaluateOptions::new());
    let [finding] = report.findings.as_slice() else { panic!("{report:?}") };
    assert_eq!((finding.kind, finding.enforcement_action.as_str()), (FindingKind::Error, "warn"));
    assert!(finding.message.starts_with("unable to match constraints: "), "{}", finding.message);
}

#[test]
fn data_that_is_not_there_is_not_a_verdict() {
    let rego = "package x\nviolation[{\"msg\": \"no service\"}] { not data.inventory.namespace[\"a\"][\"v1\"].Service }";
    let mut referential = template("A", rego);
    referential["metadata"]["annotations"] = json!({"metadata.gatekeeper.sh/requires-sync-data":
        "\"[[{\"groups\":[\"\"],\"versions\":[\"v1\"],\"kinds\":[\"Service\"]}]]\""});
    let set =
        PolicySet::from_objects(&objects(&[referential, constraint("A", json!({}))]), &SourceMap::new())
            .unwrap();
    let report = set.evaluate(&objects(&[pod("p")]), &EvaluateOptions::new());
    assert_eq!((report.findings.len(), report.not_checked[0].code), (0, "inventory-missing"));
    let elsewhere =
        json!({"apiVersion": "v1", "kind": "Service", "metadata": {"name": "s", "namespace": "b"}});
    let inventory = objects(&[elsewhere, pod("p")]);
    let report = set.evaluate(&objects(&[pod("p")]), &EvaluateOptions::new().with_inventory(&inventory));
    assert_eq!((report.findings.len(), report.not_checked.len()), (1, 0));
    // gator evaluates with whatever it was given.
    let options = EvaluateOptions::new().as_gator(Profile::GatorVerify);
    assert_eq!(set.evaluate(&objects(&[pod("p")]), &options).findings.len(), 1);
}

#[test]
fn findings_know_their_text_when_asked() {
    let mut manifests = crate::files::Manifests::new();
    let text = "kind: Pod\napiVersion: v1\nmetadata:\n  name: p\n";
    manifests.add_text("pod.yaml", text.as_bytes()).unwrap();
    let set = set_of(&objects(&[template("A", ALWAYS), constraint("A", json!({}))]));
    let mut report = set.evaluate(&manifests.objects, &EvaluateOptions::new());
    assert_eq!(report.findings[0].location, None);
    report.locate(&manifests.objects, &manifests.sources);
    let finding = &report.findings[0];
    assert_eq!(finding.location.as_ref().unwrap().path, "pod.yaml");
    assert_eq!(finding.fingerprint, finding.fingerprint(&manifests.objects[0], ""));
    assert!(!report.is_clean());
}

#[test]
fn what_becomes_of_objects() {
    let set = set_of(&objects(&[
        json!({"apiVersion": "expansion.gatekeeper.sh/v1beta1", "kind": "ExpansionTemplate", "metadata": {"name": "pods"},
            "spec": {"applyTo": [{"groups": ["apps"], "versions": ["v1"], "kinds": ["Deployment"]}],
                "templateSource": "spec.template", "generatedGVK": {"group": "", "version": "v1", "kind": "Pod"},
                "enforcementAction": "warn"}}),
        json!({"apiVersion": "mutations.gatekeeper.sh/v1", "kind": "AssignMetadata", "metadata": {"name": "m"},
            "spec": {"location": "metadata.labels.team", "parameters": {"assign": {"value": "a"}}, "match": {"namespaces": ["n"]}}}),
    ]));
    let deployment = json!({"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "Web", "namespace": "n"},
        "spec": {"template": {"spec": {}}}});
    let given = objects(&[pod("p"), deployment]);
    let made = set.expand(&given, &EvaluateOptions::new()).unwrap();
    let shown: Vec<_> = made
        .iter()
        .map(|made| {
            (made.of, made.template.as_str(), made.enforcement_action.as_str(), made.object.id().to_string())
        })
        .collect();
    assert_eq!(shown, [(1, "pods", "warn", "Pod n/web-pod".to_owned())]);
    assert_eq!(made[0].object.labels().next().map(|(key, _)| key), Some("team"));
    assert_eq!(set.mutate(&given[0], &EvaluateOptions::new()).unwrap(), None);
    let mutated = set.mutate(&given[1], &EvaluateOptions::new()).unwrap().unwrap();
    assert_eq!(
        mutated.labels().next().map(|(key, value)| (key, value.into_owned())),
        Some(("team", "a".into()))
    );
    let deleted = EvaluateOptions::new().for_operation(Operation::Delete, None);
    assert_eq!(set.mutate(&given[1], &deleted).unwrap(), None);
    let without =
        objects(&[json!({"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "x"}})]);
    assert_eq!(set.expand(&without, &EvaluateOptions::new()).unwrap_err().code(), "expansion-failed");
}
