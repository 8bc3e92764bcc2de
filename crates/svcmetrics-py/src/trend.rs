//! Trends of a scorecard.

use crate::error::{Result, detached};
use crate::frame::Frame;
use crate::scorecard::Scorecard;
use pyo3::prelude::*;

/// A frame of figures beside those of other periods.
#[pyfunction]
#[allow(clippy::needless_pass_by_value)] // Python hands over a list
pub(crate) fn trend(py: Python<'_>, card: &Scorecard, metrics: Option<Vec<String>>) -> Result<Frame> {
    let ids: Option<Vec<&str>> = metrics.as_ref().map(|ids| ids.iter().map(String::as_str).collect());
    Ok(Frame::from(detached(py, || card.0.trend_record_batch(ids.as_deref()))?))
}
