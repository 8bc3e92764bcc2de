//! Each row's health, from what it adds to the sums of metrics.

#![allow(clippy::inline_always)] // so that it is compiled for the vector units of its caller

use super::linear::add_numbers;
use super::{Addend, Fused, FusedSum, ONES};
use crate::engine::block::Numbers;
use crate::engine::plan::{Plan, PlannedHealth, RowMetric, Slot};
use crate::health::{FULL, ScoredBlock, Scoring};
use crate::mask::{HALF_WORD, Mask, PerRow, ROWS, kept};
use crate::money::{MAGIC_BELOW, MICROS, double};
use std::sync::Arc;

/// A metric that health reads: sums with coefficients.
#[derive(Debug, Clone)]
struct FusedMetric {
    scope: usize,
    numerator: Vec<(i64, usize)>,
    /// Nothing but a constant for an amount.
    denominator: Result<Vec<(i64, usize)>, i64>,
}

#[derive(Debug, Clone)]
pub(in crate::engine) struct FusedHealth {
    pub(in crate::engine) scoring: Arc<Scoring>,
    /// Nothing where the table lacks its columns.
    reads: Arc<[Option<FusedMetric>]>,
    score: Slot,
    band: Slot,
    pub(in crate::engine) values: Vec<(PerRow<f64>, Mask)>,
    pub(in crate::engine) scored: ScoredBlock,
}

impl FusedHealth {
    /// Nothing where a component is the difference of two metrics.
    pub(super) fn new(plan: &Plan, health: &PlannedHealth) -> Option<Self> {
        let mut reads = Vec::new();
        for metric in &health.reads {
            reads.push(match metric {
                RowMetric::Absent => None,
                RowMetric::Difference(..) => return None,
                RowMetric::Quotient { scope, numerator, denominator } => {
                    let is_micro = |terms: &[(i32, usize)]| terms.iter().any(|(_, measure)| plan.sums[*measure].micro);
                    let micro = is_micro(numerator) || denominator.as_deref().is_some_and(is_micro);
                    let scaled = |terms: &[(i32, usize)]| {
                        let scale = |measure: usize| if micro && !plan.sums[measure].micro { MICROS } else { 1 };
                        terms.iter().map(|(times, measure)| (i64::from(*times) * scale(*measure), *measure)).collect()
                    };
                    Some(FusedMetric {
                        scope: *scope,
                        numerator: scaled(numerator),
                        denominator: match denominator {
                            Some(terms) => Ok(scaled(terms)),
                            None => Err(if micro { MICROS } else { 1 }),
                        },
                    })
                }
            });
        }
        Some(Self {
            scoring: Arc::new(health.scoring.clone()),
            values: vec![Default::default(); reads.len()],
            reads: reads.into(),
            score: health.score,
            band: health.band,
            scored: ScoredBlock::default(),
        })
    }
}

impl Fused {
    /// Scores each row, a group of one; whether the numbers are small enough for it.
    #[inline(always)]
    pub(super) fn score(&mut self, live: Mask) -> bool {
        let Some(mut health) = self.health.take() else { return true };
        let mut small = true;
        for (metric, (values, there)) in health.reads.iter().zip(&mut health.values) {
            *there = Mask::NONE;
            let Some(metric) = metric else { continue };
            let Some(divisible) = self.quotients(metric, values) else {
                small = false;
                break;
            };
            *there = self.counted[metric.scope] & divisible & live;
        }
        if small {
            health.scoring.block(&health.values, &mut health.scored);
            let (scoring, scored) = (&health.scoring, &health.scored);
            self.columns[health.score].fill(&scored.score, scored.there & live, FULL.cast_unsigned());
            self.columns[health.band].fill(&scored.band, live, scoring.bands());
        }
        self.health = Some(health);
        small
    }

