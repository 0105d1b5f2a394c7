//! Keeps the values of Secrets out of everything that people or programs are shown.

use std::collections::BTreeSet;

use serde_json::Value;

use super::Object;
use crate::knowledge::secret_fields::secret_fields;
use crate::node::{Node, Path, Segment};

/// What stands for a secret value.
pub(crate) const MASK: &str = "(secret value)";
/// What stands for the later of two secret values that differ. No hash: a short value could be
/// guessed from one.
pub(crate) const MASK_CHANGED: &str = "(secret value, changed)";

/// Texts shorter than this are left alone in messages: replacing them would tell more than it hides.
const MIN_REDACTED: usize = 4;

/// Whether the values below `path` of an object of `kind` are secret.
pub(crate) fn is_secret(kind: &str, path: &Path) -> bool {
    secret_fields(kind).any(|field| {
        path.segments().len() >= field.path.len()
            && field.path.iter().zip(path.segments()).all(|(key, segment)| is_key(segment, key))
    })
}

/// The texts outside of Secrets that hold a secret value, because a build copied it there.
///
/// Known by text alone: a later step may move or extend what it finds. So a text that happens to be the
/// same is masked too, which is the lesser harm.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Copies(BTreeSet<String>);

impl Copies {
    /// Notes `value`, taken from `path` of `object`, if it is secret or holds what is.
    pub(crate) fn note_source(&mut self, object: &Node, path: &[String], value: &Node) {
        let kind = object.get("kind").and_then(Node::as_str).unwrap_or("");
        let below = Path::of_keys(&path.iter().map(String::as_str).collect::<Vec<_>>());
        if is_secret(kind, &below) || value.text().is_some_and(|text| self.hides(&text)) {
            return self.note(value);
        }
        // The whole of `data`, or of what is around it.
        let around = secret_fields(kind)
            .filter(|field| path.iter().zip(field.path).all(|(part, key)| part == key))
            .filter_map(|field| object.at(field.path));
        around.for_each(|node| self.note(node));
    }

    /// Notes all texts below a node.
    pub(crate) fn note(&mut self, node: &Node) {
        if let Some(map) = node.as_map() {
            map.iter().for_each(|(_, value)| self.note(value));
        } else if let Some(items) = node.as_seq() {
            items.iter().for_each(|item| self.note(item));
        } else if let Some(text) = node.text().filter(|text| !text.is_empty()) {
            self.0.insert(text.into_owned());
        }
    }

    /// The same with those of another build.
    pub(crate) fn and(mut self, other: &Self) -> Self {
        self.0.extend(other.0.iter().cloned());
        self
    }

    /// Whether a text outside of Secrets must not be shown.
    pub(crate) fn hides(&self, text: &str) -> bool {
        self.0.contains(text) || self.0.iter().any(|copy| copy.len() >= MIN_REDACTED && text.contains(copy))
    }

    /// Whether a scalar outside of Secrets must not be shown.
    pub(crate) fn hides_node(&self, node: &Node) -> bool {
        !self.0.is_empty() && node.text().is_some_and(|text| self.hides(&text))
    }
}

fn is_key(segment: &Segment, key: &str) -> bool {
    matches!(segment, Segment::Key(found) if found == key)
}

/// The node at `path` of an object of `kind` as JSON for showing, every secret value masked.
pub(crate) fn shown(kind: &str, path: &Path, node: &Node) -> Value {
    shown_without(kind, path, node, &Copies::default())
}

/// The same, copies of secret values masked too.
pub(crate) fn shown_without(kind: &str, path: &Path, node: &Node, copies: &Copies) -> Value {
    let mut path = path.clone();
    shown_below(kind, &mut path, node, copies)
}

fn shown_below(kind: &str, path: &mut Path, node: &Node, copies: &Copies) -> Value {
    if let Some(map) = node.as_map() {
        let entries = map.iter().map(|(key, value)| {
            path.push(Segment::Key(key.clone()));
            let value = shown_below(kind, path, value, copies);
            path.pop();
            (key.to_string(), value)
        });
        return Value::Object(entries.collect());
    }
    if let Some(items) = node.as_seq() {
        let items = items.iter().enumerate().map(|(at, item)| {
            path.push(Segment::Index(at));
            let item = shown_below(kind, path, item, copies);
            path.pop();
            item
        });
        return Value::Array(items.collect());
    }
    if !node.is_null() && (is_secret(kind, path) || copies.hides_node(node)) {
        return Value::from(MASK);
    }
    serde_json::to_value(node).unwrap_or(Value::Null)
}

