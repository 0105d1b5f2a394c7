//! Argo CD `Application` objects: which directory of which repository goes where.

use std::collections::BTreeMap;

use super::scan::{Document, KUSTOMIZATION_FILES, Scan, below};
use super::{Environment, Found, Origin, OriginKind, PlainDirectory, from_root, shown, text};
use crate::files::FileKind;
use crate::kustomize::LoadRestrictor;
use crate::node::Node;
use crate::{Diagnostic, Result};

const GROUP: &str = "argoproj.io";

/// Servers that mean the cluster that Argo CD itself runs in.
const IN_CLUSTER: [&str; 2] =
    ["https://kubernetes.default.svc", "https://kubernetes.default.svc.cluster.local"];

struct Declared<'a> {
    document: &'a Document,
    name: &'a str,
    source: &'a Node,
    repository: String,
    path: String,
}

pub(super) fn discover(scan: &Scan, found: &mut Found<'_>) -> Result<()> {
    for document in scan.of(GROUP, "ApplicationSet") {
        let name = text(&document.node, &["metadata", "name"]).unwrap_or("");
        let message =
            format!("not checked: the ApplicationSet `{name}` is not expanded into its Applications");
        found.warn("application-set", message, Some(&document.node));
    }
    let mut declared = Vec::new();
    for document in scan.of(GROUP, "Application") {
        let (Some(spec), Some(name)) =
            (document.node.get("spec"), text(&document.node, &["metadata", "name"]))
        else {
            continue;
        };
        // `sources` takes precedence over `source`, as in Argo CD.
        let sources = spec.get("sources").and_then(Node::as_seq).unwrap_or(&[]);
        let single = spec.get("source").filter(|_| sources.is_empty());
        let hydrated = spec.at(&["sourceHydrator", "drySource"]);
        for source in sources.iter().chain(single).chain(hydrated) {
            if let Some(chart) = text(source, &["chart"]) {
                let message = format!(
                    "not checked: the Helm chart `{chart}` of the Application `{name}` is not rendered"
                );
                found.warn("helm-chart", message, source.get("chart"));
                continue;
            }
            // A source with neither only provides files to another one.
            let Some(path) = text(source, &["path"]) else { continue };
            let repository = repository_name(text(source, &["repoURL"]).unwrap_or(""));
            declared.push(Declared { document, name, source, repository, path: from_root(path) });
        }
    }
    let ours = this_repository(&declared, found)?;
    for declared in &declared {
        if ours.as_ref() == Some(&declared.repository) {
            let environment = environment(scan, declared, found)?;
            found.add(environment)?;
        } else {
            let message = format!(
                "not checked: the Application `{}` deploys `{}` from another repository, {}",
                declared.name,
                shown(&declared.path),
                declared.repository
            );
            found.warn("other-source", message, declared.source.get("repoURL"));
        }
    }
    Ok(())
}

/// A repository's address without what may differ between two spellings of it.
fn repository_name(url: &str) -> String {
    let url = url.trim().trim_end_matches('/');
    let url = url.strip_suffix(".git").unwrap_or(url);
    let name = match url.split_once("://") {
        Some((_, rest)) => rest.split_once('@').map_or(rest, |(_, host)| host).to_owned(),
        None => url.split_once('@').map_or(url, |(_, rest)| rest).replacen(':', "/", 1),
    };
    name.to_lowercase()
}

