//! Movements of recurring revenue, as a scorecard keyed by period and segment.

#![allow(clippy::inline_always)] // so that a customer on the way stays in registers

use super::Ledger;
use super::builder::PERIOD;
use super::chunk::Chunk;
use super::grid::{Grid, Point, See};
use super::origin::Origin;
use crate::definitions::{Chosen, Definitions, Parameters};
use crate::distributions::Distributions;
use crate::error::{Error, Result};
use crate::key::{Key, KeyType, group_text};
use crate::metrics::{RunRate, Scales, of_ledger};
use crate::money::PLACES;
use crate::period::Every;
use crate::scorecard::{KeyColumn, Scorecard};
use crate::spread::Spread;
use crate::totals::Totals;
use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::Arc;

/// What movements are asked for.
///
/// ```
/// use svcmetrics::{Every, Ledger, LedgerOptions, MovementOptions, RunRate, Table};
/// let table = Table::new(1).with("customer_id", vec!["a"]).with("month", vec!["2025-02"]).with("revenue", vec![50_i64]);
/// let ledger = Ledger::of(&table, LedgerOptions::default())?;
/// let options = MovementOptions::default().every(Every::Year).fiscal_start(2).unit(RunRate::Year);
/// let years = ledger.movements(&options)?;
/// assert_eq!(years.groups()[0][0].to_string(), "FY2026"); // named by the year in which it ends
/// assert_eq!(years.figures("revenue_new")?[0].value(), Some(600.0));
/// assert_eq!(years.figures("complete")?[0].to_string(), "8.3 %"); // one month of twelve
/// # Ok::<(), svcmetrics::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(deny_unknown_fields))]
pub struct MovementOptions {
    pub(super) every: Every,
    pub(super) fiscal_start: u8,
    pub(super) by: Vec<String>,
    pub(super) unit: RunRate,
}

impl Default for MovementOptions {
    fn default() -> Self {
        Self { every: Every::Month, fiscal_start: 1, by: Vec::new(), unit: RunRate::Month }
    }
}

impl MovementOptions {
    /// The length of a period.
    pub fn every(mut self, every: Every) -> Self {
        self.every = every;
        self
    }

    /// The month in which the fiscal year starts, 1 for the calendar.
    pub fn fiscal_start(mut self, month: u8) -> Self {
        self.fiscal_start = month;
        self
    }

    /// By some or all of the ledger's segments.
    pub fn by(mut self, columns: impl IntoIterator<Item = impl Into<String>>) -> Self {
        self.by = columns.into_iter().map(Into::into).collect();
        self
    }

    /// What amounts are shown as.
    pub fn unit(mut self, unit: RunRate) -> Self {
        self.unit = unit;
        self
    }
}

/// An amount and how many customers it is of: in 64 bits while customers are walked through, in 128 where all come together.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Sum<A> {
    amount: A,
    customers: i64,
}

impl Sum<i64> {
    #[inline]
    fn add(&mut self, amount: i64) {
        self.amount += amount;
        self.customers += 1;
    }

    /// Adds nothing where the amount is not above 0.
    #[inline]
    fn add_positive(&mut self, amount: i64) {
        self.amount += amount.max(0);
        self.customers += i64::from(amount > 0);
    }
}

impl Sum<i128> {
    fn merge<A: Into<i128>>(&mut self, other: Sum<A>) {
        self.amount += other.amount.into();
        self.customers += other.customers;
    }
}

/// What moved in a period and segment; what was there at its start is what was there at the end of the one before.
#[derive(Debug, Clone, Copy, Default)]
struct Cell<A> {
    end: Sum<A>,
    new: Sum<A>,
    reactivation: Sum<A>,
    expansion: Sum<A>,
    contraction: Sum<A>,
    churn: Sum<A>,
    transfer_in: Sum<A>,
    transfer_out: Sum<A>,
    transient: Sum<A>,
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

/// Cells by period, then segment; the first period's row is the opening stock's, and one after the last takes what would
/// leave in it.
#[derive(Debug, Clone)]
struct Cells {
    all: Vec<Cell<i128>>,
    /// Those of the customers that are being walked through.
    few: Vec<Cell<i64>>,
    /// By segment, the customers that were ever in it.
    customers: Vec<i64>,
    /// By segment, who was seen in it last.
    seen: Vec<usize>,
}

/// A customer on the way through the cells.
struct Mover<'a> {
    grid: &'a Grid,
    cells: &'a mut [Cell<i64>],
    before: Option<Point>,
}

