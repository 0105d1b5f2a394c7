//! Where kustomize's transformers write, kind by kind.
//!
//! Source: kustomize v5.8.2, `api` v0.21.2, `internal/konfig/builtinpluginconsts`. Name references
//! have a table of their own: [`super::name_references`].

use std::borrow::Cow;

/// A field of some kinds of objects: an object filter and a path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FieldSpec {
    /// The API group; empty for any.
    pub group: Cow<'static, str>,
    /// The API version without its group; empty for any.
    pub version: Cow<'static, str>,
    /// The kind; empty for any.
    pub kind: Cow<'static, str>,
    /// Keys between slashes. `\/` is a slash within a key, `key[]` a list that is never created. Lists
    /// on the way are entered without being named.
    pub path: Cow<'static, str>,
    /// Whether missing mappings on the way, and the field itself, are made.
    pub create: bool,
}

impl FieldSpec {
    /// Whether an object of this group, version and kind is meant.
    #[must_use]
    pub fn selects(&self, group: &str, version: &str, kind: &str) -> bool {
        (self.kind.is_empty() || self.kind == kind)
            && (self.group.is_empty() || self.group == group)
            && (self.version.is_empty() || self.version == version)
    }

    const fn created(mut self) -> Self {
        self.create = true;
        self
    }
}

const fn any(path: &'static str) -> FieldSpec {
    exact("", "", "", path)
}

pub(super) const fn of(kind: &'static str, path: &'static str) -> FieldSpec {
    exact("", "", kind, path)
}

pub(super) const fn of_v1(kind: &'static str, path: &'static str) -> FieldSpec {
    exact("", "v1", kind, path)
}

pub(super) const fn in_group(group: &'static str, kind: &'static str, path: &'static str) -> FieldSpec {
    exact(group, "", kind, path)
}

pub(super) const fn exact(
    group: &'static str,
    version: &'static str,
    kind: &'static str,
    path: &'static str,
) -> FieldSpec {
    FieldSpec {
        group: Cow::Borrowed(group),
        version: Cow::Borrowed(version),
        kind: Cow::Borrowed(kind),
        path: Cow::Borrowed(path),
        create: false,
    }
}

/// Where `namePrefix` and `nameSuffix` write. CustomResourceDefinition, APIService and Namespace are
/// skipped by the transformer itself.
pub static NAME: &[FieldSpec] = &[any("metadata/name")];

/// The namespace of every object that has one.
pub static METADATA_NAMESPACE: &[FieldSpec] = &[any("metadata/namespace").created()];

/// The namespace of one subject of a RoleBinding.
pub static SUBJECT_NAMESPACE: &[FieldSpec] = &[any("namespace").created()];

/// The labels of every object.
pub static METADATA_LABELS: &[FieldSpec] = &[any("metadata/labels").created()];

