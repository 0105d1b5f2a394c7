//! What is under review: an AdmissionRequest as the webhook, the audit or gator would make it, and the
//! namespace it stands in.

use std::collections::BTreeMap;

use super::matching::{Match, Matcher, Namespace, Source, is_namespace};
use super::options::{EvaluateOptions, Profile};
use crate::knowledge::scope::{Scope, scope};
use crate::node::{Map, Node, Span};
use crate::object::{Object, group_version};
use crate::{Error, ErrorKind, Result};

/// What is asked of the API server.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, serde::Serialize)]
#[serde(rename_all = "UPPERCASE")]
#[non_exhaustive]
pub enum Operation {
    /// A new object.
    Create,
    /// A change of an object.
    Update,
    /// The end of an object, which is then `oldObject`.
    Delete,
    /// A connection, such as `kubectl exec`.
    Connect,
}

impl Operation {
    /// The name in an AdmissionRequest, such as `CREATE`.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Create => "CREATE",
            Self::Update => "UPDATE",
            Self::Delete => "DELETE",
            Self::Connect => "CONNECT",
        }
    }

    /// The operation of a name in an AdmissionRequest.
    pub(super) fn named(name: &str) -> Option<Self> {
        let all = [Self::Create, Self::Update, Self::Delete, Self::Connect];
        all.into_iter().find(|operation| operation.name() == name)
    }
}

/// The Namespace objects known, by name.
pub(super) type Namespaces<'a> = BTreeMap<&'a str, &'a Object>;

/// One request, ready to be matched and evaluated.
pub(super) struct Review<'a> {
    /// What is matched, in Gatekeeper's order: the object, then the old object.
    subjects: Vec<(&'a Object, Namespace<'a>)>,
    /// The Namespace of the request, where known.
    namespace_object: Option<&'a Object>,
    pub(super) source: Source,
    /// The AdmissionRequest, without `namespaceObject`.
    request: Node,
}

impl<'a> Review<'a> {
    /// The review of an object alone.
    pub(super) fn of_object(
        object: &'a Object,
        old: Option<&'a Object>,
        source: Source,
        namespaces: &Namespaces<'a>,
        options: &EvaluateOptions<'a>,
    ) -> Self {
        let name = namespace_of(object, options);
        let deleted = options.operation == Some(Operation::Delete);
        let old_node = if deleted { Some(&object.node) } else { old.map(|old| &old.node) };
        let mut request = empty_request();
        if let Some(map) = request.as_map_mut() {
            let (group, version) = group_version(object.api_version());
            map.insert("kind", texts([("group", group), ("version", version), ("kind", object.kind())]));
            let operation = options.operation.map_or("", Operation::name);
            map.insert("operation", Node::string(operation, Span::NONE));
            if let Some(user) = options.user_info {
                map.insert("userInfo", user.clone());
            }
            map.insert("object", object.node.clone());
            map.insert("oldObject", old_node.cloned().unwrap_or_else(Node::null));
            for (key, text) in [("name", object.name()), ("namespace", name)] {
                if !text.is_empty() {
                    map.insert(key, Node::string(text, Span::NONE));
                }
            }
        }
        let place = |object| place_at(object, name, namespaces, options);
        let subjects =
            [Some(object), old].into_iter().flatten().map(|object| (object, place(object))).collect();
        Self { subjects, namespace_object: namespaces.get(name).copied(), source, request }
    }

