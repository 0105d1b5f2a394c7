//! The front door: desired and live objects to a report.

use std::collections::HashSet;

use super::apply::{Applied, apply};
use super::differences::differences;
use super::explain::{Context, owner_of, readable};
use super::field_set::{Element, path_text};
use super::fields::fields_of;
use super::ignore::{Skip, merges};
use super::immutable::{Immutable, immutable};
use super::learned::learned;
use super::managers::{Manager, last_applied, managers_of};
use super::merge::repeated_items;
use super::model::{
    Conflict, DriftReport, DriftStatus, DriftSummary, FieldDrift, ObjectDrift, SCHEMA_VERSION,
};
use super::normalise::{canonicalise, normalise, resolve_aliases, without_server_fields};
use super::options::{DriftOptions, Profile};
use super::own::{Own, own};
use super::pairs::{Counterparts, Identity};
use super::repair::repair;
use super::schemas::Schemas;
use super::three_way::three_way;
use super::unchanged::{merges_to_nothing, sets_all};
use crate::error::Diagnostic;
use crate::knowledge::field_managers::{Evidence, OWNER_MARKS, OwnerMark};
use crate::knowledge::secret_fields::LAST_APPLIED;
use crate::knowledge::structured_merge::{Schema, Type};
use crate::node::{Location, Map, Node, Span};
use crate::object::{Object, ObjectId, group_version};
use crate::parallel;

