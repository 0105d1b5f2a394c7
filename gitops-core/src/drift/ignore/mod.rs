//! What is not compared: rules of Argo CD and Flux as data, and annotations of the objects themselves.
//!
//! An ignored field keeps its live value: it is no drift, and neither the report nor the patch touches it, as
//! with Argo CD's sync option `RespectIgnoreDifferences=true`.

mod annotations;
mod jq;
mod read;
mod release;
mod restore;
mod target;

pub(super) use annotations::merges;

use super::managers::Manager;
use crate::knowledge::structured_merge::{Schema, Type};
use crate::node::{Node, Path, Text};
use crate::object::Object;
use jq::PathExpression;
use release::{Mode, Release};
use target::Target;

/// Rules for what is not compared. Build them from the objects in which Argo CD and Flux keep theirs.
///
/// What the objects' own annotations say counts without rules: `kustomize.toolkit.fluxcd.io/reconcile:
/// disabled` and `/ssa: Ignore` or `IfNotPresent`, `/prune: disabled` of extra objects,
/// `helm.toolkit.fluxcd.io/driftDetection: disabled`, `argocd.argoproj.io/compare-options: IgnoreExtraneous`.
#[derive(Clone, Debug, Default)]
pub struct IgnoreRules {
    rules: Vec<Rule>,
    releases: Vec<Release>,
}

/// One rule: fields of the objects that it targets.
#[derive(Clone, Debug)]
struct Rule {
    target: Target,
    /// The HelmRelease that it stands in: it is about its objects only.
    release: Option<Release>,
    /// RFC 6901, split and unescaped; without parts the whole object.
    pointers: Vec<Vec<Text>>,
    expressions: Vec<PathExpression>,
    /// Field managers whose changed fields are ignored.
    managers: Vec<String>,
}

/// Why an object is not compared.
pub(crate) struct Skip {
    pub(crate) code: &'static str,
    pub(crate) message: String,
}

impl IgnoreRules {
    /// No rules.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Whether there is no rule.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.rules.is_empty() && self.releases.is_empty()
    }

    /// Why an object is left out of the comparison as a whole, if it is.
    pub(crate) fn skip(&self, desired: &Object, live: Option<&Object>) -> Option<Skip> {
        if let Some(skip) = annotations::skip(desired, live) {
            return Some(skip);
        }
        if let Some(release) = self.release_of(desired, live).filter(|one| one.mode == Mode::Disabled) {
            let message = format!("{} does not look for drift", release.title());
            return Some(Skip { code: "drift-detection-disabled", message });
        }
        let whole = |rule: &Rule| rule.pointers.iter().any(Vec::is_empty) && rule.is_about(desired, live);
        self.rules
            .iter()
            .any(whole)
            .then(|| Skip { code: "rule", message: "a rule leaves the object out".to_owned() })
    }

    /// Why an object that Git does not have is not extra, if so.
    pub(crate) fn skip_extra(&self, live: &Object) -> Option<Skip> {
        annotations::skip_extra(live)
    }

    /// Why drift of an object is only told and stays, if so.
    pub(crate) fn only_told(&self, desired: &Object, live: Option<&Object>) -> Option<Skip> {
        let release = self.release_of(desired, live).filter(|release| release.mode == Mode::Warn)?;
        let message = format!("{} tells of drift and does not put it back", release.title());
        Some(Skip { code: "drift-only-told", message })
    }

    /// The HelmRelease that an object says it belongs to, if it was given.
    fn release_of(&self, desired: &Object, live: Option<&Object>) -> Option<&Release> {
        self.releases.iter().find(|release| release.has(desired, live) == Some(true))
    }

    /// Sets every ignored field of `after` back to what it is in `before`.
    pub(crate) fn restore(
        &self,
        (schema, of): (&Schema, Type),
        after: &mut Object,
        before: &Object,
        desired: &Object,
        managers: &[Manager],
    ) -> bool {
        let mut any = false;
        for rule in self.rules.iter().filter(|rule| rule.is_about(desired, Some(before))) {
            any = true;
            let mut fields = Vec::new();
            for node in [&before.node, &after.node] {
                let paths = rule.paths(node);
                fields.extend(paths.iter().filter_map(|path| restore::field(schema, of, node, path)));
            }
            for field in fields {
                restore::restore(schema, of, &mut after.node, &before.node, &field);
            }
            if !rule.managers.is_empty() {
                let named = managers.iter().filter(|manager| rule.managers.contains(&manager.name));
                let named: Vec<_> = named.collect();
                // Argo CD ignores what a manager changed, not what it added or what is to go.
                for difference in super::differences::differences(schema, of, &before.node, &after.node) {
                    let both = difference.live.is_some() && difference.desired.is_some();
                    if both && named.iter().any(|manager| manager.fields.touches(&difference.field)) {
                        restore::restore(schema, of, &mut after.node, &before.node, &difference.field);
                    }
                }
            }
        }
        any
    }
}

impl Rule {
    fn is_about(&self, desired: &Object, live: Option<&Object>) -> bool {
        let is_of = |release: &Release| release.has(desired, live) != Some(false);
        self.target.matches(desired) && self.release.as_ref().is_none_or(is_of)
    }

    /// The places in `node` that the rule names.
    fn paths(&self, node: &Node) -> Vec<Path> {
        let pointers = self.pointers.iter().filter_map(|pointer| restore::resolve(node, pointer));
        let expressions = self.expressions.iter().flat_map(|expression| expression.paths(node));
        pointers.chain(expressions).collect()
    }
}
