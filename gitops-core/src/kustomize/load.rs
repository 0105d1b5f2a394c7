//! Reading the files that a kustomization names, within the restrictions of its directory.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::sync::Arc;

use crate::files::{self, Content, ContentId, FileKind, Files};
use crate::kustomize::build_metadata::Origin;
use crate::kustomize::cache::{Parsed, Reading};
use crate::kustomize::decode::{Decoder, Spanned};
use crate::kustomize::growth::Growth;
use crate::kustomize::kustomization::{Kind, Kustomization};
use crate::kustomize::openapi::Schema;
use crate::kustomize::remote::{Checkout, RepoSpec, is_remote_file};
use crate::kustomize::{BuildOptions, LoadRestrictor, flow_moments, refold};
use crate::node::{FileId, Node, SourceMap, Span, Text};
use crate::object::Object;
use crate::object::secret::Copies;
use crate::yaml::{self, Dialect, ReadOptions};
use crate::{Diagnostic, Error, ErrorKind, Result};

/// The names a kustomization file may have.
pub(crate) const FILE_NAMES: [&str; 3] = ["kustomization.yaml", "kustomization.yml", "Kustomization"];

/// Deepest chain of kustomizations that use each other.
const MAX_CHAIN: usize = 100;

/// One build: what it reads from, and what it notes on the way.
pub(crate) struct Builder<'a> {
    pub(crate) files: &'a dyn Files,
    pub(crate) options: &'a BuildOptions,
    pub(crate) warnings: Vec<Diagnostic>,
    pub(crate) files_read: BTreeSet<String>,
    pub(crate) schema: Schema,
    /// Where each var is declared, if the caller wants the history.
    pub(crate) var_places: HashMap<Text, Span>,
    pub(crate) growth: Growth,
    /// Texts outside of Secrets into which replacements and vars copied secret values.
    pub(crate) secret_copies: Copies,
    /// All of `warnings`.
    known_warnings: HashSet<Diagnostic>,
    /// Directories being built, outermost first.
    stack: Vec<String>,
    /// The repositories of remote bases among them: the number of directories outside, and the root.
    repositories: Vec<(usize, String)>,
    /// Their origins, if `buildMetadata` asks for any; otherwise empty.
    pub(crate) origins: Vec<Origin>,
}

impl<'a> Builder<'a> {
    pub(crate) fn new(files: &'a dyn Files, options: &'a BuildOptions) -> Self {
        Self {
            files,
            options,
            warnings: Vec::new(),
            files_read: BTreeSet::new(),
            schema: Schema::default(),
            var_places: HashMap::new(),
            growth: Growth::default(),
            secret_copies: Copies::default(),
            known_warnings: HashSet::new(),
            stack: Vec::new(),
            repositories: Vec::new(),
            origins: Vec::new(),
        }
    }

    pub(crate) fn sources(&self) -> &SourceMap {
        self.options.cache.sources()
    }

