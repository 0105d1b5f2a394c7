//! Events to nodes, without recursion: open lists and mappings wait on a stack.

use std::collections::{HashMap, HashSet};

use super::events::{Event, Problem, ScalarEvent};
use super::merge::{self, Merge};
use super::repair::Repaired;
use super::resolve::{self, Style, YAML_TAGS};
use super::{Dialect, ReadOptions, Stream};
use crate::node::{Entry, FileId, Map, Node, Scalar, SourceFile, Span, Text, Value};

/// Deeper trees could overflow the stack of whoever walks or drops them, so no option goes beyond.
pub(super) const DEEPEST: usize = 1000;

/// Builds the documents of one text.
pub(super) struct Builder<'a> {
    options: &'a ReadOptions,
    input: &'a Input<'a>,
    text: &'a str,
    keys: HashSet<Text>,
    stack: Vec<Open>,
    anchors: HashMap<usize, Built>,
    root: Option<Built>,
    alias_nodes: usize,
    stream: Stream,
}

/// The text to build from, and its way back to the file.
pub(super) struct Input<'a> {
    /// The file in its source map.
    pub(super) file: FileId,
    /// The same with its text.
    pub(super) source: &'a SourceFile,
    /// Bytes before the text in the file: its byte-order mark.
    pub(super) base: usize,
    /// The text, with insertions that offsets must not count.
    pub(super) repaired: &'a Repaired<'a>,
}

impl Input<'_> {
    /// The offset in the file of an offset in the text.
    pub(super) fn offset(&self, offset: usize) -> u32 {
        let offset = self.repaired.original_offset(offset).saturating_add(self.base);
        u32::try_from(offset).unwrap_or(u32::MAX)
    }

    fn span(&self, offset: usize) -> Span {
        Span::new(self.file, self.offset(offset))
    }
}

/// A node, and what it costs to write it out.
#[derive(Clone, Debug)]
struct Built {
    node: Node,
    /// Nodes in it, itself included, with aliases written out.
    size: usize,
    /// Levels of lists and mappings in it.
    height: usize,
}

/// A list or mapping whose end has not come.
#[derive(Debug)]
struct Open {
    kind: Kind,
    offset: usize,
    anchor: usize,
    size: usize,
    height: usize,
}

#[derive(Debug)]
enum Kind {
    Seq(Vec<Node>),
    Map(Box<OpenMap>),
}

#[derive(Debug, Default)]
struct OpenMap {
    map: Map,
    key: Option<Key>,
    /// Where the key's text ends.
    key_end: usize,
    merges: Vec<Merge>,
    /// Where keys that were set more than once were set last.
    set_later: HashMap<Text, u32>,
}

#[derive(Debug)]
enum Key {
    Merge(Span),
    Name(Text, Span),
    /// One that was set before, where the first wins.
    Dropped,
}

impl<'a> Builder<'a> {
    /// A builder for the text of `input`.
    pub(super) fn new(input: &'a Input<'a>, options: &'a ReadOptions) -> Self {
        Self {
            options,
            input,
            text: input.repaired.text(),
            keys: HashSet::new(),
            stack: Vec::new(),
            anchors: HashMap::new(),
            root: None,
            alias_nodes: 0,
            stream: Stream::default(),
        }
    }

    /// A builder that adds to `stream`, for a text after others of the same file, whose aliases stand
    /// for `alias_nodes` so far.
    pub(super) fn resume(
        input: &'a Input<'a>,
        options: &'a ReadOptions,
        stream: Stream,
        alias_nodes: usize,
    ) -> Self {
        Self { stream, alias_nodes, ..Self::new(input, options) }
    }

    /// Nodes that aliases stand for so far.
    pub(super) fn alias_nodes(&self) -> usize {
        self.alias_nodes
    }

    /// What was built.
    pub(super) fn finish(self) -> Stream {
        self.stream
    }

    fn max_depth(&self) -> usize {
        self.options.limits.max_depth.min(DEEPEST)
    }

