//! Rows -> measures -> totals: blocks of rows are read, judged, scored and summed.

use super::columns::{Data, Table};
use super::groups::{Groups, Identities};
use super::intake::{self, Cells, State};
use super::offences::Offences;
use super::plan::{Plan, PlannedScope, PlannedSum, RowMetric, Slot};
use crate::condition::Condition;
use crate::definitions::COUNTS;
use crate::error::{Error, Offence, Result, shown};
use crate::health::Scored;
use crate::key::group_text;
use crate::measure::Expression;
use crate::money::{MICROS, nearest_difference};
use crate::request::{AbsentRevenue, OnInvalid, Request};
use std::ops::Range;

/// Rows that are read, judged and summed together; their columns stay in the cache.
const BLOCK: usize = 1024;

/// How a row stands to a scope, in the order of the first four of [`COUNTS`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Status {
    Counted,
    Missing,
    Invalid,
    Outside,
}

/// A condition's answer for one row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Answer {
    Yes,
    No,
    /// A column it asks for is null.
    Missing,
    /// A column it asks for holds what cannot be used.
    Unusable,
}

/// Rows where exactly one of the two revenues is null.
#[derive(Debug, Default, Clone, Copy)]
pub(crate) struct Absent {
    pub(crate) start: u64,
    pub(crate) end: u64,
    first: Option<u64>,
}

/// Reads and judges rows, block by block.
#[derive(Debug, Clone)]
pub(crate) struct Rows {
    pub(crate) plan: Plan,
    on_invalid: OnInvalid,
    absent_revenue: Option<AbsentRevenue>,
    check: bool,
    /// Rows of the parts before.
    pub(crate) before: u64,
    cells: Vec<Cells>,
    statuses: Vec<Vec<Status>>,
    pub(crate) scored: Vec<Scored>,
    /// What health reads, by metric: each row's value.
    pub(crate) values: Vec<Vec<Option<f64>>>,
    pub(crate) offences: Offences,
    pub(crate) absent: Absent,
    currency: Option<String>,
}

impl Rows {
    pub(crate) fn new(request: &Request, names: &[String]) -> Result<Self> {
        let plan = Plan::new(request, names)?;
        let cells = |planned: &super::plan::PlannedColumn| Cells { micro: planned.column.kind.is_micro(), ..Cells::default() };
        Ok(Self {
            on_invalid: request.on_invalid,
            absent_revenue: request.absent_revenue,
            check: request.check,
            before: 0,
            cells: plan.columns.iter().map(cells).collect(),
            statuses: vec![Vec::new(); plan.scopes.len()],
            scored: Vec::new(),
            values: plan.health.iter().flat_map(|health| health.reads.iter().map(|_| Vec::new())).collect(),
            offences: Offences::new(request.keep),
            absent: Absent::default(),
            currency: None,
            plan,
        })
    }

    /// The columns of a part in the order of the plan; none for computed ones.
    pub(crate) fn part<'t, 'a>(&mut self, table: &'t Table<'a>) -> Result<Vec<Option<&'t Data<'a>>>> {
        let mut part = Vec::new();
        for planned in &self.plan.columns {
            if planned.column.kind.is_computed() {
                part.push(None);
                continue;
            }
            let data = required(table, &planned.source)?;
            if intake::wrong_type(planned.column.kind, data)
                && let Some(row) = (0..table.rows()).find(|row| !data.is_null(*row))
            {
                let (expected, hint) = State::WrongType.expected(planned.column.kind, &planned.reading);
                let offence = Offence::new(&planned.source, format!("is of type {} with", data.values.type_name()), expected)
                    .metric(&planned.metric)
                    .hint(hint.unwrap_or_default());
                return Err(Error::ColumnType(Box::new(offence.at(Some(self.before + row as u64), &data.shown(row)))));
            }
            part.push(Some(data));
        }
        if let Some(source) = self.plan.currency.clone() {
            self.one_currency(&source, required(table, &source)?)?;
        }
        Ok(part)
    }

