//! One text: which of the four styles it gets, and how it is written and folded.

use std::borrow::Cow;

use super::{Failure, LONGEST_KEY, Outcome, Writer, ambiguous};

/// The column beyond which a single space becomes a line break.
const WIDTH: usize = 80;

const NEXT_LINE: char = '\u{85}';
const LINE_SEPARATOR: char = '\u{2028}';
const PARAGRAPH_SEPARATOR: char = '\u{2029}';
const BYTE_ORDER_MARK: char = '\u{feff}';

fn is_break(c: char) -> bool {
    matches!(c, '\n' | '\r' | NEXT_LINE | LINE_SEPARATOR | PARAGRAPH_SEPARATOR)
}

/// Whether go-yaml v2 writes `c` as itself in a text of any style. Tabs and all characters above
/// U+FFFF are not among them.
fn is_printable(c: char) -> bool {
    matches!(c, '\n' | ' '..='~' | '\u{a0}'..='\u{d7ff}' | '\u{e000}'..='\u{fefe}' | '\u{ff00}'..='\u{fffd}')
}

/// Whether go-yaml v2 refuses to read `c`, which kustomize makes it do on the way from JSON to YAML,
/// where characters below U+0020 are escaped and these are not.
fn is_refused(c: char) -> bool {
    matches!(c, '\u{7f}'..='\u{84}' | '\u{86}'..='\u{9f}' | '\u{fffe}' | '\u{ffff}')
}

/// Whether a text has any of YAML's line breaks.
pub(super) fn has_break(text: &str) -> bool {
    text.contains(is_break)
}

/// A key that is long or has breaks: whether kustomize can write it at all.
pub(super) fn check_long_key(key: &str) -> Outcome {
    if key.contains(NEXT_LINE) {
        return Err(refused(NEXT_LINE));
    }
    let json = 2 + key.chars().map(json_width).sum::<usize>();
    if json > LONGEST_KEY {
        return Err(Failure::new(
            "key-too-long",
            format!("the key takes {json} characters as JSON; go-yaml reads up to {LONGEST_KEY}; shorten it"),
        ));
    }
    Ok(())
}

/// Characters that Go's `encoding/json` writes for `c`.
fn json_width(c: char) -> usize {
    match c {
        '"' | '\\' | '\n' | '\r' | '\t' | '\u{8}' | '\u{c}' => 2,
        '\0'..='\u{1f}' | '<' | '>' | '&' | LINE_SEPARATOR | PARAGRAPH_SEPARATOR => 6,
        _ => 1,
    }
}

fn refused(c: char) -> Failure {
    Failure::new(
        "control-character",
        format!("the text contains U+{:04X}, which cannot stand in a manifest; remove it", u32::from(c)),
    )
}

/// What a byte of a text means for the choice of its style.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Class {
    Ordinary,
    Space,
    LineFeed,
    Colon,
    Hash,
    /// Unprintable.
    Control,
    /// The first byte of a character beyond ASCII.
    Lead,
    /// A further one.
    Continuation,
    /// U+2028 or U+2029.
    Separator,
}

impl Class {
    fn of(byte: u8) -> Self {
        match byte {
            b' ' => Self::Space,
            b'\n' => Self::LineFeed,
            b':' => Self::Colon,
            b'#' => Self::Hash,
            0..0x20 | 0x7f => Self::Control,
            0x80..0xc0 => Self::Continuation,
            0xc0.. => Self::Lead,
            _ => Self::Ordinary,
        }
    }

    fn is_break(self) -> bool {
        matches!(self, Self::LineFeed | Self::Separator)
    }
}

/// Which styles a text may have, and what decides how it is written.
#[derive(Clone, Copy, Default)]
struct Shape {
    plain: bool,
    single: bool,
    literal: bool,
    line_feeds: bool,
    separators: bool,
}

