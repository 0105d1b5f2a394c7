//! Trees to the policy engine's values and back, without text in between.

use regorus::Value;

use crate::node::{Node, Path, Scalar, Segment, Value as NodeValue};

/// How numbers are handed over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Numbers {
    /// As they are: in the cluster the parameters and the inventory.
    Exact,
    /// Through a 64-bit float, as Gatekeeper hands over the object under review, and gator the inventory
    /// and (`gator test`) the parameters too: 1000000 prints as `1e+06`, and integers above 2^53 lose
    /// digits.
    Float,
}

/// The engine's value of a tree.
pub(crate) fn to_value(node: &Node, numbers: Numbers) -> Value {
    match &node.value {
        NodeValue::Map(map) => {
            map.iter()
                .map(|(key, node)| (Value::from(key.as_str()), to_value(node, numbers)))
                .collect::<Fields>()
                .0
        }
        NodeValue::Seq(items) => {
            Value::from(items.iter().map(|item| to_value(item, numbers)).collect::<Vec<_>>())
        }
        _ => match node.scalar() {
            None | Some(Scalar::Null) => Value::Null,
            Some(Scalar::Bool(value)) => Value::Bool(value),
            Some(Scalar::String(text)) => Value::from(text),
            Some(Scalar::Int(value)) if numbers == Numbers::Exact => Value::from(value),
            Some(Scalar::Uint(value)) if numbers == Numbers::Exact => Value::from(value),
            Some(Scalar::Int(value)) => float(value as f64),
            Some(Scalar::Uint(value)) => float(value as f64),
            Some(Scalar::Float(value)) => float(value),
        },
    }
}

/// The value of a tree that was completed with defaults: numbers that were `given` pass through a float,
/// those of defaults do not. `None` where that makes no difference.
pub(crate) fn with_given_as_floats(node: &Node, given: &Node) -> Option<Value> {
    fn value(node: &Node, given: Option<&Node>) -> Value {
        match (&node.value, given.map(|given| &given.value)) {
            (_, None) => to_value(node, Numbers::Exact),
            (NodeValue::Map(map), Some(NodeValue::Map(given))) => {
                let fields = map
                    .iter()
                    .map(|(key, node)| (Value::from(key.as_str()), value(node, given.get(key.as_str()))));
                fields.collect::<Fields>().0
            }
            (NodeValue::Seq(items), Some(NodeValue::Seq(given))) => {
                let items = items.iter().enumerate().map(|(at, item)| value(item, given.get(at)));
                Value::from(items.collect::<Vec<_>>())
            }
            _ => to_value(node, Numbers::Float),
        }
    }
    has_changing_number(given).then(|| value(node, Some(given)))
}

/// Whether an integer of a tree is another, or prints as another, once it was a float.
fn has_changing_number(node: &Node) -> bool {
    match &node.value {
        NodeValue::Map(map) => map.iter().any(|(_, node)| has_changing_number(node)),
        NodeValue::Seq(items) => items.iter().any(has_changing_number),
        _ => match node.scalar() {
            Some(Scalar::Int(value)) => value.unsigned_abs() >= 1_000_000,
            Some(Scalar::Uint(value)) => value >= 1_000_000,
            _ => false,
        },
    }
}

/// A number as Go's `strconv` would write it to be read again by OPA: below a million an integer has
/// no exponent and stays an integer.
fn float(value: f64) -> Value {
    if value.fract() == 0.0 && value.abs() < 1e6 { Value::from(value as i64) } else { Value::from(value) }
}

/// Collects pairs into an object, through the only door that copies nothing.
struct Fields(Value);

impl FromIterator<(Value, Value)> for Fields {
    fn from_iter<I: IntoIterator<Item = (Value, Value)>>(pairs: I) -> Self {
        let mut object = Value::new_object();
        if let Ok(map) = object.as_object_mut() {
            map.extend(pairs);
        }
        Self(object)
    }
}

/// An object of the engine.
pub(crate) fn object<const N: usize>(pairs: [(&str, Value); N]) -> Value {
    pairs.into_iter().map(|(key, value)| (Value::from(key), value)).collect::<Fields>().0
}

/// The value under a text key.
pub(crate) fn get<'a>(value: &'a Value, key: &str) -> Option<&'a Value> {
    value.as_object().ok()?.get(&Value::from(key))
}

/// Sets a text key of an object.
pub(crate) fn set(value: &mut Value, key: &str, entry: Value) {
    if let Ok(map) = value.as_object_mut() {
        map.insert(Value::from(key), entry);
    }
}

