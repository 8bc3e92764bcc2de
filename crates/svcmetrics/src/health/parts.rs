//! What a model is made of: components, bands, gates and policies.

use crate::column::Name;
use crate::condition::Condition;
use rust_decimal::Decimal;

/// One of a model's metrics: its weight, and the values that give 0 and all of its points.
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(deny_unknown_fields))]
pub struct Component {
    pub(crate) metric: Name,
    pub(crate) weight: Decimal,
    pub(crate) floor: f64,
    pub(crate) ceiling: f64,
}

impl Component {
    /// A metric with a weight, scaled from 0 to 1.
    pub fn new(metric: impl Into<Name>, weight: impl Into<Decimal>) -> Self {
        Self { metric: metric.into(), weight: weight.into(), floor: 0.0, ceiling: 1.0 }
    }

    /// The value that gives nothing and the value that gives all; a floor above the ceiling where lower is better.
    pub fn scaled(mut self, floor: f64, ceiling: f64) -> Self {
        (self.floor, self.ceiling) = (floor, ceiling);
        self
    }

    /// The metric's id.
    pub fn metric(&self) -> &str {
        &self.metric
    }

    /// Its weight.
    pub fn weight(&self) -> Decimal {
        self.weight
    }

    /// The value that gives nothing.
    pub fn floor(&self) -> f64 {
        self.floor
    }

    /// The value that gives all.
    pub fn ceiling(&self) -> f64 {
        self.ceiling
    }
}

/// A band of scores: from its threshold to the next one's, half-open.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(deny_unknown_fields))]
pub struct Band {
    /// Its name.
    pub name: Name,
    /// The first score in it, in points.
    pub from: Decimal,
}

/// What keeps a customer from a higher band, whatever the score: a metric below a value. An undefined metric never caps.
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(deny_unknown_fields))]
pub struct Gate {
    /// The metric's id; it need not be a component.
    pub metric: Name,
    /// The gate closes below this value.
    pub below: f64,
    /// The highest band then.
    pub cap: Name,
}

/// What becomes of components that are missing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(rename_all = "snake_case"))]
pub enum MissingPolicy {
    /// The others share their weight.
    #[default]
    Renormalize,
    /// They count as 0.
    Zero,
    /// There is no score.
    Require,
}

impl MissingPolicy {
    #[cfg(feature = "serde")]
    pub(crate) const ALL: [Self; 3] = [Self::Renormalize, Self::Zero, Self::Require];

    /// The stable lower-case word.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Renormalize => "renormalize",
            Self::Zero => "zero",
            Self::Require => "require",
        }
    }
}

/// Which customers have a health at all.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(rename_all = "snake_case"))]
pub enum Among {
    /// Those with revenue at the end of the period, where a table has that column.
    #[default]
    Paying,
    /// Every row.
    Everyone,
    /// Those for which this holds; a null is no.
    Where(Condition),
}
