//! The pipeline: what a kustomization accumulates, and in which order it is transformed.
//!
//! The order is that of `api/internal/target/kusttarget.go` in kustomize v5.8.2: resources, generators,
//! components, then the transformers in a fixed order; names are completed once, at the root.

use std::collections::{HashMap, HashSet};

use crate::files::FileKind;
use crate::kustomize::config::{Slot, TransformConfig};
use crate::kustomize::decode::Spanned;
use crate::kustomize::history::StepKind;
use crate::kustomize::kustomization::{Kind, Kustomization, SortOptions};
use crate::kustomize::load::Builder;
use crate::kustomize::remote::{RepoSpec, is_remote_file};
use crate::kustomize::resource::{Behavior, ORIGIN, ResId, Resource, as_text};
use crate::kustomize::transform::{NamespaceChange, Subjects};
use crate::kustomize::vars::Var;
use crate::kustomize::{nameref, sort};
use crate::node::{Map, Node, Span, Text};
use crate::yaml::Dialect;
use crate::{Error, ErrorKind, Result};

/// The objects accumulated so far, in order, no two with the same id.
#[derive(Debug, Default)]
pub(crate) struct ResMap {
    resources: Vec<Resource>,
    /// Where transformers write; grows with every kustomization.
    pub(crate) config: TransformConfig,
    /// What `$(NAME)` stands for.
    pub(crate) vars: Vec<Var>,
    /// Whether patches or replacements gave objects other ids, so that two may have the same.
    pub(crate) renamed: bool,
    /// Position by present id; `None` when something may have changed ids.
    index: Option<HashMap<ResId, usize>>,
}

impl ResMap {
    pub(crate) fn len(&self) -> usize {
        self.resources.len()
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &Resource> {
        self.resources.iter()
    }

    /// The objects for writing. Call [`ResMap::changed`] if ids may change.
    pub(crate) fn iter_mut(&mut self) -> impl Iterator<Item = &mut Resource> {
        self.resources.iter_mut()
    }

    pub(crate) fn get(&self, at: usize) -> Option<&Resource> {
        self.resources.get(at)
    }

    pub(crate) fn get_mut(&mut self, at: usize) -> Option<&mut Resource> {
        self.resources.get_mut(at)
    }

    /// Says that ids may have changed.
    pub(crate) fn changed(&mut self) {
        self.index = None;
    }

    fn index(&mut self) -> &mut HashMap<ResId, usize> {
        let resources = &self.resources;
        self.index.get_or_insert_with(|| {
            resources.iter().enumerate().map(|(at, resource)| (resource.id(), at)).collect()
        })
    }

    /// The object with this present id.
    pub(crate) fn find(&mut self, id: &ResId) -> Option<usize> {
        self.index().get(id).copied()
    }

    /// The objects that have or had this id.
    pub(crate) fn find_any(&self, id: &ResId) -> Vec<usize> {
        let matches = |resource: &Resource| {
            let had = resource.previous.iter().any(|previous| {
                previous.name == id.name && previous.kind == id.kind && previous.namespace == id.namespace
            });
            (had && resource.api_version() == id.api_version)
                || (resource.is_named(&id.name) && resource.id() == *id)
        };
        let found = self.resources.iter().enumerate().filter(|(_, resource)| matches(resource));
        found.map(|(at, _)| at).collect()
    }

    fn push(&mut self, resource: Resource) {
        let (id, at) = (resource.id(), self.resources.len());
        self.index().insert(id, at);
        self.resources.push(resource);
    }

    /// Keeps what `keep` accepts.
    pub(crate) fn retain(&mut self, keep: impl FnMut(&Resource) -> bool) {
        self.resources.retain(keep);
        self.changed();
    }
}

impl Builder<'_> {
    /// Builds the kustomization in `dir` from reading to the finished objects.
    pub(crate) fn run(&mut self, dir: &str) -> Result<Vec<Resource>> {
        self.enter_first(dir)?;
        let mut root = if self.options.generate && !self.has_kustomization(self.dir())? {
            let dir = self.dir().to_owned();
            self.generated(&dir)?
        } else {
            self.kustomization(None, None)?
        };
        let flux = self.flux()?;
        if let Some(flux) = &flux {
            flux.extend(&mut root);
        }
        self.start_origins(&root);
        let mut map = self.accumulate(&root, ResMap::default())?;
        self.leave();
        self.add_hashes(&mut map)?;
        nameref::fix(self, &mut map)?;
        self.remember_all(&mut map, StepKind::NameReference, Span::NONE);
        self.resolve_vars(&mut map)?;
        self.finish(&mut map, &root)?;
        self.remember_all(&mut map, StepKind::Finish, Span::NONE);
        if let Some(flux) = &flux {
            self.set_common_metadata(&mut map, flux);
        }
        let mut resources = map.resources;
        match &root.sort_options {
            Some(SortOptions::Fifo) => {}
            Some(SortOptions::Legacy(lists)) => sort::legacy(&mut resources, lists.as_ref()),
            None if self.options.keep_order => {}
            None => sort::legacy(&mut resources, None),
        }
        Ok(resources)
    }

