//! How a plan is made.

use super::Owner;
use crate::drift::DriftOptions;

/// Whose order of applying.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Default, serde::Serialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub enum Order {
    /// Argo CD: phases, waves, kinds, names; hooks run; Namespaces and CRDs before what needs them; pruning
    /// in the same order with its waves mirrored.
    #[default]
    ArgoCd,
    /// Flux: stages, kinds, names; pruning afterwards, in reverse.
    Flux,
    /// cli-utils (kpt): kinds and names as far as dependencies allow; pruning afterwards, in reverse.
    CliUtils,
}

/// What becomes of objects that are no longer wanted, as a Flux Kustomization says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Default)]
#[non_exhaustive]
pub enum DeletionPolicy {
    /// They are deleted.
    #[default]
    Delete,
    /// They stay, and nobody owns them any more.
    Orphan,
}

/// How a plan is made.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct PlanOptions {
    /// Whose order, and whose annotations count. Default Argo CD's.
    pub order: Order,
    /// Who applies. Live objects that carry its mark are ours; those with another's are not. Default none:
    /// then only the inventory tells what is ours.
    pub owner: Option<Owner>,
    /// Whether objects that Git no longer has are deleted. Default true.
    pub prune: bool,
    /// Whether Argo CD prunes after everything else. Default false.
    pub prune_last: bool,
    /// Kinds that may be deleted though that is blocked otherwise: `Namespace`, `CustomResourceDefinition`.
    /// Default none.
    pub allow_deletion: Vec<String>,
    /// Whether somebody has confirmed deletions that ask for it (`Prune=confirm`). Default false.
    pub confirmed: bool,
    /// What becomes of objects that are no longer wanted. Default they are deleted.
    pub deletion_policy: DeletionPolicy,
    /// Whether an object whose immutable field changes is deleted and made anew, as Flux does with
    /// `force: true`. Otherwise such a step is blocked, since the API server would refuse it. Default false.
    pub force: bool,
    /// Whether objects that belong to somebody else are blocked, as Argo CD does with
    /// `FailOnSharedResource`. Otherwise they are taken over, with a danger. Default false.
    pub fail_on_shared: bool,
    /// Kinds that Flux applies in a stage of their own, before the rest. Default none.
    pub custom_stage_kinds: Vec<String>,
    /// How objects are compared. Its profile should fit the order.
    pub drift: DriftOptions,
}

impl Default for PlanOptions {
    fn default() -> Self {
        Self {
            order: Order::default(),
            owner: None,
            prune: true,
            prune_last: false,
            allow_deletion: Vec::new(),
            confirmed: false,
            deletion_policy: DeletionPolicy::default(),
            force: false,
            fail_on_shared: false,
            custom_stage_kinds: Vec::new(),
            drift: DriftOptions::default(),
        }
    }
}

impl PlanOptions {
    /// The options of a tool's order; for Flux, objects are compared as it applies them.
    #[must_use]
    pub fn new(order: Order) -> Self {
        let mut options = Self { order, ..Self::default() };
        if order == Order::Flux {
            options.drift = options.drift.with_profile(crate::drift::Profile::Flux);
        }
        options
    }

    /// Sets who applies.
    #[must_use]
    pub fn with_owner(mut self, owner: Owner) -> Self {
        self.owner = Some(owner);
        self
    }

    /// Sets whether objects that Git no longer has are deleted.
    #[must_use]
    pub fn with_prune(mut self, prune: bool) -> Self {
        self.prune = prune;
        self
    }

    /// Sets whether Argo CD prunes after everything else.
    #[must_use]
    pub fn with_prune_last(mut self, last: bool) -> Self {
        self.prune_last = last;
        self
    }

    /// Allows objects of a kind to be deleted though that is blocked otherwise.
    #[must_use]
    pub fn with_allowed_deletion(mut self, kind: impl Into<String>) -> Self {
        self.allow_deletion.push(kind.into());
        self
    }

    /// Sets whether somebody has confirmed deletions that ask for it.
    #[must_use]
    pub fn with_confirmed(mut self, confirmed: bool) -> Self {
        self.confirmed = confirmed;
        self
    }

    /// Sets what becomes of objects that are no longer wanted.
    #[must_use]
    pub fn with_deletion_policy(mut self, policy: DeletionPolicy) -> Self {
        self.deletion_policy = policy;
        self
    }

    /// Sets whether an object whose immutable field changes is deleted and made anew.
    #[must_use]
    pub fn with_force(mut self, force: bool) -> Self {
        self.force = force;
        self
    }

    /// Sets whether objects that belong to somebody else are blocked.
    #[must_use]
    pub fn with_fail_on_shared(mut self, fail: bool) -> Self {
        self.fail_on_shared = fail;
        self
    }

    /// Adds a kind that Flux applies before the rest.
    #[must_use]
    pub fn with_custom_stage_kind(mut self, kind: impl Into<String>) -> Self {
        self.custom_stage_kinds.push(kind.into());
        self
    }

    /// Sets how objects are compared.
    #[must_use]
    pub fn with_drift(mut self, drift: DriftOptions) -> Self {
        self.drift = drift;
        self
    }
}
