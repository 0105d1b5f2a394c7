//! `patches`, `patchesStrategicMerge` and `patchesJson6902`: which objects they are for, and how they
//! are read. The merge engines themselves are in [`crate::kustomize::patch`].

use std::sync::Arc;

use crate::knowledge::openapi::MergeSchema;
use crate::kustomize::accumulate::{ResMap, first_clash};
use crate::kustomize::decode::Spanned;
use crate::kustomize::kustomization::Patch;
use crate::kustomize::load::Builder;
use crate::kustomize::patch::json6902::{self, JsonPatch};
use crate::kustomize::patch::{self, Outcome, PatchOptions};
use crate::kustomize::resource::{ResId, Resource};
use crate::kustomize::selector::Selector;
use crate::kustomize::shared::Lists;
use crate::node::{FileId, Node, Plain, Span, Text, Value};
use crate::yaml::Dialect;
use crate::{Error, ErrorKind, Result};

/// The text of a patch, ready to be read in either dialect.
struct PatchText {
    file: FileId,
    /// Where the kustomization asks for it.
    span: Span,
}

/// What a patch turned out to be.
enum Parsed {
    Empty,
    Merge(Vec<Node>),
    /// Or what is wrong with an operation, which matters only where the patch is applied.
    Json(Result<JsonPatch>),
}

