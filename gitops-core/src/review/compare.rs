//! Two renderings of one environment: which objects and images differ, masked and placed.

use std::collections::{BTreeMap, HashMap};

use super::diff::{Change, diff, display_path};
use super::model::{FieldAction, FieldChange, ImageChange, ObjectAction, ObjectChange};
use super::text_diff::{is_text, text_diff};
use crate::knowledge::generated_names::stem;
use crate::kustomize::Build;
use crate::node::{Location, Node, Path, Span};
use crate::object::image::{ImageUse, images};
use crate::object::secret;
use crate::object::{Object, ObjectId, common_start};

/// How two renderings differ.
#[derive(Clone, Debug, Default, PartialEq)]
#[non_exhaustive]
pub struct Comparison {
    /// Objects that differ, by kind, namespace and name.
    pub objects: Vec<ObjectChange>,
    /// Containers whose image differs, comes or goes, in the same order.
    pub images: Vec<ImageChange>,
}

/// Which object of one rendering is which of the other.
pub(crate) struct Pair<'a> {
    pub(crate) before: Option<&'a Object>,
    pub(crate) after: Option<&'a Object>,
}

/// Compares two renderings of one environment; `None` stands for an environment that a revision does
/// not have, whose objects are then listed without their fields.
///
/// Objects are matched by type, namespace and name, whatever the API version; a ConfigMap or Secret
/// also by its name without the hash of its content, which makes it *renamed*. Values of Secrets are
/// masked. A multi-line text is shown by the lines that differ.
#[must_use]
pub fn compare(before: Option<&Build>, after: Option<&Build>) -> Comparison {
    let objects = |build: Option<&'_ Build>| -> Vec<Object> {
        build.map(|build| build.objects.clone()).unwrap_or_default()
    };
    let (base, head) = (objects(before), objects(after));
    let pairs = pairs(&base, &head);
    let renamed: HashMap<(&str, &str), ObjectId> = pairs
        .iter()
        .filter_map(|pair| Some((pair.before?, pair.after?)))
        .filter(|(a, b)| a.name() != b.name())
        .map(|(a, b)| ((a.name(), b.name()), b.id()))
        .collect();
    let copies = |build: Option<&Build>| build.map(|build| build.secret_copies.clone()).unwrap_or_default();
    let copies = copies(before).and(&copies(after));
    let context = Context { before, after, renamed, copies };
    let mut out = Comparison::default();
    let differ = |pair: &&Pair<'_>| match (pair.before, pair.after) {
        (Some(before), Some(after)) => before.node != after.node,
        _ => true,
    };
    for pair in pairs.iter().filter(differ) {
        out.objects.extend(context.object(pair));
        context.images(pair, &mut out.images);
    }
    let order =
        |id: &ObjectId| (id.kind.clone(), id.namespace.clone(), id.name.clone(), id.api_version.clone());
    out.objects.sort_by_cached_key(|change| order(&change.id));
    out.images.sort_by_cached_key(|change| order(&change.object));
    out
}

