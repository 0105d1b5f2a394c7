//! Acceptances as Security Tower writes them: an annotation named after the policy, whose value is the
//! reason.
//!
//! Security Tower looks for it on the object, on `spec.template`, on the Namespace and on the object's
//! owners and theirs. Here every pod template counts, those of CronJobs too, which it missed. The
//! policy's name is the kind of the template or the name of the constraint, in small letters, unless
//! an annotation `gitops-core/risk-acceptance` of these, or `spec.riskAcceptance.annotationName` of
//! a Security Tower Policy, says otherwise. A blank value, which Security Tower takes, is refused.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use super::super::Finding;
use super::super::facts::Facts;
use super::super::matching::is_namespace;
use crate::knowledge::pod_specs::pod_specs;
use crate::node::{Node, Span};
use crate::object::{Object, ObjectId};

/// What the product's names were, newest first; all three are in use.
pub(crate) const PREFIXES: [&str; 3] = [
    "securitytower.io/policy.exclusion.",
    "phylake.io/policy.exclusion.",
    "cloud.syncier.com/policy.exclusion.",
];

/// The groups of Security Tower's documents.
const GROUPS: [&str; 3] = ["securitytower.io", "phylake.syncier.cloud", "phylake.io"];

/// How many generations of owners are asked.
const GENERATIONS: usize = 2;

/// The annotations that Policy documents name, by the policy's name in small letters.
#[derive(Clone, Debug, Default)]
pub(super) struct Names(BTreeMap<String, BTreeSet<String>>);

impl Names {
    pub(super) fn add(&mut self, object: &Object) {
        if object.kind() != "Policy" || !GROUPS.contains(&object.group()) {
            return;
        }
        let name = object.node.at(&["spec", "riskAcceptance", "annotationName"]).and_then(Node::as_str);
        if let Some(name) = name.filter(|name| !name.trim().is_empty()) {
            self.0.entry(object.name().to_lowercase()).or_default().insert(name.trim().to_lowercase());
        }
    }

    /// The annotations that accept a policy's findings.
    pub(super) fn of(&self, finding: &Finding, facts: &Facts) -> BTreeSet<String> {
        let own = [finding.template.to_lowercase(), finding.constraint.to_lowercase()];
        let documented = own.iter().filter_map(|name| self.0.get(name)).flatten().cloned();
        let named = own.iter().filter(|name| !name.is_empty()).cloned();
        let said = facts.accepted_by.iter().map(|name| name.to_lowercase());
        let mut keys: BTreeSet<String> = documented.collect();
        for name in named.chain(said) {
            if name.contains('/') {
                keys.insert(name);
            } else {
                keys.extend(PREFIXES.iter().map(|prefix| format!("{prefix}{name}")));
            }
        }
        keys
    }

    fn knows(&self, key: &str) -> bool {
        PREFIXES.iter().any(|prefix| key.starts_with(prefix))
            || self.0.values().any(|keys| keys.contains(key))
    }
}

/// An annotation that accepts a risk.
#[derive(Debug)]
pub(super) struct Site {
    /// As it is written.
    pub(super) key: String,
    /// The reason, without blanks at its ends.
    pub(super) reason: String,
    pub(super) span: Span,
    /// The object that it stands on.
    pub(super) object: ObjectId,
    /// Whether that is one of those judged, and not a Namespace known beside them.
    pub(super) judged: bool,
}

/// All such annotations, and which of them speak for which object.
#[derive(Debug, Default)]
pub(super) struct Sites {
    pub(super) all: Vec<Site>,
    of: Vec<Vec<usize>>,
}

