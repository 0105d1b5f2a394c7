//! What a review says: plain structs, in a fixed order, made for JSON and for the reports.
//!
//! The JSON Schema is `schemas/review.schema.json` (see [`super::json_schema`]). Nothing here holds
//! the value of a Secret: values are masked when these structs are made.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::Value;

use super::lines::{LineFacts, line_facts};
use super::live::{LiveReview, LiveSummary};
use crate::Diagnostic;
use crate::node::Location;
use crate::object::ObjectId;
use crate::object::image::ImageRule;
use crate::risk::{Acceptance, AcceptanceFinding};

/// The version of the shape below, in [`Review::schema_version`].
pub const SCHEMA_VERSION: &str = "gitops-core/review/v1";

/// What a change does to every environment that it reaches.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct Review {
    /// Always [`SCHEMA_VERSION`].
    pub schema_version: &'static str,
    /// The revision compared with.
    pub base: Revision,
    /// The revision under review.
    pub head: Revision,
    /// Counts over everything below.
    pub summary: Summary,
    /// The environments that the change reaches, by name.
    pub environments: Vec<EnvironmentReview>,
    /// Problems that concern no single environment, such as a policy that does not compile.
    pub errors: Vec<Diagnostic>,
    /// Likely mistakes that concern no single environment.
    pub warnings: Vec<Diagnostic>,
    /// Acceptances of risks that the change adds, alters or removes, by id.
    pub acceptances: Vec<AcceptanceChange>,
    /// What is wrong with the acceptances at head, the worst first.
    pub acceptance_findings: Vec<AcceptanceFinding>,
    /// What the review could not judge, and why.
    pub not_checked: Vec<NotChecked>,
    /// What SARIF wants to know of the lines at head that findings and errors point at.
    #[serde(skip)]
    pub(crate) lines: BTreeMap<(String, u32), LineFacts>,
}

/// A revision as the caller named it and the commit it stands for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct Revision {
    /// As given by the caller: a branch, a tag, a commit …
    pub revision: String,
    /// The full id of the commit that was read. For the base this is the merge base, if the caller
    /// asked for it.
    pub commit: String,
}

impl Revision {
    /// A revision and its commit.
    #[must_use]
    pub fn new(revision: impl Into<String>, commit: impl Into<String>) -> Self {
        Self { revision: revision.into(), commit: commit.into() }
    }
}

/// Counts over a whole review.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct Summary {
    /// Environments found at either revision.
    pub environments: usize,
    /// Environments that the change can reach; only these are rendered and listed.
    pub affected: usize,
    /// Affected environments that really differ (changed, added, removed), or could not be rendered.
    pub changed: usize,
    /// Objects that only head has.
    pub objects_added: usize,
    /// Objects that only base has.
    pub objects_removed: usize,
    /// Objects that differ, renamed ones among them.
    pub objects_changed: usize,
    /// Containers whose image differs, comes or goes.
    pub images_changed: usize,
    /// Findings that base does not have, without accepted ones.
    pub new_findings: usize,
    /// Findings that both revisions have, without accepted ones.
    pub still_there: usize,
    /// Findings at head that are accepted, new or not.
    pub accepted: usize,
    /// Findings that head no longer has.
    pub resolved: usize,
    /// Errors of all environments and of the review as a whole.
    pub errors: usize,
    /// Warnings of all environments and of the review as a whole.
    pub warnings: usize,
    /// The sum of the counts of [`Review::not_checked`].
    pub not_checked: usize,
    /// What happens to live objects, if they were given.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub live: Option<LiveSummary>,
}

/// How an environment fared.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub enum EnvironmentStatus {
    /// Its objects differ.
    Changed,
    /// The change reaches files that it reads, or policies that judge it, but its objects are the same.
    Unchanged,
    /// Only head has it.
    Added,
    /// Only base has it.
    Removed,
    /// It could not be rendered at one of the revisions; see its errors.
    Failed,
}

impl EnvironmentStatus {
    /// The name as it appears in JSON.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Changed => "changed",
            Self::Unchanged => "unchanged",
            Self::Added => "added",
            Self::Removed => "removed",
            Self::Failed => "failed",
        }
    }
}

