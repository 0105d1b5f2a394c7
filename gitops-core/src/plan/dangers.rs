//! What is dangerous about a step, found by comparing the live object with what becomes of it.

use super::model::{Danger, Severity};
use crate::knowledge::pod_specs::{CONTAINER_LISTS, pod_specs};
use crate::node::Node;
use crate::object::Object;
use crate::object::quantity::Quantity;

/// A step, for those who look for dangers.
pub(super) struct Change<'a> {
    /// The live object; none if it is new.
    pub(super) live: Option<&'a Object>,
    /// What becomes of it; none if it goes.
    pub(super) desired: Option<&'a Object>,
    /// How many live objects go with it: those of a Namespace, or of a kind.
    pub(super) dependants: usize,
    /// JSON pointers of the fields that change.
    pub(super) pointers: Vec<&'a str>,
}

/// Kinds whose removal is dangerous: group, kind, code, how bad, what it means.
const REMOVED: &[(&str, &str, &str, Severity, &str)] = &[
    ("", "Namespace", "namespace-removed", Severity::High, "deletes the namespace and everything in it"),
    (
        "apiextensions.k8s.io",
        "CustomResourceDefinition",
        "crd-removed",
        Severity::High,
        "deletes every object of this kind in the cluster",
    ),
    ("", "PersistentVolumeClaim", "pvc-removed", Severity::High, "may delete the data of the volume"),
    ("", "PersistentVolume", "pv-removed", Severity::High, "may delete the data of the volume"),
    ("apps", "StatefulSet", "statefulset-removed", Severity::High, "stops a workload that keeps state"),
    ("", "Secret", "secret-removed", Severity::Medium, "what uses the secret may fail to start"),
    (
        "networking.k8s.io",
        "NetworkPolicy",
        "network-policy-removed",
        Severity::High,
        "opens traffic that was closed",
    ),
    (
        "admissionregistration.k8s.io",
        "ValidatingWebhookConfiguration",
        "admission-control-removed",
        Severity::Medium,
        "lets through what the webhook refused",
    ),
    (
        "admissionregistration.k8s.io",
        "ValidatingAdmissionPolicyBinding",
        "admission-control-removed",
        Severity::Medium,
        "lets through what the policy refused",
    ),
    (
        "policy",
        "PodDisruptionBudget",
        "disruption-budget-removed",
        Severity::Medium,
        "lets maintenance stop all pods at once",
    ),
];

/// What is dangerous about a step. `id` is left to the caller.
pub(super) fn dangers(change: &Change<'_>) -> Vec<Danger> {
    let mut found = Vec::new();
    match (change.live, change.desired) {
        (Some(live), None) => removed(live, change.dependants, &mut found),
        (live, Some(desired)) => {
            selector(change, desired, &mut found);
            replicas(live, desired, &mut found);
            storage(live, desired, &mut found);
            roles(live, desired, &mut found);
            pods(live, desired, &mut found);
            suspended(live, desired, &mut found);
            exposed(live, desired, &mut found);
        }
        (None, None) => {}
    }
    found
}

fn danger(code: &'static str, severity: Severity, message: impl Into<String>) -> Danger {
    Danger { code, severity, message: message.into(), id: None }
}

fn removed(live: &Object, dependants: usize, found: &mut Vec<Danger>) {
    let is =
        |row: &&(&str, &str, &'static str, Severity, &str)| (row.0, row.1) == (live.group(), live.kind());
    if let Some((_, _, code, severity, what)) = REMOVED.iter().find(is) {
        let count = match dependants {
            0 => String::new(),
            1 => " (1 live object)".into(),
            many => format!(" ({many} live objects)"),
        };
        found.push(danger(code, *severity, format!("{what}{count}")));
    }
}

/// A value of the live object and of the desired one.
fn both<'a>(
    live: Option<&'a Object>,
    desired: &'a Object,
    keys: &[&str],
) -> (Option<&'a Node>, Option<&'a Node>) {
    (live.and_then(|live| live.node.at(keys)), desired.node.at(keys))
}

