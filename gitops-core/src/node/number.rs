//! Numbers as Go prints them.

/// A number as Go's `encoding/json` prints a float64: shortest digits, an exponent only below 1e-6
/// and from 1e21 on.
pub(crate) fn float_text(value: f64) -> String {
    if !value.is_finite() {
        return if value.is_nan() {
            ".nan".into()
        } else if value > 0.0 {
            ".inf".into()
        } else {
            "-.inf".into()
        };
    }
    let magnitude = value.abs();
    let sign = if value.is_sign_negative() { "-" } else { "" };
    if magnitude == 0.0 {
        return format!("{sign}0");
    }
    let (digits, point) = shortest_digits(magnitude);
    if (1e-6..1e21).contains(&magnitude) {
        let places = point.unsigned_abs() as usize;
        return match digits.split_at_checked(places) {
            _ if point <= 0 => format!("{sign}0.{:0<places$}{digits}", ""),
            Some((whole, "")) => format!("{sign}{whole}"),
            Some((whole, fraction)) => format!("{sign}{whole}.{fraction}"),
            None => format!("{sign}{digits:0<places$}"),
        };
    }
    format!("{sign}{}e{:+}", with_point(&digits), point - 1)
}

/// A number as Go's `%g` with the fewest digits: an exponent of at least two digits below 1e-4 and from
/// 1e6 on.
pub(crate) fn general_text(value: f64) -> String {
    if !value.is_finite() {
        return match value {
            _ if value.is_nan() => "NaN",
            _ if value > 0.0 => "+Inf",
            _ => "-Inf",
        }
        .to_owned();
    }
    let magnitude = value.abs();
    if magnitude == 0.0 || (1e-4..1e6).contains(&magnitude) {
        return float_text(value);
    }
    let (digits, point) = shortest_digits(magnitude);
    let sign = if value < 0.0 { "-" } else { "" };
    format!("{sign}{}e{:+03}", with_point(&digits), point - 1)
}

/// `1.25` of the digits 125.
fn with_point(digits: &str) -> String {
    match digits.split_at_checked(1) {
        Some((first, rest)) if !rest.is_empty() => format!("{first}.{rest}"),
        _ => digits.to_owned(),
    }
}

/// The shortest digits that read back as `value`, a positive number, and how many of them stand before
/// the point. Between two that are equally near, the even one, as Go has it; the standard library
/// takes the upper.
pub(crate) fn shortest_digits(value: f64) -> (String, i32) {
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
    fn floats_print_as_go_json() {
        for (value, text) in [
            (1.0, "1"),
            (1.5, "1.5"),
            (1e-7, "1e-7"),
            (1e21, "1e+21"),
            (1e20, "100000000000000000000"),
            (-0.0, "-0"),
            (0.1, "0.1"),
            (-0.000_001_25, "-0.00000125"),
            (123.456, "123.456"),
            (-2.5e-9, "-2.5e-9"),
            (1.7976931348623157e308, "1.7976931348623157e+308"),
            // Two shortest forms are equally near; Go takes the even digit.
            (1034336900055332.2, "1034336900055332.2"),
        ] {
            assert_eq!(float_text(value), text);
        }
    }

    #[test]
    fn floats_print_as_go_g() {
        for (value, text) in [
            (0.0, "0"),
            (1.5, "1.5"),
            (-999999.5, "-999999.5"),
            (1e6, "1e+06"),
            (-1234567.5, "-1.2345675e+06"),
            (0.0001, "0.0001"),
            (0.000_012, "1.2e-05"),
            (154161839996241.12, "1.5416183999624112e+14"),
            (5e-324, "5e-324"),
            (f64::INFINITY, "+Inf"),
        ] {
            assert_eq!(general_text(value), text);
        }
    }
}
