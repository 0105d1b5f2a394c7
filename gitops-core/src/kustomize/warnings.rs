//! The warnings of a build, and `strict`, which turns them into errors.

use std::collections::BTreeSet;

use crate::{Diagnostic, Error, ErrorKind, Result};

use ErrorKind::{Kustomize, Yaml};

/// One kind of warning: something that kustomize does, or leaves undone, without a word.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct Warning {
    /// The stable code, as in [`Diagnostic::code`] and [`Error::code`].
    pub code: &'static str,
    /// The kind of the error that it becomes under [`Strict`].
    pub kind: ErrorKind,
    /// What kustomize swallows.
    pub meaning: &'static str,
}

const fn row(code: &'static str, kind: ErrorKind, meaning: &'static str) -> Warning {
    Warning { code, kind, meaning }
}

/// Every warning that a build can give, sorted by code.
///
#[doc = include_str!("warnings.md")]
pub static WARNINGS: &[Warning] = &[
    row(
        "annotation-dropped",
        Kustomize,
        "An annotation that kustomize keeps its books in, such as `config.kubernetes.io/index`, is dropped from the output",
    ),
    row("deprecated-field", Kustomize, "A field of the kustomization has a successor"),
    row(
        "duplicate-key",
        Yaml,
        "A key stands twice in one mapping of a file that is read leniently; the last one counts",
    ),
    row("empty-patch", Kustomize, "A patch holds nothing"),
    row("empty-resource", Kustomize, "A file under `resources` holds no object"),
    row(
        "env-lines-lost",
        Kustomize,
        "A line of an environment file is longer than 64 KiB, and the file ends there",
    ),
    row(
        "env-without-value",
        Kustomize,
        "A line of an environment file has no `=`, and the key gets an empty value",
    ),
    row("image-changes-nothing", Kustomize, "An entry of `images` names an image and says nothing new of it"),
    row("image-matches-nothing", Kustomize, "An entry of `images` names no image of the build"),
    row(
        "image-name-not-a-pattern",
        Kustomize,
        "The name of an entry of `images` is no valid regular expression, so it matches nothing",
    ),
    row(
        "image-suffix-twice",
        Kustomize,
        "`tagSuffix` is put on twice, once in each of two passes over containers",
    ),
    row(
        "invalid-data-key",
        Kustomize,
        "A generated key holds characters that the API server refuses, such as the blank of `export A=b`",
    ),
    row(
        "json-patch-copy-missing",
        Kustomize,
        "`copy` or `move` of a JSON patch takes a value that is not there, and writes null",
    ),
    row(
        "json-patch-pointer",
        Kustomize,
        "The path of a JSON patch does not start with `/`; what stands before the first one is ignored",
    ),
    row("json-patch-replace-missing", Kustomize, "`replace` of a JSON patch adds a key that was not there"),
    row(
        "list-element-dropped",
        Kustomize,
        "An element of a list that merges by key is lost, such as a port whose protocol is written on one side only",
    ),
    row("openapi-ignored", Kustomize, "Another kustomization of the build has set `openapi` before"),
    row("openapi-key-ignored", Kustomize, "A key of `openapi` other than `path` and `version` means nothing"),
    row("patch-delete-missing", Kustomize, "`$patch: delete` names something that is not there"),
    row(
        "patch-directive-ignored",
        Kustomize,
        "`$patch: replace` on an element of a list, or at the root, does nothing",
    ),
    row(
        "patch-directive-written",
        Kustomize,
        "A directive that kustomize does not know (`$setElementOrder`, `$retainKeys`, `$deleteFromPrimitiveList`), or that stands in a list without merge keys, is written out as a key",
    ),
    row("patch-target-matches-nothing", Kustomize, "The `target` of a patch selects no object"),
    row("patch-type-kept", Kustomize, "A patch sets a value that the base has in quotes, so it becomes text"),
    row(
        "plugin-without-effect",
        Kustomize,
        "The configuration of a plugin leaves out what it needs to do anything",
    ),
    row(
        "reference-not-fixed",
        Kustomize,
        "A field still names an object by the name it had before a prefix, suffix or hash, and no rule fixes it",
    ),
    row(
        "replacement-lost",
        Kustomize,
        "The path of a replacement leads through a null or into text, where kustomize writes to nothing",
    ),
    row("replacement-target-matches-nothing", Kustomize, "A target of a replacement selects no object"),
    row(
        "root-only-field",
        Kustomize,
        "`buildMetadata` or `sortOptions` of a kustomization that another one uses, and only those of the root count",
    ),
    row("second-document", Kustomize, "A file of which kustomize reads one document holds more"),
    row(
        "subject-not-a-service-account",
        Kustomize,
        "A User or Group gets a namespace, or the new name of a service account, because it has the same name",
    ),
    row(
        "unknown-behavior",
        Kustomize,
        "The `behavior` of a generator is none of create, merge, replace, and counts as create",
    ),
    row("unknown-build-metadata", Kustomize, "A word under `buildMetadata` that kustomize does not know"),
    row(
        "unknown-field",
        Kustomize,
        "A field of a plugin's configuration, or of a file of replacements, that kustomize does not know",
    ),
    row("unused-var", Kustomize, "A var that nothing refers to"),
    row("value-lost", Kustomize, "A ValueAddTransformer writes to an element of a list that is not there"),
    row(
        "yaml11-boolean",
        Yaml,
        "`y`, `yes`, `on`, `n`, `no` or `off` without quotes in a JSON patch, where it is a boolean, unlike in a manifest",
    ),
];

