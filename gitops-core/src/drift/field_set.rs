//! Sets of fields, as `metadata.managedFields` holds them (FieldsV1).
//!
//! A set is a tree. A node is a *member* if the field itself is in the set, as opposed to something below
//! it. The operations are those of `fieldpath.Set` in structured-merge-diff v6; they work path by path:
//! to take a field away leaves what is below it.

use std::cmp::Ordering;
use std::fmt;

use crate::knowledge::structured_merge::{Schema, Type};
use crate::node::{Node, Scalar, Text};

/// A scalar that tells items of a list apart.
#[derive(Clone, Debug)]
pub(crate) enum Atom {
    Null,
    Bool(bool),
    Int(i64),
    Float(f64),
    String(Text),
}

impl Atom {
    /// The scalar of a node; `None` for a mapping or a list.
    pub(crate) fn of(node: &Node) -> Option<Self> {
        Some(match node.scalar()? {
            Scalar::Null => Self::Null,
            Scalar::Bool(value) => Self::Bool(value),
            Scalar::Int(value) => Self::Int(value),
            Scalar::Uint(value) => Self::Float(value as f64),
            Scalar::Float(value) if value.fract() == 0.0 && value.abs() < 9e15 => Self::Int(value as i64),
            Scalar::Float(value) => Self::Float(value),
            Scalar::String(text) => match &node.value {
                crate::node::Value::String(shared) => Self::String(shared.clone()),
                _ => Self::String(Text::from(text)),
            },
        })
    }

    fn rank(&self) -> u8 {
        match self {
            Self::Null => 0,
            Self::Bool(_) => 1,
            Self::Int(_) => 2,
            Self::Float(_) => 3,
            Self::String(_) => 4,
        }
    }
}

impl Ord for Atom {
    fn cmp(&self, other: &Self) -> Ordering {
        match (self, other) {
            (Self::Bool(a), Self::Bool(b)) => a.cmp(b),
            (Self::Int(a), Self::Int(b)) => a.cmp(b),
            (Self::Float(a), Self::Float(b)) => a.total_cmp(b),
            (Self::String(a), Self::String(b)) => a.cmp(b),
            _ => self.rank().cmp(&other.rank()),
        }
    }
}

impl PartialOrd for Atom {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Atom {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for Atom {}

impl fmt::Display for Atom {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Null => f.write_str("null"),
            Self::Bool(value) => write!(f, "{value}"),
            Self::Int(value) => write!(f, "{value}"),
            Self::Float(value) => write!(f, "{value}"),
            Self::String(text) => write!(f, "{:?}", text.as_str()),
        }
    }
}

/// One step of a field's path, as the API server names it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Element {
    /// A key of a mapping: `f:spec`.
    Field(Text),
    /// An item of a list by its keys, in alphabetical order: `k:{"name":"web"}`.
    Key(Vec<(Text, Atom)>),
    /// An item of a set: `v:"kubernetes"`.
    Value(Atom),
    /// An item of a list by position: `i:0`.
    Index(i64),
}

impl Element {
    /// Reads a key of FieldsV1.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let (kind, rest) = text.split_at_checked(2)?;
        let json = || serde_json::from_str::<serde_json::Value>(rest).ok().map(|json| Node::from(&json));
        match kind {
            "f:" => Some(Self::Field(Text::from(rest))),
            "k:" => {
                let json = json()?;
                let fields = json.as_map()?.iter().map(|(key, value)| Some((key.clone(), Atom::of(value)?)));
                let mut fields = fields.collect::<Option<Vec<_>>>()?;
                fields.sort();
                Some(Self::Key(fields))
            }
            "v:" => Some(Self::Value(Atom::of(&json()?)?)),
            "i:" => rest.parse().ok().map(Self::Index),
            _ => None,
        }
    }
}

/// Prints as in the messages of the API server: `.spec`, `[name="web"]`, `[="kubernetes"]`.
impl fmt::Display for Element {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Field(name) => write!(f, ".{name}"),
            Self::Key(fields) => {
                let fields: Vec<_> = fields.iter().map(|(key, value)| format!("{key}={value}")).collect();
                write!(f, "[{}]", fields.join(","))
            }
            Self::Value(value) => write!(f, "[={value}]"),
            Self::Index(index) => write!(f, "[{index}]"),
        }
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Entry {
    element: Element,
    member: bool,
    below: FieldSet,
}

/// A set of fields.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct FieldSet {
    /// In the order of their elements; none is empty.
    entries: Vec<Entry>,
}

/// How deep FieldsV1 is read; what is deeper counts as owned as a whole.
const DEEPEST: usize = 1_000;

