//! The objects of manifests: what a program hands in as files, folders or text.

use super::{FileKind, Files};
use crate::node::{Location, Node, Path, SourceMap, Value};
use crate::object::Object;
use crate::yaml::{self, Limits, ReadOptions};
use crate::{Error, ErrorKind, Result};

/// Objects, and the texts they were read from, which know their places.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct Manifests {
    /// The objects in the order they were read.
    pub objects: Vec<Object>,
    /// Resolves the spans of the objects' nodes into places.
    pub sources: SourceMap,
    /// Bounds on each text.
    pub limits: Limits,
    /// What a `List` is. Default [`Lists::Expand`].
    pub lists: Lists,
}

/// What an object of a kind that ends in `List` is, such as `kubectl get` prints for several objects.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Default)]
pub enum Lists {
    /// It stands for its items, as for `kubectl apply`.
    #[default]
    Expand,
    /// It is an object like any other, as for gator.
    Keep,
}

impl Manifests {
    /// Nothing yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// The same with other bounds on each text.
    #[must_use]
    pub fn with_limits(mut self, limits: Limits) -> Self {
        self.limits = limits;
        self
    }

    /// The same with another meaning of Lists.
    #[must_use]
    pub fn with_lists(mut self, lists: Lists) -> Self {
        self.lists = lists;
        self
    }

    /// Adds the objects of a stream of YAML documents, or of JSON. Empty documents are passed over; of equal
    /// keys in a mapping the last wins, as for kubectl. Items of a `PodList` and its like that name no type are
    /// of the type that the list names. `path` is what places call the text.
    ///
    /// # Errors
    /// [`ErrorKind::Yaml`] for what is no YAML, with code `not-an-object` for a document that is no
    /// mapping; [`ErrorKind::Limit`].
    pub fn add_text(&mut self, path: &str, content: &[u8]) -> Result<()> {
        let text = yaml::decode(path, content)?;
        let file = self.sources.add(path, text);
        let options = ReadOptions { limits: self.limits, last_key_wins: true, ..ReadOptions::default() };
        for document in yaml::read(&self.sources, file, &options)?.documents {
            self.add_document(document)?;
        }
        Ok(())
    }

    /// Adds the objects of a file or, of a directory, of all files below it whose names end in `.yaml`,
    /// `.yml` or `.json`, in the order of their names.
    ///
    /// # Errors
    /// As [`Manifests::add_text`]; [`ErrorKind::File`] for what cannot be read.
    pub fn add(&mut self, files: &dyn Files, path: &str) -> Result<()> {
        match files.kind(path)? {
            Some(FileKind::Directory) => {}
            _ => return self.add_text(&files.display(path), &files.read(path)?.bytes),
        }
        for entry in files.list(path)? {
            let below = super::join(path, &entry.name)?;
            match files.kind(&below)? {
                // A link to a directory may lead back to one above.
                Some(FileKind::Directory) if files.resolve(&below)? == below => self.add(files, &below)?,
                Some(FileKind::File) if is_manifest(&entry.name) => self.add(files, &below)?,
                _ => {}
            }
        }
        Ok(())
    }

    /// The place of the text that set the node at `path` of `object`, or of the nearest node above it
    /// that a text set.
    #[must_use]
    pub fn location(&self, object: &Object, path: &Path) -> Option<Location> {
        object.location(path, &self.sources)
    }

    fn add_document(&mut self, document: Node) -> Result<()> {
        match document.value {
            Value::Null => Ok(()),
            Value::Map(ref map) if map.is_empty() => Ok(()),
            Value::Map(_) if self.lists == Lists::Expand && is_list(&document) => {
                let items = document.get("items").and_then(Node::as_seq).unwrap_or_default();
                items.iter().try_for_each(|item| self.add_document(typed(item, &document)))
            }
            Value::Map(_) => {
                self.objects.push(Object::new(document));
                Ok(())
            }
            _ => {
                let message =
                    "a document of a manifest must be an object: a mapping with `apiVersion` and `kind`";
                let place = self.sources.locate(document.span);
                Err(Error::new(ErrorKind::Yaml, "not-an-object", message).at(place))
            }
        }
    }
}

fn is_manifest(name: &str) -> bool {
    [".yaml", ".yml", ".json"].iter().any(|end| name.ends_with(end))
}

