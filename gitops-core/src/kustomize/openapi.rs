//! The `openapi` field: which schema decides how patches merge, and which kinds have no namespace.
//!
//! Kustomize keeps the schema in a global: the first one set in the tree stays, whatever directory set
//! it, and it takes the place of the built-in one only if that was not needed before. Here it is state
//! of the build, with the same outcome (`openapi/openapi.go` of kyaml v0.21.2).

use std::sync::{Arc, OnceLock};

use crate::knowledge::openapi::{Layers, MergeSchema, OpenApi};
use crate::knowledge::scope;
use crate::kustomize::decode::Spanned;
use crate::kustomize::kustomization::Kustomization;
use crate::kustomize::load::Builder;
use crate::node::{Node, Span, Text};
use crate::yaml::Dialect;
use crate::{Error, Result};

/// The one built-in version of kustomize v5.8.
const BUILTIN_VERSION: &str = "v1.21.2";

/// The scopes of kinds that a build knows; clones share what the build learns.
#[derive(Clone, Debug, Default)]
pub(crate) struct Scopes(Arc<OnceLock<Arc<OpenApi>>>);

impl Scopes {
    /// Whether objects of a kind certainly have no namespace.
    pub(crate) fn is_cluster_scoped(&self, api_version: &Text, kind: &Text) -> bool {
        scope::is_cluster_scoped(api_version, kind)
            || (self.0.get().is_some_and(|given| given.is_cluster_scoped(api_version, kind))
                && scope::scope(api_version, kind).is_none())
    }
}

/// What a build knows of kinds, beyond the tables.
#[derive(Debug, Default)]
pub(crate) struct Schema {
    pub(crate) scopes: Scopes,
    merge: MergeSchema,
    /// Whether a kustomization has set the schema; later ones change nothing.
    pub(crate) is_set: bool,
    /// Whether the built-in schema was needed, by a patch or by a kind outside the table of scopes. A
    /// schema that comes later is added to it.
    was_used: bool,
    unknown_kind: bool,
    /// Why the schema given cannot be used. Kustomize sees it only when it needs the schema.
    broken: Option<Error>,
}

impl Builder<'_> {
    /// Takes up the `openapi` field of a kustomization; true if scopes, and with them ids, may be others
    /// now.
    pub(crate) fn set_schema(&mut self, k: &Kustomization) -> Result<bool> {
        if k.openapi.is_empty() {
            return Ok(false);
        }
        let find = |name: &str| k.openapi.iter().find(|(key, _)| key.text == name).map(|(_, value)| value);
        for (key, _) in &k.openapi {
            if !matches!(key.as_str(), "path" | "version") {
                let message =
                    format!("kustomize knows no `openapi.{}`; only `path` and `version` count", key.text);
                self.warn(key.span, "openapi-key-ignored", message);
            }
        }
        let version = find("version");
        let given = match find("path") {
            Some(path) => Some((path, self.load(path)?)),
            None => None,
        };
        if self.schema.is_set {
            if let Some(entry) = given.map(|(path, _)| path).or(version) {
                let message = "another kustomization of this build has set the schema before; this one counts for nothing";
                self.warn(entry.span, "openapi-ignored", message);
            }
            return Ok(false);
        }
        match (given, version) {
            (Some(_), Some(version)) => {
                let message = "`openapi` has `path` and `version`; keep one";
                Err(self.error(version.span, "openapi-path-and-version", message))
            }
            (Some((path, (file, content))), None) => {
                self.schema.is_set = true;
                match self.read_schema(path, &file, &content) {
                    Ok(schema) => self.use_schema(Arc::new(schema)),
                    Err(error) => self.schema.broken = Some(error),
                }
                Ok(true)
            }
            (None, Some(version)) if !version.text.is_empty() => {
                if version.as_str() != BUILTIN_VERSION {
                    let message = format!(
                        "kustomize v5.8 has no built-in schema of version `{}`, only {BUILTIN_VERSION}; remove the line, or name a file in `openapi.path`",
                        version.text
                    );
                    return Err(self.error(version.span, "unknown-openapi-version", message));
                }
                self.schema.is_set = true;
                Ok(false)
            }
            _ => Ok(false),
        }
    }

    fn use_schema(&mut self, schema: Arc<OpenApi>) {
        let layers = match (self.schema.was_used, self.schema.unknown_kind) {
            (true, _) => Layers::GivenFirst,
            (false, true) => Layers::BuiltinFirst,
            (false, false) => Layers::Given,
        };
        // Set at most once, as `is_set` was false.
        let _ = self.schema.scopes.0.set(Arc::clone(&schema));
        self.schema.merge = MergeSchema::with(schema, layers);
    }

    fn read_schema(
        &mut self,
        path: &Spanned,
        file: &str,
        content: &crate::files::Content,
    ) -> Result<OpenApi> {
        let bad = |builder: &Self, span: Span, what: &str| {
            let message = format!("`{}` is not an OpenAPI v2 schema: {what}", path.text);
            builder.error(span.or(path.span), "bad-openapi-schema", message)
        };
        if content.bytes.first() == Some(&b'{')
            && let Err(error) = serde_json::from_slice::<serde::de::IgnoredAny>(&content.bytes)
        {
            let source = self.source(file, content)?;
            let offset = offset_of(&content.bytes, error.line(), error.column());
            let what = format!("it starts with `{{` and so must be JSON, but {error}");
            return Err(bad(self, Span::new(source, offset), &what));
        }
        let documents = self.documents(file, content, Dialect::Kubectl)?;
        self.check_single(&documents);
        let empty = Node::null();
        OpenApi::new(documents.first().unwrap_or(&empty)).map_err(|(node, what)| bad(self, node.span, what))
    }

    /// The schema by which patches merge.
    pub(crate) fn merge_schema(&mut self) -> Result<MergeSchema> {
        self.schema.was_used = true;
        match &self.schema.broken {
            Some(error) => Err(error.clone()),
            None => Ok(self.schema.merge.clone()),
        }
    }

    /// Looks up the scope of an object's kind, for what that does to the schema.
    pub(crate) fn note_kind(&mut self, object: &Node) -> Result<()> {
        if self.schema.unknown_kind {
            return Ok(());
        }
        let text = |name: &str| object.get(name).and_then(Node::text).unwrap_or_default();
        if scope::scope(&text("apiVersion"), &text("kind")).is_none() {
            if let Some(error) = &self.schema.broken {
                return Err(error.clone());
            }
            self.schema.unknown_kind = true;
        }
        Ok(())
    }
}

