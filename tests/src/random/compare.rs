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
    /// By its number in [`KNOWN`].
    pub known: [usize; KNOWN.len()],
}

/// A difference that is kustomize's own accident.
#[derive(Debug)]
pub struct Known {
    /// Why we do not follow.
    pub reason: &'static str,
    applies: fn(&Result<String, gitops_core::Error>, &Answer) -> bool,
}

/// What is not compared further.
pub const KNOWN: [Known; 3] = [
    Known {
        reason: "kustomize panics; we build or refuse with a message",
        applies: |_, theirs| matches!(theirs, Answer::Refused(error) if is_crash(error)),
    },
    Known {
        reason: "kustomize compares what a validator leaves with the places of YAML nodes in their files",
        applies: |ours, theirs| {
            matches!(theirs, Answer::Refused(error) if error.contains("validator shouldn't modify"))
                || matches!(ours, Err(error) if error.code() == "validator-changes-objects")
        },
    },
    Known {
        reason: "kustomize sees that a key stands twice only when it writes it, not if a patch has dropped it by then",
        applies: |ours, theirs| {
            matches!(theirs, Answer::Built(_))
                && matches!(ours, Err(error) if error.code() == "duplicate-key")
        },
    },
];

impl Tally {
    /// The sum of two.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        Self {
            built: self.built + other.built,
            refused: self.refused + other.refused,
            unsupported: self.unsupported + other.unsupported,
            known: std::array::from_fn(|at| self.known[at] + other.known[at]),
        }
    }
}

impl fmt::Display for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} built the same, {} refused by both", self.built, self.refused)?;
        if self.unsupported > 0 {
            write!(f, ", {} not implemented", self.unsupported)?;
        }
        for (known, count) in KNOWN.iter().zip(self.known).filter(|(_, count)| *count > 0) {
            write!(f, "\n  {count} not compared: {}", known.reason)?;
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
    if let Some(at) = KNOWN.iter().position(|known| (known.applies)(&ours, &theirs)) {
        tally.known[at] += 1;
        return None;
    }
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
