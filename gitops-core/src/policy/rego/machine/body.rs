//! Bodies to blocks: conditions in an order in which each finds what it needs bound.

use std::collections::{BTreeMap, BTreeSet};

use regorus::Value;

use super::expr::comparison;
use super::plan::Plan;
use super::scope::{Scope, owner};
use super::steps::{Block, Comparison, Operand, Slot, Step};
use crate::policy::rego::ast::{Body, Expr, ExprKind, Literal, LiteralKind};
use crate::policy::rego::check::pattern_names;

/// Why an expression has no steps.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Why {
    /// A variable has no value yet; another condition may give it one.
    Unbound,
    /// It is left to the engine.
    NotHere,
}

pub(super) type Compiled<T> = Result<T, Why>;

/// Steps with many answers in one definition; each is a frame of the stack when run.
const MAX_EACH: usize = 100;

/// What is tried to find an order, in expressions.
pub(super) const MAX_TRIES: usize = 50_000;

/// Makes the blocks of one definition.
pub(super) struct BodyPlan<'a, 'p> {
    pub(super) plan: &'p mut Plan<'a>,
    /// The module's text, and its index.
    pub(super) text: &'a str,
    pub(super) module: usize,
    pub(super) scopes: Vec<Scope>,
    /// Variables of scopes before this one cannot be given a value here.
    pub(super) floor: usize,
    pub(super) steps: Vec<Step>,
    slots: usize,
    eaches: usize,
    pub(super) tries: usize,
}

impl<'a, 'p> BodyPlan<'a, 'p> {
    pub(super) fn new(plan: &'p mut Plan<'a>, module: usize, text: &'a str) -> Self {
        Self {
            plan,
            text,
            module,
            scopes: Vec::new(),
            floor: 0,
            steps: Vec::new(),
            slots: 0,
            eaches: 0,
            tries: 0,
        }
    }

    /// How many slots its blocks use.
    pub(super) fn slots(&self) -> usize {
        self.slots
    }

    /// A body of a rule with arguments, and the terms of its head, of which the last is its value.
    pub(super) fn rule(
        &mut self,
        args: &'a [Expr],
        body: Option<&'a Body>,
        key: Option<&'a Expr>,
        value: Option<&'a Expr>,
    ) -> Compiled<Block> {
        self.scopes.clear();
        self.floor = 0;
        let terms: Vec<&Expr> = key.into_iter().chain(value).collect();
        let none = Body { literals: Vec::new(), inner_start: 0, bare: false };
        let mut arguments = Scope::default();
        let mut names = BTreeSet::new();
        args.iter().for_each(|arg| pattern_names(arg, &mut names));
        names.remove("_");
        arguments.declared = names.into_iter().map(str::to_owned).collect();
        self.scopes.push(arguments);
        self.slots = self.slots.max(args.len());
        for (slot, arg) in args.iter().enumerate() {
            self.matches(arg, &Operand::Slot(slot))?;
        }
        self.scopes.push(Scope::of(body.unwrap_or(&none), &terms));
        self.floor = 1;
        if let Some(body) = body {
            self.literals(&body.literals)?;
        }
        let key = key.map(|key| self.expr(key)).transpose()?;
        let value = match value {
            Some(value) => self.expr(value)?,
            None => Operand::Const(Value::Bool(true)),
        };
        self.steps.push(Step::Yield { key, value });
        Ok(std::mem::take(&mut self.steps).into_boxed_slice())
    }

    /// The steps of conditions, each as early as its variables are known.
    pub(super) fn literals(&mut self, literals: &'a [Literal]) -> Compiled<()> {
        let mut left: Vec<&Literal> = literals.iter().collect();
        while !left.is_empty() {
            let before = left.len();
            let mut waiting = Vec::new();
            for literal in left {
                let (steps, eaches) = (self.steps.len(), self.eaches);
                let bound: Option<BTreeMap<_, _>> = self.scopes.last().map(|scope| scope.bound.clone());
                match self.literal(literal) {
                    Ok(()) => {}
                    Err(Why::Unbound) => {
                        self.steps.truncate(steps);
                        self.eaches = eaches;
                        if let (Some(scope), Some(bound)) = (self.scopes.last_mut(), bound) {
                            scope.bound = bound;
                        }
                        waiting.push(literal);
                    }
                    Err(other) => return Err(other),
                }
            }
            if waiting.len() == before {
                return Err(Why::Unbound);
            }
            left = waiting;
        }
        Ok(())
    }

