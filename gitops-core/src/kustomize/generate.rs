//! `configMapGenerator` and `secretGenerator`.
//!
//! Sources in kustomize's order: environment files, literals, files (`api/kv/kv.go`).

use std::collections::HashSet;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use crate::kustomize::decode::Spanned;
use crate::kustomize::kustomization::{Generator, GeneratorOptions};
use crate::kustomize::load::Builder;
use crate::kustomize::resource::{Behavior, Resource};
use crate::node::{Map, Node, Span, Value};
use crate::{Error, ErrorKind, Result};

/// Go's scanner stops at a line longer than this, without an error.
const MAX_ENV_LINE: usize = 64 * 1024;

/// One key of a generated object: name, bytes, and the text that gave it.
struct Pair {
    key: String,
    value: Vec<u8>,
    span: Span,
    /// Whether it stands in an environment file without `=`.
    bare: bool,
}

impl Builder<'_> {
    /// Makes the object of one generator entry.
    pub(crate) fn generate(
        &mut self,
        generator: &Generator,
        global: &GeneratorOptions,
        secret: bool,
    ) -> Result<Resource> {
        let options = generator.options.under(global);
        let what = if secret { "secretGenerator" } else { "configMapGenerator" };
        let Some(name) = &generator.name else {
            return Err(self.error(
                generator.span,
                "missing-name",
                format!("an entry of {what} needs a `name`"),
            ));
        };
        let span = generator.span;
        let mut root = Map::with_capacity(5);
        root.insert("apiVersion", Node::string("v1", span));
        root.insert("kind", Node::string(if secret { "Secret" } else { "ConfigMap" }, span));
        let mut metadata = Map::new();
        metadata.insert("name", Node::string(name.text.clone(), name.span));
        if let Some(namespace) = &generator.namespace {
            metadata.insert("namespace", Node::string(namespace.text.clone(), namespace.span));
        }
        for (field, pairs) in [("labels", &options.labels), ("annotations", &options.annotations)] {
            if let Some((first, _)) = pairs.first() {
                let map = pairs
                    .iter()
                    .map(|(key, value)| (key.text.clone(), Node::string(value.text.clone(), value.span)));
                metadata.insert(field, Node::map(map.collect(), first.span));
            }
        }
        root.insert("metadata", Node::map(metadata, span));
        if secret {
            let kind = generator.kind.as_ref();
            let text = kind.map_or("Opaque", Spanned::as_str);
            root.insert("type", Node::string(text, kind.map_or(span, |kind| kind.span)));
            // A Secret has its `data` even when nothing is in it.
            root.insert("data", Node::map(Map::new(), span));
        }
        let mut seen = HashSet::new();
        for pair in self.pairs_of(generator)? {
            if !seen.insert(pair.key.clone()) {
                let message = format!("`{}` gets the key `{}` twice", name.text, pair.key);
                return Err(self.error(pair.span, "duplicate-key", message));
            }
            self.check_key(&pair);
            let (field, value) = match String::from_utf8(pair.value) {
                Ok(text) if !secret => ("data", text),
                Ok(text) => ("data", base64_lines(text.as_bytes())),
                Err(bytes) if !secret => ("binaryData", base64_lines(bytes.as_bytes())),
                Err(bytes) => ("data", base64_lines(bytes.as_bytes())),
            };
            if !root.contains_key(field) {
                root.insert(field, Node::map(Map::new(), span));
            }
            if let Some(data) = root.get_mut(field).and_then(Node::as_map_mut) {
                data.insert(pair.key, Node::string(value, pair.span));
            }
        }
        if options.immutable {
            root.insert("immutable", Node::new(Value::Bool(true), span));
        }
        let mut resource = Resource::new(Node::map(root, span), &self.schema.scopes);
        resource.needs_hash = !options.disable_name_suffix_hash;
        resource.behavior = match generator.behavior.as_ref().map(Spanned::as_str) {
            Some("merge") => Behavior::Merge,
            Some("replace") => Behavior::Replace,
            Some("create") | None => Behavior::Create,
            Some(other) => {
                let span = generator.behavior.as_ref().map_or(span, |behavior| behavior.span);
                let message = format!(
                    "`behavior: {other}` is none of create, merge, replace; kustomize takes it for create"
                );
                self.warn(span, "unknown-behavior", message);
                Behavior::Create
            }
        };
        Ok(resource)
    }

    /// Says what is odd about a key, which kustomize takes as it is.
    fn check_key(&mut self, pair: &Pair) {
        if pair.bare {
            let message = format!(
                "`{}` has no `=`, so its value is empty; write `{}=` if that is meant",
                pair.key, pair.key
            );
            self.warn(pair.span, "env-without-value", message);
        }
        let is_valid = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
        if !pair.key.chars().all(is_valid) {
            let message = format!(
                "the API server refuses the key `{}`; use letters, digits, `-`, `_` and `.`",
                pair.key
            );
            self.warn(pair.span, "invalid-data-key", message);
        }
    }

    fn pairs_of(&mut self, generator: &Generator) -> Result<Vec<Pair>> {
        let mut pairs = Vec::new();
        for entry in &generator.envs {
            let (path, content) = self.load(entry)?;
            let file = self.source(&path, &content)?;
            let lost = self.env_pairs(&content.bytes, |offset| Span::new(file, offset), &mut pairs)?;
            if let Some(span) = lost {
                let message = format!(
                    "this line is longer than {MAX_ENV_LINE} bytes; kustomize ends the file before it, so it and all lines after it are lost"
                );
                self.warn(span, "env-lines-lost", message);
            }
        }
        for literal in &generator.literals {
            let Some((key, value)) = literal.text.split_once('=').filter(|(key, _)| !key.is_empty()) else {
                // The text may be a secret: it is not repeated.
                let message = "a literal must be written `key=value`";
                return Err(self.error(literal.span, "bad-literal", message));
            };
            pairs.push(Pair {
                key: key.into(),
                value: unquoted(value).into(),
                span: literal.span,
                bare: false,
            });
        }
        for entry in &generator.files {
            let (key, path) = self.file_source(entry)?;
            let (path, content) = self.load(&Spanned { text: path.into(), span: entry.span })?;
            // Text points at its own file; bytes have no lines to point at.
            let span = self.source(&path, &content).map_or(entry.span, |file| Span::new(file, 0));
            pairs.push(Pair { key: key.into(), value: content.bytes.to_vec(), span, bare: false });
        }
        Ok(pairs)
    }

    fn file_source<'e>(&self, entry: &'e Spanned) -> Result<(&'e str, &'e str)> {
        let text = entry.as_str();
        let fault = match text.split_once('=') {
            None => return Ok((text.rsplit('/').find(|part| !part.is_empty()).unwrap_or(text), text)),
            Some((_, path)) if path.contains('=') => "neither the key nor the path may contain `=`",
            Some(("", _)) => "the key before `=` is missing",
            Some((_, "")) => "the path after `=` is missing",
            Some(parts) => return Ok(parts),
        };
        Err(self.error(entry.span, "bad-file-source", format!("`{text}`: {fault}")))
    }

    fn env_pairs(
        &self,
        bytes: &[u8],
        place: impl Fn(u32) -> Span,
        pairs: &mut Vec<Pair>,
    ) -> Result<Option<Span>> {
        let mut offset = 0;
        for (number, line) in bytes.split_inclusive(|byte| *byte == b'\n').enumerate() {
            let span = place(offset);
            offset += line.len() as u32;
            if line.len() > MAX_ENV_LINE {
                return Ok(Some(span));
            }
            let Ok(text) = std::str::from_utf8(line) else {
                let message = format!("line {} of the environment file is not UTF-8", number + 1);
                return Err(Error::new(ErrorKind::Yaml, "not-utf8", message).at(self.sources().locate(span)));
            };
            let text = text.strip_suffix('\n').unwrap_or(text);
            let text = text.strip_suffix('\r').unwrap_or(text);
            let text = if number == 0 { text.trim_start_matches('\u{feff}') } else { text };
            let text = text.trim_start();
            if text.is_empty() || text.starts_with('#') {
                continue;
            }
            let (key, value) = text.split_once('=').unwrap_or((text, ""));
            if key.is_empty() {
                continue;
            }
            let bare = !text.contains('=');
            pairs.push(Pair { key: key.into(), value: value.into(), span, bare });
        }
        Ok(None)
    }
}

