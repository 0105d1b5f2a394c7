//! The source of events: the only file that knows which parser runs.
//!
//! A faster one replaces it by yielding the same [`Event`]s, with offsets in bytes from the start of
//! the text it was given.

use std::borrow::Cow;

use granit_parser as granit;

use super::explain;
use super::repair::Repair;
use super::resolve::Style;
use super::tabs::Tabs;

/// A step through a YAML stream.
#[derive(Debug)]
pub(super) enum Event<'a> {
    /// A document begins.
    DocumentStart,
    /// A document ends.
    DocumentEnd,
    /// The node under an anchor that stands earlier in the document.
    Alias(usize),
    /// A scalar.
    Scalar(ScalarEvent<'a>),
    /// A list begins.
    SeqStart(Properties),
    /// A list ends.
    SeqEnd,
    /// A mapping begins; keys and values follow in turn.
    MapStart(Properties),
    /// A mapping ends.
    MapEnd,
}

/// A scalar as written.
#[derive(Debug)]
pub(super) struct ScalarEvent<'a> {
    /// The text without quotes, escapes and folds.
    pub(super) text: Cow<'a, str>,
    /// Whether it stood in quotes or a block.
    pub(super) style: Style,
    /// The tag in full, such as `tag:yaml.org,2002:str` or `!`.
    pub(super) tag: Option<String>,
    /// The anchor it defines, or 0.
    pub(super) anchor: usize,
    /// Whether nothing stands there.
    pub(super) implicit: bool,
    /// Where its text ends.
    pub(super) end: usize,
}

/// What stands before a list or mapping.
#[derive(Debug)]
pub(super) struct Properties {
    /// The anchor it defines, or 0.
    pub(super) anchor: usize,
}

/// Why the text is no YAML.
#[derive(Debug)]
pub(super) struct Problem {
    /// A stable code.
    pub(super) code: &'static str,
    /// A message for people.
    pub(super) message: String,
    /// Where.
    pub(super) offset: usize,
    /// What go-yaml would overlook, and how.
    pub(super) repair: Option<Repair>,
}

impl Problem {
    /// A problem at `offset` of the text.
    pub(super) fn new(code: &'static str, message: impl Into<String>, offset: usize) -> Self {
        Self { code, message: message.into(), offset, repair: None }
    }
}

/// The events of a text.
pub(super) struct Events<'a> {
    text: &'a str,
    parser: granit::Parser<'a, granit::StrInput<'a>>,
    tabs: Tabs,
    documents: usize,
    /// Of each collection that is open, whether it is in brackets or braces.
    open: Vec<bool>,
}

impl<'a> Events<'a> {
    /// The events of `text`, which has no byte-order mark at its start, down to `max_depth` levels of
    /// nesting (the reader's own count is exact; this bounds what the parser holds).
    pub(super) fn new(text: &'a str, max_depth: usize) -> Self {
        let depth = max_depth.saturating_add(1);
        let mut options = granit::options! {
            emit_unresolved_aliases: true,
            flow_nesting_limit: depth,
            block_nesting_limit: depth,
        };
        options.set_emit_comments(false);
        let parser = granit::Parser::new_from_str_with_options(text, options);
        Self { text, parser, tabs: Tabs::new(text), documents: 0, open: Vec::new() }
    }

