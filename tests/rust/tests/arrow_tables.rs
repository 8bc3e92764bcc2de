//! Tables from Arrow: the same scorecard to the bit, however a column is stored; results as batches.

mod batches;
mod keys;
mod layouts;
mod types;
mod values;

use arrow_array::{ArrayRef, BooleanArray, Decimal128Array, Float64Array, Int64Array, RecordBatch, StringArray};
use std::sync::Arc;
use svcmetrics::{AbsentRevenue, OnInvalid, Request, Scorecard, ScorecardBuilder, Table};

/// What the tests ask: grouped, invalid rows left out, a null on one side of revenue is 0.
fn request() -> Request {
    Request::default().by(["region"]).on_invalid(OnInvalid::Skip).absent_revenue(AbsentRevenue::Zero)
}

const REGIONS: [Option<&str>; 6] = [Some("north"), Some("south"), None, Some("north"), Some(""), Some("south")];
const NEW: [Option<bool>; 6] = [Some(true), Some(false), None, Some(true), Some(true), Some(true)];
const ONBOARDED: [Option<bool>; 6] = [Some(true), None, Some(true), Some(false), None, Some(true)];
const MET: [Option<i64>; 6] = [Some(1), Some(9), Some(0), None, Some(3), Some(100)];
const TOTAL: [Option<i64>; 6] = [Some(2), Some(4), Some(0), Some(7), Some(3), Some(101)];
/// In cents.
const START: [Option<i64>; 6] = [Some(1999), None, Some(0), Some(2500), None, Some(12_000)];
const END: [Option<i64>; 6] = [Some(2999), Some(4500), Some(500), Some(0), None, Some(12_000)];

#[allow(clippy::cast_precision_loss)] // cents of a few digits
fn units(cents: &[Option<i64>]) -> Vec<Option<f64>> {
    cents.iter().map(|cents| cents.map(|cents| cents as f64 / 100.0)).collect()
}

/// From plain vectors, without Arrow.
fn plain() -> Scorecard {
    let table = Table::new(6)
        .with("region", REGIONS.to_vec())
        .with("is_new", NEW.to_vec())
        .with("onboarded", ONBOARDED.to_vec())
        .with("milestones_met", MET.to_vec())
        .with("milestones_total", TOTAL.to_vec())
        .with("revenue_start", units(&START))
        .with("revenue_end", units(&END));
    Scorecard::of(&table, request()).unwrap()
}

type Columns = Vec<(&'static str, ArrayRef)>;

fn columns() -> Columns {
    let cents = |cents: &[Option<i64>]| {
        let values: Decimal128Array = cents.iter().map(|cents| cents.map(i128::from)).collect();
        Arc::new(values.with_precision_and_scale(38, 2).unwrap()) as ArrayRef
    };
    vec![
        ("region", Arc::new(StringArray::from(REGIONS.to_vec()))),
        ("is_new", Arc::new(BooleanArray::from(NEW.to_vec()))),
        ("onboarded", Arc::new(BooleanArray::from(ONBOARDED.to_vec()))),
        ("milestones_met", Arc::new(Int64Array::from(MET.to_vec()))),
        ("milestones_total", Arc::new(Int64Array::from(TOTAL.to_vec()))),
        ("revenue_start", cents(&START)),
        ("revenue_end", Arc::new(Float64Array::from(units(&END)))),
    ]
}

/// The columns, with one in another form.
fn with(name: &str, array: ArrayRef) -> Columns {
    let mut columns = columns();
    columns.iter_mut().find(|(known, _)| *known == name).unwrap_or_else(|| panic!("no {name}")).1 = array;
    columns
}

fn batch(columns: Columns) -> RecordBatch {
    RecordBatch::try_from_iter_with_nullable(columns.into_iter().map(|(name, array)| (name, array, true))).unwrap()
}

fn card_of(columns: Columns) -> Scorecard {
    Scorecard::of(&Table::from(&batch(columns)), request()).unwrap()
}

/// The same scorecard, and the same stored text.
fn assert_same(found: &Scorecard, what: &str) {
    assert_eq!(found.to_json().unwrap(), plain().to_json().unwrap(), "{what}");
    assert_eq!(*found, plain(), "{what}");
}

/// From several batches, one after another.
fn chunked(batches: &[RecordBatch], request: Request) -> svcmetrics::Result<Scorecard> {
    let mut builder = ScorecardBuilder::new(request);
    for batch in batches {
        builder.add(&Table::from(batch))?;
    }
    builder.finish()
}

#[test]
fn a_batch_gives_the_scorecard_of_plain_vectors() {
    assert_same(&card_of(columns()), "a batch");
    assert_eq!(plain().len(), 4);
}
