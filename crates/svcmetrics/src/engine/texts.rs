//! Texts and bytes by position, in whatever layout they are held.

use std::ops::Range;

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
    /// A bit for each of up to 64 positions, whether another text is there than at the position before; none of them is null.
    fn others(&self, positions: Range<usize>) -> u64 {
        let is_other = |position: usize| !same(self.text(position - 1).as_bytes(), self.text(position).as_bytes());
        let first = positions.start;
        let Some(marks) = self.marks() else {
            return (0..)
                .zip(positions)
                .fold(0, |others, (bit, position)| others | u64::from(is_other(position)) << bit);
        };
        let marks = marks[first - 1..positions.end].windows(2);
        let mut others = (0..).zip(marks).fold(0, |others, (bit, pair)| others | u64::from(pair[0] != pair[1]) << bit);
        let mut unsure = others;
        while unsure != 0 {
            if !is_other(first + unsure.trailing_zeros() as usize) {
                others &= !(unsure & unsure.wrapping_neg());
            }
            unsure &= unsure - 1;
        }
        others
    }
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

/// Whether two texts are the same: most identities are of 8 to 16 bytes, and compared without a call.
#[inline]
pub(crate) fn same(one: &[u8], other: &[u8]) -> bool {
    if one.len() != other.len() {
        return false;
    }
    let ends = |text: &[u8]| Some((*text.first_chunk::<8>()?, *text.last_chunk::<8>()?));
    match ends(one) {
        Some((first, last)) if one.len() <= 16 => ends(other).is_some_and(|other| other == (first, last)),
        _ => one == other,
    }
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
        let texts =
            |len: usize| ["a".repeat(len), "a".repeat(len.saturating_sub(1)) + "b", "b".to_owned() + &"a".repeat(len)];
        let mut all: Vec<String> = (0..40).flat_map(texts).collect();
        all.push("aaaaaaaabaaaaaaaa".into());
        for (one, other) in all.iter().flat_map(|one| all.iter().map(move |other| (one, other))) {
            assert_eq!(same(one.as_bytes(), other.as_bytes()), one == other, "{one} {other}");
        }
    }
}
