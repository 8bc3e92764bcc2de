//! Adoption: is what was bought used?

use super::columns::{ADVANCED_USERS, BASIC_USERS, LICENSES_SOLD, LICENSES_USED, MILESTONES_MET, MILESTONES_TOTAL};
use super::{EIGHT_METRICS, proportion, ratio, share};
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
            .source(format!("{EIGHT_METRICS}, 2"))
            .reading(
                "How far customers have come on the agreed way to full use: milestones met of all milestones set. \
                 Customers with many milestones weigh more, so one large rollout that is half done can hide many \
                 small ones that are finished; `fully_adopted_rate` counts customers instead. It is only as telling \
                 as the milestones: easy ones make it high.",
            )
            .edge_case(
                "A customer for whom no milestones are set adds nothing to either sum; if that is so for all of them, \
                 the rate is undefined.",
            )
            .edge_case("More milestones met than set is an invalid row, since nobody can adopt more than everything.")
            .edge_case("New milestones lower the rate although nobody uses the product any less."),
        Metric::ratio("license_adoption", "Licence adoption", vec![(1, used)], vec![(1, sold)])
            .better(Better::Higher)
            .source(ARTICLE)
            .reading(
                "How many of the licences that were sold are in use. Far below 1, customers pay for what they do not \
                 use and will ask for less at renewal; above 1, they use more than they bought, and there is a sale \
                 to be made.",
            )
            .edge_case(
                "Over-use is not cut off at 1, so the surplus of one customer can make up for the idle licences of \
                 another; group by customer to see both.",
            )
            .edge_case(
                "A customer with licences in use and none sold still adds its use, so pilots and free seats raise the \
                 ratio.",
            )
            .edge_case("Where no licence was sold at all it is undefined, however many are in use."),
        Metric::share("basic_user_share", "Basic users", vec![(1, basic)], all_users.clone())
            .source(ARTICLE)
            .reading(
                "Which part of the users stays with the basic functions. A high share is normal for a young \
                 customer and a warning for an old one that pays for advanced functions, so neither direction is \
                 better by itself.",
            )
            .edge_case(
                "Basic and advanced users are disjoint: a user of both belongs to the advanced ones, and counted \
                 twice would distort both shares.",
            )
            .edge_case("It and `advanced_user_share` add up to 1 wherever there are users."),
        Metric::share("advanced_user_share", "Advanced users", vec![(1, advanced)], all_users)
            .better(Better::Higher)
            .source(ARTICLE)
            .reading(
                "The share of users who work with advanced functions. A growing share speaks for deeper use, and \
                 deeper use is harder to replace. It says nothing of how many users there are: it also rises when \
                 basic users leave.",
            )
            .edge_case(
                "A customer whose advanced users are not known is left out with its basic users too, so that both \
                 sums see the same customers.",
            )
            .edge_case("If nobody uses the product at all there is no share, rather than a share of 0."),
        Metric::share("fully_adopted_rate", "Fully adopted", vec![(1, fully)], vec![(1, customers)])
            .better(Better::Higher)
            .source(ARTICLE)
            .reading(
                "The share of customers with milestones that have met every one of them. A single open milestone \
                 keeps a customer out, so it moves later than `adoption_rate`; both together tell whether many \
                 customers are nearly there or a few are far behind.",
            )
            .edge_case(
                "Customers for whom no milestones are set are outside: having nothing to do is not full adoption.",
            )
            .edge_case("One more milestone for a customer that had met all of them takes it out of the numerator.")
            .edge_case(
                "Whether milestones are met is asked only of customers that have some, so a null elsewhere makes \
                 nobody missing.",
            ),
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

/// The share of customers that have met all of their milestones.
///
/// `fully_adopted / customers`, a fraction from 0 to 1; undefined without customers that have milestones.
///
/// # Errors
/// [`crate::Error::InvalidValue`] where the part is above the whole.
///
/// ```
/// use svcmetrics::formulas::fully_adopted_rate;
/// assert_eq!(fully_adopted_rate(3, 4)?.value(), Some(0.75));
/// assert!(!fully_adopted_rate(0, 0)?.is_defined());
/// # Ok::<(), svcmetrics::Error>(())
/// ```
pub fn fully_adopted_rate(fully_adopted: u64, customers: u64) -> Result<Figure> {
    proportion("fully_adopted", fully_adopted, customers)
}

/// The share of basic users among basic and advanced ones.
///
/// `basic / (basic + advanced)`, a fraction from 0 to 1; undefined without users.
///
/// ```
/// use svcmetrics::formulas::basic_user_share;
/// assert_eq!(basic_user_share(3, 1).value(), Some(0.75));
/// assert!(!basic_user_share(0, 0).is_defined());
/// ```
pub fn basic_user_share(basic: u64, advanced: u64) -> Figure {
    ratio(basic.into(), i128::from(basic) + i128::from(advanced))
}
