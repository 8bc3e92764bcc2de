//! `Scorecard`: what the core computed, with Python's types at the edge.

use crate::attribute::Attributions;
use crate::convert;
use crate::error::{Result, detached};
use crate::figure::Figure;
use crate::frame::Frame;
use crate::health::HealthModel;
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyList, PyTuple};
use svcmetrics::{CompareOptions, Error, Kind, MissingColumns, Quality, RevenueChange};

/// Totals by group and the definitions that read them.
#[pyclass(frozen, module = "svcmetrics._svcmetrics", eq)]
#[derive(Clone, PartialEq)]
pub(crate) struct Scorecard(pub(crate) svcmetrics::Scorecard);

#[pymethods]
impl Scorecard {
    fn metrics(&self) -> Vec<String> {
        self.0.metrics().map(|metric| metric.id().to_owned()).collect()
    }

    fn not_measured(&self) -> std::collections::BTreeMap<String, MissingColumns> {
        self.0.not_measured().clone()
    }

    /// Whether a name of the table comes near one that was wanted.
    fn has_near_misses(&self) -> bool {
        self.0.not_measured().values().flatten().any(|(_, near)| !near.is_empty())
    }

    fn keys(&self) -> Vec<String> {
        self.0.keys().iter().map(|key| key.name.clone()).collect()
    }

    fn period(&self) -> Option<String> {
        self.0.period().map(ToOwned::to_owned)
    }

    fn unique_checked(&self) -> bool {
        self.0.is_unique_checked()
    }

    fn health_model(&self) -> Option<HealthModel> {
        self.0.health_model().cloned().map(HealthModel)
    }

    fn __len__(&self) -> usize {
        self.0.len()
    }

