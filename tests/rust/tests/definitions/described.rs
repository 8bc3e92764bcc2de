//! Metrics that are described in words: the same as those that are built, and every error names its place.

use crate::support::{assert_says, refused, small_table};
use serde_json::{Value, json};
use svcmetrics::{
    Better, Column, ColumnKind, Component, Condition, Error, HealthModel, Kind, Measure, Metric, MetricDefinition,
    Request, Scope, Scorecard, Table, Term, Time, Unit,
};

fn tickets_per_seat() -> MetricDefinition {
    MetricDefinition::new("tickets_per_seat")
        .numerator([Term::total("tickets"), Term::total("tickets").only("not urgent").times(-1)])
        .denominator(["seats"])
        .among("on_support")
        .column(Column::new("seats", ColumnKind::Count))
        .unit(Unit::Number)
        .better(Better::Lower)
        .source("our own handbook")
}

fn table() -> Table<'static> {
    Table::new(4)
        .with("on_support", vec![Some(true), Some(true), Some(true), None])
        .with("tickets", vec![Some(3.5), Some(4.25), None, Some(1.0)])
        .with("urgent", vec![true, false, true, true])
        .with("seats", vec![2_i64, 5, 1, 1])
}

#[test]
fn a_description_makes_the_metric_that_could_have_been_built() {
    let tickets = Column::new("tickets", ColumnKind::SignedMoney);
    let seats = Column::new("seats", ColumnKind::Count);
    let urgent = Column::new("urgent", ColumnKind::Flag);
    let scope = Scope::new("tickets_per_seat")
        .among(Condition::IsTrue(Column::new("on_support", ColumnKind::Flag)))
        .reads([tickets.clone(), urgent.clone(), seats.clone()]);
    let total = |id: &'static str, column: Column| Measure::total(id, &scope, column.into(), Time::Flow);
    let calm = total("tickets_per_seat_numerator_2", tickets.clone()).only(Condition::IsFalse(urgent));
    let built = Metric::mean(
        "tickets_per_seat",
        "Tickets per seat",
        Unit::Number,
        vec![(1, total("tickets_per_seat_numerator_1", tickets)), (-1, calm)],
        vec![(1, total("tickets_per_seat_denominator_1", seats))],
    );
    let described = tickets_per_seat().metric().unwrap();
    assert_eq!(described, built.better(Better::Lower).source("our own handbook"));
    let card = Scorecard::of(&table(), Request::default().define(described).unwrap()).unwrap();
    // (3.5 + 4.25 - 4.25) / (2 + 5): one row lacks tickets, one the answer whether it is on support
    assert_eq!(card.figure("tickets_per_seat").unwrap().value(), Some(0.5));
}

#[test]
fn a_description_is_read_back_as_it_was() {
    let all = [
        tickets_per_seat(),
        MetricDefinition::new("own").numerator(["cases"]).title("Own").time(Time::Stock).unit(Unit::Points),
        MetricDefinition::new("own")
            .numerator([Term::total("a - 2 x b").kind(ColumnKind::Quantity).times(3), Term::count()])
            .denominator([Term::count().only("channel is e_mail and risk is none")])
            .kind(Kind::Mean)
            .column(Column::category("channel", ["e_mail", "phone"])),
    ];
    for definition in all {
        assert_eq!(MetricDefinition::from_json(&definition.to_json()).unwrap(), definition);
        let read = MetricDefinition::read_toml(&definition.to_toml().unwrap()).unwrap();
        assert_eq!(read, std::slice::from_ref(&definition));
        let through_serde: MetricDefinition =
            serde_json::from_value(serde_json::to_value(&definition).unwrap()).unwrap();
        assert_eq!(through_serde, definition);
    }
    let term = Term::total("cases").only("is_active").times(-2);
    assert_eq!(serde_json::from_value::<Term>(serde_json::to_value(&term).unwrap()).unwrap(), term);
    assert!(serde_json::from_value::<Term>(json!({"total": "a", "count": true})).is_err());
}

