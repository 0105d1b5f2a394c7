//! Container images: references taken apart, and every place of an object that names one.

use std::fmt;
use std::str::FromStr;

use crate::knowledge::pod_specs::{CONTAINER_FIELDS, CONTAINER_LISTS, OTHER_CONTAINER_LISTS, pod_specs};
use crate::node::{Node, Path, Segment};
use crate::object::Object;
use crate::{Error, ErrorKind, Result};

/// The registry that a reference without a host means.
pub const DEFAULT_REGISTRY: &str = "docker.io";

/// The longest `registry/repository` that registries accept, in bytes (the `distribution` project).
const MAX_NAME: usize = 255;

/// An image reference, taken apart as the `distribution` project's grammar does.
///
/// The parts keep what was written; [`ImageReference::registry`] and [`ImageReference::repository`]
/// add Docker's defaults. `Display` gives the text as written.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, serde::Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ImageReference {
    /// The host with its port, if one was written.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub written_registry: Option<String>,
    /// The repository as written, without the host.
    pub written_repository: String,
    /// The tag, if one was written; a runtime takes `latest` otherwise, unless there is a digest.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tag: Option<String>,
    /// The digest such as `sha256:…`, if one was written. It wins over the tag.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub digest: Option<String>,
}

impl ImageReference {
    /// Takes a reference apart.
    ///
    /// The part before the first slash is a host if it has a dot or a colon, is `localhost`, or has an
    /// upper-case letter (which no repository may have).
    ///
    /// # Errors
    /// [`ErrorKind::Argument`] with code `bad-image-reference`.
    pub fn parse(text: &str) -> Result<Self> {
        let bad = |why: &str| {
            Error::new(
                ErrorKind::Argument,
                "bad-image-reference",
                format!("`{text}` is no image reference: {why}"),
            )
        };
        let (rest, digest) = match text.split_once('@') {
            Some((rest, digest)) => (rest, Some(digest)),
            None => (text, None),
        };
        if digest.is_some_and(|digest| !is_digest(digest)) {
            return Err(bad("what follows `@` must be a digest such as sha256: and 64 hexadecimal digits"));
        }
        let (name, tag) = match rest.rsplit_once(':') {
            Some((name, tag)) if !tag.contains('/') => (name, Some(tag)),
            _ => (rest, None),
        };
        if tag.is_some_and(|tag| !is_tag(tag)) {
            return Err(bad(
                "a tag has at most 128 letters, digits, `_`, `.` and `-`, and starts with neither of the last two",
            ));
        }
        let (registry, repository) = match name.split_once('/') {
            Some((host, repository)) if is_host(host) => (Some(host), repository),
            _ => (None, name),
        };
        if registry.is_some_and(|host| !is_valid_host(host)) {
            return Err(bad("the registry's host is malformed"));
        }
        if !repository.split('/').all(is_component) {
            return Err(bad(
                "a repository has lower-case letters and digits, separated by `.`, `_`, `__`, `-` or `/`",
            ));
        }
        if name.len() > MAX_NAME {
            return Err(bad("its name is longer than 255 bytes"));
        }
        Ok(Self {
            written_registry: registry.map(str::to_owned),
            written_repository: repository.to_owned(),
            tag: tag.map(str::to_owned),
            digest: digest.map(str::to_owned),
        })
    }

    /// The registry that a runtime asks: the written one, else `docker.io` (also for its alias
    /// `index.docker.io`).
    #[must_use]
    pub fn registry(&self) -> &str {
        match self.written_registry.as_deref() {
            None | Some("index.docker.io") => DEFAULT_REGISTRY,
            Some(registry) => registry,
        }
    }

