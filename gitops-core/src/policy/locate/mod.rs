//! Where in the object the offending value is, found without knowing the policy.
//!
//! A leaf is the cause of a violation if the violation goes away when the leaf's value changes. So
//! changed copies of the review are evaluated again, the likely leaves first:
//!
//! 1. `details` that name a path (`path`, `field`, `jsonPath` …) are believed, as far as it exists.
//! 2. Each leaf gets other values: its opposite, the values the constraint's parameters name (without
//!    those of exemptions), another tag or a digest, a number from the parameters, a probe text. The
//!    leaf is a *cause* if the violation goes away without another in its place. If instead the
//!    message follows the value, the leaf is *quoted*: its name or value is in the message, and
//!    whether it is to blame stays open. Of several causes the one whose text, then whose key's
//!    words the message or the policy's kind has, wins; then the deeper one; then the first.
//! 3. No cause: of the fewest switches (booleans) that must be turned together, the likeliest.
//! 4. Still none: a leaf or sub-tree whose removal makes the violation go away, unless it holds what the
//!    message quotes; one whose key the message names comes first, and what it holds that the message
//!    quotes is more exact.
//! 5. Still none: the longest quoted value.
//! 6. Something is missing: the deepest part of the named container (or else the topmost part of the
//!    object) whose key the message names, or the container itself, or nothing: the object.
//!
//! What only names things (`apiVersion`, `kind`, name and namespace of the object, the name of a
//! container) is a cause only if the message has it and nothing else is found. The same input gives
//! the same place. At most [`BUDGET`] evaluations are spent on a violation.

mod leaves;
mod search;
mod told;
mod words;

use std::collections::{BTreeMap, BTreeSet};

use regorus::Value;

use super::runner::{Runner, Violation};
use crate::node::Path;
use crate::object::Object;
use leaves::{Hints, container_of, walk};
use search::{BUDGET, Search};
use told::told;

/// Where a violation comes from.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Place {
    pub(super) path: Option<Path>,
    pub(super) container: Option<String>,
}

/// The place of each violation, in their order.
pub(super) fn locate(
    runner: &mut Runner,
    kind: &str,
    object: &Object,
    review: &Value,
    parameters: &Value,
    violations: &BTreeSet<Violation>,
) -> Vec<Place> {
    let told: Vec<Option<Path>> =
        violations.iter().map(|violation| told(&violation.details, &object.node)).collect();
    // Nothing is to be searched for where the policy tells all places.
    let mut search = told.contains(&None).then(|| {
        let mut hints = Hints::default();
        hints.collect(parameters);
        let mut leaves = Vec::new();
        let mut trees = Vec::new();
        walk(&object.node, &mut Path::new(), &mut leaves, &mut trees);
        let original = violations.iter().map(|violation| violation.message.clone()).collect();
        Search {
            runner,
            object,
            review,
            parameters,
            hints,
            leaves,
            trees,
            original,
            memo: BTreeMap::new(),
            left: BUDGET,
        }
    });
    let places = violations.iter().zip(told).map(|(violation, told)| {
        let path = told.or_else(|| search.as_mut()?.find(violation, kind)).filter(|path| !path.is_empty());
        let container = path.as_ref().and_then(|path| container_of(object, path)).map(|(_, name)| name);
        Place { path, container }
    });
    places.collect()
}
