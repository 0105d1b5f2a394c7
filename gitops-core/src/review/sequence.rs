//! The longest common subsequence of two lists, within a bound on the work.

/// Cells of the table beyond which lists are paired without looking for moves: 16 MB of memory.
const MAX_CELLS: usize = 4_000_000;

/// One stretch of an alignment of two lists.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Step {
    /// The item at these positions of both lists is the same.
    Same(usize, usize),
    /// Only the first list has the item at this position.
    Removed(usize),
    /// Only the second list has the item at this position.
    Added(usize),
}

/// Aligns two lists: common items in order, removals before additions in between.
///
/// Beyond [`MAX_CELLS`] only the common start and end are found.
pub(crate) fn align<T: PartialEq>(before: &[T], after: &[T]) -> Vec<Step> {
    let start = before.iter().zip(after).take_while(|(a, b)| a == b).count();
    let rest = |items: &[T]| items.len() - start;
    let most = rest(before).min(rest(after));
    let end = before.iter().rev().zip(after.iter().rev()).take(most).take_while(|(a, b)| a == b).count();
    let middle = |items: &[T]| start..items.len() - end;
    let mut steps: Vec<Step> = (0..start).map(|at| Step::Same(at, at)).collect();
    let a = before.get(middle(before)).unwrap_or_default();
    let b = after.get(middle(after)).unwrap_or_default();
    let mut removed = Vec::new();
    let mut added = Vec::new();
    let flush = |steps: &mut Vec<Step>, removed: &mut Vec<Step>, added: &mut Vec<Step>| {
        steps.append(removed);
        steps.append(added);
    };
    let (mut i, mut j) = (0, 0);
    let table = table(a, b);
    let length = |i: usize, j: usize| table.get(i).and_then(|row| row.get(j)).copied().unwrap_or(0);
    while let (Some(x), Some(y)) = (a.get(i), b.get(j)) {
        if length(i, j) == 0 {
            break;
        }
        if x == y {
            flush(&mut steps, &mut removed, &mut added);
            steps.push(Step::Same(start + i, start + j));
            (i, j) = (i + 1, j + 1);
        } else if length(i + 1, j) >= length(i, j + 1) {
            removed.push(Step::Removed(start + i));
            i += 1;
        } else {
            added.push(Step::Added(start + j));
            j += 1;
        }
    }
    removed.extend((i..a.len()).map(|at| Step::Removed(start + at)));
    added.extend((j..b.len()).map(|at| Step::Added(start + at)));
    flush(&mut steps, &mut removed, &mut added);
    steps.extend((0..end).map(|at| Step::Same(start + a.len() + at, start + b.len() + at)));
    steps
}

/// At `[i][j]` the length of the longest common subsequence of `a[i..]` and `b[j..]`; empty where the
/// table would be too large.
fn table<T: PartialEq>(a: &[T], b: &[T]) -> Vec<Vec<u32>> {
    if a.len().saturating_mul(b.len()) > MAX_CELLS {
        return Vec::new();
    }
    let mut rows: Vec<Vec<u32>> = vec![vec![0; b.len() + 1]];
    for x in a.iter().rev() {
        // Built from the right, so each row is reversed: its first cell is the empty rest of `b`.
        let below = rows.last().map(Vec::as_slice).unwrap_or_default();
        let mut row = Vec::with_capacity(b.len() + 1);
        row.push(0);
        let mut right = 0;
        for (y, (&diagonal, &down)) in b.iter().rev().zip(below.iter().zip(below.iter().skip(1))) {
            right = if x == y { diagonal + 1 } else { right.max(down) };
            row.push(right);
        }
        rows.push(row);
    }
    rows.reverse();
    rows.iter_mut().for_each(|row| row.reverse());
    rows
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn show(before: &str, after: &str) -> String {
        let (a, b): (Vec<char>, Vec<char>) = (before.chars().collect(), after.chars().collect());
        let steps = align(&a, &b).into_iter();
        steps
            .map(|step| match step {
                Step::Same(i, _) => format!("{}", a[i]),
                Step::Removed(i) => format!("-{}", a[i]),
                Step::Added(j) => format!("+{}", b[j]),
            })
            .collect::<Vec<_>>()
            .join("")
    }

    #[test]
    fn lists_are_aligned() {
        for (before, after, want) in [
            ("", "", ""),
            ("abc", "abc", "abc"),
            ("abc", "", "-a-b-c"),
            ("", "ab", "+a+b"),
            ("abc", "axc", "a-b+xc"),
            ("abcd", "bd", "-ab-cd"),
            ("ab", "ba", "-ab+a"),
            ("xaby", "xbay", "x-ab+ay"),
        ] {
            assert_eq!(show(before, after), want, "{before} {after}");
        }
    }

    #[test]
    fn long_lists_stay_within_the_bound() {
        let (a, b): (Vec<u32>, Vec<u32>) = ((0..3000).collect(), (0..3000).rev().collect());
        assert_eq!(align(&a, &b).len(), 6000);
    }

    proptest! {
        #[test]
        fn steps_replay_to_both_lists(a in proptest::collection::vec(0u8..4, 0..20), b in proptest::collection::vec(0u8..4, 0..20)) {
            let steps = align(&a, &b);
            let before: Vec<u8> = steps.iter().filter_map(|s| match s { Step::Same(i, _) | Step::Removed(i) => Some(a[*i]), Step::Added(_) => None }).collect();
            let after: Vec<u8> = steps.iter().filter_map(|s| match s { Step::Same(_, j) | Step::Added(j) => Some(b[*j]), Step::Removed(_) => None }).collect();
            prop_assert_eq!(before, a.clone());
            prop_assert_eq!(after, b.clone());
            for step in &steps { if let Step::Same(i, j) = step { prop_assert_eq!(a[*i], b[*j]); } }
        }
    }
}
