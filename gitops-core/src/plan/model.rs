//! A plan, as plain data in a fixed order. Values of Secrets are masked.
//!
//! The JSON Schema is `schemas/plan.schema.json` (see [`json_schema`]).

use serde::Serialize;

use super::{InventoryId, Order};
use crate::drift::FieldDrift;
use crate::error::Diagnostic;
use crate::node::Location;
use crate::object::ObjectId;

/// The version of the plan's shape; grows when a field changes its meaning or goes.
pub const SCHEMA_VERSION: u32 = 1;

/// The JSON Schema (draft 2020-12) of a [`Plan`] as JSON.
#[must_use]
pub fn json_schema() -> &'static str {
    include_str!("../../schemas/plan.schema.json")
}

/// What a reconciliation would do.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct Plan {
    /// [`SCHEMA_VERSION`].
    pub schema_version: u32,
    /// Whose order the steps stand in.
    pub order: Order,
    /// How many steps there are of each action.
    pub summary: PlanSummary,
    /// What is dangerous, worst first; each stands with its step too, except those of the whole plan.
    pub dangers: Vec<Danger>,
    /// The steps in the order in which they would be taken.
    pub steps: Vec<Step>,
    /// What the inventory names and neither Git nor the cluster has: nothing is to be done.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub gone: Vec<InventoryId>,
    /// What keeps the order from being kept: dependencies in a circle, or on objects that are nowhere.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub problems: Vec<Diagnostic>,
    /// What rolling back takes back; only of [`super::roll_back`].
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub undoes: Vec<Undo>,
}

impl Plan {
    /// Whether applying it would change nothing and nothing is blocked.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.steps.iter().all(|step| matches!(step.action, Action::Unchanged | Action::Skip))
    }
}

/// How many steps there are of each action.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct PlanSummary {
    /// Objects to be made.
    pub create: usize,
    /// Objects to be changed.
    pub configure: usize,
    /// Objects to be deleted and made anew.
    pub replace: usize,
    /// Objects to be deleted.
    pub prune: usize,
    /// Objects that are as Git says.
    pub unchanged: usize,
    /// Objects that are left alone on purpose.
    pub skip: usize,
    /// Objects that would have to be touched and may not or cannot be.
    pub blocked: usize,
}

/// What is done with an object.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub enum Action {
    /// It is made.
    Create,
    /// It is changed.
    Configure,
    /// It is deleted and made anew.
    Replace,
    /// It is deleted.
    Prune,
    /// It is as Git says.
    Unchanged,
    /// It is left alone on purpose.
    Skip,
    /// It would have to be touched, and may not or cannot be.
    Blocked,
}

impl Action {
    /// The name as it appears in JSON.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Create => "create",
            Self::Configure => "configure",
            Self::Replace => "replace",
            Self::Prune => "prune",
            Self::Unchanged => "unchanged",
            Self::Skip => "skip",
            Self::Blocked => "blocked",
        }
    }
}

/// What is done with one object, and when.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct Step {
    /// The object; as the cluster names it where it is to be pruned.
    pub id: ObjectId,
    /// What is done.
    pub action: Action,
    /// Why: a stable code and a text for people.
    pub reason: Diagnostic,
    /// Whether Git no longer has it.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub pruning: bool,
    /// Argo CD's phase: `PreSync`, `Sync`, `PostSync`, `SyncFail`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub phase: Option<&'static str>,
    /// Argo CD's wave in the phase.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub wave: Option<i64>,
    /// Flux's stage: `definitions`, `classes`, `custom`, `resources`, `prune`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stage: Option<&'static str>,
    /// Whether it is a hook of Argo CD, and when it is deleted: `HookSucceeded`, `HookFailed`,
    /// `BeforeHookCreation`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub hook_delete_policies: Vec<&'static str>,
    /// What cli-utils waits for before this step.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub after: Vec<ObjectId>,
    /// The fields that change.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub fields: Vec<FieldDrift>,
    /// What is dangerous about it.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub dangers: Vec<Danger>,
    /// The text in Git that names the object, if the drift options hold its source.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub location: Option<Location>,
}

/// How bad a danger is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub enum Severity {
    /// Data or much else is lost, or the cluster is opened.
    High,
    /// A service may fail.
    Medium,
}

/// Something that a person should look at before it happens.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct Danger {
    /// Stable kebab-case identifier, such as `namespace-removed`.
    pub code: &'static str,
    /// How bad it is.
    pub severity: Severity,
    /// What happens, for people.
    pub message: String,
    /// The object; none for a danger of the whole plan.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub id: Option<ObjectId>,
}

/// What rolling back does to an object that came or changed since.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub enum UndoKind {
    /// The object came since, and goes.
    Addition,
    /// The object went since, and comes back.
    Removal,
    /// The object was changed since, and is changed back.
    Change,
}

/// Something that rolling back takes back.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct Undo {
    /// The object.
    pub id: ObjectId,
    /// What was done to it since.
    pub kind: UndoKind,
    /// The fields that were changed since, of a change.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub paths: Vec<String>,
}
