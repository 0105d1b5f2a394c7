//! Laws of a comparison, and what it says of typical cases.

use proptest::prelude::*;
use serde_json::{Value as Json, json};

use super::*;
use crate::node::Node;
use crate::object::Object;

fn object(json: &Json) -> Object {
    Object::new(Node::from(json))
}

fn deployment(spec: Json) -> Json {
    json!({"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "web", "namespace": "shop"}, "spec": spec})
}

/// Sets managed fields: pairs of manager and FieldsV1, the first of which applies.
fn managed(mut live: Json, managers: &[(&str, Json)]) -> Json {
    let entries = managers.iter().enumerate().map(|(at, (name, fields))| {
        json!({"manager": name, "operation": if at == 0 { "Apply" } else { "Update" }, "apiVersion": live["apiVersion"],
            "time": format!("2026-11-0{}T10:00:00Z", at + 1), "fieldsType": "FieldsV1", "fieldsV1": fields})
    });
    live["metadata"]["managedFields"] = entries.collect();
    live
}

fn found(desired: &Json, live: &Json) -> ObjectDrift {
    compare_one(&object(desired), &object(live), &DriftOptions::new())
}

fn lines(drift: &ObjectDrift) -> Vec<String> {
    let line = |field: &FieldDrift| {
        let value = |value: &Option<Json>| value.as_ref().map_or("-".to_owned(), Json::to_string);
        let who = field.changed_by.as_ref().map_or(String::new(), |owner| format!(" by {}", owner.manager));
        let (path, cause) = (&field.path, field.cause.name());
        format!("{path}: {} -> {} ({cause}{who})", value(&field.live), value(&field.desired))
    };
    drift.fields.iter().map(line).collect()
}

#[test]
fn causes_are_told_apart() {
    let desired = deployment(json!({"replicas": 3, "paused": false, "template": {"spec": {"containers": [
        {"name": "web", "image": "web:2", "ports": [{"containerPort": 80}]},
    ]}}}));
    let live = managed(
        deployment(
            json!({"replicas": 5, "paused": true, "minReadySeconds": 9, "template": {"spec": {"containers": [
                {"name": "web", "image": "web:1", "ports": [{"containerPort": 80, "protocol": "TCP"}]},
                {"name": "proxy", "image": "proxy:1"},
            ]}}}),
        ),
        &[
            (
                "kustomize-controller",
                json!({"f:spec": {"f:minReadySeconds": {}, "f:template": {"f:spec": {"f:containers": {
                    "k:{\"name\":\"web\"}": {".": {}, "f:name": {}, "f:image": {}},
                }}}}}),
            ),
            ("kubectl-scale", json!({"f:spec": {"f:replicas": {}}})),
            (
                "injector",
                json!({"f:spec": {"f:paused": {}, "f:template": {"f:spec": {"f:containers": {
                    "k:{\"name\":\"proxy\"}": {".": {}, "f:name": {}, "f:image": {}},
                }}}}}),
            ),
        ],
    );
    let drift = found(&desired, &live);
    assert_eq!(
        lines(&drift),
        [
            "spec.minReadySeconds: 9 -> - (removedFromGit)",
            "spec.paused: true -> false (otherController by injector)",
            "spec.replicas: 5 -> 3 (editedByHand by kubectl-scale)",
            "spec.template.spec.containers[web].image: \"web:1\" -> \"web:2\" (notYetApplied)",
        ]
    );
    let conflicts: Vec<_> =
        drift.conflicts.iter().map(|c| format!("{} {}", c.owner.manager, c.path)).collect();
    assert_eq!(conflicts, ["kubectl-scale .spec.replicas", "injector .spec.paused"]);
    let patch = serde_json::to_value(drift.patch()).unwrap();
    assert_eq!(
        patch,
        json!([
            {"op": "replace", "path": "/spec/replicas", "value": 3},
            {"op": "replace", "path": "/spec/template/spec/containers/0/image", "value": "web:2"},
            {"op": "remove", "path": "/spec/paused"},
            {"op": "remove", "path": "/spec/minReadySeconds"},
        ])
    );
}

#[test]
fn without_managed_fields_the_last_applied_copy_decides() {
    let desired = deployment(json!({"replicas": 3, "paused": true}));
    let applied = deployment(json!({"replicas": 3, "paused": false, "minReadySeconds": 1}));
    let mut live = deployment(json!({"replicas": 4, "paused": false, "minReadySeconds": 1, "other": 1}));
    assert_eq!(
        lines(&found(&desired, &live)),
        ["spec.paused: - -> true (unknown)", "spec.replicas: 4 -> 3 (unknown)"]
    );
    live["metadata"]["annotations"] =
        json!({"kubectl.kubernetes.io/last-applied-configuration": applied.to_string()});
    assert_eq!(
        lines(&found(&desired, &live)),
        [
            "spec.minReadySeconds: 1 -> - (removedFromGit)",
            "spec.paused: - -> true (notYetApplied)",
            "spec.replicas: 4 -> 3 (editedByHand)"
        ]
    );
}

#[test]
fn objects_are_paired_by_identity() {
    let named = |kind: &str, namespace: &str, name: &str| {
        object(
            &json!({"apiVersion": "v1", "kind": kind, "metadata": {"name": name, "namespace": namespace}, "data": {"a": "b"}}),
        )
    };
    let bare = object(&json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "bare"}}));
    let mut owned = named("Pod", "a", "owned");
    owned
        .node
        .get_mut("metadata")
        .unwrap()
        .as_map_mut()
        .unwrap()
        .insert("ownerReferences", Node::from(&json!([{"kind": "ReplicaSet", "name": "r", "uid": "1"}])));
    let desired = [
        named("ConfigMap", "a", "same"),
        named("ConfigMap", "a", "missing"),
        named("ConfigMap", "a", "twice"),
        named("ConfigMap", "a", "twice"),
        // A cluster-wide kind has no namespace, whatever an object says; others have the one they say.
        named("Node", "a", "wide"),
        named("Custom", "a", "wide"),
        named("Secret", "a", "elsewhere"),
        bare,
        Object::new(Node::from(&json!({"kind": "ConfigMap"}))),
    ];
    let live = [
        named("ConfigMap", "a", "same"),
        named("ConfigMap", "b", "same"),
        named("ConfigMap", "a", "twice"),
        named("ConfigMap", "default", "bare"),
        named("Node", "", "wide"),
        named("Custom", "", "wide"),
        named("Secret", "", "elsewhere"),
        owned,
    ];
    let report = compare(&desired, &live, &DriftOptions::new());
    let statuses: Vec<_> = report
        .objects
        .iter()
        .map(|object| {
            let reason = object.reason.as_ref().map_or("", |reason| reason.code);
            format!("{} {} {reason}", object.id, object.status.name())
        })
        .collect();
    assert_eq!(
        statuses,
        [
            "ConfigMap  unknown no-identity",
            "ConfigMap bare inSync ",
            "ConfigMap a/missing missing ",
            "ConfigMap a/same inSync ",
            "ConfigMap a/twice inSync ",
            "ConfigMap a/twice unknown duplicate-object",
            "ConfigMap b/same extra ",
            "Custom a/wide inSync ",
            "Node a/wide inSync ",
            "Pod a/owned ignored owned",
            "Secret elsewhere extra ",
            "Secret a/elsewhere missing ",
        ]
    );
    for threads in [0, 2, 100] {
        let same = compare(&desired, &live, &DriftOptions::new().with_threads(threads));
        assert_eq!(same.to_json(), report.to_json(), "{threads} threads");
    }
    let summary = serde_json::to_value(report.summary).unwrap();
    assert_eq!(
        summary,
        json!({"inSync": 5, "drifted": 0, "missing": 2, "extra": 2, "ignored": 1, "unknown": 2, "fields": 0})
    );
}

