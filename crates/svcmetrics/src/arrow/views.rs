//! Columns of views where texts recur side by side.

use super::columns::nulls;
use crate::engine::columns::{Data, Values};
use crate::engine::texts::Texts;
use crate::mask::{WORD, ones};
use arrow_array::{Array as _, StringViewArray};
use std::ops::Range;
use std::sync::Arc;

/// Views of each [`Runs`] but the last.
pub const RUNS: usize = 1 << 16;

/// What is known of [`RUNS`] views of an array, or of its last ones: where texts recur, and each of these texts once more.
#[derive(Debug, Clone)]
pub struct Runs {
    others: Vec<u64>,
    firsts: StringViewArray,
    /// Of each word, the position among the firsts that its first view has.
    starts: Vec<u32>,
}

impl Runs {
    /// `others` has a word for each 64 views, with a bit for each view after the first, whether it is another than the one before, as
    /// from [`other_marks`](crate::other_marks); `firsts` has the first view, and those that are others. Nothing where they are not
    /// as many.
    ///
    /// ```
    /// use arrow_array::StringViewArray;
    /// use svcmetrics::arrow::Runs;
    /// let firsts = StringViewArray::from(vec!["ann", "bob"]);
    /// assert!(Runs::new(vec![0b10], firsts.clone()).is_some()); // of ann, ann, bob
    /// assert!(Runs::new(vec![0b11], firsts).is_none());
    /// ```
    pub fn new(others: Vec<u64>, firsts: StringViewArray) -> Option<Self> {
        let mut starts = vec![0; others.len()];
        let count = add_up(&others, &mut starts);
        (count as usize + 1 == firsts.len()).then_some(Self { others, firsts, starts })
    }
}

/// How many bits are before each word, and in all.
#[multiversion::multiversion(targets("x86_64+popcnt"))]
fn add_up(words: &[u64], starts: &mut [u32]) -> u32 {
    words.iter().zip(starts).fold(0, |count, (word, start)| {
        *start = count;
        count + word.count_ones()
    })
}

/// An array of views and its runs.
struct Recurring<'a> {
    array: &'a StringViewArray,
    runs: &'a [Runs],
}

/// An array of views where texts recur side by side, so that who reads it need not look at all views. The runs are to be of this array:
/// what is looked at is that they are of as many words of views, and if not, the array is read as any.
///
/// ```
/// use arrow_array::StringViewArray;
/// use svcmetrics::{Ledger, LedgerOptions, Table, arrow, other_marks};
/// let names = StringViewArray::from(vec!["ann", "ann", "bob"]);
/// let firsts = StringViewArray::from(vec!["ann", "bob"]);
/// let runs: Vec<arrow::Runs> = arrow::Runs::new(vec![other_marks(names.views())], firsts).into_iter().collect();
/// let table = Table::new(3)
///     .with("customer_id", arrow::recurring(&names, &runs))
///     .with("month", vec!["2026-01", "2026-02", "2026-01"])
///     .with("revenue", vec![10_i64, 20, 30]);
/// assert_eq!(Ledger::of(&table, LedgerOptions::default())?.diagnostics().months, 3);
/// # Ok::<(), svcmetrics::Error>(())
/// ```
pub fn recurring<'a>(array: &'a StringViewArray, runs: &'a [Runs]) -> Data<'a> {
    let words = |views: usize| views.div_ceil(WORD);
    let of_words = (0..array.len()).step_by(RUNS).map(|first| words(RUNS.min(array.len() - first)));
    if !of_words.eq(runs.iter().map(|runs| runs.others.len())) {
        return Data::from(array as &dyn arrow_array::Array);
    }
    Data { values: Values::Text(Arc::new(Recurring { array, runs })), nulls: nulls(array) }
}

impl Recurring<'_> {
    /// A word, and the runs it is of.
    fn word(&self, word: usize) -> (u64, &Runs, usize) {
        let (runs, word) = (&self.runs[word / (RUNS / WORD)], word % (RUNS / WORD));
        (runs.others[word], runs, runs.starts[word] as usize)
    }
}

