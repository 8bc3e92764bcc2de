//! Movements by reason: what moved for each, and whether losses could have been avoided.

use super::cells::{Cell, Cells, Sum};
use super::grid::Grid;
use super::reasons::{Moved, can_break_down, moving, take, verdict};
use super::{Ledger, MovementOptions};
use crate::error::Result;
use crate::key::{Key, KeyType};
use crate::scorecard::{KeyColumn, RevenueChange};
use std::collections::BTreeMap;

/// What is known of whether losses with a reason could have been avoided.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Judged {
    /// Losses on which there is a verdict.
    pub(super) all: Sum<i128>,
    /// Those that could have been avoided.
    pub(super) avoidable: Sum<i128>,
    /// Customers whose loss has a reason and no verdict.
    pub(super) unknown: i64,
}

impl Judged {
    fn of(verdict: Option<bool>, moved: Sum<i128>) -> Self {
        let given = |is_there| if is_there { moved } else { Sum::default() };
        let unknown = if verdict.is_none() { moved.customers } else { 0 };
        Self { all: given(verdict.is_some()), avoidable: given(verdict == Some(true)), unknown }
    }

    fn merge(&mut self, other: Self) {
        self.all.merge(other.all);
        self.avoidable.merge(other.avoidable);
        self.unknown += other.unknown;
    }
}

/// What moved for one reason.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct ForReason {
    pub(super) cell: Cell<i128>,
    /// How many customers did.
    pub(super) customers: i64,
    pub(super) judged: Judged,
}

/// A movement's parts by reason.
pub(super) struct Explanation {
    pub(super) change: RevenueChange,
    /// The column of the reasons.
    pub(super) column: KeyColumn,
    /// Whether they come with verdicts.
    pub(super) is_judged: bool,
    /// Whether movements are told by them. Where a key says them already, only their verdicts are of use.
    pub(super) is_told: bool,
    /// By period and segment, in order of the reasons.
    by_cell: BTreeMap<(i32, u32), BTreeMap<Key, ForReason>>,
}

impl Explanation {
    /// `keys` gives a reason, with its verdict where there are verdicts.
    pub(super) fn new(
        change: RevenueChange,
        key_type: KeyType,
        is_judged: bool,
        moved: Moved,
        keys: impl Fn(u32) -> Vec<Key>,
    ) -> Self {
        let mut by_cell: BTreeMap<_, BTreeMap<Key, ForReason>> = BTreeMap::new();
        for ((period, segment, code), moved) in moved {
            let (keys, mut all) = (keys(code), Sum::default());
            let reason = keys.first().cloned().unwrap_or(Key::Null);
            let part = by_cell.entry((period, segment)).or_default().entry(reason).or_default();
            for movement in moving(change) {
                part.cell[*movement].merge(moved[*movement]);
                all.merge(moved[*movement]);
            }
            part.customers += all.customers;
            if is_judged {
                part.judged.merge(Judged::of(keys.get(1).and_then(verdict), all));
            }
        }
        Self { change, column: KeyColumn::new(change.column(), key_type), is_judged, is_told: true, by_cell }
    }

    pub(super) fn told(self, is_told: bool) -> Self {
        Self { is_told, ..self }
    }

    fn given(&self, segment: usize, period: usize) -> impl Iterator<Item = (&Key, &ForReason)> {
        // they are counted in 32 bits
        let place = i32::try_from(period).ok().zip(u32::try_from(segment).ok());
        place.and_then(|place| self.by_cell.get(&place)).into_iter().flatten()
    }

    /// The parts of a cell, in order; what has no reason is what is left of it, and always there.
    pub(super) fn parts(&self, cells: &Cells, segment: usize, period: usize) -> Vec<(Key, ForReason)> {
        let mut rest = ForReason {
            cell: *cells.at(segment, period),
            customers: cells.customers(segment),
            judged: Judged::default(),
        };
        let mut parts = Vec::new();
        for (reason, part) in self.given(segment, period) {
            for movement in moving(self.change) {
                let (sum, left) = (part.cell[*movement], &mut rest.cell[*movement]);
                left.amount -= sum.amount;
                left.customers -= sum.customers;
            }
            rest.customers -= part.customers;
            parts.push((reason.clone(), *part));
        }
        parts.push((Key::Null, rest));
        parts
    }

    /// What is known of all losses of a cell.
    pub(super) fn judged(&self, segment: usize, period: usize) -> Judged {
        let mut all = Judged::default();
        self.given(segment, period).for_each(|(_, part)| all.merge(part.judged));
        all
    }
}

impl Ledger {
    /// What moved for which reasons; nothing moved without periods.
    ///
    /// # Errors
    /// [`Error::Interrupted`](crate::Error::Interrupted).
    pub(super) fn explained(
        &self,
        grid: Option<&Grid>,
        options: &MovementOptions,
        go_on: &mut dyn FnMut() -> bool,
    ) -> Result<Vec<Explanation>> {
        let mut explanations = Vec::new();
        for reasons in &self.reasons {
            let is_told = can_break_down(reasons.change, &self.options, options);
            if !is_told && !reasons.are_judged() {
                continue;
            }
            let mut moved = Moved::default();
            if let Some(grid) = grid {
                take(&mut moved, grid, reasons.change, &self.chunks, &reasons.chunks, go_on)?;
            }
            let key_type = reasons.known.columns.first().map_or(KeyType::Null, |column| column.key_type.clone());
            let keys = |code: u32| reasons.known.keys[code as usize].clone();
            let explanation = Explanation::new(reasons.change, key_type, reasons.are_judged(), moved, keys);
            explanations.push(explanation.told(is_told));
        }
        Ok(explanations)
    }
}
