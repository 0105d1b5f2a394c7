//! The history of every field: which steps of a build set it, to what, and which text says so.
//!
//! Trees are copied on write, so a build that keeps what each object was after each step pays only for
//! the paths that the step changed. No transformer keeps books: what a step did to a field is found by
//! comparing the trees before and after it, when somebody asks.

use std::collections::HashMap;

use crate::kustomize::accumulate::ResMap;
use crate::kustomize::load::Builder;
use crate::kustomize::resource::Resource;
use crate::node::{Location, Map, Node, Path, Segment, SourceMap, Span, Text, Value};
use crate::object::items::best_identity;
use crate::object::{Object, secret};
use crate::{Error, ErrorKind, Result};

use super::Build;

/// What kind of step of a build set a field.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, serde::Serialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub enum StepKind {
    /// A file of objects was read.
    Resource,
    /// An entry of `configMapGenerator` made the object, or was merged into it.
    ConfigMapGenerator,
    /// An entry of `secretGenerator` made the object, or was merged into it.
    SecretGenerator,
    /// An entry of `patches`, `patchesStrategicMerge` or `patchesJson6902`.
    Patch,
    /// `namespace`.
    Namespace,
    /// `namePrefix`.
    NamePrefix,
    /// `nameSuffix`.
    NameSuffix,
    /// An entry of `labels`, or `commonLabels`.
    Labels,
    /// `commonAnnotations`.
    Annotations,
    /// An entry of `images`.
    Images,
    /// An entry of `replicas`.
    Replicas,
    /// An entry of `replacements`.
    Replacement,
    /// An entry of `transformers` or `validators` that no field of a kustomization stands for.
    Transformer,
    /// The hash of the content at the end of a generated name.
    Hash,
    /// A reference took over the new name of the object that it names.
    NameReference,
    /// An entry of `vars`.
    Var,
    /// `commonMetadata` of a Flux Kustomization.
    CommonMetadata,
    /// What kustomize does to every object at the end: values of annotations become text.
    Finish,
}

impl StepKind {
    /// The kind's name as it appears in JSON, such as `namePrefix`.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Resource => "resource",
            Self::ConfigMapGenerator => "configMapGenerator",
            Self::SecretGenerator => "secretGenerator",
            Self::Patch => "patch",
            Self::Namespace => "namespace",
            Self::NamePrefix => "namePrefix",
            Self::NameSuffix => "nameSuffix",
            Self::Labels => "labels",
            Self::Annotations => "annotations",
            Self::Images => "images",
            Self::Replicas => "replicas",
            Self::Replacement => "replacement",
            Self::Transformer => "transformer",
            Self::Hash => "hash",
            Self::NameReference => "nameReference",
            Self::Var => "var",
            Self::CommonMetadata => "commonMetadata",
            Self::Finish => "finish",
        }
    }

    /// What a builtin plugin of this kind does.
    pub(crate) fn of_plugin(kind: &str) -> Self {
        match kind {
            "AnnotationsTransformer" => Self::Annotations,
            "LabelTransformer" => Self::Labels,
            "NamespaceTransformer" => Self::Namespace,
            "PrefixTransformer" => Self::NamePrefix,
            "SuffixTransformer" => Self::NameSuffix,
            "ImageTagTransformer" => Self::Images,
            "ReplicaCountTransformer" => Self::Replicas,
            "ReplacementTransformer" => Self::Replacement,
            "HashTransformer" => Self::Hash,
            "PatchTransformer" | "PatchJson6902Transformer" | "PatchStrategicMergeTransformer" => Self::Patch,
            _ => Self::Transformer,
        }
    }
}

/// One step of a field's history: who set the value, and to what.
#[derive(Clone, Debug, PartialEq, serde::Serialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct Step {
    /// What kind of step it was.
    pub kind: StepKind,
    /// The text that gave the value: a line of a base, of a patch, of a generator's file. `None` where
    /// none did. Of a mapping or list it is the text that made it, whatever changed in it since.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub location: Option<Location>,
    /// The entry that asked for the step, mostly in a `kustomization.yaml`: the entry of `resources`
    /// that lists the file, the entry of `patches`, `images` and so on. `None` for steps that nobody
    /// asks for (references that follow a name).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub requested_at: Option<Location>,
    /// The value after the step. Values of Secrets are masked.
    pub value: serde_json::Value,
}

