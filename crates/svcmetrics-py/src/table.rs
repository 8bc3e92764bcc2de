//! Columns as Python hands them over: numpy arrays with masks, categories, lists of objects, single Arrow arrays.

use crate::capsule;
use crate::convert::scalar;
use crate::error::Result;
use crate::ready::Names;
use arrow_array::RecordBatch;
use arrow_schema::Schema;
use numpy::{
    Element, PyArray1, PyArrayDescrMethods, PyArrayMethods, PyReadonlyArray1, PyUntypedArray, PyUntypedArrayMethods,
};
use pyo3::exceptions::{PyImportError, PyKeyboardInterrupt, PyTypeError};
use pyo3::prelude::*;
use pyo3::types::{PyBool, PyDict, PyList, PyString, PyTuple};
use std::borrow::Cow;
use std::panic::catch_unwind;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use svcmetrics::{Data, Nulls, Scalar, Table, Texts, TimeUnit, Values};
use zerocopy::IntoBytes as _;

/// Up to so many values are copied, which is done before they could be borrowed.
const FEW: usize = 512;

/// The values of an array.
enum Numbers<'py, T: Element> {
    Copied(Vec<T>),
    Borrowed(PyReadonlyArray1<'py, T>),
}

impl<'py, T: Element> Numbers<'py, T> {
    fn of(array: &Bound<'py, PyArray1<T>>) -> Result<Self> {
        let unreadable = |error: String| PyTypeError::new_err(error);
        Ok(if array.len() <= FEW {
            Self::Copied(array.to_vec().map_err(|error| unreadable(error.to_string()))?)
        } else {
            Self::Borrowed(array.try_readonly().map_err(|error| unreadable(error.to_string()))?)
        })
    }

    fn slice(&self) -> Result<&[T]> {
        Ok(match self {
            Self::Copied(values) => values,
            Self::Borrowed(array) => array.as_slice().map_err(|error| PyTypeError::new_err(error.to_string()))?,
        })
    }
}

impl Numbers<'_, bool> {
    /// As numpy takes them: any byte but 0 is true. One that is neither 0 nor 1 is no boolean here, and pandas leaves what was in
    /// memory where there is nothing.
    fn sound(self) -> Result<Self> {
        let bytes = self.slice()?.as_bytes();
        // without an end before the end, so that many are looked at at once
        let are_sound = bytes.iter().fold(0, |all, byte| all | byte) <= 1;
        Ok(if are_sound { self } else { Self::Copied(bytes.iter().map(|byte| *byte != 0).collect()) })
    }

    /// A mask: true where there is nothing.
    fn nulls(&self) -> Result<Nulls<'_>> {
        Ok(Nulls::Mask(Cow::Borrowed(self.slice()?)))
    }
}

