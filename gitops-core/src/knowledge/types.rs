//! The Go types of Kubernetes' own kinds, by release: how each field is written as JSON.
//!
//! Read from `types.txt`, which `tests/oracles/defaults/generate.sh` makes from the releases named at its
//! top. A line is
//!
//! - `kind API-VERSION KIND TYPE`,
//! - `type NAME`, followed by its fields, each after a space: `NAME TYPE`, then `?` and `z` if Go leaves out
//!   empty and zero values, `=JSON` for a default that the sources give in a marker.
//!
//! `@FIRST-LAST` names the releases (minor numbers) that have a kind or a field, if not all do. Types are
//! `string`, `int`, … , `*T` for what may be absent, `[]T`, `{}T`, or the name of another type, without
//! its package if that is the same.

use std::collections::HashMap;

use crate::knowledge::KubernetesVersion;
use crate::knowledge::defaults::{self, Rule};
use crate::node::Node;

/// What a value of a field is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Shape {
    /// Text.
    Text,
    /// An integer.
    Int,
    /// A number.
    Float,
    /// A boolean.
    Bool,
    /// Bytes, in base64.
    Bytes,
    /// A quantity.
    Quantity,
    /// A duration such as `1h30m0s`.
    Duration,
    /// A moment, to the second.
    Time,
    /// A moment, to the microsecond.
    MicroTime,
    /// An integer or text.
    IntOrText,
    /// Amounts by resource.
    Resources,
    /// A JSON schema; or a list, or a boolean in its place.
    JsonSchema,
    /// What Go does not look into.
    Any,
    /// A type with fields.
    Struct(TypeId),
    /// A list of a shape.
    List(ShapeId),
    /// A mapping from text to a shape.
    Map(ShapeId),
}

/// Which [`Type`] of its [`Types`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct TypeId(u16);

/// Which [`Shape`] of its [`Types`] the items of a list or mapping have.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct ShapeId(u16);

/// A field of a type.
#[derive(Clone, Debug)]
pub(crate) struct Field {
    /// Its name in JSON.
    pub(crate) name: &'static str,
    /// What its value is.
    pub(crate) shape: Shape,
    /// Whether absent differs from empty: a pointer in Go.
    pub(crate) pointer: bool,
    /// Whether it or something below it has defaults.
    pub(crate) has_defaults: bool,
    /// Whether Go leaves it out when it is empty.
    #[cfg_attr(
        not(test),
        allow(dead_code, reason = "what Go writes of nothing is asked for in tests alone")
    )]
    pub(crate) omit_empty: bool,
    /// Whether Go leaves it out when it is zero, be it a struct.
    #[cfg_attr(not(test), allow(dead_code, reason = "as above"))]
    pub(crate) omit_zero: bool,
}

/// A Go type with fields.
#[derive(Debug, Default)]
pub(crate) struct Type {
    /// Sorted by name.
    fields: Vec<Field>,
    /// Defaults of the type itself, in order.
    pub(crate) rules: Vec<Rule>,
    /// Whether it or a type below it has defaults.
    pub(crate) has_defaults: bool,
}

impl Type {
    /// The field called `name`.
    pub(crate) fn field(&self, name: &str) -> Option<&Field> {
        self.fields.get(self.fields.binary_search_by(|field| field.name.cmp(name)).ok()?)
    }

    /// All fields, by name.
    pub(crate) fn fields(&self) -> &[Field] {
        &self.fields
    }
}

/// The types of one release.
#[derive(Debug, Default)]
pub(crate) struct Types {
    kinds: HashMap<&'static str, HashMap<&'static str, TypeId>>,
    types: Vec<Type>,
    names: HashMap<&'static str, TypeId>,
    shapes: Vec<Shape>,
}

const TABLE: &str = include_str!("types.txt");

/// The types of a release, or of the nearest one that is known.
pub(crate) fn types(version: KubernetesVersion) -> &'static Types {
    use std::sync::OnceLock;
    const RELEASES: usize =
        (KubernetesVersion::NEWEST.minor() - KubernetesVersion::OLDEST.minor()) as usize + 1;
    static TYPES: [OnceLock<Types>; RELEASES] = [const { OnceLock::new() }; RELEASES];
    static NONE: OnceLock<Types> = OnceLock::new();
    let version = version.known();
    let at = usize::from(version.minor() - KubernetesVersion::OLDEST.minor());
    TYPES.get(at).unwrap_or(&NONE).get_or_init(|| Types::read(version))
}

