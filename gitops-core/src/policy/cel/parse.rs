//! Text to tree, by the grammar of the CEL specification.

use std::sync::Arc;

use super::ast::{Expr, Loop, LoopKind};
use super::value::Value;

/// Deepest nesting. cel-go allows 250; what people write stays below 30, and a thread may have 2 MiB of stack.
const MAX_DEPTH: usize = 100;
/// Longest text.
const MAX_LENGTH: usize = 1 << 20;

#[derive(Clone, Debug, PartialEq)]
enum Token {
    Name(String),
    /// A name in backquotes, which only a field may be.
    Quoted(String),
    Int(u64),
    Uint(u64),
    Double(f64),
    Text(String),
    Bytes(Vec<u8>),
    Op(&'static str),
    End,
}

/// The longer first.
const OPERATORS: &[&str] = &[
    "&&", "||", "==", "!=", "<=", ">=", "<", ">", "+", "-", "*", "/", "%", "!", "?", ":", ".", ",", "(", ")",
    "[", "]", "{", "}",
];

/// The words that cannot be names.
const RESERVED: &[&str] = &[
    "as",
    "break",
    "const",
    "continue",
    "else",
    "for",
    "function",
    "if",
    "import",
    "let",
    "loop",
    "package",
    "namespace",
    "return",
    "var",
    "void",
    "while",
    "in",
];

/// Parses an expression.
pub(super) fn parse(text: &str) -> Result<Expr, String> {
    if text.len() > MAX_LENGTH {
        return Err(format!("the expression has {} bytes; the limit is {MAX_LENGTH}", text.len()));
    }
    let tokens = lex(text)?;
    let mut parser = Parser { text, tokens, at: 0, depth: 0 };
    let expr = parser.expression()?;
    match parser.peek() {
        Token::End => Ok(expr),
        _ => Err(parser.unexpected()),
    }
}

fn lex(text: &str) -> Result<Vec<(Token, usize)>, String> {
    let mut tokens = Vec::new();
    let mut at = 0;
    let bytes = text.as_bytes();
    let byte = |at: usize| bytes.get(at).copied().unwrap_or(0);
    while at < bytes.len() {
        let start = at;
        let rest = text.get(at..).unwrap_or("");
        let c = rest.chars().next().unwrap_or(' ');
        if c.is_whitespace() {
            at += c.len_utf8();
        } else if rest.starts_with("//") {
            at += rest.find('\n').unwrap_or(rest.len());
        } else if let Some((token, length)) = lex_text(rest) {
            tokens.push((token.map_err(|message| place(text, start, &message))?, start));
            at += length;
        } else if c == '`' {
            let end = rest.get(1..).and_then(|rest| rest.find('`'));
            let Some(name) = end.and_then(|end| rest.get(1..end + 1)) else {
                return Err(place(text, start, "a backquote is not closed"));
            };
            tokens.push((Token::Quoted(name.to_owned()), start));
            at += name.len() + 2;
        } else if c.is_ascii_alphabetic() || c == '_' {
            while byte(at).is_ascii_alphanumeric() || byte(at) == b'_' {
                at += 1;
            }
            tokens.push((Token::Name(text.get(start..at).unwrap_or("").to_owned()), start));
        } else if c.is_ascii_digit() || (c == '.' && byte(at + 1).is_ascii_digit()) {
            let (token, length) = lex_number(rest).ok_or_else(|| place(text, start, "not a number"))?;
            tokens.push((token, start));
            at += length;
        } else if let Some(op) = OPERATORS.iter().find(|op| rest.starts_with(**op)) {
            tokens.push((Token::Op(op), start));
            at += op.len();
        } else {
            return Err(place(text, start, &format!("unexpected character `{c}`")));
        }
    }
    tokens.push((Token::End, text.len()));
    Ok(tokens)
}

fn place(text: &str, at: usize, message: &str) -> String {
    let before = text.get(..at).unwrap_or(text);
    let line = before.matches('\n').count() + 1;
    let column = before.rsplit('\n').next().unwrap_or("").chars().count() + 1;
    format!("{line}:{column}: {message}")
}

fn lex_number(text: &str) -> Option<(Token, usize)> {
    let unsigned = |end: usize| usize::from(matches!(text.as_bytes().get(end), Some(b'u' | b'U')));
    if let Some(hex) = text.strip_prefix("0x").or_else(|| text.strip_prefix("0X")) {
        let digits = hex.bytes().take_while(u8::is_ascii_hexdigit).count();
        let value = u64::from_str_radix(hex.get(..digits)?, 16).ok()?;
        let end = digits + 2;
        let token = if unsigned(end) == 1 { Token::Uint(value) } else { Token::Int(value) };
        return Some((token, end + unsigned(end)));
    }
    let digits = |from: usize| text.bytes().skip(from).take_while(u8::is_ascii_digit).count();
    let mut end = digits(0);
    let mut double = false;
    if text.as_bytes().get(end) == Some(&b'.') && digits(end + 1) > 0 {
        double = true;
        end += 1 + digits(end + 1);
    }
    if matches!(text.as_bytes().get(end), Some(b'e' | b'E')) {
        let sign = usize::from(matches!(text.as_bytes().get(end + 1), Some(b'+' | b'-')));
        if digits(end + 1 + sign) > 0 {
            double = true;
            end += 1 + sign + digits(end + 1 + sign);
        }
    }
    let number = text.get(..end)?;
    if double {
        return Some((Token::Double(number.parse().ok()?), end));
    }
    let value = number.parse().ok()?;
    let token = if unsigned(end) == 1 { Token::Uint(value) } else { Token::Int(value) };
    Some((token, end + unsigned(end)))
}

/// A text or bytes literal at the beginning, and its length.
fn lex_text(text: &str) -> Option<(Result<Token, String>, usize)> {
    let prefix = text.bytes().take(2).take_while(|byte| b"rRbB".contains(byte)).count();
    let body = text.get(prefix..)?;
    let flags = text.get(..prefix)?.to_ascii_lowercase();
    let quote = ["\"\"\"", "'''", "\"", "'"].into_iter().find(|quote| body.starts_with(quote))?;
    let (raw, is_bytes) = (flags.contains('r'), flags.contains('b'));
    let inner = body.get(quote.len()..)?;
    let mut at = 0;
    let end = loop {
        let rest = inner.get(at..).unwrap_or("");
        if rest.starts_with(quote) {
            break at;
        }
        match rest.chars().next() {
            None => return Some((Err("a text is not closed".into()), text.len())),
            Some('\n') if quote.len() == 1 => {
                return Some((Err("a text is not closed on its line".into()), text.len()));
            }
            Some('\\') if !raw => at += 1 + rest.chars().nth(1).map_or(0, char::len_utf8),
            Some(c) => at += c.len_utf8(),
        }
    };
    let length = prefix + quote.len() * 2 + end;
    let content = inner.get(..end)?;
    let token = if raw {
        Ok(if is_bytes { Token::Bytes(content.as_bytes().to_vec()) } else { Token::Text(content.to_owned()) })
    } else {
        unescape(content, is_bytes)
    };
    Some((token, length))
}

fn unescape(content: &str, is_bytes: bool) -> Result<Token, String> {
    let (mut text, mut bytes) = (String::new(), Vec::new());
    let mut chars = content.chars();
    while let Some(c) = chars.next() {
        let mut push = |c: char| {
            text.push(c);
            bytes.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes());
        };
        if c != '\\' {
            push(c);
            continue;
        }
        let escape = chars.next().ok_or("an escape is not finished")?;
        let (digits, radix) = match escape {
            'a' => {
                push('\u{7}');
                continue;
            }
            'b' => {
                push('\u{8}');
                continue;
            }
            'f' => {
                push('\u{c}');
                continue;
            }
            'n' => {
                push('\n');
                continue;
            }
            'r' => {
                push('\r');
                continue;
            }
            't' => {
                push('\t');
                continue;
            }
            'v' => {
                push('\u{b}');
                continue;
            }
            '\\' | '\'' | '"' | '`' | '?' => {
                push(escape);
                continue;
            }
            'x' | 'X' => (2, 16),
            'u' => (4, 16),
            'U' => (8, 16),
            '0'..='3' => (2, 8),
            other => return Err(format!("unknown escape `\\{other}`")),
        };
        let mut code: u32 = if radix == 8 { escape.to_digit(8).unwrap_or(0) } else { 0 };
        for _ in 0..digits {
            let digit = chars.next().and_then(|c| c.to_digit(radix)).ok_or("an escape is not finished")?;
            code = code.wrapping_mul(radix).wrapping_add(digit);
        }
        if is_bytes && (digits == 2) {
            bytes.push((code & 0xff) as u8);
        } else {
            push(char::from_u32(code).ok_or("an escape is no character")?);
        }
    }
    Ok(if is_bytes { Token::Bytes(bytes) } else { Token::Text(text) })
}

