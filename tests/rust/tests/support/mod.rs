//! What the tests share: tables from JSON, random tables, exact arithmetic that is not the core's.

pub(crate) mod exact;
pub(crate) mod json;
pub(crate) mod random;

use svcmetrics::{Error, Request, Result, Scorecard, Table};

/// The error of what must not succeed.
pub(crate) fn refused<T>(result: Result<T>, why: &str) -> Error {
    match result {
        Ok(_) => panic!("{why}: accepted; expected an error"),
        Err(error) => error,
    }
}

/// A scorecard of two regions with everything that the default health model and the revenue metrics read.
pub(crate) fn small_card(request: Request) -> Scorecard {
    Scorecard::of(&small_table(), request).unwrap()
}

/// Four customers in two regions.
pub(crate) fn small_table() -> Table<'static> {
    Table::new(4)
        .with("region", vec!["north", "north", "south", "south"])
        .with("milestones_met", vec![1_i64, 3, 2, 0])
        .with("milestones_total", vec![2_i64, 4, 2, 5])
        .with("goals_met", vec![1_i64, 1, 2, 3])
        .with("goals_total", vec![1_i64, 2, 2, 4])
        .with("is_active", vec![true, true, false, true])
        .with("committed", vec![true, false, true, true])
        .with("revenue_start", vec![100_i64, 50, 0, 25])
        .with("revenue_end", vec![110_i64, 0, 45, 25])
}

/// What a text must hold, all of it.
pub(crate) fn assert_says(text: &str, pieces: &[&str]) {
    for piece in pieces {
        assert!(text.contains(piece), "'{piece}' is not in: {text}");
    }
}
