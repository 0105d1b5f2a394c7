//! A replacement as users write it: where a value comes from, and which fields it goes to.
//!
//! Entries of `kustomization.yaml` are read strictly; kustomize reads files named by `path` and the
//! configuration of a `ReplacementTransformer` leniently, so unknown fields there are only worth a
//! warning.

use std::borrow::Cow;

use crate::kustomize::decode::{Decoder, Spanned};
use crate::kustomize::suggest;
use crate::node::{Map, Node, Span};
use crate::{Diagnostic, Result};

/// An entry of `replacements`.
#[derive(Clone, Debug)]
pub(crate) enum Entry {
    /// The replacement itself.
    Inline(Replacement),
    /// A file with one replacement or a list of them.
    File(Spanned),
}

/// One replacement.
#[derive(Clone, Debug)]
pub(crate) struct Replacement {
    pub(crate) span: Span,
    pub(crate) source: Option<Source>,
    pub(crate) source_value: Option<Spanned>,
    /// `None` where the field is missing.
    pub(crate) targets: Option<Vec<Target>>,
}

/// The object and field that a value comes from.
#[derive(Clone, Debug, Default)]
pub(crate) struct Source {
    pub(crate) id: Id,
    pub(crate) field_path: Option<Spanned>,
    pub(crate) options: Options,
}

/// The fields that a value goes to.
#[derive(Clone, Debug, Default)]
pub(crate) struct Target {
    pub(crate) span: Option<Span>,
    pub(crate) select: Option<Selector>,
    pub(crate) reject: Vec<Selector>,
    pub(crate) field_paths: Vec<Spanned>,
    pub(crate) options: Options,
}

/// The parts of an id; those that are not given match everything.
#[derive(Clone, Debug, Default)]
pub(crate) struct Id {
    pub(crate) span: Option<Span>,
    pub(crate) group: Option<Spanned>,
    pub(crate) version: Option<Spanned>,
    pub(crate) kind: Option<Spanned>,
    pub(crate) name: Option<Spanned>,
    pub(crate) namespace: Option<Spanned>,
}

impl Id {
    /// Whether no part is given.
    pub(crate) fn is_empty(&self) -> bool {
        self.parts().iter().all(|(_, part)| part.is_none())
    }

    fn parts(&self) -> [(&'static str, Option<&Spanned>); 5] {
        [
            ("group", self.group.as_ref()),
            ("version", self.version.as_ref()),
            ("kind", self.kind.as_ref()),
            ("name", self.name.as_ref()),
            ("namespace", self.namespace.as_ref()),
        ]
    }

    fn set(&mut self, field: &str, value: Option<Spanned>) {
        match field {
            "group" => self.group = value,
            "version" => self.version = value,
            "kind" => self.kind = value,
            "name" => self.name = value,
            _ => self.namespace = value,
        }
    }
}

impl std::fmt::Display for Id {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        if self.is_empty() {
            return f.write_str("anything");
        }
        let given = self.parts();
        let given = given.iter().filter_map(|(field, part)| Some((field, (*part)?)));
        for (at, (field, part)) in given.enumerate() {
            let comma = if at > 0 { ", " } else { "" };
            write!(f, "{comma}{field} `{}`", part.text)?;
        }
        Ok(())
    }
}

/// Which objects are meant: regular expressions for the parts of the id, and selectors.
#[derive(Clone, Debug, Default)]
pub(crate) struct Selector {
    pub(crate) id: Id,
    pub(crate) label_selector: Option<Spanned>,
    pub(crate) annotation_selector: Option<Spanned>,
}

/// How a field is taken apart or made.
#[derive(Clone, Debug, Default)]
pub(crate) struct Options {
    pub(crate) delimiter: Option<Spanned>,
    pub(crate) index: i64,
    pub(crate) index_span: Option<Span>,
    /// Kustomize knows the field and does nothing with it.
    pub(crate) encoding: Option<Spanned>,
    pub(crate) create: bool,
}

/// Reads replacements.
pub(crate) struct Reader<'a> {
    pub(crate) decoder: Decoder<'a>,
    /// Whether unknown fields are errors.
    pub(crate) strict: bool,
    /// What a lenient reading passes over.
    pub(crate) warnings: Vec<Diagnostic>,
}

impl<'a> Reader<'a> {
    pub(crate) fn new(decoder: Decoder<'a>, strict: bool) -> Self {
        Self { decoder, strict, warnings: Vec::new() }
    }

    /// A list of entries, as under `replacements`.
    pub(crate) fn entries(&mut self, node: &Node) -> Result<Vec<Entry>> {
        let items = self.decoder.seq(node, "replacements")?;
        items.iter().map(|item| self.entry(item)).collect()
    }

    /// What a file holds: one replacement or a list of them.
    pub(crate) fn file(&mut self, root: &Node) -> Result<Vec<Replacement>> {
        match root.as_seq() {
            Some(items) => items.iter().map(|item| self.replacement(item)).collect(),
            None if root.is_map() => Ok(vec![self.replacement(root)?]),
            None => {
                let message = format!(
                    "a file of replacements holds one (a mapping) or a list of them, but this is {}",
                    root.type_name()
                );
                Err(self.decoder.error(root.span, "not-a-replacement", message))
            }
        }
    }

