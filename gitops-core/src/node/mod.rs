//! The one tree of the project: a value, and the span of the text that set it.
//!
//! A [`Node`] is 24 bytes. Sub-trees are shared and copied on write, so a clone costs a reference
//! count, and a change copies only the path to it. Equality ignores spans and the order of keys,
//! and tells shared sub-trees equal without walking them.

mod map;
mod number;
mod path;
mod scalar;
mod serialize;
mod span;
mod text;

pub use map::{Entry, Map};
pub(crate) use number::{float_text, general_text};
pub use path::{Path, Segment};
pub use scalar::{Plain, Scalar};
pub use span::{FileId, Location, SourceFile, SourceMap, Span};
pub use text::Text;

use std::borrow::Cow;
use std::sync::Arc;

/// A value of a manifest and where it was set.
#[derive(Clone, Debug)]
pub struct Node {
    /// The value.
    pub value: Value,
    /// The start of the text that set the value last.
    pub span: Span,
}

/// What a [`Node`] holds.
#[derive(Clone, Debug)]
pub enum Value {
    /// `null`, or nothing after a colon.
    Null,
    /// `true` or `false`.
    Bool(bool),
    /// An integer written in plain decimal, so that its text is its value.
    Int(i64),
    /// A number that no text stands behind (computed, or read from JSON data).
    Float(f64),
    /// Text: quoted, a block scalar, or plain and nothing else.
    String(Text),
    /// A plain scalar that is not text and whose spelling differs from its value:
    /// `~`, `True`, `0x1F`, `1.50`, `1_000`, an integer above 64 bits, a date.
    Plain(Arc<Plain>),
    /// A list.
    Seq(Arc<Vec<Node>>),
    /// A mapping, in the order of its text.
    Map(Arc<Map>),
}

impl Default for Node {
    fn default() -> Self {
        Self::null()
    }
}

impl Node {
    /// A node of `value` set by the text at `span`.
    #[must_use]
    pub fn new(value: Value, span: Span) -> Self {
        Self { value, span }
    }

    /// A null that no text set.
    #[must_use]
    pub fn null() -> Self {
        Self::new(Value::Null, Span::NONE)
    }

    /// Text set at `span`.
    #[must_use]
    pub fn string(text: impl Into<Text>, span: Span) -> Self {
        Self::new(Value::String(text.into()), span)
    }

    /// A mapping set at `span`.
    #[must_use]
    pub fn map(map: Map, span: Span) -> Self {
        Self::new(Value::Map(Arc::new(map)), span)
    }

    /// A list set at `span`.
    #[must_use]
    pub fn seq(items: Vec<Node>, span: Span) -> Self {
        Self::new(Value::Seq(Arc::new(items)), span)
    }

    /// The mapping, if it is one.
    #[must_use]
    pub fn as_map(&self) -> Option<&Map> {
        match &self.value {
            Value::Map(map) => Some(map),
            _ => None,
        }
    }

    /// The mapping for writing, copied first if it is shared.
    pub fn as_map_mut(&mut self) -> Option<&mut Map> {
        match &mut self.value {
            Value::Map(map) => Some(Arc::make_mut(map)),
            _ => None,
        }
    }

    /// The items, if it is a list.
    #[must_use]
    pub fn as_seq(&self) -> Option<&[Node]> {
        match &self.value {
            Value::Seq(items) => Some(items),
            _ => None,
        }
    }

    /// The items for writing, copied first if they are shared.
    pub fn as_seq_mut(&mut self) -> Option<&mut Vec<Node>> {
        match &mut self.value {
            Value::Seq(items) => Some(Arc::make_mut(items)),
            _ => None,
        }
    }

    /// The text, if it is text (not a number or a boolean).
    #[must_use]
    pub fn as_str(&self) -> Option<&str> {
        match &self.value {
            Value::String(text) => Some(text),
            _ => None,
        }
    }

    /// The value, if it is a boolean.
    #[must_use]
    pub fn as_bool(&self) -> Option<bool> {
        match self.scalar()? {
            Scalar::Bool(value) => Some(value),
            _ => None,
        }
    }

    /// The value, if it is an integer that fits.
    #[must_use]
    pub fn as_i64(&self) -> Option<i64> {
        match self.scalar()? {
            Scalar::Int(value) => Some(value),
            Scalar::Uint(value) => i64::try_from(value).ok(),
            _ => None,
        }
    }

    /// The value, if it is a number.
    #[must_use]
    pub fn as_f64(&self) -> Option<f64> {
        match self.scalar()? {
            Scalar::Int(value) => Some(value as f64),
            Scalar::Uint(value) => Some(value as f64),
            Scalar::Float(value) => Some(value),
            _ => None,
        }
    }

    /// Whether it is null, however spelled.
    #[must_use]
    pub fn is_null(&self) -> bool {
        matches!(self.scalar(), Some(Scalar::Null))
    }

    /// Whether it is a mapping.
    #[must_use]
    pub fn is_map(&self) -> bool {
        matches!(self.value, Value::Map(_))
    }

    /// Whether it is a list.
    #[must_use]
    pub fn is_seq(&self) -> bool {
        matches!(self.value, Value::Seq(_))
    }

