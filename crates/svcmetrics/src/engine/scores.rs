//! What each row is worth to health, in columns: put there as the rows are judged, whichever thread judges them.

#![allow(clippy::inline_always)] // so that it is compiled for the vector units of its caller

use super::fused::FusedHealth;
use super::judge::Status;
use super::kernel::Part;
use super::plan::Plan;
use super::rows::Rows;
use crate::health::{Apportioned, Scored, Scoring};
use crate::mask::Mask;
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
    scope: usize,
}

impl ScoreColumns {
    /// With room for so many rows; nothing where a plan has no health of customers.
    pub(super) fn new(plan: &Plan, with_points: bool, room: usize) -> Option<Self> {
        let components = plan.health.as_ref()?.scoring.components();
        let form = plan.definitions.find("customer_health")?.form();
        let scope = match form {
            Form::Health | Form::Difference(..) => None,
            form => form.scope(),
        };
        let scope = plan.definitions.scope_position(scope?.id())?;
        let points = vec![Vec::new(); if with_points { components } else { 0 }];
        let mut columns = Self { points, scope, ..Self::default() };
        columns.make_room(room);
        Some(columns)
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

    /// More rows, those of the parts, stretch by stretch.
    pub(super) fn stretches(&mut self, parts: &[Part<'_, '_>]) -> Vec<ScoreRows<'_>> {
        let rows = self.rows..self.rows + parts.iter().map(|part| part.rows).sum::<usize>();
        self.make_room(rows.end);
        self.rows = rows.end;
        let (mut scores, mut bands) = (&mut self.scores[rows.clone()], &mut self.bands[rows.clone()]);
        let mut coverages = &mut self.coverages[rows.clone()];
        let mut points: Vec<_> = self.points.iter_mut().map(|points| &mut points[rows.clone()]).collect();
        let of_stretch = |rows: Range<usize>| ScoreRows {
            scope: self.scope,
            start: rows.start,
            scores: split_off(&mut scores, rows.len()),
            bands: split_off(&mut bands, rows.len()),
            coverages: split_off(&mut coverages, rows.len()),
            points: points.iter_mut().map(|points| split_off(points, rows.len())).collect(),
            apportioned: Apportioned::default(),
        };
        parts.iter().flat_map(Part::stretches).map(of_stretch).collect()
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

/// Where what some rows of a part get is kept.
pub(super) struct ScoreRows<'a> {
    /// Who counts in this scope, or would if there were a score, is whom health is about.
    pub(super) scope: usize,
    /// The position of the first of them in the part.
    start: usize,
    scores: &'a mut [f64],
    bands: &'a mut [u8],
    coverages: &'a mut [f64],
    points: Vec<&'a mut [i32]>,
    apportioned: Apportioned,
}

impl ScoreRows<'_> {
    /// Rows of a block that was judged at once.
    #[allow(clippy::cast_precision_loss, clippy::cast_possible_truncation, clippy::cast_sign_loss)] // within 0 to 10^8
    #[inline(always)]
    pub(super) fn put_block(&mut self, health: &FusedHealth, about: Mask, rows: &Range<usize>) {
        let (scoring, block) = (&health.scoring, &health.scored);
        let first = rows.start - self.start;
        let places = first..first + rows.len();
        let (scores, bands) = (&mut self.scores[places.clone()], &mut self.bands[places.clone()]);
        let coverages = &mut self.coverages[places];
        // a score is 0 where there is none
        scores.iter_mut().zip(block.score.iter()).for_each(|(own, micros)| *own = f64::from(*micros) / MICROS as f64);
        bands.iter_mut().zip(block.band.iter()).for_each(|(own, band)| *own = *band as u8);
        coverages.iter_mut().zip(block.present.iter()).for_each(|(own, present)| *own = scoring.coverage(*present));
        let outside = Mask::first(rows.len()) & !about;
        outside.each(|row| (scores[row], bands[row], coverages[row]) = (0.0, NOBODY, 0.0));
        if self.points.is_empty() {
            return;
        }
        for row in 0..rows.len() {
            let there = block.there & about;
            let score = there.has(row).then_some(block.score[row].into());
            let of_row = Scored { score, band: 0, present: block.present[row] as i64 };
            let value = |position: usize| {
                let (values, there) = &health.values[position];
                there.has(row).then(|| values[row])
            };
            self.put_points(first + row, scoring, &of_row, value);
        }
    }

    /// Rows that were judged one by one.
    pub(super) fn put_each(&mut self, rows: &Rows, first: usize) {
        let Some(health) = &rows.plan.health else { return };
        let standing = &rows.statuses[self.scope];
        for (row, (status, scored)) in standing.iter().zip(&rows.scored).enumerate() {
            let place = first - self.start + row;
            if matches!(status, Status::Outside | Status::Invalid) {
                self.pass(place);
            } else {
                self.put(place, &health.scoring, scored, |position| rows.values[position][row]);
            }
        }
    }

    /// One row that health is about.
    #[allow(clippy::cast_precision_loss)] // scores and weights are below 2^53
    fn put(&mut self, place: usize, scoring: &Scoring, scored: &Scored, value: impl Fn(usize) -> Option<f64>) {
        self.scores[place] = scored.score.unwrap_or_default() as f64 / MICROS as f64;
        // a model has fewer bands
        self.bands[place] = u8::try_from(scored.band).unwrap_or(NOBODY - 1);
        self.coverages[place] = scoring.coverage(scored.present as f64);
        self.put_points(place, scoring, scored, value);
    }

