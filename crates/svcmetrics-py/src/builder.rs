//! Scorecards, health scores and checks of tables that come part by part.

use crate::error::{Result, detached};
use crate::frame::Frame;
use crate::request::request;
use crate::scorecard::Scorecard;
use crate::source::{Sink, Source, patiently, reads_of};
use crate::table::Reads;
use arrow_array::{ArrayRef, RecordBatch, StringArray, UInt64Array};
use pyo3::exceptions::PyRuntimeError;
use pyo3::prelude::*;
use pyo3::types::PyDict;
use std::sync::{Arc, Mutex};
use svcmetrics::{Check, Error, HealthScorer, Request, ScorecardBuilder, Table};

impl Sink for ScorecardBuilder {
    fn add(&mut self, part: &Table<'_>, go_on: &mut dyn FnMut() -> bool) -> std::result::Result<(), Error> {
        self.add_while(part, go_on)
    }

    fn add_parts(&mut self, parts: &[Table<'_>], go_on: &mut dyn FnMut() -> bool) -> std::result::Result<(), Error> {
        self.add_parts_while(parts, go_on)
    }
}

impl Sink for HealthScorer {
    fn add(&mut self, part: &Table<'_>, go_on: &mut dyn FnMut() -> bool) -> std::result::Result<(), Error> {
        self.add_while(part, go_on)
    }

    fn add_parts(&mut self, parts: &[Table<'_>], go_on: &mut dyn FnMut() -> bool) -> std::result::Result<(), Error> {
        self.add_parts_while(parts, go_on)
    }
}

fn used() -> PyErr {
    PyRuntimeError::new_err("the builder is finished, or failed before")
}

/// Builds a scorecard from parts.
#[pyclass(frozen, module = "svcmetrics._svcmetrics")]
pub(crate) struct Builder {
    request: Request,
    builder: Mutex<Option<ScorecardBuilder>>,
}

impl Builder {
    fn slot(&self) -> std::sync::MutexGuard<'_, Option<ScorecardBuilder>> {
        // A panic is caught before it could leave the lock poisoned.
        self.builder.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }
}

#[pymethods]
impl Builder {
    #[new]
    fn new(options: &Bound<'_, PyDict>) -> Result<Self> {
        let request = request(options)?;
        Ok(Self { builder: Mutex::new(Some(ScorecardBuilder::new(request.clone()))), request })
    }

    /// Adds a table, or a part of one; after an error the builder is of no use.
    fn add<'py>(&self, py: Python<'py>, table: &Bound<'py, PyAny>) -> Result<()> {
        let source = Source::of(table)?;
        let names = source.names()?;
        let reads = reads_of(&names, &self.request.reads(&names)?);
        let mut builder = self.slot().take().ok_or_else(used)?;
        source.pour(py, &names, &reads, &mut builder)?;
        *self.slot() = Some(builder);
        Ok(())
    }

    fn finish(&self, py: Python<'_>) -> Result<Scorecard> {
        let builder = self.slot().take().ok_or_else(used)?;
        Ok(Scorecard(patiently(py, |go_on| builder.finish_while(go_on))?))
    }
}

/// A frame with the health of every customer, and the model as it fitted.
#[pyfunction]
pub(crate) fn health_scores<'py>(
    py: Python<'py>,
    tables: &Bound<'py, PyAny>,
    options: &Bound<'py, PyDict>,
    explain: bool,
) -> Result<(Frame, crate::health::HealthModel)> {
    let scorer = scored(py, tables, HealthScorer::new(request(options)?).points(explain))?;
    let (batches, model) = detached(py, move || scorer.finish_record_batches())?;
    Ok((Frame::of(batches), crate::health::HealthModel(model)))
}

/// The same without points, and the scorecard of the same rows.
#[pyfunction]
pub(crate) fn scorecard_with_scores<'py>(
    py: Python<'py>,
    tables: &Bound<'py, PyAny>,
    options: &Bound<'py, PyDict>,
) -> Result<(Scorecard, Frame)> {
    let scorer = scored(py, tables, HealthScorer::with_scorecard(request(options)?).points(false))?;
    let (batches, card) = detached(py, move || scorer.finish_record_batches_with_scorecard())?;
    Ok((Scorecard(card), Frame::of(batches)))
}

