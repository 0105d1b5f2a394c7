//! Policies by standard: what a benchmark or a company asks of manifests, as Gatekeeper would enforce it.
//!
//! A [`Bundle`] names the controls of a standard, and for each the policies that check it with their
//! parameters, or why a manifest cannot show it. [`Bundle::objects`] makes ConstraintTemplates and
//! Constraints of it, to be evaluated with a [`PolicySet`](super::PolicySet) or applied to a cluster
//! ([`Bundle::to_yaml`]). Policies, libraries and mappings are the files of the crate's folder `bundles`.

mod data;
mod library;
mod options;
mod table;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};

use serde_json::json;

pub use options::{BundleOptions, EnforcementAction};

use self::data::{BundleFile, ControlFile, JsonMap, bad};
use self::table::{ALIASES, BUNDLES, POLICIES};
use super::Severity;
use crate::knowledge::KubernetesVersion;
use crate::node::{Node, SourceMap};
use crate::object::Object;
use crate::{Error, ErrorKind, Result, yaml};

/// The most that a chain of bundles, each extending the next, may have.
const MAX_DEPTH: usize = 4;

/// A policy of the library.
#[derive(Clone, Debug, PartialEq, serde::Serialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct Policy {
    /// Its identifier, such as `host-ports`.
    pub id: String,
    /// The kind of its template and constraints, which [`Finding::template`](super::Finding::template)
    /// gives: `GitopsHostPorts`.
    pub kind: String,
    /// What it asks for, in a few words.
    pub title: String,
    /// How bad a violation is.
    pub severity: Severity,
    /// What it looks at.
    pub summary: String,
    /// Why it matters.
    pub rationale: String,
    /// What to do about a violation.
    pub remediation: String,
    /// The controls that it checks, of all bundles.
    pub controls: Vec<ControlRef>,
    /// The match of its constraints.
    #[serde(skip)]
    matching: JsonMap,
}

/// A control that a policy checks.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, serde::Serialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct ControlRef {
    /// The bundle's name.
    pub bundle: String,
    /// The standard, such as `CIS Kubernetes Benchmark`.
    pub standard: String,
    /// The version of the standard.
    pub version: String,
    /// The control's identifier in that version.
    pub id: String,
    /// What the control asks for.
    pub title: String,
}

/// A control of a standard, and what checks it.
#[derive(Clone, Debug, PartialEq, serde::Serialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct Control {
    /// Its identifier in the bundle's version of the standard.
    pub id: String,
    /// What it asks for.
    pub title: String,
    /// Its identifier in other versions of the standard, by version.
    pub other_versions: BTreeMap<String, String>,
    /// The identifiers of the policies that check it, for whatever release of Kubernetes.
    pub policies: Vec<String>,
    /// Why it is not checked, or what of it is not.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub not_checked: Option<String>,
    /// The control that takes its place, for the releases of Kubernetes for which that one has a policy.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub replaced_by: Option<String>,
}

/// A constraint of a bundle.
#[derive(Clone, Debug, PartialEq, serde::Serialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct BundleConstraint {
    /// Its name, which [`Finding::constraint`](super::Finding::constraint) gives.
    pub name: String,
    /// The identifier of its policy.
    pub policy: String,
    /// The identifiers of the controls that it checks, in the bundle's order.
    pub controls: Vec<String>,
    /// Its parameters.
    pub parameters: JsonMap,
}

/// The controls of a standard and the policies that check them.
#[derive(Clone, Debug, serde::Serialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct Bundle {
    /// Its name, such as `pod-security-baseline`.
    pub name: String,
    /// Its name for people.
    pub title: String,
    /// The standard.
    pub standard: String,
    /// The version of the standard.
    pub version: String,
    /// Where the standard is published.
    pub source: String,
    /// What it is for.
    pub summary: String,
    /// The newest release of Kubernetes whose rules it knows.
    pub kubernetes: KubernetesVersion,
    /// Its controls, in the standard's order.
    pub controls: Vec<Control>,
    #[serde(skip)]
    uses: Vec<ControlFile>,
    #[serde(skip)]
    known: BTreeMap<String, Policy>,
}

/// The names of all bundles.
pub fn names() -> impl Iterator<Item = &'static str> {
    BUNDLES.iter().map(|(name, _)| *name)
}

