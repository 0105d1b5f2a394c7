//! Random patches of both kinds, and paths into objects as patches and replacements write them.

use serde_json::{Map, Value, json};

use super::rng::Rng;
use super::text::{Style, raw};
use super::words;

/// A step into a tree.
#[derive(Clone, Debug)]
pub enum Step {
    /// The entry of a mapping.
    Key(String),
    /// The element of a list, and its `name` if it has one.
    Index(usize, Option<String>),
}

/// A random path into `tree`, and what is there.
pub fn path<'a>(rng: &mut Rng, tree: &'a Value) -> (Vec<Step>, &'a Value) {
    let (mut steps, mut at) = (Vec::new(), tree);
    loop {
        if steps.len() > 1 && rng.chance(12) {
            return (steps, at);
        }
        match at {
            Value::Object(map) if !map.is_empty() => {
                let heavy =
                    map.keys().filter(|key| matches!(key.as_str(), "spec" | "template" | "containers"));
                let heavy: Vec<&String> = heavy.collect();
                let keys: Vec<&String> = map.keys().collect();
                let keys = if !heavy.is_empty() && rng.chance(50) { heavy } else { keys };
                let key = (*rng.pick(&keys)).clone();
                at = &map[&key];
                steps.push(Step::Key(key));
            }
            Value::Array(items) if !items.is_empty() => {
                let index = rng.below(items.len());
                at = &items[index];
                steps.push(Step::Index(index, at["name"].as_str().map(str::to_owned)));
            }
            _ => return (steps, at),
        }
    }
}

/// The path as a JSON pointer.
pub fn pointer(rng: &mut Rng, steps: &[Step]) -> String {
    let mut out = String::new();
    for step in steps {
        out.push('/');
        match step {
            Step::Key(key) => out.push_str(&key.replace('~', "~0").replace('/', "~1")),
            Step::Index(index, _) if rng.chance(4) => out.push_str(&format!("-{}", index + 1)),
            Step::Index(index, _) => out.push_str(&index.to_string()),
        }
    }
    out
}

/// The path as a replacement's `fieldPath`.
pub fn field_path(rng: &mut Rng, steps: &[Step], target: bool) -> String {
    let mut parts = Vec::new();
    for step in steps {
        parts.push(match step {
            Step::Key(key) if key.contains('.') => {
                if rng.chance(50) {
                    format!("[{key}]")
                } else {
                    key.replace('.', "\\.")
                }
            }
            Step::Key(key) => key.clone(),
            Step::Index(..) if target && rng.chance(30) => "*".to_owned(),
            Step::Index(_, Some(name)) if rng.chance(60) => format!("[name={name}]"),
            Step::Index(index, _) => index.to_string(),
        });
    }
    parts.join(".")
}

/// The path as kustomize's field specs write it.
pub fn spec_path(steps: &[Step]) -> String {
    let keys = steps.iter().filter_map(|step| match step {
        Step::Key(key) => Some(key.replace('/', "\\/")),
        Step::Index(..) => None,
    });
    keys.collect::<Vec<_>>().join("/")
}

/// A part of `object` with changes: a strategic-merge patch of it, as a tree.
pub fn merge_patch(rng: &mut Rng, object: &Value) -> Value {
    let mut patch = Map::new();
    for key in ["apiVersion", "kind"] {
        patch.insert(key.into(), object[key].clone());
    }
    let mut metadata = Map::new();
    for key in ["name", "namespace"] {
        if let Some(value) = object["metadata"].get(key) {
            metadata.insert(key.into(), value.clone());
        }
    }
    if rng.chance(4) {
        patch.insert("$patch".into(), json!(rng.word(&["delete", "replace", "merge", "frob"])));
    }
    if rng.chance(35) {
        for field in ["labels", "annotations", "finalizers", "ownerReferences"] {
            if rng.chance(40) {
                let value = match object["metadata"].get(field) {
                    Some(old) => change(rng, old, 3),
                    None if field == "labels" => words::pairs(rng, words::label),
                    None if field == "annotations" => words::pairs(rng, words::annotation),
                    None => continue,
                };
                metadata.insert(field.into(), value);
            }
        }
    }
    patch.insert("metadata".into(), Value::Object(metadata));
    let content: Vec<(&String, &Value)> = object
        .as_object()
        .into_iter()
        .flatten()
        .filter(|(key, _)| !matches!(key.as_str(), "apiVersion" | "kind" | "metadata"))
        .collect();
    for (key, value) in content {
        if rng.chance(80) {
            patch.insert(key.clone(), change(rng, value, 8));
        }
    }
    if rng.chance(8) {
        patch.insert(rng.word(&["data", "spec", "extra"]), words::tree(rng, 2));
    }
    Value::Object(patch)
}

