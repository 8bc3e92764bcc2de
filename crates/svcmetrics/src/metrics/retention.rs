//! Retention: do customers stay, and have they said so?

use super::columns::{
    COMMITTED, CONTRACTS_DUE, CONTRACTS_RENEWED, IS_ACTIVE, REVENUE_END, REVENUE_START, TENURE_MONTHS,
};
use super::{EIGHT_METRICS, amount, proportion, share};
use crate::condition::{Comparison, Condition};
use crate::error::Result;
use crate::expression::Expression;
use crate::figure::{Figure, Total, Unit};
use crate::measure::{Measure, Scope, Time};
use crate::metric::{Better, Metric};
use rust_decimal::Decimal;

#[allow(clippy::too_many_lines)] // most of them are what people read
pub(super) fn metrics() -> Vec<Metric> {
    let active = Scope::new("active_customers_commitment").among(Condition::IsTrue(IS_ACTIVE)).reads([COMMITTED]);
    let committed = Measure::count("committed_customers", &active, Time::Stock).only(Condition::IsTrue(COMMITTED));
    let all_active = Measure::count("active_customers", &active, Time::Stock);

    let paying = Scope::new("customers_at_start").among(Condition::positive(REVENUE_START)).reads([REVENUE_END]);
    let retained = Measure::count("retained_customers", &paying, Time::Stock).only(Condition::positive(REVENUE_END));
    let churned = Measure::count("churned_customers", &paying, Time::Stock).only(Condition::compare(
        REVENUE_END,
        Comparison::Equal,
        Expression::constant(0),
    ));
    let at_start = Measure::count("customers_start", &paying, Time::Stock);

    let contracts = Scope::new("contracts")
        .reads([CONTRACTS_DUE, CONTRACTS_RENEWED])
        .rule(Condition::at_most(CONTRACTS_RENEWED, CONTRACTS_DUE));
    let renewed = Measure::total("contracts_renewed", &contracts, CONTRACTS_RENEWED.into(), Time::Flow);
    let due = Measure::total("contracts_due", &contracts, CONTRACTS_DUE.into(), Time::Flow);
    let tenured = Scope::new("tenure").reads([TENURE_MONTHS]);
    let months = Measure::total("tenure_months", &tenured, TENURE_MONTHS.into(), Time::Stock);
    let customers = Measure::count("customers_with_tenure", &tenured, Time::Stock);
    let retention = "ServiceXRG, Retention";
    vec![
        Metric::share(
            "renewal_commitment_rate",
            "Retention (committed to renew)",
            vec![(1, committed)],
            vec![(1, all_active)],
        )
        .better(Better::Higher)
        .source(format!("{EIGHT_METRICS}, 6"))
        .reading(
            "The share of active customers that have committed to renew. It looks ahead, where churn and \
                 retention look back, and so leaves time to work on those that have not. A commitment is a word and \
                 not a signature: hold it against `contract_renewal_rate` later.",
        )
        .edge_case("Customers that are not active are outside, whatever they are said to have committed to.")
        .edge_case(
            "An active customer whose commitment is not recorded is missing; where silence should lower the rate, \
                 record it as false.",
        )
        .edge_case("It is a state at a date, so the rates of twelve months make no rate of the year."),
        Metric::share(
            "customer_retention_rate",
            "Customer retention",
            vec![(1, retained)],
            vec![(1, at_start.clone())],
        )
        .better(Better::Higher)
        .source(retention)
        .reading(
            "The share of the customers that paid at the start of the period and still pay at its end. It counts \
                 heads: a lost giant weighs no more than a lost dwarf, a difference that `gross_revenue_retention` \
                 shows.",
        )
        .edge_case("Customers won in the period are outside, so growth cannot cover up departures.")
        .edge_case("A customer that pays less, but something, is retained.")
        .edge_case(
            "One that leaves and comes back within the period is retained too, since only its start and its end \
                 are seen.",
        ),
        Metric::share("customer_churn_rate", "Customer churn", vec![(1, churned)], vec![(1, at_start)])
            .better(Better::Lower)
            .source(retention)
            .reading(
                "How many paying customers were lost, as a share of those there at the start: with revenue then and \
                 none at the end. One divided by it is how long a customer can be expected to stay: at 2 % a month, 50 \
                 months. A yearly rate is not twelve times a monthly one, since each month starts with fewer \
                 customers.",
            )
            .edge_case(
                "After an outer join a lost customer shows as a null in `revenue_end`; taken as missing it would \
                 vanish from the churn, so `absent_revenue` must say what it means.",
            )
            .edge_case(
                "With nobody there at the start it is undefined; with customers there and nobody lost it is 0 %.",
            )
            .edge_case(
                "A customer with a start above 0 either pays at the end or does not, so it is exactly 1 less \
                 `customer_retention_rate`.",
            ),
        Metric::share("contract_renewal_rate", "Contract renewal", vec![(1, renewed)], vec![(1, due)])
            .better(Better::Higher)
            .source("ServiceXRG, Recurring Revenue Rate")
            .reading(
                "The share of the contracts due in the period that were renewed. Contracts that are not due yet play \
                 no part, so it shows decisions that were made and not how safe the rest is. It does not see the \
                 price at which they were renewed; `renewal_gap` gives a hint of that.",
            )
            .edge_case("A customer with several contracts counts once for each of them.")
            .edge_case(
                "A contract renewed ahead of time belongs to the period in which it would have come due; elsewhere \
                 there would be more renewed than due, which is invalid.",
            )
            .edge_case("A period in which no contract comes due has no renewal rate."),
        Metric::mean(
            "mean_tenure_months",
            "Mean tenure in months",
            Unit::Number,
            vec![(1, months)],
            vec![(1, customers)],
        )
        .better(Better::Higher)
        .source(retention)
        .reading(
            "How many months the customers of the table have been customers, on average. Without new customers it \
                 rises by itself, so a rising tenure can belong to a shrinking business; read it with `revenue_new`. \
                 It is no forecast of how long a customer will stay.",
        )
        .edge_case(
            "Rows of customers that left pull it towards how long they stayed; leave them out to describe the \
                 present base.",
        )
        .edge_case("Parts of months are kept, since tenure is a quantity and not a count.")
        .edge_case("Tenure is a state: the means of several months cannot be rolled up to one."),
    ]
}

