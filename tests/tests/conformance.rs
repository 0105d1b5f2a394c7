//! Kustomize conformance: real repositories byte for byte, and kustomize's own cases.
//!
//! Prints `passed / of` per repository and category; a score below its committed floor fails. Failures
//! are listed with `GITOPS_SHOW=substring` (of `repository/dir` or the case's name).

use std::collections::{BTreeMap, HashMap};
use std::path::Path;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use base64::Engine;
use gitops_core::files::{Disk, Files, Memory};
use gitops_core::kustomize::{BuildOptions, LoadRestrictor, build};
use gitops_core::{Error, yaml};
use gitops_core_tests::{Scores, check_floor, conformance, json_lines, unpack};

#[derive(serde::Deserialize)]
struct Realworld {
    repo: String,
    dir: String,
    load_restrictor: String,
    ok: bool,
    golden: Option<String>,
    reason: Option<String>,
}

#[derive(serde::Deserialize)]
struct Case {
    name: String,
    category: String,
    files: HashMap<String, String>,
    #[serde(default)]
    files_b64: HashMap<String, String>,
    #[serde(default)]
    dirs: Vec<String>,
    target: String,
    options: CaseOptions,
    expected_output: Option<String>,
    expected_compare: Option<String>,
    expected_error: Option<serde_json::Value>,
    verified: bool,
}

#[derive(serde::Deserialize)]
struct CaseOptions {
    load_restrictor: String,
    reorder: String,
}

fn main() {
    let Some(data) = conformance() else {
        println!("0 passed, 0 failed, 2 skipped");
        return;
    };
    let mut fallen = 0;
    let mut suites = 0;
    for suite in [realworld, cases] {
        fallen += suite(&data);
        suites += 1;
    }
    println!("\n{} passed, {fallen} failed", suites * usize::from(fallen == 0));
    std::process::exit(i32::from(fallen > 0));
}

fn shown(name: &str) -> bool {
    std::env::var("GITOPS_SHOW").is_ok_and(|wanted| name.contains(&wanted))
}

fn render(files: &dyn Files, dir: &str, options: &BuildOptions) -> Result<String, Error> {
    let built = build(files, dir, options)?;
    yaml::write_stream(built.objects.iter().map(|object| &object.node))
}

fn options(load_restrictor: &str) -> BuildOptions {
    let mut options = BuildOptions::default();
    options.load_restrictor =
        if load_restrictor.starts_with("root") { LoadRestrictor::RootOnly } else { LoadRestrictor::None };
    options
}

fn add(scores: &mut Scores, name: &str, passed: bool) {
    let score = scores.entry(name.to_owned()).or_default();
    score.0 += usize::from(passed);
    score.1 += 1;
}

fn realworld(data: &Path) -> usize {
    let mut by_repo: BTreeMap<String, Vec<Realworld>> = BTreeMap::new();
    for row in json_lines::<Realworld>(&data.join("realworld/index.jsonl")) {
        by_repo.entry(row.repo.clone()).or_default().push(row);
    }
    let by_repo: Vec<_> = by_repo.into_iter().collect();
    let scores = Mutex::new((Scores::new(), Scores::new(), BTreeMap::<String, usize>::new()));
    let next = AtomicUsize::new(0);
    std::thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                while let Some((repo, rows)) = by_repo.get(next.fetch_add(1, Ordering::Relaxed)) {
                    repository(data, repo, rows, &scores);
                }
            });
        }
    });
    let (built, refused, codes) = scores.into_inner().expect("no thread panicked");
    let fallen = check_floor("realworld", &built);
    let fallen = fallen + check_floor("realworld-refused", &refused);
    if !codes.is_empty() {
        println!("  why builds failed that should not:");
        let mut codes: Vec<_> = codes.into_iter().collect();
        codes.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
        for (code, count) in codes {
            println!("  {count:>5} {code}");
        }
    }
    fallen
}

type RealworldScores = (Scores, Scores, BTreeMap<String, usize>);

