//! JSON patches (RFC 6902), as `gopkg.in/evanphx/json-patch.v4` v4.13 applies them for kustomize v5.8.2.
//!
//! It departs from the RFC: indices may be negative, `replace` of a missing key adds it, `copy` of a
//! missing key copies null, a missing `value` is null, and what stands before the first slash of a
//! pointer is not looked at.

use crate::kustomize::growth::size;
use crate::node::{Map, Node, Path, Segment, SourceMap, Span, Text, Value};

use crate::{Diagnostic, Error, ErrorKind, Result};

use super::json_scalars::as_json;

/// The deepest nesting that an operation may lead to.
const MAX_DEPTH: usize = 500;
/// How many nodes the `copy` operations of a patch may add.
const MAX_COPIED_NODES: usize = 1_000_000;

/// A JSON patch that was read.
#[derive(Clone, Debug, PartialEq)]
pub struct JsonPatch {
    operations: Vec<Operation>,
}

impl JsonPatch {
    /// Whether any operation is `copy`.
    pub(crate) fn copies(&self) -> bool {
        self.operations.iter().any(|operation| matches!(operation.what, What::Copy(_)))
    }
}

#[derive(Clone, Debug, PartialEq)]
struct Operation {
    what: What,
    path: Pointer,
    span: Span,
}

#[derive(Clone, Debug, PartialEq)]
enum What {
    /// Without a value: null.
    Add(Node),
    Remove,
    Replace(Option<Node>),
    Move(Pointer),
    Copy(Pointer),
    Test(Option<Node>),
}

impl What {
    fn name(&self) -> &'static str {
        match self {
            Self::Add(_) => "add",
            Self::Remove => "remove",
            Self::Replace(_) => "replace",
            Self::Move(_) => "move",
            Self::Copy(_) => "copy",
            Self::Test(_) => "test",
        }
    }
}

/// A place in a document, and the text of it in the patch.
#[derive(Clone, Debug, PartialEq)]
struct Pointer {
    text: Text,
    span: Span,
    /// All keys but the last.
    way: Vec<Text>,
    /// The last key; `None` for the whole document.
    last: Option<Text>,
}

impl Pointer {
    fn new(text: &str, span: Span) -> Self {
        let mut keys: Vec<Text> = text.split('/').skip(1).map(unescaped).collect();
        let last = keys.pop();
        Self { text: Text::from(text), span, way: keys, last }
    }
}

/// `~1` is a slash and `~0` a tilde, in one pass.
fn unescaped(key: &str) -> Text {
    if !key.contains('~') {
        return Text::from(key);
    }
    let mut out = String::with_capacity(key.len());
    let mut rest = key;
    while let Some((before, after)) = rest.split_once('~') {
        out.push_str(before);
        (rest, _) = match after.as_bytes().first() {
            Some(b'0') => (after.get(1..).unwrap_or(""), out.push('~')),
            Some(b'1') => (after.get(1..).unwrap_or(""), out.push('/')),
            _ => (after, out.push('~')),
        };
    }
    out.push_str(rest);
    Text::from(out)
}

impl JsonPatch {
    /// How many operations there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.operations.len()
    }

    /// Whether there is no operation.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.operations.is_empty()
    }
}

/// Reads the operations of a patch, which the caller read with [`crate::yaml::Dialect::Kubectl`].
///
/// # Errors
/// [`ErrorKind::Kustomize`] at the operation: `json-patch-not-a-list`, `json-patch-operation` for an entry
/// that is not a mapping or lacks what its `op` needs, `json-patch-unknown-op`; [`ErrorKind::Limit`]
/// `too-deep` for a pointer of more than 500 keys.
pub fn parse(node: &Node, sources: &SourceMap) -> Result<JsonPatch> {
    let Some(items) = node.as_seq() else {
        return Err(Error::new(
            ErrorKind::Kustomize,
            "json-patch-not-a-list",
            format!("a JSON patch is a list of operations, but this is {}", node.type_name()),
        )
        .at(sources.locate(node.span)));
    };
    if let Some(span) = not_json(node) {
        let message =
            "a JSON patch cannot hold an infinite number or `.nan`; put quotes around it if it is text";
        return Err(Error::new(ErrorKind::Kustomize, "not-json-number", message).at(sources.locate(span)));
    }
    let operations = items.iter().enumerate().map(|(index, item)| {
        parse_operation(item).map_err(|error| {
            let at = error.span.or(item.span).or(node.span);
            let kind = if error.code == "too-deep" { ErrorKind::Limit } else { ErrorKind::Kustomize };
            Error::new(
                kind,
                error.code,
                format!("operation {} of the JSON patch: {}", index + 1, error.message),
            )
            .at(sources.locate(at))
        })
    });
    Ok(JsonPatch { operations: operations.collect::<Result<_>>()? })
}

