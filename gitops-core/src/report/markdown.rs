//! A review as the comment of a pull request: summary first, details folded, never over its budget.

use std::collections::{BTreeMap, BTreeSet};

use super::acceptances;
use super::budget::{Item, Section, assemble};
use super::text::{cell_code, code, shortened};
use super::{details, live};
use crate::Diagnostic;
use crate::node::Location;
use crate::object::image::ImageReference;
use crate::review::{
    EnvironmentReview, EnvironmentStatus, Finding, FindingStatus, ImageChange, LocationOf, NotChecked,
    ObjectAction, Review,
};

/// The hidden first line of a comment, by which a bot finds the one to replace.
pub const MARKER: &str = "<!-- gitops-core review -->";

/// Images named in a cell of the table; the others are counted.
const IMAGES_IN_CELL: usize = 3;
/// Longest message of a policy or an error that is shown, in characters.
pub(super) const MAX_MESSAGE: usize = 1_000;
/// Entries of one code that are shown of what was not checked; the others are counted.
const EXAMPLES: usize = 3;

/// How a Markdown report is made.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct MarkdownOptions {
    /// The most bytes (UTF-8) that the text may have. Default 65,536, which GitHub allows in
    /// characters, so that any text within it is accepted.
    pub budget: usize,
}

impl MarkdownOptions {
    /// A report of at most `budget` bytes.
    #[must_use]
    pub fn with_budget(budget: usize) -> Self {
        Self { budget }
    }
}

impl Default for MarkdownOptions {
    fn default() -> Self {
        Self::with_budget(65_536)
    }
}

/// The order in which sections give way to a small budget, the last first.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Priority {
    Headline,
    NewFindings,
    Live,
    Table,
    Errors,
    Acceptances,
    NotChecked,
    Details,
    OtherFindings,
    Warnings,
}

pub(super) fn markdown(review: &Review, options: &MarkdownOptions) -> String {
    let section = |priority: Priority, what: &str| Section::new(priority as u8, what);
    let mut sections = Vec::new();
    sections.push(Section {
        items: vec![Item::new(format!("{MARKER}\n")), Item::new(format!("### {}\n", headline(review)))],
        ..section(Priority::Headline, "lines of the summary")
    });
    sections.push(Section {
        items: vec![Item::new(format!("\n{}\n", revisions(review)))],
        ..section(Priority::Table, "lines of the summary")
    });
    sections.push(table(review, section(Priority::Table, "environments of the table")));
    sections.push(findings(
        review,
        Shown::Open(FindingStatus::New),
        section(Priority::NewFindings, "new findings"),
    ));
    sections.push(live::section(review, section(Priority::Live, "effects on live objects")));
    sections.push(errors(review, section(Priority::Errors, "errors")));
    sections.push(acceptances::section(review, section(Priority::Acceptances, "acceptances of risks")));
    sections.extend(details::sections(review, Priority::Details as u8));
    let accepted = section(Priority::OtherFindings, "accepted findings");
    sections.push(findings(review, Shown::Accepted, accepted));
    for (status, what) in [
        (FindingStatus::StillThere, "findings that are still there"),
        (FindingStatus::Resolved, "resolved findings"),
    ] {
        sections.push(findings(review, Shown::Open(status), section(Priority::OtherFindings, what)));
    }
    sections.push(warnings(review, section(Priority::Warnings, "warnings")));
    sections.push(not_checked(review, section(Priority::NotChecked, "entries of what was not checked")));
    assemble(sections, options.budget)
}

pub(super) fn counted(count: usize, one: &str, many: &str) -> String {
    format!("{count} {}", if count == 1 { one } else { many })
}

fn headline(review: &Review) -> String {
    let summary = &review.summary;
    let mut parts = Vec::new();
    let with = |status: EnvironmentStatus| review.environments.iter().filter(|e| e.status == status).count();
    let failed = with(EnvironmentStatus::Failed);
    let changed = summary.changed - failed;
    if changed > 0 {
        parts.push(counted(changed, "environment changes", "environments change"));
    } else if failed == 0 {
        parts.push("No environment changes".to_owned());
    }
    if failed > 0 {
        parts.push(counted(failed, "environment cannot be rendered", "environments cannot be rendered"));
    }
    if summary.new_findings > 0 {
        parts.push(counted(summary.new_findings, "new violation", "new violations"));
    }
    if summary.accepted > 0 {
        parts.push(format!("{} accepted", summary.accepted));
    }
    if summary.resolved > 0 {
        parts.push(format!("{} resolved", summary.resolved));
    }
    parts.extend(summary.live.iter().flat_map(live::headline));
    let images = review.environments.iter().flat_map(|environment| &environment.images);
    // An image that comes or goes with its container does not move.
    let moves: BTreeSet<_> =
        images.filter_map(|image| Some((image.before.as_ref()?, image.after.as_ref()?))).collect();
    if !moves.is_empty() {
        parts.push(counted(moves.len(), "image moves", "images move"));
    }
    let other_errors = review.errors.len();
    if other_errors > 0 {
        parts.push(counted(other_errors, "error", "errors"));
    }
    if summary.not_checked > 0 {
        parts.push(format!("{} not checked", summary.not_checked));
    }
    parts.join(" · ")
}

