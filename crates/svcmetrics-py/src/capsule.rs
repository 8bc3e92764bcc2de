//! Arrow's C data interface by way of Python capsules: the one file with unsafe code.
//!
//! Types, offsets, dictionary indices, UTF-8 and lengths of what comes in are checked; pointers and buffer sizes are trusted,
//! since the interface cannot express them.

use crate::error::Result;
use crate::sound::{Sound, looked_at};
use arrow_array::ffi::{FFI_ArrowArray, from_ffi_and_data_type};
use arrow_array::ffi_stream::FFI_ArrowArrayStream;
use arrow_array::{Array, ArrayRef, RecordBatch, RecordBatchIterator, make_array, new_empty_array, new_null_array};
use arrow_data::ArrayData;
use arrow_data::transform::MutableArrayData;
use arrow_schema::ffi::FFI_ArrowSchema;
use arrow_schema::{ArrowError, DataType, Field, Fields, SchemaRef};
use pyo3::exceptions::PyKeyboardInterrupt;
use pyo3::prelude::*;
use pyo3::types::{PyCapsule, PyList};
use std::ffi::CStr;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use svcmetrics::arrow::Runs;

const STREAM: &CStr = c"arrow_array_stream";
const SCHEMA: &CStr = c"arrow_schema";
const ARRAY: &CStr = c"arrow_array";

/// Where an object has the categories of the columns that hold codes: pairs of names and columns (see `svcmetrics.tables`).
const CATEGORIES: &str = "_svcmetrics_categories";

/// A column of a stream: its field, or the format of a type that is not known.
pub(crate) struct StreamColumn {
    pub(crate) name: String,
    pub(crate) field: std::result::Result<Arc<Field>, String>,
    /// What its values stand for, where they are codes of it.
    pub(crate) categories: Option<ArrayRef>,
}

impl StreamColumn {
    /// The field to import an array by. What is of no type, or of one that is not known, is taken for something that has as
    /// many buffers and is never looked into: some producers give nulls a buffer, which the import would refuse.
    fn importable(&self, array: &FFI_ArrowArray) -> Arc<Field> {
        let stand_in = match (&self.field, array.num_buffers()) {
            (Ok(field), _) if *field.data_type() != DataType::Null => return field.clone(),
            (_, 0) => DataType::Null,
            (_, 1) => DataType::Struct(Fields::empty()),
            _ => DataType::Boolean,
        };
        Arc::new(Field::new(&self.name, stand_in, true))
    }
}

/// A stream of record batches, read once; or several one after another.
pub(crate) struct Stream {
    now: FFI_ArrowArrayStream,
    /// What has the streams that follow, the last one first.
    later: Vec<Py<PyAny>>,
    /// Whether its batches are in memory already, and may be taken together.
    pub(crate) is_there: bool,
    pub(crate) columns: Vec<StreamColumn>,
}

// SAFETY: the C stream interface lets a consumer call a stream from any thread, as long as calls do not overlap; `&mut self`
// sees to that.
unsafe impl Send for Stream {}

/// A batch as it came: nothing of it may be read before [`Unchecked::all_checked`].
pub(crate) struct Unchecked {
    pub(crate) rows: usize,
    offset: usize,
    columns: Vec<Option<ArrayData>>,
}

impl Unchecked {
    /// The batches of a stream of such columns, after a look at all that they have of them.
    pub(crate) fn all_checked(batches: &[Self], columns: &[StreamColumn]) -> std::result::Result<Vec<Batch>, PyErr> {
        let all = batches.iter().flat_map(|batch| batch.columns.iter().zip(columns));
        let all = all.filter_map(|(data, column)| Some((data.as_ref()?, column.name.as_str())));
        let mut all = checked(&all.collect::<Vec<_>>())?.into_iter();
        let mut of = |batch: &Self| {
            let columns = batch.columns.iter().map(|data| data.as_ref().and_then(|_| all.next()));
            (batch.rows, columns.map(|column| Some(column?.slice(batch.offset, batch.rows))).collect())
        };
        Ok(batches.iter().map(&mut of).collect())
    }
}

/// A batch's rows and its columns, none for one that is not wanted.
pub(crate) type Batch = (usize, Vec<Option<Checked>>);

