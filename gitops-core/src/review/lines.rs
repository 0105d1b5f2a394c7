//! Facts about source lines that reports need when the texts are gone: how long each is, and the hash
//! by which GitHub recognises it.

use std::collections::BTreeMap;

/// How many characters from the start of a line its hash covers.
const WINDOW: usize = 100;
/// The base of the polynomial.
const MULTIPLIER: u64 = 37;
/// What stands for the end of the text.
const END: u16 = u16::MAX;

/// What is known of a line of a source file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct LineFacts {
    /// Its length in code points, without its end.
    pub(crate) length: u32,
    /// GitHub code scanning's `primaryLocationLineHash`.
    pub(crate) hash: String,
}

/// The facts of every line of a text, the first line first.
///
/// The hash is that of the `codeql-action`: over the next 100 UTF-16 code units from the start of the
/// line, spaces and tabs left out and line ends made `\n`, a polynomial with base 37 modulo 2⁶⁴; and
/// how many lines before it had the same.
pub(crate) fn line_facts(text: &str) -> Vec<LineFacts> {
    let mut units: Vec<u16> = Vec::with_capacity(text.len() + WINDOW + 1);
    let mut starts = vec![0];
    let mut lengths = vec![0];
    let mut characters = text.chars().peekable();
    while let Some(c) = characters.next() {
        match c {
            '\r' | '\n' => {
                if c == '\r' && characters.peek() == Some(&'\n') {
                    characters.next();
                }
                units.push(u16::from(b'\n'));
                starts.push(units.len());
                lengths.push(0);
                continue;
            }
            ' ' | '\t' => {}
            c => units.extend(c.encode_utf16(&mut [0; 2]).iter()),
        }
        if let Some(length) = lengths.last_mut() {
            *length += 1;
        }
    }
    units.push(END);
    units.extend([0; WINDOW]);
    let mut seen: BTreeMap<u64, u32> = BTreeMap::new();
    starts
        .into_iter()
        .zip(lengths)
        .map(|(start, length)| {
            let window = units.iter().skip(start).take(WINDOW);
            let hash =
                window.fold(0u64, |hash, unit| hash.wrapping_mul(MULTIPLIER).wrapping_add(u64::from(*unit)));
            let count = seen.entry(hash).and_modify(|count| *count += 1).or_insert(1);
            LineFacts { length, hash: format!("{hash:x}:{count}") }
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Values that the `codeql-action`'s own tests give for these texts.
    #[test]
    fn hashes_are_those_of_github() {
        let greetings = [
            "e9496ae3ebfced30:1",
            "fb7c023a8b9ccb3f:1",
            "ce8ba1a563dcdaca:1",
            "e20e36e16fcb0cc8:1",
            "b3edc88f2938467e:1",
            "c8e28b0b4002a3a0:1",
            "c129715d7a2bc9a3:1",
        ];
        for (text, want) in [
            ("", &["c129715d7a2bc9a3:1"][..]),
            (
                " a\nb\n  \t\tc\n d",
                &["271789c17abda88f:1", "54703d4cd895b18:1", "180aee12dab6264:1", "a23a3dc5e078b07b:1"],
            ),
            (
                " hello; \t\nworld!!!\n\n\n  \t\tGreetings\n End",
                &[
                    "8b7cf3e952e7aeb2:1",
                    "b1ae1287ec4718d9:1",
                    "bff680108adb0fcc:1",
                    "c6805c5e1288b612:1",
                    "b86d3392aea1be30:1",
                    "e6ceba753e1a442:1",
                ],
            ),
            (" hello; \t\nworld!!!\n\n\n  \t\tGreetings\n End\n", &greetings),
            (" hello; \t\nworld!!!\r\r\r  \t\tGreetings\r End\r", &greetings),
            (" hello; \t\r\nworld!!!\r\n\r\n\r\n  \t\tGreetings\r\n End\r\n", &greetings),
            (
                "alpha\nbeta\nalpha\n",
                &["8d07ce75f7b3af45:1", "ca140c3f893ffa65:1", "26f09ff008857193:1", "c129715d7a2bc9a3:1"],
            ),
        ] {
            let got: Vec<_> = line_facts(text).into_iter().map(|line| line.hash).collect();
            assert_eq!(got, want, "{text:?}");
        }
    }

    #[test]
    fn equal_lines_are_counted_and_lengths_are_in_characters() {
        let long = format!("{}\n", "x".repeat(100));
        let facts = line_facts(&format!("{long}{long}ä b"));
        assert_eq!((facts[0].length, facts[2].length), (100, 3));
        assert_eq!(facts[0].hash.trim_end_matches(":1"), facts[1].hash.trim_end_matches(":2"));
    }
}
