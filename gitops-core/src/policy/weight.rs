//! How large a value is when written out, where its parts may be shared.

use regorus::Value;

/// How many bytes a value counts at least.
const VALUE: usize = 16;

/// How deep a policy may nest values: whatever walks a value needs stack for each level.
pub(super) const MAX_DEPTH: usize = 500;

/// Whether a value is no deeper than values may be, and written out takes no more than a number of bytes. A
/// part counts each time it appears, and the walk ends where the number is reached.
pub(super) fn is_within(value: &Value, bytes: usize) -> bool {
    let mut left = bytes;
    weigh(value, MAX_DEPTH, &mut left)
}

fn weigh(value: &Value, depth: usize, left: &mut usize) -> bool {
    let own = VALUE + if let Value::String(text) = value { text.len() } else { 0 };
    let (Some(rest), Some(depth)) = (left.checked_sub(own), depth.checked_sub(1)) else { return false };
    *left = rest;
    match value {
        Value::Array(items) => items.iter().all(|item| weigh(item, depth, left)),
        Value::Set(items) => items.iter().all(|item| weigh(item, depth, left)),
        Value::Object(map) => {
            map.iter().all(|(key, value)| weigh(key, depth, left) && weigh(value, depth, left))
        }
        _ => true,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_shared_counts_each_time() {
        let doubled = |times: usize| {
            (0..times)
                .fold(Value::from(vec![Value::from(1)]), |inner, _| Value::from(vec![inner.clone(), inner]))
        };
        // 2^10 numbers, and as many lists around them and above.
        assert!(is_within(&doubled(10), 3 * 1024 * VALUE));
        assert!(!is_within(&doubled(10), 2 * 1024 * VALUE));
        assert!(!is_within(&doubled(60), 1 << 26));
        assert!(is_within(&Value::from("x".repeat(1000)), 1016));
        assert!(!is_within(&Value::from("x".repeat(1000)), 1015));
    }

    #[test]
    fn depth_has_an_end() {
        let nested = |times: usize| (0..times).fold(Value::Null, |inner, _| Value::from(vec![inner]));
        assert!(is_within(&nested(MAX_DEPTH - 1), usize::MAX));
        assert!(!is_within(&nested(MAX_DEPTH), usize::MAX));
    }
}
