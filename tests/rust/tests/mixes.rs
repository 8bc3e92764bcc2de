//! Mixes: what is refused, what goes where, and what a stored mix must keep.

use crate::support::{assert_says, refused};
use serde_json::{Value, json};
use svcmetrics::{
    Bins, ColumnUnit, CompareOptions, Error, HealthModel, Key, Kind, Metric, RelationBuilder, Request, Scorecard,
    Table, Target, Targets, find,
};

const CHANNEL: &str = "case_channel_share";

/// Five cases in two teams, one of unknown channel, in two months.
fn table() -> Table<'static> {
    Table::new(5)
        .with("team", vec![Some("a"), Some("a"), None, None, None])
        .with("period", vec!["2026-01", "2026-02", "2026-01", "2026-02", "2026-02"])
        .with("channel", vec![Some("phone"), Some("chat"), Some("chat"), None, Some("chat")])
        .with("cost", vec![1_i64, 2, 3, 4, 5])
}

fn card(request: Request) -> Scorecard {
    Scorecard::of(&table(), request).unwrap()
}

fn found(card: &Scorecard) -> Vec<(Vec<Key>, Key, i128, String)> {
    let parts = card.mix(CHANNEL).unwrap().parts.into_iter();
    parts.map(|part| (part.keys, part.value, part.cases, part.share.to_string())).collect()
}

fn part(keys: &[Key], value: &str, cases: i128, share: &str) -> (Vec<Key>, Key, i128, String) {
    (keys.to_vec(), Key::from(value), cases, share.to_owned())
}

#[test]
fn a_group_has_the_shares_of_its_own_cases() {
    let expected = [
        part(&[Key::from("a")], "chat", 1, "50.0 %"),
        part(&[Key::from("a")], "phone", 1, "50.0 %"),
        part(&[Key::Null], "chat", 2, "100.0 %"),
    ];
    let card = card(Request::cases().by(["team"]));
    assert_eq!(found(&card), expected);
    let mix = card.mix(CHANNEL).unwrap();
    assert_eq!((mix.keys[0].name.as_str(), mix.value.name.as_str()), ("team", "channel"));
    assert_eq!(serde_json::from_str::<svcmetrics::Mix>(&serde_json::to_string(&mix).unwrap()).unwrap(), mix);
    let (low, high) = mix.parts[0].share.interval(0.95).unwrap().unwrap();
    assert!(0.0 < low && low < 0.5 && 0.5 < high && high < 1.0);
}

#[test]
fn only_a_mix_that_was_asked_for_is_there() {
    let asked = card(Request::cases().metrics([CHANNEL]));
    assert_eq!(asked.metrics().map(Metric::id).collect::<Vec<_>>(), [CHANNEL]);
    assert_eq!((found(&asked).len(), asked.rows(0)), (2, 5));
    assert_eq!(asked.quality().metrics[CHANNEL].counts.outside, 1);
    let error = refused(card(Request::cases().metrics(["case_cost"])).mix(CHANNEL), "it was not asked for");
    assert_eq!((error.kind(), error.metric()), ("metric_not_found", Some(CHANNEL)));
    let error = refused(card(Request::cases()).mix("case_issue_type_share"), "no issue_type");
    assert_eq!((error.kind(), error.column()), ("column_not_found", Some("issue_type")));
    let error = refused(card(Request::cases()).mix("case_cost"), "an amount");
    assert_says(&error.to_string(), &["metric", "case_cost", CHANNEL]);
}

#[test]
fn what_takes_one_figure_a_group_refuses_a_mix_or_leaves_it_out() {
    let by_month = card(Request::cases().by(["period"]));
    let targets = Targets::new([(CHANNEL, Target::at_least(0))]).unwrap();
    let relation = RelationBuilder::new(Request::cases(), "case_cost", CHANNEL);
    let mut relation = relation;
    for (why, error) in [
        ("figure", refused(card(Request::cases()).figure(CHANNEL), "figure")),
        ("figures", refused(by_month.figures(CHANNEL), "figures")),
        ("figure_of", refused(by_month.figure_of(0, CHANNEL), "figure_of")),
        ("trend", refused(by_month.trend(Some(&[CHANNEL])), "trend")),
        ("against", refused(by_month.against(&targets), "against")),
        ("compare", refused(by_month.compare(&by_month, &CompareOptions::default().metrics([CHANNEL])), "compare")),
        ("attribute", refused(by_month.attribute(&by_month, &["period"], &[CHANNEL]), "attribute")),
        ("relate", refused(relation.add(&table()), "relate")),
    ] {
        assert_eq!((error.kind(), error.value()), ("invalid_option", Some(CHANNEL)), "{why}");
        assert_says(&error.to_string(), &["one figure a group"]);
    }
    let figured = ["case_cost_mean", "case_cost"];
    let trends = by_month.trend(None).unwrap();
    assert_eq!(trends.iter().map(|trend| trend.metric.as_str()).collect::<Vec<_>>(), [figured, figured].concat());
    let changes = by_month.compare(&by_month, &CompareOptions::default()).unwrap();
    assert!(changes.changes.iter().all(|change| change.metric != CHANNEL));
    let none: &[&str] = &[];
    assert_eq!(by_month.attribute(&by_month, &["period"], none).unwrap().len(), 1);
    assert_eq!(by_month.to_record_batch().unwrap().num_columns(), 2 + figured.len());
    assert_eq!(by_month.tidy_record_batch().unwrap().num_rows(), 2 * figured.len());
}