    /// The next event and the offset of its first byte; `None` at the end.
    pub(super) fn next(&mut self) -> Option<Result<(Event<'a>, usize), Problem>> {
        loop {
            let (event, span) = match self.parser.next_event()? {
                Ok(found) => found,
                Err(error) => return Some(Err(explain::problem(self.text, &error))),
            };
            let mut start = offset(self.text, span.start);
            if let Err(tab) = self.watch_tabs(&event, span) {
                return Some(Err(Problem::new("syntax", explain::TAB, tab)));
            }
            if let Some(mark) = self.question_mark(&event, span) {
                let message =
                    "in brackets and braces a `?` ends a text that has no quotes; put quotes around it";
                return Some(Err(Problem::new("syntax", message, mark)));
            }
            let event = match event {
                granit::Event::StreamEnd => return None,
                granit::Event::DocumentStart(_, Some(version))
                    if (version.major, version.minor) != (1, 1) =>
                {
                    // go-yaml knows no other version, though it reads most of 1.2.
                    let message = "Kubernetes tools only read `%YAML 1.1`; remove the line";
                    return Some(Err(Problem::new("syntax", message, self.directive(start))));
                }
                granit::Event::DocumentStart(explicit, _) => {
                    self.documents += 1;
                    if !explicit && self.documents > 1 {
                        let message = "a further document must begin with `---`";
                        return Some(Err(Problem::new("syntax", message, start)));
                    }
                    Event::DocumentStart
                }
                granit::Event::DocumentEnd => Event::DocumentEnd,
                granit::Event::Alias(anchor) => Event::Alias(anchor),
                granit::Event::UnresolvedAlias(_) => {
                    // Without the name: it may be a password that nobody quoted.
                    let message = "this alias (`*`) has no anchor (`&`) of its name before it in the document; \
                                   quote the value if it is text";
                    return Some(Err(Problem::new("unknown-alias", message, start)));
                }
                granit::Event::Scalar(text, style, anchor, tag) => {
                    let end = offset(self.text, span.end).max(start);
                    let plain = style == granit::ScalarStyle::Plain;
                    // For a node that is not there, the parser says `~`.
                    let implicit =
                        plain && (text.is_empty() || (text == "~" && self.text.get(start..end) != Some("~")));
                    let mut text = text;
                    if matches!(style, granit::ScalarStyle::Literal | granit::ScalarStyle::Folded) {
                        // Of one without content, the parser gives the header itself.
                        let at_header = text.bytes().all(|byte| byte == b'\n')
                            && self.text.get(start..).is_some_and(|rest| rest.starts_with(['|', '>']));
                        start = if at_header { start } else { block_header(self.text, start) };
                        if text.ends_with('\n') && end >= self.text.len() && ends_in_content(self.text) {
                            text.to_mut().pop();
                        }
                    }
                    Event::Scalar(ScalarEvent {
                        text: if implicit { Cow::Borrowed("") } else { text },
                        style: if plain { Style::Plain } else { Style::Quoted },
                        tag: tag.map(|tag| format!("{}{}", tag.handle(), tag.suffix())),
                        anchor,
                        implicit,
                        end,
                    })
                }
                granit::Event::SequenceStart(_, anchor, _) => Event::SeqStart(Properties { anchor }),
                granit::Event::SequenceEnd => Event::SeqEnd,
                granit::Event::MappingStart(_, anchor, _) => Event::MapStart(Properties { anchor }),
                granit::Event::MappingEnd => Event::MapEnd,
                _ => continue,
            };
            return Some(Ok((event, start)));
        }
    }
}

impl Events<'_> {
    /// Where a plain scalar within brackets or braces has a question mark, at which libyaml ends it.
    fn question_mark(&mut self, event: &granit::Event<'_>, span: granit::Span) -> Option<usize> {
        use granit::{Event, ScalarStyle, StructureStyle};
        match event {
            Event::MappingStart(style, ..) | Event::SequenceStart(style, ..) => {
                self.open.push(*style == StructureStyle::Flow);
            }
            Event::MappingEnd | Event::SequenceEnd => drop(self.open.pop()),
            Event::Scalar(text, ScalarStyle::Plain, ..) if self.open.last() == Some(&true) => {
                return text.contains('?').then(|| offset(self.text, span.start));
            }
            _ => {}
        }
        None
    }

    /// Looks for tabs up to an event; the error is where one stands that go-yaml refuses.
    fn watch_tabs(&mut self, event: &granit::Event<'_>, span: granit::Span) -> Result<(), usize> {
        use granit::{Event, ScalarStyle, StructureStyle};
        if self.tabs.done() {
            return Ok(());
        }
        let (start, end) = (offset(self.text, span.start), offset(self.text, span.end));
        match event {
            Event::StreamEnd => self.tabs.between(self.text.len()),
            Event::MappingStart(StructureStyle::Block, ..)
            | Event::SequenceStart(StructureStyle::Block, ..) => self.tabs.block(start, span.start.col()),
            Event::MappingStart(..) | Event::SequenceStart(..) => self.tabs.flow(start),
            Event::MappingEnd | Event::SequenceEnd => {
                self.tabs.close(end);
                Ok(())
            }
            // Nothing stands there, so its span is somewhere behind.
            Event::Scalar(_, ScalarStyle::Plain, ..) if start == end => Ok(()),
            Event::Scalar(_, ScalarStyle::Plain, ..) => self.tabs.plain(self.text, start, end),
            Event::Scalar(_, ScalarStyle::Literal | ScalarStyle::Folded, ..) => {
                self.tabs.quoted(block_header(self.text, start), end)
            }
            Event::Scalar(..) | Event::Alias(_) => self.tabs.quoted(start, end),
            _ => Ok(()),
        }
    }

    /// Where the `%YAML` stands before the `---` at `offset`.
    fn directive(&self, offset: usize) -> usize {
        self.text.get(..offset).and_then(|before| before.rfind("%YAML")).unwrap_or(offset)
    }
}

