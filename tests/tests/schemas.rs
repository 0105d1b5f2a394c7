//! Drift reports and plans are what their JSON Schemas say, and use all that these know.

use gitops_core::drift::{self, DriftOptions, IgnoreRules, compare};
use gitops_core::files::Manifests;
use gitops_core::plan::{self, Inventory, Order, PlanOptions, roll_back};
use gitops_core::review;
use jsonschema::Validator;
use serde_json::Value;

fn manifests(text: &str) -> Manifests {
    let mut manifests = Manifests::new();
    manifests.add_text("objects.yaml", text.as_bytes()).unwrap();
    manifests
}

const GIT: &str = r#"
{apiVersion: apps/v1, kind: Deployment, metadata: {name: web, namespace: a, annotations: {argocd.argoproj.io/sync-wave: "1"}}, spec: {replicas: 2, paused: true, selector: {matchLabels: {a: b}}}}
---
{apiVersion: v1, kind: Service, metadata: {name: web, namespace: a}, spec: {ports: [{port: 80}, {port: 80}], selector: {a: b}}}
---
{apiVersion: v1, kind: ConfigMap, metadata: {name: missing, namespace: a, annotations: {config.kubernetes.io/depends-on: apps/namespaces/a/Deployment/web}}}
---
{apiVersion: v1, kind: ConfigMap, metadata: {name: same, namespace: a}, data: {a: b}}
---
{apiVersion: v1, kind: ConfigMap, metadata: {name: ignored, namespace: a}, data: {a: b}}
---
{apiVersion: v1, kind: ConfigMap, metadata: {name: skipped, namespace: a, labels: {kustomize.toolkit.fluxcd.io/reconcile: disabled}}}
---
{apiVersion: v1, kind: ConfigMap, metadata: {namespace: a}}
---
{apiVersion: batch/v1, kind: Job, metadata: {name: hook, namespace: a, annotations: {argocd.argoproj.io/hook: PreSync, argocd.argoproj.io/hook-delete-policy: HookSucceeded}}}
---
{apiVersion: v1, kind: ConfigMap, metadata: {name: waits, namespace: a, annotations: {config.kubernetes.io/depends-on: /namespaces/a/ConfigMap/nowhere}}}
"#;

const LIVE: &str = r#"
apiVersion: apps/v1
kind: Deployment
metadata:
  name: web
  namespace: a
  managedFields:
  - {manager: kustomize-controller, operation: Apply, time: "2026-11-01T10:00:00Z", fieldsV1: {"f:spec": {"f:replicas": {}, "f:selector": {}}}}
  - {manager: kubectl-edit, operation: Update, subresource: scale, time: "2026-11-02T10:00:00Z", fieldsV1: {"f:spec": {"f:replicas": {}}}}
spec: {replicas: 3, selector: {matchLabels: {a: c}}}
---
{apiVersion: v1, kind: Service, metadata: {name: web, namespace: a}, spec: {ports: [{port: 81}], selector: {a: b}}}
---
{apiVersion: v1, kind: ConfigMap, metadata: {name: same, namespace: a}, data: {a: b}}
---
{apiVersion: v1, kind: ConfigMap, metadata: {name: ignored, namespace: a}, data: {a: c}}
---
{apiVersion: v1, kind: ConfigMap, metadata: {name: skipped, namespace: a}}
---
{apiVersion: v1, kind: Namespace, metadata: {name: extra}}
"#;

const RULES: &str = "{apiVersion: argoproj.io/v1alpha1, kind: Application, metadata: {name: a}, spec: {ignoreDifferences: [{kind: ConfigMap, name: ignored, jsonPointers: [/data]}]}}";

fn options(desired: &Manifests) -> DriftOptions {
    let mut rules = IgnoreRules::new();
    rules.add(&manifests(RULES).objects[0], None).unwrap();
    DriftOptions::new().with_ignore(rules).with_sources(desired.sources.clone())
}

fn schema(text: &str) -> (Value, Validator) {
    let schema: Value = serde_json::from_str(text).unwrap();
    let validator = jsonschema::draft202012::new(&schema).unwrap();
    (schema, validator)
}

fn check(validator: &Validator, json: &Value) {
    let errors: Vec<_> = validator.iter_errors(json).map(|error| format!("{error}")).collect();
    assert!(errors.is_empty(), "{errors:#?}\n{json:#}");
}

/// The properties that a schema names, and those that none of the values has.
fn unused(schema: &Value, values: &[Value]) -> Vec<String> {
    let text = Value::from(values).to_string();
    let definitions = schema["$defs"].as_object().unwrap().values().chain([schema]);
    let names = definitions.flat_map(|definition| definition["properties"].as_object().unwrap().keys());
    names.filter(|name| !text.contains(&format!("\"{name}\":"))).cloned().collect()
}

#[test]
fn drift_reports_are_what_the_schema_says() {
    let (schema, validator) = schema(drift::json_schema());
    let (desired, live) = (manifests(GIT), manifests(LIVE));
    let report = compare(&desired.objects, &live.objects, &options(&desired));
    let mut json: Value = serde_json::from_str(&report.to_json()).unwrap();
    check(&validator, &json);
    let none: Vec<String> = Vec::new();
    assert_eq!(unused(&schema, std::slice::from_ref(&json)), none);
    json["objects"][0]["unheardOf"] = 1.into();
    assert!(!validator.is_valid(&json));
}

#[test]
fn plans_are_what_the_schema_says() {
    let (schema, validator) = schema(plan::json_schema());
    let (desired, live) = (manifests(GIT), manifests(LIVE));
    let inventory = Inventory::parse(["_extra__Namespace", "a_gone__ConfigMap"]).unwrap();
    let mut all = Vec::new();
    for order in [Order::ArgoCd, Order::Flux, Order::CliUtils] {
        let mut options = PlanOptions::new(order);
        options.drift = self::options(&desired).with_profile(options.drift.profile);
        let made = plan::plan(&desired.objects, &live.objects, &inventory, &options);
        all.push(serde_json::to_value(&made).unwrap());
        let (old, now) = (desired.objects.get(1..).unwrap(), &live.objects);
        all.push(serde_json::to_value(roll_back(old, now, now, &inventory, &options)).unwrap());
    }
    all.iter().for_each(|json| check(&validator, json));
    assert_eq!(unused(&schema, &all), Vec::<String>::new());
    let mut json = all.remove(0);
    json["steps"][0]["action"] = "unheard-of".into();
    assert!(!validator.is_valid(&json));
}

/// What has one name has one shape, in the types for Node too.
#[test]
fn schemas_share_their_definitions() {
    let [review, drift, plan] =
        [review::json_schema(), drift::json_schema(), plan::json_schema()].map(|text| schema(text).0);
    for other in [&drift, &plan] {
        let shared = other["$defs"].as_object().unwrap();
        let shared = shared.iter().filter(|(name, _)| review["$defs"].get(*name).is_some());
        let mut count = 0;
        for (name, definition) in shared {
            assert_eq!(definition, &review["$defs"][name], "{name}");
            count += 1;
        }
        assert_eq!(count, 5);
    }
}
