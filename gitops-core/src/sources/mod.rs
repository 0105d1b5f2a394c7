//! What a repository deploys, and where: read from Flux, Argo CD and Security Tower configuration, or
//! else from its kustomizations.
//!
//! Only plain files are read; nothing is rendered, so what an overlay makes of a declaration (a
//! patched `spec.path`, say) is not seen.

mod argo;
mod flux;
mod kustomizations;
mod names;
mod scan;
mod tower;

use crate::files::{FileKind, Files};
use crate::kustomize::LoadRestrictor;
use crate::node::{Location, Node, SourceMap};
use crate::yaml::Limits;
use crate::{Diagnostic, Error, ErrorKind, Result};

/// How [`discover`] reads.
#[derive(Clone, Debug)]
pub struct DiscoverOptions {
    /// Bounds on each text.
    pub limits: Limits,
    /// Files and directories looked at. Default 200,000.
    pub max_files: usize,
    /// Bytes of YAML read in total. Default 1 GiB.
    pub max_bytes: u64,
    /// The table that the texts are added to; an own one by default. Share that of a
    /// [`crate::kustomize::Cache`] so that builds can use the nodes in [`Environment::overrides`].
    pub sources: SourceMap,
}

impl Default for DiscoverOptions {
    fn default() -> Self {
        Self { limits: Limits::default(), max_files: 200_000, max_bytes: 1 << 30, sources: SourceMap::new() }
    }
}

/// What a repository deploys.
#[derive(Clone, Debug, Default, serde::Serialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct Discovery {
    /// Sorted by name.
    pub environments: Vec<Environment>,
    /// Clusters that Security Tower's configuration describes, sorted by name.
    pub clusters: Vec<Cluster>,
    /// Kustomizations that neither an environment nor another kustomization uses: nothing in the
    /// repository says where they are deployed. Named by their path and sorted, as the environments of
    /// a repository that declares nothing else.
    pub unreached: Vec<Environment>,
    /// What was found but is not checked, and why.
    pub warnings: Vec<Diagnostic>,
    /// The texts that nodes point into.
    #[serde(skip)]
    pub sources: SourceMap,
}

/// A directory that is deployed as one, to one cluster.
#[derive(Clone, Debug, serde::Serialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct Environment {
    /// What people call it, such as `prod/apps`: the cluster, if known, and the declaring object, or
    /// the path of the kustomization. Unique within a repository, and the same in every revision as
    /// long as its declaration stays.
    pub name: String,
    /// The directory, relative to the root of the files; the root is empty.
    pub path: String,
    /// What declares it.
    pub origin: Origin,
    /// The text that names the directory: the value of `spec.path`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub path_location: Option<Location>,
    /// The cluster it is deployed to, if the repository tells. Flux: the folder below `clusters/`, or
    /// that of the bootstrap files; Argo CD: `spec.destination`; Security Tower: the stage's cluster.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cluster: Option<String>,
    /// The namespace that its objects are moved to (Flux) or put in where they name none (others).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub target_namespace: Option<String>,
    /// The branch, tag or commit that is deployed, where the declaration names one (Argo CD).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub target_revision: Option<String>,
    /// Whether the declaration is switched off (`spec.suspend`).
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub suspended: bool,
    /// Where its build may read files: anywhere with Flux.
    #[serde(skip)]
    pub load_restrictor: LoadRestrictor,
    /// What a directory without a kustomization file stands for.
    pub plain_directory: PlainDirectory,
    /// What the declaration adds to the kustomization, as a mapping with the declaration's field
    /// names (Flux: `targetNamespace`, `namePrefix`, `nameSuffix`, `patches`, `images`, `components`,
    /// `ignoreMissingComponents`, `commonMetadata` …; Argo CD: those of `source.kustomize`).
    #[serde(skip)]
    pub overrides: Option<Node>,
    /// The declaring object of Flux or Argo CD as written. Its spans point into
    /// [`DiscoverOptions::sources`].
    #[serde(skip)]
    pub declaration: Option<Node>,
    /// What the deployed objects have that a build does not apply: one entry per setting, at its
    /// place. While there is any, the build shows less than what is deployed.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub unsupported: Vec<Diagnostic>,
    /// Directories with the policies of its cluster, where Security Tower's configuration names them.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub policy_paths: Vec<String>,
}

/// What declares an [`Environment`].
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Origin {
    /// The kind of declaration.
    pub kind: OriginKind,
    /// The name of the declaring object; of a kustomization, its directory.
    pub name: String,
    /// The namespace of the declaring object as written; empty if none is.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub namespace: String,
    /// Where the declaration stands.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub location: Option<Location>,
}

/// The tools whose declarations are understood.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, serde::Serialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub enum OriginKind {
    /// A Flux `Kustomization`.
    Flux,
    /// An Argo CD `Application`.
    Argo,
    /// A stage of a Security Tower `Application`.
    SecurityTower,
    /// A kustomization that no other one uses, in a repository that declares nothing else.
    Kustomization,
}

/// What a directory without a kustomization file stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, serde::Serialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub enum PlainDirectory {
    /// An error, as for `kustomize build`.
    Refused,
    /// All manifests in it (Argo CD).
    TopLevel,
    /// All manifests in it and below, as Flux generates a kustomization and as Argo CD reads with
    /// `directory.recurse`.
    Recursive,
}

