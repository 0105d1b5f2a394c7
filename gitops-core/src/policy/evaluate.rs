//! Constraints on objects: what is matched, evaluated and found.
//!
//! Objects are independent of each other, so threads take them in runs and their parts of the report
//! are put together in order. What all need is made once: the inventory, the value of each object. What
//! is the same is evaluated once: equal objects, and constraints that differ in what they match only.

use std::cell::OnceCell;
use std::collections::{BTreeMap, HashMap};
use std::rc::Rc;

use regorus::Value;

use super::constraint::Constraint;
use super::copies::{Original, originals};
use super::expand::mutated;
use super::expansion::Resultant;
use super::inventory::Inventory;
use super::locate::{self, Place};
use super::matching::{Match, Namespace, Source, is_namespace};
use super::options::{EvaluateOptions, Profile, UnknownNamespace};
use super::review::{Namespaces, Operation, Review, place, place_at, request_objects};
use super::runner::{Runner, Violation};
use super::template::{Program, Template};
use super::value::{Numbers, to_json, to_value};
use super::{Finding, FindingKind, NotChecked, PolicyReport, PolicySet};
use crate::node::{Node, Path};
use crate::object::Object;
use crate::{Result, parallel};

/// How many runs of objects each thread gets, so that none waits long for the last.
const RUNS_PER_THREAD: usize = 16;

pub(super) fn evaluate(
    policies: &PolicySet,
    objects: &[Object],
    options: &EvaluateOptions<'_>,
) -> PolicyReport {
    let namespaces = namespaces(objects.iter().chain(options.namespaces));
    let shared = Shared::new(policies, options, options.inventory.unwrap_or(objects));
    let mut old = HashMap::new();
    for known in options.old_objects {
        old.entry(identity(known)).or_insert(known);
    }
    let originals = originals(objects);
    let runs = match options.threads {
        1 => 1,
        threads => parallel::threads(threads) * RUNS_PER_THREAD,
    };
    let runs: Vec<&[Original]> = originals.chunks(originals.len().div_ceil(runs).max(1)).collect();
    let parts = parallel::map(&runs, options.threads, |run| {
        let mut part = Run::new(&shared);
        for original in *run {
            if let Some(object) = objects.get(original.index) {
                let old = old.get(&identity(object)).copied();
                part.object(original, object, old, &namespaces);
            }
        }
        part.result
    });
    finish(parts)
}

/// What tells objects apart.
fn identity(object: &Object) -> (&str, &str, &str, &str) {
    (object.api_version(), object.kind(), object.namespace(), object.name())
}

pub(super) fn evaluate_request(
    policies: &PolicySet,
    request: &Node,
    options: &EvaluateOptions<'_>,
) -> Result<PolicyReport> {
    let given = request_objects(request, options.profile)?;
    let text = |key: &str| request.get(key).and_then(Node::as_str).unwrap_or("");
    let (namespace, operation) = (text("namespace"), Operation::named(text("operation")));
    let namespaces = namespaces(options.namespaces.iter());
    let shared = Shared::new(policies, options, options.inventory.unwrap_or(&[]));
    let mut run = Run::new(&shared);
    let original = Original { index: 0, copies: Vec::new() };
    let mut objects = given.clone();
    // gator has no mutating webhook for a request.
    if let Some(object) = given.0.as_ref().filter(|_| options.profile == Profile::Cluster) {
        let place = place_at(object, namespace, &namespaces, options);
        if let Some(mutated) = run.mutated(&original, object, &place, operation) {
            objects.0 = Some(mutated);
        }
    }
    let review = Review::of_request(request, &objects, namespace, &namespaces, options);
    let reviewed = objects.0.as_ref().or(objects.1.as_ref());
    if let Some((object, reviewed)) = given.0.as_ref().or(given.1.as_ref()).zip(reviewed) {
        run.review(&About { original: &original, object, reviewed, made: None }, &review);
    }
    Ok(finish(vec![run.result]))
}

