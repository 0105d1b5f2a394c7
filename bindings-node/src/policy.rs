//! `PolicySet`, `verify`, bundles, and what they give.

use std::collections::HashMap;
use std::sync::Arc;
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
use napi::bindgen_prelude::{AsyncTask, Either};
use napi::{Env, Task};
use napi_derive::napi;

use crate::build::{json_or_failure, to_json};
use crate::error::Failure;
use crate::manifests::NativeManifests;
use crate::settings::Settings;

/// Compiled policies held by JavaScript.
#[napi]
pub struct NativePolicySet(PolicySet);

/// What an evaluation found, with the objects it is about.
#[napi]
pub struct NativePolicyReport {
    report: PolicyReport,
    manifests: Arc<Manifests>,
}

/// How the constraints of bundles are made.
#[napi(object, object_to_js = false)]
pub struct BundleSettings {
    pub enforcement_action: String,
    pub excluded_namespaces: Vec<String>,
    pub exempt_images: Vec<String>,
    /// By policy, as JSON.
    pub parameters: HashMap<String, String>,
}

/// How objects are evaluated.
#[napi(object, object_to_js = false)]
pub struct EvaluateSettings {
    pub default_namespace: Option<String>,
    pub enforcement_point: String,
    pub profile: String,
    pub unknown_namespace: String,
    pub operation: Option<String>,
    /// As JSON.
    pub user_info: Option<String>,
    pub now: Option<String>,
    pub locate: bool,
    /// In seconds.
    pub time_limit: f64,
    pub threads: u32,
}

fn bad(message: impl Into<String>) -> Error {
    Error::new(ErrorKind::Argument, "bad-argument", message)
}

/// A time limit that a caller gave.
fn limit(seconds: f64) -> gitops_core::Result<Duration> {
    Duration::try_from_secs_f64(seconds).map_err(|_| bad("timeLimit must be a number of seconds from 0"))
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
                .map_err(|cause| bad("parameters must be objects").caused_by(cause))?;
            options = options.with_parameters(policy.as_str(), parameters);
        }
        bundle.objects(&options, &manifests.sources)
    }
}

/// The objects that are evaluated, and those that help.
pub struct Inputs {
    objects: Arc<Manifests>,
    namespaces: Option<Arc<Manifests>>,
    inventory: Option<Arc<Manifests>>,
    old_objects: Option<Arc<Manifests>>,
    acceptances: Option<Arc<Manifests>>,
}

/// An evaluation; `Send`, so that the libuv pool can do it.
pub struct EvaluateTask {
    set: PolicySet,
    inputs: Inputs,
    settings: EvaluateSettings,
}

impl EvaluateTask {
    fn run(&self) -> gitops_core::Result<PolicyReport> {
        let Self { set, inputs, settings } = self;
        let user_info = match &settings.user_info {
            None => None,
            Some(json) => {
                let json: serde_json::Value = serde_json::from_str(json)
                    .map_err(|cause| bad("userInfo is no JSON").caused_by(cause))?;
                Some(Node::from(&json))
            }
        };
        let list = |manifests: &'_ Option<Arc<Manifests>>| -> Vec<Object> {
            manifests.as_ref().map(|manifests| manifests.objects.clone()).unwrap_or_default()
        };
        let (namespaces, old_objects) = (list(&inputs.namespaces), list(&inputs.old_objects));
        let mut options = EvaluateOptions::new().at_enforcement_point(&settings.enforcement_point);
        options.namespaces = &namespaces;
        options.inventory = inputs.inventory.as_ref().map(|manifests| manifests.objects.as_slice());
        options.old_objects = &old_objects;
        options.default_namespace = settings.default_namespace.as_deref();
        options.profile = settings.profile.parse()?;
        options.unknown_namespace = settings.unknown_namespace.parse()?;
        options.operation = settings.operation.as_deref().map(str::parse).transpose()?;
        options.user_info = user_info.as_ref();
        options.locate = settings.locate;
        options.time_limit = limit(settings.time_limit)?;
        options.threads = settings.threads as usize;
        let now = settings.now.as_deref().map(Timestamp::parse).transpose()?;
        let Manifests { objects, sources, .. } = &*inputs.objects;
        let mut report = set.evaluate(objects, &options);
        report.locate(objects, sources);
        let accepting = inputs.acceptances.as_ref().unwrap_or(&inputs.objects);
        let acceptances = AcceptanceSet::from_objects(&accepting.objects, &accepting.sources);
        let accept = AcceptOptions::new()
            .at(now)
            .with_namespaces(options.namespaces)
            .with_default_namespace(options.default_namespace);
        acceptances.apply(&mut report, set, objects, sources, &accept);
        Ok(report)
    }

    fn outcome(&self, result: gitops_core::Result<PolicyReport>) -> Evaluated {
        match result {
            Ok(report) => Either::A(NativePolicyReport { report, manifests: self.inputs.objects.clone() }),
            Err(error) => Either::B(error.into()),
        }
    }
}

type Evaluated = Either<NativePolicyReport, Failure>;

impl Task for EvaluateTask {
    type Output = gitops_core::Result<PolicyReport>;
    type JsValue = Evaluated;

    fn compute(&mut self) -> napi::Result<Self::Output> {
        Ok(self.run())
    }

    fn resolve(&mut self, _env: Env, output: Self::Output) -> napi::Result<Self::JsValue> {
        Ok(self.outcome(output))
    }
}

#[napi]
impl NativePolicySet {
    /// The constraints as kind and name.
    #[napi(catch_unwind)]
    pub fn constraints(&self) -> Vec<Vec<String>> {
        self.0.constraints().map(|(kind, name)| vec![kind.to_owned(), name.to_owned()]).collect()
    }

