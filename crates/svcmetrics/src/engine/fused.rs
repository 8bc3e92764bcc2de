//! The fused pass: blocks of rows in which every value is missing or as it should be are read, judged and summed at once,
//! with a bit a row for each condition. A block with anything else in it is left to the plain pass, which says what.

#![allow(clippy::inline_always)] // so that it is compiled for the vector units of its caller

mod adding;
mod health;
mod lanes;
mod linear;
mod questions;

pub(super) use health::FusedHealth;

use super::accumulator::Place;
use super::block::BlockColumn;
use super::columns::Data;
use super::plan::{Plan, Slot};
use super::rows::Absent;
use super::scores::ScoreRows;
use super::sums::Sums;
use crate::error::Result;
use crate::mask::{Mask, PerRow, ROWS};
use crate::request::AbsentRevenue;
use lanes::{Added, Adding, Lanes, Summed};
use linear::Linear;
use multiversion::target::target_cfg_f;
use questions::{Answer, Question, Questions};
use std::iter;
use std::ops::Range;
use std::sync::Arc;

#[derive(Debug, Clone)]
struct FusedScope {
    among: Option<usize>,
    reads: Vec<Slot>,
    after_health: bool,
    rules: Vec<usize>,
    /// What only its sums are made of: 0, from some moment on, in rows that it does not count.
    own: Vec<Slot>,
    /// All that it reads, for the count of what was rounded.
    slots: Vec<Slot>,
}

#[derive(Debug, Clone)]
enum Addend {
    One,
    Column(Slot),
    Linear(Linear),
}

#[derive(Debug, Clone)]
struct FusedSum {
    scope: usize,
    only: Option<usize>,
    addend: Addend,
    /// Nothing where it counts its scope's rows, or is only asked of rows.
    lane: Option<usize>,
}

/// A plan made ready for blocks. What does not change is shared by all clones.
#[derive(Debug, Clone)]
pub(super) struct Fused {
    columns: Vec<BlockColumn>,
    asked: Arc<[Question]>,
    /// Which of them need health.
    late: Arc<[bool]>,
    answers: Vec<Answer>,
    scopes: Arc<[FusedScope]>,
    counted: Vec<Mask>,
    /// By measure.
    sums: Arc<[FusedSum]>,
    health: Option<Box<FusedHealth>>,
    revenues: Option<(Slot, Slot)>,
    absent_revenue: Option<AbsentRevenue>,
    /// By lane of the sums, what rows add to it.
    added: Arc<[Added]>,
    /// Each once, and which rows of the block those are.
    adding: Arc<[Adding]>,
    adding_rows: Vec<Mask>,
    /// Each once.
    summed: Arc<[Summed]>,
    linears: Arc<[Linear]>,
    /// What is made for the places of a line, once there are rows.
    made: Vec<PerRow<i64>>,
    /// Whether the body for processors without vector units is tried.
    #[cfg(test)]
    pub(super) is_plain: bool,
}

static ONES: PerRow<i32> = PerRow([1; ROWS]);