/// Where `commonLabels`, and `labels` with `includeSelectors`, write: selectors, templates, metadata.
pub static COMMON_LABELS: &[FieldSpec] = &[
    of_v1("Service", "spec/selector").created(),
    of_v1("ReplicationController", "spec/selector").created(),
    of("Deployment", "spec/selector/matchLabels").created(),
    in_group(
        "apps",
        "Deployment",
        "spec/template/spec/affinity/podAffinity/preferredDuringSchedulingIgnoredDuringExecution/podAffinityTerm/labelSelector/matchLabels",
    ),
    in_group(
        "apps",
        "Deployment",
        "spec/template/spec/affinity/podAffinity/requiredDuringSchedulingIgnoredDuringExecution/labelSelector/matchLabels",
    ),
    in_group(
        "apps",
        "Deployment",
        "spec/template/spec/affinity/podAntiAffinity/preferredDuringSchedulingIgnoredDuringExecution/podAffinityTerm/labelSelector/matchLabels",
    ),
    in_group(
        "apps",
        "Deployment",
        "spec/template/spec/affinity/podAntiAffinity/requiredDuringSchedulingIgnoredDuringExecution/labelSelector/matchLabels",
    ),
    in_group("apps", "Deployment", "spec/template/spec/topologySpreadConstraints/labelSelector/matchLabels"),
    of("ReplicaSet", "spec/selector/matchLabels").created(),
    of("DaemonSet", "spec/selector/matchLabels").created(),
    in_group("apps", "StatefulSet", "spec/selector/matchLabels").created(),
    in_group(
        "apps",
        "StatefulSet",
        "spec/template/spec/affinity/podAffinity/preferredDuringSchedulingIgnoredDuringExecution/podAffinityTerm/labelSelector/matchLabels",
    ),
    in_group(
        "apps",
        "StatefulSet",
        "spec/template/spec/affinity/podAffinity/requiredDuringSchedulingIgnoredDuringExecution/labelSelector/matchLabels",
    ),
    in_group(
        "apps",
        "StatefulSet",
        "spec/template/spec/affinity/podAntiAffinity/preferredDuringSchedulingIgnoredDuringExecution/podAffinityTerm/labelSelector/matchLabels",
    ),
    in_group(
        "apps",
        "StatefulSet",
        "spec/template/spec/affinity/podAntiAffinity/requiredDuringSchedulingIgnoredDuringExecution/labelSelector/matchLabels",
    ),
    in_group("apps", "StatefulSet", "spec/template/spec/topologySpreadConstraints/labelSelector/matchLabels"),
    in_group("batch", "Job", "spec/selector/matchLabels"),
    in_group("batch", "CronJob", "spec/jobTemplate/spec/selector/matchLabels"),
    in_group("policy", "PodDisruptionBudget", "spec/selector/matchLabels"),
    in_group("networking.k8s.io", "NetworkPolicy", "spec/podSelector/matchLabels"),
    in_group("networking.k8s.io", "NetworkPolicy", "spec/ingress/from/podSelector/matchLabels"),
    in_group("networking.k8s.io", "NetworkPolicy", "spec/egress/to/podSelector/matchLabels"),
    any("metadata/labels").created(),
    of_v1("ReplicationController", "spec/template/metadata/labels").created(),
    of("Deployment", "spec/template/metadata/labels").created(),
    of("ReplicaSet", "spec/template/metadata/labels").created(),
    of("DaemonSet", "spec/template/metadata/labels").created(),
    in_group("apps", "StatefulSet", "spec/template/metadata/labels").created(),
    in_group("batch", "Job", "spec/template/metadata/labels").created(),
    in_group("batch", "CronJob", "spec/jobTemplate/metadata/labels").created(),
    in_group("batch", "CronJob", "spec/jobTemplate/spec/template/metadata/labels").created(),
    in_group("apps", "StatefulSet", "spec/volumeClaimTemplates[]/metadata/labels").created(),
];

/// Where `labels` with `includeTemplates` writes.
pub static TEMPLATE_LABELS: &[FieldSpec] = &[
    any("metadata/labels").created(),
    of_v1("ReplicationController", "spec/template/metadata/labels").created(),
    of("Deployment", "spec/template/metadata/labels").created(),
    of("ReplicaSet", "spec/template/metadata/labels").created(),
    of("DaemonSet", "spec/template/metadata/labels").created(),
    in_group("apps", "StatefulSet", "spec/template/metadata/labels").created(),
    in_group("batch", "Job", "spec/template/metadata/labels").created(),
    in_group("batch", "CronJob", "spec/jobTemplate/metadata/labels").created(),
    in_group("batch", "CronJob", "spec/jobTemplate/spec/template/metadata/labels").created(),
];

/// Where `labels` with `includeVolumeClaimTemplates` writes.
pub static VOLUME_CLAIM_TEMPLATE_LABELS: &[FieldSpec] =
    &[in_group("apps", "StatefulSet", "spec/volumeClaimTemplates[]/metadata/labels").created()];

