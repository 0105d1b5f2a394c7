//! One change at one location of a tree.

use super::location::{KeyValue, Step};
use crate::node::{Map, Node, Span};

/// Whether something must or must not be there for a change to be made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Condition {
    MustExist,
    MustNotExist,
}

/// What is put there.
#[derive(Clone, Debug)]
pub(super) enum Change {
    Set(Node),
    Merge(Vec<Node>),
    Prune(Vec<Node>),
    Image { domain: String, path: String, tag: String },
}

/// Changes a tree below `steps`, each with its condition; whether anything was done.
pub(super) fn apply(
    node: &mut Node,
    steps: &[(Step, Option<Condition>)],
    change: &Change,
) -> Result<bool, String> {
    let Some(((step, condition), rest)) = steps.split_first() else { return Ok(false) };
    let exists_ok = *condition != Some(Condition::MustNotExist);
    let missing_ok = *condition != Some(Condition::MustExist);
    match step {
        Step::Field(name) => {
            let kind = node.type_name();
            let Some(map) = node.as_map_mut() else {
                return Err(format!("the location wants a mapping with `{name}`, but there is {kind}"));
            };
            let exists = map.contains_key(name);
            if (exists && !exists_ok) || (!exists && !missing_ok) {
                return Ok(false);
            }
            let Some(((next, _), _)) = rest.split_first() else {
                return change.set(map, name).map(|()| true);
            };
            // What is missing on the way is made, and kept if something is put there.
            let mut inner = map.get(name).cloned().unwrap_or_else(|| empty(next));
            let changed = apply(&mut inner, rest, change)?;
            if changed {
                map.insert(name.as_str(), inner);
            }
            Ok(changed)
        }
        Step::Item { key, value } => {
            let kind = node.type_name();
            let Some(items) = node.as_seq_mut() else {
                return Err(format!("the location wants a list by `{key}`, but there is {kind}"));
            };
            if rest.is_empty() {
                return set_item(items, key, value.as_ref(), change, exists_ok, missing_ok);
            }
            if value.is_none() && !exists_ok {
                return Ok(false);
            }
            let (mut changed, mut found) = (false, false);
            for item in items.iter_mut() {
                let wanted = match value {
                    None => true,
                    Some(value) => item.get(key).is_some_and(|node| value.is(node)),
                };
                if wanted {
                    if !exists_ok {
                        return Ok(false);
                    }
                    found = true;
                    changed |= apply(item, rest, change)?;
                }
            }
            if let (false, Some(value)) = (found, value) {
                if !missing_ok {
                    return Ok(false);
                }
                let mut map = Map::new();
                map.insert(key.as_str(), value.node());
                let mut item = Node::map(map, Span::NONE);
                changed = apply(&mut item, rest, change)?;
                if changed {
                    items.push(item);
                }
            }
            Ok(changed)
        }
    }
}

fn empty(next: &Step) -> Node {
    match next {
        Step::Field(_) => Node::map(Map::new(), Span::NONE),
        Step::Item { .. } => Node::seq(Vec::new(), Span::NONE),
    }
}

fn set_item(
    items: &mut Vec<Node>,
    key: &str,
    value: Option<&KeyValue>,
    change: &Change,
    exists_ok: bool,
    missing_ok: bool,
) -> Result<bool, String> {
    let (Change::Set(new), Some(value)) = (change, value) else {
        return Err("the location of this mutator cannot end in a list".into());
    };
    match items.iter_mut().find(|item| item.get(key).is_some_and(|node| value.is(node))) {
        Some(_) if !exists_ok => Ok(false),
        Some(item) => {
            *item = new.clone();
            Ok(true)
        }
        None if !missing_ok => Ok(false),
        None => {
            items.push(new.clone());
            Ok(true)
        }
    }
}

impl KeyValue {
    fn is(&self, node: &Node) -> bool {
        match self {
            Self::Text(text) => node.as_str() == Some(text),
            Self::Int(number) => node.as_i64() == Some(*number),
        }
    }

    pub(super) fn node(&self) -> Node {
        match self {
            Self::Text(text) => Node::string(text.as_str(), Span::NONE),
            Self::Int(number) => Node::new(crate::node::Value::Int(*number), Span::NONE),
        }
    }
}

impl Change {
    fn set(&self, map: &mut Map, name: &str) -> Result<(), String> {
        let list = |map: &Map| -> Result<Option<Vec<Node>>, String> {
            match map.get(name) {
                None => Ok(None),
                Some(node) => match node.as_seq() {
                    Some(items) => Ok(Some(items.to_vec())),
                    None => Err(format!("`{name}` is {}, not a list", node.type_name())),
                },
            }
        };
        match self {
            Self::Set(value) => {
                map.insert(name, value.clone());
            }
            Self::Merge(values) => {
                let mut items = list(map)?.unwrap_or_default();
                let new: Vec<Node> = values.iter().filter(|value| !items.contains(value)).cloned().collect();
                items.extend(new);
                map.insert(name, Node::seq(items, Span::NONE));
            }
            Self::Prune(values) => {
                if let Some(mut items) = list(map)? {
                    items.retain(|item| !values.contains(item));
                    map.insert(name, Node::seq(items, Span::NONE));
                }
            }
            Self::Image { domain, path, tag } => {
                let old = match map.get(name) {
                    None => "",
                    Some(node) => {
                        node.as_str().ok_or_else(|| format!("`{name}` is {}, not text", node.type_name()))?
                    }
                };
                map.insert(name, Node::string(image(old, domain, path, tag), Span::NONE));
            }
        }
        Ok(())
    }
}

/// The domain of an image and the rest, as Gatekeeper splits it.
pub(super) fn split_domain(image: &str) -> (&str, &str) {
    match image.split_once('/') {
        Some((domain, rest)) if domain.contains(['.', ':']) || domain == "localhost" => (domain, rest),
        _ => ("", image),
    }
}

fn image(old: &str, domain: &str, path: &str, tag: &str) -> String {
    let (old_domain, rest) = split_domain(old);
    let split = rest.find([':', '@']).unwrap_or(rest.len());
    let (old_path, old_tag) = rest.split_at_checked(split).unwrap_or((rest, ""));
    let or = |new: &str, old: &str| if new.is_empty() { old.to_owned() } else { new.to_owned() };
    let domain = or(domain, old_domain);
    let slash = if domain.is_empty() { "" } else { "/" };
    format!("{domain}{slash}{}{}", or(path, old_path), or(tag, old_tag))
}
