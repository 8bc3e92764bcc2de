//! Totals by group, read as metrics: built in parts, merged, rolled up, joined.

mod at;
mod both;
mod breakdowns;
mod builder;
#[cfg(feature = "arrow")]
mod columns;
mod combine;
mod mixes;
mod reading;
mod reasons;

pub(crate) use both::outer;
pub use builder::ScorecardBuilder;
pub(crate) use combine::united_keys;
pub use mixes::{Mix, MixPart};
#[cfg(feature = "arrow")]
pub(crate) use reading::Reading;
pub use reasons::{Reason, RevenueChange};

use crate::definitions::{Chosen, Definitions};
use crate::distributions::Distributions;
use crate::engine::choose::{no_metric, not_measured};
use crate::error::{Error, MissingColumns, Result};
use crate::figure::{Figure, Undefined};
use crate::health::HealthModel;
use crate::key::{Key, KeyType};
use crate::ledger::Diagnostics;
use crate::metric::Metric;
use crate::metrics::is_of_ledger;
use crate::spread::Spread;
use crate::totals::Totals;
use std::collections::BTreeMap;
use std::sync::Arc;

/// A key column of a scorecard: its name and type.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(deny_unknown_fields))]
#[non_exhaustive]
pub struct KeyColumn {
    /// Its name.
    pub name: String,
    /// What it holds.
    pub key_type: KeyType,
}

impl KeyColumn {
    /// A key column.
    pub fn new(name: impl Into<String>, key_type: KeyType) -> Self {
        Self { name: name.into(), key_type }
    }
}

/// How many rows stood how to a metric. `counted + missing + invalid + outside` are all rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(deny_unknown_fields))]
#[non_exhaustive]
pub struct Counts {
    /// Complete and valid rows that the metric is about.
    #[cfg_attr(feature = "serde", serde(with = "crate::totals::as_text"))]
    pub counted: i128,
    /// Rows that lack something.
    #[cfg_attr(feature = "serde", serde(with = "crate::totals::as_text"))]
    pub missing: i128,
    /// Complete rows outside the domain.
    #[cfg_attr(feature = "serde", serde(with = "crate::totals::as_text"))]
    pub invalid: i128,
    /// Rows that the metric is not about.
    #[cfg_attr(feature = "serde", serde(with = "crate::totals::as_text"))]
    pub outside: i128,
    /// Values of counted rows that were rounded.
    #[cfg_attr(feature = "serde", serde(with = "crate::totals::as_text"))]
    pub rounded: i128,
}

impl Counts {
    /// All rows.
    fn standing(self) -> i128 {
        self.counted + self.missing + self.invalid + self.outside
    }

    fn add(&mut self, other: Self) {
        self.counted += other.counted;
        self.missing += other.missing;
        self.invalid += other.invalid;
        self.outside += other.outside;
        self.rounded += other.rounded;
    }
}

/// Counts of a metric over the whole scorecard, and the largest distance between a value and what it was rounded to.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(deny_unknown_fields))]
#[non_exhaustive]
pub struct MetricQuality {
    /// Of all groups together.
    pub counts: Counts,
    /// The largest difference that rounding made, in units.
    pub largest_rounding: f64,
}

/// How complete the data behind a scorecard is.
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(deny_unknown_fields))]
#[non_exhaustive]
pub struct Quality {
    /// All rows.
    #[cfg_attr(feature = "serde", serde(with = "crate::totals::as_text"))]
    pub rows: i128,
    /// By metric; those made of other metrics have none of their own.
    pub metrics: BTreeMap<String, MetricQuality>,
}

/// Exact totals by group, and the definitions that read them as metrics.
///
/// # Example: parts merge to the whole
///
/// ```
/// use svcmetrics::{Request, Scorecard, Table};
/// let part = |met: i64| Table::new(1).with("milestones_met", vec![met]).with("milestones_total", vec![4_i64]);
/// let one = Scorecard::of(&part(1), Request::default())?;
/// let both = one.merge(&Scorecard::of(&part(4), Request::default())?)?;
/// assert_eq!(both.figure("adoption_rate")?.value(), Some(0.625));
/// # Ok::<(), svcmetrics::Error>(())
/// ```
///
/// # Example: a table without rows
///
/// ```
/// use svcmetrics::{Request, Scorecard, Table, Undefined};
/// let none = Table::new(0).with("milestones_met", Vec::<i64>::new()).with("milestones_total", Vec::<i64>::new());
/// let card = Scorecard::of(&none, Request::default())?;
/// assert_eq!(card.figure("adoption_rate")?.undefined_reason(), Some(Undefined::NoRows));
/// # Ok::<(), svcmetrics::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(try_from = "crate::stored::Stored", into = "crate::stored::Stored"))]
pub struct Scorecard {
    pub(crate) definitions: Definitions,
    pub(crate) keys: Vec<KeyColumn>,
    /// The key that is time.
    pub(crate) period: Option<String>,
    /// The key that is the currency of a group's amounts.
    pub(crate) currency_key: Option<String>,
    /// Whether time was rolled away, and the stocks with it.
    pub(crate) over_time: bool,
    /// Whether the identity was checked for duplicates in every group.
    pub(crate) unique_checked: bool,
    /// Whether it stands for tables of different things, side by side; `rows` are then those of the first.
    pub(crate) joined: bool,
    /// Sorted.
    pub(crate) groups: Vec<Vec<Key>>,
    pub(crate) totals: Totals,
    /// Of the measures whose quantiles can be read.
    pub(crate) distributions: Distributions,
    /// Beside the totals, where it was asked for.
    pub(crate) spread: Spread,
    pub(crate) largest_rounding: Vec<f64>,
    pub(crate) not_measured: Arc<BTreeMap<String, MissingColumns>>,
    /// By name: scorecards of a few metrics by these keys and one more.
    pub(crate) breakdowns: BTreeMap<String, Scorecard>,
}

