//! A plan to go back to an earlier revision, and what that takes back.

use std::collections::BTreeMap;

use super::build::plan;
use super::inventory::Inventory;
use super::model::{Plan, Undo, UndoKind};
use super::options::PlanOptions;
use crate::drift::{Counterparts, Identity};
use crate::node::{Node, Path};
use crate::object::Object;

/// Plans to go back: `target` is what the earlier revision says, `current` what the revision says that is
/// applied now. The plan is that of applying `target` to the live objects; [`Plan::undoes`] tells what of
/// `current` it takes back, which also holds where the cluster never took it.
///
/// With an empty inventory, the objects of `current` count as applied, so that those which came since are
/// pruned.
#[must_use]
pub fn roll_back(
    target: &[Object],
    current: &[Object],
    live: &[Object],
    inventory: &Inventory,
    options: &PlanOptions,
) -> Plan {
    let applied = if inventory.is_empty() { Inventory::of(current) } else { inventory.clone() };
    let mut plan = plan(target, live, &applied, options);
    let counterparts = Counterparts::new(live);
    let (old, new) =
        (identified(target, &counterparts, options), identified(current, &counterparts, options));
    for (identity, now) in &new {
        let (kind, paths) = match old.get(identity) {
            None => (UndoKind::Addition, Vec::new()),
            Some(before) => {
                let mut paths = Vec::new();
                differing(&before.node, &now.node, &mut Path::new(), &mut paths);
                // Where both say one place, they say it in two ways.
                paths.retain(|path| path != "metadata.namespace");
                (UndoKind::Change, paths)
            }
        };
        if kind == UndoKind::Addition || !paths.is_empty() {
            plan.undoes.push(Undo { id: now.id(), kind, paths });
        }
    }
    let gone = old.iter().filter(|(identity, _)| !new.contains_key(identity));
    plan.undoes.extend(gone.map(|(_, object)| Undo {
        id: object.id(),
        kind: UndoKind::Removal,
        paths: Vec::new(),
    }));
    plan.undoes.sort_by(|a, b| {
        (&a.id.kind, &a.id.namespace, &a.id.name).cmp(&(&b.id.kind, &b.id.namespace, &b.id.name))
    });
    plan
}

/// The objects of a revision by what the cluster calls them.
fn identified<'a>(
    objects: &'a [Object],
    counterparts: &Counterparts<'_>,
    options: &'a PlanOptions,
) -> BTreeMap<Identity<'a>, &'a Object> {
    let namespace = options.drift.namespace();
    objects.iter().map(|object| (counterparts.identity(object, namespace), object)).collect()
}

/// The ways to where two trees differ, sorted.
fn differing(a: &Node, b: &Node, path: &mut Path, out: &mut Vec<String>) {
    if a == b {
        return;
    }
    let (Some(left), Some(right)) = (a.as_map(), b.as_map()) else {
        if let (Some(left), Some(right)) = (a.as_seq(), b.as_seq())
            && left.len() == right.len()
        {
            for (at, (left, right)) in left.iter().zip(right).enumerate() {
                path.push(crate::node::Segment::Index(at));
                differing(left, right, path, out);
                path.pop();
            }
            return;
        }
        out.push(path.to_string());
        return;
    };
    let mut keys: Vec<_> = left.keys().chain(right.keys()).collect();
    keys.sort();
    keys.dedup();
    for key in keys {
        path.push(crate::node::Segment::Key(key.clone()));
        match (left.get(key), right.get(key)) {
            (Some(left), Some(right)) => differing(left, right, path, out),
            _ => out.push(path.to_string()),
        }
        path.pop();
    }
}
