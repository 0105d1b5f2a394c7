//! The folded part of a comment: what changes in each environment, path by path.

use std::collections::BTreeMap;

use super::budget::{Item, Section};
use super::markdown::{counted, objects};
use super::text::{block, code, html_code, shortened};
use super::value;
use serde_json::Value;

use crate::object::ObjectId;
use crate::review::{
    EnvironmentReview, EnvironmentStatus, FieldAction, FieldChange, ObjectAction, ObjectChange, Review,
};

/// Lines of one object's diff; the rest is counted.
const MAX_LINES: usize = 200;
/// Longest line of a diff, in characters.
const MAX_WIDTH: usize = 1_000;
/// Texts of more bytes are shown only where they differ.
const LONG: usize = 400;
/// Characters shown before the place where two long texts differ.
const BEFORE: usize = 40;
/// Characters shown of each of two long texts.
const SHOWN: usize = 200;
/// Environments named in one title.
const MAX_NAMES: usize = 8;

/// A section for every environment that changes; environments with the same changes share one.
pub(super) fn sections(review: &Review, priority: u8) -> Vec<Section> {
    type Shared<'a> = (Vec<&'a EnvironmentReview>, Vec<Item>);
    let mut shared: BTreeMap<(usize, String), Shared<'_>> = BTreeMap::new();
    let mut first: BTreeMap<String, usize> = BTreeMap::new();
    for (at, environment) in review.environments.iter().enumerate() {
        if environment.objects.is_empty() {
            continue;
        }
        let items = items(environment);
        let text: String =
            items.iter().filter_map(|item| item.variants.first()).map(String::as_str).collect();
        let text = format!("{}\n{text}", environment.status.name());
        let at = *first.entry(text.clone()).or_insert(at);
        shared.entry((at, text)).or_insert_with(|| (Vec::new(), items)).0.push(environment);
    }
    let sections = shared.into_values().map(|(environments, items)| {
        let section = Section { items, ..Section::new(priority, "objects of the environments' diffs") };
        section.folded(&title(&environments))
    });
    sections.collect()
}

fn title(environments: &[&EnvironmentReview]) -> String {
    let (named, more) = environments.split_at(environments.len().min(MAX_NAMES));
    let mut names = named.iter().map(|e| html_code(&e.name)).collect::<Vec<_>>().join(", ");
    if !more.is_empty() {
        names.push_str(&format!(" and {} more", more.len()));
    }
    let what = environments.first().map(|environment| match environment.status {
        EnvironmentStatus::Added => format!("new environment, {}", objects(environment)),
        EnvironmentStatus::Removed => format!("environment removed, {}", objects(environment)),
        _ => objects(environment),
    });
    format!("{names}: {}", what.unwrap_or_default())
}

fn items(environment: &EnvironmentReview) -> Vec<Item> {
    let follows = |object: &&ObjectChange| {
        object.action == ObjectAction::Changed
            && !object.fields.is_empty()
            && object.fields.iter().all(|field| field.follows.is_some())
    };
    let mut followers: BTreeMap<&ObjectId, Vec<&ObjectChange>> = BTreeMap::new();
    for object in environment.objects.iter().filter(follows) {
        for name in object.fields.iter().filter_map(|field| field.follows.as_ref()) {
            let list = followers.entry(name).or_default();
            if !list.iter().any(|known| known.id == object.id) {
                list.push(object);
            }
        }
    }
    let (whole, partly): (Vec<_>, Vec<_>) = environment
        .objects
        .iter()
        .filter(|object| !follows(object))
        .partition(|object| object.fields.is_empty());
    // What cuts across objects (a label, an annotation) is shown once.
    let mut alike: Vec<(Vec<String>, Vec<&ObjectChange>)> = Vec::new();
    let mut known: BTreeMap<(&str, Vec<String>), usize> = BTreeMap::new();
    for object in partly {
        let lines: Vec<String> = object.fields.iter().flat_map(field_lines).collect();
        let at = *known.entry((object.action.name(), lines.clone())).or_insert(alike.len());
        match alike.get_mut(at) {
            Some((_, objects)) => objects.push(object),
            None => alike.push((lines, vec![object])),
        }
    }
    let mut items: Vec<Item> =
        alike.into_iter().filter_map(|(lines, objects)| object_item(lines, &objects)).collect();
    items.extend(whole.into_iter().map(|object| Item::new(format!("{}\n", heading(object)))));
    items.extend(followers.into_iter().map(|(name, objects)| {
        let list: Vec<String> = objects.iter().map(|object| code(&object.id.to_string())).collect();
        let start = format!(
            "- {} the new name of {}",
            counted(objects.len(), "object only follows", "objects only follow"),
            code(&name.to_string())
        );
        Item { variants: vec![format!("{start}: {}\n", list.join(", ")), format!("{start}\n")] }
    }));
    items
}

