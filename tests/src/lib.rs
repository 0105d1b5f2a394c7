//! What the suites share: where the conformance data is, its archives, and floors that only rise.

#[cfg(feature = "policy")]
pub mod pods;
pub mod random;

use std::collections::BTreeMap;
use std::fs::File;
use std::path::{Path, PathBuf};

/// The folder of conformance data: `GITOPS_CONFORMANCE`, or `../shared/conformance` beside the
/// checkout. `None`, said on stdout, where it is missing.
pub fn conformance() -> Option<PathBuf> {
    let beside = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/conformance");
    let dir = std::env::var_os("GITOPS_CONFORMANCE").map_or(beside, PathBuf::from);
    if dir.join("README.md").exists() {
        return Some(dir);
    }
    println!(
        "conformance: LEFT OUT, no data at {}; put it there or name its folder in GITOPS_CONFORMANCE",
        dir.display()
    );
    None
}

/// The rows of a JSON-lines file.
pub fn json_lines<T: serde::de::DeserializeOwned>(path: &Path) -> Vec<T> {
    let text = std::fs::read_to_string(path).expect("conformance data can be read");
    text.lines().map(|line| serde_json::from_str(line).expect("each line is a row")).collect()
}

/// Unpacks a `.tar.xz` into a folder that lives as long as the result.
pub fn unpack(archive: &Path) -> tempfile::TempDir {
    let dir = tempfile::tempdir().expect("a temporary folder");
    let file = File::open(archive).expect("the archive is there");
    let mut tar = tar::Archive::new(liblzma::read::XzDecoder::new(file));
    tar.set_preserve_mtime(false);
    tar.unpack(dir.path()).expect("the archive unpacks");
    dir
}

/// Passed and total per name.
pub type Scores = BTreeMap<String, (usize, usize)>;

/// Prints the scores, compares them with the committed floor of the suite, and gives the number of
/// names that fell below it. With `GITOPS_RAISE_FLOORS` set, floors that can rise are written.
pub fn check_floor(suite: &str, scores: &Scores) -> usize {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("floors").join(format!("{suite}.json"));
    let text = std::fs::read_to_string(&path).unwrap_or_else(|_| "{}".into());
    let mut floors: BTreeMap<String, usize> = serde_json::from_str(&text).expect("floors are JSON");
    let (mut passed, mut total, mut fallen) = (0, 0, 0);
    println!("\n{suite}");
    for (name, (good, of)) in scores {
        let floor = floors.get(name).copied().unwrap_or(0);
        let mark = if *good < floor { "  BELOW THE FLOOR OF " } else { "" };
        let below = if *good < floor { floor.to_string() } else { String::new() };
        println!("  {good:>5} / {of:<5} {name}{mark}{below}");
        fallen += usize::from(*good < floor);
        passed += good;
        total += of;
    }
    println!("  {passed:>5} / {total:<5} in all");
    if std::env::var_os("GITOPS_RAISE_FLOORS").is_some() {
        for (name, (good, _)) in scores {
            let floor = floors.entry(name.clone()).or_default();
            *floor = (*floor).max(*good);
        }
        let text = serde_json::to_string_pretty(&floors).expect("floors are JSON") + "\n";
        std::fs::create_dir_all(path.parent().expect("a folder")).expect("the folder of floors");
        std::fs::write(path, text).expect("floors can be written");
    }
    fallen
}
