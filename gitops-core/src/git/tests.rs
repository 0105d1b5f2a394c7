//! Revisions, tree files and changes on repositories made for the purpose.

use std::path::Path;

use gix::ObjectId;

use super::fixture::{Commit, Item, Tree, make_repository, set_branch, tree, write_tree};
use super::*;
use crate::files::{FileKind, Files};

fn made(commits: &[Commit]) -> (tempfile::TempDir, Repository, Vec<String>) {
    let dir = tempfile::tempdir().unwrap();
    let ids = make_repository(dir.path(), commits).unwrap();
    let repository = Repository::open(dir.path()).unwrap();
    (dir, repository, ids)
}

fn raw(path: &Path) -> gix::Repository {
    gix::open_opts(path, gix::open::Options::isolated()).unwrap()
}

/// The loose object file of an id.
fn object_file(repository: &Repository, id: &str) -> std::path::PathBuf {
    repository.git_dir().join("objects").join(&id[..2]).join(&id[2..])
}

#[test]
fn repositories_and_files_cross_threads() {
    fn check<T: Send + Sync + Clone>() {}
    check::<Repository>();
    check::<Revision>();
    check::<TreeFiles>();
}

#[test]
fn revisions_have_many_names() {
    let first = tree(&[("a", "1")]);
    let second = tree(&[("a", "2")]);
    let (dir, repository, ids) = made(&[Commit::new("one", first), Commit::new("two", second)]);
    let git = raw(dir.path());
    let id = ObjectId::from_hex(ids[0].as_bytes()).unwrap();
    let by = gix::actor::SignatureRef { name: "x".into(), email: "x".into(), time: "1 +0000" };
    let any = gix::refs::transaction::PreviousValue::Any;
    // A tag of a tag; its target is the first tag object.
    let tag = gix::objs::Tag {
        target: id,
        target_kind: gix::objs::Kind::Commit,
        name: "v1".into(),
        tagger: Some(by.to_owned().unwrap()),
        message: "m".into(),
        signature: None,
    };
    let tag = git.write_object(&tag).unwrap().detach();
    let outer = gix::objs::Tag {
        target: tag,
        target_kind: gix::objs::Kind::Tag,
        name: "v1-again".into(),
        tagger: None,
        message: "m".into(),
        signature: None,
    };
    let outer = git.write_object(&outer).unwrap().detach();
    let edit = |name: &str, id| {
        let name = gix::refs::FullName::try_from(name).unwrap();
        let edit = gix::refs::transaction::RefEdit::update(name, id, any.clone(), "x");
        git.edit_references_as(Some(edit), Some(by)).unwrap();
    };
    edit("refs/tags/v1", outer);
    edit("refs/remotes/origin/feature", id);
    for (spec, want) in [
        ("main", 1),
        ("HEAD", 1),
        ("@", 1),
        ("main~1", 0),
        ("HEAD^", 0),
        ("v1", 0),
        ("v1^{commit}", 0),
        ("refs/tags/v1", 0),
        ("origin/feature", 0),
        (&ids[0], 0),
        (&ids[1][..8], 1),
    ] {
        let revision = repository.revision(spec).unwrap();
        assert_eq!((revision.commit().to_string(), revision.spec()), (ids[want].clone(), spec));
    }
    for (spec, code, hint) in [
        ("", "unknown-revision", "empty"),
        ("nope", "unknown-revision", "`nope` names no commit"),
        ("feature", "unknown-revision", "did you mean `origin/feature`?"),
        ("main~5", "unknown-revision", "main~5"),
        ("main@{yesterday}", "unknown-revision", "date"),
        ("main@{2024-01-01}", "unknown-revision", "date"),
        (&"f".repeat(40), "unknown-revision", "ffff"),
        ("main~1..main", "not-a-commit", "several commits"),
        ("main:a", "not-a-commit", "is a blob"),
        ("main^{tree}", "not-a-commit", "is a tree"),
        ("a\nb", "unknown-revision", "`a\u{fffd}b`"),
        (&"x".repeat(10_000), "unknown-revision", "xxx…`"),
    ] {
        let error = repository.revision(spec).unwrap_err();
        assert_eq!((error.code(), error.kind()), (code, ErrorKind::Git), "{spec}: {error}");
        assert!(error.message().contains(hint), "{error}");
    }
}

#[test]
fn an_ambiguous_id_lists_its_candidates() {
    let (dir, repository, _) = made(&[]);
    let git = raw(dir.path());
    let empty = write_tree(&git, &Tree::new()).unwrap();
    let mut by_prefix = std::collections::BTreeMap::<String, u32>::new();
    for n in 0..1500 {
        let time = format!("{n} +0000");
        let by = gix::actor::SignatureRef { name: "x".into(), email: "x".into(), time: &time };
        let commit = git.new_commit_as(by, by, "m", empty, Vec::<ObjectId>::new()).unwrap();
        *by_prefix.entry(commit.id.to_string()[..4].to_owned()).or_default() += 1;
    }
    let prefix = by_prefix.into_iter().find(|(_, count)| *count > 1).unwrap().0;
    let error = repository.revision(&prefix).unwrap_err();
    assert_eq!(error.code(), "ambiguous-revision", "{error}");
    assert!(error.message().contains(", "), "{error}");
}

