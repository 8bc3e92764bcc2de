//! What each row is worth to health, in columns: put there as the rows are judged, whichever thread judges them.

#![allow(clippy::inline_always)] // so that it is compiled for the vector units of its caller

use super::fused::FusedHealth;
use super::judge::Status;
use super::kernel::{Part, STRETCH, Turn};
use super::plan::Plan;
use super::rows::Rows;
use crate::health::{Apportioned, Scored, Scoring};
use crate::mask::{Mask, PerRow};
use crate::metric::Form;
use crate::money::MICROS;

/// The band of a row that health is not about.
pub(crate) const NOBODY: u8 = u8::MAX;

/// The points of a component that is missing.
const NO_POINTS: i32 = -1;

/// Rows of each [`ScoreRows`] at the most: enough that a reader of many does not mind, few enough that threads end at about the same
/// time. Doubles of that many take a little less than a power of two: what takes all of it, an allocator rounds up.
pub(crate) const PIECE: usize = 15 * STRETCH;

/// So many of them there are for each thread, if the rows are enough.
const TURNS: usize = 8;

/// What each row gets, piece by piece.
#[derive(Debug, Clone, Default)]
pub(crate) struct ScoreColumns {
    pieces: Vec<ScoreRows>,
    /// Those whose points are kept.
    components: usize,
    scope: usize,
}

impl ScoreColumns {
    /// Nothing where a plan has no health of customers.
    pub(super) fn new(plan: &Plan, with_points: bool) -> Option<Self> {
        let components = plan.health.as_ref()?.scoring.components();
        let form = plan.definitions.find("customer_health")?.form();
        let scope = match form {
            Form::Health | Form::Difference(..) => None,
            form => form.scope(),
        };
        let scope = plan.definitions.scope_position(scope?.id())?;
        Some(Self { pieces: Vec::new(), components: if with_points { components } else { 0 }, scope })
    }

    /// Where more rows go, those of the parts, which so many threads share: pieces, one after another.
    pub(super) fn turns(&mut self, parts: &[Part<'_, '_>], threads: usize) -> Vec<Turn<'_>> {
        let rows: usize = parts.iter().map(|part| part.rows).sum();
        let most = if threads == 1 { PIECE } else { (rows / (TURNS * threads)).clamp(STRETCH, PIECE) };
        // the last one may have room
        let first = self.pieces.len().saturating_sub(1);
        let mut turns: Vec<(usize, usize)> = self.pieces.last().map(|piece| (piece.len(), 0)).into_iter().collect();
        for rows in parts.iter().flat_map(Part::stretches) {
            match turns.last_mut() {
                Some((all, stretches)) if *all + rows.len() <= most => {
                    *all += rows.len();
                    *stretches += 1;
                }
                _ => turns.push((rows.len(), 1)),
            }
        }
        self.pieces.resize_with(first + turns.len(), || ScoreRows::new(self.scope, self.components));
        let pieces = turns.into_iter().zip(&mut self.pieces[first..]).filter(|((_, stretches), _)| *stretches > 0);
        let with_room = |((all, stretches), piece): ((usize, usize), _)| {
            let piece: &mut ScoreRows = piece;
            piece.room = all - piece.len();
            (stretches, Some(piece))
        };
        pieces.map(with_room).collect()
    }

    /// All of them, small ones joined to those before; of no rows there is one.
    pub(crate) fn pieces(self) -> Vec<ScoreRows> {
        let mut pieces: Vec<ScoreRows> = Vec::new();
        for piece in self.pieces {
            match pieces.last_mut() {
                Some(last) if last.len() + piece.len() <= PIECE => last.append(piece),
                _ => pieces.push(piece),
            }
        }
        if pieces.is_empty() {
            pieces.push(ScoreRows::new(self.scope, self.components));
        }
        pieces
    }
}

/// What rows get that follow each other, in columns.
#[derive(Debug, Clone)]
pub(crate) struct ScoreRows {
    /// Who counts in this scope, or would if there were a score, is whom health is about.
    pub(super) scope: usize,
    /// 0 to 100, the double nearest to the micro-points; 0 where there is no score.
    pub(crate) scores: Vec<f64>,
    /// The band's position from 1; 0, without a score, is unknown; [`NOBODY`] where health is not about the row.
    pub(crate) bands: Vec<u8>,
    /// 0 where health is not about the row.
    pub(crate) coverages: Vec<f64>,
    /// By component, if asked for.
    points: Vec<Vec<i32>>,
    apportioned: Apportioned,
    /// For how many rows more there is to be room, once there is one of them.
    room: usize,
}

