//! `build` and what it gives.

use std::collections::HashMap;

use gitops_core::files::{self, Memory};
use gitops_core::kustomize::{self, Build, BuildOptions, Request};
use gitops_core::node::{Node, Path, Segment, Span, Value};
use gitops_core::object::Object;
use napi::bindgen_prelude::{AsyncTask, Either, Uint8Array};
use napi::{Env, Task};
use napi_derive::napi;

use crate::error::Failure;
use crate::settings::{NativeCache, Settings, open};

/// A build held by JavaScript; its parts are written out when asked for.
#[napi]
pub struct NativeBuild(pub(crate) Build);

/// A place in a file.
#[napi(object, object_from_js = false)]
pub struct Place {
    pub path: String,
    pub line: u32,
    pub column: u32,
}

#[napi]
impl NativeBuild {
    /// The stream as `kustomize build` prints it.
    #[napi(catch_unwind)]
    pub fn yaml(&self) -> Either<String, Failure> {
        match self.0.to_yaml() {
            Ok(text) => Either::A(text),
            Err(error) => Either::B(error.into()),
        }
    }

    /// The objects as one JSON list.
    #[napi(catch_unwind)]
    pub fn objects_json(&self) -> napi::Result<String> {
        let nodes: Vec<_> = self.0.objects.iter().map(|object| &object.node).collect();
        to_json(&nodes)
    }

    /// The warnings as one JSON list.
    #[napi(catch_unwind)]
    pub fn warnings_json(&self) -> napi::Result<String> {
        to_json(&self.0.warnings)
    }

    /// The paths of all files read, sorted.
    #[napi(catch_unwind)]
    pub fn files_read(&self) -> Vec<String> {
        self.0.files_read.clone()
    }

    /// The place of the text behind a node.
    #[napi(catch_unwind)]
    pub fn location(&self, index: u32, path: Vec<Either<u32, String>>) -> Option<Place> {
        let place = self.0.location(self.0.objects.get(index as usize)?, &as_path(path))?;
        Some(Place { path: place.path, line: place.line, column: place.column })
    }

    /// The steps that set a node, as one JSON list; empty where there is no such object.
    #[napi(catch_unwind)]
    pub fn history_json(
        &self,
        index: u32,
        path: Vec<Either<u32, String>>,
    ) -> napi::Result<Either<String, Failure>> {
        let object = self.0.objects.get(index as usize).unwrap_or(&NOTHING);
        json_or_failure(self.0.history(object, &as_path(path)))
    }

    /// The histories of all fields of an object, as one JSON list.
    #[napi(catch_unwind)]
    pub fn field_histories_json(&self, index: u32) -> napi::Result<Either<String, Failure>> {
        json_or_failure(self.0.field_histories(self.0.objects.get(index as usize).unwrap_or(&NOTHING)))
    }

    /// The stream with the text behind every value as a comment.
    #[napi(catch_unwind)]
    pub fn annotated_yaml(&self) -> Either<String, Failure> {
        match self.0.to_annotated_yaml() {
            Ok(text) => Either::A(text),
            Err(error) => Either::B(error.into()),
        }
    }
}

/// Stands for an object that a build does not have.
static NOTHING: Object = Object { node: Node { value: Value::Null, span: Span::NONE } };

pub(crate) fn as_path(steps: Vec<Either<u32, String>>) -> Path {
    let segments = steps.into_iter().map(|step| match step {
        Either::A(index) => Segment::Index(index as usize),
        Either::B(key) => Segment::Key(key.as_str().into()),
    });
    segments.collect()
}

pub(crate) fn json_or_failure(
    result: gitops_core::Result<impl serde::Serialize>,
) -> napi::Result<Either<String, Failure>> {
    match result {
        Ok(value) => to_json(&value).map(Either::A),
        Err(error) => Ok(Either::B(error.into())),
    }
}

type Outcome = Either<NativeBuild, Failure>;

/// What is to be built; `Send`, so that the libuv pool can do it.
pub struct BuildTask {
    source: Source,
    path: String,
    /// Or why there are none.
    options: gitops_core::Result<BuildOptions>,
}

enum Source {
    Disk { root: Option<String> },
    Memory(HashMap<String, Vec<u8>>),
}

type Contents = HashMap<String, Either<String, Uint8Array>>;

impl BuildTask {
    fn on_disk(path: String, root: Option<String>, options: gitops_core::Result<BuildOptions>) -> Self {
        Self { source: Source::Disk { root }, path, options }
    }

    fn in_memory(files: Contents, path: String, options: gitops_core::Result<BuildOptions>) -> Self {
        let files = files
            .into_iter()
            .map(|(name, content)| match content {
                Either::A(text) => (name, text.into_bytes()),
                Either::B(bytes) => (name, bytes.to_vec()),
            })
            .collect();
        Self { source: Source::Memory(files), path, options }
    }

