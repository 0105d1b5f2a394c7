//! Equal `fieldsV1` share their tree.
//!
//! Managed fields are half of what an API server says of an object, and the same for all objects of one
//! shape, so a text that was read before is not read again. Their nodes have the spans of the first of the
//! equal texts: nobody is sent there to change something.

use crate::node::Node;

/// The key whose values are shared.
pub(super) const KEY: &str = "fieldsV1";

/// Values seen lately, the last one first.
#[derive(Default)]
pub(super) struct Owned<'a> {
    seen: Vec<Seen<'a>>,
}

struct Seen<'a> {
    text: &'a str,
    depth: usize,
    node: Node,
}

/// How many texts are kept.
const MANY: usize = 32;

/// Longer texts, in bytes, are not kept, so that to look for one stays cheap.
const LONGEST: usize = 16 << 10;

impl<'a> Owned<'a> {
    /// A value that `rest` begins with, and its text. A mapping in brackets ends where its text does, so that
    /// to begin with it is to be it. Nothing deeper is given than was read.
    pub(super) fn find(&mut self, rest: &[u8], depth: usize) -> Option<(&'a str, Node)> {
        let known = |seen: &Seen<'_>| seen.depth >= depth && rest.starts_with(seen.text.as_bytes());
        let at = self.seen.iter().position(known)?;
        if let Some(before) = self.seen.get_mut(..=at) {
            before.rotate_right(1);
        }
        self.seen.first().map(|seen| (seen.text, seen.node.clone()))
    }

    /// Keeps a value.
    pub(super) fn keep(&mut self, text: &'a str, depth: usize, node: Node) {
        if text.len() <= LONGEST {
            self.seen.truncate(MANY - 1);
            self.seen.insert(0, Seen { text, depth, node });
        }
    }
}