/// Which warnings of a build are errors.
///
/// ```
/// use gitops_core::kustomize::Strict;
/// assert_eq!(Strict::of(["all"])?, Strict::All);
/// assert!(Strict::of(["unused-var"])?.includes("unused-var"));
/// assert_eq!(Strict::of(["unused-bar"]).unwrap_err().code(), "unknown-warning");
/// # Ok::<(), gitops_core::Error>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Strict {
    /// None: as kustomize.
    #[default]
    Nothing,
    /// Those with these codes of [`WARNINGS`].
    Codes(BTreeSet<String>),
    /// All, also those of later versions.
    All,
}

impl Strict {
    /// The warnings with these codes; `all` for all.
    ///
    /// # Errors
    /// [`ErrorKind::Argument`] `unknown-warning` for what is no code of [`WARNINGS`].
    pub fn of<T: AsRef<str>>(codes: impl IntoIterator<Item = T>) -> Result<Self> {
        let mut chosen = BTreeSet::new();
        let mut all = false;
        for code in codes {
            let code = code.as_ref();
            all |= code == "all";
            if code != "all" && !WARNINGS.iter().any(|warning| warning.code == code) {
                let codes: Vec<&str> = WARNINGS.iter().map(|warning| warning.code).collect();
                let hint = match super::suggest::closest(code, &codes) {
                    Some(code) => format!("did you mean `{code}`?"),
                    None => format!("there are all, {}", codes.join(", ")),
                };
                let message = format!("there is no warning `{code}`; {hint}");
                return Err(Error::new(ErrorKind::Argument, "unknown-warning", message));
            }
            chosen.insert(code.to_owned());
        }
        Ok(match (all, chosen.is_empty()) {
            (true, _) => Self::All,
            (_, true) => Self::Nothing,
            _ => Self::Codes(chosen),
        })
    }

    /// Whether a warning of this code is an error.
    #[must_use]
    pub fn includes(&self, code: &str) -> bool {
        match self {
            Self::Nothing => false,
            Self::Codes(codes) => codes.contains(code),
            Self::All => true,
        }
    }

