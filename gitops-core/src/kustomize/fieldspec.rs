//! Finding, and where asked making, the fields that a [`FieldSpec`] names.
//!
//! Follows kustomize v5.8.2 (`api/filters/fieldspec`). Two differences, both invisible in the result:
//! an object is looked through before it is written, so that a spec that leads nowhere copies no
//! shared sub-tree; and a path may have at most [`MAX_SEGMENTS`] parts.

use std::borrow::Cow;

use crate::node::{Map, Node, SourceMap, Span, Value};
use crate::object::group_version;
use crate::{Error, ErrorKind, Result};

pub use crate::knowledge::field_specs::FieldSpec;

/// The longest path of a field spec, so that a path cannot nest an object without bound.
pub const MAX_SEGMENTS: usize = 100;

/// What stands in for a field that a spec with `create` does not find, or finds null.
///
/// The span is that of the text that asks for the change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Create {
    /// Nothing: the transformer never creates fields, whatever the spec says.
    Nothing,
    /// An empty mapping, for transformers that add entries (labels, annotations).
    Mapping(Span),
    /// An empty text, for transformers that set a value (namespace, names, replicas).
    Text(Span),
}

impl Create {
    fn span(self) -> Option<Span> {
        match self {
            Self::Nothing => None,
            Self::Mapping(span) | Self::Text(span) => Some(span),
        }
    }

    fn leaf(self) -> Value {
        match self {
            Self::Text(_) => Node::string("", Span::NONE).value,
            _ => empty_map(),
        }
    }
}

fn empty_map() -> Value {
    Node::map(Map::new(), Span::NONE).value
}

/// Calls `change` on every field of `object` that `spec` names.
///
/// Nothing happens if the object is of another group, version or kind, or if the path leads nowhere.
/// Lists on the way are entered element by element. With `spec.create` (and `create` other than
/// [`Create::Nothing`]) missing mappings on the way are made and nulls become mappings, except at a
/// `key[]` step, where a missing list stays missing and a null becomes an empty list. `change` may get a
/// null where nothing is created.
///
/// # Errors
/// [`ErrorKind::Kustomize`] at the place of the node: `field-spec-mismatch` when the path leads below a
/// scalar, `field-spec-path` for an empty, numeric or bracketed key; [`ErrorKind::Limit`]
/// `field-spec-too-long`; and what `change` gives.
pub fn visit(
    object: &mut Node,
    spec: &FieldSpec,
    create: Create,
    sources: &SourceMap,
    change: &mut dyn FnMut(&mut Node) -> Result<()>,
) -> Result<()> {
    if !selects(object, spec) {
        return Ok(());
    }
    let path = whole_path(spec)?;
    let create = if spec.create { create } else { Create::Nothing };
    if !reaches(object, path, create) {
        return Ok(());
    }
    Walk { create, sources, spec }.node(object, path, change)
}

/// Calls `see` on every field of `object` that `spec` names and that exists, nulls included.
///
/// # Errors
/// What `see` gives, and what [`visit`] would refuse.
pub fn look(
    object: &Node,
    spec: &FieldSpec,
    sources: &SourceMap,
    see: &mut dyn FnMut(&Node) -> Result<()>,
) -> Result<()> {
    if !selects(object, spec) {
        return Ok(());
    }
    Walk { create: Create::Nothing, sources, spec }.look(object, whole_path(spec)?, see)
}

/// Whether [`visit`] would make empty lists of nulls on the way of the path.
#[must_use]
pub fn makes_lists(object: &Node, spec: &FieldSpec) -> bool {
    fn below(node: &Node, path: Rest<'_>) -> bool {
        let Some(path) = path else { return false };
        match &node.value {
            Value::Seq(items) => items.iter().any(|item| below(item, Some(path))),
            Value::Map(map) => {
                let (key, rest) = split_first(path);
                let (key, is_list) = list_hint(&key);
                map.get(key).is_some_and(|value| if value.is_null() { is_list } else { below(value, rest) })
            }
            _ => false,
        }
    }
    selects(object, spec) && below(object, Some(spec.path.strip_prefix('/').unwrap_or(&spec.path)))
}

