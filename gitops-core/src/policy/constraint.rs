//! Constraints: which objects they are about, what they demand, and what happens on a violation.
//!
//! Matching follows Gatekeeper's `pkg/mutation/match`; two points differ because there is no cluster:
//! a kind known to be namespaced counts as namespaced even where the object names no namespace, and
//! a `namespaceSelector` on an unknown Namespace is reported as not checked (Gatekeeper rejects).

use regorus::Value;

use super::template::{Template, apply_defaults};
use super::value::{Numbers, to_value};
use crate::knowledge::scope::{Scope, scope};
use crate::node::{Node, SourceMap};
use crate::object::{LabelSelector, Object};
use crate::{Error, ErrorKind, Result};

/// The group of constraints.
pub(crate) const CONSTRAINT_GROUP: &str = "constraints.gatekeeper.sh";

/// A constraint, ready to be matched.
#[derive(Clone, Debug)]
pub(crate) struct Constraint {
    /// Index of its template.
    pub(crate) template: usize,
    pub(crate) name: String,
    pub(crate) node: Node,
    pub(crate) action: Action,
    pub(crate) matcher: Matcher,
    pub(crate) parameters: Value,
}

/// What happens on a violation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Action {
    /// The same everywhere: deny, warn, dryrun, or a text Gatekeeper does not recognise.
    Everywhere(String),
    /// By enforcement point: (action, points).
    Scoped(Vec<(String, Vec<String>)>),
}

impl Action {
    /// The action at an enforcement point, the strictest first; `None` if the constraint is silent there.
    pub(crate) fn at(&self, point: &str) -> Option<&str> {
        match self {
            Self::Everywhere(action) => Some(action),
            Self::Scoped(scoped) => {
                let at_point = |points: &[String]| points.iter().any(|name| name == point || name == "*");
                let actions = scoped.iter().filter(|(_, points)| at_point(points));
                actions.map(|(action, _)| action.as_str()).min_by_key(|action| severity(action))
            }
        }
    }
}

fn severity(action: &str) -> usize {
    ["deny", "warn", "dryrun"].iter().position(|known| *known == action).unwrap_or(3)
}

/// `spec.match`.
#[derive(Clone, Debug, Default)]
pub(crate) struct Matcher {
    kinds: Vec<(Vec<String>, Vec<String>)>,
    scope: Option<Scope>,
    namespaces: Option<Vec<String>>,
    excluded_namespaces: Vec<String>,
    labels: Option<LabelSelector>,
    namespace_labels: Option<LabelSelector>,
    name: Option<String>,
    generated_only: bool,
}

/// What a match came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Match {
    Yes,
    No,
    /// The Namespace's labels decide, and it is not known.
    NamespaceUnknown,
}

/// What matching looks at.
pub(crate) struct Subject<'a> {
    pub(crate) object: &'a Object,
    /// The namespace, as written or by default; empty if none.
    pub(crate) namespace: &'a str,
    /// The Namespace's own object, where known.
    pub(crate) namespace_object: Option<&'a Object>,
}

impl Subject<'_> {
    fn is_namespace(&self) -> bool {
        self.object.kind() == "Namespace" && self.object.group().is_empty()
    }

    fn is_cluster_scoped(&self) -> bool {
        self.is_namespace()
            || (self.namespace.is_empty()
                && scope(self.object.api_version(), self.object.kind()) != Some(Scope::Namespaced))
    }
}

/// Gatekeeper's globs: `*` first, last or both; nothing inside.
fn glob(pattern: &str, text: &str) -> bool {
    match (pattern.strip_prefix('*'), pattern.strip_suffix('*')) {
        (Some(""), _) => true,
        (Some(rest), Some(_)) => text.contains(rest.strip_suffix('*').unwrap_or(rest)),
        (Some(suffix), None) => text.ends_with(suffix),
        (None, Some(prefix)) => text.starts_with(prefix),
        (None, None) => text == pattern,
    }
}