#[test]
fn nothing_is_made_of_a_mix_and_nobody_defines_one() {
    let difference = Metric::difference("odd", "Odd", CHANNEL, "case_cost");
    let error = refused(Scorecard::of(&table(), Request::cases().define(difference).unwrap()), "a difference");
    assert_eq!(error.kind(), "invalid_definition");
    assert_says(&error.to_string(), &["odd", CHANNEL, "mix"]);
    let model = r#"{"components": {"case_channel_share": {"weight": "1"}}}"#;
    let model = HealthModel::from_json(model).unwrap();
    assert_eq!(refused(Scorecard::of(&table(), Request::default().health(model)), "health").kind(), "metric_not_found");
    let mut own = serde_json::to_value(find(CHANNEL).unwrap()).unwrap();
    own["id"] = json!("own_share");
    let read: Metric = serde_json::from_value(own.clone()).unwrap();
    assert_eq!(read.kind(), Kind::Mix);
    assert_says(&refused(Request::cases().define(read), "a mix").to_string(), &["own_share", "mix"]);
    for (path, value) in
        [("/kind", json!("share")), ("/forms/0/mix/of/time", json!("stock")), ("/forms/0/mix/by/name", json!("x"))]
    {
        let mut bad = own.clone();
        *bad.pointer_mut(path).unwrap_or_else(|| panic!("{path}")) = value;
        assert!(serde_json::from_value::<Metric>(bad).is_err(), "{path}");
    }
    let mut kind = serde_json::to_value(find("case_reopen_rate").unwrap()).unwrap();
    kind["kind"] = json!("mix");
    assert!(serde_json::from_value::<Metric>(kind).is_err());
}

#[test]
fn the_column_may_have_another_name_even_that_of_a_key_or_of_time() {
    let request = |by: &str| Request::cases().column("channel", by, ColumnUnit::OWN).metrics([CHANNEL]);
    let by_team = card(request("team").by(["team"]));
    assert_eq!(found(&by_team), [part(&[Key::from("a")], "a", 2, "100.0 %")]);
    assert_eq!(found(&by_team.rollup::<&str>(&[]).unwrap()), [part(&[], "a", 2, "100.0 %")]);
    let by_time = card(request("period").by(["period"]));
    assert_eq!(by_time.period(), Some("period"));
    let expected = [part(&[], "2026-01", 2, "40.0 %"), part(&[], "2026-02", 3, "60.0 %")];
    assert_eq!(found(&by_time.rollup::<&str>(&[]).unwrap()), expected);
    assert_eq!(found(&by_time.merge(&by_time).unwrap()).len(), 2);
    assert_eq!(Scorecard::from_json(&by_time.to_json().unwrap()).unwrap(), by_time);
}

#[test]
fn bins_that_are_named_as_the_column_leave_no_mix() {
    let bins = Bins::new([2]).unwrap();
    let card = card(Request::cases().by(["channel"]).bins("channel", "cost", bins));
    assert_eq!(card.len(), 2);
    let error = refused(card.mix(CHANNEL), "the groups are called channel");
    assert_eq!((error.kind(), error.value()), ("invalid_option", Some(CHANNEL)));
    assert_eq!(Scorecard::from_json(&card.to_json().unwrap()).unwrap(), card);
}

#[test]
fn a_value_that_is_no_key_is_an_error_that_names_its_column() {
    let odd = Table::new(1).with("channel", vec![1.5]);
    let error = refused(Scorecard::of(&odd, Request::cases()), "1.5 is no category");
    assert_eq!((error.kind(), error.column(), error.row()), ("column_type", Some("channel"), Some(0)));
    let nan = || Table::new(2).with("channel", vec![1.0, f64::NAN]);
    assert_eq!(refused(Scorecard::of(&nan(), Request::cases()), "NaN").kind(), "not_a_number");
    let missing = Scorecard::of(&nan(), Request::cases().nan_is_missing(true)).unwrap();
    let parts = missing.mix(CHANNEL).unwrap().parts;
    assert_eq!((parts.len(), &parts[0].value, parts[0].cases), (1, &Key::from(1_i64), 1));
}

