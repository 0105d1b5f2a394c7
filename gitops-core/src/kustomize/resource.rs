//! An object on its way through the build, with the names it has had.
//!
//! Kustomize keeps this bookkeeping as annotations on the object; here it lives beside it.

use std::borrow::Cow;
use std::sync::LazyLock;

use crate::kustomize::decode::Spanned;
use crate::kustomize::history::Version;
use crate::kustomize::openapi::Scopes;
use crate::node::{Entry, Map, Node, Span, Text, Value};
use crate::object::{LabelSelector, group_version};

/// The namespace that stands for "has none" in an effective id.
const NO_NAMESPACE: &str = "_non_namespaceable_";

static EFFECTIVE_NONE: LazyLock<Text> = LazyLock::new(|| Text::from(NO_NAMESPACE));
static EFFECTIVE_DEFAULT: LazyLock<Text> = LazyLock::new(|| Text::from("default"));

/// Annotations that kustomize uses for its bookkeeping; they never reach the output.
const BUILD_ANNOTATIONS: &[&str] = &[
    "internal.config.kubernetes.io/previousKinds",
    "internal.config.kubernetes.io/previousNames",
    "internal.config.kubernetes.io/prefixes",
    "internal.config.kubernetes.io/suffixes",
    "internal.config.kubernetes.io/previousNamespaces",
    "internal.config.kubernetes.io/allowNameChange",
    "internal.config.kubernetes.io/allowKindChange",
    "internal.config.kubernetes.io/refBy",
    "internal.config.kubernetes.io/generatorBehavior",
    "internal.config.kubernetes.io/needsHashSuffix",
    "internal.config.kubernetes.io/path",
    "internal.config.kubernetes.io/index",
    "internal.config.kubernetes.io/seqindent",
    "internal.config.kubernetes.io/id",
    "internal.config.kubernetes.io/annotations-migration-resource-id",
    "config.kubernetes.io/path",
    "config.kubernetes.io/index",
    "config.k8s.io/id",
    "internal.config.kubernetes.io/helm-generated",
];

/// Written by `buildMetadata`, dropped unless asked for.
pub(crate) const ORIGIN: &str = "config.kubernetes.io/origin";
pub(crate) const TRANSFORMATIONS: &str = "alpha.config.kubernetes.io/transformations";

/// What makes two objects the same one: type, name, and the namespace they end up in.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct ResId {
    pub(crate) api_version: Text,
    pub(crate) kind: Text,
    pub(crate) name: Text,
    /// `default` for none, a marker for objects of the cluster.
    pub(crate) namespace: Text,
}

impl ResId {
    /// An id of its parts; `namespace` as written.
    pub(crate) fn new(api_version: Text, kind: Text, name: Text, namespace: &Text, scopes: &Scopes) -> Self {
        let namespace = effective_namespace(&api_version, &kind, namespace, scopes);
        Self { api_version, kind, name, namespace }
    }

    pub(crate) fn group(&self) -> &str {
        group_version(&self.api_version).0
    }

    pub(crate) fn version(&self) -> &str {
        group_version(&self.api_version).1
    }

    pub(crate) fn is_cluster_scoped(&self) -> bool {
        self.namespace == NO_NAMESPACE
    }
}

impl std::fmt::Display for ResId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} {} ", self.api_version, self.kind)?;
        if !self.is_cluster_scoped() {
            write!(f, "{}/", self.namespace)?;
        }
        f.write_str(&self.name)
    }
}

/// The text of a scalar as written; none of anything else.
fn text_of(node: &Node) -> Text {
    match &node.value {
        Value::String(text) => text.clone(),
        Value::Plain(plain) => plain.shared_text().clone(),
        Value::Null | Value::Seq(_) | Value::Map(_) => Text::empty(),
        _ => node.text().map_or(Text::empty(), |text| Text::from(&*text)),
    }
}

fn effective_namespace(api_version: &Text, kind: &Text, namespace: &Text, scopes: &Scopes) -> Text {
    if scopes.is_cluster_scoped(api_version, kind) {
        EFFECTIVE_NONE.clone()
    } else if namespace.is_empty() {
        EFFECTIVE_DEFAULT.clone()
    } else {
        namespace.clone()
    }
}

/// A name, namespace and kind that an object had before.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Previous {
    pub(crate) name: Text,
    /// The effective namespace.
    pub(crate) namespace: Text,
    pub(crate) kind: Text,
}

/// How a generated object meets one that exists.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub(crate) enum Behavior {
    #[default]
    Create,
    Merge,
    Replace,
}

/// An object and its history within one build.
#[derive(Clone, Debug)]
pub(crate) struct Resource {
    pub(crate) node: Node,
    /// Ids it had, oldest first.
    pub(crate) previous: Vec<Previous>,
    pub(crate) prefixes: Vec<Text>,
    pub(crate) suffixes: Vec<Text>,
    pub(crate) behavior: Behavior,
    pub(crate) needs_hash: bool,
    /// Names of the vars that take their value from it.
    pub(crate) vars: Vec<Text>,
    /// What its build knows of kinds.
    scopes: Scopes,
    /// Texts whose places change together ([`crate::kustomize::shared`]).
    pub(crate) shared: Vec<Text>,
    /// What it was after each step, if the caller wants the history.
    pub(crate) versions: Vec<Version>,
}

