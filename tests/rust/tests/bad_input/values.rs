//! Values: NaN, infinities, negative counts, parts above their wholes, absent revenue, too many places.

use crate::support::{assert_says, refused};
use svcmetrics::{
    AbsentRevenue, Check, Counts, Data, Error, MoneyPolicy, OnInvalid, Request, Scalar, Scorecard, ScorecardBuilder,
    Table, Undefined,
};

fn adoption(met: impl Into<Data<'static>>, total: impl Into<Data<'static>>, rows: usize) -> Table<'static> {
    Table::new(rows).with("milestones_met", met).with("milestones_total", total)
}

fn revenue(start: impl Into<Data<'static>>, end: impl Into<Data<'static>>, rows: usize) -> Table<'static> {
    Table::new(rows).with("revenue_start", start).with("revenue_end", end)
}

fn error(table: &Table<'_>, request: Request) -> Error {
    refused(Scorecard::of(table, request), "values that cannot be used")
}

fn skip() -> Request {
    Request::default().on_invalid(OnInvalid::Skip)
}

fn counts(table: &Table<'_>, request: Request, metric: &str) -> [i128; 4] {
    let card = Scorecard::of(table, request).unwrap();
    let Counts { counted, missing, invalid, outside, .. } = card.counts_of(0, metric).unwrap().unwrap();
    [counted, missing, invalid, outside]
}

#[test]
fn nan_is_an_error_with_its_row_unless_it_is_said_to_be_missing() {
    let table = || revenue(vec![1.0, f64::NAN], vec![1.0, 1.0], 2);
    for request in [Request::default(), skip(), Request::default().money(MoneyPolicy::Round)] {
        let found = error(&table(), request);
        assert_eq!((found.kind(), found.column(), found.row()), ("not_a_number", Some("revenue_start"), Some(1)));
        assert_says(&found.to_string(), &["NaN", "nan=\"null\""]);
    }
    let missing = Request::default().nan_is_missing(true).absent_revenue(AbsentRevenue::Missing);
    assert_eq!(counts(&table(), missing, "revenue_start"), [1, 1, 0, 0]);
}

#[test]
fn nan_is_an_error_in_counts_flags_and_object_columns_too() {
    let found = error(&adoption(vec![1.0, f64::NAN], vec![2.0, 2.0], 2), Request::default());
    assert_eq!((found.kind(), found.row()), ("not_a_number", Some(1)));
    let flags = Table::new(2).with("is_new", vec![1.0, f64::NAN]).with("onboarded", vec![true, true]);
    assert_eq!(error(&flags, Request::default()).kind(), "not_a_number");
    let objects = adoption(vec![Scalar::Integer(1), Scalar::Float(f64::NAN)], vec![2_i64, 2], 2);
    assert_eq!(error(&objects, Request::default()).kind(), "not_a_number");
    assert_eq!(counts(&objects, Request::default().nan_is_missing(true), "adoption_rate"), [1, 1, 0, 0]);
}

#[test]
fn nan_that_nobody_reads_is_no_error() {
    let table = Table::new(2)
        .with("is_new", vec![1.0, 0.0])
        .with("onboarded", vec![1.0, f64::NAN])
        .with("other", vec![f64::NAN; 2]);
    assert_eq!(counts(&table, Request::default(), "onboard_rate"), [1, 0, 0, 1]);
}

#[test]
fn infinities_are_an_error_with_row_and_value_or_are_skipped_and_counted() {
    for infinite in [f64::INFINITY, f64::NEG_INFINITY] {
        let money = || revenue(vec![1.0, infinite], vec![1.0, 1.0], 2);
        let found = error(&money(), Request::default());
        assert_eq!((found.kind(), found.column(), found.row()), ("invalid_value", Some("revenue_start"), Some(1)));
        assert_eq!(found.value(), Some(infinite.to_string().as_str()));
        assert_eq!(counts(&money(), skip(), "revenue_start"), [1, 0, 1, 0]);
        let count = || adoption(vec![1.0, infinite], vec![2.0, 2.0], 2);
        assert_eq!(error(&count(), Request::default()).kind(), "invalid_value");
        assert_eq!(counts(&count(), skip(), "adoption_rate"), [1, 0, 1, 0]);
    }
}

