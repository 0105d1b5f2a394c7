//! The transformers that a kustomization asks for by field: namespace, names, labels, annotations,
//! replicas and images. Each follows the filter of the same name in kustomize v5.8.2.

use std::collections::HashMap;

use crate::Result;
use crate::knowledge::field_specs::{FieldSpec, METADATA_LABELS, METADATA_NAMESPACE, SUBJECT_NAMESPACE};
use crate::kustomize::accumulate::ResMap;
use crate::kustomize::config::{Slot, TransformConfig, merge_specs};
use crate::kustomize::decode::Spanned;
use crate::kustomize::fieldspec::{Create, look, makes_lists, visit};
use crate::kustomize::images::{ImageChange, ImageEdit};
use crate::kustomize::kustomization::{Image, Label, Replica};
use crate::kustomize::load::Builder;
use crate::kustomize::replacements::is_quoted;
use crate::kustomize::resource::{ResId, Resource};
use crate::kustomize::shared::Lists;
use crate::node::{Map, Node, SourceMap, Span, Text, Value};
use crate::object::group_version;
use crate::yaml::Dialect;

type Pairs = [(Spanned, Spanned)];

/// Marks what `helm template` made within kustomize.
const HELM_GENERATED: &str = "internal.config.kubernetes.io/helm-generated";

/// Which subjects of a RoleBinding or ClusterRoleBinding get the namespace.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub(crate) enum Subjects {
    /// Those named `default`, whatever their kind.
    #[default]
    NamedDefault,
    ServiceAccounts,
    None,
}

fn is_binding(kind: &str) -> bool {
    matches!(kind, "RoleBinding" | "ClusterRoleBinding")
}

impl Subjects {
    fn accepts(self, subject: &Node) -> bool {
        let is = |field, text| subject.get(field).and_then(Node::as_str) == Some(text);
        match self {
            Self::NamedDefault => is("name", "default"),
            Self::ServiceAccounts => is("kind", "ServiceAccount"),
            Self::None => false,
        }
    }
}

/// What a namespace transformer does.
pub(crate) struct NamespaceChange<'a> {
    pub(crate) namespace: &'a Spanned,
    /// Fields that hold the namespace, besides `metadata.namespace`.
    pub(crate) specs: &'a [FieldSpec],
    /// Whether namespaces that are there stay.
    pub(crate) unset_only: bool,
    pub(crate) subjects: Subjects,
}

