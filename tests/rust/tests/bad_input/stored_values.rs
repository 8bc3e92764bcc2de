//! Smaller values that are stored: validated on the way in, equal on the way back.

use crate::support::small_card;
use serde::{Serialize, de::DeserializeOwned};
use serde_json::{Value, json};
use svcmetrics::{
    Condition, Every, Figure, HealthModel, Key, KeyType, Metric, Period, RecurringRevenue, Request, Total, catalog,
};

fn round_trip<T: Serialize + DeserializeOwned + PartialEq + std::fmt::Debug>(value: &T) {
    let text = serde_json::to_string(value).unwrap();
    assert_eq!(serde_json::from_str::<T>(&text).as_ref().ok(), Some(value), "{text}");
    let tree = serde_json::to_value(value).unwrap();
    assert_eq!(serde_json::from_value::<T>(tree.clone()).as_ref().ok(), Some(value), "{tree}");
}

fn is_refused<T: DeserializeOwned>(value: &Value) -> bool {
    serde_json::from_value::<T>(value.clone()).is_err()
}

#[test]
fn every_metric_of_the_catalogue_is_read_back_as_it_was() {
    for metric in catalog() {
        round_trip(metric);
        for form in metric.forms() {
            round_trip(form);
            form.measures().for_each(round_trip);
        }
    }
}

#[test]
fn figures_counts_and_quality_are_read_back_as_they_were() {
    let card = small_card(Request::default().by(["region"]));
    for metric in card.metrics() {
        for group in 0..card.len() {
            round_trip(&card.figure_of(group, metric.id()).unwrap());
            round_trip(&card.counts_of(group, metric.id()).unwrap());
        }
    }
    round_trip(&card.quality());
    round_trip(&HealthModel::standard().explain(|_| Some(0.3)));
}

#[test]
fn totals_beyond_64_bits_are_read_back_as_they_were() {
    for integer in [i128::MAX, i128::MIN, i128::from(u64::MAX) + 1, 0] {
        let total: Total = serde_json::from_value(json!({"integer": integer.to_string(), "micro": true})).unwrap();
        assert_eq!(total.integer(), integer);
        round_trip(&total);
        let key: Key = serde_json::from_value(json!({"integer": integer.to_string()})).unwrap();
        assert_eq!(key, Key::Integer(integer));
        round_trip(&key);
    }
}

#[test]
fn figures_that_contradict_themselves_are_refused() {
    let total = |integer: &str| json!({"integer": integer, "micro": false});
    let figure = |numerator: Value, denominator: Value, value: Value, undefined: Value| json!({"unit": "fraction", "numerator": numerator, "denominator": denominator, "value": value, "undefined": undefined});
    let none = || Value::Null;
    assert!(!is_refused::<Figure>(&figure(total("1"), total("2"), none(), none())));
    for wrong in [
        figure(total("1"), total("0"), none(), none()),
        figure(none(), total("2"), none(), none()),
        figure(total("1"), total("2"), json!(0.5), none()),
        figure(total("1"), total("2"), none(), json!("no_rows")),
        figure(none(), none(), none(), none()),
        figure(none(), none(), none(), json!("because")),
        figure(total("1.5"), total("2"), none(), none()),
        json!({"unit": "fraction", "undefined": "no_rows", "extra": 1}),
    ] {
        assert!(is_refused::<Figure>(&wrong), "{wrong}");
    }
}

#[test]
fn metrics_that_contradict_themselves_are_refused() {
    let whole = serde_json::to_value(svcmetrics::find("adoption_rate").unwrap()).unwrap();
    assert!(!is_refused::<Metric>(&whole));
    let other_scope = json!("another");
    for (path, value) in [
        ("/id", json!("Not an id")),
        ("/kind", json!("sharing")),
        ("/forms/0/quotient/denominator", json!([])),
        ("/forms/0/quotient/denominator/0/1/scope/id", other_scope),
        ("/forms/0/quotient/numerator/0/0", json!("1")),
        ("/forms", json!([])),
    ] {
        let mut metric = whole.clone();
        *metric.pointer_mut(path).unwrap() = value.clone();
        assert!(is_refused::<Metric>(&metric), "{path} = {value}: accepted");
    }
}

#[test]
fn revenue_that_cannot_be_is_refused() {
    let quarter = RecurringRevenue { start: 100.into(), new: 45.into(), churn: 25.into(), ..Default::default() };
    round_trip(&quarter);
    let whole = serde_json::to_value(quarter).unwrap();
    for (field, value) in [
        ("start", json!("-1")),
        ("churn", json!("100.01")),
        ("new", json!("x")),
        ("new", json!("0.0000001")),
        ("new", json!("0.00000000000000000000000000001")),
        ("new", json!(45)),
        ("extra", json!("1")),
    ] {
        let mut revenue = whole.clone();
        revenue[field] = value.clone();
        assert!(is_refused::<RecurringRevenue>(&revenue), "{field} = {value}: accepted");
    }
}

#[test]
fn periods_keep_the_month_in_which_their_year_starts() {
    for period in [
        Period::month(2026, 3).unwrap(),
        Period::year(2026).unwrap(),
        Period::fiscal(Every::Quarter, 2026, 1, 2).unwrap(),
    ] {
        round_trip(&period);
    }
    for wrong in
        [json!("2026-03"), json!(["2026-13", 1]), json!(["FY2026", 1]), json!(["FY2026", 13]), json!(["2026-03", 0])]
    {
        assert!(is_refused::<Period>(&wrong), "{wrong}");
    }
}

#[test]
fn conditions_and_key_types_are_read_back_as_they_were() {
    for text in ["is_active", "not is_active", "loss_reason is present", "revenue_end > 2.5 and is_active"] {
        round_trip(&text.parse::<Condition>().unwrap());
    }
    round_trip(&KeyType::Timestamp { unit: svcmetrics::TimeUnit::Nanosecond, zone: Some("Europe/Berlin".into()) });
    for key in [Key::Null, Key::from("a"), Key::from(true), Key::Date(1), Key::Timestamp(-1)] {
        round_trip(&key);
    }
}
