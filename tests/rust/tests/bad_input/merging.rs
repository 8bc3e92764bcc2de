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
fn metrics_that_share_totals_do_not_stand_side_by_side() {
    let card = |metric: &str| small_card(Request::default().metrics([metric]));
    for [one, other] in [["customer_retention_rate", "customer_churn_rate"], ["revenue_end", "recurring_revenue_rate"]]
    {
        let found = refused(card(one).join(&card(other)), "totals of one id added up");
        assert_eq!(found.kind(), "mismatch");
        assert_says(&found.to_string(), &[one, other, "one scorecard is asked for both"]);
        assert_eq!(small_card(Request::default().metrics([one, other])).metrics().count(), 2);
    }
    let of_bands = |low: &'static str, high: &'static str| {
        let model =
            HealthModel::new([Component::new("adoption_rate", 1)]).unwrap().bands([(low, 0), (high, 50)]).unwrap();
        small_card(Request::default().health(model).metrics([format!("{low}_share")]))
    };
    assert_eq!(refused(of_bands("low", "high").join(&of_bands("bad", "good")), "two models").kind(), "mismatch");
}

#[test]
fn a_joined_card_adds_to_one_of_a_single_table_from_either_side() {
    let table = || small_table().with("engagements", vec![1_i64, 0, 2, 0]);
    let of = |metrics: &[&str]| {
        Scorecard::of(&table(), Request::default().by(["region"]).metrics(metrics.iter().copied())).unwrap()
    };
    let whole = of(&["adoption_rate", "engaged_share"]);
    let north = Table::new(1).with("region", vec!["north"]).with("engagements", vec![1_i64]);
    let engaged = Scorecard::of(&north, Request::default().by(["region"]).metrics(["engaged_share"])).unwrap();
    let joined = of(&["adoption_rate"]).join(&engaged).unwrap();
    let both = whole.merge(&joined).unwrap();
    assert_eq!(both, joined.merge(&whole).unwrap());
    assert_eq!(Scorecard::from_json(&both.to_json().unwrap()).unwrap(), both);
}

#[test]
fn health_of_fewer_components_is_not_what_both_have() {
    let model = HealthModel::new([Component::new("adoption_rate", 1), Component::new("renewal_commitment_rate", 1)]);
    let model = model.unwrap().gate("availability", 0.9, "red").unwrap();
    let table = || Table::new(1).with("milestones_met", vec![2_i64]).with("milestones_total", vec![2_i64]);
    let with_commitment = || table().with("is_active", vec![true]).with("committed", vec![false]);
    let with_gate = || table().with("service_minutes", vec![10_i64]).with("downtime_minutes", vec![9_i64]);
    let of = |table: Table<'_>| Scorecard::of(&table, Request::default().health(model.clone())).unwrap();
    let has_health = |card: &Scorecard| card.metrics().any(|metric| metric.id() == "health");
    for other in [with_commitment(), with_gate()] {
        for (one, other) in [(of(table()), of(other.clone())), (of(other.clone()), of(table()))] {
            assert!(has_health(&one) && has_health(&other));
            let common = one.merge_common(&other).unwrap();
            assert!(!has_health(&common) && common.figure("adoption_rate").is_ok());
            assert_eq!(Scorecard::from_json(&common.to_json().unwrap()).unwrap(), common);
        }
    }
    let common = of(with_commitment()).merge_common(&of(with_commitment().with("nps_score", vec![9_i64]))).unwrap();
    assert_eq!(common.figure("health").unwrap().value(), Some(50.0));
}

#[test]
fn health_of_a_joined_card_asks_for_the_rows_of_its_own_table() {
    let left = Table::new(1).with("k", vec!["a"]).with("engagements", vec![1_i64]);
    let right = Table::new(2)
        .with("k", vec!["b", "b"])
        .with("milestones_met", vec![1_i64, 1])
        .with("milestones_total", vec![2_i64, 2])
        .with("revenue_end", vec![1_i64, 1]);
    let left = Scorecard::of(&left, Request::default().by(["k"]).metrics(["engaged_share"])).unwrap();
    let model = HealthModel::new([Component::new("adoption_rate", 1)]).unwrap();
    let right = Scorecard::of(&right, Request::default().by(["k"]).metrics(["health"]).health(model)).unwrap();
    for joined in [left.join(&right).unwrap(), right.join(&left).unwrap()] {
        assert_eq!(joined.figure_of(0, "health").unwrap().undefined_reason(), Some(svcmetrics::Undefined::NoRows));
        assert_eq!(joined.figure_of(1, "health").unwrap().value(), Some(50.0));
    }
}

#[test]
fn times_that_differ_in_unit_or_zone_are_told_apart_in_words() {
    let card = |unit, zone: Option<&str>| {
        let values = svcmetrics::Values::Timestamps { values: vec![0_i64].into(), unit, zone: zone.map(Into::into) };
        let table = Table::new(1)
            .with("k", Data::new(values, svcmetrics::Nulls::None).unwrap())
            .with("milestones_met", vec![1_i64])
            .with("milestones_total", vec![1_i64]);
        Scorecard::of(&table, Request::default().by(["k"])).unwrap()
    };
    let (micro, nano) = (svcmetrics::TimeUnit::Microsecond, svcmetrics::TimeUnit::Nanosecond);
    assert_mismatch(&card(micro, None), &card(nano, None), "keys", &["microseconds", "nanoseconds"]);
    assert_mismatch(&card(micro, Some("UTC")), &card(micro, None), "keys", &["microseconds of UTC", "microseconds)"]);
}