    /// The steps that `make` makes, as a block of their own.
    pub(super) fn block(&mut self, make: impl FnOnce(&mut Self) -> Compiled<()>) -> Compiled<Block> {
        let outer = std::mem::take(&mut self.steps);
        let (scopes, floor) = (self.scopes.len(), self.floor);
        let made = make(self);
        self.scopes.truncate(scopes);
        self.floor = floor;
        let steps = std::mem::replace(&mut self.steps, outer);
        made.map(|()| steps.into_boxed_slice())
    }

    fn literal(&mut self, literal: &'a Literal) -> Compiled<()> {
        if !literal.with.is_empty() {
            return Err(Why::NotHere);
        }
        match &literal.kind {
            LiteralKind::Some(_) => Ok(()),
            LiteralKind::Expr(expr) => self.statement(expr),
            LiteralKind::Not(expr) => {
                let block = self.block(|this| {
                    // What is negated gives nothing a value.
                    this.floor = this.scopes.len();
                    this.statement(expr)?;
                    this.solution();
                    Ok(())
                })?;
                self.steps.push(Step::Not(block));
                Ok(())
            }
            LiteralKind::SomeIn { key, value, collection } => {
                let from = self.expr(collection)?;
                let key_slot = key.as_ref().map(|_| self.slot());
                let value_slot = self.slot();
                self.each(Step::Each { from, key: key_slot, value: value_slot })?;
                if let (Some(key), Some(slot)) = (key, key_slot) {
                    self.matches(key, &Operand::Slot(slot))?;
                }
                self.matches(value, &Operand::Slot(value_slot))
            }
            LiteralKind::Every { key, value, domain, body } => {
                let of = self.expr(domain)?;
                let key_slot = key.as_ref().map(|_| self.slot());
                let value_slot = self.slot();
                let block = self.block(|this| {
                    let mut scope = Scope::of(body, &[]);
                    let named = key.iter().zip(key_slot).chain([(value, value_slot)]);
                    for (name, slot) in named.filter(|(name, _)| *name != "_") {
                        scope.declared.insert(name.clone());
                        scope.bound.insert(name.clone(), Operand::Slot(slot));
                    }
                    this.scopes.push(scope);
                    this.floor = this.scopes.len() - 1;
                    this.literals(&body.literals)?;
                    this.solution();
                    Ok(())
                })?;
                self.steps.push(Step::Every { of, key: key_slot, value: value_slot, block });
                Ok(())
            }
        }
    }

    /// A solution of which only its existence counts.
    fn solution(&mut self) {
        self.steps.push(Step::Yield { key: None, value: Operand::Const(Value::Bool(true)) });
    }

    pub(super) fn slot(&mut self) -> Slot {
        self.slots += 1;
        self.slots - 1
    }

    pub(super) fn each(&mut self, step: Step) -> Compiled<()> {
        self.eaches += 1;
        if self.eaches > MAX_EACH {
            return Err(Why::NotHere);
        }
        self.steps.push(step);
        Ok(())
    }

