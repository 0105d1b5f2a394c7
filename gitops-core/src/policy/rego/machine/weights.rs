//! How large values are when written out, so that none is built that would take for ever to compare.
//!
//! Parts of a value are shared: thirty times `[a, a]` is a list of thirty-one cells that stands for a
//! thousand million. What compares, sorts or prints it visits them all in one step, which no limit of time
//! can interrupt. So each list, set and object that a policy builds is weighed, and refused when too heavy.

use std::collections::HashMap;
use std::sync::Arc;

use regorus::Value;

/// What a list, set or object counts whose weight is not known: one of the input, or a small one.
const SMALL: usize = 16;

/// The heaviest value that may be built.
pub(super) const MAX_WEIGHT: usize = 1 << 24;

/// The weights of the values built in one evaluation that are not small.
#[derive(Debug, Default)]
pub(super) struct Weights(HashMap<usize, (usize, Value)>);

/// A value is too heavy to be built.
#[derive(Debug)]
pub(super) struct TooHeavy;

impl Weights {
    pub(super) fn clear(&mut self) {
        self.0.clear();
    }

    /// What a value weighs.
    pub(super) fn of(&self, value: &Value) -> usize {
        match address(value) {
            None => 1,
            Some(_) if self.0.is_empty() => SMALL,
            Some(address) => self.0.get(&address).map_or(SMALL, |(weight, _)| *weight),
        }
    }

    /// Keeps the weight of a value that was built.
    pub(super) fn keep(&mut self, value: &Value, weight: usize) -> Result<(), TooHeavy> {
        if weight <= SMALL {
            return Ok(());
        }
        if weight > MAX_WEIGHT {
            return Err(TooHeavy);
        }
        if let Some(address) = address(value) {
            // With the value, so that its address is not another's soon.
            self.0.insert(address, (weight, value.clone()));
        }
        Ok(())
    }
}

fn address(value: &Value) -> Option<usize> {
    match value {
        Value::Array(items) => Some(Arc::as_ptr(items).addr()),
        Value::Set(items) => Some(Arc::as_ptr(items).addr()),
        Value::Object(map) => Some(Arc::as_ptr(map).addr()),
        _ => None,
    }
}
