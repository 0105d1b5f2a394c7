//! Which of the fields that differ the API server would refuse to change.
//!
//! Of built-in kinds a table says so ([`crate::knowledge::immutable_fields`]); of custom kinds the transition
//! rules of their schema, as far as they say in plain words that a field stays as it is: `self == oldSelf`, or
//! `self.a.b == oldSelf.a.b` above it.

use super::model::{FieldDrift, FieldStatus};
use crate::knowledge::immutable_fields::{changes_with, immutable_field};
use crate::node::{Location, Node};
use crate::object::Object;

/// A field that cannot change and would.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Immutable {
    /// The field for people: `spec.selector`.
    pub(crate) name: String,
    /// What the schema of a custom kind says about it.
    pub(crate) message: Option<String>,
    /// Where Git sets what differs.
    pub(crate) location: Option<Location>,
}

/// The immutable fields among those that differ, each once. `schema` is the `openAPIV3Schema` of a custom kind.
pub(crate) fn immutable(live: &Object, fields: &[FieldDrift], schema: Option<&Node>) -> Vec<Immutable> {
    let mut found: Vec<Immutable> = Vec::new();
    for field in fields {
        let hit = match schema {
            None => of_table(live, field, fields),
            Some(schema) => of_schema(schema, field),
        };
        found.extend(hit.filter(|hit| !found.iter().any(|known| known.name == hit.name)));
    }
    found
}

fn of_table(live: &Object, field: &FieldDrift, all: &[FieldDrift]) -> Option<Immutable> {
    let marked = live.node.get("immutable").and_then(Node::as_bool) == Some(true);
    let is_new = field.status == FieldStatus::Missing;
    let hit = immutable_field(live.group(), live.kind(), &field.pointer, marked, is_new)?;
    if changes_with(live.group(), live.kind(), hit, all.iter().map(|field| field.pointer.as_str())) {
        return None;
    }
    let name = hit.trim_start_matches('/').replace('/', ".");
    Some(Immutable { name, message: None, location: field.location.clone() })
}

/// Walks down the schema along the field. Rules above the field hold for it, since both objects have what is
/// there; one on the field itself asks for both values.
fn of_schema(schema: &Node, field: &FieldDrift) -> Option<Immutable> {
    let unescaped = |part: &str| part.replace("~1", "/").replace("~0", "~");
    let parts: Vec<String> = field.pointer.split('/').skip(1).map(unescaped).collect();
    let both = matches!(field.status, FieldStatus::Changed | FieldStatus::Reordered);
    let mut at = schema;
    for depth in 0..=parts.len() {
        let below = parts.get(depth..)?;
        for rule in at.get("x-kubernetes-validations").and_then(Node::as_seq).unwrap_or_default() {
            let Some(kept) = kept(rule) else { continue };
            let is_kept = below.iter().map(String::as_str).take(kept.len()).eq(kept.iter().copied());
            if !is_kept || depth + kept.len() == parts.len() && !both {
                continue;
            }
            let name =
                parts.iter().take(depth + kept.len()).map(String::as_str).collect::<Vec<_>>().join(".");
            let message = rule.get("message").and_then(Node::as_str).map(str::to_owned);
            let name = if name.is_empty() { "the object".to_owned() } else { name };
            return Some(Immutable { name, message, location: field.location.clone() });
        }
        let part = below.first()?;
        at = match at.get("properties").and_then(|properties| properties.get(part)) {
            Some(property) => property,
            None => ["items", "additionalProperties"].iter().find_map(|key| at.get(key))?,
        };
    }
    None
}

/// The field below its node that a rule keeps as it is, if the rule says nothing else; empty for the node.
fn kept(rule: &Node) -> Option<Vec<&str>> {
    if rule.get("optionalOldSelf").and_then(Node::as_bool) == Some(true) {
        return None;
    }
    let (left, right) = rule.get("rule").and_then(Node::as_str)?.split_once("==")?;
    let (left, right) = (left.trim(), right.trim());
    let way = |text: &'_ str, root: &str| -> Option<String> {
        let rest = text.strip_prefix(root)?;
        (rest.is_empty() || rest.starts_with('.')).then(|| rest.to_owned())
    };
    let of = |new: &str, old: &str| {
        let (new, old) = (way(new, "self")?, way(old, "oldSelf")?);
        (new == old).then_some(new)
    };
    let way = of(left, right).or_else(|| of(right, left))?;
    let text = if left.len() == way.len() + "self".len() { left } else { right };
    let is_name =
        |part: &&str| !part.is_empty() && part.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
    let parts: Vec<&str> = text.split('.').skip(1).collect();
    parts.iter().all(is_name).then_some(parts)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_service_changes_its_address_with_its_type() {
        assert!(changes_with("", "Service", "/spec/clusterIP", ["/spec/ports", "/spec/type"].into_iter()));
        assert!(!changes_with("", "Service", "/spec/clusterIP", ["/spec/ports"].into_iter()));
        assert!(!changes_with("apps", "Service", "/spec/clusterIP", ["/spec/type"].into_iter()));
        assert!(!changes_with("", "Service", "/spec/selector", ["/spec/type"].into_iter()));
    }

    #[test]
    fn plain_rules_keep_a_field() {
        for (rule, want) in [
            ("self == oldSelf", Some(vec![])),
            ("oldSelf==self", Some(vec![])),
            (" self.a == oldSelf.a ", Some(vec!["a"])),
            ("oldSelf.a.b_c == self.a.b_c", Some(vec!["a", "b_c"])),
            ("self.a == oldSelf.b", None),
            ("self.a == oldSelf", None),
            ("self == 'oldSelf'", None),
            ("selfish == oldSelfish", None),
            ("self.a() == oldSelf.a()", None),
            ("self == oldSelf || self == ''", None),
            ("size(self) == size(oldSelf)", None),
            ("self >= oldSelf", None),
            ("self.a == oldSelf.a == true", None),
            ("", None),
        ] {
            let rule = Node::from(&json!({ "rule": rule }));
            assert_eq!(kept(&rule), want, "{rule:?}");
        }
        assert_eq!(kept(&Node::from(&json!({"rule": "self == oldSelf", "optionalOldSelf": true}))), None);
    }
}
