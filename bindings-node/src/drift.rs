//! `compare`, `plan` and `health`: live objects beside what Git says.

use std::sync::Arc;

use gitops_core::Error;
use gitops_core::drift::{self, DriftOptions, DriftReport, IgnoreRules, Schemas};
use gitops_core::files::Manifests;
use gitops_core::health::{self, HealthOptions};
use gitops_core::plan::{Inventory, Owner, Plan, PlanOptions, plan as make_plan};
use gitops_core::time::Timestamp;
use napi::bindgen_prelude::{AsyncTask, Either};
use napi::{Env, Task};
use napi_derive::napi;

use crate::build::{json_or_failure, to_json};
use crate::error::Failure;
use crate::manifests::NativeManifests;

/// How objects are compared.
#[napi(object, object_to_js = false)]
pub struct DriftSettings {
    pub profile: String,
    pub kubernetes: Option<String>,
    pub manager: Option<String>,
    pub default_namespace: Option<String>,
}

/// Who applies.
#[napi(object, object_to_js = false)]
pub struct OwnerSettings {
    pub kind: String,
    pub name: String,
    pub namespace: String,
}

/// How a plan is made.
#[napi(object, object_to_js = false)]
pub struct PlanSettings {
    pub order: String,
    pub owner: Option<OwnerSettings>,
    pub inventory: Vec<String>,
    pub prune: bool,
    pub prune_last: bool,
    pub allow_deletion: Vec<String>,
    pub confirmed: bool,
    pub deletion_policy: String,
    pub force: bool,
    pub fail_on_shared: bool,
    pub drift: DriftSettings,
}

/// What is compared, and what helps.
pub struct Inputs {
    desired: Arc<Manifests>,
    live: Arc<Manifests>,
    definitions: Option<Arc<Manifests>>,
    ignore: Option<Arc<Manifests>>,
}

impl Inputs {
    fn new(
        desired: &NativeManifests,
        live: &NativeManifests,
        definitions: Option<&NativeManifests>,
        ignore: Option<&NativeManifests>,
    ) -> Self {
        let shared = |manifests: &NativeManifests| manifests.0.clone();
        Self {
            desired: shared(desired),
            live: shared(live),
            definitions: definitions.map(shared),
            ignore: ignore.map(shared),
        }
    }
}

impl DriftSettings {
    fn options(&self, inputs: &Inputs) -> gitops_core::Result<DriftOptions> {
        let mut options = DriftOptions::new().with_sources(inputs.desired.sources.clone());
        options.profile = self.profile.parse()?;
        if let Some(version) = &self.kubernetes {
            options.version = version.parse()?;
        }
        options.manager.clone_from(&self.manager);
        options.default_namespace.clone_from(&self.default_namespace);
        if let Some(definitions) = &inputs.definitions {
            let schemas = Schemas::new(options.version);
            options.schemas = Some(schemas.with_definitions(&definitions.objects));
        }
        if let Some(ignore) = &inputs.ignore {
            let mut rules = IgnoreRules::new();
            for object in &ignore.objects {
                rules.add(object, Some(&ignore.sources))?;
            }
            options.ignore = rules;
        }
        Ok(options)
    }
}

impl PlanSettings {
    fn options(&self, inputs: &Inputs) -> gitops_core::Result<PlanOptions> {
        let mut options = PlanOptions::new(self.order.parse()?);
        options.owner = self
            .owner
            .as_ref()
            .map(|owner| Owner::of_kind(&owner.kind, &owner.name, &owner.namespace))
            .transpose()?;
        options.prune = self.prune;
        options.prune_last = self.prune_last;
        options.allow_deletion.clone_from(&self.allow_deletion);
        options.confirmed = self.confirmed;
        options.deletion_policy = self.deletion_policy.parse()?;
        options.force = self.force;
        options.fail_on_shared = self.fail_on_shared;
        options.drift = self.drift.options(inputs)?;
        Ok(options)
    }
}

/// A comparison held by JavaScript.
#[napi]
pub struct NativeDriftReport(DriftReport);

#[napi]
impl NativeDriftReport {
    /// The report as JSON, the same in every language.
    #[napi(catch_unwind)]
    pub fn json(&self) -> String {
        self.0.to_json()
    }

    /// The report for people.
    #[napi(catch_unwind)]
    pub fn text(&self) -> String {
        self.0.to_text()
    }

    /// The report as a unified diff of YAML.
    #[napi(catch_unwind)]
    pub fn unified_yaml(&self) -> String {
        self.0.to_unified_yaml()
    }

