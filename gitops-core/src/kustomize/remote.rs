//! Bases and files on the network: how their addresses are read, and what the caller gives in their
//! place. This library fetches nothing.
//!
//! Addresses are taken apart as `api/internal/git/repospec.go` of kustomize v5.8.2 does it.

use std::collections::BTreeMap;

use crate::{files, percent};

const SCHEMES: [&str; 4] = ["ssh://", "https://", "http://", "file://"];

/// The address of a kustomization in a Git repository, in its parts.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct RepoSpec {
    /// What Git clones, such as `https://github.com/org/repo` or `git@host:org/repo.git`.
    pub repository: String,
    /// The branch, tag or commit of `?ref=` (or `?version=`); `None` for the default branch.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reference: Option<String>,
    /// The directory within the repository; empty for its root.
    pub path: String,
    /// The host without scheme, user and port, in lower case; empty for `file://`.
    host: String,
    /// The path of the repository on its host.
    repo: String,
}

impl RepoSpec {
    /// Takes an entry of `resources` or `components` apart; `None` for what kustomize takes for a path.
    #[must_use]
    pub fn parse(address: &str) -> Option<Self> {
        if address.starts_with('/') {
            return None;
        }
        let (address, query) = address.split_once('?').unwrap_or((address, ""));
        let rest = strip_prefix(address, "git::").unwrap_or(address);
        let (scheme, rest) = SCHEMES
            .iter()
            .find_map(|scheme| Some((*scheme, strip_prefix(rest, scheme)?)))
            .unwrap_or(("", rest));
        let (user, rest) = split_user(rest);
        let lower = rest.to_ascii_lowercase();
        let is_github = lower.starts_with("github.com/") || lower.starts_with("github.com:");
        let is_scp = scheme.is_empty() && (!user.is_empty() || is_github);
        if scheme.is_empty() && !is_scp {
            return None;
        }
        let (start, host, rest) = if scheme == "file://" {
            (scheme.to_owned(), String::new(), format!("{user}{rest}"))
        } else {
            let (host, separator, rest) = split_host(rest, is_scp)?;
            let start = match is_github {
                true if scheme == "ssh://" || !user.is_empty() => format!("{user}github.com:"),
                true => "https://github.com/".to_owned(),
                false => format!("{scheme}{user}{host}{separator}"),
            };
            let host = host.split(':').next().unwrap_or_default().to_ascii_lowercase();
            (start, host, rest.to_owned())
        };
        let (repo, path) = split_path(&rest, scheme == "file://")?;
        let path = path.strip_prefix('/').unwrap_or(path);
        // A path that leaves the repository makes the whole no address.
        let path = files::join("", path.trim_start_matches('/')).ok()?;
        Some(Self {
            repository: format!("{start}{repo}"),
            reference: reference(query),
            path,
            host,
            repo: repo.to_owned(),
        })
    }

    /// Host and path of the repository, the same for all ways to write its address:
    /// `github.com/org/repo`.
    #[must_use]
    pub fn identity(&self) -> String {
        let host = if self.host.is_empty() { "localhost" } else { &self.host };
        let repo = self.repo.trim_matches('/');
        format!("{host}/{}", repo.strip_suffix(".git").unwrap_or(repo))
    }
}

fn strip_prefix<'a>(text: &'a str, prefix: &str) -> Option<&'a str> {
    let start = text.get(..prefix.len())?;
    start.eq_ignore_ascii_case(prefix).then(|| text.get(prefix.len()..)).flatten()
}

/// The user with its `@`, and what follows.
fn split_user(text: &str) -> (&str, &str) {
    let is_name = |name: &str| {
        name.starts_with(|c: char| c.is_ascii_alphabetic())
            && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '-')
    };
    match text.split_once('@') {
        Some((name, rest)) if is_name(name) => (text.get(..=name.len()).unwrap_or_default(), rest),
        _ => ("", text),
    }
}

/// The host, what ends it, and what follows.
fn split_host(text: &str, is_scp: bool) -> Option<(&str, &str, &str)> {
    let mut end = text.find('/');
    if is_scp {
        let colon = text.find(':');
        end = match (end, colon) {
            (None, colon) => colon,
            (Some(slash), Some(colon)) if colon > 0 && colon < slash => Some(colon),
            (end, _) => end,
        };
    }
    let (host, separator, rest) = match end {
        Some(end) => (text.get(..end)?, text.get(end..=end)?, text.get(end + 1..)?),
        None => (text, "", ""),
    };
    (!(host.is_empty() && separator.is_empty())).then_some((host, separator, rest))
}