impl Texts for Recurring<'_> {
    fn text(&self, position: usize) -> &str {
        let (others, runs, start) = self.word(position / WORD);
        let before = others & !(u64::MAX << (position % WORD));
        runs.firsts.value(start + before.count_ones() as usize)
    }

    fn count(&self) -> usize {
        self.array.len()
    }

    fn marks(&self) -> Option<&[u128]> {
        Some(self.array.views())
    }

    fn others<'a>(&'a self, positions: Range<usize>, texts: &mut Vec<&'a str>) -> u64 {
        if positions.is_empty() {
            return 0;
        }
        let before = positions.start - 1;
        let (word, bit) = (before / WORD, before % WORD);
        let (others, runs, first) = self.word(word);
        let after = if positions.end > (word + 1) * WORD { self.word(word + 1).0 } else { 0 };
        let some = u64::MAX >> WORD.saturating_sub(positions.len());
        let found = (others >> bit | after << 1 << (WORD - 1 - bit)) & some;
        let place = first + (others & !(u64::MAX << bit)).count_ones() as usize;
        let begins = (positions.end - 1) / RUNS * RUNS;
        if begins <= before {
            // they follow one another
            texts.extend((place + 1..).take(found.count_ones() as usize).map(|place| runs.firsts.value(place)));
            return found;
        }
        // what begins with other runs may be another
        let found = found | 1 << (begins - positions.start);
        texts.extend(ones(found).map(|bit| self.text(positions.start + bit)));
        found
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::texts::other_marks;

    fn runs_of(array: &StringViewArray) -> Vec<Runs> {
        let of = |first: usize| {
            let array = array.slice(first, RUNS.min(array.len() - first));
            let views = array.views();
            let words = (0..views.len()).step_by(WORD).map(|first| &views[first..views.len().min(first + WORD + 1)]);
            let texts: Vec<&str> = array.iter().flatten().collect();
            let firsts: Vec<&str> = texts.chunk_by(|one, other| one == other).map(|all| all[0]).collect();
            Runs::new(words.map(other_marks).collect(), StringViewArray::from(firsts)).unwrap()
        };
        (0..array.len()).step_by(RUNS).map(of).collect()
    }

    #[test]
    fn what_is_known_of_all_is_what_is_found_of_some() {
        let texts: Vec<String> = (0..RUNS + 200).map(|place| (place * place / 700 % 3).to_string()).collect();
        let array = StringViewArray::from(texts);
        for len in [1, 64, 65, 200, RUNS - 1, RUNS, RUNS + 1, RUNS + 200] {
            let array = array.slice(0, len);
            let (views, runs, texts) = (array.views(), runs_of(&array), array.iter().flatten().collect::<Vec<&str>>());
            let Values::Text(all) = recurring(&array, &runs).values else { unreachable!() };
            assert_eq!(all.some(0..len), texts);
            for start in (1..len.min(200)).chain(len.saturating_sub(400).max(1)..=len) {
                for positions in [start..len.min(start + WORD), start..start, start..len.min(start + 1)] {
                    let others = other_marks(&views[start - 1..positions.end]);
                    let mut found = Vec::new();
                    let may_be = all.others(positions.clone(), &mut found);
                    let begins = (0..).zip(positions.clone()).find(|(_, position)| position % RUNS == 0);
                    assert_eq!(may_be, others | begins.map_or(0, |(bit, _)| 1_u64 << bit), "{positions:?}");
                    assert_eq!(found, ones(may_be).map(|bit| texts[start + bit]).collect::<Vec<_>>(), "{positions:?}");
                }
            }
        }
    }

    #[test]
    fn runs_of_other_views_are_of_no_use() {
        let array = StringViewArray::from(vec!["a", "b"]);
        let runs = |others: &[u64], firsts: usize| Runs::new(others.to_vec(), array.slice(0, firsts));
        assert!([runs(&[1], 1), runs(&[0], 2), runs(&[3], 2), runs(&[0], 0)].iter().all(Option::is_none));
        let (one, two) = (runs(&[0], 1).unwrap(), runs(&[0, 0], 1).unwrap());
        for runs in [vec![], vec![two], vec![one.clone(), one]] {
            let Values::Text(all) = recurring(&array, &runs).values else { unreachable!() };
            assert_eq!(all.some(0..2), ["a", "b"]);
        }
    }
}
