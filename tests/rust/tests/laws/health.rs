//! Health: scores, their explanation, and what a scorecard makes of them.

use super::{card, some_keys};
use crate::support::exact::is_nearest;
use crate::support::random::{Sample, config, tables};
use proptest::prelude::*;
use rust_decimal::Decimal;
use svcmetrics::{
    Among, Component, HealthModel, HealthScore, HealthScorer, HealthScores, MissingPolicy, Request, Scorecard, Table,
    Total,
};

const FULL: i64 = 100_000_000;

/// Metrics that health is made of here, with values of a share, of a ratio, and one that may be negative.
const METRICS: [&str; 5] =
    ["adoption_rate", "renewal_commitment_rate", "net_revenue_retention", "revenue_growth_rate", "customer_churn_rate"];

fn components() -> impl Strategy<Value = Vec<Component>> {
    let scale = prop_oneof![
        3 => Just((0.0, 1.0)),
        1 => Just((1.0, 0.0)),
        1 => (0..10_i32, 11..30_i32).prop_map(|(floor, ceiling)| (f64::from(floor) / 10.0, f64::from(ceiling) / 10.0)),
    ];
    let weight = (1..1000_i64, 0..4_u32).prop_map(|(digits, places)| Decimal::new(digits, places));
    let one = (weight, scale);
    (proptest::sample::subsequence(&METRICS[..], 1..=METRICS.len()), proptest::collection::vec(one, METRICS.len()))
        .prop_map(|(metrics, parts)| {
            let component = |(metric, (weight, (floor, ceiling))): (&str, (Decimal, (f64, f64)))| {
                Component::new(metric.to_owned(), weight).scaled(floor, ceiling)
            };
            metrics.into_iter().zip(parts).map(component).collect()
        })
}

fn models() -> impl Strategy<Value = HealthModel> {
    let missing =
        proptest::sample::select(vec![MissingPolicy::Renormalize, MissingPolicy::Zero, MissingPolicy::Require]);
    let among =
        prop_oneof![Just(Among::Paying), Just(Among::Everyone), Just(Among::Where("is_active".parse().unwrap()))];
    (components(), missing, 0..=10_i64, among, any::<bool>()).prop_map(
        |(components, missing, coverage, among, gated)| {
            let model =
                HealthModel::new(components).unwrap().missing(missing).min_coverage(Decimal::new(coverage, 1)).unwrap();
            let model = model.among(among);
            if gated { model.gate("contract_renewal_rate", 0.5, "yellow").unwrap() } else { model }
        },
    )
}

/// Nothing where the table has the columns of none of the components: that is an error.
fn scores(rows: &Sample, model: &HealthModel) -> Option<HealthScores> {
    let mut scorer = HealthScorer::new(rows.request(&[]).health(model.clone()));
    match scorer.add(&rows.table()) {
        Ok(()) => Some(scorer.finish().unwrap()),
        Err(error) => {
            assert_eq!(error.kind(), "column_not_found");
            None
        }
    }
}

proptest! {
    #![proptest_config(config(256))]

    #[test]
    fn contributions_add_up_to_the_score_and_lost_points_to_the_rest(
        model in models(),
        values in proptest::collection::vec(proptest::option::weighted(0.8, -0.5..2.0_f64), METRICS.len()),
    ) {
        let value = |id: &str| METRICS.iter().position(|metric| *metric == id).and_then(|place| values[place]);
        let found = model.explain(value);
        prop_assert_eq!(found.contributions.len(), model.components().len());
        let parts = |of: fn(&svcmetrics::Contribution) -> Option<i64>| found.contributions.iter().filter_map(of).collect::<Vec<_>>();
        let (points, lost) = (parts(|part| part.points), parts(|part| part.lost));
        let Some(score) = found.score else {
            prop_assert_eq!(&found.band, "unknown");
            prop_assert!(points.is_empty() && lost.is_empty());
            return Ok(());
        };
        prop_assert!((0..=FULL).contains(&score));
        prop_assert_eq!(points.iter().sum::<i64>(), score);
        prop_assert_eq!(lost.iter().sum::<i64>(), FULL - score);
        prop_assert!(points.iter().chain(&lost).all(|part| (0..=FULL).contains(part)));
        for (part, component) in found.contributions.iter().zip(model.components()) {
            prop_assert_eq!(part.points.is_some(), value(component.metric()).is_some());
            let counts_as_zero = model.missing_policy() == MissingPolicy::Zero;
            prop_assert_eq!(part.lost.is_some(), part.value.is_some() || counts_as_zero);
        }
    }
}