    /// Rows, and by metric counted, missing, invalid, outside, rounded and the largest rounding.
    fn quality<'py>(&self, py: Python<'py>) -> Result<(i128, Bound<'py, PyDict>)> {
        let Quality { rows, metrics, .. } = self.0.quality();
        let by_metric = PyDict::new(py);
        for (id, quality) in metrics {
            let counts = PyDict::new(py);
            let of = quality.counts;
            let named = [
                ("counted", of.counted),
                ("missing", of.missing),
                ("invalid", of.invalid),
                ("outside", of.outside),
                ("rounded", of.rounded),
            ];
            for (name, count) in named {
                counts.set_item(name, count)?;
            }
            counts.set_item("largest_rounding", quality.largest_rounding)?;
            by_metric.set_item(id, counts)?;
        }
        Ok((rows, by_metric))
    }

    /// What the ledger was made of whose movements these are.
    fn ledger(&self) -> Option<crate::ledger::Counted> {
        self.0.ledger().map(crate::ledger::counted)
    }

    /// The groups' keys: a tuple each.
    fn groups<'py>(&self, py: Python<'py>) -> Result<Bound<'py, PyList>> {
        let group = |keys: &Vec<svcmetrics::Key>| -> PyResult<Bound<'py, PyTuple>> {
            let values = keys.iter().zip(self.0.keys()).map(|(key, column)| convert::key(py, key, &column.key_type));
            PyTuple::new(py, values.collect::<PyResult<Vec<_>>>()?)
        };
        Ok(PyList::new(py, self.0.groups().iter().map(group).collect::<PyResult<Vec<_>>>()?)?)
    }

    /// A metric's figures, in the order of the groups.
    fn figures(&self, metric: &str) -> Result<Vec<Figure>> {
        Ok(self.0.figures(metric)?.into_iter().map(Figure).collect())
    }

    fn wide(&self, py: Python<'_>, totals: bool) -> Result<Frame> {
        let wide = || if totals { self.0.to_record_batch_with_totals() } else { self.0.to_record_batch() };
        Ok(Frame::from(detached(py, wide)?))
    }

    fn tidy(&self, py: Python<'_>, level: &Bound<'_, PyAny>, totals: bool) -> Result<Frame> {
        let level = convert::level(level)?;
        let tidy = || {
            if totals { self.0.tidy_record_batch_with_totals_at(level) } else { self.0.tidy_record_batch_at(level) }
        };
        Ok(Frame::from(detached(py, tidy)?))
    }

    fn measures(&self, py: Python<'_>) -> Result<Frame> {
        Ok(Frame::from(detached(py, || self.0.measures_record_batch())?))
    }

    fn reasons(&self, py: Python<'_>, of: &str) -> Result<Frame> {
        let known = [RevenueChange::Loss, RevenueChange::Gain];
        let change = known.into_iter().find(|change| change.name() == of).ok_or_else(|| Error::InvalidOption {
            option: "of".to_owned(),
            found: of.to_owned(),
            expected: "\"loss\" or \"gain\"".to_owned(),
        })?;
        Ok(Frame::from(detached(py, || self.0.reasons_record_batch(change))?))
    }

    /// The metrics that are mixes.
    fn mixes(&self) -> Vec<String> {
        self.0.metrics().filter(|metric| metric.kind() == Kind::Mix).map(|metric| metric.id().to_owned()).collect()
    }

    fn mix(&self, py: Python<'_>, metric: &str) -> Result<Frame> {
        Ok(Frame::from(detached(py, || self.0.mix(metric)?.to_record_batch())?))
    }

    /// A mix's figures by value, in the order of the groups.
    fn shares<'py>(&self, py: Python<'py>, metric: &str) -> Result<Vec<Bound<'py, PyDict>>> {
        let mix = self.0.mix(metric)?;
        let mut parts = mix.parts.iter().peekable();
        let group = |keys: &Vec<svcmetrics::Key>| -> PyResult<Bound<'py, PyDict>> {
            let shares = PyDict::new(py);
            while let Some(part) = parts.next_if(|part| part.keys == *keys) {
                shares.set_item(convert::key(py, &part.value, &mix.value.key_type)?, Figure(part.share))?;
            }
            Ok(shares)
        };
        Ok(self.0.groups().iter().map(group).collect::<PyResult<_>>()?)
    }

    #[allow(clippy::needless_pass_by_value)] // Python hands over a list
    fn rollup(&self, py: Python<'_>, by: Vec<String>) -> Result<Self> {
        Ok(Self(detached(py, || self.0.rollup(&by))?))
    }

    /// The groups in which a key, or without one that of time, has a value.
    fn at(&self, py: Python<'_>, value: &Bound<'_, PyAny>, key: Option<&str>) -> Result<Self> {
        let Some(key) = key.or_else(|| self.0.period()) else {
            return Err(Error::InvalidOption {
                option: "key".into(),
                found: "none".into(),
                expected: "a key, since none of them is time".into(),
            }
            .into());
        };
        let mut found = None;
        if let Some(place) = self.0.keys().iter().position(|known| known.name == key) {
            let key_type = &self.0.keys()[place].key_type;
            let mut seen = std::collections::BTreeSet::new();
            for known in self.0.groups().iter().map(|group| &group[place]).filter(|known| seen.insert(*known)) {
                // what cannot be compared is no such value
                if convert::key(py, known, key_type)?.eq(value).unwrap_or_default() {
                    found = Some(known.clone());
                    break;
                }
            }
        }
        // of one that is not there the core says which there are; a number may be a year that is text
        let found = match found {
            Some(found) => found,
            None if value.is_none() => svcmetrics::Key::Null,
            None => svcmetrics::Key::from(value.str()?.to_string().as_str()),
        };
        Ok(Self(detached(py, || self.0.at(key, &found))?))
    }

    fn merge(&self, py: Python<'_>, other: &Self, common: bool) -> Result<Self> {
        Ok(Self(detached(py, || if common { self.0.merge_common(&other.0) } else { self.0.merge(&other.0) })?))
    }

    fn join(&self, py: Python<'_>, other: &Self) -> Result<Self> {
        Ok(Self(detached(py, || self.0.join(&other.0))?))
    }

    /// The frame of changes, and how many were tested.
    #[allow(clippy::needless_pass_by_value)] // Python hands over a list
    fn compare(
        &self,
        py: Python<'_>,
        baseline: &Self,
        level: &Bound<'_, PyAny>,
        paired: Option<String>,
        metrics: Vec<String>,
    ) -> Result<(Frame, usize)> {
        let options = CompareOptions::default().level(convert::level(level)?).metrics(metrics);
        let options = paired.into_iter().fold(options, CompareOptions::paired);
        let changes = detached(py, || self.0.compare(&baseline.0, &options))?;
        Ok((Frame::from(changes.to_record_batch()?), changes.tests()))
    }

    fn incremental(&self, py: Python<'_>, baseline: &Self) -> Result<Frame> {
        Ok(Frame::from(detached(py, || self.0.incremental(&baseline.0)?.to_record_batch())?))
    }

    #[allow(clippy::needless_pass_by_value)] // Python hands over lists
    fn attribute(
        &self,
        py: Python<'_>,
        baseline: &Self,
        by: Vec<String>,
        metrics: Vec<String>,
    ) -> Result<Attributions> {
        Ok(Attributions(detached(py, || self.0.attribute(&baseline.0, &by, &metrics))?))
    }

    fn to_json(&self, py: Python<'_>) -> Result<String> {
        detached(py, || self.0.to_json())
    }

    #[staticmethod]
    fn from_json(py: Python<'_>, text: &str) -> Result<Self> {
        Ok(Self(detached(py, || svcmetrics::Scorecard::from_json(text))?))
    }
}
