//! `PolicySet`, `verify`, bundles, and what they give.

use std::collections::BTreeMap;
use std::time::Duration;

use gitops_core::files::{Disk, Manifests};
use gitops_core::node::Node;
use gitops_core::object::Object;
use gitops_core::policy::bundles::{self, EnforcementAction};
use gitops_core::policy::{
    self, AcceptOptions, AcceptanceSet, EvaluateOptions, Filter, LoadOptions, PolicyReport, PolicySet,
    VerifyOptions,
};
use gitops_core::time::Timestamp;
use gitops_core::{Error, ErrorKind};
use pyo3::prelude::*;

use crate::build::to_json;
use crate::error::raise;
use crate::manifests::NativeManifests;
use crate::settings::Settings;

/// Compiled policies held by Python.
#[pyclass(frozen, module = "gitops_core._gitops_core")]
pub(crate) struct NativePolicySet(PolicySet);

/// What an evaluation found, with the objects it is about.
#[pyclass(frozen, module = "gitops_core._gitops_core")]
pub(crate) struct NativePolicyReport {
    report: PolicyReport,
    manifests: Manifests,
}

/// How the constraints of bundles are made.
#[derive(FromPyObject)]
#[pyo3(from_item_all)]
pub(crate) struct BundleSettings {
    enforcement_action: String,
    excluded_namespaces: Vec<String>,
    exempt_images: Vec<String>,
    /// By policy, as JSON.
    parameters: BTreeMap<String, String>,
}

/// How objects are evaluated.
#[derive(FromPyObject)]
#[pyo3(from_item_all)]
pub(crate) struct EvaluateSettings {
    namespaces: Option<Py<NativeManifests>>,
    inventory: Option<Py<NativeManifests>>,
    old_objects: Option<Py<NativeManifests>>,
    acceptances: Option<Py<NativeManifests>>,
    default_namespace: Option<String>,
    enforcement_point: String,
    profile: String,
    unknown_namespace: String,
    operation: Option<String>,
    /// As JSON.
    user_info: Option<String>,
    now: Option<String>,
    locate: bool,
    /// In seconds.
    time_limit: f64,
    threads: usize,
}

fn objects(manifests: Option<&Py<NativeManifests>>) -> Option<&[Object]> {
    manifests.map(|manifests| manifests.get().0.objects.as_slice())
}

fn bad(message: impl Into<String>) -> Error {
    Error::new(ErrorKind::Argument, "bad-argument", message)
}

/// A time limit that a caller gave.
fn limit(seconds: f64) -> gitops_core::Result<Duration> {
    Duration::try_from_secs_f64(seconds).map_err(|_| bad("time_limit must be a number of seconds from 0"))
}

impl BundleSettings {
    /// The templates and constraints of a bundle, as `NAME` or `NAME@VERSION`.
    fn objects(&self, name: &str, manifests: &Manifests) -> gitops_core::Result<Vec<Object>> {
        let (bundle, mut options) = bundles::select(name)?;
        options.enforcement_action = self.enforcement_action.parse::<EnforcementAction>()?;
        options.excluded_namespaces.clone_from(&self.excluded_namespaces);
        options.exempt_images.clone_from(&self.exempt_images);
        for (policy, parameters) in &self.parameters {
            let parameters = serde_json::from_str(parameters)
                .map_err(|cause| bad("parameters must be mappings").caused_by(cause))?;
            options = options.with_parameters(policy.as_str(), parameters);
        }
        bundle.objects(&options, &manifests.sources)
    }
}

impl EvaluateSettings {
    fn evaluate(&self, set: &PolicySet, manifests: &Manifests) -> gitops_core::Result<PolicyReport> {
        let user_info = match &self.user_info {
            None => None,
            Some(json) => {
                let json: serde_json::Value = serde_json::from_str(json)
                    .map_err(|cause| bad("user_info is no JSON").caused_by(cause))?;
                Some(Node::from(&json))
            }
        };
        let mut options = EvaluateOptions::new().at_enforcement_point(&self.enforcement_point);
        options.namespaces = objects(self.namespaces.as_ref()).unwrap_or_default();
        options.inventory = objects(self.inventory.as_ref());
        options.old_objects = objects(self.old_objects.as_ref()).unwrap_or_default();
        options.default_namespace = self.default_namespace.as_deref();
        options.profile = self.profile.parse()?;
        options.unknown_namespace = self.unknown_namespace.parse()?;
        options.operation = self.operation.as_deref().map(str::parse).transpose()?;
        options.user_info = user_info.as_ref();
        options.locate = self.locate;
        options.time_limit = limit(self.time_limit)?;
        options.threads = self.threads;
        let now = self.now.as_deref().map(Timestamp::parse).transpose()?;
        let mut report = set.evaluate(&manifests.objects, &options);
        report.locate(&manifests.objects, &manifests.sources);
        let accepting = self.acceptances.as_ref().map_or(manifests, |acceptances| &acceptances.get().0);
        let acceptances = AcceptanceSet::from_objects(&accepting.objects, &accepting.sources);
        let accept = AcceptOptions::new()
            .at(now)
            .with_namespaces(options.namespaces)
            .with_default_namespace(options.default_namespace);
        acceptances.apply(&mut report, set, &manifests.objects, &manifests.sources, &accept);
        Ok(report)
    }
}

