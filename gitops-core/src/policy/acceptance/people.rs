//! Whether two texts name the same person.
//!
//! People are named as Git names them (`Jane Doe <jane@example.com>`), by an address, by a name or by
//! a login (`@jane`). Two texts are the same person if they share an address; if not both have one, if they
//! share a name, or one is the part before the `@` of the other's address. Better one person too few than
//! one counted twice.

/// What a text tells of a person, in small letters.
#[derive(Debug, PartialEq, Eq)]
struct Person {
    name: String,
    address: Option<String>,
}

impl Person {
    fn read(text: &str) -> Self {
        let text = text.trim().to_lowercase();
        let (name, address) = match text.split_once('<') {
            Some((name, rest)) => (name, rest.trim_end_matches('>')),
            None if text.contains('@') && !text.starts_with('@') => ("", text.as_str()),
            None => (text.as_str(), ""),
        };
        let name = name.trim().trim_start_matches('@').split_whitespace().collect::<Vec<_>>().join(" ");
        let address = address.trim().to_owned();
        Self { name, address: Some(address).filter(|address| !address.is_empty()) }
    }

    /// The login behind an address; GitHub puts a number and `+` before it.
    fn login(&self) -> Option<&str> {
        let local = self.address.as_deref()?.split('@').next()?;
        Some(local.rsplit_once('+').map_or(local, |(before, after)| {
            if before.bytes().all(|byte| byte.is_ascii_digit()) { after } else { before }
        }))
    }
}

/// Whether two texts name the same person.
pub(super) fn same(a: &str, b: &str) -> bool {
    let (a, b) = (Person::read(a), Person::read(b));
    if a.address.is_some() && a.address == b.address {
        return true;
    }
    let named = !a.name.is_empty() && a.name == b.name;
    let by_login = |person: &Person, other: &Person| {
        person.address.is_none() && other.login().is_some_and(|login| login == person.name.replace(' ', "."))
    };
    named || by_login(&a, &b) || by_login(&b, &a)
}

#[cfg(test)]
mod tests {
    use super::same;

    #[test]
    fn one_person_has_several_names() {
        for (a, b, want) in [
            ("jane@example.com", "Jane Doe <jane@example.com>", true),
            ("Jane Doe", "jane  doe <other@example.com>", true),
            ("@jane", "Jane Doe <jane@example.com>", true),
            ("jane", "J. D. <123+jane@users.noreply.github.com>", true),
            ("Jane Doe", "jane.doe@example.com", true),
            ("jane@example.com", "jane@other.example", false),
            ("Jane Doe <jane@a.example>", "Jane Doe <jane@b.example>", true),
            ("john", "Jane Doe <jane@example.com>", false),
            ("", "", false),
        ] {
            assert_eq!((same(a, b), same(b, a)), (want, want), "{a} {b}");
        }
    }
}
