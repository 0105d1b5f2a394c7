//! The functions: the standard ones of CEL, and the libraries that Kubernetes adds for lists, texts,
//! sets, regular expressions, URLs, addresses, quantities, versions and named formats.

use std::cmp::Ordering;
use std::collections::BTreeSet;
use std::net::IpAddr;
use std::sync::Arc;

use super::eval::{Evaluator, Fail, Outcome};
use super::format;
use super::semver::Semver;
use super::time;
use super::url::Url;
use super::value::{Key, Value};
use crate::object::quantity::Quantity;
use crate::policy::network::Network;

/// Types that an expression may name.
pub(super) const TYPES: &[&str] =
    &["bool", "int", "uint", "double", "string", "bytes", "list", "map", "null_type", "type"];

/// Name, whether it stands after a value and a dot, and the numbers of its arguments.
const FUNCTIONS: &[(&str, bool, &[usize])] = &[
    ("==", false, &[2]),
    ("!=", false, &[2]),
    ("<", false, &[2]),
    ("<=", false, &[2]),
    (">", false, &[2]),
    (">=", false, &[2]),
    ("in", false, &[2]),
    ("+", false, &[2]),
    ("-", false, &[2]),
    ("*", false, &[2]),
    ("/", false, &[2]),
    ("%", false, &[2]),
    ("!", false, &[1]),
    ("neg", false, &[1]),
    ("size", false, &[1]),
    ("size", true, &[0]),
    ("type", false, &[1]),
    ("dyn", false, &[1]),
    ("int", false, &[1]),
    ("uint", false, &[1]),
    ("double", false, &[1]),
    ("string", false, &[1]),
    ("bytes", false, &[1]),
    ("bool", false, &[1]),
    ("duration", false, &[1]),
    ("timestamp", false, &[1]),
    ("contains", true, &[1]),
    ("startsWith", true, &[1]),
    ("endsWith", true, &[1]),
    ("matches", true, &[1]),
    ("matches", false, &[2]),
    ("getFullYear", true, &[0, 1]),
    ("getMonth", true, &[0, 1]),
    ("getDate", true, &[0, 1]),
    ("getDayOfMonth", true, &[0, 1]),
    ("getDayOfWeek", true, &[0, 1]),
    ("getDayOfYear", true, &[0, 1]),
    ("getHours", true, &[0, 1]),
    ("getMinutes", true, &[0, 1]),
    ("getSeconds", true, &[0, 1]),
    ("getMilliseconds", true, &[0, 1]),
    ("optional.of", false, &[1]),
    ("optional.ofNonZeroValue", false, &[1]),
    ("optional.none", false, &[0]),
    ("hasValue", true, &[0]),
    ("value", true, &[0]),
    ("orValue", true, &[1]),
    ("or", true, &[1]),
    ("charAt", true, &[1]),
    ("indexOf", true, &[1, 2]),
    ("lastIndexOf", true, &[1, 2]),
    ("join", true, &[0, 1]),
    ("lowerAscii", true, &[0]),
    ("upperAscii", true, &[0]),
    ("replace", true, &[2, 3]),
    ("split", true, &[1, 2]),
    ("substring", true, &[1, 2]),
    ("trim", true, &[0]),
    ("format", true, &[1]),
    ("strings.quote", false, &[1]),
    ("isSorted", true, &[0]),
    ("sum", true, &[0]),
    ("min", true, &[0]),
    ("max", true, &[0]),
    ("slice", true, &[2]),
    ("flatten", true, &[0, 1]),
    ("distinct", true, &[0]),
    ("sort", true, &[0]),
    ("reverse", true, &[0]),
    ("lists.range", false, &[1]),
    ("first", true, &[0]),
    ("last", true, &[0]),
    ("find", true, &[1]),
    ("findAll", true, &[1, 2]),
    ("sets.contains", false, &[2]),
    ("sets.equivalent", false, &[2]),
    ("sets.intersects", false, &[2]),
    ("url", false, &[1]),
    ("isURL", false, &[1]),
    ("getScheme", true, &[0]),
    ("getHost", true, &[0]),
    ("getHostname", true, &[0]),
    ("getPort", true, &[0]),
    ("getEscapedPath", true, &[0]),
    ("getQuery", true, &[0]),
    ("ip", false, &[1]),
    ("isIP", false, &[1]),
    ("ip.isCanonical", false, &[1]),
    ("family", true, &[0]),
    ("isUnspecified", true, &[0]),
    ("isLoopback", true, &[0]),
    ("isLinkLocalMulticast", true, &[0]),
    ("isLinkLocalUnicast", true, &[0]),
    ("isGlobalUnicast", true, &[0]),
    ("cidr", false, &[1]),
    ("isCIDR", false, &[1]),
    ("containsIP", true, &[1]),
    ("containsCIDR", true, &[1]),
    ("ip", true, &[0]),
    ("masked", true, &[0]),
    ("prefixLength", true, &[0]),
    ("quantity", false, &[1]),
    ("isQuantity", false, &[1]),
    ("sign", true, &[0]),
    ("isInteger", true, &[0]),
    ("asInteger", true, &[0]),
    ("asApproximateFloat", true, &[0]),
    ("add", true, &[1]),
    ("sub", true, &[1]),
    ("isLessThan", true, &[1]),
    ("isGreaterThan", true, &[1]),
    ("compareTo", true, &[1]),
    ("semver", false, &[1, 2]),
    ("isSemver", false, &[1, 2]),
    ("major", true, &[0]),
    ("minor", true, &[0]),
    ("patch", true, &[0]),
    ("format.named", false, &[1]),
    ("validate", true, &[1]),
    ("format.dns1123Label", false, &[0]),
    ("format.dns1123Subdomain", false, &[0]),
    ("format.dns1035Label", false, &[0]),
    ("format.qualifiedName", false, &[0]),
    ("format.dns1123LabelPrefix", false, &[0]),
    ("format.dns1123SubdomainPrefix", false, &[0]),
    ("format.dns1035LabelPrefix", false, &[0]),
    ("format.labelValue", false, &[0]),
    ("format.uri", false, &[0]),
    ("format.uuid", false, &[0]),
    ("format.byte", false, &[0]),
    ("format.date", false, &[0]),
    ("format.datetime", false, &[0]),
];

