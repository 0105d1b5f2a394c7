//! Merging lists whose elements lack keys or share them.
//!
//! Kyaml v0.21.2 loses elements here in ways that only its order of steps explains (an element without
//! the key empties the list before it; of equal elements the last one stays). The steps are therefore
//! followed one by one, over numbered elements, since what matters is which element *is* which. What gets
//! lost is reported as `list-element-dropped`.

use std::borrow::Cow;
use std::collections::HashSet;

use crate::knowledge::openapi::Shape;
use crate::node::{Node, Value};
use crate::{Error, ErrorKind, Result};

use super::directive::{self, Directive, is_nothing};
use super::strategic::{Merger, Side};

/// The most elements that are compared each with each.
const MAX_ELEMENTS: usize = 4_000;

/// The number of an element in the pool.
type Id = usize;

/// Elements of both sides by number; `None` for values of keys is the missing value.
struct Pool {
    nodes: Vec<Node>,
    /// The base's list, as it shrinks.
    base: Vec<Id>,
    /// The patch's list, unless it is the same as the base's.
    patch: Option<Vec<Id>>,
}

/// What go-yaml holds as the text of a node: nothing for mappings and lists.
fn value_of(node: &Node) -> String {
    node.text().map(Cow::into_owned).unwrap_or_default()
}

impl Pool {
    fn node(&self, id: Id) -> &Node {
        const NULL: &Node = &Node { value: Value::Null, span: crate::node::Span::NONE };
        self.nodes.get(id).unwrap_or(NULL)
    }

    fn patch(&self) -> &[Id] {
        self.patch.as_deref().unwrap_or(&self.base)
    }

    /// The values of all keys of all elements, each once, the patch's first.
    fn identities(&self, keys: &[&str]) -> Vec<Vec<String>> {
        let both = self.patch.iter().flatten().chain(&self.base);
        let mut seen = HashSet::new();
        let mut found = Vec::new();
        for id in both {
            let node = self.node(*id);
            let values: Vec<String> = keys
                .iter()
                .map(|key| match *key {
                    "" => value_of(node),
                    key => node.get(key).filter(|value| !value.is_null()).map(value_of).unwrap_or_default(),
                })
                .collect();
            if seen.insert(values.clone()) {
                found.push(values);
            }
        }
        found
    }

    /// The first element with these values of keys, which must be there even if they are empty.
    fn find(&self, list: &[Id], keys: &[&str], values: &[String]) -> Option<Id> {
        let has = |id: Id| {
            let node = self.node(id);
            keys.iter().zip(values).all(|(key, value)| match *key {
                "" => value_of(node) == *value,
                key => node.get(key).is_some_and(|found| value_of(found) == *value),
            })
        };
        list.iter().copied().find(|id| has(*id))
    }

    /// Puts `element` where elements with these values stand, or at the end; without an element, takes
    /// them away. An empty value matches any.
    fn set(
        &self,
        list: &mut Vec<Id>,
        keys: &[&str],
        values: &[String],
        element: Option<Id>,
    ) -> Result<(), Id> {
        let mut found_one = false;
        let mut kept = Vec::with_capacity(list.len() + 1);
        let by_key = keys.first().is_some_and(|key| !key.is_empty())
            && values.first().is_some_and(|value| !value.is_empty());
        for &id in list.iter() {
            let node = self.node(id);
            if is_nothing(node) {
                continue;
            }
            if by_key && !node.is_map() {
                kept.push(id);
                continue;
            }
            let mut found = !values.is_empty();
            for (key, value) in keys.iter().zip(values) {
                found = match *key {
                    "" if node.scalar().is_none() => return Err(id),
                    "" => value_of(node) == *value,
                    _ if !node.is_map() => return Err(id),
                    key => node.get(key).is_some_and(|found| value.is_empty() || value_of(found) == *value),
                };
                if !found {
                    break;
                }
            }
            match (found, element) {
                (false, _) if values.is_empty() => {}
                (false, _) => kept.push(id),
                (true, None) => {}
                (true, Some(element)) => {
                    found_one = true;
                    kept.push(element);
                }
            }
        }
        if let Some(element) = element.filter(|element| !found_one && !self.node(*element).is_null()) {
            kept.push(element);
        }
        *list = kept;
        Ok(())
    }
}

