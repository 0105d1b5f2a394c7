//! Which paths differ between two revisions, found by comparing tree ids alone.

use std::cmp::Ordering;

use gix::ObjectId;
use gix::objs::tree::EntryKind;

use super::Revision;
use super::tree::{Entry, Tree};
use crate::{Error, ErrorKind, Result};

/// More changed files and directories than this are refused: a tree of a few kilobytes can claim
/// billions.
const MAX_CHANGES: usize = 1_000_000;

/// A file that differs between two revisions.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, serde::Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ChangedPath {
    /// The path; bytes that are not UTF-8 shown as U+FFFD.
    pub path: String,
    /// What happened to it.
    pub kind: ChangeKind,
}

/// What happened to a path.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, serde::Serialize)]
#[serde(rename_all = "camelCase")]
pub enum ChangeKind {
    /// Only the head has it.
    Added,
    /// Only the base has it.
    Removed,
    /// Both have it, with other content or other permissions; for a submodule, another commit.
    Modified,
    /// A file became a link or a submodule, or the reverse.
    TypeChanged,
}

/// The files that differ between two revisions, sorted by path. Links and submodules count as files
/// (a link by its text); a renamed file is one removed and one added. No file is read, and equal
/// directories are not entered.
///
/// # Errors
/// [`ErrorKind::Git`] with code `missing-object` or `unreadable-object`; [`ErrorKind::Limit`] with code
/// `too-many-changes` above a million.
pub fn changed_paths(base: &Revision, head: &Revision) -> Result<Vec<ChangedPath>> {
    let mut walk = Walk { base, head, changes: Vec::new(), ahead: Vec::new(), seen: 0 };
    walk.enter(Vec::new(), Some(base.tree), Some(head.tree))?;
    while let Some((path, old, new)) = walk.ahead.pop() {
        let base = old.map(|id| base.repository.tree(id, &shown(&path))).transpose()?;
        let head = new.map(|id| head.repository.tree(id, &shown(&path))).transpose()?;
        walk.compare(&path, base.as_deref(), head.as_deref())?;
    }
    walk.changes.sort();
    Ok(walk.changes)
}

struct Walk<'a> {
    base: &'a Revision,
    head: &'a Revision,
    changes: Vec<ChangedPath>,
    ahead: Vec<(Vec<u8>, Option<ObjectId>, Option<ObjectId>)>,
    seen: usize,
}

fn shown(path: &[u8]) -> String {
    String::from_utf8_lossy(path).into_owned()
}

fn below(path: &[u8], entry: &Entry) -> Vec<u8> {
    let mut full = path.to_vec();
    if !full.is_empty() {
        full.push(b'/');
    }
    full.extend_from_slice(&entry.name);
    full
}

impl Walk<'_> {
    fn count(&mut self) -> Result<()> {
        self.seen += 1;
        if self.seen > MAX_CHANGES {
            let (base, head) = (self.base.spec(), self.head.spec());
            let message = format!("more than {MAX_CHANGES} paths differ between `{base}` and `{head}`");
            return Err(Error::new(ErrorKind::Limit, "too-many-changes", message));
        }
        Ok(())
    }

    fn enter(&mut self, path: Vec<u8>, base: Option<ObjectId>, head: Option<ObjectId>) -> Result<()> {
        if base != head {
            self.count()?;
            self.ahead.push((path, base, head));
        }
        Ok(())
    }

    fn note(&mut self, path: &[u8], kind: ChangeKind) -> Result<()> {
        self.count()?;
        self.changes.push(ChangedPath { path: shown(path), kind });
        Ok(())
    }

    /// An entry that only one side has, or a directory on one side only.
    fn alone(&mut self, path: &[u8], entry: &Entry, kind: ChangeKind) -> Result<()> {
        let path = below(path, entry);
        match (entry.kind, kind) {
            (EntryKind::Tree, ChangeKind::Added) => self.enter(path, None, Some(entry.id)),
            (EntryKind::Tree, _) => self.enter(path, Some(entry.id), None),
            _ => self.note(&path, kind),
        }
    }

    fn both(&mut self, path: &[u8], old: &Entry, new: &Entry) -> Result<()> {
        let file = |kind| matches!(kind, EntryKind::Blob | EntryKind::BlobExecutable);
        if old.id == new.id && old.kind == new.kind {
            return Ok(());
        }
        match (old.kind, new.kind) {
            (EntryKind::Tree, EntryKind::Tree) => self.enter(below(path, old), Some(old.id), Some(new.id)),
            (EntryKind::Tree, _) | (_, EntryKind::Tree) => {
                self.alone(path, old, ChangeKind::Removed)?;
                self.alone(path, new, ChangeKind::Added)
            }
            (a, b) if a == b || file(a) && file(b) => self.note(&below(path, old), ChangeKind::Modified),
            _ => self.note(&below(path, old), ChangeKind::TypeChanged),
        }
    }

    fn compare(&mut self, path: &[u8], base: Option<&Tree>, head: Option<&Tree>) -> Result<()> {
        let mut old = base.into_iter().flat_map(|tree| &tree.entries).peekable();
        let mut new = head.into_iter().flat_map(|tree| &tree.entries).peekable();
        loop {
            let order = match (old.peek(), new.peek()) {
                (None, None) => return Ok(()),
                (Some(_), None) => Ordering::Less,
                (None, Some(_)) => Ordering::Greater,
                (Some(a), Some(b)) => a.name.cmp(&b.name),
            };
            let old = if order.is_le() { old.next() } else { None };
            let new = if order.is_ge() { new.next() } else { None };
            match (old, new) {
                (Some(old), Some(new)) => self.both(path, old, new)?,
                (Some(old), None) => self.alone(path, old, ChangeKind::Removed)?,
                (None, Some(new)) => self.alone(path, new, ChangeKind::Added)?,
                (None, None) => return Ok(()),
            }
        }
    }
}
