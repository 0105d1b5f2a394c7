//! Merging lists by key, where every element has its keys and no two have the same.
//!
//! That is nearly every list there is. What kyaml does with the others is in [`super::odd_list`].

use std::borrow::Cow;
use std::collections::{HashMap, HashSet};

use crate::Result;
use crate::knowledge::openapi::Shape;
use crate::node::{Node, Segment, Span, Value};

use super::directive::{self, Directive, is_nothing};
use super::strategic::{Merger, Settled, Side};

/// The values that tell an element of a list from the others.
#[derive(PartialEq, Eq, Hash)]
struct Identity<'a>(Cow<'a, str>, Option<Cow<'a, str>>);

/// How the elements of two lists belong together.
struct Matches {
    /// For each element of the patch, the element of the base with the same identity.
    base_of: Vec<Option<usize>>,
    /// Whether it takes two keys to tell them apart.
    by_two_keys: bool,
}

/// `None` unless every element of both lists has an identity of its own.
fn matches<'a>(base: &'a [Node], patch: &'a [Node], keys: &[&str]) -> Option<Matches> {
    let mut used = keys.iter().filter(|key| base.iter().chain(patch).any(|item| item.get(key).is_some()));
    let (first, second, third) = (used.next(), used.next(), used.next());
    if third.is_some() || (first.is_none() && !keys.is_empty() && !(base.is_empty() && patch.is_empty())) {
        return None;
    }
    let identity = |item: &'a Node| -> Option<Identity<'a>> {
        match first {
            Some(first) => {
                let second = match second {
                    Some(second) => Some(text(item.get(second)?)?),
                    None => None,
                };
                Some(Identity(text(item.get(first)?)?, second))
            }
            None => Some(Identity(text(item)?, None)),
        }
    };
    let mut found = HashMap::with_capacity(base.len());
    for (at, item) in base.iter().enumerate() {
        if found.insert(identity(item)?, at).is_some() {
            return None;
        }
    }
    let mut seen = HashSet::with_capacity(patch.len());
    let mut base_of = Vec::with_capacity(patch.len());
    for item in patch {
        let identity = identity(item)?;
        base_of.push(found.get(&identity).copied());
        if !seen.insert(identity) {
            return None;
        }
    }
    Some(Matches { base_of, by_two_keys: second.is_some() })
}

/// The text of a scalar that can tell elements apart.
fn text(node: &Node) -> Option<Cow<'_, str>> {
    node.text().filter(|text| !text.is_empty() && !node.is_null())
}

