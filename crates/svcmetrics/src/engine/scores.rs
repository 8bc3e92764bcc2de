//! Rows -> a score each, in columns: by the fused pass block by block, or by the plain pass where something is out of the
//! ordinary; with several threads, each for stretches of the rows.

#![allow(clippy::inline_always)] // so that it is compiled for the vector units of its caller

use super::columns::{Data, Table};
use super::fused::Fused;
use super::judge::Status;
use super::kernel::{BLOCK, Part, STRETCH};
#[cfg(feature = "rayon")]
use super::parallel;
use super::plan::Plan;
use super::rows::{Absent, Rows};
use super::sums::Sums;
use crate::error::{Error, Result};
use crate::health::{Apportioned, Scored, Scoring};
use crate::mask::{Mask, ROWS};
use crate::metric::Form;
use crate::money::MICROS;
use std::ops::Range;

/// The band of a row that health is not about.
pub(crate) const NOBODY: u8 = u8::MAX;

/// The points of a component that is missing.
const NO_POINTS: i32 = -1;

/// What each row gets.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct ScoreColumns {
    /// How many rows there are; behind them there may be room for more.
    rows: usize,
    /// 0 to 100, the double nearest to the micro-points; 0 where there is no score.
    pub(crate) scores: Vec<f64>,
    /// The band's position from 1; 0, without a score, is unknown; [`NOBODY`] where health is not about the row.
    pub(crate) bands: Vec<u8>,
    /// 0 where health is not about the row.
    pub(crate) coverages: Vec<f64>,
    /// By component, if asked for.
    points: Vec<Vec<i32>>,
}

impl ScoreColumns {
    /// With room for so many rows.
    fn new(components: usize, room: usize) -> Self {
        let mut columns = Self { points: vec![Vec::new(); components], ..Self::default() };
        columns.make_room(room);
        columns
    }

    fn make_room(&mut self, rows: usize) {
        fn zeros<T: Default + Clone>(values: &mut Vec<T>, rows: usize) {
            if values.is_empty() {
                // memory that nobody has touched yet
                *values = vec![T::default(); rows];
            } else if values.len() < rows {
                values.resize(rows, T::default());
            }
        }
        zeros(&mut self.scores, rows);
        zeros(&mut self.bands, rows);
        zeros(&mut self.coverages, rows);
        self.points.iter_mut().for_each(|points| zeros(points, rows));
    }

    /// More rows, of parts that have so many, stretch by stretch.
    fn stretches(&mut self, parts: impl Iterator<Item = usize> + Clone) -> Vec<Stretch<'_>> {
        let rows = self.rows..self.rows + parts.clone().sum::<usize>();
        self.make_room(rows.end);
        self.rows = rows.end;
        let (mut scores, mut bands) = (&mut self.scores[rows.clone()], &mut self.bands[rows.clone()]);
        let mut coverages = &mut self.coverages[rows.clone()];
        let mut points: Vec<_> = self.points.iter_mut().map(|points| &mut points[rows.clone()]).collect();
        let mut stretches = Vec::new();
        for (part, rows) in parts.enumerate() {
            for start in (0..rows).step_by(STRETCH) {
                let count = STRETCH.min(rows - start);
                stretches.push(Stretch {
                    part,
                    start,
                    scores: split_off(&mut scores, count),
                    bands: split_off(&mut bands, count),
                    coverages: split_off(&mut coverages, count),
                    points: points.iter_mut().map(|points| split_off(points, count)).collect(),
                });
            }
        }
        stretches
    }

    pub(crate) fn len(&self) -> usize {
        self.rows
    }

    /// Without the room behind the rows.
    pub(crate) fn trimmed(mut self) -> Self {
        self.scores.truncate(self.rows);
        self.bands.truncate(self.rows);
        self.coverages.truncate(self.rows);
        self.points.iter_mut().for_each(|points| points.truncate(self.rows));
        self
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

/// The first ones, of which there are so many.
#[allow(clippy::mut_mut)] // what is left begins further on
fn split_off<'a, T>(rest: &mut &'a mut [T], count: usize) -> &'a mut [T] {
    rest.split_off_mut(..count).unwrap_or_default()
}

