//! What rows add to the lanes of the sums, made ready once.

use super::Addend;
use super::linear::Linear;
use crate::engine::plan::Slot;

/// What rows add to a lane.
#[derive(Debug, Clone)]
pub(super) struct Added {
    pub(super) addend: Addend,
    /// Which rows, by position among those that add.
    pub(super) rows: usize,
}

/// Rows that add to lanes: all, or those that a scope counts; where there is a question, of those the ones that say yes.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Adding {
    pub(super) scope: Option<usize>,
    pub(super) only: Option<usize>,
}

/// A column that measures sum as it stands.
#[derive(Debug, Clone)]
pub(super) struct Summed {
    pub(super) slot: Slot,
    /// The lanes of its sums that share a place as long as its values are small.
    pub(super) sharing: Vec<usize>,
}

/// Gathers what rows add to lanes.
#[derive(Default)]
pub(super) struct Lanes {
    pub(super) added: Vec<Added>,
    pub(super) adding: Vec<Adding>,
    pub(super) summed: Vec<Summed>,
    pub(super) linears: Vec<Linear>,
}

impl Lanes {
    pub(super) fn add(&mut self, addend: Addend, adding: Adding) {
        let rows = self.adding.iter().position(|known| *known == adding).unwrap_or_else(|| {
            self.adding.push(adding);
            self.adding.len() - 1
        });
        self.added.push(Added { addend, rows });
    }

    /// What the lane of a measure sums.
    pub(super) fn sum(&mut self, addend: &Addend, lane: usize, is_sharing: bool) {
        let sharing = is_sharing.then_some(lane);
        match addend {
            Addend::One => {}
            Addend::Column(slot) => match self.summed.iter_mut().find(|summed| summed.slot == *slot) {
                Some(summed) => summed.sharing.extend(sharing),
                None => self.summed.push(Summed { slot: *slot, sharing: sharing.into_iter().collect() }),
            },
            Addend::Linear(linear) => {
                if !self.linears.contains(linear) {
                    self.linears.push(linear.clone());
                }
            }
        }
    }
}
