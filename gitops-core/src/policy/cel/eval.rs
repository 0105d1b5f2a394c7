//! Expressions to values, within a budget.
//!
//! Each step and each ten bytes or elements copied or read take one unit of the budget, about what
//! Kubernetes counts; so an evaluation ends, and what it can allocate is bounded.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::ast::{Expr, Loop, LoopKind};
use super::value::{Key, Value};
use super::{functions, scalars};

/// What one evaluation of a constraint may cost, as in Kubernetes (`PerCallLimit`).
pub(super) const BUDGET: u64 = 1_000_000;

/// Why there is no value.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Fail {
    /// An error of the expression, which `&&`, `||`, `all` and `exists` may absorb.
    Error(String),
    /// The budget is used up.
    Budget,
}

impl Fail {
    pub(super) fn new(message: impl Into<String>) -> Self {
        Self::Error(message.into())
    }

    pub(super) fn no_overload() -> Self {
        Self::new("no such overload")
    }

    pub(super) fn message(&self) -> &str {
        match self {
            Self::Error(message) => message,
            Self::Budget => "operation cancelled: actual cost limit exceeded",
        }
    }
}

pub(super) type Outcome = Result<Value, Fail>;

/// The names that stand before a function's, such as `optional.of`.
pub(super) const SPACES: &[&str] = &["optional", "sets", "format", "lists", "ip", "strings"];

/// One evaluation: what names mean, and what is left of the budget.
pub(super) struct Evaluator<'a> {
    /// `object`, `request` and so on.
    pub(super) roots: BTreeMap<&'a str, Value>,
    /// `variables`, evaluated when first asked for.
    pub(super) definitions: &'a [(String, Result<Expr, String>)],
    pub(super) variables: BTreeMap<&'a str, Outcome>,
    pub(super) budget: u64,
    locals: Vec<(&'a str, Value)>,
}

impl<'a> Evaluator<'a> {
    pub(super) fn new(
        roots: BTreeMap<&'a str, Value>,
        definitions: &'a [(String, Result<Expr, String>)],
    ) -> Self {
        Self { roots, definitions, variables: BTreeMap::new(), budget: BUDGET, locals: Vec::new() }
    }

    /// The value of an expression.
    pub(super) fn evaluate(&mut self, expr: &'a Expr) -> Outcome {
        self.locals.clear();
        self.eval(expr)
    }

    pub(super) fn charge(&mut self, units: u64) -> Result<(), Fail> {
        match self.budget.checked_sub(units) {
            Some(left) => {
                self.budget = left;
                Ok(())
            }
            None => {
                self.budget = 0;
                Err(Fail::Budget)
            }
        }
    }

    fn eval(&mut self, expr: &'a Expr) -> Outcome {
        match expr {
            Expr::Literal(value) => Ok(value.clone()),
            Expr::Name(name) => self.name(name),
            Expr::Select { operand, field, optional } => self.select(operand, field, *optional),
            Expr::Has { operand, field } => self.has(operand, field),
            Expr::Index { operand, index, optional } => {
                let operand = self.eval(operand)?;
                let index = self.eval(index)?;
                self.charge(1)?;
                self.index(&operand, &index, *optional)
            }
            Expr::Call { name, target, args } => self.call(name, target.as_deref(), args),
            Expr::Logic { and, terms } => self.logic(*and, terms),
            Expr::Choice { test, then, other } => match self.eval(test)? {
                Value::Bool(true) => self.eval(then),
                Value::Bool(false) => self.eval(other),
                _ => Err(Fail::no_overload()),
            },
            Expr::List(items) => {
                self.charge(1 + items.len() as u64)?;
                let mut list = Vec::with_capacity(items.len());
                for (item, optional) in items {
                    list.extend(spread(self.eval(item)?, *optional)?);
                }
                Ok(Value::list(list))
            }
            Expr::Map(entries) => {
                self.charge(1 + entries.len() as u64)?;
                let mut map = BTreeMap::new();
                for (key, value, optional) in entries {
                    let key = self.eval(key)?;
                    let key = Key::of(&key).ok_or_else(|| Fail::new("unsupported key type"))?;
                    let value = spread(self.eval(value)?, *optional)?;
                    if let (Some(value), Some(_)) = (value, map.get(&key).map_or(Some(()), |_| None)) {
                        map.insert(key, value);
                    } else if map.contains_key(&key) {
                        return Err(Fail::new("Failed with repeated key"));
                    }
                }
                Ok(Value::Map(Arc::new(map)))
            }
            Expr::Loop(inner) => self.repeat(inner),
            Expr::OptMap { value, variable, body, flat } => match self.eval(value)? {
                Value::Optional(None) => Ok(Value::Optional(None)),
                Value::Optional(Some(value)) => {
                    let result = self.with(&[variable], &[(*value).clone()], body)?;
                    if *flat { Ok(result) } else { Ok(Value::optional(Some(result))) }
                }
                _ => Err(Fail::no_overload()),
            },
        }
    }

