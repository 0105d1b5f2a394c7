//! How the tools of the field call kustomize, as named options.

use crate::kustomize::{BuildOptions, LoadRestrictor};
use crate::{Error, ErrorKind, Result};

impl BuildOptions {
    /// As `kubectl kustomize` and `kustomize build` run without flags: files only in and below the
    /// directory of their kustomization, kustomize's own order, an error where there is no kustomization.
    /// (`--reorder` is `unspecified` by default, which sorts: `krusty.Kustomizer`. `kubectl apply -k` does
    /// not sort, as [`BuildOptions::keep_order`]: it takes `krusty.MakeDefaultOptions`.)
    #[must_use]
    pub fn kubectl() -> Self {
        Self::default()
    }

    /// As Argo CD's repo-server runs: it calls the `kustomize build` program without flags, so this is
    /// [`BuildOptions::kubectl`] until [`BuildOptions::with_flags`] adds those of its setting
    /// `kustomize.buildOptions` (`util/kustomize` of argo-cd). A directory without a kustomization is none
    /// of kustomize's business there, but a plain directory of manifests.
    #[must_use]
    pub fn argocd() -> Self {
        Self::default()
    }

    /// As Flux's kustomize-controller and `flux build` run: files anywhere, objects in the order of
    /// accumulation, and a kustomization generated from all YAML files where a directory has none
    /// (`fluxcd/pkg/kustomize`: load restrictions are off, and the empty `Reorder` sorts nothing).
    /// [`BuildOptions::flux_spec`] adds what the spec of a `Kustomization` changes.
    #[must_use]
    pub fn flux() -> Self {
        Self { load_restrictor: LoadRestrictor::None, keep_order: true, generate: true, ..Self::default() }
    }

    /// The options of a profile by its name: `kubectl`, `argocd` or `flux`.
    ///
    /// # Errors
    /// [`ErrorKind::Argument`] with code `unknown-profile`.
    pub fn profile(name: &str) -> Result<Self> {
        match name {
            "kubectl" => Ok(Self::kubectl()),
            "argocd" => Ok(Self::argocd()),
            "flux" => Ok(Self::flux()),
            _ => {
                let message = format!("there is no profile `{name}`; use `kubectl`, `argocd` or `flux`");
                Err(Error::new(ErrorKind::Argument, "unknown-profile", message))
            }
        }
    }

    /// The same with flags of `kustomize build`, as Argo CD's `kustomize.buildOptions` lists them:
    /// `--load-restrictor` and `--reorder` count. Flags that only permit helm or plugins to run are taken
    /// and permit nothing, since a kustomization that needs them is an error here.
    ///
    /// # Errors
    /// [`ErrorKind::Argument`] with code `unknown-flag` for a flag that kustomize does not know or whose
    /// effect is not implemented, `bad-flag` for a value that it would refuse.
    pub fn with_flags(mut self, flags: &str) -> Result<Self> {
        let mut words = flags.split_whitespace();
        while let Some(word) = words.next() {
            let (flag, value) = match word.split_once('=') {
                Some((flag, value)) => (flag, Some(value)),
                None => (word, None),
            };
            let mut value = || value.or_else(|| words.next()).unwrap_or_default();
            match flag {
                "--load-restrictor" => {
                    self.load_restrictor = match value() {
                        "LoadRestrictionsNone" => LoadRestrictor::None,
                        "LoadRestrictionsRootOnly" => LoadRestrictor::RootOnly,
                        other => {
                            return Err(bad_flag(
                                flag,
                                other,
                                "LoadRestrictionsNone` or `LoadRestrictionsRootOnly",
                            ));
                        }
                    }
                }
                "--reorder" => {
                    self.keep_order = match value() {
                        "none" => true,
                        "legacy" => false,
                        other => return Err(bad_flag(flag, other, "none` or `legacy")),
                    }
                }
                "--enable-helm" | "--enable-alpha-plugins" | "--enable-exec" | "--enable-star" => {}
                "--helm-command" | "--helm-kube-version" | "--helm-api-versions" => drop(value()),
                _ => {
                    let message =
                        format!("the flag `{word}` of `kustomize build` is not known here; remove it");
                    return Err(Error::new(ErrorKind::Argument, "unknown-flag", message));
                }
            }
        }
        Ok(self)
    }
}

fn bad_flag(flag: &str, value: &str, wanted: &str) -> Error {
    let message = format!("`{flag}` must be `{wanted}`, not `{value}`");
    Error::new(ErrorKind::Argument, "bad-flag", message)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::files::Memory;
    use crate::kustomize::build;

    fn files() -> Memory {
        let object =
            |kind: &str, name: &str| format!("{{apiVersion: v1, kind: {kind}, metadata: {{name: {name}}}}}");
        Memory::new()
            .with("app/kustomization.yaml", "resources: [b.yaml, a.yaml]")
            .with("app/a.yaml", object("Namespace", "a"))
            .with("app/b.yaml", object("ConfigMap", "b"))
            .with("outside/kustomization.yaml", "resources: [../app/a.yaml]")
            .with("plain/a.yaml", object("Namespace", "a"))
    }

    /// The kinds of the objects, or the code of the error.
    fn outcome(dir: &str, options: &BuildOptions) -> String {
        match build(&files(), dir, options) {
            Ok(build) => build.objects.iter().map(|object| object.kind()).collect::<Vec<_>>().join(" "),
            Err(error) => error.code().to_owned(),
        }
    }

    #[test]
    fn profiles_build_as_the_tools_do() {
        for (name, app, outside, plain) in [
            ("kubectl", "Namespace ConfigMap", "load-restriction", "no-kustomization"),
            ("argocd", "Namespace ConfigMap", "load-restriction", "no-kustomization"),
            ("flux", "ConfigMap Namespace", "Namespace", "Namespace"),
        ] {
            let options = BuildOptions::profile(name).unwrap();
            let found = ["app", "outside", "plain"].map(|dir| outcome(dir, &options));
            assert_eq!(found, [app, outside, plain], "{name}");
        }
        assert_eq!(BuildOptions::profile("helm").unwrap_err().code(), "unknown-profile");
    }

    #[test]
    fn flags_are_those_of_kustomize() {
        for (flags, want) in [
            ("", Ok(("Namespace ConfigMap", "load-restriction"))),
            (
                "--enable-helm --load-restrictor LoadRestrictionsNone",
                Ok(("Namespace ConfigMap", "Namespace")),
            ),
            (
                "--load-restrictor=LoadRestrictionsNone --reorder=none",
                Ok(("ConfigMap Namespace", "Namespace")),
            ),
            ("--helm-command helm3 --reorder legacy", Ok(("Namespace ConfigMap", "load-restriction"))),
            ("--load-restrictor none", Err("bad-flag")),
            ("--load-restrictor", Err("bad-flag")),
            ("--reorder x", Err("bad-flag")),
            ("--output x", Err("unknown-flag")),
        ] {
            let found = BuildOptions::argocd().with_flags(flags);
            match (found, want) {
                (Ok(options), Ok((app, outside))) => {
                    assert_eq!(
                        (outcome("app", &options).as_str(), outcome("outside", &options).as_str()),
                        (app, outside)
                    );
                }
                (found, want) => {
                    assert_eq!(found.map_err(|error| error.code()).err(), want.err(), "{flags}");
                }
            }
        }
    }
}