#[test]
fn secret_values_stay_in_the_patch() {
    let secret = |value: &str| json!({"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "s"}, "type": "Opaque", "data": {"p": value, "q": "c2FtZQ=="}});
    let report =
        compare(&[object(&secret("bmV3dmFsdWU="))], &[object(&secret("b2xkdmFsdWU="))], &DriftOptions::new());
    let shown = format!("{report:?}{}{}{}", report.to_json(), report.to_text(), report.to_unified_yaml());
    for value in ["bmV3dmFsdWU", "b2xkdmFsdWU", "newvalue", "oldvalue", "c2FtZQ"] {
        assert!(!shown.contains(value), "{value} in {shown}");
    }
    assert!(report.to_unified_yaml().contains("+  p: (secret value, changed)"), "{shown}");
    let patch = serde_json::to_value(report.objects[0].patch()).unwrap();
    assert_eq!(patch, json!([{"op": "replace", "path": "/data/p", "value": "bmV3dmFsdWU="}]));
    let mut git = secret("");
    git.as_object_mut().unwrap().remove("data");
    git["stringData"] = json!({"p": "x", "q": "same"});
    let live =
        managed(secret("eQ=="), &[("flux", json!({})), ("kubectl-edit", json!({"f:data": {"f:p": {}}}))]);
    let cause = found(&git, &live).fields.first().map(|field| field.cause);
    assert_eq!(cause, Some(Cause::EditedByHand), "`stringData` sets `data`");
}

#[test]
fn what_the_server_would_refuse_is_said() {
    let desired = deployment(json!({"template": {"spec": {"containers": [{"name": "a", "ports": [
        {"containerPort": 80, "name": "x"}, {"containerPort": 80, "protocol": "TCP"},
    ]}]}}}));
    let live = deployment(json!({"template": {"spec": {"containers": [{"name": "a"}]}}}));
    let drift = found(&desired, &live);
    assert_eq!(drift.diagnostics.len(), 1);
    assert_eq!(drift.diagnostics[0].code, "duplicate-list-item");
    let place = ".spec.template.spec.containers[name=\"a\"].ports[containerPort=80,protocol=\"TCP\"]";
    assert!(drift.diagnostics[0].message.starts_with(place), "{}", drift.diagnostics[0].message);
}

#[test]
fn what_cannot_change_is_said_once_per_field() {
    let of = |labels: Json, replicas: i64| {
        deployment(json!({"replicas": replicas, "selector": {"matchLabels": labels},
            "template": {"metadata": {"labels": {"a": "b"}}, "spec": {"containers": [{"name": "a"}]}}}))
    };
    let codes = |desired: &Json, live: &Json| -> Vec<(&'static str, String)> {
        let drift = found(desired, live);
        drift.diagnostics.into_iter().map(|told| (told.code, told.message)).collect()
    };
    let told = codes(&of(json!({"a": "b", "c": "d"}), 2), &of(json!({"a": "x", "e": "f"}), 3));
    assert_eq!((told.len(), told[0].0), (1, "immutable-field"));
    assert!(told[0].1.starts_with("spec.selector cannot change: the API server refuses it"), "{}", told[0].1);
    assert_eq!(codes(&of(json!({"a": "b"}), 2), &of(json!({"a": "b"}), 3)), []);

    // Rules of a custom kind.
    let rule = |rule: &str| json!({"x-kubernetes-validations": [{"rule": rule, "message": "it stays"}]});
    let mut schema = json!({"type": "object", "properties": {"spec": {"type": "object", "properties": {
        "class": {"type": "string"}, "size": {"type": "integer"}, "count": {"type": "integer"},
        "disks": {"type": "object", "additionalProperties": {"type": "object", "properties": {"id": {"type": "string"}}}},
    }, "x-kubernetes-validations": [{"rule": "self.count == oldSelf.count"}]}}});
    let spec = &mut schema["properties"]["spec"]["properties"];
    spec["class"]["x-kubernetes-validations"] = rule("self == oldSelf")["x-kubernetes-validations"].clone();
    spec["size"]["x-kubernetes-validations"] = rule("self >= oldSelf")["x-kubernetes-validations"].clone();
    let id = &mut spec["disks"]["additionalProperties"]["properties"]["id"];
    id["x-kubernetes-validations"] = rule("oldSelf == self")["x-kubernetes-validations"].clone();
    let definition =
        object(&json!({"apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition",
        "metadata": {"name": "stores.x.example"}, "spec": {"group": "x.example", "names": {"kind": "Store"},
        "versions": [{"name": "v1", "schema": {"openAPIV3Schema": schema}}]}}));
    let store = |spec: Json| {
        object(
            &json!({"apiVersion": "x.example/v1", "kind": "Store", "metadata": {"name": "s"}, "spec": spec}),
        )
    };
    for (live, desired, want) in [
        (json!({"class": "a"}), json!({"class": "b"}), "spec.class cannot change (it stays):"),
        // A transition rule asks for both values.
        (json!({"size": 1}), json!({"size": 1, "class": "b"}), ""),
        (json!({"size": 2}), json!({"size": 1}), ""),
        (json!({"count": 2}), json!({"count": 1}), "spec.count cannot change:"),
        (
            json!({"disks": {"x": {"id": "1"}}}),
            json!({"disks": {"x": {"id": "2"}}}),
            "spec.disks.x.id cannot change",
        ),
        (json!({"disks": {"x": {"id": "1"}}}), json!({"disks": {"y": {"id": "2"}}}), ""),
    ] {
        let options = DriftOptions::new().with_schemas(Schemas::default().with_definitions([&definition]));
        let drift = compare_one(&store(desired), &store(live), &options);
        let told: Vec<&str> = drift.diagnostics.iter().map(|told| told.message.as_str()).collect();
        assert!(told.join(" ").starts_with(want) && told.is_empty() == want.is_empty(), "{want} {told:?}");
    }
}

#[test]
fn objects_of_another_version_are_not_judged() {
    let of = |version: &str, spec: Json| json!({"apiVersion": version, "kind": "HorizontalPodAutoscaler", "metadata": {"name": "h"}, "spec": spec});
    let desired = of("autoscaling/v1", json!({"targetCPUUtilizationPercentage": 80}));
    let drift = found(&desired, &of("autoscaling/v2", json!({"metrics": []})));
    assert_eq!((drift.status, drift.reason.unwrap().code), (DriftStatus::Unknown, "other-version"));
    let same = of("autoscaling/v2", json!({"maxReplicas": 3}));
    let desired = of("autoscaling/v1", json!({"maxReplicas": 3}));
    assert_eq!(found(&desired, &same).status, DriftStatus::InSync);
}

#[test]
fn custom_kinds_merge_by_their_definition() {
    let definition = json!({"apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition",
    "metadata": {"name": "routes.example.com"},
    "spec": {"group": "example.com", "names": {"kind": "Route"}, "versions": [{"name": "v1", "schema": {"openAPIV3Schema":
        {"type": "object", "properties": {"spec": {"type": "object", "properties": {"rules": {
            "type": "array", "x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": ["name"],
            "items": {"type": "object", "properties": {"name": {"type": "string"}, "weight": {"type": "integer"}}},
        }}}}}}}]}});
    let route = |rules: Json| {
        object(
            &json!({"apiVersion": "example.com/v1", "kind": "Route", "metadata": {"name": "r"}, "spec": {"rules": rules}}),
        )
    };
    let desired = route(json!([{"name": "a", "weight": 1}]));
    let live = route(json!([{"name": "b"}, {"name": "a", "weight": 1, "extra": true}]));
    let options = DriftOptions::new();
    let status = |desired: &[Object]| {
        let report = compare(desired, std::slice::from_ref(&live), &options);
        report.objects.iter().find(|object| object.id.kind == "Route").unwrap().status
    };
    assert_eq!(status(&[desired.clone(), object(&definition)]), DriftStatus::InSync);
    assert_eq!(status(&[desired]), DriftStatus::Drifted, "a list of which nothing is known is replaced");
}

#[test]
fn managed_fields_show_how_an_unknown_kind_merges() {
    let of = |spec: Json| json!({"apiVersion": "example.com/v1", "kind": "Route", "metadata": {"name": "r"}, "spec": spec});
    let owned = json!({"f:spec": {
        "f:ports": {"k:{\"port\":80,\"protocol\":\"TCP\"}": {".": {}, "f:port": {}, "f:ref": {}}},
        "f:tags": {"v:\"a\"": {}},
        "f:selector": {},
        "f:args": {},
        "f:gone": {"f:x": {}},
    }});
    let live = managed(
        of(json!({
            "ports": [{"port": 81, "protocol": "TCP"}, {"port": 80, "protocol": "TCP", "ref": {"a": "b", "c": "d"}}],
            "tags": ["b", "a"], "selector": {"x": "y", "z": ""}, "args": ["b", "a"], "gone": {"x": 1},
        })),
        &[("kustomize-controller", owned), ("other", json!({"f:spec": {"f:tags": {"v:\"b\"": {}}}}))],
    );
    let same = of(json!({
        "ports": [{"port": 80, "ref": {"a": "b", "c": "d"}}], "tags": ["a"], "selector": {"x": "y", "z": ""}, "args": ["b", "a"],
    }));
    assert_eq!(lines(&found(&same, &live)), ["spec.gone: {\"x\":1} -> - (removedFromGit)"]);
    let other = of(
        json!({"ports": [{"port": 80, "ref": {"a": "b"}}], "selector": {"x": "y"}, "args": ["b"], "gone": {"x": 1}}),
    );
    assert_eq!(
        lines(&found(&other, &live)),
        [
            "spec.args: [\"b\",\"a\"] -> [\"b\"] (notYetApplied)",
            "spec.ports[port=80].ref.c: \"d\" -> - (notYetApplied)",
            "spec.selector.z: \"\" -> - (notYetApplied)",
            "spec.tags[a]: \"a\" -> - (removedFromGit)",
        ]
    );
}

#[test]
fn reports_read_well() {
    let (desired, sources) = {
        let text = "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: web, namespace: shop}\nspec:\n  replicas: 3\n  template:\n    spec:\n      containers:\n      - name: web\n        image: web:2\n        args: [a, b]\n        env: [{name: TEXT, value: \"one\\ntwo\\n\"}]\n";
        let (stream, sources) = crate::yaml::read_str("apps/web.yaml", text, &Default::default()).unwrap();
        (Object::new(stream.documents[0].clone()), sources)
    };
    let live = managed(
        deployment(json!({"replicas": 5, "template": {"spec": {"containers": [
            {"name": "web", "image": "web:1", "args": ["a", "c", "d"], "env": [{"name": "TEXT", "value": "one\nzwei\n"}]},
        ]}}})),
        &[
            (
                "kustomize-controller",
                json!({"f:spec": {"f:template": {"f:spec": {"f:containers": {"k:{\"name\":\"web\"}": {".": {}, "f:image": {}}}}}}}),
            ),
            ("kubectl-edit", json!({"f:spec": {"f:replicas": {}}})),
        ],
    );
    let extra = object(&json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "left-over"}}));
    let missing = object(&json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "shop"}}));
    let options = DriftOptions::new().with_sources(sources);
    let report = compare(&[desired, missing], &[object(&live), extra], &options);
    insta::assert_snapshot!("text", report.to_text());
    insta::assert_snapshot!("unified", report.to_unified_yaml());
    insta::assert_snapshot!("json", report.to_json());
}

