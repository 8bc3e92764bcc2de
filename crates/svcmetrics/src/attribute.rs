//! Why a total changed: what each segment's rate, and its weight, did to it.

use crate::definitions::Chosen;
use crate::error::{Error, Result};
use crate::figure::Figure;
use crate::fraction::Fraction;
use crate::key::Key;
use crate::measure::Time;
use crate::metric::Form;
use crate::scorecard::{KeyColumn, Scorecard, outer, united_keys};
use num_bigint::BigInt;
use num_rational::Ratio;
use std::cmp::Ordering;

/// The name of one of a segment's numbers, and how to get it.
pub type EffectColumn = (&'static str, fn(&SegmentEffect) -> Option<&Fraction>);

/// A segment's part in the change of a total. Weights and effects are none where the total is undefined on a side.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(deny_unknown_fields))]
#[non_exhaustive]
pub struct SegmentEffect {
    /// Its keys.
    pub segment: Vec<Key>,
    /// Its share of the denominator.
    pub weight: Option<Fraction>,
    /// That of the baseline.
    pub baseline_weight: Option<Fraction>,
    /// Its own quotient; none where it has no denominator.
    pub rate: Option<Fraction>,
    /// That of the baseline.
    pub baseline_rate: Option<Fraction>,
    /// Mean weight x change of rate.
    pub rate_effect: Option<Fraction>,
    /// Mean rate x change of weight; all of the effect where there is no rate on one side.
    pub mix_effect: Option<Fraction>,
    /// Both together.
    pub effect: Option<Fraction>,
}

/// Why a metric's total changed, split exactly by segment.
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(
    feature = "serde",
    derive(serde::Serialize, serde::Deserialize),
    serde(remote = "Self", deny_unknown_fields)
)]
#[non_exhaustive]
pub struct Attribution {
    /// The metric.
    pub metric: String,
    /// What makes the segments.
    pub by: Vec<KeyColumn>,
    /// The total.
    pub value: Figure,
    /// The total of the baseline.
    pub baseline: Figure,
    /// By how much it changed, to which the segments' effects add up; none where it is undefined on a side.
    pub change: Option<Fraction>,
    /// Whether every segment that has a rate on both sides moved one way, and the total the other (Simpson's paradox).
    pub paradox: bool,
    /// In the order of their keys.
    pub segments: Vec<SegmentEffect>,
}

/// One side: the total's denominator, and a segment's numerator and denominator.
struct Side {
    whole: Option<i128>,
    parts: (i128, i128),
}

impl Side {
    fn of(&self, part: i128) -> Option<Fraction> {
        self.whole.map(|whole| Fraction::new(part, whole))
    }

    fn rate(&self) -> Option<Fraction> {
        (self.parts.1 != 0).then(|| Fraction::new(self.parts.0, self.parts.1))
    }
}

impl SegmentEffect {
    fn new(segment: Vec<Key>, now: &Side, before: &Side) -> Self {
        let (weight, baseline_weight) = (now.of(now.parts.1), before.of(before.parts.1));
        let (rate, baseline_rate) = (now.rate(), before.rate());
        let both = |now: Option<Fraction>, before: Option<Fraction>| Some((now?.0, before?.0));
        let effect = both(now.of(now.parts.0), before.of(before.parts.0)).map(|(now, before)| now - before);
        let split = both(weight.clone(), baseline_weight.clone()).map(|(weight, baseline_weight)| {
            let two = BigInt::from(2);
            match both(rate.clone(), baseline_rate.clone()) {
                Some((rate, baseline_rate)) => (
                    (&weight + &baseline_weight) * (&rate - &baseline_rate) / &two,
                    (rate + baseline_rate) * (weight - baseline_weight) / two,
                ),
                None => (Ratio::from(BigInt::ZERO), effect.clone().unwrap_or_else(|| Ratio::from(BigInt::ZERO))),
            }
        });
        let (rate_effect, mix_effect) = split.map(|(rate, mix)| (Fraction(rate), Fraction(mix))).unzip();
        let effect = effect.map(Fraction);
        Self { segment, weight, baseline_weight, rate, baseline_rate, rate_effect, mix_effect, effect }
    }

