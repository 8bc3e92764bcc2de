//! From a customer's, or a group's, rates to a score, a band and an explanation.

use super::model::{HealthModel, MissingPolicy};
use crate::money::MICROS;
use rust_decimal::Decimal;

/// All the points there are, in micro-points.
const FULL: i64 = 100 * MICROS;

/// A model made ready: weights and thresholds as integers, positions for names.
#[derive(Debug, Clone)]
pub(crate) struct Scoring {
    components: Vec<Scale>,
    total_weight: i64,
    /// The first micro-point of each band.
    thresholds: Vec<i64>,
    /// Position among the metrics read, the value below which it closes, the highest band then (from 1).
    gates: Vec<(usize, f64, usize)>,
    missing: MissingPolicy,
    /// Below it there is no score.
    least_weight: i64,
}

#[derive(Debug, Clone)]
struct Scale {
    weight: i64,
    floor: f64,
    ceiling: f64,
}

impl Scale {
    fn of(&self, value: f64) -> f64 {
        ((value - self.floor) / (self.ceiling - self.floor)).clamp(0.0, 1.0)
    }
}

/// What a customer or a group gets.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Scored {
    /// Micro-points, where there is a score.
    pub(crate) score: Option<i64>,
    /// The band's position from 1; 0 is unknown.
    pub(crate) band: usize,
    /// The weight of the components that are there.
    pub(crate) present: i64,
}

/// One component's part in a score.
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(deny_unknown_fields))]
#[non_exhaustive]
pub struct Contribution {
    /// The component.
    pub metric: String,
    /// Its value; none where it is missing.
    pub value: Option<f64>,
    /// What it adds to the score, in micro-points; none where it is missing.
    pub points: Option<i64>,
    /// What it keeps the score from, in micro-points; none where it is missing and not counted as 0.
    pub lost: Option<i64>,
}

/// Why a score is what it is: the points of its components add up to it, and the lost ones to what it lacks of 100.
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(deny_unknown_fields))]
#[non_exhaustive]
pub struct Explanation {
    /// Micro-points, where there is a score.
    pub score: Option<i64>,
    /// The band; `unknown` without a score.
    pub band: String,
    /// Weight present / total weight.
    pub coverage: f64,
    /// One a component, in the model's order.
    pub contributions: Vec<Contribution>,
}

impl Scoring {
    pub(crate) fn new(model: &HealthModel) -> Self {
        // A valid model has whole weights and caps that are bands.
        let weights = model.whole_weights().unwrap_or_default();
        let reads = model.reads();
        let place = |metric: &str| reads.iter().position(|id| id.as_ref() == metric).unwrap_or(0);
        let rank = |name: &str| {
            model.bands.iter().position(|band| band.name == name).map_or(model.bands.len(), |position| position + 1)
        };
        let scale = |(component, weight): (&super::Component, &i64)| Scale {
            weight: *weight,
            floor: component.floor,
            ceiling: component.ceiling,
        };
        let total_weight = weights.iter().sum();
        let least_weight = match model.missing {
            MissingPolicy::Require => total_weight,
            _ => least_weight(model.min_coverage, total_weight),
        };
        Self {
            components: model.components.iter().zip(&weights).map(scale).collect(),
            total_weight,
            thresholds: model.bands.iter().map(|band| crate::money::micros(band.from).unwrap_or(0)).collect(),
            gates: model.gates.iter().map(|gate| (place(&gate.metric), gate.below, rank(&gate.cap))).collect(),
            missing: model.missing,
            least_weight,
        }
    }

    /// `values` are those of [`HealthModel::reads`]: the components', then the other gates'.
    #[allow(clippy::cast_precision_loss)] // weights are below 2^53
    pub(crate) fn score(&self, values: &[Option<f64>]) -> Scored {
        let (mut present, mut sum) = (0_i64, 0.0_f64);
        for (scale, value) in self.components.iter().zip(values) {
            if let Some(value) = value {
                present += scale.weight;
                sum += scale.weight as f64 * scale.of(*value);
            }
        }
        self.scored(present, sum, |position| values[position])
    }

