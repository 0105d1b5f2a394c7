//! How large values are when written out, so that none is built that would take for ever to compare.
//!
//! Parts of a value are shared: thirty times `[a, a]` is a list of thirty-one cells that stands for a
//! thousand million. What compares, sorts or prints it visits them all in one step, which no limit of time
//! can interrupt. So what a policy puts together is weighed, each part once, and refused when too heavy or
//! too deep.

use std::collections::HashMap;
use std::sync::Arc;

use regorus::Value;

use crate::policy::weight::MAX_DEPTH;

/// What is not heavier is weighed anew each time.
const SMALL: usize = 64;

/// The heaviest value that may be built.
const MAX_WEIGHT: usize = 1 << 24;

/// How large a value is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Size {
    /// Its parts, each as often as it appears; long text counts more.
    weight: usize,
    /// Its levels.
    depth: usize,
}

impl Size {
    /// What holds no parts yet.
    pub(super) const EMPTY: Self = Self { weight: 1, depth: 1 };

    /// Adds a part.
    pub(super) fn add(&mut self, part: Self) -> Result<(), TooLarge> {
        self.weight += part.weight;
        self.depth = self.depth.max(part.depth + 1);
        if self.weight > MAX_WEIGHT || self.depth > MAX_DEPTH { Err(TooLarge) } else { Ok(()) }
    }
}

/// A value is too large to be built.
#[derive(Debug)]
pub(super) struct TooLarge;

impl std::fmt::Display for TooLarge {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(
            f,
            "the policy built a value of more than {MAX_WEIGHT} parts or {MAX_DEPTH} levels; it is stopped"
        )
    }
}

/// The sizes of values in one evaluation that are not small.
#[derive(Debug, Default)]
pub(super) struct Weights(HashMap<usize, (Size, Value)>);

impl Weights {
    pub(super) fn clear(&mut self) {
        self.0.clear();
    }

    /// How large a value is.
    pub(super) fn of(&mut self, value: &Value) -> Result<Size, TooLarge> {
        let Some(address) = address(value) else {
            let text = if let Value::String(text) = value { text.len() } else { 0 };
            return Ok(Size { weight: 1 + text / 16, depth: 0 });
        };
        if let Some((size, _)) = self.0.get(&address) {
            return Ok(*size);
        }
        let mut size = Size::EMPTY;
        match value {
            Value::Array(items) => items.iter().try_for_each(|item| size.add(self.of(item)?))?,
            Value::Set(items) => items.iter().try_for_each(|item| size.add(self.of(item)?))?,
            Value::Object(map) => map.iter().try_for_each(|(key, value)| {
                size.add(self.of(key)?)?;
                size.add(self.of(value)?)
            })?,
            _ => {}
        }
        self.keep(value, size);
        Ok(size)
    }

    /// Keeps the size of a value that is not small.
    pub(super) fn keep(&mut self, value: &Value, size: Size) {
        let Some(address) = address(value) else { return };
        if size.weight > SMALL || size.depth > 8 {
            // With the value, so that its address is not another's soon.
            self.0.insert(address, (size, value.clone()));
        }
    }
}

/// Where the parts of a value are kept.
fn address(value: &Value) -> Option<usize> {
    match value {
        Value::Array(items) => Some(Arc::as_ptr(items).addr()),
        Value::Set(items) => Some(Arc::as_ptr(items).addr()),
        Value::Object(map) => Some(Arc::as_ptr(map).addr()),
        _ => None,
    }
}
