//! What moved, summed by segment and period as customers are walked through.

#![allow(clippy::inline_always)] // so that a customer on the way stays in registers

use super::chunk::Chunk;
use super::customers::Movement;
use super::fold::{Bound, grow};
use super::grid::{Grid, Point, See};
use super::moves::{Move, Moves};
use crate::error::Result;
use std::ops::{AddAssign, Index, IndexMut, Range};

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

impl Sum<i64> {
    /// One customer's, unless the amount is 0.
    #[inline(always)]
    pub(super) fn of(amount: i64) -> Self {
        Self { amount, customers: i64::from(amount != 0) }
    }
}

impl<A: Amount> Sum<A> {
    #[inline(always)]
    fn add(&mut self, more: Sum<i64>) {
        self.amount += more.amount.into();
        self.customers += more.customers;
    }

    #[inline(always)]
    fn subtract(&mut self, less: Sum<i64>) {
        self.add(Sum { amount: -less.amount, customers: -less.customers });
    }
}

impl Sum<i128> {
    pub(super) fn merge<A: Into<i128>>(&mut self, other: Sum<A>) {
        self.amount += other.amount.into();
        self.customers += other.customers;
    }
}

/// What moved in a period and segment, by movement. Until all customers are taken, what was there at the end is how it differs
/// from what was there at the end of the period before, without what left; and this stands where what was there at the start will.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Cell<A>([Sum<A>; Movement::ALL.len()]);

impl<A> Index<Movement> for Cell<A> {
    type Output = Sum<A>;

    #[inline(always)]
    fn index(&self, movement: Movement) -> &Sum<A> {
        &self.0[movement as usize]
    }
}

