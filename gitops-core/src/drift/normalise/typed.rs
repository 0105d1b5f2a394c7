//! A value as its Go type would write it again after reading it.
//!
//! Quantities, durations, moments and base64 get their one spelling, and what Go does not tell from
//! nothing goes: nulls, and empty values of fields that are no pointers. Values of the wrong type, and
//! fields that the type does not have, stay as they are.

use super::scalars;
use crate::knowledge::types::{Field, Shape, Types};
use crate::node::{Map, Node, Value};

/// The canonical form of a value; `None` if it has it already.
pub(super) fn canonical(types: &Types, shape: Shape, node: &Node) -> Option<Node> {
    if node.is_null() {
        return empty(shape).map(|value| Node::new(value, node.span));
    }
    match (shape, &node.value) {
        (Shape::Struct(id), Value::Map(map)) => {
            let of = types.get(id)?;
            fields(types, map, |key| of.field(key)).map(|map| Node::map(map, node.span))
        }
        (Shape::JsonSchema, Value::Map(_) | Value::Seq(_)) => {
            let schema = Shape::Struct(types.named("apiextensions/v1.JSONSchemaProps")?);
            match node.as_seq() {
                Some(items) => list(types, schema, items).map(|items| Node::seq(items, node.span)),
                None => canonical(types, schema, node),
            }
        }
        (Shape::List(inner), Value::Seq(items)) => {
            list(types, types.shape(inner), items).map(|items| Node::seq(items, node.span))
        }
        (Shape::Map(inner), Value::Map(map)) => {
            values(types, types.shape(inner), map).map(|map| Node::map(map, node.span))
        }
        (Shape::Resources, Value::Map(map)) => {
            values(types, Shape::Quantity, map).map(|map| Node::map(map, node.span))
        }
        _ => scalars::canonical(shape, node),
    }
}

/// What a null is where something must be: in a list or a mapping.
fn empty(shape: Shape) -> Option<Value> {
    Some(match shape {
        Shape::Text | Shape::Bytes => Value::String("".into()),
        Shape::Int | Shape::Float => Value::Int(0),
        Shape::Bool => Value::Bool(false),
        Shape::Quantity => Value::String("0".into()),
        Shape::Duration => Value::String("0s".into()),
        Shape::Struct(_) => Value::Map(Map::new().into()),
        _ => return None,
    })
}

/// Whether a value in canonical form is what Go takes an absent one for.
fn means_nothing(shape: Shape, node: &Node) -> bool {
    match shape {
        Shape::Text | Shape::Bytes => node.as_str() == Some(""),
        Shape::Int | Shape::Float => node.as_f64() == Some(0.0),
        Shape::IntOrText => node.as_i64() == Some(0),
        Shape::Bool => node.as_bool() == Some(false),
        Shape::Quantity => node.as_str() == Some("0"),
        Shape::Duration => node.as_str() == Some("0s"),
        Shape::Time | Shape::MicroTime => node.is_null(),
        Shape::List(_) => node.as_seq().is_some_and(<[Node]>::is_empty),
        Shape::Map(_) | Shape::Resources | Shape::Struct(_) => node.as_map().is_some_and(Map::is_empty),
        Shape::Any | Shape::JsonSchema => false,
    }
}

fn fields<'a>(types: &Types, map: &Map, field: impl Fn(&str) -> Option<&'a Field>) -> Option<Map> {
    let mut new: Option<Map> = None;
    for entry in map.entries() {
        let Some(field) = field(&entry.key) else { continue };
        let changed = canonical(types, field.shape, &entry.value);
        let value = changed.as_ref().unwrap_or(&entry.value);
        if entry.value.is_null() || (!field.pointer && means_nothing(field.shape, value)) {
            new.get_or_insert_with(|| map.clone()).remove(&entry.key);
        } else if let Some(value) = changed {
            new.get_or_insert_with(|| map.clone()).insert(&entry.key, value);
        }
    }
    new
}

fn values(types: &Types, shape: Shape, map: &Map) -> Option<Map> {
    let mut new: Option<Map> = None;
    for entry in map.entries() {
        if let Some(value) = canonical(types, shape, &entry.value) {
            new.get_or_insert_with(|| map.clone()).insert(&entry.key, value);
        }
    }
    new
}

fn list(types: &Types, shape: Shape, items: &[Node]) -> Option<Vec<Node>> {
    let mut new: Option<Vec<Node>> = None;
    for (at, item) in items.iter().enumerate() {
        if let Some(item) = canonical(types, shape, item)
            && let Some(place) = new.get_or_insert_with(|| items.to_vec()).get_mut(at)
        {
            *place = item;
        }
    }
    new
}

/// Adds what Go writes of fields that are empty: the reverse of what [`canonical`] takes away.
#[cfg(test)]
pub(super) fn complete(types: &Types, shape: Shape, node: &mut Node) {
    match shape {
        Shape::Struct(id) => {
            let Some(of) = types.get(id) else { return };
            let Some(map) = node.as_map_mut() else { return };
            for field in of.fields() {
                if let Some(value) = map.get_mut(field.name) {
                    complete(types, field.shape, value);
                    continue;
                }
                // Go takes no mapping of fields for empty, be it told to omit empty values.
                let shown = matches!(
                    field.shape,
                    Shape::Struct(_)
                        | Shape::Quantity
                        | Shape::Duration
                        | Shape::IntOrText
                        | Shape::Time
                        | Shape::MicroTime
                );
                if (field.omit_empty && !shown) || field.omit_zero {
                    continue;
                }
                if field.pointer {
                    if !field.omit_empty {
                        map.insert(field.name, Node::null());
                    }
                    continue;
                }
                let value = match field.shape {
                    Shape::IntOrText => Some(Value::Int(0)),
                    Shape::Bytes => None,
                    shape => empty(shape),
                };
                let mut value = Node::new(value.unwrap_or(Value::Null), crate::node::Span::NONE);
                complete(types, field.shape, &mut value);
                map.insert(field.name, value);
            }
        }
        Shape::JsonSchema => {
            let Some(schema) = types.named("apiextensions/v1.JSONSchemaProps").map(Shape::Struct) else {
                return;
            };
            match node.as_seq_mut() {
                Some(items) => items.iter_mut().for_each(|item| complete(types, schema, item)),
                None => complete(types, schema, node),
            }
        }
        Shape::List(inner) => {
            for item in node.as_seq_mut().into_iter().flatten() {
                complete(types, types.shape(inner), item);
            }
        }
        Shape::Map(inner) => {
            for (_, value) in node.as_map_mut().into_iter().flat_map(Map::values_mut) {
                complete(types, types.shape(inner), value);
            }
        }
        _ => {}
    }
}
