//! The merge types of a custom kind, from the `openAPIV3Schema` of its CustomResourceDefinition.
//!
//! Follows `schemaconv.ToSchemaFromOpenAPI` of kube-openapi, which the API server uses, and its wrapping
//! of structural schemas: metadata, also that of embedded resources, is Kubernetes' own.

use std::collections::HashMap;

use super::{Schema, Type};
use crate::node::{Node, Text};

/// How deep a schema is followed; deeper values are deduced.
const DEEPEST: usize = 100;

impl Schema {
    /// The types of one custom kind, and that of its objects. `builtin` lends the type of metadata.
    pub(crate) fn custom(builtin: &Self, open_api: &Node) -> (Self, Type) {
        let mut schema = Self::with_metadata(builtin);
        let root = schema.resource(open_api, DEEPEST);
        (schema, root)
    }

    /// A schema that knows nothing but metadata, as `builtin` has it.
    pub(crate) fn with_metadata(builtin: &Self) -> Self {
        let mut schema = Self::default();
        schema.borrow_metadata(builtin);
        schema
    }

    /// The type of metadata.
    pub(crate) fn metadata(&self) -> Option<Type> {
        self.metadata
    }

    /// Takes over the type of metadata, whose lists hold nothing that refers to other types.
    fn borrow_metadata(&mut self, builtin: &Self) {
        let Some(Type::Struct(at)) = builtin.metadata else { return };
        let Some(fields) = builtin.structs.get(at as usize) else { return };
        let mut own = HashMap::new();
        for (name, of) in fields {
            let of = match builtin.keyed(*of) {
                Some(list) => self.add_list(list.keys.clone(), list.item, false),
                None => *of,
            };
            own.insert(name.clone(), of);
        }
        self.metadata = Some(self.add_struct(own));
    }

    /// An object as a whole: the custom resource itself, or one embedded in it.
    fn resource(&mut self, open_api: &Node, depth: usize) -> Type {
        let mut fields = self.fields(open_api, depth);
        fields.insert(Text::from("metadata"), self.metadata.unwrap_or(Type::Deduced));
        self.add_struct(fields)
    }

    fn fields(&mut self, open_api: &Node, depth: usize) -> HashMap<Text, Type> {
        let properties = open_api.get("properties").and_then(Node::as_map);
        let mut fields = HashMap::new();
        for (name, property) in properties.into_iter().flat_map(|map| map.iter()) {
            if let Some(of) = self.inline(property, depth) {
                fields.insert(name.clone(), of);
            }
        }
        fields
    }

    /// The type of a value; `None` for a scalar or a list that is replaced.
    fn inline(&mut self, open_api: &Node, depth: usize) -> Option<Type> {
        let Some(depth) = depth.checked_sub(1) else { return Some(Type::Deduced) };
        let says = |key: &str| open_api.get(key).and_then(Node::as_str).unwrap_or("");
        let flag = |key: &str| open_api.get(key).and_then(Node::as_bool).unwrap_or(false);
        if says("x-kubernetes-map-type") == "atomic" {
            return Some(Type::Atomic);
        }
        match says("type") {
            "array" => self.list(open_api, depth),
            "object" | "" if flag("x-kubernetes-embedded-resource") => Some(self.resource(open_api, depth)),
            "object" | "" if open_api.get("properties").is_some() => {
                let fields = self.fields(open_api, depth);
                Some(if fields.is_empty() { Type::Leaves } else { self.add_struct(fields) })
            }
            "object" => {
                let values = open_api.get("additionalProperties").filter(|values| values.is_map());
                match values.and_then(|values| self.inline(values, depth)) {
                    None | Some(Type::Deduced) => Some(Type::Deduced),
                    Some(of) => Some(self.add_map(of)),
                }
            }
            "" if flag("x-kubernetes-int-or-string") => None,
            "" => Some(Type::Deduced),
            _ => None,
        }
    }

    fn list(&mut self, open_api: &Node, depth: usize) -> Option<Type> {
        let kind = open_api.get("x-kubernetes-list-type").and_then(Node::as_str);
        match kind {
            Some("set") => Some(Type::Set),
            Some("map") => {
                let items = open_api.get("items");
                let default = |key: &str| items?.at(&["properties", key, "default"]).cloned();
                let names = open_api.get("x-kubernetes-list-map-keys").and_then(Node::as_seq)?;
                let keys: Vec<_> = names
                    .iter()
                    .filter_map(|key| Some((Text::from(key.as_str()?), default(key.as_str()?))))
                    .collect();
                let item = items.and_then(|items| self.inline(items, depth)).unwrap_or(Type::Deduced);
                (!keys.is_empty()).then(|| self.add_list(keys, item, false))
            }
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_structural_schema_says_how_lists_and_mappings_merge() {
        let open_api = json!({"type": "object", "properties": {"spec": {"type": "object", "properties": {
            "tags": {"type": "array", "items": {"type": "string"}, "x-kubernetes-list-type": "set"},
            "args": {"type": "array", "items": {"type": "string"}},
            "ports": {
                "type": "array",
                "x-kubernetes-list-type": "map",
                "x-kubernetes-list-map-keys": ["protocol", "port"],
                "items": {"type": "object", "properties": {
                    "port": {"type": "integer"},
                    "protocol": {"type": "string", "default": "TCP"},
                }},
            },
            "selector": {"type": "object", "x-kubernetes-map-type": "atomic", "properties": {"a": {"type": "string"}}},
            "values": {"type": "object", "additionalProperties": {"type": "object", "x-kubernetes-map-type": "atomic"}},
            "free": {"type": "object", "x-kubernetes-preserve-unknown-fields": true},
            "template": {"type": "object", "x-kubernetes-embedded-resource": true, "x-kubernetes-preserve-unknown-fields": true},
            "size": {"x-kubernetes-int-or-string": true, "anyOf": [{"type": "integer"}, {"type": "string"}]},
        }}}});
        let (schema, root) = Schema::custom(&Schema::builtin(37), &Node::from(&open_api));
        let spec = schema.field(root, "spec").0;
        let of = |field: &str| schema.field(spec, field).0;
        assert_eq!(of("tags"), Type::Set);
        assert_eq!(schema.field(spec, "args"), (Type::Deduced, false));
        let ports = schema.keyed(of("ports")).unwrap();
        assert_eq!(ports.keys.iter().map(|(key, _)| key.as_str()).collect::<Vec<_>>(), ["port", "protocol"]);
        assert_eq!(ports.keys[1].1.as_ref().unwrap().as_str(), Some("TCP"));
        assert_eq!(of("selector"), Type::Atomic);
        assert_eq!(schema.field(of("values"), "any").0, Type::Atomic);
        assert_eq!(schema.field(spec, "free"), (Type::Deduced, true));
        assert_eq!(schema.field(spec, "size"), (Type::Deduced, false));
        for object in [root, of("template")] {
            let metadata = schema.field(object, "metadata").0;
            assert_eq!(schema.field(metadata, "finalizers").0, Type::Set);
            let owners = schema.keyed(schema.field(metadata, "ownerReferences").0).unwrap();
            assert_eq!(owners.keys[0].0, "uid");
        }
    }
}
