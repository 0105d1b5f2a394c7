//! Mutators of Gatekeeper (Assign, AssignMetadata, ModifySet, AssignImage): what the mutating webhook
//! does to an object before it is judged.
//!
//! They are applied in the order of kind and name, again and again until nothing changes, as in
//! Gatekeeper's `pkg/mutation`.

mod change;
mod location;

use std::collections::BTreeSet;

use change::{Change, Condition, apply, split_domain};
use location::{Step, parse};

use super::expansion::{Gvk, applies_to};
use super::matching::{Match, Matcher, Namespace, Source};
use super::review::Operation;
use crate::node::{Node, SourceMap};
use crate::object::Object;
use crate::{Error, ErrorKind, Result};

/// The group of mutators.
pub(crate) const MUTATION_GROUP: &str = "mutations.gatekeeper.sh";

/// The kinds of mutators.
const KINDS: &[&str] = &["Assign", "AssignImage", "AssignMetadata", "ModifySet"];

/// The operations that the mutating webhook is asked about.
const OPERATIONS: &[Operation] = &[Operation::Create, Operation::Update];

/// Whether an object is a mutator.
pub(crate) fn is_mutator(object: &Object) -> bool {
    object.group() == MUTATION_GROUP && KINDS.contains(&object.kind())
}

#[derive(Clone, Debug)]
struct Mutator {
    kind: &'static str,
    name: String,
    /// The kinds that it is for, each with an operation; `None` is any.
    applies_to: Option<BTreeSet<(Gvk, Operation)>>,
    matcher: Matcher,
    steps: Vec<(Step, Option<Condition>)>,
    what: What,
}

#[derive(Clone, Debug)]
enum What {
    Change(Change),
    /// The name, or the namespace, of the object.
    FromMetadata {
        namespace: bool,
    },
}

/// All mutators of a policy set.
#[derive(Clone, Debug, Default)]
pub(crate) struct Mutators(Vec<Mutator>);

fn bad(message: impl Into<String>) -> Error {
    Error::new(ErrorKind::Policy, "bad-mutator", message)
}

impl Mutators {
    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Adds a mutator.
    ///
    /// # Errors
    /// What Gatekeeper refuses, as `bad-mutator`; [`ErrorKind::Unsupported`] with code `external-data`
    /// for values that only a provider in the cluster knows. The mutator is then left out.
    pub(crate) fn add(&mut self, object: &Object, sources: &SourceMap) -> Result<()> {
        let place = sources.locate(object.node.span);
        let mutator = read(object)
            .map_err(|error| error.context(format!("{} {}", object.kind(), object.name())).at(place))?;
        let id = (mutator.kind, mutator.name.clone());
        self.0.retain(|known| (known.kind, known.name.clone()) != id);
        self.0.push(mutator);
        self.0.sort_by(|a, b| (a.kind, &a.name).cmp(&(b.kind, &b.name)));
        Ok(())
    }

    /// Leaves out mutators that disagree on what a location is, and says which.
    pub(crate) fn drop_conflicts(&mut self) -> Vec<Error> {
        let mut bad_ones = BTreeSet::new();
        let mut errors = Vec::new();
        for (at, a) in self.0.iter().enumerate() {
            for (other, b) in self.0.iter().enumerate().skip(at + 1) {
                if a.conflicts(b) {
                    bad_ones.extend([at, other]);
                    errors.push(Error::new(
                        ErrorKind::Policy,
                        "mutator-conflict",
                        format!(
                            "{} {} and {} {} disagree on what stands at their location; Gatekeeper applies neither",
                            a.kind, a.name, b.kind, b.name
                        ),
                    ));
                }
            }
        }
        let mut at = 0;
        self.0.retain(|_| {
            at += 1;
            !bad_ones.contains(&(at - 1))
        });
        errors
    }

    /// The object as the mutating webhook would leave it; `None` where nothing changes. Without an
    /// operation only mutators count that are for every one.
    pub(super) fn apply(
        &self,
        object: &Object,
        namespace: &Namespace<'_>,
        source: Source,
        operation: Option<Operation>,
    ) -> std::result::Result<Option<Object>, String> {
        let mut current = object.clone();
        for round in 0..=self.0.len() {
            let before = current.clone();
            for mutator in &self.0 {
                let failed = |message: String| {
                    format!("mutator {} {} failed for {}: {message}", mutator.kind, mutator.name, object.id())
                };
                if mutator.is_about(&current, namespace, source, operation).map_err(failed)? {
                    mutator.change(&mut current).map_err(failed)?;
                }
            }
            if current == before {
                return Ok((round > 0).then_some(current));
            }
        }
        Err(format!("mutation does not come to an end for {}", object.id()))
    }
}

