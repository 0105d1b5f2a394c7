//! Health conformance: kstatus, Argo CD and Flux on their own cases.
//!
//! Prints `passed / of` per suite; a score below its committed floor fails. `GITOPS_SHOW=substring` (of
//! `suite source`) lists failures with both answers.

use std::path::Path;

use gitops_core::health::{Flavour, Health, HealthOptions, HealthStatus, status};
use gitops_core::node::Node;
use gitops_core::object::Object;
use gitops_core_tests::{Scores, check_floor, conformance, json_lines};
use serde_json::Value;

fn main() {
    let Some(data) = conformance() else {
        println!("0 passed, 0 failed, 1 skipped");
        return;
    };
    let mut scores = Scores::new();
    kstatus(&data, &mut scores);
    argo(&data, &mut scores);
    cross(&data, &mut scores);
    let fallen = check_floor("health", &scores);
    println!("\n{} passed, {fallen} failed", usize::from(fallen == 0));
    std::process::exit(i32::from(fallen > 0));
}

fn object(row: &Value) -> Object {
    Object::new(Node::from(&row["object"]))
}

fn text<'a>(row: &'a Value, key: &str) -> &'a str {
    row[key].as_str().unwrap_or("")
}

fn count(
    scores: &mut Scores,
    suite: &str,
    source: &str,
    passed: bool,
    ours: &Health,
    wanted: &dyn std::fmt::Debug,
) {
    let score = scores.entry(suite.to_owned()).or_default();
    score.0 += usize::from(passed);
    score.1 += 1;
    let shown = std::env::var("GITOPS_SHOW").is_ok_and(|show| format!("{suite} {source}").contains(&show));
    if shown && !passed {
        println!("FAILED {suite} {source}\n  ours   {ours:?}\n  wanted {wanted:?}");
    }
}

/// The condition that kstatus derives from a status.
fn condition(health: &Health) -> Option<&'static str> {
    match health.status {
        HealthStatus::InProgress => Some("ConditionReconciling"),
        HealthStatus::Failed => Some("ConditionStalled"),
        _ => None,
    }
}

fn kstatus(data: &Path, scores: &mut Scores) {
    for row in json_lines::<Value>(&data.join("health/kstatus.jsonl")) {
        let ours = status(&object(&row), &HealthOptions::new(Flavour::Kstatus));
        let wanted = row["conditions"].as_array().and_then(|conditions| conditions.first());
        let same_condition = match wanted {
            Some(wanted) => {
                condition(&ours) == wanted["Type"]["$expr"].as_str() && ours.reason == text(wanted, "Reason")
            }
            None => condition(&ours).is_none(),
        };
        let passed = ours.status.name() == text(&row, "expected") && same_condition;
        count(scores, "kstatus", text(&row, "name"), passed, &ours, &(text(&row, "expected"), wanted));
    }
}

fn argo(data: &Path, scores: &mut Scores) {
    for row in json_lines::<Value>(&data.join("health/argo-builtin.jsonl")) {
        let ours = status(&object(&row), &HealthOptions::new(Flavour::ArgoCd).with_only_builtin(true));
        let wanted = row["expected"].as_str().unwrap_or("NotAssessed");
        let passed = ours.status.name() == wanted;
        count(scores, "argo-builtin", text(&row, "source"), passed, &ours, &text(&row, "expected"));
    }
    for row in json_lines::<Value>(&data.join("health/argo-lua.jsonl")) {
        // The cases ask the customisation directly, so an object that is being deleted is judged too.
        let ours = status(&object(&row), &HealthOptions::new(Flavour::ArgoCd).with_ignore_deletion(true));
        let wanted = (text(&row, "expected"), text(&row, "message"));
        let passed = ours.status.name() == wanted.0;
        count(scores, "argo-kinds", text(&row, "source"), passed, &ours, &wanted);
        let message = ours.message == wanted.1;
        count(scores, "argo-kinds-messages", text(&row, "source"), passed && message, &ours, &wanted);
    }
}

/// The three engines on all objects: status and message.
fn cross(data: &Path, scores: &mut Scores) {
    for row in json_lines::<Value>(&data.join("health/cross-oracle.jsonl")) {
        let object = object(&row);
        let source = text(&row, "source");
        for (suite, key, flavour) in [
            ("cross-kstatus", "oracleKstatus", Flavour::Kstatus),
            ("cross-flux", "oracleKstatusFlux", Flavour::Flux),
        ] {
            // The answers are those of kstatus in Flux's copy; the rule for Jobs stands outside of it.
            if flavour == Flavour::Flux && object.kind() == "Job" {
                continue;
            }
            let ours = status(&object, &HealthOptions::new(flavour));
            let wanted = &row[key];
            let passed = match wanted["error"].as_str() {
                Some(_) => ours.status == HealthStatus::Unknown,
                None => {
                    ours.status.name() == text(wanted, "status") && ours.message == text(wanted, "message")
                }
            };
            count(scores, suite, source, passed, &ours, wanted);
        }
        let ours = status(&object, &HealthOptions::new(Flavour::ArgoCd).with_only_builtin(true));
        let wanted = &row["oracleArgoBuiltin"]["result"];
        let passed = match wanted {
            Value::Null => ours.status == HealthStatus::NotAssessed,
            _ => ours.status.name() == text(wanted, "status") && ours.message == text(wanted, "message"),
        };
        count(scores, "cross-argo", source, passed, &ours, wanted);
    }
}
