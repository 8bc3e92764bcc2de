//! `Metric`: the definition of a metric of the user's own, as the core reads and checks it.

use crate::catalog::entry;
use crate::error::Result;
use pyo3::prelude::*;
use pyo3::types::PyDict;
use svcmetrics::MetricDefinition;

/// A validated definition.
#[pyclass(frozen, module = "svcmetrics._svcmetrics", eq)]
#[derive(Clone, PartialEq)]
pub(crate) struct Metric(pub(crate) MetricDefinition);

#[pymethods]
impl Metric {
    #[staticmethod]
    fn from_json(text: &str) -> Result<Self> {
        Ok(Self(MetricDefinition::from_json(text)?))
    }

    #[staticmethod]
    fn read_toml(text: &str) -> Result<Vec<Self>> {
        Ok(MetricDefinition::read_toml(text)?.into_iter().map(Self).collect())
    }

    fn to_json(&self) -> String {
        self.0.to_json()
    }

    fn to_toml(&self) -> Result<String> {
        Ok(self.0.to_toml()?)
    }

    fn id(&self) -> &str {
        self.0.id()
    }

    /// Its entry in a catalogue.
    fn entry<'py>(&self, py: Python<'py>) -> Result<Bound<'py, PyDict>> {
        let entry = entry(py, "Own", &self.0.metric()?)?;
        entry.set_item("formula", self.0.formula())?;
        Ok(entry)
    }

    /// What the columns hold that it reads: their names and kinds.
    fn columns(&self) -> Result<Vec<(String, &'static str)>> {
        let metric = self.0.metric()?;
        Ok(metric.columns().into_iter().map(|column| (column.name.to_string(), column.kind.name())).collect())
    }

    fn __str__(&self) -> String {
        self.0.to_string()
    }
}
