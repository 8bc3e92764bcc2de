//! Rows -> a score each, in columns: by the fused pass block by block, or by the plain pass where something is out of the
//! ordinary; with several threads, each for stretches of the rows.

#![allow(clippy::inline_always)] // so that it is compiled for the vector units of its caller

use super::block::{Mask, ROWS};
use super::columns::Data;
use super::fused::Fused;
use super::judge::Status;
use super::kernel::{BLOCK, STRETCH};
#[cfg(feature = "rayon")]
use super::parallel;
use super::plan::Plan;
use super::rows::{Absent, Rows};
use super::sums::Sums;
use crate::error::{Error, Result};
use crate::health::{Apportioned, Scored, Scoring};
use crate::metric::Form;
use crate::money::MICROS;
use std::ops::Range;

/// The band of a row that health is not about.
pub(crate) const NOBODY: u32 = u32::MAX;

/// The points of a component that is missing.
const NO_POINTS: i32 = -1;

/// What each row gets.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct ScoreColumns {
    /// 0 to 100, the double nearest to the micro-points; 0 where there is no score.
    pub(crate) scores: Vec<f64>,
    /// The band's position from 1; 0, without a score, is unknown; [`NOBODY`] where health is not about the row.
    pub(crate) bands: Vec<u32>,
    /// 0 where health is not about the row.
    pub(crate) coverages: Vec<f64>,
    /// By component, if asked for.
    points: Vec<Vec<i32>>,
}

impl ScoreColumns {
    fn new(components: usize) -> Self {
        Self { points: vec![Vec::new(); components], ..Self::default() }
    }

    /// Room for more rows.
    fn extend(&mut self, more: usize) {
        fn zeros<T: Default + Clone>(values: &mut Vec<T>, more: usize) {
            if values.is_empty() {
                // memory that nobody has touched yet
                *values = vec![T::default(); more];
            } else {
                values.resize(values.len() + more, T::default());
            }
        }
        zeros(&mut self.scores, more);
        zeros(&mut self.bands, more);
        zeros(&mut self.coverages, more);
        self.points.iter_mut().for_each(|points| zeros(points, more));
    }

    /// The rows from one on, stretch by stretch.
    fn stretches(&mut self, first: usize) -> impl Iterator<Item = Stretch<'_>> {
        let mut points: Vec<_> = self.points.iter_mut().map(|points| points[first..].chunks_mut(STRETCH)).collect();
        self.scores[first..]
            .chunks_mut(STRETCH)
            .zip(self.bands[first..].chunks_mut(STRETCH))
            .zip(self.coverages[first..].chunks_mut(STRETCH))
            .enumerate()
            .map(move |(stretch, ((scores, bands), coverages))| Stretch {
                start: stretch * STRETCH,
                scores,
                bands,
                coverages,
                points: points.iter_mut().filter_map(Iterator::next).collect(),
            })
    }

    pub(crate) fn len(&self) -> usize {
        self.bands.len()
    }

    /// A row's micro-points, where there is a score.
    #[allow(clippy::cast_possible_truncation)] // within 0 to 10^8
    pub(crate) fn micros(&self, row: usize) -> Option<i64> {
        let scored = !matches!(self.bands[row], 0 | NOBODY);
        // the score is within half an ulp of them: nothing else is near
        scored.then(|| (self.scores[row] * 1e6).round() as i64)
    }

    /// How many components have points.
    pub(crate) fn components(&self) -> usize {
        self.points.len()
    }

    /// The micro-points of a component on a row, where it is there.
    pub(crate) fn points(&self, component: usize, row: usize) -> Option<i64> {
        let points = self.points[component][row];
        (points != NO_POINTS).then(|| points.into())
    }
}

/// Where some rows of a part go.
struct Stretch<'a> {
    /// The position of its first row in the part.
    start: usize,
    scores: &'a mut [f64],
    bands: &'a mut [u32],
    coverages: &'a mut [f64],
    points: Vec<&'a mut [i32]>,
}

impl Stretch<'_> {
    /// One row that health is about.
    #[allow(clippy::cast_precision_loss)] // scores are below 2^53
    fn put(
        &mut self,
        place: usize,
        scoring: &Scoring,
        scored: &Scored,
        value: impl Fn(usize) -> Option<f64>,
        apportioned: &mut Apportioned,
    ) {
        self.scores[place] = scored.score.unwrap_or_default() as f64 / MICROS as f64;
        // bands have metrics of their own: there are few
        self.bands[place] = u32::try_from(scored.band).unwrap_or(NOBODY - 1);
        self.coverages[place] = scoring.coverage(scored.present);
        self.put_points(place, scoring, scored, value, apportioned);
    }

    fn put_points(
        &mut self,
        place: usize,
        scoring: &Scoring,
        scored: &Scored,
        value: impl Fn(usize) -> Option<f64>,
        apportioned: &mut Apportioned,
    ) {
        if self.points.is_empty() {
            return;
        }
        let mut columns = self.points.iter_mut();
        scoring.points(value, scored, apportioned, |points| {
            if let Some(column) = columns.next() {
                column[place] = points.and_then(|points| i32::try_from(points).ok()).unwrap_or(NO_POINTS);
            }
        });
    }

    /// One row that health is not about.
    fn pass(&mut self, place: usize) {
        self.bands[place] = NOBODY;
        self.points.iter_mut().for_each(|points| points[place] = NO_POINTS);
    }
}