#[test]
fn where_nothing_was_committed_the_error_says_so() {
    let (dir, repository, _) = made(&[]);
    for spec in ["HEAD", "main", "HEAD~1"] {
        assert_eq!(repository.revision(spec).unwrap_err().code(), "no-commits", "{spec}");
    }
    let git = raw(dir.path());
    let by = gix::actor::SignatureRef { name: "x".into(), email: "x".into(), time: "1 +0000" };
    let empty = write_tree(&git, &Tree::new()).unwrap();
    let commit = git.new_commit_as(by, by, "m", empty, Vec::<ObjectId>::new()).unwrap().id;
    set_branch(&git, "other", commit).unwrap();
    let error = repository.revision("HEAD").unwrap_err();
    assert_eq!(error.code(), "no-commits");
    assert!(error.message().contains("`main`"), "{error}");
    assert_eq!(repository.revision("main").unwrap_err().code(), "unknown-revision");
    assert_eq!(repository.revision("other").unwrap().files().list("").unwrap(), []);
}

#[test]
fn repositories_open_in_every_shape() {
    let (dir, repository, ids) = made(&[Commit::new("one", tree(&[("a/b", "1")]))]);
    let below = dir.path().join("x/y");
    std::fs::create_dir_all(&below).unwrap();
    assert_eq!(Repository::open(&below).unwrap_err().code(), "not-a-repository");
    assert_eq!(Repository::open(dir.path().join("no")).unwrap_err().code(), "not-a-repository");
    assert_eq!(Repository::discover(&below).unwrap().git_dir(), repository.git_dir());
    assert!(Repository::open(dir.path().join(".git")).is_ok());

    let outside = tempfile::tempdir().unwrap();
    assert_eq!(Repository::discover(outside.path()).unwrap_err().code(), "not-a-repository");
    // A bare repository is the `.git` folder on its own.
    let bare = outside.path().join("bare.git");
    std::fs::rename(dir.path().join(".git"), &bare).unwrap();
    let config = std::fs::read_to_string(bare.join("config")).unwrap();
    std::fs::write(bare.join("config"), config.replace("bare = false", "bare = true")).unwrap();
    let opened = Repository::open(&bare).unwrap();
    assert_eq!(opened.work_dir(), None);
    assert_eq!(opened.revision("main").unwrap().commit().to_string(), ids[0]);
    // A linked work tree: a `.git` file that names a folder, which names the shared one.
    let (linked, private) = (outside.path().join("linked"), bare.join("worktrees/linked"));
    std::fs::create_dir_all(&linked).unwrap();
    std::fs::create_dir_all(&private).unwrap();
    std::fs::write(linked.join(".git"), format!("gitdir: {}\n", private.display())).unwrap();
    std::fs::write(private.join("commondir"), "../..\n").unwrap();
    std::fs::write(private.join("gitdir"), format!("{}\n", linked.join(".git").display())).unwrap();
    std::fs::write(private.join("HEAD"), format!("{}\n", ids[0])).unwrap();
    let opened = Repository::open(&linked).unwrap();
    assert_eq!(opened.revision("HEAD").unwrap().commit().to_string(), ids[0]);
    assert_eq!(opened.revision("main").unwrap().commit().to_string(), ids[0]);

    std::fs::write(bare.join("config"), "[core\n").unwrap();
    assert_eq!(Repository::open(&bare).unwrap_err().code(), "unreadable-repository");
}

