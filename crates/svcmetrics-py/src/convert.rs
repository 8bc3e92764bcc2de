//! Python's values as the core's, and back.

use pyo3::exceptions::{PyOverflowError, PyValueError};
use pyo3::prelude::*;
use pyo3::types::{PyBool, PyDate, PyDateTime, PyFloat, PyInt, PyString};
use rust_decimal::Decimal;
use svcmetrics::{Key, KeyType, Scalar, TimeUnit, Total};

/// A Python object as one value of a column. What has no counterpart keeps its type and text.
pub(crate) fn scalar(object: &Bound<'_, PyAny>) -> PyResult<Scalar> {
    if object.is_none() {
        return Ok(Scalar::Null);
    }
    if let Ok(value) = object.cast::<PyBool>() {
        return Ok(Scalar::Boolean(value.is_true()));
    }
    if object.is_instance_of::<PyInt>() {
        let large = |_| Scalar::Large(object.str().map_or_else(|_| String::new(), |text| text.to_string()));
        return Ok(object.extract::<i128>().map_or_else(large, Scalar::Integer));
    }
    if let Ok(value) = object.cast::<PyFloat>() {
        return Ok(Scalar::Float(value.value()));
    }
    if let Ok(text) = object.cast::<PyString>() {
        // A lone surrogate is no text elsewhere.
        let no_text = |_| {
            Scalar::Other(
                "text that is no Unicode".to_owned(),
                text.repr().map_or_else(|_| String::new(), |r| r.to_string()),
            )
        };
        return Ok(text.to_str().map_or_else(no_text, |text| Scalar::Text(text.to_owned())));
    }
    let kind = object.get_type().name()?.to_string();
    match kind.as_str() {
        "NAType" | "NaTType" => Ok(Scalar::Null),
        "Decimal" => decimal(object),
        // a year, which its Python twin takes for its first day
        "datetime64" if object.getattr("dtype")?.getattr("str")?.extract::<String>()?.ends_with("[Y]") => {
            Ok(if object.call_method0("item")?.is_none() {
                Scalar::Null
            } else {
                Scalar::Text(object.str()?.to_string())
            })
        }
        // numpy's scalars know their Python twins
        _ if object.hasattr("item")? && object.hasattr("dtype")? => {
            let item = object.call_method0("item")?;
            if item.get_type().is(object.get_type()) { Ok(other(object)) } else { scalar(&item) }
        }
        "Period" if object.hasattr("freqstr")? => {
            let text = object.py().import("svcmetrics.tables")?.call_method1("period_text", (object,))?;
            Ok(text.extract::<String>().map_or_else(|_| other(object), Scalar::Text))
        }
        _ if object.is_instance_of::<PyDateTime>() => time(object),
        _ if object.is_instance_of::<PyDate>() => {
            let ordinal: i32 = object.call_method0("toordinal")?.extract()?;
            Ok(Scalar::Date(ordinal - 719_163))
        }
        _ => Ok(other(object)),
    }
}

fn other(object: &Bound<'_, PyAny>) -> Scalar {
    let kind = object.get_type().name().map_or_else(|_| "object".to_owned(), |name| name.to_string());
    Scalar::Other(kind, object.str().map_or_else(|_| String::new(), |text| text.to_string()))
}

/// Microseconds since 1970; a time without a zone counts as it stands.
fn time(object: &Bound<'_, PyAny>) -> PyResult<Scalar> {
    let py = object.py();
    let datetime = py.import("datetime")?;
    let zone = object.getattr("tzinfo")?;
    let aware = !zone.is_none();
    let zone = if zone.is_none() { zone } else { datetime.getattr("timezone")?.getattr("utc")? };
    let epoch = datetime.getattr("datetime")?.call1((1970, 1, 1, 0, 0, 0, 0, zone))?;
    let microsecond = datetime.getattr("timedelta")?.call1((0, 0, 1))?;
    let count: i64 = object.sub(epoch)?.floor_div(microsecond)?.extract()?;
    // pandas' timestamps are finer than Python's
    let finer: Option<i64> = object.getattr("nanosecond").ok().and_then(|rest| rest.extract().ok());
    let nanoseconds = finer.and_then(|rest| count.checked_mul(1_000)?.checked_add(rest));
    let (time, unit) = nanoseconds.map_or((count, TimeUnit::Microsecond), |time| (time, TimeUnit::Nanosecond));
    Ok(if aware { Scalar::Instant(time, unit) } else { Scalar::Timestamp(time, unit) })
}

