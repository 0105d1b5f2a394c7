//! What tells the items of a list apart for the API server, and values that stand in the wrong place.

use std::collections::HashMap;

use super::field_set::{Atom, Element};
use crate::knowledge::structured_merge::{KeyedList, Schema, Type};
use crate::node::{Map, Node, Value};

/// How a value is walked: by its type if it fits, else by what it is.
pub(super) enum Shape<'a> {
    /// A leaf: a scalar, or a value that is replaced whole.
    Leaf,
    /// A mapping that merges by key.
    Map(&'a Map),
    /// A list whose items are told apart; one element per item.
    List(&'a [Node], Vec<Element>),
}

/// How `node`, of type `of`, is walked. A null is a leaf.
pub(super) fn shape<'a>(schema: &Schema, of: Type, node: &'a Node) -> Shape<'a> {
    match (&node.value, of) {
        (_, Type::Atomic) => Shape::Leaf,
        // A value that is no mapping where the schema has one, and the other way round, is an error for
        // the API server; here the value counts.
        (Value::Map(map), _) => Shape::Map(map),
        (Value::Seq(items), Type::Set | Type::Keyed(_)) => match elements(schema, of, items) {
            Some(elements) => Shape::List(items, elements),
            None => Shape::Leaf,
        },
        _ => Shape::Leaf,
    }
}

/// The type of the items of a list.
pub(super) fn item_type(schema: &Schema, of: Type) -> Type {
    schema.keyed(of).map_or(Type::Deduced, |list| list.item)
}

/// What tells each item apart; `None` if an item has nothing that does, so that the list is a leaf.
fn elements(schema: &Schema, of: Type, items: &[Node]) -> Option<Vec<Element>> {
    match schema.keyed(of) {
        Some(list) => items.iter().map(|item| key_of(list, item)).collect(),
        None => items.iter().map(|item| Atom::of(item).map(Element::Value)).collect(),
    }
}

fn key_of(list: &KeyedList, item: &Node) -> Option<Element> {
    let map = item.as_map()?;
    let mut fields = Vec::with_capacity(list.keys.len());
    for (key, default) in &list.keys {
        if let Some(value) = map.get(key).or(default.as_ref()) {
            fields.push((key.clone(), Atom::of(value)?));
        }
    }
    (!fields.is_empty()).then_some(Element::Key(fields))
}

/// Finds items by element; the first of several equal ones, and whether there are several.
pub(super) struct Index<'a> {
    elements: &'a [Element],
    large: Option<HashMap<String, Found>>,
}

#[derive(Clone, Copy)]
pub(super) struct Found {
    pub(super) at: usize,
    pub(super) repeated: bool,
}

/// Below this many items a scan beats a hash table.
const LARGE: usize = 16;

impl<'a> Index<'a> {
    pub(super) fn new(elements: &'a [Element]) -> Self {
        let large = (elements.len() >= LARGE).then(|| {
            let mut found: HashMap<String, Found> = HashMap::with_capacity(elements.len());
            for (at, element) in elements.iter().enumerate() {
                let entry = found.entry(element.to_string());
                entry.and_modify(|found| found.repeated = true).or_insert(Found { at, repeated: false });
            }
            found
        });
        Self { elements, large }
    }

    pub(super) fn find(&self, element: &Element) -> Option<Found> {
        if let Some(large) = &self.large {
            return large.get(&element.to_string()).copied();
        }
        let mut same = self.elements.iter().enumerate().filter(|(_, other)| *other == element);
        let (at, _) = same.next()?;
        Some(Found { at, repeated: same.next().is_some() })
    }

    pub(super) fn repeats(&self) -> bool {
        match &self.large {
            Some(large) => large.len() < self.elements.len(),
            None => {
                self.elements.iter().any(|element| self.find(element).is_some_and(|found| found.repeated))
            }
        }
    }
}
