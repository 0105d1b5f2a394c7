//! Data inside text: a path that goes on in a scalar which holds JSON or YAML.
//!
//! Kustomize 5.8 parses the text, changes it, and writes it back: as JSON (sorted keys, in one line or
//! indented by two) if it starts with a bracket, else as go-yaml v3 prints the parsed nodes. What that
//! printing needs beyond the tree (comments, anchors, folded text) is refused instead of guessed.

use crate::kustomize::hash::write_string;
use crate::node::{Map, Node, Scalar, SourceMap, Value, float_text};
use crate::yaml::{self, Dialect, Limits, ReadOptions};

use super::path::reads_as_other;

/// A text read as data.
pub(super) struct Parsed {
    pub(super) root: Node,
    text: String,
    documents: usize,
}

/// Reads the text of a scalar as kyaml does; the error is a message.
pub(super) fn parse(scalar: &Node, sources: &SourceMap, limits: Limits) -> Result<Parsed, String> {
    let text = match scalar.text() {
        Some(_) if matches!(scalar.value, Value::Null) && scalar.span.file().is_none() => "null".to_owned(),
        Some(text) => text.into_owned(),
        None => return Err("not a text".to_owned()),
    };
    let file = sources.add_embedded(scalar.span, text.as_str());
    let options = ReadOptions { dialect: Dialect::Kyaml, limits, ..ReadOptions::default() };
    let stream = yaml::read(sources, file, &options).map_err(|error| error.message().to_owned())?;
    let documents = stream.documents.len();
    let root = stream.documents.into_iter().next();
    match root {
        Some(root) if !(matches!(root.value, Value::Null) && text.trim().is_empty()) => {
            Ok(Parsed { root, text, documents })
        }
        _ => Err("the text is empty, so no path goes on in it".to_owned()),
    }
}

impl Parsed {
    /// Whether it is written back as JSON.
    pub(super) fn is_json(&self) -> bool {
        self.text.trim_start().starts_with(['{', '['])
    }

    /// What keeps this text from being written back exactly, if something does.
    pub(super) fn obstacle(&self) -> Option<&'static str> {
        if self.is_json() {
            return None;
        }
        if self.documents > 1 {
            return Some("several documents");
        }
        if self.text.lines().any(|line| line.trim_start().trim_start_matches("- ").starts_with("? ")) {
            return Some("keys after `?`");
        }
        let kept = |mark: char| self.text.matches(mark).count() == count(&self.root, mark);
        [('#', "comments"), ('&', "anchors"), ('*', "aliases"), ('!', "tags"), ('%', "directives")]
            .into_iter()
            .find(|(mark, _)| !kept(*mark))
            .map(|(_, what)| what)
    }

    /// The text of the changed data.
    pub(super) fn print(&self, sources: &SourceMap) -> Result<String, &'static str> {
        if self.is_json() {
            let pretty = self.text.contains('\n') && self.text.contains("  ");
            let mut out = String::with_capacity(self.text.len());
            json(&self.root, pretty.then_some(0), &mut out)?;
            return Ok(out);
        }
        let mut printer = Printer { sources, out: String::with_capacity(self.text.len()) };
        printer.block(&self.root, 0, false)?;
        Ok(printer.out.trim().to_owned())
    }
}

/// How often a character stands in the texts and keys of a tree.
fn count(node: &Node, mark: char) -> usize {
    match &node.value {
        Value::Map(map) => {
            map.iter().map(|(key, value)| key.matches(mark).count() + count(value, mark)).sum()
        }
        Value::Seq(items) => items.iter().map(|item| count(item, mark)).sum(),
        _ => node.text().map_or(0, |text| text.matches(mark).count()),
    }
}

