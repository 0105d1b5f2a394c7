//! `ValueAddTransformer`: one value put into fields of many objects, whole or as a part of a path.
//!
//! Follows `api/internal/builtins/ValueAddTransformer.go` and `api/filters/valueadd` of kustomize v5.8.2.

use std::cell::RefCell;

use crate::Result;
use crate::kustomize::accumulate::ResMap;
use crate::kustomize::decode::{Decoder, Spanned};
use crate::kustomize::load::Builder;
use crate::kustomize::replacements::is_quoted;
use crate::kustomize::selector::Selector;
use crate::kustomize::transform::{NamespaceChange, Subjects};
use crate::node::{Map, Node, SourceMap, Span, Text, Value};
use crate::yaml::{self, Dialect};

/// What the transformer is asked for.
pub(crate) struct ValueAdd {
    span: Span,
    /// The name of the kustomization's directory where none is given.
    value: Option<Spanned>,
    targets: Vec<Target>,
    target_file: Option<Spanned>,
}

struct Target {
    selector: Option<Selector>,
    field: Spanned,
    /// Where the value is inserted into a path, counted from 1; 0 replaces the whole.
    position: i64,
}

impl Decoder<'_> {
    /// Reads the fields of the configuration at `span`.
    pub(crate) fn value_add(&self, span: Span, fields: &[(&'static str, Node)]) -> Result<ValueAdd> {
        let mut change = ValueAdd { span, value: None, targets: Vec::new(), target_file: None };
        for (name, node) in fields {
            match *name {
                "value" => change.value = self.optional(node, name)?,
                "targetFilePath" => change.target_file = self.optional(node, name)?,
                _ => change.targets = self.list(node, name, |item| self.value_target(item))?,
            }
        }
        Ok(change)
    }

    fn value_target(&self, node: &Node) -> Result<Target> {
        let field = Spanned { text: Text::empty(), span: node.span };
        let mut target = Target { selector: None, field, position: 0 };
        let known = &["selector", "fieldPath", "filePathPosition"];
        for (name, entry) in self.fields(node, "a target of a ValueAddTransformer", known)? {
            let value = &entry.value;
            match name {
                "selector" => target.selector = Some(self.selector(value, "a selector")?),
                "fieldPath" => target.field = self.string(value, name)?,
                _ => {
                    target.position = self.integer(value, name)?;
                    if target.position < 0 {
                        let message = "filePathPosition cannot be negative; 1 puts the value first";
                        return Err(self.error(value.span, "negative-position", message));
                    }
                }
            }
        }
        if target.field.text.is_empty() {
            return Err(self.error(target.field.span, "missing-field-path", "a target needs a `fieldPath`"));
        }
        Ok(target)
    }
}

impl Builder<'_> {
    /// Puts the value where the targets say.
    pub(crate) fn add_value(&mut self, map: &mut ResMap, mut change: ValueAdd) -> Result<()> {
        if let Some(entry) = &change.target_file {
            change.targets.extend(self.targets_of(entry)?);
        }
        if change.targets.is_empty() {
            let message = "a ValueAddTransformer needs at least one of `targets`";
            return Err(self.error(change.span, "missing-targets", message));
        }
        let given = change.value.take().map(|value| Spanned { text: value.text.trim().into(), ..value });
        let value = given.filter(|value| !value.text.is_empty());
        let value = value.unwrap_or_else(|| Spanned { text: self.dir_name(), span: change.span });
        let (sources, mut lost) = (self.sources().clone(), Vec::new());
        for target in &change.targets {
            let matcher = target.selector.as_ref().map(|selector| self.matcher(selector)).transpose()?;
            for resource in map.iter_mut() {
                if !matcher.as_ref().is_none_or(|matcher| matcher.selects(resource)) {
                    continue;
                }
                if target.field.as_str() == "metadata/namespace" {
                    let change = NamespaceChange {
                        namespace: &value,
                        specs: &[],
                        unset_only: false,
                        subjects: Subjects::default(),
                    };
                    self.set_namespace_of(resource, &change)?;
                    continue;
                }
                let id = resource.id();
                let done = put(&mut resource.node, target, &value, &sources).map_err(|problem| {
                    let message = format!("`{}` of {id} cannot take the value: {problem}", target.field.text);
                    self.error(target.field.span, "bad-field-path", message)
                })?;
                if !done {
                    let message = format!(
                        "`{}` leads to no element of a list in {id}, so the value goes nowhere",
                        target.field.text
                    );
                    lost.push((target.field.span, message));
                }
            }
        }
        for (span, message) in lost {
            self.warn(span, "value-lost", message);
        }
        map.changed();
        Ok(())
    }

    fn targets_of(&mut self, entry: &Spanned) -> Result<Vec<Target>> {
        let (path, content) = self.load(entry)?;
        let documents = self.documents(&path, &content, Dialect::Kubectl)?;
        self.check_single(&documents);
        let root = documents.first().cloned().unwrap_or_default();
        let unknown = RefCell::default();
        let decoder = Decoder { passed_over: Some(&unknown), loose_text: true, ..self.decoder() };
        let mut targets = Vec::new();
        for (name, entry) in decoder.fields(&root, "a file of targets", &["targets"])? {
            targets = decoder.list(&entry.value, name, |item| decoder.value_target(item))?;
        }
        self.note(unknown.into_inner());
        Ok(targets)
    }

    /// The last part of the path of the directory being built.
    fn dir_name(&self) -> Text {
        let shown = self.shown(self.dir());
        let name = shown.rsplit('/').find(|part| !matches!(*part, "" | "."));
        Text::from(name.unwrap_or("/"))
    }
}

