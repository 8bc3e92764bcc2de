//! Recurring revenue: what a period started with, what moved, what it ended with.

mod movements;

use super::columns::{LOSS_AVOIDABLE, LOSS_REASON, REVENUE_END, REVENUE_START};
use super::{EIGHT_METRICS, amount, invalid, money_ratio};
use crate::condition::{Comparison, Condition};
use crate::error::Result;
use crate::expression::Expression;
use crate::figure::{Figure, Total, Unit};
use crate::measure::{Measure, Scope, Time};
use crate::metric::{Better, Combination, Metric};
use movements::change;
pub use movements::{
    RecurringRevenue, avoidable_loss_share, churn_share_of_loss, contraction_share_of_loss, expansion_share_of_growth,
    new_share_of_growth, reactivation_share_of_growth,
};
use rust_decimal::Decimal;

const RATE_ARTICLE: &str = "ServiceXRG, Recurring Revenue Rate";
const NET_ARTICLE: &str = "ServiceXRG, How to measure Net Recurring Revenue";

#[allow(clippy::too_many_lines)] // most of them are what people read
pub(super) fn metrics() -> Vec<Metric> {
    let zero = || Expression::constant(0);
    let gained = || Expression::from(REVENUE_END).minus(REVENUE_START);
    let lost_amount = || Expression::from(REVENUE_START).minus(REVENUE_END);
    let scope = Scope::new("revenue").reads([REVENUE_START, REVENUE_END]);
    let flow = |id, sum, only| Measure::total(id, &scope, sum, Time::Flow).only(only);
    let none_at_start = Condition::compare(REVENUE_START, Comparison::Equal, zero());
    let none_at_end = Condition::compare(REVENUE_END, Comparison::Equal, zero());
    let more = Condition::compare(REVENUE_END, Comparison::More, REVENUE_START);
    let less = Condition::compare(REVENUE_START, Comparison::More, REVENUE_END);

    let start = Measure::total("revenue_start", &scope, REVENUE_START.into(), Time::Stock);
    let end = Measure::total("revenue_end", &scope, REVENUE_END.into(), Time::Stock);
    let new = flow("revenue_new", REVENUE_END.into(), none_at_start.and(Condition::positive(REVENUE_END)));
    let expansion = flow("revenue_expansion", gained(), Condition::positive(REVENUE_START).and(more));
    let contraction = flow("revenue_contraction", lost_amount(), Condition::positive(REVENUE_END).and(less.clone()));
    let churn = flow("revenue_churn", REVENUE_START.into(), Condition::positive(REVENUE_START).and(none_at_end));

    let one = |measure: &Measure| vec![(1, measure.clone())];
    let sum = |terms: &[(i32, &Measure)]| -> Combination { terms.iter().map(|(c, m)| (*c, (*m).clone())).collect() };
    let added = sum(&[(1, &new), (1, &expansion)]);
    let lost = sum(&[(1, &churn), (1, &contraction)]);
    let change = sum(&[(1, &new), (1, &expansion), (-1, &contraction), (-1, &churn)]);
    let net = sum(&[(1, &start), (1, &expansion), (-1, &contraction), (-1, &churn)]);
    let gross = sum(&[(1, &start), (-1, &contraction), (-1, &churn)]);
    let money =
        |id, title, terms, better| Metric::amount(id, title, Unit::Money, terms).better(better).source(NET_ARTICLE);
    let part = |id, title, numerator, denominator: &Combination| {
        Metric::share(id, title, numerator, denominator.clone()).source(NET_ARTICLE)
    };

    let reasons = Scope::new("losses_with_reason").among(less.and(Condition::Present(LOSS_REASON))).reads([
        LOSS_AVOIDABLE,
        REVENUE_START,
        REVENUE_END,
    ]);
    let with_reason = Measure::total("loss_with_reason", &reasons, lost_amount(), Time::Flow);
    let avoidable =
        Measure::total("loss_avoidable", &reasons, lost_amount(), Time::Flow).only(Condition::IsTrue(LOSS_AVOIDABLE));

    vec![
        money("net_recurring_revenue", "Net recurring revenue", change.clone(), Better::Higher)
            .source(format!("{EIGHT_METRICS}, 8"))
            .reading(
                "By how much recurring revenue grew or shrank in the period: what was added less what was lost. The \
                 articles give the name to the amount at the end, which is `revenue_end` here; this is the change. A \
                 small sum can be calm or the difference of two large movements, so look at `revenue_added` and \
                 `revenue_lost` as well.",
            )
            .edge_case("It is negative where more was lost than added.")
            .edge_case("It equals revenue at the end less revenue at the start, exactly, in every group.")
            .edge_case("Changes add up over time, so months roll up to the quarter and the year."),
        Metric::ratio("recurring_revenue_rate", "Recurring revenue rate", one(&end), one(&start))
            .better(Better::Higher)
            .source(RATE_ARTICLE)
            .reading(
                "Revenue at the end for each unit of revenue at the start, new customers included. Above 1 the \
                 business grew; but new customers can hide that old ones leave, and `net_revenue_retention` shows \
                 whether they do.",
            )
            .edge_case("The first period of a business starts with no revenue and has no rate.")
            .edge_case(
                "Rates of successive periods multiply and do not add, so a year is computed from its own start and \
                 end.",
            ),
        money("revenue_start", "Revenue at the start", one(&start), Better::Neither)
            .reading(
                "The recurring revenue with which the period began: the base of every rate of revenue. It is neither \
                 good nor bad. Check that it equals the revenue at the end of the period before, since a difference \
                 there spoils everything that is built on it.",
            )
            .edge_case("With `absent_revenue=\"zero\"` a customer that was not there yet starts with 0.")
            .edge_case(
                "A customer that is missing for its revenue at the end is missing here too, so that it goes with the \
                 movements; it can be lower than the plain sum of its column.",
            ),
        money("revenue_end", "Revenue at the end", one(&end), Better::Higher)
            .reading(
                "The recurring revenue with which the period closed: the start with all that was won and lost since. \
                 One-time purchases and licence fees do not belong in it, or they will look like churn in the next \
                 period.",
            )
            .edge_case(
                "The ends of several months are never added up: rolled up over time it is undefined, rather than \
                 twelve times too large.",
            )
            .edge_case(
                "With `absent_revenue=\"missing\"` a customer whose start is unknown is missing here as well, even \
                 though its end is known.",
            ),
        money("revenue_new", "New revenue", one(&new), Better::Higher)
            .reading(
                "Recurring revenue at the end of customers that had none at the start: what was newly won. A table of \
                 two dates knows nothing of the time before, so a customer that came back after a pause looks new in \
                 it.",
            )
            .edge_case(
                "The whole amount at the end is new, also where the customer bought little at first and more within \
                 the period.",
            )
            .edge_case("A customer both won and lost within the period leaves no trace.")
            .edge_case("Complete rows without a single new customer make it 0, not undefined."),
        money("revenue_expansion", "Expansion", one(&expansion), Better::Higher)
            .reading(
                "What customers that already paid at the start pay more at the end: more seats, higher levels, higher \
                 prices. It does not say which of these, and a general price rise looks like growing customers.",
            )
            .edge_case("Only a customer with revenue at the start can expand; first revenue is new.")
            .edge_case(
                "An upgrade and a cut of the same customer within the period are netted, and only the difference \
                 shows.",
            ),
        money("revenue_contraction", "Contraction", one(&contraction), Better::Lower)
            .reading(
                "What customers that stayed pay less at the end than at the start. It is often the step before \
                 leaving, so these customers deserve a call even where the amounts are small.",
            )
            .edge_case("A fall to exactly 0 is churn and no contraction.")
            .edge_case("It is given as a positive amount, although it lowers revenue."),
        money("revenue_churn", "Churned revenue", one(&churn), Better::Lower)
            .reading(
                "The revenue at the start of customers that pay nothing at the end. Customers weigh as much as they \
                 paid, so one large loss can exceed a hundred small ones; `customer_churn_rate` counts them alike.",
            )
            .edge_case("A customer that falls to next to nothing has not churned, but contracted.")
            .edge_case("Its amount is what the customer paid at the start, even if it bought more before it left.")
            .edge_case(
                "With `absent_revenue=\"missing\"` customers that an outer join left without an end drop out of it, \
                 and it will be too low.",
            ),
        money("revenue_added", "Revenue added", added.clone(), Better::Higher)
            .reading(
                "All recurring revenue gained in the period, by new customers and by those that pay more. The two \
                 call for different work, so go on to `new_share_of_growth` and `expansion_share_of_growth`.",
            )
            .edge_case("It is never negative, and says nothing of what was lost meanwhile.")
            .edge_case(
                "A table of customers has no history, so revenue of those that came back is part of what is new.",
            ),
        money("revenue_lost", "Revenue lost", lost.clone(), Better::Lower)
            .reading(
                "All recurring revenue lost in the period, by customers that left and by those that pay less. Before \
                 deciding what to do, split it by `churn_share_of_loss`, and by reason.",
            )
            .edge_case("New business does not lower it, however good the period was.")
            .edge_case("In a period without losses it is 0, while the shares of the loss have no value."),
        Metric::ratio("net_revenue_retention", "Net revenue retention", net, one(&start))
            .better(Better::Higher)
            .source(RATE_ARTICLE)
            .reading(
                "What is left of the revenue at the start with expansion included and new customers left out: what \
                 finance calls NRR. Above 1 existing customers alone make the business grow. A few large upgrades can \
                 cover many departures, so read it with `gross_revenue_retention`.",
            )
            .edge_case("Customers without revenue at the start change nothing in it, be they new or back again.")
            .edge_case("It cannot fall below 0, and has no upper limit.")
            .edge_case(
                "Where nobody paid at the start there is nothing to retain, and it is undefined, however much was \
                 won.",
            ),
        Metric::share("gross_revenue_retention", "Gross revenue retention", gross, one(&start))
            .better(Better::Higher)
            .source(RATE_ARTICLE)
            .reading(
                "What is left of the revenue at the start after churn and contraction, with no credit for expansion. \
                 It is the plainest measure of how well the base holds, and cannot exceed 1.",
            )
            .edge_case(
                "One customer's growth does not make up for another's cut, since each customer is capped at what it \
                 paid at the start.",
            )
            .edge_case("A base that began with no revenue cannot lose any, so the share is undefined.")
            .edge_case(
                "Those who leave and those who cut back weigh in alike, unit for unit; `churn_share_of_loss` \
                 separates them.",
            ),
        Metric::ratio("revenue_growth_rate", "Revenue growth", change, one(&start))
            .better(Better::Higher)
            .source(NET_ARTICLE)
            .reading(
                "The change of recurring revenue for each unit at the start, new customers included: 0.2 is growth by \
                 a fifth. It is `recurring_revenue_rate` less 1. A high rate on a small base says little of the next \
                 period.",
            )
            .edge_case("It is negative while the business shrinks, and never below -1.")
            .edge_case("Growth from nothing has no rate, be it ever so large in money."),
        part("new_share_of_growth", "New customers' share of growth", one(&new), &added)
            .reading(
                "Which part of the revenue added came from new customers. A high share means that growth depends on \
                 finding ever more of them, a low one that it comes from those already there; which is wanted depends \
                 on the age of the business.",
            )
            .edge_case("It is a part of the gains only, and losses play no part in it.")
            .edge_case("If nothing was added it is undefined, also where revenue fell."),
        part("expansion_share_of_growth", "Expansion's share of growth", one(&expansion), &added)
            .reading(
                "Which part of the revenue added came from customers that already paid. It shows what work with \
                 existing customers brings in, though a general price rise shows in it as well.",
            )
            .edge_case(
                "In a table of customers it is 1 less `new_share_of_growth`; a ledger also knows customers that came \
                 back.",
            )
            .edge_case(
                "Customers that pay more are not netted against others that pay less, so it can be high in a \
                 shrinking business.",
            ),
        part("churn_share_of_loss", "Churn's share of loss", one(&churn), &lost)
            .reading(
                "Which part of the revenue lost went with customers that left altogether. Near 1 customers leave; \
                 near 0 they stay and spend less, which calls for other remedies.",
            )
            .edge_case("Without any loss it is undefined, which is good news and no gap in the data.")
            .edge_case("It tells nothing of the size of the loss: a tiny one can be churn entirely."),
        part("contraction_share_of_loss", "Contraction's share of loss", one(&contraction), &lost)
            .reading(
                "Which part of the revenue lost comes from customers that stayed and pay less. They can still be \
                 talked to, so this is the part of the loss that can be won back most easily.",
            )
            .edge_case("What is lost is either this or churn, so the two shares add up to 1 wherever there is a loss.")
            .edge_case(
                "A customer that cuts back in one period and leaves in the next appears in both, each time with the \
                 amount of that step.",
            ),
        part("avoidable_loss_share", "Avoidable loss", vec![(1, avoidable)], &vec![(1, with_reason)])
            .better(Better::Lower)
            .reading(
                "Which part of the explained loss could have been avoided, in money. It shows what better service \
                 could have kept, as against customers that closed or were bought. The verdict is a person's, often \
                 of the one whose customer left, so check samples of it.",
            )
            .edge_case(
                "A loss without a `loss_reason` is outside: the share covers only losses that somebody looked into.",
            )
            .edge_case(
                "A loss with a reason and no verdict in `loss_avoidable` is missing, and not taken for unavoidable.",
            )
            .edge_case(
                "Customers that left and customers that pay less are both losses here, each with the amount by which \
                 its revenue fell.",
            ),
        Metric::difference("renewal_gap", "Renewal gap", "recurring_revenue_rate", "contract_renewal_rate")
            .source(RATE_ARTICLE)
            .reading(
                "The recurring revenue rate less the contract renewal rate: do customers renew but spend less? Below \
                 0 contracts are renewed, but for less money; above 0 revenue held up better than renewals explain, \
                 by expansion or by new customers.",
            )
            .edge_case("Its two rates have different bases, revenue and contracts, so it is a hint and no account.")
            .edge_case(
                "Each rate keeps its own complete rows: a customer without data on contracts still counts for \
                 revenue.",
            )
            .edge_case("Where either of its rates is undefined, so is the gap."),
    ]
}

