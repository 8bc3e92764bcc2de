//! What moves with each span of customers, by month, found for many spans at once: hardly anything is decided by a branch, since
//! most would be foreseen wrongly.

#![allow(clippy::inline_always)] // so that what is found stays in registers where it is taken

use super::cells::Sum;
use super::chunk::Chunk;
use super::customers::Movement;
use super::spans::Span;
use std::ops::Range;

/// Spans that are looked at together: what is found of them stays in the nearest cache.
const SPANS: usize = if cfg!(test) { 4 } else { 256 };

/// What moves with one span. Months are counted from 1, the first of the data.
pub(super) struct Move {
    /// Where the span stands; the last of all has none, and only what was paid before it moves.
    pub(super) place: usize,
    pub(super) month: usize,
    /// What becomes of what was paid in the month before, and how much.
    pub(super) movement: usize,
    pub(super) moved: Sum<i64>,
    /// By how much more is paid than in the month before.
    pub(super) changed: Sum<i64>,
    /// The month from which the span before is not paid any more, and what is not.
    pub(super) end: usize,
    pub(super) left: Sum<i64>,
}

/// Spans, and what was found of them.
#[derive(Debug, Clone)]
pub(super) struct Moves {
    /// Whether it is a customer's first.
    begins: [bool; SPANS],
    /// A copy of spans of which none is before them, or which are less than so many, with a span of no months in place of what is
    /// not there; the others are read where they stand.
    few: [Span; SPANS + 1],
    few_amounts: [i64; SPANS + 1],
    /// Whether the customer of the one before had paid by then.
    has_paid: bool,
    months: [u32; SPANS],
    ends: [u32; SPANS],
    movements: [u32; SPANS],
    moved: [Sum<i64>; SPANS],
    changed: [Sum<i64>; SPANS],
    left: [Sum<i64>; SPANS],
}

impl Default for Moves {
    fn default() -> Self {
        let (few, sums) = ([Span::new(0, 0); SPANS + 1], [Sum::default(); SPANS]);
        let (begins, few_amounts, none) = ([false; SPANS], [0; SPANS + 1], [0; SPANS]);
        let (months, ends, movements, moved, changed, left) = (none, none, none, sums, sums, sums);
        Self { begins, few, few_amounts, has_paid: false, months, ends, movements, moved, changed, left }
    }
}

impl Moves {
    /// Shows what moves with each span of some customers, and then what leaves with the last one.
    #[inline(always)]
    pub(super) fn each(&mut self, from: i32, chunk: &Chunk, customers: Range<usize>, mut see: impl FnMut(Move)) {
        let mut starts = &chunk.starts[customers.start..=customers.end];
        let (start, last) = (starts[0] as usize, starts[customers.len()] as usize);
        for first in (start..=last).step_by(SPANS) {
            let spans = first..last.min(first + SPANS);
            let count = SPANS.min(last + 1 - first);
            let begin = starts.partition_point(|start| (*start as usize) < first + count);
            self.take(from, chunk, spans, (first > start).then(|| first - 1), &starts[..begin]);
            starts = &starts[begin..];
            for at in 0..count {
                see(Move {
                    place: first + at,
                    month: self.months[at] as usize,
                    movement: self.movements[at] as usize,
                    moved: self.moved[at],
                    changed: self.changed[at],
                    end: self.ends[at] as usize,
                    left: self.left[at],
                });
            }
        }
    }

    /// Looks at some spans, and the one before, if there is one; customers begin at these places.
    fn take(&mut self, from: i32, chunk: &Chunk, spans: Range<usize>, before: Option<usize>, starts: &[u32]) {
        let Self { begins, few, few_amounts, has_paid, months, ends, movements, moved, changed, left } = self;
        let (first, count, columns) = (spans.start, spans.len(), &chunk.columns);
        let as_they_stand = before
            .filter(|_| count == SPANS)
            .and_then(|before| columns.spans[before..].first_chunk().zip(columns.amounts[before..].first_chunk()));
        let (all, amounts): (&[Span; SPANS + 1], &[i64; SPANS + 1]) = as_they_stand.unwrap_or_else(|| {
            // whoever is before the first, and after the last, is another customer, who never pays
            let nothing = (Span::new(from, 0), 0);
            (few[0], few_amounts[0]) =
                before.map_or(nothing, |before| (columns.spans[before], columns.amounts[before]));
            few[1..=count].copy_from_slice(&columns.spans[spans.clone()]);
            few_amounts[1..=count].copy_from_slice(&columns.amounts[spans]);
            if count < SPANS {
                (few[count + 1], few_amounts[count + 1]) = nothing;
            }
            (few, few_amounts)
        });
        begins.fill(false);
        for start in starts {
            begins[*start as usize - first] = true;
        }
        find_months(from, all, months, ends);
        #[cfg(feature = "test-faults")]
        if crate::engine::faults::planted("previous_row") {
            (0..SPANS).filter(|at| !begins[*at]).for_each(|at| ends[at] = months[at]);
        }
        find_moves(begins, months, ends, amounts, movements, moved, changed, left);
        if *has_paid && !amounts[1..=count].contains(&0) {
            return;
        }
        for at in 0..count {
            *has_paid &= !begins[at];
            // nobody comes back who has not paid yet
            if !*has_paid && movements[at] == Movement::Reactivation as u32 {
                movements[at] = Movement::New as u32;
            }
            *has_paid |= amounts[at + 1] != 0;
        }
    }
}

#[multiversion::multiversion(targets("x86_64+avx512f+avx512bw+avx512dq+avx512vl", "x86_64+avx2"))]
fn find_months(from: i32, spans: &[Span; SPANS + 1], months: &mut [u32; SPANS], ends: &mut [u32; SPANS]) {
    for at in 0..SPANS {
        months[at] = (spans[at + 1].first() - from + 1).cast_unsigned();
        ends[at] = (spans[at].end() - from + 1).cast_unsigned();
    }
}

#[multiversion::multiversion(targets("x86_64+avx512f+avx512bw+avx512dq+avx512vl", "x86_64+avx2"))]
#[allow(clippy::too_many_arguments)] // arrays that are known not to overlap are gone through many places at a time
#[allow(clippy::needless_bitwise_bool)] // without branches, many at once
fn find_moves(
    begins: &[bool; SPANS],
    months: &[u32; SPANS],
    ends: &[u32; SPANS],
    amounts: &[i64; SPANS + 1],
    movements: &mut [u32; SPANS],
    moved: &mut [Sum<i64>; SPANS],
    changed: &mut [Sum<i64>; SPANS],
    left: &mut [Sum<i64>; SPANS],
) {
    for at in 0..SPANS {
        let (before, amount) = (amounts[at], amounts[at + 1]);
        let kept = if !begins[at] & (months[at] == ends[at]) { before } else { 0 };
        let comes = if begins[at] { Movement::New } else { Movement::Reactivation };
        let goes = if amount == 0 { Movement::Churn } else { Movement::Contraction };
        let moves = if amount > kept { Movement::Expansion } else { goes };
        movements[at] = if kept == 0 { comes } else { moves } as u32;
        moved[at] = Sum::of((amount - kept).abs());
        let customers = i64::from(amount != 0) - i64::from(kept != 0);
        changed[at] = Sum { amount: amount - kept, customers };
        left[at] = Sum::of(before - kept);
    }
}
