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
        let hasher = RandomState::default();
        let bits = (self.values.len() / TOGETHER).checked_ilog2().unwrap_or_default().min(MOST_BITS);
        let parts = self.parts(&hasher, bits, go_on)?;
        let among = |parts: &[Vec<(i64, u64)>]| {
            let mut places = Vec::new();
            let met_again = |part: &&Vec<(i64, u64)>| any_again(part, &hasher, bits, &mut places);
            parts.iter().filter(met_again).flat_map(|part| self.repeats_among(part)).collect::<Vec<_>>()
        };
        let mut repeats = Vec::new();
        for parts in parts.chunks(parts.len().div_ceil(ROUNDS)) {
            if !go_on() {
                return None;
            }
            let (one, other) = parts.split_at(parts.len() / 2);
            let (one, other) = both(self.values.len(), || among(one), || among(other));
            repeats.extend(one.into_iter().chain(other));
        }
        repeats.sort_unstable_by_key(|repeat| repeat.row);
        Some(repeats)
    }

    /// Values with their rows, those of one value in one part, in the order of the rows.
    fn parts(&self, hasher: &RandomState, bits: u32, go_on: &mut dyn FnMut() -> bool) -> Option<Vec<Vec<(i64, u64)>>> {
        let part = |value: i64| usize::try_from(hasher.hash_one(value).unbounded_shr(u64::BITS - bits)).unwrap_or(0);
        let mut counts = vec![0; 1 << bits];
        for values in self.values.chunks(UNASKED) {
            for value in values {
                counts[part(*value)] += 1;
            }
            if !go_on() {
                return None;
            }
        }
        let mut parts: Vec<Vec<(i64, u64)>> = counts.into_iter().map(Vec::with_capacity).collect();
        for (first, (values, groups)) in
            (0..).step_by(UNASKED).zip(self.values.chunks(UNASKED).zip(self.groups.chunks(UNASKED)))
        {
            for (row, (value, group)) in (first..).zip(values.iter().zip(groups)) {
                if *group != NONE {
                    parts[part(*value)].push((*value, row));
                }
            }
            if !go_on() {
                return None;
            }
        }
        Some(parts)
    }

    fn repeats_among(&self, part: &[(i64, u64)]) -> Vec<Repeat> {
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

/// Whether any value is there twice, in whatever groups; `places` is room that is used again.
fn any_again(part: &[(i64, u64)], hasher: &RandomState, bits: u32, places: &mut Vec<u32>) -> bool {
    let size = (2 * part.len()).next_power_of_two();
    places.clear();
    places.resize(size, NONE);
    for (position, (value, _)) in (0..).zip(part) {
        // the bits after those that all values of the part share
        let mut place = usize::try_from((hasher.hash_one(*value) << bits) >> (u64::BITS - size.ilog2())).unwrap_or(0);
        while let Some((known, _)) = part.get(places[place] as usize) {
            if known == value {
                return true;
            }
            place = (place + 1) % size;
        }
        places[place] = position;
    }
    false
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
