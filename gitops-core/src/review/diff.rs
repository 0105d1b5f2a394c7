//! What differs between two trees, by path: mappings by key, lists by what names their items.

use std::collections::HashMap;
use std::collections::hash_map::DefaultHasher;
use std::hash::{Hash, Hasher};

use super::model::FieldAction;
use super::sequence::{Step, align};
use crate::node::{Node, Path, Scalar, Segment, Span, Value};
pub use crate::object::items::display_path;
use crate::object::items::{Names, best_identity};

/// One difference between two trees.
///
/// Holds the values as they are, those of Secrets too; [`super::compare()`] masks them.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Change {
    /// What happened.
    pub action: FieldAction,
    /// The way for people, list items by name: `spec.containers[web].image`,
    /// `spec.ports[port=80].targetPort`, `args[1]`.
    pub display: String,
    /// The way in the first tree; where the first has no such node, the way to its nearest parent.
    pub before_path: Path,
    /// The way in the second tree; where the second has no such node, the way to its nearest parent.
    pub after_path: Path,
    /// The node of the first tree; for a reordered list, the names of the items both have.
    pub before: Option<Node>,
    /// The node of the second tree; for a reordered list, the names of the items both have.
    pub after: Option<Node>,
}

/// What differs between `before` and `after`; nothing exactly if they are equal.
///
/// Keys are visited in alphabetical order, list items in the order of `before`, then the added ones.
/// The items of a list are matched by the fields that name them
/// ([`crate::knowledge::list_identity`]), of several ways by the one that matches most items, and by
/// the longest common subsequence where there is none. A change inside an item that both have is
/// reported below that item. The order of mapping keys does not count, that of list items does.
#[must_use]
pub fn diff(before: &Node, after: &Node) -> Vec<Change> {
    let mut walk = Walk::default();
    walk.nodes(before, after);
    walk.changes
}

#[derive(Default)]
struct Walk {
    before: Path,
    after: Path,
    display: String,
    /// The innermost mapping key, which names a list.
    field: String,
    changes: Vec<Change>,
}

impl Walk {
    fn nodes(&mut self, before: &Node, after: &Node) {
        if before == after {
            return;
        }
        match (&before.value, &after.value) {
            (Value::Map(a), Value::Map(b)) => {
                let mut keys: Vec<_> =
                    a.keys().chain(b.keys().filter(|key| !a.contains_key(key))).cloned().collect();
                keys.sort_unstable();
                for key in keys {
                    let segment = || Some(Segment::Key(key.clone()));
                    let outer = std::mem::replace(&mut self.field, key.to_string());
                    let label = Path::of_keys(&[&key]).to_string();
                    let dot = if self.display.is_empty() || label.starts_with('[') { "" } else { "." };
                    self.step(segment(), segment(), &format!("{dot}{label}"), a.get(&key), b.get(&key));
                    self.field = outer;
                }
            }
            (Value::Seq(a), Value::Seq(b)) => self.lists(a, b),
            _ => self.record(FieldAction::Changed, Some(before.clone()), Some(after.clone())),
        }
    }

    /// Goes down to a node that at least one side has.
    fn step(
        &mut self,
        before_at: Option<Segment>,
        after_at: Option<Segment>,
        label: &str,
        before: Option<&Node>,
        after: Option<&Node>,
    ) {
        let length = self.display.len();
        self.display.push_str(label);
        let enter = |path: &mut Path, at: Option<Segment>, node: Option<&Node>| match (at, node) {
            (Some(at), Some(_)) => {
                path.push(at);
                true
            }
            _ => false,
        };
        let in_before = enter(&mut self.before, before_at, before);
        let in_after = enter(&mut self.after, after_at, after);
        match (before, after) {
            (Some(before), Some(after)) => self.nodes(before, after),
            (Some(before), None) => self.record(FieldAction::Removed, Some(before.clone()), None),
            (None, Some(after)) => self.record(FieldAction::Added, None, Some(after.clone())),
            (None, None) => {}
        }
        if in_before {
            self.before.pop();
        }
        if in_after {
            self.after.pop();
        }
        self.display.truncate(length);
    }