    fn one_currency(&mut self, column: &str, data: &Data<'_>) -> Result<()> {
        for row in (0..data.values.len()).filter(|row| !data.is_null(*row)) {
            // A dictionary's few texts and a column's repeated one are shown in the same way, so this compares values.
            let found = data.shown(row);
            match &self.currency {
                Some(known) if *known == found => {}
                None => self.currency = Some(found),
                Some(known) => {
                    return Err(Error::MixedCurrency {
                        column: column.to_owned(),
                        first: shown(known),
                        second: shown(&found),
                        row: self.before + row as u64,
                    });
                }
            }
        }
        Ok(())
    }

    /// The one currency that was seen.
    pub(crate) fn currency(&self) -> Option<String> {
        self.currency.as_ref().map(|currency| currency.trim_matches('\'').to_owned())
    }

    /// Reads, judges and scores a block of a part's rows.
    pub(crate) fn block(&mut self, part: &[Option<&Data<'_>>], rows: Range<usize>) {
        for ((planned, data), cells) in self.plan.columns.iter().zip(part).zip(&mut self.cells) {
            if let Some(data) = data {
                intake::read(planned.column.kind, data, rows.clone(), &planned.reading, cells);
                #[cfg(feature = "test-faults")]
                if faults::planted("null_as_zero") {
                    faults::nulls_as_zeros(cells);
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
                judge.report(part, rows.start, row, self.before, self.on_invalid == OnInvalid::Skip && !self.check, &mut self.offences);
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

    /// How the block's rows stand to the scope of that id, where it is there.
    pub(crate) fn standing(&self, scope: &str) -> Option<&[Status]> {
        self.plan.definitions.scope_position(scope).map(|position| self.statuses[position].as_slice())
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

fn required<'t, 'a>(table: &'t Table<'a>, name: &str) -> Result<&'t Data<'a>> {
    table.get(name)?.ok_or_else(|| Error::ColumnNotFound { metric: None, missing: vec![(name.to_owned(), Vec::new())], available: table.names() })
}

/// Judges a block's rows for one scope.
struct Judge<'a> {
    plan: &'a Plan,
    cells: &'a [Cells],
    scope: &'a PlannedScope,
    position: usize,
}

impl Judge<'_> {
    fn statuses(&self, rows: usize, statuses: &mut Vec<Status>) {
        statuses.clear();
        statuses.resize(rows, Status::Counted);
        let mut unusable = vec![false; rows];
        if let Some(among) = &self.scope.among {
            for (row, answer) in ask(among, self.cells, rows).into_iter().enumerate() {
                match answer {
                    Answer::Yes => {}
                    Answer::No => statuses[row] = Status::Outside,
                    Answer::Missing => statuses[row] = Status::Missing,
                    Answer::Unusable => unusable[row] = true,
                }
            }
        }
        for slot in self.scope.among_slots.iter().chain(&self.scope.reads) {
            let asked_only = !self.scope.reads.contains(slot);
            for ((status, state), unusable) in statuses.iter_mut().zip(&self.cells[*slot].states).zip(&mut unusable) {
                if *status == Status::Counted {
                    if *state == State::Missing {
                        // a null that `among` could do without is none that the sums need
                        if !asked_only {
                            *status = Status::Missing;
                        }
                    } else if state.is_bad() {
                        *unusable = true;
                    }
                }
            }
        }
        for (status, unusable) in statuses.iter_mut().zip(&unusable) {
            if *status == Status::Counted && *unusable {
                *status = Status::Invalid;
            }
        }
        for (rule, _) in &self.scope.rules {
            for (status, answer) in statuses.iter_mut().zip(ask(rule, self.cells, rows)) {
                if *status == Status::Counted && answer == Answer::No {
                    *status = Status::Invalid;
                }
            }
        }
    }

    /// Says what is wrong with an invalid row, unless such rows are to be skipped.
    fn report(&self, part: &[Option<&Data<'_>>], start: usize, position: usize, before: u64, skip: bool, offences: &mut Offences) {
        let row = start + position;
        let at = before + row as u64;
        for slot in self.scope.among_slots.iter().chain(&self.scope.reads) {
            let state = self.cells[*slot].states[position];
            let (true, Some(data)) = (state.is_bad(), part[*slot]) else { continue };
            if skip && state.can_be_skipped() {
                return;
            }
            let planned = &self.plan.columns[*slot];
            let make: fn(Offence) -> Error = match state {
                State::NotANumber => |offence| State::NotANumber.error(offence),
                State::Places => |offence| State::Places.error(offence),
                State::Range => |offence| State::Range.error(offence),
                State::WrongType => |offence| State::WrongType.error(offence),
                _ => |offence| State::Negative.error(offence),
            };
            offences.add((self.position, *slot, state as u8), at, &data.shown(row), make, || {
                let (expected, hint) = state.expected(planned.column.kind, &planned.reading);
                let problem = if state == State::WrongType { format!("is of type {} with", data.values.type_name()) } else { "found".to_owned() };
                let offence = Offence::new(&planned.source, problem, expected).metric(&self.scope.metric);
                match hint {
                    Some(hint) => offence.hint(hint),
                    None => offence,
                }
            });
            return;
        }
        if skip {
            return;
        }
        for (place, (rule, definition)) in self.scope.rules.iter().enumerate() {
            if ask_row(rule, self.cells, position) != Answer::No {
                continue;
            }
            // The part is to blame: the first column of the left side.
            let Some(slot) = rule.columns().first().map(|slot| **slot) else { return };
            let value = part[slot].map(|data| data.shown(row)).unwrap_or_default();
            let others: Vec<String> = rule.columns().into_iter().skip(1).filter_map(|slot| {
                Some(format!("{} {}", self.plan.columns[*slot].source, part[*slot]?.shown(row)))
            }).collect();
            offences.add((self.position, self.plan.columns.len() + place, 0), at, &value, |offence| State::Negative.error(offence), || {
                Offence::new(&self.plan.columns[slot].source, "found", format!("{definition}, with {}", others.join(", ")))
                    .metric(&self.scope.metric)
                    .hint("on_invalid=\"skip\" leaves such rows out and counts them")
            });
            return;
        }
    }
}

/// The answers of a block's rows.
fn ask(condition: &Condition<Slot>, cells: &[Cells], rows: usize) -> Vec<Answer> {
    (0..rows).map(|row| ask_row(condition, cells, row)).collect()
}

fn ask_row(condition: &Condition<Slot>, cells: &[Cells], row: usize) -> Answer {
    let yes = |holds: bool| if holds { Answer::Yes } else { Answer::No };
    match condition {
        Condition::IsTrue(slot) => value(*slot, cells, row).map_or_else(|answer| answer, |value| yes(value == 1)),
        Condition::IsFalse(slot) => value(*slot, cells, row).map_or_else(|answer| answer, |value| yes(value == 0)),
        Condition::Present(slot) => yes(cells[*slot].states[row] != State::Missing),
        Condition::Compare(left, comparison, right) => {
            let micro = is_micro(left, cells) || is_micro(right, cells);
            match (evaluate(left, micro, cells, row), evaluate(right, micro, cells, row)) {
                (Ok(left), Ok(right)) => yes(comparison.holds(left, right)),
                (Err(Answer::Missing), _) | (_, Err(Answer::Missing)) => Answer::Missing,
                _ => Answer::Unusable,
            }
        }
        Condition::All(conditions) => {
            let mut worst = Answer::Yes;
            for condition in conditions {
                match ask_row(condition, cells, row) {
                    Answer::No => return Answer::No,
                    Answer::Missing => worst = Answer::Missing,
                    Answer::Unusable if worst == Answer::Yes => worst = Answer::Unusable,
                    _ => {}
                }
            }
            worst
        }
    }
}

fn value(slot: Slot, cells: &[Cells], row: usize) -> Result<i64, Answer> {
    match cells[slot].states[row] {
        State::Fine | State::Rounded | State::Negative => Ok(cells[slot].values[row]),
        State::Missing => Err(Answer::Missing),
        _ => Err(Answer::Unusable),
    }
}

fn is_micro(expression: &Expression<Slot>, cells: &[Cells]) -> bool {
    expression.columns().any(|slot| cells[*slot].micro) || expression.constant % MICROS != 0
}

/// An expression on a row, in millionths (`micro`) or whole units.
fn evaluate(expression: &Expression<Slot>, micro: bool, cells: &[Cells], row: usize) -> Result<i128, Answer> {
    let mut total = i128::from(if micro { expression.constant } else { expression.constant / MICROS });
    for (coefficient, slot) in &expression.terms {
        let scale = if micro && !cells[*slot].micro { MICROS } else { 1 };
        // 63 + 20 + 31 bits at the most
        total += i128::from(value(*slot, cells, row)?) * i128::from(scale) * i128::from(*coefficient);
    }
    Ok(total)
}

/// What a counted row adds to a sum.
fn addend(sum: &PlannedSum, cells: &[Cells], row: usize) -> i128 {
    if let Some(only) = &sum.only
        && ask_row(only, cells, row) != Answer::Yes
    {
        return 0;
    }
    evaluate(&sum.sum, sum.micro, cells, row).unwrap_or(0)
}

/// Each row's value of a metric that health reads: a customer is a group of one.
#[allow(clippy::cast_precision_loss)] // numerator and denominator are each converted once, by definition
fn row_values(metric: &RowMetric, plan: &Plan, statuses: &[Vec<Status>], cells: &[Cells], rows: usize) -> Vec<Option<f64>> {
    let parts = row_parts(metric, plan, statuses, cells, rows);
    match metric {
        RowMetric::Difference(one, two) => {
            let parts = |metric: &RowMetric| row_parts(metric, plan, statuses, cells, rows);
            parts(one).into_iter().zip(parts(two)).map(|(one, two)| Some(nearest_difference(one?, two?))).collect()
        }
        _ => parts.into_iter().map(|part| part.map(|(numerator, denominator)| numerator as f64 / denominator as f64)).collect(),
    }
}

/// Numerators and denominators, aligned; none where the row does not count or the denominator is 0.
fn row_parts(metric: &RowMetric, plan: &Plan, statuses: &[Vec<Status>], cells: &[Cells], rows: usize) -> Vec<Option<(i128, i128)>> {
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
        (denominator != 0).then(|| (total(numerator, row), denominator))
    };
    (0..rows).map(part).collect()
}

/// Sums rows into exact totals by group.
#[derive(Debug, Clone)]
pub(crate) struct Engine {
    pub(crate) rows: Rows,
    pub(crate) groups: Groups,
    pub(crate) identities: Option<Identities>,
    /// Row-major: a group's lanes stand together.
    pub(crate) totals: Vec<i128>,
    /// By scope, the largest distance between a value and what it was rounded to.
    pub(crate) largest_rounding: Vec<f64>,
}

impl Engine {
    pub(crate) fn new(request: &Request, names: &[String]) -> Result<Self> {
        let rows = Rows::new(request, names)?;
        let definitions = &rows.plan.definitions;
        Ok(Self {
            groups: Groups::new(&rows.plan.by, request.max_groups),
            identities: rows.plan.identity.as_deref().map(|column| Identities::new(column, request.keep)),
            // without keys there is one group, of no rows at first
            totals: if rows.plan.by.is_empty() { vec![0; definitions.width()] } else { Vec::new() },
            largest_rounding: vec![0.0; definitions.scopes.len()],
            rows,
        })
    }

    /// Adds a part's rows; `go_on` is asked between blocks.
    pub(crate) fn add(&mut self, table: &Table<'_>, go_on: &mut dyn FnMut() -> bool) -> Result<()> {
        let part = self.rows.part(table)?;
        let keys = self.rows.plan.by.iter().map(|key| required(table, key)).collect::<Result<Vec<_>>>()?;
        let before = self.rows.before;
        if !go_on() {
            return Err(Error::Interrupted);
        }
        let groups = self.groups.assign(&keys, table.rows(), before)?;
        self.totals.resize(self.groups.len() * self.rows.plan.definitions.width(), 0);
        if let Some(identities) = &mut self.identities {
            let column = identities.name().to_owned();
            identities.add(required(table, &column)?, &groups, before)?;
        }
        let mut start = 0;
        while start < table.rows() {
            if !go_on() {
                return Err(Error::Interrupted);
            }
            let end = table.rows().min(start + BLOCK);
            self.rows.block(&part, start..end);
            self.sum(&groups[start..end])?;
            start = end;
        }
        self.rows.before += table.rows() as u64;
        Ok(())
    }

    fn sum(&mut self, groups: &[u32]) -> Result<()> {
        let Rows { plan, statuses, cells, .. } = &self.rows;
        let width = plan.definitions.width();
        for group in groups {
            self.totals[*group as usize * width] += 1;
        }
        for (position, scope) in plan.scopes.iter().enumerate() {
            let lane = plan.definitions.scope_lane(position);
            for (group, status) in groups.iter().zip(&statuses[position]) {
                self.totals[*group as usize * width + lane + *status as usize] += 1;
            }
            let mut slots: Vec<Slot> = scope.among_slots.iter().chain(&scope.reads).copied().collect();
            slots.sort_unstable();
            slots.dedup();
            for (row, off) in slots.iter().flat_map(|slot| &cells[*slot].off) {
                if statuses[position][*row] == Status::Counted {
                    self.totals[groups[*row] as usize * width + lane + COUNTS.len() - 1] += 1;
                    self.largest_rounding[position] = self.largest_rounding[position].max(*off);
                }
            }
        }
        for (position, sum) in plan.sums.iter().enumerate() {
            let lane = plan.definitions.measure_lane(position);
            for (row, (group, status)) in groups.iter().zip(&statuses[sum.scope]).enumerate() {
                if *status == Status::Counted {
                    let total = &mut self.totals[*group as usize * width + lane];
                    let value = addend(sum, cells, row);
                    #[cfg(feature = "test-faults")]
                    let value = faults::mean_of_rates(plan, position, cells, row).unwrap_or(value);
                    #[cfg(feature = "test-faults")]
                    if faults::planted("float_sums") {
                        *total = faults::float_sum(*total, value);
                        continue;
                    }
                    *total = total.checked_add(value).ok_or_else(|| Error::Overflow {
                        measure: plan.definitions.measures[position].id.to_string(),
                        group: group_text(&self.groups.keys(*group)),
                        limit: "128 bits",
                    })?;
                }
            }
        }
        Ok(())
    }
}

/// Wrong on purpose, where the environment asks for it: the tests must notice.
#[cfg(feature = "test-faults")]
mod faults {
    use super::{Cells, Plan, State, addend};
    use crate::metric::Form;
    use std::sync::LazyLock;

    static FAULT: LazyLock<String> = LazyLock::new(|| std::env::var("SVCMETRICS_FAULT").unwrap_or_default());

    pub(super) fn planted(fault: &str) -> bool {
        *FAULT == fault
    }

    pub(super) fn nulls_as_zeros(cells: &mut Cells) {
        cells.states.iter_mut().filter(|state| **state == State::Missing).for_each(|state| *state = State::Fine);
    }

    /// The sum as it would be in a double, in units.
    #[allow(clippy::cast_precision_loss, clippy::cast_possible_truncation)]
    pub(super) fn float_sum(total: i128, value: i128) -> i128 {
        ((total as f64 / 1e6 + value as f64 / 1e6) * 1e6) as i128
    }

    /// A group's rate as the mean of its rows' rates.
    pub(super) fn mean_of_rates(plan: &Plan, position: usize, cells: &[Cells], row: usize) -> Option<i128> {
        if !planted("mean_of_rates") {
            return None;
        }
        let id = &plan.definitions.measures[position].id;
        plan.definitions.chosen.iter().find_map(|chosen| {
            let Form::Quotient { numerator, denominator } = chosen.form() else { return None };
            let ([(_, one)], [(_, other)]) = (numerator.as_slice(), denominator.as_slice()) else { return None };
            if one.id != *id && other.id != *id {
                return None;
            }
            let of = |id: &str| plan.definitions.measures.iter().position(|m| m.id == id).map(|p| addend(&plan.sums[p], cells, row));
            let whole = of(&other.id)?;
            Some(match (whole, other.id == *id) {
                (0, _) => 0,
                (_, true) => 1_000_000,
                (_, false) => of(&one.id)? * 1_000_000 / whole,
            })
        })
    }
}