#[test]
fn tree_files_read_like_a_folder() {
    let mut files = tree(&[("base/a.yaml", "a: 1"), ("base/sub/b", "b"), ("base-x", "x")]);
    for (path, item) in [
        ("link", Item::Link("base/a.yaml".into())),
        ("deep/up", Item::Link("../base".into())),
        ("out", Item::Link("../x".into())),
        ("absolute", Item::Link("/etc/passwd".into())),
        ("loop", Item::Link("loop".into())),
        ("gone", Item::Link("nowhere".into())),
        ("module", Item::Submodule("1".repeat(40))),
    ] {
        files.insert(path.into(), item);
    }
    let (_dir, repository, _) = made(&[Commit::new("one", files)]);
    let files = repository.revision("main").unwrap().files();
    let names = |path| files.list(path).unwrap().into_iter().map(|e| e.name).collect::<Vec<_>>().join(" ");
    assert_eq!(names(""), "base base-x deep link module");
    assert_eq!(
        (names("base"), names("module"), names("deep/up")),
        ("a.yaml sub".into(), "".into(), "a.yaml sub".into())
    );
    assert_eq!(&*files.read("deep/up/sub/b").unwrap().bytes, b"b");
    for (path, want) in [
        ("link", Ok("base/a.yaml")),
        ("deep/up/a.yaml", Ok("base/a.yaml")),
        ("out", Err("outside-root")),
        ("absolute", Err("outside-root")),
        ("loop", Err("link-loop")),
        ("gone", Err("file-not-found")),
        ("base/a.yaml/x", Err("file-not-found")),
    ] {
        assert_eq!(files.resolve(path).as_deref().map_err(Error::code), want, "{path}");
    }
    assert_eq!(files.kind("base/sub").unwrap(), Some(FileKind::Directory));
    assert_eq!(files.read("base").unwrap_err().code(), "not-a-file");
    assert_eq!(files.list("link").unwrap_err().code(), "not-a-directory");
    assert_eq!(files.clone().max_file_size(2).read("link").unwrap_err().code(), "too-large");
    assert!(files.is_submodule("module").unwrap() && !files.is_submodule("base").unwrap());
    // The well-known blob id of `b`, and ids that links share with their targets.
    assert_eq!(
        files.read("base/sub/b").unwrap().id.unwrap().to_string(),
        "63d8dbd40c23542e740659a7168a0ce3138ea748"
    );
    assert_eq!(files.object_id("deep/up").unwrap(), files.object_id("base").unwrap());
    assert_ne!(files.object_id("base/sub").unwrap(), files.object_id("base").unwrap());
    assert_eq!(files.object_id("x").unwrap(), None);
    assert_eq!(files.object_id("module").unwrap().unwrap().to_string(), "1".repeat(40));
}

#[test]
fn what_a_clone_lacks_is_named() {
    let (_dir, repository, ids) = made(&[
        Commit::new("one", tree(&[("a/b", "gone"), ("c", "here")])),
        Commit::new("two", tree(&[("a/b", "gone"), ("c", "new")])),
    ]);
    let files = repository.revision("main").unwrap().files();
    let blob = files.object_id("a/b").unwrap().unwrap().to_string();
    std::fs::remove_file(object_file(&repository, &blob)).unwrap();
    let error = files.read("a/b").unwrap_err();
    assert_eq!((error.code(), error.kind()), ("missing-object", ErrorKind::Git));
    assert_eq!(error.location().unwrap().path, "a/b");
    // Comparing needs no blob.
    let base = repository.revision("main~1").unwrap();
    assert_eq!(changed_paths(&base, &repository.revision("main").unwrap()).unwrap().len(), 1);

    // A shallow clone: the first commit is gone, and Git noted where history ends.
    std::fs::remove_file(object_file(&repository, &ids[0])).unwrap();
    std::fs::write(repository.git_dir().join("shallow"), format!("{}\n", ids[1])).unwrap();
    let shallow = Repository::open(repository.git_dir()).unwrap();
    assert!(shallow.is_shallow());
    for spec in ["main~1", &ids[0], "v9"] {
        let error = shallow.revision(spec).unwrap_err();
        assert_eq!(error.code(), "unknown-revision", "{error}");
        assert!(error.message().contains("fetch-depth"), "{error}");
    }
    // Damage: an object that is not what its name says.
    let revision = Repository::open(repository.git_dir()).unwrap().revision("main").unwrap();
    let tree = object_file(&repository, &revision.tree().to_string());
    std::fs::remove_file(&tree).unwrap();
    assert_eq!(revision.files().list("").unwrap_err().code(), "missing-object");
    std::fs::write(&tree, "no zlib").unwrap();
    assert_eq!(revision.files().list("").unwrap_err().code(), "unreadable-object");
}

