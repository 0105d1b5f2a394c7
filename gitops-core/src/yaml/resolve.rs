//! What a scalar means: go-yaml's rules for plain text and explicit tags, as data where they are data.

use std::sync::Arc;

use base64::Engine;
use base64::alphabet::STANDARD;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};

use super::number::{self, Number};
use super::{Dialect, timestamp};
use crate::node::{Plain, Scalar, Text, Value};

const NULLS: [&str; 4] = ["~", "null", "Null", "NULL"];
const TRUE: [&str; 3] = ["true", "True", "TRUE"];
const FALSE: [&str; 3] = ["false", "False", "FALSE"];
/// Booleans of YAML 1.1 only.
const YES: [&str; 8] = ["y", "Y", "yes", "Yes", "YES", "on", "On", "ON"];
const NO: [&str; 8] = ["n", "N", "no", "No", "NO", "off", "Off", "OFF"];
const NAN: [&str; 3] = [".nan", ".NaN", ".NAN"];
const INFINITY: [&str; 6] = [".inf", ".Inf", ".INF", "+.inf", "+.Inf", "+.INF"];
const MINUS_INFINITY: [&str; 3] = ["-.inf", "-.Inf", "-.INF"];

/// What the plain scalar `text` means: null, a boolean, a number, a date ([`Dialect::Kyaml`] only) or
/// else text. Use it to learn which type an unquoted text would have, and so whether text needs quotes.
///
/// Follows `resolve` of go-yaml v2 (2.4) and v3 (3.0): YAML 1.1 numbers in both, without base 60;
/// `08` is the float 8; numbers too large for 64 bits are floats, those too large for a float are text.
#[must_use]
pub fn parse_scalar(text: &str, dialect: Dialect) -> Value {
    plain(text, dialect, || Text::from(text))
}

/// Whether the plain scalar `text` is only text (a date counts as text where the dialect reads it so).
pub(super) fn is_text(text: &str, dialect: Dialect) -> bool {
    matches!(plain(text, dialect, Text::empty), Value::String(_))
}

/// Whether a plain scalar is text in every dialect, told by its first two bytes and its length. Most
/// text is; of the rest some is too.
pub(super) fn surely_text(text: &str) -> bool {
    let second = text.as_bytes().get(1).map_or(0, |byte| byte | 0x20);
    match text.as_bytes().first() {
        None | Some(b'0'..=b'9' | b'+' | b'-' | b'.' | b'~') => false,
        // null, no, n
        Some(b'n' | b'N') => !(text.len() == 1 || (text.len() <= 4 && matches!(second, b'u' | b'o'))),
        // true
        Some(b't' | b'T') => !(text.len() == 4 && second == b'r'),
        // false
        Some(b'f' | b'F') => !(text.len() == 5 && second == b'a'),
        // yes, y
        Some(b'y' | b'Y') => !(text.len() == 1 || (text.len() == 3 && second == b'e')),
        // on, off
        Some(b'o' | b'O') => !(text.len() <= 3 && matches!(second, b'n' | b'f')),
        Some(_) => true,
    }
}

/// As [`parse_scalar`]; `shared` gives the text to keep.
pub(super) fn plain(text: &str, dialect: Dialect, shared: impl FnOnce() -> Text) -> Value {
    let Some(first) = text.as_bytes().first() else { return Value::Null };
    if surely_text(text) {
        return Value::String(shared());
    }
    let keep = |plain: Plain| Value::Plain(Arc::new(plain));
    match first {
        b'~' | b'n' | b'N' | b't' | b'T' | b'f' | b'F' | b'y' | b'Y' | b'o' | b'O' => {
            let old = dialect == Dialect::Kubectl;
            match text {
                "true" => Value::Bool(true),
                "false" => Value::Bool(false),
                _ if text.len() > 5 => Value::String(shared()),
                _ if NULLS.contains(&text) => keep(Plain::null(shared())),
                _ if TRUE.contains(&text) || (old && YES.contains(&text)) => {
                    keep(Plain::bool(shared(), true))
                }
                _ if FALSE.contains(&text) || (old && NO.contains(&text)) => {
                    keep(Plain::bool(shared(), false))
                }
                _ => Value::String(shared()),
            }
        }
        b'.' | b'+' | b'-' if infinite(text).is_some() => {
            keep(Plain::float(shared(), infinite(text).unwrap_or(f64::NAN)))
        }
        b'.' => match number::parse_fraction(text) {
            Some(value) => keep(Plain::float(shared(), value)),
            None => Value::String(shared()),
        },
        b'0'..=b'9' | b'+' | b'-' => {
            // v2 knows dates, but hands out their text.
            if dialect == Dialect::Kyaml
                && let Some(canonical) = timestamp::canonical(text)
            {
                return keep(Plain::timestamp(shared(), canonical));
            }
            match number::parse(text, dialect) {
                Some(Number::Int(value)) if is_canonical(text) => Value::Int(value),
                Some(Number::Int(value)) => keep(Plain::int(shared(), value)),
                Some(Number::Uint(value)) => keep(Plain::uint(shared(), value)),
                Some(Number::Float(value)) => keep(Plain::float(shared(), value)),
                None => Value::String(shared()),
            }
        }
        _ => Value::String(shared()),
    }
}

