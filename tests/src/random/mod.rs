//! Random kustomizations, to be built by us and by the real kustomize.
//!
//! Everything follows from a seed. Names, namespaces and images are few, so that references, patches
//! and selectors meet their objects often enough; most texts are harmless, some are hard.

use std::collections::BTreeMap;

use gitops_core::Error;
use gitops_core::files::Memory;
use gitops_core::kustomize::{BuildOptions, LoadRestrictor, build};

mod compare;
mod kustomizations;
mod mutate;
mod objects;
mod oracle;
mod patches;
mod rng;
mod shrink;
mod text;
mod words;

pub use compare::{Difference, Tally, compare};
pub use kustomizations::generate;
pub use mutate::mutate;
pub use oracle::{Answer, Oracle};
pub use rng::Rng;
pub use shrink::shrink;

/// Files, and the directory to build.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Case {
    /// Where it comes from.
    pub name: String,
    /// Texts by path.
    pub files: BTreeMap<String, String>,
    /// Directories that must be there even when empty.
    pub dirs: Vec<String>,
    /// The directory with the kustomization to build.
    pub target: String,
    /// Whether files may be read from anywhere.
    pub unrestricted: bool,
}

impl Case {
    /// Our answer.
    pub fn ours(&self) -> Result<String, Error> {
        let mut files = Memory::new();
        for dir in &self.dirs {
            files.add_dir(dir);
        }
        for (path, text) in &self.files {
            files.insert(path, text.as_bytes());
        }
        let mut options = BuildOptions::default();
        if self.unrestricted {
            options.load_restrictor = LoadRestrictor::None;
        }
        build(&files, self.target.trim_matches('/'), &options)?.to_yaml()
    }
}