fn selector(change: &Change<'_>, desired: &Object, found: &mut Vec<Danger>) {
    let workload = matches!(desired.group(), "apps" | "batch") || desired.kind() == "ReplicationController";
    let touched = change.pointers.iter().any(|pointer| pointer.starts_with("/spec/selector"));
    if change.live.is_some() && workload && touched {
        found.push(danger(
            "selector-changed",
            Severity::High,
            "the pods that run now are no longer selected",
        ));
    }
}

fn replicas(live: Option<&Object>, desired: &Object, found: &mut Vec<Danger>) {
    let (before, after) = both(live, desired, &["spec", "replicas"]);
    let before = before.and_then(Node::as_i64).unwrap_or(1);
    if live.is_some() && after.and_then(Node::as_i64) == Some(0) && before > 0 {
        found.push(danger("replicas-to-zero", Severity::High, format!("scales from {before} to 0 replicas")));
    }
}

fn storage(live: Option<&Object>, desired: &Object, found: &mut Vec<Danger>) {
    let size = |node: Option<&Node>| node.and_then(Node::text).map(std::borrow::Cow::into_owned);
    if desired.kind() == "PersistentVolumeClaim" {
        let (before, after) = both(live, desired, &["spec", "resources", "requests", "storage"]);
        if let (Some(before), Some(after)) = (size(before), size(after))
            && let (Ok(was), Ok(is)) = (Quantity::parse(&before), Quantity::parse(&after))
            && is < was
        {
            let message =
                format!("shrinks from {before} to {after}, which no volume can; the API server refuses it");
            found.push(danger("pvc-shrunk", Severity::High, message));
        }
    }
    let key = match desired.kind() {
        "StorageClass" => vec!["reclaimPolicy"],
        "PersistentVolume" => vec!["spec", "persistentVolumeReclaimPolicy"],
        _ => return,
    };
    let (before, after) = both(live, desired, &key);
    let is = |node: Option<&Node>, text: &str| node.and_then(Node::as_str) == Some(text);
    if is(before, "Retain") && is(after, "Delete") {
        found.push(danger(
            "reclaim-policy-delete",
            Severity::High,
            "volumes are deleted with their claims from now on",
        ));
    }
}

fn roles(live: Option<&Object>, desired: &Object, found: &mut Vec<Danger>) {
    if desired.group() != "rbac.authorization.k8s.io" {
        return;
    }
    if desired.kind().ends_with("RoleBinding") {
        let role =
            |object: &Object| object.node.at(&["roleRef", "name"]).and_then(Node::as_str).map(str::to_owned);
        let subjects = |object: &Object| {
            let list = object.node.get("subjects").and_then(Node::as_seq).unwrap_or_default();
            list.iter().map(subject).collect::<Vec<_>>()
        };
        if role(desired).as_deref() != Some("cluster-admin") {
            return;
        }
        let known = live
            .filter(|live| role(live).as_deref() == Some("cluster-admin"))
            .map(subjects)
            .unwrap_or_default();
        let new: Vec<_> = subjects(desired).into_iter().filter(|subject| !known.contains(subject)).collect();
        if !new.is_empty() {
            let message = format!("makes {} cluster-admin", new.join(", "));
            found.push(danger("cluster-admin-bound", Severity::High, message));
        }
    } else if has_all_rights(desired) && !live.is_some_and(has_all_rights) {
        found.push(danger(
            "all-rights-granted",
            Severity::High,
            "the role allows every verb on every resource",
        ));
    }
}

fn subject(node: &Node) -> String {
    let text = |key: &str| node.get(key).and_then(Node::as_str).unwrap_or("");
    match text("namespace") {
        "" => format!("{} {}", text("kind"), text("name")),
        namespace => format!("{} {namespace}/{}", text("kind"), text("name")),
    }
}

