//! Moments as the caller gives them and documents write them: RFC 3339, without a clock and without
//! time zones that have names.

use std::fmt;

use crate::{Error, ErrorKind, Result};

/// Nanoseconds of a second.
pub(crate) const SECOND: i128 = 1_000_000_000;
/// Nanoseconds of a day.
pub(crate) const DAY: i128 = 86_400 * SECOND;

/// A moment: nanoseconds since 1970-01-01T00:00:00Z.
///
/// The library never asks for the time; whoever wants something judged by it says what time it is.
/// Displays, and serializes, as RFC 3339 in UTC.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Timestamp(i128);

impl Timestamp {
    /// The moment that a text of RFC 3339 names, such as `2026-11-21T18:00:00Z`.
    ///
    /// # Errors
    /// [`ErrorKind::Argument`] with code `bad-time`.
    pub fn parse(text: &str) -> Result<Self> {
        parse_rfc3339(text).map(Self).ok_or_else(|| {
            let shown: String = text.chars().take(60).map(|c| if c.is_control() { '?' } else { c }).collect();
            let message = format!("`{shown}` is no time of RFC 3339; write it as `2026-11-21T18:00:00Z`");
            Error::new(ErrorKind::Argument, "bad-time", message)
        })
    }

    /// The moment of so many seconds since 1970-01-01T00:00:00Z, as Git and Unix count them.
    #[must_use]
    pub fn from_unix(seconds: i64) -> Self {
        Self(i128::from(seconds) * SECOND)
    }

    /// Nanoseconds since 1970-01-01T00:00:00Z.
    #[must_use]
    pub fn nanoseconds(self) -> i128 {
        self.0
    }

    /// The start, in UTC, of a day written as `2026-11-21`.
    #[cfg(any(test, feature = "policy"))]
    pub(crate) fn start_of_day(text: &str) -> Option<Self> {
        (text.len() == 10).then(|| parse_rfc3339(&format!("{text}T00:00:00Z")).map(Self))?
    }

    /// So many days later, or earlier.
    pub(crate) fn plus_days(self, days: i64) -> Self {
        Self(self.0 + i128::from(days) * DAY)
    }

    /// Whole days from `earlier` to this moment, rounded up.
    #[cfg(any(test, feature = "policy"))]
    pub(crate) fn days_since(self, earlier: Self) -> i128 {
        (self.0 - earlier.0 + DAY - 1).div_euclid(DAY)
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&rfc3339(self.0))
    }
}

impl serde::Serialize for Timestamp {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// Days since 1970 of a date of the Gregorian calendar.
pub(crate) fn days(year: i128, month: i128, day: i128) -> i128 {
    // Years that begin in March have their leap day last.
    let year = if month <= 2 { year - 1 } else { year };
    let era = year.div_euclid(400);
    let of_era = year.rem_euclid(400);
    let of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719_468
}

/// The date of a day since 1970: year, month, day.
pub(crate) fn date(days: i128) -> (i128, i128, i128) {
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
pub(crate) fn parse_rfc3339(text: &str) -> Option<i128> {
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
    // A zone as CEL gives it may also be written without a sign, or as `UTC`.
    let offset = if rest == "Z" || rest.starts_with(['+', '-']) { offset(rest)? } else { return None };
    Some(start * DAY + ((hour * 60 + minute) * 60 + second) * SECOND + nanos - offset)
}

/// `Z` or `+01:00`, in nanoseconds.
pub(crate) fn offset(text: &str) -> Option<i128> {
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
    let (hours, minutes) = (digits(hours)?, digits(minutes)?);
    (hours < 24 && minutes < 60).then_some(sign * (hours * 60 + minutes) * 60 * SECOND)
}

/// RFC 3339 in UTC.
pub(crate) fn rfc3339(at: i128) -> String {
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_go_both_ways() {
        for text in
            ["1970-01-01T00:00:00Z", "2000-02-29T23:59:59.5Z", "2026-11-21T16:10:22Z", "0001-01-01T00:00:00Z"]
        {
            assert_eq!(rfc3339(parse_rfc3339(text).unwrap()), text);
        }
        assert_eq!(parse_rfc3339("1970-01-01T01:00:00+01:00"), Some(0));
        for bad in [
            "",
            "2023-02-29T00:00:00Z",
            "2023-01-01",
            "2023-01-01T24:00:00Z",
            "2023-01-01T00:00:00",
            "2023-01-01T00:00:00UTC",
            "2023-01-01T00:00:0001:00",
            "2023-01-01T00:00:00+24:00",
        ] {
            assert_eq!(parse_rfc3339(bad), None, "{bad}");
        }
    }

    #[test]
    fn moments_are_compared_and_printed() {
        let at = |text| Timestamp::parse(text).unwrap();
        assert_eq!(at("2026-11-21T19:00:00+01:00"), at("2026-11-21T18:00:00Z"));
        assert_eq!(Timestamp::from_unix(0).to_string(), "1970-01-01T00:00:00Z");
        assert_eq!(Timestamp::start_of_day("2026-11-21").unwrap().plus_days(1), at("2026-11-22T00:00:00Z"));
        assert_eq!(Timestamp::start_of_day("2026-02-30"), None);
        assert_eq!(Timestamp::start_of_day("2026-11-21T"), None);
        assert_eq!(at("2026-11-22T00:00:01Z").days_since(at("2026-11-21T00:00:00Z")), 2);
        assert_eq!(Timestamp::parse("tomorrow").unwrap_err().code(), "bad-time");
    }
}
