//! Which policies judge an environment, and what they say of it.
//!
//! First come those the caller gives, then those rendered in the environment itself, then those
//! rendered in other environments of its cluster, then those that stand in the repository as plain
//! documents which no environment renders; of several with the same kind and name the first counts.

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::rc::Rc;

use super::compare::{difference, object_location, pairs};
use super::diff::{counterpart, display_path};
use super::model::{Finding, FindingKind, FindingStatus, LocationOf, NotChecked};
use super::options::ReviewOptions;
use super::side::Side;
use crate::files::{Files, is_within, parent};
use crate::git::ChangedPath;
use crate::kustomize::Build;
use crate::node::{Location, Node, Path};
use crate::object::{Object, secret};
use crate::policy::acceptance::{ACCEPTANCE_GROUP, is_acceptance};
use crate::policy::{
    self, AcceptOptions, AcceptanceFinding, AcceptanceSet, CONFIG_GROUP, CONSTRAINT_GROUP, EXPANSION_GROUP,
    EvaluateOptions, MUTATION_GROUP, PolicyReport, PolicySet, TEMPLATE_GROUP, UnknownNamespace,
};
use crate::sources::{Environment, OriginKind};
use crate::yaml::{self, ReadOptions};
use crate::{Diagnostic, Error, ErrorKind, Result};

/// Whether an object judges others, or accepts what is found.
fn is_policy(object: &Object) -> bool {
    let judges = matches!(
        object.group(),
        TEMPLATE_GROUP | CONSTRAINT_GROUP | EXPANSION_GROUP | MUTATION_GROUP | CONFIG_GROUP
    );
    judges || is_acceptance(object)
}

/// What judges an environment.
#[derive(Clone, Default, PartialEq)]
pub(super) struct Context {
    /// Templates, constraints and acceptances, by kind and name.
    pub(super) policies: Vec<Object>,
    /// Namespace objects of the cluster, by name.
    pub(super) namespaces: Vec<Object>,
}

impl Context {
    /// Whether a verdict of one may differ from that of the other.
    pub(super) fn judges_as(&self, other: &Self) -> bool {
        let selects = |object: &Object| object.node.at(&["spec", "match", "namespaceSelector"]).is_some();
        // Annotations of Namespaces may accept risks.
        let annotations = |context: &Self| -> Vec<Option<Node>> {
            let namespaces = context.namespaces.iter();
            namespaces.map(|object| object.node.at(&["metadata", "annotations"]).cloned()).collect()
        };
        self.policies == other.policies
            && (self.namespaces == other.namespaces
                || self.policies.is_empty()
                || !self.policies.iter().any(selects) && annotations(self) == annotations(other))
    }
}

/// Compiles and remembers the policies of both revisions.
#[derive(Default)]
pub(super) struct Judge {
    compiled: RefCell<Vec<(Vec<Object>, Rc<Compiled>)>>,
}

pub(super) struct Compiled {
    pub(super) set: PolicySet,
    pub(super) acceptances: AcceptanceSet,
    pub(super) errors: Vec<Error>,
}

impl Judge {
    pub(super) fn compiled(&self, policies: &[Object], sources: &crate::node::SourceMap) -> Rc<Compiled> {
        if let Some((_, known)) = self.compiled.borrow().iter().find(|(known, _)| known == policies) {
            return known.clone();
        }
        let (set, errors) = PolicySet::collect(policies, sources);
        let acceptances = AcceptanceSet::from_objects(policies, sources);
        let compiled = Rc::new(Compiled { set, acceptances, errors });
        self.compiled.borrow_mut().push((policies.to_vec(), compiled.clone()));
        compiled
    }
}

/// Whether environments share a cluster, as far as the repository tells: one whose cluster is not
/// known gives its policies to all.
pub(super) fn gives_to(giver: &Environment, taker: &Environment) -> bool {
    giver.cluster == taker.cluster || giver.cluster.is_none()
}

