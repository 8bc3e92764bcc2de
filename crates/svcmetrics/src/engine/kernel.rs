//! Rows -> measures -> totals: what counted rows add, summed by group.

use super::accumulator::NoTotals;
use super::columns::{Data, Table};
use super::fused::{Fused, Seen};
use super::groups::Groups;
use super::identities::Identities;
use super::judge::{Status, addend};
use super::key_column::KeyColumn;
use super::plan::Slot;
use super::reused::Reused;
use super::rows::{Rows, required, row_parts};
use super::scores::{ScoreColumns, ScoreRows};
use super::sums::Sums;
use crate::distributions::Distribution;
use crate::error::{Error, Result};
use crate::mask::ROWS;
use crate::money::{MICROS, divide_half_even};
use crate::request::Request;
use crate::spread::Spread;
use crate::totals::Totals;
use std::ops::Range;

/// Rows that the plain pass reads, judges and sums together; their columns stay in the cache.
pub(crate) const BLOCK: usize = 1024;

/// Rows whose groups are found together: few enough that a caller who wants to stop is heard soon, and that threads which share a
/// part's rows end with it at about the same time.
pub(crate) const STRETCH: usize = if cfg!(test) { 2 } else { 4 } * BLOCK;

/// What is shown a block of rows once it is judged, with their groups.
pub(crate) type See<'a> = &'a mut dyn FnMut(&Rows, &[u32]);

/// What is read of a part.
pub(crate) struct Part<'t, 'a> {
    pub(super) rows: usize,
    /// Rows of the parts before it.
    pub(super) before: u64,
    /// In the order of the plan; none for computed ones.
    pub(super) columns: Vec<Option<&'t Data<'a>>>,
    pub(super) keys: Vec<&'t Data<'a>>,
    pub(super) identity: Option<&'t Data<'a>>,
}

impl Part<'_, '_> {
    pub(super) fn stretches(&self) -> impl Iterator<Item = Range<usize>> + use<> {
        let rows = self.rows;
        (0..rows).step_by(STRETCH).map(move |start| start..rows.min(start + STRETCH))
    }
}

/// How many stretches are taken together, and where the health of their rows goes, if that is asked for.
pub(super) type Turn<'a> = (usize, Option<&'a mut ScoreRows>);

/// Each stretch of the parts by itself.
pub(super) fn turns(parts: &[Part<'_, '_>]) -> Vec<Turn<'static>> {
    parts.iter().flat_map(Part::stretches).map(|_| (1, None)).collect()
}

/// Sums rows into exact totals by group.
#[derive(Debug, Clone)]
pub(crate) struct Engine {
    pub(crate) rows: Rows,
    pub(crate) groups: Groups,
    pub(crate) identities: Option<Identities>,
    /// What adding rows ended with: they are in part there, so that there is nothing to go on from.
    pub(crate) failed: Option<Error>,
    /// The groups as the check for duplicates knows them, once several threads share the rows: it sees them all.
    #[cfg(feature = "rayon")]
    pub(super) identified: Option<Groups>,
    /// What other threads have summed.
    #[cfg(feature = "rayon")]
    pub(super) others: Vec<Engine>,
    /// Whether there are no more of them: more is asked of rows than their sums, or there are nearly too many groups.
    #[cfg(feature = "rayon")]
    pub(super) alone: bool,
    pub(super) sums: Sums,
    /// Each row's health, where that is asked for.
    pub(crate) scores: Option<Box<ScoreColumns>>,
    /// Whether nothing but that is.
    pub(super) scores_alone: bool,
    /// Nothing where more is asked of rows than their sums.
    pub(super) fused: Option<Reused<Fused>>,
    /// By measure of the plan's, those of the groups.
    pub(crate) distributions: Vec<Vec<Distribution>>,
    pub(crate) spread: Spread,
    /// By scope, the largest distance between a value and what it was rounded to.
    pub(crate) largest_rounding: Vec<f64>,
}

