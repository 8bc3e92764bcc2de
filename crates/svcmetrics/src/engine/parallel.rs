//! Several threads share a part's rows: each sums stretches of them by itself, and their sums are added. Integers do not mind
//! the order, so the result is the same to the bit for any number of threads.

use super::columns::Data;
use super::kernel::{Engine, STRETCH};
use super::sums::Sums;
use crate::error::{Error, Result};
use crate::key::group_text;
use crate::spread::Spread;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;

/// Stretches that a thread must have before it is worth its start.
const STRETCHES: usize = 2;

/// The rows of a part that are not yet taken, and whether to go on with them.
struct Work<'a> {
    rows: usize,
    part: &'a [Option<&'a Data<'a>>],
    keys: &'a [&'a Data<'a>],
    next: AtomicUsize,
    stopped: AtomicBool,
}

/// How many threads are worth their while for so many rows.
pub(super) fn threads(rows: usize) -> usize {
    let enough = rows / (STRETCHES * STRETCH);
    if enough < 2 { 1 } else { enough.min(thread::available_parallelism().map_or(1, usize::from)) }
}

impl Work<'_> {
    /// One thread's share: stretch after stretch, as long as there are any.
    fn share(&self, mut engine: Engine, go_on: &mut dyn FnMut() -> bool) -> Result<Engine> {
        loop {
            let start = self.next.fetch_add(STRETCH, Ordering::Relaxed);
            if start >= self.rows {
                return Ok(engine);
            }
            let stretch = start..self.rows.min(start + STRETCH);
            let mut go_on = || !self.stopped.load(Ordering::Relaxed) && go_on();
            let done = engine.stretch(self.part, self.keys, None, stretch, &mut go_on, &mut None);
            if done.is_err() {
                self.stopped.store(true, Ordering::Relaxed);
            }
            done?;
        }
    }
}

