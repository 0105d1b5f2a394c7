//! Constraints: which objects they are about, what they demand, and what happens on a violation.

use regorus::Value;

use super::matching::Matcher;
use super::template::{Template, apply_defaults};
use super::value::{Numbers, to_value};
use crate::node::{Node, SourceMap};
use crate::object::Object;
use crate::{Error, ErrorKind, Result};

/// The group of constraints.
pub(crate) const CONSTRAINT_GROUP: &str = "constraints.gatekeeper.sh";

/// A constraint, ready to be matched.
#[derive(Clone, Debug)]
pub(crate) struct Constraint {
    /// Index of its template.
    pub(crate) template: usize,
    pub(crate) name: String,
    pub(crate) node: Node,
    pub(crate) action: Action,
    pub(crate) matcher: Matcher,
    /// `spec.parameters` with defaults; null if there are none.
    pub(crate) parameters: Value,
}

/// What happens on a violation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Action {
    /// The same everywhere: deny, warn, dryrun, or a text Gatekeeper does not recognise.
    Everywhere(String),
    /// By enforcement point: (action, points).
    Scoped(Vec<(String, Vec<String>)>),
}

impl Action {
    /// The actions at an enforcement point, the strictest first; none if the constraint is silent there.
    pub(crate) fn at(&self, point: &str) -> Vec<&str> {
        let mut actions: Vec<&str> = match self {
            Self::Everywhere(action) => vec![action],
            Self::Scoped(scoped) => {
                let at_point = |points: &[String]| points.iter().any(|name| name == point || name == "*");
                let actions = scoped.iter().filter(|(_, points)| at_point(points));
                actions.map(|(action, _)| action.as_str()).collect()
            }
        };
        actions.sort_by_key(|action| (severity(action), *action));
        actions.dedup();
        actions
    }
}

fn severity(action: &str) -> usize {
    ["deny", "warn", "dryrun"].iter().position(|known| *known == action).unwrap_or(3)
}

fn bad(message: impl Into<String>) -> Error {
    Error::new(ErrorKind::Policy, "bad-constraint", message)
}

/// Reads a constraint of a template.
pub(crate) fn read(
    object: &Object,
    template: usize,
    of: &Template,
    sources: &SourceMap,
) -> Result<Constraint> {
    let place = sources.locate(object.node.span);
    read_inner(object, template, of, sources)
        .map_err(|error| error.context(format!("{} {}", object.kind(), object.name())).at(place))
}

fn read_inner(object: &Object, template: usize, of: &Template, sources: &SourceMap) -> Result<Constraint> {
    let name = object.name();
    if name.is_empty() || name.len() > 63 {
        return Err(bad("`metadata.name` must have 1 to 63 characters"));
    }
    let spec = object.node.get("spec");
    let at = |node: &Node| sources.locate(node.span);
    let matcher = match spec.and_then(|spec| spec.get("match")).filter(|node| !node.is_null()) {
        Some(node) => Matcher::read(node).map_err(|error| error.at(at(node)))?,
        None => Matcher::default(),
    };
    let mut parameters = spec.and_then(|spec| spec.get("parameters")).cloned().unwrap_or_else(Node::null);
    if let Some(schema) = &of.schema {
        if let (true, Some(default)) = (parameters.is_null(), schema.get("default")) {
            parameters = default.clone();
        }
        apply_defaults(&mut parameters, schema);
    }
    let parameters = to_value(&parameters, Numbers::Exact);
    Ok(Constraint {
        template,
        name: name.to_owned(),
        node: object.node.clone(),
        action: read_action(spec)?,
        matcher,
        parameters,
    })
}

fn read_action(spec: Option<&Node>) -> Result<Action> {
    let field = |key: &str| spec.and_then(|spec| spec.get(key)).filter(|node| !node.is_null());
    let action = match field("enforcementAction") {
        None => "deny",
        Some(node) => node.as_str().ok_or_else(|| bad("`spec.enforcementAction` must be text"))?,
    };
    if action != "scoped" {
        return Ok(Action::Everywhere(action.to_owned()));
    }
    let Some(entries) = field("scopedEnforcementActions").and_then(Node::as_seq) else {
        return Err(bad("`enforcementAction: scoped` needs a list `spec.scopedEnforcementActions`"));
    };
    let mut scoped = Vec::new();
    for entry in entries {
        let action = entry.get("action").and_then(Node::as_str).unwrap_or("").to_owned();
        let points = entry.get("enforcementPoints").and_then(Node::as_seq).unwrap_or(&[]);
        let points =
            points.iter().filter_map(|point| point.get("name")?.as_str().map(str::to_owned)).collect();
        scoped.push((action, points));
    }
    Ok(Action::Scoped(scoped))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn scoped_actions_depend_on_the_point() {
        let spec = Node::from(&json!({"enforcementAction": "scoped", "scopedEnforcementActions": [
            {"action": "warn", "enforcementPoints": [{"name": "*"}]},
            {"action": "deny", "enforcementPoints": [{"name": "validation.gatekeeper.sh"}]},
        ]}));
        let action = read_action(Some(&spec)).unwrap();
        assert_eq!(action.at("validation.gatekeeper.sh"), ["deny", "warn"]);
        assert_eq!(action.at("audit.gatekeeper.sh"), ["warn"]);
        assert_eq!(read_action(None).unwrap().at("x"), ["deny"]);
        let nowhere = json!({"enforcementAction": "scoped", "scopedEnforcementActions": []});
        assert!(read_action(Some(&Node::from(&nowhere))).unwrap().at("x").is_empty());
        let missing = json!({"enforcementAction": "scoped"});
        assert_eq!(read_action(Some(&Node::from(&missing))).unwrap_err().code(), "bad-constraint");
    }
}
