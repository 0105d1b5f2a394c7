//! What callers in other languages name by words.

use std::str::FromStr;

use super::options::{Profile, UnknownNamespace};
use super::review::Operation;
use crate::{Error, ErrorKind};

/// The value of a word, or an error that lists the words.
fn choose<T: Copy>(what: &str, text: &str, known: &[(&str, T)]) -> Result<T, Error> {
    let found = known.iter().find(|(name, _)| *name == text);
    found.map(|(_, value)| *value).ok_or_else(|| {
        let names: Vec<String> = known.iter().map(|(name, _)| format!("`{name}`")).collect();
        let message = format!("`{text}` is no {what}; known are {}", names.join(", "));
        Error::new(ErrorKind::Argument, "bad-argument", message)
    })
}

impl FromStr for Profile {
    type Err = Error;

    /// `cluster`, `gatorTest` or `gatorVerify`.
    fn from_str(text: &str) -> Result<Self, Error> {
        let known =
            [("cluster", Self::Cluster), ("gatorTest", Self::GatorTest), ("gatorVerify", Self::GatorVerify)];
        choose("profile", text, &known)
    }
}

impl FromStr for UnknownNamespace {
    type Err = Error;

    /// `reject` or `notChecked`.
    fn from_str(text: &str) -> Result<Self, Error> {
        choose(
            "meaning of an unknown namespace",
            text,
            &[("reject", Self::Reject), ("notChecked", Self::NotChecked)],
        )
    }
}

impl FromStr for Operation {
    type Err = Error;

    /// The name in an AdmissionRequest: `CREATE`, `UPDATE`, `DELETE` or `CONNECT`.
    fn from_str(text: &str) -> Result<Self, Error> {
        let all = [Self::Create, Self::Update, Self::Delete, Self::Connect];
        choose("operation", text, &all.map(|operation| (operation.name(), operation)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words() {
        assert_eq!("gatorTest".parse::<Profile>().unwrap(), Profile::GatorTest);
        assert_eq!("notChecked".parse::<UnknownNamespace>().unwrap(), UnknownNamespace::NotChecked);
        assert_eq!("DELETE".parse::<Operation>().unwrap(), Operation::Delete);
        let error = "delete".parse::<Operation>().unwrap_err();
        assert_eq!(
            error.message(),
            "`delete` is no operation; known are `CREATE`, `UPDATE`, `DELETE`, `CONNECT`"
        );
    }
}