/// The history of one field.
#[derive(Clone, Debug, PartialEq, serde::Serialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct FieldHistory {
    /// The way to the field; in JSON as `spec.containers[0].image`.
    pub path: Path,
    /// The same way as an RFC 6901 JSON pointer.
    pub pointer: String,
    /// What set it, the first step first; at least one.
    pub steps: Vec<Step>,
}

/// What changed an object, and where that was asked for.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Cause {
    kind: StepKind,
    span: Span,
}

/// What an object was after a step that changed it.
#[derive(Clone, Debug)]
pub(crate) struct Version {
    cause: Cause,
    node: Node,
}

impl Builder<'_> {
    /// Keeps what an object has become by a step, if the caller wants the history.
    pub(crate) fn remember(&self, resource: &mut Resource, kind: StepKind, span: Span) {
        if !self.options.history {
            return;
        }
        // The last version shares its memory with the object until something writes to it.
        if !resource.versions.last().is_some_and(|last| last.node.shares_with(&resource.node)) {
            let node = resource.node.clone();
            resource.versions.push(Version { cause: Cause { kind, span }, node });
        }
    }

    /// The same for all objects that a step may have changed.
    pub(crate) fn remember_all(&self, map: &mut ResMap, kind: StepKind, span: Span) {
        if self.options.history {
            map.iter_mut().for_each(|resource| self.remember(resource, kind, span));
        }
    }
}

/// The versions of all objects of a build.
#[derive(Clone, Debug, Default)]
pub(crate) struct History {
    /// By the address of the finished tree, which its last version keeps alive.
    objects: HashMap<usize, Vec<Version>>,
    /// Where each var is declared.
    vars: HashMap<Text, Span>,
}

impl History {
    pub(crate) fn new(resources: &mut [Resource], vars: HashMap<Text, Span>) -> Self {
        let versions =
            resources.iter_mut().filter_map(|r| Some((address(&r.node)?, std::mem::take(&mut r.versions))));
        Self { objects: versions.collect(), vars }
    }
}

fn address(node: &Node) -> Option<usize> {
    match &node.value {
        Value::Map(map) => Some(std::sync::Arc::as_ptr(map).addr()),
        _ => None,
    }
}

impl Build {
    /// What set the value at `path` of `object`, the first step first: base, then patch, generator,
    /// transformer … The last step gave the value that stands there now. A field that was removed and
    /// set anew starts there.
    ///
    /// For a mapping or a list, every step that changed anything in it. Items of lists are followed by
    /// the text that made them, by what names them, else by position. `object` is one of
    /// [`Build::objects`], unchanged; for another one, and for a path that leads nowhere, there is no
    /// step.
    ///
    /// # Errors
    /// [`ErrorKind::Argument`] `no-history` if the build did not record it ([`super::BuildOptions::history`]).
    pub fn history(&self, object: &Object, path: &Path) -> Result<Vec<Step>> {
        let Some(asked) = self.asked(object)? else { return Ok(Vec::new()) };
        let mut trail = Some(asked.root.clone());
        let mut field = "";
        for segment in path.segments() {
            trail = match (trail, segment) {
                (Some(trail), Segment::Key(key)) => {
                    field = key;
                    trail.key(key)
                }
                (Some(trail), Segment::Index(index)) => trail.items(field).into_iter().nth(*index),
                (None, _) => None,
            };
        }
        Ok(trail.map(|trail| asked.steps(trail.settled(), path)).unwrap_or_default())
    }

    /// The history of every scalar, empty mapping and empty list of `object`, in the order of its text.
    ///
    /// # Errors
    /// As [`Build::history`].
    pub fn field_histories(&self, object: &Object) -> Result<Vec<FieldHistory>> {
        let mut found = Vec::new();
        if let Some(asked) = self.asked(object)? {
            asked.leaves(asked.root.clone(), "", &mut Path::new(), &mut found);
        }
        Ok(found)
    }

