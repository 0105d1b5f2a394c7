//! In which order steps are taken, and what each waits for.

mod argo;
mod cli_utils;
mod flux;

use super::options::{Order, PlanOptions};
use crate::error::Diagnostic;
use crate::object::{Object, ObjectId};

/// A step to be ordered.
#[derive(Clone, Debug)]
pub(super) struct Task<'a> {
    /// The object as it is wanted or, where it is pruned, as it lives.
    pub(super) object: &'a Object,
    /// Whether Git no longer has it.
    pub(super) pruning: bool,
    /// Argo CD's phase; none for what takes no part in a sync.
    pub(super) phase: Option<&'static str>,
    /// Argo CD's wave.
    pub(super) wave: i64,
    /// Flux's stage.
    pub(super) stage: Option<&'static str>,
    /// What cli-utils waits for.
    pub(super) after: Vec<ObjectId>,
    /// Which draft of a step it belongs to.
    pub(super) draft: usize,
}

/// Puts tasks into the order of a tool; gives what stands in the way of it.
pub(super) fn order(tasks: &mut Vec<Task<'_>>, options: &PlanOptions) -> Vec<Diagnostic> {
    match options.order {
        Order::ArgoCd => argo::order(tasks, options.prune_last),
        Order::Flux => flux::order(tasks, &options.custom_stage_kinds),
        Order::CliUtils => return cli_utils::order(tasks),
    }
    Vec::new()
}

/// Whether an object defines a kind; gives its group and kind.
fn defined_kind(object: &Object) -> Option<(&str, &str)> {
    if (object.group(), object.kind()) != ("apiextensions.k8s.io", "CustomResourceDefinition") {
        return None;
    }
    let text = |keys: &[&str]| object.node.at(keys).and_then(crate::node::Node::as_str);
    text(&["spec", "group"]).zip(text(&["spec", "names", "kind"]))
}

/// Whether an object is a Namespace.
fn is_namespace(object: &Object) -> bool {
    (object.group(), object.kind()) == ("", "Namespace")
}
