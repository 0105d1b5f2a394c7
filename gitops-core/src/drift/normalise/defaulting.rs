//! Sets the defaults of Kubernetes' own kinds, by the rules of [`crate::knowledge::defaults`].

use super::functions;
use super::scalars::quantity_text;
use crate::knowledge::defaults::{Action, Condition, Keys, Rule};
use crate::knowledge::types::{Shape, Types};
use crate::node::{Map, Node, Span, Text};
use crate::object::quantity::Quantity;

/// A value in canonical form with its defaults, and those of all below it; `None` if it has them.
pub(super) fn apply(types: &Types, shape: Shape, node: &Node) -> Option<Node> {
    match shape {
        Shape::Struct(id) => {
            let of = types.get(id).filter(|of| of.has_defaults && node.is_map())?;
            let mut new = None;
            for rule in &of.rules {
                let current = new.as_ref().unwrap_or(node);
                if !holds(rule, current) {
                    continue;
                }
                if !rule.lists.is_empty() {
                    if fires_below(rule, &rule.lists, current) {
                        run_below(rule, &rule.lists, new.get_or_insert_with(|| node.clone()));
                    }
                } else if let Some(effect) = effect(rule, current) {
                    effect.on(rule, new.get_or_insert_with(|| node.clone()));
                }
            }
            let mut below = Vec::new();
            for (key, value) in new.as_ref().unwrap_or(node).as_map()?.iter() {
                if let Some(field) = of.field(key).filter(|field| field.has_defaults)
                    && let Some(value) = apply(types, field.shape, value)
                {
                    below.push((field.name, value));
                }
            }
            // A struct that is no pointer is always there for Go.
            for field in of.fields().iter().filter(|field| field.has_defaults && !field.pointer) {
                if let (Shape::Struct(_), None) = (field.shape, new.as_ref().unwrap_or(node).get(field.name))
                    && let Some(value) = apply(types, field.shape, &Node::map(Map::new(), Span::NONE))
                {
                    below.push((field.name, value));
                }
            }
            if !below.is_empty()
                && let Some(map) = new.get_or_insert_with(|| node.clone()).as_map_mut()
            {
                for (name, value) in below {
                    match map.get_mut(name) {
                        Some(place) => *place = value,
                        None => {
                            map.insert(name, value);
                        }
                    }
                }
            }
            new
        }
        Shape::List(inner) => {
            let mut new: Option<Node> = None;
            for (at, item) in node.as_seq()?.iter().enumerate() {
                if let Some(item) = apply(types, types.shape(inner), item)
                    && let Some(place) = new
                        .get_or_insert_with(|| node.clone())
                        .as_seq_mut()
                        .and_then(|items| items.get_mut(at))
                {
                    *place = item;
                }
            }
            new
        }
        Shape::Map(inner) => with_values(node, |value| apply(types, types.shape(inner), value)),
        // Amounts are kept to thousandths.
        Shape::Resources => with_values(node, rounded_up),
        _ => None,
    }
}

/// A mapping with some of its values replaced.
fn with_values(node: &Node, change: impl Fn(&Node) -> Option<Node>) -> Option<Node> {
    let mut new: Option<Node> = None;
    for (key, value) in node.as_map()?.iter() {
        if let Some(value) = change(value)
            && let Some(map) = new.get_or_insert_with(|| node.clone()).as_map_mut()
        {
            map.insert(key, value);
        }
    }
    new
}

fn rounded_up(amount: &Node) -> Option<Node> {
    let text = quantity_text(amount)?;
    // All other suffixes are of a thousandth or more, if they follow no point and no exponent.
    if !text.contains(['n', 'u', '.', 'e', 'E']) {
        return None;
    }
    let rounded = Quantity::parse(&text).ok()?.rounded_up_to_milli().to_string();
    (rounded != *text).then(|| Node::string(rounded, amount.span))
}

/// Whether a rule's conditions hold of a value.
fn holds(rule: &Rule, node: &Node) -> bool {
    rule.conditions.iter().all(|condition: &Condition| match condition {
        Condition::Has(path) => node.at(path).is_some(),
        Condition::Lacks(path) => node.at(path).is_none(),
        Condition::Is(path, values) => {
            node.at(path).and_then(Node::text).is_some_and(|text| values.contains(&text.as_ref()))
        }
    })
}

/// Whether a rule changes an item. Asked first, so that what needs no change is not copied.
fn fires_below(rule: &Rule, lists: &[Keys], node: &Node) -> bool {
    match lists {
        [] => effect(rule, node).is_some(),
        [list, inner @ ..] => {
            let items = node.at(list).and_then(Node::as_seq).unwrap_or_default();
            items.iter().any(|item| fires_below(rule, inner, item))
        }
    }
}

fn run_below(rule: &Rule, lists: &[Keys], node: &mut Node) {
    let Some((list, inner)) = lists.split_first() else {
        if let Some(effect) = effect(rule, node) {
            effect.on(rule, node);
        }
        return;
    };
    let items = list.iter().try_fold(node, |node, key| node.get_mut(key)).and_then(Node::as_seq_mut);
    for item in items.into_iter().flatten() {
        if fires_below(rule, inner, item) {
            run_below(rule, inner, item);
        }
    }
}

/// What a rule does to its field.
pub(super) enum Effect {
    Set(Node),
    Remove,
}

impl Effect {
    fn on(self, rule: &Rule, item: &mut Node) {
        match self {
            Self::Set(value) => set(item, &rule.names, value),
            Self::Remove => remove(item, &rule.field),
        }
    }
}

fn effect(rule: &Rule, item: &Node) -> Option<Effect> {
    if rule.having.is_some_and(|field| item.get(field).is_none()) {
        return None;
    }
    match &rule.action {
        Action::Set(value) => item.at(&rule.field).is_none().then(|| Effect::Set(value.clone())),
        Action::Call(function, argument) => functions::call(*function, item, &rule.field, argument),
    }
}

fn remove(node: &mut Node, path: &[&'static str]) {
    if let Some((last, way)) = path.split_last()
        && let Some(map) = way.iter().try_fold(node, |node, key| node.get_mut(key)).and_then(Node::as_map_mut)
    {
        map.remove(last);
    }
}

/// Sets a field, making the mappings on the way; does nothing where something else is in the way.
fn set(node: &mut Node, path: &[Text], value: Node) {
    let Some((last, way)) = path.split_last() else { return };
    let mut place = node;
    for key in way {
        let Some(map) = place.as_map_mut() else { return };
        if !map.contains_key(key) {
            map.insert(key, Node::map(Map::new(), Span::NONE));
        }
        let Some(next) = map.get_mut(key) else { return };
        place = next;
    }
    if let Some(map) = place.as_map_mut() {
        map.insert(last, value);
    }
}
