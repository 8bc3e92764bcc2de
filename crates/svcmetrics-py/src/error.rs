//! The one place where the core's errors become Python's, and where a panic becomes an error.

use pyo3::exceptions::PyKeyboardInterrupt;
use pyo3::prelude::*;
use pyo3::types::PyDict;
use std::panic::{AssertUnwindSafe, catch_unwind};
use svcmetrics::Error;

/// Either side's error, so that `?` takes both.
pub(crate) enum PyError {
    Core(Box<Error>),
    Python(PyErr),
}

pub(crate) type Result<T> = std::result::Result<T, PyError>;

impl From<Error> for PyError {
    fn from(error: Error) -> Self {
        Self::Core(Box::new(error))
    }
}

impl From<PyErr> for PyError {
    fn from(error: PyErr) -> Self {
        Self::Python(error)
    }
}

impl From<pyo3::CastError<'_, '_>> for PyError {
    fn from(error: pyo3::CastError<'_, '_>) -> Self {
        Self::Python(error.into())
    }
}

impl From<PyError> for PyErr {
    fn from(error: PyError) -> Self {
        match error {
            PyError::Python(error) => error,
            PyError::Core(error) => Python::attach(|py| exception(py, &error).unwrap_or_else(|error| error)),
        }
    }
}

/// The class in `svcmetrics.errors` for each variant.
fn class(error: &Error) -> &'static str {
    match error {
        Error::ColumnNotFound { .. } => "ColumnNotFoundError",
        Error::MetricNotFound { .. } => "MetricNotFoundError",
        Error::DuplicateColumn { .. } => "DuplicateColumnError",
        Error::ColumnType(_) => "ColumnTypeError",
        Error::InvalidValue(_) => "InvalidValueError",
        Error::NotANumber(_) => "NotANumberError",
        Error::Inexact(_) => "InexactError",
        Error::OutOfRange(_) => "OutOfRangeError",
        Error::AbsentRevenue { .. } => "AbsentRevenueError",
        Error::DuplicateCustomer { .. } => "DuplicateCustomerError",
        Error::MixedCurrency { .. } => "MixedCurrencyError",
        Error::KeyName { .. } => "KeyNameError",
        Error::TooManyGroups { .. } | Error::TooManyPeriods { .. } => "TooManyGroupsError",
        Error::OutOfMemory { .. } => "OutOfMemoryError",
        Error::Overflow { .. } => "TotalOverflowError",
        Error::Mismatch { .. } | Error::LedgerMismatch { .. } => "MismatchError",
        Error::InvalidModel { .. } => "InvalidModelError",
        Error::InvalidDefinition { .. } | Error::WrongColumn { .. } => "InvalidDefinitionError",
        Error::InvalidOption { .. } => "InvalidOptionError",
        Error::InvalidDocument { .. } => "InvalidDocumentError",
        Error::InvalidPeriod { .. } => "InvalidPeriodError",
        _ => "SvcMetricsError",
    }
}

fn exception(py: Python<'_>, error: &Error) -> PyResult<PyErr> {
    if matches!(error, Error::Interrupted) {
        return Ok(PyKeyboardInterrupt::new_err(()));
    }
    let details = PyDict::new(py);
    details.set_item("kind", error.kind())?;
    details.set_item("metric", error.metric())?;
    details.set_item("column", error.column())?;
    details.set_item("row", error.row())?;
    details.set_item("group", error.group())?;
    details.set_item("value", error.value())?;
    details.set_item("expected", error.expected())?;
    details.set_item("hint", error.hint())?;
    details.set_item("count", error.count())?;
    let first = error.offence().map(|offence| offence.first.clone()).unwrap_or_default();
    details.set_item("first", first)?;
    let class = py.import("svcmetrics.errors")?.getattr(class(error))?;
    Ok(PyErr::from_value(class.call((error.to_string(),), Some(&details))?))
}

/// Works without the interpreter's lock; a panic there becomes an `InternalError`.
pub(crate) fn detached<T: Send, E: Send>(
    py: Python<'_>,
    work: impl FnOnce() -> std::result::Result<T, E> + Send,
) -> Result<T>
where
    PyError: From<E>,
{
    match py.detach(|| catch_unwind(AssertUnwindSafe(work))) {
        Ok(result) => Ok(result?),
        Err(panic) => {
            let text =
                panic.downcast_ref::<String>().map(String::as_str).or_else(|| panic.downcast_ref::<&str>().copied());
            let class = py.import("svcmetrics.errors")?.getattr("InternalError")?;
            Err(PyErr::from_value(class.call1((text.unwrap_or("a panic without a message"),))?).into())
        }
    }
}
