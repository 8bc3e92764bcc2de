//! Availability: is the service there when it is due?

use super::columns::{DOWNTIME_MINUTES, SERVICE_MINUTES};
use super::{EIGHT_METRICS, amount, invalid, money_ratio, proportion};
use crate::condition::{Comparison, Condition};
use crate::error::Result;
use crate::expression::Expression;
use crate::figure::{Figure, Total};
use crate::measure::{Measure, Scope, Time};
use crate::metric::{Better, Metric};
use rust_decimal::Decimal;

pub(super) fn metrics() -> Vec<Metric> {
    let service = Scope::new("service_time")
        .reads([SERVICE_MINUTES, DOWNTIME_MINUTES])
        .rule(Condition::at_most(DOWNTIME_MINUTES, SERVICE_MINUTES));
    let due = Measure::total("service_minutes", &service, SERVICE_MINUTES.into(), Time::Flow);
    let down = Measure::total("downtime_minutes", &service, DOWNTIME_MINUTES.into(), Time::Flow);
    let measured = Scope::new("customers_with_service")
        .among(Condition::positive(SERVICE_MINUTES))
        .reads([DOWNTIME_MINUTES])
        .rule(Condition::at_most(DOWNTIME_MINUTES, SERVICE_MINUTES));
    let none = Condition::compare(DOWNTIME_MINUTES, Comparison::Equal, Expression::constant(0));
    let uninterrupted = Measure::count("uninterrupted_customers", &measured, Time::Flow).only(none);
    let customers = Measure::count("customers_with_service", &measured, Time::Flow);
    vec![
        Metric::share("availability", "Availability", vec![(1, due.clone()), (-1, down)], vec![(1, due)])
            .better(Better::Higher)
            .source(format!("{EIGHT_METRICS}, 4"))
            .reading(
                "The share of the time for which service was due in which it was there. It says how much was lost, \
                 not how often: one outage of an hour and sixty of a minute look alike. In the sum many undisturbed \
                 customers outweigh one that was down all day, so hold it against contracts customer by customer.",
            )
            .edge_case(
                "Minutes are added over customers before they are divided, so service around the clock weighs more \
                 than service in office hours.",
            )
            .edge_case(
                "More downtime than service time in a row is invalid; maintenance in which no service is due belongs \
                 in neither column.",
            )
            .edge_case("A group for which no minute of service was due has no availability, neither 0 nor 100 %."),
        Metric::share("uninterrupted_rate", "Uninterrupted customers", vec![(1, uninterrupted)], vec![(1, customers)])
            .better(Better::Higher)
            .source(format!("{EIGHT_METRICS}, 4"))
            .reading(
                "The share of customers that had no downtime at all. An availability of 99.9 % can mean that \
                 everybody lost a little or that one customer lost much; this tells the two apart.",
            )
            .edge_case("Any downtime above 0 is an interruption, be it a second.")
            .edge_case("Customers for whom no service was due are outside, and cannot make the rate look better.")
            .edge_case(
                "Where periods are rolled up a customer counts once for each row, so it becomes the share of customer \
                 periods.",
            ),
    ]
}

/// The share of service time without interruption.
///
/// `(service_minutes - downtime_minutes) / service_minutes`, a fraction from 0 to 1; undefined without service time.
///
/// # Errors
/// [`crate::Error::InvalidValue`] where downtime is above service time, or either is negative or finer than a millionth.
///
/// ```
/// use svcmetrics::formulas::availability;
/// assert_eq!(availability(43_200, 432)?.to_string(), "99.0 %");
/// assert!(!availability(0, 0)?.is_defined());
/// # Ok::<(), svcmetrics::Error>(())
/// ```
pub fn availability(service_minutes: impl Into<Decimal>, downtime_minutes: impl Into<Decimal>) -> Result<Figure> {
    let service = amount("service_minutes", service_minutes)?;
    let downtime = amount("downtime_minutes", downtime_minutes)?;
    if downtime > service {
        return Err(invalid(
            "downtime_minutes",
            Total::new(downtime, true),
            format!("at most {}", Total::new(service, true)),
        ));
    }
    Ok(money_ratio(service - downtime, service))
}

/// The share of customers whose service was not interrupted.
///
/// `uninterrupted / customers`, a fraction from 0 to 1; undefined without customers.
///
/// # Errors
/// [`crate::Error::InvalidValue`] where the part is above the whole.
///
/// ```
/// use svcmetrics::formulas::uninterrupted_rate;
/// assert_eq!(uninterrupted_rate(9, 12)?.value(), Some(0.75));
/// assert!(!uninterrupted_rate(0, 0)?.is_defined());
/// # Ok::<(), svcmetrics::Error>(())
/// ```
pub fn uninterrupted_rate(uninterrupted: u64, customers: u64) -> Result<Figure> {
    proportion("uninterrupted", uninterrupted, customers)
}