/// Compares what Git says with what the cluster has.
///
/// Objects are paired by group, kind, namespace and name. An object has drifted if applying it would change
/// it, as [`super::Profile`] says; defaults of the API server, fields of other managers and the order of keys
/// make no drift. CustomResourceDefinitions among the objects tell how custom resources merge.
///
/// Nothing fails: what cannot be judged is `unknown` with a reason.
#[must_use]
pub fn compare(desired: &[Object], live: &[Object], options: &DriftOptions) -> DriftReport {
    let schemas = options.schemas.clone().unwrap_or_else(|| Schemas::new(options.version));
    let schemas = schemas.with_definitions(desired).with_definitions(live);
    let comparer = Comparer { options, schemas: &schemas };
    let tasks = tasks(desired, live, options.namespace());
    let runs = match options.threads {
        1 => 1,
        threads => parallel::threads(threads) * RUNS_PER_THREAD,
    };
    let runs: Vec<&[Task<'_>]> = tasks.chunks(tasks.len().div_ceil(runs).max(1)).collect();
    let judge = |run: &&[Task<'_>]| run.iter().map(|task| comparer.judge(*task)).collect();
    let parts: Vec<Vec<ObjectDrift>> = parallel::map(&runs, options.threads, judge);
    report(parts.into_iter().flatten().collect())
}

/// What there is to judge.
#[derive(Clone, Copy)]
enum Task<'a> {
    /// A desired object and its live one.
    Pair(&'a Object, &'a Object),
    /// A desired object that no live one belongs to.
    Missing(&'a Object),
    /// A live object that no desired one belongs to.
    Extra(&'a Object),
    /// A desired object that was there before.
    Repeated(&'a Object),
    /// A desired object without a kind or a name.
    Nameless(&'a Object),
}

fn tasks<'a>(desired: &'a [Object], live: &'a [Object], namespace: &'a str) -> Vec<Task<'a>> {
    let counterparts = Counterparts::new(live);
    let mut paired = vec![false; live.len()];
    let mut seen: HashSet<Identity<'_>> = HashSet::with_capacity(desired.len());
    let mut tasks = Vec::with_capacity(desired.len());
    for object in desired {
        if object.kind().is_empty() || object.name().is_empty() {
            tasks.push(Task::Nameless(object));
            continue;
        }
        let identity = counterparts.identity(object, namespace);
        if !seen.insert(identity) {
            tasks.push(Task::Repeated(object));
            continue;
        }
        for at in counterparts.all(identity) {
            if let Some(paired) = paired.get_mut(*at) {
                *paired = true;
            }
        }
        tasks.push(match counterparts.named(identity, object.api_version()) {
            Some(other) => Task::Pair(object, other),
            None => Task::Missing(object),
        });
    }
    let extra = live.iter().zip(&paired).filter(|(_, paired)| !**paired);
    tasks.extend(extra.map(|(object, _)| Task::Extra(object)));
    tasks
}

/// More runs than threads, so that none waits long for the last.
const RUNS_PER_THREAD: usize = 8;

/// Compares one object with its live counterpart; their identities are not looked at. `schemas` of the
/// options tells of custom kinds.
#[must_use]
pub fn compare_one(desired: &Object, live: &Object, options: &DriftOptions) -> ObjectDrift {
    match &options.schemas {
        Some(schemas) => Comparer { options, schemas }.pair(desired, live),
        None => Comparer { options, schemas: &Schemas::new(options.version) }.pair(desired, live),
    }
}

/// The object that a forced server-side apply of `desired` would make of `live`, in its canonical form.
/// `metadata.managedFields` are those of `live`.
#[must_use]
pub fn predict(desired: &Object, live: &Object, options: &DriftOptions) -> Object {
    let schemas = options.schemas.clone().unwrap_or_else(|| Schemas::new(options.version));
    let comparer = Comparer { options, schemas: &schemas };
    let learned = comparer.learn(desired, live);
    let parts = comparer.parts(desired, live, learned.as_ref());
    let applied = match options.profile {
        Profile::Argo => comparer.three_way(desired, &parts.config, live),
        _ => comparer.apply(live, &parts).object,
    };
    let mut object = Object::new(applied.unwrap_or_else(|| live.node.clone()));
    comparer.normalise(&mut object);
    object
}

/// An object in the form that every spelling of it has: canonical values, and the API server's defaults. Two
/// objects with one normal form cannot be told apart in a cluster.
#[must_use]
pub fn normal_form(object: &Object, options: &DriftOptions) -> Object {
    let schemas = options.schemas.clone().unwrap_or_else(|| Schemas::new(options.version));
    let mut object = object.clone();
    Comparer { options, schemas: &schemas }.normalise(&mut object);
    object
}

fn report(objects: Vec<ObjectDrift>) -> DriftReport {
    fn order(object: &ObjectDrift) -> impl Ord {
        let ObjectId { kind, namespace, name, api_version } = &object.id;
        (kind, namespace, name, api_version, object.status)
    }
    // What there is of an object is large, so that to sort numbers and move each once is cheaper.
    let mut places: Vec<usize> = (0..objects.len()).collect();
    places.sort_by(|a, b| objects.get(*a).map(order).cmp(&objects.get(*b).map(order)));
    let mut taken: Vec<Option<ObjectDrift>> = objects.into_iter().map(Some).collect();
    let objects: Vec<ObjectDrift> =
        places.into_iter().filter_map(|place| taken.get_mut(place)?.take()).collect();
    let mut summary = DriftSummary::default();
    for object in &objects {
        *match object.status {
            DriftStatus::InSync => &mut summary.in_sync,
            DriftStatus::Drifted => &mut summary.drifted,
            DriftStatus::Missing => &mut summary.missing,
            DriftStatus::Extra => &mut summary.extra,
            DriftStatus::Ignored => &mut summary.ignored,
            DriftStatus::Unknown => &mut summary.unknown,
        } += 1;
        summary.fields += object.fields.len();
    }
    DriftReport { schema_version: SCHEMA_VERSION, summary, objects }
}

struct Comparer<'a> {
    options: &'a DriftOptions,
    schemas: &'a Schemas,
}

/// A pair ready to be applied.
struct Parts<'a> {
    schema: &'a Schema,
    of: Type,
    config: Node,
    managers: Vec<Manager>,
    own: Own,
}

impl Comparer<'_> {
    fn locate(&self, node: &Node) -> Option<Location> {
        self.options.sources.as_ref()?.locate(node.span)
    }

    fn judge(&self, task: Task<'_>) -> ObjectDrift {
        match task {
            Task::Pair(desired, live) => self.pair(desired, live),
            Task::Missing(desired) => self.missing(desired),
            Task::Extra(live) => self.extra(live),
            Task::Repeated(desired) => {
                let message = format!("{} is there twice in what Git says; remove one of them", desired.id());
                self.found(desired, DriftStatus::Unknown).because("duplicate-object", message)
            }
            Task::Nameless(desired) => {
                let message = "the object has no kind or no name; give it both";
                self.found(desired, DriftStatus::Unknown).because("no-identity", message)
            }
        }
    }

    fn found(&self, object: &Object, status: DriftStatus) -> ObjectDrift {
        let mut found = ObjectDrift::new(object.id(), status);
        if status == DriftStatus::InSync {
            return found;
        }
        let name = object.node.at(&["metadata", "name"]);
        found.location = name.and_then(|name| self.locate(name)).or_else(|| self.locate(&object.node));
        found
    }

    fn only_told(&self, desired: &Object, live: Option<&Object>) -> Option<Diagnostic> {
        let told = self.options.ignore.only_told(desired, live)?;
        Some(Diagnostic::new(told.code, told.message))
    }

    fn missing(&self, desired: &Object) -> ObjectDrift {
        match self.options.ignore.skip(desired, None) {
            Some(Skip { code, message }) => self.found(desired, DriftStatus::Ignored).because(code, message),
            None => {
                let mut found = self.found(desired, DriftStatus::Missing);
                found.reason = self.only_told(desired, None);
                found.trees.0 = Some((None, Some(readable(desired, &[]))));
                found
            }
        }
    }

    fn extra(&self, live: &Object) -> ObjectDrift {
        let extra = ObjectDrift::new(live.id(), DriftStatus::Extra);
        let owners =
            live.node.at(&["metadata", "ownerReferences"]).and_then(Node::as_seq).unwrap_or_default();
        if let Some(owner) = owners.first() {
            let text = |key: &str| owner.get(key).and_then(Node::as_str).unwrap_or("");
            let message = format!("{} {} owns it", text("kind"), text("name"));
            return ObjectDrift { status: DriftStatus::Ignored, ..extra }.because("owned", message);
        }
        match self.options.ignore.skip_extra(live) {
            Some(Skip { code, message }) => {
                ObjectDrift { status: DriftStatus::Ignored, ..extra }.because(code, message)
            }
            None => extra,
        }
    }

    fn pair(&self, desired: &Object, live: &Object) -> ObjectDrift {
        if let Some(Skip { code, message }) = self.options.ignore.skip(desired, Some(live)) {
            return self.found(desired, DriftStatus::Ignored).because(code, message);
        }
        if self.is_unchanged(desired, live) {
            return self.found(desired, DriftStatus::InSync);
        }
        // Who owns what makes no difference to Argo CD, and is read only to tell it.
        let merged = match self.options.profile {
            Profile::Argo => match self.three_way(desired, &configuration(desired, live), live) {
                Some(object) => Some(object),
                None => return self.found(desired, DriftStatus::InSync),
            },
            _ => None,
        };
        let learned = self.learn(desired, live);
        let parts = self.parts(desired, live, learned.as_ref());
        let applied = match merged {
            Some(object) => Applied { object: Some(object), conflicts: Vec::new() },
            None => self.apply(live, &parts),
        };
        let Some(object) = applied.object else { return self.found(desired, DriftStatus::InSync) };
        let Parts { schema, of, config, managers, own } = parts;

        let (mut before, mut after) = (live.clone(), Object::new(object));
        self.normalise(&mut before);
        self.normalise(&mut after);
        let all = differences(schema, of, &before.node, &after.node);
        let mut found = self.found(desired, DriftStatus::Drifted);
        let conflict = |(at, path): &(usize, Vec<Element>)| {
            Some(Conflict { owner: owner_of(managers.get(*at)?), path: path_text(path) })
        };
        found.conflicts = applied.conflicts.iter().filter_map(conflict).collect();
        if all.is_empty() {
            found.status = DriftStatus::InSync;
            found.location = None;
            return found;
        }
        let total = all.len();
        let left = match self.options.ignore.restore((schema, of), &mut after, &before, desired, &managers) {
            true => differences(schema, of, &before.node, &after.node),
            false => all,
        };
        found.ignored_fields = total.saturating_sub(left.len());
        if left.is_empty() {
            found.status = DriftStatus::Ignored;
            let message = format!("every difference is ignored ({total} fields)");
            return found.because("fields-ignored", message);
        }
        if desired.api_version() != live.api_version() {
            let (api_version, served) = (desired.api_version(), live.api_version());
            let message = format!(
                "Git has {api_version} and the live object is {served}; only the API server converts between versions: read the live object as {api_version}"
            );
            found.status = DriftStatus::Unknown;
            return found.because("other-version", message);
        }
        // Who sets `stringData` sets `data`.
        let mut stored = Object::new(config.clone());
        resolve_aliases(&mut stored);
        let context = Context {
            sources: self.options.sources.as_ref(),
            schema,
            of,
            kind: desired.kind(),
            config: &config,
            config_fields: fields_of(schema, of, &stored.node),
            managers: &managers,
            own: &own,
        };
        found.fields = left.iter().map(|difference| context.explain(difference)).collect();
        found.diagnostics = repeated_items(schema, of, &config)
            .iter()
            .map(|path| {
                let message = format!(
                    "{} is there twice in {}; the API server refuses to apply it: remove one of them",
                    path_text(path),
                    desired.id()
                );
                Diagnostic::new("duplicate-list-item", message).at(found.location.clone())
            })
            .collect();
        found.diagnostics.extend(self.immutable(live, &found.fields).into_iter().map(|field| {
            let said = field.message.map_or(String::new(), |message| format!(" ({message})"));
            let message = format!(
                "{} cannot change{said}: the API server refuses it; take the change back, or delete {} so that it is made anew",
                field.name,
                desired.id()
            );
            Diagnostic::new("immutable-field", message).at(field.location.or_else(|| found.location.clone()))
        }));
        found.reason = self.only_told(desired, Some(live));
        found.trees.0 = Some((Some(readable(&before, &[])), Some(readable(&after, &left))));
        found.repair.0 = repair(schema, of, &live.node, &before.node, &after.node);
        found
    }

    fn immutable(&self, live: &Object, fields: &[FieldDrift]) -> Vec<Immutable> {
        immutable(live, fields, self.schemas.open_api(live.api_version(), live.kind()))
    }

    /// What the live object shows of a kind of which nothing else is known.
    fn learn(&self, desired: &Object, live: &Object) -> Option<(Schema, Type)> {
        if self.schemas.merge_type(desired.api_version(), desired.kind()).is_some() {
            return None;
        }
        let (schema, of) = self.schemas.unknown_type();
        learned(schema, &live.node, &managers_of(&live.node, schema, of))
    }

    fn parts<'s>(
        &'s self,
        desired: &Object,
        live: &Object,
        learned: Option<&'s (Schema, Type)>,
    ) -> Parts<'s> {
        let (schema, of) = match learned {
            Some((schema, of)) => (schema, *of),
            None => self.merge_type(desired),
        };
        let config = configuration(desired, live);
        let managers = managers_of(&live.node, schema, of);
        let wanted = self.options.manager.as_deref();
        let takes_over = self.options.profile == Profile::Flux && !merges(desired, live);
        let own = own(&live.node, &managers, wanted, takes_over, schema, of);
        Parts { schema, of, config, managers, own }
    }

    /// Whether an apply would change nothing, told without reading who owns what. Most objects are as they
    /// should be, so this is what a comparison costs. May say no where the answer is yes.
    fn is_unchanged(&self, desired: &Object, live: &Object) -> bool {
        if self.options.profile != Profile::ServerSideApply {
            return false;
        }
        let (schema, of) = self.merge_type(desired);
        let config = configuration(desired, live);
        if !merges_to_nothing(schema, of, &live.node, &config) {
            return false;
        }
        let entries = live.node.at(&["metadata", "managedFields"]).and_then(Node::as_seq).unwrap_or_default();
        let wanted = self.options.manager.as_deref();
        let is = |entry: &&Node| {
            let text = |key: &str| entry.get(key).and_then(Node::as_str).unwrap_or("");
            text("operation") == "Apply"
                && text("subresource").is_empty()
                && wanted.is_none_or(|wanted| wanted == text("manager"))
        };
        let mut own = entries.iter().filter(is);
        match (own.next(), own.next()) {
            (Some(entry), None) => {
                entry.get("fieldsV1").is_some_and(|fields| sets_all(schema, of, &config, fields))
            }
            (None, _) if wanted.is_some() && !entries.is_empty() => true,
            (None, _) => live.node.at(&["metadata", "annotations", LAST_APPLIED]).is_none(),
            _ => false,
        }
    }

    fn merge_type(&self, desired: &Object) -> (&Schema, Type) {
        let known = self.schemas.merge_type(desired.api_version(), desired.kind());
        known.unwrap_or_else(|| self.schemas.unknown_type())
    }

    /// What a server-side apply would do.
    fn apply(&self, live: &Object, parts: &Parts<'_>) -> Applied {
        let Parts { schema, of, config, managers, own } = parts;
        let managers = own.left(managers, self.options.manager.as_deref());
        apply(schema, *of, &live.node, config, &own.last, &managers, own.at)
    }

    /// What Argo CD's three-way merge would make of the live object; `None` if nothing changes.
    fn three_way(&self, desired: &Object, config: &Node, live: &Object) -> Option<Node> {
        let strategic = Schema::strategic(u32::from(self.options.version.minor()));
        let of = strategic.kind(desired.api_version(), desired.kind()).unwrap_or(Type::Deduced);
        let (config, original) = (undeployed(config.clone()), last_applied(&live.node).map(undeployed));
        // Mostly the same was applied last, and nothing is to go.
        let original = original.filter(|original| *original != config);
        let canonical = |node: Node| {
            let mut object = Object::new(node);
            let schema = self.schemas.open_api(desired.api_version(), desired.kind());
            canonicalise(&mut object, schema, self.options.version);
            // What it held may have been nothing.
            undeployed(object.node)
        };
        let (config, original) = (canonical(config), original.map(canonical));
        three_way(&strategic, of, &live.node, &config, original.as_ref())
    }

    fn normalise(&self, object: &mut Object) {
        let schema = self.schemas.open_api(object.api_version(), object.kind()).cloned();
        normalise(object, schema.as_ref(), self.options.version);
    }
}

