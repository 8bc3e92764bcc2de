//! Totals of groups while rows come in: 64-bit sums, spilled into 128-bit ones before they could overflow.

use crate::error::{Error, Result};

/// What may come together in 64 bits before it is spilled.
const ROOM: u64 = 1 << 62;

/// Sums of groups, row-major: a group's lanes stand together.
#[derive(Debug, Clone)]
pub(super) struct Accumulator {
    width: usize,
    near: Vec<i64>,
    /// No sum in `near` is above this.
    spent: u64,
    /// What was spilled; empty until then.
    far: Vec<i128>,
}

impl Accumulator {
    pub(super) fn new(width: usize, groups: usize) -> Self {
        Self { width, near: vec![0; width * groups], spent: 0, far: Vec::new() }
    }

    pub(super) fn width(&self) -> usize {
        self.width
    }

    /// Makes room for so many groups.
    pub(super) fn resize(&mut self, groups: usize) -> Result<()> {
        let lanes = groups * self.width;
        let out_of_memory = |_| Error::OutOfMemory { groups: groups as u64 };
        self.near.try_reserve(lanes.saturating_sub(self.near.len())).map_err(out_of_memory)?;
        self.near.resize(lanes, 0);
        if !self.far.is_empty() {
            self.widen(lanes)?;
        }
        Ok(())
    }

    fn widen(&mut self, lanes: usize) -> Result<()> {
        let groups = (lanes / self.width.max(1)) as u64;
        self.far.try_reserve(lanes.saturating_sub(self.far.len())).map_err(|_| Error::OutOfMemory { groups })?;
        self.far.resize(lanes, 0);
        Ok(())
    }

    /// The sums, after making sure that `most` can be added to any of them.
    pub(super) fn near(&mut self, most: u64) -> Result<&mut [i64]> {
        if self.spent.saturating_add(most) >= ROOM {
            self.spill()?;
        }
        self.spent += most;
        Ok(&mut self.near)
    }

    fn spill(&mut self) -> Result<()> {
        self.widen(self.near.len())?;
        for (far, near) in self.far.iter_mut().zip(&mut self.near) {
            *far += i128::from(std::mem::take(near));
        }
        self.spent = 0;
        Ok(())
    }

    /// Adds to one sum; whether it fits.
    pub(super) fn add(&mut self, group: u32, lane: usize, value: i128) -> Result<bool> {
        self.widen(self.near.len())?;
        let total = &mut self.far[group as usize * self.width + lane];
        Ok(total.checked_add(value).map(|sum| *total = sum).is_some())
    }

    /// A sum; nothing beyond 128 bits.
    pub(super) fn total(&self, group: usize, lane: usize) -> Option<i128> {
        let place = group * self.width + lane;
        let far = self.far.get(place).copied().unwrap_or_default();
        far.checked_add(i128::from(self.near[place]))
    }
}

#[cfg(feature = "rayon")]
impl Accumulator {
    /// Makes room for another's sums, all of which are about to be added.
    pub(super) fn spend(&mut self, other: &Self) -> Result<()> {
        self.near(other.spent).map(drop)
    }

    /// Adds all sums of another's group, for which room was made; whether they fit.
    pub(super) fn merge(&mut self, group: u32, other: &Self, theirs: usize) -> Result<bool> {
        let (own, theirs) = (group as usize * self.width, theirs * self.width);
        for (sum, more) in self.near[own..own + self.width].iter_mut().zip(&other.near[theirs..]) {
            *sum += more;
        }
        for (lane, more) in other.far.iter().skip(theirs).take(self.width).enumerate() {
            if *more != 0 && !self.add(group, lane, *more)? {
                return Ok(false);
            }
        }
        Ok(true)
    }
}