#[pymethods]
impl NativePolicySet {
    /// The constraints as (kind, name).
    fn constraints(&self) -> Vec<(String, String)> {
        self.0.constraints().map(|(kind, name)| (kind.to_owned(), name.to_owned())).collect()
    }

    /// The kinds of the templates.
    fn templates(&self) -> Vec<String> {
        self.0.templates().map(str::to_owned).collect()
    }

    /// Evaluates all constraints on all objects.
    fn evaluate(
        &self,
        py: Python<'_>,
        objects: &Bound<'_, NativeManifests>,
        settings: EvaluateSettings,
    ) -> PyResult<NativePolicyReport> {
        let manifests = &objects.get().0;
        py.detach(|| {
            let report = settings.evaluate(&self.0, manifests)?;
            Ok(NativePolicyReport { report, manifests: manifests.clone() })
        })
        .map_err(|error| raise(py, &error))
    }

    /// What ExpansionTemplates make of the objects, as one JSON list.
    fn expand_json(&self, py: Python<'_>, objects: &Bound<'_, NativeManifests>) -> PyResult<String> {
        let manifests = &objects.get().0;
        py.detach(|| {
            let made = self.0.expand(&manifests.objects, &EvaluateOptions::new())?;
            to_json(&made.iter().map(|made| &made.object.node).collect::<Vec<_>>())
        })
        .map_err(|error| raise(py, &error))
    }
}

#[pymethods]
impl NativePolicyReport {
    /// The report as JSON, the same in every language.
    fn json(&self, py: Python<'_>) -> PyResult<String> {
        py.detach(|| to_json(&self.report)).map_err(|error| raise(py, &error))
    }

    /// The report as SARIF.
    fn sarif(&self, py: Python<'_>) -> String {
        py.detach(|| self.report.to_sarif(&self.manifests.objects, &self.manifests.sources))
    }

    /// Whether nothing is denied that nobody accepted.
    fn is_clean(&self) -> bool {
        self.report.is_clean()
    }
}

/// Compiles the policies among objects, and those of bundles.
#[pyfunction]
pub(crate) fn load_policies(
    py: Python<'_>,
    policies: &Bound<'_, NativeManifests>,
    bundles: Vec<String>,
    bundle_settings: BundleSettings,
    native_validation: bool,
) -> PyResult<NativePolicySet> {
    let manifests = &policies.get().0;
    py.detach(|| {
        let mut objects = manifests.objects.clone();
        for name in &bundles {
            objects.extend(bundle_settings.objects(name, manifests)?);
        }
        let options = LoadOptions::default().with_native_validation(native_validation);
        let (set, errors) = PolicySet::load(&objects, &manifests.sources, &options);
        match errors.into_iter().next() {
            Some(error) => Err(error),
            None => Ok(NativePolicySet(set)),
        }
    })
    .map_err(|error| raise(py, &error))
}

/// The templates and constraints of a bundle as YAML.
#[pyfunction]
pub(crate) fn bundle_yaml(py: Python<'_>, name: &str, settings: BundleSettings) -> PyResult<String> {
    py.detach(|| {
        let objects = settings.objects(name, &Manifests::new())?;
        gitops_core::yaml::write_stream(objects.iter().map(|object| &object.node))
    })
    .map_err(|error| raise(py, &error))
}

/// A bundle with its controls, as JSON.
#[pyfunction]
pub(crate) fn bundle_json(py: Python<'_>, name: &str) -> PyResult<String> {
    py.detach(|| to_json(&bundles::bundle(name)?)).map_err(|error| raise(py, &error))
}

/// The names of all bundles.
#[pyfunction]
pub(crate) fn bundle_names() -> Vec<&'static str> {
    bundles::names().collect()
}

/// The policies of all bundles, as one JSON list.
#[pyfunction]
pub(crate) fn policies_json(py: Python<'_>) -> PyResult<String> {
    py.detach(|| to_json(&bundles::policies()?)).map_err(|error| raise(py, &error))
}

/// Runs the suites of a file or directory; what they came to as one JSON list.
#[pyfunction]
pub(crate) fn verify_json(
    py: Python<'_>,
    path: &str,
    root: Option<&str>,
    run: &str,
    native_validation: bool,
    time_limit: f64,
    settings: Settings,
) -> PyResult<String> {
    py.detach(|| {
        let (disk, path) = Disk::containing(path, root.map(AsRef::as_ref))?;
        let disk = disk.max_file_size(settings.limits().max_bytes as u64);
        let mut options = VerifyOptions::default().running(Filter::parse(run)?);
        options.load = LoadOptions::default().with_native_validation(native_validation);
        options.time_limit = limit(time_limit)?;
        to_json(&policy::verify(&disk, &path, &options)?)
    })
    .map_err(|error| raise(py, &error))
}
