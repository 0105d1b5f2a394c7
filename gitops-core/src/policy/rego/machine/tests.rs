use regorus::{Engine, Value};
use serde_json::json;

use super::super::{normalise, parse};
use super::*;
use crate::policy::bounded::{Meter, Patterns};
use crate::policy::builtins;
use crate::policy::value::{Numbers, to_json, to_value};

pub(super) const LIBRARY: &str = r#"package lib.names
import future.keywords
short(x) := y if { y := substring(x, 0, 3) }
limit := 3
known contains "a"
known contains "b"
"#;

/// What a rule `p` of a module is, as JSON, from the machine; `None` if it is undefined or left to the
/// engine, or why it is stopped.
pub(super) fn machine(text: &str, v1: bool) -> Option<Result<Option<serde_json::Value>, String>> {
    let texts = [text, LIBRARY].map(|text| normalised(text, v1));
    let parsed = texts.each_ref().map(|text| parse(text, v1).unwrap());
    let modules: Vec<_> = texts.iter().map(String::as_str).zip(&parsed).collect();
    let machine = Machine::compile(&modules, "p")?;
    let (review, inventory) = input();
    let parameters = Value::from_json_str(r#"{"min": 2, "names": ["a", "c"]}"#).unwrap();
    let question = Question {
        input: &[("review", &review), ("parameters", &parameters)],
        inventory: &inventory,
        time_limit: std::time::Duration::from_secs(10),
    };
    let mut scratch = Scratch::default();
    let meter = Meter::new(1 << 20, &Patterns::default());
    let first = machine.run(question, &meter, &mut scratch);
    meter.reset();
    // What one evaluation leaves behind is nothing to the next.
    assert_eq!(first, machine.run(question, &meter, &mut scratch), "{text}");
    Some(first.map(|value| (value != Value::Undefined).then(|| to_json(&value))))
}

fn normalised(text: &str, v1: bool) -> String {
    let module = parse(text, v1).unwrap_or_else(|error| panic!("{error:?}\n{text}"));
    normalise(text, &module, None)
}

fn input() -> (Value, Value) {
    let review = json!({
        "kind": {"kind": "Pod"},
        "object": {
            "metadata": {"name": "web", "labels": {"a": "1", "b": "2", "c": "1"}},
            "spec": {
                "containers": [
                    {"name": "a", "image": "x/a:1", "ports": [80, 443], "ok": true},
                    {"name": "b", "image": "y/b", "ports": [], "ok": false},
                    {"image": "z"},
                ],
                "replicas": 3,
                "none": null,
            },
        },
    });
    let inventory = json!({"namespace": {"one": {"v1": {"Service": {"s": {"spec": {"port": 1}}}}}}});
    let value = |json| to_value(&crate::node::Node::from(&json), Numbers::Exact);
    (value(review), value(inventory))
}

/// The same from regorus.
pub(super) fn engine(text: &str, v1: bool) -> Result<Option<serde_json::Value>, String> {
    let mut engine = crate::policy::template::new_engine(v1);
    for (name, text) in [("p", text), ("l", LIBRARY)] {
        let text = normalised(text, v1);
        engine.add_policy(name.into(), text).map_err(|error| error.to_string())?;
    }
    let meter = Meter::new(1 << 20, &Patterns::default());
    builtins::add_to(&mut engine, builtins::names(), &meter).unwrap();
    evaluate(&mut engine).map(|value| (value != Value::Undefined).then(|| to_json(&value)))
}

fn evaluate(engine: &mut Engine) -> Result<Value, String> {
    let (review, inventory) = input();
    let mut data = Value::new_object();
    crate::policy::value::set(&mut data, "inventory", inventory);
    engine.add_data(data).unwrap();
    let parameters = Value::from_json_str(r#"{"min": 2, "names": ["a", "c"]}"#).unwrap();
    engine.set_input(crate::policy::value::object([("review", review), ("parameters", parameters)]));
    engine.eval_rule("data.p.p".into()).map_err(|error| error.to_string())
}

pub(super) const HEAD: &str = "package p\nimport data.lib.names\nimport future.keywords\n\
    spec = input.review.object.spec\nlabels = input.review.object.metadata.labels\n";

/// Policies, and what their `p` is.
#[test]
fn answers_are_those_of_the_engine() {
    let mut wrong = Vec::new();
    for (rules, expected) in [
        // References, and what is not there.
        ("p = spec.replicas", json!(3)),
        ("p = spec.missing.deeper", json!(null)),
        ("p = spec.containers[1].name", json!("b")),
        ("p = spec.containers[7]", json!(null)),
        ("p = spec.replicas.x", json!(null)),
        ("p = [spec.none]", json!([null])),
        ("p = input.parameters", json!({"min": 2, "names": ["a", "c"]})),
        ("p = input[\"review\"].kind.kind", json!("Pod")),
        ("p = count(input)", json!(2)),
        // Iteration binds keys and values; what is bound is compared.
        ("p[n] { n := spec.containers[_].name }", json!(["a", "b"])),
        ("p[[i, n]] { n := spec.containers[i].name }", json!([[0, "a"], [1, "b"]])),
        ("p[k] { labels[k] == \"1\" }", json!(["a", "c"])),
        ("p[k] { k := \"a\"; labels[k] }", json!(["a"])),
        ("p[x] { spec.containers[i].ports[j] = x; x > 100; j == 1; i == 0 }", json!([443])),
        ("p[i] { spec.containers[i].ports[_] == 80 }", json!([0])),
        ("p[i] { spec.containers[i].ok }", json!([0])),
        ("p[v] { some k; labels[k] = v; k != \"b\" }", json!(["1"])),
        // Conditions are put in order.
        ("p[y] { y == x; x = 1; y = 1 }", json!([1])),
        ("p[x] { x > m; m = input.parameters.min; x = spec.replicas }", json!([3])),
        ("p[n] { not n == \"a\"; n = spec.containers[_].name }", json!(["b"])),
        // Unification.
        ("p = x { [x, 2] = [1, 2] }", json!(1)),
        ("p = x { [x, \"b\"] = [spec.replicas, spec.containers[1].name] }", json!(3)),
        ("p = x { {\"kind\": x} = input.review.kind }", json!("Pod")),
        ("p[x] { [x, _] := [[1, 2], [3, 4]][_] }", json!([1, 3])),
        ("p = x { x = y; y = 7 }", json!(7)),
        ("p { [1, 2] = [_, 2]; 3 = spec.replicas }", json!(true)),
        // Negation.
        ("p { not spec.missing }", json!(true)),
        ("p { not spec.containers[0].ok }", json!(null)),
        ("p { not spec.containers[1].ok }", json!(true)),
        ("p { not startswith(spec.missing, \"x\") }", json!(null)),
        ("p { not known[\"z\"] }\nknown[\"a\"]", json!(true)),
        ("p { not any_privileged }\nany_privileged { spec.containers[_].privileged }", json!(true)),
        // Rules.
        ("default p = \"no\"\np = \"yes\" { spec.missing }", json!("no")),
        ("p = 1 { spec.missing } else = 2 { spec.replicas == 3 } else = 3", json!(2)),
        ("p = 1 { false } else = 2 { false }", json!(null)),
        ("p { false }\np { true }", json!(true)),
        ("p = x { x := q }\nq = false", json!(false)),
        ("p { q }\nq = false", json!(null)),
        ("p[c.name] = c.image { c := spec.containers[_] }", json!({"a": "x/a:1", "b": "y/b"})),
        ("p = x { x := all[\"b\"] }\nall[c.name] = c.image { c := spec.containers[_] }", json!("y/b")),
        ("p[x] { all[x] }\nall[n] { n := spec.containers[_].name }\nall[\"z\"]", json!(["a", "b", "z"])),
        ("p contains x if { some x in input.parameters.names }", json!(["a", "c"])),
        // Functions.
        ("p = f(3)\nf(x) = y { x > 2; y := \"big\" }\nf(x) = y { x <= 2; y := \"small\" }", json!("big")),
        ("p = f(\"a\", 1)\nf(\"a\", x) = x\nf(\"b\", x) = 0", json!(1)),
        ("p = f([1, 2])\nf([x, y]) = x + y", json!(3)),
        ("p = f(spec.missing)\nf(_) = 1", json!(null)),
        ("p = f(1)\nf(x) = 1 { x > 1 } else = 2 { x == 1 }", json!(2)),
        ("default f(_) = \"other\"\nf(1) = \"one\"\np = [f(1), f(2)]", json!(["one", "other"])),
        ("p = names.short(\"abcdef\")", json!("abc")),
        ("p[x] { names.known[x]; x != \"a\" }", json!(["b"])),
        ("p = data.lib.names.limit", json!(3)),
        ("p = y { f(2, y) }\nf(x) = z { z := x * x }", json!(4)),
        ("p = now\nnow() = 1 { true }", json!(1)),
        // Comprehensions see what is around them.
        ("p = [x | x := spec.containers[_].name]", json!(["a", "b"])),
        ("p = {x | x := labels[_]}", json!(["1", "2"])),
        ("p = {k: v | v := labels[k]; v == \"1\"}", json!({"a": "1", "c": "1"})),
        ("p = [n | c := spec.containers[_]; n := count([q | q := c.ports[_]])]", json!([2, 0, 0])),
        (
            "p[n] { n := spec.containers[i].name; count([q | q := spec.containers[i].ports[_]]) == 0 }",
            json!(["b"]),
        ),
        ("p = count({x | x := 1; y := 2}) { x := 5; x > 1 }", json!(1)),
        ("p = x { x := {\"a\", \"b\"} - {\"a\"} }", json!(["b"])),
        ("p = x { x := {1, 2} & {2, 3} | {9} }", json!([2, 9])),
        // Operators.
        ("p = (1 + 2) * 3 - 4 / 2", json!(7)),
        ("p = 7 % 4", json!(3)),
        ("p = 1 / 0", json!(null)),
        ("p = [1 < 2, \"b\" >= \"a\", null == false, 1 != 1]", json!([true, true, false, false])),
        ("p = x { x := 1 == 2 }", json!(false)),
        (
            "p = [1 in [1], 4 in {1}, \"1\" in labels, \"a\", \"1\" in labels]",
            json!([true, false, true, "a", true]),
        ),
        ("p = x { x := (0, 80 in spec.containers[0].ports) }", json!(true)),
        ("p[k] { some k, v in labels; v == \"2\" }", json!(["b"])),
        ("p[x] { some [x, 2] in [[1, 2], [3, 4]] }", json!([1])),
        ("p { every c in spec.containers { c.image } }", json!(true)),
        ("p { every i, c in spec.containers { c.name; i < 9 } }", json!(null)),
        ("p { every x in [] { x == 1 } }", json!(true)),
        ("p[x] { walk(spec.containers[0].ports, [path, x]); count(path) == 1 }", json!([80, 443])),
        ("p = x { sprintf(\"%v\", [1], x) }", json!("1")),
        ("p = to_number(\"x\")", json!(null)),
        (
            "p = [regex.match(\"^a\", \"ab\"), upper(\"a\"), split(\"a.b\", \".\")]",
            json!([true, "A", ["a", "b"]]),
        ),
        ("p = \"a\\nb`\" ", json!("a\nb`")),
        ("p = `a\\n`", json!("a\\n")),
        ("p = 1.50", json!(1.5)),
        // Other objects.
        ("p[n] { data.inventory.namespace[_][_][\"Service\"][n].spec.port == 1 }", json!(["s"])),
        ("p { not data.inventory.cluster }", json!(true)),
    ] {
        let text = format!("{HEAD}{rules}");
        let expected = if expected == json!(null) { None } else { Some(expected) };
        let (ours, theirs) = (machine(&text, false), engine(&text, false));
        if ours != Some(Ok(expected.clone())) || theirs != Ok(expected.clone()) {
            wrong.push(format!("{rules}\n  expected {expected:?}\n  machine {ours:?}\n  engine {theirs:?}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Where regorus does not answer as OPA does.
#[test]
fn answers_are_those_of_opa() {
    for rules in ["p = x { {\"a\": x} = labels }", "p = 1.5 % 1", "p = \"a\" + 1"] {
        let text = format!("{HEAD}{rules}");
        assert_eq!(machine(&text, false), Some(Ok(None)), "{rules}");
        assert_ne!(engine(&text, false), Ok(None), "{rules}: the engine has learned it");
    }
}

#[test]
fn two_outputs_are_an_error_for_both() {
    for rules in [
        "p = 1\np = 2",
        "p = x { x := spec.containers[_].name }",
        "p = f(1)\nf(x) = 1\nf(x) = 2",
        "p[\"a\"] = x { x := [1, 2][_] }",
        "p = {\"a\": x | x := [1, 2][_]}",
    ] {
        let text = format!("{HEAD}{rules}");
        let ours = machine(&text, false).unwrap_or_else(|| panic!("{rules}: left to the engine"));
        let error = ours.expect_err(rules);
        assert!(error.starts_with("eval_conflict_error: "), "{rules}: {error}");
        engine(&text, false).expect_err(rules);
    }
}

#[test]
fn v1_is_read_too() {
    let text = "package p\np contains x if { some x in input.parameters.names; x != \"a\" }";
    assert_eq!(machine(text, true), Some(Ok(Some(json!(["c"])))));
}

#[test]
fn what_needs_the_engine_is_left_to_it() {
    for rules in [
        "p { q with input as {} }\nq { input.x }",
        "p = data",
        "p = x { x := data.lib.names }",
        "p = x { x := data.lib[_] }",
        "a.b = 1\np = a",
        "p[x][y] { x := 1; y := 2 }",
        "p = time.now_ns()",
        "p { print(1) }",
        "q = 1\nq[x] { x := 1 }\np = q",
    ] {
        assert_eq!(machine(&format!("{HEAD}{rules}"), false), None, "{rules}");
    }
    let many = (0..200).map(|at| format!("x{at} := spec.containers[_]")).collect::<Vec<_>>().join("; ");
    assert_eq!(machine(&format!("{HEAD}p {{ {many} }}"), false), None);
}

/// Thirty cells that stand for a thousand million, built in each way there is.
#[test]
fn values_that_double_are_stopped() {
    let chain = |step: &str| {
        let steps =
            (1..40).map(|at| step.replace("NEW", &format!("a{at}")).replace("OLD", &format!("a{}", at - 1)));
        format!("p {{ a0 := [1]; b0 := [1]; {}; a39 == b0 }}", steps.collect::<Vec<_>>().join("; "))
    };
    for step in [
        "NEW := [OLD, OLD]",
        "NEW := {\"a\": OLD, \"b\": OLD}",
        "NEW := {[1, OLD], [2, OLD]}",
        "NEW := [x | some i; [1, 2][i]; x := OLD]",
        "NEW := {i: OLD | [1, 2][i]}",
        "NEW := array.concat([OLD], [OLD])",
        "NEW := object.union({\"a\": OLD}, {\"b\": OLD})",
        "NEW := f(OLD)",
    ] {
        let text = format!("{HEAD}f(x) = [x, x]\n{}", chain(step));
        let error = machine(&text, false).expect(step).expect_err(step);
        assert!(error.contains("it is stopped"), "{step}: {error}");
    }
}

/// What would need more stack than a thread has.
#[test]
fn loops_in_calls_in_loops_are_stopped() {
    let loops =
        (0..90).map(|at| format!("x{at} := input.parameters.names[_]")).collect::<Vec<_>>().join("; ");
    let calls: String =
        (0..100).map(|at| format!("f{at}(x) = y {{ {loops}; y := f{}(x) }}\n", at + 1)).collect();
    let error = machine(&format!("{HEAD}p = f0(1)\n{calls}f100(x) = x"), false).unwrap().unwrap_err();
    assert!(error.contains("250 deep; it is stopped"), "{error}");
    let few: String = (0..100).map(|at| format!("f{at}(x) = f{}(x)\n", at + 1)).collect();
    assert_eq!(machine(&format!("{HEAD}p = f0(1)\n{few}f100(x) = x"), false), Some(Ok(Some(json!(1)))));
}

#[test]
fn an_endless_search_is_stopped() {
    let loops = (0..12).map(|at| format!("x{at} := numbers.range(0, 99)[_]")).collect::<Vec<_>>().join("; ");
    let text = format!("package p\np {{ {loops}; x0 + x11 > 1000 }}");
    let normal = normalised(&text, false);
    let parsed = parse(&normal, false).unwrap();
    let machine = Machine::compile(&[(&normal, &parsed)], "p").unwrap();
    let none = Value::new_object();
    let question =
        Question { input: &[], inventory: &none, time_limit: std::time::Duration::from_millis(20) };
    let meter = Meter::new(1 << 30, &Patterns::default());
    let error = machine.run(question, &meter, &mut Scratch::default()).expect_err("it is endless");
    assert!(error.contains("time"), "{error}");
}