    /// Takes the next event, which begins at `offset`.
    pub(super) fn take(&mut self, event: Event<'_>, offset: usize) -> Result<(), Problem> {
        match event {
            Event::DocumentStart => {
                self.anchors.clear();
                self.root = None;
            }
            Event::DocumentEnd => {
                let span = self.input.span(offset);
                let root = self.root.take().map_or(Node::new(Value::Null, span), |built| built.node);
                self.stream.documents.push(root);
            }
            Event::Scalar(scalar) => self.scalar(scalar, offset)?,
            Event::Alias(anchor) => self.alias(anchor, offset)?,
            Event::SeqStart(properties) => self.open(Kind::Seq(Vec::new()), properties.anchor, offset)?,
            Event::MapStart(properties) => self.open(Kind::Map(Box::default()), properties.anchor, offset)?,
            Event::SeqEnd | Event::MapEnd => self.close()?,
        }
        Ok(())
    }

    fn open(&mut self, kind: Kind, anchor: usize, offset: usize) -> Result<(), Problem> {
        if let Some(Open { kind: Kind::Map(open), .. }) = self.stack.last()
            && open.key.is_none()
        {
            return Err(complex_key(self.text, offset));
        }
        if self.stack.len() >= self.max_depth() {
            return Err(self.too_deep(offset));
        }
        self.stack.push(Open { kind, offset, anchor, size: 1, height: 0 });
        Ok(())
    }

    fn too_deep(&self, offset: usize) -> Problem {
        let message = format!("lists and mappings are nested deeper than {} levels", self.max_depth());
        Problem::new("too-deep", message, offset)
    }

    fn close(&mut self) -> Result<(), Problem> {
        let Some(open) = self.stack.pop() else { return Ok(()) };
        let span = self.input.span(open.offset);
        let value = match open.kind {
            Kind::Seq(items) => Node::seq(items, span),
            Kind::Map(mut open_map) => {
                if !open_map.merges.is_empty() {
                    let merges = std::mem::take(&mut open_map.merges);
                    merge::apply(&mut open_map.map, merges, &open_map.set_later, self.options.dialect);
                }
                Node::map(open_map.map, span)
            }
        };
        let built = Built { node: value, size: open.size, height: open.height.saturating_add(1) };
        self.define(open.anchor, &built);
        self.attach(built, false, open.offset)
    }

    fn define(&mut self, anchor: usize, built: &Built) {
        if anchor != 0 {
            self.anchors.insert(anchor, built.clone());
        }
    }

    fn alias(&mut self, anchor: usize, offset: usize) -> Result<(), Problem> {
        let Some(built) = self.anchors.get(&anchor) else {
            let message = "the alias stands inside the very node its anchor names".to_owned();
            return Err(Problem::new("unknown-alias", message, offset));
        };
        let built = built.clone();
        self.alias_nodes = self.alias_nodes.saturating_add(built.size);
        let limit = self.options.limits.max_alias_nodes;
        if self.alias_nodes > limit {
            let message = format!("written out, the aliases of this file stand for more than {limit} nodes");
            return Err(Problem::new("too-many-aliases", message, offset));
        }
        if self.stack.len().saturating_add(built.height) > self.max_depth() {
            return Err(self.too_deep(offset));
        }
        if self.awaits_key() {
            return self.key(&built.node, offset, self.alias_end(offset));
        }
        self.attach(built, true, offset)
    }

    /// Where an alias that begins at `offset` ends.
    fn alias_end(&self, offset: usize) -> usize {
        let rest = self.text.get(offset..).unwrap_or_default();
        offset + rest.find([' ', '\t', '\n', '\r', ',', ']', '}']).unwrap_or(rest.len())
    }

    fn awaits_key(&self) -> bool {
        matches!(self.stack.last(), Some(Open { kind: Kind::Map(open), .. }) if open.key.is_none())
    }

    fn scalar(&mut self, event: ScalarEvent<'_>, offset: usize) -> Result<(), Problem> {
        let dialect = self.options.dialect;
        let is_key = self.awaits_key();
        if is_key && is_merge(&event, dialect) {
            let span = self.input.span(offset);
            return self.set_key(Key::Merge(span), event.end, offset);
        }
        let offset_of_node = if event.implicit { self.implicit_offset(offset) } else { offset };
        let keys = &mut self.keys;
        let shared = || if is_key { intern(keys, &event.text) } else { Text::from(event.text.as_ref()) };
        let value = resolve::scalar(&event.text, event.style, event.tag.as_deref(), dialect, shared)
            .map_err(|message| Problem::new("bad-tag", message, offset))?;
        let built = Built { node: Node::new(value, self.input.span(offset_of_node)), size: 1, height: 0 };
        self.define(event.anchor, &built);
        if is_key { self.key(&built.node, offset, event.end) } else { self.attach(built, false, offset) }
    }

