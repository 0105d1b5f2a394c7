//! Fields that the API server refuses to change once an object exists.
//!
//! Source: the validation of updates in Kubernetes 1.34 (`pkg/apis/*/validation`), tried on an API server of
//! 1.37. Only fields that a manifest sets are listed. Not told: the fields of a Job that may change while it is
//! suspended, and `completions` of an indexed Job that change with its parallelism.

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
    of("", "Pod", &["/spec"]),
    of("", "ResourceQuota", &["/spec/scopes"]),
    of("rbac.authorization.k8s.io", "RoleBinding", &["/roleRef"]),
    of("rbac.authorization.k8s.io", "ClusterRoleBinding", &["/roleRef"]),
    of(
        "storage.k8s.io",
        "StorageClass",
        &["/provisioner", "/parameters", "/reclaimPolicy", "/volumeBindingMode"],
    ),
    of("storage.k8s.io", "VolumeAttributesClass", &["/driverName", "/parameters"]),
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

/// Fields of [`IMMUTABLE_FIELDS`] that may be set while they have no value yet.
pub const SET_ONCE: &[ImmutableFields] = &[
    of("", "PersistentVolumeClaim", &["/spec/volumeName", "/spec/storageClassName"]),
    of("", "Service", &["/spec/clusterIP", "/spec/clusterIPs"]),
];

/// Fields that may change below those of [`IMMUTABLE_FIELDS`]; `*` is any item of a list.
pub const MUTABLE_BELOW: &[ImmutableFields] = &[of(
    "",
    "Pod",
    &[
        "/spec/containers/*/image",
        "/spec/initContainers/*/image",
        "/spec/activeDeadlineSeconds",
        "/spec/tolerations",
        "/spec/schedulingGates",
    ],
)];

/// Fields that may change together with another one: group, kind, the other one, and they.
pub const CHANGE_WITH: &[(&str, &str, &str, &[&str])] =
    &[("", "Service", "/spec/type", &["/spec/clusterIP", "/spec/clusterIPs", "/spec/loadBalancerClass"])];

/// Whether an immutable field may change because one of the fields at `others` changes too.
#[must_use]
pub fn changes_with<'a>(
    group: &str,
    kind: &str,
    field: &str,
    mut others: impl Iterator<Item = &'a str>,
) -> bool {
    let row = CHANGE_WITH.iter().find(|row| (row.0, row.1) == (group, kind) && row.3.contains(&field));
    row.is_some_and(|(_, _, with, _)| others.any(|other| other == *with))
}

/// The immutable field that `pointer` is or lies below, if any. `marked` says whether the live object is
/// marked as immutable, `is_new` whether the live object lacks the field.
#[must_use]
pub fn immutable_field(
    group: &str,
    kind: &str,
    pointer: &str,
    marked: bool,
    is_new: bool,
) -> Option<&'static str> {
    let of_kind = |table: &'static [ImmutableFields]| {
        table.iter().filter(|row| row.group == group && row.kind == kind).flat_map(|row| row.fields).copied()
    };
    let below = |field: &str| {
        let mut parts = pointer.split('/');
        field.split('/').all(|key| parts.next().is_some_and(|part| key == "*" || key == part))
    };
    let immutable = of_kind(IMMUTABLE_FIELDS).chain(of_kind(WHEN_MARKED).filter(|_| marked));
    let hit = { immutable }.find(|field| below(field))?;
    let may_be_set = is_new && of_kind(SET_ONCE).any(|field| field == pointer);
    (!may_be_set && !of_kind(MUTABLE_BELOW).any(below)).then_some(hit)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_are_immutable_by_kind_and_state() {
        for (group, kind, pointer, marked, is_new, want) in [
            ("apps", "Deployment", "/spec/selector/matchLabels/app", false, false, Some("/spec/selector")),
            ("apps", "Deployment", "/spec/selectors", false, false, None),
            ("apps", "Deployment", "/spec", false, false, None),
            ("", "Deployment", "/spec/selector", false, false, None),
            ("", "ConfigMap", "/data/k", false, false, None),
            ("", "ConfigMap", "/data/k", true, false, Some("/data")),
            ("", "Secret", "/type", false, false, Some("/type")),
            ("", "PersistentVolumeClaim", "/spec/volumeName", false, true, None),
            ("", "PersistentVolumeClaim", "/spec/volumeName", false, false, Some("/spec/volumeName")),
            ("", "PersistentVolumeClaim", "/spec/volumeMode", false, true, Some("/spec/volumeMode")),
            ("", "Pod", "/spec/containers/0/image", false, false, None),
            ("", "Pod", "/spec/containers/0/command", false, false, Some("/spec")),
            ("", "Pod", "/metadata/labels/a", false, false, None),
        ] {
            assert_eq!(immutable_field(group, kind, pointer, marked, is_new), want, "{kind} {pointer}");
        }
    }
}