    /// Its numbers by the names of their columns.
    pub fn columns() -> [EffectColumn; 7] {
        [
            ("weight", |segment| segment.weight.as_ref()),
            ("baseline_weight", |segment| segment.baseline_weight.as_ref()),
            ("rate", |segment| segment.rate.as_ref()),
            ("baseline_rate", |segment| segment.baseline_rate.as_ref()),
            ("rate_effect", |segment| segment.rate_effect.as_ref()),
            ("mix_effect", |segment| segment.mix_effect.as_ref()),
            ("effect", |segment| segment.effect.as_ref()),
        ]
    }

    /// Which way its rate moved.
    fn direction(&self) -> Option<Ordering> {
        Some(self.rate.as_ref()?.cmp(self.baseline_rate.as_ref()?))
    }
}

/// Whether all that moved moved against the total.
fn is_paradox(change: Option<&Fraction>, segments: &[SegmentEffect]) -> bool {
    let Some(total) = change.map(|change| change.0.cmp(&Ratio::from(BigInt::ZERO))) else { return false };
    let mut directions = segments.iter().filter_map(SegmentEffect::direction).peekable();
    total.is_ne() && directions.peek().is_some() && directions.all(|direction| direction == total.reverse())
}

impl Scorecard {
    /// Why totals changed since a baseline: for each metric, split by segments into a rate effect, mean weight x change of
    /// rate, and a mix effect, mean rate x change of weight. In exact fractions, so that effects add up to the change.
    ///
    /// The weight of a segment is its share of the denominator. A segment without a rate on one side (it was not there, or has
    /// no denominator) is all mix. `by` are keys of both cards, `metrics` quotients of both; without a word, all that both have.
    /// Those of stocks are undefined where periods are added up, and an error where they are asked for: [`Scorecard::at`] takes
    /// out one period.
    ///
    /// # Example: both regions improve, and the total worsens
    ///
    /// ```
    /// use svcmetrics::{Request, Scorecard, Table};
    /// let card = |renewed: [i64; 2], due: [i64; 2]| {
    ///     let table = Table::new(2).with("region", vec!["north", "south"]);
    ///     let table = table.with("contracts_due", due.to_vec()).with("contracts_renewed", renewed.to_vec());
    ///     Scorecard::of(&table, Request::default().by(["region"]))
    /// };
    /// let (now, before) = (card([19, 50], [20, 80])?, card([72, 10], [80, 20])?);
    /// let found = &now.attribute(&before, &["region"], &["contract_renewal_rate"])?[0];
    /// assert_eq!(found.change.as_ref().unwrap().to_f64(), -0.13);
    /// assert!(found.paradox);
    /// let north = &found.segments[0];
    /// assert_eq!(north.rate_effect.as_ref().unwrap().to_string(), "1/40"); // half of 0.2 + 0.8, times 0.95 - 0.9
    /// assert_eq!(north.mix_effect.as_ref().unwrap().to_string(), "-111/200"); // half of 0.95 + 0.9, times 0.2 - 0.8
    /// # Ok::<(), svcmetrics::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::ColumnNotFound`] for a key, [`Error::MetricNotFound`] for a metric that is not in both, [`Error::Mismatch`] where
    /// their keys or definitions differ, [`Error::InvalidOption`] for no keys, a metric that is no quotient, or stocks over
    /// several periods.
    pub fn attribute<K: AsRef<str>, M: AsRef<str>>(
        &self,
        baseline: &Self,
        by: &[K],
        metrics: &[M],
    ) -> Result<Vec<Attribution>> {
        let invalid = |option: &str, found: &str, expected: &str| {
            Err(Error::InvalidOption { option: option.into(), found: found.into(), expected: expected.into() })
        };
        if by.is_empty() {
            return invalid("by", "no keys", "the keys that make the segments");
        }
        let is_quotient = |chosen: &Chosen| matches!(chosen.form(), Form::Quotient { .. });
        let shared = self.shared(baseline, metrics)?;
        if let Some(chosen) = shared.iter().find(|chosen| !metrics.is_empty() && !is_quotient(chosen)) {
            return invalid("metrics", chosen.metric.id(), "quotients; the change of an amount is a difference");
        }
        let segments = (self.rollup(by)?, baseline.rollup(by)?);
        let totals = (self.rollup::<&str>(&[])?, baseline.rollup::<&str>(&[])?);
        let keys = united_keys(&segments.0.keys, &segments.1.keys)?;
        let over_time = totals.0.over_time || totals.1.over_time;
        let is_stock = |chosen: &&&Chosen| chosen.form().measures().any(|measure| measure.time == Time::Stock);
        if let Some(chosen) = shared.iter().find(is_stock).filter(|_| over_time && !metrics.is_empty()) {
            let expected = "what adds up over time, or cards of one period, as card.at(\"2026-01\") takes it out";
            return invalid("metrics", chosen.metric.id(), expected);
        }
        let quotients = shared.into_iter().filter(|chosen| is_quotient(chosen));
        quotients
            .map(|chosen| {
                let (value, before) = (totals.0.read(0, chosen)?, totals.1.read(0, chosen)?);
                let whole = |card: &Self, figure: &Figure| {
                    Ok(card.parts_of(0, chosen)?.filter(|_| figure.is_defined()).map(|(_, denominator)| denominator))
                };
                let wholes = (whole(&totals.0, &value)?, whole(&totals.1, &before)?);
                let side = |card: &Self, group: Option<usize>, whole: Option<i128>| {
                    let parts = group.map_or(Ok(None), |group| card.parts_of(group, chosen))?;
                    Ok(Side { whole, parts: parts.unwrap_or_default() })
                };
                let groups = outer(&segments.0.groups, &segments.1.groups).into_iter();
                let segments = groups.map(|(segment, now, before)| {
                    let (now, before) = (side(&segments.0, now, wholes.0)?, side(&segments.1, before, wholes.1)?);
                    Ok(SegmentEffect::new(segment.clone(), &now, &before))
                });
                let segments: Vec<SegmentEffect> = segments.collect::<Result<_>>()?;
                let quotient = |card: &Self, whole: Option<i128>| {
                    let (numerator, denominator) = (card.parts_of(0, chosen)?.map(|parts| parts.0), whole);
                    Ok(numerator.zip(denominator).map(|(numerator, denominator)| Fraction::new(numerator, denominator)))
                };
                let change = quotient(&totals.0, wholes.0)?.zip(quotient(&totals.1, wholes.1)?);
                let change = change.map(|(now, before)| Fraction(now.0 - before.0));
                Ok(Attribution {
                    metric: chosen.metric.id.to_string(),
                    by: keys.clone(),
                    value,
                    baseline: before,
                    paradox: is_paradox(change.as_ref(), &segments),
                    change,
                    segments,
                })
            })
            .collect()
    }
}