impl Shape {
    /// `None` if the text has an unprintable character.
    fn of(text: &str) -> Option<Self> {
        let bytes = text.as_bytes();
        let blank_at = |at: usize| bytes.get(at).is_none_or(|byte| matches!(byte, b' ' | b'\t'));
        let mut plain = match bytes {
            [b'-', b'-', b'-', ..] | [b'.', b'.', b'.', ..] => false,
            [b'#' | b',' | b'[' | b']' | b'{' | b'}' | b'&' | b'*' | b'!' | b'|', ..] => false,
            [b' ' | b'>' | b'\'' | b'"' | b'%' | b'@' | b'`', ..] => false,
            [b'?' | b':' | b'-', ..] => !blank_at(1),
            _ => true,
        };
        let mut shape = Self::default();
        let mut break_before_space = false;
        let mut space_before_break = false;
        let mut previous = Class::Ordinary;
        for (at, byte) in bytes.iter().enumerate() {
            let mut class = Class::of(*byte);
            match class {
                Class::Ordinary | Class::Separator => {}
                Class::Space => break_before_space |= previous.is_break(),
                Class::Colon => plain &= !blank_at(at + 1),
                Class::Hash => plain &= previous != Class::Space,
                Class::Continuation => continue,
                Class::LineFeed => {
                    shape.line_feeds = true;
                    space_before_break |= previous == Class::Space;
                }
                Class::Control => return None,
                Class::Lead => match text.get(at..).and_then(|rest| rest.chars().next()) {
                    Some(LINE_SEPARATOR | PARAGRAPH_SEPARATOR) => {
                        class = Class::Separator;
                        shape.separators = true;
                        space_before_break |= previous == Class::Space;
                    }
                    Some(c) if is_printable(c) => {}
                    _ => return None,
                },
            }
            previous = class;
        }
        let trailing_space = previous == Class::Space;
        shape.plain = plain && !shape.line_feeds && !shape.separators && !trailing_space;
        shape.single = !break_before_space && !space_before_break;
        shape.literal = !trailing_space && !space_before_break;
        Some(shape)
    }
}

impl Writer<'_, '_> {
    /// Writes text in the style that go-yaml v2 chooses, continued at `self.indent`. A simple key
    /// stays on one line.
    pub(super) fn text(&mut self, text: &str, simple_key: bool) -> Outcome {
        let shape = match Shape::of(text) {
            Some(shape) => shape,
            None => match unprintable(text)? {
                Cow::Borrowed(_) => Shape { line_feeds: text.contains('\n'), ..Shape::default() },
                Cow::Owned(folded) => return self.text(&folded, simple_key),
            },
        };
        if shape.line_feeds {
            if shape.literal && !simple_key {
                self.literal(text, shape.separators);
            } else {
                self.double_quoted(text, simple_key);
            }
        } else if ambiguous::means_something_else(text) {
            self.double_quoted(text, simple_key);
        } else if shape.plain {
            self.plain(text, simple_key);
        } else if shape.single {
            self.single_quoted(text, simple_key);
        } else {
            self.double_quoted(text, simple_key);
        }
        Ok(())
    }

    fn plain(&mut self, text: &str, simple_key: bool) {
        self.space_before();
        if simple_key || self.column + text.len() <= WIDTH {
            self.put_str(text);
        } else if text.is_ascii() {
            self.folded_ascii(text);
        } else {
            self.folded(text, |writer, word| writer.put_str(word));
        }
        self.whitespace = false;
        self.indention = false;
    }

    fn single_quoted(&mut self, text: &str, simple_key: bool) {
        self.indicator("'", true, false, false);
        if simple_key {
            self.single_quoted_word(text);
        } else {
            self.folded(text, Self::single_quoted_word);
        }
        self.indicator("'", false, false, false);
        self.indention = false;
    }