    /// A metric's value of each row, and the rows whose denominator is not 0; nothing where 64 bits are too few.
    #[allow(clippy::cast_precision_loss)] // numerator and denominator are each converted once, by definition
    #[inline(always)]
    fn quotients(&self, metric: &FusedMetric, values: &mut [f64; ROWS]) -> Option<Mask> {
        if let Ok(denominator) = &metric.denominator
            && let Some((above, above_rows)) = self.alone(&metric.numerator)
            && let Some((below, below_rows)) = self.alone(denominator)
        {
            let above_rows = above_rows.halves();
            let halves = values.as_chunks_mut::<HALF_WORD>().0.iter_mut().enumerate();
            if matches!(denominator.as_slice(), [(_, measure)] if matches!(self.sums[*measure].addend, Addend::One)) {
                // what is divided by 1 stays as it is
                for (half, values) in halves {
                    for (row, value) in values.iter_mut().enumerate() {
                        *value = f64::from(above[half * HALF_WORD + row] & kept(above_rows[half], row));
                    }
                }
                return Some(below_rows);
            }
            let below_halves = below_rows.halves();
            for (half, values) in halves {
                for (row, value) in values.iter_mut().enumerate() {
                    let at = half * HALF_WORD + row;
                    let (above, below) =
                        (above[at] & kept(above_rows[half], row), below[at] & kept(below_halves[half], row));
                    *value = f64::from(above) / f64::from(below);
                }
            }
            return Some(Mask::those(|row| below[row] != 0) & below_rows);
        }
        let (numerator, above) = self.combine(&metric.numerator)?;
        let combined;
        let (denominator, below) = match &metric.denominator {
            Ok(terms) => {
                if let Some(column) = self.column(terms) {
                    column
                } else {
                    let bound;
                    (combined, bound) = self.combine(terms)?;
                    (&*combined, bound)
                }
            }
            Err(constant) => {
                combined = PerRow([*constant; ROWS]);
                (&*combined, constant.unsigned_abs())
            }
        };
        let rows = values.iter_mut().zip(numerator.iter()).zip(denominator);
        if above.max(below) < MAGIC_BELOW {
            rows.for_each(|((value, above), below)| *value = double(*above) / double(*below));
        } else {
            rows.for_each(|((value, above), below)| *value = *above as f64 / *below as f64);
        }
        Some(Mask::those(|row| denominator[row] != 0))
    }

    /// What rows add to the one measure of these terms, and which of them, where that are small numbers as they stand.
    #[inline(always)]
    fn alone(&self, terms: &[(i64, usize)]) -> Option<(&[i32; ROWS], Mask)> {
        let [(1, measure)] = terms else { return None };
        let sum = &self.sums[*measure];
        Some((self.small(&sum.addend)?, sum.only.map_or(Mask::ALL, |only| self.answers[only].yes)))
    }

    /// The large numbers that all rows add to the one measure of these terms, where that is so, and their bound.
    #[inline(always)]
    fn column(&self, terms: &[(i64, usize)]) -> Option<(&[i64; ROWS], u64)> {
        let [(1, measure)] = terms else { return None };
        let FusedSum { only: None, addend: Addend::Column(slot), .. } = &self.sums[*measure] else { return None };
        let column = &self.columns[*slot];
        match column.numbers() {
            Numbers::Large(values) => Some((values, column.bound)),
            Numbers::Small(_) => None,
        }
    }

    /// What rows add to measures together, and the bound of that; nothing where 64 bits are too few.
    #[inline(always)]
    fn combine(&self, terms: &[(i64, usize)]) -> Option<(PerRow<i64>, u64)> {
        let (mut total, mut bound) = (PerRow::default(), 0_u64);
        for (times, measure) in terms {
            let sum = &self.sums[*measure];
            let most = match &sum.addend {
                Addend::One => 1,
                Addend::Column(slot) => self.columns[*slot].bound,
                Addend::Linear(linear) => self.bound(linear)?,
            };
            bound = bound.checked_add(most.checked_mul(times.unsigned_abs())?)?;
            if bound >= 1 << 62 {
                return None;
            }
            let rows = sum.only.map_or(Mask::ALL, |only| self.answers[only].yes);
            match &sum.addend {
                Addend::One => add_numbers(&mut total, *times, Numbers::Small(&ONES), rows),
                Addend::Column(slot) => add_numbers(&mut total, *times, self.columns[*slot].numbers(), rows),
                Addend::Linear(linear) => self.add_linear(&mut total, *times, linear, rows),
            }
        }
        Some((total, bound))
    }
}
