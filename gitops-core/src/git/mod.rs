//! Revisions of a Git repository as trees of files, read from its objects without a checkout.
//!
//! Nothing but the repository itself is read: no user or system configuration, no environment, no
//! `git` program, no network. Objects that a shallow or partial clone lacks are an error that says
//! so.

mod authors;
mod changes;
mod revision;
mod tree;

pub use changes::{ChangeKind, ChangedPath, changed_paths};
pub use revision::Revision;
pub use tree::TreeFiles;

use std::fmt;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use gix::ObjectId;
use gix::objs::Kind;

use crate::files::{ContentId, too_large};
use crate::{Error, ErrorKind, Result};

/// A Git repository, opened for reading. Clones share it, its caches and its open packs.
#[derive(Clone)]
pub struct Repository(Arc<Shared>);

struct Shared {
    repository: gix::ThreadSafeRepository,
    /// Handles that no thread uses at the moment; making one costs more than reading an object.
    idle: Mutex<Vec<gix::Repository>>,
    trees: tree::Trees,
}

impl Repository {
    /// The repository at exactly `path`: a work tree (with its `.git` folder or file, so linked work
    /// trees and submodules too), a `.git` folder or a bare repository. Who owns it does not matter.
    ///
    /// # Errors
    /// [`ErrorKind::Git`] with code `not-a-repository`, or `unreadable-repository` for one that is
    /// damaged or in a format this version does not know.
    pub fn open(path: impl AsRef<Path>) -> Result<Self> {
        let path = path.as_ref();
        let opened = gix::ThreadSafeRepository::open_opts(path, gix::open::Options::isolated());
        opened.map(Self::new).map_err(|cause| {
            let is_git = |path: &Path| gix::discover::is_git(path).is_ok();
            not_opened(path, is_git(path) || is_git(&path.join(".git")), cause)
        })
    }

    /// The repository that `path` is in: at the path itself or the nearest folder above it.
    ///
    /// # Errors
    /// As [`Repository::open`].
    pub fn discover(path: impl AsRef<Path>) -> Result<Self> {
        let path = path.as_ref();
        let options = gix::sec::trust::Mapping {
            full: gix::open::Options::isolated(),
            reduced: gix::open::Options::isolated(),
        };
        let opened = gix::ThreadSafeRepository::discover_opts(path, Default::default(), options);
        opened.map(Self::new).map_err(|cause| {
            let found = gix::discover::upwards(path).is_ok();
            not_opened(path, found, cause)
        })
    }

    fn new(repository: gix::ThreadSafeRepository) -> Self {
        let trees = tree::Trees::default();
        Self(Arc::new(Shared { repository, idle: Mutex::default(), trees }))
    }

    /// The commit that `spec` names, in the notation of `git rev-parse`: a branch, a tag (annotated
    /// ones are peeled), a commit id or a unique start of one, `HEAD`, `main~2`, `v1^{}`, `@{u}`.
    /// A notation that needs a clock (`main@{yesterday}`) or names two commits (`a..b`) is refused.
    ///
    /// # Errors
    /// [`ErrorKind::Git`] with code
    /// - `no-commits`: nothing was ever committed, here or on the branch that `HEAD` names;
    /// - `unknown-revision`: nothing of that name, or it lies beyond what a shallow clone holds;
    /// - `ambiguous-revision`: several commits start with that id;
    /// - `not-a-commit`: the name of a file, a tree or a range;
    /// - `missing-object`: named, but its object was never fetched;
    /// - `unreadable-object`: damaged.
    pub fn revision(&self, spec: &str) -> Result<Revision> {
        revision::resolve(self, spec)
    }

    /// The best common ancestor of two commits: where a branch left the other. Comparing it with the
    /// branch shows what the branch changes, as pull requests do.
    ///
    /// # Errors
    /// [`ErrorKind::Git`] with code `no-merge-base` if there is none, or none within a shallow clone.
    pub fn merge_base(&self, one: &Revision, two: &Revision) -> Result<Revision> {
        revision::merge_base(self, one, two)
    }

