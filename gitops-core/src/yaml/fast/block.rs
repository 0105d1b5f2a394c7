//! Lists and mappings by indentation: one line after another, without recursion.

use memchr::memchr;

use super::cursor::{Cursor, is_white};
use super::document::{LONGEST_KEY, Reader};
use super::scalar::{Context, Lines, Stop};
use super::tree::Kind;
use crate::node::{Node, Text, Value};

impl<'a> Reader<'a> {
    /// Reads one document from the start of a line; `None` where only the library knows.
    pub(super) fn document(&mut self) -> Option<()> {
        while let Some(column) = self.cursor.next_content()? {
            self.line(column)?;
        }
        while !self.tree.stack.is_empty() {
            self.tree.close()?;
        }
        Some(())
    }

    /// A line whose first byte stands here, in `column`.
    fn line(&mut self, column: usize) -> Option<()> {
        let dash = self.at_dash();
        loop {
            let Some(top) = self.tree.stack.last() else {
                return if self.tree.root.is_none() { self.node(column, None) } else { None };
            };
            match top.kind {
                _ if top.column > column => self.tree.close()?,
                _ if top.column < column => {
                    let parent = top.column;
                    return if top.awaits { self.node(column, Some(parent)) } else { None };
                }
                Kind::Seq if dash => return self.item(column),
                // A list may stand in the column of its key.
                Kind::Map if dash && top.awaits => {
                    // The library says that it begins with its first item.
                    self.tree.open(Kind::Seq, column, self.span(self.behind_dash()))?;
                    return self.item(column);
                }
                Kind::Map if dash => return None,
                Kind::Map => {
                    // What was awaited is null.
                    return self.entry(column);
                }
                Kind::Seq => self.tree.close()?,
            }
        }
    }

    fn at_dash(&self) -> bool {
        self.cursor.here() == b'-' && is_white(self.cursor.byte(self.cursor.at + 1))
    }

    /// A list item whose dash stands here, and lists that begin behind it on the same line.
    fn item(&mut self, mut column: usize) -> Option<()> {
        loop {
            let content = self.behind_dash();
            self.tree.item(self.span(content));
            let dash = std::mem::replace(&mut self.cursor.at, content);
            match self.cursor.here() {
                b'\n' | b'\r' => {
                    self.cursor.next_line();
                    self.tree.await_value();
                    return Some(());
                }
                b'\t' => return None,
                _ => {}
            }
            let inner = column + content - dash;
            if !self.at_dash() {
                return self.node(inner, Some(column));
            }
            self.tree.open(Kind::Seq, inner, self.here())?;
            column = inner;
        }
    }

    /// Where the content of the list item begins whose dash stands here, or its line ends.
    fn behind_dash(&self) -> usize {
        let at = self.cursor.behind_spaces(self.cursor.at + 1);
        match self.cursor.byte(at) {
            b'#' => self.cursor.line_end(at),
            _ => at,
        }
    }

    /// Steps over blanks; whether nothing but a comment follows, and then to the next line.
    fn ends_line(&mut self) -> Option<bool> {
        self.cursor.skip_spaces();
        match self.cursor.here() {
            b'\n' | b'\r' | b'#' => {
                // A comment here always has a blank before it.
                self.cursor.next_line();
                Some(true)
            }
            b'\t' => None,
            _ => Some(false),
        }
    }

