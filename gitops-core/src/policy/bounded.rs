//! Functions whose result may be far larger than their arguments, so that a policy could use up the
//! host's memory between two looks at the clock.
//!
//! regorus bounds the time of an evaluation, and looks at it between steps; one call of a function is one
//! step. So what these functions make is metered, and an evaluation that has made more than its share ends
//! with an error.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use regex::Regex;
use regorus::Value;

use super::format::{go_json, sprintf};
use super::network::Network;
use super::weight::{MAX_DEPTH, is_within};

/// What a value takes up at least, in bytes.
pub(crate) const VALUE: usize = 16;

/// How many times what an evaluation may make a single value may take when written out: it may hold much
/// that was given, such as all objects of a kind.
const WEIGHT: usize = 4;

/// What a digit of a large product counts, since its cost grows with the square.
const PRODUCT: usize = 1 << 10;

/// Largest shift of a number, in bits.
const MAX_SHIFT: u64 = 1 << 16;

/// How many compiled patterns a template keeps.
const MAX_PATTERNS: usize = 64;

/// Compiled patterns by their text; `None` for what is no pattern.
pub(crate) type Patterns = Arc<Mutex<BTreeMap<String, Option<Arc<Regex>>>>>;

/// Why an evaluation ends: it has made more than its share.
#[derive(Debug)]
pub(crate) enum TooMuch {
    /// All that its functions made, against a number of bytes.
    Made(usize),
    /// One value, against a number of bytes or the depth of values.
    Large(usize),
}

impl fmt::Display for TooMuch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Made(limit) => write!(
                f,
                "the functions of the policy made more than {limit} bytes in one evaluation; it is stopped"
            ),
            Self::Large(limit) => write!(
                f,
                "the policy built a value of more than {limit} bytes, or of more than {MAX_DEPTH} levels; it is stopped"
            ),
        }
    }
}

impl std::error::Error for TooMuch {}

/// What the functions of a template share: how much they may still make, and compiled patterns.
#[derive(Clone, Debug)]
pub(crate) struct Meter {
    limit: usize,
    left: Arc<AtomicUsize>,
    patterns: Patterns,
}

type Metered = Result<Value, TooMuch>;

/// A function of this file.
pub(crate) type Bounded = fn(&[Value], &Meter) -> Metered;

const UNDEFINED: Metered = Ok(Value::Undefined);

impl Meter {
    /// A meter of its own for one thread.
    pub(crate) fn new(limit: usize, patterns: &Patterns) -> Self {
        Self { limit, left: Arc::new(AtomicUsize::new(limit)), patterns: patterns.clone() }
    }

    /// Begins a new evaluation.
    pub(crate) fn reset(&self) {
        self.left.store(self.limit, Ordering::Relaxed);
    }

    /// Counts bytes about to be made.
    pub(crate) fn take(&self, bytes: usize) -> Result<(), TooMuch> {
        match self.left.load(Ordering::Relaxed).checked_sub(bytes) {
            Some(left) => {
                self.left.store(left, Ordering::Relaxed);
                Ok(())
            }
            None => Err(self.too_much()),
        }
    }

    /// Why an evaluation ends.
    pub(super) fn too_much(&self) -> TooMuch {
        TooMuch::Made(self.limit)
    }

    /// Refuses a value that is too deep, or too large when written out. Unlike what is made, such values do
    /// not add up.
    pub(super) fn weigh(&self, value: &Value) -> Result<(), TooMuch> {
        self.within(value, self.limit.saturating_mul(WEIGHT))
    }

    /// Counts what the text of a value would take. Parts that are shared count each time they appear,
    /// since they are written each time.
    pub(crate) fn take_text(&self, value: &Value) -> Result<(), TooMuch> {
        match value {
            Value::String(text) => self.take(text.len() + 2),
            Value::Array(items) => {
                self.take(2 + items.len())?;
                items.iter().try_for_each(|item| self.take_text(item))
            }
            Value::Set(items) => {
                self.take(2 + items.len())?;
                items.iter().try_for_each(|item| self.take_text(item))
            }
            Value::Object(map) => {
                self.take(2 + map.len())?;
                map.iter().try_for_each(|(key, value)| {
                    self.take_text(key)?;
                    self.take_text(value)
                })
            }
            _ => self.take(VALUE),
        }
    }

    /// The same for a value that is copied as if its parts were not shared.
    pub(super) fn weigh_copied(&self, value: &Value) -> Result<(), TooMuch> {
        self.within(value, self.limit / WEIGHT)
    }

