//! What single steps make of values.

use regorus::Value;

use super::steps::{Comparison, Operation};

/// Whether a value has elements.
pub(super) fn is_collection(value: &Value) -> bool {
    matches!(value, Value::Array(_) | Value::Set(_) | Value::Object(_))
}

/// The element, field or member of a key.
pub(super) fn part(from: &Value, key: &Value) -> Value {
    let found = match (from, key) {
        (Value::Object(map), key) => map.get(key),
        (Value::Set(items), key) => items.get(key),
        (Value::Array(items), Value::Number(_)) => {
            key.as_u64().ok().and_then(|index| items.get(usize::try_from(index).ok()?))
        }
        _ => None,
    };
    found.cloned().unwrap_or(Value::Undefined)
}

/// Whether a comparison holds.
pub(super) fn compare(how: Comparison, left: &Value, right: &Value) -> bool {
    match how {
        Comparison::Equal => left == right,
        Comparison::NotEqual => left != right,
        Comparison::Less => left < right,
        Comparison::LessOrEqual => left <= right,
        Comparison::Greater => left > right,
        Comparison::GreaterOrEqual => left >= right,
    }
}

/// What is computed of two values; undefined where they are not of the right type.
pub(super) fn compute(what: Operation, left: &Value, right: &Value) -> Value {
    match (left, right) {
        (Value::Number(a), Value::Number(b)) => {
            let zero = || b.as_f64() == Some(0.0);
            let number = match what {
                Operation::Add => a.add(b).ok(),
                Operation::Subtract => a.sub(b).ok(),
                Operation::Multiply => a.mul(b).ok(),
                Operation::Divide if zero() => None,
                Operation::Divide => a.clone().divide(b).ok(),
                Operation::Remainder if zero() || !a.is_integer() || !b.is_integer() => None,
                Operation::Remainder => a.clone().modulo(b).ok(),
                Operation::Intersection | Operation::Union => None,
            };
            number.map_or(Value::Undefined, Value::Number)
        }
        (Value::Set(a), Value::Set(b)) => match what {
            Operation::Subtract => a.difference(b).into_value(),
            Operation::Intersection => a.intersection(b).into_value(),
            Operation::Union => a.union(b).into_value(),
            _ => Value::Undefined,
        },
        _ => Value::Undefined,
    }
}

/// `key, value in of`.
pub(super) fn is_member(key: Option<&Value>, value: &Value, of: &Value) -> bool {
    match (of, key) {
        (Value::Array(items), None) => items.contains(value),
        (Value::Set(items), None) => items.contains(value),
        (Value::Object(map), None) => map.values().any(|item| item == value),
        (Value::Set(items), Some(key)) => key == value && items.contains(value),
        (_, Some(key)) => &part(of, key) == value,
        _ => false,
    }
}