#[test]
fn negative_counts_and_amounts_are_an_error_or_are_skipped_and_counted() {
    let table = || adoption(vec![2_i64, -1, 2], vec![4_i64, 4, -4], 3);
    let found = error(&table(), Request::default());
    assert_eq!(
        (found.kind(), found.column(), found.row(), found.value()),
        ("invalid_value", Some("milestones_met"), Some(1), Some("-1"))
    );
    assert_says(&found.to_string(), &["a whole number, 0 or more", "on_invalid=\"skip\"", "adoption_rate"]);
    assert_eq!(counts(&table(), skip(), "adoption_rate"), [1, 0, 2, 0]);
    let amounts = || revenue(vec![1.0, -0.01], vec![1.0, 1.0], 2);
    assert_eq!(error(&amounts(), Request::default()).value(), Some("-0.01"));
    assert_eq!(counts(&amounts(), skip(), "revenue_end"), [1, 0, 1, 0]);
}

#[test]
fn amounts_of_more_millionths_than_64_bits_hold_are_refused_at_each_scale() {
    // 2^64 millionths and a few more, or fewer
    for (scale, far) in [(2, -18_446_744_073_709.55), (2, 18_446_744_073_709.56), (1, -18_446_744_073_709.0)] {
        for near in [1.0, 100.0 / 12.0] {
            let found = error(&revenue(vec![near, far], vec![1.0, 1.0], 2), Request::default().scale(scale));
            assert_eq!(
                (found.kind(), found.column(), found.row()),
                ("out_of_range", Some("revenue_start"), Some(1)),
                "{far} beside {near}"
            );
        }
    }
}

#[test]
fn a_part_above_its_whole_is_an_error_with_both_columns_and_both_values() {
    let found = error(&adoption(vec![1_i64, 7], vec![4_i64, 5], 2), Request::default());
    assert_eq!(
        (found.kind(), found.column(), found.row(), found.value()),
        ("invalid_value", Some("milestones_met"), Some(1), Some("7"))
    );
    assert_says(&found.to_string(), &["milestones_met", "7", "milestones_total", "5", "row 1"]);
    let minutes = Table::new(1).with("service_minutes", vec![60.0]).with("downtime_minutes", vec![60.5]);
    assert_says(
        &error(&minutes, Request::default()).to_string(),
        &["downtime_minutes", "60.5", "service_minutes", "60"],
    );
    let engagements = |all: i32, positive: i32, negative: i32| {
        Table::new(1)
            .with("engagements", vec![all])
            .with("positive_engagements", vec![positive])
            .with("negative_engagements", vec![negative])
    };
    assert_says(
        &error(&engagements(3, 2, 2), Request::default()).to_string(),
        &["positive_engagements", "2", "negative_engagements", "3"],
    );
    // parts that add up to all that 32 bits hold, and to one more
    let half = 1 << 30;
    assert_eq!(counts(&engagements(i32::MAX, half, half - 1), Request::default(), "engagement_quality"), [1, 0, 0, 0]);
    assert_eq!(error(&engagements(i32::MAX, half, half), Request::default()).value(), Some("1073741824"));
}

#[test]
fn the_first_ten_offenders_are_named_and_all_are_counted() {
    let met: Vec<i64> = (0..3000).map(|row| if row % 100 == 7 { 9 } else { 1 }).collect();
    let found = error(&adoption(met, vec![4_i64; 3000], 3000), Request::default());
    let offence = found.offence().unwrap();
    assert_eq!((found.count(), found.row(), offence.first.len()), (30, Some(7), 10));
    assert_eq!(offence.first[9], (907, "9".to_owned()));
    assert_says(&found.to_string(), &["30 rows in all", "907"]);
}