    fn within(&self, value: &Value, bytes: usize) -> Result<(), TooMuch> {
        if is_within(value, bytes) { Ok(()) } else { Err(TooMuch::Large(bytes)) }
    }

    /// A pattern, compiled once per template.
    fn pattern(&self, text: &str) -> Option<Arc<Regex>> {
        let mut known = self.patterns.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(regex) = known.get(text) {
            return regex.clone();
        }
        if known.len() >= MAX_PATTERNS {
            known.clear();
        }
        let regex = Regex::new(text).ok().map(Arc::new);
        known.insert(text.to_owned(), regex.clone());
        regex
    }
}

/// Name, number of arguments, function.
pub(crate) static FUNCTIONS: &[(&str, u8, Bounded)] = &[
    ("sprintf", 2, |args, meter| match args {
        [Value::String(template), Value::Array(items)] => {
            args.iter().try_for_each(|arg| meter.take_text(arg))?;
            // An argument may be written several times.
            let items: Vec<Value> = items.iter().cloned().collect();
            for at in written_again(template, items.len()) {
                items.get(at).map_or(Ok(()), |item| meter.take_text(item))?;
            }
            Ok(Value::from(sprintf(template, &items, &mut |bytes| meter.take(bytes))?))
        }
        _ => UNDEFINED,
    }),
    ("concat", 2, |args, meter| match args {
        [Value::String(between), list @ (Value::Array(_) | Value::Set(_))] => {
            let mut out = String::new();
            for (at, item) in items(list).enumerate() {
                let Value::String(text) = item else { return UNDEFINED };
                meter.take(text.len() + between.len())?;
                if at > 0 {
                    out.push_str(between);
                }
                out.push_str(text);
            }
            Ok(Value::from(out))
        }
        _ => UNDEFINED,
    }),
    ("replace", 3, |args, meter| match args {
        [Value::String(text), Value::String(old), Value::String(new)] => {
            let count = text.matches(old.as_ref()).count();
            meter.take(text.len().saturating_add(count.saturating_mul(new.len())))?;
            Ok(Value::from(text.replace(old.as_ref(), new)))
        }
        _ => UNDEFINED,
    }),
    ("strings.replace_n", 2, |args, meter| match args {
        [Value::Object(pairs), Value::String(text)] => {
            let mut texts = Vec::new();
            for pair in pairs.iter_sorted() {
                let (Value::String(old), Value::String(new)) = pair else { return UNDEFINED };
                texts.push((old.as_ref(), new.as_ref()));
            }
            replace_all(text, &texts, meter)
        }
        _ => UNDEFINED,
    }),
    ("split", 2, |args, meter| match args {
        [Value::String(text), Value::String(between)] => {
            let parts: Box<dyn Iterator<Item = &str>> = if between.is_empty() {
                Box::new(text.split("").filter(|part| !part.is_empty()))
            } else {
                Box::new(text.split(between.as_ref()))
            };
            let mut out = Vec::new();
            for part in parts {
                // A text is allocated on its own, with its counts.
                meter.take(part.len() + 3 * VALUE)?;
                out.push(Value::from(part));
            }
            Ok(Value::from(out))
        }
        _ => UNDEFINED,
    }),
    ("array.concat", 2, |args, meter| match args {
        [Value::Array(a), Value::Array(b)] => {
            meter.take((a.len() + b.len()) * VALUE)?;
            let both = Value::from(a.iter().chain(b.iter()).cloned().collect::<Vec<_>>());
            meter.weigh(&both)?;
            Ok(both)
        }
        _ => UNDEFINED,
    }),
    ("numbers.range", 2, |args, meter| match args {
        [from, to] => range(from, to, 1, meter),
        _ => UNDEFINED,
    }),
    ("numbers.range_step", 3, |args, meter| match args {
        [from, to, step] => match integer(step) {
            Some(step) if step > 0 => range(from, to, step, meter),
            _ => UNDEFINED,
        },
        _ => UNDEFINED,
    }),
    ("bits.lsh", 2, |args, meter| match args {
        [Value::Number(number), shift] => {
            let Some(bits) = shift.as_u64().ok() else { return UNDEFINED };
            if bits > MAX_SHIFT {
                return Err(meter.too_much());
            }
            let Value::Number(shift) = shift else { return UNDEFINED };
            Ok(number.lsh(shift).map_or(Value::Undefined, Value::Number))
        }
        _ => UNDEFINED,
    }),
    ("mul", 2, multiply),
    (super::rego::MULTIPLY, 2, multiply),
    (super::rego::BOUNDED, 1, |args, meter| match args {
        [value] => {
            meter.weigh(value)?;
            Ok(value.clone())
        }
        _ => UNDEFINED,
    }),
    (super::rego::IS_BOUNDED, 1, |args, meter| {
        args.iter().try_for_each(|value| meter.weigh(value))?;
        Ok(Value::from(true))
    }),
    ("walk", 1, |args, meter| match args {
        [value] => {
            let mut out = Vec::new();
            walk(value, &mut Vec::new(), &mut out, meter)?;
            Ok(Value::from(out))
        }
        _ => UNDEFINED,
    }),
    ("json.marshal", 1, |args, meter| match args {
        [value] => {
            meter.take_text(value)?;
            Ok(Value::from(go_json(value)))
        }
        _ => UNDEFINED,
    }),
    ("yaml.marshal", 1, |args, meter| match args {
        [value] => {
            meter.take_text(value)?;
            Ok(super::encodings::yaml_marshal(value))
        }
        _ => UNDEFINED,
    }),
    ("hex.encode", 1, |args, meter| match args {
        [Value::String(text)] => {
            meter.take(text.len() * 2)?;
            let digit = |four: u8| char::from_digit(four.into(), 16).unwrap_or_default();
            Ok(Value::from(text.bytes().flat_map(|b| [digit(b >> 4), digit(b & 15)]).collect::<String>()))
        }
        _ => UNDEFINED,
    }),
    ("base64.encode", 1, |args, meter| base64_encoded(args, meter, true, false)),
    ("base64url.encode", 1, |args, meter| base64_encoded(args, meter, true, true)),
    ("base64url.encode_no_pad", 1, |args, meter| base64_encoded(args, meter, false, true)),
    ("urlquery.encode", 1, |args, meter| {
        args.iter().try_for_each(|arg| meter.take_text(arg))?;
        Ok(super::encodings::query_encode(args))
    }),
    ("urlquery.encode_object", 1, |args, meter| {
        args.iter().try_for_each(|arg| meter.take_text(arg))?;
        Ok(super::encodings::query_encode_object(args))
    }),
    ("re_match", 2, matches),
    // regorus copies a pattern for each call, and its scratch space with it.
    ("regex.match", 2, matches),
    ("regex.replace", 3, |args, meter| match args {
        [Value::String(text), Value::String(pattern), Value::String(new)] => {
            let Some(regex) = meter.pattern(pattern) else { return UNDEFINED };
            let (mut out, mut at) = (String::new(), 0);
            for found in regex.captures_iter(text) {
                let Some(whole) = found.get(0) else { continue };
                let before = out.len();
                out.push_str(text.get(at..whole.start()).unwrap_or(""));
                found.expand(new, &mut out);
                meter.take(out.len() - before)?;
                at = whole.end();
            }
            out.push_str(text.get(at..).unwrap_or(""));
            Ok(Value::from(out))
        }
        _ => UNDEFINED,
    }),
    ("net.cidr_expand", 1, |args, meter| match args {
        [Value::String(text)] => match Network::parse(text).filter(|_| text.contains('/')) {
            Some(network) => {
                let mut all = std::collections::BTreeSet::new();
                for address in network.addresses() {
                    meter.take(address.len() + 6 * VALUE)?;
                    all.insert(Value::from(address));
                }
                Ok(Value::from(all))
            }
            None => UNDEFINED,
        },
        _ => UNDEFINED,
    }),
];

