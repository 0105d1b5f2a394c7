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

pub(crate) mod annotations;
mod apply;
mod document;
mod people;
mod select;

use std::collections::BTreeMap;

use super::severity::Severity;
use crate::node::{Location, SourceMap};
use crate::object::{Object, ObjectId};
use crate::time::Timestamp;
use crate::{Diagnostic, Error, ErrorKind};

use document::RiskAcceptance;
pub use document::is_acceptance;

/// The code under which a report counts, among what was not checked, acceptances that no time was given
/// for.
pub const NOT_APPLIED: &str = "acceptance-not-applied";

/// The API group of [`AcceptanceSet`]'s documents.
pub const ACCEPTANCE_GROUP: &str = "gitops-core.dev";

/// Who accepted a finding, why and until when.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct Acceptance {
    /// The name of the document, `namespace/name` if it has a namespace; or the key of the annotation.
    pub id: String,
    /// Whether a document or an annotation accepts it.
    pub source: AcceptanceSource,
    /// Why the risk is borne.
    pub reason: String,
    /// The ticket in which that was decided.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ticket: Option<String>,
    /// Who bears the risk.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub owner: Option<String>,
    /// Who approved it.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub approvers: Vec<String>,
    /// When it was made.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub created: Option<Timestamp>,
    /// The moment from which it no longer holds; an annotation has none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub expires: Option<Timestamp>,
    /// What is done instead to lessen the risk.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub compensating_control: Option<String>,
    /// Where it stands.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub location: Option<Location>,
}

impl Acceptance {
    /// Until when it holds, for people: the last day in UTC if it ends with a day, else the moment;
    /// `None` for ever.
    #[must_use]
    pub fn until(&self) -> Option<String> {
        let moment = self.expires?;
        let text = moment.to_string();
        match text.strip_suffix("T00:00:00Z") {
            Some(_) => Some(moment.plus_days(-1).to_string().chars().take(10).collect()),
            None => Some(text),
        }
    }
}

/// What accepts a finding.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, serde::Serialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub enum AcceptanceSource {
    /// A RiskAcceptance document.
    Document,
    /// An annotation of Security Tower.
    Annotation,
}

/// What is wrong with an acceptance.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, serde::Serialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct AcceptanceFinding {
    /// A stable identifier, one of [`CODES`].
    pub code: &'static str,
    /// How bad that is.
    pub severity: Severity,
    /// Which acceptance, as [`Acceptance::id`].
    pub acceptance: String,
    /// The object that an annotation stands on.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub object: Option<ObjectId>,
    /// What is wrong and what to do, for people.
    pub message: String,
    /// Where the acceptance stands.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub location: Option<Location>,
}

/// A code of an [`AcceptanceFinding`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct AcceptanceCode {
    /// The code.
    pub code: &'static str,
    /// How bad it is.
    pub severity: Severity,
    /// Whether the acceptance accepts nothing for it.
    pub refused: bool,
    /// What it says.
    pub meaning: &'static str,
}

const fn code(
    code: &'static str,
    severity: Severity,
    refused: bool,
    meaning: &'static str,
) -> AcceptanceCode {
    AcceptanceCode { code, severity, refused, meaning }
}

/// All codes, the worst first.
pub const CODES: &[AcceptanceCode] = &[
    code("bad-acceptance", Severity::High, true, "a field is unknown, missing or of another type"),
    code("bad-acceptance-date", Severity::High, true, "a date is none, or the dates contradict each other"),
    code("acceptance-without-expiry", Severity::High, true, "the document does not say when it ends"),
    code("acceptance-without-reason", Severity::High, true, "the reason is missing or blank"),
    code("acceptance-conflict", Severity::High, true, "two documents of one name differ"),
    code(
        "acceptance-over-broad",
        Severity::High,
        true,
        "an entry of `objects` names neither a namespace, a name nor labels, and there is no fingerprint",
    ),
    code("acceptance-self-approved", Severity::High, true, "no approver is other than owner and authors"),
    code("acceptance-not-allowed", Severity::High, true, "the constraint lets no risk be accepted"),
    code(
        "acceptance-of-error",
        Severity::High,
        true,
        "the policy could not be decided, so the risk is unknown",
    ),
    code("acceptance-expired", Severity::Medium, true, "its time is over"),
    code("acceptance-not-yet-valid", Severity::Medium, true, "its time has not come"),
    code("acceptance-too-long", Severity::Medium, true, "it holds longer than the severity allows"),
    code("acceptance-reason-too-short", Severity::Medium, true, "the reason says too little"),
    code("acceptance-unused", Severity::Low, false, "there is no finding that it accepts"),
    code("acceptance-never-expires", Severity::Low, false, "an annotation accepts a finding for ever"),
];

/// The longest that an acceptance may hold, in days from `created` to `expires`, by the severity of the
/// policy.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct MaxDays {
    /// Default 30.
    pub critical: u32,
    /// Default 90.
    pub high: u32,
    /// Default 180.
    pub medium: u32,
    /// Default 366.
    pub low: u32,
    /// For policies that do not say how severe they are. Default 366.
    pub unrated: u32,
}

impl Default for MaxDays {
    fn default() -> Self {
        Self { critical: 30, high: 90, medium: 180, low: 366, unrated: 366 }
    }
}

impl MaxDays {
    /// The same bound for every severity.
    #[must_use]
    pub fn same(days: u32) -> Self {
        Self { critical: days, high: days, medium: days, low: days, unrated: days }
    }

    fn of(&self, severity: Option<Severity>) -> u32 {
        match severity {
            Some(Severity::Critical) => self.critical,
            Some(Severity::High) => self.high,
            Some(Severity::Medium) => self.medium,
            Some(Severity::Low) => self.low,
            None => self.unrated,
        }
    }
}

/// What acceptances must keep to.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct AcceptanceRules {
    /// How long they may hold.
    pub max_days: MaxDays,
    /// The fewest characters of a reason, without blanks at its ends. Default 10.
    pub min_reason: usize,
    /// Whether Security Tower's annotations are read as acceptances. They know no owner, approver and
    /// expiry; each one used is a finding of low severity. Default true.
    pub annotations: bool,
    /// Whether findings of kind error may be accepted. Default false: where a policy failed, nobody
    /// knows which risk would be borne, and what it should have found would be hidden.
    pub errors: bool,
}

impl Default for AcceptanceRules {
    fn default() -> Self {
        Self { max_days: MaxDays::default(), min_reason: 10, annotations: true, errors: false }
    }
}

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

    /// Why documents cannot be read, as [`ErrorKind::Policy`] with the place.
    pub fn errors(&self) -> impl Iterator<Item = &Error> {
        self.broken.iter().map(|(_, error)| error)
    }
}

impl AcceptanceFinding {
    fn new(code: &'static str, acceptance: impl Into<String>, message: impl Into<String>) -> Self {
        let severity =
            CODES.iter().find(|known| known.code == code).map_or(Severity::High, |known| known.severity);
        Self {
            code,
            severity,
            acceptance: acceptance.into(),
            object: None,
            message: message.into(),
            location: None,
        }
    }

    fn at(mut self, location: Option<Location>) -> Self {
        self.location = location;
        self
    }

    /// Whether the acceptance accepts nothing for it, or at least not what the message names.
    #[must_use]
    pub fn is_refused(&self) -> bool {
        CODES.iter().any(|known| known.code == self.code && known.refused)
    }
}

impl From<&AcceptanceFinding> for Diagnostic {
    fn from(finding: &AcceptanceFinding) -> Self {
        Diagnostic::new(finding.code, finding.message.as_str()).at(finding.location.clone())
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
