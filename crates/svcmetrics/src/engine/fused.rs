//! The fused pass: blocks of rows in which every value is missing or as it should be are read, judged and summed at once,
//! with a bit a row for each condition. A block with anything else in it is left to the plain pass, which says what.

#![allow(clippy::inline_always)] // so that it is compiled for the vector units of its caller

mod adding;
mod lanes;
mod linear;

use super::accumulator::{Duo, Place};
use super::block::{BlockColumn, Numbers};
use super::columns::Data;
use super::plan::{Plan, PlannedHealth, RowMetric, Slot};
use super::rows::Absent;
use super::scores::ScoreRows;
use super::sums::Sums;
use crate::condition::{Comparison, Condition};
use crate::error::Result;
use crate::expression::Expression;
use crate::health::{FULL, ScoredBlock, Scoring};
use crate::mask::{HALF_WORD, Mask, PerRow, ROWS, kept};
use crate::money::MICROS;
use crate::request::AbsentRevenue;
use lanes::{Added, Adding, Lanes, Summed};
use linear::{Linear, add_numbers};
use std::ops::Range;
use std::sync::Arc;

/// What is asked of a block's rows; parts are asked before.
#[derive(Debug, Clone)]
enum Question {
    True(Slot),
    False(Slot),
    Present(Slot),
    Is(Slot, i64),
    Constant(Slot, Comparison, i64),
    Columns(Slot, Comparison, Slot),
    Compare(Linear, Comparison, Linear),
    All(Vec<usize>),
}

/// Rows that say yes, and rows that say no; the others cannot tell.
#[derive(Debug, Clone, Copy, Default)]
struct Answer {
    yes: Mask,
    no: Mask,
}

#[derive(Debug, Clone)]
struct FusedScope {
    among: Option<usize>,
    reads: Vec<Slot>,
    after_health: bool,
    rules: Vec<usize>,
    /// All that it reads, for the count of what was rounded.
    slots: Vec<Slot>,
    /// Where its counted rows are counted; otherwise that is what the others leave.
    counted: Option<usize>,
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
    /// Nothing where it counts its scope's rows.
    lane: Option<usize>,
}

/// A metric that health reads: sums with coefficients.
#[derive(Debug, Clone)]
struct FusedMetric {
    scope: usize,
    numerator: Vec<(i64, usize)>,
    /// Nothing but a constant for an amount.
    denominator: Result<Vec<(i64, usize)>, i64>,
}

#[derive(Debug, Clone)]
pub(super) struct FusedHealth {
    pub(super) scoring: Arc<Scoring>,
    /// Nothing where the table lacks its columns.
    reads: Arc<[Option<FusedMetric>]>,
    score: Slot,
    band: Slot,
    pub(super) values: Vec<(PerRow<f64>, Mask)>,
    pub(super) scored: ScoredBlock,
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
    /// What rows add to the places of a line, once there are rows.
    duos: Vec<Duo>,
}

static ONES: PerRow<i32> = PerRow([1; ROWS]);

/// Gathers questions, each once.
struct Questions<'a> {
    plan: &'a Plan,
    columns: &'a [BlockColumn],
    conditions: Vec<Condition<Slot>>,
    asked: Vec<Question>,
}

impl Questions<'_> {
    fn add(&mut self, condition: &Condition<Slot>) -> usize {
        if let Some(known) = self.conditions.iter().position(|known| known == condition) {
            return known;
        }
        let question = match condition {
            Condition::IsTrue(slot) => Question::True(*slot),
            Condition::IsFalse(slot) => Question::False(*slot),
            Condition::Present(slot) => Question::Present(*slot),
            Condition::Is(slot, word) => Question::Is(*slot, self.word(*slot, word).unwrap_or(-1)),
            Condition::Compare(left, comparison, right) => self.comparison(left, *comparison, right),
            Condition::All(conditions) => Question::All(conditions.iter().map(|part| self.add(part)).collect()),
        };
        self.conditions.push(condition.clone());
        self.asked.push(question);
        self.asked.len() - 1
    }

    /// Where a category holds this word; nowhere if it has none such.
    fn word(&self, slot: Slot, word: &str) -> Option<i64> {
        let place = self.plan.columns[slot].column.words.iter().position(|known| known == word);
        place.and_then(|place| i64::try_from(place).ok())
    }

    fn comparison(&self, left: &Expression<Slot>, comparison: Comparison, right: &Expression<Slot>) -> Question {
        let micro = [left, right].into_iter().any(|side| is_micro(side, self.columns));
        let (left, right) = (linear(left, micro, self.columns), linear(right, micro, self.columns));
        match (left.terms.as_slice(), right.terms.as_slice()) {
            ([(1, one)], []) if left.constant == 0 => Question::Constant(*one, comparison, right.constant),
            ([(1, one)], [(1, other)]) if left.constant == 0 && right.constant == 0 => {
                Question::Columns(*one, comparison, *other)
            }
            _ => Question::Compare(left, comparison, right),
        }
    }
}