    /// A score from the sum of weighted shares; `value` gives what the gates ask for.
    #[allow(clippy::cast_precision_loss, clippy::cast_possible_truncation)] // weights are below 2^53, scores within 0 to 10^8
    fn scored(&self, present: i64, sum: f64, value: impl Fn(usize) -> Option<f64>) -> Scored {
        let weight = self.divisor(present);
        if weight == 0 || present < self.least_weight {
            return Scored { score: None, band: 0, present };
        }
        let score = ((100.0 * sum) / weight as f64 * 1e6).round_ties_even() as i64;
        let mut band = self.thresholds.iter().filter(|threshold| score >= **threshold).count();
        for (position, below, cap) in &self.gates {
            if value(*position).is_some_and(|value| value < *below) {
                band = band.min(*cap);
            }
        }
        Scored { score: Some(score), band, present }
    }

    /// The scores of a block of rows: of each value that is read a number a row, and a bit for where it is there. The same
    /// operations in the same order as for one row.
    #[allow(clippy::cast_precision_loss)] // weights are below 2^53
    pub(crate) fn block<const ROWS: usize>(&self, values: &[([f64; ROWS], u64)], scored: &mut [Scored; ROWS]) {
        let (mut present, mut sum) = ([0_i64; ROWS], [0.0_f64; ROWS]);
        for (scale, (values, there)) in self.components.iter().zip(values) {
            let weight = scale.weight as f64;
            for (row, value) in values.iter().enumerate() {
                let there = there >> row & 1;
                present[row] += scale.weight * there.cast_signed();
                // a sum is never negative, so adding 0 leaves it as it is
                sum[row] += if there == 1 { weight * scale.of(*value) } else { 0.0 };
            }
        }
        for (row, scored) in scored.iter_mut().enumerate() {
            let value = |position: usize| {
                let (values, there) = &values[position];
                (there >> row & 1 == 1).then(|| values[row])
            };
            *scored = self.scored(present[row], sum[row], value);
        }
    }

    fn divisor(&self, present: i64) -> i64 {
        if self.missing == MissingPolicy::Zero { self.total_weight } else { present }
    }

    pub(crate) fn coverage(&self, scored: &Scored) -> f64 {
        crate::money::nearest_quotient(scored.present.into(), self.total_weight.into())
    }

    /// Each component's points and lost points, adding up to the score and to what it lacks of 100.
    #[allow(clippy::cast_precision_loss)] // weights are below 2^53
    pub(crate) fn contributions(&self, values: &[Option<f64>], scored: &Scored) -> Vec<(Option<i64>, Option<i64>)> {
        let Some(score) = scored.score else { return vec![(None, None); self.components.len()] };
        let weight = self.divisor(scored.present) as f64;
        let counts_as_zero = self.missing == MissingPolicy::Zero;
        let part = |scale: &Scale, share: f64| 100.0 * (scale.weight as f64 * share) / weight * 1e6;
        let scaled: Vec<Option<f64>> =
            self.components.iter().zip(values).map(|(scale, value)| value.map(|value| scale.of(value))).collect();
        let of = |share: &dyn Fn(Option<f64>) -> Option<f64>| -> Vec<Option<f64>> {
            self.components
                .iter()
                .zip(&scaled)
                .map(|(scale, scaled)| share(*scaled).map(|share| part(scale, share)))
                .collect()
        };
        let points = apportioned(&of(&|scaled| scaled), score);
        let lost = of(&|scaled| scaled.map(|scaled| 1.0 - scaled).or(counts_as_zero.then_some(1.0)));
        points.into_iter().zip(apportioned(&lost, FULL - score)).collect()
    }
}

