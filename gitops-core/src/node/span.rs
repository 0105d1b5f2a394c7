//! Where text stands: a compact span in the node, a path with line and column when asked.

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
}

impl SourceFile {
    /// A text and the path it is known by.
    #[must_use]
    pub fn new(path: impl Into<String>, text: impl Into<Text>) -> Self {
        Self { path: path.into(), text: text.into(), lines: OnceLock::new() }
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

    /// The line and column of a byte offset.
    #[must_use]
    pub fn locate(&self, offset: u32) -> Location {
        let lines = self.lines.get_or_init(|| {
            let ends = self.text.bytes().enumerate().filter(|(_, byte)| *byte == b'\n');
            std::iter::once(0).chain(ends.map(|(at, _)| at as u32 + 1)).collect()
        });
        let line = lines.partition_point(|start| *start <= offset);
        let start = line.checked_sub(1).and_then(|at| lines.get(at)).copied().unwrap_or(0) as usize;
        let before = self.text.get(start..offset as usize).unwrap_or("");
        let column = before.trim_start_matches('\u{feff}').chars().count() + 1;
        Location::new(self.path.clone(), line as u32, column as u32)
    }

    /// The text of a line, from 1, without its end.
    #[must_use]
    pub fn line(&self, line: u32) -> Option<&str> {
        self.text.lines().nth((line as usize).checked_sub(1)?)
    }
}

/// The texts that a set of nodes points into. Clones share one table.
#[derive(Clone, Debug, Default)]
pub struct SourceMap(Arc<RwLock<Vec<Arc<SourceFile>>>>);

impl SourceMap {
    /// An empty table.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a text and gives the id for spans into it.
    pub fn add(&self, path: impl Into<String>, text: impl Into<Text>) -> FileId {
        let mut files = self.0.write().unwrap_or_else(PoisonError::into_inner);
        files.push(Arc::new(SourceFile::new(path, text)));
        FileId::from_index(files.len() - 1)
    }

    /// The file of an id.
    #[must_use]
    pub fn file(&self, id: FileId) -> Option<Arc<SourceFile>> {
        self.0.read().unwrap_or_else(PoisonError::into_inner).get(id.index()).cloned()
    }

    /// The place of a span, or `None` where no text stands behind it.
    #[must_use]
    pub fn locate(&self, span: Span) -> Option<Location> {
        Some(self.file(span.file()?)?.locate(span.offset()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

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
