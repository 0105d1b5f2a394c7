//! Which kinds live in a namespace and which in the cluster, as kustomize knows it.
//!
//! Source: the precomputed table of kyaml v0.21.2 (kustomize v5.8.2), `openapi/openapi.go`: 84 kinds.
//! Kustomize treats every other kind, custom resources above all, as namespaced.

use crate::object::group_version;

/// Where objects of a kind live.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Scope {
    /// In the cluster, without a namespace.
    Cluster,
    /// In a namespace.
    Namespaced,
}

/// Where objects of a kind live; `None` for kinds that kustomize does not know.
///
/// `api_version` is `group/version`, or the version alone for the core group. The version counts: a
/// known kind under an unknown version is unknown.
#[must_use]
pub fn scope(api_version: &str, kind: &str) -> Option<Scope> {
    if has(CLUSTER, api_version, kind) {
        Some(Scope::Cluster)
    } else if has(NAMESPACED, api_version, kind) {
        Some(Scope::Namespaced)
    } else {
        None
    }
}

/// Whether kustomize is certain that objects of a kind have no namespace.
#[must_use]
pub fn is_cluster_scoped(api_version: &str, kind: &str) -> bool {
    has(CLUSTER, api_version, kind)
}

/// The same for a kind whose version is not known.
#[must_use]
pub(crate) fn scope_in_group(group: &str, kind: &str) -> Option<Scope> {
    let has = |table: &Table| {
        table.iter().any(|(row, kinds)| group_version(row).0 == group && kinds.contains(&kind))
    };
    match (has(CLUSTER), has(NAMESPACED)) {
        (true, _) => Some(Scope::Cluster),
        (_, true) => Some(Scope::Namespaced),
        _ => None,
    }
}

