//! Totals that are read back, from `measures()` or from a document: what no rows add up to is refused.

use crate::support::{assert_says, refused, small_card, small_table};
use arrow_array::{
    Array, ArrayRef, Decimal128Array, Float32Array, Int8Array, Int16Array, RecordBatch, UInt8Array, UInt16Array,
};
use serde_json::Value;
use std::sync::Arc;
use svcmetrics::{Error, Request, Scales, Scorecard, Table};

fn surveyed() -> Table<'static> {
    small_table()
        .with("effort_score", vec![1_i64, 7, 4, 4])
        .with("csat_score", vec![5_i64, 1, 4, 4])
        .with("service_cost", vec![1_i64, 2, 3, 4])
}

fn scales() -> Request {
    Request::default().scales(Scales::default().csat_satisfied_from(4).unwrap().effort(1, 7).unwrap())
}

fn totals(card: &Scorecard) -> RecordBatch {
    card.measures_record_batch().unwrap()
}

/// The totals with another column of that name.
fn with(totals: &RecordBatch, name: &str, array: &ArrayRef) -> RecordBatch {
    let schema = totals.schema();
    let columns = schema.fields().iter().zip(totals.columns()).map(|(field, column)| {
        let column = if field.name() == name { array.clone() } else { column.clone() };
        (field.name().as_str(), column, true)
    });
    RecordBatch::try_from_iter_with_nullable(columns.collect::<Vec<_>>()).unwrap()
}

fn read(totals: &RecordBatch, request: &Request) -> svcmetrics::Result<Scorecard> {
    Scorecard::from_measures(&Table::from(totals), request)
}

/// Totals that cannot be, by lane: in millionths.
const IMPOSSIBLE: [(&str, i128); 8] = [
    ("milestones_met", 14_000_000), // of 13
    ("milestones_met", -1_000_000),
    ("service_cost", -1),             // amounts of 0 or more
    ("effort_total", 28_000_001),     // four answers of at most 7
    ("effort_total", 3_999_999),      // and of at least 1
    ("satisfied_answers", 5_000_000), // of four
    ("csat_answers", 3_000_000),      // all four
    ("health_score", 300_000_001),    // three customers of at most 100 points
];

#[test]
fn totals_that_no_rows_add_up_to_are_refused_from_a_frame() {
    let card = Scorecard::of(&surveyed(), scales()).unwrap();
    let batch = totals(&card);
    assert_eq!(read(&batch, &scales()).unwrap().metrics().count(), card.metrics().count());
    for (lane, total) in IMPOSSIBLE {
        let array = Decimal128Array::from(vec![total]).with_precision_and_scale(38, 6).unwrap();
        let found = refused(read(&with(&batch, lane, &(Arc::new(array) as ArrayRef)), &scales()), lane);
        assert_eq!(found.kind(), "invalid_document", "{lane}: {found}");
        assert_says(&found.to_string(), &["row 0"]);
    }
}

#[test]
fn totals_that_no_rows_add_up_to_are_refused_from_a_document() {
    let card = Scorecard::of(&surveyed(), scales()).unwrap();
    let whole: Value = serde_json::from_str(&card.to_json().unwrap()).unwrap();
    let micro = ["service_cost", "effort_total", "health_score"];
    for (lane, total) in IMPOSSIBLE {
        let mut document = whole.clone();
        let place = document["lanes"].as_array().unwrap().iter().position(|name| name == lane).unwrap();
        let total = if micro.contains(&lane) { total } else { total / 1_000_000 };
        document["groups"][0]["totals"][place] = total.to_string().into();
        let found = refused(Scorecard::from_json(&document.to_string()), lane);
        assert_says(&found.to_string(), &["groups[0].totals"]);
        // what cannot be read is said once
        assert_eq!(found.to_string().matches("cannot read a scorecard").count(), 1, "{found}");
    }
}

