//! How Flux calls kustomize: what the spec of its `Kustomization` adds, and the kustomization it
//! generates for a directory that has none.
//!
//! Follows `fluxcd/pkg/kustomize` (the generator of kustomize-controller v1).

use std::collections::BTreeSet;

use crate::files::{self, FileKind};
use crate::kustomize::accumulate::ResMap;
use crate::kustomize::decode::{Decoder, Spanned};
use crate::kustomize::history::StepKind;
use crate::kustomize::kustomization::{Image, Kustomization, Patch};
use crate::kustomize::load::{Builder, FILE_NAMES};
use crate::node::{Node, Span};
use crate::{Error, ErrorKind, Result};

/// Most files and directories that a generated kustomization may take in.
const MAX_GENERATED: usize = 50_000;

/// The part of `spec` that changes the build.
#[derive(Clone, Debug, Default)]
pub(crate) struct FluxSpec {
    target_namespace: Option<Spanned>,
    name_prefix: Option<Spanned>,
    name_suffix: Option<Spanned>,
    components: Vec<Spanned>,
    patches: Vec<Patch>,
    images: Vec<Image>,
    labels: Vec<(Spanned, Spanned)>,
    annotations: Vec<(Spanned, Spanned)>,
}

impl Decoder<'_> {
    /// Reads the fields of a Flux `Kustomization`'s spec that kustomize sees; the others are not the
    /// build's business.
    pub(crate) fn flux_spec(&self, spec: &Node) -> Result<FluxSpec> {
        let text = |field: &str| {
            let node = spec.get(field).filter(|node| !node.is_null());
            Ok::<_, Error>(
                node.map(|node| self.string(node, field)).transpose()?.filter(|text| !text.text.is_empty()),
            )
        };
        let present = |field: &str| spec.get(field).filter(|node| !node.is_null());
        let mut flux = FluxSpec {
            target_namespace: text("targetNamespace")?,
            name_prefix: text("namePrefix")?,
            name_suffix: text("nameSuffix")?,
            ..FluxSpec::default()
        };
        if let Some(node) = present("components") {
            flux.components = self.strings(node, "components")?;
        }
        if let Some(node) = present("patches") {
            flux.patches = self.list(node, "patches", |item| self.patch(item, "patches"))?;
        }
        if let Some(node) = present("images") {
            flux.images = self.list(node, "images", |item| self.image(item))?;
        }
        if let Some(metadata) = present("commonMetadata") {
            if let Some(node) = metadata.get("labels").filter(|node| !node.is_null()) {
                flux.labels = self.pairs(node, "labels")?;
            }
            if let Some(node) = metadata.get("annotations").filter(|node| !node.is_null()) {
                flux.annotations = self.pairs(node, "annotations")?;
            }
        }
        Ok(flux)
    }
}

impl FluxSpec {
    /// Adds the spec to the kustomization of its path, as Flux writes it into the file.
    pub(crate) fn extend(&self, k: &mut Kustomization) {
        let replace = |slot: &mut Option<Spanned>, value: &Option<Spanned>| {
            if value.is_some() {
                slot.clone_from(value);
            }
        };
        replace(&mut k.namespace, &self.target_namespace);
        replace(&mut k.name_prefix, &self.name_prefix);
        replace(&mut k.name_suffix, &self.name_suffix);
        for component in &self.components {
            if !k.components.iter().any(|known| known.text == component.text) {
                k.components.push(component.clone());
            }
        }
        k.patches.extend(self.patches.iter().cloned());
        for image in &self.images {
            match k.images.iter_mut().find(|known| known.name.text == image.name.text) {
                Some(known) => known.clone_from(image),
                None => k.images.push(image.clone()),
            }
        }
    }
}

impl Builder<'_> {
    /// `commonMetadata`, which Flux sets on the finished objects.
    pub(crate) fn set_common_metadata(&self, map: &mut ResMap, flux: &FluxSpec) {
        for (field, pairs) in [("labels", &flux.labels), ("annotations", &flux.annotations)] {
            let Some((first, _)) = pairs.first() else { continue };
            for resource in map.iter_mut() {
                let span = first.span;
                let Some(metadata) = resource.node.get_mut("metadata") else { continue };
                let Some(entries) = super::resource::child_map(metadata, field, span) else { continue };
                for (key, value) in pairs {
                    entries.insert(key.text.clone(), Node::string(value.text.clone(), value.span));
                }
            }
            self.remember_all(map, StepKind::CommonMetadata, first.span);
        }
    }

    /// The kustomization that Flux generates: every directory below that has one, and every other YAML
    /// file of objects.
    pub(crate) fn generated(&mut self, dir: &str) -> Result<Kustomization> {
        let mut resources = BTreeSet::new();
        let mut open = vec![String::new()];
        let mut count = 0;
        while let Some(below) = open.pop() {
            let path = files::join(dir, &below)?;
            let entries = self.files.list(&path)?;
            count += entries.len();
            if count > MAX_GENERATED {
                let message = format!(
                    "{} holds more than {MAX_GENERATED} files; add a kustomization.yaml that lists what to deploy",
                    self.shown(dir)
                );
                return Err(Error::new(ErrorKind::Limit, "too-many-files", message).in_file(&self.shown(dir)));
            }
            for entry in entries {
                let name =
                    if below.is_empty() { entry.name.clone() } else { format!("{below}/{}", entry.name) };
                match entry.kind {
                    FileKind::File if name.ends_with(".yaml") || name.ends_with(".yml") => {
                        resources.insert(name);
                    }
                    FileKind::File => {}
                    FileKind::Directory if entry.name == ".git" => {}
                    FileKind::Directory if self.has_kustomization(&files::join(dir, &name)?)? => {
                        resources.insert(name);
                    }
                    FileKind::Directory => open.push(name),
                }
            }
        }
        let place = |text: String| Spanned { text: text.into(), span: Span::NONE };
        Ok(Kustomization {
            resources: resources.into_iter().map(place).collect(),
            ..Kustomization::default()
        })
    }

    pub(crate) fn has_kustomization(&self, dir: &str) -> Result<bool> {
        for name in FILE_NAMES {
            if self.files.kind(&files::join(dir, name)?)? == Some(FileKind::File) {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Reads a Flux spec from the options.
    pub(crate) fn flux(&self) -> Result<Option<FluxSpec>> {
        self.options.flux_spec.as_ref().map(|spec| self.decoder().flux_spec(spec)).transpose()
    }
}
