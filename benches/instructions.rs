//! How many instructions the main paths take, beside a committed table: a slowdown shows on any
//! machine, busy or not.
//!
//! ```text
//! cargo bench -p gitops-core-benches --bench instructions               # compare
//! cargo bench -p gitops-core-benches --bench instructions -- --update   # write the table anew
//! ```
//!
//! Valgrind counts; without it nothing is compared. Each path runs in a process of its own, one round
//! and three rounds, so that start-up cancels out. The counts hold for the version of Rust that the
//! table names, within a few per mille (hash tables are seeded at random).

use std::fmt::Write as _;
use std::path::Path;
use std::process::{Command, ExitCode, Stdio};

use gitops_core::drift::{self, DriftOptions};
use gitops_core::files::{Manifests, Memory};
use gitops_core::kustomize::{BuildOptions, build};
use gitops_core::node::SourceMap;
use gitops_core::object::Object;
use gitops_core::policy::bundles::{self, BundleOptions};
use gitops_core::policy::{EvaluateOptions, LoadOptions, PolicySet};
use gitops_core::yaml::{Dialect, ReadOptions, read_str, write_stream};
use gitops_core_benches::cluster::{live, manifests};
use gitops_core_benches::on_path;

/// What may change without being told, in per cent.
const TOLERANCE: f64 = 3.0;

/// A path: prepares what it needs, and gives what is counted.
type Prepare = fn() -> Box<dyn Fn()>;

const PATHS: [(&str, Prepare); 11] = [
    ("parse 500 manifests", parse),
    ("emit 500 manifests", emit),
    ("build small overlay", || building(small())),
    ("build big-500", || building(big(""))),
    ("build 500, nothing asked", || building(big("{}"))),
    ("build 500, patch of all", || {
        building(big("patches: [{path: patch.yaml, target: {kind: Deployment}}]"))
    }),
    ("build 500, replacement", || building(big(REPLACEMENT))),
    ("load a bundle of policies", || {
        let documents = restricted();
        Box::new(move || {
            std::hint::black_box(policies(&documents));
        })
    }),
    ("evaluate 500 manifests", evaluating),
    ("compare 500 in sync, from bytes", || comparing(None)),
    ("compare 500, one edited", || comparing(Some(250))),
];

const REPLACEMENT: &str = "replacements: [{source: {kind: ConfigMap, name: settings-0, fieldPath: data.level}, targets: [{select: {kind: Deployment}, fieldPaths: ['spec.template.spec.containers.[name=main].env.[name=LEVEL].value']}]}]";

const TABLE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/instructions.txt");

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().collect();
    if let [_, flag, name, rounds] = arguments.as_slice()
        && flag == "--path"
    {
        let (_, prepare) = PATHS.iter().find(|(known, _)| known == name).expect("a path");
        let work = prepare();
        for _ in 0..rounds.parse::<u32>().expect("a number") {
            work();
        }
        return ExitCode::SUCCESS;
    }
    let Some(valgrind) = on_path("valgrind") else {
        println!("instructions: not counted, since there is no valgrind on PATH");
        return ExitCode::SUCCESS;
    };
    let counted = PATHS.map(|(name, _)| (name, (count(&valgrind, name, 3) - count(&valgrind, name, 1)) / 2));
    if arguments.iter().any(|argument| argument == "--update") {
        let mut table = format!("# Instructions per round; {}. See instructions.rs.\n", rust_version());
        for (name, count) in counted {
            let _ = writeln!(table, "{count:>12}  {name}");
        }
        std::fs::write(TABLE, &table).expect("the table can be written");
        print!("{table}");
        return ExitCode::SUCCESS;
    }
    compare(&counted)
}

fn compare(counted: &[(&str, u64)]) -> ExitCode {
    let table = std::fs::read_to_string(TABLE).unwrap_or_default();
    let header = table.lines().next().unwrap_or_default();
    if !header.contains(&rust_version()) {
        println!("the table was made with another compiler than {}: {header}", rust_version());
    }
    let mut slower = false;
    for (name, count) in counted {
        let known = table.lines().filter_map(|line| line.trim().split_once("  "));
        let known = known.filter(|(_, known)| known == name).find_map(|(count, _)| count.parse::<u64>().ok());
        let Some(known) = known else {
            println!("{count:>12}  {name}: not in the table; run with --update");
            slower = true;
            continue;
        };
        let change = (*count as f64 / known as f64 - 1.0) * 100.0;
        let verdict = if change > TOLERANCE {
            slower = true;
            "  SLOWER; if it must be, run with --update and say why in the commit"
        } else if change < -TOLERANCE {
            "  faster: run with --update, so that it stays so"
        } else {
            ""
        };
        println!("{count:>12}  {change:>+6.1} %  {name}{verdict}");
    }
    if slower { ExitCode::FAILURE } else { ExitCode::SUCCESS }
}

