//! Where text comes from: memory, a folder on disk, a Git revision, or the caller's own store.
//!
//! Paths are relative to the root, separated by `/`, without `.`, `..` or a leading slash; the root
//! itself is the empty path. [`join`] makes them from what people write.

use std::sync::Arc;

use crate::{Error, ErrorKind, Result};

/// A read-only tree of files. The only way in which the crate reads anything.
pub trait Files: Send + Sync {
    /// What stands at `path`, symbolic links followed; `None` where there is nothing.
    ///
    /// # Errors
    /// [`ErrorKind::File`] with code `outside-root` for a link that leaves the root, or `io`.
    fn kind(&self, path: &str) -> Result<Option<FileKind>>;

    /// The content of the file at `path`, links followed.
    ///
    /// # Errors
    /// [`ErrorKind::File`] with code `file-not-found`, `not-a-file`, `outside-root` or `io`.
    fn read(&self, path: &str) -> Result<Content>;

    /// The entries of the directory at `path`, sorted by name (bytes).
    ///
    /// # Errors
    /// [`ErrorKind::File`] with code `file-not-found`, `not-a-directory`, `outside-root` or `io`.
    fn list(&self, path: &str) -> Result<Vec<DirEntry>>;

    /// `path` with every symbolic link resolved; `path` itself where there is none.
    ///
    /// # Errors
    /// As [`Files::kind`], and `file-not-found`.
    fn resolve(&self, path: &str) -> Result<String>;

    /// What a person calls `path`, for messages; by default the path itself.
    fn display(&self, path: &str) -> String {
        path.to_owned()
    }

    /// The path in this tree of an absolute path of the system the files come from, if it lies below
    /// the root. By default the root is `/`.
    fn from_absolute(&self, path: &str) -> Option<String> {
        join("", path.strip_prefix('/')?).ok()
    }
}

/// What a path leads to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum FileKind {
    /// A file.
    File,
    /// A directory.
    Directory,
}

/// An entry of a directory.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DirEntry {
    /// The name within the directory.
    pub name: String,
    /// What it leads to, links followed; a link that leads nowhere is left out of listings.
    pub kind: FileKind,
}

/// The bytes of a file and what identifies them.
#[derive(Clone, Debug)]
pub struct Content {
    /// The bytes.
    pub bytes: Arc<[u8]>,
    /// A name for exactly these bytes, such as a Git blob id; equal ids mean equal bytes. `None`
    /// where finding one would cost more than comparing.
    pub id: Option<ContentId>,
}

/// Identifies the bytes of a file: a Git object id, or a hash.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ContentId(pub [u8; 20]);

/// Resolves `path` as written in a file of the directory `dir`: `.`, `..` and doubled slashes go.
///
/// # Errors
/// [`ErrorKind::File`] with code `outside-root` when it climbs above the root, `absolute-path` when
/// it starts with a slash.
pub fn join(dir: &str, path: &str) -> Result<String> {
    if path.starts_with('/') {
        return Err(Error::new(
            ErrorKind::File,
            "absolute-path",
            format!("`{path}` is absolute; write it relative to the directory it is used in"),
        ));
    }
    let mut parts: Vec<&str> = dir.split('/').filter(|part| !part.is_empty()).collect();
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." => {
                if parts.pop().is_none() {
                    return Err(Error::new(
                        ErrorKind::File,
                        "outside-root",
                        format!("`{path}` in `{}` leads outside the root of the files", shown(dir)),
                    ));
                }
            }
            part => parts.push(part),
        }
    }
    Ok(parts.join("/"))
}

fn shown(dir: &str) -> &str {
    if dir.is_empty() { "." } else { dir }
}

/// The directory that `path` is in; the root's is the root.
#[must_use]
pub fn parent(path: &str) -> &str {
    path.rsplit_once('/').map_or("", |(dir, _)| dir)
}

/// Whether `path` is `dir` or below it.
#[must_use]
pub fn is_within(path: &str, dir: &str) -> bool {
    dir.is_empty() || path.strip_prefix(dir).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_join_and_stay_inside() {
        for (dir, path, want) in [
            ("a/b", "../c.yaml", Ok("a/c.yaml")),
            ("", "./x//y/", Ok("x/y")),
            ("a", "..", Ok("")),
            ("a", "../..", Err("outside-root")),
            ("a", "/x", Err("absolute-path")),
        ] {
            assert_eq!(join(dir, path).as_deref().map_err(Error::code), want);
        }
        assert!(is_within("a/b", "a") && is_within("a", "a") && !is_within("ab", "a"));
        assert_eq!((parent("a/b"), parent("a")), ("a", ""));
    }
}