/// An array that was checked.
pub(crate) struct Checked {
    pub(crate) array: ArrayRef,
    /// What was seen of its views, where they recur side by side.
    pub(crate) runs: Option<Vec<Runs>>,
}

impl Checked {
    pub(crate) fn empty(data_type: &DataType) -> Self {
        Self { array: new_empty_array(data_type), runs: None }
    }

    fn slice(self, offset: usize, rows: usize) -> Self {
        if (offset, rows) == (0, self.array.len()) {
            return self;
        }
        Self { array: self.array.slice(offset, rows), runs: None }
    }
}

/// What a stream or an array could not give.
pub(crate) fn malformed(what: &str) -> PyErr {
    ours("ArrowDataError", format!("malformed Arrow data: {what}"))
}

/// An exception of the package.
fn ours(class: &str, message: String) -> PyErr {
    Python::attach(|py| {
        let made = py.import("svcmetrics.errors").and_then(|errors| errors.getattr(class)?.call1((message,)));
        made.map_or_else(|error| error, PyErr::from_value)
    })
}

impl Stream {
    /// Takes over the stream of an object with `__arrow_c_stream__`, or those of a list of such objects, which are in memory and all
    /// of one schema.
    pub(crate) fn of(object: &Bound<'_, PyAny>) -> Result<Self> {
        let mut later = Vec::new();
        if let Ok(objects) = object.cast_exact::<PyList>() {
            later = objects.iter().rev().map(Bound::unbind).collect();
        }
        let is_there = !later.is_empty();
        let first = later.pop().map_or_else(|| object.clone(), |first| first.into_bound(object.py()));
        let (stream, schema) = taken_over(&first)?;
        // What cannot be read as a name or a type panics in the library that reads it.
        let columns = catch_unwind(AssertUnwindSafe(|| Self::columns_of(&schema)));
        let mut columns = columns.unwrap_or_else(|_| Err(malformed("a schema that cannot be read")))?;
        // the class is asked, since some objects have an answer to any name
        if first.get_type().hasattr(CATEGORIES)? {
            let categories = first.getattr(CATEGORIES)?;
            for (name, categories) in categories.extract::<Vec<(String, Bound<'_, PyAny>)>>()? {
                if let Some(coded) = columns.iter_mut().find(|column| column.name == name) {
                    coded.categories = self::column(&categories, &name)?.ok().map(|(values, _)| values);
                }
            }
        }
        Ok(Self { now: stream, later, is_there, columns })
    }

    fn columns_of(schema: &FFI_ArrowSchema) -> std::result::Result<Vec<StreamColumn>, PyErr> {
        if schema.format() != "+s" {
            return Err(ours("UnsupportedTableError", "the Arrow stream holds no table".to_owned()));
        }
        let column = |child: &FFI_ArrowSchema| StreamColumn {
            name: child.name().unwrap_or_default().to_owned(),
            field: Field::try_from(child).map(Arc::new).map_err(|_| format!("Arrow format '{}'", child.format())),
            categories: None,
        };
        Ok(schema.children().map(column).collect())
    }

    /// The next batch, with the columns in `wanted`. Nothing at the end.
    pub(crate) fn next(&mut self, wanted: &[bool]) -> std::result::Result<Option<Unchecked>, PyErr> {
        let array = loop {
            match (next_array(&mut self.now)?, self.later.pop()) {
                (Some(array), later) => {
                    self.later.extend(later);
                    break array;
                }
                (None, Some(later)) => {
                    let taken = Python::attach(|py| taken_over(later.bind(py)));
                    self.now = taken.map_err(PyErr::from)?.0;
                }
                (None, None) => return Ok(None),
            }
        };
        if array.num_children() != self.columns.len() {
            return Err(malformed("a batch has other columns than the schema"));
        }
        let fields: Fields =
            self.columns.iter().enumerate().map(|(i, column)| column.importable(array.child(i))).collect();
        // SAFETY: the producer filled the array; what the interface lets a consumer check is checked below, before use.
        let data = unsafe { from_ffi_and_data_type(array, DataType::Struct(fields)) }
            .map_err(|error| malformed(&error.to_string()))?;
        let (rows, offset) = (data.len(), data.offset());
        let mut columns = Vec::with_capacity(wanted.len());
        for ((child, column), wanted) in data.child_data().iter().zip(&self.columns).zip(wanted) {
            let Some(field) = column.field.as_ref().ok().filter(|_| *wanted) else {
                columns.push(None);
                continue;
            };
            if *field.data_type() == DataType::Null {
                columns.push(Some(new_null_array(&DataType::Null, offset + rows).to_data()));
                continue;
            }
            if child.len() < offset + rows {
                return Err(malformed(&format!("column '{}' is shorter than its batch", column.name)));
            }
            columns.push(Some(child.clone()));
        }
        Ok(Some(Unchecked { rows, offset, columns }))
    }
}

