//! The order of the output (`SortOrderTransformer.go` of kustomize v5.8.2).

use std::cmp::Ordering;
use std::collections::HashMap;

use crate::kustomize::resource::Resource;
use crate::node::Text;
use crate::object::group_version;

/// Kinds that others need, in the order in which they are applied.
const ORDER_FIRST: [&str; 22] = [
    "Namespace",
    "ResourceQuota",
    "StorageClass",
    "CustomResourceDefinition",
    "ServiceAccount",
    "PodSecurityPolicy",
    "Role",
    "ClusterRole",
    "RoleBinding",
    "ClusterRoleBinding",
    "ConfigMap",
    "Secret",
    "Endpoints",
    "Service",
    "LimitRange",
    "PriorityClass",
    "PersistentVolume",
    "PersistentVolumeClaim",
    "Deployment",
    "StatefulSet",
    "CronJob",
    "PodDisruptionBudget",
];

/// Kinds that stand in the way of others while they are not ready.
const ORDER_LAST: [&str; 2] = ["MutatingWebhookConfiguration", "ValidatingWebhookConfiguration"];

/// Where kustomize's own lists put a kind: negative goes first, positive last.
pub(crate) fn rank(kind: &str) -> i64 {
    let first = ORDER_FIRST.iter().position(|first| *first == kind);
    let last = ORDER_LAST.iter().position(|last| *last == kind);
    match (first, last) {
        (Some(at), _) => at as i64 - ORDER_FIRST.len() as i64,
        (_, Some(at)) => at as i64 + 1,
        _ => 0,
    }
}

/// `group_version_kind`, with stand-ins for what is missing, as kustomize compares types.
pub(crate) fn type_text(group: &str, version: &str, kind: &str) -> String {
    format!("{}_{}_{}", or(group, "~G"), or(version, "~V"), or(kind, "~K"))
}

fn or<'a>(text: &'a str, stand_in: &'a str) -> &'a str {
    if text.is_empty() { stand_in } else { text }
}

struct Key {
    rank: i64,
    is_core_namespace: bool,
    is_namespace: bool,
    /// `group_version_kind` with stand-ins for what is missing.
    type_text: String,
    /// `Kind.version.group|namespace|name`.
    id_text: String,
    api_version: Text,
}

/// Sorts by kind, then by type, namespace and name as text. `lists` are the kinds that go first and
/// last, if not kustomize's own.
pub(crate) fn legacy(resources: &mut Vec<Resource>, lists: Option<&(Vec<String>, Vec<String>)>) {
    let own = || {
        let texts = |kinds: &[&str]| kinds.iter().map(|kind| (*kind).to_owned()).collect::<Vec<_>>();
        (texts(&ORDER_FIRST), texts(&ORDER_LAST))
    };
    let (first, last) = lists.cloned().unwrap_or_else(own);
    let mut ranks: HashMap<&str, i64> = HashMap::new();
    ranks.extend(first.iter().enumerate().map(|(at, kind)| (kind.as_str(), at as i64 - first.len() as i64)));
    ranks.extend(last.iter().enumerate().map(|(at, kind)| (kind.as_str(), at as i64 + 1)));
    let mut keyed: Vec<(Key, Resource)> =
        std::mem::take(resources).into_iter().map(|resource| (key(&resource, &ranks), resource)).collect();
    keyed.sort_by(|(a, _), (b, _)| compare(a, b));
    resources.extend(keyed.into_iter().map(|(_, resource)| resource));
}

fn key(resource: &Resource, ranks: &HashMap<&str, i64>) -> Key {
    let (api_version, kind) = (resource.api_version(), resource.kind());
    let (group, version) = group_version(&api_version);
    let (namespace, name) = (resource.namespace(), resource.name());
    Key {
        rank: ranks.get(kind.as_str()).copied().unwrap_or(0),
        is_namespace: kind == "Namespace",
        is_core_namespace: kind == "Namespace" && group.is_empty(),
        type_text: type_text(group, version, &kind),
        id_text: format!(
            "{}.{}.{}|{}|{}",
            or(&kind, "[noKind]"),
            or(version, "[noVer]"),
            or(group, "[noGrp]"),
            or(&namespace, "~X"),
            or(&name, "~N")
        ),
        api_version,
    }
}

fn compare(a: &Key, b: &Key) -> Ordering {
    let same_type = a.type_text == b.type_text && a.api_version == b.api_version;
    if same_type {
        return a.id_text.cmp(&b.id_text);
    }
    a.rank.cmp(&b.rank).then_with(|| {
        // The core Namespace goes before other kinds of that name.
        if a.is_namespace && b.is_namespace && (a.is_core_namespace || b.is_core_namespace) {
            b.type_text.cmp(&a.type_text)
        } else {
            a.type_text.cmp(&b.type_text)
        }
    })
}
