//! Server-side apply: what the API server would make of a live object and a configuration.
//!
//! Follows `merge/update.go` of structured-merge-diff v6 and the field manager of apimachinery around it.
//! Not part of it, as no object that is handed in can tell: admission, allocation by the server, and
//! conversion between API versions (fields of another version count as if they were of this one).

use super::field_set::{Element, FieldSet};
use super::fields::{fields_of, has_all, without};
use super::items::{Index, Shape, item_type, shape};
use super::managers::Manager;
use super::merge::merge;
use crate::knowledge::structured_merge::{Schema, Type};
use crate::node::Node;

/// What an apply would do.
#[derive(Debug)]
pub(crate) struct Applied {
    /// The object after it, before defaults; `None` if the apply changes nothing.
    pub(crate) object: Option<Node>,
    /// Fields that the apply would change and another manager owns, with the index of that manager. A
    /// server refuses the apply for these unless it is forced.
    pub(crate) conflicts: Vec<(usize, Vec<Element>)>,
}

/// Applies `config` to `live`. `last` is what the applying manager owned before, `managers` who owns what,
/// `own` which of these is the applying manager.
pub(crate) fn apply(
    schema: &Schema,
    of: Type,
    live: &Node,
    config: &Node,
    last: &FieldSet,
    managers: &[Manager],
    own: Option<usize>,
) -> Applied {
    let merged = merge(schema, of, live, config);
    let pruned = prune(schema, of, merged.as_ref().unwrap_or(live), config, last, managers, own);
    // To take away the last field of a struct takes the struct. Where the configuration has it empty, the
    // server would put it back at the next apply; here it is back at once, so that one apply is enough.
    let pruned = pruned.map(|pruned| merge(schema, of, &pruned, config).unwrap_or(pruned));
    let object = pruned.or(merged);
    let conflicts = match &object {
        Some(object) => conflicts(schema, of, live, object, managers, own),
        None => Vec::new(),
    };
    Applied { object, conflicts }
}

/// Takes away what the manager applied before, does not apply now, and nobody else owns.
fn prune(
    schema: &Schema,
    of: Type,
    merged: &Node,
    config: &Node,
    last: &FieldSet,
    managers: &[Manager],
    own: Option<usize>,
) -> Option<Node> {
    // What is applied still is owned still, so all of it would be added back.
    if last.is_empty() || has_all(schema, of, config, last) {
        return None;
    }
    let others = managers.iter().enumerate().filter(|(at, _)| Some(*at) != own);
    let owned = others.fold(fields_of(schema, of, config), |set, (_, manager)| set.union(&manager.fields));
    let fields = |node: &Node| fields_of(schema, of, node).with_named_fields(schema, of);

    let all = fields(merged);
    let last = last.with_named_fields(schema, of);
    let pruned = without(schema, of, merged, &last);
    // Add back what somebody owns, then what nobody ever applied.
    let keep = fields(&pruned).union(&owned.with_named_fields(schema, of));
    let pruned = without(schema, of, merged, &all.difference(&keep));
    let gone = all.difference(&fields(&pruned)).intersection(&last);
    (!gone.is_empty()).then(|| without(schema, of, merged, &gone))
}

fn conflicts(
    schema: &Schema,
    of: Type,
    live: &Node,
    object: &Node,
    managers: &[Manager],
    own: Option<usize>,
) -> Vec<(usize, Vec<Element>)> {
    let changed = changed(schema, of, live, object);
    let others = managers.iter().enumerate().filter(|(at, _)| Some(*at) != own);
    others
        .flat_map(|(at, manager)| {
            let paths = manager.fields.intersection(&changed).paths();
            paths.into_iter().map(move |path| (at, path))
        })
        .collect()
}

/// The fields that `after` adds or sets to another value.
fn changed(schema: &Schema, of: Type, before: &Node, after: &Node) -> FieldSet {
    let mut set = FieldSet::default();
    let mut child = |element: Element, inner: Type, before: Option<&Node>, after: &Node| match before {
        None => set.add(element, true, fields_of(schema, inner, after)),
        Some(before) if before.shares_with(after) => {}
        Some(before) => {
            let branch = |node| !matches!(shape(schema, inner, node), Shape::Leaf);
            let leaf = !(branch(before) && branch(after));
            set.add(element, leaf && before != after, changed(schema, inner, before, after));
        }
    };
    match (shape(schema, of, before), shape(schema, of, after)) {
        (Shape::Map(a), Shape::Map(b)) => {
            for (key, value) in b.iter() {
                child(Element::Field(key.clone()), schema.field(of, key).0, a.get(key), value);
            }
        }
        (Shape::List(a, a_elements), Shape::List(b, b_elements)) => {
            let index = Index::new(&a_elements);
            for (value, element) in b.iter().zip(b_elements) {
                let before = index.find(&element).and_then(|found| a.get(found.at));
                child(element, item_type(schema, of), before, value);
            }
        }
        _ => {}
    }
    set
}
