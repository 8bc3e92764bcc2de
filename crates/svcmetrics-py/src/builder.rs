//! Tables in: scorecards, health scores and checks, part by part.

use crate::capsule::Stream;
use crate::error::{PyError, Result, detached};
use crate::frame::Frame;
use crate::request::request;
use crate::scorecard::Scorecard;
use crate::table::Columns;
use arrow_array::{ArrayRef, RecordBatch, RecordBatchOptions, StringArray, UInt64Array, new_empty_array};
use arrow_schema::{Field, Schema};
use pyo3::exceptions::PyRuntimeError;
use pyo3::prelude::*;
use pyo3::types::PyDict;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};
use svcmetrics::{Check, Data, Error, HealthScorer, Request, ScorecardBuilder, Table, Values};

/// How long the core may go on before it is asked whether the user pressed Ctrl-C.
const PATIENCE: Duration = Duration::from_millis(20);

/// What takes a table's parts one after another.
pub(crate) trait Sink: Send {
    fn add(&mut self, part: &Table<'_>, go_on: &mut dyn FnMut() -> bool) -> std::result::Result<(), Error>;
}

impl Sink for ScorecardBuilder {
    fn add(&mut self, part: &Table<'_>, go_on: &mut dyn FnMut() -> bool) -> std::result::Result<(), Error> {
        self.add_while(part, go_on)
    }
}

impl Sink for HealthScorer {
    fn add(&mut self, part: &Table<'_>, go_on: &mut dyn FnMut() -> bool) -> std::result::Result<(), Error> {
        self.add_while(part, go_on)
    }
}

/// Adds a part without the interpreter's lock, listening for Ctrl-C; what its handler raises is what the caller gets.
fn add(py: Python<'_>, sink: &mut dyn Sink, part: &Table<'_>) -> Result<()> {
    let mut raised = None;
    let result = {
        let raised = &mut raised;
        detached(py, move || {
            let mut asked = Instant::now();
            sink.add(part, &mut || {
                if asked.elapsed() > PATIENCE {
                    #[allow(clippy::redundant_closure_for_method_calls)] // the method alone is of too short a lifetime
                    let signals = Python::attach(|py| py.check_signals());
                    *raised = signals.err();
                    asked = Instant::now();
                }
                raised.is_none()
            })
        })
    };
    match raised {
        Some(error) => Err(PyError::Python(error)),
        None => result,
    }
}

/// A table: an object with an Arrow stream, or columns that Python took out of a frame.
pub(crate) enum Source<'py> {
    Stream(Stream),
    Columns(Vec<String>, usize, Bound<'py, PyAny>),
}

impl<'py> Source<'py> {
    /// `table` has `__arrow_c_stream__`, or is a tuple of names, a number of rows and a function that gives columns by name.
    pub(crate) fn of(table: &Bound<'py, PyAny>) -> Result<Self> {
        if let Ok((names, rows, columns)) = table.extract::<(Vec<String>, usize, Bound<'py, PyAny>)>() {
            return Ok(Self::Columns(names, rows, columns));
        }
        Ok(Self::Stream(Stream::of(table)?))
    }

    pub(crate) fn names(&self) -> Vec<String> {
        match self {
            Self::Stream(stream) => stream.columns.iter().map(|column| column.name.clone()).collect(),
            Self::Columns(names, ..) => names.clone(),
        }
    }

    /// Gives every part, with only the columns of those names, to the sink.
    pub(crate) fn pour(self, py: Python<'py>, needed: &[String], sink: &mut dyn Sink) -> Result<()> {
        match self {
            Self::Columns(names, rows, columns) => {
                let mut held = Columns::new(rows);
                for name in names.iter().filter(|name| needed.contains(name)) {
                    // one after another, so that no more than one is held twice
                    held.push(name, &columns.call1((name,))?)?;
                }
                // The names that are not read still say what the table has.
                add(py, sink, &with_names(held.table()?, &names, needed, rows))
            }
            Self::Stream(stream) => pour_stream(py, stream, needed, sink),
        }
    }
}

/// The table with its other columns by name alone, so that the core can say what there is.
fn with_names<'a>(table: Table<'a>, names: &[String], needed: &[String], rows: usize) -> Table<'a> {
    names.iter().filter(|name| !needed.contains(name)).fold(table, |table, name| {
        match Data::new(Values::Unknown("not read".to_owned(), rows), svcmetrics::Nulls::None) {
            Ok(data) => table.with(name, data),
            Err(_) => table,
        }
    })
}

