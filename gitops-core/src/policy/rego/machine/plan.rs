//! The rules of a policy's modules, and what their names stand for.

use std::collections::BTreeMap;

use regorus::Value;

use super::Machine;
use super::body::{BodyPlan, Compiled, Why};
use super::steps::{Definition, InputPath, Rule, Shape};
use crate::policy::rego::ast::{self, Module, RuleKind};

/// What a name stands for that is no variable.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Global {
    Input,
    Inventory,
    Rule(usize),
}

/// The modules of a policy while it is compiled.
pub(super) struct Plan<'a> {
    modules: &'a [(&'a str, &'a Module)],
    /// Where each rule, by its full path, will be.
    places: BTreeMap<Vec<&'a str>, usize>,
    rules: Vec<Rule>,
    /// Constant paths of the input, by what they extend and by their key.
    paths: BTreeMap<(usize, String), usize>,
    input: Vec<InputPath>,
}

impl<'a> Plan<'a> {
    /// The rules of modules, given with their texts.
    pub(super) fn new(modules: &'a [(&'a str, &'a Module)]) -> Compiled<Self> {
        let root = InputPath { parent: 0, key: Value::Null };
        let mut plan = Self {
            modules,
            places: BTreeMap::new(),
            rules: Vec::new(),
            paths: BTreeMap::new(),
            input: vec![root],
        };
        for (text, module) in modules {
            for rule in &module.rules {
                plan.declare(text, module, rule)?;
            }
        }
        Ok(plan)
    }

    /// Notes that there is a rule, and what it defines.
    fn declare(&mut self, text: &str, module: &'a Module, rule: &'a ast::Rule) -> Compiled<()> {
        if !has_plain_name(text, rule) {
            return Err(Why::NotHere);
        }
        let path: Vec<&str> = module.package.iter().map(String::as_str).chain([rule.name.as_str()]).collect();
        // A function without arguments is a rule, and may be called or not.
        let arity = (!rule.args.is_empty()).then_some(rule.args.len());
        let shape = match rule.kind {
            RuleKind::Set => Shape::Set,
            RuleKind::Object => Shape::Object,
            RuleKind::Default | RuleKind::Complete | RuleKind::Function => Shape::Value,
        };
        let rules = &mut self.rules;
        let at = *self.places.entry(path).or_insert_with(|| {
            rules.push(Rule { shape, arity, definitions: Vec::new(), default: None });
            rules.len() - 1
        });
        match self.rules.get(at) {
            Some(known) if known.shape == shape && known.arity == arity => Ok(()),
            // Definitions that do not go together are the engine's to refuse.
            _ => Err(Why::NotHere),
        }
    }

    /// Compiles all rules, to ask for the one at a path.
    pub(super) fn compile(mut self, entry: &[&str]) -> Compiled<Machine> {
        for (index, (text, module)) in self.modules.iter().enumerate() {
            for rule in &module.rules {
                let path: Vec<&str> =
                    module.package.iter().map(String::as_str).chain([rule.name.as_str()]).collect();
                let place = *self.places.get(&path).ok_or(Why::NotHere)?;
                let definitions = self.definitions(index, text, rule)?;
                let Some(known) = self.rules.get_mut(place) else { return Err(Why::NotHere) };
                if rule.kind == RuleKind::Default {
                    known.default = definitions.into_iter().next();
                } else {
                    known.definitions.extend(definitions);
                }
            }
        }
        let entry = *self.places.get(entry).ok_or(Why::NotHere)?;
        Ok(Machine { rules: self.rules, input: self.input, entry })
    }

    /// The definitions of one rule: each body that does not follow `else` begins one.
    fn definitions(
        &mut self,
        module: usize,
        text: &'a str,
        rule: &'a ast::Rule,
    ) -> Compiled<Vec<Definition>> {
        let mut definitions = Vec::new();
        let mut body = BodyPlan::new(self, module, text);
        let (key, value) = match rule.kind {
            RuleKind::Set => (None, rule.key.as_ref()),
            _ => (rule.key.as_ref(), rule.value.as_ref()),
        };
        if rule.bodies.is_empty() {
            let block = body.rule(&rule.args, None, key, value)?;
            definitions.push(Definition { blocks: vec![block], slots: body.slots() });
        }
        for part in &rule.bodies {
            if part.is_else {
                let block = body.rule(&rule.args, Some(&part.body), None, part.value.as_ref())?;
                let slots = body.slots();
                let last: &mut Definition = definitions.last_mut().ok_or(Why::NotHere)?;
                last.blocks.push(block);
                last.slots = last.slots.max(slots);
            } else {
                let block = body.rule(&rule.args, Some(&part.body), key, value)?;
                definitions.push(Definition { blocks: vec![block], slots: body.slots() });
            }
        }
        Ok(definitions)
    }

