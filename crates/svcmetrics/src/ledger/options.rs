//! What is asked of a ledger's table.

use super::builder::PERIOD;
use super::reasons::Reasons;
use crate::engine::choose::RESERVED;
use crate::error::{Error, Result};
use crate::metrics::{self, CURRENCY, LOSS_AVOIDABLE};
use crate::money::{MoneyPolicy, PLACES};
use crate::period::Period;
use crate::scorecard::RevenueChange;

/// What a month without a row means, where it lies between a customer's first and last row.
///
/// ```
/// use svcmetrics::{Gaps, Ledger, LedgerOptions, Table};
/// let table = Table::new(2)
///     .with("customer_id", vec!["a", "a"])
///     .with("month", vec!["2026-01", "2026-03"])
///     .with("revenue", vec![50_i64, 50]);
/// assert_eq!(Ledger::of(&table, LedgerOptions::default())?.diagnostics().gaps, 1);
/// let error = Ledger::of(&table, LedgerOptions::default().gaps(Gaps::Error)).unwrap_err();
/// assert_eq!(error.group(), Some("a, 2026-02"));
/// # Ok::<(), svcmetrics::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(rename_all = "snake_case"))]
pub enum Gaps {
    /// Revenue 0; they are counted.
    #[default]
    Zero,
    /// An error that names customer and month.
    Error,
}

impl Gaps {
    /// `zero` or `error`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Zero => "zero",
            Self::Error => "error",
        }
    }
}

/// What differs in a merge.
pub(super) const LEDGERS: &str = "the ledgers";

/// Columns of movements, retention and customers that are no metrics.
const TAKEN: [&str; 7] = [PERIOD, "cohort", "age", "customers", "customer_retention", "revenue", "amount"];

/// Which columns a ledger is read from, and how.
///
/// ```
/// use svcmetrics::{Ledger, LedgerOptions, Table};
/// let table = Table::new(1).with("account", vec![7_i64]).with("month", vec!["2026-03"]).with("mrr", vec![99.5]);
/// let ledger = Ledger::of(&table, LedgerOptions::default().customer("account").revenue("mrr"))?;
/// assert_eq!(ledger.customers(), 1);
/// # Ok::<(), svcmetrics::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(deny_unknown_fields))]
pub struct LedgerOptions {
    pub(crate) customer: String,
    pub(crate) month: String,
    pub(crate) revenue: String,
    pub(crate) by: Vec<String>,
    /// The columns of reasons; of a ledger, those that its table had.
    #[cfg_attr(feature = "serde", serde(default, skip_serializing_if = "Option::is_none"))]
    pub(crate) loss_reason: Option<String>,
    #[cfg_attr(feature = "serde", serde(default, skip_serializing_if = "Option::is_none"))]
    pub(crate) gain_reason: Option<String>,
    /// The column that says whether a loss could have been avoided.
    #[cfg_attr(feature = "serde", serde(default, skip_serializing_if = "Option::is_none"))]
    pub(crate) loss_avoidable: Option<String>,
    pub(crate) gaps: Gaps,
    pub(crate) opening: bool,
    /// The first and the last month.
    pub(crate) months: Option<(Period, Period)>,
    pub(crate) money: MoneyPolicy,
    pub(crate) scale: u32,
    pub(crate) nan_is_missing: bool,
}

impl Default for LedgerOptions {
    fn default() -> Self {
        Self {
            customer: "customer_id".into(),
            month: "month".into(),
            revenue: "revenue".into(),
            by: Vec::new(),
            loss_reason: Some(RevenueChange::Loss.column().to_owned()),
            gain_reason: Some(RevenueChange::Gain.column().to_owned()),
            loss_avoidable: Some(LOSS_AVOIDABLE.name.to_string()),
            gaps: Gaps::default(),
            opening: false,
            months: None,
            money: MoneyPolicy::default(),
            scale: PLACES,
            nan_is_missing: false,
        }
    }
}

impl LedgerOptions {
    /// The column of customers: text, whole numbers, or other values, which are held as text; all of one type.
    pub fn customer(mut self, column: impl Into<String>) -> Self {
        self.customer = column.into();
        self
    }

    /// The column of months: dates, times without a zone, or text as `2026-03` or `2026-03-31`.
    pub fn month(mut self, column: impl Into<String>) -> Self {
        self.month = column.into();
        self
    }

    /// The column of the month's recurring revenue, 0 or more.
    pub fn revenue(mut self, column: impl Into<String>) -> Self {
        self.revenue = column.into();
        self
    }

    /// The columns that say the segment, one value a customer and month. A column `currency` of the table must hold one, since
    /// amounts are added up, unless it is a segment: movements and retention of several then need it in theirs.
    ///
    /// ```
    /// use svcmetrics::{Ledger, LedgerOptions, MovementOptions, Table};
    /// let table = Table::new(2)
    ///     .with("customer_id", vec!["a", "b"])
    ///     .with("month", vec!["2026-01", "2026-01"])
    ///     .with("revenue", vec![50_i64, 70])
    ///     .with("currency", vec!["EUR", "JPY"]);
    /// assert_eq!(Ledger::of(&table, LedgerOptions::default()).unwrap_err().kind(), "mixed_currency");
    /// let ledger = Ledger::of(&table, LedgerOptions::default().by(["currency"]))?;
    /// assert_eq!(ledger.movements(&MovementOptions::default().by(["currency"]))?.len(), 2);
    /// # Ok::<(), svcmetrics::Error>(())
    /// ```
    pub fn by(mut self, columns: impl IntoIterator<Item = impl Into<String>>) -> Self {
        self.by = columns.into_iter().map(Into::into).collect();
        self
    }