    pub(crate) fn decoder(&self) -> Decoder<'_> {
        Decoder { sources: self.sources(), passed_over: None, loose_text: false }
    }

    pub(crate) fn error(&self, span: Span, code: &'static str, message: impl Into<String>) -> Error {
        self.decoder().error(span, code, message)
    }

    pub(crate) fn unsupported(&self, span: Span, code: &'static str, message: impl Into<String>) -> Error {
        Error::new(ErrorKind::Unsupported, code, message).at(self.sources().locate(span))
    }

    pub(crate) fn warn(&mut self, span: Span, code: &'static str, message: impl Into<String>) {
        let warning = Diagnostic::new(code, message).at(self.sources().locate(span));
        self.note([warning]);
    }

    /// Keeps warnings, each once.
    pub(crate) fn note(&mut self, warnings: impl IntoIterator<Item = Diagnostic>) {
        for warning in warnings {
            #[cfg(test)]
            assert!(super::WARNINGS.iter().any(|row| row.code == warning.code), "{}", warning.code);
            if self.known_warnings.insert(warning.clone()) {
                self.warnings.push(warning);
            }
        }
    }

    /// The directory that is being built.
    pub(crate) fn dir(&self) -> &str {
        self.stack.last().map_or("", String::as_str)
    }

    /// A person's name for the path of an entry.
    pub(crate) fn shown(&self, path: &str) -> String {
        let shown = self.files.display(path);
        if shown.is_empty() { ".".into() } else { shown }
    }

    /// Enters the directory that `entry` names, relative to the present one; [`Builder::leave`] ends it.
    pub(crate) fn enter(&mut self, entry: &Spanned, path: &str) -> Result<()> {
        let place = self.sources().locate(entry.span);
        let root = self.files.resolve(path).map_err(|error| error.at(place))?;
        if let Some((_, repository)) = self.repositories.last()
            && !files::is_within(&root, repository)
        {
            let message = format!(
                "`{}` leads outside {}, the repository of the remote base that asks for it",
                entry.text,
                self.shown(repository)
            );
            return Err(self.error(entry.span, "outside-repository", message));
        }
        if let Some(visited) = self.stack.iter().find(|visited| files::is_within(visited, &root)) {
            let message = if *visited == root {
                format!("cycle: `{}` leads back to {}, which is being built", entry.text, self.shown(&root))
            } else {
                format!(
                    "cycle: `{}` leads to {}, which contains {}, which is being built; a kustomization cannot use a directory above itself",
                    entry.text,
                    self.shown(&root),
                    self.shown(visited)
                )
            };
            return Err(self.error(entry.span, "cycle", message));
        }
        if self.stack.len() >= MAX_CHAIN {
            let message = format!("more than {MAX_CHAIN} kustomizations use each other in a chain");
            let error = Error::new(ErrorKind::Limit, "chain-too-long", message);
            return Err(error.at(self.sources().locate(entry.span)));
        }
        self.grow_kustomizations(entry.span)?;
        self.stack.push(root);
        if let Some(origin) = self.origins.last() {
            self.origins.push(origin.append(&entry.text));
        }
        Ok(())
    }

    /// Starts at the directory the caller asked for.
    pub(crate) fn enter_first(&mut self, dir: &str) -> Result<()> {
        match self.files.kind(dir)? {
            Some(FileKind::Directory) => {}
            Some(FileKind::File) => {
                let message = format!("{} is a file; name the directory of a kustomization", self.shown(dir));
                return Err(Error::new(ErrorKind::File, "not-a-directory", message).in_file(&self.shown(dir)));
            }
            None => {
                let message = format!("there is no directory {}", self.shown(dir));
                return Err(Error::new(ErrorKind::File, "file-not-found", message).in_file(&self.shown(dir)));
            }
        }
        self.stack.push(self.files.resolve(dir)?);
        Ok(())
    }

    pub(crate) fn leave(&mut self) {
        self.stack.pop();
        self.origins.pop();
        self.repositories.retain(|(outside, _)| *outside < self.stack.len());
    }

    /// Enters the directory of a remote base, which cannot leave its repository.
    pub(crate) fn enter_repository(&mut self, entry: &Spanned, checkout: &Checkout) -> Result<()> {
        let root = self.files.resolve(&checkout.root);
        let root = root.map_err(|error| error.at(self.sources().locate(entry.span)))?;
        // Only what it leads to is bound, not where it stands itself.
        let outer = std::mem::take(&mut self.repositories);
        let entered = self.enter(entry, &checkout.path);
        self.repositories = outer;
        entered?;
        self.repositories.push((self.stack.len().saturating_sub(1), root.clone()));
        if files::is_within(self.dir(), &root) {
            return Ok(());
        }
        let message = format!("`{}` leads out of its repository in {}", entry.text, self.shown(&root));
        Err(self.error(entry.span, "outside-repository", message))
    }

    /// Where an entry leads, as a path of the files.
    pub(crate) fn locate_entry(&self, entry: &Spanned) -> Result<String> {
        let path = entry.as_str();
        let found = match self.files.from_absolute(path) {
            Some(inside) if path.starts_with('/') => Ok(inside),
            _ if path.starts_with('/') => {
                let message = format!("`{path}` is outside the files given");
                Err(Error::new(ErrorKind::File, "outside-root", message))
            }
            _ => files::join_in(self.files, self.dir(), path),
        };
        found.map_err(|error| error.at(self.sources().locate(entry.span)))
    }

    /// Reads the file that an entry names, as kustomize's loader would.
    pub(crate) fn load(&mut self, entry: &Spanned) -> Result<(String, Content)> {
        if is_remote_file(&entry.text) {
            return self.load_remote(entry);
        }
        let place = self.sources().locate(entry.span);
        let path = self.locate_entry(entry)?;
        let shown = self.shown(&path);
        match self.files.kind(&path).map_err(|error| error.at(place.clone()))? {
            Some(FileKind::File) => {}
            Some(FileKind::Directory) => {
                let message = format!("`{}` is a directory where a file is needed", entry.text);
                return Err(Error::new(ErrorKind::File, "not-a-file", message).at(place));
            }
            None => {
                let message = format!("`{}` does not exist ({shown})", entry.text);
                return Err(Error::new(ErrorKind::File, "file-not-found", message).at(place));
            }
        }
        if self.options.load_restrictor == LoadRestrictor::RootOnly || !self.repositories.is_empty() {
            let resolved = self.files.resolve(&path).map_err(|error| error.at(place.clone()))?;
            if !files::is_within(&resolved, self.dir()) {
                let message = format!(
                    "`{}` is not in or below {}; move it there, make it a kustomization of its own, or build without load restrictions",
                    entry.text,
                    self.shown(self.dir())
                );
                return Err(Error::new(ErrorKind::File, "load-restriction", message).at(place));
            }
        }
        let content = self.files.read(&path).map_err(|error| error.at(place))?;
        self.files_read.insert(path.clone());
        Ok((path, content))
    }

    /// Reads what the caller gives for a file on the network.
    fn load_remote(&mut self, entry: &Spanned) -> Result<(String, Content)> {
        if let Some(path) = self.remote_file(entry)? {
            let content = self.files.read(&path);
            let content = content.map_err(|error| error.at(self.sources().locate(entry.span)))?;
            self.files_read.insert(path.clone());
            return Ok((path, content));
        }
        let vendored = self.options.remote_bases.vendor_file(&entry.text);
        let vendored = vendored.map_or(String::new(), |path| format!(", add it as {}", self.shown(&path)));
        let message = format!(
            "`{}` is on the network, which this library never reads; give its path in `remote_bases`{vendored}, or add the file to the repository and name its path here",
            entry.text
        );
        Err(self.unsupported(entry.span, "remote-file", message))
    }

    /// Where a file on the network is among the files, if it is.
    pub(crate) fn remote_file(&self, entry: &Spanned) -> Result<Option<String>> {
        if !is_remote_file(&entry.text) {
            return Ok(None);
        }
        let Some(path) = self.options.remote_bases.file(&entry.text) else { return Ok(None) };
        let kind = self.files.kind(&path);
        let kind = kind.map_err(|error| error.at(self.sources().locate(entry.span)))?;
        Ok((kind == Some(FileKind::File)).then_some(path))
    }

    /// Where a remote base is among the files; `None` for an entry that is a path.
    pub(crate) fn remote_base(&self, entry: &Spanned) -> Result<Option<Checkout>> {
        let Some(spec) = RepoSpec::parse(&entry.text) else { return Ok(None) };
        let bases = &self.options.remote_bases;
        let checkout = bases.checkout(&entry.text, &spec);
        if let Some(checkout) = &checkout {
            let kind = self.files.kind(&checkout.path);
            if kind.map_err(|error| error.at(self.sources().locate(entry.span)))? == Some(FileKind::Directory)
            {
                return Ok(Some(Checkout { path: checkout.path.clone(), root: checkout.root.clone() }));
            }
        }
        let reference =
            spec.reference.as_ref().map_or("its default branch".to_owned(), |text| format!("`{text}`"));
        let path = if spec.path.is_empty() { "its root".to_owned() } else { format!("`{}`", spec.path) };
        let todo = match checkout {
            Some(checkout) => format!("it was looked for in {}, which is no directory; check it out there", self.shown(&checkout.path)),
            None => "check it out and give its folder in `remote_bases`, or vendor it into this repository and name its directory here".to_owned(),
        };
        let message = format!(
            "`{}` is a remote base, which this library never fetches (repository {}, reference {reference}, path {path}): {todo}",
            entry.text, spec.repository
        );
        Err(self.unsupported(entry.span, "remote-base", message))
    }

    /// Adds a text file to the sources, once for the same path and content.
    pub(crate) fn source(&self, path: &str, content: &Content) -> Result<FileId> {
        let id = content_id(content);
        if let Some(file) = self.options.cache.file(path, id) {
            return Ok(file);
        }
        let shown = self.shown(path);
        let text = yaml::decode(&shown, &content.bytes)?;
        Ok(self.options.cache.add_file(path, id, &shown, text))
    }

    /// The documents of a file, parsed once for the same path, content and dialect.
    pub(crate) fn documents(
        &mut self,
        path: &str,
        content: &Content,
        dialect: Dialect,
    ) -> Result<Arc<[Node]>> {
        let id = content_id(content);
        let cache = &self.options.cache;
        let reading = Reading { dialect, limits: self.options.limits };
        let parsed = match cache.get(path, id, reading) {
            Some(parsed) => parsed,
            None => {
                let file = self.source(path, content)?;
                cache.put(path, id, reading, self.read(file, dialect, false)?)
            }
        };
        Ok(self.noted(parsed))
    }

    /// The documents of a text of the sources.
    pub(crate) fn parse(&mut self, file: FileId, dialect: Dialect) -> Result<Arc<[Node]>> {
        let parsed = self.read(file, dialect, false)?;
        Ok(self.noted(parsed))
    }

    /// The documents of a strategic-merge patch: of equal keys in a mapping it uses the first.
    pub(crate) fn parse_merge_patch(&mut self, file: FileId) -> Result<Arc<[Node]>> {
        let parsed = self.read(file, Dialect::Kyaml, true)?;
        Ok(self.noted(parsed))
    }

    /// Warns of what was noticed on reading, also if another build read it.
    fn noted(&mut self, parsed: Parsed) -> Arc<[Node]> {
        let counts = if parsed.first_key_wins { "first" } else { "last" };
        for (key, span) in parsed.duplicate_keys.iter() {
            let message = format!("`{key}` stands twice in one mapping; the {counts} one counts");
            self.warn(*span, "duplicate-key", message);
        }
        parsed.documents
    }

    /// Kustomize reads its own files leniently, and objects strictly.
    fn read(&self, file: FileId, dialect: Dialect, first_key_wins: bool) -> Result<Parsed> {
        let options = ReadOptions {
            dialect,
            limits: self.options.limits,
            last_key_wins: dialect == Dialect::Kubectl,
            first_key_wins,
        };
        if dialect == Dialect::Kyaml {
            self.check_separators(file)?;
        }
        let stream = yaml::read(self.sources(), file, &options)?;
        let documents = match dialect {
            Dialect::Kyaml => {
                let documents = flow_moments::quote_all(stream.documents, self.sources(), file);
                refold::refold_all(documents, self.sources(), file)
            }
            _ => stream.documents,
        };
        Ok(Parsed {
            documents: documents.into(),
            duplicate_keys: stream.duplicate_keys.into(),
            first_key_wins,
        })
    }

    /// Kustomize cuts a file at lines that start with `---` before it parses, and refuses what YAML
    /// would allow there.
    fn check_separators(&self, file: FileId) -> Result<()> {
        let Some(source) = self.sources().file(file) else { return Ok(()) };
        let text: &str = source.text();
        let error = |at: usize, message: String| {
            let span = Span::new(file, at as u32);
            let error = Error::new(ErrorKind::Yaml, "document-separator", message);
            Err(error.at(self.sources().locate(span)))
        };
        if text.trim_start_matches('\u{feff}').starts_with('%') {
            return error(0, "kustomize does not read YAML directives; remove this line".into());
        }
        for (at, _) in text.match_indices("\n---") {
            let next = text.get(at + 4..).unwrap_or("").trim_start_matches('-').trim_start();
            if next.starts_with("...") {
                let message =
                    "kustomize reads each document alone, and here one begins with its end; remove the `...`";
                return error(at + 1, message.into());
            }
            let line = text.get(at + 4..).unwrap_or("");
            let Some(end) = line.find('\n') else { continue };
            let rest = line.get(..end).unwrap_or("").trim();
            if !rest.is_empty() && !rest.starts_with('#') {
                return error(at + 1, format!("only a comment may follow `---` on its line, not `{rest}`"));
            }
        }
        Ok(())
    }

    /// Says that documents after the first count for nothing.
    pub(crate) fn check_single(&mut self, documents: &[Node]) {
        if let Some(second) = documents.get(1) {
            self.warn(second.span, "second-document", "kustomize reads only the first document of this file");
        }
    }

    /// Finds and reads the kustomization of the present directory.
    pub(crate) fn kustomization(
        &mut self,
        wanted: Option<Kind>,
        entry: Option<&Spanned>,
    ) -> Result<Kustomization> {
        let dir = self.dir().to_owned();
        let place = entry.and_then(|entry| self.sources().locate(entry.span));
        let mut found = Vec::new();
        for name in FILE_NAMES {
            let path = files::join(&dir, name)?;
            if self.files.kind(&path)? == Some(FileKind::File) {
                found.push(path);
            }
        }
        let path = match found.as_slice() {
            [path] => path.clone(),
            [] => {
                let message = format!("{} has no kustomization.yaml", self.shown(&dir));
                let error = Error::new(ErrorKind::Kustomize, "no-kustomization", message);
                return Err(error.at(place).in_file(&self.shown(&dir)));
            }
            [first, second, ..] => {
                let message =
                    format!("both {} and {} exist; keep one", self.shown(first), self.shown(second));
                let error = Error::new(ErrorKind::Kustomize, "several-kustomizations", message);
                return Err(error.in_file(&self.shown(second)));
            }
        };
        let content = self.files.read(&path)?;
        self.files_read.insert(path.clone());
        let documents = self.documents(&path, &content, Dialect::Kubectl)?;
        let file = self.source(&path, &content)?;
        let empty = Node { span: Span::new(file, 0), ..Node::null() };
        let root = documents.first().unwrap_or(&empty);
        let mut kustomization = self.decoder().kustomization(root)?;
        kustomization.file_name = path.rsplit('/').next().unwrap_or(&path).to_owned();
        self.check_single(&documents);
        match wanted {
            Some(Kind::Component) if kustomization.kind != Kind::Component => {
                let message = format!("{} is not a Component; list it under `resources`", self.shown(&dir));
                return Err(Error::new(ErrorKind::Kustomize, "not-a-component", message).at(place));
            }
            Some(Kind::Kustomization) if kustomization.kind == Kind::Component => {
                let message = format!("{} is a Component; list it under `components`", self.shown(&dir));
                return Err(Error::new(ErrorKind::Kustomize, "is-a-component", message).at(place));
            }
            _ => {}
        }
        if entry.is_some() {
            let ignored = [
                ("buildMetadata", kustomization.build_metadata.first().map(|word| word.span)),
                ("sortOptions", kustomization.sort_span),
            ];
            for (field, span) in ignored.into_iter().filter_map(|(field, span)| Some((field, span?))) {
                let message = format!(
                    "`{field}` counts only where the build starts, not in what another kustomization uses"
                );
                self.warn(span, "root-only-field", message);
            }
        }
        for (field, successor, span) in &kustomization.deprecated {
            self.warn(*span, "deprecated-field", format!("`{field}` is deprecated; use `{successor}`"));
        }
        if let Some((field, span)) = kustomization.unsupported.first() {
            let (code, message) = unsupported_field(field);
            return Err(self.unsupported(*span, code, message));
        }
        Ok(kustomization)
    }

    /// The objects of a text: empty documents dropped, lists opened, each checked for kind and name.
    pub(crate) fn objects(&mut self, documents: &[Node]) -> Result<Vec<Node>> {
        let mut queue: std::collections::VecDeque<Node> = documents.iter().cloned().collect();
        let mut objects = Vec::with_capacity(documents.len());
        while let Some(node) = queue.pop_front() {
            if is_nil_or_empty(&node) {
                continue;
            }
            if !node.is_map() {
                let message = format!("an object must be a mapping but this is {}", node.type_name());
                return Err(self.error(node.span, "not-an-object", message));
            }
            let kind = node.get("kind").filter(|kind| !kind.is_null()).and_then(Node::text);
            let kind = kind.unwrap_or_default().into_owned();
            if kind.is_empty() {
                return Err(self.error(node.span, "missing-kind", "the object has no `kind`"));
            }
            if kind.ends_with("List") {
                match node.get("items") {
                    None => {}
                    // A copy of the references only: the items themselves are shared.
                    Some(items) if items.is_null() => continue,
                    Some(items) => match items.as_seq() {
                        Some(items) => {
                            queue.extend(items.iter().cloned());
                            continue;
                        }
                        None => {
                            let message =
                                format!("`items` of a {kind} must be a list, not {}", items.type_name());
                            return Err(self.error(items.span, "wrong-type", message));
                        }
                    },
                }
            } else if node
                .at(&["metadata", "name"])
                .filter(|name| !name.is_null())
                .and_then(Node::text)
                .is_none_or(|name| name.is_empty())
            {
                let has_generate_name = node.at(&["metadata", "generateName"]).is_some();
                let hint = if has_generate_name { "; kustomize does not support `generateName`" } else { "" };
                let place = node.get("metadata").map_or(node.span, |metadata| metadata.span);
                let message = format!("the {kind} has no `metadata.name`{hint}");
                return Err(self.error(place, "missing-name", message));
            }
            self.note_kind(&node)?;
            objects.push(node);
        }
        Ok(objects)
    }
}

/// How an unsupported field of a kustomization is reported.
fn unsupported_field(field: &str) -> (&'static str, String) {
    match field {
        "helmCharts" | "helmChartInflationGenerator" => (
            "helm",
            format!(
                "`{field}` needs the helm program, which this library never runs; render the chart into the repository and list the result under `resources`"
            ),
        ),
        _ => ("field-not-implemented", format!("`{field}` is not implemented yet")),
    }
}

/// Whether kustomize treats a node as not there at all.
pub(crate) fn is_nil_or_empty(node: &Node) -> bool {
    node.is_null()
        || node.as_map().is_some_and(crate::node::Map::is_empty)
        || node.as_seq().is_some_and(<[Node]>::is_empty)
}

/// The objects of a finished build.
pub(crate) fn into_objects(nodes: impl Iterator<Item = Node>) -> Vec<Object> {
    nodes.map(Object::new).collect()
}

fn content_id(content: &Content) -> ContentId {
    content.id.unwrap_or_else(|| ContentId::of(&content.bytes))
}
