//! The order of cli-utils: kinds and names, as far as dependencies allow.
//!
//! An object waits for those that its `config.kubernetes.io/depends-on` names, for the sources of its
//! `apply-time-mutation`, for its CustomResourceDefinition and its Namespace. Where cli-utils applies layer
//! by layer, a step here says what it waits for; the order keeps every dependency too.

use std::cmp::Reverse;
use std::collections::{BTreeSet, BinaryHeap, HashMap};

use super::{Task, defined_kind, is_namespace};
use crate::error::Diagnostic;
use crate::knowledge::apply_order::{CLI_UTILS_FIRST, CLI_UTILS_LAST, rank};
use crate::node::Node;
use crate::object::Object;
use crate::plan::inventory::InventoryId;
use crate::plan::marks::annotation;
use crate::yaml;

pub(super) fn order(tasks: &mut Vec<Task<'_>>) -> Vec<Diagnostic> {
    let (mut pruned, mut applied): (Vec<_>, Vec<_>) =
        std::mem::take(tasks).into_iter().partition(|task| task.pruning);
    let mut problems = sort(&mut applied, true);
    problems.extend(sort(&mut pruned, false));
    pruned.reverse();
    tasks.extend(applied);
    tasks.extend(pruned);
    problems
}

/// Sorts tasks; `told` says whether they wait and whether what is missing is a problem.
fn sort(tasks: &mut Vec<Task<'_>>, told: bool) -> Vec<Diagnostic> {
    tasks.sort_by_cached_key(|task| {
        let object = task.object;
        let kind = (object.group(), object.kind());
        let text = |text: &str| text.to_owned();
        (
            rank(CLI_UTILS_FIRST, CLI_UTILS_LAST, &kind),
            text(object.group()),
            text(object.kind()),
            text(object.namespace()),
            text(object.name()),
        )
    });
    let (needs, mut problems) = dependencies(tasks, told);
    let mut waiting: Vec<usize> = needs.iter().map(BTreeSet::len).collect();
    let mut needed_by: Vec<Vec<usize>> = vec![Vec::new(); tasks.len()];
    for (at, needs) in needs.iter().enumerate() {
        for need in needs {
            needed_by.get_mut(*need).into_iter().for_each(|list| list.push(at));
        }
    }
    let free = waiting.iter().enumerate().filter(|(_, count)| **count == 0).map(|(at, _)| Reverse(at));
    let mut ready: BinaryHeap<_> = free.collect();
    let mut sequence = Vec::with_capacity(tasks.len());
    while let Some(Reverse(at)) = ready.pop() {
        sequence.push(at);
        for next in needed_by.get(at).into_iter().flatten() {
            if let Some(count) = waiting.get_mut(*next) {
                *count -= 1;
                if *count == 0 {
                    ready.push(Reverse(*next));
                }
            }
        }
    }
    if sequence.len() < tasks.len() {
        let done: BTreeSet<usize> = sequence.iter().copied().collect();
        problems.push(circle(tasks, &needs, &done));
        sequence.extend((0..tasks.len()).filter(|at| !done.contains(at)));
    }
    let ids: Vec<_> = tasks.iter().map(|task| task.object.id()).collect();
    if told {
        for (task, needs) in tasks.iter_mut().zip(&needs) {
            task.after = needs.iter().filter_map(|need| ids.get(*need).cloned()).collect();
        }
    }
    let mut places: Vec<Option<Task<'_>>> = std::mem::take(tasks).into_iter().map(Some).collect();
    tasks.extend(sequence.into_iter().filter_map(|at| places.get_mut(at)?.take()));
    problems
}

