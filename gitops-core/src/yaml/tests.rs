//! Tables over the whole reader.

use super::*;
use crate::Result;
use crate::node::{SourceMap, Value};

fn options(dialect: Dialect) -> ReadOptions {
    ReadOptions { dialect, ..ReadOptions::default() }
}

fn json(text: &str, dialect: Dialect) -> Result<String> {
    let (stream, _) = read_str("f.yaml", text, &options(dialect))?;
    let documents: Vec<String> =
        stream.documents.iter().map(|node| serde_json::to_string(node).unwrap()).collect();
    Ok(documents.join(" | "))
}

#[track_caller]
fn both(text: &str, expected: &str) {
    for dialect in [Dialect::Kubectl, Dialect::Kyaml] {
        assert_eq!(json(text, dialect).unwrap(), expected, "{text:?} {dialect:?}");
    }
}

/// How a node was resolved, spelled so that a table can hold it.
fn describe(value: &Value) -> String {
    match value {
        Value::Plain(plain) => {
            let moment = if plain.is_timestamp() { "moment " } else { "" };
            format!("plain {moment}{:?}", plain.scalar())
        }
        other => format!("{other:?}"),
    }
}

#[test]
fn plain_scalars() {
    // text, kubectl, kyaml
    let table = [
        ("", "Null", "Null"),
        ("~", "plain Null", "plain Null"),
        ("null", "plain Null", "plain Null"),
        ("Null", "plain Null", "plain Null"),
        ("nULL", "String(\"nULL\")", "String(\"nULL\")"),
        ("true", "Bool(true)", "Bool(true)"),
        ("TRUE", "plain Bool(true)", "plain Bool(true)"),
        ("tRue", "String(\"tRue\")", "String(\"tRue\")"),
        ("yes", "plain Bool(true)", "String(\"yes\")"),
        ("y", "plain Bool(true)", "String(\"y\")"),
        ("On", "plain Bool(true)", "String(\"On\")"),
        ("oN", "String(\"oN\")", "String(\"oN\")"),
        ("OFF", "plain Bool(false)", "String(\"OFF\")"),
        ("N", "plain Bool(false)", "String(\"N\")"),
        ("0", "Int(0)", "Int(0)"),
        ("-0", "plain Int(0)", "plain Int(0)"),
        ("42", "Int(42)", "Int(42)"),
        ("-42", "Int(-42)", "Int(-42)"),
        ("+42", "plain Int(42)", "plain Int(42)"),
        ("0644", "plain Int(420)", "plain Int(420)"),
        ("0o644", "plain Int(420)", "plain Int(420)"),
        ("0b11", "plain Int(3)", "plain Int(3)"),
        ("-0b11", "plain Int(-3)", "plain Int(-3)"),
        ("0x1F", "plain Int(31)", "plain Int(31)"),
        ("1_000", "plain Int(1000)", "plain Int(1000)"),
        ("08", "plain Float(8.0)", "plain Float(8.0)"),
        ("0b-11", "plain Int(-3)", "plain Int(-3)"),
        ("0o-7", "String(\"0o-7\")", "plain Int(-7)"),
        ("1:30", "String(\"1:30\")", "String(\"1:30\")"),
        ("1.0", "plain Float(1.0)", "plain Float(1.0)"),
        ("1.", "plain Float(1.0)", "plain Float(1.0)"),
        (".5", "plain Float(0.5)", "plain Float(0.5)"),
        ("._5", "String(\"._5\")", "String(\"._5\")"),
        (".", "String(\".\")", "String(\".\")"),
        ("1e3", "plain Float(1000.0)", "plain Float(1000.0)"),
        ("1e999", "String(\"1e999\")", "String(\"1e999\")"),
        (".inf", "plain Float(inf)", "plain Float(inf)"),
        ("-.INF", "plain Float(-inf)", "plain Float(-inf)"),
        (".NaN", "plain Float(NaN)", "plain Float(NaN)"),
        ("9223372036854775807", "Int(9223372036854775807)", "Int(9223372036854775807)"),
        ("9223372036854775808", "plain Uint(9223372036854775808)", "plain Uint(9223372036854775808)"),
        ("-9223372036854775808", "Int(-9223372036854775808)", "Int(-9223372036854775808)"),
        ("18446744073709551616", "plain Float(1.8446744073709552e19)", "plain Float(1.8446744073709552e19)"),
        ("2001-01-01", "String(\"2001-01-01\")", "plain moment String(\"2001-01-01T00:00:00Z\")"),
        ("<<", "String(\"<<\")", "String(\"<<\")"),
        ("-", "String(\"-\")", "String(\"-\")"),
        ("1.2.3", "String(\"1.2.3\")", "String(\"1.2.3\")"),
        ("0x", "String(\"0x\")", "String(\"0x\")"),
        ("100m", "String(\"100m\")", "String(\"100m\")"),
    ];
    for (text, kubectl, kyaml) in table {
        assert_eq!(describe(&parse_scalar(text, Dialect::Kubectl)), kubectl, "{text:?} kubectl");
        assert_eq!(describe(&parse_scalar(text, Dialect::Kyaml)), kyaml, "{text:?} kyaml");
    }
}