/// A copy of an object for showing, every secret value masked.
pub(crate) fn masked(object: &Object) -> Node {
    masked_without(object, &Copies::default())
}

/// The same, copies of secret values masked too.
pub(crate) fn masked_without(object: &Object, copies: &Copies) -> Node {
    let mut root = object.node.clone();
    for field in secret_fields(object.kind()) {
        if root.at(field.path).is_some()
            && let Some(node) = field.path.iter().try_fold(&mut root, |node, key| node.get_mut(key))
        {
            mask(node, &|_| true);
        }
    }
    if !copies.0.is_empty() {
        mask(&mut root, &|node| copies.hides_node(node));
    }
    root
}

fn mask(node: &mut Node, which: &dyn Fn(&Node) -> bool) {
    if let Some(map) = node.as_map_mut() {
        map.values_mut().for_each(|(_, value)| mask(value, which));
    } else if let Some(items) = node.as_seq_mut() {
        items.iter_mut().for_each(|item| mask(item, which));
    } else if !node.is_null() && which(node) {
        *node = Node::string(MASK, node.span);
    }
}

/// `text` without the secret values of `object`, plain or in base64, and without copied ones, where
/// they occur in it. Policies may put the value that offends them into their messages.
pub(crate) fn redacted(object: &Object, text: &str, copies: &Copies) -> String {
    let mut values: Vec<String> =
        copies.0.iter().filter(|copy| copy.len() >= MIN_REDACTED).cloned().collect();
    for field in secret_fields(object.kind()) {
        if let Some(node) = object.node.at(field.path) {
            collect(node, &mut values);
        }
    }
    // Longest first, so that no value leaves the rest of a longer one behind.
    values.sort_by(|a, b| b.len().cmp(&a.len()).then_with(|| a.cmp(b)));
    values.dedup();
    let mut out = text.to_owned();
    for value in values {
        if out.contains(&value) {
            out = out.replace(&value, MASK);
        }
    }
    out
}

fn collect(node: &Node, values: &mut Vec<String>) {
    if let Some(map) = node.as_map() {
        map.iter().for_each(|(_, value)| collect(value, values));
    } else if let Some(items) = node.as_seq() {
        items.iter().for_each(|item| collect(item, values));
    } else if let Some(text) = node.text() {
        use base64::Engine as _;
        let compact: String = text.split_whitespace().collect();
        let decoded = base64::engine::general_purpose::STANDARD.decode(&compact).ok();
        if let Some(decoded) = decoded.and_then(|bytes| String::from_utf8(bytes).ok()) {
            values.extend([decoded.trim().to_owned()].into_iter().filter(|v| v.len() >= MIN_REDACTED));
        }
        values.extend([text.trim().to_owned()].into_iter().filter(|v| v.len() >= MIN_REDACTED));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::knowledge::secret_fields::LAST_APPLIED;
    use serde_json::json;

    #[test]
    fn values_are_masked_wherever_the_subtree_starts() {
        let secret = json!({
            "kind": "Secret",
            "metadata": {"name": "s", "annotations": {LAST_APPLIED: "{\"data\":…}", "a": "b"}},
            "data": {"password": "aHVudGVyMg==", "empty": null},
            "stringData": {"list": ["x"]},
            "type": "Opaque",
        });
        let node = Node::from(&secret);
        let all = shown("Secret", &Path::new(), &node);
        assert_eq!(
            all,
            json!({
                "kind": "Secret",
                "metadata": {"name": "s", "annotations": {LAST_APPLIED: MASK, "a": "b"}},
                "data": {"password": MASK, "empty": null},
                "stringData": {"list": [MASK]},
                "type": "Opaque",
            })
        );
        let copy = masked(&Object::new(node.clone()));
        assert_eq!(serde_json::to_value(&copy).unwrap(), all);
        let path = Path::of_keys(&["data", "password"]);
        assert_eq!(shown("Secret", &path, node.lookup(&path).unwrap()), json!(MASK));
        assert_eq!(shown("ConfigMap", &Path::new(), &node), secret);
    }

    #[test]
    fn messages_lose_secret_values() {
        let object = Object::new(Node::from(
            &json!({"kind": "Secret", "data": {"p": "aHVudGVyMg=="}, "stringData": {"q": "abc"}}),
        ));
        assert_eq!(
            redacted(&object, "bad: hunter2 aHVudGVyMg== abc", &Copies::default()),
            format!("bad: {MASK} {MASK} abc")
        );
        let other = Object::new(Node::from(&json!({"kind": "ConfigMap", "data": {"p": "hunter2"}})));
        assert_eq!(redacted(&other, "bad: hunter2", &Copies::default()), "bad: hunter2");
    }
}
