//! What differs between two texts of several lines, line by line, with a little context.

use super::sequence::{Step, align};

/// Unchanged lines shown around a change.
const CONTEXT: usize = 2;

/// Whether two texts are better shown by their lines than as values.
pub(crate) fn is_text(before: &str, after: &str) -> bool {
    let several = |text: &str| text.trim_end_matches('\n').contains('\n');
    several(before) || several(after)
}

/// The lines that differ, each with `-` or `+` before it, lines around them with ` `, and `@ line n`
/// (of the later text) where lines were left out.
pub(crate) fn text_diff(before: &str, after: &str) -> Vec<String> {
    let (a, b): (Vec<&str>, Vec<&str>) = (before.split('\n').collect(), after.split('\n').collect());
    let steps = align(&a, &b);
    let near = near_changes(&steps);
    let mut out = Vec::new();
    let mut line = 0;
    let mut skipped = false;
    for (step, near) in steps.iter().zip(near) {
        let text = |list: &[&str], at: usize| list.get(at).copied().unwrap_or_default().to_owned();
        if !matches!(step, Step::Removed(_)) {
            line += 1;
        }
        if !near {
            skipped = true;
            continue;
        }
        if std::mem::take(&mut skipped) {
            out.push(format!("@ line {}", if matches!(step, Step::Removed(_)) { line + 1 } else { line }));
        }
        out.push(match *step {
            Step::Same(_, at) => format!(" {}", text(&b, at)),
            Step::Removed(at) => format!("-{}", text(&a, at)),
            Step::Added(at) => format!("+{}", text(&b, at)),
        });
    }
    out
}

/// Which steps are a change or within [`CONTEXT`] of one.
fn near_changes(steps: &[Step]) -> Vec<bool> {
    let mut near = vec![false; steps.len()];
    for (at, step) in steps.iter().enumerate() {
        if !matches!(step, Step::Same(..)) {
            let range = at.saturating_sub(CONTEXT)..(at + CONTEXT + 1).min(steps.len());
            near.get_mut(range).unwrap_or_default().fill(true);
        }
    }
    near
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_differs_is_shown() {
        let before = "1\n2\n3\n4\n5\n6\n7\n8\n";
        let after = "1\n2\n3\n4\nfive\n6\n7\n8\n9\n";
        assert_eq!(
            text_diff(before, after),
            ["@ line 3", " 3", " 4", "-5", "+five", " 6", " 7", " 8", "+9", " "]
        );
        assert_eq!(text_diff("a\nb", "a\nb\n"), [" a", " b", "+"]);
        assert!(is_text("a\nb", "c") && !is_text("a\n", "b\n"));
    }
}
