//! Kustomize: a directory with a `kustomization.yaml` to the objects it stands for.

use crate::files::Files;
use crate::node::{Location, Path, SourceMap};
use crate::object::Object;
use crate::yaml::Limits;
use crate::{Diagnostic, Result};

mod cache;
pub mod fieldspec;
pub(crate) mod go_regex;
pub mod images;
pub mod patch;

pub use cache::Cache;

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
    /// Bounds on the texts.
    pub limits: Limits,
    /// Parsed files to share between builds; a fresh one by default.
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
}

impl Build {
    /// The place of the text that set the node at `path` of `object`, or of the nearest node above
    /// it that a text set.
    #[must_use]
    pub fn location(&self, object: &Object, path: &Path) -> Option<Location> {
        let (_, depth) = object.node.nearest(path);
        (0..=depth).rev().find_map(|depth| {
            let path: Path = path.segments().iter().take(depth).cloned().collect();
            self.sources.locate(object.lookup(&path)?.span)
        })
    }
}

/// Builds the kustomization in `dir` as `kustomize build` does.
///
/// # Errors
/// See the codes of `ErrorKind::Kustomize`, `File`, `Yaml`, `Unsupported` and `Limit`.
pub fn build(_files: &dyn Files, _dir: &str, _options: &BuildOptions) -> Result<Build> {
    Err(crate::Error::new(crate::ErrorKind::Unsupported, "not-built-yet", "under construction"))
}
