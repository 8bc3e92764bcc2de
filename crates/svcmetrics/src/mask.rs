//! Rows of a block, one bit each, and what there is of each of them.

#![allow(clippy::inline_always)] // so that it is compiled for the vector units of its caller

use std::ops::{BitAnd, BitAndAssign, BitOr, BitOrAssign, Deref, DerefMut, Not};

/// Rows of a block.
pub(crate) const ROWS: usize = WORDS * WORD;

/// Rows that one word of a mask has.
pub(crate) const WORD: usize = u64::BITS as usize;

/// Fewer, and deciding what to do with a column takes longer than doing it; more, and the columns leave the nearest cache.
pub(crate) const WORDS: usize = 2;

/// Half a word, for numbers of half the size.
pub(crate) const HALF_WORD: usize = WORD / 2;

/// And how many of them a mask has.
pub(crate) const HALVES: usize = 2 * WORDS;

/// A value for each row of a block, from the start of a line of the cache on: what the widest register takes of it never stands
/// in two lines, or two pages.
#[derive(Debug, Clone, Copy, PartialEq)]
#[repr(align(64))]
pub(crate) struct PerRow<T>(pub(crate) [T; ROWS]);

impl<T: Copy + Default> Default for PerRow<T> {
    fn default() -> Self {
        Self([T::default(); ROWS])
    }
}

impl<T> Deref for PerRow<T> {
    type Target = [T; ROWS];

    #[inline(always)]
    fn deref(&self) -> &[T; ROWS] {
        &self.0
    }
}

impl<T> DerefMut for PerRow<T> {
    #[inline(always)]
    fn deref_mut(&mut self) -> &mut [T; ROWS] {
        &mut self.0
    }
}

/// Some of a block's rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Mask(pub(crate) [u64; WORDS]);

impl Mask {
    pub(crate) const NONE: Self = Self([0; WORDS]);
    pub(crate) const ALL: Self = Self([u64::MAX; WORDS]);

    /// The first rows, so many.
    pub(crate) fn first(rows: usize) -> Self {
        Self(std::array::from_fn(|word| match rows.saturating_sub(word * WORD) {
            0 => 0,
            rows => u64::MAX >> WORD.saturating_sub(rows),
        }))
    }

    /// Those of which it holds; it is asked of each.
    #[inline(always)]
    pub(crate) fn those(holds: impl Fn(usize) -> bool) -> Self {
        let mut words = [0; WORDS];
        for (first, word) in (0..).step_by(WORD).zip(&mut words) {
            *word = word_of(|row| holds(first + row));
        }
        Self(words)
    }

    #[inline(always)]
    pub(crate) fn has(self, row: usize) -> bool {
        self.0[row / WORD] >> (row % WORD) & 1 == 1
    }

    #[inline(always)]
    pub(crate) fn insert(&mut self, row: usize) {
        self.0[row / WORD] |= 1 << (row % WORD);
    }

    #[inline(always)]
    pub(crate) fn any(self) -> bool {
        self.0.iter().fold(0, |any, word| any | word) != 0
    }

    /// Calls for each row.
    #[inline(always)]
    pub(crate) fn each(self, mut call: impl FnMut(usize)) {
        // the end of a loop is what is least foreseen: there is one for all words
        const { assert!(WORDS * WORD <= u128::BITS as usize) };
        let mut rows = self.0.iter().rev().fold(0, |rows, word| rows << WORD | u128::from(*word));
        while rows != 0 {
            call(rows.trailing_zeros() as usize);
            rows &= rows - 1;
        }
    }

    /// Rows by halves of a word, so that a row has as many bits as numbers of 32 have.
    #[inline(always)]
    pub(crate) fn halves(self) -> [u32; HALVES] {
        #[allow(clippy::cast_possible_truncation)] // the other half is another one's
        std::array::from_fn(|half| (self.0[half / 2] >> (half % 2 * HALF_WORD)) as u32)
    }

