//! Where text stands: a compact span in the node, a path with line and column when asked.

use std::collections::HashMap;
use std::fmt;
use std::num::NonZeroU32;
use std::sync::{Arc, OnceLock, PoisonError, RwLock};

use super::Text;

/// A file of a [`SourceMap`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct FileId(NonZeroU32);

impl FileId {
    /// The id of the file at `index`, counted from 0.
    #[must_use]
    pub fn from_index(index: usize) -> Self {
        let id = u32::try_from(index).unwrap_or(u32::MAX - 1).saturating_add(1);
        Self(NonZeroU32::new(id).unwrap_or(NonZeroU32::MIN))
    }

    /// The position of the file in its [`SourceMap`], from 0.
    #[must_use]
    pub fn index(self) -> usize {
        self.0.get() as usize - 1
    }
}

/// The start of a piece of text: a file and a byte offset in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Span {
    file: Option<FileId>,
    offset: u32,
}

impl Span {
    /// No text: the value was computed.
    pub const NONE: Self = Self { file: None, offset: 0 };

    /// The text at `offset` bytes into `file`.
    #[must_use]
    pub fn new(file: FileId, offset: u32) -> Self {
        Self { file: Some(file), offset }
    }

    /// The file, if there is one.
    #[must_use]
    pub fn file(self) -> Option<FileId> {
        self.file
    }

    /// Bytes from the start of the file.
    #[must_use]
    pub fn offset(self) -> u32 {
        self.offset
    }

    /// This span, or `other` if this one is [`Span::NONE`].
    #[must_use]
    pub fn or(self, other: Self) -> Self {
        if self.file.is_some() { self } else { other }
    }
}

/// A place for people: a path, and a line and column from 1.
///
/// Columns count Unicode code points. Line 0 means the file as a whole.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, serde::Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Location {
    /// The path relative to the root of the files, with `/` between its parts.
    pub path: String,
    /// The line, from 1; 0 for the file as a whole.
    pub line: u32,
    /// The column in code points, from 1; 0 for the file as a whole.
    pub column: u32,
}

impl Location {
    /// A file as a whole.
    #[must_use]
    pub fn file(path: impl Into<String>) -> Self {
        Self { path: path.into(), line: 0, column: 0 }
    }

    /// A line and column of a file.
    #[must_use]
    pub fn new(path: impl Into<String>, line: u32, column: u32) -> Self {
        Self { path: path.into(), line, column }
    }
}

impl fmt::Display for Location {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.path)?;
        if self.line > 0 {
            write!(f, ":{}:{}", self.line, self.column)?;
        }
        Ok(())
    }
}

/// A text that nodes point into.
#[derive(Debug)]
pub struct SourceFile {
    path: String,
    text: Text,
    /// Byte offsets of line starts, found when the first location is asked for.
    lines: OnceLock<Vec<u32>>,
    /// Code points before each block of [`BLOCK`] bytes, for lines so long that to count again each time
    /// would take too long; JSON is often one line.
    blocks: OnceLock<Vec<u32>>,
    /// Set when the text stands inside other files.
    within: Option<Within>,
}

/// Bytes of a block of [`SourceFile::blocks`].
const BLOCK: usize = 4096;

/// How a text that is no file of its own maps to those it comes from.
#[derive(Debug)]
enum Within {
    /// A scalar of one file, such as an inline patch.
    Embedded(Embedded),
    /// A value put together from several texts, such as a base's image with an overlay's tag.
    Joined(Joined),
}

#[derive(Debug)]
struct Joined {
    /// The place of the whole: the text that changed the value last.
    whole: Option<Location>,
    /// Where each piece comes from, by the offset it starts at.
    pieces: Vec<(u32, Location)>,
}

/// Where the lines of an embedded text stand in the file around it.
#[derive(Debug)]
struct Embedded {
    outer: Arc<SourceFile>,
    /// The offset in the outer file of each line's first character.
    starts: Vec<u32>,
}

impl SourceFile {
    /// A text and the path it is known by.
    #[must_use]
    pub fn new(path: impl Into<String>, text: impl Into<Text>) -> Self {
        Self {
            path: path.into(),
            text: text.into(),
            lines: OnceLock::new(),
            blocks: OnceLock::new(),
            within: None,
        }
    }

    /// The path it is known by.
    #[must_use]
    pub fn path(&self) -> &str {
        &self.path
    }