    fn asked<'a>(&'a self, object: &'a Object) -> Result<Option<Asked<'a>>> {
        let Some(history) = &self.history else {
            let message = "this build did not record history; build with the option `history`";
            return Err(Error::new(ErrorKind::Argument, "no-history", message));
        };
        let versions = address(&object.node).and_then(|address| history.objects.get(&address));
        Ok(versions.map(|versions| {
            let is_secret = |node: &Node| node.get("kind").and_then(Node::as_str) == Some("Secret");
            // What was a Secret at any time is treated as one.
            let secret = versions.iter().any(|version| is_secret(&version.node));
            let mut root = Trail::default();
            versions.iter().for_each(|version| root.push(version.cause, &version.node));
            let kind = if secret { "Secret" } else { object.kind() };
            Asked { sources: &self.sources, vars: &history.vars, kind, root }
        }))
    }
}

/// One object that is asked about.
struct Asked<'a> {
    sources: &'a SourceMap,
    vars: &'a HashMap<Text, Span>,
    /// Decides what is secret.
    kind: &'a str,
    root: Trail<'a>,
}

impl Asked<'_> {
    fn leaves(&self, trail: Trail<'_>, field: &str, path: &mut Path, found: &mut Vec<FieldHistory>) {
        let node = trail.0.last().map(|(_, node)| *node);
        let map = node.and_then(Node::as_map).filter(|map| !map.is_empty());
        let items = node.and_then(Node::as_seq).filter(|items| !items.is_empty());
        if let Some(map) = map {
            for key in map.keys() {
                path.push(Segment::Key(key.clone()));
                if let Some(below) = trail.key(key) {
                    self.leaves(below, key, path, found);
                }
                path.pop();
            }
        } else if items.is_some() {
            for (at, below) in trail.items(field).into_iter().enumerate() {
                path.push(Segment::Index(at));
                self.leaves(below, field, path, found);
                path.pop();
            }
        } else {
            let steps = self.steps(trail.settled(), path);
            found.push(FieldHistory { path: path.clone(), pointer: path.to_json_pointer(), steps });
        }
    }

    fn steps(&self, trail: Trail<'_>, path: &Path) -> Vec<Step> {
        let is_secret = secret::is_secret(self.kind, path);
        let mut before: Option<&Node> = None;
        let steps = trail.0.into_iter().map(|(cause, node)| {
            let mut value = secret::shown(self.kind, path, node);
            if is_secret && value.is_string() && before.is_some_and(|before| before != node) {
                value = secret::MASK_CHANGED.into();
            }
            let requested = self.requested(cause, before);
            before = Some(node);
            Step {
                kind: cause.kind,
                location: self.sources.locate(node.span),
                requested_at: self.sources.locate(requested),
                value,
            }
        });
        steps.collect()
    }

    /// Where a step was asked for; of a var, where the one that the old text names is declared.
    fn requested(&self, cause: Cause, before: Option<&Node>) -> Span {
        let text = before.filter(|_| cause.kind == StepKind::Var).and_then(Node::text);
        let named = text.and_then(|text| {
            let names = text.split("$(").skip(1).filter_map(|rest| rest.split_once(')'));
            names.filter_map(|(name, _)| self.vars.get(name)).next().copied()
        });
        named.unwrap_or(cause.span)
    }
}

/// What stood at one place of an object after the steps that changed it, oldest first; never empty
/// where one is handed out.
#[derive(Clone, Default)]
struct Trail<'a>(Vec<(Cause, &'a Node)>);

impl<'a> Trail<'a> {
    /// Adds what stands there after a step, unless it obviously is what stood there before.
    fn push(&mut self, cause: Cause, node: &'a Node) {
        let same = |last: &Node| {
            last.span == node.span
                && (last.shares_with(node) || last.scalar().is_some_and(|old| Some(old) == node.scalar()))
        };
        if !self.0.last().is_some_and(|(_, last)| same(last)) {
            self.0.push((cause, node));
        }
    }

    /// What stood under a key. What was removed in between has no part in what stands there now.
    fn key(&self, key: &str) -> Option<Self> {
        let mut below = Self::default();
        for (cause, node) in &self.0 {
            match node.get(key) {
                Some(value) => below.push(*cause, value),
                None => below.0.clear(),
            }
        }
        (!below.0.is_empty()).then_some(below)
    }

