//! `build` and what it gives.

use std::collections::BTreeMap;

use gitops_core::files::Memory;
use gitops_core::kustomize::{self, Build, Request};
use gitops_core::node::{Location, Node, Path, Segment, Span, Value};
use gitops_core::object::Object;
use gitops_core::{Error, ErrorKind};
use pyo3::prelude::*;

use crate::error::raise;
use crate::settings::Settings;

/// A build held by Python; its parts are written out when asked for.
#[pyclass(frozen, module = "gitops_core._gitops_core")]
pub(crate) struct NativeBuild(pub(crate) Build);

/// A step of a path from Python.
#[derive(FromPyObject)]
pub(crate) enum Step {
    /// Into a list; tried first, since `bool` and other numbers are no keys.
    Index(usize),
    /// Into a mapping.
    Key(String),
}

#[pymethods]
impl NativeBuild {
    /// The stream as `kustomize build` prints it.
    fn yaml(&self, py: Python<'_>) -> PyResult<String> {
        py.detach(|| self.0.to_yaml()).map_err(|error| raise(py, &error))
    }

    /// The objects as one JSON list.
    fn objects_json(&self, py: Python<'_>) -> PyResult<String> {
        py.detach(|| {
            let nodes: Vec<_> = self.0.objects.iter().map(|object| &object.node).collect();
            to_json(&nodes)
        })
        .map_err(|error| raise(py, &error))
    }

    /// The warnings as one JSON list.
    fn warnings_json(&self, py: Python<'_>) -> PyResult<String> {
        py.detach(|| to_json(&self.0.warnings)).map_err(|error| raise(py, &error))
    }

    /// The paths of all files read, sorted.
    fn files_read(&self) -> Vec<String> {
        self.0.files_read.clone()
    }

    /// Path, line and column of the text behind a node.
    fn location(&self, index: usize, path: Vec<Step>) -> Option<(String, u32, u32)> {
        let Location { path, line, column } = self.0.location(self.0.objects.get(index)?, &as_path(path))?;
        Some((path, line, column))
    }

    /// The steps that set a node, as one JSON list; empty where there is no such object.
    fn history_json(&self, py: Python<'_>, index: usize, path: Vec<Step>) -> PyResult<String> {
        py.detach(|| {
            let object = self.0.objects.get(index).unwrap_or(&NOTHING);
            to_json(&self.0.history(object, &as_path(path))?)
        })
        .map_err(|error| raise(py, &error))
    }

    /// The histories of all fields of an object, as one JSON list.
    fn field_histories_json(&self, py: Python<'_>, index: usize) -> PyResult<String> {
        py.detach(|| to_json(&self.0.field_histories(self.0.objects.get(index).unwrap_or(&NOTHING))?))
            .map_err(|error| raise(py, &error))
    }

    /// The stream with the text behind every value as a comment.
    fn annotated_yaml(&self, py: Python<'_>) -> PyResult<String> {
        py.detach(|| self.0.to_annotated_yaml()).map_err(|error| raise(py, &error))
    }
}

/// Stands for an object that a build does not have.
static NOTHING: Object = Object { node: Node { value: Value::Null, span: Span::NONE } };

pub(crate) fn as_path(steps: Vec<Step>) -> Path {
    let segments = steps.into_iter().map(|step| match step {
        Step::Index(index) => Segment::Index(index),
        Step::Key(key) => Segment::Key(key.as_str().into()),
    });
    segments.collect()
}

/// Builds a directory of the disk.
#[pyfunction]
pub(crate) fn build(
    py: Python<'_>,
    path: &str,
    root: Option<&str>,
    settings: Settings,
) -> PyResult<NativeBuild> {
    py.detach(|| {
        let (disk, dir) = settings.open(path, root)?;
        kustomize::build(&disk, &dir, &settings.options()?).map(NativeBuild)
    })
    .map_err(|error| raise(py, &error))
}

/// Builds directories of the disk; an exception stands for each that fails.
#[pyfunction]
pub(crate) fn build_many(
    py: Python<'_>,
    paths: Vec<String>,
    root: Option<&str>,
    settings: Settings,
    threads: usize,
) -> PyResult<Vec<Py<PyAny>>> {
    let options = settings.options().map_err(|error| raise(py, &error))?;
    let built = py.detach(|| {
        let found: Vec<_> = paths.iter().map(|path| settings.open(path, root)).collect();
        let opened = found.iter().flatten();
        let requests: Vec<_> = opened.map(|(disk, dir)| Request::new(disk, dir, &options)).collect();
        let mut built = kustomize::build_many(&requests, threads).into_iter();
        // Results stand only for what could be opened.
        found.into_iter().map(|found| found.map(|_| built.next())).collect::<Vec<_>>()
    });
    let built = built.into_iter().filter_map(|result| result.and_then(Option::transpose).transpose());
    each(py, built)
}

/// Builds a directory of files in memory.
#[pyfunction]
pub(crate) fn build_files(
    py: Python<'_>,
    files: BTreeMap<String, Vec<u8>>,
    path: &str,
    settings: Settings,
) -> PyResult<NativeBuild> {
    py.detach(|| {
        let dir = gitops_core::files::join("", path)?;
        kustomize::build(&memory(files), &dir, &settings.options()?).map(NativeBuild)
    })
    .map_err(|error| raise(py, &error))
}

/// Handles and exceptions.
fn each(py: Python<'_>, built: impl Iterator<Item = gitops_core::Result<Build>>) -> PyResult<Vec<Py<PyAny>>> {
    built
        .map(|result| match result {
            Ok(build) => Py::new(py, NativeBuild(build)).map(Py::into_any),
            Err(error) => Ok(raise(py, &error).into_value(py).into_any()),
        })
        .collect()
}

fn memory(files: BTreeMap<String, Vec<u8>>) -> Memory {
    let mut memory = Memory::new();
    for (path, content) in files {
        memory.insert(&path, content);
    }
    memory
}

pub(crate) fn to_json(value: &impl serde::Serialize) -> gitops_core::Result<String> {
    serde_json::to_string(value).map_err(|error| {
        Error::new(ErrorKind::Unsupported, "not-json", "the result has no JSON form").caused_by(error)
    })
}
