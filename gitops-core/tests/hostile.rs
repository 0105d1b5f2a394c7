//! Inputs made to hurt: each must end as the table says, within a time and a memory that do not grow
//! faster than the input.
//!
//! Every case runs in a process of its own, so that a stack overflow, an endless loop or an abort is a
//! failed case and nothing worse. `cargo test -p gitops-core --test hostile [-- part of a name]`

#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::print_stdout, reason = "a test")]

use std::process::{Command, ExitCode, Stdio};
use std::time::{Duration, Instant};

use gitops_core::files::Memory;
use gitops_core::kustomize::{BuildOptions, LoadRestrictor, build};
use gitops_core::yaml::{Dialect, Limits, ReadOptions, read_str};

#[cfg(feature = "policy")]
#[path = "hostile/policies.rs"]
mod policies;

/// Wall time of one case, on a busy machine and without optimisation.
const PATIENCE: Duration = Duration::from_secs(180);

struct Case {
    name: &'static str,
    /// `ok`, or the code of an error.
    wanted: &'static str,
    /// The most resident memory, in MiB.
    memory: u64,
    run: fn() -> String,
}

/// The table.
const CASES: &[Case] = &[
    Case {
        name: "alias bomb",
        wanted: "too-many-aliases",
        memory: 300,
        run: || manifest(&alias_bomb("[", "]")),
    },
    Case {
        name: "alias bomb of merge keys",
        wanted: "too-many-aliases",
        memory: 300,
        run: || manifest(&alias_bomb("{<<: [", "]}")),
    },
    Case { name: "deep block lists", wanted: "too-deep", memory: 100, run: || yaml("- ".repeat(10_000)) },
    Case { name: "deep block mappings", wanted: "too-deep", memory: 300, run: || yaml(staircase(5_000)) },
    Case {
        name: "deep flow lists",
        wanted: "too-deep",
        memory: 100,
        run: || yaml("[".repeat(10_000) + &"]".repeat(10_000)),
    },
    Case {
        name: "deep flow lists, never closed",
        wanted: "too-deep",
        memory: 200,
        run: || yaml("[".repeat(1_000_000)),
    },
    Case {
        name: "deep flow mappings",
        wanted: "too-deep",
        memory: 100,
        run: || yaml("{a: ".repeat(10_000) + &"}".repeat(10_000)),
    },
    Case {
        name: "deep JSON",
        wanted: "too-deep",
        memory: 100,
        run: || yaml("{\"a\":[".repeat(10_000) + &"]}".repeat(10_000)),
    },
    Case {
        name: "questions in questions",
        wanted: "bad-key",
        memory: 100,
        run: || yaml("? ".repeat(10_000)),
    },
    Case {
        name: "a plain scalar of 100 MB",
        wanted: "too-large",
        memory: 500,
        run: || yaml(format!("a: {}", "x".repeat(100_000_000))),
    },
    Case {
        name: "a plain scalar of 60 MB",
        wanted: "ok",
        memory: 700,
        run: || yaml(format!("a: {}", "x".repeat(60_000_000))),
    },
    Case {
        name: "a quoted scalar of 60 MB",
        wanted: "ok",
        memory: 700,
        run: || yaml(format!("a: \"{}\"", "x\\n".repeat(20_000_000))),
    },
    Case {
        name: "a quote never closed, 60 MB",
        wanted: "syntax",
        memory: 700,
        run: || yaml(format!("a: '{}", "x\n ".repeat(20_000_000))),
    },
    Case {
        name: "a literal block of 60 MB",
        wanted: "ok",
        memory: 700,
        run: || yaml(format!("a: |\n{}", "  0123456789\n".repeat(4_500_000))),
    },
    Case {
        name: "a folded block of 10 MB",
        wanted: "ok",
        memory: 400,
        run: || yaml(format!("a: >\n{}", "  0123456789\n".repeat(800_000))),
    },
    Case {
        name: "comments, 30 MB",
        wanted: "ok",
        memory: 400,
        run: || yaml("# comment\n".repeat(3_000_000)),
    },
    Case { name: "blank lines, 30 MB", wanted: "ok", memory: 400, run: || yaml("\n".repeat(30_000_000)) },
    Case {
        name: "tabs",
        wanted: "syntax",
        memory: 400,
        run: || yaml(format!("a:\n{}b: 1\n", "\t\n".repeat(1_000_000))),
    },
    Case { name: "a list of a million", wanted: "ok", memory: 500, run: || yaml("- 1\n".repeat(1_000_000)) },
    Case {
        name: "a flow list of a million",
        wanted: "ok",
        memory: 500,
        run: || yaml(format!("[{}]", "1, ".repeat(1_000_000))),
    },
    Case {
        name: "a mapping of a million",
        wanted: "ok",
        memory: 900,
        run: || manifest(&numbered(1_000_000, |n| format!("  k{n}: v\n"))),
    },
    Case {
        name: "one key a hundred thousand times",
        wanted: "duplicate-key",
        memory: 300,
        run: || manifest(&"  k: v\n".repeat(100_000)),
    },
    Case {
        name: "one key of a kustomization a hundred thousand times",
        wanted: "ok",
        memory: 400,
        run: || plain(&format!("{}resources: [a.yaml]\n", "namePrefix: a\n".repeat(100_000))),
    },
    Case {
        name: "a key of a megabyte",
        wanted: "key-too-long",
        memory: 200,
        run: || manifest(&format!("  ? {}\n  : v\n", "k".repeat(1_000_000))),
    },
    Case {
        name: "anchors, a hundred thousand",
        wanted: "ok",
        memory: 500,
        run: || yaml(numbered(100_000, |n| format!("- &a{n} x\n- *a{n}\n"))),
    },
    Case {
        name: "a million empty documents",
        wanted: "ok",
        memory: 700,
        run: || resources(&"---\n".repeat(1_000_000)),
    },
    Case {
        name: "thirty thousand objects",
        wanted: "ok",
        memory: 500,
        run: || {
            resources(&numbered(30_000, |n| {
                format!("apiVersion: v1\nkind: A\nmetadata: {{name: a{n}}}\n---\n")
            }))
        },
    },
    Case {
        name: "lists in lists",
        wanted: "too-deep",
        memory: 200,
        run: || {
            resources(&format!(
                "{}apiVersion: v1\nkind: A",
                "kind: AList\nitems:\n- ".to_owned() + &"{kind: BList, items: [".repeat(1_000)
            ))
        },
    },
    Case {
        name: "bases in a circle",
        wanted: "cycle",
        memory: 50,
        run: || dirs(&[("a", "resources: [../b]"), ("b", "resources: [../a]")], "a"),
    },
    Case {
        name: "a component that includes itself",
        wanted: "cycle",
        memory: 50,
        run: || {
            dirs(
                &[
                    ("a", "components: [../c]"),
                    (
                        "c",
                        "apiVersion: kustomize.config.k8s.io/v1alpha1\nkind: Component\ncomponents: [../c]",
                    ),
                ],
                "a",
            )
        },
    },
    Case { name: "a chain of a thousand bases", wanted: "chain-too-long", memory: 50, run: || chain(1_000) },
    Case {
        name: "bases that double at each of forty levels",
        wanted: "too-many-kustomizations",
        memory: 1000,
        run: || doubling(40),
    },
    Case {
        name: "components that double at each of forty levels",
        wanted: "too-many-kustomizations",
        memory: 200,
        run: || components(40),
    },
    Case { name: "prefixes that grow", wanted: "too-much-text", memory: 1500, run: prefixes },
    Case { name: "vars that grow", wanted: "too-much-text", memory: 1500, run: vars },
    Case {
        name: "a var that names itself",
        wanted: "ok",
        memory: 50,
        run: || {
            plain(
                "resources: [a.yaml]\nvars:\n- name: A\n  objref: {apiVersion: v1, kind: ConfigMap, name: a}\n  fieldref: {fieldpath: data.v}\n",
            )
        },
    },
    Case {
        name: "ten thousand patches that match nothing",
        wanted: "ok",
        memory: 300,
        run: || plain(&patches(10_000, "none", "{op: add, path: /data/x, value: y}")),
    },
    Case {
        name: "ten thousand patches of one object",
        wanted: "ok",
        memory: 300,
        run: || plain(&patches(10_000, ".*", "{op: add, path: /data/x, value: y}")),
    },
    Case {
        name: "copies that double",
        wanted: "too-many-copies",
        memory: 300,
        run: || plain(&patches(1, ".*", &COPIES.repeat(60))),
    },
    Case {
        name: "patches with copies that double",
        wanted: "too-many-copies",
        memory: 500,
        run: || plain(&patches(60, ".*", COPIES)),
    },
    Case {
        name: "a pattern that backtracks",
        wanted: "ok",
        memory: 100,
        run: || plain(&patches(1, "(a*)*(a|a)*(a+)+b", "{op: add, path: /data/x, value: y}")),
    },
    Case {
        name: "a pattern of a gigabyte",
        wanted: "bad-pattern",
        memory: 300,
        run: || plain(&patches(1, "((a{1,1000}){1,1000}){1,1000}", "{op: add, path: /data/x, value: y}")),
    },
    Case {
        name: "a pattern of nested groups",
        wanted: "bad-pattern",
        memory: 300,
        run: || {
            plain(&patches(
                1,
                &("(".repeat(50_000) + &")".repeat(50_000)),
                "{op: add, path: /data/x, value: y}",
            ))
        },
    },
    Case {
        name: "an image name of a gigabyte",
        wanted: "ok",
        memory: 300,
        run: || plain("resources: [a.yaml]\nimages: [{name: '((a{1,1000}){1,1000}){1,1000}', newTag: x}]\n"),
    },
    Case {
        name: "a replacement's pattern of a gigabyte",
        wanted: "bad-pattern",
        memory: 300,
        run: || plain(&replacement("name: '((a{1,1000}){1,1000}){1,1000}'", "data.x")),
    },
    Case {
        name: "a replacement's path of wildcards",
        wanted: "target-field-not-found",
        memory: 300,
        run: || plain(&replacement("name: a", &format!("spec{}", ".*".repeat(10_000)))),
    },
    Case {
        name: "a replacement at a huge index",
        wanted: "target-field-not-found",
        memory: 300,
        run: || plain(&replacement("name: a", "spec.list.4000000000")),
    },
    Case {
        name: "replacements that double",
        wanted: "too-many-copies",
        memory: 500,
        run: || {
            plain(&format!("resources: [a.yaml]\nreplacements:\n{}", "- source: {kind: ConfigMap, name: a, fieldPath: data}\n  targets: [{select: {kind: ConfigMap}, fieldPaths: [data.x, data.y], options: {create: true}}]\n".repeat(60)))
        },
    },
    Case { name: "a generator of 60 MB", wanted: "ok", memory: 900, run: || generator(60_000_000) },
    Case {
        name: "an images entry a thousand times",
        wanted: "ok",
        memory: 300,
        run: || {
            plain(&format!(
                "resources: [a.yaml]\nimages:\n{}",
                numbered(1_000, |n| format!("- {{name: n{n}, newTag: x}}\n"))
            ))
        },
    },
    Case {
        name: "a path of ten thousand parents",
        wanted: "outside-root",
        memory: 50,
        run: || plain(&format!("resources: [{}x]\n", "../".repeat(10_000))),
    },
    Case {
        name: "a path of ten thousand folders",
        wanted: "file-not-found",
        memory: 100,
        run: || plain(&format!("resources: [{}x]\n", "a/".repeat(10_000))),
    },
    #[cfg(unix)]
    Case { name: "links in a circle", wanted: "link-loop", memory: 50, run: links },
];

