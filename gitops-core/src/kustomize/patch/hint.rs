//! Schemas in comments: `# {"type": "array", "x-kubernetes-patch-strategy": "merge", …}` at a field.
//!
//! Kyaml reads any comment that is a JSON object as the schema of the field it stands at: on the line of
//! the key, behind a flow value, or alone on the line above. Such a schema counts in place of the one
//! of the kind, even if it says nothing of merging.

use crate::node::Node;

/// The schema in the comments of the field whose key starts `offset` bytes into `text`.
pub(super) fn at(text: &str, offset: usize) -> Option<Node> {
    let start = text.get(..offset)?.rfind('\n').map_or(0, |at| at + 1);
    let line = text.get(offset..)?.lines().next()?;
    let (_, value) = line.split_once(':')?;
    let comment = match value.trim_start() {
        value if value.starts_with('#') => Some(value),
        value if value.starts_with(['[', '{']) => {
            value.find("] #").or_else(|| value.find("} #")).and_then(|at| value.get(at + 2..))
        }
        _ => None,
    };
    if let Some(comment) = comment {
        return schema(comment);
    }
    let above = |end: usize| text.get(..end)?.strip_suffix('\n')?.lines().next_back().map(str::trim_start);
    let comment = above(start).filter(|line| line.starts_with('#'))?;
    // Of several lines of comment the whole would have to be JSON.
    let first = start.checked_sub(1)?;
    let before = text.get(..first)?.rfind('\n').map_or(0, |at| at + 1);
    if above(before).is_some_and(|line| line.starts_with('#')) {
        return None;
    }
    schema(comment)
}

fn schema(comment: &str) -> Option<Node> {
    let json = comment.trim_start_matches('#').trim();
    if !json.starts_with('{') {
        return None;
    }
    let value: serde_json::Map<String, serde_json::Value> = serde_json::from_str(json).ok()?;
    (!value.is_empty()).then(|| Node::from(&serde_json::Value::Object(value)))
}

#[cfg(test)]
mod tests {
    use super::at;

    #[test]
    fn comments_at_a_key_are_schemas() {
        let json = r#"# {"type": "array"}"#;
        for (text, found) in [
            (format!("list: {json}\n- a\n"), true),
            (format!("list: #{}\n- a\n", &json[1..]), true),
            (format!("{json}\nlist:\n- a\n"), true),
            (format!("a: 1\n{json}\nlist:\n- a\n"), true),
            (format!("list: [a, b] {json}\n"), true),
            (format!("{json}\n\nlist:\n- a\n"), false),
            (format!("# more\n{json}\nlist:\n- a\n"), false),
            (format!("list:\n{json}\n- a\n"), false),
            (format!("list: # {{}}\n{json}\n"), false),
            ("list: # {\"type\": \n- a\n".to_owned(), false),
            ("list: # an array\n- a\n".to_owned(), false),
            ("list:".to_owned(), false),
        ] {
            assert_eq!(at(&text, text.find("list").unwrap()).is_some(), found, "{text}");
        }
    }
}