impl Builder<'_> {
    /// `namespace`: set on everything that is not certainly of the cluster.
    pub(crate) fn set_namespace(&mut self, map: &mut ResMap, change: &NamespaceChange<'_>) -> Result<()> {
        for resource in map.iter() {
            self.check_default_subjects(resource, change);
        }
        for resource in map.iter_mut() {
            // Helm is left to place what it made.
            let helm = resource.annotation(HELM_GENERATED).and_then(Node::as_str) == Some("true");
            if !helm {
                resource.store_previous_id();
                self.set_namespace_of(resource, change)?;
            }
        }
        let mut seen: HashMap<ResId, usize> = HashMap::with_capacity(map.len());
        for (at, resource) in map.iter().enumerate() {
            if let Some(other) = seen.insert(resource.id(), at) {
                let message = format!(
                    "with namespace `{}` two objects become {}: the one here and {}",
                    change.namespace.text,
                    resource.id(),
                    self.place_of(map.get(other)),
                );
                return Err(self.error(resource.span(), "id-conflict", message));
            }
        }
        map.changed();
        Ok(())
    }

    /// Says which users and groups will get a namespace, which the API server refuses.
    fn check_default_subjects(&mut self, resource: &Resource, change: &NamespaceChange<'_>) {
        if change.subjects != Subjects::NamedDefault || !is_binding(&resource.kind()) {
            return;
        }
        for subject in resource.node.get("subjects").and_then(Node::as_seq).unwrap_or(&[]) {
            let kind = subject.get("kind").and_then(Node::as_str).unwrap_or_default();
            if kind != "ServiceAccount" && change.subjects.accepts(subject) {
                let message = format!(
                    "this {kind} is named `default`, so kustomize gives it a namespace, which only service accounts have; rename it"
                );
                self.warn(subject.span, "subject-not-a-service-account", message);
            }
        }
    }

    /// Sets the namespace of one object, and what else in it names its namespace.
    pub(crate) fn set_namespace_of(
        &self,
        resource: &mut Resource,
        change: &NamespaceChange<'_>,
    ) -> Result<()> {
        let create = Create::Text(change.namespace.span);
        let set = |node: &mut Node| self.set_one_namespace(node, change);
        // A null that is spelled out counts as set here, though nowhere else.
        let own = resource.node.at(&["metadata", "namespace"]).and_then(Node::text);
        let kept = change.unset_only && own.is_some_and(|text| !text.is_empty());
        if !kept && !resource.id().is_cluster_scoped() {
            for spec in METADATA_NAMESPACE {
                visit(&mut resource.node, spec, create, self.sources(), &mut |node| set(node))?;
            }
        }
        let binds = is_binding(&resource.kind());
        if binds {
            let subjects = resource.node.get("subjects").and_then(Node::as_seq).unwrap_or(&[]);
            let odd = subjects.iter().find(|subject| !subject.is_map() && !subject.is_null());
            if let Some(odd) = odd.filter(|_| change.subjects != Subjects::None) {
                let message = format!("a subject belongs here, but this is {}", odd.type_name());
                return Err(self.error(odd.span, "wrong-type", message));
            }
            if subjects.iter().any(|subject| change.subjects.accepts(subject)) {
                let subjects = resource.node.get_mut("subjects").and_then(Node::as_seq_mut);
                for subject in subjects.into_iter().flatten().filter(|it| change.subjects.accepts(it)) {
                    for spec in SUBJECT_NAMESPACE {
                        visit(subject, spec, create, self.sources(), &mut |node| set(node))?;
                    }
                }
            }
        }
        let is_v1 = resource.api_version() == "v1";
        for spec in change.specs {
            let skipped = spec.path == "metadata/namespace"
                || (spec.path == "metadata/name" && !is_v1)
                || (binds && is_binding(&spec.kind) && spec.path == "subjects/namespace");
            if !skipped {
                visit(&mut resource.node, spec, create, self.sources(), &mut |node| set(node))?;
            }
        }
        Ok(())
    }

    fn set_one_namespace(&self, node: &mut Node, change: &NamespaceChange<'_>) -> Result<()> {
        let has_one = !node.is_null() && node.text().is_some_and(|text| !text.is_empty());
        if change.unset_only && has_one {
            return Ok(());
        }
        let value = Node::string(change.namespace.text.clone(), change.namespace.span);
        self.set_scalar(node, value, "the namespace")
    }

    pub(crate) fn place_of(&self, resource: Option<&Resource>) -> String {
        let place = resource.and_then(|resource| self.sources().locate(resource.span()));
        place.map_or("another".into(), |place| format!("the one at {place}"))
    }

    fn set_scalar(&self, node: &mut Node, value: Node, what: &str) -> Result<()> {
        if node.is_map() || node.is_seq() {
            let message = format!("{what} belongs here, but this is {}", node.type_name());
            return Err(self.error(node.span, "wrong-type", message));
        }
        *node = value;
        Ok(())
    }

    /// `namePrefix` and `nameSuffix`.
    pub(crate) fn affix_names(
        &self,
        map: &mut ResMap,
        affix: &Spanned,
        is_prefix: bool,
        specs: &[FieldSpec],
    ) -> Result<()> {
        for resource in map.iter_mut() {
            let id = resource.original_id();
            let kept = matches!(id.kind.as_str(), "CustomResourceDefinition" | "Namespace")
                || (id.kind == "APIService" && id.group() == "apiregistration.k8s.io");
            if kept {
                continue;
            }
            for spec in specs {
                if !spec.selects(id.group(), id.version(), &id.kind) {
                    continue;
                }
                if spec.path == "metadata/name" {
                    let affixes = if is_prefix { &mut resource.prefixes } else { &mut resource.suffixes };
                    affixes.push(affix.text.clone());
                    if !affix.text.is_empty() {
                        resource.store_previous_id();
                    }
                }
                let create = Create::Text(affix.span);
                visit(&mut resource.node, spec, create, self.sources(), &mut |node| {
                    let old = node.text().unwrap_or_default();
                    let new = if is_prefix {
                        format!("{}{old}", affix.text)
                    } else {
                        format!("{old}{}", affix.text)
                    };
                    self.grow_text(new.len(), affix.span)?;
                    let new = renamed(node, new, affix.span, self.sources());
                    self.set_scalar(node, new, "a name")
                })?;
            }
        }
        map.changed();
        Ok(())
    }

    /// One entry of `labels`.
    pub(crate) fn add_label_entry(
        &self,
        map: &mut ResMap,
        label: &Label,
        config: &TransformConfig,
    ) -> Result<()> {
        if label.pairs.is_empty() {
            return Ok(());
        }
        let mut chosen: Vec<FieldSpec> = label.fields.iter().map(FieldSpec::from).collect();
        let fields = |slot| config.fields(slot);
        let more: &[&[FieldSpec]] =
            match (label.include_selectors, label.include_templates, label.include_volume_claim_templates) {
                (true, _, _) => &[fields(Slot::CommonLabels)],
                (_, true, true) => {
                    &[fields(Slot::TemplateLabels), fields(Slot::VolumeClaimTemplateLabels), METADATA_LABELS]
                }
                (_, true, false) => &[fields(Slot::TemplateLabels), METADATA_LABELS],
                (_, false, true) => &[fields(Slot::VolumeClaimTemplateLabels), METADATA_LABELS],
                (_, false, false) => &[METADATA_LABELS],
            };
        let span = label.pairs.first().map_or(crate::node::Span::NONE, |(key, _)| key.span);
        for specs in std::iter::once(&fields(Slot::Labels)).chain(more) {
            merge_specs(&mut chosen, specs).map_err(|conflict| self.config_conflict(&conflict, span))?;
        }
        self.add_entries(map, &label.pairs, &chosen)
    }

    /// Adds text entries to every mapping that the specs name.
    pub(crate) fn add_entries(&self, map: &mut ResMap, pairs: &Pairs, specs: &[FieldSpec]) -> Result<()> {
        let Some((first, _)) = pairs.first() else { return Ok(()) };
        // Where the key is new, the places share a text that is nowhere else.
        let texts = || -> Vec<Text> { pairs.iter().map(|(_, value)| Text::from(value.as_str())).collect() };
        let (together, apart) = (texts(), texts());
        let mut added = vec![0; pairs.len()];
        for resource in map.iter_mut() {
            added.fill(0);
            resource.changing(Lists::Stay, |resource| {
                specs.iter().try_for_each(|spec| {
                    let create = Create::Mapping(first.span);
                    visit(&mut resource.node, spec, create, self.sources(), &mut |node| {
                        if node.is_null() {
                            return Ok(());
                        }
                        let (place, found) = (node.span, node.type_name());
                        let Some(entries) = node.as_map_mut() else {
                            let message = format!("labels or annotations belong here, but this is {found}");
                            return Err(self.error(place, "wrong-type", message));
                        };
                        let texts = together.iter().zip(&apart);
                        for (((key, value), (together, apart)), added) in
                            pairs.iter().zip(texts).zip(&mut added)
                        {
                            let is_new = !entries.contains_key(&key.text);
                            *added += usize::from(is_new);
                            let text = if is_new { together } else { apart };
                            set_entry(entries, key, Node::string(text.clone(), value.span));
                        }
                        Ok(())
                    })
                })
            })?;
            for (text, _) in together.iter().zip(&added).filter(|(_, added)| **added > 1) {
                resource.share(text.clone());
            }
        }
        Ok(())
    }

    /// One entry of `replicas`.
    pub(crate) fn set_replicas(
        &self,
        map: &mut ResMap,
        replica: &Replica,
        specs: &[FieldSpec],
    ) -> Result<()> {
        let mut found = false;
        for spec in specs {
            for resource in map.iter_mut() {
                let api_version = resource.api_version();
                let (group, version) = group_version(&api_version);
                let current = (resource.name(), resource.kind());
                let previous = resource.previous.iter().map(|id| (&id.name, &id.kind));
                let matches = previous
                    .chain(std::iter::once((&current.0, &current.1)))
                    .any(|(name, kind)| *name == replica.name.text && spec.selects(group, version, kind));
                if !matches {
                    continue;
                }
                found = true;
                let create = Create::Text(replica.count_span);
                visit(&mut resource.node, spec, create, self.sources(), &mut |node| {
                    // Where the old number stands in quotes, so does the new one.
                    let value = if is_quoted(node, self.sources()) {
                        Node::string(replica.count.to_string(), replica.count_span)
                    } else {
                        Node::new(Value::Int(replica.count), replica.count_span)
                    };
                    self.set_scalar(node, value, "the number of replicas")
                })?;
            }
        }
        if !found {
            let kinds: Vec<&str> = specs.iter().map(|spec| &*spec.kind).collect();
            let message = format!("no {} is named `{}`", kinds.join(", "), replica.name.text);
            return Err(self.error(replica.name.span, "replicas-without-target", message));
        }
        Ok(())
    }

    /// One entry of `images`: first every container anywhere, then the fields that kustomize lists.
    pub(crate) fn set_image(&mut self, map: &mut ResMap, image: &Image, specs: &[FieldSpec]) -> Result<()> {
        let part = |text: &Option<Spanned>| text.as_ref().map(|text| (text.text.clone(), text.span));
        let change = ImageChange {
            new_name: part(&image.new_name),
            new_tag: part(&image.new_tag),
            tag_suffix: part(&image.tag_suffix),
            digest: part(&image.digest),
        };
        let edit = match ImageEdit::new(&image.name.text, change) {
            Ok(edit) => edit,
            Err(reason) => {
                let message = format!(
                    "the name `{}` is not a valid pattern, so it matches no image: {reason}",
                    image.name.text
                );
                self.warn(image.name.span, "image-name-not-a-pattern", message);
                return Ok(());
            }
        };
        let is_crd = |resource: &Resource| resource.kind() == "CustomResourceDefinition";
        let (mut used, mut again) = (false, false);
        for resource in map.iter_mut().filter(|resource| !is_crd(resource)) {
            if has_image(&resource.node, &edit) {
                self.edit_containers(&mut resource.node, &edit, &mut used)?;
            }
        }
        let by_walk = used;
        for resource in map.iter_mut().filter(|resource| !is_crd(resource)) {
            for spec in specs {
                // Written to only where something changes, so that nothing shared is copied in vain.
                let mut found = false;
                look(&resource.node, spec, self.sources(), &mut |node| {
                    found |=
                        node.is_map() || node.is_seq() || node.text().is_some_and(|text| edit.matches(&text));
                    Ok(())
                })?;
                if found || makes_lists(&resource.node, spec) {
                    visit(&mut resource.node, spec, Create::Nothing, self.sources(), &mut |node| {
                        again |= by_walk && node.text().is_some_and(|text| edit.matches(&text));
                        self.edit_image(node, &edit, &mut used)
                    })?;
                }
            }
        }
        if !used {
            let message = format!("no image is named `{}`, so this entry changes nothing", image.name.text);
            self.warn(image.name.span, "image-matches-nothing", message);
        }
        if let Some(suffix) = image.tag_suffix.as_ref().filter(|_| again) {
            let message = format!(
                "kustomize goes over containers twice and puts `{}` on each time; set `newTag` to the whole tag instead",
                suffix.text
            );
            self.warn(suffix.span, "image-suffix-twice", message);
        }
        if [&image.new_name, &image.new_tag, &image.tag_suffix, &image.digest]
            .into_iter()
            .all(Option::is_none)
        {
            let message = format!(
                "this entry says nothing new of `{}`; add `newName`, `newTag` or `digest`",
                image.name.text
            );
            self.warn(image.name.span, "image-changes-nothing", message);
        }
        Ok(())
    }
}

