//! Floats of a block as the decimals, or counts, that they stand for.

#![allow(clippy::inline_always)] // so that it is compiled for the vector units of its caller

use super::BlockColumn;
use crate::column::{Column, ColumnKind};
use crate::engine::intake::{self, Reading, State};
use crate::mask::{ROWS, WORD, word_of};
use crate::money::{self, MAGIC, MAGIC_BELOW, POWERS, nearest_decimal};

impl BlockColumn {
    /// Takes what is no number for missing, of the rows of a word that have something, if it may; whether there is none left.
    #[inline(always)]
    fn miss(&mut self, word: usize, no_number: u64, reading: &Reading) -> bool {
        self.present.0[word] &= !no_number;
        no_number == 0 || reading.nan_is_missing
    }

    #[inline(always)]
    pub(super) fn floats<const MULTIPLY_ADD: bool>(
        &mut self,
        column: &Column,
        numbers: &[f64; ROWS],
        reading: &Reading,
    ) -> bool {
        let (power, up) = (POWERS[reading.scale as usize], POWERS[(money::PLACES - reading.scale) as usize]);
        #[allow(clippy::cast_precision_loss)] // a power of ten below 10^7
        let places = power as f64;
        // of larger ones either the decimal is not exact, or there are more millionths than 64 bits hold
        let below = MAGIC_BELOW.min(i64::MAX.cast_unsigned() / up.cast_unsigned());
        let is_signed = column.kind == ColumnKind::SignedMoney;
        let mut are_numbers = true;
        let (mut bound, mut signs) = (0, 0);
        for (word, of_word) in numbers.as_chunks::<WORD>().0.iter().enumerate() {
            let present = self.present.0[word];
            macro_rules! decimals {
                ($number:expr) => {
                    decimals_of::<MULTIPLY_ADD>(self.word(word), of_word, places, is_signed, $number)
                };
            }
            // often all that is there is a number, and has few decimal places
            let mut decimals = match (self.are_numbers, present) {
                (false, _) => Decimals::default(),
                (true, u64::MAX) => decimals!(|_, number| number),
                (true, _) => decimals!(|row, number| kept_value(number, present, row)),
            };
            if !decimals.are_certain(below) {
                decimals = decimals!(|row, number| kept_number(number, present, row));
                let no_number = present & word_of(|row| of_word[row].is_nan());
                are_numbers &= no_number == 0 && decimals.are_certain(below);
                if !self.miss(word, no_number, reading) {
                    return false;
                }
            }
            if up != 1 {
                self.word(word).iter_mut().for_each(|value| *value = value.wrapping_mul(up));
            }
            if decimals.are_certain(below) {
                bound = decimals.bound().saturating_mul(up.cast_unsigned()).max(bound);
                continue;
            }
            if !self.uncertain_floats(word, column, of_word, below, reading) {
                return false;
            }
            // among them may be negative ones, certain or not
            for value in self.word(word) {
                bound = bound.max(value.unsigned_abs());
                signs |= *value;
            }
        }
        self.bound = bound;
        self.are_numbers = are_numbers;
        signs >= 0 || is_signed
    }

    /// A word's values.
    #[inline(always)]
    fn word(&mut self, word: usize) -> &mut [i64; WORD] {
        &mut self.large.values().as_chunks_mut().0[word]
    }

    /// Reads those of a word's floats one by one that are no decimals of few places, or not below what is certain.
    fn uncertain_floats(
        &mut self,
        word: usize,
        column: &Column,
        numbers: &[f64; WORD],
        below: u64,
        reading: &Reading,
    ) -> bool {
        #[allow(clippy::cast_precision_loss)] // below 2^53
        let (places, below) = (POWERS[reading.scale as usize] as f64, below as f64);
        let is_certain = |number: f64| {
            let (shifted, is_nearest) = nearest_decimal::<false>(number, places);
            is_nearest & ((shifted - MAGIC).abs() < below)
        };
        let uncertain = word_of(|row| !is_certain(numbers[row]));
        let mut rows = self.present.0[word] & uncertain;
        while rows != 0 {
            let row = rows.trailing_zeros() as usize;
            rows &= rows - 1;
            let mut off = None;
            let (value, state) = intake::float(column.kind, reading, numbers[row], &mut off);
            match state {
                State::Fine => {}
                State::Rounded => {
                    self.rounded.insert(word * WORD + row);
                    self.off.push((word * WORD + row, off.unwrap_or_default()));
                }
                _ => return false,
            }
            self.word(word)[row] = value;
        }
        true
    }

