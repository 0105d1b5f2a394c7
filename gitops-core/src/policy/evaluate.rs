//! Constraints on objects: what is matched, evaluated and found.

use std::cell::OnceCell;
use std::collections::BTreeMap;
use std::time::Duration;

use regorus::Value;

use super::constraint::Constraint;
use super::expansion::Resultant;
use super::matching::{Match, Source, is_namespace};
use super::review::{Namespaces, Operation, Review, place, request_objects};
use super::runner::{Runner, Violation};
use super::template::{Program, Template};
use super::value::{Numbers, entry, object, set, to_json, to_value};
use super::{Finding, FindingKind, NotChecked, PolicyReport, PolicySet, locate};
use crate::Result;
use crate::node::{Node, Path};
use crate::object::Object;

/// Whose knowledge of namespaces decides; Gatekeeper and its command line differ in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Default)]
#[non_exhaustive]
pub enum Profile {
    /// The cluster's: a namespaced object stands in its Namespace, of which the policy is told
    /// (`input.review.namespaceObject`); a kind known to be namespaced counts as such even where the
    /// object names no namespace.
    #[default]
    Cluster,
    /// `gator test`: an object that names no namespace stands in one without a name, and the Namespace
    /// `default` is known. Policies are told of no Namespace.
    GatorTest,
    /// `gator verify`: an object that names no namespace stands in none. Policies are told of no
    /// Namespace.
    GatorVerify,
}

/// What becomes of a constraint whose `namespaceSelector` needs a Namespace that is not known.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Default)]
#[non_exhaustive]
pub enum UnknownNamespace {
    /// A finding of kind error for each object, as Gatekeeper rejects them.
    #[default]
    Reject,
    /// Counted as not checked (`namespace-unknown`), for callers that see only a part of what the
    /// cluster sees.
    NotChecked,
}

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
    /// The namespace of objects of a namespaced kind that name none, with [`Profile::Cluster`]. Default
    /// none: they pass `namespaces` and `excludedNamespaces`.
    pub default_namespace: Option<&'a str>,
    /// For constraints with scoped enforcement actions, whose actions count; a constraint without one for
    /// this point is not evaluated. Default `validation.gatekeeper.sh`, the admission webhook.
    pub enforcement_point: &'a str,
    /// Whether to find where in the object the offending value is, by evaluating changed copies of it.
    /// Default true.
    pub locate: bool,
    /// How long one evaluation may take before it is a finding of kind error. Default 5 seconds.
    pub time_limit: Duration,
    /// `input.review.operation`. Default none: empty, as the audit and gator have it. With
    /// [`Operation::Delete`] each object is the old object too.
    pub operation: Option<Operation>,
    /// `input.review.userInfo`: a mapping with `username`, `groups` and so on. Default empty.
    pub user_info: Option<&'a Node>,
    /// The objects as they were before an [`Operation::Update`], found by their identity. Default none.
    pub old_objects: &'a [Object],
    /// Whose knowledge of namespaces decides. Default the cluster's.
    pub profile: Profile,
    /// What an unknown Namespace means. Default a rejection, as in Gatekeeper.
    pub unknown_namespace: UnknownNamespace,
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
            operation: None,
            user_info: None,
            old_objects: &[],
            profile: Profile::Cluster,
            unknown_namespace: UnknownNamespace::Reject,
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

    /// The same for an operation, by a user if one is given.
    #[must_use]
    pub fn for_operation(mut self, operation: Operation, user_info: Option<&'a Node>) -> Self {
        self.operation = Some(operation);
        self.user_info = user_info;
        self
    }

    /// The same with the objects as they were before an update.
    #[must_use]
    pub fn with_old_objects(mut self, old: &'a [Object]) -> Self {
        self.old_objects = old;
        self
    }

    /// The same as a command of gator, at its enforcement point.
    #[must_use]
    pub fn as_gator(mut self, profile: Profile) -> Self {
        self.profile = profile;
        self.enforcement_point = "gator.gatekeeper.sh";
        self
    }

    /// The same with another meaning of an unknown Namespace.
    #[must_use]
    pub fn on_unknown_namespace(mut self, meaning: UnknownNamespace) -> Self {
        self.unknown_namespace = meaning;
        self
    }
}

