//! Tables of JSON and the text that go-yaml v2 (v2.4.4, behind `sigs.k8s.io/yaml` v1.6.0) printed for it.

use std::sync::Arc;

use crate::ErrorKind;
use crate::node::{Map, Node, Plain, Span, Value};
use crate::yaml::{write, write_into, write_stream};

#[test]
fn layout() {
    check(&[
        ("{}", "{}\n"),
        ("[]", "[]\n"),
        ("{\"a\": {}, \"b\": []}", "a: {}\nb: []\n"),
        ("{\"a\": {\"b\": {\"c\": 1}}}", "a:\n  b:\n    c: 1\n"),
        ("{\"a\": [1, \"x\", null, true]}", "a:\n- 1\n- x\n- null\n- true\n"),
        ("[\"a\", [\"b\", [\"c\"]], {\"d\": 1, \"e\": [2]}]", "- a\n- - b\n  - - c\n- d: 1\n  e:\n  - 2\n"),
        ("[[], [{}], [[]]]", "- []\n- - {}\n- - []\n"),
        (
            "{\"a\": [{\"b\": [{\"c\": \"d\"}], \"e\": 1}, [{\"f\": 2}]]}",
            "a:\n- b:\n  - c: d\n  e: 1\n- - f: 2\n",
        ),
        ("\"text\"", "text\n"),
        ("7", "7\n"),
        ("null", "null\n"),
        ("false", "false\n"),
        (
            "{\"b2\": 0, \"a10\": 0, \"a2\": 0, \"A\": 0, \"_x\": 0, \"1\": 0, \"10\": 0, \"2\": 0}",
            "_x: 0\n\"1\": 0\n\"2\": 0\n\"10\": 0\nA: 0\na2: 0\na10: 0\nb2: 0\n",
        ),
    ]);
}

#[test]
fn words_that_would_be_read_as_something_else() {
    check(&[
        (
            "{\"a\": \"\", \"b\": \"true\", \"c\": \"y\", \"d\": \"on\", \"e\": \"null\", \"f\": \"~\", \"g\": \"1\", \"h\": \"1.5\", \"i\": \"0x1F\", \"j\": \"1_000\", \"k\": \"2001-01-01\", \"l\": \"12:30:45\", \"m\": \"1e3\", \"n\": \"010\", \".o\": \".inf\", \"p\": \"<<\", \"q\": \"=\", \"r\": \"v1\", \"s\": \"1.2.3\", \"t\": \"10m\"}",
            ".o: \".inf\"\na: \"\"\nb: \"true\"\nc: \"y\"\nd: \"on\"\ne: \"null\"\nf: \"~\"\ng: \"1\"\nh: \"1.5\"\ni: \"0x1F\"\nj: \"1_000\"\nk: \"2001-01-01\"\nl: \"12:30:45\"\nm: \"1e3\"\n\"n\": \"010\"\np: <<\nq: =\nr: v1\ns: 1.2.3\nt: 10m\n",
        ),
        ("{\"y\": 1, \"\": 2, \"12\": 3, \"null\": 4}", "\"\": 2\n\"12\": 3\n\"null\": 4\n\"y\": 1\n"),
    ]);
}

