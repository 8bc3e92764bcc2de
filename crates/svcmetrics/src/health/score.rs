//! From a customer's, or a group's, rates to a score, a band and an explanation.

#![allow(clippy::inline_always)] // so that blocks are compiled for the vector units of their caller

use super::{HealthModel, MissingPolicy};
use crate::mask::{Mask, PerRow};
use crate::money::{MAGIC, MICROS};
use rust_decimal::Decimal;

/// All the points there are, in micro-points.
pub(crate) const FULL: i64 = 100 * MICROS;

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

/// What the customers of a block get.
#[derive(Debug, Clone, Default)]
pub(crate) struct ScoredBlock {
    /// Micro-points; 0 where there is no score.
    pub(crate) score: PerRow<i32>,
    /// Where there is a score.
    pub(crate) there: Mask,
    /// The band's position from 1; 0 is unknown.
    pub(crate) band: PerRow<i32>,
    /// The weight of the components that are there: a whole number.
    pub(crate) present: PerRow<f64>,
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
    #[inline(always)]
    pub(crate) fn block(&self, values: &[(PerRow<f64>, Mask)], scored: &mut ScoredBlock) {
        let ScoredBlock { score, there: is_scored, band, present } = scored;
        let mut sum = PerRow::<f64>::default();
        *present = PerRow::default();
        for (scale, (values, there)) in self.components.iter().zip(values) {
            let (weight, floor, range) = (scale.weight as f64, scale.floor, scale.ceiling - scale.floor);
            macro_rules! add {
                ($value:ident => $scaled:expr) => {
                    there.write(&mut sum, |row, there, sum| {
                        let $value = values[row];
                        let kept = |points: f64| f64::from_bits(points.to_bits() & there.cast_unsigned());
                        // neither is ever negative, so adding 0 leaves it as it is
                        present[row] += kept(weight);
                        *sum += kept(weight * $scaled.clamp(0.0, 1.0));
                    })
                };
            }
            #[allow(clippy::float_cmp)] // what is divided by exactly 1 stays as it is
            if range == 1.0 {
                add!(value => (value - floor));
            } else {
                add!(value => ((value - floor) / range));
            }
        }
        let (least, total) = (self.least_weight as f64, self.total_weight as f64);
        let counts_as_zero = self.missing == MissingPolicy::Zero;
        for (row, score) in score.iter_mut().enumerate() {
            let weight = if counts_as_zero { total } else { present[row] };
            // to the nearest integer, ties to even: scores are far below 2^51
            let shifted = (100.0 * sum[row]) / weight * 1e6 + MAGIC;
            #[allow(clippy::cast_possible_truncation)] // no bit of it is beyond
            let whole = shifted.to_bits() as i32;
            // -1, below every band, where there is no score
            *score = if weight != 0.0 && present[row] >= least { whole } else { -1 };
        }
        *is_scored = Mask::those(|row| score[row] >= 0);
        *band = PerRow::default();
        for threshold in &self.thresholds {
            let threshold = i32::try_from(*threshold).unwrap_or(i32::MAX);
            band.iter_mut().zip(score.iter()).for_each(|(band, score)| *band += i32::from(*score >= threshold));
        }
        for (position, below, cap) in &self.gates {
            let ((values, there), cap) = (&values[*position], i32::try_from(*cap).unwrap_or(i32::MAX));
            there.write(band, |row, there, band| {
                *band = if there != 0 && values[row] < *below { cap.min(*band) } else { *band };
            });
        }
        score.iter_mut().for_each(|score| *score = (*score).max(0));
    }

    /// How many bands there are.
    pub(crate) fn bands(&self) -> u64 {
        self.thresholds.len() as u64
    }

    fn divisor(&self, present: i64) -> i64 {
        if self.missing == MissingPolicy::Zero { self.total_weight } else { present }
    }

    /// The share of the weight that is there. Both are below 2^53, so that the quotient is the nearest double.
    #[allow(clippy::cast_precision_loss)]
    #[inline(always)]
    pub(crate) fn coverage(&self, present: f64) -> f64 {
        present / self.total_weight as f64
    }

    /// Each component's points and lost points, adding up to the score and to what it lacks of 100.
    pub(crate) fn contributions(&self, values: &[Option<f64>], scored: &Scored) -> Vec<(Option<i64>, Option<i64>)> {
        let Some(score) = scored.score else { return vec![(None, None); self.components.len()] };
        let (mut apportioned, mut points) = (Apportioned::default(), Vec::new());
        self.points(|position| values[position], scored, &mut apportioned, |part| points.push(part));
        let counts_as_zero = self.missing == MissingPolicy::Zero;
        let lost = self.components.iter().zip(values).map(|(scale, value)| {
            let lost = value.map(|value| 1.0 - scale.of(value)).or(counts_as_zero.then_some(1.0));
            lost.map(|lost| self.part(scale, lost, scored))
        });
        let lost = apportioned.of(lost, FULL - score).iter().copied();
        points.into_iter().zip(lost).collect()
    }

