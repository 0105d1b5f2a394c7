//! Flux's order: stages, and within each kinds and names; pruning afterwards, in reverse.

use super::Task;
use crate::knowledge::apply_order::{FLUX_DEFINITIONS, FLUX_FIRST, FLUX_LAST, rank};
use crate::object::Object;

/// Stages in the order in which they are passed.
const STAGES: &[&str] = &["definitions", "classes", "custom", "resources", "prune"];

pub(super) fn order(tasks: &mut [Task<'_>], custom: &[String]) {
    for task in tasks.iter_mut() {
        task.stage = Some(if task.pruning { "prune" } else { stage(task.object, custom) });
    }
    tasks.sort_by_cached_key(|task| {
        let stage = STAGES.iter().position(|stage| Some(*stage) == task.stage);
        (stage, key(task.object))
    });
    let applied = tasks.iter().take_while(|task| !task.pruning).count();
    if let Some(pruned) = tasks.get_mut(applied..) {
        pruned.reverse();
    }
}

fn stage(object: &Object, custom: &[String]) -> &'static str {
    let kind = (object.group(), object.kind());
    if FLUX_DEFINITIONS.contains(&kind) {
        "definitions"
    } else if object.kind().ends_with("Class") {
        "classes"
    } else if custom.iter().any(|custom| custom == object.kind()) {
        "custom"
    } else {
        "resources"
    }
}

fn key(object: &Object) -> (i32, String, String, String, String) {
    let text = |text: &str| text.to_owned();
    (
        rank(FLUX_FIRST, FLUX_LAST, &object.kind()),
        text(object.group()),
        text(object.kind()),
        text(object.namespace()),
        text(object.name()),
    )
}