proptest! {
    #![proptest_config(config(32))]

    #[test]
    fn every_customers_points_add_up_to_the_score(rows in tables(100), model in models()) {
        let Some(scores) = scores(&rows, &model) else { return Ok(()) };
        prop_assert_eq!(scores.scores.len(), rows.rows.len());
        for (row, found) in scores.scores.iter().enumerate() {
            let Some(HealthScore { score, points, coverage, .. }) = found else {
                prop_assert_eq!(scores.band(row), None);
                continue;
            };
            prop_assert!((0.0..=1.0).contains(coverage));
            prop_assert_eq!(score.is_none(), scores.band(row) == Some("unknown"));
            match score {
                Some(score) => prop_assert_eq!(points.iter().flatten().sum::<i64>(), *score),
                None => prop_assert!(points.iter().all(Option::is_none)),
            }
        }
    }

    #[test]
    fn a_customer_is_a_group_of_one(rows in tables(60), model in models()) {
        let Some(scores) = scores(&rows, &model) else { return Ok(()) };
        let numbered = rows.clone().numbered("row");
        let card = Scorecard::of(&numbered.table(), numbered.request(&["row"]).health(model)).unwrap();
        prop_assert_eq!(card.len(), rows.rows.len());
        if card.not_measured().contains_key("health") {
            return Ok(());
        }
        for (group, score) in scores.scores.iter().enumerate() {
            let Some(score) = score else { continue };
            let of_group = card.figure_of(group, "health").unwrap().value();
            prop_assert_eq!(of_group.is_some(), score.score.is_some());
            if let (Some(points), Some(micro)) = (of_group, score.score) {
                prop_assert!(is_nearest(points, micro.into(), 1_000_000), "{points} of {micro} micro-points");
            }
            let mean = card.figure_of(group, "customer_health").unwrap();
            prop_assert_eq!(mean.numerator().and_then(Total::micros), score.score.map(i128::from));
        }
    }

    #[test]
    fn a_group_has_the_scores_bands_and_revenue_of_its_customers(rows in tables(100), by in some_keys(), model in models()) {
        let Some(scores) = scores(&rows, &model) else { return Ok(()) };
        let card = Scorecard::of(&rows.table(), rows.request(&by).health(model.clone())).unwrap();
        if card.not_measured().contains_key("customer_health") || card.not_measured().contains_key("revenue_end") {
            return Ok(());
        }
        let everywhere: (i128, i128) = scores.scores.iter().flatten().filter_map(|score| score.score).fold((0, 0), |(sum, count), score| {
            (sum + i128::from(score), count + 1)
        });
        let all = card.rollup::<&str>(&[]).unwrap();
        let dropped_time = by.contains(&"period");
        let mean = all.figure("customer_health").unwrap();
        if !dropped_time {
            let total = |total: Option<Total>| total.and_then(Total::micros).unwrap_or(0);
            prop_assert_eq!((total(mean.numerator()), total(mean.denominator())), (everywhere.0, everywhere.1 * 1_000_000));
            for (place, band) in model.all_bands().iter().enumerate() {
                let scored = scores.scores.iter().flatten().filter(|score| score.score.is_some());
                let inside = scored.filter(|score| score.band == place + 1).count();
                let share = all.figure(&format!("{}_share", band.name)).unwrap();
                prop_assert_eq!(share.numerator().map_or(0, Total::integer), i128::try_from(inside).unwrap(), "{}", band.name);
            }
        }
        for group in 0..card.len() {
            let amount = |id: String| card.figure_of(group, &id).unwrap().numerator().and_then(Total::micros);
            let of_bands: i128 = model.all_bands().iter().filter_map(|band| amount(format!("{}_revenue", band.name))).sum();
            let share = |id: String| card.figure_of(group, &id).unwrap();
            let shares: Vec<_> = model.all_bands().iter().map(|band| share(format!("{}_revenue_share", band.name))).collect();
            if let Some(whole) = shares[0].denominator().and_then(Total::micros) {
                prop_assert_eq!(of_bands, whole);
            }
            let customers: i128 = model.all_bands().iter().filter_map(|band| Some(share(format!("{}_share", band.name)).numerator()?.integer())).sum();
            let mean = card.figure_of(group, "customer_health").unwrap();
            prop_assert_eq!(customers, mean.denominator().map_or(0, Total::integer));
        }
    }

    #[test]
    fn what_only_customers_are_scored_by_is_not_summed(rows in tables(60), by in some_keys(), model in models()) {
        const ASKED: [&str; 3] = ["customer_health", "health_coverage", "green_share"];
        let of = |rows: &Sample, metrics: &[&str]| {
            Scorecard::of(&rows.table(), rows.request(&by).health(model.clone()).metrics(metrics.iter().copied()))
        };
        let Ok(card) = of(&rows, &ASKED) else { return Ok(()) };
        let with_components = of(&rows, &["customer_health", "health_coverage", "green_share", "health"]).unwrap();
        let figures = |card: &Scorecard| ASKED.map(|id| card.figures(id).unwrap());
        prop_assert_eq!(figures(&card), figures(&with_components));
        let lanes = |card: &Scorecard| -> Vec<String> {
            let batch = card.measures_record_batch().unwrap();
            batch.schema().fields().iter().map(|field| field.name().clone()).collect()
        };
        let (few, many) = (lanes(&card), lanes(&with_components));
        // how rows stand, and what was rounded, is told all the same
        let is_count = |name: &&String| name.contains('.');
        prop_assert_eq!(few.iter().filter(is_count).collect::<Vec<_>>(), many.iter().filter(is_count).collect::<Vec<_>>());
        prop_assert!(few.len() < many.len() && few.iter().all(|name| many.contains(name)));
        prop_assert_eq!(&Scorecard::from_json(&card.to_json().unwrap()).unwrap(), &card);
        // what was added up is another thing
        let both = card.merge(&with_components).unwrap_err();
        prop_assert_eq!(both.kind(), "mismatch");
        let common = [card.merge_common(&with_components), with_components.merge_common(&card)].map(Result::unwrap);
        prop_assert_eq!(figures(&common[0]), figures(&common[1]));
        prop_assert_eq!(&lanes(&common[0]), &few);
        prop_assert_eq!(common[0].metrics().map(svcmetrics::Metric::id).collect::<Vec<_>>(), ASKED);
        let halves: Vec<usize> = (0..rows.rows.len()).map(|row| row % 2).collect();
        let parts: Vec<Scorecard> = rows.cut(&halves, 2).iter().map(|part| of(part, &ASKED).unwrap()).collect();
        prop_assert_eq!(parts[0].merge(&parts[1]).unwrap(), card);
    }

    #[test]
    fn health_of_a_group_lies_between_0_and_100(rows in tables(100), by in some_keys()) {
        let card = card(&rows, &by);
        for id in ["health", "customer_health"].into_iter().filter(|id| !card.not_measured().contains_key(*id)) {
            for figure in card.figures(id).unwrap() {
                prop_assert!(figure.value().is_none_or(|value| (0.0..=100.0).contains(&value)), "{id}: {figure:?}");
            }
        }
    }
}