/// Collects what judges `environment` at a revision; notes what it could not use.
pub(super) fn context(
    side: &Side<'_>,
    environment: &Environment,
    options: &ReviewOptions,
    not_checked: &mut BTreeSet<NotChecked>,
) -> Result<Context> {
    let mut found = Found::default();
    options.policies.iter().filter(|object| is_policy(object)).for_each(|object| {
        found.add(object, "");
    });
    let others = side.discovery.environments.iter().filter(|other| other.name != environment.name);
    let givers = std::iter::once(environment).chain(others.filter(|other| gives_to(other, environment)));
    for giver in givers {
        let marks = side.carries(giver)?;
        if !(marks.policies || marks.namespaces) {
            continue;
        }
        match side.build(giver).as_ref() {
            Ok(build) => build.objects.iter().for_each(|object| found.add(object, &giver.name)),
            Err(_) if giver.name == environment.name => {}
            Err(_) => {
                if marks.policies {
                    let message = format!(
                        "the policies of the environment `{}` are not applied, since it cannot be rendered",
                        giver.name
                    );
                    not_checked.insert(NotChecked::new("policies-not-rendered", 1, message));
                }
            }
        }
    }
    if environment.cluster.is_none() {
        let mut withheld = side.discovery.environments.iter().filter(|other| !gives_to(other, environment));
        if let Some(other) = withheld.find(|other| side.carries(other).is_ok_and(|marks| marks.policies)) {
            let message = format!(
                "policies of clusters, such as those of `{}`, are not applied to `{}`: nothing in the repository says which cluster it is deployed to",
                other.name, environment.name
            );
            not_checked.insert(NotChecked::new("cluster-unknown", 1, message));
        }
    }
    plain(side, environment, options, &mut found, not_checked)?;
    for (kind, name, first, other) in &found.conflicts {
        let message = format!(
            "{kind} {name} is defined differently by {other}; the one of {first} was used for `{}`",
            environment.name
        );
        not_checked.insert(NotChecked::new("policy-ambiguous", 1, message));
    }
    let mut context = Context {
        policies: found.policies.into_iter().map(|(object, _)| object).collect(),
        namespaces: found.namespaces,
    };
    context.policies.sort_by_cached_key(|object| (object.kind().to_owned(), object.name().to_owned()));
    context.namespaces.sort_by_cached_key(|object| object.name().to_owned());
    Ok(context)
}

#[derive(Default)]
struct Found {
    /// With the name of the environment or file they come from.
    policies: Vec<(Object, String)>,
    namespaces: Vec<Object>,
    conflicts: BTreeSet<(String, String, String, String)>,
}

impl Found {
    fn add(&mut self, object: &Object, giver: &str) {
        if is_acceptance(object) {
            // Two of one name that differ are a finding.
            self.policies.push((object.clone(), giver.to_owned()));
        } else if is_policy(object) {
            let same = |known: &Object| {
                known.group() == object.group()
                    && known.kind() == object.kind()
                    && known.name() == object.name()
            };
            match self.policies.iter().find(|(known, _)| same(known)) {
                None => self.policies.push((object.clone(), giver.to_owned())),
                Some((known, first)) if known.node != object.node && !first.is_empty() => {
                    let shown = |name: &str| format!("`{name}`");
                    self.conflicts.insert((
                        object.kind().into(),
                        object.name().into(),
                        shown(first),
                        shown(giver),
                    ));
                }
                Some(_) => {}
            }
        } else if object.kind() == "Namespace"
            && object.group().is_empty()
            && !self.namespaces.iter().any(|known| known.name() == object.name())
        {
            self.namespaces.push(object.clone());
        }
    }
}

