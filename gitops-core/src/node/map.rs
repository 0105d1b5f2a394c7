//! A mapping that keeps its order and stays fast when it is large.

use std::collections::HashMap;

use super::{Node, Span, Text};

/// One `key: value` of a [`Map`].
#[derive(Clone, Debug)]
pub struct Entry {
    /// The key.
    pub key: Text,
    /// Where the key stands.
    pub key_span: Span,
    /// The value.
    pub value: Node,
}

/// A mapping from text to nodes in insertion order; keys are unique.
#[derive(Clone, Debug, Default)]
pub struct Map {
    entries: Vec<Entry>,
    /// Position by key, kept only for mappings of [`Map::INDEX_FROM`] entries and more.
    #[allow(clippy::box_collection, reason = "most mappings have none: it must cost them 8 bytes, not 48")]
    index: Option<Box<HashMap<Text, u32>>>,
}

impl Map {
    /// Below this many entries a scan beats a hash table.
    pub(crate) const INDEX_FROM: usize = 24;

    /// A mapping of entries with distinct keys. `None` if there are [`Map::INDEX_FROM`] entries or more
    /// and two have one key; of fewer the caller knows better.
    pub(crate) fn from_distinct(entries: Vec<Entry>) -> Option<Self> {
        let mut map = Self { entries, index: None };
        map.rebuild_index();
        let distinct = map.index.as_ref().is_none_or(|index| index.len() == map.entries.len());
        distinct.then_some(map)
    }

    /// An empty mapping.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// An empty mapping with room for `capacity` entries.
    #[must_use]
    pub fn with_capacity(capacity: usize) -> Self {
        Self { entries: Vec::with_capacity(capacity), index: None }
    }

    /// How many entries there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether there is no entry.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// The entries in order.
    #[must_use]
    pub fn entries(&self) -> &[Entry] {
        &self.entries
    }

    /// Keys and values in order.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = (&Text, &Node)> + ExactSizeIterator {
        self.entries.iter().map(|entry| (&entry.key, &entry.value))
    }

    /// The values for writing, in order.
    pub fn values_mut(&mut self) -> impl Iterator<Item = (&Text, &mut Node)> {
        self.entries.iter_mut().map(|entry| (&entry.key, &mut entry.value))
    }

    /// The keys in order.
    pub fn keys(&self) -> impl Iterator<Item = &Text> {
        self.entries.iter().map(|entry| &entry.key)
    }

    fn position(&self, key: &str) -> Option<usize> {
        match &self.index {
            Some(index) => index.get(key).map(|&at| at as usize),
            None => self.entries.iter().position(|entry| entry.key.as_str() == key),
        }
    }

    /// The value under `key`.
    #[must_use]
    pub fn get(&self, key: &str) -> Option<&Node> {
        self.entry(key).map(|entry| &entry.value)
    }

    /// The entry of `key`, with the key's place.
    #[must_use]
    pub fn entry(&self, key: &str) -> Option<&Entry> {
        self.entries.get(self.position(key)?)
    }

    /// The value under `key` for writing.
    pub fn get_mut(&mut self, key: &str) -> Option<&mut Node> {
        let at = self.position(key)?;
        self.entries.get_mut(at).map(|entry| &mut entry.value)
    }

    /// Whether there is an entry of `key`.
    #[must_use]
    pub fn contains_key(&self, key: &str) -> bool {
        self.position(key).is_some()
    }

    /// Sets `key`, in its old place or at the end; gives back the value that was there. A new key
    /// gets the span of its value.
    pub fn insert(&mut self, key: impl Into<Text>, value: Node) -> Option<Node> {
        let span = value.span;
        self.insert_entry(Entry { key: key.into(), key_span: span, value })
    }

    /// Sets an entry, in its old place (keeping the old key's span) or at the end.
    pub fn insert_entry(&mut self, entry: Entry) -> Option<Node> {
        match self.position(&entry.key) {
            Some(at) => {
                let old = self.entries.get_mut(at)?;
                Some(std::mem::replace(&mut old.value, entry.value))
            }
            None => {
                if let Some(index) = &mut self.index {
                    index.insert(entry.key.clone(), self.entries.len() as u32);
                }
                self.entries.push(entry);
                if self.index.is_none() && self.entries.len() >= Self::INDEX_FROM {
                    self.rebuild_index();
                }
                None
            }
        }
    }

    /// Removes `key` and gives back its value; the order of the rest stays.
    pub fn remove(&mut self, key: &str) -> Option<Node> {
        let at = self.position(key)?;
        let removed = self.entries.remove(at);
        self.rebuild_index();
        Some(removed.value)
    }

    /// Keeps the entries that `keep` accepts.
    pub fn retain(&mut self, mut keep: impl FnMut(&Text, &Node) -> bool) {
        self.entries.retain(|entry| keep(&entry.key, &entry.value));
        self.rebuild_index();
    }

    /// Sorts the entries by key.
    pub fn sort_by(&mut self, mut compare: impl FnMut(&str, &str) -> std::cmp::Ordering) {
        self.entries.sort_by(|a, b| compare(&a.key, &b.key));
        self.rebuild_index();
    }

    fn rebuild_index(&mut self) {
        self.index = (self.entries.len() >= Self::INDEX_FROM).then(|| {
            let keys = self.entries.iter().enumerate();
            Box::new(keys.map(|(at, entry)| (entry.key.clone(), at as u32)).collect())
        });
    }
}

impl PartialEq for Map {
    fn eq(&self, other: &Self) -> bool {
        self.len() == other.len()
            && self.iter().all(|(key, value)| other.get(key).is_some_and(|found| found == value))
    }
}

impl FromIterator<(Text, Node)> for Map {
    fn from_iter<I: IntoIterator<Item = (Text, Node)>>(pairs: I) -> Self {
        let mut map = Self::new();
        for (key, value) in pairs {
            map.insert(key, value);
        }
        map
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::node::Value;

    #[test]
    fn large_maps_keep_order_and_find_keys() {
        let mut map = Map::new();
        for n in 0..100 {
            map.insert(format!("k{n}"), Node::new(Value::Int(n), Span::NONE));
        }
        assert_eq!(map.get("k77").unwrap().as_i64(), Some(77));
        map.remove("k3");
        assert_eq!(map.get("k77").unwrap().as_i64(), Some(77));
        assert_eq!(map.get("k3"), None);
        map.insert("k3", Node::null());
        assert_eq!(map.keys().last().unwrap(), "k3");
        map.retain(|_, value| value.as_i64().is_some_and(|n| n < 5));
        assert_eq!(map.keys().map(Text::as_str).collect::<Vec<_>>(), ["k0", "k1", "k2", "k4"]);
        assert_eq!(map.get("k4").unwrap().as_i64(), Some(4));
    }
}
