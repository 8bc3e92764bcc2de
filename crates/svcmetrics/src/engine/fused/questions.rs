//! Conditions of a plan, asked of a block's rows.

#![allow(clippy::inline_always)] // so that it is compiled for the vector units of its caller

use super::Fused;
use super::linear::Linear;
use crate::column::ColumnKind;
use crate::condition::{Comparison, Condition};
use crate::engine::block::{BlockColumn, Numbers};
use crate::engine::plan::{Plan, Slot};
use crate::expression::Expression;
use crate::mask::Mask;
use crate::money::MICROS;

/// What is asked of a block's rows; parts are asked before.
#[derive(Debug, Clone)]
pub(super) enum Question {
    True(Slot),
    False(Slot),
    Present(Slot),
    Is(Slot, i64),
    Constant(Slot, Comparison, i64),
    Columns(Slot, Comparison, Slot),
    Compare(Linear, Comparison, Linear),
    /// Yes where that one says no, and the other way round.
    Unless(usize),
    All(Vec<usize>),
}

/// Rows that say yes, and rows that say no; the others cannot tell.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Answer {
    pub(super) yes: Mask,
    pub(super) no: Mask,
}

/// Gathers questions, each once.
pub(super) struct Questions<'a> {
    pub(super) plan: &'a Plan,
    pub(super) columns: &'a [BlockColumn],
    pub(super) conditions: Vec<Condition<Slot>>,
    pub(super) asked: Vec<Question>,
}

impl Questions<'_> {
    pub(super) fn add(&mut self, condition: &Condition<Slot>) -> usize {
        if let Some(known) = self.conditions.iter().position(|known| known == condition) {
            return known;
        }
        let question = match condition {
            Condition::IsTrue(slot) => Question::True(*slot),
            Condition::IsFalse(slot) => Question::False(*slot),
            Condition::Present(slot) => Question::Present(*slot),
            Condition::Is(slot, word) => Question::Is(*slot, self.word(*slot, word).unwrap_or(-1)),
            Condition::Compare(left, Comparison::More, right) if self.is_positive(left, right) => {
                // whether it is 0 is mostly asked, too
                Question::Unless(self.add(&Condition::Compare(left.clone(), Comparison::Equal, right.clone())))
            }
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

    /// Whether to be more means to be one that is never negative, and not 0.
    fn is_positive(&self, left: &Expression<Slot>, right: &Expression<Slot>) -> bool {
        let is_zero = right.terms.is_empty() && right.constant == 0;
        let of_column = |slot: Slot| self.plan.columns[slot].column.kind;
        let is_column = |kind: ColumnKind| kind.is_number() && !kind.is_signed();
        is_zero && left.constant == 0 && matches!(left.terms.as_slice(), [(1, slot)] if is_column(of_column(*slot)))
    }

    fn comparison(&self, left: &Expression<Slot>, comparison: Comparison, right: &Expression<Slot>) -> Question {
        let micro = [left, right].into_iter().any(|side| is_micro(side, self.columns));
        let [left, right] = [left, right].map(|side| Linear::new(side, micro, self.columns));
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

impl Fused {
    /// The answers to the questions that need health, or to those that do not; whether the numbers are small enough for it.
    #[inline(always)]
    pub(super) fn ask(&mut self, live: Mask, after_health: bool) -> bool {
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
                Question::Columns(part, Comparison::AtMost, whole)
                    if columns[*whole].present == live && are_at_most(&columns[*part], &columns[*whole]) =>
                {
                    Answer { yes: columns[*part].present, no: Mask::NONE }
                }
                Question::Columns(one, comparison, other) => either(
                    columns[*one].present & columns[*other].present,
                    between(columns[*one].numbers(), *comparison, columns[*other].numbers()),
                ),
                Question::Compare(left, comparison, right) => {
                    let slots = left.terms.iter().chain(&right.terms);
                    let present = slots.fold(live, |mask, (_, slot)| mask & columns[*slot].present);
                    if let (Some([a, b]), Some([c, d])) = (self.small_sum(left), self.small_sum(right)) {
                        either(present, compared(*comparison, |row| a[row] + b[row], |row| c[row] + d[row]))
                    } else {
                        let (Some(one), Some(other)) = (self.evaluate(left), self.evaluate(right)) else {
                            return false;
                        };
                        either(present, between(Numbers::Large(&one), *comparison, Numbers::Large(&other)))
                    }
                }
                Question::Unless(other) => {
                    let Answer { yes, no } = self.answers[*other];
                    Answer { yes: no, no: yes }
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

#[inline(always)]
fn against(values: Numbers<'_>, comparison: Comparison, constant: i64) -> Mask {
    match (values, i32::try_from(constant)) {
        (Numbers::Small(values), Ok(constant)) => compared(comparison, |row| values[row], |_| constant),
        (Numbers::Small(values), Err(_)) => compared(comparison, |row| values[row].into(), |_| constant),
        (Numbers::Large(values), _) => compared(comparison, |row| values[row], |_| constant),
    }
}

/// Whether no part is above its whole, as it should be; what is missing is 0. It takes half the time of an answer for each row.
#[inline(always)]
fn are_at_most(parts: &BlockColumn, wholes: &BlockColumn) -> bool {
    // a negative difference has the highest bit
    match (parts.numbers(), wholes.numbers()) {
        (Numbers::Small(parts), Numbers::Small(wholes)) => {
            parts.iter().zip(wholes).fold(0, |bits, (part, whole)| bits | (whole - part)) >= 0
        }
        // as long as there is room for it
        (Numbers::Large(large), Numbers::Large(others)) if (parts.bound | wholes.bound) < 1 << 62 => {
            large.iter().zip(others).fold(0, |bits, (part, whole)| bits | (whole - part)) >= 0
        }
        _ => false,
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

#[cfg(test)]
mod tests {
    use crate::mask::ROWS;
    use crate::{Request, Scorecard, Table};

    #[test]
    fn a_part_above_its_whole_is_found_wherever_it_stands() {
        let rows = 3 * ROWS;
        // of 32 bits, and of 64
        for unit in [1_i64, 1 << 40] {
            for row in [0, 1, ROWS - 1, ROWS, rows - 1] {
                let mut parts = vec![4 * unit; rows];
                let table = |parts: &[i64]| {
                    let wholes = vec![4 * unit; rows];
                    Table::new(rows).with("milestones_met", parts.to_vec()).with("milestones_total", wholes)
                };
                let card = |parts: &[i64]| Scorecard::of(&table(parts), Request::default().metrics(["adoption_rate"]));
                assert_eq!(card(&parts).unwrap().figure("adoption_rate").unwrap().value(), Some(1.0));
                parts[row] += 1;
                let error = card(&parts).unwrap_err();
                assert_eq!((error.kind(), error.row()), ("invalid_value", Some(row as u64)), "{error}");
            }
        }
    }
}
