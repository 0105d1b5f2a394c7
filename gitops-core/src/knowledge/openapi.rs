//! What a strategic-merge patch needs of an OpenAPI schema: which lists merge, and by which keys.
//!
//! Kustomize knows Kubernetes' own kinds ([`super::merge_keys`]); a kustomization may name a schema of
//! its own (`openapi: {path}`), and a comment may give one for a single field. The lookups follow
//! `openapi/openapi.go` of kyaml v0.21.2. Where that panics on a value of the wrong type, such a value
//! says nothing here.

use std::borrow::Cow;
use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use crate::knowledge::merge_keys;
use crate::node::{Map, Node, Text};

/// How many references may follow each other before the chain counts as a circle.
const MAX_REFERENCES: usize = 100;

const TYPE_OF_KIND: &str = "x-kubernetes-group-version-kind";
const STRATEGY: &str = "x-kubernetes-patch-strategy";
const MERGE_KEY: &str = "x-kubernetes-patch-merge-key";
const MERGE_KEYS: &str = "x-kubernetes-list-map-keys";

/// A schema that users give: OpenAPI v2 with `definitions` and, for the scope of kinds, `paths`.
#[derive(Debug, Default)]
pub struct OpenApi {
    definitions: Map,
    kinds: HashMap<(Text, Text), Node>,
    cluster: HashSet<(Text, Text)>,
}

impl OpenApi {
    /// Reads the root of a schema.
    ///
    /// # Errors
    /// The node that is not what a schema has in its place, and what that is.
    pub fn new(root: &Node) -> Result<Self, (Node, &'static str)> {
        let map = |node: &Node, what| node.as_map().cloned().ok_or_else(|| (node.clone(), what));
        let root = map(root, "the schema must be a mapping")?;
        let part = |name: &str, what| match root.get(name).filter(|node| !node.is_null()) {
            Some(node) => map(node, what),
            None => Ok(Map::new()),
        };
        let definitions = part("definitions", "`definitions` must be a mapping")?;
        let mut kinds = HashMap::new();
        for definition in definitions.entries() {
            map(&definition.value, "a definition must be a mapping")?;
            for extension in definition.value.get(TYPE_OF_KIND).and_then(Node::as_seq).unwrap_or_default() {
                kinds.insert(type_of(extension)?, definition.value.clone());
            }
        }
        let (mut cluster, mut namespaced) = (HashSet::new(), HashSet::new());
        for path in part("paths", "`paths` must be a mapping")?.entries() {
            let Some(extension) = path.value.at(&["get", TYPE_OF_KIND]).filter(|node| node.is_map()) else {
                continue;
            };
            let of_namespace = path.key.contains("namespaces/{namespace}");
            if of_namespace { &mut namespaced } else { &mut cluster }.insert(type_of(extension)?);
        }
        cluster.retain(|kind| !namespaced.contains(kind));
        Ok(Self { definitions, kinds, cluster })
    }

    /// Whether the paths of the schema say that objects of a kind have no namespace.
    #[must_use]
    pub fn is_cluster_scoped(&self, api_version: &Text, kind: &Text) -> bool {
        !self.cluster.is_empty() && self.cluster.contains(&(api_version.clone(), kind.clone()))
    }
}

/// API version and kind of an entry of the extension that names them.
fn type_of(extension: &Node) -> Result<(Text, Text), (Node, &'static str)> {
    let text = |name: &str| extension.get(name).and_then(Node::as_str).unwrap_or_default();
    let (group, version, kind) = (text("group"), text("version"), text("kind"));
    if version.is_empty() || kind.is_empty() {
        let what = "an entry of `x-kubernetes-group-version-kind` must have a `version` and a `kind`";
        return Err((extension.clone(), what));
    }
    let api_version = if group.is_empty() { version.to_owned() } else { format!("{group}/{version}") };
    Ok((Text::from(api_version), Text::from(kind)))
}

