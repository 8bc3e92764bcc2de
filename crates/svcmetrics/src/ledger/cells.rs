//! What moved, summed by segment and period as customers are walked through.

#![allow(clippy::inline_always)] // so that a customer on the way stays in registers

use super::chunk::Chunk;
use super::fold::{Bound, grow};
use super::grid::{Grid, Point, See};
use super::spans::Columns;
use crate::error::Result;
use std::ops::{AddAssign, Range};

/// What amounts are added up in: 64 bits where they are sure to fit, 128 otherwise and where all come together.
pub(super) trait Amount: Copy + Default + AddAssign + From<i64> {}

impl Amount for i64 {}
impl Amount for i128 {}

/// An amount and how many customers it is of.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Sum<A> {
    pub(super) amount: A,
    pub(super) customers: i64,
}

impl<A: Amount> Sum<A> {
    #[inline]
    fn add(&mut self, amount: i64) {
        self.amount += amount.into();
        self.customers += 1;
    }

    /// Adds nothing where the amount is not above 0.
    #[inline]
    fn add_positive(&mut self, amount: i64) {
        self.amount += amount.max(0).into();
        self.customers += i64::from(amount > 0);
    }
}

impl Sum<i128> {
    pub(super) fn merge<A: Into<i128>>(&mut self, other: Sum<A>) {
        self.amount += other.amount.into();
        self.customers += other.customers;
    }
}

/// What moved in a period and segment; what was there at its start is what was there at the end of the one before.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Cell<A> {
    pub(super) end: Sum<A>,
    pub(super) new: Sum<A>,
    pub(super) reactivation: Sum<A>,
    pub(super) expansion: Sum<A>,
    pub(super) contraction: Sum<A>,
    pub(super) churn: Sum<A>,
    pub(super) transfer_in: Sum<A>,
    pub(super) transfer_out: Sum<A>,
    pub(super) transient: Sum<A>,
}

impl<A> Cell<A> {
    fn sums(&mut self) -> [&mut Sum<A>; 9] {
        [
            &mut self.end,
            &mut self.new,
            &mut self.reactivation,
            &mut self.expansion,
            &mut self.contraction,
            &mut self.churn,
            &mut self.transfer_in,
            &mut self.transfer_out,
            &mut self.transient,
        ]
    }
}

/// Cells by segment, then period; a segment's first is the opening stock's, and one after the last period takes what would
/// leave in it.
#[derive(Debug, Clone)]
pub(super) struct Cells {
    /// Of each segment.
    periods: usize,
    all: Vec<Cell<i128>>,
    /// Sums that were not added to those of all yet.
    few: Vec<Cell<i64>>,
    bound: Bound,
    /// By segment, the customers that were ever in it.
    customers: Vec<i64>,
    /// By segment, who was seen in it last: customers are counted up from 1.
    seen: Vec<u64>,
    customer: u64,
}

impl Cells {
    /// # Errors
    /// [`crate::Error::OutOfMemory`].
    pub(super) fn new(grid: &Grid) -> Result<Self> {
        let mut cells = Self {
            periods: grid.periods + 2,
            all: Vec::new(),
            few: Vec::new(),
            bound: Bound::default(),
            customers: Vec::new(),
            seen: Vec::new(),
            customer: 0,
        };
        cells.grow(grid)?;
        Ok(cells)
    }

    /// Room for as many segments as there are.
    ///
    /// # Errors
    /// [`crate::Error::OutOfMemory`].
    pub(super) fn grow(&mut self, grid: &Grid) -> Result<()> {
        let segments = grid.segments.len();
        grow(&mut self.all, self.periods * segments)?;
        grow(&mut self.few, self.periods * segments)?;
        grow(&mut self.customers, segments)?;
        grow(&mut self.seen, segments)
    }

    /// How many there are.
    pub(super) fn len(grid: &Grid) -> usize {
        (grid.periods + 2) * grid.segments.len()
    }

    /// What was at the start of a period, and what came of it.
    pub(super) fn at(&self, segment: usize, period: usize) -> (Sum<i128>, &Cell<i128>) {
        let before = segment * self.periods + period;
        (self.all[before].end, &self.all[before + 1])
    }

    /// How many customers were ever in a segment.
    pub(super) fn customers(&self, segment: usize) -> i64 {
        self.customers[segment]
    }

    pub(super) fn take(&mut self, grid: &Grid, chunk: &Chunk, customers: Range<usize>) {
        self.count(grid, chunk, customers.clone());
        let cells = self.few.len();
        if self.bound.holds(chunk, &customers, cells, || settle(&mut self.all, &mut self.few)) {
            walk(grid, &mut self.few, self.periods, chunk, customers);
        } else {
            walk(grid, &mut self.all, self.periods, chunk, customers);
        }
    }

    fn count(&mut self, grid: &Grid, chunk: &Chunk, customers: Range<usize>) {
        if grid.columns.is_empty() {
            // counts of customers fit
            self.customers[0] += i64::try_from(customers.len()).unwrap_or_default();
            return;
        }
        for customer in customers {
            self.customer += 1;
            for span in chunk.spans(customer) {
                let segment = grid.segment(chunk, span) as usize;
                self.customers[segment] += i64::from(self.seen[segment] != self.customer);
                self.seen[segment] = self.customer;
            }
        }
    }

