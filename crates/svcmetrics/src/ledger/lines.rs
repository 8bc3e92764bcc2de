//! A part of a table as lines of a ledger: who, in which month, how much, in which segment.

use super::months;
use super::options::LedgerOptions;
use super::who::{AS_TEXT, CUSTOMERS, CustomerKind, Who, can_be_customers, whole};
use crate::column::{Column, ColumnKind};
use crate::engine::choose::near;
use crate::engine::columns::{Data, Nulls, Table, Values};
use crate::engine::intake::{self, Cells, Reading, State};
use crate::error::{Error, OFFENDERS_NAMED, Offence, Result, shown};
use crate::money::{MAGIC, MICROS, MoneyPolicy, PLACES, nearest_decimal};
use crate::request::ColumnUnit;
use multiversion::target::target_cfg_f;
use std::borrow::Cow;
use std::num::IntErrorKind;
use std::ops::Range;

/// Months of a year.
const YEAR: i64 = 12;

/// Amounts of a month up to here are fine as they are: a year's is below 2^63, and [`MAGIC`] is exact.
const CERTAIN_BELOW: f64 = 100_000_000.0;

/// What is wrong with rows: the first of them whole, the others counted.
#[derive(Debug, Clone, Default)]
pub(super) struct Faults {
    found: Vec<(State, Offence)>,
}

impl Faults {
    pub(super) fn add(&mut self, state: State, row: u64, value: &str, offence: impl FnOnce() -> Offence) {
        let of = offence();
        let value = shown(value);
        match self.found.iter_mut().find(|(known, offence)| *known == state && offence.column == of.column) {
            None => self.found.push((state, of.at(Some(row), &value))),
            Some((_, offence)) => {
                offence.count += 1;
                if offence.first.len() < OFFENDERS_NAMED {
                    offence.first.push((row, value));
                }
            }
        }
    }

    pub(super) fn merge(&mut self, later: Self) {
        for (state, offence) in later.found {
            match self.found.iter_mut().find(|(known, found)| *known == state && found.column == offence.column) {
                None => self.found.push((state, offence)),
                Some((_, found)) => {
                    found.count += offence.count;
                    found.first.extend(offence.first);
                    found.first.truncate(OFFENDERS_NAMED);
                }
            }
        }
    }

    /// The error for the first row at fault.
    pub(super) fn error(&self) -> Option<Error> {
        let first = self.found.iter().min_by_key(|(_, offence)| offence.row)?;
        Some(first.0.error(first.1.clone()))
    }
}

/// How far numbers were rounded.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(super) struct Rounding {
    pub(super) values: u64,
    pub(super) largest: f64,
}

impl Rounding {
    pub(super) fn merge(&mut self, other: Self) {
        self.values += other.values;
        self.largest = self.largest.max(other.largest);
    }
}

/// A part's columns.
pub(super) struct Part<'a> {
    options: &'a LedgerOptions,
    /// What the customers are; nothing where there are none.
    pub(super) kind: Option<CustomerKind>,
    customers: &'a Data<'a>,
    months: &'a Data<'a>,
    revenue: &'a Data<'a>,
    column: Column,
    reading: Reading,
    /// The months that the data is of, where they were given.
    range: Option<(i32, i32)>,
    /// Rows of parts before.
    pub(super) before: u64,
}

/// The one column of a name, which must be there.
pub(super) fn required<'a>(table: &'a Table<'_>, name: &str) -> Result<&'a Data<'a>> {
    table.get(name)?.ok_or_else(|| {
        let available = table.names();
        let near = near(name, available.iter().map(String::as_str));
        Error::ColumnNotFound { metric: None, missing: vec![(name.to_owned(), near)], available }
    })
}