    /// Everything that one kustomization stands for; a component works on the objects of its parent.
    fn accumulate(&mut self, k: &Kustomization, mut map: ResMap) -> Result<ResMap> {
        if self.set_schema(k)? {
            map.changed();
        }
        for entry in &k.resources {
            map = self.accumulate_entry(entry, map)?;
        }
        let config = self.configuration(&k.configurations)?;
        let span = k.configurations.first().map(|entry| entry.span).or(k.span).unwrap_or(Span::NONE);
        self.merge_config(&mut map, &config, span)?;
        if let Some(first) = k.crds.first() {
            let config = self.crds(&k.crds)?;
            self.merge_config(&mut map, &config, first.span)?;
        }
        for (generators, secret) in [(&k.config_maps, false), (&k.secrets, true)] {
            let plugin = if secret { "SecretGenerator" } else { "ConfigMapGenerator" };
            let origin = self.field_origin(k, plugin);
            for generator in generators {
                let mut resource = self.generate(generator, &k.generator_options, secret)?;
                self.note_generated(&mut resource, origin.as_ref());
                self.absorb(&mut map, resource, generator.span)?;
            }
        }
        if !k.generators.is_empty() {
            for (resource, span) in self.run_generators(k)? {
                self.absorb(&mut map, resource, span)?;
            }
        }
        for entry in &k.components {
            self.enter_directory(entry, "components")?;
            let component = self.kustomization(Some(Kind::Component), Some(entry))?;
            map = self.accumulate(&component, map)?;
            self.leave();
            if let Some(resource) = first_clash(&map).and_then(|at| map.get(at)) {
                let message = format!("this component leaves two objects with the id {}", resource.id());
                return Err(self.error(entry.span, "duplicate-object", message));
            }
            // Kustomize merges what the component leaves into an empty accumulator.
            let config = std::mem::take(&mut map.config);
            self.merge_config(&mut map, &config, entry.span)?;
        }
        self.transform(k, &mut map)?;
        self.run_transformers(&mut map, k)?;
        self.run_validators(&mut map, k)?;
        self.declare_vars(&mut map, &k.vars)?;
        Ok(map)
    }

