//! A JSON value as the YAML that a person would write, for reading only.

use serde_json::Value;

/// The lines of `value`; a scalar or an empty collection is one line.
pub(super) fn lines(value: &Value) -> Vec<String> {
    let mut out = Vec::new();
    write(value, "", "", &mut out);
    out
}

/// Writes `value` with `lead` before its first line and `indent` before the others.
fn write(value: &Value, lead: &str, indent: &str, out: &mut Vec<String>) {
    match value {
        Value::Object(map) if !map.is_empty() => {
            for (at, (key, value)) in map.iter().enumerate() {
                let start = if at == 0 { lead } else { indent };
                let key = scalar_text(key);
                match value {
                    Value::Object(map) if !map.is_empty() => {
                        out.push(format!("{start}{key}:"));
                        let deeper = format!("{indent}  ");
                        write(value, &deeper, &deeper, out);
                    }
                    Value::Array(items) if !items.is_empty() => {
                        out.push(format!("{start}{key}:"));
                        write(value, indent, indent, out);
                    }
                    Value::String(text) if text.contains('\n') => {
                        out.push(format!("{start}{key}: |"));
                        out.extend(
                            text.trim_end_matches('\n').split('\n').map(|line| format!("{indent}  {line}")),
                        );
                    }
                    value => out.push(format!("{start}{key}: {}", scalar(value))),
                }
            }
        }
        Value::Array(items) if !items.is_empty() => {
            for (at, item) in items.iter().enumerate() {
                let start = if at == 0 { lead } else { indent };
                write(item, &format!("{start}- "), &format!("{indent}  "), out);
            }
        }
        value => out.push(format!("{lead}{}", scalar(value))),
    }
}

/// A scalar or an empty collection on one line.
pub(super) fn scalar(value: &Value) -> String {
    match value {
        Value::String(text) => scalar_text(text),
        value => value.to_string(),
    }
}

/// Text, in quotes where it would read as something else.
fn scalar_text(text: &str) -> String {
    let odd = text.is_empty()
        || text.trim() != text
        || text.contains(['\n', '\t', '\r'])
        || text.contains(": ")
        || text.contains(" #")
        || text.ends_with(':')
        || text.starts_with(['"', '\'', '{', '[', '&', '*', '!', '|', '>', '%', '@', '`', '#', '?'])
        || text.starts_with("- ")
        || text.parse::<f64>().is_ok()
        || matches!(
            text.to_ascii_lowercase().as_str(),
            "true" | "false" | "null" | "~" | "yes" | "no" | "on" | "off" | "y" | "n"
        );
    if odd { serde_json::to_string(text).unwrap_or_default() } else { text.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn values_read_as_yaml() {
        let value = json!({
            "name": "web",
            "args": ["a", "1"],
            "ports": [{"port": 80, "tls": {}}, {"port": 81}],
            "nested": [["x", "z"]],
            "text": "a\nb\n",
            "on": true,
        });
        assert_eq!(
            lines(&value).join("\n"),
            "name: web\nargs:\n- a\n- \"1\"\nports:\n- port: 80\n  tls: {}\n- port: 81\nnested:\n- - x\n  - z\ntext: |\n  a\n  b\n\"on\": true"
        );
        assert_eq!(lines(&json!("x: y")), ["\"x: y\""]);
        assert_eq!(lines(&json!([])), ["[]"]);
    }
}
