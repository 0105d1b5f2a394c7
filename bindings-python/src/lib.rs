//! The native half of the Python package `gitops_core`.
//!
//! Functions take checked arguments from the Python half and give handles to Rust results; larger
//! data crosses as YAML or JSON text, which costs less than building Python objects one by one, and
//! only when asked for. The global interpreter lock is released while Rust works.

mod build;
mod drift;
mod error;
mod manifests;
mod policy;
mod review;
mod settings;

use pyo3::prelude::*;

#[pymodule(gil_used = false)]
mod _gitops_core {
    #[pymodule_export]
    use crate::build::{NativeBuild, build, build_files, build_many};
    #[pymodule_export]
    use crate::drift::{NativeDriftReport, NativePlan, compare, environment_health_json, health_json, plan};
    #[pymodule_export]
    use crate::manifests::{
        NativeManifests, built_manifests, json_manifests, parse_manifests, read_manifests,
    };
    #[pymodule_export]
    use crate::policy::{
        NativePolicyReport, NativePolicySet, bundle_json, bundle_names, bundle_yaml, load_policies,
        policies_json, verify_json,
    };
    #[pymodule_export]
    use crate::review::{NativeReview, review};
    #[pymodule_export]
    use crate::settings::NativeCache;
}