/// The bundle of a name or alias (`pss-baseline`).
///
/// # Errors
/// [`ErrorKind::Argument`], code `unknown-bundle`: the message lists the names.
pub fn bundle(name: &str) -> Result<Bundle> {
    let file = read(name, 0)?;
    let mut known = BTreeMap::new();
    for r#use in file.controls.iter().flat_map(|control| &control.policies) {
        let path = format!("bundles/{}.yaml", file.name);
        let source = library::source(&r#use.policy)
            .ok_or_else(|| bad(&path, format!("there is no policy `{}`", r#use.policy)))?;
        if !known.contains_key(source.id) {
            known.insert(source.id.to_owned(), library::read(source)?);
        }
    }
    let controls = file.controls.iter().map(|control| {
        let mut policies: Vec<String> = Vec::new();
        for r#use in &control.policies {
            if !policies.contains(&r#use.policy) {
                policies.push(r#use.policy.clone());
            }
        }
        Control {
            id: control.id.clone(),
            title: control.title.clone(),
            other_versions: control.other_versions.clone(),
            policies,
            not_checked: control.not_checked.clone(),
            replaced_by: file
                .controls
                .iter()
                .find(|other| other.replaces.contains(&control.id))
                .map(|other| other.id.clone()),
        }
    });
    Ok(Bundle {
        controls: controls.collect(),
        name: file.name,
        title: file.title,
        standard: file.standard,
        version: file.version,
        source: file.source,
        summary: file.summary,
        kubernetes: KubernetesVersion::minor_release(file.kubernetes),
        uses: file.controls,
        known,
    })
}

/// The bundle and options of a text `NAME` or `NAME@VERSION`, such as `pod-security-baseline@1.31` or
/// `pod-security-baseline@31`, as programs take it.
///
/// # Errors
/// As [`bundle`]; [`ErrorKind::Argument`] with `invalid-kubernetes-version`.
pub fn select(text: &str) -> Result<(Bundle, BundleOptions)> {
    let mut options = BundleOptions::new();
    let name = match text.split_once('@') {
        Some((name, version)) => {
            options.kubernetes = Some(match version.parse() {
                Ok(minor) => KubernetesVersion::minor_release(minor),
                Err(_) => version.parse()?,
            });
            name
        }
        None => text,
    };
    Ok((bundle(name)?, options))
}

/// All policies of the library with the controls that they check. Reads every bundle; keep what it gives.
///
/// # Errors
/// None but a defect of this crate ([`ErrorKind::Policy`], code `bad-bundle`).
pub fn policies() -> Result<Vec<Policy>> {
    let bundles = names().map(bundle).collect::<Result<Vec<_>>>()?;
    let mut policies = POLICIES.iter().map(library::read).collect::<Result<Vec<_>>>()?;
    for policy in &mut policies {
        for bundle in &bundles {
            let controls = bundle.controls.iter().filter(|control| control.policies.contains(&policy.id));
            policy.controls.extend(controls.map(|control| ControlRef {
                bundle: bundle.name.clone(),
                standard: bundle.standard.clone(),
                version: bundle.version.clone(),
                id: control.id.clone(),
                title: control.title.clone(),
            }));
        }
    }
    Ok(policies)
}

/// The policy whose template has a kind, which [`Finding::template`](super::Finding::template) gives;
/// `None` for a template that is not of this library. Reads every bundle, as [`policies`] does.
#[must_use]
pub fn policy(kind: &str) -> Option<Policy> {
    policies().ok()?.into_iter().find(|policy| policy.kind == kind)
}

/// A bundle's file, with the controls of what it extends.
fn read(name: &str, depth: usize) -> Result<BundleFile> {
    let canonical = ALIASES.iter().find(|(alias, _)| *alias == name).map_or(name, |(_, name)| name);
    let Some((_, text)) = BUNDLES.iter().find(|(known, _)| *known == canonical) else {
        let known: Vec<&str> = names().collect();
        let message = format!("there is no bundle `{name}`; the bundles are {}", known.join(", "));
        return Err(Error::new(ErrorKind::Argument, "unknown-bundle", message));
    };
    let path = format!("bundles/{canonical}.yaml");
    let mut file: BundleFile = data::parse(&path, text)?;
    if let Some(base) = &file.extends {
        if depth == MAX_DEPTH {
            return Err(bad(&path, "it extends too many bundles"));
        }
        let own = std::mem::take(&mut file.controls);
        file.controls = read(base, depth + 1)?.controls;
        file.controls.extend(own);
    }
    Ok(file)
}

impl Bundle {
    /// The policies that its controls use, by identifier. Their [`Policy::controls`] are empty; see
    /// [`Bundle::constraints`].
    pub fn policies(&self) -> impl Iterator<Item = &Policy> {
        self.known.values()
    }

    /// The constraints that [`Bundle::objects`] makes with the same options, in the order of the controls.
    ///
    /// # Errors
    /// [`ErrorKind::Argument`], code `unknown-policy`: parameters for a policy that the bundle does not use
    /// for this release of Kubernetes.
    pub fn constraints(&self, options: &BundleOptions) -> Result<Vec<BundleConstraint>> {
        let minor = options.kubernetes.map_or(self.kubernetes, |asked| asked.min(self.kubernetes)).minor();
        let applies = |control: &&ControlFile| control.policies.iter().any(|r#use| r#use.applies(minor));
        let replaced: BTreeSet<&String> =
            self.uses.iter().filter(applies).flat_map(|control| &control.replaces).collect();
        let mut constraints: Vec<BundleConstraint> = Vec::new();
        for control in self.uses.iter().filter(|control| !replaced.contains(&control.id)) {
            for r#use in control.policies.iter().filter(|r#use| r#use.applies(minor)) {
                let ending = r#use.name.as_ref().map_or(String::new(), |name| format!("-{name}"));
                let name = format!("{}-{}{ending}", self.name, r#use.policy);
                let mut parameters = r#use.parameters.clone();
                parameters.extend(options.parameters.get(&r#use.policy).cloned().unwrap_or_default());
                // One constraint serves all controls that ask for the same.
                match constraints.iter_mut().find(|known| known.name == name) {
                    Some(known) if known.parameters != parameters => {
                        let path = format!("bundles/{}.yaml", self.name);
                        return Err(bad(&path, format!("two constraints are called `{name}`")));
                    }
                    Some(known) if known.controls.contains(&control.id) => {}
                    Some(known) => known.controls.push(control.id.clone()),
                    None => constraints.push(BundleConstraint {
                        name,
                        policy: r#use.policy.clone(),
                        controls: vec![control.id.clone()],
                        parameters,
                    }),
                }
            }
        }
        let used = |id: &&String| constraints.iter().any(|constraint| constraint.policy == **id);
        if let Some(unknown) = options.parameters.keys().find(|id| !used(id)) {
            let message = format!("{}: parameters for `{unknown}`, which it does not use", self.name);
            return Err(Error::new(ErrorKind::Argument, "unknown-policy", message));
        }
        Ok(constraints)
    }

    /// Its ConstraintTemplates and Constraints. Several bundles may go into one
    /// [`PolicySet`](super::PolicySet): their common templates are equal, and the names of their constraints differ.
    /// `sources` gets the texts of the templates.
    ///
    /// # Errors
    /// As [`Bundle::constraints`].
    pub fn objects(&self, options: &BundleOptions, sources: &SourceMap) -> Result<Vec<Object>> {
        let constraints = self.constraints(options)?;
        let mut templates: BTreeMap<&str, Object> = BTreeMap::new();
        let mut objects = Vec::new();
        for constraint in &constraints {
            let id = constraint.policy.as_str();
            let (Some(policy), Some(source)) = (self.known.get(id), library::source(id)) else { continue };
            if !templates.contains_key(id) {
                templates.insert(id, library::template(source, policy, sources)?);
            }
            let template = templates.get(id);
            objects.push(self.constraint(constraint, policy, template, options));
        }
        Ok(templates.into_values().chain(objects).collect())
    }

    /// The same as YAML, to be applied to a cluster that runs Gatekeeper: templates first.
    ///
    /// # Errors
    /// As [`Bundle::constraints`].
    pub fn to_yaml(&self, options: &BundleOptions) -> Result<String> {
        let objects = self.objects(options, &SourceMap::new())?;
        yaml::write_stream(objects.iter().map(|object| &object.node))
    }

    fn constraint(
        &self,
        constraint: &BundleConstraint,
        policy: &Policy,
        template: Option<&Object>,
        options: &BundleOptions,
    ) -> Object {
        let mut matching = policy.matching.clone();
        let list = |key: &str, from: &JsonMap, more: &[String]| {
            let mut list = from.get(key).and_then(|list| list.as_array()).cloned().unwrap_or_default();
            list.extend(more.iter().map(|text| json!(text)));
            serde_json::Value::Array(list)
        };
        if !options.excluded_namespaces.is_empty() {
            let excluded = list("excludedNamespaces", &matching, &options.excluded_namespaces);
            matching.insert("excludedNamespaces".into(), excluded);
        }
        let mut parameters = constraint.parameters.clone();
        let takes = |parameter| template.is_some_and(|template| has_parameter(template, parameter));
        if takes("exemptImages") && !options.exempt_images.is_empty() {
            let exempt = list("exemptImages", &parameters, &options.exempt_images);
            parameters.insert("exemptImages".into(), exempt);
        }
        let object = json!({
            "apiVersion": "constraints.gatekeeper.sh/v1beta1",
            "kind": policy.kind,
            "metadata": {
                "name": constraint.name,
                "labels": {
                    "gitops-core/bundle": self.name,
                    "gitops-core/policy": policy.id,
                    "gitops-core/severity": policy.severity.name(),
                },
                "annotations": {
                    "gitops-core/title": policy.title,
                    "gitops-core/standard": format!("{} {}", self.standard, self.version),
                    "gitops-core/controls": constraint.controls.join(", "),
                },
            },
            // Defaults are put into parameters that are there, though empty.
            "spec": {
                "enforcementAction": options.enforcement_action.name(),
                "match": matching,
                "parameters": parameters,
            },
        });
        Object::new(Node::from(&object))
    }
}

/// Whether a template has a parameter.
fn has_parameter(template: &Object, parameter: &str) -> bool {
    let schema = ["spec", "crd", "spec", "validation", "openAPIV3Schema", "properties", parameter];
    template.node.at(&schema).is_some()
}
