//! Field paths: how they are split, and which nodes they reach.
//!
//! Follows `kyaml/utils/pathsplitter.go`, `PathGetter` and `PathMatcher` of kustomize 5.8. A source is
//! read with [`get`]: exact, one node. A target is walked with [`Walk`]: `*` and `[key=value]` may reach
//! several nodes, the value being a regular expression, and missing parts can be made.

use std::borrow::Cow;

use regex::Regex;

use crate::kustomize::go_regex;
use crate::node::{Map, Node, SourceMap, Span, Value};
use crate::yaml::{self, Dialect};

/// Splits at unescaped dots; what stands in brackets stays together. Brackets around a plain key are
/// dropped, those around `key=value` are kept.
pub(super) fn split(path: &str) -> Vec<String> {
    let mut raw: Vec<&str> = path.split('.').collect();
    if raw.len() > 1 && raw.first().is_some_and(|first| first.is_empty()) {
        raw.remove(0);
    }
    let mut parts: Vec<String> = Vec::with_capacity(raw.len());
    for part in raw {
        match parts.last_mut() {
            Some(last) if last.ends_with('\\') => {
                last.pop();
                last.push('.');
                last.push_str(part);
            }
            _ => parts.push(part.to_owned()),
        }
    }
    let mut joined = Vec::with_capacity(parts.len());
    let mut parts = parts.into_iter();
    while let Some(mut part) = parts.next() {
        if !part.starts_with('[') || part.ends_with(']') {
            joined.push(part);
            continue;
        }
        for next in parts.by_ref() {
            part.push('.');
            part.push_str(&next);
            if next.ends_with(']') {
                break;
            }
        }
        if part.contains('=') {
            joined.push(part);
        } else {
            joined.push(part.trim_matches(['[', ']']).to_owned());
        }
    }
    joined
}

/// A number as Go's `Atoi` reads it.
fn number(part: &str) -> Option<i64> {
    part.parse().ok()
}

fn is_bracketed(part: &str) -> bool {
    part.starts_with('[') && part.ends_with(']')
}

/// The `key` and `value` of `[key=value]`.
fn key_and_value(part: &str) -> Result<(&str, &str), String> {
    let inner = part.strip_suffix(']').unwrap_or(part);
    let inner = inner.strip_prefix('[').unwrap_or(inner);
    inner
        .split_once('=')
        .ok_or_else(|| format!("`{part}` must be `[key=value]`, to find an element of a list"))
}

fn wrong_kind(part: &str, wanted: &str, node: &Node) -> String {
    format!("`{part}` needs {wanted}, but there is {}", node.type_name())
}

/// The one node that a path without wildcards leads to.
pub(super) fn get<'n>(root: &'n Node, path: &[String]) -> Result<Option<&'n Node>, String> {
    let mut node = root;
    for part in path.iter().map(|part| part.trim()).filter(|part| !part.is_empty()) {
        let next = match number(part) {
            Some(index) if index < 0 => return Err(format!("the index {index} cannot be negative")),
            Some(index) => items(node, part)?.get(usize::try_from(index).unwrap_or(usize::MAX)),
            None if part == "-" => items(node, part)?.last(),
            None if part == "*" => return Err("`*` cannot be used here".to_owned()),
            None if is_bracketed(part) => {
                let (key, value) = key_and_value(part)?;
                let fits = |node: &Node| node.text().is_some_and(|text| text == value);
                items(node, part)?.iter().find(|item| match key {
                    "" => fits(item),
                    key => item.get(key).is_some_and(fits),
                })
            }
            None if node.is_null() => None,
            None => match node.as_map() {
                Some(map) => map.get(part),
                None => return Err(wrong_kind(part, "a mapping", node)),
            },
        };
        match next {
            Some(next) => node = next,
            None => return Ok(None),
        }
    }
    Ok(Some(node))
}

fn items<'n>(node: &'n Node, part: &str) -> Result<&'n [Node], String> {
    match node.as_seq() {
        Some(items) => Ok(items),
        None if node.is_null() => Ok(&[]),
        None => Err(wrong_kind(part, "a list", node)),
    }
}

/// What is made for a missing last part.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Make {
    Scalar,
    Map,
    Seq,
}

impl Make {
    /// As the value to be written needs it.
    pub(super) fn like(value: &Node) -> Self {
        match value.value {
            Value::Map(_) => Self::Map,
            Value::Seq(_) => Self::Seq,
            _ => Self::Scalar,
        }
    }

