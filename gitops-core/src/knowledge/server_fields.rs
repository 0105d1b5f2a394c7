//! Fields that the API server, a controller or admission fills in: no drift unless a manifest sets them.
//!
//! Kubernetes 1.37: `pkg/registry/*/strategy.go`, the service and job allocators, the deployment
//! controller, the storage and service-account admission plugins.

/// Where the server's value of an object is. `[]` is every item of a list; a last key with `*` at its end
/// is every key that starts so.
pub(crate) type FieldPath = &'static [&'static str];

/// Fields of `metadata` that only the server writes, for every kind.
pub(crate) const METADATA: &[&str] = &[
    "uid",
    "resourceVersion",
    "generation",
    "managedFields",
    "creationTimestamp",
    "deletionTimestamp",
    "deletionGracePeriodSeconds",
    "selfLink",
];

/// Group, kind, fields.
pub(crate) const ALLOCATED: &[(&str, &str, &[FieldPath])] = &[
    (
        "",
        "Service",
        &[
            &["spec", "clusterIP"],
            &["spec", "clusterIPs"],
            &["spec", "ipFamilies"],
            &["spec", "ipFamilyPolicy"],
            &["spec", "healthCheckNodePort"],
            &["spec", "ports", "[]", "nodePort"],
        ],
    ),
    (
        "",
        "PersistentVolumeClaim",
        &[
            &["spec", "volumeName"],
            &["spec", "storageClassName"],
            // Each is set from the other.
            &["spec", "dataSource"],
            &["spec", "dataSourceRef"],
            &["metadata", "finalizers"],
            &["metadata", "annotations", "pv.kubernetes.io/*"],
            &["metadata", "annotations", "volume.kubernetes.io/*"],
            &["metadata", "annotations", "volume.beta.kubernetes.io/*"],
        ],
    ),
    (
        "",
        "PersistentVolume",
        &[
            &["spec", "claimRef"],
            &["metadata", "finalizers"],
            &["metadata", "annotations", "pv.kubernetes.io/*"],
        ],
    ),
    ("", "Namespace", &[&["spec", "finalizers"], &["metadata", "labels", "kubernetes.io/metadata.name"]]),
    ("", "ServiceAccount", &[&["secrets"]]),
    (
        "",
        "Pod",
        &[
            &["spec", "nodeName"],
            &["spec", "priority"],
            &["spec", "preemptionPolicy"],
            &["spec", "serviceAccountName"],
            &["spec", "serviceAccount"],
            &["spec", "tolerations"],
            &["spec", "volumes"],
            &["spec", "containers", "[]", "volumeMounts"],
            &["spec", "initContainers", "[]", "volumeMounts"],
        ],
    ),
    (
        "batch",
        "Job",
        &[
            &["spec", "selector"],
            &["metadata", "labels", "controller-uid"],
            &["metadata", "labels", "job-name"],
            &["metadata", "labels", "batch.kubernetes.io/*"],
            &["spec", "template", "metadata", "labels", "controller-uid"],
            &["spec", "template", "metadata", "labels", "job-name"],
            &["spec", "template", "metadata", "labels", "batch.kubernetes.io/*"],
        ],
    ),
    ("apps", "Deployment", &[&["metadata", "annotations", "deployment.kubernetes.io/*"]]),
    ("apps", "ReplicaSet", &[&["metadata", "annotations", "deployment.kubernetes.io/*"]]),
    ("apps", "DaemonSet", &[&["metadata", "annotations", "deprecated.daemonset.template.generation"]]),
    (
        "apps",
        "StatefulSet",
        &[
            &["spec", "volumeClaimTemplates", "[]", "apiVersion"],
            &["spec", "volumeClaimTemplates", "[]", "kind"],
            &["spec", "volumeClaimTemplates", "[]", "status"],
        ],
    ),
    (
        "apiextensions.k8s.io",
        "CustomResourceDefinition",
        &[
            &["spec", "names", "listKind"],
            &["spec", "names", "singular"],
            &["spec", "conversion"],
            &["metadata", "finalizers"],
        ],
    ),
    (
        "admissionregistration.k8s.io",
        "MutatingWebhookConfiguration",
        &[&["webhooks", "[]", "clientConfig", "caBundle"]],
    ),
    (
        "admissionregistration.k8s.io",
        "ValidatingWebhookConfiguration",
        &[&["webhooks", "[]", "clientConfig", "caBundle"]],
    ),
    ("apiregistration.k8s.io", "APIService", &[&["spec", "caBundle"]]),
];
