//! Relations as `RecordBatch`es.

use super::{Correlation, Estimate, Lift, NoRelation, RelatedGroup, Relation};
use crate::arrow::Frame;
use crate::error::Result;
use arrow_array::{Float64Array, Int64Array, RecordBatch, StringArray};
use std::sync::Arc;

impl Relation {
    /// A row a group: keys, `x` and `y` (the metrics), `customers`, `left_out`, of those `x_undefined`, `y_undefined` and
    /// `both_undefined`, `pearson`, `pearson_low`, `pearson_high`, `spearman`, `spearman_low`, `spearman_high` and
    /// `undefined_reason`.
    ///
    /// # Errors
    /// [`crate::Error::KeyName`] for a key that is named like one of the columns.
    pub fn to_record_batch(&self) -> Result<RecordBatch> {
        let mut frame = Frame::default();
        frame.push_keys(&self.keys, &self.groups.iter().map(|group| &group.keys), 1)?;
        let text = |text: &str| Arc::new(StringArray::from(vec![text; self.groups.len()]));
        let counts = |of: fn(&RelatedGroup) -> u64| {
            Arc::new(self.groups.iter().map(|group| i64::try_from(of(group)).ok()).collect::<Int64Array>())
        };
        frame.push("x", text(&self.x));
        frame.push("y", text(&self.y));
        frame.push("customers", counts(|group| group.customers));
        frame.push("left_out", counts(RelatedGroup::left_out));
        frame.push("x_undefined", counts(|group| group.x_undefined));
        frame.push("y_undefined", counts(|group| group.y_undefined));
        frame.push("both_undefined", counts(|group| group.both_undefined));
        let mut push = |name: &str, of: fn(&Correlation) -> Estimate| {
            let mut column = |end: &str, value: fn(Estimate) -> f64| {
                let found = self.groups.iter().map(|group| group.correlation.as_ref().map(of).map(value));
                frame.push(format!("{name}{end}"), Arc::new(found.collect::<Float64Array>()));
            };
            column("", |estimate| estimate.value);
            column("_low", |estimate| estimate.low);
            column("_high", |estimate| estimate.high);
        };
        push("pearson", |correlation| correlation.pearson);
        push("spearman", |correlation| correlation.spearman);
        let reasons = self.groups.iter().map(|group| group.undefined_reason.map(NoRelation::reason));
        frame.push("undefined_reason", Arc::new(reasons.collect::<StringArray>()));
        frame.finish()
    }

    /// A row a group and quantile of x: keys, `quantile`, `x_low`, `x_high`, `customers`, `mean` (of y), `lift`, `low`, `high`
    /// and `undefined_reason`.
    ///
    /// # Errors
    /// As [`Relation::to_record_batch`].
    pub fn lift_record_batch(&self) -> Result<RecordBatch> {
        let mut frame = Frame::default();
        frame.push_keys(&self.keys, &self.groups.iter().map(|group| &group.keys), self.quantiles as usize)?;
        let lifts: Vec<&Lift> = self.groups.iter().flat_map(|group| &group.lifts).collect();
        let floats =
            |of: fn(&Lift) -> Option<f64>| Arc::new(lifts.iter().map(|lift| of(lift)).collect::<Float64Array>());
        let customers = lifts.iter().map(|lift| i64::try_from(lift.customers).ok());
        let reasons = lifts.iter().map(|lift| lift.undefined_reason.map(NoRelation::reason));
        frame.push(
            "quantile",
            Arc::new(lifts.iter().map(|lift| Some(i64::from(lift.quantile))).collect::<Int64Array>()),
        );
        frame.push("x_low", floats(|lift| lift.x_low));
        frame.push("x_high", floats(|lift| lift.x_high));
        frame.push("customers", Arc::new(customers.collect::<Int64Array>()));
        frame.push("mean", floats(|lift| lift.mean));
        frame.push("lift", floats(|lift| lift.lift));
        frame.push("low", floats(|lift| lift.low));
        frame.push("high", floats(|lift| lift.high));
        frame.push("undefined_reason", Arc::new(reasons.collect::<StringArray>()));
        frame.finish()
    }
}
