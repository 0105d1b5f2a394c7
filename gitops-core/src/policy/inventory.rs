//! `data.inventory`: the other objects that a policy may look at, converted once for all evaluations.

use std::collections::BTreeSet;
use std::sync::OnceLock;

use regorus::Value;

use super::value::{Numbers, entry, object, set, to_value};
use crate::node::Node;
use crate::object::{Object, group_version};

/// The annotation with which a template names the kinds that must be in the inventory.
const REQUIRES_SYNC: &str = "metadata.gatekeeper.sh/requires-sync-data";

/// The objects of the inventory, shared by all threads.
pub(super) struct Inventory<'a> {
    objects: &'a [Object],
    numbers: Numbers,
    data: OnceLock<Value>,
    known: OnceLock<BTreeSet<(&'a str, &'a str, &'a str)>>,
}

impl<'a> Inventory<'a> {
    pub(super) fn new(objects: &'a [Object], numbers: Numbers) -> Self {
        Self { objects, numbers, data: OnceLock::new(), known: OnceLock::new() }
    }

    /// The value of `data`, made when first asked for.
    pub(super) fn data(&self) -> Value {
        self.data.get_or_init(|| build(self.objects, self.numbers)).clone()
    }

    /// The kinds of which an object is needed and none is known, for people.
    pub(super) fn missing(&self, required: &[Vec<SyncKind>]) -> Option<String> {
        let known = self.known.get_or_init(|| {
            let kind = |object: &'a Object| {
                let (group, version) = group_version(object.api_version());
                (group, version, object.kind())
            };
            self.objects.iter().map(kind).collect()
        });
        let any = |alternatives: &[SyncKind]| alternatives.iter().any(|kind| kind.is_among(known));
        let missing = required.iter().find(|alternatives| !any(alternatives))?;
        let kinds: Vec<&str> =
            missing.iter().flat_map(|kind| kind.kinds.iter().map(String::as_str)).collect();
        Some(kinds.join(", "))
    }
}

/// A kind of object that a policy needs in the inventory.
#[derive(Clone, Debug, Default)]
pub(super) struct SyncKind {
    groups: Vec<String>,
    versions: Vec<String>,
    kinds: Vec<String>,
}

impl SyncKind {
    fn is_among(&self, known: &BTreeSet<(&str, &str, &str)>) -> bool {
        self.groups.iter().any(|group| {
            self.versions.iter().any(|version| {
                self.kinds
                    .iter()
                    .any(|kind| known.contains(&(group.as_str(), version.as_str(), kind.as_str())))
            })
        })
    }
}

/// What a template's annotation asks for: of each entry one alternative. An annotation that cannot be
/// read asks for nothing.
pub(super) fn required_data(template: &Object) -> Vec<Vec<SyncKind>> {
    use serde_json::Value as Json;
    let annotations = template.node.at(&["metadata", "annotations"]);
    let text = annotations.and_then(|node| node.get(REQUIRES_SYNC)).and_then(Node::as_str).unwrap_or("");
    // The library writes it as a quoted text over several lines.
    let parsed: Json = serde_json::from_str(text.trim().trim_matches('"')).unwrap_or(Json::Null);
    let list = |json: &Json, key: &str| -> Vec<String> {
        let items = json.get(key).and_then(Json::as_array).into_iter().flatten();
        items.filter_map(|item| item.as_str().map(str::to_owned)).collect()
    };
    let kind = |json: &Json| SyncKind {
        groups: list(json, "groups"),
        versions: list(json, "versions"),
        kinds: list(json, "kinds"),
    };
    let entries = parsed.as_array().into_iter().flatten();
    entries.map(|entry| entry.as_array().into_iter().flatten().map(kind).collect()).collect()
}

/// `data` with `inventory.cluster[groupVersion][kind][name]` and
/// `inventory.namespace[ns][groupVersion][kind][name]`.
fn build(objects: &[Object], numbers: Numbers) -> Value {
    let mut inventory = object([("cluster", Value::new_object()), ("namespace", Value::new_object())]);
    for known in objects {
        let mut place = if known.namespace().is_empty() {
            entry(&mut inventory, "cluster")
        } else {
            entry(&mut inventory, "namespace").and_then(|place| entry(place, known.namespace()))
        };
        for key in [known.api_version(), known.kind()] {
            place = place.and_then(|place| entry(place, key));
        }
        if let Some(place) = place {
            set(place, known.name(), to_value(&known.node, numbers));
        }
    }
    object([("inventory", inventory)])
}