fn any_or(list: &[String], text: &str) -> bool {
    list.is_empty() || list.iter().any(|entry| entry == "*" || entry == text)
}

impl Matcher {
    /// Whether a constraint is about an object.
    pub(crate) fn matches(&self, subject: &Subject<'_>) -> Match {
        let object = subject.object;
        let kinds = self.kinds.is_empty()
            || self
                .kinds
                .iter()
                .any(|(groups, kinds)| any_or(groups, object.group()) && any_or(kinds, object.kind()));
        let scoped = match self.scope {
            None => true,
            Some(Scope::Cluster) => subject.is_cluster_scoped(),
            Some(Scope::Namespaced) => !subject.is_cluster_scoped(),
        };
        let namespace = if subject.is_namespace() { object.name() } else { subject.namespace };
        // An object without a namespace passes both lists, as in `gator verify`.
        let in_namespace = namespace.is_empty()
            || (self
                .namespaces
                .as_ref()
                .is_none_or(|list| list.iter().any(|pattern| glob(pattern, namespace)))
                && !self.excluded_namespaces.iter().any(|pattern| glob(pattern, namespace)));
        let labelled = self.labels.as_ref().is_none_or(|selector| selector.matches_object(object));
        let named = self.name.as_ref().is_none_or(|pattern| {
            let generated =
                object.node.at(&["metadata", "generateName"]).and_then(Node::as_str).unwrap_or("");
            glob(pattern, object.name())
                || (pattern.ends_with('*') && !generated.is_empty() && glob(pattern, generated))
        });
        if !(kinds && scoped && in_namespace && labelled && named) || self.generated_only {
            return Match::No;
        }
        let Some(selector) = self.namespace_labels.as_ref().filter(|selector| !selector.is_empty()) else {
            return Match::Yes;
        };
        let labels_of = if subject.is_namespace() {
            Some(object)
        } else if subject.is_cluster_scoped() {
            return Match::Yes;
        } else {
            subject.namespace_object
        };
        match labels_of {
            None => Match::NamespaceUnknown,
            Some(namespace) if selector.matches_object(namespace) => Match::Yes,
            Some(_) => Match::No,
        }
    }
}

fn bad(message: impl Into<String>) -> Error {
    Error::new(ErrorKind::Policy, "bad-constraint", message)
}

/// Reads a constraint of a template.
pub(crate) fn read(
    object: &Object,
    template: usize,
    of: &Template,
    sources: &SourceMap,
) -> Result<Constraint> {
    let place = sources.locate(object.node.span);
    read_inner(object, template, of, sources)
        .map_err(|error| error.context(format!("{} {}", object.kind(), object.name())).at(place))
}

fn read_inner(object: &Object, template: usize, of: &Template, sources: &SourceMap) -> Result<Constraint> {
    let name = object.name();
    if name.is_empty() || name.len() > 63 {
        return Err(bad("`metadata.name` must have 1 to 63 characters"));
    }
    let spec = object.node.get("spec");
    let at = |node: &Node| sources.locate(node.span);
    let matcher = match spec.and_then(|spec| spec.get("match")).filter(|node| !node.is_null()) {
        Some(node) => read_match(node).map_err(|error| error.at(at(node)))?,
        None => Matcher::default(),
    };
    let mut parameters = spec.and_then(|spec| spec.get("parameters")).cloned().unwrap_or_else(Node::null);
    if let Some(schema) = &of.schema {
        if let (true, Some(default)) = (parameters.is_null(), schema.get("default")) {
            parameters = default.clone();
        }
        apply_defaults(&mut parameters, schema);
    }
    let parameters =
        if parameters.is_null() { Value::new_object() } else { to_value(&parameters, Numbers::Exact) };
    Ok(Constraint {
        template,
        name: name.to_owned(),
        node: object.node.clone(),
        action: read_action(spec)?,
        matcher,
        parameters,
    })
}

