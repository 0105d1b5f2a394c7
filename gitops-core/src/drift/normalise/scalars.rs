//! The one spelling of scalars that have several.

use base64::Engine;
use base64::alphabet::STANDARD;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};

use crate::knowledge::types::Shape;
use crate::node::{Node, Scalar, Value, float_text};
use crate::object::duration::{duration_text, parse_duration};
use crate::object::quantity::Quantity;
use crate::time::{SECOND, parse_rfc3339, rfc3339};

/// As Go reads base64: padded, and with any bits after the last byte.
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &STANDARD,
    GeneralPurposeConfig::new()
        .with_decode_allow_trailing_bits(true)
        .with_decode_padding_mode(DecodePaddingMode::RequireCanonical),
);

/// The canonical form of a scalar; `None` if it has it already, or is no value of that shape.
pub(super) fn canonical(shape: Shape, node: &Node) -> Option<Node> {
    let text = match shape {
        Shape::Quantity if node.as_str().is_some_and(is_plain) => return None,
        Shape::Quantity => quantity(&quantity_text(node)?)?,
        Shape::Duration => duration_text(parse_duration(node.as_str()?)?),
        Shape::Time => {
            let at = parse_rfc3339(text(node)?)?;
            rfc3339(at - at.rem_euclid(SECOND))
        }
        Shape::MicroTime => with_micros(parse_rfc3339(text(node)?)?),
        Shape::Bytes => bytes(node.as_str()?)?,
        _ => return None,
    };
    (node.as_str() != Some(text.as_str())).then(|| Node::string(text, node.span))
}

/// RFC 3339 with six digits of a second, as Kubernetes' `MicroTime`.
fn with_micros(at: i128) -> String {
    let whole = rfc3339(at - at.rem_euclid(SECOND));
    format!("{}.{:06}Z", whole.trim_end_matches('Z'), at.rem_euclid(SECOND) / 1_000)
}

/// Text, or a date that YAML reads as one.
fn text(node: &Node) -> Option<&str> {
    match node.scalar()? {
        Scalar::String(text) => Some(text),
        _ => None,
    }
}

/// The text of a quantity as JSON would hold it.
pub(super) fn quantity_text(node: &Node) -> Option<std::borrow::Cow<'_, str>> {
    Some(match node.scalar()? {
        Scalar::String(text) => text.trim().into(),
        Scalar::Int(value) => value.to_string().into(),
        Scalar::Uint(value) => value.to_string().into(),
        Scalar::Float(value) => float_text(value).into(),
        Scalar::Bool(_) | Scalar::Null => return None,
    })
}

fn quantity(text: &str) -> Option<String> {
    Quantity::parse(text).ok().map(|quantity| quantity.to_string())
}

/// Whether a text is seen at a glance to be a canonical quantity: a small whole number that has none of
/// the next unit in it. That is most of them.
fn is_plain(text: &str) -> bool {
    let end = text.bytes().take_while(u8::is_ascii_digit).count();
    let Some((digits, suffix)) = text.split_at_checked(end) else { return false };
    if digits.starts_with('0') || !(1..=6).contains(&digits.len()) {
        return false;
    }
    match suffix {
        "" | "m" | "k" | "M" | "G" => !digits.ends_with("000"),
        "Ki" | "Mi" | "Gi" => digits.parse::<u32>().is_ok_and(|value| value % 1024 != 0),
        _ => false,
    }
}

fn bytes(text: &str) -> Option<String> {
    let clean: String;
    let text = if text.contains(['\r', '\n']) {
        clean = text.replace(['\r', '\n'], "");
        &clean
    } else {
        text
    };
    // The last four letters alone may hold bits that mean nothing; the rest has one spelling.
    let at = text.len().saturating_sub(4);
    let (start, end) = text.split_at_checked(at)?;
    if !end.ends_with('=') {
        return Some(text.to_owned());
    }
    Some(format!("{start}{}", BASE64.encode(BASE64.decode(end).ok()?)))
}

/// Base64 of a text.
pub(super) fn base64(text: &str) -> Value {
    Value::String(BASE64.encode(text).into())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::node::Span;

    #[test]
    fn a_glance_sees_what_parsing_does() {
        for number in [1, 7, 10, 99, 100, 999, 1000, 1023, 1024, 2048, 5000, 65_536, 100_000, 999_999] {
            for suffix in ["", "m", "k", "M", "G", "Ki", "Mi", "Gi"] {
                let text = format!("{number}{suffix}");
                assert!(!is_plain(&text) || quantity(&text).as_ref() == Some(&text), "{text}");
            }
        }
        assert!(is_plain("500m") && is_plain("512Mi") && !is_plain("1024Mi") && !is_plain("1000m"));
    }

    #[test]
    fn scalars_have_one_spelling() {
        for (shape, text, expected) in [
            (Shape::Quantity, "1000m", Some("1")),
            (Shape::Quantity, " 1Gi ", Some("1Gi")),
            (Shape::Quantity, "500Mi", None),
            (Shape::Quantity, "100m", None),
            (Shape::Quantity, "much", None),
            (Shape::Duration, "60m", Some("1h0m0s")),
            (Shape::Duration, "1h0m0s", None),
            (Shape::Duration, "soon", None),
            (Shape::Time, "2024-01-02T03:04:05.9+01:00", Some("2024-01-02T02:04:05Z")),
            (Shape::MicroTime, "2024-01-02T03:04:05Z", Some("2024-01-02T03:04:05.000000Z")),
            (Shape::Bytes, "YWJj\nZA==\n", Some("YWJjZA==")),
            (Shape::Bytes, "YWJjZB==", Some("YWJjZA==")),
            (Shape::Bytes, "YWJj", None),
            (Shape::Text, "1000m", None),
        ] {
            let node = Node::string(text, Span::NONE);
            let found = canonical(shape, &node);
            assert_eq!(found.as_ref().and_then(Node::as_str), expected, "{shape:?} {text}");
        }
        for (value, expected) in [(Value::Int(2), "2"), (Value::Float(0.5), "500m"), (Value::Int(3000), "3k")]
        {
            let found = canonical(Shape::Quantity, &Node::new(value, Span::NONE)).unwrap();
            assert_eq!(found.as_str(), Some(expected));
        }
    }
}
