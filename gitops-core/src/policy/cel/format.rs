//! `"…".format(list)`, quoting, and the named formats of Kubernetes.

use super::eval::{Evaluator, Fail};
use super::scalars::to_text;
use super::url::Url;
use super::value::Value;

/// Formats a text: `%s %d %f %e %x %X %o %b %%`.
pub(super) fn format(ev: &mut Evaluator<'_>, template: &str, values: &[Value]) -> Result<String, Fail> {
    let mut out = String::new();
    let mut chars = template.chars();
    let mut values = values.iter();
    while let Some(c) = chars.next() {
        if c != '%' {
            out.push(c);
            continue;
        }
        let mut precision = None;
        let mut clause = chars.next();
        if clause == Some('.') {
            let mut digits = String::new();
            clause = chars.next();
            while let Some(digit) = clause.filter(char::is_ascii_digit) {
                digits.push(digit);
                clause = chars.next();
            }
            precision = digits.parse::<usize>().ok().filter(|precision| *precision <= 100);
        }
        let Some(clause) = clause else { return Err(Fail::new("unexpected end of string")) };
        if clause == '%' {
            out.push('%');
            continue;
        }
        let value = values.next().ok_or_else(|| Fail::new("index out of range"))?;
        let before = out.len();
        match clause {
            's' => show(ev, value, false, &mut out)?,
            _ => out.push_str(&number(clause, precision, value)?),
        }
        ev.charge((out.len() - before) as u64 / 10)?;
    }
    Ok(out)
}

fn number(clause: char, precision: Option<usize>, value: &Value) -> Result<String, Fail> {
    let wrong =
        || Fail::new(format!("error during formatting: %{clause} does not take {}", value.type_name()));
    let double = |value: &Value| match value {
        Value::Double(value) => Some(*value),
        Value::Int(value) => Some(*value as f64),
        Value::Uint(value) => Some(*value as f64),
        _ => None,
    };
    Ok(match (clause, value) {
        ('d', Value::Int(value)) => value.to_string(),
        ('d', Value::Uint(value)) => value.to_string(),
        ('f', value) => format!("{:.*}", precision.unwrap_or(6), double(value).ok_or_else(wrong)?),
        ('e', value) => {
            let text = format!("{:.*e}", precision.unwrap_or(6), double(value).ok_or_else(wrong)?);
            let (mantissa, exponent) = text.split_once('e').unwrap_or((&text, "0"));
            let (sign, digits) = exponent.strip_prefix('-').map_or(('+', exponent), |digits| ('-', digits));
            format!("{mantissa}e{sign}{digits:0>2}")
        }
        ('x' | 'X' | 'o' | 'b', Value::Int(value)) => {
            let sign = if *value < 0 { "-" } else { "" };
            format!("{sign}{}", radix(clause, value.unsigned_abs()))
        }
        ('x' | 'X' | 'o' | 'b', Value::Uint(value)) => radix(clause, *value),
        ('b', Value::Bool(value)) => u8::from(*value).to_string(),
        ('x' | 'X', Value::Text(text)) => hex(clause, text.as_bytes()),
        ('x' | 'X', Value::Bytes(bytes)) => hex(clause, bytes),
        ('d' | 'x' | 'X' | 'o' | 'b', _) => return Err(wrong()),
        _ => return Err(Fail::new(format!("unrecognized formatting clause \"{clause}\""))),
    })
}

fn radix(clause: char, value: u64) -> String {
    match clause {
        'x' => format!("{value:x}"),
        'X' => format!("{value:X}"),
        'o' => format!("{value:o}"),
        _ => format!("{value:b}"),
    }
}

fn hex(clause: char, bytes: &[u8]) -> String {
    let text: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    if clause == 'X' { text.to_uppercase() } else { text }
}

