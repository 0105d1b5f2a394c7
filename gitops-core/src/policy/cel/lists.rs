//! Methods of lists, and lists as sets.

use std::cmp::Ordering;
use std::collections::BTreeSet;

use super::eval::{Evaluator, Fail, Outcome};
use super::scalars::{arithmetic, compare};
use super::value::{Key, Value};

pub(super) fn list_method(ev: &mut Evaluator<'_>, name: &str, args: &[Value], weight: u64) -> Outcome {
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

pub(super) fn sets(ev: &mut Evaluator<'_>, name: &str, a: &[Value], b: &[Value]) -> Result<bool, Fail> {
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
