//! Which findings an acceptance is about.

use std::borrow::Cow;

use super::super::Finding;
use super::super::facts::Facts;
use super::super::matching::{glob, is_namespace};
use crate::object::items::display_path;
use crate::object::{LabelSelector, Object};

/// The fewest characters other than `*` with which a pattern names something.
const MIN_FIXED: usize = 3;

/// An entry of `policies`: all that is given must be equal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct PolicySelector {
    pub(super) template: Option<String>,
    pub(super) constraint: Option<String>,
    pub(super) policy: Option<String>,
    pub(super) bundle: Option<String>,
    pub(super) control: Option<String>,
}

impl PolicySelector {
    /// Whether it names policies; a bundle alone would be a whole standard.
    pub(super) fn names_something(&self) -> bool {
        [&self.template, &self.constraint, &self.policy, &self.control].into_iter().any(Option::is_some)
    }

    pub(super) fn selects(&self, finding: &Finding, facts: &Facts) -> bool {
        let is = |wanted: &Option<String>, own: Option<&str>| {
            wanted.as_deref().is_none_or(|wanted| own == Some(wanted))
        };
        let control = |wanted: &String| facts.controls.iter().any(|own| own.eq_ignore_ascii_case(wanted));
        is(&self.template, Some(&finding.template))
            && is(&self.constraint, Some(&finding.constraint))
            && is(&self.policy, facts.policy.as_deref())
            && is(&self.bundle, facts.bundle.as_deref())
            && self.control.as_ref().is_none_or(control)
    }
}

/// An entry of `objects`: all that is given must fit. Names and namespaces may have `*` at either end.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct ObjectSelector {
    /// Empty for the core group.
    pub(super) group: Option<String>,
    pub(super) kind: Option<String>,
    pub(super) namespace: Option<String>,
    pub(super) name: Option<String>,
    pub(super) labels: Option<LabelSelector>,
    /// None stands for any, and for what is in no container.
    pub(super) containers: Vec<String>,
    /// Paths as a report shows them; none stands for any.
    pub(super) paths: Vec<String>,
}

impl ObjectSelector {
    /// Whether it says which objects it is about, rather than which kind of objects.
    pub(super) fn names_something(&self) -> bool {
        let fixed = |pattern: &String| {
            !pattern.contains('*') || pattern.replace('*', "").chars().count() >= MIN_FIXED
        };
        self.namespace.as_ref().is_some_and(fixed)
            || self.name.as_ref().is_some_and(fixed)
            || self.labels.as_ref().is_some_and(|labels| !labels.is_empty())
    }

    /// Whether a finding on an object is selected. What is not known of a finding (its container or
    /// path) does not fit what asks for it.
    pub(super) fn selects(
        &self,
        finding: &Finding,
        object: &Object,
        default_namespace: Option<&str>,
    ) -> bool {
        let is = |wanted: &Option<String>, own: &str| wanted.as_deref().is_none_or(|wanted| wanted == own);
        let like = |pattern: &Option<String>, own: &str| {
            pattern.as_deref().is_none_or(|pattern| !own.is_empty() && glob(pattern, own))
        };
        // As for Gatekeeper, a Namespace stands in itself.
        let namespace: Cow<'_, str> = match object.namespace() {
            _ if is_namespace(object) => object.name().into(),
            "" => default_namespace.unwrap_or("").into(),
            namespace => namespace.into(),
        };
        let container =
            || finding.container.as_ref().is_some_and(|own| self.containers.iter().any(|c| glob(c, own)));
        let path = || {
            finding.path.as_ref().is_some_and(|path| {
                let shown = [display_path(&object.node, path), path.to_string()];
                self.paths.iter().any(|wanted| shown.iter().any(|own| covers(wanted, own)))
            })
        };
        is(&self.group, object.group())
            && is(&self.kind, object.kind())
            && like(&self.namespace, &namespace)
            && like(&self.name, object.name())
            && self.labels.as_ref().is_none_or(|labels| labels.matches_object(object))
            && (self.containers.is_empty() || container())
            && (self.paths.is_empty() || path())
    }
}

/// Whether a path is, or leads below, one that may have `*` for any one step.
fn covers(wanted: &str, path: &str) -> bool {
    let (wanted, path) = (steps(wanted), steps(path));
    wanted.len() <= path.len()
        && wanted.iter().zip(&path).all(|(wanted, own)| *wanted == "*" || wanted == own)
}

/// The steps of a path as it is shown: what is between dots, and what is in brackets.
fn steps(path: &str) -> Vec<&str> {
    let mut steps = Vec::new();
    let (mut start, mut depth, mut quoted) = (0, 0usize, false);
    let mut take = |from: usize, to: usize| {
        if let Some(step) = path.get(from..to).filter(|step| !step.is_empty()) {
            steps.push(step);
        }
    };
    for (at, c) in path.char_indices() {
        match c {
            '"' => quoted = !quoted,
            _ if quoted => {}
            '[' if depth == 0 => {
                take(start, at);
                (start, depth) = (at + 1, 1);
            }
            '[' => depth += 1,
            ']' if depth == 1 => {
                take(start, at);
                (start, depth) = (at + 1, 0);
            }
            ']' => depth = depth.saturating_sub(1),
            '.' if depth == 0 => {
                take(start, at);
                start = at + 1;
            }
            _ => {}
        }
    }
    take(start, path.len());
    steps
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_cover_what_is_below() {
        for (wanted, path, want) in [
            ("spec.a", "spec.a", true),
            ("spec.a", "spec.a.b", true),
            ("spec.a", "spec.ab", false),
            ("spec.a.b", "spec.a", false),
            ("spec.c[web]", "spec.c[web].image", true),
            ("spec.c[web]", "spec.c[webs].image", false),
            ("spec.c[*].image", "spec.c[web].image", true),
            ("spec.c[*].image", "spec.c[port=80,name=x].image", true),
            ("spec.*.image", "spec.c.image", true),
            ("spec.*.image", "spec.c[0].image", false),
            ("metadata.annotations[\"a.b/c\"]", "metadata.annotations[\"a.b/c\"]", true),
            ("metadata.annotations[\"a.b/c\"]", "metadata.annotations[\"a.b/d\"]", false),
        ] {
            assert_eq!(covers(wanted, path), want, "{wanted} {path}");
        }
    }
}
