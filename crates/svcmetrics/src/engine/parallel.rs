//! Several threads share a part's rows: each sums stretches of them by itself, and in the end their sums are added. Integers do
//! not mind the order, so the result is the same to the bit for any number of threads.

use super::groups::Groups;
use super::identities::Identities;
use super::kernel::{Engine, Part, Turn};
use super::scores::ScoreRows;
use super::sums::Sums;
use super::threads::on_threads;
use crate::error::{Error, Result};
use crate::spread::Spread;
use std::ops::Range;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};

/// An error, and the position of its stretch.
type Found = Option<(usize, Error)>;

/// A thread's engine, the check that one of them makes first, and what each found.
type Share<'a> = ((&'a mut Engine, Option<(&'a mut Check, &'a mut Found)>), &'a mut Found);

/// The rows of parts that are not yet taken.
struct Work<'a> {
    parts: &'a [Part<'a, 'a>],
    /// In the order of the rows, each with its part's position.
    stretches: Vec<(usize, Range<usize>)>,
    /// Those that a thread takes together, and where the health of their rows goes, if that is asked for.
    turns: Vec<(Range<usize>, Mutex<Option<&'a mut ScoreRows>>)>,
    next: AtomicUsize,
}

impl<'a> Work<'a> {
    fn new(parts: &'a [Part<'a, 'a>], turns: Vec<Turn<'a>>) -> Self {
        let stretches = parts.iter().enumerate().flat_map(|(part, of)| of.stretches().map(move |rows| (part, rows)));
        let mut first = 0;
        let of_turn = |(count, scores)| {
            let places = first..first + count;
            first = places.end;
            (places, Mutex::new(scores))
        };
        Self {
            parts,
            stretches: stretches.collect(),
            turns: turns.into_iter().map(of_turn).collect(),
            next: AtomicUsize::new(0),
        }
    }

    /// In order, each with its part.
    fn stretches(&self) -> impl Iterator<Item = (&Part<'a, 'a>, Range<usize>)> {
        self.stretches.iter().map(|(part, rows)| (&self.parts[*part], rows.clone()))
    }

    /// One thread's share: turn after turn, as long as there are any. After an error, with the position of its stretch, no
    /// later turn is taken; the earlier ones are, so that the first error of all is found.
    fn share(&self, engine: &mut Engine, go_on: &mut dyn FnMut() -> bool) -> Found {
        loop {
            let (places, scores) = self.turns.get(self.next.fetch_add(1, Ordering::Relaxed))?;
            let mut scores = scores.lock().unwrap_or_else(PoisonError::into_inner);
            for place in places.clone() {
                let (part, rows) = &self.stretches[place];
                let part = &self.parts[*part];
                if let Err(error) = engine.stretch(part, rows.clone(), scores.as_deref_mut(), go_on, &mut None) {
                    self.next.store(self.turns.len(), Ordering::Relaxed);
                    return Some((place, error));
                }
            }
        }
    }
}

/// The check for duplicates: it takes all rows in their order, while other threads sum them.
struct Check {
    identities: Identities,
    groups: Groups,
}

impl Check {
    /// The error, if there is one, with the position of its stretch.
    fn run(&mut self, work: &Work<'_>, go_on: &mut dyn FnMut() -> bool) -> Found {
        for (place, (part, rows)) in work.stretches().enumerate() {
            if !go_on() {
                return None;
            }
            let data = part.identity?;
            let groups = self.groups.assign(&part.keys, rows.clone(), part.before);
            let added = groups.and_then(|groups| self.identities.add(data, rows, &groups, part.before));
            if let Err(error) = added {
                return Some((place, error));
            }
        }
        None
    }
}

