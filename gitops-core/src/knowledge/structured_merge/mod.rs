//! How the API server merges the fields of a kind: which lists have keys, which values are replaced whole.
//!
//! The built-in kinds are in `table.txt`, which `generate.py` writes from the OpenAPI of six releases
//! of Kubernetes. `strategic.txt` has the same for strategic merge patches, which `kubectl apply` makes on the
//! client: other list keys, and no mappings that are replaced whole. A custom kind's schema is read from its CustomResourceDefinition. What neither knows is
//! deduced: mappings merge by key, lists are replaced.
//!
//! A line of the table is a type and its fields, `type field=value …`, or `@apiVersion kind type`. A line
//! that starts with `33-35` is for these minor versions alone. Fields that hold a scalar or an atomic
//! list are left out. A value is:
//!
//! | written | means |
//! |---|---|
//! | `apps.v1.DeploymentSpec` | a struct, merged field by field |
//! | `{}` | a struct of which every field is a scalar or an atomic list |
//! | `*` | a mapping of scalars or of anything: merged by key |
//! | `<type>` | a mapping of values of a type |
//! | `!` | a mapping that is replaced whole |
//! | `[]` | a set |
//! | `[port,protocol:"TCP"]type` | a list whose items have keys, some with defaults |
//! | `~` before a type | a union: fields that a patch does not set go (`retainKeys`) |

mod custom;

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, OnceLock};

use crate::node::{Node, Text};

const TABLE: &str = include_str!("table.txt");
const STRATEGIC: &str = include_str!("strategic.txt");

/// The minor versions of Kubernetes 1 that the table knows, oldest first.
pub(crate) const MINORS: [u32; 6] = [32, 33, 34, 35, 36, 37];

/// What was read of a table, by version.
type Tables = [OnceLock<Arc<Schema>>; MINORS.len()];

/// How a value merges. Refers into the [`Schema`] that gave it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Type {
    /// Nothing is known: a mapping merges by key, a list is replaced, down to the leaves.
    Deduced,
    /// Replaced whole.
    Atomic,
    /// A struct that holds nothing but scalars and lists that are replaced.
    Leaves,
    /// A struct.
    Struct(u32),
    /// A mapping whose values have a type.
    Map(u32),
    /// A list of scalars, each there once.
    Set,
    /// A list whose items are told apart by some of their fields.
    Keyed(u32),
}

/// A list whose items have keys.
#[derive(Debug)]
pub(crate) struct KeyedList {
    /// The fields that tell items apart, in alphabetical order, and what stands for an absent one.
    pub(crate) keys: Vec<(Text, Option<Node>)>,
    /// The type of the items.
    pub(crate) item: Type,
    /// Whether fields that a strategic merge patch does not set go from the items.
    pub(crate) retain_keys: bool,
}

/// The types that belong together: those of a release of Kubernetes, or of one custom kind.
#[derive(Debug, Default)]
pub(crate) struct Schema {
    /// Fields by name, in the order of the names.
    structs: Vec<Vec<(Text, Type)>>,
    values: Vec<Type>,
    lists: Vec<KeyedList>,
    /// By API version and kind.
    kinds: HashMap<Text, HashMap<Text, Type>>,
    /// Metadata of every object.
    metadata: Option<Type>,
    /// Fields, by struct, from whose values a strategic merge patch takes what it does not set.
    retained: HashSet<(u32, Text)>,
}

impl Schema {
    /// The built-in kinds of Kubernetes 1.`minor`; those of the nearest version known, if it is not.
    pub(crate) fn builtin(minor: u32) -> Arc<Self> {
        static TABLES: Tables = [const { OnceLock::new() }; MINORS.len()];
        Self::of(&TABLES, TABLE, minor)
    }

    /// The same for strategic merge patches.
    pub(crate) fn strategic(minor: u32) -> Arc<Self> {
        static TABLES: Tables = [const { OnceLock::new() }; MINORS.len()];
        Self::of(&TABLES, STRATEGIC, minor)
    }

    fn of(tables: &'static Tables, text: &str, minor: u32) -> Arc<Self> {
        let [oldest, .., newest] = MINORS;
        let minor = minor.clamp(oldest, newest);
        let table = tables.get((minor - oldest) as usize);
        table
            .map(|table| Arc::clone(table.get_or_init(|| Arc::new(read_table(text, minor)))))
            .unwrap_or_default()
    }

    /// The type of the objects of a kind, if it is known.
    pub(crate) fn kind(&self, api_version: &str, kind: &str) -> Option<Type> {
        self.kinds.get(api_version)?.get(kind).copied()
    }

    /// The type of objects of which nothing is known but that they have metadata.
    pub(crate) fn unknown_kind(&self) -> Type {
        self.kind("", "").unwrap_or(Type::Deduced)
    }

