//! Strategic-merge patches, as kyaml's `merge2` and `walk` apply them for kustomize v5.8.2.
//!
//! Kyaml walks the whole object, not only what the patch names: nulls that nothing spells (`key:`) go,
//! and lists that merge lose elements whose keys repeat. Both are kept here, as the output shows them.
//! Sub-trees that neither the patch nor that rule touches stay shared.

use std::borrow::Cow;

use crate::knowledge::openapi::{MergeSchema, Shape, Type};
use crate::node::{Entry, Map, Node, Path, Segment, SourceMap, Span, Text, Value};
use crate::yaml::{Dialect, parse_scalar};
use crate::{Diagnostic, Error, ErrorKind, Result};

use super::directive::{self, Directive};
use super::hint;

/// What became of the object.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use]
pub enum Outcome {
    /// The patch is in it.
    Merged,
    /// The patch says `$patch: delete`: the whole object goes.
    Deleted,
}

/// Merges `patch` into `target`.
///
/// Values that the patch sets keep the patch's spans, all others their own. Lists are merged by element
/// only where `schema` says so, with the patch's elements first; any other list is replaced. A null
/// deletes. `$patch: delete`, `replace` and `merge` do what they do in kustomize, which is nothing for
/// `replace` at the root and at elements of lists.
///
/// What kustomize swallows becomes a warning with its place: `patch-directive-ignored`,
/// `patch-directive-written` (it ends up in the output), `patch-delete-missing`,
/// `patch-type-kept` (a value stays text because the base quotes it), `list-element-dropped`.
///
/// # Errors
/// [`ErrorKind::Kustomize`] at the place in the patch: `patch-type-mismatch`, `patch-directive-unknown`;
/// [`ErrorKind::Limit`] `list-too-long` for a list of thousands of elements without keys. `target` may
/// then be patched in part.
pub fn strategic_merge(
    target: &mut Node,
    patch: &Node,
    schema: &MergeSchema,
    sources: &SourceMap,
    warnings: &mut Vec<Diagnostic>,
) -> Result<Outcome> {
    let mut merger = Merger { schema, sources, warnings, path: Path::new() };
    if let Some(map) = patch.as_map()
        && merger.directive_of_map(map)? == Some(Directive::Replace)
    {
        merger.warn(
            "patch-directive-ignored",
            map.get(directive::KEY).map_or(patch.span, |value| value.span),
            "kustomize ignores `$patch: replace` for a whole object, and with it the whole patch; \
             remove the line, or delete the object and add a new one",
        );
        merger.check_ignored(patch, &Shape::default())?;
        return Ok(Outcome::Merged);
    }
    match merger.merge(target, patch, &Shape::default())? {
        true => Ok(Outcome::Merged),
        false => Ok(Outcome::Deleted),
    }
}

/// What becomes of a node that is looked at from one side only.
pub(super) enum Settled {
    Same,
    Changed(Node),
    Gone,
}

impl Settled {
    /// The node that stays, if one does.
    pub(super) fn or(self, original: &Node) -> Option<Node> {
        match self {
            Self::Same => Some(original.clone()),
            Self::Changed(node) => Some(node),
            Self::Gone => None,
        }
    }
}

/// Why a node stands alone: the patch does not have it, or the base does not.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Side {
    /// In the base only.
    Base,
    /// In the patch only, at the point where the base ends: an unknown directive passes.
    Added,
    /// In the patch only, below that point or below `$patch: replace`.
    Below,
}

pub(super) struct Merger<'a> {
    pub(super) schema: &'a MergeSchema,
    pub(super) sources: &'a SourceMap,
    pub(super) warnings: &'a mut Vec<Diagnostic>,
    pub(super) path: Path,
}

