//! Exact totals of groups: they add, and that is all they do.

use std::ops::Range;

/// Groups that are looked at together.
const AT_ONCE: usize = 64;

/// One total of each group, in as few bits as hold them all.
#[derive(Debug, Clone)]
enum Lane {
    /// All are 0, as most counts of what is wrong are.
    Zero,
    /// That of the only group, as it is wherever there are no keys.
    One(i64),
    Narrow(Vec<i64>),
    Wide(Vec<i128>),
}

impl Lane {
    fn get(&self, group: usize) -> i128 {
        match self {
            Self::Zero => 0,
            Self::One(total) => (*total).into(),
            Self::Narrow(totals) => totals[group].into(),
            Self::Wide(totals) => totals[group],
        }
    }

    /// Says that a group of `groups` has this total.
    fn set(&mut self, groups: usize, group: usize, total: i128) {
        if matches!(self, Self::Zero) && total != 0 {
            *self = if groups == 1 { Self::One(0) } else { Self::Narrow(vec![0; groups]) };
        }
        match (&mut *self, i64::try_from(total)) {
            (Self::Zero, _) => {}
            (Self::One(only), Ok(total)) => *only = total,
            (Self::One(_), Err(_)) => *self = Self::Wide(vec![total]),
            (Self::Narrow(totals), Ok(total)) => totals[group] = total,
            (Self::Narrow(totals), Err(_)) => {
                let mut totals: Vec<i128> = totals.iter().map(|total| i128::from(*total)).collect();
                totals[group] = total;
                *self = Self::Wide(totals);
            }
            (Self::Wide(totals), _) => totals[group] = total,
        }
    }

    fn push(&mut self, groups: usize, total: i128) {
        match self {
            Self::Zero => {}
            Self::One(only) => *self = Self::Narrow(vec![*only, 0]),
            Self::Narrow(totals) => totals.push(0),
            Self::Wide(totals) => totals.push(0),
        }
        self.set(groups + 1, groups, total);
    }
}

/// Totals of groups, each lane (rows, counts, measures) by itself, since a metric reads few lanes of all groups. All are
/// integers, so sums do not depend on order, threads or machines.
#[derive(Debug, Clone, Default)]
pub(crate) struct Totals {
    groups: usize,
    lanes: Vec<Lane>,
}

impl Totals {
    /// No groups yet.
    pub(crate) fn new(width: usize) -> Self {
        Self { groups: 0, lanes: vec![Lane::Zero; width] }
    }

    /// So many groups, all of whose totals are 0.
    pub(crate) fn zeros(width: usize, groups: usize) -> Self {
        Self { groups, ..Self::new(width) }
    }

    pub(crate) fn get(&self, group: usize, lane: usize) -> i128 {
        self.lanes[lane].get(group)
    }

    /// All totals of a group.
    pub(crate) fn group(&self, group: usize) -> Vec<i128> {
        self.lanes.iter().map(|lane| lane.get(group)).collect()
    }

    /// A lane of all groups, where 64 bits hold it; nothing at all where every total is 0.
    pub(crate) fn narrow(&self, lane: usize) -> Option<&[i64]> {
        match &self.lanes[lane] {
            Lane::Zero => Some(&[]),
            Lane::One(total) => Some(std::slice::from_ref(total)),
            Lane::Narrow(totals) => Some(totals),
            Lane::Wide(_) => None,
        }
    }

    /// Says what a lane of all groups is.
    pub(crate) fn fill(&mut self, lane: usize, totals: Vec<i64>) {
        self.lanes[lane] = if totals.iter().all(|total| *total == 0) { Lane::Zero } else { Lane::Narrow(totals) };
    }

    /// Says what a lane of the only group is.
    pub(crate) fn fill_one(&mut self, lane: usize, total: i64) {
        self.lanes[lane] = if total == 0 { Lane::Zero } else { Lane::One(total) };
    }

    /// The first group in which these lanes do not add up to another, and to what they do.
    pub(crate) fn first_other(&self, lanes: Range<usize>, whole: usize) -> Option<(usize, i128)> {
        let sum = |group| lanes.clone().map(|lane| self.get(group, lane)).sum::<i128>();
        let find = || (0..self.groups).map(|group| (group, sum(group))).find(|(at, sum)| *sum != self.get(*at, whole));
        if self.groups < AT_ONCE || self.add_up(lanes.clone(), whole) != Some(true) { find() } else { None }
    }

    /// Whether these lanes add up to another in all groups, where all are narrow: counts, which stay far below 64 bits.
    fn add_up(&self, lanes: Range<usize>, whole: usize) -> Option<bool> {
        let (whole, lanes) = (self.narrow(whole)?, lanes.map(|lane| self.narrow(lane)).collect::<Option<Vec<_>>>()?);
        // a few groups at a time, so that their differences stay in the cache
        let mut all = (0..self.groups).step_by(AT_ONCE);
        Some(all.all(|start| {
            let mut rest = [0; AT_ONCE];
            let there = |lane: &[i64]| lane.len().min(start)..lane.len().min(start + AT_ONCE);
            rest.iter_mut().zip(&whole[there(whole)]).for_each(|(rest, total)| *rest = *total);
            for lane in &lanes {
                rest.iter_mut().zip(&lane[there(lane)]).for_each(|(rest, total)| *rest = rest.wrapping_sub(*total));
            }
            rest == [0; AT_ONCE]
        }))
    }

