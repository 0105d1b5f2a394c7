//! Which findings of a report are accepted, and what is wrong with the acceptances.

use std::collections::{BTreeMap, BTreeSet};

use super::super::facts::Facts;
use super::super::{Finding, FindingKind, NotChecked, PolicyReport, PolicySet};
use super::annotations::Sites;
use super::document::RiskAcceptance;
use super::{
    AcceptOptions, Acceptance, AcceptanceFinding, AcceptanceSet, AcceptanceSource, NOT_APPLIED, people,
};
use crate::node::SourceMap;
use crate::object::Object;
use crate::time::Timestamp;

impl AcceptanceSet {
    /// Says of each finding of `report` whether it is accepted, and by whom ([`Finding::accepted`]), and
    /// puts what is wrong with the acceptances into [`PolicyReport::acceptance_findings`]. Nothing is
    /// removed. Applying it again gives the same.
    ///
    /// `policies` are those that made the report, `objects` what it is about, and `sources` resolves
    /// their places.
    ///
    /// A finding is accepted if an entry of `policies` and an entry of `objects` of an acceptance fit it,
    /// and its fingerprint if there is one, unless one of the refusing codes of [`super::CODES`] applies. Of several
    /// acceptances, the one that holds longest counts, then the first by name; documents come before
    /// annotations.
    pub fn apply(
        &self,
        report: &mut PolicyReport,
        policies: &PolicySet,
        objects: &[Object],
        sources: &SourceMap,
        options: &AcceptOptions<'_>,
    ) {
        report.findings.iter_mut().for_each(|finding| finding.accepted = None);
        report.not_checked.retain(|entry| entry.code != NOT_APPLIED);
        let broken = self.broken.iter().map(|(id, error)| {
            AcceptanceFinding::new(error.code(), id.as_str(), error.message()).at(error.location().cloned())
        });
        report.acceptance_findings = broken.collect();
        let mut facts: BTreeMap<(String, String), Facts> = BTreeMap::new();
        for finding in &report.findings {
            let key = (finding.template.clone(), finding.constraint.clone());
            facts.entry(key).or_insert_with(|| policies.facts(&finding.template, &finding.constraint));
        }
        let mut sites = Sites::default();
        if options.rules.annotations {
            let more =
                facts.values().flat_map(|facts| &facts.accepted_by).map(|key| key.to_lowercase()).collect();
            let Self { annotations, .. } = self;
            sites = Sites::find(objects, options.namespaces, options.default_namespace, annotations, &more);
        }
        let Some(now) = options.now else {
            let count = self.documents.len() + sites.all.iter().filter(|site| site.judged).count();
            if count > 0 {
                let message =
                    "acceptances of risks were not applied, since no time was given to judge them by"
                        .to_owned();
                report.not_checked.push(NotChecked { code: NOT_APPLIED, message, count });
            }
            return;
        };
        let mut run = Run { set: self, objects, options, notes: Vec::new() };
        let verdicts: Vec<Option<AcceptanceFinding>> =
            self.documents.iter().map(|document| run.verdict(document, now)).collect();
        let mut used = vec![false; self.documents.len()];
        let mut used_sites = BTreeSet::new();
        for finding in &mut report.findings {
            let Some(facts) = facts.get(&(finding.template.clone(), finding.constraint.clone())) else {
                continue;
            };
            let mut best: Option<&RiskAcceptance> = None;
            for ((document, verdict), used) in self.documents.iter().zip(&verdicts).zip(&mut used) {
                if !run.selects(document, finding, facts) {
                    continue;
                }
                *used = true;
                if verdict.is_none()
                    && run.permits(document, finding, facts)
                    && best.is_none_or(|best| document.expires > best.expires)
                {
                    best = Some(document);
                }
            }
            finding.accepted = best.map(|document| document.shown.clone());
            if finding.accepted.is_none() && !sites.all.is_empty() {
                finding.accepted = run.annotated(finding, facts, &sites, sources, &mut used_sites);
            }
        }
        for ((document, verdict), used) in self.documents.iter().zip(verdicts).zip(used) {
            let unused =
                || document.finding("acceptance-unused", "there is no finding that it accepts; remove it");
            run.notes.extend(verdict.or_else(|| (!used).then(unused)));
        }
        for (at, site) in sites.all.iter().enumerate() {
            let (code, message) = if site.reason.is_empty() {
                ("acceptance-without-reason", "it gives no reason; write why the risk is borne as its value")
            } else if used_sites.contains(&at) {
                (
                    "acceptance-never-expires",
                    "it accepts findings for ever; write a RiskAcceptance, which expires",
                )
            } else if site.judged {
                ("acceptance-unused", "there is no finding that it accepts; remove it")
            } else {
                continue;
            };
            let message = format!("annotation {} of {}: {message}", site.key, site.object);
            let note = AcceptanceFinding::new(code, site.key.as_str(), message).at(sources.locate(site.span));
            run.notes.push(AcceptanceFinding { object: Some(site.object.clone()), ..note });
        }
        let Run { notes, .. } = run;
        report.acceptance_findings.extend(notes);
        report
            .acceptance_findings
            .sort_by(|a, b| (std::cmp::Reverse(a.severity), a).cmp(&(std::cmp::Reverse(b.severity), b)));
        report.acceptance_findings.dedup();
    }
}