impl Builder<'_> {
    /// One entry of `patches`.
    pub(crate) fn patch(&mut self, map: &mut ResMap, entry: &Patch) -> Result<()> {
        let text =
            self.patch_text(&Patch { patch: entry.patch.clone().and_then(trimmed), ..entry.clone() })?;
        match self.parse_patch(&text)? {
            Parsed::Empty => {
                self.warn(text.span, "empty-patch", "the patch is empty and changes nothing");
                Ok(())
            }
            Parsed::Merge(patches) => match &entry.target {
                Some(target) => {
                    let [patch] = patches.as_slice() else {
                        let message = "several strategic-merge patches in one entry cannot share a `target`; give each an entry of its own";
                        return Err(self.error(text.span, "several-patches", message));
                    };
                    let selected = self.select(map, target)?;
                    self.merge_into(map, &selected, patch, entry, true)
                }
                None => {
                    for patch in &patches {
                        let at = self.target_of(map, patch)?;
                        self.merge_into(map, &[at], patch, entry, false)?;
                    }
                    Ok(())
                }
            },
            Parsed::Json(patch) => {
                let Some(target) = &entry.target else {
                    let message = "a JSON patch needs a `target` that says which objects it is for";
                    return Err(self.error(text.span, "patch-without-target", message));
                };
                let selected = self.select(map, target)?;
                self.apply_json(map, &selected, &patch, true)
            }
        }
    }

    /// One entry of the deprecated `patchesStrategicMerge`: a path, or the patch itself.
    pub(crate) fn patch_strategic_merge(&mut self, map: &mut ResMap, entry: &Spanned) -> Result<()> {
        let inline = entry.text.contains('\n') || entry.text.contains(": ") || entry.text.contains('{');
        let documents = if inline {
            let file = self.sources().add_embedded(entry.span, entry.text.clone());
            self.parse_merge_patch(file)?
        } else {
            let (path, content) = self.load(entry)?;
            match self.documents(&path, &content, Dialect::Kyaml) {
                Err(error) if error.code() == "duplicate-key" => {
                    let file = self.source(&path, &content)?;
                    self.parse_merge_patch(file)?
                }
                documents => documents?,
            }
        };
        let patches = self.objects(&documents)?;
        if patches.is_empty() {
            return Err(self.error(entry.span, "empty-patch", "the patch is empty"));
        }
        let entry = Patch {
            span: entry.span,
            path: None,
            patch: None,
            target: None,
            allow_name_change: false,
            allow_kind_change: false,
        };
        for patch in &patches {
            let at = self.target_of(map, patch)?;
            self.merge_into(map, &[at], patch, &entry, true)?;
        }
        Ok(())
    }

    /// One entry of the deprecated `patchesJson6902`.
    pub(crate) fn patch_json6902(&mut self, map: &mut ResMap, entry: &Patch) -> Result<()> {
        let Some(target) = entry.target.as_ref().filter(|target| target.name.is_some()) else {
            let message = "an entry of patchesJson6902 needs a `target` with a `name`";
            return Err(self.error(entry.span, "patch-without-target", message));
        };
        let text = self.patch_text(entry)?;
        let patch = match self.parse_patch(&text)? {
            Parsed::Json(patch) if !patch.as_ref().is_ok_and(JsonPatch::is_empty) => patch,
            Parsed::Json(_) | Parsed::Empty => {
                return Err(self.error(text.span, "empty-patch", "the patch is empty"));
            }
            Parsed::Merge(_) => {
                let message =
                    "a JSON patch is a list of operations; this is a mapping, which belongs under `patches`";
                return Err(self.error(text.span, "not-a-json-patch", message));
            }
        };
        let selected = self.select(map, target)?;
        self.apply_json(map, &selected, &patch, false)
    }

    fn patch_text(&mut self, entry: &Patch) -> Result<PatchText> {
        match (&entry.path, &entry.patch) {
            (Some(_), Some(patch)) => {
                let message = "`path` and `patch` cannot both be set; remove one";
                Err(self.error(patch.span, "path-and-patch", message))
            }
            (None, None) => {
                let message = "a patch needs `path` or `patch`";
                Err(self.error(entry.span, "neither-path-nor-patch", message))
            }
            (Some(path), None) => {
                let (file_path, content) = self.load(path)?;
                Ok(PatchText { file: self.source(&file_path, &content)?, span: path.span })
            }
            (None, Some(patch)) => {
                let file = self.sources().add_embedded(patch.span, patch.text.clone());
                Ok(PatchText { file, span: patch.span })
            }
        }
    }

    /// Reads a patch as what it is: a list is a JSON patch (YAML 1.1), mappings are merged (YAML 1.2).
    fn parse_patch(&mut self, text: &PatchText) -> Result<Parsed> {
        let documents = match self.parse_merge_patch(text.file) {
            // A JSON patch may hold what an object may not, such as a key that stands twice.
            Err(error) => match self.parse(text.file, Dialect::Kubectl) {
                Ok(documents) if documents.first().is_some_and(Node::is_seq) => documents,
                _ => return Err(error),
            },
            documents => documents?,
        };
        let Some(first) = documents.iter().find(|document| !document.is_null()) else {
            return Ok(Parsed::Empty);
        };
        if first.is_seq() {
            self.check_json(text)?;
            let documents = self.parse(text.file, Dialect::Kubectl)?;
            self.check_single(&documents);
            let first = documents.first().cloned().unwrap_or_default();
            self.check_booleans(&first);
            let patch = json6902::parse(&first, self.sources());
            return match patch {
                Err(error) if !matches!(error.code(), "json-patch-unknown-op" | "json-patch-operation") => {
                    Err(error)
                }
                patch => Ok(Parsed::Json(patch)),
            };
        }
        if !first.is_map() {
            let message = format!(
                "a patch is a mapping (strategic merge) or a list of operations (JSON patch), but this is {}",
                first.type_name()
            );
            return Err(self.error(text.span, "not-a-patch", message));
        }
        let patches = self.objects(&documents)?;
        Ok(if patches.is_empty() { Parsed::Empty } else { Parsed::Merge(patches) })
    }

    /// Says which texts of a JSON patch are booleans only here: a manifest says `true` or `false`.
    fn check_booleans(&mut self, node: &Node) {
        match &node.value {
            Value::Seq(items) => items.iter().for_each(|item| self.check_booleans(item)),
            Value::Map(map) => map.iter().for_each(|(_, value)| self.check_booleans(value)),
            Value::Plain(plain) if !matches!(&*plain.text().to_ascii_lowercase(), "true" | "false") => {
                if let Some(value) = node.as_bool() {
                    let message = format!(
                        "`{}` is {value} here, and text in a manifest; write {value}, or put quotes around it",
                        plain.text()
                    );
                    self.warn(node.span, "yaml11-boolean", message);
                }
            }
            _ => {}
        }
    }

    /// Kustomize takes a patch that starts with `[` for JSON, not for YAML in brackets.
    fn check_json(&self, text: &PatchText) -> Result<()> {
        let Some(source) = self.sources().file(text.file) else { return Ok(()) };
        if !source.text().starts_with('[') {
            return Ok(());
        }
        serde_json::from_str::<serde::de::IgnoredAny>(source.text()).map(drop).map_err(|error| {
            let message = format!(
                "a patch that starts with `[` must be JSON, and this is not ({error}); write the list with dashes instead"
            );
            self.error(text.span, "not-a-json-patch", message)
        })
    }

    /// The one object that a patch without a target names.
    fn target_of(&self, map: &ResMap, patch: &Node) -> Result<usize> {
        let id = Resource::new(patch.clone(), &self.schema.scopes).id();
        match map.find_any(&id).as_slice() {
            [at] => Ok(*at),
            [] => {
                let hint = near_miss(map, &id);
                let message = format!("no object is {id}, which this patch is for{hint}");
                Err(self.error(patch.span, "patch-target-not-found", message))
            }
            several => {
                let message = format!(
                    "{} objects are or were {id}; give the patch a `target` that tells them apart",
                    several.len()
                );
                Err(self.error(patch.span, "several-targets", message))
            }
        }
    }

    fn merge_into(
        &mut self,
        map: &mut ResMap,
        selected: &[usize],
        patch: &Node,
        entry: &Patch,
        has_target: bool,
    ) -> Result<()> {
        let (mut deleted, mut notes) = (Vec::new(), Vec::new());
        // Kustomize needs the schema only where there is something to patch.
        let schema = if selected.is_empty() { MergeSchema::default() } else { self.merge_schema()? };
        let sources = self.sources().clone();
        let options = PatchOptions {
            allow_name_change: entry.allow_name_change,
            allow_kind_change: entry.allow_kind_change,
            has_target,
        };
        for at in selected {
            let Some(resource) = map.get_mut(*at) else { continue };
            if entry.allow_name_change || entry.allow_kind_change {
                resource.store_previous_id();
            }
            let id = resource.id();
            let outcome = resource
                .changing(Lists::Move, |resource| {
                    patch::merge_object(&mut resource.node, patch, options, &schema, &sources, &mut notes)
                })
                .map_err(|error| error.context(id))?;
            if outcome == Outcome::Deleted {
                deleted.push(*at);
            }
        }
        self.note(notes);
        if !deleted.is_empty() {
            let mut at = 0;
            map.retain(|_| {
                at += 1;
                !deleted.contains(&(at - 1))
            });
        }
        map.changed();
        // With a target kustomize puts all objects together anew, and then refuses two with one id.
        if entry.allow_name_change || entry.allow_kind_change || (has_target && map.renamed) {
            self.check_ids(map)?;
        }
        Ok(())
    }

    fn check_ids(&self, map: &ResMap) -> Result<()> {
        let Some(resource) = first_clash(map).and_then(|at| map.get(at)) else { return Ok(()) };
        let message = format!("the patch gives two objects the id {}", resource.id());
        Err(self.error(resource.span(), "id-conflict", message))
    }

    fn apply_json(
        &mut self,
        map: &mut ResMap,
        selected: &[usize],
        patch: &Result<JsonPatch>,
        remember: bool,
    ) -> Result<()> {
        if selected.is_empty() {
            return Ok(());
        }
        let patch = patch.as_ref().map_err(Error::clone)?;
        let mut renamed = false;
        let mut notes = Vec::new();
        let sources = self.sources().clone();
        for at in selected {
            let Some(resource) = map.get_mut(*at) else { continue };
            if remember {
                resource.store_previous_id();
            }
            let id = resource.id();
            if let Some(span) = json6902::not_json(&resource.node) {
                let message =
                    "a JSON patch needs an object of JSON, which has no infinite number and no `.nan`";
                return Err(Error::new(ErrorKind::Kustomize, "not-json-number", message)
                    .context(id)
                    .at(sources.locate(span)));
            }
            // The annotations of kustomize's bookkeeping show in what a patch may add to.
            let applied = if resource.has_bookkeeping() {
                patch::json_patch_object(&mut resource.node, patch, &sources, &mut notes)
            } else {
                json6902::apply(patch, &mut resource.node, &sources, &mut notes)
            };
            applied.map_err(|error| error.context(&id))?;
            resource.shared.clear();
            spell_nulls(&mut resource.node);
            renamed |= resource.id() != id;
            if patch.copies() {
                self.grow_copies(&resource.node, resource.span()).map_err(|error| error.context(id))?;
            }
        }
        self.note(notes);
        map.renamed |= renamed;
        map.changed();
        Ok(())
    }

    /// The objects that a target selects. That none is selected is silent in kustomize.
    fn select(&mut self, map: &ResMap, target: &Selector) -> Result<Vec<usize>> {
        let matcher = self.matcher(target)?;
        let selected = map.iter().enumerate().filter(|(_, resource)| matcher.selects(resource));
        let selected: Vec<usize> = selected.map(|(at, _)| at).collect();
        if selected.is_empty() {
            let message =
                format!("no object is {target}, which this target asks for, so the patch changes nothing");
            self.warn(target.span.unwrap_or(Span::NONE), "patch-target-matches-nothing", message);
        }
        Ok(selected)
    }
}