/// Where some rows of a part go.
struct Stretch<'a> {
    /// The part's position.
    part: usize,
    /// The position of its first row in the part.
    start: usize,
    scores: &'a mut [f64],
    bands: &'a mut [u8],
    coverages: &'a mut [f64],
    points: Vec<&'a mut [i32]>,
}

impl Stretch<'_> {
    /// One row that health is about.
    #[allow(clippy::cast_precision_loss)] // scores and weights are below 2^53
    fn put(
        &mut self,
        place: usize,
        scoring: &Scoring,
        scored: &Scored,
        value: impl Fn(usize) -> Option<f64>,
        apportioned: &mut Apportioned,
    ) {
        self.scores[place] = scored.score.unwrap_or_default() as f64 / MICROS as f64;
        // a model has fewer bands
        self.bands[place] = u8::try_from(scored.band).unwrap_or(NOBODY - 1);
        self.coverages[place] = scoring.coverage(scored.present as f64);
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
    /// A scorer for rows of which `customer_health` is asked, with room for so many of them.
    pub(crate) fn new(rows: Rows, with_points: bool, room: usize) -> Self {
        let plan = &rows.plan;
        let of_customers = plan.definitions.find("customer_health").and_then(|chosen| match chosen.form() {
            Form::Health | Form::Difference(..) => None,
            form => form.scope().map(|scope| scope.id().to_owned()),
        });
        let components = plan.health.iter().filter(|_| with_points).map(|health| health.scoring.components()).sum();
        Self {
            fused: Fused::new(plan, rows.absent_revenue, &Sums::new(plan, 0)),
            scope: of_customers.and_then(|id| plan.definitions.scope_position(&id)).unwrap_or_default(),
            columns: ScoreColumns::new(components, room),
            rows,
        }
    }

    /// What is read of a part, which comes after all those before.
    pub(crate) fn part<'t, 'a>(
        &mut self,
        table: &'t Table<'a>,
        go_on: &mut dyn FnMut() -> bool,
    ) -> Result<Part<'t, 'a>> {
        let columns = self.rows.part(table, go_on)?;
        let before = self.rows.before;
        self.rows.before += table.rows() as u64;
        Ok(Part { rows: table.rows(), before, columns, keys: Vec::new(), identity: None })
    }

    /// Scores the rows of parts as long as `go_on` says yes.
    pub(crate) fn add(&mut self, parts: &[Part<'_, '_>], go_on: &mut dyn FnMut() -> bool) -> Result<()> {
        let (mut columns, before) = (std::mem::take(&mut self.columns), self.rows.before);
        let done = self.share_out(parts, columns.stretches(parts.iter().map(|part| part.rows)), go_on);
        (self.columns, self.rows.before) = (columns, before);
        if done { Ok(()) } else { Err(Error::Interrupted) }
    }

    /// With as many threads as are worth their while.
    fn share_out(
        &mut self,
        parts: &[Part<'_, '_>],
        stretches: Vec<Stretch<'_>>,
        go_on: &mut dyn FnMut() -> bool,
    ) -> bool {
        #[cfg(feature = "rayon")]
        {
            let threads = parallel::threads(parts.iter().map(|part| part.rows).sum());
            if threads > 1 {
                return self.on_threads(threads, parts, stretches, go_on);
            }
        }
        stretches.into_iter().all(|stretch| self.stretch(parts, stretch, go_on))
    }

    /// Each thread takes stretch after stretch, and each stretch has its place: who takes it does not matter.
    #[cfg(feature = "rayon")]
    fn on_threads(
        &mut self,
        threads: usize,
        parts: &[Part<'_, '_>],
        stretches: Vec<Stretch<'_>>,
        go_on: &mut dyn FnMut() -> bool,
    ) -> bool {
        use std::sync::atomic::{AtomicBool, Ordering};
        use std::sync::{Mutex, PoisonError};

        let (stretches, stopped) = (Mutex::new(stretches.into_iter()), AtomicBool::new(false));
        let share = |scorer: &mut Self, go_on: &mut dyn FnMut() -> bool| {
            loop {
                let next = stretches.lock().unwrap_or_else(PoisonError::into_inner).next();
                let Some(stretch) = next else { return true };
                if !scorer.stretch(parts, stretch, go_on) {
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
        parallel::on_threads(
            std::iter::once(&mut *self).chain(&mut others).collect(),
            |scorer| {
                share(scorer, &mut || !stopped.load(Ordering::Relaxed));
            },
            &mut || {
                if !go_on() {
                    stopped.store(true, Ordering::Relaxed);
                }
            },
        );
        for other in &others {
            self.rows.take_over(&other.rows);
        }
        !stopped.into_inner()
    }

    /// Whether there was time for it.
    fn stretch(&mut self, parts: &[Part<'_, '_>], mut stretch: Stretch<'_>, go_on: &mut dyn FnMut() -> bool) -> bool {
        let part = &parts[stretch.part];
        self.rows.before = part.before;
        let (start, end) = (stretch.start, stretch.start + stretch.bands.len());
        let mut apportioned = Apportioned::default();
        for block in (start..end).step_by(BLOCK) {
            if !go_on() {
                return false;
            }
            let block = block..end.min(block + BLOCK);
            if self.fused.is_none() {
                self.plain(&part.columns, block, &mut stretch, &mut apportioned);
                continue;
            }
            for first in block.clone().step_by(ROWS) {
                let rows = first..block.end.min(first + ROWS);
                let Rows { plan, absent, .. } = &mut self.rows;
                let done = match &mut self.fused {
                    Some(fused) => {
                        let reading = Reading { plan, part, scope: self.scope };
                        of_this_processor(fused, &reading, &rows, absent, &mut stretch, &mut apportioned)
                    }
                    None => false,
                };
                if !done {
                    self.plain(&part.columns, rows, &mut stretch, &mut apportioned);
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
struct Reading<'a, 't, 'd> {
    plan: &'a Plan,
    part: &'a Part<'t, 'd>,
    scope: usize,
}

/// The block, compiled for the vector units that this machine has. They do the same operations on more rows at once.
#[multiversion::multiversion(targets(
    "x86_64+avx2+bmi1+bmi2+lzcnt+popcnt+avx512f+avx512bw+avx512cd+avx512dq+avx512vl",
    "x86_64+avx2+bmi1+bmi2+lzcnt+popcnt"
))]
fn of_this_processor<'a, 't, 'd, 's>(
    fused: &mut Fused,
    reading: &Reading<'a, 't, 'd>,
    rows: &Range<usize>,
    absent: &mut Absent,
    stretch: &mut Stretch<'s>,
    apportioned: &mut Apportioned,
) -> bool {
    block(fused, reading, rows, absent, stretch, apportioned)
}

/// Scores some rows, `ROWS` at the most; whether it can.
#[allow(clippy::cast_precision_loss, clippy::cast_possible_truncation, clippy::cast_sign_loss)] // within 0 to 10^8
#[inline(always)]
fn block(
    fused: &mut Fused,
    reading: &Reading<'_, '_, '_>,
    rows: &Range<usize>,
    absent: &mut Absent,
    stretch: &mut Stretch<'_>,
    apportioned: &mut Apportioned,
) -> bool {
    let live = Mask::first(rows.len());
    let Some(one_absent) = fused.judged(reading.plan, &reading.part.columns, rows, live) else { return false };
    let Some((health, about)) = fused.scored(reading.scope, live) else { return false };
    let (scoring, block) = (&health.scoring, &health.scored);
    absent.add(one_absent, reading.part.before + rows.start as u64);
    let first = rows.start - stretch.start;
    let places = first..first + rows.len();
    let (scores, bands) = (&mut stretch.scores[places.clone()], &mut stretch.bands[places.clone()]);
    let coverages = &mut stretch.coverages[places];
    // a score is 0 where there is none
    scores.iter_mut().zip(block.score.iter()).for_each(|(own, micros)| *own = f64::from(*micros) / MICROS as f64);
    bands.iter_mut().zip(block.band.iter()).for_each(|(own, band)| *own = *band as u8);
    coverages.iter_mut().zip(block.present.iter()).for_each(|(own, present)| *own = scoring.coverage(*present));
    let outside = live & !about;
    outside.each(|row| (scores[row], bands[row], coverages[row]) = (0.0, NOBODY, 0.0));
    if !stretch.points.is_empty() {
        for row in 0..rows.len() {
            let there = block.there & about;
            let score = there.has(row).then_some(block.score[row].into());
            let of_row = Scored { score, band: 0, present: block.present[row] as i64 };
            let value = |position: usize| {
                let (values, there) = &health.values[position];
                there.has(row).then(|| values[row])
            };
            stretch.put_points(first + row, scoring, &of_row, value, apportioned);
        }
    }
    true
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::health::{Among, Component, HealthModel, MissingPolicy};
    use crate::request::{AbsentRevenue, OnInvalid, Request};
    use rust_decimal::Decimal;

    /// Customers with nulls, zeros, and here and there a value that is invalid; numbers look random and are the same each time.
    fn table(rows: usize, one_in: u64) -> Table<'static> {
        let mut state = 11_u64;
        let mut noise = move |below: u64| {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (state >> 33) % below
        };
        let mut column = |below: u64, bad: i64| -> Vec<Option<i64>> {
            let value = |_| match noise(8) {
                0 => None,
                1 => Some(0),
                _ if one_in > 0 && noise(one_in) == 0 => Some(bad),
                _ => i64::try_from(noise(below)).ok(),
            };
            (0..rows).map(value).collect()
        };
        let flags = |values: Vec<Option<i64>>| -> Vec<Option<bool>> {
            values.into_iter().map(|value| value.map(|value| value % 2 == 1)).collect()
        };
        #[allow(clippy::cast_precision_loss)] // small
        let cents = |values: Vec<Option<i64>>| -> Vec<Option<f64>> {
            let off = |value: i64| if value % 97 == 0 { 1e-9 } else { 0.0 };
            values.into_iter().map(|value| value.map(|value| value as f64 / 100.0 + off(value))).collect()
        };
        let total = column(9, -1);
        let met = total.iter().zip(column(9, 99)).map(|(total, met)| Some(met?.min(total.unwrap_or(9)).max(0)));
        let met: Vec<Option<i64>> = met.collect();
        Table::new(rows)
            .with("milestones_met", met)
            .with("milestones_total", total)
            .with("committed", flags(column(2, 1)))
            .with("is_active", flags(column(8, 1)))
            .with("revenue_start", cents(column(100_000, -5)))
            .with("revenue_end", cents(column(100_000, -5)))
    }

    fn models() -> Vec<HealthModel> {
        let components = || {
            [
                Component::new("adoption_rate", Decimal::new(25, 1)),
                Component::new("renewal_commitment_rate", 1),
                Component::new("net_revenue_retention", 3).scaled(0.8, 1.2),
                Component::new("revenue_growth_rate", 1).scaled(0.5, -0.25),
            ]
        };
        let model = || HealthModel::new(components()).unwrap();
        vec![
            HealthModel::standard_without_plan(),
            model().missing(MissingPolicy::Zero).min_coverage(Decimal::ZERO).unwrap().among(Among::Everyone),
            model().missing(MissingPolicy::Require).among(Among::Where("is_active".parse().unwrap())),
            model().gate("gross_revenue_retention", 0.9, "yellow").unwrap().gate("adoption_rate", 0.2, "red").unwrap(),
            model().bands([("low", 0), ("high", 100)]).unwrap().min_coverage(Decimal::new(1, 1)).unwrap(),
        ]
    }

    fn bits(columns: &ScoreColumns) -> Vec<(u64, u8, u64)> {
        let (scores, coverages) = (columns.scores.iter(), columns.coverages.iter());
        let parts = scores.zip(&columns.bands).zip(coverages);
        parts.map(|((score, band), coverage)| (score.to_bits(), *band, coverage.to_bits())).collect()
    }

    #[test]
    fn the_fused_pass_and_any_number_of_threads_score_as_the_plain_pass_does() {
        // parts that are no multiples of blocks
        let parts = [(STRETCH + 77, 0), (300, 40), (STRETCH + 64, 20_000)];
        let tables = parts.map(|(rows, one_in)| table(rows, one_in));
        for (number, model) in models().into_iter().enumerate() {
            for (absent, invalid) in [
                (Some(AbsentRevenue::Zero), OnInvalid::Skip),
                (Some(AbsentRevenue::Missing), OnInvalid::Raise),
                (None, OnInvalid::Raise),
            ] {
                let request = Request::default().health(model.clone()).metrics(["customer_health"]).on_invalid(invalid);
                let request = Request { absent_revenue: absent, ..request };
                let scored = |threads: usize, is_fused: bool, with_points: bool| {
                    // room for some rows, for none, and for more than there are
                    let room = [STRETCH, 0, 5 * STRETCH][threads % 3];
                    let mut scorer = Scorer::new(Rows::new(&request, &tables[0].names()).unwrap(), with_points, room);
                    assert!(scorer.fused.is_some());
                    scorer.fused = scorer.fused.filter(|_| is_fused);
                    let parts = tables.each_ref().map(|table| scorer.part(table, &mut || true).unwrap());
                    // those that come together, and one after them
                    for parts in [&parts[..2], &parts[2..]] {
                        let mut columns = std::mem::take(&mut scorer.columns);
                        let stretches = columns.stretches(parts.iter().map(|part| part.rows));
                        #[cfg(feature = "rayon")]
                        assert!(scorer.on_threads(threads, parts, stretches, &mut || true));
                        #[cfg(not(feature = "rayon"))]
                        assert!(scorer.share_out(parts, stretches, &mut || true));
                        scorer.columns = columns;
                    }
                    scorer.columns = std::mem::take(&mut scorer.columns).trimmed();
                    scorer
                };
                let plain = scored(1, false, true);
                let there = |row: &usize| plain.columns.micros(*row).is_some();
                assert!((0..plain.columns.len()).filter(there).count() > 100, "model {number}");
                for (threads, with_points) in [(1, true), (2, false), (3, true)] {
                    let found = scored(threads, true, with_points);
                    let case = format!("model {number}, {absent:?}, {invalid:?}, {threads} threads");
                    assert_eq!(bits(&found.columns), bits(&plain.columns), "{case}");
                    assert_eq!(format!("{:?}", found.rows.absent), format!("{:?}", plain.rows.absent), "{case}");
                    assert_eq!(found.rows.verdict(), plain.rows.verdict(), "{case}");
                    let all = |scorer: &Scorer| scorer.rows.offences.all().map(|f| f.rows).collect::<Vec<_>>();
                    assert_eq!(all(&found), all(&plain), "{case}");
                    if with_points {
                        assert_eq!(found.columns.points, plain.columns.points, "{case}");
                    }
                }
            }
        }
    }

    #[test]
    fn who_stops_is_heard() {
        let table = table(4 * STRETCH, 0);
        for stop_after in [0, 3] {
            let request = Request::default().metrics(["customer_health"]).absent_revenue(AbsentRevenue::Zero);
            let mut scorer = Scorer::new(Rows::new(&request, &table.names()).unwrap(), false, 0);
            let parts = [scorer.part(&table, &mut || true).unwrap()];
            let mut asked = 0;
            let mut go_on = || {
                asked += 1;
                asked <= stop_after
            };
            // one thread is asked for each block; several may be done before
            let mut columns = ScoreColumns::new(0, 0);
            let mut stretches = columns.stretches([table.rows()].into_iter()).into_iter();
            let done = stretches.all(|stretch| scorer.stretch(&parts, stretch, &mut go_on));
            assert!(!done && asked == stop_after + 1);
        }
        let mut scorer = Scorer::new(Rows::new(&Request::default(), &table.names()).unwrap(), false, 0);
        let parts = [scorer.part(&table, &mut || true).unwrap()];
        let stopped = scorer.add(&parts, &mut || false);
        assert_eq!(stopped.unwrap_err().kind(), "interrupted");
    }
}