impl Engine {
    /// Adds a part's rows with several threads. If anything is wrong with any of them it says no and has added nothing: one
    /// thread, in the order of the rows, tells what it is.
    pub(super) fn add_together(
        &mut self,
        threads: usize,
        rows: usize,
        part: &[Option<&Data<'_>>],
        keys: &[&Data<'_>],
        go_on: &mut dyn FnMut() -> bool,
    ) -> Result<bool> {
        let work = Work { rows, part, keys, next: AtomicUsize::new(0), stopped: AtomicBool::new(false) };
        let fresh = self.fresh();
        let mut halted = false;
        let (own, others) = thread::scope(|scope| {
            let others: Vec<_> = (1..threads)
                .map(|_| {
                    let (work, engine) = (&work, fresh.clone());
                    scope.spawn(move || work.share(engine, &mut || true))
                })
                .collect();
            let own = work.share(fresh.clone(), &mut || {
                halted = halted || !go_on();
                !halted
            });
            // a thread that panics is a defect of ours, and is told as one
            (own, others.into_iter().map(|other| other.join().unwrap_or(Err(Error::Interrupted))).collect::<Vec<_>>())
        });
        if halted {
            return Err(Error::Interrupted);
        }
        let Ok(engines) = std::iter::once(own).chain(others).collect::<Result<Vec<_>>>() else { return Ok(false) };
        if engines.iter().any(|engine| engine.rows.verdict().is_err()) {
            return Ok(false);
        }
        // Where there could be too many groups, one thread finds the row at which there are.
        let groups = engines.iter().map(|engine| engine.groups.len()).sum::<usize>() + self.groups.len();
        if groups as u64 > self.groups.limit() {
            return Ok(false);
        }
        engines.iter().try_for_each(|engine| self.take_over(engine))?;
        Ok(true)
    }

    /// The same without rows.
    fn fresh(&self) -> Self {
        let groups = self.groups.emptied();
        Self {
            sums: Sums::new(&self.rows.plan, groups.len()),
            groups,
            rows: self.rows.emptied(),
            identities: None,
            distributions: Vec::new(),
            spread: Spread::default(),
            fused: self.fused.clone(),
            largest_rounding: vec![0.0; self.largest_rounding.len()],
        }
    }

    /// Adds what another has summed of the same part.
    fn take_over(&mut self, other: &Self) -> Result<()> {
        let groups = u32::try_from(other.groups.len()).unwrap_or(u32::MAX);
        let own = (0..groups).map(|group| self.groups.find(other.groups.keys(group))).collect::<Result<Vec<_>>>()?;
        self.resize()?;
        self.sums.spend(&other.sums)?;
        for (theirs, group) in own.into_iter().enumerate() {
            if !self.sums.merge(group, &other.sums, theirs)? {
                return Err(Error::Overflow {
                    measure: "a sum".to_owned(),
                    group: group_text(&self.groups.keys(group)),
                    limit: "128 bits",
                });
            }
        }
        self.rows.absent.take_over(other.rows.absent);
        for (largest, theirs) in self.largest_rounding.iter_mut().zip(&other.largest_rounding) {
            *largest = largest.max(*theirs);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::columns::Table;
    use crate::request::{AbsentRevenue, OnInvalid, Request};

    /// Numbers that look random and are the same each time.
    fn noise(seed: u64) -> impl FnMut(u64) -> u64 {
        let mut state = seed;
        move |below| {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (state >> 33) % below
        }
    }

    /// Customers with nulls, off-grid amounts, and here and there a value that is invalid.
    fn table(rows: usize, one_in: u64) -> Table<'static> {
        let mut noise = noise(7);
        let mut column = |below: u64, bad: i64| -> Vec<Option<i64>> {
            let value = |_| match noise(20) {
                0 => None,
                _ if one_in > 0 && noise(one_in) == 0 => Some(bad),
                _ => i64::try_from(noise(below)).ok(),
            };
            (0..rows).map(value).collect()
        };
        let cents = |values: Vec<Option<i64>>, off: f64| -> Vec<Option<f64>> {
            #[allow(clippy::cast_precision_loss)] // small
            values
                .into_iter()
                .map(|value| value.map(|value| value as f64 / 100.0 + if value % 97 == 0 { off } else { 0.0 }))
                .collect()
        };
        let flags = |values: Vec<Option<i64>>| -> Vec<Option<bool>> {
            values.into_iter().map(|value| value.map(|value| value % 2 == 1)).collect()
        };
        let total = column(9, -1);
        let met: Vec<Option<i64>> =
            total.iter().zip(column(9, 99)).map(|(total, met)| Some(met?.min((*total)?.max(0) + met? / 99))).collect();
        Table::new(rows)
            .with("region", column(40, 3))
            .with("is_new", flags(column(8, 1)))
            .with("onboarded", flags(column(2, 1)))
            .with("milestones_total", total)
            .with("milestones_met", met)
            .with(
                "revenue_start",
                cents(column(3, 0).into_iter().zip(column(1_000_000, -5)).map(|(a, b)| Some(a? * b?)).collect(), 1e-9),
            )
            .with(
                "revenue_end",
                cents(column(3, 0).into_iter().zip(column(1_000_000, -5)).map(|(a, b)| Some(a? * b?)).collect(), 1e-9),
            )
            .with("service_minutes", column(50_000, 40_000))
            .with("downtime_minutes", column(100, 50))
    }

    fn engine(table: &Table<'_>, by: &[&str]) -> Engine {
        let metrics = [
            "onboard_rate",
            "adoption_rate",
            "net_revenue_retention",
            "revenue_churn",
            "availability",
            "health",
            "customer_health",
            "health_coverage",
            "red_revenue",
            "green_share",
            "unknown_revenue",
        ];
        let request = Request::default()
            .by(by.iter().copied())
            .metrics(metrics)
            .absent_revenue(AbsentRevenue::Zero)
            .on_invalid(OnInvalid::Skip);
        Engine::new(&request, &table.names()).unwrap()
    }

    fn totals(engine: &Engine) -> Vec<(Vec<crate::key::Key>, Vec<i128>)> {
        let count = u32::try_from(engine.groups.len()).unwrap();
        let mut all: Vec<_> = (0..count)
            .map(|group| (engine.groups.keys(group), engine.totals(std::iter::once(group)).unwrap()))
            .collect();
        all.sort();
        all
    }

    #[test]
    fn the_fused_pass_and_any_number_of_threads_give_what_the_plain_pass_gives() {
        let rows = 3 * STRETCH + 77;
        for one_in in [0, 50_000, 30] {
            let table = table(rows, one_in);
            for by in [&["region"] as &[&str], &[], &["region", "is_new"]] {
                let mut plain = engine(&table, by);
                plain.fused = None;
                let part = plain.rows.part(&table, &mut || true).unwrap();
                let keys: Vec<_> = by.iter().map(|key| table.get(key).unwrap().unwrap()).collect();
                plain.stretch(&part, &keys, None, 0..rows, &mut || true, &mut None).unwrap();
                let expected = totals(&plain);
                for threads in 1..=3 {
                    let mut fused = engine(&table, by);
                    assert!(fused.fused.is_some());
                    if threads == 1 {
                        fused.stretch(&part, &keys, None, 0..rows, &mut || true, &mut None).unwrap();
                    } else {
                        assert!(fused.add_together(threads, rows, &part, &keys, &mut || true).unwrap());
                    }
                    assert_eq!(totals(&fused), expected, "{threads} threads, one in {one_in}, by {by:?}");
                    assert_eq!(fused.largest_rounding, plain.largest_rounding);
                    assert_eq!(format!("{:?}", fused.rows.absent), format!("{:?}", plain.rows.absent));
                }
            }
        }
    }

    #[test]
    fn whoever_stops_is_heard_and_what_is_wrong_is_left_to_one_thread() {
        let table = table(2 * STRETCH, 0);
        let mut engine = engine(&table, &["region"]);
        let part = engine.rows.part(&table, &mut || true).unwrap();
        let keys = [table.get("region").unwrap().unwrap()];
        let stopped = engine.add_together(2, table.rows(), &part, &keys, &mut || false);
        assert_eq!(stopped.unwrap_err().kind(), "interrupted");
        let fractions = vec![0.5; table.rows()];
        let wrong = crate::engine::columns::Data::from(fractions);
        assert!(!engine.add_together(2, table.rows(), &part, &[&wrong], &mut || true).unwrap());
    }
}