    /// The error for the first, in the order of places, of the warnings that are errors.
    pub(crate) fn check(&self, warnings: &[Diagnostic]) -> Result<()> {
        let chosen = || warnings.iter().filter(|warning| self.includes(warning.code));
        let place = |warning: &&Diagnostic| {
            warning.location.as_ref().map(|place| (place.path.clone(), place.line, place.column))
        };
        let Some(first) = chosen().min_by_key(place) else { return Ok(()) };
        let kind = WARNINGS.iter().find(|warning| warning.code == first.code);
        let kind = kind.map_or(ErrorKind::Kustomize, |warning| warning.kind);
        let message = match chosen().count() {
            0 | 1 => first.message.clone(),
            count => format!("{} (the first of {count} warnings that are errors here)", first.message),
        };
        Err(Error::new(kind, first.code, message).at(first.location.clone()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::files::Memory;
    use crate::kustomize::{Build, BuildOptions, build};

    fn table() -> String {
        let rows = WARNINGS.iter().map(|row| format!("| `{}` | {} |\n", row.code, row.meaning));
        std::iter::once("| code | what kustomize swallows |\n|---|---|\n".to_owned()).chain(rows).collect()
    }

    #[test]
    fn the_documented_table_is_the_one_in_use() {
        assert_eq!(include_str!("warnings.md"), table(), "write the right side to warnings.md");
        assert!(WARNINGS.is_sorted_by(|a, b| a.code < b.code));
    }

    /// The texts of this module's sources, without tests.
    fn sources(dir: &std::path::Path, found: &mut Vec<String>) {
        for entry in std::fs::read_dir(dir).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                sources(&path, found);
            } else if path.extension().is_some_and(|ending| ending == "rs")
                && !path.ends_with("tests.rs")
                && !path.ends_with("warnings.rs")
            {
                let text = std::fs::read_to_string(&path).unwrap();
                found.push(text.split("#[cfg(test)]\nmod tests {").next().unwrap().to_owned());
            }
        }
    }

    #[test]
    fn codes_in_the_sources_and_in_the_table_are_the_same() {
        let mut texts = Vec::new();
        sources(&std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("src/kustomize"), &mut texts);
        let call = regex::Regex::new(r#"(?s)(?:\bwarn\(|Diagnostic::new\()[^";]*?"([a-z0-9-]+)""#).unwrap();
        let used: BTreeSet<&str> = texts
            .iter()
            .flat_map(|text| call.captures_iter(text))
            .map(|found| found.get(1).unwrap().as_str())
            .collect();
        assert!(used.len() > 25, "the sources are no longer found: {used:?}");
        let unknown: Vec<_> =
            used.iter().filter(|code| !WARNINGS.iter().any(|row| row.code == **code)).collect();
        assert!(unknown.is_empty(), "not in the table: {unknown:?}");
        for row in WARNINGS {
            let quoted = format!("\"{}\"", row.code);
            assert!(texts.iter().any(|text| text.contains(&quoted)), "not in use: {}", row.code);
        }
    }

    /// Builds `root`, which may use the files beside it, with every warning noted.
    fn built(root: &str, strict: Strict) -> Result<Build> {
        let deployment = "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: web, annotations: {config.kubernetes.io/index: '0'}}\nspec: {template: {spec: {containers: [{name: c, image: nginx}], runtimeClassName: fast}}}\n";
        let ingress = "apiVersion: networking.k8s.io/v1\nkind: IngressClass\nmetadata: {name: class}\n---\napiVersion: networking.k8s.io/v1\nkind: Ingress\nmetadata: {name: in}\nspec: {ingressClassName: class}\n---\napiVersion: autoscaling.k8s.io/v1\nkind: VerticalPodAutoscaler\nmetadata: {name: vpa}\nspec: {targetRef: {apiVersion: networking.k8s.io/v1, kind: Ingress, name: in}}\n";
        let binding = "apiVersion: rbac.authorization.k8s.io/v1\nkind: RoleBinding\nmetadata: {name: rb}\nroleRef: {apiGroup: rbac.authorization.k8s.io, kind: Role, name: r}\nsubjects: [{kind: User, name: default}, {kind: User, name: sa}]\n---\napiVersion: v1\nkind: ServiceAccount\nmetadata: {name: sa}\n";
        let long = format!("A=1\nB\nexport C=2\nL={}\nD=4\nE=5\n", "x".repeat(70_000));
        let files = Memory::new()
            .with("kustomization.yaml", root)
            .with("web.yaml", deployment)
            .with("ingress.yaml", ingress)
            .with("binding.yaml", binding)
            .with("empty.yaml", "# nothing\n")
            .with("long.env", long)
            .with("config.yaml", "images: []\n---\nimages: []\n")
            .with(
                "base/kustomization.yaml",
                "resources: [web.yaml]\nsortOptions: {order: fifo}\nbuildMetadata: [managedByLabel]\n",
            )
            .with("base/web.yaml", deployment);
        build(&files, "", &BuildOptions { strict, ..BuildOptions::default() })
    }

    #[test]
    fn what_is_swallowed_is_said_with_its_place() {
        let mut wrong = Vec::new();
        for (root, code, place) in [
            ("resources: [web.yaml]\n", "annotation-dropped", "web.yaml:3:37"),
            ("resources: [web.yaml, empty.yaml]\n", "empty-resource", "kustomization.yaml:1:23"),
            ("configMapGenerator: [{name: a, envs: [long.env]}]\n", "env-lines-lost", "long.env:4:1"),
            ("configMapGenerator: [{name: a, envs: [long.env]}]\n", "env-without-value", "long.env:2:1"),
            ("configMapGenerator: [{name: a, envs: [long.env]}]\n", "invalid-data-key", "long.env:3:1"),
            (
                "resources: [web.yaml]\nimages: [{name: nginx}]\n",
                "image-changes-nothing",
                "kustomization.yaml:2:17",
            ),
            (
                "resources: [web.yaml]\nimages: [{name: nginx, tagSuffix: -s}]\n",
                "image-suffix-twice",
                "kustomization.yaml:2:35",
            ),
            ("resources: [ingress.yaml]\nnamePrefix: a-\n", "reference-not-fixed", "ingress.yaml:8:26"),
            ("resources: [ingress.yaml]\nnameSuffix: -a\n", "reference-not-fixed", "ingress.yaml:13:75"),
            ("resources: [base]\n", "root-only-field", "base/kustomization.yaml:3:17"),
            ("resources: [web.yaml]\nconfigurations: [config.yaml]\n", "second-document", "config.yaml:3:1"),
            (
                "resources: [binding.yaml]\nnamespace: x\n",
                "subject-not-a-service-account",
                "binding.yaml:5:12",
            ),
            (
                "resources: [binding.yaml]\nnamePrefix: x-\n",
                "subject-not-a-service-account",
                "binding.yaml:5:60",
            ),
            (
                "resources: [web.yaml]\ntransformers: ['{apiVersion: builtin, kind: LabelTransformer, metadata: {name: x}, labels: {a: b}}']\n",
                "plugin-without-effect",
                "kustomization.yaml:2:17",
            ),
            (
                "resources: [web.yaml]\npatches:\n- target: {kind: Deployment}\n  patch: |-\n    - {op: add, path: /spec/paused, value: on}\n",
                "yaml11-boolean",
                "kustomization.yaml:5:44",
            ),
        ] {
            let build = built(root, Strict::Nothing).unwrap_or_else(|error| panic!("{root}: {error}"));
            let found: Vec<String> = build
                .warnings
                .iter()
                .filter(|warning| warning.code == code)
                .filter_map(|warning| warning.location.as_ref().map(ToString::to_string))
                .collect();
            if !found.iter().any(|found| found == place) {
                wrong.push(format!("{root} {code}: {found:?}, not {place}"));
            }
        }
        assert!(wrong.is_empty(), "{wrong:#?}");
    }

    #[test]
    fn strict_makes_errors_of_chosen_warnings() {
        let root = "resources: [web.yaml]\ncommonLabels: {a: b}\nimages: [{name: other, newTag: x}, {name: gone, newTag: x}]\n";
        assert_eq!(built(root, Strict::Nothing).unwrap().warnings.len(), 4);
        let code = |strict| {
            let error = built(root, strict).unwrap_err();
            let place = error.location().map(ToString::to_string).unwrap();
            (error.code(), place, error.message().contains("the first of"))
        };
        let of = |codes: &[&str]| Strict::of(codes).unwrap();
        let image = ("image-matches-nothing", "kustomization.yaml:3:17".to_owned(), true);
        assert_eq!(code(of(&["image-matches-nothing"])), image);
        let deprecated = ("deprecated-field", "kustomization.yaml:2:1".to_owned(), false);
        assert_eq!(code(of(&["deprecated-field"])), deprecated);
        assert_eq!(code(of(&["all"])), (deprecated.0, deprecated.1, true));
        assert!(built(root, of(&["unused-var"])).is_ok());
        assert_eq!(of(&[]), Strict::Nothing);
    }
}
