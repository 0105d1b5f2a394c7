//! Rules as Argo CD and Flux write them.

use super::jq::PathExpression;
use super::release::Release;
use super::target::{Target, anchored, exact, glob};
use super::{IgnoreRules, Rule};
use crate::node::{Location, Node, SourceMap, Text};
use crate::object::{LabelSelector, Object};
use crate::yaml::{ReadOptions, read_str};
use crate::{Error, ErrorKind, Result};

const CUSTOMIZATIONS: &str = "resource.customizations.ignoreDifferences.";

impl IgnoreRules {
    /// Adds the rules that an object holds; other objects add none, and say so with `false`:
    ///
    /// - Argo CD's Application: `spec.ignoreDifferences`;
    /// - Argo CD's ConfigMap `argocd-cm`: `resource.customizations.ignoreDifferences.<group_kind>` and `.all`;
    /// - Flux's Kustomization: `spec.ignore`;
    /// - Flux's HelmRelease: `spec.driftDetection.ignore`, for the objects that carry its labels and those that
    ///   carry no release's; and `spec.driftDetection.mode`, for the objects that carry its labels: `disabled`
    ///   leaves them out, and of `warn` the report says that Flux does not put the drift back. As for Flux, a
    ///   `driftDetection` without a mode is disabled. A HelmRelease without `driftDetection` says nothing here,
    ///   though Flux does not look for drift then.
    ///
    /// `sources` resolves places for errors.
    ///
    /// # Errors
    /// [`ErrorKind::Argument`] with the place: `bad-ignore-rule` for a pointer, pattern, selector, jq
    /// expression or mode that cannot be read.
    pub fn add(&mut self, object: &Object, sources: Option<&SourceMap>) -> Result<bool> {
        let reader = Reader { sources };
        let (group, kind) = (object.group(), object.kind());
        let list = |keys: &[&str]| object.node.at(keys).and_then(Node::as_seq).unwrap_or_default().to_vec();
        let rules: Vec<Rule> = match (group, kind) {
            ("argoproj.io", "Application") => {
                let entries = list(&["spec", "ignoreDifferences"]);
                entries.iter().map(|entry| reader.argo(entry)).collect::<Result<_>>()?
            }
            ("", "ConfigMap") if object.name() == "argocd-cm" => reader.argo_settings(object)?,
            ("kustomize.toolkit.fluxcd.io", "Kustomization") => {
                let entries = list(&["spec", "ignore"]);
                entries.iter().map(|entry| reader.flux(entry)).collect::<Result<_>>()?
            }
            ("helm.toolkit.fluxcd.io", "HelmRelease") => {
                let entries = list(&["spec", "driftDetection", "ignore"]);
                let release = Release::of(object).map_err(|mode| {
                    let wanted = "it must be `enabled`, `warn` or `disabled`";
                    let at = object.node.at(&["spec", "driftDetection", "mode"]).unwrap_or(&object.node);
                    reader.bad(at, format!("`mode: {mode}`: {wanted}"))
                })?;
                let of_release = |rule: Rule| Rule { release: Some(release.clone()), ..rule };
                let rules = entries.iter().map(|entry| reader.flux(entry).map(of_release));
                let rules = rules.collect::<Result<Vec<_>>>()?;
                self.releases.push(release);
                rules
            }
            _ => return Ok(false),
        };
        self.rules.extend(rules);
        Ok(true)
    }
}

struct Reader<'a> {
    sources: Option<&'a SourceMap>,
}