    fn entry(&mut self, node: &Node) -> Result<Entry> {
        const KNOWN: &[&str] = &["source", "targets", "sourceValue", "path"];
        let node = self.known(node, KNOWN);
        let fields = self.decoder.fields(&node, "an entry of replacements", KNOWN)?;
        let mut path = None;
        for (name, entry) in fields {
            if name == "path" {
                path = self.optional(&entry.value, name)?;
            }
        }
        let replacement = self.replacement_of(&node, KNOWN)?;
        match path {
            None => Ok(Entry::Inline(replacement)),
            Some(path)
                if replacement.source.is_some() || replacement.targets.is_some_and(|t| !t.is_empty()) =>
            {
                let message =
                    "`path` and a replacement cannot stand in one entry; give each an entry of its own";
                Err(self.decoder.error(path.span, "path-and-replacement", message))
            }
            Some(path) => Ok(Entry::File(path)),
        }
    }

    fn replacement(&mut self, node: &Node) -> Result<Replacement> {
        const KNOWN: &[&str] = &["source", "targets", "sourceValue"];
        let node = self.known(node, KNOWN);
        self.replacement_of(&node, KNOWN)
    }

    fn replacement_of(&mut self, node: &Node, known: &'static [&'static str]) -> Result<Replacement> {
        let mut replacement =
            Replacement { span: node.span, source: None, source_value: None, targets: None };
        for (name, entry) in self.decoder.fields(node, "a replacement", known)? {
            let value = &entry.value;
            match name {
                "source" => replacement.source = Some(self.source(value)?),
                "sourceValue" => replacement.source_value = Some(self.decoder.string(value, name)?),
                "targets" => {
                    let items = self.decoder.seq(value, name)?;
                    replacement.targets =
                        Some(items.iter().map(|item| self.target(item)).collect::<Result<_>>()?);
                }
                _ => {}
            }
        }
        Ok(replacement)
    }

    fn source(&mut self, node: &Node) -> Result<Source> {
        const KNOWN: &[&str] = &["group", "version", "kind", "name", "namespace", "fieldPath", "options"];
        let node = self.known(node, KNOWN);
        let mut source = Source::default();
        source.id.span = Some(node.span);
        for (name, entry) in self.decoder.fields(&node, "the source of a replacement", KNOWN)? {
            let value = &entry.value;
            match name {
                "fieldPath" => source.field_path = self.optional(value, name)?,
                "options" => source.options = self.options(value)?,
                _ => source.id.set(name, self.optional(value, name)?),
            }
        }
        Ok(source)
    }

    fn target(&mut self, node: &Node) -> Result<Target> {
        const KNOWN: &[&str] = &["select", "reject", "fieldPaths", "options"];
        let node = self.known(node, KNOWN);
        let mut target = Target { span: Some(node.span), ..Target::default() };
        for (name, entry) in self.decoder.fields(&node, "a target of a replacement", KNOWN)? {
            let value = &entry.value;
            match name {
                "select" => target.select = Some(self.selector(value)?),
                "reject" => {
                    let items = self.decoder.seq(value, name)?;
                    target.reject = items.iter().map(|item| self.selector(item)).collect::<Result<_>>()?;
                }
                "fieldPaths" => target.field_paths = self.decoder.strings(value, name)?,
                _ => target.options = self.options(value)?,
            }
        }
        Ok(target)
    }

    fn selector(&mut self, node: &Node) -> Result<Selector> {
        const KNOWN: &[&str] =
            &["group", "version", "kind", "name", "namespace", "labelSelector", "annotationSelector"];
        let node = self.known(node, KNOWN);
        let mut selector = Selector::default();
        selector.id.span = Some(node.span);
        for (name, entry) in self.decoder.fields(&node, "a selector of a replacement", KNOWN)? {
            let value = self.optional(&entry.value, name)?;
            match name {
                "labelSelector" => selector.label_selector = value,
                "annotationSelector" => selector.annotation_selector = value,
                _ => selector.id.set(name, value),
            }
        }
        Ok(selector)
    }

    fn options(&mut self, node: &Node) -> Result<Options> {
        const KNOWN: &[&str] = &["delimiter", "index", "encoding", "create"];
        let node = self.known(node, KNOWN);
        let mut options = Options::default();
        for (name, entry) in self.decoder.fields(&node, "the options of a replacement", KNOWN)? {
            let value = &entry.value;
            match name {
                "delimiter" => options.delimiter = self.optional(value, name)?,
                "index" => {
                    options.index = self.decoder.integer(value, name)?;
                    options.index_span = Some(value.span);
                }
                "encoding" => options.encoding = self.optional(value, name)?,
                _ => options.create = self.decoder.boolean(value, name)?,
            }
        }
        Ok(options)
    }

    fn optional(&self, node: &Node, field: &str) -> Result<Option<Spanned>> {
        Ok(Some(self.decoder.string(node, field)?).filter(|text| !text.text.is_empty()))
    }

    /// The mapping without its unknown fields, unless those are errors.
    fn known<'n>(&mut self, node: &'n Node, known: &'static [&'static str]) -> Cow<'n, Node> {
        let is_known = |key: &str| known.iter().any(|name| name.eq_ignore_ascii_case(key));
        let unknown = node.as_map().map_or(&[][..], Map::entries);
        let unknown = unknown.iter().filter(|entry| !is_known(&entry.key));
        let unknown: Vec<_> = unknown.map(|entry| (entry.key.clone(), entry.key_span)).collect();
        if self.strict || unknown.is_empty() {
            return Cow::Borrowed(node);
        }
        for (key, span) in unknown {
            let hint = suggest::closest(&key, known)
                .map_or(String::new(), |name| format!("; did you mean `{name}`?"));
            let message = format!("kustomize ignores the unknown field `{key}` here{hint}");
            self.warnings
                .push(Diagnostic::new("unknown-field", message).at(self.decoder.sources.locate(span)));
        }
        let mut copy = node.clone();
        if let Some(map) = copy.as_map_mut() {
            map.retain(|key, _| is_known(key));
        }
        Cow::Owned(copy)
    }
}