/// The scorer, with the tables' rows.
fn scored<'py>(py: Python<'py>, tables: &Bound<'py, PyAny>, mut scorer: HealthScorer) -> Result<HealthScorer> {
    for table in tables.try_iter()? {
        let table = table?;
        let source = Source::of(&table)?;
        let names = source.names()?;
        source.pour(py, &names, &reads_of(&names, &scorer.reads(&names)?), &mut scorer)?;
    }
    Ok(scorer)
}

/// A check under way: every column is read, since nulls are counted everywhere.
struct Checking(svcmetrics::Checker);

impl Sink for Checking {
    fn add(&mut self, part: &Table<'_>, go_on: &mut dyn FnMut() -> bool) -> std::result::Result<(), Error> {
        self.0.add(part, go_on)
    }
}

/// A frame of what was found, the scorecard where there could be one, and whether nothing is wrong.
#[pyfunction]
pub(crate) fn check<'py>(
    py: Python<'py>,
    tables: &Bound<'py, PyAny>,
    options: &Bound<'py, PyDict>,
) -> Result<(Frame, Option<Scorecard>, bool)> {
    let mut checking = Checking(svcmetrics::Checker::new(request(options)?));
    for table in tables.try_iter()? {
        let source = Source::of(&table?)?;
        let names = source.names()?;
        source.pour(py, &names, &vec![Reads::Values; names.len()], &mut checking)?;
    }
    let check = detached(py, move || checking.0.finish())?;
    Ok((Frame::from(observations(&check)?), check.scorecard.clone().map(Scorecard), check.is_clean()))
}

/// Totals that are read back: parts are scorecards of their own, and merge.
struct Totals {
    request: Request,
    card: Option<svcmetrics::Scorecard>,
    /// Of a part without rows, which cannot say whether time was rolled away.
    empty: Option<svcmetrics::Scorecard>,
}

impl Sink for Totals {
    fn add(&mut self, part: &Table<'_>, _: &mut dyn FnMut() -> bool) -> std::result::Result<(), Error> {
        let card = svcmetrics::Scorecard::from_measures(part, &self.request)?;
        if part.rows() == 0 {
            self.empty = Some(card);
            return Ok(());
        }
        self.card = Some(match &self.card {
            Some(earlier) => earlier.merge(&card)?,
            None => card,
        });
        Ok(())
    }
}

/// The scorecard of a table of exact totals.
#[pyfunction]
pub(crate) fn from_measures<'py>(
    py: Python<'py>,
    table: &Bound<'py, PyAny>,
    options: &Bound<'py, PyDict>,
) -> Result<Scorecard> {
    let mut totals = Totals { request: request(options)?, card: None, empty: None };
    let source = Source::of(table)?;
    let names = source.names()?;
    source.pour(py, &names, &vec![Reads::Values; names.len()], &mut totals)?;
    totals.card.or(totals.empty).map(Scorecard).ok_or_else(|| used().into())
}

fn observations(check: &Check) -> Result<RecordBatch> {
    let found = &check.observations;
    let text = |get: fn(&svcmetrics::Observation) -> Option<&str>| {
        Arc::new(found.iter().map(get).collect::<StringArray>()) as ArrayRef
    };
    let columns: [(&str, ArrayRef); 7] = [
        ("finding", text(|observation| Some(&observation.kind))),
        ("metric", text(|observation| observation.metric.as_deref())),
        ("column", text(|observation| observation.column.as_deref())),
        ("row", Arc::new(found.iter().map(|observation| observation.row).collect::<UInt64Array>())),
        ("value", text(|observation| observation.value.as_deref())),
        ("expected", text(|observation| observation.expected.as_deref())),
        ("count", Arc::new(found.iter().map(|observation| Some(observation.count)).collect::<UInt64Array>())),
    ];
    Ok(RecordBatch::try_from_iter_with_nullable(columns.map(|(name, array)| (name, array, true)))
        .map_err(|error| PyRuntimeError::new_err(error.to_string()))?)
}
