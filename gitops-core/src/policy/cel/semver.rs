//! Semantic versions, as `k8s.io/apiserver/pkg/cel/library/semverlib.go` reads them.

use std::cmp::Ordering;

/// A version without its build metadata, which does not count.
#[derive(Clone, Debug)]
pub(super) struct Semver {
    pub(super) numbers: [u64; 3],
    pre: Vec<String>,
}

impl Semver {
    /// Reads `1.2.3-rc.1+build`; `normalise` also takes `v1.2` and leading zeros.
    pub(super) fn parse(text: &str, normalise: bool) -> Option<Self> {
        let text = if normalise { text.strip_prefix('v').unwrap_or(text) } else { text };
        let (text, build) = text.split_once('+').map_or((text, None), |(text, build)| (text, Some(build)));
        let (core, pre) = text.split_once('-').map_or((text, None), |(core, pre)| (core, Some(pre)));
        let is_identifier = |part: &str| {
            !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
        };
        if build.is_some_and(|build| !build.split('.').all(is_identifier)) {
            return None;
        }
        let mut numbers = [0; 3];
        let parts: Vec<&str> = core.split('.').collect();
        if parts.len() > 3 || (parts.len() < 3 && !normalise) {
            return None;
        }
        for (number, part) in numbers.iter_mut().zip(parts) {
            if !part.bytes().all(|byte| byte.is_ascii_digit())
                || (!normalise && part.len() > 1 && part.starts_with('0'))
            {
                return None;
            }
            *number = part.parse().ok()?;
        }
        let pre: Vec<String> = pre.map_or_else(Vec::new, |pre| pre.split('.').map(str::to_owned).collect());
        let numeric_zero = |part: &String| {
            part.len() > 1 && part.starts_with('0') && part.bytes().all(|b| b.is_ascii_digit())
        };
        if pre.iter().any(|part| !is_identifier(part) || numeric_zero(part)) {
            return None;
        }
        Some(Self { numbers, pre })
    }
}

impl Ord for Semver {
    fn cmp(&self, other: &Self) -> Ordering {
        let part = |a: &str, b: &str| match (a.parse::<u64>(), b.parse::<u64>()) {
            (Ok(a), Ok(b)) => a.cmp(&b),
            (Ok(_), Err(_)) => Ordering::Less,
            (Err(_), Ok(_)) => Ordering::Greater,
            (Err(_), Err(_)) => a.cmp(b),
        };
        let parts = || {
            let mut pairs = self.pre.iter().zip(&other.pre);
            let first = pairs.find_map(|(a, b)| Some(part(a, b)).filter(|order| order.is_ne()));
            first.unwrap_or_else(|| self.pre.len().cmp(&other.pre.len()))
        };
        // A version comes after all its pre-releases.
        let release = self.pre.is_empty().cmp(&other.pre.is_empty());
        self.numbers.cmp(&other.numbers).then(release).then_with(parts)
    }
}

impl PartialOrd for Semver {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Semver {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other).is_eq()
    }
}

impl Eq for Semver {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_ordered() {
        let order = [
            "1.0.0-alpha",
            "1.0.0-alpha.1",
            "1.0.0-alpha.beta",
            "1.0.0-beta.2",
            "1.0.0-beta.11",
            "1.0.0",
            "1.10.0",
        ];
        for pair in order.windows(2) {
            assert!(Semver::parse(pair[0], false) < Semver::parse(pair[1], false), "{pair:?}");
        }
        for bad in ["1", "1.2", "v1.2.3", "1.2.3.4", "01.2.3", "1.2.3-", "1.2.3-01", "1.2.x", ""] {
            assert!(Semver::parse(bad, false).is_none(), "{bad}");
        }
        assert!(Semver::parse("v01.2", true).is_some());
    }
}
