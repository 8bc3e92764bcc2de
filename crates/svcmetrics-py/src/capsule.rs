//! Arrow's C data interface by way of Python capsules: the one file with unsafe code.
//!
//! Types, offsets, dictionary indices, UTF-8 and lengths of what comes in are checked; pointers and buffer sizes are trusted,
//! since the interface cannot express them.

use crate::error::Result;
use arrow_array::ffi::{FFI_ArrowArray, from_ffi_and_data_type};
use arrow_array::ffi_stream::FFI_ArrowArrayStream;
use arrow_array::{Array, ArrayRef, RecordBatch, RecordBatchIterator, make_array, new_null_array};
use arrow_data::ArrayData;
use arrow_schema::ffi::FFI_ArrowSchema;
use arrow_schema::{DataType, Field, Fields, SchemaRef};
use pyo3::exceptions::{PyKeyboardInterrupt, PyTypeError};
use pyo3::prelude::*;
use pyo3::types::PyCapsule;
use std::ffi::CStr;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

const STREAM: &CStr = c"arrow_array_stream";
const SCHEMA: &CStr = c"arrow_schema";
const ARRAY: &CStr = c"arrow_array";

/// A column of a stream: its field, or the format of a type that is not known.
pub(crate) struct StreamColumn {
    pub(crate) name: String,
    pub(crate) field: std::result::Result<Arc<Field>, String>,
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

/// A stream of record batches, read once.
pub(crate) struct Stream {
    stream: FFI_ArrowArrayStream,
    pub(crate) columns: Vec<StreamColumn>,
}

// SAFETY: the C stream interface lets a consumer call a stream from any thread, as long as calls do not overlap; `&mut self`
// sees to that.
unsafe impl Send for Stream {}

/// A batch's rows and its arrays, none for a column that is not wanted.
pub(crate) type Batch = (usize, Vec<Option<ArrayRef>>);

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
    /// Takes over the stream of an object with `__arrow_c_stream__`.
    pub(crate) fn of(object: &Bound<'_, PyAny>) -> Result<Self> {
        let capsule = object.call_method0("__arrow_c_stream__")?;
        let capsule = capsule
            .cast::<PyCapsule>()
            .map_err(|_| ours("UnsupportedTableError", "__arrow_c_stream__ gave no capsule".to_owned()))?;
        let pointer = capsule.pointer_checked(Some(STREAM))?.cast::<FFI_ArrowArrayStream>();
        // SAFETY: a capsule of this name holds a valid, exclusively owned stream; the move leaves a released one behind, so the
        // capsule's destructor does not release it again.
        let mut stream = unsafe { FFI_ArrowArrayStream::from_raw(pointer.as_ptr()) };
        if stream.release().is_none() {
            return Err(ours(
                "ArrowDataError",
                "the Arrow stream was read before; streams can be read once".to_owned(),
            )
            .into());
        }
        let mut schema = FFI_ArrowSchema::empty();
        let get_schema = stream.get_schema().ok_or_else(|| malformed("the stream has no schema"))?;
        // SAFETY: the callback is called with the stream it came from and an empty schema to fill.
        let code = unsafe { get_schema(&raw mut stream, &raw mut schema) };
        if code != 0 {
            return Err(malformed(&last_error(&mut stream, code)).into());
        }
        // What cannot be read as a name or a type panics in the library that reads it.
        let columns = catch_unwind(AssertUnwindSafe(|| Self::columns_of(&schema)));
        let columns = columns.unwrap_or_else(|_| Err(malformed("a schema that cannot be read")))?;
        Ok(Self { stream, columns })
    }

    fn columns_of(schema: &FFI_ArrowSchema) -> std::result::Result<Vec<StreamColumn>, PyErr> {
        if schema.format() != "+s" {
            return Err(ours("UnsupportedTableError", "the Arrow stream holds no table".to_owned()));
        }
        let column = |child: &FFI_ArrowSchema| StreamColumn {
            name: child.name().unwrap_or_default().to_owned(),
            field: Field::try_from(child).map(Arc::new).map_err(|_| format!("Arrow format '{}'", child.format())),
        };
        Ok(schema.children().map(column).collect())
    }