/// The table, and that of policies.
fn cases() -> Vec<&'static Case> {
    #[cfg(feature = "policy")]
    let all = CASES.iter().chain(policies::CASES);
    #[cfg(not(feature = "policy"))]
    let all = CASES.iter();
    all.collect()
}

/// Twice as much data as before.
const COPIES: &str = "{op: copy, from: /data, path: /data/x}{op: copy, from: /data, path: /data/y}";

/// Reads a text.
fn yaml(text: String) -> String {
    let options = ReadOptions { dialect: Dialect::Kyaml, ..ReadOptions::default() };
    match read_str("a.yaml", &text, &options) {
        Ok(_) => "ok".into(),
        Err(error) => error.code().into(),
    }
}

/// Builds a directory of files in memory, and writes what it gives.
fn render(files: &Memory, dir: &str) -> String {
    let mut options = BuildOptions::default();
    options.load_restrictor = LoadRestrictor::RootOnly;
    options.limits = Limits::default();
    match build(files, dir, &options).and_then(|build| build.to_yaml()) {
        Ok(_) => "ok".into(),
        Err(error) => error.code().into(),
    }
}

/// A kustomization beside one ConfigMap with a mapping, a list and text.
fn plain(kustomization: &str) -> String {
    let mut files = Memory::new();
    files.insert("kustomization.yaml", kustomization);
    let object = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\ndata: {v: $(A), w: aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa}\nspec: {list: [[a]]}\n";
    files.insert("a.yaml", object);
    render(&files, "")
}

