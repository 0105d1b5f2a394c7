//! What the API server does to custom resources by their structural schema (`openAPIV3Schema`).
//!
//! Follows `pkg/apiserver/schema/defaulting` of apiextensions-apiserver v0.36.

use crate::node::{Map, Node};

fn flag(schema: &Node, key: &str) -> bool {
    schema.get(key).and_then(Node::as_bool) == Some(true)
}

/// Sets what a schema's `default`s give to a value: missing keys of mappings, in every depth, and nulls
/// that the schema does not allow.
pub(crate) fn apply_defaults(node: &mut Node, schema: &Node) {
    let properties = schema.get("properties").and_then(Node::as_map);
    if let (Some(properties), true) = (properties, node.is_map()) {
        for (key, property) in properties.iter() {
            let missing = node.get(key).is_none_or(|value| forbidden_null(value, property));
            if let (true, Some(default), Some(map)) = (missing, default_of(property), node.as_map_mut()) {
                map.insert(key, default.clone());
            }
            let deeper =
                property.is_map() && node.get(key).is_some_and(|value| value.is_map() || value.is_seq());
            if let (true, Some(value)) = (deeper, node.get_mut(key)) {
                apply_defaults(value, property);
            }
        }
    }
    if let (Some(items), true) = (schema.get("items"), node.is_seq()) {
        for item in node.as_seq_mut().into_iter().flatten() {
            apply_inner(item, items);
        }
    }
    if let (Some(additional), true) =
        (schema.get("additionalProperties").filter(|node| node.is_map()), node.is_map())
    {
        for (key, value) in node.as_map_mut().into_iter().flat_map(Map::values_mut) {
            if !properties.is_some_and(|known| known.contains_key(key)) {
                apply_inner(value, additional);
            }
        }
    }
}

/// Defaults of an item of a list, or of a value of a free mapping.
fn apply_inner(value: &mut Node, schema: &Node) {
    if let (true, Some(default)) = (forbidden_null(value, schema), default_of(schema)) {
        *value = default.clone();
    }
    apply_defaults(value, schema);
}

fn default_of(schema: &Node) -> Option<&Node> {
    schema.get("default").filter(|default| !default.is_null())
}

fn forbidden_null(value: &Node, schema: &Node) -> bool {
    value.is_null() && !flag(schema, "nullable")
}

/// Removes the nulls of fields that may not be null and have no default.
pub(crate) fn prune_nulls(node: &mut Node, schema: &Node) {
    let properties = schema.get("properties").and_then(Node::as_map);
    let additional = schema.get("additionalProperties").filter(|node| node.is_map());
    if let Some(map) = node.as_map() {
        let of = |key: &str| properties.and_then(|properties| properties.get(key)).or(additional);
        let pruned = |key: &str, value: &Node| {
            of(key).is_some_and(|of| forbidden_null(value, of) && default_of(of).is_none())
        };
        if map.iter().any(|(key, value)| pruned(key, value))
            && let Some(map) = node.as_map_mut()
        {
            map.retain(|key, value| !pruned(key, value));
        }
        for (key, value) in node.as_map_mut().into_iter().flat_map(Map::values_mut) {
            if let (Some(of), true) = (of(key), value.is_map() || value.is_seq()) {
                prune_nulls(value, of);
            }
        }
    } else if let Some(items) = schema.get("items") {
        for item in node.as_seq_mut().into_iter().flatten() {
            prune_nulls(item, items);
        }
    }
}

/// Calls `visit` with every object embedded in a custom resource (`x-kubernetes-embedded-resource`).
pub(crate) fn embedded(node: &mut Node, schema: &Node, visit: &mut impl FnMut(&mut Node)) {
    if flag(schema, "x-kubernetes-embedded-resource") {
        visit(node);
    }
    if let (Some(items), true) = (schema.get("items"), node.is_seq()) {
        for item in node.as_seq_mut().into_iter().flatten() {
            embedded(item, items, visit);
        }
    }
    let properties = schema.get("properties").and_then(Node::as_map);
    let additional = schema.get("additionalProperties").filter(|node| node.is_map());
    if properties.is_none() && additional.is_none() {
        return;
    }
    for (key, value) in node.as_map_mut().into_iter().flat_map(Map::values_mut) {
        let of = properties.and_then(|properties| properties.get(key)).or(additional);
        if let (Some(of), true) = (of, value.is_map() || value.is_seq()) {
            embedded(value, of, visit);
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn defaults_fill_every_depth() {
        let schema = Node::from(&json!({
            "properties": {
                "a": {"default": 1},
                "b": {"properties": {"c": {"default": "x"}}},
                "d": {"default": {}, "properties": {"e": {"default": true}}},
                "l": {"items": {"properties": {"f": {"default": 0}}}},
                "m": {"additionalProperties": {"properties": {"g": {"default": 2}}}},
                "n": {"items": {"default": 7}},
                "o": {"additionalProperties": {"default": 8}},
                "p": {"nullable": true, "default": 9},
            }
        }));
        let given = json!({"a": null, "b": {}, "l": [{}, {"f": 5}], "m": {"k": {}}, "n": [null, 1], "o": {"k": null}, "p": null});
        let mut node = Node::from(&given);
        apply_defaults(&mut node, &schema);
        let filled = json!({"a": 1, "b": {"c": "x"}, "l": [{"f": 0}, {"f": 5}], "m": {"k": {"g": 2}}, "d": {"e": true}, "n": [7, 1], "o": {"k": 8}, "p": null});
        assert_eq!(node, Node::from(&filled));
        let mut absent = Node::from(&json!({}));
        apply_defaults(&mut absent, &schema);
        assert_eq!(absent, Node::from(&json!({"a": 1, "d": {"e": true}, "p": 9})));
    }

    #[test]
    fn nulls_without_a_default_go() {
        let schema = Node::from(&json!({"properties": {
            "a": {"type": "string"}, "b": {"nullable": true}, "c": {"default": 1},
            "l": {"items": {"properties": {"d": {"type": "string"}}}},
        }}));
        let mut node =
            Node::from(&json!({"a": null, "b": null, "c": null, "l": [{"d": null}, null], "free": null}));
        prune_nulls(&mut node, &schema);
        assert_eq!(node, Node::from(&json!({"b": null, "c": null, "l": [{}, null], "free": null})));
    }
}
