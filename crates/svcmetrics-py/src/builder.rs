//! Tables in: scorecards, health scores and checks, part by part.

use crate::capsule::{Batch, Checked, Stream, Unchecked};
use crate::error::{PyError, Result, detached};
use crate::frame::Frame;
use crate::ready::Names;
use crate::request::request;
use crate::scorecard::Scorecard;
use crate::table::{Arrays, Columns, Reads};
use arrow_array::cast::AsArray as _;
use arrow_array::{ArrayRef, RecordBatch, RecordBatchOptions, StringArray, UInt64Array};
use arrow_schema::{Field, Schema};
use pyo3::exceptions::PyRuntimeError;
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyList, PyTuple};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};
use svcmetrics::arrow::{Runs, column, recurring};
use svcmetrics::{Check, Data, Error, HealthScorer, Request, ScorecardBuilder, Table, Values};

/// How long the core may go on before it is asked whether the user pressed Ctrl-C.
const PATIENCE: Duration = Duration::from_millis(20);

/// Batches in memory that are read together at the most: each takes some kilobytes beside its rows, which may be few.
const TOGETHER: usize = 1024;

/// Rows of batches that are checked together: more would keep Ctrl-C waiting.
const ROWS: usize = 1 << 23;

/// What takes a table's parts in their order: one, as it comes, or several that are all there.
pub(crate) trait Sink: Send {
    fn add(&mut self, part: &Table<'_>, go_on: &mut dyn FnMut() -> bool) -> std::result::Result<(), Error>;

    fn add_parts(&mut self, parts: &[Table<'_>], go_on: &mut dyn FnMut() -> bool) -> std::result::Result<(), Error> {
        parts.iter().try_for_each(|part| self.add(part, go_on))
    }
}

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

/// Works without the interpreter's lock, listening for Ctrl-C; what its handler raises is what the caller gets.
pub(crate) fn patiently<T: Send>(
    py: Python<'_>,
    work: impl FnOnce(&mut dyn FnMut() -> bool) -> std::result::Result<T, Error> + Send,
) -> Result<T> {
    let mut raised = None;
    let result = {
        let raised = &mut raised;
        detached(py, move || {
            let mut asked = Instant::now();
            work(&mut || {
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

/// Adds a part.
fn add(py: Python<'_>, sink: &mut dyn Sink, part: &Table<'_>) -> Result<()> {
    patiently(py, |go_on| sink.add(part, go_on))
}

/// A table: an object with an Arrow stream, plain arrays, or columns that Python takes out of a frame.
pub(crate) enum Source<'py> {
    Stream(Stream),
    Arrays(Bound<'py, Arrays>),
    /// Names, a number of rows, and a function that gives the columns at some positions, one after another.
    Columns(Bound<'py, PyList>, usize, Bound<'py, PyAny>),
}

impl<'py> Source<'py> {
    /// `table` has `__arrow_c_stream__`, or is as [`Source::of_columns`] says.
    pub(crate) fn of(table: &Bound<'py, PyAny>) -> Result<Self> {
        match Self::of_columns(table)? {
            Some(source) => Ok(source),
            None => Ok(Self::Stream(Stream::of(table)?)),
        }
    }

    /// A table of which only the columns that are read are touched: `Arrays`, or a tuple of names, a number of rows and a
    /// function.
    pub(crate) fn of_columns(table: &Bound<'py, PyAny>) -> Result<Option<Self>> {
        if let Ok(arrays) = table.cast_exact::<Arrays>() {
            return Ok(Some(Self::Arrays(arrays.clone())));
        }
        let Ok(table) = table.cast_exact::<PyTuple>() else { return Ok(None) };
        let (names, rows, columns) = table.extract::<(Bound<'py, PyList>, usize, Bound<'py, PyAny>)>()?;
        Ok(Some(Self::Columns(names, rows, columns)))
    }

    pub(crate) fn names(&self) -> Result<Vec<String>> {
        Ok(match self {
            Self::Stream(stream) => stream.columns.iter().map(|column| column.name.clone()).collect(),
            Self::Arrays(arrays) => arrays.get().names(arrays.py())?,
            Self::Columns(names, ..) => names.extract()?,
        })
    }

    /// The objects that are the names of its columns; a stream has none.
    pub(crate) fn name_objects(&self) -> Vec<Py<PyAny>> {
        match self {
            Self::Stream(_) => Vec::new(),
            Self::Arrays(arrays) => arrays.get().name_objects(arrays.py()),
            Self::Columns(names, ..) => names.iter().map(Bound::unbind).collect(),
        }
    }

    /// Whether those are the names of its columns.
    pub(crate) fn is_named(&self, names: &Names) -> bool {
        match self {
            Self::Stream(stream) => stream.columns.iter().map(|column| &column.name).eq(&names.texts),
            Self::Arrays(arrays) => arrays.get().are_named(arrays.py(), names),
            Self::Columns(own, ..) => names.are(own.iter()),
        }
    }

    /// Gives every part to the sink, with values only in the columns that are read.
    pub(crate) fn pour(self, py: Python<'py>, names: &[String], reads: &[Reads], sink: &mut dyn Sink) -> Result<()> {
        match self {
            Self::Arrays(arrays) => {
                let held = arrays.get().held(py, names, reads)?;
                add(py, sink, &with_names(held.table()?, names, reads))
            }
            Self::Columns(_, rows, columns) => {
                let mut held = Columns::new(rows, names.len());
                let positions: Vec<usize> =
                    (0..names.len()).filter(|position| reads[*position] != Reads::Nothing).collect();
                // one after another, so that no more than one is held twice
                let each = columns.call1((&positions,))?.try_iter()?;
                for (position, column) in positions.iter().zip(each) {
                    held.push(&names[*position], &column?, reads[*position])?;
                }
                add(py, sink, &with_names(held.table()?, names, reads))
            }
            Self::Stream(stream) => pour_stream(py, stream, names, reads, sink),
        }
    }
}

/// The table with its other columns by name alone, so that the core can say what there is.
fn with_names<'a>(table: Table<'a>, names: &'a [String], reads: &[Reads]) -> Table<'a> {
    let rows = table.rows();
    names.iter().zip(reads).filter(|(_, reads)| **reads == Reads::Nothing).fold(table, |table, (name, _)| {
        match Data::new(Values::Unknown("not read".to_owned(), rows), svcmetrics::Nulls::None) {
            Ok(data) => table.with_borrowed(name, data),
            Err(_) => table,
        }
    })
}

fn pour_stream(
    py: Python<'_>,
    mut stream: Stream,
    names: &[String],
    reads: &[Reads],
    sink: &mut dyn Sink,
) -> Result<()> {
    let wanted: Vec<bool> = reads.iter().map(|reads| *reads != Reads::Nothing).collect();
    let fields: Vec<Option<Arc<Field>>> = stream.columns.iter().map(|column| column.field.clone().ok()).collect();
    let unknown: Vec<(String, String)> = stream
        .columns
        .iter()
        .zip(&wanted)
        .filter_map(|(column, wanted)| {
            Some((column.name.clone(), column.field.as_ref().err().filter(|_| *wanted)?.clone()))
        })
        .collect();
    let mut add = |stream: &Stream, batches: Vec<Batch>| -> Result<()> {
        let held = batches.into_iter().map(|batch| Held::new(stream, &fields, batch)).collect::<Result<Vec<_>>>()?;
        let parts = held.iter().map(|held| held.part(stream, names, reads, &unknown)).collect::<Result<Vec<_>>>()?;
        patiently(py, |go_on| sink.add_parts(&parts, go_on))
    };
    let together = if stream.is_there { TOGETHER } else { 1 };
    let (mut unchecked, mut batches, mut is_empty) = (Vec::new(), Vec::new(), true);
    loop {
        py.check_signals()?;
        let next = detached(py, || stream.next(&wanted))?;
        let is_over = next.is_none();
        is_empty &= is_over;
        unchecked.extend(next);
        let rows: usize = unchecked.iter().map(|batch: &Unchecked| batch.rows).sum();
        if is_over || rows >= ROWS || batches.len() + unchecked.len() == together {
            let (some, columns) = (std::mem::take(&mut unchecked), &stream.columns);
            batches.extend(detached(py, || Unchecked::all_checked(&some, columns))?);
        }
        if is_over {
            break;
        }
        if batches.len() == together {
            add(&stream, std::mem::take(&mut batches))?;
        }
    }
    if is_empty {
        // An empty stream still has a schema, and so a complete result.
        let none = |(field, wanted): (&Option<Arc<Field>>, &bool)| {
            Some(Checked::empty(field.as_ref().filter(|_| *wanted)?.data_type()))
        };
        batches.push((0, fields.iter().zip(&wanted).map(none).collect()));
    }
    add(&stream, batches)
}

/// A batch, what is known of each of its columns that recurs, and the columns that are codes.
struct Held {
    batch: RecordBatch,
    runs: Vec<Option<Vec<Runs>>>,
    coded: Vec<Option<ArrayRef>>,
}

impl Held {
    fn new(stream: &Stream, fields: &[Option<Arc<Field>>], (rows, columns): Batch) -> Result<Self> {
        let (mut arrays, mut runs, mut coded) = (Vec::new(), Vec::new(), Vec::new());
        for (checked, column) in columns.into_iter().zip(&stream.columns) {
            let (array, code) = match checked {
                Some(checked) if column.categories.is_none() => {
                    runs.push(checked.runs);
                    (Some(checked.array), None)
                }
                checked => (None, checked.map(|codes| codes.array)),
            };
            arrays.push(array);
            coded.push(code);
        }
        Ok(Self { batch: batch(fields, arrays, rows)?, runs, coded })
    }

    fn part<'a>(
        &'a self,
        stream: &'a Stream,
        names: &'a [String],
        reads: &[Reads],
        unknown: &'a [(String, String)],
    ) -> Result<Table<'a>> {
        let mut part = Table::new(self.batch.num_rows()).room(names.len());
        for (place, (field, runs)) in self.batch.schema_ref().fields().iter().zip(&self.runs).enumerate() {
            let data = match (runs, self.batch.column(place).as_string_view_opt()) {
                (Some(runs), Some(array)) => recurring(array, runs),
                _ => column(&self.batch, place),
            };
            part = part.with_borrowed(field.name(), data);
        }
        part = with_names(part, names, reads);
        for (name, format) in unknown {
            if let Ok(data) = Data::new(Values::Unknown(format.clone(), part.rows()), svcmetrics::Nulls::None) {
                part = part.with_borrowed(name, data);
            }
        }
        for (column, codes) in stream.columns.iter().zip(&self.coded) {
            if let (Some(codes), Some(categories)) = (codes, &column.categories) {
                part = part.with_borrowed(&column.name, categorical(codes, categories)?);
            }
        }
        Ok(part)
    }
}

/// Codes, and what they stand for.
fn categorical<'a>(codes: &'a ArrayRef, categories: &'a ArrayRef) -> Result<Data<'a>> {
    let (codes, values) = (Data::from(codes.as_ref()), Data::from(categories.as_ref()));
    let values = Values::Dictionary { codes: Box::new(codes), values: Box::new(values) };
    Ok(Data::new(values, svcmetrics::Nulls::None)?)
}

fn batch(fields: &[Option<Arc<Field>>], arrays: Vec<Option<ArrayRef>>, rows: usize) -> Result<RecordBatch> {
    let (fields, arrays): (Vec<Arc<Field>>, Vec<ArrayRef>) =
        fields.iter().zip(arrays).filter_map(|(field, array)| Some((field.clone()?, array?))).unzip();
    let options = RecordBatchOptions::new().with_row_count(Some(rows));
    let made = RecordBatch::try_new_with_options(Arc::new(Schema::new(fields)), arrays, &options);
    Ok(made.map_err(|error| crate::capsule::malformed(&error.to_string()))?)
}

/// By column of a table, whether it is among those that are read.
pub(crate) fn reads_of(names: &[String], read: &[String]) -> Vec<Reads> {
    names.iter().map(|name| if read.contains(name) { Reads::Values } else { Reads::Nothing }).collect()
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
    let (batch, model) = detached(py, move || scorer.finish_record_batch())?;
    Ok((Frame(batch), crate::health::HealthModel(model)))
}

/// The same without points, and the scorecard of the same rows.
#[pyfunction]
pub(crate) fn scorecard_with_scores<'py>(
    py: Python<'py>,
    tables: &Bound<'py, PyAny>,
    options: &Bound<'py, PyDict>,
) -> Result<(Scorecard, Frame)> {
    let scorer = scored(py, tables, HealthScorer::with_scorecard(request(options)?).points(false))?;
    let (batch, card) = detached(py, move || scorer.finish_record_batch_with_scorecard())?;
    Ok((Scorecard(card), Frame(batch)))
}

/// The scorer, with the tables' rows.
fn scored<'py>(py: Python<'py>, tables: &Bound<'py, PyAny>, mut scorer: HealthScorer) -> Result<HealthScorer> {
    for table in tables.try_iter()? {
        let table = table?;
        if let Ok(chunks) = table.cast_exact::<PyList>() {
            scorer = scorer.room(chunks.iter().map(|chunk| chunk.len()).sum::<PyResult<usize>>()?);
        }
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