/// Where a number stands that JSON has not.
pub(crate) fn not_json(node: &Node) -> Option<Span> {
    match &node.value {
        Value::Seq(items) => items.iter().find_map(not_json),
        Value::Map(map) => map.iter().find_map(|(_, value)| not_json(value)),
        Value::String(_) => None,
        _ => node.as_f64().is_some_and(|number| !number.is_finite()).then_some(node.span),
    }
}

/// An error before it knows its operation.
struct Failure {
    code: &'static str,
    span: Span,
    message: String,
}

impl Failure {
    fn new(code: &'static str, span: Span, message: impl Into<String>) -> Self {
        Self { code, span, message: message.into() }
    }
}

fn parse_operation(item: &Node) -> Result<Operation, Failure> {
    const BAD: &str = "json-patch-operation";
    let Some(map) = item.as_map() else {
        return Err(Failure::new(BAD, item.span, format!("expected a mapping, found {}", item.type_name())));
    };
    let pointer = |key: &str| match map.get(key) {
        Some(value) => match value.as_str() {
            Some(text) if text.matches('/').count() > MAX_DEPTH => {
                Err(Failure::new("too-deep", value.span, format!("`{key}` has more than {MAX_DEPTH} keys")))
            }
            Some(text) => Ok(Pointer::new(text, value.span)),
            None => {
                Err(Failure::new(BAD, value.span, format!("`{key}` must be text, not {}", value.type_name())))
            }
        },
        None => Err(Failure::new(BAD, item.span, format!("`{key}` is missing"))),
    };
    let value = || map.get("value").cloned();
    let op = map.get("op");
    let what = match op.and_then(Node::as_str) {
        Some("add") => What::Add(value().unwrap_or(Node::new(Value::Null, item.span))),
        Some("remove") => What::Remove,
        Some("replace") => What::Replace(value()),
        Some("move") => What::Move(pointer("from")?),
        Some("copy") => What::Copy(pointer("from")?),
        Some("test") => What::Test(value()),
        found => {
            let found = match found {
                Some(text) => format!("`{text}` is none of them"),
                None if op.is_none() => "it is missing".to_owned(),
                None => "it is not text".to_owned(),
            };
            return Err(Failure::new(
                "json-patch-unknown-op",
                op.map_or(item.span, |op| op.span),
                format!("`op` must be add, remove, replace, move, copy or test; {found}"),
            ));
        }
    };
    Ok(Operation { what, path: pointer("path")?, span: item.span })
}

/// Applies a patch to a document, whose numbers become what Go's JSON makes of them. A patch without
/// operations changes nothing.
///
/// Values that the patch sets keep the patch's spans. Warnings: `json-patch-replace-missing`,
/// `json-patch-copy-missing` (both succeed in kustomize), `json-patch-pointer` (no slash in front).
///
/// # Errors
/// [`ErrorKind::Kustomize`] at the operation: `json-patch-missing-path`, `json-patch-missing-key`,
/// `json-patch-index`, `json-patch-test-failed`, `json-patch-not-an-object` when the root would not be a
/// mapping any more; [`ErrorKind::Limit`]: `too-deep`, `too-many-copies`. `target` is then unchanged.
pub fn apply(
    patch: &JsonPatch,
    target: &mut Node,
    sources: &SourceMap,
    warnings: &mut Vec<Diagnostic>,
) -> Result<()> {
    if patch.is_empty() {
        return Ok(());
    }
    let mut document = target.clone();
    let mut copied = 0;
    for (index, operation) in patch.operations.iter().enumerate() {
        let named = || format!("operation {} ({} {})", index + 1, operation.what.name(), operation.path.text);
        let mut swallowed = None;
        run(operation, &mut document, &mut copied, &mut swallowed).map_err(|failure| {
            let limit = matches!(failure.code, "too-deep" | "too-many-copies");
            let kind = if limit { ErrorKind::Limit } else { ErrorKind::Kustomize };
            let place = sources.locate(operation.span).or_else(|| sources.locate(failure.span));
            Error::new(kind, failure.code, format!("{} of the JSON patch: {}", named(), failure.message))
                .at(place)
        })?;
        let strange = !operation.path.text.is_empty() && !operation.path.text.starts_with('/');
        let pointer = strange.then(|| {
            Failure::new(
                "json-patch-pointer",
                operation.path.span,
                "a pointer starts with a slash; kustomize ignores what stands before the first one",
            )
        });
        for note in swallowed.into_iter().chain(pointer) {
            let message = format!("{} of the JSON patch: {}", named(), note.message);
            warnings
                .push(Diagnostic::new(note.code, message).at(sources.locate(note.span.or(operation.span))));
        }
    }
    if target.is_map() && !document.is_map() {
        let last = patch.operations.last().map_or(Span::NONE, |operation| operation.span);
        return Err(Error::new(
            ErrorKind::Kustomize,
            "json-patch-not-an-object",
            format!("the JSON patch turns the object into {}", document.type_name()),
        )
        .at(sources.locate(last)));
    }
    if let Some(plain) = as_json(&document) {
        document = plain;
    }
    *target = document;
    Ok(())
}

