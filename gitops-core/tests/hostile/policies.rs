//! Policies made to hurt. An evaluation gets one second.

use std::time::Duration;

use gitops_core::node::{Node, SourceMap};
use gitops_core::object::Object;
use gitops_core::policy::{EvaluateOptions, FindingKind, PolicySet};
use serde_json::{Value as Json, json};

use super::Case;

pub(super) const CASES: &[Case] = &[
    Case {
        name: "policy: a range of a trillion",
        wanted: "stopped",
        memory: 100,
        run: || rego("count(numbers.range(0, 1000000000000)) > 0"),
    },
    Case {
        name: "policy: an endless loop",
        wanted: "stopped",
        memory: 200,
        run: || rego("a := numbers.range(1, 3000); a[_] + a[_] + a[_] == -1"),
    },
    Case {
        name: "policy: a comprehension of 27 billion",
        wanted: "stopped",
        memory: 700,
        run: || rego("a := numbers.range(1, 3000); count([[x, y, z] | x := a[_]; y := a[_]; z := a[_]]) > 0"),
    },
    Case {
        name: "policy: a set of 27 billion",
        wanted: "stopped",
        memory: 700,
        run: || rego("a := numbers.range(1, 3000); count({[x, y, z] | x := a[_]; y := a[_]; z := a[_]}) > 0"),
    },
    Case {
        name: "policy: a million long texts",
        wanted: "stopped",
        memory: 200,
        run: || {
            rego(
                "a := sprintf(\"%100000d\", [1]); count([s | n := numbers.range(1, 1000000)[_]; s := concat(\"\", [a, \"x\"])]) > 0",
            )
        },
    },
    Case {
        name: "policy: texts that double",
        wanted: "stopped",
        memory: 200,
        run: || rego(&steps(60, "\"x\"", |n| format!("concat(\"\", [a{n}, a{n}])"))),
    },
    Case {
        name: "policy: replacements that double",
        wanted: "stopped",
        memory: 200,
        run: || rego(&steps(60, "\"x\"", |n| format!("replace(a{n}, \"x\", \"xx\")"))),
    },
    Case {
        name: "policy: patterns that double",
        wanted: "stopped",
        memory: 200,
        run: || rego(&steps(60, "\"x\"", |n| format!("regex.replace(a{n}, \"x\", \"xx\")"))),
    },
    Case {
        name: "policy: encodings that double",
        wanted: "stopped",
        memory: 200,
        run: || rego(&steps(60, "\"x\"", |n| format!("hex.encode(a{n})"))),
    },
    Case {
        name: "policy: lists that double",
        wanted: "stopped",
        memory: 300,
        run: || rego(&steps(60, "[1]", |n| format!("array.concat(a{n}, a{n})"))),
    },
    Case {
        name: "policy: a message of shared lists",
        wanted: "stopped",
        memory: 200,
        run: || rego(&(steps(60, "[1]", |n| format!("[a{n}, a{n}]")) + "; sprintf(\"%v\", [a60]) != \"\"")),
    },
    Case {
        name: "policy: JSON of shared lists",
        wanted: "stopped",
        memory: 200,
        run: || rego(&(steps(60, "[1]", |n| format!("[a{n}, a{n}]")) + "; json.marshal(a60) != \"\"")),
    },
    Case {
        name: "policy: YAML of shared lists",
        wanted: "stopped",
        memory: 200,
        run: || rego(&(steps(60, "[1]", |n| format!("[a{n}, a{n}]")) + "; yaml.marshal(a60) != \"\"")),
    },
    Case {
        name: "policy: a walk over shared lists",
        wanted: "stopped",
        memory: 300,
        run: || rego(&(steps(60, "[1]", |n| format!("[a{n}, a{n}]")) + "; walk(a60, [p, v]); v == 2")),
    },
    Case {
        name: "policy: details of shared lists",
        wanted: "stopped",
        memory: 200,
        run: || {
            let body = steps(60, "[1]", |n| format!("[a{n}, a{n}]"));
            module(&format!("package x\nviolation[{{\"msg\": \"m\", \"details\": a60}}] {{ {body} }}"))
        },
    },
    Case {
        name: "policy: shared lists compared",
        wanted: "stopped",
        memory: 200,
        run: || rego(&twice("[1]", |n| format!("[a{n}, a{n}]"), "a60 == b60")),
    },
    Case {
        name: "policy: shared objects compared",
        wanted: "stopped",
        memory: 200,
        run: || rego(&twice("{}", |n| format!("{{\"x\": a{n}, \"y\": a{n}}}"), "a60 == b60")),
    },
    Case {
        name: "policy: shared sets compared",
        wanted: "stopped",
        memory: 200,
        run: || rego(&twice("{1}", |n| format!("{{[a{n}, 1], [a{n}, 2]}}"), "a60 == b60")),
    },
    Case {
        name: "policy: shared lists, bound by unification, compared",
        wanted: "stopped",
        memory: 200,
        run: || rego(&twice("[1]", |n| format!("[a{n}, a{n}]"), "a60 == b60").replace(":=", "=")),
    },
    Case {
        name: "policy: shared lists, taken apart, compared",
        wanted: "stopped",
        memory: 200,
        run: || {
            let a = steps(60, "[1]", |n| format!("[[a{n}, a{n}]][_]"));
            rego(&format!("{a}; {}; a60 == b60", a.replace('a', "b")))
        },
    },
    Case {
        name: "policy: shared lists in comprehensions",
        wanted: "stopped",
        memory: 200,
        run: || rego(&twice("[1]", |n| format!("[x | x := a{n}; [1, 2][_]]"), "a60 == b60")),
    },
    Case {
        name: "policy: shared lists in comprehensions of objects",
        wanted: "stopped",
        memory: 200,
        run: || rego(&twice("[1]", |n| format!("{{y: x | x := a{n}; y := [1, 2][_]}}"), "a60 == b60")),
    },
    Case {
        name: "policy: shared lists put in a set",
        wanted: "stopped",
        memory: 200,
        run: || rego(&twice("[1]", |n| format!("[a{n}, a{n}]"), "count({a60, b60}) == 1")),
    },
    Case {
        name: "policy: shared lists sorted",
        wanted: "stopped",
        memory: 200,
        run: || rego(&twice("[1]", |n| format!("[a{n}, a{n}]"), "count(sort([a60, b60])) == 2")),
    },
    Case {
        name: "policy: shared lists as keys",
        wanted: "stopped",
        memory: 200,
        run: || rego(&twice("[1]", |n| format!("[a{n}, a{n}]"), "{a60: 1}[b60]")),
    },
    Case {
        name: "policy: shared lists of functions",
        wanted: "stopped",
        memory: 200,
        run: || {
            let body = twice("[1]", |n| format!("f(a{n})"), "a60 == b60");
            module(&format!("package x\nviolation[{{\"msg\": \"m\"}}] {{ {body} }}\nf(x) = [x, x]"))
        },
    },
    Case {
        name: "policy: shared lists as arguments",
        wanted: "stopped",
        memory: 200,
        run: || {
            let functions: String =
                (0..60).map(|n| format!("f{n}(x) = y {{ y := f{}([x, x]) }}\n", n + 1)).collect();
            module(&format!(
                "package x\nviolation[{{\"msg\": \"m\"}}] {{ f0([1]) == f0([1]) }}\n{functions}f60(x) = x"
            ))
        },
    },
    Case {
        name: "policy: shared lists of rules",
        wanted: "stopped",
        memory: 200,
        run: || {
            let rules = |letter: char| -> String {
                (0..60).map(|n| format!("{letter}{} = [{letter}{n}, {letter}{n}]\n", n + 1)).collect()
            };
            module(&format!(
                "package x\nviolation[{{\"msg\": \"m\"}}] {{ a60 == b60 }}\na0 = [1]\nb0 = [1]\n{}{}",
                rules('a'),
                rules('b')
            ))
        },
    },
    Case {
        name: "policy: shared lists of sets and objects of rules",
        wanted: "stopped",
        memory: 200,
        run: || {
            let rules = |letter: char| -> String {
                let rule = |n: usize| {
                    let next = n + 1;
                    format!(
                        "{letter}{next}[[x, 1]] {{ x := {letter}{n} }}\n{letter}{next}[[x, 2]] {{ x := {letter}{n} }}\n"
                    )
                };
                (0..60).map(rule).collect()
            };
            module(&format!(
                "package x\nviolation[{{\"msg\": \"m\"}}] {{ a60 == b60 }}\na0 = [1]\nb0 = [1]\n{}{}",
                rules('a'),
                rules('b')
            ))
        },
    },
    Case {
        name: "policy: an object's entries that are shared",
        wanted: "stopped",
        memory: 300,
        run: || {
            module(
                "package x\nviolation[{\"msg\": \"m\"}] { a == b }\nbig = numbers.range(1, 100000)\nalso = numbers.range(1, 100000)\na[k] = big { k := numbers.range(1, 100000)[_] }\nb[k] = also { k := numbers.range(1, 100000)[_] }",
            )
        },
    },
    Case {
        name: "policy: one list a million times",
        wanted: "stopped",
        memory: 300,
        run: || {
            rego(
                "n := numbers.range(1, 100000); m := numbers.range(1, 100000); a := [n | n[_]]; b := [m | m[_]]; a == b",
            )
        },
    },
    Case {
        name: "policy: lists in lists, five thousand deep",
        wanted: "stopped",
        memory: 200,
        run: || rego(&(steps(498, "[1]", |n| format!("[[[[[[[[[[a{n}]]]]]]]]]]")) + "\ncount(a498) == 2")),
    },
    Case {
        name: "policy: sets in sets, five thousand deep",
        wanted: "stopped",
        memory: 200,
        run: || rego(&(steps(498, "{1}", |n| format!("{{{{{{{{{{a{n}}}}}}}}}}}")) + "\ncount(a498) == 2")),
    },
    Case {
        name: "policy: sets of sets, two hundred in each of twenty functions",
        wanted: "stopped",
        memory: 200,
        run: || {
            let body = steps(200, "x", |n| format!("{{y | y := a{n}}}"));
            let functions: String =
                (0..20).map(|n| format!("f{n}(x) = y {{ {body}; y := f{}(a200) }}\n", n + 1)).collect();
            module(&format!(
                "package x\nviolation[{{\"msg\": \"m\"}}] {{ count(f0({{1}})) == 2 }}\n{functions}f20(x) = x"
            ))
        },
    },
    Case {
        name: "policy: twenty thousand conditions",
        wanted: "template-does-not-compile",
        memory: 200,
        run: || rego(&steps(20_000, "[1]", |n| format!("a{n}")).replace("; ", "\n")),
    },
    Case {
        name: "policy: patches that double",
        wanted: "stopped",
        memory: 200,
        run: || {
            let copy = |n: usize| format!("{{\"op\": \"copy\", \"from\": \"\", \"path\": \"/a{n}\"}}");
            let copies: Vec<String> = (0..60).map(copy).collect();
            rego(&format!(
                "json.patch({{}}, [{}]) == json.patch({{}}, [{}])",
                copies.join(","),
                copies.join(",")
            ))
        },
    },
    Case {
        name: "policy: patches that nest",
        wanted: "stopped",
        memory: 300,
        run: || {
            let copy = "{\"op\": \"copy\", \"from\": \"\", \"path\": \"/a\"}";
            rego(&format!("count(json.patch({{}}, [{}])) == 2", vec![copy; 10_000].join(",\n")))
        },
    },
    Case {
        name: "policy: paths of a graph",
        wanted: "stopped",
        memory: 300,
        run: || {
            let node =
                |n: usize| format!("\"a{n}\": [\"a{0}\", \"b{0}\"], \"b{n}\": [\"a{0}\", \"b{0}\"]", n + 1);
            let nodes: Vec<String> = (0..60).map(node).collect();
            rego(&format!("count(graph.reachable_paths({{{}}}, [\"a0\"])) > 0", nodes.join(",")))
        },
    },
    Case {
        name: "policy: copies of a long text",
        wanted: "stopped",
        memory: 200,
        run: || {
            rego(
                "a := sprintf(\"%1000000d\", [1]); count([s | n := numbers.range(1, 100000)[_]; s := substring(a, 1, -1)]) > 0",
            )
        },
    },
    Case {
        name: "policy: copies of a long list",
        wanted: "stopped",
        memory: 200,
        run: || rego("a := numbers.range(1, 100000); count([s | n := a[_]; s := array.reverse(a)]) > 0"),
    },
    Case {
        name: "policy: all prefixes",
        wanted: "stopped",
        memory: 300,
        run: || {
            rego(
                "a := split(sprintf(\"%0100000d\", [1]), \"\"); b := [\"b\" | a[_]]; strings.any_prefix_match(a, b)",
            )
        },
    },
    Case {
        name: "policy: a shift by four billion",
        wanted: "stopped",
        memory: 100,
        run: || rego("bits.lsh(1, 4000000000) > 0"),
    },
    Case {
        name: "policy: squares of squares",
        wanted: "stopped",
        memory: 100,
        run: || rego(&(steps(60, "10", |n| format!("a{n} * a{n}")) + "; a60 > 0")),
    },
    Case {
        name: "policy: all addresses",
        wanted: "stopped",
        memory: 300,
        run: || rego("count(net.cidr_expand(\"::/0\")) > 0"),
    },
    Case {
        name: "policy: a pattern that backtracks",
        wanted: "none",
        memory: 100,
        run: || rego("regex.match(\"(a*)*(a|a)*(a+)+b\", sprintf(\"%100000s\", [\"a\"]))"),
    },
    Case {
        name: "policy: a pattern of a gigabyte",
        wanted: "none",
        memory: 300,
        run: || rego("regex.match(\"((a{1,1000}){1,1000}){1,1000}\", \"a\")"),
    },
    Case {
        name: "policy: a pattern of a gigabyte, the old function",
        wanted: "none",
        memory: 300,
        run: || rego("re_match(\"((a{1,1000}){1,1000}){1,1000}\", \"a\")"),
    },
    Case {
        name: "policy: a module of 10 MB",
        wanted: "template-too-large",
        memory: 200,
        run: || {
            module(&format!(
                "package x\n# {}\nviolation[{{\"msg\": \"m\"}}] {{ true }}",
                "x".repeat(10 << 20)
            ))
        },
    },
    Case {
        name: "policy: a million rules",
        wanted: "template-too-large",
        memory: 200,
        run: || module(&rules(1_000_000)),
    },
    Case {
        name: "policy: ten thousand rules",
        wanted: "violation",
        memory: 700,
        run: || module(&rules(10_000)),
    },
    Case {
        name: "policy: brackets in brackets",
        wanted: "template-does-not-compile",
        memory: 100,
        run: || rego(&format!("x := {}1{}", "[".repeat(100_000), "]".repeat(100_000))),
    },
    Case {
        name: "policy: recursion",
        wanted: "recursive-policy",
        memory: 100,
        run: || {
            module(
                "package x\nviolation[{\"msg\": \"m\"}] { f(1) }\nf(x) = y { y := g(x) }\ng(x) = y { y := f(x) }",
            )
        },
    },
    Case {
        name: "policy: recursion by data",
        wanted: "template-does-not-compile",
        memory: 100,
        run: || module("package x\nviolation[{\"msg\": \"m\"}] { r }\nr { data[\"x\"].r }"),
    },
    Case {
        name: "policy: CEL texts that double",
        wanted: "stopped",
        memory: 200,
        run: || cel(60, "'x'", |n| format!("variables.a{n} + variables.a{n}"), "variables.a60 == ''"),
    },
    Case {
        name: "policy: CEL loops in loops",
        wanted: "stopped",
        memory: 200,
        run: || {
            cel(
                0,
                "lists.range(1000)",
                |_| String::new(),
                "variables.a0.all(a, variables.a0.all(b, variables.a0.all(c, a + b + c >= 0)))",
            )
        },
    },
    Case {
        name: "policy: CEL shared lists compared",
        wanted: "stopped",
        memory: 200,
        run: || {
            cel(
                60,
                "[1]",
                |n| format!("[variables.a{n}, variables.a{n}]"),
                "variables.a60 == [variables.a59, variables.a59]",
            )
        },
    },
    Case {
        name: "policy: a schema's pattern of a gigabyte",
        wanted: "violation",
        memory: 400,
        run: || {
            schema(
                &json!({"type": "object", "properties": {"a": {"type": "string", "pattern": "((a{1,1000}){1,1000}){1,1000}"}}}),
            )
        },
    },
    Case {
        name: "policy: a schema of a hundred thousand fields",
        wanted: "constraint-violates-schema",
        memory: 400,
        run: || {
            let level = |inner: Json, _| json!({"type": "object", "default": {}, "properties": {"a": inner.clone(), "b": inner}});
            schema(&(0..16).fold(json!({"type": "object"}), level))
        },
    },
    Case {
        name: "policy: two thousand templates and constraints",
        wanted: "ok",
        memory: 900,
        run: || {
            let documents = (0..2_000).flat_map(|n| {
                let kind = format!("A{n}");
                let mut constraint = constraint();
                constraint["kind"] = json!(kind);
                [template(&kind, "package x\nviolation[{\"msg\": \"m\"}] { false }"), constraint]
            });
            loaded(&documents.collect::<Vec<_>>()).map_or_else(|code| code, |_| "ok".into())
        },
    },
];

