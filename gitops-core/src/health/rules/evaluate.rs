//! Asks rules about an object.

use super::expression::{Expr, Operator, Part};
use super::functions;
use super::value::Value;
use super::{Statement, Verdict};
use crate::health::HealthStatus;
use crate::node::Node;
use crate::time::Timestamp;

/// Steps that the rules of one object may take: a list within a list within a list must not cost minutes.
const MAX_STEPS: usize = 2_000_000;

/// The rules took too many steps.
#[derive(Debug)]
pub(super) struct Spent;

/// What expressions can see.
pub(super) struct Scope<'a> {
    object: &'a Node,
    /// The items that lists are at, innermost last, with their positions.
    items: Vec<(Value, usize)>,
    variables: Vec<(&'a str, Value)>,
    steps: usize,
    pub(super) now: Option<Timestamp>,
}

/// Asks the rules of a kind; `None` if none applies.
pub(super) fn run(statements: &[Statement], object: &Node, now: Option<Timestamp>) -> Option<Verdict> {
    let mut scope = Scope { object, items: Vec::new(), variables: Vec::new(), steps: MAX_STEPS, now };
    match scope.run(statements) {
        Ok(verdict) => verdict,
        Err(Spent) => Some(Verdict {
            status: HealthStatus::Unknown,
            reason: "RulesTooCostly".into(),
            message: "the health rules of this kind take too many steps on this object".into(),
        }),
    }
}

impl<'a> Scope<'a> {
    fn run(&mut self, statements: &'a [Statement]) -> Result<Option<Verdict>, Spent> {
        for statement in statements {
            match statement {
                Statement::Decide { status, reason, message, when } => {
                    if self.holds(when.as_ref())? {
                        let (reason, message) =
                            (self.written(reason.as_ref())?, self.written(message.as_ref())?);
                        return Ok(Some(Verdict { status: *status, reason, message }));
                    }
                }
                Statement::Let(name, expr) => {
                    let value = self.evaluate(expr)?;
                    self.variables.push((name, value));
                }
                Statement::If(when, body) => {
                    if self.holds(Some(when))?
                        && let Some(verdict) = self.block(body)?
                    {
                        return Ok(Some(verdict));
                    }
                }
                Statement::Each { list, when, body } => {
                    let list = self.evaluate(list)?;
                    for (at, item) in self.items(&list)?.into_iter().enumerate() {
                        let verdict = self.within(item, at, |scope| {
                            if scope.holds(when.as_ref())? { scope.block(body) } else { Ok(None) }
                        })?;
                        if verdict.is_some() {
                            return Ok(verdict);
                        }
                    }
                }
            }
        }
        Ok(None)
    }

    /// Runs lines whose names end with them.
    fn block(&mut self, body: &'a [Statement]) -> Result<Option<Verdict>, Spent> {
        let known = self.variables.len();
        let verdict = self.run(body);
        self.variables.truncate(known);
        verdict
    }

    fn holds(&mut self, when: Option<&Expr>) -> Result<bool, Spent> {
        match when {
            Some(expr) => Ok(self.evaluate(expr)?.holds()),
            None => Ok(true),
        }
    }

    fn written(&mut self, expr: Option<&Expr>) -> Result<String, Spent> {
        let mut out = String::new();
        if let Some(expr) = expr {
            self.evaluate(expr)?.write(&mut out);
        }
        Ok(out)
    }

    /// Does something at an item of a list.
    pub(super) fn within<T>(
        &mut self,
        item: Value,
        at: usize,
        ask: impl FnOnce(&mut Self) -> Result<T, Spent>,
    ) -> Result<T, Spent> {
        self.items.push((item, at + 1));
        let answer = ask(self);
        self.items.pop();
        answer
    }

    /// The position of the item, from 1.
    pub(super) fn position(&self) -> usize {
        self.items.last().map_or(0, |(_, at)| *at)
    }

    pub(super) fn spend(&mut self, steps: usize) -> Result<(), Spent> {
        self.steps = self.steps.checked_sub(steps + 1).ok_or(Spent)?;
        Ok(())
    }