#[test]
fn tags_and_quotes() {
    both("[\"1\", '1', !!str 1, !!int \"0x10\", !!float 1, !foo 1]", "[\"1\",\"1\",\"1\",16,1,\"1\"]");
    both("- |\n  1\n- >-\n  true\n- !!binary aGVsbG8=\n- !!null ''\n", "[\"1\\n\",\"true\",\"hello\",null]");
    both("!!map {a: !!seq [1], b: !!set {x}}", "{\"a\":[1],\"b\":{\"x\":null}}");
    assert_eq!(json("[! 12, ! '12']", Dialect::Kubectl).unwrap(), "[\"12\",\"12\"]");
    assert_eq!(json("[! 12, ! '12']", Dialect::Kyaml).unwrap(), "[12,\"12\"]");
    assert_eq!(json("!!timestamp 2001-1-1", Dialect::Kubectl).unwrap(), "\"2001-1-1\"");
    assert_eq!(json("!!timestamp '2001-1-1'", Dialect::Kyaml).unwrap(), "\"2001-01-01T00:00:00Z\"");
    for text in ["!!int x", "!!bool 1", "!!null x", "!!float x", "!!timestamp 1", "!!binary '*'"] {
        assert_eq!(json(text, Dialect::Kubectl).unwrap_err().code(), "bad-tag", "{text}");
    }
}

#[test]
fn streams() {
    both("", "");
    both("# only a comment\n", "");
    both("---\n", "null");
    both("a: 1\n---\n---\nb: 2\n...\n---\nc: 3\n", "{\"a\":1} | null | {\"b\":2} | {\"c\":3}");
    both("\u{feff}a: 1\r\nb:\r\n- x\r\n", "{\"a\":1,\"b\":[\"x\"]}");
    both("a:\t1\n", "{\"a\":1}");
    both(
        "{\n\t\"a\": \"\\u00e4\\/\",\n\t\"b\": [true, null, 1.5e3]\n}\n",
        "{\"a\":\"ä/\",\"b\":[true,null,1500]}",
    );
    both("a: b\n  c\nd: 'x\n\n  y'\n", "{\"a\":\"b c\",\"d\":\"x\\ny\"}");
}

#[test]
fn keys_become_text() {
    let text = "on: 1\nn: 2\n0644: 3\n1.5: 4\n1e30: 5\n\"y\": 6\n0.00001: 7\n8e6: 8\n225163.62: 9\n";
    assert_eq!(
        json(text, Dialect::Kubectl).unwrap(),
        "{\"true\":1,\"false\":2,\"420\":3,\"1.5\":4,\"1e+30\":5,\"y\":6,\"1e-05\":7,\"8e+06\":8,\"225163.62\":9}"
    );
    assert_eq!(json("on: 1\n0644: 3\n", Dialect::Kyaml).unwrap(), "{\"on\":1,\"0644\":3}");
    assert_eq!(json("a: {1: x}", Dialect::Kyaml).unwrap_err().code(), "bad-key");
    for text in
        ["~: 1", "? [a]\n: 1", "{a: b}: 1", "99999999999999999999: 1\n~: 2", "a: &x [1]\n*x : 2", ": 1"]
    {
        assert_eq!(json(text, Dialect::Kubectl).unwrap_err().code(), "bad-key", "{text}");
    }
    both("a: &x key\n*x : 2", "{\"a\":\"key\",\"key\":2}");
}

