//! Which live objects Git no longer has, and whether they may go.

use super::marks::{annotation, flux, has_option, is_hook, sync_option};
use super::model::Action;
use super::options::{DeletionPolicy, Order, PlanOptions};
use super::owner::Owner;
use crate::error::Diagnostic;
use crate::node::Node;
use crate::object::Object;

/// Kinds whose deletion takes much else with it: it is blocked unless the caller allows it.
const NEVER_SILENTLY: &[(&str, &str, &str)] = &[
    ("", "Namespace", "every object in it"),
    ("apiextensions.k8s.io", "CustomResourceDefinition", "every object of its kind"),
];

/// What becomes of a live object that Git does not have; `None` if it is not ours. `listed` says whether it
/// was applied before.
pub(crate) fn judge(live: &Object, listed: bool, options: &PlanOptions) -> Option<(Action, Diagnostic)> {
    let by_label = matches!(options.owner, Some(Owner::ApplicationByLabel { .. }));
    let owners = Owner::all_of(live, by_label);
    let marked = options.owner.as_ref().is_some_and(|owner| owners.contains(owner));
    if !marked && !listed || options.order == Order::ArgoCd && is_hook(live) {
        return None;
    }
    let skip = |code, message: String| Some((Action::Skip, Diagnostic::new(code, message)));
    if !marked && let Some(owner) = &options.owner {
        return match owners.first() {
            Some(other) => skip("owned-by-another", format!("it belongs to {other} now")),
            None => skip("owner-mark-missing", format!("it does not carry the mark of {owner} any more")),
        };
    }
    if let Some(controller) = controller(live) {
        return skip("controlled", format!("it belongs to {controller}, which decides on it"));
    }
    if let Some((code, message)) = protection(live, options) {
        return skip(code, message);
    }
    if is_being_deleted(live) {
        return skip("being-deleted", "it is being deleted already".into());
    }
    let blocked = |code, message: String| Some((Action::Blocked, Diagnostic::new(code, message)));
    if has_option(live, "argocd.argoproj.io/sync-options", "Prune=confirm")
        && options.order == Order::ArgoCd
        && !options.confirmed
    {
        return blocked(
            "prune-needs-confirmation",
            "its annotation asks that somebody confirms its deletion".into(),
        );
    }
    let guarded =
        NEVER_SILENTLY.iter().find(|(group, kind, _)| (*group, *kind) == (live.group(), live.kind()));
    if let Some((_, kind, what)) = guarded
        && !options.allow_deletion.iter().any(|allowed| allowed == kind)
    {
        let message = format!("to delete a {kind} deletes {what}: allow it if that is meant");
        return blocked("deletion-not-allowed", message);
    }
    Some((Action::Prune, Diagnostic::new("not-in-git", "Git no longer has it")))
}

/// What protects an object from being pruned.
fn protection(live: &Object, options: &PlanOptions) -> Option<(&'static str, String)> {
    if !options.prune {
        return Some(("prune-disabled", "pruning is off".into()));
    }
    if options.deletion_policy == DeletionPolicy::Orphan {
        return Some(("orphaned", "the deletion policy leaves it behind".into()));
    }
    let kept = |what: &str| Some(("protected", format!("{what} keeps it")));
    if annotation(live, "helm.sh/resource-policy").as_deref() == Some("keep") {
        return kept("helm.sh/resource-policy: keep");
    }
    match options.order {
        Order::ArgoCd if sync_option(live, "Prune=false") => {
            kept("argocd.argoproj.io/sync-options: Prune=false")
        }
        Order::Flux => {
            let marks = [("prune", "disabled"), ("reconcile", "disabled"), ("ssa", "ignore")];
            let (key, value) = marks.into_iter().find(|(key, value)| flux(live, key, value))?;
            kept(&format!("kustomize.toolkit.fluxcd.io/{key}: {value}"))
        }
        Order::CliUtils => {
            let marks = [
                ("cli-utils.sigs.k8s.io/on-remove", "keep"),
                ("client.lifecycle.config.k8s.io/deletion", "detach"),
            ];
            let is = |key: &str, value: &str| annotation(live, key).as_deref() == Some(value);
            let (key, value) = marks.into_iter().find(|(key, value)| is(key, value))?;
            kept(&format!("{key}: {value}"))
        }
        Order::ArgoCd => None,
    }
}

/// The object that controls this one, if any.
fn controller(live: &Object) -> Option<String> {
    let references = live.node.at(&["metadata", "ownerReferences"]).and_then(Node::as_seq)?;
    let controls = |reference: &&Node| reference.get("controller").and_then(Node::as_bool) == Some(true);
    let reference = references.iter().find(controls)?;
    let text = |key: &str| reference.get(key).and_then(Node::as_str).unwrap_or("");
    Some(format!("{} {}", text("kind"), text("name")))
}

/// Whether the API server is deleting a live object.
pub(super) fn is_being_deleted(live: &Object) -> bool {
    live.node.at(&["metadata", "deletionTimestamp"]).is_some_and(|at| !at.is_null())
}
