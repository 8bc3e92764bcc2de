//! Two scorecards beside each other: which metrics and groups they share.

use super::Scorecard;
use crate::definitions::Chosen;
use crate::error::{Error, Result};
use crate::key::Key;
use std::cmp::Ordering;

/// A group of two scorecards, and its position in each that has it.
pub(crate) type Shared<'a> = (&'a Vec<Key>, Option<usize>, Option<usize>);

/// The groups of either; both are sorted.
pub(crate) fn outer<'a>(left: &'a [Vec<Key>], right: &'a [Vec<Key>]) -> Vec<Shared<'a>> {
    let (mut one, mut two) = (0, 0);
    let mut groups = Vec::with_capacity(left.len().max(right.len()));
    while let Some(key) = left.get(one).into_iter().chain(right.get(two)).min() {
        let has = |groups: &[Vec<Key>], position: usize| {
            (groups.get(position).map(|known| known.cmp(key)) == Some(Ordering::Equal)).then_some(position)
        };
        let (in_left, in_right) = (has(left, one), has(right, two));
        groups.push((key, in_left, in_right));
        one += usize::from(in_left.is_some());
        two += usize::from(in_right.is_some());
    }
    groups
}

impl Scorecard {
    /// The metrics of this card that both have by the same definition: those asked for, or without a word all.
    pub(crate) fn shared<S: AsRef<str>>(&self, other: &Self, metrics: &[S]) -> Result<Vec<&Chosen>> {
        let ids: Vec<&str> = if metrics.is_empty() {
            self.metrics().map(crate::Metric::id).filter(|id| other.chosen(id).is_ok()).collect()
        } else {
            metrics.iter().map(AsRef::as_ref).collect()
        };
        let common = self.definitions.common(&other.definitions)?;
        if let Some(error) = common.parameter_difference(&other.definitions) {
            return Err(error);
        }
        let found = |id: &str| {
            let (one, two) = (self.chosen(id)?, other.chosen(id)?);
            if common.find(id).is_some() {
                return Ok(one);
            }
            let same = one.metric == two.metric && one.form == two.form;
            Err(match self.definitions.model_difference(&other.definitions).filter(|_| same) {
                Some(error) => error,
                None => Error::Mismatch {
                    what: "the definition of a metric",
                    left: id.to_owned(),
                    right: "another of that id".into(),
                },
            })
        };
        ids.into_iter().map(found).collect()
    }
}
