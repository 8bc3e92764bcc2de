//! Definitions that contradict themselves, the catalogue or each other.

use super::{per_seat, seats, tickets};
use crate::support::{assert_says, refused, small_table};
use svcmetrics::{
    Column, ColumnKind, Component, Condition, Error, Expression, HealthModel, Measure, Metric, Request, Scope,
    Scorecard, Table, Time, Unit,
};

/// The error of a definition, whether it is found when it is made or when a table is met.
fn error_of(metrics: impl IntoIterator<Item = Metric>) -> Error {
    let made = metrics.into_iter().try_fold(Request::default(), Request::define);
    let table =
        small_table().with("tickets", vec![1_i64; 4]).with("seats", vec![2_i64; 4]).with("on_support", vec![true; 4]);
    refused(made.and_then(|request| Scorecard::of(&table, request)), "a definition that cannot be")
}

fn assert_invalid(metrics: impl IntoIterator<Item = Metric>, pieces: &[&str]) {
    let error = error_of(metrics);
    assert_eq!(error.kind(), "invalid_definition", "{error}");
    assert_says(&error.to_string(), pieces);
}

fn scope() -> Scope {
    Scope::new("own_scope").reads([tickets(), seats()])
}

fn total(id: &'static str, scope: &Scope, column: Column) -> Measure {
    Measure::total(id, scope, column.into(), Time::Flow)
}

fn ratio(id: &'static str, numerator: Measure, denominator: Measure) -> Metric {
    Metric::ratio(id, "Own", vec![(1, numerator)], vec![(1, denominator)])
}

#[test]
fn an_id_that_a_built_in_metric_has_is_taken() {
    for id in ["adoption_rate", "health", "red_share"] {
        assert_invalid([ratio(id, total("own_n", &scope(), tickets()), total("own_d", &scope(), seats()))], &[id]);
    }
}

#[test]
fn an_id_is_taken_once_it_is_defined() {
    assert_invalid([per_seat(), per_seat()], &["tickets_per_seat"]);
}

#[test]
fn a_measure_that_the_catalogue_defines_otherwise_is_refused() {
    let metric = ratio("own_rate", total("milestones_met", &scope(), tickets()), total("own_d", &scope(), seats()));
    assert_invalid([metric], &["milestones_met"]);
}

#[test]
fn a_scope_that_the_catalogue_defines_otherwise_is_refused() {
    let scope = Scope::new("milestones").reads([tickets(), seats()]);
    assert_invalid(
        [ratio("own_rate", total("own_n", &scope, tickets()), total("own_d", &scope, seats()))],
        &["milestones"],
    );
}

#[test]
fn two_metrics_may_share_a_measure_but_not_a_name_for_two_measures() {
    let (own_n, own_d) = (total("own_n", &scope(), tickets()), total("own_d", &scope(), seats()));
    let one = ratio("own_rate", own_n.clone(), own_d.clone());
    let other = ratio("other_rate", own_d.clone(), own_n);
    let request = Request::default().define(one.clone()).unwrap().define(other).unwrap();
    let table = Table::new(1).with("tickets", vec![1_i64]).with("seats", vec![4_i64]);
    let card = Scorecard::of(&table, request).unwrap();
    assert_eq!(card.figure("own_rate").unwrap().value(), Some(0.25));
    assert_eq!(card.figure("other_rate").unwrap().value(), Some(4.0));
    assert_invalid([one, ratio("other_rate", total("own_n", &scope(), seats()), own_d)], &["own_n"]);
}

#[test]
fn numerator_and_denominator_must_see_the_same_rows() {
    let other = Scope::new("other_scope").reads([tickets()]);
    assert_invalid(
        [ratio("own_rate", total("own_n", &scope(), tickets()), total("own_d", &other, tickets()))],
        &["own_d", "different rows"],
    );
}

#[test]
fn two_scopes_of_one_name_are_refused() {
    let narrower = scope().among(Condition::positive(seats()));
    let one = ratio("own_rate", total("own_n", &scope(), tickets()), total("own_d", &scope(), seats()));
    let other = ratio("other_rate", total("other_n", &narrower, tickets()), total("other_d", &narrower, seats()));
    assert_invalid([one, other], &["own_scope"]);
}

#[test]
fn a_sum_over_a_column_that_counted_rows_need_not_have_is_refused() {
    let narrow = Scope::new("narrow").reads([tickets()]);
    assert_invalid(
        [ratio("own_rate", total("own_n", &narrow, seats()), total("own_d", &narrow, tickets()))],
        &["own_n", "seats"],
    );
    let asked = total("own_n", &narrow, tickets()).only(Condition::positive(seats()));
    assert_invalid([ratio("own_rate", asked, total("own_d", &narrow, tickets()))], &["own_n", "seats"]);
}

#[test]
fn what_is_no_number_is_not_summed() {
    let label = Column::new("region", ColumnKind::Anything);
    let scope = Scope::new("labels").reads([label.clone()]);
    assert_invalid(
        [Metric::amount("own_sum", "Own", Unit::Number, vec![(1, total("own_n", &scope, label))])],
        &["own_n"],
    );
}

#[test]
fn a_column_is_read_as_one_kind() {
    let end = Column::new("revenue_end", ColumnKind::Count);
    let scope = Scope::new("own_scope").reads([end.clone()]);
    assert_invalid(
        [Metric::amount("own_sum", "Own", Unit::Number, vec![(1, total("own_n", &scope, end))])],
        &["revenue_end"],
    );
}