impl Mutator {
    fn is_about(
        &self,
        object: &Object,
        namespace: &Namespace<'_>,
        source: Source,
        operation: Option<Operation>,
    ) -> std::result::Result<bool, String> {
        if let Some(known) = &self.applies_to {
            let (group, version) = crate::object::group_version(object.api_version());
            let gvk = (group.to_owned(), version.to_owned(), object.kind().to_owned());
            let is_for = |operation: &Operation| known.contains(&(gvk.clone(), *operation));
            let concerned = match operation {
                Some(operation) => is_for(&operation),
                None => OPERATIONS.iter().all(is_for),
            };
            if !concerned {
                return Ok(false);
            }
        }
        match self.matcher.matches(object, namespace, source) {
            Match::Yes => Ok(true),
            Match::No => Ok(false),
            Match::NamespaceUnknown => {
                Err("namespace selector for namespace-scoped object but missing Namespace".into())
            }
        }
    }

    fn change(&self, object: &mut Object) -> std::result::Result<bool, String> {
        match &self.what {
            What::Change(change) => apply(&mut object.node, &self.steps, change),
            What::FromMetadata { namespace } => {
                let text = if *namespace { object.namespace() } else { object.name() };
                let value = Node::string(text, crate::node::Span::NONE);
                apply(&mut object.node, &self.steps, &Change::Set(value))
            }
        }
    }

    /// Whether two mutators of a common kind take the same place for different things.
    fn conflicts(&self, other: &Self) -> bool {
        let (Some(mine), Some(theirs)) = (&self.applies_to, &other.applies_to) else { return false };
        if mine.is_disjoint(theirs) {
            return false;
        }
        for (at, ((a, _), (b, _))) in self.steps.iter().zip(&other.steps).enumerate() {
            match (a, b) {
                (Step::Field(a), Step::Field(b)) if a == b => {}
                (Step::Field(_), Step::Field(_)) => return false,
                // Items of one list must have one key; which item does not matter.
                (Step::Item { key: a, .. }, Step::Item { key: b, .. }) if a == b => {}
                _ => return true,
            }
            let (ends, goes_on) = (self.steps.len() == at + 1, other.steps.len() > at + 1);
            let (other_ends, other_goes_on) = (other.steps.len() == at + 1, self.steps.len() > at + 1);
            if (ends && goes_on && self.is_terminal()) || (other_ends && other_goes_on && other.is_terminal())
            {
                return true;
            }
        }
        self.steps.len() == other.steps.len()
            && self.terminal() != other.terminal()
            && self.is_terminal()
            && other.is_terminal()
    }

    /// Whether nothing can stand below what it puts there.
    fn is_terminal(&self) -> bool {
        !self.terminal().is_empty()
    }

    fn terminal(&self) -> &'static str {
        match self.what {
            What::Change(Change::Merge(_) | Change::Prune(_)) => "set",
            What::Change(Change::Image { .. }) => "text",
            _ => "",
        }
    }
}

