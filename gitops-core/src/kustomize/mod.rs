//! Kustomize: a directory with a `kustomization.yaml` to the objects it stands for.

use crate::files::{Files, Manifests};
use crate::node::{Location, Path, SourceMap};
use crate::object::{Object, secret};
use crate::yaml::Limits;
use crate::{Diagnostic, Result};

mod accumulate;
mod annotate;
mod build_metadata;
mod cache;
mod config;
mod crds;
mod decode;
pub mod fieldspec;
mod flow_moments;
mod flux;
mod generate;
pub(crate) mod go_regex;
mod growth;
mod hash;
mod history;
mod iam_policy;
pub mod images;
mod kustomization;
mod load;
mod many;
mod nameref;
mod openapi;
pub mod patch;
mod patches;
mod plugins;
mod profiles;
mod reach;
mod refold;
mod remote;
mod replacements;
mod resource;
mod selector;
mod shared;
mod sort;
mod stale;
mod suggest;
#[cfg(test)]
mod tests;
mod transform;
mod value_add;
mod vars;
mod warnings;

pub use cache::Cache;
pub use history::{FieldHistory, Step, StepKind};
pub use many::{Request, build_many};
pub use reach::{Reach, reach};
pub use remote::{RemoteBases, RepoSpec};
pub use warnings::{Strict, WARNINGS, Warning};

/// Where a kustomization may read files.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Default)]
#[non_exhaustive]
pub enum LoadRestrictor {
    /// Only in and below its own directory (kustomize's default). Directories with a kustomization
    /// of their own may be anywhere.
    #[default]
    RootOnly,
    /// Anywhere within the [`Files`], as Flux builds.
    None,
}

/// How a build runs.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct BuildOptions {
    /// Where files may be read.
    pub load_restrictor: LoadRestrictor,
    /// Keep the order of accumulation instead of kustomize's default order, as if the kustomization
    /// said `sortOptions: {order: fifo}`. Its own `sortOptions` win. Default false.
    pub keep_order: bool,
    /// Build a directory without a kustomization as Flux does, from all its YAML files. Default false:
    /// it is an error.
    pub generate: bool,
    /// The `spec` of a Flux `Kustomization`: its `targetNamespace`, `namePrefix`, `nameSuffix`,
    /// `components`, `patches`, `images` and `commonMetadata` are added as kustomize-controller does.
    /// Its spans point into the sources of [`BuildOptions::cache`].
    pub flux_spec: Option<crate::node::Node>,
    /// Where bases and files on the network are to be read; by default they are errors
    /// ([`crate::ErrorKind::Unsupported`], codes `remote-base` and `remote-file`).
    pub remote_bases: RemoteBases,
    /// Record what each step does to each object, for [`Build::history`]. Default false: it costs memory
    /// for every path that a step changes. The objects and warnings are the same.
    pub history: bool,
    /// The warnings that are errors: kind as in [`WARNINGS`], code, place and message of the first by
    /// place, and how many there are. Default none.
    pub strict: Strict,
    /// Bounds on the texts.
    pub limits: Limits,
    /// Parsed files to share between builds, one after the other or at once from many threads; a
    /// fresh one by default.
    pub cache: Cache,
}

/// What a build gives.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Build {
    /// The objects in kustomize's output order.
    pub objects: Vec<Object>,
    /// What kustomize swallows, and what looks like a mistake.
    pub warnings: Vec<Diagnostic>,
    /// Paths of all files read, sorted.
    pub files_read: Vec<String>,
    /// The texts that the spans of the objects point into.
    pub sources: SourceMap,
    pub(crate) history: Option<history::History>,
    /// What must not be shown though it stands outside of Secrets.
    pub(crate) secret_copies: secret::Copies,
}

impl Build {
    /// The objects as kustomize prints them: YAML documents joined by `---`.
    ///
    /// # Errors
    /// [`crate::ErrorKind::Yaml`] for values that YAML as Kubernetes writes it cannot hold.
    pub fn to_yaml(&self) -> Result<String> {
        crate::yaml::write_stream(self.objects.iter().map(|object| &object.node))
    }

    /// The place of the text that set the node at `path` of `object`, or of the nearest node above
    /// it that a text set.
    #[must_use]
    pub fn location(&self, object: &Object, path: &Path) -> Option<Location> {
        object.location(path, &self.sources)
    }
}

impl From<&Build> for Manifests {
    fn from(build: &Build) -> Self {
        let mut manifests = Self::new();
        manifests.objects.clone_from(&build.objects);
        manifests.sources = build.sources.clone();
        manifests
    }
}

impl Build {
    /// The place of the text that set the part of a value that starts `offset` bytes into it: of an
    /// image whose name a base gives and whose tag an overlay gives, either. For a value of one text, and
    /// where nothing stands at `path`, as [`Build::location`].
    #[must_use]
    pub fn location_of_part(&self, object: &Object, path: &Path, offset: usize) -> Option<Location> {
        let part =
            object.lookup(path).and_then(|node| self.sources.locate(self.sources.part(node.span, offset)));
        part.or_else(|| self.location(object, path))
    }
}

/// Builds the kustomization in `dir` as `kustomize build` of v5.8 does.
///
/// `dir` is a path of `files`; the empty path is their root. What kustomize does silently and users
/// rarely mean is in [`Build::warnings`].
///
/// # Errors
/// [`crate::ErrorKind::Kustomize`] for what kustomize refuses, [`crate::ErrorKind::File`] for what is
/// missing or may not be read, [`crate::ErrorKind::Yaml`] for texts that cannot be read,
/// [`crate::ErrorKind::Unsupported`] for what needs a network or a program, or is not implemented yet,
/// and [`crate::ErrorKind::Limit`]; each with the place where the user must act.
pub fn build(files: &dyn Files, dir: &str, options: &BuildOptions) -> Result<Build> {
    let snapshot = files.snapshot();
    let mut builder = load::Builder::new(snapshot.as_deref().unwrap_or(files), options);
    let mut resources = builder.run(dir)?;
    options.strict.check(&builder.warnings)?;
    let history = options
        .history
        .then(|| history::History::new(&mut resources, std::mem::take(&mut builder.var_places)));
    let objects = load::into_objects(resources.into_iter().map(|resource| resource.node));
    Ok(Build {
        objects,
        warnings: builder.warnings,
        files_read: builder.files_read.into_iter().collect(),
        sources: options.cache.sources().clone(),
        history,
        secret_copies: builder.secret_copies,
    })
}
