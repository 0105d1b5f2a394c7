//! Strict decoding of configuration trees, as Go's `encoding/json` with unknown fields refused.
//!
//! Field names match regardless of case, null means absent, and a value of the wrong type is an error
//! at its place.

use std::cell::RefCell;

use crate::node::{Entry, Map, Node, Scalar, SourceMap, Span, Text, Value};
use crate::{Diagnostic, Error, ErrorKind, Result};

/// Text from a configuration file, and where it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Spanned {
    pub(crate) text: Text,
    pub(crate) span: Span,
}

impl Spanned {
    pub(crate) fn as_str(&self) -> &str {
        &self.text
    }
}

/// Reads trees of one configuration file.
#[derive(Clone, Copy)]
pub(crate) struct Decoder<'a> {
    pub(crate) sources: &'a SourceMap,
    /// Where unknown fields are noted that are left alone, as in the configurations of plugins; without
    /// it they are refused.
    pub(crate) passed_over: Option<&'a RefCell<Vec<Diagnostic>>>,
    /// Whether a number or boolean where text belongs counts as its text, as in plain fields of plugins.
    pub(crate) loose_text: bool,
}

impl Decoder<'_> {
    /// The same, for fields that Go decodes as part of an embedded structure: their texts must be text.
    pub(crate) fn strict_text(self) -> Self {
        Self { loose_text: false, ..self }
    }

    /// An error about the text at `span`.
    pub(crate) fn error(&self, span: Span, code: &'static str, message: impl Into<String>) -> Error {
        Error::new(ErrorKind::Kustomize, code, message).at(self.sources.locate(span))
    }

    fn wrong_type(&self, node: &Node, field: &str, wanted: &str) -> Error {
        let hint = match (node.scalar(), wanted) {
            (Some(_), "text") => "; put quotes around it",
            _ => "",
        };
        let message = format!("`{field}` must be {wanted} but is {}{hint}", node.type_name());
        self.error(node.span, "wrong-type", message)
    }

    /// The fields of a mapping under their canonical names, nulls left out; `what` names the mapping.
    pub(crate) fn fields<'n>(
        &self,
        node: &'n Node,
        what: &str,
        known: &'static [&'static str],
    ) -> Result<Vec<(&'static str, &'n Entry)>> {
        if node.is_null() {
            return Ok(Vec::new());
        }
        let map = node.as_map().ok_or_else(|| self.wrong_type(node, what, "a mapping"))?;
        let mut fields: Vec<(&'static str, &Entry)> = Vec::with_capacity(map.len());
        for entry in map.entries() {
            let key = entry.key.as_str();
            let name = known.iter().find(|name| **name == key);
            let name = name.or_else(|| known.iter().find(|name| name.eq_ignore_ascii_case(key)));
            let Some(name) = name else {
                let hint = crate::kustomize::suggest::closest(key, known)
                    .map_or(String::new(), |name| format!("; did you mean `{name}`?"));
                let Some(passed_over) = self.passed_over else {
                    let message = format!("unknown field `{key}` in {what}{hint}");
                    return Err(self.error(entry.key_span, "unknown-field", message));
                };
                let message = format!("`{key}` in {what} means nothing to kustomize and is ignored{hint}");
                let place = self.sources.locate(entry.key_span);
                passed_over.borrow_mut().push(Diagnostic::new("unknown-field", message).at(place));
                continue;
            };
            if entry.value.is_null() {
                continue;
            }
            // Of several spellings of the same field Go takes the last in the order of bytes.
            match fields.iter_mut().find(|(seen, _)| seen == name) {
                Some((_, known)) if known.key > entry.key => {}
                Some((_, known)) => *known = entry,
                None => fields.push((name, entry)),
            }
        }
        Ok(fields)
    }

    pub(crate) fn string(&self, node: &Node, field: &str) -> Result<Spanned> {
        match &node.value {
            Value::String(text) => Ok(Spanned { text: text.clone(), span: node.span }),
            // A date is text to JSON, in the form that Go prints.
            Value::Plain(plain) if plain.is_timestamp() => match plain.scalar() {
                Scalar::String(text) => Ok(Spanned { text: Text::from(text), span: node.span }),
                _ => Err(self.wrong_type(node, field, "text")),
            },
            _ if node.is_null() => Ok(Spanned { text: Text::empty(), span: node.span }),
            _ if self.loose_text && node.scalar().is_some() => {
                let text = crate::yaml::write(node)?;
                Ok(Spanned { text: Text::from(text.trim_end()), span: node.span })
            }
            _ => Err(self.wrong_type(node, field, "text")),
        }
    }

    /// Text that counts as absent when it is empty.
    pub(crate) fn optional(&self, node: &Node, field: &str) -> Result<Option<Spanned>> {
        Ok(Some(self.string(node, field)?).filter(|text| !text.text.is_empty()))
    }

    pub(crate) fn boolean(&self, node: &Node, field: &str) -> Result<bool> {
        node.as_bool().ok_or_else(|| self.wrong_type(node, field, "true or false"))
    }

    pub(crate) fn integer(&self, node: &Node, field: &str) -> Result<i64> {
        node.as_i64().ok_or_else(|| self.wrong_type(node, field, "an integer"))
    }

    pub(crate) fn seq<'n>(&self, node: &'n Node, field: &str) -> Result<&'n [Node]> {
        node.as_seq().ok_or_else(|| self.wrong_type(node, field, "a list"))
    }

    pub(crate) fn list<T>(
        &self,
        node: &Node,
        field: &str,
        mut read: impl FnMut(&Node) -> Result<T>,
    ) -> Result<Vec<T>> {
        self.seq(node, field)?.iter().map(&mut read).collect()
    }

    pub(crate) fn strings(&self, node: &Node, field: &str) -> Result<Vec<Spanned>> {
        self.list(node, field, |item| self.string(item, field))
    }

    /// A mapping of text to text, sorted by key.
    pub(crate) fn pairs(&self, node: &Node, field: &str) -> Result<Vec<(Spanned, Spanned)>> {
        let map: &Map = node.as_map().ok_or_else(|| self.wrong_type(node, field, "a mapping"))?;
        let mut pairs = map
            .entries()
            .iter()
            .map(|entry| {
                let key = Spanned { text: entry.key.clone(), span: entry.key_span };
                Ok((key, self.string(&entry.value, &format!("{field}.{}", entry.key))?))
            })
            .collect::<Result<Vec<_>>>()?;
        pairs.sort_by(|a, b| a.0.text.cmp(&b.0.text));
        Ok(pairs)
    }
}
