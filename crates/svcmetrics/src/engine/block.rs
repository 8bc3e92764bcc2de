//! A block of rows as the fused pass holds it: integers and bits, in the first-level cache.

#![allow(clippy::inline_always)] // so that it is compiled for the vector units of its caller

mod floats;

use super::cache::{LINE_BYTES, prefetch};
use super::columns::{Bits, Data, Nulls, Values};
use super::intake::{self, Cells, Reading, State};
use crate::column::{Column, ColumnKind};
use crate::mask::{HALF_WORD, Mask, PerRow, ROWS, WORD, kept};
use crate::money::MICROS;
use crate::request::ColumnUnit;
use std::borrow::Cow;

/// So many blocks before a row is read, its line of the cache is asked for.
const AHEAD: usize = 2;

/// The values of a block as the measures sum them; 0 where there is none.
#[derive(Debug, Clone, Copy)]
pub(super) enum Numbers<'a> {
    /// Not negative.
    Small(&'a [i32; ROWS]),
    Large(&'a [i64; ROWS]),
}

/// Room for a block's values, which is there once it is needed; a clone has its own.
#[derive(Debug)]
struct Room<T>(Option<Box<PerRow<T>>>);

impl<T: Copy + Default> Room<T> {
    #[inline(always)]
    fn values(&mut self) -> &mut [T; ROWS] {
        self.0.get_or_insert_default()
    }
}

impl<T> Clone for Room<T> {
    fn clone(&self) -> Self {
        Self(None)
    }
}

/// One column of a block.
#[derive(Debug, Clone)]
pub(super) struct BlockColumn {
    small: Room<i32>,
    large: Room<i64>,
    /// Whether the values stand in `small`.
    is_small: bool,
    /// Whether a flag is also asked for as a number.
    is_number: bool,
    /// Of floats: whether all that the last block had were numbers, as they should be.
    are_numbers: bool,
    pub(super) present: Mask,
    /// Of a flag: where it is true.
    pub(super) truth: Mask,
    pub(super) rounded: Mask,
    pub(super) off: Vec<(usize, f64)>,
    /// No magnitude is above this.
    pub(super) bound: u64,
    kind: ColumnKind,
}

impl BlockColumn {
    pub(super) fn new(column: &Column) -> Self {
        Self {
            small: Room(None),
            large: Room(None),
            is_small: false,
            is_number: false,
            are_numbers: true,
            present: Mask::NONE,
            truth: Mask::NONE,
            rounded: Mask::NONE,
            off: Vec::new(),
            bound: 0,
            kind: column.kind,
        }
    }

    /// Whether the integers count millionths.
    pub(super) fn is_micro(&self) -> bool {
        self.kind.is_micro()
    }

    /// The values.
    #[inline(always)]
    pub(super) fn numbers(&self) -> Numbers<'_> {
        if self.is_small {
            Numbers::Small(self.small.0.as_ref().map_or(&[0; ROWS], |room| &room.0))
        } else {
            Numbers::Large(self.large.0.as_ref().map_or(&[0; ROWS], |room| &room.0))
        }
    }

    /// Says that a flag is also asked for as a number, 0 or 1.
    pub(super) fn be_number(&mut self) {
        self.is_number = true;
    }

    /// A computed column; the values are 0 where there is none, and none is above the bound.
    #[inline(always)]
    pub(super) fn fill(&mut self, values: &[i32; ROWS], present: Mask, bound: u64) {
        *self.small.values() = *values;
        self.is_small = true;
        self.present = present;
        self.bound = bound;
    }

    /// Puts 0 into rows; whether there is something in them stays as it was.
    #[inline(always)]
    pub(super) fn empty(&mut self, rows: Mask) {
        if self.is_small {
            let small = self.small.values();
            rows.each(|row| small[row] = 0);
        } else {
            let large = self.large.values();
            rows.each(|row| large[row] = 0);
        }
    }

    /// Says that rows where there was nothing hold 0.
    #[inline(always)]
    pub(super) fn fill_with_zeros(&mut self, rows: Mask) {
        // nothing is 0 already
        self.present |= rows;
    }

    /// Reads `count` rows; whether all of them are missing or can be used as they are. Whatever else there is, the plain pass
    /// reads and judges it again.
    #[inline(always)]
    pub(super) fn read<const MULTIPLY_ADD: bool>(
        &mut self,
        column: &Column,
        data: &Data<'_>,
        start: usize,
        count: usize,
        reading: &Reading,
    ) -> bool {
        self.present = present(&data.nulls, start, count);
        (self.rounded, self.truth) = (Mask::NONE, Mask::NONE);
        self.off.clear();
        self.is_small = false;
        let own = reading.unit == ColumnUnit::OWN;
        macro_rules! integers {
            ($values:expr) => {{
                fetch($values, start);
                let values = whole_block(&$values[start..start + count]);
                let present = self.present;
                present.write(self.large.values(), |row, kept, value| {
                    *value = i64::try_from(values[row]).unwrap_or(-1) & kept
                });
                self.integers(column.kind)
            }};
        }
        macro_rules! small_integers {
            ($values:expr) => {{
                if !matches!(column.kind, ColumnKind::Count | ColumnKind::Flag) {
                    return integers!($values);
                }
                fetch($values, start);
                let values = whole_block(&$values[start..start + count]);
                let (halves, all) = (self.present.halves(), self.small.values());
                if self.present == Mask::ALL {
                    all.iter_mut().zip(values.iter()).for_each(|(own, value)| *own = i32::from(*value));
                } else {
                    let all = all.as_chunks_mut::<HALF_WORD>().0.iter_mut();
                    for ((half, own), values) in halves.into_iter().zip(all).zip(values.as_chunks::<HALF_WORD>().0) {
                        for (row, (own, value)) in own.iter_mut().zip(values).enumerate() {
                            *own = i32::from(*value) & kept(half, row);
                        }
                    }
                }
                self.small_integers(column.kind)
            }};
        }
        match &data.values {
            Values::Bits(bits) if column.kind == ColumnKind::Flag => {
                fetch_bits(bits, start);
                self.flags(bits_at(bits.bytes, bits.offset + start, count))
            }
            Values::Booleans(values) if column.kind == ColumnKind::Flag => {
                fetch(values, start);
                self.flags(packed(&values[start..start + count]))
            }
            Values::Int8(values) if plain_integer(column.kind, own) => small_integers!(values),
            Values::Int16(values) if plain_integer(column.kind, own) => small_integers!(values),
            Values::Int32(values) if plain_integer(column.kind, own) => small_integers!(values),
            Values::Int64(values) if plain_integer(column.kind, own) => integers!(values),
            Values::UInt8(values) if plain_integer(column.kind, own) => small_integers!(values),
            Values::UInt16(values) if plain_integer(column.kind, own) => small_integers!(values),
            Values::UInt32(values) if plain_integer(column.kind, own) => integers!(values),
            Values::UInt64(values) if plain_integer(column.kind, own) => integers!(values),
            Values::Float64(values) if plain_integer(column.kind, own) => {
                fetch(values, start);
                let numbers = whole_block(&values[start..start + count]);
                if matches!(column.kind, ColumnKind::Count | ColumnKind::Flag) {
                    self.whole_floats(column.kind, &numbers, reading)
                        || self.others(column, data, start, count, reading)
                } else {
                    self.floats::<MULTIPLY_ADD>(column, &numbers, reading)
                }
            }
            _ => self.others(column, data, start, count, reading),
        }
    }

    #[inline(always)]
    fn flags(&mut self, truth: Mask) -> bool {
        self.truth = truth & self.present;
        self.bound = 1;
        if self.is_number {
            for (half, own) in self.truth.halves().into_iter().zip(self.small.values().as_chunks_mut::<HALF_WORD>().0) {
                own.iter_mut().enumerate().for_each(|(row, own)| *own = kept(half, row) & 1);
            }
        }
        self.is_small = true;
        true
    }

    /// Counts that stand in `small`.
    #[inline(always)]
    fn small_integers(&mut self, kind: ColumnKind) -> bool {
        self.is_small = true;
        let small = self.small.values();
        let bits = small.iter().fold(0, |bits, value| bits | value.cast_unsigned());
        self.bound = bits.into();
        if kind == ColumnKind::Flag {
            self.truth = Mask::those(|row| small[row] == 1);
            return bits <= 1;
        }
        // a negative one has the highest bit
        bits.cast_signed() >= 0
    }

    /// Whole numbers that stand in `large`.
    #[inline(always)]
    fn integers(&mut self, kind: ColumnKind) -> bool {
        self.bound = self.large.values().iter().fold(0, |bits, value| bits | value.cast_unsigned());
        match kind {
            ColumnKind::Count | ColumnKind::Flag if self.bound <= i32::MAX.cast_unsigned().into() => {
                self.shrink();
                self.small_integers(kind)
            }
            // a negative one has the highest bit
            ColumnKind::Count => self.bound.cast_signed() >= 0,
            ColumnKind::Flag => false,
            // a negative one has the highest bit, and is left to the plain pass
            _ if self.bound < 1 << 43 => {
                self.large.values().iter_mut().for_each(|value| *value *= MICROS);
                self.bound *= MICROS.cast_unsigned();
                true
            }
            _ => false,
        }
    }

    /// Puts the values into `small`.
    #[inline(always)]
    fn shrink(&mut self) {
        #[allow(clippy::cast_possible_truncation)] // no bit beyond is set
        self.small.values().iter_mut().zip(self.large.values()).for_each(|(small, large)| *small = *large as i32);
        self.is_small = true;
    }

    /// A column of any other type, by way of the plain pass.
    fn others(&mut self, column: &Column, data: &Data<'_>, start: usize, count: usize, reading: &Reading) -> bool {
        let mut cells = Cells::of(column);
        intake::read(column, data, start..start + count, reading, &mut cells);
        let large = self.large.values();
        *large = [0; ROWS];
        self.present = Mask::NONE;
        for (row, (value, state)) in cells.values.iter().zip(&cells.states).enumerate() {
            match state {
                State::Missing => continue,
                State::Fine => {}
                State::Rounded => self.rounded.insert(row),
                _ => return false,
            }
            self.present.insert(row);
            large[row] = *value;
            if *value == 1 {
                self.truth.insert(row);
            }
        }
        self.off = cells.off;
        self.bound = large.iter().fold(0, |bound, value| bound.max(value.unsigned_abs()));
        if matches!(column.kind, ColumnKind::Count | ColumnKind::Flag)
            && large.iter().all(|value| (0..=i64::from(i32::MAX)).contains(value))
        {
            self.shrink();
        }
        true
    }
}