    fn before(self, next: Option<&String>) -> Self {
        match next.map(String::as_str) {
            None | Some("") => self,
            Some(part) if is_bracketed(part) || number(part).is_some_and(|index| index >= 0) => Self::Seq,
            Some(_) => Self::Map,
        }
    }

    fn node(self, span: Span) -> Node {
        match self {
            Self::Scalar => Node::string("", span),
            Self::Map => Node::map(Map::new(), span),
            Self::Seq => Node::seq(Vec::new(), span),
        }
    }
}

/// A node that a path leads to.
pub(super) struct Found<'n> {
    pub(super) node: &'n mut Node,
    /// Made on the way, so that it has no type yet.
    pub(super) fresh: bool,
    /// The scalar above it whose text was read to get there: what is written is lost.
    pub(super) lost: bool,
}

/// A walk along the path of a target.
pub(super) struct Walk<'a, 'f> {
    pub(super) create: Option<Make>,
    /// Where the value that will be written was set.
    pub(super) span: Span,
    pub(super) sources: &'a SourceMap,
    /// Reads the text of a scalar that the path goes on in.
    pub(super) open: &'f mut dyn FnMut(&Node) -> Result<Node, String>,
    pub(super) leaf: &'f mut dyn FnMut(Found<'_>) -> Result<(), String>,
}

impl Walk<'_, '_> {
    /// Calls the leaf for each node found, and says how many there are.
    pub(super) fn run(&mut self, root: &mut Node, path: &[String]) -> Result<usize, String> {
        self.step(root, path, false, false)
    }

    fn step(&mut self, node: &mut Node, path: &[String], fresh: bool, lost: bool) -> Result<usize, String> {
        let Some((part, rest)) = path.split_first() else {
            (self.leaf)(Found { node, fresh, lost })?;
            return Ok(1);
        };
        match number(part).map(usize::try_from) {
            Some(Ok(index)) => self.index(node, index, rest, fresh, lost),
            _ if is_bracketed(part) => self.matching(node, part, rest, fresh, lost),
            _ if part == "*" => {
                items(node, part)?;
                let items = node.as_seq_mut().map(|items| items.iter_mut()).into_iter().flatten();
                let mut found = 0;
                for item in items {
                    found += self.step(item, rest, fresh, lost)?;
                }
                Ok(found)
            }
            _ => self.field(node, part, rest, fresh, lost),
        }
    }

    fn field(
        &mut self,
        node: &mut Node,
        part: &str,
        rest: &[String],
        mut fresh: bool,
        lost: bool,
    ) -> Result<usize, String> {
        if node.is_null() {
            // Kustomize hangs what it makes below the null, where nothing shows it.
            let Some(make) = self.create else { return Ok(0) };
            let mut made = make.before(rest.first()).node(self.span);
            return self.step(&mut made, rest, true, true);
        }
        let span = self.span;
        if part.is_empty() {
            return Err("a part of the path is empty; remove the dot too many".to_owned());
        }
        let kind = node.type_name();
        let Some(map) = node.as_map_mut() else {
            return Err(format!("`{part}` needs a mapping, but there is {kind}"));
        };
        if !map.contains_key(part) {
            let Some(make) = self.create else { return Ok(0) };
            map.insert(part, make.before(rest.first()).node(span));
            fresh = true;
        }
        let Some(field) = map.get_mut(part) else { return Ok(0) };
        if field.text().is_some() && !rest.is_empty() {
            let mut inner = (self.open)(field)?;
            return self.step(&mut inner, rest, false, true);
        }
        self.step(field, rest, fresh, lost)
    }

    fn index(
        &mut self,
        node: &mut Node,
        index: usize,
        rest: &[String],
        mut fresh: bool,
        mut lost: bool,
    ) -> Result<usize, String> {
        let mut count = items(node, &index.to_string())?.len();
        if count == index
            && let Some(make) = self.create
        {
            let made = make.before(rest.first()).node(self.span);
            (fresh, count) = (true, count + 1);
            match node.as_seq_mut() {
                Some(items) => items.push(made),
                None => {
                    lost = true;
                    *node = Node::seq(vec![made], self.span);
                }
            }
        }
        match node.as_seq_mut().and_then(|items| items.get_mut(index)) {
            Some(item) => self.step(item, rest, fresh, lost),
            None => Err(format!("there is no element {index}; the list has {count}")),
        }
    }