fn repository(data: &Path, repo: &str, rows: &[Realworld], scores: &Mutex<RealworldScores>) {
    let name = repo.replace('/', "+");
    let unpacked = unpack(&data.join("realworld").join(format!("{name}.tar.xz")));
    let unpacked = unpacked.path().join(name);
    let tree = Disk::open(unpacked.join("tree")).expect("the tree is there");
    for row in rows {
        let name = format!("{repo}/{}", row.dir);
        let dir = if row.dir == "." { "" } else { row.dir.as_str() };
        let result = render(&tree, dir, &options(&row.load_restrictor));
        let golden = row.golden.as_ref().map(|golden| {
            std::fs::read_to_string(unpacked.join("golden").join(golden)).expect("the golden is there")
        });
        let passed = match (&result, &golden) {
            (Ok(output), Some(golden)) => output == golden,
            (result, None) => result.is_err(),
            (Err(_), Some(_)) => false,
        };
        let mut scores = scores.lock().expect("no thread panicked");
        if row.ok {
            add(&mut scores.0, repo, passed);
        } else {
            add(&mut scores.1, row.reason.as_deref().unwrap_or("unknown"), passed);
        }
        if row.ok && !passed {
            let code =
                result.as_ref().err().map_or("output differs".to_owned(), |error| match error.code() {
                    "field-not-implemented" => format!("field-not-implemented: {}", error.message()),
                    code => code.to_owned(),
                });
            *scores.2.entry(code).or_default() += 1;
        }
        if shown(&name) && !passed {
            report(&name, &result, golden.as_deref());
        }
    }
}

fn report(name: &str, result: &Result<String, Error>, wanted: Option<&str>) {
    match (result, wanted) {
        (Err(error), _) => println!("FAILED {name}: {error:?}"),
        (Ok(output), Some(wanted)) => {
            let differing = output.lines().zip(wanted.lines()).position(|(a, b)| a != b);
            let at = differing.unwrap_or_else(|| output.lines().count().min(wanted.lines().count()));
            println!("DIFFERS {name} at line {}", at + 1);
            for (mark, text) in [("ours  ", output.as_str()), ("wanted", wanted)] {
                for line in text.lines().skip(at.saturating_sub(2)).take(6) {
                    println!("  {mark} | {line}");
                }
            }
        }
        (Ok(_), None) => println!("BUILT {name}, which kustomize refuses"),
    }
}

fn cases(data: &Path) -> usize {
    let mut scores = Scores::new();
    let (mut errors, mut newer) = (Scores::new(), Scores::new());
    let mut skipped = Vec::new();
    for mut case in json_lines::<Case>(&data.join("kustomize/cases.jsonl")) {
        // Kustomize's own tests run a binary without a version; a release names itself.
        case.expected_output =
            case.expected_output.map(|text| text.replace(": kustomize-(test)", ": kustomize-v5.8.2"));
        if case.expected_output.is_none() && case.expected_error.is_none() {
            skipped.push(case.name);
            continue;
        }
        let mut files = Memory::new();
        for dir in &case.dirs {
            files.add_dir(dir);
        }
        for (path, text) in &case.files {
            files.insert(path, text.as_bytes());
        }
        for (path, text) in &case.files_b64 {
            let bytes = base64::engine::general_purpose::STANDARD.decode(text).expect("base64");
            files.insert(path, bytes);
        }
        let mut options = options(&case.options.load_restrictor);
        options.keep_order = case.options.reorder == "none";
        let target = case.target.trim_matches('/');
        let result = render(&files, target, &options);
        let passed = match (&result, &case.expected_output) {
            (Ok(output), Some(wanted)) => {
                output == wanted
                    || (case.expected_compare.as_deref() != Some("exact") && same_data(output, wanted))
            }
            (Err(_), None) => true,
            _ => false,
        };
        let table = match (case.verified, &case.expected_output) {
            (false, _) => &mut newer,
            (true, None) => &mut errors,
            (true, Some(_)) => &mut scores,
        };
        add(table, &case.category, passed);
        if shown(&case.name) && !passed {
            report(&case.name, &result, case.expected_output.as_deref());
        }
    }
    for name in &skipped {
        println!("skipped {name}: the data says neither what it builds nor that it fails");
    }
    check_floor("kustomize", &scores)
        + check_floor("kustomize-errors", &errors)
        + check_floor("kustomize-newer", &newer)
}

fn same_data(a: &str, b: &str) -> bool {
    let read = |text: &str| {
        let options = yaml::ReadOptions { dialect: yaml::Dialect::Kubectl, ..Default::default() };
        let (stream, _) = yaml::read_str("output", text, &options).ok()?;
        Some(stream.documents.into_iter().filter(|document| !document.is_null()).collect::<Vec<_>>())
    };
    matches!((read(a), read(b)), (Some(a), Some(b)) if a == b)
}
