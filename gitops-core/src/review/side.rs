//! One of the two revisions under review: its environments, rendered when asked for.

use std::cell::RefCell;
use std::collections::{BTreeMap, HashMap};
use std::rc::Rc;

use regex::bytes::Regex;

use super::listed::Listed;
use super::options::ReviewOptions;
use crate::files::{ContentId, FileKind, Files, join};
use crate::git::{Revision, TreeFiles};
use crate::kustomize::{self, Build, BuildOptions, Reach};
use crate::parallel;
use crate::sources::{self, DiscoverOptions, Discovery, Environment, OriginKind, PlainDirectory};
use crate::{Error, ErrorKind, Result};

/// Deeper folders than discovery reads are not looked at.
const MAX_DEPTH: usize = 100;

/// What the bytes of a file say that it may hold.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Marks {
    /// ConstraintTemplates, Constraints or RiskAcceptances.
    pub(super) policies: bool,
    /// Namespaces.
    pub(super) namespaces: bool,
    /// Tests of policies for `gator verify`.
    pub(super) suites: bool,
}

/// What the contents of both revisions are marked with, so that a file is looked at once.
pub(super) type KnownMarks = RefCell<HashMap<ContentId, Marks>>;

/// A revision, its environments and what was rendered of them so far.
pub(super) struct Side<'a> {
    pub(super) revision: Revision,
    pub(super) files: TreeFiles,
    pub(super) discovery: Discovery,
    /// Files that may hold policies, their tests or Namespaces, by path.
    pub(super) marked: BTreeMap<String, Marks>,
    options: &'a ReviewOptions,
    builds: RefCell<HashMap<String, Rc<Result<Build>>>>,
    reaches: RefCell<HashMap<String, Rc<Reach>>>,
    carried: RefCell<HashMap<String, Marks>>,
    unread: RefCell<Option<Rc<BTreeMap<String, Marks>>>>,
}

impl<'a> Side<'a> {
    pub(super) fn new(revision: Revision, options: &'a ReviewOptions, known: &KnownMarks) -> Result<Self> {
        let files = revision.files();
        let discover = DiscoverOptions {
            limits: options.limits,
            sources: options.cache.sources().clone(),
            ..DiscoverOptions::default()
        };
        let discovery = sources::discover(&files, &discover)?;
        let marked = marked(&files, known)?;
        Ok(Self {
            revision,
            files,
            discovery,
            marked,
            options,
            builds: RefCell::default(),
            reaches: RefCell::default(),
            carried: RefCell::default(),
            unread: RefCell::default(),
        })
    }

    pub(super) fn environment(&self, name: &str) -> Option<&Environment> {
        self.discovery.environments.iter().find(|environment| environment.name == name)
    }

    /// The rendered environment; the same one each time.
    pub(super) fn build(&self, environment: &Environment) -> Rc<Result<Build>> {
        if let Some(known) = self.builds.borrow().get(&environment.name) {
            return known.clone();
        }
        let build = Rc::new(self.rendering(environment).run());
        self.builds.borrow_mut().insert(environment.name.clone(), build.clone());
        build
    }

