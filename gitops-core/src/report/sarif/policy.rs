//! What policies say of objects, as SARIF.

use std::collections::BTreeMap;

use super::model::Level;
use super::{About, Draft, RuleKey, Sarif, SarifOptions, level, sentence};
use crate::node::{Location, SourceMap};
use crate::object::Object;
use crate::object::items::display_path;
use crate::object::secret;
use crate::policy::{FindingKind, PolicyReport};
use crate::review::{LineFacts, line_facts};

impl PolicyReport {
    /// The report as SARIF 2.1.0, with the default [`SarifOptions`]. `objects` are those that it is about,
    /// `sources` resolves their places.
    ///
    /// A finding that is accepted has a suppression with the reason; what is wrong with acceptances are
    /// results too. A finding on an object that no text stands behind is a notification, as is what
    /// was not checked.
    #[must_use]
    pub fn to_sarif(&self, objects: &[Object], sources: &SourceMap) -> String {
        self.to_sarif_with(objects, sources, &SarifOptions::default())
    }

    /// As [`PolicyReport::to_sarif`], with options.
    #[must_use]
    pub fn to_sarif_with(&self, objects: &[Object], sources: &SourceMap, options: &SarifOptions) -> String {
        let mut sarif = Sarif::default();
        let mut times: BTreeMap<String, usize> = BTreeMap::new();
        for finding in &self.findings {
            let Some(object) = objects.get(finding.object) else { continue };
            let is_error = finding.kind == FindingKind::Error;
            let message = secret::redacted(object, &finding.message, &secret::Copies::default());
            let message = sentence(&finding.id, finding.container.as_deref(), &message);
            let level = level(is_error, &finding.enforcement_action);
            let path = finding.path.clone().unwrap_or_default();
            let Some(location) = object.location(&path, sources) else {
                sarif.notify(level, message);
                continue;
            };
            let mut fingerprint = finding.fingerprint(object, "");
            let nth = times.entry(fingerprint.clone()).or_default();
            *nth += 1;
            if *nth > 1 {
                fingerprint = format!("{fingerprint}-{nth}");
            }
            let path = finding.path.as_ref().filter(|path| !path.is_empty());
            sarif.add(Draft {
                rule: RuleKey::Policy {
                    template: finding.template.clone(),
                    constraint: finding.constraint.clone(),
                },
                level,
                new: None,
                message,
                location,
                object: Some(finding.id.clone()),
                path: path.map(|path| display_path(&object.node, path)),
                fingerprint: Some(fingerprint),
                accepted: finding.accepted.clone(),
                environments: Vec::new(),
            });
        }
        for finding in &self.acceptance_findings {
            sarif.acceptance(finding);
        }
        for entry in &self.not_checked {
            let text = format!("not checked ({}, {} times): {}", entry.code, entry.count, entry.message);
            sarif.notify(Level::Warning, text);
        }
        let lines = lines(sarif.drafts.values().map(|draft| &draft.location), sources);
        sarif.finish(&About {
            id: format!("{}/", options.category),
            successful: self.findings.iter().all(|finding| finding.kind != FindingKind::Error),
            lines: &lines,
        })
    }
}

/// Facts of the lines at places.
fn lines<'a>(
    places: impl Iterator<Item = &'a Location>,
    sources: &SourceMap,
) -> BTreeMap<(String, u32), LineFacts> {
    let mut files: BTreeMap<&str, Vec<LineFacts>> = BTreeMap::new();
    let mut lines = BTreeMap::new();
    for place in places {
        let facts = files.entry(place.path.as_str()).or_insert_with(|| {
            sources.text_of(&place.path).map(|text| line_facts(&text)).unwrap_or_default()
        });
        let line = place.line.max(1);
        if let Some(fact) = facts.get(line as usize - 1) {
            lines.insert((place.path.clone(), line), fact.clone());
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use serde_json::Value as Json;

    use super::*;
    use crate::policy::{AcceptOptions, AcceptanceSet, EvaluateOptions, PolicySet};
    use crate::time::Timestamp;
    use crate::yaml::{self, ReadOptions};

    const TEXT: &str = r#"apiVersion: templates.gatekeeper.sh/v1
kind: ConstraintTemplate
metadata: {name: k8sprivileged}
spec:
  crd: {spec: {names: {kind: K8sPrivileged}}}
  targets:
  - target: admission.k8s.gatekeeper.sh
    rego: |
      package x
      violation[{"msg": msg}] {
        c := input.review.object.spec.containers[_]
        c.securityContext.privileged
        msg := sprintf("container <%v> is privileged", [c.name])
      }
---
apiVersion: constraints.gatekeeper.sh/v1beta1
kind: K8sPrivileged
metadata: {name: no-privileged}
spec: {match: {kinds: [{apiGroups: [""], kinds: [Pod]}]}}
---
apiVersion: v1
kind: Pod
metadata: {name: web, namespace: team-a}
spec:
  containers:
  - {name: main, securityContext: {privileged: true}}
  - {name: side, securityContext: {privileged: true}}
---
apiVersion: gitops-core.dev/v1alpha1
kind: RiskAcceptance
metadata: {name: main-privileged}
spec:
  policies: [{template: K8sPrivileged}]
  objects: [{kind: Pod, name: web, containers: [main]}]
  reason: The vendor's image needs it.
  ticket: RISK-1
  owner: Jane Doe
  approvers: [John Roe]
  created: 2026-11-01
  expires: 2026-11-30
---
apiVersion: gitops-core.dev/v1alpha1
kind: RiskAcceptance
metadata: {name: broken}
spec: {}
"#;

    #[test]
    fn sarif_of_a_policy_report() {
        let sources = SourceMap::new();
        let file = sources.add("all manifests.yaml", TEXT);
        let documents = yaml::read(&sources, file, &ReadOptions::default()).unwrap().documents;
        let objects: Vec<Object> = documents.into_iter().map(Object::new).collect();
        let policies = PolicySet::from_objects(&objects, &sources).unwrap();
        let mut report = policies.evaluate(&objects, &EvaluateOptions::new());
        let now = Timestamp::parse("2026-11-21T00:00:00Z").ok();
        let acceptances = AcceptanceSet::from_objects(&objects, &sources);
        acceptances.apply(&mut report, &policies, &objects, &sources, &AcceptOptions::new().at(now));
        insta::assert_snapshot!(report.to_sarif(&objects, &sources));
        // What no text stands behind is told all the same.
        let bare: Vec<Object> = objects
            .iter()
            .map(|object| Object::new(crate::node::Node::from(&serde_json::to_value(&object.node).unwrap())))
            .collect();
        let sarif: Json = serde_json::from_str(&report.to_sarif(&bare, &SourceMap::new())).unwrap();
        assert_eq!(sarif.pointer("/runs/0/results").unwrap().as_array().unwrap().len(), 1);
        let notes = sarif.pointer("/runs/0/invocations/0/toolExecutionNotifications").unwrap();
        assert_eq!(notes.as_array().unwrap().len(), 2);
    }
}
