//! Runs a compiled policy.

use std::collections::{BTreeMap, BTreeSet};
use std::num::NonZeroU32;
use std::time::Duration;

use regorus::Value;
use regorus::utils::limits::{ExecutionTimer, ExecutionTimerConfig, monotonic_now};

use super::Machine;
use super::steps::{Collection, Definition, InputPath, Operand, Rule, Shape, Slot, Step};
use super::values::{compare, compute, is_collection, is_member, part};
use super::weights::{Size, TooLarge, Weights};
use crate::policy::bounded::{Meter, VALUE};

/// Steps between two looks at the time.
const CHECK: u32 = 256;

/// How deep loops and calls may be nested in each other: each needs a kilobyte of the stack, and more where
/// nothing is optimised.
const MAX_NESTED: usize = 250;

static UNDEFINED: Value = Value::Undefined;

/// Why an evaluation ended without an answer.
type Stopped = String;

/// Room for the values of one evaluation, used again for the next.
#[derive(Debug, Default)]
pub(crate) struct Scratch {
    stack: Vec<Value>,
    /// Constant paths of the input that were read.
    paths: Vec<Option<Value>>,
    /// Rules that were evaluated.
    rules: Vec<Option<Value>>,
    weights: Weights,
}

/// What a policy is asked about.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Question<'a> {
    /// The fields of `input`.
    pub(crate) input: &'a [(&'a str, &'a Value)],
    /// `data.inventory`.
    pub(crate) inventory: &'a Value,
    /// How long an answer may take.
    pub(crate) time_limit: Duration,
}

impl Machine {
    /// The value of the rule that is asked for; undefined if it has none.
    ///
    /// # Errors
    ///
    /// Two outputs where one is allowed, or a limit: for people.
    pub(crate) fn run(
        &self,
        question: Question<'_>,
        meter: &Meter,
        scratch: &mut Scratch,
    ) -> Result<Value, String> {
        let Scratch { stack, paths, rules, weights } = scratch;
        stack.clear();
        paths.clear();
        paths.resize(self.input.len(), None);
        rules.clear();
        rules.resize(self.rules.len(), None);
        weights.clear();
        let mut timer = ExecutionTimer::new(Some(ExecutionTimerConfig {
            limit: question.time_limit,
            check_interval: NonZeroU32::new(CHECK).unwrap_or(NonZeroU32::MIN),
        }));
        timer.start(monotonic_now().unwrap_or_default());
        let mut run =
            Run { machine: self, question, meter, timer, ticks: 0, nested: 0, stack, paths, rules, weights };
        run.rule(self.entry)
    }
}

struct Run<'a> {
    machine: &'a Machine,
    question: Question<'a>,
    meter: &'a Meter,
    timer: ExecutionTimer,
    /// Steps since the last look at the time.
    ticks: u32,
    /// Blocks that are being run, each inside the one before.
    nested: usize,
    stack: &'a mut Vec<Value>,
    paths: &'a mut Vec<Option<Value>>,
    rules: &'a mut Vec<Option<Value>>,
    weights: &'a mut Weights,
}

/// Where the solutions of a block go.
enum Out {
    /// Only whether there is one.
    Exists(bool),
    One(Value),
    Array(Vec<Value>, Size),
    Set(BTreeSet<Value>, Size),
    Object(BTreeMap<Value, Value>, Size),
}

impl Out {
    fn new(what: Collection) -> Self {
        match what {
            Collection::Array => Self::Array(Vec::new(), Size::EMPTY),
            Collection::Set => Self::Set(BTreeSet::new(), Size::EMPTY),
            Collection::Object => Self::Object(BTreeMap::new(), Size::EMPTY),
        }
    }
}

fn too_large(error: TooLarge) -> Stopped {
    error.to_string()
}

const CONFLICT: &str = "eval_conflict_error: complete rules must not produce multiple outputs";
const FUNCTION_CONFLICT: &str =
    "eval_conflict_error: functions must not produce multiple outputs for same inputs";
const KEY_CONFLICT: &str = "eval_conflict_error: object keys must be unique";

impl<'a> Run<'a> {
    fn tick(&mut self) -> Result<(), Stopped> {
        self.ticks += 1;
        if self.ticks >= CHECK {
            let now = monotonic_now().unwrap_or_default();
            self.timer.tick(self.ticks, now).map_err(|error| error.to_string())?;
            self.ticks = 0;
        }
        Ok(())
    }

