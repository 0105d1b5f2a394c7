//! Whether live objects are well, as kstatus, Flux or Argo CD would say.
//!
//! All of it is [rules](rules) of one small language, kept as text in [`crate::knowledge::health`]. What
//! kinds they do not know, kstatus and Flux judge by the conditions that are usual; Argo CD says nothing
//! ([`HealthStatus::NotAssessed`]).

mod environment;
#[cfg(feature = "policy")]
mod expressions;
pub mod rules;
mod status;

pub use environment::{EnvironmentHealth, ObjectHealth, environment};
#[cfg(feature = "policy")]
pub use expressions::HealthExpressions;
pub use rules::Rules;
pub use status::{Flavour, Health, HealthStatus};

use std::sync::LazyLock;

use crate::knowledge::health as tables;
use crate::node::Node;
use crate::object::Object;
use crate::time::Timestamp;

// Read once, never changed. A test holds them readable.
static KSTATUS: LazyLock<Rules> = LazyLock::new(|| Rules::parse_all(tables::KSTATUS).unwrap_or_default());
static FLUX: LazyLock<Rules> = LazyLock::new(|| Rules::parse_all(tables::FLUX).unwrap_or_default());
static ARGO: LazyLock<Rules> = LazyLock::new(|| Rules::parse_all(tables::ARGO_BUILTIN).unwrap_or_default());
static ARGO_KINDS: LazyLock<Rules> =
    LazyLock::new(|| Rules::parse_all(tables::ARGO_KINDS).unwrap_or_default());

/// How health is judged.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct HealthOptions {
    /// Whose judgement. Default kstatus.
    pub flavour: Flavour,
    /// The moment of judging. Only kstatus and Flux ask for it: a Pod that cannot be scheduled has failed
    /// after 15 seconds. Without it, it has failed.
    pub now: Option<Timestamp>,
    /// The namespace of objects that name none, where they have one; for [`environment`]. Default
    /// `default`.
    pub default_namespace: Option<String>,
    /// The caller's own rules, asked before all others except about objects that are being deleted.
    pub rules: Rules,
    /// Expressions in CEL that a Flux Kustomization brings, asked after the caller's rules. Only for
    /// [`Flavour::Flux`].
    #[cfg(feature = "policy")]
    pub expressions: HealthExpressions,
    /// Leaves out the rules for other projects' kinds, which Argo CD has as customisations, so that only
    /// the kinds that its code knows are judged. Only for [`Flavour::ArgoCd`].
    pub only_builtin: bool,
    /// Judges objects that are being deleted by their status, as Argo CD's customisations do when they are
    /// asked directly. Otherwise they are progressing. Only for [`Flavour::ArgoCd`].
    pub ignore_deletion: bool,
}

impl HealthOptions {
    /// The options of a flavour.
    #[must_use]
    pub fn new(flavour: Flavour) -> Self {
        Self { flavour, ..Self::default() }
    }

    /// Sets the moment of judging.
    #[must_use]
    pub fn with_now(mut self, now: Timestamp) -> Self {
        self.now = Some(now);
        self
    }

    /// Sets the namespace of objects that name none.
    #[must_use]
    pub fn with_default_namespace(mut self, namespace: impl Into<String>) -> Self {
        self.default_namespace = Some(namespace.into());
        self
    }

    /// Sets the caller's own rules.
    #[must_use]
    pub fn with_rules(mut self, rules: Rules) -> Self {
        self.rules = rules;
        self
    }

    /// Sets the expressions in CEL that a Flux Kustomization brings.
    #[cfg(feature = "policy")]
    #[must_use]
    pub fn with_expressions(mut self, expressions: HealthExpressions) -> Self {
        self.expressions = expressions;
        self
    }

    /// Sets whether only the kinds are judged that Argo CD's code knows.
    #[must_use]
    pub fn with_only_builtin(mut self, only: bool) -> Self {
        self.only_builtin = only;
        self
    }

    /// Sets whether objects that are being deleted are judged by their status.
    #[must_use]
    pub fn with_ignore_deletion(mut self, ignore: bool) -> Self {
        self.ignore_deletion = ignore;
        self
    }
}

/// The finalizer that Argo CD puts on hooks; their deletion waits for it and says nothing of their health.
const HOOK_FINALIZER: &str = "argocd.argoproj.io/hook-finalizer";

/// The health of a live object.
#[must_use]
pub fn status(object: &Object, options: &HealthOptions) -> Health {
    let own = || options.rules.judge(object, options.now);
    let verdict = match options.flavour {
        Flavour::Kstatus => own().or_else(|| KSTATUS.judge(object, options.now)),
        Flavour::Flux => {
            own().or_else(|| checked(object, options)).or_else(|| FLUX.judge(object, options.now))
        }
        Flavour::ArgoCd if !options.ignore_deletion && is_leaving(object) => {
            return Health::new(HealthStatus::Progressing, "", "Pending deletion");
        }
        Flavour::ArgoCd => {
            let kinds = || (!options.only_builtin).then(|| ARGO_KINDS.judge(object, options.now)).flatten();
            own().or_else(kinds).or_else(|| ARGO.judge(object, options.now))
        }
    };
    match verdict {
        Some(verdict) => Health::new(verdict.status, verdict.reason, verdict.message),
        None => Health::new(HealthStatus::NotAssessed, "", ""),
    }
}

/// What a Kustomization's own health checks say.
#[cfg(feature = "policy")]
fn checked(object: &Object, options: &HealthOptions) -> Option<rules::Verdict> {
    options.expressions.judge(object)
}

/// Without the interpreter there are no health checks of a Kustomization's own.
#[cfg(not(feature = "policy"))]
fn checked(_: &Object, _: &HealthOptions) -> Option<rules::Verdict> {
    None
}

/// The kinds that a flavour has rules for, sorted: `group/Kind`, with `*` in patterns.
#[must_use]
pub fn known_kinds(flavour: Flavour) -> Vec<&'static str> {
    let mut kinds = match flavour {
        Flavour::Kstatus => KSTATUS.kinds(),
        Flavour::Flux => FLUX.kinds(),
        Flavour::ArgoCd => [ARGO.kinds(), ARGO_KINDS.kinds()].concat(),
    };
    kinds.sort_unstable();
    kinds
}

/// Whether an object is being deleted and no hook holds it.
fn is_leaving(object: &Object) -> bool {
    let metadata = |key: &str| object.node.at(&["metadata", key]);
    let finalizers = metadata("finalizers").and_then(Node::as_seq).unwrap_or_default();
    let hook = || finalizers.iter().any(|finalizer| finalizer.as_str() == Some(HOOK_FINALIZER));
    metadata("deletionTimestamp").is_some_and(|at| !at.is_null()) && !hook()
}

#[cfg(test)]
mod tests;
