//! Success: do customers reach what they set out for?

use super::columns::{BENEFIT, GOALS_MET, GOALS_TOTAL, IMPACT, INVESTMENT, REACHED_GOAL};
use super::{EIGHT_METRICS, amount, money_ratio, proportion, share, signed_amount};
use crate::condition::{Comparison, Condition};
use crate::error::Result;
use crate::figure::{Figure, Total, Unit};
use crate::measure::{Measure, Scope, Time};
use crate::metric::{Better, Metric};
use rust_decimal::Decimal;

const ARTICLE: &str = "ServiceXRG, Three critical metrics";

#[allow(clippy::too_many_lines)] // most of them are what people read
pub(super) fn metrics() -> Vec<Metric> {
    let stated = Scope::new("stated_goals").reads([REACHED_GOAL]);
    let reached = Measure::count("customers_at_goal", &stated, Time::Stock).only(Condition::IsTrue(REACHED_GOAL));
    let with_goals = Measure::count("customers_with_goal", &stated, Time::Stock);

    let plan =
        Scope::new("plan_goals").reads([GOALS_MET, GOALS_TOTAL]).rule(Condition::at_most(GOALS_MET, GOALS_TOTAL));
    let with_plan =
        Scope { id: "customers_with_plan_goals".into(), ..plan.clone() }.among(Condition::positive(GOALS_TOTAL));
    let all_met = Measure::count("customers_with_plan_met", &with_plan, Time::Stock).only(Condition::compare(
        GOALS_MET,
        Comparison::Equal,
        GOALS_TOTAL,
    ));
    let planned = Measure::count("customers_with_plan", &with_plan, Time::Stock);

    let met = Measure::total("goals_met", &plan, GOALS_MET.into(), Time::Stock);
    let total = Measure::total("goals_total", &plan, GOALS_TOTAL.into(), Time::Stock);

    let returns = Scope::new("returns").reads([BENEFIT, INVESTMENT]);
    let benefit = Measure::total("benefit", &returns, BENEFIT.into(), Time::Stock);
    let investment = Measure::total("investment", &returns, INVESTMENT.into(), Time::Stock);

    let rated = Scope::new("impact").reads([IMPACT]);
    let customers = Measure::count("customers_with_impact", &rated, Time::Stock);
    let impact = |id: &'static str, measure: &'static str, title: &'static str, word: &'static str, better| {
        let count = Measure::count(measure, &rated, Time::Stock).only(Condition::Is(IMPACT, word.into()));
        Metric::share(id, title, vec![(1, count)], vec![(1, customers.clone())]).better(better).source(ARTICLE)
    };
    vec![
        Metric::share("success_rate", "Success", vec![(1, reached)], vec![(1, with_goals)])
            .otherwise(vec![(1, all_met)], vec![(1, planned)])
            .better(Better::Higher)
            .source(format!("{EIGHT_METRICS}, 3"))
            .reading(
                "The share of customers with goals that reached what they set out for with the product. It is the \
                 customer's own measure of value, so agree on the goals in writing beforehand, or it measures \
                 optimism. All customers count alike, whatever they pay.",
            )
            .edge_case(
                "A customer without goals should have a null in `reached_goal`; a false would count it as a failure.",
            )
            .edge_case(
                "Where the table lacks `reached_goal`, a customer succeeds when all goals of its plan are met, and \
                 one with a plan of 0 goals is outside.",
            )
            .edge_case(
                "Which of the two formulas is used is decided once for a table, never row by row, and parts computed \
                 by different ones do not merge.",
            ),
        Metric::share("plan_realization", "Plan realization", vec![(1, met)], vec![(1, total)])
            .better(Better::Higher)
            .source(ARTICLE)
            .reading(
                "How much of what the success plans promise has been achieved: goals met of all goals set. It rewards \
                 partial progress, where `success_rate` asks for everything. Early in the life of a plan a low value \
                 is normal, so compare plans of the same age.",
            )
            .edge_case("A plan with many goals weighs more than a plan with few.")
            .edge_case("A customer with a plan of 0 goals is counted and changes neither sum.")
            .edge_case("More goals met than planned is invalid: a goal that was added belongs into the plan first."),
        Metric::ratio(
            "roi",
            "Return on investment",
            vec![(1, benefit), (-1, investment.clone())],
            vec![(1, investment)],
        )
        .better(Better::Higher)
        .source(ARTICLE)
        .reading(
            "What customers gained by the product beyond what they put in, for each unit they put in: 0.5 means \
                 that 100 brought back 150. Below 0 the investment has not paid for itself yet. The benefit is mostly \
                 an estimate, so small differences mean little.",
        )
        .edge_case("A benefit may be negative, where the product did harm; a negative investment is invalid.")
        .edge_case(
            "A customer that gained without investing has no return of its own, but its benefit still raises that \
                 of its group.",
        )
        .edge_case("A group that invested nothing is undefined, and not infinitely profitable."),
        impact("positive_impact_share", "positive_impact", "Positive impact", "positive", Better::Higher)
            .reading(
                "The share of rated customers on whose business the product has a good effect. They are the ones to \
                 ask for a reference and to offer more to. A high share of few ratings proves little, so look at how \
                 many customers were rated.",
            )
            .edge_case("A customer whose impact nobody has stated is missing, and makes no share smaller.")
            .edge_case("Any word but `positive`, `neutral` and `negative` is invalid, however it is meant."),
        impact("neutral_impact_share", "neutral_impact", "Neutral impact", "neutral", Better::Neither)
            .reading(
                "The share of rated customers who see no clear effect either way. They do not complain, and they do \
                 not defend the product when budgets are cut, so a large share is a quiet risk.",
            )
            .edge_case(
                "The shares of the three impacts add up to 1, so this one can shrink because customers got better or \
                 because they got worse.",
            )
            .edge_case("`neutral` is somebody's answer; a customer that was never asked belongs to the nulls instead."),
        impact("negative_impact_share", "negative_impact", "Negative impact", "negative", Better::Lower)
            .reading(
                "The share of rated customers for whom the product does nothing or does harm. The answer \"none or \
                 negative\" of a survey belongs here, so the circle is wider than that of open complaints. Each of \
                 them is worth a conversation before the renewal.",
            )
            .edge_case("If no customer is rated it is undefined, which must not be read as nobody being unhappy.")
            .edge_case(
                "Of few rated customers a single unhappy one makes a large share: name it instead of quoting the \
                 percentage.",
            ),
    ]
}