    fn value<'v>(&'v self, base: usize, operand: &'v Operand) -> &'v Value {
        match operand {
            Operand::Const(value) => value,
            Operand::Slot(slot) => self.stack.get(base + slot).unwrap_or(&UNDEFINED),
        }
    }

    fn put(&mut self, base: usize, slot: Slot, value: Value) {
        if let Some(place) = self.stack.get_mut(base + slot) {
            *place = value;
        }
    }

    /// Puts a step's result where it belongs; false if there is none.
    fn result(&mut self, base: usize, slot: Slot, value: Value) -> bool {
        let defined = value != Value::Undefined;
        self.put(base, slot, value);
        defined
    }

    /// Runs steps to their end; true if no more solutions are wanted.
    fn run(&mut self, steps: &'a [Step], base: usize, out: &mut Out) -> Result<bool, Stopped> {
        self.nested += 1;
        if self.nested > MAX_NESTED {
            return Err(format!(
                "the policy nests loops and calls more than {MAX_NESTED} deep; it is stopped"
            ));
        }
        let enough = self.run_nested(steps, base, out);
        self.nested -= 1;
        enough
    }

    fn run_nested(&mut self, steps: &'a [Step], base: usize, out: &mut Out) -> Result<bool, Stopped> {
        for (at, step) in steps.iter().enumerate() {
            self.tick()?;
            let goes_on = match step {
                Step::Each { from, key, value } => {
                    let rest = steps.get(at + 1..).unwrap_or(&[]);
                    return self.each(base, from, *key, *value, |run| run.run(rest, base, out));
                }
                Step::Yield { key, value } => {
                    return self.solution(base, key.as_ref(), value, out);
                }
                Step::Collect { what, block, to } => {
                    let value = self.collect(base, *what, block)?;
                    self.result(base, *to, value)
                }
                Step::Not(block) => {
                    let mut found = Out::Exists(false);
                    self.run(block, base, &mut found)?;
                    matches!(found, Out::Exists(false))
                }
                Step::Every { of, key, value, block } => {
                    let mut holds = is_collection(self.value(base, of));
                    self.each(base, of, *key, *value, |run| {
                        let mut found = Out::Exists(false);
                        run.run(block, base, &mut found)?;
                        holds = matches!(found, Out::Exists(true));
                        Ok(!holds)
                    })?;
                    holds
                }
                _ => self.step(step, base)?,
            };
            if !goes_on {
                return Ok(false);
            }
        }
        Ok(false)
    }

    /// Runs a step with at most one result; false if it fails.
    fn step(&mut self, step: &'a Step, base: usize) -> Result<bool, Stopped> {
        let (value, to) = match step {
            Step::Input { path, to } => (self.input(*path), to),
            Step::Inventory { to } => (self.question.inventory.clone(), to),
            Step::Rule { rule, to } => (self.rule(*rule)?, to),
            Step::Call { rule, args, to } => (self.call(*rule, args, base)?, to),
            Step::Builtin { function, args, weighed, to } => {
                let given = args.iter().map(|arg| self.value(base, arg).clone()).collect::<Vec<_>>();
                let value = function.call(&given, self.meter).map_err(|error| error.to_string())?;
                if *weighed {
                    self.weights.of(&value).map_err(too_large)?;
                }
                (value, to)
            }
            Step::Get { from, key, to } => (part(self.value(base, from), self.value(base, key)), to),
            Step::Compare { how, left, right, to } => {
                (Value::Bool(compare(*how, self.value(base, left), self.value(base, right))), to)
            }
            Step::Check { how, left, right } => {
                return Ok(compare(*how, self.value(base, left), self.value(base, right)));
            }
            Step::Compute { what, left, right, to } => {
                (compute(*what, self.value(base, left), self.value(base, right)), to)
            }
            Step::Member { key, value, of, to } => {
                let key = key.as_ref().map(|key| self.value(base, key));
                (Value::Bool(is_member(key, self.value(base, value), self.value(base, of))), to)
            }
            Step::Holds(value) => return Ok(self.value(base, value) != &Value::Bool(false)),
            Step::IsArray { value, len } => {
                return Ok(matches!(self.value(base, value), Value::Array(items) if items.len() == *len));
            }
            Step::IsObject { value, len } => {
                return Ok(matches!(self.value(base, value), Value::Object(map) if map.len() == *len));
            }
            Step::Make { what, items, to } => {
                let items: Vec<Value> = items.iter().map(|item| self.value(base, item).clone()).collect();
                let mut size = Size::EMPTY;
                for item in &items {
                    size.add(self.weights.of(item).map_err(too_large)?).map_err(too_large)?;
                }
                let value = match what {
                    Collection::Set => Value::from(items.into_iter().collect::<BTreeSet<_>>()),
                    _ => Value::from(items),
                };
                self.weights.keep(&value, size);
                (value, to)
            }
            Step::MakeObject { pairs, to } => {
                let mut map = BTreeMap::new();
                let mut size = Size::EMPTY;
                for (key, value) in pairs {
                    let (key, value) = (self.value(base, key).clone(), self.value(base, value).clone());
                    for part in [&key, &value] {
                        size.add(self.weights.of(part).map_err(too_large)?).map_err(too_large)?;
                    }
                    if map.insert(key, value.clone()).is_some_and(|before| before != value) {
                        return Err(KEY_CONFLICT.into());
                    }
                }
                let value = Value::from(map);
                self.weights.keep(&value, size);
                (value, to)
            }
            // Those with blocks or many answers are `run`'s.
            Step::Each { .. }
            | Step::Yield { .. }
            | Step::Collect { .. }
            | Step::Not(_)
            | Step::Every { .. } => return Ok(true),
        };
        Ok(self.result(base, *to, value))
    }