/// The elements of an array or a set, in order.
fn items(list: &Value) -> Box<dyn Iterator<Item = &Value> + '_> {
    match list {
        Value::Array(items) => Box::new(items.iter()),
        Value::Set(items) => Box::new(items.iter_sorted()),
        _ => Box::new(std::iter::empty()),
    }
}

/// The indexes of arguments that `%[n]` may write once more.
fn written_again(template: &str, count: usize) -> impl Iterator<Item = usize> {
    template.split("%[").skip(1).filter_map(move |rest| {
        let index: usize = rest.split_once(']')?.0.parse().ok()?;
        index.checked_sub(1).filter(|index| *index < count)
    })
}

/// Replaces texts by others in one pass; where several begin at one place, the first of `pairs`.
fn replace_all(text: &str, pairs: &[(&str, &str)], meter: &Meter) -> Metered {
    let mut out = String::new();
    let mut rest = text;
    let mut after_empty = false;
    loop {
        let found = pairs.iter().find(|(old, _)| rest.starts_with(old) && !(old.is_empty() && after_empty));
        if let Some((old, new)) = found {
            meter.take(new.len())?;
            out.push_str(new);
            rest = rest.get(old.len()..).unwrap_or("");
            after_empty = old.is_empty();
            if !after_empty {
                continue;
            }
        }
        let Some(c) = rest.chars().next() else { break };
        meter.take(c.len_utf8())?;
        out.push(c);
        rest = rest.get(c.len_utf8()..).unwrap_or("");
        after_empty = false;
    }
    Ok(Value::from(out))
}

