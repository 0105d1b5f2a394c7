//! Constraints on objects: the input as Gatekeeper shapes it, the evaluation, the findings.

use std::collections::{BTreeMap, BTreeSet};
use std::num::NonZeroU32;
use std::time::Duration;

use regorus::utils::limits::ExecutionTimerConfig;
use regorus::{Engine, Value};

use super::constraint::{Constraint, Match, Subject};
use super::template::{Program, Template, engine_message};
use super::value::{Numbers, entry, get, object, set, to_json, to_value};
use super::{Finding, FindingKind, NotChecked, PolicyReport, PolicySet, locate};
use crate::knowledge::scope::{Scope, scope};
use crate::node::Node;
use crate::object::{Object, group_version};

/// How objects are evaluated.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct EvaluateOptions<'a> {
    /// Namespace objects known beside those among the objects; for `namespaceSelector` and
    /// `input.review.namespaceObject`. Default none.
    pub namespaces: &'a [Object],
    /// The objects of `data.inventory`, for policies that look at other objects. Default: the objects
    /// evaluated. Give all rendered objects here when only some of them are evaluated.
    pub inventory: Option<&'a [Object]>,
    /// The namespace of objects of a namespaced kind that name none. Default none: they pass
    /// `namespaces` and `excludedNamespaces`, as in `gator verify`.
    pub default_namespace: Option<&'a str>,
    /// For constraints with scoped enforcement actions, whose actions count; a constraint without one for
    /// this point is not evaluated. Default `validation.gatekeeper.sh`, the admission webhook.
    pub enforcement_point: &'a str,
    /// Whether to find where in the object the offending value is, by evaluating changed copies of it.
    /// Default true.
    pub locate: bool,
    /// How long one evaluation may take before it is a finding of kind error. Default 5 seconds.
    pub time_limit: Duration,
}

impl Default for EvaluateOptions<'_> {
    fn default() -> Self {
        Self {
            namespaces: &[],
            inventory: None,
            default_namespace: None,
            enforcement_point: "validation.gatekeeper.sh",
            locate: true,
            time_limit: Duration::from_secs(5),
        }
    }
}

impl<'a> EvaluateOptions<'a> {
    /// The defaults.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// The same with Namespace objects known beside those among the objects.
    #[must_use]
    pub fn with_namespaces(mut self, namespaces: &'a [Object]) -> Self {
        self.namespaces = namespaces;
        self
    }

    /// The same with the objects that `data.inventory` shows.
    #[must_use]
    pub fn with_inventory(mut self, inventory: &'a [Object]) -> Self {
        self.inventory = Some(inventory);
        self
    }

    /// The same with the namespace of objects that name none.
    #[must_use]
    pub fn with_default_namespace(mut self, namespace: &'a str) -> Self {
        self.default_namespace = Some(namespace);
        self
    }

    /// The same at another enforcement point.
    #[must_use]
    pub fn at_enforcement_point(mut self, point: &'a str) -> Self {
        self.enforcement_point = point;
        self
    }

    /// The same with or without locating.
    #[must_use]
    pub fn locating(mut self, locate: bool) -> Self {
        self.locate = locate;
        self
    }

    /// The same with another bound on one evaluation.
    #[must_use]
    pub fn with_time_limit(mut self, limit: Duration) -> Self {
        self.time_limit = limit;
        self
    }
}

/// One result of a policy.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Violation {
    pub(super) message: String,
    pub(super) details: Value,
}

/// What a policy said of one object.
pub(super) type Verdict = Result<BTreeSet<Violation>, String>;

/// One template, ready to be run in this thread.
pub(super) struct Runner {
    engine: Engine,
    rule: String,
}

