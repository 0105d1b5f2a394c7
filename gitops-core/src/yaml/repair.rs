//! Text that go-yaml reads although YAML 1.2 forbids it, made readable by blanks put in.
//!
//! Inside quotes and brackets, blanks at the start of a line mean nothing, yet the standard wants
//! such lines indented, and not by tabs. People write them otherwise, and libyaml and its Go
//! descendants do not mind. So when the parser stops at such a line, all lines of that scalar or
//! collection are indented in a copy, and the copy is read instead; places stay those of the file.
//! Nor do they mind a comment right behind a quote or bracket.
//!
//! What stays different from go-yaml, all of it rare: in brackets, `a:` before a comma or bracket is
//! the text `a:` there and a key here, `?a` a key there and text here; U+0085, U+2028 and U+2029 are
//! no line breaks here; a block scalar's `|` left of its key is refused here.

use std::borrow::Cow;
use std::collections::BTreeMap;

use super::events::{self, Unclosed};

/// What a syntax error permits to try.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Repair {
    /// A line of a quoted scalar is not indented, or by a tab.
    Quoted,
    /// A line of a list in brackets or a mapping in braces begins with a tab.
    Flow,
    /// A comment follows a quote or bracket without a blank.
    Comment,
}

/// Bytes that the repairs of a text may read again, beside eight times its size; a text that needs
/// more counts as broken.
const BUDGET: usize = 16 << 20;

/// A text with blanks inserted, and the way back to its offsets.
pub(super) struct Repaired<'a> {
    original: &'a str,
    text: Cow<'a, str>,
    /// Blanks inserted, by offset in the original.
    inserted: BTreeMap<usize, usize>,
    /// The same by offset in the copy behind them, with their sum up to there.
    back: Vec<(usize, usize)>,
    /// Bytes left to read again or insert.
    budget: usize,
}

impl<'a> Repaired<'a> {
    /// A text as it is.
    pub(super) fn new(original: &'a str) -> Self {
        let text = Cow::Borrowed(original);
        let budget = original.len().saturating_mul(8).saturating_add(BUDGET);
        Self { original, text, inserted: BTreeMap::new(), back: Vec::new(), budget }
    }

    /// The text to read.
    pub(super) fn text(&self) -> &str {
        &self.text
    }

    /// The offset in the original of an offset in the text to read.
    pub(super) fn original_offset(&self, offset: usize) -> usize {
        let at = self.back.partition_point(|(behind, _)| *behind <= offset);
        let before = at.checked_sub(1).and_then(|at| self.back.get(at)).map_or(0, |(_, sum)| *sum);
        let mapped = offset.saturating_sub(before);
        // Inserted blanks stand for the line start they were put before.
        match self.back.get(at) {
            Some((behind, sum)) => mapped.min(behind.saturating_sub(*sum)),
            None => mapped,
        }
    }

    /// Mends the text around a problem at `offset` of the text to read; whether it changed.
    pub(super) fn repair(&mut self, repair: Repair, offset: usize) -> bool {
        // What stands before is read twice, all of it is copied.
        if !self.spend(offset.saturating_mul(2).saturating_add(self.text.len() / 16)) {
            return false;
        }
        let before = self.text.get(..offset).unwrap_or_default();
        if repair == Repair::Comment {
            let at = self.original_offset(offset);
            return self.original.get(at..).is_some_and(|rest| rest.starts_with('#')) && self.insert(at, 1);
        }
        // Up to the last text above the line, where nothing is wrong yet; without an escaped line break.
        let above = before.rfind('\n').and_then(|newline| before.get(..newline)).unwrap_or_default();
        let open = events::unclosed(above.trim_end_matches([' ', '\t', '\r', '\n', '\\']));
        let range = match (repair, open) {
            (Repair::Quoted, Some(Unclosed::Quote(start))) => {
                let start = self.original_offset(start);
                quote_end(self.original, start).map(|end| (start, end))
            }
            (Repair::Flow, Some(Unclosed::Flow(start))) => {
                let start = self.original_offset(start);
                flow_end(self.original, start).map(|end| (start, end))
            }
            _ => None,
        };
        range.is_some_and(|(start, end)| self.indent(repair, start, end))
    }

    fn spend(&mut self, bytes: usize) -> bool {
        let left = self.budget.checked_sub(bytes);
        self.budget = left.unwrap_or(0);
        left.is_some()
    }

    /// Indents the lines that begin between `start` and `end`; whether there were any.
    fn indent(&mut self, repair: Repair, start: usize, end: usize) -> bool {
        let left = self.original.get(..start).unwrap_or_default();
        let blanks = left.len() - left.rfind('\n').map_or(0, |newline| newline + 1) + 1;
        let inside = self.original.get(start..end).unwrap_or_default();
        let known = self.inserted.len();
        for (newline, _) in inside.match_indices('\n') {
            let line = inside.get(newline + 1..).unwrap_or_default();
            let indent = line.len() - line.trim_start_matches([' ', '\t']).len();
            let tab = line.get(..indent).is_some_and(|indent| indent.contains('\t'));
            if document_marker(line) || (repair == Repair::Flow && !tab) {
                continue;
            }
            if !self.spend(blanks) {
                return false;
            }
            self.inserted.entry(start + newline + 1).or_insert(blanks);
        }
        self.inserted.len() > known && self.rebuild()
    }

