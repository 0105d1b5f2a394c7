//! Paths that a policy itself tells, in its details.

use regorus::Value;

use crate::node::{Node, Path, Segment};
use crate::policy::value::get;

/// A path that the policy's details give.
pub(super) fn told(details: &Value, object: &Node) -> Option<Path> {
    let keys = ["path", "field", "jsonPath", "jsonpath", "fieldPath", "location"];
    let text = keys.iter().find_map(|key| match get(details, key) {
        Some(Value::String(text)) => Some(text),
        _ => None,
    })?;
    let path = parse_path(text, object);
    (!path.is_empty()).then_some(path)
}

/// Reads `spec.containers[0].image`, `metadata.annotations["a.b/c"]`, `$.spec...` or
/// `/spec/containers/0/image` against a tree, as far as its parts are there: what is missing is to be put
/// into the last that is.
fn parse_path(text: &str, root: &Node) -> Path {
    let mut path = Path::new();
    let mut node = root;
    for part in path_parts(text.trim()) {
        let next = match node.as_seq() {
            Some(items) => {
                part.parse().ok().and_then(|index| Some((items.get(index)?, Segment::Index(index))))
            }
            None => node.get(&part).map(|next| (next, Segment::Key(part.as_str().into()))),
        };
        let Some((next, segment)) = next else { break };
        node = next;
        path.push(segment);
    }
    path
}

/// The keys and indexes of a path.
fn path_parts(text: &str) -> Vec<String> {
    if let Some(pointer) = text.strip_prefix('/') {
        return pointer.split('/').map(|part| part.replace("~1", "/").replace("~0", "~")).collect();
    }
    let mut parts = Vec::new();
    let mut rest = text.trim_start_matches('$');
    while !rest.is_empty() {
        rest = rest.trim_start_matches(['.', ']']);
        let quoted = ["[\"", "['"].iter().find_map(|open| {
            let inner = rest.strip_prefix(open)?;
            inner.split_once(if *open == "['" { "']" } else { "\"]" })
        });
        let (part, after) = quoted.unwrap_or_else(|| {
            rest = rest.trim_start_matches('[');
            rest.split_at(rest.find(['.', '[', ']']).unwrap_or(rest.len()))
        });
        if !part.is_empty() {
            parts.push(part.to_owned());
        }
        rest = after;
    }
    parts
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn told_paths_are_read() {
        let node = Node::from(&json!({"spec": {"a": [{"b.c": 1, "d": 2}]}}));
        for (text, expected) in [
            ("spec.a[0].d", "spec.a[0].d"),
            ("$.spec.a", "spec.a"),
            ("/spec/a/0/b.c", "spec.a[0][\"b.c\"]"),
            ("spec.a[0][\"b.c\"]", "spec.a[0][\"b.c\"]"),
            ("spec['a'][0]['b.c']", "spec.a[0][\"b.c\"]"),
            ("spec.x.y", "spec"),
            ("spec.a[9].d", "spec.a"),
            ("nothing", ""),
            ("spec[\"a", "spec"),
        ] {
            assert_eq!(parse_path(text, &node).to_string(), expected, "{text}");
        }
    }
}