impl Reader<'_> {
    fn place(&self, node: &Node) -> Option<Location> {
        self.sources?.locate(node.span)
    }

    fn bad(&self, node: &Node, what: impl std::fmt::Display) -> Error {
        let message = format!("the rule cannot be read: {what}");
        Error::new(ErrorKind::Argument, "bad-ignore-rule", message).at(self.place(node))
    }

    /// The value of a part of a rule, read by `read`.
    fn text<T, E: std::fmt::Display>(
        &self,
        rule: &Node,
        key: &str,
        read: impl Fn(&str) -> Result<T, E>,
    ) -> Result<T> {
        let node = rule.get(key);
        let text = node.and_then(Node::as_str).unwrap_or("");
        read(text).map_err(|error| self.bad(node.unwrap_or(rule), format!("`{key}: {text}`: {error}")))
    }

    fn texts<T>(&self, rule: &Node, key: &str, read: impl Fn(&str) -> Result<T, String>) -> Result<Vec<T>> {
        let items = rule.get(key).and_then(Node::as_seq).unwrap_or_default();
        let read = |item: &Node| {
            let text = item.as_str().ok_or_else(|| self.bad(item, format!("`{key}` must hold texts")))?;
            read(text).map_err(|error| self.bad(item, format!("`{text}`: {error}")))
        };
        items.iter().map(read).collect()
    }

    /// An entry of an Application: patterns for group and kind, names that must be equal.
    fn argo(&self, rule: &Node) -> Result<Rule> {
        let target = Target {
            group: self.text(rule, "group", glob)?,
            kind: self.text(rule, "kind", glob)?,
            name: self.text(rule, "name", exact)?,
            namespace: self.text(rule, "namespace", exact)?,
            ..Target::default()
        };
        self.argo_fields(rule, target)
    }

    fn argo_fields(&self, rule: &Node, target: Target) -> Result<Rule> {
        Ok(Rule {
            target,
            release: None,
            pointers: self.texts(rule, "jsonPointers", pointer)?,
            expressions: self.texts(rule, "jqPathExpressions", PathExpression::parse)?,
            managers: self.texts(rule, "managedFieldsManagers", |text| Ok(text.to_owned()))?,
        })
    }

    /// The settings of the whole Argo CD, each a text of YAML.
    fn argo_settings(&self, settings: &Object) -> Result<Vec<Rule>> {
        let mut rules = Vec::new();
        let data = settings.node.get("data").and_then(Node::as_map);
        for (key, value) in data.into_iter().flat_map(|map| map.iter()) {
            let Some(of) = key.strip_prefix(CUSTOMIZATIONS) else { continue };
            let text = value.as_str().unwrap_or("");
            let (stream, _) = read_str(key, text, &ReadOptions::default())
                .map_err(|error| self.bad(value, format!("`{key}`: {}", error.message())))?;
            let (group, kind) = match of {
                "all" => ("*", "*"),
                of => of.rsplit_once('_').unwrap_or(("", of)),
            };
            let pattern = |text: &str| glob(text).map_err(|error| self.bad(value, error));
            let target = Target { group: pattern(group)?, kind: pattern(kind)?, ..Target::default() };
            // Places within the text are not those of the file.
            let inner = Reader { sources: None };
            for document in &stream.documents {
                let rule = inner.argo_fields(document, target.clone());
                rules.push(rule.map_err(|error| error.at(self.place(value)))?);
            }
        }
        Ok(rules)
    }

    /// An entry of a Kustomization or HelmRelease: regular expressions and selectors.
    fn flux(&self, rule: &Node) -> Result<Rule> {
        let none = Node::null();
        let target = rule.get("target").unwrap_or(&none);
        let selector = |key: &str| -> Result<Option<LabelSelector>> {
            match target.get(key).and_then(Node::as_str).filter(|text| !text.is_empty()) {
                None => Ok(None),
                Some(_) => self.text(target, key, LabelSelector::parse).map(Some),
            }
        };
        Ok(Rule {
            target: Target {
                group: self.text(target, "group", anchored)?,
                version: self.text(target, "version", anchored)?,
                kind: self.text(target, "kind", anchored)?,
                name: self.text(target, "name", anchored)?,
                namespace: self.text(target, "namespace", anchored)?,
                labels: selector("labelSelector")?,
                annotations: selector("annotationSelector")?,
            },
            release: None,
            pointers: self.texts(rule, "paths", pointer)?,
            expressions: Vec::new(),
            managers: Vec::new(),
        })
    }
}

/// The parts of an RFC 6901 JSON pointer.
fn pointer(text: &str) -> Result<Vec<Text>, String> {
    if text.is_empty() {
        return Ok(Vec::new());
    }
    let rest = text.strip_prefix('/').ok_or("a JSON pointer starts with `/`")?;
    Ok(rest.split('/').map(|part| Text::from(part.replace("~1", "/").replace("~0", "~"))).collect())
}