/// The Namespaces among objects, by name.
pub(super) fn namespaces<'a>(objects: impl Iterator<Item = &'a Object>) -> Namespaces<'a> {
    objects.filter(|object| is_namespace(object)).map(|object| (object.name(), object)).collect()
}

/// Puts the parts of a report together.
fn finish(parts: Vec<Part>) -> PolicyReport {
    let mut report = PolicyReport::default();
    let mut not_checked: BTreeMap<(usize, &'static str), (String, usize)> = BTreeMap::new();
    for part in parts {
        report.evaluations += part.evaluations;
        report.findings.extend(part.findings);
        for (key, (message, count)) in part.not_checked {
            not_checked.entry(key).or_insert((message, 0)).1 += count;
        }
    }
    // What was made of an object is told with it, and a copy's findings stand at the copy.
    report
        .findings
        .sort_by(|a, b| (a.object, &a.template, &a.constraint).cmp(&(b.object, &b.template, &b.constraint)));
    report.not_checked = not_checked
        .into_iter()
        .map(|((_, code), (message, count))| NotChecked { code, message, count })
        .collect();
    report
}

/// What a review is about.
struct About<'a> {
    /// The object's place among those given, and its copies'.
    original: &'a Original,
    /// The object given.
    object: &'a Object,
    /// What is reviewed: the object, mutated or not, or what was made of it.
    reviewed: &'a Object,
    made: Option<&'a Resultant>,
}

/// What all threads use.
struct Shared<'a> {
    policies: &'a PolicySet,
    options: &'a EvaluateOptions<'a>,
    inventory: Inventory<'a>,
    /// The actions of each constraint at the enforcement point; those of none are not evaluated.
    actions: Vec<Vec<&'a str>>,
}

impl<'a> Shared<'a> {
    fn new(policies: &'a PolicySet, options: &'a EvaluateOptions<'a>, inventory: &'a [Object]) -> Self {
        let actions = policies.constraints.iter();
        let actions = actions.map(|constraint| constraint.action.at(options.enforcement_point)).collect();
        // gator reads all that it is given as JSON with floats.
        let numbers = if options.profile == Profile::Cluster { Numbers::Exact } else { Numbers::Float };
        Self { policies, options, inventory: Inventory::new(inventory, numbers), actions }
    }

    /// Whether the webhook asks a template about an operation; only the webhook makes a difference.
    fn concerns(&self, template: &Template, operation: &str) -> bool {
        operation.is_empty()
            || self.options.enforcement_point != "validation.gatekeeper.sh"
            || template.operations.is_empty()
            || template.operations.iter().any(|known| known == operation || known == "*")
    }

    /// The kinds a template compares with, if none of their objects is known; only the cluster's
    /// verdict depends on data that may exist elsewhere.
    fn missing_data(&self, template: &Template) -> Option<String> {
        if self.options.profile != Profile::Cluster || !template.uses_inventory() {
            return None;
        }
        self.inventory.missing(&template.requires)
    }
}

/// A part of a report.
#[derive(Default)]
struct Part {
    findings: Vec<Finding>,
    not_checked: BTreeMap<(usize, &'static str), (String, usize)>,
    evaluations: usize,
}

/// The verdict of a policy on a review, with the place of each violation.
type Outcome = std::result::Result<Vec<(Violation, Place)>, String>;

/// One thread's work.
struct Run<'a> {
    shared: &'a Shared<'a>,
    runners: BTreeMap<usize, Runner>,
    result: Part,
}

impl<'a> Run<'a> {
    fn new(shared: &'a Shared<'a>) -> Self {
        Self { shared, runners: BTreeMap::new(), result: Part::default() }
    }

