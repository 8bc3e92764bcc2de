//! What changed between two scorecards, how sure that is, and whether it is for the better.

use crate::definitions::Chosen;
use crate::error::Result;
use crate::figure::{Figure, Undefined, Value};
use crate::interval::{Basis, Estimate, LEVEL, Level, double, wilson};
use crate::key::Key;
use crate::metric::Better;
use crate::money::nearest_difference;
use crate::scorecard::{KeyColumn, Scorecard, outer, united_keys};
use crate::students_t::upper_tail;

/// What is asked of a comparison. The default is at the level of 95 %, of all metrics that both cards have, independent.
#[derive(Debug, Clone, PartialEq)]
pub struct CompareOptions {
    level: f64,
    pub(crate) paired: Option<String>,
    metrics: Vec<String>,
}

impl Default for CompareOptions {
    fn default() -> Self {
        Self { level: LEVEL, paired: None, metrics: Vec::new() }
    }
}

impl CompareOptions {
    /// The level of intervals, and of what is significant.
    pub fn level(mut self, level: f64) -> Self {
        self.level = level;
        self
    }

    /// The key, of both cards, that says who is the same on both sides.
    pub fn paired(mut self, key: impl Into<String>) -> Self {
        self.paired = Some(key.into());
        self
    }

    /// Only these metrics.
    pub fn metrics(mut self, ids: impl IntoIterator<Item = impl Into<String>>) -> Self {
        self.metrics = ids.into_iter().map(Into::into).collect();
        self
    }
}

/// Whether a change is for the better, by the metric's direction.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(rename_all = "snake_case"))]
pub enum Verdict {
    /// It moved to where it is better.
    Better,
    /// It moved the other way.
    Worse,
    /// It did not move.
    Same,
    /// Neither direction is better.
    Neither,
}

impl Verdict {
    /// The stable lower-case word.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Better => "better",
            Self::Worse => "worse",
            Self::Same => "same",
            Self::Neither => "neither",
        }
    }

    fn of(better: Better, difference: f64) -> Self {
        match (better, difference > 0.0) {
            _ if difference == 0.0 => Self::Same,
            (Better::Neither, _) => Self::Neither,
            (Better::Higher, true) | (Better::Lower, false) => Self::Better,
            _ => Self::Worse,
        }
    }
}

/// A metric of a group on both sides.
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(deny_unknown_fields))]
#[non_exhaustive]
pub struct Change {
    /// Its keys.
    pub group: Vec<Key>,
    /// The metric.
    pub metric: String,
    /// Its figure; where the group is not there, undefined: there are no rows.
    pub value: Figure,
    /// The figure of the baseline.
    pub baseline: Figure,
    /// Value less baseline, the double nearest to it; none where one is undefined.
    pub difference: Option<f64>,
    /// The interval of the difference, where both sides have one.
    pub interval: Option<(f64, f64)>,
    /// How likely a difference as large as this were, if there was none.
    pub p_value: Option<f64>,
    /// The same by Holm's correction for as many as are asked.
    pub p_adjusted: Option<f64>,
    /// Whether that is at most what the level leaves.
    pub significant: Option<bool>,
    /// Whether it is for the better, significant or not.
    pub verdict: Option<Verdict>,
}

/// What changed between two scorecards.
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(
    feature = "serde",
    derive(serde::Serialize, serde::Deserialize),
    serde(remote = "Self", deny_unknown_fields)
)]
#[non_exhaustive]
pub struct Changes {
    /// The key columns of the groups; without the one that pairs.
    pub keys: Vec<KeyColumn>,
    /// The level of intervals, and of what is significant.
    pub level: f64,
    /// The key by which the sides were paired; without one they are treated as independent of each other.
    pub paired: Option<String>,
    /// Group by group, the metrics in the catalogue's order.
    pub changes: Vec<Change>,
}

impl Changes {
    /// How many differences were tested, for which Holm's correction allows.
    pub fn tests(&self) -> usize {
        self.changes.iter().filter(|change| change.p_value.is_some()).count()
    }

    /// Holm's correction: p-values in order, times how many are left, never falling (Scandinavian Journal of Statistics 6, 1979).
    fn correct(&mut self) {
        let mut order: Vec<&mut Change> = self.changes.iter_mut().filter(|change| change.p_value.is_some()).collect();
        order.sort_by(|one, other| one.p_value.unwrap_or(1.0).total_cmp(&other.p_value.unwrap_or(1.0)));
        let mut worst = 0.0_f64;
        for (position, left) in (1..=order.len()).rev().enumerate() {
            let p = order[position].p_value.unwrap_or(1.0);
            worst = worst.max((p * f64::from(u32::try_from(left).unwrap_or(u32::MAX))).min(1.0));
            order[position].p_adjusted = Some(worst);
            order[position].significant = Some(worst <= 1.0 - self.level);
        }
    }
}