fn rules(objects: &[Json]) -> IgnoreRules {
    let mut rules = IgnoreRules::new();
    for json in objects {
        assert!(rules.add(&object(json), None).unwrap());
    }
    rules
}

fn argo(rule: Json) -> Json {
    json!({"apiVersion": "argoproj.io/v1alpha1", "kind": "Application", "spec": {"ignoreDifferences": [rule]}})
}

fn flux(rule: Json) -> Json {
    json!({"apiVersion": "kustomize.toolkit.fluxcd.io/v1", "kind": "Kustomization", "spec": {"ignore": [rule]}})
}

#[test]
fn rules_take_fields_out() {
    let desired = deployment(json!({"replicas": 3, "paused": true, "template": {"spec": {"containers": [
        {"name": "web", "image": "web:2"}, {"name": "proxy", "image": "proxy:2"},
    ]}}}));
    let live = managed(
        deployment(json!({"replicas": 5, "paused": false, "template": {"spec": {"containers": [
            {"name": "proxy", "image": "proxy:1"}, {"name": "web", "image": "web:1"},
        ]}}})),
        &[("argocd-controller", json!({})), ("kubectl-scale", json!({"f:spec": {"f:replicas": {}}}))],
    );
    let all = "order paused proxy replicas web";
    for (rule, left) in [
        (
            argo(json!({"group": "apps", "kind": "Deployment", "jsonPointers": ["/spec/replicas"]})),
            "order paused proxy web",
        ),
        (
            argo(json!({"group": "*", "kind": "*", "jsonPointers": ["/spec/replicas", "/spec/none"]})),
            "order paused proxy web",
        ),
        (argo(json!({"kind": "Deployment", "jsonPointers": ["/spec/replicas"]})), all),
        (
            argo(json!({"group": "apps", "kind": "Deployment", "name": "other", "jsonPointers": ["/spec"]})),
            all,
        ),
        (
            argo(json!({"group": "apps", "kind": "Deployment", "jqPathExpressions":
                [".spec.template.spec.containers[] | select(.name == \"proxy\") | .image"]})),
            "order paused replicas web",
        ),
        (
            argo(json!({"group": "apps", "kind": "*", "managedFieldsManagers": ["kubectl-scale"]})),
            "order paused proxy web",
        ),
        (flux(json!({"paths": ["/spec/template"], "target": {"kind": "Deploy.*", "name": "we"}})), all),
        (flux(json!({"paths": ["/spec/template"], "target": {"kind": "Deploy.*"}})), "paused replicas"),
        (flux(json!({"paths": ["/spec/paused"]})), "order proxy replicas web"),
        (flux(json!({"paths": ["/spec"]})), "ignored"),
        (flux(json!({"paths": [""]})), "ignored"),
    ] {
        let options = DriftOptions::new().with_ignore(rules(std::slice::from_ref(&rule)));
        let drift = compare_one(&object(&desired), &object(&live), &options);
        let mut found: Vec<_> = drift
            .fields
            .iter()
            .map(|field| match field.path.as_str() {
                "spec.template.spec.containers" => "order",
                "spec.template.spec.containers[web].image" => "web",
                "spec.template.spec.containers[proxy].image" => "proxy",
                other => other.strip_prefix("spec.").unwrap(),
            })
            .collect();
        found.sort_unstable();
        let found = if drift.status == DriftStatus::Ignored { "ignored".to_owned() } else { found.join(" ") };
        assert_eq!(found, left, "{rule}");
        let patch = serde_json::to_string(drift.patch()).unwrap();
        assert_eq!(patch.contains("/spec/paused"), left.contains("paused"), "{patch}");
    }
    let settings = json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "argocd-cm"}, "data": {
        "resource.customizations.ignoreDifferences.apps_Deployment": "jsonPointers:\n- /spec/replicas\n",
        "resource.customizations.ignoreDifferences.all": "jqPathExpressions:\n- .spec.paused\n",
    }});
    let options = DriftOptions::new().with_ignore(rules(&[settings]));
    let drift = compare_one(&object(&desired), &object(&live), &options);
    assert_eq!((drift.fields.len(), drift.ignored_fields), (3, 2));
    let broken = argo(json!({"group": "a", "kind": "b", "jqPathExpressions": ["def f: f; f"]}));
    let error = IgnoreRules::new().add(&object(&broken), None).unwrap_err();
    assert_eq!(error.code(), "bad-ignore-rule");
}