    /// A node that begins here in `column`, below an entry in the column `parent`.
    fn node(&mut self, column: usize, parent: Option<usize>) -> Option<()> {
        let start = self.cursor.at;
        if self.at_dash() {
            self.tree.open(Kind::Seq, column, self.here())?;
            return self.item(column);
        }
        match self.cursor.here() {
            b'"' | b'\'' => {
                let text = self.cursor.quoted(Lines::Deeper(parent), &mut self.scratch)?;
                if after_key(&self.cursor) {
                    if memchr(b'\n', self.cursor.slice(start, self.cursor.at).as_bytes()).is_some() {
                        return None;
                    }
                    let (text, digest) = self.texts.key(text);
                    self.tree.open(Kind::Map, column, self.span(start))?;
                    return self.value(column, text, digest, start);
                }
                let value = Value::String(self.texts.value(text));
                self.tree.set(Node::new(value, self.span(start)));
                self.cursor.finish_line()
            }
            b'[' | b'{' => {
                self.flow()?;
                self.cursor.finish_line()
            }
            b'|' | b'>' => self.literal(parent?),
            _ => {
                if !self.cursor.begins_plain(Context::Block) {
                    return None;
                }
                let (text, stop) = self.cursor.plain(Context::Block);
                if stop == Stop::Colon {
                    let (key, digest) = self.key(text, self.tree.stack.is_empty())?;
                    self.tree.open(Kind::Map, column, self.span(start))?;
                    return self.value(column, key, digest, start);
                }
                self.plain_value(text, stop, start, parent)
            }
        }
    }

    /// A further entry of the open mapping.
    fn entry(&mut self, column: usize) -> Option<()> {
        let start = self.cursor.at;
        let (key, digest) = match self.cursor.here() {
            b'"' | b'\'' => {
                let text = self.cursor.quoted(Lines::One, &mut self.scratch)?;
                if !after_key(&self.cursor) {
                    return None;
                }
                self.texts.key(text)
            }
            _ => {
                if !self.cursor.begins_plain(Context::Block) {
                    return None;
                }
                let (text, stop) = self.cursor.plain(Context::Block);
                if stop != Stop::Colon {
                    return None;
                }
                self.key(text, self.tree.stack.len() == 1)?
            }
        };
        self.value(column, key, digest, start)
    }

    /// The colon behind a key that begins at `start`, and the value on its line.
    fn value(&mut self, column: usize, key: Text, digest: u32, start: usize) -> Option<()> {
        self.cursor.skip_spaces();
        let colon = self.cursor.at;
        if colon - start > LONGEST_KEY {
            return None;
        }
        self.cursor.at += 1;
        self.tree.key(key, digest, self.span(start), self.span(colon + 1));
        if self.ends_line()? {
            self.tree.await_value();
            return Some(());
        }
        let start = self.cursor.at;
        match self.cursor.here() {
            b'"' | b'\'' => {
                let text = self.cursor.quoted(Lines::Deeper(Some(column)), &mut self.scratch)?;
                let value = Value::String(self.texts.value(text));
                self.tree.set(Node::new(value, self.span(start)));
                self.cursor.finish_line()
            }
            b'[' | b'{' => {
                self.flow()?;
                self.cursor.finish_line()
            }
            b'|' | b'>' => self.literal(column),
            _ => {
                if !self.cursor.begins_plain(Context::Block) {
                    return None;
                }
                let (text, stop) = self.cursor.plain(Context::Block);
                self.plain_value(text, stop, start, Some(column))
            }
        }
    }

    /// A plain scalar, of which `text` was read up to `stop`.
    fn plain_value(&mut self, text: &'a str, stop: Stop, start: usize, parent: Option<usize>) -> Option<()> {
        let span = self.span(start);
        let value = match stop {
            Stop::Colon | Stop::Flow => return None,
            Stop::Comment => {
                self.cursor.next_line();
                self.resolve(text)
            }
            Stop::Line => {
                let mut whole = std::mem::take(&mut self.scratch);
                let continued = self.cursor.continued(text, parent, &mut whole)?;
                let value = self.resolve(if continued { &whole } else { text });
                self.scratch = whole;
                value
            }
        };
        self.tree.set(Node::new(value, span));
        Some(())
    }

    fn literal(&mut self, column: usize) -> Option<()> {
        let span = self.here();
        self.cursor.block_scalar(column, &mut self.scratch)?;
        let text = self.texts.value(&self.scratch);
        self.tree.set(Node::new(Value::String(text), span));
        Some(())
    }
}

/// Whether a colon and a blank follow a quoted scalar, behind blanks.
fn after_key(cursor: &Cursor<'_>) -> bool {
    let colon = cursor.behind_spaces(cursor.at);
    cursor.byte(colon) == b':' && colon < cursor.bytes.len() && is_white(cursor.byte(colon + 1))
}