    /// Calls `then` for each element, until it says that it is enough.
    fn each(
        &mut self,
        base: usize,
        from: &Operand,
        key: Option<Slot>,
        slot: Slot,
        mut then: impl FnMut(&mut Self) -> Result<bool, Stopped>,
    ) -> Result<bool, Stopped> {
        let from = self.value(base, from).clone();
        match &from {
            Value::Array(items) => {
                for (index, item) in items.iter().enumerate() {
                    if let Some(key) = key {
                        self.put(base, key, Value::from(index));
                    }
                    self.put(base, slot, item.clone());
                    if then(self)? {
                        return Ok(true);
                    }
                }
            }
            Value::Set(items) => {
                for item in items.iter_sorted() {
                    if let Some(key) = key {
                        self.put(base, key, item.clone());
                    }
                    self.put(base, slot, item.clone());
                    if then(self)? {
                        return Ok(true);
                    }
                }
            }
            Value::Object(map) => {
                for (name, item) in map.iter_sorted() {
                    if let Some(key) = key {
                        self.put(base, key, name.clone());
                    }
                    self.put(base, slot, item.clone());
                    if then(self)? {
                        return Ok(true);
                    }
                }
            }
            _ => {}
        }
        Ok(false)
    }

    /// Takes a solution; true if no more are wanted.
    fn solution(
        &mut self,
        base: usize,
        key: Option<&Operand>,
        operand: &Operand,
        out: &mut Out,
    ) -> Result<bool, Stopped> {
        if let Out::Exists(found) = out {
            *found = true;
            return Ok(true);
        }
        let value = self.value(base, operand).clone();
        if let Out::One(known) = out {
            if known != &Value::Undefined && *known != value {
                return Err(CONFLICT.into());
            }
            *known = value;
            // Another solution could not differ.
            return Ok(matches!(operand, Operand::Const(_)));
        }
        let part = self.weights.of(&value).map_err(too_large)?;
        let added = match out {
            Out::Exists(_) | Out::One(_) => return Ok(true),
            Out::Array(items, size) => {
                items.push(value);
                size.add(part)
            }
            Out::Set(items, size) => {
                if !items.insert(value) {
                    return Ok(false);
                }
                size.add(part)
            }
            Out::Object(map, size) => {
                let key = key.map_or(Value::Undefined, |key| self.value(base, key).clone());
                let own = self.weights.of(&key).map_err(too_large)?;
                match map.get(&key) {
                    Some(known) if *known == value => return Ok(false),
                    Some(_) => return Err(KEY_CONFLICT.into()),
                    None => map.insert(key, value),
                };
                size.add(own).and_then(|()| size.add(part))
            }
        };
        added.map_err(too_large)?;
        self.meter.take(VALUE).map_err(|error| error.to_string())?;
        Ok(false)
    }

    fn collect(&mut self, base: usize, what: Collection, block: &'a [Step]) -> Result<Value, Stopped> {
        let mut out = Out::new(what);
        self.run(block, base, &mut out)?;
        Ok(self.collected(out))
    }

