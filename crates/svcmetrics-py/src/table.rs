//! Columns as Python hands them over: numpy arrays with masks, categories, lists of objects, single Arrow arrays.

use crate::capsule;
use crate::convert::scalar;
use crate::error::Result;
use arrow_array::RecordBatch;
use arrow_schema::Schema;
use numpy::{PyArray1, PyArrayMethods, PyReadonlyArray1};
use pyo3::exceptions::{PyImportError, PyKeyboardInterrupt, PyTypeError};
use pyo3::prelude::*;
use pyo3::types::{PyList, PyString, PyTuple};
use std::borrow::Cow;
use std::panic::catch_unwind;
use std::sync::Arc;
use svcmetrics::{Data, Nulls, Scalar, Table, Texts, TimeUnit, Values};

macro_rules! arrays {
    ($($variant:ident($type:ty)),*) => {
        /// Values in a numpy array.
        enum Array<'py> {
            $($variant(PyReadonlyArray1<'py, $type>),)*
        }

        impl<'py> Array<'py> {
            fn of(object: &Bound<'py, PyAny>) -> Result<Self> {
                $(if let Ok(array) = object.cast::<PyArray1<$type>>() {
                    return Ok(Self::$variant(array.try_readonly().map_err(|error| PyTypeError::new_err(error.to_string()))?));
                })*
                Err(PyTypeError::new_err(format!("a numpy array of type {} cannot be read", object.getattr("dtype")?)).into())
            }

            fn values(&self) -> Result<Values<'_>> {
                Ok(match self {
                    $(Self::$variant(array) => Values::$variant(Cow::Borrowed(array.as_slice().map_err(|error| PyTypeError::new_err(error.to_string()))?)),)*
                })
            }
        }
    };
}

arrays!(
    Booleans(bool),
    Int8(i8),
    Int16(i16),
    Int32(i32),
    Int64(i64),
    UInt8(u8),
    UInt16(u16),
    UInt32(u32),
    UInt64(u64),
    Float32(f32),
    Float64(f64)
);

/// Objects that are read before Ctrl-C and other threads are heard.
const BREATH: usize = 16_384;

/// Many texts in one.
#[derive(Default)]
struct Packed {
    text: String,
    ends: Vec<usize>,
    nulls: Vec<bool>,
}

impl Packed {
    fn push(&mut self, text: Option<&str>) {
        self.text.push_str(text.unwrap_or_default());
        self.ends.push(self.text.len());
        self.nulls.push(text.is_none());
    }

    fn scalars(&self) -> Vec<Scalar> {
        let one = |position: usize| {
            if self.nulls[position] { Scalar::Null } else { Scalar::Text(self.at(position).to_owned()) }
        };
        (0..self.ends.len()).map(one).collect()
    }

    fn at(&self, position: usize) -> &str {
        let start = position.checked_sub(1).map_or(0, |before| self.ends[before]);
        &self.text[start..self.ends[position]]
    }
}

impl Texts for &Packed {
    fn text(&self, position: usize) -> &str {
        self.at(position)
    }

    fn count(&self) -> usize {
        self.ends.len()
    }
}

/// numpy's interface is loaded at the first touch, and a Ctrl-C just then panics in the library that loads it.
fn load_numpy(py: Python<'_>) -> Result<()> {
    let loaded = catch_unwind(|| drop(PyArray1::<bool>::zeros(py, 0, false)));
    loaded.map_err(|panic| {
        let text = panic.downcast_ref::<String>().map_or("", String::as_str);
        if text.contains("KeyboardInterrupt") {
            PyKeyboardInterrupt::new_err(())
        } else {
            PyImportError::new_err("numpy cannot be loaded")
        }
        .into()
    })
}

/// One column, held while it is read.
enum Held<'py> {
    Array(Array<'py>, Option<PyReadonlyArray1<'py, bool>>),
    Days(Array<'py>, PyReadonlyArray1<'py, bool>),
    Times(PyReadonlyArray1<'py, i64>, PyReadonlyArray1<'py, bool>, TimeUnit, Option<String>),
    Dictionary(Box<Held<'py>>, Box<Held<'py>>),
    Texts(Packed),
    Objects(Vec<Scalar>),
    Arrow(RecordBatch),
    Unknown(String, usize),
}

