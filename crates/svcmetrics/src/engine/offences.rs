//! Values that cannot be used, gathered while rows pass by: the first ones whole, all of them counted.

use crate::error::{Error, Offence, shown};
use std::collections::BTreeMap;
use std::ops::Range;

/// What is wrong with some rows of a column, for one metric: the error it would be, and its first rows with their values.
#[derive(Debug, Clone)]
pub(crate) struct Finding {
    pub(crate) error: Error,
    pub(crate) rows: Vec<(u64, String)>,
}

#[derive(Debug, Clone)]
struct Gathered {
    make: fn(Offence) -> Error,
    offence: Offence,
}

/// By scope, and within it by what is wrong.
#[derive(Debug, Clone)]
pub(crate) struct Offences {
    gathered: BTreeMap<(usize, usize, u8), Gathered>,
    keep: usize,
}

impl Offences {
    pub(crate) fn new(keep: usize) -> Self {
        Self { gathered: BTreeMap::new(), keep }
    }

    /// One more row; `offence` describes it where it is the first of its kind.
    pub(crate) fn add(
        &mut self,
        at: (usize, usize, u8),
        row: u64,
        value: &str,
        make: fn(Offence) -> Error,
        offence: impl FnOnce() -> Offence,
    ) {
        let gathered = self.gathered.entry(at).or_insert_with(|| Gathered { make, offence: offence() });
        let found = &mut gathered.offence;
        if found.count == 0 {
            (found.row, found.value) = (Some(row), shown(value));
        }
        found.count += 1;
        if found.first.len() < self.keep {
            found.first.push((row, shown(value)));
        }
    }

    /// Rows of a part that are all of one kind.
    pub(crate) fn merge(&mut self, at: (usize, usize, u8), make: fn(Offence) -> Error, offence: Offence) {
        match self.gathered.get_mut(&at) {
            None => {
                self.gathered.insert(at, Gathered { make, offence });
            }
            Some(Gathered { offence: known, .. }) => {
                known.count += offence.count;
                let room = self.keep.saturating_sub(known.first.len());
                known.first.extend(offence.first.into_iter().take(room));
            }
        }
    }

    /// Adds what was gathered of other rows; the first row describes what is wrong.
    #[cfg(feature = "rayon")]
    pub(crate) fn take_over(&mut self, other: &Self) {
        for (at, theirs) in &other.gathered {
            let Some(own) = self.gathered.get_mut(at) else {
                self.gathered.insert(*at, theirs.clone());
                continue;
            };
            let count = own.offence.count + theirs.offence.count;
            let mut first = [own.offence.first.as_slice(), &theirs.offence.first].concat();
            first.sort_unstable();
            first.truncate(self.keep);
            if theirs.offence.row < own.offence.row {
                *own = theirs.clone();
            }
            (own.offence.count, own.offence.first) = (count, first);
        }
    }

    /// Names the groups of first offenders among rows that were just read, by their rows.
    pub(crate) fn name_groups(&mut self, rows: &Range<u64>, group: impl Fn(u64) -> String) {
        for Gathered { offence, .. } in self.gathered.values_mut() {
            if let (None, Some(row)) = (&offence.group, offence.row)
                && rows.contains(&row)
            {
                offence.group = Some(shown(&group(row)));
            }
        }
    }

    /// The one that comes first: by row, then in the order of the metrics.
    pub(crate) fn first(&self) -> Option<Error> {
        self.gathered
            .values()
            .min_by_key(|gathered| gathered.offence.row)
            .map(|gathered| (gathered.make)(gathered.offence.clone()))
    }

    pub(crate) fn all(&self) -> impl Iterator<Item = Finding> + '_ {
        self.gathered
            .values()
            .map(|Gathered { make, offence }| Finding { error: make(offence.clone()), rows: offence.first.clone() })
    }
}