impl<'a> Part<'a> {
    /// # Errors
    /// What is wrong with the columns at once: those that are missing, or one of a type that cannot be read.
    pub(super) fn new(table: &'a Table<'_>, options: &'a LedgerOptions, before: u64) -> Result<Self> {
        let column = Column::new(options.revenue.clone(), ColumnKind::Money);
        let reading = Reading {
            policy: options.money,
            scale: options.scale,
            nan_is_missing: options.nan_is_missing,
            unit: ColumnUnit::OWN,
        };
        reading.validate(&options.revenue)?;
        all_there(table, options)?;
        let customers = required(table, &options.customer)?;
        let part = Self {
            kind: CustomerKind::of(customers),
            customers,
            months: required(table, &options.month)?,
            revenue: required(table, &options.revenue)?,
            column,
            reading,
            range: options.range()?,
            options,
            before,
        };
        let refuse = |data: &Data<'_>, column: &str, expected: &str, hint: &str| {
            let (kind, is_known) = (data.values.type_name(), !matches!(data.values, Values::Unknown(..)));
            // of an unknown type there is no value to show
            let value = if is_known && !data.values.is_empty() { data.shown(0) } else { String::new() };
            let problem = format!("is of type {kind}{}", if value.is_empty() { "" } else { ", with" });
            let offence = Offence::new(column, problem, expected).hint(hint);
            let row = (!data.values.is_empty()).then_some(before);
            Err(Error::ColumnType(Box::new(offence.at(row, &value))))
        };
        if table.rows() == 0 {
            // a column without values may be of whatever type
            return Ok(part);
        }
        if !months::can_be_months(part.months) {
            return refuse(part.months, &options.month, MONTHS, hint_for_months(part.months));
        }
        if !can_be_customers(part.customers) {
            return refuse(part.customers, &options.customer, CUSTOMERS, AS_TEXT);
        }
        if intake::wrong_type(ColumnKind::Money, part.revenue) {
            return refuse(part.revenue, &options.revenue, ColumnKind::Money.expected(), intake::AS_NUMBER);
        }
        Ok(part)
    }

    /// Whether the customer of a row is that of the row before.
    pub(super) fn goes_on(&self, row: usize) -> bool {
        match (&self.customers.values, &self.customers.nulls) {
            (Values::Int64(numbers), _) => numbers[row] == numbers[row - 1],
            (Values::Text(texts), Nulls::None) => texts.text(row) == texts.text(row - 1),
            _ => self.customers.plain(row) == self.customers.plain(row - 1),
        }
    }

    /// Who has some of these rows, about so many of them, from first to last.
    pub(super) fn looks(&self, rows: Range<usize>, count: usize) -> impl Iterator<Item = Who<'a>> {
        let (mut faults, step) = (Faults::default(), (rows.len() / count).max(1));
        rows.step_by(step).map(move |row| self.who(row..row + 1, &mut faults))
    }

    /// Who has these rows, after who has the row before.
    pub(super) fn who_after(&self, rows: Range<usize>, faults: &mut Faults) -> Who<'a> {
        let before = rows.start - 1;
        if let (Values::Int64(_) | Values::Int32(_) | Values::Text(_), Nulls::None) =
            (&self.customers.values, &self.customers.nulls)
        {
            return self.who(before..rows.end, faults);
        }
        // what is wrong with the row before was said
        let before = self.who(before..rows.start, &mut Faults::default());
        before.then(self.who(rows, faults))
    }

    /// Who has these rows.
    pub(super) fn who(&self, rows: Range<usize>, faults: &mut Faults) -> Who<'a> {
        let data = self.customers;
        match (&data.values, &data.nulls) {
            (Values::Int64(numbers), Nulls::None) => return Who::Whole(Cow::Borrowed(&numbers[rows])),
            (Values::Int32(numbers), Nulls::None) => {
                return Who::Whole(numbers[rows].iter().map(|number| i64::from(*number)).collect());
            }
            (Values::Text(texts), Nulls::None) => {
                return Who::Column(&**texts, rows);
            }
            _ => {}
        }
        let kind = self.kind.as_ref().unwrap_or(&CustomerKind::Whole);
        if *kind == CustomerKind::Whole {
            let whole = |row: usize| {
                whole(data, row).unwrap_or_else(|| {
                    self.fault_of_customer(row, faults);
                    0
                })
            };
            return Who::Whole(rows.map(whole).collect());
        }
        let text = |row: usize| {
            kind.text(data, row).unwrap_or_else(|| {
                self.fault_of_customer(row, faults);
                Cow::Borrowed("")
            })
        };
        Who::Texts(rows.map(text).collect())
    }

    /// Who has these rows and of which months they are, without a word on what is wrong with them.
    pub(super) fn who_and_when(&self, rows: Range<usize>) -> (Who<'a>, Vec<i32>) {
        let mut months = Vec::with_capacity(rows.len());
        months::read(self.months, rows.clone(), &mut months, &mut |_| {});
        (self.who(rows, &mut Faults::default()), months)
    }

    fn fault_of_customer(&self, row: usize, faults: &mut Faults) {
        let value = self.customers.shown(row);
        let offence = Offence::new(&self.options.customer, "holds", CUSTOMERS);
        let offence = if self.customers.is_null(row) {
            offence.hint("leave out the rows of nobody, or say who it is")
        } else if value.parse::<i64>().is_err_and(|error| *error.kind() == IntErrorKind::PosOverflow) {
            let expected = "text, or whole numbers below 2^63";
            Offence { expected: expected.into(), ..offence }.hint(AS_TEXT)
        } else {
            offence.hint(AS_TEXT)
        };
        faults.add(State::WrongType, self.before + row as u64, &value, || offence);
    }

    /// Months of these rows, appended.
    pub(super) fn months(&self, rows: Range<usize>, months: &mut Vec<i32>, faults: &mut Faults) {
        let first = months.len();
        let row_of = |row: usize| self.before + row as u64;
        months::read(self.months, rows.clone(), months, &mut |row| {
            let offence = || Offence::new(&self.options.month, "holds", MONTHS);
            let state = if months::is_of_other_type(self.months, row) { State::WrongType } else { State::NotBoolean };
            faults.add(state, row_of(row), &self.months.shown(row), offence);
        });
        if let Some((earliest, latest)) = self.range {
            let outside = |month: &i32| *month < earliest || *month > latest;
            if months[first..].iter().any(outside) {
                for (row, _) in rows.zip(&months[first..]).filter(|(_, month)| outside(month)) {
                    let offence = || Offence::new(&self.options.month, "holds", "one of the months that were given");
                    faults.add(State::WrongWord, row_of(row), &self.months.shown(row), offence);
                }
            }
        }
    }

    /// Amounts of these rows, appended.
    pub(super) fn amounts(
        &self,
        rows: Range<usize>,
        amounts: &mut Vec<i64>,
        cells: &mut Cells,
        faults: &mut Faults,
    ) -> Rounding {
        if let Some(floats) = self.floats()
            && certain(&floats[rows.clone()], amounts)
        {
            return Rounding::default();
        }
        intake::read(&self.column, self.revenue, rows.clone(), &self.reading, cells);
        let mut rounding = Rounding::default();
        for (place, row) in rows.enumerate() {
            let (value, mut state) = (cells.values[place], cells.states[place]);
            let amount = value.checked_mul(YEAR);
            if matches!(state, State::Fine | State::Rounded) && amount.is_none() {
                state = State::Range;
            }
            if !matches!(state, State::Fine | State::Rounded) {
                self.fault_of_revenue(state, row, faults);
            }
            rounding.values += u64::from(state == State::Rounded);
            amounts.push(amount.unwrap_or_default());
        }
        rounding.largest = cells.off.iter().fold(0.0, |largest, (_, off)| largest.max(*off));
        rounding
    }

    /// The revenue, where it is of floats that may all be amounts as they stand: [`certain`] says whether some are.
    pub(super) fn floats(&self) -> Option<&'a [f64]> {
        match (&self.revenue.values, &self.revenue.nulls) {
            (Values::Float64(values), Nulls::None)
                if self.reading.scale == PLACES && self.reading.policy != MoneyPolicy::Exact =>
            {
                Some(values)
            }
            _ => None,
        }
    }

    fn fault_of_revenue(&self, state: State, row: usize, faults: &mut Faults) {
        let offence = || {
            let (expected, hint) = match state {
                State::Missing => ("an amount, 0 or more; unknown revenue is not 0".to_owned(), Some(NOTHING_PAID)),
                // missing is no revenue either
                State::NotANumber => ("an amount, 0 or more".to_owned(), Some(NOTHING_PAID)),
                State::Range => ("less than 2^63 millionths a year (7.6 x 10^11 a month)".to_owned(), None),
                State::Negative | State::Infinite => (self.column.expected(), None),
                _ => state.expected(&self.column, &self.reading),
            };
            let offence = Offence::new(&self.options.revenue, "holds", expected);
            if let Some(hint) = hint { offence.hint(hint) } else { offence }
        };
        faults.add(state, self.before + row as u64, &self.revenue.shown(row), offence);
    }
}

