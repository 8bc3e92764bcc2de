//! Totals -> figures: where a metric's sums stand among the lanes is found once, and read of any group.

use super::{Counts, Scorecard, none_counted};
use crate::definitions::{COUNTS, Chosen, Definitions};
use crate::distributions::quantile;
use crate::error::{Error, Result};
use crate::figure::{Figure, Total, Undefined, Value, aligned};
use crate::health::Scoring;
use crate::interval::{Basis, Sampling};
use crate::key::group_text;
use crate::lanes::{Places, Sum};
use crate::metric::{Combination, Form};
use crate::money::nearest_difference;

#[derive(Debug)]
pub(super) enum How<'a> {
    Undefined(Undefined),
    Amount(&'a Sum),
    Per(&'a Sum, u32),
    Quotient(&'a Places),
    Quantile { of: &'a str, percent: u8, per: u32 },
    Difference(Box<[Reading<'a>; 2]>),
    Health { scoring: Box<Scoring>, parts: Vec<Option<Reading<'a>>> },
}

/// A metric of a scorecard, made ready to be read of many groups.
#[derive(Debug)]
pub(crate) struct Reading<'a> {
    pub(super) card: &'a Scorecard,
    chosen: &'a Chosen,
    /// The lane of its first count.
    pub(super) counts: Option<usize>,
    pub(super) how: How<'a>,
}

/// A score as a double.
pub(super) fn points(score: i64) -> f64 {
    Total::new(score.into(), true).to_f64()
}

impl Scorecard {
    pub(crate) fn reading<'a>(&'a self, chosen: &'a Chosen) -> Reading<'a> {
        let definitions = &self.definitions;
        let form = chosen.form();
        let places = definitions.places(chosen);
        let of = |id: &str| definitions.find(id).map(|part| self.reading(part));
        let how = match form {
            Form::Difference(one, two) => match (of(one), of(two)) {
                (Some(one), Some(two)) => How::Difference(Box::new([one, two])),
                _ => How::Undefined(Undefined::NotMergeable),
            },
            Form::Health => match &definitions.model {
                Some(model) => How::Health {
                    scoring: Box::new(Scoring::new(model)),
                    parts: model.reads().into_iter().map(|id| of(id)).collect(),
                },
                None => How::Undefined(Undefined::NotMergeable),
            },
            // It has one for each value.
            Form::Mix { .. } => How::Undefined(Undefined::NotMergeable),
            _ if self.over_time && places.is_some_and(|places| places.reads_stock) => {
                How::Undefined(Undefined::NotAdditiveOverTime)
            }
            Form::Quantile { of, percent, per } => How::Quantile { of: of.id(), percent: *percent, per: *per },
            Form::Amount(_) => {
                places.map_or(How::Undefined(Undefined::NotMergeable), |places| How::Amount(&places.numerator))
            }
            Form::Per { per, .. } => {
                places.map_or(How::Undefined(Undefined::NotMergeable), |places| How::Per(&places.numerator, *per))
            }
            Form::Quotient { .. } => places.map_or(How::Undefined(Undefined::NotMergeable), How::Quotient),
        };
        Reading { card: self, chosen, counts: places.and_then(|places| places.counts), how }
    }

    /// A metric's figure of one group.
    pub(crate) fn read(&self, group: usize, chosen: &Chosen) -> Result<Figure> {
        self.reading(chosen).figure(group)
    }

    /// A quotient's numerator and denominator, in one unit; nothing for what is no quotient, or was rolled away over time.
    pub(crate) fn parts_of(&self, group: usize, chosen: &Chosen) -> Result<Option<(i128, i128)>> {
        let reading = self.reading(chosen);
        let How::Quotient(Places { numerator, denominator, .. }) = reading.how else { return Ok(None) };
        aligned(reading.sum(group, numerator)?, reading.sum(group, denominator)?)
            .map(Some)
            .ok_or_else(|| reading.overflow(group))
    }

    /// How many of a group's rows stood how to a metric; nothing for a metric made of others.
    pub(crate) fn counts(&self, group: usize, chosen: &Chosen) -> Option<Counts> {
        let scope = self.definitions.scope_position(chosen.form().scope()?.id())?;
        Some(self.counts_at(group, Definitions::scope_lane(scope)))
    }

    fn counts_at(&self, group: usize, first: usize) -> Counts {
        let [counted, missing, invalid, outside, rounded] =
            std::array::from_fn(|count| self.totals.get(group, first + count));
        const { assert!(COUNTS.len() == 5) };
        Counts { counted, missing, invalid, outside, rounded }
    }

    /// What a metric's sum of one measure is in a group.
    pub(crate) fn sum(&self, group: usize, chosen: &Chosen, terms: &Combination) -> Result<Total> {
        self.reading(chosen).sum(group, &Sum::new(&self.definitions, terms))
    }
}

impl Reading<'_> {
    /// How many of a group's rows stood how to it; nothing for a metric made of others.
    pub(crate) fn counts(&self, group: usize) -> Option<Counts> {
        self.counts.map(|first| self.card.counts_at(group, first))
    }

    /// The figure of a group.
    ///
    /// # Errors
    /// [`Error::Overflow`] where its sums exceed 128 bits.
    pub(crate) fn figure(&self, group: usize) -> Result<Figure> {
        let unit = self.chosen.metric.unit;
        if let Some(reason) = self.counts(group).and_then(|counts| none_counted(&counts)) {
            return Ok(Figure::undefined(unit, reason));
        }
        let value = match &self.how {
            How::Undefined(reason) => Value::Undefined(*reason),
            How::Difference(parts) => self.difference(group, parts)?,
            How::Health { scoring, parts } => self.health(group, scoring, parts)?,
            How::Quantile { of, percent, per } => self
                .card
                .distributions
                .of(of, group)
                .and_then(|distribution| quantile(distribution, *percent, *per))
                .map_or(Value::Undefined(Undefined::NotMergeable), Value::Derived),
            How::Amount(amount) => Value::Amount(self.sum(group, amount)?),
            How::Per(sum, per) => {
                Value::Quotient { numerator: self.sum(group, sum)?, denominator: Total::new((*per).into(), false) }
            }
            How::Quotient(Places { numerator, denominator, .. }) => {
                let figure = Figure::quotient(unit, self.sum(group, numerator)?, self.sum(group, denominator)?);
                if figure.is_defined() && figure.value().is_none() {
                    return Err(self.overflow(group));
                }
                return Ok(self.basis(group, figure).map_or(figure, |basis| figure.on(basis)));
            }
        };
        Ok(Figure::new(unit, value))
    }

    /// What the interval of a quotient is computed from.
    fn basis(&self, group: usize, figure: Figure) -> Option<Basis> {
        let How::Quotient(Places { sampling, measures, .. }) = self.how else { return None };
        match sampling {
            Sampling::Proportion => Some(Basis::Proportion),
            Sampling::Balance => {
                let total = |measure: Option<&usize>| measure.map(|lane| self.card.totals.get(group, *lane));
                Some(Basis::Balance { promoters: total(measures.first())?, detractors: total(measures.get(1))? })
            }
            Sampling::Spread => {
                let squares = self.card.spread.find(group, &self.chosen.metric.id)?;
                let rows = self.counts(group)?.counted;
                let variance = squares.variance(rows, aligned(figure.numerator()?, figure.denominator()?)?)?;
                Some(Basis::Spread { rows, variance })
            }
            Sampling::None => None,
        }
    }

    fn overflow(&self, group: usize) -> Error {
        Error::Overflow {
            measure: self.chosen.metric.id.to_string(),
            group: group_text(&self.card.groups[group]),
            limit: "128 bits",
        }
    }

    fn sum(&self, group: usize, sum: &Sum) -> Result<Total> {
        sum.of(&self.card.totals, group).ok_or_else(|| self.overflow(group))
    }

    fn difference(&self, group: usize, parts: &[Self; 2]) -> Result<Value> {
        let mut ratios = [(0, 1); 2];
        for (ratio, part) in ratios.iter_mut().zip(parts) {
            let figure = part.figure(group)?;
            match figure.value {
                Value::Quotient { .. } | Value::Amount(_) => {
                    *ratio = figure.ratio().ok_or_else(|| self.overflow(group))?;
                }
                Value::Undefined(reason) => return Ok(Value::Undefined(reason)),
                Value::Derived(_) => return Ok(Value::Undefined(Undefined::NotMergeable)),
            }
        }
        Ok(Value::Derived(nearest_difference(ratios[0], ratios[1])))
    }

    /// The model on the group's own rates.
    #[allow(clippy::cast_precision_loss)] // each converted once, by definition
    fn health(&self, group: usize, scoring: &Scoring, parts: &[Option<Self>]) -> Result<Value> {
        // In a joined card the rows are those of another table.
        let judged = parts.iter().flatten().map(|part| part.judged(group));
        if judged.max().unwrap_or_else(|| self.card.rows(group)) == 0 {
            return Ok(Value::Undefined(Undefined::NoRows));
        }
        if self.card.over_time {
            return Ok(Value::Undefined(Undefined::NotAdditiveOverTime));
        }
        let mut values = Vec::with_capacity(parts.len());
        for part in parts {
            let value = match part {
                None => None,
                Some(part) => match part.figure(group)?.value {
                    Value::Quotient { numerator, denominator } => {
                        let (n, d) = aligned(numerator, denominator).ok_or_else(|| self.overflow(group))?;
                        Some(n as f64 / d as f64)
                    }
                    Value::Amount(total) => Some(total.integer as f64 / if total.micro { 1e6 } else { 1.0 }),
                    Value::Derived(value) => Some(value),
                    Value::Undefined(_) => None,
                },
            };
            values.push(value);
        }
        Ok(match scoring.score(&values).score {
            Some(score) => Value::Derived(points(score)),
            None => Value::Undefined(Undefined::BelowMinCoverage),
        })
    }

    /// How many of a group's rows it, or one that it is made of, has judged.
    fn judged(&self, group: usize) -> i128 {
        match &self.how {
            How::Difference(parts) => parts.iter().map(|part| part.judged(group)).max().unwrap_or_default(),
            _ => self.counts(group).map_or(0, Counts::standing),
        }
    }
}