/// What the change does to one environment.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct EnvironmentReview {
    /// The name, unique in the review.
    pub name: String,
    /// The directory that is rendered, at head if head has it.
    pub path: String,
    /// The cluster it belongs to, where the repository says.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cluster: Option<String>,
    /// What made it an environment: `flux`, `argo`, `securityTower` or `kustomization`
    pub origin: String,
    /// How it fared.
    pub status: EnvironmentStatus,
    /// For a failed environment, whether base could not be rendered either, so that the change did not
    /// break it.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub failed_before: bool,
    /// Objects that differ, by kind, namespace and name. Others are not listed.
    pub objects: Vec<ObjectChange>,
    /// Containers whose image differs, comes or goes, in the order of the objects.
    pub images: Vec<ImageChange>,
    /// New findings first, then those still there, then the resolved ones.
    pub findings: Vec<Finding>,
    /// What the merge does to live objects, if they were given and the environment could be rendered.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub live: Option<LiveReview>,
    /// Why it could not be rendered or judged.
    pub errors: Vec<Diagnostic>,
    /// Likely mistakes at head.
    pub warnings: Vec<Diagnostic>,
}

/// What happened to an object.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub enum ObjectAction {
    /// Only head has it.
    Added,
    /// Only base has it.
    Removed,
    /// Both have it, with different content.
    Changed,
    /// Both have it, under names that differ only in the hash of a generated name.
    Renamed,
}

impl ObjectAction {
    /// The name as it appears in JSON.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Added => "added",
            Self::Removed => "removed",
            Self::Changed => "changed",
            Self::Renamed => "renamed",
        }
    }
}

/// An object that differs.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct ObjectChange {
    /// What happened to it.
    pub action: ObjectAction,
    /// The object, as head names it unless it was removed.
    pub id: ObjectId,
    /// How base names it, where that differs.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub previous_id: Option<ObjectId>,
    /// The text that names it; at base for a removed object, else at head.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub location: Option<Location>,
    /// What differs, by path. For an added object of an environment that was there before, its
    /// top-level fields; empty for a removed object.
    pub fields: Vec<FieldChange>,
}

/// What happened to a field.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub enum FieldAction {
    /// Only head has it.
    Added,
    /// Only base has it.
    Removed,
    /// Both have it, with different values.
    Changed,
    /// A list whose items stand in another order; `before` and `after` name the items both have.
    Reordered,
}

impl FieldAction {
    /// The name as it appears in JSON.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Added => "added",
            Self::Removed => "removed",
            Self::Changed => "changed",
            Self::Reordered => "reordered",
        }
    }
}

/// A field that differs.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct FieldChange {
    /// The way to it for people, list items by name: `spec.template.spec.containers[web].image`.
    pub path: String,
    /// The same way as an RFC 6901 JSON pointer into the object at head (at base if it was removed).
    pub pointer: String,
    /// What happened to it.
    pub action: FieldAction,
    /// The value at base. Values of Secrets are masked.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub before: Option<Value>,
    /// The value at head. Values of Secrets are masked.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub after: Option<Value>,
    /// For a text of several lines, what differs line by line as in a unified diff (` `, `-`, `+` or
    /// `@` first), in place of `before` and `after`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub lines: Vec<String>,
    /// The renamed object whose new name this field took over.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub follows: Option<ObjectId>,
    /// The text that sets the value at head.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub location: Option<Location>,
    /// The text that set the value at base, where that is elsewhere or head has no such field.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub previous_location: Option<Location>,
}

/// A container whose image differs, comes or goes.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct ImageChange {
    /// The object, as head names it unless it was removed.
    pub object: ObjectId,
    /// The container's name; empty if it has none.
    pub container: String,
    /// The way to the image for people, list items by name.
    pub path: String,
    /// The image at base.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub before: Option<String>,
    /// The image at head.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub after: Option<String>,
    /// The rule that found it.
    pub rule: ImageRule,
    /// The text that sets it at head, or set it at base if head has none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub location: Option<Location>,
}

/// Whether a finding is of this change.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub enum FindingStatus {
    /// Head has it and base does not; or base had it accepted, and head no longer has.
    New,
    /// Both have it.
    StillThere,
    /// Base has it and head does not.
    Resolved,
}

impl FindingStatus {
    /// The name as it appears in JSON.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::New => "new",
            Self::StillThere => "stillThere",
            Self::Resolved => "resolved",
        }
    }
}

/// Whether a policy was broken or could not be decided.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub enum FindingKind {
    /// The object breaks the policy.
    Violation,
    /// The policy failed while it ran; Gatekeeper denies the object then.
    Error,
}

/// What [`Finding::location`] points at.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub enum LocationOf {
    /// The text that set the offending value.
    Value,
    /// The object as a whole, since the finding's path is unknown or no text stands behind it.
    Object,
}

