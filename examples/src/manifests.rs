//! Objects of the files and folders that a program is told to read.

use std::error::Error;
use std::path::PathBuf;

use gitops_core::files::{Disk, Manifests};

/// The objects of files, and of all manifests below folders.
///
/// # Errors
/// What cannot be read, with its path.
pub fn read(paths: &[PathBuf]) -> Result<Manifests, Box<dyn Error + Send + Sync>> {
    let mut manifests = Manifests::new();
    for path in paths {
        if path.is_dir() {
            manifests.add(&Disk::open(path)?, "")?;
        } else {
            let bytes = std::fs::read(path).map_err(|error| format!("{}: {error}", path.display()))?;
            manifests.add_text(&path.display().to_string(), &bytes)?;
        }
    }
    Ok(manifests)
}