/// `a0 := first; a1 := next(0); …`
fn steps(count: usize, first: &str, next: impl Fn(usize) -> String) -> String {
    let rest = (0..count).map(|n| format!("; a{} := {}", n + 1, next(n)));
    format!("a0 := {first}") + &rest.collect::<String>()
}

/// The steps with variables `a`, then the same with `b`, then a condition.
fn twice(first: &str, next: impl Fn(usize) -> String, condition: &str) -> String {
    let a = steps(60, first, next);
    let b = a.replace("a", "b");
    format!("{a}; {b}; {condition}")
}

fn rules(count: usize) -> String {
    let rules: String = (0..count).map(|n| format!("r{n} = {n} {{ input.a }}\n")).collect();
    format!("package x\nviolation[{{\"msg\": \"m\"}}] {{ true }}\n{rules}")
}

fn template(kind: &str, text: &str) -> Json {
    json!({"apiVersion": "templates.gatekeeper.sh/v1", "kind": "ConstraintTemplate",
        "metadata": {"name": kind.to_lowercase()},
        "spec": {"crd": {"spec": {"names": {"kind": kind}, "validation": {"legacySchema": true}}},
            "targets": [{"target": "admission.k8s.gatekeeper.sh", "rego": text}]}})
}

fn constraint() -> Json {
    json!({"apiVersion": "constraints.gatekeeper.sh/v1beta1", "kind": "A", "metadata": {"name": "c"}})
}

