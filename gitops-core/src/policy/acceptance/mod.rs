//! Accepted risks: who bears which violation, why, and until when.
//!
//! A RiskAcceptance is a document beside the manifests. It is applied *after* the policies:
//! a finding that it covers stays in the report and says by whom it was accepted. What is wrong with an
//! acceptance is a finding of its own ([`AcceptanceFinding`], codes in [`CODES`]), and an acceptance that
//! is wrong in a way that matters accepts nothing.
//!
//! ```yaml
//! apiVersion: gitops-core.dev/v1alpha1
//! kind: RiskAcceptance
//! metadata:
//!   name: legacy-proxy-runs-as-root
//! spec:
//!   policies:                     # at least one; each names a template, constraint, policy or control
//!   - template: K8sPSPAllowedUsers
//!     constraint: psp-users
//!   objects:                      # at least one; all that an entry says must fit
//!   - group: apps
//!     kind: Deployment
//!     namespace: team-a           # `*` at either end stands for any text
//!     name: legacy-*
//!     labelSelector: {matchLabels: {tier: edge}}
//!     containers: [proxy]
//!     paths: ["spec.template.spec.containers[*].securityContext"]
//!   fingerprint: 8c118163c1f17cd28c63dff4879d7727   # optional: exactly this violation
//!   reason: The vendor's image needs root until release 5.
//!   ticket: RISK-142
//!   owner: Jane Doe
//!   approvers: [john.roe@example.com]
//!   created: 2026-11-01
//!   notBefore: 2026-11-10         # optional
//!   expires: 2027-02-01           # a day counts as a whole; or a time of RFC 3339
//!   compensatingControl: The pod has no network but its sidecar's.   # optional
//! ```
//!
//! Instead of a template or constraint, an entry of `policies` may name a `policy` (with or without its
//! `bundle`) or a `control`: what a constraint or its template says in the labels or annotations
//! `gitops-core/policy`, `gitops-core/bundle` and `gitops-core/controls` (separated by commas).
//! `gitops-core/severity` bounds how long a violation may be accepted ([`MaxDays`]).
//!
//! An acceptance is *over-broad* if it has no fingerprint and an entry of `objects` names neither a
//! namespace nor a name nor labels; a pattern with fewer than three characters beside its `*` names
//! nothing. It is *self-approved* unless one approver is neither the owner nor, where Git tells, an
//! author of the document.

pub(crate) mod annotations;
mod apply;
mod document;
mod people;
mod select;

use std::collections::BTreeMap;

use crate::node::SourceMap;
use crate::object::Object;
use crate::time::Timestamp;
use crate::{Error, ErrorKind};

pub use crate::risk::{
    Acceptance, AcceptanceCode, AcceptanceFinding, AcceptanceRules, AcceptanceSource, CODES, MaxDays,
};
use document::RiskAcceptance;
pub use document::is_acceptance;

/// The code under which a report counts, among what was not checked, acceptances that no time was given
/// for.
pub const NOT_APPLIED: &str = "acceptance-not-applied";

/// The API group of [`AcceptanceSet`]'s documents.
pub const ACCEPTANCE_GROUP: &str = "gitops-core.dev";

/// How acceptances are applied to a report.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct AcceptOptions<'a> {
    /// The time by which they are judged. Without it nothing is accepted, and all acceptances are told as
    /// not checked (`acceptance-not-applied`): whether one holds cannot be known, and the library has no
    /// clock. Default none.
    pub now: Option<Timestamp>,
    /// What they must keep to.
    pub rules: AcceptanceRules,
    /// Who wrote the documents, as Git tells it: by path of the file, `Name <address>`. An approver must be
    /// somebody else. Default empty: only the owner is compared.
    pub authors: BTreeMap<String, Vec<String>>,
    /// What the fingerprints are of, see [`Finding::fingerprint`](super::Finding::fingerprint): the
    /// environment, in a review. Default empty. A fingerprint of no environment fits in all.
    pub scope: &'a str,
    /// Namespace objects known beside those among the objects, for their annotations. Default none.
    pub namespaces: &'a [Object],
    /// The namespace of objects that name none. Default none.
    pub default_namespace: Option<&'a str>,
}

impl<'a> AcceptOptions<'a> {
    /// The defaults, with no time.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// The same at a time.
    #[must_use]
    pub fn at(mut self, now: Option<Timestamp>) -> Self {
        self.now = now;
        self
    }

