//! "Did you mean …?" for misspelt names.

/// The name closest to `word`, if it is close enough to be meant.
pub(crate) fn closest(word: &str, names: &[&'static str]) -> Option<&'static str> {
    let word = word.to_ascii_lowercase();
    // Names are short; a longer word is no misspelling and must not cost quadratic time.
    if word.len() > 64 {
        return None;
    }
    let limit = (word.chars().count() / 3).max(1);
    let scored = names.iter().map(|name| (distance(&word, &name.to_ascii_lowercase()), *name));
    scored.filter(|(distance, _)| *distance <= limit).min().map(|(_, name)| name)
}

/// Edits (insert, remove, replace) between two words.
fn distance(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.chars().enumerate() {
        let mut diagonal = i;
        let mut left = i + 1;
        if let Some(first) = row.first_mut() {
            *first = left;
        }
        for (cell, y) in row.iter_mut().skip(1).zip(&b) {
            let best = (diagonal + usize::from(x != *y)).min(left + 1).min(*cell + 1);
            diagonal = std::mem::replace(cell, best);
            left = best;
        }
    }
    row.last().copied().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    #[test]
    fn finds_the_word_that_was_meant() {
        let names = &["resources", "patches", "images"];
        assert_eq!(super::closest("resource", names), Some("resources"));
        assert_eq!(super::closest("pathces", names), Some("patches"));
        assert_eq!(super::closest("helm", names), None);
    }
}
