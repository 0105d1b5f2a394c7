//! `spec.match`: which objects a constraint, or a mutator, is about.
//!
//! Follows Gatekeeper's `pkg/mutation/match` field by field, and its order: a field that cannot be
//! decided is an error only where the fields before it match.

use std::collections::BTreeSet;

use crate::node::Node;
use crate::object::{LabelSelector, Object};
use crate::{Error, ErrorKind, Result};

/// Whether an object was written by someone or made from another by an ExpansionTemplate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Source {
    Original,
    Generated,
}

/// `match.scope`; any other text means both.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Scope {
    Cluster,
    Namespaced,
}

/// `spec.match`, read once.
#[derive(Clone, Debug, Default)]
pub(crate) struct Matcher {
    kinds: Vec<(Vec<String>, Vec<String>)>,
    scope: Option<Scope>,
    namespaces: Vec<String>,
    excluded_namespaces: Vec<String>,
    labels: Option<LabelSelector>,
    namespace_labels: Option<LabelSelector>,
    name: String,
    source: Option<Source>,
}

/// What a match came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Match {
    Yes,
    No,
    /// The Namespace's labels decide, and it is not known.
    NamespaceUnknown,
}

/// What is known of the namespace of an object.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Namespace<'a> {
    /// Whether the object lives in a namespace.
    pub(crate) namespaced: bool,
    /// Its name; `None` passes both lists.
    pub(crate) name: Option<&'a str>,
    /// `metadata.labels` of the Namespace's own object, where that is known.
    pub(crate) labels: Option<Option<&'a Node>>,
}

impl Namespace<'_> {
    /// The place of an object that lives in no namespace.
    pub(crate) const NONE: Self = Self { namespaced: false, name: None, labels: None };
}

/// Whether an object is a Namespace of the core group.
pub(crate) fn is_namespace(object: &Object) -> bool {
    object.kind() == "Namespace" && object.group().is_empty()
}

/// Gatekeeper's globs: `*` first, last or both; nothing inside.
pub(crate) fn glob(pattern: &str, text: &str) -> bool {
    match (pattern.strip_prefix('*'), pattern.strip_suffix('*')) {
        (Some(""), _) => true,
        (Some(rest), Some(_)) => text.contains(rest.strip_suffix('*').unwrap_or(rest)),
        (Some(suffix), None) => text.ends_with(suffix),
        (None, Some(prefix)) => text.starts_with(prefix),
        (None, None) => text == pattern,
    }
}

/// The same against `generateName`, of which only the beginning is known.
fn generated_glob(pattern: &str, text: &str) -> bool {
    pattern.ends_with('*') && glob(pattern, text)
}

fn any_or(list: &[String], text: &str) -> bool {
    list.is_empty() || list.iter().any(|entry| entry == "*" || entry == text)
}

impl Matcher {
    /// Whether this is about an object.
    pub(crate) fn matches(&self, object: &Object, namespace: &Namespace<'_>, source: Source) -> Match {
        let own = is_namespace(object);
        let kinds = self.kinds.is_empty()
            || self
                .kinds
                .iter()
                .any(|(groups, kinds)| any_or(groups, object.group()) && any_or(kinds, object.kind()));
        let scoped = match self.scope {
            None => true,
            Some(Scope::Cluster) => own || !namespace.namespaced,
            Some(Scope::Namespaced) => !own && namespace.namespaced,
        };
        let name = if own { Some(object.name()) } else { namespace.name };
        let in_namespace = name.is_none_or(|name| {
            (self.namespaces.is_empty() || self.namespaces.iter().any(|pattern| glob(pattern, name)))
                && !self.excluded_namespaces.iter().any(|pattern| glob(pattern, name))
        });
        let labelled = self.labels.as_ref().is_none_or(|selector| selector.matches_object(object));
        if !(kinds && scoped && in_namespace && labelled) {
            return Match::No;
        }
        if let Some(selector) = &self.namespace_labels {
            let labels = match (own, namespace.namespaced, namespace.labels) {
                (true, ..) => Some(object.node.at(&["metadata", "labels"])),
                (false, false, _) => None,
                (false, true, Some(labels)) => Some(labels),
                (false, true, None) => return Match::NamespaceUnknown,
            };
            if labels.is_some_and(|labels| !selector.matches_labels(labels)) {
                return Match::No;
            }
        }
        let generated = object.node.at(&["metadata", "generateName"]).and_then(Node::as_str).unwrap_or("");
        let named =
            self.name.is_empty() || glob(&self.name, object.name()) || generated_glob(&self.name, generated);
        if named && self.source.is_none_or(|wanted| wanted == source) { Match::Yes } else { Match::No }
    }