impl Resource {
    /// A resource as read from a file. Bookkeeping annotations that a user wrote work as they do in
    /// kustomize where they have an effect on the result.
    pub(crate) fn new(node: Node, scopes: &Scopes) -> Self {
        let needs_hash = node
            .at(&["metadata", "annotations", "internal.config.kubernetes.io/needsHashSuffix"])
            .and_then(Node::as_str)
            == Some("enabled");
        let mut resource = Self {
            node,
            previous: Vec::new(),
            prefixes: Vec::new(),
            suffixes: Vec::new(),
            behavior: Behavior::Create,
            needs_hash,
            vars: Vec::new(),
            scopes: scopes.clone(),
            shared: Vec::new(),
            versions: Vec::new(),
        };
        resource.read_history();
        resource
    }

    /// Takes the history that annotations of an earlier build tell.
    fn read_history(&mut self) {
        let list = |name: &str| -> Vec<Text> {
            let text = self.annotation(&format!("internal.config.kubernetes.io/{name}")).map(as_text);
            text.map_or(Vec::new(), |text| text.text.split(',').map(Text::from).collect())
        };
        let annotations = self.node.at(&["metadata", "annotations"]).and_then(Node::as_map);
        if !annotations.is_some_and(|map| map.keys().any(|key| key.starts_with("internal.config."))) {
            return;
        }
        let (names, namespaces, kinds) =
            (list("previousNames"), list("previousNamespaces"), list("previousKinds"));
        let (prefixes, suffixes) = (list("prefixes"), list("suffixes"));
        if names.len() == namespaces.len() && names.len() == kinds.len() {
            let rows = names.into_iter().zip(namespaces).zip(kinds);
            self.previous =
                rows.map(|((name, namespace), kind)| Previous { name, namespace, kind }).collect();
        }
        (self.prefixes, self.suffixes) = (prefixes, suffixes);
    }

    fn text_at(&self, keys: &[&str]) -> Text {
        self.node.at(keys).map_or(Text::empty(), text_of)
    }

    fn text_unless_null(&self, keys: &[&str]) -> Text {
        match self.node.at(keys) {
            Some(node) if !node.is_null() => text_of(node),
            _ => Text::empty(),
        }
    }

    /// As written, even if that is `null`.
    pub(crate) fn api_version(&self) -> Text {
        self.text_at(&["apiVersion"])
    }

    pub(crate) fn kind(&self) -> Text {
        self.text_unless_null(&["kind"])
    }

    pub(crate) fn name(&self) -> Text {
        self.text_unless_null(&["metadata", "name"])
    }

    /// Whether it has this name now, without building its id.
    pub(crate) fn is_named(&self, name: &str) -> bool {
        let own = self.node.at(&["metadata", "name"]).and_then(Node::text);
        own.as_deref().unwrap_or("") == name
    }

    /// The namespace as written.
    pub(crate) fn namespace(&self) -> Text {
        self.text_unless_null(&["metadata", "namespace"])
    }

    /// The id it has now.
    pub(crate) fn id(&self) -> ResId {
        ResId::new(self.api_version(), self.kind(), self.name(), &self.namespace(), &self.scopes)
    }

