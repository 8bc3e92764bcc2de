//! Targets: what a metric should be, and how a scorecard's figures stand to it.

#[cfg(feature = "serde")]
mod document;

use crate::column::Name;
use crate::error::{Error, Result, shown};
use crate::figure::Figure;
use crate::metric::{Better, Metric};
use crate::money::{compare_quotients, decimal_parts, nearest_difference};
use crate::scorecard::Scorecard;
use rust_decimal::Decimal;
use std::cmp::Ordering;
use std::collections::BTreeMap;
use std::fmt;

/// What a metric should be: at least a mark, at most one, or between two; and how far off it is still near.
///
/// ```
/// use rust_decimal::Decimal;
/// use svcmetrics::Target;
/// let target = Target::at_least(1).warn(Decimal::new(95, 2));
/// assert_eq!(target.to_string(), ">= 1 (warn 0.95)");
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(deny_unknown_fields))]
pub struct Target {
    /// The least that is good.
    pub at_least: Option<Decimal>,
    /// The most that is good.
    pub at_most: Option<Decimal>,
    /// The last value that is near, on the side on which it lies; without it nothing is near.
    pub warn: Option<Decimal>,
}

impl Target {
    /// At least this.
    pub fn at_least(mark: impl Into<Decimal>) -> Self {
        Self { at_least: Some(mark.into()), at_most: None, warn: None }
    }

    /// At most this.
    pub fn at_most(mark: impl Into<Decimal>) -> Self {
        Self { at_least: None, at_most: Some(mark.into()), warn: None }
    }

    /// From one mark to the other, both included.
    pub fn between(least: impl Into<Decimal>, most: impl Into<Decimal>) -> Self {
        Self { at_least: Some(least.into()), at_most: Some(most.into()), warn: None }
    }

    /// At least this where a higher value of the metric is better, at most this where a lower one is.
    ///
    /// ```
    /// use svcmetrics::{Target, find};
    /// let churn = find("customer_churn_rate").unwrap();
    /// assert_eq!(Target::in_direction_of(churn, 1)?, Target::at_most(1));
    /// let start = find("revenue_start").unwrap();
    /// assert!(Target::in_direction_of(start, 1).is_err()); // neither is better
    /// # Ok::<(), svcmetrics::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::InvalidOption`] for a metric of which neither is better.
    pub fn in_direction_of(metric: &Metric, mark: impl Into<Decimal>) -> Result<Self> {
        let mark = mark.into();
        match metric.direction() {
            Better::Higher => Ok(Self::at_least(mark)),
            Better::Lower => Ok(Self::at_most(mark)),
            Better::Neither => {
                let expected = "at_least or at_most, since neither higher nor lower is better";
                Err(invalid(metric.id(), mark, expected))
            }
        }
    }

    /// Still near up to this value, below `at_least` or above `at_most`.
    pub fn warn(mut self, edge: impl Into<Decimal>) -> Self {
        self.warn = Some(edge.into());
        self
    }

    fn validate(&self, metric: &str) -> Result<()> {
        match (self.at_least, self.at_most) {
            (None, None) => return Err(invalid(metric, "neither", "at_least, at_most or both")),
            (Some(least), Some(most)) if least > most => {
                return Err(invalid(&format!("{metric}.at_most"), most, &format!("at_least, {least}, or more")));
            }
            _ => {}
        }
        let Some(warn) = self.warn else { return Ok(()) };
        let below = self.at_least.is_some_and(|least| warn < least);
        let above = self.at_most.is_some_and(|most| warn > most);
        if below || above {
            return Ok(());
        }
        let sides = [
            self.at_least.map(|least| format!("below at_least, {least}")),
            self.at_most.map(|most| format!("above at_most, {most}")),
        ];
        let sides: Vec<String> = sides.into_iter().flatten().collect();
        Err(invalid(&format!("{metric}.warn"), warn, &sides.join(", or ")))
    }

    fn status(&self, value: (i128, i128)) -> TargetStatus {
        let than = |mark: Decimal| compare_quotients(value, decimal_parts(mark));
        let too_low = self.at_least.is_some_and(|least| than(least).is_lt());
        let too_high = self.at_most.is_some_and(|most| than(most).is_gt());
        // the edge lies outside the marks: on the one side of it that they are not
        let near = self.warn.is_some_and(|warn| match than(warn) {
            Ordering::Less => too_high,
            Ordering::Equal => true,
            Ordering::Greater => too_low,
        });
        match (too_low || too_high, near) {
            (false, _) => TargetStatus::Met,
            (true, true) => TargetStatus::Near,
            (true, false) => TargetStatus::Missed,
        }
    }