#[test]
fn the_first_offending_row_is_reported_whatever_its_column() {
    let table = adoption(vec![1_i64, 1, 9], vec![4_i64, 4, 4], 3)
        .with("goals_met", vec![0_i64, 9, 0])
        .with("goals_total", vec![1_i64; 3]);
    let found = error(&table, Request::default());
    assert_eq!((found.column(), found.row()), (Some("goals_met"), Some(1)));
}

#[test]
fn rows_are_numbered_over_all_parts() {
    let mut builder = ScorecardBuilder::new(Request::default());
    for met in [vec![1_i64, 2], vec![], vec![3, 4, 9]] {
        let rows = met.len();
        builder.add(&adoption(met, vec![4_i64; rows], rows)).unwrap();
    }
    assert_eq!(refused(builder.finish(), "9 of 4").row(), Some(4));
    let mut builder = ScorecardBuilder::new(Request::default());
    builder.add(&adoption(vec![1_i64; 5], vec![4_i64; 5], 5)).unwrap();
    let found = refused(builder.add(&adoption(vec!["1"; 2], vec![4_i64; 2], 2)), "text in the second part");
    assert_eq!((found.kind(), found.row()), ("column_type", Some(5)));
}

#[test]
fn nothing_counted_is_undefined_with_its_reason_and_never_0_or_all() {
    let reason = |table: &Table<'_>, metric: &str| {
        let figure = Scorecard::of(table, skip()).unwrap().figure(metric).unwrap();
        assert_eq!((figure.value(), figure.to_decimal(), figure.to_string().as_str()), (None, None, "–"));
        figure.undefined_reason()
    };
    let none = || Vec::<Option<i64>>::new();
    assert_eq!(reason(&adoption(none(), none(), 0), "adoption_rate"), Some(Undefined::NoRows));
    assert_eq!(reason(&adoption(vec![0_i64], vec![0_i64], 1), "adoption_rate"), Some(Undefined::ZeroDenominator));
    assert_eq!(
        reason(&adoption(vec![None::<i64>; 2], vec![1_i64; 2], 2), "adoption_rate"),
        Some(Undefined::AllMissing)
    );
    assert_eq!(reason(&adoption(vec![2_i64], vec![1_i64], 1), "adoption_rate"), Some(Undefined::AllInvalid));
    assert_eq!(
        reason(&adoption(vec![Some(2_i64), None], vec![1_i64; 2], 2), "adoption_rate"),
        Some(Undefined::NoneCounted)
    );
    assert_eq!(reason(&revenue(vec![0_i64], vec![1_i64], 1), "customer_churn_rate"), Some(Undefined::NoneInScope));
}

#[test]
fn revenue_that_is_absent_on_one_side_needs_a_word_and_both_are_offered() {
    let table = || revenue(vec![Some(1.0), None, Some(3.0), None], vec![None, Some(2.0), None, None], 4);
    let found = error(&table(), Request::default());
    assert_eq!((found.kind(), found.count(), found.row()), ("absent_revenue", 3, Some(0)));
    assert_says(
        &found.to_string(),
        &["3 rows", "\"zero\"", "\"missing\"", "'revenue_start' alone in 1", "'revenue_end' alone in 2"],
    );
    let once = error(&revenue(vec![Some(1.0), None], vec![Some(1.0), Some(2.0)], 2), Request::default());
    assert_says(&once.to_string(), &["absent on one side in 1 row ("]);
    let zero = Request::default().absent_revenue(AbsentRevenue::Zero);
    assert_eq!(counts(&table(), zero, "revenue_churn"), [3, 1, 0, 0]);
    let missing = Request::default().absent_revenue(AbsentRevenue::Missing);
    assert_eq!(counts(&table(), missing, "revenue_churn"), [0, 4, 0, 0]);
}

