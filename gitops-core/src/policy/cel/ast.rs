//! The syntax tree of a CEL expression; macros are nodes of their own.

use super::value::Value;

/// An expression.
#[derive(Clone, Debug)]
pub(super) enum Expr {
    Literal(Value),
    Name(String),
    /// `operand.field`, `operand.?field`.
    Select {
        operand: Box<Expr>,
        field: String,
        optional: bool,
    },
    /// `has(operand.field)`.
    Has {
        operand: Box<Expr>,
        field: String,
    },
    /// `operand[index]`, `operand[?index]`.
    Index {
        operand: Box<Expr>,
        index: Box<Expr>,
        optional: bool,
    },
    /// `f(args)`, `target.f(args)`, and the operators but for those below.
    Call {
        name: String,
        target: Option<Box<Expr>>,
        args: Vec<Expr>,
    },
    /// Chains of `&&` (true) and `||` (false).
    Logic {
        and: bool,
        terms: Vec<Expr>,
    },
    Choice {
        test: Box<Expr>,
        then: Box<Expr>,
        other: Box<Expr>,
    },
    /// `[a, ?b]`.
    List(Vec<(Expr, bool)>),
    /// `{a: b, ?c: d}`.
    Map(Vec<(Expr, Expr, bool)>),
    Loop(Box<Loop>),
    /// `a.optMap(x, e)`, or `a.optFlatMap(x, e)` if flat.
    OptMap {
        value: Box<Expr>,
        variable: String,
        body: Box<Expr>,
        flat: bool,
    },
}

/// A macro that goes through a list or the keys of a map.
#[derive(Clone, Debug)]
pub(super) struct Loop {
    pub(super) kind: LoopKind,
    pub(super) range: Expr,
    /// One variable, or two: index and element, or key and value.
    pub(super) variables: Vec<String>,
    pub(super) filter: Option<Expr>,
    pub(super) body: Expr,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum LoopKind {
    All,
    Exists,
    ExistsOne,
    Map,
    Filter,
    TransformList,
    TransformMap,
    TransformMapEntry,
}
