//! A tree to YAML text, in one of the many ways people and tools write it.
//!
//! Trees are JSON values; a string that starts with [`RAW`] is written as it is, so that scalars can
//! have spellings that JSON has not.

use serde_json::{Map, Value};

use super::rng::Rng;

/// Marks a string that is written without quotes and escapes.
pub const RAW: char = '\u{1}';

/// A scalar written exactly so.
pub fn raw(text: &str) -> Value {
    Value::String(format!("{RAW}{text}"))
}

/// How one text is written.
#[derive(Clone, Debug)]
pub struct Style {
    json: bool,
    indent: usize,
    /// Lists as deep as their key, or deeper.
    deep_lists: bool,
    /// Of 100: flow collections, comments, blank lines, needless quotes, anchors.
    flow: usize,
    comments: usize,
    quotes: usize,
    anchors: usize,
    crlf: bool,
    start: bool,
    tail: &'static str,
}

impl Style {
    /// Mostly as people write.
    pub fn random(rng: &mut Rng) -> Self {
        let odd = rng.chance(25);
        Self {
            json: odd && rng.chance(15),
            indent: if odd { 1 + rng.below(4) } else { 2 },
            deep_lists: rng.chance(50),
            flow: if odd { rng.below(40) } else { 2 },
            comments: if odd { rng.below(20) } else { 1 },
            quotes: if rng.chance(30) { rng.below(100) } else { 8 },
            anchors: if odd && rng.chance(30) { 8 } else { 0 },
            crlf: odd && rng.chance(15),
            start: rng.chance(30),
            tail: if odd { ["", "\n\n", "...\n", "# end", "   \n"][rng.below(5)] } else { "" },
        }
    }

    /// Nothing special.
    pub fn plain() -> Self {
        Self {
            json: false,
            indent: 2,
            deep_lists: false,
            flow: 0,
            comments: 0,
            quotes: 0,
            anchors: 0,
            crlf: false,
            start: false,
            tail: "",
        }
    }

    /// A scalar on one line.
    pub fn scalar(&self, rng: &mut Rng, value: &Value) -> String {
        let mut writer = Writer { style: self, rng, out: String::new(), anchors: Vec::new() };
        writer.flow(value);
        writer.out
    }

    /// The documents as one text.
    pub fn stream(&self, rng: &mut Rng, documents: &[Value]) -> String {
        let mut out = String::new();
        if self.comments > 5 && rng.chance(30) {
            out.push_str("# a comment first\n");
        }
        for (at, document) in documents.iter().enumerate() {
            if at > 0 || self.start {
                out.push_str(if rng.chance(5) { "--- # next\n" } else { "---\n" });
            }
            if self.json {
                out.push_str(&json(document, rng));
                out.push('\n');
            } else {
                let mut writer = Writer { style: self, rng, out: String::new(), anchors: Vec::new() };
                writer.block(document, 0);
                out.push_str(&writer.out);
            }
            if rng.chance(2) {
                out.push_str("---\n");
            }
        }
        out.push_str(self.tail);
        if self.crlf { out.replace('\n', "\r\n") } else { out }
    }
}

fn json(value: &Value, rng: &mut Rng) -> String {
    let text =
        if rng.chance(50) { serde_json::to_string_pretty(value) } else { serde_json::to_string(value) };
    text.expect("a tree is JSON").replace("\\u0001", "")
}

struct Writer<'a> {
    style: &'a Style,
    rng: &'a mut Rng,
    out: String,
    anchors: Vec<(String, Value)>,
}

