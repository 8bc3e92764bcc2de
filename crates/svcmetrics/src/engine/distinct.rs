//! Whole numbers of which each should stand once in a group: kept as they come, and looked through at the end.

use super::both::both;
use super::columns::{Data, Nulls, Values};
use super::ids::NONE;
use foldhash::fast::RandomState;
use foldhash::{HashMap, HashMapExt as _};
use std::hash::BuildHasher as _;
use std::ops::Range;

/// So many values are looked through together: what is met again is then found in a near cache.
const TOGETHER: usize = 1 << 12;

/// And they stand in no more parts than 2 to this.
const MOST_BITS: u32 = 10;

/// In how many rounds they are looked through, and how many rows are parted, before it is asked whether to go on.
const ROUNDS: usize = 64;
const UNASKED: usize = 1 << 19;

/// A number that stands in its group for another time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Repeat {
    pub(super) value: i64,
    pub(super) group: u32,
    /// Where it stands first.
    pub(super) earlier: u64,
    pub(super) row: u64,
}

/// Whole numbers and their groups, by row.
#[derive(Debug, Clone, Default)]
pub(super) struct Distinct {
    values: Vec<i64>,
    /// None for a null, which is nobody's.
    groups: Vec<u32>,
    /// Whether one is not above all before it.
    is_unsorted: bool,
}

impl Distinct {
    /// Makes room for so many rows more, so that those that are there are not moved again and again: of many rows that takes
    /// longer than anybody who wants to stop should wait.
    pub(super) fn reserve(&mut self, rows: usize) {
        // without room at once there may still be some bit by bit
        let _ = self.values.try_reserve(rows).and_then(|()| self.groups.try_reserve(rows));
    }

    /// Adds some rows; whether they are whole numbers, and those that come next.
    pub(super) fn add(&mut self, data: &Data<'_>, rows: Range<usize>, groups: &[u32], first_row: u64) -> bool {
        if first_row + rows.start as u64 != self.values.len() as u64 {
            return false;
        }
        macro_rules! add {
            ($values:expr) => {{
                let mut last = self.values.last().copied();
                self.values.extend($values[rows.clone()].iter().map(|value| i64::from(*value)));
                for value in &self.values[self.groups.len()..] {
                    self.is_unsorted |= last.is_some_and(|last| last >= *value);
                    last = Some(*value);
                }
            }};
        }
        match &data.values {
            Values::Int8(values) => add!(values),
            Values::Int16(values) => add!(values),
            Values::Int32(values) => add!(values),
            Values::Int64(values) => add!(values),
            Values::UInt8(values) => add!(values),
            Values::UInt16(values) => add!(values),
            Values::UInt32(values) => add!(values),
            _ => return false,
        }
        self.groups.extend_from_slice(groups);
        if !matches!(data.nulls, Nulls::None) {
            let added = self.groups.len() - rows.len();
            for (group, row) in self.groups[added..].iter_mut().zip(rows) {
                if data.is_null(row) {
                    *group = NONE;
                }
            }
        }
        true
    }

    /// All that were added: value, and group where it is not null.
    pub(super) fn rows(&self) -> impl Iterator<Item = (i64, Option<u32>)> {
        self.values.iter().zip(&self.groups).map(|(value, group)| (*value, Some(*group).filter(|group| *group != NONE)))
    }

    /// Those that stand in their group for another time, by row; nothing where there is no time for it.
    pub(super) fn repeats(&self, go_on: &mut dyn FnMut() -> bool) -> Option<Vec<Repeat>> {
        if !self.is_unsorted {
            return Some(Vec::new());
        }
        let bits = (self.values.len() / TOGETHER).checked_ilog2().unwrap_or_default().min(MOST_BITS);
        let parting = Parting { hasher: RandomState::default(), bits };
        // Mostly no value is there again, in whatever group: rows are asked for only where one is.
        let values = self.parts(&parting, |_| true, |value, _| value, go_on)?;
        let mut again = Vec::with_capacity(1 << bits);
        for halves in in_rounds(&values) {
            if !go_on() {
                return None;
            }
            let any_again = |halves: &[[Vec<i64>; 2]]| -> Vec<bool> {
                let (mut all, mut places) = (Vec::new(), Vec::new());
                halves.iter().map(|halves| parting.any_again(halves, &mut all, &mut places)).collect()
            };
            let (one, other) = halves.split_at(halves.len() / 2);
            let (one, other) = both(self.values.len(), || any_again(one), || any_again(other));
            again.extend(one.into_iter().chain(other));
        }
        drop(values);
        if !again.contains(&true) {
            return Some(Vec::new());
        }
        let rows = self.parts(&parting, |part| again[part], |value, row| (value, row), go_on)?;
        let mut repeats = Vec::new();
        for halves in in_rounds(&rows) {
            if !go_on() {
                return None;
            }
            let among = |halves: &[[Vec<(i64, u64)>; 2]]| -> Vec<Repeat> {
                halves.iter().flat_map(|[one, other]| self.repeats_among(one.iter().chain(other))).collect()
            };
            let (one, other) = halves.split_at(halves.len() / 2);
            let (one, other) = both(self.values.len(), || among(one), || among(other));
            repeats.extend(one.into_iter().chain(other));
        }
        repeats.sort_unstable_by_key(|repeat| repeat.row);
        Some(repeats)
    }

