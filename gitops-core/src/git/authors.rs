//! Who wrote files between two revisions.

use std::collections::{BTreeMap, BTreeSet};

use gix::ObjectId;
use gix::bstr::ByteSlice;

use super::{Repository, Revision, TreeFiles, unreadable};
use crate::{Error, ErrorKind, Result};

/// The most commits that are looked at.
const MAX_COMMITS: usize = 10_000;

/// The trailer by which a commit names further authors.
const CO_AUTHOR: &str = "co-authored-by:";

impl Repository {
    /// The authors of the commits that are in `head` and not in `base` and changed a file: by path,
    /// `Name <address>`, with those of `Co-authored-by` trailers. Of a merge only what no parent has
    /// counts. A path that no such commit changed is not in the result.
    ///
    /// # Errors
    /// [`ErrorKind::Git`] for commits that cannot be read, `missing-object` in a clone that lacks them;
    /// [`ErrorKind::Limit`] with code `too-many-commits` for more than 10,000 commits.
    pub fn authors(
        &self,
        base: &Revision,
        head: &Revision,
        paths: &BTreeSet<String>,
    ) -> Result<BTreeMap<String, BTreeSet<String>>> {
        let mut authors: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
        for commit in self.commits(base.commit, head.commit)? {
            let files = TreeFiles::new(self.clone(), commit.tree);
            let parents =
                commit.parents.iter().map(|id| Ok(TreeFiles::new(self.clone(), self.commit(*id)?.tree)));
            let parents = parents.collect::<Result<Vec<_>>>()?;
            for path in paths {
                let own = files.object_id(path)?;
                let mut kept = false;
                for parent in &parents {
                    kept |= parent.object_id(path)? == own;
                }
                if !kept && own.is_some() {
                    authors.entry(path.clone()).or_default().extend(commit.authors.iter().cloned());
                }
            }
        }
        Ok(authors)
    }

    fn commits(&self, base: ObjectId, head: ObjectId) -> Result<Vec<Written>> {
        let ids = self.with(|git| -> Result<Vec<ObjectId>> {
            let broken = |cause| unreadable(head, ".", cause);
            let walk = git.rev_walk([head]).with_hidden([base]).all().map_err(broken)?;
            let ids = walk
                .take(MAX_COMMITS + 1)
                .map(|info| info.map(|info| info.id))
                .collect::<Result<Vec<_>, _>>();
            ids.map_err(broken)
        })?;
        if ids.len() > MAX_COMMITS {
            let message = format!("there are more than {MAX_COMMITS} commits between the two revisions");
            return Err(Error::new(ErrorKind::Limit, "too-many-commits", message));
        }
        ids.into_iter().map(|id| self.commit(id)).collect()
    }

    fn commit(&self, id: ObjectId) -> Result<Written> {
        self.with(|git| {
            let broken = |cause| unreadable(id, ".", cause);
            let found = git.try_find_object(id).map_err(broken)?;
            let commit = found.ok_or_else(|| super::missing(id, "."))?.try_into_commit().map_err(broken)?;
            let author = commit.author().map_err(broken)?;
            let mut authors =
                vec![format!("{} <{}>", author.name.trim().as_bstr(), author.email.trim().as_bstr())];
            let message = commit.message_raw_sloppy().to_str_lossy().into_owned();
            authors.extend(message.lines().filter_map(|line| {
                let start = line.get(..CO_AUTHOR.len())?;
                let rest = line.get(CO_AUTHOR.len()..)?;
                start.eq_ignore_ascii_case(CO_AUTHOR).then(|| rest.trim().to_owned())
            }));
            Ok(Written {
                tree: commit.tree_id().map_err(broken)?.detach(),
                parents: commit.parent_ids().map(gix::Id::detach).collect(),
                authors,
            })
        })
    }
}

/// What is asked of a commit.
struct Written {
    tree: ObjectId,
    parents: Vec<ObjectId>,
    authors: Vec<String>,
}

#[cfg(test)]
mod tests {
    use super::super::fixture::{Commit, make_repository, tree};
    use super::*;

    #[test]
    fn authors_are_those_who_changed_a_file() {
        let dir = tempfile::tempdir().unwrap();
        let commits = [
            Commit::new("base", tree(&[("a", "1"), ("b", "1")])),
            Commit::new("a", tree(&[("a", "2"), ("b", "1"), ("dir/c", "1")])),
            Commit::new(
                "b\n\nCo-authored-by: Jane Doe <jane@example.com>\nco-Authored-By:ü",
                tree(&[("a", "2"), ("b", "2"), ("dir/c", "1")]),
            ),
        ];
        make_repository(dir.path(), &commits).unwrap();
        let repository = Repository::open(dir.path()).unwrap();
        let revision = |spec| repository.revision(spec).unwrap();
        let paths = ["a", "b", "dir/c", "none"].map(str::to_owned).into();
        let authors = |base, head| repository.authors(&revision(base), &revision(head), &paths).unwrap();
        let found = authors("main~2", "main");
        let by = |path: &str| {
            found.get(path).map(|authors| authors.iter().map(String::as_str).collect::<Vec<_>>())
        };
        let me = by("a").unwrap();
        assert_eq!(me.len(), 1);
        assert_eq!(by("dir/c").unwrap(), me);
        let mut all = me.clone();
        all.extend(["Jane Doe <jane@example.com>", "ü"]);
        all.sort_unstable();
        assert_eq!(by("b").unwrap(), all);
        assert_eq!(by("none"), None);
        assert!(authors("main", "main").is_empty());
        assert_eq!(authors("main~1", "main").keys().collect::<Vec<_>>(), ["b"]);
    }
}
