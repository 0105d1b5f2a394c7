//! What a comparison found, as plain data in a fixed order.
//!
//! The JSON Schema is `schemas/drift.schema.json` (see [`json_schema`]).
//!
//! Values of Secrets are masked when the report is made. The operations that repair an object hold the
//! real values; they are not part of its JSON or `Debug` form.

use serde::Serialize;
use serde_json::Value;

use crate::error::Diagnostic;
use crate::node::{Location, Node};
use crate::object::ObjectId;

/// The version of the report's shape; grows when a field changes its meaning or goes.
pub const SCHEMA_VERSION: u32 = 1;

/// The JSON Schema (draft 2020-12) of [`DriftReport::to_json`].
#[must_use]
pub fn json_schema() -> &'static str {
    include_str!("../../schemas/drift.schema.json")
}

/// How live objects differ from what Git says.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct DriftReport {
    /// [`SCHEMA_VERSION`].
    pub schema_version: u32,
    /// How many objects there are of each status.
    pub summary: DriftSummary,
    /// Every object, by kind, namespace and name.
    pub objects: Vec<ObjectDrift>,
}

impl DriftReport {
    /// Whether the cluster has what Git says: nothing drifted, is missing or could not be judged.
    #[must_use]
    pub fn is_in_sync(&self) -> bool {
        let DriftSummary { drifted, missing, unknown, .. } = self.summary;
        drifted + missing + unknown == 0
    }
}

/// How many objects there are of each status.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct DriftSummary {
    /// Objects that are as Git says.
    pub in_sync: usize,
    /// Objects that an apply would change.
    pub drifted: usize,
    /// Objects that Git has and the cluster has not.
    pub missing: usize,
    /// Objects that the cluster has and Git has not.
    pub extra: usize,
    /// Objects that a rule, an annotation or an owner takes out of the comparison, or whose every
    /// difference is ignored.
    pub ignored: usize,
    /// Objects that could not be judged.
    pub unknown: usize,
    /// Fields that differ, in all objects.
    pub fields: usize,
}

/// How an object stands to what Git says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub enum DriftStatus {
    /// To apply it again would change nothing.
    InSync,
    /// To apply it again would change it.
    Drifted,
    /// Git has it and the cluster has not.
    Missing,
    /// The cluster has it and Git has not.
    Extra,
    /// It is not compared, or whatever differs is ignored; [`ObjectDrift::reason`] says why.
    Ignored,
    /// It could not be judged; [`ObjectDrift::reason`] says why.
    Unknown,
}

impl DriftStatus {
    /// The name as it appears in JSON.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::InSync => "inSync",
            Self::Drifted => "drifted",
            Self::Missing => "missing",
            Self::Extra => "extra",
            Self::Ignored => "ignored",
            Self::Unknown => "unknown",
        }
    }
}

/// One object of a comparison.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct ObjectDrift {
    /// The object as Git names it; an extra one as the cluster does.
    pub id: ObjectId,
    /// How it stands.
    pub status: DriftStatus,
    /// Why it is ignored or unknown, or why the tool that applies it does not put it back.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<Diagnostic>,
    /// The text in Git that names it; not given for an object that is in sync.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub location: Option<Location>,
    /// The fields that differ, by path.
    pub fields: Vec<FieldDrift>,
    /// How many fields differ that a rule ignores.
    pub ignored_fields: usize,
    /// Fields that an apply would take from another manager. The API server refuses an apply that does so
    /// unless it is forced, as that of Flux and Argo CD is.
    pub conflicts: Vec<Conflict>,
    /// Why the API server would refuse to apply it: list items that stand twice (`duplicate-list-item`), and
    /// fields that cannot change once the object exists (`immutable-field`), one entry per field.
    pub diagnostics: Vec<Diagnostic>,
    #[serde(skip)]
    pub(crate) repair: Hidden<Vec<PatchOperation>>,
    /// The live object and what an apply would make of it, masked, for showing them as a whole.
    #[serde(skip)]
    pub(crate) trees: Hidden<Option<(Option<Node>, Option<Node>)>>,
}

