//! Rego text to tokens, with what the grammar needs to know about the space before each.

/// What a token is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum TokenKind {
    /// A name or a keyword.
    Ident,
    /// A quoted or raw string.
    String,
    /// A number without its sign.
    Number,
    /// An operator or a delimiter.
    Symbol,
    /// The end of the text.
    End,
}

/// A token and the space before it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Token<'a> {
    pub(crate) kind: TokenKind,
    pub(crate) text: &'a str,
    /// Byte offsets into the module.
    pub(crate) start: usize,
    pub(crate) end: usize,
    /// Whether a line ends between the token before and this one.
    pub(crate) after_newline: bool,
    /// Whether nothing at all stands between the token before and this one.
    pub(crate) adjacent: bool,
}

/// Why a text is not Rego: where, and what is wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct RegoError {
    /// Byte offset into the module.
    pub(crate) offset: usize,
    pub(crate) message: String,
}

impl RegoError {
    pub(crate) fn new(offset: usize, message: impl Into<String>) -> Self {
        Self { offset, message: message.into() }
    }
}

/// Two-character symbols; everything else is one character.
const PAIRS: [&str; 5] = [":=", "==", "!=", "<=", ">="];

/// Splits a module into tokens; the last one is [`TokenKind::End`].
pub(crate) fn tokens(text: &str) -> Result<Vec<Token<'_>>, RegoError> {
    let mut tokens = Vec::new();
    let mut at = 0;
    let mut after_newline = false;
    let mut adjacent = false;
    while let Some(rest) = text.get(at..).filter(|rest| !rest.is_empty()) {
        let first = rest.chars().next().unwrap_or('\0');
        if first.is_whitespace() || first == '\u{feff}' {
            after_newline |= first == '\n';
            adjacent = false;
            at += first.len_utf8();
            continue;
        }
        if first == '#' {
            at += rest.find('\n').unwrap_or(rest.len());
            adjacent = false;
            continue;
        }
        let (kind, length) = match first {
            'a'..='z' | 'A'..='Z' | '_' => {
                (TokenKind::Ident, run(rest, |c| c.is_ascii_alphanumeric() || c == '_'))
            }
            '0'..='9' => (TokenKind::Number, number(rest)),
            '"' => {
                (TokenKind::String, string(rest).ok_or_else(|| RegoError::new(at, "a string has no end"))?)
            }
            '`' => {
                let inner = rest.get(1..).and_then(|rest| rest.find('`'));
                let inner = inner.ok_or_else(|| RegoError::new(at, "a raw string has no end"))?;
                (TokenKind::String, inner + 2)
            }
            _ if PAIRS.iter().any(|pair| rest.starts_with(pair)) => (TokenKind::Symbol, 2),
            _ if first.is_ascii_punctuation() => (TokenKind::Symbol, 1),
            _ => return Err(RegoError::new(at, format!("`{first}` has no meaning in Rego"))),
        };
        let end = at + length;
        let token = text.get(at..end).unwrap_or("");
        tokens.push(Token { kind, text: token, start: at, end, after_newline, adjacent });
        at = end;
        after_newline = false;
        adjacent = true;
    }
    tokens.push(Token {
        kind: TokenKind::End,
        text: "",
        start: text.len(),
        end: text.len(),
        after_newline: true,
        adjacent: false,
    });
    Ok(tokens)
}

fn run(text: &str, mut accept: impl FnMut(char) -> bool) -> usize {
    text.find(|c: char| !accept(c)).unwrap_or(text.len())
}

fn number(text: &str) -> usize {
    let bytes = text.as_bytes();
    let digit = |at: usize| bytes.get(at).is_some_and(u8::is_ascii_digit);
    let digits = |mut at: usize| {
        while digit(at) {
            at += 1;
        }
        at
    };
    let mut end = digits(0);
    if bytes.get(end) == Some(&b'.') && digit(end + 1) {
        end = digits(end + 1);
    }
    if matches!(bytes.get(end), Some(b'e' | b'E')) {
        let sign = usize::from(matches!(bytes.get(end + 1), Some(b'+' | b'-')));
        if digit(end + 1 + sign) {
            end = digits(end + 1 + sign);
        }
    }
    end
}

/// The length of the quoted string that a text begins with.
fn string(text: &str) -> Option<usize> {
    let mut escaped = false;
    for (at, c) in text.char_indices().skip(1) {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            '"' => return Some(at + 1),
            '\n' => return None,
            _ => {}
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_know_the_space_before_them() {
        let text = "a.b[`x]`] :=  1.5e-3 # c\n(\"q\\\"\")";
        let all = tokens(text).unwrap();
        let texts: Vec<&str> = all.iter().map(|token| token.text).collect();
        assert_eq!(texts, ["a", ".", "b", "[", "`x]`", "]", ":=", "1.5e-3", "(", "\"q\\\"\"", ")", ""]);
        let paren = all.iter().find(|token| token.text == "(").unwrap();
        assert!(paren.after_newline && !paren.adjacent);
        assert!(all[1].adjacent && !all[6].adjacent);
        assert!(tokens("x := \"a").is_err());
        assert!(tokens("x := `a").is_err());
        assert!(tokens("x := ä").is_err());
    }
}
