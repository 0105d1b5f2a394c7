//! Plain text, on one line or several, and text in quotes.

use memchr::memchr3;

use super::cursor::{Cursor, is_white};

/// What ends a plain scalar on its line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stop {
    /// The end of the line.
    Line,
    /// A comment.
    Comment,
    /// A colon before a blank: it is a key.
    Colon,
    /// A comma or bracket, inside brackets.
    Flow,
}

/// Where a plain scalar stands, which decides what ends it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Context {
    /// By indentation.
    Block,
    /// Inside brackets.
    Flow,
}

/// Over which lines a text in quotes may go on.
#[derive(Clone, Copy, Debug)]
pub(super) enum Lines {
    /// None but its own, as for a key.
    One,
    /// Those indented deeper than this column.
    Deeper(Option<usize>),
}

/// Whether a plain scalar may end at a byte inside brackets. At `?` it does for libyaml, and the
/// library explains that.
fn ends_in_flow(byte: u8) -> bool {
    matches!(byte, b'\n' | b':' | b'#' | b',' | b'[' | b']' | b'{' | b'}' | b'?')
}

impl<'a> Cursor<'a> {
    /// Whether a plain scalar surely begins here.
    pub(super) fn begins_plain(&self, context: Context) -> bool {
        match self.here() {
            b'[' | b']' | b'{' | b'}' | b',' | b'#' | b'&' | b'*' | b'!' | b'|' | b'>' => false,
            b'\'' | b'"' | b'%' | b'@' | b'`' | b' ' | b'\t' | b'\n' | b'\r' => false,
            b'-' | b'?' | b':' => {
                let next = self.byte(self.at + 1);
                !is_white(next)
                    && (context == Context::Block
                        || (self.here() != b'?' && (next.is_ascii_alphanumeric() || next == b'-')))
            }
            _ => true,
        }
    }

    /// Reads plain text up to what ends it on this line and stops there.
    pub(super) fn plain(&mut self, context: Context) -> (&'a str, Stop) {
        let start = self.at;
        let mut at = start;
        let stop = loop {
            at = match context {
                Context::Block => self.plain_end(at),
                Context::Flow => {
                    let rest = self.bytes.get(at..).unwrap_or_default();
                    at + rest.iter().position(|byte| ends_in_flow(*byte)).unwrap_or(rest.len())
                }
            };
            match self.byte(at) {
                b'\n' => break Stop::Line,
                b':' => {
                    let next = self.byte(at + 1);
                    if is_white(next)
                        || (context == Context::Flow && matches!(next, b',' | b'[' | b']' | b'{' | b'}'))
                    {
                        break Stop::Colon;
                    }
                }
                b'#' if at > start && is_white(self.byte(at - 1)) => break Stop::Comment,
                b'#' => {}
                _ => break Stop::Flow,
            }
            at += 1;
        };
        self.at = at;
        while at > start && matches!(self.byte(at - 1), b' ' | b'\t' | b'\r') {
            at -= 1;
        }
        (self.slice(start, at), stop)
    }

    /// Reads the lines that continue a plain scalar of a block, if any do: those indented deeper than
    /// `column` (or at all, without one). `first` is its text up to the end of this line, where the
    /// cursor stands. `None` where something follows that cannot stand there.
    pub(super) fn continued(
        &mut self,
        first: &'a str,
        column: Option<usize>,
        whole: &mut String,
    ) -> Option<bool> {
        whole.clear();
        let mut continued = false;
        loop {
            // At a line feed, or the end of the text.
            self.start_line(self.at + 1);
            let mut blank_lines = 0_usize;
            let column_here = loop {
                self.skip_spaces();
                match self.here() {
                    _ if self.at_end() => return Some(continued),
                    b'\n' => self.start_line(self.at + 1),
                    b'\r' => self.start_line(self.at + 2),
                    b'\t' => return None,
                    _ => break self.column(),
                }
                blank_lines += 1;
            };
            let deeper = column.is_none_or(|column| column_here > column);
            if !deeper || self.here() == b'#' || (column_here == 0 && self.is_marker(self.at)) {
                return Some(continued);
            }
            if !continued {
                whole.push_str(first);
                continued = true;
            }
            match blank_lines {
                0 => whole.push(' '),
                _ => whole.extend(std::iter::repeat_n('\n', blank_lines)),
            }
            let (text, stop) = self.plain(Context::Block);
            whole.push_str(text);
            match stop {
                Stop::Line => {}
                Stop::Comment => {
                    self.next_line();
                    return Some(true);
                }
                Stop::Colon | Stop::Flow => return None,
            }
        }
    }

