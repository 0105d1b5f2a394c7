//! How the constraints of a bundle are made.

use std::collections::BTreeMap;

use super::data::JsonMap;
use crate::knowledge::KubernetesVersion;

/// What the cluster does with a violation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Default, serde::Serialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum EnforcementAction {
    /// Refuse the object.
    #[default]
    Deny,
    /// Let it in, and warn who sends it.
    Warn,
    /// Let it in, and tell the audit.
    DryRun,
}

impl EnforcementAction {
    /// As constraints write it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Deny => "deny",
            Self::Warn => "warn",
            Self::DryRun => "dryrun",
        }
    }
}

/// How the constraints of a bundle are made.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct BundleOptions {
    /// The release of Kubernetes whose rules apply. Default none: the newest that the bundle knows. A newer
    /// one counts as that.
    pub kubernetes: Option<KubernetesVersion>,
    /// What the cluster does with a violation. Default deny.
    pub enforcement_action: EnforcementAction,
    /// Namespaces that no constraint applies to, exact or as globs (`kube-*`, `*-system`). Default none.
    pub excluded_namespaces: Vec<String>,
    /// Images whose containers no policy looks at, exact or with a `*` at the end. Only policies about
    /// containers take it. Default none.
    pub exempt_images: Vec<String>,
    /// Parameters that replace the bundle's, by identifier of the policy.
    pub parameters: BTreeMap<String, JsonMap>,
}

impl BundleOptions {
    /// The defaults.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// The same with the rules of a release of Kubernetes.
    #[must_use]
    pub fn for_kubernetes(mut self, version: KubernetesVersion) -> Self {
        self.kubernetes = Some(version);
        self
    }

    /// The same with another action.
    #[must_use]
    pub fn with_enforcement_action(mut self, action: EnforcementAction) -> Self {
        self.enforcement_action = action;
        self
    }

    /// The same without some namespaces.
    #[must_use]
    pub fn excluding_namespaces(mut self, namespaces: impl IntoIterator<Item = impl Into<String>>) -> Self {
        self.excluded_namespaces.extend(namespaces.into_iter().map(Into::into));
        self
    }

    /// The same without the containers of some images.
    #[must_use]
    pub fn exempting_images(mut self, images: impl IntoIterator<Item = impl Into<String>>) -> Self {
        self.exempt_images.extend(images.into_iter().map(Into::into));
        self
    }

    /// The same with other parameters for a policy; those not given stay the bundle's.
    #[must_use]
    pub fn with_parameters(mut self, policy: impl Into<String>, parameters: JsonMap) -> Self {
        self.parameters.entry(policy.into()).or_default().extend(parameters);
        self
    }
}
