//! What is embedded: every file of the folder `bundles`. A test holds this table to the folder.

/// The texts of a policy.
#[derive(Clone, Copy, Debug)]
pub(super) struct PolicySource {
    pub(super) id: &'static str,
    pub(super) policy: &'static str,
    pub(super) template: &'static str,
}

macro_rules! policy {
    ($id:literal) => {
        PolicySource {
            id: $id,
            policy: include_str!(concat!("../../../bundles/policies/", $id, "/policy.yaml")),
            template: include_str!(concat!("../../../bundles/policies/", $id, "/template.yaml")),
        }
    };
}

macro_rules! text {
    ($name:literal, $file:literal) => {
        ($name, include_str!(concat!("../../../bundles/", $file)))
    };
}

/// The bundles by name, in the order in which they are listed.
pub(super) const BUNDLES: &[(&str, &str)] = &[
    text!("pod-security-baseline", "pod-security-baseline.yaml"),
    text!("pod-security-restricted", "pod-security-restricted.yaml"),
    text!("cis-kubernetes", "cis-kubernetes.yaml"),
    text!("nsa-cisa", "nsa-cisa.yaml"),
    text!("pci-dss-3.2.1", "pci-dss-3.2.1.yaml"),
    text!("pci-dss-4.0", "pci-dss-4.0.yaml"),
    text!("bsi-sys-1.6", "bsi-sys-1.6.yaml"),
    text!("bsi-app-4.4", "bsi-app-4.4.yaml"),
    text!("aks-baseline", "aks-baseline.yaml"),
    text!("aks-restricted", "aks-restricted.yaml"),
    text!("image-supply", "image-supply.yaml"),
    text!("network", "network.yaml"),
    text!("resources", "resources.yaml"),
];

/// Other names that people know bundles by.
pub(super) const ALIASES: &[(&str, &str)] = &[
    ("pss-baseline", "pod-security-baseline"),
    ("pss-restricted", "pod-security-restricted"),
    ("cis", "cis-kubernetes"),
    ("nsa", "nsa-cisa"),
    ("pci-dss", "pci-dss-4.0"),
    ("aks-pod-security-baseline", "aks-baseline"),
    ("aks-pod-security-restricted", "aks-restricted"),
];

/// The libraries by the last part of their package, `data.lib.<name>`.
pub(super) const LIBRARIES: &[(&str, &str)] = &[
    text!("image", "lib/image.rego"),
    text!("namespaces", "lib/namespaces.rego"),
    text!("objects", "lib/objects.rego"),
    text!("quantity", "lib/quantity.rego"),
    text!("rbac", "lib/rbac.rego"),
    text!("selector", "lib/selector.rego"),
    text!("workload", "lib/workload.rego"),
];

/// The objects that policies are about, by the name that a policy gives.
pub(super) const MATCHES: &str = include_str!("../../../bundles/matches.yaml");

/// The policies, by identifier.
pub(super) const POLICIES: &[PolicySource] = &[
    policy!("app-armor-profiles"),
    policy!("binding-subjects"),
    policy!("capabilities"),
    policy!("certificate-approval"),
    policy!("cluster-admin-bindings"),
    policy!("credentials-in-manifests"),
    policy!("default-deny"),
    policy!("default-namespace"),
    policy!("default-service-account"),
    policy!("disruption-budgets"),
    policy!("external-ips"),
    policy!("gateway-tls"),
    policy!("health-probes"),
    policy!("host-namespaces"),
    policy!("host-path-volumes"),
    policy!("host-ports"),
    policy!("image-digests"),
    policy!("image-promotion"),
    policy!("image-pull-policy"),
    policy!("image-registries"),
    policy!("image-tags"),
    policy!("ingress-tls"),
    policy!("internal-load-balancers"),
    policy!("limit-ranges"),
    policy!("mesh-mtls"),
    policy!("network-policies"),
    policy!("network-policy-peers"),
    policy!("node-ports"),
    policy!("node-proxy"),
    policy!("persistent-volume-creation"),
    policy!("pod-creation"),
    policy!("pod-exec"),
    policy!("pod-security-labels"),
    policy!("privilege-escalation"),
    policy!("privilege-granting"),
    policy!("privileged"),
    policy!("probe-hosts"),
    policy!("proc-mount"),
    policy!("read-only-root-filesystem"),
    policy!("remote-access-ports"),
    policy!("replicas"),
    policy!("required-annotations"),
    policy!("required-labels"),
    policy!("resource-limits"),
    policy!("resource-quotas"),
    policy!("resource-ratios"),
    policy!("resource-requests"),
    policy!("role-wildcards"),
    policy!("run-as-non-root"),
    policy!("run-as-user"),
    policy!("seccomp-annotations"),
    policy!("seccomp-profiles"),
    policy!("secret-types"),
    policy!("secrets-access"),
    policy!("secrets-in-environment"),
    policy!("security-context"),
    policy!("selinux-options"),
    policy!("service-account-token-creation"),
    policy!("service-account-tokens"),
    policy!("spread"),
    policy!("storage-classes"),
    policy!("sysctls"),
    policy!("system-masters"),
    policy!("system-namespaces"),
    policy!("users-and-groups"),
    policy!("volume-types"),
    policy!("webhook-configuration"),
    policy!("windows-host-process"),
];
