//! How an unknown kind merges, as far as its live object tells.
//!
//! The API server knows the schema of every kind it serves, and its managed fields show it: an owned
//! `k:{"name":"a"}` lies in a list with the key `name`, a `v:"a"` in a set, and a mapping that is owned
//! without anything below it is replaced whole. So a custom resource whose definition is not at hand merges
//! right where somebody owns something.

use std::collections::HashMap;

use super::field_set::{Atom, Element, FieldSet};
use super::managers::Manager;
use crate::knowledge::structured_merge::{Schema, Type};
use crate::node::{Map, Node, Span, Text, Value};

/// The types that the managed fields of `live` show, and that of the object; `None` if there are none.
pub(super) fn learned(builtin: &Schema, live: &Node, managers: &[Manager]) -> Option<(Schema, Type)> {
    let owned = managers.iter().fold(FieldSet::default(), |set, manager| set.union(&manager.fields));
    if owned.is_empty() {
        return None;
    }
    let mut schema = Schema::with_metadata(builtin);
    let mut fields = fields(&mut schema, &owned, Some(live));
    if let Some(metadata) = schema.metadata() {
        fields.insert(Text::from("metadata"), metadata);
    }
    let of = schema.add_struct(fields);
    Some((schema, of))
}

fn fields(schema: &mut Schema, owned: &FieldSet, live: Option<&Node>) -> HashMap<Text, Type> {
    let mut out = HashMap::new();
    for element in owned.elements() {
        let Element::Field(name) = element else { continue };
        let found = live.and_then(|live| live.get(name));
        if let Some(of) = type_of(schema, owned.below(element), found) {
            out.insert(name.clone(), of);
        }
    }
    out
}

/// The type of a value; `None` if it is a scalar, a list that is replaced, or unknown.
fn type_of(schema: &mut Schema, below: Option<&FieldSet>, live: Option<&Node>) -> Option<Type> {
    let Some(below) = below else {
        let whole = live.and_then(Node::as_map).is_some_and(|map| !map.is_empty());
        return whole.then_some(Type::Atomic);
    };
    match below.elements().next()? {
        Element::Field(_) => {
            let fields = fields(schema, below, live);
            Some(if fields.is_empty() { Type::Deduced } else { schema.add_struct(fields) })
        }
        Element::Value(_) => Some(Type::Set),
        Element::Index(_) => None,
        Element::Key(keys) => {
            let keys: Vec<_> = keys.iter().map(|(key, _)| (key.clone(), default(below, key))).collect();
            // What is owned in any of the items shows the type of all.
            let sets = below.elements().filter_map(|element| below.below(element));
            let inner = sets.fold(FieldSet::default(), |set, inner| set.union(inner));
            let items = live.and_then(Node::as_seq).unwrap_or_default();
            let fields = fields(schema, &inner, items.iter().find(|item| has_maps(item)));
            let item = if fields.is_empty() { Type::Deduced } else { schema.add_struct(fields) };
            Some(schema.add_list(keys, item, false))
        }
    }
}

fn has_maps(item: &Node) -> bool {
    item.as_map().is_some_and(|map: &Map| map.iter().any(|(_, node)| node.is_map()))
}

/// What stands for an absent key, if it is one of several and the same in all items: a default such as
/// `protocol: TCP`.
fn default(below: &FieldSet, key: &Text) -> Option<Node> {
    let mut found: Option<&Atom> = None;
    for element in below.elements() {
        let Element::Key(keys) = element else { return None };
        if keys.len() < 2 {
            return None;
        }
        let (_, value) = keys.iter().find(|(name, _)| name == key)?;
        if found.is_some_and(|found| found != value) {
            return None;
        }
        found = Some(value);
    }
    match found? {
        Atom::String(text) => Some(Node::string(text.clone(), Span::NONE)),
        Atom::Bool(value) => Some(Node::new(Value::Bool(*value), Span::NONE)),
        _ => None,
    }
}
