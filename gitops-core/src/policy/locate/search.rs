//! The search for the part of an object whose change makes a violation go away, by evaluating changed
//! copies of the review.

use std::collections::{BTreeMap, BTreeSet};

use regorus::Value;

use super::leaves::{Hints, Leaf, container_of, last_key};
use super::words::{has_token, is_telling, words};
use crate::node::{Node, Path, Segment};
use crate::object::Object;
use crate::policy::runner::{Runner, Violation};
use crate::policy::value::replaced;

/// Evaluations spent on one violation.
pub(super) const BUDGET: usize = 400;

/// Text that no object and no policy contains.
const PROBE: &str = "gitops-core-probe";

/// How likely a cause is: no mere name, quoted, words shared with the message, in the container named, depth.
type Rank = (bool, bool, usize, bool, usize);

/// What a change of a leaf did to a violation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Effect {
    /// Nothing.
    Same,
    /// It is gone, and nothing new is there.
    Gone,
    /// Its message follows the value.
    Quoted,
    /// Another message is there, or the policy failed.
    Changed,
}

/// A path of the object as a path of the review.
fn in_review(path: &Path) -> Path {
    std::iter::once(Segment::Key("object".into())).chain(path.segments().iter().cloned()).collect()
}

pub(super) struct Search<'a> {
    pub(super) runner: &'a mut Runner,
    pub(super) object: &'a Object,
    pub(super) review: &'a Value,
    pub(super) parameters: &'a Value,
    pub(super) hints: Hints,
    pub(super) leaves: Vec<Leaf>,
    pub(super) trees: Vec<Path>,
    pub(super) original: BTreeSet<String>,
    /// Messages after a change: by path and new value.
    pub(super) memo: BTreeMap<(Path, Option<Value>), Option<BTreeSet<String>>>,
    pub(super) left: usize,
}