/// Revenue added less revenue lost.
///
/// # Errors
/// [`crate::Error::InvalidValue`] for a negative amount, [`crate::Error::Inexact`] for more than six decimal places.
///
/// ```
/// use svcmetrics::formulas::net_recurring_revenue;
/// assert_eq!(net_recurring_revenue(50, 30)?.value(), Some(20.0));
/// assert!(net_recurring_revenue(-1, 0).is_err());
/// # Ok::<(), svcmetrics::Error>(())
/// ```
pub fn net_recurring_revenue(added: impl Into<Decimal>, lost: impl Into<Decimal>) -> Result<Figure> {
    Ok(change(amount("added", added)? - amount("lost", lost)?))
}

/// Revenue at the end / revenue at the start; may exceed 1; undefined without a start.
///
/// # Errors
/// [`crate::Error::InvalidValue`] for a negative amount, [`crate::Error::Inexact`] for more than six decimal places.
///
/// ```
/// use svcmetrics::formulas::recurring_revenue_rate;
/// assert_eq!(recurring_revenue_rate(100, 120)?.value(), Some(1.2));
/// assert!(!recurring_revenue_rate(0, 120)?.is_defined());
/// # Ok::<(), svcmetrics::Error>(())
/// ```
pub fn recurring_revenue_rate(start: impl Into<Decimal>, end: impl Into<Decimal>) -> Result<Figure> {
    Ok(money_ratio(amount("end", end)?, amount("start", start)?))
}

