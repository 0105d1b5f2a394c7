//! What is known of a policy beside its verdict: its severity, the controls it stands for, and how its
//! risks may be accepted.
//!
//! It is read from the labels and annotations of the constraint, then of its template, so that it
//! travels with them through Git and the cluster.

use super::PolicySet;
use super::constraint::Constraint;
use super::value::get;
use crate::node::Node;
use crate::risk::Severity;

/// The identifier of the policy in its bundle.
const POLICY: &str = "gitops-core/policy";
/// The bundle.
const BUNDLE: &str = "gitops-core/bundle";
/// The severity of a violation: `low`, `medium`, `high` or `critical`.
const SEVERITY: &str = "gitops-core/severity";
/// The controls of the bundle's standard, separated by commas.
const CONTROLS: &str = "gitops-core/controls";
/// The annotations of objects that accept the risk (see [`super::acceptance::annotations`]), separated
/// by commas; with or without their prefix.
const ACCEPTED_BY: &str = "gitops-core/risk-acceptance";
/// The parameter by which Security Tower's constraints refuse any acceptance.
const REFUSES: &str = "ignoreRiskAcceptances";

/// What is known of the policy behind a constraint.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Facts {
    pub(crate) policy: Option<String>,
    pub(crate) bundle: Option<String>,
    pub(crate) severity: Option<Severity>,
    pub(crate) controls: Vec<String>,
    pub(crate) accepted_by: Vec<String>,
    /// Whether its risks must not be accepted.
    pub(crate) refuses: bool,
}

impl PolicySet {
    /// What is known of a constraint; nothing if there is none of that template and name.
    pub(crate) fn facts(&self, template: &str, constraint: &str) -> Facts {
        let found = self.constraints.iter().find_map(|known| {
            let of = self.templates.get(known.template)?;
            (of.kind == template && known.name == constraint).then_some((known, of))
        });
        let Some((constraint, template)) = found else { return Facts::default() };
        let said = |key: &str| said(&constraint.node, key).or_else(|| said(&template.node, key));
        let list = |key: &str| -> Vec<String> {
            let text = said(key).unwrap_or_default();
            text.split(',').map(str::trim).filter(|part| !part.is_empty()).map(str::to_owned).collect()
        };
        Facts {
            policy: said(POLICY),
            bundle: said(BUNDLE),
            severity: said(SEVERITY).as_deref().and_then(Severity::parse),
            controls: list(CONTROLS),
            accepted_by: list(ACCEPTED_BY),
            refuses: refuses(constraint),
        }
    }

    /// The severity of a policy, where its constraint or template says one in a label or annotation
    /// `gitops-core/severity`.
    #[must_use]
    pub fn severity(&self, template: &str, constraint: &str) -> Option<Severity> {
        self.facts(template, constraint).severity
    }
}

/// A label or annotation.
fn said(object: &Node, key: &str) -> Option<String> {
    let metadata = object.get("metadata")?;
    let found = ["labels", "annotations"].iter().find_map(|part| metadata.get(part)?.get(key)?.text());
    found.map(|text| text.trim().to_owned()).filter(|text| !text.is_empty())
}

fn refuses(constraint: &Constraint) -> bool {
    get(&constraint.parameters, REFUSES).and_then(|value| value.as_bool().ok().copied()).unwrap_or(false)
}
