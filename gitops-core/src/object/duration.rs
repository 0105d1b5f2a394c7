//! Durations as Go writes them, in nanoseconds.

use crate::time::SECOND;

/// Units of Go's durations.
const UNITS: &[(&str, i128)] = &[
    ("ns", 1),
    ("us", 1_000),
    ("µs", 1_000),
    ("ms", 1_000_000),
    ("h", 3_600 * SECOND),
    ("m", 60 * SECOND),
    ("s", SECOND),
];

/// Reads Go's form: `1h30m`, `-1.5s`.
pub(crate) fn parse_duration(text: &str) -> Option<i128> {
    let (sign, mut rest) = match text.strip_prefix('-') {
        Some(rest) => (-1, rest),
        None => (1, text.strip_prefix('+').unwrap_or(text)),
    };
    if rest == "0" {
        return Some(0);
    }
    if rest.is_empty() || rest.len() > 100 {
        return None;
    }
    let mut total: i128 = 0;
    while !rest.is_empty() {
        let end = rest.find(|c: char| !c.is_ascii_digit() && c != '.')?;
        let (number, after) = (rest.get(..end)?, rest.get(end..)?);
        let (unit, size) = UNITS.iter().find(|(unit, _)| after.starts_with(unit))?;
        let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
        if whole.is_empty() && fraction.is_empty() {
            return None;
        }
        let digits: i128 = if whole.is_empty() { 0 } else { whole.parse().ok()? };
        total = total.checked_add(digits.checked_mul(*size)?)?;
        if !fraction.is_empty() {
            let fraction = fraction.get(..fraction.len().min(15))?;
            let scale = 10_i128.checked_pow(u32::try_from(fraction.len()).ok()?)?;
            total = total.checked_add(fraction.parse::<i128>().ok()?.checked_mul(*size)? / scale)?;
        }
        rest = after.get(unit.len()..)?;
    }
    i64::try_from(total).ok().map(|total| sign * i128::from(total))
}

/// Go's form of a duration: `1h30m0s`, `1.5s`, `100ms`, `0s`.
pub(crate) fn duration_text(nanos: i128) -> String {
    let sign = if nanos < 0 { "-" } else { "" };
    let nanos = nanos.unsigned_abs();
    let decimal = |unit: u128| {
        let fraction = format!("{:09}", (nanos % unit) * (1_000_000_000 / unit));
        let fraction = fraction.trim_end_matches('0');
        format!("{}{fraction}", if fraction.is_empty() { "" } else { "." })
    };
    match nanos {
        0 => "0s".to_owned(),
        1..1_000 => format!("{sign}{nanos}ns"),
        1_000..1_000_000 => format!("{sign}{}{}µs", nanos / 1_000, decimal(1_000)),
        1_000_000..1_000_000_000 => format!("{sign}{}{}ms", nanos / 1_000_000, decimal(1_000_000)),
        _ => {
            let seconds = nanos / 1_000_000_000;
            let (hours, minutes) = (seconds / 3_600, seconds / 60 % 60);
            let mut text = sign.to_owned();
            if hours > 0 {
                text.push_str(&format!("{hours}h"));
            }
            if seconds >= 60 {
                text.push_str(&format!("{minutes}m"));
            }
            format!("{text}{}{}s", seconds % 60, decimal(1_000_000_000))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_written_as_go_does() {
        for (text, written) in [
            ("1h", Some("1h0m0s")),
            ("90s", Some("1m30s")),
            ("1.5h", Some("1h30m0s")),
            ("1500ms", Some("1.5s")),
            ("1500us", Some("1.5ms")),
            ("1500ns", Some("1.5µs")),
            ("15ns", Some("15ns")),
            ("-2m", Some("-2m0s")),
            ("0", Some("0s")),
            ("", None),
            ("5", None),
            ("1d", None),
        ] {
            assert_eq!(parse_duration(text).map(duration_text).as_deref(), written, "{text}");
        }
    }
}
