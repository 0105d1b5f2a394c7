//! The `$patch` directive of strategic-merge patches, and the directives that kustomize does not know.

use crate::node::{Map, Node};

/// The key of the directive.
pub(super) const KEY: &str = "$patch";

/// What a patch asks for at a mapping or list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Directive {
    Merge,
    Replace,
    Delete,
}

impl Directive {
    fn parse(value: &Node) -> Option<Self> {
        match value.text().as_deref() {
            Some("merge") => Some(Self::Merge),
            Some("replace") => Some(Self::Replace),
            Some("delete") => Some(Self::Delete),
            _ => None,
        }
    }

    /// The directive of a mapping: none, a good one, or the value that is not one.
    pub(super) fn of_map(map: &Map) -> Result<Option<Self>, &Node> {
        match map.get(KEY) {
            None => Ok(None),
            Some(value) => Self::parse(value).map(Some).ok_or(value),
        }
    }

    /// The directive of a list: the first element that has the key counts, and only if it has nothing
    /// else.
    pub(super) fn of_list(items: &[Node]) -> Result<Option<Self>, &Node> {
        match items.iter().find_map(|item| item.as_map().filter(|map| map.contains_key(KEY))) {
            Some(map) if map.len() == 1 => Self::of_map(map),
            _ => Ok(None),
        }
    }

    fn text(self) -> &'static str {
        match self {
            Self::Merge => "merge",
            Self::Replace => "replace",
            Self::Delete => "delete",
        }
    }

    /// The elements of a list without those that carry this directive, and without empty ones, which go
    /// along.
    pub(super) fn strip(self, items: &[Node]) -> Vec<Node> {
        let carries =
            |item: &Node| item.get(KEY).is_some_and(|value| value.text().as_deref() == Some(self.text()));
        items.iter().filter(|item| !is_nothing(item) && !carries(item)).cloned().collect()
    }
}

/// Whether a node is null or an empty mapping, which lists that merge do not keep.
pub(super) fn is_nothing(node: &Node) -> bool {
    node.is_null() || node.as_map().is_some_and(Map::is_empty)
}

/// Whether a key is a directive of Kubernetes that kustomize writes out as an ordinary key.
pub(super) fn is_unsupported(key: &str) -> bool {
    key == "$retainKeys"
        || key.starts_with("$setElementOrder/")
        || key.starts_with("$deleteFromPrimitiveList/")
}
