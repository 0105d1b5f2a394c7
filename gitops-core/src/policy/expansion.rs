//! ExpansionTemplates: the objects that a controller will make of an object, such as the Pod of a
//! Deployment.

use std::collections::BTreeSet;

use super::matching::{Namespace, Source};
use super::mutation::Mutators;
use crate::node::{Map, Node, Path, SourceMap, Span};
use crate::object::Object;
use crate::{Error, ErrorKind, Result};

/// The group of ExpansionTemplates.
pub(crate) const EXPANSION_GROUP: &str = "expansion.gatekeeper.sh";

/// How often what was made may be expanded again.
const MAX_DEPTH: usize = 30;

/// Group, version, kind.
pub(super) type Gvk = (String, String, String);

#[derive(Clone, Debug)]
struct Template {
    name: String,
    applies_to: Vec<Gvk>,
    source: Vec<String>,
    generates: Gvk,
    action: String,
}

/// All ExpansionTemplates of a policy set.
#[derive(Clone, Debug, Default)]
pub(crate) struct Expansions(Vec<Template>);

/// An object that was made of another.
#[derive(Clone, Debug)]
pub(super) struct Resultant {
    pub(super) object: Object,
    /// The template that made it.
    pub(super) template: String,
    /// The action of its findings instead of the constraint's; empty for that.
    pub(super) action: String,
    /// Where in the original the object's content stands.
    pub(super) path: Path,
}

fn bad(message: impl Into<String>) -> Error {
    Error::new(ErrorKind::Policy, "bad-expansion-template", message)
}

impl Expansions {
    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Adds an ExpansionTemplate.
    ///
    /// # Errors
    /// What Gatekeeper refuses, as `bad-expansion-template`; the template is then left out.
    pub(crate) fn add(&mut self, object: &Object, sources: &SourceMap) -> Result<()> {
        let place = sources.locate(object.node.span);
        let template = read(object).map_err(|error| {
            error.context(format!("ExpansionTemplate {}", object.name())).at(place.clone())
        })?;
        if self.0.iter().any(|known| known.name == template.name) {
            return Ok(());
        }
        self.0.push(template);
        let Some(cycle) = self.cycle() else { return Ok(()) };
        let message = format!("ExpansionTemplates expand each other in a circle: {}", cycle.join(", "));
        // Those in the circle are not used, as in Gatekeeper.
        self.0.retain(|template| !cycle.contains(&template.name));
        Err(bad(message).at(place))
    }

    /// The templates of a circle, if there is one.
    fn cycle(&self) -> Option<Vec<String>> {
        let next = |template: &Template| {
            self.0
                .iter()
                .filter(move |other| other.applies_to.contains(&template.generates))
                .collect::<Vec<_>>()
        };
        let reaches = |from: &Template, to: &str| {
            let mut seen = BTreeSet::new();
            let mut left = next(from);
            while let Some(template) = left.pop() {
                if template.name == to {
                    return true;
                }
                if seen.insert(template.name.clone()) {
                    left.extend(next(template));
                }
            }
            false
        };
        let cycle: Vec<String> = self
            .0
            .iter()
            .filter(|template| reaches(template, &template.name))
            .map(|t| t.name.clone())
            .collect();
        (!cycle.is_empty()).then_some(cycle)
    }

    /// Everything that an object leads to, with mutators applied to what was made.
    pub(super) fn expand(
        &self,
        object: &Object,
        namespace: &Namespace<'_>,
        mutators: &Mutators,
    ) -> std::result::Result<Vec<Resultant>, String> {
        let mut out = Vec::new();
        self.expand_into(object, namespace, mutators, &Path::new(), 0, &mut out)?;
        Ok(out)
    }

