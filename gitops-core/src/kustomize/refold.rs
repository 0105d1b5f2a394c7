//! What becomes of a folded block scalar (`>`) on its way through kustomize.
//!
//! Kustomize writes every object once with go-yaml v3 and reads it again before it prints it, and
//! go-yaml does not write folded scalars so that they read back the same: a line break before a
//! more-indented line is doubled, and some others are lost or added. Annotations escape, since they are
//! set anew as text. (`emitterc.go`, `yaml_emitter_write_folded_scalar`; its test for what follows a
//! break looks at the start of the text instead.)

use std::sync::Arc;

use crate::node::{FileId, Node, SourceMap, Value};

/// Gives the folded scalars of a file's documents the value that kustomize prints.
pub(crate) fn refold_all(documents: Vec<Node>, sources: &SourceMap, file: FileId) -> Vec<Node> {
    let Some(source) = sources.file(file) else { return documents };
    let text: &str = source.text();
    let is_folded = |offset: u32| text.as_bytes().get(offset as usize) == Some(&b'>');
    if !text.contains('>') {
        return documents;
    }
    documents
        .into_iter()
        .map(|document| {
            let mut new = walk(&document, file, &is_folded).unwrap_or_else(|| document.clone());
            // What stands in annotations is put back.
            let keys = ["metadata", "annotations"];
            if let Some(annotations) = document.at(&keys)
                && let Some(map) = new.get_mut("metadata").and_then(Node::as_map_mut)
            {
                map.insert("annotations", annotations.clone());
            }
            new
        })
        .collect()
}

/// The tree with its folded scalars changed, or `None` where nothing changes.
fn walk(node: &Node, file: FileId, is_folded: &dyn Fn(u32) -> bool) -> Option<Node> {
    match &node.value {
        Value::String(text) if text.contains('\n') => {
            let here = node.span.file() == Some(file) && is_folded(node.span.offset());
            let new = here.then(|| refold(text)).filter(|new| *new != text.as_str())?;
            Some(Node::string(new, node.span))
        }
        Value::Map(map) => {
            let mut changed: Option<crate::node::Map> = None;
            for entry in map.entries() {
                if let Some(new) = walk(&entry.value, file, is_folded) {
                    changed.get_or_insert_with(|| map.as_ref().clone()).insert(entry.key.clone(), new);
                }
            }
            changed.map(|map| Node::map(map, node.span))
        }
        Value::Seq(items) => {
            let mut changed: Option<Vec<Node>> = None;
            for (at, item) in items.iter().enumerate() {
                if let Some(new) = walk(item, file, is_folded)
                    && let Some(slot) = changed.get_or_insert_with(|| items.to_vec()).get_mut(at)
                {
                    *slot = new;
                }
            }
            changed.map(|items| Node { value: Value::Seq(Arc::new(items)), span: node.span })
        }
        _ => None,
    }
}

/// A text after go-yaml has written it folded and read it back.
fn refold(text: &str) -> String {
    let is_break = |c: char| matches!(c, '\n' | '\r' | '\u{85}' | '\u{2028}' | '\u{2029}');
    // Such texts are written in quotes, which lose nothing.
    let quoted =
        text.ends_with(' ') || text.contains(" \n") || text.contains(|c: char| c != '\n' && c.is_control());
    if quoted {
        return text.to_owned();
    }
    let first = text.chars().find(|c| !is_break(*c));
    let doubles = first.is_some_and(|c| c != ' ' && c != '\t');
    let mut written = String::with_capacity(text.len() + 16);
    let (mut breaks, mut leading) = (true, true);
    for c in text.chars() {
        if is_break(c) {
            if !breaks && !leading && c == '\n' && doubles {
                written.push('\n');
            }
            written.push(c);
            breaks = true;
        } else {
            if breaks {
                leading = c == ' ' || c == '\t';
            }
            written.push(c);
            breaks = false;
        }
    }
    let keep = text.ends_with("\n\n") || text == "\n";
    read_folded(&written, keep, text.ends_with('\n'))
}

/// The value of a folded block scalar: `keep` all breaks at its end, `clip` to one, or none.
fn read_folded(body: &str, keep: bool, clip: bool) -> String {
    let mut value = String::with_capacity(body.len());
    let mut pending = "";
    let mut empty = String::new();
    let mut after_blank = false;
    for line in body.split_inclusive('\n') {
        let content = line.trim_end_matches('\n');
        if content.is_empty() {
            empty.push('\n');
            continue;
        }
        let blank = content.starts_with([' ', '\t']);
        if !after_blank && !blank && !pending.is_empty() {
            if empty.is_empty() {
                value.push(' ');
            }
        } else {
            value.push_str(pending);
        }
        value.push_str(&empty);
        empty.clear();
        after_blank = blank;
        value.push_str(content);
        pending = if line.ends_with('\n') { "\n" } else { "" };
    }
    if keep || clip {
        value.push_str(pending);
    }
    if keep {
        value.push_str(&empty);
    }
    value
}

#[cfg(test)]
mod tests {
    use super::refold;

    #[test]
    fn folded_texts_change_as_in_kustomize() {
        for (text, want) in [
            // Ordinary paragraphs survive.
            ("a b\nc\n", "a b\nc\n"),
            ("a\n\nb\n", "a\n\nb\n"),
            ("one line", "one line"),
            // A more-indented line is moved away by one more break.
            ("[\n  x\n]\n", "[\n\n  x\n]\n"),
            // A text that starts with blanks loses a break between ordinary lines.
            ("  a\nb\nc\n", "  a\nb c\n"),
            // Breaks kept at the end grow by one.
            ("a\n\n", "a\n\n\n"),
            // Written in quotes.
            ("a \nb\n", "a \nb\n"),
        ] {
            assert_eq!(refold(text), want, "{text:?}");
        }
    }
}
