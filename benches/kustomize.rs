//! `kustomize::build` beside kustomize, in CPU time and peak memory, in one run.
//!
//! ```text
//! cargo bench -p gitops-core-benches --bench kustomize            # without the slowest sets
//! GITOPS_BENCH_SLOW=1 cargo bench -p gitops-core-benches --bench kustomize
//! ```
//!
//! Two peers run when they are found on PATH: the `kustomize` program, which pays its start-up for
//! every build as the scripts that call it do, and `krusty` (see `peers/krusty`), which calls
//! kustomize's own library in a loop. Every output is compared before it is timed.

use std::path::Path;
use std::process::Command;

use gitops_core::files::Disk;
use gitops_core::kustomize::{BuildOptions, Request, build, build_many};
use gitops_core_benches::{coarse_cpu, fleet, fnv, on_path, own_cpu, own_peak, watched, workloads};

/// What a peer needed.
#[derive(Clone, Copy)]
struct Cost {
    /// CPU milliseconds for one round.
    cpu: f64,
    /// KiB.
    memory: Option<u64>,
}

/// A set of directories, built once in each round.
struct Workload {
    name: &'static str,
    dirs: Vec<String>,
    rounds: u32,
    /// Kustomize is quadratic: the largest sets are only run when asked for.
    slow: bool,
}

fn main() {
    // As the child of a benchmark: one round, and the memory it took.
    let mut arguments = std::env::args().skip(1);
    if arguments.next().as_deref() == Some("--peak") {
        let root = arguments.next().expect("a folder");
        ours(Path::new(&root), &arguments.collect::<Vec<_>>());
        println!("{}", own_peak().unwrap_or_default());
        return;
    }
    let dir = tempfile::tempdir().expect("a temporary folder");
    let dir = dir.path();
    if let Err(reason) = workloads(dir) {
        println!("left out: {reason}");
        return;
    }
    let found = ["kustomize", "krusty"].map(|name| {
        let peer = on_path(name);
        match &peer {
            Some(path) => println!("peer {name}: {}", path.display()),
            None => println!("peer {name}: not on PATH, left out"),
        }
        peer
    });
    let [kustomize, krusty] = &found;
    let set = |name, dirs, rounds, slow| Workload { name, dirs, rounds, slow };
    let one = |name: &str| vec![name.to_owned()];
    let sets = [
        set("small", one("small/overlay"), 500, false),
        set("fleet (150 builds)", fleet(dir), 10, false),
        set("big-500", one("big-500"), 20, false),
        set("big-2000", one("big-2000"), 5, false),
        set("big-5000", one("big-5000"), 5, true),
        set("plain-5000", one("plain-5000"), 5, true),
    ];
    println!("\nCPU milliseconds and peak MiB; the ratio is theirs to ours");
    println!(
        "{:<20} {:>9} {:>6} {:>11} {:>6} {:>6} {:>11} {:>6} {:>6}",
        "", "ours", "MiB", "kustomize", "MiB", "ratio", "krusty", "MiB", "ratio"
    );
    for set in &sets {
        let run = !set.slow || std::env::var_os("GITOPS_BENCH_SLOW").is_some();
        let program = kustomize.as_deref().filter(|_| run).map(|peer| program(peer, dir, &set.dirs));
        let library = krusty.as_deref().filter(|_| run).map(|peer| library(peer, dir, &set.dirs));
        row(dir, set, program, library);
    }
    at_once(dir);
}

/// Builds every directory; the outputs.
fn ours(root: &Path, dirs: &[String]) -> Vec<String> {
    let files = Disk::open(root).expect("the workloads");
    let options = BuildOptions::default;
    let render = |dir: &String| {
        let built = build(&files, dir, &options()).unwrap_or_else(|error| panic!("{error}"));
        built.to_yaml().expect("it can be written")
    };
    dirs.iter().map(render).collect()
}

