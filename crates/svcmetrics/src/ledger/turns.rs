//! Where rows that are sorted by customer turn: from which on they are of another customer, or are not one more month of the same.

#![allow(clippy::inline_always)] // so that they are compiled for the vector units of their callers

use super::chunk::{Customer, Customers};
use super::spans::Span;
use super::who::Who;
use crate::engine::texts::{Firsts, order};
use crate::mask::{WORD, word_of};
use std::cmp::Ordering;

/// Rows that are taken together: each column is read at length, and what is made of it stays in the second-level cache.
pub(super) const ROWS: usize = if cfg!(test) { WORD } else { 64 * WORD };

/// Rows with which something begins: a customer, or another amount, segment or month than the next.
#[derive(Default)]
pub(super) struct Turned {
    /// How many of them there are, no more than [`ROWS`], and how many customers begin.
    count: usize,
    customers: usize,
    /// Where they are, and then how many rows there are.
    places: Vec<u32>,
    /// Their months.
    months: Vec<i32>,
    /// Those with which a customer begins, by their position among these.
    begins: Vec<u32>,
    /// Whether the months of each customer ascend.
    pub(super) ascends: bool,
}

impl Turned {
    pub(super) fn find(&mut self, turns: &[u64], others: &[u64], months: &[i32]) {
        self.places.resize(ROWS + 1, 0);
        self.months.resize(ROWS, 0);
        self.begins.resize(ROWS, 0);
        find_turned(turns, others, months, self);
        // they are few
        self.places[self.count] = u32::try_from(months.len() - 1).unwrap_or(u32::MAX);
    }

    pub(super) fn places(&self) -> &[u32] {
        &self.places[..self.count]
    }

    /// How many rows are before the first.
    pub(super) fn before(&self) -> u32 {
        self.places[0]
    }

    pub(super) fn begins(&self) -> &[u32] {
        &self.begins[..self.customers]
    }

    /// The months up to the next of them.
    pub(super) fn spans(&self) -> impl Iterator<Item = Span> {
        let rows = self.places[..=self.count].windows(2);
        self.months.iter().zip(rows).map(|(month, rows)| Span::new(*month, rows[1] - rows[0]))
    }
}

/// [`Turned::find`], without a branch on what a row is, which would be foreseen wrongly.
#[multiversion::multiversion(targets(
    "x86_64+avx512f+avx512bw+avx512dq+avx512vl+bmi1+bmi2+lzcnt",
    "x86_64+avx2+bmi1+bmi2+lzcnt"
))]
#[allow(clippy::needless_bitwise_bool)] // a branch would be foreseen wrongly
#[allow(clippy::cast_possible_truncation)] // there are no more than [`ROWS`]
fn find_turned(turns: &[u64], others: &[u64], months: &[i32], turned: &mut Turned) {
    let Turned { places, months: found, begins, .. } = turned;
    let (mut count, mut customers, mut ascends) = (0, 0, true);
    for ((first, turns), others) in (0..).step_by(WORD).zip(turns).zip(others) {
        let (mut turns, months) = (*turns, &months[first as usize..]);
        while turns != 0 {
            let row = turns.trailing_zeros();
            let is_other = others >> row & 1 == 1;
            let (before, month) = (months[row as usize], months[row as usize + 1]);
            ascends &= is_other | (before < month);
            (places[count], found[count]) = (first + row, month);
            begins[customers] = count as u32;
            customers += usize::from(is_other);
            count += 1;
            turns &= turns - 1;
        }
    }
    (turned.count, turned.customers, turned.ascends) = (count, customers, ascends);
}

