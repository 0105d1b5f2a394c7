//! Text to tree and tree to text, as Kubernetes does it.
//!
//! Nothing outside this module knows which parser runs.

mod builder;
mod decode;
mod emit;
mod events;
mod explain;
mod fast;
mod merge;
mod number;
mod read;
mod repair;
mod resolve;
mod tabs;
mod timestamp;

pub use decode::decode;
pub use emit::{write, write_into, write_stream};
pub use read::{read, read_str};
#[doc(hidden)]
pub use read::{read_by_library, read_fast};
pub use resolve::parse_scalar;

use crate::node::Node;

/// Which of the two YAML readers of the Kubernetes world decides what a plain scalar means.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Default)]
#[non_exhaustive]
pub enum Dialect {
    /// `sigs.k8s.io/yaml` (go-yaml v2, YAML 1.1), as kubectl, Argo CD and Flux read manifests and
    /// kustomize reads `kustomization.yaml`, JSON patches and replacements: `yes`, `on`, `y` are booleans.
    #[default]
    Kubectl,
    /// go-yaml v3, as kustomize reads resources and strategic-merge patches: `yes`, `on`, `y` are text.
    Kyaml,
}

/// Bounds on what a text may ask for. All are inclusive.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Limits {
    /// Size of one file in bytes. Default 64 MiB.
    pub max_bytes: usize,
    /// Nesting of lists and mappings. Default 200; values above 1,000 count as 1,000, so that walking
    /// and dropping a tree cannot overflow the stack.
    pub max_depth: usize,
    /// Nodes that aliases and merge keys may add to one file when written out. Default 1,000,000.
    pub max_alias_nodes: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self { max_bytes: 64 << 20, max_depth: 200, max_alias_nodes: 1_000_000 }
    }
}

/// How a text is read.
#[derive(Clone, Copy, Debug, Default)]
pub struct ReadOptions {
    /// What plain scalars mean.
    pub dialect: Dialect,
    /// Bounds.
    pub limits: Limits,
    /// Whether the last of several equal keys wins (each is then listed in
    /// [`Stream::duplicate_keys`]); otherwise they are an error.
    pub last_key_wins: bool,
    /// Whether the first of several equal keys wins, as it does in a strategic-merge patch; within lists
    /// they are an error still. Not together with [`ReadOptions::last_key_wins`].
    pub first_key_wins: bool,
}

/// What a text holds.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct Stream {
    /// The root of each document, in order; an empty document is a null.
    pub documents: Vec<Node>,
    /// Keys that stand twice in one mapping, where the options allow it: the key
    /// and the place of the later one.
    pub duplicate_keys: Vec<(crate::node::Text, crate::node::Span)>,
}

#[cfg(test)]
mod tests;
