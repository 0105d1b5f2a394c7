//! `build` and what it gives.

use std::collections::HashMap;

use gitops_core::files::{self, Disk, Memory};
use gitops_core::kustomize::{self, Build, BuildOptions, LoadRestrictor, Strict};
use gitops_core::node::{Node, Path, Segment, Span, Value};
use gitops_core::object::Object;
use napi::bindgen_prelude::{AsyncTask, Either, Uint8Array};
use napi::{Env, Task};
use napi_derive::napi;

use crate::error::Failure;

/// A build held by JavaScript; its parts are written out when asked for.
#[napi]
pub struct NativeBuild(Build);

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

fn as_path(steps: Vec<Either<u32, String>>) -> Path {
    let segments = steps.into_iter().map(|step| match step {
        Either::A(index) => Segment::Index(index as usize),
        Either::B(key) => Segment::Key(key.as_str().into()),
    });
    segments.collect()
}

fn json_or_failure(
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
    unrestricted: bool,
    strict: Vec<String>,
    history: bool,
}

enum Source {
    Disk { root: Option<String> },
    Memory(HashMap<String, Vec<u8>>),
}

impl BuildTask {
    fn on_disk(
        path: String,
        unrestricted: bool,
        strict: Vec<String>,
        root: Option<String>,
        history: bool,
    ) -> Self {
        Self { source: Source::Disk { root }, path, unrestricted, strict, history }
    }

    fn in_memory(
        files: HashMap<String, Either<String, Uint8Array>>,
        path: String,
        unrestricted: bool,
        strict: Vec<String>,
        history: bool,
    ) -> Self {
        let files = files
            .into_iter()
            .map(|(name, content)| match content {
                Either::A(text) => (name, text.into_bytes()),
                Either::B(bytes) => (name, bytes.to_vec()),
            })
            .collect();
        Self { source: Source::Memory(files), path, unrestricted, strict, history }
    }

    fn run(&mut self) -> gitops_core::Result<Build> {
        let mut options = BuildOptions::default();
        options.strict = Strict::of(&self.strict)?;
        options.history = self.history;
        if self.unrestricted {
            options.load_restrictor = LoadRestrictor::None;
        }
        match &mut self.source {
            Source::Disk { root } => {
                let (disk, dir) = Disk::around(&self.path, root.as_deref().map(AsRef::as_ref))?;
                kustomize::build(&disk, &dir, &options)
            }
            Source::Memory(contents) => {
                let mut memory = Memory::new();
                for (path, content) in contents.drain() {
                    memory.insert(&path, content);
                }
                kustomize::build(&memory, &files::join("", &self.path)?, &options)
            }
        }
    }

    fn outcome(&mut self) -> Outcome {
        wrap(self.run())
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

/// Builds a directory of the disk.
#[napi(catch_unwind)]
pub fn build(
    path: String,
    unrestricted: bool,
    strict: Vec<String>,
    root: Option<String>,
    history: bool,
) -> Outcome {
    BuildTask::on_disk(path, unrestricted, strict, root, history).outcome()
}

/// The same on the libuv pool.
#[napi]
pub fn build_async(
    path: String,
    unrestricted: bool,
    strict: Vec<String>,
    root: Option<String>,
    history: bool,
) -> AsyncTask<BuildTask> {
    AsyncTask::new(BuildTask::on_disk(path, unrestricted, strict, root, history))
}

/// Builds a directory of files in memory.
#[napi(catch_unwind)]
pub fn build_files(
    files: HashMap<String, Either<String, Uint8Array>>,
    path: String,
    unrestricted: bool,
    strict: Vec<String>,
    history: bool,
) -> Outcome {
    BuildTask::in_memory(files, path, unrestricted, strict, history).outcome()
}

/// The same on the libuv pool.
#[napi]
pub fn build_files_async(
    files: HashMap<String, Either<String, Uint8Array>>,
    path: String,
    unrestricted: bool,
    strict: Vec<String>,
    history: bool,
) -> AsyncTask<BuildTask> {
    AsyncTask::new(BuildTask::in_memory(files, path, unrestricted, strict, history))
}

fn to_json(value: &impl serde::Serialize) -> napi::Result<String> {
    serde_json::to_string(value).map_err(|error| napi::Error::from_reason(error.to_string()))
}
