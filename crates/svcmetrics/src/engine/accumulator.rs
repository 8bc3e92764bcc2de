//! Totals of groups while rows come in: 64-bit sums, of which two small ones share a place, spilled into 128-bit ones before they
//! could overflow.

#![allow(clippy::inline_always)] // so that it is compiled for the vector units of its caller

mod adding;

use super::both::both;
use super::cache::prefetch;
use crate::error::{Error, Result};
use crate::mask::{PerRow, ROWS};
use crate::totals::Totals;
#[cfg(feature = "rayon")]
use std::ops::Range;

/// What may come together in 64 bits before it is spilled.
const ROOM: u64 = 1 << 62;

/// What may come together in half a place.
const HALF_ROOM: u64 = 1 << 31;

/// So many lines, half a mebibyte, stay in a near cache by themselves.
const NEAR_LINES: usize = 1 << 13;

/// How many groups are gathered at once.
const GATHERED: usize = 64;

/// How many times what is needed is reserved, if there is as much. What is not used yet takes no memory, but addresses, which may
/// be few, too.
const GROWTH: [usize; 2] = [4, 1];

/// Where half a place begins.
const HALF: u32 = 32;

/// Why there are no totals.
#[derive(Debug, Clone, Copy)]
pub(super) enum NoTotals {
    Memory,
    /// More than 128 bits.
    Overflow {
        group: u32,
        lane: usize,
    },
}

/// Where a lane's sum stands in a group's places.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Place {
    Whole(usize),
    /// The place, and the bit at which it begins; never negative.
    Half(usize, u32),
}

impl Place {
    pub(super) fn add(self, lines: &mut [Line], value: i64) {
        match self {
            Self::Whole(at) => lines[at / LINE].0[at % LINE] += value,
            Self::Half(at, bit) => lines[at / LINE].0[at % LINE] += value << bit,
        }
    }

    fn read(self, lines: &[Line]) -> i64 {
        match self {
            Self::Whole(at) => lines[at / LINE].0[at % LINE],
            Self::Half(at, bit) => lines[at / LINE].0[at % LINE] >> bit & i64::from(u32::MAX),
        }
    }
}

/// Places that stand together.
pub(super) const LINE: usize = 8;

/// And so many in half a line.
const HALF_LINE: usize = LINE / 2;

/// What is added to a place that no lane has, by row.
pub(super) static NOTHING: PerRow<i64> = PerRow([0; ROWS]);

/// As many places as a line of the cache, and the widest register, has.
#[derive(Debug, Clone, Copy, Default)]
#[repr(align(64))]
pub(super) struct Line(pub(super) [i64; LINE]);

/// Sums of groups, row-major: a group's places stand together.
#[derive(Debug, Clone)]
pub(super) struct Accumulator {
    /// By lane.
    lanes: Vec<Place>,
    /// By place, the lane that begins there, and the one that shares it.
    shared: Vec<(usize, Option<usize>)>,
    /// How many lines a group has.
    width: usize,
    pub(super) near: Vec<Line>,
    /// No sum in a whole place is above the first, none in half a one above the second.
    spent: (u64, u64),
    /// What was spilled, by lane; empty until then.
    far: Vec<i128>,
}

impl Accumulator {
    /// For each lane, whether it may share a place.
    pub(super) fn new(small: &[bool], groups: usize) -> Self {
        let mut shared = Vec::new();
        // the lane whose place has another half to give
        let mut open = None;
        let place = |(lane, small): (usize, &bool)| match open.take() {
            Some(place) if *small => {
                let (_, high): &mut (usize, Option<usize>) = &mut shared[place];
                *high = Some(lane);
                Place::Half(place, HALF)
            }
            other => {
                shared.push((lane, None));
                let place = shared.len() - 1;
                open = if *small { Some(place) } else { other };
                if *small { Place::Half(place, 0) } else { Place::Whole(place) }
            }
        };
        let lanes: Vec<Place> = small.iter().enumerate().map(place).collect();
        let width = shared.len().div_ceil(LINE);
        Self { lanes, shared, width, near: vec![Line::default(); width * groups], spent: (0, 0), far: Vec::new() }
    }

    /// By place, the lane that begins there, and the one that shares it.
    pub(super) fn shared(&self) -> &[(usize, Option<usize>)] {
        &self.shared
    }

    /// How many lines a group has.
    pub(super) fn width(&self) -> usize {
        self.width
    }

    pub(super) fn place(&self, lane: usize) -> Place {
        self.lanes[lane]
    }

    fn groups(&self) -> usize {
        self.near.len().checked_div(self.width).unwrap_or_default()
    }

