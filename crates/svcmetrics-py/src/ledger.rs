//! Ledgers of recurring revenue.

use crate::error::{PyError, Result, detached};
use crate::frame::Frame;
use crate::request::{UNITS, get, policy};
use crate::scorecard::Scorecard;
use crate::source::{Sink, Source, patiently, reads_of};
use pyo3::exceptions::PyRuntimeError;
use pyo3::prelude::*;
use pyo3::types::PyDict;
use std::sync::Mutex;
use svcmetrics::{
    Diagnostics, Error, Every, Gaps, LedgerOptions, MoneyPolicy, Movement, MovementOptions, Period, RowSearch, Table,
};

impl Sink for svcmetrics::LedgerBuilder {
    fn add(&mut self, part: &Table<'_>, go_on: &mut dyn FnMut() -> bool) -> std::result::Result<(), Error> {
        self.add_while(part, go_on)
    }

    fn add_parts(&mut self, parts: &[Table<'_>], go_on: &mut dyn FnMut() -> bool) -> std::result::Result<(), Error> {
        self.add_parts_while(parts, go_on)
    }
}

impl Sink for svcmetrics::MovementsBuilder {
    fn add(&mut self, part: &Table<'_>, go_on: &mut dyn FnMut() -> bool) -> std::result::Result<(), Error> {
        self.add_while(part, go_on)
    }
}

impl Sink for RowSearch {
    fn add(&mut self, part: &Table<'_>, go_on: &mut dyn FnMut() -> bool) -> std::result::Result<(), Error> {
        self.add_while(part, go_on);
        Ok(())
    }
}

fn ledger_options(options: &Bound<'_, PyDict>) -> Result<LedgerOptions> {
    let name =
        |name: &str, otherwise: &str| Ok::<_, PyError>(get(options, name)?.unwrap_or_else(|| otherwise.to_owned()));
    let gaps = policy(options, "gaps", &[("zero", Gaps::Zero), ("error", Gaps::Error)])?;
    let money = [("auto", MoneyPolicy::Auto), ("exact", MoneyPolicy::Exact), ("round", MoneyPolicy::Round)];
    let money = policy(options, "money", &money)?;
    let mut made = LedgerOptions::default()
        .customer(name("customer", "customer_id")?)
        .month(name("month", "month")?)
        .revenue(name("revenue", "revenue")?)
        .by(get::<Vec<String>>(options, "by")?.unwrap_or_default())
        .loss_reason(get::<String>(options, "loss_reason")?.as_deref())
        .gain_reason(get::<String>(options, "gain_reason")?.as_deref())
        .loss_avoidable(get::<String>(options, "loss_avoidable")?.as_deref())
        .gaps(gaps.unwrap_or_default())
        .opening(get(options, "opening")?.unwrap_or_default())
        .money(money.unwrap_or_default())
        .nan_is_missing(get(options, "nan_is_missing")?.unwrap_or_default());
    if let Some(scale) = get(options, "scale")? {
        made = made.scale(scale);
    }
    if let Some((first, last)) = get::<(String, String)>(options, "months")? {
        made = made.months(first.parse()?, last.parse()?);
    }
    Ok(made)
}

fn movement_options(options: &Bound<'_, PyDict>) -> Result<MovementOptions> {
    let lengths = [("month", Every::Month), ("quarter", Every::Quarter), ("year", Every::Year)];
    let mut made = MovementOptions::default()
        .every(policy(options, "every", &lengths)?.unwrap_or(Every::Month))
        .by(get::<Vec<String>>(options, "by")?.unwrap_or_default())
        .unit(policy(options, "unit", &UNITS)?.unwrap_or_default());
    if let Some(month) = get(options, "fiscal_start")? {
        made = made.fiscal_start(month);
    }
    if let Some(metrics) = get::<Vec<String>>(options, "metrics")? {
        made = made.metrics(metrics);
    }
    if let Some(limit) = get(options, "max_groups")? {
        made = made.max_groups(limit);
    }
    Ok(made)
}

/// What to do to learn the row of what is wrong with rows that can be read once.
const IN_MEMORY: &str = "a stream is read once: of a table in memory, such as pyarrow.table(stream), the row is named";

/// Builds a ledger from parts.
#[pyclass(frozen, module = "svcmetrics._svcmetrics")]
pub(crate) struct LedgerBuilder {
    options: LedgerOptions,
    builder: Mutex<Option<svcmetrics::LedgerBuilder>>,
}

impl LedgerBuilder {
    fn take(&self) -> Result<svcmetrics::LedgerBuilder> {
        // A panic is caught before it could leave the lock poisoned.
        let builder = self.builder.lock().unwrap_or_else(std::sync::PoisonError::into_inner).take();
        Ok(builder.ok_or_else(|| PyRuntimeError::new_err("the builder is finished, or failed before"))?)
    }
}

#[pymethods]
impl LedgerBuilder {
    #[new]
    fn new(options: &Bound<'_, PyDict>) -> Result<Self> {
        let options = ledger_options(options)?;
        Ok(Self { builder: Mutex::new(Some(svcmetrics::LedgerBuilder::new(options.clone()))), options })
    }

    /// Adds a table, or a part of one; after an error the builder is of no use.
    fn add<'py>(&self, py: Python<'py>, table: &Bound<'py, PyAny>) -> Result<()> {
        let source = Source::of(table)?;
        let names = source.names()?;
        let mut builder = self.take()?;
        source.pour(py, &names, &reads_of(&names, &self.options.reads()), &mut builder)?;
        *self.builder.lock().unwrap_or_else(std::sync::PoisonError::into_inner) = Some(builder);
        Ok(())
    }

