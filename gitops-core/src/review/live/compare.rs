//! One environment: what base rendered, what head renders, and what lives.
//!
//! A field was changed in the cluster if it has drifted from what base says. The merge overwrites it if to
//! apply what head says would set it. So both renderings are compared with the live object: what only base
//! shows, head has taken over; what only head shows is the change itself; what both show is overwritten.

use std::cell::OnceCell;

use serde_json::Value;

use super::given::Cluster;
use super::model::{LiveEffect, LiveObject, LiveReview};
use crate::Diagnostic;
use crate::drift::{
    Cause, DriftOptions, DriftStatus, FieldDrift, FieldStatus, ObjectDrift, Profile, compare_one, immutable,
};
use crate::kustomize::Build;
use crate::node::{Map, Node, Span};
use crate::object::Object;
use crate::object::secret;
use crate::plan::{self, Action, DeletionPolicy, Order, Owner, PlanOptions};
use crate::review::ReviewOptions;
use crate::review::compare::{Pair, object_location, pairs};
use crate::review::model::NotChecked;
use crate::sources::{Environment, OriginKind};

/// The renderings of an environment; none where a revision does not have it.
pub(in crate::review) struct Sides<'a> {
    pub(in crate::review) before: Option<&'a Build>,
    pub(in crate::review) after: Option<&'a Build>,
}

impl Cluster<'_> {
    /// Compares an environment, as `declared` says that it is deployed. What could not be judged is added
    /// to `not_checked`.
    pub(in crate::review) fn review(
        &self,
        sides: &Sides<'_>,
        declared: &Environment,
        options: &ReviewOptions,
        not_checked: &mut Vec<NotChecked>,
    ) -> LiveReview {
        let objects = |build: Option<&'_ Build>| build.map(|build| build.objects.clone()).unwrap_or_default();
        let (base, head) = (objects(sides.before), objects(sides.after));
        let schemas = self.schemas.clone().with_definitions(&head).with_definitions(&base);
        let mut drift = options.drift.clone().with_schemas(schemas);
        drift.sources = sides.after.or(sides.before).map(|build| build.sources.clone());
        if drift.default_namespace.is_none() {
            drift.default_namespace.clone_from(&declared.target_namespace);
        }
        let declaration = declared.declaration.as_ref().map(|node| Object::new(node.clone()));
        if declared.origin.kind == OriginKind::Flux {
            drift.profile = Profile::Flux;
        }
        if let Some(declaration) = declaration.as_ref().filter(|object| keeps_ignored(object))
            && let Err(error) = drift.ignore.add(declaration, drift.sources.as_ref())
        {
            let message = format!("rules for what is not compared are not applied: {}", error.message());
            not_checked.push(NotChecked::new(error.code(), 1, message).at(error.location().cloned()));
        }
        let copies =
            |build: Option<&Build>| build.map(|build| build.secret_copies.clone()).unwrap_or_default();
        let mut work = Work {
            cluster: self,
            sides,
            is_argo: declared.origin.kind == OriginKind::Argo,
            tool: tool(declared, declaration.as_ref(), sides.after.is_none()),
            copies: copies(sides.before).and(&copies(sides.after)),
            drift,
            unknown: Vec::new(),
            out: LiveReview::default(),
        };
        for pair in pairs(&base, &head) {
            work.pair(&pair);
        }
        if let Some(first) = work.unknown.first() {
            let (name, count) = (&declared.name, work.unknown.len());
            let message = format!("`{name}`: live objects that cannot be compared: {first}");
            not_checked.push(NotChecked::new("live-not-compared", count, message));
        }
        if work.out.compared == 0 && !base.is_empty() {
            let message = format!(
                "`{}`: none of its objects is among the live objects that were given for it; are they of this cluster?",
                declared.name
            );
            not_checked.push(NotChecked::new("live-objects-unrelated", 1, message));
        }
        let mut out = work.out;
        out.objects.sort_by(|a, b| {
            let order = |object: &LiveObject| (!object.touched, object.effect);
            let name = |object: &LiveObject| {
                let id = &object.id;
                (id.kind.clone(), id.namespace.clone(), id.name.clone(), id.api_version.clone())
            };
            order(a).cmp(&order(b)).then_with(|| name(a).cmp(&name(b)))
        });
        out
    }
}

