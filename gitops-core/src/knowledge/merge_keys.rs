//! Which lists a strategic-merge patch merges element by element, and by which keys.
//!
//! Source: the OpenAPI definitions of Kubernetes v1.21.2 that kustomize v5.8.2 carries (kyaml v0.21.2,
//! `openapi/kubernetesapi`) and its own definition of Kustomization: the fields whose
//! `x-kubernetes-patch-strategy` says `merge`, and the fields on the way to them. Types that differ in
//! nothing that matters here share a row. Lists that are replaced as a whole are not entered by a
//! patch, so what is below them is left out.

/// The type of objects of a kind; `None` for kinds without lists to merge, and unknown ones.
///
/// `api_version` is `group/version`, or the version alone for the core group.
#[must_use]
pub fn kind(api_version: &str, kind: &str) -> Option<&'static Type> {
    let row = KINDS.binary_search_by(|(row, _)| (*row).cmp(api_version)).ok();
    let (_, kinds) = row.and_then(|at| KINDS.get(at))?;
    kinds.iter().find(|(name, _)| *name == kind).map(|(_, found)| *found)
}

/// The type of a definition that other types share, by its name in Kubernetes' OpenAPI, such as
/// `io.k8s.api.core.v1.PodSpec`.
#[must_use]
pub fn definition(name: &str) -> Option<&'static Type> {
    DEFINITIONS.iter().find(|(known, _)| *known == name).map(|(_, found)| *found)
}

/// A mapping with lists to merge in it or below it.
#[derive(Debug)]
pub struct Type(&'static [Field]);

impl Type {
    /// The field `name`; `None` if there is nothing to merge in it.
    #[must_use]
    pub fn field(&self, name: &str) -> Option<&'static Field> {
        self.0.iter().find(|field| field.name == name)
    }
}

/// A list to merge, or a mapping with such lists below it.
#[derive(Debug)]
pub struct Field {
    name: &'static str,
    keys: Option<&'static [&'static str]>,
    inner: Option<&'static Type>,
}

impl Field {
    /// The keys whose values make an element of the list the same; none for a list of plain values, which
    /// are the same when they are equal. `None` for a mapping.
    #[must_use]
    pub fn merge_keys(&self) -> Option<&'static [&'static str]> {
        self.keys
    }

    /// The type of the mapping, or of the list's elements.
    #[must_use]
    pub fn inner(&self) -> Option<&'static Type> {
        self.inner
    }
}