#[test]
fn mixes_are_joined_with_what_they_belong_to() {
    let customers = Table::new(2).with("team", vec!["b", "a"]).with("nps_score", vec![9_i64, 10]);
    let one = card(Request::cases().by(["team"]));
    let other = Scorecard::of(&customers, Request::default().by(["team"]).metrics(["nps"])).unwrap();
    for joined in [one.join(&other).unwrap(), other.join(&one).unwrap()] {
        assert_eq!(found(&joined), found(&one));
        assert_eq!(Scorecard::from_json(&joined.to_json().unwrap()).unwrap(), joined);
        assert_eq!(found(&joined.rollup::<&str>(&[]).unwrap()), found(&one.rollup::<&str>(&[]).unwrap()));
    }
}

#[test]
fn parts_of_which_one_lacks_the_column_merge_only_in_what_is_common() {
    let without = Scorecard::of(&Table::new(1).with("cost", vec![5_i64]), Request::cases()).unwrap();
    let one = card(Request::cases());
    assert_says(&refused(one.merge(&without), "only one has channels").to_string(), &[CHANNEL]);
    let common = one.merge_common(&without).unwrap();
    assert_eq!(common.figure("case_cost").unwrap().value(), Some(20.0));
    assert!(matches!(common.mix(CHANNEL), Err(Error::ColumnNotFound { .. })));
    assert_eq!(found(&one.merge_common(&one).unwrap()), found(&one.merge(&one).unwrap()));
}

#[test]
fn totals_alone_tell_of_no_mix() {
    let card = card(Request::cases().by(["team"]));
    let totals = card.measures_record_batch().unwrap();
    assert!(totals.schema().field_with_name("cases_with_channel").is_ok());
    let read = Scorecard::from_measures(&Table::from(&totals), &Request::default().by(["team"])).unwrap();
    assert_eq!(read.metrics().map(Metric::id).collect::<Vec<_>>(), ["case_cost_mean", "case_cost"]);
    assert_eq!(refused(read.mix(CHANNEL), "no values").kind(), "metric_not_found");
}

#[test]
fn a_stored_mix_that_contradicts_its_scorecard_is_refused() {
    let good: Value = serde_json::from_str(&card(Request::cases().by(["team"])).to_json().unwrap()).unwrap();
    let mix = &good["breakdowns"][CHANNEL];
    let lane = |name: &str| mix["lanes"].as_array().unwrap().iter().position(|lane| lane == name).unwrap();
    let set = |changes: &[(String, Value)]| {
        let mut bad = good.clone();
        for (path, value) in changes {
            *bad.pointer_mut(path).unwrap_or_else(|| panic!("{path}")) = value.clone();
        }
        bad
    };
    let total = |group: usize, name: &str, value: &str| {
        (format!("/breakdowns/{CHANNEL}/groups/{group}/totals/{}", lane(name)), json!(value))
    };
    let key = |group: usize, value: Value| (format!("/breakdowns/{CHANNEL}/groups/{group}/key/1"), value);
    let (counted, outside, cases) = ("case_channel.counted", "case_channel.outside", "cases_with_channel");
    let mut without = good.clone();
    without["breakdowns"] = json!({});
    let mut renamed = good.clone();
    renamed["breakdowns"] = json!({"case_issue_type_share": mix});
    let mut of_another = good.clone();
    of_another["breakdowns"] = json!({"case_cost": mix});
    let mut without_a_group = good.clone();
    without_a_group["breakdowns"][CHANNEL]["groups"].as_array_mut().unwrap().remove(0);
    // groups 0 and 1 are team a by chat and by phone, 2 and 3 no team by chat and by null
    for (why, bad) in [
        ("of another mix", renamed),
        ("of a metric that is no mix", of_another),
        ("a group is gone", without_a_group),
        ("more cases than the scorecard has", set(&[total(0, cases, "2")])),
        ("a share below 0 and one above 1", set(&[total(0, cases, "-1"), total(1, cases, "3")])),
        ("more cases than are counted", set(&[total(0, cases, "2"), total(1, cases, "0")])),
        (
            "a null is counted",
            set(&[
                total(2, counted, "1"),
                total(2, outside, "1"),
                total(2, cases, "1"),
                total(3, counted, "1"),
                total(3, outside, "0"),
                total(3, cases, "1"),
            ]),
        ),
        ("a value of another type", set(&[key(0, json!({"integer": "1"}))])),
        ("another key", set(&[(format!("/breakdowns/{CHANNEL}/keys/1/name"), json!("channel"))])),
        ("time rolled away in one of them", set(&[(format!("/breakdowns/{CHANNEL}/over_time"), json!(true))])),
        ("a metric of another kind", set(&[(format!("/breakdowns/{CHANNEL}/metrics/0/id"), json!("case_cost"))])),
    ] {
        let error = refused(Scorecard::from_json(&bad.to_string()), why);
        assert_eq!(error.kind(), "invalid_document", "{why}: {error}");
    }
    assert!(Scorecard::from_json(&good.to_string()).is_ok());
    // As of bins that are named like the column.
    let none = Scorecard::from_json(&without.to_string()).unwrap();
    assert_eq!(refused(none.mix(CHANNEL), "no values").kind(), "invalid_option");
}
