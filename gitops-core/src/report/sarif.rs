//! A review as SARIF 2.1.0, in the subset and within the limits of GitHub code scanning
//! (`docs.github.com`, "SARIF support for code scanning", read in 2026).

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

use serde::Serialize;

use crate::node::Location;
use crate::review::{EnvironmentReview, Finding, FindingKind, FindingStatus, Review};
use crate::{Diagnostic, object::ObjectId};

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

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Log {
    #[serde(rename = "$schema")]
    schema: &'static str,
    version: &'static str,
    runs: [Run; 1],
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Run {
    tool: Tool,
    automation_details: AutomationDetails,
    invocations: [Invocation; 1],
    column_kind: &'static str,
    results: Vec<SarifResult>,
}

#[derive(Serialize)]
struct Tool {
    driver: Driver,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Driver {
    name: &'static str,
    semantic_version: &'static str,
    rules: Vec<Rule>,
}

#[derive(Serialize)]
struct AutomationDetails {
    id: String,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Invocation {
    execution_successful: bool,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    tool_execution_notifications: Vec<Notification>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Notification {
    level: Level,
    message: Message,
}

#[derive(Serialize, Clone)]
struct Message {
    text: String,
}

#[derive(Serialize, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[serde(rename_all = "camelCase")]
enum Level {
    Error,
    Warning,
    Note,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Rule {
    id: String,
    name: String,
    short_description: Message,
    full_description: Message,
    help: Message,
    default_configuration: Configuration,
    properties: RuleProperties,
}

#[derive(Serialize)]
struct Configuration {
    level: Level,
}

#[derive(Serialize)]
struct RuleProperties {
    tags: Vec<&'static str>,
    precision: &'static str,
    #[serde(rename = "problem.severity")]
    problem_severity: &'static str,
    #[serde(rename = "security-severity", skip_serializing_if = "Option::is_none")]
    security_severity: Option<&'static str>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct SarifResult {
    rule_id: String,
    rule_index: usize,
    level: Level,
    message: Message,
    locations: [SarifLocation; 1],
    partial_fingerprints: BTreeMap<&'static str, String>,
    baseline_state: &'static str,
    properties: ResultProperties,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ResultProperties {
    environments: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    object: Option<ObjectId>,
    #[serde(skip_serializing_if = "Option::is_none")]
    path: Option<String>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct SarifLocation {
    physical_location: PhysicalLocation,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    logical_locations: Vec<LogicalLocation>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct PhysicalLocation {
    artifact_location: ArtifactLocation,
    region: Region,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ArtifactLocation {
    uri: String,
    uri_base_id: &'static str,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Region {
    start_line: u32,
    start_column: u32,
    end_line: u32,
    end_column: u32,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct LogicalLocation {
    fully_qualified_name: String,
}

/// What is to become a result; the same text may offend in several environments.
struct Draft {
    rule: RuleKey,
    level: Level,
    new: bool,
    message: String,
    location: Location,
    object: Option<ObjectId>,
    path: Option<String>,
    fingerprint: Option<String>,
    environments: Vec<String>,
}

#[derive(Clone, PartialEq, Eq, PartialOrd, Ord)]
enum RuleKey {
    Policy { template: String, constraint: String },
    Problem { code: String },
}

pub(super) fn sarif(review: &Review, options: &SarifOptions) -> String {
    let mut notifications = Vec::new();
    let mut drafts = Drafts::new();
    for environment in &review.environments {
        for finding in environment.findings.iter().filter(|f| f.status != FindingStatus::Resolved) {
            match &finding.location {
                Some(location) => add(&mut drafts, draft(environment, finding, location)),
                None => notifications.push(Notification {
                    level: level(finding),
                    message: message(format!("{}: {}", environment.name, sentence(finding))),
                }),
            }
        }
        for error in &environment.errors {
            problem(error, Some(&environment.name), &mut drafts, &mut notifications);
        }
    }
    for error in &review.errors {
        problem(error, None, &mut drafts, &mut notifications);
    }
    let mut drafts: Vec<Draft> = drafts.into_values().collect();
    // The worst first, since what is beyond the limit is dropped.
    drafts.sort_by(|a, b| {
        let key = |d: &Draft| (d.level, !d.new, d.location.clone(), d.rule.clone());
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
    let results = drafts.iter().map(|draft| result(review, draft, &index)).collect();
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
            automation_details: AutomationDetails {
                id: format!("{}/{}", options.category, review.head.commit),
            },
            invocations: [Invocation {
                execution_successful: review.summary.errors == 0,
                tool_execution_notifications: notifications,
            }],
            column_kind: "unicodeCodePoints",
            results,
        }],
    };
    serde_json::to_string_pretty(&log).unwrap_or_default()
}

fn draft(environment: &EnvironmentReview, finding: &Finding, location: &Location) -> Draft {
    Draft {
        rule: RuleKey::Policy { template: finding.template.clone(), constraint: finding.constraint.clone() },
        level: level(finding),
        new: finding.status == FindingStatus::New,
        message: sentence(finding),
        location: location.clone(),
        object: Some(finding.object.clone()),
        path: finding.path.clone(),
        fingerprint: Some(finding.fingerprint.clone()),
        environments: vec![environment.name.clone()],
    }
}

type Drafts = BTreeMap<(RuleKey, Location, String, Option<ObjectId>), Draft>;

/// Adds a result, or its environment to one that says the same of the same text.
fn add(drafts: &mut Drafts, draft: Draft) {
    let key = (draft.rule.clone(), draft.location.clone(), draft.message.clone(), draft.object.clone());
    match drafts.entry(key) {
        Entry::Occupied(mut same) => {
            let same = same.get_mut();
            same.new |= draft.new;
            same.environments.extend(draft.environments);
        }
        Entry::Vacant(place) => {
            place.insert(draft);
        }
    }
}

fn problem(
    error: &Diagnostic,
    environment: Option<&String>,
    drafts: &mut Drafts,
    notifications: &mut Vec<Notification>,
) {
    match &error.location {
        Some(location) => add(
            drafts,
            Draft {
                rule: RuleKey::Problem { code: error.code.to_owned() },
                level: Level::Error,
                new: true,
                message: error.message.clone(),
                location: location.clone(),
                object: None,
                path: None,
                fingerprint: None,
                environments: environment.cloned().into_iter().collect(),
            },
        ),
        None => {
            let name = environment.map(|name| format!("{name}: ")).unwrap_or_default();
            let text = format!("{name}{} ({})", error.message, error.code);
            notifications.push(Notification { level: Level::Error, message: message(text) });
        }
    }
}

fn level(finding: &Finding) -> Level {
    match (finding.kind, finding.enforcement_action.as_str()) {
        (FindingKind::Error, _) | (_, "deny" | "scoped") => Level::Error,
        (_, "dryrun") => Level::Note,
        _ => Level::Warning,
    }
}

fn sentence(finding: &Finding) -> String {
    let container = finding.container.as_deref().filter(|name| !name.is_empty());
    let container = container.map(|name| format!(", container {name}")).unwrap_or_default();
    format!("{}{container}: {}", finding.object, finding.message)
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
        RuleKey::Problem { code } => format!("gitops-core/{code}"),
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

fn result(review: &Review, draft: &Draft, index: &BTreeMap<&RuleKey, usize>) -> SarifResult {
    let line = draft.location.line.max(1);
    let column = draft.location.column.max(1);
    let facts = review.lines.get(&(draft.location.path.clone(), line));
    let end = facts.map_or(0, |facts| facts.length.saturating_add(1)).max(column.saturating_add(1));
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
        locations: [SarifLocation {
            physical_location: PhysicalLocation {
                artifact_location: ArtifactLocation {
                    uri: uri(&draft.location.path),
                    uri_base_id: "%SRCROOT%",
                },
                region: Region { start_line: line, start_column: column, end_line: line, end_column: end },
            },
            logical_locations: logical.into_iter().collect(),
        }],
        partial_fingerprints: fingerprints,
        baseline_state: if draft.new { "new" } else { "unchanged" },
        properties: ResultProperties {
            environments: draft.environments.clone(),
            object: draft.object.clone(),
            path: draft.path.clone(),
        },
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
