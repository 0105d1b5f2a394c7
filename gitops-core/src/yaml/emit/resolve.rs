//! Whether a text would be read as something else if it stood without quotes.
//!
//! The rules are go-yaml v2's reading of YAML 1.1 plus base 60, which it no longer reads but still
//! quotes for other parsers.

/// Whether go-yaml v2 quotes `text` because, plain, it would be null, a boolean, a number, a date or a
/// number in base 60.
pub(super) fn means_something_else(text: &str) -> bool {
    match text.bytes().next() {
        None | Some(b'~' | b'y' | b'Y' | b'n' | b'N' | b't' | b'T' | b'f' | b'F' | b'o' | b'O') => {
            is_word(text)
        }
        Some(b'.') => is_word(text) || is_float_with_underscores(text),
        Some(b'+' | b'-' | b'0'..=b'9') => {
            is_word(text) || is_number(text) || is_timestamp(text) || is_base60(text)
        }
        Some(_) => false,
    }
}

/// The words of YAML 1.1. `<<` is not one of them when writing.
fn is_word(text: &str) -> bool {
    matches!(
        text,
        "" | "~"
            | "null"
            | "Null"
            | "NULL"
            | "y"
            | "Y"
            | "yes"
            | "Yes"
            | "YES"
            | "true"
            | "True"
            | "TRUE"
            | "on"
            | "On"
            | "ON"
            | "n"
            | "N"
            | "no"
            | "No"
            | "NO"
            | "false"
            | "False"
            | "FALSE"
            | "off"
            | "Off"
            | "OFF"
            | ".nan"
            | ".NaN"
            | ".NAN"
            | ".inf"
            | ".Inf"
            | ".INF"
            | "+.inf"
            | "+.Inf"
            | "+.INF"
            | "-.inf"
            | "-.Inf"
            | "-.INF"
    )
}

/// A text that begins with a sign or a digit, read as a number; underscores do not count anywhere.
fn is_number(text: &str) -> bool {
    let stripped;
    let plain = if text.contains('_') {
        stripped = text.replace('_', "");
        stripped.as_str()
    } else {
        text
    };
    let (negative, digits) = match plain.strip_prefix(['+', '-']) {
        Some(rest) => (plain.starts_with('-'), rest),
        None => (false, plain),
    };
    let signed = digits.len() != plain.len();
    if fits(go_integer(digits), signed, negative) || is_decimal_float(plain) {
        return true;
    }
    // `0b` is tried once more with the sign behind it.
    plain.strip_prefix("0b").is_some_and(|rest| {
        let digits = rest.strip_prefix(['+', '-']);
        fits(radix(digits.unwrap_or(rest), 2), digits.is_some(), rest.starts_with('-'))
    })
}

/// Whether an integer's magnitude fits 64 bits: those of `u64` only without a sign.
fn fits(magnitude: Option<u64>, signed: bool, negative: bool) -> bool {
    magnitude.is_some_and(|value| {
        let limit = match (signed, negative) {
            (false, _) => u64::MAX,
            (true, false) => i64::MAX.unsigned_abs(),
            (true, true) => i64::MIN.unsigned_abs(),
        };
        value <= limit
    })
}

/// An integer without a sign, its base told by `0x`, `0o`, `0b` or a leading zero.
fn go_integer(digits: &str) -> Option<u64> {
    let Some(rest) = digits.strip_prefix('0') else { return radix(digits, 10) };
    match rest.bytes().next() {
        None => Some(0),
        Some(b'b' | b'B') if rest.len() > 1 => radix(rest.get(1..)?, 2),
        Some(b'o' | b'O') if rest.len() > 1 => radix(rest.get(1..)?, 8),
        Some(b'x' | b'X') if rest.len() > 1 => radix(rest.get(1..)?, 16),
        Some(_) => radix(rest, 8),
    }
}

fn radix(digits: &str, base: u32) -> Option<u64> {
    // Rust takes a sign here, Go does not.
    if digits.starts_with(['+', '-']) { None } else { u64::from_str_radix(digits, base).ok() }
}