    /// The review of an AdmissionRequest; `objects` are its `object` and `oldObject`, as
    /// [`request_objects`] gives them.
    pub(super) fn of_request(
        request: &Node,
        objects: &'a (Option<Object>, Option<Object>),
        namespace: &'a str,
        namespaces: &Namespaces<'a>,
        options: &EvaluateOptions<'a>,
    ) -> Self {
        // What gator reads it writes again, with every field; the webhook passes on what it gets.
        let mut full = if options.profile == Profile::Cluster { request.clone() } else { empty_request() };
        if let (Some(map), Some(given)) = (full.as_map_mut(), request.as_map()) {
            for (key, value) in given.iter().filter(|(_, value)| !value.is_null()) {
                map.insert(key.clone(), value.clone());
            }
            if let Some(object) = &objects.0 {
                map.insert("object", object.node.clone());
            }
        }
        let subjects = [&objects.0, &objects.1].into_iter().flatten();
        let subjects = subjects.map(|object| (object, place_at(object, namespace, namespaces, options)));
        Self {
            subjects: subjects.collect(),
            namespace_object: namespaces.get(namespace).copied(),
            source: Source::Original,
            request: full,
        }
    }

    /// The kinds of what is matched.
    pub(super) fn kinds(&self) -> impl Iterator<Item = &str> {
        self.subjects.iter().map(|(object, _)| object.kind())
    }

    /// Whether a constraint is about this: its object or the old one.
    pub(super) fn matches(&self, matcher: &Matcher) -> Match {
        for (object, namespace) in &self.subjects {
            let found = matcher.matches(object, namespace, self.source);
            if found != Match::No {
                return found;
            }
        }
        Match::No
    }

    /// The name by which exclusions know it: a Namespace by its own, all else by the one it stands in.
    pub(super) fn namespace(&self) -> &str {
        match self.subjects.first() {
            Some((object, _)) if is_namespace(object) => object.name(),
            Some((_, namespace)) => namespace.name.unwrap_or(""),
            None => "",
        }
    }

    /// The Namespace's own object, where known; a Namespace's is itself.
    pub(super) fn namespace_labels(&self) -> Option<&Node> {
        match self.subjects.first() {
            Some((object, _)) if is_namespace(object) => object.node.at(&["metadata", "labels"]),
            Some((_, namespace)) => namespace.labels.flatten(),
            None => None,
        }
    }

    /// The operation, as text.
    pub(super) fn operation(&self) -> &str {
        self.request.get("operation").and_then(Node::as_str).unwrap_or("")
    }

    /// `input.review`: the request, and the Namespace that the evaluation is told of.
    pub(super) fn input(&self, profile: Profile) -> Node {
        let mut review = self.request.clone();
        let told = self.namespace_object.filter(|_| profile == Profile::Cluster);
        let namespace = told.map_or_else(|| Node::map(Map::new(), Span::NONE), |known| known.node.clone());
        if let Some(map) = review.as_map_mut() {
            map.insert("namespaceObject", namespace);
        }
        review
    }
}

/// The namespace of an object, as written or by default; empty if none.
fn namespace_of<'a>(object: &'a Object, options: &EvaluateOptions<'a>) -> &'a str {
    let name = object.namespace();
    let defaulted = name.is_empty()
        && options.profile == Profile::Cluster
        && scope(object.api_version(), object.kind()) == Some(Scope::Namespaced);
    if defaulted { options.default_namespace.unwrap_or("") } else { name }
}

/// Where an object stands, as the profile knows it.
pub(super) fn place<'a>(
    object: &'a Object,
    namespaces: &Namespaces<'a>,
    options: &EvaluateOptions<'a>,
) -> Namespace<'a> {
    place_at(object, namespace_of(object, options), namespaces, options)
}

/// The same for a request in the namespace `name`.
pub(super) fn place_at<'a>(
    object: &'a Object,
    name: &'a str,
    namespaces: &Namespaces<'a>,
    options: &EvaluateOptions<'a>,
) -> Namespace<'a> {
    let known = namespaces.get(name).map(|known| known.node.at(&["metadata", "labels"]));
    let written = object.namespace();
    match options.profile {
        _ if known.is_some() => Namespace { namespaced: true, name: Some(name), labels: known },
        // gator test gives an object without a namespace one without a name, and knows `default`.
        Profile::GatorTest if name.is_empty() || name == "default" => {
            Namespace { namespaced: true, name: Some(name), labels: Some(None) }
        }
        Profile::Cluster if !name.is_empty() => {
            Namespace { namespaced: !is_namespace(object), name: Some(name), labels: None }
        }
        _ if !written.is_empty() => Namespace { namespaced: true, name: Some(written), labels: None },
        Profile::Cluster if scope(object.api_version(), object.kind()) == Some(Scope::Namespaced) => {
            Namespace { namespaced: true, name: None, labels: None }
        }
        _ => Namespace::NONE,
    }
}

