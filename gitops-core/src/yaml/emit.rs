//! Tree to text, byte for byte as kustomize writes resources.
//!
//! kustomize turns an object into JSON and that into YAML through the go-yaml v2 emitter. This module
//! gives the same bytes in one pass over the tree. The layout hangs on three facts about the text
//! written so far (column, "only blanks since the last break", "only indicators since the last
//! break"), so the writer tracks exactly those; everything that depends on the content of one scalar
//! is in [`scalar`] and [`ambiguous`], the order of keys in [`order`].

mod ambiguous;
mod number;
mod order;
mod scalar;

use crate::node::{Entry, Map, Node, Path, Scalar, Segment, Value};
use crate::{Error, ErrorKind, Result};

/// Nesting beyond which writing stops, to bound the stack. Readers stop at
/// [`crate::yaml::Limits::max_depth`], 200 unless told otherwise.
const MAX_DEPTH: usize = 500;
/// Columns per level.
const INDENT: usize = 2;
/// The longest key, in bytes, that is written without `? ` before it.
const LONGEST_SIMPLE_KEY: usize = 128;
/// The longest key, in characters of its quoted JSON text, that go-yaml can read back on kustomize's
/// way from object to YAML.
const LONGEST_KEY: usize = 1024;

/// The YAML text of `node`, ending in a line break, as kustomize writes a resource: keys in natural
/// order, two columns per level, lists level with their key, text folded at spaces beyond column 80.
///
/// # Errors
/// [`ErrorKind::Yaml`] where kustomize fails too: `not-json-number` (infinity, NaN),
/// `control-character` (U+007F and others that go-yaml refuses), `key-too-long` (above 1024
/// characters as JSON); [`ErrorKind::Limit`] `too-deep` beyond 500 levels. The message names the path.
pub fn write(node: &Node) -> Result<String> {
    let mut out = String::new();
    write_into(node, &mut out)?;
    Ok(out)
}

/// Appends the YAML text of `node` to `out`, which is empty or ends in a line break. See [`write`].
///
/// # Errors
/// As [`write`]; `out` then ends in an incomplete document.
pub fn write_into(node: &Node, out: &mut String) -> Result<()> {
    let mut writer = Writer::new(out);
    writer.node(node, Place::default()).map_err(Failure::into_error)?;
    writer.indent = 0;
    writer.write_indent();
    Ok(())
}

/// The YAML texts of `nodes` with `---` between them and none at the end, as `kustomize build` prints
/// its resources. See [`write`].
///
/// # Errors
/// As [`write`]; the message begins with the number of the document.
pub fn write_stream<'a>(nodes: impl IntoIterator<Item = &'a Node>) -> Result<String> {
    let mut out = String::new();
    for (at, node) in nodes.into_iter().enumerate() {
        if at > 0 {
            out.push_str("---\n");
        }
        write_into(node, &mut out).map_err(|error| error.context(format_args!("document {}", at + 1)))?;
    }
    Ok(out)
}

/// Why a node cannot be written, and the way to it, innermost step first.
struct Failure {
    kind: ErrorKind,
    code: &'static str,
    problem: String,
    steps: Vec<Segment>,
}

type Outcome = Result<(), Failure>;

impl Failure {
    fn new(code: &'static str, problem: impl Into<String>) -> Self {
        Self { kind: ErrorKind::Yaml, code, problem: problem.into(), steps: Vec::new() }
    }

    /// The same failure, one level further out.
    fn below(mut self, step: Segment) -> Self {
        self.steps.push(step);
        self
    }

    fn into_error(self) -> Error {
        let path: Path = self.steps.into_iter().rev().collect();
        let place = if path.is_empty() { "the document".to_owned() } else { path.to_string() };
        Error::new(self.kind, self.code, format!("{place}: {}", self.problem))
    }
}

/// What surrounds a node.
#[derive(Clone, Copy, Default)]
struct Place {
    /// The column its parent's content starts at; `None` at the root.
    indent: Option<usize>,
    /// Whether it is a key or value of a mapping.
    in_mapping: bool,
    depth: usize,
}

impl Place {
    /// Where text of a scalar here continues after a break.
    fn scalar_indent(self) -> usize {
        self.indent.map_or(INDENT, |indent| indent + INDENT)
    }

    fn child(self, indent: usize, in_mapping: bool) -> Self {
        Self { indent: Some(indent), in_mapping, depth: self.depth + 1 }
    }
}

struct Writer<'out, 'node> {
    out: &'out mut String,
    /// Characters since the last break.
    column: usize,
    /// Where the next break continues.
    indent: usize,
    /// Whether a blank, or nothing, stands before.
    whitespace: bool,
    /// Whether nothing but blanks and indicators stands since the last break.
    indention: bool,
    /// The entries of the mappings being written, each mapping's in order behind its parent's.
    entries: Vec<&'node Entry>,
}

impl<'out, 'node> Writer<'out, 'node> {
    fn new(out: &'out mut String) -> Self {
        Self { out, column: 0, indent: 0, whitespace: true, indention: true, entries: Vec::new() }
    }

