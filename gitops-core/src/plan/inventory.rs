//! What was applied before, as Flux, Argo CD and cli-utils remember it.

use std::collections::{BTreeMap, HashMap};
use std::fmt;

use crate::drift::Identity;
use crate::error::{Error, ErrorKind, Result};
use crate::knowledge::scope::{Scope, scope_in_group};
use crate::node::Node;
use crate::object::Object;

/// What names an object in an inventory: no version, since that may change.
///
/// Displays as Flux and cli-utils write it: `namespace_name_group_kind`, with `__` for a colon in the name
/// of a role or binding.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct InventoryId {
    /// The namespace; empty for none.
    pub namespace: String,
    /// The name.
    pub name: String,
    /// The API group; empty for the core group.
    pub group: String,
    /// The kind.
    pub kind: String,
}

/// The group whose names may hold colons.
const RBAC: &str = "rbac.authorization.k8s.io";

impl InventoryId {
    /// What names an object.
    #[must_use]
    pub fn of(object: &Object) -> Self {
        Self {
            namespace: object.namespace().into(),
            name: object.name().into(),
            group: object.group().into(),
            kind: object.kind().into(),
        }
    }

    /// Reads `namespace_name_group_kind`.
    ///
    /// # Errors
    /// `inventory-id` if it is something else.
    pub fn parse(text: &str) -> Result<Self> {
        let wrong = || {
            let message = format!("`{text}` is no inventory entry; namespace_name_group_kind is expected");
            Error::new(ErrorKind::Argument, "inventory-id", message)
        };
        let (namespace, rest) = text.split_once('_').ok_or_else(wrong)?;
        let (rest, kind) = rest.rsplit_once('_').ok_or_else(wrong)?;
        let (name, group) = rest.rsplit_once('_').ok_or_else(wrong)?;
        let name = name.replace("__", ":");
        if name.is_empty() || kind.is_empty() || name.contains('_') {
            return Err(wrong());
        }
        Ok(Self { namespace: namespace.into(), name, group: group.into(), kind: kind.into() })
    }
}

impl fmt::Display for InventoryId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = if self.group == RBAC { self.name.replace(':', "__") } else { self.name.clone() };
        write!(f, "{}_{}_{}_{}", self.namespace, name, self.group, self.kind)
    }
}

impl serde::Serialize for InventoryId {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// The objects that were applied before.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Inventory {
    /// API version by entry; empty if it is not known.
    entries: BTreeMap<InventoryId, String>,
}

impl Inventory {
    /// An empty inventory: nothing is known to have been applied.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// The inventory of what is applied now.
    #[must_use]
    pub fn of(objects: &[Object]) -> Self {
        let entry = |object: &Object| {
            (InventoryId::of(object), crate::object::group_version(object.api_version()).1.to_owned())
        };
        Self { entries: objects.iter().map(entry).collect() }
    }

    /// The inventory that a live object holds: `status.inventory.entries` of a Flux Kustomization or
    /// HelmRelease, `status.resources` of an Argo CD Application, or the `data` of the ConfigMap in which
    /// cli-utils keeps it. Empty if it holds none.
    ///
    /// # Errors
    /// `inventory-id` for an entry that cannot be read: to prune by an inventory that is understood only in
    /// part would be wrong.
    pub fn of_owner(owner: &Object) -> Result<Self> {
        let list = |keys: &[&str]| owner.node.at(keys).and_then(Node::as_seq).unwrap_or_default();
        let mut entries = BTreeMap::new();
        for entry in list(&["status", "inventory", "entries"]) {
            let text = |key: &str| entry.get(key).and_then(Node::as_str).unwrap_or("");
            entries.insert(InventoryId::parse(text("id"))?, text("v").to_owned());
        }
        if (owner.group(), owner.kind()) == ("argoproj.io", "Application") {
            for entry in list(&["status", "resources"]) {
                let text = |key: &str| entry.get(key).and_then(Node::as_str).unwrap_or("").to_owned();
                let (namespace, name, group, kind) =
                    (text("namespace"), text("name"), text("group"), text("kind"));
                entries.insert(InventoryId { namespace, name, group, kind }, text("version"));
            }
        }
        if (owner.group(), owner.kind()) == ("", "ConfigMap") {
            for key in owner.node.get("data").and_then(Node::as_map).into_iter().flat_map(|data| data.keys())
            {
                entries.insert(InventoryId::parse(key)?, String::new());
            }
        }
        Ok(Self { entries })
    }

    /// Reads entries as Flux and cli-utils write them.
    ///
    /// # Errors
    /// `inventory-id` for an entry that cannot be read.
    pub fn parse<'a>(ids: impl IntoIterator<Item = &'a str>) -> Result<Self> {
        let entry = |id| Ok((InventoryId::parse(id)?, String::new()));
        Ok(Self { entries: ids.into_iter().map(entry).collect::<Result<_>>()? })
    }

    /// The entries, sorted.
    pub fn ids(&self) -> impl ExactSizeIterator<Item = &InventoryId> {
        self.entries.keys()
    }

    /// Whether a live object stands in it, be it that the entry names a namespace that its kind does not have,
    /// or none where it has one (`default`).
    #[must_use]
    pub fn contains(&self, live: &Object) -> bool {
        Listed::new(self, "default").has(live)
    }

    /// Whether there is no entry.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }
}

/// As Flux keeps it in `status.inventory`: `{"entries": [{"id": …, "v": …}]}`.
impl serde::Serialize for Inventory {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error> {
        #[derive(serde::Serialize)]
        struct Entry<'a> {
            id: &'a InventoryId,
            v: &'a str,
        }
        let entries: Vec<_> = self.entries.iter().map(|(id, v)| Entry { id, v }).collect();
        serde_json::json!({ "entries": entries }).serialize(serializer)
    }
}

/// The entries of an inventory, found as the API server names their objects.
pub(super) struct Listed<'a> {
    /// By group, kind and name.
    entries: HashMap<(&'a str, &'a str, &'a str), Vec<&'a InventoryId>>,
    default_namespace: &'a str,
}

impl<'a> Listed<'a> {
    pub(super) fn new(inventory: &'a Inventory, default_namespace: &'a str) -> Self {
        let mut entries: HashMap<_, Vec<_>> = HashMap::with_capacity(inventory.entries.len());
        for id in inventory.ids() {
            entries.entry((id.group.as_str(), id.kind.as_str(), id.name.as_str())).or_default().push(id);
        }
        Self { entries, default_namespace }
    }

    /// The entries that mean the object of a name in the cluster.
    pub(super) fn of(&self, identity: Identity<'_>) -> Vec<&'a InventoryId> {
        let Identity { group, kind, namespace, name } = identity;
        let named = self.entries.get(&(group, kind, name)).map(Vec::as_slice).unwrap_or_default();
        let scope = scope_in_group(group, kind);
        let means = |id: &&&InventoryId| match (id.namespace.as_str(), namespace) {
            (entry, live) if entry == live => true,
            // The API server drops the namespace that an object of a cluster-wide kind names.
            (_, "") => scope != Some(Scope::Namespaced),
            ("", live) => scope != Some(Scope::Cluster) && live == self.default_namespace,
            _ => false,
        };
        named.iter().filter(means).copied().collect()
    }

    pub(super) fn has(&self, live: &Object) -> bool {
        !self.of(Identity::of(live)).is_empty()
    }
}
