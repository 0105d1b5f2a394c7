//! Structured merge: what an object becomes when a configuration is laid over it.
//!
//! The rules are those of `typed/merge.go` of structured-merge-diff v6. Mappings merge by key, lists with
//! keys and sets item by item, all else is replaced. What does not change stays shared with the live
//! object, so that "nothing changed" is told without another walk.

use super::field_set::Element;
use super::items::{Index, Shape, item_type, shape};
use crate::knowledge::structured_merge::{Schema, Type};
use crate::node::{Map, Node};

/// Merges `config` over `live`; `None` if that changes nothing.
pub(super) fn merge(schema: &Schema, of: Type, live: &Node, config: &Node) -> Option<Node> {
    if live.shares_with(config) {
        return None;
    }
    match (shape(schema, of, live), shape(schema, of, config)) {
        (Shape::Map(a), Shape::Map(b)) if !a.is_empty() || !b.is_empty() => maps(schema, of, live, a, b),
        (Shape::List(a, a_elements), Shape::List(b, b_elements)) if !a.is_empty() || !b.is_empty() => {
            // Items that stand twice in a configuration are refused by the API server. Of what would
            // happen, nothing can be said; the list counts as one value.
            if Index::new(&b_elements).repeats() {
                return leaf(live, config);
            }
            lists(schema, of, live, (a, &a_elements), (b, &b_elements))
        }
        // Null beside a mapping or list with items leaves these as they are.
        (Shape::Map(a), Shape::Leaf) if config.is_null() && !a.is_empty() => None,
        (Shape::List(a, _), Shape::Leaf) if config.is_null() && !a.is_empty() => None,
        _ => leaf(live, config),
    }
}

fn leaf(live: &Node, config: &Node) -> Option<Node> {
    (live != config).then(|| config.clone())
}

fn maps(schema: &Schema, of: Type, live: &Node, a: &Map, b: &Map) -> Option<Node> {
    let mut out: Option<Map> = None;
    for entry in b.entries() {
        let merged = match a.get(&entry.key) {
            Some(live) => merge(schema, schema.field(of, &entry.key).0, live, &entry.value),
            None => Some(entry.value.clone()),
        };
        if let Some(merged) = merged {
            let mut entry = entry.clone();
            entry.value = merged;
            out.get_or_insert_with(|| a.clone()).insert_entry(entry);
        }
    }
    out.map(|map| Node::map(map, live.span))
}

/// The order of the result: items of both keep the configuration's order, the live object's own ones
/// stay before the item they stood before.
fn lists(
    schema: &Schema,
    of: Type,
    live: &Node,
    (a, a_elements): (&[Node], &[Element]),
    (b, b_elements): (&[Node], &[Element]),
) -> Option<Node> {
    let item = item_type(schema, of);
    let (in_live, in_config) = (Index::new(a_elements), Index::new(b_elements));
    let mut shared = b_elements.iter().filter(|element| in_live.find(element).is_some());
    let mut next_shared = shared.next();
    let mut done = vec![false; b.len()];
    let mut out: Vec<Node> = Vec::with_capacity(a.len().max(b.len()));
    let mut same = true;
    // The live item with the configuration laid over it. One that stands twice is dropped for the
    // configuration's.
    let mut take = |out: &mut Vec<Node>, element: &Element, config: &Node| {
        let merged = match in_live.find(element).filter(|found| !found.repeated) {
            Some(found) => match a.get(found.at) {
                Some(live) => {
                    same &= found.at == out.len();
                    let merged = merge(schema, item, live, config);
                    same &= merged.is_none();
                    merged.unwrap_or_else(|| live.clone())
                }
                None => config.clone(),
            },
            None => {
                same = false;
                config.clone()
            }
        };
        out.push(merged);
    };
    let (mut i, mut j) = (0, 0);
    while i < a.len() || j < b.len() {
        let (left, right) = (a_elements.get(i), b_elements.get(j));
        if let (Some(left), Some(right), Some(config)) = (left, right, b.get(j)) {
            if left == right {
                mark(&mut done, j);
                take(&mut out, left, config);
                (i, j) = (i + 1, j + 1);
                next_shared = shared.next();
                continue;
            }
            if in_config.find(left).is_some() && next_shared.is_some_and(|next| next != left) {
                // Its turn has not come.
                i += 1;
                continue;
            }
        }
        if let (Some(left), Some(live)) = (left, a.get(i)) {
            match in_config.find(left) {
                None => {
                    out.push(live.clone());
                    i += 1;
                    continue;
                }
                Some(found) if done.get(found.at) == Some(&true) => i += 1,
                Some(_) => {}
            }
        }
        if let (Some(right), Some(config)) = (right, b.get(j)) {
            mark(&mut done, j);
            take(&mut out, right, config);
            j += 1;
            if next_shared == Some(right) {
                next_shared = shared.next();
            }
        }
    }
    let same = same && out.len() == a.len();
    (!same).then(|| Node::seq(out, live.span))
}

fn mark(done: &mut [bool], at: usize) {
    if let Some(done) = done.get_mut(at) {
        *done = true;
    }
}

/// Lists of the configuration in which an item stands twice, as the API server prints the paths.
pub(super) fn repeated_items(schema: &Schema, of: Type, config: &Node) -> Vec<Vec<Element>> {
    let mut out = Vec::new();
    repeated_below(schema, of, config, &mut Vec::new(), &mut out);
    out
}

fn repeated_below(
    schema: &Schema,
    of: Type,
    node: &Node,
    path: &mut Vec<Element>,
    out: &mut Vec<Vec<Element>>,
) {
    match shape(schema, of, node) {
        Shape::Map(map) => {
            for (key, value) in map.iter().filter(|(_, value)| value.is_map() || value.is_seq()) {
                path.push(Element::Field(key.clone()));
                repeated_below(schema, schema.field(of, key).0, value, path, out);
                path.pop();
            }
        }
        Shape::List(items, elements) => {
            let index = Index::new(&elements);
            for (at, (node, element)) in items.iter().zip(&elements).enumerate() {
                path.push(element.clone());
                if index.find(element).is_some_and(|found| found.repeated && found.at == at) {
                    out.push(path.clone());
                }
                repeated_below(schema, item_type(schema, of), node, path, out);
                path.pop();
            }
        }
        Shape::Leaf => {}
    }
}
