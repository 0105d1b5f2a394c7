//! The part of a comment about acceptances of risks: which the change brings, and what is wrong with them.

use super::budget::{Item, Section};
use super::markdown::MAX_MESSAGE;
use super::text::{code, shortened};
use crate::review::{AcceptanceChange, Review};
use crate::risk::{Acceptance, AcceptanceFinding};

/// What a change does to acceptances, then what is wrong with those at head.
pub(super) fn section(review: &Review, mut section: Section) -> Section {
    section.items = review.acceptances.iter().map(change).collect();
    section.items.extend(review.acceptance_findings.iter().map(problem));
    if !section.items.is_empty() {
        section.head = "\n#### Acceptances of risks\n\n".into();
    }
    section
}

/// How a finding shows by whom it was accepted.
pub(super) fn accepted(acceptance: &Acceptance) -> String {
    let reason = code(&shortened(&acceptance.reason, MAX_MESSAGE));
    format!("accepted by {} {}: {reason}", code(&acceptance.id), terms(acceptance))
}

/// Until when, and who answers for it.
fn terms(acceptance: &Acceptance) -> String {
    let mut out = match acceptance.until() {
        Some(until) => format!("until {until}"),
        None => "**for ever**".to_owned(),
    };
    if let Some(ticket) = &acceptance.ticket {
        out.push_str(&format!(" · ticket {}", code(ticket)));
    }
    if let Some(owner) = &acceptance.owner {
        out.push_str(&format!(" · owner {}", code(owner)));
    }
    out
}

fn change(change: &AcceptanceChange) -> Item {
    let acceptance = &change.acceptance;
    let place = acceptance.location.as_ref().map(|place| format!(" · {}", code(&place.to_string())));
    let approvers: Vec<String> = acceptance.approvers.iter().map(|name| code(name)).collect();
    let approved = match approvers.as_slice() {
        [] => String::new(),
        names => format!(" · approved by {}", names.join(", ")),
    };
    let title = format!("- **{}** {}", change.action.name(), code(&acceptance.id));
    let place = place.unwrap_or_default();
    let text = |limit| {
        let reason = code(&shortened(&acceptance.reason, limit));
        format!("{title} {}{approved}{place}  \n  {reason}\n", terms(acceptance))
    };
    Item { variants: vec![text(MAX_MESSAGE), text(100)] }
}

fn problem(finding: &AcceptanceFinding) -> Item {
    let place = finding.location.as_ref().map(|place| format!(" at {}", code(&place.to_string())));
    let place = place.unwrap_or_default();
    let text = |limit| {
        let message = code(&shortened(&finding.message, limit));
        format!("- {} ({}): {message}{place}\n", code(finding.code), finding.severity.name())
    };
    Item { variants: vec![text(MAX_MESSAGE), text(100)] }
}
