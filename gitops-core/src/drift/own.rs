//! Which of a live object's fields the GitOps tool set before, so that they go when Git drops them.

use std::borrow::Cow;

use super::field_set::FieldSet;
use super::fields::fields_of;
use super::managers::{Manager, last_applied};
use crate::knowledge::field_managers::{GITOPS_MANAGERS, ManagerKind, manager_kind};
use crate::knowledge::structured_merge::{Schema, Type};
use crate::node::Node;

/// What is known of the last apply.
#[derive(Debug, Default)]
pub(super) struct Own {
    /// Which of the managers is ours.
    pub(super) at: Option<usize>,
    /// The name of our manager.
    pub(super) name: Option<String>,
    /// The fields that were applied.
    pub(super) last: FieldSet,
    /// The configuration that was applied, if the object has a copy.
    pub(super) applied: Option<Node>,
    /// Whether the fields of kubectl are made ours first, as [`flux_takes_over`] says.
    pub(super) takes_over: bool,
}

/// Finds the manager that applies what Git says, and what it applied.
///
/// With `wanted`, it is the manager of this name. Without, the first of those known
/// ([`GITOPS_MANAGERS`]) among the managers that apply, else the one of them with most fields. An object
/// without such a manager was applied from the client, if at all, and its annotation tells what. With
/// `takes_over`, what kubectl set counts as applied.
pub(super) fn own(
    live: &Node,
    managers: &[Manager],
    wanted: Option<&str>,
    takes_over: bool,
    schema: &Schema,
    of: Type,
) -> Own {
    let candidates = || {
        let all = managers.iter().enumerate();
        all.filter(|(_, manager)| manager.applies && manager.subresource.is_empty())
    };
    let named = |name: &str| candidates().find(|(_, manager)| manager.name == name).map(|(at, _)| at);
    let at = match wanted {
        Some(name) => named(name),
        None => GITOPS_MANAGERS.iter().find_map(|name| named(name)).or_else(|| {
            candidates().max_by_key(|(_, manager)| manager.fields.paths().len()).map(|(at, _)| at)
        }),
    };
    let manager = at.and_then(|at| managers.get(at));
    let applied = last_applied(live);
    let mut last = match (manager, &applied) {
        (Some(manager), _) => manager.fields.clone(),
        // A named manager that never applied owns nothing yet.
        (None, Some(applied)) if wanted.is_none() || managers.is_empty() => {
            fields_of(schema, of, applied).reconciled(schema, of)
        }
        _ => FieldSet::default(),
    };
    if takes_over {
        for manager in managers.iter().filter(|manager| flux_takes_over(manager, wanted)) {
            last = last.union(&manager.fields);
        }
    }
    let name = manager.map(|manager| manager.name.clone()).or_else(|| wanted.map(str::to_owned));
    Own { at, name, last, applied, takes_over }
}

/// Managers whose fields kustomize-controller makes its own before it applies.
fn flux_takes_over(manager: &Manager, own: Option<&str>) -> bool {
    manager.subresource.is_empty()
        && (manager.name.starts_with("kubectl")
            || manager.name == "before-first-apply"
            || (!manager.applies && own.unwrap_or("kustomize-controller") == manager.name))
}

impl Own {
    /// The managers as the apply finds them: those that it takes over own nothing any more.
    pub(super) fn left<'a>(&self, managers: &'a [Manager], wanted: Option<&str>) -> Cow<'a, [Manager]> {
        let is_taken = |manager: &Manager| self.takes_over && flux_takes_over(manager, wanted);
        if !managers.iter().any(is_taken) {
            return Cow::Borrowed(managers);
        }
        let left = managers.iter().map(|manager| match is_taken(manager) {
            true => Manager { fields: FieldSet::default(), ..manager.clone() },
            false => manager.clone(),
        });
        Cow::Owned(left.collect())
    }

    /// Whether a manager is ours, be it by an update.
    pub(super) fn is(&self, manager: &Manager) -> bool {
        match &self.name {
            Some(name) => *name == manager.name,
            None => manager_kind(&manager.name) == ManagerKind::GitOps,
        }
    }
}
