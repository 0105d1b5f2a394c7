//! Methods of texts, and regular expressions.

use super::eval::{Evaluator, Fail, Outcome};
use super::format;
use super::value::Value;

fn regex(ev: &mut Evaluator<'_>, text: &str, pattern: &str) -> Result<regex::Regex, Fail> {
    // What Kubernetes counts: the text, by the length of the pattern.
    ev.charge((text.len() as u64 / 10 + 1).saturating_mul(pattern.len() as u64 / 4 + 1))?;
    regex::RegexBuilder::new(pattern)
        .size_limit(1 << 20)
        .build()
        .map_err(|_| Fail::new(format!("error parsing regexp: `{pattern}`")))
}

pub(super) fn text_method(ev: &mut Evaluator<'_>, name: &str, args: &[Value], weight: u64) -> Outcome {
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