#[test]
fn annotations_take_objects_out() {
    let of = |annotation: &str, value: &str| {
        object(
            &json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "a", "annotations": {annotation: value}}, "data": {"k": value}}),
        )
    };
    let plain = of("a", "b");
    let status =
        |desired: &[Object], live: &[Object]| compare(desired, live, &DriftOptions::new()).objects[0].status;
    let flux = |name: &str| format!("kustomize.toolkit.fluxcd.io/{name}");
    for (annotation, value, missing, drifted, extra) in [
        (flux("reconcile"), "Disabled", DriftStatus::Ignored, DriftStatus::Ignored, DriftStatus::Ignored),
        (flux("ssa"), "ignore", DriftStatus::Ignored, DriftStatus::Ignored, DriftStatus::Extra),
        (flux("ssa"), "IfNotPresent", DriftStatus::Missing, DriftStatus::Ignored, DriftStatus::Extra),
        (flux("prune"), "disabled", DriftStatus::Missing, DriftStatus::Drifted, DriftStatus::Ignored),
        (
            "helm.toolkit.fluxcd.io/driftDetection".into(),
            "disabled",
            DriftStatus::Ignored,
            DriftStatus::Ignored,
            DriftStatus::Extra,
        ),
        (
            "helm.toolkit.fluxcd.io/driftDetection".into(),
            "Disabled",
            DriftStatus::Ignored,
            DriftStatus::Ignored,
            DriftStatus::Extra,
        ),
        (
            "argocd.argoproj.io/compare-options".into(),
            "A,IgnoreExtraneous",
            DriftStatus::Missing,
            DriftStatus::Drifted,
            DriftStatus::Ignored,
        ),
    ] {
        let marked = of(&annotation, value);
        let one = std::slice::from_ref(&marked);
        let plain = std::slice::from_ref(&plain);
        assert_eq!(
            (status(one, &[]), status(one, plain), status(&[], one)),
            (missing, drifted, extra),
            "{annotation}: {value}"
        );
        // What only the live object is marked with counts too, but for what is made once.
        let by_live = status(plain, one) == DriftStatus::Ignored;
        assert_eq!(
            by_live,
            drifted == DriftStatus::Ignored && value != "IfNotPresent",
            "{annotation}: {value}"
        );
    }
}

