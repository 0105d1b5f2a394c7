//! What annotations and labels of an object ask of Argo CD, Flux and cli-utils.

use std::borrow::Cow;

use super::options::{Order, PlanOptions};
use crate::node::Node;
use crate::object::Object;

/// An annotation of an object, as text.
pub(super) fn annotation<'a>(object: &'a Object, key: &str) -> Option<Cow<'a, str>> {
    object.node.at(&["metadata", "annotations", key]).and_then(Node::text)
}

pub(super) fn label<'a>(object: &'a Object, key: &str) -> Option<Cow<'a, str>> {
    object.node.at(&["metadata", "labels", key]).and_then(Node::text)
}

/// Whether an annotation holds an option in its comma-separated list.
pub(super) fn has_option(object: &Object, key: &str, option: &str) -> bool {
    annotation(object, key).is_some_and(|list| list.split(',').any(|one| one.trim() == option))
}

/// Argo CD's sync options.
pub(super) fn sync_option(object: &Object, option: &str) -> bool {
    has_option(object, "argocd.argoproj.io/sync-options", option)
}

/// Whether a label or annotation of kustomize-controller has a value, whatever its case.
pub(super) fn flux(object: &Object, key: &str, value: &str) -> bool {
    let key = format!("kustomize.toolkit.fluxcd.io/{key}");
    let is = |found: Option<Cow<'_, str>>| found.is_some_and(|found| found.eq_ignore_ascii_case(value));
    is(annotation(object, &key)) || is(label(object, &key))
}

/// Whether an object is deleted and made anew where the API server refuses to change it.
pub(crate) fn is_forced(object: &Object, live: &Object, options: &PlanOptions) -> bool {
    options.force
        || match options.order {
            Order::Flux => [object, live].iter().any(|object| flux(object, "force", "enabled")),
            Order::ArgoCd => sync_option(object, "Force=true") && sync_option(object, "Replace=true"),
            Order::CliUtils => false,
        }
}

const HOOK: &str = "argocd.argoproj.io/hook";
const HELM_HOOK: &str = "helm.sh/hook";

/// Helm's hooks as Argo CD runs them; the others it does not run.
const HELM_HOOKS: &[(&str, &str)] = &[
    ("pre-install", "PreSync"),
    ("pre-upgrade", "PreSync"),
    ("post-install", "PostSync"),
    ("post-upgrade", "PostSync"),
];
/// Phases in the order in which they are passed.
pub(super) const PHASES: &[&str] = &["PreSync", "Sync", "PostSync", "SyncFail"];
/// Every word of the annotation.
const HOOK_TYPES: &[&str] = &["PreSync", "Sync", "PostSync", "Skip", "SyncFail", "PreDelete", "PostDelete"];

fn hook_types(object: &Object) -> Vec<&'static str> {
    let listed = |key: &str, table: &dyn Fn(&str) -> Option<&'static str>| -> Vec<&'static str> {
        let list = annotation(object, key).unwrap_or_default();
        list.split(',').filter_map(|word| table(word.trim())).collect()
    };
    let own = listed(HOOK, &|word| HOOK_TYPES.iter().copied().find(|known| *known == word));
    if !own.is_empty() {
        return own;
    }
    listed(HELM_HOOK, &|word| HELM_HOOKS.iter().find(|(known, _)| *known == word).map(|(_, phase)| *phase))
}

/// Whether Argo CD leaves the object out of syncs altogether.
pub(super) fn is_skipped_hook(object: &Object) -> bool {
    hook_types(object) == ["Skip"]
}

/// Whether Argo CD runs the object as a hook. `crd-install` of Helm 2 is an ordinary object.
pub(crate) fn is_hook(object: &Object) -> bool {
    match annotation(object, HOOK) {
        Some(_) => !is_skipped_hook(object),
        None => annotation(object, HELM_HOOK).is_some_and(|value| value != "crd-install"),
    }
}

/// The phases of a sync in which Argo CD applies the object.
pub(super) fn phases(object: &Object) -> Vec<&'static str> {
    if is_skipped_hook(object) {
        return Vec::new();
    }
    if !is_hook(object) {
        return vec!["Sync"];
    }
    let types = hook_types(object);
    PHASES.iter().copied().filter(|phase| types.contains(phase)).collect()
}

/// Argo CD's wave: its own annotation, else Helm's weight, else 0.
pub(super) fn wave(object: &Object) -> i64 {
    let number = |key: &str| annotation(object, key).and_then(|text| text.parse::<i64>().ok());
    number("argocd.argoproj.io/sync-wave").or_else(|| number("helm.sh/hook-weight")).unwrap_or(0)
}

/// Delete policies of hooks by Argo CD's and by Helm's name.
const DELETE_POLICIES: &[(&str, &str)] = &[
    ("BeforeHookCreation", "before-hook-creation"),
    ("HookSucceeded", "hook-succeeded"),
    ("HookFailed", "hook-failed"),
];

/// When Argo CD deletes a hook: before it runs again unless it says otherwise.
pub(super) fn delete_policies(object: &Object) -> Vec<&'static str> {
    let policies = |key: &str, helm: bool| -> Vec<&'static str> {
        let list = annotation(object, key).unwrap_or_default();
        let named = |word: &str| {
            let row =
                DELETE_POLICIES.iter().find(|(argo, of_helm)| word == if helm { *of_helm } else { *argo });
            row.map(|(argo, _)| *argo)
        };
        list.split(',').filter_map(|word| named(word.trim())).collect()
    };
    let mut found = policies("argocd.argoproj.io/hook-delete-policy", false);
    if found.is_empty() {
        found = policies("helm.sh/hook-delete-policy", true);
    }
    if found.is_empty() {
        found.push("BeforeHookCreation");
    }
    found
}