    /// Evaluates all constraints on an object and on what it is expanded to.
    fn object(
        &mut self,
        original: &Original,
        object: &Object,
        old: Option<&Object>,
        namespaces: &Namespaces<'_>,
    ) {
        let Shared { policies, options, .. } = self.shared;
        let place = place(object, namespaces, options);
        let mutated = self.mutated(original, object, &place, options.operation);
        let reviewed = mutated.as_ref().unwrap_or(object);
        let review = Review::of_object(reviewed, old, Source::Original, namespaces, options);
        self.review(&About { original, object, reviewed, made: None }, &review);
        if policies.expansions.is_empty() || options.operation == Some(Operation::Delete) {
            return;
        }
        match policies.expansions.expand(reviewed, &place, &policies.mutators) {
            Err(message) => self.fail(original, object, message),
            Ok(made) => {
                for made in &made {
                    let review =
                        Review::of_object(&made.object, None, Source::Generated, namespaces, options);
                    let about = About { original, object, reviewed: &made.object, made: Some(made) };
                    self.review(&about, &review);
                }
            }
        }
    }

    /// The object as the mutating webhook leaves it, which comes first; `None` where nothing changes.
    fn mutated(
        &mut self,
        original: &Original,
        object: &Object,
        place: &Namespace<'_>,
        operation: Option<Operation>,
    ) -> Option<Object> {
        mutated(self.shared.policies, object, place, operation).unwrap_or_else(|message| {
            self.fail(original, object, message);
            None
        })
    }

    /// An object that could not be mutated or expanded, which the cluster would not let through.
    fn fail(&mut self, original: &Original, object: &Object, message: String) {
        let finding = Finding {
            template: String::new(),
            constraint: String::new(),
            enforcement_action: "deny".into(),
            enforcement_actions: vec!["deny".into()],
            object: original.index,
            id: object.id(),
            message,
            details: None,
            kind: FindingKind::Error,
            path: None,
            container: None,
            location: None,
            fingerprint: String::new(),
            accepted: None,
        };
        self.found(original, finding);
    }

    /// A finding, for the object and for each of its copies.
    fn found(&mut self, original: &Original, finding: Finding) {
        let copies = original.copies.iter().map(|&object| Finding { object, ..finding.clone() });
        self.result.findings.extend(copies);
        self.result.findings.push(finding);
    }

    fn skip(&mut self, about: &About<'_>, position: usize, code: &'static str, reason: String) {
        let entry = self.result.not_checked.entry((position, code)).or_insert((reason, 0));
        entry.1 += 1 + about.original.copies.len();
    }

    /// Evaluates all constraints on a review.
    fn review(&mut self, about: &About<'_>, review: &Review<'_>) {
        let Shared { policies, options, .. } = self.shared;
        let excluded = policies.exclusions.reason(options.enforcement_point, review);
        let values = Values { review, profile: options.profile, made: Default::default() };
        let mut outcomes: BTreeMap<usize, Rc<Outcome>> = BTreeMap::new();
        for position in policies.index.candidates(review.kinds()) {
            let Some(constraint) = policies.constraints.get(position) else { continue };
            let Some(template) = policies.templates.get(constraint.template) else { continue };
            let actions = self.shared.actions.get(position).map_or(&[] as &[&str], Vec::as_slice);
            if actions.is_empty() || !self.shared.concerns(template, review.operation()) {
                continue;
            }
            let matched = review.matches(&constraint.matcher);
            if matched == Match::No {
                continue;
            }
            if let Some(reason) = &excluded {
                self.skip(about, position, "namespace-excluded", reason.clone());
                continue;
            }
            let finding =
                |message: String, kind| new_finding(template, constraint, actions, about, message, kind);
            if matched == Match::NamespaceUnknown {
                match options.unknown_namespace {
                    UnknownNamespace::Reject => {
                        let message = format!(
                            "unable to match constraints: error matching the requested object: {} :failed to run Match criteria: namespace selector for namespace-scoped object but missing Namespace",
                            about.reviewed.name()
                        );
                        self.found(about.original, finding(message, FindingKind::Error));
                    }
                    UnknownNamespace::NotChecked => {
                        let reason =
                            "its namespaceSelector needs the labels of a Namespace that is not known";
                        self.skip(about, position, "namespace-unknown", told(template, constraint, reason));
                    }
                }
                continue;
            }
            if let Program::NotEvaluated { code, reason } = &template.program {
                self.skip(about, position, code, told(template, constraint, reason));
                continue;
            }
            if let Some(missing) = self.shared.missing_data(template) {
                let reason = format!("it compares with {missing}, of which no object is known");
                self.skip(about, position, "inventory-missing", told(template, constraint, &reason));
                continue;
            }
            let first = policies.index.first(position);
            let outcome = match outcomes.get(&first) {
                Some(outcome) => outcome.clone(),
                None => {
                    let Some(outcome) = self.outcome(about, &values, template, constraint) else { continue };
                    let outcome = Rc::new(outcome);
                    outcomes.insert(first, outcome.clone());
                    outcome
                }
            };
            match &*outcome {
                Err(message) => self.found(about.original, finding(message.clone(), FindingKind::Error)),
                Ok(violations) => {
                    for (violation, place) in violations {
                        let kind = if violation.failed { FindingKind::Error } else { FindingKind::Violation };
                        let mut finding = finding(violation.message.clone(), kind);
                        finding.details = details(&violation.details);
                        finding.path = about.path(place.path.as_ref());
                        finding.container.clone_from(&place.container);
                        self.found(about.original, finding);
                    }
                }
            }
        }
    }