    fn run(&mut self) -> gitops_core::Result<Build> {
        let options = self.options.as_ref().map_err(Clone::clone)?;
        match &mut self.source {
            Source::Disk { root } => {
                let (disk, dir) = open(&self.path, root.as_deref(), options.limits)?;
                kustomize::build(&disk, &dir, options)
            }
            Source::Memory(contents) => {
                let mut memory = Memory::new();
                for (path, content) in contents.drain() {
                    memory.insert(&path, content);
                }
                kustomize::build(&memory, &files::join("", &self.path)?, options)
            }
        }
    }
}

fn wrap(result: gitops_core::Result<Build>) -> Outcome {
    match result {
        Ok(build) => Either::A(NativeBuild(build)),
        Err(error) => Either::B(error.into()),
    }
}

impl Task for BuildTask {
    type Output = gitops_core::Result<Build>;
    type JsValue = Outcome;

    fn compute(&mut self) -> napi::Result<Self::Output> {
        Ok(self.run())
    }

    fn resolve(&mut self, _env: Env, output: Self::Output) -> napi::Result<Self::JsValue> {
        Ok(wrap(output))
    }
}

/// Many directories of the disk.
pub struct BuildManyTask {
    paths: Vec<String>,
    root: Option<String>,
    /// Or why there are none.
    options: gitops_core::Result<BuildOptions>,
    threads: u32,
}

type Outcomes = Either<Vec<Outcome>, Failure>;

impl BuildManyTask {
    fn run(&self) -> gitops_core::Result<Vec<gitops_core::Result<Build>>> {
        let options = self.options.as_ref().map_err(Clone::clone)?;
        let open = |path: &String| open(path, self.root.as_deref(), options.limits);
        let found: Vec<_> = self.paths.iter().map(open).collect();
        let opened = found.iter().flatten();
        let requests: Vec<_> = opened.map(|(disk, dir)| Request::new(disk, dir, options)).collect();
        let mut built = kustomize::build_many(&requests, self.threads as usize).into_iter();
        // Results stand only for what could be opened.
        let each = found.into_iter().filter_map(|found| match found {
            Ok(_) => built.next(),
            Err(error) => Some(Err(error)),
        });
        Ok(each.collect())
    }
}

fn wrap_all(result: gitops_core::Result<Vec<gitops_core::Result<Build>>>) -> Outcomes {
    match result {
        Ok(built) => Either::A(built.into_iter().map(wrap).collect()),
        Err(error) => Either::B(error.into()),
    }
}

impl Task for BuildManyTask {
    type Output = gitops_core::Result<Vec<gitops_core::Result<Build>>>;
    type JsValue = Outcomes;

    fn compute(&mut self) -> napi::Result<Self::Output> {
        Ok(self.run())
    }

    fn resolve(&mut self, _env: Env, output: Self::Output) -> napi::Result<Self::JsValue> {
        Ok(wrap_all(output))
    }
}

/// Builds a directory of the disk.
#[napi(catch_unwind)]
pub fn build(path: String, root: Option<String>, settings: Settings, cache: Option<&NativeCache>) -> Outcome {
    wrap(BuildTask::on_disk(path, root, settings.options(cache)).run())
}

/// The same on the libuv pool.
#[napi]
pub fn build_async(
    path: String,
    root: Option<String>,
    settings: Settings,
    cache: Option<&NativeCache>,
) -> AsyncTask<BuildTask> {
    AsyncTask::new(BuildTask::on_disk(path, root, settings.options(cache)))
}

/// Builds directories of the disk; a failure stands for each that fails.
#[napi(catch_unwind)]
pub fn build_many(
    paths: Vec<String>,
    root: Option<String>,
    settings: Settings,
    threads: u32,
    cache: Option<&NativeCache>,
) -> Outcomes {
    wrap_all(BuildManyTask { paths, root, options: settings.options(cache), threads }.run())
}

/// The same on the libuv pool.
#[napi]
pub fn build_many_async(
    paths: Vec<String>,
    root: Option<String>,
    settings: Settings,
    threads: u32,
    cache: Option<&NativeCache>,
) -> AsyncTask<BuildManyTask> {
    AsyncTask::new(BuildManyTask { paths, root, options: settings.options(cache), threads })
}

/// Builds a directory of files in memory.
#[napi(catch_unwind)]
pub fn build_files(
    files: Contents,
    path: String,
    settings: Settings,
    cache: Option<&NativeCache>,
) -> Outcome {
    wrap(BuildTask::in_memory(files, path, settings.options(cache)).run())
}

/// The same on the libuv pool.
#[napi]
pub fn build_files_async(
    files: Contents,
    path: String,
    settings: Settings,
    cache: Option<&NativeCache>,
) -> AsyncTask<BuildTask> {
    AsyncTask::new(BuildTask::in_memory(files, path, settings.options(cache)))
}

pub(crate) fn to_json(value: &impl serde::Serialize) -> napi::Result<String> {
    serde_json::to_string(value).map_err(|error| napi::Error::from_reason(error.to_string()))
}
