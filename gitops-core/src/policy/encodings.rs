//! OPA's `yaml.unmarshal` and `urlquery.*`.

use std::collections::BTreeMap;

use regorus::Value;

use super::value::{Numbers, to_value};
use crate::percent;
use crate::yaml::{ReadOptions, read_str};

/// The value of a YAML text, read as Go's `sigs.k8s.io/yaml` reads it.
pub(super) fn yaml_unmarshal(args: &[Value]) -> Value {
    let [Value::String(text)] = args else { return Value::Undefined };
    let options = ReadOptions { last_key_wins: true, ..ReadOptions::default() };
    match read_str("yaml", text, &options) {
        Ok((stream, _)) => {
            stream.documents.first().map_or(Value::Null, |node| to_value(node, Numbers::Exact))
        }
        Err(_) => Value::Undefined,
    }
}

/// A value as YAML with sorted keys.
pub(super) fn yaml_marshal(value: &Value) -> Value {
    let node = crate::node::Node::from(&super::value::to_json(value));
    crate::yaml::write_stream([&node]).map_or(Value::Undefined, Value::from)
}

/// A text as it stands in a query: space is `+`.
fn encode(text: &str) -> String {
    let mut out = String::new();
    for byte in text.bytes() {
        match byte {
            b' ' => out.push('+'),
            _ if byte.is_ascii_alphanumeric() || b"-_.~".contains(&byte) => out.push(char::from(byte)),
            _ => out.push_str(&format!("%{byte:02X}")),
        }
    }
    out
}

fn decode(text: &str) -> Option<String> {
    String::from_utf8(percent::decode(text, true)?).ok()
}

pub(super) fn query_encode(args: &[Value]) -> Value {
    match args {
        [Value::String(text)] => Value::from(encode(text)),
        _ => Value::Undefined,
    }
}

pub(super) fn query_decode(args: &[Value]) -> Value {
    match args {
        [Value::String(text)] => decode(text).map_or(Value::Undefined, Value::from),
        _ => Value::Undefined,
    }
}

/// `{"a": "1", "b": ["2", "3"]}` to `a=1&b=2&b=3`.
pub(super) fn query_encode_object(args: &[Value]) -> Value {
    let [Value::Object(map)] = args else { return Value::Undefined };
    let mut parts = Vec::new();
    for (key, value) in map.iter_sorted() {
        let Value::String(key) = key else { return Value::Undefined };
        let values: Vec<&Value> = match value {
            Value::String(_) => vec![value],
            Value::Array(items) => items.iter().collect(),
            Value::Set(items) => items.iter_sorted().collect(),
            _ => return Value::Undefined,
        };
        for value in values {
            let Value::String(value) = value else { return Value::Undefined };
            parts.push(format!("{}={}", encode(key), encode(value)));
        }
    }
    Value::from(parts.join("&"))
}

/// `a=1&a=2` to `{"a": ["1", "2"]}`.
pub(super) fn query_decode_object(args: &[Value]) -> Value {
    let [Value::String(text)] = args else { return Value::Undefined };
    let mut map: BTreeMap<Value, Vec<Value>> = BTreeMap::new();
    for pair in text.split('&').filter(|pair| !pair.is_empty()) {
        let (key, value) = pair.split_once('=').unwrap_or((pair, ""));
        let (Some(key), Some(value)) = (decode(key), decode(value)) else { return Value::Undefined };
        map.entry(Value::from(key)).or_default().push(Value::from(value));
    }
    let map: BTreeMap<Value, Value> =
        map.into_iter().map(|(key, values)| (key, Value::from(values))).collect();
    Value::from(map)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn queries_go_both_ways() {
        let text = |text: &str| [Value::from(text)];
        assert_eq!(query_encode(&text("a b/ü")), Value::from("a+b%2F%C3%BC"));
        assert_eq!(query_decode(&text("a+b%2F%C3%BC")), Value::from("a b/ü"));
        assert_eq!(query_decode(&text("%zz")), Value::Undefined);
        let object = Value::from_json_str(r#"{"a": ["1", "2"], "b": ["x y"]}"#).unwrap();
        assert_eq!(query_decode_object(&text("a=1&b=x+y&a=2")), object);
        assert_eq!(query_encode_object(&[object]), Value::from("a=1&a=2&b=x+y"));
    }

    #[test]
    fn yaml_is_yaml_1_1() {
        let found = yaml_unmarshal(&[Value::from("a: yes\nb: 1")]);
        assert_eq!(found, Value::from_json_str(r#"{"a": true, "b": 1}"#).unwrap());
        assert_eq!(yaml_unmarshal(&[Value::from("a: [")]), Value::Undefined);
    }
}
