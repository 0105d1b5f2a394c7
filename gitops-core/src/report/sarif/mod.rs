//! Findings as SARIF 2.1.0, in the subset and within the limits of GitHub code scanning
//! (`docs.github.com`, "SARIF support for code scanning", read in 2026).

mod model;
#[cfg(feature = "policy")]
mod policy;
mod review;

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

use model::{
    ArtifactLocation, AutomationDetails, Configuration, Driver, Invocation, Level, Log, LogicalLocation,
    Message, Notification, PhysicalLocation, Region, ResultProperties, Rule, RuleProperties, Run,
    SarifLocation, SarifResult, Suppression, Tool,
};
pub(super) use review::sarif;

use crate::node::Location;
use crate::object::ObjectId;
use crate::review::LineFacts;
use crate::risk::{Acceptance, AcceptanceFinding, AcceptanceSource, Severity};

/// Results that GitHub keeps of a run; it takes 25,000 and drops the rest by severity.
const MAX_RESULTS: usize = 5_000;
/// Longest `shortDescription` and `fullDescription`.
const MAX_DESCRIPTION: usize = 1_024;

/// How a SARIF file is made.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct SarifOptions {
    /// The category under which GitHub keeps the alerts; uploads of one commit under the same category
    /// replace each other. Default `gitops-core`.
    pub category: String,
}

impl Default for SarifOptions {
    fn default() -> Self {
        Self { category: "gitops-core".into() }
    }
}

/// What is to become a result; the same text may offend in several environments.
struct Draft {
    rule: RuleKey,
    level: Level,
    /// Whether it is new; unknown where nothing is compared.
    new: Option<bool>,
    message: String,
    location: Location,
    object: Option<ObjectId>,
    path: Option<String>,
    fingerprint: Option<String>,
    accepted: Option<Acceptance>,
    environments: Vec<String>,
}

#[derive(Clone, PartialEq, Eq, PartialOrd, Ord)]
enum RuleKey {
    Policy { template: String, constraint: String },
    Acceptance { code: String },
    Problem { code: String },
}

/// What makes two drafts one result.
type Key = (RuleKey, Location, String, Option<ObjectId>, Option<String>);

/// A SARIF file being made.
#[derive(Default)]
struct Sarif {
    drafts: BTreeMap<Key, Draft>,
    notifications: Vec<Notification>,
}

/// What is told once of a whole run.
struct About<'a> {
    /// `category/run`.
    id: String,
    successful: bool,
    /// Facts of the lines that results point at.
    lines: &'a BTreeMap<(String, u32), LineFacts>,
}

impl Sarif {
    /// Adds a result, or its environment to one that says the same of the same text.
    fn add(&mut self, draft: Draft) {
        let accepted = draft.accepted.as_ref().map(|acceptance| acceptance.id.clone());
        let key = (
            draft.rule.clone(),
            draft.location.clone(),
            draft.message.clone(),
            draft.object.clone(),
            accepted,
        );
        match self.drafts.entry(key) {
            Entry::Occupied(mut same) => {
                let same = same.get_mut();
                same.new = same.new.max(draft.new);
                same.environments.extend(draft.environments);
            }
            Entry::Vacant(place) => {
                place.insert(draft);
            }
        }
    }

    /// Adds what no text stands behind.
    fn notify(&mut self, level: Level, text: String) {
        self.notifications.push(Notification { level, message: message(text) });
    }

    fn acceptance(&mut self, finding: &AcceptanceFinding) {
        let level = match finding.severity {
            Severity::High | Severity::Critical => Level::Error,
            Severity::Medium => Level::Warning,
            _ => Level::Note,
        };
        match &finding.location {
            None => self.notify(level, format!("{} ({})", finding.message, finding.code)),
            Some(location) => self.add(Draft {
                rule: RuleKey::Acceptance { code: finding.code.to_owned() },
                level,
                new: None,
                message: finding.message.clone(),
                location: location.clone(),
                object: finding.object.clone(),
                path: None,
                fingerprint: None,
                accepted: None,
                environments: Vec::new(),
            }),
        }
    }

