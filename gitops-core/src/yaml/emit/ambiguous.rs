//! Whether a text would be read as something else if it stood without quotes.
//!
//! The reader's own rules for go-yaml v2 decide, with two additions: dates, which v2 reads as text yet
//! quotes, and base 60, which it no longer reads but still quotes for other parsers.

use crate::yaml::{Dialect, resolve, timestamp};

/// Whether go-yaml v2 quotes `text` because, plain, it would be null, a boolean, a number, a date or a
/// number in base 60.
pub(super) fn means_something_else(text: &str) -> bool {
    // Most text begins with something else, or with a letter and is longer than any word.
    match text.as_bytes() {
        [b'0'..=b'9' | b'+' | b'-', ..] => {
            !resolve::is_text(text, Dialect::Kubectl)
                || timestamp::canonical(text).is_some()
                || is_base60(text)
        }
        _ => !resolve::is_text(text, Dialect::Kubectl),
    }
}

/// `[-+]?[0-9][0-9_]*(:[0-5]?[0-9])+(\.[0-9_]*)?`
fn is_base60(text: &str) -> bool {
    let rest = text.strip_prefix(['+', '-']).unwrap_or(text);
    let Some((first, rest)) = rest.split_once(':') else { return false };
    let underscored = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'_');
    let (places, fraction) = rest.split_once('.').unwrap_or((rest, ""));
    first.starts_with(|c: char| c.is_ascii_digit())
        && underscored(first)
        && underscored(fraction)
        && places
            .split(':')
            .all(|place| matches!(place.as_bytes(), [b'0'..=b'9'] | [b'0'..=b'5', b'0'..=b'9']))
}

#[cfg(test)]
mod tests {
    use super::means_something_else;

    #[test]
    fn texts_that_need_quotes() {
        for text in [
            "",
            "~",
            "null",
            "y",
            "N",
            "yes",
            "On",
            "OFF",
            "TRUE",
            ".nan",
            "-.Inf",
            "+.inf",
            "0",
            "-1",
            "+1",
            "010",
            "08",
            "0o17",
            "0O17",
            "0x1F",
            "0XfF",
            "0b11",
            "0b-11",
            "1_000",
            "1__0_",
            "0_x1F",
            "18446744073709551615",
            "18446744073709551616",
            "-9223372036854775809",
            "1.",
            "1.5",
            ".5",
            "-.5",
            "+1.5e-3",
            ".5e1",
            ".1_2",
            "1e3",
            "1e-999",
            "2001-01-01",
            "2001-1-1",
            "2000-02-29",
            "2001-1-1T1:2:3Z",
            "2001-1-1t1:2:3.5+07:00",
            "2001-1-1T1:2:3,5Z",
            "2001-1-1T1:2:3-24:60",
            "2001-1-1  10:20:30",
            "2001-1-1 10:20:30.123456789012",
            "1:30",
            "190:20:30.15",
            "+1_0:5",
            "1:2.",
            "1:2._",
        ] {
            assert!(means_something_else(text), "{text:?}");
        }
    }

    #[test]
    fn texts_that_are_only_text() {
        for text in [
            "yEs",
            "nULL",
            "nan",
            "inf",
            "<<",
            "<",
            ".",
            "+",
            "-",
            "..",
            "_1",
            "0x",
            "0b",
            "0b2",
            "0o9",
            "1e",
            "1e999",
            "-1e999",
            ".5_",
            "._5",
            ".1__2",
            "0x1p-2",
            "1.2.3",
            "0xg",
            "1 ",
            "0x1FFFFFFFFFFFFFFFF",
            "+0b-1",
            "-0b-1",
            "2001-02-29",
            "1900-02-29",
            "2001-13-01",
            "2001-1-1Z",
            "2001-1-1T1:2Z",
            "2001-1-1T1:2:3",
            "2001-1-1T24:0:0Z",
            "2001-1-1T1:2:3z",
            "2001-1-1 1:2:3Z",
            "2001-1-1 ",
            "2001-1-1T1:2:3+7:00",
            "2001-1-1T1:2:3+25:00",
            "1:60",
            "1:",
            ":1",
            "1:2:",
            "1:2.3.4",
            "a:1",
            "0x1:2",
            "5s",
            "10m",
            "1.2.3-rc",
        ] {
            assert!(!means_something_else(text), "{text:?}");
        }
    }
}