impl Mover<'_> {
    #[inline(always)]
    fn cell(&mut self, period: i32, segment: u32) -> &mut Cell<i64> {
        // periods are counted from -1, the opening stock
        let place = (period + 1).unsigned_abs() as usize * self.grid.segments.len() + segment as usize;
        &mut self.cells[place]
    }

    #[inline(always)]
    fn leave(&mut self, before: Point) {
        self.cell(before.period + 1, before.segment).churn.add(before.amount);
    }
}

impl See for Mover<'_> {
    #[inline(always)]
    fn point(&mut self, point: Point, first_month: i32) {
        let before = self.before.replace(point);
        let grid = self.grid;
        let cell = self.cell(point.period, point.segment);
        cell.end.add(point.amount);
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
            None if point.period < 0 => {}
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

impl Cells {
    fn new(grid: &Grid) -> Self {
        let (segments, cells) = (grid.segments.len(), (grid.periods + 2) * grid.segments.len());
        Self {
            all: vec![Cell::default(); cells],
            few: vec![Cell::default(); cells],
            customers: vec![0; segments],
            seen: vec![usize::MAX; segments],
        }
    }

    fn take(&mut self, grid: &Grid, chunk: &Chunk, customers: Range<usize>) {
        let lines = chunk.starts[customers.start] as usize..chunk.starts[customers.end] as usize;
        let most = chunk.columns.amounts[lines].iter().fold(1, |most, amount| most.max(*amount));
        // each adds an amount to a sum of a cell once, so that so many of them do not overflow it
        let few = usize::try_from(i64::MAX / most).unwrap_or(usize::MAX);
        for start in customers.clone().step_by(few.max(1)) {
            self.take_few(grid, chunk, start..customers.end.min(start.saturating_add(few)));
        }
    }

    fn take_few(&mut self, grid: &Grid, chunk: &Chunk, customers: Range<usize>) {
        if grid.columns.is_empty() {
            // counts of customers fit
            self.customers[0] += i64::try_from(customers.len()).unwrap_or_default();
        }
        self.seen.fill(usize::MAX);
        for customer in customers {
            if !grid.columns.is_empty() {
                for line in chunk.lines(customer) {
                    let segment = grid.segment(chunk, line) as usize;
                    self.customers[segment] += i64::from(self.seen[segment] != customer);
                    self.seen[segment] = customer;
                }
            }
            if grid.is_of_plain_months() {
                self.take_months(grid, chunk, customer);
                continue;
            }
            let mut mover = Mover { grid, cells: &mut self.few, before: None };
            grid.walk(chunk, customer, &mut mover);
            if let Some(before) = mover.before {
                mover.leave(before);
            }
        }
        for (cell, few) in self.all.iter_mut().zip(&mut self.few) {
            cell.sums().into_iter().zip(few.sums()).for_each(|(sum, few)| sum.merge(std::mem::take(few)));
        }
    }

    /// What [`Mover`] does, by month: most ledgers are asked for nothing else.
    #[inline(always)]
    fn take_months(&mut self, grid: &Grid, chunk: &Chunk, customer: usize) {
        let segments = grid.segments.len();
        // the row of cells after that of the line before, and where in it its segment is; no row is the first
        let (mut next, mut amount_before, mut segment_before) = (0, 0, 0);
        for line in chunk.lines(customer) {
            let (month, amount) = (chunk.columns.months[line], chunk.columns.amounts[line]);
            if amount == 0 {
                continue;
            }
            let row = (month.abs_diff(grid.months.0) as usize + 1) * segments;
            let segment = grid.segment(chunk, line) as usize;
            let cell = &mut self.few[row + segment];
            cell.end.add(amount);
            if row == next {
                if segment != segment_before {
                    cell.transfer_in.add(amount);
                    self.few[row + segment_before].transfer_out.add(amount);
                }
                let gain = amount - amount_before;
                let cell = &mut self.few[row + segment_before];
                cell.expansion.add_positive(gain);
                cell.contraction.add_positive(-gain);
            } else if next == 0 {
                cell.new.add(amount);
            } else {
                cell.reactivation.add(amount);
                self.few[next + segment_before].churn.add(amount_before);
            }
            (next, amount_before, segment_before) = (row + segments, amount, segment);
        }
        if next > 0 {
            self.few[next + segment_before].churn.add(amount_before);
        }
    }

    fn add(mut self, mut other: Self) -> Self {
        for (cell, other) in self.all.iter_mut().zip(&mut other.all) {
            cell.sums().into_iter().zip(other.sums()).for_each(|(sum, other)| sum.merge(*other));
        }
        self.customers.iter_mut().zip(other.customers).for_each(|(customers, more)| *customers += more);
        self
    }
}

impl Ledger {
    /// Movements of recurring revenue in each period and segment: a scorecard keyed by `period` and the segments, with the
    /// revenue metrics, customer counts, MRR and ARR. Every period from the first to the last and every segment that was ever
    /// seen has a group, also where nothing moved; a group's rows are the customers that were ever in the segment.
    ///
    /// What changes for a customer who also changes its segment stands in the old one, as expansion, contraction or churn;
    /// what it pays afterwards is transferred out of it and into the new one. So in every group, exactly, and checked:
    /// `revenue_end = revenue_start + new + reactivation + expansion + transfer_in + fx - contraction - churn - transfer_out`.
    ///
    /// # Errors
    /// [`Error::ColumnNotFound`] for segments that the ledger does not have, [`Error::InvalidOption`] for a month in which no
    /// year can start.
    ///
    /// ```
    /// use svcmetrics::{Ledger, LedgerOptions, MovementOptions, Table};
    /// let table = Table::new(2)
    ///     .with("customer_id", vec!["a", "a"])
    ///     .with("month", vec!["2026-01", "2026-02"])
    ///     .with("revenue", vec![50_i64, 80])
    ///     .with("plan", vec!["basic", "pro"]);
    /// let ledger = Ledger::of(&table, LedgerOptions::default().by(["plan"]))?;
    /// let card = ledger.movements(&MovementOptions::default().by(["plan"]))?;
    /// let of = |metric: &str| card.figures(metric).map(|figures| figures[2..].iter().map(|f| f.value()).collect::<Vec<_>>());
    /// assert_eq!(of("revenue_expansion")?, [Some(30.0), Some(0.0)]); // February: basic, pro
    /// assert_eq!(of("revenue_transfer_out")?, [Some(80.0), Some(0.0)]);
    /// assert_eq!(of("revenue_transfer_in")?, [Some(0.0), Some(80.0)]);
    /// assert_eq!(of("revenue_end")?, [Some(0.0), Some(80.0)]);
    /// # Ok::<(), svcmetrics::Error>(())
    /// ```
    pub fn movements(&self, options: &MovementOptions) -> Result<Scorecard> {
        let definitions = definitions(options.unit, Origin::new(self, options))?;
        let (mut groups, mut totals) = (Vec::new(), Totals::new(definitions.width()));
        let mut keys = vec![KeyColumn::new(PERIOD, KeyType::Text)];
        if let Some(grid) = Grid::new(self, options.every, &options.by, options.fiscal_start)? {
            let cells = self.fold(
                || Cells::new(&grid),
                |cells, chunk, customers| cells.take(&grid, chunk, customers),
                Cells::add,
            );
            let segments = grid.segments.len();
            for (place, period) in (0..grid.periods).filter_map(|place| Some((place, grid.period(place)?))) {
                for (segment, of_segment) in grid.segments.iter().enumerate() {
                    let start = cells.all[place * segments + segment].end;
                    let cell = &cells.all[(place + 1) * segments + segment];
                    let mut key = vec![Key::from(period.to_string().as_str())];
                    key.extend(of_segment.iter().cloned());
                    let group =
                        Group { start, cell, customers: cells.customers[segment], covered: grid.covered(place) };
                    totals.push(&group.lanes(&definitions, &key)?);
                    groups.push(key);
                }
            }
            keys.extend(grid.columns);
        } else {
            keys.extend(self.segments_by(&options.by)?.1.columns);
        }
        let scopes = definitions.scopes.len();
        let mut largest_rounding = vec![0.0; scopes];
        largest_rounding.fill(self.diagnostics.largest_rounding);
        Ok(Scorecard {
            definitions,
            keys,
            period: Some(PERIOD.to_owned()),
            currency_key: None,
            over_time: false,
            // as it is of parts that are merged
            unique_checked: false,
            joined: false,
            groups,
            totals,
            distributions: Distributions::default(),
            spread: Spread::default(),
            largest_rounding,
            not_measured: Arc::default(),
            breakdowns: BTreeMap::new(),
        })
    }
}

fn definitions(unit: RunRate, origin: Origin) -> Result<Definitions> {
    let chosen = of_ledger(unit).into_iter().map(|metric| Chosen { metric, form: 0, shown: true });
    let parameters = Parameters {
        scale: PLACES,
        absent_revenue: None,
        currency: None,
        scales: Scales::default(),
        run_rate: Some(unit),
        origin: Some(origin),
    };
    Definitions::new(chosen.collect(), None, parameters)
}

/// A group of the scorecard.
struct Group<'a> {
    start: Sum<i128>,
    cell: &'a Cell<i128>,
    customers: i64,
    covered: (i32, i32),
}