fn read(object: &Object) -> Result<Mutator> {
    let Some(kind) = KINDS.iter().copied().find(|kind| *kind == object.kind()) else {
        return Err(bad("it is no mutator"));
    };
    let name = object.name();
    if name.is_empty() || name.len() > 63 {
        return Err(bad("`metadata.name` must have 1 to 63 characters"));
    }
    let spec = object.node.get("spec");
    let text = |node: Option<&Node>, key: &str| {
        node.and_then(|node| node.get(key)).and_then(Node::as_str).unwrap_or("").to_owned()
    };
    let steps =
        parse(&text(spec, "location")).map_err(|message| bad(format!("`spec.location`: {message}")))?;
    let metadata = matches!(steps.first(), Some(Step::Field(first)) if first == "metadata");
    if kind == "AssignMetadata" {
        let fits = matches!(steps.as_slice(), [Step::Field(_), Step::Field(map), Step::Field(_)] if metadata && (map == "labels" || map == "annotations"));
        if !fits {
            return Err(bad("`spec.location` must be below `metadata.labels` or `metadata.annotations`"));
        }
    } else if metadata {
        return Err(bad("only AssignMetadata changes `metadata`"));
    }
    if let [.., Step::Item { key, .. }, Step::Field(last)] = steps.as_slice()
        && key == last
    {
        return Err(bad("`spec.location`: the key of a list's item cannot be changed"));
    }
    let ends_in_list = matches!(steps.last(), Some(Step::Item { .. }));
    if ends_in_list && kind != "Assign" {
        return Err(bad("`spec.location` cannot end in a list"));
    }
    let parameters = spec.and_then(|spec| spec.get("parameters"));
    let what = match kind {
        "ModifySet" => modify_set(parameters)?,
        "AssignImage" => assign_image(parameters)?,
        _ => assign(kind, parameters, &steps)?,
    };
    let applies = if kind == "AssignMetadata" { None } else { Some(read_applies_to(spec)?) };
    let conditions = conditions(kind, parameters, &steps)?;
    let matcher = match spec.and_then(|spec| spec.get("match")).filter(|node| !node.is_null()) {
        Some(node) => Matcher::read(node).map_err(|error| bad(error.message()))?,
        None => Matcher::default(),
    };
    Ok(Mutator {
        kind,
        name: name.to_owned(),
        applies_to: applies,
        matcher,
        steps: steps.into_iter().zip(conditions).collect(),
        what,
    })
}

fn read_applies_to(spec: Option<&Node>) -> Result<BTreeSet<(Gvk, Operation)>> {
    let entries = spec.and_then(|spec| spec.get("applyTo")).and_then(Node::as_seq).unwrap_or(&[]);
    if entries.is_empty() {
        return Err(bad("`spec.applyTo` is missing"));
    }
    let complete = |entry: &Node| {
        ["groups", "versions", "kinds"]
            .iter()
            .all(|key| entry.get(key).and_then(Node::as_seq).is_some_and(|list| !list.is_empty()))
    };
    if !entries.iter().all(complete) {
        return Err(bad("each entry of `spec.applyTo` needs `groups`, `versions` and `kinds`"));
    }
    let mut out = BTreeSet::new();
    for entry in entries {
        let operations = entry.get("operations").and_then(Node::as_seq).unwrap_or(&[]);
        let known = |node: &&Node| matches!(node.as_str(), Some("CREATE" | "UPDATE" | "*"));
        if operations.iter().any(|node| !known(&node)) {
            return Err(bad("`applyTo.operations` lists `CREATE`, `UPDATE` or `*`"));
        }
        let named = |operation: &Operation| {
            operations.is_empty()
                || operations.iter().any(|node| [Some("*"), Some(operation.name())].contains(&node.as_str()))
        };
        for operation in OPERATIONS.iter().filter(|operation| named(operation)) {
            out.extend(applies_to(entry).into_iter().map(|gvk| (gvk, *operation)));
        }
    }
    Ok(out)
}

/// The condition of each step.
fn conditions(kind: &str, parameters: Option<&Node>, steps: &[Step]) -> Result<Vec<Option<Condition>>> {
    let mut out = vec![None; steps.len()];
    if kind == "AssignMetadata" {
        // It adds, and never changes.
        if let Some(last) = out.last_mut() {
            *last = Some(Condition::MustNotExist);
        }
        return Ok(out);
    }
    let tests = parameters.and_then(|node| node.get("pathTests")).and_then(Node::as_seq).unwrap_or(&[]);
    let mut highest_must = None;
    let mut lowest_must_not = None;
    for test in tests {
        let path = test.get("subPath").and_then(Node::as_str).unwrap_or("");
        let sub = parse(path).map_err(|message| bad(format!("`pathTests`: {message}")))?;
        if !steps.starts_with(&sub) {
            return Err(bad(format!("`pathTests`: `{path}` is no beginning of the location")));
        }
        let condition = match test.get("condition").and_then(Node::as_str) {
            Some("MustExist") => Condition::MustExist,
            Some("MustNotExist") => Condition::MustNotExist,
            _ => return Err(bad("`pathTests`: the condition is `MustExist` or `MustNotExist`")),
        };
        let depth = sub.len().saturating_sub(1);
        match condition {
            Condition::MustExist => highest_must = highest_must.max(Some(depth)),
            Condition::MustNotExist => {
                lowest_must_not = Some(lowest_must_not.map_or(depth, |lowest: usize| lowest.min(depth)));
            }
        }
        if let Some(slot) = out.get_mut(depth) {
            if slot.is_some_and(|known| known != condition) {
                return Err(bad(format!("`pathTests`: `{path}` must exist and must not exist")));
            }
            *slot = Some(condition);
        }
    }
    if let (Some(must), Some(must_not)) = (highest_must, lowest_must_not)
        && must > must_not
    {
        return Err(bad("`pathTests`: something must exist below what must not exist"));
    }
    Ok(out)
}