/// Makes values equal that differ only in one being missing and have something in common.
fn unify(identities: &mut [Vec<String>]) {
    for at in 0..identities.len() {
        let Some(one) = identities.get(at).cloned() else { continue };
        for other_at in 0..identities.len() {
            if let Some(both) = identities.get(other_at).and_then(|other| unified(&one, other)) {
                for at in [at, other_at] {
                    if let Some(values) = identities.get_mut(at) {
                        values.clone_from(&both);
                    }
                }
            }
        }
    }
}

fn unified(one: &[String], other: &[String]) -> Option<Vec<String>> {
    let mut common = false;
    let mut both = Vec::with_capacity(one.len());
    for (a, b) in one.iter().zip(other) {
        common |= a == b;
        match (a.is_empty(), b.is_empty()) {
            (false, false) if a != b => return None,
            (false, _) => both.push(a.clone()),
            (true, _) => both.push(b.clone()),
        }
    }
    common.then_some(both)
}

/// The keys that any identity has a value for, and this one's values for them; all of them if none has.
fn valid<'k>(all: &[Vec<String>], values: &[String], keys: &[&'k str]) -> (Vec<&'k str>, Vec<String>) {
    let used = |at: usize| all.iter().any(|values| values.get(at).is_some_and(|value| !value.is_empty()));
    let pairs = || keys.iter().copied().zip(values.iter().cloned()).enumerate();
    let (keys, values): (Vec<_>, Vec<_>) = pairs().filter(|(at, _)| used(*at)).map(|(_, pair)| pair).unzip();
    if keys.is_empty() { pairs().map(|(_, pair)| pair).unzip() } else { (keys, values) }
}

