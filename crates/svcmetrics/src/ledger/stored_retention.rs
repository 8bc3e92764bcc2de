//! Retention as it is stored: its sums, validated on the way in. What is a quotient of them is computed again.

use super::retention::Sums;
use super::{CohortCell, Retention};
use crate::error::{Error, Result};
use crate::figure::Figure;
use crate::key::Key;
use crate::metrics::RunRate;
use crate::period::{Every, Period};
use crate::scorecard::KeyColumn;
use serde::{Deserialize, Serialize};

/// The version of the document.
const FORMAT: u32 = 1;

#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct StoredCell {
    cohort: Period,
    segment: Vec<Key>,
    age: u32,
    customers: u64,
    customers_start: u64,
    /// Run rates of a year in millionths.
    #[serde(with = "crate::totals::as_text")]
    revenue: i128,
    #[serde(with = "crate::totals::as_text")]
    revenue_start: i128,
    /// Of each customer at most what it paid at the start.
    #[serde(with = "crate::totals::as_text")]
    gross: i128,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Stored {
    format: u32,
    unit: RunRate,
    columns: Vec<KeyColumn>,
    cells: Vec<StoredCell>,
}

impl From<Retention> for Stored {
    fn from(retention: Retention) -> Self {
        // where a quotient is undefined, nobody paid anything at the start
        let total = |figure: &Figure| figure.numerator().map_or(0, crate::Total::integer);
        let cell = |cell: CohortCell| StoredCell {
            cohort: cell.cohort,
            segment: cell.segment,
            age: cell.age,
            customers: cell.customers,
            customers_start: cell.customers_start,
            revenue: total(&cell.revenue),
            revenue_start: total(&cell.revenue_start),
            gross: total(&cell.gross_revenue_retention),
        };
        let cells = retention.cells.into_iter().map(cell).collect();
        Self { format: FORMAT, unit: retention.unit, columns: retention.columns, cells }
    }
}

impl StoredCell {
    /// What comes before another cell.
    fn place(&self) -> (i32, &Vec<Key>, u32) {
        (self.cohort.start(), &self.segment, self.age)
    }

    fn is_possible(&self, columns: &[KeyColumn], first: &Self) -> bool {
        let has_keys = self.segment.len() == columns.len()
            && self.segment.iter().zip(columns).all(|(key, column)| key.fits(&column.key_type));
        let amounts = 0..=i128::MAX >> 1;
        has_keys
            && (self.cohort.every(), self.cohort.fiscal_start()) == (first.cohort.every(), first.cohort.fiscal_start())
            && (self.cohort.every() != Every::Month || self.cohort.fiscal_start() == 1)
            && i32::try_from(self.age).is_ok_and(|age| self.cohort.step(age).is_some())
            && self.customers_start > 0
            && self.customers <= self.customers_start
            && amounts.contains(&self.revenue)
            && amounts.contains(&self.revenue_start)
            && (0..=self.revenue.min(self.revenue_start)).contains(&self.gross)
            && (self.customers > 0 || self.revenue == 0)
    }

    /// Whether another cell is of the same customers, one period later; or else the first of others.
    fn precedes(&self, other: &Self) -> bool {
        let is_same = (self.cohort, &self.segment) == (other.cohort, &other.segment);
        let goes_on = other.age == self.age + 1
            && (other.customers_start, other.revenue_start) == (self.customers_start, self.revenue_start);
        self.place() < other.place() && if is_same { goes_on } else { other.is_start() }
    }

    /// Of age 0 the end is the start.
    fn is_start(&self) -> bool {
        self.age == 0 && self.revenue == self.revenue_start && self.gross == self.revenue
    }
}

impl TryFrom<Stored> for Retention {
    type Error = Error;

    fn try_from(stored: Stored) -> Result<Self> {
        let invalid = |problem: &str| Error::InvalidDocument { what: "retention", problem: problem.into() };
        if stored.format != FORMAT {
            return Err(invalid(&format!("format: found {}; expected {FORMAT}", stored.format)));
        }
        let names = |column: &KeyColumn| stored.columns.iter().filter(|other| other.name == column.name).count();
        if stored.columns.iter().any(|column| names(column) > 1) {
            return Err(invalid("columns: expected each once"));
        }
        if let Some(first) = stored.cells.first() {
            let possible = stored.cells.iter().all(|cell| cell.is_possible(&stored.columns, first));
            let in_order = first.is_start() && stored.cells.windows(2).all(|pair| pair[0].precedes(&pair[1]));
            if !possible || !in_order {
                return Err(invalid(
                    "cells: expected those of each cohort and segment from age 0 on, in order, with sums that can be",
                ));
            }
        }
        let cell = |cell: StoredCell| {
            let start = Sums { started: cell.customers_start, revenue: cell.revenue_start, ..Sums::default() };
            let sums = Sums { customers: cell.customers, revenue: cell.revenue, gross: cell.gross, started: 0 };
            CohortCell::new(cell.cohort, cell.segment, cell.age, start, sums, stored.unit)
        };
        Ok(Self { columns: stored.columns, unit: stored.unit, cells: stored.cells.into_iter().map(cell).collect() })
    }
}

impl Retention {
    /// All cells as JSON.
    ///
    /// ```
    /// use svcmetrics::{Ledger, LedgerOptions, MovementOptions, Retention, Table};
    /// let table = Table::new(1).with("customer_id", vec!["a"]).with("month", vec!["2026-01"]).with("revenue", vec![50_i64]);
    /// let retention = Ledger::of(&table, LedgerOptions::default())?.retention(&MovementOptions::default())?;
    /// assert_eq!(Retention::from_json(&retention.to_json()?)?, retention);
    /// assert!(Retention::from_json(&retention.to_json()?.replace("\"customers\":1", "\"customers\":2")).is_err());
    /// # Ok::<(), svcmetrics::Error>(())
    /// ```
    ///
    /// # Errors
    /// None that data can cause.
    pub fn to_json(&self) -> Result<String> {
        serde_json::to_string(self)
            .map_err(|error| Error::InvalidDocument { what: "retention", problem: error.to_string() })
    }

    /// Reads what [`Retention::to_json`] wrote.
    ///
    /// # Errors
    /// [`Error::InvalidDocument`] that says what is wrong.
    pub fn from_json(text: &str) -> Result<Self> {
        let stored: Stored = serde_json::from_str(text)
            .map_err(|error| Error::InvalidDocument { what: "retention", problem: error.to_string() })?;
        stored.try_into()
    }
}
