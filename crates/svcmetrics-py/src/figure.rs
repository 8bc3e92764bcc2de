//! `Figure`: a value with its exact parts, or the reason that there is none.

use crate::convert;
use crate::error::Result;
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyType};

/// The value of a metric with its exact numerator and denominator, or the reason that there is none.
#[pyclass(frozen, module = "svcmetrics", eq)]
#[derive(Clone, PartialEq)]
pub(crate) struct Figure(pub(crate) svcmetrics::Figure);

#[pymethods]
impl Figure {
    #[getter]
    fn value<'py>(&self, py: Python<'py>) -> PyResult<Option<Bound<'py, PyAny>>> {
        match (self.0.numerator(), self.0.denominator()) {
            (Some(amount), None) => convert::total(py, amount).map(Some),
            _ => self.0.value().map(|value| Ok(value.into_pyobject(py)?.into_any())).transpose(),
        }
    }

    #[getter]
    fn decimal<'py>(&self, py: Python<'py>) -> PyResult<Option<Bound<'py, PyAny>>> {
        let class = py.import("decimal")?.getattr("Decimal")?;
        self.0.to_decimal().map(|value| class.call1((value.to_string(),))).transpose()
    }

    #[getter]
    fn numerator<'py>(&self, py: Python<'py>) -> PyResult<Option<Bound<'py, PyAny>>> {
        self.0.numerator().map(|total| convert::total(py, total)).transpose()
    }

    #[getter]
    fn denominator<'py>(&self, py: Python<'py>) -> PyResult<Option<Bound<'py, PyAny>>> {
        self.0.denominator().map(|total| convert::total(py, total)).transpose()
    }

    #[getter]
    fn percent(&self) -> Option<f64> {
        self.0.percent()
    }

    #[getter]
    fn undefined_reason(&self) -> Option<&'static str> {
        self.0.undefined_reason().map(svcmetrics::Undefined::reason)
    }

    #[getter]
    fn defined(&self) -> bool {
        self.0.is_defined()
    }

    #[getter]
    fn unit(&self) -> &'static str {
        self.0.unit().name()
    }

    /// The confidence interval, low and high; None where the figure is undefined or nothing is known of its spread.
    ///
    /// Shares to which each row adds 0 or 1 have Wilson's score interval, `nps` and `ces_net` the adjusted Wald interval,
    /// other quotients of a scorecard with `spread=True` that of the ratio estimator, with Student's t.
    ///
    /// >>> import svcmetrics as sm
    /// >>> low, high = sm.formulas.onboard_rate(onboarded=8, new_customers=10).interval(0.95)
    /// >>> f"{low:.4f} {high:.4f}"
    /// '0.4902 0.9433'
    /// >>> sm.formulas.adoption_rate(milestones_met=8, milestones_total=10).interval() is None
    /// True
    #[pyo3(signature = (level=None))]
    fn interval(&self, level: Option<&Bound<'_, PyAny>>) -> Result<Option<(f64, f64)>> {
        Ok(self.0.interval(level.map_or(Ok(0.95), convert::level)?)?)
    }

    fn __float__(&self, py: Python<'_>) -> Result<f64> {
        if let Some(value) = self.0.value() {
            return Ok(value);
        }
        let reason = self.undefined_reason().unwrap_or_default();
        let class = py.import("svcmetrics.errors")?.getattr("UndefinedFigureError")?;
        let details = PyDict::new(py);
        details.set_item("kind", "undefined_figure")?;
        Err(PyErr::from_value(class.call((format!("the figure is undefined: {reason}"),), Some(&details))?).into())
    }

    fn __hash__(&self) -> u64 {
        self.0.value().unwrap_or_default().to_bits()
    }

    fn __str__(&self) -> String {
        self.0.to_string()
    }

    fn __repr__(&self) -> String {
        match (self.0.undefined_reason(), self.0.numerator(), self.0.denominator()) {
            (Some(reason), ..) => format!("<Figure – ({reason})>"),
            (_, Some(numerator), Some(denominator)) => format!("<Figure {} ({numerator} / {denominator})>", self.0),
            _ => format!("<Figure {}>", self.0),
        }
    }

    fn __reduce__<'py>(slf: &Bound<'py, Self>) -> Result<(Bound<'py, PyAny>, (String,))> {
        let class: Bound<'py, PyType> = slf.get_type();
        Ok((class.getattr("_read")?, (slf.get().0.to_json()?,)))
    }

    #[staticmethod]
    fn _read(text: &str) -> Result<Self> {
        Ok(Self(svcmetrics::Figure::from_json(text)?))
    }
}