#[test]
fn helm_releases_say_what_becomes_of_drift() {
    let release = |detection: Json| {
        let mut release = json!({"apiVersion": "helm.toolkit.fluxcd.io/v2", "kind": "HelmRelease",
            "metadata": {"name": "shop", "namespace": "web"}, "spec": {}});
        if !detection.is_null() {
            release["spec"]["driftDetection"] = detection;
        }
        release
    };
    let of = |release: &str, value: &str| {
        let mut config = json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "c"}, "data": {"k": value, "j": "1"}});
        if let Some((namespace, name)) = release.split_once('/') {
            config["metadata"]["labels"] =
                json!({"helm.toolkit.fluxcd.io/name": name, "helm.toolkit.fluxcd.io/namespace": namespace});
        }
        config
    };
    let ignore = json!([{"paths": ["/data/k"]}]);
    let (ours, other, none) = ("web/shop", "web/blog", "");
    for (detection, object_of, status, reason) in [
        (json!(null), ours, DriftStatus::Drifted, ""),
        (json!({"mode": "enabled"}), ours, DriftStatus::Drifted, ""),
        (json!({"mode": "warn"}), ours, DriftStatus::Drifted, "drift-only-told"),
        (json!({"mode": "warn"}), other, DriftStatus::Drifted, ""),
        (json!({"mode": "disabled"}), ours, DriftStatus::Ignored, "drift-detection-disabled"),
        (json!({"mode": "disabled"}), other, DriftStatus::Drifted, ""),
        (json!({"mode": "disabled"}), "prod/shop", DriftStatus::Drifted, ""),
        (json!({"mode": "disabled"}), none, DriftStatus::Drifted, ""),
        (json!({}), ours, DriftStatus::Ignored, "drift-detection-disabled"),
        (json!({"mode": "enabled", "ignore": ignore}), ours, DriftStatus::Ignored, "fields-ignored"),
        (json!({"mode": "enabled", "ignore": ignore}), none, DriftStatus::Ignored, "fields-ignored"),
        (json!({"mode": "enabled", "ignore": ignore}), other, DriftStatus::Drifted, ""),
        (json!({"mode": "enabled", "ignore": [{"paths": [""]}]}), other, DriftStatus::Drifted, ""),
        (json!({"mode": "enabled", "ignore": [{"paths": [""]}]}), ours, DriftStatus::Ignored, "rule"),
    ] {
        let options = DriftOptions::new().with_ignore(rules(&[release(detection.clone())]));
        // The chart that is rendered does not know the labels.
        let found = compare_one(&object(&of(none, "new")), &object(&of(object_of, "old")), &options);
        let told = found.reason.map_or("", |reason| reason.code);
        assert_eq!((found.status, told), (status, reason), "{detection} {object_of}");
    }
    let wrong = IgnoreRules::new().add(&object(&release(json!({"mode": "on"}))), None).unwrap_err();
    assert_eq!(wrong.code(), "bad-ignore-rule");
}

#[test]
fn marks_of_who_applied_are_no_drift() {
    let of = |metadata: Json| json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "data": {"k": "v"}});
    let entry = |fields: Json| json!([{"manager": "kustomize-controller", "operation": "Apply", "fieldsV1": {"f:data": {"f:k": {}}, "f:metadata": fields}}]);
    let flux = "kustomize.toolkit.fluxcd.io/name";
    let argo = "argocd.argoproj.io/tracking-id";
    for (desired, marks, fields, status) in [
        (
            json!({"name": "c"}),
            json!({"labels": {flux: "apps"}}),
            json!({"f:labels": {format!("f:{flux}"): {}}}),
            DriftStatus::InSync,
        ),
        (
            json!({"name": "c", "labels": {"a": "b"}}),
            json!({"labels": {flux: "apps", "a": "b"}}),
            json!({"f:labels": {format!("f:{flux}"): {}, "f:a": {}}}),
            DriftStatus::InSync,
        ),
        (
            json!({"name": "c", "annotations": null}),
            json!({"annotations": {argo: "a:/ConfigMap:n/c"}}),
            json!({"f:annotations": {format!("f:{argo}"): {}}}),
            DriftStatus::InSync,
        ),
        // Who sets one in Git means it.
        (
            json!({"name": "c", "labels": {flux: "other"}}),
            json!({"labels": {flux: "apps"}}),
            json!({"f:labels": {format!("f:{flux}"): {}}}),
            DriftStatus::Drifted,
        ),
        (
            json!({"name": "c"}),
            json!({"labels": {"a": "b"}}),
            json!({"f:labels": {"f:a": {}}}),
            DriftStatus::Drifted,
        ),
    ] {
        let mut live = of(marks);
        live["metadata"]["name"] = json!("c");
        live["metadata"]["managedFields"] = entry(fields);
        for profile in [Profile::ServerSideApply, Profile::Flux] {
            let options = DriftOptions::new().with_profile(profile);
            let found = compare_one(&object(&of(desired.clone())), &object(&live), &options);
            assert_eq!(found.status, status, "{desired} {:?}", found.fields);
        }
    }
}