    /// What each item of the present list was.
    fn items(&self, field: &str) -> Vec<Self> {
        let mut newest_first = self.0.iter().rev().map_while(|(cause, node)| Some((*cause, node.as_seq()?)));
        let Some((cause, mut after)) = newest_first.next() else { return Vec::new() };
        let mut found: Vec<Vec<(Cause, &Node)>> = after.iter().map(|item| vec![(cause, item)]).collect();
        // Where each item stands in `after`, while it is there.
        let mut places: Vec<Option<usize>> = (0..after.len()).map(Some).collect();
        for (cause, before) in newest_first {
            let matched = matching(field, before, after);
            for (place, found) in places.iter_mut().zip(&mut found) {
                *place = place.and_then(|at| matched.get(at).copied().flatten());
                if let Some(item) = place.and_then(|at| before.get(at)) {
                    found.push((cause, item));
                }
            }
            after = before;
        }
        let trails = found.into_iter().map(|found| {
            let mut trail = Self::default();
            found.into_iter().rev().for_each(|(cause, item)| trail.push(cause, item));
            trail
        });
        trails.collect()
    }

    /// Without the steps that changed nothing here, however deep one has to look.
    fn settled(self) -> Self {
        let mut settled = Self::default();
        for (cause, node) in self.0 {
            if !settled.0.last().is_some_and(|(_, last)| identical(last, node)) {
                settled.0.push((cause, node));
            }
        }
        settled
    }
}

/// Whether two trees are equal and set by the same texts.
fn identical(a: &Node, b: &Node) -> bool {
    let same_values = |a: &Map, b: &Map| {
        a.len() == b.len()
            && a.iter().all(|(key, value)| b.get(key).is_some_and(|other| identical(value, other)))
    };
    a.span == b.span
        && (a.shares_with(b)
            || match (&a.value, &b.value) {
                (Value::Map(a), Value::Map(b)) => same_values(a, b),
                (Value::Seq(a), Value::Seq(b)) => {
                    a.len() == b.len() && a.iter().zip(b.iter()).all(|(a, b)| identical(a, b))
                }
                (Value::Map(_) | Value::Seq(_), _) | (_, Value::Map(_) | Value::Seq(_)) => false,
                _ => a.scalar() == b.scalar(),
            })
}

/// For each item of `after`, the item of `before` that it was: the one of the same text, of the same
/// name, or at the same position where items have no names.
fn matching(field: &str, before: &[Node], after: &[Node]) -> Vec<Option<usize>> {
    let (in_before, in_after) = (by_span(before), by_span(after));
    let mut taken = vec![false; before.len()];
    let mut take = |at: usize| taken.get_mut(at).is_some_and(|taken| !std::mem::replace(taken, true));
    let mut found: Vec<Option<usize>> = after
        .iter()
        .map(|item| {
            in_after.get(&item.span)?.as_ref()?;
            in_before.get(&item.span).copied().flatten().filter(|at| take(*at))
        })
        .collect();
    if found.iter().all(Option::is_some) {
        return found;
    }
    match best_identity(field, before, after) {
        Some(names) => {
            let places: HashMap<&String, usize> =
                names.before.iter().enumerate().map(|(at, name)| (name, at)).collect();
            for (slot, name) in found.iter_mut().zip(&names.after) {
                *slot = slot.or_else(|| places.get(name).copied().filter(|at| take(*at)));
            }
        }
        None => {
            for (at, slot) in found.iter_mut().enumerate() {
                *slot = slot.or_else(|| Some(at).filter(|at| take(*at)));
            }
        }
    }
    found
}

/// The position of the one item that each text made; `None` for a text that made several.
fn by_span(items: &[Node]) -> HashMap<Span, Option<usize>> {
    let mut found = HashMap::with_capacity(items.len());
    for (at, item) in items.iter().enumerate().filter(|(_, item)| item.span != Span::NONE) {
        found.entry(item.span).and_modify(|known| *known = None).or_insert(Some(at));
    }
    found
}
