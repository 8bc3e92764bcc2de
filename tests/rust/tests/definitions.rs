//! Measures and metrics of the user's own, through the public API alone.

mod described;
mod quantiles;
mod refused;

use crate::support::{assert_says, refused, small_card, small_table};
use svcmetrics::{
    Better, Column, ColumnKind, Comparison, Component, Condition, Expression, Figure, HealthModel, HealthScorer, Kind,
    Measure, Metric, OnInvalid, Request, Scope, Scorecard, Table, Time, Undefined, Unit,
};

fn tickets() -> Column {
    Column::new("tickets", ColumnKind::Count)
}

fn seats() -> Column {
    Column::new("seats", ColumnKind::Count)
}

fn spend() -> Column {
    Column::new("spend", ColumnKind::Money)
}

/// Tickets per seat of customers on support, where nobody has more urgent tickets than tickets.
fn per_seat() -> Metric {
    let urgent = Column::new("urgent", ColumnKind::Count);
    let scope = Scope::new("supported_seats")
        .among(Condition::IsTrue(Column::new("on_support", ColumnKind::Flag)))
        .reads([tickets(), seats()])
        .rule(Condition::at_most(urgent, tickets()));
    let numerator = Measure::total("supported_tickets", &scope, tickets().into(), Time::Flow);
    let denominator = Measure::total("supported_seats", &scope, seats().into(), Time::Flow);
    Metric::ratio("tickets_per_seat", "Tickets per seat", vec![(1, numerator)], vec![(1, denominator)])
        .better(Better::Lower)
        .source("our own handbook")
}

/// What is spent above 10, as an amount.
fn overspend() -> Metric {
    let scope = Scope::new("spenders").reads([spend()]);
    let above = Condition::compare(spend(), Comparison::More, Expression::constant(10));
    let sum = Expression::from(spend()).plus(-1, spend()).plus(1, spend());
    let measure = Measure::total("spend_above_ten", &scope, sum, Time::Stock).only(above);
    Metric::amount("overspend", "Overspend", Unit::Money, vec![(1, measure)])
}

fn own_request() -> Request {
    Request::default().define(per_seat()).unwrap().define(overspend()).unwrap()
}

fn own_table() -> Table<'static> {
    Table::new(5)
        .with("team", vec!["a", "a", "b", "b", "b"])
        .with("period", vec!["2026-01", "2026-02", "2026-01", "2026-01", "2026-02"])
        .with("on_support", vec![Some(true), Some(true), Some(false), None, Some(true)])
        .with("tickets", vec![Some(3_i64), None, Some(9), Some(9), Some(5)])
        .with("seats", vec![Some(6_i64), Some(1), Some(9), Some(9), Some(10)])
        .with("urgent", vec![Some(1_i64), None, None, None, Some(5)])
        .with("spend", vec![Some(12.25), Some(10.0), Some(0.5), None, Some(100.01)])
}

#[test]
fn a_metric_of_the_users_own_is_computed_like_a_built_in_one() {
    let card = Scorecard::of(&own_table(), own_request().by(["team"])).unwrap();
    let rates: Vec<_> = card.figures("tickets_per_seat").unwrap().iter().map(Figure::value).collect();
    assert_eq!(rates, [Some(0.5), Some(0.5)]);
    let counts = card.counts_of(1, "tickets_per_seat").unwrap().unwrap();
    assert_eq!((counts.counted, counts.missing, counts.invalid, counts.outside), (1, 1, 0, 1));
    let amounts: Vec<_> =
        card.figures("overspend").unwrap().iter().map(|figure| figure.numerator().unwrap().to_string()).collect();
    assert_eq!(amounts, ["12.25", "100.01"]);
    let metric = card.metrics().find(|metric| metric.id() == "tickets_per_seat").unwrap();
    assert_eq!((metric.kind(), metric.direction(), metric.article()), (Kind::Ratio, Better::Lower, "our own handbook"));
    assert_eq!(metric.forms()[0].formula(), "supported_tickets / supported_seats");
}