#[test]
fn a_quotient_needs_both_of_its_sums_and_an_amount_its_one() {
    let some = || vec![(1, total("own_n", &scope(), tickets()))];
    assert_invalid([Metric::ratio("own_rate", "Own", some(), vec![])], &["own_rate"]);
    assert_invalid([Metric::ratio("own_rate", "Own", vec![], some())], &["own_rate"]);
    assert_invalid([Metric::amount("own_sum", "Own", Unit::Number, vec![])], &["own_sum"]);
}

#[test]
fn ids_are_plain_words() {
    let measure = || total("own_n", &scope(), tickets());
    let amount = |id: &'static str, measure: Measure| [Metric::amount(id, "Own", Unit::Number, vec![(1, measure)])];
    for id in ["", "Own", "1own", "own sum", "own.counted", "\u{f6}wn", "own\u{0}"] {
        assert_invalid(amount(id, measure()), &[]);
        assert_invalid(amount("own_sum", total(id, &scope(), tickets())), &[]);
        let named = Scope::new(id).reads([tickets()]);
        assert_invalid(amount("own_sum", total("own_n", &named, tickets())), &[]);
    }
}

#[test]
fn a_metric_or_a_measure_is_not_named_like_the_column_of_rows() {
    let amount = |id: &'static str, measure: &'static str| {
        Metric::amount(id, "Own", Unit::Number, vec![(1, total(measure, &scope(), tickets()))])
    };
    assert_invalid([amount("rows", "own_n")], &["rows"]);
    assert_invalid([amount("own_sum", "rows")], &["rows"]);
}

#[test]
fn what_is_computed_cannot_be_read_from_a_table() {
    for kind in [ColumnKind::HealthScore, ColumnKind::HealthBand] {
        let column = Column::new("tickets", kind);
        let scope = Scope::new("own_scope").reads([column.clone()]);
        assert_invalid(
            [Metric::amount("own_sum", "Own", Unit::Points, vec![(1, total("own_n", &scope, column))])],
            &["tickets"],
        );
    }
}

#[test]
fn a_metric_is_not_made_of_itself() {
    assert_invalid([Metric::difference("own_gap", "Own", "own_gap", "adoption_rate")], &["own_gap"]);
    let (one, other) = (
        Metric::difference("own_gap", "Own", "other_gap", "adoption_rate"),
        Metric::difference("other_gap", "Other", "adoption_rate", "own_gap"),
    );
    assert_invalid([one, other], &["_gap"]);
}

#[test]
fn health_is_not_made_of_what_is_made_of_health() {
    for part in ["health", "customer_health", "red_share"] {
        let gap = Metric::difference("own_gap", "Own", part, "adoption_rate");
        let model = HealthModel::new([Component::new("own_gap", 1), Component::new("adoption_rate", 1)]).unwrap();
        let request = Request::default().define(gap).unwrap().health(model);
        let error = refused(Scorecard::of(&small_table(), request), "health of health");
        assert!(["invalid_definition", "invalid_model"].contains(&error.kind()), "{error}");
        assert_says(&error.to_string(), &["own_gap"]);
    }
}

#[test]
fn a_difference_of_metrics_that_do_not_exist_is_not_measured() {
    let request =
        || Request::default().define(Metric::difference("own_gap", "Own", "adoption_rate", "adaption_rate")).unwrap();
    let card = Scorecard::of(&small_table(), request()).unwrap();
    assert!(card.not_measured().contains_key("own_gap"));
    let error = refused(Scorecard::of(&small_table(), request().metrics(["own_gap"])), "no adaption_rate");
    assert_says(&error.to_string(), &["own_gap", "adaption_rate"]);
}

#[test]
fn a_component_of_health_that_does_not_exist_is_an_error_with_the_nearest_name() {
    let model = HealthModel::new([Component::new("adaption_rate", 1), Component::new("plan_realization", 1)]).unwrap();
    let error = refused(Scorecard::of(&small_table(), Request::default().health(model)), "no adaption_rate");
    assert_eq!((error.kind(), error.hint()), ("metric_not_found", Some("adoption_rate")));
}

/// Coefficients of tickets that add up to 2^32 - 1, times another one.
fn enormous(coefficient: i32) -> Metric {
    let sum = Expression::from(tickets()).plus(i32::MAX, tickets()).plus(i32::MAX, tickets());
    let scope = Scope::new("own_scope").reads([tickets(), Column::new("spend", ColumnKind::Money)]);
    let spend = total("own_d", &scope, Column::new("spend", ColumnKind::Money));
    Metric::ratio(
        "own_rate",
        "Own",
        vec![(coefficient, Measure::total("own_n", &scope, sum, Time::Flow))],
        vec![(1, spend)],
    )
}

#[test]
fn coefficients_that_take_a_single_row_beyond_128_bits_are_refused() {
    assert_invalid([enormous(i32::MAX)], &["own_rate", "128 bits"]);
}

#[test]
fn coefficients_as_large_as_they_may_be_are_computed_exactly() {
    let table = || Table::new(2).with("tickets", vec![i64::MAX, 1]).with("spend", vec![1_i64, 1]);
    let model = HealthModel::new([Component::new("own_rate", 1)]).unwrap();
    let request = Request::default().define(enormous(1000)).unwrap().health(model);
    let card = Scorecard::of(&table(), request).unwrap();
    let sum = (i128::from(i64::MAX) + 1) * 4_294_967_295 * 1000;
    assert_eq!(card.figure("own_rate").unwrap().numerator().unwrap().integer(), sum);
    assert_eq!(card.figure("customer_health").unwrap().value(), Some(100.0));
}