    /// What a name stands for in a module, if it is no variable.
    pub(super) fn global(&self, module: usize, name: &str) -> Option<()> {
        if name == "input" || name == "data" {
            return Some(());
        }
        let (_, module) = self.modules.get(module)?;
        let path: Vec<&str> = module.package.iter().map(String::as_str).chain([name]).collect();
        let imported = || module.imports.iter().any(|import| import.name() == Some(name));
        (self.places.contains_key(path.as_slice()) || imported()).then_some(())
    }

    /// What a reference stands for, and how many of its constant steps that takes.
    pub(super) fn resolve(&self, module: usize, name: &str, steps: &[&str]) -> Option<(Global, usize)> {
        if name == "input" {
            return Some((Global::Input, 0));
        }
        let full = self.full_path(module, name, steps)?;
        if full.first() == Some(&"inventory") {
            return (name == "data").then_some((Global::Inventory, 1));
        }
        // The longest rule that the path begins with.
        let before = full.len().checked_sub(steps.len())?;
        (before.max(1)..=full.len()).rev().find_map(|length| {
            let rule = self.places.get(full.get(..length)?)?;
            Some((Global::Rule(*rule), length - before))
        })
    }

    /// A path below `data`.
    fn full_path<'b>(&'b self, module: usize, name: &'b str, steps: &[&'b str]) -> Option<Vec<&'b str>> {
        let (_, module) = self.modules.get(module)?;
        let path: Vec<&str> = module.package.iter().map(String::as_str).chain([name]).collect();
        let start: Vec<&str> = if name == "data" {
            Vec::new()
        } else if self.places.contains_key(path.as_slice()) {
            path
        } else {
            let import = module.imports.iter().find(|import| import.name() == Some(name))?;
            let (root, rest) = import.path.split_first()?;
            if root != "data" {
                return None;
            }
            rest.iter().map(String::as_str).collect()
        };
        Some(start.into_iter().chain(steps.iter().copied()).collect())
    }

    /// The function of a path, and how many arguments it takes.
    pub(super) fn function(&self, module: usize, path: &[&str]) -> Option<(usize, usize)> {
        let (name, steps) = path.split_first()?;
        let full = self.full_path(module, name, steps)?;
        let rule = *self.places.get(full.as_slice())?;
        Some((rule, self.rules.get(rule)?.arity.unwrap_or(0)))
    }

    /// Refuses a function where a value is wanted.
    pub(super) fn value_rule(&self, rule: usize) -> Compiled<()> {
        match self.rules.get(rule) {
            Some(Rule { arity: None, .. }) => Ok(()),
            _ => Err(Why::NotHere),
        }
    }

    /// The number of a constant path of the input.
    pub(super) fn input_path(&mut self, keys: &[&str]) -> usize {
        let mut at = 0;
        for key in keys {
            let input = &mut self.input;
            at = *self.paths.entry((at, (*key).to_owned())).or_insert_with(|| {
                input.push(InputPath { parent: at, key: Value::from(*key) });
                input.len() - 1
            });
        }
        at
    }
}

/// Whether a head is a name with at most one key: not `a.b := 1` or `a[x][y]`.
fn has_plain_name(text: &str, rule: &ast::Rule) -> bool {
    let head = text.get(rule.head.clone()).unwrap_or("");
    let head =
        if rule.kind == RuleKind::Default { head.strip_prefix("default").unwrap_or(head) } else { head };
    let Some(rest) = head.trim_start().strip_prefix(rule.name.as_str()) else { return false };
    match (rule.kind, &rule.key) {
        (RuleKind::Set | RuleKind::Object, Some(key)) => {
            let start = rule.head.end - rest.len();
            let between = text.get(start..key.span.start).unwrap_or("");
            matches!(between.trim(), "[" | "contains")
        }
        _ => !rest.starts_with(['.', '[']),
    }
}
