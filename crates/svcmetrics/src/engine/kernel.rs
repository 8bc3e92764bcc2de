//! Rows -> measures -> totals: what counted rows add, summed by group.

use super::columns::Table;
use super::groups::{Groups, KeyColumn};
use super::identities::Identities;
use super::judge::{Status, addend};
use super::plan::Slot;
use super::rows::{Rows, required, row_parts};
use crate::definitions::{COUNTS, Definitions};
use crate::distributions::Distribution;
use crate::error::{Error, Result};
use crate::key::group_text;
use crate::money::{MICROS, divide_half_even};
use crate::request::Request;
use crate::spread::Spread;

/// Rows that are read, judged and summed together; their columns stay in the cache.
pub(crate) const BLOCK: usize = 1024;

/// Rows whose groups are found together: few enough that a caller who wants to stop is heard soon.
pub(crate) const STRETCH: usize = 64 * BLOCK;

/// Sums rows into exact totals by group.
#[derive(Debug, Clone)]
pub(crate) struct Engine {
    pub(crate) rows: Rows,
    pub(crate) groups: Groups,
    pub(crate) identities: Option<Identities>,
    /// Row-major: a group's lanes stand together.
    pub(crate) totals: Vec<i128>,
    /// By measure of the plan's, those of the groups.
    pub(crate) distributions: Vec<Vec<Distribution>>,
    pub(crate) spread: Spread,
    /// By scope, the largest distance between a value and what it was rounded to.
    pub(crate) largest_rounding: Vec<f64>,
}

impl Engine {
    pub(crate) fn new(request: &Request, names: &[String]) -> Result<Self> {
        let rows = Rows::new(request, names)?;
        let definitions = &rows.plan.definitions;
        let mut groups = Groups::new(request);
        let mut identities =
            rows.plan.identity.as_deref().map(|column| {
                Identities::new(column, request.subject.singular(), request.keep, request.nan_is_missing)
            });
        if request.check {
            groups.columns.iter_mut().for_each(KeyColumn::check);
            identities.iter_mut().for_each(Identities::check);
        }
        // without keys there is one group, of no rows at first
        let first = usize::from(rows.plan.by.is_empty());
        let mut spread = Spread::of(rows.plan.spread.iter().map(|(id, _)| id.clone()).collect());
        spread.resize(first)?;
        Ok(Self {
            groups,
            identities,
            totals: vec![0; first * definitions.width()],
            distributions: vec![vec![Distribution::new(); first]; rows.plan.distributed.len()],
            spread,
            largest_rounding: vec![0.0; definitions.scopes.len()],
            rows,
        })
    }

    /// Adds a part's rows; `go_on` is asked between blocks.
    pub(crate) fn add(&mut self, table: &Table<'_>, go_on: &mut dyn FnMut() -> bool) -> Result<()> {
        self.add_seen(table, go_on, &mut |_, _| ())
    }

    /// As [`Engine::add`]; `see` is shown each block once it is judged, with the groups of its rows.
    pub(crate) fn add_seen(
        &mut self,
        table: &Table<'_>,
        go_on: &mut dyn FnMut() -> bool,
        see: &mut dyn FnMut(&Rows, &[u32]),
    ) -> Result<()> {
        let part = self.rows.part(table, go_on)?;
        let keys = self.rows.plan.by.iter().map(|key| required(table, key)).collect::<Result<Vec<_>>>()?;
        let before = self.rows.before;
        if !go_on() {
            return Err(Error::Interrupted);
        }
        let identity = match &self.identities {
            Some(identities) => Some(required(table, identities.name())?),
            None => None,
        };
        for start in (0..table.rows()).step_by(STRETCH) {
            let stretch = start..table.rows().min(start + STRETCH);
            let groups = self.groups.assign(&keys, stretch.clone(), before)?;
            let lanes = self.groups.len() * self.rows.plan.definitions.width();
            let out_of_memory = |_| Error::OutOfMemory { groups: self.groups.len() as u64 };
            self.totals.try_reserve(lanes.saturating_sub(self.totals.len())).map_err(out_of_memory)?;
            self.totals.resize(lanes, 0);
            for distributions in &mut self.distributions {
                distributions.try_reserve(self.groups.len() - distributions.len()).map_err(out_of_memory)?;
                distributions.resize(self.groups.len(), Distribution::new());
            }
            self.spread.resize(self.groups.len())?;
            if let (Some(identities), Some(data)) = (&mut self.identities, identity) {
                identities.add(data, stretch.clone(), &groups, before)?;
            }
            for (block, groups) in stretch.step_by(BLOCK).zip(groups.chunks(BLOCK)) {
                if !go_on() {
                    return Err(Error::Interrupted);
                }
                self.rows.block(&part, block..block + groups.len());
                if !self.groups.columns.is_empty() {
                    let first = before + block as u64;
                    let end = first + groups.len() as u64;
                    // positions within a block are below 2^16
                    let group = |row: u64| {
                        group_text(&self.groups.keys(groups[usize::try_from(row - first).unwrap_or_default()]))
                    };
                    self.rows.offences.name_groups(&(first..end), group);
                }
                self.sum(groups)?;
                see(&self.rows, groups);
            }
        }
        if table.rows() == 0 {
            // so that the keys' types are known all the same
            self.groups.assign(&keys, 0..0, before)?;
        }
        self.rows.before += table.rows() as u64;
        Ok(())
    }

    fn sum(&mut self, groups: &[u32]) -> Result<()> {
        let Rows { plan, statuses, cells, .. } = &self.rows;
        let width = plan.definitions.width();
        for group in groups {
            self.totals[*group as usize * width] += 1;
        }
        for (position, scope) in plan.scopes.iter().enumerate() {
            let lane = Definitions::scope_lane(position);
            for (group, status) in groups.iter().zip(&statuses[position]) {
                self.totals[*group as usize * width + lane + *status as usize] += 1;
            }
            let mut slots: Vec<Slot> = scope.among_slots.iter().chain(&scope.reads).copied().collect();
            slots.sort_unstable();
            slots.dedup();
            for (row, off) in slots.iter().flat_map(|slot| &cells[*slot].off) {
                if statuses[position][*row] == Status::Counted {
                    self.totals[groups[*row] as usize * width + lane + COUNTS.len() - 1] += 1;
                    self.largest_rounding[position] = self.largest_rounding[position].max(*off);
                }
            }
        }
        for (position, sum) in plan.sums.iter().enumerate() {
            let lane = plan.definitions.measure_lane(position);
            for (row, (group, status)) in groups.iter().zip(&statuses[sum.scope]).enumerate() {
                if *status == Status::Counted {
                    let total = &mut self.totals[*group as usize * width + lane];
                    let value = addend(sum, cells, row);
                    #[cfg(feature = "test-faults")]
                    let value = super::faults::mean_of_rates(plan, position, cells, row).unwrap_or(value);
                    #[cfg(feature = "test-faults")]
                    if super::faults::planted("float_sums") {
                        *total = super::faults::float_sum(*total, value);
                        continue;
                    }
                    *total = total.checked_add(value).ok_or_else(|| Error::Overflow {
                        measure: plan.definitions.measures[position].id.to_string(),
                        group: group_text(&self.groups.keys(*group)),
                        limit: "128 bits",
                    })?;
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
}
