//! What the benchmarks share: the workloads, CPU time and peak memory of this process and of others.

pub mod cluster;

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

/// CPU seconds that this process has used, from the scheduler's nanosecond counter, over all its
/// threads. `None` where the system has none (anything but Linux).
pub fn own_cpu() -> Option<f64> {
    // The counter is brought up to date when the scheduler runs, else only by its tick.
    std::thread::yield_now();
    let mut nanoseconds = 0.0;
    // Threads that have ended are not in the list: see `coarse_cpu`.
    for task in std::fs::read_dir("/proc/self/task").ok()? {
        let text = std::fs::read_to_string(task.ok()?.path().join("schedstat")).ok()?;
        nanoseconds += text.split_whitespace().next()?.parse::<f64>().ok()?;
    }
    Some(nanoseconds / 1e9)
}

/// CPU seconds, user and system, that this process with all its ended threads has used, and those of
/// its finished children; counted in hundredths.
pub fn coarse_cpu() -> Option<(f64, f64)> {
    let text = std::fs::read_to_string("/proc/self/stat").ok()?;
    // The command's name, in parentheses, may hold blanks.
    let fields: Vec<&str> = text.rsplit_once(')')?.1.split_whitespace().collect();
    let ticks = |at: usize| fields.get(at).and_then(|field| field.parse::<f64>().ok());
    Some(((ticks(11)? + ticks(12)?) / 100.0, (ticks(13)? + ticks(14)?) / 100.0))
}

/// A program on PATH.
pub fn on_path(name: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    std::env::split_paths(&path).map(|dir| dir.join(name)).find(|file| file.is_file())
}

/// Runs a command to its end; gives its output and the most resident memory it had, in KiB. The
/// memory is watched from outside, so the last instants may be missing.
pub fn watched(command: &mut Command) -> std::io::Result<(Vec<u8>, Option<u64>)> {
    let mut child = command.stdout(Stdio::piped()).spawn()?;
    let status = format!("/proc/{}/status", child.id());
    let mut stdout = child.stdout.take();
    let reader = std::thread::spawn(move || {
        let mut bytes = Vec::new();
        if let Some(stdout) = &mut stdout {
            std::io::Read::read_to_end(stdout, &mut bytes)?;
        }
        Ok::<_, std::io::Error>(bytes)
    });
    let mut peak = None;
    while child.try_wait()?.is_none() {
        peak = std::fs::read_to_string(&status).ok().and_then(|text| high_water(&text)).or(peak);
        std::thread::sleep(Duration::from_millis(1));
    }
    let output = reader.join().map_err(|_| std::io::Error::other("the reader failed"))??;
    Ok((output, peak))
}

/// The most resident memory that this process has had, in KiB.
pub fn own_peak() -> Option<u64> {
    high_water(&std::fs::read_to_string("/proc/self/status").ok()?)
}

fn high_water(status: &str) -> Option<u64> {
    status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?.split_whitespace().next()?.parse().ok()
}

/// The 64-bit FNV-1a hash, for comparing outputs with a program that prints the same.
pub fn fnv(texts: impl IntoIterator<Item = String>) -> u64 {
    texts.into_iter().fold(0xcbf2_9ce4_8422_2325, |hash, text| {
        text.bytes().fold(hash, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x100_0000_01b3))
    })
}

/// Makes the synthetic workloads with the generator beside the conformance data (`../shared/workloads`,
/// or the folder in `GITOPS_WORKLOADS`).
pub fn workloads(into: &Path) -> Result<(), String> {
    let beside = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/workloads");
    let dir = std::env::var_os("GITOPS_WORKLOADS").map_or(beside, PathBuf::from);
    let script = dir.join("generate.py");
    if !script.exists() {
        return Err(format!("no generator at {}; name its folder in GITOPS_WORKLOADS", script.display()));
    }
    let status = Command::new("python3").arg(script).arg(into).status().map_err(|error| error.to_string())?;
    if status.success() { Ok(()) } else { Err(format!("the generator failed: {status}")) }
}

/// The 150 directories of the fleet.
pub fn fleet(workloads: &Path) -> Vec<String> {
    let dirs = (0..50).flat_map(|app| {
        ["dev", "staging", "prod"].map(|env| format!("fleet/apps/app-{app:02}/overlays/{env}"))
    });
    dirs.filter(|dir| workloads.join(dir).exists()).collect()
}