/// The instructions of one process.
fn count(valgrind: &Path, name: &str, rounds: u32) -> u64 {
    let output = Command::new(valgrind)
        .args(["--tool=callgrind", "--callgrind-out-file=/dev/null"])
        .arg(std::env::current_exe().expect("this program"))
        .args(["--path", name, &rounds.to_string()])
        .stdout(Stdio::null())
        .output()
        .expect("valgrind runs");
    let text = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success(), "{name}: {text}");
    let total = text.lines().find_map(|line| line.split_once("Collected : ")?.1.trim().parse().ok());
    total.unwrap_or_else(|| panic!("valgrind said: {text}"))
}

fn rust_version() -> String {
    let output = Command::new("rustc").arg("--version").output().expect("rustc runs");
    String::from_utf8_lossy(&output.stdout).trim().to_owned()
}

fn parse() -> Box<dyn Fn()> {
    let text = manifests(500);
    let options = ReadOptions { dialect: Dialect::Kyaml, ..ReadOptions::default() };
    Box::new(move || {
        std::hint::black_box(read_str("a.yaml", &text, &options).expect("it can be read"));
    })
}

fn emit() -> Box<dyn Fn()> {
    let options = ReadOptions { dialect: Dialect::Kyaml, ..ReadOptions::default() };
    let (stream, _) = read_str("a.yaml", &manifests(500), &options).expect("it can be read");
    Box::new(move || {
        std::hint::black_box(write_stream(&stream.documents).expect("it can be written"));
    })
}

/// With `changed`, of objects that are read already.
fn comparing(changed: Option<usize>) -> Box<dyn Fn()> {
    let desired = manifests(500);
    let live = live(&desired, changed);
    let read = |text: &str| {
        let mut manifests = Manifests::new();
        manifests.add_text("objects", text.as_bytes()).expect("objects");
        manifests
    };
    let options = DriftOptions::new();
    if changed.is_none() {
        return Box::new(move || {
            let (desired, live) = (read(&desired), read(&live));
            let report = drift::compare(&desired.objects, &live.objects, &options);
            assert!(report.is_in_sync());
        });
    }
    let (desired, live) = (read(&desired), read(&live));
    Box::new(move || {
        let report = drift::compare(&desired.objects, &live.objects, &options);
        assert_eq!(report.summary.drifted, 1);
    })
}

/// The policies of the Pod Security Standards' stricter level.
fn restricted() -> Vec<Object> {
    let bundle = bundles::bundle("pod-security-restricted").expect("a bundle");
    bundle.objects(&BundleOptions::default(), &SourceMap::new()).expect("its policies")
}

fn policies(documents: &[Object]) -> PolicySet {
    let (set, errors) = PolicySet::load(documents, &SourceMap::new(), &LoadOptions::default());
    assert!(errors.is_empty(), "{errors:?}");
    set
}

/// Where most objects violate several policies.
fn evaluating() -> Box<dyn Fn()> {
    let set = policies(&restricted());
    let mut read = Manifests::new();
    read.add_text("objects", manifests(500).as_bytes()).expect("objects");
    Box::new(move || {
        let report = set.evaluate(&read.objects, &EvaluateOptions::new());
        assert!(report.findings.len() > 500 && report.not_checked.is_empty());
    })
}

fn building(files: Memory) -> Box<dyn Fn()> {
    Box::new(move || {
        let built = build(&files, "", &BuildOptions::default()).unwrap_or_else(|error| panic!("{error}"));
        std::hint::black_box(built.to_yaml().expect("it can be written"));
    })
}

fn small() -> Memory {
    let kustomization = "namePrefix: prod-\nnamespace: prod\nresources: [base]\nlabels: [{pairs: {env: prod}, includeSelectors: true}]\nimages: [{name: nginx, newTag: '2'}]\nconfigMapGenerator: [{name: more, literals: [a=b]}]\n";
    Memory::new()
        .with("kustomization.yaml", kustomization)
        .with("base/kustomization.yaml", "resources: [all.yaml]\n")
        .with("base/all.yaml", manifests(10))
}

/// 500 resources with all common fields, or with those of `fields`.
fn big(fields: &str) -> Memory {
    let all = format!(
        "namePrefix: p-\nnamespace: prod\nlabels: [{{pairs: {{team: a}}, includeSelectors: true}}]\ncommonAnnotations: {{owner: b}}\nimages: [{{name: nginx, newTag: '2'}}]\npatches:\n- path: patch.yaml\n  target: {{kind: Deployment}}\n- target: {{kind: Service, name: web-1.*}}\n  patch: '[{{\"op\": \"add\", \"path\": \"/spec/type\", \"value\": \"NodePort\"}}]'\n{REPLACEMENT}\n"
    );
    let fields = if fields.is_empty() { all.as_str() } else { fields };
    let fields = if fields == "{}" { "" } else { fields };
    Memory::new()
        .with("kustomization.yaml", format!("resources: [all.yaml]\n{fields}"))
        .with("all.yaml", manifests(500))
        .with(
            "patch.yaml",
            "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: any}\nspec: {template: {spec: {containers: [{name: main, resources: {limits: {cpu: 2}}}]}}}\n",
        )
}
