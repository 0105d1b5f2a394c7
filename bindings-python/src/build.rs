//! `build` and what it gives.

use std::collections::BTreeMap;

use gitops_core::files::{Disk, Files, Memory};
use gitops_core::kustomize::{self, Build, BuildOptions, LoadRestrictor, Strict};
use gitops_core::node::{Location, Node, Path, Segment, Span, Value};
use gitops_core::object::Object;
use gitops_core::{Error, ErrorKind};
use pyo3::prelude::*;

use crate::error::raise;

/// A build held by Python; its parts are written out when asked for.
#[pyclass(frozen, module = "gitops_core._gitops_core")]
pub(crate) struct NativeBuild(Build);

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

fn as_path(steps: Vec<Step>) -> Path {
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
    unrestricted: bool,
    strict: Vec<String>,
    root: Option<&str>,
    history: bool,
) -> PyResult<NativeBuild> {
    py.detach(|| {
        let options = options(unrestricted, &strict, history)?;
        let (disk, dir) = Disk::around(path, root.map(AsRef::as_ref))?;
        run(&disk, &dir, &options)
    })
    .map_err(|error| raise(py, &error))
}

/// Builds a directory of files in memory.
#[pyfunction]
pub(crate) fn build_files(
    py: Python<'_>,
    files: BTreeMap<String, Vec<u8>>,
    path: &str,
    unrestricted: bool,
    strict: Vec<String>,
    history: bool,
) -> PyResult<NativeBuild> {
    py.detach(|| run(&memory(files), path, &options(unrestricted, &strict, history)?))
        .map_err(|error| raise(py, &error))
}

fn run(files: &dyn Files, dir: &str, options: &BuildOptions) -> gitops_core::Result<NativeBuild> {
    let dir = gitops_core::files::join("", dir)?;
    kustomize::build(files, &dir, options).map(NativeBuild)
}

fn options(unrestricted: bool, strict: &[String], history: bool) -> gitops_core::Result<BuildOptions> {
    let mut options = BuildOptions::default();
    options.strict = Strict::of(strict)?;
    options.history = history;
    if unrestricted {
        options.load_restrictor = LoadRestrictor::None;
    }
    Ok(options)
}

fn memory(files: BTreeMap<String, Vec<u8>>) -> Memory {
    let mut memory = Memory::new();
    for (path, content) in files {
        memory.insert(&path, content);
    }
    memory
}

fn to_json(value: &impl serde::Serialize) -> gitops_core::Result<String> {
    serde_json::to_string(value).map_err(|error| {
        Error::new(ErrorKind::Unsupported, "not-json", "the result has no JSON form").caused_by(error)
    })
}