impl Builder<'_> {
    /// Edits the images of all lists of containers below `node`.
    fn edit_containers(&self, node: &mut Node, edit: &ImageEdit, used: &mut bool) -> Result<()> {
        if !has_image(node, edit) {
            return Ok(());
        }
        match &mut node.value {
            Value::Map(map) => {
                for (key, value) in std::sync::Arc::make_mut(map).values_mut() {
                    let key: &Text = key;
                    self.edit_containers(value, edit, used)?;
                    if !CONTAINER_LISTS.contains(&key.as_str()) {
                        continue;
                    }
                    for container in value.as_seq_mut().into_iter().flatten() {
                        if !container.is_map() && !container.is_null() {
                            let message =
                                format!("a container belongs here, but this is {}", container.type_name());
                            return Err(self.error(container.span, "wrong-type", message));
                        }
                        let fits = |image: &Node| image.text().is_none_or(|text| edit.matches(&text));
                        if container.get("image").is_some_and(fits)
                            && let Some(image) = container.get_mut("image")
                        {
                            self.edit_image(image, edit, used)?;
                        }
                    }
                }
                Ok(())
            }
            Value::Seq(items) => std::sync::Arc::make_mut(items)
                .iter_mut()
                .try_for_each(|item| self.edit_containers(item, edit, used)),
            _ => Ok(()),
        }
    }

    fn edit_image(&self, node: &mut Node, edit: &ImageEdit, used: &mut bool) -> Result<()> {
        if node.is_map() || node.is_seq() {
            let message = format!("the name of an image belongs here, but this is {}", node.type_name());
            return Err(self.error(node.span, "wrong-type", message));
        }
        *used |= node.text().is_some_and(|text| edit.matches(&text));
        edit.apply(node, self.sources());
        Ok(())
    }
}

