//! Where the transformers of one build write: kustomize's own tables, and what `configurations` and
//! `crds` add to them.
//!
//! Follows `api/internal/plugins/builtinconfig` and `api/types/fieldspec.go` of kustomize v5.8.2. The
//! settings travel with the objects: what a base configures counts in every kustomization that uses it.

use std::borrow::Cow;
use std::cmp::Ordering;
use std::sync::Arc;

use crate::knowledge::field_specs::{self as specs, FieldSpec};
use crate::knowledge::name_references::NAME_REFERENCES;
use crate::kustomize::decode::{Decoder, Spanned};
use crate::kustomize::load::Builder;
use crate::kustomize::sort;
use crate::node::{Node, Span};
use crate::yaml::{self, Dialect, ReadOptions};
use crate::{Error, Result};

/// One list of field specs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Slot {
    NamePrefix,
    NameSuffix,
    Namespace,
    CommonLabels,
    Labels,
    TemplateLabels,
    VolumeClaimTemplateLabels,
    CommonAnnotations,
    VarReference,
    Images,
    Replicas,
}

/// Every list: its key in a configuration file, and what kustomize starts with.
const SLOTS: [(Slot, &str, &[FieldSpec]); 11] = [
    (Slot::NamePrefix, "namePrefix", specs::NAME),
    (Slot::NameSuffix, "nameSuffix", specs::NAME),
    (Slot::Namespace, "namespace", specs::NAMESPACE),
    (Slot::CommonLabels, "commonLabels", specs::COMMON_LABELS),
    (Slot::Labels, "labels", &[]),
    (Slot::TemplateLabels, "templateLabels", specs::TEMPLATE_LABELS),
    (Slot::VolumeClaimTemplateLabels, "volumeClaimTemplateLabels", specs::VOLUME_CLAIM_TEMPLATE_LABELS),
    (Slot::CommonAnnotations, "commonAnnotations", specs::COMMON_ANNOTATIONS),
    (Slot::VarReference, "varReference", specs::VAR_REFERENCE),
    (Slot::Images, "images", specs::IMAGES),
    (Slot::Replicas, "replicas", specs::REPLICAS),
];

const FIELDS: &[&str] = &[
    "namePrefix",
    "nameSuffix",
    "namespace",
    "commonLabels",
    "labels",
    "templateLabels",
    "volumeClaimTemplateLabels",
    "commonAnnotations",
    "nameReference",
    "varReference",
    "images",
    "replicas",
];

type List = Cow<'static, [FieldSpec]>;

/// The fields that hold names of objects of one kind.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct NameReference {
    pub(crate) group: Cow<'static, str>,
    pub(crate) version: Cow<'static, str>,
    pub(crate) kind: Cow<'static, str>,
    pub(crate) fields: List,
}

/// All lists.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Lists {
    /// In the order of [`SLOTS`].
    fields: [List; SLOTS.len()],
    names: Vec<NameReference>,
}

/// Two specs for one field that disagree on `create`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Conflict {
    /// The spec that came second.
    pub(crate) spec: FieldSpec,
}

impl Conflict {
    /// What is wrong and what to do, for a person.
    pub(crate) fn message(&self) -> String {
        let kind = if self.spec.kind.is_empty() { "any kind" } else { &self.spec.kind };
        format!(
            "conflicting field specs: `{}` of {kind} is known with `create: {}`; give both the same `create`",
            self.spec.path, !self.spec.create
        )
    }
}

/// Adds specs; one that selects a known spec of the same path is taken for it.
pub(crate) fn merge_specs(into: &mut Vec<FieldSpec>, more: &[FieldSpec]) -> Result<(), Conflict> {
    for spec in more {
        let known = into
            .iter()
            .find(|old| old.path == spec.path && spec.selects(&old.group, &old.version, &old.kind));
        match known {
            Some(old) if old.create != spec.create => return Err(Conflict { spec: spec.clone() }),
            Some(_) => {}
            None => into.push(spec.clone()),
        }
    }
    Ok(())
}

impl Lists {
    fn standard() -> Self {
        let names = NAME_REFERENCES.iter().map(|row| NameReference {
            group: row.group.into(),
            version: row.version.into(),
            kind: row.kind.into(),
            fields: Cow::Borrowed(row.fields),
        });
        Self { fields: SLOTS.map(|(_, _, list)| Cow::Borrowed(list)), names: names.collect() }
    }

