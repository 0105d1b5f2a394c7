//! Whose a live object is, by the mark that its owner left on it.

use std::fmt;

use super::marks::{annotation, label};
use crate::object::Object;
use crate::{Error, ErrorKind, Result};

/// Who applies objects and marks them as its own.
#[derive(Clone, Debug, PartialEq, Eq, Hash, serde::Serialize)]
#[serde(rename_all = "camelCase", rename_all_fields = "camelCase", tag = "kind")]
#[non_exhaustive]
pub enum Owner {
    /// An Argo CD Application that tracks by annotation, as is the default since Argo CD 3.
    Application {
        /// Its name; `namespace_name` where it lives outside of Argo CD's namespace.
        name: String,
    },
    /// An Argo CD Application that tracks by the label `app.kubernetes.io/instance`.
    ApplicationByLabel {
        /// Its name.
        name: String,
    },
    /// A Flux Kustomization.
    Kustomization {
        /// Its name.
        name: String,
        /// Its namespace.
        namespace: String,
    },
    /// A Flux HelmRelease.
    HelmRelease {
        /// Its name.
        name: String,
        /// Its namespace.
        namespace: String,
    },
}

impl fmt::Display for Owner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Application { name } | Self::ApplicationByLabel { name } => write!(f, "Application {name}"),
            Self::Kustomization { name, namespace } => write!(f, "Kustomization {namespace}/{name}"),
            Self::HelmRelease { name, namespace } => write!(f, "HelmRelease {namespace}/{name}"),
        }
    }
}

impl Owner {
    /// The owner of a kind, by its name in JSON: `application`, `applicationByLabel`, `kustomization` or
    /// `helmRelease`. Only the last two have a namespace.
    ///
    /// # Errors
    /// [`ErrorKind::Argument`], code `bad-argument`, for another kind.
    pub fn of_kind(kind: &str, name: impl Into<String>, namespace: impl Into<String>) -> Result<Self> {
        let (name, namespace) = (name.into(), namespace.into());
        match kind {
            "application" => Ok(Self::Application { name }),
            "applicationByLabel" => Ok(Self::ApplicationByLabel { name }),
            "kustomization" => Ok(Self::Kustomization { name, namespace }),
            "helmRelease" => Ok(Self::HelmRelease { name, namespace }),
            _ => {
                let message = format!("there is no owner of the kind `{kind}`");
                Err(Error::new(ErrorKind::Argument, "bad-argument", message))
            }
        }
    }

    /// Whether this owner and another that has marked an object, whose marks are `all`, would undo each
    /// other's work.
    pub(super) fn contends_with(&self, other: &Self, all: &[Self]) -> bool {
        match (self.application(), other.application()) {
            (Some(name), Some(other)) => name != other,
            // Two objects of Flux that both mark an object are meant to: one brings the other.
            (None, None) => self != other && !all.contains(self),
            _ => true,
        }
    }

    fn application(&self) -> Option<&str> {
        match self {
            Self::Application { name } | Self::ApplicationByLabel { name } => Some(name),
            Self::Kustomization { .. } | Self::HelmRelease { .. } => None,
        }
    }

    /// The owners that have marked an object; more than one if several tools did. `by_label` says whether
    /// the instance label counts as a mark of Argo CD: Helm charts set it too.
    pub(crate) fn all_of(object: &Object, by_label: bool) -> Vec<Self> {
        let mut owners = Vec::new();
        owners.extend(tracked_by(object));
        if by_label && let Some(name) = label(object, "app.kubernetes.io/instance") {
            owners.push(Self::ApplicationByLabel { name: name.into_owned() });
        }
        let named = |tool: &str| {
            let of = |key: &str| label(object, &format!("{tool}.toolkit.fluxcd.io/{key}"));
            Some((of("name")?.into_owned(), of("namespace")?.into_owned()))
        };
        owners.extend(named("kustomize").map(|(name, namespace)| Self::Kustomization { name, namespace }));
        owners.extend(named("helm").map(|(name, namespace)| Self::HelmRelease { name, namespace }));
        owners
    }
}

/// The Application of the tracking annotation, `app:group/kind:namespace/name`. An annotation that names
/// another object was copied from it and says nothing.
fn tracked_by(object: &Object) -> Option<Owner> {
    let id = annotation(object, "argocd.argoproj.io/tracking-id")?;
    let (name, rest) = id.split_once(':')?;
    let (group_kind, namespaced) = rest.split_once(':')?;
    let own = format!("{}/{}", object.group(), object.kind());
    let (namespace, of_object) = namespaced.split_once('/')?;
    // Argo CD writes the namespace of the application for objects that have none.
    let same_namespace = object.namespace().is_empty() || namespace == object.namespace();
    (group_kind == own && of_object == object.name() && same_namespace)
        .then(|| Owner::Application { name: name.into() })
}