#[cfg(feature = "serde")]
mod stored {
    use super::{Attribution, Error, Fraction, Result, SegmentEffect, is_paradox};

    impl serde::Serialize for Attribution {
        fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
            Self::serialize(self, serializer)
        }
    }

    impl<'de> serde::Deserialize<'de> for Attribution {
        fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
            let attribution = Self::deserialize(deserializer)?;
            attribution.validate().map_err(serde::de::Error::custom)?;
            Ok(attribution)
        }
    }

    impl Attribution {
        /// Effects add up to the change, segments have the keys' types and are in order.
        fn validate(&self) -> Result<()> {
            let adds_up = |of: fn(&SegmentEffect) -> &Option<Fraction>| {
                let effects: Option<Vec<&Fraction>> =
                    self.segments.iter().map(|segment| of(segment).as_ref()).collect();
                effects.map(|effects| Fraction(effects.into_iter().map(|effect| &effect.0).sum()))
            };
            let whole = adds_up(|segment| &segment.effect);
            let split = adds_up(|segment| &segment.rate_effect).zip(adds_up(|segment| &segment.mix_effect));
            let split = split.map(|(rate, mix)| Fraction(rate.0 + mix.0));
            let fits = |segment: &SegmentEffect| {
                segment.segment.len() == self.by.len()
                    && segment.segment.iter().zip(&self.by).all(|(key, column)| key.fits(&column.key_type))
            };
            let problem = if self.change.is_some() && (whole != self.change || split != self.change) {
                "effects that do not add up to the change"
            } else if !self.segments.iter().all(fits) || !self.segments.is_sorted_by(|a, b| a.segment < b.segment) {
                "segments that have not the keys' types, or are not in order"
            } else if self.paradox != is_paradox(self.change.as_ref(), &self.segments) {
                "another word on the paradox than its segments"
            } else {
                return Ok(());
            };
            Err(Error::InvalidDocument { what: "an attribution", problem: format!("found {problem}") })
        }
    }
}