    /// Once all customers are taken: what was there at the end of each period is what came of what was there before.
    pub(super) fn finish(&mut self) {
        settle(&mut self.all, &mut self.few);
        for cells in self.all.chunks_mut(self.periods) {
            let mut end = Sum::default();
            for cell in cells {
                // the opening stock came of nothing
                end.merge(cell.end);
                for more in [cell.new, cell.reactivation, cell.transfer_in] {
                    end.merge(more);
                }
                for less in [cell.churn, cell.transfer_out] {
                    end = Sum { amount: end.amount - less.amount, customers: end.customers - less.customers };
                }
                end.amount += cell.expansion.amount - cell.contraction.amount;
                cell.end = end;
            }
        }
        #[cfg(feature = "test-faults")]
        if crate::engine::faults::planted("returned_as_new") {
            self.all.iter_mut().for_each(|cell| cell.new.merge(std::mem::take(&mut cell.reactivation)));
        }
    }

    /// Adds those of other customers.
    pub(super) fn add(&mut self, mut other: Self) {
        settle(&mut other.all, &mut other.few);
        for (cell, other) in self.all.iter_mut().zip(&mut other.all) {
            cell.sums().into_iter().zip(other.sums()).for_each(|(sum, other)| sum.merge(*other));
        }
        self.customers.iter_mut().zip(other.customers).for_each(|(customers, more)| *customers += more);
    }
}

fn settle(all: &mut [Cell<i128>], few: &mut [Cell<i64>]) {
    for (cell, few) in all.iter_mut().zip(few) {
        cell.sums().into_iter().zip(few.sums()).for_each(|(sum, few)| sum.merge(std::mem::take(few)));
    }
}

fn walk<A: Amount>(grid: &Grid, cells: &mut [Cell<A>], periods: usize, chunk: &Chunk, customers: Range<usize>) {
    if grid.is_of_plain_months() {
        if grid.codes.is_empty() {
            return walk_months(grid, cells, chunk, customers, |_| 0);
        }
        return walk_months(grid, cells, chunk, customers, |line| grid.segment(chunk, line) as usize * periods);
    }
    for customer in customers {
        let mut mover = Mover { grid, cells, periods, before: None };
        grid.walk(chunk, customer, &mut mover);
        if let Some(before) = mover.before {
            mover.leave(before);
        }
    }
}

/// What [`Mover`] does, by month and a span at once: most ledgers are asked for nothing else. Spans say where the cells of
/// their segment begin.
#[inline(always)]
fn walk_months<A: Amount>(
    grid: &Grid,
    cells: &mut [Cell<A>],
    chunk: &Chunk,
    customers: Range<usize>,
    segment: impl Fn(usize) -> usize,
) {
    let Columns { spans, amounts, .. } = &chunk.columns;
    for customer in customers {
        let of_customer = chunk.spans(customer);
        // the place of the month after the span before, counted from 1; 0 before the first
        let (mut next, mut amount_before, mut segment_before) = (0, 0, 0);
        for (place, (span, amount)) in
            of_customer.clone().zip(spans[of_customer.clone()].iter().zip(&amounts[of_customer]))
        {
            let amount = *amount;
            if amount == 0 {
                continue;
            }
            let first = span.first().wrapping_sub(grid.months.0).cast_unsigned() as usize + 1;
            let segment = segment(place);
            #[cfg(feature = "test-faults")]
            if next > 0 && crate::engine::faults::planted("previous_row") {
                next = first;
            }
            if first == next {
                if segment != segment_before {
                    cells[segment + first].transfer_in.add(amount);
                    cells[segment_before + first].transfer_out.add(amount);
                }
                let cell = &mut cells[segment_before + first];
                let gain = amount - amount_before;
                cell.expansion.add_positive(gain);
                cell.contraction.add_positive(-gain);
            } else if next == 0 {
                cells[segment + first].new.add(amount);
            } else {
                cells[segment + first].reactivation.add(amount);
                cells[segment_before + next].churn.add(amount_before);
            }
            (next, amount_before, segment_before) = (first + span.len() as usize, amount, segment);
        }
        if next > 0 {
            cells[segment_before + next].churn.add(amount_before);
        }
    }
}

/// A customer on the way through the cells.
struct Mover<'a, A> {
    grid: &'a Grid,
    cells: &'a mut [Cell<A>],
    periods: usize,
    before: Option<Point>,
}

impl<A: Amount> Mover<'_, A> {
    #[inline(always)]
    fn cell(&mut self, period: i32, segment: u32) -> &mut Cell<A> {
        // periods are counted from -1, the opening stock
        &mut self.cells[segment as usize * self.periods + (period + 1).unsigned_abs() as usize]
    }

    #[inline(always)]
    fn leave(&mut self, before: Point) {
        self.cell(before.period + 1, before.segment).churn.add(before.amount);
    }
}

impl<A: Amount> See for Mover<'_, A> {
    #[inline(always)]
    fn point(&mut self, point: Point, first_month: i32) {
        let before = self.before.replace(point);
        let grid = self.grid;
        let cell = self.cell(point.period, point.segment);
        match before {
            Some(before) if before.period + 1 == point.period => {
                if before.segment != point.segment {
                    cell.transfer_in.add(point.amount);
                    self.cell(point.period, before.segment).transfer_out.add(point.amount);
                }
                let gain = point.amount - before.amount;
                let cell = self.cell(point.period, before.segment);
                cell.expansion.add_positive(gain);
                cell.contraction.add_positive(-gain);
            }
            Some(before) => {
                cell.reactivation.add(point.amount);
                self.leave(before);
            }
            // the opening stock came from nowhere
            None if point.period < 0 => cell.end.add(point.amount),
            None if first_month < grid.start(point.period) => cell.reactivation.add(point.amount),
            None => cell.new.add(point.amount),
        }
    }

    #[inline(always)]
    fn inside(&mut self, most: Point, _: i32) {
        let starts_with_none = self.before.is_none_or(|before| before.period + 1 != most.period);
        if starts_with_none {
            self.cell(most.period, most.segment).transient.add(most.amount);
        }
    }
}