/// Whether a text matches a pattern.
fn matches(args: &[Value], meter: &Meter) -> Metered {
    let [Value::String(pattern), Value::String(text)] = args else { return UNDEFINED };
    let regex = meter.pattern(pattern);
    Ok(regex.map_or(Value::Undefined, |regex| Value::from(regex.is_match(text))))
}

/// The product of two numbers. Squares of squares soon take longer than anyone waits.
fn multiply(args: &[Value], meter: &Meter) -> Metered {
    let [a @ Value::Number(left), b @ Value::Number(right)] = args else { return UNDEFINED };
    let small = |value: &Value| value.as_i64().is_ok() || value.as_f64().is_ok_and(|f| f.abs() < 1e30);
    if !(small(a) && small(b)) {
        meter.take((left.format_decimal().len() + right.format_decimal().len()) * PRODUCT)?;
    }
    Ok(left.mul(right).map_or(Value::Undefined, Value::Number))
}

/// Every part of a value, as a path and the part.
fn walk(value: &Value, path: &mut Vec<Value>, out: &mut Vec<Value>, meter: &Meter) -> Result<(), TooMuch> {
    meter.take((path.len() + 6) * VALUE)?;
    out.push(Value::from(vec![Value::from(path.clone()), value.clone()]));
    let mut step = |key: Value, part: &Value| {
        path.push(key);
        walk(part, path, out, meter)?;
        path.pop();
        Ok(())
    };
    match value {
        Value::Array(items) => {
            items.iter().enumerate().try_for_each(|(at, item)| step(Value::from(at as u64), item))
        }
        Value::Set(items) => items.iter_sorted().try_for_each(|item| step(item.clone(), item)),
        Value::Object(map) => map.iter_sorted().try_for_each(|(key, part)| step(key.clone(), part)),
        _ => Ok(()),
    }
}

/// A whole number.
fn integer(value: &Value) -> Option<i64> {
    match value {
        Value::Number(_) => value.as_i64().ok(),
        _ => None,
    }
}

/// The numbers from one to another, both included, up or down.
fn range(from: &Value, to: &Value, step: i64, meter: &Meter) -> Metered {
    let (Some(from), Some(to)) = (integer(from), integer(to)) else { return UNDEFINED };
    let count = usize::try_from(from.abs_diff(to) / step.unsigned_abs()).unwrap_or(usize::MAX);
    meter.take(count.saturating_add(1).saturating_mul(VALUE))?;
    let step = if to >= from { step } else { -step };
    let numbers = std::iter::successors(Some(from), |last| last.checked_add(step));
    Ok(Value::from(numbers.take(count.saturating_add(1)).map(Value::from).collect::<Vec<_>>()))
}

