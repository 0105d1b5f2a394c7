//! Annotations (and, for Flux, labels) by which an object takes itself out of the comparison.

use super::Skip;
use crate::node::Node;
use crate::object::Object;

const RECONCILE: &str = "kustomize.toolkit.fluxcd.io/reconcile";
const SSA: &str = "kustomize.toolkit.fluxcd.io/ssa";
const PRUNE: &str = "kustomize.toolkit.fluxcd.io/prune";
const HELM: &str = "helm.toolkit.fluxcd.io/driftDetection";
const ARGO: &str = "argocd.argoproj.io/compare-options";

/// The text of an annotation.
fn annotation<'a>(object: &'a Object, name: &str) -> Option<&'a str> {
    object.node.at(&["metadata", "annotations", name]).and_then(Node::as_str)
}

/// Whether a label or annotation has a value, in whatever case; Flux looks at both.
fn marked(object: &Object, name: &str, value: &str) -> bool {
    let has = |part: &str| {
        let found = object.node.at(&["metadata", part, name]).and_then(Node::as_str);
        found.is_some_and(|found| found.eq_ignore_ascii_case(value))
    };
    has("annotations") || has("labels")
}

fn flux(object: &Object, name: &str, value: &str) -> Option<Skip> {
    marked(object, name, value)
        .then(|| Skip { code: "annotation", message: format!("it is marked `{name}: {value}`") })
}

/// Why Git does not say how the object is, if so.
pub(super) fn skip(desired: &Object, live: Option<&Object>) -> Option<Skip> {
    let either = |name: &str, value: &str| {
        flux(desired, name, value).or_else(|| live.and_then(|live| flux(live, name, value)))
    };
    let found = either(RECONCILE, "disabled").or_else(|| either(SSA, "Ignore"));
    // Made once, and never changed after that.
    let found = found.or_else(|| live.and_then(|_| either(SSA, "IfNotPresent")));
    found.or_else(|| {
        let disabled = |object: &Object| annotation(object, HELM) == Some("disabled");
        (disabled(desired) || live.is_some_and(disabled))
            .then(|| Skip { code: "annotation", message: format!("it is marked `{HELM}: disabled`") })
    })
}

/// Whether Flux leaves to kubectl what kubectl set: it merges what Git says with that.
pub(in crate::drift) fn merges(desired: &Object, live: &Object) -> bool {
    [desired, live].into_iter().any(|object| marked(object, SSA, "Merge"))
}

/// Why an object that Git does not have may stay, if so.
pub(super) fn skip_extra(live: &Object) -> Option<Skip> {
    let options = annotation(live, ARGO).unwrap_or("");
    if options.split(',').any(|option| option.trim() == "IgnoreExtraneous") {
        return Some(Skip {
            code: "annotation",
            message: format!("it is marked `{ARGO}: IgnoreExtraneous`"),
        });
    }
    flux(live, RECONCILE, "disabled").or_else(|| flux(live, PRUNE, "disabled"))
}