    /// Evaluates a template; `None` if it cannot be.
    fn outcome(
        &mut self,
        about: &About<'_>,
        values: &Values<'_>,
        template: &Template,
        constraint: &Constraint,
    ) -> Option<Outcome> {
        let Shared { options, inventory, .. } = self.shared;
        let runner = match self.runners.entry(constraint.template) {
            std::collections::btree_map::Entry::Occupied(entry) => entry.into_mut(),
            std::collections::btree_map::Entry::Vacant(entry) => {
                entry.insert(Runner::new(&template.program, options, || inventory.data())?)
            }
        };
        let value = values.get(runner.numbers());
        self.result.evaluations += 1;
        let parameters = constraint.parameters(options.profile, runner.numbers());
        Some(runner.run(value, parameters).map(|violations| {
            let mut places = if options.locate && !violations.is_empty() {
                locate::locate(runner, &template.kind, about.reviewed, value, parameters, &violations)
            } else {
                Vec::new()
            }
            .into_iter();
            let located = |violation| (violation, places.next().unwrap_or_default());
            violations.into_iter().map(located).collect()
        }))
    }
}

/// `input.review` as the engines take it, made when first asked for.
struct Values<'a> {
    review: &'a Review<'a>,
    profile: Profile,
    /// With numbers through a float, and exact.
    made: [OnceCell<Value>; 2],
}

impl Values<'_> {
    fn get(&self, numbers: Numbers) -> &Value {
        let [float, exact] = &self.made;
        let cell = if numbers == Numbers::Float { float } else { exact };
        cell.get_or_init(|| to_value(&self.review.input(self.profile), numbers))
    }
}

impl About<'_> {
    /// A path of what is reviewed as one of the object given: as far as it exists there.
    fn path(&self, path: Option<&Path>) -> Option<Path> {
        let path = path?;
        let full: Path = match self.made {
            Some(made) => made.path.segments().iter().chain(path.segments()).cloned().collect(),
            None => path.clone(),
        };
        let (_, depth) = self.object.node.nearest(&full);
        (depth > 0).then(|| full.segments().iter().take(depth).cloned().collect())
    }
}

/// A reason for people, with what it is about.
fn told(template: &Template, constraint: &Constraint, reason: &str) -> String {
    format!("{} {}: {reason}", template.kind, constraint.name)
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
        object: about.original.index,
        id: about.object.id(),
        message,
        details: None,
        kind,
        path: None,
        container: None,
        location: None,
        fingerprint: String::new(),
        accepted: None,
    }
}

fn details(details: &Value) -> Option<serde_json::Value> {
    match details {
        Value::Object(map) if map.is_empty() => None,
        Value::Null => None,
        other => Some(to_json(other)),
    }
}
