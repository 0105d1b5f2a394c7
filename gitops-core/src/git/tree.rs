//! The files of a Git tree, read object by object as they are asked for.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, PoisonError, RwLock};

use gix::ObjectId;
use gix::objs::tree::EntryKind;
use gix::objs::{Kind, TreeRefIter};

use super::{Repository, content_id, unreadable};
use crate::Result;
use crate::files::links::{self, Child, Store, Target};
use crate::files::{Content, ContentId, DEFAULT_MAX_FILE_SIZE, DirEntry, FileKind, Files};

/// A link's text is a path; Linux allows no longer one.
const MAX_LINK: u64 = 4096;
/// Entries of all trees kept, some 100 bytes each; beyond it the cache starts anew.
const MAX_CACHED_ENTRIES: usize = 2_000_000;

/// A decoded tree object, its entries sorted by name.
pub(crate) struct Tree {
    pub(super) id: ObjectId,
    pub(super) entries: Vec<Entry>,
    /// Whether it stands for a submodule, whose files are in another repository.
    submodule: bool,
}

pub(crate) struct Entry {
    /// As stored; may be anything but a slash and a NUL byte.
    pub(super) name: Box<[u8]>,
    pub(super) kind: EntryKind,
    pub(super) id: ObjectId,
}

impl Tree {
    fn entry(&self, name: &[u8]) -> Option<&Entry> {
        let at = self.entries.binary_search_by(|entry| (*entry.name).cmp(name)).ok()?;
        self.entries.get(at)
    }
}

/// Tree objects of a repository that were read already; revisions share most of theirs.
#[derive(Default)]
pub(super) struct Trees(RwLock<Cached>);

#[derive(Default)]
struct Cached {
    trees: HashMap<ObjectId, Arc<Tree>>,
    entries: usize,
}

impl Repository {
    /// The tree object `id`, which stands at `path`.
    pub(super) fn tree(&self, id: ObjectId, path: &str) -> Result<Arc<Tree>> {
        let cache = &self.0.trees.0;
        if let Some(tree) = cache.read().unwrap_or_else(PoisonError::into_inner).trees.get(&id) {
            return Ok(tree.clone());
        }
        let data = if id.is_empty_tree() {
            Vec::new()
        } else {
            self.object(id, Kind::Tree, path, DEFAULT_MAX_FILE_SIZE)?
        };
        let mut entries = Vec::new();
        for entry in TreeRefIter::from_bytes(&data, id.kind()) {
            let entry = entry.map_err(|cause| unreadable(id, path, cause))?;
            let name: &[u8] = entry.filename;
            entries.push(Entry { name: name.into(), kind: entry.mode.kind(), id: entry.oid.to_owned() });
        }
        // Git sorts directories as if their names ended in a slash.
        entries.sort_by(|a, b| a.name.cmp(&b.name));
        let tree = Arc::new(Tree { id, entries, submodule: false });
        let mut cache = cache.write().unwrap_or_else(PoisonError::into_inner);
        if cache.entries > MAX_CACHED_ENTRIES {
            *cache = Cached::default();
        }
        cache.entries += tree.entries.len() + 1;
        cache.trees.insert(id, tree.clone());
        Ok(tree)
    }
}

/// The files of a [`super::Revision`].
///
/// Blobs and trees are read when asked for. Links within the tree are followed; a link that leaves
/// it is an error, as on disk. A submodule is an empty directory: its files are in another
/// repository. The id of a file is its blob's.
#[derive(Clone)]
pub struct TreeFiles {
    repository: Repository,
    root: ObjectId,
    max_file_size: u64,
}

impl TreeFiles {
    pub(super) fn new(repository: Repository, root: ObjectId) -> Self {
        Self { repository, root, max_file_size: DEFAULT_MAX_FILE_SIZE }
    }

    /// The same files with another bound on the size of each, in bytes. Default 64 MiB.
    #[must_use]
    pub fn max_file_size(mut self, bytes: u64) -> Self {
        self.max_file_size = bytes;
        self
    }

