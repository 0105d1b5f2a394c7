//! The pages about policies and bundles are made of what they describe: `GITOPS_UPDATE=1` writes them.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;

use super::super::*;
use super::cases::{Case, Expected, cases};
use super::{all, folder, listed};

/// Text for a cell of a table.
fn cell(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ").replace('|', "\\|")
}

fn paragraph(text: &str) -> String {
    text.trim().to_owned()
}

fn yaml_of(json: &serde_json::Value) -> String {
    yaml::write(&Node::from(json)).unwrap()
}

/// The parameters of a template as a table.
fn parameters(policy: &Policy) -> String {
    let source = library::source(&policy.id).unwrap();
    let template = library::template(source, policy, &SourceMap::new()).unwrap();
    let schema = template.node.at(&["spec", "crd", "spec", "validation", "openAPIV3Schema", "properties"]);
    let Some(schema) = schema.and_then(Node::as_map).filter(|map| !map.is_empty()) else {
        return "None.\n".into();
    };
    let mut out = String::from("| name | type | default | meaning |\n|---|---|---|---|\n");
    for (name, schema) in schema.iter() {
        let text = |key: &str| schema.get(key).and_then(Node::as_str).unwrap_or_default();
        let kind = match schema.at(&["items", "type"]).and_then(Node::as_str) {
            Some(items) => format!("list of {items}s"),
            None => text("type").to_owned(),
        };
        let default = json!(schema.get("default"));
        writeln!(out, "| `{name}` | {kind} | `{default}` | {} |", cell(text("description"))).unwrap();
    }
    out
}

fn controls(policy: &Policy) -> String {
    let mut out = String::from("| bundle | standard | control | |\n|---|---|---|---|\n");
    for control in &policy.controls {
        let ControlRef { bundle, standard, version, id, title } = control;
        writeln!(
            out,
            "| [{bundle}](../README.md#{}) | {standard} {version} | {id} | {} |",
            anchor(bundle),
            cell(title)
        )
        .unwrap();
    }
    out
}

/// How Markdown calls a heading.
fn anchor(heading: &str) -> String {
    heading.to_lowercase().replace('.', "").replace(' ', "-")
}

fn example(case: &Case) -> String {
    let verdict = if case.messages.is_empty() { "Passes" } else { "Fails" };
    let mut out = format!("### {verdict}: {}\n\n", case.name);
    if !case.parameters.is_empty() {
        let parameters = serde_json::Value::Object(case.parameters.clone());
        write!(out, "With the parameters\n\n```yaml\n{}```\n\n", yaml_of(&parameters)).unwrap();
    }
    let documents = |list: &[serde_json::Value]| list.iter().map(yaml_of).collect::<Vec<_>>().join("---\n");
    if !case.others().is_empty() {
        write!(out, "Beside\n\n```yaml\n{}```\n\n", documents(&case.others())).unwrap();
    }
    write!(out, "```yaml\n{}```\n\n", documents(&case.objects)).unwrap();
    for expected in &case.messages {
        match expected {
            Expected::Placed { message, path: Some(path) } => writeln!(out, "- `{path}`: {message}").unwrap(),
            expected => writeln!(out, "- {}", expected.message()).unwrap(),
        }
    }
    if !case.messages.is_empty() {
        out.push('\n');
    }
    out
}

fn page(policy: &Policy) -> String {
    let Policy { id, kind, title, severity, summary, rationale, remediation, .. } = policy;
    let examples: String = cases(id).iter().map(example).collect();
    format!(
        "# {title}\n\n`{id}`, kind `{kind}`, severity {severity}\n\n{}\n\n## Why\n\n{}\n\n## What to do\n\n{}\n\n\
         ## Parameters\n\n{}\n## Controls\n\n{}\n## Examples\n\n{}\n",
        paragraph(summary),
        paragraph(rationale),
        paragraph(remediation),
        parameters(policy),
        controls(policy),
        examples.trim_end(),
        severity = severity.name(),
    )
}

