//! Patches: strategic merge and JSON patch, as kustomize v5.8.2 applies them.

mod directive;
mod hint;
pub mod json6902;
mod json_scalars;
mod keyed_list;
mod object;
mod odd_list;
mod strategic;

pub use object::{PatchOptions, json_patch_object, merge_object};
pub use strategic::{Outcome, strategic_merge};

#[cfg(test)]
mod tests;