impl Types {
    /// The type of a kind; `None` for kinds that are not Kubernetes' own.
    pub(crate) fn of_kind(&self, api_version: &str, kind: &str) -> Option<TypeId> {
        self.kinds.get(api_version)?.get(kind).copied()
    }

    /// The type called `package.Name`, such as `meta/v1.ObjectMeta`.
    pub(crate) fn named(&self, name: &str) -> Option<TypeId> {
        self.names.get(name).copied()
    }

    pub(crate) fn get(&self, id: TypeId) -> Option<&Type> {
        self.types.get(usize::from(id.0))
    }

    /// The shape of the items of a list or of the values of a mapping.
    pub(crate) fn shape(&self, id: ShapeId) -> Shape {
        self.shapes.get(usize::from(id.0)).copied().unwrap_or(Shape::Any)
    }

    /// Whether something of this shape may get defaults.
    pub(crate) fn has_defaults(&self, shape: Shape) -> bool {
        match shape {
            Shape::Struct(id) => self.get(id).is_some_and(|of| of.has_defaults),
            Shape::List(inner) | Shape::Map(inner) => self.has_defaults(self.shape(inner)),
            // Amounts are rounded to thousandths.
            Shape::Resources => true,
            _ => false,
        }
    }

    fn read(version: KubernetesVersion) -> Self {
        let mut types = Self::default();
        // First the names: fields refer to types that come later.
        for name in TABLE.lines().filter_map(|line| line.strip_prefix("type ")) {
            let id = TypeId(u16::try_from(types.types.len()).unwrap_or(u16::MAX));
            types.names.insert(name, id);
            types.types.push(Type::default());
        }
        let mut of = None;
        for line in TABLE.lines() {
            if let Some(name) = line.strip_prefix("type ") {
                of = Some(name);
            } else if let Some(kind) = line.strip_prefix("kind ") {
                types.read_kind(kind, version);
            } else if let (Some(field), Some(of)) = (line.strip_prefix(' '), of) {
                types.read_field(of, field, version);
            }
        }
        for (name, rule) in defaults::rules(version) {
            if let Some(of) = types.named(name).and_then(|id| types.types.get_mut(usize::from(id.0))) {
                of.rules.push(rule);
            }
        }
        types.find_defaults();
        types
    }

    fn read_kind(&mut self, line: &'static str, version: KubernetesVersion) {
        let mut words = line.split(' ');
        let (Some(api_version), Some(kind), Some(name)) = (words.next(), words.next(), words.next()) else {
            return;
        };
        if let (true, Some(id)) = (words.next().is_none_or(|range| covers(range, version)), self.named(name))
        {
            self.kinds.entry(api_version).or_default().insert(kind, id);
        }
    }

    fn read_field(&mut self, of: &'static str, line: &'static str, version: KubernetesVersion) {
        let (line, default) = match line.split_once(" =") {
            Some((line, default)) => (line, Some(default)),
            None => (line, None),
        };
        let mut words = line.split(' ');
        let (Some(name), Some(shape)) = (words.next(), words.next()) else { return };
        let (mut omit_empty, mut omit_zero, mut covered) = (false, false, true);
        for word in words {
            omit_empty |= word == "?";
            omit_zero |= word == "z";
            covered &= !word.starts_with('@') || covers(word, version);
        }
        if !covered {
            return;
        }
        let package = of.split_once('.').map_or(of, |(package, _)| package);
        let pointer = shape.starts_with('*');
        let shape = self.read_shape(package, shape);
        let Some(of) = self.named(of).and_then(|id| self.types.get_mut(usize::from(id.0))) else { return };
        // A zero that is not behind a pointer is what an absent field means anyway.
        let default = default.filter(|default| pointer || !matches!(*default, "\"\"" | "0" | "false"));
        if let Some(rule) = default.and_then(|default| Rule::marker(name, default)) {
            of.rules.push(rule);
        }
        of.fields.push(Field { name, shape, pointer, has_defaults: false, omit_empty, omit_zero });
    }

