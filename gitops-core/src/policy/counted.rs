//! regorus' own functions that copy or make text, lists and objects, with what they make counted.
//!
//! Each makes little more than it is given, but a policy can call it on a long text a million times and keep
//! the results, or feed it with its own result.

use std::collections::BTreeSet;
use std::sync::LazyLock;

use regorus::Value;
use regorus::unstable::{BUILTINS, BuiltinFcn, Expr, Ref, Source, Span};

use super::bounded::{Bounded, Meter, TooMuch};

/// What an entry of a list, set or object counts, in bytes.
const ENTRY: usize = 64;

/// The most arguments a function of regorus has.
const MAX_ARGS: usize = 8;

type Counted = Result<Value, TooMuch>;

/// Functions of which all that they give is new.
macro_rules! making {
    ($name:literal, $arity:literal) => {
        ($name, $arity, |args, meter| {
            let made = named($name, args);
            meter.take_text(&made)?;
            Ok(made)
        })
    };
}

/// Functions whose result is a new collection of parts of their arguments.
macro_rules! collecting {
    ($name:literal, $arity:literal) => {
        ($name, $arity, |args, meter| {
            let made = named($name, args);
            meter.take(count(&made).saturating_mul(ENTRY))?;
            Ok(made)
        })
    };
}

/// Functions that compare each element of one list with each of another.
macro_rules! pairing {
    ($name:literal) => {
        ($name, 2, |args, meter| {
            let pairs = args.iter().map(count).fold(1_usize, usize::saturating_mul);
            meter.take(pairs)?;
            Ok(named($name, args))
        })
    };
}

/// Name, number of arguments, function.
pub(super) static FUNCTIONS: &[(&str, u8, Bounded)] = &[
    making!("base64.decode", 1),
    making!("base64url.decode", 1),
    making!("format_int", 2),
    making!("glob.quote_meta", 1),
    making!("hex.decode", 1),
    making!("indexof_n", 2),
    making!("json.marshal_with_options", 2),
    making!("json.unmarshal", 1),
    making!("lower", 1),
    making!("regex.find_all_string_submatch_n", 3),
    making!("regex.find_n", 3),
    making!("regex.split", 2),
    making!("strings.reverse", 1),
    making!("substring", 3),
    making!("trim", 2),
    making!("trim_left", 2),
    making!("trim_prefix", 2),
    making!("trim_right", 2),
    making!("trim_space", 1),
    making!("trim_suffix", 2),
    making!("upper", 1),
    collecting!("array.reverse", 1),
    collecting!("array.slice", 3),
    collecting!("intersection", 1),
    collecting!("json.filter", 2),
    collecting!("json.remove", 2),
    collecting!("object.filter", 2),
    collecting!("object.keys", 1),
    collecting!("object.remove", 2),
    collecting!("object.union", 2),
    collecting!("object.union_n", 1),
    collecting!("sort", 1),
    collecting!("union", 1),
    pairing!("strings.any_prefix_match"),
    pairing!("strings.any_suffix_match"),
    ("json.patch", 2, patch),
    ("graph.reachable_paths", 2, reachable_paths),
];

/// What regorus' functions are told of the place they are called at, for messages that nobody sees.
static NOWHERE: LazyLock<Option<(Span, Vec<Ref<Expr>>)>> = LazyLock::new(|| {
    let source = Source::from_contents(String::new(), String::new()).ok()?;
    let span = Span { source, line: 1, col: 1, start: 0, end: 0 };
    let null = Ref::new(Expr::Null { span: span.clone(), value: Value::Null, eidx: 0 });
    Some((span, vec![null; MAX_ARGS]))
});

/// Calls a function of regorus; its error is no value.
pub(crate) fn call((function, _): BuiltinFcn, args: &[Value]) -> Value {
    let Some((span, exprs)) = NOWHERE.as_ref() else { return Value::Undefined };
    let Some(exprs) = exprs.get(..args.len()) else { return Value::Undefined };
    function(span, exprs, args, false).unwrap_or(Value::Undefined)
}

/// Calls a function of regorus by its name.
fn named(name: &str, args: &[Value]) -> Value {
    BUILTINS.get(name).map_or(Value::Undefined, |function| call(*function, args))
}

/// How many entries a value has.
fn count(value: &Value) -> usize {
    match value {
        Value::Array(items) => items.len(),
        Value::Set(items) => items.len(),
        Value::Object(map) => map.len(),
        _ => 1,
    }
}

/// A document after the operations of a JSON patch. Each may double it, so each is looked at.
fn patch(args: &[Value], meter: &Meter) -> Counted {
    let [document, Value::Array(operations)] = args else { return Ok(Value::Undefined) };
    let mut document = document.clone();
    for operation in operations.iter() {
        let one = Value::from(vec![operation.clone()]);
        document = named("json.patch", &[document, one]);
        if document == Value::Undefined {
            break;
        }
        meter.take(count(&document).saturating_mul(ENTRY))?;
        meter.weigh_copied(&document)?;
    }
    Ok(document)
}