    fn transform(&mut self, k: &Kustomization, map: &mut ResMap) -> Result<()> {
        let config = map.config.clone();
        let fields = |slot| config.fields(slot);
        let origin = |builder: &Self, plugin| builder.field_origin(k, plugin);
        for entry in &k.patches_strategic_merge {
            self.patch_strategic_merge(map, entry)?;
            self.remember_all(map, StepKind::Patch, entry.span);
        }
        if !k.patches_strategic_merge.is_empty() {
            self.note_transformer(map, origin(self, "PatchStrategicMergeTransformer").as_ref())?;
            let last = k.patches_strategic_merge.last();
            self.remember_all(map, StepKind::Patch, last.map_or(Span::NONE, |entry| entry.span));
        }
        for patch in &k.patches {
            self.patch(map, patch)?;
            self.note_transformer(map, origin(self, "PatchTransformer").as_ref())?;
            self.remember_all(map, StepKind::Patch, patch.span);
        }
        if let Some(namespace) = &k.namespace {
            let change = NamespaceChange {
                namespace,
                specs: fields(Slot::Namespace),
                unset_only: false,
                subjects: Subjects::default(),
            };
            self.set_namespace(map, &change)?;
            self.note_transformer(map, origin(self, "NamespaceTransformer").as_ref())?;
            self.remember_all(map, StepKind::Namespace, namespace.span);
        }
        if let Some(prefix) = &k.name_prefix {
            self.affix_names(map, prefix, true, fields(Slot::NamePrefix))?;
            self.note_transformer(map, origin(self, "PrefixTransformer").as_ref())?;
            self.remember_all(map, StepKind::NamePrefix, prefix.span);
        }
        if let Some(suffix) = &k.name_suffix {
            self.affix_names(map, suffix, false, fields(Slot::NameSuffix))?;
            self.note_transformer(map, origin(self, "SuffixTransformer").as_ref())?;
            self.remember_all(map, StepKind::NameSuffix, suffix.span);
        }
        for label in &k.labels {
            self.add_label_entry(map, label, &config)?;
            self.note_transformer(map, origin(self, "LabelTransformer").as_ref())?;
            self.remember_all(map, StepKind::Labels, start(&label.pairs));
        }
        self.add_entries(map, &k.common_labels, fields(Slot::CommonLabels))?;
        // Kustomize runs it for `labels` too, with nothing to add.
        if !k.labels.is_empty() || !k.common_labels.is_empty() {
            self.note_transformer(map, origin(self, "LabelTransformer").as_ref())?;
            self.remember_all(map, StepKind::Labels, start(&k.common_labels));
        }
        self.add_entries(map, &k.common_annotations, fields(Slot::CommonAnnotations))?;
        if !k.common_annotations.is_empty() {
            self.note_transformer(map, origin(self, "AnnotationsTransformer").as_ref())?;
            self.remember_all(map, StepKind::Annotations, start(&k.common_annotations));
        }
        for patch in &k.patches_json6902 {
            self.patch_json6902(map, patch)?;
            self.note_transformer(map, origin(self, "PatchJson6902Transformer").as_ref())?;
            self.remember_all(map, StepKind::Patch, patch.span);
        }
        for replica in &k.replicas {
            self.set_replicas(map, replica, fields(Slot::Replicas))?;
            self.note_transformer(map, origin(self, "ReplicaCountTransformer").as_ref())?;
            self.remember_all(map, StepKind::Replicas, replica.name.span);
        }
        for image in &k.images {
            self.set_image(map, image, fields(Slot::Images))?;
            self.note_transformer(map, origin(self, "ImageTagTransformer").as_ref())?;
            self.remember_all(map, StepKind::Images, image.name.span);
        }
        self.replace(map, &k.replacements)?;
        if !k.replacements.is_empty() {
            self.note_transformer(map, origin(self, "ReplacementTransformer").as_ref())?;
        }
        Ok(())
    }

    /// One entry of `resources`: a file of objects, or a directory with a kustomization.
    pub(crate) fn accumulate_entry(&mut self, entry: &Spanned, mut map: ResMap) -> Result<ResMap> {
        if entry.text.is_empty() {
            return Err(self.error(entry.span, "empty-entry", "an entry of `resources` is empty"));
        }
        let found = self.locate_entry(entry).and_then(|path| Ok((self.files.kind(&path)?, path)));
        match found {
            found if matches!(found, Ok((Some(FileKind::File), _))) || self.is_file_on_network(entry)? => {
                let (path, content) = self.load(entry)?;
                let documents = self.documents(&path, &content, Dialect::Kyaml)?;
                let objects = self.objects(&documents)?;
                if objects.is_empty() {
                    let message = format!("`{}` holds no object", entry.text);
                    self.warn(entry.span, "empty-resource", message);
                }
                for node in objects {
                    let mut resource = Resource::new(node, &self.schema.scopes);
                    self.note_file(&mut resource, entry);
                    self.remember(&mut resource, StepKind::Resource, entry.span);
                    self.append(&mut map, resource)?;
                }
                Ok(map)
            }
            _ => {
                self.enter_directory(entry, "resources")?;
                let base = self.kustomization(Some(Kind::Kustomization), Some(entry))?;
                let had_schema = self.schema.is_set;
                let built = self.accumulate(&base, ResMap::default())?;
                self.leave();
                // What a schema says of scopes counts for what was there before, too.
                if self.schema.is_set != had_schema {
                    map.changed();
                }
                for resource in built.resources {
                    self.append(&mut map, resource)?;
                }
                self.merge_config(&mut map, &built.config, entry.span)?;
                self.merge_vars(&mut map, built.vars)?;
                Ok(map)
            }
        }
    }

    fn merge_config(&self, map: &mut ResMap, more: &TransformConfig, span: Span) -> Result<()> {
        map.config.merge(more).map_err(|conflict| self.config_conflict(&conflict, span))
    }

    /// Whether an entry is the address of a file: one that the caller gives, or one that looks so.
    fn is_file_on_network(&self, entry: &Spanned) -> Result<bool> {
        let path = entry.text.split(['?', '#']).next().unwrap_or_default();
        let looks_so = [".yaml", ".yml", ".json"].iter().any(|ending| path.ends_with(ending));
        Ok(is_remote_file(&entry.text)
            && (looks_so || RepoSpec::parse(&entry.text).is_none() || self.remote_file(entry)?.is_some()))
    }

