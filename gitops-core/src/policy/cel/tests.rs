//! Expressions and their values, and programs that mean harm.

use serde_json::{Value as Json, json};

use super::super::value::{Numbers, to_value};
use super::*;

fn evaluate_on(object: &Json, text: &str) -> Result<String, String> {
    let review = to_value(&Node::from(&json!({"object": object, "operation": ""})), Numbers::Exact);
    let mut depth = 0;
    let expr = compile(text, None, &mut depth)?;
    let mut ev = Evaluator::new(roots(&review), &[]);
    let value = ev.evaluate(&expr).map_err(|fail| fail.message().to_owned())?;
    // Shown as a list's element, so that texts are quoted.
    format::format(&mut ev, "%s", &[Value::list(vec![value.clone()])])
        .map(|text| text[1..text.len() - 1].to_owned())
        .or_else(|_| Ok(format!("{value:?}")))
}

#[test]
fn expressions_have_their_values() {
    let object = json!({"metadata": {"name": "web", "labels": {"a": "1", "b": "2"}}, "spec": {"replicas": 3,
        "ratio": 0.5, "containers": [{"name": "x", "image": "a/b:1"}, {"name": "y", "image": "c/d:2"}], "none": null}});
    for (text, expected) in [
        ("1 + 2 * 3 - 4 / 2 % 3", "5"),
        ("-(1) - -2", "1"),
        ("-9223372036854775808", "-9223372036854775808"),
        ("2u + 3u", "5"),
        ("1.5 * 2.0", "3"),
        ("1 == 1.0 && 1u == 1 && 1 < 1.5", "true"),
        ("1 == '1'", "false"),
        ("!true || !!true", "true"),
        ("true ? 'a' : 'b'", "\"a\""),
        ("'a' + \"b\" + r'\\n' + '''c'''", "\"ab\\\\nc\""),
        ("b'abc' == bytes('abc')", "true"),
        ("size('héllo') == 5 && 'héllo'.size() == 5", "true"),
        ("[1, 2] + [3]", "[1, 2, 3]"),
        ("{'a': 1}.a + {'b': 2}['b']", "3"),
        ("2 in [1, 2] && 'a' in {'a': 1}", "true"),
        ("object.metadata.name", "\"web\""),
        ("object.spec.containers.map(c, c.name)", "[\"x\", \"y\"]"),
        ("object.spec.containers.filter(c, c.image.startsWith('a/'))[0].name", "\"x\""),
        ("object.spec.containers.map(c, c.name == 'y', c.image)", "[\"c/d:2\"]"),
        (
            "object.spec.containers.all(c, has(c.image)) && object.spec.containers.exists_one(c, c.name == 'x')",
            "true",
        ),
        ("object.metadata.labels.map(k, k)", "[\"a\", \"b\"]"),
        ("object.metadata.labels.all(k, v, v.size() == 1)", "true"),
        ("object.spec.containers.transformMap(i, c, c.name)", "{0: \"x\", 1: \"y\"}"),
        ("object.spec.containers.transformList(i, c, i > 0, c.name)", "[\"y\"]"),
        ("has(object.spec.none) && !has(object.spec.other)", "true"),
        ("has(object.spec.none.x) || has(object.spec.replicas.x)", "false"),
        ("object.spec.none.?x.orValue(1)", "1"),
        ("object.?spec.?other.orValue(7)", "7"),
        ("object.?spec.replicas.hasValue()", "true"),
        ("[?object.?nothing, 1]", "[1]"),
        ("object.spec[?'replicas'].optMap(r, r * 2).orValue(0)", "6"),
        ("optional.none().orValue(1) + optional.of(2).value()", "3"),
        // An error is absorbed by what decides without it.
        ("object.nope == 1 || true", "true"),
        ("object.nope == 1 && false", "false"),
        ("[1, 'a'].exists(x, x == 1)", "true"),
        ("[{}, {'a': 1}].exists(x, x.a == 1)", "true"),
        ("string(1) + string(2.5) + string(true) + string(3u)", "\"12.5true3\""),
        ("int('42') + int(2.9) + int(3u)", "47"),
        ("double('1.5') + double(1)", "2.5"),
        ("type(1) == int && type('a') == string && type([]) == list", "true"),
        ("dyn([1, 'a']).size()", "2"),
        ("'a,b,c'.split(',').join('-')", "\"a-b-c\""),
        ("'abc'.substring(1) + 'abc'.substring(0, 1) + 'abc'.charAt(2)", "\"bcac\""),
        ("'hello'.indexOf('l') * 10 + 'hello'.lastIndexOf('l')", "23"),
        (
            "'aXbX'.replace('X', 'y', 1) + ' t '.trim() + 'Ab'.lowerAscii() + 'Ab'.upperAscii()",
            "\"aybXtabAB\"",
        ),
        ("'%s is %d, %.2f, %x, %b%%'.format(['a', 5, 1.5, 255, 5])", "\"a is 5, 1.50, ff, 101%\""),
        ("'%s %s'.format([['a', 1], {'k': true}])", "\"[\\\"a\\\", 1] {\\\"k\\\": true}\""),
        ("'abc123'.find('[0-9]+') + string('a1b2'.findAll('[0-9]').size())", "\"1232\""),
        ("'abc'.matches('^a.c$')", "true"),
        (
            "[3, 1, 2].sort() == [1, 2, 3] && [1, 2].isSorted() && [1, 2].sum() == 3 && [1, 2].max() == 2",
            "true",
        ),
        (
            "[1, 1, 2].distinct() + [[1], [2]].flatten() + [1, 2, 3].slice(0, 1) + lists.range(2)",
            "[1, 2, 1, 2, 1, 0, 1]",
        ),
        ("sets.contains([1, 2], [1]) && sets.equivalent([1, 1], [1]) && !sets.intersects([1], [2])", "true"),
        ("quantity('1Gi').isGreaterThan(quantity('500Mi')) && quantity('1k').asInteger() == 1000", "true"),
        ("quantity('100m').add(quantity('900m')).compareTo(quantity('1'))", "0"),
        ("isQuantity('x') || isURL('x') || isIP('x') || isCIDR('x') || isSemver('x')", "false"),
        ("url('https://a.b:8/p?q=1').getHost() + url('https://a.b:8/p').getEscapedPath()", "\"a.b:8/p\""),
        ("url('https://a/?k=1&k=2').getQuery()['k']", "[\"1\", \"2\"]"),
        (
            "cidr('10.0.0.0/8').containsIP('10.1.2.3') && !cidr('10.0.0.0/8').containsCIDR('0.0.0.0/0')",
            "true",
        ),
        ("string(cidr('10.1.2.3/8').masked()) + string(ip('::1').family())", "\"10.0.0.0/86\""),
        ("semver('1.2.3').isLessThan(semver('1.10.0')) && semver('v1.2', true).minor() == 2", "true"),
        (
            "format.dns1123Label().validate('ok').hasValue() || !format.named('dns1123Label').value().validate('No').hasValue()",
            "false",
        ),
        ("duration('1h30m').getMinutes() + timestamp('2026-11-21T16:00:00Z').getDayOfWeek()", "96"),
        ("timestamp('2026-01-02T00:00:00Z') - timestamp('2026-01-01T00:00:00Z') == duration('24h')", "true"),
        ("// a comment\n1", "1"),
        ("object.metadata.`name`", "\"web\""),
    ] {
        assert_eq!(evaluate_on(&object, text).as_deref(), Ok(expected), "{text}");
    }
}

