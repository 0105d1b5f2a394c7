//! Numbers as go-yaml v2 prints what Go's `encoding/json` printed before.

use std::fmt::Write;

use crate::node::{float_text, general_text};

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
/// 64 bits hold it; the rest is Go's `%g`.
pub(super) fn float(out: &mut String, value: f64) {
    if value == 0.0 {
        return out.push('0');
    }
    let json = float_text(value);
    if json.parse::<i64>().is_ok() || json.parse::<u64>().is_ok() {
        out.push_str(&json);
    } else {
        out.push_str(&general_text(value));
    }
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