impl Runner {
    /// Evaluates the template on a review with parameters.
    pub(super) fn run(&mut self, review: &Value, parameters: &Value) -> Verdict {
        let input = object([("review", review.clone()), ("parameters", parameters.clone())]);
        self.engine.set_input(input);
        let result =
            self.engine.eval_rule(self.rule.clone()).map_err(|error| engine_message(&error.to_string()).2)?;
        let mut violations = BTreeSet::new();
        let Value::Set(entries) = &result else { return Ok(violations) };
        for violation in entries.iter_sorted() {
            match get(violation, "msg") {
                Some(Value::String(message)) => {
                    let details = get(violation, "details").cloned().unwrap_or_else(Value::new_object);
                    violations.insert(Violation { message: message.to_string(), details });
                }
                // The hook reads `msg`; where there is none, there is no result.
                None => {}
                Some(other) => {
                    return Err(format!(
                        "`msg` of a violation must be text, not {}",
                        super::format::term(other)
                    ));
                }
            }
        }
        Ok(violations)
    }
}

pub(super) fn evaluate(
    policies: &PolicySet,
    objects: &[Object],
    options: &EvaluateOptions<'_>,
) -> PolicyReport {
    evaluate_as(policies, objects, None, options)
}

/// Evaluates objects with a review of their own making, or, for a single object, the request given.
pub(super) fn evaluate_as(
    policies: &PolicySet,
    objects: &[Object],
    request: Option<&Node>,
    options: &EvaluateOptions<'_>,
) -> PolicyReport {
    let mut report = PolicyReport::default();
    let mut runners: BTreeMap<usize, Runner> = BTreeMap::new();
    let mut inventory: Option<Value> = None;
    let mut not_checked: BTreeMap<(usize, &'static str), (String, usize)> = BTreeMap::new();
    let namespaces: BTreeMap<&str, &Object> = objects
        .iter()
        .chain(options.namespaces)
        .filter(|object| object.kind() == "Namespace" && object.group().is_empty())
        .map(|object| (object.name(), object))
        .collect();
    for (index, object) in objects.iter().enumerate() {
        let subject = subject(object, &namespaces, options);
        let mut review: Option<Value> = None;
        for (position, constraint) in policies.constraints.iter().enumerate() {
            let Some(template) = policies.templates.get(constraint.template) else { continue };
            let Some(action) = constraint.action.at(options.enforcement_point) else { continue };
            let mut skip = |code, reason: String| {
                not_checked.entry((position, code)).or_insert((reason, 0)).1 += 1;
            };
            match constraint.matcher.matches(&subject) {
                Match::No => continue,
                Match::Yes => {}
                Match::NamespaceUnknown => {
                    let reason = "its namespaceSelector needs the labels of a Namespace that is not known";
                    skip("namespace-unknown", format!("{} {}: {reason}", template.kind, constraint.name));
                    continue;
                }
            }
            let (engine, rule, uses_inventory) = match &template.program {
                Program::Rego { engine, rule, uses_inventory } => (engine, rule, *uses_inventory),
                Program::NotEvaluated { code, reason } => {
                    skip(code, format!("{} {}: {reason}", template.kind, constraint.name));
                    continue;
                }
            };
            let runner = runners.entry(constraint.template).or_insert_with(|| {
                let mut engine = Engine::clone(engine);
                engine.set_execution_timer_config(ExecutionTimerConfig {
                    limit: options.time_limit,
                    check_interval: NonZeroU32::new(256).unwrap_or(NonZeroU32::MIN),
                });
                if uses_inventory {
                    let data = inventory
                        .get_or_insert_with(|| build_inventory(options.inventory.unwrap_or(objects)));
                    // A fresh engine has no data that could conflict.
                    let _ = engine.add_data(data.clone());
                }
                Runner { engine, rule: rule.clone() }
            });
            let review = review.get_or_insert_with(|| match request {
                Some(request) => to_value(request, Numbers::Float),
                None => build_review(&subject),
            });
            report.evaluations += 1;
            let verdict = runner.run(review, &constraint.parameters);
            let finding = |message: String, kind| {
                new_finding(template, constraint, action, index, object, message, kind)
            };
            match verdict {
                Err(message) => report.findings.push(finding(message, FindingKind::Error)),
                Ok(violations) if violations.is_empty() => {}
                Ok(violations) => {
                    let places = if options.locate {
                        locate::locate(
                            runner,
                            &template.kind,
                            object,
                            review,
                            &constraint.parameters,
                            &violations,
                        )
                    } else {
                        Vec::new()
                    };
                    let mut places = places.into_iter();
                    for violation in violations {
                        let place = places.next().unwrap_or_default();
                        let mut finding = finding(violation.message, FindingKind::Violation);
                        finding.details = details(&violation.details);
                        finding.path = place.path;
                        finding.container = place.container;
                        report.findings.push(finding);
                    }
                }
            }
        }
    }
    let reasons = not_checked.into_iter();
    report.not_checked =
        reasons.map(|((_, code), (message, count))| NotChecked { code, message, count }).collect();
    report
}

fn new_finding(
    template: &Template,
    constraint: &Constraint,
    action: &str,
    index: usize,
    object: &Object,
    message: String,
    kind: FindingKind,
) -> Finding {
    Finding {
        template: template.kind.clone(),
        constraint: constraint.name.clone(),
        enforcement_action: action.to_owned(),
        object: index,
        id: object.id(),
        message,
        details: None,
        kind,
        path: None,
        container: None,
    }
}

fn details(details: &Value) -> Option<serde_json::Value> {
    match details {
        Value::Object(map) if map.is_empty() => None,
        other => Some(to_json(other)),
    }
}

fn subject<'a>(
    object: &'a Object,
    namespaces: &BTreeMap<&str, &'a Object>,
    options: &EvaluateOptions<'a>,
) -> Subject<'a> {
    let mut namespace = object.namespace();
    if namespace.is_empty() && scope(object.api_version(), object.kind()) == Some(Scope::Namespaced) {
        namespace = options.default_namespace.unwrap_or("");
    }
    Subject { object, namespace, namespace_object: namespaces.get(namespace).copied() }
}