/// The least whole weight that is this share of the total.
fn least_weight(share: Decimal, total: i64) -> i64 {
    let power = 10_i128.pow(share.scale());
    let least = (share.mantissa() * i128::from(total) + power - 1).div_euclid(power);
    i64::try_from(least).unwrap_or(i64::MAX)
}

/// Each part floored, the rest given one by one to the largest fractions, ties in order, so that they add up to `total`.
#[allow(clippy::cast_possible_truncation, clippy::cast_possible_wrap, clippy::cast_sign_loss)] // parts are within 0 to 10^8
fn apportioned(parts: &[Option<f64>], total: i64) -> Vec<Option<i64>> {
    let mut whole: Vec<Option<i64>> = parts.iter().map(|part| part.map(|part| part.floor() as i64)).collect();
    let mut order: Vec<usize> = (0..parts.len()).filter(|i| parts[*i].is_some()).collect();
    let fraction = |i: usize| parts[i].map_or(0.0, |part| part - part.floor());
    // stable: ties stay in the model's order
    order.sort_by(|a, b| fraction(*b).total_cmp(&fraction(*a)));
    let mut rest = total - whole.iter().flatten().sum::<i64>();
    // Products rounded up in binary can leave a part a hair above its integer: the rest is then negative, and is taken back
    // from the smallest fractions.
    if rest < 0 {
        order.reverse();
    }
    let mut before = 0;
    while rest != before {
        before = rest;
        for i in &order {
            if rest == 0 {
                break;
            }
            if let Some(part) = &mut whole[*i]
                && (rest > 0 || *part > 0)
            {
                *part += rest.signum();
                rest -= rest.signum();
            }
        }
    }
    whole
}

impl HealthModel {
    /// Scores one customer, or one group, from the values of the metrics; an id that is not given is missing.
    ///
    /// ```
    /// use svcmetrics::{Component, HealthModel};
    /// let model = HealthModel::new([Component::new("adoption_rate", 3), Component::new("renewal_commitment_rate", 1)])?;
    /// let explanation = model.explain(|metric| match metric {
    ///     "adoption_rate" => Some(0.5),
    ///     _ => Some(1.0),
    /// });
    /// assert_eq!(explanation.score, Some(62_500_000));
    /// assert_eq!(explanation.band, "yellow");
    /// assert_eq!(explanation.contributions[0].points, Some(37_500_000));
    /// # Ok::<(), svcmetrics::Error>(())
    /// ```
    pub fn explain(&self, value: impl Fn(&str) -> Option<f64>) -> Explanation {
        let scoring = Scoring::new(self);
        // A value that is no number would poison the sum: it is as good as missing.
        let values: Vec<Option<f64>> =
            self.reads().into_iter().map(|id| value(id).filter(|value| !value.is_nan())).collect();
        let scored = scoring.score(&values);
        let parts = scoring.contributions(&values, &scored);
        Explanation {
            score: scored.score,
            band: self.band_name(scored.band).to_owned(),
            coverage: scoring.coverage(&scored),
            contributions: self
                .components
                .iter()
                .zip(&values)
                .zip(parts)
                .map(|((component, value), (points, lost))| Contribution {
                    metric: component.metric.to_string(),
                    value: *value,
                    points,
                    lost,
                })
                .collect(),
        }
    }

    pub(crate) fn band_name(&self, band: usize) -> &str {
        band.checked_sub(1).and_then(|position| self.bands.get(position)).map_or("unknown", |band| &band.name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn thirds_add_up_to_the_whole() {
        let third = Some(100e6 / 3.0);
        assert_eq!(apportioned(&[third, third, third], FULL), [Some(33_333_334), Some(33_333_333), Some(33_333_333)]);
        assert_eq!(apportioned(&[Some(2.5), None, Some(2.5)], 5), [Some(3), None, Some(2)]);
        assert_eq!(apportioned(&[Some(3.0), Some(2.0)], 4), [Some(3), Some(1)]);
        assert_eq!(apportioned(&[], 0), []);
    }
}
