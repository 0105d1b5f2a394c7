//! Rego's grammar as OPA reads it, v0 and v1, without backtracking and with bounded depth.
//!
//! A call's `(` and a reference's `[` and `.` must touch the term before them; a line break separates
//! conditions. These are the two points where regorus reads differently.

use std::ops::Range;

use super::ast::{
    Body, Expr, ExprKind, Import, Literal, LiteralKind, MAX_CHAIN, Module, Part, Rule, RuleBody, RuleKind,
    With,
};
use super::lexer::{RegoError, Token, TokenKind, tokens};

/// Nesting of brackets of any kind in a module, as deep as regorus itself goes.
const MAX_DEPTH: usize = 32;

/// Nesting of arrays, sets, objects and comprehensions. regorus' parser reads a nested collection twice
/// per level, so its time doubles with each: 16 levels are some milliseconds, 40 would be days.
const MAX_COLLECTIONS: usize = 16;

/// Conditions of one body. The time that regorus takes to put them in order grows with their square.
const MAX_CONDITIONS: usize = 500;

type Parsed<T> = Result<T, RegoError>;

/// Reads a module.
pub(crate) fn parse(text: &str, v1: bool) -> Parsed<Module> {
    let tokens = tokens(text)?;
    let mut parser =
        Parser { tokens, at: 0, depth: 0, collections: 0, chained: 0, v1, future: v1, rules_seen: false };
    parser.module()
}

struct Parser<'a> {
    tokens: Vec<Token<'a>>,
    at: usize,
    depth: usize,
    collections: usize,
    /// Operators of the condition or head being read.
    chained: usize,
    v1: bool,
    /// Whether `in`, `if`, `contains` and `every` are keywords (v1, or imported).
    future: bool,
    rules_seen: bool,
}

const END: Token<'static> =
    Token { kind: TokenKind::End, text: "", start: 0, end: 0, after_newline: true, adjacent: false };

/// Binary operators by binding, weakest first; `in` binds weaker than all.
const INFIX: [&[&str]; 5] =
    [&["==", "!=", "<=", ">=", "<", ">"], &["|"], &["&"], &["+", "-"], &["*", "/", "%"]];