fn read_action(spec: Option<&Node>) -> Result<Action> {
    let action = spec.and_then(|spec| spec.get("enforcementAction")).filter(|node| !node.is_null());
    let action = match action {
        None => "deny",
        Some(node) => node.as_str().ok_or_else(|| bad("`spec.enforcementAction` must be text"))?,
    };
    if action != "scoped" {
        return Ok(Action::Everywhere(if action.is_empty() { "deny" } else { action }.to_owned()));
    }
    let mut scoped = Vec::new();
    for entry in
        spec.and_then(|spec| spec.get("scopedEnforcementActions")).and_then(Node::as_seq).unwrap_or(&[])
    {
        let action = entry.get("action").and_then(Node::as_str).unwrap_or("").to_lowercase();
        let points = entry.get("enforcementPoints").and_then(Node::as_seq).unwrap_or(&[]);
        let points =
            points.iter().filter_map(|point| point.get("name")?.as_str().map(str::to_owned)).collect();
        scoped.push((action, points));
    }
    Ok(Action::Scoped(scoped))
}

fn texts(node: Option<&Node>, field: &str) -> Result<Option<Vec<String>>> {
    let Some(node) = node.filter(|node| !node.is_null()) else { return Ok(None) };
    let items = node.as_seq().ok_or_else(|| bad(format!("`{field}` is a list, not {}", node.type_name())))?;
    let text =
        |item: &Node| item.as_str().map(str::to_owned).ok_or_else(|| bad(format!("`{field}` lists texts")));
    Ok(Some(items.iter().map(text).collect::<Result<_>>()?))
}

fn selector(node: Option<&Node>, field: &str) -> Result<Option<LabelSelector>> {
    let Some(node) = node.filter(|node| !node.is_null()) else { return Ok(None) };
    LabelSelector::from_node(node).map(Some).map_err(|error| bad(format!("`{field}`: {}", error.message())))
}

fn read_match(node: &Node) -> Result<Matcher> {
    if !node.is_map() {
        return Err(bad(format!("`spec.match` is a mapping, not {}", node.type_name())));
    }
    let mut kinds = Vec::new();
    if let Some(entries) = node.get("kinds").filter(|node| !node.is_null()) {
        let entries =
            entries.as_seq().ok_or_else(|| bad("`match.kinds` is a list of `apiGroups` and `kinds`"))?;
        for entry in entries {
            if !entry.is_map() {
                return Err(bad("an entry of `match.kinds` has `apiGroups` and `kinds`"));
            }
            let groups = texts(entry.get("apiGroups"), "match.kinds.apiGroups")?.unwrap_or_default();
            kinds.push((groups, texts(entry.get("kinds"), "match.kinds.kinds")?.unwrap_or_default()));
        }
    }
    let text = |key: &str| node.get(key).and_then(Node::as_str).filter(|text| !text.is_empty());
    Ok(Matcher {
        kinds,
        scope: match text("scope") {
            Some("Cluster") => Some(Scope::Cluster),
            Some("Namespaced") => Some(Scope::Namespaced),
            _ => None,
        },
        namespaces: texts(node.get("namespaces"), "match.namespaces")?.filter(|list| !list.is_empty()),
        excluded_namespaces: texts(node.get("excludedNamespaces"), "match.excludedNamespaces")?
            .unwrap_or_default(),
        labels: selector(node.get("labelSelector"), "match.labelSelector")?,
        namespace_labels: selector(node.get("namespaceSelector"), "match.namespaceSelector")?,
        name: text("name").map(str::to_owned),
        generated_only: text("source") == Some("Generated"),
    })
}

#[cfg(test)]
mod tests {
    use serde_json::{Value as Json, json};

    use super::*;

    fn outcome(matcher: Json, object: Json, namespaces: &[Json]) -> Match {
        let matcher = read_match(&Node::from(&matcher)).unwrap();
        let object = Object::new(Node::from(&object));
        let namespaces: Vec<Object> = namespaces.iter().map(|json| Object::new(Node::from(json))).collect();
        let namespace = object.namespace().to_owned();
        let known = namespaces.iter().find(|known| known.name() == namespace);
        matcher.matches(&Subject { object: &object, namespace: &namespace, namespace_object: known })
    }

