//! The natural order of keys of go-yaml v2: `a2` before `a10`, punctuation before letters, upper case
//! before lower case.

use std::cmp::Ordering;
use std::sync::LazyLock;

use regex::Regex;

use crate::node::Entry;

/// Up to this many entries are sorted by insertion, as Go does it.
const INSERTION: usize = 12;

/// Sorts entries by key.
///
/// Where digits meet letters the order is not transitive (`09` < `10` < `1b` < `09`), so kustomize's
/// own output can vary from run to run. To give one result whatever the order was before, and the
/// likeliest of kustomize's for a small mapping, such keys are first put in the order in which JSON has
/// them. The standard sort may panic on such an order; insertion and merging do not care.
pub(super) fn sort(entries: &mut [&Entry]) {
    let in_order = entries.is_sorted_by(|a, b| compare(&a.key, &b.key) != Ordering::Greater);
    if !entries.iter().any(|entry| entry.key.bytes().any(|byte| byte.is_ascii_digit() || !byte.is_ascii())) {
        if !in_order {
            entries.sort_unstable_by(|a, b| compare(&a.key, &b.key));
        }
        return;
    }
    entries.sort_unstable_by(|a, b| a.key.as_str().cmp(b.key.as_str()));
    merge_sort(entries);
}

fn merge_sort(entries: &mut [&Entry]) {
    if entries.is_sorted_by(|a, b| compare(&a.key, &b.key) != Ordering::Greater) {
        return;
    }
    if entries.len() <= INSERTION {
        for end in 1..entries.len() {
            for at in (1..=end).rev() {
                match entries.get(at - 1..=at) {
                    Some([a, b]) if compare(&b.key, &a.key) == Ordering::Less => entries.swap(at - 1, at),
                    _ => break,
                }
            }
        }
        return;
    }
    let (left, right) = entries.split_at_mut(entries.len() / 2);
    merge_sort(left);
    merge_sort(right);
    let mut merged = Vec::with_capacity(left.len() + right.len());
    let mut left = left.iter().copied().peekable();
    let mut right = right.iter().copied().peekable();
    while let (Some(a), Some(b)) = (left.peek(), right.peek()) {
        let next = if compare(&b.key, &a.key) == Ordering::Less { right.next() } else { left.next() };
        merged.extend(next);
    }
    merged.extend(left);
    merged.extend(right);
    for (to, from) in entries.iter_mut().zip(merged) {
        *to = from;
    }
}

/// Which of two keys comes first.
///
/// The first difference decides: between letters the code point; a non-letter comes before a letter;
/// between others, the numbers that begin there, then the shorter run of digits, then the code point.
pub(super) fn compare(a: &str, b: &str) -> Ordering {
    // Most keys differ in their first letter.
    if let ([x, ..], [y, ..]) = (a.as_bytes(), b.as_bytes())
        && x != y
        && x.is_ascii_alphabetic()
        && y.is_ascii_alphabetic()
    {
        return x.cmp(y);
    }
    let mut common = a.bytes().zip(b.bytes()).take_while(|(x, y)| x == y).count();
    while !a.is_char_boundary(common) || !b.is_char_boundary(common) {
        common -= 1;
    }
    let (shared, rest_a) = a.split_at_checked(common).unwrap_or((a, ""));
    let rest_b = b.get(common..).unwrap_or("");
    let (Some(x), Some(y)) = (rest_a.chars().next(), rest_b.chars().next()) else {
        return rest_a.len().cmp(&rest_b.len());
    };
    match (is_letter(x), is_letter(y)) {
        (true, true) => return x.cmp(&y),
        (true, false) => return Ordering::Greater,
        (false, true) => return Ordering::Less,
        (false, false) => {}
    }
    // A zero is a leading one only if no other digit stands before it.
    let within_number =
        (x == '0' || y == '0') && shared.chars().rev().take_while(|c| is_digit(*c)).any(|c| c != '0');
    let (number_a, digits_a) = number(rest_a, within_number);
    let (number_b, digits_b) = number(rest_b, within_number);
    number_a.cmp(&number_b).then(digits_a.cmp(&digits_b)).then(x.cmp(&y))
}