    fn read_shape(&mut self, package: &str, text: &str) -> Shape {
        let text = text.trim_start_matches('*');
        if let Some(inner) = text.strip_prefix("[]") {
            return Shape::List(self.inner(package, inner));
        }
        if let Some(inner) = text.strip_prefix("{}") {
            return Shape::Map(self.inner(package, inner));
        }
        match text {
            "string" => Shape::Text,
            "int" => Shape::Int,
            "float" => Shape::Float,
            "bool" => Shape::Bool,
            "bytes" => Shape::Bytes,
            "quantity" => Shape::Quantity,
            "duration" => Shape::Duration,
            "time" => Shape::Time,
            "microtime" => Shape::MicroTime,
            "intorstring" => Shape::IntOrText,
            // Only the functions of `core` round amounts.
            "resources" if package == "core/v1" => Shape::Resources,
            "resources" => Shape::Map(self.inner(package, "quantity")),
            "schemaorlist" | "schemaorbool" => Shape::JsonSchema,
            _ if text.contains('.') => self.named(text).map_or(Shape::Any, Shape::Struct),
            _ => self.named(&format!("{package}.{text}")).map_or(Shape::Any, Shape::Struct),
        }
    }

    fn inner(&mut self, package: &str, text: &str) -> ShapeId {
        let shape = self.read_shape(package, text);
        let at = self.shapes.iter().position(|known| *known == shape).unwrap_or_else(|| {
            self.shapes.push(shape);
            self.shapes.len() - 1
        });
        ShapeId(u16::try_from(at).unwrap_or(u16::MAX))
    }

    /// Marks the types and fields below which there are defaults, until nothing changes.
    fn find_defaults(&mut self) {
        loop {
            let mut found = Vec::new();
            for (at, of) in self.types.iter().enumerate() {
                let fields = of.fields.iter().enumerate();
                let new: Vec<usize> = fields
                    .filter(|(_, field)| !field.has_defaults && self.has_defaults(field.shape))
                    .map(|(at, _)| at)
                    .collect();
                if !new.is_empty() || (!of.has_defaults && !of.rules.is_empty()) {
                    found.push((at, new));
                }
            }
            if found.is_empty() {
                return;
            }
            for (at, fields) in found {
                let Some(of) = self.types.get_mut(at) else { continue };
                of.has_defaults = true;
                for at in fields {
                    if let Some(field) = of.fields.get_mut(at) {
                        field.has_defaults = true;
                    }
                }
            }
        }
    }
}

/// Whether `@32-35` covers a release.
pub(crate) fn covers(range: &str, version: KubernetesVersion) -> bool {
    let bounds = range.strip_prefix('@').and_then(|range| range.split_once('-'));
    let minor = |text: &str| text.parse::<u16>().ok();
    bounds.is_some_and(|(first, last)| {
        minor(first).is_none_or(|first| first <= version.minor())
            && minor(last).is_none_or(|last| version.minor() <= last)
    })
}

/// A JSON text of a table as a node.
pub(crate) fn json(text: &str) -> Option<Node> {
    serde_json::from_str::<serde_json::Value>(text).ok().map(|json| Node::from(&json))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_line_of_the_table_is_understood() {
        for version in KubernetesVersion::all() {
            let types = types(version);
            assert!(types.kinds.values().map(HashMap::len).sum::<usize>() > 90, "{version}");
            for (name, id) in &types.names {
                let of = types.get(*id).unwrap();
                assert!(of.fields.is_sorted_by(|a, b| a.name < b.name), "{name} in {version}");
            }
        }
        for line in TABLE.lines().filter(|line| line.starts_with(' ')) {
            let shape = line.split(' ').nth(2).unwrap();
            let shape = shape.trim_start_matches(['*', '[', ']', '{', '}']);
            let known = TABLE.contains(&format!(".{shape}\n")) || TABLE.contains(&format!("type {shape}\n"));
            assert!(known || shape.starts_with(|c: char| c.is_ascii_lowercase()), "{line}");
        }
    }

    #[test]
    fn releases_differ() {
        let has = |minor, api_version, kind| {
            types(KubernetesVersion::minor_release(minor)).of_kind(api_version, kind).is_some()
        };
        assert!(has(34, "resource.k8s.io/v1", "ResourceClaim"));
        assert!(!has(33, "resource.k8s.io/v1", "ResourceClaim"));
        assert!(!has(34, "apps/v1beta1", "Deployment"));
        let field = |minor, of, name| {
            let types = types(KubernetesVersion::minor_release(minor));
            types.get(types.named(of).unwrap()).unwrap().field(name).is_some()
        };
        assert!(field(33, "autoscaling/v2.HPAScalingRules", "tolerance"));
        assert!(!field(32, "autoscaling/v2.HPAScalingRules", "tolerance"));
    }
}