    /// The repository that a runtime asks for: `library/nginx` for `nginx` on `docker.io`.
    #[must_use]
    pub fn repository(&self) -> std::borrow::Cow<'_, str> {
        if self.registry() == DEFAULT_REGISTRY && !self.written_repository.contains('/') {
            format!("library/{}", self.written_repository).into()
        } else {
            self.written_repository.as_str().into()
        }
    }

    /// The image without tag and digest, defaults added: `docker.io/library/nginx`.
    #[must_use]
    pub fn name(&self) -> String {
        format!("{}/{}", self.registry(), self.repository())
    }

    /// The whole reference with defaults added, also the tag `latest` where there is neither a tag nor
    /// a digest.
    #[must_use]
    pub fn normalized(&self) -> String {
        let mut out = self.name();
        match (&self.tag, &self.digest) {
            (Some(tag), _) => out.push_str(&format!(":{tag}")),
            (None, None) => out.push_str(":latest"),
            (None, Some(_)) => {}
        }
        if let Some(digest) = &self.digest {
            out.push_str(&format!("@{digest}"));
        }
        out
    }

    /// The name as written, without tag and digest.
    #[must_use]
    pub fn written_name(&self) -> String {
        match &self.written_registry {
            Some(registry) => format!("{registry}/{}", self.written_repository),
            None => self.written_repository.clone(),
        }
    }

    /// The tag and digest as written: `1.2`, `1.2@sha256:…`, `sha256:…` or the empty text.
    #[must_use]
    pub fn version(&self) -> String {
        match (&self.tag, &self.digest) {
            (Some(tag), Some(digest)) => format!("{tag}@{digest}"),
            (Some(tag), None) => tag.clone(),
            (None, Some(digest)) => digest.clone(),
            (None, None) => String::new(),
        }
    }
}

impl FromStr for ImageReference {
    type Err = Error;
    fn from_str(text: &str) -> Result<Self> {
        Self::parse(text)
    }
}

impl fmt::Display for ImageReference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(registry) = &self.written_registry {
            write!(f, "{registry}/")?;
        }
        f.write_str(&self.written_repository)?;
        if let Some(tag) = &self.tag {
            write!(f, ":{tag}")?;
        }
        if let Some(digest) = &self.digest {
            write!(f, "@{digest}")?;
        }
        Ok(())
    }
}

fn is_host(text: &str) -> bool {
    text == "localhost" || text.contains(['.', ':']) || text.chars().any(|c| c.is_ascii_uppercase())
}

fn is_valid_host(text: &str) -> bool {
    let (host, port) = match text.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
        // An IPv6 address in brackets.
        Some((address, port)) => {
            let hex = |c: char| c.is_ascii_hexdigit() || c == ':' || c == '.';
            if address.is_empty() || !address.chars().all(hex) {
                return false;
            }
            (None, port.strip_prefix(':').or(if port.is_empty() { None } else { Some(port) }))
        }
        None => match text.split_once(':') {
            Some((host, port)) => (Some(host), Some(port)),
            None => (Some(text), None),
        },
    };
    let label = |label: &str| {
        !label.is_empty()
            && !label.starts_with('-')
            && !label.ends_with('-')
            && label.chars().all(|c| c.is_ascii_alphanumeric() || c == '-')
    };
    host.is_none_or(|host| host.split('.').all(label))
        && port.is_none_or(|port| !port.is_empty() && port.chars().all(|c| c.is_ascii_digit()))
}

fn is_component(text: &str) -> bool {
    let edge = |c: Option<char>| c.is_some_and(|c| c.is_ascii_lowercase() || c.is_ascii_digit());
    edge(text.chars().next())
        && edge(text.chars().next_back())
        && text.split(|c: char| c.is_ascii_lowercase() || c.is_ascii_digit()).all(|separator| {
            matches!(separator, "" | "." | "_" | "__") || separator.chars().all(|c| c == '-')
        })
}

fn is_tag(text: &str) -> bool {
    let word = |c: char| c.is_ascii_alphanumeric() || c == '_';
    text.len() <= 128
        && text.chars().next().is_some_and(word)
        && text.chars().all(|c| word(c) || c == '.' || c == '-')
}

fn is_digest(text: &str) -> bool {
    let Some((algorithm, hex)) = text.split_once(':') else { return false };
    let name = |part: &str| {
        part.chars().next().is_some_and(|c| c.is_ascii_alphabetic())
            && part.chars().all(|c| c.is_ascii_alphanumeric())
    };
    let length = match algorithm {
        "sha256" => hex.len() == 64,
        "sha512" => hex.len() == 128,
        _ => hex.len() >= 32,
    };
    algorithm.split(['+', '.', '-', '_']).all(name) && length && hex.chars().all(|c| c.is_ascii_hexdigit())
}

/// Which rule found an image.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, serde::Serialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub enum ImageRule {
    /// The table of kinds that are known to hold a pod spec.
    PodSpec,
    /// A list of mappings under a name that container lists have, in a kind that is not in the table.
    ContainerList,
    /// A single mapping under a name that containers have (`container`, `script`).
    ContainerField,
    /// The `image` field beside the containers of a known kind, such as Prometheus' `spec.image`.
    PodSpecImage,
}

