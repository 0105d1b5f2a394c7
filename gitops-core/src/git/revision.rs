//! What people call a commit, and the commit it is.

use gix::ObjectId;
use gix::bstr::BStr;
use gix::objs::Kind;
use gix::revision::spec::parse;

use super::{Repository, TreeFiles, content_id, missing, unreadable};
use crate::files::ContentId;
use crate::{Error, ErrorKind, Result};

/// A commit of a [`Repository`].
#[derive(Clone, Debug)]
pub struct Revision {
    pub(super) repository: Repository,
    spec: String,
    pub(super) commit: ObjectId,
    pub(super) tree: ObjectId,
}

impl Revision {
    /// What the caller called it.
    #[must_use]
    pub fn spec(&self) -> &str {
        &self.spec
    }

    /// The id of the commit.
    #[must_use]
    pub fn commit(&self) -> ContentId {
        content_id(self.commit)
    }

    /// The id of its tree; two commits with the same files have the same.
    #[must_use]
    pub fn tree(&self) -> ContentId {
        content_id(self.tree)
    }

    /// The repository.
    #[must_use]
    pub fn repository(&self) -> &Repository {
        &self.repository
    }

    /// Its files.
    #[must_use]
    pub fn files(&self) -> TreeFiles {
        TreeFiles::new(self.repository.clone(), self.tree)
    }
}

fn git_error(code: &'static str, message: String) -> Error {
    Error::new(ErrorKind::Git, code, message)
}

/// A spec as shown in messages, however long or odd.
fn shown(spec: &str) -> String {
    let short: String = spec.chars().take(100).map(|c| if c.is_control() { '\u{fffd}' } else { c }).collect();
    if short.len() < spec.len() && spec.chars().count() > 100 {
        format!("`{short}…`")
    } else {
        format!("`{short}`")
    }
}

pub(super) fn resolve(repository: &Repository, spec: &str) -> Result<Revision> {
    if spec.is_empty() {
        return Err(git_error(
            "unknown-revision",
            "the revision is empty; name a branch, a tag or a commit".into(),
        ));
    }
    if needs_clock(spec) {
        let message = format!("{} asks for a date; name a branch, a tag or a commit id", shown(spec));
        return Err(git_error("unknown-revision", message));
    }
    repository.with(|git| {
        let options = parse::Options {
            object_kind_hint: Some(parse::ObjectKindHint::Committish),
            ..Default::default()
        };
        let parsed = gix::revision::Spec::from_bstr(<&BStr>::from(spec), git, options)
            .map_err(|cause| not_found(git, spec, cause))?;
        let id = parsed.single().ok_or_else(|| {
            git_error("not-a-commit", format!("{} names several commits; name one", shown(spec)))
        })?;
        let id = id.detach();
        commit(repository, git, spec, id)
    })
}

/// The commit at `id` or behind the tags there.
fn commit(repository: &Repository, git: &gix::Repository, spec: &str, id: ObjectId) -> Result<Revision> {
    let mut id = id;
    // A tag may name a tag; more than a few are not made by people.
    for depth in 0..32 {
        let object =
            git.try_find_object(id).map_err(|cause| unreadable(id, ".", cause).context(shown(spec)))?;
        let Some(object) = object else {
            // A full id is taken as it is, whether or not there is such an object.
            return Err(if depth == 0 { unknown(git, spec) } else { missing(id, ".").context(shown(spec)) });
        };
        match object.kind {
            Kind::Commit => {
                let tree = object.try_into_commit().and_then(|commit| Ok(commit.tree_id()?.detach()));
                let tree = tree.map_err(|cause| unreadable(id, ".", cause).context(shown(spec)))?;
                return Ok(Revision {
                    repository: repository.clone(),
                    spec: spec.to_owned(),
                    commit: id,
                    tree,
                });
            }
            Kind::Tag => {
                let target = object.try_into_tag().and_then(|tag| Ok(tag.target_id()?.detach()));
                id = target.map_err(|cause| unreadable(id, ".", cause).context(shown(spec)))?;
            }
            kind => {
                let message = format!("{} is a {kind}, not a commit", shown(spec));
                return Err(git_error("not-a-commit", message));
            }
        }
    }
    Err(git_error("not-a-commit", format!("{} is a tag of a tag of a tag without end", shown(spec))))
}