fn decimal(object: &Bound<'_, PyAny>) -> PyResult<Scalar> {
    let (sign, digits, exponent): (u8, Vec<u8>, Bound<'_, PyAny>) = object.call_method0("as_tuple")?.extract()?;
    let Ok(exponent) = exponent.extract::<i32>() else {
        // 'n', 'N' and 'F' stand for NaN and infinity
        let infinite = exponent.extract::<String>()? == "F";
        let signed = if sign == 1 { f64::NEG_INFINITY } else { f64::INFINITY };
        return Ok(Scalar::Float(if infinite { signed } else { f64::NAN }));
    };
    // Zeros at the end say nothing but the scale.
    let zeros = digits.iter().rev().take_while(|digit| **digit == 0).count().min(digits.len().saturating_sub(1));
    let exponent = exponent.saturating_add(i32::try_from(zeros).unwrap_or(i32::MAX));
    let digits = &digits[..digits.len() - zeros];
    let value = digits.iter().try_fold(0_i128, |value, digit| value.checked_mul(10)?.checked_add(i128::from(*digit)));
    match value {
        Some(value) => Ok(Scalar::Decimal { value: if sign == 1 { -value } else { value }, scale: -exponent }),
        None => Ok(Scalar::Large(object.str()?.to_string())),
    }
}

/// A number for a formula: int, Decimal, str or float, the last as the shortest decimal that reads back as it.
pub(crate) fn number(name: &str, object: &Bound<'_, PyAny>) -> crate::error::Result<Decimal> {
    let wrong = |found: &Bound<'_, PyAny>| {
        let option = format!("argument {name}");
        svcmetrics::Error::InvalidOption {
            option,
            found: found.repr().map_or_else(|_| String::new(), |text| text.to_string()),
            expected: "a finite number".into(),
        }
    };
    let is_number = !object.is_instance_of::<PyBool>() && !object.is_none();
    let text = object.str()?.to_string();
    match svcmetrics::number(name, text.trim()) {
        _ if !is_number => Err(wrong(object).into()),
        Err(svcmetrics::Error::InvalidValue(_)) => Err(wrong(object).into()),
        read => Ok(read?),
    }
}

/// The level of an interval; the core says which numbers are one.
pub(crate) fn level(object: &Bound<'_, PyAny>) -> crate::error::Result<f64> {
    object.extract().map_err(|_| {
        let found = object.repr().map_or_else(|_| String::new(), |text| text.to_string());
        svcmetrics::Error::InvalidOption {
            option: "level".into(),
            found,
            expected: "a number between 0 and 1, such as 0.95".into(),
        }
        .into()
    })
}

/// A key as a Python value: str, bool, int, date, or a time as datetime.
pub(crate) fn key<'py>(py: Python<'py>, key: &Key, key_type: &KeyType) -> PyResult<Bound<'py, PyAny>> {
    let too_far = |error: PyErr| -> PyErr {
        let overflow =
            svcmetrics::Error::Overflow { measure: "key".into(), group: key.to_string(), limit: "Python's dates" };
        if error.is_instance_of::<PyValueError>(py) || error.is_instance_of::<PyOverflowError>(py) {
            crate::error::PyError::from(overflow).into()
        } else {
            error
        }
    };
    match (key, key_type) {
        (Key::Timestamp(time), KeyType::Timestamp { unit: TimeUnit::Nanosecond, .. }) if time % 1_000 != 0 => {
            // finer than Python's datetime
            py.import("numpy")?.getattr("datetime64")?.call1((*time, "ns"))
        }
        (Key::Boolean(value), _) => Ok(value.into_pyobject(py)?.to_owned().into_any()),
        (Key::Integer(value), _) => Ok(value.into_pyobject(py)?.into_any()),
        (Key::Text(text) | Key::Bin { label: text, .. }, _) => Ok(PyString::new(py, text).into_any()),
        (Key::Date(day), _) => py
            .import("datetime")?
            .getattr("date")?
            .call_method1("fromordinal", (i64::from(*day) + 719_163,))
            .map_err(too_far),
        (Key::Timestamp(time), KeyType::Timestamp { unit, zone }) => {
            let microseconds = match unit {
                TimeUnit::Second => i128::from(*time) * 1_000_000,
                TimeUnit::Millisecond => i128::from(*time) * 1_000,
                TimeUnit::Microsecond => i128::from(*time),
                TimeUnit::Nanosecond => i128::from(*time).div_euclid(1_000),
            };
            let datetime = py.import("datetime")?;
            let utc = datetime.getattr("timezone")?.getattr("utc")?;
            let none = py.None().into_bound(py);
            let epoch = datetime.getattr("datetime")?.call1((
                1970,
                1,
                1,
                0,
                0,
                0,
                0,
                if zone.is_some() { utc } else { none },
            ))?;
            let since = datetime.getattr("timedelta")?.call1((0, 0, microseconds)).map_err(&too_far)?;
            epoch.add(since).map_err(too_far)
        }
        _ => Ok(py.None().into_bound(py)),
    }
}

/// An exact total: an int where whole things were counted, else a Decimal.
pub(crate) fn total(py: Python<'_>, total: Total) -> PyResult<Bound<'_, PyAny>> {
    if total.is_micro() {
        py.import("decimal")?.getattr("Decimal")?.call1((total.to_string(),))
    } else {
        Ok(total.integer().into_pyobject(py)?.into_any())
    }
}