const fn merged(name: &'static str, keys: &'static [&'static str]) -> Field {
    Field { name, keys: Some(keys), inner: None }
}

const fn merged_within(name: &'static str, keys: &'static [&'static str], inner: &'static Type) -> Field {
    Field { name, keys: Some(keys), inner: Some(inner) }
}

const fn within(name: &'static str, inner: &'static Type) -> Field {
    Field { name, keys: None, inner: Some(inner) }
}

static OBJECT_META: Type = Type(&[merged("finalizers", &[]), merged("ownerReferences", &["uid"])]);
static WEBHOOK_CONFIGURATION: Type = Type(&[within("metadata", &OBJECT_META), merged("webhooks", &["name"])]);
static OBJECT: Type = Type(&[within("metadata", &OBJECT_META)]);
static CONDITIONS: Type = Type(&[merged("conditions", &["type"])]);
static OBJECT_WITH_CONDITIONS: Type =
    Type(&[within("metadata", &OBJECT_META), within("status", &CONDITIONS)]);
static CONTAINER: Type = Type(&[
    merged("env", &["name"]),
    merged("ports", &["containerPort", "protocol"]),
    merged("volumeDevices", &["devicePath"]),
    merged("volumeMounts", &["mountPath"]),
]);
static EPHEMERAL_CONTAINER: Type = Type(&[
    merged("env", &["name"]),
    merged("volumeDevices", &["devicePath"]),
    merged("volumeMounts", &["mountPath"]),
]);
static EPHEMERAL_VOLUME_SOURCE: Type = Type(&[within("volumeClaimTemplate", &OBJECT)]);
static VOLUME: Type = Type(&[within("ephemeral", &EPHEMERAL_VOLUME_SOURCE)]);
static POD_SPEC: Type = Type(&[
    merged_within("containers", &["name"], &CONTAINER),
    merged_within("ephemeralContainers", &["name"], &EPHEMERAL_CONTAINER),
    merged("hostAliases", &["ip"]),
    merged("imagePullSecrets", &["name"]),
    merged_within("initContainers", &["name"], &CONTAINER),
    merged("topologySpreadConstraints", &["topologyKey", "whenUnsatisfiable"]),
    merged_within("volumes", &["name"], &VOLUME),
]);
static POD_TEMPLATE_SPEC: Type = Type(&[within("metadata", &OBJECT_META), within("spec", &POD_SPEC)]);
static WORKLOAD_SPEC: Type = Type(&[within("template", &POD_TEMPLATE_SPEC)]);
static WORKLOAD: Type =
    Type(&[within("metadata", &OBJECT_META), within("spec", &WORKLOAD_SPEC), within("status", &CONDITIONS)]);
static JOB_TEMPLATE_SPEC: Type = Type(&[within("metadata", &OBJECT_META), within("spec", &WORKLOAD_SPEC)]);
static CRON_JOB_SPEC: Type = Type(&[within("jobTemplate", &JOB_TEMPLATE_SPEC)]);
static CRON_JOB: Type = Type(&[within("metadata", &OBJECT_META), within("spec", &CRON_JOB_SPEC)]);
static CSI_NODE_SPEC: Type = Type(&[merged("drivers", &["name"])]);
static CSI_NODE: Type = Type(&[within("metadata", &OBJECT_META), within("spec", &CSI_NODE_SPEC)]);
static COMPONENT_STATUS: Type = Type(&[merged("conditions", &["type"]), within("metadata", &OBJECT_META)]);
static NODE_SPEC: Type = Type(&[merged("podCIDRs", &[])]);
static NODE_STATUS: Type = Type(&[merged("addresses", &["type"]), merged("conditions", &["type"])]);
static NODE: Type =
    Type(&[within("metadata", &OBJECT_META), within("spec", &NODE_SPEC), within("status", &NODE_STATUS)]);
static POD_STATUS: Type = Type(&[merged("conditions", &["type"]), merged("podIPs", &["ip"])]);
static POD: Type =
    Type(&[within("metadata", &OBJECT_META), within("spec", &POD_SPEC), within("status", &POD_STATUS)]);
static POD_TEMPLATE: Type = Type(&[within("metadata", &OBJECT_META), within("template", &POD_TEMPLATE_SPEC)]);
static SERVICE_SPEC: Type = Type(&[merged("ports", &["port", "protocol"])]);
static SERVICE: Type =
    Type(&[within("metadata", &OBJECT_META), within("spec", &SERVICE_SPEC), within("status", &CONDITIONS)]);
static SERVICE_ACCOUNT: Type = Type(&[within("metadata", &OBJECT_META), merged("secrets", &["name"])]);
static KUSTOMIZATION: Type =
    Type(&[merged("configMapGenerator", &["name"]), merged("secretGenerator", &["name"])]);

/// Definitions that a schema of a custom resource may refer to.
static DEFINITIONS: &[(&str, &Type)] = &[
    ("io.k8s.api.apps.v1.DaemonSetSpec", &WORKLOAD_SPEC),
    ("io.k8s.api.apps.v1.DeploymentSpec", &WORKLOAD_SPEC),
    ("io.k8s.api.apps.v1.ReplicaSetSpec", &WORKLOAD_SPEC),
    ("io.k8s.api.apps.v1.StatefulSetSpec", &WORKLOAD_SPEC),
    ("io.k8s.api.batch.v1.CronJobSpec", &CRON_JOB_SPEC),
    ("io.k8s.api.batch.v1.JobSpec", &WORKLOAD_SPEC),
    ("io.k8s.api.batch.v1.JobTemplateSpec", &JOB_TEMPLATE_SPEC),
    ("io.k8s.api.batch.v1beta1.CronJobSpec", &CRON_JOB_SPEC),
    ("io.k8s.api.batch.v1beta1.JobTemplateSpec", &JOB_TEMPLATE_SPEC),
    ("io.k8s.api.core.v1.Container", &CONTAINER),
    ("io.k8s.api.core.v1.EphemeralContainer", &EPHEMERAL_CONTAINER),
    ("io.k8s.api.core.v1.EphemeralVolumeSource", &EPHEMERAL_VOLUME_SOURCE),
    ("io.k8s.api.core.v1.NodeSpec", &NODE_SPEC),
    ("io.k8s.api.core.v1.PersistentVolumeClaim", &OBJECT_WITH_CONDITIONS),
    ("io.k8s.api.core.v1.PersistentVolumeClaimTemplate", &OBJECT),
    ("io.k8s.api.core.v1.Pod", &POD),
    ("io.k8s.api.core.v1.PodSpec", &POD_SPEC),
    ("io.k8s.api.core.v1.PodStatus", &POD_STATUS),
    ("io.k8s.api.core.v1.PodTemplate", &POD_TEMPLATE),
    ("io.k8s.api.core.v1.PodTemplateSpec", &POD_TEMPLATE_SPEC),
    ("io.k8s.api.core.v1.ReplicationControllerSpec", &WORKLOAD_SPEC),
    ("io.k8s.api.core.v1.Service", &SERVICE),
    ("io.k8s.api.core.v1.ServiceAccount", &SERVICE_ACCOUNT),
    ("io.k8s.api.core.v1.ServiceSpec", &SERVICE_SPEC),
    ("io.k8s.api.core.v1.Volume", &VOLUME),
    ("io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta", &OBJECT_META),
];

/// Types by API version and kind, sorted by API version.
static KINDS: &[(&str, &[(&str, &Type)])] = &[
    (
        "admissionregistration.k8s.io/v1",
        &[
            ("MutatingWebhookConfiguration", &WEBHOOK_CONFIGURATION),
            ("ValidatingWebhookConfiguration", &WEBHOOK_CONFIGURATION),
        ],
    ),
    (
        "admissionregistration.k8s.io/v1beta1",
        &[
            ("MutatingWebhookConfiguration", &WEBHOOK_CONFIGURATION),
            ("ValidatingWebhookConfiguration", &WEBHOOK_CONFIGURATION),
        ],
    ),
    ("apiextensions.k8s.io/v1", &[("CustomResourceDefinition", &OBJECT)]),
    ("apiextensions.k8s.io/v1beta1", &[("CustomResourceDefinition", &OBJECT)]),
    ("apiregistration.k8s.io/v1", &[("APIService", &OBJECT_WITH_CONDITIONS)]),
    ("apiregistration.k8s.io/v1beta1", &[("APIService", &OBJECT_WITH_CONDITIONS)]),
    (
        "apps/v1",
        &[
            ("ControllerRevision", &OBJECT),
            ("DaemonSet", &WORKLOAD),
            ("Deployment", &WORKLOAD),
            ("ReplicaSet", &WORKLOAD),
            ("StatefulSet", &WORKLOAD),
        ],
    ),
    ("authentication.k8s.io/v1", &[("TokenRequest", &OBJECT), ("TokenReview", &OBJECT)]),
    ("authentication.k8s.io/v1beta1", &[("TokenReview", &OBJECT)]),
    (
        "authorization.k8s.io/v1",
        &[
            ("LocalSubjectAccessReview", &OBJECT),
            ("SelfSubjectAccessReview", &OBJECT),
            ("SelfSubjectRulesReview", &OBJECT),
            ("SubjectAccessReview", &OBJECT),
        ],
    ),
    (
        "authorization.k8s.io/v1beta1",
        &[
            ("LocalSubjectAccessReview", &OBJECT),
            ("SelfSubjectAccessReview", &OBJECT),
            ("SelfSubjectRulesReview", &OBJECT),
            ("SubjectAccessReview", &OBJECT),
        ],
    ),
    ("autoscaling/v1", &[("HorizontalPodAutoscaler", &OBJECT), ("Scale", &OBJECT)]),
    ("autoscaling/v2beta1", &[("HorizontalPodAutoscaler", &OBJECT)]),
    ("autoscaling/v2beta2", &[("HorizontalPodAutoscaler", &OBJECT)]),
    ("batch/v1", &[("CronJob", &CRON_JOB), ("Job", &WORKLOAD)]),
    ("batch/v1beta1", &[("CronJob", &CRON_JOB)]),
    ("certificates.k8s.io/v1", &[("CertificateSigningRequest", &OBJECT)]),
    ("certificates.k8s.io/v1beta1", &[("CertificateSigningRequest", &OBJECT)]),
    ("coordination.k8s.io/v1", &[("Lease", &OBJECT)]),
    ("coordination.k8s.io/v1beta1", &[("Lease", &OBJECT)]),
    ("discovery.k8s.io/v1", &[("EndpointSlice", &OBJECT)]),
    ("discovery.k8s.io/v1beta1", &[("EndpointSlice", &OBJECT)]),
    ("events.k8s.io/v1", &[("Event", &OBJECT)]),
    ("events.k8s.io/v1beta1", &[("Event", &OBJECT)]),
    ("extensions/v1beta1", &[("Ingress", &OBJECT)]),
    (
        "flowcontrol.apiserver.k8s.io/v1beta1",
        &[("FlowSchema", &OBJECT), ("PriorityLevelConfiguration", &OBJECT)],
    ),
    ("kustomize.config.k8s.io/v1beta1", &[("Kustomization", &KUSTOMIZATION)]),
    ("networking.k8s.io/v1", &[("Ingress", &OBJECT), ("IngressClass", &OBJECT), ("NetworkPolicy", &OBJECT)]),
    ("networking.k8s.io/v1beta1", &[("Ingress", &OBJECT), ("IngressClass", &OBJECT)]),
    ("node.k8s.io/v1", &[("RuntimeClass", &OBJECT)]),
    ("node.k8s.io/v1beta1", &[("RuntimeClass", &OBJECT)]),
    ("policy/v1", &[("PodDisruptionBudget", &OBJECT_WITH_CONDITIONS)]),
    (
        "policy/v1beta1",
        &[
            ("Eviction", &OBJECT),
            ("PodDisruptionBudget", &OBJECT_WITH_CONDITIONS),
            ("PodSecurityPolicy", &OBJECT),
        ],
    ),
    (
        "rbac.authorization.k8s.io/v1",
        &[
            ("ClusterRole", &OBJECT),
            ("ClusterRoleBinding", &OBJECT),
            ("Role", &OBJECT),
            ("RoleBinding", &OBJECT),
        ],
    ),
    (
        "rbac.authorization.k8s.io/v1beta1",
        &[
            ("ClusterRole", &OBJECT),
            ("ClusterRoleBinding", &OBJECT),
            ("Role", &OBJECT),
            ("RoleBinding", &OBJECT),
        ],
    ),
    ("scheduling.k8s.io/v1", &[("PriorityClass", &OBJECT)]),
    ("scheduling.k8s.io/v1beta1", &[("PriorityClass", &OBJECT)]),
    (
        "storage.k8s.io/v1",
        &[
            ("CSIDriver", &OBJECT),
            ("CSINode", &CSI_NODE),
            ("StorageClass", &OBJECT),
            ("VolumeAttachment", &OBJECT),
        ],
    ),
    (
        "storage.k8s.io/v1beta1",
        &[
            ("CSIDriver", &OBJECT),
            ("CSINode", &CSI_NODE),
            ("CSIStorageCapacity", &OBJECT),
            ("StorageClass", &OBJECT),
            ("VolumeAttachment", &OBJECT),
        ],
    ),
    (
        "v1",
        &[
            ("Binding", &OBJECT),
            ("ComponentStatus", &COMPONENT_STATUS),
            ("ConfigMap", &OBJECT),
            ("Endpoints", &OBJECT),
            ("Event", &OBJECT),
            ("LimitRange", &OBJECT),
            ("Namespace", &OBJECT_WITH_CONDITIONS),
            ("Node", &NODE),
            ("PersistentVolume", &OBJECT),
            ("PersistentVolumeClaim", &OBJECT_WITH_CONDITIONS),
            ("Pod", &POD),
            ("PodTemplate", &POD_TEMPLATE),
            ("ReplicationController", &WORKLOAD),
            ("ResourceQuota", &OBJECT),
            ("Secret", &OBJECT),
            ("Service", &SERVICE),
            ("ServiceAccount", &SERVICE_ACCOUNT),
        ],
    ),
];

#[cfg(test)]
mod tests {
    use super::*;

    fn keys(api_version: &str, kind: &str, path: &[&str]) -> Option<Vec<&'static str>> {
        let (last, way) = path.split_last()?;
        let start = super::kind(api_version, kind)?;
        let end = way.iter().try_fold(start, |at, name| at.field(name)?.inner())?;
        end.field(last)?.merge_keys().map(<[_]>::to_vec)
    }

    #[test]
    fn lists_have_keys() {
        for (api_version, kind, path, want) in [
            ("apps/v1", "Deployment", &["spec", "template", "spec", "containers"][..], Some(vec!["name"])),
            (
                "batch/v1",
                "CronJob",
                &["spec", "jobTemplate", "spec", "template", "spec", "initContainers", "ports"],
                Some(vec!["containerPort", "protocol"]),
            ),
            ("v1", "Service", &["spec", "ports"], Some(vec!["port", "protocol"])),
            ("v1", "ConfigMap", &["metadata", "finalizers"], Some(vec![])),
            ("v1", "Pod", &["spec", "tolerations"], None),
            ("apps/v1", "Deployment", &["spec", "template"], None),
            ("autoscaling/v2", "HorizontalPodAutoscaler", &["metadata", "finalizers"], None),
        ] {
            assert_eq!(keys(api_version, kind, path), want, "{kind} {path:?}");
        }
    }

    #[test]
    fn kinds_are_sorted_and_whole() {
        assert!(KINDS.is_sorted_by(|a, b| a.0 < b.0));
        // 89 kinds of Kubernetes (lists of objects have nothing to merge) and Kustomization.
        assert_eq!(KINDS.iter().map(|(_, kinds)| kinds.len()).sum::<usize>(), 90);
    }
}