#[test]
fn indicators() {
    check(&[
        ("\"- a\"", "'- a'\n"),
        ("\"-a\"", "-a\n"),
        ("\"-\"", "'-'\n"),
        ("\"--\"", "--\n"),
        ("\"---\"", "'---'\n"),
        ("\"--- a\"", "'--- a'\n"),
        ("\"?\"", "'?'\n"),
        ("\"? a\"", "'? a'\n"),
        ("\"?a\"", "?a\n"),
        ("\":\"", "':'\n"),
        ("\"a:\"", "'a:'\n"),
        ("\"a: b\"", "'a: b'\n"),
        ("\"a:b\"", "a:b\n"),
        ("\"a #b\"", "'a #b'\n"),
        ("\"a#b\"", "a#b\n"),
        ("\"#a\"", "'#a'\n"),
        ("\"'a'\"", "'''a'''\n"),
        ("\"a'b c: d\"", "'a''b c: d'\n"),
        ("\"\\\"a\\\"\"", "'\"a\"'\n"),
        ("\"a\\\"b\"", "a\"b\n"),
        ("\"{a}\"", "'{a}'\n"),
        ("\"[a]\"", "'[a]'\n"),
        ("\"a, b\"", "a, b\n"),
        ("\"&a\"", "'&a'\n"),
        ("\"*a\"", "'*a'\n"),
        ("\"!a\"", "'!a'\n"),
        ("\"|\"", "'|'\n"),
        ("\"> a\"", "'> a'\n"),
        ("\"%a\"", "'%a'\n"),
        ("\"@a\"", "'@a'\n"),
        ("\"`a\"", "'`a'\n"),
        ("\"...\"", "'...'\n"),
        ("\".a\"", ".a\n"),
        ("\" a\"", "' a'\n"),
        ("\"a \"", "'a '\n"),
        ("\" \"", "' '\n"),
        ("\"a  b\"", "a  b\n"),
        ("\"{{ .Values.x }}\"", "'{{ .Values.x }}'\n"),
        ("\"$(VAR)\"", "$(VAR)\n"),
        ("\"~a\"", "~a\n"),
        ("\"\\\\a\"", "\\a\n"),
    ]);
}

#[test]
fn texts_of_several_lines() {
    check(&[
        ("\"a\\nb\"", "|-\n  a\n  b\n"),
        ("\"a\\nb\\n\"", "|\n  a\n  b\n"),
        ("\"a\\nb\\n\\n\"", "|+\n  a\n  b\n\n"),
        ("\"\\n\"", "|2+\n\n"),
        ("\"\\n\\n\"", "|2+\n\n\n"),
        ("\"\\na\"", "|2-\n\n  a\n"),
        ("\" a\\nb\"", "|2-\n   a\n  b\n"),
        ("\"a\\n b\\n\"", "|\n  a\n   b\n"),
        ("\"a\\n\\nb\"", "|-\n  a\n\n  b\n"),
        ("\"a \\nb\"", "\"a \\nb\"\n"),
        ("\"a\\nb \"", "\"a\\nb \"\n"),
        ("\"a\\tb\"", "\"a\\tb\"\n"),
        ("\"a\\nb\\tc\"", "\"a\\nb\\tc\"\n"),
        ("\"a\\r\\nb\"", "\"a\\r\\nb\"\n"),
        ("\"# a\\n- b\\n\"", "|\n  # a\n  - b\n"),
        ("\"a\\n\\n\\n\"", "|+\n  a\n\n\n"),
        (
            "{\"k\": \"a\\nb\\n\", \"l\": [\"a\\n\", \"b\\nc\", [\"d\\n\\n\"]]}",
            "k: |\n  a\n  b\nl:\n- |\n  a\n- |-\n  b\n  c\n- - |+\n    d\n\n",
        ),
        ("{\"k\": \"  a\\n b\\n\"}", "k: |2\n    a\n   b\n"),
    ]);
}

#[test]
fn characters_beyond_ascii_and_control_characters() {
    check(&[
        ("\"é ü 日本\"", "é ü 日本\n"),
        ("\"a😀b\"", "\"a\\U0001F600b\"\n"),
        ("\"\u{feff}ab\"", "\"\\uFEFF\\x61\\x62\"\n"),
        ("\"a\u{feff}b\"", "\"a\\uFEFFb\"\n"),
        ("\"\u{a0}\"", "\u{a0}\n"),
        ("\"a\u{2028}b\"", "'a\u{2028}  b'\n"),
        ("\"a\u{2028}\u{2029}'b c\"", "'a\u{2028}\u{2029}  ''b c'\n"),
        ("\"a\\nb\u{2028}c\\n\"", "|\n  a\n  b\u{2028}  c\n"),
        ("\"a\u{2028} b\"", "\"a\\L b\"\n"),
        ("\"a\\u0007\\u0000\\u001b\\u000b\\f\\b\"", "\"a\\a\\0\\e\\v\\f\\b\"\n"),
        ("\"a\u{85}b\"", "a b\n"),
        ("\"a \u{85} \u{85} b\"", "|-\n  a\n  b\n"),
        ("\"\u{85}\"", "' '\n"),
        ("\"\u{fffd}\u{e000}\"", "\u{fffd}\u{e000}\n"),
        ("{\"é\": 1, \"😀\": 2, \"a\\tb\": 3}", "\"\\U0001F600\": 2\n\"a\\tb\": 3\né: 1\n"),
    ]);
}