/// The number that `text` begins with, and how many digits it has. Like Go's, it wraps, and digits of
/// other scripts count by their code point.
fn number(text: &str, within_number: bool) -> (i64, usize) {
    text.chars().take_while(|c| is_digit(*c)).fold((i64::from(within_number), 0), |(value, digits), c| {
        (value.wrapping_mul(10).wrapping_add(i64::from(u32::from(c)) - i64::from(b'0')), digits + 1)
    })
}

/// Unicode category L, which is less than `char::is_alphabetic`.
fn is_letter(c: char) -> bool {
    c.is_ascii_alphabetic() || (!c.is_ascii() && is_in(&LETTER, c))
}

/// Unicode category Nd.
fn is_digit(c: char) -> bool {
    c.is_ascii_digit() || (!c.is_ascii() && is_in(&DIGIT, c))
}

static LETTER: LazyLock<Option<Regex>> = LazyLock::new(|| Regex::new(r"^\p{L}").ok());
static DIGIT: LazyLock<Option<Regex>> = LazyLock::new(|| Regex::new(r"^\p{Nd}").ok());

fn is_in(category: &Option<Regex>, c: char) -> bool {
    category.as_ref().is_some_and(|category| category.is_match(c.encode_utf8(&mut [0; 4])))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::node::{Node, Span, Text};

    #[test]
    fn keys_stand_in_natural_order() {
        for sorted in [
            &["", "-", "_", "0", "1", "2", "10", "A", "B", "Z", "a", "a1", "a2", "a10", "a100", "b", "ä"][..],
            &["a.b", "a1", "a01", "a001", "a2", "a02", "ab"],
            &["a-b", "a.b", "a/b", "a_b", "aB", "ab"],
            &["x1.9", "x1.10", "x10.1", "x100", "x101"],
            &["v1", "v1alpha1", "v1beta1", "v1beta2", "v2"],
            &["a10", "a12", "a101", "a1b"],
            &["09", "10"],
            &["~", "Ⅷ", "A"],
            &["1", "2", "٣"],
        ] {
            for (at, a) in sorted.iter().enumerate() {
                for b in &sorted[at + 1..] {
                    assert_eq!(compare(a, b), Ordering::Less, "{a} {b}");
                    assert_eq!(compare(b, a), Ordering::Greater, "{b} {a}");
                }
                assert_eq!(compare(a, a), Ordering::Equal);
            }
        }
    }

    #[test]
    fn circles_are_cut_at_one_place() {
        let entry = |key: &str| Entry { key: key.into(), key_span: Span::NONE, value: Node::null() };
        let keys = [entry("1b"), entry("09"), entry("10")];
        for order in [[0, 1, 2], [0, 2, 1], [1, 0, 2], [1, 2, 0], [2, 0, 1], [2, 1, 0]] {
            let mut entries = order.map(|at: usize| &keys[at]);
            sort(&mut entries);
            assert_eq!(entries.map(|entry| entry.key.as_str()), ["09", "10", "1b"]);
        }
    }

    #[test]
    fn long_lists_sort_even_where_the_order_is_not_one() {
        let keys =
            (0..500u64).map(|n| format!("{}{}", "9".repeat((n % 31) as usize), n.wrapping_mul(7919) % 1000));
        let entries: Vec<Entry> = keys
            .map(|key| Entry { key: Text::from(key), key_span: Span::NONE, value: Node::null() })
            .collect();
        let mut sorted: Vec<&Entry> = entries.iter().collect();
        sort(&mut sorted);
        sorted.sort_by_key(|entry| std::ptr::from_ref(*entry));
        assert!(sorted.iter().zip(&entries).all(|(a, b)| std::ptr::eq(*a, b)), "an entry was lost");

        let entries: Vec<Entry> = (0..500)
            .map(|n| Entry {
                key: Text::from(format!("k{}", n * 7919 % 500)),
                key_span: Span::NONE,
                value: Node::null(),
            })
            .collect();
        let mut sorted: Vec<&Entry> = entries.iter().collect();
        sort(&mut sorted);
        assert!(sorted.iter().enumerate().all(|(at, entry)| entry.key.as_str() == format!("k{at}")));
    }
}
