//! Names that kustomize's generators make: a stem, `-` and a hash of the content.

/// How many characters the hash has (kustomize `api/hasher`).
const LENGTH: usize = 10;

/// The characters the hash is made of: hexadecimal digits, with `0 1 3 a e` replaced by `g h k m t` so
/// that no words come out (kustomize `api/hasher`).
const ALPHABET: &str = "2456789bcdfghkmt";

/// The kinds whose names get a hash.
const KINDS: &[&str] = &["ConfigMap", "Secret"];

/// The name of an object without the hash of its content; the whole name where there is none.
#[must_use]
pub fn stem<'a>(kind: &str, name: &'a str) -> &'a str {
    match name.rsplit_once('-') {
        Some((stem, hash))
            if KINDS.contains(&kind)
                && !stem.is_empty()
                && hash.len() == LENGTH
                && hash.chars().all(|c| ALPHABET.contains(c)) =>
        {
            stem
        }
        _ => name,
    }
}

#[cfg(test)]
mod tests {
    use super::stem;

    #[test]
    fn only_a_hash_is_taken_off() {
        for (kind, name, want) in [
            ("ConfigMap", "config-5h9fc8m2kt", "config"),
            ("Secret", "a-b-g4hk9g2ff8", "a-b"),
            ("Deployment", "config-5h9fc8m2kt", "config-5h9fc8m2kt"),
            ("ConfigMap", "config-5h9fc8m2k", "config-5h9fc8m2k"),
            ("ConfigMap", "config-production", "config-production"),
            ("ConfigMap", "config-0123456789", "config-0123456789"),
            ("ConfigMap", "-5h9fc8m2kt", "-5h9fc8m2kt"),
        ] {
            assert_eq!(stem(kind, name), want);
        }
    }
}
