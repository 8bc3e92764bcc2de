//! Onboarding: are new customers received formally?

use super::columns::{IS_NEW, ONBOARDED};
use super::{EIGHT_METRICS, proportion};
use crate::condition::Condition;
use crate::error::Result;
use crate::figure::Figure;
use crate::measure::{Measure, Scope, Time};
use crate::metric::{Better, Metric};

pub(super) fn metrics() -> Vec<Metric> {
    let new = Scope::new("new_customers_onboarding").among(Condition::IsTrue(IS_NEW)).reads([ONBOARDED]);
    let onboarded = Measure::count("onboarded_customers", &new, Time::Flow).only(Condition::IsTrue(ONBOARDED));
    let all = Measure::count("new_customers", &new, Time::Flow);
    vec![
        Metric::share("onboard_rate", "Onboard", vec![(1, onboarded)], vec![(1, all)])
            .better(Better::Higher)
            .source(format!("{EIGHT_METRICS}, 1"))
            .reading(
                "The share of the period's new customers that were formally onboarded; the others were left to find \
                 their own way. It says that onboarding took place, not that it worked: read it beside the adoption \
                 of the same customers. With few new customers one more or less moves it a lot, so look at the counts \
                 before the rate.",
            )
            .edge_case("A period without new customers has no onboard rate: it is undefined, not 0 %.")
            .edge_case(
                "A new customer whose `onboarded` is not recorded is missing, and is not taken for one that was left \
                 out.",
            )
            .edge_case(
                "A customer won in one period and onboarded in the next counts against the first, and is no longer \
                 new in the second.",
            ),
    ]
}

/// The share of new customers that received formal onboarding.
///
/// `onboarded / new_customers`, a fraction from 0 to 1; undefined without new customers.
///
/// # Errors
/// [`crate::Error::InvalidValue`] where more were onboarded than are new.
///
/// ```
/// use svcmetrics::formulas::onboard_rate;
/// assert_eq!(onboard_rate(3, 4)?.value(), Some(0.75));
/// assert_eq!(onboard_rate(0, 0)?.value(), None);
/// # Ok::<(), svcmetrics::Error>(())
/// ```
pub fn onboard_rate(onboarded: u64, new_customers: u64) -> Result<Figure> {
    proportion("onboarded", onboarded, new_customers)
}
