//! Random kustomizations: we and the real kustomize 5.8 give the same bytes, or both refuse.
//!
//! By default a few hundred seeds, if `kustomize` is on PATH. `GITOPS_RANDOM_SEEDS=0..5000` chooses
//! others, `GITOPS_RANDOM_ORACLE` names a faster oracle (`tests/src/random/oracle.rs`).

use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use gitops_core_tests::random::{Case, Oracle, Tally, compare, generate, shrink};

fn seeds(usual: std::ops::Range<u64>) -> std::ops::Range<u64> {
    let Ok(text) = std::env::var("GITOPS_RANDOM_SEEDS") else { return usual };
    let range = text.split_once("..").and_then(|(from, to)| Some(from.parse().ok()?..to.parse().ok()?));
    range.expect("GITOPS_RANDOM_SEEDS is from..to")
}

/// Compares all cases, on two threads; prints the differences, made small.
fn agree(cases: impl Fn(u64) -> Option<Case> + Sync, seeds: std::ops::Range<u64>) {
    let next = AtomicUsize::new(seeds.start as usize);
    let shared = Mutex::new((Tally::default(), Vec::new()));
    std::thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                let Some(mut oracle) = Oracle::find() else { return };
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
    agree(|seed| Some(generate(seed)), seeds(0..300));
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