impl Writer<'_> {
    fn pad(&mut self, depth: usize) {
        self.out.extend(std::iter::repeat_n(' ', depth));
    }

    /// The value as block nodes that start at the beginning of a line.
    fn block(&mut self, value: &Value, depth: usize) {
        match value {
            Value::Object(map) if !map.is_empty() => {
                for (key, value) in map {
                    self.comment(depth);
                    self.pad(depth);
                    self.entry(key, value, depth);
                }
            }
            Value::Array(items) if !items.is_empty() => self.items(items, depth),
            other => {
                self.pad(depth);
                self.inline(other, depth);
                self.out.push('\n');
            }
        }
    }

    fn comment(&mut self, depth: usize) {
        if self.style.comments > 0 && self.rng.chance(self.style.comments) {
            match self.rng.below(3) {
                0 => self.out.push('\n'),
                1 => self.out.push_str("# at the margin: 'quote\n"),
                _ => {
                    self.pad(depth);
                    self.out.push_str("# why: \"because\n");
                }
            }
        }
    }

    fn key(&mut self, key: &str) {
        let plain = plain_is_safe(key) && !self.rng.chance(self.style.quotes / 10);
        if plain {
            self.out.push_str(key);
        } else if let Some(raw) = key.strip_prefix(RAW) {
            self.out.push_str(raw);
        } else {
            self.quoted(key);
        }
    }

    /// `key: value` with its line end; the indentation is written already.
    fn entry(&mut self, key: &str, value: &Value, depth: usize) {
        self.key(key);
        self.out.push(':');
        self.value(value, depth);
    }

    fn value(&mut self, value: &Value, depth: usize) {
        let collection = match value {
            Value::Object(map) => !map.is_empty(),
            Value::Array(items) => !items.is_empty(),
            _ => false,
        };
        if !collection || self.rng.chance(self.style.flow) {
            self.out.push(' ');
            if !self.alias(value) {
                self.inline(value, depth);
            }
            self.end();
            return;
        }
        if self.alias_collection(value) {
            return;
        }
        self.anchor(value);
        self.end();
        match value {
            Value::Array(items) => {
                let deeper = if self.style.deep_lists { self.style.indent } else { 0 };
                self.items(items, depth + deeper);
            }
            _ => self.block(value, depth + self.style.indent),
        }
    }

    fn alias(&mut self, value: &Value) -> bool {
        if self.style.anchors == 0 || self.out.ends_with('\n') {
            return false;
        }
        let known = self.anchors.iter().find(|(_, known)| known == value).map(|(name, _)| name.clone());
        match known {
            Some(name) if self.rng.chance(60) => {
                self.out.push_str(&format!("*{name}"));
                true
            }
            _ => false,
        }
    }

    fn alias_collection(&mut self, value: &Value) -> bool {
        self.out.push(' ');
        if self.alias(value) {
            self.end();
            return true;
        }
        self.out.pop();
        false
    }

    fn anchor(&mut self, value: &Value) {
        if self.style.anchors > 0 && self.rng.chance(self.style.anchors * 3) {
            let name = format!("a{}", self.anchors.len());
            self.out.push_str(&format!(" &{name}"));
            self.anchors.push((name, value.clone()));
        }
    }

    fn end(&mut self) {
        if self.style.comments > 5 && self.rng.chance(self.style.comments / 4) && !self.out.ends_with('\n') {
            self.out.push_str(" # so");
        }
        if !self.out.ends_with('\n') {
            self.out.push('\n');
        }
    }

    fn items(&mut self, items: &[Value], depth: usize) {
        for item in items {
            self.comment(depth);
            self.pad(depth);
            self.out.push('-');
            match item {
                Value::Object(map) if !map.is_empty() && !self.rng.chance(self.style.flow) => {
                    self.out.push(' ');
                    for (at, (key, value)) in map.iter().enumerate() {
                        if at > 0 {
                            self.pad(depth + 2);
                        }
                        self.entry(key, value, depth + 2);
                    }
                }
                Value::Array(inner) if !inner.is_empty() && self.rng.chance(70) => {
                    self.out.push('\n');
                    self.items(inner, depth + 2);
                }
                other => {
                    self.out.push(' ');
                    self.inline(other, depth);
                    self.end();
                }
            }
        }
    }

    /// A value on the line, or a block scalar whose lines are deeper than `depth`.
    fn inline(&mut self, value: &Value, depth: usize) {
        match value {
            Value::String(text) => self.string(text, Some(depth)),
            other => self.flow(other),
        }
    }

    fn flow(&mut self, value: &Value) {
        match value {
            Value::Null => {
                let text = self.rng.word(&["null", "~", "null", "Null"]);
                self.out.push_str(&text);
            }
            Value::Bool(_) | Value::Number(_) => self.out.push_str(&value.to_string()),
            Value::String(text) => self.string(text, None),
            Value::Array(items) => {
                self.out.push('[');
                for (at, item) in items.iter().enumerate() {
                    if at > 0 {
                        self.out.push_str(", ");
                    }
                    self.flow(item);
                }
                self.out.push(']');
            }
            Value::Object(map) => self.flow_map(map),
        }
    }

    fn flow_map(&mut self, map: &Map<String, Value>) {
        self.out.push('{');
        for (at, (key, value)) in map.iter().enumerate() {
            if at > 0 {
                self.out.push_str(", ");
            }
            self.key(key);
            self.out.push_str(": ");
            self.flow(value);
        }
        self.out.push('}');
    }

    fn string(&mut self, text: &str, block: Option<usize>) {
        if let Some(raw) = text.strip_prefix(RAW) {
            self.out.push_str(raw);
            return;
        }
        if let Some(depth) = block
            && block_is_safe(text)
            && (text.contains('\n') || self.rng.chance(self.style.quotes / 10))
            && self.rng.chance(90)
        {
            self.block_scalar(text, depth);
        } else if plain_is_safe(text) && !self.rng.chance(self.style.quotes) {
            self.out.push_str(text);
        } else {
            self.quoted(text);
        }
    }

    fn block_scalar(&mut self, text: &str, depth: usize) {
        let folded = !text.contains('\n') && self.rng.chance(50);
        let body = text.strip_suffix('\n');
        let chomp = match body {
            None => "-",
            Some(body) if body.ends_with('\n') || body.is_empty() => "+",
            Some(_) => "",
        };
        let indent = depth + self.style.indent.max(1);
        self.out.push(if folded { '>' } else { '|' });
        if text.starts_with([' ', '\n']) {
            self.out.push_str(&self.style.indent.max(1).to_string());
        }
        self.out.push_str(chomp);
        self.out.push('\n');
        for line in body.unwrap_or(text).split('\n') {
            if !line.is_empty() {
                let line = if folded {
                    line.replacen(' ', &format!("\n{}", " ".repeat(indent)), 1)
                } else {
                    line.to_owned()
                };
                self.pad(indent);
                self.out.push_str(&line);
            }
            self.out.push('\n');
        }
    }

    fn quoted(&mut self, text: &str) {
        let single = !text.contains(['\n', '\r', '\t', '\u{7f}', '\u{85}', '\u{feff}', '\u{2028}'])
            && text.chars().all(|c| c >= ' ');
        if single && self.rng.chance(50) {
            self.out.push_str(&format!("'{}'", text.replace('\'', "''")));
            return;
        }
        self.out.push('"');
        for c in text.chars() {
            match c {
                '"' => self.out.push_str("\\\""),
                '\\' => self.out.push_str("\\\\"),
                '\n' => self.out.push_str("\\n"),
                '\t' => self.out.push_str("\\t"),
                '\r' => self.out.push_str("\\r"),
                c if (c as u32) < 0x20 || matches!(c as u32, 0x7f..=0x9f | 0xfeff | 0x2028 | 0x2029) => {
                    self.out.push_str(&format!("\\u{:04x}", c as u32));
                }
                c if (c as u32) > 0xffff && self.rng.chance(50) => {
                    self.out.push_str(&format!("\\U{:08x}", c as u32));
                }
                c => self.out.push(c),
            }
        }
        self.out.push('"');
    }
}