/// Amounts of floats that all are decimals of a few places, and not large; otherwise nothing is appended.
pub(super) fn certain(values: &[f64], amounts: &mut Vec<i64>) -> bool {
    let before = amounts.len();
    amounts.resize(before + values.len(), 0);
    let certain = floats(values, &mut amounts[before..]);
    if !certain {
        amounts.truncate(before);
    }
    certain
}

/// Whether all are decimals of six places, from 0 to below a bound; what they are a year, in micro-units.
#[multiversion::multiversion(targets("x86_64+avx512f+avx512dq", "x86_64+avx2+fma"))]
#[allow(clippy::needless_bitwise_bool)] // without branches, many at once
fn floats(values: &[f64], amounts: &mut [i64]) -> bool {
    #[allow(clippy::cast_precision_loss)] // a power of ten
    const PLACES: f64 = MICROS as f64;
    const MULTIPLY_ADD: bool = target_cfg_f!(target_feature = "fma");
    let mut certain = true;
    for (amount, value) in amounts.iter_mut().zip(values) {
        let (shifted, is_nearest) = nearest_decimal::<MULTIPLY_ADD>(*value, PLACES);
        certain &= is_nearest & (*value >= 0.0) & (*value < CERTAIN_BELOW);
        *amount = shifted.to_bits().wrapping_sub(MAGIC.to_bits()).cast_signed().wrapping_mul(YEAR);
    }
    certain
}