#[test]
fn merge_keys() {
    both("x: &x {a: 1, b: 2}\nz:\n  <<: *x\n  b: 3\n", "{\"x\":{\"a\":1,\"b\":2},\"z\":{\"b\":3,\"a\":1}}");
    for dialect in [Dialect::Kubectl, Dialect::Kyaml] {
        let (stream, _) = read_str("f", "<<: [{a: 1, b: 1}, {b: 2, c: 2}]\n", &options(dialect)).unwrap();
        assert_eq!(stream.documents[0], Node::from(&serde_json::json!({"a": 1, "b": 1, "c": 2})));
    }
    both("<<: {<<: {a: 1, b: 1}, b: 2}\nc: 3\n", "{\"c\":3,\"b\":2,\"a\":1}");
    both("a: <<\n\"<<\": 1\n", "{\"a\":\"<<\",\"<<\":1}");
    // v2 goes from top to bottom.
    let above = "a: 1\n<<: {a: 2}\n";
    assert_eq!(json(above, Dialect::Kubectl).unwrap(), "{\"a\":2}");
    assert_eq!(json(above, Dialect::Kyaml).unwrap(), "{\"a\":1}");
    let twice = "<<: {a: 1}\n<<: {a: 2, b: 2}\n";
    assert_eq!(json(twice, Dialect::Kubectl).unwrap(), "{\"a\":2,\"b\":2}");
    assert_eq!(json(twice, Dialect::Kyaml).unwrap_err().code(), "duplicate-key");
    for text in ["<<: 1", "<<:", "<<: [1]", "<<: [[{a: 1}]]", "a: &x [{b: 1}]\nc: {<<: *x}"] {
        assert_eq!(json(text, Dialect::Kyaml).unwrap_err().code(), "bad-merge", "{text}");
    }
}

#[test]
fn duplicate_keys() {
    let text = "a: 1\nb:\n  c: 1\n  d: 2\n  c: 3\n";
    let error = json(text, Dialect::Kyaml).unwrap_err();
    assert_eq!(error.to_string(), "f.yaml:5:3: the key `c` is already set on line 3; remove one of them");
    let wins = ReadOptions { last_key_wins: true, ..ReadOptions::default() };
    let (stream, sources) = read_str("f.yaml", text, &wins).unwrap();
    assert_eq!(serde_json::to_string(&stream.documents[0]).unwrap(), "{\"a\":1,\"b\":{\"c\":3,\"d\":2}}");
    let [(key, span)] = &stream.duplicate_keys[..] else { panic!("{:?}", stream.duplicate_keys) };
    assert_eq!((key.as_str(), sources.locate(*span).unwrap().line), ("c", 5));
    let (stream, _) = read_str("f.yaml", "a: 1\n<<: {a: 2}\na: 3\n", &wins).unwrap();
    assert_eq!(serde_json::to_string(&stream.documents[0]).unwrap(), "{\"a\":3}");
}

/// Every node and key as `path=text@offset`.
fn places(node: &Node, path: &str, out: &mut Vec<String>) {
    let at = node.span.offset();
    match &node.value {
        Value::Map(map) => {
            out.push(format!("{path}{{}}@{at}"));
            for entry in map.entries() {
                out.push(format!("{}:@{}", entry.key, entry.key_span.offset()));
                places(&entry.value, &format!("{path}.{}", entry.key), out);
            }
        }
        Value::Seq(items) => {
            out.push(format!("{path}[]@{at}"));
            for (index, item) in items.iter().enumerate() {
                places(item, &format!("{path}.{index}"), out);
            }
        }
        _ => out.push(format!("{path}={}@{at}", node.text().unwrap())),
    }
}

#[test]
fn spans() {
    let table = [
        ("a: 1", "{}@0 a:@0 .a=1@3"),
        ("\u{feff}a: 1", "{}@3 a:@3 .a=1@6"),
        ("# c\na:\n  - x\n  -  'y'\n", "{}@4 a:@4 .a[]@9 .a.0=x@11 .a.1=y@18"),
        ("a:\nb: \nc:   # x\n", "{}@0 a:@0 .a=@2 b:@3 .b=@5 c:@7 .c=@9"),
        ("a: &x !!str 1\nb: *x\n", "{}@0 a:@0 .a=1@12 b:@14 .b=1@12"),
        ("{a: [1, 2], b: }", "{}@0 a:@1 .a[]@4 .a.0=1@5 .a.1=2@8 b:@12 .b=@14"),
        ("a: |\n  x\n", "{}@0 a:@0 .a=x\n@3"),
        ("a: &x !!str >-  # |\n\n  x\nb: |\n", "{}@0 a:@0 .a=\nx@12 b:@25 .b=@28"),
        ("- |2-\n  x\n- '|'", "[]@0 .0=x@2 .1=|@12"),
        ("---\nä: \"ö\"\n", "{}@4 ä:@4 .ä=ö@8"),
        ("-\n- ~\n-", "[]@0 .0=@1 .1=~@4 .2=@7"),
        ("\"a\" : \nb : 1", "{}@0 a:@0 .a=@5 b:@7 .b=1@11"),
        ("? a\n: 1\n? b\n", "{}@0 a:@2 .a=1@6 b:@10 .b=@12"),
        ("---\n--- \n", "=@3 =@7"),
    ];
    for (text, expected) in table {
        let (stream, _) = read_str("f", text, &options(Dialect::Kyaml)).unwrap();
        let mut out = Vec::new();
        stream.documents.iter().for_each(|document| places(document, "", &mut out));
        assert_eq!(out.join(" "), expected, "{text:?}");
    }
}

