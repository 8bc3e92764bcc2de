//! Engagement: do the contacts with customers go well?

use super::columns::{ENGAGEMENTS, NEGATIVE_ENGAGEMENTS, POSITIVE_ENGAGEMENTS};
use super::{EIGHT_METRICS, share};
use crate::condition::{Comparison, Condition};
use crate::error::Result;
use crate::expression::Expression;
use crate::figure::Figure;
use crate::measure::{Measure, Scope, Time};
use crate::metric::{Better, Metric};

pub(super) fn metrics() -> Vec<Metric> {
    let positive_and_negative = Expression::from(POSITIVE_ENGAGEMENTS).plus(1, NEGATIVE_ENGAGEMENTS);
    let positive = Scope::new("positive_engagements")
        .reads([POSITIVE_ENGAGEMENTS, ENGAGEMENTS])
        .rule(Condition::at_most(POSITIVE_ENGAGEMENTS, ENGAGEMENTS))
        .rule(Condition::compare(positive_and_negative, Comparison::AtMost, ENGAGEMENTS));
    let good = Measure::total("positive_engagements", &positive, POSITIVE_ENGAGEMENTS.into(), Time::Flow);
    let all = Measure::total("judged_engagements", &positive, ENGAGEMENTS.into(), Time::Flow);
    vec![
        Metric::share("engagement_quality", "Engagement quality", vec![(1, good)], vec![(1, all)])
            .better(Better::Higher)
            .source(format!("{EIGHT_METRICS}, 5")),
    ]
}

/// The share of engagements with a positive outcome.
///
/// `positive / engagements`, a fraction from 0 to 1; undefined without engagements.
///
/// # Errors
/// [`crate::Error::InvalidValue`] where more are positive than there are.
///
/// ```
/// use svcmetrics::formulas::engagement_quality;
/// assert_eq!(engagement_quality(9, 12)?.value(), Some(0.75));
/// assert!(engagement_quality(2, 1).is_err());
/// # Ok::<(), svcmetrics::Error>(())
/// ```
pub fn engagement_quality(positive: u64, engagements: u64) -> Result<Figure> {
    share("positive", positive, engagements)
}
