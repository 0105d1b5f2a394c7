//! Expressions of rules: what they are made of, and how they are read.

use super::functions::Function;
use super::lexer::{Cursor, braces_end};
use super::value::Value;

/// An expression.
#[derive(Clone, Debug)]
pub(super) enum Expr {
    Literal(Value),
    /// A text with values in it.
    Template(Vec<Part>),
    List(Vec<Expr>),
    /// A field of the object.
    Root(String),
    /// The item that a list is at.
    Item,
    Variable(String),
    Field(Box<Expr>, String),
    /// The item at a place of a list.
    At(Box<Expr>, usize),
    /// The first item whose `type` is this.
    OfType(Box<Expr>, String),
    /// Whether the field `status` is this.
    Is(Box<Expr>, String),
    Not(Box<Expr>),
    Binary(Operator, Box<Expr>, Box<Expr>),
    Choose(Box<Expr>, Box<Expr>, Box<Expr>),
    Call(Function, Vec<Expr>),
}

/// A part of a text.
#[derive(Clone, Debug)]
pub(super) enum Part {
    Text(String),
    Value(Expr),
}

/// What stands between two expressions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Operator {
    Or,
    And,
    Equal,
    NotEqual,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
    In,
    Else,
    Plus,
    Minus,
}

/// Operators by how tightly they bind, loosest first. Longer spellings come before their beginnings.
const LEVELS: &[&[(&str, Operator)]] = &[
    &[("||", Operator::Or)],
    &[("&&", Operator::And)],
    &[
        ("==", Operator::Equal),
        ("!=", Operator::NotEqual),
        ("<=", Operator::LessOrEqual),
        (">=", Operator::GreaterOrEqual),
        ("<", Operator::Less),
        (">", Operator::Greater),
        ("in ", Operator::In),
    ],
    &[("??", Operator::Else)],
    &[("+ ", Operator::Plus), ("- ", Operator::Minus)],
];

/// The level at which `is` stands.
const COMPARISON: usize = 2;
/// Brackets, negations and texts may go so deep.
const MAX_DEPTH: usize = 40;

type Parsed<T = Expr> = Result<T, String>;

/// Reads one expression from the cursor.
pub(super) fn parse(cursor: &mut Cursor<'_>) -> Parsed {
    Parser { depth: 0 }.choice(cursor)
}

/// Reads the text that begins at the cursor.
pub(super) fn parse_text(cursor: &mut Cursor<'_>) -> Parsed {
    Parser { depth: 0 }.text(cursor)
}

struct Parser {
    depth: usize,
}

impl Parser {
    fn choice(&mut self, cursor: &mut Cursor<'_>) -> Parsed {
        self.depth += 1;
        if self.depth > MAX_DEPTH {
            return Err("the expression is nested too deeply".into());
        }
        let condition = self.level(cursor, 0)?;
        cursor.spaces();
        let chosen = !cursor.rest().starts_with("??") && cursor.take("?");
        let result = if chosen {
            let then = self.choice(cursor)?;
            expect(cursor, ":")?;
            let otherwise = self.choice(cursor)?;
            Expr::Choose(Box::new(condition), Box::new(then), Box::new(otherwise))
        } else {
            condition
        };
        self.depth -= 1;
        Ok(result)
    }

    fn level(&mut self, cursor: &mut Cursor<'_>, level: usize) -> Parsed {
        let Some(operators) = LEVELS.get(level) else { return self.unary(cursor) };
        let mut left = self.level(cursor, level + 1)?;
        loop {
            if level == COMPARISON && cursor.take_word("is") {
                cursor.spaces();
                left = Expr::Is(Box::new(left), self.name(cursor)?);
                continue;
            }
            let Some((_, operator)) = operators.iter().find(|(token, _)| cursor.take(token)) else {
                return Ok(left);
            };
            let right = self.level(cursor, level + 1)?;
            left = Expr::Binary(*operator, Box::new(left), Box::new(right));
        }
    }

    fn unary(&mut self, cursor: &mut Cursor<'_>) -> Parsed {
        cursor.spaces();
        if cursor.rest().starts_with('!') && !cursor.rest().starts_with("!=") && cursor.take("!") {
            self.depth += 1;
            if self.depth > MAX_DEPTH {
                return Err("the expression is nested too deeply".into());
            }
            let inner = self.unary(cursor)?;
            self.depth -= 1;
            return Ok(Expr::Not(Box::new(inner)));
        }
        let mut value = self.primary(cursor)?;
        loop {
            let rest = cursor.rest();
            value = if rest.starts_with('.') && rest.chars().nth(1).is_some_and(|c| c.is_ascii_alphabetic()) {
                cursor.bump();
                Expr::Field(Box::new(value), cursor.word().to_owned())
            } else if rest.starts_with('@') {
                cursor.bump();
                Expr::OfType(Box::new(value), self.name(cursor)?)
            } else if rest.starts_with('[') {
                cursor.bump();
                let inner = match cursor.peek() {
                    Some('"') => Expr::Field(Box::new(value), self.name(cursor)?),
                    _ => {
                        let at =
                            cursor.word().parse().map_err(|_| "a key in quotes or a position expected")?;
                        Expr::At(Box::new(value), at)
                    }
                };
                expect(cursor, "]")?;
                inner
            } else {
                return Ok(value);
            };
        }
    }