impl Fused {
    /// Nothing where the plan has what only the plain pass does.
    pub(super) fn new(plan: &Plan, absent_revenue: Option<AbsentRevenue>, sums: &Sums) -> Option<Self> {
        #[cfg(feature = "test-faults")]
        if super::faults::any_planted() {
            return None;
        }
        let mut columns: Vec<BlockColumn> =
            plan.columns.iter().map(|planned| BlockColumn::new(&planned.column)).collect();
        plan.numbers().for_each(|slot| columns[slot].be_number());
        let mut questions = Questions { plan, columns: &columns, conditions: Vec::new(), asked: Vec::new() };
        let mut scopes = Vec::new();
        for scope in &plan.scopes {
            let mut slots: Vec<Slot> = scope.among_slots.iter().chain(&scope.reads).copied().collect();
            slots.sort_unstable();
            slots.dedup();
            scopes.push(FusedScope {
                among: scope.among.as_ref().map(|among| questions.add(among)),
                reads: scope.reads.clone(),
                own: scope.own.clone(),
                after_health: scope.after_health,
                rules: scope.rules.iter().map(|(rule, _)| questions.add(rule)).collect(),
                slots,
            });
        }
        let mut fused = Vec::new();
        let lanes = sums.measures.iter().copied().chain(iter::repeat(None));
        for (sum, lane) in plan.sums.iter().zip(lanes) {
            let addend = Linear::new(&sum.sum, sum.micro, &columns);
            let addend = match (addend.terms.as_slice(), addend.constant) {
                ([], 1) => Addend::One,
                ([(1, slot)], 0) => Addend::Column(*slot),
                _ => Addend::Linear(addend),
            };
            fused.push(FusedSum {
                scope: sum.scope,
                only: sum.only.as_ref().map(|only| questions.add(only)),
                addend,
                lane,
            });
        }
        let health = match &plan.health {
            Some(health) => Some(Box::new(FusedHealth::new(plan, health)?)),
            None => None,
        };
        let mut lanes = Lanes::default();
        lanes.add(Addend::One, Adding { scope: None, only: None });
        // what is added to a lane stands where the lane does
        let counted = sums.counted.iter().enumerate().filter_map(|(scope, lane)| Some(((*lane)?, Ok(scope))));
        let measured = fused.iter().zip(&plan.sums).filter_map(|(sum, planned)| Some((sum.lane?, Err((sum, planned)))));
        let mut by_lane: Vec<(usize, Result<usize, _>)> = counted.chain(measured).collect();
        by_lane.sort_unstable_by_key(|(lane, _)| *lane);
        for (lane, adds) in by_lane {
            match adds {
                Ok(scope) => lanes.add(Addend::One, Adding { scope: Some(scope), only: None }),
                Err((sum, planned)) => {
                    lanes.sum(&sum.addend, lane, matches!(sums.often.place(lane), Place::Half(..)));
                    // where it is made of what is 0 in all other rows, all rows may add it
                    let scope = if plan.is_of_own(planned) { None } else { Some(sum.scope) };
                    lanes.add(sum.addend.clone(), Adding { scope, only: sum.only });
                }
            }
        }
        let Questions { conditions, asked, .. } = questions;
        let computed = |slot: &&Slot| plan.columns[**slot].column.kind.is_computed();
        let late = conditions.iter().map(|condition| condition.columns().iter().any(computed)).collect();
        Some(Self {
            answers: vec![Answer::default(); asked.len()],
            counted: vec![Mask::NONE; scopes.len()],
            asked: asked.into(),
            late,
            health,
            scopes: scopes.into(),
            sums: fused.into(),
            columns,
            revenues: plan.revenues,
            absent_revenue,
            added: lanes.added.into(),
            adding_rows: vec![Mask::NONE; lanes.adding.len()],
            adding: lanes.adding.into(),
            summed: lanes.summed.into(),
            linears: lanes.linears.into(),
            made: Vec::new(),
            #[cfg(test)]
            is_plain: false,
        })
    }

