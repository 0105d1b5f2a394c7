//! Files held in memory: what a caller fetched itself, or a test wrote down.

use std::collections::BTreeMap;

use super::{Content, DirEntry, FileKind, Files, join, not_a_directory, not_a_file, not_found};
use crate::Result;

/// A tree of files in memory; without links.
///
/// With a path that starts with `/` its root is that of a file system: absolute paths lead into it, and
/// `..` above it leads to itself, as on any system. Without one it is a folder of unknown place, and
/// `..` above it is an error.
///
/// ```
/// use gitops_core::files::{Files, Memory};
/// let files = Memory::new().with("base/a.yaml", "a: 1").with("base/b.yaml", "b: 2");
/// assert_eq!(files.list("base")?.len(), 2);
/// # Ok::<(), gitops_core::Error>(())
/// ```
#[derive(Clone, Debug, Default)]
pub struct Memory {
    files: BTreeMap<String, Content>,
    /// Every directory but the root, with the names in it.
    directories: BTreeMap<String, BTreeMap<String, FileKind>>,
    /// Whether the root is that of a file system.
    absolute: bool,
}

impl Memory {
    /// An empty tree.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// The same tree with a file. See [`Memory::insert`].
    #[must_use]
    pub fn with(mut self, path: &str, bytes: impl Into<Vec<u8>>) -> Self {
        self.insert(path, bytes);
        self
    }

    /// Sets the content of the file at `path`, and makes the directories it is in. Empty and `.`
    /// parts of the path are dropped. A file or directory that stands in the way is replaced.
    pub fn insert(&mut self, path: &str, bytes: impl Into<Vec<u8>>) {
        self.absolute |= path.starts_with('/');
        let path = clean(path);
        if path.is_empty() {
            return;
        }
        if self.directories.contains_key(&path) {
            self.remove(&path);
        }
        self.enter(&path, FileKind::File);
        self.files.insert(path, Content::new(bytes.into()));
    }

    /// Makes a directory, and those it is in.
    pub fn add_dir(&mut self, path: &str) {
        self.absolute |= path.starts_with('/');
        let path = clean(path);
        if path.is_empty() || self.directories.contains_key(&path) {
            return;
        }
        self.files.remove(&path);
        self.enter(&path, FileKind::Directory);
        self.directories.insert(path, BTreeMap::new());
    }

    /// Removes the file or the whole directory at `path`, if there is one.
    pub fn remove(&mut self, path: &str) {
        let path = clean(path);
        let below = format!("{path}/");
        self.files.retain(|file, _| *file != path && !file.starts_with(&below));
        self.directories.retain(|dir, _| *dir != path && !dir.starts_with(&below));
        if let Some((dir, name)) = split(&path)
            && let Some(names) = self.directories.get_mut(dir)
        {
            names.remove(name);
        }
    }

    /// Notes `path` in its directory.
    fn enter(&mut self, path: &str, kind: FileKind) {
        let Some((dir, name)) = split(path) else { return };
        self.add_dir(dir);
        self.directories.entry(dir.to_owned()).or_default().insert(name.to_owned(), kind);
    }
}

/// The directory and the name of a path that is not the root.
fn split(path: &str) -> Option<(&str, &str)> {
    match path.rsplit_once('/') {
        Some(parts) => Some(parts),
        None if path.is_empty() => None,
        None => Some(("", path)),
    }
}

fn clean(path: &str) -> String {
    let parts: Vec<&str> = path.split('/').filter(|part| !matches!(*part, "" | ".")).collect();
    parts.join("/")
}

impl<P: AsRef<str>, B: Into<Vec<u8>>> FromIterator<(P, B)> for Memory {
    fn from_iter<I: IntoIterator<Item = (P, B)>>(files: I) -> Self {
        let mut memory = Self::new();
        for (path, bytes) in files {
            memory.insert(path.as_ref(), bytes);
        }
        memory
    }
}

impl Files for Memory {
    fn kind(&self, path: &str) -> Result<Option<FileKind>> {
        Ok(if self.files.contains_key(path) {
            Some(FileKind::File)
        } else {
            (path.is_empty() || self.directories.contains_key(path)).then_some(FileKind::Directory)
        })
    }