    /// The whole text.
    #[must_use]
    pub fn text(&self) -> &Text {
        &self.text
    }

    /// The line and column of a byte offset; for an embedded text, in the file around it.
    #[must_use]
    pub fn locate(&self, offset: u32) -> Location {
        let (line, start) = self.line_of(offset);
        if let Some(Within::Joined(joined)) = &self.within {
            // Offset 0 is the whole; a part is named by one more than where it starts.
            let piece = offset.checked_sub(1).and_then(|offset| {
                let at = joined.pieces.partition_point(|(start, _)| *start <= offset);
                joined.pieces.get(at.saturating_sub(1)).map(|(_, place)| place)
            });
            return piece.or(joined.whole.as_ref()).cloned().unwrap_or_else(|| Location::file(""));
        }
        if let Some(Within::Embedded(embedded)) = &self.within {
            let outer = embedded.starts.get(line.saturating_sub(1)).or(embedded.starts.last());
            let column = if embedded.starts.len() >= line { offset - start.min(offset) } else { 0 };
            return embedded.outer.locate(outer.copied().unwrap_or(0).saturating_add(column));
        }
        let before = self.text.get(start as usize..offset as usize).unwrap_or("");
        let shown = before.trim_start_matches('\u{feff}');
        let column = if shown.len() > 2 * BLOCK {
            self.code_points(offset as usize) - self.code_points(offset as usize - shown.len()) + 1
        } else {
            shown.chars().count() + 1
        };
        Location::new(self.path.clone(), line as u32, column as u32)
    }

    /// How many code points stand before a byte offset.
    fn code_points(&self, offset: usize) -> usize {
        let count = |bytes: &[u8]| bytes.iter().filter(|byte| (**byte & 0xC0) != 0x80).count();
        let blocks = self.blocks.get_or_init(|| {
            let counts = self.text.as_bytes().chunks(BLOCK).scan(0, |sum, block| {
                let before = *sum;
                *sum += count(block) as u32;
                Some(before)
            });
            counts.collect()
        });
        let block = offset / BLOCK;
        let before = blocks.get(block).or(blocks.last()).copied().unwrap_or(0) as usize;
        let start = block.min(blocks.len().saturating_sub(1)) * BLOCK;
        before + count(self.text.as_bytes().get(start..offset).unwrap_or_default())
    }

    /// The line, from 1, that holds a byte offset, and where that line starts.
    fn line_of(&self, offset: u32) -> (usize, u32) {
        let lines = self.lines.get_or_init(|| {
            let ends = self.text.bytes().enumerate().filter(|(_, byte)| *byte == b'\n');
            std::iter::once(0).chain(ends.map(|(at, _)| at as u32 + 1)).collect()
        });
        let line = lines.partition_point(|start| *start <= offset);
        (line, line.checked_sub(1).and_then(|at| lines.get(at)).copied().unwrap_or(0))
    }

    /// The text of a line, from 1, without its end.
    #[must_use]
    pub fn line(&self, line: u32) -> Option<&str> {
        self.text.lines().nth((line as usize).checked_sub(1)?)
    }
}

/// The texts that a set of nodes points into. Clones share one table.
#[derive(Clone, Debug, Default)]
pub struct SourceMap(Arc<RwLock<Table>>);

#[derive(Debug, Default)]
struct Table {
    files: Vec<Arc<SourceFile>>,
    /// Embedded and joined texts by where they come from, so that building the same thing again and
    /// again with one table does not make it grow.
    embedded: HashMap<(Span, Text), FileId>,
    joined: HashMap<(Span, Vec<(u32, Span)>), FileId>,
}

impl Table {
    fn push(&mut self, file: SourceFile) -> FileId {
        self.files.push(Arc::new(file));
        FileId::from_index(self.files.len() - 1)
    }
}

impl SourceMap {
    /// An empty table.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a text and gives the id for spans into it.
    pub fn add(&self, path: impl Into<String>, text: impl Into<Text>) -> FileId {
        self.0.write().unwrap_or_else(PoisonError::into_inner).push(SourceFile::new(path, text))
    }

