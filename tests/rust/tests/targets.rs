//! Targets as a stranger builds, stores and uses them.

use crate::support::{refused, small_card};
use rust_decimal::Decimal;
use svcmetrics::{Attainment, Request, Target, TargetStatus, Targets};

fn targets() -> Targets {
    Targets::new([
        ("adoption_rate", Target::at_least(Decimal::new(5, 1)).warn(Decimal::new(4, 1))),
        ("customer_churn_rate", Target::at_most(0)),
        ("onboard_rate", Target::between(0, 1)),
    ])
    .unwrap()
}

#[test]
fn targets_built_in_code_survive_storage() {
    let targets = targets();
    assert_eq!(Targets::from_json(&targets.to_json()).unwrap(), targets);
    assert_eq!(Targets::from_toml(&targets.to_toml().unwrap()).unwrap(), targets);
    assert_eq!(serde_json::from_str::<Targets>(&serde_json::to_string(&targets).unwrap()).unwrap(), targets);
    assert_eq!(targets.get("customer_churn_rate"), Some(&Target::at_most(0)));
    assert_eq!(targets.iter().count(), 3);
}

#[test]
fn stored_targets_are_checked() {
    for text in
        [r#"{"roi": {}}"#, r#"{"roi": {"at_least": 1, "warn": 2}}"#, r#"{"roi": [1]}"#, "3", r#"{"roi": 1, "roi": 1}"#]
    {
        assert!(serde_json::from_str::<Targets>(text).is_err(), "{text}");
    }
    let twice = [("roi", Target::at_least(1)), ("roi", Target::at_least(2))];
    assert_eq!(refused(Targets::new(twice), "one metric twice").kind(), "invalid_option");
    let none = Target { at_least: None, at_most: None, warn: None };
    assert_eq!(refused(Targets::new([("roi", none)]), "no mark").kind(), "invalid_option");
}

#[test]
fn attainments_come_by_group_and_can_be_stored() {
    let card = small_card(Request::default().by(["region"]));
    let attained = card.against(&targets()).unwrap();
    let found: Vec<_> = attained.iter().map(|each| (each.group, each.metric.as_str(), each.status)).collect();
    let expected = [
        // 4 of 6 and 2 of 7 milestones; one of two churned in the north, none of one in the south
        (0, "adoption_rate", TargetStatus::Met),
        (0, "customer_churn_rate", TargetStatus::Missed),
        (0, "onboard_rate", TargetStatus::Unknown),
        (1, "adoption_rate", TargetStatus::Missed),
        (1, "customer_churn_rate", TargetStatus::Met),
        (1, "onboard_rate", TargetStatus::Unknown),
    ];
    assert_eq!(found, expected);
    let text = serde_json::to_string(&attained).unwrap();
    assert_eq!(serde_json::from_str::<Vec<Attainment>>(&text).unwrap(), attained);
}
