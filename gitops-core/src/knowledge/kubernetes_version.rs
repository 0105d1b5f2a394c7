//! The minor release of Kubernetes that a table of facts is asked for.

use std::fmt;
use std::str::FromStr;

use crate::error::{Error, ErrorKind};

/// A release of Kubernetes, such as 1.34. Patch releases make no difference to any table here.
///
/// Tables that depend on the version know the releases from [`OLDEST`](Self::OLDEST) to
/// [`NEWEST`](Self::NEWEST). Other releases may be named; they get the facts of the
/// [nearest known one](Self::known).
///
/// ```
/// use gitops_core::knowledge::KubernetesVersion;
///
/// let version: KubernetesVersion = "v1.34.2".parse().unwrap();
/// assert_eq!(version.to_string(), "1.34");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct KubernetesVersion {
    minor: u16,
}

impl KubernetesVersion {
    /// The oldest release that the tables know.
    pub const OLDEST: Self = Self::minor_release(32);
    /// The newest release that the tables know, which is the default.
    pub const NEWEST: Self = Self::minor_release(37);

    /// The release 1.`minor`.
    #[must_use]
    pub const fn minor_release(minor: u16) -> Self {
        Self { minor }
    }

    /// The second number: 34 of 1.34.
    #[must_use]
    pub const fn minor(self) -> u16 {
        self.minor
    }

    /// The release whose facts are used: this one or, if the tables do not know it, the nearest.
    #[must_use]
    pub fn known(self) -> Self {
        self.clamp(Self::OLDEST, Self::NEWEST)
    }

    /// All releases that the tables know, oldest first.
    pub fn all() -> impl DoubleEndedIterator<Item = Self> {
        (Self::OLDEST.minor..=Self::NEWEST.minor).map(Self::minor_release)
    }
}

impl Default for KubernetesVersion {
    fn default() -> Self {
        Self::NEWEST
    }
}

impl fmt::Display for KubernetesVersion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "1.{}", self.minor)
    }
}

impl serde::Serialize for KubernetesVersion {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// Reads `1.34`, `v1.34`, and what servers call themselves: `v1.34.2`, `v1.34.2-gke.100`, `1.34+`.
impl FromStr for KubernetesVersion {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        let minor = || -> Option<u16> {
            let rest = text.strip_prefix('v').unwrap_or(text).strip_prefix("1.")?;
            let end = rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len());
            let (minor, tail) = rest.split_at_checked(end)?;
            let known_tail = tail.is_empty() || tail == "+" || {
                let patch = tail.strip_prefix('.')?;
                patch.starts_with(|c: char| c.is_ascii_digit())
            };
            known_tail.then(|| minor.parse().ok()).flatten()
        };
        minor().map(Self::minor_release).ok_or_else(|| {
            let message = format!(
                "`{text}` is no version of Kubernetes; write it as `{}` or `v{}.0`",
                Self::NEWEST,
                Self::NEWEST
            );
            Error::new(ErrorKind::Argument, "invalid-kubernetes-version", message)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_read_as_servers_write_them() {
        for (text, minor) in [
            ("1.34", Some(34)),
            ("v1.34", Some(34)),
            ("v1.34.2", Some(34)),
            ("1.9.11", Some(9)),
            ("v1.33.1-gke.1200", Some(33)),
            ("v1.32.3+k3s1", Some(32)),
            ("1.30+", Some(30)),
            ("", None),
            ("1", None),
            ("1.", None),
            ("2.1", None),
            ("1.34.", None),
            ("1.34x", None),
            ("1.99999", None),
            (" 1.34", None),
        ] {
            let version = text.parse::<KubernetesVersion>();
            assert_eq!(version.as_ref().ok().map(|version| version.minor()), minor, "{text}");
            if let Err(error) = version {
                assert_eq!(error.code(), "invalid-kubernetes-version");
            }
        }
    }

    #[test]
    fn unknown_releases_get_the_nearest_facts() {
        let known = |minor| KubernetesVersion::minor_release(minor).known();
        assert_eq!(known(20), KubernetesVersion::OLDEST);
        assert_eq!(known(34).minor(), 34);
        assert_eq!(known(99), KubernetesVersion::NEWEST);
        assert_eq!(KubernetesVersion::all().count(), 6);
    }
}
