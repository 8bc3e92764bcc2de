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
            .source(ARTICLE),
        Metric::ratio("attach_rate", "Attach rate", vec![(1, attached)], vec![(1, sold)])
            .better(Better::Higher)
            .source(ARTICLE),
        Metric::share("upgrade_rate", "Upgrade rate", vec![(1, upgraded)], vec![(1, subscribers)])
            .better(Better::Higher)
            .source(ARTICLE),
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
