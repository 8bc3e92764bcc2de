//! Columns of views where texts recur side by side.

use super::columns::nulls;
use crate::engine::columns::{Data, Values};
use crate::engine::texts::{Firsts, Texts};
use crate::mask::WORD;
use arrow_array::{Array as _, StringViewArray};
use std::ops::Range;
use std::sync::Arc;

/// Views of each [`Runs`] but the last.
pub const RUNS: usize = 1 << 16;

/// What is known of [`RUNS`] views of an array, or of its last ones: where texts recur, and these texts, one after another.
#[derive(Debug, Clone)]
pub struct Runs {
    others: Vec<u64>,
    text: String,
    /// Where the first begins, and where each ends.
    offsets: Vec<u32>,
    /// Of each word, which of the texts its first view has.
    starts: Vec<u32>,
}

impl Runs {
    /// `others` has a word for each 64 views, with a bit for each view after the first, whether it is another than the one before, as
    /// from [`other_marks`](crate::other_marks); `text` has the texts of the first view, and of those that are others, one after
    /// another; `offsets` say where the first begins, which is 0, and where each ends. Nothing where they are not as many, or end
    /// elsewhere than in this order between characters, the last one at the end, or where there are more views.
    ///
    /// ```
    /// use svcmetrics::arrow::Runs;
    /// let runs = |others: u64, offsets: &[u32]| Runs::new(vec![others], "annbob".into(), offsets.to_vec());
    /// assert!(runs(0b10, &[0, 3, 6]).is_some()); // of ann, ann, bob
    /// assert!(runs(0b11, &[0, 3, 6]).is_none());
    /// assert!(runs(0b10, &[0, 7, 6]).is_none());
    /// ```
    pub fn new(others: Vec<u64>, text: String, offsets: Vec<u32>) -> Option<Self> {
        if others.len() > RUNS / WORD {
            return None;
        }
        let mut starts = vec![0; others.len()];
        let count = add_up(&others, &mut starts) as usize + 1;
        let are_ends = || {
            let ends = [offsets.first(), offsets.last()].map(|end| end.map(|end| *end as usize));
            let are_between = || offsets.iter().all(|end| text.is_char_boundary(*end as usize));
            ends == [Some(0), Some(text.len())] && offsets.is_sorted() && (text.is_ascii() || are_between())
        };
        (count + 1 == offsets.len() && are_ends()).then_some(Self { others, text, offsets, starts })
    }

    fn text(&self, place: usize) -> &str {
        &self.text[self.offsets[place] as usize..self.offsets[place + 1] as usize]
    }