/// Which schemas count, and which of them first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum Layers {
    /// Kubernetes' own kinds alone.
    #[default]
    Builtin,
    /// The schema given, alone.
    Given,
    /// Both; the schema given counts where both know something.
    GivenFirst,
    /// Both; the built-in one counts where both know something.
    BuiltinFirst,
}

/// The lists that patches merge, by the kinds of objects.
#[derive(Clone, Debug, Default)]
pub struct MergeSchema {
    layers: Layers,
    given: Option<Arc<OpenApi>>,
}

/// The schema of a mapping, or of the elements of a list.
#[derive(Clone, Debug)]
pub enum Type {
    /// A row of the built-in table.
    Builtin(&'static merge_keys::Type),
    /// A schema that users give.
    Given(Node),
}

/// The keys whose values make an element of a list the same; none for a list of plain values, which are
/// the same when they are equal.
#[derive(Clone, Debug)]
pub enum Keys {
    /// Of the built-in table.
    Builtin(&'static [&'static str]),
    /// Of a schema that users give.
    Given(Arc<[Text]>),
}

impl Keys {
    /// The names of the keys.
    #[must_use]
    pub fn names(&self) -> Cow<'_, [&str]> {
        match self {
            Self::Builtin(names) => Cow::Borrowed(names),
            Self::Given(names) => names.iter().map(Text::as_str).collect(),
        }
    }
}

/// What the schema says of a node.
#[derive(Clone, Debug, Default)]
pub struct Shape {
    /// Set for a list that merges.
    pub keys: Option<Keys>,
    /// The type of the mapping, or of the list's elements.
    pub inner: Option<Type>,
}

impl Shape {
    /// The shape of the elements of a list.
    #[must_use]
    pub fn element(&self) -> Self {
        Self { keys: None, inner: self.inner.clone() }
    }
}

impl MergeSchema {
    /// What kustomize knows of Kubernetes' own kinds.
    #[must_use]
    pub const fn builtin() -> Self {
        Self { layers: Layers::Builtin, given: None }
    }

    /// A schema that a user gives, and how it stands to the built-in one.
    #[must_use]
    pub fn with(given: Arc<OpenApi>, layers: Layers) -> Self {
        Self { layers, given: Some(given) }
    }

    fn find(
        &self,
        given: impl Fn(&OpenApi) -> Option<Node>,
        builtin: impl Fn() -> Option<&'static merge_keys::Type>,
    ) -> Option<Type> {
        let given = || self.given.as_deref().and_then(&given).map(Type::Given);
        let builtin = || builtin().map(Type::Builtin);
        match self.layers {
            Layers::Builtin => builtin(),
            Layers::Given => given(),
            Layers::GivenFirst => given().or_else(builtin),
            Layers::BuiltinFirst => builtin().or_else(given),
        }
    }

    /// The type of objects of a kind; `None` for kinds that are unknown, or built in and without lists to
    /// merge.
    ///
    /// `api_version` is `group/version`, or the version alone for the core group.
    #[must_use]
    pub fn kind(&self, api_version: &str, kind: &str) -> Option<Type> {
        // Kustomize adds the definitions of its own kinds to whatever schema it has.
        if api_version.starts_with("kustomize.config.k8s.io/") {
            return merge_keys::kind(api_version, kind).map(Type::Builtin);
        }
        self.find(
            |given| given.kinds.get(&(Text::from(api_version), Text::from(kind))).cloned(),
            || merge_keys::kind(api_version, kind),
        )
    }

    /// The shape of the field `name` of a mapping.
    #[must_use]
    pub fn field(&self, parent: &Type, name: &str) -> Shape {
        match parent {
            Type::Builtin(parent) => parent.field(name).map_or(Shape::default(), |field| Shape {
                keys: field.merge_keys().map(Keys::Builtin),
                inner: field.inner().map(Type::Builtin),
            }),
            Type::Given(parent) => {
                let named = parent.at(&["properties", name]);
                let any = || parent.get("additionalProperties").filter(|node| node.is_map());
                named.or_else(any).map_or(Shape::default(), |field| self.shape(field))
            }
        }
    }