/// The repository and the directory in it.
fn split_path(text: &str, is_file: bool) -> Option<(&str, &str)> {
    let cut = |at: usize| Some((text.get(..at)?, text.get(at..)?));
    let (repo, path) = if let Some(at) = text.find("_git/") {
        let name = at + "_git/".len();
        let end = text.get(name..)?.find('/').map_or(text.len(), |end| name + end);
        cut(end)?
    } else if let Some((repo, path)) = text.split_once("//") {
        (repo, path)
    } else if let Some(at) = text.find(".git") {
        cut(at + ".git".len())?
    } else if is_file {
        (text, "")
    } else {
        let (first, _) = text.match_indices('/').next()?;
        match text.match_indices('/').nth(1) {
            Some((second, _)) => cut(second)?,
            None => (first < text.len()).then_some((text, ""))?,
        }
    };
    (!repo.is_empty()).then_some((repo, path))
}

/// The reference that the query of an address names.
fn reference(query: &str) -> Option<String> {
    let (mut found, mut version) = (None, None);
    for pair in query.split('&').filter(|pair| !pair.is_empty()) {
        // As in Go, one bad pair spoils all.
        if pair.contains(';') {
            return None;
        }
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        let (name, value) = (unescape(name)?, unescape(value)?);
        let slot = match name.as_str() {
            "ref" => &mut found,
            "version" => &mut version,
            _ => continue,
        };
        slot.get_or_insert(value);
    }
    found.filter(|text| !text.is_empty()).or(version).filter(|text| !text.is_empty())
}

fn unescape(text: &str) -> Option<String> {
    String::from_utf8(percent::decode(text, true)?).ok()
}

/// What is read in place of bases and files on the network.
///
/// Where an address leads is looked up in this order:
/// 1. the entry as it is written in the kustomization;
/// 2. for a base, its repository with `?ref=` (`https://github.com/org/repo?ref=v1`), then its repository
///    alone, which stands for any reference; how the address is written (scheme, user, `.git`) makes no
///    difference. The path is that of a checkout of the repository;
/// 3. the vendor folder: `<folder>/<host>/<repository>@<ref>` holds a checkout (without `@<ref>` for an
///    address without one), `<folder>/<host>/<path>` a file.
///
/// As in kustomize, a remote base may read nothing outside its repository, whatever the load restrictor.
///
/// ```
/// use gitops_core::files::Memory;
/// use gitops_core::kustomize::{BuildOptions, RemoteBases, build};
/// let files = Memory::new()
///     .with("kustomization.yaml", "resources: ['https://github.com/org/repo//base?ref=v1']")
///     .with("vendor/github.com/org/repo@v1/base/kustomization.yaml", "resources: [a.yaml]")
///     .with("vendor/github.com/org/repo@v1/base/a.yaml", "{apiVersion: v1, kind: Namespace, metadata: {name: a}}");
/// let mut options = BuildOptions::default();
/// options.remote_bases = RemoteBases::new().vendored("vendor");
/// assert_eq!(build(&files, "", &options)?.objects.len(), 1);
/// # Ok::<(), gitops_core::Error>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RemoteBases {
    paths: BTreeMap<String, String>,
    vendor: Option<String>,
}

/// Where a remote base is.
#[derive(Debug)]
pub(crate) struct Checkout {
    /// The directory to build.
    pub(crate) path: String,
    /// The root of its repository, which it cannot leave.
    pub(crate) root: String,
}

impl RemoteBases {
    /// Nothing: every remote entry is an error.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Paths by address, as [`RemoteBases::with`] takes them, and a vendor folder if there is one.
    #[must_use]
    pub fn of(paths: &BTreeMap<String, String>, vendor: Option<&str>) -> Self {
        Self { paths: paths.clone(), vendor: vendor.map(str::to_owned) }
    }

    /// The same with a path of the files for an entry, or for a repository with or without `?ref=`.
    #[must_use]
    pub fn with(mut self, address: &str, path: &str) -> Self {
        self.paths.insert(address.to_owned(), path.to_owned());
        self
    }

    /// The same with a vendor folder, a path of the files.
    #[must_use]
    pub fn vendored(mut self, folder: &str) -> Self {
        self.vendor = Some(folder.to_owned());
        self
    }