#[test]
fn amounts_of_billions_are_scored_as_small_ones_are() {
    // from 2^51 millionths on, 2.25 billion, a double is made of them in another way
    let table = Table::new(4)
        .with("revenue_start", vec![4.0, 2.0e9, 2.4e9, 4.0e9])
        .with("revenue_end", vec![3.0, 1.5e9, 1.8e9, 3.0e9]);
    let model = HealthModel::new([Component::new("net_revenue_retention", 1)]).unwrap();
    let mut scorer = HealthScorer::new(Request::default().health(model));
    scorer.add(&table).unwrap();
    let found = scorer.finish().unwrap().scores;
    let micros: Vec<_> = found.into_iter().flatten().map(|health| health.score).collect();
    assert_eq!(micros, [Some(75_000_000); 4]);
}

/// Two customers with all that the components of these tests read.
fn two_customers() -> Table<'static> {
    Table::new(2)
        .with("milestones_met", vec![1_i64, 2])
        .with("milestones_total", vec![2_i64, 4])
        .with("goals_met", vec![1_i64, 2])
        .with("goals_total", vec![2_i64, 2])
        .with("reached_goal", vec![true, false])
        .with("revenue_start", vec![100_i64, 200])
        .with("revenue_end", vec![100_i64, 50])
}

