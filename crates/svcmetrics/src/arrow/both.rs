//! What comes of two scorecards, as frames.

use super::{Frame, decimals, key_array};
use crate::attribute::{Attribution, SegmentEffect};
use crate::compare::{Change, Changes, Verdict};
use crate::error::{Error, Result};
use crate::figure::{Figure, Total, Undefined};
use crate::fraction::Fraction;
use crate::incremental::Increments;
use crate::key::{Key, group_text};
use crate::scorecard::KeyColumn;
use arrow_array::{BooleanArray, Float64Array, RecordBatch, StringArray};
use std::sync::Arc;

/// A column's name, and how a row fills it.
type Column<Row, Value> = (&'static str, fn(&Row) -> Option<Value>);

/// Key columns of rows that have each a group.
fn push_keys(frame: &mut Frame, columns: &[KeyColumn], groups: &[&Vec<Key>]) -> Result<()> {
    for (position, column) in columns.iter().enumerate() {
        let keys = groups.iter().map(|group| &group[position]);
        frame.push(&column.name, key_array(&column.name, &column.key_type, keys)?);
    }
    Ok(())
}

impl Attribution {
    /// A row a metric and segment: keys, `metric`, then the nearest doubles of weights, rates and effects, and `paradox`.
    ///
    /// # Errors
    /// [`Error::Overflow`] for a key that does not fit 64 bits.
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

impl Changes {
    /// A row a group and metric: keys, `metric`, `value`, `baseline`, `difference`, `low`, `high`, `p_value`, `p_adjusted`,
    /// `significant`, `verdict`.
    ///
    /// # Errors
    /// [`Error::Overflow`] for a key that does not fit 64 bits.
    pub fn to_record_batch(&self) -> Result<RecordBatch> {
        let groups: Vec<&Vec<Key>> = self.changes.iter().map(|change| &change.group).collect();
        let mut frame = Frame::default();
        push_keys(&mut frame, &self.keys, &groups)?;
        let rows = || self.changes.iter();
        frame.push("metric", Arc::new(rows().map(|change| Some(&change.metric)).collect::<StringArray>()));
        let columns: [Column<Change, f64>; 7] = [
            ("value", |change| change.value.value()),
            ("baseline", |change| change.baseline.value()),
            ("difference", |change| change.difference),
            ("low", |change| change.interval.map(|(low, _)| low)),
            ("high", |change| change.interval.map(|(_, high)| high)),
            ("p_value", |change| change.p_value),
            ("p_adjusted", |change| change.p_adjusted),
        ];
        for (name, of) in columns {
            frame.push(name, Arc::new(rows().map(of).collect::<Float64Array>()));
        }
        frame.push("significant", Arc::new(rows().map(|change| change.significant).collect::<BooleanArray>()));
        frame
            .push("verdict", Arc::new(rows().map(|change| change.verdict.map(Verdict::name)).collect::<StringArray>()));
        frame.finish()
    }
}

impl Increments {
    /// A row a group and metric: keys, `metric`, `value`, `numerator`, `denominator`, `undefined_reason`.
    ///
    /// # Errors
    /// [`Error::Overflow`] for a key that does not fit 64 bits, or a total that does not fit 38 digits.
    pub fn to_record_batch(&self) -> Result<RecordBatch> {
        let groups: Vec<&Vec<Key>> = self.increments.iter().map(|increment| &increment.group).collect();
        let mut frame = Frame::default();
        push_keys(&mut frame, &self.keys, &groups)?;
        let figures = || self.increments.iter().map(|increment| &increment.figure);
        let metrics = self.increments.iter().map(|increment| Some(&increment.metric));
        frame.push("metric", Arc::new(metrics.collect::<StringArray>()));
        frame.push("value", Arc::new(figures().map(Figure::value).collect::<Float64Array>()));
        let too_large = |row: usize| {
            let increment = &self.increments[row];
            Error::Overflow {
                measure: increment.metric.clone(),
                group: group_text(&increment.group),
                limit: "38 digits",
            }
        };
        let columns: [Column<Figure, Total>; 2] =
            [("numerator", Figure::numerator), ("denominator", Figure::denominator)];
        for (name, of) in columns {
            let totals: Vec<_> = figures().map(|figure| of(figure).and_then(Total::micros)).collect();
            frame.push(name, decimals(&totals, 38, too_large)?);
        }
        let reasons = figures().map(|figure| figure.undefined_reason().map(Undefined::reason));
        frame.push("undefined_reason", Arc::new(reasons.collect::<StringArray>()));
        frame.finish()
    }
}