#[test]
fn what_go_reads_beyond_the_standard() {
    let table = [
        ("a: 'x\ny'\nb: 1\n", "{\"a\":\"x y\",\"b\":1}"),
        (
            "- a: \"x \\\"\n\n  y\\\n\tz\"\n  b: 'it''s\n# no'\n- 'c\n d'\n",
            "[{\"a\":\"x \\\"\\nyz\",\"b\":\"it's # no\"},\"c d\"]",
        ),
        (
            "a: {\n\t\"c\": 1, # }\n\t\"d\":[\n\t\t2, '}', b'\n\t]\n}\nb: 1\n",
            "{\"a\":{\"c\":1,\"d\":[2,\"}\",\"b'\"]},\"b\":1}",
        ),
        ("a: |\n  x\n  y", "{\"a\":\"x\\ny\"}"),
        ("a: >+\n  x", "{\"a\":\"x\"}"),
        ("a: |\n  x\n# c", "{\"a\":\"x\\n\"}"),
        ("a: \"t\n\n\\\n\tu\"# c\nb: [1]# d\nc: |# e\n  x\n", "{\"a\":\"t\\nu\",\"b\":[1],\"c\":\"x\\n\"}"),
        ("a: |-\n  x", "{\"a\":\"x\"}"),
    ];
    for (text, expected) in table {
        both(text, expected);
        both(&format!("\u{feff}{text}"), expected);
    }
    for text in ["a: 'x\n---\ny'\n", "a:\n\tb: 1\n", "a: {\n\tb: [1}\n", "a: 'x\ny\n", "a: {\n\tb: 1\n"] {
        assert_eq!(json(text, Dialect::Kyaml).unwrap_err().code(), "syntax", "{text:?}");
    }
    // And what it refuses: tabs on empty lines too, and documents without their `---`.
    for text in
        ["a: 1\n\t\nb: 2\n", "\ta: 1\n", "a:\n  - b\n\t# c\n", "a: 'b'\n  \t\nc: d\n", "a: 1\n...\nb: 2\n"]
    {
        assert_eq!(json(text, Dialect::Kyaml).unwrap_err().code(), "syntax", "{text:?}");
    }
    both(
        "a: b\n  \t\n  \tc\n  \t\nd: |\n\n  \te\n  \t\nf: [\n\t]\n",
        "{\"a\":\"b\\nc\",\"d\":\"\\n\\te\\n\\t\\n\",\"f\":[]}",
    );
    // Places stay those of the file.
    let (stream, sources) =
        read_str("f", "a: 'x\ny\nz'\nb: 1\nc: {\n\td: 2}\n", &options(Dialect::Kyaml)).unwrap();
    let mut out = Vec::new();
    places(&stream.documents[0], "", &mut out);
    assert_eq!(out.join(" "), "{}@0 a:@0 .a=x y z@3 b:@11 .b=1@14 c:@16 .c{}@19 d:@22 .c.d=2@25");
    let two = stream.documents[0].at(&["c", "d"]).unwrap();
    assert_eq!(sources.locate(two.span).unwrap().to_string(), "f:6:5");
    let error = json("a: 'x\ny'\na: 1\n", Dialect::Kyaml).unwrap_err();
    assert_eq!(error.to_string(), "f.yaml:3:1: the key `a` is already set on line 1; remove one of them");
    both(&"- 'x\ny'# c\n".repeat(100), &format!("[{}]", ["\"x y\""; 100].join(",")));
}