impl Engine {
    /// Adds the rows of parts with several threads.
    pub(super) fn add_together(
        &mut self,
        threads: usize,
        parts: &[Part<'_, '_>],
        turns: Vec<Turn<'_>>,
        go_on: &mut dyn FnMut() -> bool,
    ) -> Result<()> {
        let work = Work::new(parts, turns);
        let mut check = self.identities.take().map(|identities| {
            let groups = self.identified.take().unwrap_or_else(|| self.groups.clone());
            Check { identities, groups }
        });
        while self.others.len() + 1 < threads {
            let fresh = self.fresh();
            self.others.push(fresh);
        }
        let before: Vec<usize> = self.all().map(|engine| engine.groups.len()).collect();
        let mut others = std::mem::take(&mut self.others);
        let mut errors: Vec<Found> = vec![None; 1 + others.len()];
        let mut repeated = None;
        let checking = check.as_mut().zip(Some(&mut repeated));
        let engines = std::iter::once((&mut *self, checking)).chain(others.iter_mut().map(|other| (other, None)));
        let one = |((engine, checking), error): Share<'_>, go_on: &mut dyn FnMut() -> bool| {
            if let Some((check, repeated)) = checking {
                *repeated = check.run(&work, go_on);
            }
            *error = work.share(engine, go_on);
        };
        let is_done = on_threads(engines.zip(&mut errors).collect(), one, go_on);
        self.others = others;
        (self.identities, self.identified) = check.map(|check| (check.identities, check.groups)).unzip();
        if !is_done {
            return Err(Error::Interrupted);
        }
        let first = errors.into_iter().chain([repeated]).flatten().min_by_key(|(place, _)| *place);
        let groups = self.all().map(|engine| engine.groups.len() as u64).sum::<u64>();
        if first.is_some() || groups > self.groups.limit {
            // One look in the order of the rows finds what one thread would have come upon first.
            let end = first.as_ref().map_or(usize::MAX, |(place, _)| place + 1);
            let mut united = self.groups.emptied();
            for (engine, groups) in self.all().zip(before) {
                united.take_over(&engine.groups, groups)?;
            }
            for (part, rows) in work.stretches().take(end) {
                if !go_on() {
                    return Err(Error::Interrupted);
                }
                united.assign(&part.keys, rows, part.before)?;
            }
        }
        if let Some((_, error)) = first {
            return Err(error);
        }
        if groups > self.groups.limit {
            // Counting what the threads have in common would take longer than one thread does.
            self.alone = true;
            self.unite()?;
        }
        Ok(())
    }

    /// This and those of the other threads.
    fn all(&self) -> impl Iterator<Item = &Self> {
        std::iter::once(self).chain(&self.others)
    }

    /// The same without rows.
    fn fresh(&self) -> Self {
        let groups = self.groups.emptied();
        Self {
            sums: Sums::new(&self.rows.plan, groups.len()),
            groups,
            rows: self.rows.emptied(),
            identities: None,
            failed: None,
            identified: None,
            others: Vec::new(),
            alone: true,
            distributions: Vec::new(),
            spread: Spread::default(),
            fused: self.fused.clone(),
            scores: None,
            scores_alone: self.scores_alone,
            largest_rounding: vec![0.0; self.largest_rounding.len()],
        }
    }

    /// Adds what the other threads have summed.
    pub(crate) fn unite(&mut self) -> Result<()> {
        std::mem::take(&mut self.others).iter().try_for_each(|other| self.take_over(other))
    }

    fn take_over(&mut self, other: &Self) -> Result<()> {
        let own = self.groups.take_over(&other.groups, other.groups.len())?;
        self.resize()?;
        if let Some(group) = self.sums.take_over(&other.sums, &own)? {
            return Err(Error::Overflow {
                measure: "a sum".to_owned(),
                group: self.groups.text(group),
                limit: "128 bits",
            });
        }
        self.rows.take_over(&other.rows);
        for (largest, theirs) in self.largest_rounding.iter_mut().zip(&other.largest_rounding) {
            *largest = largest.max(*theirs);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::STRETCH;
    use crate::engine::columns::{Data, Nulls, Table, Values};
    use crate::engine::kernel::turns;
    use crate::request::{AbsentRevenue, OnInvalid, Request};
    use std::borrow::Cow;
    use std::ops::Range;

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
        let mut all: Vec<_> =
            (0..count).map(|group| (engine.groups.keys(group), engine.totals(&[group]).unwrap().group(0))).collect();
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
                let part = plain.part(&table, &mut || true).unwrap();
                plain.stretch(&part, 0..rows, None, &mut || true, &mut None).unwrap();
                let expected = totals(&plain);
                // one of them once more as a processor without vector units does it
                for (threads, is_plain) in [(1, false), (1, true), (2, false), (3, false)] {
                    let mut fused = engine(&table, by);
                    fused.fused.as_mut().unwrap().own().is_plain = is_plain;
                    if threads == 1 {
                        fused.stretch(&part, 0..rows, None, &mut || true, &mut None).unwrap();
                    } else {
                        let parts = std::slice::from_ref(&part);
                        fused.add_together(threads, parts, turns(parts), &mut || true).unwrap();
                        fused.unite().unwrap();
                    }
                    assert_eq!(totals(&fused), expected, "{threads} threads, {is_plain}, one in {one_in}, by {by:?}");
                    assert_eq!(fused.largest_rounding, plain.largest_rounding);
                    assert_eq!(format!("{:?}", fused.rows.absent), format!("{:?}", plain.rows.absent));
                }
            }
        }
    }

    /// Counts in columns of every width; here and there is a block with large ones.
    fn counts(rows: usize) -> Table<'static> {
        let mut noise = noise(5);
        let mut column = |most: u64, large: u64| -> Vec<Option<i64>> {
            let value = |row: usize| match noise(30) {
                0 => None,
                _ if row / 700 % 5 == 3 => i64::try_from(noise(large)).ok(),
                _ => i64::try_from(noise(most)).ok(),
            };
            (0..rows).map(value).collect()
        };
        let wholes = |values: &[Option<i64>], above: i64| -> Vec<Option<i64>> {
            values.iter().map(|value| value.map(|value| value + above)).collect()
        };
        macro_rules! narrow {
            ($variant:ident($values:expr)) => {{
                let values = &$values;
                let nulls = values.iter().map(Option::is_none).collect();
                let values = values.iter().map(|value| value.unwrap_or(0).try_into().unwrap()).collect();
                Data::new(Values::$variant(Cow::Owned(values)), Nulls::Mask(Cow::Owned(nulls))).unwrap()
            }};
        }
        let (met, used, due) = (column(9, 100), column(300, 1 << 30), column(5, 1 << 30));
        // beyond 32 bits
        let due: Vec<Option<i64>> =
            due.into_iter().map(|due| due.map(|due| if due < 5 { due } else { due << 9 })).collect();
        let (engagements, cases) = (column(30, 1 << 20), column(40, 1 << 15));
        #[allow(clippy::cast_precision_loss)] // small
        let floats = |values: &[Option<i64>]| values.iter().map(|value| value.map(|value| value as f64)).collect();
        let engaged: Vec<Option<f64>> = floats(&wholes(&engagements, 7));
        Table::new(rows)
            .with("region", column(40, 3))
            .with("milestones_met", narrow!(Int8(met)))
            .with("milestones_total", narrow!(UInt8(wholes(&met, 3))))
            .with("licenses_used", narrow!(Int32(used)))
            .with("licenses_sold", narrow!(UInt32(wholes(&used, 100))))
            .with("contracts_renewed", due.clone())
            .with("contracts_due", narrow!(UInt64(wholes(&due, 1))))
            .with("positive_engagements", engagements)
            .with("engagements", engaged)
            .with("defect_cases", narrow!(Int16(cases)))
            .with("cases", narrow!(UInt16(wholes(&cases, 2))))
    }

    #[test]
    fn counts_of_every_width_are_summed_as_the_plain_pass_sums_them() {
        let rows = 3 * STRETCH + 77;
        let table = counts(rows);
        for by in [&["region"] as &[&str], &[]] {
            let engine = || Engine::new(&Request::default().by(by.iter().copied()), &table.names()).unwrap();
            let mut plain = engine();
            plain.fused = None;
            let part = plain.part(&table, &mut || true).unwrap();
            plain.stretch(&part, 0..rows, None, &mut || true, &mut None).unwrap();
            let expected = totals(&plain);
            assert!(expected.iter().flat_map(|(_, lanes)| lanes).any(|total| *total > 1 << 40));
            for threads in [1, 2] {
                let mut fused = engine();
                assert!(fused.fused.is_some());
                let parts = std::slice::from_ref(&part);
                fused.add_together(threads, parts, turns(parts), &mut || true).unwrap();
                fused.unite().unwrap();
                assert_eq!(totals(&fused), expected, "{threads} threads, by {by:?}");
            }
        }
    }

    #[test]
    fn parts_that_come_together_give_what_they_give_one_after_another() {
        let parts: Vec<Table<'_>> = [3 * STRETCH + 77, 0, 300, STRETCH, 2 * STRETCH + 1]
            .into_iter()
            .enumerate()
            .map(|(part, rows)| {
                // each with a dictionary of its own, which has the texts in another order
                let names: Vec<String> = (0..40).map(|name| format!("region {}", (name * 7 + part) % 40)).collect();
                let codes: Vec<i64> = (0..).take(rows).map(|row| row * 11 % 40).collect();
                let values = Values::Dictionary { codes: Box::new(codes.into()), values: Box::new(names.into()) };
                table(rows, 50_000).with("name", Data::new(values, Nulls::None).unwrap())
            })
            .collect();
        for by in [&["name"] as &[&str], &["region", "name"]] {
            let mut one_by_one = engine(&parts[0], by);
            one_by_one.alone = true;
            for part in &parts {
                one_by_one.add(std::slice::from_ref(part), &mut || true).unwrap();
            }
            let mut together = engine(&parts[0], by);
            together.add(&parts, &mut || true).unwrap();
            assert!(!together.others.is_empty());
            together.unite().unwrap();
            assert_eq!(totals(&together), totals(&one_by_one));
            assert_eq!(format!("{:?}", together.rows.absent), format!("{:?}", one_by_one.rows.absent));
            assert_eq!(together.rows.before, one_by_one.rows.before);
        }
    }

    #[test]
    fn whoever_stops_is_heard_and_what_is_wrong_is_what_comes_first() {
        let table = table(2 * STRETCH, 0);
        let mut engine = engine(&table, &["region"]);
        let stopped = engine.add(std::slice::from_ref(&table), &mut || false);
        assert_eq!(stopped.unwrap_err().kind(), "interrupted");
        let half = |row: usize| if row.is_multiple_of(2) { 1.0 } else { 2.0 };
        for (limit, kind, bad) in [(4, "column_type", 0.5), (3, "too_many_groups", 3.0)] {
            let mut keys: Vec<f64> = (0..table.rows()).map(half).collect();
            (keys[4], keys[STRETCH + 5], keys[STRETCH + 9]) = (4.0, bad, bad);
            let keys = keys.into();
            let mut engine = self::engine(&table, &["region"]);
            engine.groups.limit = limit;
            let mut part = engine.part(&table, &mut || true).unwrap();
            part.keys = vec![&keys];
            let parts = [part];
            let error = engine.add_together(2, &parts, turns(&parts), &mut || true).unwrap_err();
            assert_eq!((error.kind(), error.row()), (kind, Some(STRETCH as u64 + 5)));
            // the same where a part comes before, and one that cannot be used comes after
            let with = |keys: Data<'static>| table.clone().with("area", keys);
            let first = with(vec![1_i64; table.rows()].into());
            let parts = [first, with(keys.clone()), with(vec!["north".to_owned(); table.rows()].into())];
            let mut engine = self::engine(&parts[0], &["area"]);
            engine.groups.limit = limit;
            let error = engine.add(&parts, &mut || true).unwrap_err();
            assert_eq!((error.kind(), error.row()), (kind, Some((table.rows() + STRETCH + 5) as u64)));
        }
    }

    #[test]
    fn who_is_there_twice_is_found_as_by_one_thread_in_parts_of_any_size() {
        let rows = 3 * STRETCH;
        for (one, other) in [(5, STRETCH + 7), (2 * STRETCH, 2 * STRETCH + 400), (STRETCH - 1, STRETCH)] {
            for first in [10, STRETCH / 2, 2 * STRETCH] {
                let mut ids: Vec<i64> = (0..).take(rows).map(|id| id * 3).collect();
                ids[other] = ids[one];
                let region: Vec<i64> = (0..rows).map(|row| if row == one || row == other { 3 } else { 2 }).collect();
                let part = |rows: Range<usize>| {
                    Table::new(rows.len())
                        .with("region", region[rows.clone()].to_vec())
                        .with("milestones_met", vec![1_i64; rows.len()])
                        .with("milestones_total", vec![2_i64; rows.len()])
                        .with("customer_id", ids[rows].to_vec())
                };
                let request = Request::default().by(["region"]).metrics(["adoption_rate"]).unique("customer_id");
                let mut engine = Engine::new(&request, &part(0..1).names()).unwrap();
                for rows in [0..first, first..rows] {
                    let table = part(rows);
                    engine.add(&[table], &mut || true).unwrap();
                }
                engine.unite().unwrap();
                engine.settle(&mut || true).unwrap();
                let Some(Error::DuplicateCustomer { rows, group, count, .. }) = engine.duplicate() else {
                    unreachable!()
                };
                assert_eq!((rows, group.as_str(), count), ((one as u64, other as u64), "3", 1));
            }
        }
    }
}
