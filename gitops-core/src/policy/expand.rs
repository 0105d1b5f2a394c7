//! What becomes of objects on their way into the cluster: mutators change them, and controllers make
//! others of them. The library's `gator expand`.

use super::PolicySet;
use super::evaluate::namespaces;
use super::matching::{Namespace, Source};
use super::options::EvaluateOptions;
use super::review::{Operation, place};
use crate::object::Object;
use crate::{Error, ErrorKind, Result};

/// An object that an ExpansionTemplate makes of another.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Expanded {
    /// What is made. Its nodes keep the places of the original's; the name and what else is new has none.
    pub object: Object,
    /// Index of the original among the objects given.
    pub of: usize,
    /// The ExpansionTemplate that made it.
    pub template: String,
    /// The action that findings on it have instead of their constraints'; empty for none.
    pub enforcement_action: String,
}

fn failed(object: &Object, message: String) -> Error {
    Error::new(ErrorKind::Policy, "expansion-failed", message).context(object.id().to_string())
}

pub(super) fn expand(
    policies: &PolicySet,
    objects: &[Object],
    options: &EvaluateOptions<'_>,
) -> Result<Vec<Expanded>> {
    let namespaces = namespaces(objects.iter().chain(options.namespaces));
    let mut expanded = Vec::new();
    for (of, object) in objects.iter().enumerate() {
        let place = place(object, &namespaces, options);
        let mutated = mutated(policies, object, &place, options.operation)
            .map_err(|message| failed(object, message))?;
        let made = policies
            .expansions
            .expand(mutated.as_ref().unwrap_or(object), &place, &policies.mutators)
            .map_err(|message| failed(object, message))?;
        expanded.extend(made.into_iter().map(|made| Expanded {
            object: made.object,
            of,
            template: made.template,
            enforcement_action: made.action,
        }));
    }
    Ok(expanded)
}

pub(super) fn mutate(
    policies: &PolicySet,
    object: &Object,
    options: &EvaluateOptions<'_>,
) -> Result<Option<Object>> {
    let namespaces = namespaces(options.namespaces.iter());
    let place = place(object, &namespaces, options);
    mutated(policies, object, &place, options.operation).map_err(|message| {
        Error::new(ErrorKind::Policy, "mutation-failed", message).context(object.id().to_string())
    })
}

/// The object as the mutating webhook leaves it; `None` where nothing changes.
pub(super) fn mutated(
    policies: &PolicySet,
    object: &Object,
    place: &Namespace<'_>,
    operation: Option<Operation>,
) -> std::result::Result<Option<Object>, String> {
    match operation {
        // The webhook does not see what is deleted.
        Some(Operation::Delete | Operation::Connect) => Ok(None),
        _ if policies.mutators.is_empty() => Ok(None),
        _ if policies.exclusions.excludes("mutation-webhook", place.name.unwrap_or("")) => Ok(None),
        _ => policies.mutators.apply(object, place, Source::Original, operation),
    }
}
