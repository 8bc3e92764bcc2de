//! Retention: do customers stay, and have they said so?

use super::columns::{
    COMMITTED, CONTRACTS_DUE, CONTRACTS_RENEWED, IS_ACTIVE, REVENUE_END, REVENUE_START, TENURE_MONTHS,
};
use super::{EIGHT_METRICS, proportion, share};
use crate::condition::{Comparison, Condition};
use crate::error::Result;
use crate::expression::Expression;
use crate::figure::{Figure, Unit};
use crate::measure::{Measure, Scope, Time};
use crate::metric::{Better, Metric};

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
        .source(format!("{EIGHT_METRICS}, 6")),
        Metric::share(
            "customer_retention_rate",
            "Customer retention",
            vec![(1, retained)],
            vec![(1, at_start.clone())],
        )
        .better(Better::Higher)
        .source(retention),
        Metric::share("customer_churn_rate", "Customer churn", vec![(1, churned)], vec![(1, at_start)])
            .better(Better::Lower)
            .source(retention),
        Metric::share("contract_renewal_rate", "Contract renewal", vec![(1, renewed)], vec![(1, due)])
            .better(Better::Higher)
            .source("ServiceXRG, Recurring Revenue Rate"),
        Metric::mean(
            "mean_tenure_months",
            "Mean tenure in months",
            Unit::Number,
            vec![(1, months)],
            vec![(1, customers)],
        )
        .better(Better::Higher)
        .source(retention),
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
