//! The characters of a rule: a cursor that knows words, texts with values in them, and brackets.

/// A place in a line.
#[derive(Clone, Debug)]
pub(super) struct Cursor<'a> {
    text: &'a str,
    at: usize,
}

impl<'a> Cursor<'a> {
    pub(super) fn new(text: &'a str) -> Self {
        Self { text, at: 0 }
    }

    pub(super) fn rest(&self) -> &'a str {
        self.text.get(self.at..).unwrap_or("")
    }

    pub(super) fn peek(&self) -> Option<char> {
        self.rest().chars().next()
    }

    pub(super) fn bump(&mut self) -> Option<char> {
        let next = self.peek()?;
        self.at += next.len_utf8();
        Some(next)
    }

    pub(super) fn spaces(&mut self) {
        self.at += self.rest().len() - self.rest().trim_start_matches(' ').len();
    }

    /// Takes `token`, after spaces, if it stands here.
    pub(super) fn take(&mut self, token: &str) -> bool {
        self.spaces();
        let here = self.rest().starts_with(token);
        self.at += if here { token.len() } else { 0 };
        here
    }

    /// Takes `word`, after spaces, if it stands here as a whole word.
    pub(super) fn take_word(&mut self, word: &str) -> bool {
        self.spaces();
        let after = self.rest().strip_prefix(word);
        let here = after.is_some_and(|rest| !rest.starts_with(is_word));
        self.at += if here { word.len() } else { 0 };
        here
    }

    /// The word that stands here; empty if none does.
    pub(super) fn word(&mut self) -> &'a str {
        let rest = self.rest();
        let end = rest.find(|c| !is_word(c)).unwrap_or(rest.len());
        self.at += end;
        rest.get(..end).unwrap_or("")
    }

    /// The inside of the text that begins here with a quote; `None` if it does not end.
    pub(super) fn quoted(&mut self) -> Option<&'a str> {
        let rest = self.rest();
        let end = quoted_end(rest, 0)?;
        self.at += end;
        rest.get(1..end - 1)
    }
}

pub(super) fn is_word(c: char) -> bool {
    c.is_ascii_alphanumeric() || c == '_'
}

/// Texts within values within texts may go so deep.
const MAX_DEPTH: usize = 12;

/// The length of the quoted text that `text` begins with, with its quotes.
pub(super) fn quoted_end(text: &str, depth: usize) -> Option<usize> {
    if depth > MAX_DEPTH || !text.starts_with('"') {
        return None;
    }
    let mut at = 1;
    loop {
        let rest = text.get(at..)?;
        at += match rest.chars().next()? {
            '"' => return Some(at + 1),
            '\\' => 1 + rest.chars().nth(1)?.len_utf8(),
            '{' => braces_end(rest, depth + 1)?,
            other => other.len_utf8(),
        };
    }
}

/// The length of the `{…}` that `text` begins with.
pub(super) fn braces_end(text: &str, depth: usize) -> Option<usize> {
    let mut at = 1;
    loop {
        let rest = text.get(at..)?;
        at += match rest.chars().next()? {
            '}' => return Some(at + 1),
            '"' => quoted_end(rest, depth)?,
            other => other.len_utf8(),
        };
    }
}

/// Splits at commas outside of texts and brackets.
pub(super) fn arguments(text: &str) -> Option<Vec<&str>> {
    let (mut out, mut at, mut start, mut open) = (Vec::new(), 0, 0, 0_usize);
    while let Some(rest) = text.get(at..).filter(|rest| !rest.is_empty()) {
        let next = rest.chars().next()?;
        match next {
            '(' | '[' | '{' => open += 1,
            ')' | ']' | '}' => open = open.checked_sub(1)?,
            ',' if open == 0 => {
                out.push(text.get(start..at)?.trim());
                start = at + 1;
            }
            _ => {}
        }
        at += if next == '"' { quoted_end(rest, 0)? } else { next.len_utf8() };
    }
    out.push(text.get(start..)?.trim());
    Some(out)
}
