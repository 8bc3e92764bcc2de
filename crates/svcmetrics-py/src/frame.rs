//! `Frame`: a finished table on its way to whatever the caller uses.

use crate::capsule;
use crate::error::Result;
use arrow_array::cast::AsArray;
use arrow_array::types::{
    Date32Type, Decimal128Type, Float64Type, Int64Type, TimestampMicrosecondType, TimestampMillisecondType,
    TimestampNanosecondType, TimestampSecondType, UInt64Type,
};
use arrow_array::{Array, ArrayRef, RecordBatch};
use arrow_schema::{DataType, Schema, SchemaRef, TimeUnit};
use numpy::PyArray1;
use pyo3::prelude::*;
use pyo3::types::{PyCapsule, PyList};
use std::sync::Arc;
use svcmetrics::{Key, KeyType};

/// A finished table: one batch or several.
#[pyclass(frozen, module = "svcmetrics._svcmetrics")]
pub(crate) struct Frame {
    schema: SchemaRef,
    batches: Vec<RecordBatch>,
}

impl Frame {
    /// Of batches of one table; nothing where there are none.
    pub(crate) fn of(batches: Vec<RecordBatch>) -> Self {
        let schema = batches.first().map_or_else(|| Arc::new(Schema::empty()), RecordBatch::schema);
        Self { schema, batches }
    }

    /// A column, batch by batch.
    fn column(&self, position: usize) -> impl Iterator<Item = &ArrayRef> {
        self.batches.iter().map(move |batch| batch.column(position))
    }

    fn type_of(&self, position: usize) -> &DataType {
        self.schema.field(position).data_type()
    }
}

impl From<RecordBatch> for Frame {
    fn from(batch: RecordBatch) -> Self {
        Self::of(vec![batch])
    }
}

#[pymethods]
impl Frame {
    #[pyo3(signature = (requested_schema=None))]
    fn __arrow_c_stream__<'py>(
        &self,
        py: Python<'py>,
        requested_schema: Option<&Bound<'py, PyAny>>,
    ) -> Result<Bound<'py, PyCapsule>> {
        // A consumer may ask for other types; the interface lets a producer answer with its own.
        let _ = requested_schema;
        capsule::export(py, self.batches.clone(), self.schema.clone())
    }

    fn __len__(&self) -> usize {
        self.batches.iter().map(RecordBatch::num_rows).sum()
    }

    /// Names of the columns.
    fn names(&self) -> Vec<String> {
        self.schema.fields().iter().map(|field| field.name().clone()).collect()
    }

    /// A column's kind: `text`, `boolean`, `integer`, `float`, `decimal`, `date` or `time`.
    fn kind(&self, position: usize) -> &'static str {
        match self.type_of(position) {
            DataType::Boolean => "boolean",
            DataType::Int64 | DataType::UInt64 => "integer",
            DataType::Float64 => "float",
            DataType::Decimal128(..) => "decimal",
            DataType::Date32 => "date",
            DataType::Timestamp(..) => "time",
            _ => "text",
        }
    }

    /// A column as a list of Python values, null as None.
    fn values<'py>(&self, py: Python<'py>, position: usize) -> Result<Bound<'py, PyList>> {
        let mut values = Vec::with_capacity(self.__len__());
        for array in self.column(position) {
            values.extend(values_of(py, array)?);
        }
        Ok(PyList::new(py, values)?)
    }

    /// A column of times as numpy's 64-bit integers, the smallest for null; their unit, and the zone.
    fn times<'py>(
        &self,
        py: Python<'py>,
        position: usize,
    ) -> (Bound<'py, PyArray1<i64>>, &'static str, Option<String>) {
        macro_rules! integers {
            ($type:ty) => {{
                let times = self.column(position).flat_map(|array| array.as_primitive::<$type>());
                times.map(|time| time.unwrap_or(i64::MIN)).collect()
            }};
        }
        let of = self.type_of(position);
        let (values, unit): (Vec<i64>, _) = match of {
            DataType::Timestamp(TimeUnit::Second, _) => (integers!(TimestampSecondType), "s"),
            DataType::Timestamp(TimeUnit::Millisecond, _) => (integers!(TimestampMillisecondType), "ms"),
            DataType::Timestamp(TimeUnit::Microsecond, _) => (integers!(TimestampMicrosecondType), "us"),
            _ => (integers!(TimestampNanosecondType), "ns"),
        };
        let zone = if let DataType::Timestamp(_, Some(zone)) = of { Some(zone.to_string()) } else { None };
        (PyArray1::from_vec(py, values), unit, zone)
    }

    /// A column of floats or decimals as a numpy array of the nearest doubles, null as NaN.
    #[allow(clippy::cast_precision_loss)] // the nearest double is what is asked for
    fn floats<'py>(&self, py: Python<'py>, position: usize) -> Bound<'py, PyArray1<f64>> {
        let mut values = Vec::with_capacity(self.__len__());
        for array in self.column(position) {
            if let Some(decimals) = array.as_primitive_opt::<Decimal128Type>() {
                let double = |value: i128| {
                    if value.unsigned_abs() < 1 << 53 {
                        value as f64 / 1e6
                    } else {
                        decimal_text(value).parse().unwrap_or(f64::NAN)
                    }
                };
                values.extend(decimals.iter().map(|value| value.map_or(f64::NAN, double)));
            } else if let Some(floats) = array.as_primitive_opt::<Float64Type>() {
                values.extend(floats.iter().map(|value| value.unwrap_or(f64::NAN)));
            }
        }
        PyArray1::from_vec(py, values)
    }
}