    fn expand_into(
        &self,
        object: &Object,
        namespace: &Namespace<'_>,
        mutators: &Mutators,
        path: &Path,
        depth: usize,
        out: &mut Vec<Resultant>,
    ) -> std::result::Result<(), String> {
        if depth >= MAX_DEPTH {
            return Err(format!("an object is expanded more than {MAX_DEPTH} times"));
        }
        let gvk = gvk(object);
        for template in self.0.iter().filter(|template| template.applies_to.contains(&gvk)) {
            let mut made = template.make(object, namespace)?;
            if let Some(changed) = mutators.apply(&made, namespace, Source::Generated, None)? {
                made = changed;
            }
            let mut path = path.clone();
            for key in &template.source {
                path = path.key(key.as_str());
            }
            self.expand_into(&made, namespace, mutators, &path, depth + 1, out)?;
            out.push(Resultant {
                object: made,
                template: template.name.clone(),
                action: template.action.clone(),
                path,
            });
        }
        Ok(())
    }
}

fn gvk(object: &Object) -> Gvk {
    let (group, version) = crate::object::group_version(object.api_version());
    (group.to_owned(), version.to_owned(), object.kind().to_owned())
}

fn read(object: &Object) -> Result<Template> {
    let name = object.name();
    if name.is_empty() || name.len() >= 64 {
        return Err(bad("`metadata.name` must have 1 to 63 characters"));
    }
    let spec = object.node.get("spec");
    let text = |node: Option<&Node>, key: &str| {
        node.and_then(|node| node.get(key)).and_then(Node::as_str).unwrap_or("").to_owned()
    };
    let source = text(spec, "templateSource");
    if source.is_empty() {
        return Err(bad("`spec.templateSource` is missing, such as `spec.template`"));
    }
    let generated = spec.and_then(|spec| spec.get("generatedGVK"));
    let generates = (text(generated, "group"), text(generated, "version"), text(generated, "kind"));
    if generates == Gvk::default() {
        return Err(bad("`spec.generatedGVK` is missing"));
    }
    let entries = spec.and_then(|spec| spec.get("applyTo")).and_then(Node::as_seq).unwrap_or(&[]);
    if entries.is_empty() {
        return Err(bad("`spec.applyTo` is missing"));
    }
    let applies_to: Vec<Gvk> = entries.iter().flat_map(applies_to).collect();
    if applies_to.contains(&generates) {
        return Err(bad("it applies to the kind that it generates"));
    }
    Ok(Template {
        name: name.to_owned(),
        applies_to,
        source: source.split('.').map(str::to_owned).collect(),
        generates,
        action: text(spec, "enforcementAction"),
    })
}

/// The kinds of an entry of `spec.applyTo`: all combinations of its groups, versions and kinds.
pub(super) fn applies_to(entry: &Node) -> Vec<Gvk> {
    let mut out = Vec::new();
    let list = |key: &str| -> Vec<&str> {
        entry.get(key).and_then(Node::as_seq).unwrap_or(&[]).iter().filter_map(Node::as_str).collect()
    };
    for group in list("groups") {
        for version in list("versions") {
            out.extend(list("kinds").into_iter().map(|kind| (group.into(), version.into(), kind.into())));
        }
    }
    out
}

impl Template {
    /// The object that a controller makes of `parent`.
    fn make(&self, parent: &Object, namespace: &Namespace<'_>) -> std::result::Result<Object, String> {
        let keys: Vec<&str> = self.source.iter().map(String::as_str).collect();
        let missing =
            || format!("could not find source field {:?} in resource {}", keys.join("."), parent.name());
        let source = parent.node.at(&keys).ok_or_else(missing)?;
        let mut node = source.clone();
        let (group, version, kind) = &self.generates;
        let map = node.as_map_mut().ok_or_else(missing)?;
        let api_version = if group.is_empty() { version.clone() } else { format!("{group}/{version}") };
        let text = |text: &str| Node::string(text, Span::NONE);
        map.insert("apiVersion", text(&api_version));
        map.insert("kind", text(kind));
        if !map.get("metadata").is_some_and(Node::is_map) {
            map.insert("metadata", Node::map(Map::new(), Span::NONE));
        }
        let Some(metadata) = map.get_mut("metadata").and_then(Node::as_map_mut) else {
            return Err(missing());
        };
        match namespace.name.unwrap_or_else(|| parent.namespace()) {
            "" => {
                metadata.remove("namespace");
            }
            name => {
                metadata.insert("namespace", text(name));
            }
        }
        metadata.insert("name", text(&format!("{}-{kind}", parent.name()).to_lowercase()));
        let owner = [("apiVersion", parent.api_version()), ("kind", parent.kind()), ("name", parent.name())];
        if owner.iter().all(|(_, value)| !value.is_empty()) {
            let mut owners = metadata.get("ownerReferences").and_then(Node::as_seq).unwrap_or(&[]).to_vec();
            let known = |node: &Node| {
                owner.iter().all(|(key, value)| node.get(key).and_then(Node::as_str) == Some(value))
            };
            if !owners.iter().any(known) {
                let mut reference = Map::new();
                for (key, value) in owner {
                    reference.insert(key, text(value));
                }
                reference.insert("uid", text(""));
                owners.push(Node::map(reference, Span::NONE));
            }
            metadata.insert("ownerReferences", Node::seq(owners, Span::NONE));
        }
        Ok(Object::new(node))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value as Json, json};