impl<'a> Merger<'a> {
    /// Merges `patch` into `target`; false when the target is to go.
    pub(super) fn merge(&mut self, target: &mut Node, patch: &Node, shape: &Shape) -> Result<bool> {
        if patch.is_null() {
            return Ok(false);
        }
        if target.is_null() {
            return Ok(match self.settle(patch, shape, Side::Added)?.or(patch) {
                Some(node) => {
                    *target = node;
                    true
                }
                None => false,
            });
        }
        match (&target.value, &patch.value) {
            (Value::Map(_), Value::Map(entries)) => self.merge_maps(target, patch, entries, shape),
            (Value::Seq(_), Value::Seq(items)) => match &shape.keys {
                Some(keys) => self.merge_lists(target, patch, items, &keys.names(), &shape.element()),
                None => {
                    self.note_verbatim(patch);
                    *target = patch.clone();
                    Ok(true)
                }
            },
            (Value::Map(_) | Value::Seq(_), _) | (_, Value::Map(_) | Value::Seq(_)) => {
                Err(self.mismatch(target, patch))
            }
            _ => {
                *target = self.scalar(target, patch);
                Ok(true)
            }
        }
    }

    /// The patch's scalar. Kyaml keeps the style of the base: quotes, so that a number over quoted text
    /// becomes text, and the lack of them, so that a number over a number that was text by a patch is one.
    fn scalar(&mut self, target: &Node, patch: &Node) -> Node {
        let quoted = self.is_quoted(target);
        if matches!(patch.value, Value::String(_)) {
            let mut node = patch.clone();
            if quoted != self.is_quoted(patch) {
                node.span = self.sources.requoted(patch.span, quoted);
            }
            return node;
        }
        if !quoted {
            return patch.clone();
        }
        let text = patch.text().unwrap_or(Cow::Borrowed(""));
        if target.as_str() == Some(&text) {
            return target.clone();
        }
        self.warn(
            "patch-type-kept",
            patch.span,
            "the base writes this value in quotes and kustomize keeps them, so the patch's value becomes \
             text; put it in quotes if that is meant, else remove those of the base",
        );
        Node::string(text.into_owned(), self.sources.requoted(patch.span, true))
    }

    /// Whether quotes made a text one. Where the text that set it is gone, it may still be one that
    /// could not stand without.
    fn is_quoted(&self, node: &Node) -> bool {
        let Some(text) = node.as_str() else { return false };
        let file = node.span.file().and_then(|file| self.sources.file(file));
        let first = file.and_then(|file| file.text().as_bytes().get(node.span.offset() as usize).copied());
        if matches!(first, Some(b'"' | b'\'' | b'|' | b'>')) {
            return true;
        }
        let reads_as_text = matches!(parse_scalar(text, Dialect::Kyaml), Value::String(_));
        !reads_as_text && !self.sources.is_joined(node.span)
    }

    /// Finds the errors in a part of the patch that has no effect otherwise.
    pub(super) fn check_ignored(&mut self, patch: &Node, shape: &Shape) -> Result<()> {
        let warnings = self.warnings.len();
        self.settle(patch, shape, Side::Below)?;
        self.warnings.truncate(warnings);
        Ok(())
    }

    fn merge_maps(&mut self, target: &mut Node, patch: &Node, entries: &Map, shape: &Shape) -> Result<bool> {
        match self.directive_of_map(entries)? {
            Some(Directive::Delete) => return Ok(false),
            Some(Directive::Replace) => {
                return Ok(match self.settle(patch, shape, Side::Below)?.or(patch) {
                    Some(node) => {
                        *target = node;
                        true
                    }
                    None => false,
                });
            }
            _ => {}
        }
        let kind = shape.inner.clone().or_else(|| self.kind_of(target)).or_else(|| self.kind_of(patch));
        self.merge_fields(target, entries, kind.as_ref())?;
        Ok(true)
    }