    /// The next batch: its rows, and the arrays of the columns in `wanted`, checked. Nothing at the end.
    pub(crate) fn next(&mut self, wanted: &[bool]) -> std::result::Result<Option<Batch>, PyErr> {
        let mut array = FFI_ArrowArray::empty();
        let get_next = self.stream.get_next().ok_or_else(|| malformed("the stream has no batches"))?;
        // SAFETY: the callback is called with the stream it came from and an empty array to fill.
        let code = unsafe { get_next(&raw mut self.stream, &raw mut array) };
        if code != 0 {
            if let Some(error) = Python::attach(PyErr::take) {
                return Err(error);
            }
            let text = last_error(&mut self.stream, code);
            // A producer written in Python hands Ctrl-C on as text.
            if text.contains("KeyboardInterrupt") {
                return Err(PyKeyboardInterrupt::new_err(()));
            }
            return Err(malformed(&text));
        }
        if array.is_released() {
            return Ok(None);
        }
        if array.num_children() != self.columns.len() {
            return Err(malformed("a batch has other columns than the schema"));
        }
        let fields: Fields =
            self.columns.iter().enumerate().map(|(i, column)| column.importable(array.child(i))).collect();
        // SAFETY: the producer filled the array; what the interface lets a consumer check is checked below, before use.
        let data = unsafe { from_ffi_and_data_type(array, DataType::Struct(fields)) }
            .map_err(|error| malformed(&error.to_string()))?;
        let (rows, offset) = (data.len(), data.offset());
        let mut arrays = Vec::with_capacity(wanted.len());
        for ((child, column), wanted) in data.child_data().iter().zip(&self.columns).zip(wanted) {
            let Some(field) = column.field.as_ref().ok().filter(|_| *wanted) else {
                arrays.push(None);
                continue;
            };
            if *field.data_type() == DataType::Null {
                arrays.push(Some(new_null_array(&DataType::Null, rows)));
                continue;
            }
            if child.len() < offset + rows {
                return Err(malformed(&format!("column '{}' is shorter than its batch", column.name)));
            }
            let array = checked(child, &column.name)?;
            arrays.push(Some(if (offset, rows) == (0, array.len()) { array } else { array.slice(offset, rows) }));
        }
        Ok(Some((rows, arrays)))
    }
}

fn checked(data: &ArrayData, name: &str) -> std::result::Result<ArrayRef, PyErr> {
    data.validate_full().map_err(|error| malformed(&format!("column '{name}': {error}")))?;
    Ok(make_array(data.clone()))
}

fn last_error(stream: &mut FFI_ArrowArrayStream, code: i32) -> String {
    let Some(get_last_error) = stream.get_last_error() else { return format!("code {code}") };
    // SAFETY: the last call on the stream failed, which is when its error may be asked for; the text is copied at once.
    unsafe {
        let text = get_last_error(&raw mut *stream);
        if text.is_null() { format!("code {code}") } else { CStr::from_ptr(text).to_string_lossy().into_owned() }
    }
}

/// The array of an object with `__arrow_c_array__`, and its field.
pub(crate) fn array(object: &Bound<'_, PyAny>, name: &str) -> Result<(ArrayRef, Field)> {
    let (schema, array): (Bound<'_, PyAny>, Bound<'_, PyAny>) = object.call_method0("__arrow_c_array__")?.extract()?;
    let schema = schema.cast::<PyCapsule>()?.pointer_checked(Some(SCHEMA))?.cast::<FFI_ArrowSchema>();
    let array = array.cast::<PyCapsule>()?.pointer_checked(Some(ARRAY))?.cast::<FFI_ArrowArray>();
    // SAFETY: capsules of these names hold a valid schema, which is only read, and a valid array, which is moved out, leaving
    // a released one behind.
    let (schema, array) = unsafe { (schema.as_ref(), FFI_ArrowArray::from_raw(array.as_ptr())) };
    let field = Field::try_from(schema).map_err(|_| {
        PyTypeError::new_err(format!("column '{name}' is of an unknown type, Arrow format '{}'", schema.format()))
    })?;
    // SAFETY: as for a stream's arrays.
    let data = unsafe { from_ffi_and_data_type(array, field.data_type().clone()) }
        .map_err(|error| malformed(&error.to_string()))?;
    Ok((checked(&data, name)?, field))
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
