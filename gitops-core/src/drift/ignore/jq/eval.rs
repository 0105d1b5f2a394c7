//! What an expression yields of an object, and where each value stands in it.

use std::cmp::Ordering;

use regex::RegexBuilder;

use super::{Function, Operator, Term};
use crate::node::{Node, Path, Scalar, Segment, Span, Value};

/// Steps of one evaluation, each of which yields or looks at one value.
const MOST_STEPS: usize = 100_000;
/// Bytes that a regular expression may take when compiled.
const LARGEST_REGEX: usize = 1 << 20;

/// A value, and its place if it is one of the object.
#[derive(Clone, Debug)]
struct Place {
    node: Node,
    path: Option<Path>,
}

/// Why there is no answer. jq has messages; a rule that fails just does not apply.
#[derive(Debug)]
pub(super) struct Failed {
    /// Whether `?` catches it.
    caught: bool,
}

const FAILED: Failed = Failed { caught: true };

type Places = Result<Vec<Place>, Failed>;

pub(super) fn paths(root: &Term, node: &Node) -> Result<Vec<Path>, Failed> {
    let mut eval = Eval { steps: 0 };
    let places = eval.term(root, &Place { node: node.clone(), path: Some(Path::new()) })?;
    // A value without a place is no path expression.
    places.into_iter().map(|place| place.path.ok_or(FAILED)).collect()
}

struct Eval {
    steps: usize,
}

/// What the last step of an expression leads to, from a place and with keys.
type Last = fn(&Place, &[Place]) -> Vec<Place>;

impl Eval {
    fn step(&mut self, count: usize) -> Result<(), Failed> {
        self.steps += count + 1;
        if self.steps > MOST_STEPS { Err(Failed { caught: false }) } else { Ok(()) }
    }

    fn term(&mut self, term: &Term, input: &Place) -> Places {
        self.step(0)?;
        match term {
            Term::Identity => Ok(vec![input.clone()]),
            Term::RecurseDefault => self.recurse(input),
            Term::Literal(node) => Ok(vec![value(node.clone())]),
            Term::Index(of, key) => {
                let keys = self.term(key, input)?;
                let mut out = Vec::new();
                for place in self.term(of, input)? {
                    for key in &keys {
                        self.step(0)?;
                        out.push(index(&place, &key.node)?);
                    }
                }
                Ok(out)
            }
            Term::Each(of) => {
                let mut out = Vec::new();
                for place in self.term(of, input)? {
                    let found = children(&place).ok_or(FAILED)?;
                    self.step(found.len())?;
                    out.extend(found);
                }
                Ok(out)
            }
            Term::Try(inner) => match self.term(inner, input) {
                // jq keeps what came before the failure; each value is tried alone here.
                Err(Failed { caught: true }) => self.each_tried(inner, input),
                result => result,
            },
            Term::Pipe(left, right) => {
                let mut out = Vec::new();
                for place in self.term(left, input)? {
                    out.extend(self.term(right, &place)?);
                }
                Ok(out)
            }
            Term::Comma(left, right) => {
                let mut out = self.term(left, input)?;
                out.extend(self.term(right, input)?);
                Ok(out)
            }
            Term::Alternative(left, right) => {
                let left = match self.term(left, input) {
                    Err(failed) if !failed.caught => return Err(failed),
                    left => left.unwrap_or_default(),
                };
                let truthy: Vec<_> = left.into_iter().filter(|place| is_true(&place.node)).collect();
                if truthy.is_empty() { self.term(right, input) } else { Ok(truthy) }
            }
            Term::Negative(inner) => {
                let negate = |place: Place| Some(number(-place.node.as_f64()?));
                self.term(inner, input)?.into_iter().map(|place| negate(place).ok_or(FAILED)).collect()
            }
            Term::Collect(None) => Ok(vec![value(Node::seq(Vec::new(), Span::NONE))]),
            Term::Collect(Some(inner)) => {
                let items = self.term(inner, input)?.into_iter().map(|place| place.node).collect();
                self.list(items)
            }
            Term::Binary(operator, left, right) => self.binary(*operator, left, right, input),
            Term::If(branches, otherwise) => self.condition(branches, otherwise.as_deref(), input),
            Term::Call(function, arguments) => self.call(*function, arguments, input),
        }
    }

    /// A list that was put together. What is in it counts, as lists of lists may double too.
    fn list(&mut self, items: Vec<Node>) -> Places {
        let list = Node::seq(items, Span::NONE);
        let left = MOST_STEPS.saturating_sub(self.steps);
        self.step(weight(&list, left))?;
        Ok(vec![value(list)])
    }

