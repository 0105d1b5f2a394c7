//! A rendered manifest for people: behind every line, the text that set it and what it was before.
//!
//! The manifest is written as always and read back, so that every value knows the line it is on.

use std::collections::{BTreeSet, HashMap};
use std::fmt::Write;

use crate::node::{Location, Node, SourceMap};
use crate::object::{Object, secret};
use crate::yaml::{self, Dialect, ReadOptions};
use crate::{Result, kustomize};

use kustomize::{Build, Step, StepKind};

/// Comments stand in one column, but behind no more than this many characters.
const MAX_COLUMN: usize = 64;

/// Earlier values are cut to this many characters.
const MAX_VALUE: usize = 40;

impl Build {
    /// The objects as [`Build::to_yaml`] writes them, each value with a comment that says which text set
    /// it and what it was before:
    ///
    /// ```yaml
    /// replicas: 3  # apps/prod/kustomization.yaml:18:12 (replicas; was 1 at apps/base/web.yaml:6:13)
    /// ```
    ///
    /// In parentheses stands the kind of the last step ([`StepKind`]), unless it only read a file, with
    /// `by` the place that asked for it where the value comes from elsewhere, and with `was` the values
    /// before it, the latest first. It is valid YAML for reading, not for applying: the values of
    /// Secrets are masked.
    ///
    /// # Errors
    /// As [`Build::history`] and [`Build::to_yaml`].
    pub fn to_annotated_yaml(&self) -> Result<String> {
        let mut out = String::new();
        for object in &self.objects {
            let separator = if out.is_empty() { "" } else { "---\n" };
            out.push_str(separator);
            self.annotate(object, &mut out)?;
        }
        Ok(out)
    }

    fn annotate(&self, object: &Object, out: &mut String) -> Result<()> {
        let histories = self.field_histories(object)?;
        let text = yaml::write(&secret::masked_without(object, &self.secret_copies))?;
        let options = ReadOptions { dialect: Dialect::Kyaml, ..ReadOptions::default() };
        let (stream, sources) = yaml::read_str("", &text, &options)?;
        let Some(root) = stream.documents.first() else { return Ok(()) };
        let lines = Lines::of(&text, root, &sources);
        let mut comments = HashMap::new();
        for history in &histories {
            let line = root.lookup(&history.path).and_then(|node| lines.end_of(node, &sources));
            if let Some(line) = line {
                comments.insert(line, comment(&history.steps));
            }
        }
        let width = |line: &str| line.chars().count();
        let annotated = text.lines().zip(1..).filter(|(_, number)| comments.contains_key(number));
        let column = annotated.map(|(line, _)| width(line)).filter(|width| *width <= MAX_COLUMN).max();
        for (line, number) in text.lines().zip(1u32..) {
            out.push_str(line);
            if let Some(comment) = comments.get(&number) {
                let gap = column.unwrap_or(0).saturating_sub(width(line));
                let _ = write!(out, "{:gap$}  # {comment}", "");
            }
            out.push('\n');
        }
        Ok(())
    }
}

/// Where the values of a text stand.
struct Lines<'t> {
    text: &'t str,
    /// The lines on which a key or an item starts.
    starts: BTreeSet<u32>,
    count: u32,
}

impl<'t> Lines<'t> {
    fn of(text: &'t str, root: &Node, sources: &SourceMap) -> Self {
        let mut lines = Self { text, starts: BTreeSet::new(), count: text.lines().count() as u32 };
        lines.collect(root, sources);
        lines
    }

    fn collect(&mut self, node: &Node, sources: &SourceMap) {
        let mut start = |span| self.starts.extend(sources.locate(span).map(|place| place.line));
        if let Some(map) = node.as_map() {
            map.entries().iter().for_each(|entry| start(entry.key_span));
            map.iter().for_each(|(_, value)| self.collect(value, sources));
        } else if let Some(items) = node.as_seq() {
            items.iter().for_each(|item| start(item.span));
            items.iter().for_each(|item| self.collect(item, sources));
        }
    }

    /// The line behind which a comment on a value may stand: its last one, or the head of a block.
    fn end_of(&self, node: &Node, sources: &SourceMap) -> Option<u32> {
        let start = sources.locate(node.span)?.line;
        let is_block = self
            .text
            .get(node.span.offset() as usize..)
            .is_some_and(|value| node.as_str().is_some() && value.starts_with(['|', '>']));
        let next = self.starts.range(start + 1..).next().map_or(self.count, |next| next - 1);
        Some(if is_block { start } else { next })
    }
}

/// What a reader wants to know of the last step, and of those before it.
fn comment(steps: &[Step]) -> String {
    let Some((last, before)) = steps.split_last() else { return String::new() };
    let place = last.location.as_ref().or(last.requested_at.as_ref());
    let mut out = place.map_or("computed".to_owned(), ToString::to_string);
    let mut notes = Vec::new();
    if last.kind != StepKind::Resource {
        notes.push(last.kind.name().to_owned() + &request(last));
    }
    let mut seen = place;
    for step in before.iter().rev() {
        let what =
            if step.value == last.value { "also".to_owned() } else { format!("was {}", short(&step.value)) };
        let at = step.location.as_ref().filter(|place| Some(*place) != seen);
        seen = at.or(seen);
        notes.push(at.map_or(what.clone(), |at| format!("{what} at {at}")));
    }
    if !notes.is_empty() {
        let _ = write!(out, " ({})", notes.join("; "));
    }
    // A path may hold anything.
    out.replace(char::is_control, "?")
}

/// Where a step was asked for, if the place of its value does not tell.
fn request(step: &Step) -> String {
    let is_told = |place: &Location| step.location.as_ref().is_none_or(|value| value.path == place.path);
    let is_copied = matches!(step.kind, StepKind::Replacement | StepKind::Var | StepKind::Transformer);
    match step.requested_at.as_ref().filter(|place| is_copied && !is_told(place)) {
        Some(place) => format!(" by {place}"),
        None => String::new(),
    }
}

/// A value within a line.
fn short(value: &serde_json::Value) -> String {
    let text = match value.as_str() {
        Some(text) if !text.is_empty() && text.trim() == text && !text.contains(char::is_control) => {
            text.to_owned()
        }
        _ => value.to_string(),
    };
    match text.char_indices().nth(MAX_VALUE) {
        Some((end, _)) => format!("{}…", text.get(..end).unwrap_or(&text)),
        None => text,
    }
}
