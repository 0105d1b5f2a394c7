//! Durations, and the parts of timestamps.

use super::eval::{Fail, Outcome};
use super::value::Value;
pub(super) use crate::object::duration::parse_duration;
use crate::time::{DAY, SECOND, date, days, offset};

/// CEL's text of a duration: seconds.
pub(super) fn duration_text(nanos: i128) -> String {
    let (sign, nanos) = (if nanos < 0 { "-" } else { "" }, nanos.abs());
    let fraction = format!("{:09}", nanos % SECOND);
    let fraction = fraction.trim_end_matches('0');
    let dot = if fraction.is_empty() { "" } else { "." };
    format!("{sign}{}{dot}{fraction}s", nanos / SECOND)
}

/// What a time zone such as `Europe/Berlin` is ahead of UTC at a moment, in nanoseconds.
fn zone_offset(name: &str, at: i128) -> Option<i128> {
    use chrono::{Offset as _, TimeZone as _};
    let zone: chrono_tz::Tz = name.parse().ok()?;
    let moment = chrono::DateTime::from_timestamp(i64::try_from(at.div_euclid(SECOND)).ok()?, 0)?;
    let ahead = zone.offset_from_utc_datetime(&moment.naive_utc()).fix().local_minus_utc();
    Some(i128::from(ahead) * SECOND)
}

/// A part of a timestamp, in UTC, at an offset or in a time zone.
pub(super) fn timestamp_method(name: &str, at: i128, rest: &[Value]) -> Outcome {
    let at = match rest {
        [] => at,
        [Value::Text(zone)] => {
            let offset = offset(zone).or_else(|| zone_offset(zone, at));
            at + offset.ok_or_else(|| Fail::new(format!("unknown time zone {zone}")))?
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
    fn zones_have_names_and_summers() {
        let at = |text: &str| crate::time::parse_rfc3339(text).unwrap();
        for (moment, zone, hour) in [
            ("2026-01-15T12:00:00Z", "Europe/Berlin", Some(13)),
            ("2026-07-15T12:00:00Z", "Europe/Berlin", Some(14)),
            ("2026-07-15T12:00:00Z", "Asia/Kolkata", Some(17)),
            ("2026-07-15T12:00:00Z", "UTC", Some(12)),
            ("2026-07-15T12:00:00Z", "-02:00", Some(10)),
            ("2026-07-15T12:00:00Z", "Europe/Nowhere", None),
        ] {
            let found = timestamp_method("getHours", at(moment), &[Value::text(zone)]).ok();
            assert_eq!(found, hour.map(Value::Int), "{moment} {zone}");
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