/// A kustomization of one file.
fn resources(text: &str) -> String {
    let mut files = Memory::new();
    files.insert("kustomization.yaml", "resources: [a.yaml]");
    files.insert("a.yaml", text);
    render(&files, "")
}

/// The lines of a mapping, in a ConfigMap.
fn manifest(data: &str) -> String {
    resources(&format!("apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: a\ndata:\n{data}"))
}

fn numbered(count: usize, line: impl Fn(usize) -> String) -> String {
    (0..count).map(line).collect()
}

fn staircase(levels: usize) -> String {
    numbered(levels, |level| format!("{}a:\n", " ".repeat(level)))
}

fn alias_bomb(open: &str, close: &str) -> String {
    let level = |n: usize| {
        let ten = vec![format!("*a{}", n - 1); 10].join(", ");
        format!("  a{n}: &a{n} {open}{ten}{close}\n")
    };
    format!("  a0: &a0 {{k: v}}\n{}", (1..20).map(level).collect::<String>())
}

fn dirs(kustomizations: &[(&str, &str)], dir: &str) -> String {
    let mut files = Memory::new();
    for (dir, text) in kustomizations {
        files.insert(&format!("{dir}/kustomization.yaml"), *text);
    }
    render(&files, dir)
}

fn chain(length: usize) -> String {
    let mut files = Memory::new();
    for at in 0..length {
        files.insert(&format!("d{at}/kustomization.yaml"), format!("resources: [../d{}]\n", at + 1));
    }
    render(&files, "d0")
}

