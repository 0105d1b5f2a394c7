//! Symbolic links, followed component by component in the same way on disk and in Git trees.

use super::{FileKind, not_a_directory, not_a_file, not_found, outside_root};
use crate::{Error, ErrorKind, Result};

/// As many links as Linux follows in one path.
const MAX_LINKS: usize = 40;

/// What stands under a name of a directory, links not followed.
#[derive(Clone, Debug)]
pub(crate) enum Child<D, F> {
    Directory(D),
    File(F),
    /// A link, and the text it holds.
    Link(String),
    /// Something that is neither and is never opened; what people call it.
    Other(&'static str),
}

/// A store of directories that may hold links.
pub(crate) trait Store {
    type Directory;
    type File;

    fn root(&self) -> Result<Self::Directory>;

    /// What stands under `name` of `directory`, whose path is `path`.
    fn child(
        &self,
        directory: &Self::Directory,
        path: &str,
        name: &str,
    ) -> Result<Option<Child<Self::Directory, Self::File>>>;

    /// The path below the root of an absolute link target.
    fn absolute(&self, target: &str) -> Option<String>;
}

/// What a path leads to, links followed.
pub(crate) enum Target<D, F> {
    Directory(D),
    File(F),
    Other(&'static str),
}

/// A target and its path without links.
pub(crate) type Found<S> = (String, Target<<S as Store>::Directory, <S as Store>::File>);

/// What stands at `path`; `None` where it leads nowhere, or to something that is never opened.
pub(crate) fn kind<S: Store>(store: &S, path: &str) -> Result<Option<FileKind>> {
    Ok(match follow(store, path)? {
        Some((_, Target::Directory(_))) => Some(FileKind::Directory),
        Some((_, Target::File(_))) => Some(FileKind::File),
        Some((_, Target::Other(_))) | None => None,
    })
}

/// The file that `path` leads to.
pub(crate) fn file<S: Store>(store: &S, path: &str) -> Result<S::File> {
    match existing(store, path)?.1 {
        Target::File(file) => Ok(file),
        Target::Directory(_) => Err(not_a_file(path, "a directory")),
        Target::Other(what) => Err(not_a_file(path, what)),
    }
}

/// The directory that `path` leads to.
pub(crate) fn directory<S: Store>(store: &S, path: &str) -> Result<S::Directory> {
    match existing(store, path)?.1 {
        Target::Directory(directory) => Ok(directory),
        Target::File(_) | Target::Other(_) => Err(not_a_directory(path)),
    }
}

/// What `path` leads to, and its path without links.
pub(crate) fn existing<S: Store>(store: &S, path: &str) -> Result<Found<S>> {
    follow(store, path)?.ok_or_else(|| not_found(path))
}

/// Follows `path` from the root; `None` where it leads nowhere.
pub(crate) fn follow<S: Store>(store: &S, path: &str) -> Result<Option<Found<S>>> {
    let mut trail = vec![(String::new(), store.root()?)];
    // The names still to go, last first.
    let mut ahead: Vec<String> = path.rsplit('/').map(str::to_owned).collect();
    let mut links = 0;
    while let Some(name) = ahead.pop() {
        if matches!(name.as_str(), "" | ".") {
            continue;
        }
        if name == ".." {
            if trail.len() < 2 {
                return Err(outside_root(path, ".."));
            }
            trail.pop();
            continue;
        }
        let Some((at, directory)) = trail.last() else { return Ok(None) };
        let here = if at.is_empty() { name.clone() } else { format!("{at}/{name}") };
        match store.child(directory, &here, &name)? {
            None => return Ok(None),
            Some(Child::Directory(next)) => trail.push((here, next)),
            Some(Child::Link(target)) => {
                links += 1;
                if links > MAX_LINKS {
                    let message =
                        format!("`{path}` passes more than {MAX_LINKS} links; do they form a loop?");
                    return Err(Error::new(ErrorKind::File, "link-loop", message).in_file(&here));
                }
                if target.starts_with('/') {
                    let below = store.absolute(&target).ok_or_else(|| outside_root(&here, &target))?;
                    trail.truncate(1);
                    ahead.extend(below.rsplit('/').map(str::to_owned));
                } else if climbs_out(trail.len() - 1, &target) {
                    return Err(outside_root(&here, &target));
                } else {
                    ahead.extend(target.rsplit('/').map(str::to_owned));
                }
            }
            // A file has nothing below it.
            Some(Child::File(_) | Child::Other(_)) if ahead.iter().any(|rest| !rest.is_empty()) => {
                return Ok(None);
            }
            Some(Child::File(file)) => return Ok(Some((here, Target::File(file)))),
            Some(Child::Other(what)) => return Ok(Some((here, Target::Other(what)))),
        }
    }
    Ok(trail.pop().map(|(at, directory)| (at, Target::Directory(directory))))
}

/// Whether a relative target climbs above the root from `depth` directories below it, whatever
/// stands on its way.
fn climbs_out(depth: usize, target: &str) -> bool {
    let mut depth = depth;
    for part in target.split('/') {
        match part {
            "" | "." => {}
            ".." if depth == 0 => return true,
            ".." => depth -= 1,
            _ => depth += 1,
        }
    }
    false
}
