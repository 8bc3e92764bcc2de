//! Adoption: is what was bought used?

use super::columns::{ADVANCED_USERS, BASIC_USERS, LICENSES_SOLD, LICENSES_USED, MILESTONES_MET, MILESTONES_TOTAL};
use super::{EIGHT_METRICS, ratio, share};
use crate::condition::{Comparison, Condition};
use crate::error::Result;
use crate::figure::Figure;
use crate::measure::{Measure, Scope, Time};
use crate::metric::{Better, Metric};

const ARTICLE: &str = "ServiceXRG, Three critical metrics";

pub(super) fn metrics() -> Vec<Metric> {
    let whole = Condition::at_most(MILESTONES_MET, MILESTONES_TOTAL);
    let milestones = Scope::new("milestones").reads([MILESTONES_MET, MILESTONES_TOTAL]).rule(whole.clone());
    let met = Measure::total("milestones_met", &milestones, MILESTONES_MET.into(), Time::Stock);
    let total = Measure::total("milestones_total", &milestones, MILESTONES_TOTAL.into(), Time::Stock);

    let licenses = Scope::new("licenses").reads([LICENSES_USED, LICENSES_SOLD]);
    let used = Measure::total("licenses_used", &licenses, LICENSES_USED.into(), Time::Stock);
    let sold = Measure::total("licenses_sold", &licenses, LICENSES_SOLD.into(), Time::Stock);

    let users = Scope::new("users").reads([BASIC_USERS, ADVANCED_USERS]);
    let basic = Measure::total("basic_users", &users, BASIC_USERS.into(), Time::Stock);
    let advanced = Measure::total("advanced_users", &users, ADVANCED_USERS.into(), Time::Stock);
    let all_users = vec![(1, basic.clone()), (1, advanced.clone())];

    let with_milestones = Scope::new("customers_with_milestones")
        .among(Condition::positive(MILESTONES_TOTAL))
        .reads([MILESTONES_MET])
        .rule(whole);
    let full = Condition::compare(MILESTONES_MET, Comparison::Equal, MILESTONES_TOTAL);
    let fully = Measure::count("fully_adopted_customers", &with_milestones, Time::Stock).only(full);
    let customers = Measure::count("customers_with_milestones", &with_milestones, Time::Stock);
    vec![
        Metric::share("adoption_rate", "Adoption", vec![(1, met)], vec![(1, total)])
            .better(Better::Higher)
            .source(format!("{EIGHT_METRICS}, 2")),
        Metric::ratio("license_adoption", "Licence adoption", vec![(1, used)], vec![(1, sold)])
            .better(Better::Higher)
            .source(ARTICLE),
        Metric::share("basic_user_share", "Basic users", vec![(1, basic)], all_users.clone()).source(ARTICLE),
        Metric::share("advanced_user_share", "Advanced users", vec![(1, advanced)], all_users)
            .better(Better::Higher)
            .source(ARTICLE),
        Metric::share("fully_adopted_rate", "Fully adopted", vec![(1, fully)], vec![(1, customers)])
            .better(Better::Higher)
            .source(ARTICLE),
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

/// Licences in use for each one sold.
///
/// `used / sold`; above 1 is over-use; undefined where none were sold.
///
/// ```
/// use svcmetrics::formulas::license_adoption;
/// assert_eq!(license_adoption(12, 10).value(), Some(1.2));
/// assert_eq!(license_adoption(0, 0).value(), None);
/// ```
pub fn license_adoption(used: u64, sold: u64) -> Figure {
    ratio(used.into(), sold.into())
}

/// The share of advanced users among basic and advanced ones.
///
/// `advanced / (advanced + basic)`, a fraction from 0 to 1; undefined without users.
///
/// ```
/// use svcmetrics::formulas::advanced_user_share;
/// assert_eq!(advanced_user_share(1, 3).value(), Some(0.25));
/// assert_eq!(advanced_user_share(0, 0).value(), None);
/// ```
pub fn advanced_user_share(advanced: u64, basic: u64) -> Figure {
    ratio(advanced.into(), i128::from(advanced) + i128::from(basic))
}
