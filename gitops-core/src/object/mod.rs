//! Kubernetes objects: identity and the parts that every kind has.

pub(crate) mod duration;
pub mod image;
pub(crate) mod items;
pub mod quantity;
#[cfg_attr(not(all(feature = "git", feature = "policy")), allow(dead_code))]
pub(crate) mod secret;
mod selector;
pub(crate) mod structural;

pub use selector::{LabelSelector, Operator, Requirement};

use std::fmt;

use crate::node::{Location, Node, Path, SourceMap};

/// A Kubernetes object: a tree with a kind and a name.
#[derive(Clone, Debug, PartialEq)]
pub struct Object {
    /// The whole object.
    pub node: Node,
}

/// What names an object: type, namespace and name.
///
/// Displays as `Deployment team-a/web`.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, serde::Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ObjectId {
    /// `group/version`, or `version` for the core group.
    pub api_version: String,
    /// The kind.
    pub kind: String,
    /// The namespace as written; empty for none.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub namespace: String,
    /// The name.
    pub name: String,
}

impl fmt::Display for ObjectId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ", self.kind)?;
        if !self.namespace.is_empty() {
            write!(f, "{}/", self.namespace)?;
        }
        f.write_str(&self.name)
    }
}

/// Splits `group/version`; the core group is empty.
#[must_use]
pub fn group_version(api_version: &str) -> (&str, &str) {
    api_version.split_once('/').unwrap_or(("", api_version))
}

/// How many bytes two texts have in common at their start.
pub(crate) fn common_start(a: &str, b: &str) -> usize {
    a.bytes().zip(b.bytes()).take_while(|(a, b)| a == b).count()
}

impl ObjectId {
    /// The API group; empty for the core group.
    #[must_use]
    pub fn group(&self) -> &str {
        group_version(&self.api_version).0
    }

    /// The API version without its group.
    #[must_use]
    pub fn version(&self) -> &str {
        group_version(&self.api_version).1
    }
}

impl Object {
    /// An object of a tree.
    #[must_use]
    pub fn new(node: Node) -> Self {
        Self { node }
    }

    fn text_at(&self, keys: &[&str]) -> &str {
        self.node.at(keys).and_then(Node::as_str).unwrap_or("")
    }

    /// `group/version`, or `version` for the core group; empty if absent.
    #[must_use]
    pub fn api_version(&self) -> &str {
        self.text_at(&["apiVersion"])
    }

    /// The API group; empty for the core group.
    #[must_use]
    pub fn group(&self) -> &str {
        group_version(self.api_version()).0
    }

    /// The kind; empty if absent.
    #[must_use]
    pub fn kind(&self) -> &str {
        self.text_at(&["kind"])
    }

    /// The name; empty if absent.
    #[must_use]
    pub fn name(&self) -> &str {
        self.text_at(&["metadata", "name"])
    }

    /// The namespace as written; empty if absent.
    #[must_use]
    pub fn namespace(&self) -> &str {
        self.text_at(&["metadata", "namespace"])
    }

    /// What names it.
    #[must_use]
    pub fn id(&self) -> ObjectId {
        ObjectId {
            api_version: self.api_version().into(),
            kind: self.kind().into(),
            namespace: self.namespace().into(),
            name: self.name().into(),
        }
    }

    /// The labels as key and text.
    pub fn labels(&self) -> impl Iterator<Item = (&str, std::borrow::Cow<'_, str>)> {
        let labels = self.node.at(&["metadata", "labels"]).and_then(Node::as_map);
        labels
            .into_iter()
            .flat_map(|map| map.iter())
            .filter_map(|(key, value)| Some((key.as_str(), value.text()?)))
    }

    /// The place of the text that set the node at `path`, or of the nearest node above it that a text set.
    #[must_use]
    pub fn location(&self, path: &Path, sources: &SourceMap) -> Option<Location> {
        let (_, depth) = self.node.nearest(path);
        (0..=depth).rev().find_map(|depth| {
            let path: Path = path.segments().iter().take(depth).cloned().collect();
            sources.locate(self.lookup(&path)?.span)
        })
    }

    /// The node at a path.
    #[must_use]
    pub fn lookup(&self, path: &Path) -> Option<&Node> {
        self.node.lookup(path)
    }
}