    fn finish(self, about: &About<'_>) -> String {
        let Self { drafts, mut notifications } = self;
        let mut drafts: Vec<Draft> = drafts.into_values().collect();
        // The worst first, since what is beyond the limit is dropped.
        drafts.sort_by(|a, b| {
            let key = |d: &Draft| {
                (d.accepted.is_some(), d.level, d.new != Some(true), d.location.clone(), d.rule.clone())
            };
            (key(a), &a.message, &a.object).cmp(&(key(b), &b.message, &b.object))
        });
        if drafts.len() > MAX_RESULTS {
            let text =
                format!("{} results were left out: GitHub keeps {MAX_RESULTS}", drafts.len() - MAX_RESULTS);
            notifications.push(Notification { level: Level::Warning, message: message(text) });
            drafts.truncate(MAX_RESULTS);
        }
        let mut rules: BTreeMap<RuleKey, Level> = BTreeMap::new();
        for draft in &drafts {
            let worst = rules.entry(draft.rule.clone()).or_insert(draft.level);
            *worst = draft.level.min(*worst);
        }
        let index: BTreeMap<&RuleKey, usize> = rules.keys().enumerate().map(|(at, key)| (key, at)).collect();
        let results = drafts.iter().map(|draft| result(about, draft, &index)).collect();
        let log = Log {
            schema: "https://json.schemastore.org/sarif-2.1.0.json",
            version: "2.1.0",
            runs: [Run {
                tool: Tool {
                    driver: Driver {
                        name: "gitops-core",
                        semantic_version: env!("CARGO_PKG_VERSION"),
                        rules: rules.iter().map(|(key, level)| rule(key, *level)).collect(),
                    },
                },
                automation_details: AutomationDetails { id: about.id.clone() },
                invocations: [Invocation {
                    execution_successful: about.successful,
                    tool_execution_notifications: notifications,
                }],
                column_kind: "unicodeCodePoints",
                results,
            }],
        };
        serde_json::to_string_pretty(&log).unwrap_or_default()
    }
}

/// The level of a finding, by what its policy demands.
fn level(is_error: bool, action: &str) -> Level {
    match action {
        _ if is_error => Level::Error,
        "deny" | "scoped" => Level::Error,
        "dryrun" => Level::Note,
        _ => Level::Warning,
    }
}

fn sentence(object: &ObjectId, container: Option<&str>, message: &str) -> String {
    let container = container.filter(|name| !name.is_empty());
    let container = container.map(|name| format!(", container {name}")).unwrap_or_default();
    format!("{object}{container}: {message}")
}

fn message(text: String) -> Message {
    // GitHub takes empty text as none.
    Message { text: if text.trim().is_empty() { "(no message)".into() } else { text } }
}

fn described(text: &str) -> Message {
    message(text.chars().take(MAX_DESCRIPTION).collect())
}

fn rule_id(key: &RuleKey) -> String {
    match key {
        RuleKey::Policy { template, constraint } => format!("{template}/{constraint}"),
        RuleKey::Acceptance { code } | RuleKey::Problem { code } => format!("gitops-core/{code}"),
    }
}

fn rule(key: &RuleKey, level: Level) -> Rule {
    let (name, short, full, help, tags) = match key {
        RuleKey::Policy { template, constraint } => (
            template.clone(),
            format!("{template} ({constraint})"),
            format!("An object breaks the Gatekeeper constraint {constraint} of the template {template}."),
            format!(
                "Change the value at the marked place so that the constraint {constraint} accepts the rendered object. The place is the text that sets the value, in an overlay or its base."
            ),
            vec!["kubernetes", "gitops", "policy", "security"],
        ),
        RuleKey::Acceptance { code } => (
            code.clone(),
            format!("Acceptance of a risk ({code})"),
            format!("Something is wrong with an acceptance of a risk: {}.", meaning(code)),
            "Correct or remove the acceptance at the marked place, or put right what it accepted.".into(),
            vec!["kubernetes", "gitops", "policy", "risk"],
        ),
        RuleKey::Problem { code } => (
            code.clone(),
            format!("Cannot be reviewed ({code})"),
            format!("A part of the repository could not be rendered or judged: {code}."),
            "Correct the file at the marked place; until then the environment that needs it is not reviewed."
                .into(),
            vec!["kubernetes", "gitops"],
        ),
    };
    let (problem_severity, security_severity) = match level {
        Level::Error => ("error", "8.0"),
        Level::Warning => ("warning", "5.0"),
        Level::Note => ("recommendation", "2.0"),
    };
    Rule {
        id: rule_id(key),
        name,
        short_description: described(&short),
        full_description: described(&full),
        help: message(help),
        default_configuration: Configuration { level },
        properties: RuleProperties {
            tags,
            precision: "very-high",
            problem_severity,
            security_severity: matches!(key, RuleKey::Policy { .. }).then_some(security_severity),
        },
    }
}

