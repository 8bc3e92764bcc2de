//! What holds for metrics of the user's own, as it does for those of the catalogue.

use super::{contents, some_keys};
use crate::support::random::{KEYS, Sample, config, tables};
use proptest::prelude::*;
use svcmetrics::{Kind, Metric, MetricDefinition, Scorecard, Term, Time, Undefined};

/// Metrics of the catalogue, defined again, and the same under the catalogue's id.
fn again() -> Vec<(&'static str, MetricDefinition)> {
    let own = |id: &str| MetricDefinition::new(format!("own_{id}"));
    let moved = |sum: &str, when: &str| Term::total(sum).only(when);
    let churned = moved("revenue_start", "revenue_start > 0 and revenue_end = 0");
    let shrunk = moved("revenue_start - revenue_end", "revenue_end > 0 and revenue_start > revenue_end");
    let grown = moved("revenue_end - revenue_start", "revenue_start > 0 and revenue_end > revenue_start");
    let rows = || [Term::count()];
    vec![
        (
            "onboard_rate",
            own("onboard_rate")
                .numerator([Term::count().only("onboarded")])
                .denominator(rows())
                .among("is_new")
                .kind(Kind::Share),
        ),
        (
            "adoption_rate",
            own("adoption_rate").numerator(["milestones_met"]).denominator(["milestones_total"]).kind(Kind::Share),
        ),
        (
            "availability",
            own("availability")
                .numerator(["service_minutes - downtime_minutes"])
                .denominator(["service_minutes"])
                .kind(Kind::Share),
        ),
        (
            "roi",
            own("roi")
                .numerator([Term::total("benefit"), Term::total("investment").times(-1)])
                .denominator(["investment"]),
        ),
        (
            "net_revenue_retention",
            own("net_revenue_retention")
                .numerator([Term::total("revenue_start"), grown, shrunk.times(-1), churned.clone().times(-1)])
                .denominator(["revenue_start"]),
        ),
        ("revenue_churn", own("revenue_churn").numerator([churned]).time(Time::Flow)),
        (
            "revenue_at_risk",
            own("revenue_at_risk")
                .numerator([moved("revenue_end", "risk is defection"), moved("revenue_end", "risk is downgrade")]),
        ),
        (
            "avoidable_loss_share",
            own("avoidable_loss_share")
                .numerator([moved("revenue_start - revenue_end", "loss_avoidable")])
                .denominator(["revenue_start - revenue_end"])
                .among("revenue_start > revenue_end and loss_reason is present")
                .time(Time::Flow),
        ),
        (
            "engaged_share",
            own("engaged_share")
                .numerator([Term::count().only("engagements > 0")])
                .denominator(rows())
                .kind(Kind::Share),
        ),
    ]
}

fn card(rows: &Sample, by: &[&str]) -> Scorecard {
    let define = |request: svcmetrics::Request, (_, own): (&str, MetricDefinition)| {
        request.define(own.metric().unwrap()).unwrap()
    };
    let request = again().into_iter().fold(rows.request(by), define);
    Scorecard::of(&rows.table(), request).unwrap_or_else(|error| panic!("{error}"))
}

/// Flow or stock, of a metric of the user's own as of one of the catalogue.
fn is_flow(metric: &Metric) -> bool {
    metric.time(&|id| svcmetrics::find(id)) == Time::Flow
}

#[test]
fn a_metric_that_is_defined_again_is_as_good_a_flow_or_stock() {
    for (id, own) in again() {
        let (own, built_in) = (own.metric().unwrap(), svcmetrics::find(id).unwrap());
        assert_eq!(is_flow(&own), is_flow(built_in), "{id}");
    }
}

proptest! {
    #![proptest_config(config(32))]

    #[test]
    fn a_metric_of_the_catalogue_that_is_defined_again_is_the_same(rows in tables(60), by in some_keys()) {
        let card = card(&rows, &by);
        for (id, own) in again() {
            prop_assert_eq!(card.not_measured().contains_key(id), card.not_measured().contains_key(own.id()), "{}", id);
            if card.not_measured().contains_key(id) {
                continue;
            }
            prop_assert_eq!(card.figures(own.id()).unwrap(), card.figures(id).unwrap(), "{}", id);
            for group in 0..card.len() {
                prop_assert_eq!(card.counts_of(group, own.id()).unwrap(), card.counts_of(group, id).unwrap(), "{}", id);
            }
        }
    }

    #[test]
    fn parts_with_metrics_of_ones_own_merge_to_the_whole(
        (rows, by, parts) in tables(60).prop_flat_map(|rows| {
            let parts = proptest::collection::vec(0..3_usize, rows.rows.len());
            (Just(rows), some_keys(), parts)
        })
    ) {
        let whole = card(&rows, &by);
        let cut = rows.cut(&parts, 3);
        let parts: Vec<Scorecard> = cut.iter().map(|part| Scorecard::from_json(&card(part, &by).to_json().unwrap()).unwrap()).collect();
        let merged = parts[0].merge(&parts[2]).unwrap().merge(&parts[1]).unwrap();
        prop_assert_eq!(merged.to_json().unwrap(), whole.to_json().unwrap());
        prop_assert_eq!(merged, whole);
    }

    #[test]
    fn metrics_of_ones_own_roll_up_as_they_group(rows in tables(60)) {
        let rolled = card(&rows, &KEYS).rollup(&["period", "tier"]).unwrap();
        prop_assert_eq!(&rolled, &card(&rows, &["tier", "period"]).rollup(&["period", "tier"]).unwrap());
        let (timeless, all) = (rolled.rollup::<&str>(&[]).unwrap(), card(&rows, &[]));
        prop_assert_eq!(contents(&timeless, 0, is_flow), contents(&all, 0, is_flow));
        for metric in all.metrics().filter(|metric| metric.id().starts_with("own_") && !is_flow(metric)) {
            let found = timeless.figure_of(0, metric.id()).unwrap().undefined_reason();
            let counted = all.counts_of(0, metric.id()).unwrap().is_some_and(|counts| counts.counted > 0);
            prop_assert_eq!(found == Some(Undefined::NotAdditiveOverTime), counted, "{}", metric.id());
        }
    }
}
