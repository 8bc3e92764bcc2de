//! Losses and gains by reason: what is refused, and what a stored breakdown must keep.

use crate::support::{assert_says, refused};
use serde_json::{Value, json};
use svcmetrics::{ColumnUnit, Error, Key, OnInvalid, Request, RevenueChange, Scorecard, Table};

/// Three losses in two regions, one of them for no reason.
fn table() -> Table<'static> {
    Table::new(4)
        .with("region", vec![Some("north"), Some("north"), None, None])
        .with("revenue_start", vec![100_i64, 50, 80, 10])
        .with("revenue_end", vec![0_i64, 40, 50, 10])
        .with("loss_reason", vec![Some("price"), Some("scope"), None, Some("price")])
}

fn card(request: Request) -> Scorecard {
    Scorecard::of(&table(), request).unwrap()
}

fn found(card: &Scorecard) -> Vec<(Vec<Key>, Key, String)> {
    let reasons = card.reasons(RevenueChange::Loss).unwrap();
    reasons.into_iter().map(|reason| (reason.keys, reason.reason, reason.amount.to_string())).collect()
}

#[test]
fn reasons_are_sorted_by_the_keys_and_then_the_reason_null_last() {
    let north = || vec![Key::from("north")];
    let expected = [
        (north(), Key::from("price"), "100".to_owned()),
        (north(), Key::from("scope"), "10".to_owned()),
        (vec![Key::Null], Key::Null, "30".to_owned()),
    ];
    assert_eq!(found(&card(Request::default().by(["region"]))), expected);
}

#[test]
fn without_the_column_the_error_names_it() {
    let card = card(Request::default());
    let error = refused(card.reasons(RevenueChange::Gain), "no gain_reason");
    assert_eq!((error.kind(), error.column()), ("column_not_found", Some("gain_reason")));
    let none = Scorecard::of(&Table::new(1).with("loss_reason", vec!["price"]), Request::default()).unwrap();
    let error = refused(none.reasons(RevenueChange::Loss), "no revenue");
    assert_says(&error.to_string(), &["revenue_start", "revenue_end"]);
}

#[test]
fn reasons_come_with_the_metric_that_they_break_down() {
    let asked = card(Request::default().metrics(["revenue_lost"]));
    assert_eq!(found(&asked).len(), 3);
    let other = card(Request::default().metrics(["revenue_end"]));
    let error = refused(other.reasons(RevenueChange::Loss), "revenue_lost was not asked for");
    assert_eq!((error.kind(), error.metric()), ("metric_not_found", Some("revenue_lost")));
}

#[test]
fn what_is_avoidable_is_read_where_its_share_is_asked_for_and_nowhere_else() {
    let with = || table().with("loss_avoidable", vec![Some(2_i64), Some(1), Some(7), None]);
    let only_lost = Request::default().metrics(["revenue_lost"]);
    let reasons = Scorecard::of(&with(), only_lost).unwrap().reasons(RevenueChange::Loss).unwrap();
    assert!(reasons.iter().all(|reason| reason.avoidable.is_none()));
    // 7 stands in a row without a reason, of which the share knows nothing.
    let error = refused(Scorecard::of(&with(), Request::default()), "2 is no boolean");
    assert_eq!((error.column(), error.count()), (Some("loss_avoidable"), 1));
    let skipped = Scorecard::of(&with(), Request::default().on_invalid(OnInvalid::Skip)).unwrap();
    let avoidable: Vec<Option<String>> = skipped
        .reasons(RevenueChange::Loss)
        .unwrap()
        .iter()
        .map(|reason| reason.avoidable.map(|amount| amount.to_string()))
        .collect();
    assert_eq!(avoidable, [None, Some("10".to_owned()), None]);
}

#[test]
fn a_reason_that_is_a_key_is_not_broken_down_by_itself() {
    let card = card(Request::default().by(["loss_reason"]));
    assert_eq!(card.figures("revenue_lost").unwrap().len(), 3);
    let error = refused(card.reasons(RevenueChange::Loss), "the groups are the reasons");
    assert_eq!((error.kind(), error.value()), ("invalid_option", Some("loss")));
}

#[test]
fn the_column_may_have_another_name_even_that_of_time() {
    let renamed = Table::new(2)
        .with("period", vec!["price", "scope"])
        .with("revenue_start", vec![3_i64, 4])
        .with("revenue_end", vec![0_i64, 0]);
    let request = Request::default().column("loss_reason", "period", ColumnUnit::OWN);
    let card = Scorecard::of(&renamed, request.clone()).unwrap();
    assert_eq!((card.period(), found(&card).len()), (None, 2));
    let mut reads = request.reads(&renamed.names()).unwrap();
    reads.sort();
    assert_eq!(reads, ["period", "revenue_end", "revenue_start"]);
    assert_eq!(found(&card.merge(&card).unwrap()).len(), 2);
}

