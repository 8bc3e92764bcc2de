//! Columns: missing, misspelt, twice, of the wrong type or length.

use crate::support::{assert_says, refused, small_table};
use proptest::prelude::*;
use svcmetrics::{ColumnUnit, Data, Error, Nulls, Request, Scalar, Scorecard, Table, Values};

fn error(table: &Table<'_>, request: Request) -> Error {
    refused(Scorecard::of(table, request), "a table that cannot be used")
}

fn adoption() -> Request {
    Request::default().metrics(["adoption_rate"])
}

#[test]
fn all_missing_columns_are_named_with_what_there_is_and_the_nearest_name() {
    let table = Table::new(1)
        .with("milestone_met", vec![1_i64])
        .with("Milestones Total", vec![2_i64])
        .with("region", vec!["a"]);
    let error = error(&table, adoption());
    assert_eq!(
        (error.kind(), error.metric(), error.column()),
        ("column_not_found", Some("adoption_rate"), Some("milestones_met"))
    );
    assert_says(
        &error.to_string(),
        &[
            "'milestones_met' (did you mean 'milestone_met'?)",
            "'milestones_total' (did you mean 'Milestones Total'?)",
            "region",
        ],
    );
    assert_eq!(error.hint(), Some("milestone_met"));
}

#[test]
fn a_column_with_nothing_near_it_is_missing_without_a_guess() {
    let error = error(&Table::new(1).with("zzz", vec![1_i64]), adoption());
    assert_says(&error.to_string(), &["'milestones_met'", "zzz"]);
    assert!(!error.to_string().contains("did you mean"), "{error}");
}

#[test]
fn a_misspelt_key_period_identity_or_source_is_an_error_with_the_nearest_name() {
    let near = |request: Request| error(&small_table(), request);
    for request in [
        Request::default().by(["regoin"]),
        Request::default().unique("regoin"),
        Request::default().column("loss_reason", "regoin", ColumnUnit::OWN),
    ] {
        let error = near(request);
        assert_eq!((error.kind(), error.hint()), ("column_not_found", Some("region")), "{error}");
    }
    let period = near(Request::default().by(["region"]).period("month"));
    assert_eq!((period.kind(), period.value()), ("invalid_option", Some("month")));
    let unknown = near(Request::default().column("revenue_strat", "region", ColumnUnit::OWN));
    assert_eq!(unknown.kind(), "invalid_option");
    assert_says(&unknown.to_string(), &["revenue_strat", "revenue_start"]);
}

#[test]
fn a_key_named_twice_is_an_error() {
    let error = error(&small_table(), Request::default().by(["region", "region"]));
    assert_eq!((error.kind(), error.column()), ("key_name", Some("region")));
}

#[test]
fn a_key_named_like_a_column_of_the_result_is_an_error() {
    for name in [
        "rows",
        "metric",
        "value",
        "numerator",
        "denominator",
        "counted",
        "undefined_reason",
        "low",
        "adoption_rate",
        "red_share",
    ] {
        let error = error(&small_table().with(name, vec!["a"; 4]), Request::default().by([name]));
        assert_eq!((error.kind(), error.column()), ("key_name", Some(name)));
    }
}

#[test]
fn the_same_column_twice_is_an_error_only_where_it_is_read() {
    let table = small_table().with("milestones_met", vec![1_i64; 4]).with("region", vec!["x"; 4]);
    let twice = error(&table, adoption());
    assert_eq!((twice.kind(), twice.column()), ("duplicate_column", Some("milestones_met")));
    assert_says(&twice.to_string(), &["2 times"]);
    let card = Scorecard::of(&table, Request::default().metrics(["plan_realization"])).unwrap();
    assert!(card.figure("plan_realization").unwrap().is_defined());
    let key = error(&table, Request::default().metrics(["plan_realization"]).by(["region"]));
    assert_eq!((key.kind(), key.column()), ("duplicate_column", Some("region")));
}

#[test]
fn numbers_as_text_are_an_error_with_type_row_value_and_the_cast_and_are_never_summed() {
    let typed = Table::new(3)
        .with("milestones_met", vec![None, Some("12"), Some("3")])
        .with("milestones_total", vec![20_i64; 3]);
    let found = error(&typed, adoption());
    assert_eq!((found.kind(), found.column(), found.row()), ("column_type", Some("milestones_met"), Some(1)));
    assert_says(&found.to_string(), &["text", "'12'", "a whole number", "to_numeric"]);
    let cells = vec![Scalar::Integer(1), Scalar::Text("12".into()), Scalar::Text("3".into())];
    let objects = Table::new(3).with("milestones_met", cells).with("milestones_total", vec![20_i64; 3]);
    let found = error(&objects, adoption());
    assert_eq!((found.kind(), found.row(), found.count()), ("column_type", Some(1), 2));
    assert_says(&found.to_string(), &["type text", "'12'"]);
}

