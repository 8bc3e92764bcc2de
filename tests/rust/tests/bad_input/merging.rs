//! Merging and joining what does not belong together.

use crate::support::{assert_says, refused, small_card, small_table};
use svcmetrics::{
    AbsentRevenue, Column, ColumnKind, Component, Data, Error, HealthModel, Measure, Metric, Request, Scope, Scorecard,
    Table, Time, Unit,
};

fn assert_mismatch(one: &Scorecard, other: &Scorecard, what: &str, pieces: &[&str]) {
    for (one, other) in [(one, other), (other, one)] {
        let found = refused(one.merge(other), what);
        let Error::Mismatch { what: said, .. } = &found else { panic!("{found}") };
        assert_eq!(*said, what);
        assert_says(&found.to_string(), pieces);
    }
}

fn revenue(start: impl Into<Data<'static>>, request: Request) -> Scorecard {
    let table = Table::new(1).with("revenue_start", start).with("revenue_end", vec![Some(1_i64)]);
    Scorecard::of(&table, request.metrics(["revenue_end"])).unwrap()
}

#[test]
fn different_metrics_do_not_merge_but_what_both_have_does() {
    let one = small_card(Request::default().metrics(["adoption_rate", "plan_realization"]));
    let other = small_card(Request::default().metrics(["adoption_rate", "renewal_commitment_rate"]));
    assert_mismatch(&one, &other, "their metrics", &["plan_realization", "renewal_commitment_rate"]);
    let common = one.merge_common(&other).unwrap();
    assert_eq!(common.metrics().map(Metric::id).collect::<Vec<_>>(), ["adoption_rate"]);
    assert_eq!(common.figure("adoption_rate").unwrap().denominator().unwrap().integer(), 26);
    assert_eq!(Scorecard::from_json(&common.to_json().unwrap()).unwrap(), common);
}

#[test]
fn different_keys_do_not_merge() {
    let by = |keys: &[&str]| {
        let table = small_table().with("plan", vec!["x"; 4]);
        Scorecard::of(&table, Request::default().by(keys.iter().copied())).unwrap()
    };
    assert_mismatch(&by(&["region"]), &by(&["plan"]), "keys", &["region (text)", "plan (text)"]);
    assert_mismatch(&by(&["region"]), &by(&[]), "keys", &["none"]);
    assert_mismatch(&by(&["region", "plan"]), &by(&["plan", "region"]), "keys", &["region", "plan"]);
}

#[test]
fn keys_of_different_types_do_not_merge_but_nulls_fit_any() {
    let card = |keys: Data<'static>| {
        let table =
            Table::new(1).with("k", keys).with("milestones_met", vec![1_i64]).with("milestones_total", vec![1_i64]);
        Scorecard::of(&table, Request::default().by(["k"])).unwrap()
    };
    let (text, number, null) =
        (card(vec!["1"].into()), card(vec![1_i64].into()), card(vec![svcmetrics::Scalar::Null].into()));
    assert_mismatch(&text, &number, "keys", &["k (text)", "k (integer)"]);
    assert_eq!(null.merge(&number).unwrap().keys(), number.keys());
    assert_eq!(text.merge(&null).unwrap().len(), 2);
}

#[test]
fn a_key_that_is_time_in_one_alone_does_not_merge() {
    let by = |request: Request| small_card(request.by(["region"]));
    assert_mismatch(&by(Request::default().period("region")), &by(Request::default()), "period", &["region", "none"]);
}

#[test]
fn a_card_rolled_up_over_time_does_not_merge_with_one_that_was_not() {
    let over_time = small_card(Request::default().by(["region"]).period("region")).rollup::<&str>(&[]).unwrap();
    assert_mismatch(&over_time, &small_card(Request::default()), "time", &["rolled up over time"]);
    assert!(over_time.merge(&over_time).is_ok());
}

#[test]
fn different_scales_do_not_merge() {
    assert_mismatch(&small_card(Request::default().scale(2)), &small_card(Request::default()), "scale", &["2", "6"]);
}

