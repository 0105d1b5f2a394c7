//! Drift beside Argo CD's own diff, in CPU time, in one run; and many objects of which one changed.
//!
//! ```text
//! cargo bench -p gitops-core-benches --bench drift
//! ```
//!
//! The pairs are those of the conformance data (`../shared/conformance`, or the folder in
//! `GITOPS_CONFORMANCE`). The peer is `argocd-diff` (see `peers/argocd`), where it is on PATH. Both read the pairs
//! from JSON and compare them, rounds of ours and of theirs in turn; all verdicts are compared before
//! anything is told.

use std::collections::BTreeMap;
use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};
use std::time::Instant;

use gitops_core::drift::{DriftOptions, DriftStatus, DriftSummary, Profile, Schemas, compare, compare_one};
use gitops_core::files::Manifests;
use gitops_core::yaml::Limits;
use gitops_core_benches::cluster::{live, manifests};
use gitops_core_benches::{coarse_cpu, on_path, own_cpu, own_peak};
use serde_json::{Value as Json, json};

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().collect();
    if let [_, flag, desired, live, threads] = arguments.as_slice()
        && flag == "--judge"
    {
        judge(desired.as_ref(), live.as_ref(), threads.parse().expect("a number"));
        return ExitCode::SUCCESS;
    }
    beside_argo("argo-three-way", "three-way, as Argo CD does by default", Profile::Argo);
    beside_argo("server-side-apply", "server-side apply, a structured merge", Profile::ServerSideApply);
    many();
    ExitCode::SUCCESS
}

/// A pair as it comes: texts.
struct Pair {
    name: String,
    config: Vec<u8>,
    live: Vec<u8>,
    manager: Option<String>,
}

/// The pairs of a file of the conformance data.
fn pairs(name: &str) -> Option<Vec<Pair>> {
    let beside = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/conformance");
    let root = std::env::var_os("GITOPS_CONFORMANCE").map_or(beside, PathBuf::from);
    let path = root.join(format!("drift/{name}.jsonl.gz"));
    let Ok(bytes) = std::fs::read(&path) else {
        println!("left out: no {}; name its folder in GITOPS_CONFORMANCE", path.display());
        return None;
    };
    let mut text = String::new();
    flate2::read::GzDecoder::new(bytes.as_slice()).read_to_string(&mut text).expect("it can be unpacked");
    let pair = |line: &str| {
        let row: Json = serde_json::from_str(line).expect("each line is a row");
        // An apply that is not forced is refused where another manager owns a field.
        let forced = row.get("force").and_then(Json::as_bool) != Some(false);
        forced.then(|| Pair {
            name: row["name"].as_str().unwrap_or_default().to_owned(),
            config: row["config"].to_string().into_bytes(),
            live: row["live"].to_string().into_bytes(),
            manager: row["manager"].as_str().map(str::to_owned),
        })
    };
    Some(text.lines().filter_map(pair).collect())
}

fn read(text: &[u8]) -> Manifests {
    let mut manifests = Manifests::new();
    manifests.add_text("object.json", text).expect("an object");
    manifests
}

/// CPU seconds of reading and of comparing all pairs once; a letter per pair: `m` (modified), `s` (same).
fn ours(pairs: &[Pair], profile: Profile) -> (f64, f64, String) {
    let cpu = || own_cpu().unwrap_or(f64::NAN);
    let version = "1.36".parse().expect("a version");
    let mut options = DriftOptions::new().with_profile(profile).with_version(version);
    options = options.with_schemas(Schemas::new(version));
    let start = cpu();
    let objects: Vec<_> = pairs.iter().map(|pair| (read(&pair.config), read(&pair.live))).collect();
    let middle = cpu();
    let verdict = |(pair, (config, live)): (&Pair, &(Manifests, Manifests))| {
        options.manager.clone_from(&pair.manager);
        let [config, live] = [config, live].map(|side| side.objects.first().expect("an object"));
        match compare_one(config, live, &options).status {
            DriftStatus::InSync => 's',
            _ => 'm',
        }
    };
    let verdicts = pairs.iter().zip(&objects).map(verdict).collect();
    let end = cpu();
    (middle - start, end - middle, verdicts)
}

fn beside_argo(file: &str, title: &str, profile: Profile) {
    let Some(pairs) = pairs(file) else { return };
    println!("{} pairs, {title}: CPU microseconds per pair", pairs.len());
    println!("{:<28} {:>10} {:>10} {:>10}", "", "reading", "comparing", "together");
    let peer = on_path("argocd-diff");
    let mut texts = tempfile::NamedTempFile::new().expect("a temporary file");
    for pair in &pairs {
        let json = |text: &[u8]| serde_json::from_slice::<Json>(text).expect("JSON");
        let mut line = json!({"config": json(&pair.config), "live": json(&pair.live)});
        if let (Some(manager), Profile::ServerSideApply) = (&pair.manager, profile) {
            line["manager"] = json!(manager);
        }
        writeln!(texts, "{line}").expect("it can be written");
    }
    let rounds = 5;
    let (mut own, mut theirs) = ([0.0, 0.0], [0.0, 0.0]);
    let (_, _, verdicts) = ours(&pairs, profile);
    for round in 0..rounds {
        let (reading, comparing, _) = ours(&pairs, profile);
        own = [own[0] + reading, own[1] + comparing];
        let Some(peer) = &peer else { continue };
        let inner = 3;
        let output = Command::new(peer).arg(inner.to_string()).arg(texts.path()).output().expect("it runs");
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        let words: Vec<&str> = text.split_whitespace().collect();
        let &[reading, comparing, _, letters] = words.as_slice() else {
            panic!("argocd-diff said {text}{}", String::from_utf8_lossy(&output.stderr))
        };
        let seconds = |word: &str| word.parse::<f64>().expect("a number") / 1e9 / f64::from(inner);
        theirs = [theirs[0] + seconds(reading), theirs[1] + seconds(comparing)];
        if round == 0 {
            differences(&pairs, &verdicts, letters);
        }
    }
    let each = 1e6 / f64::from(rounds) / pairs.len() as f64;
    let row = |name: &str, cost: [f64; 2]| {
        let [reading, comparing] = cost.map(|seconds| seconds * each);
        println!("{name:<28} {reading:>10.2} {comparing:>10.2} {:>10.2}", reading + comparing);
    };
    row("ours", own);
    if peer.is_none() {
        println!("peer argocd-diff: not on PATH, left out");
        return;
    }
    row("Argo CD", theirs);
    let [reading, comparing] = [0, 1].map(|at: usize| theirs[at] / own[at]);
    let together = theirs.iter().sum::<f64>() / own.iter().sum::<f64>();
    println!("{:<28} {reading:>10.1} {comparing:>10.1} {together:>10.1}\n", "times");
}