/// The keys of a path; `\\/` is a slash within a key.
fn keys(path: &str) -> Vec<String> {
    let mut keys: Vec<String> = Vec::new();
    for part in path.split('/') {
        match keys.last_mut() {
            Some(last) if last.ends_with('\\') => {
                last.pop();
                last.push('/');
                last.push_str(part);
            }
            _ => keys.push(part.to_owned()),
        }
    }
    keys.iter().map(|key| key.trim().to_owned()).filter(|key| !key.is_empty()).collect()
}

/// Writes the value, and says whether there was a place for it.
fn put(root: &mut Node, target: &Target, value: &Spanned, sources: &SourceMap) -> Result<bool, String> {
    let keys = keys(target.field.as_str());
    let Some(node) = reach(root, &keys, value.span)? else { return Ok(false) };
    let Some(old) = old_text(node) else {
        return Err(format!("{} is there, where a value belongs", node.type_name()));
    };
    let text = match usize::try_from(target.position) {
        Ok(position @ 1..) => insert_part(&old, position - 1, value.as_str()),
        _ => value.text.to_string(),
    };
    // What is quoted stays so; anything else is what its text says.
    let quoted = is_quoted(node, sources);
    let value_of =
        if quoted { Value::String(Text::from(&*text)) } else { yaml::parse_scalar(&text, Dialect::Kyaml) };
    *node = Node::new(value_of, value.span);
    Ok(true)
}

fn old_text(node: &Node) -> Option<String> {
    match &node.value {
        Value::Plain(plain) => Some(plain.text().to_owned()),
        Value::Null => Some(String::new()),
        _ => node.text().map(std::borrow::Cow::into_owned),
    }
}

/// The node at a path, made where it is missing; elements of lists are not made by their position.
fn reach<'n>(node: &'n mut Node, keys: &[String], span: Span) -> Result<Option<&'n mut Node>, String> {
    let Some((key, rest)) = keys.split_first() else { return Ok(Some(node)) };
    if let Ok(index) = key.parse::<i64>() {
        let index = usize::try_from(index).map_err(|_| format!("`{key}` cannot be negative"))?;
        let items = node.as_seq_mut().ok_or_else(|| format!("`{key}` needs a list"))?;
        return items.get_mut(index).map_or(Ok(None), |item| reach(item, rest, span));
    }
    if key == "-" {
        let items = node.as_seq_mut().ok_or_else(|| format!("`{key}` needs a list"))?;
        return items.last_mut().map_or(Ok(None), |item| reach(item, rest, span));
    }
    if key == "*" {
        return Err("`*` cannot be used here".to_owned());
    }
    if let Some(inner) = key.strip_prefix('[').and_then(|key| key.strip_suffix(']')) {
        let (name, wanted) = inner.split_once('=').ok_or_else(|| format!("`{key}` must be `[key=value]`"))?;
        let items = node.as_seq_mut().ok_or_else(|| format!("`{key}` needs a list"))?;
        let fits = |item: &Node| {
            let value = if name.is_empty() { Some(item) } else { item.get(name) };
            value.and_then(Node::text).is_some_and(|text| text == wanted)
        };
        let at = match items.iter().position(fits) {
            Some(at) => at,
            None => {
                let scalar = Node::new(yaml::parse_scalar(wanted, Dialect::Kyaml), span);
                let mut map = Map::new();
                map.insert(name, scalar.clone());
                items.push(if name.is_empty() { scalar } else { Node::map(map, span) });
                items.len() - 1
            }
        };
        return items.get_mut(at).map_or(Ok(None), |item| reach(item, rest, span));
    }
    if node.is_null() {
        return Ok(None);
    }
    let kind = node.type_name();
    let map = node.as_map_mut().ok_or_else(|| format!("`{key}` needs a mapping, but there is {kind}"))?;
    if !map.contains_key(key) {
        let is_list =
            |next: &str| next.starts_with('[') && next.ends_with(']') || next.parse::<u64>().is_ok();
        let made = match rest.first() {
            None => Node::string("", Span::NONE),
            Some(next) if is_list(next) => Node::seq(Vec::new(), span),
            Some(_) => Node::map(Map::new(), span),
        };
        map.insert(key.as_str(), made);
    }
    map.get_mut(key).map_or(Ok(None), |value| reach(value, rest, span))
}

/// A path with a part put in at a position, counted from 0; one that is too large appends. An absolute
/// path stays one.
fn insert_part(path: &str, position: usize, part: &str) -> String {
    let absolute = path.starts_with('/');
    let mut parts: Vec<&str> = path.split('/').filter(|part| !part.is_empty()).collect();
    parts.insert(position.min(parts.len()), part);
    let mut clean: Vec<&str> = Vec::new();
    for part in parts.iter().flat_map(|part| part.split('/')) {
        match part {
            "" | "." => {}
            ".." if clean.last().is_some_and(|last| *last != "..") => drop(clean.pop()),
            part => clean.push(part),
        }
    }
    format!("{}{}", if absolute { "/" } else { "" }, clean.join("/"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_are_inserted_as_upstream() {
        for (path, position, want) in [
            ("", 0, "PEACH"),
            ("/", 0, "/PEACH"),
            ("pie", 0, "PEACH/pie"),
            ("/pie", 0, "/PEACH/pie"),
            ("raw", 1, "raw/PEACH"),
            ("/raw", 9999, "/raw/PEACH"),
            ("a/nice/warm/pie", 3, "a/nice/warm/PEACH/pie"),
            ("/a/nice/warm/pie", 3, "/a/nice/warm/PEACH/pie"),
        ] {
            assert_eq!(insert_part(path, position, "PEACH"), want, "{path} at {position}");
        }
    }
}