    /// As [`Self::folded`] for text whose bytes are its columns: looks only where a break is due.
    fn folded_ascii(&mut self, text: &str) {
        let mut rest = text;
        let mut from = (WIDTH + 1).saturating_sub(self.column);
        while let Some(found) = rest.get(from..).and_then(|tail| tail.find(' ')) {
            let at = from + found;
            let around = (rest.as_bytes().get(at.wrapping_sub(1)), rest.as_bytes().get(at + 1));
            if matches!(around, (None | Some(b' '), _) | (_, None | Some(b' '))) {
                from = at + 1;
                continue;
            }
            let (line, tail) = rest.split_at_checked(at).unwrap_or((rest, " "));
            self.put_str(line);
            self.indention = false;
            self.write_indent();
            rest = tail.get(1..).unwrap_or("");
            from = (WIDTH + 1).saturating_sub(self.column);
        }
        self.put_str(rest);
    }

    /// Breaks lines at single spaces beyond the width; `write` writes what stands between spaces.
    fn folded(&mut self, text: &str, write: impl Fn(&mut Self, &str)) {
        let mut words = text.split(' ').peekable();
        while let Some(word) = words.next() {
            if !word.is_empty() {
                write(self, word);
                self.indention = false;
            }
            let Some(next) = words.peek() else { break };
            // Empty words stand between, before and behind several spaces.
            if self.column > WIDTH && !word.is_empty() && !next.is_empty() {
                self.write_indent();
            } else {
                self.put(' ');
            }
        }
    }

    /// A stretch of text in single quotes. The only breaks that can stand here are U+2028 and U+2029,
    /// which are written as they are and start a line.
    fn single_quoted_word(&mut self, word: &str) {
        for piece in word.split_inclusive(['\'', LINE_SEPARATOR, PARAGRAPH_SEPARATOR]) {
            if self.column == 0 && !piece.starts_with([LINE_SEPARATOR, PARAGRAPH_SEPARATOR]) {
                self.write_indent();
            }
            match piece.chars().next_back() {
                Some('\'') => {
                    self.put_str(piece);
                    self.put('\'');
                }
                Some(c @ (LINE_SEPARATOR | PARAGRAPH_SEPARATOR)) => {
                    self.put_str(piece.strip_suffix(c).unwrap_or(piece));
                    self.separator(c);
                }
                _ => self.put_str(piece),
            }
        }
    }

    fn separator(&mut self, c: char) {
        self.out.push(c);
        self.column = 0;
        self.indention = true;
    }

    fn double_quoted(&mut self, text: &str, simple_key: bool) {
        self.indicator("\"", true, false, false);
        // go-yaml looks for a byte order mark at the start of the text when it asks whether a
        // character is one, so one at the start makes it escape everything.
        let escape_all = text.starts_with(BYTE_ORDER_MARK);
        let bytes = text.as_bytes();
        let mut after_space = false;
        // What needs no thought is copied in one piece.
        let mut copied = 0;
        for (at, c) in text.char_indices() {
            let space = c == ' ' && !escape_all;
            if !space && !escape_all && c != '"' && c != '\\' && is_printable(c) && !is_break(c) {
                after_space = false;
                continue;
            }
            self.put_str(text.get(copied..at).unwrap_or(""));
            copied = at + c.len_utf8();
            if !space {
                self.escape(c);
                after_space = false;
                continue;
            }
            let inner = at > 0 && at + 1 < bytes.len();
            if !simple_key && !after_space && inner && self.column > WIDTH {
                self.write_indent();
                if bytes.get(at + 1) == Some(&b' ') {
                    self.put('\\');
                }
            } else {
                self.put(' ');
            }
            after_space = true;
        }
        self.put_str(text.get(copied..).unwrap_or(""));
        self.indicator("\"", false, false, false);
        self.indention = false;
    }