    fn name(&mut self, name: &str) -> Outcome {
        self.charge(1)?;
        if let Some((_, value)) = self.locals.iter().rev().find(|(local, _)| *local == name) {
            return Ok(value.clone());
        }
        if let Some(value) = self.roots.get(name) {
            return Ok(value.clone());
        }
        match functions::TYPES.iter().find(|known| **known == name) {
            Some(name) => Ok(Value::Type(name)),
            None => Err(Fail::new(format!("undeclared reference to '{name}'"))),
        }
    }

    fn is_variables(&self, operand: &Expr) -> bool {
        matches!(operand, Expr::Name(name) if name == "variables")
            && !self.locals.iter().any(|(n, _)| *n == "variables")
    }

    fn variable(&mut self, field: &str) -> Outcome {
        self.charge(1)?;
        if let Some(known) = self.variables.get(field) {
            return known.clone();
        }
        let definitions = self.definitions;
        let Some((name, expr)) = definitions.iter().find(|(name, _)| name == field) else {
            return Err(Fail::new(format!("undefined field '{field}'")));
        };
        let outcome = match expr {
            Ok(expr) => {
                // Seen by itself only as an error; only what stands before is meant to be seen.
                self.variables.insert(name, Err(Fail::new(format!("undefined field '{field}'"))));
                let locals = std::mem::take(&mut self.locals);
                let outcome = self.eval(expr);
                self.locals = locals;
                outcome
            }
            Err(message) => Err(Fail::new(message.clone())),
        };
        let outcome = outcome.map_err(|fail| match fail {
            Fail::Error(message) => {
                Fail::new(format!("composited variable \"{field}\" fails to evaluate: {message}"))
            }
            Fail::Budget => Fail::Budget,
        });
        self.variables.insert(name, outcome.clone());
        outcome
    }

    fn select(&mut self, operand: &'a Expr, field: &str, optional: bool) -> Outcome {
        if self.is_variables(operand) {
            let value = self.variable(field)?;
            return Ok(if optional { Value::optional(Some(value)) } else { value });
        }
        let operand = self.eval(operand)?;
        self.charge(1)?;
        self.field(&operand, field, optional)
    }

    fn field(&mut self, operand: &Value, field: &str, optional: bool) -> Outcome {
        match operand {
            // What is taken from an optional value is optional.
            Value::Optional(inner) => {
                let Some(inner) = inner else { return Ok(Value::Optional(None)) };
                match &**inner {
                    Value::Map(map) => Ok(Value::optional(map.get(&Key::Text(Arc::from(field))).cloned())),
                    _ => Err(Fail::no_overload()),
                }
            }
            Value::Map(map) => match map.get(&Key::Text(Arc::from(field))) {
                found if optional => Ok(Value::optional(found.cloned())),
                Some(value) => Ok(value.clone()),
                None => Err(Fail::new(format!("no such key: {field}"))),
            },
            Value::List(_) => Err(Fail::new("unsupported index type 'string' in list")),
            // What has no fields has not this one, as cel-go sees it.
            _ if optional => Ok(Value::Optional(None)),
            _ => Err(Fail::new(format!("no such key: {field}"))),
        }
    }

    fn has(&mut self, operand: &'a Expr, field: &str) -> Outcome {
        if self.is_variables(operand) {
            let known = self.variables.contains_key(field);
            return Ok(Value::Bool(known || self.definitions.iter().any(|(name, _)| name == field)));
        }
        let operand = self.eval(operand)?;
        let map = match &operand {
            Value::Optional(None) => return Ok(Value::Bool(false)),
            Value::Optional(Some(inner)) => inner,
            other => other,
        };
        match map {
            Value::Map(map) => Ok(Value::Bool(map.contains_key(&Key::Text(Arc::from(field))))),
            Value::List(_) => Err(Fail::new("unsupported index type 'string' in list")),
            _ => Ok(Value::Bool(false)),
        }
    }