/// The annotation with which a template names the kinds that must be in the inventory.
const REQUIRES_SYNC: &str = "metadata.gatekeeper.sh/requires-sync-data";

pub(super) fn evaluate(
    policies: &PolicySet,
    objects: &[Object],
    options: &EvaluateOptions<'_>,
) -> PolicyReport {
    let namespaces = namespaces(objects.iter().chain(options.namespaces));
    let mut run = Run::new(policies, options, options.inventory.unwrap_or(objects));
    for (index, object) in objects.iter().enumerate() {
        let old = options.old_objects.iter().find(|old| old.id() == object.id());
        let place = place(object, &namespaces, options);
        let failed = |message: String| (message, FindingKind::Error);
        // The mutating webhook comes first; it does not see what is deleted.
        let mutated = match options.operation {
            Some(Operation::Delete | Operation::Connect) => Ok(None),
            _ if policies.mutators.is_empty() => Ok(None),
            _ if policies.exclusions.excludes("mutation-webhook", place.name.unwrap_or("")) => Ok(None),
            _ => policies.mutators.apply(object, &place, Source::Original),
        };
        let mutated = mutated.unwrap_or_else(|message| {
            run.fail(index, object, failed(message));
            None
        });
        let reviewed = mutated.as_ref().unwrap_or(object);
        let review = Review::of_object(reviewed, old, Source::Original, &namespaces, options);
        run.review(&About { index, object, reviewed, made: None }, &review);
        if policies.expansions.is_empty() || options.operation == Some(Operation::Delete) {
            continue;
        }
        match policies.expansions.expand(reviewed, &place, &policies.mutators) {
            Err(message) => run.fail(index, object, failed(message)),
            Ok(made) => {
                for made in &made {
                    let review =
                        Review::of_object(&made.object, None, Source::Generated, &namespaces, options);
                    run.review(&About { index, object, reviewed: &made.object, made: Some(made) }, &review);
                }
            }
        }
    }
    run.finish()
}

pub(super) fn evaluate_request(
    policies: &PolicySet,
    request: &Node,
    options: &EvaluateOptions<'_>,
) -> Result<PolicyReport> {
    let objects = request_objects(request, options.profile)?;
    let namespace = request.get("namespace").and_then(Node::as_str).unwrap_or("");
    let namespaces = namespaces(options.namespaces.iter());
    let review = Review::of_request(request, &objects, namespace, &namespaces, options);
    let mut run = Run::new(policies, options, options.inventory.unwrap_or(&[]));
    if let Some(object) = objects.0.as_ref().or(objects.1.as_ref()) {
        run.review(&About { index: 0, object, reviewed: object, made: None }, &review);
    }
    Ok(run.finish())
}

fn namespaces<'a>(objects: impl Iterator<Item = &'a Object>) -> Namespaces<'a> {
    objects.filter(|object| is_namespace(object)).map(|object| (object.name(), object)).collect()
}

/// What a review is about.
struct About<'a> {
    /// The index of the object among those given.
    index: usize,
    /// The object given.
    object: &'a Object,
    /// What is reviewed: the object, mutated or not, or what was made of it.
    reviewed: &'a Object,
    made: Option<&'a Resultant>,
}

/// One evaluation of a policy set.
struct Run<'a> {
    policies: &'a PolicySet,
    options: &'a EvaluateOptions<'a>,
    inventory: &'a [Object],
    inventory_value: OnceCell<Value>,
    runners: BTreeMap<usize, Runner>,
    not_checked: BTreeMap<(usize, &'static str), (String, usize)>,
    report: PolicyReport,
}

impl<'a> Run<'a> {
    fn new(policies: &'a PolicySet, options: &'a EvaluateOptions<'a>, inventory: &'a [Object]) -> Self {
        Self {
            policies,
            options,
            inventory,
            inventory_value: OnceCell::new(),
            runners: BTreeMap::new(),
            not_checked: BTreeMap::new(),
            report: PolicyReport::default(),
        }
    }

    /// An object that could not be mutated or expanded, which the cluster would not let through.
    fn fail(&mut self, index: usize, object: &Object, (message, kind): (String, FindingKind)) {
        self.report.findings.push(Finding {
            template: String::new(),
            constraint: String::new(),
            enforcement_action: "deny".into(),
            enforcement_actions: vec!["deny".into()],
            object: index,
            id: object.id(),
            message,
            details: None,
            kind,
            path: None,
            container: None,
        });
    }

