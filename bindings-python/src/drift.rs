//! `compare`, `plan` and `health`: live objects beside what Git says.

use gitops_core::drift::{self, DriftOptions, DriftReport, IgnoreRules, Schemas};
use gitops_core::files::Manifests;
use gitops_core::health::{self, HealthOptions};
use gitops_core::plan::{Inventory, Owner, Plan, PlanOptions, plan as make_plan};
use gitops_core::time::Timestamp;
use pyo3::prelude::*;

use crate::build::to_json;
use crate::error::raise;
use crate::manifests::NativeManifests;

/// How objects are compared.
#[derive(FromPyObject)]
#[pyo3(from_item_all)]
pub(crate) struct DriftSettings {
    profile: String,
    kubernetes: Option<String>,
    manager: Option<String>,
    default_namespace: Option<String>,
    definitions: Option<Py<NativeManifests>>,
    ignore: Option<Py<NativeManifests>>,
}

/// How a plan is made.
#[derive(FromPyObject)]
#[pyo3(from_item_all)]
pub(crate) struct PlanSettings {
    order: String,
    /// Kind, name and namespace.
    owner: Option<(String, String, String)>,
    inventory: Vec<String>,
    prune: bool,
    prune_last: bool,
    allow_deletion: Vec<String>,
    confirmed: bool,
    deletion_policy: String,
    force: bool,
    fail_on_shared: bool,
    drift: DriftSettings,
}

impl DriftSettings {
    fn options(&self, desired: &Manifests) -> gitops_core::Result<DriftOptions> {
        let mut options = DriftOptions::new().with_sources(desired.sources.clone());
        options.profile = self.profile.parse()?;
        if let Some(version) = &self.kubernetes {
            options.version = version.parse()?;
        }
        options.manager.clone_from(&self.manager);
        options.default_namespace.clone_from(&self.default_namespace);
        if let Some(definitions) = &self.definitions {
            let schemas = Schemas::new(options.version);
            options.schemas = Some(schemas.with_definitions(&definitions.get().0.objects));
        }
        if let Some(ignore) = &self.ignore {
            let Manifests { objects, sources, .. } = &ignore.get().0;
            let mut rules = IgnoreRules::new();
            for object in objects {
                rules.add(object, Some(sources))?;
            }
            options.ignore = rules;
        }
        Ok(options)
    }
}

impl PlanSettings {
    fn options(&self, desired: &Manifests) -> gitops_core::Result<PlanOptions> {
        let mut options = PlanOptions::new(self.order.parse()?);
        options.owner = self
            .owner
            .as_ref()
            .map(|(kind, name, namespace)| Owner::of_kind(kind, name, namespace))
            .transpose()?;
        options.prune = self.prune;
        options.prune_last = self.prune_last;
        options.allow_deletion.clone_from(&self.allow_deletion);
        options.confirmed = self.confirmed;
        options.deletion_policy = self.deletion_policy.parse()?;
        options.force = self.force;
        options.fail_on_shared = self.fail_on_shared;
        options.drift = self.drift.options(desired)?;
        Ok(options)
    }
}

/// A comparison held by Python.
#[pyclass(frozen, module = "gitops_core._gitops_core")]
pub(crate) struct NativeDriftReport(DriftReport);

#[pymethods]
impl NativeDriftReport {
    /// The report as JSON, the same in every language.
    fn json(&self, py: Python<'_>) -> String {
        py.detach(|| self.0.to_json())
    }

    /// The report for people.
    fn text(&self, py: Python<'_>) -> String {
        py.detach(|| self.0.to_text())
    }

    /// The report as a unified diff of YAML.
    fn unified_yaml(&self, py: Python<'_>) -> String {
        py.detach(|| self.0.to_unified_yaml())
    }

    /// The JSON Patch that would repair an object.
    fn patch_json(&self, py: Python<'_>, index: usize) -> PyResult<String> {
        let patch = self.0.objects.get(index).map(|object| object.patch()).unwrap_or_default();
        py.detach(|| to_json(&patch)).map_err(|error| raise(py, &error))
    }

    /// Whether nothing drifted, is missing or could not be judged.
    fn in_sync(&self) -> bool {
        self.0.is_in_sync()
    }
}

/// Compares desired with live objects.
#[pyfunction]
pub(crate) fn compare(
    py: Python<'_>,
    desired: &Bound<'_, NativeManifests>,
    live: &Bound<'_, NativeManifests>,
    settings: DriftSettings,
) -> PyResult<NativeDriftReport> {
    let (desired, live) = (&desired.get().0, &live.get().0);
    py.detach(|| {
        let options = settings.options(desired)?;
        Ok(NativeDriftReport(drift::compare(&desired.objects, &live.objects, &options)))
    })
    .map_err(|error| raise(py, &error))
}

/// A plan held by Python.
#[pyclass(frozen, module = "gitops_core._gitops_core")]
pub(crate) struct NativePlan(Plan);

#[pymethods]
impl NativePlan {
    /// The plan as JSON, the same in every language.
    fn json(&self, py: Python<'_>) -> PyResult<String> {
        py.detach(|| to_json(&self.0)).map_err(|error| raise(py, &error))
    }

    /// The plan for people.
    fn text(&self, py: Python<'_>) -> String {
        py.detach(|| self.0.to_string())
    }
}

/// Plans what a reconciliation would do.
#[pyfunction]
pub(crate) fn plan(
    py: Python<'_>,
    desired: &Bound<'_, NativeManifests>,
    live: &Bound<'_, NativeManifests>,
    settings: PlanSettings,
) -> PyResult<NativePlan> {
    let (desired, live) = (&desired.get().0, &live.get().0);
    py.detach(|| {
        let inventory = Inventory::parse(settings.inventory.iter().map(String::as_str))?;
        let options = settings.options(desired)?;
        Ok(NativePlan(make_plan(&desired.objects, &live.objects, &inventory, &options)))
    })
    .map_err(|error| raise(py, &error))
}

/// The health of each object, as one JSON list.
#[pyfunction]
pub(crate) fn health_json(
    py: Python<'_>,
    objects: &Bound<'_, NativeManifests>,
    flavour: &str,
    now: Option<&str>,
) -> PyResult<String> {
    let manifests = &objects.get().0;
    py.detach(|| {
        let mut options = HealthOptions::new(flavour.parse()?);
        options.now = now.map(Timestamp::parse).transpose()?;
        let each: Vec<_> = manifests.objects.iter().map(|object| health::status(object, &options)).collect();
        to_json(&each)
    })
    .map_err(|error| raise(py, &error))
}

/// The health of an environment: what is desired, and what is live of it, as JSON.
#[pyfunction]
pub(crate) fn environment_health_json(
    py: Python<'_>,
    desired: &Bound<'_, NativeManifests>,
    live: &Bound<'_, NativeManifests>,
    flavour: &str,
    now: Option<&str>,
) -> PyResult<String> {
    let (desired, live) = (&desired.get().0, &live.get().0);
    py.detach(|| {
        let mut options = HealthOptions::new(flavour.parse()?);
        options.now = now.map(Timestamp::parse).transpose()?;
        to_json(&health::environment(&desired.objects, &live.objects, &options))
    })
    .map_err(|error| raise(py, &error))
}