/// JSON as Go writes it; `indent` is the depth where lines are indented.
fn json(node: &Node, indent: Option<usize>, out: &mut String) -> Result<(), &'static str> {
    let newline = |depth: usize, out: &mut String| {
        if let Some(indent) = indent {
            out.push('\n');
            out.extend(std::iter::repeat_n("  ", indent + depth));
        }
    };
    let inner = indent.map(|indent| indent + 1);
    match &node.value {
        Value::Map(map) if map.is_empty() => out.push_str("{}"),
        Value::Seq(items) if items.is_empty() => out.push_str("[]"),
        Value::Map(map) => {
            let mut entries: Vec<_> = map.iter().collect();
            entries.sort_by(|a, b| a.0.cmp(b.0));
            out.push('{');
            for (at, (key, value)) in entries.into_iter().enumerate() {
                if at > 0 {
                    out.push(',');
                }
                newline(1, out);
                write_string(key, out);
                out.push_str(if indent.is_some() { ": " } else { ":" });
                json(value, inner, out)?;
            }
            newline(0, out);
            out.push('}');
        }
        Value::Seq(items) => {
            out.push('[');
            for (at, item) in items.iter().enumerate() {
                if at > 0 {
                    out.push(',');
                }
                newline(1, out);
                json(item, inner, out)?;
            }
            newline(0, out);
            out.push(']');
        }
        _ => match node.scalar() {
            None | Some(Scalar::Null) => out.push_str("null"),
            Some(Scalar::Bool(value)) => out.push_str(if value { "true" } else { "false" }),
            Some(Scalar::String(text)) => write_string(text, out),
            Some(Scalar::Int(value)) => out.push_str(&value.to_string()),
            Some(Scalar::Uint(value)) => out.push_str(&value.to_string()),
            Some(Scalar::Float(value)) if value.is_finite() => out.push_str(&float_text(value)),
            Some(Scalar::Float(_)) => return Err("numbers without a JSON form"),
        },
    }
    Ok(())
}

/// Prints nodes with the styles that their own texts have.
struct Printer<'a> {
    sources: &'a SourceMap,
    out: String,
}

