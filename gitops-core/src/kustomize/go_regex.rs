//! Regular expressions as Go reads them, run by the `regex` crate.
//!
//! Both go back to RE2 and differ in little: in Go the classes `\d \w \s \b` are ASCII, a brace that is
//! not a repetition is a brace, `[` and `&&` within a class are characters, `\Q…\E` quotes, and stacked
//! repetitions are errors. Source: the syntax page of Go's `regexp/syntax`.

use std::iter::Peekable;
use std::str::Chars;

use regex::{Regex, RegexBuilder};

/// The memory a compiled pattern may take, in bytes.
const MAX_SIZE: usize = 1 << 20;
/// The largest count in a repetition that Go takes.
const MAX_REPEAT: u32 = 1000;

/// Compiles a pattern; the error says why it cannot be used.
///
/// # Errors
/// For what Go refuses, and for patterns that would need more than 1 MiB.
pub(crate) fn compile(pattern: &str) -> Result<Regex, String> {
    let translated = translate(pattern)?;
    RegexBuilder::new(&translated).size_limit(MAX_SIZE).build().map_err(|error| match error {
        regex::Error::CompiledTooBig(_) => "it is too large".to_owned(),
        // The crate draws the pattern over several lines; the last one says what is wrong.
        error => error.to_string().lines().last().unwrap_or("").trim_start_matches("error: ").to_owned(),
    })
}

/// A pattern that must match the whole of a text.
///
/// Nearly all selectors name something outright; compiling those costs more than all that follows.
pub(crate) enum Whole {
    Literal(String),
    Pattern(Regex),
}

impl Whole {
    /// # Errors
    /// As [`compile`].
    pub(crate) fn new(pattern: &str) -> Result<Self, String> {
        if pattern.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'/')) {
            return Ok(Self::Literal(pattern.to_owned()));
        }
        compile(&format!("^(?:{pattern})$")).map(Self::Pattern)
    }

    pub(crate) fn is_match(&self, text: &str) -> bool {
        match self {
            Self::Literal(literal) => literal == text,
            Self::Pattern(pattern) => pattern.is_match(text),
        }
    }
}

/// What stands before, for the rule that repetitions cannot be repeated.
#[derive(Clone, Copy, PartialEq)]
enum Before {
    Item,
    Repetition,
    LazyRepetition,
}

fn translate(pattern: &str) -> Result<String, String> {
    let mut out = String::with_capacity(pattern.len() + 8);
    let mut chars = pattern.chars().peekable();
    let mut before = Before::Item;
    while let Some(c) = chars.next() {
        let repetition = match c {
            '*' | '+' | '?' => Some(c.to_string()),
            '{' => repetition(&chars)?.inspect(|text| {
                chars.nth(text.chars().count() - 2);
            }),
            _ => None,
        };
        if let Some(text) = repetition {
            before = match before {
                Before::Item => Before::Repetition,
                Before::Repetition if c == '?' => Before::LazyRepetition,
                _ => return Err(format!("`{text}` repeats a repetition")),
            };
            out.push_str(&text);
            continue;
        }
        before = Before::Item;
        match c {
            '{' => out.push_str("\\{"),
            '[' => class(&mut chars, &mut out),
            '\\' => escape(&mut chars, &mut out, false)?,
            '(' if chars.peek() == Some(&'?') => {
                let flags: String =
                    chars.clone().skip(1).take_while(|c| !matches!(c, ':' | ')' | '<')).collect();
                if flags.contains(['x', 'u', 'R']) && !flags.starts_with('P') {
                    return Err(format!("`(?{flags}` has flags that Go does not know"));
                }
                out.push('(');
                // The question mark is no repetition.
                out.extend(chars.next());
            }
            c => out.push(c),
        }
    }
    Ok(out)
}

/// The repetition that starts with the brace just read, if it is one.
fn repetition(rest: &Peekable<Chars<'_>>) -> Result<Option<String>, String> {
    let body: String = rest.clone().take_while(|c| c.is_ascii_digit() || *c == ',').collect();
    if rest.clone().nth(body.len()) != Some('}') {
        return Ok(None);
    }
    let (least, most) = body.split_once(',').unwrap_or((&body, ""));
    if least.is_empty() || most.contains(',') {
        return Ok(None);
    }
    for count in [least, most] {
        if !count.is_empty() && count.parse::<u32>().is_ok_and(|count| count <= MAX_REPEAT) {
            continue;
        }
        if !count.is_empty() {
            return Err(format!("`{{{body}}}` repeats more than {MAX_REPEAT} times"));
        }
    }
    Ok(Some(format!("{{{body}}}")))
}