#[test]
fn a_reason_that_is_no_key_is_an_error_that_names_its_column() {
    let odd = Table::new(1)
        .with("revenue_start", vec![3_i64])
        .with("revenue_end", vec![0_i64])
        .with("loss_reason", vec![1.5]);
    let error = refused(Scorecard::of(&odd, Request::default()), "1.5 is no category");
    assert_eq!((error.kind(), error.column(), error.row()), ("column_type", Some("loss_reason"), Some(0)));
}

#[test]
fn parts_of_which_one_has_reasons_merge_only_in_what_is_common() {
    let without = Table::new(1).with("revenue_start", vec![5_i64]).with("revenue_end", vec![0_i64]);
    let (one, other) = (card(Request::default()), Scorecard::of(&without, Request::default()).unwrap());
    let error = refused(one.merge(&other), "only one has reasons");
    assert_says(&error.to_string(), &["reasons", "loss", "none"]);
    let common = one.merge_common(&other).unwrap();
    assert_eq!(common.figure("revenue_lost").unwrap().value(), Some(145.0));
    assert!(matches!(common.reasons(RevenueChange::Loss), Err(Error::ColumnNotFound { .. })));
    assert_eq!(found(&one.merge_common(&one).unwrap()), found(&one.merge(&one).unwrap()));
}

#[test]
fn reasons_are_joined_with_what_they_belong_to() {
    let other = Table::new(2).with("region", vec!["south", "north"]).with("nps_score", vec![9_i64, 10]);
    let request = || Request::default().by(["region"]);
    let one = card(request());
    let joined = one.join(&Scorecard::of(&other, request().metrics(["nps"])).unwrap()).unwrap();
    assert_eq!(found(&joined), found(&one));
    assert_eq!(Scorecard::from_json(&joined.to_json().unwrap()).unwrap(), joined);
    assert_eq!(found(&joined.rollup::<&str>(&[]).unwrap()), found(&one.rollup::<&str>(&[]).unwrap()));
}

#[test]
fn a_stored_breakdown_that_contradicts_its_scorecard_is_refused() {
    let good: Value = serde_json::from_str(&card(Request::default().by(["region"])).to_json().unwrap()).unwrap();
    let groups = good["breakdowns"]["loss"]["groups"].as_array().unwrap().len();
    let last_lane = good["breakdowns"]["loss"]["lanes"].as_array().unwrap().len() - 1;
    let contraction =
        good["breakdowns"]["loss"]["lanes"].as_array().unwrap().iter().position(|lane| lane == "revenue_contraction");
    let set = |path: &str, value: Value| {
        let mut bad = good.clone();
        *bad.pointer_mut(path).unwrap_or_else(|| panic!("{path}")) = value;
        bad
    };
    let mut without_a_group = good.clone();
    without_a_group["breakdowns"]["loss"]["groups"].as_array_mut().unwrap().remove(groups - 1);
    let mut renamed = good.clone();
    renamed["breakdowns"] = json!({"profit": good["breakdowns"]["loss"]});
    let mut nested = good.clone();
    nested["breakdowns"]["loss"]["breakdowns"] = json!({"loss": good["breakdowns"]["loss"]});
    let lane = format!("/breakdowns/loss/groups/0/totals/{}", contraction.unwrap());
    for (why, bad) in [
        ("a group is gone", without_a_group),
        ("no breakdown of that name", renamed),
        ("a breakdown of a breakdown", nested),
        ("an amount that is not the scorecard's", set(&lane, json!("1"))),
        ("another key", set("/breakdowns/loss/keys/1/name", json!("gain_reason"))),
        ("another first key", set("/breakdowns/loss/keys/0/name", json!("tier"))),
        ("a lane that is no number", set(&format!("/breakdowns/loss/groups/0/totals/{last_lane}"), json!("x"))),
        ("time rolled away in one of them", set("/breakdowns/loss/over_time", json!(true))),
        ("a metric of another kind", set("/breakdowns/loss/metrics/0/id", json!("revenue_end"))),
    ] {
        let error = refused(Scorecard::from_json(&bad.to_string()), why);
        assert_eq!(error.kind(), "invalid_document", "{why}");
    }
    assert!(Scorecard::from_json(&good.to_string()).is_ok());
}
