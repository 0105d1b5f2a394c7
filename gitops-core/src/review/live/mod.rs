//! What a merge does to live objects: which changes made in the cluster it overwrites, what it brings back,
//! takes over or deletes.

#[cfg(feature = "git")]
mod compare;
#[cfg(feature = "git")]
mod given;
#[cfg_attr(not(feature = "git"), allow(dead_code))]
mod model;
#[cfg(test)]
#[cfg(feature = "git")]
mod tests;

#[cfg(feature = "git")]
pub(super) use compare::Sides;
#[cfg(feature = "git")]
pub(super) use given::Clusters;
#[cfg(feature = "git")]
pub use given::LiveObjects;
pub use model::{LiveEffect, LiveObject, LiveReview, LiveSummary};