    /// The kinds of the templates.
    #[napi(catch_unwind)]
    pub fn templates(&self) -> Vec<String> {
        self.0.templates().map(str::to_owned).collect()
    }

    /// Evaluates all constraints on all objects.
    #[napi(catch_unwind)]
    pub fn evaluate(
        &self,
        objects: &NativeManifests,
        namespaces: Option<&NativeManifests>,
        inventory: Option<&NativeManifests>,
        old_objects: Option<&NativeManifests>,
        acceptances: Option<&NativeManifests>,
        settings: EvaluateSettings,
    ) -> Evaluated {
        let task = self.task(objects, [namespaces, inventory, old_objects, acceptances], settings);
        let report = task.run();
        task.outcome(report)
    }

    /// The same on the libuv pool.
    #[napi]
    pub fn evaluate_async(
        &self,
        objects: &NativeManifests,
        namespaces: Option<&NativeManifests>,
        inventory: Option<&NativeManifests>,
        old_objects: Option<&NativeManifests>,
        acceptances: Option<&NativeManifests>,
        settings: EvaluateSettings,
    ) -> AsyncTask<EvaluateTask> {
        AsyncTask::new(self.task(objects, [namespaces, inventory, old_objects, acceptances], settings))
    }

    /// What ExpansionTemplates make of the objects, as one JSON list.
    #[napi(catch_unwind)]
    pub fn expand_json(&self, objects: &NativeManifests) -> napi::Result<Either<String, Failure>> {
        let made = self.0.expand(&objects.0.objects, &EvaluateOptions::new());
        json_or_failure(made.map(|made| made.into_iter().map(|made| made.object.node).collect::<Vec<_>>()))
    }
}

impl NativePolicySet {
    fn task(
        &self,
        objects: &NativeManifests,
        others: [Option<&NativeManifests>; 4],
        settings: EvaluateSettings,
    ) -> EvaluateTask {
        let [namespaces, inventory, old_objects, acceptances] =
            others.map(|manifests| manifests.map(|manifests| manifests.0.clone()));
        let objects = objects.0.clone();
        let inputs = Inputs { objects, namespaces, inventory, old_objects, acceptances };
        EvaluateTask { set: self.0.clone(), inputs, settings }
    }
}

#[napi]
impl NativePolicyReport {
    /// The report as JSON, the same in every language.
    #[napi(catch_unwind)]
    pub fn json(&self) -> napi::Result<String> {
        to_json(&self.report)
    }

    /// The report as SARIF.
    #[napi(catch_unwind)]
    pub fn sarif(&self) -> String {
        self.report.to_sarif(&self.manifests.objects, &self.manifests.sources)
    }

    /// Whether nothing is denied that nobody accepted.
    #[napi(catch_unwind)]
    pub fn is_clean(&self) -> bool {
        self.report.is_clean()
    }
}

/// Compiles the policies among objects, and those of bundles.
#[napi(catch_unwind)]
pub fn load_policies(
    policies: &NativeManifests,
    bundles: Vec<String>,
    bundle_settings: BundleSettings,
    native_validation: bool,
) -> Either<NativePolicySet, Failure> {
    let load = || {
        let mut objects = policies.0.objects.clone();
        for name in &bundles {
            objects.extend(bundle_settings.objects(name, &policies.0)?);
        }
        let options = LoadOptions::default().with_native_validation(native_validation);
        let (set, errors) = PolicySet::load(&objects, &policies.0.sources, &options);
        errors.into_iter().next().map_or(Ok(set), Err)
    };
    match load() {
        Ok(set) => Either::A(NativePolicySet(set)),
        Err(error) => Either::B(error.into()),
    }
}

/// The templates and constraints of a bundle as YAML.
#[napi(catch_unwind)]
pub fn bundle_yaml(name: String, settings: BundleSettings) -> Either<String, Failure> {
    let written = settings
        .objects(&name, &Manifests::new())
        .and_then(|objects| gitops_core::yaml::write_stream(objects.iter().map(|object| &object.node)));
    match written {
        Ok(text) => Either::A(text),
        Err(error) => Either::B(error.into()),
    }
}

/// A bundle with its controls, as JSON.
#[napi(catch_unwind)]
pub fn bundle_json(name: String) -> napi::Result<Either<String, Failure>> {
    json_or_failure(bundles::bundle(&name))
}

/// The names of all bundles.
#[napi(catch_unwind)]
pub fn bundle_names() -> Vec<String> {
    bundles::names().map(str::to_owned).collect()
}

/// The policies of all bundles, as one JSON list.
#[napi(catch_unwind)]
pub fn policies_json() -> napi::Result<Either<String, Failure>> {
    json_or_failure(bundles::policies())
}

/// Runs the suites of a file or directory; what they came to as one JSON list.
#[napi(catch_unwind)]
pub fn verify_json(
    path: String,
    root: Option<String>,
    run: String,
    native_validation: bool,
    time_limit: f64,
    settings: Settings,
) -> napi::Result<Either<String, Failure>> {
    let verify = || {
        let (disk, path) = Disk::containing(path, root.as_deref().map(AsRef::as_ref))?;
        let disk = disk.max_file_size(settings.limits().max_bytes as u64);
        let mut options = VerifyOptions::default().running(Filter::parse(&run)?);
        options.load = LoadOptions::default().with_native_validation(native_validation);
        options.time_limit = limit(time_limit)?;
        policy::verify(&disk, &path, &options)
    };
    json_or_failure(verify())
}
