//! A small machine for the Rego of admission policies.
//!
//! regorus interprets its syntax tree, and asks for each name and each reference anew. Nearly all
//! policies need much less: their variables are known when they are loaded. So a policy is compiled to
//! steps over numbered slots (see [`steps`]) and run by a loop; values, numbers and functions are those
//! of regorus. What has no steps here is left to the engine as a whole: `with`, parts of `data` but the
//! inventory and rules by name, heads such as `a.b.c`, functions that need a clock or chance, and orders of
//! conditions that are not found. Both must give one answer, which tests hold them to.

mod body;
mod expr;
mod functions;
mod plan;
mod run;
mod scope;
mod steps;
mod values;
mod weights;

#[cfg(test)]
mod random;
#[cfg(test)]
mod tests;

use super::ast::Module;
use plan::Plan;
pub(crate) use run::{Question, Scratch};

/// A compiled policy.
#[derive(Debug)]
pub(crate) struct Machine {
    rules: Vec<steps::Rule>,
    input: Vec<steps::InputPath>,
    /// The rule that is asked for.
    entry: usize,
}

impl Machine {
    /// Compiles modules, given with their texts, to ask for a rule of the first; `None` if something in
    /// them is left to the engine.
    pub(crate) fn compile(modules: &[(&str, &Module)], rule: &str) -> Option<Self> {
        let (_, first) = modules.first()?;
        let entry: Vec<&str> = first.package.iter().map(String::as_str).chain([rule]).collect();
        Plan::new(modules).ok()?.compile(&entry).ok()
    }
}