fn asked(table: &Table<'_>, model: &HealthModel, metrics: &[&str]) -> svcmetrics::Result<Scorecard> {
    let request = Request::default().absent_revenue(svcmetrics::AbsentRevenue::Zero).health(model.clone());
    Scorecard::of(table, request.metrics(metrics.iter().copied()))
}

fn model(components: &[&str]) -> HealthModel {
    HealthModel::new(components.iter().map(|id| Component::new((*id).to_owned(), 1))).unwrap()
}

fn ids(card: &Scorecard) -> Vec<&str> {
    card.metrics().map(svcmetrics::Metric::id).collect()
}

#[test]
fn a_component_that_is_asked_for_itself_is_summed() {
    let table = Table::new(2)
        .with("milestones_met", vec![1_i64, 4])
        .with("milestones_total", vec![4_i64, 4])
        .with("reached_goal", vec![true, false])
        .with("revenue_end", vec![1_i64, 1]);
    let model = HealthModel::new([Component::new("adoption_rate", 1), Component::new("success_rate", 1)]).unwrap();
    let of = |metrics: &[&str]| {
        let request = Request::default().health(model.clone()).metrics(metrics.iter().copied());
        Scorecard::of(&table, request).unwrap()
    };
    let (alone, beside) = (of(&["customer_health"]), of(&["adoption_rate", "customer_health"]));
    assert_eq!(alone.figure("adoption_rate").unwrap_err().kind(), "metric_not_found");
    assert_eq!(beside.figure("adoption_rate").unwrap().value(), Some(0.625));
    assert_eq!(alone.figure("customer_health").unwrap(), beside.figure("customer_health").unwrap());
    let error = alone.merge(&beside).unwrap_err().to_string();
    assert!(error.contains("adoption_rate (of customers alone)"), "{error}");
    let common = beside.merge_common(&alone).unwrap();
    assert_eq!(ids(&common), ["customer_health"]);
    assert_eq!(common.figure("customer_health").unwrap().value(), Some(56.25));
}

#[test]
fn totals_of_some_components_give_no_health_of_a_group() {
    let (table, model) = (two_customers(), HealthModel::standard());
    let read = |metrics: &[&str]| {
        let card = asked(&table, &model, metrics).unwrap();
        let totals = card.measures_record_batch().unwrap();
        Scorecard::from_measures(&Table::from(&totals), &Request::default()).unwrap()
    };
    let some = read(&["customer_health", "adoption_rate", "net_revenue_retention"]);
    assert_eq!(some.figure("health").unwrap_err().kind(), "metric_not_found");
    let all = asked(&table, &model, &["health"]).unwrap();
    assert_eq!(read(&["health", "customer_health"]).figure("health").unwrap(), all.figure("health").unwrap());
    let band = read(&["red_share"]);
    assert_eq!(
        band.figure("red_share").unwrap(),
        asked(&table, &model, &["red_share"]).unwrap().figure("red_share").unwrap()
    );
}

#[test]
fn a_join_does_not_read_what_was_not_summed() {
    let model = model(&["adoption_rate", "success_rate"]).min_coverage(Decimal::ZERO).unwrap().among(Among::Everyone);
    let one = Table::new(1).with("milestones_met", vec![1_i64]).with("milestones_total", vec![2_i64]);
    let two = Table::new(1).with("reached_goal", vec![true]);
    let (group, customers) =
        (asked(&one, &model, &["health"]).unwrap(), asked(&two, &model, &["customer_health"]).unwrap());
    for (left, right) in [(&group, &customers), (&customers, &group)] {
        let error = left.join(right).unwrap_err();
        assert_eq!(error.kind(), "mismatch");
        assert!(error.to_string().contains("the health of their groups"), "{error}");
    }
    // nor is one card's health evaluated by the other's model
    let other = self::model(&["success_rate"]).min_coverage(Decimal::ZERO).unwrap().among(Among::Everyone);
    let error = group.join(&asked(&two, &other, &["health"]).unwrap()).unwrap_err();
    assert_eq!(error.kind(), "mismatch");
}