    /// Makes room for so many groups.
    pub(super) fn resize(&mut self, groups: usize) -> Result<()> {
        let lines = groups * self.width;
        if lines > self.near.capacity() {
            // Copying what is there costs more than places that are not yet used.
            let more = |times: usize| lines.saturating_mul(times) - self.near.len();
            if !GROWTH.map(more).into_iter().any(|more| self.near.try_reserve_exact(more).is_ok()) {
                return Err(Error::OutOfMemory { groups: groups as u64 });
            }
        }
        self.near.resize(lines, Line::default());
        if !self.far.is_empty() {
            self.widen()?;
        }
        Ok(())
    }

    fn widen(&mut self) -> Result<()> {
        let lanes = self.groups() * self.lanes.len();
        let groups = self.groups() as u64;
        self.far.try_reserve(lanes.saturating_sub(self.far.len())).map_err(|_| Error::OutOfMemory { groups })?;
        self.far.resize(lanes, 0);
        Ok(())
    }

    /// Makes sure that `most` can be added to any sum, and `most_small` to those that share a place.
    pub(super) fn make_room(&mut self, most: u64, most_small: u64) -> Result<()> {
        if self.spent.0.saturating_add(most) >= ROOM || self.spent.1.saturating_add(most_small) >= HALF_ROOM {
            self.spill()?;
        }
        self.spent = (self.spent.0 + most, self.spent.1 + most_small);
        Ok(())
    }

    /// Asks for what these groups have, where there are so many that no near cache holds them.
    #[inline(always)]
    pub(super) fn fetch(&self, groups: &[u32]) {
        if self.near.len() > NEAR_LINES {
            for group in groups {
                let first = *group as usize * self.width;
                self.near[first..first + self.width].iter().for_each(prefetch);
            }
        }
    }

    /// Adds what all rows have for the places of a line to a group; there is room.
    #[inline(always)]
    pub(super) fn add_one(&mut self, line: usize, group: u32, columns: [&[i64; ROWS]; LINE]) {
        let sums = &mut self.near[group as usize * self.width + line].0;
        sums.iter_mut().zip(columns).for_each(|(sum, column)| *sum += column.iter().sum::<i64>());
    }

    /// Adds what each row has for the places of a line, of which so many are used, to its group; there is room.
    #[inline(always)]
    pub(super) fn add_each(&mut self, line: usize, groups: &[u32], columns: [&[i64; ROWS]; LINE], used: usize) {
        adding::add_each(&mut self.near[line..], self.width, groups, columns, used);
    }

    fn spill(&mut self) -> Result<()> {
        self.widen()?;
        if self.lanes.is_empty() {
            return Ok(());
        }
        for (far, near) in self.far.chunks_exact_mut(self.lanes.len()).zip(self.near.chunks_exact_mut(self.width)) {
            for (far, place) in far.iter_mut().zip(&self.lanes) {
                *far += i128::from(place.read(near));
            }
            near.fill(Line::default());
        }
        self.spent = (0, 0);
        Ok(())
    }

    /// Gives a lane a place of its own, since its values are not small.
    pub(super) fn promote(&mut self, lane: usize) -> Result<()> {
        self.spill()?;
        let groups = self.groups();
        let small: Vec<bool> =
            self.lanes.iter().enumerate().map(|(at, place)| at != lane && matches!(place, Place::Half(..))).collect();
        *self = Self { far: std::mem::take(&mut self.far), ..Self::new(&small, groups) };
        Ok(())
    }

    /// Adds to one sum; whether it fits.
    pub(super) fn add(&mut self, group: u32, lane: usize, value: i128) -> Result<bool> {
        self.widen()?;
        let total = &mut self.far[group as usize * self.lanes.len() + lane];
        Ok(total.checked_add(value).map(|sum| *total = sum).is_some())
    }

    /// Says what the sums of these groups are; by lane, `places` says where it stands among the totals.
    pub(super) fn totals(&self, groups: &[u32], places: &[usize], totals: &mut Totals) -> Result<(), NoTotals> {
        if !self.far.is_empty() {
            for (lane, at) in places.iter().enumerate() {
                for (place, group) in groups.iter().enumerate() {
                    let overflow = NoTotals::Overflow { group: *group, lane: *at };
                    totals.set(place, *at, self.total(*group as usize, lane).ok_or(overflow)?);
                }
            }
        } else if let [group] = groups {
            let near = &self.near[*group as usize * self.width..];
            places.iter().zip(&self.lanes).for_each(|(at, lane)| totals.fill_one(*at, lane.read(near)));
        } else {
            let mut lanes = Vec::new();
            for _ in &self.lanes {
                let mut lane = Vec::new();
                lane.try_reserve_exact(groups.len()).map_err(|_| NoTotals::Memory)?;
                lane.resize(groups.len(), 0);
                lanes.push(lane);
            }
            let middle = groups.len() / 2;
            let (low, high) = lanes.iter_mut().map(|lane| lane.split_at_mut(middle)).unzip();
            both(groups.len(), || self.gather(&groups[..middle], low), || self.gather(&groups[middle..], high));
            places.iter().zip(lanes).for_each(|(at, sums)| totals.fill(*at, sums));
        }
        Ok(())
    }