#[test]
fn text_that_nobody_reads_or_that_is_null_throughout_does_not_matter() {
    let table = small_table().with("tenure", vec!["12"; 4]).with("service_minutes", vec![None::<&str>; 4]);
    let table = table.with("downtime_minutes", vec![0_i64; 4]);
    let card = Scorecard::of(&table, Request::default()).unwrap();
    assert_eq!(card.counts_of(0, "availability").unwrap().unwrap().missing, 4);
}

#[test]
fn booleans_are_no_numbers_and_numbers_other_than_0_and_1_are_no_booleans() {
    let table = Table::new(2).with("milestones_met", vec![false, true]).with("milestones_total", vec![1_i64, 1]);
    let found = error(&table, adoption());
    assert_eq!(
        (found.kind(), found.column(), found.row(), found.value()),
        ("column_type", Some("milestones_met"), Some(0), Some("false"))
    );
    for (cells, value) in [
        (Data::from(vec![1_i64, 2]), "2"),
        (Data::from(vec![1.0, 0.5]), "0.5"),
        (Data::from(vec![Scalar::Boolean(true), Scalar::Integer(-1)]), "-1"),
        (Data::from(vec![Scalar::Integer(0), Scalar::Decimal { value: 5, scale: 1 }]), "0.5"),
    ] {
        let table = Table::new(2).with("is_new", vec![true, true]).with("onboarded", cells);
        let found = error(&table, Request::default().metrics(["onboard_rate"]));
        assert_eq!((found.kind(), found.row(), found.value()), ("invalid_value", Some(1), Some(value)));
    }
    let text = Table::new(2).with("is_new", vec![true, true]).with("onboarded", vec!["yes", "no"]);
    let found = error(&text, Request::default().metrics(["onboard_rate"]));
    assert_eq!(found.kind(), "column_type");
    assert_says(&found.to_string(), &["boolean", "map("]);
}

#[test]
fn dates_are_no_numbers() {
    let days = Data::new(Values::Dates(vec![20_543, 20_544].into()), Nulls::None).unwrap();
    let table = Table::new(2).with("milestones_met", days).with("milestones_total", vec![1_i64, 1]);
    let found = error(&table, adoption());
    assert_eq!(found.kind(), "column_type");
    assert_says(&found.to_string(), &["date", "milestones_met"]);
}

#[test]
fn columns_and_masks_of_different_lengths_are_errors() {
    let table = Table::new(2).with("milestones_met", vec![1_i64]).with("milestones_total", vec![1_i64, 1]);
    assert_eq!(error(&table, adoption()).column(), Some("milestones_met"));
    let short = Data::new(Values::Int64(vec![1, 2].into()), Nulls::Mask(vec![true].into()));
    let short = refused(short, "a mask of one row");
    assert_eq!(short.kind(), "column_type");
    assert_says(&short.to_string(), &["holds 2 values and a mask of 1 row; expected a mask of 2 rows"]);
    let one = Table::new(1).with("milestones_met", vec![1_i64, 2]).with("milestones_total", vec![1_i64]);
    assert_says(&error(&one, adoption()).to_string(), &["holds 2 rows; expected 1 row, as the table"]);
}

/// Whether one name comes of the other by one letter that is left out, put in or another one, or by two side by side that are
/// exchanged.
fn is_one_slip(one: &[u8], other: &[u8]) -> bool {
    if one.len() == other.len() {
        let differ: Vec<usize> = (0..one.len()).filter(|place| one[*place] != other[*place]).collect();
        return match differ[..] {
            [_] => true,
            [first, second] => second == first + 1 && (one[first], one[second]) == (other[second], other[first]),
            _ => false,
        };
    }
    let (shorter, longer) = if one.len() < other.len() { (one, other) } else { (other, one) };
    let without = |place: usize| [&longer[..place], &longer[place + 1..]].concat();
    longer.len() == shorter.len() + 1 && (0..longer.len()).any(|place| without(place) == shorter)
}