/// Where `commonAnnotations` writes.
pub static COMMON_ANNOTATIONS: &[FieldSpec] = &[
    any("metadata/annotations").created(),
    of_v1("ReplicationController", "spec/template/metadata/annotations").created(),
    of("Deployment", "spec/template/metadata/annotations").created(),
    of("ReplicaSet", "spec/template/metadata/annotations").created(),
    of("DaemonSet", "spec/template/metadata/annotations").created(),
    of("StatefulSet", "spec/template/metadata/annotations").created(),
    in_group("batch", "Job", "spec/template/metadata/annotations").created(),
    in_group("batch", "CronJob", "spec/jobTemplate/metadata/annotations").created(),
    in_group("batch", "CronJob", "spec/jobTemplate/spec/template/metadata/annotations").created(),
];

/// Where `namespace` writes beside `metadata.namespace`.
pub static NAMESPACE: &[FieldSpec] = &[
    of("Namespace", "metadata/name").created(),
    in_group("apiregistration.k8s.io", "APIService", "spec/service/namespace").created(),
    in_group(
        "apiextensions.k8s.io",
        "CustomResourceDefinition",
        "spec/conversion/webhook/clientConfig/service/namespace",
    ),
];

/// Where `replicas` writes.
pub static REPLICAS: &[FieldSpec] = &[
    of("Deployment", "spec/replicas").created(),
    of("ReplicationController", "spec/replicas").created(),
    of("ReplicaSet", "spec/replicas").created(),
    of("StatefulSet", "spec/replicas").created(),
];

/// Where `images` writes after its walk over every `containers` and `initContainers` list. `create` is
/// set upstream but has no effect: the image filter never creates a field.
pub static IMAGES: &[FieldSpec] = &[
    any("spec/containers[]/image").created(),
    any("spec/initContainers[]/image").created(),
    any("spec/volumes[]/image/reference").created(),
    any("spec/template/spec/containers[]/image").created(),
    any("spec/template/spec/initContainers[]/image").created(),
    any("spec/template/spec/volumes[]/image/reference").created(),
    any("spec/jobTemplate/spec/template/spec/volumes[]/image/reference").created(),
];