/// The object below `key`, made if it is not there.
pub(crate) fn entry<'a>(value: &'a mut Value, key: &str) -> Option<&'a mut Value> {
    let key = Value::from(key);
    let map = value.as_object_mut().ok()?;
    if !map.contains_key(&key) {
        map.insert(key.clone(), Value::new_object());
    }
    map.get_mut(&key)
}

/// A copy of `value` with the part at `path` replaced, or removed (from its mapping or list).
pub(crate) fn replaced(value: &Value, path: &Path, part: Option<&Value>) -> Value {
    let mut copy = value.clone();
    replace(&mut copy, path.segments(), part);
    copy
}

fn replace(value: &mut Value, path: &[Segment], part: Option<&Value>) {
    let Some((first, rest)) = path.split_first() else { return };
    match first {
        Segment::Key(key) => {
            let key = Value::from(key.as_str());
            let Ok(map) = value.as_object_mut() else { return };
            match (rest.is_empty(), part) {
                (true, Some(part)) => {
                    map.insert(key, part.clone());
                }
                (true, None) => {
                    map.remove(&key);
                }
                (false, _) => {
                    if let Some(inner) = map.get_mut(&key) {
                        replace(inner, rest, part);
                    }
                }
            }
        }
        Segment::Index(index) => {
            let Ok(items) = value.as_array_mut() else { return };
            match (rest.is_empty(), part) {
                (true, Some(part)) => {
                    if let Some(item) = items.get_mut(*index) {
                        *item = part.clone();
                    }
                }
                (true, None) => {
                    let mut at = 0;
                    items.retain(|_| {
                        at += 1;
                        at != *index + 1
                    });
                }
                (false, _) => {
                    if let Some(item) = items.get_mut(*index) {
                        replace(item, rest, part);
                    }
                }
            }
        }
    }
}

/// Whether the engine holds a number as a float. Its type has no public name, so a known float's
/// variant is compared.
pub(crate) fn is_float(value: &Value) -> bool {
    let half = Value::from(0.5_f64);
    match (value, &half) {
        (Value::Number(number), Value::Number(half)) => {
            std::mem::discriminant(number) == std::mem::discriminant(half)
        }
        _ => false,
    }
}

/// The JSON of a value; sets become lists.
pub(crate) fn to_json(value: &Value) -> serde_json::Value {
    use serde_json::Value as Json;
    match value {
        Value::Null | Value::Undefined => Json::Null,
        Value::Bool(value) => Json::Bool(*value),
        Value::Number(number) => match (number.as_i64(), number.as_f64()) {
            (Some(value), _) => value.into(),
            (None, Some(value)) => value.into(),
            (None, None) => number.format_decimal().into(),
        },
        Value::String(text) => Json::from(text.as_ref()),
        Value::Array(items) => items.iter().map(to_json).collect(),
        Value::Set(items) => items.iter_sorted().map(to_json).collect(),
        Value::Object(map) => map
            .iter_sorted()
            .map(|(key, value)| {
                let key = match key {
                    Value::String(text) => text.to_string(),
                    other => super::format::term(other),
                };
                (key, to_json(value))
            })
            .collect(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn numbers_pass_through_a_float_only_under_review() {
        let node = Node::from(&json!({"a": 1_000_000, "b": 80, "c": 0.5}));
        let review = to_value(&node, Numbers::Float);
        assert!(is_float(get(&review, "a").unwrap()));
        assert!(!is_float(get(&review, "b").unwrap()));
        let exact = to_value(&node, Numbers::Exact);
        assert!(!is_float(get(&exact, "a").unwrap()));
        assert_eq!(to_json(&exact), json!({"a": 1_000_000, "b": 80, "c": 0.5}));
    }

    #[test]
    fn a_part_is_replaced_or_removed_in_a_copy() {
        let original = to_value(&Node::from(&json!({"a": [{"b": 1}, {"b": 2}], "c": true})), Numbers::Exact);
        let path = Path::of_keys(&["a"]).index(0).key("b");
        assert_eq!(
            to_json(&replaced(&original, &path, Some(&Value::from(7_i64)))),
            json!({"a": [{"b": 7}, {"b": 2}], "c": true})
        );
        assert_eq!(to_json(&replaced(&original, &path, None)), json!({"a": [{}, {"b": 2}], "c": true}));
        let item = Path::of_keys(&["a"]).index(1);
        assert_eq!(to_json(&replaced(&original, &item, None)), json!({"a": [{"b": 1}], "c": true}));
        assert_eq!(to_json(&original), json!({"a": [{"b": 1}, {"b": 2}], "c": true}));
    }
}
