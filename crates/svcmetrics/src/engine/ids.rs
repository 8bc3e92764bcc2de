//! Dense ids of what is met again and again: whole numbers, and pairs of ids. The small ones are looked up directly.

use foldhash::HashMap;

/// No id.
pub(super) const NONE: u32 = u32::MAX;

/// Whole numbers below this are looked up in a table.
const SMALL: usize = 1 << 20;

/// And those below so many times how many there are.
const SPREAD: usize = 8;

/// A table of pairs may have so many places, 16 MiB.
const PLACES: usize = 1 << 22;

/// Ids of whole numbers.
#[derive(Debug, Clone, Default)]
pub(super) struct Ids {
    /// By number; the last place is no number's, and who is beyond looks there.
    small: Vec<u32>,
    others: HashMap<i64, u32>,
    len: usize,
}

impl Ids {
    pub(super) fn get(&self, value: i64) -> Option<u32> {
        let place = usize::try_from(value).unwrap_or(usize::MAX);
        match self.small.get(place) {
            Some(id) if *id != NONE => Some(*id),
            _ if self.others.is_empty() => None,
            _ => self.others.get(&value).copied(),
        }
    }

    /// The ids of numbers, appended; none for one that is not in the table. There is no branch for any of them.
    pub(super) fn quickly<T: Copy + Into<i64>>(&self, values: &[T], ids: &mut Vec<u32>) {
        let small = self.small.as_slice();
        let Some(last) = small.len().checked_sub(1) else {
            return ids.resize(ids.len() + values.len(), NONE);
        };
        // a negative number is large
        let place = |value: i64| usize::try_from(value.cast_unsigned()).unwrap_or(usize::MAX);
        ids.extend(values.iter().map(|value| small[place((*value).into()).min(last)]));
    }

    /// How many there are.
    pub(super) fn len(&self) -> usize {
        self.len
    }

    /// The ids in the order of their numbers.
    pub(super) fn sorted(&self) -> impl Iterator<Item = u32> {
        let mut others: Vec<(i64, u32)> = self.others.iter().map(|(value, id)| (*value, *id)).collect();
        others.sort_unstable();
        // those beside the table are below 0, or above all that are in it
        let above = others.split_off(others.partition_point(|(value, _)| *value < 0));
        let small = self.small.iter().copied().filter(|id| *id != NONE);
        let id = |(_, id): (i64, u32)| id;
        others.into_iter().map(id).chain(small).chain(above.into_iter().map(id))
    }

    /// Gives a number that has none an id.
    pub(super) fn insert(&mut self, value: i64, id: u32) {
        self.len += 1;
        let limit = SMALL.max(SPREAD.saturating_mul(id as usize));
        match usize::try_from(value) {
            Ok(place) if place < limit.max(self.small.len().saturating_sub(1)) => {
                if self.small.len() <= place + 1 {
                    self.small.resize((place + 2).next_power_of_two(), NONE);
                    let last = self.small.len() - 1;
                    let small = &mut self.small[..last];
                    self.others.retain(|value, id| {
                        let place = usize::try_from(*value).ok().and_then(|place| small.get_mut(place));
                        place.map(|own| *own = *id).is_none()
                    });
                }
                self.small[place] = id;
            }
            _ => {
                self.others.insert(value, id);
            }
        }
    }
}

/// Ids of pairs of ids, in the order of their appearance.
#[derive(Debug, Clone, Default)]
pub(super) struct Pairs {
    members: Vec<(u32, u32)>,
    /// By the first times `stride` and the second, as long as there is room for that.
    table: Vec<u32>,
    stride: usize,
    others: HashMap<(u32, u32), u32>,
    is_sparse: bool,
}

impl Pairs {
    pub(super) fn len(&self) -> usize {
        self.members.len()
    }

    pub(super) fn pair(&self, id: u32) -> (u32, u32) {
        self.members[id as usize]
    }

    pub(super) fn get(&self, pair: (u32, u32)) -> Option<u32> {
        if self.is_sparse {
            return self.others.get(&pair).copied();
        }
        let (row, column) = (pair.0 as usize, pair.1 as usize);
        let found = if column < self.stride { self.table.get(row * self.stride + column) } else { None };
        found.copied().filter(|id| *id != NONE)
    }