    /// The shape that a schema gives to a node.
    #[must_use]
    pub fn shape(&self, schema: &Node) -> Shape {
        let schema = match self.resolve(Type::Given(schema.clone())) {
            Some(Type::Given(schema)) => schema,
            inner => return Shape { keys: None, inner },
        };
        let keys = merge_keys_of(&schema);
        let inner = match is_array(&schema) {
            true => schema.get("items").filter(|items| items.is_map()).cloned().map(Type::Given),
            false => return Shape { keys, inner: Some(Type::Given(schema)) },
        };
        Shape { keys, inner: inner.and_then(|items| self.resolve(items)) }
    }

    /// Follows references to their end.
    fn resolve(&self, mut found: Type) -> Option<Type> {
        for _ in 0..MAX_REFERENCES {
            let Type::Given(schema) = &found else { return Some(found) };
            let Some(reference) = schema.get("$ref").and_then(Node::as_str).filter(|text| !text.is_empty())
            else {
                return Some(found);
            };
            found = self.definition(reference)?;
        }
        None
    }

    /// What a JSON pointer such as `#/definitions/io.example.Spec` leads to.
    fn definition(&self, reference: &str) -> Option<Type> {
        let (_, pointer) = reference.split_once('#')?;
        let mut way =
            pointer.strip_prefix('/')?.split('/').map(|part| part.replace("~1", "/").replace("~0", "~"));
        let name = (way.next()? == "definitions").then(|| way.next()).flatten()?;
        let found =
            self.find(|given| given.definitions.get(&name).cloned(), || merge_keys::definition(&name))?;
        way.try_fold(found, |at, part| match at {
            Type::Given(schema) => schema.get(&part).cloned().map(Type::Given),
            Type::Builtin(_) => None,
        })
    }
}

fn is_array(schema: &Node) -> bool {
    match schema.get("type") {
        Some(found) => match found.as_seq() {
            Some([only]) => only.as_str() == Some("array"),
            _ => found.as_str() == Some("array"),
        },
        None => false,
    }
}

