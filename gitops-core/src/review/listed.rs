//! A directory without a kustomization, as if it had one that lists its manifests: how Argo CD deploys
//! a plain directory.

use std::sync::Arc;

use crate::Result;
use crate::files::{Content, ContentId, DirEntry, FileKind, Files};

/// What Argo CD takes for a manifest.
const ENDINGS: [&str; 3] = [".yaml", ".yml", ".json"];

/// Files with one more: a kustomization in a directory that has none.
pub(super) struct Listed<'a> {
    files: &'a dyn Files,
    dir: String,
    path: String,
    text: Arc<[u8]>,
}

impl<'a> Listed<'a> {
    /// Adds a kustomization that lists the manifests directly in `dir`.
    pub(super) fn new(files: &'a dyn Files, dir: &str) -> Result<Self> {
        let entries = files.list(dir)?;
        let manifests = entries.iter().filter(|entry| {
            entry.kind == FileKind::File && ENDINGS.iter().any(|ending| entry.name.ends_with(ending))
        });
        let names: Vec<&str> = manifests.map(|entry| entry.name.as_str()).collect();
        // JSON is YAML, and quotes whatever a file may be called.
        let text = serde_json::json!({ "resources": names }).to_string();
        let path = if dir.is_empty() { NAME.to_owned() } else { format!("{dir}/{NAME}") };
        Ok(Self { files, dir: dir.to_owned(), path, text: text.into_bytes().into() })
    }
}

const NAME: &str = "kustomization.yaml";

impl Files for Listed<'_> {
    fn kind(&self, path: &str) -> Result<Option<FileKind>> {
        if path == self.path { Ok(Some(FileKind::File)) } else { self.files.kind(path) }
    }

    fn read(&self, path: &str) -> Result<Content> {
        if path != self.path {
            return self.files.read(path);
        }
        Ok(Content { bytes: self.text.clone(), id: Some(ContentId::of(&self.text)) })
    }

    fn list(&self, path: &str) -> Result<Vec<DirEntry>> {
        let mut entries = self.files.list(path)?;
        if path == self.dir {
            entries.push(DirEntry { name: NAME.into(), kind: FileKind::File, link: false });
            entries.sort_by(|a, b| a.name.as_bytes().cmp(b.name.as_bytes()));
        }
        Ok(entries)
    }

    fn resolve(&self, path: &str) -> Result<String> {
        if path == self.path { Ok(path.to_owned()) } else { self.files.resolve(path) }
    }

    fn display(&self, path: &str) -> String {
        self.files.display(path)
    }

    fn from_absolute(&self, path: &str) -> Option<String> {
        self.files.from_absolute(path)
    }
}