#[test]
fn changes_are_found_by_ids_alone() {
    let old = tree(&[
        ("same/x", "1"),
        ("dir/a", "1"),
        ("dir/b", "1"),
        ("gone/deep/x", "1"),
        ("becomes-dir", "1"),
        ("becomes-file/x", "1"),
        ("link", "1"),
        ("a.b", "1"),
        ("a/x", "1"),
    ]);
    let mut new = tree(&[
        ("same/x", "1"),
        ("dir/a", "2"),
        ("dir/c", "1"),
        ("new/deep/x", "1"),
        ("becomes-dir/x", "1"),
        ("becomes-file", "1"),
        ("a.b", "1"),
        ("a/x", "2"),
        ("a0", "1"),
    ]);
    new.insert("link".into(), Item::Link("same/x".into()));
    new.insert("module".into(), Item::Submodule("1".repeat(40)));
    let (_dir, repository, _) = made(&[Commit::new("old", old), Commit::new("new", new)]);
    let (base, head) = (repository.revision("main~1").unwrap(), repository.revision("main").unwrap());
    let lines = |a, b| {
        let changes = changed_paths(a, b).unwrap();
        changes.iter().map(|change| format!("{:?} {}", change.kind, change.path)).collect::<Vec<_>>()
    };
    insta::assert_snapshot!(lines(&base, &head).join("\n"), @r"
    Modified a/x
    Added a0
    Removed becomes-dir
    Added becomes-dir/x
    Added becomes-file
    Removed becomes-file/x
    Modified dir/a
    Removed dir/b
    Added dir/c
    Removed gone/deep/x
    TypeChanged link
    Added module
    Added new/deep/x
    ");
    assert_eq!(lines(&base, &base), [""; 0]);
    let swap = |line: String| match line.split_once(' ').unwrap() {
        ("Added", path) => format!("Removed {path}"),
        ("Removed", path) => format!("Added {path}"),
        _ => line,
    };
    assert_eq!(lines(&head, &base), lines(&base, &head).into_iter().map(swap).collect::<Vec<_>>());
}

#[test]
fn branches_meet_at_their_merge_base() {
    let at = |n: &str| tree(&[("a", n)]);
    let mut side = Commit::new("side", at("side"));
    side.parents = Some(vec![0]);
    let mut root = Commit::new("unrelated", at("other"));
    root.parents = Some(vec![]);
    let commits = [Commit::new("one", at("1")), Commit::new("two", at("2")), side, root];
    let (_dir, repository, ids) = made(&commits);
    let revision = |n: usize| repository.revision(&ids[n]).unwrap();
    let base = repository.merge_base(&revision(1), &revision(2)).unwrap();
    assert_eq!(base.commit(), revision(0).commit());
    assert!(base.spec().starts_with("merge base of "));
    let error = repository.merge_base(&revision(1), &revision(3)).unwrap_err();
    assert_eq!(error.code(), "no-merge-base");
}

#[test]
fn a_tree_that_claims_billions_of_files_is_refused() {
    let (dir, repository, _) = made(&[Commit::new("empty", Tree::new())]);
    let git = raw(dir.path());
    let mut id = git.write_blob("x").unwrap().detach();
    let mut mode: gix::objs::tree::EntryMode = gix::objs::tree::EntryKind::Blob.into();
    for _ in 0..12 {
        let entry = |n| gix::objs::tree::Entry { mode, filename: format!("{n}").into(), oid: id };
        let entries = (0..10).map(entry).collect();
        id = git.write_object(gix::objs::Tree { entries }).unwrap().detach();
        mode = gix::objs::tree::EntryKind::Tree.into();
    }
    let by = gix::actor::SignatureRef { name: "x".into(), email: "x".into(), time: "1 +0000" };
    let bomb = git.new_commit_as(by, by, "m", id, Vec::<ObjectId>::new()).unwrap().id.to_string();
    let (base, head) = (repository.revision("main").unwrap(), repository.revision(&bomb).unwrap());
    let error = changed_paths(&base, &head).unwrap_err();
    assert_eq!((error.code(), error.kind()), ("too-many-changes", ErrorKind::Limit));
}

#[test]
fn many_threads_read_one_repository() {
    let many: Vec<(String, String)> = (0..50).map(|n| (format!("d{n}/f"), format!("{n}"))).collect();
    let files: Vec<(&str, &str)> = many.iter().map(|(path, text)| (path.as_str(), text.as_str())).collect();
    let (_dir, repository, _) = made(&[Commit::new("one", tree(&files))]);
    let files = repository.revision("main").unwrap().files();
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                for (path, text) in &many {
                    assert_eq!(&*files.read(path).unwrap().bytes, text.as_bytes());
                }
            });
        }
    });
}

proptest::proptest! {
    #![proptest_config(proptest::prelude::ProptestConfig::with_cases(500))]
    /// No revision, however odd, makes the reader panic, and every answer is a commit or an error of Git.
    #[test]
    fn any_text_may_be_asked_for(spec in "(HEAD|main|v1|@|[0-9a-f]{4,8}|\\PC{0,6})([~^:@{}.\\-/0-9a-z]{0,8})(\\.{2,3}main)?") {
        static MADE: std::sync::LazyLock<(tempfile::TempDir, Repository, Vec<String>)> =
            std::sync::LazyLock::new(|| {
                made(&[Commit::new("one", tree(&[("a", "1")])), Commit::new("two", tree(&[("a", "2")]))])
            });
        let (_, repository, ids) = &*MADE;
        match repository.revision(&spec) {
            Ok(revision) => proptest::prop_assert!(ids.contains(&revision.commit().to_string())),
            Err(error) => proptest::prop_assert_eq!(error.kind(), ErrorKind::Git),
        }
    }
}
