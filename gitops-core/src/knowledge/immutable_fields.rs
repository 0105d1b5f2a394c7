//! Fields that the API server refuses to change once an object exists.
//!
//! Source: the validation of updates in Kubernetes 1.34 (`pkg/apis/*/validation`). Only fields that a
//! manifest sets are listed.

/// The immutable fields of a kind.
#[derive(Clone, Copy, Debug)]
pub struct ImmutableFields {
    /// The API group; empty for the core group.
    pub group: &'static str,
    /// The kind.
    pub kind: &'static str,
    /// JSON pointers to the fields; all below them is immutable too.
    pub fields: &'static [&'static str],
}

const fn of(group: &'static str, kind: &'static str, fields: &'static [&'static str]) -> ImmutableFields {
    ImmutableFields { group, kind, fields }
}

/// Immutable fields by kind.
pub const IMMUTABLE_FIELDS: &[ImmutableFields] = &[
    of("apps", "Deployment", &["/spec/selector"]),
    of("apps", "DaemonSet", &["/spec/selector"]),
    of("apps", "ReplicaSet", &["/spec/selector"]),
    of(
        "apps",
        "StatefulSet",
        &["/spec/selector", "/spec/serviceName", "/spec/podManagementPolicy", "/spec/volumeClaimTemplates"],
    ),
    of(
        "batch",
        "Job",
        &[
            "/spec/selector",
            "/spec/template",
            "/spec/completions",
            "/spec/completionMode",
            "/spec/podFailurePolicy",
            "/spec/successPolicy",
            "/spec/backoffLimitPerIndex",
            "/spec/managedBy",
        ],
    ),
    of(
        "",
        "PersistentVolumeClaim",
        &[
            "/spec/accessModes",
            "/spec/selector",
            "/spec/storageClassName",
            "/spec/volumeName",
            "/spec/volumeMode",
            "/spec/dataSource",
            "/spec/dataSourceRef",
        ],
    ),
    of(
        "",
        "PersistentVolume",
        &[
            "/spec/csi",
            "/spec/nfs",
            "/spec/hostPath",
            "/spec/local",
            "/spec/iscsi",
            "/spec/fc",
            "/spec/volumeMode",
        ],
    ),
    of("", "Service", &["/spec/clusterIP", "/spec/clusterIPs", "/spec/loadBalancerClass"]),
    of("", "Secret", &["/type"]),
    of("rbac.authorization.k8s.io", "RoleBinding", &["/roleRef"]),
    of("rbac.authorization.k8s.io", "ClusterRoleBinding", &["/roleRef"]),
    of(
        "storage.k8s.io",
        "StorageClass",
        &["/provisioner", "/parameters", "/reclaimPolicy", "/volumeBindingMode"],
    ),
    of("storage.k8s.io", "CSIDriver", &["/spec/attachRequired", "/spec/volumeLifecycleModes"]),
    of("scheduling.k8s.io", "PriorityClass", &["/value", "/preemptionPolicy"]),
    of("node.k8s.io", "RuntimeClass", &["/handler"]),
    of("networking.k8s.io", "IngressClass", &["/spec/controller"]),
    of("discovery.k8s.io", "EndpointSlice", &["/addressType"]),
    of("certificates.k8s.io", "CertificateSigningRequest", &["/spec"]),
    of(
        "apiextensions.k8s.io",
        "CustomResourceDefinition",
        &["/spec/group", "/spec/scope", "/spec/names/plural", "/spec/names/kind"],
    ),
];

/// Fields that become immutable when the object says `immutable: true`.
pub const WHEN_MARKED: &[ImmutableFields] = &[
    of("", "ConfigMap", &["/data", "/binaryData", "/immutable"]),
    of("", "Secret", &["/data", "/stringData", "/immutable"]),
];

/// The immutable field that `pointer` is or lies below, if any; `marked` says whether the live object is
/// marked as immutable.
#[must_use]
pub fn immutable_field(group: &str, kind: &str, pointer: &str, marked: bool) -> Option<&'static str> {
    let tables = [IMMUTABLE_FIELDS, if marked { WHEN_MARKED } else { &[] }];
    let rows = tables.into_iter().flatten().filter(|row| row.group == group && row.kind == kind);
    let below = |field: &str| {
        pointer.strip_prefix(field).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    };
    rows.flat_map(|row| row.fields).copied().find(|field| below(field))
}