fn revisions(review: &Review) -> String {
    let shown = |revision: &crate::review::Revision| {
        let short: String = revision.commit.chars().take(12).collect();
        if revision.commit.starts_with(&revision.revision) {
            code(&short)
        } else {
            format!("{} ({})", code(&shortened(&revision.revision, 100)), code(&short))
        }
    };
    let summary = &review.summary;
    let rest = summary.environments - summary.affected.min(summary.environments);
    let reach = if rest == 0 {
        String::new()
    } else {
        format!(" · {} out of reach of the change", counted(rest, "environment is", "environments are"))
    };
    format!("{} → {}{reach}", shown(&review.base), shown(&review.head))
}

/// Whether an environment has anything to tell in the table.
fn is_listed(environment: &EnvironmentReview) -> bool {
    environment.status != EnvironmentStatus::Unchanged
        || environment.findings.iter().any(|finding| finding.status != FindingStatus::StillThere)
        || !environment.errors.is_empty()
}

fn table(review: &Review, mut section: Section) -> Section {
    let mut listed: Vec<_> = review.environments.iter().filter(|e| is_listed(e)).collect();
    let quiet = review.environments.len() - listed.len();
    if !listed.is_empty() {
        section.head = "\n| environment | objects | images | policies |\n|---|---|---|---|\n".into();
    }
    // What matters most comes first, should the budget cut the table.
    listed.sort_by_key(|e| {
        let new = e.open_findings(FindingStatus::New).next().is_some();
        (e.status != EnvironmentStatus::Failed, !new, &e.name)
    });
    section.items = listed.into_iter().map(|e| Item::new(row(e))).collect();
    if quiet > 0 {
        section.foot = format!(
            "\n{} reached by the change, but render the same.\n",
            counted(quiet, "more environment is", "more environments are")
        )
        .replace(
            "environment is reached by the change, but render",
            "environment is reached by the change, but renders",
        );
    }
    section
}

fn row(environment: &EnvironmentReview) -> String {
    let name = match &environment.cluster {
        Some(cluster) if *cluster != environment.name => {
            format!("{} on {}", cell_code(&environment.name), cell_code(cluster))
        }
        _ => cell_code(&environment.name),
    };
    let objects = match environment.status {
        EnvironmentStatus::Failed if environment.failed_before => {
            "cannot be rendered, nor at base".to_owned()
        }
        EnvironmentStatus::Failed => "**cannot be rendered**".to_owned(),
        EnvironmentStatus::Added => format!("new environment, {}", objects(environment)),
        EnvironmentStatus::Removed => format!("environment removed, {}", objects(environment)),
        _ => objects(environment),
    };
    format!("| {name} | {objects} | {} | {} |\n", images(&environment.images), policies(environment))
}

/// The counts of an environment's objects: `1 changed, 2 added`.
pub(super) fn objects(environment: &EnvironmentReview) -> String {
    let of = |action| environment.objects_of(action);
    let changed = of(ObjectAction::Changed) + of(ObjectAction::Renamed);
    let parts: Vec<String> =
        [(changed, "changed"), (of(ObjectAction::Added), "added"), (of(ObjectAction::Removed), "removed")]
            .into_iter()
            .filter(|(count, _)| *count > 0)
            .map(|(count, what)| format!("{count} {what}"))
            .collect();
    if parts.is_empty() { "none".into() } else { parts.join(", ") }
}

fn images(changes: &[ImageChange]) -> String {
    let mut moves: BTreeMap<String, ()> = BTreeMap::new();
    let mut shown = Vec::new();
    for change in changes {
        let text = image_move(change);
        if moves.insert(text.clone(), ()).is_none() {
            shown.push(text);
        }
    }
    let more = shown.len().saturating_sub(IMAGES_IN_CELL);
    shown.truncate(IMAGES_IN_CELL);
    match (shown.is_empty(), more) {
        (true, _) => "none".into(),
        (false, 0) => shown.join("<br>"),
        (false, more) => format!("{}<br>{more} more", shown.join("<br>")),
    }
}

