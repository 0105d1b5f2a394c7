//! The tree while it grows: open lists and mappings on a stack, the finished children of all of them
//! on two more, so that each list and mapping is allocated once, at its size.

use std::sync::Arc;

use crate::node::{Entry, Map, Node, Span, Text, Value};

/// What is open.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Map,
    Seq,
}

/// A list or mapping whose end has not come.
#[derive(Clone, Copy, Debug)]
pub(super) struct Open {
    pub(super) kind: Kind,
    /// Where its entries begin in the line; brackets have none.
    pub(super) column: usize,
    /// Whether its last entry has no value yet, but a null in its place.
    pub(super) awaits: bool,
    span: Span,
    /// Where its entries or items begin.
    first: usize,
}

/// A tree under construction.
pub(super) struct Tree {
    pub(super) root: Option<Node>,
    pub(super) stack: Vec<Open>,
    entries: Vec<Entry>,
    /// Digests of the keys in `entries`.
    digests: Vec<u32>,
    items: Vec<Node>,
    /// What all empty mappings share: managed fields are full of them.
    empty: Arc<Map>,
    max_depth: usize,
}

impl Tree {
    /// Nothing yet; at most `max_depth` lists and mappings will be open.
    pub(super) fn new(max_depth: usize) -> Self {
        Self {
            root: None,
            stack: Vec::new(),
            entries: Vec::new(),
            digests: Vec::new(),
            items: Vec::new(),
            empty: Arc::default(),
            max_depth,
        }
    }

    /// Forgets what a document left.
    pub(super) fn clear(&mut self) {
        self.root = None;
        self.stack.clear();
        self.entries.clear();
        self.digests.clear();
        self.items.clear();
    }

    /// Begins a list or mapping.
    pub(super) fn open(&mut self, kind: Kind, column: usize, span: Span) -> Option<()> {
        if self.stack.len() >= self.max_depth {
            return None;
        }
        let first = match kind {
            Kind::Map => self.entries.len(),
            Kind::Seq => self.items.len(),
        };
        self.stack.push(Open { kind, column, awaits: false, span, first });
        Some(())
    }

    /// Adds an item to the open list, null for now, which would stand at `span`.
    pub(super) fn item(&mut self, span: Span) {
        self.items.push(Node::new(Value::Null, span));
    }

    /// Adds a key to the open mapping, whose value is null for now and would stand at `span`.
    pub(super) fn key(&mut self, key: Text, digest: u32, key_span: Span, span: Span) {
        self.entries.push(Entry { key, key_span, value: Node::new(Value::Null, span) });
        self.digests.push(digest);
    }

    /// Says that the value of the last entry comes on a later line.
    pub(super) fn await_value(&mut self) {
        if let Some(open) = self.stack.last_mut() {
            open.awaits = true;
        }
    }

    /// Sets the value of the last entry or item, or the root.
    pub(super) fn set(&mut self, node: Node) {
        let slot = match self.stack.last_mut() {
            None => {
                self.root = Some(node);
                return;
            }
            Some(open) => {
                open.awaits = false;
                match open.kind {
                    Kind::Map => self.entries.last_mut().map(|entry| &mut entry.value),
                    Kind::Seq => self.items.last_mut(),
                }
            }
        };
        if let Some(slot) = slot {
            *slot = node;
        }
    }

    /// The value of the last key of the open mapping.
    pub(super) fn last(&self) -> Option<&Node> {
        self.entries.last().map(|entry| &entry.value)
    }

    /// Ends the innermost list or mapping; `None` if two of its keys are equal, or look it.
    pub(super) fn close(&mut self) -> Option<()> {
        let open = self.stack.pop()?;
        let node = match open.kind {
            Kind::Seq => Node::seq(self.items.split_off(open.first), open.span),
            Kind::Map if self.entries.len() == open.first => {
                Node::new(Value::Map(Arc::clone(&self.empty)), open.span)
            }
            Kind::Map => {
                let digests = self.digests.get(open.first..).unwrap_or_default();
                if digests.len() < Map::INDEX_FROM && repeats(digests) {
                    return None;
                }
                self.digests.truncate(open.first);
                let entries = self.entries.split_off(open.first);
                Node::map(Map::from_distinct(entries)?, open.span)
            }
        };
        self.set(node);
        Some(())
    }
}

/// Whether a digest occurs twice; for few of them.
fn repeats(digests: &[u32]) -> bool {
    let mut rest = digests;
    while let [first, tail @ ..] = rest {
        if tail.contains(first) {
            return true;
        }
        rest = tail;
    }
    false
}