impl Engine {
    pub(crate) fn new(request: &Request, names: &[String]) -> Result<Self> {
        let rows = Rows::new(request, names)?;
        let plan = &rows.plan;
        let mut groups = Groups::new(request);
        let mut identities = plan
            .identity
            .as_deref()
            .map(|column| Identities::new(column, request.subject.singular(), request.keep, request.nan_is_missing));
        if request.check {
            groups.columns.iter_mut().for_each(KeyColumn::check);
            identities.iter_mut().for_each(Identities::check);
        }
        // without keys there is one group, of no rows at first
        let first = groups.len();
        let sums = Sums::new(plan, first);
        let mut spread = Spread::of(plan.spread.iter().map(|(id, _)| id.clone()).collect());
        spread.resize(first)?;
        let sums_alone = !request.check && plan.distributed.is_empty() && plan.spread.is_empty();
        Ok(Self {
            fused: if sums_alone { Fused::new(plan, rows.absent_revenue, &sums).map(Reused::new) } else { None },
            sums,
            distributions: vec![vec![Distribution::new(); first]; plan.distributed.len()],
            spread,
            #[cfg(feature = "rayon")]
            others: Vec::new(),
            #[cfg(feature = "rayon")]
            alone: !sums_alone,
            #[cfg(feature = "rayon")]
            identified: None,
            identities,
            failed: None,
            scores: None,
            scores_alone: false,
            largest_rounding: vec![0.0; plan.scopes.len()],
            groups,
            rows,
        })
    }

    /// From now on keeps the health of each row, and sums the rows up only if that is asked for, too. Whether there is a health of
    /// customers.
    pub(crate) fn score(&mut self, with_points: bool, with_sums: bool) -> bool {
        self.scores = ScoreColumns::new(&self.rows.plan, with_points).map(Box::new);
        self.scores_alone = !with_sums;
        self.scores.is_some()
    }

