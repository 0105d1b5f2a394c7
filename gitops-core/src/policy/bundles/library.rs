//! Policies of the library: what is known of them, and their templates with the code they import.

use super::data::{self, Matching, PolicyFile};
use super::table::{LIBRARIES, MATCHES, POLICIES, PolicySource};
use super::{Policy, bad};
use crate::Result;
use crate::node::{Node, SourceMap, Span, Text};
use crate::object::Object;

/// The kind of a policy's template: `host-ports` gives `GitopsHostPorts`.
pub(super) fn kind_of(id: &str) -> String {
    let words = id.split('-').map(|word| {
        let (first, rest) = word.split_at_checked(1).unwrap_or((word, ""));
        first.to_ascii_uppercase() + rest
    });
    "Gitops".to_owned() + &words.collect::<String>()
}

fn path(id: &str, file: &str) -> String {
    format!("bundles/policies/{id}/{file}")
}

/// A policy as its file describes it.
pub(super) fn read(source: &PolicySource) -> Result<Policy> {
    let path = path(source.id, "policy.yaml");
    let file: PolicyFile = data::parse(&path, source.policy)?;
    let matching = match file.r#match {
        Matching::Spelled(matching) => matching,
        Matching::Named(name) => {
            let mut known: std::collections::BTreeMap<String, data::JsonMap> =
                data::parse("bundles/matches.yaml", MATCHES)?;
            known.remove(&name).ok_or_else(|| bad(&path, format!("matches.yaml has no `{name}`")))?
        }
    };
    Ok(Policy {
        kind: kind_of(&file.id),
        id: file.id,
        title: file.title,
        severity: file.severity,
        summary: file.summary,
        rationale: file.rationale,
        remediation: file.remediation,
        controls: Vec::new(),
        matching,
    })
}

/// The texts of a policy.
pub(super) fn source(id: &str) -> Option<&'static PolicySource> {
    POLICIES.iter().find(|source| source.id == id)
}

/// The ConstraintTemplate of a policy, with the libraries it imports.
pub(super) fn template(source: &PolicySource, policy: &Policy, sources: &SourceMap) -> Result<Object> {
    let path = path(source.id, "template.yaml");
    let mut node = data::node(&path, source.template, sources)?;
    let broken = || bad(&path, "it is no template with one target and `rego`");
    let rego = |node: &Node| -> Option<Text> {
        let target = node.at(&["spec", "targets"])?.as_seq()?.first()?;
        target.get("rego")?.as_str().map(Text::from)
    };
    let libs = imports(&rego(&node).ok_or_else(broken)?).map_err(|name| bad(&path, name))?;
    let target = node.get_mut("spec").and_then(|spec| spec.get_mut("targets"));
    let target = target.and_then(Node::as_seq_mut).and_then(|targets| targets.first_mut());
    let target = target.and_then(Node::as_map_mut).ok_or_else(broken)?;
    if !libs.is_empty() {
        let libs = libs.into_iter().map(|text| Node::string(text, Span::NONE)).collect();
        target.insert("libs", Node::seq(libs, Span::NONE));
    }
    let metadata = node.get_mut("metadata").and_then(Node::as_map_mut).ok_or_else(broken)?;
    let mut annotations = metadata.get("annotations").cloned().unwrap_or_default();
    if annotations.is_null() {
        annotations = Node::map(crate::node::Map::new(), Span::NONE);
    }
    if let Some(annotations) = annotations.as_map_mut() {
        annotations.insert("description", Node::string(policy.summary.trim(), Span::NONE));
    }
    metadata.insert("annotations", annotations);
    Ok(Object::new(node))
}

/// The texts of the libraries that a module imports, and those that these import.
fn imports(rego: &str) -> std::result::Result<Vec<&'static str>, String> {
    let mut found: Vec<&'static str> = Vec::new();
    let mut texts = vec![rego.to_owned()];
    while let Some(text) = texts.pop() {
        for name in text.lines().filter_map(|line| line.trim().strip_prefix("import data.lib.")) {
            let name = name.split_whitespace().next().unwrap_or("");
            let library = LIBRARIES.iter().find(|(known, _)| *known == name);
            let (_, library) = library.ok_or_else(|| format!("there is no library `{name}`"))?;
            if !found.contains(library) {
                found.push(library);
                texts.push((*library).to_owned());
            }
        }
    }
    Ok(found)
}