/// Whether `object` is of the group, version and kind of `spec`.
#[must_use]
pub fn selects(object: &Node, spec: &FieldSpec) -> bool {
    let text = |key: &str| object.get(key).and_then(Node::text).unwrap_or(Cow::Borrowed(""));
    if !spec.kind.is_empty() && spec.kind != text("kind") {
        return false;
    }
    if spec.group.is_empty() && spec.version.is_empty() {
        return true;
    }
    let api_version = text("apiVersion");
    let (group, version) = group_version(&api_version);
    (spec.group.is_empty() || spec.group == group) && (spec.version.is_empty() || spec.version == version)
}

/// The path without the slash that it may start with; `None` behind the last key.
type Rest<'a> = Option<&'a str>;

fn whole_path(spec: &FieldSpec) -> Result<Rest<'_>> {
    if spec.path.bytes().filter(|byte| *byte == b'/').count() >= MAX_SEGMENTS {
        return Err(Error::new(
            ErrorKind::Limit,
            "field-spec-too-long",
            format!("the path of a field spec has more than {MAX_SEGMENTS} parts; shorten it"),
        ));
    }
    Ok(Some(spec.path.strip_prefix('/').unwrap_or(&spec.path)))
}

/// The first key of a path and what follows it.
fn split_first(path: &str) -> (Cow<'_, str>, Rest<'_>) {
    let mut key = Cow::Borrowed("");
    let mut rest = path;
    loop {
        let (part, after) = match rest.split_once('/') {
            Some((part, after)) => (part, Some(after)),
            None => (rest, None),
        };
        match (part.strip_suffix('\\'), after) {
            (Some(part), Some(after)) => {
                key.to_mut().push_str(part);
                key.to_mut().push('/');
                rest = after;
            }
            _ if key.is_empty() => return (Cow::Borrowed(part), after),
            _ => {
                key.to_mut().push_str(part);
                return (key, after);
            }
        }
    }
}

/// A key without the `[]` that says that it holds a list, and whether it had one.
fn list_hint(key: &str) -> (&str, bool) {
    match key.strip_suffix("[]") {
        Some(key) => (key.trim(), true),
        None => (key.trim(), false),
    }
}

/// Whether kustomize takes a key for a position or a condition in a list, which a mapping cannot have.
fn is_list_step(key: &str) -> bool {
    key.is_empty()
        || matches!(key, "-" | "*")
        || key.parse::<i64>().is_ok()
        || (key.starts_with('[') && key.ends_with(']'))
}

/// Whether a walk for writing would change or refuse anything.
fn reaches(node: &Node, path: Rest<'_>, create: Create) -> bool {
    let Some(path) = path else { return true };
    match &node.value {
        Value::Seq(items) => items.iter().any(|item| reaches(item, Some(path), create)),
        Value::Map(map) => {
            let (key, rest) = split_first(path);
            let (key, is_list) = list_hint(&key);
            if is_list_step(key) {
                return true;
            }
            let creates = create != Create::Nothing && !is_list;
            match map.get(key) {
                None => creates,
                Some(value) if value.is_null() => creates || is_list || rest.is_none(),
                Some(value) => reaches(value, rest, create),
            }
        }
        _ => !node.is_null(),
    }
}

struct Walk<'a> {
    create: Create,
    sources: &'a SourceMap,
    spec: &'a FieldSpec,
}