impl Printer<'_> {
    fn first(&self, span: crate::node::Span) -> Option<char> {
        let file = span.file().and_then(|file| self.sources.file(file))?;
        file.text().get(span.offset() as usize..)?.chars().next()
    }

    /// A value in block style; `in_line` says that `key:` or `-` stands before it on its line.
    fn block(&mut self, node: &Node, indent: usize, in_line: bool) -> Result<(), &'static str> {
        match &node.value {
            Value::Map(map) if !map.is_empty() && self.first(node.span) != Some('{') => {
                self.mapping(map, indent)
            }
            Value::Seq(items) if !items.is_empty() && self.first(node.span) != Some('[') => {
                self.sequence(items, indent)
            }
            _ => {
                let start = self.out.len();
                self.flow(node, indent, false)?;
                if in_line && self.out.len() > start {
                    self.out.insert(start, ' ');
                }
                Ok(())
            }
        }
    }

    fn pad(&mut self, indent: usize) {
        if !self.out.is_empty() && !self.out.ends_with('\n') {
            self.out.push('\n');
        }
        self.out.extend(std::iter::repeat_n(' ', indent));
    }

    fn mapping(&mut self, map: &Map, indent: usize) -> Result<(), &'static str> {
        for (at, entry) in map.entries().iter().enumerate() {
            // The first key stands on the line of a dash before it.
            if at > 0 || !self.out.ends_with("- ") {
                self.pad(indent);
            }
            self.key(entry, false)?;
            self.out.push(':');
            let deeper = if entry.value.is_seq() { indent } else { indent + 2 };
            self.block(&entry.value, deeper, true)?;
        }
        Ok(())
    }

    fn sequence(&mut self, items: &[Node], indent: usize) -> Result<(), &'static str> {
        for (at, item) in items.iter().enumerate() {
            if at > 0 || !self.out.ends_with("- ") {
                self.pad(indent);
            }
            let nested = match &item.value {
                Value::Map(map) => !map.is_empty() && self.first(item.span) != Some('{'),
                Value::Seq(items) => !items.is_empty() && self.first(item.span) != Some('['),
                _ => false,
            };
            self.out.push_str(if nested { "- " } else { "-" });
            self.block(item, indent + 2, true)?;
        }
        Ok(())
    }

    fn key(&mut self, entry: &crate::node::Entry, in_flow: bool) -> Result<(), &'static str> {
        if entry.key.contains('\n') {
            return Err("a key of several lines");
        }
        let style = self.first(entry.key_span);
        self.text(&entry.key, style, false, 0, in_flow)
    }

    fn flow(&mut self, node: &Node, indent: usize, in_flow: bool) -> Result<(), &'static str> {
        match &node.value {
            Value::Map(map) => {
                self.out.push('{');
                for (at, entry) in map.entries().iter().enumerate() {
                    if at > 0 {
                        self.out.push_str(", ");
                    }
                    self.key(entry, true)?;
                    self.out.push_str(": ");
                    self.flow(&entry.value, indent, true)?;
                }
                self.out.push('}');
                Ok(())
            }
            Value::Seq(items) => {
                self.out.push('[');
                for (at, item) in items.iter().enumerate() {
                    if at > 0 {
                        self.out.push_str(", ");
                    }
                    self.flow(item, indent, true)?;
                }
                self.out.push(']');
                Ok(())
            }
            Value::String(text) => {
                // A date was text to its reader but is written as it stands.
                self.text(text, self.first(node.span), true, indent, in_flow)
            }
            _ => {
                let text = node.text().unwrap_or_default();
                if in_flow && text.is_empty() {
                    return Err("an empty value in brackets");
                }
                self.out.push_str(&text);
                Ok(())
            }
        }
    }

    /// A text; `quote` is the character that its own text starts with.
    fn text(
        &mut self,
        text: &str,
        quote: Option<char>,
        is_value: bool,
        indent: usize,
        in_flow: bool,
    ) -> Result<(), &'static str> {
        if text.chars().any(|c| c.is_control() && !matches!(c, '\n' | '\t')) || text.contains('\u{feff}') {
            return Err("control characters");
        }
        match quote {
            Some('>') if is_value => Err("folded text"),
            Some('"') => {
                self.double(text);
                Ok(())
            }
            Some('|') if is_value && !in_flow => self.literal(text, indent),
            _ if text.contains('\n') && quote != Some('\'') && is_value && !in_flow => {
                self.literal(text, indent)
            }
            _ if text.contains('\n') => Err("text of several lines in quotes"),
            Some('\'') => {
                self.single(text);
                Ok(())
            }
            _ if is_value && reads_as_other(text) => {
                self.double(text);
                Ok(())
            }
            _ if is_plain(text, in_flow) => {
                self.out.push_str(text);
                Ok(())
            }
            _ if text.contains('\t') => Err("tabs in text without quotes"),
            _ => {
                self.single(text);
                Ok(())
            }
        }
    }

    fn single(&mut self, text: &str) {
        self.out.push('\'');
        self.out.push_str(&text.replace('\'', "''"));
        self.out.push('\'');
    }

    fn double(&mut self, text: &str) {
        self.out.push('"');
        for c in text.chars() {
            match c {
                '"' => self.out.push_str("\\\""),
                '\\' => self.out.push_str("\\\\"),
                '\n' => self.out.push_str("\\n"),
                '\t' => self.out.push_str("\\t"),
                c => self.out.push(c),
            }
        }
        self.out.push('"');
    }

    fn literal(&mut self, text: &str, indent: usize) -> Result<(), &'static str> {
        let body = text.trim_end_matches('\n');
        let odd = body.is_empty()
            || text.starts_with([' ', '\n', '\t'])
            || text.contains(" \n")
            || text.contains("\t\n")
            || text.ends_with([' ', '\t']);
        if odd {
            return Err("text with blanks at the edges of its lines");
        }
        self.out.push_str(match text.len() - body.len() {
            0 => "|-",
            1 => "|",
            _ => "|+",
        });
        for line in body.split('\n') {
            self.out.push('\n');
            if !line.is_empty() {
                self.out.extend(std::iter::repeat_n(' ', indent.max(2)));
                self.out.push_str(line);
            }
        }
        for _ in body.len()..text.len() {
            self.out.push('\n');
        }
        Ok(())
    }
}

