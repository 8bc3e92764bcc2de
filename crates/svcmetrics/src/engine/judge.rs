//! How rows stand to a scope: outside, missing, invalid or counted; and what a counted row adds.

use super::columns::Data;
use super::intake::{self, Cells, State};
use super::offences::Offences;
use super::plan::{Plan, PlannedScope, PlannedSum, Slot};
use crate::condition::Condition;
use crate::error::{Error, Offence, Result};
use crate::expression::Expression;
use crate::money::MICROS;

/// How a row stands to a scope, in the order of the first four of [`COUNTS`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Status {
    Counted,
    Missing,
    Invalid,
    Outside,
}

/// A condition's answer for one row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Answer {
    Yes,
    No,
    /// A column it asks for is null.
    Missing,
    /// A column it asks for holds what cannot be used.
    Unusable,
}

/// Judges a block's rows for one scope.
pub(super) struct Judge<'a> {
    pub(super) plan: &'a Plan,
    pub(super) cells: &'a [Cells],
    pub(super) scope: &'a PlannedScope,
    pub(super) position: usize,
}

impl Judge<'_> {
    pub(super) fn statuses(&self, rows: usize, statuses: &mut Vec<Status>) {
        statuses.clear();
        statuses.resize(rows, Status::Counted);
        let mut unusable = vec![false; rows];
        if let Some(among) = &self.scope.among {
            for (row, answer) in ask(among, self.cells, rows).into_iter().enumerate() {
                match answer {
                    Answer::Yes => {}
                    Answer::No => statuses[row] = Status::Outside,
                    Answer::Missing => statuses[row] = Status::Missing,
                    Answer::Unusable => unusable[row] = true,
                }
            }
        }
        for slot in self.scope.among_slots.iter().chain(&self.scope.reads) {
            let asked_only = !self.scope.reads.contains(slot);
            for ((status, state), unusable) in statuses.iter_mut().zip(&self.cells[*slot].states).zip(&mut unusable) {
                if *status == Status::Counted {
                    if *state == State::Missing {
                        // a null that `among` could do without is none that the sums need
                        if !asked_only {
                            *status = Status::Missing;
                        }
                    } else if state.is_bad() {
                        *unusable = true;
                    }
                }
            }
        }
        for (status, unusable) in statuses.iter_mut().zip(&unusable) {
            if *status == Status::Counted && *unusable {
                *status = Status::Invalid;
            }
        }
        for (rule, _) in &self.scope.rules {
            for (status, answer) in statuses.iter_mut().zip(ask(rule, self.cells, rows)) {
                if *status == Status::Counted && answer == Answer::No {
                    *status = Status::Invalid;
                }
            }
        }
    }

    /// Says what is wrong with an invalid row, unless such rows are to be skipped.
    pub(super) fn report(
        &self,
        part: &[Option<&Data<'_>>],
        start: usize,
        position: usize,
        before: u64,
        skip: bool,
        offences: &mut Offences,
    ) {
        let row = start + position;
        let at = before + row as u64;
        for slot in self.scope.among_slots.iter().chain(&self.scope.reads) {
            let state = self.cells[*slot].states[position];
            let (true, Some(data)) = (state.is_bad(), part[*slot]) else { continue };
            if skip && state.can_be_skipped() {
                continue;
            }
            let planned = &self.plan.columns[*slot];
            if intake::wrong_type(planned.column.kind, data) {
                // said of the whole column
                return;
            }
            let make: fn(Offence) -> Error = match state {
                State::NotANumber => |offence| State::NotANumber.error(offence),
                State::Places => |offence| State::Places.error(offence),
                State::Range => |offence| State::Range.error(offence),
                State::WrongType => |offence| State::WrongType.error(offence),
                _ => |offence| State::Negative.error(offence),
            };
            offences.add((self.position, *slot, state as u8), at, &data.shown(row), make, || {
                let (expected, hint) = state.expected(&planned.column, &planned.reading);
                let problem = if state == State::WrongType {
                    format!("is of type {} with", data.type_name(row))
                } else {
                    "found".to_owned()
                };
                let offence = Offence::new(&planned.source, problem, expected).metric(&self.scope.metric);
                match hint {
                    Some(hint) => offence.hint(hint),
                    None => offence,
                }
            });
            return;
        }
        if skip {
            return;
        }
        for (place, (rule, definition)) in self.scope.rules.iter().enumerate() {
            if ask_row(rule, self.cells, position) != Answer::No {
                continue;
            }
            // The part is to blame: the first column of the left side.
            let Some(slot) = rule.columns().first().map(|slot| **slot) else { return };
            let value = part[slot].map(|data| data.shown(row)).unwrap_or_default();
            let others: Vec<String> = rule
                .columns()
                .into_iter()
                .skip(1)
                .filter_map(|slot| Some(format!("{} {}", self.plan.columns[*slot].source, part[*slot]?.shown(row))))
                .collect();
            offences.add(
                (self.position, self.plan.columns.len() + place, 0),
                at,
                &value,
                |offence| State::Negative.error(offence),
                || {
                    let with = if others.is_empty() { String::new() } else { format!(", with {}", others.join(", ")) };
                    Offence::new(&self.plan.columns[slot].source, "found", format!("{definition}{with}"))
                        .metric(&self.scope.metric)
                        .hint("on_invalid=\"skip\" leaves such rows out and counts them")
                },
            );
            return;
        }
    }
}

