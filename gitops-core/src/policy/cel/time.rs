//! Durations and timestamps, without a clock and without time zones that have names.

use super::eval::{Fail, Outcome};
use super::value::Value;

const SECOND: i128 = 1_000_000_000;
const DAY: i128 = 86_400 * SECOND;

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
pub(super) fn parse_duration(text: &str) -> Option<i128> {
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

/// CEL's text of a duration: seconds.
pub(super) fn duration_text(nanos: i128) -> String {
    let (sign, nanos) = (if nanos < 0 { "-" } else { "" }, nanos.abs());
    let fraction = format!("{:09}", nanos % SECOND);
    let fraction = fraction.trim_end_matches('0');
    let dot = if fraction.is_empty() { "" } else { "." };
    format!("{sign}{}{dot}{fraction}s", nanos / SECOND)
}

/// Days since 1970 of a date of the Gregorian calendar.
fn days(year: i128, month: i128, day: i128) -> i128 {
    // Years that begin in March have their leap day last.
    let year = if month <= 2 { year - 1 } else { year };
    let era = year.div_euclid(400);
    let of_era = year.rem_euclid(400);
    let of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719_468
}

/// The date of a day since 1970: year, month, day.
fn date(days: i128) -> (i128, i128, i128) {
    let days = days + 719_468;
    let era = days.div_euclid(146_097);
    let of_era = days.rem_euclid(146_097);
    let year = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year + year / 4 - year / 100);
    let month = (5 * of_year + 2) / 153;
    let day = of_year - (153 * month + 2) / 5 + 1;
    let month = if month < 10 { month + 3 } else { month - 9 };
    (year + era * 400 + i128::from(month <= 2), month, day)
}

/// Reads RFC 3339.
pub(super) fn parse_timestamp(text: &str) -> Option<i128> {
    let number = |from: usize, to: usize| -> Option<i128> {
        let part = text.get(from..to)?;
        if part.bytes().all(|byte| byte.is_ascii_digit()) { part.parse().ok() } else { None }
    };
    let separators = [(4, b'-'), (7, b'-'), (10, b'T'), (13, b':'), (16, b':')];
    if separators.iter().any(|(at, byte)| text.as_bytes().get(*at) != Some(byte)) {
        return None;
    }
    let (year, month, day) = (number(0, 4)?, number(5, 7)?, number(8, 10)?);
    let (hour, minute, second) = (number(11, 13)?, number(14, 16)?, number(17, 19)?);
    let start = days(year, month, day);
    if date(start) != (year, month, day) || hour > 23 || minute > 59 || second > 59 {
        return None;
    }
    let mut rest = text.get(19..)?;
    let mut nanos = 0;
    if let Some(fraction) = rest.strip_prefix('.') {
        let length = fraction.bytes().take_while(u8::is_ascii_digit).count();
        let digits = fraction.get(..length).filter(|digits| !digits.is_empty())?;
        nanos = format!("{digits:0<9}").get(..9)?.parse().ok()?;
        rest = fraction.get(length..)?;
    }
    let offset = offset(rest)?;
    Some(start * DAY + ((hour * 60 + minute) * 60 + second) * SECOND + nanos - offset)
}

/// `Z` or `+01:00`, in nanoseconds.
fn offset(text: &str) -> Option<i128> {
    if matches!(text, "Z" | "UTC" | "") {
        return (!text.is_empty()).then_some(0);
    }
    let (sign, rest) = match (text.strip_prefix('+'), text.strip_prefix('-')) {
        (Some(rest), _) => (1, rest),
        (_, Some(rest)) => (-1, rest),
        _ => (1, text),
    };
    let (hours, minutes) = rest.split_once(':')?;
    let digits = |part: &str| -> Option<i128> {
        if part.len() == 2 && part.bytes().all(|b| b.is_ascii_digit()) { part.parse().ok() } else { None }
    };
    Some(sign * (digits(hours)? * 60 + digits(minutes)?) * 60 * SECOND)
}

/// RFC 3339 in UTC.
pub(super) fn timestamp_text(at: i128) -> String {
    let (year, month, day) = date(at.div_euclid(DAY));
    let of_day = at.rem_euclid(DAY);
    let seconds = of_day / SECOND;
    let fraction = format!("{:09}", of_day % SECOND);
    let fraction = fraction.trim_end_matches('0');
    let dot = if fraction.is_empty() { "" } else { "." };
    format!(
        "{year:04}-{month:02}-{day:02}T{:02}:{:02}:{:02}{dot}{fraction}Z",
        seconds / 3_600,
        seconds / 60 % 60,
        seconds % 60
    )
}

/// A part of a timestamp, in UTC or at an offset.
pub(super) fn timestamp_method(name: &str, at: i128, rest: &[Value]) -> Outcome {
    let at = match rest {
        [] => at,
        [Value::Text(zone)] => {
            at + offset(zone).ok_or_else(|| Fail::new(format!("unknown time zone {zone}")))?
        }
        _ => return Err(Fail::no_overload()),
    };
    let day = at.div_euclid(DAY);
    let (year, month, of_month) = date(day);
    let of_day = at.rem_euclid(DAY);
    let part = match name {
        "getFullYear" => year,
        "getMonth" => month - 1,
        "getDate" => of_month,
        "getDayOfMonth" => of_month - 1,
        "getDayOfWeek" => (day + 4).rem_euclid(7),
        "getDayOfYear" => day - days(year, 1, 1),
        "getHours" => of_day / (3_600 * SECOND),
        "getMinutes" => of_day / (60 * SECOND) % 60,
        "getSeconds" => of_day / SECOND % 60,
        "getMilliseconds" => of_day / 1_000_000 % 1_000,
        _ => return Err(Fail::no_overload()),
    };
    Ok(Value::Int(part as i64))
}

/// A duration in whole units.
pub(super) fn duration_method(name: &str, nanos: i128) -> Outcome {
    let part = match name {
        "getHours" => nanos / (3_600 * SECOND),
        "getMinutes" => nanos / (60 * SECOND),
        "getSeconds" => nanos / SECOND,
        "getMilliseconds" => nanos / 1_000_000 % 1_000,
        _ => return Err(Fail::no_overload()),
    };
    Ok(Value::Int(part as i64))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_go_both_ways() {
        for text in
            ["1970-01-01T00:00:00Z", "2000-02-29T23:59:59.5Z", "2026-11-21T16:10:22Z", "0001-01-01T00:00:00Z"]
        {
            assert_eq!(timestamp_text(parse_timestamp(text).unwrap()), text);
        }
        assert_eq!(parse_timestamp("1970-01-01T01:00:00+01:00"), Some(0));
        for bad in ["", "2023-02-29T00:00:00Z", "2023-01-01", "2023-01-01T24:00:00Z", "2023-01-01T00:00:00"] {
            assert_eq!(parse_timestamp(bad), None, "{bad}");
        }
    }

    #[test]
    fn durations_are_gos() {
        for (text, nanos) in [
            ("1h30m", Some(5_400 * SECOND)),
            ("-1.5s", Some(-SECOND * 3 / 2)),
            ("0", Some(0)),
            ("1", None),
            ("s", None),
        ] {
            assert_eq!(parse_duration(text), nanos, "{text}");
        }
        assert_eq!(duration_text(-SECOND * 3 / 2), "-1.5s");
    }
}
