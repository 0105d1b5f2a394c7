//! Health checks that a Flux Kustomization brings as expressions in CEL (`spec.healthCheckExprs`).

use super::rules::Verdict;
use super::status::HealthStatus;
use crate::error::{Error, ErrorKind, Result};
use crate::node::Node;
use crate::object::{Object, group_version};
use crate::policy::cel::Condition;

/// Expressions by kind.
#[derive(Clone, Debug, Default)]
pub struct HealthExpressions(Vec<Check>);

/// The checks of a kind. They are asked in this order (Flux RFC 9).
#[derive(Clone, Debug)]
struct Check {
    group: String,
    /// Every kind of the group if there is none.
    kind: Option<String>,
    in_progress: Option<Condition>,
    failed: Option<Condition>,
    current: Condition,
}

impl HealthExpressions {
    /// Reads `spec.healthCheckExprs` of a Flux Kustomization.
    ///
    /// # Errors
    /// `health-expression`: an entry without `apiVersion` or `current`, or an expression that is no CEL.
    pub fn of_kustomization(kustomization: &Object) -> Result<Self> {
        let list = kustomization.node.at(&["spec", "healthCheckExprs"]).and_then(Node::as_seq);
        list.unwrap_or_default().iter().map(check).collect::<Result<_>>().map(Self)
    }

    /// What the expressions of an object's kind say; `None` if there are none.
    pub(super) fn judge(&self, object: &Object) -> Option<Verdict> {
        let fits = |check: &&Check| {
            check.group == object.group() && check.kind.as_deref().is_none_or(|kind| kind == object.kind())
        };
        let check = self.0.iter().find(fits)?;
        let verdict = |status, message: String| Some(Verdict { status, reason: String::new(), message });
        let number = |keys: &[&str]| object.node.at(keys).and_then(Node::as_i64);
        if let (Some(observed), Some(generation)) =
            (number(&["status", "observedGeneration"]), number(&["metadata", "generation"]))
            && observed != generation
        {
            return verdict(HealthStatus::InProgress, String::new());
        }
        for (condition, status) in [
            (check.in_progress.as_ref(), HealthStatus::InProgress),
            (check.failed.as_ref(), HealthStatus::Failed),
            (Some(&check.current), HealthStatus::Current),
        ] {
            match condition.map(|condition| condition.holds(&object.node)) {
                Some(Ok(true)) => return verdict(status, String::new()),
                Some(Err(message)) => {
                    return verdict(HealthStatus::Unknown, format!("the health expression fails: {message}"));
                }
                Some(Ok(false)) | None => {}
            }
        }
        verdict(HealthStatus::InProgress, String::new())
    }
}

fn check(entry: &Node) -> Result<Check> {
    let text = |key: &str| entry.get(key).and_then(Node::as_str).filter(|text| !text.is_empty());
    let wrong = |message: String| Error::new(ErrorKind::Argument, "health-expression", message);
    let expression = |key: &'static str| -> Result<Option<Condition>> {
        let parse = |text| {
            Condition::parse(text).map_err(|problem| wrong(format!("healthCheckExprs.{key}: {problem}")))
        };
        text(key).map(parse).transpose()
    };
    let api_version = text("apiVersion")
        .ok_or_else(|| wrong("an entry of healthCheckExprs needs an `apiVersion`".into()))?;
    Ok(Check {
        group: group_version(api_version).0.to_owned(),
        kind: text("kind").map(str::to_owned),
        in_progress: expression("inProgress")?,
        failed: expression("failed")?,
        current: expression("current")?
            .ok_or_else(|| wrong("an entry of healthCheckExprs needs the expression `current`".into()))?,
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::{Flavour, HealthOptions, status};
    use super::*;

    fn expressions(entry: serde_json::Value) -> Result<HealthExpressions> {
        let json = json!({"kind": "Kustomization", "spec": {"healthCheckExprs": [entry]}});
        HealthExpressions::of_kustomization(&Object::new(Node::from(&json)))
    }

    #[test]
    fn expressions_decide_in_flux_order() {
        let entry = json!({"apiVersion": "example.com/v1", "kind": "Widget",
            "inProgress": "status.phase == 'Busy'",
            "failed": "status.conditions.filter(c, c.type == 'Ready').all(c, c.status == 'False')",
            "current": "status.conditions.exists(c, c.type == 'Ready' && c.status == 'True')"});
        let options = HealthOptions::new(Flavour::Flux).with_expressions(expressions(entry).unwrap());
        for (phase, ready, observed, expected) in [
            ("Busy", "False", 1, HealthStatus::InProgress),
            ("Idle", "False", 1, HealthStatus::Failed),
            ("Idle", "True", 1, HealthStatus::Current),
            ("Idle", "Unknown", 1, HealthStatus::InProgress),
            ("Idle", "True", 2, HealthStatus::InProgress),
        ] {
            let json = json!({"apiVersion": "example.com/v2", "kind": "Widget", "metadata": {"generation": 1},
                "status": {"phase": phase, "observedGeneration": observed,
                    "conditions": [{"type": "Ready", "status": ready}]}});
            let found = status(&Object::new(Node::from(&json)), &options);
            assert_eq!(found.status, expected, "{phase} {ready} {observed}");
        }
        let bare = json!({"apiVersion": "example.com/v1", "kind": "Widget"});
        assert_eq!(status(&Object::new(Node::from(&bare)), &options).status, HealthStatus::Unknown);
        let other = json!({"apiVersion": "example.com/v1", "kind": "Gadget"});
        assert_eq!(status(&Object::new(Node::from(&other)), &options).status, HealthStatus::Current);
    }

    #[test]
    fn mistakes_are_told() {
        for (entry, expected) in [
            (json!({"current": "true"}), "an entry of healthCheckExprs needs an `apiVersion`"),
            (json!({"apiVersion": "v1"}), "an entry of healthCheckExprs needs the expression `current`"),
        ] {
            assert_eq!(expressions(entry).unwrap_err().message(), expected);
        }
        let error = expressions(json!({"apiVersion": "v1", "current": "a =="})).unwrap_err();
        assert!(error.message().starts_with("healthCheckExprs.current: "), "{error}");
    }
}