    /// A condition of its own.
    fn statement(&mut self, expr: &'a Expr) -> Compiled<()> {
        match &expr.kind {
            ExprKind::Infix(":=", left, right) => {
                let value = self.expr(right)?;
                self.matches(left, &value)
            }
            ExprKind::Infix("=", left, right) => self.unify(left, right),
            ExprKind::Infix(op, left, right) if comparison(op).is_some() => {
                let how = comparison(op).ok_or(Why::NotHere)?;
                let (left, right) = (self.expr(left)?, self.expr(right)?);
                self.steps.push(Step::Check { how, left, right });
                Ok(())
            }
            ExprKind::Call(function, args) => {
                let (value, out) = self.call(function, args)?;
                match out {
                    Some(pattern) => self.matches(pattern, &value),
                    None => self.holds(value),
                }
            }
            _ => {
                let value = self.expr(expr)?;
                self.holds(value)
            }
        }
    }

    fn holds(&mut self, value: Operand) -> Compiled<()> {
        if !matches!(&value, Operand::Const(value) if value != &Value::Bool(false)) {
            self.steps.push(Step::Holds(value));
        }
        Ok(())
    }

    /// `left = right`.
    fn unify(&mut self, left: &'a Expr, right: &'a Expr) -> Compiled<()> {
        if let (ExprKind::Array(left), ExprKind::Array(right)) = (&left.kind, &right.kind)
            && left.len() == right.len()
        {
            return left.iter().zip(right).try_for_each(|(left, right)| self.unify(left, right));
        }
        match (self.is_open(left), self.is_open(right)) {
            (_, false) => {
                let value = self.expr(right)?;
                self.matches(left, &value)
            }
            (false, true) => {
                let value = self.expr(left)?;
                self.matches(right, &value)
            }
            (true, true) => Err(Why::Unbound),
        }
    }

    /// Whether a pattern has a variable that has no value yet.
    pub(super) fn is_open(&self, pattern: &Expr) -> bool {
        match &pattern.kind {
            ExprKind::Var(name) => name == "_" || matches!(self.variable(name), Some((_, None))),
            ExprKind::Array(items) => items.iter().any(|item| self.is_open(item)),
            ExprKind::Object(pairs) => pairs.iter().any(|(_, value)| self.is_open(value)),
            _ => false,
        }
    }

    /// The scope of a variable, and what is known of it; `None` for a name that is none.
    pub(super) fn variable(&self, name: &str) -> Option<(usize, Option<&Operand>)> {
        let owner = owner(&self.scopes, name, self.plan.global(self.module, name).is_some())?;
        Some((owner, self.scopes.get(owner)?.bound.get(name)))
    }

    /// Gives the open variables of a pattern their parts of a value, and compares the rest.
    pub(super) fn matches(&mut self, pattern: &'a Expr, value: &Operand) -> Compiled<()> {
        if !self.is_open(pattern) {
            let expected = self.expr(pattern)?;
            self.steps.push(Step::Check { how: Comparison::Equal, left: expected, right: value.clone() });
            return Ok(());
        }
        match &pattern.kind {
            ExprKind::Var(name) if name == "_" => Ok(()),
            ExprKind::Var(name) => {
                let (owner, _) = self.variable(name).ok_or(Why::NotHere)?;
                if owner < self.floor {
                    return Err(Why::Unbound);
                }
                let scope = self.scopes.get_mut(owner).ok_or(Why::NotHere)?;
                scope.bound.insert(name.clone(), value.clone());
                Ok(())
            }
            ExprKind::Array(items) => {
                self.steps.push(Step::IsArray { value: value.clone(), len: items.len() });
                for (index, item) in items.iter().enumerate() {
                    let part = self.get(value.clone(), Operand::Const(Value::from(index)));
                    self.matches(item, &part)?;
                }
                Ok(())
            }
            ExprKind::Object(pairs) => {
                self.steps.push(Step::IsObject { value: value.clone(), len: pairs.len() });
                for (key, item) in pairs {
                    let key = self.expr(key)?;
                    let part = self.get(value.clone(), key);
                    self.matches(item, &part)?;
                }
                Ok(())
            }
            _ => Err(Why::NotHere),
        }
    }

    pub(super) fn get(&mut self, from: Operand, key: Operand) -> Operand {
        let to = self.slot();
        self.steps.push(Step::Get { from, key, to });
        Operand::Slot(to)
    }
}
