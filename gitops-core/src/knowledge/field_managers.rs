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

/// A label or annotation that a tool puts on what it applies, so that it finds it again: manifests lack it.
#[derive(Clone, Copy, Debug)]
pub struct OwnerMark {
    /// `labels` or `annotations`.
    pub part: &'static str,
    /// Its key.
    pub key: &'static str,
    /// What tells that the tool has put it there, where manifests have the same label.
    pub evidence: Evidence,
}

/// What tells that a tool has marked a live object.
#[derive(Clone, Copy, Debug)]
pub enum Evidence {
    /// The mark itself.
    Mark,
    /// A field manager whose name starts so.
    Manager(&'static str),
    /// An annotation.
    Annotation(&'static str),
}

const fn mark(part: &'static str, key: &'static str, evidence: Evidence) -> OwnerMark {
    OwnerMark { part, key, evidence }
}

/// The marks of Flux 2.9, Argo CD 3.4 (by annotation, and by label as before 3.0), Helm 4 and cli-utils.
pub const OWNER_MARKS: &[OwnerMark] = &[
    mark("labels", "kustomize.toolkit.fluxcd.io/name", Evidence::Mark),
    mark("labels", "kustomize.toolkit.fluxcd.io/namespace", Evidence::Mark),
    mark("labels", "helm.toolkit.fluxcd.io/name", Evidence::Mark),
    mark("labels", "helm.toolkit.fluxcd.io/namespace", Evidence::Mark),
    mark("labels", "app.kubernetes.io/instance", Evidence::Manager("argocd-")),
    mark("labels", "app.kubernetes.io/managed-by", Evidence::Annotation("meta.helm.sh/release-name")),
    mark("annotations", "argocd.argoproj.io/tracking-id", Evidence::Mark),
    mark("annotations", "argocd.argoproj.io/installation-id", Evidence::Mark),
    mark("annotations", "meta.helm.sh/release-name", Evidence::Mark),
    mark("annotations", "meta.helm.sh/release-namespace", Evidence::Mark),
    mark("annotations", "config.k8s.io/owning-inventory", Evidence::Mark),
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