    /// A pair that is not yet there; there are fewer than 2^32.
    pub(super) fn insert(&mut self, pair: (u32, u32)) -> u32 {
        let id = u32::try_from(self.members.len()).unwrap_or(NONE);
        self.members.push(pair);
        self.place(pair, id);
        id
    }

    fn place(&mut self, pair: (u32, u32), id: u32) {
        if self.is_sparse {
            self.others.insert(pair, id);
            return;
        }
        let (row, column) = (pair.0 as usize, pair.1 as usize);
        let (rows, stride) = ((row + 1).next_power_of_two(), self.stride.max((column + 1).next_power_of_two()));
        let places = self.table.len().max(rows.saturating_mul(stride));
        if stride == self.stride && row * stride + column < self.table.len() {
            self.table[row * stride + column] = id;
        } else {
            // All are placed anew: it happens a few times, since the table doubles.
            let before = self.table.len().checked_div(self.stride).unwrap_or_default();
            let places = places.max(before.saturating_mul(stride));
            (self.stride, self.is_sparse) = (stride, places > PLACES);
            self.table = if self.is_sparse { Vec::new() } else { vec![NONE; places] };
            for (id, pair) in (0..).zip(self.members.clone()) {
                self.place(pair, id);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whole_numbers_of_any_size_have_ids() {
        let mut ids = Ids::default();
        let small = i64::try_from(SMALL).unwrap();
        let values = [0, 5, -1, small - 1, small, i64::MAX, i64::MIN, 6, -small, 4 * small - 1];
        for (id, value) in (0..).zip(values) {
            assert_eq!(ids.get(value), None);
            ids.insert(value, id);
        }
        for (id, value) in (0..).zip(values) {
            assert_eq!(ids.get(value), Some(id));
        }
        assert_eq!((ids.get(4), ids.get(7), ids.get(-2)), (None, None, None));
        assert_eq!(ids.sorted().collect::<Vec<_>>(), [6, 8, 2, 0, 1, 7, 3, 4, 9, 5]);
        // Once there are enough of them, larger ones stand in the table, and those that were met before move there.
        ids.insert(2 * small, u32::try_from(SMALL).unwrap());
        assert_eq!((ids.get(2 * small), ids.get(small), ids.get(i64::MAX)), (Some(1 << 20), Some(4), Some(5)));
        // but for the one that has the last place for its own, where all that are beyond look
        assert_eq!((ids.others.len(), ids.small.len(), ids.get(4 * small - 1)), (5, 4 * SMALL, Some(9)));
        let mut found = vec![7];
        ids.quickly(&[small, -1, i64::MAX, 2 * small + 1, 4 * small - 1, 4 * small, 5], &mut found);
        assert_eq!(found, [7, 4, NONE, NONE, NONE, NONE, NONE, 1]);
        assert_eq!(ids.sorted().collect::<Vec<_>>(), [6, 8, 2, 0, 1, 7, 3, 4, 1 << 20, 9, 5]);
        assert_eq!(ids.len(), values.len() + 1);
    }

    #[test]
    fn a_number_that_has_the_last_place_for_its_own_makes_no_table_grow() {
        let mut ids = Ids::default();
        let last = 2 * i64::try_from(SMALL).unwrap() - 1;
        ids.insert(last / 2, 0);
        ids.insert(last, 1);
        assert_eq!((ids.get(last / 2), ids.get(last)), (Some(0), Some(1)));
        assert_eq!((ids.others.len(), ids.small.len()), (1, 2 * SMALL));
    }

    #[test]
    fn pairs_have_ids_in_the_order_of_their_appearance_few_or_many() {
        for step in [1, 3, 1021] {
            let mut pairs = Pairs::default();
            let all: Vec<(u32, u32)> =
                (0..40).flat_map(|one| (0..90).map(move |two| (one * step, two * step))).collect();
            for (id, pair) in (0..).zip(&all) {
                assert_eq!(pairs.get(*pair), None, "{pair:?}");
                assert_eq!(pairs.insert(*pair), id);
            }
            for (id, pair) in (0..).zip(&all) {
                assert_eq!((pairs.get(*pair), pairs.pair(id)), (Some(id), *pair));
            }
            assert_eq!((pairs.len(), pairs.is_sparse), (all.len(), step == 1021));
            assert_eq!(pairs.get((0, 90 * step)), None);
        }
    }
}
