//! One period's recurring revenue on plain numbers.

use crate::error::{Error, Result};
use crate::figure::{Figure, Total, Unit, Value};
use crate::metrics::{amount, invalid, money_ratio, share_of_amounts};
#[cfg(feature = "serde")]
use crate::money::number;
use rust_decimal::Decimal;

pub(super) fn change(micros: i128) -> Figure {
    Figure::new(Unit::Money, Value::Amount(Total::new(micros, true)))
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

/// The share of the revenue lost that could have been kept.
///
/// `avoidable / lost`, a fraction from 0 to 1; undefined where nothing was lost.
///
/// # Errors
/// [`crate::Error::InvalidValue`] for a negative amount or a part above its whole, [`crate::Error::Inexact`] for more than six
/// decimal places.
///
/// ```
/// use svcmetrics::formulas::avoidable_loss_share;
/// assert_eq!(avoidable_loss_share(25, 100)?.value(), Some(0.25));
/// assert!(!avoidable_loss_share(0, 0)?.is_defined());
/// # Ok::<(), svcmetrics::Error>(())
/// ```
pub fn avoidable_loss_share(avoidable: impl Into<Decimal>, lost: impl Into<Decimal>) -> Result<Figure> {
    share_of_amounts("avoidable", avoidable, "lost", lost)
}

/// The share of the revenue added that is new customers'.
///
/// `new / added`, a fraction from 0 to 1; undefined where nothing was added.
///
/// # Errors
/// As [`avoidable_loss_share`].
///
/// ```
/// use svcmetrics::formulas::new_share_of_growth;
/// assert_eq!(new_share_of_growth(45, 50)?.value(), Some(45.0 / 50.0));
/// assert!(!new_share_of_growth(0, 0)?.is_defined());
/// # Ok::<(), svcmetrics::Error>(())
/// ```
pub fn new_share_of_growth(new: impl Into<Decimal>, added: impl Into<Decimal>) -> Result<Figure> {
    share_of_amounts("new", new, "added", added)
}

/// The share of the revenue added that customers who stayed pay more.
///
/// `expansion / added`, a fraction from 0 to 1; undefined where nothing was added.
///
/// # Errors
/// As [`avoidable_loss_share`].
///
/// ```
/// use svcmetrics::formulas::expansion_share_of_growth;
/// assert_eq!(expansion_share_of_growth(5, 50)?.value(), Some(5.0 / 50.0));
/// assert!(!expansion_share_of_growth(0, 0)?.is_defined());
/// # Ok::<(), svcmetrics::Error>(())
/// ```
pub fn expansion_share_of_growth(expansion: impl Into<Decimal>, added: impl Into<Decimal>) -> Result<Figure> {
    share_of_amounts("expansion", expansion, "added", added)
}

/// The share of the revenue added that is of customers who came back.
///
/// `reactivation / added`, a fraction from 0 to 1; undefined where nothing was added.
///
/// # Errors
/// As [`avoidable_loss_share`].
///
/// ```
/// use svcmetrics::formulas::reactivation_share_of_growth;
/// assert_eq!(reactivation_share_of_growth(10, 50)?.value(), Some(10.0 / 50.0));
/// assert!(!reactivation_share_of_growth(0, 0)?.is_defined());
/// # Ok::<(), svcmetrics::Error>(())
/// ```
pub fn reactivation_share_of_growth(reactivation: impl Into<Decimal>, added: impl Into<Decimal>) -> Result<Figure> {
    share_of_amounts("reactivation", reactivation, "added", added)
}

/// The share of the revenue lost that is customers' who left.
///
/// `churn / lost`, a fraction from 0 to 1; undefined where nothing was lost.
///
/// # Errors
/// As [`avoidable_loss_share`].
///
/// ```
/// use svcmetrics::formulas::churn_share_of_loss;
/// assert_eq!(churn_share_of_loss(25, 30)?.value(), Some(25.0 / 30.0));
/// assert!(!churn_share_of_loss(0, 0)?.is_defined());
/// # Ok::<(), svcmetrics::Error>(())
/// ```
pub fn churn_share_of_loss(churn: impl Into<Decimal>, lost: impl Into<Decimal>) -> Result<Figure> {
    share_of_amounts("churn", churn, "lost", lost)
}

/// The share of the revenue lost that customers who stayed pay less.
///
/// `contraction / lost`, a fraction from 0 to 1; undefined where nothing was lost.
///
/// # Errors
/// As [`avoidable_loss_share`].
///
/// ```
/// use svcmetrics::formulas::contraction_share_of_loss;
/// assert_eq!(contraction_share_of_loss(5, 30)?.value(), Some(5.0 / 30.0));
/// assert!(!contraction_share_of_loss(0, 0)?.is_defined());
/// # Ok::<(), svcmetrics::Error>(())
/// ```
pub fn contraction_share_of_loss(contraction: impl Into<Decimal>, lost: impl Into<Decimal>) -> Result<Figure> {
    share_of_amounts("contraction", contraction, "lost", lost)
}