/// `input.review` as the audit and gator shape it: an AdmissionRequest without an operation or a user.
fn build_review(subject: &Subject<'_>) -> Value {
    let reviewed = subject.object;
    let (group, version) = group_version(reviewed.api_version());
    let mut review = object([
        ("uid", Value::from("")),
        (
            "kind",
            object([
                ("group", Value::from(group)),
                ("version", Value::from(version)),
                ("kind", Value::from(reviewed.kind())),
            ]),
        ),
        (
            "resource",
            object([("group", Value::from("")), ("version", Value::from("")), ("resource", Value::from(""))]),
        ),
        ("operation", Value::from("")),
        ("userInfo", Value::new_object()),
        ("object", to_value(&reviewed.node, Numbers::Float)),
        ("oldObject", Value::Null),
        ("options", Value::Null),
        (
            "namespaceObject",
            subject
                .namespace_object
                .map_or_else(Value::new_object, |namespace| to_value(&namespace.node, Numbers::Float)),
        ),
    ]);
    for (key, text) in [("name", reviewed.name()), ("namespace", subject.namespace)] {
        if !text.is_empty() {
            set(&mut review, key, Value::from(text));
        }
    }
    review
}

/// `data` with `inventory.cluster[groupVersion][kind][name]` and
/// `inventory.namespace[ns][groupVersion][kind][name]`.
fn build_inventory(objects: &[Object]) -> Value {
    let mut inventory = object([("cluster", Value::new_object()), ("namespace", Value::new_object())]);
    for known in objects {
        let mut place = if known.namespace().is_empty() {
            entry(&mut inventory, "cluster")
        } else {
            entry(&mut inventory, "namespace").and_then(|place| entry(place, known.namespace()))
        };
        for key in [known.api_version(), known.kind()] {
            place = place.and_then(|place| entry(place, key));
        }
        if let Some(place) = place {
            set(place, known.name(), to_value(&known.node, Numbers::Exact));
        }
    }
    object([("inventory", inventory)])
}