#[test]
fn labels_that_manifests_have_too_are_marks_only_of_their_tool() {
    let instance = "app.kubernetes.io/instance";
    let managed_by = "app.kubernetes.io/managed-by";
    let of = |metadata: Json| json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "data": {"k": "v"}});
    for (manager, label, annotation, status) in [
        ("argocd-controller", instance, "a", DriftStatus::InSync),
        ("kustomize-controller", instance, "a", DriftStatus::Drifted),
        ("argocd-controller", managed_by, "a", DriftStatus::Drifted),
        ("helm-controller", managed_by, "meta.helm.sh/release-name", DriftStatus::InSync),
        ("argocd-controller", "app.kubernetes.io/name", "meta.helm.sh/release-name", DriftStatus::Drifted),
    ] {
        let mut live = of(json!({"name": "c", "labels": {label: "x"}, "annotations": {annotation: "y"}}));
        live["metadata"]["managedFields"] = json!([{"manager": manager, "operation": "Apply",
            "fieldsV1": {"f:data": {"f:k": {}}, "f:metadata": {"f:labels": {format!("f:{label}"): {}}}}}]);
        let found = found(&of(json!({"name": "c"})), &live);
        assert_eq!(found.status, status, "{manager} {label}: {:?}", found.fields);
    }
}

#[test]
fn flux_takes_over_what_kubectl_set_unless_it_merges() {
    let entry = |manager: &str, operation: &str, key: &str| json!({"manager": manager, "operation": operation, "fieldsV1": {"f:data": {key: {}}}});
    for (manager, operation, mark, fields) in [
        ("kubectl-edit", "Update", "", "data.k editedByHand"),
        ("kubectl", "Apply", "", "data.k editedByHand"),
        ("before-first-apply", "Update", "", "data.k removedFromGit"),
        ("kustomize-controller", "Update", "", "data.k removedFromGit"),
        ("some-operator", "Update", "", ""),
        ("kubectl-edit", "Update", "Merge", ""),
        ("kubectl-edit", "Update", "merge", ""),
        ("kubectl-edit", "Update", "Override", "data.k editedByHand"),
    ] {
        let annotations = json!({"kustomize.toolkit.fluxcd.io/ssa": mark});
        let of = |data: Json| json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "c", "annotations": annotations}, "data": data});
        let mut live = of(json!({"a": "1", "k": "mine"}));
        live["metadata"]["managedFields"] =
            json!([entry("kustomize-controller", "Apply", "f:a"), entry(manager, operation, "f:k")]);
        let options = DriftOptions::new().with_profile(Profile::Flux);
        let found = compare_one(&object(&of(json!({"a": "1"}))), &object(&live), &options);
        let told: Vec<String> =
            found.fields.iter().map(|field| format!("{} {}", field.path, field.cause.name())).collect();
        assert_eq!(told.join(" "), fields, "{manager} {operation} {mark}");
        let plain = compare_one(&object(&of(json!({"a": "1"}))), &object(&live), &DriftOptions::new());
        assert_eq!(plain.status, DriftStatus::InSync, "{manager}");
    }
}

/// Applies a JSON Patch, as little as the repairs use of it.
fn patched(mut target: Json, operations: &[PatchOperation]) -> Json {
    for operation in operations {
        let (PatchOperation::Add { path, .. }
        | PatchOperation::Remove { path }
        | PatchOperation::Replace { path, .. }) = operation;
        let (parent, last) = path.rsplit_once('/').unwrap();
        let last = last.replace("~1", "/").replace("~0", "~");
        let parent = target.pointer_mut(parent).expect("the parent is there");
        match (operation, parent) {
            (PatchOperation::Add { value, .. }, Json::Object(map)) => {
                map.insert(last, value.clone());
            }
            (PatchOperation::Add { value, .. }, Json::Array(items)) => {
                assert_eq!(last, "-");
                items.push(value.clone());
            }
            (PatchOperation::Remove { .. }, Json::Object(map)) => {
                map.remove(&last).expect("the field is there");
            }
            (PatchOperation::Remove { .. }, Json::Array(items)) => {
                items.remove(last.parse().unwrap());
            }
            (PatchOperation::Replace { value, .. }, Json::Object(map)) => {
                *map.get_mut(&last).expect("the field is there") = value.clone();
            }
            (PatchOperation::Replace { value, .. }, Json::Array(items)) => {
                items[last.parse::<usize>().unwrap()] = value.clone();
            }
            _ => panic!("no place for {path}"),
        }
    }
    target
}

