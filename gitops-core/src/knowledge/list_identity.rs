//! Which fields tell the items of a list of mappings apart.
//!
//! From the `x-kubernetes-list-map-keys` and `patchMergeKey` of Kubernetes 1.34's OpenAPI, and, for
//! lists that declare none (or custom resources, whose schema we may not have), from what people
//! treat as the name of an item. Meant for showing differences; applying patches has its own tables.

/// How items of a list are told apart.
#[derive(Clone, Copy, Debug)]
pub struct ListIdentity {
    /// The field that holds the list; empty for a list under any name.
    pub list: &'static str,
    /// The fields that every item has, and that together are unique.
    pub keys: &'static [&'static str],
    /// Fields that an item may have, with the default that stands for an absent one.
    pub optional: &'static [(&'static str, &'static str)],
}

const fn of(list: &'static str, keys: &'static [&'static str]) -> ListIdentity {
    ListIdentity { list, keys, optional: &[] }
}

const PROTOCOL: &[(&str, &str)] = &[("protocol", "TCP")];

/// In order of preference: what is said of a list by name comes before what fits any list.
pub const LIST_IDENTITIES: &[ListIdentity] = &[
    ListIdentity { list: "ports", keys: &["containerPort"], optional: PROTOCOL },
    ListIdentity { list: "ports", keys: &["port"], optional: PROTOCOL },
    of("volumeMounts", &["mountPath"]),
    of("volumeDevices", &["devicePath"]),
    of("hostAliases", &["ip"]),
    of("topologySpreadConstraints", &["topologyKey", "whenUnsatisfiable"]),
    of("conditions", &["type"]),
    of("paths", &["path"]),
    of("webhooks", &["name"]),
    of("ownerReferences", &["uid"]),
    of("matchExpressions", &["key", "operator"]),
    of("versions", &["name"]),
    of("subjects", &["kind", "name"]),
    of("", &["name"]),
    of("", &["key"]),
    of("", &["host"]),
    of("", &["ip"]),
    of("", &["id"]),
    of("", &["mountPath"]),
    of("", &["type"]),
    of("", &["path"]),
];

/// The identities to try for the list under `field`, best first.
pub fn list_identities(field: &str) -> impl Iterator<Item = &'static ListIdentity> {
    LIST_IDENTITIES.iter().filter(move |entry| entry.list == field || entry.list.is_empty())
}
