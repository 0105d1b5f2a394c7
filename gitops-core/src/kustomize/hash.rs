//! The content hash that generated ConfigMaps and Secrets carry in their name.
//!
//! `api/hasher/hasher.go` of kustomize: SHA-256 over JSON as Go writes it; the name never enters, since
//! the original looks it up under a key that does not exist.

use std::fmt::Write;

use sha2::{Digest, Sha256};

use crate::node::{Node, Scalar};

/// The ten characters after the name, or `None` for kinds other than ConfigMap and Secret.
pub(crate) fn suffix(node: &Node) -> Option<String> {
    let kind = node.get("kind").and_then(Node::as_str)?;
    let mut json = String::new();
    // A mapping, with its name before it and a comma after; nothing else counts.
    let optional = |json: &mut String, field: &str| {
        if let Some(value) = node.get(field).filter(|value| value.is_map()) {
            let _ = write!(json, "\"{field}\":");
            write_json(value, json);
            json.push(',');
        }
    };
    match kind {
        "ConfigMap" => {
            json.push('{');
            optional(&mut json, "binaryData");
            json.push_str("\"data\":");
            write_field(node, "data", &mut json);
            json.push_str(",\"kind\":\"ConfigMap\",\"name\":\"\"}");
        }
        "Secret" => {
            json.push_str("{\"data\":");
            write_field(node, "data", &mut json);
            json.push_str(",\"kind\":\"Secret\",\"name\":\"\",");
            optional(&mut json, "stringData");
            json.push_str("\"type\":");
            write_field(node, "type", &mut json);
            json.push('}');
        }
        _ => return None,
    }
    let mut hex = String::with_capacity(10);
    for byte in Sha256::digest(json.as_bytes()).iter().take(5) {
        let _ = write!(hex, "{byte:02x}");
    }
    // Vowels and look-alikes go, so that no word appears.
    let encoded = hex.chars().map(|c| match c {
        '0' => 'g',
        '1' => 'h',
        '3' => 'k',
        'a' => 'm',
        'e' => 't',
        c => c,
    });
    Some(encoded.collect())
}

/// A field's value; a missing one is the empty text, and a scalar its text.
fn write_field(node: &Node, field: &str, out: &mut String) {
    match node.get(field) {
        None => out.push_str("\"\""),
        Some(value) => match value.text() {
            Some(text) => write_string(&text, out),
            // Go decodes into a map; a list leaves it nil.
            None if value.is_seq() => out.push_str("null"),
            None => write_json(value, out),
        },
    }
}

/// JSON as Go's `encoding/json` writes it: sorted keys, no blanks, `<`, `>` and `&` escaped.
fn write_json(node: &Node, out: &mut String) {
    if let Some(map) = node.as_map() {
        let mut entries: Vec<_> = map.iter().collect();
        entries.sort_by(|a, b| a.0.cmp(b.0));
        out.push('{');
        for (at, (key, value)) in entries.into_iter().enumerate() {
            if at > 0 {
                out.push(',');
            }
            write_string(key, out);
            out.push(':');
            write_json(value, out);
        }
        out.push('}');
    } else if let Some(items) = node.as_seq() {
        out.push('[');
        for (at, item) in items.iter().enumerate() {
            if at > 0 {
                out.push(',');
            }
            write_json(item, out);
        }
        out.push(']');
    } else {
        match node.scalar() {
            None | Some(Scalar::Null) => out.push_str("null"),
            Some(Scalar::Bool(value)) => out.push_str(if value { "true" } else { "false" }),
            Some(Scalar::String(text)) => write_string(text, out),
            // Numbers pass through float64.
            Some(Scalar::Int(value)) => out.push_str(&crate::node::float_text(value as f64)),
            Some(Scalar::Uint(value)) => out.push_str(&crate::node::float_text(value as f64)),
            Some(Scalar::Float(value)) => out.push_str(&crate::node::float_text(value)),
        }
    }
}

/// A text as Go's `encoding/json` writes it.
pub(crate) fn write_string(text: &str, out: &mut String) {
    out.push('"');
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            '\u{8}' => out.push_str("\\b"),
            '\u{c}' => out.push_str("\\f"),
            '<' | '>' | '&' | '\u{2028}' | '\u{2029}' | '\0'..='\u{1f}' => {
                let _ = write!(out, "\\u{:04x}", c as u32);
            }
            c => out.push(c),
        }
    }
    out.push('"');
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hash(json: serde_json::Value) -> String {
        suffix(&Node::from(&json)).unwrap()
    }

    #[test]
    fn hashes_are_kustomizes() {
        use serde_json::json;
        assert_eq!(hash(json!({"kind": "ConfigMap", "data": {"a": "1"}})), "h29d89cmmt");
        assert_eq!(hash(json!({"kind": "ConfigMap"})), "6ct58987ht");
        assert_eq!(hash(json!({"kind": "Secret", "type": "Opaque", "data": {"a": "MQ=="}})), "25khgmg44c");
    }

    #[test]
    fn binary_data_enters_the_hash() {
        use serde_json::json;
        let with = hash(json!({"kind": "ConfigMap", "binaryData": {"b": "AA=="}, "data": {"a": "1"}}));
        assert_ne!(with, "h29d89cmmt");
    }
}
