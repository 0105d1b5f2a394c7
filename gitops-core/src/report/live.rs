//! The part of a comment about live objects: what the merge does to changes that were made in the cluster.

use serde_json::Value;

use super::budget::{Item, Section};
use super::markdown::{MAX_MESSAGE, counted};
use super::text::{code, shortened};
use super::value::scalar;
use crate::drift::{Cause, FieldDrift, FieldStatus};
use crate::review::{EnvironmentReview, LiveEffect, LiveObject, LiveSummary, Review};

/// Characters shown of a value.
const MAX_VALUE: usize = 60;
/// Fields shown of an object; the others are counted.
const MAX_FIELDS: usize = 10;
/// Objects named in one line; the others are counted.
const MAX_NAMES: usize = 8;

/// What the headline says of live objects.
pub(super) fn headline(summary: &LiveSummary) -> Vec<String> {
    let parts = [
        (summary.refused, "object cannot be applied", "objects cannot be applied"),
        (summary.replaced, "object is deleted and made anew", "objects are deleted and made anew"),
        (summary.fields, "live change is overwritten", "live changes are overwritten"),
        (summary.brought_back, "deleted object comes back", "deleted objects come back"),
        (summary.taken_over, "existing object is taken over", "existing objects are taken over"),
    ];
    parts
        .into_iter()
        .filter(|(count, ..)| *count > 0)
        .map(|(count, one, many)| counted(count, one, many))
        .collect()
}

/// What happens to live objects that the change touches, then how much drift there is beside them.
pub(super) fn section(review: &Review, mut section: Section) -> Section {
    for environment in &review.environments {
        section.items.extend(items(environment));
    }
    for environment in &review.environments {
        section.items.extend(rest(environment));
    }
    if !section.items.is_empty() {
        section.head = "\n#### In the cluster\n\n".into();
    }
    section
}

fn items(environment: &EnvironmentReview) -> Vec<Item> {
    let objects = environment.live.iter().flat_map(|live| &live.objects);
    let (detailed, plain): (Vec<_>, Vec<_>) = objects
        .filter(|object| object.touched)
        .partition(|object| !object.fields.is_empty() || !object.reasons.is_empty());
    let mut items: Vec<Item> = detailed.into_iter().map(|object| item(environment, object)).collect();
    for effect in [LiveEffect::BroughtBack, LiveEffect::TakenOver, LiveEffect::Pruned] {
        let alike: Vec<_> = plain.iter().copied().filter(|object| object.effect == effect).collect();
        if !alike.is_empty() {
            let (verb, why) = (verb(effect), why(effect, &alike));
            let names = names(&alike);
            items.push(Item::new(format!("- **{verb}** {names} in {}{why}\n", code(&environment.name))));
        }
    }
    items
}

fn verb(effect: LiveEffect) -> &'static str {
    match effect {
        LiveEffect::Refused => "cannot apply",
        LiveEffect::Replaced => "deletes and makes anew",
        LiveEffect::Overwritten => "overwrites",
        LiveEffect::BroughtBack => "brings back",
        LiveEffect::TakenOver => "takes over",
        LiveEffect::Pruned => "deletes",
        LiveEffect::LeftBehind => "leaves behind",
    }
}

fn why(effect: LiveEffect, objects: &[&LiveObject]) -> String {
    let one = objects.len() == 1;
    match effect {
        LiveEffect::BroughtBack if one => ": it was deleted in the cluster".into(),
        LiveEffect::BroughtBack => ": they were deleted in the cluster".into(),
        LiveEffect::TakenOver if one => ": it exists already, as Git says".into(),
        LiveEffect::TakenOver => ": they exist already, as Git says".into(),
        LiveEffect::Pruned if one => ": it lives, and Git no longer has it".into(),
        LiveEffect::Pruned => ": they live, and Git no longer has them".into(),
        _ => String::new(),
    }
}

fn names(objects: &[&LiveObject]) -> String {
    let names: Vec<String> =
        objects.iter().take(MAX_NAMES).map(|object| code(&object.id.to_string())).collect();
    let more = objects.len().saturating_sub(MAX_NAMES);
    let more = if more > 0 { format!(" and {more} more") } else { String::new() };
    format!("{}{more}", names.join(", "))
}

