//! Which kustomizations use which: the roots are what people build, and what nothing reaches is
//! deployed by nobody we know.

use std::collections::{BTreeMap, BTreeSet};

use super::scan::Scan;
use super::{Environment, Found, Origin, OriginKind, PlainDirectory, is_fatal, shown};
use crate::Result;
use crate::files::{is_within, join};
use crate::kustomize::LoadRestrictor;
use crate::node::{Location, Node, SourceMap};
use crate::yaml::{self, Dialect, ReadOptions};

/// Fields whose entries may be directories with a kustomization of their own.
const REFERENCES: [&str; 6] =
    ["resources", "bases", "components", "generators", "transformers", "validators"];

/// The kustomizations of a repository by directory.
pub(super) struct Tree(BTreeMap<String, Kustomization>);

struct Kustomization {
    file: String,
    /// Whether it is a `Component`, which stands for nothing on its own.
    component: bool,
    /// Paths it names, from the root; files too.
    uses: BTreeSet<String>,
}

impl Tree {
    pub(super) fn read(scan: &Scan, found: &mut Found<'_>) -> Result<Self> {
        let mut tree = BTreeMap::new();
        for (dir, file) in &scan.kustomizations {
            let mut this = Kustomization { file: file.clone(), component: false, uses: BTreeSet::new() };
            let node = match found.files.read(file) {
                Ok(content) => parse(file, &content.bytes),
                Err(error) if is_fatal(&error) => return Err(error),
                Err(_) => None,
            };
            // One that cannot be read uses nothing; its build will say why.
            if let Some(node) = node {
                this.component = node.get("kind").and_then(Node::as_str) == Some("Component");
                for field in REFERENCES {
                    let entries = node.get(field).and_then(Node::as_seq).unwrap_or(&[]);
                    let paths = entries.iter().filter_map(|entry| join(dir, entry.as_str()?).ok());
                    this.uses.extend(paths);
                }
            }
            tree.insert(dir.clone(), this);
        }
        Ok(Self(tree))
    }

    /// Directories that no other kustomization uses, without components.
    fn roots(&self) -> impl Iterator<Item = (&String, &Kustomization)> {
        let used: BTreeSet<&String> =
            self.0.iter().flat_map(|(dir, this)| this.uses.iter().filter(move |path| *path != dir)).collect();
        self.0.iter().filter(move |(dir, this)| !this.component && !used.contains(dir))
    }

    /// Roots that none of the environments reaches, as environments of their own.
    pub(super) fn unreached(&self, environments: &[Environment]) -> Vec<Environment> {
        let mut reached: BTreeSet<String> = BTreeSet::new();
        let mut ahead: Vec<String> = Vec::new();
        for environment in environments {
            let components = environment.overrides.as_ref().and_then(|node| node.get("components"));
            let components = components.and_then(Node::as_seq).unwrap_or(&[]);
            ahead.extend(components.iter().filter_map(|entry| join(&environment.path, entry.as_str()?).ok()));
            ahead.push(environment.path.clone());
            // Without a kustomization, whatever stands below is taken.
            let recursive = environment.plain_directory == PlainDirectory::Recursive;
            if recursive && !self.0.contains_key(&environment.path) {
                ahead.extend(self.0.keys().filter(|dir| is_within(dir, &environment.path)).cloned());
            }
        }
        while let Some(path) = ahead.pop() {
            if let Some(this) = self.0.get(&path)
                && reached.insert(path)
            {
                ahead.extend(this.uses.iter().cloned());
            }
        }
        let unreached = self.roots().filter(|(dir, _)| !reached.contains(*dir));
        unreached.map(|(dir, this)| environment(dir, &this.file)).collect()
    }
}

fn environment(dir: &str, file: &str) -> Environment {
    let name = shown(dir).to_owned();
    let location = Some(Location::file(file));
    Environment {
        name: name.clone(),
        path: dir.to_owned(),
        origin: Origin { kind: OriginKind::Kustomization, name, namespace: String::new(), location },
        path_location: None,
        cluster: None,
        target_namespace: None,
        target_revision: None,
        suspended: false,
        load_restrictor: LoadRestrictor::RootOnly,
        plain_directory: PlainDirectory::Refused,
        overrides: None,
        declaration: None,
        unsupported: Vec::new(),
        policy_paths: Vec::new(),
    }
}

fn parse(file: &str, bytes: &[u8]) -> Option<Node> {
    let text = yaml::decode(file, bytes).ok()?;
    let sources = SourceMap::new();
    let id = sources.add(file, text);
    let options = ReadOptions { dialect: Dialect::Kubectl, last_key_wins: true, ..ReadOptions::default() };
    yaml::read(&sources, id, &options).ok()?.documents.into_iter().next()
}
