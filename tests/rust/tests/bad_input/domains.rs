//! Domains of the columns beyond the core: words of a category, answers on a scale, parts of costs and cases.

use crate::support::{assert_says, refused};
use svcmetrics::{Counts, Data, Error, Nulls, OnInvalid, Request, Scalar, Scales, Scorecard, Table, Values};

fn error(table: &Table<'_>, request: Request) -> Error {
    refused(Scorecard::of(table, request), "values that cannot be used")
}

fn counts(table: &Table<'_>, request: Request, metric: &str) -> [i128; 4] {
    let card = Scorecard::of(table, request.on_invalid(OnInvalid::Skip)).unwrap();
    let Counts { counted, missing, invalid, outside, .. } = card.counts_of(0, metric).unwrap().unwrap();
    [counted, missing, invalid, outside]
}

/// A table of one column.
fn one(rows: usize, name: &str, values: impl Into<Data<'static>>) -> Table<'static> {
    Table::new(rows).with(name, values)
}

fn effort(hardest: i64, easiest: i64) -> Request {
    Request::default().scales(Scales::default().effort(hardest, easiest).unwrap())
}

#[test]
fn a_word_that_a_category_does_not_have_is_an_error_with_row_value_and_the_allowed_words() {
    let cases = [
        ("impact", "positive", "good", ["positive", "neutral", "negative"], "positive_impact_share"),
        ("risk", "none", "high", ["none", "downgrade", "defection"], "defection_risk_share"),
    ];
    for (column, word, wrong, allowed, metric) in cases {
        let table = || one(3, column, vec![Some(word), None, Some(wrong)]);
        let found = error(&table(), Request::default());
        assert_eq!(
            (found.kind(), found.column(), found.row(), found.value(), found.count()),
            ("invalid_value", Some(column), Some(2), Some(format!("'{wrong}'").as_str()), 1)
        );
        assert_says(&found.to_string(), &allowed);
        assert_says(&found.to_string(), &["on_invalid=\"skip\""]);
        assert_eq!(counts(&table(), Request::default(), metric), [1, 1, 1, 0]);
    }
}

#[test]
fn words_are_compared_letter_by_letter() {
    for wrong in ["", "Positive", " positive", "none or negative"] {
        assert_eq!(
            error(&one(1, "impact", vec![wrong]), Request::default()).value(),
            Some(format!("'{wrong}'").as_str())
        );
    }
}

#[test]
fn a_category_may_come_as_text_as_a_dictionary_or_as_objects() {
    let cells =
        vec![Scalar::Text("neutral".into()), Scalar::Null, Scalar::Text("bad".into()), Scalar::Text("negative".into())];
    let values = Box::new(vec!["neutral", "bad", "negative"].into());
    let codes = Box::new(Data::from(vec![Some(0_i32), None, Some(1), Some(2)]));
    let dictionary = Data::new(Values::Dictionary { codes, values }, Nulls::None).unwrap();
    let texts = Data::from(vec![Some("neutral"), None, Some("bad"), Some("negative")]);
    for data in [Data::from(cells), dictionary, texts] {
        let table = one(4, "impact", data);
        assert_eq!(counts(&table, Request::default(), "neutral_impact_share"), [2, 1, 1, 0]);
        let found = error(&table, Request::default());
        assert_eq!((found.kind(), found.row(), found.value()), ("invalid_value", Some(2), Some("'bad'")));
    }
    let untyped = Data::new(Values::Null(3), Nulls::None).unwrap();
    assert_eq!(counts(&one(3, "impact", untyped), Request::default(), "neutral_impact_share"), [0, 3, 0, 0]);
}

#[test]
fn numbers_in_a_category_are_an_error_of_type_and_nan_among_words_is_missing_only_where_it_is_said() {
    let numbers = error(&one(2, "risk", vec![0_i64, 1]), Request::default());
    assert_eq!((numbers.kind(), numbers.column(), numbers.row()), ("column_type", Some("risk"), Some(0)));
    assert_says(&numbers.to_string(), &["none", "downgrade", "defection"]);
    let objects = error(&one(2, "risk", vec![Scalar::Text("none".into()), Scalar::Integer(1)]), Request::default());
    assert_eq!((objects.kind(), objects.row()), ("column_type", Some(1)));
    let with_nan = || one(2, "risk", vec![Scalar::Text("none".into()), Scalar::Float(f64::NAN)]);
    assert_eq!(error(&with_nan(), Request::default()).kind(), "not_a_number");
    assert_eq!(counts(&with_nan(), Request::default().nan_is_missing(true), "defection_risk_share"), [1, 1, 0, 0]);
}

#[test]
fn an_answer_above_10_below_0_or_between_two_numbers_is_no_recommendation() {
    for (wrong, value) in [(11.0, "11"), (-1.0, "-1"), (9.5, "9.5")] {
        let table = || one(3, "nps_score", vec![10.0, 0.0, wrong]);
        let found = error(&table(), Request::default());
        assert_eq!((found.kind(), found.column(), found.row()), ("invalid_value", Some("nps_score"), Some(2)));
        assert_eq!(found.value(), Some(value));
        assert_eq!(counts(&table(), Request::default(), "nps"), [2, 0, 1, 0]);
    }
}

#[test]
fn an_effort_outside_its_scale_is_an_error_whichever_end_is_the_easiest() {
    for request in [effort(1, 7), effort(7, 1)] {
        for wrong in [0_i64, 8] {
            let table = || one(3, "effort_score", vec![1, 7, wrong]);
            let found = error(&table(), request.clone());
            assert_eq!((found.kind(), found.row(), found.count()), ("invalid_value", Some(2), 1));
            assert_says(&found.to_string(), &["effort_score", &wrong.to_string()]);
            for metric in ["ces_mean", "ces_top_share", "ces_net"] {
                assert_eq!(counts(&table(), request.clone(), metric), [2, 0, 1, 0]);
            }
        }
    }
}

#[test]
fn scales_that_cannot_be_are_refused() {
    let found = refused(Scales::default().effort(3, 3), "one answer for both ends");
    assert_eq!((found.kind(), found.value()), ("invalid_option", Some("3 for both")));
    let fine = rust_decimal::Decimal::new(1, 7);
    assert_eq!(refused(Scales::default().csat_satisfied_from(fine), "too many places").kind(), "invalid_option");
    assert_eq!(refused(Scales::default().effort(1, 10_000_000), "too large").kind(), "invalid_option");
}

#[test]
fn a_survey_without_its_scale_is_not_measured_and_no_error_until_it_is_asked_for() {
    let table = || one(2, "csat_score", vec![4_i64, 5]).with("effort_score", vec![1_i64, 99]);
    let card = Scorecard::of(&table(), Request::default()).unwrap();
    for (metric, option) in [("csat", "csat_satisfied_from"), ("ces_mean", "effort_scale"), ("ces_net", "effort_scale")]
    {
        assert_eq!(card.not_measured()[metric][0].0, option);
        let found = error(&table(), Request::default().metrics([metric]));
        assert_eq!((found.kind(), found.value()), ("invalid_option", Some("nothing")));
        assert_says(&found.to_string(), &[option, metric, "scale"]);
        assert_eq!(refused(card.figure(metric), "not measured").to_string(), found.to_string());
    }
    let neither = error(&one(1, "nps_score", vec![1_i64]), Request::default().metrics(["csat"]));
    assert_eq!((neither.kind(), neither.column()), ("column_not_found", Some("csat_score")));
}

#[test]
fn scorecards_with_different_scales_do_not_merge() {
    let card = |request: Request| Scorecard::of(&one(2, "effort_score", vec![1_i64, 7]), request).unwrap();
    let (up, down) = (card(effort(1, 7)), card(effort(7, 1)));
    assert!(up.merge(&up).is_ok());
    assert_says(&refused(up.merge(&down), "other scales").to_string(), &["effort"]);
}

#[test]
fn parts_of_cost_cases_and_engagements_above_their_wholes_are_errors_at_the_part() {
    let cases = [
        ("defect_cost", "service_cost", "defect_cost_share"),
        ("defect_cases", "cases", "defect_share"),
        ("negative_engagements", "engagements", "negative_engagement_share"),
        ("milestones_met", "milestones_total", "fully_adopted_rate"),
        ("downtime_minutes", "service_minutes", "uninterrupted_rate"),
    ];
    for (part, whole, metric) in cases {
        let table = || Table::new(2).with(part, vec![2_i64, 6]).with(whole, vec![2_i64, 5]);
        let found = error(&table(), Request::default().metrics([metric]));
        assert_eq!(
            (found.kind(), found.column(), found.row(), found.value()),
            ("invalid_value", Some(part), Some(1), Some("6")),
            "{metric}"
        );
        assert_says(&found.to_string(), &[whole, "5"]);
        assert_eq!(counts(&table(), Request::default(), metric), [1, 0, 1, 0], "{metric}");
    }
}

#[test]
fn what_may_exceed_or_fall_below_is_no_error() {
    let table = Table::new(1)
        .with("licenses_used", vec![12_i64])
        .with("licenses_sold", vec![10_i64])
        .with("service_attached", vec![3_i64])
        .with("product_sales", vec![2_i64])
        .with("benefit", vec![-50_i64])
        .with("investment", vec![100_i64])
        .with("direct_revenue", vec![10_i64])
        .with("service_cost", vec![40_i64]);
    let card = Scorecard::of(&table, Request::default()).unwrap();
    for (metric, value) in [("license_adoption", 1.2), ("attach_rate", 1.5), ("roi", -1.5), ("service_margin", -3.0)] {
        assert_eq!(card.figure(metric).unwrap().value(), Some(value), "{metric}");
    }
}

#[test]
fn amounts_and_quantities_below_0_are_errors_but_for_the_benefit() {
    for (column, beside) in [
        ("investment", vec!["benefit"]),
        ("service_cost", vec![]),
        ("defect_cost", vec![]),
        ("direct_revenue", vec![]),
        ("indirect_revenue", vec![]),
        ("tenure_months", vec![]),
        ("product_sales", vec!["service_attached"]),
    ] {
        let table = beside.iter().fold(one(1, column, vec![-1_i64]), |table, name| table.with(*name, vec![1_i64]));
        let found = error(&table, Request::default());
        assert_eq!((found.kind(), found.column(), found.value()), ("invalid_value", Some(column), Some("-1")));
    }
}

#[test]
fn a_rule_of_one_column_says_nothing_of_others() {
    let nps = error(&one(1, "nps_score", vec![11_i64]), Request::default());
    let easy = error(&one(1, "effort_score", vec![11_i64]), effort(1, 7));
    for found in [nps, easy] {
        let expected = found.expected().unwrap();
        assert!(!expected.contains("with") && !expected.ends_with([' ', ',']), "{expected}");
    }
}

#[test]
fn what_cannot_be_skipped_is_found_beside_what_can() {
    let table = Table::new(2).with("milestones_met", vec![-1.0, 1.0]).with("milestones_total", vec![f64::NAN, 2.0]);
    let found = error(&table, Request::default().on_invalid(OnInvalid::Skip));
    assert_eq!((found.kind(), found.column(), found.row()), ("not_a_number", Some("milestones_total"), Some(0)));
    assert_eq!(error(&table, Request::default()).column(), Some("milestones_met"));
}

#[test]
fn reasons_of_gains_can_be_mapped_though_no_metric_reads_them() {
    let table = one(1, "why", vec!["price"]).with("nps_score", vec![9_i64]);
    let request = || Request::default().column("gain_reason", "why", svcmetrics::ColumnUnit::OWN);
    assert!(Scorecard::of(&table, request()).is_ok());
    let unit = Request::default().column("effort_score", "nps_score", svcmetrics::ColumnUnit::named("cents").unwrap());
    let scales = Scales::default().effort(1, 7).unwrap();
    assert_eq!(error(&table, unit.scales(scales)).kind(), "invalid_option");
}
