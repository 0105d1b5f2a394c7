//! What a finding is, as a name that stays the same: for acceptances of exactly this violation, for
//! reviews and for alerts.

use sha2::{Digest, Sha256};

use super::Finding;
use crate::knowledge::generated_names::stem;
use crate::node::Node;
use crate::object::items::display_path;
use crate::object::{Object, ObjectId, secret};

/// Values at or below the path that are taken out of a message; more are not looked at.
const MAX_VALUES: usize = 50;

impl Finding {
    /// 32 hexadecimal digits that name the violation: the same in every run, whatever the order of the
    /// findings, whatever else the object holds, and wherever the text stands.
    ///
    /// It is made of `scope` (the name of the environment in a review; empty elsewhere), the template,
    /// the constraint, the object (without its version and without the hash of a generated name), the
    /// container, the path with list items by name, and the message without the value that the path
    /// leads to. So another value at the same place is the same violation, and another message is
    /// another one. `object` is the object that the finding is about.
    #[must_use]
    pub fn fingerprint(&self, object: &Object, scope: &str) -> String {
        let path = self.path.as_ref().filter(|path| !path.is_empty());
        let mut values = Vec::new();
        if let Some(node) = path.and_then(|path| object.lookup(path)) {
            texts(node, &mut values);
        }
        let message = without(&secret::redacted(object, &self.message, &secret::Copies::default()), values);
        let path = path.map(|path| display_path(&object.node, path)).unwrap_or_default();
        let container = self.container.as_deref().unwrap_or("");
        hash(scope, &self.template, &self.constraint, &self.id, &[container, &path, &message])
    }
}

/// The digest of a finding's parts, told apart by their lengths, so that no two lists of parts run into
/// the same text.
pub(crate) fn hash(
    scope: &str,
    template: &str,
    constraint: &str,
    object: &ObjectId,
    more: &[&str],
) -> String {
    let name = stem(&object.kind, &object.name);
    let known = [scope, template, constraint, object.group(), &object.kind, &object.namespace, name];
    let mut hasher = Sha256::new();
    for part in known.iter().chain(more) {
        hasher.update((part.len() as u64).to_be_bytes());
        hasher.update(part.as_bytes());
    }
    hasher.finalize().iter().take(16).map(|byte| format!("{byte:02x}")).collect()
}

fn texts(node: &Node, out: &mut Vec<String>) {
    if out.len() >= MAX_VALUES {
    } else if let Some(map) = node.as_map() {
        map.iter().for_each(|(_, value)| texts(value, out));
    } else if let Some(items) = node.as_seq() {
        items.iter().for_each(|item| texts(item, out));
    } else {
        out.extend(node.text().map(|text| text.into_owned()).filter(|text| !text.is_empty()));
    }
}

/// A message with `*` for each of the values that stands in it as a word or words of its own.
fn without(message: &str, mut values: Vec<String>) -> String {
    // Longest first, so that no value leaves the rest of a longer one behind.
    values.sort_by(|a, b| b.len().cmp(&a.len()).then_with(|| a.cmp(b)));
    values.dedup();
    let mut out = message.to_owned();
    for value in values {
        let mut rest = std::mem::take(&mut out);
        while let Some((before, after)) = rest.split_once(value.as_str()) {
            let inner = |c: Option<char>| c.is_some_and(char::is_alphanumeric);
            let whole = !(inner(before.chars().next_back()) && inner(value.chars().next())
                || inner(after.chars().next()) && inner(value.chars().next_back()));
            out.push_str(before);
            out.push_str(if whole { "*" } else { &value });
            rest = after.to_owned();
        }
        out.push_str(&rest);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::node::Path;
    use crate::policy::FindingKind;
    use proptest::prelude::*;
    use serde_json::json;

    fn object(image: &str) -> Object {
        Object::new(Node::from(
            &json!({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "web", "namespace": "a"},
            "spec": {"containers": [{"name": "side", "image": "side:1"}, {"name": "web", "image": image}]}}),
        ))
    }

    fn finding(object: &Object, message: &str, path: Option<Path>) -> Finding {
        Finding {
            template: "K8sAllowedRepos".into(),
            constraint: "repos".into(),
            enforcement_action: "deny".into(),
            enforcement_actions: vec!["deny".into()],
            object: 0,
            id: object.id(),
            message: message.into(),
            details: None,
            kind: FindingKind::Violation,
            path,
            container: None,
            location: None,
            fingerprint: String::new(),
            accepted: None,
        }
    }

    fn image(at: usize) -> Option<Path> {
        Some(Path::of_keys(&["spec", "containers"]).index(at).key("image"))
    }

    #[test]
    fn fingerprints_tell_what_counts() {
        let one = object("nginx:1.27");
        let found = finding(&one, "image <nginx:1.27> is not allowed", image(1));
        let print = found.fingerprint(&one, "");
        // Stable across releases: people keep these in files.
        assert_eq!(print, "8c118163c1f17cd28c63dff4879d7727");
        // Another value, another order, another version.
        let other = object("nginx:1.28");
        assert_eq!(
            finding(&other, "image <nginx:1.28> is not allowed", image(1)).fingerprint(&other, ""),
            print
        );
        let mut turned = one.clone();
        turned.node.get_mut("spec").unwrap().get_mut("containers").unwrap().as_seq_mut().unwrap().reverse();
        let again = Finding { path: image(0), object: 7, ..found.clone() };
        assert_eq!(again.fingerprint(&turned, ""), print);
        // What makes another violation.
        let differ = [
            (Finding { constraint: "other".into(), ..found.clone() }, ""),
            (Finding { template: "K8sAllowedReposr".into(), constraint: "epos".into(), ..found.clone() }, ""),
            (Finding { message: "image <nginx:1.27> has no digest".into(), ..found.clone() }, ""),
            (Finding { path: image(0), ..found.clone() }, ""),
            (Finding { container: Some("web".into()), ..found.clone() }, ""),
            (found.clone(), "prod"),
        ];
        for (different, scope) in differ {
            assert_ne!(different.fingerprint(&one, scope), print, "{different:?}");
        }
        // Without a path the message is all there is to tell violations apart.
        let labels = |message| finding(&one, message, None).fingerprint(&one, "");
        assert_ne!(labels("the label <owner> is missing"), labels("the label <team> is missing"));
    }

    #[test]
    fn values_leave_messages_as_words() {
        for (message, values, want) in [
            ("image <a:1> of a:1", vec!["a:1"], "image <*> of *"),
            ("untrue is not true", vec!["true"], "untrue is not *"),
            ("a:12 is not a:1", vec!["a:1"], "a:12 is not *"),
            ("a/b:1", vec!["b", "a/b:1"], "*"),
            ("x", vec![], "x"),
        ] {
            let values = values.into_iter().map(str::to_owned).collect();
            assert_eq!(without(message, values), want);
        }
    }

    proptest! {
        #[test]
        fn unrelated_edits_change_nothing(image in "[a-z]{1,8}:[0-9]{1,3}", key in "[a-z]{1,5}", value in "[a-z0-9 ]{0,9}") {
            let before = object(&image);
            let message = format!("image <{image}> is not allowed");
            let print = finding(&before, &message, super::tests::image(1)).fingerprint(&before, "x");
            let mut after = before.clone();
            let metadata = after.node.get_mut("metadata").unwrap().as_map_mut().unwrap();
            metadata.insert("annotations", Node::from(&json!({key: value})));
            prop_assert_eq!(finding(&after, &message, super::tests::image(1)).fingerprint(&after, "x"), print);
        }
    }
}