fn is_micro(expression: &Expression<Slot>, columns: &[BlockColumn]) -> bool {
    expression.columns().any(|slot| columns[*slot].is_micro()) || expression.constant % MICROS != 0
}

fn linear(expression: &Expression<Slot>, micro: bool, columns: &[BlockColumn]) -> Linear {
    let scale = |slot: Slot| if micro && !columns[slot].is_micro() { MICROS } else { 1 };
    Linear {
        terms: expression.terms.iter().map(|(times, slot)| (i64::from(*times) * scale(*slot), *slot)).collect(),
        constant: if micro { expression.constant } else { expression.constant / MICROS },
    }
}

impl FusedHealth {
    /// Nothing where a component is the difference of two metrics.
    fn new(plan: &Plan, health: &PlannedHealth) -> Option<Self> {
        let mut reads = Vec::new();
        for metric in &health.reads {
            reads.push(match metric {
                RowMetric::Absent => None,
                RowMetric::Difference(..) => return None,
                RowMetric::Quotient { scope, numerator, denominator } => {
                    let is_micro = |terms: &[(i32, usize)]| terms.iter().any(|(_, measure)| plan.sums[*measure].micro);
                    let micro = is_micro(numerator) || denominator.as_deref().is_some_and(is_micro);
                    let scaled = |terms: &[(i32, usize)]| {
                        let scale = |measure: usize| if micro && !plan.sums[measure].micro { MICROS } else { 1 };
                        terms.iter().map(|(times, measure)| (i64::from(*times) * scale(*measure), *measure)).collect()
                    };
                    Some(FusedMetric {
                        scope: *scope,
                        numerator: scaled(numerator),
                        denominator: match denominator {
                            Some(terms) => Ok(scaled(terms)),
                            None => Err(if micro { MICROS } else { 1 }),
                        },
                    })
                }
            });
        }
        Some(Self {
            scoring: Arc::new(health.scoring.clone()),
            values: vec![Default::default(); reads.len()],
            reads: reads.into(),
            score: health.score,
            band: health.band,
            scored: ScoredBlock::default(),
        })
    }
}

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
        for (scope, counted) in plan.scopes.iter().zip(sums.counted.iter()) {
            let mut slots: Vec<Slot> = scope.among_slots.iter().chain(&scope.reads).copied().collect();
            slots.sort_unstable();
            slots.dedup();
            scopes.push(FusedScope {
                among: scope.among.as_ref().map(|among| questions.add(among)),
                reads: scope.reads.clone(),
                after_health: scope.after_health,
                rules: scope.rules.iter().map(|(rule, _)| questions.add(rule)).collect(),
                slots,
                counted: *counted,
            });
        }
        let mut fused = Vec::new();
        for (sum, lane) in plan.sums.iter().zip(sums.measures.iter()) {
            let addend = linear(&sum.sum, sum.micro, &columns);
            let addend = match (addend.terms.as_slice(), addend.constant) {
                ([], 1) => Addend::One,
                ([(1, slot)], 0) => Addend::Column(*slot),
                _ => Addend::Linear(addend),
            };
            fused.push(FusedSum {
                scope: sum.scope,
                only: sum.only.as_ref().map(|only| questions.add(only)),
                addend,
                lane: *lane,
            });
        }
        let health = match &plan.health {
            Some(health) => Some(Box::new(FusedHealth::new(plan, health)?)),
            None => None,
        };
        let mut lanes = Lanes::default();
        lanes.add(Addend::One, Adding { scope: None, only: None });
        for (scope, _) in scopes.iter().enumerate().filter(|(_, scope)| scope.counted.is_some()) {
            lanes.add(Addend::One, Adding { scope: Some(scope), only: None });
        }
        for sum in &fused {
            let Some(lane) = sum.lane else { continue };
            lanes.sum(&sum.addend, lane, matches!(sums.often.place(lane), Place::Half(..)));
            lanes.add(sum.addend.clone(), Adding { scope: Some(sum.scope), only: sum.only });
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
            duos: Vec::new(),
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
        seen: &mut Seen<'_, '_>,
    ) -> Result<bool> {
        of_this_processor(self, plan, part, rows, groups, sums, seen)
    }

    #[inline(always)]
    fn any_block(
        &mut self,
        plan: &Plan,
        part: &[Option<&Data<'_>>],
        rows: &Range<usize>,
        groups: &[u32],
        sums: Option<&mut Sums>,
        seen: &mut Seen<'_, '_>,
    ) -> Result<bool> {
        let live = Mask::first(rows.len());
        if let Some(sums) = &sums {
            sums.often.fetch(groups);
        }
        let Some(absent) = self.judged(plan, part, rows, live) else { return Ok(false) };
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
            scores.put_block(health, about, rows);
        }
        Ok(true)
    }

    /// Reads, judges and scores some rows; where exactly one of the two revenues is null. Nothing where it cannot.
    #[inline(always)]
    fn judged(
        &mut self,
        plan: &Plan,
        part: &[Option<&Data<'_>>],
        rows: &Range<usize>,
        live: Mask,
    ) -> Option<(Mask, Mask)> {
        for ((column, planned), data) in self.columns.iter_mut().zip(&plan.columns).zip(part) {
            // what is computed comes later
            let Some(data) = data else { continue };
            if !column.read(&planned.column, data, rows.start, rows.len(), &planned.reading) {
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

    /// Scores each row, a group of one; whether the numbers are small enough for it.
    #[inline(always)]
    fn score(&mut self, live: Mask) -> bool {
        let Some(mut health) = self.health.take() else { return true };
        let mut small = true;
        for (metric, (values, there)) in health.reads.iter().zip(&mut health.values) {
            *there = Mask::NONE;
            let Some(metric) = metric else { continue };
            let Some(divisible) = self.quotients(metric, values) else {
                small = false;
                break;
            };
            *there = self.counted[metric.scope] & divisible & live;
        }
        if small {
            health.scoring.block(&health.values, &mut health.scored);
            let (scoring, scored) = (&health.scoring, &health.scored);
            self.columns[health.score].fill(&scored.score, scored.there & live, FULL.cast_unsigned());
            self.columns[health.band].fill(&scored.band, live, scoring.bands());
        }
        self.health = Some(health);
        small
    }

    /// A metric's value of each row, and the rows whose denominator is not 0; nothing where 64 bits are too few.
    #[allow(clippy::cast_precision_loss)] // numerator and denominator are each converted once, by definition
    #[inline(always)]
    fn quotients(&self, metric: &FusedMetric, values: &mut [f64; ROWS]) -> Option<Mask> {
        if let Ok(denominator) = &metric.denominator
            && let Some((above, above_rows)) = self.alone(&metric.numerator)
            && let Some((below, below_rows)) = self.alone(denominator)
        {
            let above_rows = above_rows.halves();
            let halves = values.as_chunks_mut::<HALF_WORD>().0.iter_mut().enumerate();
            if matches!(denominator.as_slice(), [(_, measure)] if matches!(self.sums[*measure].addend, Addend::One)) {
                // what is divided by 1 stays as it is
                for (half, values) in halves {
                    for (row, value) in values.iter_mut().enumerate() {
                        *value = f64::from(above[half * HALF_WORD + row] & kept(above_rows[half], row));
                    }
                }
                return Some(below_rows);
            }
            let below_halves = below_rows.halves();
            let below = |half: usize, row: usize| below[half * HALF_WORD + row] & kept(below_halves[half], row);
            for (half, values) in halves {
                for (row, value) in values.iter_mut().enumerate() {
                    let above = above[half * HALF_WORD + row] & kept(above_rows[half], row);
                    *value = f64::from(above) / f64::from(below(half, row));
                }
            }
            return Some(Mask::those(|row| below(row / HALF_WORD, row % HALF_WORD) != 0));
        }
        let numerator = self.combine(&metric.numerator)?;
        let combined;
        let denominator = match &metric.denominator {
            Ok(terms) => {
                if let Some(values) = self.column(terms) {
                    values
                } else {
                    combined = self.combine(terms)?;
                    &combined
                }
            }
            Err(constant) => {
                combined = PerRow([*constant; ROWS]);
                &combined
            }
        };
        for ((value, numerator), denominator) in values.iter_mut().zip(numerator.iter()).zip(denominator.iter()) {
            *value = *numerator as f64 / *denominator as f64;
        }
        Some(Mask::those(|row| denominator[row] != 0))
    }

    /// What rows add to the one measure of these terms, and which of them, where that are small numbers as they stand.
    #[inline(always)]
    fn alone(&self, terms: &[(i64, usize)]) -> Option<(&[i32; ROWS], Mask)> {
        let [(1, measure)] = terms else { return None };
        let sum = &self.sums[*measure];
        Some((self.small(&sum.addend)?, sum.only.map_or(Mask::ALL, |only| self.answers[only].yes)))
    }

    /// What rows add, where that are small numbers as they stand.
    #[inline(always)]
    fn small(&self, addend: &Addend) -> Option<&[i32; ROWS]> {
        match addend {
            Addend::One => Some(&ONES),
            Addend::Column(slot) => match self.columns[*slot].numbers() {
                Numbers::Small(values) => Some(values),
                Numbers::Large(_) => None,
            },
            Addend::Linear(_) => None,
        }
    }

    /// The large numbers that all rows add to the one measure of these terms, where that is so.
    #[inline(always)]
    fn column(&self, terms: &[(i64, usize)]) -> Option<&[i64; ROWS]> {
        let [(1, measure)] = terms else { return None };
        let FusedSum { only: None, addend: Addend::Column(slot), .. } = &self.sums[*measure] else { return None };
        match self.columns[*slot].numbers() {
            Numbers::Large(values) => Some(values),
            Numbers::Small(_) => None,
        }
    }

    /// What rows add to measures together; nothing where 64 bits are too few.
    #[inline(always)]
    fn combine(&self, terms: &[(i64, usize)]) -> Option<PerRow<i64>> {
        let (mut total, mut bound) = (PerRow::default(), 0_u64);
        for (times, measure) in terms {
            let sum = &self.sums[*measure];
            let most = match &sum.addend {
                Addend::One => 1,
                Addend::Column(slot) => self.columns[*slot].bound,
                Addend::Linear(linear) => self.bound(linear)?,
            };
            bound = bound.checked_add(most.checked_mul(times.unsigned_abs())?)?;
            if bound >= 1 << 62 {
                return None;
            }
            let rows = sum.only.map_or(Mask::ALL, |only| self.answers[only].yes);
            match &sum.addend {
                Addend::One => add_numbers(&mut total, *times, Numbers::Small(&ONES), rows),
                Addend::Column(slot) => add_numbers(&mut total, *times, self.columns[*slot].numbers(), rows),
                Addend::Linear(linear) => self.add_linear(&mut total, *times, linear, rows),
            }
        }
        Some(total)
    }

    /// The answers to the questions that need health, or to those that do not; whether the numbers are small enough for it.
    #[inline(always)]
    fn ask(&mut self, live: Mask, after_health: bool) -> bool {
        for place in (0..self.asked.len()).filter(|place| self.late[*place] == after_health) {
            let columns = &self.columns;
            let either = |present: Mask, yes: Mask| Answer { yes: yes & present, no: present & !yes };
            let answer = match &self.asked[place] {
                Question::True(slot) => either(columns[*slot].present, columns[*slot].truth),
                Question::False(slot) => either(columns[*slot].present, !columns[*slot].truth),
                Question::Present(slot) => either(live, columns[*slot].present),
                Question::Is(slot, word) => {
                    either(columns[*slot].present, against(columns[*slot].numbers(), Comparison::Equal, *word))
                }
                Question::Constant(slot, comparison, constant) => {
                    either(columns[*slot].present, against(columns[*slot].numbers(), *comparison, *constant))
                }
                Question::Columns(one, comparison, other) => either(
                    columns[*one].present & columns[*other].present,
                    between(columns[*one].numbers(), *comparison, columns[*other].numbers()),
                ),
                Question::Compare(left, comparison, right) => {
                    let (Some(one), Some(other)) = (self.evaluate(left), self.evaluate(right)) else { return false };
                    let slots = left.terms.iter().chain(&right.terms);
                    let present = slots.fold(live, |mask, (_, slot)| mask & columns[*slot].present);
                    either(present, between(Numbers::Large(&one), *comparison, Numbers::Large(&other)))
                }
                Question::All(parts) => parts.iter().fold(Answer { yes: live, no: Mask::NONE }, |all, part| Answer {
                    yes: all.yes & self.answers[*part].yes,
                    no: all.no | self.answers[*part].no,
                }),
            };
            self.answers[place] = Answer { yes: answer.yes & live, no: answer.no & live };
        }
        true
    }
}

/// The block, compiled for the vector units that this machine has. They do the same operations on more rows at once.
#[multiversion::multiversion(targets(
    "x86_64+avx2+bmi1+bmi2+lzcnt+popcnt+avx512f+avx512bw+avx512cd+avx512dq+avx512vl",
    "x86_64+avx2+bmi1+bmi2+lzcnt+popcnt"
))]
fn of_this_processor<'a, 'b, 'c>(
    fused: &mut Fused,
    plan: &Plan,
    part: &[Option<&Data<'a>>],
    rows: &Range<usize>,
    groups: &[u32],
    sums: Option<&mut Sums>,
    seen: &mut Seen<'b, 'c>,
) -> Result<bool> {
    fused.any_block(plan, part, rows, groups, sums, seen)
}