    fn finish(mut self) -> PolicyReport {
        // What was made of an object is told with it.
        self.report.findings.sort_by(|a, b| {
            (a.object, &a.template, &a.constraint).cmp(&(b.object, &b.template, &b.constraint))
        });
        let reasons = self.not_checked.into_iter();
        self.report.not_checked =
            reasons.map(|((_, code), (message, count))| NotChecked { code, message, count }).collect();
        self.report
    }

    /// Evaluates all constraints on a review.
    fn review(&mut self, about: &About<'_>, review: &Review<'_>) {
        let policies = self.policies;
        let excluded = policies.exclusions.reason(self.options.enforcement_point, review);
        let input = OnceCell::new();
        let values = [OnceCell::new(), OnceCell::new()];
        for (position, constraint) in policies.constraints.iter().enumerate() {
            let Some(template) = policies.templates.get(constraint.template) else { continue };
            let actions = constraint.action.at(self.options.enforcement_point);
            let operation = review.operation();
            if actions.is_empty() || !(operation.is_empty() || self.concerns(template, operation)) {
                continue;
            }
            let subject = format!("{} {}", template.kind, constraint.name);
            let matched = review.matches(&constraint.matcher);
            if matched == Match::No {
                continue;
            }
            if let Some(reason) = &excluded {
                self.skip(position, "namespace-excluded", || reason.clone());
                continue;
            }
            let finding =
                |message: String, kind| new_finding(template, constraint, &actions, about, message, kind);
            if matched == Match::NamespaceUnknown {
                match self.options.unknown_namespace {
                    UnknownNamespace::Reject => self.report.findings.push(finding(
                        format!(
                            "unable to match constraints: error matching the requested object: {} :failed to run Match criteria: namespace selector for namespace-scoped object but missing Namespace",
                            about.reviewed.name()
                        ),
                        FindingKind::Error,
                    )),
                    UnknownNamespace::NotChecked => self.skip(position, "namespace-unknown", || {
                        format!("{subject}: its namespaceSelector needs the labels of a Namespace that is not known")
                    }),
                }
                continue;
            }
            if let Program::NotEvaluated { code, reason } = &template.program {
                self.skip(position, code, || format!("{subject}: {reason}"));
                continue;
            }
            if let Some(missing) = self.missing_data(template) {
                self.skip(position, "inventory-missing", || {
                    format!("{subject}: it compares with {missing}, of which no object is known")
                });
                continue;
            }
            let Self { options, inventory, inventory_value, runners, report, .. } = &mut *self;
            let data = || inventory_value.get_or_init(|| build_inventory(inventory)).clone();
            let runner = match runners.entry(constraint.template) {
                std::collections::btree_map::Entry::Occupied(entry) => entry.into_mut(),
                std::collections::btree_map::Entry::Vacant(entry) => {
                    match Runner::new(&template.program, options.time_limit, data) {
                        Some(runner) => entry.insert(runner),
                        None => continue,
                    }
                }
            };
            let numbers = runner.numbers();
            let [float, exact] = &values;
            let value = if numbers == Numbers::Float { float } else { exact };
            let value =
                value.get_or_init(|| to_value(input.get_or_init(|| review.input(options.profile)), numbers));
            report.evaluations += 1;
            match runner.run(value, &constraint.parameters) {
                Err(message) => report.findings.push(finding(message, FindingKind::Error)),
                Ok(violations) if violations.is_empty() => {}
                Ok(violations) => {
                    let places = if options.locate {
                        locate::locate(
                            runner,
                            &template.kind,
                            about.reviewed,
                            value,
                            &constraint.parameters,
                            &violations,
                        )
                    } else {
                        Vec::new()
                    };
                    let mut places = places.into_iter();
                    for Violation { message, details: more, failed, .. } in violations {
                        let place = places.next().unwrap_or_default();
                        let kind = if failed { FindingKind::Error } else { FindingKind::Violation };
                        let mut finding = finding(message, kind);
                        finding.details = details(&more);
                        finding.path = about.path(place.path);
                        finding.container = place.container;
                        report.findings.push(finding);
                    }
                }
            }
        }
    }

