//! The schema of a constraint: structural OpenAPI v3, as custom resources have it.
//!
//! Three things are done with it, as Gatekeeper does them with `apiextensions`: a template's own schema
//! must be structural, a constraint must fit it and have no field that it does not name, and its
//! defaults are filled in.

use serde_json::json;

use crate::node::{Node, Scalar};

/// Most problems that are told.
const MAX_PROBLEMS: usize = 10;
/// Deepest that a schema is followed.
const MAX_DEPTH: usize = 200;

/// The schema of `spec.parameters` as Gatekeeper uses it; `None` where a template gives none, so that
/// constraints have no parameters.
pub(crate) fn parameters_schema(template: &Node, api_version: &str) -> Option<Node> {
    let validation = template.at(&["spec", "crd", "spec", "validation"]).filter(|node| !node.is_null());
    let legacy = validation.and_then(|node| node.get("legacySchema")).and_then(Node::as_bool);
    // The older versions let any parameter through, unless they say otherwise.
    let legacy = legacy.unwrap_or(!api_version.ends_with("/v1"));
    let schema =
        validation.and_then(|node| node.get("openAPIV3Schema")).filter(|node| !node.is_null()).cloned();
    if !legacy {
        return schema;
    }
    let mut schema = schema.unwrap_or_else(|| Node::from(&json!({})));
    preserve_unknown(&mut schema, 0);
    Some(schema)
}

fn preserve_unknown(schema: &mut Node, depth: usize) {
    if depth > MAX_DEPTH || !schema.is_map() {
        return;
    }
    let kind = text(schema, "type").to_owned();
    if let Some(map) = schema.as_map_mut() {
        if matches!(kind.as_str(), "" | "object") {
            map.insert("x-kubernetes-preserve-unknown-fields", Node::from(&json!(true)));
        } else if kind == "array" && !map.get("items").is_some_and(Node::is_map) {
            map.insert("items", Node::from(&json!({"x-kubernetes-preserve-unknown-fields": true})));
        }
    }
    for key in ["items", "additionalProperties"] {
        if let Some(inner) = schema.get_mut(key) {
            preserve_unknown(inner, depth + 1);
        }
    }
    if let Some(properties) = schema.get_mut("properties").and_then(Node::as_map_mut) {
        for (_, property) in properties.values_mut() {
            preserve_unknown(property, depth + 1);
        }
    }
}

fn text<'a>(schema: &'a Node, key: &str) -> &'a str {
    schema.get(key).and_then(Node::as_str).unwrap_or("")
}

fn flag(schema: &Node, key: &str) -> bool {
    schema.get(key).and_then(Node::as_bool) == Some(true)
}

const TYPES: &[&str] = &["object", "array", "string", "integer", "number", "boolean"];

/// Why a schema is not structural.
pub(crate) fn problem(schema: &Node, path: &str, depth: usize) -> Option<String> {
    if depth > MAX_DEPTH {
        return Some(format!("{path}: the schema is nested deeper than {MAX_DEPTH}"));
    }
    if !schema.is_map() {
        return Some(format!("{path}: a schema is a mapping, not {}", schema.type_name()));
    }
    let kind = text(schema, "type");
    let free =
        flag(schema, "x-kubernetes-preserve-unknown-fields") || flag(schema, "x-kubernetes-int-or-string");
    if kind.is_empty() && !free {
        return Some(format!(
            "{path}.type: must not be empty; give a type, or `x-kubernetes-preserve-unknown-fields: true`"
        ));
    }
    if !kind.is_empty() && !TYPES.contains(&kind) {
        return Some(format!("{path}.type: `{kind}` is none of {}", TYPES.join(", ")));
    }
    let properties = schema.get("properties").filter(|node| !node.is_null());
    let additional = schema.get("additionalProperties").filter(|node| node.is_map());
    if properties.is_some() && additional.is_some() {
        return Some(format!("{path}: `properties` and `additionalProperties` exclude each other"));
    }
    if kind == "array" && !schema.get("items").is_some_and(Node::is_map) {
        return Some(format!("{path}.items: must be given for a list"));
    }
    if let Some(properties) = properties {
        let Some(map) = properties.as_map() else {
            return Some(format!("{path}.properties: must be a mapping"));
        };
        for (key, property) in map.iter() {
            if let Some(problem) = problem(property, &format!("{path}.{key}"), depth + 1) {
                return Some(problem);
            }
        }
    }
    let inner = [("items", "[]"), ("additionalProperties", ".*")];
    inner.iter().find_map(|(key, suffix)| {
        let inner = schema.get(key).filter(|node| node.is_map())?;
        problem(inner, &format!("{path}{suffix}"), depth + 1)
    })
}

