//! What names the items of a list, so that an item is found again where its position has changed.

use std::collections::HashSet;

use crate::knowledge::list_identity::{ListIdentity, list_identities};
use crate::node::{Node, Path, Segment};

/// The names of the items of two lists.
pub(crate) struct Names {
    pub(crate) before: Vec<String>,
    pub(crate) after: Vec<String>,
}

/// The names by the identity, of those that fit the list at `field`, that most items have in common.
pub(crate) fn best_identity(field: &str, before: &[Node], after: &[Node]) -> Option<Names> {
    let mut best: Option<(usize, Names)> = None;
    for identity in list_identities(field) {
        let (Some(before), Some(after)) = (item_names(identity, before), item_names(identity, after)) else {
            continue;
        };
        let known: HashSet<&String> = before.iter().collect();
        let common = after.iter().filter(|name| known.contains(name)).count();
        if best.as_ref().is_none_or(|(most, _)| common > *most) {
            best = Some((common, Names { before, after }));
        }
    }
    best.map(|(_, names)| names)
}

/// The names that an identity gives to the items of a list, if each has one of its own.
fn item_names(identity: &ListIdentity, items: &[Node]) -> Option<Vec<String>> {
    let names = items.iter().map(|item| item_name(identity, item)).collect::<Option<Vec<_>>>()?;
    let mut seen = HashSet::new();
    names.iter().all(|name| seen.insert(name)).then_some(names)
}

/// The selector that stands for an item in a displayed path: `web` by name, `port=80` by other keys.
fn item_name(identity: &ListIdentity, item: &Node) -> Option<String> {
    let value = |key: &str| item.get(key)?.text().filter(|text| !text.is_empty());
    let mut parts = Vec::new();
    for key in identity.keys {
        let text = value(key)?;
        parts.push(match identity.keys {
            // A bare number would read as an index.
            ["name"] if text.chars().all(|c| c.is_ascii_digit()) => format!("{text:?}"),
            ["name"] => quoted(&text),
            _ => format!("{key}={}", quoted(&text)),
        });
    }
    for (key, default) in identity.optional {
        if let Some(text) = value(key).filter(|text| text != default) {
            parts.push(format!("{key}={}", quoted(&text)));
        }
    }
    Some(parts.join(","))
}

fn quoted(text: &str) -> String {
    let special = |c: char| c.is_whitespace() || c.is_control() || matches!(c, '[' | ']' | '"' | '=' | ',');
    if text.chars().any(special) { format!("{text:?}") } else { text.to_owned() }
}

/// The selector of every item of the list at `field` that has a name of its own, for showing paths of
/// one tree alone.
pub(crate) fn names_of(field: &str, items: &[Node]) -> Option<Vec<String>> {
    list_identities(field).find_map(|identity| item_names(identity, items))
}

/// A path for people, list items by name where they have one: as a review shows it:
/// `spec.containers[web].image`.
#[must_use]
pub fn display_path(root: &Node, path: &Path) -> String {
    let mut out = String::new();
    let mut field = "";
    let mut node = Some(root);
    for segment in path.segments() {
        match segment {
            Segment::Key(key) => {
                let label = Path::of_keys(&[key]).to_string();
                if !out.is_empty() && !label.starts_with('[') {
                    out.push('.');
                }
                out.push_str(&label);
                field = key;
                node = node.and_then(|node| node.get(key));
            }
            Segment::Index(at) => {
                let items = node.and_then(Node::as_seq).unwrap_or_default();
                let name = names_of(field, items).and_then(|names| names.get(*at).cloned());
                out.push_str(&format!("[{}]", name.unwrap_or_else(|| at.to_string())));
                node = items.get(*at);
            }
        }
    }
    out
}
