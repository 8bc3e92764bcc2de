//! Defects: how much of support is caused by the product.

use super::columns::{CASES, DEFECT_CASES, DEFECT_COST, SERVICE_COST};
use super::{share, share_of_amounts};
use crate::condition::Condition;
use crate::error::Result;
use crate::figure::{Figure, Unit};
use crate::measure::{Measure, Scope, Time};
use crate::metric::{Better, Metric};
use rust_decimal::Decimal;

const ARTICLE: &str = "ServiceXRG, Beyond service metrics, 1";

pub(super) fn metrics() -> Vec<Metric> {
    let cases = Scope::new("cases_by_cause").reads([DEFECT_CASES, CASES]).rule(Condition::at_most(DEFECT_CASES, CASES));
    let defects = Measure::total("defect_cases", &cases, DEFECT_CASES.into(), Time::Flow);
    let all = Measure::total("cases_by_cause", &cases, CASES.into(), Time::Flow);

    let alone = Scope::new("defect_cost").reads([DEFECT_COST]);
    let cost = Measure::total("defect_cost", &alone, DEFECT_COST.into(), Time::Flow);

    let costs = Scope::new("cost_by_cause")
        .reads([DEFECT_COST, SERVICE_COST])
        .rule(Condition::at_most(DEFECT_COST, SERVICE_COST));
    let of_defects = Measure::total("cost_by_defects", &costs, DEFECT_COST.into(), Time::Flow);
    let of_all = Measure::total("cost_by_cause", &costs, SERVICE_COST.into(), Time::Flow);
    vec![
        Metric::share("defect_share", "Cases by defects", vec![(1, defects)], vec![(1, all)])
            .better(Better::Lower)
            .source(ARTICLE)
            .reading(
                "Which part of support cases was caused by defects of the product. Support can answer them, but only \
                 engineering can end them, so this is a number to take there. It also falls when other questions \
                 increase, so watch how many defect cases there are.",
            )
            .edge_case("A customer without cases is counted and adds nothing.")
            .edge_case(
                "A case counts only if somebody classified it as a defect, so careless classification makes the \
                 product look better.",
            )
            .edge_case("More defect cases than cases makes a row invalid."),
        Metric::amount("defect_cost", "Cost of defects", Unit::Money, vec![(1, cost)])
            .better(Better::Lower)
            .source(ARTICLE)
            .reading(
                "What service spends on cases that defects caused. It puts a price on quality that can be weighed \
                 against a roadmap, and leaves out what defects cost elsewhere, such as lost renewals.",
            )
            .edge_case(
                "It counts every row that knows `defect_cost`, also where the whole cost of service is not known.",
            )
            .edge_case("So it can exceed the numerator of `defect_cost_share`, which asks for both costs."),
        Metric::share("defect_cost_share", "Cost by defects", vec![(1, of_defects)], vec![(1, of_all)])
            .better(Better::Lower)
            .source(ARTICLE)
            .reading(
                "Which part of the cost of service goes to defects. Where it is above `defect_share`, a case of a \
                 defect costs more than other cases, and the more so the more it exceeds it.",
            )
            .edge_case("A row in which defects cost more than all of service is invalid.")
            .edge_case("A row that knows only one of the two costs is missing from both sums.")
            .edge_case("Service that cost nothing leaves it undefined, which is not the same as free of defects."),
    ]
}

/// The share of cases that are caused by a defect.
///
/// `defects / cases`, a fraction from 0 to 1; undefined without cases.
///
/// # Errors
/// [`crate::Error::InvalidValue`] where there are more defects than cases.
///
/// ```
/// use svcmetrics::formulas::defect_share;
/// assert_eq!(defect_share(1, 4)?.value(), Some(0.25));
/// assert!(!defect_share(0, 0)?.is_defined());
/// # Ok::<(), svcmetrics::Error>(())
/// ```
pub fn defect_share(defects: u64, cases: u64) -> Result<Figure> {
    share("defects", defects, cases)
}

/// The share of the cost of service that is caused by defects.
///
/// `defect_cost / service_cost`, a fraction from 0 to 1; undefined without cost.
///
/// # Errors
/// [`crate::Error::InvalidValue`] for a negative amount or a part above its whole, [`crate::Error::Inexact`] for more than six
/// decimal places.
///
/// ```
/// use svcmetrics::formulas::defect_cost_share;
/// assert_eq!(defect_cost_share(25, 100)?.value(), Some(0.25));
/// assert!(defect_cost_share(101, 100).is_err());
/// # Ok::<(), svcmetrics::Error>(())
/// ```
pub fn defect_cost_share(defect_cost: impl Into<Decimal>, service_cost: impl Into<Decimal>) -> Result<Figure> {
    share_of_amounts("defect_cost", defect_cost, "service_cost", service_cost)
}