proptest! {
    #[test]
    fn a_short_name_is_near_where_it_is_one_slip_away_and_begins_alike(wanted in "[abc]{1,6}", there in "[abc]{1,6}") {
        prop_assume!(wanted != there);
        let found = error(&Table::new(1).with(there.clone(), vec![1_i64]), Request::default().by([wanted.clone()]));
        let near = match wanted.len().max(there.len()) {
            ..3 => false,
            3 | 4 => is_one_slip(wanted.as_bytes(), there.as_bytes()) && wanted[..1] == there[..1],
            _ => is_one_slip(wanted.as_bytes(), there.as_bytes()),
        };
        prop_assert_eq!(found.hint(), near.then_some(there.as_str()), "{} and {}", wanted, there);
    }
}

#[test]
fn dictionary_positions_outside_the_dictionary_are_an_error_and_not_null() {
    let dictionary = |codes: Data<'static>| {
        Data::new(Values::Dictionary { codes: Box::new(codes), values: Box::new(vec![1_i64, 2].into()) }, Nulls::None)
    };
    assert!(dictionary(vec![Some(0_i32), None, Some(1)].into()).is_ok());
    for codes in [Data::from(vec![0_i32, 2]), Data::from(vec![0_i32, -1]), Data::from(vec![0.0, 1.0])] {
        assert_eq!(refused(dictionary(codes), "a position outside").kind(), "column_type");
    }
}

#[test]
fn a_metric_that_does_not_exist_is_an_error_with_the_nearest_name() {
    let found = error(&small_table(), Request::default().metrics(["adoption_rat"]));
    assert_eq!(
        (found.kind(), found.metric(), found.hint()),
        ("metric_not_found", Some("adoption_rat"), Some("adoption_rate"))
    );
    let card = Scorecard::of(&small_table(), Request::default()).unwrap();
    assert_eq!(refused(card.figure("adoption_rat"), "no such metric").hint(), Some("adoption_rate"));
    assert_eq!(refused(card.figure("availability"), "not measured").kind(), "column_not_found");
}

#[test]
fn what_a_table_lacks_is_listed_with_near_misses() {
    let table = small_table().with("service_minute", vec![1_i64; 4]).with("downtime_minutes", vec![0_i64; 4]);
    let card = Scorecard::of(&table, Request::default()).unwrap();
    assert_eq!(
        card.not_measured()["availability"],
        [("service_minutes".to_owned(), vec!["service_minute".to_owned()])]
    );
}

#[test]
fn a_scale_or_a_unit_that_cannot_be_is_an_error() {
    assert_eq!(error(&small_table(), Request::default().scale(7)).kind(), "invalid_option");
    let cents = |ours: &str| Request::default().column(ours, ours, ColumnUnit::named("cents").unwrap());
    assert_eq!(error(&small_table(), cents("milestones_met")).kind(), "invalid_option");
    assert_eq!(error(&small_table(), cents("revenue_end").scale(1)).kind(), "invalid_option");
}

#[test]
fn a_unit_of_something_else_than_the_column_holds_is_refused_with_those_that_fit() {
    let columns = ["service_cost", "benefit", "service_minutes", "tenure_months", "csat_score", "cases", "customer_id"];
    let table = columns.iter().fold(Table::new(1), |table, name| table.with(*name, vec![10_i64]));
    let money = "units, cents, thousands, millions";
    let none = "a column of money or of a duration";
    for (column, unit, fitting) in [
        ("service_cost", "hours", money),
        ("service_cost", "years", money),
        ("benefit", "days", money),
        ("service_minutes", "cents", "units, hours, days"),
        ("service_minutes", "years", "units, hours, days"),
        ("tenure_months", "days", "units, years"),
        ("tenure_months", "millions", "units, years"),
        ("cases", "thousands", none),
        ("csat_score", "cents", none),
        ("customer_id", "years", none),
    ] {
        let request = Request::default().column(column, column, ColumnUnit::named(unit).unwrap());
        let request = request.scales(svcmetrics::Scales::default().csat_satisfied_from(4).unwrap());
        let error = error(&table, request);
        assert_eq!((error.kind(), error.expected()), ("invalid_option", Some(fitting)), "{unit} for {column}");
        assert_says(&error.to_string(), &["unit: ", unit, column]);
    }
    for (column, unit) in [("benefit", "cents"), ("tenure_months", "years"), ("cases", "units")] {
        let request = Request::default().column(column, column, ColumnUnit::named(unit).unwrap());
        Scorecard::of(&table, request).unwrap();
    }
}