    /// Counts that come as floats and are small; whether all of them are.
    #[inline(always)]
    pub(super) fn whole_floats(&mut self, kind: ColumnKind, numbers: &[f64; ROWS], reading: &Reading) -> bool {
        let mut are_numbers = true;
        for (word, numbers) in numbers.as_chunks::<WORD>().0.iter().enumerate() {
            let (present, is_quick) = (self.present.0[word], self.are_numbers);
            let small = &mut self.small.values().as_chunks_mut().0[word];
            if is_quick && present == u64::MAX && whole(small, numbers, |_, number| number) {
                continue;
            }
            let are_whole = whole(small, numbers, |row, number| kept_number(number, present, row));
            let no_number = present & word_of(|row| numbers[row].is_nan());
            are_numbers &= no_number == 0;
            if !are_whole || !self.miss(word, no_number, reading) {
                return false;
            }
        }
        self.are_numbers = are_numbers;
        self.small_integers(kind)
    }
}

/// What there is where its row has something, otherwise 0.
#[inline(always)]
fn kept_value(value: f64, present: u64, row: usize) -> f64 {
    if present & 1 << row == 0 { 0.0 } else { value }
}

/// A number where its row has one, otherwise 0.
#[inline(always)]
fn kept_number(number: f64, present: u64, row: usize) -> f64 {
    if present & 1 << row == 0 || number.is_nan() { 0.0 } else { number }
}

/// What is known of numbers that were read as decimals.
#[derive(Debug, Clone, Copy, Default)]
struct Decimals {
    /// Whether each is the double nearest to its decimal.
    are_nearest: bool,
    /// The bits of all; of a negative one, where there may be such, those that are not set, and otherwise the highest, too.
    bits: u64,
}

impl Decimals {
    /// Whether they are what was read, none is as large as this, and none is negative that may not be. Otherwise some may be
    /// nonsense.
    #[inline(always)]
    fn are_certain(self, below: u64) -> bool {
        self.are_nearest && self.bits < below
    }

    /// No magnitude is above it.
    #[inline(always)]
    fn bound(self) -> u64 {
        2 * self.bits + 1
    }
}

/// Reads numbers as decimals of so many places, a power of ten.
#[inline(always)]
fn decimals_of<const MULTIPLY_ADD: bool>(
    values: &mut [i64; WORD],
    numbers: &[f64; WORD],
    places: f64,
    is_signed: bool,
    number: impl Fn(usize, f64) -> f64,
) -> Decimals {
    let mut decimals = Decimals { are_nearest: true, bits: 0 };
    for (row, value) in values.iter_mut().enumerate() {
        let number = number(row, numbers[row]);
        let (shifted, is_nearest) = nearest_decimal::<MULTIPLY_ADD>(number, places);
        decimals.are_nearest &= is_nearest;
        *value = shifted.to_bits().wrapping_sub(MAGIC.to_bits()).cast_signed();
        // a negative one has the highest bit
        decimals.bits |= value.cast_unsigned();
    }
    if is_signed && decimals.bits.cast_signed() < 0 {
        decimals.bits = values.iter().fold(0, |bits, value| bits | (value ^ (value >> 63)).cast_unsigned());
    }
    decimals
}

/// Reads numbers as counts; whether all are whole and small.
#[inline(always)]
fn whole(values: &mut [i32; WORD], numbers: &[f64; WORD], number: impl Fn(usize, f64) -> f64) -> bool {
    let (mut are_whole, mut bits) = (true, 0);
    for (row, value) in values.iter_mut().enumerate() {
        let number = number(row, numbers[row]);
        let shifted = number + MAGIC;
        #[allow(clippy::float_cmp)] // equal is equal
        let is_whole = shifted - MAGIC == number;
        are_whole &= is_whole;
        let large = shifted.to_bits().wrapping_sub(MAGIC.to_bits());
        bits |= large;
        #[allow(clippy::cast_possible_truncation)] // nonsense where not small, and not used then
        let small = large as i32;
        *value = small;
    }
    // beyond 2^51, and where negative, the difference is anything, but large
    are_whole & (bits <= i32::MAX.cast_unsigned().into())
}