    /// Adds the rows of parts, which threads share as if they were one; `go_on` is asked between blocks.
    pub(crate) fn add(&mut self, tables: &[Table<'_>], go_on: &mut dyn FnMut() -> bool) -> Result<()> {
        self.add_seen(tables, go_on, None)
    }

    /// As [`Engine::add`]; `see` is shown each block once it is judged, with the groups of its rows.
    pub(crate) fn add_seen(
        &mut self,
        tables: &[Table<'_>],
        go_on: &mut dyn FnMut() -> bool,
        see: Option<See<'_>>,
    ) -> Result<()> {
        if self.failed.is_none() {
            self.failed = self.add_all(tables, go_on, see).err();
        }
        self.failed.clone().map_or(Ok(()), Err)
    }

    fn add_all(&mut self, tables: &[Table<'_>], go_on: &mut dyn FnMut() -> bool, see: Option<See<'_>>) -> Result<()> {
        let (mut parts, mut refused) = (Vec::with_capacity(tables.len()), Ok(()));
        for table in tables {
            match self.part(table, go_on) {
                Ok(part) => parts.push(part),
                Err(error) => {
                    refused = Err(error);
                    break;
                }
            }
        }
        let rows = parts.iter().map(|part| part.rows).sum();
        self.identities.iter_mut().for_each(|identities| identities.reserve(rows));
        // what is wrong with rows comes before what is wrong with a part after them
        let before = self.rows.before;
        self.add_parts(&parts, go_on, see)?;
        self.rows.before = before;
        refused
    }

    /// What is read of a part, which comes after all those before.
    pub(super) fn part<'t, 'a>(
        &mut self,
        table: &'t Table<'a>,
        go_on: &mut dyn FnMut() -> bool,
    ) -> Result<Part<'t, 'a>> {
        let columns = self.rows.part(table, go_on)?;
        let keys = self.rows.plan.by.iter().map(|key| required(table, key)).collect::<Result<Vec<_>>>()?;
        if !go_on() {
            return Err(Error::Interrupted);
        }
        let identity = match &self.identities {
            Some(identities) => Some(required(table, identities.name())?),
            None => None,
        };
        let before = self.rows.before;
        // so that the keys' types are known, to all threads, be there rows or not
        self.groups.assign(&keys, 0..0, before)?;
        self.rows.before += table.rows() as u64;
        Ok(Part { rows: table.rows(), before, columns, keys, identity })
    }

    fn add_parts(
        &mut self,
        parts: &[Part<'_, '_>],
        go_on: &mut dyn FnMut() -> bool,
        see: Option<See<'_>>,
    ) -> Result<()> {
        #[cfg(feature = "rayon")]
        let alone = see.is_some() || self.alone;
        #[cfg(not(feature = "rayon"))]
        let alone = true;
        let threads = if alone { 1 } else { super::threads(parts.iter().map(|part| part.rows).sum()) };
        let mut scores = self.scores.take();
        let turns = scores.as_mut().map_or_else(|| turns(parts), |scores| scores.turns(parts, threads));
        let added = self.add_turns(threads, parts, turns, go_on, see);
        self.scores = scores;
        added
    }

    #[cfg_attr(not(feature = "rayon"), allow(unused_variables))]
    fn add_turns(
        &mut self,
        threads: usize,
        parts: &[Part<'_, '_>],
        turns: Vec<Turn<'_>>,
        go_on: &mut dyn FnMut() -> bool,
        mut see: Option<See<'_>>,
    ) -> Result<()> {
        #[cfg(feature = "rayon")]
        if threads > 1 {
            return self.add_together(threads, parts, turns, go_on);
        }
        let mut stretches = parts.iter().flat_map(|part| part.stretches().map(move |rows| (part, rows)));
        for (count, mut scores) in turns {
            for (part, rows) in stretches.by_ref().take(count) {
                self.stretch(part, rows, scores.as_deref_mut(), go_on, &mut see)?;
            }
        }
        Ok(())
    }

    /// Looks for those who stand in a group twice, once all rows are there.
    pub(crate) fn settle(&mut self, go_on: &mut dyn FnMut() -> bool) -> Result<()> {
        self.identities.as_mut().map_or(Ok(()), |identities| identities.settle(go_on))
    }

    /// Who stands in a group twice, if anybody does.
    pub(crate) fn duplicate(&self) -> Option<Error> {
        #[cfg(feature = "rayon")]
        let groups = self.identified.as_ref().unwrap_or(&self.groups);
        #[cfg(not(feature = "rayon"))]
        let groups = &self.groups;
        self.identities.as_ref()?.error(groups)
    }

    /// Adds some rows, block by block.
    pub(super) fn stretch(
        &mut self,
        part: &Part<'_, '_>,
        rows: Range<usize>,
        mut scores: Option<&mut ScoreRows>,
        go_on: &mut dyn FnMut() -> bool,
        see: &mut Option<See<'_>>,
    ) -> Result<()> {
        let Part { before, columns, keys, .. } = part;
        let before = *before;
        self.rows.before = before;
        let groups = self.groups.assign(keys, rows.clone(), before)?;
        self.resize()?;
        if let (Some(identities), Some(data)) = (&mut self.identities, part.identity) {
            #[cfg(feature = "rayon")]
            let known = self.identified.as_mut().map(|known| known.assign(keys, rows.clone(), before)).transpose()?;
            #[cfg(not(feature = "rayon"))]
            let known: Option<Vec<u32>> = None;
            identities.add(data, rows.clone(), known.as_ref().unwrap_or(&groups), before)?;
        }
        for (block, groups) in rows.step_by(BLOCK).zip(groups.chunks(BLOCK)) {
            if !go_on() {
                return Err(Error::Interrupted);
            }
            if let Some(see) = see {
                self.plain(columns, block..block + groups.len(), groups)?;
                see(&self.rows, groups);
            } else {
                self.block(columns, block, groups, scores.as_deref_mut())?;
            }
        }
        Ok(())
    }

    /// Room for the groups that there are.
    pub(super) fn resize(&mut self) -> Result<()> {
        let groups = self.groups.len();
        self.sums.resize(groups)?;
        for distributions in &mut self.distributions {
            let more = groups.saturating_sub(distributions.len());
            distributions.try_reserve(more).map_err(|_| Error::OutOfMemory { groups: groups as u64 })?;
            distributions.resize(groups, Distribution::new());
        }
        self.spread.resize(groups)
    }

    fn block(
        &mut self,
        part: &[Option<&Data<'_>>],
        first: usize,
        groups: &[u32],
        mut scores: Option<&mut ScoreRows>,
    ) -> Result<()> {
        let at_once = if self.fused.is_some() { ROWS } else { BLOCK };
        for (start, groups) in (first..).step_by(at_once).zip(groups.chunks(at_once)) {
            let rows = start..start + groups.len();
            let Rows { plan, absent, before, .. } = &mut self.rows;
            let sums = if self.scores_alone { None } else { Some(&mut self.sums) };
            let mut seen = Seen {
                absent,
                largest_rounding: &mut self.largest_rounding,
                scores: scores.as_deref_mut(),
                before: *before,
            };
            let done = match &mut self.fused {
                Some(fused) => fused.own().block(plan, part, &rows, groups, sums, &mut seen)?,
                None => false,
            };
            if !done {
                self.plain(part, rows, groups)?;
                if let Some(scores) = &mut scores {
                    scores.put_each(&self.rows);
                }
            }
        }
        Ok(())
    }

    /// Rows of which some may be as they should not: each is judged by itself, and what is wrong with it is told.
    fn plain(&mut self, part: &[Option<&Data<'_>>], rows: Range<usize>, groups: &[u32]) -> Result<()> {
        self.rows.block(part, rows.clone());
        if !self.groups.columns.is_empty() {
            let first = self.rows.before + rows.start as u64;
            let end = first + groups.len() as u64;
            // positions within a block are below 2^16
            let group = |row: u64| self.groups.text(groups[usize::try_from(row - first).unwrap_or_default()]);
            self.rows.offences.name_groups(&(first..end), group);
        }
        if self.scores_alone { Ok(()) } else { self.sum(groups) }
    }

    fn sum(&mut self, groups: &[u32]) -> Result<()> {
        let Rows { plan, statuses, cells, .. } = &self.rows;
        let sums = &mut self.sums;
        // counts of rows stay far below 128 bits
        for group in groups {
            sums.row(*group)?;
        }
        for (position, scope) in plan.scopes.iter().enumerate() {
            for (group, status) in groups.iter().zip(&statuses[position]) {
                sums.standing(*group, position, *status)?;
            }
            let mut slots: Vec<Slot> = scope.among_slots.iter().chain(&scope.reads).copied().collect();
            slots.sort_unstable();
            slots.dedup();
            for (row, off) in slots.iter().flat_map(|slot| &cells[*slot].off) {
                if statuses[position][*row] == Status::Counted {
                    sums.rounded(groups[*row], position);
                    self.largest_rounding[position] = self.largest_rounding[position].max(*off);
                }
            }
        }
        for (position, sum) in plan.summed().iter().enumerate() {
            for (row, (group, status)) in groups.iter().zip(&statuses[sum.scope]).enumerate() {
                if *status == Status::Counted {
                    let value = addend(sum, cells, row);
                    #[cfg(feature = "test-faults")]
                    let value = super::faults::mean_of_rates(plan, position, cells, row).unwrap_or(value);
                    if !sums.measure(*group, position, value)? {
                        return Err(Error::Overflow {
                            measure: plan.definitions.measures[position].id.to_string(),
                            group: self.groups.text(*group),
                            limit: "128 bits",
                        });
                    }
                }
            }
        }
        for (position, distributions) in plan.distributed.iter().zip(&mut self.distributions) {
            let sum = &plan.sums[*position];
            for (row, (group, status)) in groups.iter().zip(&statuses[sum.scope]).enumerate() {
                if *status == Status::Counted {
                    let value = addend(sum, cells, row);
                    let whole = if sum.micro { divide_half_even(value, MICROS.into()) } else { value };
                    *distributions[*group as usize].entry(whole).or_default() += 1;
                }
            }
        }
        for (position, (_, metric)) in plan.spread.iter().enumerate() {
            let parts = row_parts(metric, plan, statuses, cells, groups.len());
            for (group, (y, x)) in groups.iter().zip(parts).filter_map(|(group, part)| Some((group, part?))) {
                self.spread.group_mut(*group as usize)[position].add_row(y, x);
            }
        }
        Ok(())
    }

    /// The lanes of all groups, in the order that is asked for.
    pub(crate) fn totals(&self, order: &[u32]) -> Result<Totals> {
        let plan = &self.rows.plan;
        self.sums.totals(plan, order).map_err(|problem| match problem {
            NoTotals::Memory => Error::OutOfMemory { groups: order.len() as u64 },
            NoTotals::Overflow { group, lane } => Error::Overflow {
                measure: plan.definitions.lane_names()[lane].clone(),
                group: self.groups.text(group),
                limit: "128 bits",
            },
        })
    }
}