#[test]
fn long_lines_are_folded_at_single_spaces() {
    check(&[
        (
            "\"wwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwww x\"",
            "wwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwww x\n",
        ),
        (
            "\"wwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwww x\"",
            "wwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwww\n  x\n",
        ),
        (
            "\"wwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwww  x\"",
            "wwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwww  x\n",
        ),
        (
            "{\"key\": \"wwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwww x\"}",
            "key: wwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwww x\n",
        ),
        (
            "{\"key\": \"wwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwww x\"}",
            "key: wwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwww\n  x\n",
        ),
        (
            "{\"key\": \"'wwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwww x y\"}",
            "key: '''wwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwww\n  x y'\n",
        ),
        (
            "{\"key\": \"'wwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwww' x y\"}",
            "key: '''wwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwww'' x\n  y'\n",
        ),
        (
            "{\"key\": \"\\twwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwww x  y \"}",
            "key: \"\\twwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwww\n  x  y \"\n",
        ),
        (
            "{\"key\": \"\\twwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwww  x\"}",
            "key: \"\\twwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwww\n  \\ x\"\n",
        ),
        (
            "{\"k\": [\"a a a a a a a a a a a a a a a a a a a a a a a a a a a a a a a a a a a a a a a a a a a a a a a a a a a a a a a a a a a a b\"]}",
            "k:\n- a a a a a a a a a a a a a a a a a a a a a a a a a a a a a a a a a a a a a a a a\n  a a a a a a a a a a a a a a a a a a a a b\n",
        ),
        (
            "{\"k\": {\"l\": \"the the the the the the the the the the the the the the the the the the the the the the the the the the the the the the 'end': x\"}}",
            "k:\n  l: 'the the the the the the the the the the the the the the the the the the the\n    the the the the the the the the the the the ''end'': x'\n",
        ),
        (
            "\"éééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééé x\"",
            "éééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééé x\n",
        ),
        (
            "\"ééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééé x\"",
            "ééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééé\n  x\n",
        ),
        (
            "{\"kkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkk\": \"a b c a b c a b c d\"}",
            "kkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkk: a\n  b c a b c a b c d\n",
        ),
        (
            "{\"k\": \"wwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwww \"}",
            "k: 'wwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwww '\n",
        ),
        (
            "{\"k\": \"true\", \"l\": \"é\\ta b a b a b a b a b a b a b a b a b a b a b a b a b a b a b a b a b a b a b a b a b a b a b a b a b a b a b a b a b a b \"}",
            "k: \"true\"\nl: \"é\\ta b a b a b a b a b a b a b a b a b a b a b a b a b a b a b a b a b a b a b\n  a b a b a b a b a b a b a b a b a b a b a b \"\n",
        ),
    ]);
}

#[test]
fn keys_that_are_long_or_have_breaks() {
    check(&[
        (
            "{\"kkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkk\": 1}",
            "kkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkk: 1\n",
        ),
        (
            "{\"kkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkk\": 1}",
            "? kkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkk\n: 1\n",
        ),
        (
            "{\"kkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkk\": [1, {\"a\": 2}], \"z\": {\"b\": 3}}",
            "? kkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkk\n: - 1\n  - a: 2\nz:\n  b: 3\n",
        ),
        (
            "{\"kkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkk\": {\"a\": [1]}}",
            "? kkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkk\n: a:\n  - 1\n",
        ),
        (
            "{\"éééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééé\": 1}",
            "éééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééé: 1\n",
        ),
        (
            "{\"ééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééé\": 1}",
            "? ééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééé\n: 1\n",
        ),
        ("{\"a\\nb\": \"c\"}", "? |-\n  a\n  b\n: c\n"),
        ("{\"a\\nb\\n\": [\"c\"]}", "? |\n  a\n  b\n: - c\n"),
        ("[{\"a\\nb\": {\"d\": 1}}]", "- ? |-\n    a\n    b\n  : d: 1\n"),
        (
            "{\"a b a b a b a b a b a b a b a b a b a b a b a b a b a b a b a b a b a b a b a b a b a b a b a b a b a b a b a b a b a b a b a b a b a b a b c\": \"x\"}",
            "? a b a b a b a b a b a b a b a b a b a b a b a b a b a b a b a b a b a b a b a b\n  a b a b a b a b a b a b a b a b a b a b a b a b a b a b a b c\n: x\n",
        ),
        ("{\"a\\rb\": 1}", "? \"a\\rb\"\n: 1\n"),
        ("{\"a\u{2028}b\": 1}", "? 'a\u{2028}  b'\n: 1\n"),
    ]);
}