    /// The type of `field` in a mapping of type `of`, and whether the type names the field (as a struct
    /// does), so that owning something below it means to own the field too.
    pub(crate) fn field(&self, of: Type, field: &str) -> (Type, bool) {
        match of {
            Type::Struct(at) => {
                let fields = self.structs.get(at as usize).map(Vec::as_slice).unwrap_or_default();
                let found = fields.binary_search_by(|(name, _)| name.as_str().cmp(field)).ok();
                match found.and_then(|at| fields.get(at)) {
                    Some((_, found)) => (*found, true),
                    None => (Type::Deduced, false),
                }
            }
            Type::Map(at) => (self.values.get(at as usize).copied().unwrap_or(Type::Deduced), false),
            _ => (Type::Deduced, false),
        }
    }

    /// The keys and items of a list, if it is one with keys.
    pub(crate) fn keyed(&self, of: Type) -> Option<&KeyedList> {
        match of {
            Type::Keyed(at) => self.lists.get(at as usize),
            _ => None,
        }
    }

    /// Whether a strategic merge patch takes from the field's value what it does not set.
    pub(crate) fn retains(&self, of: Type, field: &str) -> bool {
        match of {
            Type::Struct(at) => !self.retained.is_empty() && self.retained.contains(&(at, Text::from(field))),
            _ => false,
        }
    }

    pub(crate) fn add_struct(&mut self, fields: HashMap<Text, Type>) -> Type {
        self.structs.push(by_name(fields));
        Type::Struct(self.structs.len() as u32 - 1)
    }

    fn add_map(&mut self, value: Type) -> Type {
        self.values.push(value);
        Type::Map(self.values.len() as u32 - 1)
    }

    pub(crate) fn add_list(
        &mut self,
        mut keys: Vec<(Text, Option<Node>)>,
        item: Type,
        retain_keys: bool,
    ) -> Type {
        keys.sort_by(|a, b| a.0.cmp(&b.0));
        self.lists.push(KeyedList { keys, item, retain_keys });
        Type::Keyed(self.lists.len() as u32 - 1)
    }
}

fn by_name(fields: HashMap<Text, Type>) -> Vec<(Text, Type)> {
    let mut fields: Vec<_> = fields.into_iter().collect();
    fields.sort_by(|a, b| a.0.cmp(&b.0));
    fields
}

/// Reads the lines of one version. The table is ours, so what cannot be read is left out; a test looks
/// for that.
fn read_table(table: &str, minor: u32) -> Schema {
    let lines = || table.lines().filter_map(move |line| of_version(line, minor));
    let names =
        lines().filter_map(|line| Some(line.split_once(' ')?.0)).filter(|name| !name.starts_with('@'));
    let types: HashMap<&str, Type> =
        names.enumerate().map(|(at, name)| (name, Type::Struct(at as u32))).collect();
    let mut schema = Schema { structs: vec![Vec::new(); types.len()], ..Schema::default() };
    for line in lines() {
        let Some((name, rest)) = line.split_once(' ') else { continue };
        if let Some(api_version) = name.strip_prefix('@') {
            if let Some((kind, of)) = rest.split_once(' ') {
                let of = value(&mut schema, &types, of);
                schema.kinds.entry(Text::from(api_version)).or_default().insert(Text::from(kind), of);
            }
            continue;
        }
        let Some(Type::Struct(at)) = types.get(name) else { continue };
        let mut fields = HashMap::new();
        for (field, of) in rest.split(' ').filter_map(|field| field.split_once('=')) {
            let of = match of.strip_prefix('~') {
                Some(of) => {
                    schema.retained.insert((*at, Text::from(field)));
                    of
                }
                None => of,
            };
            fields.insert(Text::from(field), value(&mut schema, &types, of));
        }
        if let Some(slot) = schema.structs.get_mut(*at as usize) {
            *slot = by_name(fields);
        }
    }
    schema.metadata = types.get("meta.v1.ObjectMeta").copied();
    let metadata = schema.metadata.unwrap_or(Type::Deduced);
    let unknown = schema.add_struct(HashMap::from([(Text::from("metadata"), metadata)]));
    schema.kinds.entry(Text::empty()).or_default().insert(Text::empty(), unknown);
    schema
}

/// The line without its versions, if it is for `minor`.
fn of_version(line: &str, minor: u32) -> Option<&str> {
    if line.starts_with('#') {
        return None;
    }
    if !line.starts_with(|first: char| first.is_ascii_digit()) {
        return Some(line);
    }
    let (versions, rest) = line.split_once(' ')?;
    let (first, last) = versions.split_once('-')?;
    (first.parse().ok()?..=last.parse().ok()?).contains(&minor).then_some(rest)
}

