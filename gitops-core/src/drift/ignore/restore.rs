//! Sets ignored fields back to their live values.
//!
//! A rule names a place by position; the same item may stand elsewhere in the other object. So a place is
//! turned into a field first, in which items of lists go by their keys.

use super::super::field_set::Element;
use super::super::items::{Shape, item_type, shape};
use crate::knowledge::structured_merge::{Schema, Type};
use crate::node::{Map, Node, Path, Segment, Span, Text};

/// The path of a JSON pointer in `node`, if it leads somewhere or to a key that a mapping lacks.
pub(super) fn resolve(node: &Node, pointer: &[Text]) -> Option<Path> {
    let mut path = Path::new();
    let mut at = Some(node);
    for part in pointer {
        let segment = match at.and_then(Node::as_seq) {
            Some(_) => Segment::Index(part.parse().ok()?),
            None => Segment::Key(part.clone()),
        };
        at = match &segment {
            Segment::Key(key) => at.and_then(|node| node.get(key)),
            Segment::Index(index) => Some(at?.as_seq()?.get(*index)?),
        };
        path.push(segment);
    }
    Some(path)
}

/// The field at `path` of `node`; `None` for an item that is not there.
pub(super) fn field(schema: &Schema, mut of: Type, node: &Node, path: &Path) -> Option<Vec<Element>> {
    let mut field = Vec::new();
    let mut at = Some(node);
    for segment in path.segments() {
        match segment {
            Segment::Key(key) => {
                field.push(Element::Field(key.clone()));
                at = at.and_then(|node| node.get(key));
                of = if of == Type::Atomic { of } else { schema.field(of, key).0 };
            }
            Segment::Index(index) => {
                let list = at?;
                field.push(match shape(schema, of, list) {
                    Shape::List(_, elements) => elements.get(*index)?.clone(),
                    _ => Element::Index(i64::try_from(*index).ok()?),
                });
                at = Some(list.as_seq()?.get(*index)?);
                of = item_type(schema, of);
            }
        }
    }
    Some(field)
}

/// Makes `field` of `node` what it is in `live`: the value, or absent.
pub(super) fn restore(schema: &Schema, of: Type, node: &mut Node, live: &Node, field: &[Element]) {
    let Some((first, rest)) = field.split_first() else {
        *node = live.clone();
        return;
    };
    let inner = match first {
        Element::Field(key) => schema.field(of, key).0,
        _ => item_type(schema, of),
    };
    let position = |node: &Node| match (shape(schema, of, node), first) {
        (Shape::List(_, elements), _) => elements.iter().position(|element| element == first),
        (_, Element::Index(index)) => usize::try_from(*index).ok(),
        _ => None,
    };
    match first {
        Element::Field(key) => {
            let Some(value) = live.get(key) else {
                remove(schema, inner, node, key, rest);
                return;
            };
            if !node.is_map() {
                return;
            }
            if node.get(key).is_none() {
                // The way is not there: only what the rule names comes back.
                let mut part = empty_like(value, rest);
                restore(schema, inner, &mut part, value, rest);
                if let Some(map) = node.as_map_mut() {
                    map.insert(key, part);
                }
            } else if let Some(found) = node.get_mut(key) {
                restore(schema, inner, found, value, rest);
            }
        }
        _ => {
            let item = position(live).and_then(|at| live.as_seq()?.get(at));
            match (item, position(node)) {
                (Some(item), Some(at)) => {
                    if let Some(found) = node.as_seq_mut().and_then(|items| items.get_mut(at)) {
                        restore(schema, inner, found, item, rest);
                    }
                }
                (Some(item), None) if rest.is_empty() => {
                    if let Some(items) = node.as_seq_mut() {
                        items.push(item.clone());
                    }
                }
                (None, Some(at)) if rest.is_empty() => {
                    if let Some(items) = node.as_seq_mut().filter(|items| at < items.len()) {
                        items.remove(at);
                    }
                }
                (None, Some(at)) => {
                    // The live object lacks the item, so it lacks the field.
                    if let (Some(Element::Field(key)), Some(found)) =
                        (rest.first(), node.as_seq_mut().and_then(|items| items.get_mut(at)))
                    {
                        remove(
                            schema,
                            schema.field(inner, key).0,
                            found,
                            key,
                            rest.get(1..).unwrap_or_default(),
                        );
                    }
                }
                _ => {}
            }
        }
    }
}

/// Takes a field away that the live object lacks, and the mappings that this leaves empty.
fn remove(schema: &Schema, of: Type, node: &mut Node, key: &Text, rest: &[Element]) {
    if node.get(key).is_none() {
        return;
    }
    let gone = match (rest.split_first(), node.get_mut(key)) {
        (None, _) => true,
        (Some((Element::Field(next), rest)), Some(found)) if found.is_map() => {
            let inner = if of == Type::Atomic { of } else { schema.field(of, next).0 };
            remove(schema, inner, found, next, rest);
            found.as_map().is_some_and(Map::is_empty)
        }
        (Some(_), Some(found)) => {
            let before = found.clone();
            restore(schema, of, found, &Node::seq(Vec::new(), before.span), rest);
            found.as_seq().is_some_and(<[Node]>::is_empty)
        }
        (Some(_), None) => false,
    };
    if gone && let Some(map) = node.as_map_mut() {
        map.remove(key);
    }
}

/// What a part of `value` is put into.
fn empty_like(value: &Node, rest: &[Element]) -> Node {
    match rest {
        [] => value.clone(),
        _ if value.is_map() => Node::map(Map::new(), Span::NONE),
        _ => Node::seq(Vec::new(), Span::NONE),
    }
}