    fn named(&self, address: &str) -> Option<String> {
        files::join("", self.paths.get(address)?).ok()
    }

    /// Where the repository of an address is checked out, if a key of the map names it.
    fn repository(&self, spec: &RepoSpec) -> Option<String> {
        let identity = spec.identity();
        let key = |reference: &Option<String>| {
            self.paths.iter().find(|(address, _)| {
                RepoSpec::parse(address).is_some_and(|key| {
                    key.path.is_empty() && key.reference == *reference && key.identity() == identity
                })
            })
        };
        let with = spec.reference.as_ref().and_then(|_| key(&spec.reference));
        files::join("", with.or_else(|| key(&None))?.1).ok()
    }

    /// A path of the vendor folder. No address leads out of it, nor to another one's place.
    fn below_vendor(&self, path: &str) -> Option<String> {
        let is_plain = !path.split('/').any(|part| part == "..");
        is_plain.then(|| files::join(self.vendor.as_ref()?, path).ok()).flatten()
    }

    /// The folder in which a checkout of a repository is looked for.
    pub(crate) fn vendor_folder(&self, spec: &RepoSpec) -> Option<String> {
        let reference = spec.reference.as_ref().map_or(String::new(), |reference| format!("@{reference}"));
        self.below_vendor(&format!("{}{reference}", spec.identity()))
    }

    /// The vendored copy of a file.
    pub(crate) fn vendor_file(&self, address: &str) -> Option<String> {
        let (_, rest) = address.split_once("://")?;
        let rest = rest.split(['?', '#']).next()?;
        self.below_vendor(rest)
    }

    /// Where the base at `address` is to be read.
    pub(crate) fn checkout(&self, address: &str, spec: &RepoSpec) -> Option<Checkout> {
        if let Some(path) = self.named(address) {
            let root = path.strip_suffix(&spec.path).and_then(|root| root.strip_suffix('/'));
            let root = if spec.path.is_empty() { &path } else { root.unwrap_or(&path) }.to_owned();
            return Some(Checkout { path, root });
        }
        let root = self.repository(spec).or_else(|| self.vendor_folder(spec))?;
        Some(Checkout { path: files::join(&root, &spec.path).ok()?, root })
    }

    /// Wherever a text may lead, if it is an address.
    pub(crate) fn places(&self, text: &str) -> Vec<String> {
        if *self == Self::default() {
            return Vec::new();
        }
        let base = RepoSpec::parse(text).and_then(|spec| self.checkout(text, &spec));
        let file = is_remote_file(text).then(|| self.file(text)).flatten();
        base.map(|checkout| checkout.path).into_iter().chain(file).collect()
    }

    /// Where the file at `address` is to be read.
    pub(crate) fn file(&self, address: &str) -> Option<String> {
        self.named(address).or_else(|| self.vendor_file(address))
    }
}

