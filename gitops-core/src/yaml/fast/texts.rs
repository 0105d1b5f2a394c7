//! Equal texts share their memory: keys and short values of manifests repeat without end, and a
//! reference count costs less than an allocation.
//!
//! The table keeps the text seen last in each slot and forgets the one before, so its memory and the
//! cost of a lookup are bounded whatever the input; that two equal texts share is likely, not certain.

use crate::node::Text;

/// Texts seen lately.
pub(super) struct Texts {
    keys: Table,
    values: Table,
}

/// Longer values rarely repeat.
const LONGEST: usize = 64;

impl Texts {
    /// Tables for a text of `bytes` bytes, small enough to stay near the processor.
    pub(super) fn new(bytes: usize) -> Self {
        let slots = (bytes / 64).next_power_of_two().clamp(16, 512);
        Self { keys: Table::new(slots), values: Table::new(2 * slots) }
    }

    /// A key, and a digest that equal keys share.
    pub(super) fn key(&mut self, text: &str) -> (Text, u32) {
        let hash = hash(text.as_bytes());
        (self.keys.share(text, hash, true), hash as u32)
    }

    /// A value. Most are seen only once, so it is kept when it comes a second time.
    pub(super) fn value(&mut self, text: &str) -> Text {
        if text.len() > LONGEST {
            return Text::from(text);
        }
        self.values.share(text, hash(text.as_bytes()), false)
    }
}

struct Table {
    /// Digest of a text seen, and the text if it is kept.
    slots: Vec<(u32, Option<Text>)>,
    shift: u32,
}

impl Table {
    fn new(slots: usize) -> Self {
        Self { slots: vec![(0, None); slots], shift: 64 - slots.trailing_zeros() }
    }

    fn share(&mut self, text: &str, hash: u64, at_once: bool) -> Text {
        let digest = hash as u32;
        let slot = usize::try_from(hash >> self.shift).unwrap_or(0);
        let Some((known, kept)) = self.slots.get_mut(slot) else { return Text::from(text) };
        match kept {
            Some(kept) if *known == digest && kept.as_str() == text => return kept.clone(),
            _ => {}
        }
        let shared = Text::from(text);
        if at_once || *known == digest {
            *kept = Some(shared.clone());
        } else {
            *kept = None;
        }
        *known = digest;
        shared
    }
}

/// A quick hash. It decides what is shared and where to look closer, never what is equal, so nobody
/// gains by finding collisions.
fn hash(bytes: &[u8]) -> u64 {
    const K: u64 = 0x9e37_79b9_7f4a_7c15;
    let mix = |hash: u64, word: u64| (hash.rotate_left(23) ^ word).wrapping_mul(K);
    let mut hash = bytes.len() as u64;
    if let Some(last) = bytes.last_chunk::<8>() {
        for chunk in bytes.as_chunks::<8>().0 {
            hash = mix(hash, u64::from_le_bytes(*chunk));
        }
        hash = mix(hash, u64::from_le_bytes(*last));
    } else if let (Some(first), Some(last)) = (bytes.first_chunk::<4>(), bytes.last_chunk::<4>()) {
        hash = mix(hash, u64::from(u32::from_le_bytes(*first)) << 32 | u64::from(u32::from_le_bytes(*last)));
    } else {
        let word = bytes.iter().fold(0, |word, byte| word << 8 | u64::from(*byte));
        hash = mix(hash, word);
    }
    mix(hash ^ hash >> 32, K)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_texts_share() {
        let mut texts = Texts::new(1 << 20);
        for text in ["a", "ab", "name", "metadata", "apiVersion", "a longer text than that"] {
            let (one, first) = texts.key(text);
            let (two, second) = texts.key(text);
            assert_eq!((one.as_str(), first), (text, second));
            assert!(one.shares_with(&two));
            let [_, two, three] = [(); 3].map(|()| texts.value(text));
            assert_eq!(two.as_str(), text);
            assert!(two.shares_with(&three));
        }
    }

    #[test]
    fn digests_differ() {
        let mut seen: Vec<u32> = (0..20_000).map(|n| hash(format!("key-{n}").as_bytes()) as u32).collect();
        seen.sort_unstable();
        seen.dedup();
        assert!(seen.len() > 19_990, "{}", seen.len());
    }
}