    /// Writes to each row; what writes is told whether the row is one of these, by all bits or none.
    #[inline(always)]
    pub(crate) fn write<T>(self, values: &mut [T; ROWS], mut write: impl FnMut(usize, i64, &mut T)) {
        for ((first, word), values) in (0..).step_by(WORD).zip(self.0).zip(values.as_chunks_mut::<WORD>().0) {
            for (row, value) in values.iter_mut().enumerate() {
                write(first + row, if word & 1 << row == 0 { 0 } else { -1 }, value);
            }
        }
    }
}

/// Where a word has ones, from the lowest on.
#[inline(always)]
pub(crate) fn ones(mut word: u64) -> impl Iterator<Item = usize> {
    std::iter::from_fn(move || {
        let lowest = (word != 0).then_some(word.trailing_zeros() as usize);
        word &= word.wrapping_sub(1);
        lowest
    })
}

/// A bit for each row of a word of which it holds; it is asked of each.
#[inline(always)]
pub(crate) fn word_of(holds: impl Fn(usize) -> bool) -> u64 {
    let mut word = 0;
    // no closure but what is asked, which is called in one place: so all of it is compiled where it stands
    for first in (0..WORD).step_by(SOME) {
        word |= u64::from(some_of(&holds, first)) << first;
    }
    word
}

/// Rows whose bits are found together.
const SOME: usize = u16::BITS as usize;

/// Comparisons of many values have a bit each before they have anything else, but unless it is asked for by name the compiler
/// does not see that it is what is wanted.
#[cfg(target_arch = "x86_64")]
#[inline(always)]
fn some_of(holds: &impl Fn(usize) -> bool, first: usize) -> u16 {
    let mut all = [0; SOME];
    for (row, all) in all.iter_mut().enumerate() {
        *all = -i8::from(holds(first + row));
    }
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)] // there are as many bits
    let bits = safe_arch::move_mask_i8_m128i(all.into()) as u16;
    bits
}

#[cfg(not(target_arch = "x86_64"))]
#[inline(always)]
fn some_of(holds: &impl Fn(usize) -> bool, first: usize) -> u16 {
    (0..SOME).fold(0, |rows, row| rows | u16::from(holds(first + row)) << row)
}

/// All bits where a row is one of these, otherwise none.
#[inline(always)]
pub(crate) fn kept(half: u32, row: usize) -> i32 {
    if half & 1 << row == 0 { 0 } else { -1 }
}

macro_rules! word_by_word {
    ($operator:ident, $call:ident, $assigning:ident, $assign:ident, $symbol:tt) => {
        impl $operator for Mask {
            type Output = Self;

            #[inline(always)]
            fn $call(self, other: Self) -> Self {
                Self(std::array::from_fn(|word| self.0[word] $symbol other.0[word]))
            }
        }

        impl $assigning for Mask {
            #[inline(always)]
            fn $assign(&mut self, other: Self) {
                *self = *self $symbol other;
            }
        }
    };
}

word_by_word!(BitAnd, bitand, BitAndAssign, bitand_assign, &);
word_by_word!(BitOr, bitor, BitOrAssign, bitor_assign, |);

impl Not for Mask {
    type Output = Self;

    #[inline(always)]
    fn not(self) -> Self {
        Self(self.0.map(|word| !word))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_come_and_go_by_their_number() {
        let mut all = Vec::new();
        for rows in [0, 1, WORD - 1, WORD, WORD + 1, ROWS - 1, ROWS] {
            let mask = Mask::first(rows);
            all.clear();
            mask.each(|row| all.push(row));
            assert_eq!(all, (0..rows).collect::<Vec<_>>());
            assert_eq!((mask.any(), !mask & mask, !!mask | mask), (rows > 0, Mask::NONE, mask));
            assert_eq!(mask, Mask::those(|row| row < rows));
        }
        let mut odd = Mask::those(|row| row % 2 == 1);
        assert!(odd.has(ROWS - 1) && !odd.has(0));
        odd.insert(0);
        let mut values = [7; ROWS];
        odd.write(&mut values, |row, kept, value| *value = i64::try_from(row).unwrap_or(0) & kept | *value & !kept);
        assert_eq!(values[..4], [0, 1, 7, 3]);
        odd &= Mask::first(2);
        assert_eq!(odd, Mask::first(2));
        odd |= !Mask::first(2);
        assert_eq!(odd, Mask::first(ROWS));
    }
}
