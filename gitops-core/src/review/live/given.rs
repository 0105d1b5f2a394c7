//! The live objects that the caller gives, by environment or cluster.

use std::sync::Arc;

use crate::drift::{Counterparts, Schemas};
use crate::object::Object;
use crate::review::ReviewOptions;
use crate::sources::Environment;
use crate::{Error, ErrorKind, Result};

/// The live objects of some environments, as [`ReviewOptions::with_live`] takes them.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct LiveObjects {
    /// The name of an environment or of a cluster, all of whose environments are meant; a `*` at the end
    /// stands for any rest.
    pub of: String,
    /// The objects.
    pub objects: Arc<[Object]>,
}

impl LiveObjects {
    /// The objects of an environment or cluster.
    #[must_use]
    pub fn new(of: impl Into<String>, objects: impl Into<Arc<[Object]>>) -> Self {
        Self { of: of.into(), objects: objects.into() }
    }

    fn means(&self, environment: &Environment) -> bool {
        let is = |name: &str| match self.of.strip_suffix('*') {
            Some(start) => name.starts_with(start),
            None => name == self.of,
        };
        is(&environment.name) || environment.cluster.as_deref().is_some_and(is)
    }
}

/// A set of live objects, made ready for many environments.
pub(in crate::review) struct Cluster<'a> {
    given: &'a LiveObjects,
    pub(super) counterparts: Counterparts<'a>,
    /// The built-in kinds and those that live definitions define.
    pub(super) schemas: Schemas,
}

/// All that was given.
pub(in crate::review) struct Clusters<'a>(Vec<Cluster<'a>>);

impl<'a> Clusters<'a> {
    /// # Errors
    /// `unknown-environment` for objects that are meant for none of the environments.
    pub(in crate::review) fn new(options: &'a ReviewOptions, environments: &[&Environment]) -> Result<Self> {
        let drift = &options.drift;
        let schemas = || drift.schemas.clone().unwrap_or_else(|| Schemas::new(drift.version));
        let mut clusters = Vec::new();
        for given in &options.live {
            if !environments.iter().any(|environment| given.means(environment)) {
                let message = format!(
                    "live objects are given for {}, but no environment or cluster is called so",
                    given.of
                );
                return Err(Error::new(ErrorKind::Argument, "unknown-environment", message));
            }
            clusters.push(Cluster {
                given,
                counterparts: Counterparts::new(&given.objects),
                schemas: schemas().with_definitions(given.objects.iter()),
            });
        }
        Ok(Self(clusters))
    }

    /// Whether no live objects were given at all.
    pub(in crate::review) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The live objects of an environment: the first that were given for it.
    pub(in crate::review) fn of(&self, environment: &Environment) -> Option<&Cluster<'a>> {
        self.0.iter().find(|cluster| cluster.given.means(environment))
    }
}