/// What the fused pass tells of rows beside their sums.
pub(super) struct Seen<'a, 's> {
    pub(super) absent: &'a mut Absent,
    pub(super) largest_rounding: &'a mut [f64],
    /// Where their health goes, if it is asked for.
    pub(super) scores: Option<&'a mut ScoreRows<'s>>,
    /// Rows of the parts before.
    pub(super) before: u64,
}

#[inline(always)]
fn against(values: Numbers<'_>, comparison: Comparison, constant: i64) -> Mask {
    match (values, i32::try_from(constant)) {
        (Numbers::Small(values), Ok(constant)) => compared(comparison, |row| values[row], |_| constant),
        (Numbers::Small(values), Err(_)) => compared(comparison, |row| values[row].into(), |_| constant),
        (Numbers::Large(values), _) => compared(comparison, |row| values[row], |_| constant),
    }
}

#[inline(always)]
fn between(one: Numbers<'_>, comparison: Comparison, other: Numbers<'_>) -> Mask {
    match (one, other) {
        (Numbers::Small(one), Numbers::Small(other)) => compared(comparison, |row| one[row], |row| other[row]),
        (Numbers::Small(one), Numbers::Large(other)) => compared(comparison, |row| one[row].into(), |row| other[row]),
        (Numbers::Large(one), Numbers::Small(other)) => compared(comparison, |row| one[row], |row| other[row].into()),
        (Numbers::Large(one), Numbers::Large(other)) => compared(comparison, |row| one[row], |row| other[row]),
    }
}

#[inline(always)]
fn compared<T: Ord>(comparison: Comparison, one: impl Fn(usize) -> T, other: impl Fn(usize) -> T) -> Mask {
    match comparison {
        Comparison::Equal => Mask::those(|row| one(row) == other(row)),
        Comparison::Unequal => Mask::those(|row| one(row) != other(row)),
        Comparison::Less => Mask::those(|row| one(row) < other(row)),
        Comparison::AtMost => Mask::those(|row| one(row) <= other(row)),
        Comparison::More => Mask::those(|row| one(row) > other(row)),
        Comparison::AtLeast => Mask::those(|row| one(row) >= other(row)),
    }
}
