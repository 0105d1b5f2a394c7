//! GitOps for Kubernetes as a library.

pub mod drift;
pub mod error;
pub mod files;
#[cfg(feature = "git")]
pub mod git;
pub mod health;
pub mod knowledge;
pub mod kustomize;
pub mod node;
pub mod object;
mod parallel;
mod percent;
pub mod plan;
#[cfg(feature = "policy")]
pub mod policy;
pub mod report;
pub mod review;
pub mod risk;
pub mod sources;
pub mod time;
mod words;
pub mod yaml;

pub use error::{Diagnostic, Error, ErrorKind, Result};
