//! Engagement: do the contacts with customers go well?

use super::columns::{ENGAGEMENTS, NEGATIVE_ENGAGEMENTS, POSITIVE_ENGAGEMENTS, REVENUE_START};
use super::{EIGHT_METRICS, share};
use crate::column::Column;
use crate::condition::{Comparison, Condition};
use crate::error::Result;
use crate::expression::Expression;
use crate::figure::{Figure, Unit};
use crate::measure::{Measure, Scope, Time};
use crate::metric::{Better, Metric};

pub(super) fn metrics() -> Vec<Metric> {
    let positive_and_negative = Expression::from(POSITIVE_ENGAGEMENTS).plus(1, NEGATIVE_ENGAGEMENTS);
    let both = Condition::compare(positive_and_negative, Comparison::AtMost, ENGAGEMENTS);
    let judged = |id: &'static str, part: Column| {
        Scope::new(id).reads([part.clone(), ENGAGEMENTS]).rule(Condition::at_most(part, ENGAGEMENTS)).rule(both.clone())
    };
    let positive = judged("positive_engagements", POSITIVE_ENGAGEMENTS);
    let good = Measure::total("positive_engagements", &positive, POSITIVE_ENGAGEMENTS.into(), Time::Flow);
    let of_good = Measure::total("judged_engagements", &positive, ENGAGEMENTS.into(), Time::Flow);
    let negative = judged("negative_engagements", NEGATIVE_ENGAGEMENTS);
    let bad = Measure::total("negative_engagements", &negative, NEGATIVE_ENGAGEMENTS.into(), Time::Flow);
    let of_bad = Measure::total("criticized_engagements", &negative, ENGAGEMENTS.into(), Time::Flow);

    let any = Scope::new("engagements").reads([ENGAGEMENTS]);
    let engagements = Measure::total("engagements", &any, ENGAGEMENTS.into(), Time::Flow);
    let engaged = Measure::count("engaged_customers", &any, Time::Flow).only(Condition::positive(ENGAGEMENTS));
    let customers = Measure::count("customers_with_engagements_known", &any, Time::Flow);

    let paying = Scope::new("engagements_and_revenue").reads([ENGAGEMENTS, REVENUE_START]);
    let effort = Measure::total("engagements_with_revenue", &paying, ENGAGEMENTS.into(), Time::Flow);
    let revenue = Measure::total("revenue_of_engagements", &paying, REVENUE_START.into(), Time::Flow);
    let article = format!("{EIGHT_METRICS}, 5");
    vec![
        Metric::share("engagement_quality", "Engagement quality", vec![(1, good)], vec![(1, of_good)])
            .better(Better::Higher)
            .source(article.clone()),
        Metric::share("negative_engagement_share", "Negative engagements", vec![(1, bad)], vec![(1, of_bad)])
            .better(Better::Lower)
            .source(article.clone()),
        Metric::share("engaged_share", "Engaged customers", vec![(1, engaged)], vec![(1, customers.clone())])
            .better(Better::Higher)
            .source(article.clone()),
        Metric::mean(
            "engagements_per_customer",
            "Engagements per customer",
            Unit::Number,
            vec![(1, engagements)],
            vec![(1, customers)],
        )
        .source(article.clone()),
        Metric::ratio("engagements_per_revenue", "Engagements per revenue", vec![(1, effort)], vec![(1, revenue)])
            .unit(Unit::Number)
            .source(article),
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