fn value(schema: &mut Schema, types: &HashMap<&str, Type>, text: &str) -> Type {
    match text {
        "*" => return Type::Deduced,
        "!" => return Type::Atomic,
        "{}" => return Type::Leaves,
        "[]" => return Type::Set,
        _ => {}
    }
    if let Some(inner) = text.strip_prefix('<').and_then(|text| text.strip_suffix('>')) {
        let inner = value(schema, types, inner);
        return schema.add_map(inner);
    }
    if let Some((keys, item)) = text.strip_prefix('[').and_then(|text| text.split_once(']')) {
        let keys = keys.split(',').map(|key| match key.split_once(':') {
            Some((key, default)) => (Text::from(key), json(default)),
            None => (Text::from(key), None),
        });
        let keys = keys.collect();
        let plain = item.strip_prefix('~');
        let item = value(schema, types, plain.unwrap_or(item));
        return schema.add_list(keys, item, plain.is_some());
    }
    types.get(text).copied().unwrap_or(Type::Leaves)
}

fn json(text: &str) -> Option<Node> {
    serde_json::from_str::<serde_json::Value>(text).ok().map(|value| Node::from(&value))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn keys(schema: &Schema, of: Type) -> Vec<(String, String)> {
        let keys = &schema.keyed(of).unwrap().keys;
        let text = |node: &Option<Node>| node.as_ref().map(|node| node.text().unwrap().into_owned());
        keys.iter().map(|(key, default)| (key.to_string(), text(default).unwrap_or_default())).collect()
    }

    #[test]
    fn built_in_kinds_are_known_by_version() {
        for minor in MINORS {
            let schema = Schema::builtin(minor);
            let of = |path: &[&str]| {
                let kind = schema.kind("apps/v1", "Deployment").unwrap();
                path.iter().fold(kind, |of, field| match schema.keyed(of) {
                    Some(list) => schema.field(list.item, field).0,
                    None => schema.field(of, field).0,
                })
            };
            assert_eq!(of(&["spec", "selector"]), Type::Atomic);
            assert_eq!(of(&["spec", "replicas"]), Type::Deduced);
            assert_eq!(of(&["metadata", "finalizers"]), Type::Set);
            assert_eq!(of(&["metadata", "labels"]), Type::Deduced);
            let ports = of(&["spec", "template", "spec", "containers", "ports"]);
            let wanted = [("containerPort", "0"), ("protocol", "TCP")].map(|(a, b)| (a.into(), b.into()));
            assert_eq!(keys(&schema, ports), wanted);
            assert_eq!(schema.kind("v1", "List"), None);
            assert!(matches!(schema.unknown_kind(), Type::Struct(_)));
        }
        let policy = |minor| {
            Schema::builtin(minor)
                .kind("admissionregistration.k8s.io/v1", "MutatingAdmissionPolicy")
                .is_some()
        };
        assert_eq!((policy(35), policy(36), policy(99), policy(1)), (false, true, true, false));
    }

    #[test]
    fn strategic_merge_has_other_keys() {
        let schema = Schema::strategic(37);
        let of = |path: &[&str]| {
            let kind = schema.kind("v1", "Pod").unwrap();
            path.iter()
                .fold(kind, |of, field| schema.field(schema.keyed(of).map_or(of, |list| list.item), field).0)
        };
        assert_eq!(
            keys(&schema, of(&["spec", "containers", "ports"])),
            [("containerPort".into(), "0".into())]
        );
        assert!(schema.keyed(of(&["spec", "volumes"])).unwrap().retain_keys);
        assert_eq!(of(&["spec", "nodeSelector"]), Type::Deduced);
        let deployment = schema.field(schema.kind("apps/v1", "Deployment").unwrap(), "spec").0;
        assert!(schema.retains(deployment, "strategy") && !schema.retains(deployment, "template"));
    }

    #[test]
    fn every_type_that_is_named_has_a_line() {
        for (table, minor) in
            [TABLE, STRATEGIC].into_iter().flat_map(|table| MINORS.map(|minor| (table, minor)))
        {
            let lines: Vec<_> = table.lines().filter_map(|line| of_version(line, minor)).collect();
            let names: std::collections::HashSet<_> =
                lines.iter().map(|line| line.split(' ').next().unwrap()).collect();
            for line in &lines {
                for field in line.split(' ').skip(1) {
                    let value = field.split_once('=').map_or(field, |(_, value)| value);
                    let named = value.rsplit([']', '<', '~']).next().unwrap().trim_end_matches('>');
                    let known = matches!(named, "" | "*" | "!" | "{}") || names.contains(named);
                    assert!(known || line.starts_with('@'), "1.{minor}: {named} of {line}");
                }
            }
        }
    }
}