/// The schema of a constraint with these parameters.
pub(crate) fn of_constraint(parameters: Option<&Node>) -> Node {
    let texts = json!({"type": "array", "items": {"type": "string"}});
    let glob = r"^\*?[-:a-z0-9]*\*?$";
    let globs = json!({"type": "array", "items": {"type": "string", "pattern": glob}});
    let selector = json!({"type": "object", "properties": {
        "matchLabels": {"type": "object", "additionalProperties": {"type": "string"}},
        "matchExpressions": {"type": "array", "items": {"type": "object", "required": ["key", "operator"], "properties": {
            "key": {"type": "string"}, "operator": {"type": "string"}, "values": texts}}},
    }});
    let mut spec = Node::from(&json!({
        "match": {"type": "object", "properties": {
            "excludedNamespaces": globs, "namespaces": globs,
            "kinds": {"type": "array", "items": {"type": "object", "properties": {"apiGroups": texts, "kinds": texts}}},
            "labelSelector": selector, "namespaceSelector": selector,
            "name": {"type": "string", "pattern": glob},
            "scope": {"type": "string"},
            "source": {"type": "string", "enum": ["All", "Generated", "Original"]},
        }},
        "enforcementAction": {"type": "string", "default": "deny"},
        "scopedEnforcementActions": {"type": "array", "items": {"type": "object", "properties": {
            "action": {"type": "string"},
            "enforcementPoints": {"type": "array", "items": {"type": "object", "properties": {"name": {"type": "string"}}}},
        }}},
    }));
    if let (Some(parameters), Some(map)) = (parameters, spec.as_map_mut()) {
        map.insert("parameters", parameters.clone());
    }
    let mut whole = Node::from(&json!({"type": "object", "properties": {
        "apiVersion": {"type": "string"}, "kind": {"type": "string"},
        "metadata": {"type": "object", "x-kubernetes-preserve-unknown-fields": true,
            "properties": {"name": {"type": "string", "maxLength": 63}}},
        "spec": {"type": "object"},
        "status": {"x-kubernetes-preserve-unknown-fields": true},
    }}));
    let of_spec =
        whole.get_mut("properties").and_then(|node| node.get_mut("spec")).and_then(Node::as_map_mut);
    if let Some(map) = of_spec {
        map.insert("properties", spec);
    }
    whole
}

/// Where a value does not fit its schema: the path and what is wrong.
pub(crate) fn violations(node: &Node, schema: &Node) -> Vec<String> {
    let mut out = Vec::new();
    check(node, schema, "", 0, &mut out);
    out
}

