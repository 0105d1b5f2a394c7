//! HelmReleases: which objects are theirs, and what helm-controller does about drift in these.
//!
//! helm-controller puts two labels on all that it installs. A rule of a HelmRelease is about its own objects;
//! of an object that carries no such label it cannot be told, and the rule holds.

use crate::node::Node;
use crate::object::Object;

const NAME: &str = "helm.toolkit.fluxcd.io/name";
const NAMESPACE: &str = "helm.toolkit.fluxcd.io/namespace";

/// What a HelmRelease does about drift (`spec.driftDetection.mode`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Mode {
    /// It looks for it and puts it back.
    Enabled,
    /// It looks for it and tells.
    Warn,
    /// It does not look. What a HelmRelease that says nothing of drift detection does counts as
    /// [`Mode::Enabled`] here: nobody has decided against it.
    Disabled,
}

/// A HelmRelease.
#[derive(Clone, Debug)]
pub(super) struct Release {
    name: String,
    /// Empty if its manifest does not say.
    namespace: String,
    pub(super) mode: Mode,
}

impl Release {
    /// Reads a HelmRelease; another word than the three is given back as it is.
    pub(super) fn of(object: &Object) -> Result<Self, &str> {
        let detection = object.node.at(&["spec", "driftDetection"]).filter(|node| !node.is_null());
        let mode = match detection.map(|node| node.get("mode").and_then(Node::as_str).unwrap_or("")) {
            None | Some("enabled") => Mode::Enabled,
            Some("warn") => Mode::Warn,
            Some("disabled" | "") => Mode::Disabled,
            Some(other) => return Err(other),
        };
        Ok(Self { name: object.name().to_owned(), namespace: object.namespace().to_owned(), mode })
    }

    /// Whether an object may be one of its: `None` if it does not tell.
    pub(super) fn has(&self, desired: &Object, live: Option<&Object>) -> Option<bool> {
        let label = |key: &str| {
            let of = |object: &'_ Object| {
                object.node.at(&["metadata", "labels", key]).and_then(Node::as_str).map(str::to_owned)
            };
            live.and_then(of).or_else(|| of(desired))
        };
        let name = label(NAME)?;
        let same_namespace =
            self.namespace.is_empty() || label(NAMESPACE).is_none_or(|found| found == self.namespace);
        Some(name == self.name && same_namespace)
    }

    /// How people call it.
    pub(super) fn title(&self) -> String {
        let slash = if self.namespace.is_empty() { "" } else { "/" };
        format!("HelmRelease {}{slash}{}", self.namespace, self.name)
    }
}