/// Whether a string reads as itself without quotes, in a flow collection too.
fn plain_is_safe(text: &str) -> bool {
    let words =
        ["", "y", "n", "yes", "no", "on", "off", "true", "false", "null", "nan", "inf", "~", "=", "<<"];
    let lower = text.to_ascii_lowercase();
    let first = text.chars().next().unwrap_or(' ');
    !words.contains(&lower.as_str())
        && (first.is_ascii_alphabetic() || matches!(first, '/' | '_' | '$' | '(' | '.'))
        && !text.ends_with([' ', ':'])
        && !text.contains(": ")
        && !text.contains(" #")
        && !text.starts_with("---")
        && !lower.starts_with(".inf")
        && !lower.starts_with(".nan")
        && !(first == '.' && text.chars().nth(1).is_some_and(|c| c.is_ascii_digit()))
        && text
            .chars()
            .all(|c| (c == ' ' || c.is_ascii_graphic()) && !matches!(c, ',' | '[' | ']' | '{' | '}'))
}

fn block_is_safe(text: &str) -> bool {
    text.chars()
        .all(|c| c == '\n' || (c >= ' ' && !matches!(c as u32, 0x7f..=0x9f | 0xfeff | 0x2028 | 0x2029)))
        && text.chars().any(|c| c != '\n' && c != ' ')
        && text.lines().all(|line| !line.starts_with('\t'))
        && !text.lines().any(|line| !line.is_empty() && line.trim().is_empty())
}