    /// Where a value that is not there would stand: behind the colon of its key.
    fn implicit_offset(&self, offset: usize) -> usize {
        let Some(Open { kind: Kind::Map(open), .. }) = self.stack.last() else { return offset };
        let rest = self.text.get(open.key_end..).unwrap_or_default();
        let blanks = rest.len() - rest.trim_start_matches([' ', '\t']).len();
        match rest.as_bytes().get(blanks) {
            Some(b':') => open.key_end + blanks + 1,
            _ => offset.min(self.text.len()),
        }
    }

    /// Takes a scalar as the key of the innermost mapping.
    fn key(&mut self, node: &Node, offset: usize, end: usize) -> Result<(), Problem> {
        let at_top = self.stack.len() == 1;
        let name = key_text(node, self.options.dialect, at_top)
            .ok_or_else(|| bad_key(self.text, node, self.options.dialect, offset))?;
        let name = intern(&mut self.keys, &name);
        let span = self.input.span(offset);
        self.set_key(Key::Name(name, span), end, offset)
    }

    fn set_key(&mut self, key: Key, end: usize, offset: usize) -> Result<(), Problem> {
        let options = self.options;
        let Some(Open { kind: Kind::Map(open), .. }) = self.stack.last_mut() else { return Ok(()) };
        open.key_end = end;
        let (name, first) = match &key {
            Key::Name(name, _) => (name.clone(), open.map.entry(name).map(|entry| entry.key_span)),
            // v2 applies each merge key in turn.
            Key::Merge(_) if options.dialect == Dialect::Kubectl => (Text::empty(), None),
            Key::Merge(_) => (Text::from("<<"), open.merges.first().map(|merge| merge.span)),
            Key::Dropped => (Text::empty(), None),
        };
        if let Some(first) = first {
            let span = match &key {
                Key::Name(_, span) | Key::Merge(span) => *span,
                Key::Dropped => Span::NONE,
            };
            let in_list = self.stack.iter().any(|open| matches!(open.kind, Kind::Seq(_)));
            if options.first_key_wins && !in_list && matches!(key, Key::Name(..)) {
                self.stream.duplicate_keys.push((name, span));
                if let Some(Open { kind: Kind::Map(open), .. }) = self.stack.last_mut() {
                    open.key = Some(Key::Dropped);
                }
                return Ok(());
            }
            let Some(Open { kind: Kind::Map(open), .. }) = self.stack.last_mut() else { return Ok(()) };
            if !options.last_key_wins {
                let line = self.input.source.locate(first.offset()).line;
                let message = format!("the key `{name}` is already set on line {line}; remove one of them");
                return Err(Problem::new("duplicate-key", message, offset));
            }
            match &key {
                Key::Name(..) => {
                    open.set_later.insert(name.clone(), span.offset());
                }
                // v3 keeps the last merge key only.
                Key::Merge(_) => open.merges.clear(),
                Key::Dropped => {}
            }
            self.stream.duplicate_keys.push((name, span));
        }
        if let Some(Open { kind: Kind::Map(open), .. }) = self.stack.last_mut() {
            open.key = Some(key);
        }
        Ok(())
    }

    /// Puts a finished node where it belongs.
    fn attach(&mut self, built: Built, aliased: bool, offset: usize) -> Result<(), Problem> {
        let Some(open) = self.stack.last_mut() else {
            self.root = Some(built);
            return Ok(());
        };
        open.size = open.size.saturating_add(built.size);
        open.height = open.height.max(built.height);
        match &mut open.kind {
            Kind::Seq(items) => items.push(built.node),
            Kind::Map(map) => match map.key.take() {
                Some(Key::Name(key, key_span)) => {
                    map.map.insert_entry(Entry { key, key_span, value: built.node });
                }
                Some(Key::Merge(span)) => {
                    let merge = Merge::new(span, built.node, aliased).ok_or_else(|| {
                        let message = "`<<` needs a mapping, an alias of a mapping, or a list of these";
                        Problem::new("bad-merge", message, offset)
                    })?;
                    map.merges.push(merge);
                }
                Some(Key::Dropped) => {}
                None => return Err(complex_key(self.text, offset)),
            },
        }
        Ok(())
    }
}