/// Something that a text opens and does not close.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Unclosed {
    /// A quoted scalar that begins at this offset.
    Quote(usize),
    /// A list in brackets or mapping in braces that begins at this offset.
    Flow(usize),
}

/// What `text`, the beginning of a longer one, leaves open.
pub(super) fn unclosed(text: &str) -> Option<Unclosed> {
    let mut options = granit::options! { emit_unresolved_aliases: true };
    options.set_emit_comments(false);
    let mut parser = granit::Parser::new_from_str_with_options(text, options);
    let mut open: Vec<Option<usize>> = Vec::new();
    loop {
        let (event, span) = match parser.next_event()? {
            Ok(found) => found,
            Err(error) => {
                let at = offset(text, *error.marker());
                return match error.kind() {
                    granit::ErrorKind::UnclosedQuotedScalar => Some(Unclosed::Quote(at)),
                    granit::ErrorKind::UnclosedFlowCollection { .. }
                    | granit::ErrorKind::UnexpectedEofFlowSequence
                    | granit::ErrorKind::UnexpectedEofFlowMapping
                    | granit::ErrorKind::UnexpectedEofImplicitFlowMapping => {
                        let at = open.iter().copied().flatten().next().unwrap_or(at);
                        text.get(at..)?.starts_with(['[', '{']).then_some(Unclosed::Flow(at))
                    }
                    _ => None,
                };
            }
        };
        use granit::StructureStyle::Flow;
        match event {
            granit::Event::SequenceStart(Flow, ..) | granit::Event::MappingStart(Flow, ..) => {
                open.push(Some(offset(text, span.start)));
            }
            granit::Event::SequenceStart(..) | granit::Event::MappingStart(..) => open.push(None),
            granit::Event::SequenceEnd | granit::Event::MappingEnd => {
                open.pop();
            }
            _ => {}
        }
    }
}

/// Where the `|` or `>` stands of the block scalar whose content begins at `content`.
fn block_header(text: &str, content: usize) -> usize {
    let before = text.get(..content).unwrap_or_default();
    // The line of the content, unless it is blank up to here, then blank lines.
    let before = before.trim_end_matches([' ', '\t', '\n', '\r']);
    let line_start = before.rfind('\n').map_or(0, |newline| newline + 1);
    let line = before.get(line_start..).unwrap_or_default();
    let header = line.match_indices(['|', '>']).map(|(at, _)| at).find(|&at| {
        let behind = line.get(at + 1..).unwrap_or_default();
        let rest = behind.trim_start_matches(|c: char| c.is_ascii_digit() || c == '+' || c == '-');
        let begins = line.get(..at).is_none_or(|left| left.is_empty() || left.ends_with([' ', '\t']));
        let ends = rest.trim_start_matches([' ', '\t']);
        begins && (ends.is_empty() || (ends.starts_with('#') && ends.len() < rest.len()))
    });
    header.map_or(content, |at| line_start + at)
}

/// Whether no line break ends the text. A block scalar that ends with it then has none either, as
/// libyaml reads it; YAML 1.2 would add one.
fn ends_in_content(text: &str) -> bool {
    let last = text.rsplit('\n').next().unwrap_or_default();
    !last.trim_matches([' ', '\t', '\r']).is_empty()
}

/// The byte offset of a mark, inside the text and at a character.
pub(super) fn offset(text: &str, mark: granit::Marker) -> usize {
    text.floor_char_boundary(mark.byte_offset().unwrap_or(0))
}