fn has_all_rights(role: &Object) -> bool {
    let rules = role.node.get("rules").and_then(Node::as_seq).unwrap_or_default();
    let all = |rule: &Node, key: &str| {
        let list = rule.get(key).and_then(Node::as_seq).unwrap_or_default();
        list.iter().any(|item| item.as_str() == Some("*"))
    };
    rules.iter().any(|rule| all(rule, "verbs") && all(rule, "resources") && all(rule, "apiGroups"))
}

fn pods(live: Option<&Object>, desired: &Object, found: &mut Vec<Danger>) {
    let known = live.map(pod_dangers).unwrap_or_default();
    for (code, severity, message) in pod_dangers(desired) {
        let is_known = known.iter().any(|(known, _, text)| *known == code && *text == message);
        if !is_known && !found.iter().any(|danger| danger.code == code && danger.message == message) {
            found.push(danger(code, severity, message));
        }
    }
}

/// What the pods of an object may do to their node.
fn pod_dangers(object: &Object) -> Vec<(&'static str, Severity, String)> {
    let mut found = Vec::new();
    for path in pod_specs(object.group(), object.kind()) {
        for pod in below(&object.node, path.path) {
            pod_spec_dangers(pod, &mut found);
        }
    }
    found
}

fn pod_spec_dangers(pod: &Node, found: &mut Vec<(&'static str, Severity, String)>) {
    for key in ["hostNetwork", "hostPID", "hostIPC"] {
        if pod.get(key).and_then(Node::as_bool) == Some(true) {
            found.push(("host-namespace-shared", Severity::High, format!("pods share the node's {key}")));
        }
    }
    for volume in pod.get("volumes").and_then(Node::as_seq).unwrap_or_default() {
        if let Some(path) = volume.at(&["hostPath", "path"]).and_then(Node::as_str) {
            found.push(("host-path-mounted", Severity::Medium, format!("pods mount {path} of the node")));
        }
    }
    let containers = CONTAINER_LISTS.iter().filter_map(|list| pod.get(list)?.as_seq()).flatten();
    for container in containers {
        if container.at(&["securityContext", "privileged"]).and_then(Node::as_bool) == Some(true) {
            let name = container.get("name").and_then(Node::as_str).unwrap_or("");
            found.push(("privileged-set", Severity::High, format!("container {name} becomes privileged")));
        }
    }
}

/// The nodes at a path in which `[]` is every item and `*` every value.
fn below<'a>(node: &'a Node, path: &[&str]) -> Vec<&'a Node> {
    path.iter().fold(vec![node], |nodes, step| {
        let next = nodes.into_iter().flat_map(|node| -> Vec<&Node> {
            match *step {
                "[]" => node.as_seq().unwrap_or_default().iter().collect(),
                "*" => node.as_map().into_iter().flat_map(|map| map.iter().map(|(_, value)| value)).collect(),
                key => node.get(key).into_iter().collect(),
            }
        });
        next.collect()
    })
}

fn suspended(live: Option<&Object>, desired: &Object, found: &mut Vec<Danger>) {
    let (before, after) = both(live, desired, &["spec", "suspend"]);
    let is = |node: Option<&Node>| node.and_then(Node::as_bool) == Some(true);
    if live.is_some() && is(after) && !is(before) {
        found.push(danger("suspended", Severity::Medium, "it stops doing anything until it is resumed"));
    }
}

fn exposed(live: Option<&Object>, desired: &Object, found: &mut Vec<Danger>) {
    let (before, after) = both(live, desired, &["spec", "type"]);
    if (desired.group(), desired.kind()) == ("", "Service")
        && live.is_some()
        && let Some(kind) = open_type(after)
        && open_type(before).is_none()
    {
        found.push(danger("service-exposed", Severity::Medium, format!("the service becomes a {kind}")));
    }
}

/// The type of a Service, if it opens it to the outside.
fn open_type(node: Option<&Node>) -> Option<&str> {
    node?.as_str().filter(|kind| matches!(*kind, "LoadBalancer" | "NodePort"))
}