    /// Says that a lane of all groups is another less some others: counts, which stay far below 64 bits.
    pub(crate) fn derive(&mut self, lane: usize, whole: usize, parts: &[usize]) {
        let of_group = |group: usize| {
            let parts: i128 = parts.iter().map(|part| self.get(group, *part)).sum();
            self.get(group, whole) - parts
        };
        if self.groups == 1 {
            return match i64::try_from(of_group(0)) {
                Ok(total) => self.fill_one(lane, total),
                Err(_) => self.set(0, lane, of_group(0)),
            };
        }
        let narrow: Option<Vec<&[i64]>> = parts.iter().map(|part| self.narrow(*part)).collect();
        let Some((whole, parts)) = self.narrow(whole).zip(narrow) else {
            let totals: Vec<i128> = (0..self.groups).map(of_group).collect();
            return totals.into_iter().enumerate().for_each(|(group, total)| self.set(group, lane, total));
        };
        let mut totals = whole.to_vec();
        totals.resize(self.groups, 0);
        for part in parts {
            totals.iter_mut().zip(part).for_each(|(total, part)| *total -= part);
        }
        self.fill(lane, totals);
    }

    /// Says what one total is.
    pub(crate) fn set(&mut self, group: usize, lane: usize, total: i128) {
        self.lanes[lane].set(self.groups, group, total);
    }

    /// One more group.
    pub(crate) fn push(&mut self, totals: &[i128]) {
        for (lane, total) in self.lanes.iter_mut().zip(totals) {
            lane.push(self.groups, *total);
        }
        self.groups += 1;
    }

    /// Adds a group's totals to another's; the lane that overflows, if one does.
    pub(crate) fn add(&mut self, group: usize, totals: &[i128]) -> Result<(), usize> {
        for (lane, more) in totals.iter().enumerate().filter(|(_, more)| **more != 0) {
            self.set(group, lane, self.get(group, lane).checked_add(*more).ok_or(lane)?);
        }
        Ok(())
    }

    /// Only these lanes.
    pub(crate) fn select(&self, lanes: impl Iterator<Item = usize>) -> Self {
        Self { groups: self.groups, lanes: lanes.map(|lane| self.lanes[lane].clone()).collect() }
    }

    /// The lanes of others of as many groups, at these places.
    pub(crate) fn place(&mut self, others: Self, places: &[usize]) {
        for (place, lane) in places.iter().zip(others.lanes) {
            self.lanes[*place] = lane;
        }
    }

    /// The same lanes at other places, the others 0.
    pub(crate) fn placed(&self, width: usize, places: &[usize]) -> Self {
        let mut all = Self::zeros(width, self.groups);
        all.place(self.clone(), places);
        all
    }

    /// Makes a lane 0 in all groups.
    pub(crate) fn clear(&mut self, lane: usize) {
        self.lanes[lane] = Lane::Zero;
    }
}

/// Totals are what they are, in however many bits they stand.
impl PartialEq for Totals {
    fn eq(&self, other: &Self) -> bool {
        let alike = |(one, two): (&Lane, &Lane)| (0..self.groups).all(|group| one.get(group) == two.get(group));
        self.groups == other.groups
            && self.lanes.len() == other.lanes.len()
            && self.lanes.iter().zip(&other.lanes).all(alike)
    }
}

impl Eq for Totals {}

/// Integers beyond 64 bits as text, since JSON readers take numbers for doubles.
#[cfg(feature = "serde")]
pub(crate) mod as_text {
    use serde::{Deserialize, Deserializer, Serializer, de::Error};

    #[allow(clippy::trivially_copy_pass_by_ref)] // serde gives a reference
    pub(crate) fn serialize<S: Serializer>(value: &i128, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(value)
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<i128, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(D::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn totals_are_the_same_in_however_many_bits_they_stand() {
        let big = i128::from(i64::MAX);
        let mut totals = Totals::new(3);
        totals.push(&[1, 0, big]);
        totals.push(&[2, 0, -big]);
        assert_eq!((totals.narrow(0), totals.narrow(1)), (Some(&[1, 2][..]), Some(&[][..])));
        totals.add(0, &[0, 0, 1]).unwrap();
        assert_eq!((totals.group(0), totals.narrow(2)), (vec![1, 0, big + 1], None));
        totals.add(0, &[0, 0, -1]).unwrap();
        let mut narrow = Totals::zeros(3, 2);
        narrow.fill(0, vec![1, 2]);
        narrow.fill(1, vec![0, 0]);
        narrow.fill(2, vec![i64::MAX, -i64::MAX]);
        assert_eq!(totals, narrow);
        assert_eq!(totals.add(1, &[5, 0, i128::MIN]), Err(2));
        assert_eq!(narrow.select([2, 1].into_iter()).placed(3, &[2, 0]).group(1), [0, 0, -big]);
    }

    #[test]
    fn where_totals_do_not_add_up_is_found_among_few_groups_and_many() {
        for groups in [1, 5, 3 * AT_ONCE + 7] {
            let counts = || (0..10).cycle().take(groups).collect::<Vec<i64>>();
            let mut totals = Totals::zeros(4, groups);
            totals.fill(0, counts());
            totals.fill(1, counts());
            assert_eq!((totals.first_other(1..4, 0), totals.first_other(2..4, 3)), (None, None));
            let sum = totals.get(groups - 1, 0) + 1;
            for odd in [1, i128::from(u64::MAX)] {
                totals.set(groups - 1, 3, odd);
                assert_eq!(totals.first_other(1..4, 0), Some((groups - 1, sum - 1 + odd)));
            }
        }
    }
}
