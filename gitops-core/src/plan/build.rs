//! The front door: objects to a plan.

use std::collections::{HashMap, HashSet};

use super::dangers::{Change, dangers};
use super::inventory::{Inventory, InventoryId, Listed};
use super::marks;
use super::model::{Action, Danger, Plan, PlanSummary, SCHEMA_VERSION, Severity, Step};
use super::options::{Order, PlanOptions};
use super::order::{Task, order};
use super::owner::Owner;
use super::prune;
use crate::drift::{
    Counterparts, DriftOptions, DriftStatus, FieldDrift, Identity, Schemas, compare_one, immutable,
};
use crate::error::Diagnostic;
use crate::node::{Location, Node, Path};
use crate::object::Object;

/// Plans a reconciliation.
///
/// `live` should hold the live objects of what Git says and of what was applied before; those that are
/// neither in `desired` nor ours stay out of the plan. What is ours tell the inventory (what was applied
/// last) and the mark of [`PlanOptions::owner`]: an object that only one of them claims is ours, too, except
/// that an object of the inventory must carry the mark if there is an owner, as Flux asks.
///
/// Objects are paired by group, kind, namespace and name. A step is [`Action::Blocked`] where the API
/// server would refuse it (a field that cannot change), where it would delete a Namespace or
/// CustomResourceDefinition that the options do not allow to be deleted, or where it needs a person.
#[must_use]
pub fn plan(desired: &[Object], live: &[Object], inventory: &Inventory, options: &PlanOptions) -> Plan {
    let schemas = options.drift.schemas.clone().unwrap_or_else(|| Schemas::new(options.drift.version));
    let drift = options.drift.clone().with_schemas(schemas.with_definitions(desired).with_definitions(live));
    let (counterparts, namespace) = (Counterparts::new(live), options.drift.namespace());
    let listed = Listed::new(inventory, namespace);
    let builder = Builder { live, options, drift };
    let mut drafts: Vec<Draft<'_>> = Vec::with_capacity(desired.len());
    let mut wanted = vec![false; live.len()];
    let mut seen: HashMap<Identity<'_>, usize> = HashMap::with_capacity(desired.len());
    for object in desired {
        let counterpart = counterparts.position(object, namespace);
        let identity = counterparts.identity(object, namespace);
        for at in counterparts.all(identity) {
            if let Some(paired) = wanted.get_mut(*at) {
                *paired = true;
            }
        }
        let count = seen.entry(identity).or_default();
        *count += 1;
        let twice = *count > 1 && !object.name().is_empty();
        drafts.push(builder.apply(object, counterpart.and_then(|at| live.get(at)), twice));
    }
    for (object, _) in live.iter().zip(&wanted).filter(|(_, wanted)| !**wanted) {
        if let Some((action, reason)) = prune::judge(object, listed.has(object), options) {
            drafts.push(Draft::new(object, Some(object), true, action, reason));
        }
    }
    for draft in &mut drafts {
        builder.look_for_dangers(draft);
    }
    let known = live.iter().map(Identity::of).chain(seen.into_keys());
    let known: HashSet<&InventoryId> = known.flat_map(|identity| listed.of(identity)).collect();
    let gone = inventory.ids().filter(|id| !known.contains(id));
    finish(drafts, options, gone.cloned().collect())
}

/// A step before it is ordered.
struct Draft<'a> {
    /// As wanted or, where it is pruned, as it lives.
    object: &'a Object,
    live: Option<&'a Object>,
    pruning: bool,
    action: Action,
    reason: Diagnostic,
    fields: Vec<FieldDrift>,
    dangers: Vec<Danger>,
    location: Option<Location>,
}

impl<'a> Draft<'a> {
    fn new(
        object: &'a Object,
        live: Option<&'a Object>,
        pruning: bool,
        action: Action,
        reason: Diagnostic,
    ) -> Self {
        Self {
            object,
            live,
            pruning,
            action,
            reason,
            fields: Vec::new(),
            dangers: Vec::new(),
            location: None,
        }
    }
}

struct Builder<'a> {
    live: &'a [Object],
    options: &'a PlanOptions,
    drift: DriftOptions,
}