/// Without where the object is deployed, and without an empty mapping of annotations, which Argo CD does not
/// compare.
fn undeployed(mut node: Node) -> Node {
    let is_left_out = |key: &str, node: &Node| {
        key == "namespace" || (key == "annotations" && node.as_map().is_some_and(Map::is_empty))
    };
    let metadata = node.get("metadata").and_then(Node::as_map);
    if metadata.is_some_and(|map| map.iter().any(|(key, node)| is_left_out(key, node)))
        && let Some(metadata) = node.get_mut("metadata").and_then(Node::as_map_mut)
    {
        metadata.retain(|key, node| !is_left_out(key, node));
    }
    node
}

/// What would be sent to the API server: without what it ignores or sets itself, with the marks of the tool
/// that applied the live object, in the live object's version.
fn configuration(desired: &Object, live: &Object) -> Node {
    let mut object = desired.clone();
    without_server_fields(&mut object);
    let mut config = object.node;
    if live.namespace().is_empty()
        && !desired.namespace().is_empty()
        && let Some(metadata) = config.get_mut("metadata").and_then(Node::as_map_mut)
    {
        metadata.retain(|key, _| key != "namespace");
    }
    for OwnerMark { part, key, evidence } in OWNER_MARKS {
        let path = ["metadata", part, key];
        if let (Some(mark), None) = (live.node.at(&path), config.at(&path))
            && is_marked(live, *evidence)
        {
            mark_with(&mut config, part, key, mark.clone());
        }
    }
    let (group, version) = group_version(live.api_version());
    if desired.group() == group
        && group_version(desired.api_version()).1 != version
        && let Some(node) = config.get_mut("apiVersion")
    {
        *node = Node::string(live.api_version(), node.span);
    }
    config
}

/// Whether the tool has put a mark on an object, rather than a manifest that was applied.
fn is_marked(live: &Object, evidence: Evidence) -> bool {
    match evidence {
        Evidence::Mark => true,
        Evidence::Annotation(key) => live.node.at(&["metadata", "annotations", key]).is_some(),
        Evidence::Manager(start) => {
            let entries = live.node.at(&["metadata", "managedFields"]).and_then(Node::as_seq);
            let mut names = entries.into_iter().flatten().filter_map(|entry| entry.get("manager")?.as_str());
            names.any(|name| name.starts_with(start))
        }
    }
}

/// Adds a label or annotation.
fn mark_with(config: &mut Node, part: &str, key: &str, mark: Node) {
    let Some(metadata) = config.get_mut("metadata").and_then(Node::as_map_mut) else { return };
    match metadata.get_mut(part).map(|node| (node.is_null(), node)) {
        Some((false, node)) => {
            if let Some(map) = node.as_map_mut() {
                map.insert(key, mark);
            }
        }
        _ => {
            let mut map = Map::new();
            map.insert(key, mark);
            metadata.insert(part, Node::map(map, Span::NONE));
        }
    }
}