/// The stream of an object with `__arrow_c_stream__`, and its schema.
fn taken_over(object: &Bound<'_, PyAny>) -> Result<(FFI_ArrowArrayStream, FFI_ArrowSchema)> {
    let capsule = object.call_method0("__arrow_c_stream__")?;
    let capsule = capsule
        .cast::<PyCapsule>()
        .map_err(|_| ours("UnsupportedTableError", "__arrow_c_stream__ gave no capsule".to_owned()))?;
    let pointer = capsule.pointer_checked(Some(STREAM))?.cast::<FFI_ArrowArrayStream>();
    // SAFETY: a capsule of this name holds a valid, exclusively owned stream; the move leaves a released one behind, so the
    // capsule's destructor does not release it again.
    let mut stream = unsafe { FFI_ArrowArrayStream::from_raw(pointer.as_ptr()) };
    if stream.release().is_none() {
        return Err(
            ours("ArrowDataError", "the Arrow stream was read before; streams can be read once".to_owned()).into()
        );
    }
    let mut schema = FFI_ArrowSchema::empty();
    let get_schema = stream.get_schema().ok_or_else(|| malformed("the stream has no schema"))?;
    // SAFETY: the callback is called with the stream it came from and an empty schema to fill.
    let code = unsafe { get_schema(&raw mut stream, &raw mut schema) };
    if code != 0 {
        return Err(malformed(&last_error(&mut stream, code)).into());
    }
    Ok((stream, schema))
}

/// A stream's next array; nothing at the end.
fn next_array(stream: &mut FFI_ArrowArrayStream) -> std::result::Result<Option<FFI_ArrowArray>, PyErr> {
    let mut array = FFI_ArrowArray::empty();
    let get_next = stream.get_next().ok_or_else(|| malformed("the stream has no batches"))?;
    // SAFETY: the callback is called with the stream it came from and an empty array to fill.
    let code = unsafe { get_next(&raw mut *stream, &raw mut array) };
    if code != 0 {
        if let Some(error) = Python::attach(PyErr::take) {
            return Err(error);
        }
        let text = last_error(stream, code);
        // A producer written in Python hands Ctrl-C on as text.
        if text.contains("KeyboardInterrupt") {
            return Err(PyKeyboardInterrupt::new_err(()));
        }
        return Err(malformed(&text));
    }
    Ok(Some(array).filter(|array| !array.is_released()))
}

/// Columns, each with its name.
fn checked(columns: &[(&ArrayData, &str)]) -> std::result::Result<Vec<Checked>, PyErr> {
    let looks = looked_at(&columns.iter().map(|(data, _)| *data).collect::<Vec<_>>());
    let checked = |((data, name), look): (&(&ArrayData, &str), Option<Sound>)| {
        if look.is_none() {
            data.validate_full().map_err(|error| malformed(&format!("column '{name}': {error}")))?;
        }
        Ok(Checked { array: make_array((*data).clone()), runs: look.and_then(|sound| sound.0) })
    };
    columns.iter().zip(looks).map(checked).collect()
}

fn last_error(stream: &mut FFI_ArrowArrayStream, code: i32) -> String {
    let Some(get_last_error) = stream.get_last_error() else { return format!("code {code}") };
    // SAFETY: the last call on the stream failed, which is when its error may be asked for; the text is copied at once.
    unsafe {
        let text = get_last_error(&raw mut *stream);
        if text.is_null() { format!("code {code}") } else { CStr::from_ptr(text).to_string_lossy().into_owned() }
    }
}

/// A column's values and its field; the format and the number of rows where the type is not known.
pub(crate) type Column = std::result::Result<(ArrayRef, Field), (String, usize)>;

