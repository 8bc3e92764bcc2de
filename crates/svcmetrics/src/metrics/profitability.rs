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

#[allow(clippy::too_many_lines)] // most of them are what people read
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
        amount("service_cost", "Cost of service", SERVICE_COST, Better::Lower)
            .reading(
                "What service cost in the period. By itself it tells only how large service is: set it against cases, \
                 customers or revenue before calling it high.",
            )
            .edge_case(
                "A customer whose cost is unknown is missing, so the total is too low as long as there are such.",
            )
            .edge_case("A cost of 0 is a statement, and its row is counted."),
        amount("direct_revenue", "Direct revenue of service", DIRECT_REVENUE, Better::Higher)
            .reading(
                "What service itself was paid: contracts, plans, paid projects. Revenue that comes because customers \
                 are served well is indirect, and not in it.",
            )
            .edge_case(
                "Service included in the price of a product has direct revenue only if a part of that price is \
                 assigned to it.",
            )
            .edge_case("Complete rows that were paid nothing make it 0; without a complete row it is undefined."),
        amount("indirect_revenue", "Indirect revenue of service", INDIRECT_REVENUE, Better::Higher)
            .reading(
                "Revenue that service made possible elsewhere, such as product sales that began with a support \
                 contact. How much of a sale is credited is a convention: keep it the same from period to period, and \
                 do not compare it with other companies.",
            )
            .edge_case("A sale that is credited to two customers' rows counts twice, and nothing here can notice it.")
            .edge_case("A customer for whom nobody tracks it is missing, unlike one for whom it is known to be 0."),
        Metric::ratio(
            "service_margin",
            "Service margin",
            vec![(1, margin_revenue.clone()), (-1, margin_cost)],
            vec![(1, margin_revenue)],
        )
        .better(Better::Higher)
        .source(ARTICLE)
        .reading(
            "What is left of each unit of service's own revenue after its cost. Below 0 service costs more than \
                 it is paid, which can be right where it protects other revenue; `service_return` takes that into \
                 account.",
        )
        .edge_case("A customer that pays nothing has no margin of its own, but its cost lowers that of its group.")
        .edge_case("It can fall below -1, where service costs more than twice its revenue, and is not cut off.")
        .edge_case(
            "The margin of a group is not the mean of its customers' margins, since large customers weigh more.",
        ),
        Metric::ratio(
            "service_return",
            "Return on service",
            vec![(1, direct), (1, indirect), (-1, cost.clone())],
            vec![(1, cost)],
        )
        .better(Better::Higher)
        .source(ARTICLE)
        .reading(
            "What service brings in, directly and indirectly, beyond its cost, for each unit of cost; at 0 it \
                 just pays for itself. It depends on how much indirect revenue is credited as much as on anything \
                 that service does.",
        )
        .edge_case(
            "All three amounts must be known: a customer with unknown indirect revenue is missing, rather than \
                 credited with none.",
        )
        .edge_case("Where service cost nothing the return is undefined, whatever came in.")
        .edge_case("It cannot fall below -1, where all that was spent is lost."),
        mean("cost_per_case", "Cost per case", cost_of_cases, cases)
            .reading(
                "What a support case costs on average. A falling value can mean better work or only more trivial \
                 cases; and when self-help takes the easy ones away it rises, although service costs less in total.",
            )
            .edge_case("The whole cost of service is divided, also the part that no case caused.")
            .edge_case("A customer with a cost and no cases adds to the cost alone.")
            .edge_case("If no case was opened there is no cost per case, whatever was spent."),
        mean("cost_per_customer", "Cost per customer", cost_of_customers, customers)
            .reading(
                "What serving a customer costs on average, those that never called included. Held against what a \
                 customer pays, segment by segment, it shows which customers cannot be served in the present way.",
            )
            .edge_case(
                "Every row with a known cost is a customer; a table of several periods makes it the cost per customer \
                 and period.",
            )
            .edge_case("Where all known costs are 0 it is 0, and where none is known it is undefined."),
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

/// What serving a customer costs on average.
///
/// `cost / customers`, an amount per customer; undefined without customers.
///
/// # Errors
/// As [`service_margin`].
///
/// ```
/// use svcmetrics::formulas::cost_per_customer;
/// assert_eq!(cost_per_customer(1000, 8)?.to_string(), "125.00");
/// assert!(!cost_per_customer(0, 0)?.is_defined());
/// # Ok::<(), svcmetrics::Error>(())
/// ```
pub fn cost_per_customer(cost: impl Into<Decimal>, customers: u64) -> Result<Figure> {
    Ok(Figure::quotient(Unit::Money, Total::new(amount("cost", cost)?, true), Total::new(customers.into(), false)))
}
