//! What an object is made of: its scalars, its sub-trees, its containers; and what the constraint's
//! parameters offer instead.

use std::collections::BTreeSet;

use regorus::Value;

use crate::node::{Node, Path, Segment};
use crate::object::Object;

/// A scalar of the object.
pub(super) struct Leaf {
    pub(super) path: Path,
    pub(super) text: String,
    pub(super) identity: bool,
}

/// What the constraint's parameters offer as acceptable values.
#[derive(Default)]
pub(super) struct Hints {
    pub(super) texts: BTreeSet<String>,
    pub(super) numbers: Vec<Value>,
}

impl Hints {
    pub(super) fn collect(&mut self, parameters: &Value) {
        match parameters {
            Value::String(text) if self.texts.len() < 16 && text.len() <= 256 => {
                self.texts.insert(text.to_string());
            }
            Value::Number(_) if self.numbers.len() < 8 && !self.numbers.contains(parameters) => {
                self.numbers.push(parameters.clone());
            }
            Value::Array(items) => items.iter().for_each(|item| self.collect(item)),
            Value::Object(map) => {
                for (key, value) in map.iter_sorted() {
                    // A value that exempts makes any violation go away, and tells nothing.
                    let exempts = matches!(key, Value::String(key)
                        if ["exempt", "exclu", "ignore", "skip"].iter().any(|word| key.to_lowercase().contains(word)));
                    if !exempts {
                        self.collect(value);
                    }
                }
            }
            _ => {}
        }
    }
}

pub(super) fn walk(node: &Node, path: &mut Path, leaves: &mut Vec<Leaf>, trees: &mut Vec<Path>) {
    if let Some(map) = node.as_map() {
        if !path.is_empty() {
            trees.push(path.clone());
        }
        for (key, value) in map.iter() {
            path.push(Segment::Key(key.clone()));
            walk(value, path, leaves, trees);
            path.pop();
        }
    } else if let Some(items) = node.as_seq() {
        trees.push(path.clone());
        for (at, item) in items.iter().enumerate() {
            path.push(Segment::Index(at));
            walk(item, path, leaves, trees);
            path.pop();
        }
    } else if let Some(text) = node.text() {
        let keys: Vec<&str> = path.segments().iter().filter_map(key_of).collect();
        let identity = matches!(
            keys.as_slice(),
            ["apiVersion" | "kind"] | ["metadata", "name" | "namespace" | "generateName"]
        ) || matches!(
            path.segments(),
            [.., Segment::Key(list), Segment::Index(_), Segment::Key(key)]
                if list.ends_with("ontainers") && key.as_str() == "name"
        );
        leaves.push(Leaf { path: path.clone(), text: text.into_owned(), identity });
    }
}

fn key_of(segment: &Segment) -> Option<&str> {
    match segment {
        Segment::Key(key) => Some(key),
        Segment::Index(_) => None,
    }
}

/// The last key of a path, past indexes.
pub(super) fn last_key(path: &Path) -> Option<&str> {
    path.segments().iter().rev().find_map(key_of)
}

/// The element of a list of containers that a path leads into, and its name.
pub(super) fn container_of(object: &Object, path: &Path) -> Option<(Path, String)> {
    let segments = path.segments();
    let at = segments.windows(2).rposition(
        |pair| matches!(pair, [Segment::Key(key), Segment::Index(_)] if key.ends_with("ontainers")),
    )?;
    let element: Path = segments.iter().take(at + 2).cloned().collect();
    let name = object.lookup(&element)?.get("name")?.as_str()?.to_owned();
    Some((element, name))
}
