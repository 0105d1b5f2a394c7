//! Nodes to and from `serde`: resolved values, spans left behind.

use serde::ser::{Serialize, SerializeMap, Serializer};

use super::{Map, Node, Scalar, Span, Text, Value};

impl Serialize for Node {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match &self.value {
            Value::Map(map) => map.serialize(serializer),
            Value::Seq(items) => serializer.collect_seq(items.iter()),
            _ => match self.scalar() {
                None | Some(Scalar::Null) => serializer.serialize_unit(),
                Some(Scalar::Bool(value)) => serializer.serialize_bool(value),
                Some(Scalar::Int(value)) => serializer.serialize_i64(value),
                Some(Scalar::Uint(value)) => serializer.serialize_u64(value),
                // JSON as Go writes it has no `.0`.
                Some(Scalar::Float(value)) if value.fract() == 0.0 && value.abs() < 9e15 => {
                    serializer.serialize_i64(value as i64)
                }
                Some(Scalar::Float(value)) => serializer.serialize_f64(value),
                Some(Scalar::String(text)) => serializer.serialize_str(text),
            },
        }
    }
}

impl Serialize for Map {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(self.len()))?;
        for (key, value) in self.iter() {
            map.serialize_entry(key.as_str(), value)?;
        }
        map.end()
    }
}

impl From<&serde_json::Value> for Node {
    fn from(json: &serde_json::Value) -> Self {
        use serde_json::Value as Json;
        let value = match json {
            Json::Null => Value::Null,
            Json::Bool(value) => Value::Bool(*value),
            Json::Number(number) => match (number.as_i64(), number.as_u64(), number.as_f64()) {
                (Some(value), _, _) => Value::Int(value),
                (None, Some(value), _) => {
                    Value::Plain(std::sync::Arc::new(super::Plain::uint(number.to_string(), value)))
                }
                (None, None, value) => Value::Float(value.unwrap_or(0.0)),
            },
            Json::String(text) => Value::String(Text::from(text.as_str())),
            Json::Array(items) => return Self::seq(items.iter().map(Self::from).collect(), Span::NONE),
            Json::Object(entries) => {
                let pairs = entries.iter();
                let map = pairs.map(|(key, value)| (Text::from(key.as_str()), Self::from(value))).collect();
                return Self::map(map, Span::NONE);
            }
        };
        Self::new(value, Span::NONE)
    }
}