impl Scorecard {
    /// How many groups there are.
    pub fn len(&self) -> usize {
        self.groups.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.groups.is_empty()
    }

    /// The key columns.
    pub fn keys(&self) -> &[KeyColumn] {
        &self.keys
    }

    /// The key that is time, if one is.
    pub fn period(&self) -> Option<&str> {
        self.period.as_deref()
    }

    /// Whether the identity was checked for duplicates; not known after a merge or a roll-up.
    pub fn is_unique_checked(&self) -> bool {
        self.unique_checked
    }

    /// The groups' keys, in order.
    pub fn groups(&self) -> &[Vec<Key>] {
        &self.groups
    }

    /// The metrics, in the catalogue's order.
    pub fn metrics(&self) -> impl Iterator<Item = &Metric> {
        self.definitions.shown().map(|chosen| &chosen.metric)
    }

    /// The metrics that the table's columns do not allow: the columns that are missing, and names that come near them.
    pub fn not_measured(&self) -> &BTreeMap<String, MissingColumns> {
        &self.not_measured
    }

    /// The health model, where health was computed: the default one as it fits the table.
    pub fn health_model(&self) -> Option<&HealthModel> {
        self.definitions.model.as_ref()
    }

    /// A group's rows.
    pub fn rows(&self, group: usize) -> i128 {
        self.totals.get(group, 0)
    }

    /// A metric that has one figure a group.
    pub(crate) fn chosen(&self, metric: &str) -> Result<&Chosen> {
        self.asked(metric)?.single()
    }

    /// A metric that was asked for, be it a mix.
    pub(crate) fn asked(&self, metric: &str) -> Result<&Chosen> {
        self.definitions.shown().find(|chosen| chosen.metric.id == metric).ok_or_else(|| {
            if let Some(missing) = self.not_measured.get(metric) {
                return not_measured(metric, missing.clone(), Vec::new());
            }
            no_metric(metric, self.metrics().map(|metric| metric.id().to_owned()).collect())
        })
    }

    /// The figure of a scorecard without keys.
    ///
    /// # Errors
    /// [`Error::MetricNotFound`] where it was not computed, [`Error::Mismatch`] where there are keys,
    /// [`Error::InvalidOption`] for a mix: [`Scorecard::mix`] gives its figures.
    pub fn figure(&self, metric: &str) -> Result<Figure> {
        if !self.keys.is_empty() {
            let names: Vec<_> = self.keys.iter().map(|key| key.name.clone()).collect();
            return Err(Error::Mismatch {
                what: "keys",
                left: names.join(", "),
                right: "none; figures() gives one a group".into(),
            });
        }
        self.figure_of(0, metric)
    }

    /// The figures of all groups, in order.
    ///
    /// # Errors
    /// As [`Scorecard::figure_of`].
    pub fn figures(&self, metric: &str) -> Result<Vec<Figure>> {
        let chosen = self.chosen(metric)?;
        let reading = self.reading(chosen);
        (0..self.len()).map(|group| reading.figure(group)).collect()
    }

    /// The figure of a group.
    ///
    /// # Errors
    /// [`Error::MetricNotFound`] where it was not computed; [`Error::InvalidOption`] for a mix; [`Error::Overflow`] where its
    /// sums exceed 128 bits.
    pub fn figure_of(&self, group: usize, metric: &str) -> Result<Figure> {
        self.read(group, self.chosen(metric)?)
    }

    /// How many of a group's rows stood how to a metric; nothing for one made of other metrics.
    ///
    /// # Errors
    /// [`Error::MetricNotFound`] where it was not computed.
    pub fn counts_of(&self, group: usize, metric: &str) -> Result<Option<Counts>> {
        Ok(self.counts(group, self.asked(metric)?))
    }

    /// What the ledger was made of, whose movements these are: of all parts together. Nothing of other scorecards, nor where
    /// totals or some of the segments are all there is.
    pub fn ledger(&self) -> Option<&Diagnostics> {
        self.definitions.parameters.origin.as_ref()?.read.as_ref()
    }

    /// How complete the data is, over all groups. Of a ledger's movements, the amounts that were rounded are those of all
    /// rows: a group does not know which were its own.
    pub fn quality(&self) -> Quality {
        let mut metrics = BTreeMap::new();
        for chosen in self.definitions.shown() {
            let Some(scope) = chosen.form().scope().and_then(|scope| self.definitions.scope_position(scope.id()))
            else {
                continue;
            };
            let mut counts = Counts::default();
            (0..self.len()).filter_map(|group| self.counts(group, chosen)).for_each(|of_group| counts.add(of_group));
            if is_of_ledger(&chosen.metric)
                && let Some(of_ledger) = self.ledger()
            {
                counts.rounded = of_ledger.rounded.into();
            }
            let quality = MetricQuality { counts, largest_rounding: self.largest_rounding[scope] };
            metrics.insert(chosen.metric.id.to_string(), quality);
        }
        Quality { rows: (0..self.len()).map(|group| self.rows(group)).sum(), metrics }
    }
}

/// Why nothing was counted, where nothing was.
fn none_counted(counts: &Counts) -> Option<Undefined> {
    if counts.counted > 0 {
        return None;
    }
    Some(match (counts.missing, counts.invalid) {
        (0, 0) if counts.outside == 0 => Undefined::NoRows,
        (0, 0) => Undefined::NoneInScope,
        (_, 0) => Undefined::AllMissing,
        (0, _) => Undefined::AllInvalid,
        _ => Undefined::NoneCounted,
    })
}
