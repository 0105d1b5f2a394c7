//! Random kustomizations: we and the real kustomize 5.8 give the same bytes, or both refuse.
//!
//! By default a few hundred seeds, if `kustomize` is on PATH. `GITOPS_RANDOM_SEEDS=0..5000` chooses
//! others, `GITOPS_RANDOM_ORACLE` names a faster oracle (`tests/src/random/oracle.rs`).

use std::collections::BTreeMap;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use gitops_core::files::{Disk, Files};
use gitops_core::kustomize::{BuildOptions, LoadRestrictor, build};
use gitops_core_tests::random::{Case, Oracle, Tally, compare, generate, mutate, shrink};
use gitops_core_tests::{conformance, json_lines, unpack};

fn seeds(usual: std::ops::Range<u64>) -> std::ops::Range<u64> {
    let Ok(text) = std::env::var("GITOPS_RANDOM_SEEDS") else { return usual };
    let range = text.split_once("..").and_then(|(from, to)| Some(from.parse().ok()?..to.parse().ok()?));
    range.expect("GITOPS_RANDOM_SEEDS is from..to")
}

/// Two oracles for two threads, or `None`, said on stdout.
fn oracles() -> Option<[Oracle; 2]> {
    Some([Oracle::find()?, Oracle::find()?])
}

/// Compares all cases; prints the differences, made small.
fn agree(oracles: [Oracle; 2], cases: impl Fn(u64) -> Option<Case> + Sync, seeds: std::ops::Range<u64>) {
    let next = AtomicUsize::new(seeds.start as usize);
    let shared = Mutex::new((Tally::default(), Vec::new()));
    std::thread::scope(|scope| {
        for mut oracle in oracles {
            let (next, shared, cases, seeds) = (&next, &shared, &cases, &seeds);
            scope.spawn(move || {
                let mut tally = Tally::default();
                loop {
                    let seed = next.fetch_add(1, Ordering::Relaxed) as u64;
                    if seed >= seeds.end {
                        break;
                    }
                    let Some(case) = cases(seed) else { continue };
                    if let Some(found) = compare(&case, &mut oracle, &mut tally) {
                        let case = shrink(&case, &found.class, &mut oracle, 600);
                        let found = compare(&case, &mut oracle, &mut Tally::default()).unwrap_or(found);
                        shared.lock().expect("no panic").1.push((case, found));
                    }
                }
                let mut shared = shared.lock().expect("no panic");
                shared.0 = shared.0.and(tally);
            });
        }
    });
    let (tally, differences) = shared.into_inner().expect("no panic");
    println!("random: {tally}, {} different", differences.len());
    for (case, found) in &differences {
        println!("==== {} in `{}`: {found}", case.name, case.target);
        for (path, text) in &case.files {
            println!(
                "---- {path}\n{}",
                text.escape_debug()
                    .to_string()
                    .replace("\\n", "\n")
                    .replace("\\\"", "\"")
                    .replace("\\'", "'")
            );
        }
    }
    assert!(differences.is_empty(), "{} differences", differences.len());
}

#[test]
fn random_kustomizations_build_as_kustomize_builds_them() {
    let Some(oracles) = oracles() else { return };
    agree(oracles, |seed| Some(generate(seed)), seeds(0..300));
}

/// Laws that need no kustomize: building twice gives the same, and what was built, taken as a resource,
/// builds to itself (in its order, as kustomize's default order is not asked for twice).
#[test]
fn what_is_built_builds_to_itself() {
    let (mut built, mut refused) = (0, 0);
    for seed in seeds(0..300) {
        let case = generate(seed);
        let first = case.ours();
        let again = case.ours();
        match (first, again) {
            (Ok(first), Ok(again)) => {
                assert_eq!(first, again, "seed {seed}");
                if first.contains("\\L") || first.contains('\u{2028}') {
                    // A line separator gains blanks each time that kustomize writes it.
                    continue;
                }
                let kustomization = "resources: [all.yaml]\nsortOptions: {order: fifo}\n";
                let files = [("kustomization.yaml", kustomization), ("all.yaml", &*first)];
                let files = files.map(|(path, text)| (path.to_owned(), text.to_owned()));
                let case = Case { files: files.into(), target: String::new(), ..case };
                match case.ours() {
                    Ok(text) => assert_eq!(text, first, "seed {seed}"),
                    Err(error) => panic!("seed {seed}: {error}\n{first}"),
                }
                built += 1;
            }
            (Err(first), Err(again)) => {
                assert_eq!(first.to_string(), again.to_string(), "seed {seed}");
                refused += 1;
            }
            _ => panic!("seed {seed} builds only sometimes"),
        }
    }
    println!("random: {built} build, and build to themselves; {refused} are refused");
    assert!(built > refused / 4, "the generator makes too many mistakes");
}