/// What each task waits for, by position.
fn dependencies(tasks: &[Task<'_>], told: bool) -> (Vec<BTreeSet<usize>>, Vec<Diagnostic>) {
    let by_id: HashMap<_, _> =
        tasks.iter().enumerate().map(|(at, task)| (InventoryId::of(task.object), at)).collect();
    let definitions: HashMap<_, _> =
        tasks.iter().enumerate().filter_map(|(at, task)| Some((defined_kind(task.object)?, at))).collect();
    let namespaces: HashMap<_, _> = tasks
        .iter()
        .enumerate()
        .filter(|(_, task)| is_namespace(task.object))
        .map(|(at, task)| (task.object.name(), at))
        .collect();
    let mut problems = Vec::new();
    let needs = tasks.iter().enumerate().map(|(at, task)| {
        let object = task.object;
        let mut needs = BTreeSet::new();
        let other = |need: &&usize| **need != at;
        needs.extend(definitions.get(&(object.group(), object.kind())).filter(other));
        needs.extend(namespaces.get(object.namespace()).filter(other));
        for reference in references(object) {
            match reference.as_ref().map(|id| (id, by_id.get(id))) {
                Ok((_, Some(need))) => {
                    needs.insert(*need);
                }
                Ok((id, None)) if told => {
                    let message = format!("{} waits for {id}, which is not among the objects", object.id());
                    problems.push(Diagnostic::new("dependency-missing", message));
                }
                Err(text) if told => {
                    let message = format!("{}: `{text}` names no object to wait for", object.id());
                    problems.push(Diagnostic::new("dependency-unreadable", message));
                }
                _ => {}
            }
        }
        needs
    });
    let needs = needs.collect();
    (needs, problems)
}

/// The objects that an object asks to wait for; the text of what cannot be read.
fn references(object: &Object) -> Vec<Result<InventoryId, String>> {
    let mut found = Vec::new();
    if let Some(list) = annotation(object, "config.kubernetes.io/depends-on") {
        found.extend(
            list.split(',').map(str::trim).map(|text| reference(text).ok_or_else(|| text.to_owned())),
        );
    }
    if let Some(text) = annotation(object, "config.kubernetes.io/apply-time-mutation") {
        match yaml::read_str("apply-time-mutation", &text, &yaml::ReadOptions::default()) {
            Ok((stream, _)) => {
                let items = stream.documents.iter().filter_map(Node::as_seq).flatten();
                found.extend(
                    items.filter_map(|item| item.get("sourceRef")).map(|source| source_of(source, object)),
                );
            }
            Err(_) => found.push(Err("apply-time-mutation".into())),
        }
    }
    found
}

/// `group/namespaces/namespace/Kind/name` or `group/Kind/name`.
fn reference(text: &str) -> Option<InventoryId> {
    let parts: Vec<&str> = text.split('/').collect();
    let (group, namespace, kind, name) = match *parts.as_slice() {
        [group, "namespaces", namespace, kind, name] => (group, namespace, kind, name),
        [group, kind, name] => (group, "", kind, name),
        _ => return None,
    };
    let id = InventoryId {
        namespace: namespace.into(),
        name: name.into(),
        group: group.into(),
        kind: kind.into(),
    };
    (!kind.is_empty() && !name.is_empty()).then_some(id)
}

fn source_of(source: &Node, object: &Object) -> Result<InventoryId, String> {
    let text = |key: &str| source.get(key).and_then(Node::as_str).unwrap_or("");
    let group = match text("group") {
        "" => crate::object::group_version(text("apiVersion")).0,
        group => group,
    };
    // A source without a namespace lives in that of the object.
    let namespace = if text("namespace").is_empty() { object.namespace() } else { text("namespace") };
    let id = InventoryId {
        namespace: namespace.into(),
        name: text("name").into(),
        group: group.into(),
        kind: text("kind").into(),
    };
    if id.name.is_empty() || id.kind.is_empty() { Err(id.to_string()) } else { Ok(id) }
}

/// One circle among the tasks that are left.
fn circle(tasks: &[Task<'_>], needs: &[BTreeSet<usize>], done: &BTreeSet<usize>) -> Diagnostic {
    let mut way: Vec<usize> = Vec::new();
    let mut seen = HashMap::new();
    let mut at = (0..tasks.len()).find(|at| !done.contains(at));
    while let Some(here) = at {
        if let Some(start) = seen.insert(here, way.len()) {
            way.drain(..start);
            way.push(here);
            break;
        }
        way.push(here);
        at = needs.get(here).and_then(|needs| needs.iter().copied().find(|need| !done.contains(need)));
    }
    let names = way.iter().filter_map(|at| tasks.get(*at)).map(|task| task.object.id().to_string());
    let message = format!(
        "objects wait for each other: {}; take one of the dependencies away",
        names.collect::<Vec<_>>().join(" -> ")
    );
    Diagnostic::new("dependency-cycle", message)
}
