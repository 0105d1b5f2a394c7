//! Numbers as go-yaml reads them, which is how Go's `strconv` reads them with underscores removed.

use std::borrow::Cow;

use super::Dialect;

/// What a plain scalar that begins like a number means.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Number {
    /// Fits a signed 64-bit integer.
    Int(i64),
    /// Only fits an unsigned one.
    Uint(u64),
    /// Everything else that is a number.
    Float(f64),
}

/// A text that begins with a digit or a sign.
pub(super) fn parse(text: &str, dialect: Dialect) -> Option<Number> {
    let plain: Cow<'_, str> =
        if text.contains('_') { Cow::Owned(text.replace('_', "")) } else { Cow::Borrowed(text) };
    integer(&plain).or_else(|| float(&plain).map(Number::Float)).or_else(|| {
        // Behind these prefixes go-yaml takes a sign, which nobody writes.
        let late = plain.strip_prefix("0b").and_then(|digits| signed(digits, 2));
        match dialect {
            Dialect::Kubectl => late,
            Dialect::Kyaml => late.or_else(|| plain.strip_prefix("0o").and_then(|digits| signed(digits, 8))),
        }
        .map(Number::Int)
    })
}

/// A text that begins with a dot. Go permits underscores here if they stand between digits.
pub(super) fn parse_fraction(text: &str) -> Option<f64> {
    if !text.contains('_') {
        return float(text);
    }
    let bytes = text.as_bytes();
    let digit = |at: Option<usize>| at.and_then(|at| bytes.get(at)).is_some_and(u8::is_ascii_digit);
    let between = |at: usize| digit(at.checked_sub(1)) && digit(Some(at + 1));
    let permitted = bytes.iter().enumerate().all(|(at, byte)| *byte != b'_' || between(at));
    if permitted { float(&text.replace('_', "")) } else { None }
}

/// Decimal, or with the prefix `0x`, `0o`, `0b` or (octal) `0`.
fn integer(text: &str) -> Option<Number> {
    let (negative, digits) = match text.as_bytes().first()? {
        b'-' => (true, text.get(1..)?),
        b'+' => (false, text.get(1..)?),
        _ => (false, text),
    };
    let (radix, digits) = match digits.as_bytes() {
        [b'0', b'x' | b'X', _, ..] => (16, digits.get(2..)?),
        [b'0', b'o' | b'O', _, ..] => (8, digits.get(2..)?),
        [b'0', b'b' | b'B', _, ..] => (2, digits.get(2..)?),
        [b'0'] => return Some(Number::Int(0)),
        [b'0', ..] => (8, digits.get(1..)?),
        _ => (10, digits),
    };
    // `from_str_radix` would take another sign.
    if !digits.as_bytes().first()?.is_ascii_alphanumeric() {
        return None;
    }
    let magnitude = u64::from_str_radix(digits, radix).ok()?;
    match (negative, i64::try_from(magnitude)) {
        (false, Ok(value)) => Some(Number::Int(value)),
        (true, Ok(value)) => Some(Number::Int(-value)),
        (true, Err(_)) => (magnitude == i64::MIN.unsigned_abs()).then_some(Number::Int(i64::MIN)),
        // Go's unsigned reader knows no `+`.
        (false, Err(_)) => (!text.starts_with('+')).then_some(Number::Uint(magnitude)),
    }
}

fn signed(digits: &str, radix: u32) -> Option<i64> {
    i64::from_str_radix(digits, radix).ok()
}

/// Decimal digits with at most one dot and an exponent; too large for a float is no number.
fn float(text: &str) -> Option<f64> {
    let digits = |bytes: &[u8]| bytes.iter().take_while(|byte| byte.is_ascii_digit()).count();
    let mut rest = text.as_bytes();
    if let [b'+' | b'-', tail @ ..] = rest {
        rest = tail;
    }
    let whole = digits(rest);
    rest = rest.get(whole..)?;
    if let [b'.', tail @ ..] = rest {
        let fraction = digits(tail);
        if whole == 0 && fraction == 0 {
            return None;
        }
        rest = tail.get(fraction..)?;
    } else if whole == 0 {
        return None;
    }
    if let [b'e' | b'E', tail @ ..] = rest {
        let tail = match tail {
            [b'+' | b'-', tail @ ..] => tail,
            tail => tail,
        };
        let exponent = digits(tail);
        if exponent == 0 {
            return None;
        }
        rest = tail.get(exponent..)?;
    }
    if !rest.is_empty() {
        return None;
    }
    text.parse::<f64>().ok().filter(|value| value.is_finite())
}
