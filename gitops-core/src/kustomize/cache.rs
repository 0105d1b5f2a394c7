//! Parsed files that many builds share.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use crate::files::ContentId;
use crate::node::{Node, SourceMap};
use crate::yaml::Dialect;

/// Parsed files, keyed by path, content and dialect, so that a base that three overlays use, or two
/// revisions share, is parsed once. Clones share one cache; it lives as long as its last clone.
#[derive(Clone, Debug, Default)]
pub struct Cache {
    sources: SourceMap,
    parsed: Arc<Mutex<HashMap<Key, Arc<[Node]>>>>,
}

type Key = (String, ContentId, Dialect);

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

    pub(crate) fn get(&self, path: &str, id: ContentId, dialect: Dialect) -> Option<Arc<[Node]>> {
        let parsed = self.parsed.lock().unwrap_or_else(PoisonError::into_inner);
        parsed.get(&(path.to_owned(), id, dialect)).cloned()
    }

    pub(crate) fn put(&self, path: &str, id: ContentId, dialect: Dialect, documents: Arc<[Node]>) {
        let mut parsed = self.parsed.lock().unwrap_or_else(PoisonError::into_inner);
        parsed.insert((path.to_owned(), id, dialect), documents);
    }
}