    /// `inner?` where `inner` failed for one of its inputs: the others count.
    fn each_tried(&mut self, inner: &Term, input: &Place) -> Places {
        let (of, last): (&Term, Last) = match inner {
            Term::Index(of, _) => {
                (of, |place, keys| keys.iter().filter_map(|key| index(place, &key.node).ok()).collect())
            }
            Term::Each(of) => (of, |place, _| children(place).unwrap_or_default()),
            _ => return Ok(Vec::new()),
        };
        let keys = match inner {
            Term::Index(_, key) => self.term(key, input)?,
            _ => Vec::new(),
        };
        let places = match self.term(of, input) {
            Err(failed) if !failed.caught => return Err(failed),
            places => places.unwrap_or_default(),
        };
        let out: Vec<_> = places.iter().flat_map(|place| last(place, &keys)).collect();
        self.step(out.len())?;
        Ok(out)
    }

    fn recurse(&mut self, input: &Place) -> Places {
        let mut out = vec![input.clone()];
        let mut next = 0;
        while let Some(place) = out.get(next) {
            let below = children(place).unwrap_or_default();
            self.step(below.len())?;
            // Depth first, as jq has it.
            out.splice(next + 1..next + 1, below);
            next += 1;
        }
        Ok(out)
    }

    fn condition(&mut self, branches: &[(Term, Term)], otherwise: Option<&Term>, input: &Place) -> Places {
        let Some(((condition, then), rest)) = branches.split_first() else {
            return otherwise.map_or(Ok(vec![input.clone()]), |term| self.term(term, input));
        };
        let mut out = Vec::new();
        for verdict in self.term(condition, input)? {
            out.extend(match is_true(&verdict.node) {
                true => self.term(then, input)?,
                false => self.condition(rest, otherwise, input)?,
            });
        }
        Ok(out)
    }

    fn binary(&mut self, operator: Operator, left: &Term, right: &Term, input: &Place) -> Places {
        let mut out = Vec::new();
        for a in self.term(left, input)? {
            let decided = match operator {
                Operator::And if !is_true(&a.node) => Some(false),
                Operator::Or if is_true(&a.node) => Some(true),
                _ => None,
            };
            if let Some(decided) = decided {
                out.push(boolean(decided));
                continue;
            }
            for b in self.term(right, input)? {
                let found = binary(operator, &a.node, &b.node).ok_or(FAILED)?;
                // Text may double with every sum.
                self.step(found.node.as_str().map_or(0, str::len) / 100)?;
                out.push(found);
            }
        }
        Ok(out)
    }

    fn call(&mut self, function: Function, arguments: &[Term], input: &Place) -> Places {
        let node = &input.node;
        let text = || node.as_str().ok_or(FAILED);
        match (function, arguments) {
            (Function::Empty, _) => Ok(Vec::new()),
            (Function::Select, [condition]) => {
                let verdicts = self.term(condition, input)?;
                Ok(verdicts.iter().filter(|verdict| is_true(&verdict.node)).map(|_| input.clone()).collect())
            }
            (Function::Recurse, []) => self.recurse(input),
            (Function::Recurse, [step]) => {
                let mut out = vec![input.clone()];
                let mut next = 0;
                while let Some(place) = out.get(next).cloned() {
                    out.extend(self.term(step, &place)?);
                    next += 1;
                }
                Ok(out)
            }
            (Function::First, []) => Ok(vec![index(input, &number(0.0).node)?]),
            (Function::Last, []) => Ok(vec![index(input, &number(-1.0).node)?]),
            (Function::First, [of]) => Ok(self.term(of, input)?.into_iter().take(1).collect()),
            (Function::Last, [of]) => Ok(self.term(of, input)?.pop().into_iter().collect()),
            (Function::GetPath, [path]) => {
                let mut out = Vec::new();
                for path in self.term(path, input)? {
                    let keys = path.node.as_seq().ok_or(FAILED)?;
                    out.push(keys.iter().try_fold(input.clone(), |place, key| index(&place, key))?);
                }
                Ok(out)
            }
            (Function::Map, [of]) => {
                let mut items = Vec::new();
                for place in children(input).ok_or(FAILED)? {
                    items.extend(self.term(of, &place)?.into_iter().map(|place| place.node));
                }
                self.list(items)
            }
            (Function::Any | Function::All, conditions) => {
                let mut verdicts = Vec::new();
                for place in children(input).ok_or(FAILED)? {
                    match conditions {
                        [condition] => {
                            let found = self.term(condition, &place)?;
                            verdicts.extend(found.iter().map(|verdict| is_true(&verdict.node)));
                        }
                        _ => verdicts.push(is_true(&place.node)),
                    }
                }
                let any = function == Function::Any;
                Ok(vec![boolean(if any { verdicts.contains(&true) } else { !verdicts.contains(&false) })])
            }
            (Function::Not, _) => Ok(vec![boolean(!is_true(node))]),
            (Function::Type, _) => Ok(vec![string(type_name(node))]),
            (Function::Length, _) => Ok(vec![number(length(node).ok_or(FAILED)?)]),
            (Function::Keys, _) => {
                let mut keys: Vec<_> = match (node.as_map(), node.as_seq()) {
                    (Some(map), _) => map.keys().map(|key| string(key).node).collect(),
                    (_, Some(items)) => (0..items.len()).map(|at| number(at as f64).node).collect(),
                    _ => return Err(FAILED),
                };
                keys.sort_by(order);
                Ok(vec![value(Node::seq(keys, Span::NONE))])
            }
            (Function::Downcase, _) => Ok(vec![string(&text()?.to_ascii_lowercase())]),
            (Function::Upcase, _) => Ok(vec![string(&text()?.to_ascii_uppercase())]),
            (Function::ToString, _) => match node.as_str() {
                Some(text) => Ok(vec![string(text)]),
                None => Ok(vec![string(&serde_json::to_string(node).map_err(|_| FAILED)?)]),
            },
            (Function::ToNumber, _) => {
                let parsed = node.as_f64().or_else(|| node.as_str()?.trim().parse().ok());
                Ok(vec![number(parsed.ok_or(FAILED)?)])
            }
            (Function::Test, [pattern, rest @ ..]) => {
                let flags = match rest {
                    [flags] => self.term(flags, input)?,
                    _ => vec![string("")],
                };
                let mut out = Vec::new();
                for pattern in self.term(pattern, input)? {
                    for flags in &flags {
                        let flags = flags.node.as_str().unwrap_or("");
                        out.push(boolean(test(text()?, pattern.node.as_str().ok_or(FAILED)?, flags)?));
                    }
                }
                self.step(out.len() * 100)?;
                Ok(out)
            }
            (function, [argument]) => {
                let mut out = Vec::new();
                for argument in self.term(argument, input)? {
                    self.step(0)?;
                    out.push(boolean(check(function, node, &argument.node).ok_or(FAILED)?));
                }
                Ok(out)
            }
            _ => Err(FAILED),
        }
    }
}