fn run(
    operation: &Operation,
    document: &mut Node,
    copied: &mut usize,
    swallowed: &mut Option<Failure>,
) -> Result<(), Failure> {
    let path = &operation.path;
    match &operation.what {
        What::Add(value) => add(document, path, value.clone()),
        What::Remove => parent(document, path)?.remove(path).map(drop),
        What::Replace(value) => {
            if path.text.is_empty() {
                return match value {
                    Some(value) if value.scalar().is_none() => {
                        *document = value.clone();
                        Ok(())
                    }
                    _ => Err(Failure::new(
                        "json-patch-not-an-object",
                        path.span,
                        "the value for the whole document must be a mapping",
                    )),
                };
            }
            let value = value.clone().unwrap_or(Node::new(Value::Null, operation.span));
            check_depth(&value, path)?;
            if parent(document, path)?.replace(path, value)? {
                *swallowed = Some(Failure::new(
                    "json-patch-replace-missing",
                    path.span,
                    "there was nothing to replace, so kustomize adds it; write `add` if that is meant, else \
                     correct the path",
                ));
            }
            Ok(())
        }
        What::Move(from) => {
            let value = parent(document, from)?.remove(from)?;
            add(document, path, value)
        }
        What::Copy(from) => {
            let value = match parent(document, from)?.get(from)? {
                Some(value) => value.clone(),
                None => {
                    *swallowed = Some(Failure::new(
                        "json-patch-copy-missing",
                        from.span,
                        format!(
                            "there is nothing at {}, so kustomize copies null; correct `from`",
                            from.text
                        ),
                    ));
                    Node::new(Value::Null, operation.span)
                }
            };
            *copied += size(&value, MAX_COPIED_NODES - *copied).ok_or_else(|| {
                Failure::new(
                    "too-many-copies",
                    from.span,
                    format!("the copies of this patch have more than {MAX_COPIED_NODES} values"),
                )
            })?;
            add(document, path, value)
        }
        What::Test(value) => test(document, path, value.as_ref()),
    }
}

fn add(document: &mut Node, path: &Pointer, value: Node) -> Result<(), Failure> {
    check_depth(&value, path)?;
    parent(document, path)?.add(path, value)
}

fn test(document: &mut Node, path: &Pointer, want: Option<&Node>) -> Result<(), Failure> {
    let whole = path.text.is_empty();
    let found = if whole { Some(&*document) } else { parent(document, path)?.get(path)? };
    let equal = match (found.filter(|found| !found.is_null()), want) {
        (None, None) => true,
        (None, Some(want)) => want.is_null(),
        (Some(found), Some(want)) => found == want,
        (Some(_), None) => false,
    };
    if equal {
        return Ok(());
    }
    // Neither value is shown: either may be secret.
    let found = found.map_or("nothing", Node::type_name);
    Err(Failure::new(
        "json-patch-test-failed",
        path.span,
        format!("the test failed: {found} there is not equal to `value`"),
    ))
}

