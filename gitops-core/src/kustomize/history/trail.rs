//! One place of an object through the versions of the object: found by key, and in lists by what an item
//! is, since positions move.

use std::collections::HashMap;

use super::Cause;
use crate::node::{Map, Node, Span, Value};
use crate::object::items::best_identity;

/// What stood at one place of an object after the steps that changed it, oldest first; never empty
/// where one is handed out.
#[derive(Clone, Default)]
pub(super) struct Trail<'a>(pub(super) Vec<(Cause, &'a Node)>);

impl<'a> Trail<'a> {
    /// Adds what stands there after a step, unless it obviously is what stood there before.
    pub(super) fn push(&mut self, cause: Cause, node: &'a Node) {
        let same = |last: &Node| {
            last.span == node.span
                && (last.shares_with(node) || last.scalar().is_some_and(|old| Some(old) == node.scalar()))
        };
        if !self.0.last().is_some_and(|(_, last)| same(last)) {
            self.0.push((cause, node));
        }
    }

    /// What stood under a key. What was removed in between has no part in what stands there now.
    pub(super) fn key(&self, key: &str) -> Option<Self> {
        let mut below = Self::default();
        for (cause, node) in &self.0 {
            match node.get(key) {
                Some(value) => below.push(*cause, value),
                None => below.0.clear(),
            }
        }
        (!below.0.is_empty()).then_some(below)
    }

    /// What each item of the present list was.
    pub(super) fn items(&self, field: &str) -> Vec<Self> {
        let mut newest_first = self.0.iter().rev().map_while(|(cause, node)| Some((*cause, node.as_seq()?)));
        let Some((cause, mut after)) = newest_first.next() else { return Vec::new() };
        let mut found: Vec<Vec<(Cause, &Node)>> = after.iter().map(|item| vec![(cause, item)]).collect();
        // Where each item stands in `after`, while it is there.
        let mut places: Vec<Option<usize>> = (0..after.len()).map(Some).collect();
        for (cause, before) in newest_first {
            let matched = matching(field, before, after);
            for (place, found) in places.iter_mut().zip(&mut found) {
                *place = place.and_then(|at| matched.get(at).copied().flatten());
                if let Some(item) = place.and_then(|at| before.get(at)) {
                    found.push((cause, item));
                }
            }
            after = before;
        }
        let trails = found.into_iter().map(|found| {
            let mut trail = Self::default();
            found.into_iter().rev().for_each(|(cause, item)| trail.push(cause, item));
            trail
        });
        trails.collect()
    }

    /// Without the steps that changed nothing here, however deep one has to look.
    pub(super) fn settled(self) -> Self {
        let mut settled = Self::default();
        for (cause, node) in self.0 {
            if !settled.0.last().is_some_and(|(_, last)| identical(last, node)) {
                settled.0.push((cause, node));
            }
        }
        settled
    }
}

/// Whether two trees are equal and set by the same texts.
fn identical(a: &Node, b: &Node) -> bool {
    let same_values = |a: &Map, b: &Map| {
        a.len() == b.len()
            && a.iter().all(|(key, value)| b.get(key).is_some_and(|other| identical(value, other)))
    };
    a.span == b.span
        && (a.shares_with(b)
            || match (&a.value, &b.value) {
                (Value::Map(a), Value::Map(b)) => same_values(a, b),
                (Value::Seq(a), Value::Seq(b)) => {
                    a.len() == b.len() && a.iter().zip(b.iter()).all(|(a, b)| identical(a, b))
                }
                (Value::Map(_) | Value::Seq(_), _) | (_, Value::Map(_) | Value::Seq(_)) => false,
                _ => a.scalar() == b.scalar(),
            })
}

/// For each item of `after`, the item of `before` that it was: the one of the same text, of the same
/// name, or at the same position where items have no names.
fn matching(field: &str, before: &[Node], after: &[Node]) -> Vec<Option<usize>> {
    let (in_before, in_after) = (by_span(before), by_span(after));
    let mut taken = vec![false; before.len()];
    let mut take = |at: usize| taken.get_mut(at).is_some_and(|taken| !std::mem::replace(taken, true));
    let mut found: Vec<Option<usize>> = after
        .iter()
        .map(|item| {
            in_after.get(&item.span)?.as_ref()?;
            in_before.get(&item.span).copied().flatten().filter(|at| take(*at))
        })
        .collect();
    if found.iter().all(Option::is_some) {
        return found;
    }
    match best_identity(field, before, after) {
        Some(names) => {
            let places: HashMap<&String, usize> =
                names.before.iter().enumerate().map(|(at, name)| (name, at)).collect();
            for (slot, name) in found.iter_mut().zip(&names.after) {
                *slot = slot.or_else(|| places.get(name).copied().filter(|at| take(*at)));
            }
        }
        None => {
            for (at, slot) in found.iter_mut().enumerate() {
                *slot = slot.or_else(|| Some(at).filter(|at| take(*at)));
            }
        }
    }
    found
}

/// The position of the one item that each text made; `None` for a text that made several.
fn by_span(items: &[Node]) -> HashMap<Span, Option<usize>> {
    let mut found = HashMap::with_capacity(items.len());
    for (at, item) in items.iter().enumerate().filter(|(_, item)| item.span != Span::NONE) {
        found.entry(item.span).and_modify(|known| *known = None).or_insert(Some(at));
    }
    found
}