/// Asks for the lines of the cache in which a block stands that is read soon: they are many streams, more than the machine
/// follows by itself.
#[inline(always)]
fn fetch<T>(values: &[T], block: usize) {
    let start = block + AHEAD * ROWS;
    if let Some(soon) = values.get(start..start + ROWS) {
        soon.chunks_exact(LINE_BYTES / size_of::<T>()).for_each(|line| prefetch(&line[0]));
    }
}

/// The same for bits, of which many blocks share a line.
#[inline(always)]
fn fetch_bits(bits: &Bits<'_>, block: usize) {
    if let Some(soon) = bits.bytes.get((bits.offset + block) / 8 + LINE_BYTES) {
        prefetch(soon);
    }
}

/// The values of a block; where it is not full, zeros follow.
#[inline(always)]
fn whole_block<T: Copy + Default>(values: &[T]) -> Cow<'_, [T; ROWS]> {
    if let Some(whole) = values.first_chunk() {
        return Cow::Borrowed(whole);
    }
    let mut padded = [T::default(); ROWS];
    padded[..values.len()].copy_from_slice(values);
    Cow::Owned(padded)
}

/// Kinds whose whole numbers are read straight through.
fn plain_integer(kind: ColumnKind, own_unit: bool) -> bool {
    match kind {
        ColumnKind::Flag | ColumnKind::Count => true,
        ColumnKind::Money | ColumnKind::SignedMoney | ColumnKind::Quantity => own_unit,
        _ => false,
    }
}