fn check(node: &Node, schema: &Node, path: &str, depth: usize, out: &mut Vec<String>) {
    if depth > MAX_DEPTH || out.len() >= MAX_PROBLEMS || !schema.is_map() {
        return;
    }
    let mut tell =
        |message: String| out.push(format!("{}: {message}", if path.is_empty() { "." } else { path }));
    if node.is_null() && flag(schema, "nullable") {
        return;
    }
    let kind = text(schema, "type");
    let fits = match kind {
        "" => true,
        "object" => node.is_map(),
        "array" => node.is_seq(),
        "string" => node.as_str().is_some(),
        "boolean" => node.as_bool().is_some(),
        "number" => node.as_f64().is_some(),
        "integer" => node.as_f64().is_some_and(|number| number.fract() == 0.0),
        _ => true,
    };
    if !fits {
        tell(format!("must be of type {kind}, not {}", node.type_name()));
        return;
    }
    if flag(schema, "x-kubernetes-int-or-string") && node.as_str().is_none() && node.as_i64().is_none() {
        tell(format!("must be an integer or text, not {}", node.type_name()));
        return;
    }
    if let Some(allowed) = schema.get("enum").and_then(Node::as_seq)
        && !allowed.contains(node)
    {
        let allowed: Vec<_> = allowed.iter().filter_map(Node::text).collect();
        tell(format!("must be one of {}", allowed.join(", ")));
    }
    let number = |key: &str| schema.get(key).and_then(Node::as_f64);
    let bound = |size: usize, least: &str, most: &str| {
        number(least).is_some_and(|least| (size as f64) < least)
            || number(most).is_some_and(|most| (size as f64) > most)
    };
    match node.scalar() {
        Some(Scalar::String(value)) => {
            if bound(value.chars().count(), "minLength", "maxLength") {
                tell("has too few or too many characters".to_owned());
            }
            let pattern = text(schema, "pattern");
            let regex = regex::RegexBuilder::new(pattern).size_limit(1 << 20).build();
            if !pattern.is_empty() && regex.is_ok_and(|regex| !regex.is_match(value)) {
                tell(format!("must match `{pattern}`"));
            }
        }
        Some(Scalar::Int(_) | Scalar::Uint(_) | Scalar::Float(_)) => {
            let value = node.as_f64().unwrap_or(0.0);
            let low = number("minimum")
                .is_some_and(|least| value < least || (value == least && flag(schema, "exclusiveMinimum")));
            let high = number("maximum")
                .is_some_and(|most| value > most || (value == most && flag(schema, "exclusiveMaximum")));
            let part = number("multipleOf").is_some_and(|part| part > 0.0 && (value / part).fract() != 0.0);
            if low || high || part {
                tell("is outside of what the schema allows".to_owned());
            }
        }
        _ => {}
    }
    if let Some(items) = node.as_seq() {
        if bound(items.len(), "minItems", "maxItems") {
            tell("has too few or too many items".to_owned());
        }
        if flag(schema, "uniqueItems")
            && items.iter().enumerate().any(|(at, item)| items.iter().take(at).any(|other| other == item))
        {
            tell("has an item twice".to_owned());
        }
        if let Some(of) = schema.get("items") {
            for (at, item) in items.iter().enumerate() {
                check(item, of, &format!("{path}[{at}]"), depth + 1, out);
            }
        }
    } else if let Some(map) = node.as_map() {
        if bound(map.len(), "minProperties", "maxProperties") {
            tell("has too few or too many fields".to_owned());
        }
        for required in schema.get("required").and_then(Node::as_seq).unwrap_or(&[]) {
            if let Some(key) = required.as_str().filter(|key| !map.contains_key(key)) {
                tell(format!("`{key}` is required"));
            }
        }
        let properties = schema.get("properties").and_then(Node::as_map);
        let additional = schema.get("additionalProperties");
        for (key, value) in map.iter() {
            let path = if path.is_empty() { key.to_string() } else { format!("{path}.{key}") };
            if let Some(of) = properties.and_then(|properties| properties.get(key)).or(additional) {
                check(value, of, &path, depth + 1, out);
            }
        }
    }
    combined(node, schema, path, depth, out);
}