impl Group<'_> {
    /// # Errors
    /// Where revenue or customers do not add up: a defect of ours, and no result is better than a wrong one.
    fn lanes(&self, definitions: &Definitions, key: &[Key]) -> Result<Vec<i128>> {
        let Self { start, cell, .. } = self;
        let [came, went] = [
            [start, &cell.new, &cell.reactivation, &cell.transfer_in],
            [&cell.churn, &cell.transfer_out, &cell.end, &Sum::<i128>::default()],
        ]
        .map(|sums| {
            sums.into_iter().fold(Sum::<i128>::default(), |mut all, sum| {
                all.merge(*sum);
                all
            })
        });
        if came.amount + cell.expansion.amount - cell.contraction.amount != went.amount
            || came.customers != went.customers
        {
            let problem = format!("the movements of {} do not add up; please report this", group_text(key));
            return Err(Error::InvalidDocument { what: "the ledger", problem });
        }
        let rows = i128::from(self.customers);
        let value = |id: &str| -> Option<i128> {
            Some(match id {
                "ledger_revenue_start" => start.amount,
                "ledger_revenue_end" => cell.end.amount,
                "ledger_revenue_new" => cell.new.amount,
                "ledger_revenue_reactivation" => cell.reactivation.amount,
                "ledger_revenue_expansion" => cell.expansion.amount,
                "ledger_revenue_contraction" => cell.contraction.amount,
                "ledger_revenue_churn" => cell.churn.amount,
                "ledger_revenue_transfer_in" => cell.transfer_in.amount,
                "ledger_revenue_transfer_out" => cell.transfer_out.amount,
                "ledger_revenue_fx" => 0,
                "ledger_transient_revenue" => cell.transient.amount,
                "ledger_months_covered" => rows * i128::from(self.covered.0),
                "ledger_months" => rows * i128::from(self.covered.1),
                "ledger_customers_start" => start.customers.into(),
                "ledger_customers_end" => cell.end.customers.into(),
                "ledger_customers_new" => cell.new.customers.into(),
                "ledger_customers_reactivated" => cell.reactivation.customers.into(),
                "ledger_customers_expanded" => cell.expansion.customers.into(),
                "ledger_customers_contracted" => cell.contraction.customers.into(),
                "ledger_customers_churned" => cell.churn.customers.into(),
                "ledger_customers_retained" => (start.customers - cell.churn.customers).into(),
                "ledger_transient_customers" => cell.transient.customers.into(),
                _ => return None,
            })
        };
        let mut lanes = vec![0; definitions.width()];
        lanes[0] = rows;
        // one scope: all rows count
        lanes[Definitions::scope_lane(0)] = rows;
        for (position, measure) in definitions.measures.iter().enumerate() {
            let unknown = || Error::InvalidDefinition {
                what: "measure",
                id: measure.id().into(),
                problem: "is of no ledger".into(),
            };
            lanes[definitions.measure_lane(position)] = value(measure.id()).ok_or_else(unknown)?;
        }
        Ok(lanes)
    }
}
