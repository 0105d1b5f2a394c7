//! Flux `Kustomization` objects: which directory of which source goes where. A `FluxInstance` of the
//! Flux operator stands for the Kustomization `flux-system` that it makes.

use std::collections::BTreeMap;

use super::scan::{Document, Scan};
use super::{Environment, Found, Origin, OriginKind, PlainDirectory, from_root, select, shown, text};
use crate::files::is_within;
use crate::kustomize::LoadRestrictor;
use crate::node::Node;
use crate::{Diagnostic, Result};

const GROUP: &str = "kustomize.toolkit.fluxcd.io";
/// The group of `ArtifactGenerator`, which cuts a source into several artifacts.
const EXTENSIONS: &str = "source.extensions.fluxcd.io";

/// The group of `FluxInstance`.
const OPERATOR: &str = "fluxcd.controlplane.io";

/// Fields of `spec` that Flux writes into the kustomization before it builds, or applies after it.
const OVERRIDES: [&str; 10] = [
    "targetNamespace",
    "namePrefix",
    "nameSuffix",
    "patches",
    "patchesStrategicMerge",
    "patchesJson6902",
    "images",
    "components",
    "ignoreMissingComponents",
    "commonMetadata",
];

/// Fields of `spec` that change what is deployed and are not applied here.
const UNSUPPORTED: [(&str, &str, &str); 3] = [
    ("postBuild", "unsupported-substitution", "variables are not substituted: `${name}` is shown as written"),
    ("decryption", "unsupported-decryption", "encrypted values are not decrypted: they are shown encrypted"),
    ("buildMetadata", "unsupported-build-metadata", "build metadata is not added to the objects"),
];

/// What `spec.sourceRef` names. The namespace is left out: it is often set by an overlay only.
type Source = (String, String);

struct Declared<'a> {
    document: &'a Document,
    spec: &'a Node,
    name: &'a str,
    source: Source,
    /// The `path` as it stands in the text.
    written: Option<&'a Node>,
    /// The path from the root of this repository; `None` if it is in an artifact that is not known.
    path: Option<String>,
    cluster: Option<String>,
}

pub(super) fn discover(scan: &Scan, found: &mut Found<'_>) -> Result<()> {
    let artifacts = Artifacts::read(scan);
    let mut declared = Vec::new();
    for document in scan.of(GROUP, "Kustomization") {
        let Some(spec) = document.node.get("spec") else { continue };
        // The source is a required field: without it this is a patch for another declaration.
        let (Some(kind), Some(source)) =
            (text(spec, &["sourceRef", "kind"]), text(spec, &["sourceRef", "name"]))
        else {
            continue;
        };
        let Some(name) = text(&document.node, &["metadata", "name"]) else { continue };
        let written = from_root(text(spec, &["path"]).unwrap_or(""));
        let (source, path) = match kind {
            "ExternalArtifact" => match artifacts.origin(source, &written, &document.file) {
                Some((origin, path)) => (origin, Some(path)),
                None => ((kind.to_owned(), source.to_owned()), None),
            },
            _ => ((kind.to_owned(), source.to_owned()), Some(written)),
        };
        let cluster = cluster_of(scan, &document.file);
        declared.push(Declared { document, spec, name, source, written: spec.get("path"), path, cluster });
    }
    for document in scan.of(OPERATOR, "FluxInstance") {
        let Some(sync) = document.node.at(&["spec", "sync"]) else { continue };
        let name = text(sync, &["name"]).unwrap_or("flux-system");
        let source = (text(sync, &["kind"]).unwrap_or("GitRepository").to_owned(), name.to_owned());
        let path = Some(from_root(text(sync, &["path"]).unwrap_or("")));
        let cluster = cluster_of(scan, &document.file);
        declared.push(Declared {
            document,
            spec: sync,
            name,
            source,
            written: sync.get("path"),
            path,
            cluster,
        });
    }
    let ours = this_repository(&declared, found)?;
    for declared in declared {
        let path = declared.path.as_ref().filter(|_| Some(&declared.source) == ours.as_ref());
        match path {
            Some(path) => {
                let environment = environment(&declared, path, found);
                found.add(environment)?;
            }
            None => {
                let (kind, source) = &declared.source;
                let message = format!(
                    "not checked: the Flux Kustomization `{}` deploys `{}` from the {kind} `{source}`, which is \
                     not this repository",
                    declared.name,
                    shown(&from_root(declared.written.and_then(Node::as_str).unwrap_or(""))),
                );
                let at = declared.spec.at(&["sourceRef", "name"]).or(Some(declared.spec));
                found.warn("other-source", message, at);
            }
        }
    }
    Ok(())
}