    /// `again` gives the same tables once more, where they can be read twice: an error may have a row to look for.
    #[pyo3(signature = (again=None))]
    fn finish<'py>(&self, py: Python<'py>, again: Option<&Bound<'py, PyAny>>) -> Result<Ledger> {
        let builder = self.take()?;
        let error = match patiently(py, |go_on| builder.finish_while(go_on)) {
            Err(PyError::Core(error)) => *error,
            other => return other.map(Ledger),
        };
        let mut search = RowSearch::new(self.options.clone(), error);
        let Some(tables) = again else { return Err(search.give_up(IN_MEMORY).into()) };
        if !search.is_over() {
            for table in tables.try_iter()? {
                let source = Source::of(&table?)?;
                let names = source.names()?;
                source.pour(py, &names, &reads_of(&names, &self.options.reads()), &mut search)?;
            }
        }
        Err(search.finish().into())
    }
}

/// The movements of tables whose customers ascend over all of them.
#[pyfunction]
pub(crate) fn streamed_movements<'py>(
    py: Python<'py>,
    tables: &Bound<'py, PyAny>,
    options: &Bound<'py, PyDict>,
    movements: &Bound<'py, PyDict>,
) -> Result<Scorecard> {
    let options = ledger_options(options)?;
    let reads = options.reads();
    let mut builder = svcmetrics::MovementsBuilder::new(options, movement_options(movements)?)?;
    for table in tables.try_iter()? {
        let source = Source::of(&table?)?;
        let names = source.names()?;
        source.pour(py, &names, &reads_of(&names, &reads), &mut builder)?;
    }
    Ok(Scorecard(patiently(py, |go_on| builder.finish_while(go_on))?))
}

/// Rows, months, added, gaps, rounded, and the largest rounding.
pub(crate) type Counted = (u64, u64, u64, u64, u64, f64);

pub(crate) fn counted(found: &Diagnostics) -> Counted {
    (found.rows, found.months, found.added, found.gaps, found.rounded, found.largest_rounding)
}

/// Recurring revenue by customer and month.
#[pyclass(frozen, module = "svcmetrics._svcmetrics", eq)]
#[derive(PartialEq)]
pub(crate) struct Ledger(svcmetrics::Ledger);

#[pymethods]
impl Ledger {
    fn movements(&self, py: Python<'_>, options: &Bound<'_, PyDict>) -> Result<Scorecard> {
        let options = movement_options(options)?;
        Ok(Scorecard(patiently(py, |go_on| self.0.movements_while(&options, go_on))?))
    }

    fn retention(&self, py: Python<'_>, options: &Bound<'_, PyDict>) -> Result<Retention> {
        let options = movement_options(options)?;
        Ok(Retention(patiently(py, |go_on| self.0.retention_while(&options, go_on))?))
    }

    /// A frame of the customers behind a movement of a period.
    fn behind(&self, py: Python<'_>, period: &str, movement: &str, options: &Bound<'_, PyDict>) -> Result<Frame> {
        let period = Period::parse_fiscal(period, get(options, "fiscal_start")?.unwrap_or(1))?;
        let (movement, options) = (Movement::named(movement)?, movement_options(options)?);
        Ok(Frame::from(patiently(py, |go_on| self.0.behind_record_batch_while(period, movement, &options, go_on))?))
    }

    /// A frame of the customers behind a cell of retention.
    fn behind_cohort(&self, py: Python<'_>, cohort: &str, age: u32, options: &Bound<'_, PyDict>) -> Result<Frame> {
        let cohort = Period::parse_fiscal(cohort, get(options, "fiscal_start")?.unwrap_or(1))?;
        let options = movement_options(options)?;
        Ok(Frame::from(patiently(py, |go_on| self.0.behind_cohort_record_batch_while(cohort, age, &options, go_on))?))
    }

    fn merge(&self, py: Python<'_>, other: &Self) -> Result<Self> {
        Ok(Self(detached(py, || self.0.merge(&other.0))?))
    }

    fn __len__(&self) -> usize {
        self.0.customers()
    }

    fn segments(&self) -> Vec<String> {
        self.0.options().segments().to_vec()
    }

    fn months(&self) -> Option<(String, String)> {
        self.0.months().map(|(first, last)| (first.to_string(), last.to_string()))
    }

    fn diagnostics(&self) -> Counted {
        counted(self.0.diagnostics())
    }

    fn to_json(&self, py: Python<'_>) -> Result<String> {
        detached(py, || self.0.to_json())
    }

    #[staticmethod]
    fn from_json(py: Python<'_>, text: &str) -> Result<Self> {
        Ok(Self(detached(py, || svcmetrics::Ledger::from_json(text))?))
    }
}

/// Retention by cohort.
#[pyclass(frozen, module = "svcmetrics._svcmetrics", eq)]
#[derive(PartialEq)]
pub(crate) struct Retention(svcmetrics::Retention);

#[pymethods]
impl Retention {
    fn frame(&self, py: Python<'_>) -> Result<Frame> {
        Ok(Frame::from(detached(py, || self.0.to_record_batch())?))
    }

    fn to_json(&self, py: Python<'_>) -> Result<String> {
        detached(py, || self.0.to_json())
    }

    #[staticmethod]
    fn from_json(py: Python<'_>, text: &str) -> Result<Self> {
        Ok(Self(detached(py, || svcmetrics::Retention::from_json(text))?))
    }

    fn triangle(&self, py: Python<'_>, value: &str) -> Result<Frame> {
        Ok(Frame::from(detached(py, || self.0.triangle_record_batch(value))?))
    }
}