/// The share of customers with goals that reached them.
///
/// `reached / with_goals`, a fraction from 0 to 1; undefined where no customer has goals.
///
/// # Errors
/// [`crate::Error::InvalidValue`] where more reached their goals than have any.
///
/// ```
/// use svcmetrics::formulas::success_rate;
/// assert_eq!(success_rate(63, 100)?.to_string(), "63.0 %");
/// assert!(!success_rate(0, 0)?.is_defined());
/// # Ok::<(), svcmetrics::Error>(())
/// ```
pub fn success_rate(reached: u64, with_goals: u64) -> Result<Figure> {
    proportion("reached", reached, with_goals)
}

/// The share of the success plans' goals that are met.
///
/// `met / total`, a fraction from 0 to 1; undefined where no goals were set.
///
/// # Errors
/// [`crate::Error::InvalidValue`] where more are met than were set.
///
/// ```
/// use svcmetrics::formulas::plan_realization;
/// assert_eq!(plan_realization(1, 2)?.value(), Some(0.5));
/// assert!(plan_realization(3, 2).is_err());
/// # Ok::<(), svcmetrics::Error>(())
/// ```
pub fn plan_realization(met: u64, total: u64) -> Result<Figure> {
    share("met", met, total)
}

/// What a customer gained for each unit invested.
///
/// `(benefit - investment) / investment`; negative where the benefit is below the investment; undefined without one.
///
/// # Errors
/// [`crate::Error::InvalidValue`] for a negative investment, [`crate::Error::Inexact`] for more than six decimal places.
///
/// ```
/// use svcmetrics::formulas::roi;
/// assert_eq!(roi(150, 100)?.value(), Some(0.5));
/// assert_eq!(roi(-50, 100)?.value(), Some(-1.5));
/// assert!(!roi(50, 0)?.is_defined());
/// # Ok::<(), svcmetrics::Error>(())
/// ```
pub fn roi(benefit: impl Into<Decimal>, investment: impl Into<Decimal>) -> Result<Figure> {
    let (benefit, investment) = (signed_amount("benefit", benefit)?, amount("investment", investment)?);
    Ok(money_ratio(benefit - investment, investment))
}

/// The years after which a yearly benefit has paid for its investment.
///
/// `investment / yearly_benefit`, a number of 0 or more; undefined where there is no benefit, which never pays.
///
/// # Errors
/// [`crate::Error::InvalidValue`] for a negative investment, or a negative benefit: a yearly loss does not pay back;
/// [`crate::Error::Inexact`] for more than six decimal places.
///
/// ```
/// use svcmetrics::formulas::payback_years;
/// assert_eq!(payback_years(100, 40)?.value(), Some(2.5));
/// assert!(!payback_years(100, 0)?.is_defined());
/// # Ok::<(), svcmetrics::Error>(())
/// ```
pub fn payback_years(investment: impl Into<Decimal>, yearly_benefit: impl Into<Decimal>) -> Result<Figure> {
    let (investment, benefit) = (amount("investment", investment)?, amount("yearly_benefit", yearly_benefit)?);
    Ok(Figure::quotient(Unit::Number, Total::new(investment, true), Total::new(benefit, true)))
}

/// The share of the customers with a stated impact that state one kind of it.
///
/// `count / total`, a fraction from 0 to 1; undefined where nobody states one.
///
/// # Errors
/// [`crate::Error::InvalidValue`] where the count is above the total.
///
/// ```
/// use svcmetrics::formulas::impact_share;
/// assert_eq!(impact_share(3, 4)?.value(), Some(0.75));
/// assert!(!impact_share(0, 0)?.is_defined());
/// # Ok::<(), svcmetrics::Error>(())
/// ```
pub fn impact_share(count: u64, total: u64) -> Result<Figure> {
    proportion("count", count, total)
}
