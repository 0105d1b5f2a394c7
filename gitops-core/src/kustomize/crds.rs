//! `crds`: OpenAPI definitions of custom resources whose hints say where names, labels and annotations
//! go.
//!
//! Follows `api/internal/accumulator/loadconfigfromcrds.go` of kustomize v5.8.2: the file maps type names
//! to `{Schema, Dependencies}`, and only types with `apiVersion`, `kind` and `metadata` are looked at.
//! Where kustomize would follow types that hold themselves for ever, this stops.

use std::borrow::Cow;
use std::sync::Arc;

use crate::Result;
use crate::knowledge::field_specs::FieldSpec;
use crate::kustomize::config::{Conflict, Lists, NameReference, Slot, TransformConfig};
use crate::kustomize::decode::Spanned;
use crate::kustomize::fieldspec::MAX_SEGMENTS;
use crate::kustomize::load::Builder;
use crate::node::{Map, Node};
use crate::yaml::Dialect;

/// Definitions by name.
type Types = Map;

impl Builder<'_> {
    /// The settings that the definitions in these files ask for.
    pub(crate) fn crds(&mut self, entries: &[Spanned]) -> Result<TransformConfig> {
        let mut all = Lists::default();
        for entry in entries {
            let (path, content) = self.load(entry)?;
            if content.bytes.starts_with(b"{")
                && let Err(error) = serde_json::from_slice::<serde::de::IgnoredAny>(&content.bytes)
            {
                let message = format!(
                    "`{}` starts with a brace, so it must be JSON, and it is not: {error}",
                    entry.text
                );
                return Err(self.error(entry.span, "not-json", message));
            }
            let documents = self.documents(&path, &content, Dialect::Kubectl)?;
            self.check_single(&documents);
            let root = documents.first().cloned().unwrap_or_default();
            if root.is_null() {
                let message =
                    format!("`{}` is empty; it must map type names to OpenAPI definitions", entry.text);
                return Err(self.error(entry.span, "empty-crds", message));
            }
            let Some(types) = root.as_map() else {
                let message = format!(
                    "a file of `crds` maps type names to definitions, but this is {}",
                    root.type_name()
                );
                return Err(self.error(root.span, "wrong-type", message));
            };
            let own = of_types(types).map_err(|conflict| self.config_conflict(&conflict, entry.span))?;
            all.merge(&own).map_err(|conflict| self.config_conflict(&conflict, entry.span))?;
        }
        Ok(TransformConfig::Custom(Arc::new(all)))
    }
}

fn of_types(types: &Types) -> Result<Lists, Conflict> {
    let mut all = Lists::default();
    for (name, definition) in types.iter() {
        let Some(properties) = properties(definition) else { continue };
        if !["kind", "apiVersion", "metadata"].iter().all(|field| properties.contains_key(field)) {
            continue;
        }
        // The group and version are not taken from the name.
        let kind = name.rsplit('.').next().unwrap_or(name);
        let mut walk = Walk { types, kind, lists: Lists::default(), path: Vec::new(), open: Vec::new() };
        walk.definition(name)?;
        all.merge(&walk.lists)?;
    }
    Ok(all)
}

/// A field by its name in any case, as Go decodes it.
fn field<'n>(node: &'n Node, name: &str) -> Option<&'n Node> {
    let map = node.as_map()?;
    map.get(name)
        .or_else(|| map.iter().find(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value))
}

fn properties(definition: &Node) -> Option<&Map> {
    field(definition, "Schema")?.get("properties")?.as_map()
}

/// The text of a hint.
fn hint<'n>(property: &'n Node, name: &str) -> Option<&'n str> {
    field(property, &format!("x-kubernetes-{name}"))?.as_str()
}

struct Walk<'a> {
    types: &'a Types,
    kind: &'a str,
    lists: Lists,
    /// Keys from the object to here.
    path: Vec<&'a str>,
    /// Types being looked at, outermost first.
    open: Vec<&'a str>,
}

impl<'a> Walk<'a> {
    fn definition(&mut self, name: &'a str) -> Result<(), Conflict> {
        let Some(properties) = self.types.get(name).and_then(properties) else { return Ok(()) };
        if self.open.contains(&name) || self.open.len() >= MAX_SEGMENTS {
            return Ok(());
        }
        self.open.push(name);
        for (key, property) in properties.iter() {
            self.path.push(key);
            self.property(property)?;
            self.path.pop();
        }
        self.open.pop();
        Ok(())
    }