/// Whether there is a function of this name and these arguments.
pub(super) fn is_known(name: &str, member: bool, args: usize) -> bool {
    FUNCTIONS
        .iter()
        .any(|(known, after, counts)| *known == name && *after == member && counts.contains(&args))
}

/// Longest list that a number may ask for.
const MAX_RANGE: i64 = 100_000;

/// Calls a function; the value before the dot is the first argument.
pub(super) fn call(ev: &mut Evaluator<'_>, name: &str, member: bool, args: &[Value]) -> Outcome {
    use Value as V;
    let weight: u64 = args.iter().map(Value::weight).sum();
    let int = |value: usize| Ok(V::Int(value as i64));
    let yes = |value: bool| Ok(V::Bool(value));
    match (name, args) {
        ("==", [a, b]) => ev.equal(a, b).map(V::Bool),
        ("!=", [a, b]) => ev.equal(a, b).map(|equal| V::Bool(!equal)),
        ("<" | "<=" | ">" | ">=", [a, b]) => {
            ev.charge(a.weight().min(b.weight()))?;
            compare(name, a, b)
        }
        ("in", [item, V::List(items)]) => {
            for known in items.iter() {
                if ev.equal(item, known)? {
                    return yes(true);
                }
            }
            yes(false)
        }
        ("in", [item, V::Map(map)]) => yes(Key::of(item).is_some_and(|key| map.contains_key(&key))),
        ("+" | "-" | "*" | "/" | "%", [a, b]) => {
            if name == "+" {
                ev.charge(weight)?;
            }
            arithmetic(name, a, b)
        }
        ("!", [V::Bool(value)]) => yes(!value),
        ("neg", [V::Int(value)]) => value.checked_neg().map(V::Int).ok_or_else(overflow),
        ("neg", [V::Double(value)]) => Ok(V::Double(-value)),
        ("neg", [V::Duration(value)]) => Ok(V::Duration(-value)),
        ("dyn", [value]) => Ok(value.clone()),
        ("type", [value]) => Ok(V::Type(value.type_name())),
        ("size", [V::Text(text)]) => {
            ev.charge(weight)?;
            int(text.chars().count())
        }
        ("size", [V::Bytes(bytes)]) => int(bytes.len()),
        ("size", [V::List(items)]) => int(items.len()),
        ("size", [V::Map(map)]) => int(map.len()),
        ("int" | "uint" | "double" | "bytes" | "bool" | "duration" | "timestamp", [value]) => {
            ev.charge(weight)?;
            convert(name, value)
        }
        ("string", [value]) => {
            ev.charge(weight)?;
            to_text(value).map(|text| V::text(&text)).ok_or_else(Fail::no_overload)
        }
        ("hasValue", [V::Optional(inner)]) => yes(inner.is_some()),
        ("value", [V::Optional(inner)]) => {
            inner.as_deref().cloned().ok_or_else(|| Fail::new("optional.none() dereference"))
        }
        ("orValue" | "or", [V::Optional(inner), other]) => match inner {
            Some(inner) if name == "orValue" => Ok((**inner).clone()),
            Some(_) => Ok(V::Optional(inner.clone())),
            None => Ok(other.clone()),
        },
        ("optional.of", [value]) => Ok(V::optional(Some(value.clone()))),
        ("optional.none", []) => Ok(V::Optional(None)),
        ("optional.ofNonZeroValue", [value]) => {
            let zero = match value {
                V::Null => true,
                V::Bool(value) => !value,
                V::Int(value) => *value == 0,
                V::Uint(value) => *value == 0,
                V::Double(value) => *value == 0.0,
                V::Text(text) => text.is_empty(),
                V::Bytes(bytes) => bytes.is_empty(),
                V::List(items) => items.is_empty(),
                V::Map(map) => map.is_empty(),
                V::Duration(value) => *value == 0,
                _ => false,
            };
            Ok(V::optional((!zero).then(|| value.clone())))
        }
        (_, [V::Text(_), ..]) if member => text_method(ev, name, args, weight),
        ("matches", [V::Text(_), V::Text(_)]) => text_method(ev, name, args, weight),
        (_, [V::List(_), ..]) if member => list_method(ev, name, args, weight),
        (_, [V::Timestamp(at), rest @ ..]) if member => time::timestamp_method(name, *at, rest),
        (_, [V::Duration(value)]) if member => time::duration_method(name, *value),
        (_, [V::Quantity(value), rest @ ..]) if member => quantity_method(name, value, rest),
        (_, [V::Url(url)]) if member => url_method(name, url),
        (_, [V::Ip(_) | V::Cidr(_), ..]) if member => address_method(name, args),
        (_, [V::Semver(version), rest @ ..]) if member => version_method(name, version, rest),
        ("validate", [V::Format(known), V::Text(text)]) => {
            ev.charge(weight)?;
            let problems = format::problems(known, text);
            let problems: Vec<Value> = problems.iter().map(|problem| V::text(problem)).collect();
            Ok(V::optional((!problems.is_empty()).then(|| V::list(problems))))
        }
        ("format.named", [V::Text(wanted)]) => {
            let found = format::NAMES.iter().find(|known| **known == &**wanted);
            Ok(V::optional(found.map(|name| V::Format(name))))
        }
        ("strings.quote", [V::Text(text)]) => {
            ev.charge(weight)?;
            Ok(V::text(&format::quote(text)))
        }
        ("lists.range", [V::Int(count)]) => {
            if *count > MAX_RANGE {
                return Err(Fail::Budget);
            }
            ev.charge((*count).max(0) as u64)?;
            Ok(V::list((0..*count).map(V::Int).collect()))
        }
        ("sets.contains" | "sets.equivalent" | "sets.intersects", [V::List(a), V::List(b)]) => {
            sets(ev, name, a, b).map(V::Bool)
        }
        ("url" | "isURL", [V::Text(text)]) => {
            ev.charge(weight)?;
            either(name == "isURL", Url::parse(text).map(|url| V::Url(Arc::new(url))), || {
                format!(
                    "URL parse error during conversion from string: parse {text:?}: invalid URI for request"
                )
            })
        }
        ("ip" | "isIP", [V::Text(text)]) => either(name == "isIP", address(text).map(V::Ip), || {
            format!("IP Address {text:?} parse error during conversion from string: invalid IP address")
        }),
        ("ip.isCanonical", [V::Text(text)]) => match address(text) {
            Some(address) => yes(address.to_string() == **text),
            None => Err(Fail::new(format!(
                "IP Address {text:?} parse error during conversion from string: invalid IP address"
            ))),
        },
        ("cidr" | "isCIDR", [V::Text(text)]) => either(name == "isCIDR", network(text).map(V::Cidr), || {
            format!("network address parse error during conversion from string: netip.ParsePrefix({text:?})")
        }),
        ("quantity" | "isQuantity", [V::Text(text)]) => {
            either(name == "isQuantity", Quantity::parse(text).ok().map(|q| V::Quantity(Arc::new(q))), || {
                "quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'"
                    .into()
            })
        }
        ("semver" | "isSemver", [V::Text(text), rest @ ..]) => {
            let normalise = match rest {
                [V::Bool(normalise)] => *normalise,
                [] => false,
                _ => return Err(Fail::no_overload()),
            };
            either(name == "isSemver", Semver::parse(text, normalise).map(|v| V::Semver(Arc::new(v))), || {
                "No Major.Minor.Patch elements found".into()
            })
        }
        (name, []) => {
            match name.strip_prefix("format.").and_then(|name| format::NAMES.iter().find(|n| **n == name)) {
                Some(name) => Ok(V::Format(name)),
                None => Err(Fail::no_overload()),
            }
        }
        _ => Err(Fail::no_overload()),
    }
}