    /// The sums of these groups, lane by lane.
    fn gather(&self, groups: &[u32], mut lanes: Vec<&mut [i64]>) {
        // A few groups at a time, so that what is read of them stays in the cache for all lanes.
        let mut next = groups.chunks(GATHERED).skip(1);
        for (first, groups) in (0..).step_by(GATHERED).zip(groups.chunks(GATHERED)) {
            self.fetch(next.next().unwrap_or_default());
            for (lane, place) in lanes.iter_mut().zip(&self.lanes) {
                for (sum, group) in lane[first..].iter_mut().zip(groups) {
                    *sum = place.read(&self.near[*group as usize * self.width..]);
                }
            }
        }
    }

    /// A sum; nothing beyond 128 bits.
    pub(super) fn total(&self, group: usize, lane: usize) -> Option<i128> {
        let far = self.far.get(group * self.lanes.len() + lane).copied().unwrap_or_default();
        far.checked_add(i128::from(self.lanes[lane].read(&self.near[group * self.width..])))
    }
}

#[cfg(feature = "rayon")]
impl Accumulator {
    /// Adds another's sums; by group of the other's, `groups` says which of these it is. The group whose sums do not fit, if
    /// there is one.
    pub(super) fn take_over(&mut self, other: &Self, groups: &[u32]) -> Result<Option<u32>> {
        let alike = self.lanes == other.lanes;
        if alike {
            let width = self.width;
            self.make_room(other.spent.0, other.spent.1)?;
            // Half of the groups a thread; each looks for its own among the other's.
            let middle = self.near.len() / width.max(1) / 2;
            let (low, high) = self.near.split_at_mut(middle * width);
            let add = |near: &mut [Line], own: Range<usize>| {
                for (group, theirs) in groups.iter().zip(other.near.chunks_exact(width.max(1))) {
                    if own.contains(&(*group as usize)) {
                        let first = (*group as usize - own.start) * width;
                        for (sums, more) in near[first..first + width].iter_mut().zip(theirs) {
                            sums.0.iter_mut().zip(more.0).for_each(|(sum, more)| *sum += more);
                        }
                    }
                }
            };
            both(groups.len(), || add(low, 0..middle), || add(high, middle..usize::MAX));
            if other.far.is_empty() {
                return Ok(None);
            }
        }
        for (theirs, group) in groups.iter().enumerate() {
            for lane in 0..self.lanes.len() {
                let far = other.far.get(theirs * other.lanes.len() + lane).copied();
                let more = if alike { far } else { other.total(theirs, lane) };
                let fits = match more {
                    Some(0) => true,
                    Some(more) => self.add(*group, lane, more)?,
                    None => false,
                };
                if !fits {
                    return Ok(Some(*group));
                }
            }
        }
        Ok(None)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn small_sums_share_a_place_and_are_spilled_before_they_meet() {
        let mut sums = Accumulator::new(&[true, false, true, true], 2);
        assert_eq!(sums.shared(), [(0, Some(2)), (1, None), (3, None)]);
        let most = HALF_ROOM / 3;
        for _ in 0..10 {
            let places: Vec<Place> = (0..4).map(|lane| sums.place(lane)).collect();
            sums.make_room(7, most).unwrap();
            let near = &mut sums.near;
            for place in places {
                place.add(&mut near[1..], if place == Place::Whole(1) { -7 } else { most.cast_signed() });
            }
        }
        let total = Some(i128::from(most) * 10);
        let all = |sums: &Accumulator| (0..4).map(|lane| sums.total(1, lane)).collect::<Vec<_>>();
        assert_eq!(all(&sums), [total, Some(-70), total, total]);
        assert_eq!(sums.total(0, 2), Some(0));
        sums.promote(2).unwrap();
        assert_eq!(sums.shared(), [(0, Some(3)), (1, None), (2, None)]);
        sums.resize(3).unwrap();
        assert_eq!(all(&sums), [total, Some(-70), total, total]);
        assert!(sums.add(2, 3, i128::MAX).unwrap() && !sums.add(2, 3, 1).unwrap());
    }
}