const MONTHS: &str = "a month: a date, a time without a zone, or text as 2026-03 or 2026-03-31";
const NOTHING_PAID: &str = "give 0 where the customer paid nothing, or leave the row out";

/// How to make months of a column that says none.
fn hint_for_months(data: &Data<'_>) -> &'static str {
    match &data.values {
        Values::Dictionary { values, .. } => hint_for_months(values),
        Values::Timestamps { .. } => "drop its zone before, as in df[column].dt.tz_localize(None)",
        Values::Unknown(name, _) if name.starts_with("period") => {
            "make it the time at which it starts before, as in df[column].dt.to_timestamp()"
        }
        Values::Int8(_)
        | Values::Int16(_)
        | Values::Int32(_)
        | Values::Int64(_)
        | Values::UInt8(_)
        | Values::UInt16(_)
        | Values::UInt32(_)
        | Values::UInt64(_) => {
            "say what it counts, as in pandas.to_datetime(df[column].astype(str), format=\"%Y%m\") for 202603"
        }
        Values::Float32(_) | Values::Float64(_) => {
            "say what it counts, as in pandas.to_datetime(df[column].astype(\"Int64\").astype(\"string\"), \
             format=\"%Y%m\") for 202603"
        }
        _ => "make it a date or text before, as in df[column].dt.strftime(\"%Y-%m\")",
    }
}

/// # Errors
/// [`Error::ColumnNotFound`] with all that are missing.
fn all_there(table: &Table<'_>, options: &LedgerOptions) -> Result<()> {
    let available = table.names();
    let missing = options.required().into_iter().filter(|name| !available.contains(name));
    let missing: Vec<(String, Vec<String>)> = missing
        .map(|name| {
            let near = near(&name, available.iter().map(String::as_str));
            (name, near)
        })
        .collect();
    if missing.is_empty() { Ok(()) } else { Err(Error::ColumnNotFound { metric: None, missing, available }) }
}
