//! Times and quantiles in definitions of the user's own.

use super::{refused, seats};
use crate::support::assert_says;
use svcmetrics::{
    Column, ColumnKind, Comparison, Condition, Error, Expression, Measure, Metric, Request, Scope, Scorecard, Table,
    Time, TimeUnit, Undefined, Unit, Values,
};

fn time(name: &'static str) -> Column {
    Column::new(name, ColumnKind::Instant)
}

/// The rows of shipments that took at most a day.
fn scope() -> Scope {
    let passed = Expression::from(time("arrived_at")).minus(time("sent_at"));
    Scope::new("shipments").reads([time("sent_at"), time("arrived_at")]).rule(Condition::compare(
        passed,
        Comparison::AtMost,
        Expression::constant(86_400),
    ))
}

fn seconds(scope: &Scope) -> Measure {
    let passed = Expression::from(time("arrived_at")).minus(time("sent_at"));
    Measure::total("seconds_under_way", scope, passed, Time::Flow)
}

fn quartile(of: Measure) -> Metric {
    Metric::quantile("days_under_way_quartile", "Quartile of days", Unit::Number, of, 75, 86_400)
}

#[test]
fn a_quantile_of_ones_own_is_like_any_other() {
    let at = |days: &'static [i64]| {
        let values = Values::Timestamps { values: days.into(), unit: TimeUnit::Second, zone: None };
        svcmetrics::Data::new(values, svcmetrics::Nulls::None).unwrap()
    };
    let table = Table::new(3)
        .with("sent_at", at(&[0, 0, 0]))
        .with("arrived_at", at(&[21_600, 43_200, 64_800]))
        .with("seats", vec![4_i64, 1, 2]);
    let of_seats = Scope::new("seats").reads([seats()]);
    let seated = Measure::total("all_seats", &of_seats, seats().into(), Time::Flow);
    let request = Request::default().define(quartile(seconds(&scope()))).unwrap();
    let request = request.define(Metric::quantile("median_seats", "Seats", Unit::Number, seated, 50, 1)).unwrap();
    let card = Scorecard::of(&table, request.clone().quantiles(true)).unwrap();
    // rank 0.75 x 2 = 1.5, between half a day and three quarters
    assert_eq!(card.figure("days_under_way_quartile").unwrap().value(), Some(0.625));
    assert_eq!(card.figure("median_seats").unwrap().value(), Some(2.0));
    assert_eq!(Scorecard::from_json(&card.to_json().unwrap()).unwrap(), card);
    let without = Scorecard::of(&table, request).unwrap().figure("median_seats").unwrap();
    assert_eq!(without.undefined_reason(), Some(Undefined::NotMergeable));
    let metric = quartile(seconds(&scope()));
    assert_eq!(metric.forms()[0].formula(), "75 % quantile of the rows of seconds_under_way in whole units / 86400");
}

fn error_of(metric: Metric) -> Error {
    refused(Request::default().define(metric), "a definition that cannot be")
}

#[test]
fn times_are_subtracted_and_not_added_up() {
    let sum = Measure::total("own_sum", &scope(), time("sent_at").into(), Time::Flow);
    let found = error_of(Metric::amount("own_amount", "Own", Unit::Number, vec![(1, sum)]));
    assert_eq!(found.kind(), "invalid_definition");
    assert_says(&found.to_string(), &["own_sum", "subtract"]);
}

#[test]
fn times_are_compared_with_times() {
    let noon = Condition::compare(time("sent_at"), Comparison::More, Expression::constant(12));
    let asked = [
        seconds(&scope().among(noon.clone())),
        seconds(&scope().rule(Condition::positive(seats()).and(noon.clone()))),
        seconds(&scope()).only(noon),
    ];
    for measure in asked {
        let found = error_of(Metric::amount("own_amount", "Own", Unit::Number, vec![(1, measure)]));
        assert_says(&found.to_string(), &["sent_at > 12", "compares a time"]);
    }
}

#[test]
fn quantiles_are_of_flows_of_all_counted_rows() {
    let stock = Measure::total("own_seats", &Scope::new("seats").reads([seats()]), seats().into(), Time::Stock);
    let some = seconds(&scope()).only(Condition::compare(time("sent_at"), Comparison::Equal, time("arrived_at")));
    for measure in [stock, some] {
        assert_says(&error_of(quartile(measure)).to_string(), &["a flow of all counted rows"]);
    }
    for (percent, per) in [(101, 1), (50, 0)] {
        let metric = Metric::quantile("own_quantile", "Own", Unit::Number, seconds(&scope()), percent, per);
        assert_says(&error_of(metric).to_string(), &["0 to 100 percent"]);
    }
}
