//! Many builds at once: an overlay for every environment, on all cores.

use super::{Build, BuildOptions, build};
use crate::files::Files;
use crate::{Result, parallel};

/// One build of [`build_many`].
#[derive(Clone, Copy)]
pub struct Request<'a> {
    files: &'a dyn Files,
    dir: &'a str,
    options: &'a BuildOptions,
}

impl<'a> Request<'a> {
    /// Asks for what `build(files, dir, options)` gives.
    #[must_use]
    pub fn new(files: &'a dyn Files, dir: &'a str, options: &'a BuildOptions) -> Self {
        Self { files, dir, options }
    }
}

/// Builds many kustomizations, each as [`build`] does, on several threads.
///
/// The results stand in the order of the requests, each for itself: one that fails stops no other.
/// They are the same as those of [`build`], whatever the number of threads. Requests whose options
/// share a [`super::Cache`], such as all with the same options, parse a base that many use once.
///
/// `threads` is the most threads to use, the calling one among them; 0 stands for as many as the
/// process may run at once. No thread outlives the call.
#[must_use]
pub fn build_many(requests: &[Request<'_>], threads: usize) -> Vec<Result<Build>> {
    parallel::map(requests, threads, |request| build(request.files, request.dir, request.options))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::files::Memory;
    use crate::kustomize::Cache;
    use crate::node::Path;

    /// Twelve applications, each with a base and three overlays; one overlay is broken.
    fn fleet() -> (Memory, Vec<String>) {
        let mut files = Memory::new();
        let mut dirs = Vec::new();
        for app in 0..12 {
            let kustomization = "resources: [app.yaml]\nnameSuffix: -a\nnameSuffix: -b\n";
            files.insert(&format!("app-{app}/base/kustomization.yaml"), kustomization);
            let manifest = format!(
                "apiVersion: apps/v1\nkind: Deployment\nmetadata:\n  name: app-{app}\nspec:\n  template:\n    spec:\n      containers:\n      - name: web\n        image: web:{app}\n"
            );
            files.insert(&format!("app-{app}/base/app.yaml"), manifest);
            for env in ["dev", "staging", "prod"] {
                let dir = format!("app-{app}/{env}");
                let resources =
                    if app == 7 && env == "prod" { "[../base, missing.yaml]" } else { "[../base]" };
                let kustomization = format!(
                    "resources: {resources}\nnamespace: {env}\nimages: [{{name: web, newTag: {env}}}, {{name: none, newTag: x}}]\npatches:\n- patch: |-\n    - {{op: add, path: /spec/replicas, value: 3}}\n  target: {{kind: Deployment}}\n"
                );
                files.insert(&format!("{dir}/kustomization.yaml"), kustomization);
                dirs.push(dir);
            }
        }
        (files, dirs)
    }

    /// All that a build says, places included.
    fn told(result: &Result<Build>) -> String {
        let build = match result {
            Ok(build) => build,
            Err(error) => return format!("{error} {:?}", error.location()),
        };
        let mut told = build.to_yaml().unwrap();
        for object in &build.objects {
            for path in ["spec.replicas", "spec.template.spec.containers", "metadata.namespace"] {
                let path: Path = path.split('.').map(|key| crate::node::Segment::Key(key.into())).collect();
                told += &format!("{path}: {:?}\n", build.location(object, &path));
            }
        }
        told + &format!("{:?}{:?}", build.warnings, build.files_read)
    }

    #[test]
    fn threads_and_a_shared_cache_change_nothing() {
        let (files, dirs) = fleet();
        let alone: Vec<String> =
            dirs.iter().map(|dir| told(&build(&files, dir, &BuildOptions::default()))).collect();
        assert_eq!(alone.iter().filter(|told| told.contains("missing.yaml")).count(), 1);
        assert!(alone.iter().all(|told| told.contains("missing.yaml") || told.contains("duplicate-key")));
        let options = BuildOptions { cache: Cache::new(), ..BuildOptions::default() };
        let requests: Vec<_> = dirs.iter().map(|dir| Request::new(&files, dir, &options)).collect();
        for threads in [0, 1, 2, 16] {
            let many: Vec<String> = build_many(&requests, threads).iter().map(told).collect();
            assert_eq!(many, alone, "{threads} threads");
        }
    }

    #[test]
    fn a_cache_serves_callers_that_know_nothing_of_each_other() {
        let (files, dirs) = fleet();
        let options = BuildOptions::default();
        let alone: Vec<String> =
            dirs.iter().map(|dir| told(&build(&files, dir, &BuildOptions::default()))).collect();
        std::thread::scope(|scope| {
            for thread in 0..8 {
                let (options, files, dirs, alone) = (options.clone(), &files, &dirs, &alone);
                scope.spawn(move || {
                    // Each in another order.
                    for at in (0..dirs.len()).map(|at| (at * 5 + thread * 7) % dirs.len()) {
                        assert_eq!(told(&build(files, &dirs[at], &options)), alone[at]);
                    }
                });
            }
        });
    }

    #[test]
    fn limits_hold_for_files_that_the_cache_knows() {
        let (files, _) = fleet();
        let mut options = BuildOptions::default();
        build(&files, "app-0/dev", &options).unwrap();
        options.limits.max_depth = 3;
        assert_eq!(build(&files, "app-0/dev", &options).unwrap_err().code(), "too-deep");
    }
}
