//! `Attributions`: why totals changed, one entry a metric.

use crate::error::Result;
use crate::frame::Frame;
use pyo3::prelude::*;
use pyo3::types::PyDict;
use svcmetrics::{Attribution, SegmentEffect};

/// Why totals changed.
#[pyclass(frozen, module = "svcmetrics._svcmetrics")]
pub(crate) struct Attributions(pub(crate) Vec<Attribution>);

#[pymethods]
impl Attributions {
    fn frame(&self) -> Result<Frame> {
        Ok(Frame::from(Attribution::to_record_batch(&self.0)?))
    }

    /// By metric the change as a fraction's text.
    fn changes<'py>(&self, py: Python<'py>) -> Result<Bound<'py, PyDict>> {
        let changes = PyDict::new(py);
        for attribution in &self.0 {
            changes.set_item(&attribution.metric, attribution.change.as_ref().map(ToString::to_string))?;
        }
        Ok(changes)
    }

    fn paradoxes(&self) -> Vec<String> {
        self.0.iter().filter(|attribution| attribution.paradox).map(|attribution| attribution.metric.clone()).collect()
    }

    /// The numbers of each row of the frame, as fractions' texts.
    fn exact<'py>(&self, py: Python<'py>) -> Result<Vec<Bound<'py, PyDict>>> {
        let row = |segment: &SegmentEffect| {
            let row = PyDict::new(py);
            for (name, of) in SegmentEffect::columns() {
                row.set_item(name, of(segment).map(ToString::to_string))?;
            }
            Ok(row)
        };
        self.0.iter().flat_map(|attribution| &attribution.segments).map(row).collect()
    }
}