/// The column of an object with `__arrow_c_array__`, or with a stream of arrays.
pub(crate) fn column(object: &Bound<'_, PyAny>, name: &str) -> Result<Column> {
    if !object.hasattr("__arrow_c_array__")? {
        let (mut stream, schema) = taken_over(object)?;
        let mut arrays = Vec::new();
        while let Some(array) = next_array(&mut stream)? {
            object.py().check_signals()?;
            arrays.push(array);
        }
        return imported(&schema, arrays, name);
    }
    let (schema, array): (Bound<'_, PyAny>, Bound<'_, PyAny>) = object.call_method0("__arrow_c_array__")?.extract()?;
    let schema = schema.cast::<PyCapsule>()?.pointer_checked(Some(SCHEMA))?.cast::<FFI_ArrowSchema>();
    let array = array.cast::<PyCapsule>()?.pointer_checked(Some(ARRAY))?.cast::<FFI_ArrowArray>();
    // SAFETY: capsules of these names hold a valid schema, which is only read, and a valid array, which is moved out, leaving
    // a released one behind.
    let (schema, array) = unsafe { (schema.as_ref(), FFI_ArrowArray::from_raw(array.as_ptr())) };
    imported(schema, vec![array], name)
}

/// Arrays one after another as a column.
fn imported(schema: &FFI_ArrowSchema, arrays: Vec<FFI_ArrowArray>, name: &str) -> Result<Column> {
    let rows = arrays.iter().map(FFI_ArrowArray::len).sum();
    let Ok(Ok(field)) = catch_unwind(AssertUnwindSafe(|| Field::try_from(schema))) else {
        return Ok(Err((format!("Arrow format '{}'", schema.format()), rows)));
    };
    let data_type = field.data_type();
    if *data_type == DataType::Null {
        return Ok(Ok((new_null_array(data_type, rows), field)));
    }
    let part = |array: FFI_ArrowArray| {
        // SAFETY: as for a stream's batches.
        unsafe { from_ffi_and_data_type(array, data_type.clone()) }.map_err(|error| malformed(&error.to_string()))
    };
    let whole = || -> std::result::Result<ArrayRef, PyErr> {
        let parts = arrays.into_iter().map(part).collect::<std::result::Result<Vec<_>, _>>()?;
        let parts = checked(&parts.iter().map(|data| (data, name)).collect::<Vec<_>>())?;
        let parts: Vec<ArrayRef> = parts.into_iter().map(|part| part.array).collect();
        match parts.as_slice() {
            [] => Ok(new_empty_array(data_type)),
            [one] => Ok(one.clone()),
            parts => joined(parts, rows).map_err(|error| malformed(&format!("column '{name}': {error}"))),
        }
    };
    // Some of what contradicts itself panics in the library that reads it.
    let array = catch_unwind(AssertUnwindSafe(whole));
    let array = array.unwrap_or_else(|_| Err(malformed(&format!("column '{name}' cannot be read"))))?;
    Ok(Ok((array, field)))
}

fn joined(parts: &[ArrayRef], rows: usize) -> std::result::Result<ArrayRef, ArrowError> {
    let parts: Vec<ArrayData> = parts.iter().map(Array::to_data).collect();
    let mut whole = MutableArrayData::new(parts.iter().collect(), false, rows);
    for (position, part) in parts.iter().enumerate() {
        whole.try_extend(position, 0, part.len())?;
    }
    Ok(make_array(whole.freeze()))
}

/// A capsule with a stream of these batches.
pub(crate) fn export(py: Python<'_>, batches: Vec<RecordBatch>, schema: SchemaRef) -> Result<Bound<'_, PyCapsule>> {
    let reader = RecordBatchIterator::new(batches.into_iter().map(Ok), schema);
    let stream = FFI_ArrowArrayStream::new(Box::new(reader));
    Ok(PyCapsule::new_with_value(py, Exported(stream), STREAM)?)
}

/// A stream in a capsule: dropped, and so released, with it, unless a consumer moved it out.
#[repr(transparent)]
struct Exported(#[allow(dead_code)] FFI_ArrowArrayStream);

// SAFETY: the reader within is `Send`, and the capsule is the stream's only owner.
unsafe impl Send for Exported {}
