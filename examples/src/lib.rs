//! What the example programs share.

pub mod manifests;
pub mod repository;

#[cfg(test)]
mod tests {
    use std::path::Path;

    use gitops_core::drift::{DriftOptions, compare};
    use gitops_core::files::{Disk, Files, Manifests};
    use gitops_core::kustomize::{self, BuildOptions};
    use gitops_core::{git, sources};

    use super::repository::{Commit, make_repository, read_folder};

    /// What `annotate` prints of the demo, and the README shows a part of.
    #[test]
    fn the_annotated_demo() {
        let files = Disk::open(Path::new(env!("CARGO_MANIFEST_DIR")).join("demo/repository")).unwrap();
        let mut options = BuildOptions::default();
        options.history = true;
        let build = kustomize::build(&files, "apps/prod", &options).unwrap();
        insta::assert_snapshot!(build.to_annotated_yaml().unwrap());
    }

    /// What `drift` tells of a recorded cluster.
    #[test]
    fn the_cluster_has_drifted() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR"));
        let files = Disk::open(folder).unwrap();
        let [mut desired, mut live] = [Manifests::new(), Manifests::new()];
        desired.add(&files, "cluster/git").unwrap();
        live.add(&files, "cluster/live.json").unwrap();
        let options = DriftOptions::new().with_sources(desired.sources.clone());
        let report = compare(&desired.objects, &live.objects, &options);
        insta::assert_snapshot!(report.to_text().replace(&format!("{}/", folder.display()), ""));
    }

    /// What is found in the demo's folder and in a commit of it is the same.
    #[test]
    fn the_demo_is_the_same_in_git() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("demo/repository");
        let dir = tempfile::tempdir().unwrap();
        make_repository(dir.path(), &[Commit::new("demo", read_folder(&folder).unwrap())]).unwrap();
        let revision = git::Repository::open(dir.path()).unwrap().revision("main").unwrap();
        let discover = |files: &dyn Files| {
            let found = sources::discover(files, &sources::DiscoverOptions::default()).unwrap();
            serde_json::to_string_pretty(&found).unwrap()
        };
        let (disk, tree) = (Disk::open(&folder).unwrap(), revision.files());
        assert_eq!(discover(&disk), discover(&tree));
        assert!(discover(&tree).contains("\"name\": \"prod/apps\""));
    }
}
