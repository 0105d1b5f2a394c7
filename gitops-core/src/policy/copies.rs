//! Objects that are the same to the last detail, so that one answer serves all of them.

use std::collections::HashMap;
use std::hash::{DefaultHasher, Hash, Hasher};

use crate::node::{Node, Value};
use crate::object::Object;

/// An object, and where else it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Original {
    /// The index of its first appearance.
    pub(super) index: usize,
    /// The indexes of the others.
    pub(super) copies: Vec<usize>,
}

/// The different ones among objects, in the order of their first appearance.
pub(super) fn originals(objects: &[Object]) -> Vec<Original> {
    let mut originals: Vec<Original> = Vec::with_capacity(objects.len());
    let mut by_hash: HashMap<u64, Vec<usize>> = HashMap::with_capacity(objects.len());
    for (index, object) in objects.iter().enumerate() {
        let mut hasher = DefaultHasher::new();
        if objects.len() > 1 {
            hash(&object.node, &mut hasher);
        }
        let alike = by_hash.entry(hasher.finish()).or_default();
        let known = alike.iter().copied().find(|&at| {
            let known = originals.get(at).and_then(|original| objects.get(original.index));
            known.is_some_and(|known| identical(&known.node, &object.node))
        });
        match known.and_then(|at| originals.get_mut(at)) {
            Some(original) => original.copies.push(index),
            None => {
                alike.push(originals.len());
                originals.push(Original { index, copies: Vec::new() });
            }
        }
    }
    originals
}

/// Hashes what [`identical`] compares; spelling that differs in value is left to it.
fn hash(node: &Node, hasher: &mut DefaultHasher) {
    std::mem::discriminant(&node.value).hash(hasher);
    match &node.value {
        Value::Null => {}
        Value::Bool(value) => value.hash(hasher),
        Value::Int(value) => value.hash(hasher),
        Value::Float(value) => value.to_bits().hash(hasher),
        Value::String(text) => text.as_str().hash(hasher),
        Value::Plain(plain) => plain.text().hash(hasher),
        Value::Seq(items) => {
            items.len().hash(hasher);
            items.iter().for_each(|item| hash(item, hasher));
        }
        Value::Map(map) => {
            map.len().hash(hasher);
            for (key, value) in map.iter() {
                key.as_str().hash(hasher);
                hash(value, hasher);
            }
        }
    }
}

/// Whether two trees are the same in spelling and order of keys too, on which the place of a violation
/// may depend. Shared parts are not walked.
fn identical(a: &Node, b: &Node) -> bool {
    if a.shares_with(b) {
        return true;
    }
    match (&a.value, &b.value) {
        (Value::Null, Value::Null) => true,
        (Value::Bool(a), Value::Bool(b)) => a == b,
        (Value::Int(a), Value::Int(b)) => a == b,
        (Value::Float(a), Value::Float(b)) => a.to_bits() == b.to_bits(),
        (Value::String(a), Value::String(b)) => a.as_str() == b.as_str(),
        (Value::Plain(a), Value::Plain(b)) => a.text() == b.text() && a.scalar() == b.scalar(),
        (Value::Seq(a), Value::Seq(b)) => {
            a.len() == b.len() && a.iter().zip(b.iter()).all(|(a, b)| identical(a, b))
        }
        (Value::Map(a), Value::Map(b)) => {
            let same = |((key, value), (other_key, other)): ((_, &Node), (_, &Node))| {
                key == other_key && identical(value, other)
            };
            a.len() == b.len() && a.iter().zip(b.iter()).all(same)
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn only_what_is_spelled_alike_is_a_copy() {
        let read = |text: &str| {
            let sources = crate::node::SourceMap::new();
            let file = sources.add("a.yaml", text);
            let stream = crate::yaml::read(&sources, file, &crate::yaml::ReadOptions::default()).unwrap();
            Object::new(stream.documents.into_iter().next().unwrap())
        };
        let objects: Vec<Object> = [
            "a: {b: 1, c: [x, 1.5]}",
            "a: {c: [x, 1.5], b: 1}",
            "a:\n  b: 1\n  c:\n  - x\n  - 1.5",
            "a: {b: 0x1, c: [x, 1.5]}",
            "a: {b: 1, c: ['x', 1.5]}",
            "a: {b: 1, c: [x, 1.50]}",
            "a: {b: '1', c: [x, 1.5]}",
        ]
        .iter()
        .map(|text| read(text))
        .collect();
        let found: Vec<_> = originals(&objects).into_iter().map(|o| (o.index, o.copies)).collect();
        assert_eq!(found, [(0, vec![2, 4]), (1, vec![]), (3, vec![]), (5, vec![]), (6, vec![])]);
        let shared = Object::new(Node::from(&json!({"a": [1]})));
        let found = originals(&[shared.clone(), shared]);
        assert_eq!(found, [Original { index: 0, copies: vec![1] }]);
    }
}