/// The share of active customers that have committed to renew.
///
/// `committed / active`, a fraction from 0 to 1; undefined without active customers.
///
/// # Errors
/// [`crate::Error::InvalidValue`] where more have committed than are active.
///
/// ```
/// use svcmetrics::formulas::renewal_commitment_rate;
/// assert_eq!(renewal_commitment_rate(1, 2)?.value(), Some(0.5));
/// assert!(!renewal_commitment_rate(0, 0)?.is_defined());
/// # Ok::<(), svcmetrics::Error>(())
/// ```
pub fn renewal_commitment_rate(committed: u64, active: u64) -> Result<Figure> {
    proportion("committed", committed, active)
}

/// The share of the customers at the start that still have revenue at the end.
///
/// `retained / start`, a fraction from 0 to 1; undefined where nobody was there at the start.
///
/// # Errors
/// [`crate::Error::InvalidValue`] where more were retained than were there.
///
/// ```
/// use svcmetrics::formulas::customer_retention_rate;
/// assert_eq!(customer_retention_rate(8, 10)?.value(), Some(0.8));
/// assert!(!customer_retention_rate(0, 0)?.is_defined());
/// # Ok::<(), svcmetrics::Error>(())
/// ```
pub fn customer_retention_rate(retained: u64, start: u64) -> Result<Figure> {
    proportion("retained", retained, start)
}

/// The share of the customers at the start that have no revenue at the end.
///
/// `churned / start`, a fraction from 0 to 1; 0 where nobody churned, undefined where nobody was there at the start.
///
/// # Errors
/// [`crate::Error::InvalidValue`] where more churned than were there.
///
/// ```
/// use svcmetrics::formulas::customer_churn_rate;
/// assert_eq!(customer_churn_rate(0, 10)?.value(), Some(0.0));
/// assert!(!customer_churn_rate(0, 0)?.is_defined());
/// # Ok::<(), svcmetrics::Error>(())
/// ```
pub fn customer_churn_rate(churned: u64, start: u64) -> Result<Figure> {
    proportion("churned", churned, start)
}

/// The share of the contracts due that were renewed.
///
/// `renewed / due`, a fraction from 0 to 1; undefined where none were due.
///
/// # Errors
/// [`crate::Error::InvalidValue`] where more were renewed than were due.
///
/// ```
/// use svcmetrics::formulas::contract_renewal_rate;
/// assert_eq!(contract_renewal_rate(90, 100)?.value(), Some(0.9));
/// assert!(!contract_renewal_rate(0, 0)?.is_defined());
/// # Ok::<(), svcmetrics::Error>(())
/// ```
pub fn contract_renewal_rate(renewed: u64, due: u64) -> Result<Figure> {
    share("renewed", renewed, due)
}

/// How long customers have been there on average, in months.
///
/// `tenure_months / customers`, a number of months; undefined without customers.
///
/// # Errors
/// [`crate::Error::InvalidValue`] for a negative number, [`crate::Error::Inexact`] for more than six decimal places.
///
/// ```
/// use svcmetrics::formulas::mean_tenure_months;
/// assert_eq!(mean_tenure_months(50, 4)?.value(), Some(12.5));
/// assert!(!mean_tenure_months(0, 0)?.is_defined());
/// # Ok::<(), svcmetrics::Error>(())
/// ```
pub fn mean_tenure_months(tenure_months: impl Into<Decimal>, customers: u64) -> Result<Figure> {
    Ok(Figure::quotient(
        Unit::Number,
        Total::new(amount("tenure_months", tenure_months)?, true),
        Total::new(customers.into(), false),
    ))
}
