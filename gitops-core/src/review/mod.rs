//! Reviews a change: what it does to every environment of a repository that it can reach.

mod compare;
mod diff;
mod findings;
mod lines;
mod model;
#[cfg(feature = "git")]
mod options;
#[cfg(all(feature = "git", feature = "policy"))]
mod policies;
#[cfg(feature = "git")]
mod run;
mod secret;
mod sequence;
#[cfg(feature = "git")]
mod side;
#[cfg(all(test, feature = "git"))]
mod tests;
mod text_diff;

pub use compare::{Comparison, compare};
pub use diff::{Change, counterpart, diff, display_path};
pub use model::{
    EnvironmentReview, EnvironmentStatus, FieldAction, FieldChange, Finding, FindingKind, FindingStatus,
    ImageChange, LocationOf, NotChecked, ObjectAction, ObjectChange, Review, Revision, SCHEMA_VERSION,
    Summary,
};
#[cfg(feature = "git")]
pub use options::ReviewOptions;
#[cfg(feature = "git")]
pub use run::review;
