//! Which findings of two revisions are the same, so that each is new, still there or resolved.

use std::collections::BTreeMap;

use super::model::{Finding, FindingStatus};
use crate::knowledge::generated_names::stem;

/// What two findings have in common that are the same one, whatever its message says.
fn identity(finding: &Finding) -> Vec<String> {
    let object = &finding.object;
    let parts = [
        &finding.template,
        &finding.constraint,
        object.group(),
        &object.kind,
        &object.namespace,
        stem(&object.kind, &object.name),
        finding.container.as_deref().unwrap_or(""),
        finding.path.as_deref().unwrap_or(""),
    ];
    parts.map(str::to_owned).into()
}

/// Joins the findings of both revisions of an environment: sets status and the place at base, and tells
/// equal fingerprints apart.
///
/// Several findings may be about one thing (a policy that says two things of one object); among these,
/// equal messages belong together, then the order decides.
pub(crate) fn matched(base: Vec<Finding>, head: Vec<Finding>) -> Vec<Finding> {
    let mut groups: BTreeMap<Vec<String>, (Vec<Finding>, Vec<Finding>)> = BTreeMap::new();
    for finding in base {
        groups.entry(identity(&finding)).or_default().0.push(finding);
    }
    for finding in head {
        groups.entry(identity(&finding)).or_default().1.push(finding);
    }
    let mut out = Vec::new();
    for (mut base, mut head) in groups.into_values() {
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
        let mut times: BTreeMap<String, usize> = BTreeMap::new();
        let mut name = |finding: &mut Finding| {
            let nth = times.entry(finding.fingerprint.clone()).or_default();
            *nth += 1;
            if *nth > 1 {
                finding.fingerprint = format!("{}-{nth}", finding.fingerprint);
            }
        };
        for (mut finding, partner) in head.into_iter().zip(partners) {
            name(&mut finding);
            // What is no longer accepted comes up anew.
            let reopened = |old: &Finding| old.accepted.is_some() && finding.accepted.is_none();
            finding.status = match &partner {
                Some(old) if !reopened(old) => FindingStatus::StillThere,
                _ => FindingStatus::New,
            };
            if let Some(partner) = partner {
                finding.previous_location = partner.location;
            }
            if finding.previous_location == finding.location {
                finding.previous_location = None;
            }
            out.push(finding);
        }
        for mut finding in base {
            name(&mut finding);
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
            fingerprint: "f".into(),
            accepted: None,
        }
    }

    fn statuses(base: Vec<Finding>, head: Vec<Finding>) -> Vec<(String, FindingStatus, Option<u32>)> {
        let mut found: Vec<_> = matched(base, head)
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
    fn equal_fingerprints_are_numbered() {
        let found = matched(vec![], vec![finding("c", "w", "m", 1), finding("c", "w", "z", 1)]);
        let prints: Vec<&str> = found.iter().map(|f| f.fingerprint.as_str()).collect();
        assert_eq!(prints, ["f", "f-2"]);
    }

    #[test]
    fn what_is_no_longer_accepted_is_new() {
        use FindingStatus::*;
        let accepted = |accepted: bool| {
            let acceptance = accepted.then(|| crate::risk::Acceptance::example("a"));
            vec![Finding { accepted: acceptance, ..finding("c", "w", "m", 1) }]
        };
        for (before, after, want) in [
            (true, false, New),
            (true, true, StillThere),
            (false, true, StillThere),
            (false, false, StillThere),
        ] {
            assert_eq!(matched(accepted(before), accepted(after))[0].status, want, "{before} {after}");
        }
    }
}