fn overflow() -> Fail {
    Fail::new("return error for overflow")
}

/// Whether there is a value, or the value.
fn either(asks: bool, found: Option<Value>, error: impl FnOnce() -> String) -> Outcome {
    match found {
        found if asks => Ok(Value::Bool(found.is_some())),
        Some(value) => Ok(value),
        None => Err(Fail::new(error())),
    }
}

/// Go's `netip.ParseAddr` without zones and without addresses of IPv4 in IPv6.
fn address(text: &str) -> Option<IpAddr> {
    let address: IpAddr = text.parse().ok()?;
    match address {
        IpAddr::V6(six) if six.to_ipv4_mapped().is_some() => None,
        address => Some(address),
    }
}

fn compare(name: &str, a: &Value, b: &Value) -> Outcome {
    let comparable = matches!(
        (a, b),
        (
            Value::Int(_) | Value::Uint(_) | Value::Double(_),
            Value::Int(_) | Value::Uint(_) | Value::Double(_)
        ) | (Value::Bool(_), Value::Bool(_))
            | (Value::Text(_), Value::Text(_))
            | (Value::Bytes(_), Value::Bytes(_))
            | (Value::Duration(_), Value::Duration(_))
            | (Value::Timestamp(_), Value::Timestamp(_))
    );
    if !comparable {
        return Err(Fail::no_overload());
    }
    let order = a.order(b);
    Ok(Value::Bool(match name {
        "<" => order == Some(Ordering::Less),
        "<=" => matches!(order, Some(Ordering::Less | Ordering::Equal)),
        ">" => order == Some(Ordering::Greater),
        _ => matches!(order, Some(Ordering::Greater | Ordering::Equal)),
    }))
}

