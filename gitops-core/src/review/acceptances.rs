//! What a change does to acceptances of risks, and what is wrong with them.

use std::collections::{BTreeMap, BTreeSet};

use super::model::{AcceptanceChange, NotChecked, ObjectAction};
use super::options::ReviewOptions;
use super::policies::Verdicts;
use super::run::Notes;
use super::side::Side;
use crate::Result;
use crate::git::{ChangeKind, ChangedPath};
use crate::node::Node;
use crate::policy::acceptance::NOT_APPLIED;
use crate::policy::{AcceptOptions, Acceptance, AcceptanceFinding, AcceptanceSet};

/// How acceptances are applied, whatever the environment: the time, the rules, and who wrote those that
/// the change touches.
pub(super) fn options<'a>(
    base: &Side<'_>,
    head: &Side<'_>,
    changed: &[ChangedPath],
    options: &ReviewOptions,
    notes: &mut Notes,
) -> Result<AcceptOptions<'a>> {
    let accept = AcceptOptions::new().at(options.now).with_rules(options.acceptance_rules.clone());
    let touched = changed.iter().filter(|change| change.kind != ChangeKind::Removed);
    let paths: BTreeSet<String> = touched
        .map(|change| change.path.clone())
        .filter(|path| head.marked.get(path).is_some_and(|marks| marks.policies))
        .collect();
    if paths.is_empty() || options.now.is_none() {
        return Ok(accept);
    }
    match head.revision.repository().authors(&base.revision, &head.revision, &paths) {
        Ok(authors) => {
            let authors = authors.into_iter().map(|(path, names)| (path, names.into_iter().collect()));
            Ok(accept.with_authors(authors.collect()))
        }
        Err(error) => {
            let message = format!(
                "whether somebody approved an acceptance of their own is not known: {}",
                error.message()
            );
            notes
                .not_checked
                .insert(NotChecked::new("authors-unknown", 1, message).at(error.location().cloned()));
            Ok(accept)
        }
    }
}

/// The acceptances seen while the environments were judged.
#[derive(Default)]
pub(super) struct Seen {
    before: BTreeMap<String, (Acceptance, Node)>,
    after: BTreeMap<String, (Acceptance, Node)>,
    findings: BTreeSet<AcceptanceFinding>,
    /// Those of no use to an environment, and to how many.
    unused: BTreeMap<AcceptanceFinding, usize>,
    /// In how many environments a document was applied.
    applied: BTreeMap<String, usize>,
    /// The most that one environment did not apply, and why.
    not_applied: Option<NotChecked>,
}

impl Seen {
    pub(super) fn before(&mut self, set: &AcceptanceSet) {
        for (shown, node) in set.documents() {
            self.before.entry(shown.id.clone()).or_insert_with(|| (shown.clone(), node.clone()));
        }
    }

    /// Notes what an environment at head has, and takes what is told once from its verdicts.
    pub(super) fn after(&mut self, set: &AcceptanceSet, verdicts: &mut Verdicts) {
        for (shown, node) in set.documents() {
            *self.applied.entry(shown.id.clone()).or_default() += 1;
            self.after.entry(shown.id.clone()).or_insert_with(|| (shown.clone(), node.clone()));
        }
        for finding in std::mem::take(&mut verdicts.acceptance_findings) {
            if finding.code == "acceptance-unused" && finding.object.is_none() {
                *self.unused.entry(finding).or_default() += 1;
            } else {
                self.findings.insert(finding);
            }
        }
        let position = verdicts.not_checked.iter().position(|entry| entry.code == NOT_APPLIED);
        if let Some(entry) = position.map(|at| verdicts.not_checked.remove(at))
            && self.not_applied.as_ref().is_none_or(|known| known.count < entry.count)
        {
            self.not_applied = Some(NotChecked::new(entry.code, entry.count, entry.message));
        }
    }

    /// The acceptances that were not applied; environments share most of them, so they are not summed.
    pub(super) fn not_applied(&mut self) -> Option<NotChecked> {
        self.not_applied.take()
    }

    /// What changed, and what is wrong. Whether a document is of no use can be told only if `all`
    /// environments were judged.
    pub(super) fn finish(self, all: bool) -> (Vec<AcceptanceChange>, Vec<AcceptanceFinding>) {
        let mut changes = Vec::new();
        for (id, (shown, node)) in &self.after {
            match self.before.get(id) {
                None => changes.push(AcceptanceChange::new(ObjectAction::Added, shown.clone())),
                Some((_, old)) if old != node => {
                    changes.push(AcceptanceChange::new(ObjectAction::Changed, shown.clone()));
                }
                Some(_) => {}
            }
        }
        let is_broken = |id: &String| self.findings.iter().any(|finding| finding.acceptance == *id);
        let gone = self.before.iter().filter(|(id, _)| !self.after.contains_key(*id) && !is_broken(id));
        changes
            .extend(gone.map(|(_, (shown, _))| AcceptanceChange::new(ObjectAction::Removed, shown.clone())));
        let mut findings: Vec<AcceptanceFinding> = self.findings.into_iter().collect();
        let everywhere = |finding: &AcceptanceFinding, times: usize| {
            self.applied.get(&finding.acceptance).is_some_and(|applied| *applied == times)
        };
        let unused = self.unused.into_iter().filter(|(finding, times)| all && everywhere(finding, *times));
        findings.extend(unused.map(|(finding, _)| finding));
        (changes, findings)
    }
}