fn assign(kind: &str, parameters: Option<&Node>, steps: &[Step]) -> Result<What> {
    let assign = parameters.and_then(|node| node.get("assign"));
    let field = |key: &str| assign.and_then(|node| node.get(key)).filter(|node| !node.is_null());
    let given = ["value", "fromMetadata", "externalData"].map(|key| field(key).is_some());
    if given.iter().filter(|given| **given).count() != 1 {
        return Err(bad("`parameters.assign` needs one of `value`, `fromMetadata` and `externalData`"));
    }
    if field("externalData").is_some() {
        let message = "`externalData` is known only to a provider in the cluster";
        return Err(Error::new(ErrorKind::Unsupported, "external-data", message));
    }
    let list = match steps.last() {
        Some(Step::Item { key, value }) => Some((key, value)),
        _ => None,
    };
    if let Some(from) = field("fromMetadata") {
        if list.is_some() {
            return Err(bad("a name cannot be an item of a list"));
        }
        return match from.get("field").and_then(Node::as_str) {
            Some("name") => Ok(What::FromMetadata { namespace: false }),
            Some("namespace") => Ok(What::FromMetadata { namespace: true }),
            _ => Err(bad("`fromMetadata.field` is `name` or `namespace`")),
        };
    }
    let value = field("value").cloned().unwrap_or_else(Node::null);
    if kind == "AssignMetadata" && value.as_str().is_none() {
        return Err(bad("`assign.value` of an AssignMetadata must be text"));
    }
    if let Some((key, wanted)) = list {
        let Some(wanted) = wanted else { return Err(bad("`spec.location` cannot end in `*`")) };
        if value.get(key) != Some(&wanted.node()) {
            return Err(bad(format!("`assign.value` must be a mapping with the `{key}` of the location")));
        }
    }
    Ok(What::Change(Change::Set(value)))
}

fn modify_set(parameters: Option<&Node>) -> Result<What> {
    let values = parameters.and_then(|node| node.at(&["values", "fromList"])).and_then(Node::as_seq);
    let values = values.unwrap_or(&[]).to_vec();
    match parameters.and_then(|node| node.get("operation")).and_then(Node::as_str) {
        None | Some("" | "merge") => Ok(What::Change(Change::Merge(values))),
        Some("prune") => Ok(What::Change(Change::Prune(values))),
        Some(other) => Err(bad(format!("`parameters.operation` is `merge` or `prune`, not `{other}`"))),
    }
}

fn assign_image(parameters: Option<&Node>) -> Result<What> {
    let text =
        |key: &str| parameters.and_then(|node| node.get(key)).and_then(Node::as_str).unwrap_or("").to_owned();
    let (domain, path, tag) = (text("assignDomain"), text("assignPath"), text("assignTag"));
    if domain.is_empty() && path.is_empty() && tag.is_empty() {
        return Err(bad("at least one of `assignDomain`, `assignPath` and `assignTag` is needed"));
    }
    let fits = |pattern: &str, text: &str| {
        text.is_empty() || regex::Regex::new(pattern).is_ok_and(|regex| regex.is_match(text))
    };
    let word = "[0-9A-Za-z_]";
    if !fits(&format!(r"^(?:{word}[0-9A-Za-z_\-]*\.[0-9A-Za-z_\-.]*{word}|localhost)(:[0-9]+)?$"), &domain) {
        return Err(bad(format!("`assignDomain`: `{domain}` is no domain")));
    }
    if !fits("^[a-z0-9]+(?:(?:[._/]|__|-*)[a-z0-9]+)*$", &path) {
        return Err(bad(format!("`assignPath`: `{path}` is no path of an image")));
    }
    let digest = "@[A-Za-z][A-Za-z0-9]*([-_+.][A-Za-z][A-Za-z0-9]*)*:[0-9A-Fa-f]{32,}";
    if !fits(&format!("^(?::{word}[0-9A-Za-z_.-]{{0,127}}|{digest})$"), &tag) {
        return Err(bad(format!("`assignTag`: `{tag}` must be `:tag` or `@digest`")));
    }
    if domain.is_empty() && !split_domain(&path).0.is_empty() {
        return Err(bad(format!("`assignPath`: `{path}` begins with a domain; give it as `assignDomain`")));
    }
    Ok(What::Change(Change::Image { domain, path, tag }))
}

