//! A metric's values of all groups at once: what tables are made of.

use super::reading::{How, Reading, points};
use crate::error::Result;
use crate::figure::Total;
use crate::lanes::{Places, Sum};
use crate::money::{MICROS, divide_half_even, nearest_difference};
use crate::totals::Totals;

/// Whole numbers up to here are doubles, and a quotient of two of them is rounded once.
const EXACT: u64 = 1 << 53;

impl Sum {
    /// Of all groups, in millionths where `micro`; nothing where one of them may be too large to be a double.
    fn narrow(&self, totals: &Totals, groups: usize, micro: bool) -> Option<Vec<i64>> {
        let scale = if micro && !self.micro { i128::from(MICROS) } else { 1 };
        let mut sums = vec![0; groups];
        let mut bound = 0_u64;
        for (times, lane) in &self.terms {
            let (times, lane) = (i64::try_from(times * scale).ok()?, totals.narrow(*lane)?);
            let most = lane.iter().fold(0, |most, total| most.max(total.unsigned_abs()));
            bound = bound.checked_add(most.checked_mul(times.unsigned_abs())?).filter(|bound| *bound <= EXACT)?;
            sums.iter_mut().zip(lane).for_each(|(sum, total)| *sum += times * total);
        }
        Some(sums)
    }
}

impl Reading<'_> {
    /// Of all groups, the doubles nearest to the exact values.
    ///
    /// # Errors
    /// As [`Reading::figure`].
    pub(crate) fn values(&self) -> Result<Vec<Option<f64>>> {
        let each = || (0..self.card.len()).map(|group| Ok(self.figure(group)?.value())).collect();
        self.narrow_values().map_or_else(each, Ok)
    }

    fn narrow_values(&self) -> Option<Vec<Option<f64>>> {
        match &self.how {
            How::Quotient(_) => {
                #[allow(clippy::cast_precision_loss)] // they are doubles
                let value = |(numerator, denominator)| numerator as f64 / denominator as f64;
                Some(self.narrow_quotients()?.map(|quotient| quotient.map(value)).collect())
            }
            How::Difference(parts) => {
                let [one, other] = parts.each_ref().map(Self::narrow_quotients);
                let wide = |(numerator, denominator): (i64, i64)| (numerator.into(), denominator.into());
                let pairs = one?.zip(other?).map(|(one, other)| one.zip(other));
                Some(pairs.map(|pair| pair.map(|(one, other)| nearest_difference(wide(one), wide(other)))).collect())
            }
            How::Health { scoring, parts } if !self.card.over_time => {
                let parts = parts.iter().map(|part| part.as_ref().map_or(Some(Vec::new()), Self::narrow_values));
                let parts: Vec<Vec<Option<f64>>> = parts.collect::<Option<_>>()?;
                let mut values = Vec::new();
                let mut score = |group: usize| {
                    values.clear();
                    values.extend(parts.iter().map(|part| part.get(group).copied().flatten()));
                    // where there is none, it depends on why
                    let any = values.iter().any(Option::is_some);
                    if any {
                        Some(scoring.score(&values).score.map(points))
                    } else {
                        Some(self.figure(group).ok()?.value())
                    }
                };
                (0..self.card.len()).map(&mut score).collect()
            }
            _ => None,
        }
    }

    /// Of all groups, the numerators and denominators of a quotient in one unit, where there are both and the latter is not 0.
    fn narrow_quotients(&self) -> Option<impl Iterator<Item = Option<(i64, i64)>> + use<>> {
        let How::Quotient(Places { numerator, denominator, .. }) = self.how else { return None };
        let (groups, micro) = (self.card.len(), numerator.micro || denominator.micro);
        let of = |sum: &Sum| sum.narrow(&self.card.totals, groups, micro);
        let mut counted = self.card.totals.narrow(self.counts?)?.to_vec();
        counted.resize(groups, 0);
        let there =
            |((counted, numerator), denominator)| (counted > 0 && denominator != 0).then_some((numerator, denominator));
        Some(counted.into_iter().zip(of(numerator)?).zip(of(denominator)?).map(there))
    }

    /// Of all groups, the exact amounts; what is over a whole number is rounded half to even to millionths.
    ///
    /// # Errors
    /// As [`Reading::figure`].
    pub(crate) fn amounts(&self) -> Result<Vec<Option<Total>>> {
        let amount = |group: usize| {
            let figure = self.figure(group)?;
            let whole = |(numerator, denominator): (Total, Total)| {
                Some(Total::new(divide_half_even(numerator.micros()?, denominator.integer), true))
            };
            Ok(figure.numerator().zip(figure.denominator()).map_or(figure.numerator(), whole))
        };
        self.narrow_amounts().map_or_else(|| (0..self.card.len()).map(amount).collect(), Ok)
    }

    fn narrow_amounts(&self) -> Option<Vec<Option<Total>>> {
        let How::Amount(amount) = self.how else { return None };
        let counted = self.card.totals.narrow(self.counts?)?;
        if counted.is_empty() {
            return Some(vec![None; self.card.len()]);
        }
        let amounts = amount.narrow(&self.card.totals, self.card.len(), amount.micro)?;
        let value = |(counted, sum): (&i64, i64)| (*counted > 0).then(|| Total::new(sum.into(), amount.micro));
        Some(counted.iter().zip(amounts).map(value).collect())
    }
}