fn check(table: &[(&str, &str)]) {
    for (json, expected) in table {
        let value: serde_json::Value = serde_json::from_str(json).unwrap();
        assert_eq!(write(&Node::from(&value)).unwrap(), *expected, "{json}");
    }
}

fn node(value: Value) -> Node {
    Node::new(value, Span::NONE)
}

fn nested(value: Value) -> Node {
    let mut inner = Map::new();
    inner.insert("a.b/c", node(value));
    let mut outer = Map::new();
    outer.insert("data", Node::seq(vec![Node::null(), Node::map(inner, Span::NONE)], Span::NONE));
    Node::map(outer, Span::NONE)
}

#[test]
fn plain_scalars_lose_their_spelling() {
    for (plain, expected) in [
        (Plain::null("~"), "null\n"),
        (Plain::bool("True", true), "true\n"),
        (Plain::int("0x1F", 31), "31\n"),
        (Plain::uint("18446744073709551615", u64::MAX), "18446744073709551615\n"),
        (Plain::float("1.50", 1.5), "1.5\n"),
        (Plain::timestamp("2001-01-01", "2001-01-01T00:00:00Z"), "\"2001-01-01T00:00:00Z\"\n"),
    ] {
        assert_eq!(write(&node(Value::Plain(Arc::new(plain)))).unwrap(), expected);
    }
}

#[test]
fn documents_stand_apart() {
    let nodes = [node(Value::Int(1)), nested(Value::Null), node(Value::String("x\n\n".into()))];
    assert_eq!(write_stream(&nodes).unwrap(), "1\n---\ndata:\n- null\n- a.b/c: null\n---\n|+\n  x\n\n");
    assert_eq!(write_stream([]).unwrap(), "");
    let mut out = "before\n".to_owned();
    write_into(&nested(Value::Bool(false)), &mut out).unwrap();
    assert_eq!(out, "before\ndata:\n- null\n- a.b/c: false\n");
}

#[test]
fn what_kustomize_cannot_write_is_an_error_that_names_the_path() {
    let text = |text: &str| nested(Value::String(text.into()));
    for (bad, code) in [
        (nested(Value::Float(f64::INFINITY)), "not-json-number"),
        (nested(Value::Float(f64::NAN)), "not-json-number"),
        (text("a\u{7f}"), "control-character"),
        (text("\t\u{80}"), "control-character"),
        (text("\u{9f}"), "control-character"),
        (text("\u{fffe}"), "control-character"),
        (text("\u{ffff}\n"), "control-character"),
        (text("a\u{85}--- b"), "control-character"),
        (text("a\u{85}...\u{85}b"), "control-character"),
    ] {
        let error = write(&bad).unwrap_err();
        assert_eq!((error.kind(), error.code()), (ErrorKind::Yaml, code));
        assert!(error.message().starts_with("data[1][\"a.b/c\"]: "), "{error}");
        let error = write_stream([&Node::null(), &bad]).unwrap_err();
        assert!(error.message().starts_with("document 2: data[1]"), "{error}");
    }
    let key = |key: String| Node::map([(key.into(), Node::null())].into_iter().collect(), Span::NONE);
    assert_eq!(write(&key("a\u{85}b".into())).unwrap_err().code(), "control-character");
    assert_eq!(write(&key("k".repeat(1023))).unwrap_err().code(), "key-too-long");
    assert_eq!(write(&key("<".repeat(171))).unwrap_err().code(), "key-too-long");
    for longest in [key("k".repeat(1022)), key("<".repeat(170)), key("é".repeat(1022))] {
        assert!(write(&longest).is_ok());
    }
}