    /// Which of the texts a view has.
    fn place(&self, view: usize) -> usize {
        let (word, bit) = (view / WORD, view % WORD);
        let before = self.others[word] & !(u64::MAX << bit);
        self.starts[word] as usize + before.count_ones() as usize
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
/// let others = vec![other_marks(names.views())];
/// let runs: Vec<arrow::Runs> = arrow::Runs::new(others, "annbob".into(), vec![0, 3, 6]).into_iter().collect();
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

impl Texts for Recurring<'_> {
    fn text(&self, position: usize) -> &str {
        let runs = &self.runs[position / RUNS];
        runs.text(runs.place(position % RUNS))
    }

    fn count(&self) -> usize {
        self.array.len()
    }

    fn marks(&self) -> Option<&[u128]> {
        Some(self.array.views())
    }

    fn firsts(&self, positions: Range<usize>, others: &mut [u64]) -> Option<Firsts<'_>> {
        let (first, last) = (positions.start, positions.end.checked_sub(1)?);
        let runs = self.runs.get(first / RUNS).filter(|_| first <= last && last / RUNS == first / RUNS)?;
        let (word, bit) = (first % RUNS / WORD, first % WORD);
        let mut some = runs.others[word..].iter().copied();
        let mut now = some.next()?;
        for (others, left) in others.iter_mut().zip((1..=last - first).rev().step_by(WORD)) {
            let next = some.next().unwrap_or_default();
            *others = (now >> bit | next << 1 << (WORD - 1 - bit)) & u64::MAX >> WORD.saturating_sub(left);
            now = next;
        }
        let offsets = &runs.offsets[runs.place(first % RUNS)..=runs.place(last % RUNS) + 1];
        Some(Firsts { text: &runs.text, offsets })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::texts::other_marks;
    use crate::period::Period;
    use crate::{Ledger, LedgerOptions, Table};

    fn runs_of(array: &StringViewArray) -> Vec<Runs> {
        let of = |first: usize| {
            let array = array.slice(first, RUNS.min(array.len() - first));
            let views = array.views();
            let words = (0..views.len()).step_by(WORD).map(|first| &views[first..views.len().min(first + WORD + 1)]);
            let is_first = |place: &usize| *place == 0 || views[*place] != views[*place - 1];
            let firsts: Vec<&str> = (0..views.len()).filter(is_first).map(|place| array.value(place)).collect();
            let ends = firsts.iter().scan(0, |end, text| {
                *end += u32::try_from(text.len()).unwrap();
                Some(*end)
            });
            Runs::new(words.map(other_marks).collect(), firsts.concat(), [0].into_iter().chain(ends).collect()).unwrap()
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
            for start in (0..len.min(200)).chain(len.saturating_sub(400)..len) {
                for positions in [1, 2, 63, 64, 65, 66, 130].map(|count| start..len.min(start + count)) {
                    let mut others = vec![u64::MAX; (positions.len() - 1).div_ceil(WORD)];
                    let found = all.firsts(positions.clone(), &mut others);
                    let is_in_one = start / RUNS == (positions.end - 1) / RUNS;
                    assert_eq!(found.is_some(), is_in_one, "{positions:?}");
                    let Some(found) = found else { continue };
                    let words = (start..positions.end - 1).step_by(WORD);
                    let marks = words.map(|first| other_marks(&views[first..positions.end.min(first + WORD + 1)]));
                    assert_eq!(others, marks.collect::<Vec<_>>(), "{positions:?}");
                    let each =
                        texts[positions.clone()].chunk_by(|one, other| one == other).map(|all| all[0].as_bytes());
                    assert!(found.each().eq(each), "{positions:?}");
                }
            }
        }
    }

    #[test]
    fn customers_that_recur_are_customers_as_any() {
        let name = |row: usize| format!("cus_{:02}{}", row / 7, "-long".repeat(row / 7 % 3));
        let ascend: Vec<String> = (0..200).map(name).collect();
        let mut descend = ascend.clone();
        descend[150..].fill(name(0));
        let months: Vec<i32> = (0..200).map(|month| 24_000 + month).collect();
        let ledger = |customers: Data<'_>, rows: Range<usize>| {
            let months = months[rows.clone()].iter().map(|month| Period::of_month(*month).unwrap().to_string());
            let table = Table::new(rows.len())
                .with("customer_id", customers)
                .with("month", months.collect::<Vec<_>>())
                .with("revenue", vec![10_i64; rows.len()]);
            Ledger::of(&table, LedgerOptions::default()).unwrap()
        };
        for texts in [ascend, descend] {
            // long texts in views of their own, and in the view of the first that is the same
            let apart = StringViewArray::from(texts.clone());
            let first = |text: &String| texts.iter().position(|other| other == text).unwrap();
            let views: Vec<u128> = texts.iter().map(|text| apart.views()[first(text)]).collect();
            let together = StringViewArray::try_new(views.into(), apart.data_buffers().to_vec(), None).unwrap();
            for array in [apart, together] {
                for rows in [0..200, 0..1, 3..180, 60..130, 64..129, 100..149] {
                    let array = array.slice(rows.start, rows.len());
                    let runs = runs_of(&array);
                    let expected = ledger(texts[rows.clone()].to_vec().into(), rows.clone());
                    assert_eq!(ledger(recurring(&array, &runs), rows.clone()), expected, "{rows:?}");
                }
            }
        }
    }

    #[test]
    fn firsts_of_some_are_those_of_them_alone() {
        let runs = Runs::new(vec![0b11], "anännbob".into(), vec![0, 2, 6, 9]).unwrap();
        let array = StringViewArray::from(vec!["an", "änn", "bob"]);
        let Values::Text(all) = recurring(&array, std::slice::from_ref(&runs)).values else { unreachable!() };
        let firsts = all.firsts(1..3, &mut [0]).unwrap();
        assert_eq!((firsts.joined(), firsts.ends().collect::<Vec<_>>()), ("ännbob", vec![4, 7]));
        let bob = firsts.without_first();
        assert_eq!((bob.joined(), bob.ends().collect::<Vec<_>>()), ("bob", vec![3]));
        let none = bob.without_first();
        assert_eq!((none.joined(), none.ends().count(), none.without_first().joined()), ("", 0, ""));
        assert!(!firsts.ascend() && bob.ascend() && none.ascend());
        assert!(all.firsts(0..1, &mut []).unwrap().ascend());
        assert!(all.firsts(1..1, &mut []).is_none());
    }

    #[test]
    fn runs_of_other_views_are_of_no_use() {
        let array = StringViewArray::from(vec!["a", "ä"]);
        let runs = |others: &[u64], offsets: &[u32]| Runs::new(others.to_vec(), "aä".into(), offsets.to_vec());
        assert!(runs(&[1], &[0, 1, 3]).is_some());
        let wrong = [&[][..], &[0, 3], &[0, 2, 3], &[0, 1, 2], &[1, 1, 3], &[0, 4, 3], &[0, 1, 3, 3]];
        assert!(wrong.iter().all(|offsets| runs(&[1], offsets).is_none()));
        assert!(runs(&[3], &[0, 1, 3]).is_none() && runs(&[0], &[0]).is_none());
        let (one, two) = (runs(&[0], &[0, 3]).unwrap(), runs(&[0, 0], &[0, 3]).unwrap());
        for runs in [vec![], vec![two], vec![one.clone(), one]] {
            let Values::Text(all) = recurring(&array, &runs).values else { unreachable!() };
            assert_eq!(all.some(0..2), ["a", "ä"]);
        }
    }
}
