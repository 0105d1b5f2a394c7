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