/// Adds policies that stand in files which no environment renders.
fn plain(
    side: &Side<'_>,
    environment: &Environment,
    options: &ReviewOptions,
    found: &mut Found,
    not_checked: &mut BTreeSet<NotChecked>,
) -> Result<()> {
    let clusters = &side.discovery.clusters;
    let suites: BTreeSet<&str> =
        side.marked.iter().filter(|(_, marks)| marks.suites).map(|(path, _)| parent(path)).collect();
    for (path, marks) in side.unread()?.iter() {
        // Directories that belong to clusters are for these alone.
        let (mut owned, mut ours, mut namespaces) = (false, false, false);
        for cluster in clusters {
            let is_ours = environment.cluster.as_ref() == Some(&cluster.name) || clusters.len() == 1;
            let within = |dirs: &[String]| dirs.iter().any(|dir| is_within(path, dir));
            if within(&cluster.policy_paths) {
                owned = true;
                ours |= is_ours;
            }
            namespaces |= is_ours && within(&cluster.namespace_paths);
        }
        let wants_policies = marks.policies && (ours || !owned);
        let wants_namespaces = marks.namespaces && namespaces;
        if !(wants_policies || wants_namespaces) {
            continue;
        }
        let documents = match documents(side, path, options) {
            Ok(documents) => documents,
            Err(error) => {
                let message = format!("`{path}` may hold policies, but cannot be read: {}", error.message());
                not_checked
                    .insert(NotChecked::new("policy-unreadable", 1, message).at(error.location().cloned()));
                continue;
            }
        };
        let is_test = suites.iter().any(|dir| is_within(path, dir));
        for object in documents {
            let wanted = match object.group() {
                // What `gator verify` tries a template with is not deployed.
                CONSTRAINT_GROUP | EXPANSION_GROUP | MUTATION_GROUP | CONFIG_GROUP => {
                    wants_policies && !is_test
                }
                TEMPLATE_GROUP | ACCEPTANCE_GROUP => wants_policies,
                _ => wants_namespaces,
            };
            if wanted {
                found.add(&object, path);
            }
        }
    }
    Ok(())
}

fn documents(side: &Side<'_>, path: &str, options: &ReviewOptions) -> Result<Vec<Object>> {
    let content = side.files.read(path)?;
    let text = std::str::from_utf8(&content.bytes)
        .map_err(|_| Error::new(ErrorKind::Yaml, "not-utf8", "the file is not UTF-8").in_file(path))?;
    let file = options.cache.sources().add(path, text);
    let read = ReadOptions { limits: options.limits, ..ReadOptions::default() };
    let stream = yaml::read(options.cache.sources(), file, &read)?;
    let mut out = Vec::new();
    for document in stream.documents {
        let items = document.get("items").and_then(Node::as_seq);
        match (document.get("kind").and_then(Node::as_str), items) {
            (Some("List"), Some(items)) => out.extend(items.iter().cloned().map(Object::new)),
            _ => out.push(Object::new(document)),
        }
    }
    Ok(out)
}

/// Adds to `affected` the environments whose policies, or the Namespaces that these select by, differ
/// between the revisions.
pub(super) fn affected(
    base: &Side<'_>,
    head: &Side<'_>,
    changed: &[ChangedPath],
    options: &ReviewOptions,
    affected: &mut BTreeSet<String>,
) -> Result<()> {
    let mut plain = false;
    for side in [base, head] {
        let unread = side.unread()?;
        plain |= changed.iter().any(|change| unread.contains_key(&change.path));
    }
    let mut givers = Vec::new();
    for side in [base, head] {
        for environment in side.discovery.environments.iter().filter(|e| affected.contains(&e.name)) {
            let marks = side.carries(environment)?;
            if marks.policies || marks.namespaces {
                givers.push(environment);
            }
        }
    }
    let mut more = BTreeSet::new();
    for environment in &head.discovery.environments {
        let Some(before) = base.environment(&environment.name) else { continue };
        let given = || givers.iter().any(|giver| gives_to(giver, environment) || gives_to(giver, before));
        if affected.contains(&environment.name) || !(plain || given()) {
            continue;
        }
        // What could not be used is said when the environment is judged.
        let mut ignored = BTreeSet::new();
        let old = context(base, before, options, &mut ignored)?;
        let new = context(head, environment, options, &mut ignored)?;
        if !old.judges_as(&new) {
            more.insert(environment.name.clone());
        }
    }
    affected.extend(more);
    Ok(())
}

/// What the policies say of a rendered environment.
pub(super) struct Verdicts {
    pub(super) findings: Vec<Judged>,
    pub(super) acceptance_findings: Vec<AcceptanceFinding>,
    pub(super) not_checked: Vec<policy::NotChecked>,
}

/// A finding, and the place in the tree that it is about.
pub(super) struct Judged {
    pub(super) finding: Finding,
    pub(super) object: usize,
    pub(super) path: Option<Path>,
}

