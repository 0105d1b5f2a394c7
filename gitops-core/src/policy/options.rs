//! How objects are evaluated: at which point, with whose knowledge, within which bounds.

use std::time::Duration;

use super::review::Operation;
use crate::node::Node;
use crate::object::Object;

/// Whose knowledge of namespaces decides; Gatekeeper and its command line differ in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Default)]
#[non_exhaustive]
pub enum Profile {
    /// The cluster's: a namespaced object stands in its Namespace, of which the policy is told
    /// (`input.review.namespaceObject`); a kind known to be namespaced counts as such even where the
    /// object names no namespace.
    #[default]
    Cluster,
    /// `gator test`: an object that names no namespace stands in one without a name, and the Namespace
    /// `default` is known. Policies are told of no Namespace. Numbers of parameters and of the inventory
    /// pass through floats.
    GatorTest,
    /// `gator verify`: an object that names no namespace stands in none. Policies are told of no
    /// Namespace. Numbers of the inventory pass through floats.
    GatorVerify,
}

/// What becomes of a constraint whose `namespaceSelector` needs a Namespace that is not known.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Default)]
#[non_exhaustive]
pub enum UnknownNamespace {
    /// A finding of kind error for each object, as Gatekeeper rejects them.
    #[default]
    Reject,
    /// Counted as not checked (`namespace-unknown`), for callers that see only a part of what the
    /// cluster sees.
    NotChecked,
}

/// How objects are evaluated.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct EvaluateOptions<'a> {
    /// Namespace objects known beside those among the objects; for `namespaceSelector` and
    /// `input.review.namespaceObject`. Default none.
    pub namespaces: &'a [Object],
    /// The objects of `data.inventory`, for policies that look at other objects. Default: the objects
    /// evaluated. Give all rendered objects here when only some of them are evaluated.
    pub inventory: Option<&'a [Object]>,
    /// The namespace of objects of a namespaced kind that name none, with [`Profile::Cluster`]. Default
    /// none: they pass `namespaces` and `excludedNamespaces`.
    pub default_namespace: Option<&'a str>,
    /// For constraints with scoped enforcement actions, whose actions count; a constraint without one for
    /// this point is not evaluated. Default `validation.gatekeeper.sh`, the admission webhook.
    pub enforcement_point: &'a str,
    /// Whether to find where in the object the offending value is, by evaluating changed copies of it.
    /// Default true.
    pub locate: bool,
    /// How long one evaluation may take before it is a finding of kind error. Default 5 seconds. It is
    /// looked at between the steps of a policy.
    pub time_limit: Duration,
    /// How many bytes the functions of a policy (`sprintf`, `concat`, `numbers.range` …) may make in one
    /// evaluation before it is a finding of kind error. Default 16 MiB.
    pub output_limit: usize,
    /// `input.review.operation`. Default none: empty, as the audit and gator have it. With
    /// [`Operation::Delete`] each object is the old object too.
    pub operation: Option<Operation>,
    /// `input.review.userInfo`: a mapping with `username`, `groups` and so on. Default empty.
    pub user_info: Option<&'a Node>,
    /// The objects as they were before an [`Operation::Update`], found by their identity. Default none.
    pub old_objects: &'a [Object],
    /// Whose knowledge of namespaces decides. Default the cluster's.
    pub profile: Profile,
    /// What an unknown Namespace means. Default a rejection, as in Gatekeeper.
    pub unknown_namespace: UnknownNamespace,
    /// On how many threads objects are evaluated, the calling one among them; 0 for as many as the
    /// process may run at once. The report is the same for any number. Default 1.
    pub threads: usize,
}

impl Default for EvaluateOptions<'_> {
    fn default() -> Self {
        Self {
            namespaces: &[],
            inventory: None,
            default_namespace: None,
            enforcement_point: "validation.gatekeeper.sh",
            locate: true,
            time_limit: Duration::from_secs(5),
            output_limit: 16 << 20,
            operation: None,
            user_info: None,
            old_objects: &[],
            profile: Profile::Cluster,
            unknown_namespace: UnknownNamespace::Reject,
            threads: 1,
        }
    }
}

impl<'a> EvaluateOptions<'a> {
    /// The defaults.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// The same with Namespace objects known beside those among the objects.
    #[must_use]
    pub fn with_namespaces(mut self, namespaces: &'a [Object]) -> Self {
        self.namespaces = namespaces;
        self
    }

    /// The same with the objects that `data.inventory` shows.
    #[must_use]
    pub fn with_inventory(mut self, inventory: &'a [Object]) -> Self {
        self.inventory = Some(inventory);
        self
    }

    /// The same with the namespace of objects that name none.
    #[must_use]
    pub fn with_default_namespace(mut self, namespace: &'a str) -> Self {
        self.default_namespace = Some(namespace);
        self
    }

    /// The same at another enforcement point.
    #[must_use]
    pub fn at_enforcement_point(mut self, point: &'a str) -> Self {
        self.enforcement_point = point;
        self
    }

    /// The same with or without locating.
    #[must_use]
    pub fn locating(mut self, locate: bool) -> Self {
        self.locate = locate;
        self
    }

    /// The same with another bound on one evaluation.
    #[must_use]
    pub fn with_time_limit(mut self, limit: Duration) -> Self {
        self.time_limit = limit;
        self
    }

    /// The same with another bound on what functions make in one evaluation.
    #[must_use]
    pub fn with_output_limit(mut self, bytes: usize) -> Self {
        self.output_limit = bytes;
        self
    }

    /// The same for an operation, by a user if one is given.
    #[must_use]
    pub fn for_operation(mut self, operation: Operation, user_info: Option<&'a Node>) -> Self {
        self.operation = Some(operation);
        self.user_info = user_info;
        self
    }

    /// The same with the objects as they were before an update.
    #[must_use]
    pub fn with_old_objects(mut self, old: &'a [Object]) -> Self {
        self.old_objects = old;
        self
    }

    /// The same as a command of gator, at its enforcement point.
    #[must_use]
    pub fn as_gator(mut self, profile: Profile) -> Self {
        self.profile = profile;
        self.enforcement_point = "gator.gatekeeper.sh";
        self
    }

    /// The same with another meaning of an unknown Namespace.
    #[must_use]
    pub fn on_unknown_namespace(mut self, meaning: UnknownNamespace) -> Self {
        self.unknown_namespace = meaning;
        self
    }

    /// The same on so many threads; 0 for as many as the process may run at once.
    #[must_use]
    pub fn with_threads(mut self, threads: usize) -> Self {
        self.threads = threads;
        self
    }
}
