//! What comes of two scorecards, as frames.

use super::{Frame, key_array};
use crate::attribute::{Attribution, SegmentEffect};
use crate::error::Result;
use crate::fraction::Fraction;
use crate::key::Key;
use crate::scorecard::KeyColumn;
use arrow_array::{BooleanArray, Float64Array, RecordBatch, StringArray};
use std::sync::Arc;

/// Key columns of rows that have each a group.
fn push_keys(frame: &mut Frame, columns: &[KeyColumn], groups: &[&Vec<Key>]) -> Result<()> {
    for (position, column) in columns.iter().enumerate() {
        let keys: Vec<Key> = groups.iter().map(|group| group[position].clone()).collect();
        frame.push(&column.name, key_array(&column.name, &column.key_type, &keys)?);
    }
    Ok(())
}

impl Attribution {
    /// A row a metric and segment: keys, `metric`, then the nearest doubles of weights, rates and effects, and `paradox`.
    ///
    /// # Errors
    /// [`crate::Error::Overflow`] for a key that does not fit 64 bits.
    pub fn to_record_batch(attributions: &[Self]) -> Result<RecordBatch> {
        let rows: Vec<(&Self, &SegmentEffect)> = attributions
            .iter()
            .flat_map(|attribution| attribution.segments.iter().map(move |segment| (attribution, segment)))
            .collect();
        let groups: Vec<&Vec<Key>> = rows.iter().map(|(_, segment)| &segment.segment).collect();
        let mut frame = Frame::default();
        push_keys(&mut frame, attributions.first().map_or(&[], |attribution| &attribution.by), &groups)?;
        let metrics = rows.iter().map(|(attribution, _)| Some(&attribution.metric));
        frame.push("metric", Arc::new(metrics.collect::<StringArray>()));
        for (name, of) in SegmentEffect::columns() {
            let values = rows.iter().map(|(_, segment)| of(segment).map(Fraction::to_f64));
            frame.push(name, Arc::new(values.collect::<Float64Array>()));
        }
        let paradoxes = rows.iter().map(|(attribution, _)| Some(attribution.paradox));
        frame.push("paradox", Arc::new(paradoxes.collect::<BooleanArray>()));
        frame.finish()
    }
}