fn meaning(code: &str) -> &str {
    crate::risk::CODES.iter().find(|known| known.code == code).map_or(code, |known| known.meaning)
}

fn result(about: &About<'_>, draft: &Draft, index: &BTreeMap<&RuleKey, usize>) -> SarifResult {
    let line = draft.location.line.max(1);
    let facts = about.lines.get(&(draft.location.path.clone(), line));
    let mut fingerprints = BTreeMap::new();
    if let Some(facts) = facts {
        fingerprints.insert("primaryLocationLineHash", facts.hash.clone());
    } else if let Some(own) = &draft.fingerprint {
        // Without the text there is no line hash; alerts without any would double at each upload.
        fingerprints.insert("primaryLocationLineHash", format!("{own}:1"));
    }
    if let Some(own) = &draft.fingerprint {
        fingerprints.insert("gitopsCoreFinding/v1", own.clone());
    }
    let places = draft.environments.join(", ");
    let text =
        if places.is_empty() { draft.message.clone() } else { format!("{} [{places}]", draft.message) };
    let logical = draft.object.as_ref().map(|object| LogicalLocation {
        fully_qualified_name: match &draft.path {
            Some(path) => format!("{object} {path}"),
            None => object.to_string(),
        },
    });
    SarifResult {
        rule_id: rule_id(&draft.rule),
        rule_index: index.get(&draft.rule).copied().unwrap_or(0),
        level: draft.level,
        message: message(text),
        locations: [location(&draft.location, facts, logical.into_iter().collect())],
        partial_fingerprints: fingerprints,
        baseline_state: draft.new.map(|new| if new { "new" } else { "unchanged" }),
        suppressions: draft.accepted.iter().map(suppression).collect(),
        properties: ResultProperties {
            environments: draft.environments.clone(),
            object: draft.object.clone(),
            path: draft.path.clone(),
        },
    }
}

fn suppression(acceptance: &Acceptance) -> Suppression {
    Suppression {
        // An annotation stands in the source that is judged.
        kind: match acceptance.source {
            AcceptanceSource::Annotation => "inSource",
            AcceptanceSource::Document => "external",
        },
        status: "accepted",
        justification: format!("{} ({})", acceptance.reason, acceptance.terms()),
        location: acceptance.location.as_ref().map(|place| location(place, None, Vec::new())),
    }
}

fn location(place: &Location, facts: Option<&LineFacts>, logical: Vec<LogicalLocation>) -> SarifLocation {
    let (line, column) = (place.line.max(1), place.column.max(1));
    let end = facts.map_or(0, |facts| facts.length.saturating_add(1)).max(column.saturating_add(1));
    let absolute = place.path.starts_with('/');
    let uri = uri(&place.path);
    SarifLocation {
        physical_location: PhysicalLocation {
            artifact_location: ArtifactLocation {
                uri: if absolute { format!("file://{uri}") } else { uri },
                uri_base_id: (!absolute).then_some("%SRCROOT%"),
            },
            region: Region { start_line: line, start_column: column, end_line: line, end_column: end },
        },
        logical_locations: logical,
    }
}

/// A path as a relative URI reference (RFC 3986).
fn uri(path: &str) -> String {
    let mut out = String::with_capacity(path.len());
    for byte in path.bytes() {
        match byte {
            b'A'..=b'Z'
            | b'a'..=b'z'
            | b'0'..=b'9'
            | b'-'
            | b'.'
            | b'_'
            | b'~'
            | b'/'
            | b'@'
            | b'+'
            | b','
            | b'=' => {
                out.push(char::from(byte));
            }
            byte => out.push_str(&format!("%{byte:02X}")),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::uri;

    #[test]
    fn paths_become_uris() {
        assert_eq!(uri("a b/ü:%.yaml"), "a%20b/%C3%BC%3A%25.yaml");
        assert_eq!(uri("overlays/prod/patch.yaml"), "overlays/prod/patch.yaml");
    }
}