/// The interval of a difference, and the probability of one as large.
type Tested = (Option<(f64, f64)>, Option<f64>);

impl Estimate {
    fn minus(self, other: Self) -> Self {
        let variance = self.variance + other.variance;
        // Welch's
        let freedom =
            variance.powi(2) / (self.variance.powi(2) / self.freedom + other.variance.powi(2) / other.freedom);
        Self {
            value: self.value - other.value,
            variance,
            freedom: if freedom.is_nan() { f64::INFINITY } else { freedom },
        }
    }

    fn tested(self, level: Level) -> Tested {
        let p_value = 2.0 * upper_tail((self.value / self.variance.sqrt()).abs(), self.freedom);
        (Some(self.interval(level)), Some(p_value).filter(|_| self.variance > 0.0))
    }
}

fn independent(now: &Figure, before: &Figure, level: Level) -> Tested {
    if let (Some(Basis::Proportion), Some(Basis::Proportion)) = (now.basis, before.basis)
        && let (Value::Quotient { numerator: x, denominator: n }, Value::Quotient { numerator: y, denominator: m }) =
            (now.value, before.value)
    {
        return proportions((x.integer(), n.integer()), (y.integer(), m.integer()), level);
    }
    match (now.estimate(), before.estimate()) {
        (Some(now), Some(before)) => now.minus(before).tested(level),
        _ => (None, None),
    }
}

/// Newcombe's hybrid score interval (Statistics in Medicine 17, 1998, method 10), and the score test with pooled variance.
fn proportions(now: (i128, i128), before: (i128, i128), level: Level) -> Tested {
    let shares = [now, before].map(|(part, whole)| double(part) / double(whole));
    let [(low, high), (low_before, high_before)] = [now, before].map(|(part, whole)| wilson(part, whole, level.normal));
    let difference = shares[0] - shares[1];
    let interval = (
        difference - (shares[0] - low).hypot(high_before - shares[1]),
        difference + (high - shares[0]).hypot(shares[1] - low_before),
    );
    let pooled = double(now.0 + before.0) / double(now.1 + before.1);
    let variance = pooled * (1.0 - pooled) * (1.0 / double(now.1) + 1.0 / double(before.1));
    // all or none on both sides: no difference
    let deviate = if variance > 0.0 { difference.abs() / variance.sqrt() } else { 0.0 };
    (Some(interval), Some(2.0 * upper_tail(deviate, f64::INFINITY)))
}

fn difference(now: &Figure, before: &Figure) -> Option<f64> {
    match (now.ratio(), before.ratio()) {
        (Some(now), Some(before)) => Some(nearest_difference(now, before)),
        _ => Some(now.value()? - before.value()?),
    }
}

