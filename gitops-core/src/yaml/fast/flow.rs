//! Lists and mappings in brackets, on one line or several, as in JSON.

use super::document::{LONGEST_KEY, Reader};
use super::owned;
use super::scalar::{Context, Lines, Stop};
use super::tree::Kind;
use crate::node::{Node, Value};

/// What may come next inside brackets.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Expect {
    /// An item or key, or the closing bracket.
    First,
    /// A comma or the closing bracket.
    Comma,
}

impl Reader<'_> {
    /// Reads the collection whose bracket stands here; `None` where only the library knows.
    pub(super) fn flow(&mut self) -> Option<()> {
        let outer = self.tree.stack.len();
        self.open_bracket()?;
        let mut expect = Expect::First;
        while self.tree.stack.len() > outer {
            self.between()?;
            let kind = self.tree.stack.last()?.kind;
            match (self.cursor.here(), expect) {
                (b']', _) if kind == Kind::Seq => expect = self.close_bracket()?,
                (b'}', _) if kind == Kind::Map => expect = self.close_bracket()?,
                (b',', Expect::Comma) => {
                    self.cursor.at += 1;
                    expect = Expect::First;
                }
                (_, Expect::First) => {
                    if kind == Kind::Map {
                        let is_owned = self.flow_key()?;
                        self.between()?;
                        if is_owned && self.cursor.here() == b'{' {
                            self.owned_fields()?;
                            expect = Expect::Comma;
                            continue;
                        }
                    } else {
                        self.tree.item(self.here());
                    }
                    expect = self.flow_value()?;
                }
                _ => return None,
            }
        }
        Some(())
    }

    fn open_bracket(&mut self) -> Option<()> {
        let kind = if self.cursor.here() == b'[' { Kind::Seq } else { Kind::Map };
        self.tree.open(kind, 0, self.here())?;
        self.cursor.at += 1;
        Some(())
    }

    fn close_bracket(&mut self) -> Option<Expect> {
        self.cursor.at += 1;
        self.tree.close()?;
        Some(Expect::Comma)
    }

    /// A mapping that others may equal.
    fn owned_fields(&mut self) -> Option<()> {
        let (start, depth) = (self.cursor.at, self.tree.stack.len());
        let span = self.here();
        let rest = self.cursor.bytes.get(start..).unwrap_or_default();
        if let Some((text, mut node)) = self.owned.find(rest, depth) {
            if let Some(line) = text.rfind('\n') {
                self.cursor.start_line(start + line + 1);
            }
            self.cursor.at = start + text.len();
            node.span = span;
            self.tree.set(node);
            return Some(());
        }
        // As deep as the text is: the keys of managed fields are no `fieldsV1`, but who knows.
        self.flow()?;
        let text = self.cursor.slice(start, self.cursor.at);
        if let Some(node) = self.tree.last() {
            self.owned.keep(text, depth, node.clone());
        }
        Some(())
    }

    /// A key and the colon behind it, on one line. Tells whether it is that of managed fields.
    fn flow_key(&mut self) -> Option<bool> {
        let start = self.cursor.at;
        let mut is_owned = false;
        let (key, digest) = match self.cursor.here() {
            b'"' | b'\'' => {
                let text = self.cursor.quoted(Lines::One, &mut self.scratch)?;
                is_owned = text == owned::KEY;
                self.texts.key(text)
            }
            _ if self.cursor.begins_plain(Context::Flow) => {
                let (text, stop) = self.cursor.plain(Context::Flow);
                if stop != Stop::Colon {
                    return None;
                }
                self.key(text, self.tree.stack.len() == 1)?
            }
            _ => return None,
        };
        self.cursor.skip_spaces();
        let colon = self.cursor.at;
        if self.cursor.here() != b':' || colon - start > LONGEST_KEY {
            return None;
        }
        self.cursor.at += 1;
        self.tree.key(key, digest, self.span(start), self.span(colon + 1));
        Some(is_owned)
    }

    /// The value of a key, or an item.
    fn flow_value(&mut self) -> Option<Expect> {
        let start = self.cursor.at;
        match self.cursor.here() {
            b'[' | b'{' => {
                self.open_bracket()?;
                return Some(Expect::First);
            }
            b'"' | b'\'' => {
                let text = self.cursor.quoted(Lines::One, &mut self.scratch)?;
                let value = Value::String(self.texts.value(text));
                self.tree.set(Node::new(value, self.span(start)));
            }
            _ if self.cursor.begins_plain(Context::Flow) => {
                let (text, stop) = self.cursor.plain(Context::Flow);
                if stop == Stop::Colon {
                    return None;
                }
                let value = self.resolve(text);
                self.tree.set(Node::new(value, self.span(start)));
            }
            _ => return None,
        }
        Some(Expect::Comma)
    }

    /// Steps over blanks, line breaks and comments.
    #[inline(always)]
    fn between(&mut self) -> Option<()> {
        // Compact JSON has nothing there.
        match self.cursor.here() {
            b' ' | b'\t' | b'\n' | b'\r' | b'#' => self.blanks(),
            _ => Some(()),
        }
    }

    fn blanks(&mut self) -> Option<()> {
        loop {
            let start = self.cursor.at;
            self.cursor.skip_spaces();
            match self.cursor.here() {
                _ if self.cursor.at_end() => return None,
                b'\n' | b'\r' => {
                    self.cursor.next_line();
                    if self.cursor.is_marker(self.cursor.at) {
                        return None;
                    }
                }
                b'#' if self.cursor.at > start => {
                    self.cursor.next_line();
                    if self.cursor.is_marker(self.cursor.at) {
                        return None;
                    }
                }
                b'\t' | b'#' => return None,
                _ => return Some(()),
            }
        }
    }
}