impl<A> IndexMut<Movement> for Cell<A> {
    #[inline(always)]
    fn index_mut(&mut self, movement: Movement) -> &mut Sum<A> {
        &mut self.0[movement as usize]
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
    moves: Box<Moves>,
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
            moves: Box::default(),
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
    pub(super) fn at(&self, segment: usize, period: usize) -> &Cell<i128> {
        &self.all[segment * self.periods + period + 1]
    }

    /// How many customers were ever in a segment.
    pub(super) fn customers(&self, segment: usize) -> i64 {
        self.customers[segment]
    }

    pub(super) fn take(&mut self, grid: &Grid, chunk: &Chunk, customers: Range<usize>) {
        self.count(grid, chunk, customers.clone());
        let (cells, found) = (self.few.len(), &mut self.moves);
        if self.bound.holds(chunk, &customers, cells, || settle(&mut self.all, &mut self.few)) {
            walk(grid, found, &mut self.few, self.periods, chunk, customers);
        } else {
            walk(grid, found, &mut self.all, self.periods, chunk, customers);
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

    /// Once all customers are taken: what was there at the start and at the end of each period.
    pub(super) fn finish(&mut self) {
        settle(&mut self.all, &mut self.few);
        for cells in self.all.chunks_mut(self.periods) {
            let mut there = Sum::default();
            for cell in cells {
                let left = std::mem::replace(&mut cell[Movement::Start], there);
                cell[Movement::Churn].merge(left);
                there.merge(cell[Movement::End]);
                there.merge(Sum { amount: -left.amount, customers: -left.customers });
                cell[Movement::End] = there;
            }
        }
        #[cfg(feature = "test-faults")]
        if crate::engine::faults::planted("returned_as_new") {
            self.all.iter_mut().for_each(|cell| {
                let returned = std::mem::take(&mut cell[Movement::Reactivation]);
                cell[Movement::New].merge(returned);
            });
        }
    }

    /// Adds those of other customers.
    pub(super) fn add(&mut self, mut other: Self) {
        settle(&mut other.all, &mut other.few);
        for (cell, other) in self.all.iter_mut().zip(other.all) {
            cell.0.iter_mut().zip(other.0).for_each(|(sum, other)| sum.merge(other));
        }
        self.customers.iter_mut().zip(other.customers).for_each(|(customers, more)| *customers += more);
    }
}

fn settle(all: &mut [Cell<i128>], few: &mut [Cell<i64>]) {
    for (cell, few) in all.iter_mut().zip(few) {
        cell.0.iter_mut().zip(std::mem::take(few).0).for_each(|(sum, few)| sum.merge(few));
    }
}

fn walk<A: Amount>(
    grid: &Grid,
    found: &mut Moves,
    cells: &mut [Cell<A>],
    periods: usize,
    chunk: &Chunk,
    customers: Range<usize>,
) {
    if grid.is_of_plain_months() {
        if grid.codes.is_empty() {
            return walk_months(grid, found, cells, chunk, customers, |_| 0);
        }
        let last = chunk.starts[customers.end] as usize - 1;
        return walk_months(grid, found, cells, chunk, customers, |span| {
            grid.segment(chunk, span.min(last)) as usize * periods
        });
    }
    walk_each(grid, cells, periods, chunk, customers);
}

fn walk_each<A: Amount>(grid: &Grid, cells: &mut [Cell<A>], periods: usize, chunk: &Chunk, customers: Range<usize>) {
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
    found: &mut Moves,
    cells: &mut [Cell<A>],
    chunk: &Chunk,
    customers: Range<usize>,
    segment: impl Fn(usize) -> usize,
) {
    let mut segment_before = 0;
    found.each(grid.months.0, chunk, customers, |Move { place, month, movement, moved, changed, end, left }| {
        let segment = segment(place);
        let comes = movement == Movement::New as usize || movement == Movement::Reactivation as usize;
        let segment_moved = if comes { segment } else { segment_before };
        cells[segment_moved + month].0[movement].add(moved);
        cells[segment + month][Movement::End].add(changed);
        cells[segment_before + end][Movement::Start].add(left);
        if segment != segment_before && !comes {
            let paid = Sum::of(chunk.columns.amounts[place]);
            let kept = Sum { amount: paid.amount - changed.amount, customers: paid.customers - changed.customers };
            cells[segment + month][Movement::End].add(kept);
            cells[segment_before + month][Movement::End].subtract(kept);
            cells[segment + month][Movement::TransferIn].add(paid);
            cells[segment_before + month][Movement::TransferOut].add(paid);
        }
        segment_before = segment;
    });
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
    fn add(&mut self, period: i32, segment: u32, movement: Movement, amount: i64) {
        self.cell(period, segment)[movement].add(Sum::of(amount));
    }

    #[inline(always)]
    fn leave(&mut self, before: Point) {
        self.add(before.period + 1, before.segment, Movement::Churn, before.amount);
    }
}

impl<A: Amount> See for Mover<'_, A> {
    #[inline(always)]
    fn point(&mut self, point: Point, first_month: i32) {
        let Point { period, amount, segment } = point;
        self.add(period, segment, Movement::End, amount);
        self.cell(period + 1, segment)[Movement::End].subtract(Sum::of(amount));
        match self.before.replace(point) {
            Some(before) if before.period + 1 == period => {
                if before.segment != segment {
                    self.add(period, segment, Movement::TransferIn, amount);
                    self.add(period, before.segment, Movement::TransferOut, amount);
                }
                let moves = if amount > before.amount { Movement::Expansion } else { Movement::Contraction };
                self.add(period, before.segment, moves, (amount - before.amount).abs());
            }
            Some(before) => {
                self.add(period, segment, Movement::Reactivation, amount);
                self.leave(before);
            }
            // the opening stock came from nowhere
            None if period < 0 => {}
            None if first_month < self.grid.start(period) => self.add(period, segment, Movement::Reactivation, amount),
            None => self.add(period, segment, Movement::New, amount),
        }
    }

    #[inline(always)]
    fn inside(&mut self, most: Point, _: i32) {
        let starts_with_none = self.before.is_none_or(|before| before.period + 1 != most.period);
        if starts_with_none {
            self.add(most.period, most.segment, Movement::Transient, most.amount);
        }
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use crate::engine::columns::{Data, Nulls, Table, Values};
    use crate::ledger::{Ledger, LedgerOptions, MovementOptions};

    /// Customers with up to 12 months, of which some are left out or without revenue, also the first; segments change.
    pub(in crate::ledger) fn ledger(seed: u32) -> Ledger {
        let mut seed = seed;
        let mut random = |below: u32| {
            seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (seed >> 8) % below
        };
        let (mut customers, mut days, mut revenue, mut plans) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
        for customer in 0..60_i64 {
            for month in 0..12 {
                if random(4) > 0 {
                    customers.push(customer);
                    days.push(31 * month + 15);
                    revenue.push(i64::from(random(3)));
                    plans.push(i64::from(random(5) / 3));
                }
            }
        }
        let days = Data::new(Values::Dates(days.into()), Nulls::None).unwrap();
        let table = Table::new(customers.len()).with("customer_id", customers).with("month", days);
        let table = table.with("revenue", revenue).with("plan", plans);
        Ledger::of(&table, LedgerOptions::default().by(["plan"])).unwrap()
    }

    #[test]
    fn spans_at_once_move_as_each_customer_by_itself() {
        for (seed, by) in (0..40).flat_map(|seed| [(seed, None), (seed, Some("plan"))]) {
            let ledger = ledger(seed);
            let grid = Grid::new(&ledger, &MovementOptions::default().by(by)).unwrap().unwrap();
            assert!(grid.is_of_plain_months());
            let (mut at_once, mut each) = (Cells::new(&grid).unwrap(), Cells::new(&grid).unwrap());
            for chunk in &ledger.chunks {
                at_once.take(&grid, chunk, 0..chunk.customers.len());
                walk_each(&grid, &mut each.all, each.periods, chunk, 0..chunk.customers.len());
            }
            at_once.finish();
            each.finish();
            assert!(at_once.all.iter().zip(&each.all).all(|(one, other)| one.0 == other.0), "seed {seed}, by {by:?}");
            assert!(each.all.iter().any(|cell| cell[Movement::Reactivation].amount > 0));
        }
    }
}