/// Scores rows.
#[derive(Debug, Clone)]
pub(crate) struct Scorer {
    pub(crate) rows: Rows,
    /// Nothing where only the plain pass can do it.
    fused: Option<Fused>,
    /// Who counts in `customer_health`, or would if there were a score, is whom health is about.
    scope: usize,
    pub(crate) columns: ScoreColumns,
}

impl Scorer {
    /// A scorer for rows of which `customer_health` is asked.
    pub(crate) fn new(rows: Rows, with_points: bool) -> Self {
        let plan = &rows.plan;
        let of_customers = plan.definitions.find("customer_health").and_then(|chosen| match chosen.form() {
            Form::Health | Form::Difference(..) => None,
            form => form.scope().map(|scope| scope.id().to_owned()),
        });
        let components = plan.health.iter().filter(|_| with_points).map(|health| health.scoring.components()).sum();
        Self {
            fused: Fused::new(plan, &rows.cells, rows.absent_revenue, &Sums::new(plan, 0)),
            scope: of_customers.and_then(|id| plan.definitions.scope_position(&id)).unwrap_or_default(),
            columns: ScoreColumns::new(components),
            rows,
        }
    }

    /// Scores a part's rows as long as `go_on` says yes.
    pub(crate) fn add(
        &mut self,
        part: &[Option<&Data<'_>>],
        count: usize,
        go_on: &mut dyn FnMut() -> bool,
    ) -> Result<()> {
        let first = self.columns.len();
        self.columns.extend(count);
        let mut columns = std::mem::take(&mut self.columns);
        let done = self.share_out(part, count, columns.stretches(first), go_on);
        self.columns = columns;
        self.rows.before += count as u64;
        if done { Ok(()) } else { Err(Error::Interrupted) }
    }

    #[cfg(not(feature = "rayon"))]
    fn share_out<'s>(
        &mut self,
        part: &[Option<&Data<'_>>],
        _count: usize,
        mut stretches: impl Iterator<Item = Stretch<'s>>,
        go_on: &mut dyn FnMut() -> bool,
    ) -> bool {
        stretches.all(|stretch| self.stretch(part, stretch, go_on))
    }

    #[cfg(feature = "rayon")]
    fn share_out<'s>(
        &mut self,
        part: &[Option<&Data<'_>>],
        count: usize,
        stretches: impl Iterator<Item = Stretch<'s>> + Send,
        go_on: &mut dyn FnMut() -> bool,
    ) -> bool {
        self.on_threads(parallel::threads(count), part, stretches, go_on)
    }

    /// Each thread takes stretch after stretch, and each stretch has its place: who takes it does not matter.
    #[cfg(feature = "rayon")]
    fn on_threads<'s>(
        &mut self,
        threads: usize,
        part: &[Option<&Data<'_>>],
        stretches: impl Iterator<Item = Stretch<'s>> + Send,
        go_on: &mut dyn FnMut() -> bool,
    ) -> bool {
        use std::sync::atomic::{AtomicBool, Ordering};
        use std::sync::{Mutex, PoisonError};

        let (stretches, stopped) = (Mutex::new(stretches), AtomicBool::new(false));
        let share = |scorer: &mut Self, go_on: &mut dyn FnMut() -> bool| {
            loop {
                let next = stretches.lock().unwrap_or_else(PoisonError::into_inner).next();
                let Some(stretch) = next else { return true };
                if !scorer.stretch(part, stretch, go_on) {
                    return false;
                }
            }
        };
        let fresh = || Self {
            rows: self.rows.emptied(),
            fused: self.fused.clone(),
            scope: self.scope,
            columns: ScoreColumns::default(),
        };
        let mut others: Vec<Self> = (1..threads).map(|_| fresh()).collect();
        let done = rayon::in_place_scope(|scope| {
            for other in &mut others {
                let (share, stopped) = (&share, &stopped);
                scope.spawn(move |_| {
                    share(other, &mut || !stopped.load(Ordering::Relaxed));
                });
            }
            let done = share(self, go_on);
            if !done {
                stopped.store(true, Ordering::Relaxed);
            }
            done
        });
        others.iter().for_each(|other| self.rows.take_over(&other.rows));
        done
    }

    /// Whether there was time for it.
    fn stretch(
        &mut self,
        part: &[Option<&Data<'_>>],
        mut stretch: Stretch<'_>,
        go_on: &mut dyn FnMut() -> bool,
    ) -> bool {
        let (start, end) = (stretch.start, stretch.start + stretch.bands.len());
        let mut apportioned = Apportioned::default();
        for block in (start..end).step_by(BLOCK) {
            if !go_on() {
                return false;
            }
            let block = block..end.min(block + BLOCK);
            if self.fused.is_none() {
                self.plain(part, block, &mut stretch, &mut apportioned);
                continue;
            }
            for first in block.clone().step_by(ROWS) {
                let rows = first..block.end.min(first + ROWS);
                let Rows { plan, absent, before, .. } = &mut self.rows;
                let done = match &mut self.fused {
                    Some(fused) => {
                        let of_part = Part { plan, part, before: *before, scope: self.scope };
                        of_this_processor(fused, &of_part, &rows, absent, &mut stretch, &mut apportioned)
                    }
                    None => false,
                };
                if !done {
                    self.plain(part, rows, &mut stretch, &mut apportioned);
                }
            }
        }
        true
    }

    fn plain(
        &mut self,
        part: &[Option<&Data<'_>>],
        rows: Range<usize>,
        stretch: &mut Stretch<'_>,
        apportioned: &mut Apportioned,
    ) {
        let first = rows.start - stretch.start;
        self.rows.block(part, rows);
        let Some(health) = &self.rows.plan.health else { return };
        let standing = &self.rows.statuses[self.scope];
        for (row, (status, scored)) in standing.iter().zip(&self.rows.scored).enumerate() {
            if matches!(status, Status::Outside | Status::Invalid) {
                stretch.pass(first + row);
            } else {
                let value = |position: usize| self.rows.values[position][row];
                stretch.put(first + row, &health.scoring, scored, value, apportioned);
            }
        }
    }
}

/// What is the same for all blocks of a part.
struct Part<'a, 'd> {
    plan: &'a Plan,
    part: &'a [Option<&'a Data<'d>>],
    before: u64,
    scope: usize,
}

/// The block, compiled for the vector units that this machine has. They do the same operations on more rows at once.
#[multiversion::multiversion(targets(
    "x86_64+avx2+bmi1+bmi2+lzcnt+popcnt+avx512f+avx512bw+avx512cd+avx512dq+avx512vl",
    "x86_64+avx2+bmi1+bmi2+lzcnt+popcnt"
))]
fn of_this_processor<'a, 'd, 's>(
    fused: &mut Fused,
    part: &Part<'a, 'd>,
    rows: &Range<usize>,
    absent: &mut Absent,
    stretch: &mut Stretch<'s>,
    apportioned: &mut Apportioned,
) -> bool {
    block(fused, part, rows, absent, stretch, apportioned)
}

