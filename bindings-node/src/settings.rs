//! What most calls can be told: load restrictions, limits, and the cache they share.

use std::collections::BTreeMap;

use gitops_core::files::Disk;
use gitops_core::kustomize::{self, BuildOptions, LoadRestrictor, RemoteBases, Strict};
use gitops_core::yaml::Limits;
use napi_derive::napi;

/// Parsed files that calls share.
#[napi(js_name = "Cache")]
#[derive(Default)]
pub struct NativeCache(kustomize::Cache);

#[napi]
impl NativeCache {
    #[napi(constructor)]
    #[allow(clippy::new_without_default, reason = "it is derived")]
    pub fn new() -> Self {
        Self::default()
    }
}

/// How a call runs; defaults where a limit is missing.
#[napi(object, object_to_js = false)]
pub struct Settings {
    pub profile: String,
    /// As the profile has it by default.
    pub unrestricted: Option<bool>,
    pub remote_bases: BTreeMap<String, String>,
    pub vendor_dir: Option<String>,
    pub strict: Vec<String>,
    pub history: bool,
    pub max_bytes: Option<u32>,
    pub max_depth: Option<u32>,
    pub max_alias_nodes: Option<u32>,
}

impl Settings {
    pub(crate) fn limits(&self) -> Limits {
        let default = Limits::default();
        let or = |limit: Option<u32>, default| limit.map_or(default, |limit| limit as usize);
        Limits {
            max_bytes: or(self.max_bytes, default.max_bytes),
            max_depth: or(self.max_depth, default.max_depth),
            max_alias_nodes: or(self.max_alias_nodes, default.max_alias_nodes),
        }
    }

    pub(crate) fn options(&self, cache: Option<&NativeCache>) -> gitops_core::Result<BuildOptions> {
        let mut options = BuildOptions::profile(&self.profile)?;
        options.strict = Strict::of(&self.strict)?;
        options.history = self.history;
        if let Some(unrestricted) = self.unrestricted {
            options.load_restrictor =
                if unrestricted { LoadRestrictor::None } else { LoadRestrictor::RootOnly };
        }
        options.remote_bases = RemoteBases::of(&self.remote_bases, self.vendor_dir.as_deref());
        options.limits = self.limits();
        options.cache = shared(cache);
        Ok(options)
    }
}

/// The cache that a caller gave, or a fresh one.
pub(crate) fn shared(cache: Option<&NativeCache>) -> kustomize::Cache {
    cache.map(|cache| cache.0.clone()).unwrap_or_default()
}

/// The files around a directory of the disk, and its path in them.
pub(crate) fn open(path: &str, root: Option<&str>, limits: Limits) -> gitops_core::Result<(Disk, String)> {
    let (disk, dir) = Disk::around(path, root.map(AsRef::as_ref))?;
    Ok((disk.max_file_size(limits.max_bytes as u64), dir))
}
