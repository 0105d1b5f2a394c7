//! Facts about Kubernetes and kustomize as tables, each with its source and version.

pub mod field_specs;
pub mod merge_keys;
pub mod name_references;
pub mod scope;
