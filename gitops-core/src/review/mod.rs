//! Reviews a change: what it does to every environment of a repository that it can reach.

#[cfg(all(feature = "git", feature = "policy"))]
mod acceptances;
mod compare;
mod diff;
// Without Git or policies nothing makes findings; the reports are the same.
#[cfg_attr(not(all(feature = "git", feature = "policy")), allow(dead_code))]
mod findings;
#[cfg_attr(not(feature = "git"), allow(dead_code))]
mod lines;
#[cfg(feature = "git")]
mod listed;
mod live;
#[cfg_attr(not(feature = "git"), allow(dead_code))]
mod model;
#[cfg(feature = "git")]
mod options;
#[cfg(all(feature = "git", feature = "policy"))]
mod policies;
#[cfg(feature = "git")]
mod run;
pub(crate) mod sequence;
#[cfg(feature = "git")]
#[cfg_attr(not(feature = "policy"), allow(dead_code))]
mod side;
#[cfg(test)]
#[cfg(feature = "git")]
mod tests;
mod text_diff;

pub use crate::report::review_json_schema as json_schema;
pub use compare::{Comparison, compare};
pub use diff::{Change, counterpart, diff, display_path};
pub(crate) use lines::LineFacts;
#[cfg(feature = "policy")]
pub(crate) use lines::line_facts;
#[cfg(feature = "git")]
pub use live::LiveObjects;
pub use live::{LiveEffect, LiveObject, LiveReview, LiveSummary};
pub use model::{
    AcceptanceChange, EnvironmentReview, EnvironmentStatus, FieldAction, FieldChange, Finding, FindingKind,
    FindingStatus, ImageChange, LocationOf, NotChecked, ObjectAction, ObjectChange, Review, Revision,
    SCHEMA_VERSION, Summary,
};
#[cfg(feature = "git")]
pub use options::ReviewOptions;
#[cfg(feature = "git")]
pub use run::review;