#[test]
fn depth_is_bounded() {
    let deep = |levels| (0..levels).fold(Node::null(), |inner, _| Node::seq(vec![inner], Span::NONE));
    assert!(write(&deep(500)).is_ok());
    let error = write(&deep(501)).unwrap_err();
    assert_eq!((error.kind(), error.code()), (ErrorKind::Limit, "too-deep"));
}

/// Laws: what is written reads back as the same tree, and writing that gives the same text.
mod round_trip {
    use proptest::prelude::*;

    use super::*;
    use crate::yaml::{Dialect, ReadOptions, read_str};

    const PIECES: [&str; 48] = [
        " ",
        " ",
        " ",
        "  ",
        "\n",
        "\n",
        "\n\n",
        "\t",
        "\r",
        "\0",
        "\u{7}",
        "-",
        "- ",
        "?",
        "? ",
        ":",
        ": ",
        "#",
        " #",
        "'",
        "\"",
        "\\",
        "---",
        "...",
        "[",
        "]",
        "{",
        "}",
        ",",
        "&",
        "*",
        "!",
        "|",
        ">",
        "%",
        "@",
        "`",
        "0",
        "1",
        "_",
        ".",
        "e",
        "y",
        "true",
        "null",
        "2001-01-01",
        "é",
        "😀",
    ];

    fn text() -> impl Strategy<Value = String> {
        let pieces = prop::collection::vec(prop::sample::select(PIECES.to_vec()), 0..12);
        let words = prop::sample::select(vec![
            "a",
            "the",
            "Kubernetes",
            "it's",
            "k: v",
            "- x",
            "#tag",
            "日本語",
            "\u{feff}",
        ]);
        let prose = prop::collection::vec(words, 0..60);
        prop_oneof![
            pieces.prop_map(|pieces| pieces.concat()),
            prose.prop_map(|words| words.join(" ")),
            "[ -~]{0,100}",
            // Beyond ASCII, without what go-yaml refuses and what YAML 1.1 and 1.2 read differently.
            "[\\PC&&[^\u{85}\u{2028}\u{2029}]]{0,20}",
        ]
    }

    /// `<<` is written without quotes, as go-yaml does it, and so reads back as a merge key.
    fn key() -> impl Strategy<Value = String> {
        prop_oneof![3 => "[a-z0-9._/-]{1,12}", 1 => text()].prop_filter("merge key", |key| key != "<<")
    }

    fn tree() -> impl Strategy<Value = Node> {
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::Bool),
            any::<i64>().prop_map(Value::Int),
            any::<f64>().prop_filter("finite", |value| value.is_finite()).prop_map(Value::Float),
            text().prop_map(|text| Value::String(text.into())),
            text().prop_map(|text| Value::String(text.into())),
        ]
        .prop_map(node);
        leaf.prop_recursive(6, 60, 6, |inner| {
            let items =
                prop::collection::vec(inner.clone(), 0..5).prop_map(|items| Node::seq(items, Span::NONE));
            let entries = prop::collection::vec((key(), inner), 0..6).prop_map(|entries| {
                let entries = entries.into_iter().map(|(key, value)| (key.into(), value));
                Node::map(entries.collect(), Span::NONE)
            });
            prop_oneof![items, entries]
        })
    }

    proptest! {
        #[test]
        fn what_is_written_reads_back(trees in prop::collection::vec(tree(), 1..4)) {
            let written = write_stream(&trees).unwrap();
            for dialect in [Dialect::Kubectl, Dialect::Kyaml] {
                let options = ReadOptions { dialect, ..ReadOptions::default() };
                let (stream, _) = read_str("f.yaml", &written, &options).unwrap();
                prop_assert_eq!(&stream.documents, &trees, "{:?}\n{}", dialect, written);
                prop_assert_eq!(&write_stream(&stream.documents).unwrap(), &written);
            }
        }
    }
}
