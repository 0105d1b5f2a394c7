//! Expressions to steps, and the place where their value will be.

use std::collections::BTreeSet;

use regorus::Value;

use super::body::{BodyPlan, Compiled, MAX_TRIES, Why};
use super::functions::Builtin;
use super::plan::Global;
use super::scope::Scope;
use super::steps::{Collection, Comparison, Operand, Operation, Step};
use crate::policy::rego::ast::{Body, Expr, ExprKind, Part};

impl<'a> BodyPlan<'a, '_> {
    pub(super) fn exprs(&mut self, exprs: &'a [Expr]) -> Compiled<Vec<Operand>> {
        exprs.iter().map(|expr| self.expr(expr)).collect()
    }

    /// The value of an expression.
    pub(super) fn expr(&mut self, expr: &'a Expr) -> Compiled<Operand> {
        self.tries += 1;
        if self.tries > MAX_TRIES {
            return Err(Why::NotHere);
        }
        let constant = |value: Value| Ok(Operand::Const(value));
        match &expr.kind {
            ExprKind::String(Some(text)) => constant(Value::from(text.as_str())),
            ExprKind::String(None) => Err(Why::NotHere),
            ExprKind::Scalar => scalar(self.text.get(expr.span.clone()).unwrap_or("")).map(Operand::Const),
            ExprKind::Var(name) => match self.variable(name) {
                Some((_, Some(value))) => Ok(value.clone()),
                Some((_, None)) => Err(Why::Unbound),
                None => self.reference(name, &[]),
            },
            ExprKind::Ref(head, parts) => {
                let head = match &head.kind {
                    ExprKind::Var(name) => match self.variable(name) {
                        Some((_, Some(value))) => value.clone(),
                        Some((_, None)) => return Err(Why::Unbound),
                        None => return self.reference(name, parts),
                    },
                    _ => self.expr(head)?,
                };
                self.steps_into(head, parts)
            }
            ExprKind::Call(function, args) => match self.call(function, args)? {
                (value, None) => Ok(value),
                (_, Some(_)) => Err(Why::NotHere),
            },
            ExprKind::Infix(op, left, right) => self.infix(op, left, right),
            ExprKind::Minus(inner) => {
                // Only of a number, as in OPA.
                let ExprKind::Scalar = inner.kind else { return Err(Why::NotHere) };
                let text = self.text.get(inner.span.clone()).unwrap_or("");
                scalar(&format!("-{text}")).map(Operand::Const)
            }
            ExprKind::Member(terms) => {
                let mut values = self.exprs(terms)?.into_iter().rev();
                let (Some(of), Some(value)) = (values.next(), values.next()) else {
                    return Err(Why::NotHere);
                };
                let to = self.slot();
                self.steps.push(Step::Member { key: values.next(), value, of, to });
                Ok(Operand::Slot(to))
            }
            ExprKind::Array(items) => self.make(Collection::Array, items),
            ExprKind::Set(items) => self.make(Collection::Set, items),
            ExprKind::Object(pairs) => {
                let pairs = pairs
                    .iter()
                    .map(|(key, value)| Ok((self.expr(key)?, self.expr(value)?)))
                    .collect::<Compiled<Box<[_]>>>()?;
                let to = self.slot();
                self.steps.push(Step::MakeObject { pairs, to });
                Ok(Operand::Slot(to))
            }
            ExprKind::Comprehension(terms, body) => self.comprehension(expr, terms, body),
        }
    }

    fn make(&mut self, what: Collection, items: &'a [Expr]) -> Compiled<Operand> {
        let items = self.exprs(items)?.into_boxed_slice();
        let constant = |item: &Operand| match item {
            // One of collections is weighed when it is built.
            Operand::Const(Value::Array(_) | Value::Set(_) | Value::Object(_)) | Operand::Slot(_) => None,
            Operand::Const(value) => Some(value.clone()),
        };
        if let Some(items) = items.iter().map(constant).collect::<Option<Vec<_>>>() {
            return Ok(Operand::Const(match what {
                Collection::Set => Value::from(items.into_iter().collect::<BTreeSet<_>>()),
                _ => Value::from(items),
            }));
        }
        let to = self.slot();
        self.steps.push(Step::Make { what, items, to });
        Ok(Operand::Slot(to))
    }

    fn comprehension(&mut self, expr: &Expr, terms: &'a [Expr], body: &'a Body) -> Compiled<Operand> {
        let array = self
            .text
            .get(expr.span.clone())
            .is_some_and(|text| text.trim_start_matches(['(', ' ', '\t', '\n']).starts_with('['));
        let what = match (terms, array) {
            ([_, _], _) => Collection::Object,
            (_, true) => Collection::Array,
            (_, false) => Collection::Set,
        };
        let block = self.block(|this| {
            this.scopes.push(Scope::of(body, &terms.iter().collect::<Vec<_>>()));
            this.floor = this.scopes.len() - 1;
            this.literals(&body.literals)?;
            let mut values = this.exprs(terms)?.into_iter();
            let (first, second) = (values.next().ok_or(Why::NotHere)?, values.next());
            this.steps.push(match second {
                Some(value) => Step::Yield { key: Some(first), value },
                None => Step::Yield { key: None, value: first },
            });
            Ok(())
        })?;
        let to = self.slot();
        self.steps.push(Step::Collect { what, block, to });
        Ok(Operand::Slot(to))
    }

    fn infix(&mut self, op: &str, left: &'a Expr, right: &'a Expr) -> Compiled<Operand> {
        if let Some(how) = comparison(op) {
            let (left, right) = (self.expr(left)?, self.expr(right)?);
            let to = self.slot();
            self.steps.push(Step::Compare { how, left, right, to });
            return Ok(Operand::Slot(to));
        }
        let what = match op {
            "+" => Operation::Add,
            "-" => Operation::Subtract,
            "*" => Operation::Multiply,
            "/" => Operation::Divide,
            "%" => Operation::Remainder,
            "&" => Operation::Intersection,
            "|" => Operation::Union,
            // An assignment or unification inside an expression.
            _ => return Err(Why::NotHere),
        };
        let (left, right) = (self.expr(left)?, self.expr(right)?);
        Ok(self.compute(what, left, right))
    }

    fn compute(&mut self, what: Operation, left: Operand, right: Operand) -> Operand {
        let to = self.slot();
        self.steps.push(Step::Compute { what, left, right, to });
        Operand::Slot(to)
    }

    /// A call's value, and the pattern it is matched with where it has one argument more.
    pub(super) fn call(
        &mut self,
        function: &'a Expr,
        args: &'a [Expr],
    ) -> Compiled<(Operand, Option<&'a Expr>)> {
        let Some((path, true)) = function.constant_path() else { return Err(Why::NotHere) };
        if path.first().is_some_and(|name| self.variable(name).is_some()) {
            return Err(Why::NotHere);
        }
        let known = self.plan.function(self.module, &path);
        let builtin = if known.is_none() { Builtin::find(&path.join(".")) } else { None };
        let arity = match (known, builtin) {
            (Some((_, arity)), _) | (None, Some((_, arity))) => arity,
            (None, None) => return Err(Why::NotHere),
        };
        let (given, out) = match args.split_last() {
            Some((out, given)) if args.len() == arity + 1 => (given, Some(out)),
            _ if args.len() == arity => (args, None),
            _ => return Err(Why::NotHere),
        };
        let args = self.exprs(given)?.into_boxed_slice();
        let to = self.slot();
        self.steps.push(match (known, builtin) {
            (Some((rule, 0)), _) => Step::Rule { rule, to },
            (Some((rule, _)), _) => Step::Call { rule, args, to },
            (None, Some((function, _))) => {
                Step::Builtin { function, args, weighed: path == ["json", "patch"], to }
            }
            (None, None) => return Err(Why::NotHere),
        });
        if path == ["walk"] {
            // The one function with many answers.
            let value = self.slot();
            self.each(Step::Each { from: Operand::Slot(to), key: None, value })?;
            return Ok((Operand::Slot(value), out));
        }
        Ok((Operand::Slot(to), out))
    }

    /// A reference that begins with a name that is no variable.
    fn reference(&mut self, name: &str, parts: &'a [Part]) -> Compiled<Operand> {
        if name == "_" {
            return Err(Why::NotHere);
        }
        let mut constants = Vec::new();
        for part in parts {
            match part.constant() {
                Some(constant) => constants.push(constant),
                None => break,
            }
        }
        let (head, used) = match self.plan.resolve(self.module, name, &constants) {
            Some(found) => found,
            None => return Err(Why::NotHere),
        };
        let to = self.slot();
        let step = match head {
            Global::Input => {
                let path = self.plan.input_path(&constants);
                self.steps.push(Step::Input { path, to });
                return self.steps_into(Operand::Slot(to), parts.get(constants.len()..).unwrap_or(&[]));
            }
            Global::Inventory => Step::Inventory { to },
            Global::Rule(rule) => {
                self.plan.value_rule(rule)?;
                Step::Rule { rule, to }
            }
        };
        self.steps.push(step);
        self.steps_into(Operand::Slot(to), parts.get(used..).unwrap_or(&[]))
    }

    /// The steps of a reference behind its head.
    fn steps_into(&mut self, head: Operand, parts: &'a [Part]) -> Compiled<Operand> {
        let mut value = head;
        for part in parts {
            value = match part {
                Part::Field(name) => self.get(value, Operand::Const(Value::from(name.as_str()))),
                Part::Index(index) if self.is_open(index) => {
                    let (key, element) = (self.slot(), self.slot());
                    let wanted = !matches!(&index.kind, ExprKind::Var(name) if name == "_");
                    self.each(Step::Each { from: value, key: wanted.then_some(key), value: element })?;
                    self.matches(index, &Operand::Slot(key))?;
                    Operand::Slot(element)
                }
                Part::Index(index) => {
                    let key = self.expr(index)?;
                    self.get(value, key)
                }
            };
        }
        Ok(value)
    }
}

pub(super) fn comparison(op: &str) -> Option<Comparison> {
    Some(match op {
        "==" => Comparison::Equal,
        "!=" => Comparison::NotEqual,
        "<" => Comparison::Less,
        "<=" => Comparison::LessOrEqual,
        ">" => Comparison::Greater,
        ">=" => Comparison::GreaterOrEqual,
        _ => return None,
    })
}

/// A number, a boolean or null.
fn scalar(text: &str) -> Compiled<Value> {
    match text.trim_matches(['(', ')', ' ']) {
        "true" => Ok(Value::Bool(true)),
        "false" => Ok(Value::Bool(false)),
        "null" => Ok(Value::Null),
        number => Value::from_numeric_string(number).map_err(|_| Why::NotHere),
    }
}