fn check(function: Function, node: &Node, argument: &Node) -> Option<bool> {
    Some(match function {
        Function::StartsWith => node.as_str()?.starts_with(argument.as_str()?),
        Function::EndsWith => node.as_str()?.ends_with(argument.as_str()?),
        Function::Has => match (node.as_map(), node.as_seq()) {
            (Some(map), _) => map.contains_key(argument.as_str()?),
            (_, Some(items)) => usize::try_from(argument.as_i64()?).is_ok_and(|at| at < items.len()),
            _ => return None,
        },
        Function::Contains => contains(node, argument)?,
        Function::In => contains(argument, node)?,
        _ => return None,
    })
}

fn contains(a: &Node, b: &Node) -> Option<bool> {
    Some(match (&a.value, &b.value) {
        (Value::Map(a), Value::Map(b)) => {
            b.iter().all(|(key, b)| a.get(key).is_some_and(|a| contains(a, b) == Some(true)))
        }
        (Value::Seq(a), Value::Seq(b)) => b.iter().all(|b| a.iter().any(|a| contains(a, b) == Some(true))),
        _ => match (a.as_str(), b.as_str()) {
            (Some(a), Some(b)) => a.contains(b),
            _ if type_name(a) == type_name(b) => a == b,
            _ => return None,
        },
    })
}

fn test(text: &str, pattern: &str, flags: &str) -> Result<bool, Failed> {
    let mut builder = RegexBuilder::new(pattern);
    builder.size_limit(LARGEST_REGEX).case_insensitive(flags.contains('i'));
    builder.dot_matches_new_line(flags.contains('s')).ignore_whitespace(flags.contains('x'));
    Ok(builder.build().map_err(|_| FAILED)?.is_match(text))
}

fn binary(operator: Operator, a: &Node, b: &Node) -> Option<Place> {
    let compare = |wanted: fn(Ordering) -> bool| Some(boolean(wanted(order(a, b))));
    match operator {
        Operator::Or | Operator::And => Some(boolean(is_true(b))),
        Operator::Equal => Some(boolean(a == b)),
        Operator::NotEqual => Some(boolean(a != b)),
        Operator::Less => compare(Ordering::is_lt),
        Operator::LessOrEqual => compare(Ordering::is_le),
        Operator::Greater => compare(Ordering::is_gt),
        Operator::GreaterOrEqual => compare(Ordering::is_ge),
        Operator::Add => match (a.as_str(), b.as_str()) {
            (Some(a), Some(b)) => Some(string(&[a, b].concat())),
            _ if a.is_null() => Some(value(b.clone())),
            _ if b.is_null() => Some(value(a.clone())),
            _ => Some(number(a.as_f64()? + b.as_f64()?)),
        },
        Operator::Subtract => Some(number(a.as_f64()? - b.as_f64()?)),
        Operator::Multiply => Some(number(a.as_f64()? * b.as_f64()?)),
        Operator::Divide => Some(number(a.as_f64()? / b.as_f64().filter(|b| *b != 0.0)?)),
    }
}

