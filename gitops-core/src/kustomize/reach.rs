//! Which paths a build depends on, found without building.
//!
//! A review asks this to render only what a change can touch. The answer errs on the safe side: every
//! text in a kustomization that could be a path counts as one, so that fields which only name files in
//! odd places, or are not implemented yet, are covered as well.

use std::collections::BTreeSet;

use crate::Result;
use crate::files::{self, FileKind, Files};
use crate::kustomize::BuildOptions;
use crate::kustomize::load::{Builder, FILE_NAMES};
use crate::node::{Node, Value};
use crate::yaml::Dialect;

/// A text longer than this, or of several lines, is no path.
const MAX_PATH: usize = 1024;

/// The paths that a build reads or looks for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Reach {
    paths: BTreeSet<String>,
    /// Directories of which everything counts.
    trees: BTreeSet<String>,
}

impl Reach {
    /// Whether a change of `path` (a file, a link, or a directory that came or went) can change the
    /// build.
    #[must_use]
    pub fn contains(&self, path: &str) -> bool {
        if self.paths.contains(path) || self.trees.contains("") {
            return true;
        }
        // Something below a path that is looked for, or below a whole tree.
        let mut above = path;
        while !above.is_empty() {
            if self.trees.contains(above) || self.paths.contains(above) {
                return true;
            }
            above = files::parent(above);
        }
        // A directory or link on the way to something.
        let below = format!("{path}/");
        let next = |set: &BTreeSet<String>| {
            set.range(below.clone()..).next().is_some_and(|it| it.starts_with(&below))
        };
        next(&self.paths) || next(&self.trees)
    }

    /// The single paths, sorted. Directories appear where an entry names them.
    pub fn paths(&self) -> impl Iterator<Item = &str> {
        self.paths.iter().map(String::as_str)
    }
}

/// What a build of `dir` depends on.
///
/// Kustomizations that cannot be read end the search there without an error: the build will report them.
///
/// # Errors
/// None at present; the result leaves room for limits.
pub fn reach(files: &dyn Files, dir: &str, options: &BuildOptions) -> Result<Reach> {
    let mut found = Reach::default();
    let mut builder = Builder::new(files, options);
    let mut open = vec![dir.to_owned()];
    let mut seen = BTreeSet::new();
    while let Some(dir) = open.pop() {
        if !seen.insert(dir.clone()) {
            continue;
        }
        if let Ok(resolved) = files.resolve(&dir)
            && resolved != dir
        {
            found.paths.insert(dir.clone());
            open.push(resolved);
            continue;
        }
        let mut documents = None;
        for name in FILE_NAMES {
            let Ok(path) = files::join(&dir, name) else { continue };
            if documents.is_none()
                && matches!(files.kind(&path), Ok(Some(FileKind::File)))
                && let Ok(content) = files.read(&path)
            {
                documents = builder.documents(&path, &content, Dialect::Kubectl).ok();
            }
            found.paths.insert(path);
        }
        match documents {
            None => drop(found.trees.insert(dir)),
            Some(documents) => {
                for document in documents.iter() {
                    // The configurations of plugins name files of their own.
                    if ["generators", "transformers", "validators"]
                        .iter()
                        .any(|field| document.get(field).is_some())
                    {
                        found.trees.insert(dir.clone());
                    }
                    texts(document, &mut |text| {
                        for path in options.remote_bases.places(text) {
                            match files.kind(&path) {
                                Ok(Some(FileKind::Directory)) => open.push(path),
                                _ => drop(found.paths.insert(path)),
                            }
                        }
                        candidate(files, &dir, text, &mut found, &mut open);
                    });
                }
            }
        }
    }
    Ok(found)
}

fn texts(node: &Node, see: &mut dyn FnMut(&str)) {
    match &node.value {
        Value::Map(map) => map.iter().for_each(|(_, value)| texts(value, see)),
        Value::Seq(items) => items.iter().for_each(|item| texts(item, see)),
        Value::String(text) => see(text),
        _ => {}
    }
}

/// Notes the path that `text` may be, and where it leads.
fn candidate(files: &dyn Files, dir: &str, text: &str, found: &mut Reach, open: &mut Vec<String>) {
    if text.is_empty() || text.len() > MAX_PATH || text.contains('\n') {
        return;
    }
    // `key=path` in the files of a generator.
    let parts = std::iter::once(text).chain(text.split_once('=').map(|(_, path)| path));
    for part in parts.filter(|part| !part.is_empty()) {
        let absolute = part.starts_with('/').then(|| files.from_absolute(part)).flatten();
        let Some(path) = absolute.or_else(|| files::join_in(files, dir, part).ok()) else { continue };
        match files.kind(&path) {
            Ok(Some(FileKind::Directory)) if path != dir => open.push(path),
            Ok(Some(FileKind::Directory)) => {}
            _ => {
                if let Ok(resolved) = files.resolve(&path)
                    && resolved != path
                {
                    found.paths.insert(resolved);
                }
                found.paths.insert(path);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::files::Memory;

    #[test]
    fn follows_bases_patches_and_files_to_come() {
        let files = Memory::new()
            .with("base/kustomization.yaml", "resources: [web.yaml, extra]\n")
            .with("base/web.yaml", "")
            .with("base/unrelated.yaml", "")
            .with(
                "prod/kustomization.yaml",
                "resources: [../base]\npatches: [{path: patch.yaml}]\nconfigMapGenerator: [{name: c, files: [k=conf/a.txt]}]\n",
            )
            .with("other/kustomization.yaml", "resources: [x.yaml]\n");
        let reach = reach(&files, "prod", &BuildOptions::default()).unwrap();
        for path in [
            "prod/kustomization.yaml",
            "prod/kustomization.yml",
            "prod/patch.yaml",
            "prod/conf/a.txt",
            "base/web.yaml",
            "base/extra/kustomization.yaml",
            "base",
        ] {
            assert!(reach.contains(path), "{path}");
        }
        for path in ["other/x.yaml", "base/unrelated.yaml", "prod/notes.md", "bas"] {
            assert!(!reach.contains(path), "{path}");
        }
    }

    #[test]
    fn follows_remote_bases_to_where_the_caller_has_them() {
        let text = "resources: ['https://github.com/org/repo//base?ref=v1', 'https://host/x.yaml']\n";
        let files = Memory::new()
            .with("app/kustomization.yaml", text)
            .with("vendor/github.com/org/repo@v1/base/kustomization.yaml", "resources: [a.yaml]\n");
        let remote_bases = crate::kustomize::RemoteBases::new().vendored("vendor");
        let options = BuildOptions { remote_bases, ..BuildOptions::default() };
        let reach = reach(&files, "app", &options).unwrap();
        assert!(reach.contains("vendor/github.com/org/repo@v1/base/a.yaml"));
        assert!(reach.contains("vendor/host/x.yaml"));
        assert!(!reach.contains("vendor/github.com/org/repo@v2/base/a.yaml"));
    }

    #[test]
    fn with_plugins_everything_below_counts() {
        let files = Memory::new().with("app/kustomization.yaml", "transformers: [t.yaml]\n").with(
            "app/t.yaml",
            "apiVersion: builtin\nkind: PatchTransformer\nmetadata: {name: t}\npath: p.yaml\n",
        );
        let reach = reach(&files, "app", &BuildOptions::default()).unwrap();
        assert!(reach.contains("app/p.yaml"));
        assert!(!reach.contains("other/p.yaml"));
    }
}
