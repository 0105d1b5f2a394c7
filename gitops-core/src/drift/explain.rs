//! What a difference means to people: who made it, when, why, and where Git says otherwise.

use super::differences::{Difference, differences};
use super::field_set::FieldSet;
use super::fields::nodes_to;
use super::managers::{Manager, owner};
use super::model::{Cause, FieldDrift, FieldStatus, Owner};
use super::own::Own;
use crate::knowledge::field_managers::{ManagerKind, manager_kind};
use crate::knowledge::structured_merge::{Schema, Type};
use crate::node::{Location, Node, SourceMap};
use crate::object::Object;
use crate::object::common_start;
use crate::object::secret::{MASK_CHANGED, is_secret, masked, shown};

/// What the explanation of a difference needs.
pub(super) struct Context<'a> {
    /// Resolves places in Git.
    pub(super) sources: Option<&'a SourceMap>,
    pub(super) schema: &'a Schema,
    pub(super) of: Type,
    pub(super) kind: &'a str,
    pub(super) config: &'a Node,
    pub(super) config_fields: FieldSet,
    pub(super) managers: &'a [Manager],
    pub(super) own: &'a Own,
}

impl Context<'_> {
    fn locate(&self, node: &Node) -> Option<Location> {
        self.sources?.locate(node.span)
    }

    /// What people are told of a difference.
    pub(super) fn explain(&self, difference: &Difference) -> FieldDrift {
        let changed_by = owner(self.managers, &difference.field, |manager| !self.own.is(manager));
        // What Git says may mean nothing to the server, such as `false`, but it is what people know.
        let way = nodes_to(self.schema, self.of, self.config, &difference.field);
        let said = way.last().filter(|_| way.len() == difference.live_path.segments().len() + 1);
        let desired = difference.desired.as_ref().or(said.copied()).filter(|node| !node.is_null());
        let status = match (&difference.live, desired) {
            _ if difference.order => FieldStatus::Reordered,
            (None, _) => FieldStatus::Missing,
            (_, None) => FieldStatus::Extra,
            _ => FieldStatus::Changed,
        };
        let both = status == FieldStatus::Changed;
        let live = difference.live.as_ref().map(|node| shown(self.kind, &difference.live_path, node));
        let desired = desired.map(|node| {
            let masked = both && node.scalar().is_some() && is_secret(self.kind, &difference.desired_path);
            match masked {
                true => MASK_CHANGED.into(),
                false => shown(self.kind, &difference.desired_path, node),
            }
        });
        let at =
            if status == FieldStatus::Missing { &difference.desired_path } else { &difference.live_path };
        FieldDrift {
            path: difference.display.clone(),
            pointer: at.to_json_pointer(),
            status,
            desired,
            live,
            cause: cause(difference, self, changed_by),
            changed_by: changed_by.map(owner_of),
            location: self.place(difference),
        }
    }

    /// The text that sets the desired value: its own, or that of the nearest part of the configuration
    /// around it.
    fn place(&self, difference: &Difference) -> Option<Location> {
        let part = |node: &Node| {
            // Of an image whose name and tag stand in two files, the one that differs.
            let text =
                |node: Option<&Node>| node.and_then(Node::as_str).map(str::to_owned).unwrap_or_default();
            let offset = common_start(&text(difference.live.as_ref()), &text(Some(node)));
            self.sources?.locate(self.sources?.part(node.span, offset))
        };
        if let Some(place) = difference.desired.as_ref().and_then(part) {
            return Some(place);
        }
        let way = nodes_to(self.schema, self.of, self.config, &difference.field);
        way.iter().rev().find_map(|node| self.locate(node))
    }
}

/// An object as people read it: masked, without what no apply touches. Secret values that differ from those
/// of the other side say so.
pub(super) fn readable(object: &Object, differences: &[Difference]) -> Node {
    let mut node = masked(object);
    for difference in differences {
        let path = &difference.desired_path;
        let scalar = difference.desired.as_ref().is_some_and(|node| node.scalar().is_some());
        if scalar
            && difference.live.is_some()
            && is_secret(object.kind(), path)
            && let Some(node) = node.lookup_mut(path)
        {
            *node = Node::string(MASK_CHANGED, node.span);
        }
    }
    if let Some(map) = node.as_map_mut() {
        map.remove("status");
    }
    if let Some(map) = node.get_mut("metadata").and_then(Node::as_map_mut) {
        map.remove("managedFields");
    }
    node
}

pub(super) fn owner_of(manager: &Manager) -> Owner {
    Owner {
        manager: manager.name.clone(),
        operation: if manager.applies { "Apply" } else { "Update" },
        subresource: manager.subresource.clone(),
        time: manager.time.clone(),
    }
}

/// See [`Cause`] for what each means.
fn cause(difference: &Difference, context: &Context<'_>, changed_by: Option<&Manager>) -> Cause {
    let applied_before = context.own.last.touches(&difference.field);
    if !context.config_fields.touches(&difference.field) {
        // Flux takes over what people set, and so takes away what they added.
        let by_hand = changed_by.is_some_and(|manager| manager_kind(&manager.name) == ManagerKind::Person);
        return match applied_before {
            true if by_hand => Cause::EditedByHand,
            true => Cause::RemovedFromGit,
            false => Cause::Default,
        };
    }
    if let Some(manager) = changed_by {
        return match manager_kind(&manager.name) {
            ManagerKind::Person => Cause::EditedByHand,
            _ => Cause::OtherController,
        };
    }
    if !context.managers.is_empty() {
        return Cause::NotYetApplied;
    }
    // No managed fields: the copy of what was applied tells who is ahead.
    let Some(applied) = &context.own.applied else { return Cause::Unknown };
    let fields = |node: &Node| differences(context.schema, context.of, node, applied);
    let in_git = fields(context.config).iter().any(|other| other.field == difference.field);
    if in_git { Cause::NotYetApplied } else { Cause::EditedByHand }
}