    /// Adds a text that a scalar of another file holds (an inline patch), so that spans into it
    /// locate in that file. `span` is where the scalar stands, `text` its value, which may have been
    /// changed since it was read. The same span and text give the same file.
    pub fn add_embedded(&self, span: Span, text: impl Into<Text>) -> FileId {
        let outer = span.file().and_then(|file| self.file(file));
        let key = (span, text.into());
        let mut table = self.0.write().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = table.embedded.get(&key).filter(|_| outer.is_some()) {
            return *known;
        }
        let text = key.1.clone();
        let path = outer.as_ref().map(|outer| outer.path.clone()).unwrap_or_default();
        let within = outer.map(|outer| {
            let starts = embedded_lines(&outer.text, span.offset() as usize, &text);
            Within::Embedded(Embedded { outer, starts })
        });
        let id =
            table.push(SourceFile { path, text, lines: OnceLock::new(), blocks: OnceLock::new(), within });
        table.embedded.insert(key, id);
        id
    }

    /// A span for a value put together from several texts: `whole` is the text that changed it last,
    /// each piece starts at a byte offset of `text`. [`SourceMap::locate`] gives the place of `whole`,
    /// [`SourceMap::part`] the span of a piece.
    pub fn join(&self, text: impl Into<Text>, whole: Span, pieces: Vec<(u32, Span)>) -> Span {
        let key = (whole, pieces);
        if let Some(known) = self.0.read().unwrap_or_else(PoisonError::into_inner).joined.get(&key) {
            return Span::new(*known, 0);
        }
        let places = key.1.iter().filter_map(|(start, span)| Some((*start, self.locate(*span)?)));
        let joined = Joined { whole: self.locate(whole), pieces: places.collect() };
        let path = joined.whole.as_ref().map(|place| place.path.clone()).unwrap_or_default();
        let within = Some(Within::Joined(joined));
        let mut table = self.0.write().unwrap_or_else(PoisonError::into_inner);
        let id = table.push(SourceFile {
            path,
            text: text.into(),
            lines: OnceLock::new(),
            blocks: OnceLock::new(),
            within,
        });
        table.joined.insert(key, id);
        Span::new(id, 0)
    }

    /// A span for a text that stands in quotes where the text at `span` does not, or the other way round:
    /// a tool that keeps the quotes of an old value when it writes a new one makes such. It has the
    /// place of `span`.
    #[must_use]
    pub fn requoted(&self, span: Span, quoted: bool) -> Span {
        if quoted { self.join("\"", span, vec![(0, span)]) } else { self.join("", span, Vec::new()) }
    }

    /// Whether the value at `span` was put together by [`SourceMap::join`] or [`SourceMap::requoted`], so
    /// that no text shows how it is written.
    #[must_use]
    pub fn is_joined(&self, span: Span) -> bool {
        let file = span.file().and_then(|file| self.file(file));
        file.is_some_and(|file| matches!(file.within, Some(Within::Joined(_))))
    }

    /// The span of the text that set the part of a value that starts `offset` bytes into it; for a
    /// value of one text, the span itself.
    #[must_use]
    pub fn part(&self, span: Span, offset: usize) -> Span {
        let Some(file) = span.file() else { return span };
        let joined = self.file(file).is_some_and(|file| matches!(file.within, Some(Within::Joined(_))));
        match u32::try_from(offset).ok().and_then(|offset| offset.checked_add(1)) {
            Some(offset) if joined => Span::new(file, offset),
            _ => span,
        }
    }

    /// The file of an id.
    #[must_use]
    pub fn file(&self, id: FileId) -> Option<Arc<SourceFile>> {
        self.0.read().unwrap_or_else(PoisonError::into_inner).files.get(id.index()).cloned()
    }

    /// The text of the file that is known by `path`; texts within others have no path of their own.
    #[cfg_attr(not(feature = "policy"), allow(dead_code))]
    pub(crate) fn text_of(&self, path: &str) -> Option<Text> {
        let table = self.0.read().unwrap_or_else(PoisonError::into_inner);
        let file = table.files.iter().find(|file| file.within.is_none() && file.path == path)?;
        Some(file.text.clone())
    }

    /// The place of a span, or `None` where no text stands behind it.
    #[must_use]
    pub fn locate(&self, span: Span) -> Option<Location> {
        Some(self.file(span.file()?)?.locate(span.offset()))
    }
}

