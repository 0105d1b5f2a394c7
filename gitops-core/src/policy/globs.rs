//! OPA's `regex.globs_match`: whether two patterns have a text in common.
//!
//! A pattern is made of characters, `.` (any character) and sets such as `[a-z_]`, each once, or with `+` at
//! least once, or with `*` any number of times; a backslash takes the meaning from what follows it.

use std::collections::BTreeSet;

use regorus::Value;

/// The most steps of the two patterns that are tried together.
const MAX_PAIRS: usize = 1 << 20;

/// What one step of a pattern accepts.
#[derive(Debug)]
enum Accepts {
    Any,
    /// Any character of one of these ranges.
    Of(Vec<(char, char)>),
}

impl Accepts {
    /// Whether some character suits both.
    fn meets(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Of(mine), Self::Of(theirs)) => {
                mine.iter().any(|a| theirs.iter().any(|b| a.0 <= b.1 && b.0 <= a.1))
            }
            _ => true,
        }
    }
}

/// A step of a pattern.
#[derive(Debug)]
struct Step {
    accepts: Accepts,
    /// Whether it may be left out, and whether it may be repeated.
    optional: bool,
    repeated: bool,
}

/// Reads a pattern; `None` if it is none.
fn parse(text: &str) -> Option<Vec<Step>> {
    let mut chars = text.chars().peekable();
    let mut steps = Vec::new();
    while let Some(c) = chars.next() {
        let accepts = match c {
            '\\' => {
                let escaped = chars.next()?;
                Accepts::Of(vec![(escaped, escaped)])
            }
            '.' => Accepts::Any,
            '[' => Accepts::Of(set(&mut chars)?),
            ']' | '+' | '*' => return None,
            c => Accepts::Of(vec![(c, c)]),
        };
        let flag = chars.next_if(|c| matches!(c, '+' | '*'));
        steps.push(Step { accepts, optional: flag == Some('*'), repeated: flag.is_some() });
    }
    Some(steps)
}

/// Reads a set behind its `[`.
fn set(chars: &mut impl Iterator<Item = char>) -> Option<Vec<(char, char)>> {
    let mut ranges: Vec<(char, char)> = Vec::new();
    // Whether the last range is one character, at which another may begin.
    let mut single = false;
    loop {
        match chars.next()? {
            ']' => return Some(ranges),
            '-' => {
                let last = ranges.last_mut().filter(|_| single)?;
                let end = match chars.next()? {
                    ']' | '-' => return None,
                    '\\' => chars.next()?,
                    end => end,
                };
                if end < last.0 {
                    return None;
                }
                last.1 = end;
                single = false;
            }
            c => {
                let c = if c == '\\' { chars.next()? } else { c };
                ranges.push((c, c));
                single = true;
            }
        }
    }
}

/// Whether some text matches both patterns; undefined where one is no pattern.
pub(super) fn globs_match(args: &[Value]) -> Value {
    let [Value::String(a), Value::String(b)] = args else { return Value::Undefined };
    let (Some(a), Some(b)) = (parse(a), parse(b)) else { return Value::Undefined };
    if (a.len() + 1).saturating_mul(b.len() + 1) > MAX_PAIRS {
        return Value::Undefined;
    }
    Value::from(meet(&a, &b))
}

/// Follows both patterns at once, from pair of places to pair of places.
fn meet(a: &[Step], b: &[Step]) -> bool {
    let mut seen = BTreeSet::from([(0, 0)]);
    let mut open = vec![(0, 0)];
    while let Some((i, j)) = open.pop() {
        let (left, right) = (a.get(i), b.get(j));
        let mut next = Vec::new();
        match (left, right) {
            (None, None) => return true,
            (Some(left), Some(right)) if left.accepts.meets(&right.accepts) => {
                next.push((i + 1, j + 1));
                if left.repeated {
                    next.push((i, j + 1));
                }
                if right.repeated {
                    next.push((i + 1, j));
                }
            }
            _ => {}
        }
        if left.is_some_and(|step| step.optional) {
            next.push((i + 1, j));
        }
        if right.is_some_and(|step| step.optional) {
            next.push((i, j + 1));
        }
        open.extend(next.into_iter().filter(|pair| seen.insert(*pair)));
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_meet_where_a_text_suits_both() {
        for (a, b, expected) in [
            ("a.*", "ab.*", Some(true)),
            ("a", "b", Some(false)),
            ("a+", "aaa", Some(true)),
            ("a+", "b*", Some(false)),
            ("a*b", "ab", Some(true)),
            ("[a-c]+x", "[d-f]+x", Some(false)),
            ("[a-c]+x", "[c-f]+x", Some(true)),
            ("[a-c]*x", "[d-f]*x", Some(true)),
            (".+", "anything", Some(true)),
            ("a\\.b", "a.b", Some(true)),
            ("a\\.b", "axb", Some(false)),
            ("a.+b", "ab", Some(false)),
            ("[", "a", None),
            ("*", "a", None),
            ("a]", "a", None),
            ("[z-a]", "a", None),
            ("[a-]", "a", None),
        ] {
            for (a, b) in [(a, b), (b, a)] {
                let found = globs_match(&[Value::from(a), Value::from(b)]);
                assert_eq!(found, expected.map_or(Value::Undefined, Value::from), "{a} {b}");
            }
        }
    }
}
