//! Parsed files that many builds share.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::files::ContentId;
use crate::node::{FileId, Node, SourceMap, Span, Text};
use crate::yaml::{Dialect, Limits};

/// Parsed files, keyed by path, content, dialect and limits, so that a base that three overlays use, or
/// two revisions share, is parsed once. Clones share one cache; it lives as long as its last clone, and
/// keeps all that was read with it until then.
///
/// Many threads may use it at once. What a build gives does not depend on what the cache holds.
#[derive(Clone, Debug, Default)]
pub struct Cache {
    sources: SourceMap,
    tables: Arc<Mutex<Tables>>,
}

/// The documents of a file, and what was noticed on reading them.
#[derive(Clone, Debug)]
pub(crate) struct Parsed {
    pub(crate) documents: Arc<[Node]>,
    /// Keys that stand twice in one mapping, and the place of the later one.
    pub(crate) duplicate_keys: Arc<[(Text, Span)]>,
    /// Which of them counts.
    pub(crate) first_key_wins: bool,
}

/// A way to read a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Reading {
    pub(crate) dialect: Dialect,
    pub(crate) limits: Limits,
}

#[derive(Debug, Default)]
struct Tables {
    /// By content, then by path: the content tells nearly all files apart.
    files: HashMap<ContentId, Vec<KnownFile>>,
}

#[derive(Debug)]
struct KnownFile {
    path: String,
    file: FileId,
    parsed: Vec<(Reading, Parsed)>,
}

impl Tables {
    fn file(&self, path: &str, id: ContentId) -> Option<&KnownFile> {
        self.files.get(&id)?.iter().find(|known| known.path == path)
    }
}

impl Cache {
    /// An empty cache.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// The texts that the spans of its nodes point into.
    #[must_use]
    pub fn sources(&self) -> &SourceMap {
        &self.sources
    }

    fn tables(&self) -> MutexGuard<'_, Tables> {
        self.tables.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn file(&self, path: &str, id: ContentId) -> Option<FileId> {
        Some(self.tables().file(path, id)?.file)
    }

    pub(crate) fn add_file(&self, path: &str, id: ContentId, shown: &str, text: &str) -> FileId {
        let mut tables = self.tables();
        // Another thread may have been faster.
        if let Some(known) = tables.file(path, id) {
            return known.file;
        }
        let file = self.sources.add(shown, text);
        let known = KnownFile { path: path.to_owned(), file, parsed: Vec::new() };
        tables.files.entry(id).or_default().push(known);
        file
    }

    pub(crate) fn get(&self, path: &str, id: ContentId, reading: Reading) -> Option<Parsed> {
        let tables = self.tables();
        let mut known = tables.file(path, id)?.parsed.iter();
        known.find(|(other, _)| *other == reading).map(|(_, parsed)| parsed.clone())
    }

    /// Keeps what a file known to [`Cache::add_file`] holds. The first result stays, so that all
    /// builds share one.
    pub(crate) fn put(&self, path: &str, id: ContentId, reading: Reading, parsed: Parsed) -> Parsed {
        let mut tables = self.tables();
        let Some(known) =
            tables.files.get_mut(&id).and_then(|known| known.iter_mut().find(|known| known.path == path))
        else {
            return parsed;
        };
        if let Some((_, first)) = known.parsed.iter().find(|(other, _)| *other == reading) {
            return first.clone();
        }
        known.parsed.push((reading, parsed.clone()));
        parsed
    }
}