#[test]
fn several_documents_of_toml_are_one() {
    let other = MetricDefinition::new("other").numerator([Term::count()]);
    let text = [tickets_per_seat(), other.clone()].map(|definition| definition.to_toml().unwrap()).concat();
    assert_eq!(MetricDefinition::read_toml(&text).unwrap(), [tickets_per_seat(), other]);
    for text in ["", "metrics = 1", "[metric.own]\nnumerator = \"a\"", "[metrics.own", "[metrics]\n[other]"] {
        assert_eq!(refused(MetricDefinition::read_toml(text), text).kind(), "invalid_document");
    }
}

#[test]
fn what_is_not_said_follows_from_the_rest() {
    let of = |definition: MetricDefinition| {
        let metric = definition.metric().unwrap();
        (metric.kind(), metric.counted_in(), metric.time(&|id| svcmetrics::find(id)))
    };
    let own = |sum: &str| MetricDefinition::new("own").numerator([sum]);
    let per_case = |sum: &str| own(sum).denominator(["cases"]);
    assert_eq!(of(own("cases")), (Kind::Amount, Unit::Number, Time::Flow));
    assert_eq!(of(own("service_cost")), (Kind::Amount, Unit::Money, Time::Flow));
    assert_eq!(of(own("unheard_of")), (Kind::Amount, Unit::Number, Time::Flow));
    assert_eq!(of(per_case("licenses_sold")), (Kind::Ratio, Unit::Fraction, Time::Stock));
    assert_eq!(of(per_case("service_cost").kind(Kind::Mean)), (Kind::Mean, Unit::Money, Time::Flow));
    assert_eq!(of(per_case("service_cost").unit(Unit::Number)), (Kind::Mean, Unit::Number, Time::Flow));
    assert_eq!(of(per_case("defect_cases").unit(Unit::Points)), (Kind::Score, Unit::Points, Time::Flow));
    assert_eq!(of(per_case("revenue_end").time(Time::Flow)), (Kind::Ratio, Unit::Fraction, Time::Flow));
    let rows = |only: &str| MetricDefinition::new("own").numerator([Term::count().only(only)]);
    assert_eq!(of(rows("is_active")).2, Time::Stock);
    assert_eq!(of(rows("upgraded")).2, Time::Flow);
    // Cases of customers that are active now add up all the same.
    assert_eq!(of(own("cases").among("is_active")).2, Time::Flow);
    assert_eq!(own("cases_of_all").metric().unwrap().title(), "Own");
}

fn error(fields: &Value) -> Error {
    refused(MetricDefinition::from_json(&fields.to_string()), &fields.to_string())
}

#[test]
fn every_wrong_field_of_a_definition_is_named() {
    let wrong: [(&str, Value, &str); 36] = [
        ("id", json!(null), "id"),
        ("id", json!("rows"), "rows"),
        ("id", json!("Own"), "lower-case"),
        ("id", json!("value"), "another id"),
        ("id", json!("milestones"), "milestones"),
        ("id", json!("red_share"), "there is a metric"),
        ("numerator", json!(null), "numerator"),
        ("numerator", json!(""), "numerator"),
        ("numerator", json!([]), "numerator"),
        ("numerator", json!("1"), "numerator"),
        ("numerator", json!("cases * 2"), "numerator"),
        ("numerator", json!("cases - "), "numerator"),
        ("numerator", json!("1.5 x cases"), "numerator"),
        ("numerator", json!("3000000000 x cases"), "numerator"),
        ("numerator", json!({"count": false}), "numerator"),
        ("numerator", json!({"count": true, "kind": "flag"}), "numerator.kind"),
        ("numerator", json!({"total": "a", "kind": "category"}), "numerator.kind"),
        ("numerator", json!({"total": "a", "only": "b"}), "numerator.only"),
        ("numerator", json!(["cases", {"total": "a", "times": 1.5}]), "numerator[1].times"),
        ("numerator", json!(["cases", {"total": "a", "times": 0}]), "numerator[1].times"),
        ("numerator", json!(["cases", {"total": "a", "where": "b or c"}]), "numerator[1].where"),
        ("denominator", json!([]), "denominator"),
        ("denominator", json!(7), "denominator"),
        ("among", json!(true), "among"),
        ("among", json!("tier is gold"), "tier"),
        ("kind", json!("derived"), "kind"),
        ("kind", json!("amount"), "kind"),
        ("unit", json!("percent"), "unit"),
        ("better", json!("up"), "better"),
        ("time", json!("period"), "time"),
        ("title", json!(1), "title"),
        ("source", json!([]), "source"),
        ("columns", json!(["cases"]), "columns"),
        ("columns", json!({"seats": "number"}), "columns.seats"),
        ("columns", json!({"tier": []}), "columns.tier"),
        ("columns", json!({"tier": [1]}), "columns.tier"),
    ];
    let whole = json!({"id": "own", "numerator": "cases", "denominator": "seats"});
    for (field, value, place) in wrong {
        let mut fields = whole.clone();
        fields[field] = value;
        let error = error(&fields);
        assert_eq!(error.kind(), "invalid_definition", "{fields}: {error}");
        assert_says(&error.to_string(), &[place]);
    }
    assert!(MetricDefinition::from_json(&whole.to_string()).is_ok());
    assert_eq!(error(&json!([])).kind(), "invalid_document");
    let twice = r#"{"id": "own", "numerator": "a", "numerator": "b"}"#;
    assert_eq!(refused(MetricDefinition::from_json(twice), twice).kind(), "invalid_document");
}