    /// Enters the directory that an entry names, here or in another repository.
    fn enter_directory(&mut self, entry: &Spanned, field: &str) -> Result<()> {
        if let Some(checkout) = self.remote_base(entry)? {
            return self.enter_repository(entry, &checkout);
        }
        let path = self.directory(entry, field)?;
        self.enter(entry, &path)
    }

    /// The directory that an entry names.
    fn directory(&self, entry: &Spanned, field: &str) -> Result<String> {
        let text = entry.as_str();
        let place = self.sources().locate(entry.span);
        if text.starts_with('/') {
            let message = format!("`{text}` is absolute; name the directory relative to this kustomization");
            return Err(Error::new(ErrorKind::File, "absolute-path", message).at(place));
        }
        let ambiguous = |part: &str| !matches!(part, "." | "..") && part.contains("..");
        if text.split('/').any(ambiguous) {
            let message = format!("`{text}` holds `..` within a name; check the indentation of this list");
            return Err(Error::new(ErrorKind::File, "ambiguous-path", message).at(place));
        }
        let path = self.locate_entry(entry)?;
        match self.files.kind(&path).map_err(|error| error.at(place.clone()))? {
            Some(FileKind::Directory) => Ok(path),
            Some(FileKind::File) => {
                let message = format!("`{text}` in {field} is a file where a directory is needed");
                Err(Error::new(ErrorKind::File, "not-a-directory", message).at(place))
            }
            None => {
                let message = format!(
                    "`{text}` in {field} does not exist ({}); correct the path or add the file",
                    self.shown(&path)
                );
                Err(Error::new(ErrorKind::File, "file-not-found", message).at(place))
            }
        }
    }

    /// Adds an object; one with the same id is an error.
    pub(crate) fn append(&mut self, map: &mut ResMap, resource: Resource) -> Result<()> {
        if let Some(other) = map.find(&resource.id()) {
            let message = format!(
                "{} is already there: {}; remove one, or turn it into a patch",
                resource.id(),
                self.place_of(map.get(other))
            );
            return Err(self.error(resource.span(), "duplicate-object", message));
        }
        map.push(resource);
        Ok(())
    }

    /// Adds a generated object, or merges it into the one that it names; `span` is the entry that asks
    /// for it.
    fn absorb(&mut self, map: &mut ResMap, mut resource: Resource, span: Span) -> Result<()> {
        let is_secret = resource.node.get("kind").and_then(Node::as_str) == Some("Secret");
        let step = if is_secret { StepKind::SecretGenerator } else { StepKind::ConfigMapGenerator };
        let id = resource.id();
        let matches = map.find_any(&id);
        let (at, old) = match matches.as_slice() {
            [] if resource.behavior == Behavior::Create => {
                self.remember(&mut resource, step, span);
                return self.append(map, resource);
            }
            [] => {
                let message = format!("{id} does not exist, so nothing can be merged into or replaced");
                return Err(self.error(resource.span(), "generator-without-target", message));
            }
            [at] => match map.get(*at) {
                Some(old) => (*at, old),
                None => return Ok(()),
            },
            _ => {
                let message =
                    format!("several objects are or were {id}; kustomize cannot tell which is meant");
                return Err(self.error(resource.span(), "several-targets", message));
            }
        };
        match resource.behavior {
            Behavior::Create => {
                let message = format!(
                    "{id} is already there: {}; say `behavior: merge` or `behavior: replace`",
                    self.place_of(Some(old))
                );
                return Err(self.error(resource.span(), "duplicate-object", message));
            }
            Behavior::Replace => take_metadata(&mut resource, old),
            Behavior::Merge => {
                merge_data(&mut resource.node, &old.node);
                take_metadata(&mut resource, old);
                // What is merged into an object does not make it.
                if let Some(origin) = old.annotation(ORIGIN) {
                    resource.set_annotation(ORIGIN, &as_text(origin).text, origin.span);
                }
            }
        }
        self.remember(&mut resource, step, span);
        if let Some(slot) = map.get_mut(at) {
            *slot = resource;
        }
        map.changed();
        Ok(())
    }