/// `[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?`, and not beyond the range of a double.
fn is_decimal_float(text: &str) -> bool {
    let rest = text.strip_prefix(['+', '-']).unwrap_or(text);
    let (mantissa, exponent) = match rest.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, Some(exponent)),
        None => (rest, None),
    };
    let (whole, fraction) = match mantissa.split_once('.') {
        Some((whole, fraction)) => (whole, Some(fraction)),
        None => (mantissa, None),
    };
    let shaped = all_digits(whole)
        && fraction.is_none_or(all_digits)
        && !(whole.is_empty() && fraction.is_none_or(str::is_empty))
        && exponent.is_none_or(|exponent| {
            let digits = exponent.strip_prefix(['+', '-']).unwrap_or(exponent);
            !digits.is_empty() && all_digits(digits)
        });
    shaped && text.parse::<f64>().is_ok_and(f64::is_finite)
}

/// A text that begins with a point, as Go's `ParseFloat` reads it: single underscores between digits.
fn is_float_with_underscores(text: &str) -> bool {
    if !text.contains('_') {
        return is_decimal_float(text);
    }
    let digit = |byte: Option<&u8>| byte.is_some_and(u8::is_ascii_digit);
    let bytes = text.as_bytes();
    let separates = bytes
        .iter()
        .enumerate()
        .all(|(at, byte)| *byte != b'_' || (at > 0 && digit(bytes.get(at - 1)) && digit(bytes.get(at + 1))));
    separates && is_decimal_float(&text.replace('_', ""))
}

fn all_digits(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_digit())
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

/// A date, or a date and time, in one of the forms go-yaml v2 tries with Go's `time.Parse`.
fn is_timestamp(text: &str) -> bool {
    let Some((year, rest)) = text.split_at_checked(4).filter(|(year, _)| all_digits(year)) else {
        return false;
    };
    let year: u32 = year.parse().unwrap_or(0);
    let Some((month, rest)) = rest.strip_prefix('-').and_then(one_or_two_digits) else { return false };
    let Some((day, rest)) = rest.strip_prefix('-').and_then(one_or_two_digits) else { return false };
    if day < 1 || day > days_in(month, year) {
        return false;
    }
    match rest.bytes().next() {
        None => true,
        Some(b'T' | b't') => rest.get(1..).and_then(time_of_day).is_some_and(is_zone),
        Some(b' ') => time_of_day(rest.trim_start_matches(' ')) == Some(""),
        Some(_) => false,
    }
}

/// Days of a month, 0 where there is no such month.
fn days_in(month: u32, year: u32) -> u32 {
    match month {
        2 if year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400)) => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        1..=12 => 31,
        _ => 0,
    }
}

fn one_or_two_digits(text: &str) -> Option<(u32, &str)> {
    let digits = text.bytes().take(2).take_while(u8::is_ascii_digit).count();
    let (number, rest) = text.split_at_checked(digits)?;
    Some((number.parse().ok()?, rest))
}

/// Reads `15:4:5` and a fraction behind a point or comma; gives what follows.
fn time_of_day(text: &str) -> Option<&str> {
    let (hour, rest) = one_or_two_digits(text)?;
    let (minute, rest) = one_or_two_digits(rest.strip_prefix(':')?)?;
    let (second, rest) = one_or_two_digits(rest.strip_prefix(':')?)?;
    if hour > 23 || minute > 59 || second > 59 {
        return None;
    }
    Some(match rest.strip_prefix(['.', ',']) {
        Some(fraction) if fraction.starts_with(|c: char| c.is_ascii_digit()) => {
            fraction.trim_start_matches(|c: char| c.is_ascii_digit())
        }
        _ => rest,
    })
}

/// `Z` or `+07:00`; Go lets offsets of 24 hours and 60 minutes pass.
fn is_zone(text: &str) -> bool {
    let two = |tens: u8, ones: u8| {
        (tens.is_ascii_digit() && ones.is_ascii_digit()).then(|| (tens - b'0') * 10 + (ones - b'0'))
    };
    match text.as_bytes() {
        b"Z" => true,
        [b'+' | b'-', h1, h2, b':', m1, m2] => {
            two(*h1, *h2).is_some_and(|hours| hours <= 24)
                && two(*m1, *m2).is_some_and(|minutes| minutes <= 60)
        }
        _ => false,
    }
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
