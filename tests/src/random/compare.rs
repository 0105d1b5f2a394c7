//! Our answer against kustomize's.

use std::fmt;

use gitops_core::ErrorKind;

use super::{Answer, Case, Oracle};

/// How many cases came out how.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// Both built the same bytes.
    pub built: usize,
    /// Both refused.
    pub refused: usize,
    /// We say that we do not implement it.
    pub unsupported: usize,
    /// Kustomize crashed.
    pub crashed: usize,
}

impl Tally {
    /// The sum of two.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        Self {
            built: self.built + other.built,
            refused: self.refused + other.refused,
            unsupported: self.unsupported + other.unsupported,
            crashed: self.crashed + other.crashed,
        }
    }
}

impl fmt::Display for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} built the same, {} refused by both", self.built, self.refused)?;
        if self.unsupported > 0 {
            write!(f, ", {} not implemented", self.unsupported)?;
        }
        if self.crashed > 0 {
            write!(f, ", {} on which kustomize panics", self.crashed)?;
        }
        Ok(())
    }
}

/// Two answers that should be the same.
#[derive(Clone, Debug)]
pub struct Difference {
    /// What we answer: the text, or the error.
    pub ours: Result<String, String>,
    /// What kustomize answers.
    pub theirs: Answer,
    /// What kind of difference it is, to tell whether a smaller case shows the same.
    pub class: String,
}

/// Builds the case both ways.
pub fn compare(case: &Case, oracle: &mut Oracle, tally: &mut Tally) -> Option<Difference> {
    let ours = case.ours();
    if let Err(error) = &ours
        && error.kind() == ErrorKind::Unsupported
    {
        tally.unsupported += 1;
        return None;
    }
    let theirs = oracle.build(case);
    let class = match (&ours, &theirs) {
        (_, Answer::Refused(error)) if is_crash(error) => {
            tally.crashed += 1;
            return None;
        }
        (Ok(ours), Answer::Built(theirs)) if ours == theirs => {
            tally.built += 1;
            return None;
        }
        (Err(_), Answer::Refused(_)) => {
            tally.refused += 1;
            return None;
        }
        (Ok(_), Answer::Built(_)) => "output differs".to_owned(),
        (Ok(_), Answer::Refused(error)) => format!("only kustomize refuses: {}", gist(error)),
        (Err(error), Answer::Built(_)) => format!("only we refuse: {}", error.code()),
    };
    Some(Difference { ours: ours.map_err(|error| error.to_string()), theirs, class })
}

fn is_crash(error: &str) -> bool {
    error.starts_with("PANIC") || error.contains("goroutine 1 [running]")
}

/// The last words of an error, without names, numbers and quoted texts.
fn gist(error: &str) -> String {
    let words = error.split_whitespace().rev().take(12);
    let mut words: Vec<&str> =
        words.filter(|word| word.chars().all(|c| c.is_ascii_alphabetic() || c == ':')).take(6).collect();
    words.reverse();
    words.join(" ")
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}", self.class)?;
        match (&self.ours, &self.theirs) {
            (Ok(ours), Answer::Built(theirs)) => {
                let (ours, theirs): (Vec<&str>, Vec<&str>) =
                    (ours.lines().collect(), theirs.lines().collect());
                let same = ours.iter().zip(&theirs).take_while(|(a, b)| a == b).count();
                let rest = ours.iter().rev().zip(theirs.iter().rev()).take_while(|(a, b)| a == b).count();
                let rest = rest.min(ours.len().min(theirs.len()) - same);
                for line in ours.iter().take(same).skip(same.saturating_sub(6)) {
                    writeln!(f, "    {line}")?;
                }
                for (mark, lines) in [("ours  ", &ours), ("theirs", &theirs)] {
                    for line in lines.iter().take(lines.len() - rest).skip(same).take(20) {
                        writeln!(f, "  {mark}| {line}")?;
                    }
                }
                Ok(())
            }
            (ours, theirs) => {
                match ours {
                    Ok(text) => writeln!(f, "  ours builds:\n{text}")?,
                    Err(error) => writeln!(f, "  ours refuses: {error}")?,
                }
                match theirs {
                    Answer::Built(text) => writeln!(f, "  kustomize builds:\n{text}"),
                    Answer::Refused(error) => writeln!(f, "  kustomize refuses: {error}"),
                }
            }
        }
    }
}
