//! The relation of two metrics over customers.

use crate::error::{Result, detached};
use crate::frame::Frame;
use crate::request::request;
use crate::source::{Sink, Source, reads_of};
use pyo3::prelude::*;
use pyo3::types::PyDict;
use svcmetrics::{Error, RelationBuilder, Table};

impl Sink for RelationBuilder {
    fn add(&mut self, part: &Table<'_>, go_on: &mut dyn FnMut() -> bool) -> std::result::Result<(), Error> {
        self.add_while(part, go_on)
    }
}

/// A frame of correlations by group, and one of lifts by group and quantile.
#[pyfunction]
pub(crate) fn relate<'py>(
    py: Python<'py>,
    table: &Bound<'py, PyAny>,
    options: &Bound<'py, PyDict>,
    x: &str,
    y: &str,
    quantiles: u32,
    level: f64,
) -> Result<(Frame, Frame)> {
    let mut builder = RelationBuilder::new(request(options)?, x, y).quantiles(quantiles)?.level(level)?;
    let source = Source::of(table)?;
    let names = source.names()?;
    source.pour(py, &names, &reads_of(&names, &builder.reads(&names)?), &mut builder)?;
    let (correlations, lifts) = detached(py, move || {
        let relation = builder.finish()?;
        Ok::<_, Error>((relation.to_record_batch()?, relation.lift_record_batch()?))
    })?;
    Ok((Frame::from(correlations), Frame::from(lifts)))
}
