//! How a review runs.

use std::sync::Arc;

use super::live::LiveObjects;
use crate::drift::DriftOptions;
use crate::kustomize::Cache;
use crate::object::Object;
use crate::risk::AcceptanceRules;
use crate::time::Timestamp;
use crate::yaml::Limits;

/// How [`super::review()`] runs.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct ReviewOptions {
    /// ConstraintTemplates, Constraints and RiskAcceptances to judge every environment with, beside those that the
    /// repository holds; they replace those of the same kind and name. Read them with the sources of
    /// [`ReviewOptions::cache`], so that errors in them have a place. Default none.
    pub policies: Vec<Object>,
    /// The time by which acceptances of risks are judged, at both revisions. Default none: then nothing is
    /// accepted, and the acceptances are told as not checked.
    pub now: Option<Timestamp>,
    /// What acceptances must keep to.
    pub acceptance_rules: AcceptanceRules,
    /// Whether head is compared with the merge base of the two revisions, as pull requests show it,
    /// instead of with base itself. Default false.
    pub use_merge_base: bool,
    /// The environments to review, by name; a `*` at the end stands for any rest. The others count as
    /// out of reach. Default none, which means all.
    pub environments: Vec<String>,
    /// The objects that live in the clusters. With them, the review says what the merge does to what was
    /// changed there. Of several that are given for an environment, the first count. Default none.
    pub live: Vec<LiveObjects>,
    /// How live objects are compared. Rules of a Flux Kustomization, and of an Argo CD Application with
    /// `RespectIgnoreDifferences=true`, are added; what Flux deploys is compared as Flux applies it. The
    /// sources are those of [`ReviewOptions::cache`].
    pub drift: DriftOptions,
    /// Bounds on the texts.
    pub limits: Limits,
    /// The most threads that render environments, the calling one among them. Default 0, which
    /// stands for as many as the process may run at once. The review is the same for any number.
    pub threads: usize,
    /// Parsed files, shared by all builds; a fresh one by default. Keep one to make the next review of
    /// the same repository faster.
    pub cache: Cache,
}

impl ReviewOptions {
    /// The same with the objects that live in a cluster: all environments of the cluster, or the one
    /// environment, that is called `of`; a `*` at the end stands for any rest, so that `*` is all.
    ///
    /// Give all objects that the environments deploy, as `kubectl get` reads them, with
    /// `metadata.managedFields` (`--show-managed-fields`): they tell who changed what. What is not among them
    /// counts as deleted. Those of other environments do no harm.
    #[must_use]
    pub fn with_live(mut self, of: impl Into<String>, objects: impl Into<Arc<[Object]>>) -> Self {
        self.live.push(LiveObjects::new(of, objects));
        self
    }

    /// Whether the caller asked for an environment.
    pub(super) fn wants(&self, name: &str) -> bool {
        self.environments.is_empty()
            || self.environments.iter().any(|pattern| match pattern.strip_suffix('*') {
                Some(start) => name.starts_with(start),
                None => name == pattern,
            })
    }
}
