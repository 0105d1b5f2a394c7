//! Texts of URLs, in which `%` and two digits stand for a byte.

/// The bytes of a text; in a query, `+` is a space. `None` where no two digits follow a `%`.
pub(crate) fn decode(text: &str, query: bool) -> Option<Vec<u8>> {
    let mut out = Vec::with_capacity(text.len());
    let mut bytes = text.bytes();
    while let Some(byte) = bytes.next() {
        out.push(match byte {
            b'%' => {
                let mut digit = || bytes.next().and_then(|byte| char::from(byte).to_digit(16));
                (digit()? * 16 + digit()?) as u8
            }
            b'+' if query => b' ',
            _ => byte,
        });
    }
    Some(out)
}

#[cfg(test)]
mod tests {
    use super::decode;

    #[test]
    fn percent_stands_for_a_byte() {
        for (text, query, want) in [
            ("a+b%2Fc%2f", true, Some("a b/c/")),
            ("a+b%20", false, Some("a+b ")),
            ("%C3%BC", true, Some("ü")),
            ("%zz", true, None),
            ("%4", true, None),
            ("%+1", true, None),
        ] {
            assert_eq!(decode(text, query), want.map(|want| want.as_bytes().to_vec()), "{text}");
        }
    }
}