impl Merger<'_> {
    /// Merges a list of the patch into the base's; false when the list is to go.
    pub(super) fn merge_lists(
        &mut self,
        target: &mut Node,
        patch: &Node,
        items: &[Node],
        keys: &[&str],
        element: &Shape,
    ) -> Result<bool> {
        let directive = Directive::of_list(items).map_err(|value| self.unknown_directive(value))?;
        let stripped;
        let items = match directive {
            None => items,
            Some(directive) => {
                stripped = directive.strip(items);
                stripped.as_slice()
            }
        };
        match directive {
            Some(Directive::Delete) => return Ok(false),
            Some(Directive::Replace) => {
                *target = Node::seq(self.both_sides_one(items, keys, element)?, patch.span);
                return Ok(true);
            }
            _ => {}
        }
        let base = target.as_seq().unwrap_or_default();
        let Some(matches) = matches(base, items, keys) else {
            let merged = self.merge_odd(base, items, keys, element)?;
            if let Some(base) = target.as_seq_mut() {
                *base = merged;
            }
            return Ok(true);
        };
        if items.is_empty() {
            if let Settled::Changed(node) = self.settle_elements(target, base, element, Side::Base)? {
                *target = node;
            }
            return Ok(true);
        }
        let Some(base) = target.as_seq_mut() else { return Ok(true) };
        let mut merged = Vec::with_capacity(base.len() + items.len());
        let mut left: Vec<Option<Node>> = std::mem::take(base).into_iter().map(Some).collect();
        let mut put_back = HashMap::new();
        for (at, (item, found)) in items.iter().zip(&matches.base_of).enumerate() {
            self.path.push(Segment::Index(at));
            match found.and_then(|found| Some((found, left.get_mut(found)?.take()?))) {
                Some((found, node)) => {
                    let node = self.merge_element(node, item, element)?.filter(|node| !is_nothing(node));
                    match node {
                        // With two keys kyaml puts what the base has back in the base's order.
                        Some(node) if matches.by_two_keys => drop(put_back.insert(found, node)),
                        node => merged.extend(node),
                    }
                }
                None => {
                    let node = self.settle(item, element, Side::Added)?.or(item);
                    merged.extend(node.filter(|node| !is_nothing(node)));
                }
            }
            self.path.pop();
        }
        for (at, node) in left.into_iter().enumerate() {
            match node {
                Some(node) => merged.extend(self.settle(&node, element, Side::Base)?.or(&node)),
                None => merged.extend(put_back.remove(&at)),
            }
        }
        *base = merged;
        Ok(true)
    }

    /// Merges elements that have the same keys. `$patch: replace` has no effect on elements.
    fn merge_element(&mut self, mut base: Node, patch: &Node, element: &Shape) -> Result<Option<Node>> {
        let Some(map) = patch.as_map() else { return Ok(Some(base)) };
        let directive = Directive::of_map(map).map_err(|value| self.unknown_directive(value))?;
        if directive == Some(Directive::Replace) {
            self.warn_replace_ignored(map.get(directive::KEY).map_or(patch.span, |value| value.span));
            self.check_ignored(patch, element)?;
            return Ok(Some(base));
        }
        Ok(self.merge(&mut base, patch, element)?.then_some(base))
    }

    pub(super) fn warn_replace_ignored(&mut self, span: Span) {
        self.warn(
            "patch-directive-ignored",
            span,
            "kustomize ignores `$patch: replace` on an element of a list, and with it the whole element; \
             delete the fields that are not wanted with `null`, or replace the whole list",
        );
    }

    /// What becomes of a list that one side has alone.
    pub(super) fn settle_list(
        &mut self,
        node: &Node,
        items: &[Node],
        keys: &[&str],
        element: &Shape,
        side: Side,
    ) -> Result<Settled> {
        if side == Side::Below {
            let directive = Directive::of_list(items).map_err(|value| self.unknown_directive(value))?;
            match directive {
                Some(Directive::Delete) => return Ok(Settled::Gone),
                Some(directive) => {
                    let items = self.both_sides_one(&directive.strip(items), keys, element)?;
                    return Ok(Settled::Changed(Node::seq(items, node.span)));
                }
                None => {}
            }
        }
        if matches(items, &[], keys).is_some() {
            return self.settle_elements(node, items, element, side);
        }
        let settled = match side {
            Side::Base => self.merge_odd(items, &[], keys, element)?,
            _ => self.settle_odd(items, keys, element)?,
        };
        Ok(Settled::Changed(Node::seq(settled, node.span)))
    }

    /// A list that kyaml takes for both sides at once, as it does with what it adds and replaces.
    fn both_sides_one(&mut self, items: &[Node], keys: &[&str], element: &Shape) -> Result<Vec<Node>> {
        if matches(items, &[], keys).is_none() {
            return self.settle_odd(items, keys, element);
        }
        let mut settled = Vec::with_capacity(items.len());
        for item in items {
            settled
                .extend(self.settle(item, element, Side::Below)?.or(item).filter(|node| !is_nothing(node)));
        }
        Ok(settled)
    }

    fn settle_elements(
        &mut self,
        node: &Node,
        items: &[Node],
        element: &Shape,
        side: Side,
    ) -> Result<Settled> {
        let side = if side == Side::Base { Side::Base } else { Side::Below };
        let mut changed: Option<Vec<Node>> = None;
        for (at, item) in items.iter().enumerate() {
            let settled = match &item.value {
                Value::Map(_) => self.settle(item, element, side)?,
                _ => Settled::Same,
            };
            match (settled, &mut changed) {
                (Settled::Same, None) => {}
                (settled, None) => {
                    let mut kept: Vec<Node> = items.get(..at).unwrap_or_default().to_vec();
                    kept.extend(settled.or(item).filter(|node| !is_nothing(node)));
                    changed = Some(kept);
                }
                (settled, Some(kept)) => kept.extend(settled.or(item).filter(|node| !is_nothing(node))),
            }
        }
        Ok(changed.map_or(Settled::Same, |items| Settled::Changed(Node::seq(items, node.span))))
    }
}
