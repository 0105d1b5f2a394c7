//! `review` and what it gives.

use gitops_core::git::Repository;
use gitops_core::report::MarkdownOptions;
use gitops_core::review::{Review, ReviewOptions};
use gitops_core::time::Timestamp;
use napi::bindgen_prelude::{AsyncTask, Either};
use napi::{Env, Task};
use napi_derive::napi;

use crate::error::Failure;
use crate::manifests::NativeManifests;
use crate::settings::{NativeCache, Settings, shared};

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
    now: Option<String>,
    options: ReviewOptions,
}

impl ReviewTask {
    #[allow(clippy::too_many_arguments, reason = "as below")]
    fn new(
        repo: String,
        base: String,
        head: String,
        use_merge_base: bool,
        environments: Vec<String>,
        settings: &Settings,
        threads: u32,
        now: Option<String>,
        cache: Option<&NativeCache>,
        live_names: Vec<String>,
        live: Vec<&NativeManifests>,
    ) -> Self {
        let mut options = ReviewOptions::default();
        options.use_merge_base = use_merge_base;
        options.environments = environments;
        options.limits = settings.limits();
        options.threads = threads as usize;
        options.cache = shared(cache);
        for (of, manifests) in live_names.into_iter().zip(live) {
            options = options.with_live(of, manifests.0.objects.as_slice());
        }
        Self { repo, base, head, now, options }
    }

    fn run(&self) -> gitops_core::Result<Review> {
        let mut options = self.options.clone();
        options.now = self.now.as_deref().map(Timestamp::parse).transpose()?;
        gitops_core::review::review(&Repository::discover(&self.repo)?, &self.base, &self.head, &options)
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
#[allow(clippy::too_many_arguments, reason = "one for each option of JavaScript")]
#[napi(catch_unwind)]
pub fn review(
    repo: String,
    base: String,
    head: String,
    use_merge_base: bool,
    environments: Vec<String>,
    settings: Settings,
    threads: u32,
    now: Option<String>,
    cache: Option<&NativeCache>,
    live_names: Vec<String>,
    live: Vec<&NativeManifests>,
) -> Outcome {
    outcome(
        ReviewTask::new(
            repo,
            base,
            head,
            use_merge_base,
            environments,
            &settings,
            threads,
            now,
            cache,
            live_names,
            live,
        )
        .run(),
    )
}

/// The same on the libuv pool.
#[allow(clippy::too_many_arguments, reason = "as above")]
#[napi]
pub fn review_async(
    repo: String,
    base: String,
    head: String,
    use_merge_base: bool,
    environments: Vec<String>,
    settings: Settings,
    threads: u32,
    now: Option<String>,
    cache: Option<&NativeCache>,
    live_names: Vec<String>,
    live: Vec<&NativeManifests>,
) -> AsyncTask<ReviewTask> {
    AsyncTask::new(ReviewTask::new(
        repo,
        base,
        head,
        use_merge_base,
        environments,
        &settings,
        threads,
        now,
        cache,
        live_names,
        live,
    ))
}
