//! Dates and times as go-yaml v3 recognises and prints them.
//!
//! A date is `YYYY-M-D`; a time is added after `T` or `t` with a zone, or after blanks without
//! one. Month, day, hour, minute and second may have one digit. The canonical form is RFC 3339 with
//! the shortest fraction, which is what Go's JSON encoder prints.

/// The RFC 3339 form of `text`, if go-yaml takes it for a moment.
pub(super) fn canonical(text: &str) -> Option<String> {
    let bytes = text.as_bytes();
    if bytes.len() < 5 || !bytes.iter().take(4).all(u8::is_ascii_digit) {
        return None;
    }
    let mut rest = Reader { bytes };
    let year = rest.digits(4, 4)?;
    rest.expect(b'-')?;
    let month = rest.digits(1, 2)?;
    rest.expect(b'-')?;
    let day = rest.digits(1, 2)?;
    if !(1..=12).contains(&month) || day < 1 || day > days_in(month, year) {
        return None;
    }
    let date = format!("{year:04}-{month:02}-{day:02}");
    let with_zone = match rest.next() {
        None => return Some(format!("{date}T00:00:00Z")),
        Some(b'T' | b't') => true,
        Some(b' ') => {
            while let [b' ', tail @ ..] = rest.bytes {
                rest.bytes = tail;
            }
            false
        }
        Some(_) => return None,
    };
    let hour = rest.digits(1, 2)?;
    rest.expect(b':')?;
    let minute = rest.digits(1, 2)?;
    rest.expect(b':')?;
    let second = rest.digits(1, 2)?;
    if hour > 23 || minute > 59 || second > 59 {
        return None;
    }
    let fraction = rest.fraction();
    let zone = if with_zone { rest.zone()? } else { "Z".to_owned() };
    if !rest.bytes.is_empty() {
        return None;
    }
    Some(format!("{date}T{hour:02}:{minute:02}:{second:02}{fraction}{zone}"))
}

fn days_in(month: u32, year: u32) -> u32 {
    match month {
        4 | 6 | 9 | 11 => 30,
        2 if year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400)) => 29,
        2 => 28,
        _ => 31,
    }
}

struct Reader<'a> {
    bytes: &'a [u8],
}

impl Reader<'_> {
    fn next(&mut self) -> Option<u8> {
        let (first, rest) = self.bytes.split_first()?;
        self.bytes = rest;
        Some(*first)
    }

    fn expect(&mut self, byte: u8) -> Option<()> {
        (self.next()? == byte).then_some(())
    }

    /// A number of `min` to `max` digits.
    fn digits(&mut self, min: usize, max: usize) -> Option<u32> {
        let count = self.bytes.iter().take(max).take_while(|byte| byte.is_ascii_digit()).count();
        if count < min {
            return None;
        }
        (0..count).try_fold(0, |number, _| Some(number * 10 + u32::from(self.next()? - b'0')))
    }

    /// A fraction of a second without trailing zeros, cut after nine digits; a comma serves as well.
    fn fraction(&mut self) -> String {
        let [b'.' | b',', digits @ ..] = self.bytes else { return String::new() };
        let count = digits.iter().take_while(|byte| byte.is_ascii_digit()).count();
        if count == 0 {
            return String::new();
        }
        let kept: String = digits.iter().take(count.min(9)).map(|byte| char::from(*byte)).collect();
        self.bytes = digits.get(count..).unwrap_or_default();
        let kept = kept.trim_end_matches('0');
        if kept.is_empty() { String::new() } else { format!(".{kept}") }
    }

    /// `Z`, or an offset of hours and minutes.
    fn zone(&mut self) -> Option<String> {
        let sign = match self.next()? {
            b'Z' => return Some("Z".to_owned()),
            sign @ (b'+' | b'-') => char::from(sign),
            _ => return None,
        };
        let hours = self.digits(2, 2)?;
        self.expect(b':')?;
        let minutes = self.digits(2, 2)?;
        if hours > 24 || minutes > 60 {
            return None;
        }
        // 60 minutes carry over, and no offset is written Z.
        let total = hours * 60 + minutes;
        Some(if total == 0 { "Z".to_owned() } else { format!("{sign}{:02}:{:02}", total / 60, total % 60) })
    }
}

#[cfg(test)]
mod tests {
    use super::canonical;

    #[test]
    fn moments_as_go_prints_them() {
        for (text, expected) in [
            ("2001-01-01", Some("2001-01-01T00:00:00Z")),
            ("2001-1-2", Some("2001-01-02T00:00:00Z")),
            ("2000-2-29", Some("2000-02-29T00:00:00Z")),
            ("2001-2-29", None),
            ("2001-13-01", None),
            ("2001-12-14t21:59:43.10-05:00", Some("2001-12-14T21:59:43.1-05:00")),
            ("2001-12-15T02:59:43.100Z", Some("2001-12-15T02:59:43.1Z")),
            ("2001-12-15T2:59:4Z", Some("2001-12-15T02:59:04Z")),
            ("2001-12-15 2:59:4.5", Some("2001-12-15T02:59:04.5Z")),
            ("2001-12-15   2:59:4", Some("2001-12-15T02:59:04Z")),
            ("2001-12-15 \t2:59:4", None),
            ("2001-12-15 02:59:43 -5", None),
            ("2001-12-15T02:59:43", None),
            ("2001-12-15T02:59:43+00:00", Some("2001-12-15T02:59:43Z")),
            ("2001-12-15T24:00:00Z", None),
            ("01-01-2001", None),
            ("20010-1-1", None),
            ("2001-01-01 ", None),
            ("2001", None),
        ] {
            assert_eq!(canonical(text).as_deref(), expected, "{text}");
        }
    }
}