impl<'py> Held<'py> {
    /// `column` is a tuple: its kind, then what that kind needs (see `svcmetrics.tables`).
    fn of(name: &str, column: &Bound<'py, PyAny>) -> Result<Self> {
        let column = column.cast::<PyTuple>()?;
        let part = |position: usize| column.get_item(position);
        let mask = |position: usize| -> Result<PyReadonlyArray1<'py, bool>> { Ok(part(position)?.extract()?) };
        let kind: String = part(0)?.extract()?;
        if matches!(kind.as_str(), "array" | "days" | "times") {
            load_numpy(column.py())?;
        }
        Ok(match kind.as_str() {
            "array" => Self::Array(Array::of(&part(1)?)?, if part(2)?.is_none() { None } else { Some(mask(2)?) }),
            "days" => Self::Days(Array::of(&part(1)?)?, mask(2)?),
            "times" => {
                let unit: String = part(3)?.extract()?;
                let unit = match unit.as_str() {
                    "s" => TimeUnit::Second,
                    "ms" => TimeUnit::Millisecond,
                    "us" => TimeUnit::Microsecond,
                    _ => TimeUnit::Nanosecond,
                };
                Self::Times(part(1)?.extract()?, mask(2)?, unit, part(4)?.extract()?)
            }
            "dictionary" => {
                Self::Dictionary(Box::new(Self::of(name, &part(1)?)?), Box::new(Self::of(name, &part(2)?)?))
            }
            "objects" => Self::of_objects(part(1)?.cast::<PyList>()?)?,
            "arrow" => match capsule::column(&part(1)?, name)? {
                Ok((array, field)) => {
                    let schema = Schema::new(vec![field.with_name(name).with_nullable(true)]);
                    Self::Arrow(
                        RecordBatch::try_new(Arc::new(schema), vec![array])
                            .map_err(|error| PyTypeError::new_err(error.to_string()))?,
                    )
                }
                Err((format, rows)) => Self::Unknown(format, rows),
            },
            _ => Self::Unknown(part(1)?.extract()?, part(2)?.extract()?),
        })
    }

    /// Texts are packed together as long as nothing else is met: millions of them would be slow to let go one by one.
    fn of_objects(objects: &Bound<'py, PyList>) -> Result<Self> {
        let py = objects.py();
        let mut packed = Packed::default();
        let mut rest: Option<Vec<Scalar>> = None;
        for (position, object) in objects.iter().enumerate() {
            if position % BREATH == BREATH - 1 {
                py.check_signals()?;
                // other threads get their turn
                py.detach(|| ());
            }
            let value = match (object.cast::<PyString>().ok().and_then(|text| text.to_str().ok()), &mut rest) {
                (Some(text), None) => {
                    packed.push(Some(text));
                    continue;
                }
                _ => scalar(&object)?,
            };
            match &mut rest {
                None if value == Scalar::Null => packed.push(None),
                None => {
                    let mut scalars = packed.scalars();
                    scalars.push(value);
                    rest = Some(scalars);
                }
                Some(scalars) => scalars.push(value),
            }
        }
        Ok(match rest {
            Some(scalars) => Self::Objects(scalars),
            None if packed.text.is_empty() && packed.nulls.iter().all(|null| *null) => Self::Objects(packed.scalars()),
            None => Self::Texts(packed),
        })
    }

    fn data(&self) -> Result<Data<'_>> {
        let slice = |mask: &'_ PyReadonlyArray1<'py, bool>| -> Result<Vec<bool>> {
            Ok(mask.as_slice().map_err(|error| PyTypeError::new_err(error.to_string()))?.to_vec())
        };
        let masked =
            |mask: &PyReadonlyArray1<'py, bool>| -> Result<Nulls<'_>> { Ok(Nulls::Mask(Cow::Owned(slice(mask)?))) };
        Ok(match self {
            Self::Array(array, None) => Data::new(array.values()?, Nulls::None)?,
            Self::Array(array, Some(mask)) => Data::new(array.values()?, masked(mask)?)?,
            Self::Days(array, mask) => match array.values()? {
                Values::Int32(days) => Data::new(Values::Dates(days), masked(mask)?)?,
                _ => return Err(PyTypeError::new_err("days are 32-bit integers").into()),
            },
            Self::Times(array, mask, unit, zone) => {
                let values = Cow::Borrowed(array.as_slice().map_err(|error| PyTypeError::new_err(error.to_string()))?);
                Data::new(Values::Timestamps { values, unit: *unit, zone: zone.clone() }, masked(mask)?)?
            }
            Self::Dictionary(codes, values) => Data::new(
                Values::Dictionary { codes: Box::new(codes.data()?), values: Box::new(values.data()?) },
                Nulls::None,
            )?,
            Self::Texts(packed) => {
                Data::new(Values::Text(Arc::new(packed)), Nulls::Mask(Cow::Borrowed(&packed.nulls)))?
            }
            Self::Objects(objects) => Data::new(Values::Mixed(Cow::Borrowed(objects)), Nulls::None)?,
            Self::Arrow(batch) => svcmetrics::arrow::column(batch, 0),
            Self::Unknown(name, rows) => Data::new(Values::Unknown(name.clone(), *rows), Nulls::None)?,
        })
    }
}

/// A table's columns, held while it is read.
pub(crate) struct Columns<'py> {
    rows: usize,
    columns: Vec<(String, Held<'py>)>,
}

impl<'py> Columns<'py> {
    pub(crate) fn new(rows: usize) -> Self {
        Self { rows, columns: Vec::new() }
    }

    /// Adds a column, a tuple as `svcmetrics.tables` says.
    pub(crate) fn push(&mut self, name: &str, column: &Bound<'py, PyAny>) -> Result<()> {
        self.columns.push((name.to_owned(), Held::of(name, column)?));
        Ok(())
    }

    pub(crate) fn table(&self) -> Result<Table<'_>> {
        let mut table = Table::new(self.rows);
        for (name, held) in &self.columns {
            table = table.with(name, held.data()?);
        }
        Ok(table)
    }
}
