//! Which findings of two revisions are the same, so that each is new, still there or resolved.

use std::collections::BTreeMap;

use sha2::{Digest, Sha256};

use super::model::{Finding, FindingStatus};
use crate::knowledge::generated_names::stem;

/// What a finding is, whatever its message says: 32 hexadecimal digits.
///
/// Parts are told apart by their lengths, so that no two lists of parts run into the same text.
pub(crate) fn fingerprint(environment: &str, finding: &Finding) -> String {
    let object = &finding.object;
    let mut hasher = Sha256::new();
    for part in [
        environment,
        &finding.template,
        &finding.constraint,
        object.group(),
        &object.kind,
        &object.namespace,
        stem(&object.kind, &object.name),
        finding.container.as_deref().unwrap_or(""),
        finding.path.as_deref().unwrap_or(""),
    ] {
        hasher.update((part.len() as u64).to_be_bytes());
        hasher.update(part.as_bytes());
    }
    hasher.finalize().iter().take(16).map(|byte| format!("{byte:02x}")).collect()
}

/// Joins the findings of both revisions of an environment: sets status, fingerprint and the place at
/// base.
///
/// Several findings may share a fingerprint (a policy that says two things of one object); among
/// these, equal messages belong together, then the order decides.
pub(crate) fn matched(environment: &str, base: Vec<Finding>, head: Vec<Finding>) -> Vec<Finding> {
    let mut groups: BTreeMap<String, (Vec<Finding>, Vec<Finding>)> = BTreeMap::new();
    for finding in base {
        groups.entry(fingerprint(environment, &finding)).or_default().0.push(finding);
    }
    for finding in head {
        groups.entry(fingerprint(environment, &finding)).or_default().1.push(finding);
    }
    let mut out = Vec::new();
    for (fingerprint, (mut base, mut head)) in groups {
        base.sort_by(|a, b| a.message.cmp(&b.message));
        head.sort_by(|a, b| a.message.cmp(&b.message));
        let mut partners: Vec<Option<Finding>> = Vec::with_capacity(head.len());
        for finding in &head {
            let at = base.iter().position(|old| old.message == finding.message);
            partners.push(at.map(|at| base.remove(at)));
        }
        for partner in &mut partners {
            if partner.is_none() && !base.is_empty() {
                *partner = Some(base.remove(0));
            }
        }
        let mut nth = 0;
        let mut name = || {
            nth += 1;
            if nth == 1 { fingerprint.clone() } else { format!("{fingerprint}-{nth}") }
        };
        for (mut finding, partner) in head.into_iter().zip(partners) {
            finding.fingerprint = name();
            finding.status = if partner.is_some() { FindingStatus::StillThere } else { FindingStatus::New };
            if let Some(partner) = partner {
                finding.previous_location = partner.location;
            }
            if finding.previous_location == finding.location {
                finding.previous_location = None;
            }
            out.push(finding);
        }
        for mut finding in base {
            finding.fingerprint = name();
            finding.status = FindingStatus::Resolved;
            out.push(finding);
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::super::model::{FindingKind, LocationOf};
    use super::*;
    use crate::node::Location;
    use crate::object::ObjectId;

    fn finding(name: &str, container: &str, message: &str, line: u32) -> Finding {
        Finding {
            status: FindingStatus::New,
            template: "K8sAllowedRepos".into(),
            constraint: "repos".into(),
            enforcement_action: "deny".into(),
            kind: FindingKind::Violation,
            object: ObjectId {
                api_version: "v1".into(),
                kind: "ConfigMap".into(),
                namespace: "a".into(),
                name: name.into(),
            },
            container: Some(container.into()),
            path: None,
            message: message.into(),
            location: Some(Location::new("a.yaml", line, 1)),
            location_of: LocationOf::Object,
            previous_location: None,
            fingerprint: String::new(),
        }
    }

    fn statuses(base: Vec<Finding>, head: Vec<Finding>) -> Vec<(String, FindingStatus, Option<u32>)> {
        let mut found: Vec<_> = matched("prod", base, head)
            .into_iter()
            .map(|f| (f.message, f.status, f.previous_location.map(|l| l.line)))
            .collect();
        found.sort();
        found
    }

    #[test]
    fn findings_are_new_still_there_or_resolved() {
        use FindingStatus::*;
        let one = |container: &str, message: &str| vec![finding("c", container, message, 1)];
        for (base, head, want) in [
            (vec![], one("w", "m"), vec![("m", New, None)]),
            (one("w", "m"), vec![], vec![("m", Resolved, None)]),
            // The message may change, the finding stays.
            (one("w", "old"), one("w", "new"), vec![("new", StillThere, None)]),
            (one("w", "m"), one("x", "m"), vec![("m", New, None), ("m", Resolved, None)]),
            // A ConfigMap keeps its findings when only its hash changes.
            (
                vec![finding("c-5h9fc8m2kt", "w", "m", 1)],
                vec![finding("c-g4hk9g2ff8", "w", "m", 2)],
                vec![("m", StillThere, Some(1))],
            ),
            // Of several alike, equal messages belong together.
            (
                vec![finding("c", "w", "a", 1), finding("c", "w", "b", 2)],
                vec![finding("c", "w", "b", 2)],
                vec![("a", Resolved, None), ("b", StillThere, None)],
            ),
            (
                vec![finding("c", "w", "a", 1)],
                vec![finding("c", "w", "x", 1), finding("c", "w", "y", 1)],
                vec![("x", StillThere, None), ("y", New, None)],
            ),
        ] {
            let want: Vec<_> = want.into_iter().map(|(m, s, l)| (m.to_owned(), s, l)).collect();
            assert_eq!(statuses(base, head), want);
        }
    }

    #[test]
    fn fingerprints_tell_what_counts() {
        let one = finding("c", "w", "m", 1);
        let same = finding("c", "w", "other words", 9);
        assert_eq!(fingerprint("prod", &one), fingerprint("prod", &same));
        assert_ne!(fingerprint("prod", &one), fingerprint("test", &one));
        assert_ne!(fingerprint("prod", &one), fingerprint("prod", &finding("c", "x", "m", 1)));
        // Parts do not run into each other.
        let shifted =
            Finding { template: "K8sAllowedReposr".into(), constraint: "epos".into(), ..one.clone() };
        assert_ne!(fingerprint("prod", &one), fingerprint("prod", &shifted));
        // Stable across releases: people keep these in files.
        assert_eq!(fingerprint("prod", &one), "76a282212fca73847e04a079dfa24b3c");
        let names: Vec<_> = matched("prod", vec![], vec![one.clone(), finding("c", "w", "z", 1)]);
        assert_eq!(names[1].fingerprint, format!("{}-2", names[0].fingerprint));
    }
}
