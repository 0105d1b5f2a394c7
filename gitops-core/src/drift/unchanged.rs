//! Whether an apply changes nothing, told without making anything.
//!
//! Most objects are as they should be, so these two walks are what a comparison costs. They allocate
//! nothing: items of lists are held against each other in place, where they stand in the same order with
//! different keys. All else is left to [`merge`] and to [`FieldsV1`](super::field_set), which give the same
//! answers slowly.

use super::field_set::{Atom, Element};
use super::items::{Shape, item_type, shape};
use super::merge::merge;
use crate::knowledge::structured_merge::{KeyedList, Schema, Type};
use crate::node::{Map, Node, Text, Value};

/// Longer lists are left to an index.
const SHORT: usize = 16;

/// Whether to merge `config` over `live` changes nothing.
pub(super) fn merges_to_nothing(schema: &Schema, of: Type, live: &Node, config: &Node) -> bool {
    match (&live.value, &config.value) {
        (Value::Map(a), Value::Map(b)) if of != Type::Atomic => b.entries().iter().all(|entry| {
            let (key, inner) = (&entry.key, || schema.field(of, &entry.key).0);
            a.get(key).is_some_and(|live| {
                // What a scalar is of makes no difference.
                match live.scalar().zip(entry.value.scalar()) {
                    Some((live, config)) => live == config,
                    None => merges_to_nothing(schema, inner(), live, &entry.value),
                }
            })
        }),
        (Value::Seq(a), Value::Seq(b)) if matches!(of, Type::Set | Type::Keyed(_)) => {
            let list = schema.keyed(of);
            let in_place = a.len() == b.len()
                && b.len() <= SHORT
                && a.iter().zip(b.iter()).all(|(a, b)| same_item(list, a, b))
                && are_distinct(list, b);
            match in_place {
                true => a
                    .iter()
                    .zip(b.iter())
                    .all(|(live, config)| merges_to_nothing(schema, item_type(schema, of), live, config)),
                false => merge(schema, of, live, config).is_none(),
            }
        }
        (Value::Map(_) | Value::Seq(_), _) => merge(schema, of, live, config).is_none(),
        _ => live == config,
    }
}

/// Whether two items of a list are one for the server. No for items that nothing tells apart.
fn same_item(list: Option<&KeyedList>, a: &Node, b: &Node) -> bool {
    let Some(list) = list else { return same_scalar(a, b) };
    let (Some(a), Some(b)) = (a.as_map(), b.as_map()) else { return false };
    let mut any = false;
    let same = list.keys.iter().all(|(key, default)| {
        let [a, b] = [a, b].map(|item| item.get(key).or(default.as_ref()));
        match (a, b) {
            (Some(a), Some(b)) => {
                any = true;
                same_scalar(a, b)
            }
            (None, None) => true,
            _ => false,
        }
    });
    same && any
}

/// Whether two scalars are one where they tell items apart.
fn same_scalar(a: &Node, b: &Node) -> bool {
    match (a.as_str(), b.as_str()) {
        (Some(a), Some(b)) => a == b,
        (None, None) => Atom::of(a).is_some_and(|atom| Some(atom) == Atom::of(b)),
        _ => false,
    }
}

fn are_distinct(list: Option<&KeyedList>, items: &[Node]) -> bool {
    let mut rest = items;
    while let [first, tail @ ..] = rest {
        if tail.iter().any(|other| same_item(list, first, other)) {
            return false;
        }
        rest = tail;
    }
    true
}

/// Whether `node` sets every field of `fields`, which is FieldsV1: [`super::fields::has_all`] without reading
/// the set first. May say no where that says yes.
pub(super) fn sets_all(schema: &Schema, of: Type, node: &Node, fields: &Node) -> bool {
    let Some(fields) = fields.as_map() else { return false };
    fields.entries().iter().filter(|entry| entry.key.as_str() != ".").all(|entry| {
        let found = match &node.value {
            Value::Map(map) if of != Type::Atomic => entry.key.strip_prefix("f:").and_then(|name| {
                let leaf = is_leaf(&entry.value);
                map.get(name).map(|node| (node, if leaf { Type::Deduced } else { schema.field(of, name).0 }))
            }),
            Value::Seq(items) if matches!(of, Type::Set | Type::Keyed(_)) => {
                item(schema, of, node, items, &entry.key).map(|node| (node, item_type(schema, of)))
            }
            _ => None,
        };
        found
            .is_some_and(|(node, inner)| is_leaf(&entry.value) || sets_all(schema, inner, node, &entry.value))
    })
}

fn is_leaf(fields: &Node) -> bool {
    fields.as_map().is_some_and(Map::is_empty)
}

/// The item of a list that a key of FieldsV1 names.
fn item<'a>(schema: &Schema, of: Type, list: &Node, items: &'a [Node], key: &Text) -> Option<&'a Node> {
    let keys = key.strip_prefix("k:").zip(schema.keyed(of));
    if let Some((keys, list)) = keys
        && let Some(item) = items.iter().find(|item| is_named(list, item, keys) == Some(true))
    {
        return Some(item);
    }
    let Shape::List(_, elements) = shape(schema, of, list) else { return None };
    let wanted = Element::parse(key)?;
    items.get(elements.iter().position(|element| *element == wanted)?)
}

/// Whether an item has the keys of `{"name":"web"}`, written as the API server does; `None` where that needs
/// a closer look.
fn is_named(list: &KeyedList, item: &Node, keys: &str) -> Option<bool> {
    let item = item.as_map()?;
    let mut rest = keys.strip_prefix('{')?;
    for (at, (key, default)) in list.keys.iter().enumerate() {
        if at > 0 {
            rest = rest.strip_prefix(',')?;
        }
        rest = rest.strip_prefix('"')?.strip_prefix(key.as_str())?.strip_prefix("\":")?;
        let value = item.get(key).or(default.as_ref())?;
        rest = match value.as_str() {
            Some(text) if text.contains(['"', '\\']) => return None,
            Some(text) => match rest.strip_prefix('"')?.strip_prefix(text) {
                Some(rest) => rest.strip_prefix('"')?,
                None => return Some(false),
            },
            None => rest.strip_prefix(&*value.text()?)?,
        };
    }
    Some(rest == "}")
}