    /// Renders environments of several sides at once, so that [`Side::build`] knows them.
    pub(super) fn build_all(wanted: &[(&Side<'_>, &Environment)], threads: usize) {
        let unknown = |side: &Side<'_>, name: &str| !side.builds.borrow().contains_key(name);
        let wanted: Vec<_> =
            wanted.iter().filter(|(side, environment)| unknown(side, &environment.name)).collect();
        let renderings: Vec<_> =
            wanted.iter().map(|(side, environment)| side.rendering(environment)).collect();
        let builds = parallel::map(&renderings, threads, Rendering::run);
        for ((side, environment), build) in wanted.into_iter().zip(builds) {
            side.builds.borrow_mut().insert(environment.name.clone(), Rc::new(build));
        }
    }

    fn rendering<'s>(&'s self, environment: &'s Environment) -> Rendering<'s> {
        Rendering { files: &self.files, environment, options: self.build_options(environment) }
    }

    /// The paths that an environment depends on.
    pub(super) fn reach(&self, environment: &Environment) -> Result<Rc<Reach>> {
        if let Some(known) = self.reaches.borrow().get(&environment.name) {
            return Ok(known.clone());
        }
        let options = self.build_options(environment);
        let reach = Rc::new(kustomize::reach(&self.files, &environment.path, &options)?);
        self.reaches.borrow_mut().insert(environment.name.clone(), reach.clone());
        Ok(reach)
    }

    /// Takes over what an environment depends on from the other side, where it is the same.
    pub(super) fn adopt(&self, environment: &Environment, reach: Rc<Reach>) {
        self.reaches.borrow_mut().insert(environment.name.clone(), reach);
    }

    /// What the files that an environment reads are marked with.
    pub(super) fn carries(&self, environment: &Environment) -> Result<Marks> {
        if let Some(known) = self.carried.borrow().get(&environment.name) {
            return Ok(*known);
        }
        let reach = self.reach(environment)?;
        let read = self.marked.iter().filter(|(path, _)| reach.contains(path));
        let marks = read.fold(Marks::default(), |all, (_, marks)| Marks {
            policies: all.policies || marks.policies,
            namespaces: all.namespaces || marks.namespaces,
            suites: all.suites || marks.suites,
        });
        self.carried.borrow_mut().insert(environment.name.clone(), marks);
        Ok(marks)
    }

    /// The marked files that no environment reads.
    pub(super) fn unread(&self) -> Result<Rc<BTreeMap<String, Marks>>> {
        if let Some(known) = self.unread.borrow().as_ref() {
            return Ok(known.clone());
        }
        let mut unread = self.marked.clone();
        for environment in &self.discovery.environments {
            let reach = self.reach(environment)?;
            unread.retain(|path, _| !reach.contains(path));
        }
        let unread = Rc::new(unread);
        *self.unread.borrow_mut() = Some(unread.clone());
        Ok(unread)
    }

    fn build_options(&self, environment: &Environment) -> BuildOptions {
        let is_flux = environment.origin.kind == OriginKind::Flux;
        BuildOptions {
            load_restrictor: environment.load_restrictor,
            generate: environment.plain_directory == PlainDirectory::Recursive,
            flux_spec: environment.overrides.clone().filter(|_| is_flux),
            limits: self.options.limits,
            cache: self.options.cache.clone(),
            ..BuildOptions::default()
        }
    }
}

/// An environment to render: all that a thread needs to know of its side.
struct Rendering<'s> {
    files: &'s TreeFiles,
    environment: &'s Environment,
    options: BuildOptions,
}

impl Rendering<'_> {
    fn run(&self) -> Result<Build> {
        let (environment, options) = (self.environment, &self.options);
        let place = || environment.path_location.clone().or_else(|| environment.origin.location.clone());
        if self.files.kind(&environment.path)? != Some(FileKind::Directory) {
            let message = format!("there is no directory `{}`; correct the path or add it", environment.path);
            return Err(Error::new(ErrorKind::File, "file-not-found", message).at(place()));
        }
        let dir = environment.path.as_str();
        let build =
            if environment.plain_directory == PlainDirectory::TopLevel && !self.has_kustomization(dir)? {
                kustomize::build(&Listed::new(self.files, dir)?, dir, options)
            } else {
                kustomize::build(self.files, dir, options)
            };
        build.map_err(|error| error.at(place()))
    }

    fn has_kustomization(&self, dir: &str) -> Result<bool> {
        for name in ["kustomization.yaml", "kustomization.yml", "Kustomization"] {
            if self.files.kind(&join(dir, name)?)? == Some(FileKind::File) {
                return Ok(true);
            }
        }
        Ok(false)
    }
}

/// The files that may hold policies or Namespaces, found by their bytes. Looks where discovery looks.
fn marked(files: &TreeFiles, known: &KnownMarks) -> Result<BTreeMap<String, Marks>> {
    // Both are constant and valid; without them nothing would be marked.
    let (Ok(policies), Ok(namespaces), Ok(suites)) = (
        Regex::new(r"(?:templates|constraints|expansion|mutations|config)\.gatekeeper\.sh|gitops-core\.dev/"),
        Regex::new(r#"kind"?:\s+["']?Namespace\b"#),
        Regex::new(r"test\.gatekeeper\.sh"),
    ) else {
        return Ok(BTreeMap::new());
    };
    let patterns = Patterns { policies, namespaces, suites };
    let mut out = BTreeMap::new();
    let mut ahead = vec![(String::new(), 0)];
    while let Some((dir, depth)) = ahead.pop() {
        let Ok(entries) = files.list(&dir) else { continue };
        let is_chart = entries.iter().any(|entry| entry.name == "Chart.yaml");
        for entry in entries {
            let name = entry.name.as_str();
            if entry.link || name.starts_with('.') {
                continue;
            }
            let path = if dir.is_empty() { name.to_owned() } else { format!("{dir}/{name}") };
            match entry.kind {
                FileKind::Directory if name == "node_modules" || (is_chart && name == "templates") => {}
                FileKind::Directory if depth < MAX_DEPTH => ahead.push((path, depth + 1)),
                FileKind::Directory => {}
                FileKind::File if name.ends_with(".yaml") || name.ends_with(".yml") => {
                    let marks = marks(files, &path, known, &patterns)?;
                    if marks != Marks::default() {
                        out.insert(path, marks);
                    }
                }
                FileKind::File => {}
            }
        }
    }
    Ok(out)
}

struct Patterns {
    policies: Regex,
    namespaces: Regex,
    suites: Regex,
}

fn marks(files: &TreeFiles, path: &str, known: &KnownMarks, patterns: &Patterns) -> Result<Marks> {
    let id = files.object_id(path)?;
    if let Some(marks) = id.and_then(|id| known.borrow().get(&id).copied()) {
        return Ok(marks);
    }
    // A file that cannot be read will be an error of the environment that needs it.
    let Ok(content) = files.read(path) else { return Ok(Marks::default()) };
    let marks = Marks {
        policies: patterns.policies.is_match(&content.bytes),
        namespaces: patterns.namespaces.is_match(&content.bytes),
        suites: patterns.suites.is_match(&content.bytes),
    };
    if let Some(id) = id {
        known.borrow_mut().insert(id, marks);
    }
    Ok(marks)
}