/// Where `$(VAR)` is replaced (`vars`).
pub static VAR_REFERENCE: &[FieldSpec] = &[
    of("CronJob", "spec/jobTemplate/spec/template/spec/containers/args"),
    of("CronJob", "spec/jobTemplate/spec/template/spec/containers/command"),
    of("CronJob", "spec/jobTemplate/spec/template/spec/containers/env/value"),
    of("CronJob", "spec/jobTemplate/spec/template/spec/containers/volumeMounts/mountPath"),
    of("CronJob", "spec/jobTemplate/spec/template/spec/initContainers/args"),
    of("CronJob", "spec/jobTemplate/spec/template/spec/initContainers/command"),
    of("CronJob", "spec/jobTemplate/spec/template/spec/initContainers/env/value"),
    of("CronJob", "spec/jobTemplate/spec/template/spec/initContainers/volumeMounts/mountPath"),
    of("CronJob", "spec/jobTemplate/spec/template/volumes/nfs/server"),
    of("DaemonSet", "spec/template/spec/containers/args"),
    of("DaemonSet", "spec/template/spec/containers/command"),
    of("DaemonSet", "spec/template/spec/containers/env/value"),
    of("DaemonSet", "spec/template/spec/containers/volumeMounts/mountPath"),
    of("DaemonSet", "spec/template/spec/initContainers/args"),
    of("DaemonSet", "spec/template/spec/initContainers/command"),
    of("DaemonSet", "spec/template/spec/initContainers/env/value"),
    of("DaemonSet", "spec/template/spec/initContainers/volumeMounts/mountPath"),
    of("DaemonSet", "spec/template/spec/volumes/nfs/server"),
    of("Deployment", "spec/template/spec/containers/args"),
    of("Deployment", "spec/template/spec/containers/command"),
    of("Deployment", "spec/template/spec/containers/env/value"),
    of("Deployment", "spec/template/spec/containers/volumeMounts/mountPath"),
    of("Deployment", "spec/template/spec/initContainers/args"),
    of("Deployment", "spec/template/spec/initContainers/command"),
    of("Deployment", "spec/template/spec/initContainers/env/value"),
    of("Deployment", "spec/template/spec/initContainers/volumeMounts/mountPath"),
    of("Deployment", "spec/template/spec/volumes/nfs/server"),
    of("Deployment", "spec/template/metadata/annotations"),
    of("Ingress", "spec/rules/host"),
    of("Ingress", "spec/tls/hosts"),
    of("Ingress", "spec/tls/secretName"),
    of("Job", "spec/template/spec/containers/args"),
    of("Job", "spec/template/spec/containers/command"),
    of("Job", "spec/template/spec/containers/env/value"),
    of("Job", "spec/template/spec/containers/volumeMounts/mountPath"),
    of("Job", "spec/template/spec/initContainers/args"),
    of("Job", "spec/template/spec/initContainers/command"),
    of("Job", "spec/template/spec/initContainers/env/value"),
    of("Job", "spec/template/spec/initContainers/volumeMounts/mountPath"),
    of("Job", "spec/template/spec/volumes/nfs/server"),
    of("Pod", "spec/containers/args"),
    of("Pod", "spec/containers/command"),
    of("Pod", "spec/containers/env/value"),
    of("Pod", "spec/containers/volumeMounts/mountPath"),
    of("Pod", "spec/initContainers/args"),
    of("Pod", "spec/initContainers/command"),
    of("Pod", "spec/initContainers/env/value"),
    of("Pod", "spec/initContainers/volumeMounts/mountPath"),
    of("Pod", "spec/volumes/nfs/server"),
    of("ReplicaSet", "spec/template/spec/containers/args"),
    of("ReplicaSet", "spec/template/spec/containers/command"),
    of("ReplicaSet", "spec/template/spec/containers/env/value"),
    of("ReplicaSet", "spec/template/spec/containers/volumeMounts/mountPath"),
    of("ReplicaSet", "spec/template/spec/initContainers/args"),
    of("ReplicaSet", "spec/template/spec/initContainers/command"),
    of("ReplicaSet", "spec/template/spec/initContainers/env/value"),
    of("ReplicaSet", "spec/template/spec/initContainers/volumeMounts/mountPath"),
    of("ReplicaSet", "spec/template/spec/volumes/nfs/server"),
    of("Service", "spec/ports/port"),
    of("Service", "spec/ports/targetPort"),
    of("StatefulSet", "spec/template/spec/containers/args"),
    of("StatefulSet", "spec/template/spec/containers/command"),
    of("StatefulSet", "spec/template/spec/containers/env/value"),
    of("StatefulSet", "spec/template/spec/containers/volumeMounts/mountPath"),
    of("StatefulSet", "spec/template/spec/initContainers/args"),
    of("StatefulSet", "spec/template/spec/initContainers/command"),
    of("StatefulSet", "spec/template/spec/initContainers/env/value"),
    of("StatefulSet", "spec/template/spec/initContainers/volumeMounts/mountPath"),
    of("StatefulSet", "spec/volumeClaimTemplates/spec/nfs/server"),
    of("PersistentVolume", "spec/nfs/server"),
    any("metadata/labels"),
    any("metadata/annotations"),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn empty_parts_select_anything() {
        let spec = in_group("apps", "Deployment", "spec");
        assert!(spec.selects("apps", "v1", "Deployment"));
        assert!(!spec.selects("extensions", "v1beta1", "Deployment"));
        assert!(!spec.selects("apps", "v1", "StatefulSet"));
        assert!(!exact("apps", "v2", "Deployment", "spec").selects("apps", "v1", "Deployment"));
        assert!(any("metadata/name").selects("", "", ""));
    }

    #[test]
    fn tables_have_as_many_rows_as_upstream() {
        let rows = [
            NAME,
            COMMON_LABELS,
            TEMPLATE_LABELS,
            VOLUME_CLAIM_TEMPLATE_LABELS,
            COMMON_ANNOTATIONS,
            NAMESPACE,
            REPLICAS,
            IMAGES,
            VAR_REFERENCE,
        ];
        assert_eq!(rows.map(<[FieldSpec]>::len), [1, 32, 9, 1, 9, 3, 4, 7, 72]);
    }
}