    fn list(&mut self, slot: Slot) -> Option<&mut List> {
        let at = SLOTS.iter().position(|(other, _, _)| *other == slot)?;
        self.fields.get_mut(at)
    }

    /// Adds one field spec.
    pub(crate) fn add(&mut self, slot: Slot, spec: FieldSpec) -> Result<(), Conflict> {
        match self.list(slot) {
            Some(list) => merge_specs(list.to_mut(), &[spec]),
            None => Ok(()),
        }
    }

    /// Adds fields that name objects of one kind.
    pub(crate) fn add_names(&mut self, row: &NameReference) -> Result<(), Conflict> {
        let same = |old: &&mut NameReference| {
            old.group == row.group && old.version == row.version && old.kind == row.kind
        };
        match self.names.iter_mut().find(same) {
            Some(old) => merge_specs(old.fields.to_mut(), &row.fields),
            None => {
                self.names.push(row.clone());
                Ok(())
            }
        }
    }

    /// Adds all lists of `other`, and sorts.
    pub(crate) fn merge(&mut self, other: &Self) -> Result<(), Conflict> {
        for (list, more) in self.fields.iter_mut().zip(&other.fields) {
            if !more.is_empty() {
                merge_specs(list.to_mut(), more)?;
            }
        }
        for row in &other.names {
            self.add_names(row)?;
        }
        self.sort();
        Ok(())
    }

    fn sort(&mut self) {
        let order = |a: &FieldSpec, b: &FieldSpec| {
            by_type((&a.group, &a.version, &a.kind), (&b.group, &b.version, &b.kind))
        };
        for list in &mut self.fields {
            if !list.is_sorted_by(|a, b| order(a, b) != Ordering::Greater) {
                list.to_mut().sort_by(order);
            }
        }
        self.names.sort_by(|a, b| by_type((&a.group, &a.version, &a.kind), (&b.group, &b.version, &b.kind)));
    }
}

/// The order of types: as kinds are applied, then by group, version and kind as text.
fn by_type(a: (&str, &str, &str), b: (&str, &str, &str)) -> Ordering {
    let text = |(group, version, kind): (&str, &str, &str)| sort::type_text(group, version, kind);
    sort::rank(a.2).cmp(&sort::rank(b.2)).then_with(|| text(a).cmp(&text(b)))
}

/// The settings that an accumulator holds. Builds that configure nothing share the static tables.
#[derive(Clone, Debug, Default)]
pub(crate) enum TransformConfig {
    /// Nothing merged yet.
    #[default]
    Empty,
    /// Kustomize's own tables.
    Standard,
    Custom(Arc<Lists>),
}

impl TransformConfig {
    /// One list of field specs.
    pub(crate) fn fields(&self, slot: Slot) -> &[FieldSpec] {
        let at = SLOTS.iter().position(|(other, _, _)| *other == slot).unwrap_or(0);
        match self {
            Self::Empty => &[],
            Self::Standard => SLOTS.get(at).map_or(&[], |(_, _, list)| list),
            Self::Custom(lists) => lists.fields.get(at).map_or(&[], |list| list),
        }
    }

    /// The fields that hold names of other objects.
    pub(crate) fn name_references(&self) -> Cow<'_, [NameReference]> {
        match self {
            Self::Empty => Cow::Borrowed(&[]),
            Self::Standard => Cow::Owned(Lists::standard().names),
            Self::Custom(lists) => Cow::Borrowed(&lists.names),
        }
    }

    fn lists(&self) -> Lists {
        match self {
            Self::Empty => Lists::default(),
            Self::Standard => Lists::standard(),
            Self::Custom(lists) => Lists::clone(lists),
        }
    }

    /// Adds what another accumulator, or a kustomization, configures.
    pub(crate) fn merge(&mut self, other: &Self) -> Result<(), Conflict> {
        match (&*self, other) {
            (_, Self::Empty) => {}
            // The tables hold nothing that would merge with itself into something else.
            (Self::Empty | Self::Standard, Self::Standard) => *self = Self::Standard,
            (_, other) => {
                let mut lists = self.lists();
                lists.merge(&other.lists())?;
                *self = Self::Custom(Arc::new(lists));
            }
        }
        Ok(())
    }
}

