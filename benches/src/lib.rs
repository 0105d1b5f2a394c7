//! What the benchmarks share: CPU time of this process and of its children, and the workloads.

use std::path::{Path, PathBuf};
use std::process::Command;

/// CPU seconds that this process has used, from the scheduler's nanosecond counter. `None` where the
/// system has none (anything but Linux).
pub fn own_cpu() -> Option<f64> {
    // The counter is brought up to date when the scheduler runs, else only by its tick.
    std::thread::yield_now();
    let text = std::fs::read_to_string("/proc/self/schedstat").ok()?;
    let nanoseconds: f64 = text.split_whitespace().next()?.parse().ok()?;
    Some(nanoseconds / 1e9)
}

/// CPU seconds, user and system, that finished children have used; counted in hundredths.
pub fn children_cpu() -> Option<f64> {
    let text = std::fs::read_to_string("/proc/self/stat").ok()?;
    // The command's name, in parentheses, may hold blanks.
    let fields: Vec<&str> = text.rsplit_once(')')?.1.split_whitespace().collect();
    let ticks = |at: usize| fields.get(at).and_then(|field| field.parse::<f64>().ok());
    Some((ticks(13)? + ticks(14)?) / 100.0)
}

/// A program on PATH.
pub fn on_path(name: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    std::env::split_paths(&path).map(|dir| dir.join(name)).find(|file| file.is_file())
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