    fn matching(
        &mut self,
        node: &mut Node,
        part: &str,
        rest: &[String],
        fresh: bool,
        lost: bool,
    ) -> Result<usize, String> {
        let (key, value) = key_and_value(part)?;
        items(node, part)?;
        let pattern = go_regex::compile(value).map_err(|error| {
            format!("`{value}` in `{part}` is not a regular expression that can be used: {error}")
        })?;
        let found = self.visit(node, key, &pattern, rest, fresh, lost)?;
        if found > 0 || self.create.is_none() {
            return Ok(found);
        }
        let scalar = |text: &str| Node::new(yaml::parse_scalar(text, Dialect::Kyaml), self.span);
        let made = match key {
            "" => scalar(value),
            key => {
                let mut map = Map::new();
                map.insert(key, scalar(value));
                Node::map(map, self.span)
            }
        };
        if !self.fits(&made, key, &pattern) {
            return Err(format!(
                "nothing matches `{part}`, and an element made from it would not match it either, as its value is a regular expression; add the element yourself"
            ));
        }
        let Some(items) = node.as_seq_mut() else {
            let mut scratch = Node::seq(vec![made], self.span);
            return self.visit(&mut scratch, key, &pattern, rest, true, true);
        };
        // Only the new element fits, but a deeper part may be made in one that did before.
        items.push(made);
        self.visit(node, key, &pattern, rest, true, lost)
    }

    fn visit(
        &mut self,
        node: &mut Node,
        key: &str,
        pattern: &Regex,
        rest: &[String],
        fresh: bool,
        lost: bool,
    ) -> Result<usize, String> {
        let mut found = 0;
        let len = node.as_seq().map_or(0, <[Node]>::len);
        for at in 0..len {
            let fits = node
                .as_seq()
                .and_then(|items| items.get(at))
                .is_some_and(|item| self.fits(item, key, pattern));
            // Elements that stay as they are must not be copied.
            if !fits {
                continue;
            }
            let Some(item) = node.as_seq_mut().and_then(|items| items.get_mut(at)) else { continue };
            // The rest of the path is not looked at below an element that is a value.
            let rest = if key.is_empty() { &[][..] } else { rest };
            found += self.step(item, rest, fresh, lost)?;
        }
        Ok(found)
    }

    /// Whether the YAML of an element, or of its field, matches.
    fn fits(&self, item: &Node, key: &str, pattern: &Regex) -> bool {
        let compared = match key {
            "" => item,
            key => match item.get(key) {
                Some(field) => field,
                None => return false,
            },
        };
        pattern.is_match(&self.yaml(compared))
    }

    /// The YAML of a node, quotes included where its own text has them.
    fn yaml<'n>(&self, node: &'n Node) -> Cow<'n, str> {
        let Some(text) = node.text() else {
            return Cow::Owned(yaml::write(node).unwrap_or_default().trim().to_owned());
        };
        if node.is_null() && text.is_empty() {
            return text;
        }
        let quote = match quote_of(node, self.sources) {
            Some('\'') => '\'',
            Some(_) => '"',
            None if node.as_str().is_some_and(reads_as_other) => '"',
            None => return text,
        };
        Cow::Owned(format!("{quote}{text}{quote}"))
    }
}

/// Whether a text needs quotes to stay text.
pub(super) fn reads_as_other(text: &str) -> bool {
    !matches!(yaml::parse_scalar(text, Dialect::Kyaml), Value::String(_))
}

/// Whether a text stands in quotes or in a block, or must have.
pub(crate) fn is_quoted(node: &Node, sources: &SourceMap) -> bool {
    let must_have = node.as_str().is_some_and(|text| !text.is_empty() && reads_as_other(text));
    must_have || matches!(first_char(node, sources), Some('"' | '\'' | '|' | '>'))
}

/// The quote that the text of a scalar starts with.
pub(super) fn quote_of(node: &Node, sources: &SourceMap) -> Option<char> {
    first_char(node, sources).filter(|first| matches!(first, '"' | '\''))
}