#[test]
fn a_column_is_of_one_kind_throughout() {
    let own = || MetricDefinition::new("own").numerator(["seats"]);
    for (definition, column) in [
        (own().among("seats"), "seats"),
        (own().column(Column::category("seats", ["a"])), "seats"),
        (own().numerator([Term::total("cases").kind(ColumnKind::Money)]), "cases"),
        (own().column(Column::new("cases", ColumnKind::Flag)), "cases"),
        (own().denominator([Term::total("seats").kind(ColumnKind::Flag)]).among("seats > 1"), "seats"),
        (
            own()
                .column(Column::new("seats", ColumnKind::Count))
                .denominator([Term::total("seats").kind(ColumnKind::Flag)]),
            "seats",
        ),
    ] {
        let error = refused(definition.metric(), &definition.to_string());
        assert_eq!((error.kind(), error.column(), error.metric()), ("invalid_definition", Some(column), Some("own")));
        assert!(error.value().is_some() && error.expected().is_some());
    }
    // What is only asked for is what it is elsewhere, in whatever order.
    let asked = own().numerator([Term::count().only("seats is present"), Term::total("seats")]);
    assert_eq!(asked.metric().unwrap().columns()[0].kind, ColumnKind::SignedMoney);
    // The kind of a sum is that of its columns that the catalogue does not know.
    let mixed = own().numerator([Term::total("cases + seats").kind(ColumnKind::Count)]).metric().unwrap();
    assert!(mixed.columns().iter().all(|column| column.kind == ColumnKind::Count));
}

#[test]
fn a_row_may_lack_what_is_only_asked_for() {
    let scope = Scope::new("own").asks([Column::new("reason", ColumnKind::Anything)]);
    let present = Condition::Present(Column::new("reason", ColumnKind::Anything));
    let counted = |only: Condition, scope: &Scope| {
        Metric::amount("own", "Own", Unit::Number, vec![(1, Measure::count("own_n", scope, Time::Flow).only(only))])
    };
    let table = Table::new(3).with("reason", vec![Some("price"), None, Some("")]);
    let request = Request::default().define(counted(present.clone(), &scope)).unwrap();
    let card = Scorecard::of(&table, request).unwrap();
    assert_eq!(card.figure("own").unwrap().numerator().unwrap().integer(), 2);
    assert_eq!(Scorecard::from_json(&card.to_json().unwrap()).unwrap(), card);
    // Not without being asked for, and nothing but its presence.
    let error = refused(Request::default().define(counted(present, &Scope::new("own"))), "not asked for");
    assert_says(&error.to_string(), &["reason"]);
    let flag = Column::new("flag", ColumnKind::Flag);
    let asks = Scope::new("own").asks([flag.clone()]);
    assert_says(
        &refused(Request::default().define(counted(Condition::IsTrue(flag), &asks)), "read").to_string(),
        &["flag"],
    );
}

