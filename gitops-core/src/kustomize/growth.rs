//! Bounds on what a small input can grow to: bases that use each other, names, vars and copies can
//! double with every line of a kustomization.

use std::cell::Cell;

use crate::kustomize::load::Builder;
use crate::node::{Node, Span, Value};
use crate::{Error, ErrorKind, Result};

/// Kustomizations and components that one build enters, each time counted.
const MAX_KUSTOMIZATIONS: usize = 50_000;
/// Bytes of text that one build puts together from prefixes, suffixes and vars.
const MAX_TEXT: usize = 256 << 20;
/// Values that patches and replacements of one build may copy into objects that are large already.
const MAX_COPIES: usize = 10_000_000;
/// An object of fewer values is not large.
const LARGE: usize = 10_000;

/// What one build has grown to so far.
#[derive(Debug, Default)]
pub(crate) struct Growth {
    kustomizations: Cell<usize>,
    text: Cell<usize>,
    copies: Cell<usize>,
}

impl Builder<'_> {
    fn count(
        &self,
        counter: &Cell<usize>,
        more: usize,
        most: usize,
        span: Span,
        code: &'static str,
        message: impl FnOnce() -> String,
    ) -> Result<()> {
        counter.set(counter.get().saturating_add(more));
        if counter.get() <= most {
            return Ok(());
        }
        Err(Error::new(ErrorKind::Limit, code, message()).at(self.sources().locate(span)))
    }

    /// Counts a kustomization that is entered.
    pub(crate) fn grow_kustomizations(&self, span: Span) -> Result<()> {
        let counter = &self.growth.kustomizations;
        self.count(counter, 1, MAX_KUSTOMIZATIONS, span, "too-many-kustomizations", || {
            format!(
                "the build enters more than {MAX_KUSTOMIZATIONS} kustomizations; do bases use the same bases again and again?"
            )
        })
    }

    /// Counts text that is put together from other text.
    pub(crate) fn grow_text(&self, bytes: usize, span: Span) -> Result<()> {
        self.count(&self.growth.text, bytes, MAX_TEXT, span, "too-much-text", || {
            format!("names and vars of this build would take more than {} MiB", MAX_TEXT >> 20)
        })
    }

    /// Counts an object, or a value, that takes part in copying.
    pub(crate) fn grow_copies(&self, node: &Node, span: Span) -> Result<()> {
        let counter = &self.growth.copies;
        let left = MAX_COPIES.saturating_sub(counter.get()).saturating_add(1);
        let size = size(node, left).unwrap_or(left);
        let more = if size < LARGE { 0 } else { size };
        self.count(counter, more, MAX_COPIES, span, "too-many-copies", || {
            format!("patches and replacements of this build copy more than {MAX_COPIES} values")
        })
    }
}

/// How many nodes there are, unless more than `most`.
pub(crate) fn size(node: &Node, most: usize) -> Option<usize> {
    let mut left = most.checked_sub(1)?;
    let mut below = |node: &Node| {
        left -= size(node, left)?;
        Some(())
    };
    match &node.value {
        Value::Map(map) => map.iter().try_for_each(|(_, value)| below(value))?,
        Value::Seq(items) => items.iter().try_for_each(&mut below)?,
        _ => {}
    }
    Some(most - left)
}
