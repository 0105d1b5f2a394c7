//! Kinds that stand for objects which only the cluster makes, from a Helm chart.
//!
//! Sources: the API references of Flux helm-controller v1 and of k3s' helm-controller.

/// Whether an object of this kind makes a controller render a Helm chart.
#[must_use]
pub fn is_chart(group: &str, kind: &str) -> bool {
    matches!((group, kind), ("helm.toolkit.fluxcd.io", "HelmRelease") | ("helm.cattle.io", "HelmChart"))
}