impl<'a> Builder<'a> {
    fn apply(&self, object: &'a Object, live: Option<&'a Object>, twice: bool) -> Draft<'a> {
        let draft = |action, code, message: String| {
            Draft::new(object, live, false, action, Diagnostic::new(code, message))
        };
        let mut made = if object.kind().is_empty() || !is_named(object) {
            draft(Action::Blocked, "no-identity", "the object has no kind or no name; give it both".into())
        } else if twice {
            draft(Action::Blocked, "duplicate-object", "Git says it twice; remove one of them".into())
        } else if let Some((code, message)) = self.left_alone(object, live) {
            draft(Action::Skip, code, message)
        } else if self.options.order == Order::ArgoCd && marks::is_hook(object) {
            self.hook(object, live)
        } else {
            match live {
                None => draft(Action::Create, "not-in-cluster", "the cluster does not have it".into()),
                Some(live) => self.update(object, live),
            }
        };
        if let (Some(owner), Some(live)) = (&self.options.owner, live)
            && !matches!(made.action, Action::Skip)
        {
            self.shared(owner, live, &mut made);
        }
        let sources = self.drift.sources.as_ref();
        made.location = sources.and_then(|sources| object.location(&Path::new(), sources));
        made
    }

    /// Why an object is not touched though Git has it.
    fn left_alone(&self, object: &Object, live: Option<&Object>) -> Option<(&'static str, String)> {
        match self.options.order {
            Order::ArgoCd if marks::is_skipped_hook(object) => {
                Some(("hook-skipped", "argocd.argoproj.io/hook: Skip leaves it out".into()))
            }
            Order::ArgoCd if marks::phases(object).is_empty() => {
                Some(("hook-not-run", "a sync of Argo CD runs no hook of this type".into()))
            }
            Order::Flux => {
                let marked = |key: &str, value: &str| {
                    marks::flux(object, key, value) || live.is_some_and(|live| marks::flux(live, key, value))
                };
                let told = |mark: &str| format!("kustomize.toolkit.fluxcd.io/{mark} leaves it alone");
                if marked("reconcile", "disabled") {
                    return Some(("reconcile-disabled", told("reconcile: disabled")));
                }
                if marked("ssa", "ignore") {
                    return Some(("apply-ignored", told("ssa: Ignore")));
                }
                let present = live.is_some() && marks::flux(object, "ssa", "ifnotpresent");
                present.then(|| ("exists-already", told("ssa: IfNotPresent")))
            }
            _ => None,
        }
    }

    /// A hook is made anew each time it runs.
    fn hook(&self, object: &'a Object, live: Option<&'a Object>) -> Draft<'a> {
        let phases = marks::phases(object).join(", ");
        let again = live.is_some() && marks::delete_policies(object).contains(&"BeforeHookCreation");
        let (action, message) = match (live, again) {
            (None, _) => (Action::Create, format!("runs as a hook in {phases}")),
            (Some(_), true) => {
                (Action::Replace, format!("runs as a hook in {phases}; the last one is deleted first"))
            }
            (Some(_), false) => {
                (Action::Configure, format!("runs as a hook in {phases}; the last one is still there"))
            }
        };
        Draft::new(object, live, false, action, Diagnostic::new("hook", message))
    }

    fn update(&self, object: &'a Object, live: &'a Object) -> Draft<'a> {
        let draft = |action, reason| Draft::new(object, Some(live), false, action, reason);
        if prune::is_being_deleted(live) {
            let message = "the live object is being deleted; it can be made anew when it is gone";
            return draft(Action::Blocked, Diagnostic::new("being-deleted", message));
        }
        let found = compare_one(object, live, &self.drift);
        let told =
            |code, message: &str| found.reason.clone().unwrap_or_else(|| Diagnostic::new(code, message));
        let mut made = match found.status {
            DriftStatus::InSync => draft(Action::Unchanged, told("in-sync", "it is as Git says")),
            DriftStatus::Ignored => draft(Action::Unchanged, told("ignored", "what differs is ignored")),
            DriftStatus::Drifted => {
                let (action, reason) = self.changed(object, live, &found.fields);
                draft(action, reason)
            }
            _ => draft(Action::Blocked, told("not-judged", "it cannot be compared")),
        };
        made.fields = found.fields;
        made
    }

    fn changed(&self, object: &Object, live: &Object, fields: &[FieldDrift]) -> (Action, Diagnostic) {
        let schemas = self.drift.schemas.as_ref();
        let schema = schemas.and_then(|schemas| schemas.open_api(live.api_version(), live.kind()));
        let immutable = immutable(live, fields, schema);
        let names: Vec<&str> = immutable.iter().map(|field| field.name.as_str()).collect();
        let names = names.join(", ");
        let forced = marks::is_forced(object, live, self.options);
        match (immutable.is_empty(), forced) {
            (true, _) => {
                let count = fields.len();
                let message = format!(
                    "{count} {} from what Git says",
                    if count == 1 { "field differs" } else { "fields differ" }
                );
                (Action::Configure, Diagnostic::new("fields-differ", message))
            }
            (false, true) => (
                Action::Replace,
                Diagnostic::new(
                    "immutable-field",
                    format!("{names} cannot change: it is deleted and made anew"),
                ),
            ),
            (false, false) => {
                let message = format!(
                    "{names} cannot change: the API server refuses it; delete the object, or allow force"
                );
                (Action::Blocked, Diagnostic::new("immutable-field", message))
            }
        }
    }

    /// Somebody else's mark on the live object.
    fn shared(&self, owner: &Owner, live: &Object, draft: &mut Draft<'_>) {
        let by_label = matches!(owner, Owner::ApplicationByLabel { .. });
        let owners = Owner::all_of(live, by_label);
        let Some(other) = owners.iter().find(|other| owner.contends_with(other, &owners)) else { return };
        let message = format!("it belongs to {other} too: each will undo what the other does");
        if self.options.fail_on_shared {
            draft.action = Action::Blocked;
            draft.reason = Diagnostic::new("owned-by-another", message.clone());
        }
        draft.dangers.push(Danger { code: "owned-by-another", severity: Severity::High, message, id: None });
    }

    fn look_for_dangers(&self, draft: &mut Draft<'_>) {
        if matches!(draft.action, Action::Unchanged | Action::Skip) {
            return;
        }
        let object = draft.object;
        let dependants = |live: &&Object| match (object.group(), object.kind()) {
            ("", "Namespace") => live.namespace() == object.name(),
            ("apiextensions.k8s.io", "CustomResourceDefinition") => defines(object, live),
            _ => false,
        };
        let dependants = if draft.pruning { self.live.iter().filter(dependants).count() } else { 0 };
        let change = Change {
            live: draft.live,
            desired: (!draft.pruning).then_some(object),
            dependants,
            pointers: draft.fields.iter().map(|field| field.pointer.as_str()).collect(),
        };
        let mut found = dangers(&change);
        if let Some(shrunk) = found.iter().find(|danger| danger.code == "pvc-shrunk") {
            draft.action = Action::Blocked;
            draft.reason = Diagnostic::new(shrunk.code, shrunk.message.clone());
        }
        draft.dangers.append(&mut found);
        draft.dangers.sort_by(|a, b| (a.severity, a.code, &a.message).cmp(&(b.severity, b.code, &b.message)));
        for danger in &mut draft.dangers {
            danger.id = Some(object.id());
        }
    }
}