/// A mapping or list that holds the node a pointer names.
enum Holder<'a> {
    Map(&'a mut Map),
    Seq(&'a mut Vec<Node>),
}

/// The holder at the end of the way of a pointer.
fn parent<'a>(document: &'a mut Node, pointer: &Pointer) -> Result<Holder<'a>, Failure> {
    if pointer.last.is_none() {
        return Err(Failure::new(
            "json-patch-missing-path",
            pointer.span,
            format!("`{}` names no place in the object; write a path such as /spec/replicas", pointer.text),
        ));
    }
    // Nothing is copied for writing before the whole way is known to exist.
    let mut way = Path::new();
    let mut node: &Node = document;
    for key in &pointer.way {
        let (segment, next) = match &node.value {
            Value::Map(map) => (Segment::Key(key.clone()), map.get(key)),
            Value::Seq(items) => match position(key, items.len()) {
                Some(at) => (Segment::Index(at), items.get(at)),
                None => (Segment::Key(key.clone()), None),
            },
            _ => (Segment::Key(key.clone()), None),
        };
        way.push(segment);
        match next {
            Some(next) if next.is_map() || next.is_seq() => node = next,
            found => {
                let what =
                    found.map_or("does not exist".to_owned(), |found| format!("is {}", found.type_name()));
                return Err(Failure::new(
                    "json-patch-missing-path",
                    pointer.span,
                    format!("{way} {what}; correct the path, or add {way} first"),
                ));
            }
        }
    }
    if node.scalar().is_some() {
        return Err(Failure::new("json-patch-missing-path", pointer.span, "the document is a plain value"));
    }
    let mut node = document;
    for segment in way.segments() {
        let next = match (segment, &mut node.value) {
            (Segment::Key(key), Value::Map(map)) => std::sync::Arc::make_mut(map).get_mut(key),
            (Segment::Index(at), Value::Seq(items)) => std::sync::Arc::make_mut(items).get_mut(*at),
            _ => None,
        };
        node = next.ok_or_else(|| Failure::new("json-patch-missing-path", pointer.span, "no such place"))?;
    }
    match &mut node.value {
        Value::Map(map) => Ok(Holder::Map(std::sync::Arc::make_mut(map))),
        Value::Seq(items) => Ok(Holder::Seq(std::sync::Arc::make_mut(items))),
        _ => Err(Failure::new("json-patch-missing-path", pointer.span, "no such place")),
    }
}

/// The position that a key means in a list, counted from the end if negative.
fn position(key: &str, len: usize) -> Option<usize> {
    let index: i64 = key.parse().ok()?;
    let at = if index < 0 { i64::try_from(len).ok()? + index } else { index };
    usize::try_from(at).ok().filter(|at| *at < len)
}

impl<'a> Holder<'a> {
    fn get(self, pointer: &Pointer) -> Result<Option<&'a Node>, Failure> {
        let key = key_of(pointer);
        match self {
            Self::Map(map) => Ok(map.get(key)),
            Self::Seq(items) => match position(key, items.len()) {
                Some(at) => Ok(items.get(at)),
                None => Err(bad_index(pointer, items.len())),
            },
        }
    }

    fn add(self, pointer: &Pointer, value: Node) -> Result<(), Failure> {
        let key = key_of(pointer);
        match self {
            Self::Map(map) => drop(map.insert(key, value)),
            Self::Seq(items) if key == "-" => items.push(value),
            // One more place than there are elements, the one behind the last.
            Self::Seq(items) => match position(key, items.len() + 1) {
                Some(at) => items.insert(at, value),
                None => return Err(bad_index(pointer, items.len())),
            },
        }
        Ok(())
    }

    /// Whether the key was missing.
    fn replace(self, pointer: &Pointer, value: Node) -> Result<bool, Failure> {
        let key = key_of(pointer);
        match self {
            Self::Map(map) => Ok(map.insert(key, value).is_none()),
            Self::Seq(items) => {
                let len = items.len();
                match position(key, len).and_then(|at| items.get_mut(at)) {
                    Some(item) => *item = value,
                    None => return Err(bad_index(pointer, len)),
                }
                Ok(false)
            }
        }
    }

    fn remove(self, pointer: &Pointer) -> Result<Node, Failure> {
        let key = key_of(pointer);
        match self {
            Self::Map(map) => map.remove(key).ok_or_else(|| {
                Failure::new(
                    "json-patch-missing-key",
                    pointer.span,
                    format!(
                        "there is no `{key}` at {}; correct the path, or remove the operation",
                        pointer.text
                    ),
                )
            }),
            Self::Seq(items) => match position(key, items.len()) {
                Some(at) => Ok(items.remove(at)),
                None => Err(bad_index(pointer, items.len())),
            },
        }
    }
}

fn key_of(pointer: &Pointer) -> &str {
    pointer.last.as_deref().unwrap_or("")
}

fn bad_index(pointer: &Pointer, len: usize) -> Failure {
    Failure::new(
        "json-patch-index",
        pointer.span,
        format!("`{}` is not the index of one of the {len} elements of the list", key_of(pointer)),
    )
}

fn check_depth(value: &Node, path: &Pointer) -> Result<(), Failure> {
    if is_deeper(value, MAX_DEPTH.saturating_sub(path.way.len())) {
        return Err(Failure::new(
            "too-deep",
            path.span,
            format!("the object would be nested more than {MAX_DEPTH} levels deep"),
        ));
    }
    Ok(())
}

fn is_deeper(node: &Node, levels: usize) -> bool {
    match &node.value {
        Value::Map(map) => levels == 0 || map.iter().any(|(_, value)| is_deeper(value, levels - 1)),
        Value::Seq(items) => levels == 0 || items.iter().any(|item| is_deeper(item, levels - 1)),
        _ => false,
    }
}
