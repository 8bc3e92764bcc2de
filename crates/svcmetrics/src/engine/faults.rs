//! Wrong on purpose, where the environment asks for it: the tests must notice.

use super::intake::{Cells, State};
use super::judge::addend;
use super::plan::Plan;
use crate::metric::Form;
use std::sync::LazyLock;

static FAULT: LazyLock<String> = LazyLock::new(|| std::env::var("SVCMETRICS_FAULT").unwrap_or_default());

pub(crate) fn planted(fault: &str) -> bool {
    *FAULT == fault
}

pub(super) fn any_planted() -> bool {
    !FAULT.is_empty()
}

pub(super) fn nulls_as_zeros(cells: &mut Cells) {
    cells.states.iter_mut().filter(|state| **state == State::Missing).for_each(|state| *state = State::Fine);
}

/// The sum as it would be in a double, in units.
#[allow(clippy::cast_precision_loss, clippy::cast_possible_truncation)] // the loss is the fault
pub(super) fn float_sum(total: i128, value: i128) -> i128 {
    ((total as f64 / 1e6 + value as f64 / 1e6) * 1e6) as i128
}

/// A group's rate as the mean of its rows' rates.
pub(super) fn mean_of_rates(plan: &Plan, position: usize, cells: &[Cells], row: usize) -> Option<i128> {
    if !planted("mean_of_rates") {
        return None;
    }
    let id = &plan.definitions.measures[position].id;
    plan.definitions.chosen.iter().find_map(|chosen| {
        let Form::Quotient { numerator, denominator } = chosen.form() else { return None };
        let ([(_, one)], [(_, other)]) = (numerator.as_slice(), denominator.as_slice()) else { return None };
        if one.id != *id && other.id != *id {
            return None;
        }
        let of = |id: &str| {
            plan.definitions.measures.iter().position(|m| m.id == id).map(|p| addend(&plan.sums[p], cells, row))
        };
        let whole = of(&other.id)?;
        Some(match (whole, other.id == *id) {
            (0, _) => 0,
            (_, true) => 1_000_000,
            (_, false) => of(&one.id)? * 1_000_000 / whole,
        })
    })
}
