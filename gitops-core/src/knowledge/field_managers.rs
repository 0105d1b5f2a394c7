//! Who stands behind the names of field managers.
//!
//! Names as the programs give them to the API server: kubectl 1.36, Flux 2.9, Argo CD 3.4, and the desktop
//! and web clients in common use.

/// What a field manager is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ManagerKind {
    /// A program that applies what Git says.
    GitOps,
    /// A tool that a person uses.
    Person,
    /// Anything else: a controller, an operator, an autoscaler.
    Controller,
}

/// Managers that apply what Git says, those that name one tool before those that many use.
pub const GITOPS_MANAGERS: &[&str] = &[
    "kustomize-controller",
    "helm-controller",
    "argocd-controller",
    "argocd-application-controller",
    "flux",
    "gitops",
];

/// Tools of people; each stands for the name itself and for names that continue with a dash.
pub const PERSONAL_TOOLS: &[&str] = &[
    "kubectl",
    "oc",
    "k9s",
    "Lens",
    "OpenLens",
    "freelens",
    "node-fetch",
    "Headlamp",
    "headlamp-server",
    "Mozilla",
    "dashboard",
    "kubernetes-dashboard",
    "octant",
    "rancher-dashboard",
    "okteto",
    "curl",
];

/// Labels and annotations that tools put on what they apply, so that they find it again: no manifest has them.
pub const OWNER_MARKS: &[(&str, &str)] = &[
    ("labels", "kustomize.toolkit.fluxcd.io/name"),
    ("labels", "kustomize.toolkit.fluxcd.io/namespace"),
    ("labels", "helm.toolkit.fluxcd.io/name"),
    ("labels", "helm.toolkit.fluxcd.io/namespace"),
    ("annotations", "argocd.argoproj.io/tracking-id"),
    ("annotations", "argocd.argoproj.io/installation-id"),
    ("annotations", "meta.helm.sh/release-name"),
    ("annotations", "meta.helm.sh/release-namespace"),
    ("annotations", "config.k8s.io/owning-inventory"),
];

/// What the manager of a name is. `kubectl-client-side-apply` counts as a person unless Git is applied so.
#[must_use]
pub fn manager_kind(name: &str) -> ManagerKind {
    let is = |tool: &&str| {
        name.strip_prefix(*tool).is_some_and(|rest| rest.is_empty() || rest.starts_with(['-', '/', ' ']))
    };
    if GITOPS_MANAGERS.contains(&name) {
        ManagerKind::GitOps
    } else if PERSONAL_TOOLS.iter().any(is) {
        ManagerKind::Person
    } else {
        ManagerKind::Controller
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_say_who_it_is() {
        for (name, kind) in [
            ("kubectl-edit", ManagerKind::Person),
            ("kubectl", ManagerKind::Person),
            ("kubectlx", ManagerKind::Controller),
            ("Mozilla", ManagerKind::Person),
            ("kustomize-controller", ManagerKind::GitOps),
            ("kube-controller-manager", ManagerKind::Controller),
            ("", ManagerKind::Controller),
        ] {
            assert_eq!(manager_kind(name), kind, "{name}");
        }
    }
}
