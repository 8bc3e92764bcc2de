//! What the rows of a block add to the sums of their groups.

#![allow(clippy::inline_always)] // so that it is compiled for the vector units of its caller

use super::lanes::Added;
use super::{Addend, Fused, ONES};
use crate::engine::accumulator::{Accumulator, Duo, HALF, LINE_DUOS, Place};
use crate::engine::block::Numbers;
use crate::engine::sums::Sums;
use crate::error::Result;
use crate::mask::{HALF_WORD, Mask, PerRow, ROWS, kept};

/// From this on a value is not small.
const SMALL: u64 = 1 << 16;

/// What rows add to a lane: values, and the rows that add theirs.
#[derive(Debug, Clone, Copy)]
struct Part<'a>(Numbers<'a>, Mask);

/// What rows add to a place, of two lanes or one.
#[derive(Debug, Clone, Copy)]
enum Addends<'a> {
    Shared(&'a [i32; ROWS], Mask, &'a [i32; ROWS], Mask),
    Whole(&'a [i64; ROWS], Mask),
}

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
        let mut duos = std::mem::take(&mut self.duos);
        duos.resize(LINE_DUOS, Duo::default());
        let mut computed = [PerRow::default(); 2];
        for line in 0..filled.div_ceil(2 * LINE_DUOS) {
            let mut count = 0;
            for (duo, first) in duos.iter_mut().zip((line * 2 * LINE_DUOS..filled).step_by(2)) {
                let [one, other] = &mut computed;
                let one = self.addends(often, first, one);
                let other = self.addends(often, first + 1, other);
                fill(duo, one, other);
                count += 1;
            }
            if together {
                often.add_one(line, groups[0], &duos[..count]);
            } else {
                often.add_each(line, groups, &duos[..count]);
            }
        }
        self.duos = duos;
    }

    /// What rows add to a place: nothing to those of lanes after those of the measures, to which it is added one by one.
    #[inline(always)]
    fn addends<'a>(&'a self, often: &Accumulator, place: usize, computed: &'a mut [i64; ROWS]) -> Addends<'a> {
        let nothing = Addends::Shared(&ONES, Mask::NONE, &ONES, Mask::NONE);
        let Some((lane, sharing)) = often.shared().get(place) else { return nothing };
        let Some(added) = self.added.get(*lane) else { return nothing };
        match (self.part(added, computed), sharing.and_then(|lane| self.added.get(lane))) {
            (Part(Numbers::Large(values), rows), _) => Addends::Whole(values, rows),
            (Part(Numbers::Small(values), rows), None) => Addends::Shared(values, rows, &ONES, Mask::NONE),
            (Part(Numbers::Small(values), rows), Some(sharing)) => {
                let other = self.small(&sharing.addend);
                // lanes whose values are not small have a place of their own by now
                debug_assert!(other.is_some(), "large values in half a place");
                Addends::Shared(values, rows, other.unwrap_or(&[0; ROWS]), self.adding_rows[sharing.rows])
            }
        }
    }

    /// What rows add to a lane.
    #[inline(always)]
    fn part<'a>(&'a self, added: &Added, computed: &'a mut [i64; ROWS]) -> Part<'a> {
        let values = match &added.addend {
            Addend::One => Numbers::Small(&ONES),
            Addend::Column(slot) => self.columns[*slot].numbers(),
            Addend::Linear(linear) => {
                self.evaluate_into(linear, computed);
                Numbers::Large(computed)
            }
        };
        Part(values, self.adding_rows[added.rows])
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

/// Puts what each row adds to two places.
#[inline(always)]
fn fill(duo: &mut Duo, one: Addends<'_>, other: Addends<'_>) {
    macro_rules! value {
        (Shared($low:ident, $low_rows:ident, $high:ident, $high_rows:ident)) => {
            |half: usize, row: usize| {
                let low = $low[half * HALF_WORD + row] & kept($low_rows[half], row);
                let high = $high[half * HALF_WORD + row] & kept($high_rows[half], row);
                // small numbers are not negative
                (u64::from(low.cast_unsigned()) | u64::from(high.cast_unsigned()) << HALF).cast_signed()
            }
        };
        (Whole($values:ident, $rows:ident)) => {
            |half: usize, row: usize| $values[half * HALF_WORD + row] & i64::from(kept($rows[half], row))
        };
    }
    match (one, other) {
        (Addends::Shared(a, Mask::ALL, b, Mask::ALL), Addends::Shared(c, Mask::ALL, d, Mask::ALL)) => {
            fill_whole_halves(duo, [a, b, c, d]);
        }
        (Addends::Whole(a, Mask::ALL), Addends::Whole(c, Mask::ALL)) => {
            duo.iter_mut().zip(a).zip(c).for_each(|((places, a), c)| *places = [*a, *c]);
        }
        (Addends::Shared(a, a_rows, b, b_rows), Addends::Shared(c, c_rows, d, d_rows)) => {
            fill_halves(duo, [(a, a_rows), (b, b_rows), (c, c_rows), (d, d_rows)]);
        }
        (Addends::Shared(a, a_rows, b, b_rows), Addends::Whole(c, c_rows)) => {
            let (a_rows, b_rows, c_rows) = (a_rows.halves(), b_rows.halves(), c_rows.halves());
            fill_each(duo, value!(Shared(a, a_rows, b, b_rows)), value!(Whole(c, c_rows)));
        }
        (Addends::Whole(a, a_rows), Addends::Shared(c, c_rows, d, d_rows)) => {
            let (a_rows, c_rows, d_rows) = (a_rows.halves(), c_rows.halves(), d_rows.halves());
            fill_each(duo, value!(Whole(a, a_rows)), value!(Shared(c, c_rows, d, d_rows)));
        }
        (Addends::Whole(a, a_rows), Addends::Whole(c, c_rows)) => {
            let (a_rows, c_rows) = (a_rows.halves(), c_rows.halves());
            fill_each(duo, value!(Whole(a, a_rows)), value!(Whole(c, c_rows)));
        }
    }
}

#[inline(always)]
fn fill_each(duo: &mut Duo, one: impl Fn(usize, usize) -> i64, other: impl Fn(usize, usize) -> i64) {
    for (half, rows) in duo.as_chunks_mut::<HALF_WORD>().0.iter_mut().enumerate() {
        for (row, places) in rows.iter_mut().enumerate() {
            *places = [one(half, row), other(half, row)];
        }
    }
}

/// Puts what each row adds to the halves of two places, from the low one of the first on. As numbers of 32 bits, more of them
/// stand in a register than if each were made one of 64 first.
#[inline(always)]
fn fill_halves(duo: &mut Duo, [a, b, c, d]: [(&[i32; ROWS], Mask); 4]) {
    let [a, b, c, d] = in_memory([a, b, c, d]);
    let [a_rows, b_rows, c_rows, d_rows] = [a.1, b.1, c.1, d.1].map(Mask::halves);
    let places: &mut [[i32; 4]; ROWS] = zerocopy::transmute_mut!(&mut duo.0);
    for (half, rows) in places.as_chunks_mut::<HALF_WORD>().0.iter_mut().enumerate() {
        for (row, places) in rows.iter_mut().enumerate() {
            let at = half * HALF_WORD + row;
            *places = [
                a.0[at] & kept(a_rows[half], row),
                b.0[at] & kept(b_rows[half], row),
                c.0[at] & kept(c_rows[half], row),
                d.0[at] & kept(d_rows[half], row),
            ];
        }
    }
}

/// The same where all rows add all.
#[inline(always)]
fn fill_whole_halves(duo: &mut Duo, halves: [&[i32; ROWS]; 4]) {
    let [a, b, c, d] = in_memory(halves);
    let places: &mut [[i32; 4]; ROWS] = zerocopy::transmute_mut!(&mut duo.0);
    for (row, places) in places.iter_mut().enumerate() {
        *places = [a[row], b[row], c[row], d[row]];
    }
}

/// Halves of two places as they stand in memory: the low one first, or last.
#[inline(always)]
fn in_memory<T>([a, b, c, d]: [T; 4]) -> [T; 4] {
    if cfg!(target_endian = "little") { [a, b, c, d] } else { [b, a, d, c] }
}
