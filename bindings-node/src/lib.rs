//! The native half of the npm package `gitops-core`.
//!
//! Functions take checked arguments from the JavaScript half and give handles to Rust results, or a
//! [`error::Failure`] that the JavaScript half throws as an exception of the right class. Larger data
//! crosses as YAML or JSON text, which costs less than building JavaScript objects one by one, and
//! only when asked for. Each function has a twin that works on the libuv pool.

mod build;
mod drift;
mod error;
mod manifests;
mod policy;
mod review;
mod settings;
