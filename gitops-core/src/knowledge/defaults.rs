//! The defaults of Kubernetes' own kinds as rules, read from `defaults.txt`, which explains their form.

use crate::knowledge::KubernetesVersion;
use crate::knowledge::types::{covers, json};
use crate::node::{Node, Text};

/// How a field gets its default.
#[derive(Clone, Debug)]
pub(crate) struct Rule {
    /// The lists to go through: keys down to each.
    pub(crate) lists: Vec<Keys>,
    /// Keys from there to the field.
    pub(crate) field: Keys,
    /// The same, ready to be put into mappings.
    pub(crate) names: Vec<Text>,
    /// What it gets.
    pub(crate) action: Action,
    /// What must hold of the type's value.
    pub(crate) conditions: Vec<Condition>,
    /// A field that the item must have.
    pub(crate) having: Option<&'static str>,
}

/// Keys of mappings, outermost first.
pub(crate) type Keys = Vec<&'static str>;

/// What a field gets.
#[derive(Clone, Debug)]
pub(crate) enum Action {
    /// A value, if it has none.
    Set(Node),
    /// What a function makes, given another field.
    Call(Function, Keys),
}

/// Functions that are more than a value; their effects are in `drift/normalise/functions.rs`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Function {
    /// The other field's value.
    Copy,
    /// The other field's value, which is a number; the empty text counts as none.
    CopyNumber,
    /// None: the field goes.
    Removed,
    /// How to pull the image that the other field names.
    PullPolicy,
    /// An empty mapping, if the volume has no source.
    TheOnlySource,
    /// The other field's text in lower case.
    LowerCase,
    /// The other field's text, and `List`.
    ListKind,
    /// The version, of those in the other field, that is stored.
    StoredVersion,
    /// The label with the namespace's name.
    NameLabel,
    /// The amounts of the other field for which it has none.
    AmountsOf,
    /// A pod's limits of huge pages: the sum of its containers'.
    HugePagesOfContainers,
    /// A pod's requests: the sum of its containers', or its limits.
    RequestsOfContainers,
    /// One, if it is below zero.
    AtLeastOne,
    /// The other field's address in a list.
    AddressList,
    /// The first of the other field's addresses.
    FirstAddress,
    /// The other field's value, whatever it has.
    Same,
}

const FUNCTIONS: &[(&str, Function)] = &[
    ("copy", Function::Copy),
    ("copy-number", Function::CopyNumber),
    ("removed", Function::Removed),
    ("pull-policy", Function::PullPolicy),
    ("the-only-source", Function::TheOnlySource),
    ("lower-case", Function::LowerCase),
    ("list-kind", Function::ListKind),
    ("stored-version", Function::StoredVersion),
    ("name-label", Function::NameLabel),
    ("amounts-of", Function::AmountsOf),
    ("huge-pages-of-containers", Function::HugePagesOfContainers),
    ("requests-of-containers", Function::RequestsOfContainers),
    ("at-least-one", Function::AtLeastOne),
    ("address-list", Function::AddressList),
    ("first-address", Function::FirstAddress),
    ("same", Function::Same),
];

/// What must hold of a value for a rule to apply.
#[derive(Clone, Debug)]
pub(crate) enum Condition {
    /// It has a field.
    Has(Keys),
    /// It lacks a field.
    Lacks(Keys),
    /// A field has one of these values, as text.
    Is(Keys, Vec<&'static str>),
}

const TABLE: &str = include_str!("defaults.txt");

/// The rules of a release, with the type that each belongs to, in order.
pub(crate) fn rules(version: KubernetesVersion) -> Vec<(&'static str, Rule)> {
    let mut rules: Vec<(&'static str, Rule)> = Vec::new();
    let mut of = "";
    for line in TABLE.lines().filter(|line| !line.is_empty() && !line.starts_with('#')) {
        let Some(line) = line.strip_prefix(' ') else {
            of = line;
            continue;
        };
        if let Some(other) = line.strip_prefix("like ") {
            let same = rules.iter().filter(|(name, _)| *name == other).map(|(_, rule)| (of, rule.clone()));
            rules.extend(same.collect::<Vec<_>>());
        } else if let Some((rule, true)) = read(line, version) {
            rules.push((of, rule));
        }
    }
    rules
}

fn keys(path: &'static str) -> Keys {
    path.split('.').collect()
}

/// A line's rule, and whether it counts in a release.
fn read(line: &'static str, version: KubernetesVersion) -> Option<(Rule, bool)> {
    let (path, rest) = line.split_once(' ')?;
    let (assignment, rest) = rest.split_once(' ')?;
    // Values have no spaces.
    let (value, mut rest) = rest.split_once(' ').unwrap_or((rest, ""));
    let mut parts: Vec<&'static str> = path.split("[].").collect();
    let field = keys(parts.pop()?);
    let action = match assignment {
        "=" => Action::Set(json(value)?),
        ":=" => {
            let (_, function) = FUNCTIONS.iter().find(|(name, _)| *name == value)?;
            let next = rest.split(' ').next().unwrap_or("");
            let argument = !matches!(next, "when" | "unless" | "having" | "") && !next.starts_with('@');
            if argument {
                rest = rest.get(next.len()..).unwrap_or("").trim_start();
            }
            Action::Call(*function, if argument { keys(next) } else { Keys::new() })
        }
        _ => return None,
    };
    let mut rule = Rule {
        lists: parts.into_iter().map(keys).collect(),
        names: field.iter().map(|key| Text::from(*key)).collect(),
        field,
        action,
        conditions: Vec::new(),
        having: None,
    };
    let mut covered = true;
    let mut words = rest.split(' ').filter(|word| !word.is_empty()).peekable();
    while let Some(word) = words.next() {
        match word {
            "when" => {
                let path = keys(words.next()?);
                rule.conditions.push(if words.peek() == Some(&"is") {
                    words.next();
                    Condition::Is(path, words.next()?.split('|').collect())
                } else {
                    Condition::Has(path)
                });
            }
            "unless" => rule.conditions.push(Condition::Lacks(keys(words.next()?))),
            "having" => rule.having = Some(words.next()?),
            range if range.starts_with('@') => covered = covers(range, version),
            _ => return None,
        }
    }
    Some((rule, covered))
}

impl Rule {
    /// The rule of a marker `+default=` on a field.
    pub(crate) fn marker(field: &'static str, text: &str) -> Option<Self> {
        Some(Self {
            lists: Vec::new(),
            field: vec![field],
            names: vec![field.into()],
            action: Action::Set(json(text)?),
            conditions: Vec::new(),
            having: None,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::knowledge::types::types;

    #[test]
    fn every_line_is_a_rule_of_a_type() {
        let mut of = "";
        for line in TABLE.lines().filter(|line| !line.is_empty() && !line.starts_with('#')) {
            match line.strip_prefix(' ') {
                None => {
                    of = line;
                    let known = |version| types(version).named(of).is_some();
                    assert!(KubernetesVersion::all().any(known), "{of}");
                }
                Some(line) if line.starts_with("like ") => {}
                Some(line) => {
                    let (rule, _) = read(line, KubernetesVersion::NEWEST).unwrap_or_else(|| panic!("{line}"));
                    let known = |version| {
                        let types = types(version);
                        let first = rule.lists.first().unwrap_or(&rule.field)[0];
                        types.named(of).and_then(|id| types.get(id)?.field(first)).is_some()
                    };
                    assert!(KubernetesVersion::all().any(known), "{of}: {line}");
                }
            }
        }
    }
}
