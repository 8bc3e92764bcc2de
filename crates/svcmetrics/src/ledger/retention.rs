//! What is left of those who started together.

#![allow(clippy::inline_always)] // so that a customer on the way stays in registers

use super::cells::Amount;
use super::chunk::{Chunk, Step};
use super::fold::{Bound, Fold, grow};
use super::grid::{Grid, Point, See};
use super::{Ledger, MovementOptions, Segments};
use crate::error::{Error, Result};
use crate::figure::{Figure, Total, Unit};
use crate::interval::Basis;
use crate::key::Key;
use crate::metrics::RunRate;
use crate::period::Period;
use crate::scorecard::KeyColumn;
use std::hint::select_unpredictable;
use std::ops::Range;

/// Those who started in one period, so many periods later.
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(deny_unknown_fields))]
#[non_exhaustive]
pub struct CohortCell {
    /// The period of their first revenue.
    pub cohort: Period,
    /// The segment in which they started.
    pub segment: Vec<Key>,
    /// Periods since then, 0 for the cohort's own.
    pub age: u32,
    /// Those with revenue at the end of that period: one who came back counts again.
    pub customers: u64,
    /// All who started.
    pub customers_start: u64,
    /// Their revenue at the end of that period.
    pub revenue: Figure,
    /// Their revenue at the end of the cohort's own period.
    pub revenue_start: Figure,
    /// Customers / customers at the start.
    pub customer_retention: Figure,
    /// The sum of each customer's revenue, but at most what it was at the start / revenue at the start.
    pub gross_revenue_retention: Figure,
    /// Revenue / revenue at the start.
    pub net_revenue_retention: Figure,
}

/// Retention by the period in which customers started: a cell a cohort, segment and age. What cannot be known yet is not
/// there: ages that the data does not reach, and a last period that is not over.
///
/// ```
/// use svcmetrics::{Ledger, LedgerOptions, MovementOptions, Table};
/// let table = Table::new(4)
///     .with("customer_id", vec!["a", "b", "b", "c"])
///     .with("month", vec!["2026-01", "2026-01", "2026-02", "2026-02"])
///     .with("revenue", vec![60_i64, 40, 50, 20]);
/// let retention = Ledger::of(&table, LedgerOptions::default())?.retention(&MovementOptions::default())?;
/// let january = &retention.cells()[1]; // one month later
/// assert_eq!((january.cohort.to_string().as_str(), january.age, january.customers), ("2026-01", 1, 1));
/// assert_eq!(january.gross_revenue_retention.value(), Some(0.4)); // b's 40 of 100
/// assert_eq!(january.net_revenue_retention.value(), Some(0.5));
/// assert_eq!(retention.cells().len(), 3); // February is known at age 0 only
/// # Ok::<(), svcmetrics::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(try_from = "super::stored_retention::Stored"))]
#[cfg_attr(feature = "serde", serde(into = "super::stored_retention::Stored"))]
pub struct Retention {
    pub(crate) columns: Vec<KeyColumn>,
    pub(super) unit: RunRate,
    pub(crate) cells: Vec<CohortCell>,
}

impl Retention {
    /// The cells, by cohort, then segment, then age.
    pub fn cells(&self) -> &[CohortCell] {
        &self.cells
    }

    /// The segments' columns.
    pub fn segments(&self) -> &[KeyColumn] {
        &self.columns
    }
}

/// A cell's sums; amounts are those of a year, in micro-units.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Sums {
    pub(super) customers: u64,
    /// Of age 0: all who started.
    pub(super) started: u64,
    pub(super) revenue: i128,
    pub(super) gross: i128,
}

/// How a cell's sums differ from those of the age before: what customers pay changes rarely.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
struct Change<A> {
    customers: i64,
    revenue: A,
    gross: A,
}

impl<A: Amount> Change<A> {
    /// From here on one more customer pays so much, unless that is nothing, who paid so much in the end of the cohort's own period.
    #[inline(always)]
    fn begin(&mut self, amount: i64, before: i64) {
        self.customers += i64::from(amount != 0);
        self.revenue += amount.into();
        self.gross += amount.min(before).into();
    }