/// Where each line of `inner` starts in `outer`, given that the scalar which holds it starts at
/// `offset`. A literal block keeps its lines, so all of them are found; of a quoted or folded scalar
/// only the first is, and the rest count as standing there.
fn embedded_lines(outer: &str, offset: usize, inner: &str) -> Vec<u32> {
    let scalar = outer.get(offset..).unwrap_or("");
    if !scalar.starts_with('|') {
        let quote = usize::from(scalar.starts_with(['"', '\'']));
        let hidden = usize::from(scalar.starts_with('>'));
        let header = if hidden == 1 { scalar.find('\n').map_or(0, |end| end + 1) } else { quote };
        return vec![(offset + header) as u32];
    }
    let mut at = offset + scalar.find('\n').map_or(scalar.len(), |end| end + 1);
    let mut starts = Vec::new();
    let mut inner_lines = inner.split('\n');
    for line in outer.get(at..).unwrap_or("").split_inclusive('\n') {
        let Some(wanted) = inner_lines.next() else { break };
        let content = line.trim_end_matches(['\n', '\r']);
        let indent = content.len().saturating_sub(wanted.len());
        starts.push((at + indent) as u32);
        at += line.len();
    }
    if starts.is_empty() {
        starts.push(offset as u32);
    }
    starts
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn joined_values_know_the_text_of_each_part() {
        let sources = SourceMap::new();
        let base = Span::new(sources.add("base.yaml", "image: web:1"), 7);
        let tag = Span::new(sources.add("prod.yaml", "newTag: \"2\""), 8);
        let joined = sources.join("web:2", tag, vec![(0, base), (4, tag)]);
        assert_eq!(sources.locate(joined).unwrap().to_string(), "prod.yaml:1:9");
        let part = |span, offset| sources.locate(sources.part(span, offset)).unwrap().to_string();
        assert_eq!(part(joined, 0), "base.yaml:1:8");
        assert_eq!(part(joined, 4), "prod.yaml:1:9");
        assert_eq!(part(base, 4), "base.yaml:1:8");
        let again = sources.join("web:2", tag, vec![(0, base), (4, tag)]);
        assert_eq!(joined, again, "the same pieces give the same span");
    }

    #[test]
    fn embedded_texts_locate_in_the_file_around_them() {
        let sources = SourceMap::new();
        let outer = "patches:\n- patch: |-\n    - op: add\n      path: /a\n- patch: \"x: y\"\n";
        let file = sources.add("k.yaml", outer);
        let literal = sources.add_embedded(Span::new(file, 18), "- op: add\n  path: /a");
        let at = |file, offset| sources.locate(Span::new(file, offset)).unwrap().to_string();
        assert_eq!(at(literal, 2), "k.yaml:3:7");
        assert_eq!(at(literal, 12), "k.yaml:4:7");
        let quoted = sources.add_embedded(Span::new(file, 60), "x: y");
        assert_eq!(at(quoted, 3), "k.yaml:5:14");
        // A text that was changed on the way is another one.
        let changed = sources.add_embedded(Span::new(file, 60), "x: z");
        assert_eq!(sources.file(changed).unwrap().text().as_str(), "x: z");
        assert_eq!(sources.add_embedded(Span::new(file, 60), "x: y"), quoted);
    }

    #[test]
    fn columns_of_long_lines_are_counted_once() {
        let line = "aä€".repeat(10_000);
        let text = format!("\u{feff}{line}\n{line}");
        let file = SourceFile::new("a.json", text.as_str());
        for (offset, _) in text.char_indices().step_by(997) {
            let start = text[..offset].rfind('\n').map_or(0, |at| at + 1);
            let column = text[start..offset].trim_start_matches('\u{feff}').chars().count() + 1;
            assert_eq!(file.locate(offset as u32).column, column as u32, "offset {offset}");
        }
        let end = file.locate(text.len() as u32);
        assert_eq!((end.line, end.column), (2, 30_001));
    }

    #[test]
    fn offsets_become_lines_and_columns() {
        let sources = SourceMap::new();
        let file = sources.add("a.yaml", "a: ä\nbä: c\n\nd");
        for (offset, line, column) in [(0, 1, 1), (3, 1, 4), (6, 2, 1), (9, 2, 3), (13, 3, 1), (14, 4, 1)] {
            let at = sources.locate(Span::new(file, offset)).unwrap();
            assert_eq!((at.line, at.column), (line, column), "offset {offset}");
        }
        assert_eq!(sources.locate(Span::NONE), None);
    }
}