    /// The ids it had, oldest first; their group and version are those of now.
    pub(crate) fn previous_ids(&self) -> impl Iterator<Item = ResId> + '_ {
        let api_version = self.api_version();
        self.previous.iter().map(move |previous| ResId {
            api_version: api_version.clone(),
            kind: previous.kind.clone(),
            name: previous.name.clone(),
            namespace: previous.namespace.clone(),
        })
    }

    /// The id it had first.
    pub(crate) fn original_id(&self) -> ResId {
        self.previous_ids().next().unwrap_or_else(|| self.id())
    }

    /// The name it had first.
    pub(crate) fn original_name(&self) -> Text {
        self.previous.first().map_or_else(|| self.name(), |previous| previous.name.clone())
    }

    /// Remembers the present id before something changes it.
    pub(crate) fn store_previous_id(&mut self) {
        let id = self.id();
        let previous = Previous { name: id.name, namespace: id.namespace, kind: id.kind };
        // Kustomize stores repeats too; they change no answer.
        if self.previous.last() != Some(&previous) {
            self.previous.push(previous);
        }
    }

    /// The place of the name, or of the object.
    pub(crate) fn span(&self) -> Span {
        let name = self.node.at(&["metadata", "name"]).map_or(Span::NONE, |name| name.span);
        name.or(self.node.span)
    }

    /// Sets `metadata.<field>` to text.
    pub(crate) fn set_metadata(&mut self, field: &str, value: &Spanned) {
        let span = value.span;
        let metadata = child_map(&mut self.node, "metadata", span);
        if let Some(metadata) = metadata {
            metadata.insert(field, Node::string(value.text.clone(), span));
        }
    }

    /// Removes `metadata.<field>`.
    pub(crate) fn clear_metadata(&mut self, field: &str) {
        let has = self.node.at(&["metadata", field]).is_some();
        if let Some(metadata) =
            has.then(|| self.node.get_mut("metadata")).flatten().and_then(Node::as_map_mut)
        {
            metadata.remove(field);
        }
    }

    /// Labels or annotations as text.
    pub(crate) fn string_map(&self, field: &str) -> Vec<(Text, Spanned)> {
        let map = self.node.at(&["metadata", field]).and_then(Node::as_map);
        let entries = map.map_or(&[][..], Map::entries).iter();
        entries.map(|entry| (entry.key.clone(), as_text(&entry.value))).collect()
    }

    /// One annotation.
    pub(crate) fn annotation(&self, key: &str) -> Option<&Node> {
        self.node.at(&["metadata", "annotations", key])
    }

    /// An annotation that only kustomize itself should write.
    pub(crate) fn own_annotation(&self) -> Option<&Entry> {
        let annotations = self.node.at(&["metadata", "annotations"])?.as_map()?;
        annotations.entries().iter().find(|entry| BUILD_ANNOTATIONS.contains(&entry.key.as_str()))
    }

    /// Sets one annotation, and turns the values of all others into text, as kustomize does.
    pub(crate) fn set_annotation(&mut self, key: &str, value: &str, span: Span) {
        let Some(metadata) = child_map(&mut self.node, "metadata", span) else { return };
        if metadata.get("annotations").is_none_or(|annotations| !annotations.is_map()) {
            metadata.insert("annotations", Node::map(Map::new(), span));
        }
        let Some(annotations) = metadata.get_mut("annotations").and_then(Node::as_map_mut) else { return };
        texts_only(annotations);
        annotations.insert(key, Node::string(value, span));
    }

    /// Whether a selector, if there is one, accepts the labels or annotations.
    pub(crate) fn is_selected(&self, selector: Option<&LabelSelector>, field: &str) -> bool {
        let map = self.node.at(&["metadata", field]);
        selector.is_none_or(|selector| {
            selector.matches(|key| {
                map.and_then(|map| map.get(key)).map(|value| Cow::Owned(as_text(value).text.to_string()))
            })
        })
    }

    /// Whether kustomize would have bookkeeping annotations on the object by now.
    pub(crate) fn has_bookkeeping(&self) -> bool {
        !(self.previous.is_empty() && self.prefixes.is_empty() && self.suffixes.is_empty()) || self.needs_hash
    }

    /// Drops bookkeeping annotations and turns the values of all others into text, as kustomize does
    /// to every object that has annotations.
    pub(crate) fn finish_annotations(&mut self, keep_origin: bool, keep_transformations: bool) {
        let dropped = |key: &str| {
            BUILD_ANNOTATIONS.contains(&key)
                || (key == ORIGIN && !keep_origin)
                || (key == TRANSFORMATIONS && !keep_transformations)
        };
        let Some(annotations) = self.node.at(&["metadata", "annotations"]) else { return };
        let empty = Map::new();
        let annotations = annotations.as_map().unwrap_or(&empty);
        if annotations.is_empty() {
            // Adding and dropping its own annotations, kustomize drops an empty mapping with them.
            self.clear_metadata("annotations");
            return;
        }
        let clean =
            annotations.iter().all(|(key, value)| matches!(value.value, Value::String(_)) && !dropped(key));
        if clean {
            return;
        }
        let Some(metadata) = self.node.get_mut("metadata").and_then(Node::as_map_mut) else { return };
        let Some(annotations) = metadata.get_mut("annotations").and_then(Node::as_map_mut) else { return };
        annotations.retain(|key, _| !dropped(key));
        texts_only(annotations);
        if annotations.is_empty() {
            metadata.remove("annotations");
        }
    }
}

/// Turns every value into text.
fn texts_only(map: &mut Map) {
    for (_, value) in map.values_mut() {
        if !matches!(value.value, Value::String(_)) {
            let text = as_text(value);
            *value = Node::string(text.text, text.span);
        }
    }
}

/// The text of a scalar, whatever its type; nothing for mappings and lists, as in kustomize.
pub(crate) fn as_text(node: &Node) -> Spanned {
    let text = match &node.value {
        Value::String(text) => text.clone(),
        Value::Plain(plain) => plain.shared_text().clone(),
        _ => node.text().map_or(Text::empty(), |text| Text::from(&*text)),
    };
    Spanned { text, span: node.span }
}

/// The mapping under `key`, made if it is missing or null.
pub(crate) fn child_map<'n>(node: &'n mut Node, key: &str, span: Span) -> Option<&'n mut Map> {
    let map = node.as_map_mut()?;
    if map.get(key).is_none_or(Node::is_null) {
        map.insert(key, Node::map(Map::new(), span));
    }
    map.get_mut(key)?.as_map_mut()
}
