//! Argo CD's order: phase, wave, kind, name; then Namespaces and CRDs before the first that needs them.

use std::collections::{BTreeMap, HashMap};

use super::{Task, defined_kind, is_namespace};
use crate::knowledge::apply_order::{ARGO_CD, rank};
use crate::object::Object;
use crate::plan::marks::{PHASES, sync_option};

pub(super) fn order(tasks: &mut [Task<'_>], prune_last: bool) {
    mirror_prune_waves(tasks);
    let syncing = tasks.iter().filter(|task| task.phase == Some("Sync"));
    let after_all = syncing.map(|task| task.wave).fold(0, i64::max).saturating_add(1);
    for task in tasks.iter_mut() {
        if task.pruning && (prune_last || sync_option(task.object, "PruneLast=true")) {
            task.wave = after_all;
        }
    }
    tasks.sort_by_cached_key(|task| {
        let phase = PHASES.iter().position(|phase| Some(*phase) == task.phase).unwrap_or(PHASES.len());
        let object = task.object;
        let own = (object.name().to_owned(), object.namespace().to_owned(), object.group().to_owned());
        (phase, task.wave, rank(ARGO_CD, &[], &object.kind()), own)
    });
    before_dependants(
        tasks,
        |object| is_namespace(object).then(|| object.name().to_owned()),
        |object| object.namespace().to_owned(),
    );
    before_dependants(
        tasks,
        |object| defined_kind(object).map(|(group, kind)| format!("{group}/{kind}")),
        |object| format!("{}/{}", object.group(), object.kind()),
    );
}

/// What was applied first is pruned last: the waves of pruning change places, first with last.
fn mirror_prune_waves(tasks: &mut [Task<'_>]) {
    let waves =
        tasks.iter().filter(|task| task.pruning).map(|task| (task.wave, ())).collect::<BTreeMap<_, _>>();
    let mirrored: HashMap<i64, i64> = waves.keys().copied().zip(waves.keys().rev().copied()).collect();
    for task in tasks.iter_mut().filter(|task| task.pruning) {
        task.wave = mirrored.get(&task.wave).copied().unwrap_or(task.wave);
    }
}

/// Moves what others depend on before the first that does, into its phase and wave.
fn before_dependants(
    tasks: &mut [Task<'_>],
    provides: impl Fn(&Object) -> Option<String>,
    needs: impl Fn(&Object) -> String,
) {
    let mut first: HashMap<String, usize> = HashMap::new();
    for at in 0..tasks.len() {
        let Some(task) = tasks.get(at).filter(|task| !task.pruning && task.phase.is_some()) else { continue };
        let Some(key) = provides(task.object) else {
            let key = needs(task.object);
            if !key.is_empty() {
                first.entry(key).or_insert(at);
            }
            continue;
        };
        let Some(&index) = first.get(&key) else { continue };
        if let Some((phase, wave)) = tasks.get(index).map(|other| (other.phase, other.wave)) {
            if let Some(task) = tasks.get_mut(at) {
                (task.phase, task.wave) = (phase, wave);
            }
            if let Some(range) = tasks.get_mut(index..=at) {
                range.rotate_right(1);
            }
            for place in first.values_mut().filter(|place| **place >= index) {
                *place += 1;
            }
        }
    }
}
