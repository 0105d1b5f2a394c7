//! A review as SARIF.

use super::model::Level;
use super::{About, Draft, RuleKey, Sarif, SarifOptions, level, sentence};
use crate::Diagnostic;
use crate::node::Location;
use crate::review::{EnvironmentReview, Finding, FindingKind, FindingStatus, Review};

pub(in crate::report) fn sarif(review: &Review, options: &SarifOptions) -> String {
    let mut sarif = Sarif::default();
    for environment in &review.environments {
        for finding in environment.findings.iter().filter(|f| f.status != FindingStatus::Resolved) {
            match &finding.location {
                Some(location) => sarif.add(draft(environment, finding, location)),
                None => sarif.notify(level_of(finding), format!("{}: {}", environment.name, said(finding))),
            }
        }
        for error in &environment.errors {
            problem(error, Some(&environment.name), &mut sarif);
        }
    }
    for error in &review.errors {
        problem(error, None, &mut sarif);
    }
    for finding in &review.acceptance_findings {
        sarif.acceptance(finding);
    }
    sarif.finish(&About {
        id: format!("{}/{}", options.category, review.head.commit),
        successful: review.summary.errors == 0,
        lines: &review.lines,
    })
}

fn level_of(finding: &Finding) -> Level {
    level(finding.kind == FindingKind::Error, &finding.enforcement_action)
}

fn said(finding: &Finding) -> String {
    sentence(&finding.object, finding.container.as_deref(), &finding.message)
}

fn draft(environment: &EnvironmentReview, finding: &Finding, location: &Location) -> Draft {
    Draft {
        rule: RuleKey::Policy { template: finding.template.clone(), constraint: finding.constraint.clone() },
        level: level_of(finding),
        new: Some(finding.status == FindingStatus::New),
        message: said(finding),
        location: location.clone(),
        object: Some(finding.object.clone()),
        path: finding.path.clone(),
        fingerprint: Some(finding.fingerprint.clone()),
        accepted: finding.accepted.clone(),
        environments: vec![environment.name.clone()],
    }
}

fn problem(error: &Diagnostic, environment: Option<&String>, sarif: &mut Sarif) {
    match &error.location {
        Some(location) => sarif.add(Draft {
            rule: RuleKey::Problem { code: error.code.to_owned() },
            level: Level::Error,
            new: Some(true),
            message: error.message.clone(),
            location: location.clone(),
            object: None,
            path: None,
            fingerprint: None,
            accepted: None,
            environments: environment.cloned().into_iter().collect(),
        }),
        None => {
            let name = environment.map(|name| format!("{name}: ")).unwrap_or_default();
            sarif.notify(Level::Error, format!("{name}{} ({})", error.message, error.code));
        }
    }
}