fn infinite(text: &str) -> Option<f64> {
    if NAN.contains(&text) {
        Some(f64::NAN)
    } else if INFINITY.contains(&text) {
        Some(f64::INFINITY)
    } else if MINUS_INFINITY.contains(&text) {
        Some(f64::NEG_INFINITY)
    } else {
        None
    }
}

/// Whether an integer is spelled as it would be printed.
fn is_canonical(text: &str) -> bool {
    let digits = text.strip_prefix('-').unwrap_or(text).as_bytes();
    match digits {
        [b'0'] => text.len() == 1,
        [b'0', ..] => false,
        _ => digits.iter().all(u8::is_ascii_digit),
    }
}

/// How a scalar was written, as far as its meaning goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Style {
    /// Without quotes, on one line or several.
    Plain,
    /// In quotes, or as a block scalar.
    Quoted,
}

/// The namespace of YAML's own tags, which `!!` stands for.
pub(super) const YAML_TAGS: &str = "tag:yaml.org,2002:";

/// The value of a scalar with an optional tag, written out in full; `shared` gives its text to keep.
///
/// The error is a message.
pub(super) fn scalar(
    text: &str,
    style: Style,
    tag: Option<&str>,
    dialect: Dialect,
    shared: impl FnOnce() -> Text,
) -> Result<Value, String> {
    let kind = match (tag, style) {
        (None, Style::Plain) => return Ok(plain(text, dialect, shared)),
        (None, Style::Quoted) => None,
        // The non-specific tag: text for v2, no tag at all for v3.
        (Some("!"), Style::Plain) if dialect == Dialect::Kyaml => return Ok(plain(text, dialect, shared)),
        (Some(tag), _) => tag.strip_prefix(YAML_TAGS),
    };
    match kind {
        Some("binary") => binary(text),
        Some(kind @ ("bool" | "int" | "float" | "null" | "timestamp")) => tagged(text, kind, dialect),
        _ => Ok(Value::String(shared())),
    }
}

/// A text whose tag must be the type it resolves to anyway, but that an integer serves as a float.
fn tagged(text: &str, kind: &str, dialect: Dialect) -> Result<Value, String> {
    if kind == "timestamp" {
        let moment = timestamp::canonical(text).ok_or_else(|| mismatch(kind))?;
        return Ok(match dialect {
            Dialect::Kubectl => Value::String(Text::from(text)),
            Dialect::Kyaml => Value::Plain(Arc::new(Plain::timestamp(text, moment))),
        });
    }
    let value = parse_scalar(text, dialect);
    let found = match &value {
        Value::Null => Scalar::Null,
        Value::Bool(value) => Scalar::Bool(*value),
        Value::Int(value) => Scalar::Int(*value),
        Value::Plain(plain) => plain.scalar(),
        _ => Scalar::String(text),
    };
    match (kind, found) {
        ("float", Scalar::Int(value)) => Ok(Value::Plain(Arc::new(Plain::float(text, value as f64)))),
        ("null", Scalar::Null)
        | ("bool", Scalar::Bool(_))
        | ("int", Scalar::Int(_) | Scalar::Uint(_))
        | ("float", Scalar::Float(_)) => Ok(value),
        _ => Err(mismatch(kind)),
    }
}

fn mismatch(kind: &str) -> String {
    let what = match kind {
        "bool" => "a boolean",
        "int" => "an integer",
        "float" => "a number",
        "null" => "null",
        _ => "a date or time",
    };
    format!("the tag !!{kind} needs {what}; correct the value or remove the tag")
}

/// Base64 as Go's decoder takes it: padded, line breaks ignored, stray low bits too.
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &STANDARD,
    GeneralPurposeConfig::new()
        .with_decode_allow_trailing_bits(true)
        .with_decode_padding_mode(DecodePaddingMode::RequireCanonical),
);

fn binary(text: &str) -> Result<Value, String> {
    let text: String = text.chars().filter(|character| !matches!(character, '\r' | '\n')).collect();
    let bytes = BASE64.decode(text).map_err(|_| "the tag !!binary needs base64".to_owned())?;
    // JSON has no bytes: Go replaces each one that is not UTF-8.
    let mut decoded = String::with_capacity(bytes.len());
    for chunk in bytes.utf8_chunks() {
        decoded.push_str(chunk.valid());
        decoded.extend(chunk.invalid().iter().map(|_| char::REPLACEMENT_CHARACTER));
    }
    Ok(Value::String(Text::from(decoded)))
}
