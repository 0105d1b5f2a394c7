//! Sets the defaults of Kubernetes' own kinds, by the rules of [`crate::knowledge::defaults`].

use super::functions;
use super::scalars::quantity_text;
use crate::knowledge::defaults::{Action, Condition, Rule};
use crate::knowledge::types::{Shape, Types};
use crate::node::{Map, Node, Span};
use crate::object::quantity::Quantity;

/// Sets the defaults of a value in canonical form, and of all below it.
pub(super) fn apply(types: &Types, shape: Shape, node: &mut Node) {
    match shape {
        Shape::Struct(id) => {
            let Some(of) = types.get(id).filter(|of| of.has_defaults && node.is_map()) else { return };
            for rule in &of.rules {
                apply_rule(rule, node);
            }
            let below = |key: &str| of.field(key).filter(|field| field.has_defaults);
            let any = node.as_map().is_some_and(|map| map.keys().any(|key| below(key).is_some()));
            for (key, value) in node.as_map_mut().filter(|_| any).into_iter().flat_map(Map::values_mut) {
                if let Some(field) = below(key) {
                    apply(types, field.shape, value);
                }
            }
            // A struct that is no pointer is always there for Go.
            for field in of.fields().iter().filter(|field| field.has_defaults && !field.pointer) {
                if let (Shape::Struct(_), None) = (field.shape, node.get(field.name)) {
                    let mut value = Node::map(Map::new(), Span::NONE);
                    apply(types, field.shape, &mut value);
                    if let (false, Some(map)) = (value.as_map().is_none_or(Map::is_empty), node.as_map_mut())
                    {
                        map.insert(field.name, value);
                    }
                }
            }
        }
        Shape::List(inner) => {
            for item in node.as_seq_mut().into_iter().flatten() {
                apply(types, types.shape(inner), item);
            }
        }
        Shape::Map(inner) => {
            for (_, value) in node.as_map_mut().into_iter().flat_map(Map::values_mut) {
                apply(types, types.shape(inner), value);
            }
        }
        Shape::Resources => round_up(node),
        _ => {}
    }
}

/// Amounts are kept to thousandths.
fn round_up(node: &mut Node) {
    let finer = |value: &Node| {
        let text = quantity_text(value)?;
        // All other suffixes are of a thousandth or more, if they follow no point and no exponent.
        if !text.contains(['n', 'u', '.', 'e', 'E']) {
            return None;
        }
        let rounded = Quantity::parse(&text).ok()?.rounded_up_to_milli().to_string();
        (rounded != *text).then(|| Node::string(rounded, value.span))
    };
    if !node.as_map().is_some_and(|map| map.iter().any(|(_, value)| finer(value).is_some())) {
        return;
    }
    for (_, value) in node.as_map_mut().into_iter().flat_map(Map::values_mut) {
        if let Some(rounded) = finer(value) {
            *value = rounded;
        }
    }
}

fn apply_rule(rule: &Rule, node: &mut Node) {
    let holds = |condition: &Condition| match condition {
        Condition::Has(path) => node.at(path).is_some(),
        Condition::Lacks(path) => node.at(path).is_none(),
        Condition::Is(path, values) => {
            node.at(path).and_then(Node::text).is_some_and(|text| values.contains(&text.as_ref()))
        }
    };
    if !rule.conditions.iter().all(holds) {
        return;
    }
    match rule.lists.as_slice() {
        [] => apply_to_item(rule, node),
        [list] => in_items(rule, list, node, &[]),
        [list, inner @ ..] => in_items(rule, list, node, inner),
    }
}

fn in_items(rule: &Rule, list: &[&'static str], node: &mut Node, inner: &[Vec<&'static str>]) {
    // What nobody looks up for writing stays shared.
    if node.at(list).and_then(Node::as_seq).is_none() {
        return;
    }
    let found = list.iter().try_fold(node, |node, key| node.get_mut(key));
    for item in found.and_then(Node::as_seq_mut).into_iter().flatten() {
        match inner {
            [] => apply_to_item(rule, item),
            [list, inner @ ..] => in_items(rule, list, item, inner),
        }
    }
}

fn apply_to_item(rule: &Rule, item: &mut Node) {
    if rule.having.is_some_and(|field| item.get(field).is_none()) {
        return;
    }
    match &rule.action {
        Action::Set(value) => {
            if item.at(&rule.field).is_none() {
                set(item, &rule.field, value.clone());
            }
        }
        Action::Call(function, argument) => functions::call(*function, item, &rule.field, argument),
    }
}

/// Sets a field, making the mappings on the way; does nothing where something else is in the way.
pub(super) fn set(node: &mut Node, path: &[&'static str], value: Node) {
    let Some((last, way)) = path.split_last() else { return };
    let mut place = node;
    for key in way {
        let Some(map) = place.as_map_mut() else { return };
        if !map.contains_key(key) {
            map.insert(*key, Node::map(Map::new(), Span::NONE));
        }
        let Some(next) = map.get_mut(key) else { return };
        place = next;
    }
    if let Some(map) = place.as_map_mut() {
        map.insert(*last, value);
    }
}
