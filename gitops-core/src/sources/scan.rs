//! One pass over the files: every document that may declare something, and every kustomization.

use std::collections::BTreeSet;

use regex::bytes::Regex;

use super::{DiscoverOptions, is_fatal};
use crate::files::{FileKind, Files};
use crate::node::Node;
use crate::yaml::{self, Dialect, ReadOptions};
use crate::{Diagnostic, Error, ErrorKind, Result};

/// Names of a kustomization file, in kustomize's order of preference.
pub(super) const KUSTOMIZATION_FILES: [&str; 3] =
    ["kustomization.yaml", "kustomization.yml", "Kustomization"];

/// A file without this declares nothing that is looked for. It matches every way in which people and
/// tools write the line; a CRD of one of the groups, which is large, does not match.
const MARKER: &str = r#"apiVersion["']?\s*:\s*(?:[!&]\S*\s+)*["']?(?:kustomize\.toolkit\.fluxcd\.io|source\.extensions\.fluxcd\.io|fluxcd\.controlplane\.io|argoproj\.io|securitytower\.io)/"#;

/// Deeper folders are refused: walking them costs the square of their depth.
const MAX_DEPTH: usize = 100;

/// A document and the file it is in.
pub(super) struct Document {
    pub(super) file: String,
    pub(super) node: Node,
}

impl Document {
    /// Whether it is of this API group (in any version) and kind.
    pub(super) fn is(&self, group: &str, kind: &str) -> bool {
        let version = self.node.get("apiVersion").and_then(Node::as_str).unwrap_or("");
        crate::object::group_version(version).0 == group
            && self.node.get("kind").and_then(Node::as_str) == Some(kind)
    }
}

#[derive(Default)]
pub(super) struct Scan {
    /// Candidates by file and position.
    pub(super) documents: Vec<Document>,
    /// Directories with a kustomization file: the directory and the file.
    pub(super) kustomizations: Vec<(String, String)>,
    /// Directories with a Helm chart.
    pub(super) charts: BTreeSet<String>,
    /// Directories that hold Flux's bootstrap files (`gotk-sync.yaml`).
    pub(super) bootstraps: BTreeSet<String>,
    pub(super) warnings: Vec<Diagnostic>,
}

impl Scan {
    pub(super) fn of<'a>(&'a self, group: &'a str, kind: &'a str) -> impl Iterator<Item = &'a Document> {
        self.documents.iter().filter(move |document| document.is(group, kind))
    }
}

pub(super) fn below(dir: &str, name: &str) -> String {
    if dir.is_empty() { name.to_owned() } else { format!("{dir}/{name}") }
}

pub(super) fn scan(files: &dyn Files, options: &DiscoverOptions) -> Result<Scan> {
    let mut scan = Scan::default();
    let mut texts = Vec::new();
    let mut ahead = vec![(String::new(), 0)];
    let mut seen = 0;
    while let Some((dir, depth)) = ahead.pop() {
        let entries = match files.list(&dir) {
            Ok(entries) => entries,
            Err(error) if is_fatal(&error) => return Err(error),
            Err(error) => {
                scan.warnings.push(Diagnostic::from(&error));
                continue;
            }
        };
        let is_file = |name: &str| entries.iter().any(|e| e.name == name && e.kind == FileKind::File);
        let is_chart = is_file("Chart.yaml");
        for entry in &entries {
            seen += 1;
            if seen > options.max_files {
                let message =
                    format!("the repository has more than {} files and directories", options.max_files);
                return Err(Error::new(ErrorKind::Limit, "too-many-files", message));
            }
            let name = entry.name.as_str();
            let hidden = name.starts_with('.') && !(name == ".securitytower" && dir.is_empty());
            if entry.link || hidden {
                continue;
            }
            match entry.kind {
                FileKind::Directory if name == "node_modules" || is_chart && name == "templates" => {}
                FileKind::Directory if depth == MAX_DEPTH => {
                    let message = format!("folders are nested more than {MAX_DEPTH} deep");
                    return Err(Error::new(ErrorKind::Limit, "too-deep", message).in_file(&below(&dir, name)));
                }
                FileKind::Directory => ahead.push((below(&dir, name), depth + 1)),
                FileKind::File if name.ends_with(".yaml") || name.ends_with(".yml") => {
                    texts.push(below(&dir, name));
                }
                FileKind::File => {}
            }
        }
        if let Some(name) = KUSTOMIZATION_FILES.iter().find(|name| is_file(name)) {
            scan.kustomizations.push((dir.clone(), below(&dir, name)));
        }
        if is_file("gotk-sync.yaml") {
            scan.bootstraps.insert(crate::files::parent(&dir).to_owned());
        }
        if is_chart {
            scan.charts.insert(dir);
        }
    }
    scan.kustomizations.sort();
    texts.sort();
    let mut reader = Reader { files, options, marker: Regex::new(MARKER).ok(), bytes: 0 };
    for path in texts {
        match reader.candidates(&path) {
            Ok(found) => {
                scan.documents.extend(found.into_iter().map(|node| Document { file: path.clone(), node }));
            }
            Err(error) if is_fatal(&error) || error.code() == "too-much-yaml" => return Err(error),
            Err(error) => {
                let message = format!("passed over while looking for deployments: {}", error.message());
                let location = error.location().cloned();
                scan.warnings.push(Diagnostic::new(error.code(), message).at(location));
            }
        }
    }
    Ok(scan)
}

struct Reader<'a> {
    files: &'a dyn Files,
    options: &'a DiscoverOptions,
    marker: Option<Regex>,
    bytes: u64,
}

impl Reader<'_> {
    /// The documents of a file that may declare something.
    fn candidates(&mut self, path: &str) -> Result<Vec<Node>> {
        let options = self.options;
        let content = self.files.read(path)?;
        self.bytes += content.bytes.len() as u64;
        if self.bytes > options.max_bytes {
            let message = format!("the repository has more than {} bytes of YAML", options.max_bytes);
            return Err(Error::new(ErrorKind::Limit, "too-much-yaml", message));
        }
        if self.marker.as_ref().is_some_and(|marker| !marker.is_match(&content.bytes)) {
            return Ok(Vec::new());
        }
        let text = yaml::decode(path, &content.bytes)?;
        let file = options.sources.add(path, text);
        let read = ReadOptions {
            dialect: Dialect::Kubectl,
            limits: options.limits,
            last_key_wins: true,
            ..Default::default()
        };
        let mut found = Vec::new();
        for document in yaml::read(&options.sources, file, &read)?.documents {
            let kind = document.get("kind").and_then(Node::as_str);
            let is_list = kind.is_some_and(|kind| kind.ends_with("List"));
            match document.get("items").and_then(Node::as_seq) {
                Some(items) if is_list => found.extend(items.iter().filter(|item| item.is_map()).cloned()),
                _ if document.is_map() => found.push(document),
                _ => {}
            }
        }
        Ok(found)
    }
}
