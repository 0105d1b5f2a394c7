//! `review` and what it gives.

use gitops_core::git::Repository;
use gitops_core::report::MarkdownOptions;
use gitops_core::review::{Review, ReviewOptions};
use napi::bindgen_prelude::{AsyncTask, Either};
use napi::{Env, Task};
use napi_derive::napi;

use crate::error::Failure;

/// A review held by JavaScript; its reports are written when asked for.
#[napi]
pub struct NativeReview(Review);

#[napi]
impl NativeReview {
    /// The review as JSON, the same in every language.
    #[napi(catch_unwind)]
    pub fn json(&self) -> String {
        self.0.to_json()
    }

    /// The review as a comment of at most `budget` bytes.
    #[napi(catch_unwind)]
    pub fn markdown(&self, budget: u32) -> String {
        self.0.to_markdown(&MarkdownOptions::with_budget(budget as usize))
    }

    /// The review as SARIF.
    #[napi(catch_unwind)]
    pub fn sarif(&self) -> String {
        self.0.to_sarif()
    }
}

type Outcome = Either<NativeReview, Failure>;

/// What is to be reviewed; `Send`, so that the libuv pool can do it.
pub struct ReviewTask {
    repo: String,
    base: String,
    head: String,
    options: ReviewOptions,
}

impl ReviewTask {
    fn new(
        repo: String,
        base: String,
        head: String,
        use_merge_base: bool,
        environments: Vec<String>,
    ) -> Self {
        let mut options = ReviewOptions::default();
        options.use_merge_base = use_merge_base;
        options.environments = environments;
        Self { repo, base, head, options }
    }

    fn run(&self) -> gitops_core::Result<Review> {
        gitops_core::review::review(&Repository::discover(&self.repo)?, &self.base, &self.head, &self.options)
    }
}

fn outcome(result: gitops_core::Result<Review>) -> Outcome {
    match result {
        Ok(review) => Either::A(NativeReview(review)),
        Err(error) => Either::B(error.into()),
    }
}

impl Task for ReviewTask {
    type Output = gitops_core::Result<Review>;
    type JsValue = Outcome;

    fn compute(&mut self) -> napi::Result<Self::Output> {
        Ok(self.run())
    }

    fn resolve(&mut self, _env: Env, output: Self::Output) -> napi::Result<Self::JsValue> {
        Ok(outcome(output))
    }
}

/// Reviews what changes between two revisions.
#[napi(catch_unwind)]
pub fn review(
    repo: String,
    base: String,
    head: String,
    use_merge_base: bool,
    environments: Vec<String>,
) -> Outcome {
    outcome(ReviewTask::new(repo, base, head, use_merge_base, environments).run())
}

/// The same on the libuv pool.
#[napi]
pub fn review_async(
    repo: String,
    base: String,
    head: String,
    use_merge_base: bool,
    environments: Vec<String>,
) -> AsyncTask<ReviewTask> {
    AsyncTask::new(ReviewTask::new(repo, base, head, use_merge_base, environments))
}