    /// What identifies the content of the file or directory at `path`, links followed: equal ids
    /// mean equal content, all the way down (of links within a directory the text, not the target).
    /// A submodule has the id of its commit. `None` where there is nothing.
    ///
    /// # Errors
    /// As [`Files::kind`].
    pub fn object_id(&self, path: &str) -> Result<Option<ContentId>> {
        Ok(match links::follow(self, path)? {
            Some((_, Target::Directory(tree))) => Some(content_id(tree.id)),
            Some((_, Target::File(id))) => Some(content_id(id)),
            Some((_, Target::Other(_))) | None => None,
        })
    }

    /// Whether `path` is a submodule, whose files this repository does not have.
    ///
    /// # Errors
    /// As [`Files::kind`].
    pub fn is_submodule(&self, path: &str) -> Result<bool> {
        Ok(matches!(links::follow(self, path)?, Some((_, Target::Directory(tree))) if tree.submodule))
    }
}

impl fmt::Debug for TreeFiles {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "TreeFiles({})", self.root)
    }
}

impl Store for TreeFiles {
    type Directory = Arc<Tree>;
    type File = ObjectId;

    fn root(&self) -> Result<Arc<Tree>> {
        self.repository.tree(self.root, "")
    }

    fn child(&self, tree: &Arc<Tree>, path: &str, name: &str) -> Result<Option<Child<Arc<Tree>, ObjectId>>> {
        let Some(entry) = tree.entry(name.as_bytes()) else { return Ok(None) };
        Ok(Some(match entry.kind {
            EntryKind::Tree => Child::Directory(self.repository.tree(entry.id, path)?),
            EntryKind::Blob | EntryKind::BlobExecutable => Child::File(entry.id),
            EntryKind::Commit => {
                Child::Directory(Arc::new(Tree { id: entry.id, entries: Vec::new(), submodule: true }))
            }
            EntryKind::Link => {
                let target = self.repository.object(entry.id, Kind::Blob, path, MAX_LINK)?;
                match String::from_utf8(target) {
                    Ok(target) => Child::Link(target),
                    Err(_) => Child::Other("a link to a name that is not UTF-8"),
                }
            }
        }))
    }

    fn absolute(&self, _target: &str) -> Option<String> {
        None
    }
}

impl Files for TreeFiles {
    fn kind(&self, path: &str) -> Result<Option<FileKind>> {
        links::kind(self, path)
    }

    fn read(&self, path: &str) -> Result<Content> {
        let id = links::file(self, path)?;
        let bytes = self.repository.object(id, Kind::Blob, path, self.max_file_size)?;
        Ok(Content { bytes: bytes.into(), id: Some(content_id(id)) })
    }

    fn list(&self, path: &str) -> Result<Vec<DirEntry>> {
        let tree = links::directory(self, path)?;
        let mut entries = Vec::with_capacity(tree.entries.len());
        for entry in &tree.entries {
            let Ok(name) = std::str::from_utf8(&entry.name) else { continue };
            // Git refuses to write such names, but a tree can be made by hand.
            if matches!(name, "" | "." | "..") || name.contains('/') {
                continue;
            }
            let link = entry.kind == EntryKind::Link;
            let kind = match entry.kind {
                EntryKind::Tree | EntryKind::Commit => Some(FileKind::Directory),
                EntryKind::Blob | EntryKind::BlobExecutable => Some(FileKind::File),
                EntryKind::Link => {
                    let below = if path.is_empty() { name.to_owned() } else { format!("{path}/{name}") };
                    self.kind(&below).ok().flatten()
                }
            };
            if let Some(kind) = kind {
                entries.push(DirEntry { name: name.to_owned(), kind, link });
            }
        }
        Ok(entries)
    }

    fn resolve(&self, path: &str) -> Result<String> {
        Ok(links::existing(self, path)?.0)
    }

    /// A revision stands nowhere in a file system, so no absolute path is in it.
    fn from_absolute(&self, _path: &str) -> Option<String> {
        None
    }
}
