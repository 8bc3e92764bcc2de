//! Rows are read, judged and scored, block by block.

use super::columns::{Data, Table};
use super::currency::OneCurrency;
use super::instants;
use super::intake::{self, Cells, State};
use super::judge::{Judge, Status, addend};
use super::offences::Offences;
use super::plan::{Plan, PlannedColumn, RowMetric, Slot};
use crate::column::ColumnKind;
use crate::error::{Error, Offence, Result, shown};
use crate::health::Scored;
use crate::mask::Mask;
use crate::money::{MICROS, nearest_difference};
use crate::request::{AbsentRevenue, OnInvalid, Request};
use std::ops::Range;
use std::sync::Arc;

/// Rows where exactly one of the two revenues is null.
#[derive(Debug, Default, Clone, Copy)]
pub(crate) struct Absent {
    pub(crate) start: u64,
    pub(crate) end: u64,
    first: Option<u64>,
}

impl Absent {
    /// Rows of a block in which the start alone, or the end alone, is null; the block begins at row `first`.
    pub(super) fn add(&mut self, (start, end): (Mask, Mask), first: u64) {
        start.each(|_| self.start += 1);
        end.each(|_| self.end += 1);
        (start | end).each(|row| {
            self.first.get_or_insert(first + row as u64);
        });
    }
}

#[cfg(feature = "rayon")]
impl Absent {
    fn take_over(&mut self, other: Self) {
        self.start += other.start;
        self.end += other.end;
        self.first = [self.first, other.first].into_iter().flatten().min();
    }
}

/// Reads and judges rows, block by block.
#[derive(Debug, Clone)]
pub(crate) struct Rows {
    pub(crate) plan: Arc<Plan>,
    on_invalid: OnInvalid,
    pub(super) absent_revenue: Option<AbsentRevenue>,
    check: bool,
    nan_is_missing: bool,
    keep: usize,
    /// Rows of the parts before.
    pub(crate) before: u64,
    /// By column, once a block was read.
    pub(super) cells: Vec<Cells>,
    pub(super) statuses: Vec<Vec<Status>>,
    pub(crate) scored: Vec<Scored>,
    /// What health reads, by metric: each row's value.
    pub(crate) values: Vec<Vec<Option<f64>>>,
    pub(crate) offences: Offences,
    pub(crate) absent: Absent,
    currency: OneCurrency,
    /// More than one currency, where that is what a check finds and no reason to stop.
    pub(crate) mixed: Option<Error>,
    /// Whether times have a zone, and the first column of times.
    zoned: Option<(bool, String)>,
}

impl Rows {
    pub(crate) fn new(request: &Request, names: &[String]) -> Result<Self> {
        let plan = Plan::new(request, names)?;
        Ok(Self {
            on_invalid: request.on_invalid,
            absent_revenue: request.absent_revenue,
            check: request.check,
            nan_is_missing: request.nan_is_missing,
            keep: request.keep,
            before: 0,
            cells: Vec::new(),
            statuses: vec![Vec::new(); plan.scopes.len()],
            scored: Vec::new(),
            values: plan.health.iter().flat_map(|health| health.reads.iter().map(|_| Vec::new())).collect(),
            offences: Offences::new(request.keep),
            absent: Absent::default(),
            currency: OneCurrency(request.given_currency().filter(|_| plan.definitions.adds_money()).cloned()),
            mixed: None,
            zoned: None,
            plan: Arc::new(plan),
        })
    }

    /// The same without what was found so far.
    #[cfg(feature = "rayon")]
    pub(super) fn emptied(&self) -> Self {
        Self { offences: Offences::new(self.keep), absent: Absent::default(), ..self.clone() }
    }

    /// Adds what another has found in other rows of the same parts.
    #[cfg(feature = "rayon")]
    pub(super) fn take_over(&mut self, other: &Self) {
        self.absent.take_over(other.absent);
        self.offences.take_over(&other.offences);
    }

