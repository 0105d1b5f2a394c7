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
];

/// Other names that people know bundles by.
pub(super) const ALIASES: &[(&str, &str)] =
    &[("pss-baseline", "pod-security-baseline"), ("pss-restricted", "pod-security-restricted")];

/// The libraries by the last part of their package, `data.lib.<name>`.
pub(super) const LIBRARIES: &[(&str, &str)] = &[text!("workload", "lib/workload.rego")];

/// The objects that policies are about, by the name that a policy gives.
pub(super) const MATCHES: &str = include_str!("../../../bundles/matches.yaml");

/// The policies, by identifier.
pub(super) const POLICIES: &[PolicySource] = &[
    policy!("app-armor-profiles"),
    policy!("capabilities"),
    policy!("host-namespaces"),
    policy!("host-path-volumes"),
    policy!("host-ports"),
    policy!("privilege-escalation"),
    policy!("privileged"),
    policy!("probe-hosts"),
    policy!("proc-mount"),
    policy!("run-as-non-root"),
    policy!("run-as-user"),
    policy!("seccomp-annotations"),
    policy!("seccomp-profiles"),
    policy!("selinux-options"),
    policy!("sysctls"),
    policy!("volume-types"),
    policy!("windows-host-process"),
];