/// One place of an object that names an image.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ImageUse {
    /// The way to the text of the image.
    pub path: Path,
    /// The container's name; empty if it has none.
    pub container: String,
    /// The image as written.
    pub image: String,
    /// The rule that found it.
    pub rule: ImageRule,
}

/// Every place of an object that names a container image, in the order of the object's text.
///
/// Kinds in [`crate::knowledge::pod_specs`] are read where the table says; any other place that looks
/// like a container (a list named `containers`, `initContainers`, `steps` …, or a mapping named
/// `container`) is found by a walk. Definitions of custom resources are left alone: what they call
/// containers is a schema. Images that hide elsewhere (Helm values, plain fields of custom resources)
/// are not found.
#[must_use]
pub fn images(object: &Object) -> Vec<ImageUse> {
    let mut found = Vec::new();
    if object.kind() == "CustomResourceDefinition" {
        return found;
    }
    for spec in pod_specs(object.group(), object.kind()) {
        let mut path = Path::new();
        pod_spec(&object.node, spec.path, &mut path, &mut found);
    }
    let known = found.len();
    walk(&object.node, &mut Path::new(), &mut found);
    let (table, walked) = found.split_at(known);
    let mut all: Vec<ImageUse> = table.to_vec();
    all.extend(walked.iter().filter(|image| !table.iter().any(|known| known.path == image.path)).cloned());
    all
}

fn pod_spec(node: &Node, steps: &[&str], path: &mut Path, found: &mut Vec<ImageUse>) {
    let Some((step, rest)) = steps.split_first() else {
        for list in CONTAINER_LISTS {
            if let Some(items) = node.get(list) {
                path.push(Segment::Key((*list).into()));
                containers(items, ImageRule::PodSpec, path, found);
                path.pop();
            }
        }
        if let Some(image) = node.get("image").and_then(Node::as_str) {
            let path = path.key("image");
            found.push(ImageUse {
                path,
                container: String::new(),
                image: image.to_owned(),
                rule: ImageRule::PodSpecImage,
            });
        }
        return;
    };
    match (*step, node.as_seq(), node.as_map()) {
        ("[]", Some(items), _) => {
            for (at, item) in items.iter().enumerate() {
                path.push(Segment::Index(at));
                pod_spec(item, rest, path, found);
                path.pop();
            }
        }
        ("*", _, Some(map)) => {
            for (key, value) in map.iter() {
                path.push(Segment::Key(key.clone()));
                pod_spec(value, rest, path, found);
                path.pop();
            }
        }
        (key, _, Some(map)) => {
            if let Some(value) = map.get(key) {
                path.push(Segment::Key(key.into()));
                pod_spec(value, rest, path, found);
                path.pop();
            }
        }
        _ => {}
    }
}

fn containers(list: &Node, rule: ImageRule, path: &mut Path, found: &mut Vec<ImageUse>) {
    for (at, item) in list.as_seq().unwrap_or_default().iter().enumerate() {
        path.push(Segment::Index(at));
        container(item, rule, path, found);
        path.pop();
    }
}

fn container(node: &Node, rule: ImageRule, path: &Path, found: &mut Vec<ImageUse>) {
    if let Some(image) = node.get("image").and_then(Node::as_str) {
        let container = node.get("name").and_then(Node::text).unwrap_or_default().into_owned();
        found.push(ImageUse { path: path.key("image"), container, image: image.to_owned(), rule });
    }
}