impl RiskAcceptance {
    fn finding(&self, code: &'static str, message: impl AsRef<str>) -> AcceptanceFinding {
        let id = self.shown.id.as_str();
        let message = format!("RiskAcceptance {id}: {}", message.as_ref());
        AcceptanceFinding::new(code, id, message).at(self.shown.location.clone())
    }
}

/// One application to one report.
struct Run<'a> {
    set: &'a AcceptanceSet,
    objects: &'a [Object],
    options: &'a AcceptOptions<'a>,
    notes: Vec<AcceptanceFinding>,
}

impl Run<'_> {
    /// Why a document accepts nothing, whatever the finding.
    fn verdict(&self, document: &RiskAcceptance, now: Timestamp) -> Option<AcceptanceFinding> {
        let shown = &document.shown;
        if let Some(until) = shown.until().filter(|_| now >= document.expires) {
            let message =
                format!("it held until {until}; put the violation right, or have the risk accepted anew");
            return Some(document.finding("acceptance-expired", message));
        }
        if now < document.valid_from {
            let message = format!("it holds from {} on", document.valid_from);
            return Some(document.finding("acceptance-not-yet-valid", message));
        }
        let length = shown.reason.chars().count();
        if length < self.options.rules.min_reason {
            let message = format!(
                "the reason has {length} characters, and must have {}; say why the risk is borne",
                self.options.rules.min_reason
            );
            return Some(document.finding("acceptance-reason-too-short", message));
        }
        if document.fingerprint.is_none()
            && document.objects.iter().any(|selector| !selector.names_something())
        {
            let message = "an entry of `objects` names neither a namespace, a name (three letters at least, where there is a `*`) nor labels; say which objects are meant";
            return Some(document.finding("acceptance-over-broad", message));
        }
        let path = shown.location.as_ref().map(|place| place.path.as_str());
        let authors = path.and_then(|path| self.options.authors.get(path));
        let mut involved = shown.owner.iter().chain(authors.into_iter().flatten());
        let others = shown
            .approvers
            .iter()
            .filter(|approver| !involved.clone().any(|other| people::same(approver, other)));
        if others.count() == 0 {
            let who =
                involved.find(|other| shown.approvers.iter().any(|approver| people::same(approver, other)));
            let message = format!(
                "it is approved by {} only, who owns the risk or wrote the document; somebody else must approve it",
                who.map_or("nobody", String::as_str)
            );
            return Some(document.finding("acceptance-self-approved", message));
        }
        None
    }

    fn selects(&self, document: &RiskAcceptance, finding: &Finding, facts: &Facts) -> bool {
        let Some(object) = self.objects.get(finding.object) else { return false };
        let namespace = self.options.default_namespace;
        document.policies.iter().any(|selector| selector.selects(finding, facts))
            && document.objects.iter().any(|selector| selector.selects(finding, object, namespace))
            && document.fingerprint.as_ref().is_none_or(|wanted| {
                // The number tells equal findings of one report apart, not what they are.
                let wanted = wanted.split('-').next().unwrap_or_default();
                finding.fingerprint(object, self.options.scope) == wanted
                    || finding.fingerprint(object, "") == wanted
            })
    }

    /// Whether an acceptance that holds may accept a finding; says once why not.
    fn permits(&mut self, document: &RiskAcceptance, finding: &Finding, facts: &Facts) -> bool {
        let policy = format!("{}/{}", finding.template, finding.constraint);
        let most = self.options.rules.max_days.of(facts.severity);
        let days = document.expires.days_since(document.created);
        let refusal = if facts.refuses {
            Some(document.finding("acceptance-not-allowed", format!("{policy} lets no risk be accepted")))
        } else if finding.kind == FindingKind::Error && !self.options.rules.errors {
            let message =
                format!("{policy} could not be decided on {}, so nobody knows what is accepted", finding.id);
            Some(document.finding("acceptance-of-error", message))
        } else if days > i128::from(most) {
            let severity = facts.severity.map_or("no stated", |severity| severity.name());
            let message = format!(
                "it holds for {days} days, but a violation of {policy} ({severity} severity) may be accepted for {most}; let it expire sooner"
            );
            Some(document.finding("acceptance-too-long", message))
        } else {
            None
        };
        let permitted = refusal.is_none();
        self.notes.extend(refusal.filter(|refusal| !self.notes.contains(refusal)));
        permitted
    }

    /// The annotation that accepts a finding.
    fn annotated(
        &self,
        finding: &Finding,
        facts: &Facts,
        sites: &Sites,
        sources: &SourceMap,
        used: &mut BTreeSet<usize>,
    ) -> Option<Acceptance> {
        if facts.refuses || finding.kind == FindingKind::Error && !self.options.rules.errors {
            return None;
        }
        let keys = self.set.annotations.of(finding, facts);
        let fits = |site: &super::annotations::Site| {
            !site.reason.is_empty() && keys.contains(&site.key.to_lowercase())
        };
        let (at, site) = sites.of(finding.object).find(|(_, site)| fits(site))?;
        used.insert(at);
        Some(Acceptance {
            id: site.key.clone(),
            source: AcceptanceSource::Annotation,
            reason: site.reason.clone(),
            ticket: None,
            owner: None,
            approvers: Vec::new(),
            created: None,
            expires: None,
            compensating_control: None,
            location: sources.locate(site.span),
        })
    }
}