/// Specs of Deployments that use every kind of merging: lists with one key and with two, a set, atomic
/// lists and structs, mappings.
fn spec() -> impl Strategy<Value = Json> {
    let word = || prop::sample::select(vec!["a", "b", "c", "d"]);
    let words = move || prop::collection::vec(word(), 0..3);
    let mapping = move || prop::collection::btree_map(word(), word(), 0..3);
    let ports = prop::collection::btree_map(
        (80..83_i64, prop::option::of(prop::sample::select(vec!["TCP", "UDP"]))),
        prop::option::of(word()),
        0..3,
    );
    let ports = ports.prop_map(|ports| {
        let mut seen = std::collections::HashSet::new();
        let mut out = Vec::new();
        for ((port, protocol), name) in ports {
            if seen.insert((port, protocol.unwrap_or("TCP"))) {
                let mut item = json!({"containerPort": port});
                if let Some(protocol) = protocol {
                    item["protocol"] = json!(protocol);
                }
                if let Some(name) = name {
                    item["name"] = json!(name);
                }
                out.push(item);
            }
        }
        out
    });
    let container = (prop::option::of(word()), prop::option::of(words()), ports, mapping());
    let containers = prop::collection::vec((word(), container), 0..4).prop_map(|containers| {
        let mut seen = std::collections::HashSet::new();
        let kept = containers.into_iter().filter(|(name, _)| seen.insert(*name));
        kept.map(|(name, (image, args, ports, env))| {
            let mut item = json!({"name": name});
            if let Some(image) = image {
                item["image"] = json!(image);
            }
            if let Some(args) = args {
                item["args"] = json!(args);
            }
            if !ports.is_empty() {
                item["ports"] = json!(ports);
            }
            if !env.is_empty() {
                item["env"] = env.iter().map(|(name, value)| json!({"name": name, "value": value})).collect();
            }
            item
        })
        .collect::<Vec<_>>()
    });
    let finalizers = prop::collection::btree_set(word(), 0..3);
    (prop::option::of(0..4_i64), mapping(), mapping(), mapping(), finalizers, containers).prop_map(
        |(replicas, labels, selector, nodes, finalizers, containers)| {
            let mut out = deployment(json!({"template": {"spec": {"containers": containers}}}));
            if let Some(replicas) = replicas {
                out["spec"]["replicas"] = json!(replicas);
            }
            if !labels.is_empty() {
                out["metadata"]["labels"] = json!(labels);
            }
            if !selector.is_empty() {
                out["spec"]["selector"] = json!({"matchLabels": selector});
            }
            if !nodes.is_empty() {
                out["spec"]["template"]["spec"]["nodeSelector"] = json!(nodes);
            }
            if !finalizers.is_empty() {
                out["metadata"]["finalizers"] = json!(finalizers);
            }
            out
        },
    )
}

/// FieldsV1 of a set.
fn fields_v1(set: &field_set::FieldSet) -> Json {
    let mut out = json!({});
    for path in set.paths() {
        let mut at = &mut out;
        for element in &path {
            let key = match element {
                field_set::Element::Field(name) => format!("f:{name}"),
                field_set::Element::Value(value) => format!("v:{value}"),
                field_set::Element::Index(index) => format!("i:{index}"),
                field_set::Element::Key(keys) => {
                    let keys: Vec<_> = keys.iter().map(|(key, value)| format!("\"{key}\":{value}")).collect();
                    format!("k:{{{}}}", keys.join(","))
                }
            };
            let map = at.as_object_mut().unwrap();
            at = map.entry(key).or_insert(json!({}));
        }
        at.as_object_mut().unwrap().insert(".".to_owned(), json!({}));
    }
    out
}

/// A live object in which one manager applied `before`, and another changed it to what it is.
fn lived(before: &Json, other: &Json) -> Json {
    let schemas = Schemas::default();
    let (schema, of) = schemas.merge_type("apps/v1", "Deployment").unwrap();
    let set = |json: &Json| {
        let mut spec = json.clone();
        let map = spec.as_object_mut().unwrap();
        map.remove("kind");
        map.remove("apiVersion");
        let metadata = map.get_mut("metadata").unwrap().as_object_mut().unwrap();
        metadata.remove("name");
        metadata.remove("namespace");
        fields_v1(&fields::fields_of(schema, of, &Node::from(&spec)))
    };
    let live = merge::merge(schema, of, &Node::from(before), &Node::from(other));
    let live = live.map_or(before.clone(), |live| serde_json::to_value(live).unwrap());
    managed(live, &[("kustomize-controller", set(before)), ("other", set(other))])
}

/// The same objects and keys in another order.
fn reversed(json: &Json) -> Json {
    match json {
        Json::Object(map) => Json::Object(map.iter().rev().map(|(k, v)| (k.clone(), reversed(v))).collect()),
        Json::Array(items) => items.iter().map(reversed).collect(),
        other => other.clone(),
    }
}

#[test]
fn the_short_way_answers_as_the_long_one() {
    let schemas = Schemas::default();
    let (schema, of) = schemas.merge_type("v1", "Service").unwrap();
    let port = |port: Json| json!({"port": port});
    let named = |number: i64, name: &str| json!({"port": number, "name": name});
    let udp = json!({"port": 80, "protocol": "UDP"});
    for (live, config, nothing) in [
        (json!([named(80, "a"), named(81, "b")]), json!([port(json!(80)), named(81, "b")]), true),
        (json!([named(80, "a"), named(81, "b")]), json!([named(81, "b"), named(80, "a")]), false),
        (json!([named(80, "a"), named(81, "b")]), json!([named(81, "b")]), true),
        (json!([named(80, "a")]), json!([named(80, "b")]), false),
        (json!([named(80, "a")]), json!([port(json!(80.0))]), true),
        (json!([port(json!(80)), udp]), json!([port(json!(80)), udp]), true),
        (json!([port(json!(80))]), json!([{"port": 80, "protocol": "TCP"}]), false),
        // Items that stand twice: the list is one value.
        (json!([named(80, "a"), named(80, "b")]), json!([port(json!(80)), port(json!(80.0))]), false),
        (json!([named(80, "a"), named(80, "a")]), json!([named(80, "a"), named(80, "a")]), true),
        (json!([{"name": "a", "nodePort": 1}]), json!([{"name": "a"}]), true),
        (json!([{"protocol": null, "x": 1}]), json!([{"protocol": null}]), true),
        (json!([]), json!([]), true),
        (json!([]), json!(null), false),
        (json!([named(80, "a")]), json!(null), true),
    ] {
        let service = |ports: &Json| Node::from(&json!({"kind": "Service", "spec": {"ports": ports}}));
        let (live, config) = (service(&live), service(&config));
        let long = merge::merge(schema, of, &live, &config).is_none();
        assert_eq!(
            (long, unchanged::merges_to_nothing(schema, of, &live, &config)),
            (nothing, nothing),
            "{config:?}"
        );
    }
    let ports = json!([named(80, "a"), {"port": 8080, "protocol": "UDP"}]);
    let service = Node::from(
        &json!({"spec": {"ports": ports, "selector": {"a": "b"}}, "metadata": {"finalizers": ["x"]}}),
    );
    let port = |key: &str| json!({"f:spec": {"f:ports": {key: {".": {}, "f:port": {}}}}});
    for (fields, all) in [
        (port("k:{\"port\":80,\"protocol\":\"TCP\"}"), true),
        (port("k:{\"port\": 80, \"protocol\": \"TCP\"}"), true),
        (port("k:{\"port\":8080,\"protocol\":\"UDP\"}"), true),
        (port("k:{\"port\":8080,\"protocol\":\"TCP\"}"), false),
        (port("k:{\"port\":8,\"protocol\":\"TCP\"}"), false),
        (port("k:{\"port\":80}"), false),
        (json!({"f:spec": {"f:selector": {}}, "f:metadata": {"f:finalizers": {"v:\"x\"": {}}}}), true),
        (json!({"f:metadata": {"f:finalizers": {"v:\"y\"": {}}}}), false),
        (json!({"f:spec": {"f:type": {}}}), false),
    ] {
        let fields = Node::from(&fields);
        let set = field_set::FieldSet::parse(&fields);
        assert_eq!(fields::has_all(schema, of, &service, &set), all, "{fields:?}");
        assert_eq!(unchanged::sets_all(schema, of, &service, &fields), all, "{fields:?}");
    }
}