fn arithmetic(name: &str, a: &Value, b: &Value) -> Outcome {
    use Value as V;
    let zero = || Fail::new(if name == "%" { "modulus by zero" } else { "division by zero" });
    match (a, b) {
        (V::Int(a), V::Int(b)) => {
            if *b == 0 && matches!(name, "/" | "%") {
                return Err(zero());
            }
            match name {
                "+" => a.checked_add(*b),
                "-" => a.checked_sub(*b),
                "*" => a.checked_mul(*b),
                "/" => a.checked_div(*b),
                _ => a.checked_rem(*b),
            }
            .map(V::Int)
            .ok_or_else(overflow)
        }
        (V::Uint(a), V::Uint(b)) => {
            if *b == 0 && matches!(name, "/" | "%") {
                return Err(zero());
            }
            match name {
                "+" => a.checked_add(*b),
                "-" => a.checked_sub(*b),
                "*" => a.checked_mul(*b),
                "/" => a.checked_div(*b),
                _ => a.checked_rem(*b),
            }
            .map(V::Uint)
            .ok_or_else(overflow)
        }
        (V::Double(a), V::Double(b)) => Ok(V::Double(match name {
            "+" => a + b,
            "-" => a - b,
            "*" => a * b,
            "/" => a / b,
            _ => return Err(Fail::no_overload()),
        })),
        (V::Text(a), V::Text(b)) if name == "+" => Ok(V::text(&format!("{a}{b}"))),
        (V::Bytes(a), V::Bytes(b)) if name == "+" => {
            Ok(V::Bytes(a.iter().chain(b.iter()).copied().collect()))
        }
        (V::List(a), V::List(b)) if name == "+" => Ok(V::list(a.iter().chain(b.iter()).cloned().collect())),
        (V::Duration(a), V::Duration(b)) if name == "+" => Ok(V::Duration(a + b)),
        (V::Duration(a), V::Duration(b)) if name == "-" => Ok(V::Duration(a - b)),
        (V::Timestamp(a), V::Duration(b)) | (V::Duration(b), V::Timestamp(a)) if name == "+" => {
            Ok(V::Timestamp(a + b))
        }
        (V::Timestamp(a), V::Duration(b)) if name == "-" => Ok(V::Timestamp(a - b)),
        (V::Timestamp(a), V::Timestamp(b)) if name == "-" => Ok(V::Duration(a - b)),
        _ => Err(Fail::no_overload()),
    }
}