    /// From here on it does not.
    #[inline(always)]
    fn end(&mut self, amount: i64, before: i64) {
        self.customers -= i64::from(amount != 0);
        self.revenue += (-amount).into();
        self.gross += (-amount.min(before)).into();
    }
}

impl Change<i128> {
    fn merge<A: Into<i128>>(&mut self, other: Change<A>) {
        self.customers += other.customers;
        self.revenue += other.revenue.into();
        self.gross += other.gross.into();
    }
}

impl CohortCell {
    pub(super) fn new(cohort: Period, segment: Vec<Key>, age: u32, start: Sums, sums: Sums, unit: RunRate) -> Self {
        let rate = |revenue: i128| {
            Figure::quotient(Unit::Fraction, Total::new(revenue, true), Total::new(start.revenue, true))
        };
        let whole = |count: u64| Total::new(count.into(), false);
        Self {
            cohort,
            segment,
            age,
            customers: sums.customers,
            customers_start: start.started,
            revenue: unit.figure(sums.revenue),
            revenue_start: unit.figure(start.revenue),
            customer_retention: Figure::quotient(Unit::Fraction, whole(sums.customers), whole(start.started))
                .on(Basis::Proportion),
            gross_revenue_retention: rate(sums.gross),
            net_revenue_retention: rate(sums.revenue),
        }
    }
}

/// By segment, then cohort, then period, of which there is one more than the data reaches.
struct Cells<'a> {
    grid: &'a Grid,
    all: Vec<Change<i128>>,
    /// Changes that were not added to those of all yet.
    few: Vec<Change<i64>>,
    bound: Bound,
    /// How many started, by segment and cohort; nothing of plain months, where that is how many pay at the end of the first.
    started: Vec<i64>,
}

/// A customer on the way through the periods.
struct Starter<'a, A> {
    grid: &'a Grid,
    changes: &'a mut [Change<A>],
    started: &'a mut [i64],
    /// The cohort, its segment, and the revenue at its end.
    cohort: Option<(i32, u32, i64)>,
}

impl<A: Amount> Starter<'_, A> {
    #[inline(always)]
    fn cell(&mut self, cohort: i32, period: i32, segment: u32) -> &mut Change<A> {
        // periods are counted from 0
        let cohort = row(self.grid, segment as usize, cohort.unsigned_abs() as usize);
        &mut self.changes[cohort + period.unsigned_abs() as usize]
    }

    #[inline(always)]
    fn start(&mut self, first_month: i32, at: Point) -> (i32, u32, i64) {
        if let Some(cohort) = self.cohort {
            return cohort;
        }
        let cohort = self.grid.place(first_month);
        // periods are counted from 0
        self.started[at.segment as usize * self.grid.periods + cohort.unsigned_abs() as usize] += 1;
        (cohort, at.segment, 0)
    }
}

impl<A: Amount> See for Starter<'_, A> {
    #[inline(always)]
    fn point(&mut self, point: Point, first_month: i32) {
        if point.period < 0 {
            // the opening stock stands in the first period's cohort
            return;
        }
        let (cohort, segment, mut before) = self.start(first_month, point);
        if cohort == point.period {
            before = point.amount;
        }
        self.cohort = Some((cohort, segment, before));
        self.cell(cohort, point.period, segment).begin(point.amount, before);
        self.cell(cohort, point.period + 1, segment).end(point.amount, before);
    }

    fn inside(&mut self, most: Point, first_month: i32) {
        self.cohort = Some(self.start(first_month, most));
    }
}

impl<'a> Cells<'a> {
    fn new(grid: &'a Grid) -> Result<Self> {
        let len = row(grid, grid.segments.len(), 0);
        let mut cells = Self { grid, all: Vec::new(), few: Vec::new(), bound: Bound::default(), started: Vec::new() };
        grow(&mut cells.all, len)?;
        grow(&mut cells.few, len)?;
        if !grid.is_of_plain_months() {
            grow(&mut cells.started, grid.segments.len() * grid.periods)?;
        }
        Ok(cells)
    }