    /// The kinds without which it matches nothing; `None` if any kind may match.
    pub(crate) fn named_kinds(&self) -> Option<BTreeSet<&str>> {
        let open = |kinds: &[String]| kinds.is_empty() || kinds.iter().any(|kind| kind == "*");
        if self.kinds.is_empty() || self.kinds.iter().any(|(_, kinds)| open(kinds)) {
            return None;
        }
        Some(self.kinds.iter().flat_map(|(_, kinds)| kinds.iter().map(String::as_str)).collect())
    }

    /// Reads `spec.match`.
    pub(crate) fn read(node: &Node) -> Result<Self> {
        if !node.is_map() {
            return Err(bad(format!("`spec.match` is a mapping, not {}", node.type_name())));
        }
        let mut kinds = Vec::new();
        if let Some(entries) = present(node, "kinds") {
            let entries =
                entries.as_seq().ok_or_else(|| bad("`match.kinds` is a list of `apiGroups` and `kinds`"))?;
            for entry in entries {
                if !entry.is_map() {
                    return Err(bad("an entry of `match.kinds` has `apiGroups` and `kinds`"));
                }
                let groups = texts(entry, "apiGroups", "match.kinds.apiGroups")?;
                kinds.push((groups, texts(entry, "kinds", "match.kinds.kinds")?));
            }
        }
        let name = text(node, "name")?;
        let namespaces = texts(node, "namespaces", "match.namespaces")?;
        let excluded_namespaces = texts(node, "excludedNamespaces", "match.excludedNamespaces")?;
        let globs = namespaces.iter().chain(&excluded_namespaces).map(String::as_str).chain([name]);
        for pattern in globs {
            if !is_glob(pattern) {
                return Err(bad(format!(
                    "`{pattern}` is no name that Gatekeeper takes: small letters, digits, `-` and `:`, with `*` only first or last"
                )));
            }
        }
        Ok(Self {
            kinds,
            scope: match text(node, "scope")? {
                "Cluster" => Some(Scope::Cluster),
                "Namespaced" => Some(Scope::Namespaced),
                _ => None,
            },
            name: name.to_owned(),
            namespaces,
            excluded_namespaces,
            labels: selector(node, "labelSelector")?,
            namespace_labels: selector(node, "namespaceSelector")?,
            source: match text(node, "source")? {
                "" | "All" => None,
                "Original" => Some(Source::Original),
                "Generated" => Some(Source::Generated),
                other => {
                    return Err(bad(format!(
                        "`match.source` is `All`, `Original` or `Generated`, not `{other}`"
                    )));
                }
            },
        })
    }
}

/// `^\*?[-:a-z0-9]*\*?$`
fn is_glob(pattern: &str) -> bool {
    let inner = pattern.strip_prefix('*').unwrap_or(pattern);
    let inner = inner.strip_suffix('*').unwrap_or(inner);
    inner.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"-:".contains(&byte))
}

fn bad(message: impl Into<String>) -> Error {
    Error::new(ErrorKind::Policy, "bad-constraint", message)
}

fn present<'a>(node: &'a Node, key: &str) -> Option<&'a Node> {
    node.get(key).filter(|node| !node.is_null())
}

fn text<'a>(node: &'a Node, key: &str) -> Result<&'a str> {
    match present(node, key) {
        None => Ok(""),
        Some(node) => {
            node.as_str().ok_or_else(|| bad(format!("`match.{key}` must be text, not {}", node.type_name())))
        }
    }
}

