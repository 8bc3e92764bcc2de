//! Currencies: never added up silently, never asked for where no money is added.

use crate::support::{assert_says, refused};
use svcmetrics::{
    ColumnUnit, Component, HealthModel, HealthScorer, Ledger, LedgerOptions, Metric, MovementOptions, MovementsBuilder,
    Period, Request, Scalar, Scales, Scorecard, ScorecardBuilder, Table,
};

fn money(name: &str, currencies: &[&'static str]) -> Table<'static> {
    let rows = currencies.len();
    Table::new(rows)
        .with(name, currencies.to_vec())
        .with("revenue_start", vec![100_i64; rows])
        .with("revenue_end", vec![100_i64; rows])
}

fn by_currency(currency: &'static str) -> Scorecard {
    Scorecard::of(&money("currency", &[currency]), Request::default().by(["currency"])).unwrap()
}

#[test]
fn a_currency_key_of_another_name_is_not_rolled_away_over_two_currencies() {
    let request = Request::default().by(["ccy"]).column("currency", "ccy", ColumnUnit::OWN);
    let card = Scorecard::of(&money("ccy", &["EUR", "USD"]), request).unwrap();
    for card in [card.clone(), Scorecard::from_json(&card.to_json().unwrap()).unwrap(), card.merge(&card).unwrap()] {
        let found = refused(card.rollup::<&str>(&[]), "two currencies added up");
        assert_eq!((found.kind(), found.column()), ("mixed_currency", Some("ccy")));
    }
}

#[test]
fn the_currency_of_a_key_that_is_rolled_away_is_remembered() {
    let (euros, dollars) =
        (by_currency("EUR").rollup::<&str>(&[]).unwrap(), by_currency("USD").rollup::<&str>(&[]).unwrap());
    let found = refused(euros.merge(&dollars), "two currencies added up");
    assert_eq!(found.kind(), "mismatch");
    assert_says(&found.to_string(), &["currency", "EUR", "USD"]);
    let ungrouped = Scorecard::of(&money("currency", &["EUR"]), Request::default()).unwrap();
    assert_eq!(euros, ungrouped);
    assert_eq!(refused(ungrouped.merge(&dollars), "two currencies added up").kind(), "mismatch");
}

#[test]
fn the_currency_of_totals_is_given_or_stands_in_a_key() {
    let card = |currency: &'static str| by_currency(currency).rollup::<&str>(&[]).unwrap();
    let read = |card: &Scorecard, request: &Request| {
        Scorecard::from_measures(&Table::from(&card.measures_record_batch().unwrap()), request)
    };
    let back = read(&card("USD"), &Request::default().currency("USD")).unwrap();
    assert_eq!(refused(back.merge(&card("EUR")), "two currencies added up").kind(), "mismatch");
    assert!(back.merge(&card("USD")).is_ok());
    let both = by_currency("EUR").merge(&by_currency("USD")).unwrap();
    for request in [Request::default().by(["currency"]), Request::default().by(["currency"]).currency("currency")] {
        let back = read(&both, &request).unwrap();
        assert_eq!(refused(back.rollup::<&str>(&[]), "two currencies added up").kind(), "mixed_currency");
    }
    let contradicting = Request::default().by(["currency"]).currency("USD");
    assert_eq!(refused(read(&both, &contradicting), "a currency beside the key").kind(), "invalid_option");
}

#[test]
fn a_currency_that_is_given_is_that_of_the_table() {
    let found =
        refused(Scorecard::of(&money("currency", &["EUR"]), Request::default().currency("USD")), "another currency");
    assert_eq!((found.kind(), found.row()), ("mixed_currency", Some(0)));
    let card = Scorecard::of(&money("other", &["x"]), Request::default().currency("USD")).unwrap();
    assert_eq!(refused(card.merge(&by_currency("EUR").rollup::<&str>(&[]).unwrap()), "others").kind(), "mismatch");
}

#[test]
fn scores_minutes_and_counts_are_in_no_currency() {
    let table = Table::new(2)
        .with("currency", vec!["EUR", "USD"])
        .with("csat_score", vec![5_i64, 1])
        .with("effort_score", vec![7_i64, 1])
        .with("service_minutes", vec![100_i64, 100])
        .with("downtime_minutes", vec![0_i64, 1])
        .with("tenure_months", vec![1_i64, 2])
        .with("revenue_start", vec![1_i64, 1])
        .with("revenue_end", vec![1_i64, 0]);
    let metrics = ["csat", "ces_mean", "availability", "mean_tenure_months", "customer_churn_rate"];
    let scales = Scales::default().csat_satisfied_from(4).unwrap().effort(1, 7).unwrap();
    let request = || Request::default().metrics(metrics).scales(scales);
    let all = Scorecard::of(&table, request()).unwrap();
    let rolled = Scorecard::of(&table, request().by(["currency"])).unwrap().rollup::<&str>(&[]).unwrap();
    assert_eq!(rolled, all);
    assert_eq!(all.figure("csat").unwrap().value(), Some(0.5));
    assert_eq!(refused(Scorecard::of(&table, request().metrics(["revenue_end"])), "money").kind(), "mixed_currency");
}

#[test]
fn customers_of_any_currency_have_a_health_of_their_own() {
    let model = HealthModel::new([Component::new("net_revenue_retention", 1)]).unwrap();
    let mut scorer = HealthScorer::new(Request::default().health(model));
    scorer.add(&money("currency", &["EUR", "USD"])).unwrap();
    let found = scorer.finish().unwrap().scores;
    assert!(found.iter().all(|score| score.as_ref().unwrap().score == Some(100_000_000)));
}

#[test]
fn a_currency_that_is_nan_is_missing_or_an_error_as_everywhere() {
    let currencies = vec![Scalar::Text("USD".into()), Scalar::Float(f64::NAN)];
    let table = Table::new(2)
        .with("currency", currencies)
        .with("revenue_start", vec![1_i64, 1])
        .with("revenue_end", vec![1_i64, 1]);
    let card = Scorecard::of(&table, Request::default().nan_is_missing(true)).unwrap();
    assert!(card.metrics().map(Metric::id).any(|id| id == "revenue_end"));
    let found = refused(Scorecard::of(&table, Request::default()), "NaN");
    assert_eq!((found.kind(), found.column(), found.row()), ("not_a_number", Some("currency"), Some(1)));
}

#[test]
fn looking_for_currencies_stops_when_asked_to() {
    let table = money("currency", &vec!["EUR"; 200_000]);
    let mut asked = 0;
    let mut go_on = || {
        asked += 1;
        asked < 3
    };
    let found = refused(ScorecardBuilder::new(Request::default()).add_while(&table, &mut go_on), "stopped");
    assert_eq!((found.kind(), asked), ("interrupted", 3));
}

fn ledger_table(rows: &[(&'static str, i64, &'static str)]) -> Table<'static> {
    Table::new(rows.len())
        .with("customer_id", rows.iter().map(|(customer, ..)| *customer).collect::<Vec<_>>())
        .with("month", vec!["2026-01"; rows.len()])
        .with("revenue", rows.iter().map(|(_, revenue, _)| *revenue).collect::<Vec<_>>())
        .with("currency", rows.iter().map(|(.., currency)| *currency).collect::<Vec<_>>())
}

#[test]
fn a_ledger_has_one_currency_or_says_it_in_a_segment() {
    let options = LedgerOptions::default;
    let both = ledger_table(&[("a", 10, "EUR"), ("b", 20, "JPY")]);
    let found = refused(Ledger::of(&both, options()), "two currencies added up");
    assert_eq!((found.kind(), found.column(), found.row()), ("mixed_currency", Some("currency"), Some(1)));
    let months: (Period, Period) = ("2026-01".parse().unwrap(), "2026-01".parse().unwrap());
    let mut builder = MovementsBuilder::new(options().months(months.0, months.1), MovementOptions::default()).unwrap();
    assert_eq!(refused(builder.add(&both), "two currencies added up").kind(), "mixed_currency");

    let euros = Ledger::of(&ledger_table(&[("a", 10, "EUR")]), options()).unwrap();
    let yen = Ledger::of(&ledger_table(&[("b", 20, "JPY")]), options()).unwrap();
    assert_eq!(refused(euros.merge(&yen), "two currencies added up").kind(), "mixed_currency");
    assert_eq!(Ledger::from_json(&euros.to_json().unwrap()).unwrap(), euros);
    let [euros, yen] = [euros, yen].map(|ledger| ledger.movements(&MovementOptions::default()).unwrap());
    assert_eq!(refused(euros.merge(&yen), "two currencies added up").kind(), "mismatch");

    assert_eq!(Ledger::of(&both, options().customer("currency")).unwrap().customers(), 2);

    let options = options().by(["currency"]);
    let (by_currency, over_all) = (MovementOptions::default().by(["currency"]), MovementOptions::default());
    let ledger = Ledger::of(&both, options.clone()).unwrap();
    assert_eq!(refused(ledger.movements(&over_all), "two currencies added up").kind(), "mixed_currency");
    assert_eq!(refused(ledger.retention(&over_all), "two currencies added up").kind(), "mixed_currency");
    assert!(ledger.retention(&by_currency).is_ok());
    let card = ledger.movements(&by_currency).unwrap();
    assert_eq!(refused(card.rollup(&["period"]), "two currencies added up").kind(), "mixed_currency");
    let streamed = |movements: &MovementOptions| {
        let mut builder = MovementsBuilder::new(options.clone().months(months.0, months.1), movements.clone()).unwrap();
        builder.add(&both).unwrap();
        builder.finish()
    };
    assert_eq!(streamed(&by_currency).unwrap(), card);
    assert_eq!(refused(streamed(&over_all), "two currencies added up").kind(), "mixed_currency");
    let one = Ledger::of(&ledger_table(&[("a", 10, "EUR"), ("b", 20, "EUR")]), options.clone()).unwrap();
    assert_eq!(one.movements(&over_all).unwrap().figures("mrr").unwrap()[0].to_string(), "30.00");
}