    /// The columns of a part in the order of the plan; none for computed ones.
    pub(crate) fn part<'t, 'a>(
        &mut self,
        table: &'t Table<'a>,
        go_on: &mut dyn FnMut() -> bool,
    ) -> Result<Vec<Option<&'t Data<'a>>>> {
        let mut part = Vec::with_capacity(self.plan.columns.len());
        for (slot, planned) in self.plan.columns.iter().enumerate() {
            if planned.column.kind.is_computed() {
                part.push(None);
                continue;
            }
            let data = required(table, &planned.source)?;
            if intake::wrong_type(planned.column.kind, data)
                && let Some(row) = (0..table.rows()).find(|row| !data.is_null(*row))
            {
                let (expected, hint) = State::WrongType.expected(&planned.column, &planned.reading);
                let problem = format!("is of type {} with", data.values.type_name());
                let offence = Offence::new(&planned.source, problem, expected)
                    .metric(&planned.metric)
                    .hint(hint.unwrap_or_default())
                    .at(Some(self.before + row as u64), &data.shown(row));
                // Every value that is there is of the wrong type.
                let there = || (row..table.rows()).filter(|row| !data.is_null(*row));
                let named = |row: usize| (self.before + row as u64, shown(&data.shown(row)));
                let (count, first) = (there().count() as u64, there().take(self.keep).map(named).collect());
                let offence = Offence { count, first, ..offence };
                if !self.check {
                    return Err(Error::ColumnType(Box::new(offence)));
                }
                let make = |offence| State::WrongType.error(offence);
                self.offences.merge((0, slot, State::WrongType as u8), make, offence);
            }
            if planned.column.kind == ColumnKind::Instant {
                one_kind_of_time(&mut self.zoned, planned, data, self.before)?;
            }
            part.push(Some(data));
        }
        if let Some(source) = self.plan.currency.clone() {
            let data = required(table, &source)?;
            match self.currency.see(&source, data, self.nan_is_missing, self.before, go_on) {
                Err(error) if self.check && error.kind() == "mixed_currency" => {
                    self.mixed.get_or_insert(error);
                }
                other => other?,
            }
        }
        Ok(part)
    }

    /// The one currency that was seen, or given.
    pub(crate) fn currency(&self) -> Option<String> {
        self.currency.0.clone().filter(|_| self.mixed.is_none())
    }

