//! OPA's reading of numbers in texts and in the text of a policy.

use regorus::Value;

use super::value::is_float;

/// The largest exponent of a literal beyond what a float holds.
const MAX_EXPONENT: i64 = 10_000;

/// `to_number`: as Go reads a float, so with `_` between digits behind a base, and without infinities.
pub(super) fn to_number(args: &[Value]) -> Value {
    match args {
        [Value::Null | Value::Bool(false)] => Value::from(0),
        [Value::Bool(true)] => Value::from(1),
        [number @ Value::Number(_)] => number.clone(),
        [Value::String(text)] => read(text).unwrap_or(Value::Undefined),
        _ => Value::Undefined,
    }
}

fn read(text: &str) -> Option<Value> {
    let unsigned = text.strip_prefix(['+', '-']).unwrap_or(text);
    let lower = unsigned.to_ascii_lowercase();
    if let Some(digits) = lower.strip_prefix("0x") {
        let value = hexadecimal(digits)?;
        return Some(whole(if text.starts_with('-') { -value } else { value }));
    }
    let inner = |byte: Option<u8>| byte.is_some_and(|byte| byte.is_ascii_digit());
    let bytes = lower.as_bytes();
    let known = |at: usize, byte: u8| match byte {
        b'_' => {
            inner(at.checked_sub(1).and_then(|at| bytes.get(at).copied()))
                && inner(bytes.get(at + 1).copied())
        }
        b'+' | b'-' => at.checked_sub(1).and_then(|at| bytes.get(at)) == Some(&b'e'),
        byte => byte.is_ascii_digit() || matches!(byte, b'.' | b'e'),
    };
    if !bytes.iter().enumerate().all(|(at, byte)| known(at, *byte)) {
        return None;
    }
    let plain: String = text.chars().filter(|c| *c != '_').collect();
    let value: f64 = plain.parse().ok().filter(|value: &f64| value.is_finite())?;
    // Digits alone are exact, however many.
    let digits = plain.strip_prefix('+').unwrap_or(&plain);
    let exact = digits.strip_prefix('-').unwrap_or(digits).bytes().all(|byte| byte.is_ascii_digit());
    if exact { Value::from_numeric_string(digits).ok() } else { Some(whole(value)) }
}

/// Hexadecimal digits with an exponent of two, which Go wants: `1.8p1`.
fn hexadecimal(text: &str) -> Option<f64> {
    let (digits, exponent) = text.split_once('p')?;
    let digits = digits.replace('_', "");
    let (before, after) = digits.split_once('.').unwrap_or((&digits, ""));
    let all = format!("{before}{after}");
    let value = u64::from_str_radix(&all, 16).ok()?;
    let exponent: i32 = exponent.parse().ok()?;
    let exponent = exponent.checked_sub(i32::try_from(after.len()).ok()?.checked_mul(4)?)?;
    Some(value as f64 * 2_f64.powi(exponent)).filter(|value| value.is_finite())
}

/// A float; a whole one that prints without an exponent as an integer.
fn whole(value: f64) -> Value {
    if value.fract() == 0.0 && value.abs() < 1e6 { Value::from(value as i64) } else { Value::from(value) }
}

/// A literal with an exponent, which prints as a float does; one that no float holds is an exact number.
pub(super) fn literal(args: &[Value]) -> Value {
    let [Value::String(text)] = args else { return Value::Undefined };
    match text.parse::<f64>() {
        Ok(value) if value.is_finite() => whole(value),
        _ => {
            let exponent =
                text.to_ascii_lowercase().split_once('e').and_then(|(_, exponent)| exponent.parse().ok());
            let small = exponent.is_some_and(|exponent: i64| exponent <= MAX_EXPONENT);
            let exact = if small { Value::from_numeric_string(text).ok() } else { None };
            exact.filter(|value| !is_float(value)).unwrap_or(Value::Undefined)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::format::term;
    use super::*;

    #[test]
    fn texts_are_read_as_go_reads_floats() {
        for (text, expected) in [
            ("1", "1"),
            ("-17", "-17"),
            ("+1", "1"),
            ("1.5", "1.5"),
            ("1.", "1"),
            (".5", "0.5"),
            ("01", "1"),
            ("1e3", "1000"),
            ("1e6", "1e+06"),
            ("1_000", "1000"),
            ("0x1p4", "16"),
            ("0x_1p4", "16"),
            ("0x1.8p1", "3"),
            ("100000000000000000000", "100000000000000000000"),
            ("0x1F", "<undefined>"),
            ("1__0", "<undefined>"),
            ("1_", "<undefined>"),
            ("_1", "<undefined>"),
            ("1._5", "<undefined>"),
            ("", "<undefined>"),
            (" 1", "<undefined>"),
            ("1 ", "<undefined>"),
            ("inf", "<undefined>"),
            ("NaN", "<undefined>"),
            ("1e1000", "<undefined>"),
            ("0b1", "<undefined>"),
            ("e", "<undefined>"),
        ] {
            assert_eq!(term(&to_number(&[Value::from(text)])), expected, "{text}");
        }
    }

    #[test]
    fn literals_with_an_exponent() {
        let read = |text: &str| literal(&[Value::from(text)]);
        assert_eq!(term(&read("1e6")), "1e+06");
        assert_eq!(read("1e6"), Value::from(1_000_000));
        assert_eq!(term(&read("1e3")), "1000");
        assert_eq!(term(&read("2.5e-1")), "0.25");
        assert!(read("1e1000") > Value::from(f64::MAX));
        assert_eq!(read("1e100000000"), Value::Undefined);
    }
}
