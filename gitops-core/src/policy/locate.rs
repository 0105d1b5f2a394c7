//! Where in the object the offending value is, found without knowing the policy.
//!
//! A leaf is the cause of a violation if the violation goes away when the leaf's value changes. So
//! changed copies of the review are evaluated again, the likely leaves first:
//!
//! 1. `details` that name a path (`path`, `field`, `jsonPath` …) are believed, as far as it exists.
//! 2. Each leaf gets other values: its opposite, the values the constraint's parameters name (without
//!    those of exemptions), another tag or a digest, a number from the parameters, a probe text. The
//!    leaf is a *cause* if the violation goes away without another in its place. If instead the
//!    message follows the value, the leaf is *quoted*: its name or value is in the message, and
//!    whether it is to blame stays open. Of several causes the one whose text, then whose key's
//!    words the message or the policy's kind has, wins; then the deeper one; then the first.
//! 3. No cause: of the fewest switches (booleans) that must be turned together, the likeliest.
//! 4. Still none: a leaf or sub-tree whose removal makes the violation go away, unless it holds what the
//!    message quotes; one whose key the message names comes first, and what it holds that the message
//!    quotes is more exact.
//! 5. Still none: the longest quoted value.
//! 6. Something is missing: the deepest part of the named container (or else the topmost part of the
//!    object) whose key the message names, or the container itself, or nothing: the object.
//!
//! What only names things (`apiVersion`, `kind`, name and namespace of the object, the name of a
//! container) is a cause only if the message has it and nothing else is found. The same input gives
//! the same place. At most [`BUDGET`] evaluations are spent on a violation.

use std::collections::{BTreeMap, BTreeSet};

use regorus::Value;

use super::runner::{Runner, Violation};
use super::value::{get, replaced};
use crate::node::{Node, Path, Segment};
use crate::object::Object;

/// Evaluations spent on one violation.
const BUDGET: usize = 400;

/// Text that no object and no policy contains.
const PROBE: &str = "gitops-core-probe";

/// Where a violation comes from.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Place {
    pub(super) path: Option<Path>,
    pub(super) container: Option<String>,
}

/// The place of each violation, in their order.
pub(super) fn locate(
    runner: &mut Runner,
    kind: &str,
    object: &Object,
    review: &Value,
    parameters: &Value,
    violations: &BTreeSet<Violation>,
) -> Vec<Place> {
    let told: Vec<Option<Path>> =
        violations.iter().map(|violation| told(&violation.details, &object.node)).collect();
    // Nothing is to be searched for where the policy tells all places.
    let mut search = told.contains(&None).then(|| {
        let mut hints = Hints::default();
        hints.collect(parameters);
        let mut leaves = Vec::new();
        let mut trees = Vec::new();
        walk(&object.node, &mut Path::new(), &mut leaves, &mut trees);
        let original = violations.iter().map(|violation| violation.message.clone()).collect();
        Search {
            runner,
            object,
            review,
            parameters,
            hints,
            leaves,
            trees,
            original,
            memo: BTreeMap::new(),
            left: BUDGET,
        }
    });
    let places = violations.iter().zip(told).map(|(violation, told)| {
        let path = told.or_else(|| search.as_mut()?.find(violation, kind)).filter(|path| !path.is_empty());
        let container = path.as_ref().and_then(|path| container_of(object, path)).map(|(_, name)| name);
        Place { path, container }
    });
    places.collect()
}

/// A path that the policy's details give.
fn told(details: &Value, object: &Node) -> Option<Path> {
    let keys = ["path", "field", "jsonPath", "jsonpath", "fieldPath", "location"];
    let text = keys.iter().find_map(|key| match get(details, key) {
        Some(Value::String(text)) => Some(text),
        _ => None,
    })?;
    let path = parse_path(text, object);
    (!path.is_empty()).then_some(path)
}

/// A scalar of the object.
struct Leaf {
    path: Path,
    text: String,
    identity: bool,
}

/// What the constraint's parameters offer as acceptable values.
#[derive(Default)]
struct Hints {
    texts: BTreeSet<String>,
    numbers: Vec<Value>,
}