    /// Reads, judges and sums some rows, `ROWS` at the most. Where it cannot, it says no and has added nothing.
    pub(super) fn block(
        &mut self,
        plan: &Plan,
        part: &[Option<&Data<'_>>],
        rows: &Range<usize>,
        groups: &[u32],
        sums: Option<&mut Sums>,
        seen: &mut Seen<'_>,
    ) -> Result<bool> {
        #[cfg(test)]
        if self.is_plain {
            return self.any_block::<false>(plan, part, rows, groups, sums, seen);
        }
        of_this_processor(self, plan, part, rows, groups, sums, seen)
    }

    #[inline(always)]
    fn any_block<const MULTIPLY_ADD: bool>(
        &mut self,
        plan: &Plan,
        part: &[Option<&Data<'_>>],
        rows: &Range<usize>,
        groups: &[u32],
        sums: Option<&mut Sums>,
        seen: &mut Seen<'_>,
    ) -> Result<bool> {
        let live = Mask::first(rows.len());
        if let Some(sums) = &sums {
            sums.often.fetch(groups);
        }
        let Some(absent) = self.judged::<MULTIPLY_ADD>(plan, part, rows, live) else { return Ok(false) };
        if let Some(sums) = sums {
            let Some(most) = self.most(&mut sums.often)? else { return Ok(false) };
            sums.often.make_room(most.0, most.1)?;
            self.add_rare(live, groups, sums, seen.largest_rounding);
            self.add_often(live, groups, &mut sums.often);
        }
        seen.absent.add(absent, seen.before + rows.start as u64);
        if let (Some(scores), Some(health)) = (&mut seen.scores, &self.health) {
            let among = self.scopes[scores.scope].among;
            let about = among.map_or(live, |among| live & !self.answers[among].no);
            scores.put_block(health, about, rows.len());
        }
        Ok(true)
    }

    /// Reads, judges and scores some rows; where exactly one of the two revenues is null. Nothing where it cannot.
    #[inline(always)]
    fn judged<const MULTIPLY_ADD: bool>(
        &mut self,
        plan: &Plan,
        part: &[Option<&Data<'_>>],
        rows: &Range<usize>,
        live: Mask,
    ) -> Option<(Mask, Mask)> {
        for ((column, planned), data) in self.columns.iter_mut().zip(&plan.columns).zip(part) {
            // what is computed comes later
            let Some(data) = data else { continue };
            if !column.read::<MULTIPLY_ADD>(&planned.column, data, rows.start, rows.len(), &planned.reading) {
                return None;
            }
        }
        let absent = self.settle_absent_revenue();
        let judged = self.ask(live, false) && self.judge(live, false);
        if !judged || (self.health.is_some() && !(self.score(live) && self.ask(live, true) && self.judge(live, true))) {
            return None;
        }
        Some(absent)
    }

    #[inline(always)]
    fn settle_absent_revenue(&mut self) -> (Mask, Mask) {
        let Some((start, end)) = self.revenues else { return (Mask::NONE, Mask::NONE) };
        let (started, ended) = (self.columns[start].present, self.columns[end].present);
        let absent = (ended & !started, started & !ended);
        if self.absent_revenue == Some(AbsentRevenue::Zero) {
            self.columns[start].fill_with_zeros(absent.0);
            self.columns[end].fill_with_zeros(absent.1);
        }
        absent
    }

    /// Whether all rows are valid.
    #[inline(always)]
    fn judge(&mut self, live: Mask, after_health: bool) -> bool {
        for (scope, counted) in self.scopes.iter().zip(&mut self.counted) {
            if scope.after_health != after_health {
                continue;
            }
            *counted = scope.reads.iter().fold(live, |mask, slot| mask & self.columns[*slot].present);
            if let Some(among) = scope.among {
                *counted &= self.answers[among].yes;
            }
            if scope.rules.iter().any(|rule| (self.answers[*rule].no & *counted).any()) {
                return false;
            }
        }
        true
    }
}

/// The block, compiled for the vector units that this machine has. They do the same operations on more rows at once.
#[multiversion::multiversion(targets(
    "x86_64+avx2+bmi1+bmi2+lzcnt+popcnt+avx512f+avx512bw+avx512cd+avx512dq+avx512vl",
    "x86_64+avx2+bmi1+bmi2+fma+lzcnt+popcnt"
))]
fn of_this_processor<'a, 'b>(
    fused: &mut Fused,
    plan: &Plan,
    part: &[Option<&Data<'a>>],
    rows: &Range<usize>,
    groups: &[u32],
    sums: Option<&mut Sums>,
    seen: &mut Seen<'b>,
) -> Result<bool> {
    const MULTIPLY_ADD: bool = target_cfg_f!(target_feature = "fma");
    fused.any_block::<MULTIPLY_ADD>(plan, part, rows, groups, sums, seen)
}

/// What the fused pass tells of rows beside their sums.
pub(super) struct Seen<'a> {
    pub(super) absent: &'a mut Absent,
    pub(super) largest_rounding: &'a mut [f64],
    /// Where their health goes, if it is asked for.
    pub(super) scores: Option<&'a mut ScoreRows>,
    /// Rows of the parts before.
    pub(super) before: u64,
}