#[test]
fn different_meanings_of_absent_revenue_do_not_merge_where_rows_needed_one() {
    let absent = |meaning| revenue(vec![None::<i64>], Request::default().absent_revenue(meaning));
    let (zero, missing) = (absent(AbsentRevenue::Zero), absent(AbsentRevenue::Missing));
    assert_mismatch(&zero, &missing, "absent_revenue", &["zero", "missing"]);
    let unasked = revenue(vec![1_i64], Request::default().absent_revenue(AbsentRevenue::Missing));
    assert_eq!(zero.merge(&unasked).unwrap(), unasked.merge(&zero).unwrap());
    // What a part said is not forgotten.
    assert_mismatch(&zero.merge(&unasked).unwrap(), &missing, "absent_revenue", &["zero", "missing"]);
}

#[test]
fn different_currencies_do_not_merge() {
    let of = |currency: &'static str| {
        let table = Table::new(1)
            .with("currency", vec![currency])
            .with("revenue_start", vec![1_i64])
            .with("revenue_end", vec![1_i64]);
        Scorecard::of(&table, Request::default()).unwrap()
    };
    assert_mismatch(&of("EUR"), &of("USD"), "currency", &["EUR", "USD"]);
    let unknown = revenue(vec![1_i64], Request::default());
    let euros = of("EUR").merge_common(&unknown).unwrap();
    assert_mismatch(&euros, &of("USD").merge_common(&unknown).unwrap(), "currency", &["EUR", "USD"]);
}

#[test]
fn different_health_models_do_not_merge_but_what_both_have_does() {
    let model = |weight: i64| {
        HealthModel::new([Component::new("adoption_rate", weight), Component::new("plan_realization", 1)]).unwrap()
    };
    let of = |weight| small_card(Request::default().health(model(weight)));
    assert_mismatch(&of(1), &of(2), "the health model", &["1 x adoption_rate", "2 x adoption_rate"]);
    let common = of(1).merge_common(&of(2)).unwrap();
    assert!(common.metrics().all(|metric| !["health", "customer_health", "red_share"].contains(&metric.id())));
    assert!(common.figure("adoption_rate").is_ok());
    assert_eq!(Scorecard::from_json(&common.to_json().unwrap()).unwrap(), common);
}

fn own(title: &'static str, sum: &str) -> Scorecard {
    let column = Column::new(sum.to_owned(), ColumnKind::Count);
    let scope = Scope::new("own_scope").reads([column.clone()]);
    let total = Measure::total("own_total", &scope, column.into(), Time::Flow);
    let metric = Metric::amount("own_sum", title, Unit::Number, vec![(1, total)]);
    small_card(Request::default().define(metric).unwrap().metrics(["own_sum"]))
}

#[test]
fn metrics_of_one_id_and_different_definitions_do_not_merge() {
    let pieces = ["own_sum"].as_slice();
    assert_mismatch(&own("Own", "milestones_met"), &own("Own", "goals_met"), "the definition of a metric", pieces);
    assert!(own("Own", "goals_met").merge(&own("Own", "goals_met")).is_ok());
}

#[test]
fn only_different_metrics_of_equal_keys_stand_side_by_side() {
    let by = |metric: &str, key: &str| small_card(Request::default().by([key]).metrics([metric]));
    let joined = by("adoption_rate", "region").join(&by("plan_realization", "region")).unwrap();
    assert_eq!(joined.metrics().map(Metric::id).collect::<Vec<_>>(), ["adoption_rate", "plan_realization"]);
    assert_eq!(joined.rows(0), 2);
    assert_eq!(joined.figure_of(1, "plan_realization").unwrap().numerator().unwrap().integer(), 5);
    assert_eq!(Scorecard::from_json(&joined.to_json().unwrap()).unwrap(), joined);
    let twice = refused(by("adoption_rate", "region").join(&by("adoption_rate", "region")), "a metric twice");
    assert_says(&twice.to_string(), &["adoption_rate"]);
    let keys = refused(by("adoption_rate", "region").join(&by("plan_realization", "goals_met")), "other keys");
    assert_eq!(keys.kind(), "mismatch");
}

#[test]
fn a_total_beyond_128_bits_is_an_overflow_that_names_group_and_measure() {
    let card = small_card(Request::default().by(["region"]).metrics(["adoption_rate"]));
    let mut document: serde_json::Value = serde_json::from_str(&card.to_json().unwrap()).unwrap();
    let last = document["lanes"].as_array().unwrap().len() - 1;
    document["groups"][1]["totals"][last] = i128::MAX.to_string().into();
    let huge = Scorecard::from_json(&document.to_string()).unwrap();
    let found = refused(huge.merge(&huge), "2^128");
    assert_eq!((found.kind(), found.metric()), ("overflow", Some("milestones_total")));
    assert_says(&found.to_string(), &["south", "milestones_total"]);
    let found = refused(huge.rollup::<&str>(&[]), "2^127 and 6");
    assert_eq!((found.kind(), found.metric()), ("overflow", Some("milestones_total")));
    assert_eq!(huge.figure_of(1, "adoption_rate").unwrap().denominator().unwrap().integer(), i128::MAX);
}