/// Two directories at each level, both of which use both of the level below under other names.
fn doubling(levels: usize) -> String {
    let mut files = Memory::new();
    for level in 0..levels {
        for side in ["a", "b"] {
            let below = level + 1;
            let text = if below == levels {
                format!("configMapGenerator: [{{name: c{side}}}]\n")
            } else {
                format!("namePrefix: {side}\nresources: [../{below}a, ../{below}b]\n")
            };
            files.insert(&format!("{level}{side}/kustomization.yaml"), text);
        }
    }
    render(&files, "0a")
}

fn components(levels: usize) -> String {
    let mut files = Memory::new();
    files.insert("k/kustomization.yaml", "components: [../0]\nconfigMapGenerator: [{name: c}]\n");
    for level in 0..levels {
        let below = level + 1;
        let more =
            if below == levels { String::new() } else { format!("components: [../{below}, ../{below}]\n") };
        let text = format!(
            "apiVersion: kustomize.config.k8s.io/v1alpha1\nkind: Component\nlabels: [{{pairs: {{a: b}}}}]\n{more}"
        );
        files.insert(&format!("{level}/kustomization.yaml"), text);
    }
    render(&files, "k")
}

fn prefixes() -> String {
    let mut files = Memory::new();
    let prefix = "p".repeat(1_000_000);
    files.insert("kustomization.yaml", format!("namePrefix: {prefix}\nresources: [a.yaml]\n"));
    files.insert(
        "a.yaml",
        numbered(10_000, |n| format!("apiVersion: v1\nkind: A\nmetadata: {{name: a{n}}}\n---\n")),
    );
    render(&files, "")
}