    /// Merges the fields of a patch's mapping, its directive left out, into the base's mapping.
    pub(super) fn merge_fields(&mut self, target: &mut Node, patch: &Map, kind: Option<&Type>) -> Result<()> {
        let base = target.as_map().map(Map::entries).unwrap_or_default();
        let alone = base
            .iter()
            .filter(|entry| entry.key.as_str() == directive::KEY || !patch.contains_key(&entry.key));
        let mut changes = Changes::default();
        for entry in alone {
            changes.note(&entry.key, self.settle_field(entry, kind, Side::Base)?);
        }
        let mut patched =
            patch.entries().iter().filter(|entry| entry.key.as_str() != directive::KEY).peekable();
        if changes.is_empty() && patched.peek().is_none() {
            return Ok(());
        }
        let Some(map) = target.as_map_mut() else { return Ok(()) };
        for entry in patched {
            self.note_unsupported(entry);
            let mut shape = self.shape_of(kind, &entry.key);
            self.path.push(Segment::Key(entry.key.clone()));
            if entry.value.scalar().is_none() {
                let hint =
                    map.entry(&entry.key).and_then(|base| self.hint(base)).or_else(|| self.hint(entry));
                shape = hint.unwrap_or(shape);
            }
            match map.get_mut(&entry.key) {
                Some(value) => {
                    if !self.merge(value, &entry.value, &shape)? {
                        changes.gone.push(entry.key.clone());
                    }
                }
                None => {
                    if entry.value.is_null() {
                        self.warn_missing(entry.value.span);
                    }
                    if let Some(value) = self.settle(&entry.value, &shape, Side::Added)?.or(&entry.value) {
                        map.insert_entry(Entry { value, ..entry.clone() });
                    }
                }
            }
            self.path.pop();
        }
        changes.apply(map);
        Ok(())
    }

    /// What becomes of a node that only one side has.
    pub(super) fn settle(&mut self, node: &Node, shape: &Shape, side: Side) -> Result<Settled> {
        match &node.value {
            Value::Map(map) => self.settle_map(node, map, shape, side),
            Value::Seq(items) => match &shape.keys {
                Some(keys) => self.settle_list(node, items, &keys.names(), &shape.element(), side),
                None => {
                    if side != Side::Base {
                        self.note_verbatim(node);
                    }
                    Ok(Settled::Same)
                }
            },
            // A null of the base stays if it is spelled out.
            _ if node.is_null()
                && (side != Side::Base || node.text().is_some_and(|text| text.is_empty())) =>
            {
                Ok(Settled::Gone)
            }
            _ => Ok(Settled::Same),
        }
    }

    fn settle_map(&mut self, node: &Node, map: &Map, shape: &Shape, side: Side) -> Result<Settled> {
        let mut changes = Changes::default();
        if side != Side::Base
            && let Some(value) = map.get(directive::KEY)
        {
            match (Directive::of_map(map), side) {
                (Ok(Some(Directive::Delete)), _) => {
                    self.warn_missing(value.span);
                    return Ok(Settled::Gone);
                }
                (Ok(_), _) => changes.gone.push(Text::from(directive::KEY)),
                (Err(_), Side::Added) => self.warn_written(value.span, directive::KEY),
                (Err(value), _) => return Err(self.unknown_directive(value)),
            }
        }
        let kind = shape.inner.clone().or_else(|| self.kind_of(node));
        let below = if side == Side::Base { Side::Base } else { Side::Below };
        let stripped = !changes.is_empty();
        for entry in map.entries() {
            if stripped && entry.key.as_str() == directive::KEY {
                continue;
            }
            if side != Side::Base {
                self.note_unsupported(entry);
            }
            changes.note(&entry.key, self.settle_field(entry, kind.as_ref(), below)?);
        }
        if changes.is_empty() {
            return Ok(Settled::Same);
        }
        let mut node = node.clone();
        if let Some(map) = node.as_map_mut() {
            changes.apply(map);
        }
        Ok(Settled::Changed(node))
    }

    fn settle_field(&mut self, entry: &Entry, kind: Option<&Type>, side: Side) -> Result<Settled> {
        // Most values are plain and stay; they need no path.
        if matches!(entry.value.value, Value::String(_) | Value::Int(_) | Value::Bool(_)) {
            return Ok(Settled::Same);
        }
        self.path.push(Segment::Key(entry.key.clone()));
        let settled = self.settle(&entry.value, &self.shape_of(kind, &entry.key), side)?;
        self.path.pop();
        Ok(settled)
    }

    fn shape_of(&self, parent: Option<&Type>, name: &str) -> Shape {
        parent.map_or(Shape::default(), |parent| self.schema.field(parent, name))
    }