fn texts<const N: usize>(pairs: [(&str, &str); N]) -> Node {
    let mut map = Map::new();
    for (key, text) in pairs {
        map.insert(key, Node::string(text, Span::NONE));
    }
    Node::map(map, Span::NONE)
}

/// The fields that Go writes of an AdmissionRequest even where they are empty.
fn empty_request() -> Node {
    let mut map = Map::new();
    map.insert("uid", Node::string("", Span::NONE));
    map.insert("kind", texts([("group", ""), ("version", ""), ("kind", "")]));
    map.insert("resource", texts([("group", ""), ("version", ""), ("resource", "")]));
    map.insert("operation", Node::string("", Span::NONE));
    map.insert("userInfo", Node::map(Map::new(), Span::NONE));
    for key in ["object", "oldObject", "options"] {
        map.insert(key, Node::null());
    }
    Node::map(map, Span::NONE)
}

/// The fields of an AdmissionRequest and their types.
const FIELDS: &[(&str, Type)] = &[
    ("uid", Type::Text),
    ("kind", Type::Map),
    ("resource", Type::Map),
    ("subResource", Type::Text),
    ("requestKind", Type::Map),
    ("requestResource", Type::Map),
    ("requestSubResource", Type::Text),
    ("name", Type::Text),
    ("namespace", Type::Text),
    ("operation", Type::Text),
    ("userInfo", Type::Map),
    ("object", Type::Map),
    ("oldObject", Type::Map),
    ("dryRun", Type::Bool),
    ("options", Type::Map),
];

#[derive(Clone, Copy, PartialEq, Eq)]
enum Type {
    Text,
    Map,
    Bool,
}

/// The `object` and `oldObject` of an AdmissionRequest, which is checked first: by gator for its fields
/// too. For a DELETE the object is the old object.
pub(super) fn request_objects(request: &Node, profile: Profile) -> Result<(Option<Object>, Option<Object>)> {
    let bad = |message: String| Error::new(ErrorKind::Argument, "bad-admission-request", message);
    let map = request.as_map().ok_or_else(|| bad("an AdmissionRequest is a mapping".into()))?;
    let strict = profile != Profile::Cluster;
    for (key, value) in map.iter().filter(|_| strict) {
        let Some((_, wanted)) = FIELDS.iter().find(|(name, _)| name == &key.as_str()) else {
            return Err(bad(format!("an AdmissionRequest has no field `{key}`")));
        };
        let found = match value.type_name() {
            _ if value.is_null() => continue,
            "text" => Type::Text,
            "a mapping" => Type::Map,
            "a boolean" => Type::Bool,
            _ => return Err(bad(format!("the field `{key}` cannot be {}", value.type_name()))),
        };
        if found != *wanted {
            return Err(bad(format!("the field `{key}` cannot be {}", value.type_name())));
        }
    }
    let take = |key: &str| -> Result<Option<Object>> {
        let Some(node) = map.get(key).filter(|node| node.is_map()) else { return Ok(None) };
        let object = Object::new(node.clone());
        if strict && object.kind().is_empty() {
            return Err(bad(format!("`{key}` has no kind")));
        }
        Ok(Some(object))
    };
    let (mut object, old) = (take("object")?, take("oldObject")?);
    if map.get("operation").and_then(Node::as_str) == Some(Operation::Delete.name()) {
        if old.is_none() {
            return Err(bad("a DELETE needs an `oldObject`".into()));
        }
        object = old.clone();
    }
    if object.is_none() && old.is_none() {
        return Err(bad("there is neither an `object` nor an `oldObject` to review".into()));
    }
    Ok((object, old))
}
