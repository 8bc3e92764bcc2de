//! Numbers as keys by bins: exact at the edges, whatever their type.

use crate::support::{assert_says, refused};
use proptest::prelude::*;
use rust_decimal::Decimal;
use svcmetrics::{Bins, Data, Key, Request, Scalar, Scorecard, Table};

fn request(bins: Bins) -> Request {
    Request::default().by(["size"]).bins("size", "size", bins).metrics(["onboard_rate"])
}

fn table(sizes: impl Into<Data<'static>>, rows: usize) -> Table<'static> {
    Table::new(rows).with("size", sizes).with("is_new", vec![true; rows]).with("onboarded", vec![true; rows])
}

fn quarters() -> Bins {
    Bins::new([0, 12, 36]).unwrap()
}

/// The label of each group with its rows.
fn found(card: &Scorecard) -> Vec<(String, i128)> {
    card.groups().iter().enumerate().map(|(group, keys)| (keys[0].to_string(), card.rows(group))).collect()
}

fn cut(sizes: impl Into<Data<'static>>, rows: usize) -> Vec<(String, i128)> {
    found(&Scorecard::of(&table(sizes, rows), request(quarters())).unwrap())
}

fn labels(expected: &[(&str, i128)]) -> Vec<(String, i128)> {
    expected.iter().map(|(label, rows)| ((*label).to_owned(), *rows)).collect()
}

#[test]
fn every_type_of_number_falls_into_the_same_bins() {
    let expected = labels(&[("< 0", 1), ("0 to 12", 2), ("12 to 36", 1), (">= 36", 1), ("null", 1)]);
    let whole = [Some(-1_i64), Some(0), Some(11), Some(12), Some(36), None];
    assert_eq!(cut(whole.to_vec(), 6), expected);
    assert_eq!(cut(vec![Some(-0.5), Some(0.0), Some(11.9), Some(12.0), Some(1e300), None], 6), expected);
    let decimals = [Some((-1, 9)), Some((0, 0)), Some((11_999_999_999, 9)), Some((1200, 2)), Some((36, 0)), None];
    let decimal = |(digits, scale)| Decimal::new(digits, scale);
    assert_eq!(cut(decimals.map(|value| value.map(decimal)).to_vec(), 6), expected);
    let mixed = vec![
        Scalar::Large("-99999999999999999999999999999999999999999".into()),
        Scalar::Integer(0),
        Scalar::Float(11.5),
        Scalar::Text("12 to 36".into()),
        Scalar::Decimal { value: 1, scale: -300 },
        Scalar::Null,
    ];
    assert_eq!(cut(mixed, 6), expected);
}

#[test]
fn a_float_is_the_decimal_that_it_stands_for() {
    let edges = Bins::new([Decimal::new(1, 1), Decimal::new(3, 1)]).unwrap();
    // 0.1 + 0.2 is a double above 0.3, and stands for it
    let card = Scorecard::of(&table(vec![0.1, 0.3, 0.1 + 0.2, 0.299_999], 4), request(edges)).unwrap();
    assert_eq!(found(&card), labels(&[("0.1 to 0.3", 2), (">= 0.3", 2)]));
}

#[test]
fn bins_are_sorted_by_their_edges_and_shown_by_their_labels() {
    let named = quarters().labels(["young", "grown", "adult"]).unwrap();
    let card = Scorecard::of(&table(vec![40_i64, 20, 1, -1], 4), request(named)).unwrap();
    assert_eq!(found(&card), labels(&[("< 0", 1), ("young", 1), ("grown", 1), ("adult", 1)]));
    let read = Scorecard::from_json(&card.to_json().unwrap()).unwrap();
    assert_eq!((&read, found(&read)), (&card, found(&card)));
}

#[test]
fn what_is_no_number_is_an_error_with_its_row() {
    for (sizes, value) in [
        (Data::from(vec![Scalar::Float(1.0), Scalar::Float(f64::INFINITY)]), "inf"),
        (Data::from(vec![Scalar::Null, Scalar::Boolean(true)]), "true"),
        (Data::from(vec![Scalar::Integer(1), Scalar::Text("12 bis 36".into())]), "12 bis 36"),
        (Data::from(vec![Scalar::Integer(1), Scalar::Date(3)]), ""),
    ] {
        let error = refused(Scorecard::of(&table(sizes, 2), request(quarters())), value);
        assert_eq!((error.kind(), error.column(), error.row()), ("column_type", Some("size"), Some(1)), "{error}");
        assert_says(&error.to_string().to_lowercase(), &[value, "finite numbers"]);
    }
    let error = refused(Scorecard::of(&table(vec![f64::NAN], 1), request(quarters())), "NaN");
    assert_eq!(error.kind(), "not_a_number");
    let card = Scorecard::of(&table(vec![f64::NAN], 1), request(quarters()).nan_is_missing(true)).unwrap();
    assert_eq!(card.groups(), [[Key::Null]]);
}

#[test]
fn edges_that_do_not_rise_and_labels_that_do_not_fit_are_refused() {
    for edges in [vec![], vec![1, 1], vec![2, 1]] {
        assert_eq!(refused(Bins::new(edges), "no edges").kind(), "invalid_option");
    }
    assert_eq!(refused(Bins::new([Decimal::new(1, 7)]), "too fine").kind(), "invalid_option");
    assert_eq!(refused(Bins::new([Decimal::MAX]), "too large").kind(), "invalid_option");
    for named in [vec!["a", "b"], vec!["a", "b", "a"], vec!["a", "b", "< 0"], vec!["a", "b", "c", "d"]] {
        assert_eq!(refused(quarters().labels(named), "labels").kind(), "invalid_option");
    }
}

#[test]
fn bins_of_what_is_no_key_are_refused() {
    let request = Request::default().bins("size", "size", quarters());
    let error = refused(Scorecard::of(&table(vec![1_i64], 1), request), "size is no key");
    assert_eq!((error.kind(), error.value()), ("invalid_option", Some("size")));
    let request = Request::default().by(["age"]).bins("age", "age_months", quarters());
    let error = refused(Scorecard::of(&table(vec![1_i64], 1), request.clone()), "no such column");
    assert_eq!((error.kind(), error.column()), ("column_not_found", Some("age_months")));
}

#[test]
fn parts_merge_where_their_bins_are_the_same_and_roll_up() {
    let part = |sizes: Vec<i64>, bins| Scorecard::of(&table(sizes, 2), request(bins)).unwrap();
    let (one, other) = (part(vec![1, 40], quarters()), part(vec![12, 2], quarters()));
    let both = one.merge(&other).unwrap();
    assert_eq!(found(&both), labels(&[("0 to 12", 2), ("12 to 36", 1), (">= 36", 1)]));
    assert_eq!(both.rollup::<&str>(&[]).unwrap().rows(0), 4);
    for bins in [Bins::new([0, 12]).unwrap(), quarters().labels(["a", "b", "c"]).unwrap()] {
        let error = refused(one.merge(&part(vec![1, 2], bins)), "other bins");
        assert_eq!(error.kind(), "mismatch");
        assert_says(&error.to_string(), &["keys", "bins from 0; 12; 36"]);
    }
    let plain = Scorecard::of(&table(vec![1_i64], 1), Request::default().by(["size"]).metrics(["onboard_rate"]));
    assert_eq!(refused(one.merge(&plain.unwrap()), "no bins").kind(), "mismatch");
}

#[test]
fn reasons_are_by_bins_too_and_a_metric_reads_the_number() {
    let customers = Table::new(2)
        .with("tenure_months", vec![5_i64, 15])
        .with("revenue_start", vec![10_i64, 20])
        .with("revenue_end", vec![0_i64, 0])
        .with("loss_reason", vec!["price", "price"]);
    let request = Request::default().by(["tenure_months"]).bins("tenure_months", "tenure_months", quarters());
    let card = Scorecard::of(&customers, request).unwrap();
    assert_eq!(card.figure_of(1, "mean_tenure_months").unwrap().value(), Some(15.0));
    let reasons = card.reasons(svcmetrics::RevenueChange::Loss).unwrap();
    assert_eq!(reasons.iter().map(|reason| reason.keys[0].to_string()).collect::<Vec<_>>(), ["0 to 12", "12 to 36"]);
    assert_eq!(Scorecard::from_json(&card.to_json().unwrap()).unwrap(), card);
}

#[test]
fn stored_bins_that_contradict_themselves_are_refused() {
    let good = Scorecard::of(&table(vec![1_i64], 1), request(quarters())).unwrap().to_json().unwrap();
    for (from, to) in [
        (r#""edges":["0","12","36"]"#, r#""edges":["0","36","12"]"#),
        (r#""edges":["0","12","36"]"#, r#""edges":["0","12"]"#),
        (r#""edges":["0","12","36"]"#, r#""edges":["0","12","x"]"#),
        (r#""labels":["< 0""#, r#""labels":["below""#),
        (r#""position":1"#, r#""position":2"#),
        (r#""position":1"#, r#""position":9"#),
        (r#""label":"0 to 12""#, r#""label":"0 to 13""#),
    ] {
        assert!(good.contains(from), "{from} is not in {good}");
        let error = refused(Scorecard::from_json(&good.replace(from, to)), to);
        assert_eq!(error.kind(), "invalid_document", "{to}");
    }
}

proptest! {
    #[test]
    fn a_number_is_in_the_bin_whose_edges_are_around_it(
        edges in proptest::collection::btree_set(-1_000_000_000_i64..1_000_000_000, 1..6),
        size in -1_100_000_000_i64..1_100_000_000,
    ) {
        let decimal = |micros: i64| Decimal::new(micros, 6);
        let bins = Bins::new(edges.iter().map(|edge| decimal(*edge))).unwrap();
        let expected = edges.iter().filter(|edge| **edge <= size).count();
        let label = bins.label(u32::try_from(expected).unwrap()).unwrap().to_owned();
        #[allow(clippy::cast_precision_loss)]
        let float = size as f64 / 1e6;
        for sizes in [Data::from(vec![decimal(size)]), Data::from(vec![float])] {
            prop_assert_eq!(found(&Scorecard::of(&table(sizes, 1), request(bins.clone())).unwrap()), [(label.clone(), 1)]);
        }
    }
}
