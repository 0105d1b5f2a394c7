//! Values that stand in several places of an object and change together.
//!
//! Where kustomize's transformers add a label or annotation to an object, they put one and the same
//! YAML node into every mapping that lacks the key (`SetEntry` of `api/filters/filtersutil`). What later
//! writes to one of these places writes to all of them: a patch that changes the label of a Deployment
//! changes its selector too, if `commonLabels` had added both. Places that had the key keep nodes of
//! their own. A JSON patch, which rebuilds the whole object, ends it.
//!
//! Here such places hold a text that shares its memory, and the object lists these texts.

use crate::kustomize::resource::Resource;
use crate::node::{Node, Path, Segment, Text, Value};

/// Where the shared texts of an object stand: for each, its places.
pub(crate) type Places = Vec<(Text, Vec<Path>)>;

/// What a change does to lists.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Lists {
    /// Elements keep their places.
    Stay,
    /// They may move or go.
    Move,
}

impl Resource {
    /// Says that the places of the object that hold exactly this text change together.
    pub(crate) fn share(&mut self, text: Text) {
        // All empty texts are one in memory, so they would tell nothing.
        if !text.is_empty() {
            self.shared.push(text);
        }
    }

    /// Does `change`, and repeats what it writes to one place of a shared text at the others. `lists` says
    /// whether elements of lists keep their places; else what now stands there may be another.
    pub(crate) fn changing<R>(&mut self, lists: Lists, change: impl FnOnce(&mut Self) -> R) -> R {
        if self.shared.is_empty() {
            return change(self);
        }
        let places = self.shared_places();
        let result = change(self);
        self.repeat(places, lists);
        result
    }

    fn shared_places(&self) -> Places {
        let mut places: Places = self.shared.iter().map(|text| (text.clone(), Vec::new())).collect();
        collect(&self.node, &mut Path::default(), &mut places);
        places
    }

    fn repeat(&mut self, places: Places, lists: Lists) {
        let known = |path: &Path| lists == Lists::Stay || !crosses_list(path);
        for (text, paths) in places {
            // The last writer wins; patches walk mappings in the order of their keys.
            let written = paths.iter().rev().find_map(|path| {
                let node = self.node.lookup(path)?;
                let replaced = !is(node, &text) && known(path);
                replaced.then(|| node.clone())
            });
            let Some(mut written) = written else { continue };
            self.shared.retain(|shared| !shared.shares_with(&text));
            if let Value::String(new) = &written.value {
                let new = Text::from(new.as_str());
                written.value = Value::String(new.clone());
                self.share(new);
            }
            for path in &paths {
                let there = self.node.lookup(path).is_some_and(|node| is(node, &text) || known(path));
                if there && let Some(node) = self.node.lookup_mut(path) {
                    *node = written.clone();
                }
            }
        }
    }
}

fn crosses_list(path: &Path) -> bool {
    path.segments().iter().any(|segment| matches!(segment, Segment::Index(_)))
}

fn is(node: &Node, text: &Text) -> bool {
    matches!(&node.value, Value::String(own) if own.shares_with(text))
}

fn collect(node: &Node, at: &mut Path, places: &mut Places) {
    match &node.value {
        Value::String(text) => {
            if let Some((_, paths)) = places.iter_mut().find(|(shared, _)| shared.shares_with(text)) {
                paths.push(at.clone());
            }
        }
        Value::Map(map) => {
            let mut entries: Vec<_> = map.entries().iter().collect();
            entries.sort_by(|a, b| a.key.cmp(&b.key));
            for entry in entries {
                let mut path = at.clone();
                path.push(Segment::Key(entry.key.clone()));
                collect(&entry.value, &mut path, places);
            }
        }
        Value::Seq(items) => {
            for (index, item) in items.iter().enumerate() {
                let mut path = at.clone();
                path.push(Segment::Index(index));
                collect(item, &mut path, places);
            }
        }
        _ => {}
    }
}
