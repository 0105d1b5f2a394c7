//! Where text comes from: memory, a folder on disk, a Git revision, or the caller's own store.
//!
//! Paths are relative to the root, separated by `/`, without `.`, `..` or a leading slash; the root
//! itself is the empty path. [`join`] makes them from what people write.

mod disk;
pub(crate) mod links;
mod manifests;
mod memory;

pub use disk::Disk;
pub use manifests::{Lists, Manifests};
pub use memory::Memory;

use std::fmt;
use std::sync::Arc;

use sha2::{Digest, Sha256};

use crate::{Error, ErrorKind, Result};

/// A read-only tree of files. The only way in which the crate reads anything.
pub trait Files: Send + Sync {
    /// What stands at `path`, symbolic links followed; `None` where there is nothing.
    ///
    /// # Errors
    /// [`ErrorKind::File`] with code `outside-root` for a link that leaves the root, `link-loop` for
    /// links that lead to each other, or `io`; [`ErrorKind::Git`] where a Git object cannot be read.
    fn kind(&self, path: &str) -> Result<Option<FileKind>>;

    /// The content of the file at `path`, links followed.
    ///
    /// # Errors
    /// [`ErrorKind::File`] with code `file-not-found`, `not-a-file` (a directory, or something that
    /// is never opened, such as a pipe or a device), `outside-root`, `link-loop` or `io`;
    /// [`ErrorKind::Limit`] with code `too-large`.
    fn read(&self, path: &str) -> Result<Content>;

    /// The entries of the directory at `path`, sorted by name (bytes).
    ///
    /// # Errors
    /// [`ErrorKind::File`] with code `file-not-found`, `not-a-directory`, `outside-root`,
    /// `link-loop` or `io`.
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

    /// The same files for one piece of work, such as a build: what stands where may be looked up once
    /// and remembered, while contents are read anew. `None`, the default, where that saves nothing.
    fn snapshot(&self) -> Option<Box<dyn Files + '_>> {
        None
    }

    /// The path in this tree of an absolute path of the system the files come from, if it lies below
    /// the root. By default the root is `/`.
    #[allow(clippy::wrong_self_convention, reason = "the path is what it comes from")]
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
    /// What it leads to, links followed. Listings leave out what has no kind: links that lead
    /// nowhere, in circles or outside the root, pipes and devices, and names that are not UTF-8.
    pub kind: FileKind,
    /// Whether it is a symbolic link. Who walks a whole tree skips linked directories: they stand
    /// elsewhere in the tree as well, and may lead back up.
    pub link: bool,
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

impl Content {
    /// Bytes, identified by their hash.
    #[must_use]
    pub fn new(bytes: impl Into<Arc<[u8]>>) -> Self {
        let bytes = bytes.into();
        Self { id: Some(ContentId::of(&bytes)), bytes }
    }
}

/// Identifies the bytes of a file or the content of a directory: a Git object id, or a hash.
///
/// Ids of different stores never meet by chance, so one cache may serve all of them. Displays in
/// hexadecimal.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ContentId(pub [u8; 20]);

impl ContentId {
    /// The id of bytes that no store has named: the first 160 bits of their SHA-256.
    #[must_use]
    pub fn of(bytes: &[u8]) -> Self {
        let hash: [u8; 32] = Sha256::digest(bytes).into();
        let mut id = [0; 20];
        for (to, from) in id.iter_mut().zip(hash) {
            *to = from;
        }
        Self(id)
    }
}

impl fmt::Display for ContentId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for ContentId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl serde::Serialize for ContentId {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// Passes all calls on, so that shared and borrowed trees are trees.
macro_rules! files_behind {
    ($($pointer:ty),*) => {$(
        impl<F: Files + ?Sized> Files for $pointer {
            fn kind(&self, path: &str) -> Result<Option<FileKind>> {
                (**self).kind(path)
            }
            fn read(&self, path: &str) -> Result<Content> {
                (**self).read(path)
            }
            fn list(&self, path: &str) -> Result<Vec<DirEntry>> {
                (**self).list(path)
            }
            fn resolve(&self, path: &str) -> Result<String> {
                (**self).resolve(path)
            }
            fn display(&self, path: &str) -> String {
                (**self).display(path)
            }
            fn snapshot(&self) -> Option<Box<dyn Files + '_>> {
                (**self).snapshot()
            }
            fn from_absolute(&self, path: &str) -> Option<String> {
                (**self).from_absolute(path)
            }
        }
    )*};
}
files_behind!(&F, Arc<F>, Box<F>);

/// The default bound on the size of one file: 64 MiB, as [`crate::yaml::Limits`].
pub const DEFAULT_MAX_FILE_SIZE: u64 = 64 << 20;

fn error(code: &'static str, path: &str, what: &str) -> Error {
    Error::new(ErrorKind::File, code, format!("`{}` {what}", shown(path))).in_file(shown(path))
}

pub(crate) fn not_found(path: &str) -> Error {
    error("file-not-found", path, "does not exist")
}

pub(crate) fn not_a_file(path: &str, what: &str) -> Error {
    error("not-a-file", path, &format!("is {what}, not a file"))
}

pub(crate) fn not_a_directory(path: &str) -> Error {
    error("not-a-directory", path, "is not a directory")
}

pub(crate) fn outside_root(path: &str, target: &str) -> Error {
    let what = format!("is a link to `{target}`, which leads outside the root of the files");
    error("outside-root", path, &what)
}

pub(crate) fn too_large(path: &str, size: Option<u64>, limit: u64) -> Error {
    let size = size.map_or(String::new(), |size| format!(" has {size} bytes and"));
    let message = format!("`{}`{size} is above the limit of {limit} bytes for one file", shown(path));
    Error::new(ErrorKind::Limit, "too-large", message).in_file(path)
}

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

/// [`join`] as the system of `files` does it: above the root of a file system is the root itself. Where
/// the root is a folder of one, nothing leads above it.
pub(crate) fn join_in(files: &dyn Files, dir: &str, path: &str) -> Result<String> {
    join(dir, path).or_else(|error| {
        if error.code() != "outside-root" || files.from_absolute("/").as_deref() != Some("") {
            return Err(error);
        }
        let mut parts: Vec<&str> = dir.split('/').filter(|part| !part.is_empty()).collect();
        for part in path.split('/') {
            match part {
                "" | "." => {}
                ".." => drop(parts.pop()),
                part => parts.push(part),
            }
        }
        Ok(parts.join("/"))
    })
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