/// A merge patch for the value.
fn change(rng: &mut Rng, old: &Value, depth: usize) -> Value {
    if depth == 0 || rng.chance(1) {
        return words::tree(rng, 1);
    }
    if rng.chance(4) {
        return Value::Null;
    }
    match old {
        Value::Object(map) => {
            let mut patch = Map::new();
            let limit = 1 + rng.below(3);
            let mut keys: Vec<&String> = map.keys().collect();
            while patch.len() < limit && !keys.is_empty() {
                let key = keys.remove(rng.below(keys.len()));
                patch.insert(key.clone(), change(rng, &map[key], depth - 1));
            }
            if rng.chance(12) {
                patch.insert(rng.word(&["added", "app", "x"]), words::tree(rng, 1));
            }
            directives(rng, &mut patch, map);
            Value::Object(patch)
        }
        Value::Array(items) => list(rng, items, depth),
        Value::String(_) if rng.chance(60) => json!(words::text(rng)),
        _ if rng.chance(97) => words::scalar(rng),
        _ => words::tree(rng, 1),
    }
}

fn directives(rng: &mut Rng, patch: &mut Map<String, Value>, map: &Map<String, Value>) {
    if rng.chance(3) {
        patch.insert("$patch".into(), json!(rng.word(&["delete", "replace", "merge", "replace", "bad"])));
    }
    if rng.chance(2) {
        patch.insert("$retainKeys".into(), map.keys().take(1).map(|key| json!(key)).collect());
    }
    if rng.chance(2)
        && let Some(key) = map.keys().next()
    {
        patch.insert(format!("$setElementOrder/{key}"), json!([{"name": "main"}]));
        if rng.chance(30) {
            patch.insert(format!("$deleteFromPrimitiveList/{key}"), json!(["a"]));
        }
    }
}

/// The fields that tell list elements apart.
const IDENTITIES: &[&str] = &[
    "name",
    "containerPort",
    "port",
    "protocol",
    "mountPath",
    "ip",
    "topologyKey",
    "whenUnsatisfiable",
    "type",
    "uid",
    "devicePath",
];

fn list(rng: &mut Rng, items: &[Value], depth: usize) -> Value {
    let mut patch = Vec::new();
    if rng.chance(3) {
        patch.push(json!({"$patch": rng.word(&["replace", "delete"])}));
    }
    for item in items {
        if !rng.chance(60) {
            continue;
        }
        match item {
            Value::Object(map) => {
                let mut element = Map::new();
                for key in IDENTITIES {
                    if let Some(value) = map.get(*key)
                        && !rng.chance(6)
                    {
                        element.insert((*key).into(), value.clone());
                    }
                }
                if rng.chance(8) {
                    element
                        .insert("$patch".into(), json!(rng.word(&["delete", "delete", "replace", "merge"])));
                } else {
                    let rest: Map<String, Value> = map
                        .iter()
                        .filter(|(key, _)| rng.chance(3) || !IDENTITIES.contains(&key.as_str()))
                        .map(|(key, value)| (key.clone(), value.clone()))
                        .collect();
                    if let Value::Object(changes) = change(rng, &Value::Object(rest), depth - 1) {
                        element.extend(changes);
                    }
                }
                patch.push(Value::Object(element));
            }
            other if rng.chance(50) => patch.push(other.clone()),
            _ => patch.push(words::scalar(rng)),
        }
    }
    if rng.chance(30) {
        patch.push(match items.first() {
            Some(Value::Object(first)) => {
                let mut element = Map::new();
                for key in IDENTITIES {
                    if first.contains_key(*key) && rng.chance(90) {
                        let value = match *key {
                            "containerPort" | "port" => json!(9000 + rng.below(2)),
                            "protocol" => json!(rng.word(&["TCP", "UDP"])),
                            _ => json!(rng.word(&["new", "sidecar", "/new"])),
                        };
                        element.insert((*key).into(), value);
                    }
                }
                element.insert(rng.word(&["image", "value", "x"]), words::scalar(rng));
                Value::Object(element)
            }
            _ => words::scalar(rng),
        });
    }
    if rng.chance(4) {
        patch.reverse();
    }
    Value::Array(patch)
}

