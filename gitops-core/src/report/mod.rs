//! Reviews as people and programs read them: Markdown, JSON, SARIF.

mod acceptances;
mod budget;
mod details;
mod drift;
mod json;
mod live;
mod markdown;
mod sarif;
#[cfg(test)]
pub(crate) mod tests;
mod text;
mod value;

pub use json::review_json_schema;
pub use markdown::{MARKER, MarkdownOptions};
pub use sarif::SarifOptions;

use crate::review::Review;

impl Review {
    /// The review as indented JSON that [`review_json_schema`] describes.
    #[must_use]
    pub fn to_json(&self) -> String {
        json::json(self)
    }

    /// The review as GitHub-flavoured Markdown for the comment of a pull request.
    ///
    /// Summary first, then new findings, then what changes in every environment, folded, and last what
    /// was not checked. Starts with [`MARKER`], by which a bot finds its comment again. Equal reviews
    /// give equal texts. Never longer than the budget; what had to be left out is said.
    #[must_use]
    pub fn to_markdown(&self, options: &MarkdownOptions) -> String {
        markdown::markdown(self, options)
    }

    /// The review as SARIF 2.1.0 for GitHub code scanning, with the default [`SarifOptions`].
    ///
    /// Findings that are new or still there, and errors, are results; resolved findings are not, so
    /// that GitHub closes their alerts.
    #[must_use]
    pub fn to_sarif(&self) -> String {
        self.to_sarif_with(&SarifOptions::default())
    }

    /// As [`Review::to_sarif`], with options.
    #[must_use]
    pub fn to_sarif_with(&self, options: &SarifOptions) -> String {
        sarif::sarif(self, options)
    }
}