impl<'a> Parser<'a> {
    fn peek(&self) -> Token<'a> {
        self.tokens.get(self.at).or(self.tokens.last()).copied().unwrap_or(END)
    }

    fn next(&mut self) -> Token<'a> {
        let token = self.peek();
        self.at += 1;
        token
    }

    /// Where the last token read ends.
    fn end(&self) -> usize {
        self.at.checked_sub(1).and_then(|at| self.tokens.get(at)).map_or(0, |token| token.end)
    }

    fn is(&self, text: &str) -> bool {
        let token = self.peek();
        token.text == text && token.kind != TokenKind::String
    }

    fn is_keyword(&self, text: &str) -> bool {
        self.future && self.is(text)
    }

    fn eat(&mut self, text: &str) -> bool {
        let found = self.is(text);
        if found {
            self.at += 1;
        }
        found
    }

    fn expect(&mut self, text: &str) -> Parsed<()> {
        if self.eat(text) { Ok(()) } else { Err(self.unexpected(&format!("`{text}`"))) }
    }

    fn unexpected(&self, expected: &str) -> RegoError {
        let token = self.peek();
        let found =
            if token.kind == TokenKind::End { "the end".to_owned() } else { format!("`{}`", token.text) };
        RegoError::new(token.start, format!("found {found}, expected {expected}"))
    }

    fn ident(&mut self) -> Parsed<&'a str> {
        let token = self.peek();
        if token.kind != TokenKind::Ident {
            return Err(self.unexpected("a name"));
        }
        self.at += 1;
        Ok(token.text)
    }

    fn nested<T>(&mut self, read: impl FnOnce(&mut Self) -> Parsed<T>) -> Parsed<T> {
        if self.depth >= MAX_DEPTH {
            return Err(RegoError::new(
                self.peek().start,
                format!("brackets are nested more than {MAX_DEPTH} deep"),
            ));
        }
        self.depth += 1;
        let read = read(self);
        self.depth -= 1;
        read
    }

    /// Counts an operator of the condition being read.
    fn chain(&mut self) -> Parsed<()> {
        self.chained += 1;
        if self.chained > MAX_CHAIN {
            return Err(RegoError::new(
                self.peek().start,
                format!("a condition has more than {MAX_CHAIN} operators"),
            ));
        }
        Ok(())
    }

    fn collection<T>(&mut self, read: impl FnOnce(&mut Self) -> Parsed<T>) -> Parsed<T> {
        if self.collections >= MAX_COLLECTIONS {
            return Err(RegoError::new(
                self.peek().start,
                format!("collections are nested more than {MAX_COLLECTIONS} deep"),
            ));
        }
        self.collections += 1;
        let read = self.nested(read);
        self.collections -= 1;
        read
    }

    fn module(&mut self) -> Parsed<Module> {
        let mut module = Module { package_at: self.peek().start, ..Module::default() };
        self.expect("package")?;
        module.package = self.path()?;
        // `in`, `if` … anywhere in the module are keywords once imported, wherever the import stands.
        while self.peek().kind != TokenKind::End {
            if self.eat(";") {
                continue;
            }
            if self.is("import") {
                let import = self.import()?;
                if import.path.first().is_some_and(|first| first == "future" || first == "rego") {
                    self.future = true;
                }
                if self.rules_seen {
                    return Err(RegoError::new(import.at, "imports must stand before the rules"));
                }
                module.imports.push(import);
            } else {
                self.rules_seen = true;
                module.rules.push(self.rule()?);
            }
        }
        Ok(module)
    }

    /// A constant path: `a.b["c"]`.
    fn path(&mut self) -> Parsed<Vec<String>> {
        let mut path = vec![self.ident()?.to_owned()];
        loop {
            let token = self.peek();
            if !token.adjacent {
                return Ok(path);
            }
            if self.eat(".") {
                path.push(self.ident()?.to_owned());
            } else if self.eat("[") {
                let token = self.peek();
                let Some(name) = unquoted(token) else { return Err(self.unexpected("a string")) };
                self.at += 1;
                path.push(name);
                self.expect("]")?;
            } else {
                return Ok(path);
            }
        }
    }

    fn import(&mut self) -> Parsed<Import> {
        let at = self.next().start;
        let path = self.path()?;
        let alias = if self.eat("as") { Some(self.ident()?.to_owned()) } else { None };
        Ok(Import { path, alias, at })
    }

    fn rule(&mut self) -> Parsed<Rule> {
        let start = self.peek().start;
        self.chained = 0;
        let default =
            self.is("default") && self.tokens.get(self.at + 1).is_some_and(|t| t.kind == TokenKind::Ident);
        if default {
            self.at += 1;
        }
        let name = self.ident()?.to_owned();
        let mut parts = 0_usize;
        let mut last_index: Option<Expr> = None;
        let mut key = None;
        let mut args = None;
        loop {
            let token = self.peek();
            if !token.adjacent {
                break;
            }
            if parts > MAX_CHAIN {
                return Err(RegoError::new(token.start, format!("a name has more than {MAX_CHAIN} parts")));
            }
            if self.is(".") || self.is("[") {
                // Only the last step of a head may be a variable; the rest is its name.
                last_index = None;
                parts += 1;
            }
            if self.eat(".") {
                self.ident()?;
            } else if self.eat("[") {
                last_index = Some(self.nested(Self::infix)?);
                self.expect("]")?;
            } else if self.eat("(") {
                args = Some(self.items(")")?);
                break;
            } else {
                break;
            }
        }
        let mut kind = match (&args, default) {
            (_, true) => RuleKind::Default,
            (Some(_), _) => RuleKind::Function,
            _ => RuleKind::Complete,
        };
        let mut value = None;
        if self.is_keyword("contains") {
            self.at += 1;
            kind = RuleKind::Set;
            key = Some(self.infix()?);
        }
        if self.eat("=") || self.eat(":=") {
            value = Some(self.infix()?);
        }
        let head = start..self.end();
        if let Some(index) = last_index {
            match kind {
                // In v0 a head `a[x]` is a set, unless it has a value or says `if`.
                RuleKind::Complete if value.is_none() && !self.is_keyword("if") => {
                    kind = RuleKind::Set;
                    key = Some(index);
                }
                RuleKind::Complete => {
                    kind = RuleKind::Object;
                    key = Some(index);
                }
                _ => {}
            }
        }
        let bodies = if default { Vec::new() } else { self.rule_bodies()? };
        Ok(Rule { kind, name, args: args.unwrap_or_default(), key, value, bodies, head })
    }

    fn rule_bodies(&mut self) -> Parsed<Vec<RuleBody>> {
        let mut bodies = Vec::new();
        if self.is_keyword("if") {
            self.at += 1;
            bodies.push(RuleBody { is_else: false, value: None, body: self.body_after_if()? });
        } else if self.is("{") {
            if self.v1 {
                return Err(self.unexpected("`if` before a rule's body (Rego v1)"));
            }
            while self.is("{") {
                bodies.push(RuleBody { is_else: false, value: None, body: self.braced_body()? });
            }
        }
        while !bodies.is_empty() && self.eat("else") {
            let value = if self.eat("=") || self.eat(":=") { Some(self.infix()?) } else { None };
            let body = if self.is_keyword("if") {
                self.at += 1;
                self.body_after_if()?
            } else if self.is("{") {
                self.braced_body()?
            } else if value.is_some() {
                Body { literals: Vec::new(), inner_start: self.end(), bare: false }
            } else {
                return Err(self.unexpected("a value or a body after `else`"));
            };
            bodies.push(RuleBody { is_else: true, value, body });
        }
        Ok(bodies)
    }

    /// `{ .. }` or one literal; a `{` may also open a set, an object or a comprehension.
    fn body_after_if(&mut self) -> Parsed<Body> {
        if self.is("{") && !self.brace_opens_term() {
            return self.braced_body();
        }
        let inner_start = self.peek().start;
        let literal = self.literal()?;
        Ok(Body { literals: vec![literal], inner_start, bare: true })
    }

    /// Whether the braces here hold `a: b`, `a, b` or `a | b` at their top, or stand before an operator.
    fn brace_opens_term(&self) -> bool {
        let mut depth = 0_usize;
        let mut rest = self.tokens.iter().skip(self.at);
        let mut separators = false;
        for token in rest.by_ref() {
            match (token.kind, token.text) {
                (TokenKind::Symbol, "{" | "[" | "(") => depth += 1,
                (TokenKind::Symbol, "}" | "]" | ")") => {
                    depth = depth.saturating_sub(1);
                    if depth == 0 {
                        break;
                    }
                }
                (TokenKind::Symbol, ":" | "," | "|") if depth == 1 => separators = true,
                (TokenKind::Ident, "some" | "every" | "not") if depth == 1 => return false,
                (TokenKind::Symbol, ";" | ":=" | "=") if depth == 1 => return false,
                (TokenKind::End, _) => return false,
                _ => {}
            }
        }
        let next = rest.next();
        let operator = next.is_some_and(|token| {
            token.text == "in"
                || (token.kind == TokenKind::Symbol && INFIX.iter().any(|ops| ops.contains(&token.text)))
        });
        separators && operator
    }

    fn braced_body(&mut self) -> Parsed<Body> {
        self.expect("{")?;
        let body = self.nested(|this| this.body("}"))?;
        self.expect("}")?;
        Ok(body)
    }

    fn body(&mut self, end: &str) -> Parsed<Body> {
        let inner_start = self.end();
        let mut literals: Vec<Literal> = Vec::new();
        let mut separated = true;
        while !self.is(end) {
            if self.eat(";") {
                separated = true;
                continue;
            }
            let token = self.peek();
            if !separated && !token.after_newline {
                return Err(self.unexpected(&format!("`;`, a new line or `{end}`")));
            }
            if literals.len() >= MAX_CONDITIONS {
                return Err(RegoError::new(
                    token.start,
                    format!("a body has more than {MAX_CONDITIONS} conditions"),
                ));
            }
            let paren_after_newline = !separated && self.is("(");
            let mut literal = self.literal()?;
            literal.paren_after_newline = paren_after_newline;
            literals.push(literal);
            separated = false;
        }
        if literals.is_empty() {
            return Err(self.unexpected("a condition"));
        }
        Ok(Body { literals, inner_start, bare: false })
    }

    fn literal(&mut self) -> Parsed<Literal> {
        let start = self.peek().start;
        self.chained = 0;
        let kind = if self.is("some") && self.follows_ident() {
            self.at += 1;
            self.some()?
        } else if self.is_keyword("every") && self.follows_ident() {
            self.at += 1;
            self.every()?
        } else if self.is("not") {
            self.at += 1;
            LiteralKind::Not(self.statement()?)
        } else {
            LiteralKind::Expr(self.statement()?)
        };
        let mut with = Vec::new();
        while self.is("with") {
            let start = self.next().start;
            let target = self.term()?;
            self.expect("as")?;
            let value = self.infix()?;
            with.push(With { target, value, span: start..self.end() });
        }
        Ok(Literal { kind, with, span: start..self.end(), paren_after_newline: false })
    }

    /// Whether what follows the word here can begin a declaration (so that the word is a keyword).
    fn follows_ident(&self) -> bool {
        self.tokens.get(self.at + 1).is_some_and(|token| {
            token.kind == TokenKind::Ident
                || token.kind == TokenKind::String
                || token.kind == TokenKind::Number
                || (matches!(token.text, "[" | "{") && !token.adjacent)
        })
    }

    fn some(&mut self) -> Parsed<LiteralKind> {
        let mut terms = vec![self.term()?];
        while self.eat(",") {
            terms.push(self.term()?);
        }
        if self.eat("in") {
            let collection = self.infix()?;
            let value = terms.pop().ok_or_else(|| self.unexpected("a variable"))?;
            return Ok(LiteralKind::SomeIn { key: terms.pop(), value, collection });
        }
        let names = terms.into_iter().map(|term| match term.kind {
            ExprKind::Var(name) => Ok(name),
            _ => Err(RegoError::new(term.span.start, "`some` declares variables")),
        });
        Ok(LiteralKind::Some(names.collect::<Parsed<_>>()?))
    }

    fn every(&mut self) -> Parsed<LiteralKind> {
        let mut value = self.ident()?.to_owned();
        let mut key = None;
        if self.eat(",") {
            key = Some(std::mem::replace(&mut value, self.ident()?.to_owned()));
        }
        self.expect("in")?;
        let domain = self.infix()?;
        let body = self.braced_body()?;
        Ok(LiteralKind::Every { key, value, domain, body })
    }

    /// An expression that may assign, unify or test for `key, value in collection`.
    fn statement(&mut self) -> Parsed<Expr> {
        let mut left = self.infix()?;
        if self.future && self.is(",") {
            left = self.keyed_member(left)?;
        }
        for op in ["=", ":="] {
            if self.eat(op) {
                let right = self.infix()?;
                return Ok(infix(op, left, right));
            }
        }
        Ok(left)
    }

    fn keyed_member(&mut self, key: Expr) -> Parsed<Expr> {
        self.expect(",")?;
        let value = self.binary(None, 0)?;
        self.expect("in")?;
        let collection = self.binary(None, 0)?;
        let span = key.span.start..collection.span.end;
        Ok(Expr { kind: ExprKind::Member(vec![key, value, collection]), span })
    }

    fn infix(&mut self) -> Parsed<Expr> {
        self.infix_from(None)
    }

    /// An expression whose first term is already read.
    fn infix_from(&mut self, first: Option<Expr>) -> Parsed<Expr> {
        let mut left = self.binary(first, 0)?;
        while self.is_keyword("in") {
            self.chain()?;
            self.at += 1;
            let right = self.binary(None, 0)?;
            let span = left.span.start..right.span.end;
            left = Expr { kind: ExprKind::Member(vec![left, right]), span };
        }
        Ok(left)
    }

    fn binary(&mut self, first: Option<Expr>, level: usize) -> Parsed<Expr> {
        let Some(operators) = INFIX.get(level) else {
            return match first {
                Some(term) => Ok(term),
                None => self.term(),
            };
        };
        let mut left = self.binary(first, level + 1)?;
        while let Some(&op) = operators.iter().find(|op| self.is(op)) {
            self.chain()?;
            self.at += 1;
            let right = self.binary(None, level + 1)?;
            left = infix(op, left, right);
        }
        Ok(left)
    }

    fn items(&mut self, end: &str) -> Parsed<Vec<Expr>> {
        self.nested(|this| {
            let mut items = Vec::new();
            while !this.is(end) {
                items.push(this.infix()?);
                if !this.eat(",") {
                    break;
                }
            }
            this.expect(end)?;
            Ok(items)
        })
    }

    fn term(&mut self) -> Parsed<Expr> {
        let token = self.peek();
        let start = token.start;
        let kind = match (token.kind, token.text) {
            (TokenKind::String, _) => {
                self.at += 1;
                ExprKind::String(unquoted(token))
            }
            (TokenKind::Number, _) | (TokenKind::Ident, "true" | "false" | "null") => {
                self.at += 1;
                ExprKind::Scalar
            }
            (TokenKind::Ident, "set") if self.is_empty_set() => {
                self.at += 3;
                ExprKind::Set(Vec::new())
            }
            (TokenKind::Ident, name) => {
                if matches!(name, "not" | "with" | "as" | "else" | "package" | "import" | "default") {
                    return Err(self.unexpected("a term"));
                }
                self.at += 1;
                ExprKind::Var(name.to_owned())
            }
            (TokenKind::Symbol, "-") => {
                self.at += 1;
                let inner = self.nested(Self::term)?;
                ExprKind::Minus(Box::new(inner))
            }
            (TokenKind::Symbol, "(") => {
                self.at += 1;
                let mut inner = self.nested(Self::statement)?;
                self.expect(")")?;
                // The parentheses belong to the text that may be moved.
                inner.span = start..self.end();
                return Ok(inner);
            }
            (TokenKind::Symbol, "[") => {
                self.at += 1;
                self.collection(Self::array)?
            }
            (TokenKind::Symbol, "{") => {
                self.at += 1;
                self.collection(Self::braces)?
            }
            _ => return Err(self.unexpected("a term")),
        };
        self.steps(Expr { kind, span: start..self.end() })
    }

    fn is_empty_set(&self) -> bool {
        let at = |n: usize| self.tokens.get(self.at + n).map_or("", |token| token.text);
        at(1) == "(" && at(2) == ")"
    }

    /// `.field`, `[index]` and `(arguments)` that touch the term.
    fn steps(&mut self, mut term: Expr) -> Parsed<Expr> {
        let mut count = 0;
        loop {
            let token = self.peek();
            count += 1;
            if count > MAX_CHAIN {
                return Err(RegoError::new(
                    token.start,
                    format!("a reference has more than {MAX_CHAIN} steps"),
                ));
            }
            if !token.adjacent || token.kind != TokenKind::Symbol {
                return Ok(term);
            }
            let start = term.span.start;
            match token.text {
                "." => {
                    self.at += 1;
                    let name = self.ident()?.to_owned();
                    term = step(term, Part::Field(name), start..self.end());
                }
                "[" => {
                    self.at += 1;
                    let index = self.nested(Self::infix)?;
                    self.expect("]")?;
                    term = step(term, Part::Index(index), start..self.end());
                }
                "(" if matches!(term.kind, ExprKind::Var(_) | ExprKind::Ref(..)) => {
                    self.at += 1;
                    let args = self.items(")")?;
                    let span = start..self.end();
                    term = Expr { kind: ExprKind::Call(Box::new(term), args), span };
                }
                _ => return Ok(term),
            }
        }
    }

    fn comprehension(&mut self, terms: Vec<Expr>, end: &str) -> Parsed<ExprKind> {
        self.expect("|")?;
        let body = self.body(end)?;
        self.expect(end)?;
        Ok(ExprKind::Comprehension(terms, Box::new(body)))
    }

    fn array(&mut self) -> Parsed<ExprKind> {
        if self.eat("]") {
            return Ok(ExprKind::Array(Vec::new()));
        }
        let first = self.term()?;
        if self.is("|") {
            return self.comprehension(vec![first], "]");
        }
        let mut items = vec![self.infix_from(Some(first))?];
        while self.eat(",") && !self.is("]") {
            items.push(self.infix()?);
        }
        self.expect("]")?;
        Ok(ExprKind::Array(items))
    }

    fn braces(&mut self) -> Parsed<ExprKind> {
        if self.eat("}") {
            return Ok(ExprKind::Object(Vec::new()));
        }
        let first = self.term()?;
        if self.is("|") {
            return self.comprehension(vec![first], "}");
        }
        let first = self.infix_from(Some(first))?;
        if self.eat(":") {
            let value = self.term()?;
            if self.is("|") {
                return self.comprehension(vec![first, value], "}");
            }
            let mut pairs = vec![(first, self.infix_from(Some(value))?)];
            while self.eat(",") && !self.is("}") {
                let key = self.infix()?;
                self.expect(":")?;
                pairs.push((key, self.infix()?));
            }
            self.expect("}")?;
            return Ok(ExprKind::Object(pairs));
        }
        let mut items = vec![first];
        while self.eat(",") && !self.is("}") {
            items.push(self.infix()?);
        }
        self.expect("}")?;
        Ok(ExprKind::Set(items))
    }
}

fn infix(op: &'static str, left: Expr, right: Expr) -> Expr {
    let span = left.span.start..right.span.end;
    Expr { kind: ExprKind::Infix(op, Box::new(left), Box::new(right)), span }
}

fn step(term: Expr, part: Part, span: Range<usize>) -> Expr {
    match term.kind {
        ExprKind::Ref(head, mut parts) => {
            parts.push(part);
            Expr { kind: ExprKind::Ref(head, parts), span }
        }
        _ => Expr { kind: ExprKind::Ref(Box::new(term), vec![part]), span },
    }
}

/// The text of a string token, if it is one and has no escapes.
fn unquoted(token: Token<'_>) -> Option<String> {
    if token.kind != TokenKind::String {
        return None;
    }
    let inner = token.text.get(1..token.text.len().saturating_sub(1))?;
    if token.text.starts_with('`') || !inner.contains('\\') {
        return Some(inner.to_owned());
    }
    serde_json::from_str(token.text).ok()
}