/// `web 1.4.2 → 1.5.0` where only the version moves, else both references.
fn image_move(change: &ImageChange) -> String {
    let parse = |text: &Option<String>| text.as_deref().and_then(|text| ImageReference::parse(text).ok());
    let short = |version: String| if version.is_empty() { "no tag".to_owned() } else { version };
    if let (Some(before), Some(after)) = (parse(&change.before), parse(&change.after))
        && before.name() == after.name()
    {
        let repository = after.repository();
        let name = repository.rsplit('/').next().unwrap_or_default();
        let version = |image: &ImageReference| cell_code(&shortened(&short(image.version()), 60));
        return format!("{} {} → {}", cell_code(name), version(&before), version(&after));
    }
    let whole = |text: &str| cell_code(&shortened(text, 200));
    match (&change.before, &change.after) {
        (Some(before), Some(after)) => format!("{} → {}", whole(before), whole(after)),
        (None, Some(after)) => format!("new: {}", whole(after)),
        (Some(before), None) => format!("gone: {}", whole(before)),
        (None, None) => String::new(),
    }
}

fn policies(environment: &EnvironmentReview) -> String {
    let count = |status| environment.open_findings(status).count();
    let mut parts = Vec::new();
    let new = count(FindingStatus::New);
    if new > 0 {
        parts.push(format!("**{new} new**"));
    }
    for (count, what) in [
        (environment.accepted_findings().count(), "accepted"),
        (count(FindingStatus::StillThere), "still there"),
        (environment.findings_of(FindingStatus::Resolved).count(), "resolved"),
    ] {
        if count > 0 {
            parts.push(format!("{count} {what}"));
        }
    }
    if parts.is_empty() { "none".into() } else { parts.join(", ") }
}

/// Which findings a section shows.
#[derive(Clone, Copy)]
enum Shown {
    /// Those of a status; of the resolved ones all, else what nobody accepted.
    Open(FindingStatus),
    Accepted,
}

impl Shown {
    fn has(self, finding: &Finding) -> bool {
        let resolved = finding.status == FindingStatus::Resolved;
        match self {
            Self::Open(status) => finding.status == status && (resolved || finding.accepted.is_none()),
            Self::Accepted => !resolved && finding.accepted.is_some(),
        }
    }
}

/// A finding and the environments that share it.
fn findings(review: &Review, which: Shown, mut section: Section) -> Section {
    let mut shared: BTreeMap<usize, (&Finding, Vec<&str>)> = BTreeMap::new();
    let mut first: BTreeMap<(String, &str), usize> = BTreeMap::new();
    let mut count = 0;
    for environment in &review.environments {
        for finding in environment.findings.iter().filter(|finding| which.has(finding)) {
            count += 1;
            let accepted = finding.accepted.as_ref().map(|acceptance| &acceptance.id);
            let said = (&finding.constraint, &finding.object, &finding.message, &finding.location, accepted);
            let key = (format!("{said:?}"), finding.template.as_str());
            let at = *first.entry(key).or_insert(count);
            shared.entry(at).or_insert_with(|| (finding, Vec::new())).1.push(&environment.name);
        }
    }
    if count == 0 {
        return section;
    }
    // Denied ones before those that only warn.
    let mut all: Vec<_> = shared.into_values().collect();
    all.sort_by_key(|(finding, _)| match finding.enforcement_action.as_str() {
        "deny" | "scoped" => 0,
        "warn" => 1,
        _ => 2,
    });
    section.items = all.iter().map(|(finding, environments)| finding_item(finding, environments)).collect();
    match which {
        Shown::Open(FindingStatus::New) => {
            section.head = format!("\n#### {}\n\n", counted(count, "new violation", "new violations"))
        }
        Shown::Open(FindingStatus::StillThere) => section = section.folded(&format!("{count} still there")),
        Shown::Open(FindingStatus::Resolved) => section = section.folded(&format!("{count} resolved")),
        Shown::Accepted => section = section.folded(&format!("{count} accepted")),
    }
    section
}