    /// Each component's points, adding up to the score; nothing where it is missing, or where there is no score.
    #[inline]
    pub(crate) fn points(
        &self,
        value: impl Fn(usize) -> Option<f64>,
        scored: &Scored,
        apportioned: &mut Apportioned,
        each: impl FnMut(Option<i64>),
    ) {
        let Some(score) = scored.score else { return (0..self.components.len()).map(|_| None).for_each(each) };
        let parts = self.components.iter().enumerate().map(|(position, scale)| {
            let share = value(position).map(|value| scale.of(value));
            share.map(|share| self.part(scale, share, scored))
        });
        apportioned.of(parts, score).iter().copied().for_each(each);
    }

    #[allow(clippy::cast_precision_loss)] // weights are below 2^53
    fn part(&self, scale: &Scale, share: f64, scored: &Scored) -> f64 {
        100.0 * (scale.weight as f64 * share) / self.divisor(scored.present) as f64 * 1e6
    }

    /// How many components there are.
    pub(crate) fn components(&self) -> usize {
        self.components.len()
    }
}

/// The least whole weight that is this share of the total.
fn least_weight(share: Decimal, total: i64) -> i64 {
    let power = 10_i128.pow(share.scale());
    let least = (share.mantissa() * i128::from(total) + power - 1).div_euclid(power);
    i64::try_from(least).unwrap_or(i64::MAX)
}

/// Parts made whole, with room for the next ones.
#[derive(Debug, Clone, Default)]
pub(crate) struct Apportioned {
    whole: Vec<Option<i64>>,
    /// Position and fraction of those that are there.
    order: Vec<(usize, f64)>,
}

impl Apportioned {
    /// Each part floored, the rest given one by one to the largest fractions, ties in order, so that they add up to `total`.
    #[allow(clippy::cast_possible_truncation, clippy::cast_precision_loss)] // parts are within 0 to 10^8
    fn of(&mut self, parts: impl Iterator<Item = Option<f64>>, total: i64) -> &[Option<i64>] {
        let Self { whole, order } = self;
        whole.clear();
        order.clear();
        let mut rest = total;
        for (position, part) in parts.enumerate() {
            whole.push(part.map(|part| {
                // of what is not negative this is the floor
                let floor = part as i64;
                // without the sign of a 0, which would be ordered
                order.push((position, (part - floor as f64).abs()));
                rest -= floor;
                floor
            }));
        }
        if rest == 0 {
            return whole;
        }
        // stable: ties stay in the model's order
        order.sort_by(|(_, a), (_, b)| b.total_cmp(a));
        // Products rounded up in binary can leave a part a hair above its integer: the rest is then negative, and is taken back
        // from the smallest fractions.
        if rest < 0 {
            order.reverse();
        }
        let mut before = 0;
        while rest != before {
            before = rest;
            for (position, _) in &*order {
                if rest == 0 {
                    break;
                }
                if let Some(part) = &mut whole[*position]
                    && (rest > 0 || *part > 0)
                {
                    *part += rest.signum();
                    rest -= rest.signum();
                }
            }
        }
        whole
    }
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
    #[allow(clippy::cast_precision_loss)] // weights are below 2^53
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
            coverage: scoring.coverage(scored.present as f64),
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

    /// The names by position, `unknown` first.
    #[cfg(feature = "arrow")]
    pub(crate) fn band_names(&self) -> Vec<&str> {
        (0..=self.bands.len()).map(|band| self.band_name(band)).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn thirds_add_up_to_the_whole() {
        let apportioned =
            |parts: &[Option<f64>], total| Apportioned::default().of(parts.iter().copied(), total).to_vec();
        let third = Some(100e6 / 3.0);
        assert_eq!(apportioned(&[third, third, third], FULL), [Some(33_333_334), Some(33_333_333), Some(33_333_333)]);
        assert_eq!(apportioned(&[Some(2.5), None, Some(2.5)], 5), [Some(3), None, Some(2)]);
        assert_eq!(apportioned(&[Some(3.0), Some(2.0)], 4), [Some(3), Some(1)]);
        assert_eq!(apportioned(&[], 0), []);
    }
}