/// The place of a line and column, both counted from 1, in bytes.
fn offset_of(text: &[u8], line: usize, column: usize) -> u32 {
    let before: usize =
        text.split(|byte| *byte == b'\n').take(line.saturating_sub(1)).map(|line| line.len() + 1).sum();
    u32::try_from(before + column.saturating_sub(1)).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use crate::files::Memory;
    use crate::kustomize::{Build, BuildOptions, build};
    use crate::{Error, ErrorKind};

    const LAMP: &str = "{apiVersion: example.com/v1, kind: Lamp, metadata: {name: l}, spec: {bulbs: [{id: a, w: 1}, {id: b, w: 2}]}}";
    const POD: &str =
        "{apiVersion: v1, kind: Pod, metadata: {name: p}, spec: {containers: [{name: a}, {name: b}]}}";
    const CONFIG_MAP: &str = "{apiVersion: v1, kind: ConfigMap, metadata: {name: c}}";
    const SCHEMA: &str = "definitions:
  lamp:
    properties: {spec: {$ref: '#/definitions/spec'}}
    x-kubernetes-group-version-kind: [{group: example.com, version: v1, kind: Lamp}]
  spec:
    properties:
      bulbs: {type: array, x-kubernetes-patch-merge-key: id, x-kubernetes-patch-strategy: merge}
paths:
  /apis/example.com/v1/lamps:
    get: {x-kubernetes-group-version-kind: {group: example.com, version: v1, kind: Lamp}}
";
    const PATCH_LAMP: &str = "patches: [{patch: '{apiVersion: example.com/v1, kind: Lamp, metadata: {name: l}, spec: {bulbs: [{id: a, w: 3}]}}', target: {kind: Lamp}}]\n";
    const PATCH_POD: &str = "patches: [{patch: '{apiVersion: v1, kind: Pod, metadata: {name: p}, spec: {containers: [{name: a, image: i}]}}', target: {kind: Pod}}]\n";

    fn built(files: &[(&str, &str)]) -> Result<Build, Error> {
        let common = [
            ("lamp.yaml", LAMP),
            ("pod.yaml", POD),
            ("cm.yaml", CONFIG_MAP),
            ("base/schema.yaml", SCHEMA),
            ("schema.yaml", SCHEMA),
            ("base/kustomization.yaml", "openapi: {path: schema.yaml}\n"),
        ];
        let files: Memory = common.iter().chain(files).map(|(path, text)| (*path, *text)).collect();
        build(&files, "", &BuildOptions::default())
    }

    /// How many bulbs and containers are left.
    fn elements(root: &str, more: &[(&str, &str)]) -> (usize, usize) {
        let files: Vec<_> = more.iter().copied().chain([("kustomization.yaml", root)]).collect();
        let build = built(&files).unwrap();
        let count = |kind: &str, list: &[&str]| {
            let object = build.objects.iter().find(|object| object.kind() == kind);
            object.and_then(|object| object.node.at(list)?.as_seq()).map_or(0, <[_]>::len)
        };
        (count("Lamp", &["spec", "bulbs"]), count("Pod", &["spec", "containers"]))
    }

    #[test]
    fn the_schema_of_the_tree_decides_what_merges() {
        let both = PATCH_LAMP.trim_end().trim_end_matches(']').to_owned()
            + ", "
            + PATCH_POD.trim_end().trim_start_matches("patches: [")
            + "\n";
        for (root, want) in [
            // None, one of its own, the built-in one.
            ("resources: [lamp.yaml, pod.yaml]\n", (1, 2)),
            ("resources: [lamp.yaml, pod.yaml]\nopenapi: {path: schema.yaml}\n", (2, 1)),
            ("resources: [lamp.yaml, pod.yaml]\nopenapi: {version: v1.21.2}\n", (1, 2)),
            // The first in the tree stays.
            ("resources: [lamp.yaml, pod.yaml, base]\nopenapi: {version: v1.21.2}\n", (1, 2)),
            // The schema of a base: alone if nothing unknown came before it.
            ("resources: [base, lamp.yaml, pod.yaml]\n", (2, 1)),
            ("resources: [pod.yaml, base, lamp.yaml]\n", (2, 1)),
            ("resources: [lamp.yaml, base, pod.yaml]\n", (2, 2)),
        ] {
            let root = format!("{root}{both}");
            assert_eq!(elements(&root, &[]), want, "{root}");
        }
        let patched = (
            "patched/kustomization.yaml",
            "resources: [../c]\npatches: [{patch: '{apiVersion: v1, kind: ConfigMap, metadata: {name: c}, data: {a: b}}'}]\n",
        );
        let plain = ("c/kustomization.yaml", "resources: [cm.yaml]\n");
        let root = format!("resources: [patched, base, lamp.yaml, pod.yaml]\n{both}");
        assert_eq!(elements(&root, &[patched, plain, ("c/cm.yaml", CONFIG_MAP)]), (2, 2));
        let component = ("base/kustomization.yaml", "kind: Component\nopenapi: {path: schema.yaml}\n");
        let root = format!("resources: [lamp.yaml, pod.yaml]\ncomponents: [base]\n{both}");
        assert_eq!(elements(&root, &[component]), (2, 2));
    }

    #[test]
    fn paths_of_the_schema_keep_a_kind_out_of_namespaces() {
        let namespace_of = |root: &str| {
            let build = built(&[("kustomization.yaml", root)]).unwrap();
            let lamp = build.objects.iter().find(|object| object.kind() == "Lamp").unwrap();
            lamp.node.at(&["metadata", "namespace"]).and_then(|node| node.as_str().map(str::to_owned))
        };
        assert_eq!(namespace_of("resources: [lamp.yaml]\nnamespace: ns\n").as_deref(), Some("ns"));
        assert_eq!(
            namespace_of("resources: [lamp.yaml]\nnamespace: ns\nopenapi: {path: schema.yaml}\n"),
            None
        );
        assert_eq!(namespace_of("resources: [lamp.yaml, base]\nnamespace: ns\n"), None);
    }

    #[test]
    fn mistakes_have_codes_and_places() {
        for (root, schema, code, place) in [
            ("openapi: {version: v1.30.0}\n", SCHEMA, "unknown-openapi-version", "kustomization.yaml:2:20"),
            (
                "openapi: {path: schema.yaml, version: v1.21.2}\n",
                SCHEMA,
                "openapi-path-and-version",
                "kustomization.yaml:2:39",
            ),
            ("openapi: {path: none.yaml}\n", SCHEMA, "file-not-found", "kustomization.yaml:2:17"),
            ("openapi: {path: 3}\n", SCHEMA, "wrong-type", "kustomization.yaml:2:17"),
            ("openapi: {path: schema.yaml}\n", "{a: b}", "bad-openapi-schema", "schema.yaml:1:2"),
            ("openapi: {path: schema.yaml}\n", "definitions: 1", "bad-openapi-schema", "schema.yaml:1:14"),
            ("openapi: {path: schema.yaml}\n", "- a", "bad-openapi-schema", "schema.yaml:1:1"),
        ] {
            let root = format!("resources: [lamp.yaml]\n{root}");
            let error = built(&[("kustomization.yaml", &root), ("schema.yaml", schema)]).unwrap_err();
            let found = error.location().map(ToString::to_string);
            assert_eq!((error.code(), found.as_deref()), (code, Some(place)), "{error:?}");
            assert!(matches!(error.kind(), ErrorKind::Kustomize | ErrorKind::File));
        }
        // Nothing needs this schema.
        let root = "resources: [cm.yaml]\nopenapi: {path: schema.yaml}\n";
        assert!(built(&[("kustomization.yaml", root), ("schema.yaml", "- a")]).is_ok());
    }

    #[test]
    fn what_counts_for_nothing_is_a_warning() {
        let root = "resources: [base]\nopenapi: {version: v1.21.2, url: x}\n";
        let build = built(&[("kustomization.yaml", root)]).unwrap();
        let codes: Vec<_> = build.warnings.iter().map(|warning| warning.code).collect();
        assert_eq!(codes, ["openapi-key-ignored", "openapi-ignored"]);
    }
}