fn convert(name: &str, value: &Value) -> Outcome {
    use Value as V;
    let bad = |text: &str| Fail::new(format!("{name}: cannot convert {text:?}"));
    match (name, value) {
        ("int", V::Int(_))
        | ("uint", V::Uint(_))
        | ("double", V::Double(_))
        | ("bytes", V::Bytes(_))
        | ("bool", V::Bool(_))
        | ("duration", V::Duration(_))
        | ("timestamp", V::Timestamp(_)) => Ok(value.clone()),
        ("int", V::Uint(value)) => {
            i64::try_from(*value).map(V::Int).map_err(|_| Fail::new("integer overflow"))
        }
        ("int", V::Double(value)) if value.abs() < 9.223_372_036_854_775e18 => Ok(V::Int(*value as i64)),
        ("int" | "uint", V::Double(_)) => Err(Fail::new("integer overflow")),
        ("int", V::Text(text)) => text.parse().map(V::Int).map_err(|_| bad(text)),
        ("int", V::Timestamp(at)) => Ok(V::Int(at.div_euclid(1_000_000_000) as i64)),
        ("int", V::Duration(at)) => Ok(V::Int((at / 1_000_000_000) as i64)),
        ("uint", V::Int(value)) => {
            u64::try_from(*value).map(V::Uint).map_err(|_| Fail::new("unsigned integer overflow"))
        }
        ("uint", V::Text(text)) => text.parse().map(V::Uint).map_err(|_| bad(text)),
        ("double", V::Int(value)) => Ok(V::Double(*value as f64)),
        ("double", V::Uint(value)) => Ok(V::Double(*value as f64)),
        ("double", V::Text(text)) => text.parse().map(V::Double).map_err(|_| bad(text)),
        ("bytes", V::Text(text)) => Ok(V::Bytes(Arc::from(text.as_bytes()))),
        ("bool", V::Text(text)) => match &**text {
            "1" | "t" | "T" | "true" | "TRUE" | "True" => Ok(V::Bool(true)),
            "0" | "f" | "F" | "false" | "FALSE" | "False" => Ok(V::Bool(false)),
            _ => Err(bad(text)),
        },
        ("duration", V::Text(text)) => time::parse_duration(text).map(V::Duration).ok_or_else(|| bad(text)),
        ("timestamp", V::Text(text)) => {
            crate::time::parse_rfc3339(text).map(V::Timestamp).ok_or_else(|| bad(text))
        }
        ("timestamp", V::Int(seconds)) => Ok(V::Timestamp(i128::from(*seconds) * 1_000_000_000)),
        _ => Err(Fail::no_overload()),
    }
}

/// The text of a value, if it has one.
pub(super) fn to_text(value: &Value) -> Option<String> {
    Some(match value {
        Value::Text(text) => text.to_string(),
        Value::Bool(value) => value.to_string(),
        Value::Int(value) => value.to_string(),
        Value::Uint(value) => value.to_string(),
        Value::Double(value) => crate::node::Node::from(&serde_json::json!(value)).text()?.into_owned(),
        Value::Bytes(bytes) => String::from_utf8(bytes.to_vec()).ok()?,
        Value::Duration(value) => time::duration_text(*value),
        Value::Timestamp(at) => crate::time::rfc3339(*at),
        Value::Ip(address) => address.to_string(),
        Value::Cidr(network) => network.text(),
        _ => return None,
    })
}

fn regex(ev: &mut Evaluator<'_>, text: &str, pattern: &str) -> Result<regex::Regex, Fail> {
    // What Kubernetes counts: the text, by the length of the pattern.
    ev.charge((text.len() as u64 / 10 + 1).saturating_mul(pattern.len() as u64 / 4 + 1))?;
    regex::RegexBuilder::new(pattern)
        .size_limit(1 << 20)
        .build()
        .map_err(|_| Fail::new(format!("error parsing regexp: `{pattern}`")))
}

