//! Which fields an object has, and an object without some of them.
//!
//! As `typed/tofieldset.go` and `typed/remove.go` of structured-merge-diff v6 do it.

use super::field_set::{Element, FieldSet};
use super::items::{Index, Shape, item_type, shape};
use crate::knowledge::structured_merge::{Schema, Type};
use crate::node::{Map, Node};

/// The fields that `node` sets.
pub(super) fn fields_of(schema: &Schema, of: Type, node: &Node) -> FieldSet {
    let mut set = FieldSet::default();
    match shape(schema, of, node) {
        Shape::Map(map) => {
            for (key, value) in map.iter() {
                let (inner, named) = schema.field(of, key);
                let empty = value.as_map().is_some_and(Map::is_empty);
                let leaf = is_leaf(schema, inner, value);
                let member = leaf || !named || empty || value.is_null();
                set.add(Element::Field(key.clone()), member, fields_of(schema, inner, value));
            }
        }
        Shape::List(items, elements) => {
            let index = Index::new(&elements);
            for (node, element) in items.iter().zip(&elements) {
                let repeated = index.find(element).is_some_and(|found| found.repeated);
                let below = if repeated {
                    FieldSet::default()
                } else {
                    fields_of(schema, item_type(schema, of), node)
                };
                set.add(element.clone(), true, below);
            }
        }
        Shape::Leaf => {}
    }
    set
}

fn is_leaf(schema: &Schema, of: Type, node: &Node) -> bool {
    matches!(shape(schema, of, node), Shape::Leaf)
}

/// Whether `node` sets every field of `wanted`.
pub(super) fn has_all(schema: &Schema, of: Type, node: &Node, wanted: &FieldSet) -> bool {
    let shape = shape(schema, of, node);
    wanted.elements().all(|element| {
        let found = match (&shape, element) {
            (Shape::Map(map), Element::Field(key)) => {
                map.get(key).map(|node| (node, schema.field(of, key).0))
            }
            (Shape::List(items, elements), _) => {
                let found = Index::new(elements).find(element).filter(|found| !found.repeated);
                found.and_then(|found| items.get(found.at)).map(|node| (node, item_type(schema, of)))
            }
            _ => None,
        };
        match (found, wanted.below(element)) {
            (None, _) => false,
            (Some(_), None) => true,
            (Some((node, inner)), Some(below)) => has_all(schema, inner, node, below),
        }
    })
}

/// The nodes on the way to a field, from the root to the last that is there.
pub(super) fn nodes_to<'a>(schema: &Schema, mut of: Type, root: &'a Node, path: &[Element]) -> Vec<&'a Node> {
    let mut way = vec![root];
    let mut node = root;
    for element in path {
        let next = match (shape(schema, of, node), element) {
            (Shape::Map(map), Element::Field(key)) => {
                of = schema.field(of, key).0;
                map.get(key)
            }
            (Shape::List(items, elements), _) => {
                of = item_type(schema, of);
                elements.iter().position(|other| other == element).and_then(|at| items.get(at))
            }
            _ => None,
        };
        let Some(next) = next else { break };
        way.push(next);
        node = next;
    }
    way
}

/// Whether nothing was taken away.
fn same(before: &Node, after: &Node) -> bool {
    before.shares_with(after) || (before.scalar().is_some() && before == after)
}

/// `node` without the fields of `gone`; the same node if it has none of them.
pub(super) fn without(schema: &Schema, of: Type, node: &Node, gone: &FieldSet) -> Node {
    match shape(schema, of, node) {
        Shape::Map(map) => {
            let mut out = Map::with_capacity(map.len());
            let mut changed = false;
            for entry in map.entries() {
                let element = Element::Field(entry.key.clone());
                if gone.has(&element) {
                    changed = true;
                    continue;
                }
                let mut entry = entry.clone();
                if let Some(below) = gone.below(&element) {
                    let inner = schema.field(of, &entry.key).0;
                    let value = without(schema, inner, &entry.value, below);
                    changed |= !same(&value, &entry.value);
                    entry.value = value;
                }
                out.insert_entry(entry);
            }
            if changed { Node::map(out, node.span) } else { node.clone() }
        }
        Shape::List(items, elements) => {
            let mut out = Vec::with_capacity(items.len());
            let mut changed = false;
            for (item, element) in items.iter().zip(&elements) {
                if gone.has(element) {
                    changed = true;
                    continue;
                }
                out.push(match gone.below(element) {
                    Some(below) => {
                        let value = without(schema, item_type(schema, of), item, below);
                        changed |= !same(&value, item);
                        value
                    }
                    None => item.clone(),
                });
            }
            if changed { Node::seq(out, node.span) } else { node.clone() }
        }
        Shape::Leaf => node.clone(),
    }
}