/// What follows a backslash.
fn escape(chars: &mut Peekable<Chars<'_>>, out: &mut String, in_class: bool) -> Result<(), String> {
    let Some(c) = chars.next() else { return Err("it ends with a backslash".to_owned()) };
    let set = match c {
        'd' | 'D' => "0-9",
        'w' | 'W' => "0-9A-Za-z_",
        's' | 'S' => "\\t\\n\\x0C\\r ",
        _ => "",
    };
    match c {
        'd' | 'w' | 's' if in_class => out.push_str(set),
        'd' | 'w' | 's' => out.extend(["[", set, "]"]),
        'D' | 'W' | 'S' => out.extend(["[^", set, "]"]),
        'b' if !in_class => out.push_str("(?-u:\\b)"),
        'Q' if !in_class => {
            let mut quoted = String::new();
            while let Some(c) = chars.next() {
                if c == '\\' && chars.peek() == Some(&'E') {
                    chars.next();
                    break;
                }
                quoted.push(c);
            }
            out.push_str(&regex::escape(&quoted));
        }
        '<' | '>' => out.push(c),
        'u' | 'U' | 'C' => return Err(format!("`\\{c}` is not known")),
        c => out.extend(['\\', c]),
    }
    Ok(())
}

/// The rest of a class in brackets. What is wrong with it, the compiler will say.
fn class(chars: &mut Peekable<Chars<'_>>, out: &mut String) {
    out.push('[');
    if let Some(caret) = chars.next_if_eq(&'^') {
        out.push(caret);
    }
    if chars.next_if_eq(&']').is_some() {
        out.push_str("\\]");
    }
    while let Some(c) = chars.next() {
        match c {
            ']' => {
                out.push(']');
                return;
            }
            '[' if chars.peek() == Some(&':') => {
                let name: String =
                    chars.clone().skip(1).take_while(|c| c.is_ascii_alphabetic() || *c == '^').collect();
                if chars.clone().skip(1 + name.len()).take(2).eq([':', ']']) {
                    out.extend(["[:", &name, ":]"]);
                    chars.nth(name.len() + 2);
                } else {
                    out.push_str("\\[");
                }
            }
            '[' | '&' | '~' => out.extend(['\\', c]),
            '\\' => {
                if escape(chars, out, true).is_err() {
                    out.push('\\');
                }
            }
            c => out.push(c),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_literal_matches_as_its_pattern_would() {
        for pattern in ["", "web", "web-1", "apps/v1", "a_b"] {
            assert!(matches!(Whole::new(pattern), Ok(Whole::Literal(_))));
            let compiled = compile(&format!("^(?:{pattern})$")).unwrap();
            for text in ["", "web", "web-1", "web-10", "aweb", "WEB", "web\n", "apps/v1", "a_b"] {
                let whole = Whole::new(pattern).unwrap();
                assert_eq!(whole.is_match(text), compiled.is_match(text), "{pattern} {text}");
            }
        }
        assert!(matches!(Whole::new("web.*"), Ok(Whole::Pattern(_))));
        assert!(Whole::new("a|b").unwrap().is_match("b") && !Whole::new("a|b").unwrap().is_match("ab"));
    }

    /// Each row was checked against Go 1.26.
    #[test]
    fn patterns_mean_what_they_mean_in_go() {
        for (pattern, text, want) in [
            ("^a.c$", "abc", Some(true)),
            ("^\\d$", "٣", Some(false)),
            ("^[\\d]$", "3", Some(true)),
            ("^[^\\D]$", "3", Some(true)),
            ("^\\w+$", "é", Some(false)),
            ("é\\b", "é", Some(false)),
            ("^a{b}$", "a{b}", Some(true)),
            ("^a{2}$", "aa", Some(true)),
            ("^a{2,}$", "aaa", Some(true)),
            ("^a{,2}$", "a{,2}", Some(true)),
            ("^{x$", "{x", Some(true)),
            ("a{1001}", "", None),
            ("^[[a]$", "[", Some(true)),
            ("^[a&&b]$", "&", Some(true)),
            ("^[[:digit:]]$", "3", Some(true)),
            ("^[]a]$", "]", Some(true)),
            ("^\\Qa.b\\E$", "a.b", Some(true)),
            ("^\\Qa.b\\E$", "axb", Some(false)),
            ("^\\<$", "<", Some(true)),
            ("a**", "a", None),
            ("a*?", "a", Some(true)),
            ("a*??", "a", None),
            ("a{2}{3}", "aaaaaa", None),
            ("*", "a", None),
            ("[", "a", None),
            ("(", "a", None),
            ("a\\", "a", None),
            ("(?x)a", "a", None),
            ("(?i)A", "a", Some(true)),
            ("(?P<n>a)", "a", Some(true)),
            ("^(?:a|b)$", "b", Some(true)),
            ("", "a", Some(true)),
        ] {
            let result = compile(pattern);
            assert_eq!(result.as_ref().ok().map(|regex| regex.is_match(text)), want, "{pattern}: {result:?}");
        }
    }

    #[test]
    fn large_patterns_are_refused() {
        assert!(compile("(a{1000}){1000}").is_err());
        assert!(compile(&"(".repeat(100_000)).is_err());
    }

    proptest::proptest! {
        #[test]
        fn nothing_panics(pattern in "[\\[\\]{}()\\\\^$*+?.,:|&~QEdwsbp<>P0-9a-c-]{0,24}") {
            let _ = compile(&pattern);
        }
    }
}
