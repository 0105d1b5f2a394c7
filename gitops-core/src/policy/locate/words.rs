//! What a message says: whether it quotes a value, and which words it shares with a key.

use std::collections::BTreeSet;

/// Whether `token` stands in `text` on its own, not as a part of a longer word.
pub(super) fn has_token(text: &str, token: &str) -> bool {
    let inside = |c: Option<char>| c.is_some_and(|c| c.is_alphanumeric() || matches!(c, '_' | '-' | '/'));
    !token.is_empty()
        && text.match_indices(token).any(|(at, _)| {
            let before = text.get(..at).and_then(|before| before.chars().next_back());
            let after = text.get(at + token.len()..).and_then(|after| after.chars().next());
            !inside(before) && !inside(after)
        })
}

/// Whether a value's text says something when it is found in a message: `true` and `1` are everywhere.
pub(super) fn is_telling(text: &str) -> bool {
    text.len() >= 2 && !matches!(text, "true" | "false" | "null")
}

/// The lower-case words of a camel-case or hyphenated text, without a plural's `s`.
pub(super) fn words(text: &str) -> BTreeSet<String> {
    let mut words = BTreeSet::new();
    let mut word = String::new();
    let mut lower_before = false;
    for c in text.chars().chain([' ']) {
        if !c.is_alphanumeric() || (c.is_uppercase() && lower_before) {
            let done = std::mem::take(&mut word);
            if done.len() >= 3 {
                words.insert(
                    done.strip_suffix('s').filter(|stem| stem.len() >= 3).unwrap_or(&done).to_owned(),
                );
            }
        }
        if c.is_alphanumeric() {
            word.extend(c.to_lowercase());
        }
        lower_before = c.is_lowercase() || c.is_numeric();
    }
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_stand_alone() {
        for (text, token, expected) in [
            ("container <web> is", "web", true),
            ("container <web-proxy> is", "web", false),
            ("acme/web:1", "web", false),
            ("image nginx:1.27 is", "nginx:1.27", true),
            ("image nginx:1.27 is", "nginx", true),
            ("x", "", false),
        ] {
            assert_eq!(has_token(text, token), expected, "{text} {token}");
        }
    }

    #[test]
    fn words_split_at_humps() {
        let all: Vec<String> = words("allowPrivilegeEscalation hostPID containers").into_iter().collect();
        assert_eq!(all, ["allow", "container", "escalation", "host", "pid", "privilege"]);
    }
}
