//! Block scalars: `|` keeps its lines, `>` folds them.

use super::cursor::Cursor;

/// What becomes of the line breaks at the end.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Chomp {
    Clip,
    Strip,
    Keep,
}

impl Cursor<'_> {
    /// Reads the block scalar whose `|` or `>` stands here, below an entry in `column`, into `out`.
    pub(super) fn block_scalar(&mut self, column: usize, out: &mut String) -> Option<()> {
        out.clear();
        let folded = self.here() == b'>';
        self.at += 1;
        let (mut chomp, mut digit) = (Chomp::Clip, None);
        for _ in 0..2 {
            match self.here() {
                b'-' if chomp == Chomp::Clip => chomp = Chomp::Strip,
                b'+' if chomp == Chomp::Clip => chomp = Chomp::Keep,
                byte @ b'1'..=b'9' if digit.is_none() => digit = Some(usize::from(byte - b'0')),
                _ => break,
            }
            self.at += 1;
        }
        self.finish_line()?;
        let indent = match digit {
            Some(digit) => column + digit,
            None => match self.detect_indent(column)? {
                Some(indent) => indent,
                None => return self.blank(chomp, out),
            },
        };
        self.lines(indent, folded, chomp, out)?;
        // Below an empty scalar of a given indent, the library minds shallower comments.
        (digit.is_none() || !out.trim_end_matches('\n').is_empty()).then_some(())
    }

    /// The column of the first line of text; `None` if it is not deeper than `column`.
    fn detect_indent(&self, column: usize) -> Option<Option<usize>> {
        let (mut start, mut deepest) = (self.at, 0);
        loop {
            let at = self.behind_spaces(start);
            let indent = at - start;
            match self.byte(at) {
                _ if at >= self.bytes.len() => return Some(None),
                b'\n' => start = at + 1,
                b'\r' => start = at + 2,
                b'\t' => return None,
                _ if indent <= column => return Some(None),
                // Blank lines above must not be deeper.
                _ => return (deepest <= indent).then_some(Some(indent)),
            }
            deepest = deepest.max(indent);
        }
    }

    /// A block scalar without text. Which blanks belong to its lines, the library knows.
    fn blank(&mut self, chomp: Chomp, out: &mut String) -> Option<()> {
        loop {
            let at = self.behind_spaces(self.at);
            match self.byte(at) {
                _ if at >= self.bytes.len() => {
                    return (at == self.at || chomp != Chomp::Keep).then_some(());
                }
                b'\n' => self.start_line(at + 1),
                b'\r' => self.start_line(at + 2),
                b'\t' => return None,
                _ => return Some(()),
            }
            if chomp == Chomp::Keep {
                out.push('\n');
            }
        }
    }

    /// The lines of text, which begin at the column `indent`.
    fn lines(&mut self, indent: usize, folded: bool, chomp: Chomp, out: &mut String) -> Option<()> {
        // Line breaks since the last text; whether the line of that text begins with a blank.
        let mut breaks = 0_usize;
        let mut deeper = false;
        let mut any = false;
        let mut closed = true;
        while !self.at_end() {
            let at = self.behind_spaces(self.at).min(self.at + indent);
            let feed = self.line_feed(at);
            let end = if feed > at && self.byte(feed - 1) == b'\r' { feed - 1 } else { feed };
            if at - self.at < indent {
                if at < end {
                    match self.byte(at) {
                        b'\t' => return None,
                        _ => break,
                    }
                }
                if feed >= self.bytes.len() {
                    // Blanks at the end of the text.
                    return None;
                }
                breaks += 1;
                self.start_line(feed + 1);
                continue;
            }
            let line = self.slice(at, end);
            if line.is_empty() {
                if feed >= self.bytes.len() {
                    return None;
                }
                breaks += 1;
                self.start_line(feed + 1);
                continue;
            }
            let starts_blank = line.starts_with([' ', '\t']);
            let breaks_here = std::mem::take(&mut breaks);
            let fold = folded && any && !deeper && !starts_blank;
            match breaks_here {
                1 if fold => out.push(' '),
                count if fold => push_breaks(out, count - 1),
                count => push_breaks(out, count),
            }
            out.push_str(line);
            (deeper, any, breaks) = (starts_blank, true, 1);
            if feed >= self.bytes.len() {
                // libyaml adds no line break where the text ends without one.
                closed = line.trim_matches([' ', '\t']).is_empty();
                self.start_line(feed);
                break;
            }
            self.start_line(feed + 1);
        }
        match chomp {
            _ if !any => push_breaks(out, if chomp == Chomp::Keep { breaks } else { 0 }),
            Chomp::Strip => {}
            _ if !closed => {}
            Chomp::Clip => out.push('\n'),
            Chomp::Keep => push_breaks(out, breaks),
        }
        Some(())
    }
}

fn push_breaks(out: &mut String, count: usize) {
    out.extend(std::iter::repeat_n('\n', count));
}
