//! Where the sums of a group stand while rows come in: what most rows add to apart from what few do, and nothing that follows
//! from the rest.

use super::accumulator::{Accumulator, NoTotals};
use super::judge::Status;
use super::plan::Plan;
use crate::definitions::Definitions;
use crate::error::Result;
use crate::totals::Totals;
use foldhash::{HashMap, HashMapExt as _};
use std::sync::Arc;

/// The lane of the rows.
pub(super) const ROWS_LANE: usize = 0;

/// Counts that are 0 in nearly all rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Rare {
    Invalid,
    Rounded,
}

/// Sums of groups while rows come in.
#[derive(Debug, Clone)]
pub(super) struct Sums {
    /// Rows; measures, and counted rows of scopes that are about some rows only; missing rows of scopes.
    pub(super) often: Accumulator,
    /// By group and scope.
    rarely: HashMap<(u32, usize, Rare), i128>,
    /// By scope.
    pub(super) counted: Arc<[Option<usize>]>,
    /// By measure; nothing for one that counts its scope's rows.
    pub(super) measures: Arc<[Option<usize>]>,
    /// By scope.
    pub(super) missing: Arc<[usize]>,
    /// By lane, its place among the definitions' lanes.
    places: Arc<[usize]>,
}

impl Sums {
    pub(super) fn new(plan: &Plan, groups: usize) -> Self {
        // the rows
        let (mut small, mut places) = (vec![true], vec![ROWS_LANE]);
        let mut lane = |is_small: bool, place: usize| {
            small.push(is_small);
            places.push(place);
            places.len() - 1
        };
        let (mut counted, mut measures) = (vec![None; plan.scopes.len()], vec![None; plan.summed().len()]);
        // small ones first, and of these and the others first those that all rows add to: side by side, what some of a kind add is
        // laid out together
        for (is_small, is_of_all) in [(true, true), (true, false), (false, true), (false, false)] {
            for (at, sum) in plan.summed().iter().enumerate().filter(|(_, sum)| !sum.counts_rows()) {
                if (plan.is_count(sum), plan.is_of_own(sum)) == (is_small, is_of_all) {
                    measures[at] = Some(lane(is_small, plan.definitions.measure_lane(at)));
                }
            }
            if (is_small, is_of_all) == (true, false) {
                for (at, _) in plan.scopes.iter().enumerate().filter(|(_, scope)| scope.among.is_some()) {
                    counted[at] = Some(lane(true, Definitions::scope_lane(at)));
                }
            }
        }
        let missing = (0..plan.scopes.len()).map(|scope| lane(true, Definitions::scope_lanes(scope)[1])).collect();
        let often = Accumulator::new(&small, groups);
        Self {
            often,
            rarely: HashMap::new(),
            counted: counted.into(),
            measures: measures.into(),
            missing,
            places: places.into(),
        }
    }

    pub(super) fn resize(&mut self, groups: usize) -> Result<()> {
        self.often.resize(groups)
    }

    fn rare(&mut self, group: u32, scope: usize, rare: Rare) {
        // one for a row
        *self.rarely.entry((group, scope, rare)).or_default() += 1;
    }

    pub(super) fn row(&mut self, group: u32) -> Result<bool> {
        self.often.add(group, ROWS_LANE, 1)
    }

    pub(super) fn standing(&mut self, group: u32, scope: usize, status: Status) -> Result<bool> {
        match (status, self.counted[scope]) {
            (Status::Counted, Some(lane)) => self.often.add(group, lane, 1),
            (Status::Missing, _) => self.often.add(group, self.missing[scope], 1),
            (Status::Invalid, _) => {
                self.rare(group, scope, Rare::Invalid);
                Ok(true)
            }
            // these follow from the others
            (Status::Counted | Status::Outside, _) => Ok(true),
        }
    }

    pub(super) fn rounded(&mut self, group: u32, scope: usize) {
        self.rare(group, scope, Rare::Rounded);
    }

    pub(super) fn measure(&mut self, group: u32, measure: usize, value: i128) -> Result<bool> {
        match self.measures[measure] {
            #[cfg(feature = "test-faults")]
            Some(lane) if super::faults::planted("float_sums") => {
                let total = self.often.total(group as usize, lane).unwrap_or_default();
                self.often.add(group, lane, super::faults::float_sum(total, value) - total)
            }
            Some(lane) => self.often.add(group, lane, value),
            None => Ok(true),
        }
    }

    /// The totals of these groups, in the order of the definitions' lanes.
    pub(super) fn totals(&self, plan: &Plan, groups: &[u32]) -> Result<Totals, NoTotals> {
        let definitions = &plan.definitions;
        let mut totals = Totals::zeros(definitions.width(), groups.len());
        self.often.totals(groups, &self.places, &mut totals)?;
        if !self.rarely.is_empty() {
            let order: HashMap<u32, usize> = groups.iter().enumerate().map(|(place, group)| (*group, place)).collect();
            for ((group, scope, rare), count) in &self.rarely {
                let [_, _, invalid, _, rounded] = Definitions::scope_lanes(*scope);
                let lane = if *rare == Rare::Invalid { invalid } else { rounded };
                if let Some(place) = order.get(group) {
                    totals.set(*place, lane, *count);
                }
            }
        }
        for (scope, lane) in self.counted.iter().enumerate() {
            let [counted, missing, invalid, outside, _] = Definitions::scope_lanes(scope);
            if lane.is_none() {
                totals.derive(counted, 0, &[missing, invalid]);
            } else {
                totals.derive(outside, 0, &[counted, missing, invalid]);
            }
        }
        for (measure, lane) in self.measures.iter().enumerate() {
            if lane.is_none() {
                totals.derive(
                    definitions.measure_lane(measure),
                    Definitions::scope_lane(plan.sums[measure].scope),
                    &[],
                );
            }
        }
        Ok(totals)
    }
}

#[cfg(feature = "rayon")]
impl Sums {
    /// Adds another's sums; by group of the other's, `groups` says which of these it is. The group whose sums do not fit, if
    /// there is one.
    pub(super) fn take_over(&mut self, other: &Self, groups: &[u32]) -> Result<Option<u32>> {
        for ((group, scope, rare), count) in &other.rarely {
            *self.rarely.entry((groups[*group as usize], *scope, *rare)).or_default() += count;
        }
        self.often.take_over(&other.often, groups)
    }
}