/// jq's order: null, false, true, numbers, text, lists, mappings.
fn order(a: &Node, b: &Node) -> Ordering {
    let rank = |node: &Node| match type_name(node) {
        "null" => 0,
        "boolean" => 1 + u8::from(node.as_bool() == Some(true)),
        "number" => 3,
        "string" => 4,
        "array" => 5,
        _ => 6,
    };
    let numbers = || a.as_f64().zip(b.as_f64()).map(|(a, b)| a.total_cmp(&b));
    let texts = || a.as_str().zip(b.as_str()).map(|(a, b)| a.cmp(b));
    rank(a).cmp(&rank(b)).then_with(|| numbers().or_else(texts).unwrap_or(Ordering::Equal))
}

fn index(place: &Place, key: &Node) -> Result<Place, Failed> {
    let (segment, found) = match (&place.node.value, key.as_str(), key.as_i64()) {
        (Value::Map(map), Some(name), _) => (Segment::Key(name.into()), map.get(name)),
        (Value::Seq(items), _, Some(at)) => {
            let at = if at < 0 { at + items.len() as i64 } else { at };
            let at = usize::try_from(at).map_err(|_| FAILED)?;
            (Segment::Index(at), items.get(at))
        }
        _ if place.node.is_null() => match (key.as_str(), key.as_i64()) {
            (Some(name), _) => (Segment::Key(name.into()), None),
            (_, Some(at)) => (Segment::Index(usize::try_from(at).map_err(|_| FAILED)?), None),
            _ => return Err(FAILED),
        },
        _ => return Err(FAILED),
    };
    let path = place.path.as_ref().map(|path| {
        let mut path = path.clone();
        path.push(segment);
        path
    });
    Ok(Place { node: found.cloned().unwrap_or_default(), path })
}

fn children(place: &Place) -> Option<Vec<Place>> {
    let below = |segment: Segment, node: &Node| {
        let path = place.path.as_ref().map(|path| {
            let mut path = path.clone();
            path.push(segment);
            path
        });
        Place { node: node.clone(), path }
    };
    match &place.node.value {
        Value::Map(map) => {
            Some(map.iter().map(|(key, node)| below(Segment::Key(key.clone()), node)).collect())
        }
        Value::Seq(items) => {
            Some(items.iter().enumerate().map(|(at, node)| below(Segment::Index(at), node)).collect())
        }
        _ => None,
    }
}

/// How many values there are in `node`, or more than `most`.
fn weight(node: &Node, most: usize) -> usize {
    let mut count = 1;
    let mut add = |node: &Node| {
        if count <= most {
            count += weight(node, most - count);
        }
    };
    match &node.value {
        Value::Map(map) => map.iter().for_each(|(_, node)| add(node)),
        Value::Seq(items) => items.iter().for_each(add),
        _ => {}
    }
    count
}

fn is_true(node: &Node) -> bool {
    !matches!(node.scalar(), Some(Scalar::Null | Scalar::Bool(false)))
}

fn length(node: &Node) -> Option<f64> {
    Some(match (&node.value, node.scalar()) {
        (Value::Map(map), _) => map.len() as f64,
        (Value::Seq(items), _) => items.len() as f64,
        (_, Some(Scalar::String(text))) => text.chars().count() as f64,
        (_, Some(Scalar::Null)) => 0.0,
        _ => node.as_f64()?.abs(),
    })
}

fn type_name(node: &Node) -> &'static str {
    match node.scalar() {
        None if node.is_map() => "object",
        None => "array",
        Some(Scalar::Null) => "null",
        Some(Scalar::Bool(_)) => "boolean",
        Some(Scalar::String(_)) => "string",
        Some(_) => "number",
    }
}

fn value(node: Node) -> Place {
    Place { node, path: None }
}

fn boolean(verdict: bool) -> Place {
    value(Node::new(Value::Bool(verdict), Span::NONE))
}

fn number(number: f64) -> Place {
    let whole = number.fract() == 0.0 && number.abs() < 9e15;
    value(Node::new(if whole { Value::Int(number as i64) } else { Value::Float(number) }, Span::NONE))
}

fn string(text: &str) -> Place {
    value(Node::string(text, Span::NONE))
}