/// The rows that have something, of the first `count` of a block.
#[inline(always)]
fn present(nulls: &Nulls<'_>, start: usize, count: usize) -> Mask {
    match nulls {
        Nulls::None => Mask::first(count),
        Nulls::Valid(bits) => {
            fetch_bits(bits, start);
            bits_at(bits.bytes, bits.offset + start, count)
        }
        Nulls::Mask(mask) => {
            fetch(mask, start);
            !packed(&mask[start..start + count]) & Mask::first(count)
        }
    }
}

/// `count` bits from a position on.
#[inline(always)]
fn bits_at(bytes: &[u8], first: usize, count: usize) -> Mask {
    let mut mask = Mask::NONE;
    for (word, rows) in mask.0.iter_mut().zip((0..count).step_by(WORD)) {
        *word = word_at(bytes, first + rows, WORD.min(count - rows));
    }
    mask & Mask::first(count)
}

/// `count` bits from a position on; what is above them is anything.
#[inline(always)]
fn word_at(bytes: &[u8], first: usize, count: usize) -> u64 {
    let shift = first % 8;
    if shift == 0
        && let Some(whole) = bytes.get(first / 8..first / 8 + 8)
        && let Ok(whole) = whole.try_into()
    {
        return u64::from_le_bytes(whole);
    }
    let end = (first + count).div_ceil(8);
    let bytes = &bytes[first / 8..end];
    let mut word = [0; 8];
    let low = bytes.len().min(8);
    word[..low].copy_from_slice(&bytes[..low]);
    let low = u64::from_le_bytes(word) >> shift;
    match bytes.get(8) {
        Some(last) => low | u64::from(*last) << (WORD - shift),
        None => low,
    }
}

#[inline(always)]
fn packed(values: &[bool]) -> Mask {
    let values = whole_block(values);
    Mask::those(|row| values[row])
}