impl Hints {
    fn collect(&mut self, parameters: &Value) {
        match parameters {
            Value::String(text) if self.texts.len() < 16 && text.len() <= 256 => {
                self.texts.insert(text.to_string());
            }
            Value::Number(_) if self.numbers.len() < 8 && !self.numbers.contains(parameters) => {
                self.numbers.push(parameters.clone());
            }
            Value::Array(items) => items.iter().for_each(|item| self.collect(item)),
            Value::Object(map) => {
                for (key, value) in map.iter_sorted() {
                    // A value that exempts makes any violation go away, and tells nothing.
                    let exempts = matches!(key, Value::String(key)
                        if ["exempt", "exclu", "ignore", "skip"].iter().any(|word| key.to_lowercase().contains(word)));
                    if !exempts {
                        self.collect(value);
                    }
                }
            }
            _ => {}
        }
    }
}

fn walk(node: &Node, path: &mut Path, leaves: &mut Vec<Leaf>, trees: &mut Vec<Path>) {
    if let Some(map) = node.as_map() {
        if !path.is_empty() {
            trees.push(path.clone());
        }
        for (key, value) in map.iter() {
            path.push(Segment::Key(key.clone()));
            walk(value, path, leaves, trees);
            path.pop();
        }
    } else if let Some(items) = node.as_seq() {
        trees.push(path.clone());
        for (at, item) in items.iter().enumerate() {
            path.push(Segment::Index(at));
            walk(item, path, leaves, trees);
            path.pop();
        }
    } else if let Some(text) = node.text() {
        let keys: Vec<&str> = path.segments().iter().filter_map(key_of).collect();
        let identity = matches!(
            keys.as_slice(),
            ["apiVersion" | "kind"] | ["metadata", "name" | "namespace" | "generateName"]
        ) || matches!(
            path.segments(),
            [.., Segment::Key(list), Segment::Index(_), Segment::Key(key)]
                if list.ends_with("ontainers") && key.as_str() == "name"
        );
        leaves.push(Leaf { path: path.clone(), text: text.into_owned(), identity });
    }
}

fn key_of(segment: &Segment) -> Option<&str> {
    match segment {
        Segment::Key(key) => Some(key),
        Segment::Index(_) => None,
    }
}

/// The last key of a path, past indexes.
fn last_key(path: &Path) -> Option<&str> {
    path.segments().iter().rev().find_map(key_of)
}

/// The element of a list of containers that a path leads into, and its name.
fn container_of(object: &Object, path: &Path) -> Option<(Path, String)> {
    let segments = path.segments();
    let at = segments.windows(2).rposition(
        |pair| matches!(pair, [Segment::Key(key), Segment::Index(_)] if key.ends_with("ontainers")),
    )?;
    let element: Path = segments.iter().take(at + 2).cloned().collect();
    let name = object.lookup(&element)?.get("name")?.as_str()?.to_owned();
    Some((element, name))
}

/// Whether `token` stands in `text` on its own, not as a part of a longer word.
fn has_token(text: &str, token: &str) -> bool {
    let inside = |c: Option<char>| c.is_some_and(|c| c.is_alphanumeric() || matches!(c, '_' | '-' | '/'));
    !token.is_empty()
        && text.match_indices(token).any(|(at, _)| {
            let before = text.get(..at).and_then(|before| before.chars().next_back());
            let after = text.get(at + token.len()..).and_then(|after| after.chars().next());
            !inside(before) && !inside(after)
        })
}

/// Whether a value's text says something when it is found in a message: `true` and `1` are everywhere.
fn is_telling(text: &str) -> bool {
    text.len() >= 2 && !matches!(text, "true" | "false" | "null")
}

/// The lower-case words of a camel-case or hyphenated text, without a plural's `s`.
fn words(text: &str) -> BTreeSet<String> {
    let mut words = BTreeSet::new();
    let mut word = String::new();
    let mut lower_before = false;
    for c in text.chars().chain([' ']) {
        if !c.is_alphanumeric() || (c.is_uppercase() && lower_before) {
            let done = std::mem::take(&mut word);
            if done.len() >= 3 {
                words.insert(
                    done.strip_suffix('s').filter(|stem| stem.len() >= 3).unwrap_or(&done).to_owned(),
                );
            }
        }
        if c.is_alphanumeric() {
            word.extend(c.to_lowercase());
        }
        lower_before = c.is_lowercase() || c.is_numeric();
    }
    words
}

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

