//! Engagement: do the contacts with customers go well?

use super::columns::{ENGAGEMENTS, NEGATIVE_ENGAGEMENTS, POSITIVE_ENGAGEMENTS, REVENUE_START};
use super::{EIGHT_METRICS, proportion, share};
use crate::column::Column;
use crate::condition::{Comparison, Condition};
use crate::error::Result;
use crate::expression::Expression;
use crate::figure::{Figure, Total, Unit};
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
            .source(article.clone())
            .reading(
                "The share of all engagements that had a positive outcome. What is neither positive nor negative \
                 counts against it, so a team that does not record outcomes looks worse than it is. Read it with \
                 `engaged_share`: much quality with few customers is little reach.",
            )
            .edge_case(
                "A row with more positive engagements than engagements is invalid; where negative ones are known too, \
                 so is one in which both together are more.",
            )
            .edge_case("Customers with frequent contact weigh more, since engagements are added up, not customers.")
            .edge_case("A customer nobody engaged with is counted and adds 0 to both sums."),
        Metric::share("negative_engagement_share", "Negative engagements", vec![(1, bad)], vec![(1, of_bad)])
            .better(Better::Lower)
            .source(article.clone())
            .reading(
                "The share of engagements that ended badly. It is not simply the rest of `engagement_quality`: \
                 between the two lie engagements without a clear outcome. A rise often comes from a few customers, so \
                 find them before changing how everybody works.",
            )
            .edge_case(
                "It needs `negative_engagements` and `engagements` only; a null among the positive ones costs it no \
                 row.",
            )
            .edge_case(
                "Where there was no engagement there is nothing that could have gone badly, and the share is \
                 undefined.",
            ),
        Metric::share("engaged_share", "Engaged customers", vec![(1, engaged)], vec![(1, customers.clone())])
            .better(Better::Higher)
            .source(article.clone())
            .reading(
                "The share of customers that had any engagement in the period. The others were left alone, and \
                 customers nobody talks to leave without a word. A single automatic mail to all can make it 100 %, so \
                 agree first on what is an engagement.",
            )
            .edge_case("Only an explicit 0 says that there was no contact; a null is missing and lowers nothing.")
            .edge_case(
                "Rolled up from months to a quarter it is the share of customer months with contact, not of customers \
                 reached within the quarter.",
            ),
        Metric::mean(
            "engagements_per_customer",
            "Engagements per customer",
            Unit::Number,
            vec![(1, engagements)],
            vec![(1, customers)],
        )
        .source(article.clone())
        .reading(
            "How many engagements a customer had on average, those with none included. More is not better by \
                 itself: customers in trouble need many, and a number that rises along with support cases speaks of \
                 trouble rather than of closeness.",
        )
        .edge_case("One customer in an escalation can pull the mean far above what is usual.")
        .edge_case("A table of several periods has a row for each customer and period, and then it is a mean per row."),
        Metric::ratio("engagements_per_revenue", "Engagements per revenue", vec![(1, effort)], vec![(1, revenue)])
            .unit(Unit::Number)
            .source(article)
            .reading(
                "How many engagements there are for each unit of revenue at the start: is the effort in proportion to \
                 the relationship? Compare segments with it; small customers usually have a much higher value, and \
                 the question is whether that is meant. A unit of currency is small, and so is the value: times 1,000 \
                 it is engagements per thousand.",
            )
            .edge_case(
                "New customers add their engagements but no revenue at the start, so a phase of growth raises it.",
            )
            .edge_case(
                "Where a group had no revenue at the start its effort is in proportion to nothing, and the value is \
                 undefined.",
            )
            .edge_case("It depends on the currency, so only tables in the same one can be compared by it."),
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

/// The share of engagements with a negative outcome.
///
/// `negative / engagements`, a fraction from 0 to 1; undefined without engagements.
///
/// # Errors
/// [`crate::Error::InvalidValue`] where the part is above the whole.
///
/// ```
/// use svcmetrics::formulas::negative_engagement_share;
/// assert_eq!(negative_engagement_share(3, 12)?.value(), Some(0.25));
/// assert!(!negative_engagement_share(0, 0)?.is_defined());
/// # Ok::<(), svcmetrics::Error>(())
/// ```
pub fn negative_engagement_share(negative: u64, engagements: u64) -> Result<Figure> {
    share("negative", negative, engagements)
}

/// The share of customers with an engagement.
///
/// `engaged / customers`, a fraction from 0 to 1; undefined without customers.
///
/// # Errors
/// [`crate::Error::InvalidValue`] where the part is above the whole.
///
/// ```
/// use svcmetrics::formulas::engaged_share;
/// assert_eq!(engaged_share(1, 2)?.value(), Some(0.5));
/// assert!(!engaged_share(0, 0)?.is_defined());
/// # Ok::<(), svcmetrics::Error>(())
/// ```
pub fn engaged_share(engaged: u64, customers: u64) -> Result<Figure> {
    proportion("engaged", engaged, customers)
}

/// How many engagements a customer has on average.
///
/// `engagements / customers`, a number; undefined without customers.
///
/// ```
/// use svcmetrics::formulas::engagements_per_customer;
/// assert_eq!(engagements_per_customer(5, 2).value(), Some(2.5));
/// assert!(!engagements_per_customer(0, 0).is_defined());
/// ```
pub fn engagements_per_customer(engagements: u64, customers: u64) -> Figure {
    Figure::quotient(Unit::Number, Total::new(engagements.into(), false), Total::new(customers.into(), false))
}
