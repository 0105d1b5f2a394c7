//! Apply-order conformance: Argo CD, Flux and cli-utils on their own sorters' answers.
//!
//! A score below its committed floor fails. `GITOPS_SHOW=substring` (of `suite name`) lists failures.

use std::path::Path;

use gitops_core::node::Node;
use gitops_core::object::Object;
use gitops_core::plan::{Inventory, InventoryId, Order, Plan, PlanOptions, plan};
use gitops_core_tests::{Scores, check_floor, conformance, json_lines};
use serde_json::{Value, json};

fn main() {
    let Some(data) = conformance() else {
        println!("0 passed, 0 failed, 1 skipped");
        return;
    };
    let mut scores = Scores::new();
    apply_order(&data, &mut scores);
    let fallen = check_floor("apply-order", &scores);
    println!("\n{} passed, {fallen} failed", usize::from(fallen == 0));
    std::process::exit(i32::from(fallen > 0));
}

fn objects(rows: &Value) -> Vec<Object> {
    rows.as_array().into_iter().flatten().map(|row| Object::new(Node::from(row))).collect()
}

fn apply_order(data: &Path, scores: &mut Scores) {
    for row in json_lines::<Value>(&data.join("drift/apply-order.jsonl")) {
        let name = row["name"].as_str().unwrap_or("");
        let (targets, prunes) = (objects(&row["targets"]), objects(&row["prunes"]));
        let none = Inventory::new();

        let options = PlanOptions::new(Order::ArgoCd).with_prune_last(row["pruneLast"] == json!(true));
        let made = plan(&targets, &prunes, &Inventory::of(&prunes), &options);
        count(scores, "argo", name, &Value::from(argo_steps(&made)), &row["argo"]);

        let made = plan(&targets, &[], &none, &PlanOptions::new(Order::Flux));
        count(scores, "flux-apply", name, &ids(&made), &row["fluxApplyOrder"]);
        count(scores, "flux-stages", name, &stages(&made), &row["fluxStages"]);
        let deleted = plan(&[], &targets, &Inventory::of(&targets), &PlanOptions::new(Order::Flux));
        count(scores, "flux-delete", name, &ids(&deleted), &row["fluxDeleteOrder"]);

        let made = plan(&targets, &[], &none, &PlanOptions::new(Order::CliUtils));
        count(scores, "cli-utils", name, &ids(&made), &row["cliUtilsOrder"]);
    }
}

fn argo_steps(plan: &Plan) -> Vec<Value> {
    let taken = plan.steps.iter().filter_map(|step| Some((step, step.phase?, step.wave?)));
    let step = taken.map(|(step, phase, wave)| {
        let mut row = json!({"kind": step.id.kind, "name": step.id.name, "phase": phase, "wave": wave});
        if !step.id.namespace.is_empty() {
            row["namespace"] = step.id.namespace.clone().into();
        }
        if step.pruning {
            row["prune"] = true.into();
        }
        row
    });
    step.collect()
}

fn inventory_id(step: &gitops_core::plan::Step) -> String {
    let id = InventoryId {
        namespace: step.id.namespace.clone(),
        name: step.id.name.clone(),
        group: step.id.group().to_owned(),
        kind: step.id.kind.clone(),
    };
    id.to_string()
}

fn ids(plan: &Plan) -> Value {
    plan.steps.iter().map(inventory_id).collect()
}

fn stages(plan: &Plan) -> Value {
    let mut stages = json!({});
    for step in &plan.steps {
        let stage = match step.stage {
            Some("definitions") => "0-definitions",
            Some("classes") => "1-classes",
            _ => "3-resources",
        };
        if stages[stage].is_null() {
            stages[stage] = json!([]);
        }
        if let Some(list) = stages[stage].as_array_mut() {
            list.push(inventory_id(step).into());
        }
    }
    stages
}

fn count(scores: &mut Scores, suite: &str, name: &str, ours: &Value, wanted: &Value) {
    let passed = ours == wanted;
    let score = scores.entry(suite.to_owned()).or_default();
    score.0 += usize::from(passed);
    score.1 += 1;
    let shown = std::env::var("GITOPS_SHOW").is_ok_and(|show| format!("{suite} {name}").contains(&show));
    if shown && !passed {
        println!("FAILED {suite} {name}\n  ours   {ours}\n  wanted {wanted}");
    }
}