    /// The value less the mark; of two marks the one that is not kept, or else the nearer one.
    fn gap(&self, value: (i128, i128)) -> Option<f64> {
        let gap = |mark: Decimal| nearest_difference(value, decimal_parts(mark));
        match (self.at_least.map(gap), self.at_most.map(gap)) {
            (Some(above), Some(below)) if below > 0.0 || (above >= 0.0 && -below < above) => Some(below),
            (above, below) => above.or(below),
        }
    }
}

fn invalid(field: &str, found: impl fmt::Display, expected: &str) -> Error {
    Error::InvalidOption {
        option: format!("targets.{}", shown(field)),
        found: found.to_string(),
        expected: expected.to_owned(),
    }
}

/// As in `>= 1 (warn 0.95)`.
impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.at_least, self.at_most) {
            (Some(least), Some(most)) => write!(f, "{} to {}", least.normalize(), most.normalize())?,
            (Some(least), None) => write!(f, ">= {}", least.normalize())?,
            (None, Some(most)) => write!(f, "<= {}", most.normalize())?,
            (None, None) => f.write_str("none")?,
        }
        self.warn.map_or(Ok(()), |warn| write!(f, " (warn {})", warn.normalize()))
    }
}

/// How a figure stands to its target.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(rename_all = "snake_case"))]
pub enum TargetStatus {
    /// As it should be.
    Met,
    /// Not met, but no further off than `warn`.
    Near,
    /// Further off than `warn`, or not met without one.
    Missed,
    /// The figure is undefined, or the metric not measured.
    Unknown,
}

impl TargetStatus {
    /// The stable lower-case word.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Met => "met",
            Self::Near => "near",
            Self::Missed => "missed",
            Self::Unknown => "unknown",
        }
    }
}

/// Targets by metric: a value that is built in code, or read from TOML or JSON.
///
/// ```
/// use svcmetrics::{Request, Scorecard, Table, Target, TargetStatus, Targets};
/// let table = Table::new(3).with("is_new", vec![true; 3]).with("onboarded", vec![true, true, false]);
/// let card = Scorecard::of(&table, Request::default())?;
/// let targets = Targets::new([("onboard_rate", Target::at_least(1))])?;
/// assert_eq!(card.against(&targets)?[0].status, TargetStatus::Missed);
/// # Ok::<(), svcmetrics::Error>(())
/// ```
///
/// # Example: an edge on the wrong side
///
/// ```
/// use svcmetrics::{Target, Targets};
/// let error = Targets::new([("onboard_rate", Target::at_least(1).warn(2))]).unwrap_err();
/// assert_eq!(error.to_string(), "targets.onboard_rate.warn: found 2; expected below at_least, 1");
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub struct Targets {
    by_metric: BTreeMap<Name, Target>,
}

impl Targets {
    /// Targets by the metrics' ids.
    ///
    /// # Errors
    /// [`Error::InvalidOption`] that names the metric and the field.
    pub fn new(targets: impl IntoIterator<Item = (impl Into<Name>, Target)>) -> Result<Self> {
        let mut by_metric = BTreeMap::new();
        for (metric, target) in targets {
            let metric = metric.into();
            target.validate(&metric)?;
            if by_metric.insert(metric.clone(), target).is_some() {
                return Err(invalid(&metric, "the metric twice", "each metric once"));
            }
        }
        Ok(Self { by_metric })
    }

    /// The targets, in the order of the metrics' ids.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &Target)> {
        self.by_metric.iter().map(|(metric, target)| (metric.as_ref(), target))
    }

    /// The target of a metric.
    pub fn get(&self, metric: &str) -> Option<&Target> {
        self.by_metric.get(metric)
    }
}

/// All targets in one line.
impl fmt::Display for Targets {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (position, (metric, target)) in self.iter().enumerate() {
            write!(f, "{}{} {target}", if position > 0 { "; " } else { "" }, shown(metric))?;
        }
        Ok(())
    }
}

/// How a group's figure stands to its target.
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(deny_unknown_fields))]
#[non_exhaustive]
pub struct Attainment {
    /// The group's position.
    pub group: usize,
    /// The metric.
    pub metric: String,
    /// The double nearest to its value; none where undefined or not measured.
    pub value: Option<f64>,
    /// What it should be.
    pub target: Target,
    /// How it stands to that.
    pub status: TargetStatus,
    /// The value less the mark, rounded once; between two marks the one that is not kept, or else the nearer one.
    pub gap: Option<f64>,
}