    fn take(&mut self, chunk: &Chunk, customers: Range<usize>) {
        let (grid, cells) = (self.grid, self.few.len());
        if !self.bound.holds(chunk, &customers, cells, || settle(&mut self.all, &mut self.few)) {
            walk(grid, &mut self.all, &mut self.started, chunk, customers);
        } else if grid.is_of_plain_months() && grid.codes.is_empty() {
            walk_few(grid, &mut self.few, chunk, customers);
        } else {
            walk(grid, &mut self.few, &mut self.started, chunk, customers);
        }
    }

    /// Once all customers are taken: sums in place of what changes.
    fn finish(&mut self) {
        settle(&mut self.all, &mut self.few);
        for cohort in self.all.chunks_mut(self.grid.periods + 1) {
            for period in 1..cohort.len() {
                let before = cohort[period - 1];
                cohort[period].merge(before);
            }
        }
    }

    fn add(&mut self, mut other: Self) {
        settle(&mut other.all, &mut other.few);
        self.all.iter_mut().zip(other.all).for_each(|(change, other)| change.merge(other));
        self.started.iter_mut().zip(other.started).for_each(|(started, other)| *started += other);
    }

    /// The cell of a cohort at an age; nothing where nobody started.
    fn cell(&self, cohort: usize, segment: usize, age: usize, unit: RunRate) -> Option<CohortCell> {
        let grid = self.grid;
        let of = |age: usize| {
            let Change { customers, revenue, gross } = self.all[row(grid, segment, cohort) + cohort + age];
            Sums { customers: customers.unsigned_abs(), started: 0, revenue, gross }
        };
        let (mut start, sums) = (of(0), of(age));
        // who starts in a month pays at its end, too
        let started = self.started.get(segment * grid.periods + cohort).map(|started| started.unsigned_abs());
        start.started = started.unwrap_or(start.customers);
        if start.started == 0 {
            return None;
        }
        Some(CohortCell::new(
            grid.period(cohort)?,
            grid.segments[segment].clone(),
            u32::try_from(age).ok()?,
            start,
            sums,
            unit,
        ))
    }
}

fn settle(all: &mut [Change<i128>], few: &mut [Change<i64>]) {
    all.iter_mut().zip(few).for_each(|(change, few)| change.merge(std::mem::take(few)));
}

fn walk<A: Amount>(
    grid: &Grid,
    changes: &mut [Change<A>],
    started: &mut [i64],
    chunk: &Chunk,
    customers: Range<usize>,
) {
    if grid.is_of_plain_months() {
        return walk_months(grid, changes, chunk, customers, |place| grid.segment(chunk, place));
    }
    for customer in customers {
        grid.walk(chunk, customer, &mut Starter { grid, changes, started, cohort: None });
    }
}

/// [`walk_months`] where there is one segment, and sums are small: most ledgers have no other.
#[multiversion::multiversion(targets("x86_64+avx512f+avx512bw+avx512dq+avx512vl", "x86_64+avx2"))]
fn walk_few(grid: &Grid, changes: &mut [Change<i64>], chunk: &Chunk, customers: Range<usize>) {
    walk_months(grid, changes, chunk, customers, |_| 0);
}

/// What [`Starter`] does, but for how many started, by month and a span at once: most ledgers are asked for nothing else. Hardly
/// anything is decided by a branch, since most would be foreseen wrongly.
#[allow(clippy::needless_bitwise_bool)]
#[inline(always)]
fn walk_months<A: Amount>(
    grid: &Grid,
    changes: &mut [Change<A>],
    chunk: &Chunk,
    customers: Range<usize>,
    segment: impl Fn(usize) -> u32,
) {
    // where the changes of the customer's cohort begin, and what it paid first
    let (mut cohort, mut before) = (0, 0);
    for Step { begins, place, span, amount } in chunk.steps(customers) {
        let first = grid.month(span.first());
        let starts = begins | (before == 0);
        cohort = select_unpredictable(starts, row(grid, segment(place) as usize, first), cohort);
        before = select_unpredictable(starts, amount, before);
        changes[cohort + first].begin(amount, before);
        changes[cohort + first + span.len() as usize].end(amount, before);
    }
}

