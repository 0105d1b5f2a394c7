//! What is known of the kinds in a comparison: the built-in ones of a release, and custom ones whose
//! CustomResourceDefinition is at hand.

use std::collections::HashMap;
use std::sync::Arc;

use crate::knowledge::KubernetesVersion;
use crate::knowledge::structured_merge::{Schema, Type};
use crate::node::{Node, Text};
use crate::object::Object;

/// The schemas of a cluster. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Schemas {
    builtin: Arc<Schema>,
    custom: HashMap<Text, HashMap<Text, Arc<Custom>>>,
}

#[derive(Debug)]
struct Custom {
    open_api: Node,
    schema: Schema,
    of: Type,
}

impl Default for Schemas {
    fn default() -> Self {
        Self::new(KubernetesVersion::default())
    }
}

impl Schemas {
    /// The built-in kinds of a release.
    #[must_use]
    pub fn new(version: KubernetesVersion) -> Self {
        Self { builtin: Schema::builtin(u32::from(version.minor())), custom: HashMap::new() }
    }

    /// The same and the custom kinds that the CustomResourceDefinitions (`apiextensions.k8s.io/v1`) among
    /// `objects` define, each version that has a schema. Other objects are passed over. Of two
    /// definitions of one kind, the first counts.
    #[must_use]
    pub fn with_definitions<'a>(mut self, objects: impl IntoIterator<Item = &'a Object>) -> Self {
        for object in objects {
            if object.kind() == "CustomResourceDefinition" && object.group() == "apiextensions.k8s.io" {
                self.add(object);
            }
        }
        self
    }

    fn add(&mut self, definition: &Object) {
        let text = |keys: &[&str]| definition.node.at(keys).and_then(Node::as_str).unwrap_or("");
        let (group, kind) = (text(&["spec", "group"]), text(&["spec", "names", "kind"]));
        let versions = definition.node.at(&["spec", "versions"]).and_then(Node::as_seq).unwrap_or_default();
        for version in versions {
            let name = version.get("name").and_then(Node::as_str);
            let (Some(name), Some(open_api)) = (name, version.at(&["schema", "openAPIV3Schema"])) else {
                continue;
            };
            let kinds = self.custom.entry(Text::from(format!("{group}/{name}"))).or_default();
            kinds.entry(Text::from(kind)).or_insert_with(|| {
                let (schema, of) = Schema::custom(&self.builtin, open_api);
                Arc::new(Custom { open_api: open_api.clone(), schema, of })
            });
        }
    }

    fn custom(&self, api_version: &str, kind: &str) -> Option<&Custom> {
        self.custom.get(api_version)?.get(kind).map(Arc::as_ref)
    }

    /// The `openAPIV3Schema` of a custom kind, if its definition was given.
    pub(crate) fn open_api(&self, api_version: &str, kind: &str) -> Option<&Node> {
        self.custom(api_version, kind).map(|custom| &custom.open_api)
    }

    /// How the fields of a kind merge; `None` for a kind that is neither built in nor defined.
    pub(crate) fn merge_type(&self, api_version: &str, kind: &str) -> Option<(&Schema, Type)> {
        match self.custom(api_version, kind) {
            Some(custom) => Some((&custom.schema, custom.of)),
            None => Some((&self.builtin, self.builtin.kind(api_version, kind)?)),
        }
    }

    /// How the fields of kinds merge of which nothing is known.
    pub(crate) fn unknown_type(&self) -> (&Schema, Type) {
        (&self.builtin, self.builtin.unknown_kind())
    }
}