/// A field spec read from a file, with its place.
struct Place {
    spec: FieldSpec,
    span: Span,
}

impl Builder<'_> {
    /// The settings of one kustomization: kustomize's tables and its `configurations` files.
    pub(crate) fn configuration(&mut self, entries: &[Spanned]) -> Result<TransformConfig> {
        if entries.is_empty() {
            return Ok(TransformConfig::Standard);
        }
        let (mut own, mut places) = (Lists::default(), Vec::new());
        for entry in entries {
            let root = self.strict_document(entry)?;
            let mut lists = self.decoder().configuration(&root, &mut places)?;
            lists.sort();
            own.merge(&lists).map_err(|conflict| self.conflict(&conflict, entry.span, &places))?;
        }
        let mut all = Lists::standard();
        let span = entries.last().map_or(Span::NONE, |entry| entry.span);
        all.merge(&own).map_err(|conflict| self.conflict(&conflict, span, &places))?;
        Ok(TransformConfig::Custom(Arc::new(all)))
    }

    /// The first document of a file, in which no key may stand twice.
    fn strict_document(&mut self, entry: &Spanned) -> Result<Node> {
        let (path, content) = self.load(entry)?;
        let file = self.source(&path, &content)?;
        let options =
            ReadOptions { dialect: Dialect::Kubectl, limits: self.options.limits, ..Default::default() };
        let stream = yaml::read(self.sources(), file, &options)?;
        self.check_single(&stream.documents);
        Ok(stream.documents.into_iter().next().unwrap_or_default())
    }

    fn conflict(&self, conflict: &Conflict, entry: Span, places: &[Place]) -> Error {
        let place = places.iter().find(|place| place.spec == conflict.spec);
        self.config_conflict(conflict, place.map_or(entry, |place| place.span))
    }

    /// The error for specs that disagree.
    pub(crate) fn config_conflict(&self, conflict: &Conflict, span: Span) -> Error {
        self.error(span, "conflicting-field-specs", conflict.message())
    }
}