impl ScoreRows {
    fn new(scope: usize, components: usize) -> Self {
        Self {
            scope,
            scores: Vec::new(),
            bands: Vec::new(),
            coverages: Vec::new(),
            points: vec![Vec::new(); components],
            apportioned: Apportioned::default(),
            room: 0,
        }
    }

    /// Makes the room that is asked for: who fills it, for all pieces at once would keep a caller from being heard.
    fn make_room(&mut self) {
        let rows = std::mem::take(&mut self.room);
        self.scores.reserve(rows);
        self.bands.reserve(rows);
        self.coverages.reserve(rows);
        self.points.iter_mut().for_each(|points| points.reserve(rows));
    }

    fn append(&mut self, mut more: Self) {
        self.scores.append(&mut more.scores);
        self.bands.append(&mut more.bands);
        self.coverages.append(&mut more.coverages);
        self.points.iter_mut().zip(&mut more.points).for_each(|(points, more)| points.append(more));
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

    /// The next rows, of a block that was judged at once.
    #[allow(clippy::cast_precision_loss, clippy::cast_possible_truncation, clippy::cast_sign_loss)] // within 0 to 10^8
    #[inline(always)]
    pub(super) fn put_block(&mut self, health: &FusedHealth, about: Mask, rows: usize) {
        let (scoring, block) = (&health.scoring, &health.scored);
        self.make_room();
        // made here, for the vector units that there are, and copied
        let (mut scores, mut bands, mut coverages) = (PerRow::default(), PerRow::default(), PerRow::default());
        // a score is 0 where there is none
        scores.iter_mut().zip(block.score.iter()).for_each(|(own, micros)| *own = f64::from(*micros) / MICROS as f64);
        bands.iter_mut().zip(block.band.iter()).for_each(|(own, band)| *own = *band as u8);
        coverages.iter_mut().zip(block.present.iter()).for_each(|(own, present)| *own = scoring.coverage(*present));
        let outside = Mask::first(rows) & !about;
        outside.each(|row| (scores[row], bands[row], coverages[row]) = (0.0, NOBODY, 0.0));
        self.scores.extend_from_slice(&scores[..rows]);
        self.bands.extend_from_slice(&bands[..rows]);
        self.coverages.extend_from_slice(&coverages[..rows]);
        if self.points.is_empty() {
            return;
        }
        for row in 0..rows {
            let there = block.there & about;
            let score = there.has(row).then_some(block.score[row].into());
            let of_row = Scored { score, band: 0, present: block.present[row] as i64 };
            let value = |position: usize| {
                let (values, there) = &health.values[position];
                there.has(row).then(|| values[row])
            };
            self.put_points(scoring, &of_row, value);
        }
    }

    /// The next rows, which were judged one by one.
    pub(super) fn put_each(&mut self, rows: &Rows) {
        let Some(health) = &rows.plan.health else { return };
        self.make_room();
        let standing = &rows.statuses[self.scope];
        for (row, (status, scored)) in standing.iter().zip(&rows.scored).enumerate() {
            if matches!(status, Status::Outside | Status::Invalid) {
                self.pass();
            } else {
                self.put(&health.scoring, scored, |position| rows.values[position][row]);
            }
        }
    }

    /// One row that health is about.
    #[allow(clippy::cast_precision_loss)] // scores and weights are below 2^53
    fn put(&mut self, scoring: &Scoring, scored: &Scored, value: impl Fn(usize) -> Option<f64>) {
        self.scores.push(scored.score.unwrap_or_default() as f64 / MICROS as f64);
        // a model has fewer bands
        self.bands.push(u8::try_from(scored.band).unwrap_or(NOBODY - 1));
        self.coverages.push(scoring.coverage(scored.present as f64));
        self.put_points(scoring, scored, value);
    }

    fn put_points(&mut self, scoring: &Scoring, scored: &Scored, value: impl Fn(usize) -> Option<f64>) {
        if self.points.is_empty() {
            return;
        }
        let mut columns = self.points.iter_mut();
        scoring.points(value, scored, &mut self.apportioned, |points| {
            if let Some(column) = columns.next() {
                column.push(points.and_then(|points| i32::try_from(points).ok()).unwrap_or(NO_POINTS));
            }
        });
    }

    /// One row that health is not about.
    fn pass(&mut self) {
        self.scores.push(0.0);
        self.bands.push(NOBODY);
        self.coverages.push(0.0);
        self.points.iter_mut().for_each(|points| points.push(NO_POINTS));
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

    /// Of each row its score, band, coverage and points.
    type Found = (u64, u8, u64, Vec<Option<i64>>);

    fn found(engine: &Engine) -> Vec<Found> {
        let each = |piece: ScoreRows| -> Vec<Found> {
            let points = |row| (0..piece.components()).map(|component| piece.points(component, row)).collect();
            let bits = |row: usize| (piece.scores[row].to_bits(), piece.bands[row], piece.coverages[row].to_bits());
            (0..piece.len()).map(|row| (bits(row), points(row))).map(|((a, b, c), points)| (a, b, c, points)).collect()
        };
        engine.scores.clone().unwrap().pieces().into_iter().flat_map(each).collect()
    }

    /// An engine that has scored the tables, those before the last together; the plain pass alone unless it is fused.
    fn scored(request: &Request, tables: &[Table<'_>], threads: usize, is_fused: bool, with_sums: bool) -> Engine {
        let mut engine = Engine::new(request, &tables[0].names()).unwrap();
        assert!(engine.score(true, with_sums));
        assert!(engine.fused.is_some());
        engine.fused = engine.fused.filter(|_| is_fused);
        let parts: Vec<_> = tables.iter().map(|table| engine.part(table, &mut || true).unwrap()).collect();
        for parts in [&parts[..tables.len() - 1], &parts[tables.len() - 1..]] {
            let mut columns = engine.scores.take().unwrap();
            #[cfg(feature = "rayon")]
            if threads > 1 {
                engine.add_together(threads, parts, columns.turns(parts, threads), &mut || true).unwrap();
                engine.scores = Some(columns);
                continue;
            }
            let mut stretches = parts.iter().flat_map(|part| part.stretches().map(move |rows| (part, rows)));
            for (count, mut scores) in columns.turns(parts, threads) {
                for (part, rows) in stretches.by_ref().take(count) {
                    engine.stretch(part, rows, scores.as_deref_mut(), &mut || true, &mut None).unwrap();
                }
            }
            engine.scores = Some(columns);
        }
        #[cfg(feature = "rayon")]
        engine.unite().unwrap();
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
                let expected = found(&plain);
                let is_scored = |(_, band, ..): &&Found| !matches!(band, 0 | &NOBODY);
                assert!(expected.iter().filter(is_scored).count() > 100, "model {number}");
                for (threads, with_sums) in [(1, true), (2, false), (3, true), (1, false)] {
                    let fused = scored(&request, &tables, threads, true, with_sums);
                    let case = format!("model {number}, {absent:?}, {invalid:?}, {threads} threads, {with_sums}");
                    assert_eq!(found(&fused), expected, "{case}");
                    assert_eq!(format!("{:?}", fused.rows.absent), format!("{:?}", plain.rows.absent), "{case}");
                    assert_eq!(fused.rows.verdict(), plain.rows.verdict(), "{case}");
                    let all = |engine: &Engine| engine.rows.offences.all().map(|f| f.rows).collect::<Vec<_>>();
                    assert_eq!(all(&fused), all(&plain), "{case}");
                    let totals = |engine: &Engine| engine.totals(&engine.groups.sorted()).unwrap();
                    let sums = |engine: &Engine| (0..3).map(|group| totals(engine).group(group)).collect::<Vec<_>>();
                    assert_eq!(engine_is_empty(&fused), !with_sums, "{case}");
                    if with_sums {
                        assert_eq!(sums(&fused), sums(&plain), "{case}");
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
            assert!(engine.score(false, false));
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
        assert!(engine.score(false, true));
        let stopped = engine.add(std::slice::from_ref(&table), &mut || false);
        assert_eq!(stopped.unwrap_err().kind(), "interrupted");
    }

    #[test]
    fn nobody_is_scored_where_health_is_not_asked_for() {
        let table = table(10, 0);
        for metrics in [&["adoption_rate"] as &[&str], &["health"], &["red_share"]] {
            let mut engine = Engine::new(&Request::default().metrics(metrics.iter().copied()), &table.names()).unwrap();
            assert!(!engine.score(true, true), "{metrics:?}");
        }
    }
}
