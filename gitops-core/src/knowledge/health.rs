//! How the health of each kind is told from its status, as rules; the language is that of
//! [`crate::health::Rules`].
//!
//! Sources: kstatus of cli-utils, Flux's status readers, and what Argo CD answers: its built-in kinds, and
//! the 293 that it has customisations for. Where 3.6 judges an object differently than 3.5 did (a stopped
//! virtual machine, a sealed secret of an older generation, a CRD that is not established, promotions in
//! progress), the rules follow 3.5; kinds that only 3.6 knows follow it. The rules are ours.

/// What kstatus computes.
pub const KSTATUS: &[(&str, &str)] = &[("kstatus.rules", include_str!("health/kstatus.rules"))];

/// What Flux computes: kstatus, and its own rule for Jobs.
pub const FLUX: &[(&str, &str)] = &[
    ("kstatus.rules", include_str!("health/kstatus.rules")),
    ("flux.rules", include_str!("health/flux.rules")),
];

/// What Argo CD's code knows: Kubernetes' own kinds and Workflows.
pub const ARGO_BUILTIN: &[(&str, &str)] =
    &[("argo-builtin.rules", include_str!("health/argo-builtin.rules"))];

/// What Argo CD's customisations know: other projects' kinds.
pub const ARGO_KINDS: &[(&str, &str)] = &[
    ("argo-common.rules", include_str!("health/argo-common.rules")),
    ("argo-clusters.rules", include_str!("health/argo-clusters.rules")),
    ("argo-data.rules", include_str!("health/argo-data.rules")),
    ("argo-delivery.rules", include_str!("health/argo-delivery.rules")),
    ("argo-network.rules", include_str!("health/argo-network.rules")),
    ("argo-platform.rules", include_str!("health/argo-platform.rules")),
];