    /// The value of collected solutions.
    fn collected(&mut self, out: Out) -> Value {
        let (value, size) = match out {
            Out::Exists(found) => return Value::Bool(found),
            Out::One(value) => return value,
            Out::Array(items, size) => (Value::from(items), size),
            Out::Set(items, size) => (Value::from(items), size),
            Out::Object(map, size) => (Value::from(map), size),
        };
        self.weights.keep(&value, size);
        value
    }

    /// A constant path of the input.
    fn input(&mut self, path: usize) -> Value {
        if let Some(Some(value)) = self.paths.get(path) {
            return value.clone();
        }
        let fields = self.question.input;
        let value = match self.machine.input.get(path) {
            None => Value::Undefined,
            Some(_) if path == 0 => {
                let named = |(name, value): &(&str, &Value)| (Value::from(*name), (*value).clone());
                Value::from(fields.iter().map(named).collect::<BTreeMap<_, _>>())
            }
            Some(InputPath { parent: 0, key }) => {
                let found =
                    fields.iter().find(|(name, _)| key.as_string().is_ok_and(|key| key.as_ref() == *name));
                found.map_or(Value::Undefined, |(_, value)| (*value).clone())
            }
            Some(step) => part(&self.input(step.parent), &step.key),
        };
        if let Some(place) = self.paths.get_mut(path) {
            *place = Some(value.clone());
        }
        value
    }

    /// The value of a rule, evaluated once.
    fn rule(&mut self, rule: usize) -> Result<Value, Stopped> {
        if let Some(Some(value)) = self.rules.get(rule) {
            return Ok(value.clone());
        }
        let Some(known) = self.machine.rules.get(rule) else { return Ok(Value::Undefined) };
        let value = match known.shape {
            Shape::Value => self.one(known, &[], 0, CONFLICT)?,
            Shape::Set => self.all(known, Collection::Set)?,
            Shape::Object => self.all(known, Collection::Object)?,
        };
        if let Some(place) = self.rules.get_mut(rule) {
            *place = Some(value.clone());
        }
        Ok(value)
    }

    /// What all definitions of a rule give together.
    fn all(&mut self, rule: &'a Rule, what: Collection) -> Result<Value, Stopped> {
        let mut out = Out::new(what);
        for definition in &rule.definitions {
            let base = self.frame(definition, &[], 0);
            for block in &definition.blocks {
                self.run(block, base, &mut out)?;
            }
            self.stack.truncate(base);
        }
        Ok(self.collected(out))
    }

    /// The function's value for arguments.
    fn call(&mut self, rule: usize, args: &'a [Operand], base: usize) -> Result<Value, Stopped> {
        let Some(known) = self.machine.rules.get(rule) else { return Ok(Value::Undefined) };
        self.one(known, args, base, FUNCTION_CONFLICT)
    }

    /// The one value that all definitions of a rule agree on.
    fn one(
        &mut self,
        rule: &'a Rule,
        args: &'a [Operand],
        from: usize,
        conflict: &str,
    ) -> Result<Value, Stopped> {
        let mut result = Value::Undefined;
        for definition in &rule.definitions {
            let value = self.define(definition, args, from, conflict)?;
            if value == Value::Undefined {
                continue;
            }
            if result != Value::Undefined && result != value {
                return Err(conflict.into());
            }
            result = value;
        }
        match &rule.default {
            Some(default) if result == Value::Undefined => self.define(default, args, from, conflict),
            _ => Ok(result),
        }
    }

    /// The value of one definition.
    fn define(
        &mut self,
        definition: &'a Definition,
        args: &'a [Operand],
        from: usize,
        conflict: &str,
    ) -> Result<Value, Stopped> {
        let base = self.frame(definition, args, from);
        let mut out = Out::One(Value::Undefined);
        for block in &definition.blocks {
            if let Err(stopped) = self.run(block, base, &mut out) {
                return Err(if stopped == CONFLICT { conflict.to_owned() } else { stopped });
            }
            if matches!(&out, Out::One(value) if value != &Value::Undefined) {
                break;
            }
        }
        self.stack.truncate(base);
        Ok(self.collected(out))
    }

    /// A new frame with arguments of the one at `from`; where it begins.
    fn frame(&mut self, definition: &Definition, args: &[Operand], from: usize) -> usize {
        let base = self.stack.len();
        for arg in args {
            let value = self.value(from, arg).clone();
            self.stack.push(value);
        }
        self.stack.resize(base + definition.slots, Value::Undefined);
        base
    }
}
