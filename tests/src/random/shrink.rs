//! Makes a case with a difference smaller while the difference stays: drops files, then lines.

use super::{Case, Oracle, Tally, compare};

/// The smallest case found with the same class of difference, in at most `tries` builds.
pub fn shrink(case: &Case, class: &str, oracle: &mut Oracle, mut tries: usize) -> Case {
    let mut best = case.clone();
    let mut shows = |candidate: &Case| {
        tries = tries.saturating_sub(1);
        tries > 0
            && compare(candidate, oracle, &mut Tally::default()).is_some_and(|found| found.class == class)
    };
    for _ in 0..3 {
        let before = best.clone();
        for path in before.files.keys() {
            let mut candidate = best.clone();
            candidate.files.remove(path);
            if shows(&candidate) {
                best = candidate;
            }
        }
        for path in best.files.keys().cloned().collect::<Vec<_>>() {
            lines(&mut best, &path, &mut shows);
        }
        if best == before {
            break;
        }
    }
    best
}

/// Drops runs of lines, long ones first.
fn lines(best: &mut Case, path: &str, shows: &mut impl FnMut(&Case) -> bool) {
    let split =
        |case: &Case| -> Vec<String> { case.files[path].split_inclusive('\n').map(str::to_owned).collect() };
    let mut run = split(best).len();
    while run > 0 {
        let mut at = 0;
        loop {
            let mut lines = split(best);
            if at >= lines.len() {
                break;
            }
            lines.drain(at..(at + run).min(lines.len()));
            let mut candidate = best.clone();
            candidate.files.insert(path.to_owned(), lines.concat());
            if shows(&candidate) {
                *best = candidate;
            } else {
                at += run.div_ceil(2);
            }
        }
        run /= 2;
    }
}