#[cfg(test)]
mod tests {
    use serde_json::{Value as Json, json};

    use super::*;

    fn mutator(kind: &str, name: &str, location: &str, parameters: Json) -> Json {
        json!({"apiVersion": "mutations.gatekeeper.sh/v1", "kind": kind, "metadata": {"name": name},
            "spec": {"applyTo": [{"groups": [""], "versions": ["v1"], "kinds": ["Pod"]}], "location": location,
                "parameters": parameters}})
    }

    fn mutators(list: &[Json]) -> Result<Mutators> {
        let mut mutators = Mutators::default();
        for json in list {
            mutators.add(&Object::new(Node::from(json)), &SourceMap::new())?;
        }
        Ok(mutators)
    }

    fn changed(list: &[Json], spec: Json) -> std::result::Result<Json, String> {
        let pod = json!({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "p", "namespace": "n"}, "spec": spec});
        let pod = Object::new(Node::from(&pod));
        let place = Namespace { namespaced: true, name: Some("n"), labels: None };
        let result = mutators(list).unwrap().apply(&pod, &place, Source::Original, None)?.unwrap_or(pod);
        Ok(serde_json::to_value(&result.node).unwrap())
    }

    #[test]
    fn mutators_change_what_they_name() {
        let containers = json!({"containers": [{"name": "a", "image": "nginx:1"}, {"name": "b", "image": "gcr.io/x/y@sha256:1"}]});
        let set = |value: Json| json!({"assign": {"value": value}});
        for (mutator, before, path, after) in [
            (mutator("Assign", "m", "spec.a.b", set(json!(1))), json!({}), "/spec", json!({"a": {"b": 1}})),
            (mutator("Assign", "m", "spec.a", set(json!(1))), json!({"a": 2}), "/spec/a", json!(1)),
            (
                mutator("Assign", "m", "spec.containers[name: *].x", set(json!(true))),
                containers.clone(),
                "/spec/containers/1/x",
                json!(true),
            ),
            (
                mutator("Assign", "m", "spec.containers[name: c].image", set(json!("i"))),
                containers.clone(),
                "/spec/containers/2",
                json!({"name": "c", "image": "i"}),
            ),
            (
                mutator("Assign", "m", "spec.containers[name: a]", set(json!({"name": "a", "y": 1}))),
                containers.clone(),
                "/spec/containers/0",
                json!({"name": "a", "y": 1}),
            ),
            (
                mutator(
                    "Assign",
                    "m",
                    "spec.a.b",
                    json!({"assign": {"value": 1}, "pathTests": [{"subPath": "spec.a", "condition": "MustExist"}]}),
                ),
                json!({}),
                "/spec",
                json!({}),
            ),
            (
                mutator(
                    "Assign",
                    "m",
                    "spec.a",
                    json!({"assign": {"value": 1}, "pathTests": [{"subPath": "spec.a", "condition": "MustNotExist"}]}),
                ),
                json!({"a": 5}),
                "/spec/a",
                json!(5),
            ),
            (
                mutator("Assign", "m", "spec.n", json!({"assign": {"fromMetadata": {"field": "namespace"}}})),
                json!({}),
                "/spec/n",
                json!("n"),
            ),
            (
                mutator("AssignMetadata", "m", "metadata.labels.x", set(json!("y"))),
                json!({}),
                "/metadata/labels",
                json!({"x": "y"}),
            ),
            (
                mutator("AssignMetadata", "m", "metadata.annotations.\"a.b/c\"", set(json!("y"))),
                json!({}),
                "/metadata/annotations/a.b~1c",
                json!("y"),
            ),
            (
                mutator(
                    "ModifySet",
                    "m",
                    "spec.l",
                    json!({"operation": "merge", "values": {"fromList": ["b", "c"]}}),
                ),
                json!({"l": ["a", "b"]}),
                "/spec/l",
                json!(["a", "b", "c"]),
            ),
            (
                mutator(
                    "ModifySet",
                    "m",
                    "spec.l",
                    json!({"operation": "prune", "values": {"fromList": ["b"]}}),
                ),
                json!({"l": ["a", "b"]}),
                "/spec/l",
                json!(["a"]),
            ),
            (
                mutator(
                    "AssignImage",
                    "m",
                    "spec.containers[name: *].image",
                    json!({"assignDomain": "reg.example"}),
                ),
                containers.clone(),
                "/spec/containers/0/image",
                json!("reg.example/nginx:1"),
            ),
            (
                mutator(
                    "AssignImage",
                    "m",
                    "spec.containers[name: b].image",
                    json!({"assignTag": ":v2", "assignPath": "z"}),
                ),
                containers.clone(),
                "/spec/containers/1/image",
                json!("gcr.io/z:v2"),
            ),
        ] {
            let result = changed(std::slice::from_ref(&mutator), before).unwrap();
            assert_eq!(result.pointer(path), Some(&after), "{mutator}");
        }
        // What is there is not changed by AssignMetadata, and what is no mapping stops all.
        let label = mutator("AssignMetadata", "m", "metadata.labels.x", set(json!("y")));
        let twice = changed(&[label.clone(), label], json!({})).unwrap();
        assert_eq!(twice["metadata"]["labels"], json!({"x": "y"}));
        assert!(changed(&[mutator("Assign", "m", "spec.a.b", set(json!(1)))], json!({"a": "text"})).is_err());
        let (up, down) = (
            mutator("Assign", "a", "spec.x", set(json!(1))),
            mutator("Assign", "b", "spec.x", set(json!(2))),
        );
        assert_eq!(changed(&[up, down], json!({})).unwrap()["spec"]["x"], 2);
    }

    #[test]
    fn what_gatekeeper_refuses_is_refused() {
        let value = json!({"assign": {"value": "v"}});
        for (kind, location, parameters) in [
            ("Assign", "metadata.name", value.clone()),
            ("Assign", "spec..a", value.clone()),
            ("Assign", "spec.l[name: x].name", value.clone()),
            ("Assign", "spec.l[name: *]", value.clone()),
            ("Assign", "spec.l[name: x]", json!({"assign": {"value": {"name": "y"}}})),
            ("Assign", "spec.a", json!({})),
            ("Assign", "spec.a", json!({"assign": {"value": 1, "fromMetadata": {"field": "name"}}})),
            (
                "Assign",
                "spec.a",
                json!({"assign": {"value": 1}, "pathTests": [{"subPath": "spec.b", "condition": "MustExist"}]}),
            ),
            ("AssignMetadata", "metadata.name", value.clone()),
            ("AssignMetadata", "metadata.labels.x", json!({"assign": {"value": 1}})),
            ("ModifySet", "spec.l", json!({"operation": "add"})),
            ("ModifySet", "spec.l[name: x]", json!({"operation": "merge"})),
            ("AssignImage", "spec.image", json!({})),
            ("AssignImage", "spec.image", json!({"assignDomain": "nodot"})),
            ("AssignImage", "spec.image", json!({"assignTag": "latest"})),
            ("AssignImage", "spec.image", json!({"assignPath": "a.b/c"})),
            ("AssignImage", "spec.image", json!({"assignPath": "/c"})),
        ] {
            let error = mutators(&[mutator(kind, "m", location, parameters.clone())]).unwrap_err();
            assert_eq!(error.code(), "bad-mutator", "{kind} {location} {parameters}: {error}");
        }
        let external = json!({"assign": {"externalData": {"provider": "p"}}});
        assert_eq!(
            mutators(&[mutator("Assign", "m", "spec.a", external)]).unwrap_err().code(),
            "external-data"
        );
    }

    #[test]
    fn mutators_that_disagree_are_left_out() {
        let value = json!({"assign": {"value": "v"}});
        let mut set = mutators(&[
            mutator("Assign", "field", "spec.l.x", value.clone()),
            mutator("Assign", "list", "spec.l[name: a].x", value.clone()),
            mutator("Assign", "fine", "spec.m.x", value),
        ])
        .unwrap();
        assert_eq!(set.drop_conflicts().len(), 1);
        assert_eq!(set.0.iter().map(|mutator| mutator.name.as_str()).collect::<Vec<_>>(), ["fine"]);
    }
}
