//! Trends as a stranger reads them.

use crate::support::refused;
use svcmetrics::{Direction, Request, Scorecard, Table, Trend};

fn card() -> Scorecard {
    let table = Table::new(4)
        .with("plan", vec!["a", "a", "b", "b"])
        .with("period", vec!["2025-12", "2026-01", "2025-12", "2026-01"])
        .with("cases", vec![10_i64, 10, 10, 0])
        .with("defect_cases", vec![3_i64, 1, 2, 0]);
    Scorecard::of(&table, Request::default().by(["plan", "period"])).unwrap()
}

#[test]
fn a_trend_is_of_one_group_and_can_be_stored() {
    let trends = card().trend(Some(&["defect_share"])).unwrap();
    let found: Vec<_> = trends.iter().map(|trend| (trend.group, trend.change, trend.direction)).collect();
    assert_eq!(found, [(0, None, None), (1, Some(-0.2), Some(Direction::Better)), (2, None, None), (3, None, None)]);
    // There were no cases in January, but in December there were.
    assert_eq!((trends[3].value, trends[3].previous), (None, Some(0.2)));
    let text = serde_json::to_string(&trends).unwrap();
    assert_eq!(serde_json::from_str::<Vec<Trend>>(&text).unwrap(), trends);
}

#[test]
fn a_trend_needs_a_period() {
    let card = card();
    assert_eq!(refused(card.rollup(&["plan"]).unwrap().trend(None), "no time").kind(), "invalid_option");
    let over_plans = card.rollup(&["period"]).unwrap().trend(Some(&["defect_share"])).unwrap();
    // 5 of 20, then 1 of 10
    assert_eq!(over_plans[1].change, Some(-0.15));
}
