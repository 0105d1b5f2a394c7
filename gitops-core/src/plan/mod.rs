//! What a reconciliation would do, in which order, and what is dangerous about it.
//!
//! [`plan`] compares what Git says with what the cluster has ([`crate::drift`]) and gives one step per
//! object: create, configure, replace, prune, or why not. Steps stand in the order of Argo CD, Flux or
//! cli-utils. Objects are pruned only if an [`Inventory`] or their owner's mark says that they are ours,
//! and a Namespace or CustomResourceDefinition only if the caller allows it. [`Danger`]s are findings with
//! stable codes.
//!
//! A plan is a value: nothing is applied.

mod build;
mod dangers;
mod inventory;
mod marks;
mod model;
mod options;
mod order;
mod owner;
mod prune;
mod rollback;
mod text;

pub use build::plan;
pub use inventory::{Inventory, InventoryId};
#[cfg(feature = "git")]
pub(crate) use marks::{is_forced, is_hook};
pub use model::{
    Action, Danger, Plan, PlanSummary, SCHEMA_VERSION, Severity, Step, Undo, UndoKind, json_schema,
};
pub use options::{DeletionPolicy, Order, PlanOptions};
pub use owner::Owner;
#[cfg(feature = "git")]
pub(crate) use prune::judge;
pub use rollback::roll_back;

#[cfg(test)]
mod tests;
