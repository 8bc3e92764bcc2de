//! Relations: whether two metrics go together, over customers.

#[cfg(feature = "arrow")]
mod frames;
mod statistics;

use crate::engine::columns::Table;
use crate::engine::{Engine, RowMetric, Rows, row_metric};
use crate::error::{Error, Result};
use crate::key::Key;
use crate::request::Request;
use crate::scorecard::KeyColumn;
use statistics::Pair;

/// The most quantiles that there may be.
const MOST_QUANTILES: u32 = 1000;

/// Why there is no correlation, or no lift.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(rename_all = "snake_case"))]
#[non_exhaustive]
pub enum NoRelation {
    /// Fewer than three customers have both metrics.
    TooFewCustomers,
    /// All customers have the same x.
    NoVarianceOfX,
    /// All customers have the same y.
    NoVarianceOfY,
    /// No customer is in the quantile.
    NoCustomers,
    /// The mean of y over all customers is 0, or no further from it than rounding may be.
    MeanIsZero,
}

impl NoRelation {
    /// The stable lower-case word.
    pub const fn reason(self) -> &'static str {
        match self {
            Self::TooFewCustomers => "too_few_customers",
            Self::NoVarianceOfX => "no_variance_of_x",
            Self::NoVarianceOfY => "no_variance_of_y",
            Self::NoCustomers => "no_customers",
            Self::MeanIsZero => "mean_is_zero",
        }
    }
}

/// A statistic and its interval.
#[derive(Debug, Clone, Copy, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(deny_unknown_fields))]
#[non_exhaustive]
pub struct Estimate {
    /// The statistic.
    pub value: f64,
    /// The lower end of its interval.
    pub low: f64,
    /// The upper end.
    pub high: f64,
}

/// How two metrics correlate, from -1 to 1. Intervals are by Fisher's transformation, which needs more than three customers: of
/// three they run from -1 to 1.
#[derive(Debug, Clone, Copy, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(deny_unknown_fields))]
#[non_exhaustive]
pub struct Correlation {
    /// Pearson's r: whether they go together on a line. Standard error `1 / sqrt(n - 3)`.
    pub pearson: Estimate,
    /// Spearman's rank correlation, ties sharing their mean rank: whether they go together at all. Standard error
    /// `sqrt((1 + r^2 / 2) / (n - 3))` (Bonett and Wright, 2000).
    pub spearman: Estimate,
}

/// Customers whose x is alike, and how their y stands to that of all.
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(deny_unknown_fields))]
#[non_exhaustive]
pub struct Lift {
    /// From 1, the lowest x first.
    pub quantile: u32,
    /// The lowest x.
    pub x_low: Option<f64>,
    /// The highest x.
    pub x_high: Option<f64>,
    /// How many customers there are; those of one x stay together.
    pub customers: u64,
    /// Their mean y.
    pub mean: Option<f64>,
    /// Their mean y / the mean y of all customers of the group.
    pub lift: Option<f64>,
    /// The lower end of the lift's interval: that of their mean (normal, from their standard deviation) / the mean of all, which
    /// is taken as it is. None for one customer.
    pub low: Option<f64>,
    /// The upper end.
    pub high: Option<f64>,
    /// Why there is no lift.
    pub undefined_reason: Option<NoRelation>,
}

/// How two metrics go together over the customers of a group.
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(deny_unknown_fields))]
#[non_exhaustive]
pub struct RelatedGroup {
    /// Its keys.
    pub keys: Vec<Key>,
    /// Customers for whom both metrics are defined.
    pub customers: u64,
    /// Those left out for want of x alone: undefined, missing, or not among those it is about.
    pub x_undefined: u64,
    /// Those left out for want of y alone.
    pub y_undefined: u64,
    /// Those left out for want of both.
    pub both_undefined: u64,
    /// The correlation, where there is one.
    pub correlation: Option<Correlation>,
    /// Why there is none.
    pub undefined_reason: Option<NoRelation>,
    /// One a quantile of x.
    pub lifts: Vec<Lift>,
}

impl RelatedGroup {
    /// Customers that are left out.
    pub fn left_out(&self) -> u64 {
        self.x_undefined + self.y_undefined + self.both_undefined
    }
}

