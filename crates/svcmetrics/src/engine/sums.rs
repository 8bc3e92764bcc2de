//! Where the sums of a group stand while rows come in: what most rows add to apart from what few do, and nothing that follows
//! from the rest.

use super::accumulator::{Accumulator, NoTotals};
use super::judge::Status;
use super::plan::Plan;
use crate::definitions::Definitions;
use crate::error::Result;
use crate::totals::Totals;

/// The lane of the rows.
pub(super) const ROWS_LANE: usize = 0;

/// Counts that are 0 in most rows.
const RARE: usize = 3;

/// One of them.
#[derive(Debug, Clone, Copy)]
pub(super) enum Rare {
    Missing,
    Invalid,
    Rounded,
}

/// Sums of groups while rows come in.
#[derive(Debug, Clone)]
pub(super) struct Sums {
    /// Rows; counted rows of scopes that are about some rows only; measures.
    pub(super) often: Accumulator,
    /// Rows that are missing or invalid, and rounded values, by scope.
    pub(super) rarely: Accumulator,
    /// By scope.
    pub(super) counted: Vec<Option<usize>>,
    /// By measure; nothing for one that counts its scope's rows.
    pub(super) measures: Vec<Option<usize>>,
}

impl Sums {
    pub(super) fn new(plan: &Plan, groups: usize) -> Self {
        // the rows
        let mut small = vec![true];
        let mut lane = |is_small: bool| {
            small.push(is_small);
            small.len() - 1
        };
        let counted = plan.scopes.iter().map(|scope| scope.among.is_some().then(|| lane(true))).collect();
        let measures = plan.sums.iter().map(|sum| (!sum.counts_rows()).then(|| lane(plan.is_count(sum)))).collect();
        Self {
            often: Accumulator::new(&small, groups),
            rarely: Accumulator::new(&vec![true; RARE * plan.scopes.len()], groups),
            counted,
            measures,
        }
    }

    pub(super) fn resize(&mut self, groups: usize) -> Result<()> {
        self.often.resize(groups)?;
        self.rarely.resize(groups)
    }

    pub(super) fn rare_lane(scope: usize, rare: Rare) -> usize {
        RARE * scope + rare as usize
    }

    pub(super) fn row(&mut self, group: u32) -> Result<bool> {
        self.often.add(group, ROWS_LANE, 1)
    }

    pub(super) fn standing(&mut self, group: u32, scope: usize, status: Status) -> Result<bool> {
        match (status, self.counted[scope]) {
            (Status::Counted, Some(lane)) => self.often.add(group, lane, 1),
            (Status::Missing, _) => self.rarely.add(group, Self::rare_lane(scope, Rare::Missing), 1),
            (Status::Invalid, _) => self.rarely.add(group, Self::rare_lane(scope, Rare::Invalid), 1),
            // these follow from the others
            (Status::Counted | Status::Outside, _) => Ok(true),
        }
    }

    pub(super) fn rounded(&mut self, group: u32, scope: usize) -> Result<bool> {
        self.rarely.add(group, Self::rare_lane(scope, Rare::Rounded), 1)
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
        // Lanes of an accumulator were made in the order of the definitions.
        let mut often = vec![ROWS_LANE];
        often.extend(
            (0..)
                .zip(&self.counted)
                .filter(|(_, lane)| lane.is_some())
                .map(|(scope, _)| Definitions::scope_lane(scope)),
        );
        often.extend(
            (0..)
                .zip(&self.measures)
                .filter(|(_, lane)| lane.is_some())
                .map(|(measure, _)| definitions.measure_lane(measure)),
        );
        let rare = |scope: usize| {
            let [_, missing, invalid, _, rounded] = Definitions::scope_lanes(scope);
            [missing, invalid, rounded]
        };
        let rarely: Vec<usize> = (0..plan.scopes.len()).flat_map(rare).collect();
        let mut totals = Totals::zeros(definitions.width(), groups.len());
        totals.place(self.often.totals(groups).map_err(|problem| problem.at(&often))?, &often);
        totals.place(self.rarely.totals(groups).map_err(|problem| problem.at(&rarely))?, &rarely);
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
    /// Adds another's sums of some group to one of these; whether they fit.
    pub(super) fn merge(&mut self, group: u32, other: &Self, theirs: usize) -> Result<bool> {
        Ok(self.often.merge(group, &other.often, theirs)? && self.rarely.merge(group, &other.rarely, theirs)?)
    }

    /// Makes room for another's sums, all of which are about to be added.
    pub(super) fn spend(&mut self, other: &Self) -> Result<()> {
        self.often.spend(&other.often)?;
        self.rarely.spend(&other.rarely)
    }
}
