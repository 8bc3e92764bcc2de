//! Mixes as a frame.

use super::{Frame, integers, key_array};
use crate::error::Result;
use crate::figure::Figure;
use crate::scorecard::Mix;
use arrow_array::{Float64Array, RecordBatch};
use std::sync::Arc;

impl Mix {
    /// A row a group and value: keys, `value`, `cases`, `share`.
    ///
    /// # Errors
    /// [`crate::Error::KeyName`] for a key that is named like one of these columns; [`crate::Error::Overflow`] for a key that
    /// does not fit 64 bits.
    pub fn to_record_batch(&self) -> Result<RecordBatch> {
        let mut frame = Frame::default();
        frame.push_keys(&self.keys, &self.parts.iter().map(|part| &part.keys), 1)?;
        let values = self.parts.iter().map(|part| &part.value);
        frame.push("value", key_array("value", &self.value.key_type, values)?);
        frame.push("cases", integers(self.parts.iter().map(|part| part.cases), "cases")?);
        let shares = self.parts.iter().map(|part| Figure::value(&part.share));
        frame.push("share", Arc::new(shares.collect::<Float64Array>()));
        frame.finish()
    }
}
