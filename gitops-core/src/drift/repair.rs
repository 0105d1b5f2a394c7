//! The JSON Patch that makes a live object what it should be.
//!
//! Defaults and canonical forms were filled in before comparing. So three trees are walked: the live object
//! as it is, to which the patch must fit, the same with defaults, and the desired one.

use serde_json::Value as Json;

use super::items::{Shape, item_type, shape};
use super::model::PatchOperation;
use crate::knowledge::structured_merge::{Schema, Type};
use crate::node::{Map, Node, Path, Segment};

/// The operations that make `raw` what `desired` is, given that `live` is `raw` with defaults.
pub(crate) fn repair(
    schema: &Schema,
    of: Type,
    raw: &Node,
    live: &Node,
    desired: &Node,
) -> Vec<PatchOperation> {
    let mut walk = Walk { schema, path: Path::new(), out: Vec::new() };
    walk.nodes(of, raw, live, desired);
    walk.out
}

struct Walk<'a> {
    schema: &'a Schema,
    path: Path,
    out: Vec<PatchOperation>,
}

impl Walk<'_> {
    fn nodes(&mut self, of: Type, raw: &Node, live: &Node, desired: &Node) {
        if live == desired {
            return;
        }
        let schema = self.schema;
        match (raw.as_map(), shape(schema, of, live), shape(schema, of, desired)) {
            (Some(raw), Shape::Map(a), Shape::Map(b)) => self.maps(of, raw, a, b),
            (_, Shape::List(a, a_names), Shape::List(b, b_names)) => {
                let raw = raw.as_seq().unwrap_or_default();
                let kept: Vec<_> = a_names.iter().filter(|name| b_names.contains(name)).collect();
                // What is kept comes first and in its order, what is new after it.
                let simple = b_names.iter().take(kept.len()).eq(kept.iter().copied());
                if !simple || raw.len() != a.len() {
                    return self.replace(desired);
                }
                for (at, ((raw, live), name)) in raw.iter().zip(a).zip(&a_names).enumerate() {
                    let wanted = b_names.iter().position(|other| other == name).and_then(|at| b.get(at));
                    if let Some(wanted) = wanted {
                        self.path.push(Segment::Index(at));
                        self.nodes(item_type(schema, of), raw, live, wanted);
                        self.path.pop();
                    }
                }
                for at in (0..a.len()).rev() {
                    if a_names.get(at).is_some_and(|name| !b_names.contains(name)) {
                        self.out.push(PatchOperation::Remove { path: self.path.index(at).to_json_pointer() });
                    }
                }
                for item in b.iter().skip(kept.len()) {
                    let path = self.path.key("-").to_json_pointer();
                    self.out.push(PatchOperation::Add { path, value: json(item) });
                }
            }
            _ => self.replace(desired),
        }
    }

    fn maps(&mut self, of: Type, raw: &Map, live: &Map, desired: &Map) {
        for (key, wanted) in desired.iter().filter(|(_, wanted)| !wanted.is_null()) {
            self.path.push(Segment::Key(key.clone()));
            match (live.get(key), raw.get(key)) {
                (Some(live), Some(raw)) => self.nodes(self.schema.field(of, key).0, raw, live, wanted),
                (Some(live), None) if live == wanted => {}
                _ => self.add(wanted),
            }
            self.path.pop();
        }
        for key in live.keys().filter(|key| desired.get(key).is_none_or(Node::is_null)) {
            if raw.get(key).is_some_and(|node| !node.is_null()) {
                self.out.push(PatchOperation::Remove { path: self.path.key(key.clone()).to_json_pointer() });
            }
        }
    }

    fn add(&mut self, value: &Node) {
        let path = self.path.to_json_pointer();
        self.out.push(PatchOperation::Add { path, value: json(value) });
    }

    fn replace(&mut self, value: &Node) {
        let path = self.path.to_json_pointer();
        self.out.push(PatchOperation::Replace { path, value: json(value) });
    }
}

fn json(node: &Node) -> Json {
    serde_json::to_value(node).unwrap_or(Json::Null)
}