/// How two metrics go together over customers: correlation, and lift by quantile. It says nothing of causes.
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(deny_unknown_fields))]
#[non_exhaustive]
pub struct Relation {
    /// The one metric.
    pub x: String,
    /// The other.
    pub y: String,
    /// The level of the intervals.
    pub level: f64,
    /// How many quantiles of x there are.
    pub quantiles: u32,
    /// The key columns.
    pub keys: Vec<KeyColumn>,
    /// Sorted by their keys.
    pub groups: Vec<RelatedGroup>,
}

impl Relation {
    /// The relation of two metrics over the rows of one table, with four quantiles and intervals of 95 %.
    ///
    /// ```
    /// use svcmetrics::{Relation, Request, Table};
    /// let table = Table::new(4)
    ///     .with("milestones_met", vec![1_i64, 2, 3, 4])
    ///     .with("milestones_total", vec![4_i64; 4])
    ///     .with("engagements", vec![1_i64, 2, 4, 5]);
    /// let relation = Relation::of(&table, Request::default(), "adoption_rate", "engagements_per_customer")?;
    /// let group = &relation.groups[0];
    /// assert!(group.correlation.unwrap().pearson.value > 0.98);
    /// assert_eq!(group.correlation.unwrap().spearman.value, 1.0);
    /// assert_eq!(group.lifts[3].lift, Some(5.0 / 3.0));
    /// # Ok::<(), svcmetrics::Error>(())
    /// ```
    ///
    /// # Errors
    /// As [`RelationBuilder`].
    pub fn of(table: &Table<'_>, request: Request, x: &str, y: &str) -> Result<Self> {
        let mut builder = RelationBuilder::new(request, x, y);
        builder.add(table)?;
        builder.finish()
    }
}

/// Relates two metrics over the rows of a table, part by part. Each row is a customer, and a group of one: each metric is
/// evaluated on it, `health` and `customer_health` as its own score. Two doubles a row are kept until the end.
///
/// ```
/// use svcmetrics::{NoRelation, RelationBuilder, Request, Table};
/// let mut builder = RelationBuilder::new(Request::default(), "adoption_rate", "engagements_per_customer").quantiles(2)?;
/// for met in [Some(1_i64), None] {
///     let part = Table::new(1).with("milestones_met", vec![met]).with("milestones_total", vec![4_i64]);
///     builder.add(&part.with("engagements", vec![1_i64]))?;
/// }
/// let group = &builder.finish()?.groups[0];
/// assert_eq!((group.customers, group.x_undefined, group.left_out()), (1, 1, 1));
/// assert_eq!(group.undefined_reason, Some(NoRelation::TooFewCustomers)); // three at least have a correlation
/// # Ok::<(), svcmetrics::Error>(())
/// ```
#[derive(Debug, Clone)]
pub struct RelationBuilder {
    request: Request,
    x: String,
    y: String,
    quantiles: u32,
    level: f64,
    reader: Option<Reader>,
}

/// What the first part has settled.
#[derive(Debug, Clone)]
struct Reader {
    engine: Engine,
    x: RowMetric,
    y: RowMetric,
    groups: Vec<Gathered>,
}

/// The customers of a group so far.
#[derive(Debug, Clone, Default)]
struct Gathered {
    pairs: Vec<Pair>,
    x_undefined: u64,
    y_undefined: u64,
    both_undefined: u64,
}

impl RelationBuilder {
    /// A relation of two metrics with the request's keys and options; its metrics and its check for duplicates are not used.
    pub fn new(request: Request, x: impl Into<String>, y: impl Into<String>) -> Self {
        let (x, y) = (x.into(), y.into());
        // A customer's health is a score of its own; a group's is none of a row.
        let on_row = |metric: &String| if metric == "health" { "customer_health".to_owned() } else { metric.clone() };
        let request = Request { unique: None, metrics: Some(vec![on_row(&x), on_row(&y)]), ..request };
        Self { request, x, y, quantiles: 4, level: 0.95, reader: None }
    }

    /// With another number of quantiles, from 2 to 1000.
    ///
    /// # Errors
    /// [`Error::InvalidOption`].
    pub fn quantiles(self, quantiles: u32) -> Result<Self> {
        if !(2..=MOST_QUANTILES).contains(&quantiles) {
            return Err(Error::InvalidOption {
                option: "quantiles".into(),
                found: quantiles.to_string(),
                expected: format!("a whole number from 2 to {MOST_QUANTILES}"),
            });
        }
        Ok(Self { quantiles, ..self })
    }

