//! What a trip through Go's JSON does to scalars: every number becomes a 64-bit float, and spellings go.

use crate::node::{Node, Plain, Scalar, Text, Value, float_text};

/// The tree with every scalar as Go reads it from JSON, where any number is a 64-bit float; `None` if
/// nothing changes.
pub(super) fn as_json(node: &Node) -> Option<Node> {
    match &node.value {
        Value::Map(map) => {
            let changed: Vec<(Text, Node)> =
                map.iter().filter_map(|(key, value)| Some((key.clone(), as_json(value)?))).collect();
            if changed.is_empty() {
                return None;
            }
            let mut node = node.clone();
            if let Some(map) = node.as_map_mut() {
                for (key, value) in changed {
                    map.insert(key, value);
                }
            }
            Some(node)
        }
        Value::Seq(items) => {
            let changed: Vec<(usize, Node)> =
                items.iter().enumerate().filter_map(|(at, item)| Some((at, as_json(item)?))).collect();
            if changed.is_empty() {
                return None;
            }
            let mut node = node.clone();
            if let Some(items) = node.as_seq_mut() {
                for (at, value) in changed {
                    if let Some(item) = items.get_mut(at) {
                        *item = value;
                    }
                }
            }
            Some(node)
        }
        Value::Null | Value::Bool(_) | Value::String(_) | Value::Float(_) => None,
        Value::Int(value) if (*value as f64) as i64 == *value && value.unsigned_abs() <= 1 << 53 => None,
        Value::Int(_) | Value::Plain(_) => Some(Node::new(resolved(node), node.span)),
    }
}

fn resolved(node: &Node) -> Value {
    match node.scalar() {
        None | Some(Scalar::Null) => Value::Null,
        Some(Scalar::Bool(value)) => Value::Bool(value),
        Some(Scalar::String(text)) => Value::String(Text::from(text)),
        Some(Scalar::Int(value)) => whole(value as f64),
        Some(Scalar::Uint(value)) => whole(value as f64),
        Some(Scalar::Float(value)) => whole(value),
    }
}

/// A number as Go prints it to JSON and reads it again.
fn whole(value: f64) -> Value {
    if value.fract() != 0.0 || value.abs() >= 1e21 {
        return Value::Float(value);
    }
    // The shortest digits that mean this number, filled up with zeros.
    let text = float_text(value);
    match (text.parse::<i64>(), text.parse::<u64>()) {
        (Ok(value), _) => Value::Int(value),
        (_, Ok(value)) => Value::Plain(std::sync::Arc::new(Plain::uint(text, value))),
        _ => Value::Float(value),
    }
}
