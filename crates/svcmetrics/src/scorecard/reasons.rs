//! Why revenue was lost or gained.

use super::Scorecard;
use crate::breakdown::Breakdown;
use crate::definitions::Chosen;
use crate::error::{Error, Result};
use crate::figure::{Figure, Total, Unit};
use crate::key::Key;
use crate::metric::Form;
use crate::money::divide_half_even;

/// Which movement of revenue has reasons.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(rename_all = "snake_case"))]
pub enum RevenueChange {
    /// Churn and contraction, by `loss_reason`.
    Loss,
    /// New and reactivated revenue and expansion, by `gain_reason`.
    Gain,
}

impl RevenueChange {
    /// The stable lower-case word.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Loss => "loss",
            Self::Gain => "gain",
        }
    }

    /// The column of its reasons.
    pub(crate) const fn column(self) -> &'static str {
        match self {
            Self::Loss => "loss_reason",
            Self::Gain => "gain_reason",
        }
    }
}

/// What was lost or gained in a group for one reason.
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(deny_unknown_fields))]
#[non_exhaustive]
pub struct Reason {
    /// The group.
    pub keys: Vec<Key>,
    /// The reason; null where none was given.
    pub reason: Key,
    /// How much.
    pub amount: Total,
    /// In how many rows, or of how many customers of a ledger.
    #[cfg_attr(feature = "serde", serde(with = "crate::totals::as_text"))]
    pub customers: i128,
    /// The part of the group's amount: a group's shares add up to 1.
    pub share: Figure,
    /// How much of it could have been avoided, of rows that give a reason and say so; nothing where none does.
    pub avoidable: Option<Total>,
}

impl Scorecard {
    /// Losses or gains by reason, for each group: sorted by the keys, then the reason, null last.
    ///
    /// The amount is `revenue_lost` (`revenue_added`) of the rows of that reason, so a group's amounts add up to the group's;
    /// a row without a reason stands under the reason null. Reasons for which nothing was lost are no rows. They merge, roll
    /// up and are stored with the scorecard. There are reasons where the table has the column `loss_reason` (`gain_reason`)
    /// and `revenue_lost` (`revenue_added`) is among the metrics asked for; what was avoidable where `avoidable_loss_share`
    /// is, too.
    ///
    /// Movements of a ledger have reasons where its table has the column; [`Ledger::movements`](crate::Ledger::movements) says
    /// which a movement has. Amounts are those of a month or a year, as the movements are.
    ///
    /// # Errors
    /// [`Error::ColumnNotFound`] where the table had no such column, [`Error::MetricNotFound`] where the metric was not
    /// asked for, [`Error::InvalidOption`] where the reason is one of the keys, [`Error::Overflow`].
    ///
    /// ```
    /// use svcmetrics::{Key, Request, RevenueChange, Scorecard, Table};
    /// let table = Table::new(3)
    ///     .with("revenue_start", vec![100_i64, 50, 80])
    ///     .with("revenue_end", vec![0_i64, 40, 50])
    ///     .with("loss_reason", vec![Some("price"), Some("price"), None]);
    /// let reasons = Scorecard::of(&table, Request::default())?.reasons(RevenueChange::Loss)?;
    /// assert_eq!((&reasons[0].reason, reasons[0].customers), (&Key::from("price"), 2));
    /// assert_eq!(reasons[0].amount.to_string(), "110");
    /// assert_eq!(reasons[1].share.to_string(), "21.4 %"); // 30 of 140, for no reason
    /// # Ok::<(), svcmetrics::Error>(())
    /// ```
    ///
    /// # Example: nobody asked why
    ///
    /// ```
    /// use svcmetrics::{Request, RevenueChange, Scorecard, Table};
    /// let table = Table::new(1).with("revenue_start", vec![100_i64]).with("revenue_end", vec![0_i64]);
    /// let error = Scorecard::of(&table, Request::default())?.reasons(RevenueChange::Loss).unwrap_err();
    /// assert_eq!((error.kind(), error.column()), ("column_not_found", Some("loss_reason")));
    /// # Ok::<(), svcmetrics::Error>(())
    /// ```
    pub fn reasons(&self, change: RevenueChange) -> Result<Vec<Reason>> {
        let unknown =
            || Error::MetricNotFound { metric: change.name().to_owned(), near: Vec::new(), available: Vec::new() };
        let breakdown = Breakdown::named(change.name()).ok_or_else(unknown)?;
        let card = self.broken_down("reasons", breakdown)?;
        let total = |card: &Self, group: usize, metric: &str| -> Result<Option<Total>> {
            let Some(chosen) = card.definitions.find(metric) else { return Ok(None) };
            card.amount(group, chosen)
        };
        let mut reasons = Vec::new();
        for (group, keys) in card.groups.iter().enumerate() {
            let rows = breakdown.rows.as_ref().map_or(Ok(None), |rows| total(card, group, rows.id()))?;
            let customers = rows.map_or(0, Total::integer);
            let (Some((reason, keys)), Some(amount)) = (keys.split_last(), total(card, group, breakdown.of)?) else {
                continue;
            };
            let whole = self.groups.binary_search_by(|own| own.as_slice().cmp(keys));
            let whole = whole.map_or(Ok(None), |group| total(self, group, breakdown.of))?;
            let (true, Some(whole)) = (customers > 0, whole) else { continue };
            reasons.push(Reason {
                keys: keys.to_vec(),
                reason: reason.clone(),
                amount: per(card, breakdown, amount),
                customers,
                share: Figure::quotient(Unit::Fraction, amount, whole),
                avoidable: breakdown
                    .beside
                    .map_or(Ok(None), |avoidable| total(card, group, avoidable))?
                    .map(|avoidable| per(card, breakdown, avoidable)),
            });
        }
        Ok(reasons)
    }
}

/// An amount as it is shown: those of a ledger are held as those of a year. A table's months are exact; what a stored ledger
/// says of a year is rounded half to even.
fn per(card: &Scorecard, breakdown: &Breakdown, amount: Total) -> Total {
    match card.definitions.find(breakdown.of).map(Chosen::form) {
        Some(Form::Per { per, .. }) => Total::new(divide_half_even(amount.integer(), (*per).into()), amount.is_micro()),
        _ => amount,
    }
}