    /// The column that says why a customer left or pays less, one reason a customer and month, or null; nothing for no column.
    /// The one of that name, which is the default, is read where the table has it; any other must be there.
    ///
    /// ```
    /// use svcmetrics::{Ledger, LedgerOptions, Table};
    /// let table = Table::new(2)
    ///     .with("customer_id", vec!["a", "a"])
    ///     .with("month", vec!["2026-01", "2026-01"])
    ///     .with("revenue", vec![50_i64, 70])
    ///     .with("loss_reason", vec!["price", "moved"]);
    /// let error = Ledger::of(&table, LedgerOptions::default()).unwrap_err();
    /// assert_eq!((error.column(), error.value()), (Some("loss_reason"), Some("price and moved")));
    /// assert!(Ledger::of(&table, LedgerOptions::default().loss_reason(None)).is_ok());
    /// # Ok::<(), svcmetrics::Error>(())
    /// ```
    pub fn loss_reason(mut self, column: Option<&str>) -> Self {
        self.loss_reason = column.map(Into::into);
        self
    }

    /// The column that says why a customer came, came back or pays more; as [`LedgerOptions::loss_reason`], by default
    /// `gain_reason`.
    pub fn gain_reason(mut self, column: Option<&str>) -> Self {
        self.gain_reason = column.map(Into::into);
        self
    }

    /// The column that says whether a loss could have been avoided: true or false beside a reason, or null where nobody has
    /// judged; as [`LedgerOptions::loss_reason`], by default `loss_avoidable`. Where no reason is given it is not used.
    ///
    /// ```
    /// use svcmetrics::{Ledger, LedgerOptions, MovementOptions, Table};
    /// let table = Table::new(3)
    ///     .with("customer_id", vec!["a", "b", "c"])
    ///     .with("month", vec!["2026-01", "2026-01", "2026-02"])
    ///     .with("revenue", vec![30_i64, 90, 10])
    ///     .with("loss_reason", vec![Some("price"), Some("closed"), None])
    ///     .with("preventable", vec![Some(true), Some(false), None]);
    /// let options = LedgerOptions::default().loss_avoidable(Some("preventable"));
    /// let card = Ledger::of(&table, options)?.movements(&MovementOptions::default())?;
    /// assert_eq!(card.figures("avoidable_loss_share")?[1].value(), Some(0.25)); // of February: 30 of 120
    /// assert_eq!(card.figures("avoidable_loss_share")?[0].value(), None); // nothing was lost in January
    /// # Ok::<(), svcmetrics::Error>(())
    /// ```
    pub fn loss_avoidable(mut self, column: Option<&str>) -> Self {
        self.loss_avoidable = column.map(Into::into);
        self
    }

    /// What a month without a row means.
    pub fn gaps(mut self, gaps: Gaps) -> Self {
        self.gaps = gaps;
        self
    }

    /// Whether the first month is the opening stock: what was there already, and not new.
    pub fn opening(mut self, opening: bool) -> Self {
        self.opening = opening;
        self
    }

    /// The first and the last month of the data, whether or not somebody has a row in them. Movements of parts merge where
    /// all parts are of the same months.
    pub fn months(mut self, first: Period, last: Period) -> Self {
        self.months = Some((first, last));
        self
    }

    /// What becomes of numbers with too many decimal places.
    pub fn money(mut self, policy: MoneyPolicy) -> Self {
        self.money = policy;
        self
    }

    /// The decimal places that are held, at most six.
    pub fn scale(mut self, places: u32) -> Self {
        self.scale = places;
        self
    }

    /// Whether NaN is missing, which a revenue cannot be either; it only changes what the error says.
    pub fn nan_is_missing(mut self, missing: bool) -> Self {
        self.nan_is_missing = missing;
        self
    }