/// The repository that is this one: the one most of whose paths exist here, then the one used most.
fn this_repository(declared: &[Declared<'_>], found: &Found<'_>) -> Result<Option<String>> {
    let mut scores: BTreeMap<&str, (usize, usize)> = BTreeMap::new();
    for declared in declared {
        let score = scores.entry(&declared.repository).or_default();
        if !declared.path.is_empty() && found.is_directory(&declared.path)? {
            score.0 += 1;
        }
        score.1 += 1;
    }
    let known = scores.into_iter().filter(|(_, score)| score.0 > 0);
    Ok(known.max_by(|a, b| a.1.cmp(&b.1).then_with(|| b.0.cmp(a.0))).map(|(name, _)| name.to_owned()))
}

/// What people call the cluster of a destination; `None` for the one that Argo CD runs in.
fn cluster_of(spec: &Node) -> Option<String> {
    if let Some(name) = text(spec, &["destination", "name"]) {
        return (name != "in-cluster").then(|| name.to_owned());
    }
    let server = text(spec, &["destination", "server"])?.trim_end_matches('/');
    if IN_CLUSTER.contains(&server) {
        return None;
    }
    let host = server.split_once("://").map_or(server, |(_, rest)| rest);
    Some(host.split(['/', ':']).next().unwrap_or(host).to_owned())
}

fn environment(scan: &Scan, declared: &Declared<'_>, found: &mut Found<'_>) -> Result<Environment> {
    let Declared { document, name, source, path, .. } = declared;
    let node = &document.node;
    let cluster = node.get("spec").and_then(cluster_of);
    let mut unsupported = Vec::new();
    let mut missing = |code, message: String, at: Option<crate::node::Location>| {
        unsupported.push(Diagnostic::new(code, message).at(at));
    };
    let mut has_kustomization = false;
    for file in KUSTOMIZATION_FILES {
        has_kustomization |= found.kind(&below(path, file))? == Some(FileKind::File);
    }
    let key = |field: &str| {
        let entry = source.as_map()?.entry(field).filter(|entry| !entry.value.is_null())?;
        Some((found.sources.locate(entry.key_span), &entry.value))
    };
    let path_location = source.get("path").and_then(|path| found.locate(path));
    if let Some((at, _)) = key("plugin") {
        missing("unsupported-plugin", format!("`{name}` is rendered by a plugin, which is not run"), at);
    } else if let Some((at, _)) = key("helm").filter(|_| !has_kustomization) {
        missing("helm-chart", format!("the Helm chart `{}` of `{name}` is not rendered", shown(path)), at);
    } else if scan.charts.contains(path.as_str()) && !has_kustomization {
        let message = format!("`{}` is a Helm chart, which is not rendered", shown(path));
        missing("helm-chart", message, path_location.clone());
    }
    let overrides = key("kustomize")
        .map(|(_, value)| value.clone())
        .filter(|node| node.as_map().is_some_and(|map| !map.is_empty()));
    for entry in overrides.iter().filter_map(Node::as_map).flat_map(|map| map.entries()) {
        let message = format!("`kustomize.{}` of `{name}` is not applied", entry.key);
        missing("unsupported-override", message, found.sources.locate(entry.key_span));
    }
    let directory = source.get("directory");
    for option in ["include", "exclude", "jsonnet"] {
        if let Some(entry) = directory.and_then(Node::as_map).and_then(|map| map.entry(option)) {
            let message = format!("`directory.{option}` of `{name}` is not applied");
            missing("unsupported-directory-option", message, found.sources.locate(entry.key_span));
        }
    }
    let recurse = directory.and_then(|node| node.get("recurse")).and_then(Node::as_bool) == Some(true);
    Ok(Environment {
        name: cluster.as_ref().map_or((*name).to_owned(), |cluster| format!("{cluster}/{name}")),
        path: path.clone(),
        origin: Origin {
            kind: OriginKind::Argo,
            name: (*name).to_owned(),
            namespace: text(node, &["metadata", "namespace"]).unwrap_or("").to_owned(),
            location: found.locate(node),
        },
        path_location,
        cluster,
        target_namespace: text(node, &["spec", "destination", "namespace"]).map(str::to_owned),
        target_revision: text(source, &["targetRevision"]).map(str::to_owned),
        suspended: false,
        load_restrictor: LoadRestrictor::RootOnly,
        plain_directory: if recurse { PlainDirectory::Recursive } else { PlainDirectory::TopLevel },
        overrides,
        declaration: Some(node.clone()),
        unsupported,
        policy_paths: Vec::new(),
    })
}