type Table = [(&'static str, &'static [&'static str])];

fn has(table: &Table, api_version: &str, kind: &str) -> bool {
    let row = table.binary_search_by(|(row, _)| (*row).cmp(api_version)).ok().and_then(|at| table.get(at));
    row.is_some_and(|(_, kinds)| kinds.contains(&kind))
}

/// Kinds by API version, sorted by it.
const CLUSTER: &Table = &[
    (
        "admissionregistration.k8s.io/v1",
        &[
            "MutatingWebhookConfiguration",
            "ValidatingAdmissionPolicy",
            "ValidatingAdmissionPolicyBinding",
            "ValidatingWebhookConfiguration",
        ],
    ),
    (
        "admissionregistration.k8s.io/v1beta1",
        &["MutatingWebhookConfiguration", "ValidatingWebhookConfiguration"],
    ),
    ("apiextensions.k8s.io/v1", &["CustomResourceDefinition"]),
    ("apiextensions.k8s.io/v1beta1", &["CustomResourceDefinition"]),
    ("apiregistration.k8s.io/v1", &["APIService"]),
    ("apiregistration.k8s.io/v1beta1", &["APIService"]),
    ("certificates.k8s.io/v1", &["CertificateSigningRequest"]),
    ("certificates.k8s.io/v1beta1", &["CertificateSigningRequest"]),
    ("flowcontrol.apiserver.k8s.io/v1beta1", &["FlowSchema", "PriorityLevelConfiguration"]),
    ("networking.k8s.io/v1", &["IngressClass"]),
    ("networking.k8s.io/v1beta1", &["IngressClass"]),
    ("node.k8s.io/v1", &["RuntimeClass"]),
    ("node.k8s.io/v1beta1", &["RuntimeClass"]),
    ("policy/v1beta1", &["PodSecurityPolicy"]),
    ("rbac.authorization.k8s.io/v1", &["ClusterRole", "ClusterRoleBinding"]),
    ("rbac.authorization.k8s.io/v1beta1", &["ClusterRole", "ClusterRoleBinding"]),
    ("scheduling.k8s.io/v1", &["PriorityClass"]),
    ("scheduling.k8s.io/v1beta1", &["PriorityClass"]),
    ("storage.k8s.io/v1", &["CSIDriver", "CSINode", "StorageClass", "VolumeAttachment"]),
    ("storage.k8s.io/v1beta1", &["CSIDriver", "CSINode", "StorageClass", "VolumeAttachment"]),
    ("v1", &["ComponentStatus", "Namespace", "Node", "NodeProxyOptions", "PersistentVolume"]),
];

/// Kinds by API version, sorted by it.
const NAMESPACED: &Table = &[
    ("apps/v1", &["ControllerRevision", "DaemonSet", "Deployment", "ReplicaSet", "StatefulSet"]),
    ("autoscaling/v1", &["HorizontalPodAutoscaler", "Scale"]),
    ("autoscaling/v2beta1", &["HorizontalPodAutoscaler"]),
    ("autoscaling/v2beta2", &["HorizontalPodAutoscaler"]),
    ("batch/v1", &["CronJob", "Job"]),
    ("batch/v1beta1", &["CronJob"]),
    ("coordination.k8s.io/v1", &["Lease"]),
    ("coordination.k8s.io/v1beta1", &["Lease"]),
    ("discovery.k8s.io/v1", &["EndpointSlice"]),
    ("discovery.k8s.io/v1beta1", &["EndpointSlice"]),
    ("events.k8s.io/v1", &["Event"]),
    ("events.k8s.io/v1beta1", &["Event"]),
    ("extensions/v1beta1", &["Ingress"]),
    ("networking.k8s.io/v1", &["Ingress", "NetworkPolicy"]),
    ("networking.k8s.io/v1beta1", &["Ingress"]),
    ("policy/v1", &["PodDisruptionBudget"]),
    ("policy/v1beta1", &["PodDisruptionBudget"]),
    ("rbac.authorization.k8s.io/v1", &["Role", "RoleBinding"]),
    ("rbac.authorization.k8s.io/v1beta1", &["Role", "RoleBinding"]),
    ("storage.k8s.io/v1beta1", &["CSIStorageCapacity"]),
    (
        "v1",
        &[
            "ConfigMap",
            "Endpoints",
            "Event",
            "LimitRange",
            "PersistentVolumeClaim",
            "Pod",
            "PodAttachOptions",
            "PodExecOptions",
            "PodPortForwardOptions",
            "PodProxyOptions",
            "PodTemplate",
            "ReplicationController",
            "ResourceQuota",
            "Secret",
            "Service",
            "ServiceAccount",
            "ServiceProxyOptions",
        ],
    ),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kinds_have_scopes() {
        for (api_version, kind, want) in [
            ("v1", "Namespace", Some(Scope::Cluster)),
            ("v1", "Pod", Some(Scope::Namespaced)),
            ("apps/v1", "Deployment", Some(Scope::Namespaced)),
            ("rbac.authorization.k8s.io/v1", "ClusterRole", Some(Scope::Cluster)),
            ("admissionregistration.k8s.io/v1", "ValidatingAdmissionPolicyBinding", Some(Scope::Cluster)),
            // A version that the table does not know, and a custom resource.
            ("rbac.authorization.k8s.io/v2", "ClusterRole", None),
            ("gateway.networking.k8s.io/v1", "GatewayClass", None),
            ("", "", None),
        ] {
            assert_eq!(scope(api_version, kind), want, "{api_version} {kind}");
            assert_eq!(is_cluster_scoped(api_version, kind), want == Some(Scope::Cluster));
        }
        for (group, kind, want) in [
            ("", "Namespace", Some(Scope::Cluster)),
            ("apps", "Deployment", Some(Scope::Namespaced)),
            ("rbac.authorization.k8s.io", "ClusterRole", Some(Scope::Cluster)),
            ("", "ClusterRole", None),
            ("gateway.networking.k8s.io", "GatewayClass", None),
        ] {
            assert_eq!(scope_in_group(group, kind), want, "{group} {kind}");
        }
    }

    #[test]
    fn tables_are_sorted_and_whole() {
        let count = |table: &Table| {
            assert!(table.is_sorted_by(|a, b| a.0 < b.0));
            table.iter().map(|(_, kinds)| kinds.len()).sum::<usize>()
        };
        assert_eq!((count(CLUSTER), count(NAMESPACED)), (38, 46));
    }
}
