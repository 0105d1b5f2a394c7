//! Facts about Kubernetes, kustomize and their neighbours as tables, each with its source and version.

pub mod apply_order;
pub mod charts;
pub(crate) mod defaults;
pub mod field_managers;
pub mod field_specs;
pub mod generated_names;
pub mod health;
pub mod immutable_fields;
mod kubernetes_version;
pub mod list_identity;
pub mod merge_keys;
pub mod name_references;
pub mod openapi;
pub mod pod_specs;
pub mod scope;
pub mod secret_fields;
pub(crate) mod server_fields;
pub(crate) mod structured_merge;
pub(crate) mod types;

pub use kubernetes_version::KubernetesVersion;