impl Scorecard {
    /// How the figures stand to targets: group by group, metrics in the scorecard's order, then those that it does not measure,
    /// which are unknown. Quotients and amounts are compared exactly, scores and differences as the shortest decimals of their
    /// doubles.
    ///
    /// ```
    /// use rust_decimal::Decimal;
    /// use svcmetrics::{Request, Scorecard, Table, Target, TargetStatus, Targets};
    /// let table = Table::new(3)
    ///     .with("region", vec!["north", "north", "south"])
    ///     .with("is_new", vec![true, true, false])
    ///     .with("onboarded", vec![true, false, false]);
    /// let card = Scorecard::of(&table, Request::default().by(["region"]))?;
    /// let targets = Targets::new([("onboard_rate", Target::at_least(Decimal::new(6, 1)).warn(Decimal::new(5, 1)))])?;
    /// let [north, south] = &card.against(&targets)?[..] else { unreachable!() };
    /// assert_eq!((north.status, north.gap), (TargetStatus::Near, Some(-0.1)));
    /// assert_eq!((south.status, south.gap), (TargetStatus::Unknown, None)); // nobody is new in the south
    /// # Ok::<(), svcmetrics::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::MetricNotFound`] for a target of a metric that was not asked for or does not exist.
    pub fn against(&self, targets: &Targets) -> Result<Vec<Attainment>> {
        let order: Vec<&str> = self.metrics().map(Metric::id).collect();
        let mut wanted: Vec<(&str, &Target)> = targets.iter().collect();
        for (metric, _) in &wanted {
            if !self.not_measured.contains_key(*metric) {
                self.chosen(metric)?;
            }
        }
        wanted.sort_by_key(|(metric, _)| order.iter().position(|id| id == metric).unwrap_or(order.len()));
        let mut attained = Vec::with_capacity(self.len() * wanted.len());
        for group in 0..self.len() {
            for (metric, target) in &wanted {
                let figure = match self.chosen(metric) {
                    Ok(chosen) => Some(self.read(group, chosen)?),
                    Err(_) => None,
                };
                let value = figure.as_ref().and_then(Figure::fraction);
                attained.push(Attainment {
                    group,
                    metric: (*metric).to_owned(),
                    value: figure.as_ref().and_then(Figure::value),
                    target: **target,
                    status: value.map_or(TargetStatus::Unknown, |value| target.status(value)),
                    gap: value.and_then(|value| target.gap(value)),
                });
            }
        }
        Ok(attained)
    }
}

#[cfg(feature = "arrow")]
impl Scorecard {
    /// [`Scorecard::against`] as a frame: keys, `metric`, `value`, `at_least`, `at_most`, `warn`, `status` and `gap`; numbers are
    /// the nearest doubles.
    ///
    /// # Errors
    /// As [`Scorecard::against`]; [`Error::KeyName`] for a key that is named like one of the columns.
    pub fn against_record_batch(&self, targets: &Targets) -> Result<arrow_array::RecordBatch> {
        use arrow_array::{Float64Array, StringArray};
        use std::sync::Arc;
        let attained = self.against(targets)?;
        let mut frame = crate::arrow::Frame::default();
        self.push_keys(&mut frame, targets.by_metric.len(), None)?;
        let floats =
            |of: &dyn Fn(&Attainment) -> Option<f64>| Arc::new(attained.iter().map(of).collect::<Float64Array>());
        let marks = |of: fn(&Target) -> Option<Decimal>| {
            floats(&|attained| {
                let (numerator, denominator) = decimal_parts(of(&attained.target)?);
                Some(crate::money::nearest_quotient(numerator, denominator))
            })
        };
        frame.push("metric", Arc::new(attained.iter().map(|each| Some(each.metric.as_str())).collect::<StringArray>()));
        frame.push("value", floats(&|attained| attained.value));
        frame.push("at_least", marks(|target| target.at_least));
        frame.push("at_most", marks(|target| target.at_most));
        frame.push("warn", marks(|target| target.warn));
        frame.push("status", Arc::new(attained.iter().map(|each| Some(each.status.name())).collect::<StringArray>()));
        frame.push("gap", floats(&|attained| attained.gap));
        frame.finish()
    }
}
