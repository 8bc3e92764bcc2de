//! Columns of a block with coefficients, added up.

#![allow(clippy::inline_always)] // so that it is compiled for the vector units of its caller

use super::Fused;
use crate::engine::block::{BlockColumn, Numbers};
use crate::engine::plan::Slot;
use crate::expression::Expression;
use crate::mask::{Mask, PerRow, ROWS};
use crate::money::MICROS;

/// Columns with coefficients, and a constant; all of one unit.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Linear {
    pub(super) terms: Vec<(i64, Slot)>,
    pub(super) constant: i64,
}

impl Linear {
    /// In whole numbers, or in millionths.
    pub(super) fn new(expression: &Expression<Slot>, micro: bool, columns: &[BlockColumn]) -> Self {
        let scale = |slot: Slot| if micro && !columns[slot].is_micro() { MICROS } else { 1 };
        Self {
            terms: expression.terms.iter().map(|(times, slot)| (i64::from(*times) * scale(*slot), *slot)).collect(),
            constant: if micro { expression.constant } else { expression.constant / MICROS },
        }
    }
}

impl Fused {
    /// The largest magnitude that an expression can have in this block; nothing where 64 bits are too few.
    #[inline(always)]
    pub(super) fn bound(&self, linear: &Linear) -> Option<u64> {
        let mut bound = linear.constant.unsigned_abs();
        for (times, slot) in &linear.terms {
            bound = bound.checked_add(times.unsigned_abs().checked_mul(self.columns[*slot].bound)?)?;
        }
        (bound < 1 << 56).then_some(bound)
    }

    #[inline(always)]
    pub(super) fn evaluate(&self, linear: &Linear) -> Option<PerRow<i64>> {
        self.bound(linear)?;
        let mut values = PerRow::default();
        self.evaluate_into(linear, &mut values);
        Some(values)
    }

    /// For numbers that are small enough.
    #[inline(always)]
    pub(super) fn evaluate_into(&self, linear: &Linear, values: &mut [i64; ROWS]) {
        if let Some((one, other)) = self.difference(linear) {
            values.iter_mut().zip(one).zip(other).for_each(|((value, one), other)| *value = one - other);
            return;
        }
        *values = [0; ROWS];
        self.add_linear(values, 1, linear, Mask::ALL);
    }

    /// The two columns of which it is the difference, as most are.
    #[inline(always)]
    pub(super) fn difference(&self, linear: &Linear) -> Option<(&[i64; ROWS], &[i64; ROWS])> {
        let ([(1, one), (-1, other)] | [(-1, other), (1, one)], 0) = (linear.terms.as_slice(), linear.constant) else {
            return None;
        };
        match (self.columns[*one].numbers(), self.columns[*other].numbers()) {
            (Numbers::Large(one), Numbers::Large(other)) => Some((one, other)),
            _ => None,
        }
    }

    /// The two columns of which it is the sum, or one and nothing, where 32 bits are enough for that.
    #[inline(always)]
    pub(super) fn small_sum(&self, linear: &Linear) -> Option<[&[i32; ROWS]; 2]> {
        let (one, other) = match (linear.terms.as_slice(), linear.constant) {
            ([(1, one)], 0) => (*one, None),
            ([(1, one), (1, other)], 0) => (*one, Some(*other)),
            _ => return None,
        };
        let small = |slot: Slot| match self.columns[slot].numbers() {
            Numbers::Small(values) => Some(values),
            Numbers::Large(_) => None,
        };
        let other = other.map_or(Some(&[0; ROWS]), small)?;
        let is_small = self.bound(linear)? <= i32::MAX.cast_unsigned().into();
        is_small.then_some([small(one)?, other])
    }

    /// Adds with a coefficient, of some rows; for numbers that are small enough.
    #[inline(always)]
    pub(super) fn add_linear(&self, total: &mut [i64; ROWS], times: i64, linear: &Linear, rows: Mask) {
        if let Some((one, other)) = self.difference(linear) {
            add_times(total, times, rows, |row| one[row] - other[row]);
            return;
        }
        for (coefficient, slot) in &linear.terms {
            // where it does not fit, all numbers are 0
            add_numbers(total, times.wrapping_mul(*coefficient), self.columns[*slot].numbers(), rows);
        }
        if linear.constant != 0 {
            add_times(total, times, rows, |_| linear.constant);
        }
    }
}

#[inline(always)]
pub(super) fn add_numbers(total: &mut [i64; ROWS], times: i64, numbers: Numbers<'_>, rows: Mask) {
    match numbers {
        Numbers::Small(values) => add_times(total, times, rows, |row| values[row].into()),
        Numbers::Large(values) => add_times(total, times, rows, |row| values[row]),
    }
}

/// Adds values with a coefficient, of some rows.
#[inline(always)]
fn add_times(total: &mut [i64; ROWS], times: i64, rows: Mask, value: impl Fn(usize) -> i64) {
    // most are neither more nor less than once, and a product takes longer
    match times {
        1 => rows.write(total, |row, kept, total| *total += value(row) & kept),
        -1 => rows.write(total, |row, kept, total| *total -= value(row) & kept),
        _ => rows.write(total, |row, kept, total| *total += times * (value(row) & kept)),
    }
}