#[test]
fn a_rule_of_the_users_own_makes_rows_invalid() {
    let table = || {
        Table::new(2).with("on_support", vec![true, true]).with("seats", vec![1_i64, 2]).with("tickets", vec![4_i64, 4])
    };
    let bad = table().with("urgent", vec![4_i64, 5]);
    let request = || Request::default().define(per_seat()).unwrap();
    let error = refused(Scorecard::of(&bad, request()), "5 urgent tickets of 4");
    assert_eq!((error.kind(), error.column(), error.row()), ("invalid_value", Some("urgent"), Some(1)));
    assert_says(&error.to_string(), &["5", "tickets 4", "tickets_per_seat"]);
    let card = Scorecard::of(&bad, request().on_invalid(OnInvalid::Skip)).unwrap();
    assert_eq!(card.figure("tickets_per_seat").unwrap().value(), Some(4.0));
    // A rule is not asked where the table lacks its column.
    let card = Scorecard::of(&table(), request()).unwrap();
    assert_eq!(card.counts_of(0, "tickets_per_seat").unwrap().unwrap().counted, 2);
}

#[test]
fn a_metric_of_the_users_own_merges_and_rolls_up_by_its_sums() {
    let whole = Scorecard::of(&own_table(), own_request().by(["team", "period"])).unwrap();
    let twice = whole.merge(&whole).unwrap();
    let rolled = twice.rollup(&["period"]).unwrap();
    let figures = rolled.figures("tickets_per_seat").unwrap();
    assert_eq!(figures[0].numerator().unwrap().integer(), 6);
    assert_eq!(figures[0].denominator().unwrap().integer(), 12);
    assert_eq!(figures[1].value(), Some(0.5));
    // The flow adds up over time, the stock does not.
    let all = rolled.rollup::<&str>(&[]).unwrap();
    let rate = all.figure("tickets_per_seat").unwrap();
    assert_eq!((rate.numerator().unwrap().integer(), rate.denominator().unwrap().integer()), (16, 32));
    assert_eq!(all.figure("overspend").unwrap().undefined_reason(), Some(Undefined::NotAdditiveOverTime));
}

#[test]
fn a_scorecard_stores_the_definitions_of_the_users_own_metrics() {
    let card = Scorecard::of(&own_table(), own_request().by(["team"])).unwrap();
    let read = Scorecard::from_json(&card.to_json().unwrap()).unwrap();
    assert_eq!(read, card);
    assert_eq!(read.figures("tickets_per_seat").unwrap(), card.figures("tickets_per_seat").unwrap());
    let metric = |card: &Scorecard| card.metrics().find(|metric| metric.id() == "tickets_per_seat").cloned();
    assert_eq!(metric(&read), Some(per_seat()));
    assert_eq!(read.merge(&card).unwrap().rows(0), 4);
}

#[test]
fn a_metric_of_the_users_own_is_a_component_of_health() {
    let model =
        HealthModel::new([Component::new("adoption_rate", 1), Component::new("tickets_per_seat", 3).scaled(2.0, 0.0)])
            .unwrap();
    let table = Table::new(2)
        .with("milestones_met", vec![1_i64, 1])
        .with("milestones_total", vec![2_i64, 1])
        .with("on_support", vec![true, true])
        .with("tickets", vec![1_i64, 8])
        .with("seats", vec![2_i64, 2]);
    let request = || Request::default().define(per_seat()).unwrap().health(model.clone());
    let mut scorer = HealthScorer::new(request());
    scorer.add(&table).unwrap();
    let found = scorer.finish().unwrap().scores;
    // (1/2 + 3 x (2 - 0.5) / 2) / 4 = 2.75 / 4, and (1 + 3 x 0) / 4
    let points: Vec<_> = found.iter().map(|score| score.as_ref().unwrap().score).collect();
    assert_eq!(points, [Some(68_750_000), Some(25_000_000)]);
    assert_eq!(found[0].as_ref().unwrap().points, [Some(12_500_000), Some(56_250_000)]);
    let card = Scorecard::of(&table, request()).unwrap();
    // The group's own rates: 2/3 adopted, 9/4 tickets a seat, which is past the floor.
    assert_eq!(card.figure("health").unwrap().value(), Some(16.666_667));
    assert_eq!(card.figure("customer_health").unwrap().value(), Some(46.875));
    let read = Scorecard::from_json(&card.to_json().unwrap()).unwrap();
    assert_eq!(read.figure("health").unwrap(), card.figure("health").unwrap());
    let only = Scorecard::of(&table, request().metrics(["health"])).unwrap();
    assert_eq!(only.metrics().map(Metric::id).collect::<Vec<_>>(), ["health"]);
    assert_eq!(only.figure("health").unwrap(), card.figure("health").unwrap());
}