impl Merger<'_> {
    /// Merges a list of the patch (empty if it has none) into the base's.
    pub(super) fn merge_odd(
        &mut self,
        base: &[Node],
        patch: &[Node],
        keys: &[&str],
        element: &Shape,
    ) -> Result<Vec<Node>> {
        let pool = Pool {
            nodes: base.iter().chain(patch).cloned().collect(),
            base: (0..base.len()).collect(),
            patch: Some((base.len()..base.len() + patch.len()).collect()),
        };
        self.run_odd(pool, keys, element)
    }

    /// The same for a list that stands for both sides.
    pub(super) fn settle_odd(&mut self, items: &[Node], keys: &[&str], element: &Shape) -> Result<Vec<Node>> {
        let pool = Pool { nodes: items.to_vec(), base: (0..items.len()).collect(), patch: None };
        self.run_odd(pool, keys, element)
    }

    fn run_odd(&mut self, mut pool: Pool, keys: &[&str], element: &Shape) -> Result<Vec<Node>> {
        if pool.nodes.len() > MAX_ELEMENTS {
            return Err(Error::new(
                ErrorKind::Limit,
                "list-too-long",
                format!(
                    "a list of {} elements cannot be merged, as some have no merge key or the same one; give \
                     each element a {} of its own",
                    pool.nodes.len(),
                    keys.first().unwrap_or(&"value")
                ),
            )
            .context(&self.path)
            .at(pool.nodes.first().and_then(|node| self.sources.locate(node.span))));
        }
        let keys = if keys.is_empty() { &[""] } else { keys };
        let mut identities = pool.identities(keys);
        if keys.len() > 1 {
            unify(&mut identities);
        }
        let mut merged = Vec::new();
        let mut seen = HashSet::new();
        let mut last_keys = Vec::new();
        for identity in &identities {
            let (used, values) = valid(&identities, identity, keys);
            let (own, own_values) = valid(std::slice::from_ref(&values), &values, &used);
            let base = pool.find(&pool.base, &own, &own_values);
            let patch = pool.find(pool.patch(), &own, &own_values);
            seen.extend(patch.into_iter().chain(base));
            let node = self.walk_odd(&mut pool, base, patch, element)?;
            let result = match node.filter(|id| !is_nothing(pool.node(*id))) {
                Some(id) => pool.set(&mut merged, &used, &values, Some(id)),
                None => {
                    let mut list = std::mem::take(&mut pool.base);
                    let result = pool.set(&mut list, &used, &values, None);
                    pool.base = list;
                    result
                }
            };
            result.map_err(|id| self.odd_element(pool.node(id)))?;
            last_keys = used;
        }
        let before = merged.clone();
        for &id in &pool.base {
            self.put_back(&pool, &mut merged, &last_keys, id)?;
        }
        let kept: HashSet<Id> = merged.iter().copied().collect();
        let lost = before.iter().chain(&pool.base).copied().filter(|id| !kept.contains(id));
        let unseen = (0..pool.nodes.len()).filter(|id| !seen.contains(id) && !kept.contains(id));
        let lost: HashSet<Id> = lost.chain(unseen).collect();
        self.warn_dropped(&pool, lost);
        Ok(merged.into_iter().map(|id| pool.node(id).clone()).collect())
    }

    /// Merges two elements, either of which may be missing, in the pool.
    fn walk_odd(
        &mut self,
        pool: &mut Pool,
        base: Option<Id>,
        patch: Option<Id>,
        element: &Shape,
    ) -> Result<Option<Id>> {
        let same = base == patch;
        let (id, settled) = match (base, patch) {
            (None, None) => return Ok(None),
            (Some(id), Some(_)) if same => (id, self.settle(pool.node(id), element, Side::Below)?),
            (Some(id), None) => (id, self.settle(pool.node(id), element, Side::Base)?),
            (None, Some(id)) => (id, self.settle(pool.node(id), element, Side::Added)?),
            (Some(base), Some(id)) => {
                let item = pool.node(id).clone();
                let directive = match item.as_map() {
                    Some(map) => Directive::of_map(map).map_err(|value| self.unknown_directive(value))?,
                    None => None,
                };
                // Kyaml takes the directive out of the patch when it first meets it.
                let mut bare = item.clone();
                if directive.is_some()
                    && let Some(map) = bare.as_map_mut()
                {
                    map.remove(directive::KEY);
                }
                let merged = match directive {
                    Some(Directive::Replace) => {
                        self.warn_replace_ignored(
                            item.get(directive::KEY).map_or(item.span, |value| value.span),
                        );
                        let settled = self.settle(&bare, element, Side::Below)?.or(&bare);
                        set(pool, id, settled.unwrap_or(bare));
                        return Ok(Some(id));
                    }
                    _ if item.scalar().is_some() => return Ok(Some(id)),
                    _ => {
                        let mut node = pool.node(base).clone();
                        let kept = self.merge(&mut node, &item, element)?;
                        set(pool, base, node);
                        kept.then_some(base)
                    }
                };
                set(pool, id, bare);
                return Ok(merged);
            }
        };
        let kept = settled.or(pool.node(id));
        let is_some = kept.is_some();
        let mut node = kept.unwrap_or_else(|| pool.node(id).clone());
        if !is_some
            && patch.is_some()
            && let Some(map) = node.as_map_mut()
        {
            map.remove(directive::KEY);
        }
        set(pool, id, node);
        Ok(is_some.then_some(id))
    }

    /// Puts an element of the base where the merged list has its like, or at the end.
    fn put_back(&mut self, pool: &Pool, merged: &mut Vec<Id>, keys: &[&str], id: Id) -> Result<()> {
        let node = pool.node(id);
        let mut values = Vec::with_capacity(keys.len());
        for key in keys {
            match *key {
                "" => values.push(value_of(node)),
                _ if !node.is_map() && !node.is_null() => return Err(self.odd_element(node)),
                key => match node.get(key) {
                    Some(value) => values.push(value_of(value)),
                    None => merged.push(id),
                },
            }
        }
        let mut put = |element| pool.set(merged, keys, &values, element);
        let first = if keys.len() > 1 { put(None) } else { Ok(()) };
        first.and_then(|()| put(Some(id))).map_err(|id| self.odd_element(pool.node(id)))
    }

    fn odd_element(&self, node: &Node) -> Error {
        self.error(
            "patch-type-mismatch",
            node.span,
            format!(
                "an element of a list that patches merge by key is {}; make it a mapping",
                node.type_name()
            ),
        )
    }

    fn warn_dropped(&mut self, pool: &Pool, lost: HashSet<Id>) {
        let mut lost: Vec<Id> = lost.into_iter().filter(|id| !is_nothing(pool.node(*id))).collect();
        lost.sort_unstable();
        for id in lost {
            self.warn(
                "list-element-dropped",
                pool.node(id).span,
                "kustomize drops this element of a list that it merges by key, as an element has no key or \
                 the same one as another; give every element its keys, with values of their own",
            );
        }
    }
}

fn set(pool: &mut Pool, id: Id, node: Node) {
    if let Some(slot) = pool.nodes.get_mut(id) {
        *slot = node;
    }
}