fn text_method(ev: &mut Evaluator<'_>, name: &str, args: &[Value], weight: u64) -> Outcome {
    use Value as V;
    let Some((V::Text(text), rest)) = args.split_first() else { return Err(Fail::no_overload()) };
    ev.charge(weight)?;
    let chars = || text.chars().count() as i64;
    let int = |value: Option<usize>| Ok(V::Int(value.map_or(-1, |value| value as i64)));
    let out_of_range = |at: i64| Fail::new(format!("index out of range: {at}"));
    // The place of a character in bytes.
    let byte = |at: i64| {
        let at = usize::try_from(at).ok()?;
        text.char_indices().map(|(byte, _)| byte).chain([text.len()]).nth(at)
    };
    let before = |at: usize| text.get(..at).map_or(0, |text| text.chars().count());
    match (name, rest) {
        ("contains", [V::Text(other)]) => Ok(V::Bool(text.contains(&**other))),
        ("startsWith", [V::Text(other)]) => Ok(V::Bool(text.starts_with(&**other))),
        ("endsWith", [V::Text(other)]) => Ok(V::Bool(text.ends_with(&**other))),
        ("matches", [V::Text(pattern)]) => Ok(V::Bool(regex(ev, text, pattern)?.is_match(text))),
        ("find", [V::Text(pattern)]) => {
            Ok(V::text(regex(ev, text, pattern)?.find(text).map_or("", |found| found.as_str())))
        }
        ("findAll", [V::Text(pattern), limit @ ..]) => {
            let limit = match limit {
                [] => usize::MAX,
                [V::Int(limit)] => usize::try_from(*limit).unwrap_or(usize::MAX),
                _ => return Err(Fail::no_overload()),
            };
            let regex = regex(ev, text, pattern)?;
            Ok(V::list(regex.find_iter(text).take(limit).map(|found| V::text(found.as_str())).collect()))
        }
        ("charAt", [V::Int(at)]) => match usize::try_from(*at).ok().filter(|_| *at <= chars()) {
            Some(at) => Ok(V::text(&text.chars().nth(at).map_or(String::new(), String::from))),
            None => Err(out_of_range(*at)),
        },
        ("indexOf", [V::Text(part)]) => int(text.find(&**part).map(before)),
        ("indexOf", [V::Text(part), V::Int(from)]) => {
            let from = byte(*from).ok_or_else(|| out_of_range(*from))?;
            int(text.get(from..).and_then(|rest| rest.find(&**part)).map(|at| before(at + from)))
        }
        ("lastIndexOf", [V::Text(part)]) => int(text.rfind(&**part).map(before)),
        ("lastIndexOf", [V::Text(part), V::Int(to)]) => {
            let to = byte(*to).ok_or_else(|| out_of_range(*to))?;
            let found = text.match_indices(&**part).map(|(at, _)| at).take_while(|at| *at <= to).last();
            int(found.map(before))
        }
        ("lowerAscii", []) => Ok(V::text(&text.to_ascii_lowercase())),
        ("upperAscii", []) => Ok(V::text(&text.to_ascii_uppercase())),
        ("trim", []) => Ok(V::text(text.trim())),
        ("replace", [V::Text(from), V::Text(to), limit @ ..]) => {
            let limit = match limit {
                [] => usize::MAX,
                [V::Int(limit)] => usize::try_from(*limit).unwrap_or(usize::MAX),
                _ => return Err(Fail::no_overload()),
            };
            let count = text.matches(&**from).count().min(limit);
            ev.charge((count as u64).saturating_mul(to.len() as u64) / 10)?;
            Ok(V::text(&text.replacen(&**from, to, limit)))
        }
        ("split", [V::Text(separator), limit @ ..]) => {
            let limit = match limit {
                [] => -1,
                [V::Int(limit)] => *limit,
                _ => return Err(Fail::no_overload()),
            };
            ev.charge(text.len() as u64)?;
            let part = |part: &str| V::text(part);
            Ok(V::list(match usize::try_from(limit) {
                Ok(0) => Vec::new(),
                _ if separator.is_empty() => {
                    // Go gives the characters, and what is left in the last one.
                    let limit = usize::try_from(limit).unwrap_or(usize::MAX);
                    let mut parts: Vec<Value> =
                        text.chars().take(limit.saturating_sub(1)).map(|c| part(&c.to_string())).collect();
                    let rest: String = text.chars().skip(parts.len()).collect();
                    if !rest.is_empty() {
                        parts.push(part(&rest));
                    }
                    parts
                }
                Ok(limit) => text.splitn(limit, &**separator).map(part).collect(),
                Err(_) => text.split(&**separator).map(part).collect(),
            }))
        }
        ("substring", [V::Int(from), to @ ..]) => {
            let end = match to {
                [] => chars(),
                [V::Int(to)] => *to,
                _ => return Err(Fail::no_overload()),
            };
            if *from > end {
                return Err(Fail::new(format!("invalid substring range. start: {from}, end: {end}")));
            }
            let (start, stop) = (
                byte(*from).ok_or_else(|| out_of_range(*from))?,
                byte(end).ok_or_else(|| out_of_range(end))?,
            );
            Ok(V::text(text.get(start..stop).unwrap_or("")))
        }
        ("format", [V::List(values)]) => format::format(ev, text, values).map(|text| V::text(&text)),
        _ => Err(Fail::no_overload()),
    }
}