/// Whether the spec holds `@{…}` with anything but a number or a branch's upstream, which Git reads as
/// a date relative to now.
fn needs_clock(spec: &str) -> bool {
    spec.split("@{").skip(1).any(|rest| {
        let inner = rest.split('}').next().unwrap_or(rest).to_ascii_lowercase();
        let number = inner.strip_prefix('-').unwrap_or(&inner);
        !(matches!(inner.as_str(), "u" | "upstream" | "push")
            || !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit()))
    })
}

fn not_found(git: &gix::Repository, spec: &str, cause: gix::Error) -> Error {
    if let Some(parse::Error::AmbiguousPrefix { candidates, .. }) = cause.downcast_any_ref::<parse::Error>() {
        let ids: Vec<String> = candidates.iter().take(5).map(|(id, _)| id.to_string()).collect();
        let message = format!("{} may be any of {}; write more of the id", shown(spec), ids.join(", "));
        return git_error("ambiguous-revision", message);
    }
    unknown(git, spec).caused_by(cause)
}

/// Nothing of that name: as precise a reason as the repository gives.
fn unknown(git: &gix::Repository, spec: &str) -> Error {
    let head = git.head().ok();
    let unborn = head.as_ref().is_some_and(gix::Head::is_unborn);
    let any_reference =
        git.references().is_ok_and(|platform| platform.all().is_ok_and(|mut all| all.next().is_some()));
    if unborn && !any_reference {
        let message = "the repository has no commits yet; commit something first".to_owned();
        return git_error("no-commits", message);
    }
    let of_head = spec.strip_prefix("HEAD").or_else(|| spec.strip_prefix('@'));
    if unborn && of_head.is_some_and(|rest| rest.is_empty() || rest.starts_with(['~', '^', '@', ':'])) {
        let branch = head.and_then(|head| head.referent_name().map(|name| name.shorten().to_string()));
        let branch = branch.unwrap_or_default();
        let message =
            format!("HEAD is the branch `{branch}`, which has no commits yet; name another revision");
        return git_error("no-commits", message);
    }
    let name = shown(spec);
    let message = if git.is_shallow().unwrap_or(false) {
        format!(
            "{name} is not in this shallow clone; fetch more history (`fetch-depth: 0` for actions/checkout, \
             `git fetch --unshallow`, GIT_DEPTH: 0 in GitLab)"
        )
    } else if let Some(remote) = on_a_remote(git, spec) {
        format!("{name} is not a local branch or tag; did you mean `{remote}`?")
    } else {
        format!(
            "{name} names no commit of this repository; fetch it, or name a branch, a tag or a commit \
             that is there"
        )
    };
    git_error("unknown-revision", message)
}

/// The remote-tracking branch of that name, if there is one.
fn on_a_remote(git: &gix::Repository, spec: &str) -> Option<String> {
    let suffix = format!("/{spec}");
    let platform = git.references().ok()?;
    let mut branches = platform.remote_branches().ok()?.filter_map(Result::ok);
    branches.find_map(|branch| {
        let name = branch.name().shorten().to_string();
        name.ends_with(&suffix).then_some(name)
    })
}

pub(super) fn merge_base(repository: &Repository, one: &Revision, two: &Revision) -> Result<Revision> {
    let spec = format!("merge base of {} and {}", one.spec, two.spec);
    repository.with(|git| match git.merge_base(one.commit, two.commit) {
        Ok(Some(id)) => commit(repository, git, &spec, id.detach()),
        found => {
            let hint = if git.is_shallow().unwrap_or(false) {
                "fetch more history: this clone is shallow"
            } else {
                "compare the two directly"
            };
            let (one, two) = (shown(&one.spec), shown(&two.spec));
            let error =
                git_error("no-merge-base", format!("{one} and {two} have no common ancestor; {hint}"));
            Err(match found {
                Err(cause) => error.caused_by(cause),
                Ok(_) => error,
            })
        }
    })
}