/// The answers of a block's rows.
fn ask(condition: &Condition<Slot>, cells: &[Cells], rows: usize) -> Vec<Answer> {
    (0..rows).map(|row| ask_row(condition, cells, row)).collect()
}

fn ask_row(condition: &Condition<Slot>, cells: &[Cells], row: usize) -> Answer {
    let yes = |holds: bool| if holds { Answer::Yes } else { Answer::No };
    match condition {
        Condition::IsTrue(slot) => value(*slot, cells, row).map_or_else(|answer| answer, |value| yes(value == 1)),
        Condition::IsFalse(slot) => value(*slot, cells, row).map_or_else(|answer| answer, |value| yes(value == 0)),
        Condition::Is(slot, word) => value(*slot, cells, row).map_or_else(
            |answer| answer,
            |value| yes(usize::try_from(value).ok().and_then(|place| cells[*slot].words.get(place)) == Some(word)),
        ),
        Condition::Present(slot) => yes(cells[*slot].states[row] != State::Missing),
        Condition::Compare(left, comparison, right) => {
            let micro = is_micro(left, cells) || is_micro(right, cells);
            match (evaluate(left, micro, cells, row), evaluate(right, micro, cells, row)) {
                (Ok(left), Ok(right)) => yes(comparison.holds(left, right)),
                (Err(Answer::Missing), _) | (_, Err(Answer::Missing)) => Answer::Missing,
                _ => Answer::Unusable,
            }
        }
        Condition::All(conditions) => {
            let mut worst = Answer::Yes;
            for condition in conditions {
                match ask_row(condition, cells, row) {
                    Answer::No => return Answer::No,
                    Answer::Missing => worst = Answer::Missing,
                    Answer::Unusable if worst == Answer::Yes => worst = Answer::Unusable,
                    _ => {}
                }
            }
            worst
        }
    }
}

fn value(slot: Slot, cells: &[Cells], row: usize) -> Result<i64, Answer> {
    match cells[slot].states[row] {
        State::Fine | State::Rounded | State::Negative => Ok(cells[slot].values[row]),
        State::Missing => Err(Answer::Missing),
        _ => Err(Answer::Unusable),
    }
}

fn is_micro(expression: &Expression<Slot>, cells: &[Cells]) -> bool {
    expression.columns().any(|slot| cells[*slot].micro) || expression.constant % MICROS != 0
}

/// An expression on a row, in millionths (`micro`) or whole units.
fn evaluate(expression: &Expression<Slot>, micro: bool, cells: &[Cells], row: usize) -> Result<i128, Answer> {
    let mut total = i128::from(if micro { expression.constant } else { expression.constant / MICROS });
    for (coefficient, slot) in &expression.terms {
        let scale = if micro && !cells[*slot].micro { MICROS } else { 1 };
        // 63 + 20 + 31 bits at the most
        total += i128::from(value(*slot, cells, row)?) * i128::from(scale) * i128::from(*coefficient);
    }
    Ok(total)
}

/// What a counted row adds to a sum.
pub(super) fn addend(sum: &PlannedSum, cells: &[Cells], row: usize) -> i128 {
    if let Some(only) = &sum.only
        && ask_row(only, cells, row) != Answer::Yes
    {
        return 0;
    }
    evaluate(&sum.sum, sum.micro, cells, row).unwrap_or(0)
}
