//! Constraints: which objects they are about, what they demand, and what happens on a violation.

use regorus::Value;

use super::matching::Matcher;
use super::options::Profile;
use super::schema::{unknown_fields, violations};
use super::template::Template;
use super::value::{Numbers, to_value, with_given_as_floats};
use crate::node::{Node, SourceMap};
use crate::object::structural::apply_defaults;
use crate::object::{LabelSelector, Object};
use crate::{Error, ErrorKind, Result};

/// The group of constraints.
pub(crate) const CONSTRAINT_GROUP: &str = "constraints.gatekeeper.sh";

/// The code of the error of a constraint that does not fit its template's schema.
pub(crate) const SCHEMA_CODE: &str = "constraint-violates-schema";

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
    /// The same as `gator test` hands them over, where that makes a difference.
    float_parameters: Option<Value>,
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
    let version = object.api_version();
    if !["v1beta1", "v1alpha1"].contains(&crate::object::group_version(version).1) {
        return Err(bad(format!("the version must be `{CONSTRAINT_GROUP}/v1beta1`, not `{version}`")));
    }
    if !is_subdomain(name) {
        return Err(bad("`metadata.name` must be small letters, digits, `-` and `.`, and not empty"));
    }
    let at = |node: &Node| sources.locate(node.span);
    let matching = object.node.at(&["spec", "match"]).filter(|node| !node.is_null());
    // Selectors come first, as in Gatekeeper.
    for key in ["labelSelector", "namespaceSelector"] {
        if let Some(node) = matching.and_then(|node| node.get(key)).filter(|node| node.is_map()) {
            LabelSelector::from_node(node)
                .map_err(|error| bad(format!("`match.{key}`: {}", error.message())).at(at(node)))?;
        }
    }
    let problems = violations(&object.node, &of.schema);
    if !problems.is_empty() {
        let message = format!("it does not fit the schema: {}", problems.join("; "));
        return Err(Error::new(ErrorKind::Policy, SCHEMA_CODE, message).at(matching.and_then(at)));
    }
    let unknown = unknown_fields(&object.node, &of.schema);
    if !unknown.is_empty() {
        return Err(bad(format!("unknown fields: {}", unknown.join(", "))));
    }
    let mut node = object.node.clone();
    apply_defaults(&mut node, &of.schema);
    let spec = node.get("spec");
    let matcher = match spec.and_then(|spec| spec.get("match")).filter(|node| !node.is_null()) {
        Some(node) => Matcher::read(node).map_err(|error| error.at(at(node)))?,
        None => Matcher::default(),
    };
    let parameters = spec.and_then(|spec| spec.get("parameters")).cloned().unwrap_or_else(Node::null);
    Ok(Constraint {
        template,
        name: name.to_owned(),
        node: object.node.clone(),
        action: read_action(spec)?,
        matcher,
        float_parameters: object
            .node
            .at(&["spec", "parameters"])
            .and_then(|given| with_given_as_floats(&parameters, given)),
        parameters: to_value(&parameters, Numbers::Exact),
    })
}

impl Constraint {
    /// The parameters as a profile hands them over to an engine that takes the review with these numbers.
    pub(crate) fn parameters(&self, profile: Profile, numbers: Numbers) -> &Value {
        let floats = self.float_parameters.as_ref();
        let floats = floats.filter(|_| profile == Profile::GatorTest && numbers == Numbers::Float);
        floats.unwrap_or(&self.parameters)
    }

    /// Whether it evaluates as every other constraint of its template with equal parameters does.
    pub(crate) fn is_told_by_parameters(&self) -> bool {
        self.float_parameters.is_none()
    }
}

fn is_subdomain(text: &str) -> bool {
    let inner = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
    let label = |part: &str| {
        part.bytes().all(|byte| inner(byte) || byte == b'-')
            && [part.bytes().next(), part.bytes().next_back()].iter().all(|byte| byte.is_some_and(inner))
    };
    text.len() <= 253 && text.split('.').all(label)
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