#[test]
fn totals_are_integers_of_any_width() {
    let card = small_card(Request::default().metrics(["adoption_rate"]));
    let batch = totals(&card);
    let arrays: [ArrayRef; 5] = [
        Arc::new(Int8Array::from(vec![4])),
        Arc::new(Int16Array::from(vec![4])),
        Arc::new(UInt8Array::from(vec![4])),
        Arc::new(UInt16Array::from(vec![4])),
        Arc::new(Float32Array::from(vec![4.0])),
    ];
    for array in arrays {
        let name = array.data_type().to_string();
        assert_eq!(read(&with(&batch, "rows", &array), &Request::default()).unwrap(), without_check(&card), "{name}");
    }
}

/// The card as it is after a way there and back: that identities were checked is not among the totals.
fn without_check(card: &Scorecard) -> Scorecard {
    let none = Scorecard::from_json(&card.to_json().unwrap()).unwrap();
    assert!(!none.is_unique_checked());
    none
}

#[test]
fn answers_are_read_back_with_the_scale_that_they_were_counted_by() {
    let card = Scorecard::of(&surveyed(), scales()).unwrap();
    let back = read(&totals(&card), &scales()).unwrap();
    assert_eq!(back.figure("csat").unwrap(), card.figure("csat").unwrap());
    assert_eq!(back.merge(&card).unwrap().figure("csat").unwrap().denominator().unwrap().integer(), 8);
    let found = refused(read(&totals(&card), &Request::default()), "no scale");
    assert!(matches!(&found, Error::InvalidOption { .. }), "{found}");
    assert_says(&found.to_string(), &["csat_satisfied_from"]);
}

#[test]
fn columns_that_are_neither_keys_nor_totals_are_named() {
    let card = small_card(Request::default().by(["region"]).metrics(["adoption_rate"]));
    let found = refused(read(&totals(&card), &Request::default()), "a key that is not named");
    assert_eq!(found.kind(), "invalid_document");
    assert_says(&found.to_string(), &["region", "by=[..., 'region']"]);
    let by = Request::default().by(["region"]);
    let all = read(&totals(&card), &by).unwrap().rollup::<&str>(&[]).unwrap();
    assert_eq!(
        all.figure("adoption_rate").unwrap(),
        card.rollup::<&str>(&[]).unwrap().figure("adoption_rate").unwrap()
    );
}

#[test]
fn a_period_that_is_no_key_is_refused_as_for_a_table() {
    let card = small_card(Request::default().by(["region"]).metrics(["adoption_rate"]));
    for request in [Request::default().by(["region"]).period("month"), Request::default().period("region")] {
        let of_table = refused(Scorecard::of(&small_table(), request.clone()), "no key");
        assert_eq!(refused(read(&totals(&card), &request), "no key"), of_table);
        assert_eq!(of_table.kind(), "invalid_option");
    }
}

#[test]
fn totals_without_stocks_are_the_same_whether_time_was_rolled_away_or_not() {
    let table = Table::new(2)
        .with("period", vec!["2026-01", "2026-02"])
        .with("cases", vec![2_i64, 2])
        .with("defect_cases", vec![1_i64, 0]);
    let card = Scorecard::of(&table, Request::default().by(["period"]).metrics(["defect_share"])).unwrap();
    let year = card.rollup::<&str>(&[]).unwrap();
    let back = read(&totals(&year), &Request::default()).unwrap();
    assert_eq!(back.merge(&year).unwrap().figure("defect_share").unwrap().value(), Some(0.25));
    assert_eq!(back, year);
    let stocks = small_card(Request::default().by(["region"]).period("region").metrics(["adoption_rate"]));
    let stocks = stocks.rollup::<&str>(&[]).unwrap();
    for joined in [stocks.join(&year).unwrap(), year.join(&stocks).unwrap()] {
        assert!(!joined.figure("adoption_rate").unwrap().is_defined());
        assert_eq!(joined.figure("defect_share").unwrap().value(), Some(0.25));
    }
}