pub(super) fn verdicts(
    compiled: &Compiled,
    context: &Context,
    environment: &Environment,
    build: &Build,
    accept: &AcceptOptions<'_>,
) -> Verdicts {
    // A Namespace that no revision shows may well exist in the cluster.
    let mut options = EvaluateOptions::new()
        .with_namespaces(&context.namespaces)
        .on_unknown_namespace(UnknownNamespace::NotChecked);
    // Flux's target namespace is in the objects already.
    let namespace =
        environment.target_namespace.as_deref().filter(|_| environment.origin.kind != OriginKind::Flux);
    if let Some(namespace) = namespace {
        options = options.with_default_namespace(namespace);
    }
    let mut report = PolicyReport::default();
    if !compiled.set.is_empty() {
        report = compiled.set.evaluate(&build.objects, &options);
    }
    for found in &mut report.findings {
        if let Some(object) = build.objects.get(found.object) {
            found.message = secret::redacted(object, &found.message, &build.secret_copies);
        }
    }
    let accept = accept
        .clone()
        .in_scope(&environment.name)
        .with_namespaces(&context.namespaces)
        .with_default_namespace(namespace);
    compiled.acceptances.apply(&mut report, &compiled.set, &build.objects, &build.sources, &accept);
    let findings = report.findings.into_iter().filter_map(|found| {
        let object = build.objects.get(found.object)?;
        let fingerprint = found.fingerprint(object, &environment.name);
        let path = found.path.filter(|path| !path.is_empty());
        let value = path.as_ref().and_then(|path| value_location(build, object, path));
        let location_of = if value.is_some() { LocationOf::Value } else { LocationOf::Object };
        Some(Judged {
            finding: Finding {
                status: FindingStatus::New,
                template: found.template,
                constraint: found.constraint,
                enforcement_action: found.enforcement_action,
                kind: match found.kind {
                    policy::FindingKind::Error => FindingKind::Error,
                    _ => FindingKind::Violation,
                },
                object: found.id,
                container: found.container,
                path: path.as_ref().map(|path| display_path(&object.node, path)),
                message: found.message,
                location: value.or_else(|| object_location(build, object)),
                location_of,
                previous_location: None,
                fingerprint,
                accepted: found.accepted,
            },
            object: found.object,
            path,
        })
    });
    Verdicts {
        findings: findings.collect(),
        acceptance_findings: report.acceptance_findings,
        not_checked: report.not_checked,
    }
}

/// The place of a value or of the nearest parent that a text set, short of the object as a whole.
fn value_location(build: &Build, object: &Object, path: &Path) -> Option<Location> {
    let (_, depth) = object.node.nearest(path);
    (1..=depth).rev().find_map(|depth| {
        let path: Path = path.segments().iter().take(depth).cloned().collect();
        build.sources.locate(object.lookup(&path)?.span)
    })
}

/// Says, of the findings at head, where base sets the value that offends.
pub(super) fn note_previous(findings: &mut [Judged], before: &Build, after: &Build) {
    if findings.is_empty() {
        return;
    }
    let pairs = pairs(&before.objects, &after.objects);
    for found in findings {
        let (Some(object), Some(path)) = (after.objects.get(found.object), &found.path) else { continue };
        let pair = pairs.iter().find(|pair| pair.after.is_some_and(|after| std::ptr::eq(after, object)));
        let Some(old) = pair.and_then(|pair| pair.before) else { continue };
        if let Some(path) = counterpart(&object.node, path, &old.node) {
            let previous = value_location(before, old, &path);
            // Of a value put together from several texts, the one that made the difference.
            let (was, is) = (old.lookup(&path), found.path.as_ref().and_then(|path| object.lookup(path)));
            if found.finding.location_of == LocationOf::Value && was.is_some() && was != is {
                let offset = difference(was, is);
                let part = is.and_then(|node| after.sources.locate(after.sources.part(node.span, offset)));
                found.finding.location = part.or(found.finding.location.take());
            }
            found.finding.previous_location =
                previous.filter(|at| Some(at) != found.finding.location.as_ref());
        }
    }
}

/// An error of a policy as what a reader should know: an error, or only that it was not applied.
pub(super) fn policy_error(error: &Error) -> (Option<Diagnostic>, NotChecked) {
    let message = format!("a policy was not applied: {}", error.message());
    let entry = NotChecked::new(error.code(), 1, message).at(error.location().cloned());
    // The template may be installed from elsewhere; that is not for this change to correct.
    let foreign = error.code() == "constraint-without-template";
    ((!foreign).then(|| Diagnostic::from(error)), entry)
}
