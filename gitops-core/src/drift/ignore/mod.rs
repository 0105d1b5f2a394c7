//! What is not compared: rules of Argo CD and Flux as data, and annotations of the objects themselves.

use super::managers::Manager;
use super::options::Profile;
use crate::object::Object;

/// Rules for what is not compared.
#[derive(Clone, Debug, Default)]
pub struct IgnoreRules {
    rules: Vec<()>,
}

/// Why an object is not compared.
pub(crate) struct Skip {
    pub(crate) code: &'static str,
    pub(crate) message: String,
}

impl IgnoreRules {
    pub(crate) fn skip(&self, _desired: &Object, _live: Option<&Object>, _profile: Profile) -> Option<Skip> {
        let _ = &self.rules;
        None
    }

    pub(crate) fn skip_extra(&self, _live: &Object, _profile: Profile) -> Option<Skip> {
        None
    }

    pub(crate) fn restore(
        &self,
        _after: &mut Object,
        _before: &Object,
        _desired: &Object,
        _managers: &[Manager],
    ) {
    }
}