/// Whether to apply leaves alone what the declaration's rules ignore: Flux always does, Argo CD if told so.
fn keeps_ignored(declaration: &Object) -> bool {
    let options = declaration.node.at(&["spec", "syncPolicy", "syncOptions"]).and_then(Node::as_seq);
    declaration.kind() != "Application"
        || options.into_iter().flatten().any(|one| one.as_str() == Some("RespectIgnoreDifferences=true"))
}

/// How the tool prunes and replaces objects; `gone` says whether head lacks the whole environment.
fn tool(declared: &Environment, declaration: Option<&Object>, gone: bool) -> PlanOptions {
    let at = |keys: &[&str]| declaration.and_then(|object| object.node.at(keys));
    let flag = |keys: &[&str]| at(keys).and_then(Node::as_bool);
    let mut policy = DeletionPolicy::Delete;
    let (order, prune) = match declared.origin.kind {
        OriginKind::Flux => {
            // The policy counts when the Kustomization itself goes; by default it mirrors `prune`.
            let on_deletion = at(&["spec", "deletionPolicy"]).and_then(Node::as_str).filter(|_| gone);
            if on_deletion == Some("Orphan") {
                policy = DeletionPolicy::Orphan;
            }
            let deletes = matches!(on_deletion, Some("Delete" | "WaitForTermination" | "Orphan"));
            (Order::Flux, deletes || flag(&["spec", "prune"]) != Some(false))
        }
        OriginKind::Argo if gone => {
            let finalizers = at(&["metadata", "finalizers"]).and_then(Node::as_seq).unwrap_or_default();
            let cascades =
                |finalizer: &Node| finalizer.as_str().is_some_and(|text| text.starts_with(CASCADE));
            (Order::ArgoCd, finalizers.iter().any(cascades))
        }
        OriginKind::Argo => {
            // A sync by hand may prune.
            let is_automated = at(&["spec", "syncPolicy", "automated"]).is_some_and(|node| !node.is_null());
            (
                Order::ArgoCd,
                !is_automated || flag(&["spec", "syncPolicy", "automated", "prune"]) == Some(true),
            )
        }
        _ => (Order::default(), true),
    };
    // Who merges has decided that they may go.
    PlanOptions::new(order)
        .with_prune(prune)
        .with_deletion_policy(policy)
        .with_force(declared.origin.kind == OriginKind::Flux && flag(&["spec", "force"]) == Some(true))
        .with_allowed_deletion("Namespace")
        .with_allowed_deletion("CustomResourceDefinition")
}

/// The finalizer with which an Application takes its objects along.
const CASCADE: &str = "resources-finalizer.argocd.argoproj.io";

struct Work<'a> {
    cluster: &'a Cluster<'a>,
    sides: &'a Sides<'a>,
    is_argo: bool,
    /// What prunes and replaces.
    tool: PlanOptions,
    copies: secret::Copies,
    drift: DriftOptions,
    /// What could not be judged.
    unknown: Vec<String>,
    out: LiveReview,
}

