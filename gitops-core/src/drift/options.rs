//! How objects are compared.

use super::ignore::IgnoreRules;
use super::schemas::Schemas;
use crate::knowledge::KubernetesVersion;
use crate::node::SourceMap;
#[cfg(feature = "git")]
use crate::object::Object;

/// Whose idea of drift counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Default)]
#[non_exhaustive]
pub enum Profile {
    /// The API server's: an object has drifted if a forced server-side apply would change it.
    #[default]
    ServerSideApply,
    /// As Flux applies: fields that kubectl or an earlier, other apply set count as Flux's own, so what
    /// Git no longer has goes, and so does what people added with kubectl, unless the object is marked
    /// `kustomize.toolkit.fluxcd.io/ssa: Merge`.
    Flux,
    /// Argo CD's own diff where server-side diff is off: a three-way strategic merge patch with the last
    /// applied configuration, without ownership. It answers as Argo CD does, with two exceptions where Argo
    /// CD is wrong: an explicit null of the live object is no drift, and a second port of one number and
    /// another protocol is.
    Argo,
}

/// How objects are compared.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct DriftOptions {
    /// Whose idea of drift counts. Default the API server's.
    pub profile: Profile,
    /// The release of Kubernetes, which decides on defaults and list types. Default the newest known.
    pub version: KubernetesVersion,
    /// Kinds beside the built-in ones. Definitions among the compared objects are found without it.
    pub schemas: Option<Schemas>,
    /// The field manager that applies what Git says, such as `kustomize-controller`. Default: the one of a
    /// GitOps tool among the managers that apply, else the one that owns most fields.
    pub manager: Option<String>,
    /// The namespace of objects that name none, where they have one. Default `default`.
    pub default_namespace: Option<String>,
    /// Resolves the places of the desired objects, for [`super::FieldDrift::location`]. Default none.
    pub sources: Option<SourceMap>,
    /// What is not compared. Default nothing but what annotations of the objects say.
    pub ignore: IgnoreRules,
    /// On how many threads objects are compared, the calling one among them; 0 for as many as the process may
    /// run at once. The report is the same for any number. Default 1.
    pub threads: usize,
}

impl Default for DriftOptions {
    fn default() -> Self {
        Self {
            profile: Profile::default(),
            version: KubernetesVersion::default(),
            schemas: None,
            manager: None,
            default_namespace: None,
            sources: None,
            ignore: IgnoreRules::new(),
            threads: 1,
        }
    }
}

impl DriftOptions {
    /// The namespace of objects that name none.
    pub(crate) fn namespace(&self) -> &str {
        self.default_namespace.as_deref().unwrap_or("default")
    }

    /// Whether a rule or annotation takes an object out of the comparison as a whole.
    #[cfg(feature = "git")]
    pub(crate) fn leaves_out(&self, desired: &Object, live: Option<&Object>) -> bool {
        self.ignore.skip(desired, live).is_some()
    }

    /// The defaults.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// The same with another profile.
    #[must_use]
    pub fn with_profile(mut self, profile: Profile) -> Self {
        self.profile = profile;
        self
    }

    /// The same for a release of Kubernetes.
    #[must_use]
    pub fn with_version(mut self, version: KubernetesVersion) -> Self {
        self.version = version;
        self
    }

    /// The same with the kinds of a cluster.
    #[must_use]
    pub fn with_schemas(mut self, schemas: Schemas) -> Self {
        self.schemas = Some(schemas);
        self
    }

    /// The same with the field manager that applies what Git says.
    #[must_use]
    pub fn with_manager(mut self, manager: impl Into<String>) -> Self {
        self.manager = Some(manager.into());
        self
    }

    /// The same with the namespace of objects that name none.
    #[must_use]
    pub fn with_default_namespace(mut self, namespace: impl Into<String>) -> Self {
        self.default_namespace = Some(namespace.into());
        self
    }

    /// The same with what resolves the places of the desired objects.
    #[must_use]
    pub fn with_sources(mut self, sources: SourceMap) -> Self {
        self.sources = Some(sources);
        self
    }

    /// The same with rules for what is not compared.
    #[must_use]
    pub fn with_ignore(mut self, ignore: IgnoreRules) -> Self {
        self.ignore = ignore;
        self
    }

    /// The same on so many threads; 0 for as many as the process may run at once.
    #[must_use]
    pub fn with_threads(mut self, threads: usize) -> Self {
        self.threads = threads;
        self
    }
}
