//! Locations of mutators: `spec.containers[name: *].image`.

/// One step of a location.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Step {
    /// A field of a mapping.
    Field(String),
    /// The item of a list with this value of its key; all items where there is none.
    Item { key: String, value: Option<KeyValue> },
}

/// What a list's key must be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum KeyValue {
    Text(String),
    Int(i64),
}

#[derive(Clone, Debug, PartialEq)]
enum Token {
    Word(String),
    Int(String),
    Sign(char),
}

/// Reads a location.
pub(super) fn parse(text: &str) -> Result<Vec<Step>, String> {
    let tokens = lex(text)?;
    let mut steps = Vec::new();
    let mut at = tokens.as_slice();
    loop {
        let [Token::Word(field), rest @ ..] = at else {
            return Err(format!("`{text}`: a field's name is expected"));
        };
        steps.push(Step::Field(field.clone()));
        at = rest;
        if let [Token::Sign('['), rest @ ..] = at {
            let [Token::Word(key), Token::Sign(':'), value, Token::Sign(']'), rest @ ..] = rest else {
                return Err(format!("`{text}`: a list is written as `[key: value]` or `[key: *]`"));
            };
            let value = match value {
                Token::Sign('*') => None,
                Token::Word(word) => Some(KeyValue::Text(word.clone())),
                Token::Int(digits) => {
                    let number = digits.parse().map_err(|_| format!("`{text}`: {digits} is too large"))?;
                    Some(KeyValue::Int(number))
                }
                Token::Sign(_) => return Err(format!("`{text}`: a list's key needs a value or `*`")),
            };
            steps.push(Step::Item { key: key.clone(), value });
            at = rest;
        }
        match at {
            [] => return Ok(steps),
            [Token::Sign('.'), rest @ ..] => at = rest,
            _ => return Err(format!("`{text}`: `.` is expected between fields")),
        }
    }
}

fn lex(text: &str) -> Result<Vec<Token>, String> {
    let mut tokens = Vec::new();
    let mut chars = text.chars().peekable();
    while let Some(&c) = chars.peek() {
        let mut run = |accept: fn(char) -> bool| {
            let mut out = String::new();
            while let Some(c) = chars.next_if(|c| accept(*c)) {
                out.push(c);
            }
            out
        };
        if matches!(c, ' ' | '\t' | '\r' | '\n') {
            chars.next();
        } else if c.is_ascii_digit() {
            tokens.push(Token::Int(run(|c| c.is_ascii_digit())));
        } else if c.is_ascii_alphabetic() || matches!(c, '_' | '-') {
            tokens.push(Token::Word(run(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '-'))));
        } else if matches!(c, '"' | '\'') {
            chars.next();
            let mut out = String::new();
            loop {
                match chars.next() {
                    None => return Err(format!("`{text}`: a quote is not closed")),
                    Some(end) if end == c => break,
                    Some('\\') => out.extend(chars.next()),
                    Some(other) => out.push(other),
                }
            }
            tokens.push(Token::Word(out));
        } else if ".[]*:".contains(c) {
            chars.next();
            tokens.push(Token::Sign(c));
        } else {
            return Err(format!("`{text}`: the character `{c}` belongs in quotes"));
        }
    }
    Ok(tokens)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn locations_have_fields_and_lists() {
        let field = |name: &str| Step::Field(name.into());
        let item = |key: &str, value: Option<KeyValue>| Step::Item { key: key.into(), value };
        for (text, steps) in [
            ("spec", vec![field("spec")]),
            ("spec.a-b", vec![field("spec"), field("a-b")]),
            ("a[name: *].b", vec![field("a"), item("name", None), field("b")]),
            ("a[name:x]", vec![field("a"), item("name", Some(KeyValue::Text("x".into())))]),
            (
                "a[\"n.m\": 'x y'].\"b.c\"",
                vec![field("a"), item("n.m", Some(KeyValue::Text("x y".into()))), field("b.c")],
            ),
            ("a[port: 80]", vec![field("a"), item("port", Some(KeyValue::Int(80)))]),
        ] {
            assert_eq!(parse(text).as_deref(), Ok(steps.as_slice()), "{text}");
        }
        for bad in [
            "",
            ".",
            "a.",
            ".a",
            "a b",
            "a[",
            "a[]",
            "a[x]",
            "a[x: ]",
            "a[*: x]",
            "a[x: y]b",
            "a/b",
            "a.\"b",
            "a[x: y][z: w]",
            "1a",
        ] {
            assert!(parse(bad).is_err(), "{bad}");
        }
    }
}
