//! A folder on disk as a tree of files; nothing outside it is ever opened.

use std::collections::HashMap;
use std::fs;
use std::io::{self, Read};
use std::path::{Component, Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use super::links::{self, Child, Store};
use super::{
    Content, DEFAULT_MAX_FILE_SIZE, DirEntry, FileKind, Files, join, not_a_directory, not_found, too_large,
};
use crate::{Error, ErrorKind, Result};

/// The files below a root folder.
///
/// Links are followed as long as every step stays below the root; a link that leaves it, even one
/// that comes back, is an error. Pipes, sockets and devices are never opened. Each call looks at the
/// disk anew: who needs one consistent picture while others write takes a Git revision.
#[derive(Clone, Debug)]
pub struct Disk {
    /// The root without links.
    root: PathBuf,
    /// The root as the caller wrote it, made absolute.
    written: PathBuf,
    max_file_size: u64,
    /// What stands at each path looked at; only in a snapshot.
    known: Option<Arc<Mutex<HashMap<String, Known>>>>,
}

type Known = Option<Child<PathBuf, PathBuf>>;

impl Disk {
    /// The files below `root`.
    ///
    /// # Errors
    /// [`ErrorKind::File`] with code `file-not-found`, `not-a-directory` or `io`.
    pub fn open(root: impl AsRef<Path>) -> Result<Self> {
        let written = root.as_ref();
        let root = canonical(written)?;
        if !root.is_dir() {
            return Err(not_a_directory(&written.to_string_lossy()));
        }
        let written = std::path::absolute(written).unwrap_or_else(|_| root.clone());
        Ok(Self { root, written, max_file_size: DEFAULT_MAX_FILE_SIZE, known: None })
    }

    /// The files around the directory `dir`, and the path of `dir` in them, its links resolved: those
    /// below `root` or, without one, of the Git work tree that `dir` is in or, outside of any, of the
    /// whole disk.
    ///
    /// # Errors
    /// As [`Disk::open`], and `outside-root` for a directory that is not below `root`.
    pub fn around(dir: impl AsRef<Path>, root: Option<&Path>) -> Result<(Self, String)> {
        Self::over(&Self::open(dir)?.root, root)
    }

    /// The same around a file or a directory.
    ///
    /// # Errors
    /// [`ErrorKind::File`] with code `file-not-found`, `io` or `outside-root`.
    pub fn containing(path: impl AsRef<Path>, root: Option<&Path>) -> Result<(Self, String)> {
        Self::over(&canonical(path.as_ref())?, root)
    }

    /// The files around what stands at `inner`, an absolute path without links.
    fn over(inner: &Path, root: Option<&Path>) -> Result<(Self, String)> {
        let outer = match root {
            Some(root) => root,
            // A work tree of its own or a submodule has a file of that name.
            None => inner
                .ancestors()
                .find(|above| above.join(".git").symlink_metadata().is_ok())
                .or_else(|| inner.ancestors().last())
                .unwrap_or(inner),
        };
        let files = Self::open(outer)?;
        let path = inner.to_str().and_then(|inner| files.from_absolute(inner)).ok_or_else(|| {
            let (inner, outer) = (inner.display(), files.root.display());
            let message = format!("`{inner}` is not below the root `{outer}`, or not UTF-8");
            Error::new(ErrorKind::File, "outside-root", message)
        })?;
        Ok((files, path))
    }

    /// The same files with another bound on the size of each, in bytes. Default 64 MiB.
    #[must_use]
    pub fn max_file_size(mut self, bytes: u64) -> Self {
        self.max_file_size = bytes;
        self
    }

    /// The root, absolute and without links.
    #[must_use]
    pub fn root(&self) -> &Path {
        &self.root
    }
}

/// A path of the disk, absolute and without links.
fn canonical(path: &Path) -> Result<PathBuf> {
    let name = path.to_string_lossy();
    fs::canonicalize(path).map_err(|cause| match cause.kind() {
        io::ErrorKind::NotFound => not_found(&name),
        _ => io_error(&name, cause),
    })
}

fn io_error(path: &str, cause: io::Error) -> Error {
    Error::new(ErrorKind::File, "io", format!("`{path}` cannot be read: {cause}"))
        .in_file(path)
        .caused_by(cause)
}

/// Whether the system takes `name` as one plain name; on Windows `C:` or `a\b` are not.
fn is_plain(name: &str) -> bool {
    let mut parts = Path::new(name).components();
    matches!((parts.next(), parts.next()), (Some(Component::Normal(part)), None) if part == name)
}

/// A path of the system with `/` between its parts; `None` if it is not UTF-8.
fn slashed(path: &Path) -> Option<String> {
    let text = path.to_str()?;
    Some(if std::path::MAIN_SEPARATOR == '/' { text.to_owned() } else { text.replace('\\', "/") })
}

impl Store for Disk {
    type Directory = PathBuf;
    type File = PathBuf;

    fn root(&self) -> Result<PathBuf> {
        Ok(self.root.clone())
    }

    fn child(&self, directory: &PathBuf, path: &str, name: &str) -> Result<Known> {
        let Some(known) = &self.known else { return look(directory, path, name) };
        if let Some(child) = known.lock().unwrap_or_else(PoisonError::into_inner).get(path) {
            return Ok(child.clone());
        }
        let child = look(directory, path, name)?;
        known.lock().unwrap_or_else(PoisonError::into_inner).insert(path.to_owned(), child.clone());
        Ok(child)
    }

    fn absolute(&self, target: &str) -> Option<String> {
        let path = Path::new(target);
        let below = path.strip_prefix(&self.root).or_else(|_| path.strip_prefix(&self.written)).ok()?;
        join("", &slashed(below)?).ok()
    }
}

/// What the disk has under `name` of `directory`.
fn look(directory: &Path, path: &str, name: &str) -> Result<Known> {
    if !is_plain(name) {
        return Ok(None);
    }
    let full = directory.join(name);
    let kind = match fs::symlink_metadata(&full) {
        Ok(metadata) => metadata.file_type(),
        Err(cause) => {
            return match cause.kind() {
                // A name that the system refuses (a NUL byte, too long) names nothing.
                io::ErrorKind::NotFound
                | io::ErrorKind::NotADirectory
                | io::ErrorKind::InvalidInput
                | io::ErrorKind::InvalidFilename => Ok(None),
                _ => Err(io_error(path, cause)),
            };
        }
    };
    Ok(Some(if kind.is_dir() {
        Child::Directory(full)
    } else if kind.is_file() {
        Child::File(full)
    } else if kind.is_symlink() {
        let target = fs::read_link(&full).map_err(|cause| io_error(path, cause))?;
        match slashed(&target) {
            Some(target) => Child::Link(target),
            None => Child::Other("a link to a name that is not UTF-8"),
        }
    } else {
        Child::Other("a pipe, a socket or a device")
    }))
}

impl Files for Disk {
    /// Relative to the root, but absolute where the root is the whole disk.
    fn display(&self, path: &str) -> String {
        if self.root.parent().is_none() { format!("/{path}") } else { path.to_owned() }
    }

    fn kind(&self, path: &str) -> Result<Option<FileKind>> {
        links::kind(self, path)
    }

    fn read(&self, path: &str) -> Result<Content> {
        let full = links::file(self, path)?;
        let file = fs::File::open(&full).map_err(|cause| io_error(path, cause))?;
        let size = file.metadata().map_err(|cause| io_error(path, cause))?.len();
        if size > self.max_file_size {
            return Err(too_large(path, Some(size), self.max_file_size));
        }
        let mut bytes = Vec::with_capacity(usize::try_from(size).unwrap_or(0));
        // The file may grow while it is read.
        file.take(self.max_file_size.saturating_add(1))
            .read_to_end(&mut bytes)
            .map_err(|cause| io_error(path, cause))?;
        if bytes.len() as u64 > self.max_file_size {
            return Err(too_large(path, None, self.max_file_size));
        }
        Ok(Content::new(bytes))
    }

    fn list(&self, path: &str) -> Result<Vec<DirEntry>> {
        let full = links::directory(self, path)?;
        let mut entries = Vec::new();
        for entry in fs::read_dir(full).map_err(|cause| io_error(path, cause))? {
            let entry = entry.map_err(|cause| io_error(path, cause))?;
            let Ok(name) = entry.file_name().into_string() else { continue };
            let kind = entry.file_type().map_err(|cause| io_error(path, cause))?;
            let link = kind.is_symlink();
            let kind = if link {
                let below = if path.is_empty() { name.clone() } else { format!("{path}/{name}") };
                self.kind(&below).ok().flatten()
            } else if kind.is_dir() {
                Some(FileKind::Directory)
            } else {
                kind.is_file().then_some(FileKind::File)
            };
            if let Some(kind) = kind {
                entries.push(DirEntry { name, kind, link });
            }
        }
        entries.sort_by(|a, b| a.name.cmp(&b.name));
        Ok(entries)
    }

    fn resolve(&self, path: &str) -> Result<String> {
        Ok(links::existing(self, path)?.0)
    }

    /// A build asks for every part of every path again and again.
    fn snapshot(&self) -> Option<Box<dyn Files + '_>> {
        let known = Some(self.known.clone().unwrap_or_default());
        Some(Box::new(Self { known, ..self.clone() }))
    }

    fn from_absolute(&self, path: &str) -> Option<String> {
        self.absolute(path)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tree(files: &[(&str, &str)]) -> (tempfile::TempDir, Disk) {
        let dir = tempfile::tempdir().unwrap();
        let root = dir.path().join("root");
        fs::create_dir(&root).unwrap();
        for (path, text) in files {
            let full = root.join(path);
            fs::create_dir_all(full.parent().unwrap()).unwrap();
            fs::write(full, text).unwrap();
        }
        let disk = Disk::open(&root).unwrap();
        (dir, disk)
    }

    #[test]
    fn reads_and_lists_below_the_root() {
        let (dir, disk) = tree(&[("a/b.yaml", "b: 1"), ("a/c/d", ""), ("z", "zz")]);
        fs::write(dir.path().join("secret"), "no").unwrap();
        let listed = |path| disk.list(path).map(|list| list.into_iter().map(|e| e.name).collect::<Vec<_>>());
        assert_eq!(listed("").unwrap(), ["a", "z"]);
        assert_eq!(listed("a").unwrap(), ["b.yaml", "c"]);
        assert_eq!(&*disk.read("a/b.yaml").unwrap().bytes, b"b: 1");
        assert_eq!(disk.read("a/b.yaml").unwrap().id, Content::new(b"b: 1".as_slice()).id);
        for (path, code) in [("a", "not-a-file"), ("x", "file-not-found"), ("z/x", "file-not-found")] {
            assert_eq!(disk.read(path).unwrap_err().code(), code, "{path}");
        }
        assert_eq!(disk.read("../secret").unwrap_err().code(), "outside-root");
        assert_eq!(disk.list("z").unwrap_err().code(), "not-a-directory");
        assert_eq!(disk.kind("a\0b").unwrap(), None);
        assert_eq!(disk.kind(&"n".repeat(5000)).unwrap(), None);
        let error = disk.clone().max_file_size(1).read("z").unwrap_err();
        assert_eq!((error.code(), error.kind()), ("too-large", ErrorKind::Limit));
        assert_eq!(Disk::open(dir.path().join("no")).unwrap_err().code(), "file-not-found");
        assert_eq!(Disk::open(dir.path().join("secret")).unwrap_err().code(), "not-a-directory");
    }

    #[test]
    fn a_snapshot_remembers_what_stands_where() {
        let (_dir, disk) = tree(&[("a/b/c.yaml", "c: 1"), ("z", "zz")]);
        let snapshot = disk.snapshot().unwrap();
        for path in ["a/b/c.yaml", "a/b", "a/none", "z", "z/below", "a/b/../../z"] {
            assert_eq!(snapshot.kind(path).unwrap(), disk.kind(path).unwrap(), "{path}");
            assert_eq!(snapshot.resolve(path).ok(), disk.resolve(path).ok(), "{path}");
        }
        fs::write(disk.root().join("a/none"), "now").unwrap();
        fs::write(disk.root().join("z"), "other").unwrap();
        assert_eq!(
            (snapshot.kind("a/none").unwrap(), disk.kind("a/none").unwrap()),
            (None, Some(FileKind::File))
        );
        assert_eq!(&*snapshot.read("z").unwrap().bytes, b"other");
        assert_eq!(snapshot.display("z"), disk.display("z"));
    }

    #[test]
    fn absolute_paths_map_below_the_root() {
        let (dir, disk) = tree(&[("a/b", "")]);
        let root = disk.root().to_str().unwrap().to_owned();
        assert_eq!(disk.from_absolute(&format!("{root}/a/./b")).as_deref(), Some("a/b"));
        assert_eq!(disk.from_absolute(&root).as_deref(), Some(""));
        assert_eq!(disk.from_absolute(&format!("{root}/../x")), None);
        assert_eq!(disk.from_absolute(dir.path().to_str().unwrap()), None);
        assert_eq!(disk.from_absolute(&format!("{root}x/a")), None);
        assert_eq!(Disk::open("/").unwrap().from_absolute("/etc/x").as_deref(), Some("etc/x"));
    }

    #[test]
    fn the_work_tree_around_a_directory_is_its_root() {
        let (dir, disk) = tree(&[("a/b/c", ""), ("a/.git", "gitdir: elsewhere"), ("d/e", "")]);
        let root = disk.root();
        let around = |path: &str, top: Option<&Path>| {
            Disk::around(root.join(path), top).map(|(disk, path)| (disk.root, path)).map_err(|e| e.code())
        };
        assert_eq!(around("a/b", None), Ok((root.join("a"), "b".into())));
        assert_eq!(around("a", None), Ok((root.join("a"), String::new())));
        assert_eq!(around("a/b", Some(root)), Ok((root.to_owned(), "a/b".into())));
        assert_eq!(around("a/b", Some(&dir.path().join("root/a/../d"))), Err("outside-root"));
        assert_eq!(around("a/b/c", None), Err("not-a-directory"));
        let (disk, path) = Disk::containing(root.join("a/b/c"), None).unwrap();
        assert_eq!((disk.root, path), (root.join("a"), "b/c".into()));
        assert_eq!(Disk::containing(root.join("a/none"), None).unwrap_err().code(), "file-not-found");
        assert_eq!(around("none", None), Err("file-not-found"));
        assert_eq!(around("d", Some(&root.join("none"))), Err("file-not-found"));
        let (whole, path) = Disk::around(root.join("d"), None).unwrap();
        assert!(root.join("d").ends_with(&path) && whole.root().join(path) == root.join("d"));
    }

    #[cfg(unix)]
    #[test]
    fn links_stay_below_the_root() {
        use std::os::unix::fs::symlink;
        let (dir, disk) = tree(&[("a/b", "text"), ("c/d/e", "")]);
        fs::write(dir.path().join("secret"), "no").unwrap();
        let root = disk.root().to_owned();
        for (link, target) in [
            ("file", "a/b"),
            ("c/up", "../a"),
            ("c/d/chain", "../up/b"),
            ("out", "../secret"),
            ("out-and-in", "../root/a/b"),
            ("abs-out", "/etc/passwd"),
            ("loop1", "loop2"),
            ("loop2", "loop1"),
            ("self", "self/x"),
            ("dangling", "nowhere"),
            ("top", "."),
        ] {
            symlink(target, root.join(link)).unwrap();
        }
        symlink(root.join("a"), root.join("abs-in")).unwrap();
        for (path, want) in [
            ("file", Ok("a/b")),
            ("c/up/b", Ok("a/b")),
            ("c/d/chain", Ok("a/b")),
            ("abs-in/b", Ok("a/b")),
            ("top/c/d", Ok("c/d")),
            ("out", Err("outside-root")),
            ("out-and-in", Err("outside-root")),
            ("abs-out", Err("outside-root")),
            ("loop1", Err("link-loop")),
            ("self", Err("link-loop")),
            ("dangling", Err("file-not-found")),
        ] {
            assert_eq!(disk.resolve(path).as_deref().map_err(Error::code), want, "{path}");
        }
        assert_eq!(&*disk.read("c/d/chain").unwrap().bytes, b"text");
        let listed: Vec<_> = disk.list("").unwrap().into_iter().map(|e| (e.name, e.link)).collect();
        let want = [("a", false), ("abs-in", true), ("c", false), ("file", true), ("top", true)];
        assert_eq!(listed, want.map(|(name, link)| (name.to_owned(), link)));
    }

    #[cfg(unix)]
    proptest::proptest! {
        #![proptest_config(proptest::prelude::ProptestConfig::with_cases(200))]
        /// Whatever the links say, nothing outside the root is read, and what is read is what the
        /// system would read at the resolved path.
        #[test]
        fn no_link_leads_outside(
            links in proptest::collection::vec(("[ab]", "(/|(\\.\\./)*)([abs.]{1,2}/){0,3}[absr]"), 0..6),
            path in "([abr.]{1,2}/){0,4}[abrs]",
        ) {
            use std::os::unix::fs::symlink;
            let (dir, disk) = tree(&[("r/s", "inside"), ("s", "inside")]);
            for (n, name) in ["s", "r", "root.s"].iter().enumerate() {
                let _ = fs::write(dir.path().join(name), format!("outside {n}"));
            }
            for (at, (name, target)) in links.iter().enumerate() {
                let folder = disk.root().join(if at % 2 == 0 { "" } else { "r" });
                let _ = symlink(target, folder.join(name));
            }
            if let Ok(content) = disk.read(&path) {
                proptest::prop_assert_eq!(&*content.bytes, b"inside");
                let resolved = disk.resolve(&path).unwrap();
                let full = fs::canonicalize(disk.root().join(&path));
                // The system refuses `file/..`; here as there `..` is a step up.
                if let Ok(full) = full {
                    proptest::prop_assert_eq!(full, disk.root().join(&resolved));
                }
                proptest::prop_assert_eq!(disk.resolve(&resolved).unwrap(), resolved);
            }
        }
    }

    #[cfg(unix)]
    #[test]
    fn what_is_no_file_is_not_opened() {
        use std::os::unix::ffi::OsStrExt;
        let (_dir, disk) = tree(&[("a", "")]);
        let socket = disk.root().join("socket");
        let _listener = std::os::unix::net::UnixListener::bind(&socket).unwrap();
        fs::write(disk.root().join(std::ffi::OsStr::from_bytes(b"\xff")), "").unwrap();
        assert_eq!(disk.read("socket").unwrap_err().code(), "not-a-file");
        assert_eq!(disk.kind("socket").unwrap(), None);
        assert_eq!(disk.list("").unwrap().len(), 1);
    }
}
