//! What metrics say of themselves: built-in ones all of it, each in its own words; a user's what the user says.

use crate::support::small_table;
use std::collections::HashMap;
use svcmetrics::{
    Column, ColumnKind, HealthModel, Measure, Metric, Request, Scope, Scorecard, Table, Time, catalog, families,
};

/// The sentences of a metric's reading and edge cases, without what spaces, case and code marks could tell apart.
fn sentences(metric: &Metric) -> Vec<String> {
    let texts = std::iter::once(metric.how_to_read()).chain(metric.edge_cases().iter().map(AsRef::as_ref));
    let plain = |text: &str| text.replace('`', "").to_lowercase().split_whitespace().collect::<Vec<_>>().join(" ");
    texts
        .flat_map(|text| plain(text).split(". ").map(|part| part.trim_end_matches('.').to_owned()).collect::<Vec<_>>())
        .collect()
}

fn assert_each_says_its_own<'a>(metrics: impl IntoIterator<Item = &'a Metric>) {
    let mut owners: HashMap<String, &str> = HashMap::new();
    for metric in metrics {
        assert!(!metric.how_to_read().is_empty(), "{} has no reading", metric.id());
        assert!((1..=3).contains(&metric.edge_cases().len()), "{}: {:?}", metric.id(), metric.edge_cases());
        for sentence in sentences(metric) {
            assert!(sentence.len() > 10, "{}: '{sentence}'", metric.id());
            if let Some(owner) = owners.insert(sentence.clone(), metric.id()) {
                panic!("{owner} and {} both say: {sentence}", metric.id());
            }
        }
    }
}

#[test]
fn every_built_in_metric_is_described_in_its_own_words() {
    assert_each_says_its_own(catalog());
}

#[test]
fn the_bands_of_any_model_are_described_in_their_own_words() {
    let bands: [&[(&str, i64)]; 3] = [
        &[("any", 0)],
        &[("poor", 0), ("fair", 25), ("good", 60), ("best", 90)],
        &[("low", 0), ("low_high", 10), ("high", 100)],
    ];
    for bands in bands {
        let model = HealthModel::standard().bands(bands.iter().copied()).unwrap();
        let card = Scorecard::of(&small_table(), Request::default().health(model)).unwrap();
        assert_each_says_its_own(card.metrics());
        for (name, from) in bands {
            let share = card.metrics().find(|metric| metric.id() == format!("{name}_share")).unwrap();
            assert!(share.how_to_read().contains(&format!(" {from} ")), "{}", share.how_to_read());
        }
    }
}

#[test]
fn the_catalogue_is_its_families_one_after_another() {
    let of_families: Vec<&str> = families().flat_map(|(_, metrics)| metrics).map(Metric::id).collect();
    assert_eq!(of_families, catalog().iter().map(Metric::id).collect::<Vec<_>>());
    let mut names: Vec<&str> = families().map(|(name, _)| name).collect();
    assert!(families().all(|(name, metrics)| !name.is_empty() && !metrics.is_empty()));
    names.dedup();
    assert_eq!(names.len(), families().count());
}

fn per_seat(reading: &'static str) -> Metric {
    let (tickets, seats) = (Column::new("tickets", ColumnKind::Count), Column::new("seats", ColumnKind::Count));
    let scope = Scope::new("tickets_and_seats").reads([tickets.clone(), seats.clone()]);
    let numerator = Measure::total("seated_tickets", &scope, tickets.into(), Time::Flow);
    let denominator = Measure::total("ticketed_seats", &scope, seats.into(), Time::Stock);
    Metric::ratio("tickets_per_seat", "Tickets per seat", vec![(1, numerator)], vec![(1, denominator)]).reading(reading)
}

#[test]
fn what_a_user_says_of_a_metric_is_stored_with_it() {
    let described = per_seat("How busy seats are.").edge_case("No seats, no value.").edge_case("Half seats count.");
    assert_eq!(described.how_to_read(), "How busy seats are.");
    assert_eq!(described.edge_cases(), ["No seats, no value.", "Half seats count."]);
    let table = Table::new(1).with("tickets", vec![3_i64]).with("seats", vec![4_i64]);
    let card = Scorecard::of(&table, Request::default().define(described.clone()).unwrap()).unwrap();
    let back = Scorecard::from_json(&card.to_json().unwrap()).unwrap();
    assert_eq!(back, card);
    assert_eq!(back.metrics().collect::<Vec<_>>(), [&described]);
}

#[test]
fn a_user_need_not_say_anything_and_nothing_is_stored_then() {
    let silent = per_seat("");
    assert_eq!((silent.how_to_read(), silent.edge_cases().len()), ("", 0));
    let json = serde_json::to_string(&silent).unwrap();
    assert!(!json.contains("reading") && !json.contains("edge"), "{json}");
    assert_eq!(serde_json::from_str::<Metric>(&json).unwrap(), silent);
}

#[test]
fn a_stored_scorecard_does_not_repeat_what_the_catalogue_says() {
    let json = Scorecard::of(&small_table(), Request::default()).unwrap().to_json().unwrap();
    assert!(!json.contains("edge_cases") && !json.contains("milestones met of all"), "{json}");
}

#[test]
fn nulls_are_told_apart_by_what_they_do_to_a_row() {
    let scope = |id: &str| svcmetrics::find(id).and_then(|metric| metric.forms()[0].scope()).unwrap();
    let names = |columns: Vec<&Column>| columns.into_iter().map(|column| column.name.to_string()).collect::<Vec<_>>();
    assert_eq!(names(scope("onboard_rate").missing_without()), ["is_new", "onboarded"]);
    assert!(scope("onboard_rate").outside_without().is_empty());
    assert_eq!(names(scope("health_coverage").outside_without()), ["revenue_end"]);
    assert!(scope("health_coverage").missing_without().is_empty());
    assert_eq!(scope("engagement_quality").rules().len(), 2);
}