#[test]
fn decimals_with_too_many_places_are_an_error_with_row_and_value_and_rounded_where_asked() {
    let decimal = |value: i128, scale: i32| Scalar::Decimal { value, scale };
    let table = || revenue(vec![decimal(1999, 2), decimal(10_000_005, 7)], vec![1_i64, 1], 2);
    let found = error(&table(), skip());
    assert_eq!((found.kind(), found.row(), found.value()), ("inexact", Some(1), Some("1.0000005")));
    assert_says(&found.to_string(), &["at most 6 decimal places", "money=\"round\""]);
    let card = Scorecard::of(&table(), Request::default().money(MoneyPolicy::Round)).unwrap();
    assert_eq!(card.figure("revenue_start").unwrap().numerator().unwrap().to_string(), "20.99");
    assert_eq!(card.quality().metrics["revenue_start"].counts.rounded, 1);
}

#[test]
fn totals_beyond_64_bits_are_right_and_beyond_96_bits_no_decimal() {
    let most = i64::MAX / 1_000_000;
    let table = revenue(vec![most; 3000], vec![0_i64; 3000], 3000);
    let figure = Scorecard::of(&table, Request::default()).unwrap().figure("revenue_churn").unwrap();
    assert_eq!(figure.numerator().unwrap().integer(), i128::from(most) * 1_000_000 * 3000);
    let counts = adoption(vec![i64::MAX; 3], vec![i64::MAX; 3], 3);
    let figure = Scorecard::of(&counts, Request::default()).unwrap().figure("adoption_rate").unwrap();
    assert_eq!(figure.denominator().unwrap().integer(), 3 * i128::from(i64::MAX));
    assert_eq!(figure.value(), Some(1.0));
}

#[test]
fn a_caller_that_wants_to_stop_is_heard_between_blocks() {
    let table = |rows: usize| adoption(vec![1_i64; rows], vec![2_i64; rows], rows);
    // one thread, and as many as there are
    for rows in [60_000, 1_000_000] {
        let mut asked = 0;
        let mut builder = ScorecardBuilder::new(Request::default());
        let found = refused(
            builder.add_while(&table(rows), &mut || {
                asked += 1;
                asked < 5
            }),
            "stopped",
        );
        assert_eq!((found.kind(), asked), ("interrupted", 5), "{rows} rows");
    }
    let mut asked = 0;
    let mut builder = ScorecardBuilder::new(Request::default());
    builder
        .add_while(&table(60_000), &mut || {
            asked += 1;
            true
        })
        .unwrap();
    assert!(asked >= 50, "asked {asked} times in 60000 rows");
}

#[test]
fn a_check_finds_all_that_is_wrong_and_raises_nothing() {
    let table = adoption(vec![5_i64, 1, -1], vec![4_i64, 4, 4], 3)
        .with("revenue_start", vec![Some(100.0 / 12.0), None, Some(1.0)])
        .with("revenue_end", vec![1.0, 1.0, 1.0])
        .with("customer_id", vec!["a", "b", "a"])
        .with("goal_met", vec![1_i64; 3])
        .with("goals_total", vec![1_i64; 3]);
    let check = Check::of(&table, Request::default().unique("customer_id")).unwrap();
    let found: Vec<(&str, Option<u64>)> =
        check.observations.iter().map(|found| (found.kind.as_str(), found.row)).collect();
    for expected in [("invalid_value", Some(0)), ("invalid_value", Some(2)), ("duplicate_customer", Some(2))] {
        assert!(found.contains(&expected), "{expected:?} is not in {found:?}");
    }
    for kind in ["absent_revenue", "near_miss", "null", "rounded"] {
        assert!(found.iter().any(|(known, _)| *known == kind), "{kind} is not in {found:?}");
    }
    assert!(!check.is_clean());
    assert_eq!(check.scorecard.unwrap().figure("adoption_rate").unwrap().value(), Some(0.25));
}