/// What a control asks for, when, and what it is called elsewhere.
fn title(control: &Control, file: &ControlFile) -> String {
    let mut title = cell(&control.title);
    if let Some(since) = file.policies.iter().map(|r#use| r#use.since).min().flatten() {
        write!(title, " (from Kubernetes 1.{since} on)").unwrap();
    }
    if let Some(other) = &control.replaced_by {
        write!(title, "; where {other} applies, that one instead").unwrap();
    }
    for (version, id) in &control.other_versions {
        write!(title, "; {id} in {version}").unwrap();
    }
    title
}

/// The policies that check a control, each once.
fn links(file: &ControlFile) -> Vec<String> {
    let mut links: Vec<String> = Vec::new();
    for r#use in &file.policies {
        let link = format!("[{0}](docs/{0}.md)", r#use.policy);
        if !links.contains(&link) {
            links.push(link);
        }
    }
    links
}

fn index(policies: &[Policy]) -> String {
    let mut out = String::from(INTRODUCTION);
    out.push_str(
        "\n## The bundles\n\n| bundle | standard | controls checked | in part | not |\n|---|---|---|---|---|\n",
    );
    for bundle in all() {
        let count = |policies: bool, excuse: bool| {
            let kind = |control: &&Control| {
                control.policies.is_empty() != policies && control.not_checked.is_some() == excuse
            };
            bundle.controls.iter().filter(kind).count()
        };
        let name = &bundle.name;
        writeln!(
            out,
            "| [{name}](#{}) | [{} {}]({}) | {} | {} | {} |",
            anchor(name),
            bundle.standard,
            bundle.version,
            bundle.source,
            count(true, false),
            count(true, true),
            count(false, true)
        )
        .unwrap();
    }
    for bundle in all() {
        write!(out, "\n### {}\n\n{}. {}\n\n", bundle.name, bundle.title, paragraph(&bundle.summary)).unwrap();
        out.push_str("| control | | policies | not checked, and why |\n|---|---|---|---|\n");
        for (control, file) in bundle.controls.iter().zip(&bundle.uses) {
            writeln!(
                out,
                "| {} | {} | {} | {} |",
                control.id,
                title(control, file),
                links(file).join(", "),
                cell(control.not_checked.as_deref().unwrap_or(""))
            )
            .unwrap();
        }
    }
    out.push_str("\n## The policies\n\n| policy | | severity |\n|---|---|---|\n");
    for policy in policies {
        let Policy { id, title, severity, .. } = policy;
        writeln!(out, "| [{id}](docs/{id}.md) | {} | {} |", cell(title), severity.name()).unwrap();
    }
    out
}

const INTRODUCTION: &str = "\
# Policies by standard

What benchmarks and platforms ask of manifests, as Gatekeeper policies: the same files are evaluated \
by this library before the merge and can be applied to a cluster. This page and those of the policies are \
made of the mappings, policies and cases in this folder (`GITOPS_UPDATE=1 cargo test bundles`).

```text
cargo run --release --example evaluate -- --bundle pod-security-restricted@1.34 PATH...
cargo run --release --example bundle -- pod-security-restricted@1.34 > policies.yaml
```

A bundle's name may be followed by a release of Kubernetes, whose rules then apply; without it the newest do. \
A standard also asks for what no manifest shows. Those controls are listed with the reason, so that \
nobody takes them for checked.
";

#[test]
fn pages_are_current() {
    let policies = policies().unwrap();
    let mut pages: BTreeMap<String, String> = BTreeMap::new();
    pages.insert("README.md".into(), index(&policies));
    for policy in &policies {
        pages.insert(format!("docs/{}.md", policy.id), page(policy));
    }
    let update = std::env::var_os("GITOPS_UPDATE").is_some();
    if update {
        fs::create_dir_all(folder().join("docs")).unwrap();
    }
    for name in listed("docs", ".md") {
        if !policies.iter().any(|policy| policy.id == name) {
            assert!(update, "docs/{name}.md is about no policy");
            fs::remove_file(folder().join(format!("docs/{name}.md"))).unwrap();
        }
    }
    for (name, text) in pages {
        let path = folder().join(&name);
        if update {
            fs::write(&path, &text).unwrap();
        }
        let found = fs::read_to_string(&path).unwrap_or_default();
        assert!(found == text, "{name} is stale: GITOPS_UPDATE=1 cargo test bundles");
    }
}
