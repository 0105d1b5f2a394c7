//! Annotations (and, for Flux, labels) by which an object takes itself out of the comparison.

use super::Skip;
use crate::node::Map;
use crate::object::Object;

const RECONCILE: &str = "kustomize.toolkit.fluxcd.io/reconcile";
const SSA: &str = "kustomize.toolkit.fluxcd.io/ssa";
const PRUNE: &str = "kustomize.toolkit.fluxcd.io/prune";
const HELM: &str = "helm.toolkit.fluxcd.io/driftDetection";
const ARGO: &str = "argocd.argoproj.io/compare-options";

/// Annotations and labels of an object. Most objects have few, and none of those that are asked for.
struct Marks<'a>([Option<&'a Map>; 2]);

impl<'a> Marks<'a> {
    fn of(object: &'a Object) -> Self {
        let metadata = object.node.get("metadata");
        Self(["annotations", "labels"].map(|part| metadata?.get(part)?.as_map()))
    }

    /// The text of an annotation.
    fn annotation(&self, name: &str) -> Option<&'a str> {
        self.0.first().copied().flatten()?.get(name)?.as_str()
    }

    /// Whether an annotation or a label has a value, in whatever case; Flux looks at both.
    fn say(&self, name: &str, value: &str) -> bool {
        let maps = self.0.iter().flatten();
        let mut found = maps.filter_map(|map| map.get(name)?.as_str());
        found.any(|found| found.eq_ignore_ascii_case(value))
    }

    fn flux(&self, name: &str, value: &str) -> Option<Skip> {
        self.say(name, value).then(|| marked(&format!("{name}: {value}")))
    }
}

fn marked(mark: &str) -> Skip {
    Skip { code: "annotation", message: format!("it is marked `{mark}`") }
}

/// Why Git does not say how the object is, if so.
pub(super) fn skip(desired: &Object, live: Option<&Object>) -> Option<Skip> {
    let (desired, live) = (Marks::of(desired), live.map(Marks::of));
    let either = |name: &str, value: &str| {
        desired.flux(name, value).or_else(|| live.as_ref().and_then(|live| live.flux(name, value)))
    };
    let found = either(RECONCILE, "disabled").or_else(|| either(SSA, "Ignore"));
    // Made once, and never changed after that; what the live object is marked with does not count.
    let found = found.or_else(|| live.as_ref().and_then(|_| desired.flux(SSA, "IfNotPresent")));
    found.or_else(|| either(HELM, "disabled"))
}

/// Whether Flux leaves to kubectl what kubectl set: it merges what Git says with that.
pub(in crate::drift) fn merges(desired: &Object, live: &Object) -> bool {
    [desired, live].into_iter().any(|object| Marks::of(object).say(SSA, "Merge"))
}

/// Why an object that Git does not have may stay, if so.
pub(super) fn skip_extra(live: &Object) -> Option<Skip> {
    let marks = Marks::of(live);
    let options = marks.annotation(ARGO).unwrap_or("");
    if options.split(',').any(|option| option.trim() == "IgnoreExtraneous") {
        return Some(marked(&format!("{ARGO}: IgnoreExtraneous")));
    }
    marks.flux(RECONCILE, "disabled").or_else(|| marks.flux(PRUNE, "disabled"))
}