#[test]
fn limits() {
    let code =
        |text: &str, options: &ReadOptions| read_str("f", text, options).map(|_| ()).unwrap_err().code();
    let limited = |limits: Limits| ReadOptions { limits, ..ReadOptions::default() };
    let default = ReadOptions::default();
    assert_eq!(code("aaa", &limited(Limits { max_bytes: 2, ..Limits::default() })), "too-large");
    let two = limited(Limits { max_depth: 2, ..Limits::default() });
    assert!(read_str("f", "[[1]]", &two).is_ok());
    assert_eq!(code("[[[1]]]", &two), "too-deep");
    assert_eq!(code("a:\n  b:\n    c: 1\n", &two), "too-deep");
    assert_eq!(code("- &x [1]\n- [*x]", &two), "too-deep");
    assert_eq!(code(&"[".repeat(100_000), &default), "too-deep");
    assert_eq!(code(&"- ".repeat(100_000), &default), "too-deep");
    assert_eq!(code(&"? ".repeat(100_000), &default), "bad-key");
    let endless = limited(Limits { max_depth: usize::MAX, ..Limits::default() });
    assert_eq!(code(&"[".repeat(100_000), &endless), "too-deep");
    assert!(read_str("f", &format!("{}{}", "[".repeat(1000), "]".repeat(1000)), &endless).is_ok());
    let chain: String = (1..5000).map(|n| format!("- &a{n} [*a{}]\n", n - 1)).collect();
    assert_eq!(code(&format!("- &a0 1\n{chain}"), &default), "too-deep");
    let laughs: String = (1..10)
        .map(|n| format!("a{n}: &a{n} [{}*a{}]\n", format!("*a{}, ", n - 1).repeat(8), n - 1))
        .collect();
    assert_eq!(code(&format!("a0: &a0 lol\n{laughs}"), &default), "too-many-aliases");
    let merges: String =
        (1..30).map(|n| format!("a{n}: &a{n} {{x: {{<<: *a{0}}}, y: *a{0}}}\n", n - 1)).collect();
    assert_eq!(code(&format!("a0: &a0 {{z: 1}}\n{merges}"), &default), "too-many-aliases");
}

#[test]
fn messages() {
    let table = [
        "a:\n\tb: 1\n",
        "a: 1\n  b: 2\n",
        "a: \"x\nb: 1\n",
        "a: [1, 2\nb: 3\n",
        "a: b: c\n",
        "name: {{ .Values.name }}\n",
        "a: {{ .Values.name }}-x\n",
        "a: x\n b\nc\n",
        "a: @x\n",
        "a: `x`\n",
        "a: 'it's'\n",
        "a: \"\\d\"\n",
        "a: *x\n",
        "*/5: 1\n",
        "a: &x [*x]\n",
        "a: \u{1}\n",
        "- a\nb: 1\n",
        "a: 1\n- b\n",
        "a:\n  b: 1\n c: 2\n",
        "a: ]\n",
        "<<<<<<< HEAD\na: 1\n=======\n",
        "~: 1\n",
        "a: !!int x\n",
        "a: &x [1]\n*x : 2\n",
        "? {a: 1}\n: 2\n",
        ": 1\n",
        "a: 1\n\t\nb: 2\n",
        "%YAML 1.1\n",
        "%YAML 1.2\n---\na: 1\n",
        "%YAML 1.1\n---\na: 1\n",
    ];
    let mut lines = String::new();
    for text in table {
        let outcome = match json(text, Dialect::Kubectl) {
            Ok(json) => json,
            Err(error) => format!("{error:?}"),
        };
        lines.push_str(&format!("{text:?}\n    {outcome}\n"));
    }
    insta::assert_snapshot!(lines);
}

#[test]
fn equal_keys_share_their_memory() {
    let (stream, _) = read_str("f", "- {name: a}\n- {name: b}\n", &ReadOptions::default()).unwrap();
    let keys: Vec<_> = stream.documents[0]
        .as_seq()
        .unwrap()
        .iter()
        .map(|item| &item.as_map().unwrap().entries()[0].key)
        .collect();
    assert!(keys[0].shares_with(keys[1]));
}

#[test]
fn an_unknown_file_holds_nothing() {
    let sources = SourceMap::new();
    let stream = read(&sources, crate::node::FileId::from_index(3), &ReadOptions::default()).unwrap();
    assert!(stream.documents.is_empty());
}

mod laws {
    use proptest::prelude::*;
    use serde::Serialize;

    use super::*;