    fn read(&self, path: &str) -> Result<Content> {
        match self.files.get(path) {
            Some(content) => Ok(content.clone()),
            None if self.kind(path)?.is_some() => Err(not_a_file(path, "a directory")),
            None => Err(not_found(path)),
        }
    }

    fn list(&self, path: &str) -> Result<Vec<DirEntry>> {
        match self.directories.get(path) {
            Some(names) => Ok(names
                .iter()
                .map(|(name, kind)| DirEntry { name: name.clone(), kind: *kind, link: false })
                .collect()),
            None if path.is_empty() => Ok(Vec::new()),
            None if self.files.contains_key(path) => Err(not_a_directory(path)),
            None => Err(not_found(path)),
        }
    }

    fn resolve(&self, path: &str) -> Result<String> {
        self.kind(path)?.map(|_| path.to_owned()).ok_or_else(|| not_found(path))
    }

    fn from_absolute(&self, path: &str) -> Option<String> {
        self.absolute.then(|| join("", path.strip_prefix('/')?).ok()).flatten()
    }
}

#[cfg(test)]
mod tests {
    use super::super::join_in;
    use super::*;

    fn names(files: &Memory, path: &str) -> String {
        let entries = files.list(path).unwrap().into_iter();
        entries.map(|entry| entry.name).collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn files_make_their_directories() {
        let mut files = Memory::new().with("a/b/c.yaml", "x").with("./a//d", "y").with("a-b", "x");
        files.add_dir("e/f");
        assert_eq!((names(&files, ""), names(&files, "a")), ("a a-b e".into(), "b d".into()));
        assert_eq!((names(&files, "e"), names(&files, "e/f")), ("f".into(), String::new()));
        assert_eq!(files.kind("a/b").unwrap(), Some(FileKind::Directory));
        assert_eq!(files.kind("a/x").unwrap(), None);
        assert_eq!(&*files.read("a/d").unwrap().bytes, b"y");
        assert_eq!(files.read("a").unwrap_err().code(), "not-a-file");
        assert_eq!(files.read("x").unwrap_err().code(), "file-not-found");
        assert_eq!(files.list("a/d").unwrap_err().code(), "not-a-directory");
        assert_eq!(files.list("x").unwrap_err().code(), "file-not-found");
        assert_eq!(files.read("a/b/c.yaml").unwrap().id, files.read("a-b").unwrap().id);
        assert_ne!(files.read("a/d").unwrap().id, files.read("a-b").unwrap().id);
    }

    #[test]
    fn a_file_replaces_a_directory_and_the_reverse() {
        let mut files = Memory::new().with("a/b", "x").with("a", "y");
        assert_eq!((names(&files, ""), files.kind("a/b").unwrap()), ("a".into(), None));
        files.insert("a/c", "z");
        assert_eq!((names(&files, "a"), files.kind("a").unwrap()), ("c".into(), Some(FileKind::Directory)));
        files.remove("a");
        assert_eq!(names(&files, ""), "");
    }

    #[test]
    fn a_tree_with_absolute_paths_has_the_root_of_a_system() {
        let mut files = Memory::new().with("a/b", "x");
        assert_eq!((files.from_absolute("/a"), files.from_absolute("/")), (None, None));
        assert_eq!(join_in(&files, "a", "../../c").unwrap_err().code(), "outside-root");
        files.insert("/c", "y");
        assert_eq!(files.from_absolute("/a").as_deref(), Some("a"));
        for (dir, path) in [("", "../c"), ("a", "../../../c"), ("a/b", "../../c"), ("", "c")] {
            assert_eq!(join_in(&files, dir, path).unwrap(), "c");
        }
    }

    #[test]
    fn an_id_is_a_hash_prefix_in_hexadecimal() {
        let id = Content::new(b"abc".as_slice()).id.unwrap();
        assert_eq!(id.to_string(), "ba7816bf8f01cfea414140de5dae2223b00361a3");
    }
}
