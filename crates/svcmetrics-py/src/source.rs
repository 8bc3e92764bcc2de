//! Tables in, part by part, to what takes them.

use crate::capsule::{Batch, Checked, Stream, Unchecked};
use crate::error::{PyError, Result, detached};
use crate::ready::Names;
use crate::table::{Arrays, Columns, Reads};
use arrow_array::cast::AsArray as _;
use arrow_array::{ArrayRef, RecordBatch, RecordBatchOptions};
use arrow_schema::{Field, Schema};
use pyo3::prelude::*;
use pyo3::types::{PyList, PyTuple};
use std::sync::Arc;
use std::time::{Duration, Instant};
use svcmetrics::arrow::{Runs, column, recurring};
use svcmetrics::{Data, Error, Table, Values};

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