    /// The first option in which ledgers differ that are to be one, if any does.
    pub(super) fn difference(&self, other: &Self) -> Option<Error> {
        let months = |options: &Self| match options.months {
            None => "those of the rows".to_owned(),
            Some((first, last)) => format!("{first} to {last}"),
        };
        let by = |options: &Self| if options.by.is_empty() { "none".to_owned() } else { options.by.join(", ") };
        let reason = |column: &Option<String>| column.clone().unwrap_or_else(|| "none".to_owned());
        let differences: [(&'static str, String, String); 12] = [
            ("customer", self.customer.clone(), other.customer.clone()),
            ("month", self.month.clone(), other.month.clone()),
            ("revenue", self.revenue.clone(), other.revenue.clone()),
            ("by", by(self), by(other)),
            ("loss_reason", reason(&self.loss_reason), reason(&other.loss_reason)),
            ("gain_reason", reason(&self.gain_reason), reason(&other.gain_reason)),
            ("loss_avoidable", reason(&self.loss_avoidable), reason(&other.loss_avoidable)),
            ("gaps", self.gaps.name().to_owned(), other.gaps.name().to_owned()),
            ("opening", self.opening.to_string(), other.opening.to_string()),
            ("months", months(self), months(other)),
            ("money", self.money.name().to_owned(), other.money.name().to_owned()),
            ("scale", self.scale.to_string(), other.scale.to_string()),
        ];
        let (option, left, right) = differences.into_iter().find(|(_, left, right)| left != right)?;
        Some(Error::LedgerMismatch { what: LEDGERS, option, left, right, hint: "read all parts with the same options" })
    }

    /// Refuses what no ledger can have been read with.
    ///
    /// # Errors
    /// [`Error::InvalidOption`], [`Error::KeyName`].
    pub(super) fn check(&self) -> Result<()> {
        self.range()?;
        if self.scale > PLACES {
            let (option, found) = ("scale".into(), self.scale.to_string());
            return Err(Error::InvalidOption { option, found, expected: format!("0 to {PLACES}") });
        }
        for (place, key) in self.by.iter().enumerate() {
            let invalid = |problem: &str| Err(Error::KeyName { key: key.clone(), problem: problem.into() });
            if self.by[..place].contains(key) {
                return invalid("is named twice");
            }
            if metrics::find(key).is_some() {
                return invalid("is named like a metric; rename the column");
            }
            if *key == self.customer {
                return invalid("is the column of customers, each of whom would be a segment");
            }
            if TAKEN.contains(&key.as_str()) || RESERVED.contains(&key.as_str()) {
                return invalid("is named like a column of the result; rename the column");
            }
        }
        Ok(())
    }

    /// The columns of the segments.
    pub fn segments(&self) -> &[String] {
        &self.by
    }

    /// The columns that are read, those of reasons and of the currency where they are there.
    pub fn reads(&self) -> Vec<String> {
        let reasons = self.reasons().map(|(_, column)| column).chain(self.verdict()).cloned();
        let optional = reasons.chain([CURRENCY.to_owned()]);
        crate::engine::plan::each_once(self.required().into_iter().chain(optional))
    }

    /// The columns that must be there.
    pub(super) fn required(&self) -> Vec<String> {
        let columns = [&self.customer, &self.month, &self.revenue];
        let named = self.reasons().filter(|(change, column)| change.column() != *column).map(|(_, column)| column);
        let named = named.chain(self.verdict().filter(|column| LOSS_AVOIDABLE.name != **column));
        crate::engine::plan::each_once(columns.into_iter().chain(&self.by).chain(named).cloned())
    }

    /// The columns of reasons, each with what they are reasons of.
    pub(super) fn reasons(&self) -> impl Iterator<Item = (RevenueChange, &String)> {
        let columns = [(RevenueChange::Loss, &self.loss_reason), (RevenueChange::Gain, &self.gain_reason)];
        columns.into_iter().filter_map(|(change, column)| Some((change, column.as_ref()?)))
    }

    /// The column of verdicts on losses, which are of no use without reasons.
    pub(super) fn verdict(&self) -> Option<&String> {
        self.loss_reason.as_ref().and(self.loss_avoidable.as_ref())
    }

    /// The columns of reasons that an error names so.
    pub(super) fn reason_columns(&self, named: &str) -> Option<Vec<String>> {
        let with_verdict = |column: &String| self.verdict().map(|verdict| vec![column.clone(), verdict.clone()]);
        let columns = self.reasons().flat_map(|(_, column)| [Some(vec![column.clone()]), with_verdict(column)]);
        columns.flatten().find(|columns| columns.join(", ") == named)
    }

    /// These with only those columns of reasons and verdicts that the reasons are of.
    pub(super) fn with_reasons(mut self, reasons: &[Reasons]) -> Self {
        let of = |change| reasons.iter().find(|reasons| reasons.change == change);
        self.loss_reason = self.loss_reason.filter(|_| of(RevenueChange::Loss).is_some());
        self.gain_reason = self.gain_reason.filter(|_| of(RevenueChange::Gain).is_some());
        self.loss_avoidable = self.loss_avoidable.filter(|_| of(RevenueChange::Loss).is_some_and(Reasons::are_judged));
        self
    }

    /// The first and the last month as numbers.
    ///
    /// # Errors
    /// [`Error::InvalidOption`] for periods that are no months, or in the wrong order.
    pub(crate) fn range(&self) -> Result<Option<(i32, i32)>> {
        let Some((first, last)) = self.months else { return Ok(None) };
        let is_month = |period: Period| period.every() == crate::period::Every::Month;
        if !is_month(first) || !is_month(last) || first > last {
            return Err(Error::InvalidOption {
                option: "months".into(),
                found: format!("{first} to {last}"),
                expected: "a first month and a last, as 2026-01 and 2026-12".into(),
            });
        }
        Ok(Some((first.start(), last.start())))
    }
}