impl Walk<'_> {
    fn node(
        &self,
        node: &mut Node,
        path: Rest<'_>,
        change: &mut dyn FnMut(&mut Node) -> Result<()>,
    ) -> Result<()> {
        let Some(path) = path else { return change(node) };
        if node.is_null() {
            return Ok(());
        }
        if let Some(items) = node.as_seq_mut() {
            let mut items = items.iter_mut().filter(|item| reaches(item, Some(path), self.create));
            return items.try_for_each(|item| self.node(item, Some(path), change));
        }
        let (key, rest) = split_first(path);
        let (key, is_list) = list_hint(&key);
        self.check(node, key)?;
        let Some(map) = node.as_map_mut() else { return Ok(()) };
        match (map.get_mut(key), self.create.span()) {
            (Some(found), create) if found.is_null() && (is_list || create.is_some()) => {
                found.value = self.made(is_list, rest);
            }
            (None, Some(span)) if !is_list => {
                map.insert(key, Node::new(self.made(false, rest), span));
            }
            _ => {}
        }
        map.get_mut(key).map_or(Ok(()), |value| self.node(value, rest, change))
    }

    fn look(&self, node: &Node, path: Rest<'_>, see: &mut dyn FnMut(&Node) -> Result<()>) -> Result<()> {
        let Some(path) = path else { return see(node) };
        match &node.value {
            Value::Seq(items) => items.iter().try_for_each(|item| self.look(item, Some(path), see)),
            _ if node.is_null() => Ok(()),
            _ => {
                let (key, rest) = split_first(path);
                let key = list_hint(&key).0;
                self.check(node, key)?;
                node.get(key).map_or(Ok(()), |value| self.look(value, rest, see))
            }
        }
    }

    /// Refuses a step into what is no mapping, and one that only a list could have.
    fn check(&self, node: &Node, key: &str) -> Result<()> {
        if !node.is_map() {
            return Err(self.error(
                node.span,
                "field-spec-mismatch",
                format!("expected a mapping or a list with `{key}`, found {}", node.type_name()),
            ));
        }
        if is_list_step(key) {
            return Err(self.error(
                node.span,
                "field-spec-path",
                format!("`{key}` cannot be a key of a field spec; write only names of mapping keys"),
            ));
        }
        Ok(())
    }

    /// What stands in for a missing or null field in front of `rest`.
    fn made(&self, is_list: bool, rest: Rest<'_>) -> Value {
        match (is_list, rest) {
            (true, _) => Node::seq(Vec::new(), Span::NONE).value,
            (false, Some(_)) => empty_map(),
            (false, None) => self.create.leaf(),
        }
    }

    fn error(&self, span: Span, code: &'static str, message: String) -> Error {
        Error::new(ErrorKind::Kustomize, code, message)
            .context(format_args!("field `{}`", self.spec.path))
            .at(self.sources.locate(span))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn spec(path: &str, create: bool) -> FieldSpec {
        FieldSpec {
            group: "".into(),
            version: "".into(),
            kind: "".into(),
            path: path.to_owned().into(),
            create,
        }
    }

    /// Sets every field found to `"X"`, or adds an entry where it is a mapping.
    fn set(object: &serde_json::Value, spec: &FieldSpec, create: Create) -> (Result<()>, serde_json::Value) {
        let mut node = Node::from(object);
        let result = visit(&mut node, spec, create, &SourceMap::new(), &mut |field| {
            match field.as_map_mut() {
                Some(map) => drop(map.insert("x", Node::string("X", Span::NONE))),
                None => *field = Node::string("X", Span::NONE),
            }
            Ok(())
        });
        (result, serde_json::to_value(&node).unwrap())
    }

    #[test]
    fn paths_split_as_upstream() {
        for (path, want) in [
            ("a/b", &["a", "b"][..]),
            ("/a/b", &["a", "b"]),
            ("a\\/b/c", &["a/b", "c"]),
            ("a\\/b\\/c", &["a/b/c"]),
            ("a\\", &["a\\"]),
            ("a//b", &["a", "", "b"]),
            ("", &[""]),
        ] {
            let spec = spec(path, false);
            let (mut rest, mut parts) = (whole_path(&spec).unwrap(), Vec::new());
            while let Some(path) = rest {
                let (part, after) = split_first(path);
                parts.push(part.into_owned());
                rest = after;
            }
            assert_eq!(parts, want, "{path}");
        }
    }

    #[test]
    fn fields_are_found_and_made() {
        let text = Create::Text(Span::NONE);
        let map = Create::Mapping(Span::NONE);
        for (object, path, create, kind, want) in [
            (json!({"a": {"b": "1"}}), "a/b", false, text, json!({"a": {"b": "X"}})),
            (json!({"a": [{"b": 1}, {"c": 1}]}), "a/b", false, text, json!({"a": [{"b": "X"}, {"c": 1}]})),
            (json!({"a": [[{"b": 1}]]}), "a[]/b", false, text, json!({"a": [[{"b": "X"}]]})),
            // The marker is a hint, not a test.
            (json!({"a": {"b": 1}}), "a[]/b", false, text, json!({"a": {"b": "X"}})),
            (json!({}), "a/b", false, text, json!({})),
            (json!({}), "a/b", true, text, json!({"a": {"b": "X"}})),
            (json!({}), "a/b", true, map, json!({"a": {"b": {"x": "X"}}})),
            (json!({}), "a/b", true, Create::Nothing, json!({})),
            (json!({}), "a[]/b", true, text, json!({})),
            (json!({"a": null}), "a/b", true, text, json!({"a": {"b": "X"}})),
            (json!({"a": null}), "a/b", false, text, json!({"a": null})),
            (json!({"a": null}), "a[]/b", false, text, json!({"a": []})),
            (json!({"a": {"b": null}}), "a/b", true, map, json!({"a": {"b": {"x": "X"}}})),
            (json!({"a": {"b": null}}), "a/b", false, map, json!({"a": {"b": "X"}})),
            (
                json!({"a": [{}, {"b": {}}, null]}),
                "a/b/c",
                true,
                text,
                json!({"a": [{"b": {"c": "X"}}, {"b": {"c": "X"}}, null]}),
            ),
            (json!({"a": {"b.c/d": 1}}), "a/b.c\\/d", false, text, json!({"a": {"b.c/d": "X"}})),
            (json!({"a": ["p", "q"]}), "a", false, text, json!({"a": "X"})),
        ] {
            let (result, got) = set(&object, &spec(path, create), kind);
            assert!(result.is_ok(), "{path} in {object}: {result:?}");
            assert_eq!(got, want, "{path} in {object}");
        }
    }

    #[test]
    fn impossible_paths_are_errors() {
        for (object, path, code) in [
            (json!({"a": "text"}), "a/b", "field-spec-mismatch"),
            (json!({"a": ["text"]}), "a/b", "field-spec-mismatch"),
            (json!({"a": {}}), "a/0", "field-spec-path"),
            (json!({"a": {}}), "a//b", "field-spec-path"),
            (json!({"a": {}}), "a/[b=c]", "field-spec-path"),
            (json!({}), "", "field-spec-path"),
            (json!({}), &"a/".repeat(200), "field-spec-too-long"),
        ] {
            let (result, _) = set(&object, &spec(path, false), Create::Nothing);
            assert_eq!(result.map_err(|error| error.code()), Err(code), "{path}");
        }
    }

    #[test]
    fn only_what_changes_is_copied() {
        let original = Node::from(&json!({"a": [{"b": {}}, {"b": {"c": 1}}], "z": {"y": 1}}));
        let mut node = original.clone();
        let none = &mut |_: &mut Node| Ok(());
        visit(&mut node, &spec("a/b/missing", false), Create::Nothing, &SourceMap::new(), none).unwrap();
        assert!(node.shares_with(&original));
        visit(&mut node, &spec("a/b/c", false), Create::Nothing, &SourceMap::new(), none).unwrap();
        let item = |node: &Node, at: usize| node.get("a").unwrap().as_seq().unwrap()[at].clone();
        assert!(!node.shares_with(&original));
        assert!(item(&node, 0).shares_with(&item(&original, 0)));
        assert!(!item(&node, 1).shares_with(&item(&original, 1)));
        assert!(node.get("z").unwrap().shares_with(original.get("z").unwrap()));
    }

    #[test]
    fn looking_sees_what_exists() {
        let object =
            Node::from(&json!({"kind": "Pod", "apiVersion": "v1", "a": [{"b": 1}, {"b": null}, {}]}));
        let mut seen = Vec::new();
        look(
            &object,
            &FieldSpec { kind: "Pod".into(), version: "v1".into(), ..spec("a/b", true) },
            &SourceMap::new(),
            &mut |node| {
                seen.push(node.clone());
                Ok(())
            },
        )
        .unwrap();
        assert_eq!(seen, [Node::from(&json!(1)), Node::null()]);
        assert!(!selects(&object, &FieldSpec { group: "apps".into(), ..spec("a", false) }));
    }
}
