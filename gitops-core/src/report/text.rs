//! Text of manifests made safe for Markdown: nothing in it can format, mention, link or break out.

use std::borrow::Cow;

/// `text` with invisible characters spelled out: control characters (other than tabs and, if `lines`,
/// line ends) and those that reorder or hide text (Unicode bidirectional controls, zero width).
pub(super) fn visible(text: &str, lines: bool) -> Cow<'_, str> {
    let harmless = |c: char| match c {
        '\t' => true,
        '\n' => lines,
        '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}' => false,
        '\u{2028}' | '\u{2029}' => false,
        c => !c.is_control(),
    };
    if text.chars().all(harmless) {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len() + 8);
    for c in text.chars() {
        match c {
            c if harmless(c) => out.push(c),
            '\n' => out.push('⏎'),
            '\r' => out.push_str("\\r"),
            c => out.extend(c.escape_unicode()),
        }
    }
    Cow::Owned(out)
}

/// At most `limit` characters of `text`, and `…` in place of the rest.
pub(super) fn shortened(text: &str, limit: usize) -> Cow<'_, str> {
    match text.char_indices().nth(limit) {
        None => Cow::Borrowed(text),
        Some(_) => {
            let kept: String = text.chars().take(limit.saturating_sub(1)).collect();
            Cow::Owned(format!("{kept}…"))
        }
    }
}

fn longest_run(text: &str, wanted: char) -> usize {
    let (mut longest, mut run) = (0, 0);
    for c in text.chars() {
        run = if c == wanted { run + 1 } else { 0 };
        longest = longest.max(run);
    }
    longest
}

/// `text` as inline code on one line. Inside it Markdown, HTML, mentions and links mean nothing.
pub(super) fn code(text: &str) -> String {
    let text = visible(text, false);
    if text.trim().is_empty() {
        return "` `".into();
    }
    let fence = "`".repeat(longest_run(&text, '`') + 1);
    // A space at both ends is taken off again; it keeps backticks of the text away from the fence.
    let pad = if text.starts_with(['`', ' ']) || text.ends_with(['`', ' ']) { " " } else { "" };
    format!("{fence}{pad}{text}{pad}{fence}")
}

/// `text` as inline code within a cell of a table, where a bar would end the cell even in code.
pub(super) fn cell_code(text: &str) -> String {
    // `\|` would do, were there no backslash before the bar in the text.
    if text.contains('|') { html_code(text) } else { code(text) }
}

/// `text` as inline code in HTML, for `<summary>`, in which Markdown means nothing.
pub(super) fn html_code(text: &str) -> String {
    let text = visible(text, false);
    let text = text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;");
    // Markdown would still see these within a line that starts with HTML.
    let text: String = text
        .chars()
        .map(|c| match c {
            '`' | '*' | '_' | '[' | ']' | '\\' | '~' | '|' | ':' | '@' => format!("&#{};", u32::from(c)),
            c => c.to_string(),
        })
        .collect();
    format!("<code>{text}</code>")
}

/// `body` as a fenced block that nothing in it can end.
pub(super) fn block(language: &str, body: &str) -> String {
    let body = visible(body, true);
    let fence = "`".repeat(longest_run(&body, '`').max(2) + 1);
    let end = if body.ends_with('\n') { "" } else { "\n" };
    format!("{fence}{language}\n{body}{end}{fence}\n")
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn code_cannot_be_left(text in "[`<>|\\\\@*a \n\u{202e}]{0,12}") {
            let code = code(&text);
            let hidden = ['\n', '\u{202e}'];
            prop_assert!(!code.contains(hidden));
            let fence = code.chars().take_while(|c| *c == '`').count();
            let inner = &code[fence..code.len() - fence];
            prop_assert!(code.ends_with(&"`".repeat(fence)) && !inner.is_empty());
            prop_assert!(inner.split(|c| c != '`').all(|run| run.len() != fence));
            prop_assert!(!inner.starts_with('`') && !inner.ends_with('`'));
            let cell = cell_code(&text);
            prop_assert!(!cell.contains('|'));
            let html = html_code(&text);
            prop_assert_eq!(html.matches('<').count(), 2);
        }

        #[test]
        fn blocks_cannot_be_left(text in "[`a \n]{0,20}") {
            let block = block("diff", &text);
            let fence: String = block.chars().take_while(|c| *c == '`').collect();
            let closing = |line: &&str| line.trim().starts_with(&fence) && line.trim().chars().all(|c| c == '`');
            prop_assert_eq!(block.lines().filter(closing).count(), 1);
        }
    }

    #[test]
    fn text_stays_text() {
        for (text, want) in [
            ("a", "`a`"),
            ("@team #12 <b>", "`@team #12 <b>`"),
            ("a`b", "``a`b``"),
            ("``", "``` `` ```"),
            ("a\n- b", "`a⏎- b`"),
            ("a\u{202e}b\u{7}", "`a\\u{202e}b\\u{7}`"),
            ("", "` `"),
        ] {
            assert_eq!(code(text), want);
        }
        assert_eq!(cell_code("a\\|b"), "<code>a&#92;&#124;b</code>");
        assert_eq!(html_code("</summary>*a*"), "<code>&lt;/summary&gt;&#42;a&#42;</code>");
        assert_eq!(block("diff", "+ ```\n</details>"), "````diff\n+ ```\n</details>\n````\n");
        assert_eq!(shortened("abc", 3), "abc");
        assert_eq!(shortened("äbcd", 3), "äb…");
    }
}
