//! `kustomize::build` beside the real kustomize binary, in CPU time, in one run.
//!
//! ```text
//! cargo bench -p gitops-core-benches --bench kustomize
//! ```
//!
//! The peer runs when a `kustomize` is found on PATH; it pays its start-up for every build, as the
//! scripts that call it do. Every output is compared before it is timed.

use std::path::Path;
use std::process::Command;

use gitops_core::files::Disk;
use gitops_core::kustomize::{BuildOptions, build};
use gitops_core_benches::{children_cpu, on_path, own_cpu, workloads};

fn main() {
    let dir = tempfile::tempdir().expect("a temporary folder");
    if let Err(reason) = workloads(dir.path()) {
        println!("left out: {reason}");
        return;
    }
    let peer = on_path("kustomize");
    match &peer {
        Some(path) => println!("peer: {}", path.display()),
        None => println!("no kustomize on PATH: ratios left out"),
    }
    println!("{:<28} {:>10} {:>12} {:>12} {:>8}", "workload", "objects", "ours, ms", "peer, ms", "ratio");
    let fleet: Vec<String> = (0..50)
        .flat_map(|app| {
            ["dev", "staging", "prod"].map(|env| format!("fleet/apps/app-{app:02}/overlays/{env}"))
        })
        .filter(|target| dir.path().join(target).exists())
        .collect();
    let single = |name: &str| vec![name.to_owned()];
    let rows = [
        ("small", single("small/overlay"), 200),
        ("fleet, 150 builds", fleet, 5),
        ("big-500", single("big-500"), 10),
        ("big-2000", single("big-2000"), 5),
        ("big-5000", single("big-5000"), 3),
        ("plain-5000", single("plain-5000"), 3),
    ];
    for (name, targets, rounds) in rows {
        row(dir.path(), name, &targets, rounds, peer.as_deref());
    }
}

fn row(dir: &Path, name: &str, targets: &[String], rounds: u32, peer: Option<&Path>) {
    let files = Disk::open(dir).expect("the workloads");
    let render = |target: &String| {
        let built = build(&files, target, &BuildOptions::default()).unwrap_or_else(|error| panic!("{error}"));
        (built.objects.len(), built.to_yaml().expect("it can be written"))
    };
    let objects: usize = targets.iter().map(|target| render(target).0).sum();
    // The peer is quadratic: the largest sets are only run when asked for.
    let slow = objects >= 5000 && std::env::var_os("GITOPS_BENCH_SLOW").is_none();
    let theirs = peer.filter(|_| !slow).and_then(|peer| {
        let before = children_cpu()?;
        for target in targets {
            let output =
                Command::new(peer).arg("build").arg(dir.join(target)).output().expect("the peer runs");
            let equal = String::from_utf8_lossy(&output.stdout) == render(target).1;
            assert!(equal, "{target}: the outputs differ");
        }
        Some((children_cpu()? - before) * 1e3)
    });
    let before = own_cpu();
    for _ in 0..rounds {
        for target in targets {
            std::hint::black_box(render(target));
        }
    }
    let ours = before.zip(own_cpu()).map(|(before, after)| (after - before) * 1e3 / f64::from(rounds));
    let shown =
        |value: Option<f64>, digits: usize| value.map_or("-".into(), |value| format!("{value:.digits$}"));
    let ratio = theirs.zip(ours).map(|(theirs, ours)| theirs / ours);
    println!(
        "{name:<28} {objects:>10} {:>12} {:>12} {:>8}",
        shown(ours, 3),
        shown(theirs, 0),
        shown(ratio, 0)
    );
}