fn list_method(ev: &mut Evaluator<'_>, name: &str, args: &[Value], weight: u64) -> Outcome {
    use Value as V;
    let Some((V::List(items), rest)) = args.split_first() else { return Err(Fail::no_overload()) };
    ev.charge(weight)?;
    match (name, rest) {
        ("join", separator) => {
            let separator = match separator {
                [] => "",
                [V::Text(separator)] => separator,
                _ => return Err(Fail::no_overload()),
            };
            let mut texts = Vec::with_capacity(items.len());
            let mut length = 0;
            for item in items.iter() {
                let V::Text(text) = item else { return Err(Fail::no_overload()) };
                length += (text.len() + separator.len()) as u64;
                texts.push(&**text);
            }
            ev.charge(length / 10)?;
            Ok(V::text(&texts.join(separator)))
        }
        ("indexOf" | "lastIndexOf", [item]) => {
            let mut found = -1;
            for (at, known) in items.iter().enumerate() {
                if ev.equal(item, known)? {
                    found = at as i64;
                    if name == "indexOf" {
                        break;
                    }
                }
            }
            Ok(V::Int(found))
        }
        ("isSorted", []) => {
            let mut sorted = true;
            for pair in items.windows(2) {
                if let [a, b] = pair {
                    sorted &= compare("<=", a, b)? == V::Bool(true);
                }
            }
            Ok(V::Bool(sorted))
        }
        ("sum", []) => {
            let mut total = match items.first() {
                Some(V::Double(_)) => V::Double(0.0),
                Some(V::Uint(_)) => V::Uint(0),
                Some(V::Duration(_)) => V::Duration(0),
                _ => V::Int(0),
            };
            for item in items.iter() {
                total = arithmetic("+", &total, item)?;
            }
            Ok(total)
        }
        ("min" | "max", []) => {
            let op = if name == "min" { "<" } else { ">" };
            let mut best = items.first().ok_or_else(|| Fail::new(format!("{name} called on empty list")))?;
            for item in items.iter() {
                if compare(op, item, best)? == V::Bool(true) {
                    best = item;
                }
            }
            Ok(best.clone())
        }
        ("slice", [V::Int(from), V::Int(to)]) => {
            let range = usize::try_from(*from).ok().zip(usize::try_from(*to).ok());
            let part = range.filter(|(from, to)| from <= to).and_then(|(from, to)| items.get(from..to));
            part.map(|part| V::list(part.to_vec())).ok_or_else(|| {
                Fail::new(format!("cannot slice({from}, {to}), list is length {}", items.len()))
            })
        }
        ("flatten", depth) => {
            let depth = match depth {
                [] => 1,
                [V::Int(depth)] if *depth >= 0 => *depth,
                [V::Int(_)] => return Err(Fail::new("level must be non-negative")),
                _ => return Err(Fail::no_overload()),
            };
            let mut out = items.to_vec();
            for _ in 0..depth.min(1_000) {
                if !out.iter().any(|item| matches!(item, V::List(_))) {
                    break;
                }
                let mut next = Vec::new();
                for item in out {
                    match item {
                        V::List(inner) => {
                            ev.charge(inner.len() as u64)?;
                            next.extend(inner.iter().cloned());
                        }
                        other => next.push(other),
                    }
                }
                ev.charge(next.len() as u64)?;
                out = next;
            }
            Ok(V::list(out))
        }
        ("distinct", []) => {
            let mut out: Vec<Value> = Vec::new();
            let mut keys = BTreeSet::new();
            for item in items.iter() {
                let new = match Key::of(item) {
                    Some(key) => keys.insert(key),
                    None => {
                        let mut new = true;
                        for known in &out {
                            new = new && !ev.equal(item, known)?;
                        }
                        new
                    }
                };
                if new {
                    out.push(item.clone());
                }
            }
            Ok(V::list(out))
        }
        ("sort", []) => {
            for pair in items.windows(2) {
                if let [a, b] = pair {
                    compare("<", a, b)?;
                }
            }
            ev.charge((items.len() as u64).saturating_mul(4))?;
            let mut out = items.to_vec();
            out.sort_by(|a, b| a.order(b).unwrap_or(Ordering::Equal));
            Ok(V::list(out))
        }
        ("reverse", []) => Ok(V::list(items.iter().rev().cloned().collect())),
        ("first", []) => Ok(V::optional(items.first().cloned())),
        ("last", []) => Ok(V::optional(items.last().cloned())),
        _ => Err(Fail::no_overload()),
    }
}

fn sets(ev: &mut Evaluator<'_>, name: &str, a: &[Value], b: &[Value]) -> Result<bool, Fail> {
    let mut within = |part: &[Value], whole: &[Value], all: bool| {
        for item in part {
            let mut found = false;
            for known in whole {
                found = found || ev.equal(item, known)?;
            }
            if found != all {
                return Ok(found);
            }
        }
        Ok(all)
    };
    Ok(match name {
        "sets.contains" => within(b, a, true)?,
        "sets.equivalent" => within(a, b, true)? && within(b, a, true)?,
        _ => within(a, b, false)?,
    })
}

fn quantity_method(name: &str, value: &Quantity, rest: &[Value]) -> Outcome {
    use Value as V;
    let other = match rest {
        [] => None,
        [V::Quantity(other)] => Some(Arc::clone(other)),
        [V::Int(other)] if matches!(name, "add" | "sub") => Some(Arc::new(Quantity::of_int(*other))),
        _ => return Err(Fail::no_overload()),
    };
    match (name, other) {
        ("sign", None) => Ok(V::Int(i64::from(value.sign()))),
        ("isInteger", None) => Ok(V::Bool(value.as_int().is_some())),
        ("asInteger", None) => {
            value.as_int().map(V::Int).ok_or_else(|| Fail::new("cannot convert value to integer"))
        }
        ("asApproximateFloat", None) => Ok(V::Double(value.approximate())),
        ("add", Some(other)) => value.add(&other).map(|sum| V::Quantity(Arc::new(sum))).ok_or_else(overflow),
        ("sub", Some(other)) => value.sub(&other).map(|sum| V::Quantity(Arc::new(sum))).ok_or_else(overflow),
        ("isLessThan", Some(other)) => Ok(V::Bool(*value < *other)),
        ("isGreaterThan", Some(other)) => Ok(V::Bool(*value > *other)),
        ("compareTo", Some(other)) => Ok(V::Int(value.cmp(&other) as i64)),
        _ => Err(Fail::no_overload()),
    }
}