/// The source that is this repository: the one most of whose paths exist here; where that does not
/// decide, `flux-system`, which `flux bootstrap` creates; then the one used most. A source that
/// nothing speaks for is another repository.
fn this_repository(declared: &[Declared<'_>], found: &Found<'_>) -> Result<Option<Source>> {
    let mut scores: BTreeMap<&Source, (usize, bool, usize)> = BTreeMap::new();
    for declared in declared {
        let score = scores.entry(&declared.source).or_default();
        // The root exists in every repository, and so says nothing.
        if let Some(path) = declared.path.as_deref().filter(|path| !path.is_empty())
            && found.is_directory(path)?
        {
            score.0 += 1;
        }
        score.1 = declared.source.1 == "flux-system";
        score.2 += 1;
    }
    let best = scores.into_iter().filter(|(source, score)| score.0 > 0 || score.1 && source.0 != "Bucket");
    Ok(best.max_by(|a, b| a.1.cmp(&b.1).then_with(|| b.0.cmp(a.0))).map(|(source, _)| source.clone()))
}

/// The cluster that a declaration is for: the folder below the last `clusters/`, or the one that
/// `flux bootstrap` wrote to.
fn cluster_of(scan: &Scan, file: &str) -> Option<String> {
    let parts: Vec<&str> = file.split('/').collect();
    let at = parts.iter().rposition(|part| *part == "clusters");
    // The last part is the file itself.
    if let Some(name) =
        at.and_then(|at| parts.get(at + 1..)).filter(|rest| rest.len() > 1).and_then(<[_]>::first)
    {
        return Some((*name).to_owned());
    }
    let bootstraps = scan.bootstraps.iter().filter(|dir| !dir.is_empty() && is_within(file, dir));
    let nearest = bootstraps.max_by_key(|dir| dir.len())?;
    nearest.rsplit('/').next().map(str::to_owned)
}

fn environment(declared: &Declared<'_>, path: &str, found: &Found<'_>) -> Environment {
    let Declared { document, spec, name, cluster, .. } = declared;
    let unsupported = UNSUPPORTED.iter().filter_map(|(field, code, message)| {
        let entry = spec.as_map()?.entry(field)?;
        if entry.value.is_null() {
            return None;
        }
        let location = found.sources.locate(entry.key_span);
        Some(Diagnostic::new(code, format!("`spec.{field}` of `{name}`: {message}")).at(location))
    });
    Environment {
        name: cluster.as_ref().map_or((*name).to_owned(), |cluster| format!("{cluster}/{name}")),
        path: path.to_owned(),
        origin: Origin {
            kind: OriginKind::Flux,
            name: (*name).to_owned(),
            namespace: text(&document.node, &["metadata", "namespace"]).unwrap_or("").to_owned(),
            location: found.locate(&document.node),
        },
        path_location: declared.written.and_then(|path| found.locate(path)),
        cluster: cluster.clone(),
        target_namespace: text(spec, &["targetNamespace"]).map(str::to_owned),
        target_revision: None,
        suspended: spec.get("suspend").and_then(Node::as_bool).unwrap_or(false),
        load_restrictor: LoadRestrictor::None,
        plain_directory: PlainDirectory::Recursive,
        overrides: select(spec, &OVERRIDES),
        declaration: Some(document.node.clone()),
        unsupported: unsupported.collect(),
        policy_paths: Vec::new(),
    }
}

/// What `ArtifactGenerator` objects copy from sources into artifacts.
struct Artifacts<'a> {
    copies: Vec<Copy<'a>>,
}

struct Copy<'a> {
    /// The file that declares it.
    file: &'a str,
    artifact: &'a str,
    source: Source,
    from: String,
    to: String,
}

impl<'a> Artifacts<'a> {
    fn read(scan: &'a Scan) -> Self {
        let mut copies = Vec::new();
        for document in scan.of(EXTENSIONS, "ArtifactGenerator") {
            let list = |node: &'a Node, keys: &[&str]| node.at(keys).and_then(Node::as_seq).unwrap_or(&[]);
            let sources: BTreeMap<&str, Source> = list(&document.node, &["spec", "sources"])
                .iter()
                .filter_map(|source| {
                    let field = |key| text(source, &[key]);
                    Some((field("alias")?, (field("kind")?.to_owned(), field("name")?.to_owned())))
                })
                .collect();
            for artifact in list(&document.node, &["spec", "artifacts"]) {
                let Some(name) = text(artifact, &["name"]) else { continue };
                copies.extend(list(artifact, &["copy"]).iter().filter_map(|copy| {
                    // Only whole directories can be followed: `@alias/dir/**` to `@artifact/dir/`.
                    let (alias, from) = text(copy, &["from"])?.strip_prefix('@')?.split_once('/')?;
                    let from = if from == "**" { "" } else { from.strip_suffix("/**")? };
                    let to = text(copy, &["to"])?.strip_prefix("@artifact/")?;
                    let globbed = from.contains(['*', '?', '[', '{']);
                    (!globbed && (to.is_empty() || to.ends_with('/'))).then(|| Copy {
                        file: &document.file,
                        artifact: name,
                        source: sources.get(alias).cloned().unwrap_or_default(),
                        from: from_root(from),
                        to: from_root(to),
                    })
                }));
            }
        }
        Self { copies }
    }

    /// The source that `path` of an artifact comes from, and its path there. Clusters often give
    /// their artifacts the same names; the one declared closest to `file` is meant.
    fn origin(&self, artifact: &str, path: &str, file: &str) -> Option<(Source, String)> {
        let near = |copy: &Copy<'_>| {
            let common = copy.file.split('/').zip(file.split('/')).take_while(|(a, b)| a == b);
            common.count()
        };
        let named = || self.copies.iter().filter(|copy| copy.artifact == artifact);
        let nearest = named().map(near).max()?;
        let copies = named().filter(|copy| near(copy) == nearest && is_within(path, &copy.to));
        let copy = copies.max_by_key(|copy| copy.to.len())?;
        let rest = path.get(copy.to.len()..).unwrap_or("");
        Some((copy.source.clone(), from_root(&format!("{}/{rest}", copy.from))))
    }
}