    /// With intervals of another level, between 0 and 1.
    ///
    /// # Errors
    /// [`Error::InvalidOption`].
    pub fn level(self, level: f64) -> Result<Self> {
        if !(level > 0.0 && level < 1.0) {
            return Err(Error::InvalidOption {
                option: "level".into(),
                found: level.to_string(),
                expected: "a number between 0 and 1, such as 0.95".into(),
            });
        }
        Ok(Self { level, ..self })
    }

    /// The columns of a table that are read, of those that it has.
    ///
    /// # Errors
    /// As [`Request::reads`].
    pub fn reads(&self, names: &[String]) -> Result<Vec<String>> {
        self.request.reads(names)
    }

    /// Adds rows.
    ///
    /// # Errors
    /// As [`crate::ScorecardBuilder::add`].
    pub fn add(&mut self, part: &Table<'_>) -> Result<()> {
        self.add_while(part, &mut || true)
    }

    /// Adds rows as long as `go_on` says yes.
    ///
    /// # Errors
    /// As [`crate::ScorecardBuilder::add_while`].
    pub fn add_while(&mut self, part: &Table<'_>, go_on: &mut dyn FnMut() -> bool) -> Result<()> {
        let reader = match &mut self.reader {
            Some(reader) => reader,
            None => self.reader.insert(Reader::new(&self.request, &part.names())?),
        };
        let Reader { engine, x, y, groups: gathered } = reader;
        let mut see = |rows: &Rows, groups: &[u32]| {
            let values = rows.values_of(x, groups.len()).into_iter().zip(rows.values_of(y, groups.len()));
            for (group, (x, y)) in groups.iter().zip(values) {
                let group = *group as usize;
                if gathered.len() <= group {
                    gathered.resize(group + 1, Gathered::default());
                }
                let of = &mut gathered[group];
                match (x, y) {
                    // -0 is 0, and tied with it
                    (Some(x), Some(y)) => of.pairs.push([x + 0.0, y + 0.0]),
                    (None, Some(_)) => of.x_undefined += 1,
                    (Some(_), None) => of.y_undefined += 1,
                    (None, None) => of.both_undefined += 1,
                }
            }
        };
        engine.add_seen(std::slice::from_ref(part), go_on, Some(&mut see))
    }

    /// The relation over all rows that were added.
    ///
    /// # Errors
    /// What is wrong with the rows, as [`crate::ScorecardBuilder::finish`].
    pub fn finish(self) -> Result<Relation> {
        let Reader { engine, groups: mut gathered, .. } = match self.reader {
            Some(reader) => reader,
            None => Reader::new(&self.request, &[])?,
        };
        if let Some(error) = engine.failed {
            return Err(error);
        }
        engine.rows.verdict()?;
        gathered.resize(engine.groups.len(), Gathered::default());
        let z = crate::students_t::upper_quantile((1.0 - self.level) / 2.0, f64::INFINITY, 0.0);
        let group = |(group, of): (u32, Gathered)| {
            let correlation = statistics::correlation(&of.pairs, z);
            RelatedGroup {
                keys: engine.groups.keys(group),
                customers: of.pairs.len() as u64,
                x_undefined: of.x_undefined,
                y_undefined: of.y_undefined,
                both_undefined: of.both_undefined,
                correlation: correlation.ok(),
                undefined_reason: correlation.err(),
                lifts: statistics::lifts(&of.pairs, self.quantiles, z),
            }
        };
        let mut groups: Vec<RelatedGroup> = (0..).zip(gathered).map(group).collect();
        groups.sort_unstable_by(|one, other| one.keys.cmp(&other.keys));
        let keys = engine.groups.columns.iter().map(|key| KeyColumn::new(&key.name, key.key_type().clone())).collect();
        Ok(Relation { x: self.x, y: self.y, level: self.level, quantiles: self.quantiles, keys, groups })
    }
}

impl Reader {
    fn new(request: &Request, names: &[String]) -> Result<Self> {
        let engine = Engine::new(request, names)?;
        let metric = |place: usize| -> Result<RowMetric> {
            let id = request.metrics.as_ref().map_or("", |metrics| &metrics[place]);
            let definitions = &engine.rows.plan.definitions;
            definitions.find(id).map_or(Ok(()), |chosen| chosen.single().map(|_| ()))?;
            Ok(row_metric(definitions, id))
        };
        Ok(Self { x: metric(0)?, y: metric(1)?, groups: Vec::new(), engine })
    }
}