    fn insert(&mut self, at: usize, blanks: usize) -> bool {
        self.inserted.insert(at, blanks).is_none() && self.rebuild()
    }

    fn rebuild(&mut self) -> bool {
        let mut text = String::with_capacity(self.original.len() + self.inserted.values().sum::<usize>());
        self.back.clear();
        let mut done = 0;
        let mut sum = 0;
        for (&at, &blanks) in &self.inserted {
            text.push_str(self.original.get(done..at).unwrap_or_default());
            text.extend(std::iter::repeat_n(' ', blanks));
            done = at;
            sum += blanks;
            self.back.push((text.len(), sum));
        }
        text.push_str(self.original.get(done..).unwrap_or_default());
        self.text = Cow::Owned(text);
        true
    }
}

/// Whether a line is `---` or `...`, which ends a document even inside quotes.
fn document_marker(line: &str) -> bool {
    let rest = line.strip_prefix("---").or_else(|| line.strip_prefix("..."));
    rest.is_some_and(|rest| rest.is_empty() || rest.starts_with([' ', '\t', '\n', '\r']))
}

/// Where the quoted scalar ends that begins at `start`.
fn quote_end(text: &str, start: usize) -> Option<usize> {
    let bytes = text.as_bytes();
    let quote = *bytes.get(start)?;
    let mut at = start + 1;
    loop {
        match *bytes.get(at)? {
            b'\\' if quote == b'"' => at += 2,
            b'\'' if quote == b'\'' && bytes.get(at + 1) == Some(&b'\'') => at += 2,
            byte if byte == quote => return Some(at),
            _ => at += 1,
        }
    }
}

/// Where the collection in brackets or braces ends that begins at `start`.
fn flow_end(text: &str, start: usize) -> Option<usize> {
    let bytes = text.as_bytes();
    let mut depth = 0_usize;
    let mut at = start;
    // Whether a scalar may begin here, and so a quote is one; whether an anchor or tag is passed.
    let (mut fresh, mut property) = (true, false);
    loop {
        let byte = *bytes.get(at)?;
        let next = bytes.get(at + 1).copied().unwrap_or(b'\n');
        let blank = |byte: u8| matches!(byte, b' ' | b'\t' | b'\n' | b'\r');
        match byte {
            b'[' | b'{' => (depth, fresh) = (depth + 1, true),
            b']' | b'}' if depth <= 1 => return Some(at),
            b']' | b'}' => (depth, fresh) = (depth - 1, true),
            b',' => fresh = true,
            b'"' | b'\'' if fresh => (at, fresh) = (quote_end(text, at)?, false),
            b'#' if at.checked_sub(1).and_then(|at| bytes.get(at)).copied().is_some_and(blank) => {
                at += text.get(at..)?.find('\n')?;
            }
            b':' | b'?' if blank(next) || matches!(next, b',' | b'[' | b']' | b'{' | b'}') => fresh = true,
            b':' if !fresh && matches!(bytes.get(at.wrapping_sub(1)), Some(b'"' | b'\'')) => fresh = true,
            b'&' | b'!' if fresh => property = true,
            byte if blank(byte) => (fresh, property) = (fresh || property, false),
            _ => fresh = fresh && property,
        }
        at += 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_lead_back() {
        let mut repaired = Repaired::new("a: 'x\ny'\nb");
        assert!(repaired.repair(Repair::Quoted, 6));
        assert_eq!(repaired.text(), "a: 'x\n    y'\nb");
        let back: Vec<usize> = (0..=14).map(|offset| repaired.original_offset(offset)).collect();
        assert_eq!(back, [0, 1, 2, 3, 4, 5, 6, 6, 6, 6, 6, 7, 8, 9, 10]);
        assert!(!repaired.repair(Repair::Quoted, 10), "nothing new");
    }

    #[test]
    fn repairs_end() {
        let mut repaired = Repaired { budget: 8, ..Repaired::new("a: 'x\ny'\nb") };
        assert!(!repaired.repair(Repair::Quoted, 6));
    }

    #[test]
    fn ends_are_found() {
        for (text, end) in [("'a''b' c", Some(5)), ("\"a\\\"b\" c", Some(5)), ("'a", None), ("\"a\\", None)] {
            assert_eq!(quote_end(text, 0), end, "{text}");
        }
        for (text, end) in [
            ("[a, {b: ']'}] c", Some(12)),
            ("{a: it's, b: !!str \"}\", &x '}': 1}", Some(33)),
            ("[a # ]\n]", Some(7)),
            ("[\"a\":\"]\"]", Some(8)),
            ("[a#]", Some(3)),
            ("[a", None),
        ] {
            assert_eq!(flow_end(text, 0), end, "{text}");
        }
    }
}
