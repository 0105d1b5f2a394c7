//! Bytes to text: only UTF-8, and only characters that YAML permits.

use crate::node::Location;
use crate::{Error, ErrorKind, Result};

/// The byte-order mark that some editors put before UTF-8 text.
pub(super) const BOM: &str = "\u{feff}";

/// The bytes of a YAML or JSON file as text. A leading byte-order mark stays in the text (so that
/// offsets are those of the file); [`super::read`] skips it.
///
/// go-yaml also reads UTF-16; Git, kubectl and editors do not write it, so it is refused by name.
///
/// # Errors
/// [`ErrorKind::Yaml`] `not-utf8` with line and column of the first byte that is not UTF-8.
pub fn decode<'a>(path: &str, bytes: &'a [u8]) -> Result<&'a str> {
    let cause = match std::str::from_utf8(bytes) {
        Ok(text) => return Ok(text),
        Err(cause) => cause,
    };
    if bytes.starts_with(&[0xff, 0xfe]) || bytes.starts_with(&[0xfe, 0xff]) {
        let message = "the file is UTF-16; save it as UTF-8";
        return Err(Error::new(ErrorKind::Yaml, "not-utf8", message).at(Location::new(path, 1, 1)));
    }
    let good = bytes.get(..cause.valid_up_to()).unwrap_or_default();
    let good = std::str::from_utf8(good).unwrap_or_default();
    let line = good.bytes().filter(|byte| *byte == b'\n').count() + 1;
    let last = good.rsplit('\n').next().unwrap_or_default();
    let column = last.trim_start_matches(BOM).chars().count() + 1;
    let byte = bytes.get(cause.valid_up_to()).copied().unwrap_or_default();
    let message =
        format!("byte 0x{byte:02X} is not UTF-8; save the file as UTF-8, and keep binary data in base64");
    let at = Location::new(path, u32::try_from(line).unwrap_or(0), u32::try_from(column).unwrap_or(0));
    Err(Error::new(ErrorKind::Yaml, "not-utf8", message).at(at))
}

/// The first character that YAML forbids, with its byte offset. The set is go-yaml's: all C0 and C1
/// controls but tab, line feed, carriage return and NEL; DEL; U+FFFE and U+FFFF.
pub(super) fn first_forbidden(text: &str) -> Option<(usize, char)> {
    let bytes = text.as_bytes();
    let mut at = 0;
    // Blocks without a branch inside are looked at many bytes at a time.
    for block in bytes.chunks(64) {
        if block.iter().fold(false, |any, byte| any | suspicious(*byte)) {
            let found = text.get(text.floor_char_boundary(at)..).and_then(|rest| {
                let mut characters = rest.char_indices().take_while(|(offset, _)| *offset < 64 + 3);
                characters.find(|(_, character)| forbidden(*character))
            });
            if let Some((offset, character)) = found {
                return Some((text.floor_char_boundary(at) + offset, character));
            }
        }
        at += block.len();
    }
    None
}

/// Whether a byte may begin a forbidden character.
fn suspicious(byte: u8) -> bool {
    (byte < 0x20 && byte != b'\n' && byte != b'\t' && byte != b'\r')
        || byte == 0x7f
        || byte == 0xc2
        || byte == 0xef
}

fn forbidden(character: char) -> bool {
    match character {
        '\t' | '\n' | '\r' | '\u{85}' => false,
        '\0'..='\u{1f}' | '\u{7f}'..='\u{9f}' | '\u{fffe}' | '\u{ffff}' => true,
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_bad_byte_is_named() {
        for (bytes, place) in [
            (&b"\xff\xfea\0"[..], "f.yaml:1:1"),
            (b"a: 1\nb: \xc3\xa4\xe9", "f.yaml:2:5"),
            (b"\xef\xbb\xbfa\xff", "f.yaml:1:2"),
        ] {
            let error = decode("f.yaml", bytes).unwrap_err();
            assert_eq!(error.code(), "not-utf8");
            assert_eq!(error.location().unwrap().to_string(), place, "{error}");
        }
        assert_eq!(decode("f", "ä".as_bytes()).unwrap(), "ä");
    }

    #[test]
    fn forbidden_characters_are_found() {
        for (text, found) in [
            ("a\t\r\nb", None),
            ("\u{feff}a\u{a0}\u{85}\u{2028}é", None),
            ("ab\0", Some(2)),
            ("é\u{7f}", Some(2)),
            ("\u{80}", Some(0)),
            ("x\u{ffff}", Some(1)),
        ] {
            assert_eq!(first_forbidden(text).map(|found| found.0), found, "{text:?}");
        }
    }
}