#[test]
fn customers_are_not_scored_by_amounts_of_several_currencies() {
    let table = two_customers().with("currency", vec!["EUR", "USD"]);
    for metrics in [&["red_share"] as &[&str], &["health"]] {
        let error = asked(&table, &model(&["revenue_growth_rate"]), metrics).unwrap_err();
        assert_eq!(error.kind(), "mixed_currency");
    }
}

#[test]
fn customers_alone_are_scored_in_several_currencies_unless_by_amounts() {
    let table = two_customers()
        .with("currency", vec!["EUR", "USD"])
        .with("cases", vec![1_i64, 2])
        .with("service_cost", vec![50_i64, 80]);
    let scored = |component: Component| {
        let model = HealthModel::new([component]).unwrap().min_coverage(Decimal::ZERO).unwrap();
        let mut scorer = HealthScorer::new(Request::default().health(model.among(Among::Everyone)));
        scorer.add(&table)?;
        scorer.finish()
    };
    let growth = scored(Component::new("revenue_growth_rate", 1).scaled(-1.0, 1.0)).unwrap().scores;
    let growth: Vec<_> = growth.iter().map(|score| score.as_ref().unwrap().score).collect();
    assert_eq!(growth, [Some(FULL / 2), Some(FULL / 8)]);
    for amount in ["revenue_end", "cost_per_case"] {
        let error = scored(Component::new(amount, 1).scaled(0.0, 100.0)).unwrap_err();
        assert_eq!(error.kind(), "mixed_currency", "{amount}");
    }
}

#[test]
fn scores_by_another_form_of_a_component_do_not_merge() {
    let whole = two_customers();
    let without =
        Table::new(1).with("goals_met", vec![1_i64]).with("goals_total", vec![2_i64]).with("revenue_end", vec![1_i64]);
    let model = model(&["success_rate"]);
    let cards = [&whole, &without].map(|table| asked(table, &model, &["red_share"]).unwrap());
    let error = cards[0].merge(&cards[1]).unwrap_err();
    assert_eq!(error.kind(), "mismatch");
    assert!(error.to_string().contains("success_rate (otherwise) (of customers alone)"), "{error}");
}

#[test]
fn what_both_have_the_sums_of_is_common_whichever_shows_it() {
    let table = two_customers();
    let (health, model) = (model(&["adoption_rate", "net_revenue_retention"]), HealthModel::standard());
    let group = asked(&table, &health, &["health"]).unwrap();
    let rate = asked(&table, &model, &["adoption_rate"]).unwrap();
    for (one, two) in [(&group, &rate), (&rate, &group)] {
        let common = one.merge_common(two).unwrap();
        assert_eq!(ids(&common), ["adoption_rate"]);
        assert_eq!(common.figure("adoption_rate").unwrap().numerator().map(Total::integer), Some(6));
    }
    let both = asked(&table, &health, &["red_share", "net_revenue_retention"]).unwrap();
    assert_eq!(ids(&both.merge_common(&group).unwrap()), ["net_revenue_retention"]);
    // a difference, where the other card has its parts for customers alone
    let gap = self::model(&["renewal_gap"]);
    let table = table
        .with("is_active", vec![true, true])
        .with("committed", vec![true, false])
        .with("contracts_due", vec![2_i64, 1])
        .with("contracts_renewed", vec![1_i64, 1]);
    let (shown, scored) =
        (asked(&table, &gap, &["renewal_gap", "red_share"]).unwrap(), asked(&table, &gap, &["red_share"]).unwrap());
    assert_eq!(shown.merge(&scored).unwrap_err().kind(), "mismatch");
    for (one, two) in [(&shown, &scored), (&scored, &shown)] {
        assert_eq!(ids(&one.merge_common(two).unwrap()), ["red_share"]);
    }
}

#[test]
fn a_common_scorecard_with_spread_is_stored_and_read() {
    let table = two_customers();
    let card = |ceiling: f64| {
        let model = HealthModel::new([Component::new("net_revenue_retention", 1).scaled(0.0, ceiling)]).unwrap();
        let request = Request::default().absent_revenue(svcmetrics::AbsentRevenue::Zero).health(model).spread(true);
        Scorecard::of(&table, request.metrics(["health", "adoption_rate"])).unwrap()
    };
    let common = card(2.0).merge_common(&card(3.0)).unwrap();
    assert_eq!(ids(&common), ["adoption_rate"]);
    assert_eq!(Scorecard::from_json(&common.to_json().unwrap()).unwrap(), common);
}