/// A new name in place of an old one. Kustomize leaves open what type it has, so that `1` is a number
/// unless the old name stands in quotes.
pub(crate) fn renamed(old: &Node, new: impl Into<Text>, span: Span, sources: &SourceMap) -> Node {
    let new = new.into();
    let value = match crate::yaml::parse_scalar(&new, Dialect::Kyaml) {
        Value::String(_) => Value::String(new),
        // An empty one was made for this.
        _ if old.as_str() != Some("") && is_quoted(old, sources) => Value::String(new),
        other => other,
    };
    Node::new(value, span)
}

fn set_entry(entries: &mut Map, key: &Spanned, value: Node) {
    entries.insert_entry(crate::node::Entry { key: key.text.clone(), key_span: key.span, value });
}

const CONTAINER_LISTS: [&str; 2] = ["containers", "initContainers"];

/// Whether a list of containers, anywhere below `node`, has an image to edit, or something that cannot be
/// one.
fn has_image(node: &Node, edit: &ImageEdit) -> bool {
    match &node.value {
        Value::Map(map) => map.iter().any(|(key, value)| {
            let here = CONTAINER_LISTS.contains(&key.as_str())
                && value.as_seq().unwrap_or(&[]).iter().any(|container| match container.get("image") {
                    Some(image) => image.text().is_none_or(|text| edit.matches(&text)),
                    None => !container.is_map(),
                });
            here || has_image(value, edit)
        }),
        Value::Seq(items) => items.iter().any(|item| has_image(item, edit)),
        _ => false,
    }
}
