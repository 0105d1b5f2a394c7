//! Patches on whole objects: what kustomize does around the patch itself.

use std::borrow::Cow;

use crate::knowledge::openapi::MergeSchema;
use crate::node::{Map, Node, SourceMap, Span, Text, general_text};
use crate::{Diagnostic, Result};

use super::json6902::{self, JsonPatch};
use super::strategic::{Outcome, strategic_merge};

/// What a strategic-merge patch may change of an object's identity.
#[derive(Clone, Copy, Debug, Default)]
pub struct PatchOptions {
    /// Whether the name of the patch becomes the object's (`options.allowNameChange`).
    pub allow_name_change: bool,
    /// Whether the kind of the patch becomes the object's (`options.allowKindChange`).
    pub allow_kind_change: bool,
    /// Whether the object was found by a `target`. Kustomize then works with a copy of the patch in
    /// which `apiVersion` means nothing, and labels and annotations are text and, if empty, gone.
    pub has_target: bool,
}

/// Merges a strategic-merge patch into an object, which keeps its namespace and, unless the options say
/// otherwise, its kind and name (and their spans).
///
/// # Errors
/// As [`strategic_merge`].
pub fn merge_object(
    object: &mut Node,
    patch: &Node,
    options: PatchOptions,
    schema: &MergeSchema,
    sources: &SourceMap,
    warnings: &mut Vec<Diagnostic>,
) -> Result<Outcome> {
    let kept = [
        (&["kind"][..], !options.allow_kind_change),
        (&["apiVersion"], options.has_target),
        (&["metadata", "name"], !options.allow_name_change),
        (&["metadata", "namespace"], true),
    ];
    let kept = kept.map(|(path, keep)| (path, keep, object.at(path).cloned()));
    let patch = if options.has_target {
        as_copied(patch, &["labels", "annotations"])
    } else if options.allow_name_change || options.allow_kind_change {
        // Kustomize notes the permission among the annotations, which become text by that.
        as_copied(patch, &["annotations"])
    } else {
        Cow::Borrowed(patch)
    };
    let outcome = strategic_merge(object, &patch, schema, sources, warnings)?;
    if outcome == Outcome::Deleted || object.as_map().is_none_or(Map::is_empty) {
        return Ok(Outcome::Deleted);
    }
    for (path, keep, value) in kept {
        if keep {
            restore(object, path, value);
        }
    }
    // Setting the type of an object that has no apiVersion, kustomize leaves an empty one behind.
    let ignored = patch.get("$patch").and_then(Node::as_str) == Some("replace");
    if options.has_target
        && !ignored
        && let Some(map) = object.as_map_mut()
        && !map.contains_key("apiVersion")
    {
        map.insert("apiVersion", Node::null());
    }
    Ok(outcome)
}

/// A patch as kustomize copies it: its labels and annotations go through a map of texts.
fn as_copied<'p>(patch: &'p Node, fields: &[&str]) -> Cow<'p, Node> {
    let mut copied = Cow::Borrowed(patch);
    for field in fields {
        let Some(found) = copied.at(&["metadata", field]) else { continue };
        let odd: Vec<(Text, Node)> = match found.as_map() {
            Some(map) if !map.is_empty() => map
                .iter()
                .filter(|(_, value)| value.as_str().is_none())
                .map(|(key, value)| (key.clone(), Node::string(text_of(value), value.span)))
                .collect(),
            Some(_) => Vec::new(),
            None if found.is_null() => Vec::new(),
            None => continue,
        };
        let is_empty = found.as_map().is_none_or(Map::is_empty);
        if odd.is_empty() && !is_empty {
            continue;
        }
        let Some(metadata) = copied.to_mut().get_mut("metadata").and_then(Node::as_map_mut) else { continue };
        if is_empty {
            metadata.remove(field);
        } else if let Some(entries) = metadata.get_mut(field).and_then(Node::as_map_mut) {
            for (key, value) in odd {
                entries.insert(key, value);
            }
        }
    }
    copied
}

fn text_of(value: &Node) -> String {
    value.text().map(Cow::into_owned).unwrap_or_default()
}

/// Puts back the value that was at `path`, or takes away what was not there.
fn restore(object: &mut Node, path: &[&str], value: Option<Node>) {
    let value = value.filter(|value| value.text().is_some_and(|text| !text.is_empty()));
    let now = object.at(path);
    match (&now, &value) {
        (None, None) => return,
        (Some(now), Some(value)) if now.span == value.span && now == &value => return,
        _ => {}
    }
    let Some((last, way)) = path.split_last() else { return };
    let mut node = object;
    for key in way {
        let Some(map) = node.as_map_mut() else { return };
        if map.get(key).is_none_or(|found| !found.is_map()) {
            map.insert(*key, Node::map(Map::new(), Span::NONE));
        }
        let Some(next) = map.get_mut(key) else { return };
        node = next;
    }
    if let Some(map) = node.as_map_mut() {
        match value {
            Some(value) => drop(map.insert(*last, value)),
            None => drop(map.remove(last)),
        }
    }
}

/// Applies a JSON patch to an object.
///
/// Kustomize's bookkeeping shows: while the patch runs, the object has annotations, so that one can be
/// added without making their mapping first; afterwards annotations are text and an empty mapping of
/// them is gone.
///
/// # Errors
/// As [`json6902::apply`].
pub fn json_patch_object(
    object: &mut Node,
    patch: &JsonPatch,
    sources: &SourceMap,
    warnings: &mut Vec<Diagnostic>,
) -> Result<()> {
    if patch.is_empty() {
        return Ok(());
    }
    let lacks = object.get("metadata").is_some_and(|metadata| {
        metadata.is_map() && metadata.get("annotations").is_none_or(|annotations| !annotations.is_map())
    });
    if lacks && let Some(metadata) = object.get_mut("metadata").and_then(Node::as_map_mut) {
        metadata.insert("annotations", Node::map(Map::new(), Span::NONE));
    }
    json6902::apply(patch, object, sources, warnings)?;
    let annotations = object.at(&["metadata", "annotations"]);
    let odd: Vec<(Text, Node)> = annotations
        .and_then(Node::as_map)
        .into_iter()
        .flat_map(Map::iter)
        .filter(|(_, value)| value.as_str().is_none())
        .map(|(key, value)| (key.clone(), Node::string(annotation_text(value), value.span)))
        .collect();
    let is_empty = annotations.is_some_and(|found| found.as_map().is_none_or(Map::is_empty));
    if odd.is_empty() && !is_empty {
        return Ok(());
    }
    let Some(metadata) = object.get_mut("metadata").and_then(Node::as_map_mut) else { return Ok(()) };
    if is_empty {
        metadata.remove("annotations");
    } else if let Some(annotations) = metadata.get_mut("annotations").and_then(Node::as_map_mut) {
        for (key, value) in odd {
            annotations.insert(key, value);
        }
    }
    Ok(())
}

/// The text that go-yaml writes for a value that was JSON: all numbers are floats by then.
fn annotation_text(value: &Node) -> String {
    if value.is_null() {
        return "null".to_owned();
    }
    match value.as_f64() {
        Some(number) => general_text(number),
        None => text_of(value),
    }
}