impl Decoder<'_> {
    fn configuration(&self, root: &Node, places: &mut Vec<Place>) -> Result<Lists> {
        let mut lists = Lists::default();
        for (name, entry) in self.fields(root, "a configuration", FIELDS)? {
            let value = &entry.value;
            if name == "nameReference" {
                lists.names = self.list(value, name, |item| self.name_reference(item, places))?;
                continue;
            }
            let read = self.list(value, name, |item| self.placed_spec(item, places))?;
            for (list, (_, field, _)) in lists.fields.iter_mut().zip(SLOTS) {
                if field == name {
                    *list = Cow::Owned(read);
                    break;
                }
            }
        }
        Ok(lists)
    }

    fn placed_spec(&self, node: &Node, places: &mut Vec<Place>) -> Result<FieldSpec> {
        let spec = FieldSpec::from(&self.field_spec(node)?);
        places.push(Place { spec: spec.clone(), span: node.span });
        Ok(spec)
    }

    fn name_reference(&self, node: &Node, places: &mut Vec<Place>) -> Result<NameReference> {
        let known = &["group", "version", "kind", "fieldSpecs"];
        let empty = Cow::Borrowed("");
        let mut row = NameReference {
            group: empty.clone(),
            version: empty.clone(),
            kind: empty,
            fields: Cow::Borrowed(&[]),
        };
        for (name, entry) in self.fields(node, "an entry of nameReference", known)? {
            let text = || Ok::<_, Error>(Cow::Owned(self.string(&entry.value, name)?.text.to_string()));
            match name {
                "group" => row.group = text()?,
                "version" => row.version = text()?,
                "kind" => row.kind = text()?,
                _ => {
                    row.fields = self.list(&entry.value, name, |item| self.placed_spec(item, places))?.into();
                }
            }
        }
        Ok(row)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::files::Memory;
    use crate::kustomize::{BuildOptions, build};

    fn spec(kind: &str, path: &str, create: bool) -> FieldSpec {
        FieldSpec {
            group: "".into(),
            version: "".into(),
            kind: kind.to_owned().into(),
            path: path.to_owned().into(),
            create,
        }
    }

    #[test]
    fn a_wider_spec_is_taken_for_a_narrower_one_but_not_the_other_way_round() {
        for (old, new, want) in [
            (spec("Foo", "a", true), spec("Foo", "a", true), Ok(1)),
            (spec("Foo", "a", true), spec("", "a", true), Ok(1)),
            (spec("", "a", true), spec("Foo", "a", true), Ok(2)),
            (spec("", "a", true), spec("Foo", "a", false), Ok(2)),
            (spec("Foo", "a", true), spec("Bar", "a", false), Ok(2)),
            (spec("Foo", "a", true), spec("Foo", "b", false), Ok(2)),
            (spec("Foo", "a", true), spec("Foo", "a", false), Err(spec("Foo", "a", false))),
            (spec("Foo", "a", true), spec("", "a", false), Err(spec("", "a", false))),
        ] {
            let mut list = vec![old.clone()];
            let got = merge_specs(&mut list, std::slice::from_ref(&new));
            assert_eq!(got.map(|()| list.len()).map_err(|conflict| conflict.spec), want, "{old:?} {new:?}");
        }
    }

    #[test]
    fn the_tables_stay_as_they_are_when_merged_with_themselves() {
        let mut twice = Lists::default();
        twice.merge(&Lists::standard()).unwrap();
        let once = twice.clone();
        twice.merge(&Lists::standard()).unwrap();
        assert_eq!(once, twice);
        for (merged, (_, field, table)) in twice.fields.iter().zip(SLOTS) {
            assert_eq!(merged.len(), table.len(), "{field}");
            assert!(table.iter().all(|spec| merged.contains(spec)), "{field}");
        }
        // Names are gone through in this order.
        assert_eq!(twice.names, Lists::standard().names);
    }

    #[test]
    fn every_field_of_a_configuration_has_its_list() {
        for field in FIELDS {
            assert!(*field == "nameReference" || SLOTS.iter().any(|(_, name, _)| name == field), "{field}");
        }
        assert_eq!(FIELDS.len(), SLOTS.len() + 1);
    }

    const OBJECTS: &str = "apiVersion: example.com/v1\nkind: Lamp\nmetadata: {name: lamp}\nspec: {bulb: {name: cm}, tags: {}}\n---\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: cm}\n";

    fn built(config: &str) -> Result<serde_json::Value> {
        let files = Memory::new()
            .with("base/kustomization.yaml", "resources: [o.yaml]\nconfigurations: [config.yaml]\n")
            .with("base/o.yaml", OBJECTS)
            .with("base/config.yaml", config)
            .with(
                "prod/kustomization.yaml",
                "resources: [../base]\nnamePrefix: p-\ncommonAnnotations: {a: b}\n",
            );
        let build = build(&files, "prod", &BuildOptions::default())?;
        let lamp =
            build.objects.iter().find(|object| object.node.get("kind").unwrap().as_str() == Some("Lamp"));
        Ok(serde_json::to_value(&lamp.unwrap().node).unwrap())
    }

    #[test]
    fn what_a_base_configures_counts_above_it() {
        let lamp = built(
            "nameReference: [{kind: ConfigMap, fieldSpecs: [{kind: Lamp, path: spec/bulb/name}]}]\ncommonAnnotations: [{kind: Lamp, path: spec/tags, create: true}]\n",
        )
        .unwrap();
        assert_eq!(lamp["spec"], serde_json::json!({"bulb": {"name": "p-cm"}, "tags": {"a": "b"}}));
    }

    #[test]
    fn mistakes_in_configurations_have_a_place() {
        for (config, code, place) in [
            ("colour: red\n", "unknown-field", "base/config.yaml:1:1"),
            ("nameprefix: [{path: a, creat: true}]\n", "unknown-field", "base/config.yaml:1:24"),
            ("namespace: {a: b}\n", "wrong-type", "base/config.yaml:1:12"),
            ("images:\n- path: a\n  create: yep\n", "wrong-type", "base/config.yaml:3:11"),
            (
                "commonLabels:\n- path: metadata/labels\n  create: false\n",
                "conflicting-field-specs",
                "base/config.yaml:2:3",
            ),
        ] {
            let error = built(config).unwrap_err();
            assert_eq!(error.code(), code, "{config}: {error}");
            let found = error.location().map(ToString::to_string);
            assert_eq!(found.as_deref(), Some(place), "{config}");
        }
        assert!(built("images: []\nimages: []\n").is_err());
    }
}