    use super::*;

    fn template(name: &str, from: &str, source: &str, to: &str) -> Json {
        json!({"apiVersion": "expansion.gatekeeper.sh/v1alpha1", "kind": "ExpansionTemplate", "metadata": {"name": name},
            "spec": {"applyTo": [{"groups": ["g"], "versions": ["v1"], "kinds": [from]}], "templateSource": source,
                "generatedGVK": {"group": "g", "version": "v1", "kind": to}}})
    }

    fn expansions(list: &[Json]) -> (Expansions, Vec<String>) {
        let mut expansions = Expansions::default();
        let mut errors = Vec::new();
        for json in list {
            if let Err(error) = expansions.add(&Object::new(Node::from(json)), &SourceMap::new()) {
                errors.push(error.message().to_owned());
            }
        }
        (expansions, errors)
    }

    #[test]
    fn expansion_goes_on() {
        let (expansions, errors) =
            expansions(&[template("cron", "A", "spec.job", "B"), template("job", "B", "spec.pod", "C")]);
        assert!(errors.is_empty());
        let object = json!({"apiVersion": "g/v1", "kind": "A", "metadata": {"name": "Top", "namespace": "n"},
            "spec": {"job": {"metadata": {"labels": {"x": "y"}}, "spec": {"pod": {"spec": {"a": 1}}}}}});
        let made = expansions
            .expand(&Object::new(Node::from(&object)), &Namespace::NONE, &Mutators::default())
            .unwrap();
        let shown: Vec<_> = made
            .iter()
            .map(|made| {
                format!(
                    "{} {} by {} at {}",
                    made.object.api_version(),
                    made.object.id(),
                    made.template,
                    made.path
                )
            })
            .collect();
        assert_eq!(
            shown,
            ["g/v1 C n/top-b-c by job at spec.job.spec.pod", "g/v1 B n/top-b by cron at spec.job"]
        );
        let owners =
            serde_json::to_value(made[1].object.node.at(&["metadata", "ownerReferences"]).unwrap()).unwrap();
        assert_eq!(owners, json!([{"apiVersion": "g/v1", "kind": "A", "name": "Top", "uid": ""}]));
        let without = json!({"apiVersion": "g/v1", "kind": "A", "metadata": {"name": "x"}, "spec": {}});
        let error =
            expansions.expand(&Object::new(Node::from(&without)), &Namespace::NONE, &Mutators::default());
        assert_eq!(error.unwrap_err(), "could not find source field \"spec.job\" in resource x");
    }

    #[test]
    fn what_makes_itself_is_refused() {
        let (left, errors) = expansions(&[
            template("self", "A", "spec", "A"),
            template("one", "A", "spec", "B"),
            template("two", "B", "spec", "A"),
            template("good", "X", "spec", "Y"),
            json!({"metadata": {"name": "none"}, "spec": {"templateSource": "spec"}}),
        ]);
        assert_eq!(errors.len(), 3, "{errors:?}");
        assert!(errors[1].contains("one, two"), "{errors:?}");
        assert_eq!(left.0.iter().map(|template| template.name.as_str()).collect::<Vec<_>>(), ["good"]);
    }
}
