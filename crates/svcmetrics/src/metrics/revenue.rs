//! Recurring revenue: what a period started with, what moved, what it ended with.

use super::columns::{LOSS_AVOIDABLE, LOSS_REASON, REVENUE_END, REVENUE_START};
use super::{EIGHT_METRICS, amount, invalid, money_ratio};
use crate::condition::{Comparison, Condition};
use crate::error::{Error, Result};
use crate::expression::Expression;
use crate::figure::{Figure, Total, Unit, Value};
use crate::measure::{Measure, Scope, Time};
use crate::metric::{Better, Combination, Metric};
use rust_decimal::Decimal;

const RATE_ARTICLE: &str = "ServiceXRG, Recurring Revenue Rate";
const NET_ARTICLE: &str = "ServiceXRG, How to measure Net Recurring Revenue";

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
            .source(format!("{EIGHT_METRICS}, 8")),
        Metric::ratio("recurring_revenue_rate", "Recurring revenue rate", one(&end), one(&start))
            .better(Better::Higher)
            .source(RATE_ARTICLE),
        money("revenue_start", "Revenue at the start", one(&start), Better::Neither),
        money("revenue_end", "Revenue at the end", one(&end), Better::Higher),
        money("revenue_new", "New revenue", one(&new), Better::Higher),
        money("revenue_expansion", "Expansion", one(&expansion), Better::Higher),
        money("revenue_contraction", "Contraction", one(&contraction), Better::Lower),
        money("revenue_churn", "Churned revenue", one(&churn), Better::Lower),
        money("revenue_added", "Revenue added", added.clone(), Better::Higher),
        money("revenue_lost", "Revenue lost", lost.clone(), Better::Lower),
        Metric::ratio("net_revenue_retention", "Net revenue retention", net, one(&start))
            .better(Better::Higher)
            .source(RATE_ARTICLE),
        Metric::share("gross_revenue_retention", "Gross revenue retention", gross, one(&start))
            .better(Better::Higher)
            .source(RATE_ARTICLE),
        Metric::ratio("revenue_growth_rate", "Revenue growth", change, one(&start))
            .better(Better::Higher)
            .source(NET_ARTICLE),
        part("new_share_of_growth", "New customers' share of growth", one(&new), &added),
        part("expansion_share_of_growth", "Expansion's share of growth", one(&expansion), &added),
        part("churn_share_of_loss", "Churn's share of loss", one(&churn), &lost),
        part("contraction_share_of_loss", "Contraction's share of loss", one(&contraction), &lost),
        part("avoidable_loss_share", "Avoidable loss", vec![(1, avoidable)], &vec![(1, with_reason)])
            .better(Better::Lower),
        Metric::difference("renewal_gap", "Renewal gap", "recurring_revenue_rate", "contract_renewal_rate")
            .source(RATE_ARTICLE),
    ]
}

fn change(micros: i128) -> Figure {
    Figure { unit: Unit::Money, value: Value::Amount(Total::new(micros, true)) }
}

/// One period's recurring revenue: what it started with, and its movements, each 0 or more. All figures are exact.
///
/// ```
/// use svcmetrics::RecurringRevenue;
/// let quarter = RecurringRevenue {
///     start: 100.into(),
///     new: 45.into(),
///     expansion: 5.into(),
///     contraction: 5.into(),
///     churn: 25.into(),
///     ..Default::default()
/// };
/// assert_eq!(quarter.end()?.to_string(), "120");
/// assert_eq!(quarter.recurring_revenue_rate()?.value(), Some(1.2));
/// assert_eq!(quarter.net_revenue_retention()?.value(), Some(0.75));
/// assert_eq!(quarter.gross_revenue_retention()?.value(), Some(0.7));
/// assert_eq!(quarter.revenue_growth_rate()?.value(), Some(0.2));
/// # Ok::<(), svcmetrics::Error>(())
/// ```
///
/// # Example: more was lost than was there
///
/// ```
/// use svcmetrics::RecurringRevenue;
/// let quarter = RecurringRevenue { start: 100.into(), contraction: 80.into(), churn: 25.into(), ..Default::default() };
/// assert_eq!(quarter.end().unwrap_err().kind(), "invalid_value");
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(try_from = "Movements", into = "Movements"))]
pub struct RecurringRevenue {
    /// Revenue at the start.
    pub start: Decimal,
    /// Of customers that never had any before.
    pub new: Decimal,
    /// Of customers that came back.
    pub reactivation: Decimal,
    /// What customers that stayed pay more.
    pub expansion: Decimal,
    /// What customers that stayed pay less.
    pub contraction: Decimal,
    /// Of customers that left.
    pub churn: Decimal,
}

/// What is stored: decimals as text, unchecked.
#[cfg(feature = "serde")]
#[derive(serde::Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct Movements {
    start: String,
    new: String,
    reactivation: String,
    expansion: String,
    contraction: String,
    churn: String,
}

#[cfg(feature = "serde")]
impl TryFrom<Movements> for RecurringRevenue {
    type Error = Error;

    fn try_from(stored: Movements) -> Result<Self> {
        use crate::money::number;
        let revenue = Self {
            start: number("start", &stored.start)?,
            new: number("new", &stored.new)?,
            reactivation: number("reactivation", &stored.reactivation)?,
            expansion: number("expansion", &stored.expansion)?,
            contraction: number("contraction", &stored.contraction)?,
            churn: number("churn", &stored.churn)?,
        };
        revenue.micros().map(|_| revenue)
    }
}