macro_rules! arrays {
    ($($variant:ident($type:ty) = $kind:literal),*) => {
        /// Values in a numpy array.
        enum Array<'py> {
            $($variant(Numbers<'py, $type>),)*
        }

        impl<'py> Array<'py> {
            /// Nothing for an array of another type or shape, or whose values do not stand side by side where such values may.
            fn plain(array: &Bound<'py, PyUntypedArray>) -> Result<Option<Self>> {
                if array.ndim() != 1 || !array.is_c_contiguous() || !array.is_aligned() {
                    return Ok(None);
                }
                let of = array.dtype();
                let (kind, size) = (of.kind(), of.itemsize());
                $(if kind == $kind && size == size_of::<$type>() {
                    let Ok(array) = array.cast::<PyArray1<$type>>() else { return Ok(None) };
                    return Ok(Some(match Self::$variant(Numbers::of(array)?) {
                        Self::Booleans(flags) => Self::Booleans(flags.sound()?),
                        numbers => numbers,
                    }));
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
                    $(Self::$variant(array) => Values::$variant(Cow::Borrowed(array.slice()?)),)*
                })
            }

            /// The values, none of which is null.
            fn data(&self) -> Result<Data<'_>> {
                Ok(match self {
                    $(Self::$variant(array) => Data::from(array.slice()?),)*
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

/// What is read of a column.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Reads {
    Nothing,
    Values,
    /// Values that are asked for nothing but whether they are true.
    Flag,
}

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
    Array(Array<'py>, Option<Numbers<'py, bool>>),
    /// True, false, or nothing: the second says where.
    Flags(Vec<bool>, Vec<bool>),
    Days(Array<'py>, Numbers<'py, bool>),
    Times(Numbers<'py, i64>, Numbers<'py, bool>, TimeUnit, Option<String>),
    Dictionary(Box<Held<'py>>, Box<Held<'py>>),
    Texts(Packed),
    Objects(Vec<Scalar>),
    Arrow(RecordBatch),
    Unknown(String, usize),
}

impl<'py> Held<'py> {
    /// `column` is a numpy array, or a tuple: its kind, then what that kind needs (see `svcmetrics.tables`).
    fn of(name: &str, column: &Bound<'py, PyAny>, reads: Reads) -> Result<Self> {
        let Ok(column) = column.cast_exact::<PyTuple>() else { return Self::of_array(name, column.cast()?, reads) };
        let part = |position: usize| column.get_item(position);
        let mask = |position: usize| -> Result<Numbers<'py, bool>> { Numbers::of(part(position)?.cast()?)?.sound() };
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
                Self::Times(Numbers::of(part(1)?.cast()?)?, mask(2)?, unit, part(4)?.extract()?)
            }
            "dictionary" => Self::Dictionary(
                Box::new(Self::of(name, &part(1)?, Reads::Values)?),
                Box::new(Self::of(name, &part(2)?, Reads::Values)?),
            ),
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
    fn of_array(name: &str, array: &Bound<'py, PyUntypedArray>, reads: Reads) -> Result<Self> {
        if let Some(plain) = Array::plain(array)? {
            return Ok(Self::Array(plain, None));
        }
        if let (Reads::Flag, Ok(objects)) = (reads, array.cast::<PyArray1<Py<PyAny>>>())
            && let Some(flags) = Self::of_flags(objects)
        {
            return Ok(flags);
        }
        Self::of(name, &array.py().import("svcmetrics.tables")?.call_method1("array_column", (array,))?, reads)
    }

    /// Objects that are True, False or None. Nothing where one is something else.
    fn of_flags(objects: &Bound<'py, PyArray1<Py<PyAny>>>) -> Option<Self> {
        let py = objects.py();
        let readable = objects.try_readonly().ok()?;
        let objects = readable.as_slice().ok()?;
        let (yes, no, nothing) = (PyBool::new(py, true), PyBool::new(py, false), py.None());
        let known = |object: &Py<PyAny>| object.is(&*no) || object.is(&*yes) || object.is(&nothing);
        objects.iter().all(known).then(|| {
            let are = |one: &Bound<'_, PyAny>| objects.iter().map(|object| object.is(one)).collect();
            Self::Flags(are(&yes.as_any().to_owned()), are(nothing.bind(py)))
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
        Ok(match self {
            Self::Array(array, None) => array.data()?,
            Self::Flags(truth, nothing) => {
                Data::new(Values::Booleans(Cow::Borrowed(truth)), Nulls::Mask(Cow::Borrowed(nothing)))?
            }
            Self::Array(array, Some(mask)) => Data::new(array.values()?, mask.nulls()?)?,
            Self::Days(array, mask) => match array.values()? {
                Values::Int32(days) => Data::new(Values::Dates(days), mask.nulls()?)?,
                _ => return Err(PyTypeError::new_err("days are 32-bit integers").into()),
            },
            Self::Times(array, mask, unit, zone) => {
                let values = Cow::Borrowed(array.slice()?);
                Data::new(Values::Timestamps { values, unit: *unit, zone: zone.clone() }, mask.nulls()?)?
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
    pub(crate) fn push(&mut self, name: &'n str, column: &Bound<'py, PyAny>, reads: Reads) -> Result<()> {
        self.columns.push((name, Held::of(name, column, reads)?));
        Ok(())
    }

    pub(crate) fn table(&self) -> Result<Table<'_>> {
        let mut table = Table::new(self.rows).room(self.columns.len());
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
    values: Vec<Py<PyUntypedArray>>,
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
            Self { names: Vec::with_capacity(table.len()), values: Vec::with_capacity(table.len()), rows: 0 };
        for (name, array) in table.iter() {
            let (Ok(name), Ok(array)) = (name.cast_into_exact::<PyString>(), array.cast_into_exact::<PyUntypedArray>())
            else {
                return Ok(None);
            };
            if array.ndim() != 1 || (!made.values.is_empty() && array.len() != made.rows) {
                return Ok(None);
            }
            made.rows = array.len();
            made.names.push(name.unbind());
            made.values.push(array.unbind());
        }
        Ok(Some(made))
    }
}

impl Arrays {
    pub(crate) fn names(&self, py: Python<'_>) -> Result<Vec<String>> {
        self.names.iter().map(|name| Ok(name.bind(py).to_str()?.to_owned())).collect()
    }

    pub(crate) fn name_objects(&self, py: Python<'_>) -> Vec<Py<PyAny>> {
        self.names.iter().map(|name| name.clone_ref(py).into_any()).collect()
    }

    pub(crate) fn are_named(&self, py: Python<'_>, names: &Names) -> bool {
        names.are(self.names.iter().map(|name| name.bind(py).as_any()))
    }

    /// The columns that are read, by their names.
    pub(crate) fn held<'n, 'py>(
        &self,
        py: Python<'py>,
        names: &'n [String],
        reads: &[Reads],
    ) -> Result<Columns<'n, 'py>> {
        let mut held = Columns::new(self.rows, names.len());
        for ((name, array), reads) in names.iter().zip(&self.values).zip(reads) {
            if *reads != Reads::Nothing {
                held.columns.push((name, Held::of_array(name, array.bind(py), *reads)?));
            }
        }
        Ok(held)
    }
}
