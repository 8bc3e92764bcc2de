//! What must hold for every metric of the catalogue, on whatever table.

mod both;
mod cases;
mod figures;
mod health;
mod ledger;
mod mixes;
mod own;
mod parts;

use crate::support::random::{KEYS, Sample};
use proptest::prelude::*;
use svcmetrics::{Kind, Metric, Scorecard, Time, catalog, find};

/// The scorecard of all metrics, grouped by these keys.
fn card(rows: &Sample, by: &[&str]) -> Scorecard {
    Scorecard::of(&rows.table(), rows.request(by)).unwrap_or_else(|error| panic!("{error}"))
}

/// Which of the keys a table is grouped by: each in or out, in their order.
fn some_keys() -> impl Strategy<Value = Vec<&'static str>> {
    proptest::sample::subsequence(&KEYS[..], 0..=KEYS.len())
}

fn time(metric: &Metric) -> Time {
    metric.time(&|id| find(id))
}

/// All figures and counts of a group, of a mix its parts, as text that tells any two apart.
fn contents(card: &Scorecard, group: usize, wanted: impl Fn(&Metric) -> bool) -> Vec<String> {
    let of = |metric: &Metric| {
        let counts = card.counts_of(group, metric.id()).unwrap();
        if metric.kind() == Kind::Mix {
            let parts = card.mix(metric.id()).unwrap().parts.into_iter();
            let of_group: Vec<_> = parts.filter(|part| part.keys == card.groups()[group]).collect();
            return format!("{}: {of_group:?} of {counts:?}", metric.id());
        }
        let figure = card.figure_of(group, metric.id()).unwrap();
        format!("{}: {figure:?} of {counts:?}", metric.id())
    };
    card.metrics().filter(|metric| wanted(metric)).map(of).collect()
}

#[test]
fn random_tables_measure_every_metric_of_the_catalogue() {
    let mut runner = proptest::test_runner::TestRunner::new(crate::support::random::config(4));
    let tables = crate::support::random::complete_tables(5);
    let outcome = runner.run(&tables, |rows| {
        let card = card(&rows, &KEYS);
        let measured: Vec<&str> = card.metrics().map(Metric::id).collect();
        let all: Vec<&str> = catalog().iter().map(Metric::id).filter(|id| !id.starts_with("case_")).collect();
        prop_assert_eq!(measured, all);
        prop_assert!(card.not_measured().is_empty());
        Ok(())
    });
    outcome.unwrap();
}