proptest! {
    #[test]
    fn the_short_way_is_the_long_one(before in spec(), other in spec()) {
        let schemas = Schemas::default();
        let (schema, of) = schemas.merge_type("apps/v1", "Deployment").unwrap();
        let (live, config) = (Node::from(&before), Node::from(&other));
        let long = merge::merge(schema, of, &live, &config).is_none();
        prop_assert_eq!(unchanged::merges_to_nothing(schema, of, &live, &config), long);
        prop_assert!(unchanged::merges_to_nothing(schema, of, &live, &live));
        let set = fields::fields_of(schema, of, &live);
        let fields = Node::from(&fields_v1(&set));
        let long = fields::has_all(schema, of, &config, &set);
        prop_assert_eq!(unchanged::sets_all(schema, of, &config, &fields), long);
        prop_assert!(unchanged::sets_all(schema, of, &live, &fields));
    }

    #[test]
    fn what_is_applied_is_in_sync(before in spec(), other in spec(), desired in spec()) {
        let live = lived(&before, &other);
        let (desired, live) = (object(&desired), object(&live));
        let options = DriftOptions::new();
        let applied = predict(&desired, &live, &options);
        let again = compare_one(&desired, &applied, &options);
        prop_assert_eq!(again.status, DriftStatus::InSync, "{:?}", again.fields);
        let same = compare_one(&live, &live, &options);
        prop_assert_eq!(same.status, DriftStatus::InSync, "{:?}", same.fields);
    }

    #[test]
    fn the_patch_repairs(before in spec(), other in spec(), desired in spec()) {
        let live = lived(&before, &other);
        let drift = found(&desired, &live);
        prop_assert_eq!(drift.status == DriftStatus::Drifted, !drift.patch().is_empty());
        let repaired = patched(live, drift.patch());
        let again = found(&desired, &repaired);
        prop_assert_eq!(again.status, DriftStatus::InSync, "{:?} after {:?}", again.fields, drift.patch());
    }

    #[test]
    fn an_ignored_path_never_appears(
        before in spec(),
        other in spec(),
        desired in spec(),
        pointer in prop::sample::select(vec![
            "/spec/replicas", "/metadata/labels", "/metadata/labels/a", "/spec/selector", "/spec/template/spec/containers",
            "/spec/template/spec/nodeSelector/b", "/metadata/finalizers", "/spec/template",
        ]),
    ) {
        let live = lived(&before, &other);
        let options = DriftOptions::new().with_ignore(rules(&[flux(json!({"paths": [pointer]}))]));
        let drift = compare_one(&object(&desired), &object(&live), &options);
        let within = |path: &str| path == pointer || path.strip_prefix(pointer).is_some_and(|rest| rest.starts_with('/'));
        for field in &drift.fields {
            prop_assert!(!within(&field.pointer), "{:?}", field);
        }
        let repaired = patched(live.clone(), drift.patch());
        prop_assert_eq!(repaired.pointer(pointer), live.pointer(pointer), "{:?}", drift.patch());
        let again = compare_one(&object(&desired), &object(&repaired), &options);
        prop_assert!(matches!(again.status, DriftStatus::InSync | DriftStatus::Ignored), "{:?}", again.fields);
    }

    #[test]
    fn order_does_not_count(before in spec(), other in spec(), desired in spec()) {
        let live = lived(&before, &other);
        let mut renamed = before.clone();
        renamed["metadata"]["name"] = json!("renamed");
        let options = DriftOptions::new();
        let one = compare(&[object(&desired), object(&renamed)], &[object(&live), object(&renamed)], &options);
        let (desired, live, renamed) = (reversed(&desired), reversed(&live), reversed(&renamed));
        let two = compare(&[object(&renamed), object(&desired)], &[object(&renamed), object(&live)], &options);
        prop_assert_eq!(serde_json::to_value(&one).unwrap(), serde_json::to_value(&two).unwrap());
    }
}

#[test]
fn what_the_server_fills_in_is_no_drift() {
    let claim = |extra: Json| {
        let mut claim = json!({"metadata": {"name": "data"}, "spec": {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1024Mi"}}}});
        claim.as_object_mut().unwrap().extend(extra.as_object().unwrap().clone());
        json!({"apiVersion": "apps/v1", "kind": "StatefulSet", "metadata": {"name": "db"}, "spec": {"volumeClaimTemplates": [claim]}})
    };
    let desired = claim(json!({}));
    let mut live =
        claim(json!({"apiVersion": "v1", "kind": "PersistentVolumeClaim", "status": {"phase": "Pending"}}));
    let template = &mut live["spec"]["volumeClaimTemplates"][0];
    template["spec"]["volumeMode"] = json!("Filesystem");
    template["spec"]["resources"]["requests"]["storage"] = json!("1Gi");
    template["metadata"]["creationTimestamp"] = Json::Null;
    assert_eq!(lines(&found(&desired, &live)), Vec::<String>::new());
    let argo = DriftOptions::new().with_profile(Profile::Argo);
    assert_eq!(compare_one(&object(&desired), &object(&live), &argo).status, DriftStatus::InSync);
}