#[cfg(feature = "serde")]
impl From<RecurringRevenue> for Movements {
    fn from(revenue: RecurringRevenue) -> Self {
        Self {
            start: revenue.start.to_string(),
            new: revenue.new.to_string(),
            reactivation: revenue.reactivation.to_string(),
            expansion: revenue.expansion.to_string(),
            contraction: revenue.contraction.to_string(),
            churn: revenue.churn.to_string(),
        }
    }
}

/// The checked amounts in micro-units.
struct Micros {
    start: i128,
    new: i128,
    expansion: i128,
    added: i128,
    contraction: i128,
    churn: i128,
    lost: i128,
}

impl RecurringRevenue {
    fn micros(&self) -> Result<Micros> {
        let start = amount("start", self.start)?;
        let new = amount("new", self.new)?;
        let expansion = amount("expansion", self.expansion)?;
        let added = new + amount("reactivation", self.reactivation)? + expansion;
        let contraction = amount("contraction", self.contraction)?;
        let churn = amount("churn", self.churn)?;
        let lost = contraction + churn;
        if lost > start {
            let expected = format!("at most the start, {}", Total::new(start, true));
            return Err(invalid("contraction + churn", Total::new(lost, true), expected));
        }
        Ok(Micros { start, new, expansion, added, contraction, churn, lost })
    }

    /// Revenue at the end: start + new + reactivation + expansion - contraction - churn.
    ///
    /// # Errors
    /// [`Error::InvalidValue`] for a negative amount, or contraction and churn above the start; [`Error::Inexact`] for more
    /// than six decimal places; as all the other methods.
    pub fn end(&self) -> Result<Decimal> {
        let m = self.micros()?;
        let overflow = Error::Overflow { measure: "revenue_end".into(), group: String::new(), limit: "96 bits" };
        Total::new(m.start + m.added - m.lost, true).to_decimal().ok_or(overflow)
    }

    /// Revenue added less revenue lost.
    ///
    /// # Errors
    /// As [`RecurringRevenue::end`].
    pub fn net_recurring_revenue(&self) -> Result<Figure> {
        self.micros().map(|m| change(m.added - m.lost))
    }

    /// Revenue at the end / at the start; may exceed 1; undefined without a start.
    ///
    /// # Errors
    /// As [`RecurringRevenue::end`].
    pub fn recurring_revenue_rate(&self) -> Result<Figure> {
        self.micros().map(|m| money_ratio(m.start + m.added - m.lost, m.start))
    }

    /// (start + expansion - contraction - churn) / start: what finance calls NRR; undefined without a start.
    ///
    /// # Errors
    /// As [`RecurringRevenue::end`].
    pub fn net_revenue_retention(&self) -> Result<Figure> {
        self.micros().map(|m| money_ratio(m.start + m.expansion - m.lost, m.start))
    }

    /// (start - contraction - churn) / start, from 0 to 1; undefined without a start.
    ///
    /// # Errors
    /// As [`RecurringRevenue::end`].
    pub fn gross_revenue_retention(&self) -> Result<Figure> {
        self.micros().map(|m| money_ratio(m.start - m.lost, m.start))
    }

    /// (added - lost) / start; may be negative; undefined without a start.
    ///
    /// # Errors
    /// As [`RecurringRevenue::end`].
    pub fn revenue_growth_rate(&self) -> Result<Figure> {
        self.micros().map(|m| money_ratio(m.added - m.lost, m.start))
    }

    /// New revenue / revenue added; undefined where nothing was added.
    ///
    /// # Errors
    /// As [`RecurringRevenue::end`].
    pub fn new_share_of_growth(&self) -> Result<Figure> {
        self.micros().map(|m| money_ratio(m.new, m.added))
    }

    /// Expansion / revenue added; undefined where nothing was added.
    ///
    /// # Errors
    /// As [`RecurringRevenue::end`].
    pub fn expansion_share_of_growth(&self) -> Result<Figure> {
        self.micros().map(|m| money_ratio(m.expansion, m.added))
    }

    /// Revenue of those that came back / revenue added; undefined where nothing was added.
    ///
    /// # Errors
    /// As [`RecurringRevenue::end`].
    pub fn reactivation_share_of_growth(&self) -> Result<Figure> {
        self.micros().map(|m| money_ratio(m.added - m.new - m.expansion, m.added))
    }

    /// Churn / revenue lost; undefined where nothing was lost.
    ///
    /// # Errors
    /// As [`RecurringRevenue::end`].
    pub fn churn_share_of_loss(&self) -> Result<Figure> {
        self.micros().map(|m| money_ratio(m.churn, m.lost))
    }

    /// Contraction / revenue lost; undefined where nothing was lost.
    ///
    /// # Errors
    /// As [`RecurringRevenue::end`].
    pub fn contraction_share_of_loss(&self) -> Result<Figure> {
        self.micros().map(|m| money_ratio(m.contraction, m.lost))
    }
}

/// Revenue added less revenue lost.
///
/// # Errors
/// [`Error::InvalidValue`] for a negative amount, [`Error::Inexact`] for more than six decimal places.
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
/// [`Error::InvalidValue`] for a negative amount, [`Error::Inexact`] for more than six decimal places.
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
/// [`Error::InvalidValue`] for a negative amount or a loss above the start, [`Error::Inexact`] for more than six decimal places.
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
