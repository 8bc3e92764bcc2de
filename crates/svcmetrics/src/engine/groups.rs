//! Keys -> dense group ids.

use super::columns::Data;
#[cfg(feature = "rayon")]
use super::ids::NONE;
use super::ids::Pairs;
use super::key_column::KeyColumn;
use crate::error::{Error, Result};
use crate::key::Key;
use crate::request::Request;
use std::ops::Range;

/// Rows -> dense group ids, over any number of key columns.
#[derive(Debug, Clone)]
pub(crate) struct Groups {
    pub(crate) columns: Vec<KeyColumn>,
    /// A level a column: (id over the columns before, code) -> id.
    levels: Vec<Pairs>,
    /// The first row of the part that is being read.
    part: u64,
    pub(super) limit: u64,
}

impl Groups {
    pub(crate) fn new(request: &Request) -> Self {
        Self {
            columns: KeyColumn::of(request),
            levels: vec![Pairs::default(); request.by.len()],
            part: 0,
            limit: request.max_groups,
        }
    }

    /// How many groups there are; without keys there is one, even of no rows.
    pub(crate) fn len(&self) -> usize {
        self.levels.last().map_or(1, Pairs::len)
    }

    /// The groups of some rows of the part that starts at row `first_row`.
    pub(crate) fn assign(&mut self, keys: &[&Data<'_>], rows: Range<usize>, first_row: u64) -> Result<Vec<u32>> {
        if first_row != self.part {
            self.part = first_row;
            self.columns.iter_mut().for_each(KeyColumn::begin_part);
        }
        let mut ids = vec![0_u32; rows.len()];
        let mut codes = Vec::new();
        for (level, data) in keys.iter().enumerate() {
            codes.clear();
            self.columns[level].encode(data, rows.clone(), first_row, &mut codes)?;
            if level == 0 && !self.columns[0].is_checked() {
                // Before the first column there is one group: the codes are the ids, since both are given out as they come.
                let most = codes.iter().fold(0, |most, code| (*code).max(most));
                if most as usize >= self.levels[0].len() {
                    for (row, code) in codes.iter().enumerate() {
                        if *code as usize == self.levels[0].len() {
                            self.member(0, (0, *code), first_row + (rows.start + row) as u64)?;
                        }
                    }
                }
                std::mem::swap(&mut ids, &mut codes);
                continue;
            }
            for (row, (id, code)) in ids.iter_mut().zip(&codes).enumerate() {
                *id = match self.levels[level].get((*id, *code)) {
                    Some(known) => known,
                    None => self.member(level, (*id, *code), first_row + (rows.start + row) as u64)?,
                };
            }
        }
        Ok(ids)
    }

    /// The new id of a pair at a level, which row `row` has.
    fn member(&mut self, level: usize, pair: (u32, u32), row: u64) -> Result<u32> {
        let members = &mut self.levels[level];
        if members.len() as u64 >= self.limit.min(u32::MAX.into()) {
            return Err(Error::TooManyGroups { limit: self.limit.min(u32::MAX.into()), row });
        }
        Ok(members.insert(pair))
    }

    /// What a check found: by key column, the first value that is no key.
    pub(crate) fn faults(&self) -> impl Iterator<Item = &Error> {
        self.columns.iter().filter_map(KeyColumn::fault)
    }

    /// The groups, sorted by their keys.
    pub(crate) fn sorted(&self) -> Vec<u32> {
        if let ([column], [level]) = (&self.columns[..], &self.levels[..]) {
            // Each value is the key of one group at the most.
            return column.sorted().into_iter().filter_map(|code| level.get((0, code))).collect();
        }
        let count = u32::try_from(self.len()).unwrap_or(u32::MAX);
        let ranks: Vec<Vec<u32>> = self.columns.iter().map(KeyColumn::ranks).collect();
        let of_group = |group: u32| -> Vec<u32> {
            self.codes(group).iter().zip(&ranks).map(|(code, ranks)| ranks[*code as usize]).collect()
        };
        let mut groups: Vec<u32> = (0..count).collect();
        groups.sort_by_cached_key(|group| of_group(*group));
        groups
    }

    /// A group's keys.
    pub(crate) fn keys(&self, group: u32) -> Vec<Key> {
        if let ([column], [level]) = (&self.columns[..], &self.levels[..]) {
            return vec![column.value(level.pair(group).1).clone()];
        }
        self.columns.iter().zip(self.codes(group)).map(|(column, code)| column.value(code).clone()).collect()
    }

    /// A group as messages name it.
    pub(crate) fn text(&self, group: u32) -> String {
        let keys = self.keys(group);
        let shown = |(key, column): (&Key, &KeyColumn)| key.shown(column.key_type());
        keys.iter().zip(&self.columns).map(shown).collect::<Vec<_>>().join(", ")
    }

    /// One of a group's keys.
    pub(crate) fn value(&self, group: u32, column: usize) -> &Key {
        let (mut id, mut code) = (group, group);
        for level in self.levels[column..].iter().rev() {
            (id, code) = level.pair(id);
        }
        self.columns[column].value(code)
    }

    fn codes(&self, group: u32) -> Vec<u32> {
        let mut codes = vec![0; self.columns.len()];
        self.put_codes(group, &mut codes);
        codes
    }

    fn put_codes(&self, group: u32, codes: &mut [u32]) {
        let mut id = group;
        for (own, level) in codes.iter_mut().zip(&self.levels).rev() {
            (id, *own) = level.pair(id);
        }
    }
}

#[cfg(feature = "rayon")]
impl Groups {
    /// The same columns, without groups.
    pub(super) fn emptied(&self) -> Self {
        Self {
            columns: self.columns.iter().map(KeyColumn::emptied).collect(),
            levels: vec![Pairs::default(); self.levels.len()],
            part: 0,
            limit: self.limit,
        }
    }

    /// Adds the first `groups` groups of another; what they are called here.
    pub(super) fn take_over(&mut self, other: &Self, groups: usize) -> Result<Vec<u32>> {
        // the codes here of those there, as they are met: a code without a group would be one too many
        let mut known: Vec<Vec<u32>> = other.columns.iter().map(|column| vec![NONE; column.len()]).collect();
        let mut codes = vec![0; self.columns.len()];
        let find = |group: usize| {
            // there are no more than 2^32
            other.put_codes(u32::try_from(group).unwrap_or(u32::MAX), &mut codes);
            let mut id = 0;
            for (level, theirs) in codes.iter().enumerate() {
                let code = &mut known[level][*theirs as usize];
                if *code == NONE {
                    *code = self.columns[level].key(other.columns[level].value(*theirs));
                }
                id = match self.levels[level].get((id, *code)) {
                    Some(own) => own,
                    None => self.member(level, (id, *code), 0)?,
                };
            }
            Ok(id)
        };
        (0..groups).map(find).collect()
    }
}