/// The text of a key, one for all equal keys.
fn intern(keys: &mut HashSet<Text>, key: &str) -> Text {
    if let Some(known) = keys.get(key) {
        return known.clone();
    }
    let key = Text::from(key);
    keys.insert(key.clone());
    key
}

/// Whether a key stands for a merge.
fn is_merge(event: &ScalarEvent<'_>, dialect: Dialect) -> bool {
    event.text == "<<"
        && match event.tag.as_deref() {
            None => event.style == Style::Plain,
            Some("!") => event.style == Style::Plain || dialect == Dialect::Kubectl,
            Some(tag) => tag.strip_prefix(YAML_TAGS) == Some("merge"),
        }
}

/// The text of a key as it appears in JSON; `None` where Go finds none.
///
/// `sigs.k8s.io/yaml` turns booleans and numbers into text, but not null and not integers above 63
/// bits. kustomize only does so in the outermost mapping, where it keeps the spelling.
pub(super) fn key_text(node: &Node, dialect: Dialect, at_top: bool) -> Option<Text> {
    if let Value::String(text) = &node.value {
        return Some(text.clone());
    }
    if dialect == Dialect::Kyaml {
        return match node.scalar()? {
            Scalar::Null => None,
            _ if at_top => node.text().map(|text| Text::from(text.as_ref())),
            _ => None,
        };
    }
    Some(match node.scalar()? {
        Scalar::Bool(value) => Text::from(if value { "true" } else { "false" }),
        Scalar::Int(value) => Text::from(value.to_string()),
        Scalar::Float(value) => Text::from(float_key(value)),
        Scalar::String(text) => Text::from(text),
        Scalar::Null | Scalar::Uint(_) => return None,
    })
}

/// A float as a key: the shortest digits of a 32-bit float, with an exponent from 1e6 on and below
/// 1e-4, as Go's `%g` prints it.
fn float_key(value: f64) -> String {
    let short = value as f32;
    if short.is_nan() {
        return ".nan".to_owned();
    }
    if short.is_infinite() {
        return if short > 0.0 { ".inf" } else { "-.inf" }.to_owned();
    }
    let mut scientific = format!("{short:e}");
    // Between two equally near ones Go takes the even digit.
    let digits = scientific.split('e').next().map_or(0, |digits| digits.trim_start_matches('-').len());
    let even = format!("{:.*e}", digits.saturating_sub(2), f64::from(short));
    if even.parse::<f32>() == Ok(short) {
        scientific = even;
    }
    let Some((digits, exponent)) = scientific.split_once('e') else { return scientific };
    let Ok(exponent) = exponent.parse::<i32>() else { return scientific };
    if short != 0.0 && !(-4..6).contains(&exponent) {
        let sign = if exponent < 0 { '-' } else { '+' };
        format!("{digits}e{sign}{:02}", exponent.abs())
    } else {
        scientific.parse::<f64>().map_or(scientific.clone(), |value| value.to_string())
    }
}

fn bad_key(text: &str, node: &Node, dialect: Dialect, offset: usize) -> Problem {
    let Some(spelled) = node.text() else { return complex_key(text, offset) };
    let message = match dialect {
        _ if spelled.is_empty() => "a key is missing before the colon".to_owned(),
        _ if template(text, offset) => TEMPLATE.to_owned(),
        Dialect::Kubectl => format!("the key `{spelled}` is {}; quote it", node.type_name()),
        Dialect::Kyaml => format!(
            "the key `{spelled}` is {}, which kustomize cannot write; quote it",
            if node.as_str().is_none()
                && node.scalar().is_some_and(|scalar| matches!(scalar, Scalar::String(_)))
            {
                "a date"
            } else {
                node.type_name()
            }
        ),
    };
    Problem::new("bad-key", message, offset)
}

const TEMPLATE: &str = "this looks like a template (`{{ … }}`), which is not YAML until it is rendered; \
                        quote the value, or render the template first";

fn template(text: &str, offset: usize) -> bool {
    let before = text.get(..offset).unwrap_or_default();
    let rest = text.get(offset..).unwrap_or_default();
    rest.starts_with("{{") || (before.ends_with('{') && rest.starts_with('{'))
}

fn complex_key(text: &str, offset: usize) -> Problem {
    let message = if template(text, offset) {
        TEMPLATE
    } else {
        "a key is a list or a mapping; Kubernetes only knows text as keys"
    };
    Problem::new("bad-key", message, offset)
}