struct Parser<'a> {
    text: &'a str,
    tokens: Vec<(Token, usize)>,
    at: usize,
    depth: usize,
}

type Parsed = Result<Expr, String>;

impl Parser<'_> {
    fn peek(&self) -> &Token {
        self.tokens.get(self.at).map_or(&Token::End, |(token, _)| token)
    }

    fn is(&self, op: &str) -> bool {
        matches!(self.peek(), Token::Op(found) if *found == op)
    }

    fn take(&mut self, op: &str) -> bool {
        let found = self.is(op);
        self.at += usize::from(found);
        found
    }

    fn expect(&mut self, op: &str) -> Result<(), String> {
        if self.take(op) { Ok(()) } else { Err(self.unexpected()) }
    }

    fn error(&self, message: &str) -> String {
        place(self.text, self.tokens.get(self.at).map_or(self.text.len(), |(_, at)| *at), message)
    }

    fn unexpected(&self) -> String {
        match self.peek() {
            Token::End => self.error("the expression ends too early"),
            Token::Op(op) => self.error(&format!("unexpected `{op}`")),
            Token::Name(name) | Token::Quoted(name) => self.error(&format!("unexpected `{name}`")),
            _ => self.error("unexpected literal"),
        }
    }

    fn deeper<T>(&mut self, parse: impl FnOnce(&mut Self) -> Result<T, String>) -> Result<T, String> {
        if self.depth >= MAX_DEPTH {
            return Err(self.error(&format!("the expression is nested deeper than {MAX_DEPTH}")));
        }
        self.depth += 1;
        let result = parse(self);
        self.depth -= 1;
        result
    }

    fn expression(&mut self) -> Parsed {
        self.deeper(|parser| {
            let test = parser.chain(false)?;
            if !parser.take("?") {
                return Ok(test);
            }
            let then = parser.chain(false)?;
            parser.expect(":")?;
            let other = parser.expression()?;
            Ok(Expr::Choice { test: Box::new(test), then: Box::new(then), other: Box::new(other) })
        })
    }

    fn chain(&mut self, and: bool) -> Parsed {
        let first = if and { self.binary(0)? } else { self.chain(true)? };
        let op = if and { "&&" } else { "||" };
        if !self.is(op) {
            return Ok(first);
        }
        let mut terms = vec![first];
        while self.take(op) {
            terms.push(if and { self.binary(0)? } else { self.chain(true)? });
        }
        Ok(Expr::Logic { and, terms })
    }

    /// Relations, sums and products, each level binding closer.
    fn binary(&mut self, level: usize) -> Parsed {
        let operators: &[&'static str] = match level {
            0 => &["==", "!=", "<=", ">=", "<", ">", "in"],
            1 => &["+", "-"],
            2 => &["*", "/", "%"],
            _ => return self.unary(),
        };
        let mut left = self.binary(level + 1)?;
        let mut length = 0;
        loop {
            let found = operators.iter().find(|op| match self.peek() {
                Token::Op(found) => found == *op,
                Token::Name(name) => **op == "in" && name == "in",
                _ => false,
            });
            let Some(op) = found else { return Ok(left) };
            self.at += 1;
            length += 1;
            if length + self.depth > MAX_DEPTH {
                return Err(self.error(&format!("more than {MAX_DEPTH} operators follow each other")));
            }
            let right = self.binary(level + 1)?;
            left = Expr::Call { name: (*op).to_owned(), target: None, args: vec![left, right] };
        }
    }

    fn unary(&mut self) -> Parsed {
        let op = if self.is("!") { "!" } else { "-" };
        let mut count = 0;
        while self.take(op) {
            count += 1;
        }
        if count == 0 {
            return self.member();
        }
        if op == "-" && count % 2 == 1 {
            // The smallest integer has no positive counterpart.
            match self.peek().clone() {
                Token::Int(value) if value <= 1 << 63 => {
                    self.at += 1;
                    let literal = Expr::Literal(Value::Int((value as i64).wrapping_neg()));
                    return self.suffixes(literal);
                }
                Token::Double(value) => {
                    self.at += 1;
                    return self.suffixes(Expr::Literal(Value::Double(-value)));
                }
                _ => {}
            }
        }
        let operand = self.deeper(Self::member)?;
        if count % 2 == 0 {
            return Ok(operand);
        }
        let name = if op == "!" { "!" } else { "neg" };
        Ok(Expr::Call { name: name.to_owned(), target: None, args: vec![operand] })
    }

    fn member(&mut self) -> Parsed {
        let primary = self.primary()?;
        self.suffixes(primary)
    }

    fn suffixes(&mut self, mut expr: Expr) -> Parsed {
        let mut length = 0;
        loop {
            length += 1;
            if length + self.depth > MAX_DEPTH {
                return Err(self.error(&format!("more than {MAX_DEPTH} fields follow each other")));
            }
            if self.take(".") {
                let optional = self.take("?");
                let field = match self.peek().clone() {
                    Token::Name(name) if name != "in" => name,
                    Token::Quoted(name) => name,
                    _ => return Err(self.unexpected()),
                };
                self.at += 1;
                if !optional && self.take("(") {
                    let args = self.arguments(")")?;
                    expr = self.call(field, Some(expr), args)?;
                } else {
                    expr = Expr::Select { operand: Box::new(expr), field, optional };
                }
            } else if self.take("[") {
                let optional = self.take("?");
                let index = self.expression()?;
                self.expect("]")?;
                expr = Expr::Index { operand: Box::new(expr), index: Box::new(index), optional };
            } else {
                return Ok(expr);
            }
        }
    }

    fn arguments(&mut self, close: &str) -> Result<Vec<Expr>, String> {
        let mut args = Vec::new();
        while !self.take(close) {
            args.push(self.expression()?);
            if !self.is(close) {
                self.expect(",")?;
            }
        }
        Ok(args)
    }

    fn primary(&mut self) -> Parsed {
        let token = self.peek().clone();
        self.at += 1;
        let literal = |value| Ok(Expr::Literal(value));
        match token {
            Token::Int(value) => match i64::try_from(value) {
                Ok(value) => literal(Value::Int(value)),
                Err(_) => Err(self.error("the integer is too large")),
            },
            Token::Uint(value) => literal(Value::Uint(value)),
            Token::Double(value) => literal(Value::Double(value)),
            Token::Text(text) => literal(Value::text(&text)),
            Token::Bytes(bytes) => literal(Value::Bytes(Arc::from(bytes))),
            Token::Name(name) => match name.as_str() {
                "true" => literal(Value::Bool(true)),
                "false" => literal(Value::Bool(false)),
                "null" => literal(Value::Null),
                word if RESERVED.contains(&word) => {
                    self.at -= 1;
                    Err(self.unexpected())
                }
                _ if self.take("(") => {
                    let args = self.arguments(")")?;
                    self.call(name, None, args)
                }
                _ => Ok(Expr::Name(name)),
            },
            Token::Op(".") => match self.peek().clone() {
                Token::Name(name) => {
                    self.at += 1;
                    Ok(Expr::Name(name))
                }
                _ => Err(self.unexpected()),
            },
            Token::Op("(") => {
                let inner = self.expression()?;
                self.expect(")")?;
                Ok(inner)
            }
            Token::Op("[") => {
                let mut items = Vec::new();
                while !self.take("]") {
                    let optional = self.take("?");
                    items.push((self.expression()?, optional));
                    if !self.is("]") {
                        self.expect(",")?;
                    }
                }
                Ok(Expr::List(items))
            }
            Token::Op("{") => {
                let mut entries = Vec::new();
                while !self.take("}") {
                    let optional = self.take("?");
                    let key = self.expression()?;
                    self.expect(":")?;
                    entries.push((key, self.expression()?, optional));
                    if !self.is("}") {
                        self.expect(",")?;
                    }
                }
                Ok(Expr::Map(entries))
            }
            _ => {
                self.at -= 1;
                Err(self.unexpected())
            }
        }
    }

    /// A call, or the macro that it spells.
    fn call(&self, name: String, target: Option<Expr>, args: Vec<Expr>) -> Parsed {
        let variable = |expr: &Expr| match expr {
            Expr::Name(name) => Ok(name.clone()),
            _ => Err(self.error("the variable of a macro must be a name")),
        };
        if target.is_none() && name == "has" {
            return match <[Expr; 1]>::try_from(args) {
                Ok([Expr::Select { operand, field, optional: false }]) => Ok(Expr::Has { operand, field }),
                _ => Err(self.error("`has` takes one field, such as `has(object.spec)`")),
            };
        }
        let Some(target) = target else { return Ok(Expr::Call { name, target: None, args }) };
        let kind = match (name.as_str(), args.len()) {
            ("optMap" | "optFlatMap", 2) => {
                let flat = name == "optFlatMap";
                let Ok([name, body]) = <[Expr; 2]>::try_from(args) else { return Err(self.unexpected()) };
                let variable = variable(&name)?;
                return Ok(Expr::OptMap { value: Box::new(target), variable, body: Box::new(body), flat });
            }
            ("all", 2 | 3) => LoopKind::All,
            ("exists", 2 | 3) => LoopKind::Exists,
            ("exists_one", 2) | ("existsOne", 2 | 3) => LoopKind::ExistsOne,
            ("map", 2 | 3) => LoopKind::Map,
            ("filter", 2) => LoopKind::Filter,
            ("transformList", 3 | 4) => LoopKind::TransformList,
            ("transformMap", 3 | 4) => LoopKind::TransformMap,
            ("transformMapEntry", 3 | 4) => LoopKind::TransformMapEntry,
            _ => return Ok(Expr::Call { name, target: Some(Box::new(target)), args }),
        };
        let two = match kind {
            LoopKind::All | LoopKind::Exists | LoopKind::ExistsOne => args.len() == 3,
            LoopKind::Map | LoopKind::Filter => false,
            _ => true,
        };
        let mut args = args.into_iter();
        let mut next = || args.next().ok_or_else(|| self.unexpected());
        let mut variables = vec![variable(&next()?)?];
        if two {
            variables.push(variable(&next()?)?);
        }
        let first = next()?;
        let (filter, body) = match next() {
            Ok(second) => (Some(first), second),
            Err(_) => (None, first),
        };
        Ok(Expr::Loop(Box::new(Loop { kind, range: target, variables, filter, body })))
    }
}