impl ObjectDrift {
    /// An object without findings.
    pub(crate) fn new(id: ObjectId, status: DriftStatus) -> Self {
        Self {
            id,
            status,
            reason: None,
            location: None,
            fields: Vec::new(),
            ignored_fields: 0,
            conflicts: Vec::new(),
            diagnostics: Vec::new(),
            repair: Hidden(Vec::new()),
            trees: Hidden(None),
        }
    }

    /// The same with a reason.
    pub(crate) fn because(mut self, code: &'static str, message: impl Into<String>) -> Self {
        self.reason = Some(Diagnostic::new(code, message));
        self
    }

    /// The JSON Patch (RFC 6902) that makes the live object what Git says; empty unless it drifted. It
    /// holds real values, those of Secrets too: apply it, do not show it.
    #[must_use]
    pub fn patch(&self) -> &[PatchOperation] {
        &self.repair.0
    }
}

/// What `Debug` does not show.
#[derive(Clone, Default)]
pub(crate) struct Hidden<T>(pub(crate) T);

impl<T> std::fmt::Debug for Hidden<T> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("(not shown)")
    }
}

/// What is the matter with a field.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub enum FieldStatus {
    /// The live object lacks it.
    Missing,
    /// The live object has it and should not.
    Extra,
    /// The live object has another value.
    Changed,
    /// The items of a list stand in another order; `live` and `desired` name them.
    Reordered,
}

/// Why a field differs.
///
/// Managers are those of `metadata.managedFields`; *ours* is the one that applies what Git says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub enum Cause {
    /// A tool that people use (kubectl, a dashboard) owns the live value, which Git sets otherwise or which an
    /// apply as Flux's takes away; or, without managed fields, the live value is not the one that was applied
    /// last.
    EditedByHand,
    /// Git sets it, and a controller owns the live value.
    OtherController,
    /// Git sets it, and nobody but us has set the live value, if there is one: Git is ahead of the cluster.
    NotYetApplied,
    /// Git does not set it, and neither did we: the API server's default would come back.
    Default,
    /// We applied it before, and Git does not set it now.
    RemovedFromGit,
    /// Git sets it, and nothing tells who set the live value.
    Unknown,
}

impl Cause {
    /// The name as it appears in JSON.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::EditedByHand => "editedByHand",
            Self::OtherController => "otherController",
            Self::NotYetApplied => "notYetApplied",
            Self::Default => "default",
            Self::RemovedFromGit => "removedFromGit",
            Self::Unknown => "unknown",
        }
    }
}

/// A field that differs.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct FieldDrift {
    /// The way to it for people, list items by name: `spec.template.spec.containers[web].image`.
    pub path: String,
    /// The same way as an RFC 6901 JSON pointer into the live object with defaults filled in; into the
    /// desired object if the live one lacks the field.
    pub pointer: String,
    /// What is the matter.
    pub status: FieldStatus,
    /// What it should be. Values of Secrets are masked.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub desired: Option<Value>,
    /// What it is. Values of Secrets are masked.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub live: Option<Value>,
    /// Why it differs.
    pub cause: Cause,
    /// Who owns the live value, if somebody but us does.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub changed_by: Option<Owner>,
    /// The text in Git that sets the desired value.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub location: Option<Location>,
}

/// A manager of `metadata.managedFields`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct Owner {
    /// The manager's name, such as `kubectl-edit`.
    pub manager: String,
    /// `Apply` or `Update`.
    pub operation: &'static str,
    /// `status`, `scale` and so on; empty for the object itself.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub subresource: String,
    /// When it last changed the object (RFC 3339); empty if the object does not say.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub time: String,
}

/// A field that an apply would take from another manager.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct Conflict {
    /// Whose it is.
    #[serde(flatten)]
    pub owner: Owner,
    /// The field as the API server names it: `.spec.containers[name="web"].image`.
    pub path: String,
}

/// An operation of a JSON Patch (RFC 6902).
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "lowercase", tag = "op")]
#[non_exhaustive]
pub enum PatchOperation {
    /// Sets a field that is not there, or inserts an item.
    Add {
        /// An RFC 6901 JSON pointer.
        path: String,
        /// The value.
        value: Value,
    },
    /// Takes a field or item away.
    Remove {
        /// An RFC 6901 JSON pointer.
        path: String,
    },
    /// Sets a field that is there.
    Replace {
        /// An RFC 6901 JSON pointer.
        path: String,
        /// The value.
        value: Value,
    },
}