/// Where a customer is another than the one before. Those who are texts are added to those who are known; nothing where these do not
/// ascend.
pub(super) fn find_others(who: &Who<'_>, others: &mut [u64], known: &mut Customers) -> Option<()> {
    match who {
        Who::Whole(numbers) => find_changes(numbers, others),
        Who::Texts(texts) => {
            let mut names = Names { some: Vec::with_capacity(WORD), before: &texts[0] };
            for (others, first) in others.iter_mut().zip((1..texts.len()).step_by(WORD)) {
                names.some.extend(texts[first..].iter().take(WORD).map(|text| &**text));
                *others = names.others(u64::MAX >> WORD.saturating_sub(texts.len() - first), known)?;
            }
        }
        Who::Column(texts, rows) => {
            let firsts = texts.firsts(rows.clone(), others);
            if let Some(firsts) = firsts.filter(Firsts::ascend) {
                return known.extend(&firsts.without_first());
            }
            let mut names = Names { some: Vec::with_capacity(WORD), before: texts.text(rows.start) };
            for (others, first) in others.iter_mut().zip((rows.start + 1..rows.end).step_by(WORD)) {
                let may_be = texts.others(first..rows.end.min(first + WORD), &mut names.some);
                *others = names.others(may_be, known)?;
            }
        }
    }
    Some(())
}

/// Customers that are texts.
struct Names<'a> {
    /// Those of some rows that may be others than the ones before.
    some: Vec<&'a str>,
    before: &'a str,
}

impl Names<'_> {
    /// A bit for each of some rows, whether another one is there than in the row before, who is added to those who are known. Those
    /// that may be have a bit now. Nothing where one is below the one before.
    fn others(&mut self, may_be: u64, known: &mut Customers) -> Option<u64> {
        let (mut others, mut left) = (may_be, may_be);
        for text in self.some.drain(..) {
            match order(self.before.as_bytes(), text.as_bytes()) {
                Ordering::Less if known.push(Customer::Text(text)) => {}
                Ordering::Equal => others ^= left & left.wrapping_neg(),
                _ => return None,
            }
            self.before = text;
            left &= left - 1;
        }
        Some(others)
    }
}

/// Where a value is another than the one before.
#[multiversion::multiversion(targets("x86_64+avx512f+avx512bw+avx512dq+avx512vl", "x86_64+avx2"))]
fn find_changes<T: PartialEq>(values: &[T], changes: &mut [u64]) {
    for (changes, (before, after)) in changes.iter_mut().zip(pairs(values)) {
        *changes = those(before, after, |before, after| before != after);
    }
}

/// Where a row is not one more month of the same, given where it is of another customer.
pub(super) fn find_turns<A: PartialEq>(
    months: &[i32],
    amounts: &[A],
    segments: &[u32],
    others: &[u64],
    turns: &mut [u64],
) {
    // one column after another: what comes from memory comes fastest in one stream
    find_changes(amounts, turns);
    add_turns(months, segments, others, turns);
}

#[multiversion::multiversion(targets("x86_64+avx512f+avx512bw+avx512dq+avx512vl", "x86_64+avx2"))]
fn add_turns(months: &[i32], segments: &[u32], others: &[u64], turns: &mut [u64]) {
    for (turns, ((before, after), others)) in turns.iter_mut().zip(pairs(months).zip(others)) {
        *turns |= others | those(before, after, |before, after| before + 1 != *after);
    }
    for (turns, (before, after)) in turns.iter_mut().zip(pairs(segments)) {
        *turns |= those(before, after, |before, after| before != after);
    }
}

/// Rows before and after, a word's each.
#[inline(always)]
fn pairs<T>(rows: &[T]) -> impl Iterator<Item = (&[T], &[T])> {
    rows[..rows.len().saturating_sub(1)].chunks(WORD).zip(rows.get(1..).unwrap_or_default().chunks(WORD))
}

/// For which of a word's pairs it holds.
#[inline(always)]
fn those<T>(before: &[T], after: &[T], holds: impl Fn(&T, &T) -> bool) -> u64 {
    match (before.first_chunk::<WORD>(), after.first_chunk::<WORD>()) {
        (Some(before), Some(after)) => word_of(|row| holds(&before[row], &after[row])),
        _ => (0..)
            .zip(before.iter().zip(after))
            .fold(0, |those, (row, (before, after))| those | u64::from(holds(before, after)) << row),
    }
}
