//! Profitability: what service costs and what it earns.

use super::columns::{CASES, DIRECT_REVENUE, INDIRECT_REVENUE, SERVICE_COST};
use super::{amount, money_ratio};
use crate::column::Column;
use crate::error::Result;
use crate::figure::{Figure, Total, Unit};
use crate::measure::{Measure, Scope, Time};
use crate::metric::{Better, Metric};
use rust_decimal::Decimal;

const ARTICLE: &str = "ServiceXRG, Beyond service metrics, 5";

pub(super) fn metrics() -> Vec<Metric> {
    let flow = |id: &'static str, scope: &Scope, column: Column| Measure::total(id, scope, column.into(), Time::Flow);
    let amount = |id: &'static str, title: &'static str, column: Column, better| {
        let alone = Scope::new(id).reads([column.clone()]);
        Metric::amount(id, title, Unit::Money, vec![(1, flow(id, &alone, column))]).better(better).source(ARTICLE)
    };
    let margin = Scope::new("margin").reads([DIRECT_REVENUE, SERVICE_COST]);
    let margin_revenue = flow("margin_revenue", &margin, DIRECT_REVENUE);
    let margin_cost = flow("margin_cost", &margin, SERVICE_COST);

    let earned = Scope::new("return").reads([DIRECT_REVENUE, INDIRECT_REVENUE, SERVICE_COST]);
    let direct = flow("return_direct_revenue", &earned, DIRECT_REVENUE);
    let indirect = flow("return_indirect_revenue", &earned, INDIRECT_REVENUE);
    let cost = flow("return_cost", &earned, SERVICE_COST);

    let handled = Scope::new("cost_and_cases").reads([SERVICE_COST, CASES]);
    let cost_of_cases = flow("cost_of_cases", &handled, SERVICE_COST);
    let cases = flow("cases_with_cost", &handled, CASES);

    let served = Scope::new("service_cost").reads([SERVICE_COST]);
    let cost_of_customers = flow("service_cost", &served, SERVICE_COST);
    let customers = Measure::count("customers_with_cost", &served, Time::Flow);
    let mean = |id: &'static str, title: &'static str, cost, per| {
        Metric::mean(id, title, Unit::Money, vec![(1, cost)], vec![(1, per)]).better(Better::Lower).source(ARTICLE)
    };
    vec![
        amount("service_cost", "Cost of service", SERVICE_COST, Better::Lower),
        amount("direct_revenue", "Direct revenue of service", DIRECT_REVENUE, Better::Higher),
        amount("indirect_revenue", "Indirect revenue of service", INDIRECT_REVENUE, Better::Higher),
        Metric::ratio(
            "service_margin",
            "Service margin",
            vec![(1, margin_revenue.clone()), (-1, margin_cost)],
            vec![(1, margin_revenue)],
        )
        .better(Better::Higher)
        .source(ARTICLE),
        Metric::ratio(
            "service_return",
            "Return on service",
            vec![(1, direct), (1, indirect), (-1, cost.clone())],
            vec![(1, cost)],
        )
        .better(Better::Higher)
        .source(ARTICLE),
        mean("cost_per_case", "Cost per case", cost_of_cases, cases),
        mean("cost_per_customer", "Cost per customer", cost_of_customers, customers),
    ]
}

/// What is left of the revenue of service after its cost.
///
/// `(revenue - cost) / revenue`; negative where service costs more than it earns; undefined without revenue.
///
/// # Errors
/// [`crate::Error::InvalidValue`] for a negative amount, [`crate::Error::Inexact`] for more than six decimal places.
///
/// ```
/// use svcmetrics::formulas::service_margin;
/// assert_eq!(service_margin(100, 40)?.value(), Some(0.6));
/// assert!(!service_margin(0, 40)?.is_defined());
/// # Ok::<(), svcmetrics::Error>(())
/// ```
pub fn service_margin(revenue: impl Into<Decimal>, cost: impl Into<Decimal>) -> Result<Figure> {
    let (revenue, cost) = (amount("revenue", revenue)?, amount("cost", cost)?);
    Ok(money_ratio(revenue - cost, revenue))
}

/// What service earns, directly and indirectly, for each unit of its cost.
///
/// `(direct + indirect - cost) / cost`; negative where it costs more than it earns; undefined without cost.
///
/// # Errors
/// As [`service_margin`].
///
/// ```
/// use svcmetrics::formulas::service_return;
/// assert_eq!(service_return(80, 70, 100)?.value(), Some(0.5));
/// assert!(!service_return(80, 70, 0)?.is_defined());
/// # Ok::<(), svcmetrics::Error>(())
/// ```
pub fn service_return(
    direct: impl Into<Decimal>,
    indirect: impl Into<Decimal>,
    cost: impl Into<Decimal>,
) -> Result<Figure> {
    let cost = amount("cost", cost)?;
    Ok(money_ratio(amount("direct", direct)? + amount("indirect", indirect)? - cost, cost))
}

/// What a case costs on average.
///
/// `cost / cases`, an amount per case; undefined without cases.
///
/// # Errors
/// As [`service_margin`].
///
/// ```
/// use svcmetrics::formulas::cost_per_case;
/// assert_eq!(cost_per_case(1000, 8)?.to_string(), "125.00");
/// assert!(!cost_per_case(1000, 0)?.is_defined());
/// # Ok::<(), svcmetrics::Error>(())
/// ```
pub fn cost_per_case(cost: impl Into<Decimal>, cases: u64) -> Result<Figure> {
    Ok(Figure::quotient(Unit::Money, Total::new(amount("cost", cost)?, true), Total::new(cases.into(), false)))
}
