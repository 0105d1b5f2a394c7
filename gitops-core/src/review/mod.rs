//! Reviews a change: what it does to every environment of a repository that it can reach.

mod compare;
mod diff;
mod findings;
mod lines;
mod model;
mod secret;
mod sequence;
mod text_diff;

pub use compare::{Comparison, compare};
pub use diff::{Change, diff, display_path};
pub use model::{
    EnvironmentReview, EnvironmentStatus, FieldAction, FieldChange, Finding, FindingKind, FindingStatus,
    ImageChange, LocationOf, NotChecked, ObjectAction, ObjectChange, Review, Revision, SCHEMA_VERSION,
    Summary,
};