/// A policy's verdict on an object.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct Finding {
    /// Whether it is of this change.
    pub status: FindingStatus,
    /// The constraint's kind, which names the template.
    pub template: String,
    /// The constraint's name.
    pub constraint: String,
    /// `deny`, `warn`, `dryrun` or what else the constraint says.
    pub enforcement_action: String,
    /// Whether the policy was broken or could not be decided.
    pub kind: FindingKind,
    /// The object judged.
    pub object: ObjectId,
    /// The container concerned, where it is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub container: Option<String>,
    /// The way to the offending value for people, where it is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub path: Option<String>,
    /// What the policy says.
    pub message: String,
    /// The text to edit: at head, or at base for a resolved finding.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub location: Option<Location>,
    /// What `location` points at.
    pub location_of: LocationOf,
    /// Where the same value was set at base, where that is elsewhere.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub previous_location: Option<Location>,
    /// Names the same finding in every review: 32 hexadecimal digits made from the environment, the
    /// constraint, the object (without the hash of a generated name), the container, the path and the
    /// message without the value at the path, and `-2`, `-3` … where several findings share all of these.
    pub fingerprint: String,
    /// Who accepted it, at head or, of a resolved one, at base.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub accepted: Option<Acceptance>,
}

/// An acceptance of a risk that the change adds, alters or removes.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct AcceptanceChange {
    /// `added`, `removed` or `changed`.
    pub action: ObjectAction,
    /// The acceptance at head, or at base if it was removed.
    pub acceptance: Acceptance,
}

impl AcceptanceChange {
    /// What happened to an acceptance.
    #[must_use]
    pub fn new(action: ObjectAction, acceptance: Acceptance) -> Self {
        Self { action, acceptance }
    }
}

/// Something that the review could not judge.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct NotChecked {
    /// A stable kebab-case identifier, such as `environment-failed`.
    pub code: String,
    /// What was not judged and why, for people.
    pub message: String,
    /// How many things this entry stands for; at least 1.
    pub count: usize,
    /// The text concerned.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub location: Option<Location>,
}

impl NotChecked {
    /// An entry without a place.
    #[must_use]
    pub fn new(code: impl Into<String>, count: usize, message: impl Into<String>) -> Self {
        Self { code: code.into(), message: message.into(), count, location: None }
    }

    /// The same entry at `location`.
    #[must_use]
    pub fn at(mut self, location: impl Into<Option<Location>>) -> Self {
        self.location = location.into();
        self
    }
}

impl EnvironmentReview {
    /// An environment with nothing to say yet.
    #[must_use]
    pub fn new(name: impl Into<String>, path: impl Into<String>, origin: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            path: path.into(),
            cluster: None,
            origin: origin.into(),
            status: EnvironmentStatus::Unchanged,
            failed_before: false,
            objects: Vec::new(),
            images: Vec::new(),
            findings: Vec::new(),
            live: None,
            errors: Vec::new(),
            warnings: Vec::new(),
        }
    }

    /// The findings of a status, accepted or not, in order.
    pub fn findings_of(&self, status: FindingStatus) -> impl Iterator<Item = &Finding> {
        self.findings.iter().filter(move |finding| finding.status == status)
    }

    /// The findings of a status that nobody accepted, in order.
    pub fn open_findings(&self, status: FindingStatus) -> impl Iterator<Item = &Finding> {
        self.findings_of(status).filter(|finding| finding.accepted.is_none())
    }

    /// The findings at head that are accepted, in order.
    pub fn accepted_findings(&self) -> impl Iterator<Item = &Finding> {
        let there = self.findings.iter().filter(|finding| finding.status != FindingStatus::Resolved);
        there.filter(|finding| finding.accepted.is_some())
    }

    /// How many objects had `action` happen to them.
    #[must_use]
    pub fn objects_of(&self, action: ObjectAction) -> usize {
        self.objects.iter().filter(|object| object.action == action).count()
    }
}

