//! Accepted risks as plain data: what a report shows of an acceptance and of what is wrong with it, and
//! the rules that acceptances must keep to. [`crate::policy::acceptance`] reads and applies them.

use crate::Diagnostic;
use crate::node::Location;
use crate::object::ObjectId;
use crate::time::Timestamp;

/// How bad a violation is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum Severity {
    /// Good practice; little harm by itself.
    Low,
    /// Weakens the defence in depth.
    Medium,
    /// Opens a way for an attacker who is already inside.
    High,
    /// Gives away the node or the cluster.
    Critical,
}

impl Severity {
    /// All, the least first.
    pub const ALL: [Self; 4] = [Self::Low, Self::Medium, Self::High, Self::Critical];

    /// The name as it is written: `low`, `medium`, `high`, `critical`.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Low => "low",
            Self::Medium => "medium",
            Self::High => "high",
            Self::Critical => "critical",
        }
    }

    /// The severity of a name, in small or capital letters.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|severity| severity.name().eq_ignore_ascii_case(name.trim()))
    }
}

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
    /// Until when, by whom and where it was accepted, for people: `accepted until 2027-01-31 by web-root,
    /// RISK-7, owned by Jane Doe`.
    #[must_use]
    pub fn terms(&self) -> String {
        let until = self.until().map_or("for ever".to_owned(), |until| format!("until {until}"));
        let ticket = self.ticket.as_ref().map_or(String::new(), |ticket| format!(", {ticket}"));
        let owner = self.owner.as_ref().map_or(String::new(), |owner| format!(", owned by {owner}"));
        format!("accepted {until} by {}{ticket}{owner}", self.id)
    }

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

    #[cfg(feature = "policy")]
    pub(crate) fn of(&self, severity: Option<Severity>) -> u32 {
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

impl AcceptanceFinding {
    #[cfg_attr(not(feature = "policy"), allow(dead_code))]
    pub(crate) fn new(code: &'static str, acceptance: impl Into<String>, message: impl Into<String>) -> Self {
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

    #[cfg_attr(not(feature = "policy"), allow(dead_code))]
    pub(crate) fn at(mut self, location: Option<Location>) -> Self {
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

#[cfg(test)]
impl Acceptance {
    /// An acceptance to test reports with.
    pub(crate) fn example(id: &str) -> Self {
        Self {
            id: id.to_owned(),
            source: AcceptanceSource::Document,
            reason: "The vendor's image is not in our registry yet.".into(),
            ticket: Some("RISK-7".into()),
            owner: Some("Jane Doe".into()),
            approvers: vec!["john.roe@example.com".into()],
            created: Timestamp::parse("2026-11-01T00:00:00Z").ok(),
            expires: Timestamp::parse("2027-02-01T00:00:00Z").ok(),
            compensating_control: None,
            location: Some(Location::new("risks/web.yaml", 1, 1)),
        }
    }
}