/// Whether kustomize would fetch an entry as a file.
pub(crate) fn is_remote_file(address: &str) -> bool {
    let scheme = address.split_once(':').map(|(scheme, _)| scheme.to_ascii_lowercase());
    matches!(scheme.as_deref(), Some("http" | "https"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_taken_apart() {
        for (address, repository, reference, path, identity) in [
            (
                "https://github.com/org/repo//deploy/x?ref=v1",
                "https://github.com/org/repo",
                "v1",
                "deploy/x",
                "github.com/org/repo",
            ),
            (
                "https://github.com/org/repo/deploy?ref=v1",
                "https://github.com/org/repo",
                "v1",
                "deploy",
                "github.com/org/repo",
            ),
            ("github.com/org/repo", "https://github.com/org/repo", "", "", "github.com/org/repo"),
            ("GitHub.com:org/repo.git//a", "https://github.com/org/repo.git", "", "a", "github.com/org/repo"),
            (
                "git@github.com:org/repo.git/a/b?version=v2",
                "git@github.com:org/repo.git",
                "v2",
                "a/b",
                "github.com/org/repo",
            ),
            ("ssh://git@github.com/org/repo", "git@github.com:org/repo", "", "", "github.com/org/repo"),
            (
                "org-1@host.xz:path/to/repo.git/sub",
                "org-1@host.xz:path/to/repo.git",
                "",
                "sub",
                "host.xz/path/to/repo",
            ),
            (
                "ssh://git@host:22/org/repo.git?ref=x&version=y",
                "ssh://git@host:22/org/repo.git",
                "x",
                "",
                "host/org/repo",
            ),
            (
                "git::https://Host/org/repo?submodules=false&timeout=3s",
                "https://Host/org/repo",
                "",
                "",
                "host/org/repo",
            ),
            (
                "https://fab@dev.azure.com/org/project/_git/repo/a/b?ref=m",
                "https://fab@dev.azure.com/org/project/_git/repo",
                "m",
                "a/b",
                "dev.azure.com/org/project/_git/repo",
            ),
            ("file:///srv/repo", "file:///srv/repo", "", "", "localhost/srv/repo"),
            ("file:///srv/repo//a?ref=b%2Fc", "file:///srv/repo", "b/c", "a", "localhost/srv/repo"),
            ("https://host/a//b//c", "https://host/a", "", "b/c", "host/a"),
            ("https://host/org/repo?ref=%zz", "https://host/org/repo", "", "", "host/org/repo"),
        ] {
            let spec = RepoSpec::parse(address).unwrap_or_else(|| panic!("{address}"));
            let found =
                (spec.repository.as_str(), spec.reference.as_deref().unwrap_or(""), spec.path.as_str());
            assert_eq!(found, (repository, reference, path), "{address}");
            assert_eq!(spec.identity(), identity, "{address}");
        }
        for path in [
            "../base",
            "base",
            "github.com.yaml",
            "./a@b/c",
            "x.git/y",
            "/abs",
            "https://host/only-one",
            "https://host/org/repo//../../x",
            "https:///a/b/../../..",
            "github.com/org",
        ] {
            assert_eq!(RepoSpec::parse(path), None, "{path}");
        }
    }

    #[test]
    fn addresses_lead_where_the_caller_says() {
        let bases = RemoteBases::new()
            .with("https://github.com/org/repo//special?ref=v1", "mine")
            .with("https://github.com/org/repo?ref=v2", "two")
            .with("git@github.com:org/repo.git", "any")
            .vendored("vendor");
        for (address, path, root) in [
            ("https://github.com/org/repo//special?ref=v1", "mine", "mine"),
            ("github.com/org/repo/deploy?ref=v2", "two/deploy", "two"),
            ("ssh://git@github.com/org/repo//deploy?ref=v3", "any/deploy", "any"),
            (
                "https://github.com/org/other//a?ref=v1",
                "vendor/github.com/org/other@v1/a",
                "vendor/github.com/org/other@v1",
            ),
            ("https://github.com/org/other", "vendor/github.com/org/other", "vendor/github.com/org/other"),
        ] {
            let found = bases.checkout(address, &RepoSpec::parse(address).unwrap()).unwrap();
            assert_eq!((found.path.as_str(), found.root.as_str()), (path, root), "{address}");
        }
        assert_eq!(bases.file("https://host/a/b.yaml?raw=1").as_deref(), Some("vendor/host/a/b.yaml"));
        assert_eq!(bases.file("https://host/../../b.yaml"), None);
        assert!(RemoteBases::new().file("https://host/b.yaml").is_none());
        let climbing = RepoSpec::parse("https://host/org/repo?ref=/../../x").unwrap();
        assert!(bases.checkout("https://host/org/repo?ref=/../../x", &climbing).is_none());
    }

    use crate::files::Memory;
    use crate::kustomize::{Build, BuildOptions, LoadRestrictor, build};
    use crate::{Error, ErrorKind};

    const OBJECT: &str = "{apiVersion: v1, kind: ConfigMap, metadata: {name: a}}";

    fn built(entry: &str, bases: RemoteBases, more: &[(&str, &str)]) -> Result<Build, Error> {
        let mut files = Memory::new()
            .with("app/kustomization.yaml", entry)
            .with("secret.yaml", OBJECT)
            .with("local/kustomization.yaml", "resources: [a.yaml]")
            .with("local/a.yaml", OBJECT)
            .with("vendor/github.com/org/repo@v1/base/kustomization.yaml", "resources: [a.yaml]")
            .with("vendor/github.com/org/repo@v1/base/a.yaml", OBJECT)
            .with("vendor/github.com/org/repo@v1/overlay/kustomization.yaml", "resources: [../base]")
            .with("vendor/host/x.yaml", OBJECT);
        for (path, text) in more {
            files.insert(path, *text);
        }
        let options = BuildOptions {
            remote_bases: bases,
            load_restrictor: LoadRestrictor::None,
            ..BuildOptions::default()
        };
        build(&files, "app", &options)
    }

    #[test]
    fn remote_entries_are_built_from_what_the_caller_gives() {
        let vendor = || RemoteBases::new().vendored("vendor");
        for (entry, bases) in [
            ("resources: ['https://github.com/org/repo//base?ref=v1']", vendor()),
            ("resources: ['git@github.com:org/repo.git//overlay?ref=v1']", vendor()),
            ("resources: ['https://host/x.yaml?token=1']", vendor()),
            (
                "resources: ['https://github.com/org/repo//any?ref=v1']",
                RemoteBases::new().with("https://github.com/org/repo//any?ref=v1", "local"),
            ),
            (
                "resources: ['https://github.com/org/repo//local?ref=v7']",
                RemoteBases::new().with("https://github.com/org/repo", ""),
            ),
        ] {
            let build = built(entry, bases, &[]).unwrap_or_else(|error| panic!("{entry}: {error:?}"));
            assert_eq!(build.objects.len(), 1, "{entry}");
        }
        let patch = "resources: [../local]\npatches: [{path: 'https://host/p.yaml'}]";
        let text = "{apiVersion: v1, kind: ConfigMap, metadata: {name: a}, data: {b: c}}";
        let build = built(patch, vendor(), &[("vendor/host/p.yaml", text)]).unwrap();
        let path = ["data", "b"].map(|key| crate::node::Segment::Key(key.into())).into_iter().collect();
        let origin = build.location(&build.objects[0], &path).unwrap();
        assert_eq!(origin.path, "vendor/host/p.yaml");
    }

    #[test]
    fn what_is_not_given_is_an_error_that_says_what_to_do() {
        let vendor = || RemoteBases::new().vendored("vendor");
        for (entry, bases, code, words) in [
            (
                "resources: ['https://github.com/org/repo//x?ref=v9']",
                RemoteBases::new(),
                "remote-base",
                &["repository https://github.com/org/repo,", "reference `v9`", "path `x`", "`remote_bases`"]
                    [..],
            ),
            (
                "components: ['github.com/org/repo']",
                vendor(),
                "remote-base",
                &["its default branch", "vendor/github.com/org/repo,"],
            ),
            ("resources: ['https://host/y.yaml']", vendor(), "remote-file", &["vendor/host/y.yaml"]),
            ("resources: ['https://host/y']", RemoteBases::new(), "remote-file", &["`remote_bases`"]),
            (
                "patches: [{path: 'https://host/y.yaml'}]",
                RemoteBases::new(),
                "remote-file",
                &["`https://host/y.yaml`"],
            ),
        ] {
            let error = built(entry, bases, &[]).unwrap_err();
            assert_eq!((error.kind(), error.code()), (ErrorKind::Unsupported, code), "{error:?}");
            let column = entry.find('\'').unwrap() + 1;
            assert_eq!(error.location().unwrap().to_string(), format!("app/kustomization.yaml:1:{column}"));
            for word in words {
                assert!(error.message().contains(word), "{word}: {error}");
            }
        }
    }

    #[test]
    fn a_remote_base_stays_within_its_repository() {
        let entry = "resources: ['https://github.com/org/repo//bad?ref=v1']";
        let path = "vendor/github.com/org/repo@v1/bad/kustomization.yaml";
        for (text, code) in [
            ("resources: [../../../../../local]", "outside-repository"),
            ("resources: [../../../../../secret.yaml]", "load-restriction"),
            ("resources: [../base/a.yaml]", "load-restriction"),
            ("resources: ['https://github.com/org/repo//bad?ref=v1']", "cycle"),
        ] {
            let error = built(entry, RemoteBases::new().vendored("vendor"), &[(path, text)]).unwrap_err();
            assert_eq!(error.code(), code, "{error:?}");
        }
        // Afterwards the own repository is free again.
        let after = "resources: ['https://github.com/org/repo//base?ref=v1']\npatches: [{path: ../p.yaml}]";
        let text = "{apiVersion: v1, kind: ConfigMap, metadata: {name: a}, data: {b: c}}";
        assert!(built(after, RemoteBases::new().vendored("vendor"), &[("p.yaml", text)]).is_ok());
    }
}