impl Sites {
    /// Finds the annotations on `objects` and `namespaces`; `more` are further keys to look for.
    pub(super) fn find(
        objects: &[Object],
        namespaces: &[Object],
        default_namespace: Option<&str>,
        names: &Names,
        more: &BTreeSet<String>,
    ) -> Self {
        let mut sites = Self::default();
        let wanted = |key: &str| names.knows(key) || more.contains(key);
        let own: Vec<Vec<usize>> = objects.iter().map(|object| sites.add(object, true, &wanted)).collect();
        let mut of_namespace: HashMap<&str, Vec<usize>> = HashMap::new();
        for (object, found) in objects.iter().zip(&own).filter(|(object, _)| is_namespace(object)) {
            of_namespace.insert(object.name(), found.clone());
        }
        for object in namespaces.iter().filter(|object| is_namespace(object)) {
            if !of_namespace.contains_key(object.name()) {
                let found = sites.add(object, false, &wanted);
                of_namespace.insert(object.name(), found);
            }
        }
        let mut by_name: HashMap<(&str, &str, &str, &str), usize> = HashMap::new();
        for (at, object) in objects.iter().enumerate() {
            by_name.entry((object.group(), object.kind(), object.namespace(), object.name())).or_insert(at);
        }
        let none = Vec::new();
        for (object, own_sites) in objects.iter().zip(&own) {
            let mut found = own_sites.clone();
            let namespace = Some(object.namespace()).filter(|name| !name.is_empty()).or(default_namespace);
            if !is_namespace(object) {
                found.extend(namespace.and_then(|name| of_namespace.get(name)).unwrap_or(&none));
            }
            let mut children = vec![object];
            for _ in 0..GENERATIONS {
                let parents: Vec<usize> = children
                    .iter()
                    .flat_map(|child| owners(child))
                    .filter_map(|owner| {
                        let in_namespace = by_name.get(&(owner.0, owner.1, object.namespace(), owner.2));
                        in_namespace.or_else(|| by_name.get(&(owner.0, owner.1, "", owner.2))).copied()
                    })
                    .collect();
                found.extend(parents.iter().filter_map(|at| own.get(*at)).flatten());
                children = parents.iter().filter_map(|at| objects.get(*at)).collect();
            }
            let mut seen = BTreeSet::new();
            found.retain(|at| seen.insert(*at));
            sites.of.push(found);
        }
        sites
    }

    /// The annotations that speak for an object, the nearest first.
    pub(super) fn of(&self, object: usize) -> impl Iterator<Item = (usize, &Site)> {
        let found = self.of.get(object).into_iter().flatten();
        found.filter_map(|at| Some((*at, self.all.get(*at)?)))
    }

    fn add(&mut self, object: &Object, judged: bool, wanted: &dyn Fn(&str) -> bool) -> Vec<usize> {
        let from = self.all.len();
        for metadata in metadata(object) {
            let annotations = metadata.get("annotations").and_then(Node::as_map);
            for entry in annotations.into_iter().flat_map(|map| map.entries()) {
                if !wanted(&entry.key.to_lowercase()) {
                    continue;
                }
                self.all.push(Site {
                    key: entry.key.to_string(),
                    reason: entry.value.text().unwrap_or_default().trim().to_owned(),
                    span: entry.key_span,
                    object: object.id(),
                    judged,
                });
            }
        }
        (from..self.all.len()).collect()
    }
}

/// The metadata of an object, then of the templates in it: what stands beside a pod's spec, and beside the
/// `spec` around it.
fn metadata(object: &Object) -> Vec<&Node> {
    let mut found: Vec<&Node> = object.node.get("metadata").into_iter().collect();
    for spec in pod_specs(object.group(), object.kind()) {
        let mut node = Some(&object.node);
        for (depth, key) in spec.path.iter().enumerate() {
            // Lists of templates are of kinds that Security Tower never knew.
            node = node.and_then(|node| node.get(key));
            let is_template = matches!(*key, "template" | "jobTemplate" | "podTemplate");
            let metadata = node.filter(|_| is_template && depth + 1 < spec.path.len());
            found.extend(metadata.and_then(|node| node.get("metadata")));
        }
    }
    found
}

/// The owners of an object: group, kind and name.
fn owners(object: &Object) -> Vec<(&str, &str, &str)> {
    let references = object.node.at(&["metadata", "ownerReferences"]).and_then(Node::as_seq);
    let found = references.into_iter().flatten().filter_map(|reference| {
        let text = |key| reference.get(key).and_then(Node::as_str);
        let (group, _) = crate::object::group_version(text("apiVersion")?);
        Some((group, text("kind")?, text("name")?))
    });
    found.collect()
}
