//! Errors of the core as exceptions of the Python half.

use gitops_core::{Error, ErrorKind};
use pyo3::prelude::*;
use pyo3::types::PyType;

/// The exception class of a kind; kinds without one of their own raise the base class.
fn class_name(kind: ErrorKind) -> &'static str {
    match kind {
        ErrorKind::Yaml => "YamlError",
        ErrorKind::File => "FileError",
        ErrorKind::Kustomize => "KustomizeError",
        ErrorKind::Unsupported => "UnsupportedError",
        ErrorKind::Policy => "PolicyError",
        ErrorKind::Git => "GitError",
        ErrorKind::Limit => "LimitError",
        ErrorKind::Argument => "ArgumentError",
        _ => "GitopsError",
    }
}

/// The exception for an error, its cause kept as `__cause__`.
pub(crate) fn raise(py: Python<'_>, error: &Error) -> PyErr {
    exception(py, error).unwrap_or_else(|failure| failure)
}

fn exception(py: Python<'_>, error: &Error) -> PyResult<PyErr> {
    let class = py.import("gitops_core")?.getattr(class_name(error.kind()))?.cast_into::<PyType>()?;
    let place = error.location();
    // Line 0 stands for the file as a whole.
    let position = place.filter(|place| place.line > 0);
    let arguments = (
        error.message(),
        error.code(),
        place.map(|place| place.path.as_str()),
        position.map(|place| place.line),
        position.map(|place| place.column),
    );
    let raised = class.call1(arguments)?;
    raised.setattr("kind", error.kind().name())?;
    let raised = PyErr::from_value(raised);
    if let Some(cause) = std::error::Error::source(error) {
        raised.set_cause(py, Some(pyo3::exceptions::PyRuntimeError::new_err(cause.to_string())));
    }
    Ok(raised)
}