/// An item of a list. An API server leaves out type and version of the items where the list tells them, as a
/// PodList does; they are filled in as by `k8s.io/apimachinery`.
fn typed(item: &Node, list: &Node) -> Node {
    let mut item = item.clone();
    let kind = list.get("kind").and_then(Node::as_str).and_then(|kind| kind.strip_suffix("List"));
    if let (Some(kind), Some(version), Some(map)) =
        (kind.filter(|kind| !kind.is_empty()), list.get("apiVersion"), item.as_map())
        && !map.contains_key("kind")
        && !map.contains_key("apiVersion")
        && let Some(map) = item.as_map_mut()
    {
        map.insert("apiVersion", version.clone());
        map.insert("kind", Node::string(kind, version.span));
    }
    item
}

/// What Kubernetes takes for a list of objects: a kind that ends so, with items.
fn is_list(document: &Node) -> bool {
    document.get("kind").and_then(Node::as_str).is_some_and(|kind| kind.ends_with("List"))
        && document.get("items").is_some_and(|items| items.as_seq().is_some() || items.is_null())
}

#[cfg(test)]
mod tests {
    use super::super::Memory;
    use super::*;

    fn names(manifests: &Manifests) -> Vec<&str> {
        manifests.objects.iter().map(Object::name).collect()
    }

    const LIST: &[u8] = b"{kind: PodList, items: [{kind: Pod, metadata: {name: a}}, {kind: List, items: [{metadata: {name: b}}]}]}";

    #[test]
    fn lists_stand_for_their_items() {
        let mut manifests = Manifests::new();
        manifests.add_text("list.yaml", LIST).unwrap();
        assert_eq!(names(&manifests), ["a", "b"]);
        let mut bare = Manifests::new();
        let text = b"{apiVersion: v1, kind: PodList, items: [{metadata: {name: a}}, {kind: Pod, metadata: {name: b}}]}";
        bare.add_text("list.yaml", text).unwrap();
        let types: Vec<_> =
            bare.objects.iter().map(|object| (object.api_version(), object.kind(), object.name())).collect();
        assert_eq!(types, [("v1", "Pod", "a"), ("", "Pod", "b")]);
        let mut kept = Manifests::new().with_lists(Lists::Keep);
        kept.add_text("list.yaml", LIST).unwrap();
        assert_eq!(kept.objects.len(), 1);
        let mut odd = Manifests::new();
        odd.add_text("odd.yaml", b"kind: AllowList\nspec: {}\n---\nkind: List\nitems: 1\n").unwrap();
        assert_eq!(odd.objects.len(), 2, "no list of objects");
        odd.add_text("none.yaml", b"kind: List\nitems: null\n").unwrap();
        assert_eq!(odd.objects.len(), 2, "an empty one");
    }

    #[test]
    fn streams() {
        let mut manifests = Manifests::new();
        let text = b"metadata: {name: a}\n---\n---\n# nothing\n---\n{}\n---\nmetadata: {name: b, name: c}\n";
        manifests.add_text("a.yaml", text).unwrap();
        assert_eq!(names(&manifests), ["a", "c"]);
        let place = manifests.sources.locate(manifests.objects[1].node.span).unwrap();
        assert_eq!(place.to_string(), "a.yaml:8:1");
        let error = manifests.add_text("b.yaml", b"a: b\n---\n- c\n").unwrap_err();
        assert_eq!((error.code(), error.location().unwrap().line), ("not-an-object", 3));
        let error = manifests.add_text("list.yaml", b"kind: List\nitems: [1]\n").unwrap_err();
        assert_eq!(error.code(), "not-an-object");
        manifests.limits.max_bytes = 3;
        assert_eq!(manifests.add_text("c.yaml", b"a: b\n").unwrap_err().kind(), ErrorKind::Limit);
    }

    #[test]
    fn folders() {
        let mut files = Memory::new();
        files.insert("m/b/c.yml", "metadata: {name: c}\n");
        files.insert("m/a.json", "{\"metadata\": {\"name\": \"a\"}}");
        files.insert("m/README.md", "# no manifest\n");
        files.insert("m/notes.txt", "metadata: {name: d}\n");
        let mut manifests = Manifests::new();
        manifests.add(&files, "m").unwrap();
        assert_eq!(names(&manifests), ["a", "c"]);
        manifests.add(&files, "m/notes.txt").unwrap();
        assert_eq!(names(&manifests), ["a", "c", "d"], "a file that is named is read");
        assert_eq!(manifests.add(&files, "n").unwrap_err().code(), "file-not-found");
    }
}
