//! Reasons as a frame.

use super::{Frame, decimals, integers, key_array};
use crate::error::{Error, Result};
use crate::figure::{Figure, Total};
use crate::key::{KeyType, group_text};
use crate::scorecard::{Reason, RevenueChange, Scorecard};
use arrow_array::{Float64Array, RecordBatch};
use std::sync::Arc;

/// The columns beside the keys.
const COLUMNS: [&str; 5] = ["reason", "amount", "customers", "share", "avoidable"];

impl Scorecard {
    /// [`Scorecard::reasons`] as a frame: keys, `reason`, `amount`, `customers`, `share`, `avoidable`; amounts as decimals.
    ///
    /// # Errors
    /// As [`Scorecard::reasons`]; [`Error::KeyName`] for a key that is named like one of these columns.
    pub fn reasons_record_batch(&self, change: RevenueChange) -> Result<RecordBatch> {
        let reasons = self.reasons(change)?;
        if let Some(key) = self.keys.iter().find(|key| COLUMNS.contains(&key.name.as_str())) {
            let problem = "is named like a column of the result; rename the column".to_owned();
            return Err(Error::KeyName { key: key.name.clone(), problem });
        }
        let mut frame = Frame::default();
        for (position, key) in self.keys.iter().enumerate() {
            let values = reasons.iter().map(|reason| &reason.keys[position]);
            frame.push(&key.name, key_array(&key.name, &key.key_type, values)?);
        }
        let texts = reasons.iter().map(|reason| &reason.reason);
        frame.push("reason", key_array("reason", self.reason_type(change), texts)?);
        let too_large = |name: &'static str| {
            let reasons = &reasons;
            move |row: usize| Error::Overflow {
                measure: name.to_owned(),
                group: group_text(&reasons[row].keys),
                limit: "38 digits",
            }
        };
        let amounts: Vec<_> = reasons.iter().map(|reason| Some(reason.amount.integer())).collect();
        frame.push("amount", decimals(&amounts, 38, too_large("amount"))?);
        frame.push("customers", integers(reasons.iter().map(|reason| reason.customers), "customers")?);
        let shares = reasons.iter().map(|reason| Figure::value(&reason.share));
        frame.push("share", Arc::new(shares.collect::<Float64Array>()));
        let avoidable = |reason: &Reason| reason.avoidable.map(Total::integer);
        let avoidable: Vec<_> = reasons.iter().map(avoidable).collect();
        frame.push("avoidable", decimals(&avoidable, 38, too_large("avoidable"))?);
        frame.finish()
    }

    fn reason_type(&self, change: RevenueChange) -> &KeyType {
        let key = self.breakdowns.get(change.name()).and_then(|card| card.keys.last());
        key.map_or(&KeyType::Null, |key| &key.key_type)
    }
}
