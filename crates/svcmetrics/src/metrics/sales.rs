//! Service sales: who is covered, what is attached, who moves up.

use super::columns::{HAS_SERVICE_CONTRACT, IS_SUBSCRIBER, PRODUCT_SALES, SERVICE_ATTACHED, UPGRADED};
use super::{proportion, ratio};
use crate::condition::Condition;
use crate::error::Result;
use crate::figure::Figure;
use crate::measure::{Measure, Scope, Time};
use crate::metric::{Better, Metric};

const ARTICLE: &str = "ServiceXRG, Beyond service metrics, 3";

pub(super) fn metrics() -> Vec<Metric> {
    let coverage = Scope::new("coverage").reads([HAS_SERVICE_CONTRACT]);
    let covered =
        Measure::count("covered_customers", &coverage, Time::Stock).only(Condition::IsTrue(HAS_SERVICE_CONTRACT));
    let customers = Measure::count("customers_with_coverage_known", &coverage, Time::Stock);

    let sales = Scope::new("sales").reads([SERVICE_ATTACHED, PRODUCT_SALES]);
    let attached = Measure::total("service_attached", &sales, SERVICE_ATTACHED.into(), Time::Flow);
    let sold = Measure::total("product_sales", &sales, PRODUCT_SALES.into(), Time::Flow);

    let subscribed = Scope::new("subscribers").among(Condition::IsTrue(IS_SUBSCRIBER)).reads([UPGRADED]);
    let upgraded = Measure::count("upgraded_customers", &subscribed, Time::Flow).only(Condition::IsTrue(UPGRADED));
    let subscribers = Measure::count("subscribers", &subscribed, Time::Flow);
    vec![
        Metric::share("service_coverage", "Service coverage", vec![(1, covered)], vec![(1, customers)])
            .better(Better::Higher)
            .source(ARTICLE)
            .reading(
                "The share of customers under a service contract or a success plan. The others are served by goodwill \
                 or not at all, and are where service can still be sold. Customers count alike, so it can be high \
                 while the largest one is not covered.",
            )
            .edge_case(
                "A null is not the same as uncovered: where only contracts that exist were ever entered, every known \
                 customer has one, and the 100 % mean nothing.",
            )
            .edge_case("It describes one date, so a contract that ran out the day before does not count."),
        Metric::ratio("attach_rate", "Attach rate", vec![(1, attached)], vec![(1, sold)])
            .better(Better::Higher)
            .source(ARTICLE)
            .reading(
                "How many service contracts were sold with each product sale. It is about the moment of purchase: \
                 contracts sold to existing customers later on raise `service_coverage` instead.",
            )
            .edge_case("It exceeds 1 where more than one contract goes with a product, and is not cut off there.")
            .edge_case("Without product sales there is nothing to attach a contract to, and it is undefined.")
            .edge_case("Customers weigh by what they bought, so one large order can decide a month."),
        Metric::share("upgrade_rate", "Upgrade rate", vec![(1, upgraded)], vec![(1, subscribers)])
            .better(Better::Higher)
            .source(ARTICLE)
            .reading(
                "The share of subscribers that bought a higher service level in the period. It shows whether the \
                 higher levels are worth their price to those who know a lower one, or whether anybody offers them.",
            )
            .edge_case("Customers that do not subscribe are outside, since they have no level to leave.")
            .edge_case(
                "Subscribers on the highest level stay in the denominator, so the rate falls as the base moves up.",
            )
            .edge_case(
                "Two upgrades of a customer within a period are one, since its row says only whether there was any.",
            ),
    ]
}

/// The share of customers under a service contract or success plan.
///
/// `covered / customers`, a fraction from 0 to 1; undefined without customers.
///
/// # Errors
/// [`crate::Error::InvalidValue`] where more are covered than there are.
///
/// ```
/// use svcmetrics::formulas::service_coverage;
/// assert_eq!(service_coverage(3, 4)?.value(), Some(0.75));
/// assert!(!service_coverage(0, 0)?.is_defined());
/// # Ok::<(), svcmetrics::Error>(())
/// ```
pub fn service_coverage(covered: u64, customers: u64) -> Result<Figure> {
    proportion("covered", covered, customers)
}

/// Service contracts sold for each product sold.
///
/// `attached / product_sales`; may exceed 1; undefined without sales.
///
/// ```
/// use svcmetrics::formulas::attach_rate;
/// assert_eq!(attach_rate(3, 2).value(), Some(1.5));
/// assert!(!attach_rate(3, 0).is_defined());
/// ```
pub fn attach_rate(attached: u64, product_sales: u64) -> Figure {
    ratio(attached.into(), product_sales.into())
}

/// The share of subscribers that bought a higher service level.
///
/// `upgraded / subscribers`, a fraction from 0 to 1; undefined without subscribers.
///
/// # Errors
/// [`crate::Error::InvalidValue`] where more upgraded than subscribe.
///
/// ```
/// use svcmetrics::formulas::upgrade_rate;
/// assert_eq!(upgrade_rate(1, 4)?.value(), Some(0.25));
/// assert!(!upgrade_rate(0, 0)?.is_defined());
/// # Ok::<(), svcmetrics::Error>(())
/// ```
pub fn upgrade_rate(upgraded: u64, subscribers: u64) -> Result<Figure> {
    proportion("upgraded", upgraded, subscribers)
}
