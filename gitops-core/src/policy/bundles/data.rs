//! The files of the folder `bundles` as they are written, and how they are read.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde::de::DeserializeOwned;

use super::Severity;
use crate::node::{Node, SourceMap};
use crate::yaml::{self, ReadOptions};
use crate::{Error, ErrorKind, Result};

/// A JSON object.
pub(super) type JsonMap = serde_json::Map<String, serde_json::Value>;

/// `<bundle>.yaml`.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct BundleFile {
    pub(super) name: String,
    pub(super) title: String,
    pub(super) standard: String,
    pub(super) version: String,
    pub(super) source: String,
    pub(super) summary: String,
    /// The newest minor release of Kubernetes whose rules the bundle knows.
    pub(super) kubernetes: u16,
    /// A bundle whose controls come first.
    #[serde(default)]
    pub(super) extends: Option<String>,
    pub(super) controls: Vec<ControlFile>,
}

/// A control of a standard.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct ControlFile {
    pub(super) id: String,
    pub(super) title: String,
    #[serde(default)]
    pub(super) policies: Vec<PolicyUse>,
    /// Why a manifest cannot show it, or what of it.
    #[serde(default)]
    pub(super) not_checked: Option<String>,
    /// Inherited controls that give way to this one where it applies.
    #[serde(default)]
    pub(super) replaces: Vec<String>,
    /// The control's identifier in other versions of the standard.
    #[serde(default)]
    pub(super) other_versions: BTreeMap<String, String>,
}

/// A policy as a control uses it.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct PolicyUse {
    pub(super) policy: String,
    #[serde(default)]
    pub(super) parameters: JsonMap,
    /// Tells uses of one policy apart; the end of the constraint's name.
    #[serde(default)]
    pub(super) name: Option<String>,
    /// The first minor release of Kubernetes for which it applies.
    #[serde(default)]
    pub(super) since: Option<u16>,
    /// The first minor release for which it no longer applies.
    #[serde(default)]
    pub(super) before: Option<u16>,
}

impl PolicyUse {
    /// Whether it applies to a minor release.
    pub(super) fn applies(&self, minor: u16) -> bool {
        self.since.is_none_or(|since| since <= minor) && self.before.is_none_or(|before| minor < before)
    }
}

/// `policies/<id>/policy.yaml`.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct PolicyFile {
    pub(super) id: String,
    pub(super) title: String,
    pub(super) severity: Severity,
    pub(super) summary: String,
    pub(super) rationale: String,
    pub(super) remediation: String,
    /// The match of its constraints: a name of `matches.yaml`, or a mapping.
    pub(super) r#match: Matching,
}

#[derive(Debug, Deserialize)]
#[serde(untagged)]
pub(super) enum Matching {
    Named(String),
    Spelled(JsonMap),
}

/// Reads the one document of an embedded file.
pub(super) fn node(path: &str, text: &str, sources: &SourceMap) -> Result<Node> {
    let file = sources.add(path, text);
    let stream = yaml::read(sources, file, &ReadOptions::default())?;
    stream.documents.into_iter().next().ok_or_else(|| bad(path, "it is empty"))
}

/// Reads an embedded file into its structure.
pub(super) fn parse<T: DeserializeOwned>(path: &str, text: &str) -> Result<T> {
    let node = node(path, text, &SourceMap::new())?;
    let json = serde_json::to_value(&node).map_err(|error| bad(path, error))?;
    serde_json::from_value(json).map_err(|error| bad(path, error))
}

/// The error of an embedded file that is not as it should be; tests see to it that there is none.
pub(super) fn bad(path: &str, problem: impl std::fmt::Display) -> Error {
    Error::new(ErrorKind::Policy, "bad-bundle", problem.to_string()).in_file(path)
}
