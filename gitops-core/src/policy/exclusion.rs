//! Namespaces that Gatekeeper leaves alone: those of its Config, and those labelled to be ignored.

use super::matching::glob;
use super::review::Review;
use crate::node::Node;
use crate::object::Object;

/// The group of Gatekeeper's Config.
pub(crate) const CONFIG_GROUP: &str = "config.gatekeeper.sh";

/// The label with which a Namespace is left out of the admission webhook's own configuration.
const IGNORE_LABEL: &str = "admission.gatekeeper.sh/ignore";

/// Patterns of namespaces by process.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Exclusions(Vec<(String, String)>);

/// Which of Gatekeeper's processes an enforcement point stands for.
fn process(point: &str) -> Option<&'static str> {
    match point {
        "validation.gatekeeper.sh" => Some("webhook"),
        "audit.gatekeeper.sh" => Some("audit"),
        _ => None,
    }
}

impl Exclusions {
    /// Adds those of a Config. What it says wrongly excludes nothing.
    pub(crate) fn add(&mut self, config: &Object) {
        let list = |node: &Node, key: &str| -> Vec<String> {
            let items = node.get(key).and_then(Node::as_seq).unwrap_or(&[]);
            items.iter().filter_map(|item| item.as_str().map(str::to_owned)).collect()
        };
        for entry in config.node.at(&["spec", "match"]).and_then(Node::as_seq).unwrap_or(&[]) {
            for process in list(entry, "processes") {
                for pattern in list(entry, "excludedNamespaces") {
                    self.0.push((process.clone(), pattern));
                }
            }
        }
    }

    /// Whether a process leaves a namespace alone.
    pub(crate) fn excludes(&self, process: &str, namespace: &str) -> bool {
        let concerned = self.0.iter().filter(|(of, _)| of == process || of == "*");
        concerned.into_iter().any(|(_, pattern)| glob(pattern, namespace))
    }

    /// Why an enforcement point does not look at a review, for people; `None` if it does.
    pub(super) fn reason(&self, point: &str, review: &Review<'_>) -> Option<String> {
        let process = process(point)?;
        let namespace = review.namespace();
        if self.excludes(process, namespace) {
            return Some(format!("Gatekeeper's Config excludes the namespace `{namespace}` from {process}"));
        }
        let ignored = process == "webhook"
            && review.namespace_labels().is_some_and(|labels| labels.get(IGNORE_LABEL).is_some());
        ignored.then(|| format!("the Namespace `{namespace}` has the label `{IGNORE_LABEL}`"))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_config_excludes_by_process() {
        let config = json!({"apiVersion": "config.gatekeeper.sh/v1alpha1", "kind": "Config",
        "metadata": {"name": "config"}, "spec": {"match": [
            {"excludedNamespaces": ["kube-*"], "processes": ["*"]},
            {"excludedNamespaces": ["audit-only"], "processes": ["audit", "sync"]},
            {"excludedNamespaces": ["nobody"]},
        ]}});
        let mut exclusions = Exclusions::default();
        exclusions.add(&Object::new(Node::from(&config)));
        for (process, namespace, excluded) in [
            ("webhook", "kube-system", true),
            ("audit", "kube-system", true),
            ("mutation-webhook", "kube-system", true),
            ("webhook", "audit-only", false),
            ("audit", "audit-only", true),
            ("webhook", "nobody", false),
            ("webhook", "", false),
        ] {
            assert_eq!(exclusions.excludes(process, namespace), excluded, "{process} {namespace}");
        }
    }
}
