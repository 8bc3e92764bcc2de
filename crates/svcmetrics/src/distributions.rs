//! How often each value occurs in a group: what quantiles are read from. Like totals these are integers that add, and nothing
//! else; unlike totals they grow with the number of different values, so a scorecard holds them only where it was asked to.

use crate::error::{Error, Result};
use crate::money::nearest_quotient;
use std::collections::BTreeMap;

/// Whole values, and how many counted rows have each.
pub(crate) type Distribution = BTreeMap<i128, i128>;

/// By the ids of measures: the distributions of all groups, in their order.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Distributions(BTreeMap<String, Vec<Distribution>>);

impl Distributions {
    pub(crate) fn new(by_measure: impl IntoIterator<Item = (String, Vec<Distribution>)>) -> Self {
        Self(by_measure.into_iter().collect())
    }

    /// Of the measures of both, and of no groups yet.
    pub(crate) fn like(&self, other: &Self) -> Self {
        Self(self.measures().chain(other.measures()).map(|measure| (measure.clone(), Vec::new())).collect())
    }

    /// The ids of the measures.
    pub(crate) fn measures(&self) -> impl Iterator<Item = &String> {
        self.0.keys()
    }

    pub(crate) fn of(&self, measure: &str, group: usize) -> Option<&Distribution> {
        self.0.get(measure).map(|groups| &groups[group])
    }

    /// Only those of measures for which this holds.
    pub(crate) fn restricted(&self, kept: impl Fn(&str) -> bool) -> Self {
        Self::new(self.0.iter().filter(|(measure, _)| kept(measure)).map(|(id, groups)| (id.clone(), groups.clone())))
    }

    pub(crate) fn has(&self, measure: &str) -> bool {
        self.0.contains_key(measure)
    }

    /// One more group.
    pub(crate) fn push(&mut self) {
        self.0.values_mut().for_each(|groups| groups.push(Distribution::new()));
    }

    /// Adds another's group to the last one.
    pub(crate) fn add(&mut self, other: &Self, group: usize) {
        for (measure, groups) in &mut self.0 {
            let (Some(last), Some(more)) = (groups.last_mut(), other.of(measure, group)) else { continue };
            for (value, count) in more {
                // counts are below 2^63 where they are read, so no number of parts overflows
                *last.entry(*value).or_default() += count;
            }
        }
    }

    /// # Errors
    /// [`Error::Mismatch`] where one holds what the other does not: their sum would be of some rows only.
    pub(crate) fn check_alike(&self, other: &Self) -> Result<()> {
        let text = |distributions: &Self| {
            let measures: Vec<_> = distributions.measures().map(String::as_str).collect();
            if measures.is_empty() { "none are held".to_owned() } else { format!("those of {}", measures.join(", ")) }
        };
        if self.measures().eq(other.measures()) {
            return Ok(());
        }
        Err(Error::Mismatch { what: "quantiles", left: text(self), right: text(other) })
    }
}

/// The value below which so many of a hundred rows lie, over `per`: between two values as often as linear interpolation
/// between their ranks says. Nothing where there are no rows.
pub(crate) fn quantile(distribution: &Distribution, percent: u8, per: u32) -> Option<f64> {
    const HUNDRED: i128 = 100;
    let rows: i128 = distribution.values().sum();
    let position = (rows - 1) * i128::from(percent);
    let (rank, rest) = (position.div_euclid(HUNDRED), position.rem_euclid(HUNDRED));
    let lower = ranked(distribution, rank)?;
    let upper = ranked(distribution, rank + 1).unwrap_or(lower);
    Some(nearest_quotient(lower * (HUNDRED - rest) + upper * rest, HUNDRED * i128::from(per)))
}

/// The value of the row of that rank, from 0.
fn ranked(distribution: &Distribution, rank: i128) -> Option<i128> {
    let mut passed = 0;
    let mut values = distribution.iter();
    let found = values.find(|(_, count)| {
        passed += **count;
        passed > rank
    });
    found.map(|(value, _)| *value)
}

#[cfg(test)]
#[allow(clippy::float_cmp)] // to the bit is what is meant
mod tests {
    use super::*;

    fn of(values: &[i128]) -> Distribution {
        let mut distribution = Distribution::new();
        for value in values {
            *distribution.entry(*value).or_default() += 1;
        }
        distribution
    }

    #[test]
    fn quantiles_lie_between_ranks() {
        assert_eq!(quantile(&of(&[]), 50, 1), None);
        assert_eq!(quantile(&of(&[7]), 90, 1), Some(7.0));
        assert_eq!(quantile(&of(&[1, 2]), 50, 1), Some(1.5));
        assert_eq!(quantile(&of(&[1, 1, 2]), 50, 1), Some(1.0));
        // rank 0.9 x 3 = 2.7 of 1, 1, 2, 10
        assert_eq!(quantile(&of(&[10, 1, 2, 1]), 90, 1), Some(7.6));
        assert_eq!(quantile(&of(&[10, 1, 2, 1]), 0, 1), Some(1.0));
        assert_eq!(quantile(&of(&[10, 1, 2, 1]), 100, 2), Some(5.0));
        assert_eq!(quantile(&of(&[-3, -1]), 50, 4), Some(-0.5));
    }
}
