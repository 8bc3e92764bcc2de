//! What is asked of movements.

use crate::engine::choose::{no_metric, not_measured};
use crate::error::{Error, Result};
use crate::metric::Metric;
use crate::metrics::{LOSS_AVOIDABLE, RunRate, of_ledger};
use crate::period::Every;

/// What movements are asked for.
///
/// ```
/// use svcmetrics::{Every, Ledger, LedgerOptions, MovementOptions, RunRate, Table};
/// let table = Table::new(1).with("customer_id", vec!["a"]).with("month", vec!["2025-02"]).with("revenue", vec![50_i64]);
/// let ledger = Ledger::of(&table, LedgerOptions::default())?;
/// let options = MovementOptions::default().every(Every::Year).fiscal_start(2).unit(RunRate::Year);
/// let years = ledger.movements(&options)?;
/// assert_eq!(years.groups()[0][0].to_string(), "FY2026"); // named by the year in which it ends
/// assert_eq!(years.figures("revenue_new")?[0].value(), Some(600.0));
/// assert_eq!(years.figures("complete")?[0].value(), Some(0.0)); // the data ends with the year's first month
/// # Ok::<(), svcmetrics::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(deny_unknown_fields))]
pub struct MovementOptions {
    pub(super) every: Every,
    pub(super) fiscal_start: u8,
    pub(super) by: Vec<String>,
    pub(super) unit: RunRate,
    /// Ids; nothing for all.
    #[cfg_attr(feature = "serde", serde(default, skip_serializing_if = "Option::is_none"))]
    pub(super) metrics: Option<Vec<String>>,
    pub(super) max_groups: u64,
}

impl Default for MovementOptions {
    fn default() -> Self {
        Self {
            every: Every::Month,
            fiscal_start: 1,
            by: Vec::new(),
            unit: RunRate::Month,
            metrics: None,
            max_groups: MAX_GROUPS,
        }
    }
}

/// The metric that takes verdicts on losses.
const AVOIDABLE: &str = "avoidable_loss_share";

/// The most groups without a word: every period has a group of every segment, so that one date that stands for none (9999)
/// makes many of few rows.
const MAX_GROUPS: u64 = 1_000_000;

impl MovementOptions {
    /// The length of a period.
    pub fn every(mut self, every: Every) -> Self {
        self.every = every;
        self
    }

    /// The month in which the fiscal year starts, 1 for the calendar.
    pub fn fiscal_start(mut self, month: u8) -> Self {
        self.fiscal_start = month;
        self
    }

    /// By some or all of the ledger's segments.
    pub fn by(mut self, columns: impl IntoIterator<Item = impl Into<String>>) -> Self {
        self.by = columns.into_iter().map(Into::into).collect();
        self
    }

    /// What amounts are shown as.
    pub fn unit(mut self, unit: RunRate) -> Self {
        self.unit = unit;
        self
    }

    /// Only these metrics, by their ids; movements have no others. Reasons of losses are there where `revenue_lost` is, those
    /// of gains where `revenue_added` is.
    ///
    /// ```
    /// use svcmetrics::{Ledger, LedgerOptions, MovementOptions, Table};
    /// let table = Table::new(1).with("customer_id", vec!["a"]).with("month", vec!["2026-01"]).with("revenue", vec![50_i64]);
    /// let ledger = Ledger::of(&table, LedgerOptions::default())?;
    /// let card = ledger.movements(&MovementOptions::default().metrics(["mrr", "customers_new"]))?;
    /// assert_eq!(card.metrics().map(|metric| metric.id()).collect::<Vec<_>>(), ["mrr", "customers_new"]);
    /// let error = ledger.movements(&MovementOptions::default().metrics(["customer_new"])).unwrap_err();
    /// assert_eq!((error.kind(), error.hint().as_deref()), ("metric_not_found", Some("customers_new")));
    /// # Ok::<(), svcmetrics::Error>(())
    /// ```
    pub fn metrics(mut self, ids: impl IntoIterator<Item = impl Into<String>>) -> Self {
        self.metrics = Some(ids.into_iter().map(Into::into).collect());
        self
    }

    /// The most groups that there may be, periods times segments; of retention, cells.
    pub fn max_groups(mut self, limit: u64) -> Self {
        self.max_groups = limit;
        self
    }

    /// Those that are asked for, of a ledger with or without verdicts on its losses.
    ///
    /// # Errors
    /// [`Error::ColumnNotFound`] where verdicts are needed and there are none.
    pub(super) fn chosen(&self, mut metrics: Vec<Metric>, is_judged: bool) -> Result<Vec<Metric>> {
        let is_asked = |id: &str| self.metrics.as_ref().is_none_or(|asked| asked.iter().any(|asked| asked == id));
        if self.metrics.is_some() && is_asked(AVOIDABLE) && !is_judged {
            let missing = vec![(LOSS_AVOIDABLE.name.to_string(), Vec::new())];
            return Err(not_measured(AVOIDABLE, missing, Vec::new()));
        }
        metrics.retain(|metric| is_asked(metric.id()) && (is_judged || metric.id() != AVOIDABLE));
        Ok(metrics)
    }

    pub(super) fn check(&self) -> Result<()> {
        let known = || of_ledger(self.unit).into_iter().map(|metric| metric.id().to_owned());
        if let Some(unknown) = self.metrics.iter().flatten().find(|asked| known().all(|known| known != **asked)) {
            return Err(no_metric(unknown, known().collect()));
        }
        if (1..=12).contains(&self.fiscal_start) {
            return Ok(());
        }
        let (option, found) = ("fiscal_start".into(), self.fiscal_start.to_string());
        Err(Error::InvalidOption { option, found, expected: "a month from 1 to 12".into() })
    }
}
