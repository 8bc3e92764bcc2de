//! Columns of views where texts recur side by side.

use super::columns::nulls;
use crate::engine::columns::{Data, Values};
use crate::engine::texts::Texts;
use crate::mask::WORD;
use arrow_array::{Array as _, StringViewArray};
use std::ops::Range;
use std::sync::Arc;

/// Each text stands once more for all that it recurs in.
struct Recurring<'a> {
    array: &'a StringViewArray,
    others: &'a [u64],
    firsts: &'a StringViewArray,
    /// Of each word, the position among the firsts that its first view has.
    starts: Vec<usize>,
}

/// An array of views where texts recur side by side, so that who reads it need not look at all views: `others` has a bit for each view
/// after the first, whether it is another than the one before, as from [`other_marks`](crate::other_marks), and a word for each 64
/// views; `firsts` has the first view and these. Where there are more or less of them, they are of no use, and the array is read as
/// any.
///
/// ```
/// use arrow_array::StringViewArray;
/// use svcmetrics::{Ledger, LedgerOptions, Table, arrow, other_marks};
/// let names = StringViewArray::from(vec!["ann", "ann", "bob"]);
/// let (others, firsts) = ([other_marks(names.views())], StringViewArray::from(vec!["ann", "bob"]));
/// let table = Table::new(3)
///     .with("customer_id", arrow::recurring(&names, &others, &firsts))
///     .with("month", vec!["2026-01", "2026-02", "2026-01"])
///     .with("revenue", vec![10_i64, 20, 30]);
/// assert_eq!(Ledger::of(&table, LedgerOptions::default())?.diagnostics().months, 3);
/// # Ok::<(), svcmetrics::Error>(())
/// ```
pub fn recurring<'a>(array: &'a StringViewArray, others: &'a [u64], firsts: &'a StringViewArray) -> Data<'a> {
    let (mut starts, mut last) = (Vec::with_capacity(others.len()), 0);
    for others in others {
        starts.push(last);
        last += others.count_ones() as usize;
    }
    if array.len().div_ceil(WORD) != others.len() || last + 1 != firsts.len() {
        return Data::from(array as &dyn arrow_array::Array);
    }
    Data { values: Values::Text(Arc::new(Recurring { array, others, firsts, starts })), nulls: nulls(array) }
}

impl Texts for Recurring<'_> {
    fn text(&self, position: usize) -> &str {
        let (word, bit) = (position / WORD, position % WORD);
        let before = self.others[word] & !(u64::MAX << bit);
        self.firsts.value(self.starts[word] + before.count_ones() as usize)
    }

    fn count(&self) -> usize {
        self.array.len()
    }

    fn marks(&self) -> Option<&[u128]> {
        Some(self.array.views())
    }

    fn others(&self, positions: Range<usize>) -> u64 {
        if positions.is_empty() {
            return 0;
        }
        let (word, bit) = ((positions.start - 1) / WORD, (positions.start - 1) % WORD);
        let next = self.others.get(word + 1).map_or(0, |next| next << 1 << (WORD - 1 - bit));
        (self.others[word] >> bit | next) & u64::MAX >> WORD.saturating_sub(positions.len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::texts::other_marks;

    #[test]
    fn what_is_known_of_all_is_what_is_found_of_some() {
        let texts: Vec<String> = (0..200_usize).map(|place| (place * place / 700 % 3).to_string()).collect();
        let array = StringViewArray::from(texts);
        for array in [array.slice(0, 1), array.slice(0, 64), array.slice(0, 65), array.slice(3, 129), array] {
            let views = array.views();
            let words = (0..views.len()).step_by(WORD).map(|first| &views[first..views.len().min(first + WORD + 1)]);
            let others: Vec<u64> = words.map(other_marks).collect();
            let texts: Vec<&str> = array.iter().flatten().collect();
            let firsts: Vec<&str> = texts.chunk_by(|one, other| one == other).map(|all| all[0]).collect();
            let firsts = StringViewArray::from(firsts);
            let Values::Text(all) = recurring(&array, &others, &firsts).values else { unreachable!() };
            assert_eq!(all.some(0..array.len()), texts);
            for start in 1..=array.len() {
                for positions in [start..array.len().min(start + WORD), start..start, start..array.len().min(start + 1)]
                {
                    let marks = &views[start - 1..positions.end];
                    assert_eq!(all.others(positions.clone()), other_marks(marks), "{positions:?}");
                }
            }
        }
    }

    #[test]
    fn what_does_not_fit_is_of_no_use() {
        let array = StringViewArray::from(vec!["a", "b"]);
        let firsts = array.slice(0, 1);
        for (others, firsts) in [(&[1][..], &firsts), (&[0], &array), (&[], &firsts), (&[1, 0], &array), (&[3], &array)]
        {
            let Values::Text(all) = recurring(&array, others, firsts).values else { unreachable!() };
            assert_eq!(all.some(0..2), ["a", "b"]);
            assert_eq!(all.others(1..2), 1);
        }
    }
}
