//! Selectors: which objects a patch, a replacement or a plugin is for.
//!
//! Follows `api/types/selector.go` of kustomize v5.8.2: every part of an id is a regular expression that
//! must match the whole of a text; labels and annotations are selected as Kubernetes does.

use crate::Result;
use crate::kustomize::decode::{Decoder, Spanned};
use crate::kustomize::go_regex::Whole;
use crate::kustomize::load::Builder;
use crate::kustomize::resource::{ResId, Resource};
use crate::node::{Node, Span};
use crate::object::{LabelSelector, group_version};

/// A selector as users write it; parts that are not given match everything.
#[derive(Clone, Debug, Default)]
pub(crate) struct Selector {
    pub(crate) span: Option<Span>,
    pub(crate) group: Option<Spanned>,
    pub(crate) version: Option<Spanned>,
    pub(crate) kind: Option<Spanned>,
    pub(crate) name: Option<Spanned>,
    pub(crate) namespace: Option<Spanned>,
    pub(crate) label_selector: Option<Spanned>,
    pub(crate) annotation_selector: Option<Spanned>,
}

impl Selector {
    /// Whether no part of an id is given.
    pub(crate) fn has_no_id(&self) -> bool {
        self.parts().iter().take(5).all(|(_, part)| part.is_none())
    }

    fn parts(&self) -> [(&'static str, Option<&Spanned>); 7] {
        [
            ("group", self.group.as_ref()),
            ("version", self.version.as_ref()),
            ("kind", self.kind.as_ref()),
            ("name", self.name.as_ref()),
            ("namespace", self.namespace.as_ref()),
            ("labelSelector", self.label_selector.as_ref()),
            ("annotationSelector", self.annotation_selector.as_ref()),
        ]
    }

    /// Sets one part of the id.
    pub(crate) fn set_id(&mut self, field: &str, value: Option<Spanned>) {
        match field {
            "group" => self.group = value,
            "version" => self.version = value,
            "kind" => self.kind = value,
            "name" => self.name = value,
            _ => self.namespace = value,
        }
    }
}

impl std::fmt::Display for Selector {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let given = self.parts();
        let given: Vec<String> =
            given.iter().filter_map(|(field, part)| Some(format!("{field} `{}`", (*part)?.text))).collect();
        match given.as_slice() {
            [] => f.write_str("anything"),
            given => f.write_str(&given.join(", ")),
        }
    }
}

impl Decoder<'_> {
    /// Reads a selector; `what` names it in errors.
    pub(crate) fn selector(&self, node: &Node, what: &str) -> Result<Selector> {
        let known = &["group", "version", "kind", "name", "namespace", "labelSelector", "annotationSelector"];
        let mut selector = Selector { span: Some(node.span), ..Selector::default() };
        for (name, entry) in self.fields(node, what, known)? {
            match name {
                "labelSelector" => selector.label_selector = self.optional(&entry.value, name)?,
                "annotationSelector" => selector.annotation_selector = self.optional(&entry.value, name)?,
                _ => selector.set_id(name, self.strict_text().optional(&entry.value, name)?),
            }
        }
        Ok(selector)
    }
}

/// A selector, ready to be asked.
pub(crate) struct Matcher {
    group: Option<Whole>,
    version: Option<Whole>,
    kind: Option<Whole>,
    name: Option<Whole>,
    namespace: Option<Whole>,
    labels: Option<LabelSelector>,
    annotations: Option<LabelSelector>,
}

fn fits(pattern: Option<&Whole>, text: &str) -> bool {
    pattern.is_none_or(|pattern| pattern.is_match(text))
}

impl Matcher {
    /// Whether an object of this type is meant.
    pub(crate) fn selects_type(&self, api_version: &str, kind: &str) -> bool {
        let (group, version) = group_version(api_version);
        fits(self.kind.as_ref(), kind)
            && fits(self.group.as_ref(), group)
            && fits(self.version.as_ref(), version)
    }

    pub(crate) fn selects_name(&self, name: &str) -> bool {
        fits(self.name.as_ref(), name)
    }

    pub(crate) fn selects_namespace(&self, namespace: &str) -> bool {
        fits(self.namespace.as_ref(), namespace)
    }

    /// Whether labels or annotations are asked for.
    pub(crate) fn asks_metadata(&self) -> bool {
        self.labels.is_some() || self.annotations.is_some()
    }

    pub(crate) fn selects_metadata(&self, resource: &Resource) -> bool {
        resource.is_selected(self.labels.as_ref(), "labels")
            && resource.is_selected(self.annotations.as_ref(), "annotations")
    }

    /// Whether kustomize's `Select` takes an object: type of now, name and namespace first or now.
    pub(crate) fn selects(&self, resource: &Resource) -> bool {
        // Asked of each object for each patch: what costs least and excludes most comes first.
        let selects_type = if self.group.is_none() && self.version.is_none() {
            fits(self.kind.as_ref(), &resource.kind())
        } else {
            self.selects_type(&resource.api_version(), &resource.kind())
        };
        if !selects_type
            || !(self.selects_name(&resource.original_name()) || self.selects_name(&resource.name()))
        {
            return false;
        }
        let has_namespace = |id: &ResId| self.selects_namespace(&id.namespace);
        (self.namespace.is_none() || has_namespace(&resource.original_id()) || has_namespace(&resource.id()))
            && self.selects_metadata(resource)
    }
}

impl Builder<'_> {
    /// Compiles a selector.
    pub(crate) fn matcher(&self, selector: &Selector) -> Result<Matcher> {
        let pattern = |field: &Option<Spanned>| field.as_ref().map(|text| self.pattern(text)).transpose();
        Ok(Matcher {
            group: pattern(&selector.group)?,
            version: pattern(&selector.version)?,
            kind: pattern(&selector.kind)?,
            name: pattern(&selector.name)?,
            namespace: pattern(&selector.namespace)?,
            labels: self.label_selector(&selector.label_selector)?,
            annotations: self.label_selector(&selector.annotation_selector)?,
        })
    }

    fn pattern(&self, text: &Spanned) -> Result<Whole> {
        Whole::new(&text.text).map_err(|error| {
            let message = format!("`{}` is not a regular expression that can be used: {error}", text.text);
            self.error(text.span, "bad-pattern", message)
        })
    }

    fn label_selector(&self, text: &Option<Spanned>) -> Result<Option<LabelSelector>> {
        let Some(text) = text else { return Ok(None) };
        let parsed = LabelSelector::parse(&text.text);
        parsed.map(Some).map_err(|error| error.at(self.sources().locate(text.span)))
    }
}
