//! Parsed files that many builds share.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::files::ContentId;
use crate::node::{FileId, Node, SourceMap};
use crate::yaml::Dialect;

/// Parsed files, keyed by path, content and dialect, so that a base that three overlays use, or two
/// revisions share, is parsed once. Clones share one cache; it lives as long as its last clone.
#[derive(Clone, Debug, Default)]
pub struct Cache {
    sources: SourceMap,
    tables: Arc<Mutex<Tables>>,
}

#[derive(Debug, Default)]
struct Tables {
    files: HashMap<(String, ContentId), FileId>,
    parsed: HashMap<(String, ContentId, Dialect), Arc<[Node]>>,
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
        self.tables().files.get(&(path.to_owned(), id)).copied()
    }

    pub(crate) fn add_file(&self, path: &str, id: ContentId, shown: &str, text: &str) -> FileId {
        let file = self.sources.add(shown, text);
        *self.tables().files.entry((path.to_owned(), id)).or_insert(file)
    }

    pub(crate) fn get(&self, path: &str, id: ContentId, dialect: Dialect) -> Option<Arc<[Node]>> {
        self.tables().parsed.get(&(path.to_owned(), id, dialect)).cloned()
    }

    pub(crate) fn put(&self, path: &str, id: ContentId, dialect: Dialect, documents: Arc<[Node]>) {
        self.tables().parsed.insert((path.to_owned(), id, dialect), documents);
    }
}