    pub(crate) fn add_hashes(&mut self, map: &mut ResMap) -> Result<()> {
        for resource in map.iter_mut().filter(|resource| resource.needs_hash) {
            let Some(hash) = crate::kustomize::hash::suffix(&resource.node) else {
                let message = format!(
                    "{} asks for a content hash, which only ConfigMaps and Secrets can have",
                    resource.id()
                );
                return Err(self.unsupported(resource.span(), "hash-of-other-kind", message));
            };
            resource.store_previous_id();
            let name = resource.node.at(&["metadata", "name"]).map(as_text);
            if let Some(name) = name {
                let text = format!("{}-{hash}", name.text).into();
                resource.set_metadata("name", &Spanned { text, span: name.span });
            }
            // The entry of a generator, or the object that asks for it by annotation.
            let span = resource.node.span;
            self.remember(resource, StepKind::Hash, span);
        }
        map.changed();
        Ok(())
    }

    /// Drops what is only for local use, and kustomize's own annotations.
    fn finish(&mut self, map: &mut ResMap, root: &Kustomization) -> Result<()> {
        let local = |resource: &Resource| {
            let annotation = ["metadata", "annotations", "config.kubernetes.io/local-config"];
            resource.node.at(&annotation).is_some_and(|value| as_text(value).text != "false")
        };
        for resource in map.iter() {
            let kind = resource.kind();
            if kind.is_empty() || (resource.name().is_empty() && !kind.ends_with("List")) {
                let message = "an object has lost its `kind` or `metadata.name` to a patch";
                return Err(self.error(resource.node.span, "missing-name", message));
            }
        }
        map.retain(|resource| !local(resource));
        self.finish_build_metadata(map, root)
    }
}

/// Where entries stand.
fn start(pairs: &[(Spanned, Spanned)]) -> Span {
    pairs.first().map_or(Span::NONE, |(key, _)| key.span)
}

/// Name, namespace, history, and the old labels and annotations under the new ones.
fn take_metadata(resource: &mut Resource, old: &Resource) {
    for field in ["labels", "annotations"] {
        let mut merged: Map = Map::new();
        for (key, value) in old.string_map(field).into_iter().chain(resource.string_map(field)) {
            merged.insert(key, Node::string(value.text, value.span));
        }
        if merged.is_empty() {
            resource.clear_metadata(field);
        } else if let Some(metadata) = resource.node.get_mut("metadata").and_then(Node::as_map_mut) {
            let span = merged.entries().first().map_or(crate::node::Span::NONE, |entry| entry.key_span);
            metadata.insert(field, Node::map(merged, span));
        }
    }
    for field in ["name", "namespace"] {
        match old.node.at(&["metadata", field]).map(as_text).filter(|text| !text.text.is_empty()) {
            Some(text) => resource.set_metadata(field, &text),
            None => resource.clear_metadata(field),
        }
    }
    resource.previous.clone_from(&old.previous);
    resource.prefixes.clone_from(&old.prefixes);
    resource.suffixes.clone_from(&old.suffixes);
    resource.vars.clone_from(&old.vars);
    resource.versions.clone_from(&old.versions);
    resource.behavior = old.behavior;
    // Merging onto an object without a hash gives none.
    resource.needs_hash = resource.needs_hash && old.needs_hash;
}

/// The data of both, the new values over the old.
fn merge_data(new: &mut Node, old: &Node) {
    let is_secret = new.get("kind").and_then(Node::as_str) == Some("Secret");
    let mut pairs: Map = Map::new();
    let mut binary: Map = Map::new();
    let collect = |into: &mut Map, node: &Node, field: &str, encode: bool| {
        for entry in node.get(field).and_then(Node::as_map).map_or(&[][..], Map::entries) {
            let mut value = as_text(&entry.value);
            if entry.value.is_null() {
                value.text = Text::empty();
            }
            let text =
                if encode { super::generate::base64_lines(value.text.as_bytes()).into() } else { value.text };
            into.insert_entry(crate::node::Entry {
                key: entry.key.clone(),
                key_span: entry.key_span,
                value: Node::string(text, value.span),
            });
        }
    };
    collect(&mut pairs, old, "data", false);
    if is_secret {
        // What the API server does to `stringData`.
        collect(&mut pairs, old, "stringData", true);
    }
    collect(&mut pairs, new, "data", false);
    collect(&mut binary, old, "binaryData", false);
    collect(&mut binary, new, "binaryData", false);
    let span = new.span;
    if let Some(root) = new.as_map_mut() {
        for (field, map) in [("data", pairs), ("binaryData", binary)] {
            if map.is_empty() {
                root.remove(field);
            } else {
                root.insert(field, Node::map(map, span));
            }
        }
    }
}

/// Whether any two objects have the same id.
pub(crate) fn first_clash(map: &ResMap) -> Option<usize> {
    let mut seen = HashSet::with_capacity(map.len());
    map.iter().position(|resource| !seen.insert(resource.id()))
}