#[test]
fn a_model_takes_its_own_metrics_along() {
    let definition = MetricDefinition::new("unmet_goals").numerator(["goals_total - goals_met"]);
    let model =
        HealthModel::new([Component::new("unmet_goals", 1).scaled(2.0, 0.0), Component::new("adoption_rate", 1)])
            .unwrap()
            .define(definition.clone())
            .unwrap();
    assert_eq!(model.definitions(), std::slice::from_ref(&definition));
    assert_says(&model.to_string(), &["unmet_goals = goals_total - goals_met"]);
    assert_eq!(HealthModel::from_toml(&model.to_toml().unwrap()).unwrap(), model);
    let card = Scorecard::of(&small_table(), Request::default().health(model.clone())).unwrap();
    // 9 goals of four customers, of which 7 are met
    assert_eq!(card.figure("unmet_goals").unwrap().numerator().unwrap().integer(), 2);
    let read = Scorecard::from_json(&card.to_json().unwrap()).unwrap();
    assert_eq!((&read, read.health_model()), (&card, card.health_model()));
    assert_eq!(read.merge(&card).unwrap().figure("unmet_goals").unwrap().value(), Some(4.0));
    let stored: Value = serde_json::from_str(&card.to_json().unwrap()).unwrap();
    assert_eq!(stored["own"], json!([]), "it is stored with the model");
    // Defined beside the model as well, it is one metric; defined otherwise, it is another of that id.
    let with = |definition: &MetricDefinition| {
        let request = Request::default().define(definition.metric().unwrap()).unwrap().health(model.clone());
        Scorecard::of(&small_table(), request)
    };
    assert_eq!(with(&definition).unwrap(), card);
    let error = refused(with(&definition.clone().among("is_active")), "another of that id");
    assert_eq!((error.kind(), error.metric()), ("invalid_definition", Some("unmet_goals")));
    assert_eq!(refused(model.clone().define(definition), "twice").kind(), "invalid_definition");
    let taken = MetricDefinition::new("calm_share").numerator(["cases"]);
    let model = model.bands([("calm", 0)]).unwrap();
    assert_says(&refused(model.define(taken.clone()), "a band's").to_string(), &["calm_share"]);
    // A metric of the request may not be called like one of the model's bands.
    let calm = HealthModel::standard().bands([("calm", 0)]).unwrap();
    let request = Request::default().health(calm).define(taken.metric().unwrap()).unwrap();
    assert_says(&refused(Scorecard::of(&small_table(), request), "a band's").to_string(), &["calm_share"]);
}

#[test]
fn the_words_of_a_model_know_the_columns_of_its_metrics() {
    let model = json!({
        "components": {"own": 1},
        "metrics": {"own": {"numerator": "seats", "denominator": {"count": true}, "columns": {"seats": "count"}}},
        "among": "seats > 0",
    });
    let model = HealthModel::from_json(&model.to_string()).unwrap();
    let table = Table::new(2).with("seats", vec![0_i64, 1]);
    let card = Scorecard::of(&table, Request::default().health(model)).unwrap();
    assert_eq!(card.figure("customer_health").unwrap().value(), Some(100.0));
}

#[test]
fn scorecards_of_two_definitions_do_not_merge() {
    let card = |definition: MetricDefinition| {
        Scorecard::of(&table(), Request::default().define(definition.metric().unwrap()).unwrap()).unwrap()
    };
    let one = card(tickets_per_seat());
    for other in [
        tickets_per_seat().among("urgent"),
        tickets_per_seat().better(Better::Higher),
        tickets_per_seat().time(Time::Stock),
        tickets_per_seat().denominator([Term::total("seats").times(2)]),
    ] {
        let error = refused(one.merge(&card(other.clone())), &other.to_string());
        assert_eq!(error.kind(), "mismatch");
        assert_says(&error.to_string(), &["tickets_per_seat"]);
    }
    assert!(one.merge(&card(tickets_per_seat())).is_ok());
}
