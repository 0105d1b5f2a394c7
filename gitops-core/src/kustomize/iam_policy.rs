//! `IAMPolicyGenerator`: a service account that stands for one of Google Cloud.
//!
//! Follows `api/filters/iampolicygenerator` of kustomize v5.8.2, which puts the values into the text of a
//! manifest and reads that: they can be anything that YAML makes of them there.

use crate::Result;
use crate::kustomize::decode::{Decoder, Spanned};
use crate::kustomize::load::Builder;
use crate::kustomize::resource::Resource;
use crate::node::{Node, Span, Text};
use crate::yaml::Dialect;

/// The fields of the configuration.
pub(crate) const IAM_FIELDS: &[&str] = &["cloud", "kubernetesService", "serviceAccount"];

/// What an `IAMPolicyGenerator` is asked for; empty texts are absent.
pub(crate) struct IamPolicy {
    span: Span,
    cloud: Spanned,
    name: Text,
    namespace: Text,
    account: Text,
    project: Text,
}

impl Decoder<'_> {
    /// Reads the fields of the configuration at `span`.
    pub(crate) fn iam_policy(&self, span: Span, fields: &[(&'static str, Node)]) -> Result<IamPolicy> {
        let empty = Text::empty;
        let mut policy = IamPolicy {
            span,
            cloud: Spanned { text: empty(), span },
            name: empty(),
            namespace: empty(),
            account: empty(),
            project: empty(),
        };
        for (name, node) in fields {
            match *name {
                "cloud" => policy.cloud = self.string(node, name)?,
                "kubernetesService" => {
                    for (name, entry) in self.fields(node, name, &["name", "namespace"])? {
                        let text = self.string(&entry.value, name)?.text;
                        if name == "name" { policy.name = text } else { policy.namespace = text }
                    }
                }
                _ => {
                    for (name, entry) in self.fields(node, name, &["name", "projectId"])? {
                        let text = self.string(&entry.value, name)?.text;
                        if name == "name" { policy.account = text } else { policy.project = text }
                    }
                }
            }
        }
        Ok(policy)
    }
}

impl Builder<'_> {
    /// Makes the service account.
    pub(crate) fn generate_iam(&mut self, policy: &IamPolicy) -> Result<Resource> {
        if policy.cloud.as_str() != "gke" {
            let message = format!(
                "an IAMPolicyGenerator knows `cloud: gke` and nothing else, not `{}`",
                policy.cloud.text
            );
            return Err(self.error(policy.cloud.span, "unknown-cloud", message));
        }
        let mut text = format!(
            "apiVersion: v1\nkind: ServiceAccount\nmetadata:\n  annotations:\n    iam.gke.io/gcp-service-account: {}@{}.iam.gserviceaccount.com\n  name: {}\n",
            policy.account, policy.project, policy.name
        );
        if !policy.namespace.is_empty() {
            text.push_str(&format!("  namespace: {}", policy.namespace));
        }
        let file = self.sources().add_embedded(policy.span, text);
        let documents = self.parse(file, Dialect::Kyaml)?;
        let account = documents.iter().find(|node| node.is_map()).cloned().unwrap_or_default();
        let mut resource = Resource::new(account, &self.schema.scopes);
        // The text is not the user's, its values are.
        resource.node = placed(&resource.node, policy.span);
        Ok(resource)
    }
}

/// The same tree, all of it set by the text at `span`.
fn placed(node: &Node, span: Span) -> Node {
    let mut node = Node { span, ..node.clone() };
    if let Some(map) = node.as_map_mut() {
        for (_, value) in map.values_mut() {
            *value = placed(value, span);
        }
    }
    if let Some(items) = node.as_seq_mut() {
        for item in items {
            *item = placed(item, span);
        }
    }
    node
}
