//! Codes of texts of 8 to 32 bytes, as most keys are: four numbers say what such a text is, and stand where they are looked for.

use super::ids::NONE;
use foldhash::fast::RandomState;
use std::hash::BuildHasher as _;

/// Texts that are looked for together: while one is waited for, the others are on their way.
pub(super) const TOGETHER: usize = 64;

/// So many places there are for each text at the least, so that most are found at the first.
const SPARE: usize = 2;

/// A text of 8 to 32 bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Short {
    words: [u64; 4],
    len: usize,
}

impl Short {
    /// Nothing for a text of another length.
    #[inline]
    fn of(text: &str) -> Option<Self> {
        let text = text.as_bytes();
        let last = text.len().checked_sub(8).filter(|last| *last <= 24)?;
        // those in between overlap with others, or are the same: there is no branch for any length
        let word = |start: usize| text.get(start..)?.first_chunk().map(|bytes| u64::from_ne_bytes(*bytes));
        let words = [word(0)?, word(last.min(8))?, word(last.saturating_sub(8))?, word(last)?];
        Some(Self { words, len: text.len() })
    }
}

/// The codes of texts that were met.
#[derive(Debug, Clone, Default)]
pub(super) struct ShortTexts {
    hasher: RandomState,
    /// By hash, where a text stands among those that are known, or in one of the places after; their number is a power of two.
    places: Vec<u32>,
    known: Vec<(Short, u32)>,
}

impl ShortTexts {
    /// Whether texts of this length are kept here.
    pub(super) fn holds(text: &str) -> bool {
        Short::of(text).is_some()
    }

    #[inline]
    fn hash(&self, Short { words: [a, b, c, d], len }: &Short) -> usize {
        let both = |low: u64, high: u64| u128::from(low) | u128::from(high) << u64::BITS;
        #[allow(clippy::cast_possible_truncation)] // any bits do
        let hash = self.hasher.hash_one((both(*a, *b), both(*c, d ^ *len as u64))) as usize;
        hash
    }

    /// The place of a text, or the one that it can have; there is one.
    #[inline]
    fn place(&self, short: &Short, hash: usize) -> usize {
        let last = self.places.len() - 1;
        let mut place = hash & last;
        while self.known.get(self.places[place] as usize).is_some_and(|(other, _)| other != short) {
            place = (place + 1) & last;
        }
        place
    }

    #[inline]
    fn find(&self, short: &Short, hash: usize) -> u32 {
        if self.places.is_empty() {
            return NONE;
        }
        self.known.get(self.places[self.place(short, hash)] as usize).map_or(NONE, |(_, code)| *code)
    }

    /// The code of a text.
    pub(super) fn get(&self, text: &str) -> Option<u32> {
        let short = Short::of(text)?;
        Some(self.find(&short, self.hash(&short))).filter(|code| *code != NONE)
    }

    /// The codes of texts, appended; none for one that is not known, or not held here.
    pub(super) fn codes(&self, texts: &[&str], codes: &mut Vec<u32>) {
        for texts in texts.chunks(TOGETHER) {
            let mut hashed = [None; TOGETHER];
            for (hashed, text) in hashed.iter_mut().zip(texts) {
                *hashed = Short::of(text).map(|short| (short, self.hash(&short)));
            }
            let found = |hashed: &Option<(Short, usize)>| hashed.map_or(NONE, |(short, hash)| self.find(&short, hash));
            codes.extend(hashed.iter().take(texts.len()).map(found));
        }
    }

    /// Keeps the code of a text that it holds and does not know.
    pub(super) fn insert(&mut self, text: &str, code: u32) {
        let Some(short) = Short::of(text) else { return };
        if self.known.len() * SPARE >= self.places.len() {
            self.places.clear();
            self.places.resize(((self.known.len() + 1) * 2 * SPARE).next_power_of_two(), NONE);
            for at in 0..self.known.len() {
                self.put(at);
            }
        }
        self.known.push((short, code));
        self.put(self.known.len() - 1);
    }

    fn put(&mut self, at: usize) {
        let short = self.known[at].0;
        let place = self.place(&short, self.hash(&short));
        // there are fewer than 2^32 keys
        self.places[place] = u32::try_from(at).unwrap_or(NONE);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_of_any_length_are_told_apart() {
        let mut texts = ShortTexts::default();
        let mut all = vec![String::new()];
        for len in 1..40 {
            // the same but for one byte at any place, and but for the length
            all.push("a".repeat(len));
            all.extend((0..len).map(|at| "a".repeat(at) + "b" + &"a".repeat(len - at - 1)));
        }
        let mut found = Vec::new();
        for (code, text) in (0..).zip(&all) {
            assert_eq!(texts.get(text), None, "{text}");
            if ShortTexts::holds(text) {
                texts.insert(text, code);
            }
            assert_eq!(ShortTexts::holds(text), (8..=32).contains(&text.len()));
        }
        let each: Vec<&str> = all.iter().map(String::as_str).collect();
        texts.codes(&each, &mut found);
        for ((code, text), found) in (0..).zip(&all).zip(found) {
            let expected = if (8..=32).contains(&text.len()) { code } else { NONE };
            assert_eq!((found, texts.get(text).unwrap_or(NONE)), (expected, expected), "{text}");
        }
    }
}
