//! What differs between a live object and what it should be, field by field.
//!
//! Below a value that is replaced whole the walk goes on, so that people see what differs in it.

use super::field_set::{Atom, Element};
use super::items::{Index, Shape, item_type, shape};
use crate::knowledge::structured_merge::{Schema, Type};
use crate::node::{Map, Node, Path, Segment, Span};
use crate::object::items::{Names, best_identity};

/// A field that differs.
#[derive(Clone, Debug)]
pub(crate) struct Difference {
    /// The way as the API server names it; ends at a value that is replaced whole.
    pub(crate) field: Vec<Element>,
    /// The way for people: `spec.containers[web].image`.
    pub(crate) display: String,
    /// The way in the live object, or to the nearest parent there is.
    pub(crate) live_path: Path,
    /// The way in the desired object, or to the nearest parent there is.
    pub(crate) desired_path: Path,
    /// The live value.
    pub(crate) live: Option<Node>,
    /// The desired value.
    pub(crate) desired: Option<Node>,
    /// Whether the same items stand in another order.
    pub(crate) order: bool,
}

/// The fields in which `desired` differs from `live`. A null counts as absent.
pub(crate) fn differences(schema: &Schema, of: Type, live: &Node, desired: &Node) -> Vec<Difference> {
    let mut walk = Walk::new(schema);
    walk.nodes(of, live, desired);
    walk.out
}

struct Walk<'a> {
    schema: &'a Schema,
    field: Vec<Element>,
    /// How many values that are replaced whole the walk is in.
    whole: usize,
    display: String,
    live: Path,
    desired: Path,
    /// The innermost key, which names a list.
    key: String,
    out: Vec<Difference>,
}