    /// The JSON Patch that would repair an object.
    #[napi(catch_unwind)]
    pub fn patch_json(&self, index: u32) -> napi::Result<String> {
        to_json(&self.0.objects.get(index as usize).map(|object| object.patch()).unwrap_or_default())
    }

    /// Whether nothing drifted, is missing or could not be judged.
    #[napi(catch_unwind)]
    pub fn in_sync(&self) -> bool {
        self.0.is_in_sync()
    }
}

type Compared = Either<NativeDriftReport, Failure>;

fn compared(result: gitops_core::Result<DriftReport>) -> Compared {
    match result {
        Ok(report) => Either::A(NativeDriftReport(report)),
        Err(error) => Either::B(error.into()),
    }
}

/// A comparison to be made; `Send`, so that the libuv pool can do it.
pub struct CompareTask {
    inputs: Inputs,
    settings: DriftSettings,
}

impl CompareTask {
    fn run(&self) -> gitops_core::Result<DriftReport> {
        let options = self.settings.options(&self.inputs)?;
        Ok(drift::compare(&self.inputs.desired.objects, &self.inputs.live.objects, &options))
    }
}

impl Task for CompareTask {
    type Output = gitops_core::Result<DriftReport>;
    type JsValue = Compared;

    fn compute(&mut self) -> napi::Result<Self::Output> {
        Ok(self.run())
    }

    fn resolve(&mut self, _env: Env, output: Self::Output) -> napi::Result<Self::JsValue> {
        Ok(compared(output))
    }
}

/// Compares desired with live objects.
#[napi(catch_unwind)]
pub fn compare(
    desired: &NativeManifests,
    live: &NativeManifests,
    definitions: Option<&NativeManifests>,
    ignore: Option<&NativeManifests>,
    settings: DriftSettings,
) -> Compared {
    compared(CompareTask { inputs: Inputs::new(desired, live, definitions, ignore), settings }.run())
}

/// The same on the libuv pool.
#[napi]
pub fn compare_async(
    desired: &NativeManifests,
    live: &NativeManifests,
    definitions: Option<&NativeManifests>,
    ignore: Option<&NativeManifests>,
    settings: DriftSettings,
) -> AsyncTask<CompareTask> {
    AsyncTask::new(CompareTask { inputs: Inputs::new(desired, live, definitions, ignore), settings })
}

/// A plan held by JavaScript.
#[napi]
pub struct NativePlan(Plan);

#[napi]
impl NativePlan {
    /// The plan as JSON, the same in every language.
    #[napi(catch_unwind)]
    pub fn json(&self) -> napi::Result<String> {
        to_json(&self.0)
    }

    /// The plan for people.
    #[napi(catch_unwind)]
    pub fn text(&self) -> String {
        self.0.to_string()
    }
}

/// Plans what a reconciliation would do.
#[napi(catch_unwind)]
pub fn plan(
    desired: &NativeManifests,
    live: &NativeManifests,
    definitions: Option<&NativeManifests>,
    ignore: Option<&NativeManifests>,
    settings: PlanSettings,
) -> Either<NativePlan, Failure> {
    let inputs = Inputs::new(desired, live, definitions, ignore);
    let plan = || {
        let inventory = Inventory::parse(settings.inventory.iter().map(String::as_str))?;
        let options = settings.options(&inputs)?;
        Ok::<_, Error>(make_plan(&inputs.desired.objects, &inputs.live.objects, &inventory, &options))
    };
    match plan() {
        Ok(plan) => Either::A(NativePlan(plan)),
        Err(error) => Either::B(error.into()),
    }
}

fn health_options(flavour: &str, now: Option<&str>) -> gitops_core::Result<HealthOptions> {
    let mut options = HealthOptions::new(flavour.parse()?);
    options.now = now.map(Timestamp::parse).transpose()?;
    Ok(options)
}

/// The health of each object, as one JSON list.
#[napi(catch_unwind)]
pub fn health_json(
    objects: &NativeManifests,
    flavour: String,
    now: Option<String>,
) -> napi::Result<Either<String, Failure>> {
    let each = health_options(&flavour, now.as_deref()).map(|options| {
        objects.0.objects.iter().map(|object| health::status(object, &options)).collect::<Vec<_>>()
    });
    json_or_failure(each)
}

/// The health of an environment, as JSON.
#[napi(catch_unwind)]
pub fn environment_health_json(
    desired: &NativeManifests,
    live: &NativeManifests,
    flavour: String,
    now: Option<String>,
) -> napi::Result<Either<String, Failure>> {
    let options = health_options(&flavour, now.as_deref());
    json_or_failure(options.map(|options| health::environment(&desired.0.objects, &live.0.objects, &options)))
}