fn pour_stream(py: Python<'_>, mut stream: Stream, needed: &[String], sink: &mut dyn Sink) -> Result<()> {
    let names: Vec<String> = stream.columns.iter().map(|column| column.name.clone()).collect();
    let wanted: Vec<bool> = names.iter().map(|name| needed.contains(name)).collect();
    let fields: Vec<Option<Arc<Field>>> = stream.columns.iter().map(|column| column.field.clone().ok()).collect();
    let unknown: Vec<(String, String)> = stream
        .columns
        .iter()
        .filter_map(|column| Some((column.name.clone(), column.field.as_ref().err()?.clone())))
        .collect();
    let mut empty = true;
    loop {
        py.check_signals()?;
        let Some((rows, arrays)) = detached(py, || stream.next(&wanted))? else { break };
        empty = false;
        add(py, sink, &part(&batch(&fields, arrays, rows)?, &names, needed, &unknown, rows))?;
    }
    if empty {
        // An empty stream still has a schema, and so a complete result.
        let none = |(field, wanted): (&Option<Arc<Field>>, &bool)| {
            field.as_ref().filter(|_| *wanted).map(|field| new_empty_array(field.data_type()))
        };
        let arrays = fields.iter().zip(&wanted).map(none).collect();
        add(py, sink, &part(&batch(&fields, arrays, 0)?, &names, needed, &unknown, 0))?;
    }
    Ok(())
}

fn batch(fields: &[Option<Arc<Field>>], arrays: Vec<Option<ArrayRef>>, rows: usize) -> Result<RecordBatch> {
    let (fields, arrays): (Vec<Arc<Field>>, Vec<ArrayRef>) =
        fields.iter().zip(arrays).filter_map(|(field, array)| Some((field.clone()?, array?))).unzip();
    let options = RecordBatchOptions::new().with_row_count(Some(rows));
    let made = RecordBatch::try_new_with_options(Arc::new(Schema::new(fields)), arrays, &options);
    Ok(made.map_err(|error| crate::capsule::malformed(&error.to_string()))?)
}

fn part<'a>(
    batch: &'a RecordBatch,
    names: &[String],
    needed: &[String],
    unknown: &[(String, String)],
    rows: usize,
) -> Table<'a> {
    let mut table = with_names(Table::from(batch), names, needed, rows);
    for (name, format) in unknown.iter().filter(|(name, _)| needed.contains(name)) {
        if let Ok(data) = Data::new(Values::Unknown(format.clone(), rows), svcmetrics::Nulls::None) {
            table = table.with(name, data);
        }
    }
    table
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
        let needed = self.request.reads(&source.names())?;
        let mut builder = self.slot().take().ok_or_else(used)?;
        source.pour(py, &needed, &mut builder)?;
        *self.slot() = Some(builder);
        Ok(())
    }

    fn finish(&self, py: Python<'_>) -> Result<Scorecard> {
        let builder = self.slot().take().ok_or_else(used)?;
        Ok(Scorecard(detached(py, move || builder.finish())?))
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
    let request = request(options)?;
    let mut scorer = HealthScorer::new(request).points(explain);
    for table in tables.try_iter()? {
        let source = Source::of(&table?)?;
        let needed = scorer.reads(&source.names())?;
        source.pour(py, &needed, &mut scorer)?;
    }
    let (batch, model) = detached(py, move || scorer.finish_record_batch())?;
    Ok((Frame(batch), crate::health::HealthModel(model)))
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
        let names = source.names();
        source.pour(py, &names, &mut checking)?;
    }
    let check = detached(py, move || checking.0.finish())?;
    Ok((Frame(observations(&check)?), check.scorecard.clone().map(Scorecard), check.is_clean()))
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
    let names = source.names();
    source.pour(py, &names, &mut totals)?;
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