    /// Reads, judges and scores a block of a part's rows.
    pub(crate) fn block(&mut self, part: &[Option<&Data<'_>>], rows: Range<usize>) {
        if self.cells.is_empty() {
            self.cells = self.plan.columns.iter().map(|planned| Cells::of(&planned.column)).collect();
        }
        for ((planned, data), cells) in self.plan.columns.iter().zip(part).zip(&mut self.cells) {
            if let Some(data) = data {
                intake::read(&planned.column, data, rows.clone(), &planned.reading, cells);
                #[cfg(feature = "test-faults")]
                if super::faults::planted("null_as_zero") {
                    super::faults::nulls_as_zeros(cells);
                }
            }
        }
        self.settle_absent_revenue(&rows);
        self.judge(part, &rows, false);
        if self.plan.health.is_some() {
            self.score(rows.len());
            self.judge(part, &rows, true);
        }
    }

    /// One revenue null and the other not: counted, and read as 0 where that is what the caller says.
    fn settle_absent_revenue(&mut self, rows: &Range<usize>) {
        let Some((start, end)) = self.plan.revenues else { return };
        for position in 0..rows.len() {
            let missing = |slot: Slot| self.cells[slot].states[position] == State::Missing;
            let slot = match (missing(start), missing(end)) {
                (true, false) => {
                    self.absent.start += 1;
                    start
                }
                (false, true) => {
                    self.absent.end += 1;
                    end
                }
                _ => continue,
            };
            self.absent.first.get_or_insert(self.before + (rows.start + position) as u64);
            if self.absent_revenue == Some(AbsentRevenue::Zero) {
                self.cells[slot].states[position] = State::Fine;
                self.cells[slot].values[position] = 0;
            }
        }
    }

    fn judge(&mut self, part: &[Option<&Data<'_>>], rows: &Range<usize>, after_health: bool) {
        for (position, scope) in self.plan.scopes.iter().enumerate() {
            if scope.after_health != after_health {
                continue;
            }
            let judge = Judge { plan: &self.plan, cells: &self.cells, scope, position };
            let statuses = &mut self.statuses[position];
            judge.statuses(rows.len(), statuses);
            for (row, _) in statuses.iter().enumerate().filter(|(_, status)| **status == Status::Invalid) {
                judge.report(
                    part,
                    rows.start,
                    row,
                    self.before,
                    self.on_invalid == OnInvalid::Skip && !self.check,
                    &mut self.offences,
                );
            }
        }
    }

    fn score(&mut self, rows: usize) {
        let Some(health) = &self.plan.health else { return };
        for (read, values) in health.reads.iter().zip(&mut self.values) {
            *values = row_values(read, &self.plan, &self.statuses, &self.cells, rows);
        }
        self.scored.clear();
        let mut of_row = vec![None; self.values.len()];
        for row in 0..rows {
            for (value, values) in of_row.iter_mut().zip(&self.values) {
                *value = values[row];
            }
            self.scored.push(health.scoring.score(&of_row));
        }
        let (score, band) = (health.score, health.band);
        self.cells[score].fill(self.scored.iter().map(|scored| scored.score));
        self.cells[band].fill(self.scored.iter().map(|scored| i64::try_from(scored.band).ok()));
    }

    /// A metric's value on each of the block's rows.
    pub(crate) fn values_of(&self, metric: &RowMetric, rows: usize) -> Vec<Option<f64>> {
        row_values(metric, &self.plan, &self.statuses, &self.cells, rows)
    }

    /// Rows with one revenue that nobody explained.
    pub(crate) fn absent_revenue(&self) -> Option<Error> {
        if let (None, Some(row), Some((start, end))) = (self.absent_revenue, self.absent.first, self.plan.revenues) {
            return Some(Error::AbsentRevenue {
                start: self.plan.columns[start].source.clone(),
                end: self.plan.columns[end].source.clone(),
                start_absent: self.absent.start,
                end_absent: self.absent.end,
                count: self.absent.start + self.absent.end,
                row,
            });
        }
        None
    }

    /// What stands in the way of a result, if anything does; all rows have been seen.
    pub(crate) fn verdict(&self) -> Result<()> {
        self.absent_revenue().or_else(|| self.offences.first()).map_or(Ok(()), Err)
    }
}

/// Times with a zone and times without one are not subtracted from each other.
fn one_kind_of_time(
    zoned: &mut Option<(bool, String)>,
    planned: &PlannedColumn,
    data: &Data<'_>,
    before: u64,
) -> Result<()> {
    let mut kind = zoned.as_ref().map(|(kind, _)| *kind);
    let other = instants::other_zone(data, &mut kind);
    if let (None, Some(kind)) = (&zoned, kind) {
        *zoned = Some((kind, planned.source.clone()));
    }
    let (Some(row), Some((kind, first))) = (other, zoned) else { return Ok(()) };
    let expected = format!("a time {} a zone, as in '{first}'", if *kind { "with" } else { "without" });
    let offence = Offence::new(&planned.source, "found the time", expected)
        .metric(&planned.metric)
        .hint("give all times of a case a zone, or none, as in df[column].dt.tz_localize(\"UTC\")")
        .at(Some(before + row as u64), &data.shown(row));
    Err(Error::ColumnType(Box::new(offence)))
}

pub(crate) fn required<'t, 'a>(table: &'t Table<'a>, name: &str) -> Result<&'t Data<'a>> {
    table.get(name)?.ok_or_else(|| Error::ColumnNotFound {
        metric: None,
        missing: vec![(name.to_owned(), Vec::new())],
        available: table.names(),
    })
}

/// Each row's value of a metric: a customer is a group of one.
#[allow(clippy::cast_precision_loss)] // numerator and denominator are each converted once, by definition
fn row_values(
    metric: &RowMetric,
    plan: &Plan,
    statuses: &[Vec<Status>],
    cells: &[Cells],
    rows: usize,
) -> Vec<Option<f64>> {
    let parts = |metric: &RowMetric| {
        let parts = row_parts(metric, plan, statuses, cells, rows).into_iter();
        parts.map(|part| part.filter(|(_, denominator)| *denominator != 0))
    };
    match metric {
        RowMetric::Difference(one, two) => {
            parts(one).zip(parts(two)).map(|(one, two)| Some(nearest_difference(one?, two?))).collect()
        }
        _ => parts(metric)
            .map(|part| part.map(|(numerator, denominator)| numerator as f64 / denominator as f64))
            .collect(),
    }
}

/// Numerators and denominators, aligned; none where the row does not count.
pub(super) fn row_parts(
    metric: &RowMetric,
    plan: &Plan,
    statuses: &[Vec<Status>],
    cells: &[Cells],
    rows: usize,
) -> Vec<Option<(i128, i128)>> {
    let RowMetric::Quotient { scope, numerator, denominator } = metric else { return vec![None; rows] };
    let is_micro = |terms: &[(i32, usize)]| terms.iter().any(|(_, position)| plan.sums[*position].micro);
    let micro = is_micro(numerator) || denominator.as_deref().is_some_and(is_micro);
    let total = |terms: &[(i32, usize)], row: usize| -> i128 {
        let one = |(coefficient, position): &(i32, usize)| {
            let sum = &plan.sums[*position];
            let scale = if micro && !sum.micro { i128::from(MICROS) } else { 1 };
            addend(sum, cells, row) * scale * i128::from(*coefficient)
        };
        terms.iter().map(one).sum()
    };
    let part = |row: usize| {
        if statuses[*scope][row] != Status::Counted {
            return None;
        }
        let denominator = match denominator {
            Some(terms) => total(terms, row),
            None => i128::from(if micro { MICROS } else { 1 }),
        };
        Some((total(numerator, row), denominator))
    };
    (0..rows).map(part).collect()
}
