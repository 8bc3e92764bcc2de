//! Texts and bytes by position, in whatever layout they are held.

use crate::mask::{WORD, ones, word_of};
use std::cmp::Ordering;
use std::ops::Range;
use zerocopy::{FromBytes as _, IntoBytes as _};

/// Texts by position: what holds strings in whatever layout.
pub trait Texts: Send + Sync {
    /// The text at a position that is not null.
    fn text(&self, position: usize) -> &str;
    /// How many there are.
    fn count(&self) -> usize;
    /// Some of them, none of which is null: one call, where each by itself would be one.
    fn some(&self, positions: Range<usize>) -> Vec<&str> {
        positions.map(|position| self.text(position)).collect()
    }
    /// A number each, where what holds them has such: equal numbers stand for equal texts, while equal texts may have several.
    /// Those of nulls mean nothing.
    fn marks(&self) -> Option<&[u128]> {
        None
    }
    /// A bit for each of up to 64 positions, whether another text may be there than at the position before: where there is none,
    /// it is the same for sure. Those that may be others are appended to `texts`, one for each bit, in their order. None is null.
    fn others<'a>(&'a self, positions: Range<usize>, texts: &mut Vec<&'a str>) -> u64 {
        if let Some(marks) = self.marks() {
            let others = other_marks(&marks[positions.start - 1..positions.end]);
            texts.extend(ones(others).map(|bit| self.text(positions.start + bit)));
            return others;
        }
        let (mut others, mut before) = (0, self.text(positions.start - 1));
        for (bit, position) in (0..u64::BITS).zip(positions) {
            let text = self.text(position);
            if !same(before.as_bytes(), text.as_bytes()) {
                others |= 1 << bit;
                texts.push(text);
            }
            before = text;
        }
        others
    }
    /// The texts of some positions, each but once where it recurs side by side, if that is known without a look at each position; and a
    /// bit for each position after the first, 64 in a word: whether its text is the next one, which may still be the same. None is
    /// null. Nothing where it is not known, and the bits mean nothing then; this is known of `arrow::recurring` alone.
    fn firsts(&self, _positions: Range<usize>, _others: &mut [u64]) -> Option<Firsts<'_>> {
        None
    }
}

/// Texts that stand one after another, as `arrow::recurring` has them, and nothing outside of this crate.
#[derive(Debug, Clone, Copy)]
pub struct Firsts<'a> {
    /// With others before and after.
    pub(crate) text: &'a str,
    /// Where the first one begins, and where each ends.
    pub(crate) offsets: &'a [u32],
}

impl<'a> Firsts<'a> {
    /// All of them as one.
    pub(crate) fn joined(&self) -> &'a str {
        let ends = self.offsets.first().zip(self.offsets.last());
        ends.map_or("", |(start, end)| &self.text[*start as usize..*end as usize])
    }

    /// Where each ends among all.
    pub(crate) fn ends(&self) -> impl Iterator<Item = usize> {
        let start = self.offsets.first().copied().unwrap_or_default();
        self.offsets.iter().skip(1).map(move |end| (end - start) as usize)
    }

    pub(crate) fn without_first(self) -> Self {
        Self { offsets: self.offsets.get(1..).unwrap_or_default(), ..self }
    }

    pub(crate) fn each(&self) -> impl Iterator<Item = &'a [u8]> {
        let all = self.text.as_bytes();
        self.offsets.windows(2).map(move |ends| &all[ends[0] as usize..ends[1] as usize])
    }

    /// Whether each is above the one before.
    pub(crate) fn ascend(&self) -> bool {
        self.each().is_sorted_by(|one, other| order(one, other).is_lt())
    }
}

