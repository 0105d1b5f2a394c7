//! A Git repository made from folders or from memory, for demonstrations and tests; no `git` needed.

use std::collections::BTreeMap;
use std::error::Error;
use std::fs;
use std::path::Path;

use gix::ObjectId;
use gix::actor::SignatureRef;
use gix::objs::tree::{Entry, EntryKind};
use gix::refs::FullName;
use gix::refs::transaction::{PreviousValue, RefEdit};

/// The result of the helpers of this file.
pub type Result<T> = std::result::Result<T, Box<dyn Error + Send + Sync>>;

/// What stands at a path of a [`Tree`].
#[derive(Clone, Debug)]
pub enum Item {
    /// A file.
    File(Vec<u8>),
    /// A symbolic link with this text.
    Link(String),
    /// A submodule at this commit id.
    Submodule(String),
}

/// The files of a commit by path, with `/` between the parts.
pub type Tree = BTreeMap<String, Item>;

/// A commit to make.
#[derive(Clone, Debug)]
pub struct Commit {
    /// Its message.
    pub message: String,
    /// All its files.
    pub tree: Tree,
    /// Its parents, as positions in the list of commits; `None` for the one before it.
    pub parents: Option<Vec<usize>>,
}

impl Commit {
    /// A commit that follows the one before it.
    pub fn new(message: &str, tree: Tree) -> Self {
        Self { message: message.to_owned(), tree, parents: None }
    }
}

/// A tree of text files.
pub fn tree(files: &[(&str, &str)]) -> Tree {
    files.iter().map(|(path, text)| ((*path).to_owned(), Item::File(text.as_bytes().to_vec()))).collect()
}

/// The files below a folder, without `.git`.
pub fn read_folder(folder: &Path) -> Result<Tree> {
    let mut found = Tree::new();
    let mut ahead = vec![(folder.to_owned(), String::new())];
    while let Some((folder, prefix)) = ahead.pop() {
        for entry in fs::read_dir(folder)? {
            let entry = entry?;
            let name = entry.file_name().into_string().map_err(|_| "a file name is not UTF-8")?;
            if name == ".git" {
                continue;
            }
            let path = format!("{prefix}{name}");
            let kind = entry.file_type()?;
            if kind.is_dir() {
                ahead.push((entry.path(), format!("{path}/")));
            } else if kind.is_symlink() {
                let target = fs::read_link(entry.path())?;
                found.insert(path, Item::Link(target.to_string_lossy().into_owned()));
            } else if kind.is_file() {
                found.insert(path, Item::File(fs::read(entry.path())?));
            }
        }
    }
    Ok(found)
}

/// Makes a repository in the empty folder `dir`, without a checkout, and commits `commits` in order;
/// branch `main` ends at the last. Gives the ids of the commits, the same on every run.
pub fn make_repository(dir: &Path, commits: &[Commit]) -> Result<Vec<String>> {
    let repository = gix::ThreadSafeRepository::init_opts(
        dir,
        gix::create::Kind::WithWorktree,
        Default::default(),
        gix::open::Options::isolated(),
    )?
    .to_thread_local();
    let mut ids: Vec<ObjectId> = Vec::new();
    for (at, commit) in commits.iter().enumerate() {
        let parents = match &commit.parents {
            Some(parents) => parents.iter().filter_map(|parent| ids.get(*parent)).copied().collect(),
            None => Vec::from_iter(ids.last().copied()),
        };
        let time = format!("{} +0000", 1_767_225_600 + at * 3600);
        let by = SignatureRef { name: "Demo".into(), email: "demo@example.com".into(), time: &time };
        let tree = write_tree(&repository, &commit.tree)?;
        ids.push(repository.new_commit_as(by, by, &commit.message, tree, parents)?.id);
    }
    if let Some(last) = ids.last() {
        set_branch(&repository, "main", *last)?;
    }
    Ok(ids.iter().map(ToString::to_string).collect())
}

/// Points a branch at a commit.
pub fn set_branch(repository: &gix::Repository, name: &str, commit: ObjectId) -> Result<()> {
    let by = SignatureRef { name: "Demo".into(), email: "demo@example.com".into(), time: "1767225600 +0000" };
    let name = FullName::try_from(format!("refs/heads/{name}"))?;
    let edit = RefEdit::update(name, commit, PreviousValue::Any, "demo");
    repository.edit_references_as(Some(edit), Some(by))?;
    Ok(())
}

/// Writes the objects of a tree.
pub fn write_tree(repository: &gix::Repository, tree: &Tree) -> Result<ObjectId> {
    let paths: Vec<(&str, &Item)> = tree.iter().map(|(path, item)| (path.as_str(), item)).collect();
    write_level(repository, &paths)
}

/// Writes one directory, given its entries by relative path in order.
fn write_level(repository: &gix::Repository, paths: &[(&str, &Item)]) -> Result<ObjectId> {
    let mut directories: BTreeMap<&str, Vec<(&str, &Item)>> = BTreeMap::new();
    let mut entries = Vec::new();
    for (path, item) in paths {
        if let Some((directory, rest)) = path.split_once('/') {
            directories.entry(directory).or_default().push((rest, item));
            continue;
        }
        let (kind, oid) = match item {
            Item::File(bytes) => (EntryKind::Blob, repository.write_blob(bytes)?.detach()),
            Item::Link(target) => (EntryKind::Link, repository.write_blob(target)?.detach()),
            Item::Submodule(id) => (EntryKind::Commit, ObjectId::from_hex(id.as_bytes())?),
        };
        entries.push(Entry { mode: kind.into(), filename: (*path).into(), oid });
    }
    for (name, below) in directories {
        let oid = write_level(repository, &below)?;
        entries.push(Entry { mode: EntryKind::Tree.into(), filename: name.into(), oid });
    }
    entries.sort();
    Ok(repository.write_object(gix::objs::Tree { entries })?.detach())
}