fn texts(node: &Node, key: &str, field: &str) -> Result<Vec<String>> {
    let Some(node) = present(node, key) else { return Ok(Vec::new()) };
    let items = node.as_seq().ok_or_else(|| bad(format!("`{field}` is a list, not {}", node.type_name())))?;
    let text =
        |item: &Node| item.as_str().map(str::to_owned).ok_or_else(|| bad(format!("`{field}` lists texts")));
    items.iter().map(text).collect()
}

fn selector(node: &Node, key: &str) -> Result<Option<LabelSelector>> {
    let Some(node) = present(node, key) else { return Ok(None) };
    LabelSelector::from_node(node)
        .map(Some)
        .map_err(|error| bad(format!("`match.{key}`: {}", error.message())))
}

#[cfg(test)]
mod tests {
    use Match::{NamespaceUnknown as Unknown, No, Yes};
    use serde_json::{Value as Json, json};

    use super::*;

    fn object(json: &Json) -> Object {
        Object::new(Node::from(json))
    }

    fn matcher(json: &Json) -> Matcher {
        Matcher::read(&Node::from(json)).unwrap()
    }

    #[test]
    fn globs_have_stars_at_their_ends_only() {
        for (pattern, text, plain, generated) in [
            ("kube-system", "kube-system", true, false),
            ("kube-system", "kube", false, false),
            ("kube-*", "kube-system", true, true),
            ("kube-*", "my-kube", false, false),
            ("*-system", "kube-system", true, false),
            ("*-system", "kube-public", false, false),
            ("*-kube-*", "my-kube-system", true, true),
            ("*-kube-*", "my-kub-system", false, false),
            ("*--*", "my--namespace", true, true),
            ("**", "my:namespace", true, true),
            ("*", "", true, true),
            ("", "", true, false),
        ] {
            assert_eq!(glob(pattern, text), plain, "{pattern} {text}");
            assert_eq!(generated_glob(pattern, text), generated, "{pattern} {text}");
        }
    }

    #[test]
    fn every_field_selects_as_in_gatekeeper() {
        let deployment = object(&json!({"apiVersion": "apps/v1", "kind": "Deployment",
            "metadata": {"name": "web", "namespace": "team-a", "labels": {"app": "web"}}}));
        let node = object(&json!({"apiVersion": "v1", "kind": "Node", "metadata": {"name": "n1"}}));
        let namespace = object(&json!({"apiVersion": "v1", "kind": "Namespace",
            "metadata": {"name": "team-a", "labels": {"env": "prod"}}}));
        let foreign =
            object(&json!({"apiVersion": "x.io/v1", "kind": "Namespace", "metadata": {"name": "q"}}));
        let labels = Node::from(&json!({"env": "prod"}));
        let known = Namespace { namespaced: true, name: Some("team-a"), labels: Some(Some(&labels)) };
        // matcher; deployment in team-a, node, namespace, a cluster-scoped kind called Namespace
        for (json, expected) in [
            (json!({}), [Yes, Yes, Yes, Yes]),
            (json!({"kinds": []}), [Yes, Yes, Yes, Yes]),
            (json!({"kinds": [{}]}), [Yes, Yes, Yes, Yes]),
            (json!({"kinds": [{"apiGroups": ["apps"], "kinds": ["Deployment"]}]}), [Yes, No, No, No]),
            (json!({"kinds": [{"apiGroups": ["extensions"], "kinds": ["Deployment"]}]}), [No, No, No, No]),
            (json!({"kinds": [{"apiGroups": ["*"], "kinds": ["Node", "Pod"]}]}), [No, Yes, No, No]),
            (json!({"kinds": [{"apiGroups": [""], "kinds": ["*"]}]}), [No, Yes, Yes, No]),
            (json!({"kinds": [{"kinds": ["Node"]}, {"apiGroups": ["apps"]}]}), [Yes, Yes, No, No]),
            (json!({"scope": "Cluster"}), [No, Yes, Yes, Yes]),
            (json!({"scope": "Namespaced"}), [Yes, No, No, No]),
            (json!({"scope": "cluster"}), [Yes, Yes, Yes, Yes]),
            (json!({"scope": "*"}), [Yes, Yes, Yes, Yes]),
            (json!({"namespaces": ["team-*"]}), [Yes, Yes, Yes, Yes]),
            (json!({"namespaces": ["*-b", "kube"]}), [No, Yes, No, Yes]),
            (json!({"excludedNamespaces": ["*am*"]}), [No, Yes, No, Yes]),
            (json!({"excludedNamespaces": ["team"]}), [Yes, Yes, Yes, Yes]),
            (json!({"namespaces": ["team-*"], "excludedNamespaces": ["*-a"]}), [No, Yes, No, Yes]),
            (json!({"labelSelector": {"matchLabels": {"app": "web"}}}), [Yes, No, No, No]),
            (
                json!({"labelSelector": {"matchExpressions": [{"key": "app", "operator": "DoesNotExist"}]}}),
                [No, Yes, Yes, Yes],
            ),
            (json!({"namespaceSelector": {"matchLabels": {"env": "prod"}}}), [Yes, Yes, Yes, Yes]),
            (json!({"namespaceSelector": {"matchLabels": {"env": "dev"}}}), [No, Yes, No, Yes]),
            (json!({"name": "we*"}), [Yes, No, No, No]),
            (json!({"name": "*1"}), [No, Yes, No, No]),
            (json!({"source": "Original"}), [Yes, Yes, Yes, Yes]),
            (json!({"source": "Generated"}), [No, No, No, No]),
            (json!({"source": "All", "name": "web"}), [Yes, No, No, No]),
        ] {
            let matcher = matcher(&json);
            let got = [
                matcher.matches(&deployment, &known, Source::Original),
                matcher.matches(&node, &Namespace::NONE, Source::Original),
                matcher.matches(&namespace, &Namespace::NONE, Source::Original),
                matcher.matches(&foreign, &Namespace::NONE, Source::Original),
            ];
            assert_eq!(got, expected, "{json}");
        }
    }

