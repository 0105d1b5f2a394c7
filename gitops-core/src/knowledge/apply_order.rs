//! In what order kinds are applied, by tool.
//!
//! Sources: Argo CD `gitops-engine/pkg/sync/sync_tasks.go`; Flux `fluxcd/pkg/ssa/sort.go` and
//! `ssa/utils/is.go`; cli-utils `pkg/ordering/sort.go` 0.37.

/// Argo CD's kinds, first to last; every other kind comes after them.
pub const ARGO_CD: &[&str] = &[
    "Namespace",
    "NetworkPolicy",
    "ResourceQuota",
    "LimitRange",
    "PodSecurityPolicy",
    "PodDisruptionBudget",
    "ServiceAccount",
    "Secret",
    "SecretList",
    "ConfigMap",
    "StorageClass",
    "PersistentVolume",
    "PersistentVolumeClaim",
    "CustomResourceDefinition",
    "ClusterRole",
    "ClusterRoleList",
    "ClusterRoleBinding",
    "ClusterRoleBindingList",
    "Role",
    "RoleList",
    "RoleBinding",
    "RoleBindingList",
    "Service",
    "DaemonSet",
    "Pod",
    "ReplicationController",
    "ReplicaSet",
    "Deployment",
    "HorizontalPodAutoscaler",
    "StatefulSet",
    "Job",
    "CronJob",
    "IngressClass",
    "Ingress",
    "APIService",
];

/// Flux's kinds that come first within a stage, whatever their group.
pub const FLUX_FIRST: &[&str] = &[
    "CustomResourceDefinition",
    "Namespace",
    "ClusterRole",
    "ClusterClass",
    "RuntimeClass",
    "PriorityClass",
    "StorageClass",
    "VolumeSnapshotClass",
    "IngressClass",
    "GatewayClass",
    "ClusterRoleBinding",
    "ResourceQuota",
    "ServiceAccount",
    "Role",
    "RoleBinding",
    "ConfigMap",
    "Secret",
    "Service",
    "LimitRange",
    "Deployment",
    "StatefulSet",
    "CronJob",
    "PodDisruptionBudget",
];

/// Flux's kinds that come last within a stage.
pub const FLUX_LAST: &[&str] = &["MutatingWebhookConfiguration", "ValidatingWebhookConfiguration"];

/// Group and kind of what Flux applies in its first stage and waits for.
pub const FLUX_DEFINITIONS: &[(&str, &str)] = &[
    ("apiextensions.k8s.io", "CustomResourceDefinition"),
    ("", "Namespace"),
    ("rbac.authorization.k8s.io", "ClusterRole"),
];

/// Group and kind of what cli-utils applies first.
pub const CLI_UTILS_FIRST: &[(&str, &str)] = &[
    ("", "Namespace"),
    ("", "ResourceQuota"),
    ("storage.k8s.io", "StorageClass"),
    ("apiextensions.k8s.io", "CustomResourceDefinition"),
    ("admissionregistration.k8s.io", "MutatingWebhookConfiguration"),
    ("", "ServiceAccount"),
    ("extensions", "PodSecurityPolicy"),
    ("policy", "PodSecurityPolicy"),
    ("rbac.authorization.k8s.io", "Role"),
    ("rbac.authorization.k8s.io", "ClusterRole"),
    ("rbac.authorization.k8s.io", "RoleBinding"),
    ("rbac.authorization.k8s.io", "ClusterRoleBinding"),
    ("", "ConfigMap"),
    ("", "Secret"),
    ("", "Service"),
    ("", "LimitRange"),
    ("scheduling.k8s.io", "PriorityClass"),
    ("extensions", "Deployment"),
    ("apps", "Deployment"),
    ("apps", "StatefulSet"),
    ("batch", "CronJob"),
    ("policy", "PodDisruptionBudget"),
];

/// Group and kind of what cli-utils applies last.
pub const CLI_UTILS_LAST: &[(&str, &str)] =
    &[("admissionregistration.k8s.io", "ValidatingWebhookConfiguration")];

/// The rank of a kind: below 0 for the first ones, 0 for those not named, above 0 for the last ones.
#[must_use]
pub fn rank<T: PartialEq>(first: &[T], last: &[T], kind: &T) -> i32 {
    let place = |list: &[T]| list.iter().position(|one| one == kind).and_then(|at| i32::try_from(at).ok());
    let before = i32::try_from(first.len()).unwrap_or(i32::MAX);
    place(first).map(|at| at - before).or_else(|| place(last).map(|at| at + 1)).unwrap_or(0)
}