impl Search<'_> {
    pub(super) fn find(&mut self, violation: &Violation, kind: &str) -> Option<Path> {
        self.left = BUDGET;
        let message = violation.message.as_str();
        let said: BTreeSet<String> = words(message).into_iter().chain(words(kind)).collect();
        let named = self.named_container(message);
        // Likely leaves first, so that the budget is spent on them.
        let mut order: Vec<(bool, usize, bool, usize)> = Vec::new();
        for (at, leaf) in self.leaves.iter().enumerate() {
            let quoted = !leaf.identity && is_telling(&leaf.text) && has_token(message, &leaf.text);
            let key = last_key(&leaf.path).unwrap_or("");
            let shared = if leaf.identity { 0 } else { words(key).intersection(&said).count() };
            let below =
                named.as_ref().is_some_and(|named| leaf.path.segments().starts_with(named.segments()));
            order.push((quoted, shared, below, at));
        }
        order.sort_by_key(|&(quoted, shared, below, at)| (std::cmp::Reverse((quoted, shared, below)), at));
        let mut quoted_leaves = BTreeSet::new();
        let mut best: Option<(Rank, usize)> = None;
        for &(quoted, shared, below, at) in &order {
            if best.is_some() && !quoted && shared == 0 {
                break;
            }
            match self.change(at, message) {
                Effect::Gone => {
                    let leaf = self.leaves.get(at)?;
                    let rank = (!leaf.identity, quoted, shared, below, leaf.path.segments().len());
                    if best.as_ref().is_none_or(|(known, _)| rank > *known) {
                        best = Some((rank, at));
                    }
                }
                Effect::Quoted => {
                    quoted_leaves.insert(at);
                }
                Effect::Same | Effect::Changed => {}
            }
        }
        let cause =
            best.and_then(|((not_identity, ..), at)| Some((not_identity, self.leaves.get(at)?.path.clone())));
        if let Some((true, path)) = cause {
            return Some(path);
        }
        let around = named.clone();
        self.switches(message, &order)
            .or_else(|| {
                let removed = self.removed(message, &order, &quoted_leaves, around.as_ref())?;
                Some(self.quoted(&quoted_leaves, &removed).unwrap_or(removed))
            })
            .or_else(|| self.quoted(&quoted_leaves, &Path::new()))
            .or_else(|| self.missing(message, named))
            .or(cause.map(|(_, path)| path).filter(|path| {
                let text = self.object.lookup(path).and_then(Node::text);
                text.is_some_and(|text| has_token(message, &text))
            }))
    }

    /// The element of a list of containers whose name the message has.
    fn named_container(&self, message: &str) -> Option<Path> {
        let elements =
            self.trees.iter().filter(|path| matches!(path.segments().last(), Some(Segment::Index(_))));
        let named = elements
            .filter_map(|path| container_of(self.object, path).filter(|(element, _)| element == path));
        // The longest name, so that `web` does not win over `web-proxy`; the first of equals.
        named
            .filter(|(_, name)| has_token(message, name))
            .fold(None, |best: Option<(Path, String)>, found| match best {
                Some(best) if best.1.len() >= found.1.len() => Some(best),
                _ => Some(found),
            })
            .map(|(path, _)| path)
    }

    /// The messages after a change.
    fn messages(&mut self, path: &Path, part: Option<&Value>) -> Option<BTreeSet<String>> {
        let key = (path.clone(), part.cloned());
        if let Some(known) = self.memo.get(&key) {
            return known.clone();
        }
        let review = replaced(self.review, &in_review(path), part);
        let messages = self.run(&review);
        self.memo.insert(key, messages.clone());
        messages
    }

    /// The messages of a changed review; `None` if the policy fails or nothing is left to spend.
    fn run(&mut self, review: &Value) -> Option<BTreeSet<String>> {
        self.left = self.left.checked_sub(1)?;
        let verdict = self.runner.run(review, self.parameters).ok();
        verdict.map(|found| found.into_iter().map(|violation| violation.message).collect())
    }

    /// Of the fewest booleans that must be turned together for the violation to go away, the likeliest.
    fn switches(&mut self, message: &str, order: &[(bool, usize, bool, usize)]) -> Option<Path> {
        let leaves = order.iter().filter_map(|&(.., at)| self.leaves.get(at));
        let mut turned: Vec<(Path, Value)> = leaves
            .filter_map(|leaf| {
                Some((leaf.path.clone(), Value::from(!self.object.lookup(&leaf.path)?.as_bool()?)))
            })
            .collect();
        if turned.len() < 2 || !self.gone_with(message, &turned, None) {
            return None;
        }
        // Turn back what is not needed, the least likely first.
        for at in (0..turned.len()).rev() {
            if self.gone_with(message, &turned, Some(at)) {
                turned.remove(at);
            }
        }
        turned.into_iter().next().map(|(path, _)| path)
    }

    /// Whether all the changes but one make the violation go away.
    fn gone_with(&mut self, message: &str, changes: &[(Path, Value)], but: Option<usize>) -> bool {
        let made = changes.iter().enumerate().filter(|(at, _)| Some(*at) != but);
        let review = made.fold(self.review.clone(), |review, (_, (path, value))| {
            replaced(&review, &in_review(path), Some(value))
        });
        let messages = self.run(&review);
        messages.is_some_and(|messages| !messages.contains(message) && messages.is_subset(&self.original))
    }

    fn effect(
        &mut self,
        path: &Path,
        part: Option<&Value>,
        message: &str,
        texts: Option<(&str, &str)>,
    ) -> Effect {
        let Some(messages) = self.messages(path, part) else { return Effect::Changed };
        if messages.contains(message) {
            return Effect::Same;
        }
        let mut new = messages.difference(&self.original).peekable();
        if new.peek().is_none() {
            return Effect::Gone;
        }
        if let Some((old, text)) = texts.filter(|(old, _)| !old.is_empty()) {
            let follows = message.replace(old, text);
            if new.any(|found| *found == follows || found.replace(text, old) == message) {
                return Effect::Quoted;
            }
        }
        Effect::Changed
    }

    /// The strongest effect of giving a leaf other values.
    fn change(&mut self, at: usize, message: &str) -> Effect {
        let Some(leaf) = self.leaves.get(at) else { return Effect::Same };
        let (path, old) = (leaf.path.clone(), leaf.text.clone());
        let Some(node) = self.object.lookup(&path) else { return Effect::Same };
        let mut strongest = Effect::Same;
        for value in self.others(node, &old) {
            let text = match &value {
                Value::String(text) => text.to_string(),
                other => crate::policy::format::term(other),
            };
            match self.effect(&path, Some(&value), message, Some((&old, &text))) {
                Effect::Gone => return Effect::Gone,
                Effect::Quoted => strongest = Effect::Quoted,
                Effect::Changed if strongest == Effect::Same => strongest = Effect::Changed,
                Effect::Changed | Effect::Same => {}
            }
        }
        strongest
    }

    /// Other values for a leaf, of its own type.
    fn others(&self, node: &Node, old: &str) -> Vec<Value> {
        let mut values = Vec::new();
        if let Some(value) = node.as_bool() {
            return vec![Value::from(!value)];
        }
        if node.as_f64().is_some() {
            values.extend([Value::from(0_i64), Value::from(1_i64), Value::from(1000_i64)]);
            values.extend(self.hints.numbers.iter().cloned());
            let number = node.as_f64().unwrap_or(0.0);
            values.retain(|value| value.as_f64().ok() != Some(number));
            return values;
        }
        let mut texts = vec![PROBE.to_owned()];
        match old {
            "true" => texts.push("false".into()),
            "false" => texts.push("true".into()),
            _ => {}
        }
        for hint in &self.hints.texts {
            let plain = hint.trim_matches('*');
            texts.push(plain.to_owned());
            if let Some((_, last)) = plain.rsplit_once('/').filter(|(_, last)| !last.is_empty()) {
                texts.push(last.to_owned());
            }
            if plain.ends_with('/') || hint.ends_with('*') {
                texts.push(format!("{plain}{PROBE}"));
            }
            if hint.starts_with('*') {
                texts.push(format!("{PROBE}{plain}"));
            }
        }
        if old.starts_with(|c: char| c.is_ascii_digit()) {
            texts.extend(["1m".to_owned(), "1".to_owned()]);
        }
        if !old.contains(char::is_whitespace) && !old.is_empty() {
            // As if it were an image: another tag, and a digest.
            let name = match old.rsplit_once(':') {
                Some((name, tag)) if !tag.contains('/') => name,
                _ => old,
            };
            texts.push(format!("{name}:0.0.0-{PROBE}"));
            texts.push(format!("{name}@sha256:{}", "a".repeat(64)));
        }
        texts.push(String::new());
        texts.retain(|text| text != old);
        let mut seen = BTreeSet::new();
        texts.retain(|text| seen.insert(text.clone()));
        values.extend(texts.into_iter().map(Value::from));
        values
    }

    /// A leaf or sub-tree whose removal makes the violation go away.
    fn removed(
        &mut self,
        message: &str,
        order: &[(bool, usize, bool, usize)],
        quoted: &BTreeSet<usize>,
        container: Option<&Path>,
    ) -> Option<Path> {
        let quoted_paths: Vec<Path> =
            quoted.iter().filter_map(|at| self.leaves.get(*at)).map(|leaf| leaf.path.clone()).collect();
        let holds_quoted =
            |path: &Path| quoted_paths.iter().any(|quoted| quoted.segments().starts_with(path.segments()));
        let leaves = order.iter().filter_map(|&(.., at)| self.leaves.get(at)).filter(|leaf| !leaf.identity);
        let mut parts: Vec<Path> = leaves.map(|leaf| leaf.path.clone()).collect();
        let mut trees = self.trees.clone();
        trees.sort_by_key(|path| std::cmp::Reverse(path.segments().len()));
        parts.extend(trees);
        // Stable: what the message names first, else deepest first.
        let named = |path: &Path| match path.segments().last() {
            Some(Segment::Key(key)) => key.len() >= 4 && has_token(message, key),
            _ => false,
        };
        parts.sort_by_key(|path| (!named(path), std::cmp::Reverse(path.segments().len())));
        for path in parts {
            // Without the container named, nothing can be wrong with it.
            let around = container.is_some_and(|container| container.segments().starts_with(path.segments()));
            if around || (holds_quoted(&path) && !named(&path)) || path.segments().len() < 2 {
                continue;
            }
            if self.effect(&path, None, message, None) == Effect::Gone {
                return Some(path);
            }
        }
        None
    }

    /// The longest value below a path that the message quotes.
    fn quoted(&self, quoted: &BTreeSet<usize>, below: &Path) -> Option<Path> {
        let leaves = quoted.iter().filter_map(|at| self.leaves.get(*at));
        leaves
            .filter(|leaf| !leaf.identity && leaf.path.segments().starts_with(below.segments()))
            .fold(None, |best: Option<&Leaf>, leaf| match best {
                Some(best) if best.text.len() >= leaf.text.len() => Some(best),
                _ => Some(leaf),
            })
            .map(|leaf| leaf.path.clone())
    }

    /// Where something is missing.
    fn missing(&self, message: &str, container: Option<Path>) -> Option<Path> {
        let within = container.clone().unwrap_or_default();
        let said = words(message);
        let exact = |key: &str| key.len() >= 4 && has_token(message, key);
        // `labels` where the message says `label`; short words are too common.
        let names = |key: &str| {
            let words = words(key);
            exact(key)
                || (words.iter().all(|word| word.len() >= 5) && !words.is_empty() && words.is_subset(&said))
        };
        // A leaf that is there is not what a container lacks, unless it is empty.
        let lacking = |leaf: &&Leaf| container.is_none() || leaf.text.is_empty();
        let leaves = self.leaves.iter().filter(lacking).map(|leaf| &leaf.path);
        let parts = self.trees.iter().chain(leaves);
        let named = parts.filter(|path| {
            path.segments().starts_with(within.segments())
                && path.segments().len() > within.segments().len().max(1)
                && matches!(path.segments().last(), Some(Segment::Key(key)) if key.as_str() != "name" && names(key))
        });
        let inexact_then_depth = |path: &&Path| (!last_key(path).is_some_and(exact), path.segments().len());
        let found = if container.is_some() {
            // The first of the deepest.
            named.fold(None, |best: Option<&Path>, path| match best {
                Some(best) if best.segments().len() >= path.segments().len() => Some(best),
                _ => Some(path),
            })
        } else {
            named.min_by_key(inexact_then_depth)
        };
        found.cloned().or(container)
    }
}
