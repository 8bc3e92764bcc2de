//! Exact totals of groups: they add, and that is all they do.

/// Totals of groups, row-major: each group's lanes (rows, counts, measures) stand together. All are integers, so sums do not
/// depend on order, threads or machines.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Totals {
    width: usize,
    lanes: Vec<i128>,
}

impl Totals {
    pub(crate) fn new(width: usize, lanes: Vec<i128>) -> Self {
        Self { width, lanes }
    }

    pub(crate) fn group(&self, group: usize) -> &[i128] {
        &self.lanes[group * self.width..(group + 1) * self.width]
    }

    /// One more group.
    pub(crate) fn push(&mut self, lanes: &[i128]) {
        self.lanes.extend_from_slice(lanes);
    }

    /// Adds a group's totals to another's; the lane that overflows, if one does.
    pub(crate) fn add(&mut self, group: usize, lanes: &[i128]) -> Result<(), usize> {
        let own = &mut self.lanes[group * self.width..(group + 1) * self.width];
        for (lane, (total, more)) in own.iter_mut().zip(lanes).enumerate() {
            *total = total.checked_add(*more).ok_or(lane)?;
        }
        Ok(())
    }
}

/// Integers beyond 64 bits as text, since JSON readers take numbers for doubles.
#[cfg(feature = "serde")]
pub(crate) mod as_text {
    use serde::{Deserialize, Deserializer, Serializer, de::Error};

    #[allow(clippy::trivially_copy_pass_by_ref)] // serde gives a reference
    pub(crate) fn serialize<S: Serializer>(value: &i128, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(value)
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<i128, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(D::Error::custom)
    }
}