/// A cluster that Security Tower's configuration describes.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct Cluster {
    /// Its name.
    pub name: String,
    /// Directories with the policies that hold there.
    pub policy_paths: Vec<String>,
    /// Directories with the manifests of its namespaces.
    pub namespace_paths: Vec<String>,
    /// Where it is described.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub location: Option<Location>,
}

/// Finds what a repository deploys.
///
/// All `*.yaml` and `*.yml` files are looked at, except in hidden folders (but for `.securitytower`
/// at the root), in `node_modules` and in the templates of Helm charts. Links are not followed. A
/// declaration whose source is another repository is a warning, not an environment; which source is
/// this repository is told by the paths that exist here.
///
/// # Errors
/// [`ErrorKind::Git`] where the files cannot be read from Git; [`ErrorKind::Limit`] with code
/// `too-many-files`, `too-much-yaml` or `too-deep`. Any other problem is a warning.
pub fn discover(files: &dyn Files, options: &DiscoverOptions) -> Result<Discovery> {
    let scan = scan::scan(files, options)?;
    let mut found =
        Found { files, sources: &options.sources, environments: Vec::new(), warnings: scan.warnings.clone() };
    flux::discover(&scan, &mut found)?;
    argo::discover(&scan, &mut found)?;
    let clusters = tower::discover(&scan, &mut found)?;
    let tree = kustomizations::Tree::read(&scan, &mut found)?;
    let mut unreached = tree.unreached(&found.environments);
    if found.environments.is_empty() {
        found.environments = std::mem::take(&mut unreached);
    }
    let Found { mut environments, mut warnings, .. } = found;
    for environment in &mut environments {
        let named = clusters.iter().find(|cluster| Some(&cluster.name) == environment.cluster.as_ref());
        // Other tools may call the one cluster differently.
        let is_tower = environment.origin.kind == OriginKind::SecurityTower && environment.cluster.is_some();
        let only = if clusters.len() == 1 && !is_tower { clusters.first() } else { None };
        let cluster = named.or(only);
        environment.policy_paths = cluster.map(|cluster| cluster.policy_paths.clone()).unwrap_or_default();
    }
    names::make_unique(&mut environments);
    environments.sort_by(|a, b| a.name.cmp(&b.name));
    warnings.sort_by(|a, b| (&a.location, a.code).cmp(&(&b.location, b.code)));
    Ok(Discovery { environments, clusters, unreached, warnings, sources: options.sources.clone() })
}

/// What the readers of the different declarations add to.
struct Found<'a> {
    files: &'a dyn Files,
    sources: &'a SourceMap,
    environments: Vec<Environment>,
    warnings: Vec<Diagnostic>,
}

impl Found<'_> {
    fn locate(&self, node: &Node) -> Option<Location> {
        self.sources.locate(node.span)
    }

    fn warn(&mut self, code: &'static str, message: String, at: Option<&Node>) {
        let location = at.and_then(|node| self.locate(node));
        self.warnings.push(Diagnostic::new(code, message).at(location));
    }

    /// What stands at a path; a problem with it is a warning, unless Git cannot be read.
    fn kind(&mut self, path: &str) -> Result<Option<FileKind>> {
        match self.files.kind(path) {
            Err(error) if is_fatal(&error) => Err(error),
            Err(error) => {
                self.warnings.push(Diagnostic::from(&error));
                Ok(None)
            }
            found => found,
        }
    }

    /// Whether there is a directory at a path; used to guess, so problems are passed over.
    fn is_directory(&self, path: &str) -> Result<bool> {
        match self.files.kind(path) {
            Err(error) if is_fatal(&error) => Err(error),
            found => Ok(matches!(found, Ok(Some(FileKind::Directory)))),
        }
    }

    /// Adds an environment, with a warning if its directory is not there.
    fn add(&mut self, environment: Environment) -> Result<()> {
        if self.kind(&environment.path)? != Some(FileKind::Directory) {
            let message = format!(
                "`{}` deploys the directory `{}`, which is not in this revision",
                environment.name,
                shown(&environment.path)
            );
            let location = environment.path_location.clone().or(environment.origin.location.clone());
            self.warnings.push(Diagnostic::new("path-not-found", message).at(location));
        }
        self.environments.push(environment);
        Ok(())
    }
}

fn is_fatal(error: &Error) -> bool {
    error.kind() == ErrorKind::Git
}

/// A path for messages.
fn shown(path: &str) -> &str {
    if path.is_empty() { "." } else { path }
}

/// The text at a sequence of keys, if it is there and not empty.
fn text<'a>(node: &'a Node, keys: &[&str]) -> Option<&'a str> {
    node.at(keys).and_then(Node::as_str).filter(|text| !text.is_empty())
}

/// A path from the root as declarations write it (`./apps`, `/apps`, `apps/`); what climbs above the
/// root stays at the root, as in Flux and Argo CD.
fn from_root(path: &str) -> String {
    let mut parts: Vec<&str> = Vec::new();
    for part in path.trim().split('/') {
        match part {
            "" | "." => {}
            ".." => {
                parts.pop();
            }
            part => parts.push(part),
        }
    }
    parts.join("/")
}

/// The entries of `node` with the given keys, as a mapping; `None` if it has none of them.
fn select(node: &Node, keys: &[&str]) -> Option<Node> {
    let mut map = crate::node::Map::new();
    for entry in node.as_map()?.entries() {
        if keys.contains(&entry.key.as_str()) && !entry.value.is_null() {
            map.insert_entry(entry.clone());
        }
    }
    (!map.is_empty()).then(|| Node::map(map, node.span))
}

#[cfg(test)]
mod tests;
