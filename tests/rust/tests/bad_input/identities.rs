//! Customers' identities, of any type.

use crate::support::{assert_says, refused};
use arrow_array::{ArrayRef, BinaryArray, Decimal128Array, FixedSizeBinaryArray, RecordBatch};
use std::sync::Arc;
use svcmetrics::{
    Component, Data, HealthModel, HealthScorer, HealthScores, Key, KeyType, Request, Scalar, Scorecard, Table, TimeUnit,
};

fn table(identities: impl Into<Data<'static>>) -> Table<'static> {
    Table::new(3)
        .with("customer_id", identities)
        .with("milestones_met", vec![1_i64; 3])
        .with("milestones_total", vec![1_i64; 3])
}

fn other(kind: &str, text: &str) -> Scalar {
    Scalar::Other(kind.into(), text.into())
}

fn checked(table: &Table<'_>) -> svcmetrics::Result<Scorecard> {
    Scorecard::of(table, Request::default().unique("customer_id"))
}

fn scored(table: &Table<'_>) -> HealthScores {
    let model = HealthModel::new([Component::new("adoption_rate", 1)]).unwrap();
    let mut scorer = HealthScorer::new(Request::default().health(model));
    scorer.add(table).unwrap();
    scorer.finish().unwrap()
}

#[test]
fn identities_of_any_type_are_checked_for_duplicates() {
    let text = |text: &str| Scalar::Text(text.into());
    let large = |text: &str| Scalar::Large(text.into());
    let time = |time| Scalar::Instant(time, TimeUnit::Nanosecond);
    for [one, two] in [
        [other("UUID", "12345678-1234-5678-1234-567812345678"), other("UUID", "12345678-1234-5678-1234-567812345679")],
        [other("bytes", "b'a'"), text("b'a'")],
        [Scalar::Float(1.5), text("1.5")],
        [Scalar::Float(1.5), Scalar::Float(1.500_000_000_000_000_2)],
        [Scalar::Integer(1), text("1")],
        [Scalar::Integer(10_i128.pow(20)), Scalar::Integer(10_i128.pow(20) + 1)],
        [large("170141183460469231731687303715884105728"), large("170141183460469231731687303715884105729")],
        [Scalar::Boolean(true), text("True")],
        [time(1), Scalar::Timestamp(1, TimeUnit::Nanosecond)],
    ] {
        let differ = vec![one.clone(), two.clone(), Scalar::Null];
        let card = checked(&table(differ.clone()));
        assert!(card.is_ok_and(|card| card.is_unique_checked()), "{differ:?}");
        for twice in [vec![one.clone(), two.clone(), one.clone()], vec![two.clone(), one, two]] {
            let found = refused(checked(&table(twice)), "twice");
            assert_eq!(found.kind(), "duplicate_customer");
            assert_says(&found.to_string(), &["rows 0 and 2"]);
        }
    }
    let fractions = refused(checked(&table(vec![1.5, 2.5, 1.5])), "1.5 twice");
    assert_eq!((fractions.kind(), fractions.value()), ("duplicate_customer", Some("1.5")));
    let nan = refused(checked(&table(vec![1.5, f64::NAN, 2.5])), "NaN");
    assert_eq!((nan.kind(), nan.row()), ("not_a_number", Some(1)));
}

fn arrow(identities: ArrayRef) -> RecordBatch {
    let ones = || Arc::new(arrow_array::Int64Array::from(vec![1; 3])) as ArrayRef;
    RecordBatch::try_from_iter([("customer_id", identities), ("milestones_met", ones()), ("milestones_total", ones())])
        .unwrap()
}

#[test]
fn bytes_and_large_decimals_of_arrow_are_identities() {
    let binary = |values: [&[u8]; 3]| arrow(Arc::new(BinaryArray::from_vec(values.to_vec())));
    let fixed =
        |values: [[u8; 2]; 3]| arrow(Arc::new(FixedSizeBinaryArray::try_from_iter(values.into_iter()).unwrap()));
    let decimals = |values: [i128; 3]| {
        let array = Decimal128Array::from(values.to_vec()).with_precision_and_scale(38, 2).unwrap();
        arrow(Arc::new(array))
    };
    let large = 10_i128.pow(22);
    for (differ, twice) in [
        (binary([b"a", b"", b"a\0"]), binary([b"\xff", b"a", b"\xff"])),
        (fixed([[0, 0], [0, 1], [1, 0]]), fixed([[0, 0], [0, 1], [0, 0]])),
        (decimals([large, large + 100, large + 1]), decimals([large + 1, large, large + 1])),
    ] {
        assert!(checked(&Table::from(&differ)).is_ok());
        let found = refused(checked(&Table::from(&twice)), "twice");
        assert_eq!(found.kind(), "duplicate_customer");
    }
    let scores = scored(&Table::from(&binary([b"a\xff", b"", b"b"])));
    assert_eq!(scores.customers, Some((KeyType::Text, ["0x61ff", "0x", "0x62"].map(Key::from).to_vec())));
}

#[test]
fn scores_keep_identities_of_one_type_and_show_others_as_text() {
    let keys = |keys: [&str; 3]| keys.map(Key::from).to_vec();
    assert_eq!(
        scored(&table(vec![3_i64, 1, 2])).customers,
        Some((KeyType::Integer, [3, 1, 2].map(Key::from).to_vec()))
    );
    assert_eq!(scored(&table(vec![1.0, 2.5, 3.0])).customers, Some((KeyType::Text, keys(["1", "2.5", "3"]))));
    let mixed = vec![Scalar::Integer(1), Scalar::Text("x".into()), Scalar::Null];
    let expected = vec![Key::from("1"), Key::from("x"), Key::Null];
    let scores = scored(&table(mixed));
    assert_eq!(scores.customers, Some((KeyType::Text, expected)));
    let batch = scores.to_record_batch(false).unwrap();
    assert_eq!(batch.schema_ref().field(0).data_type(), &arrow_schema::DataType::Utf8);
    let beyond = vec![Scalar::Integer(-1), Scalar::Integer(i128::from(u64::MAX)), Scalar::Integer(0)];
    assert_eq!(scored(&table(beyond)).customers, Some((KeyType::Text, keys(["-1", "18446744073709551615", "0"]))));
}

#[test]
fn scoring_stops_when_asked_to_while_identities_are_read() {
    let rows = 200_000;
    let names: Vec<String> = (0..rows).map(|row| row.to_string()).collect();
    let table = Table::new(rows)
        .with("customer_id", names)
        .with("milestones_met", vec![1_i64; rows])
        .with("milestones_total", vec![1_i64; rows]);
    let mut asked = 0;
    let mut go_on = || {
        asked += 1;
        asked < 3
    };
    let mut scorer = HealthScorer::new(Request::default().metrics(["customer_health"]));
    assert_eq!(refused(scorer.add_while(&table, &mut go_on), "stopped").kind(), "interrupted");
    // three questions for the first 200,000 rows of identities, before any block is scored
    assert_eq!(asked, 3);
}
