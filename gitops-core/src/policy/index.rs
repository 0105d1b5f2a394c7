//! Which constraints may be about an object, found without asking each of them.

use std::collections::BTreeMap;
use std::sync::Arc;

use regorus::Value;

use super::constraint::Constraint;

/// The constraints of a policy set by the kinds they name, and by what they evaluate.
#[derive(Clone, Debug, Default)]
pub(super) struct Index {
    /// Positions of the constraints that name a kind, in order.
    by_kind: BTreeMap<String, Vec<usize>>,
    /// Positions of those that take any kind, in order.
    any: Vec<usize>,
    /// For each constraint the first of the same template with equal parameters: its verdict on an
    /// object is theirs.
    first: Vec<usize>,
}

impl Index {
    pub(super) fn new(constraints: &[Arc<Constraint>]) -> Self {
        let mut index = Self::default();
        let mut seen: BTreeMap<(usize, &Value), usize> = BTreeMap::new();
        for (at, constraint) in constraints.iter().enumerate() {
            match constraint.matcher.named_kinds() {
                None => index.any.push(at),
                Some(kinds) => {
                    for kind in kinds {
                        index.by_kind.entry(kind.to_owned()).or_default().push(at);
                    }
                }
            }
            index.first.push(if constraint.is_told_by_parameters() {
                *seen.entry((constraint.template, &constraint.parameters)).or_insert(at)
            } else {
                at
            });
        }
        index
    }

    /// The constraints that may be about an object of one of `kinds`, in order.
    pub(super) fn candidates<'a>(&self, kinds: impl Iterator<Item = &'a str>) -> Vec<usize> {
        let named = kinds.filter_map(|kind| self.by_kind.get(kind)).flatten();
        let mut all: Vec<usize> = self.any.iter().chain(named).copied().collect();
        all.sort_unstable();
        all.dedup();
        all
    }

    /// The first constraint that evaluates the same as the one at `position`.
    pub(super) fn first(&self, position: usize) -> usize {
        self.first.get(position).copied().unwrap_or(position)
    }
}

#[cfg(test)]
mod tests {
    use crate::policy::tests::{constraint, objects, set_of, template};
    use serde_json::json;

    #[test]
    fn candidates_are_those_that_name_the_kind_or_none() {
        let named = |name: &str, spec: serde_json::Value| {
            let mut made = constraint("A", spec);
            made["metadata"]["name"] = json!(name);
            made
        };
        let kinds = |list: serde_json::Value| json!({"match": {"kinds": list}});
        let set = set_of(&objects(&[
            template("A", "package a\nviolation[{\"msg\": \"m\"}] { true }"),
            named("a", kinds(json!([{"kinds": ["Pod", "Service"]}, {"kinds": ["Pod"]}]))),
            named("b", kinds(json!([{"kinds": ["Pod"]}, {"apiGroups": ["apps"]}]))),
            named("c", kinds(json!([{"kinds": ["*"]}]))),
            named("d", json!({"parameters": {"x": 1}})),
            named("e", kinds(json!([]))),
            named("f", kinds(json!([{"kinds": ["Service"]}]))),
        ]));
        for (kind, expected) in
            [("Pod", vec![0, 1, 2, 3, 4]), ("Service", vec![0, 1, 2, 3, 4, 5]), ("Node", vec![1, 2, 3, 4])]
        {
            assert_eq!(set.index.candidates([kind].into_iter()), expected, "{kind}");
        }
        let first: Vec<_> = (0..6).map(|at| set.index.first(at)).collect();
        assert_eq!(first, [0, 0, 0, 3, 0, 0]);
    }
}
