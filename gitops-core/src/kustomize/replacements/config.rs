//! A replacement as users write it: where a value comes from, and which fields it goes to.
//!
//! Entries of `kustomization.yaml` are read strictly; kustomize reads files named by `path` and the
//! configuration of a `ReplacementTransformer` leniently, so unknown fields there are only worth a
//! warning.

use crate::Result;
use crate::kustomize::decode::{Decoder, Spanned};
use crate::kustomize::selector::Selector;
use crate::node::{Node, Span};

/// An entry of `replacements`.
#[derive(Clone, Debug)]
pub(crate) enum Entry {
    /// The replacement itself.
    Inline(Box<Replacement>),
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
    /// The exact id.
    pub(crate) id: Selector,
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

impl Decoder<'_> {
    /// A list of entries, as under `replacements`.
    pub(crate) fn replacements(&self, node: &Node) -> Result<Vec<Entry>> {
        self.list(node, "replacements", |item| self.replacement_entry(item))
    }

    /// What a file holds: one replacement or a list of them.
    pub(crate) fn replacement_file(&self, root: &Node) -> Result<Vec<Replacement>> {
        const KNOWN: &[&str] = &["source", "targets", "sourceValue"];
        match root.as_seq() {
            Some(items) => items.iter().map(|item| Ok(self.replacement(item, KNOWN)?.0)).collect(),
            None if root.is_map() => Ok(vec![self.replacement(root, KNOWN)?.0]),
            None => {
                let message = format!(
                    "a file of replacements holds one (a mapping) or a list of them, but this is {}",
                    root.type_name()
                );
                Err(self.error(root.span, "not-a-replacement", message))
            }
        }
    }

    fn replacement_entry(&self, node: &Node) -> Result<Entry> {
        let (replacement, path) = self.replacement(node, &["source", "targets", "sourceValue", "path"])?;
        match path {
            None => Ok(Entry::Inline(Box::new(replacement))),
            Some(path)
                if replacement.source.is_some() || replacement.targets.is_some_and(|t| !t.is_empty()) =>
            {
                let message =
                    "`path` and a replacement cannot stand in one entry; give each an entry of its own";
                Err(self.error(path.span, "path-and-replacement", message))
            }
            Some(path) => Ok(Entry::File(path)),
        }
    }

    fn replacement(
        &self,
        node: &Node,
        known: &'static [&'static str],
    ) -> Result<(Replacement, Option<Spanned>)> {
        let mut replacement =
            Replacement { span: node.span, source: None, source_value: None, targets: None };
        let mut path = None;
        for (name, entry) in self.fields(node, "a replacement", known)? {
            let value = &entry.value;
            match name {
                "source" => replacement.source = Some(self.replacement_source(value)?),
                "sourceValue" => replacement.source_value = Some(self.string(value, name)?),
                "targets" => {
                    let targets = self.list(value, name, |item| self.replacement_target(item))?;
                    replacement.targets = Some(targets);
                }
                _ => path = self.optional(value, name)?,
            }
        }
        Ok((replacement, path))
    }

    fn replacement_source(&self, node: &Node) -> Result<Source> {
        let known = &["group", "version", "kind", "name", "namespace", "fieldPath", "options"];
        let mut source = Source::default();
        source.id.span = Some(node.span);
        for (name, entry) in self.fields(node, "the source of a replacement", known)? {
            let value = &entry.value;
            match name {
                "fieldPath" => source.field_path = self.optional(value, name)?,
                "options" => source.options = self.field_options(value)?,
                _ => source.id.set_id(name, self.strict_text().optional(value, name)?),
            }
        }
        Ok(source)
    }

    fn replacement_target(&self, node: &Node) -> Result<Target> {
        let known = &["select", "reject", "fieldPaths", "options"];
        let mut target = Target { span: Some(node.span), ..Target::default() };
        let selector = |node: &Node| self.selector(node, "a selector of a replacement");
        for (name, entry) in self.fields(node, "a target of a replacement", known)? {
            let value = &entry.value;
            match name {
                "select" => target.select = Some(selector(value)?),
                "reject" => target.reject = self.list(value, name, selector)?,
                "fieldPaths" => target.field_paths = self.strings(value, name)?,
                _ => target.options = self.field_options(value)?,
            }
        }
        Ok(target)
    }

    fn field_options(&self, node: &Node) -> Result<Options> {
        let known = &["delimiter", "index", "encoding", "create"];
        let mut options = Options::default();
        for (name, entry) in self.fields(node, "the options of a replacement", known)? {
            let value = &entry.value;
            match name {
                "delimiter" => options.delimiter = self.optional(value, name)?,
                "index" => {
                    options.index = self.integer(value, name)?;
                    options.index_span = Some(value.span);
                }
                "encoding" => options.encoding = self.optional(value, name)?,
                _ => options.create = self.boolean(value, name)?,
            }
        }
        Ok(options)
    }
}