    fn index(&mut self, operand: &Value, index: &Value, optional: bool) -> Outcome {
        let (operand, optional) = match operand {
            Value::Optional(None) => return Ok(Value::Optional(None)),
            Value::Optional(Some(inner)) => (&**inner, true),
            other => (other, optional),
        };
        let found = match operand {
            Value::List(items) => {
                let at = match Key::of(index) {
                    Some(Key::Int(at)) => at,
                    _ => {
                        return Err(Fail::new(format!(
                            "unsupported index type '{}' in list",
                            index.type_name()
                        )));
                    }
                };
                let found = usize::try_from(at).ok().and_then(|at| items.get(at)).cloned();
                found.ok_or_else(|| format!("index out of bounds: {at}"))
            }
            Value::Map(map) => {
                let Some(key) = Key::of(index) else {
                    return Err(Fail::new(format!("unsupported key type: {}", index.type_name())));
                };
                map.get(&key).cloned().ok_or_else(|| {
                    let shown = scalars::to_text(index).unwrap_or_else(|| index.type_name().to_owned());
                    format!("no such key: {shown}")
                })
            }
            _ => return Err(Fail::no_overload()),
        };
        match found {
            found if optional => Ok(Value::optional(found.ok())),
            Ok(value) => Ok(value),
            Err(message) => Err(Fail::new(message)),
        }
    }

    fn logic(&mut self, and: bool, terms: &'a [Expr]) -> Outcome {
        let mut failed = None;
        for term in terms {
            match self.eval(term) {
                Ok(Value::Bool(value)) if value != and => return Ok(Value::Bool(value)),
                Ok(Value::Bool(_)) => {}
                Ok(_) => failed = failed.or(Some(Fail::no_overload())),
                Err(Fail::Budget) => return Err(Fail::Budget),
                Err(fail) => failed = failed.or(Some(fail)),
            }
        }
        failed.map_or(Ok(Value::Bool(and)), Err)
    }

    fn call(&mut self, name: &str, target: Option<&'a Expr>, args: &'a [Expr]) -> Outcome {
        self.charge(1)?;
        let mut values = Vec::with_capacity(args.len() + 1);
        let mut member = false;
        let mut full = None;
        match target {
            Some(Expr::Name(space))
                if SPACES.contains(&space.as_str())
                    && functions::is_known(&format!("{space}.{name}"), false, args.len())
                    && !self.locals.iter().any(|(local, _)| local == space) =>
            {
                full = Some(format!("{space}.{name}"));
            }
            Some(target) => {
                member = true;
                // `orValue` and `or` look at their argument only where they need it.
                let value = self.eval(target)?;
                if let (Value::Optional(Some(inner)), "orValue" | "or", 1) = (&value, name, args.len()) {
                    return Ok(if name == "or" { value } else { (**inner).clone() });
                }
                values.push(value);
            }
            None => {}
        }
        if name == "sortBy" && member {
            return Err(Fail::new("sortBy is not supported"));
        }
        for arg in args {
            values.push(self.eval(arg)?);
        }
        functions::call(self, full.as_deref().unwrap_or(name), member, &values)
    }