    /// The resolved scalar, or `None` for a mapping or a list.
    #[must_use]
    pub fn scalar(&self) -> Option<Scalar<'_>> {
        Some(match &self.value {
            Value::Null => Scalar::Null,
            Value::Bool(value) => Scalar::Bool(*value),
            Value::Int(value) => Scalar::Int(*value),
            Value::Float(value) => Scalar::Float(*value),
            Value::String(text) => Scalar::String(text),
            Value::Plain(plain) => plain.scalar(),
            Value::Seq(_) | Value::Map(_) => return None,
        })
    }

    /// The text of a scalar as it stood in the file (`0644`, `1.50`, `~`), without quotes; `None` for
    /// a mapping or a list. A null that nothing spells is the empty text.
    #[must_use]
    pub fn text(&self) -> Option<Cow<'_, str>> {
        Some(match &self.value {
            Value::Null => Cow::Borrowed(""),
            Value::Bool(true) => Cow::Borrowed("true"),
            Value::Bool(false) => Cow::Borrowed("false"),
            Value::Int(value) => Cow::Owned(value.to_string()),
            Value::Float(value) => Cow::Owned(float_text(*value)),
            Value::String(text) => Cow::Borrowed(text),
            Value::Plain(plain) => Cow::Borrowed(plain.text()),
            Value::Seq(_) | Value::Map(_) => return None,
        })
    }

    /// The value under `key`, if this is a mapping that has it.
    #[must_use]
    pub fn get(&self, key: &str) -> Option<&Node> {
        self.as_map()?.get(key)
    }

    /// The value under `key` for writing.
    pub fn get_mut(&mut self, key: &str) -> Option<&mut Node> {
        self.as_map_mut()?.get_mut(key)
    }

    /// The node below a sequence of mapping keys.
    #[must_use]
    pub fn at(&self, keys: &[&str]) -> Option<&Node> {
        keys.iter().try_fold(self, |node, key| node.get(key))
    }

    /// The node at `path`.
    #[must_use]
    pub fn lookup(&self, path: &Path) -> Option<&Node> {
        path.segments().iter().try_fold(self, |node, segment| match segment {
            Segment::Key(key) => node.get(key),
            Segment::Index(index) => node.as_seq()?.get(*index),
        })
    }

    /// The node at `path`, for writing.
    pub fn lookup_mut(&mut self, path: &Path) -> Option<&mut Self> {
        path.segments().iter().try_fold(self, |node, segment| match segment {
            Segment::Key(key) => node.get_mut(key),
            Segment::Index(index) => node.as_seq_mut()?.get_mut(*index),
        })
    }

    /// The deepest node that exists on the way to `path`, and how many segments it took.
    #[must_use]
    pub fn nearest(&self, path: &Path) -> (&Node, usize) {
        let mut node = self;
        for (depth, segment) in path.segments().iter().enumerate() {
            let next = match segment {
                Segment::Key(key) => node.get(key),
                Segment::Index(index) => node.as_seq().and_then(|items| items.get(*index)),
            };
            match next {
                Some(next) => node = next,
                None => return (node, depth),
            }
        }
        (node, path.segments().len())
    }

    /// What the node is, for messages: `a mapping`, `a list`, `text` …
    #[must_use]
    pub fn type_name(&self) -> &'static str {
        match self.scalar() {
            None if self.is_map() => "a mapping",
            None => "a list",
            Some(scalar) => scalar.type_name(),
        }
    }

    /// Whether two nodes share their memory, which proves them equal (spans too) without a walk.
    #[must_use]
    pub fn shares_with(&self, other: &Node) -> bool {
        match (&self.value, &other.value) {
            (Value::Map(a), Value::Map(b)) => Arc::ptr_eq(a, b),
            (Value::Seq(a), Value::Seq(b)) => Arc::ptr_eq(a, b),
            _ => false,
        }
    }
}

impl PartialEq for Node {
    fn eq(&self, other: &Self) -> bool {
        match (&self.value, &other.value) {
            (Value::Map(a), Value::Map(b)) => Arc::ptr_eq(a, b) || a == b,
            (Value::Seq(a), Value::Seq(b)) => Arc::ptr_eq(a, b) || a == b,
            (Value::Map(_) | Value::Seq(_), _) | (_, Value::Map(_) | Value::Seq(_)) => false,
            _ => self.scalar() == other.scalar(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_node_is_24_bytes() {
        assert_eq!(std::mem::size_of::<Node>(), 24);
        assert_eq!(std::mem::size_of::<Entry>(), 40);
    }

    #[test]
    fn a_clone_shares_until_written() {
        let mut map = Map::new();
        map.insert("a", Node::string("x", Span::NONE));
        let original = Node::map(map, Span::NONE);
        let mut copy = original.clone();
        assert!(copy.shares_with(&original));
        copy.as_map_mut().unwrap().insert("a", Node::string("y", Span::NONE));
        assert_eq!(original.get("a").unwrap().as_str(), Some("x"));
        assert_ne!(copy, original);
    }

    #[test]
    fn equality_ignores_spelling_spans_and_key_order() {
        let node = |a: &str, b: &str| {
            let mut map = Map::new();
            map.insert(a, Node::new(Value::Int(1), Span::NONE));
            map.insert(b, Node::new(Value::Int(1), Span::new(FileId::from_index(3), 7)));
            Node::map(map, Span::NONE)
        };
        assert_eq!(node("a", "b"), node("b", "a"));
        let hex = Node::new(Value::Plain(Arc::new(Plain::int("0x1", 1))), Span::NONE);
        assert_eq!(hex, Node::new(Value::Int(1), Span::NONE));
        assert_eq!(hex.text().unwrap(), "0x1");
    }

    #[test]
    fn nodes_cross_threads() {
        fn check<T: Send + Sync>() {}
        check::<Node>();
        check::<SourceMap>();
    }
}