    fn primary(&mut self, cursor: &mut Cursor<'_>) -> Parsed {
        let Some(next) = cursor.peek() else { return Err("a value expected at the end".into()) };
        match next {
            '"' => self.text(cursor),
            '(' => {
                cursor.bump();
                let inner = self.choice(cursor)?;
                expect(cursor, ")")?;
                Ok(inner)
            }
            '[' => {
                cursor.bump();
                Ok(Expr::List(self.list(cursor, "]")?))
            }
            '$' => {
                cursor.bump();
                Ok(Expr::Variable(cursor.word().to_owned()))
            }
            '@' => Ok(Expr::Field(Box::new(Expr::Root("status".into())), "conditions".into())),
            '.' => {
                let named = cursor.rest().chars().nth(1).is_some_and(|c| c.is_ascii_alphabetic());
                if !named {
                    cursor.bump();
                }
                Ok(Expr::Item)
            }
            '0'..='9' | '-' => {
                let negative = next == '-' && cursor.bump().is_some();
                let digits = cursor.word();
                let number: i64 = digits.parse().map_err(|_| format!("`{digits}` is not a number"))?;
                Ok(Expr::Literal(Value::Number(if negative { -number } else { number } as f64)))
            }
            _ => self.word(cursor),
        }
    }

    fn word(&mut self, cursor: &mut Cursor<'_>) -> Parsed {
        let word = cursor.word();
        match word {
            "" => return Err(format!("a value expected at `{}`", cursor.rest())),
            "null" => return Ok(Expr::Literal(Value::Null)),
            "true" => return Ok(Expr::Literal(Value::Bool(true))),
            "false" => return Ok(Expr::Literal(Value::Bool(false))),
            _ => {}
        }
        if !cursor.rest().starts_with('(') {
            return Ok(Expr::Root(word.to_owned()));
        }
        cursor.bump();
        let function = Function::named(word).ok_or_else(|| format!("no function is called `{word}`"))?;
        let arguments = self.list(cursor, ")")?;
        let (least, most) = function.arity();
        if arguments.len() < least || arguments.len() > most {
            return Err(format!("`{word}` takes {least} to {most} arguments, not {}", arguments.len()));
        }
        Ok(Expr::Call(function, arguments))
    }

    fn list(&mut self, cursor: &mut Cursor<'_>, end: &str) -> Parsed<Vec<Expr>> {
        let mut items = Vec::new();
        if cursor.take(end) {
            return Ok(items);
        }
        loop {
            items.push(self.choice(cursor)?);
            if cursor.take(end) {
                return Ok(items);
            }
            expect(cursor, ",")?;
        }
    }

    /// A word, or a text without values, as a name.
    fn name(&mut self, cursor: &mut Cursor<'_>) -> Parsed<String> {
        if cursor.peek() == Some('"') {
            return cursor.quoted().map(str::to_owned).ok_or_else(|| "a text that does not end".into());
        }
        match cursor.word() {
            "" => Err(format!("a name expected at `{}`", cursor.rest())),
            word => Ok(word.to_owned()),
        }
    }

    fn text(&mut self, cursor: &mut Cursor<'_>) -> Parsed {
        let inside = cursor.quoted().ok_or("a text that does not end")?;
        let (mut parts, mut plain) = (Vec::new(), String::new());
        let mut inner = Cursor::new(inside);
        while let Some(next) = inner.peek() {
            if next == '{' {
                let length = braces_end(inner.rest(), 0).ok_or("a `{` without its `}`")?;
                let source = inner.rest().get(1..length - 1).unwrap_or("");
                if !plain.is_empty() {
                    parts.push(Part::Text(std::mem::take(&mut plain)));
                }
                let mut value = Cursor::new(source);
                parts.push(Part::Value(self.choice(&mut value)?));
                if !value.rest().trim().is_empty() {
                    return Err(format!("`{}` is left over in `{{{source}}}`", value.rest().trim()));
                }
                inner.take(inner.rest().get(..length).unwrap_or(""));
                continue;
            }
            inner.bump();
            plain.push(match next {
                '\\' => match inner.bump() {
                    Some('n') => '\n',
                    Some(other) => other,
                    None => '\\',
                },
                other => other,
            });
        }
        if parts.is_empty() {
            return Ok(Expr::Literal(Value::text(plain)));
        }
        if !plain.is_empty() {
            parts.push(Part::Text(plain));
        }
        Ok(Expr::Template(parts))
    }
}

fn expect(cursor: &mut Cursor<'_>, token: &str) -> Parsed<()> {
    if cursor.take(token) {
        return Ok(());
    }
    Err(format!("`{token}` expected at `{}`", cursor.rest()))
}