    /// Whether history is cut off (`git clone --depth`).
    #[must_use]
    pub fn is_shallow(&self) -> bool {
        self.with(|git| git.is_shallow().unwrap_or(false))
    }

    /// The folder that holds the objects and references: `.git`, or the bare repository.
    #[must_use]
    pub fn git_dir(&self) -> &Path {
        self.0.repository.git_dir()
    }

    /// The work tree, unless the repository is bare.
    #[must_use]
    pub fn work_dir(&self) -> Option<&Path> {
        self.0.repository.work_dir()
    }

    /// Runs `use_it` with a handle of this thread's own.
    fn with<T>(&self, use_it: impl FnOnce(&gix::Repository) -> T) -> T {
        let idle = || self.0.idle.lock().unwrap_or_else(PoisonError::into_inner);
        let taken = idle().pop();
        let git = taken.unwrap_or_else(|| self.0.repository.to_thread_local());
        let result = use_it(&git);
        idle().push(git);
        result
    }

    /// The data of an object of a known kind, no larger than `limit` bytes. `path` is for messages.
    fn object(&self, id: ObjectId, kind: Kind, path: &str, limit: u64) -> Result<Vec<u8>> {
        self.with(|git| {
            // The size is asked for first, so that a packed bomb is never unpacked.
            let header = git.try_find_header(id).map_err(|cause| unreadable(id, path, cause))?;
            let header = header.ok_or_else(|| missing(id, path))?;
            if header.kind() != kind {
                let (found, wanted) = (header.kind(), kind);
                let message = format!("object {id} is a {found} where a {wanted} must be; run `git fsck`");
                return Err(Error::new(ErrorKind::Git, "unreadable-object", message).in_file(path));
            }
            if header.size() > limit {
                return Err(too_large(path, Some(header.size()), limit));
            }
            let object = git.find_object(id).map_err(|cause| unreadable(id, path, cause))?;
            Ok(object.detach().data)
        })
    }
}

impl fmt::Debug for Repository {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Repository").field("git_dir", &self.git_dir()).finish_non_exhaustive()
    }
}

fn not_opened(path: &Path, is_repository: bool, cause: gix::Error) -> Error {
    let path = path.display();
    if is_repository {
        let message = format!("the Git repository `{path}` cannot be read: {cause:#}");
        Error::new(ErrorKind::Git, "unreadable-repository", message).caused_by(cause)
    } else {
        let message = format!("`{path}` is not a Git repository; name a work tree or a bare repository");
        Error::new(ErrorKind::Git, "not-a-repository", message).caused_by(cause)
    }
}

fn missing(id: ObjectId, path: &str) -> Error {
    let message = format!(
        "object {id} is not in this clone; fetch it (a shallow or partial clone, made with `--depth` \
         or `--filter`, leaves objects out)"
    );
    Error::new(ErrorKind::Git, "missing-object", message).in_file(path)
}

fn unreadable(id: ObjectId, path: &str, cause: gix::Error) -> Error {
    let message = format!("object {id} is damaged ({cause:#}); run `git fsck`");
    Error::new(ErrorKind::Git, "unreadable-object", message).in_file(path).caused_by(cause)
}

/// A Git id as the id of what it names.
fn content_id(id: ObjectId) -> ContentId {
    // Only SHA-1 repositories can be opened; a longer id would be cut, and still be unique.
    let mut out = [0; 20];
    for (to, from) in out.iter_mut().zip(id.as_slice()) {
        *to = *from;
    }
    ContentId(out)
}

#[cfg(test)]
#[path = "../../../examples/src/repository.rs"]
#[allow(dead_code, unreachable_pub)]
pub(crate) mod fixture;

#[cfg(test)]
mod tests;