fn url_method(name: &str, url: &Url) -> Outcome {
    Ok(match name {
        "getScheme" => Value::text(&url.scheme),
        "getHost" => Value::text(&url.host),
        "getHostname" => Value::text(url.hostname()),
        "getPort" => Value::text(url.port()),
        "getEscapedPath" => Value::text(&url.escaped_path()),
        "getQuery" => {
            let mut map = std::collections::BTreeMap::new();
            for (key, value) in &url.query {
                let values: &mut Vec<Value> = map.entry(Key::Text(Arc::from(key.as_str()))).or_default();
                values.push(Value::text(value));
            }
            Value::Map(Arc::new(map.into_iter().map(|(key, values)| (key, Value::list(values))).collect()))
        }
        _ => return Err(Fail::no_overload()),
    })
}

/// A network as Go's `netip.ParsePrefix` reads it.
fn network(text: &str) -> Option<Network> {
    let (ip, prefix) = text.split_once('/')?;
    let digits = !prefix.is_empty()
        && prefix.bytes().all(|b| b.is_ascii_digit())
        && (prefix.len() == 1 || !prefix.starts_with('0'));
    Network::host(address(ip)?).with_prefix(prefix.parse().ok().filter(|_| digits)?)
}

fn address_method(name: &str, args: &[Value]) -> Outcome {
    use Value as V;
    let parse = |text: &str| {
        address(text).ok_or_else(|| Fail::new("IP Address parse error during conversion from string"))
    };
    let parse_network = |text: &str| {
        network(text).ok_or_else(|| Fail::new("network address parse error during conversion from string"))
    };
    Ok(match (name, args) {
        ("family", [V::Ip(ip)]) => V::Int(if ip.is_ipv4() { 4 } else { 6 }),
        ("isUnspecified", [V::Ip(ip)]) => V::Bool(ip.is_unspecified()),
        ("isLoopback", [V::Ip(ip)]) => V::Bool(ip.is_loopback()),
        ("isLinkLocalMulticast", [V::Ip(ip)]) => V::Bool(match ip {
            IpAddr::V4(four) => four.octets().starts_with(&[224, 0, 0]),
            IpAddr::V6(six) => six.segments().first().is_some_and(|first| first & 0xff0f == 0xff02),
        }),
        ("isLinkLocalUnicast", [V::Ip(ip)]) => V::Bool(link_local(ip)),
        ("isGlobalUnicast", [V::Ip(ip)]) => V::Bool(
            !(ip.is_unspecified()
                || ip.is_loopback()
                || ip.is_multicast()
                || link_local(ip)
                || matches!(ip, IpAddr::V4(four) if four.is_broadcast())),
        ),
        ("ip", [V::Cidr(network)]) => V::Ip(network.address()),
        ("prefixLength", [V::Cidr(network)]) => V::Int(i64::from(network.prefix())),
        ("masked", [V::Cidr(network)]) => V::Cidr(network.masked()),
        ("containsIP", [V::Cidr(network), V::Ip(other)]) => V::Bool(network.contains(&Network::host(*other))),
        ("containsIP", [V::Cidr(network), V::Text(other)]) => {
            V::Bool(network.contains(&Network::host(parse(other)?)))
        }
        ("containsCIDR", [V::Cidr(network), V::Cidr(other)]) => V::Bool(network.contains(other)),
        ("containsCIDR", [V::Cidr(network), V::Text(other)]) => {
            V::Bool(network.contains(&parse_network(other)?))
        }
        _ => return Err(Fail::no_overload()),
    })
}

fn link_local(ip: &IpAddr) -> bool {
    match ip {
        IpAddr::V4(four) => four.is_link_local(),
        IpAddr::V6(six) => six.segments().first().is_some_and(|first| first & 0xffc0 == 0xfe80),
    }
}

fn version_method(name: &str, version: &Semver, rest: &[Value]) -> Outcome {
    use Value as V;
    let part = |number: u64| i64::try_from(number).map(V::Int).map_err(|_| overflow());
    let [major, minor, patch] = version.numbers;
    match (name, rest) {
        ("major", []) => part(major),
        ("minor", []) => part(minor),
        ("patch", []) => part(patch),
        ("isLessThan", [V::Semver(other)]) => Ok(V::Bool(*version < **other)),
        ("isGreaterThan", [V::Semver(other)]) => Ok(V::Bool(*version > **other)),
        ("compareTo", [V::Semver(other)]) => Ok(V::Int(version.cmp(other) as i64)),
        _ => Err(Fail::no_overload()),
    }
}
