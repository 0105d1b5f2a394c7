//! Objects that Python hands in: files, text, or what a build gave.

use gitops_core::files::{Disk, Manifests};
use gitops_core::node::{Location, SourceMap};
use pyo3::prelude::*;

use crate::build::{NativeBuild, Step, as_path, to_json};
use crate::error::raise;
use crate::settings::Settings;

/// Objects held by Python.
#[pyclass(frozen, module = "gitops_core._gitops_core")]
pub(crate) struct NativeManifests(pub(crate) Manifests);

#[pymethods]
impl NativeManifests {
    fn count(&self) -> usize {
        self.0.objects.len()
    }

    /// The objects as one JSON list.
    fn objects_json(&self, py: Python<'_>) -> PyResult<String> {
        py.detach(|| to_json(&self.0.objects.iter().map(|object| &object.node).collect::<Vec<_>>()))
            .map_err(|error| raise(py, &error))
    }

    /// Path, line and column of the text behind a node.
    fn location(&self, index: usize, path: Vec<Step>) -> Option<(String, u32, u32)> {
        let Location { path, line, column } = self.0.location(self.0.objects.get(index)?, &as_path(path))?;
        Some((path, line, column))
    }
}

/// Reads files and directories of the disk.
#[pyfunction]
pub(crate) fn read_manifests(
    py: Python<'_>,
    paths: Vec<String>,
    root: Option<&str>,
    settings: Settings,
) -> PyResult<NativeManifests> {
    py.detach(|| {
        let mut manifests = Manifests::new().with_limits(settings.limits());
        for path in paths {
            let (disk, path) = Disk::containing(path, root.map(AsRef::as_ref))?;
            manifests.add(&disk.max_file_size(settings.limits().max_bytes as u64), &path)?;
        }
        Ok(NativeManifests(manifests))
    })
    .map_err(|error| raise(py, &error))
}

/// Reads a stream of YAML or JSON, called `path` in places.
#[pyfunction]
pub(crate) fn parse_manifests(
    py: Python<'_>,
    content: Vec<u8>,
    path: &str,
    settings: Settings,
) -> PyResult<NativeManifests> {
    py.detach(|| {
        let mut manifests = Manifests::new().with_limits(settings.limits());
        manifests.add_text(path, &content)?;
        Ok(NativeManifests(manifests))
    })
    .map_err(|error| raise(py, &error))
}

/// Reads JSON that Python made of its own objects; no place stands behind it.
#[pyfunction]
pub(crate) fn json_manifests(py: Python<'_>, json: &str, settings: Settings) -> PyResult<NativeManifests> {
    py.detach(|| {
        let mut manifests = Manifests::new().with_limits(settings.limits());
        manifests.add_text("", json.as_bytes())?;
        manifests.sources = SourceMap::new();
        Ok(NativeManifests(manifests))
    })
    .map_err(|error| raise(py, &error))
}

/// The objects of a build, with the places it knows.
#[pyfunction]
pub(crate) fn built_manifests(build: &Bound<'_, NativeBuild>) -> NativeManifests {
    NativeManifests(Manifests::from(&build.get().0))
}