#[test]
fn a_difference_of_the_users_own_metrics_is_rounded_once() {
    let gap = Metric::difference("rate_gap", "Gap", "tickets_per_seat", "adoption_rate");
    let request = Request::default().define(per_seat()).unwrap().define(gap).unwrap();
    let table = Table::new(1)
        .with("on_support", vec![true])
        .with("tickets", vec![6_i64])
        .with("seats", vec![5_i64])
        .with("milestones_met", vec![9_i64])
        .with("milestones_total", vec![10_i64]);
    let card = Scorecard::of(&table, request).unwrap();
    // 6/5 - 9/10 is 3/10; in doubles 1.2 - 0.9 is 0.29999999999999993
    assert_eq!(card.figure("rate_gap").unwrap().value(), Some(0.3));
    assert_eq!(Scorecard::from_json(&card.to_json().unwrap()).unwrap(), card);
}

#[test]
fn the_first_form_whose_columns_are_there_is_taken_for_the_whole_table() {
    let count = |id: &str, scope: &Scope, column: Column| {
        vec![(1, Measure::count(id.to_owned(), scope, Time::Flow).only(Condition::IsTrue(column)))]
    };
    let flag = |name: &str| Column::new(name.to_owned(), ColumnKind::Flag);
    let (stated, guessed) =
        (Scope::new("stated").reads([flag("happy")]), Scope::new("guessed").reads([flag("smiled")]));
    let metric = Metric::share(
        "happy_share",
        "Happy",
        count("happy_rows", &stated, flag("happy")),
        vec![(1, Measure::count("stated_rows", &stated, Time::Flow))],
    )
    .otherwise(
        count("smiling_rows", &guessed, flag("smiled")),
        vec![(1, Measure::count("guessed_rows", &guessed, Time::Flow))],
    );
    let request = || Request::default().define(metric.clone()).unwrap();
    let smiles = Table::new(2).with("smiled", vec![true, true]);
    let both = Table::new(2).with("smiled", vec![true, true]).with("happy", vec![Some(false), None]);
    let value = |table: &Table<'_>| Scorecard::of(table, request()).unwrap().figure("happy_share").unwrap().value();
    assert_eq!((value(&smiles), value(&both)), (Some(1.0), Some(0.0)));
    let cards = [smiles, both].map(|table| Scorecard::of(&table, request()).unwrap());
    assert_eq!(refused(cards[0].merge(&cards[1]), "two forms of a metric").kind(), "mismatch");
}

#[test]
fn a_metric_of_the_users_own_without_its_columns_is_not_measured() {
    let table =
        small_table().with("ticket", vec![1_i64; 4]).with("seats", vec![1_i64; 4]).with("on_support", vec![true; 4]);
    let card = Scorecard::of(&table, own_request()).unwrap();
    let missing = &card.not_measured()["tickets_per_seat"];
    assert_eq!(missing, &[("tickets".to_owned(), vec!["ticket".to_owned()])]);
    let error = refused(Scorecard::of(&table, own_request().metrics(["tickets_per_seat"])), "no tickets");
    assert_eq!(error.kind(), "column_not_found");
    let read = Scorecard::from_json(&card.to_json().unwrap()).unwrap();
    assert_eq!(read.not_measured(), card.not_measured());
}

#[test]
fn definitions_beside_the_catalogue_leave_its_metrics_as_they_are() {
    let (plain, with_own) = (small_card(Request::default()), small_card(own_request()));
    for metric in plain.metrics() {
        assert_eq!(plain.figure(metric.id()).unwrap(), with_own.figure(metric.id()).unwrap(), "{}", metric.id());
    }
    assert_eq!(with_own.merge_common(&plain).unwrap().figure("adoption_rate").unwrap().value(), Some(6.0 / 13.0));
}

#[test]
fn whether_a_metric_is_a_stock_is_told_even_where_metrics_go_in_circles() {
    let (one, two) =
        (Metric::difference("one", "One", "two", "defect_share"), Metric::difference("two", "Two", "one", "one"));
    let find = |id: &str| match id {
        "one" => Some(&one),
        "two" => Some(&two),
        other => svcmetrics::find(other),
    };
    assert_eq!((one.time(&find), two.time(&find)), (Time::Flow, Time::Flow));
    let stock = Metric::difference("three", "Three", "one", "adoption_rate");
    assert_eq!(stock.time(&find), Time::Stock);
    assert_eq!(Metric::difference("four", "Four", "one", "nowhere").time(&find), Time::Stock);
}