// Recursion is bounded by the depth that `yaml::Limits` lets a tree have.
fn walk(node: &Node, path: &mut Path, found: &mut Vec<ImageUse>) {
    if let Some(map) = node.as_map() {
        for (key, value) in map.iter() {
            path.push(Segment::Key(key.clone()));
            let name = key.as_str();
            if CONTAINER_LISTS.contains(&name) || OTHER_CONTAINER_LISTS.contains(&name) {
                containers(value, ImageRule::ContainerList, path, found);
            } else if CONTAINER_FIELDS.contains(&name) {
                container(value, ImageRule::ContainerField, path, found);
            }
            walk(value, path, found);
            path.pop();
        }
    } else if let Some(items) = node.as_seq() {
        for (at, item) in items.iter().enumerate() {
            path.push(Segment::Index(at));
            walk(item, path, found);
            path.pop();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    const DIGEST: &str = "sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";

    #[test]
    fn references_are_taken_apart() {
        for (text, registry, repository, tag, digest) in [
            ("nginx", "docker.io", "library/nginx", None, false),
            ("nginx:1.27", "docker.io", "library/nginx", Some("1.27"), false),
            ("bitnami/redis", "docker.io", "bitnami/redis", None, false),
            ("index.docker.io/nginx", "docker.io", "library/nginx", None, false),
            ("reg:5000", "docker.io", "library/reg", Some("5000"), false),
            ("reg:5000/app", "reg:5000", "app", None, false),
            ("reg.bank:5000/a/b:v1", "reg.bank:5000", "a/b", Some("v1"), false),
            ("localhost/app", "localhost", "app", None, false),
            ("LocalReg/app", "LocalReg", "app", None, false),
            ("acme.azurecr.io/live/web@D", "acme.azurecr.io", "live/web", None, true),
            ("acme.azurecr.io/live/web:1.2@D", "acme.azurecr.io", "live/web", Some("1.2"), true),
            ("[::1]:5000/app:x", "[::1]:5000", "app", Some("x"), false),
            ("a__b/c-d--e.f_g:_x", "docker.io", "a__b/c-d--e.f_g", Some("_x"), false),
        ] {
            let text = text.replace("@D", &format!("@{DIGEST}"));
            let image = ImageReference::parse(&text).unwrap();
            assert_eq!(image.registry(), registry, "{text}");
            assert_eq!(image.repository(), repository, "{text}");
            assert_eq!(image.tag.as_deref(), tag, "{text}");
            assert_eq!(image.digest.is_some(), digest, "{text}");
            assert_eq!(image.to_string(), text);
        }
        assert_eq!(ImageReference::parse("nginx").unwrap().normalized(), "docker.io/library/nginx:latest");
    }

    #[test]
    fn what_is_no_reference_is_refused() {
        let long = "a".repeat(256);
        for text in [
            "",
            ":tag",
            "a:",
            "a@",
            "a@sha256:12",
            "Nginx",
            "a//b",
            "a/",
            "/a",
            "a b",
            "a:-x",
            "${IMAGE}",
            "a._b",
            "a.-b",
            "h.io:x/a",
            "-h.io/a",
            "a___b",
            &long,
        ] {
            let error = ImageReference::parse(text).unwrap_err();
            assert_eq!(error.code(), "bad-image-reference", "{text}");
        }
    }

    fn found(json: serde_json::Value) -> Vec<(String, String, String, ImageRule)> {
        let object = Object::new(Node::from(&json));
        let uses = images(&object).into_iter();
        uses.map(|image| (image.path.to_string(), image.container, image.image, image.rule)).collect()
    }

    #[test]
    fn images_are_found_and_say_by_which_rule() {
        let container = json!({"name": "c", "image": "i"});
        for (group, kind, spec, path, rule) in [
            (
                "v1",
                "Pod",
                json!({"ephemeralContainers": [container]}),
                "spec.ephemeralContainers[0].image",
                ImageRule::PodSpec,
            ),
            (
                "batch/v1",
                "CronJob",
                json!({"jobTemplate": {"spec": {"template": {"spec": {"containers": [container]}}}}}),
                "spec.jobTemplate.spec.template.spec.containers[0].image",
                ImageRule::PodSpec,
            ),
            (
                "batch.volcano.sh/v1",
                "Job",
                json!({"tasks": [{"template": {"spec": {"initContainers": [container]}}}]}),
                "spec.tasks[0].template.spec.initContainers[0].image",
                ImageRule::PodSpec,
            ),
            (
                "tekton.dev/v1",
                "Task",
                json!({"steps": [container]}),
                "spec.steps[0].image",
                ImageRule::ContainerList,
            ),
            (
                "argoproj.io/v1alpha1",
                "Workflow",
                json!({"templates": [{"container": container}]}),
                "spec.templates[0].container.image",
                ImageRule::ContainerField,
            ),
            (
                "example.org/v1",
                "Odd",
                json!({"deep": [{"containers": [container]}]}),
                "spec.deep[0].containers[0].image",
                ImageRule::ContainerList,
            ),
        ] {
            let got = found(json!({"apiVersion": group, "kind": kind, "spec": spec}));
            assert_eq!(got, [(path.into(), "c".into(), "i".into(), rule)]);
        }
        let crd = json!({"apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition",
            "spec": {"containers": [container]}});
        assert_eq!(found(crd), []);
        let prometheus =
            json!({"apiVersion": "monitoring.coreos.com/v1", "kind": "Prometheus", "spec": {"image": "p:1"}});
        assert_eq!(
            found(prometheus),
            [("spec.image".into(), String::new(), "p:1".into(), ImageRule::PodSpecImage)]
        );
    }
}