/// Matches the objects of two renderings: by full identity, then whatever the version, then without
/// the hashes of generated names where that leaves one object on each side.
pub(crate) fn pairs<'a>(before: &'a [Object], after: &'a [Object]) -> Vec<Pair<'a>> {
    type Key = (String, String, String, String);
    let exact = |object: &Object| -> Key {
        let id = object.id();
        (id.api_version, id.kind, id.namespace, id.name)
    };
    let any_version = |object: &Object| -> Key {
        let id = object.id();
        (id.group().to_owned(), id.kind, id.namespace, id.name)
    };
    let without_hash = |object: &Object| -> Key {
        let id = object.id();
        let name = stem(&id.kind, &id.name).to_owned();
        (id.group().to_owned(), id.kind, id.namespace, name)
    };
    let rules: [&dyn Fn(&Object) -> Key; 3] = [&exact, &any_version, &without_hash];
    let mut partner: Vec<Option<usize>> = vec![None; before.len()];
    let mut taken = vec![false; after.len()];
    for rule in rules {
        let mut free: BTreeMap<Key, (Vec<usize>, Vec<usize>)> = BTreeMap::new();
        for (at, object) in before.iter().enumerate() {
            if partner.get(at).is_some_and(Option::is_none) {
                free.entry(rule(object)).or_default().0.push(at);
            }
        }
        for (at, object) in after.iter().enumerate() {
            if taken.get(at) == Some(&false) {
                free.entry(rule(object)).or_default().1.push(at);
            }
        }
        for (from, to) in free.into_values() {
            if let ([from], [to]) = (from.as_slice(), to.as_slice())
                && let (Some(slot), Some(flag)) = (partner.get_mut(*from), taken.get_mut(*to))
            {
                *slot = Some(*to);
                *flag = true;
            }
        }
    }
    let matched = before.iter().zip(&partner);
    let mut pairs: Vec<Pair<'a>> = matched
        .map(|(object, to)| Pair { before: Some(object), after: to.and_then(|to| after.get(to)) })
        .collect();
    let added = after.iter().zip(&taken).filter(|(_, taken)| !**taken);
    pairs.extend(added.map(|(object, _)| Pair { before: None, after: Some(object) }));
    pairs
}

/// The place of the text that names an object, or of the object as a whole.
pub(crate) fn object_location(build: &Build, object: &Object) -> Option<Location> {
    build.location(object, &Path::of_keys(&["metadata", "name"]))
}

struct Context<'a> {
    before: Option<&'a Build>,
    after: Option<&'a Build>,
    renamed: HashMap<(&'a str, &'a str), ObjectId>,
    /// Of either revision: what one copies, the other may have written out.
    copies: secret::Copies,
}

