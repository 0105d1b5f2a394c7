//! `review` and what it gives.

use gitops_core::git::Repository;
use gitops_core::report::MarkdownOptions;
use gitops_core::review::{Review, ReviewOptions};
use gitops_core::time::Timestamp;
use pyo3::prelude::*;

use crate::error::raise;
use crate::manifests::NativeManifests;
use crate::settings::Settings;

/// A review held by Python; its reports are written when asked for.
#[pyclass(frozen, module = "gitops_core._gitops_core")]
pub(crate) struct NativeReview(Review);

#[pymethods]
impl NativeReview {
    /// The review as JSON, the same in every language.
    fn json(&self, py: Python<'_>) -> String {
        py.detach(|| self.0.to_json())
    }

    /// The review as a comment of at most `budget` bytes.
    fn markdown(&self, py: Python<'_>, budget: usize) -> String {
        py.detach(|| self.0.to_markdown(&MarkdownOptions::with_budget(budget)))
    }

    /// The review as SARIF.
    fn sarif(&self, py: Python<'_>) -> String {
        py.detach(|| self.0.to_sarif())
    }
}

/// Reviews what changes between two revisions.
#[pyfunction]
#[allow(clippy::too_many_arguments, reason = "one for each argument of the Python function")]
pub(crate) fn review(
    py: Python<'_>,
    repo: &str,
    base: &str,
    head: &str,
    use_merge_base: bool,
    environments: Vec<String>,
    settings: Settings,
    threads: usize,
    now: Option<String>,
    live: Vec<(String, Py<NativeManifests>)>,
) -> PyResult<NativeReview> {
    py.detach(|| {
        let mut options = ReviewOptions::default();
        options.use_merge_base = use_merge_base;
        options.environments = environments;
        options.limits = settings.limits();
        options.cache = settings.cache();
        options.threads = threads;
        options.now = now.as_deref().map(Timestamp::parse).transpose()?;
        for (of, manifests) in live {
            options = options.with_live(of, manifests.get().0.objects.as_slice());
        }
        gitops_core::review::review(&Repository::discover(repo)?, base, head, &options).map(NativeReview)
    })
    .map_err(|error| raise(py, &error))
}
