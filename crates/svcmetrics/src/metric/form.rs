//! How a metric is computed of measures.

use crate::column::{Column, Name};
use crate::condition::Condition;
use crate::expression::signed;
use crate::measure::{Measure, Scope, Time};

/// Measures with whole coefficients, summed.
pub type Combination = Vec<(i32, Measure)>;

/// How a metric is computed.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(
    feature = "serde",
    derive(serde::Serialize, serde::Deserialize),
    serde(rename_all = "snake_case", deny_unknown_fields)
)]
#[non_exhaustive]
pub enum Form {
    /// A quotient of two sums of measures.
    Quotient {
        /// What is divided.
        numerator: Combination,
        /// What it is divided by.
        denominator: Combination,
    },
    /// A sum of measures.
    Amount(Combination),
    /// A sum of measures over a whole number: a twelfth of a year's revenue is a month's.
    Per {
        /// What is divided.
        sum: Combination,
        /// By how much; at least 1.
        per: u32,
    },
    /// The difference of two other metrics' values.
    Difference(Name, Name),
    /// A quantile of what single rows add to a measure, rounded half to even to whole units. It lies between two values as
    /// often as numpy's default, linear interpolation, says, and is read from how often each value occurred, which a
    /// scorecard holds only where [`crate::Request::quantiles`] asks for it.
    Quantile {
        /// What rows add to.
        of: Measure,
        /// How many of a hundred values lie below: 50 for the median.
        percent: u8,
        /// By how much the quantile is divided: 3600 makes hours of seconds.
        per: u32,
    },
    /// The health model on the group's own rates.
    Health,
    /// What part of a measure the rows of each value of a column have: [`crate::Scorecard::mix`] gives a figure a value.
    Mix {
        /// The number of counted rows.
        of: Measure,
        /// The column; a row in which it is null is outside.
        by: Column,
    },
}

impl Form {
    /// The measures it is made of.
    pub fn measures(&self) -> impl Iterator<Item = &Measure> {
        let (first, second, alone): (&[_], &[_], _) = match self {
            Self::Quotient { numerator, denominator } => (numerator, denominator, None),
            Self::Amount(sum) | Self::Per { sum, .. } => (sum, &[], None),
            Self::Quantile { of, .. } | Self::Mix { of, .. } => (&[], &[], Some(of)),
            Self::Difference(..) | Self::Health => (&[], &[], None),
        };
        first.iter().chain(second).map(|(_, measure)| measure).chain(alone)
    }

    /// Whether a measure of it is a stock, which does not add over time.
    pub(crate) fn reads_stock(&self) -> bool {
        self.measures().any(|measure| measure.time == Time::Stock)
    }

    /// Whether it is an amount of rows.
    #[cfg(feature = "arrow")]
    pub(crate) fn counts_rows(&self) -> bool {
        matches!(self, Self::Amount(sum) if sum.iter().all(|(_, measure)| measure.counts_rows()))
    }

    /// A column it reads that the health model computes, if it reads one.
    pub(crate) fn computed_column(&self) -> Option<&Column> {
        let asked = self.measures().flat_map(|measure| measure.only.iter().flat_map(Condition::columns));
        let read = self.scope().map(Scope::columns).unwrap_or_default();
        read.into_iter().chain(asked).find(|column| column.kind.is_computed())
    }

    /// The column by which a mix is one.
    pub(crate) fn mixed_by(&self) -> Option<&Column> {
        if let Self::Mix { by, .. } = self { Some(by) } else { None }
    }

    pub(crate) fn is_computed(&self) -> bool {
        self.computed_column().is_some()
    }

    /// By how much one row's values are multiplied at the most.
    pub(super) fn row_weight(&self) -> i128 {
        let weight = |terms: &Combination| -> i128 {
            terms.iter().map(|(coefficient, measure)| i128::from(*coefficient).abs() * measure.sum.weight()).sum()
        };
        match self {
            Self::Quotient { numerator, denominator } => weight(numerator).max(weight(denominator)),
            Self::Amount(sum) | Self::Per { sum, .. } => weight(sum),
            Self::Quantile { of, .. } | Self::Mix { of, .. } => of.sum.weight(),
            Self::Difference(..) | Self::Health => 0,
        }
    }

    /// The rows that count for it; none for what is made of other metrics.
    pub fn scope(&self) -> Option<&Scope> {
        self.measures().next().map(Measure::scope)
    }

    /// `onboarded_customers / new_customers`: the formula over measures.
    pub fn formula(&self) -> String {
        match self {
            Self::Quotient { numerator, denominator } => {
                format!("{} / {}", bracketed(numerator), bracketed(denominator))
            }
            Self::Amount(amount) => combination(amount),
            Self::Per { sum, per } => format!("{} / {per}", bracketed(sum)),
            Self::Difference(minuend, subtrahend) => format!("{minuend} - {subtrahend}"),
            Self::Quantile { of, percent, per } => {
                let name = if *percent == 50 { "median".to_owned() } else { format!("{percent} % quantile") };
                let per = if *per == 1 { String::new() } else { format!(" / {per}") };
                format!("{name} of the rows of {} in whole units{per}", of.id)
            }
            Self::Health => "weighted mean of the components' scaled rates, times 100".to_owned(),
            Self::Mix { of, by } => format!("{} of each {} / {}", of.id, by.name, of.id),
        }
    }
}

fn combination(terms: &Combination) -> String {
    let term =
        |(position, (coefficient, measure)): (usize, &(i32, Measure))| signed(position, *coefficient) + &measure.id;
    terms.iter().enumerate().map(term).collect()
}

fn bracketed(terms: &Combination) -> String {
    let text = combination(terms);
    if matches!(terms.as_slice(), [(1, _)]) { text } else { format!("({text})") }
}