/// Whether go-yaml's emitter writes a text of one line without quotes.
fn is_plain(text: &str, in_flow: bool) -> bool {
    let blank_after = |at: usize| {
        text.get(at..).and_then(|rest| rest.chars().next()).is_none_or(|c| matches!(c, ' ' | '\t'))
    };
    if text.is_empty() || text.starts_with("---") || text.starts_with("...") {
        return false;
    }
    if text.starts_with(' ') || text.ends_with(' ') || text.contains('\t') {
        return false;
    }
    let mut before = ' ';
    for (at, c) in text.char_indices() {
        let ends = blank_after(at + c.len_utf8());
        let fine = match c {
            '#' | ',' | '[' | ']' | '{' | '}' | '&' | '*' | '!' | '|' | '>' | '\'' | '"' | '%' | '@'
            | '`'
                if at == 0 =>
            {
                false
            }
            '?' | '-' if at == 0 => !(ends || (c == '?' && in_flow)),
            ',' | '?' | '[' | ']' | '{' | '}' => !in_flow,
            ':' => !(ends || in_flow),
            '#' => before != ' ',
            _ => true,
        };
        if !fine {
            return false;
        }
        before = c;
    }
    true
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::node::Span;

    fn parsed(text: &str, sources: &SourceMap) -> Parsed {
        parse(&Node::string(text, Span::NONE), sources, Limits::default()).unwrap()
    }

    #[test]
    fn yaml_is_printed_in_its_own_styles() {
        for (text, printed) in [
            ("a: 1\nb:\n  - x\n  - 'y'\n", "a: 1\nb:\n- x\n- 'y'"),
            ("b:\n    c: \"q\"\n    d: {x: 1, y: [a, \"b\"]}", "b:\n  c: \"q\"\n  d: {x: 1, y: [a, \"b\"]}"),
            ("- a: 1\n  b: ~\n- - c\n  - d\n-\n", "- a: 1\n  b: ~\n- - c\n  - d\n-"),
            ("a: |\n   x\n\n   y\nb: z", "a: |\n  x\n\n  y\nb: z"),
            ("a:\n- b: |-\n    x\n    y\n", "a:\n- b: |-\n    x\n    y"),
            ("'k': 0x1F\n\"l\": 1.50\nm:\n", "'k': 0x1F\n\"l\": 1.50\nm:"),
            ("a: b  c\n  d\ne: []\nf: {}", "a: b  c d\ne: []\nf: {}"),
        ] {
            let sources = SourceMap::new();
            let parsed = parsed(text, &sources);
            assert_eq!(parsed.obstacle(), None, "{text}");
            assert_eq!(parsed.print(&sources).unwrap(), printed, "{text}");
        }
    }

    #[test]
    fn what_a_tree_does_not_hold_is_an_obstacle() {
        for (text, obstacle) in [
            ("a: 1 # c", Some("comments")),
            ("a: &x 1\nb: *x", Some("anchors")),
            ("a: !!str 1", Some("tags")),
            ("a: '# no'", None),
            ("a: 1\n---\nb: 2", Some("several documents")),
            ("{\"a\": \"#\"}", None),
        ] {
            assert_eq!(parsed(text, &SourceMap::new()).obstacle(), obstacle, "{text}");
        }
        let sources = SourceMap::new();
        assert_eq!(parsed("a: >\n  x\n", &sources).print(&sources), Err("folded text"));
    }

    #[test]
    fn json_is_printed_compact_or_indented() {
        for (text, printed) in [
            (r#"{"b": 1.0, "a": [1, "<x>"], "c": {}}"#, r#"{"a":[1,"\u003cx\u003e"],"b":1,"c":{}}"#),
            ("{\n  \"b\": [],\n  \"a\": [1,2]\n}", "{\n  \"a\": [\n    1,\n    2\n  ],\n  \"b\": []\n}"),
        ] {
            let sources = SourceMap::new();
            assert_eq!(parsed(text, &sources).print(&sources).unwrap(), printed);
        }
    }

    #[test]
    fn one_text_takes_several_values() {
        let files: crate::files::Memory = [
            ("kustomization.yaml", "resources: [cm.yaml]\nreplacements:\n- sourceValue: x\n  targets:\n  - select: {kind: ConfigMap}\n    fieldPaths: [data.json.a.b, data.json.c]\n- sourceValue: q\n  targets:\n  - select: {kind: ConfigMap}\n    fieldPaths: [data.json.d]\n"),
            ("cm.yaml", "{apiVersion: v1, kind: ConfigMap, metadata: {name: c}, data: {json: '{\"a\":{\"b\":\"1\"},\"c\":\"2\",\"d\":\"3\"}'}}"),
        ]
        .into_iter()
        .collect();
        let build = crate::kustomize::build(&files, "", &crate::kustomize::BuildOptions::default()).unwrap();
        let text = build.objects[0].node.at(&["data", "json"]).and_then(Node::as_str).unwrap();
        assert_eq!(text, r#"{"a":{"b":"x"},"c":"x","d":"q"}"#);
    }
}
