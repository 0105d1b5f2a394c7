//! Fields that are another way to write a field: the API server stores one of the two.

use super::scalars::base64;
use crate::knowledge::pod_specs::POD_SPECS;
use crate::node::{Node, Span, Value};
use crate::object::Object;

/// Keeps the field that the server keeps.
pub(crate) fn resolve(object: &mut Object) {
    let group = object.group().to_owned();
    match (group.as_str(), object.kind()) {
        ("", "Secret") => string_data(&mut object.node),
        ("apps", "StatefulSet") => claim_templates(&mut object.node),
        _ => {}
    }
    let kind = object.kind().to_owned();
    for spec in POD_SPECS.iter().filter(|spec| spec.group == group && spec.kind == kind) {
        service_account(&mut object.node, spec.path);
    }
}

/// `stringData` goes into `data`, over what is there.
fn string_data(secret: &mut Node) {
    let Some(texts) = secret.get("stringData").and_then(Node::as_map).cloned() else { return };
    let Some(map) = secret.as_map_mut() else { return };
    map.remove("stringData");
    let mut data = map.get("data").and_then(Node::as_map).cloned().unwrap_or_default();
    for entry in texts.entries() {
        if let Some(text) = entry.value.as_str() {
            data.insert(&entry.key, Node::new(base64(text), entry.value.span));
        }
    }
    if !data.is_empty() {
        map.insert("data", Node::map(data, Span::NONE));
    }
}

/// The server writes the type and a status into the claims of a StatefulSet, whatever was there.
fn claim_templates(object: &mut Node) {
    const WRITTEN: &[&str] = &["apiVersion", "kind", "status"];
    let path = ["spec", "volumeClaimTemplates"];
    if object.at(&path).is_none() {
        return;
    }
    let claims = path.iter().try_fold(object, |node, key| node.get_mut(key)).and_then(Node::as_seq_mut);
    for claim in claims.into_iter().flatten() {
        if WRITTEN.iter().any(|key| claim.get(key).is_some())
            && let Some(map) = claim.as_map_mut()
        {
            map.retain(|key, _| !WRITTEN.contains(&key.as_str()));
        }
    }
}

/// `serviceAccount` is the old name of `serviceAccountName`.
fn service_account(object: &mut Node, path: &[&str]) {
    const OLD: &str = "serviceAccount";
    const NEW: &str = "serviceAccountName";
    if object.at(path).and_then(|spec| spec.get(OLD)).is_none() {
        return;
    }
    let spec = path.iter().try_fold(object, |node, key| node.get_mut(key)).and_then(Node::as_map_mut);
    let Some(spec) = spec else { return };
    if let Some(old) = spec.remove(OLD)
        && spec.get(NEW).is_none_or(|name| name.as_str().is_some_and(str::is_empty))
        && !matches!(old.value, Value::Null)
    {
        spec.insert(NEW, old);
    }
}