#[test]
fn errors_say_what_cel_says() {
    let object = json!({"a": 1, "l": [1]});
    for (text, part) in [
        ("object.b", "no such key: b"),
        ("object.l[3]", "index out of bounds: 3"),
        ("object.a.b", "no such key: b"),
        ("object.l.b", "unsupported index type"),
        ("1 / 0", "division by zero"),
        ("9223372036854775807 + 1", "overflow"),
        ("object.a + 'x'", "no such overload"),
        ("nope", "undeclared reference to 'nope'"),
        ("nope(1)", "undeclared reference to 'nope'"),
        ("params.spec", "undeclared reference to 'params'"),
        ("authorizer.group('')", "undeclared reference to 'authorizer'"),
        ("'a'.nope()", "undeclared reference to 'nope'"),
        ("1 +", "ends too early"),
        ("(1", "ends too early"),
        ("1 2", "unexpected literal"),
        ("'a", "not closed"),
        ("a.b(", "ends too early"),
        ("has(object)", "takes one field"),
        ("[1].all(1, true)", "must be a name"),
        ("quantity('x')", "quantities must match"),
        ("'a'.matches('(')", "error parsing regexp"),
    ] {
        let message = evaluate_on(&object, text).expect_err(text);
        assert!(message.contains(part), "{text}: {message}");
    }
}