impl Scorecard {
    /// What changed since a baseline: for each group of either and each metric of both, the difference, its interval, whether it is
    /// significant, and whether it is for the better.
    ///
    /// The two are treated as **independent** of each other, as samples of different customers, or of a year ago; where the same
    /// customers stand in both that is too careful. [`CompareOptions::paired`] names the key that says who is who.
    ///
    /// - Shares to which rows add 0 or 1: Newcombe's hybrid score interval, and the score test of two proportions.
    /// - `nps` and `ces_net`: adjusted Wald on both sides, the normal distribution.
    /// - Other quotients, of cards with [`crate::Request::spread`] on both sides: both variances, Student's t with Welch's degrees
    ///   of freedom. Of means it is Welch's test.
    /// - Paired, all quotients: both cards are grouped by the key and whatever else, and are rolled up over it. The variance is that
    ///   of each customer's part in the difference, `(y - R x) / sum of x` now less the same before, with Student's t. Of means it
    ///   is the paired t-test. A customer on one side only has no part on the other.
    /// - Amounts, and what is made of other metrics: only the difference. There is no test either where nothing varies.
    ///
    /// `significant` is corrected by Holm's method for all tests of the comparison; intervals are not.
    ///
    /// ```
    /// use svcmetrics::{CompareOptions, Request, Scorecard, Table, Verdict};
    /// let card = |onboarded: usize| {
    ///     let received = (0..100).map(|customer| customer < onboarded).collect::<Vec<bool>>();
    ///     Scorecard::of(&Table::new(100).with("is_new", vec![true; 100]).with("onboarded", received), Request::default())
    /// };
    /// let changes = card(80)?.compare(&card(60)?, &CompareOptions::default())?;
    /// let change = &changes.changes[0];
    /// assert_eq!((change.difference, change.significant, change.verdict), (Some(0.2), Some(true), Some(Verdict::Better)));
    /// let (low, high) = change.interval.unwrap();
    /// assert_eq!(format!("{low:.4} {high:.4}"), "0.0731 0.3185");
    /// # Ok::<(), svcmetrics::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`crate::Error::Mismatch`] where keys, parameters or definitions differ, [`crate::Error::MetricNotFound`] for a metric that is
    /// not in both, [`crate::Error::ColumnNotFound`] and [`crate::Error::InvalidOption`] for a key that cannot pair, or a level that is none.
    pub fn compare(&self, baseline: &Self, options: &CompareOptions) -> Result<Changes> {
        let level = Level::new(options.level)?;
        let shared = self.shared(baseline, &options.metrics)?;
        let mut changes = Vec::new();
        let keys = match &options.paired {
            None => {
                let keys = united_keys(&self.keys, &baseline.keys)?;
                for (group, now, before) in outer(&self.groups, &baseline.groups) {
                    for chosen in &shared {
                        let change =
                            Change::new(group, chosen, &self.side(now, chosen)?, &baseline.side(before, chosen)?);
                        let tested = independent(&change.value, &change.baseline, level);
                        changes.push(change.with(tested));
                    }
                }
                keys
            }
            Some(key) => {
                let pairs = self.pairs(baseline, key)?;
                for (group, now, before) in outer(&pairs.now.groups, &pairs.before.groups) {
                    for chosen in &shared {
                        let (figure, base) = (pairs.now.side(now, chosen)?, pairs.before.side(before, chosen)?);
                        let change = Change::new(group, chosen, &figure, &base);
                        let estimate = match (now, before, change.difference) {
                            (Some(now), Some(before), Some(value)) => pairs
                                .variance(group, (now, before), chosen)?
                                .map(|(variance, freedom)| Estimate { value, variance, freedom }),
                            _ => None,
                        };
                        changes.push(change.with(estimate.map_or((None, None), |estimate| estimate.tested(level))));
                    }
                }
                pairs.keys
            }
        };
        let mut changes = Changes { keys, level: options.level, paired: options.paired.clone(), changes };
        changes.correct();
        Ok(changes)
    }

    /// A group's figure, also of a group that is not there.
    pub(crate) fn side(&self, group: Option<usize>, chosen: &Chosen) -> Result<Figure> {
        group.map_or_else(
            || Ok(Figure::undefined(chosen.metric.counted_in(), Undefined::NoRows)),
            |group| self.read(group, chosen),
        )
    }
}

impl Change {
    fn new(group: &[Key], chosen: &Chosen, value: &Figure, baseline: &Figure) -> Self {
        let difference = difference(value, baseline);
        Self {
            group: group.to_vec(),
            metric: chosen.metric.id().to_owned(),
            value: *value,
            baseline: *baseline,
            difference,
            interval: None,
            p_value: None,
            p_adjusted: None,
            significant: None,
            verdict: difference.map(|difference| Verdict::of(chosen.metric.direction(), difference)),
        }
    }

    fn with(self, (interval, p_value): Tested) -> Self {
        let finite = interval.filter(|(low, high)| low.is_finite() && high.is_finite());
        Self { interval: finite, p_value: p_value.filter(|_| finite.is_some()), ..self }
    }
}

#[cfg(feature = "serde")]
mod stored {
    use super::{Change, Changes, Level, Result};
    use crate::error::Error;

    impl serde::Serialize for Changes {
        fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
            Self::serialize(self, serializer)
        }
    }

    impl<'de> serde::Deserialize<'de> for Changes {
        fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
            let changes = Self::deserialize(deserializer)?;
            changes.validate().map_err(serde::de::Error::custom)?;
            Ok(changes)
        }
    }

    impl Changes {
        /// Groups have the keys' types, numbers are numbers, and the correction is that of the p-values.
        fn validate(&self) -> Result<()> {
            Level::new(self.level)?;
            let fits = |change: &Change| {
                change.group.len() == self.keys.len()
                    && change.group.iter().zip(&self.keys).all(|(key, column)| key.fits(&column.key_type))
                    && change.difference == super::difference(&change.value, &change.baseline)
                    && change.interval.is_none_or(|(low, high)| low <= high && low.is_finite() && high.is_finite())
                    && change.p_value.is_none_or(|p| (0.0..=1.0).contains(&p))
            };
            let mut corrected = self.clone();
            corrected.correct();
            if self.changes.iter().all(fits) && corrected == *self {
                return Ok(());
            }
            let problem = "found keys, differences, intervals or p-values that do not fit each other".into();
            Err(Error::InvalidDocument { what: "a comparison", problem })
        }
    }
}
