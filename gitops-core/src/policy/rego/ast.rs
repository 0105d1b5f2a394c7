//! What a Rego module says, with byte ranges: just enough to normalise and to check it.

use std::ops::Range;

/// A module.
#[derive(Debug, Default)]
pub(crate) struct Module {
    /// The package's path, without `data`.
    pub(crate) package: Vec<String>,
    /// Where the package clause stands.
    pub(crate) package_at: usize,
    pub(crate) imports: Vec<Import>,
    pub(crate) rules: Vec<Rule>,
}

/// `import path as alias`.
#[derive(Debug)]
pub(crate) struct Import {
    pub(crate) path: Vec<String>,
    pub(crate) alias: Option<String>,
    pub(crate) at: usize,
}

impl Import {
    /// The name it has in the module.
    pub(crate) fn name(&self) -> Option<&str> {
        self.alias.as_deref().or(self.path.last().map(String::as_str))
    }
}

/// What a rule defines.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum RuleKind {
    /// `default x = ..`.
    Default,
    /// One value: `x = ..`, `x { .. }`, `a.b.c := ..`.
    Complete,
    /// `f(x) ..`.
    Function,
    /// `s[x] { .. }`, `s contains x`.
    Set,
    /// `o[k] = v { .. }`.
    Object,
}

/// One definition.
#[derive(Debug)]
pub(crate) struct Rule {
    pub(crate) kind: RuleKind,
    /// The first part of the name; the rest of a dotted head is in `path`.
    pub(crate) name: String,
    pub(crate) args: Vec<Expr>,
    /// The key of a partial set or object.
    pub(crate) key: Option<Expr>,
    pub(crate) value: Option<Expr>,
    pub(crate) bodies: Vec<RuleBody>,
    /// The head's text, from the name to its end.
    pub(crate) head: Range<usize>,
}

/// A body of a rule.
#[derive(Debug)]
pub(crate) struct RuleBody {
    /// Whether it follows `else`.
    pub(crate) is_else: bool,
    /// The value of an `else`.
    pub(crate) value: Option<Expr>,
    pub(crate) body: Body,
}

/// Conditions that must all hold.
#[derive(Debug)]
pub(crate) struct Body {
    pub(crate) literals: Vec<Literal>,
    /// Where a first condition may be put: behind `{` or `|`.
    pub(crate) inner_start: usize,
    /// Whether it is one literal behind `if`, without braces.
    pub(crate) bare: bool,
}

/// One condition.
#[derive(Debug)]
pub(crate) struct Literal {
    pub(crate) kind: LiteralKind,
    pub(crate) with: Vec<With>,
    pub(crate) span: Range<usize>,
    /// Whether it stands on a new line without `;` and begins with `(`.
    pub(crate) paren_after_newline: bool,
}

/// What a condition is.
#[derive(Debug)]
pub(crate) enum LiteralKind {
    Expr(Expr),
    Not(Expr),
    Some(Vec<String>),
    SomeIn { key: Option<Expr>, value: Expr, collection: Expr },
    Every { key: Option<String>, value: String, domain: Expr, body: Body },
}

/// `with target as value`.
#[derive(Debug)]
pub(crate) struct With {
    pub(crate) target: Expr,
    pub(crate) value: Expr,
    pub(crate) span: Range<usize>,
}

/// A term or an expression, and its text.
#[derive(Debug)]
pub(crate) struct Expr {
    pub(crate) kind: ExprKind,
    pub(crate) span: Range<usize>,
}

/// Longest chain of operators in one expression (`a + b + c` has two). Each costs a frame of the stack in
/// every walk, here and in the engine.
pub(crate) const MAX_CHAIN: usize = 100;

/// What an expression is.
#[derive(Debug)]
pub(crate) enum ExprKind {
    /// A string; the text between its quotes where it has no escapes.
    String(Option<String>),
    /// A number, a boolean, null or a template.
    Scalar,
    Var(String),
    Ref(Box<Expr>, Vec<Part>),
    Call(Box<Expr>, Vec<Expr>),
    /// A binary operator.
    Infix(&'static str, Box<Expr>, Box<Expr>),
    Minus(Box<Expr>),
    /// `key, value in collection`; the key is optional.
    Member(Vec<Expr>),
    Array(Vec<Expr>),
    Set(Vec<Expr>),
    Object(Vec<(Expr, Expr)>),
    /// The terms before `|`, one or (object) two.
    Comprehension(Vec<Expr>, Box<Body>),
}

/// One step of a reference.
#[derive(Debug)]
pub(crate) enum Part {
    Field(String),
    Index(Expr),
}

impl Part {
    /// The constant name of the step, if it is one.
    pub(crate) fn constant(&self) -> Option<&str> {
        match self {
            Self::Field(name) => Some(name),
            Self::Index(Expr { kind: ExprKind::String(text), .. }) => text.as_deref(),
            Self::Index(_) => None,
        }
    }
}

impl Expr {
    /// The expressions directly inside, without those of a comprehension's body.
    pub(crate) fn children(&self) -> Vec<&Expr> {
        match &self.kind {
            ExprKind::String(_) | ExprKind::Scalar | ExprKind::Var(_) => Vec::new(),
            ExprKind::Ref(head, parts) => {
                let indexes = parts.iter().filter_map(|part| match part {
                    Part::Index(index) => Some(index),
                    Part::Field(_) => None,
                });
                std::iter::once(head.as_ref()).chain(indexes).collect()
            }
            ExprKind::Call(function, args) => std::iter::once(function.as_ref()).chain(args).collect(),
            ExprKind::Infix(_, left, right) => vec![left, right],
            ExprKind::Minus(inner) => vec![inner],
            ExprKind::Member(items)
            | ExprKind::Array(items)
            | ExprKind::Set(items)
            | ExprKind::Comprehension(items, _) => items.iter().collect(),
            ExprKind::Object(pairs) => pairs.iter().flat_map(|(key, value)| [key, value]).collect(),
        }
    }

    /// The constant path of a name or reference, up to the first step that is not constant, and
    /// whether that was all.
    pub(crate) fn constant_path(&self) -> Option<(Vec<&str>, bool)> {
        match &self.kind {
            ExprKind::Var(name) => Some((vec![name], true)),
            ExprKind::Ref(head, parts) => {
                let ExprKind::Var(name) = &head.kind else { return None };
                let mut path = vec![name.as_str()];
                for part in parts {
                    match part.constant() {
                        Some(name) => path.push(name),
                        None => return Some((path, false)),
                    }
                }
                Some((path, true))
            }
            _ => None,
        }
    }
}
