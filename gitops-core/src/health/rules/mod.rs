//! Rules that tell the health of objects from their fields: text that people write and read.
//!
//! ```text
//! # Lines of comment, and sets of rules that kinds share.
//! define by-condition(type, waiting)
//!   Degraded "{@"%type".message}" if @"%type" is False
//!   Healthy "{@"%type".message}" if @"%type" is True
//!   Progressing "%waiting"
//!
//! example.com/Widget, example.com/Gadget
//!   Suspended "paused by its owner" if spec.paused
//!   use by-condition(Ready, "Waiting for {kind}")
//! ```
//!
//! A kind is `group/Kind`, a kind alone for the core group; `*` in either part stands for any text, and a
//! `*` alone for every kind. The first line that applies decides: a status, a reason in parentheses, a
//! message, and what must hold. `let name = …` names a value (`$name`), `if …` guards the lines below
//! it, `each list` asks the lines below it of each item (`each list if …`: of those that qualify).
//!
//! Values: `status.phase` is a field of the object, `.type` one of the item, `.` the item itself,
//! `@Ready` the first condition of that type (`list@Ready` of another list), `list["key"]` and
//! `map["key"]` whatever is there; what is absent is null, and so is anything of null. Operators are
//! `|| && ! == != < <= > >= in is + - ??` and `a ? b : c`; `x is True` asks for the field `status`, `??`
//! replaces null. Only null and false do not hold. A text may contain `{value}`.
//!
//! Functions of lists, whose last argument is asked of each item: `any all filter count first last sum
//! flatten sort until`, `join(list, separator, text)`; `concat`, `keys`, `position()` (of the item,
//! from 1). Of texts: `starts ends contains lower replace before after short`. Of anything: `int(value,
//! default) integer number type filled json age`.

mod evaluate;
mod expression;
mod functions;
mod lexer;
mod parse;
mod value;

use std::collections::HashMap;
use std::sync::Arc;

use super::HealthStatus;
use crate::error::Result;
use crate::object::Object;
use crate::time::Timestamp;
use expression::Expr;

/// One line of a rule, with the lines that depend on it.
#[derive(Clone, Debug)]
enum Statement {
    Decide { status: HealthStatus, reason: Option<Expr>, message: Option<Expr>, when: Option<Expr> },
    Let(String, Expr),
    If(Expr, Vec<Statement>),
    Each { list: Expr, when: Option<Expr>, body: Vec<Statement> },
}

/// What rules say of an object.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Verdict {
    pub(super) status: HealthStatus,
    pub(super) reason: String,
    pub(super) message: String,
}

/// Rules by kind. Shared, so that a clone costs nothing.
///
/// See the [language](self) they are written in.
#[derive(Clone, Debug, Default)]
pub struct Rules(Arc<Table>);

#[derive(Clone, Debug, Default)]
struct Table {
    exact: HashMap<String, Vec<Statement>>,
    /// Patterns, in the order of the text.
    patterns: Vec<(String, Vec<Statement>)>,
}

impl Rules {
    /// Reads rules.
    ///
    /// # Errors
    /// `health-rules` at the line that cannot be read; `health-rules-too-deep` where sets use each other or
    /// expressions nest too deeply.
    pub fn parse(name: &str, text: &str) -> Result<Self> {
        parse::parse(&[(name, text)]).map(|table| Self(Arc::new(table)))
    }

    /// Reads rules in several texts that share their sets; of two rules of one kind the later counts.
    pub(super) fn parse_all(texts: &[(&str, &str)]) -> Result<Self> {
        parse::parse(texts).map(|table| Self(Arc::new(table)))
    }

    /// The kinds that have rules, sorted: `group/Kind`, with `*` in patterns.
    #[must_use]
    pub fn kinds(&self) -> Vec<&str> {
        let mut kinds: Vec<&str> = self.0.exact.keys().map(|key| key.trim_start_matches('/')).collect();
        kinds.extend(self.0.patterns.iter().map(|(pattern, _)| pattern.trim_start_matches('/')));
        kinds.sort_unstable();
        kinds
    }

    /// What the rules say; `None` if there are none for the kind, or none of them applies.
    pub(super) fn judge(&self, object: &Object, now: Option<Timestamp>) -> Option<Verdict> {
        let statements = self.of(object.group(), object.kind())?;
        evaluate::run(statements, &object.node, now)
    }

    fn of(&self, group: &str, kind: &str) -> Option<&[Statement]> {
        let key = format!("{group}/{kind}");
        let exact = self.0.exact.get(&key);
        let pattern = || self.0.patterns.iter().find(|(pattern, _)| matches(pattern, group, kind));
        exact.or_else(|| pattern().map(|(_, statements)| statements)).map(Vec::as_slice)
    }
}

/// Whether `group/Kind` fits a pattern; `*` alone fits all.
fn matches(pattern: &str, group: &str, kind: &str) -> bool {
    match pattern.split_once('/') {
        Some((of_group, of_kind)) => fits(of_group, group) && fits(of_kind, kind),
        None => pattern == "*",
    }
}

/// Whether a text fits a pattern in which `*` stands for any text.
fn fits(pattern: &str, text: &str) -> bool {
    let Some((start, rest)) = pattern.split_once('*') else { return pattern == text };
    let Some(mut text) = text.strip_prefix(start) else { return false };
    let mut parts: Vec<&str> = rest.split('*').collect();
    let end = parts.pop().unwrap_or("");
    for part in parts {
        match text.find(part) {
            Some(at) => text = text.get(at + part.len()..).unwrap_or(""),
            None => return false,
        }
    }
    text.ends_with(end)
}

#[cfg(test)]
mod tests;