/// Whether an object has a name, or gets one when it is made.
fn is_named(object: &Object) -> bool {
    !object.name().is_empty() || object.node.at(&["metadata", "generateName"]).is_some()
}

fn defines(definition: &Object, object: &Object) -> bool {
    let is = |keys: &[&str], text: &str| definition.node.at(keys).and_then(Node::as_str) == Some(text);
    is(&["spec", "group"], object.group()) && is(&["spec", "names", "kind"], object.kind())
}

/// Orders the drafts and sums them up.
fn finish(drafts: Vec<Draft<'_>>, options: &PlanOptions, gone: Vec<InventoryId>) -> Plan {
    let argo = options.order == Order::ArgoCd;
    let mut tasks = Vec::with_capacity(drafts.len());
    for (at, draft) in drafts.iter().enumerate() {
        let task = |phase| Task {
            object: draft.object,
            pruning: draft.pruning,
            phase,
            wave: if argo { marks::wave(draft.object) } else { 0 },
            stage: None,
            after: Vec::new(),
            draft: at,
        };
        let phases = if !argo {
            Vec::new()
        } else if draft.pruning {
            vec!["Sync"]
        } else {
            marks::phases(draft.object)
        };
        if phases.is_empty() {
            tasks.push(task(None));
        }
        tasks.extend(phases.into_iter().map(|phase| task(Some(phase))));
    }
    let problems = order(&mut tasks, options);
    let mut plan = Plan {
        schema_version: SCHEMA_VERSION,
        order: options.order,
        summary: PlanSummary::default(),
        dangers: Vec::new(),
        steps: Vec::with_capacity(tasks.len()),
        gone,
        problems,
        undoes: Vec::new(),
    };
    for task in tasks {
        let Some(draft) = drafts.get(task.draft) else { continue };
        let hook = argo && !draft.pruning && task.phase.is_some() && marks::is_hook(draft.object);
        plan.steps.push(Step {
            id: draft.object.id(),
            action: draft.action,
            reason: draft.reason.clone(),
            pruning: draft.pruning,
            phase: task.phase,
            wave: task.phase.map(|_| task.wave),
            stage: task.stage,
            hook_delete_policies: if hook { marks::delete_policies(draft.object) } else { Vec::new() },
            after: task.after,
            fields: draft.fields.clone(),
            dangers: draft.dangers.clone(),
            location: draft.location.clone(),
        });
    }
    sum_up(&mut plan, &drafts);
    plan
}

fn sum_up(plan: &mut Plan, drafts: &[Draft<'_>]) {
    for draft in drafts {
        *match draft.action {
            Action::Create => &mut plan.summary.create,
            Action::Configure => &mut plan.summary.configure,
            Action::Replace => &mut plan.summary.replace,
            Action::Prune => &mut plan.summary.prune,
            Action::Unchanged => &mut plan.summary.unchanged,
            Action::Skip => &mut plan.summary.skip,
            Action::Blocked => &mut plan.summary.blocked,
        } += 1;
        plan.dangers.extend(draft.dangers.iter().cloned());
    }
    let (pruned, lives) = (plan.summary.prune, drafts.iter().filter(|draft| draft.live.is_some()).count());
    if pruned >= MANY && pruned * 2 > lives {
        let message = format!(
            "{pruned} of {lives} live objects are deleted: check that the right path and revision were read"
        );
        plan.dangers.push(Danger {
            code: "most-objects-removed",
            severity: Severity::High,
            message,
            id: None,
        });
    }
    plan.dangers.sort_by(|a, b| {
        (a.severity, a.code, &a.id, &a.message).cmp(&(b.severity, b.code, &b.id, &b.message))
    });
}

/// To delete most objects is a danger from so many on.
const MANY: usize = 5;