impl FieldSet {
    /// Reads FieldsV1; what is not understood is left out.
    pub(crate) fn parse(fields: &Node) -> Self {
        Self::parse_below(fields, DEEPEST)
    }

    fn parse_below(fields: &Node, depth: usize) -> Self {
        let mut set = Self::default();
        let Some(depth) = depth.checked_sub(1) else { return set };
        for (key, below) in fields.as_map().into_iter().flat_map(|map| map.iter()) {
            let Some(element) = Element::parse(key) else { continue };
            let member = below.as_map().is_none_or(|map| map.is_empty() || map.contains_key("."));
            let below = Self::parse_below(below, depth);
            set.entries.push(Entry { element, member: member || below.is_empty(), below });
        }
        set.entries.sort_by(|a, b| a.element.cmp(&b.element));
        set
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    fn find(&self, element: &Element) -> Option<&Entry> {
        let at = self.entries.binary_search_by(|entry| entry.element.cmp(element)).ok()?;
        self.entries.get(at)
    }

    /// Whether the field one step down is in the set itself.
    pub(crate) fn has(&self, element: &Element) -> bool {
        self.find(element).is_some_and(|entry| entry.member)
    }

    /// What the set holds below the field one step down.
    pub(crate) fn below(&self, element: &Element) -> Option<&Self> {
        self.find(element).map(|entry| &entry.below).filter(|below| !below.is_empty())
    }

    /// Whether the set holds the field at `path`, one of those it lies in, or something below it.
    pub(crate) fn touches(&self, path: &[Element]) -> bool {
        let Some((first, rest)) = path.split_first() else { return !self.is_empty() };
        let Some(entry) = self.find(first) else { return false };
        // A member that has nothing below it stands for all below it only where it is the leaf.
        if entry.below.is_empty() || rest.is_empty() { true } else { entry.below.touches(rest) }
    }

    /// The elements one step down.
    pub(crate) fn elements(&self) -> impl Iterator<Item = &Element> {
        self.entries.iter().map(|entry| &entry.element)
    }

    /// Adds a field one step down, or what is below it. Elements may come in any order.
    pub(crate) fn add(&mut self, element: Element, member: bool, below: Self) {
        if !member && below.is_empty() {
            return;
        }
        // Most come in order, as the other walks leave them.
        match self.entries.binary_search_by(|entry| entry.element.cmp(&element)) {
            Ok(at) => {
                if let Some(entry) = self.entries.get_mut(at) {
                    entry.member |= member;
                    entry.below = entry.below.union(&below);
                }
            }
            Err(at) => self.entries.insert(at, Entry { element, member, below }),
        }
    }

    /// Every member's path, in order.
    pub(crate) fn paths(&self) -> Vec<Vec<Element>> {
        let mut out = Vec::new();
        self.collect(&mut Vec::new(), &mut out);
        out
    }

    fn collect(&self, path: &mut Vec<Element>, out: &mut Vec<Vec<Element>>) {
        for entry in &self.entries {
            path.push(entry.element.clone());
            if entry.member {
                out.push(path.clone());
            }
            entry.below.collect(path, out);
            path.pop();
        }
    }

    /// Walks two sets side by side; `keep` decides by membership which paths are in the result, and
    /// `alone` what becomes of a branch that only one of them has.
    fn combine(
        &self,
        other: &Self,
        keep: fn(bool, bool) -> bool,
        alone_here: bool,
        alone_there: bool,
    ) -> Self {
        let mut entries = Vec::new();
        let (mut a, mut b) = (self.entries.iter().peekable(), other.entries.iter().peekable());
        loop {
            let order = match (a.peek(), b.peek()) {
                (None, None) => break,
                (Some(_), None) => Ordering::Less,
                (None, Some(_)) => Ordering::Greater,
                (Some(x), Some(y)) => x.element.cmp(&y.element),
            };
            match order {
                Ordering::Less => entries.extend(a.next().filter(|_| alone_here).cloned()),
                Ordering::Greater => entries.extend(b.next().filter(|_| alone_there).cloned()),
                Ordering::Equal => {
                    let (Some(x), Some(y)) = (a.next(), b.next()) else { break };
                    let below = x.below.combine(&y.below, keep, alone_here, alone_there);
                    let member = keep(x.member, y.member);
                    if member || !below.is_empty() {
                        entries.push(Entry { element: x.element.clone(), member, below });
                    }
                }
            }
        }
        Self { entries }
    }

    /// The fields in either set.
    pub(crate) fn union(&self, other: &Self) -> Self {
        if other.is_empty() {
            return self.clone();
        }
        self.combine(other, |a, b| a || b, true, true)
    }

    /// The fields in both sets.
    pub(crate) fn intersection(&self, other: &Self) -> Self {
        self.combine(other, |a, b| a && b, false, false)
    }

    /// The fields of this set that are not in `other`.
    pub(crate) fn difference(&self, other: &Self) -> Self {
        self.combine(other, |a, b| a && !b, true, false)
    }

    /// The set with every named field (of a struct) on the way to a member made a member too, so that a
    /// struct goes when all that was owned in it goes.
    pub(crate) fn with_named_fields(&self, schema: &Schema, of: Type) -> Self {
        let entries = self.entries.iter().map(|entry| {
            let (inner, named) = match (&entry.element, schema.keyed(of)) {
                (Element::Field(field), _) => schema.field(of, field),
                (Element::Key(_), Some(list)) => (list.item, false),
                _ => (Type::Deduced, false),
            };
            let member = entry.member || (named && !entry.below.is_empty());
            let below = entry.below.with_named_fields(schema, inner);
            Entry { element: entry.element.clone(), member, below }
        });
        Self { entries: entries.collect() }
    }

    /// The set as it would be if the schema had always been as it is: what is owned below a value that is
    /// now replaced whole becomes the value itself.
    pub(crate) fn reconciled(&self, schema: &Schema, of: Type) -> Self {
        let entries = self.entries.iter().map(|entry| {
            let inner = match (&entry.element, schema.keyed(of)) {
                (Element::Field(field), _) => schema.field(of, field).0,
                (_, Some(list)) => list.item,
                _ => Type::Deduced,
            };
            // A field that a struct does not list holds no list with keys.
            let list = entry.below.elements().any(|element| !matches!(element, Element::Field(_)));
            let replaced = inner == Type::Atomic
                || (list && inner == Type::Deduced && matches!(of, Type::Struct(_) | Type::Leaves));
            if replaced && !entry.below.is_empty() {
                return Entry { element: entry.element.clone(), member: true, below: Self::default() };
            }
            let below = entry.below.reconciled(schema, inner);
            Entry { element: entry.element.clone(), member: entry.member, below }
        });
        Self { entries: entries.collect() }
    }
}

/// A path as the API server prints it: `.spec.containers[name="web"].image`.
pub(crate) fn path_text(path: &[Element]) -> String {
    path.iter().map(Element::to_string).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value as Json, json};