    fn node(&mut self, node: &'node Node, place: Place) -> Outcome {
        if place.depth > MAX_DEPTH {
            let mut failure = Failure::new("too-deep", format!("nested deeper than {MAX_DEPTH} levels"));
            failure.kind = ErrorKind::Limit;
            return Err(failure);
        }
        match &node.value {
            Value::Map(map) if map.is_empty() => self.empty("{", "}"),
            Value::Seq(items) if items.is_empty() => self.empty("[", "]"),
            Value::Map(map) => return self.mapping(map, place),
            Value::Seq(items) => return self.sequence(items, place),
            _ => {
                self.indent = place.scalar_indent();
                match node.scalar() {
                    None | Some(Scalar::Null) => self.word("null"),
                    Some(Scalar::Bool(value)) => self.word(if value { "true" } else { "false" }),
                    Some(Scalar::Int(value)) => self.number(|out| number::int(out, value)),
                    Some(Scalar::Uint(value)) => self.number(|out| number::uint(out, value)),
                    Some(Scalar::Float(value)) if value.is_finite() => {
                        self.number(|out| number::float(out, value));
                    }
                    Some(Scalar::Float(_)) => {
                        return Err(Failure::new(
                            "not-json-number",
                            "infinity and NaN have no JSON form; write a finite number or a quoted text",
                        ));
                    }
                    Some(Scalar::String(text)) => return self.text(text, false),
                }
            }
        }
        Ok(())
    }

    fn mapping(&mut self, map: &'node Map, place: Place) -> Outcome {
        let indent = place.indent.map_or(0, |indent| indent + INDENT);
        let inner = place.child(indent, true);
        let start = self.entries.len();
        self.entries.extend(map.entries());
        order::sort(self.entries.get_mut(start..).unwrap_or_default());
        for at in start..start + map.len() {
            let Some(entry) = self.entries.get(at).copied() else { break };
            let step = || Segment::Key(entry.key.clone());
            self.indent = indent;
            self.write_indent();
            self.key(&entry.key, inner).map_err(|failure| failure.below(step()))?;
            self.node(&entry.value, inner).map_err(|failure| failure.below(step()))?;
        }
        self.entries.truncate(start);
        Ok(())
    }

    fn key(&mut self, key: &str, inner: Place) -> Outcome {
        let indent = inner.indent.unwrap_or(0);
        if key.len() <= LONGEST_SIMPLE_KEY && !scalar::has_break(key) {
            self.indent = inner.scalar_indent();
            self.text(key, true)?;
            self.indicator(":", false, false, false);
            return Ok(());
        }
        scalar::check_long_key(key)?;
        self.indicator("?", true, false, true);
        self.indent = inner.scalar_indent();
        self.text(key, false)?;
        self.indent = indent;
        self.write_indent();
        self.indicator(":", true, false, true);
        Ok(())
    }

    fn sequence(&mut self, items: &'node [Node], place: Place) -> Outcome {
        // Right behind `key:` the dashes stand below the key.
        let indent = match place.indent {
            None => 0,
            Some(indent) if place.in_mapping && !self.indention => indent,
            Some(indent) => indent + INDENT,
        };
        let inner = place.child(indent, false);
        for (at, item) in items.iter().enumerate() {
            self.indent = indent;
            self.write_indent();
            self.indicator("-", true, false, true);
            self.node(item, inner).map_err(|failure| failure.below(Segment::Index(at)))?;
        }
        Ok(())
    }

    fn empty(&mut self, open: &str, close: &str) {
        self.indicator(open, true, true, false);
        self.indicator(close, false, false, false);
    }

    /// A scalar that is plain whatever surrounds it.
    fn word(&mut self, word: &str) {
        self.number(|out| out.push_str(word));
    }

    fn number(&mut self, write: impl FnOnce(&mut String)) {
        self.space_before();
        let start = self.out.len();
        write(self.out);
        self.column += self.out.len() - start;
        self.whitespace = false;
        self.indention = false;
    }

    fn space_before(&mut self) {
        if !self.whitespace {
            self.put(' ');
        }
    }

    fn put(&mut self, c: char) {
        self.out.push(c);
        self.column += 1;
    }

    fn put_break(&mut self) {
        self.out.push('\n');
        self.column = 0;
    }

    /// `text` has no break.
    fn put_str(&mut self, text: &str) {
        self.out.push_str(text);
        self.column += if text.is_ascii() { text.len() } else { text.chars().count() };
    }

    fn indicator(&mut self, text: &str, after_space: bool, is_whitespace: bool, is_indention: bool) {
        if after_space {
            self.space_before();
        }
        self.out.push_str(text);
        self.column += text.len();
        self.whitespace = is_whitespace;
        self.indention = self.indention && is_indention;
    }

    /// Goes to the column of the indent, on a new line unless this one is still free up to there.
    fn write_indent(&mut self) {
        if !self.indention || self.column > self.indent || (self.column == self.indent && !self.whitespace) {
            self.put_break();
        }
        self.pad();
        self.whitespace = true;
        self.indention = true;
    }

    fn pad(&mut self) {
        const BLANKS: &str = "                                                                ";
        while self.column < self.indent {
            let missing = (self.indent - self.column).min(BLANKS.len());
            self.out.push_str(BLANKS.get(..missing).unwrap_or(" "));
            self.column += missing;
        }
    }
}

#[cfg(test)]
mod tests;