    /// The items of a list, each for a step.
    pub(super) fn items(&mut self, list: &Value) -> Result<Vec<Value>, Spent> {
        let items = list.items();
        self.spend(items.len())?;
        Ok(items)
    }

    /// The steps that reading a value takes, if it is a text or a list made on the way.
    pub(super) fn spend_on(&mut self, value: &Value) -> Result<(), Spent> {
        match value {
            Value::Text(_) | Value::List(_) => self.spend(value.weight()),
            _ => Ok(()),
        }
    }

    pub(super) fn evaluate(&mut self, expr: &Expr) -> Result<Value, Spent> {
        self.spend(0)?;
        Ok(match expr {
            Expr::Literal(value) => value.clone(),
            Expr::Template(parts) => {
                let mut out = String::new();
                for part in parts {
                    match part {
                        Part::Text(text) => out.push_str(text),
                        Part::Value(expr) => self.evaluate(expr)?.write(&mut out),
                    }
                }
                self.spend(out.len() / 64)?;
                Value::text(out)
            }
            Expr::List(items) => {
                let items: Result<_, _> = items.iter().map(|item| self.evaluate(item)).collect();
                Value::list(items?)
            }
            Expr::Root(key) => self.object.get(key).map_or(Value::Null, Value::from),
            Expr::Item => self.items.last().map_or(Value::Null, |(item, _)| item.clone()),
            Expr::Variable(name) => {
                let found = self.variables.iter().rev().find(|(known, _)| known == name);
                found.map_or(Value::Null, |(_, value)| value.clone())
            }
            Expr::Field(of, key) => self.evaluate(of)?.field(key),
            Expr::At(of, at) => {
                let list = self.evaluate(of)?;
                self.items(&list)?.into_iter().nth(*at).unwrap_or(Value::Null)
            }
            Expr::OfType(of, name) => {
                let list = self.evaluate(of)?;
                let items = self.items(&list)?;
                let found = items.into_iter().find(|item| item.field("type").as_str() == Some(name));
                found.unwrap_or(Value::Null)
            }
            Expr::Is(of, status) => Value::Bool(self.evaluate(of)?.field("status").as_str() == Some(status)),
            Expr::Not(of) => Value::Bool(!self.evaluate(of)?.holds()),
            Expr::Binary(operator, left, right) => self.binary(*operator, left, right)?,
            Expr::Choose(condition, then, otherwise) => {
                let chosen = if self.evaluate(condition)?.holds() { then } else { otherwise };
                self.evaluate(chosen)?
            }
            Expr::Call(function, arguments) => functions::call(*function, arguments, self)?,
        })
    }

    fn binary(&mut self, operator: Operator, left: &Expr, right: &Expr) -> Result<Value, Spent> {
        let left = self.evaluate(left)?;
        match operator {
            Operator::Or if left.holds() => return Ok(left),
            Operator::And if !left.holds() => return Ok(left),
            Operator::Else if !left.is_null() => return Ok(left),
            _ => {}
        }
        let right = self.evaluate(right)?;
        if matches!(operator, Operator::Equal | Operator::NotEqual | Operator::In) {
            self.spend(right.weight())?;
        }
        let order = || left.order(&right);
        Ok(match operator {
            Operator::Or | Operator::And | Operator::Else => right,
            Operator::Equal => Value::Bool(left == right),
            Operator::NotEqual => Value::Bool(left != right),
            Operator::Less => Value::Bool(order().is_some_and(std::cmp::Ordering::is_lt)),
            Operator::LessOrEqual => Value::Bool(order().is_some_and(std::cmp::Ordering::is_le)),
            Operator::Greater => Value::Bool(order().is_some_and(std::cmp::Ordering::is_gt)),
            Operator::GreaterOrEqual => Value::Bool(order().is_some_and(std::cmp::Ordering::is_ge)),
            Operator::In => Value::Bool(right.items().contains(&left)),
            Operator::Plus | Operator::Minus => match (left.as_number(), right.as_number()) {
                (Some(a), Some(b)) => Value::Number(if operator == Operator::Plus { a + b } else { a - b }),
                _ => Value::Null,
            },
        })
    }
}
