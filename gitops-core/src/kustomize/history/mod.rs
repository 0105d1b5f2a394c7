//! The history of every field: which steps of a build set it, to what, and which text says so.
//!
//! Trees are copied on write, so a build that keeps what each object was after each step pays only for
//! the paths that the step changed. No transformer keeps books: what a step did to a field is found by
//! comparing the trees before and after it, when somebody asks.

use std::collections::HashMap;

use crate::kustomize::accumulate::ResMap;
use crate::kustomize::load::Builder;
use crate::kustomize::resource::Resource;
use crate::node::{Location, Node, Path, Segment, SourceMap, Span, Text, Value};
use crate::object::{Object, secret};
use crate::{Error, ErrorKind, Result};

use super::Build;

#[cfg(test)]
mod tests;
mod trail;

use trail::Trail;

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
    /// The label that `buildMetadata: [managedByLabel]` adds. Its annotations come with the steps that they
    /// tell of.
    BuildMetadata,
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
            Self::BuildMetadata => "buildMetadata",
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
            Asked { sources: &self.sources, vars: &history.vars, copies: &self.secret_copies, kind, root }
        }))
    }
}

/// One object that is asked about.
struct Asked<'a> {
    sources: &'a SourceMap,
    vars: &'a HashMap<Text, Span>,
    /// Decides, with the kind, what is secret.
    copies: &'a secret::Copies,
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
            let mut value = secret::shown_without(self.kind, path, node, self.copies);
            let is_secret = is_secret || self.copies.hides_node(node);
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