fn vars() -> String {
    let mut files = Memory::new();
    let kustomization = "resources: [a.yaml]\nvars:\n- name: A\n  objref: {apiVersion: v1, kind: ConfigMap, name: a}\n  fieldref: {fieldpath: data.v}\nconfigurations: [c.yaml]\n";
    files.insert("kustomization.yaml", kustomization);
    files.insert("c.yaml", "varReference: [{path: data, kind: ConfigMap}]\n");
    let value = "v".repeat(1_000_000);
    let object = format!(
        "apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: a}}\ndata:\n  v: {value}\n  w: {}\n",
        "$(A)".repeat(10_000)
    );
    files.insert("a.yaml", object);
    render(&files, "")
}

fn patches(count: usize, name: &str, operations: &str) -> String {
    let lines: String = operations.split_inclusive('}').map(|line| format!("    - {line}\n")).collect();
    let patch = format!("- target: {{name: '{name}'}}\n  patch: |-\n{lines}");
    format!("resources: [a.yaml]\npatches:\n{}", patch.repeat(count))
}

fn replacement(select: &str, path: &str) -> String {
    format!(
        "resources: [a.yaml]\nreplacements:\n- source: {{kind: ConfigMap, name: a, fieldPath: data.w}}\n  targets: [{{select: {{{select}}}, fieldPaths: ['{path}'], options: {{create: true}}}}]\n"
    )
}

fn generator(bytes: usize) -> String {
    let mut files = Memory::new();
    files.insert("kustomization.yaml", "configMapGenerator: [{name: a, files: [b]}]\n");
    files.insert("b", vec![0xff; bytes]);
    render(&files, "")
}

#[cfg(unix)]
fn links() -> String {
    let dir = tempfile::tempdir().unwrap();
    std::fs::write(dir.path().join("kustomization.yaml"), "resources: [a]\n").unwrap();
    std::os::unix::fs::symlink("b", dir.path().join("a")).unwrap();
    std::os::unix::fs::symlink("a", dir.path().join("b")).unwrap();
    let files = gitops_core::files::Disk::open(dir.path()).unwrap();
    build(&files, "", &BuildOptions::default()).map_or_else(|error| error.code().into(), |_| "ok".into())
}

/// The most resident memory that this process has had, in MiB; 0 where the system does not say.
fn peak() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    line.and_then(|line| line.split_whitespace().next()?.parse::<u64>().ok()).map_or(0, |kib| kib / 1024)
}

fn main() -> ExitCode {
    let argument = std::env::args().nth(1);
    if let Some(at) = argument.as_deref().and_then(|text| text.strip_prefix("--case=")) {
        let case = cases()[at.parse::<usize>().unwrap()];
        // The stack of a thread, as in a server, not the larger one of a main thread.
        let outcome = std::thread::spawn(case.run).join().unwrap();
        println!("{outcome} {}", peak());
        return ExitCode::SUCCESS;
    }
    let filter = argument.filter(|text| !text.starts_with('-')).unwrap_or_default();
    let mut failed = 0;
    for (at, case) in cases().into_iter().enumerate().filter(|(_, case)| case.name.contains(&filter)) {
        let start = Instant::now();
        let (outcome, memory) = run(at);
        let good = outcome == case.wanted && memory <= case.memory;
        failed += usize::from(!good);
        let verdict = if good {
            String::new()
        } else {
            format!("  FAILED: wanted {} in {} MiB", case.wanted, case.memory)
        };
        println!(
            "{:<55} {:>6} ms {memory:>5} MiB  {outcome}{verdict}",
            case.name,
            start.elapsed().as_millis()
        );
    }
    if failed == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// Runs a case in a process of its own.
fn run(at: usize) -> (String, u64) {
    let mut child = Command::new(std::env::current_exe().unwrap())
        .arg(format!("--case={at}"))
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let start = Instant::now();
    while child.try_wait().unwrap().is_none() {
        if start.elapsed() > PATIENCE {
            child.kill().unwrap();
            child.wait().unwrap();
            return ("no answer in time".into(), 0);
        }
        std::thread::sleep(Duration::from_millis(5));
    }
    let output = child.wait_with_output().unwrap();
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    match text.trim().rsplit_once(' ') {
        Some((outcome, memory)) => (outcome.to_owned(), memory.parse().unwrap_or(u64::MAX)),
        None => (format!("it died: {}", output.status), 0),
    }
}
