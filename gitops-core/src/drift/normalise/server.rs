//! The server's own fields, which no manifest is about.

use crate::knowledge::server_fields::{ALLOCATED, FieldPath, METADATA};
use crate::node::Node;
use crate::object::Object;

/// Whether the server fills in a field of a kind by itself, or a part of it: what is not in a manifest, and
/// is there in the cluster, is then no drift. `path` has `[]` for every item of a list.
pub(crate) fn server_allocated(group: &str, kind: &str, path: &[&str]) -> bool {
    if let ["status", ..] = path {
        return true;
    }
    if let ["metadata", field, ..] = path
        && METADATA.contains(field)
    {
        return true;
    }
    let of_kind = ALLOCATED.iter().filter(|(g, k, _)| *g == group && *k == kind);
    of_kind.flat_map(|(.., fields)| *fields).any(|field| covers(field, path))
}

fn covers(field: FieldPath, path: &[&str]) -> bool {
    field.len() <= path.len()
        && field.iter().zip(path).all(|(known, key)| match known.strip_suffix('*') {
            Some(start) => key.starts_with(start),
            None => known == key,
        })
}

/// Removes `status` and the fields of `metadata` that only the server writes.
pub(crate) fn without_server_fields(object: &mut Object) {
    let of_metadata = |key: &str| METADATA.contains(&key);
    if object.node.get("status").is_some()
        && let Some(map) = object.node.as_map_mut()
    {
        map.remove("status");
    }
    let metadata = object.node.get("metadata").and_then(Node::as_map);
    if metadata.is_some_and(|map| map.keys().any(|key| of_metadata(key)))
        && let Some(map) = object.node.get_mut("metadata").and_then(Node::as_map_mut)
    {
        map.retain(|key, _| !of_metadata(key));
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn the_server_fills_in_some_fields() {
        for (group, kind, path, allocated) in [
            ("", "Service", "spec.clusterIP", true),
            ("", "Service", "spec.ports.[].nodePort", true),
            ("", "Service", "spec.ports.[].port", false),
            ("apps", "Deployment", "status.replicas", true),
            ("apps", "Deployment", "metadata.generation", true),
            ("apps", "Deployment", "metadata.annotations.deployment~kubernetes~io/revision", true),
            ("apps", "Deployment", "metadata.annotations.mine", false),
            ("example.com", "Service", "spec.clusterIP", false),
        ] {
            let path: Vec<String> = path.split('.').map(|key| key.replace('~', ".")).collect();
            let path: Vec<&str> = path.iter().map(String::as_str).collect();
            assert_eq!(server_allocated(group, kind, &path), allocated, "{kind} {path:?}");
        }
    }

    #[test]
    fn the_servers_fields_go() {
        let node = |json| Node::from(&json);
        let mut object = Object::new(node(
            json!({"kind": "X", "metadata": {"name": "x", "uid": "u", "managedFields": []}, "status": {}}),
        ));
        without_server_fields(&mut object);
        assert_eq!(object.node, node(json!({"kind": "X", "metadata": {"name": "x"}})));
    }
}