    fn skip(&mut self, position: usize, code: &'static str, reason: impl FnOnce() -> String) {
        self.not_checked.entry((position, code)).or_insert_with(|| (reason(), 0)).1 += 1;
    }

    /// Whether the webhook asks a template about an operation; only the webhook makes a difference.
    fn concerns(&self, template: &Template, operation: &str) -> bool {
        self.options.enforcement_point != "validation.gatekeeper.sh"
            || template.operations.is_empty()
            || template.operations.iter().any(|known| known == operation || known == "*")
    }

    /// The kinds a template compares with, if none of their objects is known; only the cluster's
    /// verdict depends on data that may exist elsewhere.
    fn missing_data(&self, template: &Template) -> Option<String> {
        if self.options.profile != Profile::Cluster || !template.uses_inventory() {
            return None;
        }
        let known = |kind: &SyncKind| self.inventory.iter().any(|object| kind.is(object));
        let missing = template.requires.iter().find(|alternatives| !alternatives.iter().any(known))?;
        let kinds: Vec<&str> =
            missing.iter().flat_map(|kind| kind.kinds.iter().map(String::as_str)).collect();
        Some(kinds.join(", "))
    }
}

/// A kind of object that a policy needs in the inventory.
#[derive(Clone, Debug, Default)]
pub(super) struct SyncKind {
    groups: Vec<String>,
    versions: Vec<String>,
    kinds: Vec<String>,
}

impl SyncKind {
    fn is(&self, object: &Object) -> bool {
        let (group, version) = crate::object::group_version(object.api_version());
        let has = |list: &[String], text: &str| list.iter().any(|entry| entry == text);
        has(&self.groups, group) && has(&self.versions, version) && has(&self.kinds, object.kind())
    }
}

/// What a template's annotation asks for: of each entry one alternative. An annotation that cannot be
/// read asks for nothing.
pub(super) fn required_data(template: &Object) -> Vec<Vec<SyncKind>> {
    use serde_json::Value as Json;
    let annotations = template.node.at(&["metadata", "annotations"]);
    let text = annotations.and_then(|node| node.get(REQUIRES_SYNC)).and_then(Node::as_str).unwrap_or("");
    // The library writes it as a quoted text over several lines.
    let parsed: Json = serde_json::from_str(text.trim().trim_matches('"')).unwrap_or(Json::Null);
    let list = |json: &Json, key: &str| -> Vec<String> {
        let items = json.get(key).and_then(Json::as_array).into_iter().flatten();
        items.filter_map(|item| item.as_str().map(str::to_owned)).collect()
    };
    let kind = |json: &Json| SyncKind {
        groups: list(json, "groups"),
        versions: list(json, "versions"),
        kinds: list(json, "kinds"),
    };
    let entries = parsed.as_array().into_iter().flatten();
    entries.map(|entry| entry.as_array().into_iter().flatten().map(kind).collect()).collect()
}

impl About<'_> {
    /// A path of what is reviewed as one of the object given: as far as it exists there.
    fn path(&self, path: Option<Path>) -> Option<Path> {
        let path = path?;
        let full: Path = match self.made {
            Some(made) => made.path.segments().iter().chain(path.segments()).cloned().collect(),
            None => path,
        };
        let (_, depth) = self.object.node.nearest(&full);
        (depth > 0).then(|| full.segments().iter().take(depth).cloned().collect())
    }
}

fn new_finding(
    template: &Template,
    constraint: &Constraint,
    actions: &[&str],
    about: &About<'_>,
    message: String,
    kind: FindingKind,
) -> Finding {
    let made = about.made;
    let message = match made {
        Some(made) => format!("[Implied by {}] {message}", made.template),
        None => message,
    };
    // An ExpansionTemplate may lower what its findings lead to.
    let actions = match made {
        Some(made) if !made.action.is_empty() => vec![made.action.clone()],
        _ => actions.iter().map(|action| (*action).to_owned()).collect(),
    };
    Finding {
        template: template.kind.clone(),
        constraint: constraint.name.clone(),
        enforcement_action: actions.first().cloned().unwrap_or_default(),
        enforcement_actions: actions,
        object: about.index,
        id: about.object.id(),
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
        Value::Null => None,
        other => Some(to_json(other)),
    }
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