    fn check(text: &str) -> Result<(), TestCaseError> {
        for dialect in [Dialect::Kubectl, Dialect::Kyaml] {
            match read_str("f", text, &options(dialect)) {
                Ok((stream, _)) => {
                    for document in &stream.documents {
                        inside(document, text)?;
                    }
                }
                Err(error) => {
                    let at = error.location().unwrap();
                    prop_assert!(at.line as usize <= text.split('\n').count(), "{error:?}");
                }
            }
        }
        Ok(())
    }

    fn inside(node: &Node, text: &str) -> Result<(), TestCaseError> {
        prop_assert!(text.is_char_boundary(node.span.offset() as usize), "{:?} of {:?}", node, text);
        match &node.value {
            Value::Map(map) => {
                for entry in map.entries() {
                    prop_assert!(text.is_char_boundary(entry.key_span.offset() as usize));
                    inside(&entry.value, text)?;
                }
            }
            Value::Seq(items) => {
                for item in items.iter() {
                    inside(item, text)?;
                }
            }
            _ => {}
        }
        Ok(())
    }

    fn any_json() -> impl Strategy<Value = serde_json::Value> {
        use serde_json::Value;
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            any::<i64>().prop_map(Value::from),
            any::<u64>().prop_map(Value::from),
            (-1e9..1e9).prop_map(Value::from),
            "\\PC{0,12}".prop_map(Value::from),
            "[ a-z:#'\"\\\\{}\\[\\],&*!|>%@`?-]{0,8}".prop_map(Value::from),
        ];
        leaf.prop_recursive(4, 24, 4, |inner| {
            prop_oneof![
                proptest::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
                proptest::collection::vec(("[a-z ]{0,4}\\PC?", inner), 0..4)
                    .prop_map(|pairs| Value::Object(pairs.into_iter().collect())),
            ]
        })
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(512))]

        #[test]
        fn any_bytes(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            if let Ok(text) = decode("f", &bytes) {
                check(text)?;
            }
        }

        #[test]
        fn any_text(text in "\\PC{0,60}") {
            check(&text)?;
        }

        #[test]
        fn yaml_like(parts in proptest::collection::vec(prop_oneof![
            Just("a"), Just("b: "), Just(": "), Just("- "), Just("\n"), Just("  "), Just("\t"), Just("["),
            Just("]"), Just("{"), Just("}"), Just(","), Just("'"), Just("\""), Just("|"), Just(">-"), Just("#"),
            Just("&x "), Just("*x"), Just("<<: "), Just("!!str "), Just("---"), Just("..."), Just("? "),
            Just("\\"), Just("ä"), Just("1"), Just("~"), Just("\r\n"), Just("\u{feff}"), Just("%YAML 1.2\n"),
        ], 0..40)) {
            check(&parts.concat())?;
        }

        /// JSON is YAML, also indented by tabs and below a key.
        #[test]
        fn json_is_read_as_it_is(json in any_json()) {
            let expected = Node::from(&json);
            let mut tabs = Vec::new();
            let format = serde_json::ser::PrettyFormatter::with_indent(b"\t");
            json.serialize(&mut serde_json::Serializer::with_formatter(&mut tabs, format)).unwrap();
            let tabs = String::from_utf8(tabs).unwrap();
            let texts = [json.to_string(), serde_json::to_string_pretty(&json).unwrap(), tabs];
            for text in texts {
                for dialect in [Dialect::Kubectl, Dialect::Kyaml] {
                    let (stream, _) = read_str("f", &text, &options(dialect)).unwrap();
                    prop_assert_eq!(&stream.documents[0], &expected);
                    let (stream, _) = read_str("f", &format!("a:\n  b: {text}\n"), &options(dialect)).unwrap();
                    prop_assert_eq!(stream.documents[0].at(&["a", "b"]), Some(&expected));
                }
            }
        }

        /// Text in double quotes is itself, and plain text either fails or is kept.
        #[test]
        fn quoted_text_is_kept(text in "[ -~äé]{0,40}") {
            let quoted = serde_json::to_string(&text).unwrap();
            let (stream, _) = read_str("f", &quoted, &ReadOptions::default()).unwrap();
            prop_assert_eq!(stream.documents[0].as_str(), Some(text.as_str()));
        }

        /// A scalar keeps its spelling, whatever it means.
        #[test]
        fn plain_text_keeps_its_spelling(text in "[-+.0-9_a-fxoinINTty:~]{1,12}") {
            for dialect in [Dialect::Kubectl, Dialect::Kyaml] {
                let node = Node::new(parse_scalar(&text, dialect), crate::node::Span::NONE);
                prop_assert_eq!(node.text().unwrap(), text.as_str());
            }
        }
    }
}