    /// Reads text in quotes. Its value is the text given back or, where quotes, escapes or line breaks
    /// are resolved, `scratch`.
    pub(super) fn quoted<'s>(&mut self, lines: Lines, scratch: &'s mut String) -> Option<&'s str>
    where
        'a: 's,
    {
        let quote = self.here();
        let start = self.at + 1;
        let mut end = self.quoted_end(start, quote);
        while quote == b'\'' && self.byte(end) == b'\\' {
            end = self.quoted_end(end + 1, quote);
        }
        if self.byte(end) == quote && (quote == b'"' || self.byte(end + 1) != quote) {
            self.at = end + 1;
            return Some(self.slice(start, end));
        }
        self.at = start;
        scratch.clear();
        self.resolved(quote, lines, scratch)?;
        Some(scratch)
    }

    /// The rest of a text in quotes, with doubled quotes, escapes and line breaks resolved.
    fn resolved(&mut self, quote: u8, lines: Lines, out: &mut String) -> Option<()> {
        let escape = if quote == b'"' { b'\\' } else { quote };
        // Blanks up to here were escaped or stand on an earlier line.
        let mut kept = 0;
        loop {
            let end = self.at + memchr3(quote, escape, b'\n', self.bytes.get(self.at..)?)?;
            let text = self.slice(self.at, end);
            self.at = end + 1;
            match self.byte(end) {
                b'\n' => {
                    out.push_str(text.strip_suffix('\r').unwrap_or(text));
                    let blanks = out
                        .get(kept..)
                        .map_or(0, |line| line.len() - line.trim_end_matches([' ', '\t']).len());
                    out.truncate(out.len() - blanks);
                    match self.fold(lines)? {
                        0 => out.push(' '),
                        blank_lines => out.extend(std::iter::repeat_n('\n', blank_lines)),
                    }
                }
                b'\'' if quote == b'\'' && self.here() == b'\'' => {
                    out.push_str(text);
                    out.push('\'');
                    self.at += 1;
                }
                byte if byte == quote => {
                    out.push_str(text);
                    return Some(());
                }
                _ => {
                    out.push_str(text);
                    self.escape(lines, out)?;
                }
            }
            kept = if self.byte(end) == b'\'' { kept } else { out.len() };
        }
    }

    /// An escape, behind its backslash.
    fn escape(&mut self, lines: Lines, out: &mut String) -> Option<()> {
        let code = self.here();
        self.at += 1;
        let character = match code {
            b'"' | b'\\' | b'/' | b' ' => char::from(code),
            b'n' => '\n',
            b't' => '\t',
            b'r' => '\r',
            b'0' => '\0',
            b'a' => '\u{7}',
            b'b' => '\u{8}',
            b'e' => '\u{1b}',
            b'f' => '\u{c}',
            b'v' => '\u{b}',
            b'x' => self.code_point(2)?,
            b'u' => self.code_point(4)?,
            b'U' => self.code_point(8)?,
            b'\n' | b'\r' => {
                self.at += usize::from(code == b'\r');
                let blank_lines = self.fold(lines)?;
                out.extend(std::iter::repeat_n('\n', blank_lines));
                return Some(());
            }
            _ => return None,
        };
        out.push(character);
        Some(())
    }

    /// Steps over the indentation of a line that continues a text in quotes, and over blank lines
    /// before it, which are counted.
    fn fold(&mut self, lines: Lines) -> Option<usize> {
        let Lines::Deeper(column) = lines else { return None };
        let mut blank_lines = 0;
        loop {
            let start = self.at;
            self.skip_spaces();
            match self.here() {
                _ if self.at_end() => return None,
                b'\n' => self.at += 1,
                b'\r' => self.at += 2,
                b'\t' => return None,
                _ if column.is_some_and(|column| self.at - start <= column) => return None,
                _ if self.at == start && self.is_marker(start) => return None,
                _ => return Some(blank_lines),
            }
            blank_lines += 1;
        }
    }

    /// A character written as so many hexadecimal digits; halves of surrogate pairs are left alone.
    fn code_point(&mut self, digits: usize) -> Option<char> {
        let text = self.text.get(self.at..self.at + digits)?;
        if !text.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            return None;
        }
        self.at += digits;
        char::from_u32(u32::from_str_radix(text, 16).ok()?)
    }
}