    fn set(fields: Json) -> FieldSet {
        FieldSet::parse(&Node::from(&fields))
    }

    fn paths(set: &FieldSet) -> Vec<String> {
        set.paths().iter().map(|path| path_text(path)).collect()
    }

    #[test]
    fn fields_v1_is_read() {
        let set = set(json!({
            "f:metadata": {"f:labels": {".": {}, "f:a.b/c": {}}, "f:finalizers": {"v:\"x\"": {}}},
            "f:spec": {"f:ports": {"k:{\"port\":80,\"protocol\":\"TCP\"}": {".": {}, "f:port": {}}}},
            "f:list": {"i:3": {}},
            "odd": {},
        }));
        let wanted = [
            ".list[3]",
            ".metadata.finalizers[=\"x\"]",
            ".metadata.labels",
            ".metadata.labels.a.b/c",
            ".spec.ports[port=80,protocol=\"TCP\"]",
            ".spec.ports[port=80,protocol=\"TCP\"].port",
        ];
        assert_eq!(paths(&set), wanted);
    }

    #[test]
    fn sets_combine_path_by_path() {
        let a = set(json!({"f:a": {".": {}, "f:x": {}, "f:y": {}}, "f:b": {}}));
        let b = set(json!({"f:a": {".": {}, "f:y": {}, "f:z": {}}, "f:c": {}}));
        assert_eq!(paths(&a.union(&b)), [".a", ".a.x", ".a.y", ".a.z", ".b", ".c"]);
        assert_eq!(paths(&a.intersection(&b)), [".a", ".a.y"]);
        assert_eq!(paths(&a.difference(&b)), [".a.x", ".b"]);
        assert_eq!(a.difference(&a), FieldSet::default());
        assert_eq!(a.union(&FieldSet::default()), a);
    }

    #[test]
    fn named_fields_become_members_and_atomic_ones_leaves() {
        let schema = Schema::builtin(37);
        let of = schema.kind("apps/v1", "Deployment").unwrap();
        let set = set(json!({"f:spec": {"f:selector": {"f:matchLabels": {"f:app": {}}}},
            "f:metadata": {"f:labels": {"f:app": {}}}}));
        let wanted = [".metadata", ".metadata.labels", ".metadata.labels.app", ".spec", ".spec.selector"];
        assert_eq!(paths(&set.reconciled(&schema, of).with_named_fields(&schema, of)), wanted);
    }
}