    fn record(&mut self, action: FieldAction, before: Option<Node>, after: Option<Node>) {
        self.changes.push(Change {
            action,
            display: self.display.clone(),
            before_path: self.before.clone(),
            after_path: self.after.clone(),
            before,
            after,
        });
    }

    fn lists(&mut self, before: &[Node], after: &[Node]) {
        match best_identity(&self.field, before, after) {
            Some(names) => self.named_items(before, after, &names),
            None => self.unnamed_items(before, after),
        }
    }

    fn named_items(&mut self, before: &[Node], after: &[Node], names: &Names) {
        let position = |names: &[String]| -> HashMap<String, usize> {
            names.iter().enumerate().map(|(at, name)| (name.clone(), at)).collect()
        };
        let (in_before, in_after) = (position(&names.before), position(&names.after));
        for (at, (item, name)) in before.iter().zip(&names.before).enumerate() {
            let other = in_after.get(name).copied();
            let other_item = other.and_then(|other| after.get(other));
            let index = Some(Segment::Index(at));
            self.step(index, other.map(Segment::Index), &format!("[{name}]"), Some(item), other_item);
        }
        for (at, (item, name)) in after.iter().zip(&names.after).enumerate() {
            if !in_before.contains_key(name) {
                self.step(None, Some(Segment::Index(at)), &format!("[{name}]"), None, Some(item));
            }
        }
        let common = |names: &[String], other: &HashMap<String, usize>| -> Vec<Node> {
            let names = names.iter().filter(|name| other.contains_key(*name));
            names.map(|name| Node::string(name.as_str(), Span::NONE)).collect()
        };
        let (a, b) = (common(&names.before, &in_after), common(&names.after, &in_before));
        if a != b {
            let list = |items| Some(Node::seq(items, Span::NONE));
            self.record(FieldAction::Reordered, list(a), list(b));
        }
    }

    fn unnamed_items(&mut self, before: &[Node], after: &[Node]) {
        let a: Vec<_> = before.iter().map(Hashed::new).collect();
        let b: Vec<_> = after.iter().map(Hashed::new).collect();
        let (mut removed, mut added) = (Vec::new(), Vec::new());
        for step in align(&a, &b) {
            match step {
                Step::Removed(at) => removed.push(at),
                Step::Added(at) => added.push(at),
                Step::Same(..) => self.gap(before, after, &mut removed, &mut added),
            }
        }
        self.gap(before, after, &mut removed, &mut added);
    }

    /// Items between two that both lists have: the first removed one became the first added one, and
    /// so on.
    fn gap(&mut self, before: &[Node], after: &[Node], removed: &mut Vec<usize>, added: &mut Vec<usize>) {
        for nth in 0..removed.len().max(added.len()) {
            let (i, j) = (removed.get(nth).copied(), added.get(nth).copied());
            let Some(shown) = j.or(i) else { continue };
            self.step(
                i.map(Segment::Index),
                j.map(Segment::Index),
                &format!("[{shown}]"),
                i.and_then(|i| before.get(i)),
                j.and_then(|j| after.get(j)),
            );
        }
        removed.clear();
        added.clear();
    }
}

/// The path in `to` of what `path` leads to in `from`: items of lists by name, or at the same index
/// where they have none. `None` where `to` has no such node.
#[must_use]
pub fn counterpart(from: &Node, path: &Path, to: &Node) -> Option<Path> {
    let mut out = Path::new();
    let mut field = "";
    let (mut from, mut to) = (from, to);
    for segment in path.segments() {
        match segment {
            Segment::Key(key) => {
                (from, to) = (from.get(key)?, to.get(key)?);
                field = key;
                out.push(segment.clone());
            }
            Segment::Index(at) => {
                let (before, after) = (from.as_seq()?, to.as_seq()?);
                let there = match best_identity(field, before, after) {
                    Some(names) => {
                        let name = names.before.get(*at)?;
                        names.after.iter().position(|other| other == name)?
                    }
                    None => *at,
                };
                (from, to) = (before.get(*at)?, after.get(there)?);
                out.push(Segment::Index(there));
            }
        }
    }
    Some(out)
}

/// A node with a hash, so that most unequal pairs are told apart without a walk.
struct Hashed<'a> {
    hash: u64,
    node: &'a Node,
}

impl<'a> Hashed<'a> {
    fn new(node: &'a Node) -> Self {
        Self { hash: hash(node), node }
    }
}