/// Scores some rows, `ROWS` at the most; whether it can.
#[allow(clippy::cast_precision_loss, clippy::cast_possible_truncation, clippy::cast_sign_loss)] // within 0 to 10^8
#[inline(always)]
fn block(
    fused: &mut Fused,
    part: &Part<'_, '_>,
    rows: &Range<usize>,
    absent: &mut Absent,
    stretch: &mut Stretch<'_>,
    apportioned: &mut Apportioned,
) -> bool {
    let live = Mask::MAX >> (ROWS - rows.len());
    let Some(one_absent) = fused.judged(part.plan, part.part, rows, live) else { return false };
    let Some((health, about)) = fused.scored(part.scope, live) else { return false };
    let (scoring, scored) = (&health.scoring, &health.scored);
    absent.add(one_absent, part.before + rows.start as u64);
    let (mut scores, mut bands, mut coverages) = ([0.0; ROWS], [0; ROWS], [0.0; ROWS]);
    for row in 0..ROWS {
        let is_about = about >> row & 1 == 1;
        scores[row] = if is_about { scored.score[row] as f64 / MICROS as f64 } else { 0.0 };
        bands[row] = if is_about { scored.band[row] as u32 } else { NOBODY };
        coverages[row] = if is_about { scoring.coverage(scored.present[row]) } else { 0.0 };
    }
    let first = rows.start - stretch.start;
    let places = first..first + rows.len();
    stretch.scores[places.clone()].copy_from_slice(&scores[..rows.len()]);
    stretch.bands[places.clone()].copy_from_slice(&bands[..rows.len()]);
    stretch.coverages[places].copy_from_slice(&coverages[..rows.len()]);
    if !stretch.points.is_empty() {
        for row in 0..rows.len() {
            let there = scored.there & about;
            let of_row = Scored {
                score: (there >> row & 1 == 1).then_some(scored.score[row]),
                band: 0,
                present: scored.present[row],
            };
            let value = |position: usize| {
                let (values, there) = &health.values[position];
                (there >> row & 1 == 1).then(|| values[row])
            };
            stretch.put_points(first + row, scoring, &of_row, value, apportioned);
        }
    }
    true
}
