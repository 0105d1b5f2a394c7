//! The fast reader beside the library: same tree, same places, same spellings.

use super::super::{Dialect, Limits, ReadOptions, Stream, read, read_by_library, read_fast};
use crate::node::{Node, SourceMap, Value};

/// Everything a reader sees: kinds, spellings, places, order.
fn show(node: &Node, out: &mut String) {
    use std::fmt::Write;
    write!(out, "@{}", node.span.offset()).unwrap();
    match &node.value {
        Value::Map(map) => {
            out.push('{');
            for entry in map.entries() {
                write!(out, "{:?}@{}", entry.key, entry.key_span.offset()).unwrap();
                assert_eq!(entry.key_span.file().is_some(), node.span.file().is_some());
                assert!(std::ptr::eq(map.get(&entry.key).unwrap(), &entry.value), "found by its key");
                show(&entry.value, out);
                out.push(',');
            }
            out.push('}');
        }
        Value::Seq(items) => {
            out.push('[');
            for item in items.iter() {
                show(item, out);
                out.push(',');
            }
            out.push(']');
        }
        value => write!(out, "{value:?}").unwrap(),
    }
}

fn shown(stream: &Stream) -> String {
    let mut out = String::new();
    for document in &stream.documents {
        show(document, &mut out);
        out.push('\n');
    }
    out + &format!("{:?}", stream.duplicate_keys)
}

fn both(text: &str, options: &ReadOptions) -> (Result<String, String>, Result<String, String>) {
    let sources = SourceMap::new();
    let file = sources.add("f", text);
    let ours = read(&sources, file, options);
    let theirs = read_by_library(&sources, file, options);
    let show = |result: crate::Result<Stream>| {
        result.map(|stream| shown(&stream)).map_err(|error| format!("{error:?}"))
    };
    (show(ours), show(theirs))
}

fn check(text: &str) {
    for dialect in [Dialect::Kubectl, Dialect::Kyaml] {
        for (last_key_wins, first_key_wins) in [(false, false), (true, false), (false, true)] {
            let options = ReadOptions { dialect, last_key_wins, first_key_wins, ..ReadOptions::default() };
            let (ours, theirs) = both(text, &options);
            assert_eq!(ours, theirs, "{options:?}\n{text}\n{text:?}");
        }
    }
}

/// One text in each line of `cases.txt`, with `\n`, `\t` and `\r` written out.
#[test]
fn cases() {
    for line in include_str!("cases.txt").lines() {
        check(&line.replace("\\n", "\n").replace("\\t", "\t").replace("\\r", "\r"));
    }
}

/// As deep as any option allows, in all ways to nest, on the small stack of a test in a debug build.
/// Equal `fieldsV1` share their tree, and nothing else is another for it.
#[test]
fn managed_fields_are_read_once() {
    let fields = r#"{"f:spec": {
  "k:{\"a\":1}": {}, "f:b": {".": {}}}}"#;
    let text = format!(
        "- {{\"fieldsV1\": {fields}, \"a\": 1}}\n- {{\"fieldsV1\": {{\"f:spec\": {{}}}}}}\n- [{{\"fieldsV1\": {fields}}}]\n- x: {{\"fieldsV1\": {fields}, \"b\": [c]}}\n  d: e\n"
    );
    let sources = SourceMap::new();
    let file = sources.add("f", text.as_str());
    let options = ReadOptions::default();
    let (ours, left) = read_fast(&sources, file, &options).unwrap();
    let theirs = read_by_library(&sources, file, &options).unwrap();
    assert_eq!(left, 0);
    assert_eq!(ours.documents, theirs.documents);
    let items = ours.documents[0].as_seq().unwrap();
    let found = |node: &Node| node.get("fieldsV1").cloned().unwrap();
    let (first, second, third) =
        (found(&items[0]), found(&items[2].as_seq().unwrap()[0]), found(items[3].get("x").unwrap()));
    assert!(!first.shares_with(&second), "the second is deeper");
    assert!(second.shares_with(&third));
    // What follows stands where it stands.
    let place = |stream: &Stream, keys: &[&str]| {
        let node = stream.documents[0].as_seq().unwrap()[3].at(keys).unwrap();
        sources.locate(node.span).unwrap().to_string()
    };
    for keys in [&["x", "fieldsV1"][..], &["x", "b"], &["d"]] {
        assert_eq!(place(&ours, keys), place(&theirs, keys), "{keys:?}");
    }
    // No deeper than the limit, be it known.
    let text = r#"[{"fieldsV1": {"a": {}}}, [{"fieldsV1": {"a": {}}}]]"#;
    let file = sources.add("g", text);
    let limits = Limits { max_depth: 4, ..Limits::default() };
    let options = ReadOptions { limits, ..ReadOptions::default() };
    assert_eq!(read(&sources, file, &options).unwrap_err().code(), "too-deep");
    let nested = format!("{}{}", "{\"fieldsV1\": ".repeat(150), "}".repeat(150));
    let (ours, theirs) = both(&nested.replace(": }", ": {}}"), &ReadOptions::default());
    assert_eq!(ours, theirs);
}