fn base64_encoded(args: &[Value], meter: &Meter, padded: bool, url: bool) -> Metered {
    use base64::Engine as _;
    use base64::prelude::{BASE64_STANDARD, BASE64_URL_SAFE, BASE64_URL_SAFE_NO_PAD};
    let [Value::String(text)] = args else { return UNDEFINED };
    meter.take(text.len() / 3 * 4 + 4)?;
    Ok(Value::from(match (padded, url) {
        (true, false) => BASE64_STANDARD.encode(text.as_bytes()),
        (true, true) => BASE64_URL_SAFE.encode(text.as_bytes()),
        (false, _) => BASE64_URL_SAFE_NO_PAD.encode(text.as_bytes()),
    }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn call(name: &str, limit: usize, args: &serde_json::Value) -> Result<Value, String> {
        let (.., function) = FUNCTIONS.iter().find(|(known, ..)| *known == name).unwrap();
        let args = Value::from_json_str(&args.to_string()).unwrap();
        let args: Vec<Value> = args.as_array().unwrap().iter().cloned().collect();
        function(&args, &Meter::new(limit, &Patterns::default())).map_err(|error| error.to_string())
    }

    #[test]
    fn what_they_make_is_opas() {
        for (name, args, expected) in [
            ("concat", json!(["/", ["a", "b"]]), json!("a/b")),
            ("concat", json!(["/", []]), json!("")),
            ("replace", json!(["aXbX", "X", "--"]), json!("a--b--")),
            ("strings.replace_n", json!([{"<": "&lt;", ">": "&gt;"}, "a<b>"]), json!("a&lt;b&gt;")),
            // Not one after the other.
            ("strings.replace_n", json!([{"a": "b", "b": "c"}, "ab"]), json!("bc")),
            ("split", json!(["a.b.c", "."]), json!(["a", "b", "c"])),
            ("split", json!(["aü", ""]), json!(["a", "ü"])),
            ("split", json!(["", "."]), json!([""])),
            ("array.concat", json!([[1], [2, 3]]), json!([1, 2, 3])),
            ("numbers.range", json!([1, 3]), json!([1, 2, 3])),
            ("numbers.range", json!([3, 1]), json!([3, 2, 1])),
            ("numbers.range_step", json!([0, 10, 4]), json!([0, 4, 8])),
            ("numbers.range_step", json!([10, 0, 4]), json!([10, 6, 2])),
            ("bits.lsh", json!([1, 10]), json!(1024)),
            ("mul", json!([3, 4.5]), json!(13.5)),
            ("walk", json!([{"a": [1]}]), json!([[[], {"a": [1]}], [["a"], [1]], [["a", 0], 1]])),
            ("json.marshal", json!([{"a": [1]}]), json!("{\"a\":[1]}")),
            ("hex.encode", json!(["az"]), json!("617a")),
            ("base64.encode", json!(["a?"]), json!("YT8=")),
            ("base64url.encode", json!(["a?>"]), json!("YT8-")),
            ("base64url.encode_no_pad", json!(["a?"]), json!("YT8")),
            ("re_match", json!(["^a+$", "aa"]), json!(true)),
            ("regex.match", json!(["^a+$", "ab"]), json!(false)),
            ("regex.replace", json!(["foo bar", "(o+)", "<$1>"]), json!("f<oo> bar")),
            (
                "net.cidr_expand",
                json!(["10.0.0.0/30"]),
                json!(["10.0.0.0", "10.0.0.1", "10.0.0.2", "10.0.0.3"]),
            ),
        ] {
            let mut got = call(name, 1 << 20, &args).unwrap();
            if let Value::Set(set) = &got {
                got = Value::from(set.iter_sorted().cloned().collect::<Vec<_>>());
            }
            assert_eq!(got, Value::from_json_str(&expected.to_string()).unwrap(), "{name} {args}");
        }
        for (name, args) in [
            ("concat", json!(["", [1]])),
            ("numbers.range", json!([1.5, 2])),
            ("numbers.range_step", json!([1, 2, 0])),
            ("re_match", json!(["(", ""])),
            ("net.cidr_expand", json!(["10.0.0.0"])),
        ] {
            assert_eq!(call(name, 1 << 20, &args), Ok(Value::Undefined), "{name} {args}");
        }
    }

    #[test]
    fn what_is_too_much_is_an_error() {
        let long = "x".repeat(1200);
        for (name, args) in [
            ("sprintf", json!(["%v", [long]])),
            ("sprintf", json!(["%100000d", [1]])),
            ("sprintf", json!(["%[1]v%[1]v%[1]v", ["x".repeat(300)]])),
            ("concat", json!([long, ["", "", ""]])),
            ("replace", json!([long, "x", "yy"])),
            ("strings.replace_n", json!([{"x": "yy"}, long])),
            ("split", json!([long, ""])),
            ("array.concat", json!([vec![0; 40], vec![0; 40]])),
            ("numbers.range", json!([0, 1_000_000_000_000_i64])),
            ("numbers.range", json!([i64::MIN, i64::MAX])),
            ("numbers.range_step", json!([0, 1_000_000_000_000_i64, 7])),
            ("bits.lsh", json!([1, 4_000_000_000_u64])),
            ("json.marshal", json!([vec![long.clone(); 3]])),
            ("yaml.marshal", json!([vec![long.clone(); 3]])),
            ("hex.encode", json!([long])),
            ("regex.replace", json!([long, "", "abc"])),
            ("net.cidr_expand", json!(["::/0"])),
        ] {
            let error = call(name, 1000, &args).expect_err(name);
            assert!(error.contains("1000 bytes"), "{name}: {error}");
        }
    }
}
