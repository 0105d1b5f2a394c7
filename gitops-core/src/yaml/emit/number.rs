//! Numbers as go-yaml v2 prints what Go's `encoding/json` printed before.

use std::fmt::Write;

/// Appends an integer in decimal.
pub(super) fn int(out: &mut String, value: i64) {
    // Writing to a `String` does not fail.
    let _ = write!(out, "{value}");
}

/// Appends an integer in decimal.
pub(super) fn uint(out: &mut String, value: u64) {
    let _ = write!(out, "{value}");
}

/// Appends a finite number. JSON drops the point of a whole number, so it comes back as an integer if
/// 64 bits hold it; the rest is Go's `strconv` format `g`: shortest digits, an exponent of at least
/// two digits below 1e-4 and from 1e6 on.
pub(super) fn float(out: &mut String, value: f64) {
    if value == 0.0 {
        return out.push('0');
    }
    let (digits, point) = shortest(value.abs());
    let sign = if value < 0.0 { "-" } else { "" };
    let zeros = point.saturating_sub(digits.len() as i32);
    if (digits.len() as i32..=21).contains(&point) {
        let whole = format!("{sign}{digits}{:0<width$}", "", width = zeros as usize);
        if whole.parse::<i64>().is_ok() || whole.parse::<u64>().is_ok() {
            return out.push_str(&whole);
        }
    }
    out.push_str(sign);
    let split = if (-3..=6).contains(&point) { point } else { 1 };
    if split <= 0 {
        let _ = write!(out, "0.{:0<width$}{digits}", "", width = split.unsigned_abs() as usize);
    } else {
        let (whole, fraction) = digits.split_at_checked(split as usize).unwrap_or((&digits, ""));
        out.push_str(whole);
        if !fraction.is_empty() {
            out.push('.');
            out.push_str(fraction);
        }
    }
    if split != point {
        let exponent = point - 1;
        let sign = if exponent < 0 { '-' } else { '+' };
        let _ = write!(out, "e{sign}{:02}", exponent.unsigned_abs());
    }
}

/// The shortest digits that read back as `value`, a positive number, and how many of them stand before
/// the point. Between two that are equally near, the even one, as Go has it; the standard library
/// takes the upper.
fn shortest(value: f64) -> (String, i32) {
    let text = serde_json::Value::from(value).to_string();
    let (mantissa, exponent) = text.split_once('e').unwrap_or((&text, "0"));
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let all = [whole, fraction].concat();
    let significant = all.trim_start_matches('0');
    let leading = all.len() - significant.len();
    let exponent: i32 = exponent.parse().unwrap_or(0);
    (significant.trim_end_matches('0').to_owned(), exponent + whole.len() as i32 - leading as i32)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn floats_print_as_go_yaml_after_json() {
        for (value, text) in [
            (1.0, "1"),
            (-0.0, "0"),
            (1e3, "1000"),
            (1.5, "1.5"),
            (0.0001, "0.0001"),
            (0.00001, "1e-05"),
            (1e-7, "1e-07"),
            (123456.5, "123456.5"),
            (1234567.5, "1.2345675e+06"),
            (1e15, "1000000000000000"),
            (1e19, "10000000000000000000"),
            (-1e19, "-1e+19"),
            (1e20, "1e+20"),
            (1e21, "1e+21"),
            (9223372036854775808.0, "9223372036854776000"),
            (1034336900055332.2, "1.0343369000553322e+15"),
            (154161839996241.12, "1.5416183999624112e+14"),
            (-0.25, "-0.25"),
            (999999.5, "999999.5"),
            (0.00012, "0.00012"),
            (18446744073709551616.0, "1.8446744073709552e+19"),
            (1.7976931348623157e308, "1.7976931348623157e+308"),
            (5e-324, "5e-324"),
        ] {
            let mut out = String::new();
            float(&mut out, value);
            assert_eq!(out, text);
        }
    }
}
