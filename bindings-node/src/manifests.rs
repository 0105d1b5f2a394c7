//! Objects that JavaScript hands in: files, text, or what a build gave.

use std::sync::Arc;

use gitops_core::files::{Disk, Manifests};
use gitops_core::node::SourceMap;
use napi::bindgen_prelude::{AsyncTask, Either, Uint8Array};
use napi::{Env, Task};
use napi_derive::napi;

use crate::build::{NativeBuild, Place, as_path, to_json};
use crate::error::Failure;
use crate::settings::Settings;

/// Objects held by JavaScript.
#[napi]
pub struct NativeManifests(pub(crate) Arc<Manifests>);

#[napi]
impl NativeManifests {
    #[napi(catch_unwind)]
    pub fn count(&self) -> u32 {
        u32::try_from(self.0.objects.len()).unwrap_or(u32::MAX)
    }

    /// The objects as one JSON list.
    #[napi(catch_unwind)]
    pub fn objects_json(&self) -> napi::Result<String> {
        to_json(&self.0.objects.iter().map(|object| &object.node).collect::<Vec<_>>())
    }

    /// The place of the text behind a node.
    #[napi(catch_unwind)]
    pub fn location(&self, index: u32, path: Vec<Either<u32, String>>) -> Option<Place> {
        let place = self.0.location(self.0.objects.get(index as usize)?, &as_path(path))?;
        Some(Place { path: place.path, line: place.line, column: place.column })
    }
}

type Outcome = Either<NativeManifests, Failure>;

fn outcome(result: gitops_core::Result<Manifests>) -> Outcome {
    match result {
        Ok(manifests) => Either::A(NativeManifests(Arc::new(manifests))),
        Err(error) => Either::B(error.into()),
    }
}

/// Files and directories to be read; `Send`, so that the libuv pool can do it.
pub struct ReadTask {
    paths: Vec<String>,
    root: Option<String>,
    settings: Settings,
}

impl ReadTask {
    fn run(&self) -> gitops_core::Result<Manifests> {
        let limits = self.settings.limits();
        let mut manifests = Manifests::new().with_limits(limits);
        for path in &self.paths {
            let (disk, path) = Disk::containing(path, self.root.as_deref().map(AsRef::as_ref))?;
            manifests.add(&disk.max_file_size(limits.max_bytes as u64), &path)?;
        }
        Ok(manifests)
    }
}

impl Task for ReadTask {
    type Output = gitops_core::Result<Manifests>;
    type JsValue = Outcome;

    fn compute(&mut self) -> napi::Result<Self::Output> {
        Ok(self.run())
    }

    fn resolve(&mut self, _env: Env, output: Self::Output) -> napi::Result<Self::JsValue> {
        Ok(outcome(output))
    }
}

/// Reads files and directories of the disk.
#[napi(catch_unwind)]
pub fn read_manifests(paths: Vec<String>, root: Option<String>, settings: Settings) -> Outcome {
    outcome(ReadTask { paths, root, settings }.run())
}

/// The same on the libuv pool.
#[napi]
pub fn read_manifests_async(
    paths: Vec<String>,
    root: Option<String>,
    settings: Settings,
) -> AsyncTask<ReadTask> {
    AsyncTask::new(ReadTask { paths, root, settings })
}

/// Reads a stream of YAML or JSON, called `path` in places; without one, no place stands behind it.
#[napi(catch_unwind)]
pub fn parse_manifests(
    content: Either<String, Uint8Array>,
    path: Option<String>,
    settings: Settings,
) -> Outcome {
    let mut manifests = Manifests::new().with_limits(settings.limits());
    let content = match &content {
        Either::A(text) => text.as_bytes(),
        Either::B(bytes) => bytes,
    };
    let read = manifests.add_text(path.as_deref().unwrap_or_default(), content);
    if path.is_none() {
        manifests.sources = SourceMap::new();
    }
    outcome(read.map(|()| manifests))
}

/// The objects of a build, with the places it knows.
#[napi(catch_unwind)]
pub fn built_manifests(build: &NativeBuild) -> NativeManifests {
    NativeManifests(Arc::new(Manifests::from(&build.0)))
}
