//! Comparing, computing and converting.

use std::cmp::Ordering;
use std::sync::Arc;

use super::eval::{Fail, Outcome};
use super::functions::overflow;
use super::time;
use super::value::Value;

pub(super) fn compare(name: &str, a: &Value, b: &Value) -> Outcome {
    let comparable = matches!(
        (a, b),
        (
            Value::Int(_) | Value::Uint(_) | Value::Double(_),
            Value::Int(_) | Value::Uint(_) | Value::Double(_)
        ) | (Value::Bool(_), Value::Bool(_))
            | (Value::Text(_), Value::Text(_))
            | (Value::Bytes(_), Value::Bytes(_))
            | (Value::Duration(_), Value::Duration(_))
            | (Value::Timestamp(_), Value::Timestamp(_))
    );
    if !comparable {
        return Err(Fail::no_overload());
    }
    let order = a.order(b);
    Ok(Value::Bool(match name {
        "<" => order == Some(Ordering::Less),
        "<=" => matches!(order, Some(Ordering::Less | Ordering::Equal)),
        ">" => order == Some(Ordering::Greater),
        _ => matches!(order, Some(Ordering::Greater | Ordering::Equal)),
    }))
}

pub(super) fn arithmetic(name: &str, a: &Value, b: &Value) -> Outcome {
    use Value as V;
    let zero = || Fail::new(if name == "%" { "modulus by zero" } else { "division by zero" });
    match (a, b) {
        (V::Int(a), V::Int(b)) => {
            if *b == 0 && matches!(name, "/" | "%") {
                return Err(zero());
            }
            match name {
                "+" => a.checked_add(*b),
                "-" => a.checked_sub(*b),
                "*" => a.checked_mul(*b),
                "/" => a.checked_div(*b),
                _ => a.checked_rem(*b),
            }
            .map(V::Int)
            .ok_or_else(overflow)
        }
        (V::Uint(a), V::Uint(b)) => {
            if *b == 0 && matches!(name, "/" | "%") {
                return Err(zero());
            }
            match name {
                "+" => a.checked_add(*b),
                "-" => a.checked_sub(*b),
                "*" => a.checked_mul(*b),
                "/" => a.checked_div(*b),
                _ => a.checked_rem(*b),
            }
            .map(V::Uint)
            .ok_or_else(overflow)
        }
        (V::Double(a), V::Double(b)) => Ok(V::Double(match name {
            "+" => a + b,
            "-" => a - b,
            "*" => a * b,
            "/" => a / b,
            _ => return Err(Fail::no_overload()),
        })),
        (V::Text(a), V::Text(b)) if name == "+" => Ok(V::text(&format!("{a}{b}"))),
        (V::Bytes(a), V::Bytes(b)) if name == "+" => {
            Ok(V::Bytes(a.iter().chain(b.iter()).copied().collect()))
        }
        (V::List(a), V::List(b)) if name == "+" => Ok(V::list(a.iter().chain(b.iter()).cloned().collect())),
        (V::Duration(a), V::Duration(b)) if name == "+" => Ok(V::Duration(a + b)),
        (V::Duration(a), V::Duration(b)) if name == "-" => Ok(V::Duration(a - b)),
        (V::Timestamp(a), V::Duration(b)) | (V::Duration(b), V::Timestamp(a)) if name == "+" => {
            Ok(V::Timestamp(a + b))
        }
        (V::Timestamp(a), V::Duration(b)) if name == "-" => Ok(V::Timestamp(a - b)),
        (V::Timestamp(a), V::Timestamp(b)) if name == "-" => Ok(V::Duration(a - b)),
        _ => Err(Fail::no_overload()),
    }
}

pub(super) fn convert(name: &str, value: &Value) -> Outcome {
    use Value as V;
    let bad = |text: &str| Fail::new(format!("{name}: cannot convert {text:?}"));
    match (name, value) {
        ("int", V::Int(_))
        | ("uint", V::Uint(_))
        | ("double", V::Double(_))
        | ("bytes", V::Bytes(_))
        | ("bool", V::Bool(_))
        | ("duration", V::Duration(_))
        | ("timestamp", V::Timestamp(_)) => Ok(value.clone()),
        ("int", V::Uint(value)) => {
            i64::try_from(*value).map(V::Int).map_err(|_| Fail::new("integer overflow"))
        }
        ("int", V::Double(value)) if value.abs() < 9.223_372_036_854_775e18 => Ok(V::Int(*value as i64)),
        ("int" | "uint", V::Double(_)) => Err(Fail::new("integer overflow")),
        ("int", V::Text(text)) => text.parse().map(V::Int).map_err(|_| bad(text)),
        ("int", V::Timestamp(at)) => Ok(V::Int(at.div_euclid(1_000_000_000) as i64)),
        ("int", V::Duration(at)) => Ok(V::Int((at / 1_000_000_000) as i64)),
        ("uint", V::Int(value)) => {
            u64::try_from(*value).map(V::Uint).map_err(|_| Fail::new("unsigned integer overflow"))
        }
        ("uint", V::Text(text)) => text.parse().map(V::Uint).map_err(|_| bad(text)),
        ("double", V::Int(value)) => Ok(V::Double(*value as f64)),
        ("double", V::Uint(value)) => Ok(V::Double(*value as f64)),
        ("double", V::Text(text)) => text.parse().map(V::Double).map_err(|_| bad(text)),
        ("bytes", V::Text(text)) => Ok(V::Bytes(Arc::from(text.as_bytes()))),
        ("bool", V::Text(text)) => match &**text {
            "1" | "t" | "T" | "true" | "TRUE" | "True" => Ok(V::Bool(true)),
            "0" | "f" | "F" | "false" | "FALSE" | "False" => Ok(V::Bool(false)),
            _ => Err(bad(text)),
        },
        ("duration", V::Text(text)) => time::parse_duration(text).map(V::Duration).ok_or_else(|| bad(text)),
        ("timestamp", V::Text(text)) => {
            crate::time::parse_rfc3339(text).map(V::Timestamp).ok_or_else(|| bad(text))
        }
        ("timestamp", V::Int(seconds)) => Ok(V::Timestamp(i128::from(*seconds) * 1_000_000_000)),
        _ => Err(Fail::no_overload()),
    }
}

/// The text of a value, if it has one.
pub(super) fn to_text(value: &Value) -> Option<String> {
    Some(match value {
        Value::Text(text) => text.to_string(),
        Value::Bool(value) => value.to_string(),
        Value::Int(value) => value.to_string(),
        Value::Uint(value) => value.to_string(),
        Value::Double(value) => crate::node::Node::from(&serde_json::json!(value)).text()?.into_owned(),
        Value::Bytes(bytes) => String::from_utf8(bytes.to_vec()).ok()?,
        Value::Duration(value) => time::duration_text(*value),
        Value::Timestamp(at) => crate::time::rfc3339(*at),
        Value::Ip(address) => address.to_string(),
        Value::Cidr(network) => network.text(),
        _ => return None,
    })
}