/// Without one matching pair of quotes around it.
fn unquoted(text: &str) -> &str {
    for quote in ['"', '\''] {
        if let Some(inner) = text.strip_prefix(quote).and_then(|rest| rest.strip_suffix(quote)) {
            return inner;
        }
    }
    text
}

/// Base64; from 70 characters on in lines of 70, each with its end, which the hash covers too.
pub(crate) fn base64_lines(bytes: &[u8]) -> String {
    let encoded = STANDARD.encode(bytes);
    if encoded.len() < 70 {
        return encoded;
    }
    let mut lines = String::with_capacity(encoded.len() + encoded.len() / 70 + 1);
    let mut rest = encoded.as_str();
    while !rest.is_empty() {
        let (line, after) = rest.split_at(rest.len().min(70));
        lines.push_str(line);
        lines.push('\n');
        rest = after;
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_base64_is_broken_into_lines() {
        assert_eq!(base64_lines(b"1"), "MQ==");
        assert_eq!(base64_lines(&[0; 51]).len(), 68);
        // 70 is not a multiple of four, so 72 is the first length that breaks.
        let lines = base64_lines(&[0; 54]);
        assert_eq!((lines.len(), lines.matches('\n').count()), (74, 2));
    }

    #[test]
    fn quotes_go_in_pairs() {
        for (text, want) in
            [("\"a\"", "a"), ("'a'", "a"), ("\"a'", "\"a'"), ("\"", "\""), ("a", "a"), ("''", "")]
        {
            assert_eq!(unquoted(text), want);
        }
    }
}