impl Work<'_> {
    fn pair(&mut self, pair: &Pair<'_>) {
        // A hook runs anew each time, and a name that the API server makes is not known.
        let passed_over = |object: &Object| object.name().is_empty() || self.is_argo && plan::is_hook(object);
        if pair.before.into_iter().chain(pair.after).any(passed_over) {
            return;
        }
        let live = |object: Option<&Object>| {
            let live = self.cluster.counterparts.get(object?, self.drift.namespace())?;
            // Its spans point into the caller's texts, not into those of the repository.
            Some(Object::new(without_places(&live.node)))
        };
        match (pair.before, pair.after) {
            (Some(before), Some(after)) => {
                let is_renamed = before.name() != after.name();
                match live(Some(after)).or_else(|| live(Some(before).filter(|_| is_renamed))) {
                    Some(live) => self.both(before, after, &live),
                    // A new name for new content is no deleted object.
                    None if is_renamed => {}
                    None => self.gone(before, after),
                }
            }
            (None, Some(after)) => {
                if let Some(live) = live(Some(after)) {
                    self.taken_over(after, &live);
                }
            }
            (Some(before), None) => {
                if let Some(live) = live(Some(before)) {
                    self.removed(before, &live);
                }
            }
            (None, None) => {}
        }
    }

    fn both(&mut self, before: &Object, after: &Object, live: &Object) {
        self.out.compared += 1;
        let touched = before.node != after.node;
        let head = compare_one(after, live, &self.drift);
        if self.is_unknown(&head) || head.fields.is_empty() {
            return;
        }
        let base = if touched { compare_one(before, live, &self.drift) } else { head.clone() };
        let is_renamed = before.name() != after.name();
        let mut fields = Vec::new();
        let by_change = |field: &&FieldDrift| !(is_renamed && field.path == "metadata.name");
        // What head says instead of base, as if base lived.
        let change = OnceCell::new();
        let change = || change.get_or_init(|| compare_one(after, before, &self.drift));
        for field in head.fields.iter().filter(by_change) {
            let known = base.fields.iter().filter(|other| overlap(field, other));
            // Of several changes within a value that is replaced whole, that of a person says most.
            let known = known.min_by_key(|other| other.cause);
            let added = || {
                let by_others = matches!(field.cause, Cause::EditedByHand | Cause::OtherController);
                (by_others && is_added(field, change())).then_some(field)
            };
            let Some(other) = known.or_else(added) else { continue };
            if field.desired.is_none() && other.path.len() > field.path.len() {
                // The change drops a whole of which parts were changed.
                let lost = base.fields.iter().filter(|other| overlap(field, other) && other.live.is_some());
                for other in lost.filter(|other| !is_behind(other)) {
                    let (desired, location) = (None, field.location.clone());
                    let lost = FieldDrift { status: FieldStatus::Extra, desired, location, ..other.clone() };
                    fields.push(self.masked(lost));
                }
                continue;
            }
            if is_behind(other) {
                self.out.not_yet_applied += usize::from(touched);
                continue;
            }
            let changed_by = other.changed_by.clone().or_else(|| field.changed_by.clone());
            fields.push(self.masked(FieldDrift { cause: other.cause, changed_by, ..field.clone() }));
        }
        let (effect, reasons) = match self.refusal(after, live, head) {
            (_, none) if none.is_empty() && fields.is_empty() => return,
            (_, none) if none.is_empty() => (LiveEffect::Overwritten, none),
            refusal => refusal,
        };
        self.add(LiveObject { touched, fields, reasons, ..self.object(effect, after) });
    }

    fn gone(&mut self, before: &Object, after: &Object) {
        if !self.drift.leaves_out(after, None) {
            let touched = before.node != after.node;
            self.add(LiveObject { touched, ..self.object(LiveEffect::BroughtBack, after) });
        }
    }

    fn taken_over(&mut self, after: &Object, live: &Object) {
        self.out.compared += 1;
        if self.drift.leaves_out(after, Some(live)) {
            return;
        }
        let head = compare_one(after, live, &self.drift);
        if self.is_unknown(&head) {
            return;
        }
        let fields = head.fields.iter().map(|field| self.masked(field.clone())).collect();
        let (effect, mut reasons) = match self.refusal(after, live, head) {
            (_, none) if none.is_empty() => (LiveEffect::TakenOver, none),
            refusal => refusal,
        };
        let owners = Owner::all_of(live, false);
        reasons.extend(
            owners
                .first()
                .map(|owner| Diagnostic::new("owned-by-another", format!("{owner} has applied it"))),
        );
        self.add(LiveObject { fields, reasons, ..self.object(effect, after) });
    }

    fn removed(&mut self, before: &Object, live: &Object) {
        self.out.compared += 1;
        let (effect, reasons) = match plan::judge(live, true, &self.tool) {
            None => return,
            Some((Action::Prune, _)) => (LiveEffect::Pruned, Vec::new()),
            Some((_, reason)) => (LiveEffect::LeftBehind, vec![reason]),
        };
        let location = self.sides.before.and_then(|build| object_location(build, before));
        self.add(LiveObject { reasons, location, ..self.object(effect, before) });
    }

    /// Why the API server would refuse what head says, and what comes of that; no reasons if it would not.
    fn refusal(&self, after: &Object, live: &Object, head: ObjectDrift) -> (LiveEffect, Vec<Diagnostic>) {
        let mut reasons = head.diagnostics;
        let fixed = reasons.iter().all(|reason| reason.code == "immutable-field");
        if !fixed || reasons.is_empty() || !plan::is_forced(after, live, &self.tool) {
            return (LiveEffect::Refused, reasons);
        }
        for (reason, field) in reasons.iter_mut().zip(immutable(live, &head.fields, self.schema(live))) {
            reason.message = format!("{} cannot change: it is deleted and made anew", field.name);
        }
        (LiveEffect::Replaced, reasons)
    }

    fn schema(&self, live: &Object) -> Option<&Node> {
        self.drift.schemas.as_ref()?.open_api(live.api_version(), live.kind())
    }

    /// Whether nothing can be said of an object; notes it.
    fn is_unknown(&mut self, found: &ObjectDrift) -> bool {
        let is = found.status == DriftStatus::Unknown;
        if is {
            let reason = found.reason.as_ref().map_or("", |reason| reason.message.as_str());
            self.unknown.push(format!("{}: {reason}", found.id));
        }
        is
    }

    fn object(&self, effect: LiveEffect, object: &Object) -> LiveObject {
        LiveObject {
            effect,
            id: object.id(),
            touched: true,
            fields: Vec::new(),
            reasons: Vec::new(),
            location: self.sides.after.and_then(|build| object_location(build, object)),
        }
    }

    fn add(&mut self, object: LiveObject) {
        self.out.objects.push(object);
    }

    /// The field without what a build copied out of Secrets.
    fn masked(&self, mut field: FieldDrift) -> FieldDrift {
        let mut hidden = false;
        for value in field.live.iter_mut().chain(&mut field.desired) {
            mask(value, &self.copies, &mut hidden);
        }
        if hidden && field.status == FieldStatus::Changed {
            for value in field.desired.iter_mut().filter(|value| value.is_string()) {
                *value = secret::MASK_CHANGED.into();
            }
        }
        field
    }
}