fn item(environment: &EnvironmentReview, object: &LiveObject) -> Item {
    let mut title = format!(
        "- **{}** {} in {}",
        verb(object.effect),
        code(&object.id.to_string()),
        code(&environment.name)
    );
    for reason in &object.reasons {
        title.push_str(&format!("  \n  {}", code(&shortened(&reason.message, MAX_MESSAGE))));
    }
    if object.effect == LiveEffect::TakenOver {
        let fields = counted(object.fields.len(), "field differs", "fields differ");
        title.push_str(&format!("  \n  it exists already; {fields} from what Git says"));
    }
    let line = |one: &FieldDrift| field(one, object.effect);
    let more = object.fields.len().saturating_sub(MAX_FIELDS);
    let more = if more > 0 { format!("  - and {more} more\n") } else { String::new() };
    let full =
        format!("{title}\n{}{more}", object.fields.iter().take(MAX_FIELDS).map(line).collect::<String>());
    let paths: Vec<String> = object.fields.iter().take(MAX_FIELDS).map(|field| code(&field.path)).collect();
    let short = match paths.is_empty() {
        true => format!("{title}\n"),
        false => format!("{title}: {}\n", paths.join(", ")),
    };
    let shortest = format!("{title}: {}\n", counted(object.fields.len(), "field", "fields"));
    Item { variants: vec![full, short, shortest] }
}

fn field(field: &FieldDrift, effect: LiveEffect) -> String {
    let shown = |value: &Option<Value>| match value {
        None => "nothing".to_owned(),
        Some(Value::String(text)) => code(&shortened(text, MAX_VALUE)),
        Some(value @ (Value::Array(_) | Value::Object(_))) => code(&shortened(&value.to_string(), MAX_VALUE)),
        Some(value) => code(&scalar(value)),
    };
    let change = match field.status {
        FieldStatus::Reordered => "in another order".to_owned(),
        _ => format!("{} → {}", shown(&field.live), shown(&field.desired)),
    };
    let cause = match (field.cause, field.status) {
        // Git had no say before, so nobody acted against it.
        _ if effect == LiveEffect::TakenOver => "",
        (Cause::EditedByHand, _) => " · edited by hand",
        (Cause::OtherController, _) => " · changed by a controller",
        (Cause::NotYetApplied, FieldStatus::Missing) => " · taken away, or not yet applied",
        (Cause::NotYetApplied, _) => " · not yet applied",
        (Cause::Default, _) => " · default of the API server",
        (Cause::RemovedFromGit, _) => " · removed from Git",
        (Cause::Unknown, _) => " · changed, by whom is not known",
    };
    let who = field.changed_by.as_ref().filter(|_| !cause.is_empty()).map_or(String::new(), |owner| {
        let time = if owner.time.is_empty() { String::new() } else { format!(" at {}", code(&owner.time)) };
        format!(" with {}{time}", code(&owner.manager))
    });
    let place =
        field.location.as_ref().map_or(String::new(), |place| format!(" · {}", code(&place.to_string())));
    format!("  - {}: {change}{cause}{who}{place}\n", code(&field.path))
}

/// What the change does not touch, in a line per environment.
fn rest(environment: &EnvironmentReview) -> Vec<Item> {
    let Some(live) = &environment.live else { return Vec::new() };
    let mut out = Vec::new();
    let untouched = |effect: fn(LiveEffect) -> bool| -> Vec<&LiveObject> {
        live.objects.iter().filter(|object| !object.touched && effect(object.effect)).collect()
    };
    let drifted = untouched(|effect| effect != LiveEffect::BroughtBack);
    let gone = untouched(|effect| effect == LiveEffect::BroughtBack);
    let name = code(&environment.name);
    if !drifted.is_empty() {
        let fields = drifted.iter().map(|object| object.fields.len()).sum::<usize>();
        let objects = counted(drifted.len(), "object", "objects");
        let fields = counted(fields, "field", "fields");
        out.push(format!(
            "- {objects} of {name} that this change does not touch drifted ({fields}): {}\n",
            names(&drifted)
        ));
    }
    if !gone.is_empty() {
        let objects = counted(gone.len(), "object", "objects");
        let verb = if gone.len() == 1 { "is" } else { "are" };
        out.push(format!(
            "- {objects} of {name} that this change does not touch {verb} not in the cluster: {}\n",
            names(&gone)
        ));
    }
    if live.not_yet_applied > 0 {
        let fields = counted(live.not_yet_applied, "field", "fields");
        out.push(format!("- {name} is behind base: {fields} of what this change touches not applied yet\n"));
    }
    out.into_iter().map(Item::new).collect()
}
