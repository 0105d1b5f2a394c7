//! Which live object is that of a desired one.

use std::collections::HashMap;

use crate::knowledge::scope::{Scope, scope};
use crate::object::Object;

/// What pairs objects: the version may differ.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Identity<'a> {
    pub(crate) group: &'a str,
    pub(crate) kind: &'a str,
    pub(crate) namespace: &'a str,
    pub(crate) name: &'a str,
}

impl<'a> Identity<'a> {
    pub(crate) fn of(object: &'a Object) -> Self {
        let (group, kind) = (object.group(), object.kind());
        Self { group, kind, namespace: object.namespace(), name: object.name() }
    }
}

/// Live objects by what names them.
pub(crate) struct Counterparts<'a> {
    live: &'a [Object],
    found: HashMap<Identity<'a>, Vec<usize>>,
}

impl<'a> Counterparts<'a> {
    pub(crate) fn new(live: &'a [Object]) -> Self {
        let mut found: HashMap<Identity<'a>, Vec<usize>> = HashMap::with_capacity(live.len());
        for (at, object) in live.iter().enumerate() {
            found.entry(Identity::of(object)).or_default().push(at);
        }
        Self { live, found }
    }

    /// What a desired object is called in the cluster, where it may be in another namespace than it names.
    /// Of one that does not live, what it would be called.
    pub(crate) fn identity<'d>(&self, desired: &'d Object, default_namespace: &'d str) -> Identity<'d> {
        let identity = Identity::of(desired);
        if self.has(identity) {
            return identity;
        }
        let Some(namespace) = other_namespace(desired, default_namespace) else { return identity };
        let other = Identity { namespace, ..identity };
        // Where the kind is not known, only a live object can tell that it has no namespace.
        let is_known =
            scope(desired.api_version(), desired.kind()).is_some() || identity.namespace.is_empty();
        if is_known || self.has(other) { other } else { identity }
    }

    fn has(&self, identity: Identity<'_>) -> bool {
        self.found.contains_key(&identity)
    }

    /// The positions of the live objects of a name: more than one if they were read in several versions.
    pub(crate) fn all<'i>(&'i self, identity: Identity<'i>) -> &'i [usize] {
        self.found.get(&identity).map(Vec::as_slice).unwrap_or_default()
    }

    /// The position of the live object of a desired one; of several, that of its version.
    pub(crate) fn position(&self, desired: &Object, default_namespace: &str) -> Option<usize> {
        self.of_version(self.identity(desired, default_namespace), desired.api_version())
    }

    fn of_version(&self, identity: Identity<'_>, api_version: &str) -> Option<usize> {
        let version = |at: usize| self.live.get(at).map_or("", Object::api_version);
        match self.all(identity) {
            [] => None,
            [at] => Some(*at),
            all => all.iter().copied().min_by_key(|at| (version(*at) != api_version, version(*at))),
        }
    }

    /// The live object of a name; of several, that of a version.
    pub(crate) fn named(&self, identity: Identity<'_>, api_version: &str) -> Option<&'a Object> {
        self.live.get(self.of_version(identity, api_version)?)
    }

    /// The live object of a desired one, for reviews.
    #[cfg(feature = "git")]
    pub(crate) fn get(&self, desired: &Object, default_namespace: &str) -> Option<&'a Object> {
        self.live.get(self.position(desired, default_namespace)?)
    }
}

/// Where the API server may have put an object other than where it says: in the default namespace, or in
/// none, since it drops the namespace that an object of a cluster-wide kind names.
fn other_namespace<'d>(object: &Object, default_namespace: &'d str) -> Option<&'d str> {
    match (scope(object.api_version(), object.kind()), object.namespace().is_empty()) {
        (Some(Scope::Cluster), true) | (Some(Scope::Namespaced), false) => None,
        (_, true) => Some(default_namespace),
        (_, false) => Some(""),
    }
}