struct Search<'a> {
    runner: &'a mut Runner,
    object: &'a Object,
    review: &'a Value,
    parameters: &'a Value,
    hints: Hints,
    leaves: Vec<Leaf>,
    trees: Vec<Path>,
    original: BTreeSet<String>,
    /// Messages after a change: by path and new value.
    memo: BTreeMap<(Path, Option<Value>), Option<BTreeSet<String>>>,
    left: usize,
}

impl Search<'_> {
    fn find(&mut self, violation: &Violation, kind: &str) -> Option<Path> {
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
                other => super::format::term(other),
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

/// Reads `spec.containers[0].image`, `metadata.annotations["a.b/c"]`, `$.spec...` or
/// `/spec/containers/0/image` against a tree, as far as its parts are there: what is missing is to be put
/// into the last that is.
fn parse_path(text: &str, root: &Node) -> Path {
    let mut path = Path::new();
    let mut node = root;
    for part in path_parts(text.trim()) {
        let next = match node.as_seq() {
            Some(items) => {
                part.parse().ok().and_then(|index| Some((items.get(index)?, Segment::Index(index))))
            }
            None => node.get(&part).map(|next| (next, Segment::Key(part.as_str().into()))),
        };
        let Some((next, segment)) = next else { break };
        node = next;
        path.push(segment);
    }
    path
}

/// The keys and indexes of a path.
fn path_parts(text: &str) -> Vec<String> {
    if let Some(pointer) = text.strip_prefix('/') {
        return pointer.split('/').map(|part| part.replace("~1", "/").replace("~0", "~")).collect();
    }
    let mut parts = Vec::new();
    let mut rest = text.trim_start_matches('$');
    while !rest.is_empty() {
        rest = rest.trim_start_matches(['.', ']']);
        let quoted = ["[\"", "['"].iter().find_map(|open| {
            let inner = rest.strip_prefix(open)?;
            inner.split_once(if *open == "['" { "']" } else { "\"]" })
        });
        let (part, after) = quoted.unwrap_or_else(|| {
            rest = rest.trim_start_matches('[');
            rest.split_at(rest.find(['.', '[', ']']).unwrap_or(rest.len()))
        });
        if !part.is_empty() {
            parts.push(part.to_owned());
        }
        rest = after;
    }
    parts
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn tokens_stand_alone() {
        for (text, token, expected) in [
            ("container <web> is", "web", true),
            ("container <web-proxy> is", "web", false),
            ("acme/web:1", "web", false),
            ("image nginx:1.27 is", "nginx:1.27", true),
            ("image nginx:1.27 is", "nginx", true),
            ("x", "", false),
        ] {
            assert_eq!(has_token(text, token), expected, "{text} {token}");
        }
    }

    #[test]
    fn words_split_at_humps() {
        let all: Vec<String> = words("allowPrivilegeEscalation hostPID containers").into_iter().collect();
        assert_eq!(all, ["allow", "container", "escalation", "host", "pid", "privilege"]);
    }

    #[test]
    fn told_paths_are_read() {
        let node = Node::from(&json!({"spec": {"a": [{"b.c": 1, "d": 2}]}}));
        for (text, expected) in [
            ("spec.a[0].d", "spec.a[0].d"),
            ("$.spec.a", "spec.a"),
            ("/spec/a/0/b.c", "spec.a[0][\"b.c\"]"),
            ("spec.a[0][\"b.c\"]", "spec.a[0][\"b.c\"]"),
            ("spec['a'][0]['b.c']", "spec.a[0][\"b.c\"]"),
            ("spec.x.y", "spec"),
            ("spec.a[9].d", "spec.a"),
            ("nothing", ""),
            ("spec[\"a", "spec"),
        ] {
            assert_eq!(parse_path(text, &node).to_string(), expected, "{text}");
        }
    }
}