/// What the text that set a text starts with.
fn first_char(node: &Node, sources: &SourceMap) -> Option<char> {
    node.as_str()?;
    let file = node.span.file().and_then(|file| sources.file(file))?;
    file.text().get(node.span.offset() as usize..)?.chars().next()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_split_at_dots_outside_brackets() {
        for (path, parts) in [
            ("a.b", &["a", "b"][..]),
            (".a.b", &["a", "b"]),
            (r"a.b\.c/d.e", &["a", "b.c/d", "e"]),
            ("a.[b.c/d].e", &["a", "b.c/d", "e"]),
            ("a.[b].e", &["a", "[b]", "e"]),
            ("a.[n=x.y].e", &["a", "[n=x.y]", "e"]),
            ("a.[n=x].*.0", &["a", "[n=x]", "*", "0"]),
            ("a.[b.c", &["a", "b.c"]),
            ("a", &["a"]),
            ("", &[""]),
        ] {
            assert_eq!(split(path), parts, "{path}");
        }
    }

    fn tree(text: &str) -> Node {
        let options = yaml::ReadOptions { dialect: Dialect::Kyaml, ..Default::default() };
        yaml::read_str("t", text, &options).unwrap().0.documents.remove(0)
    }

    #[test]
    fn sources_are_read_exactly() {
        let node = tree("{a: {b: [{n: x, v: 1}, {n: xy, v: 2}], s: t, e: null}, l: [p, q]}");
        for (path, wanted) in [
            ("a.s", Ok(Some("t"))),
            ("a.b.[n=xy].v", Ok(Some("2"))),
            ("a.b.1.v", Ok(Some("2"))),
            ("a.b.-.v", Ok(Some("2"))),
            ("l.[=q]", Ok(Some("q"))),
            ("a.b.[n=y].v", Ok(None)),
            ("a.b.7", Ok(None)),
            ("a.e.f", Ok(None)),
            ("a..s", Ok(Some("t"))),
            ("a.b.*.v", Err(())),
            ("a.b.-1", Err(())),
            ("a.s.t", Err(())),
            ("a.0", Err(())),
        ] {
            let found = get(&node, &split(path)).map_err(drop);
            assert_eq!(
                found.map(|node| node.map(|node| node.text().unwrap().into_owned())),
                wanted.map(|text| text.map(str::to_owned)),
                "{path}"
            );
        }
    }

    #[test]
    fn targets_are_matched_and_made() {
        let base = "{a: [{n: x}, {n: xy}, {n: '80'}], s: t, l: [p, q]}";
        for (path, create, wanted) in [
            ("a.[n=x].n", false, Ok((2, "{a: [{n: Z}, {n: Z}, {n: '80'}], s: t, l: [p, q]}"))),
            ("a.[n=^x$].v", true, Ok((1, "{a: [{n: x, v: Z}, {n: xy}, {n: '80'}], s: t, l: [p, q]}"))),
            ("a.[n=^80$].n", false, Ok((0, base))),
            ("a.*.n", false, Ok((3, "{a: [{n: Z}, {n: Z}, {n: Z}], s: t, l: [p, q]}"))),
            ("a.[n=w].v", true, Ok((1, "{a: [{n: x}, {n: xy}, {n: '80'}, {n: w, v: Z}], s: t, l: [p, q]}"))),
            ("l.[=q]", false, Ok((1, "{a: [{n: x}, {n: xy}, {n: '80'}], s: t, l: [p, Z]}"))),
            ("l.2", true, Ok((1, "{a: [{n: x}, {n: xy}, {n: '80'}], s: t, l: [p, q, Z]}"))),
            ("l.4", true, Err(())),
            ("l.3", false, Err(())),
            ("b.0.c", true, Ok((1, "{a: [{n: x}, {n: xy}, {n: '80'}], s: t, l: [p, q], b: [{c: Z}]}"))),
            ("b.c", false, Ok((0, base))),
            ("s.c", false, Err(())),
            ("a.b", false, Err(())),
            ("a.[n=a{2}].b", true, Err(())),
            ("a.[n].b", false, Err(())),
        ] {
            let mut node = tree(base);
            let sources = SourceMap::new();
            // So that quotes are seen.
            let file = sources.add("t", base);
            let options = yaml::ReadOptions { dialect: Dialect::Kyaml, ..Default::default() };
            node = yaml::read(&sources, file, &options).map_or(node, |mut stream| stream.documents.remove(0));
            let mut walk = Walk {
                create: create.then_some(Make::Scalar),
                span: Span::NONE,
                sources: &sources,
                open: &mut |_| Err("not open".into()),
                leaf: &mut |found| {
                    *found.node = Node::string("Z", Span::NONE);
                    Ok(())
                },
            };
            let found = walk.run(&mut node, &split(path)).map_err(drop);
            assert_eq!(found, wanted.map(|(count, _)| count), "{path}");
            if let Ok((_, text)) = wanted {
                assert_eq!(node, tree(text), "{path}");
            }
        }
    }
}