fn loaded(documents: &[Json]) -> Result<PolicySet, String> {
    let documents: Vec<Object> = documents.iter().map(|json| Object::new(Node::from(json))).collect();
    PolicySet::from_objects(&documents, &SourceMap::new()).map_err(|error| error.code().to_owned())
}

/// The code of an error, or what one Pod comes to.
fn outcome(documents: &[Json]) -> String {
    let set = match loaded(documents) {
        Ok(set) => set,
        Err(code) => return code,
    };
    let pod = json!({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "p", "namespace": "a"}});
    let options = EvaluateOptions::new().with_time_limit(Duration::from_secs(1));
    let report = set.evaluate(&[Object::new(Node::from(&pod))], &options);
    match report.findings.first().map(|finding| finding.kind) {
        None => "none".into(),
        Some(FindingKind::Error) => "stopped".into(),
        Some(_) => "violation".into(),
    }
}

/// A policy of one condition.
fn rego(body: &str) -> String {
    module(&format!("package x\nviolation[{{\"msg\": \"m\"}}] {{ {body} }}"))
}

fn module(text: &str) -> String {
    outcome(&[template("A", text), constraint()])
}

/// A policy in CEL, with variables as of [`steps`].
fn cel(count: usize, first: &str, next: impl Fn(usize) -> String, expression: &str) -> String {
    let mut variables = vec![json!({"name": "a0", "expression": first})];
    variables.extend((0..count).map(|n| json!({"name": format!("a{}", n + 1), "expression": next(n)})));
    let mut template = template("A", "");
    template["spec"]["targets"][0]["code"] = json!([{"engine": "K8sNativeValidation",
        "source": {"variables": variables, "validations": [{"expression": expression, "message": "m"}]}}]);
    outcome(&[template, constraint()])
}

fn schema(schema: &Json) -> String {
    let mut template = template("A", "package x\nviolation[{\"msg\": \"m\"}] { true }");
    template["spec"]["crd"]["spec"]["validation"] = json!({"openAPIV3Schema": schema});
    let mut constraint = constraint();
    constraint["spec"] = json!({"parameters": {"a": "aaa"}});
    outcome(&[template, constraint])
}