#[test]
fn hostile_expressions_end() {
    let range = "lists.range(1000)";
    let deep = |open: &str, close: &str, n: usize| format!("{}1{}", open.repeat(n), close.repeat(n));
    let mut cases = vec![
        format!("{range}.all(a, {range}.all(b, {range}.all(c, {range}.all(d, a + b + c + d >= 0))))"),
        "lists.range(1000000000).size() > 0".to_owned(),
        format!("{range}.map(a, {range}.map(b, {range}))"),
        format!(
            "{range}.map(a, 'x').join('y').replace('', {range}.map(a, 'zzzzzzzzzz').join()).replace('z', {range}.map(a, 'zzzzzzzzzz').join())"
        ),
        format!("{range}.map(x, 'a').join().matches('(a*)*b(a|a)*$')"),
        "'a'.matches('(((((a{100}){100}){100}){100}){100})')".to_owned(),
        "1".repeat(2 << 20),
        "-".repeat(100_000) + "1",
        "!".repeat(100_001) + "true",
        vec!["1"; 100_000].join(" + "),
        vec!["true"; 100_000].join(" && "),
        format!("object{}", ".a".repeat(100_000)),
        format!("'{}'", "\\".repeat(99_999)),
    ];
    for depth in [100, 240, 1_000, 100_000] {
        for (open, close) in [
            ("(", ")"),
            ("[", "]"),
            ("{'a': ", "}"),
            ("size(", ")"),
            ("object[", "]"),
            ("true ? 1 : ", ""),
            ("[1].map(x, ", ")"),
            ("-(", ")"),
        ] {
            cases.push(deep(open, close, depth));
        }
    }
    for case in cases {
        let work = move || {
            let started = std::time::Instant::now();
            let _ = evaluate_on(&json!({}), &case);
            let taken = started.elapsed();
            assert!(taken.as_secs() < 20, "{:.80} took {taken:?}", case);
        };
        // The stack of a thread that a host may give.
        std::thread::Builder::new().stack_size(2 << 20).spawn(work).unwrap().join().unwrap();
    }
    // Variables that double.
    let doubling: Vec<Json> = (0..60)
        .map(|n| json!({"name": format!("v{n}"), "expression": if n == 0 { "['x']".to_owned() } else { format!("[variables.v{m}, variables.v{m}]", m = n - 1) }}))
        .collect();
    let source = json!({"variables": doubling, "validations": [
        {"expression": "variables.v59 == [[variables.v57, variables.v57], [variables.v57, variables.v57]]"},
        {"expression": "'%s'.format([variables.v59]) == ''"},
        {"expression": "variables.v59 != variables.v59"},
    ]});
    let program = Program::read(&Node::from(&source)).unwrap();
    let review = to_value(&Node::from(&json!({})), Numbers::Exact);
    assert!(program.run(&review, &regorus::Value::Null).unwrap().iter().any(|violation| violation.failed));
    // Variables that go ever deeper.
    let deeper: Vec<Json> = (0..50)
        .map(|n| json!({"name": format!("v{n}"), "expression": format!("{}variables.v{}{}", "[".repeat(90), n.max(1) - 1, "]".repeat(90))}))
        .collect();
    assert!(Program::read(&Node::from(&json!({"variables": deeper}))).is_err());
}

fn messages(source: &Json, review: &Json, parameters: &Json) -> Vec<String> {
    let program = Program::read(&Node::from(source)).unwrap();
    let value = |json: &Json| to_value(&Node::from(json), Numbers::Exact);
    program
        .run(&value(review), &value(parameters))
        .unwrap()
        .into_iter()
        .map(|violation| violation.message)
        .collect()
}

#[test]
fn a_template_is_evaluated_as_a_policy() {
    let source = json!({
        "variables": [
            {"name": "containers", "expression": "has(variables.anyObject.spec.containers) ? variables.anyObject.spec.containers : []"},
            {"name": "bad", "expression": "variables.containers.filter(c, !variables.params.repos.exists(r, c.image.startsWith(r)))"},
            {"name": "broken", "expression": "object.nope.nope"},
        ],
        "matchCondition": [{"name": "not-exempt", "expression": "variables.anyObject.metadata.name != 'exempt'"}],
        "validations": [
            {"expression": "variables.bad.size() == 0", "messageExpression": "'bad: ' + variables.bad.map(c, c.name).join(', ')", "message": "unused"},
            {"expression": "size(variables.containers) < 2", "message": "  too many  "},
            {"expression": "size(variables.containers) < 2", "messageExpression": "'two\\nlines'"},
        ],
    });
    let pod = |name: &str| json!({"metadata": {"name": name}, "spec": {"containers": [{"name": "a", "image": "x/a"}, {"name": "b", "image": "y/b"}]}});
    let parameters = json!({"repos": ["x/"]});
    let expected = ["bad: b", "failed expression: size(variables.containers) < 2", "too many"];
    assert_eq!(messages(&source, &json!({"operation": "CREATE", "object": pod("p")}), &parameters), expected);
    assert_eq!(
        messages(
            &source,
            &json!({"operation": "DELETE", "object": pod("p"), "oldObject": pod("p")}),
            &parameters
        ),
        expected
    );
    assert!(messages(&source, &json!({"object": pod("exempt")}), &parameters).is_empty());
    // What fails is a violation, or with `Ignore` none.
    let mut failing =
        json!({"validations": [{"expression": "object.nope == 1"}, {"expression": "nope == 1"}]});
    let found = messages(&failing, &json!({"object": {}}), &json!(null));
    assert_eq!(found[1], "expression 'object.nope == 1' resulted in error: no such key: nope");
    assert!(found[0].starts_with("compilation error: undeclared reference to 'nope'"), "{found:?}");
    failing["failurePolicy"] = json!("Ignore");
    assert!(messages(&failing, &json!({"object": {}}), &json!(null)).is_empty());
    for bad in [
        json!({"failurePolicy": "Maybe"}),
        json!({"variables": [{"name": "gatekeeper_internal_x", "expression": "1"}]}),
        json!({"validations": {}}),
        json!([]),
    ] {
        assert!(Program::read(&Node::from(&bad)).is_err(), "{bad}");
    }
}