/// The keys by which a list merges, if it does.
fn merge_keys_of(schema: &Node) -> Option<Keys> {
    let strategy = schema.get(STRATEGY)?.as_str()?;
    if !strategy.split(',').any(|part| part == "merge") {
        return None;
    }
    let text = |node: &Node| node.as_str().map(Text::from);
    let keys: Vec<Text> = match (schema.get(MERGE_KEYS).and_then(Node::as_seq), schema.get(MERGE_KEY)) {
        (Some(keys), _) => keys.iter().filter_map(text).collect(),
        (None, key) => key.and_then(text).into_iter().collect(),
    };
    Some(Keys::Given(keys.into()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn schema() -> Arc<OpenApi> {
        let list = json!({"type": "array", "items": {"$ref": "#/definitions/item"},
            "x-kubernetes-patch-strategy": "merge,retainKeys", "x-kubernetes-patch-merge-key": "id"});
        let root = json!({
            "definitions": {
                "lamp": {
                    "properties": {
                        "bulbs": list,
                        "wires": {"type": "array", "items": {"type": "string"}},
                        "marks": {"type": ["array"], "x-kubernetes-patch-strategy": "merge"},
                        "sockets": {"type": "array", "x-kubernetes-patch-strategy": "merge",
                            "x-kubernetes-list-map-keys": ["a", "b"], "x-kubernetes-patch-merge-key": "a"},
                        "by-reference": {"$ref": "other.json#/definitions/lamp/properties/bulbs"},
                        "lost": {"$ref": "#/definitions/nothing"},
                        "circle": {"$ref": "#/definitions/circle"},
                        "rooms": {"additionalProperties": {"$ref": "#/definitions/lamp"}},
                        "pod": {"$ref": "#/definitions/io.k8s.api.core.v1.PodSpec"},
                    },
                    "x-kubernetes-group-version-kind": [{"group": "example.com", "version": "v1", "kind": "Lamp"}],
                },
                "item": {"type": "object", "properties": {"more": list}},
                "circle": {"$ref": "#/definitions/circle"},
            },
            "paths": {
                "/apis/example.com/v1/lamps": {"get": {"x-kubernetes-group-version-kind":
                    {"group": "example.com", "version": "v1", "kind": "Lamp"}}},
                "/apis/example.com/v1/rooms": {"get": {"x-kubernetes-group-version-kind":
                    {"group": "example.com", "version": "v1", "kind": "Room"}}},
                "/apis/example.com/v1/namespaces/{namespace}/rooms": {"get": {"x-kubernetes-group-version-kind":
                    {"group": "example.com", "version": "v1", "kind": "Room"}}},
            },
        });
        Arc::new(OpenApi::new(&Node::from(&root)).unwrap())
    }

    fn keys(schema: &MergeSchema, api_version: &str, kind: &str, path: &[&str]) -> Option<String> {
        let start = Shape { keys: None, inner: schema.kind(api_version, kind) };
        let end = path.iter().try_fold(start, |at, name| Some(schema.field(at.inner.as_ref()?, name)))?;
        end.keys.map(|keys| keys.names().join(" "))
    }

    #[test]
    fn lists_merge_by_the_keys_of_the_schema() {
        let given = MergeSchema::with(schema(), Layers::Given);
        for (path, want) in [
            (&["bulbs"][..], Some("id")),
            (&["bulbs", "more", "more"], Some("id")),
            (&["wires"], None),
            (&["marks"], Some("")),
            (&["sockets"], Some("a b")),
            (&["by-reference"], Some("id")),
            (&["lost"], None),
            (&["circle"], None),
            (&["rooms", "any", "bulbs"], Some("id")),
            (&["pod", "containers"], None),
        ] {
            assert_eq!(keys(&given, "example.com/v1", "Lamp", path).as_deref(), want, "{path:?}");
        }
    }

    #[test]
    fn layers_say_which_schemas_count() {
        let pod = ("v1", "Pod", &["spec", "containers"][..]);
        let lamp = ("example.com/v1", "Lamp", &["bulbs"][..]);
        let lamp_pod = ("example.com/v1", "Lamp", &["pod", "containers"][..]);
        let own = ("kustomize.config.k8s.io/v1beta1", "Kustomization", &["configMapGenerator"][..]);
        for (layers, want) in [
            (Layers::Builtin, [true, false, false, true]),
            (Layers::Given, [false, true, false, true]),
            (Layers::GivenFirst, [true, true, true, true]),
            (Layers::BuiltinFirst, [true, true, true, true]),
        ] {
            let schema = MergeSchema::with(schema(), layers);
            let found = [pod, lamp, lamp_pod, own]
                .map(|(api_version, kind, path)| keys(&schema, api_version, kind, path).is_some());
            assert_eq!(found, want, "{layers:?}");
        }
    }

    #[test]
    fn paths_say_what_is_of_the_cluster() {
        let schema = schema();
        let is_cluster = |kind| schema.is_cluster_scoped(&Text::from("example.com/v1"), &Text::from(kind));
        assert_eq!(["Lamp", "Room", "Other"].map(is_cluster), [true, false, false]);
    }

    #[test]
    fn what_is_no_schema_is_refused() {
        for (root, want) in [
            (json!([]), "the schema must be a mapping"),
            (json!({"definitions": []}), "`definitions` must be a mapping"),
            (json!({"definitions": {"a": 1}}), "a definition must be a mapping"),
            (json!({"paths": 1}), "`paths` must be a mapping"),
            (
                json!({"definitions": {"a": {"x-kubernetes-group-version-kind": [{"kind": "A"}]}}}),
                "an entry of `x-kubernetes-group-version-kind` must have a `version` and a `kind`",
            ),
        ] {
            assert_eq!(OpenApi::new(&Node::from(&root)).unwrap_err().1, want);
        }
        assert!(OpenApi::new(&Node::from(&json!({"components": {}}))).is_ok());
    }
}
