//! Drift: how live objects differ from what Git says, judged as the API server would.
//!
//! The truth is server-side apply. An object has drifted if applying it again would change it: structured
//! merge by the kind's schema, ownership by `metadata.managedFields` (else the last applied configuration,
//! else "what Git says is contained in the live object"), and the API server's defaults and canonical forms
//! on both sides.
//!
//! ```
//! use gitops_core::drift::{DriftOptions, DriftStatus, compare};
//! use gitops_core::node::Node;
//! use gitops_core::object::Object;
//!
//! let object = |json: &str| Object::new(Node::from(&serde_json::from_str(json).unwrap()));
//! let desired = object(r#"{"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "a"}, "data": {"k": "v"}}"#);
//! let live = object(r#"{"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "a", "namespace": "default", "uid": "1"}, "data": {"k": "w", "other": ""}}"#);
//! let report = compare(&[desired], &[live], &DriftOptions::new());
//! assert_eq!(report.objects[0].status, DriftStatus::Drifted);
//! assert_eq!(report.objects[0].fields[0].path, "data.k");
//! ```

mod apply;
mod compare;
mod differences;
mod explain;
mod field_set;
mod fields;
mod ignore;
mod immutable;
mod items;
mod learned;
mod managers;
mod merge;
mod model;
mod normalise;
mod options;
mod own;
mod pairs;
mod repair;
mod schemas;
#[cfg(test)]
mod tests;
mod three_way;
mod unchanged;

pub use compare::{compare, compare_one, normal_form, predict};
pub use ignore::IgnoreRules;
pub(crate) use immutable::immutable;
pub use model::{
    Cause, Conflict, DriftReport, DriftStatus, DriftSummary, FieldDrift, FieldStatus, ObjectDrift, Owner,
    PatchOperation, SCHEMA_VERSION, json_schema,
};
pub use options::{DriftOptions, Profile};
pub(crate) use pairs::{Counterparts, Identity};
pub use schemas::Schemas;
