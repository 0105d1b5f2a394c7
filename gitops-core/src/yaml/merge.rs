//! Merge keys (`<<`), as go-yaml v2 and v3 apply them.

use std::collections::{HashMap, HashSet};

use super::Dialect;
use crate::node::{Entry, Map, Node, Span, Text, Value};

/// The value of one `<<` of a mapping.
#[derive(Debug)]
pub(super) struct Merge {
    /// Where the `<<` stands.
    pub(super) span: Span,
    /// The mappings to merge, the one of the highest precedence first.
    pub(super) sources: Vec<Node>,
}

impl Merge {
    /// The mappings that `value` names: one, or a list of them; an alias may stand for a mapping but
    /// not for a list. `None` if it is something else.
    pub(super) fn new(span: Span, value: Node, aliased: bool) -> Option<Self> {
        let sources = match &value.value {
            Value::Map(_) => vec![value],
            Value::Seq(items) if !aliased && items.iter().all(Node::is_map) => items.to_vec(),
            _ => return None,
        };
        Some(Self { span, sources })
    }
}

/// Applies the merges of a mapping to the entries written in it.
///
/// v3: written entries win; of a list, the earlier mapping. v2 works from top to bottom: a merge
/// overrides what stands above it and is overridden by what stands below. `set_later` holds, for
/// entries set more than once, the offset where they were set last.
pub(super) fn apply(map: &mut Map, merges: Vec<Merge>, set_later: &HashMap<Text, u32>, dialect: Dialect) {
    let mut merged: HashSet<Text> = HashSet::new();
    match dialect {
        Dialect::Kubectl => {
            for merge in &merges {
                // From the lowest precedence up, each overriding the one before.
                for entry in merge.sources.iter().rev().filter_map(Node::as_map).flat_map(Map::entries) {
                    let written_below = !merged.contains(&entry.key)
                        && map.entry(&entry.key).is_some_and(|written| {
                            let set = set_later.get(&entry.key).copied();
                            set.unwrap_or(written.key_span.offset()) > merge.span.offset()
                        });
                    if written_below {
                        continue;
                    }
                    if !map.contains_key(&entry.key) {
                        merged.insert(entry.key.clone());
                    }
                    put(map, entry);
                }
            }
        }
        Dialect::Kyaml => {
            for entry in
                merges.iter().flat_map(|merge| &merge.sources).filter_map(Node::as_map).flat_map(Map::entries)
            {
                if !map.contains_key(&entry.key) {
                    put(map, entry);
                }
            }
        }
    }
}

fn put(map: &mut Map, entry: &Entry) {
    map.insert_entry(entry.clone());
}