/// A JSON patch makes the object anew from JSON, where every null is spelled out.
fn spell_nulls(node: &mut Node) {
    fn has_silent(node: &Node) -> bool {
        match &node.value {
            Value::Seq(items) => items.iter().any(has_silent),
            Value::Map(map) => map.iter().any(|(_, value)| has_silent(value)),
            Value::Null => true,
            _ => false,
        }
    }
    if !has_silent(node) {
        return;
    }
    match &mut node.value {
        Value::Seq(items) => Arc::make_mut(items).iter_mut().for_each(spell_nulls),
        Value::Map(map) => Arc::make_mut(map).values_mut().for_each(|(_, value)| spell_nulls(value)),
        value => *value = Value::Plain(Arc::new(Plain::null("null"))),
    }
}

/// A text without blanks around it, which is how kustomize reads `patches[].patch`; `None` if nothing is
/// left.
fn trimmed(text: Spanned) -> Option<Spanned> {
    let inner = text.text.trim();
    match inner.len() {
        0 => None,
        len if len == text.text.len() => Some(text),
        _ => Some(Spanned { text: Text::from(inner), span: text.span }),
    }
}

/// A hint at the object that was probably meant.
fn near_miss(map: &ResMap, id: &ResId) -> String {
    let same_name = map.iter().map(Resource::id).find(|other| other.name == id.name && other.kind == id.kind);
    match same_name {
        Some(other) if other.api_version != id.api_version => {
            format!("; there is one of {}", other.api_version)
        }
        Some(other) => format!("; there is one in namespace {}", other.namespace),
        None => String::new(),
    }
}
