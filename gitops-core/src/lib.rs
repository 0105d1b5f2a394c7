//! GitOps for Kubernetes as a library.

pub mod error;
pub mod node;

pub use error::{Diagnostic, Error, ErrorKind, Result};