    #[test]
    fn matches_as_gatekeeper_does() {
        let deployment = json!({"apiVersion": "apps/v1", "kind": "Deployment",
            "metadata": {"name": "web", "namespace": "team-a", "labels": {"app": "web"}}});
        let node = json!({"apiVersion": "v1", "kind": "Node", "metadata": {"name": "n1"}});
        let namespace = json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "team-a", "labels": {"env": "prod"}}});
        let unplaced = json!({"apiVersion": "v1", "kind": "Pod", "metadata": {"generateName": "job-"}});
        use Match::{NamespaceUnknown as Unknown, No, Yes};
        // matcher; deployment, node, namespace, pod without namespace
        for (matcher, expected) in [
            (json!({}), [Yes, Yes, Yes, Yes]),
            (json!({"kinds": [{"apiGroups": ["apps"], "kinds": ["Deployment"]}]}), [Yes, No, No, No]),
            (json!({"kinds": [{"apiGroups": ["*"], "kinds": ["Node", "Pod"]}]}), [No, Yes, No, Yes]),
            (json!({"kinds": [{"apiGroups": [""], "kinds": ["*"]}]}), [No, Yes, Yes, Yes]),
            (json!({"kinds": [{"kinds": ["Pod"]}, {"apiGroups": ["apps"]}]}), [Yes, No, No, Yes]),
            (json!({"kinds": []}), [Yes, Yes, Yes, Yes]),
            (json!({"scope": "Cluster"}), [No, Yes, Yes, No]),
            (json!({"scope": "Namespaced"}), [Yes, No, No, Yes]),
            (json!({"scope": "*"}), [Yes, Yes, Yes, Yes]),
            (json!({"namespaces": ["team-*"]}), [Yes, Yes, Yes, Yes]),
            (json!({"namespaces": ["*-b", "kube"]}), [No, Yes, No, Yes]),
            (json!({"excludedNamespaces": ["*am*"]}), [No, Yes, No, Yes]),
            (json!({"excludedNamespaces": ["team"]}), [Yes, Yes, Yes, Yes]),
            (json!({"labelSelector": {"matchLabels": {"app": "web"}}}), [Yes, No, No, No]),
            (
                json!({"labelSelector": {"matchExpressions": [{"key": "app", "operator": "DoesNotExist"}]}}),
                [No, Yes, Yes, Yes],
            ),
            (json!({"name": "we*"}), [Yes, No, No, No]),
            (json!({"name": "job-*"}), [No, No, No, Yes]),
            (json!({"source": "Generated"}), [No, No, No, No]),
            (json!({"namespaceSelector": {"matchLabels": {"env": "prod"}}}), [Yes, Yes, Yes, Unknown]),
            (json!({"namespaceSelector": {"matchLabels": {"env": "dev"}}}), [No, Yes, No, Unknown]),
        ] {
            let known = [namespace.clone()];
            let got = [&deployment, &node, &namespace, &unplaced]
                .map(|object| outcome(matcher.clone(), object.clone(), &known));
            assert_eq!(got, expected, "{matcher}");
        }
        let selector = json!({"namespaceSelector": {"matchLabels": {"env": "prod"}}});
        assert_eq!(outcome(selector, deployment, &[]), Unknown);
    }

    #[test]
    fn scoped_actions_depend_on_the_point() {
        let spec = Node::from(&json!({"enforcementAction": "scoped", "scopedEnforcementActions": [
            {"action": "warn", "enforcementPoints": [{"name": "*"}]},
            {"action": "deny", "enforcementPoints": [{"name": "validation.gatekeeper.sh"}]},
        ]}));
        let action = read_action(Some(&spec)).unwrap();
        assert_eq!(action.at("validation.gatekeeper.sh"), Some("deny"));
        assert_eq!(action.at("audit.gatekeeper.sh"), Some("warn"));
        assert_eq!(read_action(None).unwrap().at("x"), Some("deny"));
    }
}