/// What `%s` shows; a text inside a collection is quoted.
fn show(ev: &mut Evaluator<'_>, value: &Value, inside: bool, out: &mut String) -> Result<(), Fail> {
    ev.charge(1 + value.weight())?;
    match value {
        Value::Text(text) if inside => out.push_str(&quote(text)),
        Value::Null => out.push_str("null"),
        Value::Type(name) => out.push_str(name),
        Value::List(items) => {
            out.push('[');
            for (at, item) in items.iter().enumerate() {
                out.push_str(if at > 0 { ", " } else { "" });
                show(ev, item, true, out)?;
            }
            out.push(']');
        }
        Value::Map(map) => {
            out.push('{');
            for (at, (key, item)) in map.iter().enumerate() {
                out.push_str(if at > 0 { ", " } else { "" });
                show(ev, &key.value(), true, out)?;
                out.push_str(": ");
                show(ev, item, true, out)?;
            }
            out.push('}');
        }
        Value::Timestamp(_) if inside => {
            out.push_str(&format!("timestamp(\"{}\")", to_text(value).unwrap_or_default()))
        }
        Value::Duration(_) if inside => {
            out.push_str(&format!("duration(\"{}\")", to_text(value).unwrap_or_default()))
        }
        other => match to_text(other) {
            Some(text) => out.push_str(&text),
            None => {
                return Err(Fail::new(format!(
                    "error during formatting: string clause can only be used on strings, bools, bytes, ints, doubles, maps, lists, types, durations, and timestamps, was given {}",
                    other.type_name()
                )));
            }
        },
    }
    Ok(())
}

/// The text as a literal.
pub(super) fn quote(text: &str) -> String {
    let mut out = String::from("\"");
    for c in text.chars() {
        match c {
            '\u{7}' => out.push_str("\\a"),
            '\u{8}' => out.push_str("\\b"),
            '\u{c}' => out.push_str("\\f"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            '\u{b}' => out.push_str("\\v"),
            '\\' => out.push_str("\\\\"),
            '"' => out.push_str("\\\""),
            c => out.push(c),
        }
    }
    out.push('"');
    out
}

/// The named formats.
pub(super) const NAMES: &[&str] = &[
    "dns1123Label",
    "dns1123Subdomain",
    "dns1035Label",
    "qualifiedName",
    "dns1123LabelPrefix",
    "dns1123SubdomainPrefix",
    "dns1035LabelPrefix",
    "labelValue",
    "uri",
    "uuid",
    "byte",
    "date",
    "datetime",
];

/// What is wrong with a text of a named format.
pub(super) fn problems(name: &str, text: &str) -> Vec<String> {
    // A prefix may end with what a longer name would go on after.
    let body = if name.ends_with("Prefix") { text.strip_suffix('-').unwrap_or(text) } else { text };
    let label = |text: &str, first_is_letter: bool| {
        let small = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
        let bytes = text.as_bytes();
        !bytes.is_empty()
            && bytes.iter().all(|byte| small(*byte) || *byte == b'-')
            && bytes.last().is_some_and(|byte| small(*byte))
            && bytes
                .first()
                .is_some_and(|byte| if first_is_letter { byte.is_ascii_lowercase() } else { small(*byte) })
    };
    let value = |text: &str| {
        text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte))
            && [text.bytes().next(), text.bytes().next_back()].iter().flatten().all(u8::is_ascii_alphanumeric)
            && text.len() <= 63
    };
    let subdomain = |text: &str| text.len() <= 253 && text.split('.').all(|part| label(part, false));
    let digits = |text: &str, lengths: &[usize]| {
        let parts: Vec<&str> = text.split('-').collect();
        parts.len() == lengths.len()
            && parts
                .iter()
                .zip(lengths)
                .all(|(part, length)| part.len() == *length && part.bytes().all(|b| b.is_ascii_hexdigit()))
    };
    let fine = match name {
        "dns1123Label" | "dns1123LabelPrefix" => text.len() <= 63 && label(body, false),
        "dns1035Label" | "dns1035LabelPrefix" => text.len() <= 63 && label(body, true),
        "dns1123Subdomain" | "dns1123SubdomainPrefix" => text.len() <= 253 && subdomain(body),
        "qualifiedName" => {
            let (prefix, name) =
                text.split_once('/').map_or((None, text), |(prefix, name)| (Some(prefix), name));
            prefix.is_none_or(subdomain) && !name.is_empty() && value(name)
        }
        "labelValue" => value(text),
        "uri" => Url::parse(text).is_some(),
        "uuid" => digits(text, &[8, 4, 4, 4, 12]),
        "date" => crate::time::parse_rfc3339(&format!("{text}T00:00:00Z")).is_some(),
        "datetime" => crate::time::parse_rfc3339(text).is_some(),
        "byte" => {
            use base64::Engine;
            base64::engine::general_purpose::STANDARD.decode(text).is_ok()
        }
        _ => true,
    };
    if fine { Vec::new() } else { vec![format!("must be a valid {name}")] }
}