fn heading(object: &ObjectChange) -> String {
    let mut out = format!("- **{}** {}", object.action.name(), code(&object.id.to_string()));
    if let Some(previous) = &object.previous_id {
        if previous.name != object.id.name {
            out.push_str(&format!(", was {}", code(&previous.name)));
        } else {
            out.push_str(&format!(", was {}", code(&previous.api_version)));
        }
    }
    if let Some(location) = &object.location {
        out.push_str(&format!(" · {}", code(&location.to_string())));
    }
    out
}

/// Objects with the same difference.
fn object_item(mut lines: Vec<String>, objects: &[&ObjectChange]) -> Option<Item> {
    let (first, others) = objects.split_first()?;
    let heading = if others.is_empty() {
        heading(first)
    } else {
        let names: Vec<String> = objects.iter().take(MAX_NAMES).map(|o| code(&o.id.to_string())).collect();
        let more = objects.len().saturating_sub(MAX_NAMES);
        let more = if more > 0 { format!(" and {more} more") } else { String::new() };
        format!("- **{}** alike {} objects: {}{more}", first.action.name(), objects.len(), names.join(", "))
    };
    let paths: Vec<String> = first.fields.iter().map(|field| code(&field.path)).collect();
    let more = lines.len().saturating_sub(MAX_LINES);
    if more > 0 {
        lines.truncate(MAX_LINES);
        lines.push(format!("# {more} more lines"));
    }
    let full = format!("{heading}\n\n{}\n", block("diff", &lines.join("\n")));
    let short = format!("{heading}: {}\n", paths.join(", "));
    let shortest = format!("{heading}: {}\n", counted(paths.len(), "field", "fields"));
    // A list of paths may be longer than the diff; the order of the forms is by what they tell.
    Some(Item { variants: vec![full, short, shortest] })
}

fn field_lines(field: &FieldChange) -> Vec<String> {
    let place = match (&field.location, &field.previous_location) {
        (Some(location), _) => format!(" {location}"),
        (None, Some(previous)) => format!(" {previous}"),
        (None, None) => String::new(),
    };
    let mut out = vec![format!("@@ {} @@{place}", field.path)];
    if let Some(follows) = &field.follows {
        out.push(format!("  follows the new name of {follows}"));
        return out;
    }
    if field.action == FieldAction::Reordered {
        let names = |value: &Option<serde_json::Value>| {
            let names = value.as_ref().and_then(serde_json::Value::as_array);
            names.into_iter().flatten().map(value::scalar).collect::<Vec<_>>().join(", ")
        };
        out.push(format!("- order: {}", names(&field.before)));
        out.push(format!("+ order: {}", names(&field.after)));
        return out;
    }
    for line in &field.lines {
        let (sign, text) = line.split_at(line.chars().next().map_or(0, char::len_utf8));
        out.push(if sign == "@" { format!("@@{text} @@") } else { format!("{sign} {text}") });
    }
    if let (Some(Value::String(before)), Some(Value::String(after))) = (&field.before, &field.after)
        && before.len().max(after.len()) > LONG
    {
        let (before, after) = around_difference(before, after);
        out.extend([format!("- {before}"), format!("+ {after}")]);
        return out;
    }
    for (sign, value) in [('-', &field.before), ('+', &field.after)] {
        if let Some(value) = value {
            out.extend(value::lines(value).into_iter().map(|line| format!("{sign} {line}")));
        }
    }
    out.into_iter().map(|line| shortened(&line, MAX_WIDTH).replace(['\n', '\r'], "⏎")).collect()
}

/// Two long texts of one line, cut down to where they first differ.
fn around_difference(before: &str, after: &str) -> (String, String) {
    let common = before.chars().zip(after.chars()).take_while(|(a, b)| a == b).count();
    let start = common.saturating_sub(BEFORE);
    let part = |text: &str| {
        let rest: String = text.chars().skip(start).collect();
        let lead = if start > 0 { "…" } else { "" };
        format!("{lead}{}", shortened(&rest, SHOWN)).replace(['\n', '\r'], "⏎")
    };
    (part(before), part(after))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_texts_show_where_they_differ() {
        let (before, after) =
            (format!("{}old{}", "a".repeat(500), "b".repeat(500)), format!("{}new", "a".repeat(500)));
        let (old, new) = around_difference(&before, &after);
        assert_eq!(new, format!("…{}new", "a".repeat(BEFORE)));
        assert!(old.starts_with(&format!("…{}oldbbb", "a".repeat(BEFORE))) && old.ends_with('…'));
        assert_eq!(old.chars().count(), SHOWN + 1);
        assert_eq!(around_difference("xa", "ya"), ("xa".into(), "ya".into()));
    }
}
