//! The documents of a stream: each is read here or, if it holds something unusual, by the library.

use memchr::memchr;

use super::super::builder::{Builder, DEEPEST, Input};
use super::super::events::Events;
use super::super::repair::Repaired;
use super::super::{ReadOptions, Stream, builder, resolve};
use super::cursor::Cursor;
use super::owned::Owned;
use super::texts::Texts;
use super::tree::Tree;
use crate::node::{FileId, Node, SourceFile, Span, Text, Value};

/// Longer keys, in bytes, are left to the library, which allows 1,024 characters.
pub(super) const LONGEST_KEY: usize = 1000;

/// The state of one reading.
pub(super) struct Reader<'a> {
    pub(super) cursor: Cursor<'a>,
    pub(super) tree: Tree,
    pub(super) texts: Texts,
    pub(super) owned: Owned<'a>,
    /// Text that does not stand in the file as it is.
    pub(super) scratch: String,
    options: &'a ReadOptions,
    file: FileId,
    source: &'a SourceFile,
    base: usize,
    alias_nodes: usize,
    /// Documents left to the library.
    left: usize,
}

/// Reads the documents of `body`, which begins at `base` of the file and holds no forbidden
/// character, and tells how many of them the library read; `None` if it must read the whole text, to
/// find the error or because nothing less makes sense of it.
pub(in super::super) fn read(
    body: &str,
    file: FileId,
    source: &SourceFile,
    base: usize,
    options: &ReadOptions,
) -> Option<(Stream, usize)> {
    if has_odd_breaks(body) {
        return None;
    }
    let mut reader = Reader {
        cursor: Cursor::new(body),
        tree: Tree::new(options.limits.max_depth.min(DEEPEST)),
        texts: Texts::new(body.len()),
        owned: Owned::default(),
        scratch: String::new(),
        options,
        file,
        source,
        base,
        alias_nodes: 0,
        left: 0,
    };
    let mut stream = Stream::default();
    reader.stream(&mut stream)?;
    Some((stream, reader.left))
}

/// Whether a carriage return stands alone, which YAML takes for a line break, or a byte-order mark
/// inside the text.
fn has_odd_breaks(body: &str) -> bool {
    let mut rest = body.as_bytes();
    while let Some(at) = memchr(b'\r', rest) {
        if rest.get(at + 1) != Some(&b'\n') {
            return true;
        }
        rest = rest.get(at + 2..).unwrap_or_default();
    }
    memchr(0xef, body.as_bytes()).is_some() && body.contains('\u{feff}')
}

impl Reader<'_> {
    fn stream(&mut self, stream: &mut Stream) -> Option<()> {
        loop {
            // Between documents: only comments, `---` and `...`.
            let start = match self.cursor.next_content()? {
                Some(column) if stream.documents.is_empty() && self.cursor.here() != b'%' => {
                    self.cursor.at -= column;
                    self.cursor.at
                }
                Some(_) => return None,
                None if self.cursor.at_end() => return Some(()),
                None => {
                    if self.cursor.here() == b'.' {
                        if stream.documents.is_empty() {
                            return None;
                        }
                        self.cursor.at += 3;
                        self.cursor.finish_line()?;
                        continue;
                    }
                    self.cursor.at
                }
            };
            self.tree.clear();
            if self.try_document(start).is_some() {
                let empty = Node::new(Value::Null, self.span(start + 3));
                let root = self.tree.root.take().unwrap_or(empty);
                stream.documents.push(root);
            } else {
                let end = self.document_end(start);
                self.by_library(start, end, stream)?;
                self.cursor.start_line(end);
            }
        }
    }

    /// Reads the document that begins with the line at `start`.
    fn try_document(&mut self, start: usize) -> Option<()> {
        if self.cursor.is_marker(start) {
            self.cursor.at = start + 3;
            self.cursor.finish_line()?;
        }
        self.document()
    }

    /// Where the next line with `---` or `...` begins behind the one at `start`, or the text ends.
    fn document_end(&self, start: usize) -> usize {
        let mut at = start;
        loop {
            at = self.cursor.line_feed(at) + 1;
            if at >= self.cursor.bytes.len() {
                return self.cursor.bytes.len();
            }
            if self.cursor.is_marker(at) {
                return at;
            }
        }
    }

    /// Has the library read one document; `None` if it finds an error, or directives.
    fn by_library(&mut self, start: usize, end: usize, stream: &mut Stream) -> Option<()> {
        let text = self.cursor.slice(start, end);
        if text.contains("\n%") {
            return None;
        }
        let repaired = Repaired::new(text);
        let input =
            Input { file: self.file, source: self.source, base: self.base + start, repaired: &repaired };
        let mut events = Events::new(text, self.options.limits.max_depth.min(DEEPEST));
        let mut builder = Builder::resume(&input, self.options, std::mem::take(stream), self.alias_nodes);
        while let Some(next) = events.next() {
            let (event, offset) = next.ok()?;
            builder.take(event, offset).ok()?;
        }
        self.alias_nodes = builder.alias_nodes();
        *stream = builder.finish();
        self.left += 1;
        Some(())
    }

    /// The span of an offset of the text.
    pub(super) fn span(&self, offset: usize) -> Span {
        Span::new(self.file, u32::try_from(offset + self.base).unwrap_or(u32::MAX))
    }

    /// The span of the byte here.
    pub(super) fn here(&self) -> Span {
        self.span(self.cursor.at)
    }

    /// What a plain scalar means.
    pub(super) fn resolve(&mut self, text: &str) -> Value {
        if resolve::surely_text(text) {
            return Value::String(self.texts.value(text));
        }
        resolve::plain(text, self.options.dialect, || self.texts.value(text))
    }

    /// The text of a plain key, and its digest; `None` for what is no key, and for `<<`.
    pub(super) fn key(&mut self, text: &str, at_top: bool) -> Option<(Text, u32)> {
        let dialect = self.options.dialect;
        if resolve::surely_text(text) {
            return (text != "<<").then(|| self.texts.key(text));
        }
        let value = resolve::plain(text, dialect, || Text::from(text));
        let name = builder::key_text(&Node::new(value, Span::NONE), dialect, at_top)?;
        Some(self.texts.key(&name))
    }
}
