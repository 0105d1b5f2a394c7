//! The functions: the standard ones of CEL, and the libraries that Kubernetes adds for lists, texts,
//! sets, regular expressions, URLs, addresses, quantities, versions and named formats.

use std::sync::Arc;

use super::addresses::{address, address_method, network};
use super::eval::{Evaluator, Fail, Outcome};
use super::format;
use super::lists::{list_method, sets};
use super::scalars::{arithmetic, compare, convert, to_text};
use super::semver::Semver;
use super::texts::text_method;
use super::time;
use super::url::Url;
use super::value::{Key, Value};
use crate::object::quantity::Quantity;

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

pub(super) fn overflow() -> Fail {
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