/// A bit for each of the 64 marks after the first, or as many as there are, whether it is another than the one before.
///
/// ```
/// assert_eq!(svcmetrics::other_marks(&[5, 5, 6, 6, 5]), 0b1010);
/// assert_eq!(svcmetrics::other_marks(&[]), 0); // none is after another
/// ```
#[multiversion::multiversion(targets("x86_64+avx512f+avx512bw+avx512dq+avx512vl", "x86_64+avx2"))]
pub fn other_marks(marks: &[u128]) -> u64 {
    // numbers of 128 bits are compared one at a time
    let halves = <[[u64; 2]]>::ref_from_bytes(marks.as_bytes()).unwrap_or_default();
    if let Ok(halves) = <&[[u64; 2]; WORD + 1]>::try_from(halves) {
        return word_of(|mark| {
            let (before, after) = (halves[mark], halves[mark + 1]);
            (before[0] ^ after[0]) | (before[1] ^ after[1]) != 0
        });
    }
    let bits = (0..u64::BITS).zip(marks.windows(2));
    bits.fold(0, |others, (bit, pair)| others | u64::from(pair[0] != pair[1]) << bit)
}

impl<T: AsRef<str> + Send + Sync> Texts for [T] {
    fn text(&self, position: usize) -> &str {
        self[position].as_ref()
    }

    fn count(&self) -> usize {
        self.len()
    }
}

impl<T: AsRef<str> + Send + Sync> Texts for Vec<T> {
    fn text(&self, position: usize) -> &str {
        self[position].as_ref()
    }

    fn count(&self) -> usize {
        self.len()
    }
}

/// Whether two texts are the same.
#[inline]
pub(crate) fn same(one: &[u8], other: &[u8]) -> bool {
    one.len() == other.len() && if let Some(both) = short(one, other) { both.0 == both.1 } else { one == other }
}

/// Which of two texts comes first.
#[inline]
pub(crate) fn order(one: &[u8], other: &[u8]) -> Ordering {
    short(one, other).map_or_else(|| one.cmp(other), |both| both.0.cmp(&both.1))
}

/// Numbers that are ordered as two texts of one length are: most identities are of 8 to 16 bytes, and compared without a call.
#[inline]
fn short(one: &[u8], other: &[u8]) -> Option<([u64; 2], [u64; 2])> {
    // what stands in both ends says twice the same
    let ends = |text: &[u8]| Some([*text.first_chunk()?, *text.last_chunk()?].map(u64::from_be_bytes));
    if one.len() != other.len() || one.len() > 16 {
        return None;
    }
    Some((ends(one)?, ends(other)?))
}

/// Bytes by position: what holds them in whatever layout.
pub trait Blobs: Send + Sync {
    /// The bytes at a position that is not null.
    fn bytes(&self, position: usize) -> &[u8];
    /// How many there are.
    fn count(&self) -> usize;
}

impl<T: AsRef<[u8]> + Send + Sync> Blobs for Vec<T> {
    fn bytes(&self, position: usize) -> &[u8] {
        self[position].as_ref()
    }

    fn count(&self) -> usize {
        self.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_of_any_length_are_compared() {
        let texts = |len: usize| {
            let (last, half) = ("a".repeat(len.saturating_sub(1)), "a".repeat(len / 2));
            ["a".repeat(len), last + "b", "b".to_owned() + &"a".repeat(len), half.clone() + "é" + &half]
        };
        let mut all: Vec<String> = (0..40).flat_map(texts).collect();
        all.push("aaaaaaaabaaaaaaaa".into());
        for (one, other) in all.iter().flat_map(|one| all.iter().map(move |other| (one, other))) {
            assert_eq!(same(one.as_bytes(), other.as_bytes()), one == other, "{one} {other}");
            assert_eq!(order(one.as_bytes(), other.as_bytes()), one.cmp(other), "{one} {other}");
        }
    }

    #[test]
    fn marks_that_differ_in_any_bit_are_others() {
        for count in [1, 2, 64, 65] {
            let mut marks = vec![7; count];
            assert_eq!(other_marks(&marks), 0);
            for (mark, bit) in (1..count).flat_map(|mark| [0, 31, 63, 64, 127].map(|bit| (mark, bit))) {
                marks[mark] ^= 1 << bit;
                // so is the one after it, which is as before
                let after = if mark + 1 < count { 1 << mark } else { 0 };
                assert_eq!(other_marks(&marks), 1 << (mark - 1) | after, "mark {mark} of {count}, bit {bit}");
                marks[mark] ^= 1 << bit;
            }
        }
        assert_eq!(other_marks(&[0, 1].repeat(40)), u64::MAX); // more have no bit
    }
}