fn finding_item(finding: &Finding, environments: &[&str]) -> Item {
    let names = |names: &[&str]| names.iter().map(|name| code(name)).collect::<Vec<_>>().join(", ");
    let mut title = format!(
        "- **{}** ({}) · {}",
        code(&finding.template),
        code(&finding.enforcement_action),
        code(&finding.object.to_string())
    );
    if let Some(container) = finding.container.as_deref().filter(|name| !name.is_empty()) {
        title.push_str(&format!(" · container {}", code(container)));
    }
    let (few, more) = environments.split_at(environments.len().min(5));
    title.push_str(&format!(" · in {}", names(few)));
    if !more.is_empty() {
        title.push_str(&format!(" and {} more", more.len()));
    }
    let mut place = place(finding);
    if let Some(acceptance) = finding.accepted.as_ref().filter(|_| finding.status != FindingStatus::Resolved)
    {
        place.push_str(&format!("  \n  {}", acceptances::accepted(acceptance)));
    }
    let message = code(&shortened(&finding.message, MAX_MESSAGE));
    let full = format!("{title}  \n  {message}  \n  {place}\n");
    let short = format!("{title}  \n  {}  \n  {place}\n", code(&shortened(&finding.message, 100)));
    Item { variants: vec![full, short] }
}

fn place(finding: &Finding) -> String {
    let at = |location: &Location| code(&location.to_string());
    match (&finding.location, &finding.previous_location, finding.location_of) {
        (None, _, _) => "no source text is known".into(),
        (Some(location), previous, LocationOf::Value) => {
            let what = finding.path.as_ref().map(|path| format!("{} ", code(path))).unwrap_or_default();
            let verb = if finding.status == FindingStatus::Resolved { "was set at" } else { "set at" };
            let before =
                previous.as_ref().map(|place| format!(" ({} before)", at(place))).unwrap_or_default();
            format!("{what}{verb} {}{before}", at(location))
        }
        (Some(location), _, LocationOf::Object) => format!("the object is at {}", at(location)),
    }
}

fn diagnostic(prefix: Option<&str>, diagnostic: &Diagnostic) -> Item {
    let prefix = prefix.map(|name| format!("{}: ", code(name))).unwrap_or_default();
    let place = diagnostic.location.as_ref().map(|location| format!(" at {}", code(&location.to_string())));
    let message = |limit| code(&shortened(&diagnostic.message, limit));
    let text = |limit| {
        format!(
            "- {prefix}{} ({}){}\n",
            message(limit),
            code(diagnostic.code),
            place.as_deref().unwrap_or_default()
        )
    };
    Item { variants: vec![text(MAX_MESSAGE), text(100)] }
}

fn errors(review: &Review, mut section: Section) -> Section {
    let own = review.errors.iter().map(|error| diagnostic(None, error));
    let theirs = review.environments.iter().flat_map(|environment| {
        environment.errors.iter().map(|error| diagnostic(Some(&environment.name), error))
    });
    section.items = theirs.chain(own).collect();
    if !section.items.is_empty() {
        section.head = format!("\n#### {}\n\n", counted(section.items.len(), "error", "errors"));
    }
    section
}

fn warnings(review: &Review, mut section: Section) -> Section {
    let own = review.warnings.iter().map(|warning| diagnostic(None, warning));
    let theirs = review.environments.iter().flat_map(|environment| {
        environment.warnings.iter().map(|warning| diagnostic(Some(&environment.name), warning))
    });
    section.items = own.chain(theirs).collect();
    let title = counted(section.items.len(), "warning", "warnings");
    if section.items.is_empty() { section } else { section.folded(&title) }
}

/// One item per code, the text of the first entries as examples.
fn not_checked(review: &Review, mut section: Section) -> Section {
    let mut codes: BTreeMap<&str, Vec<&NotChecked>> = BTreeMap::new();
    for entry in &review.not_checked {
        codes.entry(&entry.code).or_default().push(entry);
    }
    section.items = codes.into_iter().map(|(name, entries)| not_checked_item(name, &entries)).collect();
    if !section.items.is_empty() {
        section.head = "\n#### Not checked\n\n".into();
    }
    section
}

fn not_checked_item(name: &str, entries: &[&NotChecked]) -> Item {
    let count: usize = entries.iter().map(|entry| entry.count).sum();
    let text = |examples: usize, limit: usize| {
        let shown: Vec<String> = entries
            .iter()
            .take(examples)
            .map(|entry| {
                let place = entry.location.as_ref().map(|place| format!(" at {}", code(&place.to_string())));
                format!("{}{}", code(&shortened(&entry.message, limit)), place.unwrap_or_default())
            })
            .collect();
        let more = entries.len().saturating_sub(examples);
        let title = format!("- {count} × {}", code(name));
        match (shown.as_slice(), more) {
            ([only], 0) => format!("{title}: {only}\n"),
            (shown, 0) => format!("{title}:\n  - {}\n", shown.join("\n  - ")),
            (shown, more) => format!("{title}:\n  - {}\n  - and {more} more\n", shown.join("\n  - ")),
        }
    };
    Item { variants: vec![text(EXAMPLES, MAX_MESSAGE), text(1, 100)] }
}