    fn put_points(&mut self, place: usize, scoring: &Scoring, scored: &Scored, value: impl Fn(usize) -> Option<f64>) {
        if self.points.is_empty() {
            return;
        }
        let mut columns = self.points.iter_mut();
        scoring.points(value, scored, &mut self.apportioned, |points| {
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::columns::Table;
    use crate::engine::kernel::{Engine, STRETCH};
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

    /// An engine that has scored the tables, those before the last together; the plain pass alone unless it is fused.
    fn scored(request: &Request, tables: &[Table<'_>], threads: usize, is_fused: bool, with_sums: bool) -> Engine {
        let mut engine = Engine::new(request, &tables[0].names()).unwrap();
        // room for some rows, for none, and for more than there are
        assert!(engine.score(true, with_sums, [STRETCH, 0, 5 * STRETCH][threads % 3]));
        assert!(engine.fused.is_some());
        engine.fused = engine.fused.filter(|_| is_fused);
        let parts: Vec<_> = tables.iter().map(|table| engine.part(table, &mut || true).unwrap()).collect();
        for parts in [&parts[..tables.len() - 1], &parts[tables.len() - 1..]] {
            let mut columns = engine.scores.take().unwrap();
            let mut rows = columns.stretches(parts).into_iter();
            #[cfg(feature = "rayon")]
            if threads > 1 {
                engine.add_together(threads, parts, rows.collect(), &mut || true).unwrap();
                engine.scores = Some(columns);
                continue;
            }
            for (part, stretch) in parts.iter().flat_map(|part| part.stretches().map(move |rows| (part, rows))) {
                engine.stretch(part, stretch, rows.next().as_mut(), &mut || true, &mut None).unwrap();
            }
            engine.scores = Some(columns);
        }
        #[cfg(feature = "rayon")]
        engine.unite().unwrap();
        engine.scores = engine.scores.map(|columns| Box::new(columns.trimmed()));
        engine
    }

    #[test]
    fn the_fused_pass_and_any_number_of_threads_score_as_the_plain_pass_does() {
        // parts that are no multiples of blocks
        let tables = [(STRETCH + 77, 0), (300, 40), (STRETCH + 64, 20_000)].map(|(rows, one_in)| table(rows, one_in));
        for (number, model) in models().into_iter().enumerate() {
            for (absent, invalid) in [
                (Some(AbsentRevenue::Zero), OnInvalid::Skip),
                (Some(AbsentRevenue::Missing), OnInvalid::Raise),
                (None, OnInvalid::Raise),
            ] {
                let request = Request::default().health(model.clone()).on_invalid(invalid).by(["is_active"]);
                let request = Request { absent_revenue: absent, ..request };
                let plain = scored(&request, &tables, 1, false, true);
                let columns = plain.scores.as_ref().unwrap();
                let there = |row: &usize| columns.micros(*row).is_some();
                assert!((0..columns.len()).filter(there).count() > 100, "model {number}");
                for (threads, with_sums) in [(1, true), (2, false), (3, true), (1, false)] {
                    let found = scored(&request, &tables, threads, true, with_sums);
                    let case = format!("model {number}, {absent:?}, {invalid:?}, {threads} threads, {with_sums}");
                    let own = found.scores.as_ref().unwrap();
                    assert_eq!(bits(own), bits(columns), "{case}");
                    assert_eq!(own.points, columns.points, "{case}");
                    assert_eq!(format!("{:?}", found.rows.absent), format!("{:?}", plain.rows.absent), "{case}");
                    assert_eq!(found.rows.verdict(), plain.rows.verdict(), "{case}");
                    let all = |engine: &Engine| engine.rows.offences.all().map(|f| f.rows).collect::<Vec<_>>();
                    assert_eq!(all(&found), all(&plain), "{case}");
                    let totals = |engine: &Engine| engine.totals(&engine.groups.sorted()).unwrap();
                    let sums = |engine: &Engine| (0..3).map(|group| totals(engine).group(group)).collect::<Vec<_>>();
                    assert_eq!(engine_is_empty(&found), !with_sums, "{case}");
                    if with_sums {
                        assert_eq!(sums(&found), sums(&plain), "{case}");
                    }
                }
            }
        }
    }

    /// Whether nothing was summed up.
    fn engine_is_empty(engine: &Engine) -> bool {
        engine.totals(&[0]).unwrap().group(0).iter().all(|total| *total == 0)
    }

    #[test]
    fn who_stops_is_heard() {
        let table = table(4 * STRETCH, 0);
        let request = Request::default().metrics(["customer_health"]).absent_revenue(AbsentRevenue::Zero);
        for stop_after in [0, 3] {
            let mut engine = Engine::new(&request, &table.names()).unwrap();
            assert!(engine.score(false, false, 0));
            // one thread is asked for each block
            #[cfg(feature = "rayon")]
            {
                engine.alone = true;
            }
            let mut asked = 0;
            let mut go_on = || {
                asked += 1;
                asked <= stop_after
            };
            let stopped = engine.add(std::slice::from_ref(&table), &mut go_on);
            assert_eq!(stopped.unwrap_err().kind(), "interrupted");
            assert_eq!(asked, stop_after + 1);
        }
        let mut engine = Engine::new(&request, &table.names()).unwrap();
        assert!(engine.score(false, true, 0));
        let stopped = engine.add(std::slice::from_ref(&table), &mut || false);
        assert_eq!(stopped.unwrap_err().kind(), "interrupted");
    }

    #[test]
    fn nobody_is_scored_where_health_is_not_asked_for() {
        let table = table(10, 0);
        for metrics in [&["adoption_rate"] as &[&str], &["health"], &["red_share"]] {
            let mut engine = Engine::new(&Request::default().metrics(metrics.iter().copied()), &table.names()).unwrap();
            assert!(!engine.score(true, true, 0), "{metrics:?}");
        }
    }
}
