//! Adoption: is what was bought used?

use super::columns::{MILESTONES_MET, MILESTONES_TOTAL};
use super::{EIGHT_METRICS, share};
use crate::condition::Condition;
use crate::error::Result;
use crate::figure::Figure;
use crate::measure::{Measure, Scope, Time};
use crate::metric::{Better, Metric};

pub(super) fn metrics() -> Vec<Metric> {
    let milestones = Scope::new("milestones")
        .reads([MILESTONES_MET, MILESTONES_TOTAL])
        .rule(Condition::at_most(MILESTONES_MET, MILESTONES_TOTAL));
    let met = Measure::total("milestones_met", &milestones, MILESTONES_MET.into(), Time::Stock);
    let total = Measure::total("milestones_total", &milestones, MILESTONES_TOTAL.into(), Time::Stock);
    vec![
        Metric::share("adoption_rate", "Adoption", vec![(1, met)], vec![(1, total)])
            .better(Better::Higher)
            .source(format!("{EIGHT_METRICS}, 2")),
    ]
}

/// The share of adoption milestones that are met.
///
/// `milestones_met / milestones_total`, a fraction from 0 to 1; undefined where none were set.
///
/// # Errors
/// [`crate::Error::InvalidValue`] where more are met than were set.
///
/// ```
/// use svcmetrics::formulas::adoption_rate;
/// assert_eq!(adoption_rate(6, 8)?.value(), Some(0.75));
/// assert_eq!(adoption_rate(9, 8).unwrap_err().column(), Some("milestones_met"));
/// # Ok::<(), svcmetrics::Error>(())
/// ```
pub fn adoption_rate(milestones_met: u64, milestones_total: u64) -> Result<Figure> {
    share("milestones_met", milestones_met, milestones_total)
}
