//! Flux's own tables about drift: which objects a rule is about, what differs, and one form for all spellings.
//!
//! Rows that cannot be asked here are listed with the reason. A score below its committed floor fails.
//! `GITOPS_SHOW=substring` (of `suite name`) lists failures.

use std::collections::BTreeMap;
use std::path::Path;

use gitops_core::drift::{DriftOptions, DriftStatus, IgnoreRules, compare_one};
use gitops_core::node::Node;
use gitops_core::object::Object;
use gitops_core_tests::{Scores, check_floor, conformance};
use serde_json::{Map, Value, json};

fn main() {
    let Some(data) = conformance() else {
        println!("0 passed, 0 failed, 1 skipped");
        return;
    };
    let mut suite = Suite::default();
    suite.run(&data.join("flux"));
    let fallen = check_floor("flux-drift", &suite.scores);
    println!("\nnot asked");
    for (reason, rows) in &suite.not_asked {
        println!("  {:>5} {reason}: {}", rows.len(), rows.join(", "));
    }
    println!("\n{} passed, {fallen} failed", usize::from(fallen == 0));
    std::process::exit(i32::from(fallen > 0));
}

/// Tables that are about Flux's own Go code, and why nothing here answers to them.
const NOT_OURS: &[(&str, &str)] = &[
    ("TestDiffSet_", "methods of a Go type"),
    ("TestMaskSecretPatchData", "the words of Flux's masks; ours are in the presentation types"),
    ("TestSanitizeUnstructuredData", "the words of Flux's masks; ours are in the presentation types"),
    ("Test_copyAnnotationsAndLabels", "a helper in Go"),
    ("TestFromUnstructured", "typed Go objects"),
    ("TestNormalizeDryRunUnstructured", "an answer of the API server, which is not asked here"),
    ("TestUnstructured", "rows made by Go functions"),
    ("TestApply_Cleanup", "managers by name only; drift's own tests have them with objects"),
    ("TestApplyAllStaged", "lists within a Go test"),
    ("setupMigrateAPIVersionEnv", "lists within a Go test"),
    ("TestHasDrifted_Metadata", "lists within a Go test"),
    ("TestWaitForSet_JobWithTTL", "lists within a Go test"),
];

#[derive(Default)]
struct Suite {
    scores: Scores,
    not_asked: BTreeMap<&'static str, Vec<String>>,
}

impl Suite {
    fn run(&mut self, data: &Path) {
        for file in ["drift-patches", "normalize", "patch-managers"] {
            let text = std::fs::read_to_string(data.join(file).with_extension("json")).expect("the tables");
            let tables: Vec<Value> = serde_json::from_str(&text).expect("tables are JSON");
            for table in &tables {
                let name = table["func"].as_str().unwrap_or("");
                for row in table["table"].as_array().into_iter().flatten() {
                    self.row(name, row);
                }
            }
        }
    }

    fn row(&mut self, table: &str, row: &Value) {
        let name = row["name"].as_str().or(row[0].as_str()).unwrap_or("a row");
        let passed = if let Some(of) = table.strip_prefix("TestSelectorRegex_Match") {
            selects(of, row)
        } else if table == "TestNormalizeUnstructured" {
            is_one_form(row)
        } else if table.starts_with("Test_diffUnstructured") {
            // Two names are two objects.
            if name == "metadata changed" {
                let reason = "objects that are not compared with each other";
                return self.not_asked.entry(reason).or_default().push(format!("{table} {name}"));
            }
            differs(row)
        } else {
            let known = NOT_OURS.iter().find(|(start, _)| table.starts_with(start));
            let (_, reason) = known.unwrap_or_else(|| panic!("{table} is a new table"));
            return self.not_asked.entry(reason).or_default().push(format!("{table} {name}"));
        };
        let (good, of) = self.scores.entry(table.to_owned()).or_default();
        *of += 1;
        *good += usize::from(passed.is_ok());
        let title = format!("{table} {name}");
        let shown = std::env::var("GITOPS_SHOW").ok().filter(|wanted| title.contains(wanted.as_str()));
        if let (Some(_), Err(why)) = (shown, &passed) {
            println!("{title}: {why}");
        }
    }
}

/// Go's conversions of numbers undone.
fn plain(value: &Value) -> Value {
    match value {
        Value::Object(map) if map.contains_key("$call") => map["args"][0].clone(),
        Value::Object(map) => {
            Value::Object(map.iter().map(|(key, value)| (key.clone(), plain(value))).collect())
        }
        Value::Array(items) => items.iter().map(plain).collect(),
        other => other.clone(),
    }
}

