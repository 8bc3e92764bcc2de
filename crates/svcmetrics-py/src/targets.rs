//! `Targets`, as the core reads and checks them.

use crate::error::{Result, detached};
use crate::frame::Frame;
use crate::scorecard::Scorecard;
use pyo3::prelude::*;

/// Validated targets.
#[pyclass(frozen, module = "svcmetrics._svcmetrics", eq)]
#[derive(Clone, PartialEq)]
pub(crate) struct Targets(pub(crate) svcmetrics::Targets);

#[pymethods]
impl Targets {
    #[staticmethod]
    fn from_json(text: &str) -> Result<Self> {
        Ok(Self(svcmetrics::Targets::from_json(text)?))
    }

    #[staticmethod]
    fn from_toml(text: &str) -> Result<Self> {
        Ok(Self(svcmetrics::Targets::from_toml(text)?))
    }

    fn to_json(&self) -> String {
        self.0.to_json()
    }

    fn to_toml(&self) -> Result<String> {
        Ok(self.0.to_toml()?)
    }

    /// How a scorecard's figures stand to them.
    fn of(&self, py: Python<'_>, card: &Scorecard) -> Result<Frame> {
        Ok(Frame::from(detached(py, || card.0.against_record_batch(&self.0))?))
    }

    fn __str__(&self) -> String {
        self.0.to_string()
    }
}
