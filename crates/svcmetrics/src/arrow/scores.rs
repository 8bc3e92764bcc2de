//! Scores of many customers: columns straight from the scorer.

use super::{Frame, key_array};
use crate::engine::{NOBODY, ScoreColumns};
use crate::error::{Error, Result};
use crate::health::{Finished, HealthModel, HealthScorer};
use arrow_array::{ArrayRef, Decimal128Array, Float64Array, GenericStringArray, OffsetSizeTrait, RecordBatch};
use arrow_buffer::{BooleanBuffer, Buffer, NullBuffer, OffsetBuffer, ScalarBuffer};
use std::sync::Arc;

impl HealthScorer {
    /// The scores of all rows that were added, as [`crate::HealthScores::to_record_batch`] shows them, with the points unless
    /// they were left out, and the model as it fitted the table.
    ///
    /// ```
    /// use svcmetrics::{Component, HealthModel, HealthScorer, Request, Table};
    /// let model = HealthModel::new([Component::new("adoption_rate", 1)])?;
    /// let table = Table::new(2).with("milestones_met", vec![3_i64, 0]).with("milestones_total", vec![4_i64, 0]);
    /// let mut scorer = HealthScorer::new(Request::default().health(model)).points(false);
    /// scorer.add(&table)?;
    /// let (batch, _) = scorer.finish_record_batch()?;
    /// assert_eq!((batch.num_rows(), batch.num_columns()), (2, 3));
    /// assert!(batch["score"].is_null(1)); // no milestones were set: unknown, not 0
    /// # Ok::<(), svcmetrics::Error>(())
    /// ```
    ///
    /// # Errors
    /// As [`HealthScorer::finish`]; [`Error::Overflow`] for identities beyond 64 bits.
    pub fn finish_record_batch(self) -> Result<(RecordBatch, HealthModel)> {
        let Finished { model, customers, columns } = self.finished()?;
        let mut frame = Frame::default();
        if let Some((key_type, customers)) = &customers {
            frame.push("customer_id", key_array("customer_id", key_type, customers)?);
        }
        let about = nulls(columns.len(), |row| columns.bands[row] != NOBODY);
        let scored = nulls(columns.len(), |row| !matches!(columns.bands[row], 0 | NOBODY));
        let bands = bands(&columns, &model, about.clone())?;
        let points: Vec<ArrayRef> =
            (0..columns.components()).map(|component| points(&columns, component)).collect::<Result<_>>()?;
        let ScoreColumns { scores, coverages, .. } = columns;
        frame.push("score", Arc::new(Float64Array::new(scores.into(), scored)));
        frame.push("band", bands);
        frame.push("coverage", Arc::new(Float64Array::new(coverages.into(), about)));
        for (component, points) in model.components().iter().zip(points) {
            frame.push(format!("{}_points", component.metric()), points);
        }
        Ok((frame.finish()?, model))
    }
}

fn nulls(rows: usize, there: impl FnMut(usize) -> bool) -> Option<NullBuffer> {
    Some(NullBuffer::new(BooleanBuffer::collect_bool(rows, there))).filter(|nulls| nulls.null_count() > 0)
}

/// The names of the bands.
fn bands(columns: &ScoreColumns, model: &HealthModel, nulls: Option<NullBuffer>) -> Result<ArrayRef> {
    let names = model.band_names();
    let name = |band: &u32| names.get(*band as usize).copied().unwrap_or_default().as_bytes();
    let total = columns.bands.iter().map(|band| name(band).len()).sum::<usize>();
    if i32::try_from(total).is_ok() {
        texts::<i32>(&columns.bands, name, total, nulls)
    } else {
        texts::<i64>(&columns.bands, name, total, nulls)
    }
}

fn texts<'n, O: OffsetSizeTrait>(
    bands: &[u32],
    name: impl Fn(&u32) -> &'n [u8],
    total: usize,
    nulls: Option<NullBuffer>,
) -> Result<ArrayRef> {
    let (mut bytes, mut offsets) = (Vec::with_capacity(total), Vec::with_capacity(bands.len() + 1));
    offsets.push(O::usize_as(0));
    for band in bands {
        bytes.extend_from_slice(name(band));
        offsets.push(O::usize_as(bytes.len()));
    }
    let offsets = OffsetBuffer::new(ScalarBuffer::from(offsets));
    match GenericStringArray::try_new(offsets, Buffer::from_vec(bytes), nulls) {
        Ok(array) => Ok(Arc::new(array)),
        Err(error) => Err(malformed(&error)),
    }
}

fn points(columns: &ScoreColumns, component: usize) -> Result<ArrayRef> {
    let points = (0..columns.len()).map(|row| columns.points(component, row).map(i128::from));
    // 100 has three digits before the six places
    match points.collect::<Decimal128Array>().with_precision_and_scale(9, 6) {
        Ok(array) => Ok(Arc::new(array)),
        Err(error) => Err(malformed(&error)),
    }
}

fn malformed(error: &arrow_schema::ArrowError) -> Error {
    Error::InvalidDocument { what: "a frame", problem: error.to_string() }
}