    /// The same with other rules.
    #[must_use]
    pub fn with_rules(mut self, rules: AcceptanceRules) -> Self {
        self.rules = rules;
        self
    }

    /// The same with the authors of documents by path of their file.
    #[must_use]
    pub fn with_authors(mut self, authors: BTreeMap<String, Vec<String>>) -> Self {
        self.authors = authors;
        self
    }

    /// The same for the findings of an environment.
    #[must_use]
    pub fn in_scope(mut self, scope: &'a str) -> Self {
        self.scope = scope;
        self
    }

    /// The same with Namespace objects known beside those among the objects.
    #[must_use]
    pub fn with_namespaces(mut self, namespaces: &'a [Object]) -> Self {
        self.namespaces = namespaces;
        self
    }

    /// The same with the namespace of objects that name none.
    #[must_use]
    pub fn with_default_namespace(mut self, namespace: Option<&'a str>) -> Self {
        self.default_namespace = namespace;
        self
    }
}

/// The acceptances of a set of objects: RiskAcceptance documents, and what Security Tower's Policy
/// documents say of their annotations. Immutable; usable from many threads.
#[derive(Clone, Debug, Default)]
pub struct AcceptanceSet {
    documents: Vec<RiskAcceptance>,
    annotations: annotations::Names,
    broken: Vec<(String, Error)>,
}

impl AcceptanceSet {
    /// Reads the acceptances among `objects`; other objects are left alone. `sources` resolves the spans
    /// of the objects' nodes into places.
    ///
    /// Never fails: a document that cannot be read accepts nothing, and is in [`AcceptanceSet::errors`]
    /// and in the findings of every report that the set is applied to. The same document twice (rendered
    /// for several environments) is one.
    #[must_use]
    pub fn from_objects(objects: &[Object], sources: &SourceMap) -> Self {
        let mut set = Self::default();
        for object in objects {
            set.annotations.add(object);
            if !is_acceptance(object) {
                continue;
            }
            let id = document::id(object);
            match document::read(object, sources) {
                Err(error) => {
                    if !set
                        .broken
                        .iter()
                        .any(|(known, other)| *known == id && other.message() == error.message())
                    {
                        set.broken.push((id, error));
                    }
                }
                Ok(acceptance) => match set.documents.iter().find(|known| known.shown.id == id) {
                    None => set.documents.push(acceptance),
                    Some(known) if known.node == acceptance.node => {}
                    Some(known) => {
                        let first = known.shown.location.as_ref();
                        let first = first.map_or(String::new(), |place| format!(" at {place}"));
                        let message = format!(
                            "RiskAcceptance {id}: another one of that name stands{first}; rename one of them"
                        );
                        let error = Error::new(ErrorKind::Policy, "acceptance-conflict", message);
                        set.broken.push((id, error.at(acceptance.shown.location)));
                    }
                },
            }
        }
        // Of two that contradict each other, neither is believed.
        let conflicts: Vec<String> = set
            .broken
            .iter()
            .filter(|(_, error)| error.code() == "acceptance-conflict")
            .map(|(id, _)| id.clone())
            .collect();
        set.documents.retain(|known| !conflicts.contains(&known.shown.id));
        set.documents.sort_by(|a, b| a.shown.id.cmp(&b.shown.id));
        set
    }

    /// Whether there is no document, good or broken.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.documents.is_empty() && self.broken.is_empty()
    }

    /// The documents that can be read, by id.
    pub fn acceptances(&self) -> impl Iterator<Item = &Acceptance> {
        self.documents.iter().map(|document| &document.shown)
    }

    /// The same with their documents, to tell whether one differs.
    #[cfg_attr(not(feature = "git"), allow(dead_code))]
    pub(crate) fn documents(&self) -> impl Iterator<Item = (&Acceptance, &crate::node::Node)> {
        self.documents.iter().map(|document| (&document.shown, &document.node))
    }

    /// Why documents cannot be read, as [`ErrorKind::Policy`] with the place.
    pub fn errors(&self) -> impl Iterator<Item = &Error> {
        self.broken.iter().map(|(_, error)| error)
    }
}

/// The JSON Schema (draft 2020-12) of a RiskAcceptance document, for editors and as the schema of a
/// CustomResourceDefinition.
#[must_use]
pub fn risk_acceptance_json_schema() -> &'static str {
    include_str!("../../../schemas/risk-acceptance.schema.json")
}

#[cfg(test)]
mod tests;