/// One run of the program for each directory.
fn program(peer: &Path, root: &Path, dirs: &[String]) -> Cost {
    let before = coarse_cpu().expect("CPU time of children").1;
    let mut memory = None;
    for (dir, wanted) in dirs.iter().zip(ours(root, dirs)) {
        let (output, peak) = watched(Command::new(peer).arg("build").arg(root.join(dir))).expect("it runs");
        assert!(output == wanted.as_bytes(), "{dir}: the outputs differ");
        memory = memory.max(peak);
    }
    Cost { cpu: (coarse_cpu().expect("CPU time of children").1 - before) * 1e3, memory }
}

/// One run of the library over all directories, several times where that is quick.
fn library(peer: &Path, root: &Path, dirs: &[String]) -> Cost {
    let run = |rounds: u32| {
        let mut command = Command::new(peer);
        command.arg(rounds.to_string()).args(dirs.iter().map(|dir| root.join(dir)));
        let output = command.output().expect("it runs");
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        let numbers: Vec<u64> = text.split_whitespace().filter_map(|number| number.parse().ok()).collect();
        let &[cpu, memory, hash] = numbers.as_slice() else {
            panic!("krusty said {text}{}", String::from_utf8_lossy(&output.stderr))
        };
        assert_eq!(hash, fnv(ours(root, dirs)), "the outputs differ");
        Cost { cpu: cpu as f64 / 1e6 / f64::from(rounds), memory: Some(memory) }
    };
    let first = run(1);
    // The first round pays for the schema.
    if first.cpu > 2000.0 { first } else { Cost { cpu: run(10).cpu, ..first } }
}

fn row(root: &Path, set: &Workload, program: Option<Cost>, library: Option<Cost>) {
    let before = own_cpu();
    for _ in 0..set.rounds {
        std::hint::black_box(ours(root, &set.dirs));
    }
    let cpu = before.zip(own_cpu()).map(|(before, after)| (after - before) * 1e3 / f64::from(set.rounds));
    let itself = std::env::current_exe().expect("this program");
    let (output, _) = watched(Command::new(itself).arg("--peak").arg(root).args(&set.dirs)).expect("it runs");
    let memory = String::from_utf8_lossy(&output).trim().parse::<u64>().ok();
    let number = |value: Option<f64>, digits: usize| value.map_or("-".into(), |v| format!("{v:.digits$}"));
    let mebibytes = |kibibytes: Option<u64>| number(kibibytes.map(|kib| kib as f64 / 1024.0), 0);
    print!("{:<20} {:>9} {:>6}", set.name, number(cpu, 3), mebibytes(memory));
    for peer in [program, library] {
        let ratio = peer.zip(cpu).map(|(peer, ours)| peer.cpu / ours);
        let memory = peer.and_then(|peer| peer.memory);
        let theirs = peer.map(|peer| peer.cpu);
        print!(" {:>11} {:>6} {:>6}", number(theirs, 0), mebibytes(memory), number(ratio, 0));
    }
    println!();
}

/// The whole fleet in one call: a cache for all, and all cores.
fn at_once(root: &Path) {
    let dirs = fleet(root);
    let files = Disk::open(root).expect("the workloads");
    println!("\nfleet in one call of build_many, one cache, outputs written: milliseconds");
    println!("{:<20} {:>9} {:>9}", "threads", "CPU", "wall");
    for threads in [1, 0] {
        let rounds = 20;
        let start = (coarse_cpu(), std::time::Instant::now());
        for _ in 0..rounds {
            let options = BuildOptions::default();
            let requests: Vec<_> = dirs.iter().map(|dir| Request::new(&files, dir, &options)).collect();
            for built in build_many(&requests, threads) {
                let built = built.unwrap_or_else(|error| panic!("{error}"));
                std::hint::black_box(built.to_yaml().expect("it can be written"));
            }
        }
        let wall = start.1.elapsed().as_secs_f64() * 1e3 / f64::from(rounds);
        let cpu =
            start.0.zip(coarse_cpu()).map(|(before, after)| (after.0 - before.0) * 1e3 / f64::from(rounds));
        let name = if threads == 0 { "all cores" } else { "1" };
        println!("{name:<20} {:>9.1} {wall:>9.1}", cpu.unwrap_or(f64::NAN));
    }
}