/// The values of an array as Python's, null as None.
fn values_of<'py>(py: Python<'py>, array: &ArrayRef) -> Result<Vec<Bound<'py, PyAny>>> {
    let rows = 0..array.len();
    macro_rules! list {
        ($value:expr) => {{
            let value = $value;
            let each = rows.map(|row| if array.is_null(row) { Ok(py.None().into_bound(py)) } else { value(row) });
            each.collect::<PyResult<Vec<_>>>()?
        }};
    }
    macro_rules! times {
        ($type:ty, $unit:ident, $zone:expr) => {{
            let (values, zone) =
                (array.as_primitive::<$type>().values().clone(), $zone.as_ref().map(ToString::to_string));
            let key_type = KeyType::Timestamp { unit: svcmetrics::TimeUnit::$unit, zone };
            list!(|row: usize| crate::convert::key(py, &Key::Timestamp(values[row]), &key_type))
        }};
    }
    Ok(match array.data_type() {
        DataType::Boolean => {
            list!(|row| Ok(array.as_boolean().value(row).into_pyobject(py)?.to_owned().into_any()))
        }
        DataType::Int64 => {
            list!(|row: usize| Ok(array.as_primitive::<Int64Type>().value(row).into_pyobject(py)?.into_any()))
        }
        DataType::UInt64 => {
            list!(|row: usize| Ok(array.as_primitive::<UInt64Type>().value(row).into_pyobject(py)?.into_any()))
        }
        DataType::Float64 => {
            list!(|row: usize| Ok(array.as_primitive::<Float64Type>().value(row).into_pyobject(py)?.into_any()))
        }
        DataType::Decimal128(..) => {
            let class = py.import("decimal")?.getattr("Decimal")?;
            list!(|row: usize| class.call1((array.as_primitive::<Decimal128Type>().value_as_string(row),)))
        }
        DataType::Date32 => list!(|row: usize| crate::convert::key(
            py,
            &Key::Date(array.as_primitive::<Date32Type>().value(row)),
            &KeyType::Date
        )),
        DataType::Timestamp(TimeUnit::Second, zone) => times!(TimestampSecondType, Second, zone),
        DataType::Timestamp(TimeUnit::Millisecond, zone) => times!(TimestampMillisecondType, Millisecond, zone),
        DataType::Timestamp(TimeUnit::Microsecond, zone) => times!(TimestampMicrosecondType, Microsecond, zone),
        DataType::Timestamp(TimeUnit::Nanosecond, zone) => times!(TimestampNanosecondType, Nanosecond, zone),
        DataType::LargeUtf8 => list!(|row| Ok(array.as_string::<i64>().value(row).into_pyobject(py)?.into_any())),
        _ => list!(|row| Ok(array.as_string::<i32>().value(row).into_pyobject(py)?.into_any())),
    })
}

fn decimal_text(micros: i128) -> String {
    format!("{micros}e-6")
}
