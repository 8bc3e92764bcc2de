//! `HealthModel`, as the core reads and checks it.

use crate::error::Result;
use pyo3::prelude::*;

/// Metric, value, points, lost points.
type Part = (String, Option<f64>, Option<i64>, Option<i64>);

/// A validated model.
#[pyclass(frozen, module = "svcmetrics._svcmetrics", eq)]
#[derive(Clone, PartialEq)]
pub(crate) struct HealthModel(pub(crate) svcmetrics::HealthModel);

#[pymethods]
impl HealthModel {
    #[staticmethod]
    fn from_json(text: &str) -> Result<Self> {
        Ok(Self(svcmetrics::HealthModel::from_json(text)?))
    }

    #[staticmethod]
    fn from_toml(text: &str) -> Result<Self> {
        Ok(Self(svcmetrics::HealthModel::from_toml(text)?))
    }

    #[staticmethod]
    fn standard() -> Self {
        Self(svcmetrics::HealthModel::standard())
    }

    fn to_json(&self) -> String {
        self.0.to_json()
    }

    fn to_toml(&self) -> Result<String> {
        Ok(self.0.to_toml()?)
    }

    fn id(&self) -> String {
        self.0.id()
    }

    fn __str__(&self) -> String {
        self.0.to_string()
    }

    #[allow(clippy::needless_pass_by_value)] // Python hands over a dictionary
    /// Score in micro-points, band, coverage, and for each component metric, value, points, lost points.
    fn explain(&self, values: std::collections::HashMap<String, Option<f64>>) -> (Option<i64>, String, f64, Vec<Part>) {
        let explanation = self.0.explain(|metric| values.get(metric).copied().flatten());
        let part = |part: svcmetrics::Contribution| (part.metric, part.value, part.points, part.lost);
        (
            explanation.score,
            explanation.band,
            explanation.coverage,
            explanation.contributions.into_iter().map(part).collect(),
        )
    }
}