    #[test]
    fn an_unknown_namespace_is_undecided_only_where_its_labels_decide() {
        let pod = object(&json!({"apiVersion": "v1", "kind": "Pod",
            "metadata": {"generateName": "job-", "namespace": "a"}}));
        let unknown = Namespace { namespaced: true, name: Some("a"), labels: None };
        let bare = Namespace { namespaced: true, name: Some("a"), labels: Some(None) };
        let selector = json!({"matchLabels": {"env": "prod"}});
        for (json, when_unknown, when_bare) in [
            (json!({"namespaceSelector": selector}), Unknown, No),
            (json!({"namespaceSelector": {}}), Unknown, Yes),
            // What comes before decides first, what comes after does not.
            (json!({"namespaceSelector": selector, "kinds": [{"kinds": ["Node"]}]}), No, No),
            (json!({"namespaceSelector": selector, "excludedNamespaces": ["a"]}), No, No),
            (json!({"namespaceSelector": selector, "labelSelector": {"matchLabels": {"x": "y"}}}), No, No),
            (json!({"namespaceSelector": selector, "name": "other"}), Unknown, No),
            (json!({"namespaceSelector": selector, "source": "Generated"}), Unknown, No),
            (json!({"name": "job-*"}), Yes, Yes),
            (json!({"name": "job-"}), No, No),
        ] {
            let matcher = matcher(&json);
            assert_eq!(matcher.matches(&pod, &unknown, Source::Original), when_unknown, "{json}");
            assert_eq!(matcher.matches(&pod, &bare, Source::Original), when_bare, "{json}");
        }
    }

    #[test]
    fn what_is_no_match_is_refused() {
        for json in [
            json!([]),
            json!({"kinds": {}}),
            json!({"kinds": ["Pod"]}),
            json!({"namespaces": ["A"]}),
            json!({"namespaces": ["a*b"]}),
            json!({"excludedNamespaces": "a"}),
            json!({"source": "Elsewhere"}),
            json!({"scope": 1}),
            json!({"labelSelector": {"matchExpressions": [{"key": "a", "operator": "Is"}]}}),
        ] {
            assert_eq!(Matcher::read(&Node::from(&json)).unwrap_err().code(), "bad-constraint", "{json}");
        }
    }
}
