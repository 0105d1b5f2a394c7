//! What becomes of a time of day within brackets or braces on its way through kustomize.
//!
//! Kustomize writes every object once with go-yaml v3 and reads it again before it prints it. A plain
//! scalar with a colon cannot stand in a flow collection as go-yaml writes them, so it gets quotes there
//! and reads back as text, as the user wrote it. A date without a time has no colon and stays a date.

use crate::node::{FileId, Node, SourceMap, Value};

/// Turns the times in flow collections of a file's documents into text.
pub(crate) fn quote_all(documents: Vec<Node>, sources: &SourceMap, file: FileId) -> Vec<Node> {
    let Some(source) = sources.file(file) else { return documents };
    let text = source.text().as_bytes();
    if !may_hold_time(text) {
        return documents;
    }
    let is_flow = |node: &Node| {
        node.span.file() == Some(file) && matches!(text.get(node.span.offset() as usize), Some(b'{' | b'['))
    };
    documents
        .iter()
        .map(|document| walk(document, false, &is_flow).unwrap_or_else(|| document.clone()))
        .collect()
}

/// Whether a year, month and day with something behind them stand anywhere: `2001-12-14T`.
fn may_hold_time(text: &[u8]) -> bool {
    let is_digit = |at: usize| text.get(at).is_some_and(u8::is_ascii_digit);
    memchr::memchr_iter(b'-', text)
        .any(|at| at >= 4 && is_digit(at + 1) && (1..=4).all(|back| is_digit(at - back)))
}

/// The tree with its times changed, or `None` where nothing changes.
fn walk(node: &Node, within: bool, is_flow: &dyn Fn(&Node) -> bool) -> Option<Node> {
    match &node.value {
        Value::Plain(plain) if within && plain.is_timestamp() && plain.shared_text().contains(':') => {
            Some(Node::string(plain.shared_text().clone(), node.span))
        }
        Value::Map(map) => {
            let within = within || is_flow(node);
            let changed: Vec<_> = map
                .iter()
                .filter_map(|(key, value)| Some((key.clone(), walk(value, within, is_flow)?)))
                .collect();
            let mut node = (!changed.is_empty()).then(|| node.clone())?;
            let entries = node.as_map_mut()?;
            for (key, value) in changed {
                entries.insert(key, value);
            }
            Some(node)
        }
        Value::Seq(items) => {
            let within = within || is_flow(node);
            let changed: Vec<_> = items.iter().map(|item| walk(item, within, is_flow)).collect();
            changed.iter().any(Option::is_some).then(|| {
                let items = changed.into_iter().zip(items.iter());
                Node::seq(items.map(|(new, old)| new.unwrap_or_else(|| old.clone())).collect(), node.span)
            })
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::yaml::{Dialect, ReadOptions, read, write};

    #[test]
    fn times_in_flow_collections_stay_as_written() {
        let time = "2001-12-14t21:59:43.10-05:00";
        for (text, want) in [
            (format!("a: {time}\n"), "a: \"2001-12-14T21:59:43.1-05:00\"\n".to_owned()),
            (format!("a: {{b: {time}}}\n"), format!("a:\n  b: \"{time}\"\n")),
            (format!("a: [1, {time}]\n"), format!("a:\n- 1\n- \"{time}\"\n")),
            ("a: [2001-12-14]\n".to_owned(), "a:\n- \"2001-12-14T00:00:00Z\"\n".to_owned()),
            (format!("- [{{b: {{c: {time}}}}}]\n"), format!("- - b:\n      c: \"{time}\"\n")),
        ] {
            let sources = SourceMap::new();
            let file = sources.add("a.yaml", text.as_str());
            let options = ReadOptions { dialect: Dialect::Kyaml, ..ReadOptions::default() };
            let documents = read(&sources, file, &options).unwrap().documents;
            let documents = quote_all(documents, &sources, file);
            assert_eq!(write(&documents[0]).unwrap(), want, "{text}");
        }
    }
}