    /// What is made of values and their rows, those of one value in one part, in the order of the rows: of the first half of
    /// them, and of the second. Only of parts that are wanted, and of no null.
    fn parts<T: Send>(
        &self,
        parting: &Parting,
        is_wanted: impl Fn(usize) -> bool + Sync,
        of: impl Fn(i64, u64) -> T + Sync,
        go_on: &mut dyn FnMut() -> bool,
    ) -> Option<Vec<[Vec<T>; 2]>> {
        let (count, middle) = (self.values.len(), self.values.len().div_ceil(2));
        let put = |parts: &mut [Vec<T>], rows: Range<usize>| {
            for (row, (value, group)) in
                (rows.start as u64..).zip(self.values[rows.clone()].iter().zip(&self.groups[rows]))
            {
                let part = parting.part(*value);
                if *group != NONE && is_wanted(part) {
                    parts[part].push(of(*value, row));
                }
            }
        };
        // a little more than they are when they are as many everywhere
        let room = |part| if is_wanted(part) { (middle >> parting.bits) * 9 / 8 + 16 } else { 0 };
        let half = || (0..1 << parting.bits).map(|part| Vec::with_capacity(room(part))).collect::<Vec<Vec<T>>>();
        let (mut one, mut other) = (half(), half());
        for start in (0..middle).step_by(UNASKED) {
            let end = middle.min(start + UNASKED);
            let later = middle + start..count.min(middle + end);
            both(count, || put(&mut one, start..end), || put(&mut other, later));
            if !go_on() {
                return None;
            }
        }
        Some(one.into_iter().zip(other).map(|(one, other)| [one, other]).collect())
    }

    fn repeats_among<'r>(&self, part: impl Iterator<Item = &'r (i64, u64)>) -> Vec<Repeat> {
        let (mut first, mut repeats) = (HashMap::new(), Vec::new());
        for (value, row) in part {
            // rows are positions of what is held
            let group = usize::try_from(*row).ok().and_then(|row| self.groups.get(row)).copied().unwrap_or(NONE);
            let earlier = *first.entry((*value, group)).or_insert(*row);
            if earlier != *row {
                repeats.push(Repeat { value: *value, group, earlier, row: *row });
            }
        }
        repeats
    }
}

/// So many parts at a time that there are as many as rounds.
fn in_rounds<T>(parts: &[T]) -> std::slice::Chunks<'_, T> {
    parts.chunks(parts.len().div_ceil(ROUNDS))
}

/// How values are parted.
struct Parting {
    hasher: RandomState,
    bits: u32,
}

/// A place that is free.
const FREE: i64 = i64::MIN;

impl Parting {
    fn part(&self, value: i64) -> usize {
        usize::try_from(self.hasher.hash_one(value).unbounded_shr(u64::BITS - self.bits)).unwrap_or(0)
    }

    /// Whether any value of a part is there twice; `all` and `places` are room that is used again.
    fn any_again(&self, halves: &[Vec<i64>; 2], all: &mut Vec<i64>, places: &mut Vec<i64>) -> bool {
        all.clear();
        all.extend(halves.iter().flatten());
        let size = (2 * all.len()).next_power_of_two();
        places.clear();
        places.resize(size, FREE);
        let mut is_free_there = false;
        for value in &*all {
            if *value == FREE {
                if is_free_there {
                    return true;
                }
                is_free_there = true;
                continue;
            }
            // the bits after those that all values of the part share
            let hash = (self.hasher.hash_one(*value) << self.bits) >> (u64::BITS - size.ilog2());
            let mut place = usize::try_from(hash).unwrap_or(0);
            while places[place] != FREE {
                if places[place] == *value {
                    return true;
                }
                place = (place + 1) % size;
            }
            places[place] = *value;
        }
        false
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Values with nulls, in several parts, and what stands where for another time by looking at all pairs.
    fn check(values: &[Option<i64>], groups: &[u32]) {
        let mut distinct = Distinct::default();
        for start in (0..values.len()).step_by(1000) {
            let rows = start..values.len().min(start + 1000);
            let data = Data::from(values[rows.clone()].to_vec());
            assert!(distinct.add(&data, 0..rows.len(), &groups[rows], start as u64));
        }
        let mut first = std::collections::BTreeMap::new();
        let mut expected = Vec::new();
        for (row, (value, group)) in (0..).zip(values.iter().zip(groups)) {
            let Some(value) = *value else { continue };
            let earlier = *first.entry((value, *group)).or_insert(row);
            if earlier != row {
                expected.push(Repeat { value, group: *group, earlier, row });
            }
        }
        assert_eq!(distinct.repeats(&mut || true), Some(expected));
        assert_eq!(distinct.repeats(&mut || false).is_none(), distinct.is_unsorted);
    }

    #[test]
    fn those_that_are_there_again_are_found_few_or_many_sorted_or_not() {
        for rows in [0, 1, 2, 100, 3 * TOGETHER, 40 * TOGETHER] {
            let count = i64::try_from(rows).unwrap();
            let groups: Vec<u32> = (0..).take(rows).map(|row| row % 7).collect();
            let one_group = vec![0; rows];
            let ascending: Vec<Option<i64>> = (0..count).map(|row| Some(row << 20)).collect();
            let shuffled: Vec<Option<i64>> = (0..count).map(|row| Some(row * 7919 % 1_000_003)).collect();
            let repeated: Vec<Option<i64>> =
                (0..count).map(|row| (row % 11 != 0).then_some(row * 31 % (count / 3 + 1) - 5)).collect();
            for values in [ascending, shuffled, repeated] {
                check(&values, &groups);
                check(&values, &one_group);
            }
        }
    }

    #[test]
    fn what_is_no_whole_number_or_comes_out_of_turn_is_left_to_others() {
        let mut distinct = Distinct::default();
        assert!(!distinct.add(&Data::from(vec![1.5]), 0..1, &[0], 0));
        assert!(!distinct.add(&Data::from(vec![1_i64]), 0..1, &[0], 1));
        assert!(distinct.add(&Data::from(vec![1_i64]), 0..1, &[0], 0));
        assert_eq!(distinct.rows().collect::<Vec<_>>(), [(1, Some(0))]);
    }
}
