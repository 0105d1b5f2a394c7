//! Where each kind keeps its pod spec, and which lists hold containers.

/// Where objects of a kind keep a pod spec.
#[derive(Clone, Copy, Debug)]
pub struct PodSpecPath {
    /// The API group; empty for the core group.
    pub group: &'static str,
    /// The kind.
    pub kind: &'static str,
    /// The steps from the object to the pod spec; `[]` is every item of a list, `*` every value of a
    /// mapping.
    pub path: &'static [&'static str],
}

/// The lists of a pod spec that hold containers (Kubernetes 1.34, `core/v1` PodSpec).
pub const CONTAINER_LISTS: &[&str] = &["initContainers", "containers", "ephemeralContainers"];

/// Further names under which custom resources keep lists of containers: Tekton steps and sidecars,
/// Argo Workflows' init containers are in [`CONTAINER_LISTS`] already.
pub const OTHER_CONTAINER_LISTS: &[&str] = &["steps", "sidecars", "sidecarContainers"];

/// Names under which custom resources keep a single container: Argo Workflows templates.
pub const CONTAINER_FIELDS: &[&str] = &["container", "script"];

const TEMPLATE: &[&str] = &["spec", "template", "spec"];
const JOB_TEMPLATE: &[&str] = &["spec", "jobTemplate", "spec", "template", "spec"];
const SPEC: &[&str] = &["spec"];

const fn at(group: &'static str, kind: &'static str, path: &'static [&'static str]) -> PodSpecPath {
    PodSpecPath { group, kind, path }
}

/// Pod specs by kind: Kubernetes 1.34's own, then widely used custom resources as their CRDs of 2026
/// define them.
pub const POD_SPECS: &[PodSpecPath] = &[
    at("", "Pod", SPEC),
    at("", "PodTemplate", &["template", "spec"]),
    at("", "ReplicationController", TEMPLATE),
    at("apps", "Deployment", TEMPLATE),
    at("apps", "ReplicaSet", TEMPLATE),
    at("apps", "StatefulSet", TEMPLATE),
    at("apps", "DaemonSet", TEMPLATE),
    at("extensions", "Deployment", TEMPLATE),
    at("extensions", "ReplicaSet", TEMPLATE),
    at("extensions", "DaemonSet", TEMPLATE),
    at("batch", "Job", TEMPLATE),
    at("batch", "CronJob", JOB_TEMPLATE),
    at("argoproj.io", "Rollout", TEMPLATE),
    at("apps.openshift.io", "DeploymentConfig", TEMPLATE),
    at("serving.knative.dev", "Service", TEMPLATE),
    at("serving.knative.dev", "Configuration", TEMPLATE),
    at("serving.knative.dev", "Revision", SPEC),
    at("sources.knative.dev", "ContainerSource", TEMPLATE),
    at("serving.kserve.io", "ServingRuntime", SPEC),
    at("serving.kserve.io", "ClusterServingRuntime", SPEC),
    at("serving.kserve.io", "InferenceService", &["spec", "predictor"]),
    at("apps.kruise.io", "CloneSet", TEMPLATE),
    at("apps.kruise.io", "StatefulSet", TEMPLATE),
    at("apps.kruise.io", "DaemonSet", TEMPLATE),
    at("apps.kruise.io", "BroadcastJob", TEMPLATE),
    at("apps.kruise.io", "AdvancedCronJob", &["spec", "template", "jobTemplate", "spec", "template", "spec"]),
    at("keda.sh", "ScaledJob", &["spec", "jobTargetRef", "template", "spec"]),
    at("batch.volcano.sh", "Job", &["spec", "tasks", "[]", "template", "spec"]),
    at(
        "jobset.x-k8s.io",
        "JobSet",
        &["spec", "replicatedJobs", "[]", "template", "spec", "template", "spec"],
    ),
    at("kubeflow.org", "TFJob", &["spec", "tfReplicaSpecs", "*", "template", "spec"]),
    at("kubeflow.org", "PyTorchJob", &["spec", "pytorchReplicaSpecs", "*", "template", "spec"]),
    at("kubeflow.org", "MPIJob", &["spec", "mpiReplicaSpecs", "*", "template", "spec"]),
    at("kubeflow.org", "Notebook", TEMPLATE),
    at("ray.io", "RayCluster", &["spec", "headGroupSpec", "template", "spec"]),
    at("ray.io", "RayCluster", &["spec", "workerGroupSpecs", "[]", "template", "spec"]),
    at("monitoring.coreos.com", "Prometheus", SPEC),
    at("monitoring.coreos.com", "Alertmanager", SPEC),
    at("monitoring.coreos.com", "ThanosRuler", SPEC),
    at("agents.x-k8s.io", "Sandbox", &["spec", "podTemplate", "spec"]),
];

/// The pod specs of a kind; none for a kind that is not in the table.
pub fn pod_specs(group: &str, kind: &str) -> impl Iterator<Item = &'static PodSpecPath> {
    POD_SPECS.iter().filter(move |entry| entry.group == group && entry.kind == kind)
}