impl Review {
    /// A review of `environments`, out of `total` found, brought into its fixed order and counted.
    #[must_use]
    pub fn new(
        base: Revision,
        head: Revision,
        total: usize,
        mut environments: Vec<EnvironmentReview>,
        errors: Vec<Diagnostic>,
        warnings: Vec<Diagnostic>,
        mut not_checked: Vec<NotChecked>,
    ) -> Self {
        environments.sort_by(|a, b| a.name.cmp(&b.name));
        for environment in &mut environments {
            environment.objects.sort_by(|a, b| by_kind(&a.id).cmp(&by_kind(&b.id)));
            environment.images.sort_by(|a, b| {
                (by_kind(&a.object), &a.path, &a.before).cmp(&(by_kind(&b.object), &b.path, &b.before))
            });
            let order =
                |finding: &Finding| (finding.status, finding.template.clone(), finding.constraint.clone());
            environment.findings.sort_by(|a, b| {
                (order(a), by_kind(&a.object), &a.path, &a.message, &a.fingerprint).cmp(&(
                    order(b),
                    by_kind(&b.object),
                    &b.path,
                    &b.message,
                    &b.fingerprint,
                ))
            });
        }
        not_checked.sort();
        let summary = count(total, &environments, &errors, &warnings, &not_checked);
        Self {
            schema_version: SCHEMA_VERSION,
            base,
            head,
            summary,
            environments,
            errors,
            warnings,
            acceptances: Vec::new(),
            acceptance_findings: Vec::new(),
            not_checked,
            lines: BTreeMap::new(),
        }
    }

    /// The same with what the change does to acceptances, and what is wrong with them at head.
    #[must_use]
    pub fn with_acceptances(
        mut self,
        mut changes: Vec<AcceptanceChange>,
        mut findings: Vec<AcceptanceFinding>,
    ) -> Self {
        changes.sort_by(|a, b| (&a.acceptance.id, a.action).cmp(&(&b.acceptance.id, b.action)));
        findings.sort_by(|a, b| (Reverse(a.severity), a).cmp(&(Reverse(b.severity), b)));
        findings.dedup();
        self.acceptances = changes;
        self.acceptance_findings = findings;
        self
    }
}

impl Review {
    /// Reads, for SARIF, the lines at head that findings and errors point at; `text` gives the text of
    /// a file.
    pub(crate) fn read_lines(&mut self, text: impl Fn(&str) -> Option<String>) {
        let findings = self.environments.iter().flat_map(|environment| {
            let findings = environment.findings.iter().filter(|f| f.status != FindingStatus::Resolved);
            let errors = environment.errors.iter().filter_map(|error| error.location.as_ref());
            findings.filter_map(|finding| finding.location.as_ref()).chain(errors)
        });
        let errors = self.errors.iter().filter_map(|error| error.location.as_ref());
        let acceptances = self.acceptance_findings.iter().filter_map(|finding| finding.location.as_ref());
        let mut wanted: BTreeMap<String, Vec<u32>> = BTreeMap::new();
        for location in findings.chain(errors).chain(acceptances) {
            wanted.entry(location.path.clone()).or_default().push(location.line.max(1));
        }
        for (path, numbers) in wanted {
            let Some(text) = text(&path) else { continue };
            let facts = line_facts(&text);
            for line in numbers {
                if let Some(fact) = facts.get(line as usize - 1) {
                    self.lines.insert((path.clone(), line), fact.clone());
                }
            }
        }
    }
}

fn by_kind(id: &ObjectId) -> (&str, &str, &str, &str) {
    (&id.kind, &id.namespace, &id.name, &id.api_version)
}

fn count(
    total: usize,
    environments: &[EnvironmentReview],
    errors: &[Diagnostic],
    warnings: &[Diagnostic],
    not_checked: &[NotChecked],
) -> Summary {
    let sum = |of: fn(&EnvironmentReview) -> usize| environments.iter().map(of).sum::<usize>();
    let unchanged = |e: &&EnvironmentReview| e.status == EnvironmentStatus::Unchanged;
    Summary {
        environments: total,
        affected: environments.len(),
        changed: environments.len() - environments.iter().filter(unchanged).count(),
        objects_added: sum(|e| e.objects_of(ObjectAction::Added)),
        objects_removed: sum(|e| e.objects_of(ObjectAction::Removed)),
        objects_changed: sum(|e| e.objects_of(ObjectAction::Changed) + e.objects_of(ObjectAction::Renamed)),
        images_changed: sum(|e| e.images.len()),
        new_findings: sum(|e| e.open_findings(FindingStatus::New).count()),
        still_there: sum(|e| e.open_findings(FindingStatus::StillThere).count()),
        accepted: sum(|e| e.accepted_findings().count()),
        resolved: sum(|e| e.findings_of(FindingStatus::Resolved).count()),
        errors: errors.len() + sum(|e| e.errors.len()),
        warnings: warnings.len() + sum(|e| e.warnings.len()),
        not_checked: not_checked.iter().map(|entry| entry.count).sum(),
        live: LiveSummary::of(environments.iter().filter_map(|environment| environment.live.as_ref())),
    }
}