/// Masks copies of secret values in a value, and notes whether there were any.
fn mask(value: &mut Value, copies: &secret::Copies, any: &mut bool) {
    match value {
        Value::Object(map) => map.values_mut().for_each(|value| mask(value, copies, any)),
        Value::Array(items) => items.iter_mut().for_each(|value| mask(value, copies, any)),
        Value::Null => {}
        scalar => {
            let text = scalar.as_str().map_or_else(|| scalar.to_string(), str::to_owned);
            if copies.hides(&text) {
                *scalar = secret::MASK.into();
                *any = true;
            }
        }
    }
}

/// Whether a field that base does not set has another value than base leaves it with.
fn is_added(field: &FieldDrift, change: &ObjectDrift) -> bool {
    let told = change.fields.iter().filter(|other| overlap(field, other));
    let differs = |other: &FieldDrift| other.status == FieldStatus::Missing || other.live != field.live;
    field.live.is_some() && told.into_iter().any(differs)
}

/// Whether a field differs from base because the cluster has not got it yet. What base sets and nobody owns
/// was taken away by hand as well as it may be still to come.
fn is_behind(field: &FieldDrift) -> bool {
    match field.cause {
        Cause::RemovedFromGit => true,
        Cause::NotYetApplied => field.status != FieldStatus::Missing,
        _ => false,
    }
}

/// Whether two differences from one live object are about one field, or one about a part of the other's.
fn overlap(a: &FieldDrift, b: &FieldDrift) -> bool {
    let order = |field: &FieldDrift| field.status == FieldStatus::Reordered;
    let within = |inner: &str, outer: &str| {
        inner.strip_prefix(outer).is_some_and(|rest| rest.is_empty() || rest.starts_with(['.', '[']))
    };
    if order(a) || order(b) {
        return order(a) && order(b) && a.path == b.path;
    }
    match (&a.desired, &b.desired) {
        // Where a whole is missing, each may want other parts of it.
        (Some(of_a), Some(of_b)) if a.live.is_none() && b.live.is_none() && a.path == b.path => {
            share(of_a, of_b)
        }
        _ => within(&a.path, &b.path) || within(&b.path, &a.path),
    }
}

/// Whether two values set a field in common.
fn share(a: &Value, b: &Value) -> bool {
    match (a, b) {
        (Value::Object(a), Value::Object(b)) => {
            a.iter().any(|(key, value)| b.get(key).is_some_and(|other| share(value, other)))
        }
        _ => true,
    }
}

fn without_places(node: &Node) -> Node {
    if let Some(map) = node.as_map() {
        let mut copy = Map::new();
        for (key, value) in map.iter() {
            copy.insert(key.clone(), without_places(value));
        }
        return Node::map(copy, Span::NONE);
    }
    match node.as_seq() {
        Some(items) => Node::seq(items.iter().map(without_places).collect(), Span::NONE),
        None => Node::new(node.value.clone(), Span::NONE),
    }
}