#[test]
fn a_check_goes_on_after_what_would_end_a_scorecard() {
    let table = adoption(vec![5_i64, 1, 2], vec![4_i64, 4, 4], 3)
        .with("service_cost", vec![1_i64, 2, 3])
        .with("currency", vec!["EUR", "USD", "EUR"])
        .with("size", vec![0.5, 1.0, 2.0])
        .with("is_new", vec!["yes", "no", "yes"])
        .with("onboarded", vec![true; 3])
        .with("risk", vec![1_i64; 3])
        .with("cases", vec![true, false, true])
        .with("revenue_start", vec![1_i64; 3])
        .with("revenue_start", vec![2_i64; 3])
        .with("engagements", vec![-1_i64, 2, 3])
        .with("customer_id", vec![Scalar::Text("a".into()), Scalar::Integer(1), Scalar::Null]);
    let request = Request::default().by(["size", "region", "nps"]).unique("customer_id").column(
        "defect_cost",
        "defects",
        svcmetrics::ColumnUnit::OWN,
    );
    let check = Check::of(&table, request).unwrap();
    let found: Vec<(&str, Option<&str>, Option<u64>, u64)> = check
        .observations
        .iter()
        .map(|found| (found.kind.as_str(), found.column.as_deref(), found.row, found.count))
        .collect();
    for expected in [
        ("column_not_found", Some("region"), None, 1),
        ("column_not_found", Some("defects"), None, 1),
        ("key_name", Some("nps"), None, 1),
        ("duplicate_column", Some("revenue_start"), None, 1),
        ("mixed_currency", Some("currency"), Some(1), 1),
        ("column_type", Some("size"), Some(0), 1),
        ("column_type", Some("is_new"), Some(2), 3),
        ("column_type", Some("risk"), Some(0), 3),
        ("column_type", Some("cases"), Some(0), 3),
        ("invalid_value", Some("milestones_met"), Some(0), 1),
        ("invalid_value", Some("engagements"), Some(0), 1),
        ("null", Some("customer_id"), None, 1),
    ] {
        assert!(found.contains(&expected), "{expected:?} is not in {found:?}");
    }
    let rows_of =
        |column: &str| found.iter().filter(|found| found.0 == "column_type" && found.1 == Some(column)).count();
    assert_eq!((rows_of("cases"), rows_of("is_new")), (3, 3), "{found:?}");
    let card = check.scorecard.unwrap();
    assert_eq!((card.len(), card.keys().len(), card.quality().rows), (1, 1, 3));
}

#[test]
fn a_check_of_parts_counts_the_wrong_types_of_all_of_them() {
    let mut checker = svcmetrics::Checker::new(Request::default());
    for (met, currency) in [(vec!["x", "y"], "EUR"), (vec!["z", "w"], "USD")] {
        let part =
            adoption(met, vec![4_i64, 4], 2).with("currency", vec![currency; 2]).with("service_cost", vec![1_i64, 1]);
        checker.add(&part, &mut || true).unwrap();
    }
    let check = checker.finish().unwrap();
    let found: Vec<(&str, Option<u64>, Option<&str>, u64)> = check
        .observations
        .iter()
        .map(|found| (found.kind.as_str(), found.row, found.value.as_deref(), found.count))
        .collect();
    let text = |row: u64, value: &'static str| ("column_type", Some(row), Some(value), 4);
    assert_eq!(
        found,
        [("mixed_currency", Some(2), Some("USD"), 1), text(0, "'x'"), text(1, "'y'"), text(2, "'z'"), text(3, "'w'"),]
    );
}

#[test]
fn a_wrong_type_is_found_where_no_metric_counts_the_rows() {
    let table = Table::new(1).with("is_new", vec![false]).with("onboarded", vec!["yes"]);
    assert_eq!(refused(Scorecard::of(&table, Request::default()), "a text").kind(), "column_type");
    let check = Check::of(&table, Request::default()).unwrap();
    assert_eq!(check.observations[0].kind, "column_type");
}