impl Context<'_> {
    fn object(&self, pair: &Pair<'_>) -> Option<ObjectChange> {
        Some(match (pair.before, pair.after) {
            (Some(before), Some(after)) => {
                let (previous, id) = (before.id(), after.id());
                let action =
                    if previous.name == id.name { ObjectAction::Changed } else { ObjectAction::Renamed };
                let name = Path::of_keys(&["metadata", "name"]);
                let changes = diff(&before.node, &after.node).into_iter();
                let changes = changes.filter(|c| action != ObjectAction::Renamed || c.after_path != name);
                ObjectChange {
                    action,
                    location: self.after.and_then(|build| object_location(build, after)),
                    fields: changes.map(|change| self.field(before, after, change)).collect(),
                    previous_id: (previous != id).then_some(previous),
                    id,
                }
            }
            (Some(before), None) => ObjectChange {
                action: ObjectAction::Removed,
                id: before.id(),
                previous_id: None,
                location: self.before.and_then(|build| object_location(build, before)),
                fields: Vec::new(),
            },
            (None, Some(after)) => ObjectChange {
                action: ObjectAction::Added,
                id: after.id(),
                previous_id: None,
                location: self.after.and_then(|build| object_location(build, after)),
                // Of an environment that is new as a whole, the content would only be noise.
                fields: if self.before.is_some() { self.content(after) } else { Vec::new() },
            },
            (None, None) => return None,
        })
    }

    fn content(&self, object: &Object) -> Vec<FieldChange> {
        let identity = Node::map(
            [("apiVersion", object.api_version()), ("kind", object.kind())]
                .into_iter()
                .map(|(key, text)| (key.into(), Node::string(text, Span::NONE)))
                .collect(),
            Span::NONE,
        );
        let identity = Object::new(identity);
        let changes = diff(&identity.node, &object.node).into_iter();
        let changes = changes.filter_map(|mut change| {
            // The name is said by the identity already.
            if change.display == "metadata" {
                let metadata = change.after.as_mut()?.as_map_mut()?;
                metadata.retain(|key, _| key != "name" && key != "namespace");
                if metadata.is_empty() {
                    return None;
                }
            }
            Some(change)
        });
        changes.map(|change| self.field(&identity, object, change)).collect()
    }

    fn field(&self, before: &Object, after: &Object, change: Change) -> FieldChange {
        let offset = difference(change.before.as_ref(), change.after.as_ref());
        let at = |build: Option<&Build>, object, path, node: &Option<Node>| {
            node.as_ref().and(build).and_then(|build| build.location_of_part(object, path, offset))
        };
        let location = at(self.after, after, &change.after_path, &change.after);
        let previous = at(self.before, before, &change.before_path, &change.before);
        let pointer =
            if change.action == FieldAction::Removed { &change.before_path } else { &change.after_path };
        let mut field = FieldChange {
            path: change.display,
            pointer: pointer.to_json_pointer(),
            action: change.action,
            before: None,
            after: None,
            lines: Vec::new(),
            follows: None,
            previous_location: previous.filter(|previous| location.as_ref() != Some(previous)),
            location,
        };
        let text = |node: &Option<Node>| node.as_ref().and_then(Node::as_str).map(str::to_owned);
        let secret = secret::is_secret(after.kind(), pointer)
            || secret::is_secret(before.kind(), pointer)
            || [&change.before, &change.after].into_iter().flatten().any(|node| self.copies.hides_node(node));
        match (text(&change.before), text(&change.after)) {
            (Some(a), Some(b)) if !secret && is_text(&a, &b) => field.lines = text_diff(&a, &b),
            (a, b) => {
                if let (Some(a), Some(b)) = (&a, &b) {
                    field.follows = self.renamed.get(&(a.as_str(), b.as_str())).cloned();
                }
                let shown = |object: &Object, path, node: &Option<Node>| {
                    node.as_ref().map(|node| secret::shown_without(object.kind(), path, node, &self.copies))
                };
                field.before = shown(before, &change.before_path, &change.before);
                field.after = shown(after, &change.after_path, &change.after);
                let scalar = |node: &Option<Node>| node.as_ref().is_some_and(|node| node.scalar().is_some());
                if secret && field.action == FieldAction::Changed && scalar(&change.after) {
                    field.after = Some(secret::MASK_CHANGED.into());
                }
            }
        }
        field
    }

    fn images(&self, pair: &Pair<'_>, out: &mut Vec<ImageChange>) {
        let found = |object: Option<&Object>| -> Vec<(String, ImageUse)> {
            object.map_or_else(Vec::new, |object| {
                let uses = images(object).into_iter();
                uses.map(|image| (display_path(&object.node, &image.path), image)).collect()
            })
        };
        let (before, after) = (found(pair.before), found(pair.after));
        let Some(object) = pair.after.or(pair.before).map(Object::id) else { return };
        let find = |list: &[(String, ImageUse)], path: &str| -> Option<ImageUse> {
            list.iter().find(|(found, _)| found == path).map(|(_, image)| image.clone())
        };
        let gone = before.iter().filter(|(path, _)| find(&after, path).is_none());
        for (path, image) in after.iter().chain(gone) {
            let (old, new) = (find(&before, path), find(&after, path));
            if old.as_ref().map(|image| &image.image) == new.as_ref().map(|image| &image.image) {
                continue;
            }
            let text = |image: &Option<ImageUse>| {
                image.as_ref().map(|image| image.image.clone()).unwrap_or_default()
            };
            let shown = |image: Option<ImageUse>| {
                let text = image?.image;
                Some(if self.copies.hides(&text) { secret::MASK.to_owned() } else { text })
            };
            let offset = common_start(&text(&old), &text(&new));
            let at = |build: Option<&Build>, object: Option<&Object>, image: &Option<ImageUse>| {
                build?.location_of_part(object?, &image.as_ref()?.path, offset)
            };
            out.push(ImageChange {
                object: object.clone(),
                container: image.container.clone(),
                path: path.clone(),
                location: at(self.after, pair.after, &new).or_else(|| at(self.before, pair.before, &old)),
                before: shown(old),
                after: shown(new),
                rule: image.rule,
            });
        }
    }
}
/// Where two texts start to differ, in bytes; 0 for anything else.
pub(super) fn difference(before: Option<&Node>, after: Option<&Node>) -> usize {
    let text = |node: Option<&Node>| node.and_then(Node::as_str).map(str::to_owned).unwrap_or_default();
    common_start(&text(before), &text(after))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::files::Memory;
    use crate::kustomize::{BuildOptions, build};

    /// Copies a Secret's values with `replacements` and `vars`: whole, short, into a part of a text, into
    /// text of JSON, as a mapping, and onwards from where they were copied to.
    fn copying(password: &str, pin: &str) -> Build {
        let kustomization = "resources: [all.yaml]
vars:
- {name: PIN, objref: {apiVersion: v1, kind: Secret, name: login}, fieldref: {fieldPath: stringData.pin}}
replacements:
- source: {kind: Secret, name: login, fieldPath: stringData.password}
  targets:
  - select: {kind: ConfigMap}
    fieldPaths: [data.whole, data.json.password]
  - select: {kind: ConfigMap}
    fieldPaths: [data.part]
    options: {delimiter: ':', index: 1}
- source: {kind: Secret, name: login, fieldPath: stringData.pin}
  targets:
  - select: {kind: ConfigMap}
    fieldPaths: [data.pin]
  - select: {kind: ConfigMap}
    fieldPaths: [data.door]
    options: {delimiter: ':', index: 1}
- source: {kind: Secret, name: login, fieldPath: stringData}
  targets:
  - select: {kind: Pod}
    fieldPaths: [metadata.annotations]
- source: {kind: ConfigMap, name: settings, fieldPath: data.door}
  targets:
  - select: {kind: Pod}
    fieldPaths: [metadata.labels.door]
- source: {kind: Secret, name: login, fieldPath: metadata.name}
  targets:
  - select: {kind: Pod}
    fieldPaths: [metadata.labels.secret]
";
        let all = format!(
            "apiVersion: v1
kind: Secret
metadata: {{name: login}}
stringData: {{password: {password}, pin: '{pin}'}}
---
apiVersion: v1
kind: ConfigMap
metadata: {{name: settings}}
data: {{whole: x, json: '{{\"password\": \"x\"}}', part: 'user:x', pin: x, door: 'code:x', free: open}}
---
apiVersion: v1
kind: Pod
metadata: {{name: web, annotations: {{a: b}}, labels: {{door: x, secret: x}}}}
spec: {{containers: [{{name: web, image: web, command: [run, pin-$(PIN)]}}]}}
"
        );
        let files: Memory = [("kustomization.yaml", kustomization), ("all.yaml", &all)].into_iter().collect();
        build(&files, "", &BuildOptions { history: true, ..BuildOptions::default() }).unwrap()
    }

    #[test]
    fn copied_secret_values_are_masked() {
        let (before, after) = (copying("correct-horse", "17x"), copying("battery-staple", "93y"));
        let yaml = after.to_yaml().unwrap();
        for text in ["part: user:battery-staple", "door: code:93y", "pin-93y"] {
            assert!(yaml.contains(text), "the test copies nothing: {yaml}");
        }
        let compared = compare(Some(&before), Some(&after));
        let added = compare(Some(&copying_nothing()), Some(&after));
        let shown = [
            format!("{compared:?}"),
            format!("{added:?}"),
            after.to_annotated_yaml().unwrap(),
            after.objects.iter().map(|o| format!("{:?}", after.field_histories(o).unwrap())).collect(),
        ];
        for text in shown {
            for secret in ["correct-horse", "battery-staple", "17x", "93y"] {
                assert!(!text.contains(secret), "{secret} in {text}");
            }
            assert!(text.contains("login"), "the Secret's name is no secret: {text}");
        }
        let changed = |kind: &str, path: &str| {
            let object = compared.objects.iter().find(|o| o.id.kind == kind).unwrap();
            object.fields.iter().find(|f| f.path == path).unwrap().after.clone().unwrap()
        };
        for (kind, path) in
            [("ConfigMap", "data.door"), ("ConfigMap", "data.json"), ("Pod", "metadata.labels.door")]
        {
            assert_eq!(changed(kind, path), secret::MASK_CHANGED, "{path}");
        }
    }

    fn copying_nothing() -> Build {
        let files: Memory = [("kustomization.yaml", "configMapGenerator: [{name: a}]")].into_iter().collect();
        build(&files, "", &BuildOptions::default()).unwrap()
    }
}
