//! Security Tower's configuration below `.securitytower`: clusters, and applications by stage.

use super::scan::Scan;
use super::{Cluster, Environment, Found, Origin, OriginKind, PlainDirectory, from_root, text};
use crate::Result;
use crate::kustomize::LoadRestrictor;
use crate::node::Node;

const GROUP: &str = "securitytower.io";
const FOLDER: &str = ".securitytower/";

pub(super) fn discover(scan: &Scan, found: &mut Found<'_>) -> Result<Vec<Cluster>> {
    let of = |kind| scan.of(GROUP, kind).filter(|document| document.file.starts_with(FOLDER));
    let mut clusters: Vec<Cluster> = of("Cluster")
        .filter_map(|document| {
            let spec = document.node.get("spec");
            let policies = spec.and_then(|spec| text(spec, &["policies", "path"]));
            let namespaces =
                spec.and_then(|spec| spec.get("namespaces")).and_then(Node::as_seq).unwrap_or(&[]);
            Some(Cluster {
                name: text(&document.node, &["metadata", "name"])?.to_owned(),
                policy_paths: policies.map(from_root).into_iter().collect(),
                namespace_paths: namespaces
                    .iter()
                    .filter_map(|entry| text(entry, &["path"]))
                    .map(from_root)
                    .collect(),
                location: found.locate(&document.node),
            })
        })
        .collect();
    clusters.sort_by(|a, b| a.name.cmp(&b.name));
    // Security Tower watches; another tool deploys. What that tool declares is the better source.
    let known: Vec<String> = found.environments.iter().map(|environment| environment.path.clone()).collect();
    for document in of("Application") {
        let Some(name) = text(&document.node, &["metadata", "name"]) else { continue };
        let stages = document.node.at(&["spec", "stages"]).and_then(Node::as_seq).unwrap_or(&[]);
        for stage in stages {
            let Some(path) = stage.at(&["resources", "path"]) else { continue };
            let written = from_root(path.as_str().unwrap_or(""));
            let stage_name = text(stage, &["name"]);
            if text(stage, &["resources", "repository"]).is_some() && !found.is_directory(&written)? {
                let stage_name = stage_name.unwrap_or("");
                let message = format!(
                    "not checked: the stage `{stage_name}` of `{name}` deploys `{written}` from another repository"
                );
                found.warn("other-source", message, stage.at(&["resources", "repository"]));
                continue;
            }
            if known.contains(&written) {
                continue;
            }
            let cluster = text(stage, &["cluster", "name"]).map(str::to_owned);
            // The stage tells apart only what the cluster does not.
            let stage_name =
                stage_name.filter(|stage| stages.len() > 1 && Some(*stage) != cluster.as_deref());
            let parts = [cluster.as_deref(), Some(name), stage_name];
            let environment = Environment {
                name: parts.into_iter().flatten().collect::<Vec<_>>().join("/"),
                path: written,
                origin: Origin {
                    kind: OriginKind::SecurityTower,
                    name: name.to_owned(),
                    namespace: String::new(),
                    location: found.locate(stage),
                },
                path_location: found.locate(path),
                cluster,
                target_namespace: text(stage, &["targetNamespace"]).map(str::to_owned),
                target_revision: text(stage, &["resources", "revision"]).map(str::to_owned),
                suspended: false,
                load_restrictor: LoadRestrictor::RootOnly,
                plain_directory: PlainDirectory::Recursive,
                overrides: None,
                declaration: None,
                unsupported: Vec::new(),
                policy_paths: Vec::new(),
            };
            found.add(environment)?;
        }
    }
    Ok(clusters)
}