/// Tells where the verdicts differ, by the kind of case.
fn differences(pairs: &[Pair], ours: &str, theirs: &str) {
    assert_eq!(ours.len(), theirs.len(), "a verdict per pair");
    let mut found: BTreeMap<String, Vec<&str>> = BTreeMap::new();
    for ((pair, ours), theirs) in pairs.iter().zip(ours.chars()).zip(theirs.chars()) {
        if ours != theirs {
            found.entry(format!("ours {ours}, Argo CD {theirs}")).or_default().push(&pair.name);
        }
    }
    for (how, names) in found {
        println!("  {} verdicts: {how}: {}", names.len(), names.join(", "));
    }
}

/// What a process of its own took to judge objects from their bytes: CPU milliseconds of reading and of
/// comparing, wall-clock milliseconds of both, KiB of memory before and at the peak.
fn judged(count: usize, threads: usize) -> [f64; 5] {
    let desired = manifests(count);
    let mut files = [&desired, &live(&desired, Some(count / 2))].map(|text| {
        let mut file = tempfile::NamedTempFile::new().expect("a temporary file");
        file.write_all(text.as_bytes()).expect("it can be written");
        file
    });
    let [desired, live] = files.each_mut().map(|file| file.path());
    let mut child = Command::new(std::env::current_exe().expect("a program"));
    let output =
        child.arg("--judge").args([desired, live]).arg(threads.to_string()).output().expect("it runs");
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let numbers: Vec<f64> = text.split_whitespace().filter_map(|number| number.parse().ok()).collect();
    let [in_sync, drifted, numbers @ ..] = numbers.as_slice() else {
        panic!("it said {text}{}", String::from_utf8_lossy(&output.stderr))
    };
    assert_eq!((*in_sync, *drifted), (count as f64 - 1.0, 1.0), "one is edited");
    numbers.try_into().expect("five numbers")
}

/// CPU seconds: to the nanosecond, but without threads that ended, or in hundredths of a second.
fn coarse_or_fine(threads: usize) -> f64 {
    let cpu = if threads == 1 { own_cpu() } else { coarse_cpu().map(|cpu| cpu.0) };
    cpu.unwrap_or(f64::NAN)
}

/// The process that is measured.
fn judge(desired: &Path, live: &Path, threads: usize) {
    let [desired, live] = [desired, live].map(|path| std::fs::read(path).expect("a file"));
    let limits = Limits { max_bytes: usize::MAX, ..Limits::default() };
    let read = |text: &[u8]| {
        let mut manifests = Manifests::new().with_limits(limits);
        manifests.add_text("objects", text).expect("objects");
        manifests
    };
    let cpu = || coarse_or_fine(threads) * 1e3;
    let (memory, wall, start) = (own_peak().unwrap_or(0), Instant::now(), cpu());
    let (desired, live) = match threads {
        1 => (read(&desired), read(&live)),
        _ => std::thread::scope(|scope| {
            let live = scope.spawn(|| read(&live));
            (read(&desired), live.join().expect("objects"))
        }),
    };
    let middle = cpu();
    let options = DriftOptions::new().with_threads(threads);
    let report = compare(&desired.objects, &live.objects, &options);
    let (end, wall) = (cpu(), wall.elapsed().as_secs_f64() * 1e3);
    let DriftSummary { in_sync, drifted, .. } = report.summary;
    let peak = own_peak().unwrap_or(0);
    println!("{in_sync} {drifted} {} {} {wall} {memory} {peak}", middle - start, end - middle);
}

/// Many objects of which one changed, from bytes, each time in a process of its own.
fn many() {
    println!("objects of which one was edited, from bytes: CPU milliseconds, and peak memory");
    let columns = ["reading", "comparing", "together", "wall", "MiB", "KiB each"];
    println!("{:<28} {}", "", columns.map(|column| format!("{column:>10}")).join(" "));
    for (count, threads, rounds) in [(1_000, 1, 5), (10_000, 1, 5), (10_000, 2, 5), (100_000, 1, 1)] {
        let mut best = [f64::INFINITY; 5];
        for _ in 0..rounds {
            let found = judged(count, threads);
            if found[2] < best[2] {
                best = found;
            }
        }
        let [reading, comparing, wall, _, peak] = best;
        let row = [reading, comparing, reading + comparing, wall, peak / 1024.0, peak / count as f64];
        let name = format!("{count}, {threads} thread{}", if threads == 1 { "" } else { "s" });
        println!("{name:<28} {}", row.map(|number| format!("{number:>10.1}")).join(" "));
    }
}
