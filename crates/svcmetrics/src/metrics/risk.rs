//! Risk: who may spend less, who may leave, and how much revenue goes with them.

use super::columns::{REVENUE_END, RISK};
use super::{proportion, share_of_amounts};
use crate::condition::Condition;
use crate::error::Result;
use crate::figure::{Figure, Unit};
use crate::measure::{Measure, Scope, Time};
use crate::metric::{Better, Metric};
use rust_decimal::Decimal;

pub(super) fn metrics() -> Vec<Metric> {
    let at = |word: &'static str| Condition::Is(RISK, word.into());
    let rated = Scope::new("risk").reads([RISK]);
    let count = |id: &'static str, word| Measure::count(id, &rated, Time::Stock).only(at(word));
    let customers = Measure::count("customers_rated", &rated, Time::Stock);

    let revenue = Scope::new("revenue_rated").reads([RISK, REVENUE_END]);
    let total = |id: &'static str| Measure::total(id, &revenue, REVENUE_END.into(), Time::Stock);
    let either = vec![
        (1, total("revenue_at_defection_risk").only(at("defection"))),
        (1, total("revenue_at_downgrade_risk").only(at("downgrade"))),
    ];
    let share = |id: &'static str, title: &'static str, numerator, denominator| {
        Metric::share(id, title, numerator, denominator).better(Better::Lower).source(ARTICLE)
    };
    vec![
        share(
            "defection_risk_share",
            "Customers who may leave",
            vec![(1, count("customers_at_defection_risk", "defection"))],
            vec![(1, customers.clone())],
        )
        .reading(
            "The share of rated customers that may leave. It is a judgement in advance, so follow up how many of \
                 them left in the end, and correct how ratings are given. Only a rating that changes what somebody \
                 does is worth its effort.",
        )
        .edge_case("A customer nobody has rated is missing; `none` is a rating, a null is not.")
        .edge_case(
            "A row holds one risk, so a customer that may leave is not counted a second time as one that may \
                 spend less.",
        ),
        share(
            "downgrade_risk_share",
            "Customers who may spend less",
            vec![(1, count("customers_at_downgrade_risk", "downgrade"))],
            vec![(1, customers)],
        )
        .reading(
            "The share of rated customers that will probably stay but may spend less. They are easily overlooked \
                 beside those that may leave, although an early talk about what they really need can keep much of \
                 their spending.",
        )
        .edge_case(
            "Any word in `risk` but `none`, `downgrade` and `defection` makes a row invalid, so \"churn\" has to \
                 be written as `defection`.",
        )
        .edge_case("With no rating at all there is no share, and nobody should read that as safe."),
        Metric::amount("revenue_at_risk", "Revenue at risk", Unit::Money, either.clone())
            .better(Better::Lower)
            .source(ARTICLE)
            .reading(
                "The revenue at the end of customers that may leave or spend less. It is the most that is at stake \
                 and not the loss to expect: a customer that may only cut back is in it with all of its revenue.",
            )
            .edge_case("A customer at risk whose revenue is not known is missing, so the amount can be too low.")
            .edge_case(
                "Where rated customers are there and none is at risk it is 0; where no row is complete it is \
                 undefined.",
            ),
        share("revenue_at_risk_share", "Share of revenue at risk", either, vec![(1, total("revenue_rated"))])
            .reading(
                "Which part of the rated customers' revenue belongs to those that may leave or spend less. Beside the \
                 shares of customers at risk it tells whether they are the large ones or the small ones.",
            )
            .edge_case(
                "Revenue of customers without a rating is in neither sum, so a base that is half rated can look safer \
                 than it is.",
            )
            .edge_case("Rated customers without any revenue have nothing to take a share of, and it is undefined."),
    ]
}

const ARTICLE: &str = "ServiceXRG, Beyond service metrics, 2";

/// The share of rated customers at a risk: that may leave, or spend less.
///
/// `at_risk / rated`, a fraction from 0 to 1; undefined where nobody is rated.
///
/// # Errors
/// [`crate::Error::InvalidValue`] where the part is above the whole.
///
/// ```
/// use svcmetrics::formulas::risk_share;
/// assert_eq!(risk_share(1, 5)?.value(), Some(0.2));
/// assert!(!risk_share(0, 0)?.is_defined());
/// # Ok::<(), svcmetrics::Error>(())
/// ```
pub fn risk_share(at_risk: u64, rated: u64) -> Result<Figure> {
    proportion("at_risk", at_risk, rated)
}

/// The share of rated customers' revenue that belongs to those at risk.
///
/// `at_risk / rated`, a fraction from 0 to 1; undefined where rated customers have no revenue.
///
/// # Errors
/// [`crate::Error::InvalidValue`] for a negative amount or a part above its whole, [`crate::Error::Inexact`] for more than six
/// decimal places.
///
/// ```
/// use svcmetrics::formulas::revenue_at_risk_share;
/// assert_eq!(revenue_at_risk_share(30, 120)?.value(), Some(0.25));
/// assert!(!revenue_at_risk_share(0, 0)?.is_defined());
/// # Ok::<(), svcmetrics::Error>(())
/// ```
pub fn revenue_at_risk_share(at_risk: impl Into<Decimal>, rated: impl Into<Decimal>) -> Result<Figure> {
    share_of_amounts("at_risk", at_risk, "rated", rated)
}
