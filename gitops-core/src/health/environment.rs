//! The health of all that an environment should have: the worst of its objects, and how many are how.

use std::collections::{BTreeMap, HashMap};

use super::{Flavour, Health, HealthOptions, HealthStatus, status};
use crate::node::Node;
use crate::object::{Object, ObjectId};

/// The health of one object of an environment.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct ObjectHealth {
    /// The object.
    pub id: ObjectId,
    /// Its health.
    #[serde(flatten)]
    pub health: Health,
    /// Whether it is left out of the environment's health: a hook, or asked for by an annotation.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub ignored: bool,
}

/// The health of an environment.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct EnvironmentHealth {
    /// The worst of its objects; the flavour's word for well if there are none.
    pub status: HealthStatus,
    /// How many objects are how, without those that are left out.
    pub counts: BTreeMap<HealthStatus, usize>,
    /// The objects, in the order of the desired ones.
    pub objects: Vec<ObjectHealth>,
}

/// Annotations that make an object a hook of Argo CD; its health is that of a sync, not of the application.
const HOOKS: &[&str] = &["argocd.argoproj.io/hook", "helm.sh/hook"];
/// Annotation that leaves an object out of an application's health.
const IGNORE: &str = "argocd.argoproj.io/ignore-healthcheck";

/// The health of an environment: of each desired object, its live one. A desired object without a live
/// one is missing. Live objects that nothing desires are not looked at.
///
/// Objects are paired by group, kind, namespace and name; one that names no namespace may live in
/// [`HealthOptions::default_namespace`]. Argo CD leaves out hooks, objects annotated
/// `argocd.argoproj.io/ignore-healthcheck: "true"`, and Applications that are missing or unknown.
#[must_use]
pub fn environment(desired: &[Object], live: &[Object], options: &HealthOptions) -> EnvironmentHealth {
    let by_key: HashMap<_, _> = live.iter().map(|object| (key(object), object)).collect();
    let argo = options.flavour == Flavour::ArgoCd;
    let (absent, well) = match options.flavour {
        Flavour::ArgoCd => (HealthStatus::Missing, HealthStatus::Healthy),
        Flavour::Kstatus | Flavour::Flux => (HealthStatus::NotFound, HealthStatus::Current),
    };
    let mut result = EnvironmentHealth { status: well, counts: BTreeMap::new(), objects: Vec::new() };
    for object in desired {
        let (group, kind, namespace, name) = key(object);
        let elsewhere =
            || by_key.get(&(group, kind, options.default_namespace.as_deref().unwrap_or("default"), name));
        let found = by_key.get(&key(object)).or_else(|| namespace.is_empty().then(elsewhere).flatten());
        let health = match found {
            Some(live) => status(live, options),
            None => Health::new(absent, "", "the object is not in the cluster"),
        };
        let ignored = argo && is_ignored(object, health.status);
        if !ignored {
            *result.counts.entry(health.status).or_default() += 1;
            result.status = result.status.max(health.status);
        }
        result.objects.push(ObjectHealth { id: object.id(), health, ignored });
    }
    result
}

fn key(object: &Object) -> (&str, &str, &str, &str) {
    (object.group(), object.kind(), object.namespace(), object.name())
}

fn is_ignored(object: &Object, status: HealthStatus) -> bool {
    let annotation = |key: &str| object.node.at(&["metadata", "annotations", key]).and_then(Node::as_str);
    let application = || (object.group(), object.kind()) == ("argoproj.io", "Application");
    HOOKS.iter().any(|hook| annotation(hook).is_some())
        || annotation(IGNORE) == Some("true")
        || matches!(status, HealthStatus::Missing | HealthStatus::Unknown) && application()
}