/// The object of a row; what it needs to be one is added.
fn object(value: &Value) -> Object {
    let mut json = plain(value.get("Object").unwrap_or(value));
    let map = json.as_object_mut().expect("an object");
    for (key, text) in [("apiVersion", "x.example/v1"), ("kind", "Thing")] {
        map.entry(key).or_insert_with(|| text.into());
    }
    let metadata = map.entry("metadata").or_insert_with(|| json!({}));
    let metadata = metadata.as_object_mut().expect("metadata");
    metadata.entry("name").or_insert_with(|| "x".into());
    Object::new(Node::from(&json))
}

/// Whether a rule with the row's selector is about its object, as the row says.
fn selects(of: &str, row: &Value) -> Result<(), String> {
    let target: Map<String, Value> = row["selector"]
        .as_object()
        .into_iter()
        .flatten()
        .map(|(key, value)| (key[..1].to_lowercase() + &key[1..], value.clone()))
        .collect();
    let json = match of {
        "Unstructured" => row["u"].clone(),
        "GVK" => {
            let text = |key: &str| row[key].as_str().unwrap_or("").to_owned();
            match (text("group"), text("version"), text("kind")) {
                (group, version, kind) if group.is_empty() => {
                    json!({"apiVersion": or(version, "v1"), "kind": or(kind, "Thing")})
                }
                (group, version, kind) => json!({"apiVersion": format!("{group}/{version}"), "kind": kind}),
            }
        }
        "Name" => json!({"metadata": {"name": row["n"]}}),
        "Namespace" => json!({"metadata": {"namespace": row["ns"]}}),
        "AnnotationSelector" => json!({"metadata": {"annotations": row["annotations"]}}),
        "LabelSelector" => json!({"metadata": {"labels": row["labels"]}}),
        other => return Err(format!("{other} is new")),
    };
    let mut rule = json!({"paths": [""]});
    if !row["selector"].is_null() {
        rule["target"] = target.into();
    }
    let object = object(&json);
    let found = compare_one(&object, &object, &ignoring(rule)?);
    let (is, want) = (found.status == DriftStatus::Ignored, row["want"] == json!(true));
    if is == want { Ok(()) } else { Err(format!("it is {is}")) }
}

/// Options with one rule of a Kustomization.
fn ignoring(rule: Value) -> Result<DriftOptions, String> {
    let owner = json!({"apiVersion": "kustomize.toolkit.fluxcd.io/v1", "kind": "Kustomization",
        "metadata": {"name": "k"}, "spec": {"ignore": [rule]}});
    let mut rules = IgnoreRules::new();
    rules.add(&Object::new(Node::from(&owner)), None).map_err(|error| error.to_string())?;
    Ok(DriftOptions::new().with_ignore(rules))
}

fn or(text: String, other: &str) -> String {
    if text.is_empty() { other.to_owned() } else { text }
}

/// Whether what Flux normalises is in sync with what it makes of it.
fn is_one_form(row: &Value) -> Result<(), String> {
    let found = compare_one(&object(&row["object"]), &object(&row["want"]), &DriftOptions::new());
    if found.status == DriftStatus::InSync { Ok(()) } else { Err(format!("{:?}", found.fields)) }
}

/// Whether `x` as it lives and `y` as an apply leaves it differ where the row says.
fn differs(row: &Value) -> Result<(), String> {
    let options = ignoring(json!({"paths": ignored(&row["opts"])}))?;
    let found = compare_one(&object(&row["y"]), &object(&row["x"]), &options);
    let ours: Vec<&str> = found.fields.iter().map(|field| field.pointer.as_str()).collect();
    let theirs: Vec<&str> =
        row["want"].as_array().into_iter().flatten().filter_map(|step| step["Path"].as_str()).collect();
    let near = |a: &str, b: &str| a.starts_with(b) || b.starts_with(a);
    let all =
        |some: &[&str], others: &[&str]| some.iter().all(|one| others.iter().any(|other| near(one, other)));
    if all(&ours, &theirs) && all(&theirs, &ours) { Ok(()) } else { Err(format!("{ours:?} {theirs:?}")) }
}

/// The JSON pointers in a row's options.
fn ignored(options: &Value) -> Vec<Value> {
    match options {
        Value::String(text) if text.starts_with('/') => vec![options.clone()],
        Value::Array(items) => items.iter().flat_map(ignored).collect(),
        Value::Object(map) => map.values().flat_map(ignored).collect(),
        _ => Vec::new(),
    }
}
