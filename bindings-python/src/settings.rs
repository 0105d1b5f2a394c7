//! What most calls can be told: load restrictions, limits, and the cache they share.

use std::collections::BTreeMap;

use gitops_core::files::Disk;
use gitops_core::kustomize::{self, BuildOptions, LoadRestrictor, RemoteBases, Strict};
use gitops_core::yaml::Limits;
use pyo3::prelude::*;

/// Parsed files that calls share: a base that many overlays use is parsed once.
///
/// Pass one to calls that read the same files, one after the other or at once from many threads. What
/// a call gives does not depend on what the cache holds. It keeps all that was read with it: drop it,
/// and make a new one, to free the memory.
#[pyclass(frozen, module = "gitops_core", name = "Cache")]
#[derive(Default)]
pub(crate) struct NativeCache(pub(crate) kustomize::Cache);

#[pymethods]
impl NativeCache {
    #[new]
    fn new() -> Self {
        Self::default()
    }
}

/// How a build runs.
#[derive(FromPyObject)]
#[pyo3(from_item_all)]
pub(crate) struct Settings {
    profile: String,
    /// As the profile has it by default.
    unrestricted: Option<bool>,
    remote_bases: BTreeMap<String, String>,
    vendor_dir: Option<String>,
    strict: Vec<String>,
    history: bool,
    max_bytes: Option<usize>,
    max_depth: Option<usize>,
    max_alias_nodes: Option<usize>,
    cache: Option<Py<NativeCache>>,
}

impl Settings {
    pub(crate) fn limits(&self) -> Limits {
        let default = Limits::default();
        Limits {
            max_bytes: self.max_bytes.unwrap_or(default.max_bytes),
            max_depth: self.max_depth.unwrap_or(default.max_depth),
            max_alias_nodes: self.max_alias_nodes.unwrap_or(default.max_alias_nodes),
        }
    }

    pub(crate) fn cache(&self) -> kustomize::Cache {
        self.cache.as_ref().map(|cache| cache.get().0.clone()).unwrap_or_default()
    }

    /// The files around a directory of the disk, and its path in them.
    pub(crate) fn open(&self, path: &str, root: Option<&str>) -> gitops_core::Result<(Disk, String)> {
        let (disk, dir) = Disk::around(path, root.map(AsRef::as_ref))?;
        Ok((disk.max_file_size(self.limits().max_bytes as u64), dir))
    }

    pub(crate) fn options(&self) -> gitops_core::Result<BuildOptions> {
        let mut options = BuildOptions::profile(&self.profile)?;
        options.strict = Strict::of(&self.strict)?;
        options.history = self.history;
        if let Some(unrestricted) = self.unrestricted {
            options.load_restrictor =
                if unrestricted { LoadRestrictor::None } else { LoadRestrictor::RootOnly };
        }
        options.remote_bases = RemoteBases::of(&self.remote_bases, self.vendor_dir.as_deref());
        options.limits = self.limits();
        options.cache = self.cache();
        Ok(options)
    }
}
