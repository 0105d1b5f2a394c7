use super::*;
use serde_json::json;

fn object(json: serde_json::Value) -> Object {
    Object::new(Node::from(&json))
}

#[test]
fn the_tables_can_be_read() {
    for table in [tables::KSTATUS, tables::FLUX, tables::ARGO_BUILTIN, tables::ARGO_KINDS] {
        if let Err(error) = Rules::parse_all(table) {
            panic!("{error}");
        }
    }
    assert!(known_kinds(Flavour::ArgoCd).len() > 300);
}

#[test]
fn a_job_that_runs_is_current_only_for_kstatus() {
    let job =
        object(json!({"apiVersion": "batch/v1", "kind": "Job", "status": {"startTime": "x", "active": 1}}));
    let of = |flavour| status(&job, &HealthOptions::new(flavour)).status;
    assert_eq!(of(Flavour::Kstatus), HealthStatus::Current);
    assert_eq!(of(Flavour::Flux), HealthStatus::InProgress);
    assert_eq!(of(Flavour::ArgoCd), HealthStatus::Progressing);
}

#[test]
fn a_pod_that_cannot_be_scheduled_fails_after_a_while() {
    let pod = object(json!({"apiVersion": "v1", "kind": "Pod",
        "metadata": {"creationTimestamp": "2026-03-01T00:00:00Z"},
        "status": {"phase": "Pending",
            "conditions": [{"type": "PodScheduled", "status": "False", "reason": "Unschedulable"}]}}));
    let at =
        |now| status(&pod, &HealthOptions::new(Flavour::Kstatus).with_now(Timestamp::from_unix(now))).reason;
    assert_eq!(at(1_772_323_200 + 14), "PodNotScheduled");
    assert_eq!(at(1_772_323_200 + 15), "PodUnschedulable");
    assert_eq!(status(&pod, &HealthOptions::default()).reason, "PodUnschedulable");
}

#[test]
fn the_callers_rules_come_first() {
    let rules = Rules::parse("mine", "example.com/*\n  Suspended \"{spec.why}\" if spec.paused\n").unwrap();
    let options = HealthOptions::new(Flavour::ArgoCd).with_rules(rules);
    let widget = |paused: bool| {
        object(
            json!({"apiVersion": "example.com/v1", "kind": "Widget", "spec": {"paused": paused, "why": "lunch"}}),
        )
    };
    let health = status(&widget(true), &options);
    assert_eq!((health.status, health.message.as_str()), (HealthStatus::Suspended, "lunch"));
    assert_eq!(status(&widget(false), &options).status, HealthStatus::NotAssessed);
}

#[test]
fn what_is_deleted_progresses_unless_it_is_a_hook() {
    let gone = |finalizer: &str| {
        object(json!({"apiVersion": "v1", "kind": "Service", "metadata":
            {"deletionTimestamp": "2026-03-01T00:00:00Z", "finalizers": [finalizer]}}))
    };
    let of = |object: &Object| status(object, &HealthOptions::new(Flavour::ArgoCd)).status;
    assert_eq!(of(&gone("other")), HealthStatus::Progressing);
    assert_eq!(of(&gone(HOOK_FINALIZER)), HealthStatus::Healthy);
}

#[test]
fn an_environment_is_as_well_as_its_worst_object() {
    let named = |kind: &str, name: &str, annotations: serde_json::Value, status: serde_json::Value| {
        object(json!({"apiVersion": "v1", "kind": kind,
            "metadata": {"name": name, "annotations": annotations}, "status": status}))
    };
    let claim = named("PersistentVolumeClaim", "data", json!({}), json!({"phase": "Bound"}));
    let lost = named("PersistentVolumeClaim", "old", json!({}), json!({"phase": "Lost"}));
    let hook = named("Pod", "hook", json!({"helm.sh/hook": "pre-install"}), json!({}));
    let missing = named("Service", "web", json!({}), json!({}));
    let desired = [claim.clone(), lost.clone(), hook, missing];
    let found = environment(&desired, &[claim, lost], &HealthOptions::new(Flavour::ArgoCd));
    assert_eq!(found.status, HealthStatus::Degraded);
    let counts: Vec<_> = found.counts.iter().map(|(status, count)| format!("{status} {count}")).collect();
    assert_eq!(counts, ["Healthy 1", "Missing 1", "Degraded 1"]);
    let ignored: Vec<_> =
        found.objects.iter().filter(|object| object.ignored).map(|o| o.id.to_string()).collect();
    assert_eq!(ignored, ["Pod hook"]);
}