fn combined(node: &Node, schema: &Node, path: &str, depth: usize, out: &mut Vec<String>) {
    let list = |key: &str| schema.get(key).and_then(Node::as_seq).unwrap_or(&[]);
    let fits = |of: &Node| {
        let mut problems = Vec::new();
        check(node, of, path, depth + 1, &mut problems);
        problems.is_empty()
    };
    let shown = if path.is_empty() { "." } else { path };
    for of in list("allOf") {
        check(node, of, path, depth + 1, out);
    }
    if !list("anyOf").is_empty() && !list("anyOf").iter().any(fits) {
        out.push(format!("{shown}: fits none of `anyOf`"));
    }
    if !list("oneOf").is_empty() && list("oneOf").iter().filter(|of| fits(of)).count() != 1 {
        out.push(format!("{shown}: must fit exactly one of `oneOf`"));
    }
    if schema.get("not").is_some_and(fits) {
        out.push(format!("{shown}: must not fit `not`"));
    }
}

/// The fields that a schema does not know, as paths.
pub(crate) fn unknown_fields(node: &Node, schema: &Node) -> Vec<String> {
    let mut out = Vec::new();
    find_unknown(node, schema, "", 0, &mut out);
    out
}

fn find_unknown(node: &Node, schema: &Node, path: &str, depth: usize, out: &mut Vec<String>) {
    if depth > MAX_DEPTH || out.len() >= MAX_PROBLEMS {
        return;
    }
    if let (Some(items), Some(of)) = (node.as_seq(), schema.get("items")) {
        for (at, item) in items.iter().enumerate() {
            find_unknown(item, of, &format!("{path}[{at}]"), depth + 1, out);
        }
    }
    let Some(map) = node.as_map() else { return };
    let properties = schema.get("properties").and_then(Node::as_map);
    let additional =
        schema.get("additionalProperties").filter(|of| of.is_map() || of.as_bool() == Some(true));
    let free = flag(schema, "x-kubernetes-preserve-unknown-fields");
    for (key, value) in map.iter() {
        let path = if path.is_empty() { key.to_string() } else { format!("{path}.{key}") };
        match properties.and_then(|properties| properties.get(key)).or(additional) {
            Some(of) if of.is_map() => find_unknown(value, of, &path, depth + 1, out),
            Some(_) => {}
            None if free => {}
            None => out.push(path),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn constraint(spec: &serde_json::Value) -> Node {
        Node::from(
            &json!({"apiVersion": "constraints.gatekeeper.sh/v1beta1", "kind": "K", "metadata": {"name": "c", "labels": {"a": "b"}}, "spec": spec}),
        )
    }

    #[test]
    fn a_constraint_fits_its_schema_or_not() {
        let parameters = Node::from(&json!({"type": "object", "required": ["n"], "properties": {
            "n": {"type": "integer", "minimum": 1, "maximum": 9},
            "names": {"type": "array", "maxItems": 2, "items": {"type": "string", "pattern": "^a"}},
            "mode": {"type": "string", "enum": ["x", "y"]},
            "port": {"x-kubernetes-int-or-string": true},
            "null": {"type": "string", "nullable": true},
            "any": {"type": "object", "x-kubernetes-preserve-unknown-fields": true},
            "map": {"type": "object", "additionalProperties": {"type": "boolean"}},
            "one": {"type": "object", "properties": {"a": {"type": "integer"}, "b": {"type": "integer"}}, "oneOf": [{"required": ["a"]}, {"required": ["b"]}]},
        }}));
        let schema = of_constraint(Some(&parameters));
        for (parameters, problems) in [
            (
                json!({"n": 1, "names": ["ab"], "mode": "x", "port": 80, "null": null, "any": {"z": 1}, "map": {"k": true}}),
                0,
            ),
            (json!({"n": 1, "port": "http", "one": {"b": 1}}), 0),
            (json!({}), 1),
            (json!({"n": "1"}), 1),
            (json!({"n": 1.5}), 1),
            (json!({"n": 0}), 1),
            (json!({"n": 10}), 1),
            (json!({"n": 1, "names": ["ab", "b", "ac"]}), 2),
            (json!({"n": 1, "mode": "z"}), 1),
            (json!({"n": 1, "mode": null}), 1),
            (json!({"n": 1, "port": true}), 1),
            (json!({"n": 1, "map": {"k": 1}}), 1),
            (json!({"n": 1, "one": {"a": 1, "b": 1}}), 1),
        ] {
            let found = violations(&constraint(&json!({"parameters": parameters})), &schema);
            assert_eq!(found.len(), problems, "{parameters}: {found:?}");
        }
        for spec in [
            json!({"match": {"scope": 1}}),
            json!({"match": {"source": "Else"}}),
            json!({"match": {"namespaces": ["Upper"]}}),
            json!({"match": {"kinds": [{"kinds": "Pod"}]}}),
            json!({"match": {"labelSelector": {"matchExpressions": [{"key": "a"}]}}}),
            json!({"enforcementAction": true}),
            json!({"scopedEnforcementActions": {}}),
        ] {
            assert_eq!(violations(&constraint(&spec), &schema).len(), 1, "{spec}");
        }
    }

    #[test]
    fn unknown_fields_are_found_at_every_depth() {
        let parameters = Node::from(&json!({"type": "object", "properties": {
            "l": {"type": "array", "items": {"type": "object", "properties": {"a": {"type": "string"}}}},
            "m": {"type": "object", "additionalProperties": {"type": "object", "properties": {"b": {"type": "string"}}}},
            "f": {"type": "object", "x-kubernetes-preserve-unknown-fields": true, "properties": {"k": {"type": "object"}}},
        }}));
        let found =
            |spec: serde_json::Value| unknown_fields(&constraint(&spec), &of_constraint(Some(&parameters)));
        let spec = json!({"matches": {}, "match": {"kind": []}, "parameters": {
            "x": 1, "l": [{"a": "1"}, {"c": 1}], "m": {"any": {"b": "", "d": 1}}, "f": {"free": {"q": 1}, "k": {"not": 1}}}});
        assert_eq!(
            found(spec),
            [
                "spec.matches",
                "spec.match.kind",
                "spec.parameters.x",
                "spec.parameters.l[1].c",
                "spec.parameters.m.any.d",
                "spec.parameters.f.k.not"
            ]
        );
        let none = of_constraint(None);
        assert_eq!(unknown_fields(&constraint(&json!({"parameters": {}})), &none), ["spec.parameters"]);
    }

    #[test]
    fn a_schema_must_be_structural() {
        for (schema, fine) in [
            (json!({"type": "object", "properties": {"a": {"type": "string"}}}), true),
            (json!({"x-kubernetes-preserve-unknown-fields": true}), true),
            (json!({"properties": {"a": {"type": "string"}}}), false),
            (json!({"type": "object", "properties": {"a": {}}}), false),
            (json!({"type": "object", "properties": {"a": {"type": "text"}}}), false),
            (json!({"type": "array"}), false),
            (json!({"type": "array", "items": {"description": "x"}}), false),
            (json!({"type": "object", "properties": {}, "additionalProperties": {"type": "string"}}), false),
        ] {
            assert_eq!(problem(&Node::from(&schema), "s", 0).is_none(), fine, "{schema}");
        }
        let template = |version: &str, validation: serde_json::Value| {
            let node = Node::from(&json!({"spec": {"crd": {"spec": {"validation": validation}}}}));
            parameters_schema(&node, &format!("templates.gatekeeper.sh/{version}"))
        };
        // The older versions let everything through unless told otherwise.
        assert!(template("v1", json!(null)).is_none());
        assert!(template("v1beta1", json!(null)).is_some());
        assert!(template("v1beta1", json!({"legacySchema": false})).is_none());
        let open = template(
            "v1beta1",
            json!({"openAPIV3Schema": {"properties": {"a": {"items": {"type": "object"}}}}}),
        )
        .unwrap();
        assert!(problem(&open, "s", 0).is_none());
    }
}