impl PartialEq for Hashed<'_> {
    fn eq(&self, other: &Self) -> bool {
        self.hash == other.hash && self.node == other.node
    }
}

/// Equal nodes have equal hashes: the order of keys does not count, `1` and `1.0` are the same.
fn hash(node: &Node) -> u64 {
    let mut hasher = DefaultHasher::new();
    match (&node.value, node.scalar()) {
        (Value::Map(map), _) => {
            // A sum does not depend on the order.
            let entries = map.iter().map(|(key, value)| {
                let mut hasher = DefaultHasher::new();
                (key.as_str(), hash(value)).hash(&mut hasher);
                hasher.finish()
            });
            (1, entries.fold(0, u64::wrapping_add)).hash(&mut hasher);
        }
        (Value::Seq(items), _) => {
            2.hash(&mut hasher);
            items.iter().for_each(|item| hash(item).hash(&mut hasher));
        }
        (_, Some(Scalar::Bool(value))) => (3, value).hash(&mut hasher),
        (_, Some(Scalar::String(text))) => (4, text).hash(&mut hasher),
        // Numbers of different types may be equal.
        (_, Some(Scalar::Int(_) | Scalar::Uint(_) | Scalar::Float(_))) => 5.hash(&mut hasher),
        (_, Some(Scalar::Null) | None) => 6.hash(&mut hasher),
    }
    hasher.finish()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::{Value as Json, json};

    fn lines(before: Json, after: Json) -> Vec<String> {
        let (before, after) = (Node::from(&before), Node::from(&after));
        let text = |node: &Option<Node>| node.as_ref().map(|node| serde_json::to_string(node).unwrap());
        diff(&before, &after)
            .iter()
            .map(|change| {
                let values: Vec<_> =
                    [text(&change.before), text(&change.after)].into_iter().flatten().collect();
                format!("{} {} {}", change.action.name(), change.display, values.join(" -> "))
            })
            .collect()
    }

    #[test]
    fn differences_are_named_by_path() {
        let containers = |list: Json| json!({"spec": {"containers": list}});
        for (before, after, want) in [
            (json!({"a": 1, "b": 2}), json!({"b": 2, "a": 1}), vec![]),
            (json!({"a": 1}), json!({"a": 1.0}), vec![]),
            (json!({"a": 1}), json!({"a": "1"}), vec!["changed a 1 -> \"1\""]),
            (json!({"a": {"b.c/d": 1}}), json!({"a": {"b.c/d": 2}}), vec!["changed a[\"b.c/d\"] 1 -> 2"]),
            (json!({"a": {}}), json!({}), vec!["removed a {}"]),
            (json!({"a": {"x": 1}}), json!({"a": 1}), vec!["changed a {\"x\":1} -> 1"]),
            (
                containers(json!([{"name": "web", "image": "a:1"}, {"name": "db"}])),
                containers(json!([{"name": "sidecar"}, {"name": "web", "image": "a:2"}])),
                vec![
                    "changed spec.containers[web].image \"a:1\" -> \"a:2\"",
                    "removed spec.containers[db] {\"name\":\"db\"}",
                    "added spec.containers[sidecar] {\"name\":\"sidecar\"}",
                ],
            ),
            (
                containers(json!([{"name": "a"}, {"name": "b"}])),
                containers(json!([{"name": "b"}, {"name": "a"}])),
                vec!["reordered spec.containers [\"a\",\"b\"] -> [\"b\",\"a\"]"],
            ),
            (
                json!({"ports": [{"containerPort": 80}, {"containerPort": 80, "protocol": "UDP"}]}),
                json!({"ports": [{"containerPort": 80, "protocol": "TCP"}, {"containerPort": 80, "protocol": "UDP", "name": "x"}]}),
                vec![
                    "added ports[containerPort=80].protocol \"TCP\"",
                    "added ports[containerPort=80,protocol=UDP].name \"x\"",
                ],
            ),
            (
                // The port's number changed, its name did not: the name matches more items.
                json!({"ports": [{"name": "http", "port": 80}]}),
                json!({"ports": [{"name": "http", "port": 8080}]}),
                vec!["changed ports[http].port 80 -> 8080"],
            ),
            (
                json!({"volumeMounts": [{"name": "v", "mountPath": "/a"}, {"name": "v", "mountPath": "/b"}]}),
                json!({"volumeMounts": [{"name": "v", "mountPath": "/a"}, {"name": "v", "mountPath": "/b", "readOnly": true}]}),
                vec!["added volumeMounts[mountPath=/b].readOnly true"],
            ),
            (
                json!({"args": ["a", "b", "c"]}),
                json!({"args": ["a", "x", "c", "d"]}),
                vec!["changed args[1] \"b\" -> \"x\"", "added args[3] \"d\""],
            ),
            (
                json!({"rules": [{"verbs": ["get"]}, {"verbs": ["list"]}]}),
                json!({"rules": [{"verbs": ["get", "watch"]}, {"verbs": ["list"]}]}),
                vec!["added rules[0].verbs[1] \"watch\""],
            ),
            (json!([1]), json!([]), vec!["removed [0] 1"]),
        ] {
            assert_eq!(lines(before, after), want);
        }
    }

    #[test]
    fn one_tree_alone_shows_the_same_paths() {
        let node = Node::from(
            &json!({"spec": {"containers": [{"name": "web", "args": ["x"]}], "rules": [{"host": "h"}]}}),
        );
        let path = Path::of_keys(&["spec", "containers"]).index(0).key("args").index(0);
        assert_eq!(display_path(&node, &path), "spec.containers[web].args[0]");
        assert_eq!(display_path(&node, &Path::of_keys(&["spec", "rules"]).index(0)), "spec.rules[host=h]");
        assert_eq!(display_path(&node, &Path::of_keys(&["spec", "none"]).index(3)), "spec.none[3]");
    }

    #[test]
    fn a_path_is_found_in_the_other_tree() {
        let one = Node::from(&json!({"c": [{"name": "a"}, {"name": "b", "x": [1, 2]}]}));
        let two = Node::from(&json!({"c": [{"name": "b", "x": [3]}]}));
        let path = Path::of_keys(&["c"]).index(1).key("x");
        assert_eq!(
            counterpart(&one, &path.index(0), &two),
            Some(Path::of_keys(&["c"]).index(0).key("x").index(0))
        );
        assert_eq!(counterpart(&one, &path.index(1), &two), None);
        assert_eq!(counterpart(&one, &Path::of_keys(&["c"]).index(0), &two), None);
    }

    fn tree() -> impl Strategy<Value = Json> {
        let leaf = prop_oneof![
            Just(Json::Null),
            any::<bool>().prop_map(Json::from),
            (0..3i64).prop_map(Json::from),
            "[ab]{0,2}".prop_map(Json::from),
        ];
        leaf.prop_recursive(4, 32, 4, |inner| {
            let key = proptest::sample::select(vec!["name", "key", "ports", "port", "x.y"]);
            prop_oneof![
                proptest::collection::vec(inner.clone(), 0..4).prop_map(Json::from),
                proptest::collection::btree_map(key, inner, 0..4).prop_map(|map| {
                    Json::Object(map.into_iter().map(|(key, value)| (key.to_owned(), value)).collect())
                }),
            ]
        })
    }

    proptest! {
        #[test]
        fn equal_trees_and_only_they_have_no_difference(a in tree(), b in tree()) {
            let (a, b) = (Node::from(&a), Node::from(&b));
            prop_assert_eq!(diff(&a, &a.clone()), vec![]);
            prop_assert_eq!(diff(&a, &b).is_empty(), a == b);
        }

        #[test]
        fn paths_lead_to_the_values(a in tree(), b in tree()) {
            let (a, b) = (Node::from(&a), Node::from(&b));
            for change in diff(&a, &b) {
                if change.action == FieldAction::Reordered {
                    prop_assert!(a.lookup(&change.before_path).is_some_and(Node::is_seq));
                    prop_assert!(b.lookup(&change.after_path).is_some_and(Node::is_seq));
                    continue;
                }
                if change.before.is_some() {
                    prop_assert_eq!(a.lookup(&change.before_path), change.before.as_ref());
                }
                if change.after.is_some() {
                    prop_assert_eq!(b.lookup(&change.after_path), change.after.as_ref());
                }
                prop_assert_ne!(change.before, change.after);
            }
        }
    }
}
