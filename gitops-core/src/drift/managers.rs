//! Who owns which fields of a live object, from its `metadata.managedFields`.

use super::field_set::{Element, FieldSet};
use crate::knowledge::secret_fields::LAST_APPLIED;
use crate::knowledge::structured_merge::{Schema, Type};
use crate::node::{Node, SourceMap};
use crate::yaml::{ReadOptions, read};

/// One entry of `metadata.managedFields`.
#[derive(Clone, Debug)]
pub(crate) struct Manager {
    /// The name, such as `kustomize-controller`.
    pub(crate) name: String,
    /// Whether it applies (server-side); otherwise it creates, updates and patches.
    pub(crate) applies: bool,
    /// `status`, `scale` …; empty for the object itself.
    pub(crate) subresource: String,
    /// When it last changed the object, as in the entry; empty if it does not say.
    pub(crate) time: String,
    /// What it owns.
    pub(crate) fields: FieldSet,
}

/// Reads the entries of a live object, in their order.
pub(crate) fn managers_of(object: &Node, schema: &Schema, of: Type) -> Vec<Manager> {
    let entries = object.at(&["metadata", "managedFields"]).and_then(Node::as_seq).unwrap_or_default();
    let read = |entry: &Node| {
        let text = |key: &str| entry.get(key).and_then(Node::text).map(|text| text.into_owned());
        let fields = FieldSet::parse(entry.get("fieldsV1")?);
        Some(Manager {
            name: text("manager").unwrap_or_default(),
            applies: text("operation").as_deref() == Some("Apply"),
            subresource: text("subresource").unwrap_or_default(),
            time: text("time").unwrap_or_default(),
            fields: fields.reconciled(schema, of),
        })
    };
    entries.iter().filter_map(read).collect()
}

/// Of the managers that `who` accepts and that own the field at `path` or something below it, the one that
/// wrote last.
pub(crate) fn owner<'a>(
    managers: &'a [Manager],
    path: &[Element],
    who: impl Fn(&Manager) -> bool,
) -> Option<&'a Manager> {
    let owns = |manager: &&Manager| who(manager) && manager.fields.touches(path);
    // RFC 3339 in UTC, as the API server writes it, sorts as text.
    managers.iter().filter(owns).max_by(|a, b| a.time.cmp(&b.time))
}

/// The configuration that `kubectl apply` (client-side) stored in the object's annotation, if it has one
/// that can be read.
pub(crate) fn last_applied(object: &Node) -> Option<Node> {
    let text = object.at(&["metadata", "annotations", LAST_APPLIED])?.as_str()?;
    let sources = SourceMap::new();
    let file = sources.add("last-applied-configuration", text);
    let mut documents = read(&sources, file, &ReadOptions::default()).ok()?.documents;
    let found = documents.pop()?;
    (documents.is_empty() && found.is_map()).then_some(found)
}