fn retained(start: Decimal, expansion: Decimal, contraction: Decimal, churn: Decimal) -> RecurringRevenue {
    RecurringRevenue { start, expansion, contraction, churn, ..Default::default() }
}

/// (start + expansion - contraction - churn) / start; undefined without a start.
///
/// # Errors
/// As [`RecurringRevenue::end`].
///
/// ```
/// use svcmetrics::formulas::net_revenue_retention;
/// assert_eq!(net_revenue_retention(100, 5, 5, 25)?.value(), Some(0.75));
/// assert!(!net_revenue_retention(0, 0, 0, 0)?.is_defined());
/// # Ok::<(), svcmetrics::Error>(())
/// ```
pub fn net_revenue_retention(
    start: impl Into<Decimal>,
    expansion: impl Into<Decimal>,
    contraction: impl Into<Decimal>,
    churn: impl Into<Decimal>,
) -> Result<Figure> {
    retained(start.into(), expansion.into(), contraction.into(), churn.into()).net_revenue_retention()
}

/// (start - contraction - churn) / start, from 0 to 1; undefined without a start.
///
/// # Errors
/// As [`RecurringRevenue::end`].
///
/// ```
/// use svcmetrics::formulas::gross_revenue_retention;
/// assert_eq!(gross_revenue_retention(100, 5, 25)?.value(), Some(0.7));
/// assert!(gross_revenue_retention(100, 80, 25).is_err());
/// # Ok::<(), svcmetrics::Error>(())
/// ```
pub fn gross_revenue_retention(
    start: impl Into<Decimal>,
    contraction: impl Into<Decimal>,
    churn: impl Into<Decimal>,
) -> Result<Figure> {
    retained(start.into(), Decimal::ZERO, contraction.into(), churn.into()).gross_revenue_retention()
}

/// (added - lost) / start; may be negative; undefined without a start.
///
/// # Errors
/// [`crate::Error::InvalidValue`] for a negative amount or a loss above the start, [`crate::Error::Inexact`] for more than six decimal places.
///
/// ```
/// use svcmetrics::formulas::revenue_growth_rate;
/// assert_eq!(revenue_growth_rate(100, 50, 30)?.value(), Some(0.2));
/// assert!(!revenue_growth_rate(0, 50, 0)?.is_defined());
/// # Ok::<(), svcmetrics::Error>(())
/// ```
pub fn revenue_growth_rate(
    start: impl Into<Decimal>,
    added: impl Into<Decimal>,
    lost: impl Into<Decimal>,
) -> Result<Figure> {
    let (start, added, lost) = (amount("start", start)?, amount("added", added)?, amount("lost", lost)?);
    if lost > start {
        return Err(invalid("lost", Total::new(lost, true), format!("at most the start, {}", Total::new(start, true))));
    }
    Ok(money_ratio(added - lost, start))
}