    fn property(&mut self, property: &'a Node) -> Result<(), Conflict> {
        for (name, slot) in [
            ("annotation", Slot::CommonAnnotations),
            ("label-selector", Slot::CommonLabels),
            ("identity", Slot::NamePrefix),
        ] {
            if hint(property, name).is_some() {
                let spec = self.spec(None);
                self.lists.add(slot, spec)?;
            }
        }
        if let (Some(version), Some(kind)) =
            (hint(property, "object-ref-api-version"), hint(property, "object-ref-kind"))
        {
            let key = hint(property, "object-ref-name-key").unwrap_or("name");
            self.lists.add_names(&NameReference {
                group: Cow::Borrowed(""),
                version: Cow::Owned(version.to_owned()),
                kind: Cow::Owned(kind.to_owned()),
                fields: Cow::Owned(vec![self.spec(Some(key))]),
            })?;
        }
        match property.get("$ref").and_then(Node::as_str) {
            Some(name) => self.definition(name),
            None => Ok(()),
        }
    }

    fn spec(&self, last: Option<&str>) -> FieldSpec {
        let keys: Vec<&str> = self.path.iter().copied().chain(last).collect();
        FieldSpec {
            group: Cow::Borrowed(""),
            version: Cow::Borrowed(""),
            kind: Cow::Owned(self.kind.to_owned()),
            path: Cow::Owned(keys.join("/")),
            create: false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lists(types: serde_json::Value) -> TransformConfig {
        let node = Node::from(&types);
        TransformConfig::Custom(Arc::new(of_types(node.as_map().unwrap()).unwrap()))
    }

    fn paths(config: &TransformConfig, slot: Slot) -> Vec<(String, String)> {
        let specs = config.fields(slot).iter();
        specs.map(|spec| (spec.kind.to_string(), spec.path.to_string())).collect()
    }

    #[test]
    fn hints_become_field_specs() {
        let any = serde_json::json!({"type": "string"});
        let config = lists(serde_json::json!({
            "example.com/lamps.Lamp": {"Schema": {"properties": {
                "apiVersion": any, "kind": any, "metadata": any,
                "spec": {"$ref": "example.com/lamps.Spec"},
                "marks": {"x-kubernetes-annotation": ""},
            }}},
            "example.com/lamps.Spec": {"schema": {"properties": {
                "selector": {"x-kubernetes-label-selector": ""},
                "id": {"x-kubernetes-identity": ""},
                "bulb": {
                    "x-kubernetes-object-ref-api-version": "v1",
                    "x-kubernetes-object-ref-kind": "ConfigMap",
                },
                "socket": {
                    "x-kubernetes-object-ref-api-version": "v1",
                    "x-kubernetes-object-ref-kind": "Secret",
                    "x-kubernetes-object-ref-name-key": "id",
                },
                // Without a kind it says nothing.
                "wire": {"x-kubernetes-object-ref-api-version": "v1"},
                // A type that holds itself is not followed twice.
                "parent": {"$ref": "example.com/lamps.Spec"},
            }}},
        }));
        let lamp = |path: &str| vec![("Lamp".to_owned(), path.to_owned())];
        assert_eq!(paths(&config, Slot::CommonAnnotations), lamp("marks"));
        assert_eq!(paths(&config, Slot::CommonLabels), lamp("spec/selector"));
        assert_eq!(paths(&config, Slot::NamePrefix), lamp("spec/id"));
        let names = config.name_references();
        let names: Vec<_> = names
            .iter()
            .map(|row| (&*row.version, &*row.kind, &*row.fields[0].path, row.fields.len()))
            .collect();
        assert_eq!(names, [("v1", "ConfigMap", "spec/bulb/name", 1), ("v1", "Secret", "spec/socket/id", 1)]);
    }

    #[test]
    fn types_that_are_no_objects_are_left_alone() {
        let config = lists(serde_json::json!({
            "a.Part": {"Schema": {"properties": {"x": {"x-kubernetes-annotation": ""}}}},
            "a.Odd": "text",
        }));
        assert_eq!(paths(&config, Slot::CommonAnnotations), []);
    }
}
