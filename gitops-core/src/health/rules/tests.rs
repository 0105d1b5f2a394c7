use proptest::prelude::*;
use serde_json::json;

use super::*;
use crate::node::Node;

fn judge(body: &str, json: serde_json::Value) -> Option<(HealthStatus, String)> {
    let rules = Rules::parse("test", &format!("Thing\n{body}\n")).unwrap_or_else(|error| panic!("{error}"));
    let mut json = json;
    json["kind"] = "Thing".into();
    let verdict = rules.judge(&Object::new(Node::from(&json)), None)?;
    Some((verdict.status, verdict.message))
}

/// What an expression gives, as text.
fn value(expr: &str) -> String {
    let object = json!({"n": 3, "t": "a/b", "list": [{"type": "A", "status": "True", "n": 1},
        {"type": "B", "status": "False", "n": 2}], "map": {"b": 2, "a": 1}, "empty": "", "no": false,
        "status": {"conditions": [{"type": "Ready", "status": "True", "message": "fine"}]}});
    judge(&format!("  Unknown \"{{{expr}}}\""), object).unwrap().1
}

#[test]
fn expressions() {
    for (expr, expected) in [
        ("n + 1 - 2", "2"),
        ("n > 2 ? \"yes\" : \"no\"", "yes"),
        ("absent.deeper ?? t", "a/b"),
        ("absent < 3", "false"),
        ("!absent && !no && empty != null", "true"),
        ("t in [\"x\", \"a/b\"]", "true"),
        ("@Ready.message", "fine"),
        ("@Ready is True", "true"),
        ("@Gone is True", "false"),
        ("list@B.n", "2"),
        ("list[1].n", "2"),
        ("map[\"a\"]", "1"),
        ("count(list, .status == \"True\")", "1"),
        ("count(absent)", "0"),
        ("join(list, \", \", \"{position()}={.type}\")", "1=A, 2=B"),
        ("join(keys(map), \"\", .)", "ab"),
        ("sum(map, .)", "3"),
        ("any(list, any([1, 2], . == 2))", "true"),
        ("last(list).type", "B"),
        ("count(until(list, .type == \"A\"))", "1"),
        ("join(sort(list, .status), \"\", .type)", "BA"),
        ("number(after(\"1/12\", \"/\"))", "12"),
        ("short(t, 1)", "a"),
        ("int(t, 7)", "7"),
        ("type(list)", "list"),
        ("json(\"[1,2]\")[1]", "2"),
        ("\"a \\\"b\\\" {n}\"", "a \"b\" 3"),
        ("filled(empty)", "false"),
    ] {
        assert_eq!(value(expr), expected, "{expr}");
    }
}

#[test]
fn lines_decide_in_order() {
    let body = "  each items if .on\n    let name = .name\n    Degraded \"{$name} is bad\" if .bad\n  Healthy \"{$name}all is well\"";
    let item = |on: bool, bad: bool| json!({"items": [{"name": "a", "on": on, "bad": bad}]});
    assert_eq!(judge(body, item(true, true)), Some((HealthStatus::Degraded, "a is bad".into())));
    assert_eq!(judge(body, item(false, true)), Some((HealthStatus::Healthy, "all is well".into())));
    assert_eq!(judge("  if no\n    Healthy", json!({})), None);
}

#[test]
fn mistakes_are_told_with_their_place() {
    for (text, expected) in [
        ("  Healthy", "r:1:3: health rule `Healthy`: lines of a rule stand below a kind"),
        ("Pod\n  Splendid", "r:2:3: health rule `Splendid`: no status is called so"),
        ("Pod\n  Healthy if", "r:2:3: health rule `Healthy if`: a value expected at the end"),
        (
            "Pod\n  Healthy if nosuch(1)",
            "r:2:3: health rule `Healthy if nosuch(1)`: no function is called `nosuch`",
        ),
        ("Pod\n  Healthy \"{a", "r:2:3: health rule `Healthy \"{a`: a text that does not end"),
        ("Pod\n  use x", "r:2:3: health rule `use x`: no set is called so"),
        ("Pod\n  if a\n  Healthy", "r:2:3: health rule `if a`: lines expected below it"),
        ("Pod\n  Healthy\n    Healthy", "r:3:5: health rule `Healthy`: nothing above takes lines below it"),
        ("a b\n  Healthy", "r:1:1: health rule `a b`: kinds are written group/Kind, separated by commas"),
        (
            "Pod\n  Healthy if count(a, b, c)",
            "r:2:3: health rule `Healthy if count(a, b, c)`: `count` takes 1 to 2 arguments, not 3",
        ),
    ] {
        assert_eq!(Rules::parse("r", text).unwrap_err().to_string(), expected);
    }
}

#[test]
fn sets_that_use_each_other_end() {
    let error = Rules::parse("r", "define a\n  use b\ndefine b\n  use a\nPod\n  use a\n").unwrap_err();
    assert_eq!(error.code(), "health-rules-too-deep");
    let double = "define a(x)\n  use a(%x%x%x%x)\nPod\n  use a(\"yyyyyyyyyyyy\")\n";
    assert!(Rules::parse("r", double).is_err());
    let deep = format!("Pod\n  Healthy if {}a", "!(".repeat(10_000));
    assert_eq!(Rules::parse("r", &deep).unwrap_err().code(), "health-rules");
}

#[test]
fn costly_rules_end() {
    let list: Vec<_> = (0..3_000).collect();
    let text = "x".repeat(60_000);
    for when in [
        "any(list, any(list, any(list, . == 5000)))",
        "any(list, count(list) == 1)",
        "any(list, list[1] == 5)",
        "any(list, list != list)",
        "any(list, 5000 in list)",
        "any(list, contains(text, \"y\"))",
        "any(list, \"{text}{text}\" == 1)",
        "any(list, count(concat(list, list)) == 1)",
        "any(list, join(list, text, .) == 1)",
        "any(list, json(text) == 1)",
    ] {
        let judged = judge(&format!("  Healthy if {when}\n  Degraded"), json!({"list": list, "text": text}));
        let (status, message) = judged.unwrap();
        assert_eq!(status, HealthStatus::Unknown, "{when}");
        assert!(message.contains("too many steps"), "{message}");
    }
}

#[test]
fn patterns() {
    for (pattern, group, kind, expected) in [
        ("*.example.com/*", "a.b.example.com", "X", true),
        ("*.example.com/*", "example.com", "X", false),
        ("kro.run/*", "kro.run", "Y", true),
        ("*", "", "Pod", true),
        ("a*b*c/K", "aXbYc", "K", true),
        ("a*b*c/K", "ac", "K", false),
    ] {
        assert_eq!(matches(pattern, group, kind), expected, "{pattern} {group}/{kind}");
    }
}

proptest! {
    #[test]
    fn no_text_breaks_the_reader(text in "(define |use |let |if |each |Healthy|Pod|\n  |\n    |\"|\\{|\\}|\\(|\\)|\\[|\\]|@|\\$|\\.|%|\\?|:|,|!|=|a|é| ){0,60}") {
        if let Ok(rules) = Rules::parse("any", &text) {
            let object = Object::new(Node::from(&json!({"kind": "Pod", "a": [1, {"a": 2}]})));
            let _ = rules.judge(&object, Some(Timestamp::from_unix(0)));
        }
    }
}