/// The neighbours of a node; `None` where the graph does not have it.
fn neighbours<'a>(graph: &'a Value, node: &Value) -> Option<Vec<&'a Value>> {
    match graph.as_object().ok()?.get(node)? {
        Value::Array(items) => Some(items.iter().collect()),
        Value::Set(items) => Some(items.iter_sorted().collect()),
        _ => Some(Vec::new()),
    }
}

/// The paths without a circle from nodes of a graph to where they cannot go on; there may be exponentially
/// many. One ends at a node without neighbours, before one that the graph does not have, and before one it
/// has been at.
fn reachable_paths(args: &[Value], meter: &Meter) -> Counted {
    let [graph @ Value::Object(_), start] = args else { return Ok(Value::Undefined) };
    let starts: Vec<&Value> = match start {
        Value::Array(items) => items.iter().collect(),
        Value::Set(items) => items.iter_sorted().collect(),
        _ => return Ok(Value::Undefined),
    };
    let mut paths = BTreeSet::new();
    for start in starts {
        // Depth first: the path, and what of each of its nodes' neighbours is left.
        let (mut path, mut left) = (Vec::new(), Vec::new());
        let mut next = neighbours(graph, start).map(|neighbours| (start, neighbours));
        loop {
            let ends = match next.take() {
                Some((node, neighbours)) => {
                    path.push(node.clone());
                    let ends = neighbours.is_empty();
                    left.push(neighbours);
                    ends
                }
                None => !path.is_empty(),
            };
            if ends {
                meter.take((path.len() + 1) * ENTRY)?;
                paths.insert(Value::from(path.clone()));
            }
            while left.last().is_some_and(Vec::is_empty) {
                path.pop();
                left.pop();
            }
            let Some(node) = left.last_mut().and_then(Vec::pop) else { break };
            meter.take(path.len())?;
            if !path.contains(node) {
                next = neighbours(graph, node).map(|neighbours| (node, neighbours));
            }
        }
    }
    Ok(Value::from(paths))
}

#[cfg(test)]
mod tests {
    use serde_json::{Value as Json, json};

    use super::super::bounded::Patterns;
    use super::*;

    fn run(name: &str, limit: usize, args: &Json) -> Result<Value, TooMuch> {
        let (.., function) = FUNCTIONS.iter().find(|(known, ..)| *known == name).unwrap();
        let args = Value::from_json_str(&args.to_string()).unwrap();
        let args: Vec<Value> = args.as_array().unwrap().iter().cloned().collect();
        function(&args, &Meter::new(limit, &Patterns::default()))
    }

    #[test]
    fn each_is_known_to_regorus_with_these_arguments() {
        for (name, arity, _) in FUNCTIONS {
            assert_eq!(BUILTINS.get(name).map(|(_, arity)| arity), Some(arity), "{name}");
        }
    }

    #[test]
    fn what_they_make_is_counted() {
        let long = "x".repeat(600);
        for (name, args, expected) in [
            ("lower", json!(["AB"]), json!("ab")),
            ("substring", json!(["abc", 1, -1]), json!("bc")),
            ("sort", json!([[2, 1]]), json!([1, 2])),
            ("strings.any_prefix_match", json!([["ab"], ["b", "a"]]), json!(true)),
            ("json.patch", json!([{}, [{"op": "add", "path": "/a", "value": 1}]]), json!({"a": 1})),
        ] {
            let made = run(name, 1 << 20, &args).unwrap();
            assert_eq!(made, Value::from_json_str(&expected.to_string()).unwrap(), "{name}");
        }
        let copy = json!({"op": "copy", "from": "", "path": "/a"});
        for (name, args) in [
            ("lower", json!([long])),
            ("sort", json!([vec![0; 40]])),
            ("strings.any_suffix_match", json!([vec!["a"; 40], vec!["b"; 40]])),
            ("json.patch", json!([{"b": {}}, vec![copy.clone(); 60]])),
            ("json.patch", json!([{"b": {}}, vec![copy; 1000]])),
        ] {
            assert!(run(name, 500, &args).is_err(), "{name}");
        }
    }

    #[test]
    fn paths_end_where_they_cannot_go_on() {
        for (graph, expected) in [
            (json!({"a": ["b"], "b": []}), json!([["a", "b"]])),
            (json!({"a": ["b", "c"], "b": ["c"], "c": null}), json!([["a", "b", "c"], ["a", "c"]])),
            (json!({"a": ["b", "x"], "b": ["a"]}), json!([["a"], ["a", "b"]])),
            (json!({"b": []}), json!([])),
        ] {
            let Ok(Value::Set(found)) = run("graph.reachable_paths", 1 << 20, &json!([graph, ["a"]])) else {
                panic!("{graph}")
            };
            let found = Value::from(found.iter_sorted().cloned().collect::<Vec<_>>());
            assert_eq!(found, Value::from_json_str(&expected.to_string()).unwrap(), "{graph}");
        }
        let layer = |n: usize| [(format!("a{n}"), n + 1), (format!("b{n}"), n + 1)];
        let graph: serde_json::Map<String, Json> = (0..40)
            .flat_map(layer)
            .map(|(name, next)| (name, json!([format!("a{next}"), format!("b{next}")])))
            .collect();
        assert!(run("graph.reachable_paths", 1 << 20, &json!([graph, ["a0"]])).is_err());
    }
}
