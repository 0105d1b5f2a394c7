//! A review as JSON, and the schema of that JSON.

use crate::review::Review;

pub(super) fn json(review: &Review) -> String {
    // Every part of a review serializes; there is no map with keys that are not text.
    serde_json::to_string_pretty(review).unwrap_or_default()
}

/// The JSON Schema (draft 2020-12) of [`Review::to_json`].
#[must_use]
pub fn review_json_schema() -> &'static str {
    include_str!("../../schemas/review.schema.json")
}
