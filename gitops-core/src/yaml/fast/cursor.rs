//! The text, and steps over it. The end of the text reads as a line break.

use memchr::memchr;

/// A text and a position in it.
pub(super) struct Cursor<'a> {
    pub(super) text: &'a str,
    pub(super) bytes: &'a [u8],
    pub(super) at: usize,
    /// Where the line begins that the structure is at.
    line: usize,
}

/// A word of eight times one byte.
const fn eight(byte: u8) -> u64 {
    u64::from_ne_bytes([byte; 8])
}

/// A word whose lowest set bit is in the lowest byte of `word` that is zero; 0 if none is.
const fn zeros(word: u64) -> u64 {
    word.wrapping_sub(eight(1)) & !word & eight(0x80)
}

/// The place in a word of eight bytes of the lowest set bit.
const fn first(bits: u64) -> usize {
    bits.trailing_zeros() as usize / 8
}

/// Whether a byte is a blank or begins a line break.
pub(super) fn is_white(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t' | b'\n' | b'\r')
}

impl<'a> Cursor<'a> {
    /// The start of `text`, whose carriage returns all stand before line feeds.
    pub(super) fn new(text: &'a str) -> Self {
        Self { text, bytes: text.as_bytes(), at: 0, line: 0 }
    }

    /// The byte at an offset.
    pub(super) fn byte(&self, at: usize) -> u8 {
        self.bytes.get(at).copied().unwrap_or(b'\n')
    }

    /// The byte here.
    pub(super) fn here(&self) -> u8 {
        self.byte(self.at)
    }

    /// The text between two offsets.
    pub(super) fn slice(&self, start: usize, end: usize) -> &'a str {
        self.text.get(start..end).unwrap_or_default()
    }

    /// Bytes from the start of the line to here.
    pub(super) fn column(&self) -> usize {
        self.at - self.line
    }

    /// Whether nothing is left.
    pub(super) fn at_end(&self) -> bool {
        self.at >= self.bytes.len()
    }

    /// Where the line holding `at` ends: its line feed, or the end of the text.
    pub(super) fn line_feed(&self, at: usize) -> usize {
        let rest = self.bytes.get(at..).unwrap_or_default();
        at + memchr(b'\n', rest).unwrap_or(rest.len())
    }

    /// Where the line break of that line begins, or the text ends.
    pub(super) fn line_end(&self, at: usize) -> usize {
        let feed = self.line_feed(at);
        if feed > at && self.byte(feed - 1) == b'\r' { feed - 1 } else { feed }
    }

    /// Goes to the start of the next line.
    pub(super) fn next_line(&mut self) {
        self.start_line(self.line_feed(self.at) + 1);
    }

    /// Goes to `at`, which is the start of a line or behind the end of the text.
    pub(super) fn start_line(&mut self, at: usize) {
        self.line = at.min(self.bytes.len());
        self.at = self.line;
    }

    /// Eight bytes from `at` on, the first one lowest.
    fn word(&self, at: usize) -> Option<u64> {
        Some(u64::from_le_bytes(*self.bytes.get(at..)?.first_chunk::<8>()?))
    }

    /// The offset behind the spaces at `at`.
    pub(super) fn behind_spaces(&self, mut at: usize) -> usize {
        while let Some(word) = self.word(at) {
            let other = word ^ eight(b' ');
            if other != 0 {
                return at + first(other);
            }
            at += 8;
        }
        while self.byte(at) == b' ' {
            at += 1;
        }
        at
    }

    /// The next line feed, colon or `#` from `at` on, or the end of the text.
    pub(super) fn plain_end(&self, mut at: usize) -> usize {
        while let Some(word) = self.word(at) {
            let found = zeros(word ^ eight(b'\n')) | zeros(word ^ eight(b':')) | zeros(word ^ eight(b'#'));
            if found != 0 {
                return at + first(found);
            }
            at += 8;
        }
        while at < self.bytes.len() && !matches!(self.byte(at), b'\n' | b':' | b'#') {
            at += 1;
        }
        at
    }

    /// The next quote, backslash or line feed from `at` on, or the end of the text. Most texts in quotes are
    /// short, so that to set up a longer stride costs more than it saves.
    pub(super) fn quoted_end(&self, mut at: usize, quote: u8) -> usize {
        while let Some(word) = self.word(at) {
            let found = zeros(word ^ eight(quote)) | zeros(word ^ eight(b'\\')) | zeros(word ^ eight(b'\n'));
            if found != 0 {
                return at + first(found);
            }
            at += 8;
        }
        while at < self.bytes.len() && self.byte(at) != quote && !matches!(self.byte(at), b'\\' | b'\n') {
            at += 1;
        }
        at
    }

    /// Steps over spaces.
    pub(super) fn skip_spaces(&mut self) {
        self.at = self.behind_spaces(self.at);
    }

    /// Whether `---` or `...` stands at `at`, the start of a line, alone or before a blank.
    pub(super) fn is_marker(&self, at: usize) -> bool {
        let marker = self.bytes.get(at..at + 3);
        (marker == Some(b"---") || marker == Some(b"...")) && is_white(self.byte(at + 3))
    }

    /// Goes to the first byte of the next line with more than blanks and a comment, from the start of
    /// a line or blanks in it, and gives its column; `Some(None)` where the document ends, `None` at a
    /// tab.
    pub(super) fn next_content(&mut self) -> Option<Option<usize>> {
        loop {
            self.skip_spaces();
            match self.here() {
                b'\n' | b'\r' if self.at_end() => return Some(None),
                b'\n' => self.start_line(self.at + 1),
                b'\r' => self.start_line(self.at + 2),
                b'#' => self.next_line(),
                b'\t' => return None,
                b'-' | b'.' if self.at == self.line && self.is_marker(self.line) => return Some(None),
                _ => return Some(Some(self.column())),
            }
        }
    }

    /// Goes to the start of the next line if at most blanks and a comment are left of this one.
    /// A comment directly behind a quote or bracket is left to the library.
    pub(super) fn finish_line(&mut self) -> Option<()> {
        let start = self.at;
        self.skip_spaces();
        match self.here() {
            b'\n' => self.start_line(self.at + 1),
            b'\r' => self.start_line(self.at + 2),
            b'#' if self.at > start => self.next_line(),
            _ => return None,
        }
        Some(())
    }
}
