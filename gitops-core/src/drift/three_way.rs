//! Argo CD's diff of old: a three-way strategic merge patch, as client-side `kubectl apply` makes it.
//!
//! Original is what was applied last (the annotation; else the configuration itself), modified is the
//! configuration, current is the live object. What modified says is merged over current by the rules of
//! strategic merge, in which no mapping is replaced whole and list keys are those of `patchMergeKey`. What
//! original has and modified lacks is deleted. Custom kinds merge as a JSON merge patch: lists are replaced.
//! Nothing knows of other owners, so a field that another manager applies too is deleted with ours.

use super::items::{Shape, item_type, shape};
use super::merge::merge;
use super::unchanged::merges_to_nothing;
use crate::knowledge::structured_merge::{Schema, Type};
use crate::node::{Map, Node, Value};

/// What the live object becomes; `None` if nothing changes. `original` is what was applied last, where it differs
/// from what is applied now.
pub(super) fn three_way(
    schema: &Schema,
    of: Type,
    live: &Node,
    config: &Node,
    original: Option<&Node>,
) -> Option<Node> {
    let merged = match merges_to_nothing(schema, of, live, config) {
        true => None,
        false => merge(schema, of, live, config),
    };
    let retained = match has_unions(schema, of, config) {
        true => retain(schema, of, merged.as_ref().unwrap_or(live), config).or(merged),
        false => merged,
    };
    let gone =
        original.and_then(|original| delete(schema, of, retained.as_ref().unwrap_or(live), original, config));
    gone.or(retained)
}

/// Whether a configuration sets something of which [`retain`] takes the rest away.
fn has_unions(schema: &Schema, of: Type, config: &Node) -> bool {
    match &config.value {
        Value::Map(map) => map.iter().any(|(key, node)| {
            let is_collection = matches!(node.value, Value::Map(_) | Value::Seq(_));
            is_collection && (schema.retains(of, key) || has_unions(schema, schema.field(of, key).0, node))
        }),
        Value::Seq(items) => {
            let inner = || item_type(schema, of);
            schema.keyed(of).is_some_and(|list| list.retain_keys)
                || items.iter().any(|item| has_unions(schema, inner(), item))
        }
        _ => false,
    }
}

/// `target` without what `original` has and `config` lacks; `None` if that is nothing.
fn delete(schema: &Schema, of: Type, target: &Node, original: &Node, config: &Node) -> Option<Node> {
    match (shape(schema, of, target), shape(schema, of, original), shape(schema, of, config)) {
        (Shape::Map(target_map), Shape::Map(original), Shape::Map(config)) => {
            let mut out: Option<Map> = None;
            for (key, original) in original.iter() {
                let Some(found) = target_map.get(key) else { continue };
                match config.get(key) {
                    None => {
                        out.get_or_insert_with(|| target_map.clone()).remove(key);
                    }
                    Some(config) => {
                        let inner = schema.field(of, key).0;
                        if let Some(changed) = delete(schema, inner, found, original, config) {
                            out.get_or_insert_with(|| target_map.clone()).insert(key, changed);
                        }
                    }
                }
            }
            out.map(|map| Node::map(map, target.span))
        }
        (Shape::List(items, names), Shape::List(was, was_names), Shape::List(is, is_names)) => {
            let mut changed = false;
            let mut out = Vec::with_capacity(items.len());
            for (item, name) in items.iter().zip(&names) {
                let original = was_names.iter().position(|other| other == name).and_then(|at| was.get(at));
                let config = is_names.iter().position(|other| other == name).and_then(|at| is.get(at));
                let kept = match (original, config) {
                    (Some(_), None) => {
                        changed = true;
                        continue;
                    }
                    (Some(original), Some(config)) => {
                        delete(schema, item_type(schema, of), item, original, config)
                    }
                    _ => None,
                };
                changed |= kept.is_some();
                out.push(kept.unwrap_or_else(|| item.clone()));
            }
            changed.then(|| Node::seq(out, target.span))
        }
        _ => None,
    }
}

/// `target` without what it has beside the configuration in the unions that the schema names (`retainKeys`):
/// to set one member of a union unsets the others. `None` if that is nothing.
fn retain(schema: &Schema, of: Type, target: &Node, config: &Node) -> Option<Node> {
    match (shape(schema, of, target), shape(schema, of, config)) {
        (Shape::Map(target_map), Shape::Map(config)) => {
            let mut out: Option<Map> = None;
            for (key, config) in config.iter() {
                let Some(found) = target_map.get(key) else { continue };
                let inner = schema.field(of, key).0;
                let kept = if schema.retains(of, key) { only(found, config) } else { None };
                let deeper = retain(schema, inner, kept.as_ref().unwrap_or(found), config);
                if let Some(changed) = deeper.or(kept) {
                    out.get_or_insert_with(|| target_map.clone()).insert(key, changed);
                }
            }
            out.map(|map| Node::map(map, target.span))
        }
        (Shape::List(items, names), Shape::List(config, config_names)) => {
            let retains = schema.keyed(of).is_some_and(|list| list.retain_keys);
            let mut changed = false;
            let mut out = Vec::with_capacity(items.len());
            for (item, name) in items.iter().zip(&names) {
                let config =
                    config_names.iter().position(|other| other == name).and_then(|at| config.get(at));
                let kept = config.and_then(|config| {
                    let kept = if retains { only(item, config) } else { None };
                    let inner = item_type(schema, of);
                    retain(schema, inner, kept.as_ref().unwrap_or(item), config).or(kept)
                });
                changed |= kept.is_some();
                out.push(kept.unwrap_or_else(|| item.clone()));
            }
            changed.then(|| Node::seq(out, target.span))
        }
        _ => None,
    }
}

/// The fields of `found` that `config` has; `None` if these are all.
fn only(found: &Node, config: &Node) -> Option<Node> {
    let (map, config) = (found.as_map()?, config.as_map()?);
    if map.keys().all(|key| config.contains_key(key)) {
        return None;
    }
    let mut map = map.clone();
    map.retain(|key, _| config.contains_key(key));
    Some(Node::map(map, found.span))
}