    /// Evaluates a body with local names.
    fn with(&mut self, names: &[&'a String], values: &[Value], body: &'a Expr) -> Outcome {
        let before = self.locals.len();
        self.locals.extend(names.iter().map(|name| name.as_str()).zip(values.iter().cloned()));
        let outcome = self.eval(body);
        self.locals.truncate(before);
        outcome
    }

    fn repeat(&mut self, inner: &'a Loop) -> Outcome {
        let range = self.eval(&inner.range)?;
        let names: Vec<&'a String> = inner.variables.iter().collect();
        let two = names.len() == 2;
        let rounds: Vec<Vec<Value>> = match &range {
            Value::List(items) if two => {
                items.iter().enumerate().map(|(at, item)| vec![Value::Int(at as i64), item.clone()]).collect()
            }
            Value::List(items) => items.iter().map(|item| vec![item.clone()]).collect(),
            Value::Map(map) if two => {
                map.iter().map(|(key, value)| vec![key.value(), value.clone()]).collect()
            }
            Value::Map(map) => map.keys().map(|key| vec![key.value()]).collect(),
            _ => return Err(Fail::no_overload()),
        };
        self.charge(1 + rounds.len() as u64)?;
        match inner.kind {
            LoopKind::All | LoopKind::Exists => {
                let all = inner.kind == LoopKind::All;
                let mut failed = None;
                for round in &rounds {
                    match self.with(&names, round, &inner.body) {
                        Ok(Value::Bool(value)) if value != all => return Ok(Value::Bool(value)),
                        Ok(Value::Bool(_)) => {}
                        Ok(_) => failed = Some(Fail::no_overload()),
                        Err(Fail::Budget) => return Err(Fail::Budget),
                        Err(fail) => failed = Some(fail),
                    }
                }
                failed.map_or(Ok(Value::Bool(all)), Err)
            }
            LoopKind::ExistsOne => {
                let mut count = 0;
                for round in &rounds {
                    count += u64::from(self.truth(&names, round, &inner.body)?);
                }
                Ok(Value::Bool(count == 1))
            }
            LoopKind::Filter => {
                let mut list = Vec::new();
                for round in &rounds {
                    if self.truth(&names, round, &inner.body)? {
                        list.extend(round.first().cloned());
                    }
                }
                Ok(Value::list(list))
            }
            LoopKind::Map | LoopKind::TransformList => {
                let mut list = Vec::new();
                for round in &rounds {
                    if self.passes(inner, &names, round)? {
                        list.push(self.with(&names, round, &inner.body)?);
                    }
                }
                Ok(Value::list(list))
            }
            LoopKind::TransformMap | LoopKind::TransformMapEntry => {
                let mut map = BTreeMap::new();
                for round in &rounds {
                    if !self.passes(inner, &names, round)? {
                        continue;
                    }
                    let result = self.with(&names, round, &inner.body)?;
                    match (inner.kind, result) {
                        (LoopKind::TransformMap, result) => {
                            map.extend(round.first().and_then(Key::of).map(|key| (key, result)));
                        }
                        (_, Value::Map(entry)) if entry.len() == 1 => {
                            for (key, value) in entry.iter() {
                                if map.insert(key.clone(), value.clone()).is_some() {
                                    return Err(Fail::new("insert failed: key already exists"));
                                }
                            }
                        }
                        _ => return Err(Fail::no_overload()),
                    }
                }
                Ok(Value::Map(Arc::new(map)))
            }
        }
    }

    fn passes(&mut self, inner: &'a Loop, names: &[&'a String], round: &[Value]) -> Result<bool, Fail> {
        inner.filter.as_ref().map_or(Ok(true), |filter| self.truth(names, round, filter))
    }

    fn truth(&mut self, names: &[&'a String], round: &[Value], body: &'a Expr) -> Result<bool, Fail> {
        match self.with(names, round, body)? {
            Value::Bool(value) => Ok(value),
            _ => Err(Fail::no_overload()),
        }
    }

    /// Whether two values are equal, paid by the element.
    pub(super) fn equal(&mut self, a: &Value, b: &Value) -> Result<bool, Fail> {
        self.charge(1)?;
        match (a, b) {
            (Value::List(a), Value::List(b)) => {
                if a.len() != b.len() {
                    return Ok(false);
                }
                for (a, b) in a.iter().zip(b.iter()) {
                    if !self.equal(a, b)? {
                        return Ok(false);
                    }
                }
                Ok(true)
            }
            (Value::Map(a), Value::Map(b)) => {
                if a.len() != b.len() {
                    return Ok(false);
                }
                for ((key, a), (other, b)) in a.iter().zip(b.iter()) {
                    if key != other || !self.equal(a, b)? {
                        return Ok(false);
                    }
                }
                Ok(true)
            }
            (Value::Optional(Some(a)), Value::Optional(Some(b))) => self.equal(a, b),
            _ => {
                self.charge(a.weight().min(b.weight()))?;
                Ok(a == b)
            }
        }
    }
}

/// An element of a list or a value of a map; an optional one is there or not.
fn spread(value: Value, optional: bool) -> Result<Option<Value>, Fail> {
    match value {
        value if !optional => Ok(Some(value)),
        Value::Optional(inner) => Ok(inner.map(|inner| (*inner).clone())),
        other => Err(Fail::new(format!(
            "cannot initialize optional entry from non-optional value of type {}",
            other.type_name()
        ))),
    }
}