/// Where the changes of a cohort begin: those of the first period, though it has none before its own.
fn row(grid: &Grid, segment: usize, cohort: usize) -> usize {
    (segment * grid.periods + cohort) * (grid.periods + 1)
}

impl Ledger {
    /// Retention by the period of the first revenue, and the segment then.
    ///
    /// Customers who started and left within one period belong to its cohort, and pay nothing at its end. With an opening
    /// stock the first cohort holds those who started then or at any time before.
    ///
    /// # Errors
    /// As [`Ledger::movements`]; the limit is one of cells, each of a cohort, an age and a segment.
    pub fn retention(&self, options: &MovementOptions) -> Result<Retention> {
        self.retention_while(options, &mut || true)
    }

    /// As [`Ledger::retention`]; `go_on` is asked from time to time whether to.
    ///
    /// # Errors
    /// As [`Ledger::retention`], and [`Error::Interrupted`].
    pub fn retention_while(&self, options: &MovementOptions, go_on: &mut dyn FnMut() -> bool) -> Result<Retention> {
        let Some(grid) = Grid::new(self, options)? else {
            let Segments { columns, .. } = self.segments_by(&options.by)?.1;
            return Ok(Retention { columns, unit: options.unit, cells: Vec::new() });
        };
        let cells = grid.periods * (grid.periods + 1) / 2;
        grid.check(cells, options.max_groups, ["cell of cohorts and ages", "cells of cohorts and ages"])?;
        let fold =
            Fold { cost: cells * grid.segments.len(), empty: || Cells::new(&grid), take: Cells::take, add: Cells::add };
        let mut all = Cells::new(&grid)?;
        fold.run(&self.chunks, &mut all, go_on)?;
        all.finish();
        let known = usize::try_from(grid.known_periods()).unwrap_or_default();
        let mut cells = Vec::new();
        for cohort in 0..known {
            for segment in 0..grid.segments.len() {
                if !go_on() {
                    return Err(Error::Interrupted);
                }
                cells.extend((0..known - cohort).filter_map(|age| all.cell(cohort, segment, age, options.unit)));
            }
        }
        Ok(Retention { columns: grid.columns.clone(), unit: options.unit, cells })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ledger::cells::tests::ledger;

    #[test]
    fn spans_at_once_are_kept_as_each_customer_by_itself() {
        for (seed, by) in (0..40).flat_map(|seed| [(seed, None), (seed, Some("plan"))]) {
            let ledger = ledger(seed);
            let grid = Grid::new(&ledger, &MovementOptions::default().by(by)).unwrap().unwrap();
            assert!(grid.is_of_plain_months());
            let [mut at_once, mut in_128_bits, mut each] = [(); 3].map(|()| Cells::new(&grid).unwrap());
            let mut started = vec![0; grid.segments.len() * grid.periods];
            for chunk in &ledger.chunks {
                let customers = 0..chunk.customers.len();
                at_once.take(chunk, customers.clone());
                walk(&grid, &mut in_128_bits.all, &mut [], chunk, customers.clone());
                for customer in customers {
                    let (changes, started) = (&mut each.all[..], &mut started[..]);
                    grid.walk(chunk, customer, &mut Starter { grid: &grid, changes, started, cohort: None });
                }
            }
            for cells in [&mut at_once, &mut in_128_bits, &mut each] {
                cells.finish();
            }
            assert!(at_once.all == each.all && in_128_bits.all == each.all, "seed {seed}, by {by:?}");
            for (place, started) in started.into_iter().enumerate() {
                let (segment, cohort) = (place / grid.periods, place % grid.periods);
                let cell = at_once.cell(cohort, segment, 0, RunRate::default());
                assert_eq!(cell.map_or(0, |cell| cell.customers_start), u64::try_from(started).unwrap(), "seed {seed}");
            }
        }
    }
}