    fn escape(&mut self, c: char) {
        let short = match c {
            '\0' => '0',
            '\u{7}' => 'a',
            '\u{8}' => 'b',
            '\t' => 't',
            '\n' => 'n',
            '\u{b}' => 'v',
            '\u{c}' => 'f',
            '\r' => 'r',
            '\u{1b}' => 'e',
            '"' => '"',
            '\\' => '\\',
            NEXT_LINE => 'N',
            '\u{a0}' => '_',
            LINE_SEPARATOR => 'L',
            PARAGRAPH_SEPARATOR => 'P',
            _ => {
                let code = u32::from(c);
                return self.put_str(&match code {
                    0..=0xff => format!("\\x{code:02X}"),
                    0x100..=0xffff => format!("\\u{code:04X}"),
                    _ => format!("\\U{code:08X}"),
                });
            }
        };
        self.put('\\');
        self.put(short);
    }

    fn literal_line(&mut self, line: &str) {
        if !line.is_empty() {
            self.pad();
            self.put_str(line);
            self.indention = false;
        }
    }

    fn literal(&mut self, text: &str, separators: bool) {
        self.indicator("|", true, false, false);
        if text.starts_with(|c| c == ' ' || is_break(c)) {
            self.indicator("2", false, false, false);
        }
        let mut backwards = text.chars().rev().map(is_break);
        match (backwards.next(), backwards.next()) {
            (Some(true), Some(false)) => {}
            (Some(true), _) => self.indicator("+", false, false, false),
            _ => self.indicator("-", false, false, false),
        }
        self.put_break();
        for line in text.split_inclusive('\n') {
            let content = line.strip_suffix('\n').unwrap_or(line);
            if separators {
                for piece in content.split_inclusive([LINE_SEPARATOR, PARAGRAPH_SEPARATOR]) {
                    let words = piece.trim_end_matches([LINE_SEPARATOR, PARAGRAPH_SEPARATOR]);
                    self.literal_line(words);
                    piece
                        .chars()
                        .next_back()
                        .filter(|c| is_break(*c))
                        .into_iter()
                        .for_each(|c| self.separator(c));
                }
            } else {
                self.literal_line(content);
            }
            if content.len() < line.len() {
                self.put_break();
                self.indention = true;
            }
        }
        self.whitespace = true;
    }
}

/// What becomes of a text with an unprintable character on its way through JSON: an error if go-yaml
/// refuses one of its characters, otherwise the text, its U+0085 folded.
fn unprintable(text: &str) -> Result<Cow<'_, str>, Failure> {
    if let Some(c) = text.chars().find(|c| is_refused(*c)) {
        return Err(refused(c));
    }
    if text.contains(NEXT_LINE) { fold_next_lines(text).map(Cow::Owned) } else { Ok(Cow::Borrowed(text)) }
}

/// JSON leaves U+0085 as it is, and YAML takes it for a line break in double quotes: with the blanks
/// around, one is a space, and each further one a line feed.
fn fold_next_lines(text: &str) -> Result<String, Failure> {
    let mut folded = String::with_capacity(text.len());
    let mut breaks = 0;
    let mut lines = text.split(NEXT_LINE).enumerate().peekable();
    while let Some((at, line)) = lines.next() {
        let last = lines.peek().is_none();
        let mut content = line;
        if at > 0 {
            breaks += 1;
            content = content.trim_start_matches(' ');
            let marked = line.strip_prefix("---").or_else(|| line.strip_prefix("..."));
            if marked.is_some_and(|rest| rest.starts_with(' ') || (rest.is_empty() && !last)) {
                return Err(Failure::new(
                    "control-character",
                    "the text has a document marker after U+0085, which YAML takes for a line break; remove it",
                ));
            }
        }
        if !last {
            content = content.trim_end_matches(' ');
        }
        if !content.is_empty() || last {
            match breaks {
                0 => {}
                1 => folded.push(' '),
                _ => folded.extend(std::iter::repeat_n('\n', breaks - 1)),
            }
            breaks = 0;
        }
        folded.push_str(content);
    }
    Ok(folded)
}