/// One step down.
struct Step<'a> {
    element: Element,
    label: String,
    of: Type,
    live: Option<(Segment, &'a Node)>,
    desired: Option<(Segment, &'a Node)>,
}

impl<'a> Walk<'a> {
    fn new(schema: &'a Schema) -> Self {
        Self {
            schema,
            field: Vec::new(),
            whole: 0,
            display: String::new(),
            live: Path::new(),
            desired: Path::new(),
            key: String::new(),
            out: Vec::new(),
        }
    }

    fn nodes(&mut self, of: Type, live: &Node, desired: &Node) {
        if live == desired {
            return;
        }
        match (shape(self.schema, of, live), shape(self.schema, of, desired)) {
            (Shape::Map(a), Shape::Map(b)) => self.maps(of, a, b),
            (Shape::List(a, a_names), Shape::List(b, b_names)) => {
                self.lists(of, (a, &a_names), (b, &b_names));
            }
            _ => {
                self.whole += 1;
                self.values(live, desired);
                self.whole -= 1;
            }
        }
    }

    /// Values that are replaced whole.
    fn values(&mut self, live: &Node, desired: &Node) {
        match (live.as_map(), desired.as_map(), live.as_seq(), desired.as_seq()) {
            (Some(a), Some(b), ..) if !a.is_empty() && !b.is_empty() => self.maps(Type::Atomic, a, b),
            (.., Some(a), Some(b)) if !a.is_empty() && !b.is_empty() => self.plain_lists(live, desired, a, b),
            _ => self.record(Some(live), Some(desired), false),
        }
    }

    fn maps(&mut self, of: Type, a: &Map, b: &Map) {
        let mut keys: Vec<_> = a.keys().chain(b.keys().filter(|key| !a.contains_key(key))).collect();
        keys.sort_unstable();
        for key in keys {
            let segment = || Segment::Key(key.clone());
            let label = Path::of_keys(&[key]).to_string();
            let dot = if self.display.is_empty() || label.starts_with('[') { "" } else { "." };
            let outer = std::mem::replace(&mut self.key, key.to_string());
            self.step(Step {
                element: Element::Field(key.clone()),
                label: format!("{dot}{label}"),
                of: if of == Type::Atomic { of } else { self.schema.field(of, key).0 },
                live: a.get(key).map(|node| (segment(), node)),
                desired: b.get(key).map(|node| (segment(), node)),
            });
            self.key = outer;
        }
    }

    fn lists(&mut self, of: Type, (a, a_names): (&[Node], &[Element]), (b, b_names): (&[Node], &[Element])) {
        let (in_live, in_desired) = (Index::new(a_names), Index::new(b_names));
        if in_live.repeats() || in_desired.repeats() {
            // Items that stand twice cannot be told apart.
            let seq = |items: &[Node]| Node::seq(items.to_vec(), Span::NONE);
            return self.record(Some(&seq(a)), Some(&seq(b)), false);
        }
        let inner = item_type(self.schema, of);
        let at = |at: usize, node| (Segment::Index(at), node);
        for (i, (node, element)) in a.iter().zip(a_names).enumerate() {
            let other = in_desired.find(element).and_then(|found| Some(at(found.at, b.get(found.at)?)));
            let label = format!("[{}]", label(element));
            let live = Some(at(i, node));
            self.step(Step { element: element.clone(), label, of: inner, live, desired: other });
        }
        for (i, (node, element)) in b.iter().zip(b_names).enumerate() {
            if in_live.find(element).is_none() {
                let label = format!("[{}]", label(element));
                let desired = Some(at(i, node));
                self.step(Step { element: element.clone(), label, of: inner, live: None, desired });
            }
        }
        let common = |names: &[Element], other: &Index<'_>| -> Vec<Node> {
            let names = names.iter().filter(|name| other.find(name).is_some());
            names.map(|name| Node::string(label(name), Span::NONE)).collect()
        };
        let (was, wanted) = (common(a_names, &in_desired), common(b_names, &in_live));
        if was != wanted {
            let seq = |items| Node::seq(items, Span::NONE);
            self.record(Some(&seq(was)), Some(&seq(wanted)), true);
        }
    }

    /// Lists that are replaced whole: by what people take for the names of the items, by position if they
    /// are of one length, else as one value.
    fn plain_lists(&mut self, live: &Node, desired: &Node, a: &[Node], b: &[Node]) {
        let names = best_identity(&self.key, a, b);
        let same_order = |names: &Names| {
            let common = |from: &[String], other: &[String]| -> Vec<String> {
                from.iter().filter(|name| other.contains(name)).cloned().collect()
            };
            common(&names.before, &names.after) == common(&names.after, &names.before)
        };
        let pairs: Vec<(String, Option<usize>, Option<usize>)> = match names.filter(same_order) {
            Some(names) => {
                let find = |list: &[String], name: &String| list.iter().position(|other| other == name);
                let had = names.before.iter().enumerate();
                let added = names.after.iter().enumerate().filter(|(_, name)| !names.before.contains(name));
                had.map(|(at, name)| (name.clone(), Some(at), find(&names.after, name)))
                    .chain(added.map(|(at, name)| (name.clone(), None, Some(at))))
                    .collect()
            }
            None if a.len() == b.len() => {
                (0..a.len()).map(|at| (at.to_string(), Some(at), Some(at))).collect()
            }
            None => return self.record(Some(live), Some(desired), false),
        };
        for (name, i, j) in pairs {
            self.step(Step {
                element: Element::Index(i.or(j).unwrap_or(0) as i64),
                label: format!("[{name}]"),
                of: Type::Atomic,
                live: i.and_then(|i| Some((Segment::Index(i), a.get(i)?))),
                desired: j.and_then(|j| Some((Segment::Index(j), b.get(j)?))),
            });
        }
    }

    fn step(&mut self, step: Step<'_>) {
        let length = self.display.len();
        self.display.push_str(&step.label);
        let in_live = step.live.as_ref().map(|(segment, _)| self.live.push(segment.clone())).is_some();
        let in_desired =
            step.desired.as_ref().map(|(segment, _)| self.desired.push(segment.clone())).is_some();
        // The API server names nothing below a value that is replaced whole.
        let named = self.whole == 0;
        if named {
            self.field.push(step.element);
        }
        match (step.live.map(|side| side.1), step.desired.map(|side| side.1)) {
            (Some(live), Some(desired)) if named => self.nodes(step.of, live, desired),
            (Some(live), Some(desired)) if live != desired => self.values(live, desired),
            (Some(_), Some(_)) | (None, None) => {}
            (live, desired) => {
                let absent = |node: Option<&Node>| node.is_none_or(Node::is_null);
                if !(absent(live) && absent(desired)) {
                    self.record(live, desired, false);
                }
            }
        }
        if named {
            self.field.pop();
        }
        if in_live {
            self.live.pop();
        }
        if in_desired {
            self.desired.pop();
        }
        self.display.truncate(length);
    }

    fn record(&mut self, live: Option<&Node>, desired: Option<&Node>, order: bool) {
        self.out.push(Difference {
            field: self.field.clone(),
            display: self.display.clone(),
            live_path: self.live.clone(),
            desired_path: self.desired.clone(),
            live: live.cloned(),
            desired: desired.cloned(),
            order,
        });
    }
}

/// What stands between the brackets for people: `web`, `port=80`, `kubernetes`.
fn label(element: &Element) -> String {
    let text = |atom: &Atom| match atom {
        Atom::String(text) => text.to_string(),
        other => other.to_string(),
    };
    match element {
        Element::Field(name) => name.to_string(),
        Element::Value(value) => text(value),
        Element::Index(index) => index.to_string(),
        Element::Key(fields) => match fields.as_slice() {
            [(key, value)] if key == "name" => text(value),
            fields => {
                // TCP is what nobody writes.
                let said = fields.iter().filter(|(key, value)| key != "protocol" || text(value) != "TCP");
                said.map(|(key, value)| format!("{key}={}", text(value))).collect::<Vec<_>>().join(",")
            }
        },
    }
}