#[test]
fn an_amount_beyond_38_digits_is_an_overflow_that_names_group_and_metric() {
    let card = small_card(Request::default().by(["region"]).metrics(["revenue_end"]));
    let mut document: serde_json::Value = serde_json::from_str(&card.to_json().unwrap()).unwrap();
    let last = document["lanes"].as_array().unwrap().len() - 1;
    document["groups"][1]["totals"][last] = i128::MAX.to_string().into();
    let huge = Scorecard::from_json(&document.to_string()).unwrap();
    assert_eq!(huge.figure_of(1, "revenue_end").unwrap().to_decimal(), None);
    for found in [
        refused(huge.to_record_batch(), "39 digits"),
        refused(huge.tidy_record_batch(), "39 digits"),
        refused(huge.measures_record_batch(), "39 digits"),
    ] {
        assert_eq!((found.kind(), found.metric()), ("overflow", Some("revenue_end")));
        assert_says(&found.to_string(), &["south", "revenue_end"]);
    }
}

#[test]
fn cards_of_the_same_totals_are_not_joined() {
    let table =
        || svcmetrics::Table::new(2).with("revenue_start", vec![100_i64, 80]).with("revenue_end", vec![110_i64, 0]);
    let card =
        |metric: &str| svcmetrics::Scorecard::of(&table(), svcmetrics::Request::default().metrics([metric])).unwrap();
    let (kept, left) = (card("customer_retention_rate"), card("customer_churn_rate"));
    let error = kept.join(&left).unwrap_err();
    assert_eq!(error.kind(), "mismatch");
    assert!(error.to_string().contains("customer_churn_rate"), "{error}");
}

#[test]
fn health_of_fewer_components_than_both_have_is_not_merged() {
    let model = svcmetrics::HealthModel::new([
        svcmetrics::Component::new("adoption_rate", 1),
        svcmetrics::Component::new("renewal_commitment_rate", 1),
    ])
    .unwrap();
    let of = |table: &svcmetrics::Table<'_>| {
        svcmetrics::Scorecard::of(table, svcmetrics::Request::default().health(model.clone())).unwrap()
    };
    let one = svcmetrics::Table::new(1).with("milestones_met", vec![1_i64]).with("milestones_total", vec![1_i64]);
    let both = one.clone().with("is_active", vec![true]).with("committed", vec![false]);
    let merged = of(&both).merge_common(&of(&one)).unwrap();
    assert_eq!(merged.figure("adoption_rate").unwrap().value(), Some(1.0));
    assert!(merged.metrics().all(|metric| metric.id() != "health"));
    // what both lack does not matter
    let alike = of(&one).merge_common(&of(&one)).unwrap();
    assert_eq!(alike.figure("health").unwrap().value(), Some(100.0));
}

#[test]
fn a_joined_card_is_one_on_either_side_of_a_merge() {
    let adopted =
        |met: i64| svcmetrics::Table::new(1).with("milestones_met", vec![met]).with("milestones_total", vec![2_i64]);
    let engaged = svcmetrics::Table::new(2).with("engagements", vec![1_i64, 0]);
    let of = |table: &svcmetrics::Table<'_>, metrics: &[&str]| {
        svcmetrics::Scorecard::of(table, svcmetrics::Request::default().metrics(metrics.iter().copied())).unwrap()
    };
    let joined = of(&adopted(1), &["adoption_rate"]).join(&of(&engaged, &["engaged_share"])).unwrap();
    let plain = of(&adopted(2).with("engagements", vec![3_i64]), &["adoption_rate", "engaged_share"]);
    let (one, other) = (joined.merge(&plain).unwrap(), plain.merge(&joined).unwrap());
    assert_eq!(one, other);
    assert_eq!(svcmetrics::Scorecard::from_json(&other.to_json().unwrap()).unwrap(), other);
}