/// A JSON patch of `object`, as a tree.
pub fn json_patch(rng: &mut Rng, object: &Value) -> Value {
    let mut operations = Vec::new();
    for _ in 0..1 + rng.below(2) {
        let (mut steps, at) = path(rng, object);
        let at = at.clone();
        if steps.len() < 2 {
            continue;
        }
        operations.push(match rng.below(12) {
            0 | 1 => json!({"op": "remove", "path": pointer(rng, &steps)}),
            2 => json!({"op": "test", "path": pointer(rng, &steps), "value": if rng.chance(85) { at } else { words::scalar(rng) }}),
            3 => {
                let (from, _) = path(rng, object);
                let op = rng.word(&["copy", "move"]);
                json!({"op": op, "from": pointer(rng, &from), "path": pointer(rng, &steps)})
            }
            4 | 5 => {
                let extra = if at.is_array() && rng.chance(80) { "-" } else { "added" };
                steps.push(Step::Key(extra.into()));
                if !at.is_array() && !at.is_object() {
                    steps.pop();
                }
                json!({"op": "add", "path": pointer(rng, &steps), "value": words::tree(rng, 2)})
            }
            6 => json!({"op": "add", "path": "/metadata/annotations/x", "value": words::text(rng)}),
            7 if rng.chance(20) => json!({"op": rng.word(&["frob", "add", ""]), "path": pointer(rng, &steps)}),
            8 => json!({"op": "add", "path": pointer(rng, &steps), "value": words::tree(rng, 2)}),
            _ => {
                let value = match &at {
                    Value::String(_) if rng.chance(80) => json!(words::text(rng)),
                    Value::Object(map) if rng.chance(80) => {
                        map.iter().filter(|_| rng.chance(60)).map(|(key, value)| (key.clone(), value.clone())).collect()
                    }
                    Value::Array(items) if rng.chance(80) => items.iter().filter(|_| rng.chance(60)).cloned().collect(),
                    _ if rng.chance(80) => words::scalar(rng),
                    _ => words::tree(rng, 1),
                };
                json!({"op": "replace", "path": pointer(rng, &steps), "value": value})
            }
        });
    }
    if operations.is_empty() {
        operations.push(json!({"op": "replace", "path": "/metadata/name", "value": "renamed"}));
    }
    Value::Array(operations)
}

/// A tree as the text of a patch: YAML in some style.
pub fn patch_text(rng: &mut Rng, tree: &Value) -> String {
    let style = if rng.chance(60) { Style::plain() } else { Style::random(rng) };
    style.stream(rng, std::slice::from_ref(tree))
}

/// The target of a patch: that object, or more, or fewer.
pub fn target(rng: &mut Rng, object: &Value) -> Value {
    let mut target = Map::new();
    let api_version = object["apiVersion"].as_str().unwrap_or_default();
    let (group, version) = api_version.rsplit_once('/').unwrap_or(("", api_version));
    let kind = object["kind"].as_str().unwrap_or_default();
    let name = object["metadata"]["name"].as_str().unwrap_or_default();
    if !group.is_empty() && rng.chance(30) {
        target.insert("group".into(), json!(group));
    }
    if rng.chance(20) {
        target.insert("version".into(), json!(version));
    }
    if rng.chance(80) {
        target.insert(
            "kind".into(),
            json!(if rng.chance(10) { format!("{kind}|ConfigMap") } else { kind.into() }),
        );
    }
    if rng.chance(60) {
        let name = match rng.below(8) {
            0 => ".*".into(),
            1 => format!("{}.*", name.get(..1).unwrap_or_default()),
            2 => format!("^{name}$"),
            3 => format!("({name}|web)"),
            _ => name.to_owned(),
        };
        target.insert("name".into(), json!(name));
    }
    if rng.chance(15) {
        let namespace = object["metadata"]["namespace"].as_str().unwrap_or("default");
        target.insert("namespace".into(), json!(if rng.chance(80) { namespace } else { "prod" }));
    }
    if rng.chance(12) {
        let selectors = [
            "app=app",
            "app",
            "!app",
            "app in (app, web)",
            "app notin (db)",
            "tier!=x",
            "app=",
            "app==web,tier",
        ];
        target.insert("labelSelector".into(), json!(rng.word(&selectors)));
    }
    if rng.chance(6) {
        let selectors = ["team=a", "example.com/note", "!a", "a in (a, value)"];
        target.insert("annotationSelector".into(), json!(rng.word(&selectors)));
    }
    if rng.chance(1) {
        target.insert("name".into(), raw("'(['"));
    }
    Value::Object(target)
}
