//! Columns as Python hands them over: numpy arrays with masks, categories, lists of objects, single Arrow arrays.

use crate::capsule;
use crate::convert::scalar;
use crate::error::Result;
use arrow_array::RecordBatch;
use arrow_schema::Schema;
use numpy::{PyArray1, PyArrayDescrMethods, PyArrayMethods, PyReadonlyArray1, PyUntypedArray, PyUntypedArrayMethods};
use pyo3::exceptions::{PyImportError, PyKeyboardInterrupt, PyTypeError};
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyList, PyString, PyTuple};
use std::borrow::Cow;
use std::panic::catch_unwind;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use svcmetrics::{Data, Nulls, Scalar, Table, Texts, TimeUnit, Values};

macro_rules! arrays {
    ($($variant:ident($type:ty) = $kind:literal),*) => {
        /// Values in a numpy array.
        enum Array<'py> {
            $($variant(PyReadonlyArray1<'py, $type>),)*
        }

        impl<'py> Array<'py> {
            /// Nothing for an array of another type or shape, or whose values do not stand side by side.
            fn plain(array: &Bound<'py, PyUntypedArray>) -> Result<Option<Self>> {
                let of = array.dtype();
                if array.ndim() != 1 || !array.is_c_contiguous() {
                    return Ok(None);
                }
                $(if of.kind() == $kind && of.itemsize() == size_of::<$type>() {
                    let Ok(array) = array.cast::<PyArray1<$type>>() else { return Ok(None) };
                    let readable = array.try_readonly().map_err(|error| PyTypeError::new_err(error.to_string()))?;
                    return Ok(Some(Self::$variant(readable)));
                })*
                Ok(None)
            }

            fn of(object: &Bound<'py, PyAny>) -> Result<Self> {
                let plain = Self::plain(object.cast::<PyUntypedArray>()?)?;
                let type_of = || object.getattr("dtype").map_or_else(|_| String::new(), |dtype| dtype.to_string());
                Ok(plain.ok_or_else(|| PyTypeError::new_err(format!("a numpy array of type {} cannot be read", type_of())))?)
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
    Booleans(bool) = b'b',
    Int8(i8) = b'i',
    Int16(i16) = b'i',
    Int32(i32) = b'i',
    Int64(i64) = b'i',
    UInt8(u8) = b'u',
    UInt16(u16) = b'u',
    UInt32(u32) = b'u',
    UInt64(u64) = b'u',
    Float32(f32) = b'f',
    Float64(f64) = b'f'
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
    static LOADED: AtomicBool = AtomicBool::new(false);
    if LOADED.load(Ordering::Relaxed) {
        return Ok(());
    }
    let loaded = catch_unwind(|| drop(PyArray1::<bool>::zeros(py, 0, false)));
    LOADED.store(loaded.is_ok(), Ordering::Relaxed);
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
    /// `column` is a numpy array, or a tuple: its kind, then what that kind needs (see `svcmetrics.tables`).
    fn of(name: &str, column: &Bound<'py, PyAny>) -> Result<Self> {
        let Ok(column) = column.cast_exact::<PyTuple>() else { return Self::of_array(name, column.cast()?) };
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

    /// What is not read as it stands is first made into something that is.
    fn of_array(name: &str, array: &Bound<'py, PyUntypedArray>) -> Result<Self> {
        if let Some(plain) = Array::plain(array)? {
            return Ok(Self::Array(plain, None));
        }
        Self::of(name, &array.py().import("svcmetrics.tables")?.call_method1("array_column", (array,))?)
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
pub(crate) struct Columns<'n, 'py> {
    rows: usize,
    columns: Vec<(&'n str, Held<'py>)>,
}

impl<'n, 'py> Columns<'n, 'py> {
    pub(crate) fn new(rows: usize, most: usize) -> Self {
        Self { rows, columns: Vec::with_capacity(most) }
    }

    /// Adds a column, as `svcmetrics.tables` says.
    pub(crate) fn push(&mut self, name: &'n str, column: &Bound<'py, PyAny>) -> Result<()> {
        self.columns.push((name, Held::of(name, column)?));
        Ok(())
    }

    pub(crate) fn table(&self) -> Result<Table<'_>> {
        let mut table = Table::new(self.rows);
        for (name, held) in &self.columns {
            table = table.with_borrowed(name, held.data()?);
        }
        Ok(table)
    }
}

/// A dictionary of names and numpy arrays, looked at once.
#[pyclass(frozen, module = "svcmetrics._svcmetrics")]
pub(crate) struct Arrays {
    names: Vec<Py<PyString>>,
    arrays: Vec<Py<PyUntypedArray>>,
    rows: usize,
}

#[pymethods]
impl Arrays {
    /// Nothing where a name is no text, or a value no array of one dimension (a subclass may be more than that), or one of
    /// another length.
    #[staticmethod]
    fn of(table: &Bound<'_, PyDict>) -> Result<Option<Self>> {
        load_numpy(table.py())?;
        let mut made =
            Self { names: Vec::with_capacity(table.len()), arrays: Vec::with_capacity(table.len()), rows: 0 };
        for (name, array) in table.iter() {
            let (Ok(name), Ok(array)) = (name.cast_into_exact::<PyString>(), array.cast_into_exact::<PyUntypedArray>())
            else {
                return Ok(None);
            };
            if array.ndim() != 1 || (!made.arrays.is_empty() && array.len() != made.rows) {
                return Ok(None);
            }
            made.rows = array.len();
            made.names.push(name.unbind());
            made.arrays.push(array.unbind());
        }
        Ok(Some(made))
    }
}

impl Arrays {
    pub(crate) fn names(&self, py: Python<'_>) -> Result<Vec<String>> {
        self.names.iter().map(|name| Ok(name.bind(py).to_str()?.to_owned())).collect()
    }

    pub(crate) fn is_named(&self, py: Python<'_>, names: &[String]) -> bool {
        let same = |(own, name): (&Py<PyString>, &String)| own.bind(py).to_str().is_ok_and(|own| own == name);
        self.names.len() == names.len() && self.names.iter().zip(names).all(same)
    }

    /// The columns at which `wanted` is true, by their names.
    pub(crate) fn held<'n, 'py>(
        &self,
        py: Python<'py>,
        names: &'n [String],
        wanted: &[bool],
    ) -> Result<Columns<'n, 'py>> {
        let mut held = Columns::new(self.rows, names.len());
        for ((name, array), _) in names.iter().zip(&self.arrays).zip(wanted).filter(|(_, wanted)| **wanted) {
            held.columns.push((name, Held::of_array(name, array.bind(py))?));
        }
        Ok(held)
    }
}