#[derive(serde::Deserialize)]
struct OwnCase {
    name: String,
    files: BTreeMap<String, String>,
    #[serde(default)]
    files_b64: BTreeMap<String, String>,
    #[serde(default)]
    dirs: Vec<String>,
    target: String,
    options: OwnOptions,
}

#[derive(serde::Deserialize)]
struct OwnOptions {
    load_restrictor: String,
}

#[test]
fn changed_cases_of_kustomize_build_as_kustomize_builds_them() {
    let (Some(data), Some(oracles)) = (conformance(), oracles()) else { return };
    let rows: Vec<OwnCase> = json_lines(&data.join("kustomize/cases.jsonl"));
    let rows = rows.into_iter().filter(|row| row.files_b64.is_empty());
    let cases: Vec<Case> = rows
        .map(|row| Case {
            name: row.name,
            files: row
                .files
                .into_iter()
                .map(|(path, text)| (path.trim_start_matches('/').to_owned(), text))
                .collect(),
            dirs: row.dirs.iter().map(|dir| dir.trim_start_matches('/').to_owned()).collect(),
            target: row.target.trim_matches('/').to_owned(),
            unrestricted: row.options.load_restrictor == "none",
        })
        .collect();
    agree(oracles, |seed| mutate(seed, &cases[seed as usize % cases.len()]), seeds(0..300));
}

#[derive(serde::Deserialize)]
struct Realworld {
    repo: String,
    dir: String,
    load_restrictor: String,
    ok: bool,
}

/// The repositories' kustomizations that build, each with the files that it reads.
fn real_cases(data: &std::path::Path) -> Vec<Case> {
    let rows: Vec<Realworld> = json_lines(&data.join("realworld/index.jsonl"));
    let mut by_repo: BTreeMap<String, Vec<Realworld>> = BTreeMap::new();
    for row in rows.into_iter().filter(|row| row.ok) {
        by_repo.entry(row.repo.clone()).or_default().push(row);
    }
    let mut cases = Vec::new();
    for (repo, rows) in by_repo {
        let name = repo.replace('/', "+");
        let unpacked = unpack(&data.join("realworld").join(format!("{name}.tar.xz")));
        let tree = Disk::open(unpacked.path().join(&name).join("tree")).expect("the tree is there");
        for row in rows {
            let dir = if row.dir == "." { String::new() } else { row.dir };
            let unrestricted = row.load_restrictor == "none";
            let mut options = BuildOptions::default();
            if unrestricted {
                options.load_restrictor = LoadRestrictor::None;
            }
            let Ok(built) = build(&tree, &dir, &options) else { continue };
            let text = |path: &String| String::from_utf8(tree.read(path).ok()?.bytes.to_vec()).ok();
            let files: Option<BTreeMap<String, String>> =
                built.files_read.iter().map(|path| Some((path.clone(), text(path)?))).collect();
            let Some(files) = files else { continue };
            if files.values().map(String::len).sum::<usize>() < 60_000 {
                cases.push(Case {
                    name: format!("{repo}/{dir}"),
                    files,
                    dirs: Vec::new(),
                    target: dir,
                    unrestricted,
                });
            }
        }
    }
    cases
}

#[test]
fn changed_real_repositories_build_as_kustomize_builds_them() {
    let (Some(data), Some(oracles)) = (conformance(), oracles()) else { return };
    let cases = real_cases(&data);
    agree(oracles, |seed| mutate(seed, &cases[seed as usize * 7919 % cases.len()]), seeds(0..300));
}

#[test]
#[ignore = "prints why random kustomizations are refused, to balance the generator"]
fn refusals() {
    let mut counts = std::collections::BTreeMap::<String, usize>::new();
    for seed in seeds(0..1000) {
        if let Err(error) = generate(seed).ours() {
            *counts.entry(error.code().to_owned()).or_default() += 1;
        }
    }
    let mut counts: Vec<_> = counts.into_iter().collect();
    counts.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
    for (why, count) in counts.iter().take(70) {
        println!("{count:>5} {why}");
    }
}
