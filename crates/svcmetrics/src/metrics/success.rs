//! Success: do customers reach what they set out for?

use super::columns::{GOALS_MET, GOALS_TOTAL, REACHED_GOAL};
use super::{EIGHT_METRICS, share};
use crate::condition::{Comparison, Condition};
use crate::error::Result;
use crate::figure::Figure;
use crate::measure::{Measure, Scope, Time};
use crate::metric::{Better, Metric};

pub(super) fn metrics() -> Vec<Metric> {
    let stated = Scope::new("stated_goals").reads([REACHED_GOAL]);
    let reached = Measure::count("customers_at_goal", &stated, Time::Stock).only(Condition::IsTrue(REACHED_GOAL));
    let with_goals = Measure::count("customers_with_goal", &stated, Time::Stock);

    let plan =
        Scope::new("plan_goals").reads([GOALS_MET, GOALS_TOTAL]).rule(Condition::at_most(GOALS_MET, GOALS_TOTAL));
    let with_plan =
        Scope { id: "customers_with_plan_goals".into(), ..plan.clone() }.among(Condition::positive(GOALS_TOTAL));
    let all_met = Measure::count("customers_with_plan_met", &with_plan, Time::Stock).only(Condition::compare(
        GOALS_MET,
        Comparison::Equal,
        GOALS_TOTAL,
    ));
    let planned = Measure::count("customers_with_plan", &with_plan, Time::Stock);

    let met = Measure::total("goals_met", &plan, GOALS_MET.into(), Time::Stock);
    let total = Measure::total("goals_total", &plan, GOALS_TOTAL.into(), Time::Stock);
    vec![
        Metric::share("success_rate", "Success", vec![(1, reached)], vec![(1, with_goals)])
            .otherwise(vec![(1, all_met)], vec![(1, planned)])
            .better(Better::Higher)
            .source(format!("{EIGHT_METRICS}, 3")),
        Metric::share("plan_realization", "Plan realization", vec![(1, met)], vec![(1, total)])
            .better(Better::Higher)
            .source("ServiceXRG, Three critical metrics"),
    ]
}

/// The share of customers with goals that reached them.
///
/// `reached / with_goals`, a fraction from 0 to 1; undefined where no customer has goals.
///
/// # Errors
/// [`crate::Error::InvalidValue`] where more reached their goals than have any.
///
/// ```
/// use svcmetrics::formulas::success_rate;
/// assert_eq!(success_rate(63, 100)?.to_string(), "63.0 %");
/// assert!(!success_rate(0, 0)?.is_defined());
/// # Ok::<(), svcmetrics::Error>(())
/// ```
pub fn success_rate(reached: u64, with_goals: u64) -> Result<Figure> {
    share("reached", reached, with_goals)
}

/// The share of the success plans' goals that are met.
///
/// `met / total`, a fraction from 0 to 1; undefined where no goals were set.
///
/// # Errors
/// [`crate::Error::InvalidValue`] where more are met than were set.
///
/// ```
/// use svcmetrics::formulas::plan_realization;
/// assert_eq!(plan_realization(1, 2)?.value(), Some(0.5));
/// assert!(plan_realization(3, 2).is_err());
/// # Ok::<(), svcmetrics::Error>(())
/// ```
pub fn plan_realization(met: u64, total: u64) -> Result<Figure> {
    share("met", met, total)
}
