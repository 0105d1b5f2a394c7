//! Text to expression.

use super::{Function, Operator, Term};
use crate::node::{Node, Span, Value};

/// How deep expressions may nest, so that walking them cannot overflow the stack.
const DEEPEST: usize = 100;
/// How long an expression may be, in bytes.
const LONGEST: usize = 10_000;

pub(super) fn parse(text: &str) -> Result<Term, String> {
    if text.len() > LONGEST {
        return Err(format!("the expression is longer than {LONGEST} bytes"));
    }
    let mut parser = Parser { text, at: 0, depth: 0, chain: 0 };
    let term = parser.pipe()?;
    parser.space();
    if parser.at < text.len() {
        return Err(parser.unexpected());
    }
    Ok(term)
}

struct Parser<'a> {
    text: &'a str,
    at: usize,
    depth: usize,
    /// Steps that follow each other; they nest too.
    chain: usize,
}

impl<'a> Parser<'a> {
    fn rest(&self) -> &'a str {
        self.text.get(self.at..).unwrap_or("")
    }

    fn unexpected(&self) -> String {
        match self.rest().chars().next() {
            Some(found) => format!("unexpected `{found}` at character {}", self.at + 1),
            None => "the expression ends too early".to_owned(),
        }
    }

    fn space(&mut self) {
        let rest = self.rest();
        self.at += rest.len() - rest.trim_start().len();
    }

    fn take(&mut self, token: &str) -> bool {
        self.space();
        let found = self.rest().starts_with(token);
        if found {
            self.at += token.len();
        }
        found
    }

    fn expect(&mut self, token: &str) -> Result<(), String> {
        if self.take(token) { Ok(()) } else { Err(self.unexpected()) }
    }

    /// A whole word, such as `and`.
    fn word(&mut self, word: &str) -> bool {
        self.space();
        let after = self.rest().strip_prefix(word);
        let found = after.is_some_and(|after| !after.starts_with(is_name));
        if found {
            self.at += word.len();
        }
        found
    }

    fn deeper<T>(&mut self, parse: impl FnOnce(&mut Self) -> Result<T, String>) -> Result<T, String> {
        self.depth += 1;
        if self.depth > DEEPEST {
            return Err(format!("the expression nests deeper than {DEEPEST} levels"));
        }
        let result = parse(self);
        self.depth -= 1;
        result
    }

    fn longer(&mut self) -> Result<(), String> {
        self.chain += 1;
        match self.chain > 10 * DEEPEST {
            true => Err(format!("the expression has more than {} steps", 10 * DEEPEST)),
            false => Ok(()),
        }
    }

    fn pipe(&mut self) -> Result<Term, String> {
        let mut left = self.deeper(Self::comma)?;
        while self.take("|") {
            self.longer()?;
            let right = self.deeper(Self::comma)?;
            left = Term::Pipe(Box::new(left), Box::new(right));
        }
        Ok(left)
    }

    fn comma(&mut self) -> Result<Term, String> {
        let mut left = self.alternative()?;
        while self.take(",") {
            self.longer()?;
            left = Term::Comma(Box::new(left), Box::new(self.alternative()?));
        }
        Ok(left)
    }

    fn alternative(&mut self) -> Result<Term, String> {
        let mut left = self.or()?;
        while self.take("//") {
            self.longer()?;
            left = Term::Alternative(Box::new(left), Box::new(self.or()?));
        }
        Ok(left)
    }

    fn or(&mut self) -> Result<Term, String> {
        let mut left = self.and()?;
        while self.word("or") {
            self.longer()?;
            left = Term::Binary(Operator::Or, Box::new(left), Box::new(self.and()?));
        }
        Ok(left)
    }

    fn and(&mut self) -> Result<Term, String> {
        let mut left = self.comparison()?;
        while self.word("and") {
            self.longer()?;
            left = Term::Binary(Operator::And, Box::new(left), Box::new(self.comparison()?));
        }
        Ok(left)
    }

    fn comparison(&mut self) -> Result<Term, String> {
        let left = self.sum()?;
        let operators = [
            ("==", Operator::Equal),
            ("!=", Operator::NotEqual),
            ("<=", Operator::LessOrEqual),
            (">=", Operator::GreaterOrEqual),
            ("<", Operator::Less),
            (">", Operator::Greater),
        ];
        for (text, operator) in operators {
            if self.take(text) {
                return Ok(Term::Binary(operator, Box::new(left), Box::new(self.sum()?)));
            }
        }
        Ok(left)
    }

    fn sum(&mut self) -> Result<Term, String> {
        let mut left = self.product()?;
        loop {
            let operator = match () {
                () if self.take("+") => Operator::Add,
                () if self.take("-") => Operator::Subtract,
                () => return Ok(left),
            };
            self.longer()?;
            left = Term::Binary(operator, Box::new(left), Box::new(self.product()?));
        }
    }

    fn product(&mut self) -> Result<Term, String> {
        let mut left = self.postfix()?;
        loop {
            self.space();
            let operator = match () {
                () if self.take("*") => Operator::Multiply,
                () if !self.rest().starts_with("//") && self.take("/") => Operator::Divide,
                () => return Ok(left),
            };
            self.longer()?;
            left = Term::Binary(operator, Box::new(left), Box::new(self.postfix()?));
        }
    }

    fn postfix(&mut self) -> Result<Term, String> {
        let mut term = self.primary()?;
        loop {
            self.space();
            let rest = self.rest();
            let next = rest.get(1..).unwrap_or("");
            if rest.starts_with('?') {
                self.at += 1;
                term = Term::Try(Box::new(term));
            } else if rest.starts_with('.') && next.starts_with(|c: char| is_start(c) || c == '"' || c == '[')
            {
                self.at += 1;
                if !next.starts_with('[') {
                    term = self.field(term)?;
                }
            } else if rest.starts_with('[') {
                term = self.bracket(term)?;
            } else {
                return Ok(term);
            }
            self.longer()?;
        }
    }

    /// What follows a dot: a name or text.
    fn field(&mut self, of: Term) -> Result<Term, String> {
        let name = if self.rest().starts_with('"') { self.string()? } else { self.name() };
        if name.is_empty() {
            return Err(self.unexpected());
        }
        Ok(Term::Index(Box::new(of), Box::new(Term::Literal(Node::string(name, Span::NONE)))))
    }

    fn bracket(&mut self, of: Term) -> Result<Term, String> {
        self.expect("[")?;
        if self.take("]") {
            return Ok(Term::Each(Box::new(of)));
        }
        let key = self.deeper(Self::pipe)?;
        self.expect("]")?;
        Ok(Term::Index(Box::new(of), Box::new(key)))
    }

    fn primary(&mut self) -> Result<Term, String> {
        self.space();
        let rest = self.rest();
        let first = rest.chars().next().ok_or_else(|| self.unexpected())?;
        match first {
            '.' if rest.starts_with("..") => {
                self.at += 2;
                Ok(Term::RecurseDefault)
            }
            '.' => {
                self.at += 1;
                match self.rest().starts_with(|c: char| is_start(c) || c == '"') {
                    true => self.field(Term::Identity),
                    false => Ok(Term::Identity),
                }
            }
            '"' => Ok(Term::Literal(Node::string(self.string()?, Span::NONE))),
            '(' => {
                self.at += 1;
                let inner = self.deeper(Self::pipe)?;
                self.expect(")")?;
                Ok(inner)
            }
            '[' => {
                self.at += 1;
                if self.take("]") {
                    return Ok(Term::Collect(None));
                }
                let inner = self.deeper(Self::pipe)?;
                self.expect("]")?;
                Ok(Term::Collect(Some(Box::new(inner))))
            }
            '-' => {
                self.at += 1;
                Ok(Term::Negative(Box::new(self.deeper(Self::postfix)?)))
            }
            digit if digit.is_ascii_digit() => self.number(),
            start if is_start(start) => self.named(),
            _ => Err(self.unexpected()),
        }
    }

    fn named(&mut self) -> Result<Term, String> {
        let start = self.at;
        let name = self.name();
        let literal = |value| Ok(Term::Literal(Node::new(value, Span::NONE)));
        match name.as_str() {
            "true" => return literal(Value::Bool(true)),
            "false" => return literal(Value::Bool(false)),
            "null" => return literal(Value::Null),
            "if" => return self.deeper(Self::condition),
            _ => {}
        }
        let mut arguments = Vec::new();
        if self.take("(") {
            loop {
                arguments.push(self.deeper(Self::pipe)?);
                if !self.take(";") {
                    break;
                }
            }
            self.expect(")")?;
        }
        match Function::find(&name, arguments.len()) {
            Some(function) => Ok(Term::Call(function, arguments)),
            None => {
                let count = arguments.len();
                Err(format!("`{name}` with {count} arguments at character {} is not supported", start + 1))
            }
        }
    }

    fn condition(&mut self) -> Result<Term, String> {
        let mut branches = Vec::new();
        loop {
            let condition = self.pipe()?;
            if !self.word("then") {
                return Err(self.unexpected());
            }
            branches.push((condition, self.pipe()?));
            if !self.word("elif") {
                break;
            }
        }
        let otherwise = if self.word("else") { Some(Box::new(self.pipe()?)) } else { None };
        if !self.word("end") {
            return Err(self.unexpected());
        }
        Ok(Term::If(branches, otherwise))
    }

    fn name(&mut self) -> String {
        let rest = self.rest();
        let end = rest.find(|c| !is_name(c)).unwrap_or(rest.len());
        let name = rest.get(..end).unwrap_or("").to_owned();
        self.at += end;
        name
    }

    fn number(&mut self) -> Result<Term, String> {
        let rest = self.rest();
        let end = rest.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(rest.len());
        let text = rest.get(..end).unwrap_or("");
        let value = text.parse().map(Value::Int).or_else(|_| text.parse().map(Value::Float));
        let value = value.map_err(|_| self.unexpected())?;
        self.at += end;
        Ok(Term::Literal(Node::new(value, Span::NONE)))
    }

    /// Text in quotes, with the escapes of JSON; `\(` is not read.
    fn string(&mut self) -> Result<String, String> {
        let rest = self.rest();
        let mut escaped = false;
        let end = rest.char_indices().skip(1).find(|(_, c)| match (escaped, c) {
            (true, _) => {
                escaped = false;
                false
            }
            (false, '\\') => {
                escaped = true;
                false
            }
            (false, c) => *c == '"',
        });
        let Some((end, _)) = end else { return Err("text without an end".to_owned()) };
        let text = rest.get(..=end).unwrap_or("");
        let read = serde_json::from_str(text)
            .map_err(|_| format!("the text at character {} is not supported", self.at + 1))?;
        self.at += end + 1;
        Ok(read)
    }
}

fn is_start(c: char) -> bool {
    c.is_ascii_alphabetic() || c == '_'
}

fn is_name(c: char) -> bool {
    c.is_ascii_alphanumeric() || c == '_'
}