#[test]
fn deep_nesting_needs_no_stack() {
    let limits = Limits { max_depth: usize::MAX, ..Limits::default() };
    let options = ReadOptions { limits, ..ReadOptions::default() };
    let blocks: String = (0..1000).map(|depth| " ".repeat(depth) + "a:\n").collect();
    for text in ["- ".repeat(1000), "[".repeat(1000) + &"]".repeat(1000), blocks] {
        let sources = SourceMap::new();
        let file = sources.add("f", text.as_str());
        assert_eq!(read_fast(&sources, file, &options).map(|(_, left)| left), Some(0));
        assert!(read(&sources, sources.add("f", format!("- {text}")), &options).is_err());
    }
}

/// What manifests are made of stays here: a change that sends it to the library would only be slow.
#[test]
fn manifests_are_read_here() {
    let texts = [
        "a: b\n---\n# c\na: 'b' # c\n...\n",
        "a:\n- b: |\n    c\n  d: >-\n    e\n-\n  - f\n- - g\nh: \"i\\n\"\n",
        "a: b\n  c\nd: \"e\n  f\\\n  g\"\nh: 'i\n\n  j'\r\n",
        "{\n\"a\": [1, {}, []],\n  b: c}",
        "metadata: {name: a, labels: {b: c}}\n0: 1\ntrue: 2\n",
    ];
    for text in texts {
        let sources = SourceMap::new();
        let file = sources.add("f", text);
        let left = read_fast(&sources, file, &ReadOptions::default()).map(|(_, left)| left);
        assert_eq!(left, Some(0), "{text}");
    }
}

mod laws {
    use proptest::prelude::*;

    use super::*;

    /// Pieces of YAML that meet in odd ways.
    fn pieces() -> impl Strategy<Value = String> {
        let piece = prop::sample::select(vec![
            "a",
            "b: ",
            "c:",
            ": ",
            "- ",
            "-",
            "\n",
            "\n",
            "\n",
            " ",
            "  ",
            "   ",
            "\t",
            "[",
            "]",
            "{",
            "}",
            ",",
            "'",
            "\"",
            "|",
            "|\n",
            ">-\n",
            "|+\n",
            "|2\n",
            "#",
            " # c",
            "&x ",
            "*x",
            "<<: ",
            "!!str ",
            "---",
            "---\n",
            "...",
            "...\n",
            "? ",
            "?",
            "\\",
            "ä",
            "1",
            "~",
            "yes",
            "0x1f",
            "2001-01-01",
            "\r\n",
            "\r",
            "\u{feff}",
            "%YAML 1.1\n",
            "a: b\n",
            "- a\n",
            "  a: b\n",
            "  - a\n",
            "k: v\n",
            "\"q\": ",
            "'s'",
            "[a, b]",
            "{a: b}",
            "{\"a\":1}",
            "\\n",
            "\\x41",
        ]);
        prop::collection::vec(piece, 0..24).prop_map(|pieces| pieces.concat())
    }

    /// Lines that mostly fit together.
    fn lines() -> impl Strategy<Value = String> {
        let content = prop::sample::select(vec![
            "a: b",
            "a:",
            "- a",
            "-",
            "- b: c",
            "d: e # f",
            "g: |",
            "h: >",
            "i: |-",
            "j: >+",
            "- |2",
            "k: 'l'",
            "m: \"n\\to\"",
            "text",
            "more text",
            "# comment",
            "",
            "o: [p, q]",
            "r: {s: t, u: 1}",
            "- - v",
            "\"w\": x",
            "y: [",
            "]",
            "z: {",
            "}",
            "a1: b1,",
            "a2: - b",
            "- ",
            "a3:   ",
            "---",
            "'x",
            "y'",
            "  z''",
            "w  ",
            "c1: 'x''",
            "c2: \"x\\",
            "\\ y \\",
            "\\",
            "c3: \"  ",
            "a4: \"x",
            "y\"",
            "a5: 'it''s'",
            "0: 1",
            "n: 08",
            "t: 2001-1-1",
            "a6: &x 1",
            "a7: *x",
            "<<: {a: b}",
            "a8: !!str 1",
            "  deeper",
            "a9: b\t",
            "\tx",
            "b1:\tx",
            "b2: x\ty",
            "a: b: c",
            "{\"j\": [1,",
            "2]}",
            "...",
            "b3: -1",
            "b4: :x",
            "b5: ?x",
            "? b6",
            "b7: @x",
            "b8: 'x' y",
            "b9: ]",
        ]);
        let line = (prop::sample::select(vec![0, 0, 0, 1, 2, 2, 2, 3, 4, 4, 6]), content);
        let feed = prop::sample::select(vec!["\n", "\n", "\n", "\n", "\r\n"]);
        (prop::collection::vec(line, 0..16), feed, any::<bool>()).prop_map(|(lines, feed, end)| {
            let lines: Vec<String> = lines.iter().map(|(indent, text)| " ".repeat(*indent) + text).collect();
            lines.join(feed) + if end { feed } else { "" }
        })
    }

    fn cases() -> u32 {
        std::env::var("GITOPS_YAML_CASES").ok().and_then(|cases| cases.parse().ok()).unwrap_or(2000)
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: cases(), failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn odd_pieces(text in pieces()) {
            check(&text);
        }

        #[test]
        fn odd_lines(text in lines()) {
            check(&text);
        }
    }
}
