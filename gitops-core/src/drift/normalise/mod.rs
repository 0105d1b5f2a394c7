//! One form for all spellings of an object: what the API server would hand back for it.
//!
//! Two objects that differ only in what a cluster cannot tell apart come out equal. The steps, each of
//! which leaves alone what it does not understand:
//!
//! 1. [`typed`]: values as Go's types write them (`1000m` is `1`), and nothing where Go sees nothing;
//! 2. [`defaulting`]: fields that the server sets where they are absent;
//! 3. [`aliases`]: fields that are another name for a field.
//!
//! A kind that is not Kubernetes' own goes through its schema, if one is given.

mod aliases;
mod defaulting;
mod functions;
mod scalars;
#[allow(dead_code, reason = "a plan asks what the server allocates")]
mod server;
mod typed;

#[cfg(test)]
mod tests;

use crate::knowledge::KubernetesVersion;
use crate::knowledge::types::{Shape, types};
use crate::node::Node;
use crate::object::Object;
use crate::object::structural;

pub(crate) use aliases::resolve as resolve_aliases;
#[allow(unused_imports, reason = "a plan asks what the server allocates")]
pub(crate) use server::{server_allocated, without_server_fields};

/// Brings an object into the form that every spelling of it has, as the API server of a release would:
/// its canonical form, with defaults.
///
/// `schema` is the `openAPIV3Schema` of a custom kind. The result of a second call is the same as of the
/// first. `status` and the server's fields of `metadata` stay; [`without_server_fields`] removes them.
pub(crate) fn normalise(object: &mut Object, schema: Option<&Node>, version: KubernetesVersion) {
    canonicalise(object, schema, version);
    default(object, schema, version);
    if types(version).of_kind(object.api_version(), object.kind()).is_some() {
        aliases::resolve(object);
    }
}

/// The canonical form alone: no field is added, but fields that mean nothing go.
pub(crate) fn canonicalise(object: &mut Object, schema: Option<&Node>, version: KubernetesVersion) {
    let types = types(version);
    if let Some(id) = types.of_kind(object.api_version(), object.kind()) {
        if let Some(node) = typed::canonical(types, Shape::Struct(id), &object.node) {
            object.node = node;
        }
        return;
    }
    let Some(metadata) = types.named("meta/v1.ObjectMeta").map(Shape::Struct) else { return };
    let canonical = |node: &mut Node| {
        if let Some(new) = node.get("metadata").and_then(|node| typed::canonical(types, metadata, node))
            && let Some(map) = node.as_map_mut()
        {
            map.insert("metadata", new);
        }
    };
    canonical(&mut object.node);
    if let Some(schema) = schema {
        structural::prune_nulls(&mut object.node, schema);
        structural::embedded(&mut object.node, schema, &mut |node| canonical(node));
    }
}

/// The defaults alone, of an object in canonical form.
pub(crate) fn default(object: &mut Object, schema: Option<&Node>, version: KubernetesVersion) {
    let types = types(version);
    match types.of_kind(object.api_version(), object.kind()) {
        Some(id) => {
            if let Some(node) = defaulting::apply(types, Shape::Struct(id), &object.node) {
                object.node = node;
            }
        }
        None => {
            if let Some(schema) = schema {
                structural::apply_defaults(&mut object.node, schema);
                // Defaults may have nulls in them.
                structural::prune_nulls(&mut object.node, schema);
            }
        }
    }
}
