//! What the rows of a block add to the sums of their groups.

#![allow(clippy::inline_always)] // so that it is compiled for the vector units of its caller

use super::{Addend, Fused, ONES};
use crate::engine::accumulator::{Accumulator, LINE, NOTHING, Place};
use crate::engine::block::Numbers;
use crate::engine::sums::Sums;
use crate::error::Result;
use crate::mask::{HALF_WORD, Mask, PerRow, ROWS, kept};

/// From this on a value is not small.
const SMALL: u64 = 1 << 16;

impl Fused {
    /// What a block can add to a sum at the most, and to one that shares its place; nothing where 64 bits are too few. Lanes whose
    /// values are not small are given a place of their own.
    #[inline(always)]
    pub(super) fn most(&self, often: &mut Accumulator) -> Result<Option<(u64, u64)>> {
        let (mut most, mut most_small) = (1, 1);
        for summed in &*self.summed {
            let column = &self.columns[summed.slot];
            most = most.max(column.bound);
            if summed.sharing.is_empty() {
                continue;
            }
            if column.bound < SMALL && matches!(column.numbers(), Numbers::Small(_)) {
                most_small = most_small.max(column.bound);
                continue;
            }
            for lane in &summed.sharing {
                if matches!(often.place(*lane), Place::Half(..)) {
                    often.promote(*lane)?;
                }
            }
        }
        for linear in &*self.linears {
            let Some(bound) = self.bound(linear) else { return Ok(None) };
            most = most.max(bound);
        }
        Ok((most < 1 << 56).then(|| (most * ROWS as u64, most_small * ROWS as u64)))
    }

    /// Counts that are 0 in most rows: one addition each; there is room. Rows that a scope does not count have 0 in its own columns
    /// from here on, so that all rows may add those: whoever asks for what they had comes before.
    #[inline(always)]
    pub(super) fn add_rare(&mut self, live: Mask, groups: &[u32], sums: &mut Sums, largest_rounding: &mut [f64]) {
        let rounded = self.columns.iter().any(|column| column.rounded.any());
        for (position, (scope, counted)) in self.scopes.iter().zip(&self.counted).enumerate() {
            let asked = scope.among.map_or(live, |among| live & !self.answers[among].no);
            let missing = asked & !*counted;
            if missing.any() {
                let (place, width) = (sums.often.place(sums.missing[position]), sums.often.width());
                let near = &mut sums.often.near;
                missing.each(|row| place.add(&mut near[groups[row] as usize * width..], 1));
                scope.own.iter().for_each(|slot| self.columns[*slot].empty(missing));
            }
            if !rounded {
                continue;
            }
            for slot in &scope.slots {
                for (row, off) in &self.columns[*slot].off {
                    if counted.has(*row) {
                        sums.rounded(groups[*row], position);
                        largest_rounding[position] = largest_rounding[position].max(*off);
                    }
                }
            }
        }
    }

    /// What rows add to the places of their groups; there is room.
    #[inline(always)]
    pub(super) fn add_often(&mut self, live: Mask, groups: &[u32], often: &mut Accumulator) {
        // Of rows of one group only their sum is added, as if it were the first row's.
        let together =
            groups.first() == groups.last() && groups.iter().fold(0, |all, group| all | (group ^ groups[0])) == 0;
        let filled = often.shared().iter().rposition(|(lane, _)| *lane < self.added.len()).map_or(0, |place| place + 1);
        for (rows, adding) in self.adding_rows.iter_mut().zip(&*self.adding) {
            let counted = adding.scope.map_or(live, |scope| self.counted[scope]);
            *rows = adding.only.map_or(counted, |only| counted & self.answers[only].yes);
        }
        let mut made = std::mem::take(&mut self.made);
        made.resize(LINE, PerRow::default());
        for first in (0..filled).step_by(LINE) {
            let used = LINE.min(filled - first);
            let mut columns = [&NOTHING.0; LINE];
            for ((place, column), made) in (first..filled).zip(&mut columns).zip(&mut made) {
                *column = self.of_place(often, place, made);
            }
            if together {
                often.add_one(first / LINE, groups[0], columns);
            } else {
                often.add_each(first / LINE, groups, columns, used);
            }
        }
        self.made = made;
    }

    /// What rows add to a place: values as they stand, or what is made of them. Nothing is added to places of lanes after those of
    /// the measures, to which it is added one by one.
    #[inline(always)]
    fn of_place<'a>(&'a self, often: &Accumulator, place: usize, made: &'a mut [i64; ROWS]) -> &'a [i64; ROWS] {
        let Some((lane, sharing)) = often.shared().get(place) else { return &NOTHING };
        let Some(added) = self.added.get(*lane) else { return &NOTHING };
        let rows = self.adding_rows[added.rows];
        let values = match &added.addend {
            Addend::One => Numbers::Small(&ONES),
            Addend::Column(slot) => self.columns[*slot].numbers(),
            Addend::Linear(linear) => {
                if let (false, Some((one, other))) = (rows == Mask::ALL, self.difference(linear)) {
                    rows.write(made, |row, kept, value| *value = (one[row] - other[row]) & kept);
                    return made;
                }
                self.evaluate_into(linear, made);
                if rows != Mask::ALL {
                    rows.write(made, |_, kept, value| *value &= kept);
                }
                return made;
            }
        };
        match (values, sharing.and_then(|lane| self.added.get(lane))) {
            (Numbers::Large(values), _) if rows == Mask::ALL => return values,
            (Numbers::Large(values), _) => rows.write(made, |row, kept, value| *value = values[row] & kept),
            (Numbers::Small(values), None) => share(made, (values, rows), (&ONES, Mask::NONE)),
            (Numbers::Small(values), Some(sharing)) => {
                let other = self.small(&sharing.addend);
                // lanes whose values are not small have a place of their own by now
                debug_assert!(other.is_some(), "large values in half a place");
                share(made, (values, rows), (other.unwrap_or(&[0; ROWS]), self.adding_rows[sharing.rows]));
            }
        }
        made
    }

    /// What rows add, where that are small numbers as they stand.
    #[inline(always)]
    pub(super) fn small(&self, addend: &Addend) -> Option<&[i32; ROWS]> {
        match addend {
            Addend::One => Some(&ONES),
            Addend::Column(slot) => match self.columns[*slot].numbers() {
                Numbers::Small(values) => Some(values),
                Numbers::Large(_) => None,
            },
            Addend::Linear(_) => None,
        }
    }
}

/// Puts what each row adds to the halves of a place; small numbers are not negative. As numbers of 32 bits, more of them stand in a
/// register than if each were made one of 64 first.
#[inline(always)]
fn share(made: &mut [i64; ROWS], low: (&[i32; ROWS], Mask), high: (&[i32; ROWS], Mask)) {
    // as they stand in memory
    let (one, other) = if cfg!(target_endian = "little") { (low, high) } else { (high, low) };
    let halves: &mut [[i32; 2]; ROWS] = zerocopy::transmute_mut!(made);
    if (one.1, other.1) == (Mask::ALL, Mask::ALL) {
        for ((halves, one), other) in halves.iter_mut().zip(one.0).zip(other.0) {
            *halves = [*one, *other];
        }
        return;
    }
    let (one_rows, other_rows) = (one.1.halves(), other.1.halves());
    for (half, rows) in halves.as_chunks_mut::<HALF_WORD>().0.iter_mut().enumerate() {
        for (row, halves) in rows.iter_mut().enumerate() {
            let at = half * HALF_WORD + row;
            *halves = [one.0[at] & kept(one_rows[half], row), other.0[at] & kept(other_rows[half], row)];
        }
    }
}
