//! Drift as people read it: changed paths only, or whole objects as a unified diff.
//!
//! Both show what the report shows, so values of Secrets are masked.

use std::fmt::Write as _;

use serde_json::Value;

use super::text::visible;
use super::value::lines;
use crate::drift::{Cause, DriftReport, DriftStatus, FieldDrift, FieldStatus, ObjectDrift};
use crate::review::sequence::{Step, align};
use crate::yaml;

impl DriftReport {
    /// The report as indented JSON.
    #[must_use]
    pub fn to_json(&self) -> String {
        serde_json::to_string_pretty(self).unwrap_or_default()
    }

    /// What differs, for a terminal: one paragraph per object that is not as Git says, one entry per field
    /// with the live value (`-`), the desired one (`+`), who changed it and where Git sets it. Ends with a
    /// line of counts.
    #[must_use]
    pub fn to_text(&self) -> String {
        let mut out = String::new();
        for object in self.objects.iter().filter(|object| object.status != DriftStatus::InSync) {
            text_of(object, &mut out);
        }
        let summary = &self.summary;
        let counts = [
            (summary.in_sync, "in sync"),
            (summary.drifted, "drifted"),
            (summary.missing, "missing"),
            (summary.extra, "extra"),
            (summary.ignored, "ignored"),
            (summary.unknown, "unknown"),
        ];
        let said = counts.iter().filter(|(count, _)| *count > 0);
        let said: Vec<_> = said.map(|(count, what)| format!("{count} {what}")).collect();
        let _ = writeln!(out, "{}", if said.is_empty() { "no objects".to_owned() } else { said.join(", ") });
        out
    }

    /// Objects that drifted or are missing as a unified diff of YAML, from the live object to what an apply
    /// would make of it, without `metadata.managedFields` and `status`.
    #[must_use]
    pub fn to_unified_yaml(&self) -> String {
        let mut out = String::new();
        for object in &self.objects {
            let Some((live, desired)) = &object.trees.0 else { continue };
            let text = |node: &Option<crate::node::Node>| match node {
                Some(node) => yaml::write(node).unwrap_or_default(),
                None => String::new(),
            };
            let name = file_name(object);
            let (before, after) = (text(live), text(desired));
            let from = if live.is_some() { format!("live/{name}") } else { "/dev/null".to_owned() };
            let _ = writeln!(out, "--- {from}\n+++ git/{name}");
            unified(&before, &after, &mut out);
        }
        out
    }
}

fn file_name(object: &ObjectDrift) -> String {
    let id = &object.id;
    let namespace = if id.namespace.is_empty() { String::new() } else { format!("{}/", id.namespace) };
    visible(&format!("{namespace}{}/{}.yaml", id.kind, id.name), false).into_owned()
}

fn text_of(object: &ObjectDrift, out: &mut String) {
    let place = object.location.as_ref().map_or(String::new(), |place| format!("  ({place})"));
    let status = match object.status {
        DriftStatus::InSync => "in sync",
        other => other.name(),
    };
    let _ = writeln!(out, "{status} {}{}", visible(&object.id.to_string(), false), visible(&place, false));
    if let Some(reason) = &object.reason {
        let _ = writeln!(out, "  {}", visible(&reason.message, false));
    }
    for diagnostic in &object.diagnostics {
        let _ = writeln!(out, "  ! {}", visible(&diagnostic.message, false));
    }
    for field in &object.fields {
        text_of_field(field, out);
    }
    for conflict in &object.conflicts {
        let (path, manager) = (&conflict.path, &conflict.owner.manager);
        let text = format!("  ! {path} belongs to {manager}; an apply takes it over only if forced");
        let _ = writeln!(out, "{}", visible(&text, false));
    }
    if object.ignored_fields > 0 && object.status == DriftStatus::Drifted {
        let _ = writeln!(out, "  {} more differ and are ignored", object.ignored_fields);
    }
    out.push('\n');
}

fn text_of_field(field: &FieldDrift, out: &mut String) {
    let mark = match field.status {
        FieldStatus::Missing => '+',
        FieldStatus::Extra => '-',
        FieldStatus::Changed => '±',
        FieldStatus::Reordered => '⇆',
    };
    let place = field.location.as_ref().map_or(String::new(), |place| format!("  ({place})"));
    let _ = writeln!(out, "  {mark} {}{}", visible(&field.path, false), visible(&place, false));
    for (mark, value) in [('-', &field.live), ('+', &field.desired)] {
        for line in value.iter().flat_map(value_lines) {
            let _ = writeln!(out, "    {mark} {}", visible(&line, false));
        }
    }
    let why = match field.cause {
        Cause::EditedByHand => "edited by hand",
        Cause::OtherController => "changed by another controller",
        Cause::NotYetApplied => "not yet applied",
        Cause::Default => "default of the API server",
        Cause::RemovedFromGit => "removed from Git",
        Cause::Unknown => return,
    };
    let who = field.changed_by.as_ref().map_or(String::new(), |owner| {
        let time = if owner.time.is_empty() { String::new() } else { format!(", {}", owner.time) };
        format!(": {}{time}", owner.manager)
    });
    let _ = writeln!(out, "    {}", visible(&format!("{why}{who}"), false));
}

fn value_lines(value: &Value) -> Vec<String> {
    match value {
        Value::String(text) if text.trim_end().contains('\n') => text.lines().map(str::to_owned).collect(),
        value => lines(value),
    }
}

/// Unchanged lines shown around a change.
const CONTEXT: usize = 3;

fn unified(before: &str, after: &str, out: &mut String) {
    let (a, b): (Vec<&str>, Vec<&str>) = (before.lines().collect(), after.lines().collect());
    let steps = align(&a, &b);
    let changes: Vec<usize> = steps
        .iter()
        .enumerate()
        .filter(|(_, step)| !matches!(step, Step::Same(..)))
        .map(|(at, _)| at)
        .collect();
    let mut at = 0;
    while let Some(first) = changes.get(at) {
        let mut last = at;
        while changes
            .get(last + 1)
            .zip(changes.get(last))
            .is_some_and(|(next, now)| next - now <= 2 * CONTEXT)
        {
            last += 1;
        }
        let end = changes.get(last).map_or(steps.len(), |last| (last + 1 + CONTEXT).min(steps.len()));
        let start = first.saturating_sub(CONTEXT);
        hunk(&steps, start..end, &a, &b, out);
        at = last + 1;
    }
}

fn hunk(steps: &[Step], range: std::ops::Range<usize>, a: &[&str], b: &[&str], out: &mut String) {
    let counts = |steps: &[Step]| {
        let old = steps.iter().filter(|step| !matches!(step, Step::Added(_))).count();
        let new = steps.iter().filter(|step| !matches!(step, Step::Removed(_))).count();
        (old, new)
    };
    let (skipped_old, skipped_new) = counts(steps.get(..range.start).unwrap_or_default());
    let steps = steps.get(range).unwrap_or_default();
    let (old, new) = counts(steps);
    let start = |skipped: usize, count: usize| if count == 0 { skipped } else { skipped + 1 };
    let (from, to) = (start(skipped_old, old), start(skipped_new, new));
    let _ = writeln!(out, "@@ -{from},{old} +{to},{new} @@");
    for step in steps {
        let (mark, line) = match *step {
            Step::Same(_, at) => (' ', b.get(at)),
            Step::Removed(at) => ('-', a.get(at)),
            Step::Added(at) => ('+', b.get(at)),
        };
        let _ = writeln!(out, "{mark}{}", visible(line.copied().unwrap_or_default(), false));
    }
}