    /// What a comment at a field says of its list or mapping, in place of the schema.
    fn hint(&self, entry: &Entry) -> Option<Shape> {
        let source = self.sources.file(entry.key_span.file()?)?;
        let schema = hint::at(source.text(), entry.key_span.offset() as usize)?;
        Some(self.schema.shape(&schema))
    }

    /// The type of a mapping that says itself what it is.
    fn kind_of(&self, node: &Node) -> Option<Type> {
        let kind = node.get("kind")?.text()?;
        self.schema.kind(&node.get("apiVersion")?.text()?, &kind)
    }

    fn directive_of_map(&mut self, map: &Map) -> Result<Option<Directive>> {
        Directive::of_map(map).map_err(|value| self.unknown_directive(value))
    }

    pub(super) fn unknown_directive(&self, value: &Node) -> Error {
        self.error(
            "patch-directive-unknown",
            value.span,
            "`$patch` must be `delete`, `replace` or `merge`".to_owned(),
        )
    }

    pub(super) fn mismatch(&self, base: &Node, patch: &Node) -> Error {
        let place = self.sources.locate(base.span).map_or(String::new(), |place| format!(" at {place}"));
        self.error(
            "patch-type-mismatch",
            patch.span.or(base.span),
            format!(
                "the patch has {} where the base has {}{place}; make them the same, or delete the field with \
                 `null` in a patch of its own first",
                patch.type_name(),
                base.type_name()
            ),
        )
    }

    pub(super) fn error(&self, code: &'static str, span: Span, message: String) -> Error {
        let error = Error::new(ErrorKind::Kustomize, code, message).at(self.sources.locate(span));
        if self.path.is_empty() { error } else { error.context(&self.path) }
    }

    pub(super) fn warn(&mut self, code: &'static str, span: Span, message: impl std::fmt::Display) {
        let message =
            if self.path.is_empty() { message.to_string() } else { format!("{}: {message}", self.path) };
        self.warnings.push(Diagnostic::new(code, message).at(self.sources.locate(span)));
    }

    pub(super) fn warn_missing(&mut self, span: Span) {
        self.warn(
            "patch-delete-missing",
            span,
            "the patch deletes what the base does not have; remove the line",
        );
    }

    fn warn_written(&mut self, span: Span, key: &str) {
        self.warn(
            "patch-directive-written",
            span,
            format_args!(
                "kustomize does not act on `{key}` here and writes it to the output as an ordinary key; remove it"
            ),
        );
    }

    fn note_unsupported(&mut self, entry: &Entry) {
        if directive::is_unsupported(&entry.key) {
            self.warn_written(entry.key_span, &entry.key);
        }
    }

    /// Warns of directives in a part of the patch that is copied as it is.
    fn note_verbatim(&mut self, node: &Node) {
        match &node.value {
            Value::Seq(items) => items.iter().for_each(|item| self.note_verbatim(item)),
            Value::Map(map) => {
                for entry in map.entries() {
                    if entry.key.as_str() == directive::KEY || directive::is_unsupported(&entry.key) {
                        self.warn_written(entry.key_span, &entry.key);
                    }
                    self.note_verbatim(&entry.value);
                }
            }
            _ => {}
        }
    }
}

/// What is to happen to fields of a mapping once all were looked at.
#[derive(Default)]
struct Changes {
    gone: Vec<Text>,
    new: Vec<(Text, Node)>,
}

impl Changes {
    fn note(&mut self, key: &Text, settled: Settled) {
        match settled {
            Settled::Same => {}
            Settled::Changed(node) => self.new.push((key.clone(), node)),
            Settled::Gone => self.gone.push(key.clone()),
        }
    }

    fn is_empty(&self) -> bool {
        self.gone.is_empty() && self.new.is_empty()
    }

    fn apply(self, map: &mut Map) {
        for (key, node) in self.new {
            map.insert(key, node);
        }
        match self.gone.as_slice() {
            [] => {}
            [key] => drop(map.remove(key)),
            keys => {
                let gone: std::collections::HashSet<&str> = keys.iter().map(Text::as_str).collect();
                map.retain(|key, _| !gone.contains(key.as_str()));
            }
        }
    }
}
